//! What a verification found.

use std::fmt;

/// Problems listed in full; the number of further ones is told.
const PROBLEMS_MAX: usize = 100;

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// The file itself: SQLite cannot read it or finds its pages or indexes in disorder.
    File,
    /// A trigger that guards against changes is missing.
    Guard,
    /// An entry is not as it was written.
    Entry,
    /// An entry was deleted.
    MissingEntry,
    /// A run is not as it was written.
    Run,
    /// A stored policy, list, table or other input is not as it was.
    Input,
    /// What the owner columns showed is not as it was written.
    Shown,
    /// The ledger does not continue the state the checkpoint speaks of.
    Checkpoint,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub kind: ProblemKind,
    /// The entry, where the problem is one of an entry.
    pub seq: Option<u64>,
    /// Record type of the entry, where it can still be told.
    pub record: Option<String>,
    pub key: Option<String>,
    /// A sentence without a full stop.
    pub detail: String,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, seq: None, record: None, key: None, detail: detail.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(seq) = self.seq {
            write!(f, "entry {seq}")?;
            match (&self.record, &self.key) {
                (Some(record), Some(key)) => write!(f, " ({record} `{key}`)")?,
                (Some(record), None) => write!(f, " ({record}, key erased)")?,
                (None, _) => {}
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.detail)
    }
}

/// The result of [`super::Ledger::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Entries found.
    pub entry_count: u64,
    pub run_count: u64,
    /// Root over the entries found, computed from their columns.
    pub root: String,
    /// Entries whose values were erased: their leaves are proved, their values are not there to be checked.
    pub erased_count: u64,
    /// Whether a checkpoint was compared. Without one a cut tail cannot be seen.
    pub checkpoint_compared: bool,
    /// In the order they were found: the file, then runs and entries from the oldest, then the checkpoint. The first
    /// hundred.
    pub problems: Vec<Problem>,
    /// Problems beyond those listed.
    pub further_problem_count: u64,
}

impl Verdict {
    /// Nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// The first entry that is not as it was written, or is missing.
    pub fn first_bad_entry(&self) -> Option<&Problem> {
        self.problems.iter().filter(|problem| problem.seq.is_some()).min_by_key(|problem| problem.seq)
    }

    pub(super) fn add(&mut self, problem: Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        } else {
            self.further_problem_count += 1;
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        if self.further_problem_count > 0 {
            writeln!(f, "and {} more", self.further_problem_count)?;
        }
        let state = if self.is_sound() { "sound" } else { "not sound" };
        writeln!(
            f,
            "the ledger is {state}: {} entries in {} runs, root {}",
            self.entry_count, self.run_count, self.root
        )?;
        if self.erased_count > 0 {
            writeln!(f, "the values of {} entries were erased", self.erased_count)?;
        }
        if !self.checkpoint_compared {
            writeln!(f, "no checkpoint was given: runs cut off the end would not be seen")?;
        }
        Ok(())
    }
}
