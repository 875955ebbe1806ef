//! The records of one moment, read from where the company keeps them: a SQLite database, CSV files or JSON lines.
//!
//! Takes a project's settings and a schema, gives typed columns and the people. What makes reading pointless (a table
//! or column that is not there, a broken row) is an error; what makes single records *invalid* is a finding beside the
//! result, one a column and kind. Uses [`crate::project`] for settings and for paths that stay inside the project; knows
//! nothing of rules, ledgers or the screen.

mod block;
mod csv;
mod describe;
mod files;
mod findings;
mod hints;
pub mod infer;
mod init;
mod jsonl;
mod names;
mod people;
mod people_findings;
mod person_cells;
mod sqlite;
mod store;
mod table;
pub mod write_back;

pub use describe::{SourceColumn, SourceTable, describe, describe_table, table_names};
pub use init::{Written, init};

use crate::column::Dataset;
use crate::diagnostic::{Diagnostic, any_error};
use crate::project::Config;
use crate::schema::{FieldId, FieldKind, Person, RecordId, Schema};
use std::path::Path;
use store::Store;
use table::{Needed, TablePlan};

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub dataset: Dataset,
    /// In the order of their source; of people with one key the first only.
    pub people: Vec<Person>,
    /// Whether a source of people was there to be read.
    pub has_people: bool,
    /// Warnings and notes: cells, keys and references that do not fit.
    pub findings: Vec<Diagnostic>,
}

/// Why nothing was read: at least one of the findings is an error.
#[derive(Clone, Debug)]
pub struct SnapshotError {
    pub findings: Vec<Diagnostic>,
}

/// How far the reading is; told every so many rows and at the end of each table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    pub table: &'a str,
    pub rows_read: usize,
}

/// Reads what is wanted: of each record type with any wanted field those, its key, its created field and its owner
/// column; of a record type that only a wanted reference points to, the key.
///
/// `wanted` stands by [`RecordId`]; an empty (or absent) list is a record type that is not needed and becomes a table
/// without rows. A role that reads no field still wants the key. Every declared column of a table that is read must be
/// there, wanted or not, so that an answer never hangs on which rules happen to ask.
pub fn read(
    project_root: &Path,
    config: &Config,
    schema: &Schema,
    wanted: &[Vec<FieldId>],
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Snapshot, SnapshotError> {
    let store = Store::open(project_root, config)?;
    let mut snapshot = Snapshot { findings: findings::idle_settings(config, schema), ..Snapshot::default() };
    let plans = plan(&store, config, schema, wanted)?;
    for (record, plan) in schema.record_ids().zip(&plans) {
        let table = match plan {
            Some(plan) => table::read(&store, plan, progress, &mut snapshot.findings)?,
            None => table::empty(schema.record(record)),
        };
        snapshot.dataset.tables.push(table);
    }
    people::read(&store, &config.source_formats(), schema, &mut snapshot)?;
    let issues = snapshot.dataset.link(schema);
    for issue in issues {
        let finding = findings::orphans(schema, &snapshot.dataset, &issue);
        snapshot.findings.push(finding);
    }
    if any_error(&snapshot.findings) {
        return Err(SnapshotError { findings: snapshot.findings });
    }
    Ok(snapshot)
}

/// What to read of each record type, or everything that is not there.
fn plan<'a>(
    store: &Store,
    config: &'a Config,
    schema: &'a Schema,
    wanted: &[Vec<FieldId>],
) -> Result<Vec<Option<TablePlan<'a>>>, SnapshotError> {
    let needs = needs(schema, wanted);
    let is_alone = needs.iter().flatten().count() == 1;
    let mut plans = Vec::new();
    let mut problems = Vec::new();
    for (record, needed) in schema.record_ids().zip(needs) {
        let Some(needed) = needed else {
            plans.push(None);
            continue;
        };
        match TablePlan::new(store, config, schema.record(record), &needed, is_alone) {
            Ok(plan) => plans.push(Some(plan)),
            Err(mut found) => problems.append(&mut found),
        }
    }
    if problems.is_empty() { Ok(plans) } else { Err(SnapshotError { findings: problems }) }
}

fn needs(schema: &Schema, wanted: &[Vec<FieldId>]) -> Vec<Option<Needed>> {
    let mut needs: Vec<Option<Needed>> = schema
        .record_ids()
        .map(|record| {
            let fields = wanted.get(record.0 as usize)?;
            (!fields.is_empty()).then(|| Needed::Fields(fields.clone()))
        })
        .collect();
    for (record, fields) in schema.record_ids().zip(wanted) {
        for field in fields {
            if let FieldKind::Reference { record: target, .. } = &schema.record(record).field(*field).kind {
                let RecordId(at) = target;
                needs[*at as usize].get_or_insert(Needed::Key);
            }
        }
    }
    needs
}

impl From<Diagnostic> for SnapshotError {
    fn from(finding: Diagnostic) -> Self {
        Self { findings: vec![finding] }
    }
}

impl std::fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let errors: Vec<&str> = self
            .findings
            .iter()
            .filter(|finding| finding.is_error())
            .map(|finding| finding.headline.as_str())
            .collect();
        f.write_str(&errors.join("; "))
    }
}

impl std::error::Error for SnapshotError {}

#[cfg(test)]
mod tests;
