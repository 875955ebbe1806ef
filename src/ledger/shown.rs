//! What the source showed: the last value of every owner column, and the values of fields run after run.

use rusqlite::params;

use super::Ledger;
use super::companion::FIELD;
use super::error::LedgerError;
use super::rows::{count, integer, maybe_integer, maybe_text, text};
use super::types::{LastShown, Seen};
use super::visit::Stop;

impl Ledger {
    /// Visits the last value the owner column of every record and role showed. Erased keys and values are left out: of
    /// those nothing is known any more.
    ///
    /// A visitor that fails ends the visit with its error. Errors of the ledger: `Damaged`, `Locked`.
    pub fn shown<E: From<LedgerError>>(&self, mut visit: impl FnMut(LastShown<'_>) -> Result<(), E>) -> Result<(), E> {
        self.visit(|connection| {
            // Beside MAX, SQLite takes the other columns from the row that has it.
            let mut statement = connection.prepare(
                "SELECT s.record, s.key, l.role, t.text
                 FROM (SELECT subject, role, MAX(run), value FROM shown WHERE role NOT GLOB ?1 GROUP BY subject, role) l
                 CROSS JOIN subjects s ON s.id = l.subject LEFT JOIN texts t ON t.id = l.value
                 WHERE s.key IS NOT NULL AND (l.value IS NULL OR t.text IS NOT NULL)",
            )?;
            let mut rows = statement.query(params![every_field()])?;
            while let Some(row) = rows.next()? {
                let shown = LastShown {
                    record: text(row, 0)?,
                    key: text(row, 1)?,
                    role: text(row, 2)?,
                    owner: maybe_text(row, 3)?,
                };
                visit(shown).map_err(Stop::Visitor)?;
            }
            Ok(())
        })
    }

    /// Visits the values that wanted fields had in the runs, each where it changed: record by record, field by field, in
    /// the order of the runs. `is_wanted` is asked for record type and name of the field. Records whose key was erased
    /// are left out.
    ///
    /// A visitor that fails ends the visit with its error. Errors of the ledger: `Damaged`, `Locked`.
    pub fn seen<E: From<LedgerError>>(
        &self,
        is_wanted: impl Fn(&str, &str) -> bool,
        mut visit: impl FnMut(Seen<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.visit(|connection| {
            let mut statement = connection.prepare(
                "SELECT s.record, s.key, w.role, w.value, t.text, r.as_of, w.run
                 FROM shown w CROSS JOIN subjects s ON s.id = w.subject CROSS JOIN runs r ON r.seq = w.run
                   LEFT JOIN texts t ON t.id = w.value
                 WHERE w.role GLOB ?1 AND s.key IS NOT NULL ORDER BY w.subject, w.role, w.run",
            )?;
            let mut rows = statement.query(params![every_field()])?;
            while let Some(row) = rows.next()? {
                let (record, role) = (text(row, 0)?, text(row, 2)?);
                let Some(name) = role.strip_prefix(FIELD).filter(|name| is_wanted(record, name)) else {
                    continue;
                };
                let value = maybe_text(row, 4)?;
                let seen = Seen {
                    record,
                    key: text(row, 1)?,
                    name,
                    value,
                    is_erased: value.is_none() && maybe_integer(row, 3)?.is_some(),
                    as_of: integer(row, 5)?,
                    run: count(integer(row, 6)?)?,
                };
                visit(seen).map_err(Stop::Visitor)?;
            }
            Ok(())
        })
    }
}

fn every_field() -> String {
    format!("{FIELD}*")
}
