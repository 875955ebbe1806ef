//! What goes into the ledger and what comes out of it.
//!
//! These are types of the ledger's edge: plain text and numbers, so that an old ledger can be read by a newer engine
//! whose inner types have changed. Names that occur in every entry are shared (`Arc<str>`), because a first run may
//! hold a million of them.

use std::sync::Arc;

use super::companion::Companion;
use crate::value::{Outcome, Owner};

/// Label and fingerprint of the entry that keeps the owner an outsider has set (design section 3, point 2).
const DRIFT: &str = "drift";
/// Begins the made-up ids of owners whose names were erased; the number of the pseudonym follows.
pub(super) const ERASED: &str = "erased-";
/// Label and fingerprint of the entry whose owner a pin sets.
const PIN: &str = "pin";
/// Begins the fingerprint of a hold, so that no rule can be taken for one.
const HOLD: &str = "hold:";

/// Which rule decided (design section 3, point 16): its label path if it has one, its meaning, and where it stood.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleRef {
    /// Label path within the role (`key-account/large`); `None` for a rule without a label.
    pub label: Option<String>,
    /// Fingerprint of the rule's meaning.
    pub fingerprint: String,
    /// `file:line` at the time of the run; empty where there is no place.
    pub place: String,
}

impl RuleRef {
    /// The rule of entries that keep drift. Fingerprints of written rules are digests, so no policy can forge it.
    pub fn drift() -> Self {
        Self { label: Some(DRIFT.to_owned()), fingerprint: DRIFT.to_owned(), place: String::new() }
    }

    pub fn is_drift(&self) -> bool {
        self.fingerprint == DRIFT
    }

    /// The rule of entries whose owner was set by hand, at its place in the policy.
    pub fn pin(place: String) -> Self {
        Self { label: Some(PIN.to_owned()), fingerprint: PIN.to_owned(), place }
    }

    /// The rule of entries whose owner a hold or a lock keeps.
    pub fn hold(label: Option<String>, fingerprint: &str, place: String) -> Self {
        Self { label, fingerprint: format!("{HOLD}{fingerprint}"), place }
    }

    /// The fingerprint of the meaning, of a hold as of a rule.
    pub fn meaning(&self) -> &str {
        self.fingerprint.strip_prefix(HOLD).unwrap_or(&self.fingerprint)
    }

    pub fn is_hold(&self) -> bool {
        self.fingerprint.starts_with(HOLD)
    }

    pub fn is_pin(&self) -> bool {
        self.fingerprint == PIN
    }
}

/// Something besides the records that the answer depended on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// `policy`, `config`, `list`, `table`, `people`, `calendar`, `engine`.
    pub kind: String,
    /// The file's name within the project, or what else tells inputs of one kind apart.
    pub name: String,
    pub content: Vec<u8>,
}

/// Control totals of one role of one record type.
///
/// `assigned`, `kept`, `nobody`, `unmatched` and `invalid` must add up to `read`; `adopted` and `gone` are counted
/// beside. Outcomes left out count as 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    pub record: Arc<str>,
    pub role: Arc<str>,
    /// Records read.
    pub read: u64,
    pub outcomes: Vec<(Outcome, u64)>,
}

/// One change, as a run hands it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryDraft {
    /// The record type.
    pub record: Arc<str>,
    pub key: String,
    pub role: Arc<str>,
    pub outcome: Outcome,
    /// The owner from now on; `None` when released or when there never was one.
    pub owner: Option<Owner>,
    /// The current owner the decision started from.
    pub previous: Option<Owner>,
    /// `None` where no rule decided (unmatched, invalid, adopted, gone).
    pub rule: Option<Arc<RuleRef>>,
    /// The rule's `because`, or why nothing was decided.
    pub reason: Option<String>,
    /// State of the pool that picked the owner, before it picked.
    pub pool_state: Option<String>,
    /// First day, as days since 1970-01-01.
    pub effective_from: Option<i32>,
    /// Last day, included.
    pub effective_until: Option<i32>,
    /// Every value the role's plan reads, by path; `None` is missing.
    pub values: Vec<(Arc<str>, Option<String>)>,
}

impl EntryDraft {
    /// An entry that says no more than its outcome: without owners, rule, reason, days and values.
    pub fn new(record: Arc<str>, key: String, role: Arc<str>, outcome: Outcome) -> Self {
        EntryDraft {
            record,
            key,
            role,
            outcome,
            owner: None,
            previous: None,
            rule: None,
            reason: None,
            pool_state: None,
            effective_from: None,
            effective_until: None,
            values: Vec::new(),
        }
    }
}

/// What the source's owner column showed for one role of one record, or a field ([`Shown::field`]); `None` when the cell
/// was empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub record: Arc<str>,
    pub key: String,
    pub role: Arc<str>,
    pub value: Option<String>,
}

/// A run to be recorded. Instants are microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDraft {
    /// Root of the ledger the run was planned on ([`Head::root`]).
    pub base: String,
    /// In a stable order; the order is part of the run's id.
    pub inputs: Vec<Input>,
    /// Fingerprint of the snapshot.
    pub snapshot: String,
    /// The options that can change an answer, as one canonical text.
    pub options: String,
    pub as_of: i64,
    /// The wall clock; recorded, never compared.
    pub recorded_at: i64,
    pub actor: String,
    /// Version of the engine and of its time-zone data.
    pub engine: String,
    pub totals: Vec<Totals>,
    /// Why an `as_of` before the last run's is wanted; `None` refuses one.
    pub backdate: Option<String>,
    pub entries: Vec<EntryDraft>,
    /// What the owner columns and the fields under watch showed. Values equal to the last recorded ones are left out by the ledger; a caller that
    /// leaves them out itself is faster.
    pub shown: Vec<Shown>,
}

impl RunDraft {
    /// Whether it records a command (a pin) and decides nothing: it has no control totals.
    pub fn is_command(&self) -> bool {
        self.totals.is_empty()
    }
}

/// Where the ledger stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub entry_count: u64,
    /// Root of the tree over all entries, in hexadecimal; of an empty ledger the SHA-256 of nothing.
    pub root: String,
    pub run_count: u64,
    pub last_as_of: Option<i64>,
    /// Id of the last run.
    pub last_run: Option<String>,
    /// Digest over all runs, their actors, totals and roots; `None` for an empty ledger.
    pub seal: Option<String>,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The run's id.
    pub run: String,
    /// Entries of that run.
    pub entry_count: u64,
    /// The run was already there; nothing was written.
    pub repeated: bool,
    pub head: Head,
}

/// The latest entry of one role of one record, lent to the visitor of [`super::Ledger::current`].
#[derive(Clone, Copy, Debug)]
pub struct Current<'a> {
    pub seq: u64,
    pub record: &'a str,
    pub key: &'a str,
    pub role: &'a str,
    pub outcome: Outcome,
    pub owner: Option<&'a Owner>,
    /// The owner before; for a record that is gone, the one it takes up again when it comes back.
    pub previous: Option<&'a Owner>,
    pub rule: Option<&'a RuleRef>,
    pub effective_from: Option<i32>,
    pub effective_until: Option<i32>,
}

impl Current<'_> {
    /// What it says, if it is no decision.
    pub fn companion(&self) -> Option<Companion<'_>> {
        Companion::of(self.record, self.role)
    }

    /// The owner an outsider has set is kept until someone decides.
    pub fn is_drift(&self) -> bool {
        self.rule.is_some_and(RuleRef::is_drift)
    }
}

/// The last value an owner column showed, lent to the visitor of [`super::Ledger::shown`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastShown<'a> {
    pub record: &'a str,
    pub key: &'a str,
    pub role: &'a str,
    pub owner: Option<&'a str>,
}

/// A value that a field had from one run on, lent to the visitor of [`super::Ledger::seen`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    pub record: &'a str,
    pub key: &'a str,
    /// The field's path.
    pub name: &'a str,
    /// `None` when it was missing, or erased.
    pub value: Option<&'a str>,
    /// The value is no longer known; it was another one than those before and after.
    pub is_erased: bool,
    /// Number of the run that saw it first, from 1.
    pub run: u64,
    /// `as of` of that run.
    pub as_of: i64,
}

/// The start of a present ownership, lent to the visitor of [`super::Ledger::since`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Since<'a> {
    pub record: &'a str,
    pub key: &'a str,
    pub role: &'a str,
    /// `None` where nobody owns the record.
    pub owner: Option<&'a Owner>,
    /// `as of` of the run that set this owner.
    pub as_of: i64,
    /// The rule of the latest entry, which may be another than the one that set the owner.
    pub rule: Option<&'a RuleRef>,
}

/// One entry with the facts of its run.
///
/// An owner whose name was erased has the id `erased-N`, with the number of the pseudonym.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: u64,
    pub run: String,
    pub as_of: i64,
    pub recorded_at: i64,
    pub actor: String,
    pub record: String,
    /// `None` when the key was erased.
    pub key: Option<String>,
    pub role: String,
    pub outcome: Outcome,
    pub owner: Option<Owner>,
    pub previous: Option<Owner>,
    pub rule: Option<RuleRef>,
    pub reason: Option<String>,
    pub pool_state: Option<String>,
    pub effective_from: Option<i32>,
    pub effective_until: Option<i32>,
    /// Path and value in the order they were handed in; `None` when erased.
    pub values: Option<Vec<(String, Option<String>)>>,
}

impl Entry {
    /// What it says, if it is no decision.
    pub fn companion(&self) -> Option<Companion<'_>> {
        Companion::of(&self.record, &self.role)
    }

    /// Whether the name of its owner was erased.
    pub fn owner_is_erased(&self) -> bool {
        is_erased(self.owner.as_ref())
    }

    /// Whether the name of its owner or of the one before was erased.
    pub fn has_erased_names(&self) -> bool {
        is_erased(self.owner.as_ref()) || is_erased(self.previous.as_ref())
    }
}

fn is_erased(owner: Option<&Owner>) -> bool {
    owner.is_some_and(|owner| owner.id.starts_with(ERASED))
}

/// What was erased: its proof holds, but it can no longer be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Entries whose reason and values are gone.
    pub entry_values: u64,
    /// Names of owners and keys of records.
    pub names: u64,
    pub texts: u64,
    /// Policies, lists and other inputs of runs.
    pub inputs: u64,
}

/// An input of a run as it is stored; `content` is `None` when it was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredInput {
    pub kind: String,
    pub name: String,
    /// SHA-256 of the content, in hexadecimal.
    pub hash: String,
    pub content: Option<Vec<u8>>,
}

/// One recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Position among the runs, from 1.
    pub number: u64,
    pub id: String,
    pub base: String,
    pub snapshot: String,
    pub options: String,
    pub as_of: i64,
    pub recorded_at: i64,
    pub actor: String,
    pub engine: String,
    pub backdate: Option<String>,
    /// In the order of record type and role.
    pub totals: Vec<Totals>,
    pub entry_count: u64,
    /// Entries of the ledger after the run.
    pub tree_size: u64,
    /// Root after the run.
    pub root: String,
}
