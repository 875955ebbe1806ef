//! The entries of one record.

use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, params};

use super::Ledger;
use super::error::LedgerError;
use super::rows::{
    ENTRY_COLUMN_COUNT, ENTRY_COLUMNS, ENTRY_SOURCES, Names, RawDetails, RawEntry, day, integer, outcome, text,
};
use super::types::Entry;

impl Ledger {
    /// All entries of a record, of one role or of all, in the order they were written. Empty for a key the ledger has
    /// never seen.
    pub fn history(&self, record: &str, key: &str, role: Option<&str>) -> Result<Vec<Entry>, LedgerError> {
        self.read(|connection| {
            let chosen = "s.record = ?1 AND s.key = ?2 AND (?3 IS NULL OR e.role = ?3) ORDER BY e.seq";
            entries(connection, chosen, params![record, key, role])
        })
    }

    /// These entries, in this order; numbers that are no entry's are left out.
    pub fn entries(&self, seqs: &[u64]) -> Result<Vec<Entry>, LedgerError> {
        self.read(|connection| {
            let names = Names::load(connection)?;
            let mut statement = connection.prepare(&entries_where("e.seq = ?1"))?;
            let mut found = Vec::with_capacity(seqs.len());
            for seq in seqs {
                let mut rows = statement.query([i64::try_from(*seq).unwrap_or(i64::MAX)])?;
                if let Some(row) = rows.next()? {
                    found.push(entry(row, &names)?);
                }
            }
            Ok(found)
        })
    }

    /// The entry in force at an instant (microseconds since 1970-01-01T00:00:00Z): the last one written by a run whose
    /// `as of` is not after it. `None` when there was none yet.
    pub fn entry_at(&self, record: &str, key: &str, role: &str, instant: i64) -> Result<Option<Entry>, LedgerError> {
        self.read(|connection| {
            let chosen = "s.record = ?1 AND s.key = ?2 AND e.role = ?3 AND r.as_of <= ?4 ORDER BY e.seq DESC LIMIT 1";
            Ok(entries(connection, chosen, params![record, key, role, instant])?.pop())
        })
    }
}

fn entries(connection: &Connection, chosen: &str, values: &[&dyn ToSql]) -> Result<Vec<Entry>, LedgerError> {
    let names = Names::load(connection)?;
    let mut statement = connection.prepare(&entries_where(chosen))?;
    let mut rows = statement.query(values)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(entry(row, &names)?);
    }
    Ok(entries)
}

/// The question for whole entries, in the columns [`entry`] reads.
pub(super) fn entries_where(chosen: &str) -> String {
    format!(
        "SELECT {ENTRY_COLUMNS}, r.id, r.as_of, r.recorded_at, r.actor FROM {ENTRY_SOURCES}
         JOIN runs r ON r.seq = e.run WHERE {chosen}"
    )
}

pub(super) fn entry(row: &Row<'_>, names: &Names) -> Result<Entry, LedgerError> {
    let raw = RawEntry::of(row)?;
    let record =
        raw.record.ok_or_else(|| LedgerError::damaged(format!("the record of entry {} is missing", raw.seq)))?;
    let owner = |id| -> Result<_, LedgerError> { Ok(names.owner(id)?.map(|named| named.owner.clone())) };
    let details = raw.details.as_ref();
    Ok(Entry {
        seq: raw.seq,
        run: text(row, ENTRY_COLUMN_COUNT)?.to_owned(),
        as_of: integer(row, ENTRY_COLUMN_COUNT + 1)?,
        recorded_at: integer(row, ENTRY_COLUMN_COUNT + 2)?,
        actor: text(row, ENTRY_COLUMN_COUNT + 3)?.to_owned(),
        record: record.to_owned(),
        key: raw.key.map(str::to_owned),
        role: raw.role.to_owned(),
        outcome: outcome(raw.outcome)?,
        owner: owner(raw.owner)?,
        previous: owner(raw.previous)?,
        rule: names.rule(raw.rule)?.cloned(),
        reason: details.and_then(|details| details.reason).map(str::to_owned),
        pool_state: details.and_then(|details| details.pool_state).map(str::to_owned),
        effective_from: day(raw.effective_from)?,
        effective_until: day(raw.effective_until)?,
        values: details.map(|details| values(raw.seq, details)).transpose()?,
    })
}

/// Joins the list of paths and the list of values.
fn values(seq: u64, details: &RawDetails<'_>) -> Result<Vec<(String, Option<String>)>, LedgerError> {
    let unreadable = || LedgerError::damaged(format!("the values of entry {seq} cannot be read"));
    let paths: Vec<String> = details.paths.and_then(|json| serde_json::from_str(json).ok()).ok_or_else(unreadable)?;
    let values: Vec<Option<String>> = serde_json::from_str(details.values).map_err(|_| unreadable())?;
    if paths.len() != values.len() {
        return Err(unreadable());
    }
    Ok(paths.into_iter().zip(values).collect())
}
