//! A ledger in memory: what one run wrote is what the next one starts from.

use crate::world::World;
use ownward::assign::OwnerTable;
use ownward::check::policy::{RoleId, TypedPolicy};
use ownward::compare::{self, Change, ChangeSet, Compared, DriftPolicy, Past, PastEntry, PastRule, RolePast};
use ownward::decide::{Desk, Pooled, RoleInput, RoleResult, Rotations, Scene, decide_role};
use ownward::ledger::RuleRef;
use ownward::plan::rule_fingerprint;
use ownward::value::{Outcome, Owner};
use std::collections::BTreeMap;

/// Everything a ledger knows.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub past: Past,
}

/// What a run decided and wrote.
#[derive(Clone, Debug)]
pub struct Ran {
    /// By role and key.
    pub owners: Vec<BTreeMap<String, Settled>>,
    pub changes: ChangeSet,
    /// The rotations that the run moved.
    pub rotations: Rotations,
}

/// What came of one record.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    pub outcome: Outcome,
    pub owner: Option<String>,
    pub handing_over: Option<(String, i32)>,
}

impl Ran {
    /// Entries that it wrote, hand-overs and rotations among them.
    pub fn entries(&self) -> usize {
        let begun = self.owners.iter().flat_map(|owners| owners.values());
        self.changes.changes.len()
            + self.rotations.len()
            + begun.filter(|settled| settled.handing_over.is_some()).count()
    }

    pub fn owners_alone(&self) -> Vec<BTreeMap<String, Option<String>>> {
        let alone = |owners: &BTreeMap<String, Settled>| {
            owners.iter().map(|(key, settled)| (key.clone(), settled.owner.clone())).collect()
        };
        self.owners.iter().map(alone).collect()
    }
}

impl Book {
    /// One applied run. Panics where the policy has errors.
    pub fn apply(&mut self, world: &World) -> Ran {
        let built = world.build();
        let policy = &built.policy;
        self.past.roles.resize(policy.roles.len(), RolePast::default());
        let mut owners = built.owners.clone();
        let mut desk = Desk::open(policy, &built.binding, &self.past.rotations, &mut owners);
        let (mut after, mut inputs, mut results) = (Vec::new(), Vec::new(), Vec::new());
        for (index, id) in policy.role_ids().enumerate() {
            let table = built.dataset.table(policy.role(id).record);
            let past = &self.past.roles[index];
            let (reads, drift) = (reads_column(policy, id), DriftPolicy::Report);
            let mut input = compare::role_input(table, past, reads, drift, &built.binding, &mut owners);
            input.elsewhere = compare::elsewhere(table, past, &mut owners);
            let scene = Scene::new(policy, id, &built.dataset, &built.binding, &built.as_of, &input.current)
                .with_related(&built.related);
            results.push(decide_role(&scene, &built.plan.roles[index], &input, &mut after, &mut owners, &mut desk));
            inputs.push(input);
        }
        let fingerprints: Vec<Vec<String>> = policy
            .roles
            .iter()
            .map(|role| role.rules.iter().map(|rule| rule_fingerprint(policy, role, rule)).collect())
            .collect();
        let hold_fingerprints: Vec<Vec<String>> = policy
            .roles
            .iter()
            .map(|role| role.holds.iter().map(|hold| rule_fingerprint(policy, role, &hold.rule)).collect())
            .collect();
        let compared = Compared {
            policy,
            dataset: &built.dataset,
            owners: &owners,
            complete: false,
            fingerprints: &fingerprints,
            hold_fingerprints: &hold_fingerprints,
        };
        let changes = compare::compare(&compared, &self.past, &inputs, &results);
        let rotations = desk.changed_states();
        for change in &changes.changes {
            self.write(policy, change, &fingerprints, &hold_fingerprints);
        }
        let mut told = Vec::new();
        for (index, id) in policy.role_ids().enumerate() {
            let table = built.dataset.table(policy.role(id).record);
            told.push(settled(table, &owners, &results[index]));
            let past = &mut self.past.roles[index];
            for row in 0..u32::try_from(table.row_count).expect("few rows") {
                let Some(key) = table.key(row) else { continue };
                let shown = table.shown_owner.as_ref().and_then(|column| column.get(row)).map(str::to_owned);
                past.shown.insert(key.to_owned(), shown);
                assert_consistent(&inputs[index], &results[index], row);
            }
        }
        self.past.rotations.extend(rotations.clone());
        Ran { owners: told, changes, rotations }
    }

    fn write(&mut self, policy: &TypedPolicy, change: &Change, rules: &[Vec<String>], holds: &[Vec<String>]) {
        let at = change.role.0 as usize;
        let role = policy.role(change.role);
        let rule = match (change.rule, change.held) {
            (Some(rule), _) => {
                let fingerprint = rules[at][rule.0 as usize].clone();
                Some(PastRule { label: role.rule(rule).label.clone(), fingerprint })
            }
            (None, Some(held)) => {
                let hold = &role.holds[held.hold];
                let label = hold.rule.label.clone().or_else(|| Some(hold.kind.word().to_owned()));
                let written = RuleRef::hold(label, &holds[at][held.hold], String::new());
                Some(PastRule { fingerprint: written.meaning().to_owned(), label: written.label })
            }
            (None, None) => None,
        };
        let entry = PastEntry {
            outcome: change.outcome,
            owner: change.owner.clone(),
            previous: change.previous.clone(),
            rule,
            is_drift: change.is_drift,
            is_pin: change.pin.is_some(),
            held_since: change.held.map(|held| held.since),
        };
        self.past.roles[at].entries.insert(change.key.clone(), entry);
    }
}

fn reads_column(policy: &TypedPolicy, role: RoleId) -> bool {
    policy.role(role).name == "owner"
}

fn settled(table: &ownward::column::TableData, owners: &OwnerTable, result: &RoleResult) -> BTreeMap<String, Settled> {
    let id = |code: u32| owners.get(code).map(|owner: &Owner| owner.id.clone());
    let rows = 0..u32::try_from(table.row_count).expect("few rows");
    rows.map(|row| {
        let handing_over = result.handing_over.get(&row);
        let settled = Settled {
            outcome: result.outcome[row as usize],
            owner: id(result.owner[row as usize]),
            handing_over: handing_over.map(|over| (id(over.from).expect("somebody"), over.until)),
        };
        (table.key(row).expect("a key").to_owned(), settled)
    })
    .collect()
}

/// What is told beside the owner agrees with the owner.
fn assert_consistent(input: &RoleInput, result: &RoleResult, row: u32) {
    let (before, after) = (input.current[row as usize], result.owner[row as usize]);
    match result.pooled.get(&row) {
        Some(Pooled::Stays(_)) => assert_eq!(before, after, "row {row} stays"),
        Some(Pooled::Picked(_, picked)) => assert_eq!(picked.owner, after, "row {row} is picked"),
        None => {}
    }
    if result.held.contains_key(&row) || result.waiting.contains(row) {
        assert_eq!((before, result.outcome[row as usize]), (after, Outcome::Kept), "row {row} is kept");
    }
    if let Some(over) = result.handing_over.get(&row) {
        assert!(over.from == before && before != after, "row {row} changes hands");
    }
}
