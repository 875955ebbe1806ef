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
    AmbiguousWord = "ambiguous-word": "a bare word can be read in two ways",
    Syntax = "syntax": "the text is no sentence of the language",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.slug())
    }
}
