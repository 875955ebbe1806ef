//! Checks of what stands beside runs and entries: the file's pages and indexes, stored inputs, shared texts.

use rusqlite::{Connection, OptionalExtension};

use crate::ledger::encoding::{content_hash, text_commitment};
use crate::ledger::error::LedgerError;
use crate::ledger::rows::{hash, integer, maybe_hash, maybe_text, text};
use crate::ledger::verdict::{Problem, ProblemKind, Verdict};

/// SQLite's own look at pages and indexes. It sees little of what was changed on purpose, but it alone sees an index
/// that hides entries.
pub(super) fn check_file(connection: &Connection, verdict: &mut Verdict) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let finding = text(row, 0)?;
        if finding != "ok" {
            verdict.add(Problem::new(ProblemKind::File, format!("SQLite finds: {finding}")));
        }
    }
    Ok(())
}

/// Every stored input against its digest, and every run's inputs against what is stored.
pub(super) fn check_contents(connection: &Connection, verdict: &mut Verdict) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("SELECT hash, content FROM contents WHERE content IS NOT NULL")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let stored = text(row, 0)?;
        if content_hash(row.get_ref(1)?.as_blob()?) != stored {
            let name = input_name(connection, stored)?;
            let detail = format!("the stored {name} is not what the run was decided on");
            verdict.add(Problem::new(ProblemKind::Input, detail));
        }
    }
    let mut missing =
        connection.prepare("SELECT DISTINCT hash FROM run_inputs WHERE hash NOT IN (SELECT hash FROM contents)")?;
    let mut rows = missing.query([])?;
    while let Some(row) = rows.next()? {
        let name = input_name(connection, text(row, 0)?)?;
        let detail = format!("the stored {name} is missing");
        verdict.add(Problem::new(ProblemKind::Input, detail));
    }
    Ok(())
}

/// The input as an admin knows it: its first use.
fn input_name(connection: &Connection, stored: &str) -> Result<String, LedgerError> {
    let sql = "SELECT kind || ' `' || name || '` of run ' || run FROM run_inputs WHERE hash = ?1 ORDER BY run LIMIT 1";
    let name = connection.query_row(sql, [stored], |row| row.get(0)).optional()?;
    Ok(name.unwrap_or_else(|| format!("content {stored}, which no run uses,")))
}

/// The values owner columns showed against their commitments. Texts of entries are checked with the entries.
pub(super) fn check_texts(connection: &Connection, verdict: &mut Verdict) -> Result<(), LedgerError> {
    let mut statement = connection.prepare("SELECT id, salt, commitment, text FROM texts")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let sound = match (maybe_hash(row, 1)?, maybe_text(row, 3)?) {
            (Some(salt), Some(stored)) => text_commitment(&salt, stored) == hash(row, 2)?,
            (None, None) => true,
            _ => false,
        };
        if !sound && let Some(problem) = shown_problem(connection, integer(row, 0)?)? {
            verdict.add(problem);
        }
    }
    Ok(())
}

fn shown_problem(connection: &Connection, text: i64) -> Result<Option<Problem>, LedgerError> {
    let sql = "SELECT s.record, s.key, w.role, w.run FROM shown w JOIN subjects s ON s.id = w.subject
               WHERE w.value = ?1 ORDER BY w.run, w.subject LIMIT 1";
    let problem = connection.query_row(sql, [text], |row| {
        let (role, run): (String, i64) = (row.get(2)?, row.get(3)?);
        let detail = format!("what its `{role}` column showed in run {run} was changed");
        Ok(Problem { record: row.get(0)?, key: row.get(1)?, ..Problem::new(ProblemKind::Shown, detail) })
    });
    Ok(problem.optional()?)
}
