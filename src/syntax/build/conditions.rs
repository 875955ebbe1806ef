//! Conditions: `and`, `or`, `not`, and one comparison after another.

use super::{Builder, Node, first, last_stray};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::mend::is_shuffle;
use crate::syntax::near;
use crate::syntax::tree::*;

/// What may follow the first side of a comparison: one comparison, and what history asks of it.
const TAILS_MAX: usize = 8;

impl<'t> Builder {
    pub(super) fn condition(&mut self, node: Node<'t>) -> Expr {
        match first(node) {
            Some(inner) => self.or_expr(inner),
            None => broken(self.place.span(0, 0)),
        }
    }

    pub(super) fn or_expr(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        self.joined(node, span, Grammar::or_op, "or", Self::and_expr, ExprKind::Or)
    }

    fn and_expr(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        self.joined(node, span, Grammar::and_op, "and", Self::not_expr, ExprKind::And)
    }

    fn not_expr(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let mut negated = false;
        let mut inner = None;
        for part in node.into_inner() {
            if part.as_rule() == Grammar::not_op {
                negated = !negated;
                self.foreign_op(part, "not");
            } else {
                inner = Some(self.comparison(part));
            }
        }
        let inner = inner.unwrap_or_else(|| broken(span));
        if negated { Expr { kind: ExprKind::Not(Box::new(inner)), span } } else { inner }
    }

    /// A row of operands with one kind of operator between them.
    fn joined(
        &mut self,
        node: Node<'t>,
        span: Span,
        op: Grammar,
        word: &str,
        operand: fn(&mut Self, Node<'t>) -> Expr,
        join: fn(Vec<Expr>) -> ExprKind,
    ) -> Expr {
        let mut operands = Vec::new();
        for part in node.into_inner() {
            if part.as_rule() == op {
                self.foreign_op(part, word);
            } else {
                operands.push(operand(self, part));
            }
        }
        if operands.len() == 1 {
            // Just checked.
            return operands.remove(0);
        }
        Expr { kind: join(operands), span }
    }

    pub(super) fn foreign_op(&mut self, node: Node<'t>, word: &str) {
        let Some(op) = first(node) else { return };
        let is_foreign = matches!(
            op.as_rule(),
            Grammar::foreign_and
                | Grammar::foreign_or
                | Grammar::foreign_not
                | Grammar::foreign_equals
                | Grammar::foreign_unequal
        );
        if is_foreign {
            let span = self.span(&op);
            let apart = apart(&op, word);
            let mark = op.as_str();
            let headline = match op.as_rule() {
                Grammar::foreign_equals => "comparison is written `=`".to_owned(),
                _ => format!("`{mark}` is written `{word}`"),
            };
            self.push(
                Diagnostic::error(Code::ForeignHabit, headline)
                    .at(span, "from another language")
                    .help(format!("write `{word}`"))
                    .fix(span, apart),
            );
        }
    }

    fn comparison(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let mut parts = node.clone().into_inner();
        let Some(left) = parts.next() else {
            return broken(span);
        };
        if parts.len() > TAILS_MAX {
            self.push(
                Diagnostic::error(Code::TooDeep, "a comparison with too much behind it")
                    .at(span, format!("more than {TAILS_MAX} parts"))
                    .help("write `and` between conditions"),
            );
            return broken(span);
        }
        let mut left = self.sum(left);
        if let ExprKind::Path(path) = &left.kind
            && let Some(found) = near::related(path)
        {
            self.push(found);
            return broken(span);
        }
        let mut compared: Option<Node<'t>> = None;
        for tail in parts {
            let is_history = tail.as_rule() == Grammar::history_tail;
            if let Some(before) = &compared
                && !is_history
            {
                self.chained(&node, before, &tail);
                return broken(span);
            }
            compared = Some(tail.clone());
            let whole = Span { end: self.span(&tail).end, ..left.span };
            let kind = self.tail(tail, left);
            left = Expr { kind, span: whole };
        }
        left
    }

    /// Two comparisons without `and` between them: `1 < x < 5`, or a mistyped `and`.
    fn chained(&mut self, node: &Node<'_>, before: &Node<'_>, after: &Node<'_>) {
        if let Some(stray) = last_stray(before.clone()) {
            let typed = stray.as_str().split_whitespace().next().unwrap_or_default();
            let start = stray.as_span().start() + stray.as_str().find(typed).unwrap_or(0);
            let near = ["and", "or"].into_iter().find(|word| is_shuffle(typed, word)).or(nearest(typed, ["and", "or"]));
            self.push(
                Diagnostic::error(Code::Syntax, format!("expected `and` or `or`, found `{typed}`"))
                    .at(self.place.span(start, start + typed.len()), "not expected here")
                    .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
            );
            return;
        }
        let span = self.span(node);
        let between = after.as_span().start();
        let middle = before.clone().into_inner().next_back().map_or("", |side| side.as_str().trim());
        let first_half = node.as_str()[..before.as_span().end() - node.as_span().start()].trim();
        self.push(
            Diagnostic::error(Code::ForeignHabit, "two comparisons in a row")
                .at(span, "a comparison has two sides")
                .help(format!("write `{first_half} and {middle} {}`", after.as_str().trim()))
                .fix(self.place.span(between, between), format!("and {middle} ")),
        );
    }
}

/// A word in place of a mark, with blanks where it would touch its neighbours.
fn apart(op: &Node<'_>, word: &str) -> String {
    let (text, at) = (op.as_span().get_input(), op.as_span());
    let is_word = word.starts_with(char::is_alphabetic);
    let touches = |c: Option<char>| is_word && c.is_some_and(|c| !c.is_whitespace());
    let before = if touches(text[..at.start()].chars().next_back()) { " " } else { "" };
    let after = if touches(text[at.start() + op.as_str().trim_end().len()..].chars().next()) { " " } else { "" };
    format!("{before}{word}{after}")
}

pub(super) fn broken(span: Span) -> Expr {
    Expr { kind: ExprKind::Broken, span }
}
