//! Each run: its id, its place in the chain, its totals, its tree, what it saw in the owner columns.

use rusqlite::{Connection, Row, Rows};

use super::Walk;
use crate::ledger::draft::check_totals;
use crate::ledger::encoding::{InputHash, Seal, ShownDigest, run_id};
use crate::ledger::error::LedgerError;
use crate::ledger::merkle::{Hash, hex};
use crate::ledger::read::totals_of;
use crate::ledger::rows::{count, hash, integer, maybe_hash, maybe_integer, maybe_text, text};
use crate::ledger::verdict::{Problem, ProblemKind};

pub(super) const SELECT: &str = "SELECT seq, id, base, snapshot, options, as_of, recorded_at, actor, engine, backdate, \
     entry_count, tree_size, root, shown_count, shown_digest, seal FROM runs ORDER BY seq";
pub(super) const SELECT_SHOWN: &str = "SELECT w.run, w.subject, w.role, w.value, t.commitment FROM shown w \
     LEFT JOIN texts t ON t.id = w.value ORDER BY w.run, w.subject, w.role";

/// A run's row.
pub(super) struct RunRow {
    pub number: u64,
    id: String,
    base: String,
    snapshot: String,
    options: String,
    as_of: i64,
    recorded_at: i64,
    actor: String,
    engine: String,
    backdate: Option<String>,
    entry_count: u64,
    tree_size: u64,
    root: String,
    shown_count: u64,
    shown_digest: Hash,
    seal: String,
}

impl RunRow {
    pub fn next(rows: &mut Rows<'_>) -> Result<Option<Self>, LedgerError> {
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let own = |column| text(row, column).map(str::to_owned);
        Ok(Some(Self {
            number: count(integer(row, 0)?)?,
            id: own(1)?,
            base: own(2)?,
            snapshot: own(3)?,
            options: own(4)?,
            as_of: integer(row, 5)?,
            recorded_at: integer(row, 6)?,
            actor: own(7)?,
            engine: own(8)?,
            backdate: maybe_text(row, 9)?.map(str::to_owned),
            entry_count: count(integer(row, 10)?)?,
            tree_size: count(integer(row, 11)?)?,
            root: own(12)?,
            shown_count: count(integer(row, 13)?)?,
            shown_digest: hash(row, 14)?,
            seal: own(15)?,
        }))
    }
}

/// The rows of `shown` in the order of runs, one row ahead.
pub(super) struct ShownCursor<'s> {
    rows: Rows<'s>,
    next: Option<ShownRow>,
}

struct ShownRow {
    run: u64,
    subject: i64,
    role: String,
    commitment: Option<Hash>,
}

impl<'s> ShownCursor<'s> {
    pub fn new(mut rows: Rows<'s>) -> Result<Self, LedgerError> {
        let next = rows.next()?.map(shown_row).transpose()?;
        Ok(Self { rows, next })
    }

    pub fn is_left(&self) -> bool {
        self.next.is_some()
    }

    /// The digest over the rows of a run. Rows of runs that are not there are taken in too: a digest they spoil says so.
    fn digest_of(&mut self, run: u64) -> Result<(u64, Hash), LedgerError> {
        let mut digest = ShownDigest::new();
        while let Some(row) = self.next.take_if(|row| row.run <= run) {
            digest.add(row.subject, &row.role, row.commitment.as_ref());
            self.next = self.rows.next()?.map(shown_row).transpose()?;
        }
        Ok((digest.row_count, digest.finish()))
    }
}

fn shown_row(row: &Row<'_>) -> Result<ShownRow, LedgerError> {
    let commitment = maybe_hash(row, 4)?;
    if maybe_integer(row, 3)?.is_some() != commitment.is_some() {
        return Err(LedgerError::damaged("the text of an owner column's value is missing"));
    }
    Ok(ShownRow {
        run: count(integer(row, 0)?)?,
        subject: integer(row, 1)?,
        role: text(row, 2)?.to_owned(),
        commitment,
    })
}

impl Walk<'_> {
    /// Checks a run all of whose entries have been taken. `at_end`: there are no more entries at all.
    pub(super) fn close_run(
        &mut self,
        connection: &Connection,
        run: &RunRow,
        shown: &mut ShownCursor<'_>,
        at_end: bool,
    ) -> Result<(), LedgerError> {
        self.check_number(run);
        let root = hex(&self.frontier.root());
        let size = self.frontier.size();
        if at_end && self.intact && size < run.tree_size && root != run.root {
            self.missing(size + 1, run.tree_size);
            self.next_seq = run.tree_size.saturating_add(1);
        }
        let inputs = inputs_of(connection, run.number)?;
        let mut faults = self.own_faults(connection, run, &inputs)?;
        faults.extend(self.tree_faults(run, &root));
        let (shown_count, shown_digest) = shown.digest_of(run.number)?;
        if (shown_count, shown_digest) != (run.shown_count, run.shown_digest) {
            faults.push("what it saw in the owner columns was changed".to_owned());
        }
        let sealed = self.seal_of(connection, run, &inputs).is_some_and(|seal| seal == run.seal);
        if faults.is_empty() && !sealed && self.chain_trusted {
            faults.push("its row was changed: it does not give the seal it was recorded with".to_owned());
        }
        self.compare_run_with_checkpoint(run, faults.is_empty());
        if !faults.is_empty() {
            let detail = format!("run {} ({:.12}): {}", run.number, run.id, faults.join("; "));
            self.verdict.add(Problem::new(ProblemKind::Run, detail));
        }
        self.chain_trusted = sealed;
        self.seal = Some(run.seal.clone());
        self.roots_before = [root, run.root.clone()];
        self.run_start = size;
        Ok(())
    }

    fn check_number(&mut self, run: &RunRow) {
        self.verdict.run_count += 1;
        if run.number != self.next_run {
            let detail = format!("run {} is missing", self.next_run);
            self.verdict.add(Problem::new(ProblemKind::Run, detail));
            // The chain is known to be torn here; that the next seal does not fit says nothing new.
            self.chain_trusted = false;
        }
        self.next_run = run.number.saturating_add(1);
    }

    /// What contradicts itself within the row and the tables of the run.
    fn own_faults(
        &self,
        connection: &Connection,
        run: &RunRow,
        inputs: &[InputHash],
    ) -> Result<Vec<String>, LedgerError> {
        let mut faults = Vec::new();
        let id = run_id(&run.base, inputs, &run.snapshot, &run.options, run.as_of);
        if id != run.id {
            let what = "its base, inputs, snapshot, options or `as of` were changed: they do not give its id";
            faults.push(what.to_owned());
        } else if self.chain_trusted && !self.roots_before.contains(&run.base) {
            faults.push("it does not start from the root before it".to_owned());
        }
        match totals_of(connection, signed(run.number)) {
            Ok(totals) if check_totals(&totals).is_ok() => {}
            Ok(_) => faults.push("its control totals do not add up".to_owned()),
            Err(LedgerError::Damaged { detail, .. }) => {
                faults.push(format!("its control totals cannot be read: {detail}"));
            }
            Err(error) => return Err(error),
        }
        Ok(faults)
    }

    /// What contradicts the entries. After a bad entry nothing of this is news.
    fn tree_faults(&mut self, run: &RunRow, root: &str) -> Vec<String> {
        if !self.intact {
            return Vec::new();
        }
        let mut faults = Vec::new();
        let (size, start) = (self.frontier.size(), self.run_start);
        if run.tree_size != size || run.entry_count != size - start {
            faults.push(format!(
                "it notes {} entries of {} in all, but there are {} of {size}",
                run.entry_count,
                run.tree_size,
                size - start
            ));
        }
        if run.root != root && self.tree_trusted {
            faults.push(if size > start {
                format!(
                    "its root does not follow from the entries: one of {} to {size} was changed together with its hash, \
                     or the root was",
                    start + 1
                )
            } else {
                "its root does not follow from the entries".to_owned()
            });
        }
        // Later roots contain the same fault; only a run that fits again starts a new count.
        self.tree_trusted = run.root == root;
        faults
    }

    fn seal_of(&self, connection: &Connection, run: &RunRow, inputs: &[InputHash]) -> Option<String> {
        let totals = totals_of(connection, signed(run.number)).ok()?;
        let seal = Seal {
            before: self.seal.as_deref(),
            id: &run.id,
            base: &run.base,
            snapshot: &run.snapshot,
            options: &run.options,
            as_of: run.as_of,
            recorded_at: run.recorded_at,
            actor: &run.actor,
            engine: &run.engine,
            backdate: run.backdate.as_deref(),
            inputs,
            totals: &totals,
            shown_count: run.shown_count,
            shown_digest: &run.shown_digest,
            tree_size: run.tree_size,
            root: &run.root,
        };
        Some(seal.hash())
    }

    /// A run can be forged without a trace in the ledger itself, by sealing it and all later ones anew.
    fn compare_run_with_checkpoint(&mut self, run: &RunRow, sound: bool) {
        let Some(checkpoint) = self.checkpoint else {
            return;
        };
        let differs = checkpoint.run.as_deref() != Some(&run.id)
            || checkpoint.seal.as_deref() != Some(&run.seal)
            || checkpoint.entry_count != run.tree_size;
        if checkpoint.run_count == run.number && sound && differs {
            let detail = format!(
                "run {} is not the one the checkpoint speaks of: history was rewritten, or the checkpoint is of another \
                 ledger",
                run.number
            );
            self.verdict.add(Problem::new(ProblemKind::Checkpoint, detail));
        }
    }
}

fn inputs_of(connection: &Connection, run: u64) -> Result<Vec<InputHash>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT kind, name, hash FROM run_inputs WHERE run = ?1 ORDER BY position")?;
    let inputs = statement
        .query_map([signed(run)], |row| Ok(InputHash { kind: row.get(0)?, name: row.get(1)?, hash: row.get(2)? }))?;
    Ok(inputs.collect::<Result<_, _>>()?)
}

/// Run numbers were read from a signed column, so they fit one.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
