//! A mutant as rules: copies of the roles that it changes.

use super::{Edit, Site, set_of};
use crate::check::policy::{Cond, Criterion, InvariantRole, RelatedId, Role, Rule, TestKind, TypedPolicy};

/// What a mutant puts in place of parts of a policy.
#[derive(Default)]
pub(super) struct Changed {
    pub sets: Vec<(InvariantRole, Role)>,
    pub related: Vec<(RelatedId, Option<Cond>)>,
    /// Two neighbours that changed places: the first of them.
    pub swapped: Option<(InvariantRole, usize)>,
}

impl Changed {
    pub fn new(policy: &TypedPolicy, edit: &Edit) -> Self {
        let mut changed = Changed::default();
        match edit {
            Edit::Conditions { sites, swaps } => {
                for site in sites {
                    match site {
                        Site::Rule(set, at) => changed.rule(policy, *set, *at, |rule| put(rule, swaps)),
                        Site::Hold(set, at) => changed.hold(policy, *set, *at, |rule| put(rule, swaps)),
                        Site::Related(id) => {
                            let condition = policy.related(*id).condition.as_ref();
                            changed.related.push((*id, condition.map(|condition| replaced(condition, swaps))));
                        }
                    }
                }
            }
            Edit::Drop(Site::Rule(set, at)) => changed.rule(policy, *set, *at, never),
            Edit::Drop(Site::Hold(set, at)) => changed.hold(policy, *set, *at, never),
            Edit::Drop(Site::Related(_)) => {}
            Edit::Swap(set, at) => {
                let role = changed.set(policy, *set);
                if at + 1 < role.rules.len() {
                    role.rules.swap(*at, at + 1);
                }
                changed.swapped = Some((*set, *at));
            }
            Edit::Target { set, rule, at, kind } => changed.rule(policy, *set, *rule, |rule| {
                if let Some(target) = rule.targets.get_mut(*at) {
                    target.kind = kind.clone();
                }
            }),
            Edit::Days { set, rule, from, until } => changed.rule(policy, *set, *rule, |rule| {
                (rule.from, rule.until) = (*from, *until);
            }),
        }
        changed
    }

    fn set(&mut self, policy: &TypedPolicy, set: InvariantRole) -> &mut Role {
        let at = match self.sets.iter().position(|(known, _)| *known == set) {
            Some(at) => at,
            None => {
                self.sets.push((set, set_of(policy, set).clone()));
                self.sets.len() - 1
            }
        };
        &mut self.sets[at].1
    }

    fn rule(&mut self, policy: &TypedPolicy, set: InvariantRole, at: usize, change: impl FnOnce(&mut Rule)) {
        if let Some(rule) = self.set(policy, set).rules.get_mut(at) {
            change(rule);
        }
    }

    fn hold(&mut self, policy: &TypedPolicy, set: InvariantRole, at: usize, change: impl FnOnce(&mut Rule)) {
        if let Some(hold) = self.set(policy, set).holds.get_mut(at) {
            change(&mut hold.rule);
        }
    }
}

/// A rule that takes no record, in its place: the numbers of the others stay.
fn never(rule: &mut Rule) {
    rule.conditions = vec![Cond::Test { kind: TestKind::Always(false), span: rule.span }];
}

fn put(rule: &mut Rule, swaps: &[(Cond, Cond)]) {
    rule.conditions.iter_mut().for_each(|cond| *cond = replaced(cond, swaps));
}

fn replaced(cond: &Cond, swaps: &[(Cond, Cond)]) -> Cond {
    if let Some((_, by)) = swaps.iter().find(|(old, _)| old == cond) {
        return by.clone();
    }
    let all = |parts: &[Cond]| parts.iter().map(|part| replaced(part, swaps)).collect();
    match cond {
        Cond::All(parts) => Cond::All(all(parts)),
        Cond::Any(parts) => Cond::Any(all(parts)),
        Cond::Not(inner, span) => Cond::Not(Box::new(replaced(inner, swaps)), *span),
        Cond::Named { name, body, span } => {
            Cond::Named { name: name.clone(), body: Box::new(replaced(body, swaps)), span: *span }
        }
        Cond::AtLeast { count, criteria, span } => {
            let one =
                |one: &Criterion| Criterion { label: one.label.clone(), condition: replaced(&one.condition, swaps) };
            Cond::AtLeast { count: *count, criteria: criteria.iter().map(one).collect(), span: *span }
        }
        Cond::Test { .. } => cond.clone(),
    }
}
