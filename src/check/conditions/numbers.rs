//! Numbers and money: two amounts are compared in one currency or not at all.

use super::{negate, never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, FieldTest, NumberExpr, Path, Range, TestKind};
use crate::check::scope::Scope;
use crate::check::values::{Measure, describe};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::{CompareOp, Expr};
use crate::value::Decimal;

impl Checker<'_> {
    pub(super) fn compare_numbers(
        &mut self,
        op: CompareOp,
        left: NumberExpr,
        measure: &Measure,
        right: &Expr,
        span: Span,
        scope: &Scope,
    ) -> Cond {
        let Some((right_expr, right_measure)) = self.number(right, scope) else {
            return never(span);
        };
        let mut left = left;
        let mut right_expr = right_expr;
        let mut currency = None;
        match (measure, &right_measure) {
            (Measure::MoneyInColumn, Measure::Money(code)) => {
                left = in_currency(left, code);
                currency = Some(code.clone());
            }
            (Measure::Money(code), Measure::MoneyInColumn) => right_expr = in_currency(right_expr, code),
            (Measure::MoneyInColumn, _) | (_, Measure::MoneyInColumn) => {
                self.push(
                    Diagnostic::error(Code::MixedMoney, "an amount whose currency stands in a column")
                        .at(span, "compared without a currency")
                        .help("write the currency with the number, such as `10k EUR`"),
                );
                return never(span);
            }
            (Measure::Money(a), Measure::Money(b)) if a != b => {
                self.push(
                    Diagnostic::error(Code::MixedMoney, format!("{a} compared with {b}"))
                        .at(span, format!("{} and {}", describe(measure), describe(&right_measure)))
                        .with_note("Ownward holds no exchange rates: two currencies are never compared or added")
                        .help(format!("write the amount in {a}")),
                );
                return never(span);
            }
            // A plain constant beside an amount takes its currency; a plain field has none to take.
            (Measure::Money(_), Measure::Plain) | (Measure::Plain, Measure::Money(_))
                if !is_constant(if *measure == Measure::Plain { &left } else { &right_expr }) =>
            {
                self.push(
                    Diagnostic::error(Code::MixedMoney, "an amount compared with a plain number")
                        .at(span, format!("{} and {}", describe(measure), describe(&right_measure)))
                        .help("declare the number as money too, or divide the amount by one of its own currency"),
                );
                return never(span);
            }
            _ => {}
        }
        let negated = op == CompareOp::Unequal;
        let positive = if negated { CompareOp::Equal } else { op };
        let kind = match (left, right_expr) {
            (NumberExpr::Field(path), NumberExpr::Constant(bound)) => number_field(path, positive, bound, None),
            (NumberExpr::FieldIn(path, _), NumberExpr::Constant(bound)) => {
                number_field(path, positive, bound, currency)
            }
            (NumberExpr::Constant(bound), NumberExpr::Field(path)) => {
                number_field(path, positive.flipped(), bound, None)
            }
            (left, right) => TestKind::Numbers { op: positive, left, right },
        };
        negate(test(kind, span), negated)
    }
}

fn is_constant(expr: &NumberExpr) -> bool {
    matches!(expr, NumberExpr::Constant(_))
}

fn number_field(path: Path, op: CompareOp, bound: Decimal, currency: Option<String>) -> TestKind {
    TestKind::Field { path, test: FieldTest::Number { ranges: vec![Range::of(op, bound)], currency } }
}

fn in_currency(expr: NumberExpr, code: &str) -> NumberExpr {
    match expr {
        NumberExpr::Field(path) => NumberExpr::FieldIn(path, code.to_owned()),
        other => other,
    }
}
