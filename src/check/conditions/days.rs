//! Days compared with days.

use super::{negate, never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, DayExpr, FieldTest, Range, TestKind};
use crate::check::scope::Scope;
use crate::check::values::Side;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::{CompareOp, Expr};

impl Checker<'_> {
    pub(super) fn compare_days(
        &mut self,
        op: CompareOp,
        left: DayExpr,
        right: &Expr,
        span: Span,
        scope: &Scope,
    ) -> Cond {
        let side = self.side(right, scope);
        let Some(right_day) = self.as_day(&side) else {
            self.expected_day(side, right.span);
            return never(span);
        };
        let negated = op == CompareOp::Unequal;
        let positive = if negated { CompareOp::Equal } else { op };
        let kind = match (left, right_day) {
            (DayExpr::Field(path), DayExpr::Constant(mark)) => {
                TestKind::Field { path, test: FieldTest::Day(vec![Range::of(positive, mark)]) }
            }
            (DayExpr::Constant(mark), DayExpr::Field(path)) => {
                TestKind::Field { path, test: FieldTest::Day(vec![Range::of(positive.flipped(), mark)]) }
            }
            (left, right) => TestKind::Days { op: positive, left, right },
        };
        negate(test(kind, span), negated)
    }

    pub(super) fn expected_day(&mut self, side: Side, span: Span) {
        let found = match side {
            Side::Broken => return,
            Side::Word(path) => return self.unknown_word(&path),
            Side::Text(text) if crate::value::time::parse_day(&text).is_some() => {
                self.push(
                    Diagnostic::error(Code::WrongType, "a day is written without quotes")
                        .at(span, "a text")
                        .help(format!("write {text}")),
                );
                return;
            }
            Side::Length(_) => "a length of time: `ago` or `from today` makes it a day",
            Side::Number { .. } => "a number",
            Side::Text(_) => "a text",
            Side::Owner(_) => "an owner",
            Side::Condition(_) => "a condition",
            Side::Field { .. } | Side::Day(_) => "another kind of field",
        };
        self.push(
            Diagnostic::error(Code::WrongType, "expected a day")
                .at(span, found)
                .help("write a day as 2026-01-31, `today`, `30 days ago` or `30 days from today`"),
        );
    }
}
