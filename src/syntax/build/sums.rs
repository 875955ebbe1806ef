//! Sums and values: arithmetic, numbers, lengths of time, and what stands in brackets.

use super::conditions::broken;
use super::{Builder, Node, first, parts};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::SUM_SIGNS_MAX;
use crate::source::Span;
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;
use crate::value::Decimal;
use crate::value::time::Unit;

impl<'t> Builder {
    pub(super) fn sum(&mut self, node: Node<'t>) -> Expr {
        self.arithmetic(node, Self::product)
    }

    fn product(&mut self, node: Node<'t>) -> Expr {
        self.arithmetic(node, Self::unary)
    }

    /// `a + b + c` is `(a + b) + c`: every sign is a level of the tree, and levels are counted (design section 8).
    fn arithmetic(&mut self, node: Node<'t>, operand: fn(&mut Self, Node<'t>) -> Expr) -> Expr {
        let span = self.span(&node);
        let signs = node.clone().into_inner().len() / 2;
        if self.signs_around + signs > SUM_SIGNS_MAX {
            self.push(
                Diagnostic::error(Code::TooDeep, "a sum of too many parts")
                    .at(span, format!("more than {SUM_SIGNS_MAX} signs"))
                    .help("let the source work it out, and read the result as a field"),
            );
            return broken(span);
        }
        self.signs_around += signs;
        let sum = self.operands(node, span, operand);
        self.signs_around -= signs;
        sum
    }

    fn operands(&mut self, node: Node<'t>, span: Span, operand: fn(&mut Self, Node<'t>) -> Expr) -> Expr {
        let mut inner = node.into_inner();
        let Some(first_operand) = inner.next() else {
            return broken(span);
        };
        let mut left = operand(self, first_operand);
        while let (Some(op), Some(right)) = (inner.next(), inner.next()) {
            let op = match first(op).map(|op| op.as_rule()) {
                Some(Grammar::plus) => ArithmeticOp::Add,
                Some(Grammar::star) => ArithmeticOp::Multiply,
                Some(Grammar::slash) => ArithmeticOp::Divide,
                _ => ArithmeticOp::Subtract,
            };
            let right = operand(self, right);
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, span };
        }
        left
    }

    fn unary(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let mut negative = false;
        let mut inner = None;
        for part in node.into_inner() {
            if part.as_rule() == Grammar::minus_sign {
                negative = true;
            } else {
                inner = Some(self.primary(part));
            }
        }
        let inner = inner.unwrap_or_else(|| broken(span));
        if !negative {
            return inner;
        }
        let kind = match inner.kind {
            ExprKind::Number(number) => ExprKind::Number(-number),
            ExprKind::Money(number, currency) => ExprKind::Money(-number, currency),
            _ => ExprKind::Negative(Box::new(inner)),
        };
        Expr { kind, span }
    }

    fn primary(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Grammar::parens_expr => match parts(node).next() {
                Some(inner) => ExprKind::Group(Box::new(self.or_expr(inner))),
                None => ExprKind::Broken,
            },
            Grammar::at_least => self.at_least(node, true),
            Grammar::most_of => self.at_least(node, false),
            Grammar::role_of => {
                self.role_of(node).map_or(ExprKind::Broken, |(role, path)| ExprKind::OwnerOf { role, path })
            }
            Grammar::relative => self.relative(node),
            Grammar::date => self.parse_date(node.as_str().trim(), span).map_or(ExprKind::Broken, ExprKind::Date),
            Grammar::money => {
                let mut inner = node.into_inner();
                let number = inner.next().and_then(|number| self.number(&number));
                let currency = inner.next().map_or("", |code| code.as_str()).to_owned();
                number.map_or(ExprKind::Broken, |number| ExprKind::Money(number, currency))
            }
            Grammar::number => self.number(&node).map_or(ExprKind::Broken, ExprKind::Number),
            Grammar::dashed => {
                let text = node.as_str().trim();
                self.push(
                    Diagnostic::error(Code::AmbiguousNumber, format!("`{text}` can be a code or a subtraction"))
                        .at(span, "no blanks around the `-`")
                        .help(format!("quote it (\"{text}\"), or write blanks ({})", text.replace('-', " - "))),
                );
                ExprKind::Broken
            }
            Grammar::string => self.word(node).map_or(ExprKind::Broken, |word| ExprKind::Quoted(word.text)),
            Grammar::foreign_string => ExprKind::Quoted(self.foreign_string(node)),
            Grammar::path => {
                let path = self.path(node);
                return Expr { span: path.span, kind: ExprKind::Path(path) };
            }
            _ => self.related(node),
        };
        Expr { kind, span }
    }

    fn relative(&mut self, node: Node<'t>) -> ExprKind {
        let rules: Vec<Grammar> = node.clone().into_inner().map(|part| part.as_rule()).collect();
        let when = if rules.contains(&Grammar::kw_ago) {
            Some(RelativeTo::Ago)
        } else if rules.contains(&Grammar::kw_today) {
            Some(RelativeTo::Ahead)
        } else {
            None
        };
        match self.span_of_time(node) {
            Some(span) => ExprKind::Relative { span, when },
            None => ExprKind::Broken,
        }
    }

    pub(super) fn span_of_time(&mut self, node: Node<'t>) -> Option<SpanOfTime> {
        let span = self.span(&node);
        let mut amount = None;
        let mut unit = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::number => amount = self.number(&part),
                Grammar::unit => unit = first(part).and_then(|word| unit_of(word.as_rule())),
                _ => {}
            }
        }
        match whole(amount?) {
            Some(amount) if amount <= 1_000_000_000 => Some(SpanOfTime { amount, unit: unit? }),
            _ => {
                self.push(
                    Diagnostic::error(Code::Syntax, "a length of time is a whole number of units")
                        .at(span, "not a whole number, or far too large"),
                );
                None
            }
        }
    }

    pub(super) fn number(&mut self, node: &Node<'t>) -> Option<Decimal> {
        let text = node.as_str().trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match text[digits.len()..].to_lowercase().as_str() {
            "k" => 1_000_i64,
            "m" => 1_000_000,
            "bn" => 1_000_000_000,
            _ => 1,
        };
        let number = Decimal::from_str_exact(digits).ok().and_then(|n| n.checked_mul(Decimal::from(factor)));
        if number.is_none() {
            let span = self.span(node);
            self.push(
                Diagnostic::error(Code::Syntax, "a number with more than 28 digits").at(span, "too long to be exact"),
            );
        }
        number.map(|number| number.normalize())
    }
}

/// A number without a fraction.
pub(super) fn whole(number: Decimal) -> Option<i64> {
    i64::try_from(number).ok().filter(|_| number.fract().is_zero())
}

pub(super) fn unit_of(word: Grammar) -> Option<Unit> {
    Some(match word {
        Grammar::kw_minutes => Unit::Minutes,
        Grammar::kw_hours => Unit::Hours,
        Grammar::kw_days => Unit::Days,
        Grammar::kw_weeks => Unit::Weeks,
        Grammar::kw_months => Unit::Months,
        Grammar::kw_years => Unit::Years,
        _ => return None,
    })
}
