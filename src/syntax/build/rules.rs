//! Rules, groups of them, and what is left of broken ones.

use super::sentences::{Piece, Sentence};
use super::{Builder, Node, first, first_part, last_stray, parts};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;

/// What a rule begins with.
const RULE_WORDS: &[&str] = &["when", "otherwise", "assign"];

impl<'t> Builder {
    /// The rules of a block, broken ones mended or left out.
    pub(super) fn rules(&mut self, nodes: impl Iterator<Item = Node<'t>>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for sentence in self.sentences(nodes) {
            match sentence {
                Sentence::Read(node) if node.as_rule() == Grammar::broken_rule => {
                    rules.extend(self.broken_rule(&Piece::of(&node)));
                }
                Sentence::Read(node) => rules.extend(self.rule_like(node)),
                Sentence::Broken(piece) => rules.extend(self.broken_rule(&piece)),
            }
        }
        rules
    }

    fn rule_like(&mut self, node: Node<'t>) -> Option<Rule> {
        match node.as_rule() {
            Grammar::rule => Some(self.rule(node)),
            Grammar::broken_group => self.broken_group(node),
            _ => None,
        }
    }

    pub(super) fn rule(&mut self, node: Node<'t>) -> Rule {
        let mut rule = empty_rule(self.span(&node));
        for part in parts(node) {
            match part.as_rule() {
                Grammar::label => rule.labels.extend(first(part).and_then(|name| self.word(name))),
                Grammar::when_rule | Grammar::otherwise_rule | Grammar::plain_rule => self.rule_body(part, &mut rule),
                Grammar::never_rule => rule.body = self.never(part),
                _ => {}
            }
        }
        rule
    }

    fn rule_body(&mut self, node: Node<'t>, rule: &mut Rule) {
        let mut ends_at = self.span(&node);
        let mut stray = None;
        let mut has_action = false;
        rule.otherwise = node.as_rule() == Grammar::otherwise_rule;
        for part in parts(node) {
            let span = self.span(&part);
            match part.as_rule() {
                Grammar::condition => {
                    ends_at = span;
                    stray = last_stray(part.clone());
                    rule.condition = Some(self.condition(part));
                }
                Grammar::group => {
                    has_action = true;
                    self.closes(&part);
                    rule.body = RuleBody::Group(self.rules(parts(part)));
                }
                Grammar::because => rule.because = first_part(part).and_then(|text| self.word(text)),
                Grammar::from_day => rule.from = self.day(part),
                Grammar::until_day => rule.until = self.day(part),
                Grammar::kw_always => {}
                _ => {
                    has_action = true;
                    rule.body = self.action(part);
                }
            }
        }
        if !has_action {
            self.missing_action(stray, ends_at);
        }
    }

    fn broken_rule(&mut self, piece: &Piece<'_>) -> Vec<Rule> {
        let pieces = piece.cut(RULE_WORDS, false);
        let is_alone = pieces.len() == 1;
        let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| nodes.into_iter().next().map(|node| inner.rule(node));
        pieces.iter().filter_map(|piece| self.broken(piece, is_alone, Grammar::only_rule, build).flatten()).collect()
    }

    /// Rules in braces under a sentence that cannot be read: they are read all the same, for their own errors.
    fn broken_group(&mut self, node: Node<'t>) -> Option<Rule> {
        self.closes(&node);
        let span = self.span(&node);
        let (headers, rules): (Vec<_>, Vec<_>) = parts(node).partition(|part| part.as_rule() == Grammar::broken_header);
        let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| inner.header(nodes, span);
        let header = headers.first().and_then(|part| self.broken(&Piece::of(part), true, Grammar::only_header, build));
        let rules = self.rules(rules.into_iter());
        header.map(|header| Rule { body: RuleBody::Group(rules), ..header })
    }

    fn header(&mut self, nodes: Vec<Node<'_>>, span: Span) -> Rule {
        let mut rule = empty_rule(span);
        for node in nodes {
            match node.as_rule() {
                Grammar::label => rule.labels.extend(first(node).and_then(|name| self.word(name))),
                Grammar::condition => rule.condition = Some(self.condition(node)),
                Grammar::kw_otherwise => rule.otherwise = true,
                _ => {}
            }
        }
        rule
    }

    /// No action was found: often because its first word was mistyped and read as part of the value before it.
    fn missing_action(&mut self, stray: Option<Node<'_>>, ends_at: Span) {
        let Some(stray) = stray else {
            let at = Span { start: ends_at.end.saturating_sub(1), ..ends_at };
            self.push(
                Diagnostic::error(Code::MissingAction, "a rule without an action")
                    .at(at, "the rule ends here")
                    .help("say what follows: `assign to …`, `keep owner`, or a group in `{ }`"),
            );
            return;
        };
        let text = stray.as_str();
        let from = stray.as_span().start();
        for word in text.split_whitespace() {
            if let Some(near) = nearest(word, ["assign", "keep", "hand", "hold", "lock", "add", "touch"]) {
                // Words of a text never overlap, so this one's place is where it is found first.
                let start = from + text.find(word).unwrap_or(0);
                self.push(
                    Diagnostic::error(Code::MissingAction, format!("expected an action, found `{word}`"))
                        .at(self.place.span(start, start + word.len()), "not an action")
                        .help(format!("did you mean `{near}`?")),
                );
                return;
            }
        }
        // Otherwise the stray words get their own message from the checker, which knows the choices.
    }
}

fn empty_rule(span: Span) -> Rule {
    Rule {
        labels: Vec::new(),
        condition: None,
        otherwise: false,
        body: RuleBody::Broken,
        because: None,
        from: None,
        until: None,
        span,
    }
}
