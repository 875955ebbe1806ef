//! The sentences of a file or a block, and what can be saved of broken ones.

use super::{Builder, Node, end};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::syntax::grammar::{OwnParser, Rule as Grammar};
use crate::syntax::place::Place;
use crate::syntax::{brackets, mend, near, recover};
use pest::Parser;
use pest::iterators::{Pair, Pairs};

/// Text that could not be read, by where it begins.
pub(super) struct Piece<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Piece<'t> {
    pub(super) fn of(node: &Node<'t>) -> Self {
        Piece { start: node.as_span().start(), text: node.as_str() }
    }

    /// The piece cut before every line that begins with a mistyped `words`: what cannot be read reaches to the next
    /// line that begins something, and a mistyped word does not. In a file, so does a line without an indent.
    pub(super) fn cut(&self, words: &[&str], by_indent: bool) -> Vec<Piece<'t>> {
        let mut cuts = vec![0];
        let mut at = 0;
        let mut depth = 0_usize;
        for line in self.text.split_inclusive('\n') {
            let first = line.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let is_flush = by_indent && !line.starts_with(|c: char| c.is_whitespace() || "#{(".contains(c));
            if at > 0 && depth == 0 && (is_flush || nearest(first, words.iter().copied()).is_some()) {
                cuts.push(at);
            }
            let (opened, closed) = brackets::braces(line);
            depth = (depth + opened).saturating_sub(closed);
            at += line.len();
        }
        let ends = cuts.iter().skip(1).copied().chain([self.text.len()]);
        cuts.iter()
            .zip(ends)
            .map(|(from, to)| Piece { start: self.start + from, text: &self.text[*from..to] })
            .collect()
    }
}

/// A sentence of a file or a block, or a piece that should have been one.
pub(super) enum Sentence<'t> {
    Read(Node<'t>),
    /// A sentence with something behind it on its line that does not belong there: broken as a whole.
    Broken(Piece<'t>),
}

impl<'t> Builder {
    /// The sentences of a file or a block; a second one on a line is told and left out.
    pub(super) fn sentences(&mut self, nodes: impl Iterator<Item = Node<'t>>) -> Vec<Sentence<'t>> {
        let mut before = None;
        let nodes = self.without_allows(nodes);
        let mut found = joined_sentences(nodes.into_iter());
        found.retain(|sentence| {
            let Sentence::Read(node) = sentence else { return true };
            let is_second = self.second_sentence(before.as_ref(), node);
            before = Some(node.clone());
            !is_second
        });
        found
    }

    /// A rule without a label behind another on its line: hardly ever meant as a rule of its own.
    fn second_sentence(&mut self, before: Option<&Node<'_>>, node: &Node<'_>) -> bool {
        let is_rule = |node: &&Node<'_>| node.as_rule() == Grammar::rule && is_one_line(node);
        let (Some(before), Some(body)) = (before.filter(is_rule), node.clone().into_inner().next()) else {
            return false;
        };
        let start = node.as_span().start();
        if node.as_span().get_input()[end(before)..start].contains(['\n', '\r']) {
            return false;
        }
        let first_word = self.place.span(start, start + node.as_str().find(char::is_whitespace).unwrap_or(0));
        let diagnostic = match body.as_rule() {
            Grammar::when_rule => Diagnostic::error(Code::Syntax, "a `when` behind the action")
                .at(first_word, "read as a rule of its own")
                .help("write the whole condition before the action, or begin a new line"),
            Grammar::plain_rule => Diagnostic::error(Code::Syntax, "two actions in one rule")
                .at(first_word, "read as a rule of its own, which takes every record")
                .help("keep one of them, join them with `else`, or begin a new line"),
            _ => return false,
        };
        self.push(diagnostic);
        true
    }

    /// Reads a broken piece again, alone, to say what is wrong with it. Where one mended word makes it readable, `build`
    /// gets what was meant, so that the rest of the policies is not blamed for what the piece declares.
    pub(super) fn broken<R>(
        &mut self,
        piece: &Piece<'_>,
        is_alone: bool,
        as_rule: Grammar,
        build: impl for<'m> FnOnce(&mut Builder, Vec<Node<'m>>) -> R,
    ) -> Option<R> {
        let Piece { start, text } = *piece;
        let place = self.place.inside(start);
        let whole = place.span(0, text.trim_end().len());
        if self.covered.iter().any(|at| (whole.start as usize..whole.end as usize).contains(at)) {
            return None;
        }
        if text.trim() == "}" {
            self.stray_close(whole);
            return None;
        }
        let error = match OwnParser::parse(as_rule, text) {
            Ok(_) if is_alone => {
                self.push(
                    Diagnostic::error(Code::Syntax, "this does not fit here")
                        .at(whole, "readable alone, but not at this place")
                        .help("look for a missing or an extra bracket above"),
                );
                return None;
            }
            // Only what stood behind it was broken.
            Ok(pairs) => return Some(self.build_inside(place, pairs, build)),
            Err(error) => error,
        };
        if let Some(found) = near::sentence(text, recover::failed_at(&error, text), place) {
            self.push(found);
            return None;
        }
        let Some(mend) = mend::find(text, as_rule, &error) else {
            self.push(recover::diagnostic(place, text, as_rule, &error));
            return None;
        };
        self.push(mend.diagnostic(place));
        let pairs = OwnParser::parse(as_rule, &mend.text).ok()?;
        let place = place.mended(mend.at + mend.written.len(), mend.typed.len(), mend.written.len());
        Some(self.build_inside(place, pairs, build))
    }

    fn build_inside<R>(
        &mut self,
        place: Place,
        pairs: Pairs<'_, Grammar>,
        build: impl for<'m> FnOnce(&mut Builder, Vec<Node<'m>>) -> R,
    ) -> R {
        let mut inner =
            Builder { covered: self.covered.clone(), signs_around: self.signs_around, ..Builder::at(place) };
        let nodes = pairs.flat_map(Pair::into_inner).filter(|node| node.as_rule() != Grammar::EOI).collect();
        let built = build(&mut inner, nodes);
        self.allows.append(&mut inner.allows);
        self.diagnostics.append(&mut inner.diagnostics);
        built
    }

    pub(super) fn stray_close(&mut self, span: Span) {
        self.push(
            Diagnostic::error(Code::Syntax, "a `}` that closes nothing")
                .at(span, "no `{` is open here")
                .help("remove it, or look for a `{` that is missing above"),
        );
    }
}

/// Joins what could not be read to the sentence before it on its line: there the slip was made.
fn joined_sentences<'t>(nodes: impl Iterator<Item = Node<'t>>) -> Vec<Sentence<'t>> {
    let mut found: Vec<Sentence<'t>> = Vec::new();
    for node in nodes {
        let span = node.as_span();
        if matches!(node.as_rule(), Grammar::broken_rule | Grammar::broken_item)
            && let Some(Sentence::Read(before)) = found.last()
            && is_one_line(before)
            && !span.get_input()[end(before)..span.start()].contains(['\n', '\r'])
        {
            let start = before.as_span().start();
            found.pop();
            found.push(Sentence::Broken(Piece { start, text: &span.get_input()[start..span.end()] }));
        } else {
            found.push(Sentence::Read(node));
        }
    }
    found
}

/// Whether a sentence has no block of its own.
fn is_one_line(node: &Node<'_>) -> bool {
    match node.as_rule() {
        Grammar::rule => {
            !node.clone().into_inner().any(|body| body.into_inner().any(|part| part.as_rule() == Grammar::group))
        }
        Grammar::person | Grammar::team | Grammar::queue | Grammar::list | Grammar::define | Grammar::pin => true,
        Grammar::invariant => true,
        _ => false,
    }
}
