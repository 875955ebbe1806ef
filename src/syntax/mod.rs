//! Text in, tree out: the grammar, and what happens where a text does not follow it.
//!
//! Parsing is total: any bytes give a [`Tree`] and diagnostics, never a panic. One broken rule does not hide the errors
//! of the next (`recover`), and habits brought from other languages are mended by name (`build`).

mod brackets;
mod build;
pub(crate) mod grammar;
mod invariant;
mod mend;
mod near;
mod outline;
mod place;
mod recover;
mod test_block;
#[cfg(test)]
mod tests;
mod tree;

pub use invariant::*;
pub use test_block::*;
pub use tree::*;

use crate::diagnostic::{Code, Diagnostic};
use crate::limits;
use crate::source::{FileId, Sources, Span};
use grammar::{OwnParser, Rule as Grammar};
use pest::Parser;

/// Parses all files of a policy set into one tree, with what is wrong in file order.
pub fn parse(sources: &Sources) -> (Tree, Vec<Diagnostic>) {
    let mut tree = Tree::default();
    let mut diagnostics = Vec::new();
    for (id, file) in sources.iter() {
        diagnostics.extend(parse_file(id, &file.text, &mut tree));
    }
    crate::diagnostic::sort(&mut diagnostics);
    tree.broken = crate::diagnostic::any_error(&diagnostics);
    (tree, diagnostics)
}

fn parse_file(file: FileId, text: &str, tree: &mut Tree) -> Vec<Diagnostic> {
    if text.len() > limits::POLICY_BYTES_MAX {
        let limit_mib = limits::POLICY_BYTES_MAX >> 20;
        return vec![
            Diagnostic::error(Code::TooLarge, format!("a policy file of {} bytes", text.len()))
                .at(Span::new(file, 0, 0), format!("at most {limit_mib} MiB are read"))
                .help("split the file; long lists of values belong in a list or table"),
        ];
    }
    let scan = brackets::scan(file, text);
    if scan.too_deep {
        return scan.diagnostics;
    }
    let mut builder = build::Builder::new(file, scan);
    match OwnParser::parse(Grammar::file, text) {
        Ok(pairs) => builder.file(pairs, tree),
        Err(error) => {
            let found = recover::diagnostic(place::Place::file(file), text, Grammar::file, &error);
            builder.push(found);
        }
    }
    builder.diagnostics
}
