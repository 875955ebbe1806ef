//! What holds now: the latest entry of every record and role, and since when its owner is the owner.
//!
//! There is no table of current owners that could contradict the entries: the index by subject and role ends, for each
//! pair, at its latest entry.

use rusqlite::Row;

use super::Ledger;
use super::companion::Companion;
use super::error::LedgerError;
use super::history::{entries_where, entry};
use super::rows::{Names, count, day, integer, maybe_integer, outcome, text};
use super::types::{Current, Entry, Since};
use super::visit::Stop;

const LATEST: &str = "(SELECT subject, role, MAX(seq) AS seq FROM entries GROUP BY subject, role) latest";

impl Ledger {
    /// Visits the latest entry of every record and role, records in the order the ledger first saw them; companions of
    /// decisions are among them ([`Current::companion`]). Records whose key was erased are left out. Nothing is visited
    /// in an empty ledger.
    ///
    /// A visitor that fails ends the visit with its error. Errors of the ledger: `Damaged`, `Locked`.
    pub fn current<E: From<LedgerError>>(&self, mut visit: impl FnMut(Current<'_>) -> Result<(), E>) -> Result<(), E> {
        self.visit(|connection| {
            let names = Names::load(connection)?;
            let mut statement = connection.prepare(&format!(
                "SELECT e.seq, s.record, s.key, e.role, e.outcome, e.owner, e.previous, e.rule, e.effective_from,
                   e.effective_until
                 FROM {LATEST} CROSS JOIN entries e ON e.seq = latest.seq CROSS JOIN subjects s ON s.id = latest.subject
                 WHERE s.key IS NOT NULL"
            ))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                visit(current(row, &names)?).map_err(Stop::Visitor)?;
            }
            Ok(())
        })
    }

    /// Visits the latest entry of every wanted record type and role with its values and the facts of its run, in the
    /// order of [`Ledger::current`]. `is_wanted` is asked for record type and role; what stands beside an entry is read
    /// for wanted ones only. Records whose key was erased are left out.
    ///
    /// A visitor that fails ends the visit with its error. Errors of the ledger: `Damaged`, `Locked`.
    pub fn current_values<E: From<LedgerError>>(
        &self,
        is_wanted: impl Fn(&str, &str) -> bool,
        mut visit: impl FnMut(Entry) -> Result<(), E>,
    ) -> Result<(), E> {
        self.visit(|connection| {
            let names = Names::load(connection)?;
            let mut latest = connection.prepare(&format!(
                "SELECT latest.seq, s.record, latest.role FROM {LATEST} CROSS JOIN subjects s ON s.id = latest.subject
                 WHERE s.key IS NOT NULL"
            ))?;
            let mut whole = connection.prepare(&entries_where("e.seq = ?1"))?;
            let mut rows = latest.query([])?;
            while let Some(row) = rows.next()? {
                if !is_wanted(text(row, 1)?, text(row, 2)?) {
                    continue;
                }
                let mut found = whole.query([integer(row, 0)?])?;
                if let Some(row) = found.next()? {
                    visit(entry(row, &names)?).map_err(Stop::Visitor)?;
                }
            }
            Ok(())
        })
    }

    /// Visits every record and role with the start of its present ownership: the run whose entry last changed the owner
    /// (to somebody, or to nobody). One pass over the entries, in the order of [`Ledger::current`]; companions and
    /// records whose key was erased are left out.
    ///
    /// A visitor that fails ends the visit with its error. Errors of the ledger: `Damaged`, `Locked`.
    pub fn since<E: From<LedgerError>>(&self, mut visit: impl FnMut(Since<'_>) -> Result<(), E>) -> Result<(), E> {
        self.visit(|connection| {
            let names = Names::load(connection)?;
            let mut statement = connection.prepare(
                "SELECT e.subject, e.role, e.owner, e.rule, r.as_of, s.record, s.key
                 FROM entries e INDEXED BY entries_by_subject CROSS JOIN subjects s ON s.id = e.subject
                   CROSS JOIN runs r ON r.seq = e.run
                 WHERE s.key IS NOT NULL ORDER BY e.subject, e.role, e.seq",
            )?;
            let mut rows = statement.query([])?;
            let mut open = Ownership::default();
            while let Some(row) = rows.next()? {
                if Companion::of(text(row, 5)?, text(row, 1)?).is_some() {
                    continue;
                }
                if !open.goes_on_in(row)? {
                    open.close(&names, &mut visit)?;
                    open.begin(row)?;
                }
                open.take(row)?;
            }
            open.close(&names, &mut visit)
        })
    }
}

fn current<'r>(row: &'r Row<'_>, names: &'r Names) -> Result<Current<'r>, LedgerError> {
    Ok(Current {
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
    })
}

/// The entries of one record and role, as far as they have been read. Its texts are kept from pair to pair.
#[derive(Default)]
struct Ownership {
    subject: Option<i64>,
    record: String,
    key: String,
    role: String,
    /// The latest owner and the `as of` of the run that set it; `None` before the first entry.
    owner: Option<(Option<i64>, i64)>,
    rule: Option<i64>,
}

impl Ownership {
    fn goes_on_in(&self, row: &Row<'_>) -> Result<bool, LedgerError> {
        Ok(self.subject == Some(integer(row, 0)?) && self.role == text(row, 1)?)
    }

    fn begin(&mut self, row: &Row<'_>) -> Result<(), LedgerError> {
        self.subject = Some(integer(row, 0)?);
        self.owner = None;
        for (kept, column) in [(&mut self.role, 1), (&mut self.record, 5), (&mut self.key, 6)] {
            kept.clear();
            kept.push_str(text(row, column)?);
        }
        Ok(())
    }

    fn take(&mut self, row: &Row<'_>) -> Result<(), LedgerError> {
        let owner = maybe_integer(row, 2)?;
        if self.owner.is_none_or(|(before, _)| before != owner) {
            self.owner = Some((owner, integer(row, 4)?));
        }
        self.rule = maybe_integer(row, 3)?;
        Ok(())
    }

    fn close<E>(&self, names: &Names, visit: &mut impl FnMut(Since<'_>) -> Result<(), E>) -> Result<(), Stop<E>> {
        let Some((owner, as_of)) = self.owner else {
            return Ok(());
        };
        let since = Since {
            record: &self.record,
            key: &self.key,
            role: &self.role,
            owner: names.owner(owner)?.map(|named| &named.owner),
            as_of,
            rule: names.rule(self.rule)?,
        };
        visit(since).map_err(Stop::Visitor)
    }
}
