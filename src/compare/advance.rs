//! What would be known after a run: the past with the run's changes in it, without a ledger.
//!
//! `upcoming` walks through the days to come with it: each day starts from where the day before ended.

use super::{Change, ChangeSet, Past, PastEntry, PastRule, PastTeam, RolePast, SeenValues, Sight, TeamChange};
use crate::assign::OwnerTable;
use crate::check::policy::{RoleId, TypedPolicy};
use crate::column::Dataset;
use crate::decide::{RoleResult, Rotations};
use crate::value::Outcome;

/// A run, as far as the next one starts from it.
pub struct Advanced<'a> {
    pub policy: &'a TypedPolicy,
    pub dataset: &'a Dataset,
    pub owners: &'a OwnerTable,
    pub results: &'a [RoleResult],
    /// By role and rule.
    pub fingerprints: &'a [Vec<String>],
    /// By role and hold.
    pub hold_fingerprints: &'a [Vec<String>],
    pub changes: &'a ChangeSet,
    pub teams: Vec<&'a TeamChange>,
    /// Rotations that gave turns.
    pub rotations: Rotations,
    /// The run's number among all, and its `as of`.
    pub run: u64,
    pub as_of: i64,
}

impl Advanced<'_> {
    /// Puts the run's changes into what was known before it. Owner columns are taken to show what they showed.
    pub fn apply(&self, past: &mut Past) {
        past.roles.resize(self.policy.roles.len(), RolePast::default());
        past.teams.resize(self.policy.gathers.len(), Default::default());
        for change in self.changes.changes.iter().filter(|change| change.outcome != Outcome::Adopted) {
            let entry = self.entry(change);
            let role = &mut past.roles[change.role.0 as usize];
            // As the ledger tells it: a record that comes back, or is seen for the first time, begins anew.
            if role.entries.get(&change.key).is_none_or(|before| before.owner != change.owner) {
                role.since.insert(change.key.clone(), self.as_of);
            }
            role.entries.insert(change.key.clone(), entry);
        }
        self.see(past);
        for (role, result) in self.policy.role_ids().zip(self.results) {
            let table = self.dataset.table(self.policy.role(role).record);
            for (row, handing_over) in &result.handing_over {
                if let (Some(key), Some(outgoing)) = (table.key(*row), self.owners.get(handing_over.from)) {
                    let hand_over = (outgoing.clone(), handing_over.until);
                    past.roles[role.0 as usize].handing_over.insert(key.to_owned(), hand_over);
                }
            }
        }
        for change in &self.teams {
            let team = PastTeam { outcome: change.outcome, members: change.members.clone() };
            past.teams[change.gather.0 as usize].insert(change.key.clone(), team);
        }
        past.rotations.extend(self.rotations.iter().map(|(name, state)| (name.clone(), state.clone())));
    }

    /// What the run saw of fields whose past rules ask for.
    fn see(&self, past: &mut Past) {
        let news = super::news(self.policy, self.dataset, past);
        if !news.is_empty() {
            past.seen.resize(self.policy.schema.records.len(), SeenValues::default());
        }
        for news in news {
            let sight = news.value.as_deref().map_or(Sight::Missing, Sight::Text);
            past.seen[news.record.0 as usize].add(&news.key, news.field, sight, self.run, self.as_of);
        }
    }

    fn entry(&self, change: &Change) -> PastEntry {
        PastEntry {
            outcome: change.outcome,
            owner: change.owner.clone(),
            previous: change.previous.clone(),
            rule: self.rule(change),
            is_drift: change.is_drift,
            is_pin: change.pin.is_some(),
            held_since: change.held.map(|held| held.since),
        }
    }

    fn rule(&self, change: &Change) -> Option<PastRule> {
        let RoleId(role) = change.role;
        if let Some(held) = change.held {
            let hold = &self.policy.role(change.role).holds[held.hold];
            let fingerprint = self.hold_fingerprints[role as usize][held.hold].clone();
            return Some(PastRule { label: hold.rule.label.clone(), fingerprint });
        }
        let rule = change.rule?;
        let label = self.policy.role(change.role).rule(rule).label.clone();
        Some(PastRule { label, fingerprint: self.fingerprints[role as usize][rule.0 as usize].clone() })
    }
}
