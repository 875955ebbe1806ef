//! The canonical layout of `.own` files.
//!
//! Takes the text of one file and gives the same sentences, tidily set. Knows the grammar and the syntax tree, and
//! nothing of what names mean. Two promises, both checked on every file before its text is handed out: no comment is
//! lost or moved past another, and the tidy text has the very tree that the text had. A file with errors is refused as it is.
//! Quotes stay as they are written: whether a bare word is a text or a choice is not to be seen in one file.

mod align;
mod doc;
mod gap;
mod layout;
mod sentences;
mod test_blocks;

use crate::diagnostic::{self, Diagnostic};
use crate::source::Sources;
use crate::syntax::grammar::{OwnParser, Rule as Grammar};
use crate::syntax::{self, Tree};
use pest::Parser;

/// Why a file was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// It has errors: mend these first. Their spans belong to a single file with id 0.
    Broken(Vec<Diagnostic>),
    /// The tidy text would not mean the same: a fault of the formatter, worth reporting with the file.
    Changed { what: &'static str },
}

impl std::fmt::Display for FormatError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FormatError::Broken(diagnostics) => {
                let count = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
                write!(f, "not formatted: {count} error{} to mend first", if count == 1 { "" } else { "s" })
            }
            FormatError::Changed { what } => write!(
                f,
                "not formatted: {what} would have changed. This is a fault of Ownward, not of the file: please report \
                 it, with the file"
            ),
        }
    }
}

impl std::error::Error for FormatError {}

/// The canonical layout of one file. A text without sentences and comments gives an empty text.
///
/// Formatting twice equals formatting once. Errors: [`FormatError::Broken`] where the parser reports an error,
/// [`FormatError::Changed`] where the layout fails its own proof; in both cases there is no text to write.
pub fn format(text: &str) -> Result<String, FormatError> {
    let tree = read(text)?;
    let Ok(pairs) = OwnParser::parse(Grammar::file, text) else {
        // The parser accepts any text as a file, broken parts and all.
        return Err(FormatError::Changed { what: "a file that could be read" });
    };
    let tidy = doc::print(&layout::file(text, pairs));
    let Ok(tidy_tree) = read(&tidy) else {
        return Err(FormatError::Changed { what: "a readable sentence" });
    };
    if tidy_tree.outline() != tree.outline() {
        return Err(FormatError::Changed { what: "the meaning" });
    }
    if gap::comments(&tidy) != gap::comments(text) {
        return Err(FormatError::Changed { what: "a comment" });
    }
    Ok(tidy)
}

fn read(text: &str) -> Result<Tree, FormatError> {
    let mut sources = Sources::default();
    sources.add("policy.own", text);
    let (tree, diagnostics) = syntax::parse(&sources);
    if diagnostic::any_error(&diagnostics) { Err(FormatError::Broken(diagnostics)) } else { Ok(tree) }
}
