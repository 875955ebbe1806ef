//! What two versions of a role decide differently, for every possible record: the proof behind `ownward diff`.

use super::combine::{Combined, combine};
use super::difference::{Change, Decision, Difference, RoleProof, RuleRef};
use super::ground::{Budget, Doubt};
use super::opened;
use super::pair::{Differing, Pair};
use super::stage::Stage;
use super::unchanged::RULES_CHANGED;
use super::words;
use crate::check::policy::{Role, Target, TargetKind, TypedPolicy};
use crate::plan::targets_text;
use crate::value::time::AsOf;

/// Two policies in one namespace (`check::merged`), ready to be held against each other as of an instant.
pub struct Versions<'p> {
    old: &'p TypedPolicy,
    new: &'p TypedPolicy,
    as_of: &'p AsOf,
    both: Combined,
    stage: Stage,
}

impl<'p> Versions<'p> {
    pub fn new(old: &'p TypedPolicy, new: &'p TypedPolicy, as_of: &'p AsOf) -> Self {
        let both = combine(old, new);
        let stage = Stage::new(&both.policy, as_of.today());
        Versions { old, new, as_of, both, stage }
    }

    /// Finds every pair of rules of a `decide` role that gives some record another owner, another outcome or a rule of
    /// another meaning. What was not decided is left in the proof, with its reason.
    pub fn prove(&self, proof: &mut RoleProof) {
        let (Some(old), Some(new)) = (proof.old, proof.new) else { return };
        let (Some(old_role), Some(new_role)) = (self.old.roles.get(old), self.new.roles.get(new)) else { return };
        let today = self.as_of.today();
        let mut new_rules = opened::open(self.new, new_role, today);
        new_rules.rules.iter_mut().for_each(|rule| *rule = self.both.rule(rule));
        let old_rules = opened::open(self.old, old_role, today);
        let pair = Pair::new(&self.both.policy, old_role, self.as_of, &self.stage, old_rules, new_rules);
        let found = pair.differences(false, &mut Budget::new());
        proof.not_decided.retain(|reason| reason != RULES_CHANGED);
        proof.not_decided.extend(found.doubts.iter().map(doubt));
        let sides = (old_role, new_role);
        let mut differences: Vec<Difference> =
            found.pairs.iter().map(|found| self.difference(&pair, sides, found)).collect();
        differences.sort_by_key(|one| (one.change, one.old.rule.as_ref().map(|rule| rule.id)));
        proof.differences = differences;
    }

    fn difference(&self, pair: &Pair<'_>, (old_role, new_role): (&Role, &Role), found: &Differing) -> Difference {
        let old = self.decision(pair, self.old, old_role, found.old);
        let new = self.decision(pair, self.new, new_role, found.new);
        let ground = &pair.ground;
        let region = words::region(ground.policy, ground.role, &ground.dimensions, &ground.space, &found.region);
        let record = words::record(ground.policy, ground.role, &found.record);
        let outcome = |part: Option<usize>| part.map(|part| ground.parts[part].outcome.as_str());
        let is_other_outcome = match (outcome(found.old), outcome(found.new)) {
            (Some(old), Some(new)) => (old == "nobody") != (new == "nobody"),
            _ => true,
        };
        let change = match outcome(found.old) == outcome(found.new) {
            _ if is_other_outcome => Change::Outcome,
            true => Change::Rule,
            false => Change::Owner,
        };
        let witness = record.into_iter().map(|(name, value)| (name, value.unwrap_or_else(|| "missing".to_owned())));
        Difference { change, old, new, region, witness: witness.collect() }
    }

    fn decision(&self, pair: &Pair<'_>, policy: &TypedPolicy, role: &Role, part: Option<usize>) -> Decision {
        let Some(part) = part.map(|part| &pair.ground.parts[part]) else {
            return Decision { rule: None, owner: "no rule".to_owned() };
        };
        let rule = role.rule(part.rule);
        let owner = match &part.row {
            Some(row) => row.owner.clone(),
            None => spoken(policy, role, &rule.targets),
        };
        Decision { rule: Some(RuleRef::new(part.rule, rule)), owner }
    }
}

/// Whom a chain names, in the admin's words where those are names.
fn spoken(policy: &TypedPolicy, role: &Role, targets: &[Target]) -> String {
    let one = |target: &Target| match &target.kind {
        TargetKind::Name(name) => policy.names[name.0 as usize].text.clone(),
        TargetKind::Keep => "the current owner".to_owned(),
        TargetKind::Table(table) => policy.schema.table(table.table).name.clone(),
        _ => targets_text(policy, role.record, std::slice::from_ref(target)),
    };
    targets.iter().map(one).collect::<Vec<_>>().join(" else ")
}

fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Steps => "the search for records that differ was given up".to_owned(),
        Doubt::Conditions(_) => "it hangs on conditions whose values could not be made up together".to_owned(),
    }
}
