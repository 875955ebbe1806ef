//! The proof: everything is computed anew from the columns and compared with what the runs noted down.
//!
//! The order is that of the walk: the file itself, the stored contents, then runs and entries from the oldest. What
//! follows from a fault already told is not told again, so that the first bad entry is not lost among its consequences.

mod entries;
mod runs;
mod stored;

use rusqlite::Connection;

use self::runs::{RunRow, ShownCursor};
use super::Ledger;
use super::checkpoint::Checkpoint;
use super::error::LedgerError;
use super::merkle::{Frontier, Hash, hex};
use super::read;
use super::rows::Names;
use super::verdict::{Problem, ProblemKind, Verdict};

impl Ledger {
    /// Checks every entry, run and stored content, and with an older checkpoint that nothing was cut off.
    ///
    /// Whatever is wrong with the contents of the file is a [`Problem`] of the verdict; an error (`Locked`, `Io`) only
    /// says that the check could not be made. An empty ledger is sound. Source: design section 5, "Tamper evidence".
    pub fn verify(&self, checkpoint: Option<&Checkpoint>) -> Result<Verdict, LedgerError> {
        self.read(|connection| {
            let mut verdict = Verdict { checkpoint_compared: checkpoint.is_some(), ..Verdict::default() };
            for guard in &self.missing_guards {
                let detail = format!("the guard `{guard}` against changes was removed");
                verdict.add(Problem::new(ProblemKind::Guard, detail));
            }
            // A file that cannot be read to its end still gets a verdict on what was read.
            for step in [stored::check_file, stored::check_contents, stored::check_texts] {
                let result = step(connection, &mut verdict);
                note_damage(result, &mut verdict)?;
            }
            let result = walk(connection, checkpoint, &mut verdict);
            note_damage(result, &mut verdict)?;
            Ok(verdict)
        })
    }
}

/// Turns damage into a problem; other errors stay errors.
fn note_damage(result: Result<(), LedgerError>, verdict: &mut Verdict) -> Result<(), LedgerError> {
    match result {
        Err(LedgerError::Damaged { detail, .. }) => {
            verdict.add(Problem::new(ProblemKind::File, format!("cannot be read further: {detail}")));
            Ok(())
        }
        other => other,
    }
}

/// The state of the walk over runs and entries.
struct Walk<'a> {
    names: Names,
    verdict: &'a mut Verdict,
    checkpoint: Option<&'a Checkpoint>,
    frontier: Frontier,
    /// The `seq` the next entry must have.
    next_seq: u64,
    /// No entry so far was bad: only then do the roots say anything new.
    intact: bool,
    /// Root over as many entries as the checkpoint speaks of.
    checkpoint_root: Option<Hash>,
    /// The number the next run must have.
    next_run: u64,
    /// Entries before the open run.
    run_start: u64,
    /// Seal of the run before, as stored.
    seal: Option<String>,
    /// The run before is there and fits its seal.
    chain_trusted: bool,
    /// Root before the open run, computed and as stored.
    roots_before: [String; 2],
    /// The root of the run before fits its entries.
    tree_trusted: bool,
}

fn walk(connection: &Connection, checkpoint: Option<&Checkpoint>, verdict: &mut Verdict) -> Result<(), LedgerError> {
    let frontier = Frontier::default();
    let empty_root = hex(&frontier.root());
    let mut walk = Walk {
        names: Names::load(connection)?,
        verdict,
        checkpoint,
        frontier,
        next_seq: 1,
        intact: true,
        checkpoint_root: None,
        next_run: 1,
        run_start: 0,
        seal: None,
        chain_trusted: true,
        roots_before: [empty_root.clone(), empty_root],
        tree_trusted: true,
    };
    walk.note_checkpoint_root();
    let result = walk.all(connection);
    walk.verdict.entry_count = walk.frontier.size();
    walk.verdict.root = hex(&walk.frontier.root());
    result?;
    walk.compare_checkpoint();
    if walk.verdict.is_sound() {
        // A run appended now would build on the stored right edge of the tree: it must be the true one.
        let result = read::tip(connection).map(|_| ());
        note_damage(result, walk.verdict)?;
    }
    Ok(())
}

impl Walk<'_> {
    fn all(&mut self, connection: &Connection) -> Result<(), LedgerError> {
        let mut run_statement = connection.prepare(runs::SELECT)?;
        let mut run_rows = run_statement.query([])?;
        let mut entry_statement = connection.prepare(&entries::select())?;
        let mut entry_rows = entry_statement.query([])?;
        let mut shown_statement = connection.prepare(runs::SELECT_SHOWN)?;
        let mut shown = ShownCursor::new(shown_statement.query([])?)?;

        let mut run = RunRow::next(&mut run_rows)?;
        while let Some(row) = entry_rows.next()? {
            let entry = self.look_at(row)?;
            // Only a good entry may say that its run has begun; a changed one would close runs too early.
            while let (Some(open), Some(entry_run)) = (&run, entry.good_of_run())
                && open.number < entry_run
            {
                self.close_run(connection, open, &mut shown, false)?;
                run = RunRow::next(&mut run_rows)?;
            }
            self.take(row, entry);
        }
        while let Some(open) = run {
            self.close_run(connection, &open, &mut shown, true)?;
            run = RunRow::next(&mut run_rows)?;
        }
        if shown.is_left() {
            let detail = "an owner column's value belongs to a run that is not there";
            self.verdict.add(Problem::new(ProblemKind::Shown, detail));
        }
        Ok(())
    }

    fn compare_checkpoint(&mut self) {
        let Some(checkpoint) = self.checkpoint else {
            return;
        };
        let (entries, runs) = (self.frontier.size(), self.verdict.run_count);
        if entries < checkpoint.entry_count || runs < checkpoint.run_count {
            let detail = format!(
                "the checkpoint speaks of {} entries in {} runs, the ledger holds {entries} in {runs}: its end was cut \
                 off, or the checkpoint is of another ledger",
                checkpoint.entry_count, checkpoint.run_count
            );
            self.verdict.add(Problem::new(ProblemKind::Checkpoint, detail));
            return;
        }
        let root = self.checkpoint_root.map(|root| hex(&root));
        if self.intact && root.as_deref() != Some(&checkpoint.root) {
            let detail = format!(
                "the first {} entries are not those the checkpoint speaks of: history was rewritten, or the checkpoint \
                 is of another ledger",
                checkpoint.entry_count
            );
            self.verdict.add(Problem::new(ProblemKind::Checkpoint, detail));
        }
    }

    fn note_checkpoint_root(&mut self) {
        if self.checkpoint.is_some_and(|checkpoint| checkpoint.entry_count == self.frontier.size()) {
            self.checkpoint_root = Some(self.frontier.root());
        }
    }
}
