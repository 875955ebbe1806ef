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
    AbsentColumn = "absent-column": "a declared column is not in the source",
    AbsentSource = "absent-source": "the database, folder or file of the records is not there",
    AbsentTable = "absent-table": "the source has no table or file for a record type",
    AmbiguousName = "ambiguous-name": "a name fits more than one person",
    AmbiguousWord = "ambiguous-word": "a bare word can be read in two ways",
    BrokenRow = "broken-row": "a row of a data file cannot be read",
    Config = "config": "ownward.toml cannot be used as it is written",
    DoubleColumn = "double-column": "two columns of a source have one name",
    DoubleKey = "double-key": "a key occurs more than once in a record type",
    DoublePerson = "double-person": "a person's key occurs more than once in the directory",
    EmptySource = "empty-source": "the table or file of a record type has no rows",
    FileExists = "file-exists": "a file that would be written is already there",
    MissingKey = "missing-key": "a row has no key",
    MissingValue = "missing-value": "a required field is blank",
    NoCurrency = "no-currency": "an amount has no currency beside it",
    NoProject = "no-project": "there is no project in this folder",
    NotUtf8 = "not-utf8": "a file is not written in UTF-8",
    OrphanReference = "orphan-reference": "a reference names a key that is not there",
    OutsideProject = "outside-project": "a path leaves the project folder",
    SourceChanged = "source-changed": "a data file changed while it was read",
    SourceLocked = "source-locked": "another program holds the database locked",
    Syntax = "syntax": "the text is no sentence of the language",
    TooLarge = "too-large": "something passes a limit on size or number",
    UnknownSetting = "unknown-setting": "a setting names a record type or field that is not declared",
    UnreadableCell = "unreadable-cell": "a cell holds bytes that are no text",
    UnreadableFile = "unreadable-file": "a file or folder cannot be read",
    UnreadableSource = "unreadable-source": "the source of the records cannot be read",
    WriteBack = "write-back": "owners could not be written back to the source",
    WrongChoice = "wrong-choice": "a cell holds none of its field's choices",
    WrongDate = "wrong-date": "a cell is no date in the declared format",
    WrongNumber = "wrong-number": "a cell is no number in the declared format",
    WrongTime = "wrong-time": "a cell is no time in the declared format",
    WrongYesNo = "wrong-yes-no": "a cell is neither yes nor no",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.slug())
    }
}
