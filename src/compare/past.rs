//! What was known before the run: the current owner of every record, and which owners somebody changed outside.

use super::{DriftPolicy, PastTeams, Pin, SeenValues};
use crate::assign::{Binding, NOBODY, OwnerTable};
use crate::check::policy::Rule;
use crate::column::TableData;
use crate::decide::{RoleInput, Rotations};
use crate::value::{Outcome, Owner};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What the ledger knows, by [`crate::check::policy::RoleId`].
#[derive(Clone, Debug, Default)]
pub struct Past {
    pub roles: Vec<RolePast>,
    /// Pins given by command, one a record and role at most.
    pub pins: Vec<Pin>,
    /// Where rotations stood after the last run.
    pub rotations: Rotations,
    /// Teams and places, by [`crate::check::policy::GatherId`].
    pub teams: Vec<PastTeams>,
    /// By [`crate::schema::RecordId`]; empty while no rule asks for the past of a field.
    pub seen: Vec<SeenValues>,
}

/// What the ledger knows of one role, by key.
#[derive(Clone, Debug, Default)]
pub struct RolePast {
    pub entries: FxHashMap<String, PastEntry>,
    /// What the source's owner column last showed.
    pub shown: FxHashMap<String, Option<String>>,
    /// Who is handing a record over, and the last day.
    pub handing_over: FxHashMap<String, (Owner, i32)>,
    /// The instant at which the present owner was set, or the record was released; empty while no rule counts an owner's
    /// time.
    pub since: FxHashMap<String, i64>,
}

/// The last entry of one record.
#[derive(Clone, Debug, PartialEq)]
pub struct PastEntry {
    pub outcome: Outcome,
    pub owner: Option<Owner>,
    /// For a record that is gone, the owner it takes up again when it comes back.
    pub previous: Option<Owner>,
    pub rule: Option<PastRule>,
    pub is_drift: bool,
    pub is_pin: bool,
    /// The owner is kept by a hold or a lock since this day.
    pub held_since: Option<i32>,
}

/// The rule that decided, as the ledger identifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRule {
    pub label: Option<String>,
    pub fingerprint: String,
}

impl PastRule {
    /// Whether it is this rule. Identity is the label path, else the fingerprint: a rule is another only if neither is
    /// the same (design section 3, point 16).
    pub fn is(&self, rule: &Rule, fingerprint: &str) -> bool {
        self.fingerprint == fingerprint || (rule.label.is_some() && self.label == rule.label)
    }
}

impl PastEntry {
    /// Whether a rule gave or kept this very owner: no drift, no pin, no hold.
    pub fn has_decided(&self, owner: Option<&Owner>) -> bool {
        let by_rule = !self.is_drift && !self.is_pin && self.held_since.is_none();
        by_rule && matches!(self.outcome, Outcome::Assigned | Outcome::Kept) && self.owner.as_ref() == owner
    }

    /// The current owner: of a record that is gone, the one it had.
    pub fn current(&self) -> Option<&Owner> {
        match self.outcome {
            Outcome::Gone => self.previous.as_ref(),
            _ => self.owner.as_ref(),
        }
    }
}

/// The owner somebody else gave a record since the last run, if that is what the column shows.
///
/// Drift is a column that changed since the last run's look and differs from the ledger's owner. A column that still
/// shows the old value was only not written back to; one that was blanked asks the rules to decide again.
fn drift(
    past: &PastEntry,
    shown_before: Option<&Option<String>>,
    shown_now: Option<&str>,
    binding: &Binding,
) -> Option<Owner> {
    let before = shown_before?;
    if before.as_deref() == shown_now {
        // Unchanged: what was drift stays drift until somebody decides.
        return past.is_drift.then(|| past.owner.clone()).flatten();
    }
    let owner = binding.shown(shown_now?)?;
    (Some(&owner) != past.current()).then_some(owner)
}

/// The owner each row starts from, and the rows whose owner was changed outside.
///
/// `reads_column` says that the source's owner column shows this role's owner. Rows without a key start from nobody.
pub fn role_input(
    table: &TableData,
    past: &RolePast,
    reads_column: bool,
    policy: DriftPolicy,
    binding: &Binding,
    owners: &mut OwnerTable,
) -> RoleInput {
    let count = u32::try_from(table.row_count).unwrap_or(u32::MAX);
    let mut input = RoleInput { current: Vec::with_capacity(table.row_count), ..RoleInput::default() };
    let shown = table.shown_owner.as_ref().filter(|_| reads_column);
    let mut shown_codes = shown.map(|column| ShownCodes::new(column.distinct_count()));
    for row in 0..count {
        let entry = if past.entries.is_empty() { None } else { table.key(row).and_then(|key| past.entries.get(key)) };
        let code = match (entry, shown) {
            (None, Some(column)) => match (column.code(row), &mut shown_codes) {
                (Some(code), Some(codes)) => codes.owner(code, column.distinct(code), binding, owners),
                _ => NOBODY,
            },
            (None, None) => NOBODY,
            (Some(entry), None) => owners.code_of(entry.current()),
            (Some(entry), Some(column)) => {
                let before = table.key(row).and_then(|key| past.shown.get(key));
                let outside = match policy {
                    DriftPolicy::Restore => None,
                    DriftPolicy::Report | DriftPolicy::Accept => drift(entry, before, column.get(row), binding),
                };
                match outside {
                    Some(owner) => {
                        input.drifted.insert(row);
                        owners.code(&owner)
                    }
                    None => owners.code_of(entry.current()),
                }
            }
        };
        if let Some(since) = entry.and_then(|entry| entry.held_since) {
            input.held_since.insert(row, since);
        }
        input.current.push(code);
    }
    input
}

/// How many records of a role each owner has that are not in the table: part of their load, unless they are gone.
pub fn elsewhere(table: &TableData, past: &RolePast, owners: &mut OwnerTable) -> Vec<(u32, u64)> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    for (key, entry) in &past.entries {
        if entry.outcome != Outcome::Gone
            && let Some(owner) = entry.current()
            && table.keys().find(key).is_none()
        {
            *counts.entry(owners.code(owner)).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

/// The owners that texts of the owner column mean, each looked up once.
struct ShownCodes {
    known: Vec<Option<u32>>,
}

impl ShownCodes {
    fn new(count: u32) -> Self {
        ShownCodes { known: vec![None; count as usize] }
    }

    fn owner(&mut self, code: u32, text: &str, binding: &Binding, owners: &mut OwnerTable) -> u32 {
        *self.known[code as usize].get_or_insert_with(|| owners.code_of(binding.shown(text).as_ref()))
    }
}
