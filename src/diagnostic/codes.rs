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

            /// One line on what it is about.
            pub fn summary(self) -> &'static str {
                match self { $(Code::$variant => $summary,)* }
            }
        }
    };
}

codes! {
    AmbiguousName = "ambiguous-name": "a name fits more than one person",
    AmbiguousNumber = "ambiguous-number": "digits joined by a hyphen can be a code or a subtraction",
    AmbiguousWord = "ambiguous-word": "a bare word can be read in two ways",
    BadCell = "bad-cell": "a cell of a table is no value of the field it is matched with",
    BadDate = "bad-date": "a date in a policy is no day of the calendar",
    BadPattern = "bad-pattern": "a regular expression that cannot be used",
    DeclaredTwice = "declared-twice": "one name declared twice",
    DefineCircle = "define-circle": "a define that uses itself",
    DoubledRow = "doubled-row": "a list names one value twice",
    EmptyGroup = "empty-group": "a group of rules without rules",
    EndsBeforeStart = "ends-before-start": "an end that lies before its start",
    ForeignHabit = "foreign-habit": "an operator or a turn of phrase of another language",
    IncompleteTable = "incomplete-table": "a table without `match` or `give`",
    InactiveOwner = "inactive-owner": "a rule names somebody who is not active",
    InferredTeam = "inferred-team": "a name that is not declared was taken for a team",
    LooseRule = "loose-rule": "a rule outside any `decide`",
    MissingAction = "missing-action": "a rule does not say what to do",
    MixedAndOr = "mixed-and-or": "`and` and `or` mixed without brackets",
    MixedMoney = "mixed-money": "amounts of different currencies mixed",
    NoKey = "no-key": "a record without a key",
    NotACondition = "not-a-condition": "a value where a condition should stand",
    NotAReference = "not-a-reference": "a dot after a field that refers to no record",
    NotYet = "not-yet": "a part of the language that this version does not run",
    OtherwiseNotLast = "otherwise-not-last": "rules after `otherwise` are never reached",
    RoleCircle = "role-circle": "roles that wait for each other",
    Syntax = "syntax": "the text is no sentence of the language",
    TeamCircle = "team-circle": "a team that is part of itself",
    TooDeep = "too-deep": "more nesting than is read",
    TooFewCriteria = "too-few-criteria": "`at least n of` fewer than n conditions",
    TooLarge = "too-large": "a file larger than is read",
    UnclosedBracket = "unclosed-bracket": "a bracket that is never closed",
    UnclosedText = "unclosed-text": "a text whose closing quote is missing",
    UnknownChoice = "unknown-choice": "a value that is none of the field's choices",
    UnknownColumn = "unknown-column": "a list or table has no such column",
    UnknownField = "unknown-field": "a name that is no field",
    UnknownList = "unknown-list": "a list that is not declared",
    UnknownOwner = "unknown-owner": "a name that no person, team or queue answers to",
    UnknownRecord = "unknown-record": "a record type that is not declared",
    UnknownRole = "unknown-role": "a role that nothing decides",
    UnknownTeam = "unknown-team": "a team that is not declared",
    UnknownType = "unknown-type": "a field's type that does not exist",
    UnquotedText = "unquoted-text": "words with blanks between them need quotes",
    UnreachableElse = "unreachable-else": "a name after `else` that is never reached",
    UnreadableFile = "unreadable-file": "a list or table file that cannot be read",
    UnusedDefine = "unused-define": "a define that no rule uses",
    WhichColumn = "which-column": "a list or table used without saying which column",
    WhichRow = "which-row": "a list cell without a condition that finds the row",
    WrongType = "wrong-type": "a value of the wrong kind",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.slug())
    }
}
