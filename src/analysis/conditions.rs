//! Conditions that change nothing where they stand, and those that a missing value slips through.

use super::ground::{Answer, Budget, Ground};
use super::opened::open_condition;
use super::search::{Found, outside};
use super::space;
use crate::check::policy::{
    Cond, Criterion, FieldTest, Path, Role, Rule, RuleId, Target, TargetKind, TestKind, TypedPolicy,
};
use crate::limits::{ANALYSIS_STEPS_MAX, BOXES_PER_PROOF_MAX};
use crate::plan::{AtomSet, DimensionKind, RuleBox, rule_boxes};
use crate::source::Span;
use crate::value::time::AsOf;

/// A condition that could be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idle {
    pub span: Span,
    /// What the test comes to for every record that the rest of the rule leaves open.
    pub always: bool,
    /// It is written as its opposite (`is not`).
    pub denied: bool,
    /// It counts criteria.
    pub counts: bool,
}

/// Leaves of one rule that are tried.
const LEAVES_TRIED: usize = 40;

/// The conditions of a rule that come to the same for every record the rule asks them of: the later of two that say the
/// same. Of a rule that nothing fits only counts of criteria that can never hold, whatever else the rule asks.
pub(super) fn idle(policy: &TypedPolicy, role: &Role, rule: &Rule, as_of: &AsOf) -> Vec<Idle> {
    if is_simple(rule) {
        // Each asks something else: none follows from the others.
        return own_domain(policy, role, rule, as_of);
    }
    let mut whole = Cond::All(rule.conditions.clone());
    let count = leaf_count(&whole);
    if count > LEAVES_TRIED {
        return Vec::new();
    }
    let mut found = Vec::new();
    for at in (0..count).rev() {
        let Some((span, counts)) = leaf_span(&whole, at) else { continue };
        let variants = [true, false].map(|holds| with_leaf(&whole, at, holds));
        let same = same_as(policy, role, rule, as_of, &whole, &variants);
        let Some(same) = same else { return never_enough(policy, role, rule, as_of) };
        if same[0] || same[1] {
            found.push(Idle { span, always: same[0], denied: is_written_denied(&whole, at), counts });
            whole = if same[0] { variants[0].clone() } else { variants[1].clone() };
        }
    }
    found.reverse();
    found
}

/// The counts of criteria of a rule, but for denied ones, that no record can fulfil.
fn never_enough(policy: &TypedPolicy, role: &Role, rule: &Rule, as_of: &AsOf) -> Vec<Idle> {
    let mut counts = Vec::new();
    for cond in &rule.conditions {
        each_leaf(cond, false, &mut |leaf, is_denied| {
            if let (Cond::AtLeast { span, .. }, false) = (leaf, is_denied) {
                counts.push((leaf, *span));
            }
        });
    }
    let is_never = |cond: &Cond| {
        let never = Cond::Test { kind: TestKind::Always(false), span: rule.span };
        same_as(policy, role, rule, as_of, cond, &[never.clone(), never]).is_none()
    };
    let counts = counts.into_iter().filter(|(cond, _)| is_never(cond));
    counts.map(|(_, span)| Idle { span, always: false, denied: false, counts: true }).collect()
}

/// A rule that asks no more than its conditions: its target always answers, its days are all days.
fn bare(rule: &Rule) -> Rule {
    let nobody = Target { kind: TargetKind::Nobody, span: rule.span };
    Rule { targets: vec![nobody], from: None, until: None, ..rule.clone() }
}

/// For each variant whether it holds for the same records; `None` where nothing fits the whole, or it was not decided.
fn same_as(
    policy: &TypedPolicy,
    role: &Role,
    rule: &Rule,
    as_of: &AsOf,
    whole: &Cond,
    variants: &[Cond; 2],
) -> Option<[bool; 2]> {
    let as_rule = |cond: &Cond| {
        let opened = open_condition(policy, role, cond, as_of.today());
        Rule { conditions: vec![opened], ..bare(rule) }
    };
    let rules = [as_rule(whole), as_rule(&variants[0]), as_rule(&variants[1])];
    let (dimensions, boxes) = rule_boxes(policy, role, &rules, as_of, &|_| true, BOXES_PER_PROOF_MAX);
    let space = space::space(policy, role, &dimensions);
    let mut impossible = Vec::new();
    space::impossible(policy, role, &dimensions, &mut impossible);
    let of = |at: u32| boxes.iter().filter(move |one| one.rule == RuleId(at));
    let lies_in = |inner: u32, outer: u32| {
        let all: Vec<&RuleBox> = of(outer).chain(&impossible).collect();
        of(inner).all(|one| {
            let region = super::ground::cut(&space, one);
            region.is_none_or(|region| {
                matches!(outside(&region, &all, &mut ANALYSIS_STEPS_MAX.clone()), Found::Covered(_))
            })
        })
    };
    let is_empty = |at: u32| {
        let all: Vec<&RuleBox> = impossible.iter().collect();
        of(at).all(|one| {
            super::ground::cut(&space, one).is_none_or(|region| {
                matches!(outside(&region, &all, &mut ANALYSIS_STEPS_MAX.clone()), Found::Covered(_))
            })
        })
    };
    if is_empty(0) {
        return None;
    }
    Some([lies_in(0, 1) && lies_in(1, 0), lies_in(0, 2) && lies_in(2, 0)])
}

/// Whether a rule asks one thing of each of some fields of the record itself, all of which must hold.
fn is_simple(rule: &Rule) -> bool {
    let mut paths: Vec<&Path> = Vec::new();
    let mut only_fields = true;
    for cond in &rule.conditions {
        cond.visit(&mut |kind, _| match kind {
            TestKind::Field { path, .. } => paths.push(path),
            TestKind::Always(_) => {}
            _ => only_fields = false,
        });
    }
    let count = paths.len();
    paths.sort_unstable();
    paths.dedup();
    only_fields
        && paths.len() == count
        && paths.iter().all(|path| path.steps.is_empty())
        && rule.conditions.iter().all(is_plain)
}

/// A test, a denied one, or several that must all hold.
fn is_plain(cond: &Cond) -> bool {
    match cond {
        Cond::Test { .. } => true,
        Cond::Not(inner, _) => matches!(**inner, Cond::Test { .. }),
        Cond::Named { body, .. } => is_plain(body),
        Cond::All(parts) => parts.iter().all(is_plain),
        Cond::Any(_) | Cond::AtLeast { .. } => false,
    }
}

/// Plain tests on fields of their own that their field's own values make always true.
fn own_domain(policy: &TypedPolicy, role: &Role, rule: &Rule, as_of: &AsOf) -> Vec<Idle> {
    let whole = Cond::All(rule.conditions.clone());
    let (dimensions, boxes) = rule_boxes(policy, role, &[bare(rule)], as_of, &|_| true, BOXES_PER_PROOF_MAX);
    let [one] = boxes.as_slice() else { return Vec::new() };
    let space = space::space(policy, role, &dimensions);
    let mut found = Vec::new();
    for at in 0..leaf_count(&whole) {
        let (Some((span, counts)), Some(path)) = (leaf_span(&whole, at), leaf_path(&whole, at)) else { continue };
        let own = dimensions
            .iter()
            .position(|one| matches!(&one.kind, DimensionKind::Field { path: other, .. } if *other == path));
        let Some(own) = own else { continue };
        let side = one.sides.iter().find(|(at, _)| *at == own);
        if side.is_none_or(|(_, set)| space[own].is_subset(set)) {
            let denied = is_written_denied(&whole, at);
            found.push(Idle { span, always: !is_denied(&whole, at), denied, counts });
        }
    }
    found
}

// ---------------------------------------------------------------- leaves, counted in order

fn leaf_count(cond: &Cond) -> usize {
    let mut count = 0;
    each_leaf(cond, false, &mut |_, _| count += 1);
    count
}

/// Calls `visit` with every test and every count of criteria, and whether it is denied. A count comes before its criteria.
fn each_leaf<'c>(cond: &'c Cond, denied: bool, visit: &mut dyn FnMut(&'c Cond, bool)) {
    match cond {
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| each_leaf(part, denied, visit)),
        Cond::Not(inner, _) => each_leaf(inner, !denied, visit),
        Cond::Named { body, .. } => each_leaf(body, denied, visit),
        Cond::AtLeast { criteria, .. } => {
            visit(cond, denied);
            criteria.iter().for_each(|one| each_leaf(&one.condition, denied, visit));
        }
        Cond::Test { kind: TestKind::Always(_), .. } => {}
        Cond::Test { .. } => visit(cond, denied),
    }
}

fn leaf(cond: &Cond, at: usize) -> Option<(&Cond, bool)> {
    let mut count = 0;
    let mut found = None;
    each_leaf(cond, false, &mut |leaf, denied| {
        if count == at {
            found = Some((leaf, denied));
        }
        count += 1;
    });
    found
}

fn leaf_span(cond: &Cond, at: usize) -> Option<(Span, bool)> {
    let (leaf, _) = leaf(cond, at)?;
    Some((leaf.span()?, matches!(leaf, Cond::AtLeast { .. })))
}

fn leaf_path(cond: &Cond, at: usize) -> Option<Path> {
    match leaf(cond, at)?.0 {
        Cond::Test { kind: TestKind::Field { path, .. }, .. } => Some(path.clone()),
        _ => None,
    }
}

/// Whether a leaf is written as its opposite: such a denial has no place of its own.
fn is_written_denied(cond: &Cond, at: usize) -> bool {
    fn walk(cond: &Cond, denied: bool, count: &mut usize, at: usize) -> bool {
        match cond {
            Cond::All(parts) | Cond::Any(parts) => parts.iter().any(|part| walk(part, false, count, at)),
            Cond::Not(inner, span) => walk(inner, span.is_none(), count, at),
            Cond::Named { body, .. } => walk(body, false, count, at),
            Cond::AtLeast { criteria, .. } => {
                *count += 1;
                criteria.iter().any(|one| walk(&one.condition, false, count, at))
            }
            Cond::Test { kind: TestKind::Always(_), .. } => false,
            Cond::Test { .. } => {
                *count += 1;
                denied && *count == at + 1
            }
        }
    }
    walk(cond, false, &mut 0, at)
}

fn is_denied(cond: &Cond, at: usize) -> bool {
    leaf(cond, at).is_some_and(|(_, denied)| denied)
}

/// The condition with one leaf as good as always or never true.
fn with_leaf(cond: &Cond, at: usize, holds: bool) -> Cond {
    let mut left = at;
    replace(cond, &mut |leaf| {
        let is_it = left == 0;
        left = left.wrapping_sub(1);
        let span = leaf.span()?;
        is_it.then_some(Cond::Test { kind: TestKind::Always(holds), span })
    })
}

/// A copy with leaves put in place of others, in the order of [`each_leaf`]; what a replaced count holds is gone.
fn replace(cond: &Cond, by: &mut dyn FnMut(&Cond) -> Option<Cond>) -> Cond {
    match cond {
        Cond::All(parts) => Cond::All(parts.iter().map(|part| replace(part, by)).collect()),
        Cond::Any(parts) => Cond::Any(parts.iter().map(|part| replace(part, by)).collect()),
        Cond::Not(inner, span) => Cond::Not(Box::new(replace(inner, by)), *span),
        Cond::Named { name, body, span } => {
            Cond::Named { name: name.clone(), body: Box::new(replace(body, by)), span: *span }
        }
        Cond::AtLeast { count, criteria, span } => by(cond).unwrap_or_else(|| {
            let criteria = criteria
                .iter()
                .map(|one| Criterion { label: one.label.clone(), condition: replace(&one.condition, by) });
            Cond::AtLeast { count: *count, criteria: criteria.collect(), span: *span }
        }),
        Cond::Test { kind: TestKind::Always(_), .. } => cond.clone(),
        Cond::Test { .. } => by(cond).unwrap_or_else(|| cond.clone()),
    }
}

// ---------------------------------------------------------------- missing values

/// A field without which records are taken by a rule only because something is denied of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    pub rule: RuleId,
    pub span: Span,
    pub path: Path,
    pub record: Vec<(String, Option<String>)>,
}

impl Ground<'_> {
    /// Fields that may be missing and that a rule only denies something of: it takes the records without them, too.
    pub(super) fn slips(&self, id: RuleId, budget: &mut Budget) -> Vec<Slip> {
        let rule = self.role.rule(id);
        let mut denied: Vec<(Path, Span)> = Vec::new();
        for cond in &rule.conditions {
            each_leaf(cond, false, &mut |leaf, is_denied| {
                if let Cond::Test { kind: TestKind::Field { path, test }, span } = leaf
                    && is_denied
                    && *test != FieldTest::Missing
                    && !denied.iter().any(|(other, _)| other == path)
                {
                    denied.push((path.clone(), *span));
                }
            });
        }
        denied.into_iter().filter_map(|(path, span)| self.slip(id, path, span, budget)).collect()
    }

    fn slip(&self, id: RuleId, path: Path, span: Span, budget: &mut Budget) -> Option<Slip> {
        let at = self
            .dimensions
            .iter()
            .position(|one| matches!(&one.kind, DimensionKind::Field { path: other, .. } if *other == path))?;
        let missing = AtomSet::of(self.dimensions[at].atom_count, [self.dimensions[at].missing_atom()]);
        if self.space[at].is_disjoint(&missing) {
            return None;
        }
        let parts = self.parts.iter().enumerate().filter(|(_, part)| part.rule == id).map(|(at, _)| at);
        for part in parts {
            for own in &self.boxes[self.boxes_of(part)] {
                let Some(mut region) = self.region(own) else { continue };
                region[at] = region[at].intersection(&missing);
                if region[at].is_empty() {
                    continue;
                }
                let Answer::Found(region, imagined) = self.ask(&region, |one| (one.rule.0 as usize) < part, budget)
                else {
                    continue;
                };
                let record = self.witness(&region, imagined);
                if self.needs_denial(id, &path, &record) {
                    let record = super::words::record(self.policy, self.role, &record);
                    return Some(Slip { rule: id, span, path, record });
                }
            }
        }
        None
    }

    /// Whether a record fits a rule only because something is denied of a field that it does not have.
    fn needs_denial(&self, id: RuleId, path: &Path, record: &super::imagine::Imagined) -> bool {
        let strict = |cond: &Cond| deny_known(cond, false, path);
        !self.role.rule(id).conditions.iter().all(|cond| self.holds(&strict(cond), record))
    }
}

/// The condition where what is denied of a field asks for the field, too.
fn deny_known(cond: &Cond, denied: bool, path: &Path) -> Cond {
    let inner = |part: &Cond| deny_known(part, denied, path);
    match cond {
        Cond::All(parts) => Cond::All(parts.iter().map(inner).collect()),
        Cond::Any(parts) => Cond::Any(parts.iter().map(inner).collect()),
        Cond::Not(part, span) => Cond::Not(Box::new(deny_known(part, !denied, path)), *span),
        Cond::Named { name, body, span } => {
            Cond::Named { name: name.clone(), body: Box::new(inner(body)), span: *span }
        }
        Cond::AtLeast { count, criteria, span } => {
            let criteria =
                criteria.iter().map(|one| Criterion { label: one.label.clone(), condition: inner(&one.condition) });
            Cond::AtLeast { count: *count, criteria: criteria.collect(), span: *span }
        }
        Cond::Test { kind: TestKind::Field { path: other, test }, span }
            if denied && other == path && *test != FieldTest::Missing =>
        {
            // What is denied is true where the field is missing: then its denial does not hold.
            let missing = TestKind::Field { path: path.clone(), test: FieldTest::Missing };
            Cond::Any(vec![cond.clone(), Cond::Test { kind: missing, span: *span }])
        }
        Cond::Test { .. } => cond.clone(),
    }
}
