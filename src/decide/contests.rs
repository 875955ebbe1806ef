//! Who stands behind the records around one, and how much each of them comes to.
//!
//! What fields say is worked out once, before any role is decided; who owns the records is known only when their role
//! has been, so owners are asked for when a contest is held. Groups are small: those around one record.

use super::related::asked;
use super::row::Facts;
use crate::assign::Binding;
use crate::check::calculate;
use crate::check::policy::{Contest, ContestId, ContestPerson, RoleId, TypedPolicy};
use crate::column::{Dataset, ROW_MISSING};
use crate::syntax::{ArithmeticOp, RelatedAsk};
use crate::value::time::AsOf;
use crate::value::{Decimal, Owner, OwnerKind, Value, divide};
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// A person in a contest.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    pub person: Owner,
    /// What is counted, summed or averaged.
    pub figure: Decimal,
}

/// What stands in the field of a contest, where nothing of it means somebody who may own.
#[derive(Clone, Debug, PartialEq)]
pub struct Strangers {
    pub contest: ContestId,
    /// How many different texts or keys there are, at least one.
    pub text_count: u64,
    /// The first of them in their order.
    pub example: String,
}

/// The owner that a role gave a row of its record type.
pub(super) type OwnerOf<'a> = &'a dyn Fn(RoleId, u32) -> Option<Owner>;

/// The records of one contest, by the row of the record that they refer to.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    entries: FxHashMap<u32, Vec<Entry>>,
    /// Those who stand in the field, each once.
    people: IndexSet<Owner, FxBuildHasher>,
    /// The texts that mean nobody who may own: how many, and the first of them in their order.
    strangers: (u64, Option<String>),
}

#[derive(Clone, Debug)]
struct Entry {
    row: u32,
    /// Of [`Book::people`]; `None` where the owner says it.
    person: Option<usize>,
    /// 1 where records are counted.
    value: Decimal,
    tie: Option<Decimal>,
}

/// Keys of the people who may own; `None` while no people are known: then everybody may.
pub(super) type Active = Option<FxHashSet<String>>;

pub(super) fn active(binding: &Binding) -> Active {
    let directory = binding.directory();
    let active = directory.people().iter().filter(|person| person.active);
    directory.has_people.then(|| active.map(|person| person.key.clone()).collect())
}

impl Book {
    /// Every record that is asked, has a value and may be somebody's.
    pub fn open(policy: &TypedPolicy, contest: &Contest, dataset: &Dataset, binding: &Binding, as_of: &AsOf) -> Self {
        let mut book = Book::default();
        let mut known: FxHashMap<String, Option<usize>> = FxHashMap::default();
        let question = &contest.question;
        let column = question.via.and_then(|via| dataset.table(question.record).column(via));
        let targets = column.map_or(&[][..], |column| column.targets());
        for (row, target) in (0..).zip(targets).filter(|(_, target)| **target != ROW_MISSING) {
            asked(policy, question, dataset, binding, as_of, row, |facts| {
                let value = match &question.field {
                    Some(path) => facts.value(path).rankable(),
                    None => Some(Decimal::ONE),
                };
                let Some(value) = value else { return };
                let person = match &contest.person {
                    ContestPerson::Owner(_) => None,
                    ContestPerson::Field(path) => {
                        match person(facts.value(path), binding, &mut known, &mut book.people) {
                            None => return,
                            found => found,
                        }
                    }
                };
                let tie = contest.then.as_ref().and_then(|(path, _)| facts.value(path).rankable());
                book.entries.entry(*target).or_default().push(Entry { row, person, value, tie });
            });
        }
        let strangers = known.into_iter().filter(|(_, person)| person.is_none()).map(|(text, _)| text);
        book.strangers = strangers.fold((0, None), |(count, first), text| {
            let first = first.filter(|first| *first < text).unwrap_or(text);
            (count + 1, Some(first))
        });
        book
    }

    /// What its field holds, where that is somebody's name nowhere.
    pub fn strangers(&self, contest: ContestId) -> Option<Strangers> {
        let (text_count, example) = &self.strangers;
        let example = example.clone().filter(|_| self.people.is_empty())?;
        Some(Strangers { contest, text_count: *text_count, example })
    }

    /// Everybody whose records refer to a row, the winner first.
    pub fn candidates(&self, contest: &Contest, row: u32, active: &Active, owner_of: OwnerOf<'_>) -> Vec<Candidate> {
        let mut tallies: BTreeMap<Owner, Tally> = BTreeMap::new();
        for entry in self.entries.get(&row).into_iter().flatten() {
            let person = match (&contest.person, entry.person) {
                (_, Some(person)) => self.people.get_index(person).cloned(),
                (ContestPerson::Owner(role), None) => owner_of(*role, entry.row).filter(|owner| may_own(owner, active)),
                (ContestPerson::Field(_), None) => None,
            };
            if let Some(person) = person {
                tallies.entry(person).or_default().add(entry, contest);
            }
        }
        let figured = tallies.into_iter().filter_map(|(person, tally)| {
            let figure = tally.figure(contest.question.ask)?;
            Some((Candidate { person, figure }, tally.tie))
        });
        let mut found: Vec<(Candidate, Option<Decimal>)> = figured.collect();
        // People stand in the order of their keys, and a stable sort leaves ties there.
        found.sort_by(|(a, a_tie), (b, b_tie)| {
            let by_figure = if contest.is_highest { b.figure.cmp(&a.figure) } else { a.figure.cmp(&b.figure) };
            let is_latest = contest.then.as_ref().is_none_or(|(_, is_latest)| *is_latest);
            let by_tie = match (a_tie, b_tie) {
                (Some(a), Some(b)) if is_latest => b.cmp(a),
                (Some(a), Some(b)) => a.cmp(b),
                // A day that is not known breaks no tie.
                (a, b) => b.is_some().cmp(&a.is_some()),
            };
            by_figure.then(by_tie)
        });
        found.into_iter().map(|(candidate, _)| candidate).collect()
    }
}

fn may_own(owner: &Owner, active: &Active) -> bool {
    owner.kind == OwnerKind::Person && active.as_ref().is_none_or(|keys| keys.contains(&owner.id))
}

/// The active person whom a text or a key means; a team, a queue and whoever is not known are nobody here.
fn person(
    value: Value,
    binding: &Binding,
    known: &mut FxHashMap<String, Option<usize>>,
    people: &mut IndexSet<Owner, FxBuildHasher>,
) -> Option<usize> {
    let (Value::Text(text) | Value::Reference(text)) = value else { return None };
    if let Some(found) = known.get(&text) {
        return *found;
    }
    let found = binding.find(&text).ok().filter(|owner| owner.kind == OwnerKind::Person);
    let found = found.map(|owner| people.insert_full(owner).0);
    known.insert(text, found);
    found
}

/// What one person's records come to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: i64,
    /// `None` once it grew past its digits.
    sum: Option<Decimal>,
    tie: Option<Decimal>,
}

impl Tally {
    fn add(&mut self, entry: &Entry, contest: &Contest) {
        self.sum = match self.count {
            0 => Some(entry.value),
            _ => self.sum.and_then(|sum| calculate(ArithmeticOp::Add, sum, entry.value)),
        };
        self.count += 1;
        let is_latest = contest.then.as_ref().is_none_or(|(_, is_latest)| *is_latest);
        self.tie = match (self.tie, entry.tie) {
            (Some(known), Some(tie)) => Some(if is_latest { known.max(tie) } else { known.min(tie) }),
            (known, tie) => known.or(tie),
        };
    }

    fn figure(&self, ask: RelatedAsk) -> Option<Decimal> {
        match ask {
            RelatedAsk::Average => divide(self.sum?, self.count.into()),
            _ => self.sum,
        }
    }
}
