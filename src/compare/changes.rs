//! Which decisions are changes, how many of them move a record, and the control totals.

use super::past::{Past, PastEntry, PastRule, RolePast};
use crate::assign::OwnerTable;
use crate::check::policy::{RoleId, RuleId, TypedPolicy};
use crate::column::{Dataset, RowSet};
use crate::decide::{Held, NO_RULE, RoleInput, RoleResult};
use crate::value::{Outcome, Owner};
use rustc_hash::FxHashSet;

/// One entry that a run would write.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub role: RoleId,
    pub key: String,
    /// The row of the snapshot; `None` for a record that is gone.
    pub row: Option<u32>,
    pub outcome: Outcome,
    /// The owner from now on.
    pub owner: Option<Owner>,
    /// The owner it started from.
    pub previous: Option<Owner>,
    pub rule: Option<RuleId>,
    /// The owner was changed outside and is kept.
    pub is_drift: bool,
    /// The owner was set by hand: the pin's place in the run's list.
    pub pin: Option<usize>,
    /// A hold or a lock keeps the owner.
    pub held: Option<Held>,
}

impl Change {
    /// Whether it takes a record away from somebody, or stops deciding one that has an owner: what `max-moves` counts.
    /// First assignments and adoptions are no moves.
    pub fn is_move(&self) -> bool {
        match self.outcome {
            Outcome::Adopted => false,
            Outcome::Gone | Outcome::Invalid => self.previous.is_some(),
            _ => self.previous.is_some() && self.previous != self.owner,
        }
    }
}

/// Control totals of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleTotals {
    pub role: RoleId,
    /// Records read; the sum of the five outcomes a decision can have.
    pub read: u64,
    pub outcomes: Vec<(Outcome, u64)>,
    /// Records that had an owner before the run: what `max-moves` is a share of.
    pub had_owner: u64,
}

impl RoleTotals {
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.outcomes.iter().find(|(known, _)| *known == outcome).map_or(0, |(_, count)| *count)
    }
}

/// Everything that would change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeSet {
    /// Role by role, rows in the order of the snapshot, records that are gone last and by key.
    pub changes: Vec<Change>,
    pub totals: Vec<RoleTotals>,
}

impl ChangeSet {
    pub fn moves(&self) -> u64 {
        self.changes.iter().filter(|change| change.is_move()).count() as u64
    }

    pub fn had_owner(&self) -> u64 {
        self.totals.iter().map(|totals| totals.had_owner).sum()
    }
}

/// What is held against the past for one role.
pub struct Compared<'a> {
    pub policy: &'a TypedPolicy,
    pub dataset: &'a Dataset,
    pub owners: &'a OwnerTable,
    /// Records that are no longer there are *gone*, not merely unread.
    pub complete: bool,
    /// The fingerprint of each rule, by role and rule.
    pub fingerprints: &'a [Vec<String>],
    /// The same of holds.
    pub hold_fingerprints: &'a [Vec<String>],
}

/// The changes of all roles. `inputs` and `results` stand by [`RoleId`].
pub fn compare(compared: &Compared<'_>, past: &Past, inputs: &[RoleInput], results: &[RoleResult]) -> ChangeSet {
    let mut set = ChangeSet::default();
    let nothing = RolePast::default();
    for (role, (input, result)) in compared.policy.role_ids().zip(inputs.iter().zip(results)) {
        let role_past = past.roles.get(role.0 as usize).unwrap_or(&nothing);
        compared.role(role, role_past, input, result, &mut set);
    }
    set
}

impl Compared<'_> {
    fn role(&self, role: RoleId, past: &RolePast, input: &RoleInput, result: &RoleResult, set: &mut ChangeSet) {
        let table = self.dataset.table(self.policy.role(role).record);
        let count = u32::try_from(table.row_count).unwrap_or(u32::MAX);
        let mut totals = [0_u64; Outcome::ALL.len()];
        let mut had_owner = 0;
        let mut doubled_seen: FxHashSet<&str> = FxHashSet::default();
        for row in 0..count {
            let at = row as usize;
            let outcome = result.outcome[at];
            totals[slot(outcome)] += 1;
            let previous = self.owners.get(input.current[at]);
            had_owner += u64::from(previous.is_some());
            let Some(key) = table.key(row) else { continue };
            if table.unkeyed.contains(row) && !doubled_seen.insert(key) {
                continue;
            }
            let known = if past.entries.is_empty() { None } else { past.entries.get(key) };
            if known.is_none()
                && let Some(owner) = previous
            {
                totals[slot(Outcome::Adopted)] += 1;
                set.changes.push(Change {
                    role,
                    key: key.to_owned(),
                    row: Some(row),
                    outcome: Outcome::Adopted,
                    owner: Some(owner.clone()),
                    previous: None,
                    rule: None,
                    is_drift: false,
                    pin: None,
                    held: None,
                });
            }
            let held = result.held.get(&row).copied();
            let rule = (result.rule[at] != NO_RULE).then_some(RuleId(result.rule[at]));
            let is_drift = rule.is_none() && outcome == Outcome::Kept && input.drifted.contains(row);
            let pin = input.pinned.get(&row).map(|pinned| pinned.pin);
            let owner = self.owners.get(result.owner[at]);
            // A rule that keeps the owner whom the ledger has says nothing new, whoever gave it before.
            let keeps = outcome == Outcome::Kept && rule.is_some() && !result.waiting.contains(row);
            if known.is_none_or(|known| {
                if keeps && known.has_decided(owner) {
                    return false;
                }
                known.is_pin != pin.is_some()
                    || known.held_since.is_some() != held.is_some()
                    || held.is_some_and(|held| !self.same_hold(known, role, held))
                    || self.differs(known, role, outcome, owner, rule, is_drift)
            }) {
                set.changes.push(Change {
                    role,
                    key: key.to_owned(),
                    row: Some(row),
                    outcome,
                    owner: owner.cloned(),
                    // Drift started from the owner the ledger knew, not from the one that came from outside.
                    previous: if is_drift { known.and_then(PastEntry::current).cloned() } else { previous.cloned() },
                    rule,
                    is_drift,
                    pin,
                    held,
                });
            }
        }
        if self.complete {
            totals[slot(Outcome::Gone)] = self.gone(role, past, set);
            // A record that is gone had an owner too: it counts among those a run could move.
            had_owner += past
                .entries
                .iter()
                .filter(|(key, entry)| {
                    entry.outcome != Outcome::Gone && entry.owner.is_some() && table.keys().find(key).is_none()
                })
                .count() as u64;
        }
        let outcomes = Outcome::ALL.into_iter().zip(totals).collect();
        set.totals.push(RoleTotals { role, read: u64::from(count), outcomes, had_owner });
    }

    /// Whether the last entry says something else: outcome, owner, or both names of the deciding rule.
    fn differs(
        &self,
        known: &PastEntry,
        role: RoleId,
        outcome: Outcome,
        owner: Option<&Owner>,
        rule: Option<RuleId>,
        is_drift: bool,
    ) -> bool {
        if known.outcome != outcome || known.owner.as_ref() != owner || known.is_drift != is_drift {
            return true;
        }
        match (&known.rule, rule) {
            (Some(before), Some(now)) => !self.same_rule(before, role, now),
            (None, Some(_)) => true,
            // Nothing decided now and then: drift has been compared above.
            _ => false,
        }
    }

    fn same_rule(&self, before: &PastRule, role: RoleId, now: RuleId) -> bool {
        before.is(self.policy.role(role).rule(now), &self.fingerprints[role.0 as usize][now.0 as usize])
    }

    fn same_hold(&self, known: &PastEntry, role: RoleId, held: Held) -> bool {
        let rule = &self.policy.role(role).holds[held.hold].rule;
        let fingerprint = &self.hold_fingerprints[role.0 as usize][held.hold];
        known.rule.as_ref().is_some_and(|before| before.is(rule, fingerprint))
    }

    fn gone(&self, role: RoleId, past: &RolePast, set: &mut ChangeSet) -> u64 {
        let keys = self.dataset.table(self.policy.role(role).record).keys();
        let mut gone: Vec<(&String, &PastEntry)> = past
            .entries
            .iter()
            .filter(|(key, entry)| entry.outcome != Outcome::Gone && keys.find(key).is_none())
            .collect();
        gone.sort_by_key(|(key, _)| *key);
        for (key, entry) in &gone {
            set.changes.push(Change {
                role,
                key: (*key).clone(),
                row: None,
                outcome: Outcome::Gone,
                owner: None,
                previous: entry.owner.clone(),
                rule: None,
                is_drift: false,
                pin: None,
                held: None,
            });
        }
        gone.len() as u64
    }
}

fn slot(outcome: Outcome) -> usize {
    Outcome::ALL.iter().position(|known| *known == outcome).unwrap_or(0)
}

/// Rows of a set that hold a key, for messages.
pub fn keys_of(dataset: &Dataset, record: crate::schema::RecordId, rows: &RowSet, most: usize) -> Vec<String> {
    rows.iter().filter_map(|row| dataset.table(record).key(row).map(str::to_owned)).take(most).collect()
}
