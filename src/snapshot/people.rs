//! Reads the directory of people, a table or file of the same source.

use super::person_cells::{self as cells, Slip};
use super::store::{Asked, Row, Store, Visitor, find_column};
use super::{Snapshot, SnapshotError, findings, people_findings};
use crate::column::{Cell, Formats};
use crate::diagnostic::Diagnostic;
use crate::schema::{Person, Schema};
use crate::value::fold;
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// Rows named in one finding.
const EXAMPLES_MAX: usize = 5;

/// Reads `person from SOURCE` into the snapshot. A source without it is a warning: names of people stay unknown then.
///
/// Numbers and dates are read as `formats` says.
pub(super) fn read(
    store: &Store,
    formats: &Formats,
    schema: &Schema,
    snapshot: &mut Snapshot,
) -> Result<(), SnapshotError> {
    let Some(declared) = &schema.people else {
        return Ok(());
    };
    let Some(table) = store.find(&declared.source) else {
        let finding = findings::absent_people(store, declared);
        snapshot.findings.push(finding);
        return Ok(());
    };
    let shown = store.shown(&table);
    let columns = store.columns(&table)?;
    let places = Places::new(&columns);
    let Some(key) = places.key else {
        return Err(findings::people_without_key(&shown, declared, &columns).into());
    };
    let asked = Asked { columns: columns.iter().map(String::as_str).collect() };
    let mut reader = Reader {
        key,
        places: &places,
        columns: &columns,
        formats,
        schema,
        people: IndexMap::new(),
        no_key: Tally::default(),
        doubled: Tally::default(),
        slips: BTreeMap::new(),
        without_room: Tally::default(),
    };
    store.scan(&table, &asked, &mut reader)?;
    snapshot.findings.extend(people_findings::all(&shown, &reader, formats));
    snapshot.people = reader.people.into_values().collect();
    snapshot.has_people = true;
    Ok(())
}

/// Where the columns with a meaning of their own stand.
struct Places {
    key: Option<usize>,
    name: Option<usize>,
    email: Option<usize>,
    teams: Option<usize>,
    manager: Option<usize>,
    active: Option<usize>,
    capacity: Option<usize>,
    weight: Option<usize>,
    away_from: Option<usize>,
    away_until: Option<usize>,
    backup: Option<usize>,
}

impl Places {
    fn new(columns: &[String]) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| find_column(columns, name));
        Self {
            key: first(&["id", "key"]),
            name: first(&["name"]),
            email: first(&["email"]),
            teams: first(&["team", "teams"]),
            manager: first(&["manager"]),
            active: first(&["active"]),
            capacity: first(&["capacity"]),
            weight: first(&["weight"]),
            away_from: first(&["away from", "away_from"]),
            away_until: first(&["away until", "away_until"]),
            backup: first(&["backup"]),
        }
    }

    fn has(&self, column: usize) -> bool {
        let who = [self.key, self.name, self.email, self.teams, self.manager, self.active];
        let room = [self.capacity, self.weight, self.away_from, self.away_until, self.backup];
        who.contains(&Some(column)) || room.contains(&Some(column))
    }
}

/// How often something is amiss, and the first few places.
pub(super) struct Tally<T = String> {
    pub count: usize,
    pub examples: Vec<T>,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self { count: 0, examples: Vec::new() }
    }
}

impl<T: PartialEq> Tally<T> {
    fn add(&mut self, example: T) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX && !self.examples.contains(&example) {
            self.examples.push(example);
        }
    }
}

pub(super) struct Reader<'a> {
    key: usize,
    places: &'a Places,
    columns: &'a [String],
    formats: &'a Formats,
    schema: &'a Schema,
    people: IndexMap<String, Person>,
    /// Rows that have none.
    pub no_key: Tally,
    /// Keys that came again.
    pub doubled: Tally,
    /// Cells that cannot be read: the person's key, and what stands there.
    pub slips: BTreeMap<Slip, Tally<(String, String)>>,
    /// Active people whose capacity is written as 0.
    pub without_room: Tally,
}

impl Visitor for Reader<'_> {
    fn row<R: Row>(&mut self, row: &R) -> Result<(), Diagnostic> {
        let cell = |column: usize| cells::text(row.cell(column));
        let Some(key) = cell(self.key) else {
            self.no_key.add(row.place());
            return Ok(());
        };
        if self.people.contains_key(&key) {
            self.doubled.add(format!("`{key}`"));
            return Ok(());
        }
        let mut slips = Vec::new();
        let places = self.places;
        let at = |place: Option<usize>| place.map_or(Cell::Missing, |column| row.cell(column));
        let is_team = |name: &str| self.schema.teams.iter().any(|team| fold(&team.name) == fold(name));
        let mut person = Person {
            name: places.name.and_then(cell),
            email: places.email.and_then(cell),
            teams: cells::teams(&at(places.teams).text(), self.formats, &is_team, &mut slips),
            manager: places.manager.and_then(cell),
            active: cells::active(at(places.active), &mut slips),
            capacity: cells::capacity(at(places.capacity), self.formats, &mut slips),
            weight: cells::weight(at(places.weight), self.formats, &mut slips),
            away: cells::away(at(places.away_from), at(places.away_until), self.formats, &mut slips),
            backup: places.backup.and_then(cell),
            extra: IndexMap::new(),
            key,
        };
        // What cannot be read counts as 0 and is told already.
        let has_no_room = person.capacity == Some(0) && !slips.iter().any(|(slip, _)| *slip == Slip::Capacity);
        if has_no_room && person.active {
            self.without_room.add(format!("`{}`", person.key));
        }
        for (slip, text) in slips {
            self.slips.entry(slip).or_default().add((person.key.clone(), text));
        }
        for (column, name) in self.columns.iter().enumerate() {
            if !places.has(column)
                && !name.is_empty()
                && let Some(text) = cell(column)
            {
                person.extra.insert(name.clone(), text);
            }
        }
        self.people.insert(person.key.clone(), person);
        Ok(())
    }
}
