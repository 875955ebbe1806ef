//! Values that are named in a rule and never matter: the rules before it, or its other conditions, take all their records.

use super::ground::{Answer, Budget, Ground};
use crate::check::policy::{Cond, FieldTest, RuleId, TestKind, TextTest};
use crate::plan::{AtomSet, Cuts, DimensionKind};
use crate::schema::FieldKind;
use crate::source::Span;
use std::collections::BTreeSet;

/// Values of one list of a rule that decide nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadValues {
    pub rule: RuleId,
    pub span: Span,
    /// As they are written, in the order of the field's atoms.
    pub values: Vec<String>,
    /// How many the condition names.
    pub named: usize,
    /// The rules before it that take their records; none where its own conditions exclude them.
    pub by: Vec<RuleId>,
}

/// Values of one condition that are tried.
const VALUES_TRIED: usize = 30_000;

impl Ground<'_> {
    /// Dead values of a rule that decides some record: of its conditions that must all hold and name several values.
    pub(super) fn dead_values(&self, id: RuleId, budget: &mut Budget) -> Vec<DeadValues> {
        let Some(part) = self.parts.iter().position(|part| part.rule == id) else { return Vec::new() };
        // A rule that a table stands behind is one a row: their rows are told on their own.
        if self.parts.get(part + 1).is_some_and(|next| next.rule == id) {
            return Vec::new();
        }
        let mut tests = Vec::new();
        self.rules[part].conditions.iter().for_each(|cond| conjuncts(cond, &mut tests));
        tests.into_iter().filter_map(|(kind, span)| self.dead_in(id, part, kind, span, budget)).collect()
    }

    fn dead_in(
        &self,
        rule: RuleId,
        part: usize,
        kind: &TestKind,
        span: Span,
        budget: &mut Budget,
    ) -> Option<DeadValues> {
        let TestKind::Field { path, test } = kind else { return None };
        let at = self
            .dimensions
            .iter()
            .position(|one| matches!(&one.kind, DimensionKind::Field { path: other, .. } if other == path))?;
        let named = self.named(at, test)?;
        if named.len() < 2 || named.len() > VALUES_TRIED {
            return None;
        }
        let mut values = Vec::new();
        let mut by = BTreeSet::new();
        for (value, atoms) in &named {
            let mut is_dead = true;
            let mut used = BTreeSet::new();
            for own in &self.boxes[self.boxes_of(part)] {
                let Some(mut region) = self.region(own) else { continue };
                region[at] = region[at].intersection(atoms);
                if region[at].is_empty() {
                    continue;
                }
                match self.ask(&region, |one| (one.rule.0 as usize) < part, budget) {
                    Answer::Covered(boxes) => used.extend(boxes),
                    Answer::Found(..) | Answer::NotDecided(_) => {
                        is_dead = false;
                        break;
                    }
                }
            }
            if is_dead {
                values.push(value.clone());
                by.extend(used.iter().map(|at| self.rule_of_box(&self.boxes[*at as usize])));
            }
        }
        let by = by.into_iter().collect();
        (!values.is_empty()).then_some(DeadValues { rule, span, values, named: named.len(), by })
    }

    /// The values a test names, each with its atoms.
    fn named(&self, at: usize, test: &FieldTest) -> Option<Vec<(String, AtomSet)>> {
        let dimension = &self.dimensions[at];
        let DimensionKind::Field { path, cuts } = &dimension.kind else { return None };
        let count = dimension.atom_count;
        match (test, cuts) {
            (FieldTest::Text(TextTest::OneOf(texts)), Cuts::Text { points, .. }) => {
                let atom = |text: &String| {
                    let atom = u16::try_from(points.binary_search(text).ok()?).ok()?;
                    Some((self.policy.spelling(text).to_owned(), AtomSet::of(count, [atom])))
                };
                texts.iter().map(atom).collect()
            }
            (FieldTest::Text(TextTest::StartsWith(starts)), Cuts::Text { points, prefixes }) => {
                let atoms = |start: &String| {
                    let texts = points.iter().chain(prefixes).enumerate();
                    let fitting = texts.filter(|(_, text)| text.starts_with(start.as_str()));
                    let fitting = fitting.filter_map(|(at, _)| u16::try_from(at).ok());
                    (self.policy.spelling(start).to_owned(), AtomSet::of(count, fitting))
                };
                Some(starts.iter().map(atoms).collect())
            }
            (FieldTest::Choice(choices), Cuts::Choice { .. }) => {
                let record = self.policy.schema.record(path.record(&self.policy.schema, self.role.record));
                let FieldKind::Choice(set) = &record.field(path.field).kind else { return None };
                Some(choices.iter().map(|at| (set.name(*at).to_owned(), AtomSet::of(count, [*at]))).collect())
            }
            _ => None,
        }
    }
}

/// The tests that must all hold, whatever else does.
fn conjuncts<'c>(cond: &'c Cond, out: &mut Vec<(&'c TestKind, Span)>) {
    match cond {
        Cond::All(parts) => parts.iter().for_each(|part| conjuncts(part, out)),
        Cond::Named { body, .. } => conjuncts(body, out),
        Cond::Test { kind, span } => out.push((kind, *span)),
        Cond::Any(_) | Cond::Not(..) | Cond::AtLeast { .. } => {}
    }
}
