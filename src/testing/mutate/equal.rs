//! Mutants that no record can tell from the policy: proved, and only for those that no test kills.

use super::apply::Changed;
use super::{Mutant, analysis, set_of};
use crate::check::policy::{Cond, InvariantRole, Role, Rule, Target, TargetKind, TypedPolicy};
use crate::schema::RecordId;
use crate::source::{FileId, Span};
use crate::value::time::AsOf;

/// Whether every record keeps its owner, its team and its places; `None` where that was not decided.
pub(super) fn is_equal(policy: &TypedPolicy, mutant: &Mutant, as_of: &AsOf) -> Option<bool> {
    let changed = Changed::new(policy, &mutant.edit);
    let mut questions: Vec<(usize, Question<'_>)> = Vec::new();
    for (set, after) in &changed.sets {
        let before = set_of(policy, *set);
        for (old, new) in before.holds.iter().zip(&after.holds) {
            questions.push((1, Question::Hold(before.record, &old.rule, &new.rule)));
        }
        match set {
            InvariantRole::Role(_) if is_same_list(before, after) => {}
            InvariantRole::Role(_) => questions.push((before.rules.len(), Question::Role(before, after))),
            InvariantRole::Gather(_) => {
                let pairs = before.rules.iter().zip(&after.rules);
                questions.extend(pairs.map(|(old, new)| (1, Question::Take(before.record, old, new))));
            }
        }
    }
    // The small ones first: one difference is enough, whatever else is not decided.
    questions.sort_by_key(|(size, _)| *size);
    let mut is_proved = true;
    for (_, question) in questions {
        match question.answer(policy, as_of) {
            Some(false) => return Some(false),
            Some(true) => {}
            None => is_proved = false,
        }
    }
    for (id, after) in &changed.related {
        let related = policy.related(*id);
        if let (Some(before), Some(after)) = (&related.condition, after) {
            let rule = |cond: &Cond| bare(vec![cond.clone()], cond.span());
            match take_same(policy, related.record, (&rule(before), &rule(after)), as_of) {
                Some(true) => {}
                // Other numbers need not mean other owners.
                _ => is_proved = false,
            }
        }
    }
    is_proved.then_some(true)
}

/// Something that must be the same on both sides.
enum Question<'q> {
    Role(&'q Role, &'q Role),
    Take(RecordId, &'q Rule, &'q Rule),
    Hold(RecordId, &'q Rule, &'q Rule),
}

impl Question<'_> {
    fn answer(&self, policy: &TypedPolicy, as_of: &AsOf) -> Option<bool> {
        match self {
            Question::Take(record, old, new) => take_same(policy, *record, (old, new), as_of),
            // A hold that takes other records matters only where the owner would change: more than is proved here.
            Question::Hold(record, old, new) => take_same(policy, *record, (old, new), as_of).filter(|same| *same),
            Question::Role(before, after) => {
                let is_moved =
                    before.rules.iter().zip(&after.rules).any(|(a, b)| a.span != b.span || a.targets != b.targets);
                let mut pairs = before.rules.iter().zip(&after.rules);
                let all_same =
                    !is_moved && pairs.all(|pair| take_same(policy, before.record, pair, as_of) == Some(true));
                if all_same { Some(true) } else { analysis::same_owners(policy, before, after, as_of) }
            }
        }
    }
}

fn is_same_list(before: &Role, after: &Role) -> bool {
    before.rules.len() == after.rules.len()
        && before.rules.iter().zip(&after.rules).all(|(a, b)| {
            a.conditions == b.conditions
                && a.targets == b.targets
                && (a.from, a.until) == (b.from, b.until)
                && a.label == b.label
                && a.span == b.span
        })
}

/// Whether two rules take the same records.
fn take_same(policy: &TypedPolicy, record: RecordId, (old, new): (&Rule, &Rule), as_of: &AsOf) -> Option<bool> {
    if old.conditions == new.conditions && (old.from, old.until) == (new.from, new.until) {
        return Some(true);
    }
    let alone = |rule: &Rule| {
        let mut role = Role::new("rule", record, rule.span);
        role.rules =
            vec![Rule { from: rule.from, until: rule.until, ..bare(rule.conditions.clone(), Some(rule.span)) }];
        role
    };
    analysis::same_owners(policy, &alone(old), &alone(new), as_of)
}

fn bare(conditions: Vec<Cond>, span: Option<Span>) -> Rule {
    let span = span.unwrap_or(Span::new(FileId(0), 0, 0));
    Rule {
        label: None,
        conditions,
        targets: vec![Target { kind: TargetKind::Nobody, span }],
        hand_off: None,
        because: None,
        from: None,
        until: None,
        span,
    }
}
