//! What holds now: the latest entry of every record and role, and what the owner columns last showed.
//!
//! There is no table of current owners that could contradict the entries: the index by subject and role ends, for each
//! pair, at its latest entry.

use super::Ledger;
use super::error::LedgerError;
use super::rows::{Names, count, day, integer, maybe_integer, maybe_text, outcome, text};
use super::types::{Current, LastShown};

impl Ledger {
    /// Visits the latest entry of every record and role, records in the order the ledger first saw them. Records whose
    /// key was erased are left out. Nothing is visited in an empty ledger.
    ///
    /// A visitor that fails ends the visit with its error. Errors of the ledger: `Damaged`, `Locked`.
    pub fn current<E: From<LedgerError>>(&self, mut visit: impl FnMut(Current<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut refused = None;
        let answer = self.read(|connection| {
            let names = Names::load(connection)?;
            let mut statement = connection.prepare(
                "SELECT e.seq, s.record, s.key, e.role, e.outcome, e.owner, e.previous, e.rule, e.effective_from,
                   e.effective_until
                 FROM (SELECT subject, MAX(seq) AS seq FROM entries GROUP BY subject, role) latest
                 CROSS JOIN entries e ON e.seq = latest.seq CROSS JOIN subjects s ON s.id = latest.subject
                 WHERE s.key IS NOT NULL",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let current = Current {
                    seq: count(integer(row, 0)?)?,
                    record: text(row, 1)?,
                    key: text(row, 2)?,
                    role: text(row, 3)?,
                    outcome: outcome(text(row, 4)?)?,
                    owner: names.owner(maybe_integer(row, 5)?)?.map(|named| &named.owner),
                    previous: names.owner(maybe_integer(row, 6)?)?.map(|named| &named.owner),
                    rule: names.rule(maybe_integer(row, 7)?)?,
                    effective_from: day(maybe_integer(row, 8)?)?,
                    effective_until: day(maybe_integer(row, 9)?)?,
                };
                if let Err(error) = visit(current) {
                    refused = Some(error);
                    break;
                }
            }
            Ok(())
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(answer?),
        }
    }

    /// Visits the last value the owner column of every record and role showed. Erased keys and values are left out: of
    /// those nothing is known any more.
    ///
    /// A visitor that fails ends the visit with its error. Errors of the ledger: `Damaged`, `Locked`.
    pub fn shown<E: From<LedgerError>>(&self, mut visit: impl FnMut(LastShown<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut refused = None;
        let answer = self.read(|connection| {
            // Beside MAX, SQLite takes the other columns from the row that has it.
            let mut statement = connection.prepare(
                "SELECT s.record, s.key, l.role, t.text
                 FROM (SELECT subject, role, MAX(run), value FROM shown GROUP BY subject, role) l
                 CROSS JOIN subjects s ON s.id = l.subject LEFT JOIN texts t ON t.id = l.value
                 WHERE s.key IS NOT NULL AND (l.value IS NULL OR t.text IS NOT NULL)",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let shown = LastShown {
                    record: text(row, 0)?,
                    key: text(row, 1)?,
                    role: text(row, 2)?,
                    owner: maybe_text(row, 3)?,
                };
                if let Err(error) = visit(shown) {
                    refused = Some(error);
                    break;
                }
            }
            Ok(())
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(answer?),
        }
    }
}
