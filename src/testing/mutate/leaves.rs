//! What one condition without `and`, `or` and `not` becomes: other bounds, other comparisons, fewer values.

use super::MutantKind;
use crate::check::policy::{
    DayExpr, DayMark, FieldTest, InstantMark, NumberExpr, OwnerTest, Path, Range, TestKind, TextTest, TypedPolicy,
};
use crate::schema::{FieldKind, RecordId};
use crate::syntax::{CompareOp, RelatedAsk, Which};
use crate::value::Decimal;

type Changed = Vec<(MutantKind, TestKind)>;

const ORDERED: [CompareOp; 5] =
    [CompareOp::Less, CompareOp::AtMost, CompareOp::Equal, CompareOp::AtLeast, CompareOp::More];

/// Everything that a test of a record type is changed into, negation and missing values aside.
pub(super) fn changed(policy: &TypedPolicy, record: RecordId, kind: &TestKind) -> Changed {
    match kind {
        TestKind::Field { path, test } => {
            let tests = field(policy, record, path, test);
            tests.into_iter().map(|(kind, test)| (kind, TestKind::Field { path: path.clone(), test })).collect()
        }
        // `any` and `no` are counts against a bound that nobody wrote.
        TestKind::Numbers { left: NumberExpr::Related(path), right: NumberExpr::Constant(bound), .. }
            if policy.related(path.related).ask == RelatedAsk::Count && *bound <= Decimal::ONE =>
        {
            Vec::new()
        }
        TestKind::Numbers { op, left, right } => {
            let with = |op, left: &NumberExpr, right: &NumberExpr| TestKind::Numbers {
                op,
                left: left.clone(),
                right: right.clone(),
            };
            let mut all: Changed = other_ops(*op).map(|(kind, other)| (kind, with(other, left, right))).collect();
            for shift in [Decimal::NEGATIVE_ONE, Decimal::ONE] {
                if let NumberExpr::Constant(number) = right {
                    let moved = NumberExpr::Constant(stepped(*number, shift));
                    all.push((MutantKind::Bound, with(*op, left, &moved)));
                } else if let NumberExpr::Constant(number) = left {
                    let moved = NumberExpr::Constant(stepped(*number, shift));
                    all.push((MutantKind::Bound, with(*op, &moved, right)));
                }
            }
            all
        }
        TestKind::Days { op, left, right } => {
            let with =
                |op, left: &DayExpr, right: &DayExpr| TestKind::Days { op, left: left.clone(), right: right.clone() };
            let mut all: Changed = other_ops(*op).map(|(kind, other)| (kind, with(other, left, right))).collect();
            for shift in [-1, 1] {
                if let Some(moved) = shifted(right, shift) {
                    all.push((MutantKind::Bound, with(*op, left, &moved)));
                } else if let Some(moved) = shifted(left, shift) {
                    all.push((MutantKind::Bound, with(*op, &moved, right)));
                }
            }
            all
        }
        TestKind::Fields { op, left, right, exact } => {
            let field = policy.schema.record(left.record(&policy.schema, record)).field(left.field);
            let is_ordered = match &field.kind {
                FieldKind::Choice(set) => set.ordered,
                kind => *kind == FieldKind::Time,
            };
            let with = |op| TestKind::Fields { op, left: left.clone(), right: right.clone(), exact: *exact };
            other_ops(*op).filter(|_| is_ordered).map(|(kind, op)| (kind, with(op))).collect()
        }
        TestKind::Owner { of, test: OwnerTest::Is(names) } => without_each(names)
            .map(|names| (MutantKind::DroppedValue, TestKind::Owner { of: of.clone(), test: OwnerTest::Is(names) }))
            .collect(),
        TestKind::Always(_) | TestKind::InList { .. } | TestKind::Owner { .. } | TestKind::History(_) => Vec::new(),
    }
}

/// Other signs; one that only takes the bound in or out is the smallest change.
fn other_ops(op: CompareOp) -> impl Iterator<Item = (MutantKind, CompareOp)> {
    let beside = match op {
        CompareOp::Less => Some(CompareOp::AtMost),
        CompareOp::AtMost => Some(CompareOp::Less),
        CompareOp::More => Some(CompareOp::AtLeast),
        CompareOp::AtLeast => Some(CompareOp::More),
        CompareOp::Equal | CompareOp::Unequal => None,
    };
    ORDERED.into_iter().filter(move |other| *other != op).map(move |other| {
        let kind = if Some(other) == beside { MutantKind::Bound } else { MutantKind::Comparison };
        (kind, other)
    })
}

fn shifted(expr: &DayExpr, by: i64) -> Option<DayExpr> {
    match expr {
        DayExpr::Constant(mark) => Some(DayExpr::Constant(next_day(*mark, by))),
        DayExpr::Shift(inner, amount, unit) => Some(DayExpr::Shift(inner.clone(), amount.saturating_add(by), *unit)),
        _ => None,
    }
}

fn field(policy: &TypedPolicy, record: RecordId, path: &Path, test: &FieldTest) -> Vec<(MutantKind, FieldTest)> {
    let kind = &policy.schema.record(path.record(&policy.schema, record)).field(path.field).kind;
    let dropped = |test| (MutantKind::DroppedValue, test);
    match test {
        FieldTest::Missing | FieldTest::YesNo(_) => Vec::new(),
        FieldTest::Text(test) => texts(test).into_iter().map(FieldTest::Text).map(dropped).collect(),
        FieldTest::Key(keys) => without_each(keys).map(FieldTest::Key).map(dropped).collect(),
        FieldTest::Number { ranges, currency } => other_ranges(ranges, |number, back| {
            stepped(*number, if back { Decimal::NEGATIVE_ONE } else { Decimal::ONE })
        })
        .into_iter()
        .map(|(kind, ranges)| (kind, FieldTest::Number { ranges, currency: currency.clone() }))
        .collect(),
        FieldTest::Day(ranges) => other_ranges(ranges, |mark, back| next_day(*mark, if back { -1 } else { 1 }))
            .into_iter()
            .map(|(kind, ranges)| (kind, FieldTest::Day(ranges)))
            .collect(),
        FieldTest::Instant(ranges) => other_ranges(ranges, |mark, back| next_instant(*mark, if back { -1 } else { 1 }))
            .into_iter()
            .map(|(kind, ranges)| (kind, FieldTest::Instant(ranges)))
            .collect(),
        FieldTest::Choice(choices) => match kind {
            FieldKind::Choice(set) if set.ordered => ordered_choices(choices, set.len()),
            _ => without_each(choices).map(FieldTest::Choice).map(dropped).collect(),
        },
        FieldTest::Many { which, choices } => {
            let mut all: Vec<_> =
                without_each(choices).map(|choices| dropped(FieldTest::Many { which: *which, choices })).collect();
            let other = match which {
                Which::Any if choices.len() > 1 => Some(Which::All),
                Which::All if choices.len() > 1 => Some(Which::Any),
                _ => None,
            };
            let choices = choices.clone();
            all.extend(other.map(|which| (MutantKind::AndOr, FieldTest::Many { which, choices })));
            all
        }
    }
}

/// Every list that is one value shorter; none of a single value.
fn without_each<T: Clone>(values: &[T]) -> impl Iterator<Item = Vec<T>> {
    let count = if values.len() > 1 { values.len() } else { 0 };
    (0..count)
        .map(|out| values.iter().enumerate().filter(|(at, _)| *at != out).map(|(_, value)| value.clone()).collect())
}

fn texts(test: &TextTest) -> Vec<TextTest> {
    match test {
        TextTest::OneOf(texts) => without_each(texts).map(TextTest::OneOf).collect(),
        TextTest::Exactly(texts) => without_each(texts).map(TextTest::Exactly).collect(),
        TextTest::Contains(texts) => without_each(texts).map(TextTest::Contains).collect(),
        TextTest::StartsWith(texts) => without_each(texts).map(TextTest::StartsWith).collect(),
        TextTest::EndsWith(texts) => without_each(texts).map(TextTest::EndsWith).collect(),
        TextTest::Matches(_) => Vec::new(),
    }
}

/// A run of ordered choices with an end moved by one; a single one taken as a lower or an upper end.
fn ordered_choices(choices: &[u16], count: usize) -> Vec<(MutantKind, FieldTest)> {
    let last = u16::try_from(count.saturating_sub(1)).unwrap_or(u16::MAX);
    let mut sorted = choices.to_vec();
    sorted.sort_unstable();
    let (Some(first), Some(end)) = (sorted.first().copied(), sorted.last().copied()) else { return Vec::new() };
    let is_run = usize::from(end - first) + 1 == sorted.len();
    if !is_run {
        let shorter = without_each(choices);
        return shorter.map(|choices| (MutantKind::DroppedValue, FieldTest::Choice(choices))).collect();
    }
    let mut all = Vec::new();
    let mut add = |kind, low: u16, high: u16| {
        if low <= high && (low, high) != (first, end) && (low, high) != (0, last) {
            let test = FieldTest::Choice((low..=high).collect());
            if !all.iter().any(|(_, known)| *known == test) {
                all.push((kind, test));
            }
        }
    };
    let (below, above) = (first.checked_sub(1), (end < last).then_some(end.saturating_add(1)));
    below.into_iter().for_each(|below| add(MutantKind::Bound, below, end));
    above.into_iter().for_each(|above| add(MutantKind::Bound, first, above));
    add(MutantKind::Bound, first.saturating_add(1), end);
    if end > first {
        add(MutantKind::Bound, first, end - 1);
    } else {
        add(MutantKind::Comparison, first, last);
        add(MutantKind::Comparison, 0, end);
    }
    all
}

/// Every bound a step further on both sides, and taken in or out; where there is a single bound, the other signs too.
fn other_ranges<T: Clone + PartialEq>(
    ranges: &[Range<T>],
    step: impl Fn(&T, bool) -> T,
) -> Vec<(MutantKind, Vec<Range<T>>)> {
    let mut all: Vec<(MutantKind, Vec<Range<T>>)> = Vec::new();
    for (at, range) in ranges.iter().enumerate() {
        let mut add = |kind, other: Range<T>| {
            let mut with = ranges.to_vec();
            with[at] = other;
            if with != ranges && !all.iter().any(|(_, known)| *known == with) {
                all.push((kind, with));
            }
        };
        match (&range.low, &range.high) {
            (Some((low, true)), Some((high, true))) if low == high => {
                add(MutantKind::Bound, Range::point(step(low, true)));
                add(MutantKind::Bound, Range::point(step(low, false)));
                add(MutantKind::Comparison, Range::of(CompareOp::AtLeast, low.clone()));
                add(MutantKind::Comparison, Range::of(CompareOp::AtMost, low.clone()));
            }
            (low, high) => {
                for back in [true, false] {
                    let moved = |end: &Option<(T, bool)>| end.as_ref().map(|(end, own)| (step(end, back), *own));
                    add(MutantKind::Bound, Range { low: moved(low), high: high.clone() });
                    add(MutantKind::Bound, Range { low: low.clone(), high: moved(high) });
                }
                let other = |end: &Option<(T, bool)>| end.as_ref().map(|(end, own)| (end.clone(), !own));
                add(MutantKind::Bound, Range { low: other(low), high: high.clone() });
                add(MutantKind::Bound, Range { low: low.clone(), high: other(high) });
                if let (Some((end, _)), None) | (None, Some((end, _))) = (low, high) {
                    for op in ORDERED {
                        add(MutantKind::Comparison, Range::of(op, end.clone()));
                    }
                }
            }
        }
    }
    if ranges.len() > 1 {
        all.extend(without_each(ranges).map(|ranges| (MutantKind::DroppedValue, ranges)));
    }
    all
}

/// The next number with as many digits behind the point.
fn stepped(number: Decimal, by: Decimal) -> Decimal {
    let scale = number.normalize().scale();
    let step = Decimal::new(1, scale);
    number.checked_add(by.checked_mul(step).unwrap_or(by)).unwrap_or(number)
}

fn next_day(mark: DayMark, by: i64) -> DayMark {
    match mark {
        DayMark::Fixed(day) => DayMark::Fixed(day.saturating_add(i32::try_from(by).unwrap_or(0))),
        DayMark::Today { amount, unit } => DayMark::Today { amount: amount.saturating_add(by), unit },
    }
}

fn next_instant(mark: InstantMark, by: i64) -> InstantMark {
    match mark {
        InstantMark::StartOf(mark) => InstantMark::StartOf(next_day(mark, by)),
        InstantMark::EndOf(mark) => InstantMark::EndOf(next_day(mark, by)),
        InstantMark::Now { minutes } => {
            let step = if minutes % 60 == 0 { 60 } else { 1 };
            InstantMark::Now { minutes: minutes.saturating_add(by * step) }
        }
    }
}
