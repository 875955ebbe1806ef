//! What policies ask of the records that refer to another: counted and summed once, before any role is decided.
//!
//! One pass over the records that are asked, whatever the number of those they refer to. Meaning: design section 3,
//! point 5: `count` and `sum` of none are 0, the others of none are missing, missing values are skipped.

use super::contests::{Active, Book, Candidate, OwnerOf, Strangers, active};
use super::row::{self, Facts, RecordFacts, Setting};
use crate::assign::Binding;
use crate::check::calculate;
use crate::check::policy::{Contest, ContestId, HistoryId, Related, RelatedId, TypedPolicy};
use crate::column::{Dataset, ROW_MISSING, RowSet};
use crate::syntax::{ArithmeticOp, RelatedAsk};
use crate::value::time::{self, AsOf};
use crate::value::{Decimal, Value, divide};
use std::cmp::Reverse;

/// What is worked out of records before any role is decided.
#[derive(Clone, Debug, Default)]
pub struct WorkedOut {
    /// By [`RelatedId`] and by row of the record type they are worked out for.
    columns: Vec<Vec<Value>>,
    /// By [`ContestId`].
    contests: Vec<Book>,
    active: Active,
    /// By [`HistoryId`] and row: whether what is asked of the past holds.
    history: Vec<Vec<bool>>,
    /// By [`HistoryId`]: rows whose owner's time is over.
    overdue: Vec<RowSet>,
}

impl WorkedOut {
    /// A number or a day; missing where nothing was worked out.
    pub fn value(&self, id: RelatedId, row: u32) -> Value {
        let column = self.columns.get(id.0 as usize);
        column.and_then(|column| column.get(row as usize)).cloned().unwrap_or(Value::Missing)
    }

    /// All rows of one question over other records; empty where nothing was worked out.
    pub(super) fn column(&self, id: RelatedId) -> &[Value] {
        self.columns.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Every contest whose field holds texts, none of which means somebody who may own.
    pub fn strangers(&self) -> Vec<Strangers> {
        let contests = (0..).map(ContestId).zip(&self.contests);
        contests.filter_map(|(id, book)| book.strangers(id)).collect()
    }

    /// Everybody who stands behind the records around a row of a contest's record type, the winner first.
    pub(super) fn candidates(
        &self,
        contest: &Contest,
        id: ContestId,
        row: u32,
        owner_of: OwnerOf<'_>,
    ) -> Vec<Candidate> {
        let book = self.contests.get(id.0 as usize);
        book.map_or_else(Vec::new, |book| book.candidates(contest, row, &self.active, owner_of))
    }

    /// The same with what is known of the past: by [`HistoryId`] and row.
    #[must_use]
    pub fn with_history(self, history: Vec<Vec<bool>>) -> Self {
        WorkedOut { history, ..self }
    }

    /// The same with the rows whose owner has not been in touch in time, by [`HistoryId`].
    #[must_use]
    pub fn with_overdue(self, overdue: Vec<RowSet>) -> Self {
        WorkedOut { overdue, ..self }
    }

    /// Lets the time of these rows' owners begin: they are in time.
    pub fn begin(&mut self, id: HistoryId, rows: &RowSet) {
        let at = id.0 as usize;
        let (Some(holds), Some(overdue)) = (self.history.get_mut(at), self.overdue.get_mut(at)) else { return };
        for row in rows.iter() {
            if let Some(holds) = holds.get_mut(row as usize) {
                *holds = true;
            }
            overdue.remove(row);
        }
    }

    /// Whether the time of a row's owner is over; nobody's is where nothing is known.
    pub fn is_overdue(&self, id: HistoryId, row: u32) -> bool {
        self.overdue.get(id.0 as usize).is_some_and(|rows| rows.contains(row))
    }

    /// Whether what is asked of the past holds; nothing does where nothing is known.
    pub fn history(&self, id: HistoryId, row: u32) -> bool {
        self.history_column(id).and_then(|column| column.get(row as usize)).copied().unwrap_or(false)
    }

    /// All rows of one question about the past.
    pub fn history_column(&self, id: HistoryId) -> Option<&[bool]> {
        self.history.get(id.0 as usize).map(Vec::as_slice)
    }
}

/// Works everything out that a policy asks over other records.
///
/// Records without a key of their own are not asked: nobody could say how often they are there. A value that breaks its
/// schema counts as missing; what grows past 28 digits is missing.
pub fn work_out(policy: &TypedPolicy, dataset: &Dataset, binding: &Binding, as_of: &AsOf) -> WorkedOut {
    let columns = policy.related.iter().map(|related| column(policy, related, dataset, binding, as_of)).collect();
    let contests = policy.contests.iter().map(|contest| Book::open(policy, contest, dataset, binding, as_of)).collect();
    let active = if policy.contests.is_empty() { Active::default() } else { active(binding) };
    WorkedOut { columns, contests, active, ..WorkedOut::default() }
}

fn column(policy: &TypedPolicy, related: &Related, dataset: &Dataset, binding: &Binding, as_of: &AsOf) -> Vec<Value> {
    let Some(via) = related.via else {
        return ranks(policy, related, dataset, binding, as_of);
    };
    let mut sums = vec![Sum::default(); dataset.table(related.of).row_count];
    let targets = dataset.table(related.record).column(via).map_or(&[][..], |column| column.targets());
    for (row, target) in (0..).zip(targets).filter(|(_, target)| **target != ROW_MISSING) {
        asked(policy, related, dataset, binding, as_of, row, |facts| {
            let value = related.field.as_ref().map(|path| facts.value(path));
            sums[*target as usize].add(related.ask, value, as_of);
        });
    }
    sums.into_iter().map(|sum| sum.value(related.ask)).collect()
}

/// Looks at one of the records that a question asks: it has a key of its own, and what is asked of it holds.
pub(super) fn asked(
    policy: &TypedPolicy,
    related: &Related,
    dataset: &Dataset,
    binding: &Binding,
    as_of: &AsOf,
    row: u32,
    look: impl FnOnce(&RecordFacts<'_>),
) {
    if dataset.table(related.record).unkeyed.contains(row) {
        return;
    }
    let setting = Setting { policy, record: related.record, binding, as_of };
    let nothing = WorkedOut::default();
    let facts = RecordFacts {
        policy,
        dataset,
        record: related.record,
        row,
        current: None,
        owner_of: &|_, _| None,
        related: &nothing,
    };
    if related.condition.as_ref().is_none_or(|condition| row::holds(setting, condition, &facts)) {
        look(&facts);
    }
}

/// The place of every record among all of its type that are asked: 1 for the highest value, ties by key. Missing where
/// the value is, and for records that are not asked.
fn ranks(policy: &TypedPolicy, related: &Related, dataset: &Dataset, binding: &Binding, as_of: &AsOf) -> Vec<Value> {
    let table = dataset.table(related.record);
    let mut found = Vec::new();
    for row in 0..u32::try_from(table.row_count).unwrap_or(u32::MAX) {
        asked(policy, related, dataset, binding, as_of, row, |facts| {
            let value = related.field.as_ref().and_then(|path| facts.value(path).rankable());
            found.extend(value.map(|value| (Reverse(value), table.key(row).unwrap_or_default(), row)));
        });
    }
    found.sort_unstable();
    let mut ranks = vec![Value::Missing; table.row_count];
    for (rank, (_, _, row)) in (1_i64..).zip(found) {
        ranks[row as usize] = Value::Number(rank.into());
    }
    ranks
}

/// What has been seen of one record's others.
#[derive(Clone, Debug, Default)]
struct Sum {
    count: i64,
    number: Option<Decimal>,
    day: Option<i32>,
    /// The sum grew past its digits.
    overflowed: bool,
}

impl Sum {
    fn add(&mut self, ask: RelatedAsk, value: Option<Value>, as_of: &AsOf) {
        match value {
            None => self.count += 1,
            Some(Value::Number(number) | Value::Money(number, _)) => {
                self.count += 1;
                self.number = match self.number {
                    None => Some(number),
                    Some(known) => match ask {
                        RelatedAsk::Highest => Some(known.max(number)),
                        RelatedAsk::Lowest => Some(known.min(number)),
                        _ => {
                            let sum = calculate(ArithmeticOp::Add, known, number);
                            self.overflowed |= sum.is_none();
                            sum.or(Some(known))
                        }
                    },
                };
            }
            Some(Value::Date(day)) => self.add_day(ask, day),
            Some(Value::Time(instant)) => self.add_day(ask, time::day_of(instant, &as_of.zone)),
            Some(_) => {}
        }
    }

    fn add_day(&mut self, ask: RelatedAsk, day: i32) {
        self.day = Some(match (self.day, ask) {
            (Some(known), RelatedAsk::Earliest) => known.min(day),
            (Some(known), _) => known.max(day),
            (None, _) => day,
        });
    }

    fn value(self, ask: RelatedAsk) -> Value {
        let number = |number: Option<Decimal>| number.map_or(Value::Missing, Value::Number);
        match ask {
            _ if self.overflowed => Value::Missing,
            RelatedAsk::Any | RelatedAsk::No | RelatedAsk::Count => Value::Number(self.count.into()),
            RelatedAsk::Sum => Value::Number(self.number.unwrap_or_default()),
            RelatedAsk::Average => number(self.number.and_then(|sum| divide(sum, self.count.into()))),
            RelatedAsk::Highest | RelatedAsk::Lowest | RelatedAsk::Rank => number(self.number),
            RelatedAsk::Latest | RelatedAsk::Earliest => self.day.map_or(Value::Missing, Value::Date),
        }
    }
}
