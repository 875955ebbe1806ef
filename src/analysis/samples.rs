//! A record for each rule that decides it: what tests are made of.

use super::ground::{Answer, Budget, Ground};
use super::imagine::{Fact, Imagined, Known};
use super::stage::Stage;
use crate::check::policy::{OwnerRef, Path, RoleId, RuleId, TypedPolicy};
use crate::schema::FieldKind;
use crate::value::time::AsOf;
use crate::value::{Owner, Value};

/// A record that lies in a rule and in none before it, as far as a record's own values tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub rule: RuleId,
    /// Every field that must be known and that the role reads, and whatever else matters; in order of paths.
    pub values: Vec<(Path, Value)>,
    /// The owner it must have before the run, where one is asked for.
    pub current: Option<Owner>,
}

/// Up to `most` records for each rule that some record reaches; none for a rule where none was found.
pub fn samples(policy: &TypedPolicy, role: RoleId, as_of: &AsOf, most: usize) -> Vec<Sample> {
    let stage = Stage::new(policy, as_of.today());
    let ground = Ground::new(policy, policy.role(role), as_of, &stage);
    let mut budget = Budget::new();
    let mut samples = Vec::new();
    for id in policy.role(role).rule_ids() {
        let parts = (0..ground.parts.len()).filter(|part| ground.parts[*part].rule == id);
        let regions = parts.flat_map(|part| ground.boxes_of(part).map(move |at| (part, at)));
        let found = regions.filter_map(|(part, at)| {
            let region = ground.region(&ground.boxes[at])?;
            match ground.ask(&region, |one| (one.rule.0 as usize) < part, &mut budget) {
                Answer::Found(region, imagined) => Some(ground.sample(id, &region, imagined)),
                Answer::Covered(_) | Answer::NotDecided(_) => None,
            }
        });
        samples.extend(found.take(most));
    }
    samples
}

impl Ground<'_> {
    fn sample(&self, rule: RuleId, region: &[crate::plan::AtomSet], imagined: Imagined) -> Sample {
        let schema = &self.policy.schema;
        let mut imagined = self.witness(region, imagined);
        let is_required = |path: &Path| {
            let record = schema.record(path.record(schema, self.role.record));
            let field = record.field(path.field);
            !field.optional && !matches!(field.kind, FieldKind::Many(_)) && path.field != record.key
        };
        // What a rule before it reads must be given too, or the test hangs on what it does not say.
        let own = self.role.reads.iter().filter(|path| path.steps.is_empty() && is_required(path));
        self.fill(region, own, &mut imagined);
        // So must be the way to what is read of other records.
        let reference = |path: &Path| Path { steps: Vec::new(), field: path.steps[0] };
        let ways = self.role.reads.iter().filter(|path| path.steps.len() == 1).map(reference);
        let is_used = |way: &Path| {
            imagined.known.keys().any(|fact| matches!(fact, Fact::Value(path) if path.steps == [way.field]))
        };
        let ways: Vec<Path> = ways.filter(|way| is_required(way) || is_used(way)).collect();
        self.fill(region, ways.iter(), &mut imagined);
        let is_there = |path: &&Path| match path.steps.as_slice() {
            [step] => {
                let reference = Path { steps: Vec::new(), field: *step };
                let known = imagined.known.get(&Fact::Value(reference.clone()));
                matches!(known, Some(Known::Value(value)) if !value.is_missing()) && is_required(path)
            }
            _ => false,
        };
        let behind: Vec<&Path> = self.role.reads.iter().filter(is_there).collect();
        self.fill(region, behind.into_iter(), &mut imagined);
        let mut values: Vec<(Path, Value)> = imagined
            .known
            .iter()
            .filter_map(|(fact, known)| match (fact, known) {
                (Fact::Value(path), Known::Value(value)) => Some((path.clone(), value.clone())),
                _ => None,
            })
            .collect();
        values.sort_by(|a, b| a.0.cmp(&b.0));
        let current = match imagined.known.get(&Fact::Owner(OwnerRef::Current)) {
            Some(Known::Owner(owner)) => owner.clone(),
            _ => None,
        };
        Sample { rule, values, current }
    }
}
