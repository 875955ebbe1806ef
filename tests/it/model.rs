//! A second reading of the language: records as plain values, and what every generated condition must say of them.
//!
//! Written from the design alone, without the checker's types: where this and the interpreter differ, one is wrong.

use ownward::schema::{Membership, Person};
use ownward::value::time::{self, AsOf};
use ownward::value::{Decimal, Owner, OwnerKind, fold};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A choice as declared: name, other spellings, and what it counts as besides itself (closed over).
pub type ChoiceModel = (&'static str, &'static [&'static str], &'static [usize]);

/// Closed lists of choices that fields are drawn from; the second is ordered.
pub const CHOICES: [&[ChoiceModel]; 3] = [
    &[("Prospect", &[], &[]), ("Client", &["Kunde", "our client"], &[]), ("Partner", &[], &[]), ("Both", &[], &[1, 2])],
    &[("Low", &[], &[]), ("Mid", &["Medium"], &[]), ("High", &[], &[])],
    &[("At-Risk", &["At Risk"], &[]), ("Straße", &[], &[0]), ("Gone Away", &[], &[1, 0]), ("2026", &[], &[])],
];

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Text,
    Number,
    Money(&'static str),
    /// The currency stands in the column of this name.
    MoneyIn(String),
    Date,
    Time,
    YesNo,
    Choice(usize),
    Many(usize),
    Ref(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    Missing,
    Text(String),
    Num(Decimal),
    Money(Decimal, String),
    Day(i32),
    Time(i64),
    Flag(bool),
    Choice(usize),
    Many(BTreeSet<usize>),
    /// The row referred to.
    Ref(usize),
}

#[derive(Clone, Debug)]
pub struct CellModel {
    pub text: String,
    pub currency: Option<String>,
    pub value: Val,
    /// The cell breaks the schema.
    pub broken: bool,
}

#[derive(Clone, Debug)]
pub struct FieldModel {
    pub name: String,
    pub kind: Kind,
    pub optional: bool,
    pub may_be_unknown: bool,
}

#[derive(Clone, Debug)]
pub struct RecordModel {
    pub name: String,
    /// The first is the key.
    pub fields: Vec<FieldModel>,
    pub rows: Vec<Vec<CellModel>>,
    /// What the owner column shows, by row.
    pub shown: Vec<String>,
}

#[derive(Clone)]
pub struct Model {
    pub records: Vec<RecordModel>,
    pub as_of: AsOf,
    pub people: Vec<Person>,
    /// Folded values of the `by` column, by list.
    pub lists: Vec<BTreeSet<String>>,
}

/// A record that conditions are asked of; without a row every field is missing.
#[derive(Clone, Copy)]
pub struct Ground<'m> {
    pub model: &'m Model,
    pub record: usize,
    pub row: Option<usize>,
    pub current: Option<&'m Owner>,
    /// The owner that a role of a record type gave a row.
    pub after: &'m dyn Fn(&str, usize, usize) -> Option<Owner>,
}

/// A condition of the model.
pub type Eval = Rc<dyn Fn(Ground<'_>) -> bool>;
/// A number worked out from a record; `None` is missing.
pub type Number = Rc<dyn Fn(Ground<'_>) -> Option<Decimal>>;

/// A way over references: fields by their place.
pub type Way = Vec<usize>;

impl<'m> Ground<'m> {
    /// The record at the end of a way.
    pub fn walk(self, steps: &[usize]) -> Ground<'m> {
        let mut at = self;
        for step in steps {
            let Kind::Ref(next) = at.model.records[at.record].fields[*step].kind else {
                panic!("a step that is no reference");
            };
            let target = at.row.map(|row| &at.model.records[at.record].rows[row][*step].value);
            at.row = match target {
                Some(Val::Ref(row)) => Some(*row),
                _ => None,
            };
            at.record = next;
        }
        at
    }

    pub fn value(self, steps: &[usize], field: usize) -> Val {
        let at = self.walk(steps);
        at.row.map_or(Val::Missing, |row| at.model.records[at.record].rows[row][field].value.clone())
    }

    pub fn today(self) -> i32 {
        self.model.as_of.today()
    }

    pub fn day_of(self, instant: i64) -> i32 {
        time::day_of(instant, &self.model.as_of.zone)
    }
}

impl Model {
    pub fn kind(&self, record: usize, way: &[usize], field: usize) -> &Kind {
        &self.records[self.end(record, way)].fields[field].kind
    }

    /// The record type at the end of a way.
    pub fn end(&self, record: usize, way: &[usize]) -> usize {
        way.iter().fold(record, |at, step| match self.records[at].fields[*step].kind {
            Kind::Ref(next) => next,
            _ => panic!("a step that is no reference"),
        })
    }

    /// Rows without a key of their own.
    pub fn is_unkeyed(&self, record: usize, row: usize) -> bool {
        let key = |row: usize| self.records[record].rows[row][0].text.trim();
        key(row).is_empty() || (0..self.records[record].rows.len()).any(|other| other != row && key(other) == key(row))
    }

    /// Turns the keys in reference cells into rows; orphans are broken unless they may be unknown.
    pub fn link(&mut self) {
        for record in 0..self.records.len() {
            for field in 0..self.records[record].fields.len() {
                let Kind::Ref(target) = self.records[record].fields[field].kind else {
                    continue;
                };
                let may_be_unknown = self.records[record].fields[field].may_be_unknown;
                let keys: BTreeMap<String, usize> = (0..self.records[target].rows.len())
                    .filter(|row| !self.is_unkeyed(target, *row))
                    .map(|row| (self.records[target].rows[row][0].text.trim().to_owned(), row))
                    .collect();
                for row in &mut self.records[record].rows {
                    let cell = &mut row[field];
                    if cell.text.trim().is_empty() {
                        continue;
                    }
                    match keys.get(cell.text.trim()) {
                        Some(found) => cell.value = Val::Ref(*found),
                        None => cell.broken = !may_be_unknown,
                    }
                }
            }
        }
    }

    /// Whether a row breaks the schema along one of these ways (the steps and the field at their end).
    pub fn is_broken(&self, record: usize, row: usize, reads: &[(Way, usize)]) -> bool {
        self.is_unkeyed(record, row)
            || reads.iter().any(|(way, field)| {
                let mut at = (record, row);
                for step in way.iter().chain([field]) {
                    let cell = &self.records[at.0].rows[at.1][*step];
                    if cell.broken {
                        return true;
                    }
                    match (&self.records[at.0].fields[*step].kind, &cell.value) {
                        (Kind::Ref(next), Val::Ref(row)) => at = (*next, *row),
                        _ => return false,
                    }
                }
                false
            })
    }

    /// Whether a row comes back to itself over any of these ways to its own record type.
    pub fn is_on_circle(&self, record: usize, row: usize, ways: &[Way]) -> bool {
        let none = |_: &str, _: usize, _: usize| None;
        let next = |row: usize| {
            let ground = Ground { model: self, record, row: Some(row), current: None, after: &none };
            ways.iter().filter_map(move |way| ground.walk(way).row).collect::<Vec<_>>()
        };
        let mut open = next(row);
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if at == row {
                return true;
            }
            if seen.insert(at) {
                open.extend(next(at));
            }
        }
        false
    }
}

/// Teams and what they are part of.
pub const TEAMS: [(&str, Option<&str>); 3] = [("TeamA", None), ("TeamB", Some("TeamA")), ("TeamC", None)];
pub const QUEUES: [&str; 2] = ["Triage", "Late-Queue"];

/// Who a name means, active or not; `None` where it means nobody or several.
pub fn meant(people: &[Person], name: &str) -> Option<Owner> {
    let name = name.trim();
    if let Some(person) = people.iter().find(|person| person.key == name) {
        return Some(Owner::new(OwnerKind::Person, &person.key));
    }
    let wanted = fold(name);
    if let Some((team, _)) = TEAMS.iter().find(|(team, _)| fold(team) == wanted) {
        return Some(Owner::new(OwnerKind::Team, *team));
    }
    if let Some(queue) = QUEUES.iter().find(|queue| fold(queue) == wanted) {
        return Some(Owner::new(OwnerKind::Queue, *queue));
    }
    let called = |text: &Option<String>| text.as_ref().is_some_and(|text| fold(text) == wanted);
    let mut found = people.iter().filter(|person| called(&person.name) || called(&person.email));
    match (found.next(), found.next()) {
        (Some(one), None) => Some(Owner::new(OwnerKind::Person, &one.key)),
        _ => None,
    }
}

pub fn is_active(people: &[Person], owner: &Owner) -> bool {
    match owner.kind {
        OwnerKind::Team | OwnerKind::Queue => true,
        OwnerKind::Person => people.iter().any(|person| person.key == owner.id && person.active),
        OwnerKind::Unlisted => false,
    }
}

/// Whether an owner is a team, or a person who is on a day in it or in a team inside it.
pub fn is_in_team(people: &[Person], owner: &Owner, team: &str, day: i32) -> bool {
    if owner.kind == OwnerKind::Team {
        return fold(&owner.id) == fold(team);
    }
    let inside = |own: &str| {
        let mut at = Some(own.to_owned());
        while let Some(name) = at {
            if fold(&name) == fold(team) {
                return true;
            }
            at = TEAMS.iter().find(|(known, _)| fold(known) == fold(&name)).and_then(|(_, up)| up.map(str::to_owned));
        }
        false
    };
    let counts = |own: &Membership| {
        own.from.unwrap_or(i32::MIN) <= day && day <= own.until.unwrap_or(i32::MAX) && inside(&own.team)
    };
    owner.kind == OwnerKind::Person
        && people.iter().any(|person| person.key == owner.id && person.teams.iter().any(counts))
}
