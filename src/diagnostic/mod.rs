//! One message to a person who writes policies: what is wrong, where, why it matters, how to mend it.
//!
//! A [`Diagnostic`] is data. People's terminals, screen readers, CI systems and editors all get the same value;
//! [`render`] turns it into text at the very end (docs: `docs/messages/`).

mod baseline;
mod codes;
mod fingerprint;
pub mod fix;
pub mod render;
mod suggest;

pub use baseline::{Baseline, Compared};
pub use codes::{ALL_CODES, Code};
pub use fingerprint::{fingerprints, marked_line};
pub use suggest::{did_you_mean, nearest, surely};

use crate::source::Span;

/// How bad a finding is. Ordered: the worst is the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Note,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A piece of source with a few words on what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

/// What a program can write to mend a finding, without a second thought: these bytes replaced by this text.
///
/// Only mends that say the same thing in the right words, or take out what had no effect, are one. Whoever applies it reads
/// the policies again afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    pub span: Span,
    pub replacement: String,
}

/// A finding: one cause, one message.
///
/// `headline` is a lower-case phrase without a full stop; the admin's own words stand in back-ticks. `primary` is
/// missing where the cause is no place in a policy (a data file, a setting).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub headline: String,
    pub primary: Option<Label>,
    pub others: Vec<Label>,
    pub notes: Vec<String>,
    pub help: Option<String>,
    /// What `help` says, for `check --fix`; `None` where a person has to choose.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    pub fn new(code: Code, severity: Severity, headline: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            headline: cut(headline.into()),
            primary: None,
            others: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        }
    }

    pub fn error(code: Code, headline: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, headline)
    }

    pub fn warning(code: Code, headline: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, headline)
    }

    pub fn note(code: Code, headline: impl Into<String>) -> Self {
        Self::new(code, Severity::Note, headline)
    }

    /// Where it is and what is there; a second call adds a further place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        let label = Label { span, text: cut(text.into()) };
        if self.primary.is_none() {
            self.primary = Some(label);
        } else {
            self.others.push(label);
        }
        self
    }

    /// A sentence that says why, or adds facts (rows, values).
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(cut(note.into()));
        self
    }

    /// One thing to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(cut(help.into()));
        self
    }

    /// As [`Diagnostic::help`], when there is something to say.
    #[must_use]
    pub fn maybe_help(self, help: Option<String>) -> Self {
        match help {
            Some(help) => self.help(help),
            None => self,
        }
    }

    /// What mends it, in bytes. The help should say the same.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// As [`Diagnostic::fix`], where it is clear what to write.
    #[must_use]
    pub fn maybe_fix(self, span: Span, replacement: Option<String>) -> Self {
        match replacement {
            Some(replacement) => self.fix(span, replacement),
            None => self,
        }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Characters of one sentence of a message: an admin's word may be a megabyte long.
const TEXT_CHARS_MAX: usize = 1_000;

fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Puts findings in the order of the files they speak of; those without a place come last. Doubles are dropped.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        let place = |d: &Diagnostic| d.primary.as_ref().map(|label| label.span);
        match (place(a), place(b)) {
            (Some(a_span), Some(b_span)) => (a_span, a.severity).cmp(&(b_span, b.severity)),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => a.severity.cmp(&b.severity),
        }
    });
    diagnostics.dedup();
}

/// Whether any of them is an error.
pub fn any_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(Diagnostic::is_error)
}
