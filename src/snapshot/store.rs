//! What the three kinds of source have in common: named tables, named columns, rows of cells.

use super::csv::CsvStore;
use super::jsonl::JsonlStore;
use super::sqlite::SqliteStore;
use crate::column::Cell;
use crate::diagnostic::Diagnostic;
use crate::project::{Config, Location};
use std::path::Path;

/// An opened source.
pub(super) enum Store {
    Sqlite(SqliteStore),
    Csv(CsvStore),
    Jsonl(JsonlStore),
}

/// The columns a reader is asked for, by the names they have in the source or nearly so ([`find_column`]).
///
/// A name may be asked for twice. A name that is not there reads as missing; the caller compares names first.
pub(super) struct Asked<'a> {
    pub columns: Vec<&'a str>,
}

/// A row under a reader's hand.
pub(super) trait Row {
    /// The cell of the asked column at `slot`.
    fn cell(&self, slot: usize) -> Cell<'_>;
    /// Where the row stands, in words: `line 17`, `row 16`.
    fn place(&self) -> String;
}

/// What takes the rows of a table, one after the other.
pub(super) trait Visitor {
    /// An error ends the reading.
    fn row<R: Row>(&mut self, row: &R) -> Result<(), Diagnostic>;
}

impl Store {
    /// Opens the source that the settings name.
    pub fn open(root: &Path, config: &Config) -> Result<Self, Diagnostic> {
        let path = config.source_path(root)?;
        let shown = config.source.location.path().display().to_string();
        let fence = (!config.source.may_be_outside).then(|| root.canonicalize().ok()).flatten();
        Ok(match &config.source.location {
            Location::Sqlite(_) => Store::Sqlite(SqliteStore::open(&path, shown)?),
            Location::Csv(_) => Store::Csv(CsvStore::open(&path, shown, fence)?),
            Location::Jsonl(_) => Store::Jsonl(JsonlStore::open(&path, shown, fence)?),
        })
    }

    /// The names of all tables (stems of files), sorted.
    pub fn tables(&self) -> Vec<&str> {
        match self {
            Store::Sqlite(store) => store.tables(),
            Store::Csv(store) => store.files.names(),
            Store::Jsonl(store) => store.files.names(),
        }
    }

    /// The table of a name: exact, else the only one in another letter case.
    pub fn find(&self, name: &str) -> Option<String> {
        let tables = self.tables();
        find_column(&tables, name).map(|index| tables[index].to_owned())
    }

    /// The only table there can be, when the source is a single file.
    pub fn only_table(&self) -> Option<String> {
        match self {
            Store::Sqlite(_) => None,
            Store::Csv(store) => store.files.only(),
            Store::Jsonl(store) => store.files.only(),
        }
    }

    /// How messages call a table.
    pub fn shown(&self, table: &str) -> String {
        match self {
            Store::Sqlite(store) => format!("table `{table}` of `{}`", store.shown),
            Store::Csv(store) => format!("`{}`", store.files.shown(table)),
            Store::Jsonl(store) => format!("`{}`", store.files.shown(table)),
        }
    }

    /// How messages call a table or file that is not there.
    pub fn shown_absent(&self, table: &str) -> String {
        match self {
            Store::Sqlite(store) => format!("no table `{table}` in `{}`", store.shown),
            Store::Csv(store) => format!("no file `{table}.csv` in `{}`", store.files.folder),
            Store::Jsonl(store) => format!("no file `{table}.jsonl` in `{}`", store.files.folder),
        }
    }

    /// The columns of a table where they can be told without reading its rows.
    pub fn columns_ahead(&self, table: &str) -> Result<Option<Vec<String>>, Diagnostic> {
        match self {
            Store::Sqlite(store) => store.columns(table).map(Some),
            Store::Csv(store) => store.columns(table).map(Some),
            Store::Jsonl(_) => Ok(None),
        }
    }

    /// The columns of a table, at the price of reading it where nothing else tells.
    pub fn columns(&self, table: &str) -> Result<Vec<String>, Diagnostic> {
        match self {
            Store::Sqlite(store) => store.columns(table),
            Store::Csv(store) => store.columns(table),
            Store::Jsonl(store) => store.scan(table, &Asked::nothing(), &mut Nobody),
        }
    }

    /// Reads all rows; returns the columns the table has.
    pub fn scan<V: Visitor>(&self, table: &str, asked: &Asked<'_>, visitor: &mut V) -> Result<Vec<String>, Diagnostic> {
        match self {
            Store::Sqlite(store) => store.scan(table, asked, visitor),
            Store::Csv(store) => store.scan(table, asked, visitor),
            Store::Jsonl(store) => store.scan(table, asked, visitor),
        }
    }
}

impl Asked<'_> {
    pub fn nothing() -> Self {
        Self { columns: Vec::new() }
    }
}

/// Takes rows and does nothing with them.
struct Nobody;

impl Visitor for Nobody {
    fn row<R: Row>(&mut self, _: &R) -> Result<(), Diagnostic> {
        Ok(())
    }
}

/// The name that is meant: the same one, else the only one that differs in letter case or outer blanks alone.
pub(super) fn find_column<T: AsRef<str>>(names: &[T], wanted: &str) -> Option<usize> {
    let wanted = wanted.trim();
    if let Some(index) = names.iter().position(|name| name.as_ref() == wanted) {
        return Some(index);
    }
    let folded = wanted.to_lowercase();
    let mut alike = (0..names.len()).filter(|index| names[*index].as_ref().to_lowercase() == folded);
    let first = alike.next()?;
    alike.next().is_none().then_some(first)
}
