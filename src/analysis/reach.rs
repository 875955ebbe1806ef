//! Rules that no record can reach: because their own conditions exclude each other, or because the rules before them take
//! every record they fit.

use super::search::{Found, outside};
use super::space::space;
use crate::check::policy::{DayMark, FieldTest, InstantMark, Range, Role, RoleId, Rule, RuleId, TestKind, TypedPolicy};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::ANALYSIS_STEPS_MAX;
use crate::plan::{self, AtomSet, RuleBox, counts_on};
use crate::value::time::{self, AsOf};
use std::collections::BTreeSet;

/// What a rule can still receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Some record, as far as its fields and free conditions tell.
    Perhaps,
    /// No record at all fits its conditions.
    NeverTrue,
    /// The rules that together take every record it fits, in order. None of them can be left out, unless the steps ran
    /// out while that was tried.
    Hidden(Vec<RuleId>),
    /// The search was given up.
    NotDecided,
}

/// By rule of the role, what it can still receive on the day of `as_of`; `None` for a rule that does not count then.
///
/// Rules with days of their own hide nothing: they come and go. Names count as known, whoever is in the directory.
pub fn reached(policy: &TypedPolicy, role: RoleId, as_of: &AsOf) -> Vec<Option<Reached>> {
    let role = policy.role(role);
    let plan = plan::lower_role(policy, role, as_of, &|_| true);
    let space = space(policy, role, &plan.dimensions);
    let mut earlier: Vec<&RuleBox> = Vec::new();
    let mut boxes = plan.boxes.as_slice();
    let mut all = Vec::with_capacity(role.rules.len());
    for (id, rule) in (0..).map(RuleId).zip(&role.rules) {
        let own: &[RuleBox];
        (own, boxes) = boxes.split_at(boxes.partition_point(|one| one.rule <= id));
        all.push(counts_on(rule, as_of.today()).then(|| reach(&space, own, &earlier)));
        if rule.from.is_none() && rule.until.is_none() {
            earlier.extend(own);
        }
    }
    all
}

fn reach(space: &[AtomSet], own: &[RuleBox], earlier: &[&RuleBox]) -> Reached {
    let mut steps = ANALYSIS_STEPS_MAX;
    let regions: Vec<Vec<AtomSet>> = own.iter().filter_map(|one| region(space, one)).collect();
    if regions.is_empty() {
        return Reached::NeverTrue;
    }
    let mut used = BTreeSet::new();
    for region in &regions {
        match outside(region, earlier, &mut steps) {
            Found::Outside(_) => return Reached::Perhaps,
            Found::OutOfSteps => return Reached::NotDecided,
            Found::Covered(boxes) => used.extend(boxes.iter().map(|at| earlier[*at].rule)),
        }
    }
    Reached::Hidden(fewest(&regions, earlier, used.into_iter().collect(), &mut steps))
}

/// The part of the space that lies in a box.
fn region(space: &[AtomSet], one: &RuleBox) -> Option<Vec<AtomSet>> {
    let mut region = space.to_vec();
    for (dimension, side) in &one.sides {
        region[*dimension] = region[*dimension].intersection(side);
    }
    (!region.iter().any(AtomSet::is_empty)).then_some(region)
}

/// Leaves out every rule without which the others still take all; the later ones first, so that the first stay.
fn fewest(regions: &[Vec<AtomSet>], earlier: &[&RuleBox], mut rules: Vec<RuleId>, steps: &mut u64) -> Vec<RuleId> {
    for at in (0..rules.len()).rev() {
        if rules.len() == 1 {
            break;
        }
        let without: Vec<&RuleBox> =
            earlier.iter().filter(|one| one.rule != rules[at] && rules.contains(&one.rule)).copied().collect();
        if regions.iter().all(|region| matches!(outside(region, &without, steps), Found::Covered(_))) {
            rules.remove(at);
        }
    }
    rules
}

/// What there is to say about every `decide`: warnings about rules that no record can reach, in the order of roles and
/// rules, and a note where the search was given up.
pub fn findings(policy: &TypedPolicy, as_of: &AsOf) -> Vec<Diagnostic> {
    let roles = (0..).map(RoleId).zip(&policy.roles);
    roles.flat_map(|(id, role)| role_findings(role, &reached(policy, id, as_of), as_of)).collect()
}

fn role_findings(role: &Role, reached: &[Option<Reached>], as_of: &AsOf) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (rule, reached) in role.rules.iter().zip(reached) {
        let (diagnostic, others) = match reached {
            None | Some(Reached::Perhaps) => continue,
            Some(Reached::NeverTrue) => (never_true(rule), &[][..]),
            Some(Reached::Hidden(by)) => (hidden(role, rule, by), by.as_slice()),
            Some(Reached::NotDecided) => (not_decided(rule), &[][..]),
        };
        let involved = std::iter::once(rule).chain(others.iter().map(|id| role.rule(*id)));
        found.push(match involved.into_iter().any(moves_with_the_day) {
            true => diagnostic.with_note(format!(
                "as of {}: what is counted from today moves with the day",
                time::show_day(as_of.today())
            )),
            // Without it, every record has the owner it has with it, today and on any other day.
            false if diagnostic.code == Code::UnreachableRule => diagnostic.fix(rule.span, ""),
            false => diagnostic,
        });
    }
    found
}

fn never_true(rule: &Rule) -> Diagnostic {
    Diagnostic::warning(Code::NeverTrue, "no record can fit the conditions of a rule")
        .at(rule.span, "its conditions and those of its groups exclude each other")
        .help("mend the condition that is wrong, or delete the rule")
}

/// How many hiding rules are shown in the text.
const SHOWN: usize = 4;

fn hidden(role: &Role, rule: &Rule, by: &[RuleId]) -> Diagnostic {
    let headline = match by.len() {
        1 => "a rule is never reached: one before it takes every record it fits".to_owned(),
        count => format!("a rule is never reached: {count} before it together take every record it fits"),
    };
    let mut diagnostic =
        Diagnostic::warning(Code::UnreachableRule, headline).at(rule.span, "decides no record, whatever it holds");
    for id in by.iter().take(SHOWN) {
        diagnostic = diagnostic.at(role.rule(*id).span, "comes first");
    }
    if by.len() > SHOWN {
        diagnostic = diagnostic.with_note(format!("{} more rules come first", by.len() - SHOWN));
    }
    diagnostic.help("move it before them, or delete it: no owner changes without it")
}

fn not_decided(rule: &Rule) -> Diagnostic {
    Diagnostic::note(Code::NotDecided, "whether a rule is ever reached was not decided")
        .at(rule.span, format!("given up after {ANALYSIS_STEPS_MAX} steps"))
        .help("split its conditions, or those before it, into simpler rules")
}

/// Whether a rule asks for days or times counted from today.
fn moves_with_the_day(rule: &Rule) -> bool {
    let mut moves = false;
    let mut ask = |kind: &TestKind| {
        moves |= match kind {
            TestKind::Field { test: FieldTest::Day(ranges), .. } => {
                bounds(ranges).any(|mark| matches!(mark, DayMark::Today { .. }))
            }
            TestKind::Field { test: FieldTest::Instant(ranges), .. } => bounds(ranges).any(|mark| match mark {
                InstantMark::StartOf(day) | InstantMark::EndOf(day) => matches!(day, DayMark::Today { .. }),
                InstantMark::Now { .. } => true,
            }),
            _ => false,
        };
    };
    rule.conditions.iter().for_each(|cond| cond.visit(&mut |kind, _| ask(kind)));
    moves
}

fn bounds<T>(ranges: &[Range<T>]) -> impl Iterator<Item = &T> {
    ranges.iter().flat_map(|range| range.low.iter().chain(&range.high).map(|(mark, _)| mark))
}
