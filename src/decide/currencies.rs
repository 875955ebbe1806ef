//! Amounts that no rule can see: in `money in COLUMN`, those in a currency that nothing is compared with (design
//! section 3, point 8: another currency compares as missing and is reported).

use crate::check::policy::{Cond, FieldTest, NumberExpr, Path, TestKind, TypedPolicy};
use crate::column::{ColumnData, Dataset};
use crate::schema::{FieldId, RecordId};
use std::collections::{BTreeMap, BTreeSet};

/// The unseen amounts of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenAmounts {
    pub record: RecordId,
    pub field: FieldId,
    /// How many amounts there are in each currency, by its code.
    pub by_currency: BTreeMap<String, u64>,
}

/// Every field with amounts that rules ask for in other currencies only. Amounts that are missing do not count.
pub fn unseen_amounts(policy: &TypedPolicy, dataset: &Dataset) -> Vec<UnseenAmounts> {
    let mut asked: BTreeMap<(RecordId, FieldId), BTreeSet<String>> = BTreeMap::new();
    let mut all = |record: RecordId, cond: &Cond| {
        asked_by(cond, &mut |path, code| {
            let record = path.record(&policy.schema, record);
            asked.entry((record, path.field)).or_default().insert(code.to_owned());
        });
    };
    for role in policy.rule_sets() {
        let rules = role.rules.iter().chain(role.holds.iter().map(|hold| &hold.rule));
        rules.flat_map(|rule| &rule.conditions).for_each(|cond| all(role.record, cond));
    }
    for related in policy.related.iter().chain(policy.contests.iter().map(|contest| &contest.question)) {
        related.condition.iter().for_each(|cond| all(related.record, cond));
    }
    asked
        .into_iter()
        .filter_map(|((record, field), codes)| {
            let by_currency = count_others(dataset, record, field, &codes)?;
            (!by_currency.is_empty()).then_some(UnseenAmounts { record, field, by_currency })
        })
        .collect()
}

fn asked_by(cond: &Cond, ask: &mut impl FnMut(&Path, &str)) {
    cond.visit(&mut |kind, _| match kind {
        TestKind::Field { path, test: FieldTest::Number { currency: Some(code), .. } } => ask(path, code),
        TestKind::Numbers { left, right, .. } => {
            asked_by_number(left, ask);
            asked_by_number(right, ask);
        }
        _ => {}
    });
}

fn asked_by_number(expr: &NumberExpr, ask: &mut impl FnMut(&Path, &str)) {
    match expr {
        NumberExpr::FieldIn(path, code) => ask(path, code),
        NumberExpr::Negative(inner) => asked_by_number(inner, ask),
        NumberExpr::Arithmetic(_, left, right) => {
            asked_by_number(left, ask);
            asked_by_number(right, ask);
        }
        NumberExpr::Constant(_) | NumberExpr::Field(_) | NumberExpr::Related(_) | NumberExpr::DaysBetween(..) => {}
    }
}

fn count_others(
    dataset: &Dataset,
    record: RecordId,
    field: FieldId,
    asked: &BTreeSet<String>,
) -> Option<BTreeMap<String, u64>> {
    let column = dataset.table(record).column(field)?;
    let ColumnData::Money(numbers, Some(currencies)) = &column.data else { return None };
    let mut counts = vec![0_u64; currencies.distinct_count() as usize];
    for (row, code) in (0..).zip(currencies.codes()) {
        if let Some(count) = counts.get_mut(*code as usize)
            && numbers.get(row).is_some()
        {
            *count += 1;
        }
    }
    let named = (0..).zip(counts).map(|(code, count)| (currencies.distinct(code).to_owned(), count));
    Some(named.filter(|(code, count)| *count > 0 && !asked.contains(code)).collect())
}
