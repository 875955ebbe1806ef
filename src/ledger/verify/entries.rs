//! Each entry: its place, its leaf from its columns, its commitment from the side tables.

use rusqlite::Row;

use super::Walk;
use crate::ledger::encoding::{Leaf, Secret};
use crate::ledger::error::LedgerError;
use crate::ledger::merkle::Hash;
use crate::ledger::rows::{
    ENTRY_COLUMN_COUNT, ENTRY_COLUMNS, ENTRY_SOURCES, NamedOwner, RawEntry, count, integer, maybe_text,
};
use crate::ledger::verdict::{Problem, ProblemKind};

pub(super) fn select() -> String {
    format!("SELECT {ENTRY_COLUMNS}, r.id FROM {ENTRY_SOURCES} LEFT JOIN runs r ON r.seq = e.run ORDER BY e.seq")
}

/// What the columns of an entry give.
pub(super) struct Computed {
    seq: u64,
    run: u64,
    leaf: Hash,
    /// What is wrong with it.
    fault: Option<String>,
    erased: bool,
}

impl Computed {
    /// The number of its run, if the entry is as it was written.
    pub fn good_of_run(&self) -> Option<u64> {
        self.fault.is_none().then_some(self.run)
    }
}

impl Walk<'_> {
    /// Looks at the next entry by itself.
    pub(super) fn look_at(&mut self, row: &Row<'_>) -> Result<Computed, LedgerError> {
        let seq = count(integer(row, 0)?)?;
        self.check_place(seq);
        match self.compute(row) {
            Err(LedgerError::Damaged { detail, .. }) => {
                Ok(Computed { seq, run: 0, leaf: [0; 32], fault: Some(detail), erased: false })
            }
            other => other,
        }
    }

    /// Puts an entry into the tree, and blames it if it is bad.
    pub(super) fn take(&mut self, row: &Row<'_>, entry: Computed) {
        self.frontier.push(entry.leaf);
        self.note_checkpoint_root();
        self.verdict.erased_count += u64::from(entry.erased);
        if let Some(detail) = entry.fault {
            self.blame(entry.seq, row, detail);
        }
    }

    fn check_place(&mut self, seq: u64) {
        if seq > self.next_seq {
            self.missing(self.next_seq, seq - 1);
        } else if seq < self.next_seq {
            // Only a broken file hands out rows in another order than that of their number.
            self.intact = false;
            let problem = Problem::new(ProblemKind::Entry, "it stands out of order");
            self.verdict.add(Problem { seq: Some(seq), ..problem });
        }
        self.next_seq = seq.saturating_add(1);
    }

    /// Entries `first` to `last` are not there.
    pub(super) fn missing(&mut self, first: u64, last: u64) {
        self.intact = false;
        let detail = match last - first {
            0 => "it is missing".to_owned(),
            _ => format!("it and all up to entry {last} are missing"),
        };
        self.verdict.add(Problem { seq: Some(first), ..Problem::new(ProblemKind::MissingEntry, detail) });
    }

    fn blame(&mut self, seq: u64, row: &Row<'_>, detail: String) {
        self.intact = false;
        let name = |column| maybe_text(row, column).ok().flatten().map(str::to_owned);
        self.verdict.add(Problem { kind: ProblemKind::Entry, seq: Some(seq), record: name(12), key: name(13), detail });
    }

    fn compute(&self, row: &Row<'_>) -> Result<Computed, LedgerError> {
        let raw = RawEntry::of(row)?;
        let run_id = maybe_text(row, ENTRY_COLUMN_COUNT)?
            .ok_or_else(|| LedgerError::damaged(format!("its run {} is missing", raw.run)))?;
        let owner = self.names.owner(raw.owner)?;
        let previous = self.names.owner(raw.previous)?;
        let leaf = Leaf {
            seq: raw.seq,
            run_id,
            subject: raw.subject,
            role: raw.role,
            outcome: raw.outcome,
            owner: raw.owner,
            previous: raw.previous,
            rule: self.names.rule(raw.rule)?,
            effective_from: raw.effective_from,
            effective_until: raw.effective_until,
            commitment: &raw.commitment,
        }
        .hash();
        let committed = committed(&raw, owner, previous);
        let fault = if leaf != raw.leaf {
            Some("its row or its rule was changed: it does not give the hash it was recorded with")
        } else if !raw.subject_found {
            Some("its record is missing")
        } else if committed.is_some_and(|commitment| commitment != raw.commitment) {
            Some("its key, owners, reason or values were changed: they are not those it was recorded with")
        } else {
            None
        };
        Ok(Computed {
            seq: raw.seq,
            run: count(raw.run)?,
            leaf,
            fault: fault.map(str::to_owned),
            erased: committed.is_none(),
        })
    }
}

/// The commitment to what the side tables hold; `None` when a part of it was erased.
fn committed(raw: &RawEntry<'_>, owner: Option<&NamedOwner>, previous: Option<&NamedOwner>) -> Option<Hash> {
    let details = raw.details.as_ref()?;
    let erased = |named: Option<&NamedOwner>| named.is_some_and(|named| named.erased);
    let reason_erased = details.has_reason && details.reason.is_none();
    if erased(owner) || erased(previous) || reason_erased {
        return None;
    }
    let secret = Secret {
        record: raw.record?,
        key: raw.key?,
        owner: owner.map(names),
        previous: previous.map(names),
        reason: details.reason,
        pool_state: details.pool_state,
        paths: details.paths?,
        values: details.values,
    };
    Some(secret.commitment(&details.salt))
}

fn names(named: &NamedOwner) -> (&str, &str) {
    (named.owner.kind.word(), &named.owner.id)
}
