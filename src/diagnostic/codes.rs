//! The stable names of all findings. Each has a page `docs/messages/CODE.md` with a bad and a mended policy.

macro_rules! codes {
    ($($variant:ident = $slug:literal: $summary:literal,)*) => {
        /// The stable code of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $summary] $variant,)* }

        /// Every code, in alphabetical order of the slugs.
        pub const ALL_CODES: &[Code] = &[$(Code::$variant,)*];

        impl Code {
            /// The word shown in messages: `unknown-field`.
            pub fn slug(self) -> &'static str {
                match self { $(Code::$variant => $slug,)* }
            }

            /// The code of a word; `None` where there is none such.
            pub fn of(slug: &str) -> Option<Self> {
                ALL_CODES.iter().find(|code| code.slug() == slug).copied()
            }

            /// Its page in `docs/messages/`, in Markdown: an example, and how to mend it.
            pub fn page(self) -> &'static str {
                match self {
                    $(Code::$variant => include_str!(concat!("../../docs/messages/", $slug, ".md")),)*
                }
            }

            /// One line on what it is about.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* }
            }
        }
    };
}

codes! {
    AbsentColumn = "absent-column": "a declared column is not in the source",
    AbsentPin = "absent-pin": "a pin names a record that is not in the source",
    AbsentSource = "absent-source": "the database, folder or file of the records is not there",
    AbsentTable = "absent-table": "the source has no table or file for a record type",
    AlwaysFalse = "always-false": "a condition that can never hold where it stands",
    AlwaysTrue = "always-true": "a condition that says nothing where it stands",
    AmbiguousName = "ambiguous-name": "a name fits more than one person",
    AmbiguousNumber = "ambiguous-number": "digits joined by a hyphen can be a code or a subtraction",
    AmbiguousWord = "ambiguous-word": "a bare word can be read in two ways",
    BackupCircle = "backup-circle": "people who are each other's backup in a circle",
    BadCell = "bad-cell": "a cell of a table is no value of the field it is matched with",
    BadDate = "bad-date": "a date in a policy is no day of the calendar",
    BadPattern = "bad-pattern": "a regular expression that cannot be used",
    BadTest = "bad-test": "a test that cannot be run as it is written",
    BrokenInvariant = "broken-invariant": "the rules break what is said to be always or never so",
    BrokenRow = "broken-row": "a row of a data file cannot be read",
    Config = "config": "ownward.toml cannot be used as it is written",
    DeadRow = "dead-row": "a row of a table that never decides a record",
    DeadValue = "dead-value": "a value in a condition that never matters",
    DeclaredTwice = "declared-twice": "one name declared twice",
    DefineCircle = "define-circle": "a define that uses itself",
    DoubleColumn = "double-column": "two columns of a source have one name",
    DoubleKey = "double-key": "a key occurs more than once in a record type",
    DoublePerson = "double-person": "a person's key occurs more than once in the directory",
    DoublePin = "double-pin": "two pins on one record and role at once",
    DoubledRow = "doubled-row": "a list names one value twice",
    DoubledValue = "doubled-value": "a list in brackets names one value twice",
    EmptyGroup = "empty-group": "a group of rules without rules",
    EmptyPool = "empty-pool": "a pool in which nobody may receive a record",
    EmptySource = "empty-source": "the table or file of a record type has no rows",
    EndlessHold = "endless-hold": "a hold that says neither how long nor while what",
    EndsBeforeStart = "ends-before-start": "an end that lies before its start",
    ExpiredPin = "expired-pin": "a pin whose last day is over",
    ExpiredRule = "expired-rule": "a rule whose last day is over",
    FailedTest = "failed-test": "a test comes out otherwise than it expects",
    FileExists = "file-exists": "a file that would be written is already there",
    ForeignHabit = "foreign-habit": "an operator or a turn of phrase of another language",
    Gap = "gap": "records that no rule takes",
    InactiveOwner = "inactive-owner": "a rule names somebody who is not active",
    IncompleteTable = "incomplete-table": "a table without `match` or `give`",
    InferredRecord = "inferred-record": "a record type that is not declared was inferred from the data",
    InferredTeam = "inferred-team": "a name that is not declared was taken for a team",
    LooseRule = "loose-rule": "a rule outside any `decide`",
    MissingAction = "missing-action": "a rule does not say what to do",
    MissingDenied = "missing-denied": "a rule takes records without a value because it denies something of it",
    MissingKey = "missing-key": "a row has no key",
    MissingReason = "missing-reason": "an `allow` that does not say why",
    MissingValue = "missing-value": "a required field is blank",
    MissingWeight = "missing-weight": "a pool goes by weight, and members have none",
    MixedAndOr = "mixed-and-or": "`and` and `or` mixed without brackets",
    MixedMoney = "mixed-money": "amounts of different currencies mixed",
    NeedlessPin = "needless-pin": "a pin whose owner the rules name as well",
    NestedRelated = "nested-related": "a question about other records that cannot stand inside another",
    NeverTrue = "never-true": "a rule whose conditions no record can fit",
    NoCapacity = "no-capacity": "people with a capacity of 0, whom no pool gives a record",
    NoCurrency = "no-currency": "an amount has no currency beside it",
    NoHistory = "no-history": "history is asked of something whose past is not kept",
    NoKey = "no-key": "a record without a key",
    NoProject = "no-project": "there is no project in this folder",
    NoTeam = "no-team": "people in no team, where pools choose from teams",
    NotACondition = "not-a-condition": "a value where a condition should stand",
    NotAReference = "not-a-reference": "a dot after a field that refers to no record",
    NotDecided = "not-decided": "a question about the rules whose answer was given up",
    NotTidy = "not-tidy": "a file that is not set in the one layout",
    NotUtf8 = "not-utf8": "a file is not written in UTF-8",
    NotYet = "not-yet": "a part of the language that this version does not run",
    OrphanReference = "orphan-reference": "a reference names a key that is not there",
    OtherCurrency = "other-currency": "amounts in a currency that no rule compares",
    OtherwiseNotLast = "otherwise-not-last": "rules after `otherwise` are never reached",
    OutsideProject = "outside-project": "a path leaves the project folder",
    Overlap = "overlap": "two rows of a table, or two places of a tree, claim the same records",
    PoolWithoutPeople = "pool-without-people": "a pool where no directory of people is declared",
    RecordCircle = "record-circle": "records that refer to each other in a circle",
    RedundantRule = "redundant-rule": "a rule without which no owner changes",
    ReservedName = "reserved-name": "a name that the language keeps for itself",
    RoleCircle = "role-circle": "roles that wait for each other",
    SameConditions = "same-conditions": "two rules that ask the same and name different owners",
    SourceChanged = "source-changed": "a data file changed while it was read",
    SourceLocked = "source-locked": "another program holds the database locked",
    Syntax = "syntax": "the text is no sentence of the language",
    TeamCircle = "team-circle": "a team that is part of itself",
    TeamWithoutPeople = "team-without-people": "a rule gives records to a team in which nobody is",
    TestWithoutDay = "test-without-day": "a test that hangs on the day says none",
    TooDeep = "too-deep": "more nesting than is read",
    TooFewCriteria = "too-few-criteria": "`at least n of` fewer than n conditions",
    TooLarge = "too-large": "a file larger than is read",
    UnclosedBracket = "unclosed-bracket": "a bracket that is never closed",
    UnclosedText = "unclosed-text": "a text whose closing quote is missing",
    UnknownChoice = "unknown-choice": "a value that is none of the field's choices",
    UnknownCode = "unknown-code": "an `allow` names no message",
    UnknownColumn = "unknown-column": "a list or table has no such column",
    UnknownField = "unknown-field": "a name that is no field",
    UnknownList = "unknown-list": "a list that is not declared",
    UnknownOwner = "unknown-owner": "a name that no person, team or queue answers to",
    UnknownRecord = "unknown-record": "a record type that is not declared",
    UnknownRole = "unknown-role": "a role that nothing decides",
    UnknownRule = "unknown-rule": "a label that no rule of the role has",
    UnknownSetting = "unknown-setting": "a setting names a record type or field that is not declared",
    UnknownTeam = "unknown-team": "a team that is not declared",
    UnknownType = "unknown-type": "a field's type that does not exist",
    UnquotedText = "unquoted-text": "words with blanks between them need quotes",
    UnreachableElse = "unreachable-else": "a name after `else` that is never reached",
    UnreachableRule = "unreachable-rule": "a rule that those before it leave no record",
    UnreadableCell = "unreadable-cell": "a cell holds bytes that are no text",
    UnreadableFile = "unreadable-file": "a list or table file that cannot be read",
    UnreadableSource = "unreadable-source": "the source of the records cannot be read",
    UnsetField = "unset-field": "a test decides by a required field that it does not give",
    UnusedAllow = "unused-allow": "an `allow` that silences nothing",
    UnusedDefine = "unused-define": "a define that no rule uses",
    UnusedOwner = "unused-owner": "a declared team or queue that nothing names",
    WhichColumn = "which-column": "a list or table used without saying which column",
    WhichReference = "which-reference": "records that refer to another by no field, or by several",
    WhichRole = "which-role": "a sentence that does not say whose owner it means",
    WhichRow = "which-row": "a list cell without a condition that finds the row",
    WriteBack = "write-back": "owners could not be written back to the source",
    WrongBlock = "wrong-block": "an action in a block of another kind",
    WrongChoice = "wrong-choice": "a cell holds none of its field's choices",
    WrongDate = "wrong-date": "a cell is no date in the declared format",
    WrongNumber = "wrong-number": "a cell is no number in the declared format",
    WrongTime = "wrong-time": "a cell is no time in the declared format",
    WrongType = "wrong-type": "a value of the wrong kind",
    WrongYesNo = "wrong-yes-no": "a cell is neither yes nor no",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.slug())
    }
}
