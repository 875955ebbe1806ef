//! What several rules share: a finding about it counts only where it is so in all of them.

use super::findings::Proof;
use super::reach::Reached;
use crate::check::policy::{Cond, Rule, TypedPolicy};
use crate::source::Span;
use rustc_hash::FxHashMap;

/// How often something stands in rules that decide records, and how often it was found idle there.
#[derive(Default)]
pub(super) struct Shared {
    /// Rules that ask a condition, by its place.
    uses: FxHashMap<Span, usize>,
    idle: FxHashMap<(Span, bool), usize>,
    dead_values: FxHashMap<(Span, String), usize>,
    /// Rules that look up a row, by file and line.
    rows: FxHashMap<(String, usize), usize>,
    dead_rows: FxHashMap<(String, usize), usize>,
}

impl Shared {
    /// Of all sets of rules and what is proved of each.
    pub fn of(policy: &TypedPolicy, proofs: &[Proof]) -> Self {
        let mut shared = Shared::default();
        for (role, proof) in policy.rule_sets().zip(proofs) {
            for (rule, reached) in role.rules.iter().zip(&proof.reached) {
                if !matches!(reached, Reached::NeverTrue | Reached::Expired) {
                    each_place(rule, &mut |span| *shared.uses.entry(span).or_default() += 1);
                }
            }
            for (_, idle) in &proof.idle {
                *shared.idle.entry((idle.span, idle.always)).or_default() += 1;
            }
            for dead in &proof.dead_values {
                for value in &dead.values {
                    *shared.dead_values.entry((dead.span, value.clone())).or_default() += 1;
                }
            }
            for row in &proof.rows {
                *shared.rows.entry((row.file.clone(), row.line_number)).or_default() += 1;
            }
            for (_, row, _) in &proof.dead_rows {
                *shared.dead_rows.entry((row.file.clone(), row.line_number)).or_default() += 1;
            }
        }
        shared
    }

    /// Leaves what is so wherever it stands.
    pub fn keep(&self, proof: &mut Proof) {
        let uses = |span: Span| self.uses.get(&span).copied().unwrap_or_default();
        proof.idle.retain(|(id, idle)| match proof.reached[id.0 as usize] {
            Reached::Expired => false,
            // A count that can never hold is so wherever it stands.
            Reached::NeverTrue => true,
            _ => self.idle.get(&(idle.span, idle.always)).is_some_and(|count| *count >= uses(idle.span)),
        });
        for dead in &mut proof.dead_values {
            let span = dead.span;
            dead.values
                .retain(|value| self.dead_values.get(&(span, value.clone())).is_some_and(|count| *count >= uses(span)));
        }
        proof.dead_values.retain(|dead| !dead.values.is_empty());
        proof.dead_rows.retain(|(_, row, _)| {
            let key = (row.file.clone(), row.line_number);
            self.dead_rows.get(&key) >= self.rows.get(&key)
        });
    }
}

/// Calls `visit` with the place of every test and count of criteria, each once a rule.
fn each_place(rule: &Rule, visit: &mut dyn FnMut(Span)) {
    let mut seen = rustc_hash::FxHashSet::default();
    for cond in &rule.conditions {
        places(cond, &mut |span| {
            if seen.insert(span) {
                visit(span);
            }
        });
    }
}

fn places(cond: &Cond, visit: &mut dyn FnMut(Span)) {
    match cond {
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| places(part, visit)),
        Cond::Not(inner, _) | Cond::Named { body: inner, .. } => places(inner, visit),
        Cond::AtLeast { criteria, span, .. } => {
            visit(*span);
            criteria.iter().for_each(|one| places(&one.condition, visit));
        }
        Cond::Test { span, .. } => visit(*span),
    }
}
