//! From the typed policy to dimensions and boxes.
//!
//! Two passes over each role: the first gathers the constants that cut each field, the second turns conditions into
//! boxes. A condition that would fall into too many boxes keeps a column of its own instead: correct either way.

use super::boxes::{RuleBox, Sides, join, meet};
use super::dimension::{Cuts, Dimension, DimensionKind, Opaque, TRUE_ATOM};
use super::{AtomSet, Classifier, Plan, RolePlan};
use crate::check::policy::{
    Cond, DayExpr, FieldTest, Hold, NameId, NumberExpr, Path, Range, RelatedPath, Role, Rule, RuleId, TargetKind,
    TestKind, TextTest, TypedPolicy,
};
use crate::limits::{ATOMS_PER_FIELD_MAX, BOXES_PER_RULE_MAX};
use crate::schema::{FieldKind, RecordId, Schema};
use crate::syntax::CompareOp;
use crate::value::Decimal;
use crate::value::time::AsOf;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Lowers every role for one `as of`. `is_known` tells which names mean somebody who may own: a rule that names nobody
/// else has no box.
pub fn lower(policy: &TypedPolicy, as_of: &AsOf, is_known: &dyn Fn(NameId) -> bool) -> Plan {
    Plan { roles: policy.roles.iter().map(|role| lower_role(policy, role, as_of, is_known)).collect() }
}

/// Lowers one role, or a team whose rules all count: see [`lower`].
pub fn lower_role(policy: &TypedPolicy, role: &Role, as_of: &AsOf, is_known: &dyn Fn(NameId) -> bool) -> RolePlan {
    let plan = lower_rules(policy, role, &role.rules, as_of, is_known);
    let hold = |hold: &Hold| lower_rules(policy, role, std::slice::from_ref(&hold.rule), as_of, is_known);
    RolePlan { holds: role.holds.iter().map(hold).collect(), ..plan }
}

fn lower_rules(
    policy: &TypedPolicy,
    role: &Role,
    rules: &[Rule],
    as_of: &AsOf,
    is_known: &dyn Fn(NameId) -> bool,
) -> RolePlan {
    let (dimensions, boxes) = rule_boxes(policy, role, rules, as_of, is_known, BOXES_PER_RULE_MAX);
    let classifier = Classifier::new(&dimensions, &boxes);
    RolePlan { dimensions, boxes, classifier, holds: Vec::new() }
}

/// The dimensions of some rules about the record of a role, and their boxes in rule order: see [`lower`]. A condition of
/// more than `boxes_max` boxes keeps a column of its own.
pub(crate) fn rule_boxes(
    policy: &TypedPolicy,
    role: &Role,
    rules: &[Rule],
    as_of: &AsOf,
    is_known: &dyn Fn(NameId) -> bool,
    boxes_max: usize,
) -> (Vec<Dimension>, Vec<RuleBox>) {
    let mut lowering = Lowering::new(&policy.schema, role.record, as_of, boxes_max);
    for rule in rules {
        for cond in &rule.conditions {
            cond.visit(&mut |kind, _| lowering.gather(kind));
        }
    }
    lowering.cut();
    let today = as_of.today();
    let mut boxes = Vec::new();
    for (id, rule) in (0..).map(RuleId).zip(rules) {
        let names = match names(rule, is_known) {
            // Whom another role has taken is told by the record.
            Names::Always if !role.never.is_empty() && !always_answers(rule) => Names::Depends,
            names => names,
        };
        if counts_on(rule, today) && names != Names::Nobody {
            let sides = lowering.rule(rule, names);
            boxes.extend(sides.into_iter().map(|sides| RuleBox { rule: id, sides }));
        }
    }
    (lowering.dimensions, boxes)
}

/// Whether one of a chain answers for every record, whoever is taken already.
fn always_answers(rule: &Rule) -> bool {
    rule.targets.iter().any(|target| matches!(target.kind, TargetKind::Nobody | TargetKind::Pool(_)))
}

/// Whether a rule's own dates let it count on a day; both ends included.
pub(crate) fn counts_on(rule: &Rule, today: i32) -> bool {
    rule.from.is_none_or(|from| from <= today) && rule.until.is_none_or(|until| today <= until)
}

/// Whether a rule's chain of targets names somebody, as far as it can be told without a record.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    Always,
    Nobody,
    Depends,
}

fn names(rule: &Rule, is_known: &dyn Fn(NameId) -> bool) -> Names {
    let mut names = Names::Nobody;
    for target in &rule.targets {
        match &target.kind {
            // A pool decides, even where nobody in it may receive.
            TargetKind::Nobody | TargetKind::Pool(_) => return Names::Always,
            TargetKind::Name(name) if is_known(*name) => return Names::Always,
            TargetKind::Name(_) => {}
            _ => names = Names::Depends,
        }
    }
    names
}

/// What a dimension is cut along: a field with the currency its amounts are compared in, or something worked out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Field(Path, Option<String>),
    Related(RelatedPath),
}

/// What a test asks of a dimension; `None` where it needs a column of its own.
fn question(kind: &TestKind) -> Option<(Key, Cow<'_, FieldTest>)> {
    match kind {
        TestKind::Field { path, test } => {
            let currency = match test {
                FieldTest::Number { currency, .. } => currency.clone(),
                FieldTest::Text(TextTest::OneOf(_) | TextTest::StartsWith(_))
                | FieldTest::Missing
                | FieldTest::Day(_)
                | FieldTest::Instant(_)
                | FieldTest::YesNo(_)
                | FieldTest::Choice(_) => None,
                FieldTest::Text(_) | FieldTest::Many { .. } | FieldTest::Key(_) => return None,
            };
            Some((Key::Field(path.clone(), currency), Cow::Borrowed(test)))
        }
        // A test that is denied stands in a `Not`: the sign itself never denies.
        TestKind::Numbers { op: CompareOp::Unequal, .. } | TestKind::Days { op: CompareOp::Unequal, .. } => None,
        TestKind::Numbers { op, left, right } => {
            let (path, range) = match (left, right) {
                (NumberExpr::Related(path), NumberExpr::Constant(bound)) => (path, Range::of(*op, *bound)),
                (NumberExpr::Constant(bound), NumberExpr::Related(path)) => (path, Range::of(op.flipped(), *bound)),
                _ => return None,
            };
            let test = FieldTest::Number { ranges: vec![range], currency: None };
            Some((Key::Related(path.clone()), Cow::Owned(test)))
        }
        TestKind::Days { op, left, right } => {
            let (path, range) = match (left, right) {
                (DayExpr::Related(path), DayExpr::Constant(bound)) => (path, Range::of(*op, *bound)),
                (DayExpr::Constant(bound), DayExpr::Related(path)) => (path, Range::of(op.flipped(), *bound)),
                _ => return None,
            };
            Some((Key::Related(path.clone()), Cow::Owned(FieldTest::Day(vec![range]))))
        }
        _ => None,
    }
}

#[derive(Default)]
struct Constants {
    numbers: Vec<Decimal>,
    days: Vec<i32>,
    instants: Vec<i64>,
    texts: Vec<String>,
    prefixes: Vec<String>,
}

struct Lowering<'p> {
    schema: &'p Schema,
    record: RecordId,
    as_of: &'p AsOf,
    boxes_max: usize,
    /// In order of first sight, so that equal policies give equal plans.
    keys: Vec<Key>,
    constants: FxHashMap<Key, Constants>,
    dimensions: Vec<Dimension>,
    by_key: FxHashMap<Key, usize>,
}

/// The condition falls into too many boxes.
struct TooMany;

impl<'p> Lowering<'p> {
    fn new(schema: &'p Schema, record: RecordId, as_of: &'p AsOf, boxes_max: usize) -> Self {
        Lowering {
            schema,
            record,
            as_of,
            boxes_max,
            keys: Vec::new(),
            constants: FxHashMap::default(),
            dimensions: Vec::new(),
            by_key: FxHashMap::default(),
        }
    }

    fn kind(&self, path: &Path) -> &'p FieldKind {
        &self.schema.record(path.record(self.schema, self.record)).field(path.field).kind
    }

    // ------------------------------------------------------------ first pass: constants

    fn gather(&mut self, kind: &TestKind) {
        let Some((key, test)) = question(kind) else {
            return;
        };
        if !self.constants.contains_key(&key) {
            self.keys.push(key.clone());
        }
        let as_of = self.as_of;
        let constants = self.constants.entry(key).or_default();
        match &*test {
            FieldTest::Number { ranges, .. } => {
                for range in ranges {
                    constants.numbers.extend(range.low.iter().chain(&range.high).map(|(value, _)| value.normalize()));
                }
            }
            FieldTest::Day(ranges) => {
                for range in ranges {
                    constants.days.extend(range.low.iter().chain(&range.high).map(|(mark, _)| mark.day(as_of)));
                }
            }
            FieldTest::Instant(ranges) => {
                for range in ranges {
                    let marks = range.low.iter().chain(&range.high);
                    constants.instants.extend(marks.map(|(mark, _)| mark.instant(as_of)));
                }
            }
            FieldTest::Text(TextTest::OneOf(texts)) => constants.texts.extend(texts.iter().cloned()),
            FieldTest::Text(TextTest::StartsWith(prefixes)) => constants.prefixes.extend(prefixes.iter().cloned()),
            _ => {}
        }
    }

    fn cut(&mut self) {
        for key in std::mem::take(&mut self.keys) {
            let constants = self.constants.remove(&key).unwrap_or_default();
            self.by_key.insert(key.clone(), self.dimensions.len());
            self.dimensions.push(match key {
                Key::Field(path, currency) => {
                    let cuts = self.field_cuts(&path, currency, constants);
                    Dimension::field(path, cuts)
                }
                Key::Related(path) if constants.days.is_empty() => {
                    Dimension::related(path, Cuts::Number { bounds: sorted(constants.numbers, 2), currency: None })
                }
                Key::Related(path) => Dimension::related(path, Cuts::Day { bounds: sorted(constants.days, 2) }),
            });
        }
    }

    fn field_cuts(&self, path: &Path, currency: Option<String>, constants: Constants) -> Cuts {
        match self.kind(path) {
            FieldKind::Choice(set) => Cuts::Choice { count: u16::try_from(set.len()).unwrap_or(u16::MAX) },
            FieldKind::YesNo => Cuts::YesNo,
            FieldKind::Number | FieldKind::Money(_) => Cuts::Number { bounds: sorted(constants.numbers, 2), currency },
            FieldKind::Date => Cuts::Day { bounds: sorted(constants.days, 2) },
            FieldKind::Time => Cuts::Instant { bounds: sorted(constants.instants, 2) },
            FieldKind::Text => {
                Cuts::Text { points: sorted(constants.texts, 2), prefixes: sorted(constants.prefixes, 2) }
            }
            FieldKind::Many(_) | FieldKind::Reference { .. } => Cuts::Known,
        }
    }

    // ------------------------------------------------------------ second pass: boxes

    fn rule(&mut self, rule: &Rule, names: Names) -> Vec<Sides> {
        let mut boxes = vec![Sides::new()];
        for cond in &rule.conditions {
            boxes = self.and_also(boxes, cond);
        }
        if names == Names::Depends {
            let chain = rule.targets.iter().map(|target| target.kind.clone()).collect();
            let named = self.opaque(Opaque::Named(chain));
            boxes = product(&boxes, &[vec![(named, AtomSet::of(2, [TRUE_ATOM]))]], self.boxes_max).unwrap_or_default();
        }
        boxes
    }

    /// Every box cut down by one more condition. What grows past the limit becomes a column of its own.
    fn and_also(&mut self, boxes: Vec<Sides>, cond: &Cond) -> Vec<Sides> {
        if let Ok(more) = self.boxes(cond, true)
            && let Ok(both) = product(&boxes, &more, self.boxes_max)
        {
            return both;
        }
        let index = self.opaque(Opaque::Holds(cond.clone()));
        let own = vec![vec![(index, AtomSet::of(2, [TRUE_ATOM]))]];
        // One box meets each of the others in at most one box.
        product(&boxes, &own, self.boxes_max).unwrap_or_default()
    }

    /// The boxes in which a condition holds (or, where not `wanted`, does not hold).
    fn boxes(&mut self, cond: &Cond, wanted: bool) -> Result<Vec<Sides>, TooMany> {
        match cond {
            Cond::Not(inner, _) => self.boxes(inner, !wanted),
            Cond::Named { body, .. } => self.boxes(body, wanted),
            Cond::All(parts) if wanted => self.every(parts.iter(), wanted),
            Cond::Any(parts) if !wanted => self.every(parts.iter(), wanted),
            Cond::All(parts) | Cond::Any(parts) => self.some(parts.iter(), wanted),
            Cond::AtLeast { count, criteria, .. } => {
                let parts: Vec<&Cond> = criteria.iter().map(|one| &one.condition).collect();
                let needed = if wanted { *count } else { (parts.len() + 1).saturating_sub(*count) };
                self.at_least(needed, &parts, wanted)
            }
            Cond::Test { kind, .. } => Ok(self.test(cond, kind, wanted)),
        }
    }

    fn every<'c>(&mut self, parts: impl Iterator<Item = &'c Cond>, wanted: bool) -> Result<Vec<Sides>, TooMany> {
        let mut boxes = vec![Sides::new()];
        for part in parts {
            let more = self.boxes(part, wanted)?;
            boxes = product(&boxes, &more, self.boxes_max)?;
        }
        Ok(boxes)
    }

    fn some<'c>(&mut self, parts: impl Iterator<Item = &'c Cond>, wanted: bool) -> Result<Vec<Sides>, TooMany> {
        let mut boxes = Vec::new();
        for part in parts {
            for sides in self.boxes(part, wanted)? {
                add(&mut boxes, sides, self.boxes_max)?;
            }
        }
        Ok(boxes)
    }

    /// At least `needed` of the parts: with the first part and one less of the rest, or without it.
    fn at_least(&mut self, needed: usize, parts: &[&Cond], wanted: bool) -> Result<Vec<Sides>, TooMany> {
        if needed == 0 {
            return Ok(vec![Sides::new()]);
        }
        if needed > parts.len() {
            return Ok(Vec::new());
        }
        // `best[k]` holds the boxes for "at least k of the parts seen so far".
        let mut best: Vec<Vec<Sides>> = vec![Vec::new(); needed + 1];
        best[0].push(Sides::new());
        for part in parts {
            let own = self.boxes(part, wanted)?;
            for k in (1..=needed).rev() {
                let with = product(&best[k - 1], &own, self.boxes_max)?;
                for sides in with {
                    add(&mut best[k], sides, self.boxes_max)?;
                }
            }
        }
        Ok(best.pop().unwrap_or_default())
    }

    fn test(&mut self, cond: &Cond, kind: &TestKind, wanted: bool) -> Vec<Sides> {
        if let TestKind::Always(holds) = kind {
            return if *holds == wanted { vec![Sides::new()] } else { Vec::new() };
        }
        if let Some((key, test)) = question(kind)
            && let Some(index) = self.by_key.get(&key).copied()
            && let Some(set) = self.atoms(index, &test)
        {
            return side(index, if wanted { set } else { set.complement() });
        }
        let index = self.opaque(Opaque::Holds(cond.clone()));
        let atom = if wanted { TRUE_ATOM } else { 1 - TRUE_ATOM };
        side(index, AtomSet::of(2, [atom]))
    }

    /// The atoms of a dimension for which a test holds; `None` where one of its constants did not fit the cuts.
    fn atoms(&self, index: usize, test: &FieldTest) -> Option<AtomSet> {
        let dimension = &self.dimensions[index];
        let count = dimension.atom_count;
        let cuts = dimension.cuts()?;
        let missing = dimension.missing_atom();
        Some(match (test, cuts) {
            (FieldTest::Missing, _) => AtomSet::of(count, [missing]),
            (FieldTest::YesNo(yes), Cuts::YesNo) => AtomSet::of(count, [u16::from(*yes)]),
            (FieldTest::Choice(choices), Cuts::Choice { .. }) => AtomSet::of(count, choices.iter().copied()),
            (FieldTest::Number { ranges, .. }, Cuts::Number { bounds, .. }) => {
                let ranges: Vec<_> = ranges.iter().map(|range| range.map(Decimal::normalize)).collect();
                fits(bounds, ranges.iter())?;
                dimension.range_atoms(bounds, &ranges)
            }
            (FieldTest::Day(ranges), Cuts::Day { bounds }) => {
                let ranges: Vec<_> = ranges.iter().map(|range| range.map(|mark| mark.day(self.as_of))).collect();
                fits(bounds, ranges.iter())?;
                dimension.range_atoms(bounds, &ranges)
            }
            (FieldTest::Instant(ranges), Cuts::Instant { bounds }) => {
                let ranges: Vec<_> = ranges.iter().map(|range| range.map(|mark| mark.instant(self.as_of))).collect();
                fits(bounds, ranges.iter())?;
                dimension.range_atoms(bounds, &ranges)
            }
            (FieldTest::Text(TextTest::StartsWith(wanted)), Cuts::Text { points, prefixes }) => {
                let mut set = AtomSet::empty(count);
                for start in wanted {
                    prefixes.binary_search(start).ok()?;
                    // Sorted texts that start alike stand together.
                    for (first, texts) in [(0, points), (points.len(), prefixes)] {
                        let from = texts.partition_point(|text| text < start);
                        let more = texts[from..].iter().take_while(|text| text.starts_with(start.as_str())).count();
                        for at in from..from + more {
                            set.insert(u16::try_from(first + at).ok()?);
                        }
                    }
                }
                set
            }
            (FieldTest::Text(TextTest::OneOf(texts)), Cuts::Text { points, .. }) => {
                let mut set = AtomSet::empty(count);
                for text in texts {
                    let at = points.binary_search(text).ok()?;
                    set.insert(u16::try_from(at).ok()?);
                }
                set
            }
            _ => return None,
        })
    }

    fn opaque(&mut self, test: Opaque) -> usize {
        let dimension = Dimension::opaque(test);
        let same = |other: &Dimension| match (&other.kind, &dimension.kind) {
            (DimensionKind::Opaque(Opaque::Holds(a)), DimensionKind::Opaque(Opaque::Holds(b))) => same_meaning(a, b),
            (a, b) => a == b,
        };
        match self.dimensions.iter().position(same) {
            Some(index) => index,
            None => {
                self.dimensions.push(dimension);
                self.dimensions.len() - 1
            }
        }
    }
}

/// Whether two conditions ask the same, wherever they are written.
fn same_meaning(a: &Cond, b: &Cond) -> bool {
    match (a, b) {
        (Cond::Test { kind: a, .. }, Cond::Test { kind: b, .. }) => a == b,
        _ => a == b,
    }
}

/// Sorted bounds without doubles, cut off where a dimension would grow too large (`atoms_each` atoms a bound).
fn sorted<T: Ord>(mut bounds: Vec<T>, atoms_each: usize) -> Vec<T> {
    bounds.sort();
    bounds.dedup();
    bounds.truncate(ATOMS_PER_FIELD_MAX / atoms_each - 2);
    bounds
}

/// Whether every bound of the ranges is a cut.
fn fits<'r, T: Ord + 'r>(bounds: &[T], mut ranges: impl Iterator<Item = &'r Range<T>>) -> Option<()> {
    ranges
        .all(|range| range.low.iter().chain(&range.high).all(|(value, _)| bounds.binary_search(value).is_ok()))
        .then_some(())
}

fn side(index: usize, set: AtomSet) -> Vec<Sides> {
    if set.is_empty() {
        Vec::new()
    } else if set.is_full() {
        vec![Sides::new()]
    } else {
        vec![vec![(index, set)]]
    }
}

fn product(a: &[Sides], b: &[Sides], boxes_max: usize) -> Result<Vec<Sides>, TooMany> {
    let mut out = Vec::new();
    for left in a {
        for right in b {
            if let Some(both) = meet(left, right) {
                add(&mut out, both, boxes_max)?;
            }
        }
    }
    Ok(out)
}

/// Adds a box, joined with one already there where the two are one.
fn add(boxes: &mut Vec<Sides>, sides: Sides, boxes_max: usize) -> Result<(), TooMany> {
    for known in boxes.iter_mut() {
        if let Some(joined) = join(known, &sides) {
            *known = joined;
            return Ok(());
        }
    }
    if boxes.len() >= boxes_max {
        return Err(TooMany);
    }
    boxes.push(sides);
    Ok(())
}
