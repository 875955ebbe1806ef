//! Instants and windows: a time against a day, `within`, `older than`, `later than`.

use super::{Left, negate, never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, DayExpr, DayMark, FieldTest, InstantMark, Range, TestKind};
use crate::check::scope::Scope;
use crate::check::values::Side;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr, SpanOfTime};
use crate::value::time::Unit;

impl Checker<'_> {
    pub(super) fn compare_instant(
        &mut self,
        op: CompareOp,
        left: Left,
        right: &Expr,
        span: Span,
        scope: &Scope,
    ) -> Cond {
        let side = self.side(right, scope);
        if let Side::Field { path, record, field } = &side
            && self.field(*record, *field).kind == FieldKind::Time
        {
            let negated = op == CompareOp::Unequal;
            let op = if negated { CompareOp::Equal } else { op };
            let kind = TestKind::Fields { op, left: left.path, right: path.clone(), exact: true };
            return negate(test(kind, span), negated);
        }
        match self.as_day(&side) {
            Some(DayExpr::Constant(mark)) => {
                let negated = op == CompareOp::Unequal;
                let start = Some((InstantMark::StartOf(mark), true));
                let end = |included| Some((InstantMark::EndOf(mark), included));
                let range = match op {
                    CompareOp::Equal | CompareOp::Unequal => Range { low: start, high: end(false) },
                    CompareOp::Less => Range { low: None, high: Some((InstantMark::StartOf(mark), false)) },
                    CompareOp::AtMost => Range { low: None, high: end(false) },
                    CompareOp::More => Range { low: end(true), high: None },
                    CompareOp::AtLeast => Range { low: start, high: None },
                };
                let kind = TestKind::Field { path: left.path, test: FieldTest::Instant(vec![range]) };
                negate(test(kind, span), negated)
            }
            Some(day) => {
                let negated = op == CompareOp::Unequal;
                let op = if negated { CompareOp::Equal } else { op };
                negate(test(TestKind::Days { op, left: DayExpr::DayOf(left.path), right: day }, span), negated)
            }
            None => {
                self.expected_day(side, right.span);
                never(span)
            }
        }
    }

    /// `within past N`, `within next N`: both ends included.
    pub(super) fn within(&mut self, past: bool, left: &Expr, length: SpanOfTime, span: Span, scope: &Scope) -> Cond {
        let sign = if past { -1 } else { 1 };
        let far = DayMark::Today { amount: sign * length.amount, unit: length.unit };
        let (first, last) = if past { (far, DayMark::TODAY) } else { (DayMark::TODAY, far) };
        let minutes = clock_minutes(length).map(|minutes| sign * minutes);
        let now = InstantMark::Now { minutes: 0 };
        self.date_test(left, length, span, scope, |is_time| match (is_time, minutes) {
            (true, Some(minutes)) => {
                let far = InstantMark::Now { minutes };
                let (low, high) = if past { (far, now) } else { (now, far) };
                FieldTest::Instant(vec![Range { low: Some((low, true)), high: Some((high, true)) }])
            }
            (true, None) => FieldTest::Instant(vec![Range {
                low: Some((InstantMark::StartOf(first), true)),
                high: Some((InstantMark::EndOf(last), false)),
            }]),
            (false, _) => FieldTest::Day(vec![Range { low: Some((first, true)), high: Some((last, true)) }]),
        })
    }

    /// `older than N`, `later than N from today`: the bound itself excluded.
    pub(super) fn beyond(&mut self, older: bool, left: &Expr, length: SpanOfTime, span: Span, scope: &Scope) -> Cond {
        let sign = if older { -1 } else { 1 };
        let mark = DayMark::Today { amount: sign * length.amount, unit: length.unit };
        let minutes = clock_minutes(length).map(|minutes| sign * minutes);
        self.date_test(left, length, span, scope, |is_time| match (is_time, minutes, older) {
            (true, Some(minutes), true) => {
                FieldTest::Instant(vec![Range { low: None, high: Some((InstantMark::Now { minutes }, false)) }])
            }
            (true, Some(minutes), false) => {
                FieldTest::Instant(vec![Range { low: Some((InstantMark::Now { minutes }, false)), high: None }])
            }
            (true, None, true) => {
                FieldTest::Instant(vec![Range { low: None, high: Some((InstantMark::StartOf(mark), false)) }])
            }
            (true, None, false) => {
                FieldTest::Instant(vec![Range { low: Some((InstantMark::EndOf(mark), true)), high: None }])
            }
            (false, _, true) => FieldTest::Day(vec![Range::of(CompareOp::Less, mark)]),
            (false, _, false) => FieldTest::Day(vec![Range::of(CompareOp::More, mark)]),
        })
    }

    fn date_test(
        &mut self,
        left: &Expr,
        length: SpanOfTime,
        span: Span,
        scope: &Scope,
        make: impl Fn(bool) -> FieldTest,
    ) -> Cond {
        let found = match self.side(left, scope) {
            Side::Field { path, record, field } => {
                let kind = &self.field(record, field).kind;
                match kind {
                    FieldKind::Time => {
                        return test(TestKind::Field { path, test: make(true) }, span);
                    }
                    FieldKind::Date if length.unit.is_clock() => {
                        self.push(
                            Diagnostic::error(Code::WrongType, "a date has no hours")
                                .at(span, format!("compared in {}", length.unit.word()))
                                .help("use days, or declare the field as `time`"),
                        );
                        return never(span);
                    }
                    FieldKind::Date => {
                        return test(TestKind::Field { path, test: make(false) }, span);
                    }
                    kind => kind.describe().to_owned(),
                }
            }
            Side::Broken => return never(span),
            Side::Word(path) => {
                self.unknown_word(&path);
                return never(span);
            }
            _ => "no field".to_owned(),
        };
        self.push(
            Diagnostic::error(Code::WrongType, "expected a date or a time")
                .at(left.span, found)
                .help("only `date` and `time` fields have an age"),
        );
        never(span)
    }
}

fn clock_minutes(length: SpanOfTime) -> Option<i64> {
    match length.unit {
        Unit::Minutes => Some(length.amount),
        Unit::Hours => Some(length.amount.saturating_mul(60)),
        _ => None,
    }
}
