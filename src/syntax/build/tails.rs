//! What follows the left side of a comparison.

use super::sums::{unit_of, whole};
use super::{Builder, Node, first, parts};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::near;
use crate::syntax::tree::*;
use crate::value::time::Unit;

impl<'t> Builder {
    pub(super) fn tail(&mut self, node: Node<'t>, left: Expr) -> ExprKind {
        let span = self.span(&node);
        let negated =
            node.clone().into_inner().any(|part| matches!(part.as_rule(), Grammar::kw_not | Grammar::negation));
        let left = Box::new(left);
        match node.as_rule() {
            Grammar::compare_tail => self.compare(node, left),
            Grammar::is_tail => self.is_tail(node, negated, left),
            Grammar::in_tail => match parts(node).next() {
                Some(source) => ExprKind::In { negated, left, source: self.in_source(source) },
                None => ExprKind::Broken,
            },
            Grammar::between_tail => {
                let mut bounds = parts(node);
                match (bounds.next(), bounds.next()) {
                    (Some(low), Some(high)) => ExprKind::Between {
                        negated,
                        left,
                        low: Box::new(self.sum(low)),
                        high: Box::new(self.sum(high)),
                    },
                    _ => ExprKind::Broken,
                }
            }
            Grammar::contains_tail => self.text_tail(node, TextOp::Contains, negated, left),
            Grammar::starts_tail => self.text_tail(node, TextOp::StartsWith, negated, left),
            Grammar::ends_tail => self.text_tail(node, TextOp::EndsWith, negated, left),
            Grammar::matches_tail => self.text_tail(node, TextOp::Matches, negated, left),
            Grammar::counts_tail => ExprKind::CountsAs { left, values: self.values(node) },
            Grammar::includes_tail => {
                let which = node.clone().into_inner().find(|part| part.as_rule() == Grammar::which);
                let which = match which.and_then(first).map(|word| word.as_rule()) {
                    Some(Grammar::kw_all) => Which::All,
                    Some(Grammar::kw_none) => Which::None,
                    _ => Which::Any,
                };
                ExprKind::Includes { which, left, values: self.values(node) }
            }
            Grammar::before_tail | Grammar::after_tail => {
                let op = if node.as_rule() == Grammar::before_tail { CompareOp::Less } else { CompareOp::More };
                match parts(node).next() {
                    Some(right) => ExprKind::Compare { op, left, right: Box::new(self.sum(right)) },
                    None => ExprKind::Broken,
                }
            }
            Grammar::within_tail => self.within(node, span, left),
            Grammar::older_tail | Grammar::later_tail => {
                let is_older = node.as_rule() == Grammar::older_tail;
                match parts(node).next().and_then(|length| self.span_of_time(length)) {
                    Some(span) if is_older => ExprKind::OlderThan { left, span },
                    Some(span) => ExprKind::LaterThan { left, span },
                    None => ExprKind::Broken,
                }
            }
            _ => self.history(node, left),
        }
    }

    /// `becomes V`, `was V`, `changed within past 30 days`, `for 30 days`.
    fn history(&mut self, node: Node<'t>, left: Box<Expr>) -> ExprKind {
        let word = first(node.clone()).map(|word| word.as_rule());
        let Some(part) = parts(node).next() else { return ExprKind::Broken };
        match word {
            Some(Grammar::kw_becomes) => match self.changed_value("becomes", &left, part) {
                Some(value) => ExprKind::Becomes { left, value },
                None => ExprKind::Broken,
            },
            Some(Grammar::kw_was) => match self.changed_value("was", &left, part) {
                Some(value) => ExprKind::Was { left, value },
                None => ExprKind::Broken,
            },
            Some(Grammar::kw_changed) => {
                self.span_of_time(part).map_or(ExprKind::Broken, |span| ExprKind::ChangedWithin { left, span })
            }
            _ => self.span_of_time(part).map_or(ExprKind::Broken, |span| ExprKind::For { condition: left, span }),
        }
    }

    fn changed_value(&mut self, verb: &str, left: &Expr, node: Node<'t>) -> Option<Box<Expr>> {
        let value = self.sum(node);
        if let (ExprKind::Path(of), ExprKind::Path(path)) = (&left.kind, &value.kind)
            && let Some(found) = near::changed_value(&of.text(), verb, path)
        {
            self.push(found);
            return None;
        }
        Some(Box::new(value))
    }

    fn compare(&mut self, node: Node<'t>, left: Box<Expr>) -> ExprKind {
        let mut inner = node.into_inner();
        let (Some(op_node), Some(right)) = (inner.next(), inner.next()) else {
            return ExprKind::Broken;
        };
        let op = match first(op_node.clone()).map(|op| op.as_rule()) {
            Some(Grammar::unequal | Grammar::foreign_unequal) => CompareOp::Unequal,
            Some(Grammar::less) => CompareOp::Less,
            Some(Grammar::at_most) => CompareOp::AtMost,
            Some(Grammar::more) => CompareOp::More,
            Some(Grammar::at_least_mark) => CompareOp::AtLeast,
            _ => CompareOp::Equal,
        };
        self.foreign_op(op_node, op.mark());
        let right = Box::new(self.sum(right));
        ExprKind::Compare { op, left, right }
    }

    fn is_tail(&mut self, node: Node<'t>, negated: bool, left: Box<Expr>) -> ExprKind {
        let span = self.span(&node);
        let Some(what) = parts(node).next() else {
            return ExprKind::Broken;
        };
        match what.as_rule() {
            Grammar::is_exactly => match parts(what).next() {
                Some(right) => ExprKind::IsExactly { negated, left, right: Box::new(self.sum(right)) },
                None => ExprKind::Broken,
            },
            Grammar::is_in | Grammar::is_one_of => {
                let written = if negated { "not in" } else { "in" };
                let start = what.as_span().start();
                let source = parts(what.clone()).next().map_or(start, |source| source.as_span().start());
                let words = Span { end: self.place.span(source, source).start, ..span };
                self.push(
                    Diagnostic::error(Code::ForeignHabit, format!("membership is written `{written}`"))
                        .at(span, "one word too many")
                        .help(format!("write `{written} (…)` without `is`"))
                        .fix(words, format!("{written} ")),
                );
                match parts(what).next() {
                    Some(source) => ExprKind::In { negated, left, source: self.in_source(source) },
                    None => ExprKind::Broken,
                }
            }
            _ => ExprKind::Is { negated, left, right: Box::new(self.sum(what)) },
        }
    }

    fn in_source(&mut self, node: Node<'t>) -> InSource {
        match node.as_rule() {
            Grammar::value_list => InSource::Values(self.value_list(node)),
            _ => InSource::Named(self.path(node)),
        }
    }

    fn value_list(&mut self, node: Node<'t>) -> Vec<Expr> {
        let values: Vec<Node<'t>> = parts(node).collect();
        values.into_iter().map(|value| self.sum(value)).collect()
    }

    /// The one value, or the values of the list, that a tail ends in.
    fn values(&mut self, node: Node<'t>) -> Vec<Expr> {
        match parts(node).filter(|part| !matches!(part.as_rule(), Grammar::which | Grammar::negation)).last() {
            Some(list) if list.as_rule() == Grammar::value_list => self.value_list(list),
            Some(value) if value.as_rule() == Grammar::string => {
                let span = self.span(&value);
                self.word(value).map_or_else(Vec::new, |word| vec![Expr { kind: ExprKind::Quoted(word.text), span }])
            }
            Some(value) => vec![self.sum(value)],
            None => Vec::new(),
        }
    }

    fn text_tail(&mut self, node: Node<'t>, op: TextOp, negated: bool, left: Box<Expr>) -> ExprKind {
        ExprKind::Text { op, negated, left, values: self.values(node) }
    }

    fn within(&mut self, node: Node<'t>, span: Span, left: Box<Expr>) -> ExprKind {
        let side = node.clone().into_inner().find_map(|part| match part.as_rule() {
            Grammar::kw_past => Some(true),
            Grammar::kw_next => Some(false),
            _ => None,
        });
        let length = parts(node).next();
        if let Some(length) = &length
            && length.as_rule() == Grammar::business_span
        {
            return self.within_business_hours(length.clone(), side, left);
        }
        let length = length.and_then(|length| self.span_of_time(length));
        let Some(past) = side else {
            self.push(
                Diagnostic::error(Code::Syntax, "`within` needs a side")
                    .at(span, "before or after today?")
                    .help("write `within past 90 days` or `within next 90 days`"),
            );
            return ExprKind::Broken;
        };
        match length {
            Some(span) => ExprKind::Within { past, left, span },
            None => ExprKind::Broken,
        }
    }

    /// `touched within 4 business hours`: counted from the day the record got its owner, so it has no side.
    fn within_business_hours(&mut self, node: Node<'t>, side: Option<bool>, left: Box<Expr>) -> ExprKind {
        let span = self.span(&node);
        let (mut hours, mut unit) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::number => hours = self.number(&part),
                Grammar::unit => unit = first(part).and_then(|word| unit_of(word.as_rule())),
                _ => {}
            }
        }
        let hours = hours.and_then(whole).filter(|hours| (1..=100_000).contains(hours));
        if let Some(unit) = unit.filter(|unit| *unit != Unit::Hours) {
            let help = match (unit, hours) {
                (Unit::Days, Some(days)) => format!("write `within {} business hours` where a day has eight", days * 8),
                _ => "write `within 4 business hours`".to_owned(),
            };
            self.push(
                Diagnostic::error(Code::Syntax, "business time is counted in hours")
                    .at(span, "another unit")
                    .help(help),
            );
            return ExprKind::Broken;
        }
        match (hours, side) {
            (Some(hours), None) => ExprKind::WithinBusinessHours { left, hours },
            (None, _) => {
                self.error(Code::Syntax, "business hours are counted whole", span, "not a whole number from 1");
                ExprKind::Broken
            }
            (_, Some(_)) => {
                self.push(
                    Diagnostic::error(Code::Syntax, "business hours are counted from when the record got its owner")
                        .at(span, "neither past nor next")
                        .help("write `within 4 business hours`"),
                );
                ExprKind::Broken
            }
        }
    }
}
