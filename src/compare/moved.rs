//! Two policies over the same records: which owners, rules and outcomes differ, counted and summed.
//!
//! Pure and by columns: owners are codes of one shared table, rules are classes of meaning, and a row whose codes are equal
//! costs a few comparisons. What differs is counted under its (from, to) pair, so that a million moved records make a small
//! matrix; only the first few are kept by key.

use crate::assign::{NOBODY, OwnerTable};
use crate::check::policy::{RoleId, TypedPolicy};
use crate::column::{Column, ColumnData, Dataset, NumberColumn, ROW_MISSING, TableData, TextColumn};
use crate::decide::{NO_RULE, RoleInput, RoleResult};
use crate::schema::{Currency, FieldId, FieldKind};
use crate::value::{Decimal, Outcome, Owner, fold};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What one side decided.
#[derive(Clone, Copy)]
pub struct MovedSide<'a> {
    pub policy: &'a TypedPolicy,
    pub dataset: &'a Dataset,
    pub owners: &'a OwnerTable,
    /// By role.
    pub inputs: &'a [RoleInput],
    pub results: &'a [RoleResult],
    /// By role and rule.
    pub fingerprints: &'a [Vec<String>],
}

/// What decided a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    Rule(u32),
    /// Which of the role's holds.
    Hold(u32),
    Pin,
    Drift,
    Nothing,
}

/// What differs in one role.
#[derive(Debug, Default)]
pub struct RoleMoves {
    /// Records that both sides decided.
    pub records: u64,
    /// Those of them that have an owner under the old policy.
    pub owned: u64,
    /// Records that get another owner, or lose or gain one.
    pub moved: u64,
    /// Records that keep their owner by a rule of another label and meaning.
    pub other_rule: u64,
    /// Records that only one side reads: old, new.
    pub only: (u64, u64),
    /// Of moved records, from and to, the most first.
    pub owners: Vec<Pair<Option<Owner>>>,
    /// Of moved records, what decided them, the most first.
    pub rules: Vec<Pair<By>>,
    /// Of all records whose outcome differs, the most first.
    pub outcomes: Vec<Pair<Outcome>>,
    /// The sum over moved records, by currency (empty for plain numbers).
    pub values: BTreeMap<String, Decimal>,
    /// Moved records without a value.
    pub valueless: u64,
    /// The first moved records, in the order of the source.
    pub first: Vec<MovedRecord>,
}

/// Records that went from one to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair<T> {
    pub from: T,
    pub to: T,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MovedRecord {
    pub key: String,
    pub from: Option<Owner>,
    pub to: Option<Owner>,
    pub old_by: By,
    pub new_by: By,
    pub outcomes: (Outcome, Outcome),
    pub value: Option<(Decimal, String)>,
}

/// What is kept and summed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// How many moved records are kept by key.
    pub first: usize,
    /// The number of the record that is summed up, on the side that it is read from.
    pub value: Option<(ValueSide, FieldId)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueSide {
    Old,
    New,
}

/// Owners of both sides under one set of codes.
pub struct Shared {
    pub owners: OwnerTable,
    old: Vec<u32>,
    new: Vec<u32>,
}

impl Shared {
    pub fn new(old: &OwnerTable, new: &OwnerTable) -> Self {
        let mut owners = OwnerTable::default();
        let mut codes = |table: &OwnerTable| -> Vec<u32> {
            (0..u32::try_from(table.len()).unwrap_or(NOBODY)).map(|code| owners.code_of(table.get(code))).collect()
        };
        let (old, new) = (codes(old), codes(new));
        Shared { owners, old, new }
    }

    pub fn old(&self, code: u32) -> u32 {
        self.old.get(code as usize).copied().unwrap_or(NOBODY)
    }

    pub fn new_code(&self, code: u32) -> u32 {
        self.new.get(code as usize).copied().unwrap_or(NOBODY)
    }
}

/// By row of the new table, the row of the same record in the old one; [`ROW_MISSING`] where the old one has none.
pub enum RowPairs {
    /// Both tables hold the same keys in the same order.
    Same(usize),
    ByKey(Vec<u32>),
}

impl RowPairs {
    pub fn new(old: &TableData, new: &TableData) -> Self {
        let same_keys = |old: &TextColumn, new: &TextColumn| {
            let rows = u32::try_from(new.len()).unwrap_or(u32::MAX);
            old.len() == new.len() && (0..rows).all(|row| old.get(row) == new.get(row))
        };
        if std::ptr::eq(old, new) || same_keys(old.keys(), new.keys()) {
            return RowPairs::Same(new.row_count);
        }
        let rows = 0..u32::try_from(new.row_count).unwrap_or(u32::MAX);
        let pair = |row| new.key(row).and_then(|key| old.row_of(key)).unwrap_or(ROW_MISSING);
        RowPairs::ByKey(rows.map(pair).collect())
    }

    pub fn each(&self, mut visit: impl FnMut(u32, u32)) {
        match self {
            RowPairs::Same(count) => (0..u32::try_from(*count).unwrap_or(u32::MAX)).for_each(|row| visit(row, row)),
            RowPairs::ByKey(old) => {
                (0..).zip(old).filter(|(_, old)| **old != ROW_MISSING).for_each(|(new, old)| visit(*old, new))
            }
        }
    }

    /// How many rows have a partner.
    pub fn count(&self) -> usize {
        match self {
            RowPairs::Same(count) => *count,
            RowPairs::ByKey(old) => old.iter().filter(|row| **row != ROW_MISSING).count(),
        }
    }
}

/// Holds two decisions of one role against each other.
pub fn moved(
    old: MovedSide<'_>,
    new: MovedSide<'_>,
    (old_role, new_role): (RoleId, RoleId),
    shared: &Shared,
    wanted: Wanted,
) -> RoleMoves {
    let (old_at, new_at) = (usize::from(old_role.0), usize::from(new_role.0));
    let old_table = old.dataset.table(old.policy.role(old_role).record);
    let new_table = new.dataset.table(new.policy.role(new_role).record);
    let pairs = RowPairs::new(old_table, new_table);
    let classes = Classes::new(old, new, (old_role, new_role));
    let (old_result, new_result) = (&old.results[old_at], &new.results[new_at]);
    let old_by = SideBy { result: old_result, input: &old.inputs[old_at] };
    let new_by = SideBy { result: new_result, input: &new.inputs[new_at] };
    let values = wanted.value.and_then(|(side, field)| match side {
        ValueSide::Old => Values::new(old, old_role, field),
        ValueSide::New => Values::new(new, new_role, field),
    });
    let reads_old = matches!(wanted.value, Some((ValueSide::Old, _)));
    let mut moves = RoleMoves {
        records: pairs.count() as u64,
        only: ((old_table.row_count - pairs.count()) as u64, (new_table.row_count - pairs.count()) as u64),
        ..RoleMoves::default()
    };
    let mut owners: FxHashMap<(u32, u32), u64> = FxHashMap::default();
    let mut rules: FxHashMap<(By, By), u64> = FxHashMap::default();
    let mut outcomes: FxHashMap<(Outcome, Outcome), u64> = FxHashMap::default();
    pairs.each(|old_row, new_row| {
        let (was, is) = (old_row as usize, new_row as usize);
        let from = shared.old(old_result.owner[was]);
        let to = shared.new_code(new_result.owner[is]);
        moves.owned += u64::from(from != NOBODY);
        let of = (old_result.outcome[was], new_result.outcome[is]);
        if of.0 != of.1 {
            *outcomes.entry(of).or_default() += 1;
        }
        let is_moved = from != to;
        if !is_moved && old_result.rule[was] == NO_RULE && new_result.rule[is] == NO_RULE {
            return;
        }
        if !is_moved && classes.same(old_result.rule[was], new_result.rule[is]) {
            return;
        }
        let by = (old_by.of(old_row), new_by.of(new_row));
        if !is_moved {
            moves.other_rule += u64::from(!classes.same_by(by));
            return;
        }
        moves.moved += 1;
        *owners.entry((from, to)).or_default() += 1;
        *rules.entry(by).or_default() += 1;
        let value = values.as_ref().and_then(|values| values.get(if reads_old { old_row } else { new_row }));
        match value {
            Some((amount, currency)) => add(&mut moves.values, currency, amount),
            None => moves.valueless += u64::from(values.is_some()),
        }
        if moves.first.len() < wanted.first {
            moves.first.push(MovedRecord {
                key: new_table.key(new_row).unwrap_or_default().to_owned(),
                from: shared.owners.get(from).cloned(),
                to: shared.owners.get(to).cloned(),
                old_by: by.0,
                new_by: by.1,
                outcomes: of,
                value: value.map(|(amount, currency)| (amount, currency.to_owned())),
            });
        }
    });
    let owner = |code: u32| shared.owners.get(code).cloned();
    moves.owners =
        ranked(owners.into_iter().map(|((from, to), count)| Pair { from: owner(from), to: owner(to), count }));
    moves.rules = ranked(rules.into_iter().map(|((from, to), count)| Pair { from, to, count }));
    moves.outcomes = ranked(outcomes.into_iter().map(|((from, to), count)| Pair { from, to, count }));
    moves
}

/// The most first; pairs of one count in their own order, so that the same inputs give the same bytes.
fn ranked<T: Ord>(pairs: impl Iterator<Item = Pair<T>>) -> Vec<Pair<T>> {
    let mut pairs: Vec<Pair<T>> = pairs.collect();
    pairs.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.from, &a.to).cmp(&(&b.from, &b.to))));
    pairs
}

fn add(values: &mut BTreeMap<String, Decimal>, currency: &str, amount: Decimal) {
    match values.get_mut(currency) {
        Some(sum) => *sum = sum.saturating_add(amount),
        None => {
            values.insert(currency.to_owned(), amount);
        }
    }
}

/// What decided the rows of one side.
struct SideBy<'a> {
    result: &'a RoleResult,
    input: &'a RoleInput,
}

impl SideBy<'_> {
    fn of(&self, row: u32) -> By {
        if self.input.pinned.contains_key(&row) {
            return By::Pin;
        }
        if self.input.drifted.contains(row) {
            return By::Drift;
        }
        if let Some(held) = self.result.held.get(&row) {
            return By::Hold(u32::try_from(held.hold).unwrap_or(u32::MAX));
        }
        match self.result.rule[row as usize] {
            NO_RULE => By::Nothing,
            rule => By::Rule(rule),
        }
    }
}

/// Rules of both sides by meaning: two are one where their labels or their fingerprints agree (design section 3, point 16).
struct Classes<'a> {
    /// By new rule, whether it is the old rule of the same number where that can be told at once.
    new_by_meaning: FxHashMap<&'a str, u32>,
    new_by_label: FxHashMap<String, u32>,
    old: Vec<(Option<String>, &'a str)>,
    new: Vec<(Option<String>, &'a str)>,
    /// By old rule, the new rules of its meaning and of its label; [`NO_RULE`] where there is none.
    partners: Vec<(u32, u32)>,
}

impl<'a> Classes<'a> {
    fn new(old: MovedSide<'a>, new: MovedSide<'a>, (old_role, new_role): (RoleId, RoleId)) -> Self {
        let rules = |side: MovedSide<'a>, role: RoleId| -> Vec<(Option<String>, &'a str)> {
            let labels = side.policy.role(role).rules.iter().map(|rule| rule.label.as_deref().map(fold));
            let meanings = side.fingerprints.get(usize::from(role.0)).into_iter().flatten().map(String::as_str);
            labels.zip(meanings).collect()
        };
        let (old, new) = (rules(old, old_role), rules(new, new_role));
        let mut classes = Classes {
            new_by_meaning: FxHashMap::default(),
            new_by_label: FxHashMap::default(),
            partners: Vec::new(),
            old,
            new,
        };
        for (rule, (label, meaning)) in (0..).zip(&classes.new) {
            classes.new_by_meaning.entry(meaning).or_insert(rule);
            if let Some(label) = label {
                classes.new_by_label.entry(label.clone()).or_insert(rule);
            }
        }
        let partner = |(label, meaning): &(Option<String>, &str)| {
            let by_label = label.as_ref().and_then(|label| classes.new_by_label.get(label));
            let by_meaning = classes.new_by_meaning.get(meaning);
            (by_meaning.copied().unwrap_or(NO_RULE), by_label.copied().unwrap_or(NO_RULE))
        };
        classes.partners = classes.old.iter().map(partner).collect();
        classes
    }

    fn same(&self, old: u32, new: u32) -> bool {
        let Some((by_meaning, by_label)) = self.partners.get(old as usize) else {
            return false;
        };
        if new == *by_meaning || new == *by_label {
            return new != NO_RULE;
        }
        // A meaning or a label that several rules share.
        match (self.old.get(old as usize), self.new.get(new as usize)) {
            (Some(old), Some(new)) => old.1 == new.1 || (old.0.is_some() && old.0 == new.0),
            _ => false,
        }
    }

    fn same_by(&self, by: (By, By)) -> bool {
        match by {
            (By::Rule(old), By::Rule(new)) => self.same(old, new),
            (old, new) => old == new,
        }
    }
}

/// The numbers of a field by row.
struct Values<'a> {
    numbers: &'a NumberColumn,
    currencies: Option<&'a TextColumn>,
    currency: &'a str,
}

impl<'a> Values<'a> {
    /// `None` where the field holds no numbers or was not read.
    fn new(side: MovedSide<'a>, role: RoleId, field: FieldId) -> Option<Self> {
        let record = side.policy.role(role).record;
        let column: &Column = side.dataset.table(record).column(field)?;
        let currency = match &side.policy.schema.record(record).field(field).kind {
            FieldKind::Money(Currency::Fixed(code)) => code.as_str(),
            _ => "",
        };
        match &column.data {
            ColumnData::Number(numbers) => Some(Values { numbers, currencies: None, currency }),
            ColumnData::Money(numbers, currencies) => {
                Some(Values { numbers, currencies: currencies.as_ref(), currency })
            }
            _ => None,
        }
    }

    fn get(&self, row: u32) -> Option<(Decimal, &'a str)> {
        let number = self.numbers.get(row)?;
        let currency = self.currencies.and_then(|codes| codes.get(row)).unwrap_or(self.currency);
        Some((number, currency))
    }
}
