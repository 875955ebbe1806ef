//! From the parser's pairs to the tree, and what is wrong where a text does not follow the grammar.
//!
//! Here stands what all builders share; each file beside it builds one kind of node.

mod actions;
mod allows;
mod conditions;
mod invariants;
mod items;
mod places;
mod records;
mod related;
mod rules;
mod sentences;
mod sums;
mod tables;
mod tails;
mod test_blocks;
mod who;
mod words;

use super::brackets::Scan;
use super::grammar::Rule as Grammar;
use super::place::Place;
use super::tree::AllowDecl;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{FileId, Span};
use pest::iterators::Pair;

/// Builds the tree of one file, or of a mended piece of it, and gathers what is wrong.
pub struct Builder {
    place: Place,
    covered: Vec<usize>,
    /// Signs of the sums around the place that is built.
    signs_around: usize,
    allows: Vec<AllowDecl>,
    pub diagnostics: Vec<Diagnostic>,
}

type Node<'t> = Pair<'t, Grammar>;

impl<'t> Builder {
    pub fn new(file: FileId, scan: Scan) -> Self {
        Self { covered: scan.covered, diagnostics: scan.diagnostics, ..Self::at(Place::file(file)) }
    }

    fn at(place: Place) -> Self {
        Self { place, covered: Vec::new(), signs_around: 0, allows: Vec::new(), diagnostics: Vec::new() }
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn error(&mut self, code: Code, headline: impl Into<String>, span: Span, label: impl Into<String>) {
        self.push(Diagnostic::error(code, headline).at(span, label));
    }

    /// The span of a node without the blanks and comments that the grammar let follow it.
    fn span(&self, node: &Node<'_>) -> Span {
        self.place.span(node.as_span().start(), end(node))
    }

    /// A block that ends without its `}`: most are told by the first look over the file.
    fn closes(&mut self, node: &Node<'t>) {
        let is_closed = node.clone().into_inner().any(|part| part.as_rule() == Grammar::brace_close);
        if is_closed || self.diagnostics.iter().any(|found| found.code == Code::UnclosedBracket) {
            return;
        }
        let span = self.span(node);
        self.push(
            Diagnostic::error(Code::UnclosedBracket, "a `{` that is never closed")
                .at(span, "opened here")
                .help("add the `}` that closes it"),
        );
    }

    /// A feature of the language that this version does not run yet: said plainly, at its place.
    fn later(&mut self, span: Option<Span>, what: &str) {
        let Some(span) = span else { return };
        self.push(
            Diagnostic::error(Code::NotYet, format!("{what} cannot be run by this version"))
                .at(span, "part of the language, but not of this version")
                .with_note("nothing of this policy set is run, so that no record is decided without it")
                .help("leave it out, or take a version that runs it"),
        );
    }
}

/// The pair of a rule that the grammar puts exactly once inside another.
fn first(node: Node<'_>) -> Option<Node<'_>> {
    node.into_inner().next()
}

fn is_keyword(node: &Node<'_>) -> bool {
    format!("{:?}", node.as_rule()).starts_with("kw_")
}

/// The parts of a node without keywords and punctuation.
fn parts(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.into_inner().filter(|part| {
        !is_keyword(part)
            && !matches!(
                part.as_rule(),
                Grammar::brace_open
                    | Grammar::brace_close
                    | Grammar::open
                    | Grammar::close
                    | Grammar::comma
                    | Grammar::colon
                    | Grammar::equals
                    | Grammar::less
                    | Grammar::slash
            )
    })
}

fn first_part(node: Node<'_>) -> Option<Node<'_>> {
    parts(node).next()
}

/// The stray words at the very end of a node, if it ends in some.
fn last_stray(node: Node<'_>) -> Option<Node<'_>> {
    let mut last = node;
    loop {
        if last.as_rule() == Grammar::stray_words {
            return Some(last);
        }
        last = last.into_inner().last()?;
    }
}

/// Where a node ends: behind its last word. Only rules that the grammar reads letter by letter end as they stand.
fn end(node: &Node<'_>) -> usize {
    let span = node.as_span();
    let plain = span.start() + span.as_str().trim_end().len();
    match node.as_rule() {
        Grammar::string | Grammar::foreign_string => plain,
        _ => node.clone().into_inner().last().map_or(plain, |last| end(&last)),
    }
}
