//! What a source holds when nobody has declared it: tables, columns, and all their cells as text.

use super::SnapshotError;
use super::store::{Asked, Row, Store, Visitor};
use crate::column::{Cell, TextBuilder, TextColumn};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{COLUMN_TEXT_BYTES_MAX, ROWS_MAX};
use crate::project::Config;
use std::path::Path;

/// A table of the source, whole.
#[derive(Clone, Debug)]
pub struct SourceTable {
    pub name: String,
    pub row_count: usize,
    pub columns: Vec<SourceColumn>,
}

/// A column and its cells: trimmed, numbers in plain decimal, blank and unreadable ones missing.
#[derive(Clone, Debug)]
pub struct SourceColumn {
    pub name: String,
    pub cells: TextColumn,
}

/// The names of all tables of the source, sorted.
pub fn table_names(project_root: &Path, config: &Config) -> Result<Vec<String>, SnapshotError> {
    let store = Store::open(project_root, config)?;
    Ok(store.tables().into_iter().map(str::to_owned).collect())
}

/// Reads all tables of the source, every row of them: a kind inferred from the first rows alone would be a guess.
pub fn describe(project_root: &Path, config: &Config) -> Result<Vec<SourceTable>, SnapshotError> {
    let store = Store::open(project_root, config)?;
    let names: Vec<String> = store.tables().into_iter().map(str::to_owned).collect();
    names.iter().map(|name| read(&store, name)).collect()
}

/// Reads one table of [`table_names`].
pub fn describe_table(project_root: &Path, config: &Config, name: &str) -> Result<SourceTable, SnapshotError> {
    let store = Store::open(project_root, config)?;
    let Some(found) = store.find(name) else {
        let finding = Diagnostic::error(Code::AbsentTable, store.shown_absent(name));
        return Err(finding.into());
    };
    read(&store, &found)
}

fn read(store: &Store, table: &str) -> Result<SourceTable, SnapshotError> {
    let mut columns = store.columns(table)?;
    // A column without a name cannot be asked for, and of two with one name nobody can tell which is meant.
    let all = columns.clone();
    columns.retain(|name| !name.trim().is_empty() && all.iter().filter(|other| *other == name).count() == 1);
    let mut cells = Cells {
        builders: columns.iter().map(|_| TextBuilder::default()).collect(),
        row_count: 0,
        shown: store.shown(table),
    };
    let asked = Asked { columns: columns.iter().map(String::as_str).collect() };
    store.scan(table, &asked, &mut cells)?;
    let built = cells.builders.into_iter().map(TextBuilder::finish_indexed);
    Ok(SourceTable {
        name: table.to_owned(),
        row_count: cells.row_count,
        columns: columns.into_iter().zip(built).map(|(name, cells)| SourceColumn { name, cells }).collect(),
    })
}

struct Cells {
    builders: Vec<TextBuilder>,
    row_count: usize,
    shown: String,
}

impl Visitor for Cells {
    fn row<R: Row>(&mut self, row: &R) -> Result<(), Diagnostic> {
        for (slot, builder) in self.builders.iter_mut().enumerate() {
            let pushed = match row.cell(slot) {
                Cell::Text(text) => builder.push(text),
                other => builder.push(&other.text()),
            };
            if pushed.is_err() {
                let text = format!(
                    "a column of {} holds more than {COLUMN_TEXT_BYTES_MAX} bytes of different texts",
                    self.shown
                );
                return Err(Diagnostic::error(Code::TooLarge, text));
            }
        }
        self.row_count += 1;
        if self.row_count > ROWS_MAX {
            let text = format!("{} has more than {ROWS_MAX} rows", self.shown);
            return Err(Diagnostic::error(Code::TooLarge, text));
        }
        Ok(())
    }
}

impl SourceTable {
    /// The column of a name, in any letter case.
    pub fn column(&self, name: &str) -> Option<&SourceColumn> {
        let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        super::store::find_column(&names, name).map(|index| &self.columns[index])
    }
}

impl SourceColumn {
    /// The different texts, in order of first sight.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.cells.distinct_count()).map(|code| self.cells.distinct(code))
    }

    /// Whether every row has a text, and no two the same.
    pub fn is_unique(&self) -> bool {
        self.cells.distinct_count() as usize == self.cells.len()
    }

    /// How many rows hold a text.
    pub fn known_count(&self) -> usize {
        self.cells.len() - self.cells.missing_count()
    }
}
