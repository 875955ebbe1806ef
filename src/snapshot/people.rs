//! Reads the directory of people, a table or file of the same source.

use super::store::{Asked, Row, Store, Visitor, find_column};
use super::{Snapshot, SnapshotError, findings};
use crate::column::Cell;
use crate::diagnostic::Diagnostic;
use crate::schema::{Person, Schema};
use crate::value::fold;
use indexmap::IndexMap;

/// Rows named in one finding.
const EXAMPLES_MAX: usize = 5;

/// Reads `person from SOURCE` into the snapshot. A source without it is a warning: names of people stay unknown then.
pub(super) fn read(store: &Store, schema: &Schema, snapshot: &mut Snapshot) -> Result<(), SnapshotError> {
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
        people: IndexMap::new(),
        doubled: Vec::new(),
        no_key: Vec::new(),
        unclear: Vec::new(),
        counts: Counts::default(),
    };
    store.scan(&table, &asked, &mut reader)?;
    snapshot.findings.extend(findings::people(&shown, &reader));
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
        }
    }

    fn has(&self, column: usize) -> bool {
        let known = [self.key, self.name, self.email, self.teams, self.manager, self.active];
        known.contains(&Some(column))
    }
}

/// How often each thing was amiss; the lists below hold the first few.
#[derive(Default)]
pub(super) struct Counts {
    pub doubled: usize,
    pub no_key: usize,
    pub unclear: usize,
}

pub(super) struct Reader<'a> {
    key: usize,
    places: &'a Places,
    columns: &'a [String],
    people: IndexMap<String, Person>,
    /// Keys that came again.
    pub doubled: Vec<String>,
    /// Rows that have none.
    pub no_key: Vec<String>,
    /// Key, and what stands under `active`.
    pub unclear: Vec<(String, String)>,
    pub counts: Counts,
}

impl Visitor for Reader<'_> {
    fn row<R: Row>(&mut self, row: &R) -> Result<(), Diagnostic> {
        let cell = |column: usize| text(row.cell(column));
        let Some(key) = cell(self.key) else {
            self.counts.no_key += 1;
            if self.no_key.len() < EXAMPLES_MAX {
                self.no_key.push(row.place());
            }
            return Ok(());
        };
        if self.people.contains_key(&key) {
            self.counts.doubled += 1;
            if self.doubled.len() < EXAMPLES_MAX && !self.doubled.contains(&key) {
                self.doubled.push(key);
            }
            return Ok(());
        }
        let teams = self.places.teams.and_then(cell).unwrap_or_default();
        let mut person = Person {
            name: self.places.name.and_then(cell),
            email: self.places.email.and_then(cell),
            teams: teams.split(';').map(|team| team.trim().to_owned()).filter(|team| !team.is_empty()).collect(),
            manager: self.places.manager.and_then(cell),
            active: true,
            extra: IndexMap::new(),
            key,
        };
        if let Some(word) = self.places.active.and_then(cell) {
            match is_yes(&word) {
                Some(active) => person.active = active,
                None => {
                    // Whoever may have left gets nothing new until it is clear.
                    person.active = false;
                    self.unclear(&person.key, word);
                }
            }
        }
        for (column, name) in self.columns.iter().enumerate() {
            if !self.places.has(column)
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

impl Reader<'_> {
    fn unclear(&mut self, key: &str, word: String) {
        self.counts.unclear += 1;
        if self.unclear.len() < EXAMPLES_MAX {
            self.unclear.push((key.to_owned(), word));
        }
    }
}

fn text(cell: Cell<'_>) -> Option<String> {
    let text = cell.text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_yes(word: &str) -> Option<bool> {
    match fold(word).as_str() {
        "yes" | "true" | "1" | "y" | "t" => Some(true),
        "no" | "false" | "0" | "n" | "f" => Some(false),
        _ => None,
    }
}
