//! One role made ready for questions: its rules as boxes over everything a record can hold.

use super::imagine::{Imagined, Setup};
use super::index::BoxIndex;
use super::opened::{self, Opened, Part};
use super::search::{Found, outside};
use super::space;
use super::stage::Stage;
use crate::check::policy::{Cond, FieldTest, Path, Role, Rule, RuleId, Target, TargetKind, TestKind, TypedPolicy};
use crate::decide::row::Setting;
use crate::limits::{ANALYSIS_STEPS_MAX, ANALYSIS_STEPS_TOTAL, ANALYSIS_TRIES_TOTAL, BOXES_PER_PROOF_MAX};
use crate::plan::{AtomSet, Dimension, DimensionKind, RuleBox, rule_boxes};
use crate::value::time::AsOf;
use std::collections::BTreeSet;

/// What a question may cost, and all questions together.
pub(super) struct Budget {
    left: u64,
    /// What imagining records may still cost.
    tries: u64,
    /// What no record could be imagined for: not tried again.
    blocked: Vec<RuleBox>,
}

impl Budget {
    pub fn new() -> Self {
        Budget { left: ANALYSIS_STEPS_TOTAL, tries: ANALYSIS_TRIES_TOTAL, blocked: Vec::new() }
    }

    fn spend<T>(&mut self, question: impl FnOnce(&mut u64) -> T) -> T {
        let given = self.left.min(ANALYSIS_STEPS_MAX);
        let mut steps = given;
        let answer = question(&mut steps);
        self.left -= given - steps;
        answer
    }
}

/// Rules as boxes, in the order in which they are tried; a rule that stands for a row of a table is one of its own.
pub(super) struct Ground<'p> {
    pub policy: &'p TypedPolicy,
    pub role: &'p Role,
    pub as_of: &'p AsOf,
    stage: &'p Stage,
    pub rules: Vec<Rule>,
    /// By written-out rule, whose place is the [`RuleBox::rule`] of its boxes.
    pub parts: Vec<Part>,
    pub dimensions: Vec<Dimension>,
    /// The atoms a record can have, by dimension.
    pub space: Vec<AtomSet>,
    pub boxes: Vec<RuleBox>,
    impossible: Vec<RuleBox>,
    index: BoxIndex,
}

/// What a question about a region came to.
pub(super) enum Answer {
    /// Records of this part lie outside all boxes; one of them is imagined as far as opaque conditions ask.
    Found(Vec<AtomSet>, Imagined),
    /// Every record lies in one of these boxes.
    Covered(BTreeSet<u32>),
    NotDecided(Doubt),
}

/// Why a question was not decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The steps were used up.
    Steps,
    /// It hangs on conditions that no field's values tell; their places.
    Conditions(Vec<crate::source::Span>),
}

/// Regions that are tried where opaque conditions stand in the way.
const REGIONS_TRIED: usize = 12;

impl<'p> Ground<'p> {
    pub fn new(policy: &'p TypedPolicy, role: &'p Role, as_of: &'p AsOf, stage: &'p Stage) -> Self {
        Self::of(policy, role, as_of, stage, opened::open(policy, role, as_of.today()))
    }

    /// Of rules written out already; those of several policies may stand one after the other.
    pub fn of(policy: &'p TypedPolicy, role: &'p Role, as_of: &'p AsOf, stage: &'p Stage, opened: Opened) -> Self {
        Self::with_fields(policy, role, as_of, stage, opened, &[])
    }

    /// As [`Ground::of`]; each of these fields has a dimension, even if rules ask only for what is worked out of it.
    pub fn with_fields(
        policy: &'p TypedPolicy,
        role: &'p Role,
        as_of: &'p AsOf,
        stage: &'p Stage,
        opened: Opened,
        fields: &[Path],
    ) -> Self {
        let Opened { rules, parts } = opened;
        let mut asked: Vec<Rule> = rules.iter().map(|rule| Rule { from: None, until: None, ..rule.clone() }).collect();
        asked.extend(fields.iter().map(|path| without(path, role)));
        let (mut dimensions, mut boxes) = rule_boxes(policy, role, &asked, as_of, &|_| true, BOXES_PER_PROOF_MAX);
        boxes.retain(|one| (one.rule.0 as usize) < rules.len());
        let mut space = space::space(policy, role, &dimensions);
        if let Some(days) = days_of(&rules) {
            date(&rules, &days, dimensions.len(), &mut boxes);
            let calendar = Dimension::calendar(days);
            space.push(from_day(&calendar, as_of.today()));
            dimensions.push(calendar);
        }
        let mut impossible = Vec::new();
        space::impossible(policy, role, &dimensions, &mut impossible);
        let index = BoxIndex::new(&dimensions, &boxes);
        Ground { policy, role, as_of, stage, rules, parts, dimensions, space, boxes, impossible, index }
    }

    /// The boxes that may meet a region, ascending.
    pub fn near(&self, region: &[AtomSet]) -> Vec<u32> {
        self.index.near(region)
    }

    fn setup(&self) -> Setup<'_> {
        Setup {
            setting: Setting {
                policy: self.policy,
                record: self.role.record,
                binding: &self.stage.binding,
                as_of: self.as_of,
            },
            role: self.role,
            dimensions: &self.dimensions,
            owners: &self.stage.owners,
        }
    }

    /// The part of the space that lies in a box; `None` where there is none.
    pub fn region(&self, one: &RuleBox) -> Option<Vec<AtomSet>> {
        cut(&self.space, one)
    }

    /// The boxes of a written-out rule, by their places.
    pub fn boxes_of(&self, part: usize) -> std::ops::Range<usize> {
        let id = RuleId(u32::try_from(part).unwrap_or(u32::MAX));
        self.boxes.partition_point(|one| one.rule < id)..self.boxes.partition_point(|one| one.rule <= id)
    }

    /// Looks for records of a region that lie in none of the boxes that are asked for.
    pub fn ask(&self, region: &[AtomSet], wanted: impl Fn(&RuleBox) -> bool, budget: &mut Budget) -> Answer {
        self.search(region, wanted, &[], false, budget)
    }

    /// As [`Ground::ask`], outside some further boxes too; what is found is as large as it can be.
    pub fn ask_widest(
        &self,
        region: &[AtomSet],
        wanted: impl Fn(&RuleBox) -> bool,
        besides: &[RuleBox],
        budget: &mut Budget,
    ) -> Answer {
        self.search(region, wanted, besides, true, budget)
    }

    fn search(
        &self,
        region: &[AtomSet],
        wanted: impl Fn(&RuleBox) -> bool,
        besides: &[RuleBox],
        widest: bool,
        budget: &mut Budget,
    ) -> Answer {
        let near = self.index.near(region);
        let numbers: Vec<u32> = near.into_iter().filter(|number| wanted(&self.boxes[*number as usize])).collect();
        let mut boxes: Vec<&RuleBox> = numbers.iter().map(|number| &self.boxes[*number as usize]).collect();
        boxes.extend(&self.impossible);
        boxes.extend(besides);
        let mut blockers = BTreeSet::new();
        for _ in 0..REGIONS_TRIED {
            let blocked = budget.blocked.clone();
            let all: Vec<&RuleBox> = boxes.iter().copied().chain(&blocked).collect();
            match budget.spend(|steps| outside(region, &all, steps)) {
                Found::OutOfSteps => return Answer::NotDecided(Doubt::Steps),
                Found::Covered(used) if used.iter().all(|at| *at < boxes.len()) => {
                    return Answer::Covered(used.iter().filter_map(|at| numbers.get(*at)).copied().collect());
                }
                Found::Covered(used) => {
                    blockers = used.iter().filter_map(|at| at.checked_sub(boxes.len())).collect();
                    break;
                }
                Found::Outside(found) => {
                    let hangs = |at: usize| self.is_opaque(at) && found[at] != region[at];
                    let found = match widest || (0..found.len()).any(hangs) {
                        true => self.widened(found, region, &all),
                        false => found,
                    };
                    match self.setup().imagine(&found, &mut budget.tries) {
                        Ok(imagined) => return Answer::Found(found, imagined),
                        Err(dimensions) => {
                            blockers.insert(budget.blocked.len());
                            let mut sides: Vec<(usize, AtomSet)> =
                                dimensions.into_iter().map(|at| (at, found[at].clone())).collect();
                            sides.sort_by_key(|(at, _)| *at);
                            budget.blocked.push(RuleBox { rule: space::IMPOSSIBLE, sides });
                        }
                    }
                }
            }
        }
        let blocked = blockers.iter().filter_map(|at| budget.blocked.get(*at));
        Answer::NotDecided(Doubt::Conditions(self.opaque_places(blocked)))
    }

    fn is_opaque(&self, dimension: usize) -> bool {
        matches!(self.dimensions[dimension].kind, DimensionKind::Opaque(_))
    }

    /// The largest part of `within` around a region that still lies outside all boxes, a dimension after the other.
    fn widened(&self, mut found: Vec<AtomSet>, within: &[AtomSet], boxes: &[&RuleBox]) -> Vec<AtomSet> {
        // Opaque conditions first: what does not hang on them needs no proof that they can be so.
        let (opaque, plain): (Vec<usize>, Vec<usize>) = (0..found.len()).partition(|at| self.is_opaque(*at));
        for at in opaque.into_iter().chain(plain) {
            if found[at] == within[at] {
                continue;
            }
            let mut wide = within[at].clone();
            for one in boxes {
                let meets = one.sides.iter().all(|(side, set)| *side == at || !found[*side].is_disjoint(set));
                if meets && let Some((_, set)) = one.sides.iter().find(|(side, _)| *side == at) {
                    wide.remove_all(set);
                }
            }
            found[at] = wide;
        }
        found
    }

    fn opaque_places<'b>(&self, blocked: impl Iterator<Item = &'b RuleBox>) -> Vec<crate::source::Span> {
        let sides = blocked.flat_map(|one| &one.sides).map(|(at, _)| *at).collect::<BTreeSet<usize>>();
        let mut places: Vec<_> = sides.into_iter().filter_map(|at| super::words::place(&self.dimensions[at])).collect();
        places.sort();
        places.dedup();
        places
    }

    /// A record of the region with a value for everything that any dimension asks and the region tells apart.
    pub fn witness(&self, region: &[AtomSet], imagined: Imagined) -> Imagined {
        self.setup().complete(region, &self.space, imagined)
    }

    /// Gives the record values of the region for fields that nothing is known of yet.
    pub fn fill<'f>(
        &self,
        region: &[AtomSet],
        paths: impl Iterator<Item = &'f crate::check::policy::Path>,
        imagined: &mut Imagined,
    ) {
        self.setup().fill(region, paths, imagined);
    }

    /// Whether a condition holds for an imagined record.
    pub fn holds(&self, cond: &crate::check::policy::Cond, imagined: &Imagined) -> bool {
        crate::decide::row::holds(self.setup().setting, cond, imagined)
    }
}

/// A region cut down to a box; `None` where the two do not meet.
pub(super) fn cut(region: &[AtomSet], one: &RuleBox) -> Option<Vec<AtomSet>> {
    let mut region = region.to_vec();
    for (dimension, side) in &one.sides {
        region[*dimension] = region[*dimension].intersection(side);
    }
    (!region.iter().any(AtomSet::is_empty)).then_some(region)
}

/// A rule that asks for nothing but that a field is missing.
fn without(path: &Path, role: &Role) -> Rule {
    let kind = TestKind::Field { path: path.clone(), test: FieldTest::Missing };
    Rule {
        label: None,
        conditions: vec![Cond::Test { kind, span: role.span }],
        targets: vec![Target { kind: TargetKind::Nobody, span: role.span }],
        hand_off: None,
        because: None,
        from: None,
        until: None,
        span: role.span,
    }
}

/// The days on which rules begin or cease to count; `None` where all count always.
fn days_of(rules: &[Rule]) -> Option<Vec<i32>> {
    let after = |day: i32| day.checked_add(1);
    let days = rules.iter().flat_map(|rule| rule.from.into_iter().chain(rule.until.and_then(after)));
    let days: BTreeSet<i32> = days.collect();
    (!days.is_empty()).then(|| days.into_iter().take(usize::from(u16::MAX) - 2).collect())
}

/// Lets each box count only on its rule's days.
fn date(rules: &[Rule], days: &[i32], at: usize, boxes: &mut Vec<RuleBox>) {
    let count = u16::try_from(days.len() + 1).unwrap_or(u16::MAX);
    boxes.retain_mut(|one| {
        let rule = &rules[one.rule.0 as usize];
        if rule.from.is_none() && rule.until.is_none() {
            return true;
        }
        // Atom `i` is the span of days that ends before `days[i]`; its first day tells for all of them.
        let first = |atom: u16| (atom as usize).checked_sub(1).map_or(i32::MIN, |at| days[at]);
        let counts = |atom: &u16| {
            let day = first(*atom);
            rule.from.is_none_or(|from| from <= day) && rule.until.is_none_or(|until| day <= until)
        };
        let set = AtomSet::of(count, (0..count).filter(counts));
        let is_some = !set.is_empty();
        one.sides.push((at, set));
        is_some
    });
}

/// The spans of days from a day on.
fn from_day(calendar: &Dimension, today: i32) -> AtomSet {
    let crate::plan::DimensionKind::Calendar { days } = &calendar.kind else {
        return AtomSet::full(calendar.atom_count);
    };
    let first = u16::try_from(days.partition_point(|day| *day <= today)).unwrap_or(u16::MAX);
    AtomSet::of(calendar.atom_count, first..calendar.atom_count)
}
