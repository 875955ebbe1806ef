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
    BadDate = "bad-date": "a date in a policy is no day of the calendar",
    ForeignHabit = "foreign-habit": "an operator or a turn of phrase of another language",
    MissingAction = "missing-action": "a rule does not say what to do",
    NotYet = "not-yet": "a part of the language that this version does not run",
    Syntax = "syntax": "the text is no sentence of the language",
    TooDeep = "too-deep": "more nesting than is read",
    TooLarge = "too-large": "a file larger than is read",
    UnclosedBracket = "unclosed-bracket": "a bracket that is never closed",
    UnclosedText = "unclosed-text": "a text whose closing quote is missing",
    UnquotedText = "unquoted-text": "words with blanks between them need quotes",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.slug())
    }
}
