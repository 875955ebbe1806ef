//! One record among the boxes of its role: which steps give it to somebody, and what keeps each from deciding.

use super::asked_facts;
use super::giving::{self, Gives, Step, fits_pool, given};
use super::imagine::{Fact, Known};
use super::index::BoxIndex;
use super::movable::{self, Making, Values};
use super::own::{self, Changed};
use super::search::{Found, outside};
use super::space;
use super::words;
use crate::check::policy::{PoolId, Role, Rule};
use crate::decide::row::{Facts, Setting};
use crate::limits::BOXES_PER_PROOF_MAX;
use crate::plan::{AtomSet, Cuts, Dimension, DimensionKind, RuleBox, rule_boxes};
use crate::source::Span;
use crate::value::{Decimal, Owner, Value, fold};
use std::collections::BTreeSet;

/// Something that can be changed.
pub(super) struct Movable {
    pub fact: Fact,
    pub cost: u32,
    /// The dimensions that depend on it.
    dimensions: Vec<usize>,
    /// Whether each of them is cut from it alone, so that a value an atom is all that conditions can tell.
    is_plain: bool,
}

/// A box that gives the record to its new owner.
pub(super) struct Goal {
    at: usize,
    /// What has to change in any case.
    pub start: Vec<usize>,
    /// What has to stay for it to be theirs.
    frozen: Vec<usize>,
    /// What has to become so.
    once: Option<(usize, Known)>,
    /// The pool whose condition has to hold of them, with what it reads of the record.
    pool: Option<(PoolId, Vec<usize>)>,
    /// Whether the pool's condition holds as the record is.
    fits: bool,
}

/// Why a goal is out of reach for a set of changes.
pub(super) enum Refusal {
    Never,
    /// One of these has to change as well.
    Needs(Vec<usize>),
}

/// A region without values, and whether all were tried.
pub(super) struct Refused {
    pub block: RuleBox,
    pub is_all: bool,
}

/// Steps that trying values for one region may take: beyond them others are more likely to have some.
const STEPS_A_REGION: u64 = 100_000;

/// Values that were found, by what they are of, and the region that they stand for.
type Made = (Vec<(usize, Known)>, Vec<AtomSet>);

pub(super) struct Board<'a> {
    pub setting: Setting<'a>,
    pub role: &'a Role,
    pub facts: &'a dyn Facts,
    pub owner: &'a Owner,
    pub movable: Vec<Movable>,
    pub goals: Vec<Goal>,
    dimensions: Vec<Dimension>,
    /// By dimension: the atoms a record may have, this one's included.
    space: Vec<AtomSet>,
    own: Vec<u16>,
    /// By dimension: what moves it.
    moved_by: Vec<Vec<usize>>,
    boxes: Vec<RuleBox>,
    impossible: Vec<RuleBox>,
    index: BoxIndex,
}

impl<'a> Board<'a> {
    /// `rules` and `steps` as [`super::giving::steps`] takes a role apart.
    pub fn new(
        setting: Setting<'a>,
        role: &'a Role,
        facts: &'a dyn Facts,
        owner: &'a Owner,
        rules: &[Rule],
        steps: &[Step],
    ) -> Self {
        let policy = setting.policy;
        let is_known = |name| setting.binding.name(name).is_ok();
        let (dimensions, boxes) = rule_boxes(policy, role, rules, setting.as_of, &is_known, BOXES_PER_PROOF_MAX);
        let own: Vec<u16> = dimensions.iter().map(|one| own::atom(setting, role, one, facts)).collect();
        let mut space = space::space(policy, role, &dimensions);
        space.iter_mut().zip(&own).for_each(|(set, atom)| set.insert(*atom));
        let mut impossible = Vec::new();
        space::impossible(policy, role, &dimensions, &mut impossible);
        // What this record is, is possible.
        impossible.retain(|one| !one.sides.iter().all(|(at, set)| set.contains(own[*at])));
        let index = BoxIndex::new(&dimensions, &boxes);
        let moved_by = vec![Vec::new(); dimensions.len()];
        let mut board = Board {
            setting,
            role,
            facts,
            owner,
            movable: Vec::new(),
            goals: Vec::new(),
            dimensions,
            space,
            own,
            moved_by,
            boxes,
            impossible,
            index,
        };
        board.connect();
        board.aim(steps);
        board
    }

    fn connect(&mut self) {
        for at in 0..self.dimensions.len() {
            for fact in asked_facts::of_dimension(self.role, &self.dimensions[at].kind) {
                if let Some(one) = self.movable_at(fact) {
                    self.moved_by[at].push(one);
                    self.movable[one].dimensions.push(at);
                    if matches!(self.dimensions[at].kind, DimensionKind::Opaque(_)) {
                        self.movable[one].is_plain = false;
                    }
                }
            }
        }
    }

    /// The place of something among what can be changed; `None` where it cannot.
    fn movable_at(&mut self, fact: Fact) -> Option<usize> {
        if let Some(at) = self.movable.iter().position(|one| one.fact == fact) {
            return Some(at);
        }
        let cost = movable::cost(self.setting, self.facts, &fact)?;
        self.movable.push(Movable { fact, cost, dimensions: Vec::new(), is_plain: true });
        Some(self.movable.len() - 1)
    }

    fn aim(&mut self, steps: &[Step]) {
        for at in 0..self.boxes.len() {
            let Some(step) = steps.get(self.boxes[at].rule.0 as usize) else { continue };
            let mut goal = Goal { at, start: Vec::new(), frozen: Vec::new(), once: None, pool: None, fits: true };
            match &step.gives {
                Gives::Nothing => continue,
                Gives::Record => {}
                Gives::While(facts) => {
                    goal.frozen = facts.iter().filter_map(|fact| self.movable_at(fact.clone())).collect();
                }
                Gives::Once(fact, known) => {
                    let Some(one) = self.movable_at(fact.clone()) else { continue };
                    goal.start.push(one);
                    goal.once = Some((one, known.clone()));
                }
                Gives::Pool(pool) => {
                    let condition = self.setting.policy.pool(*pool).condition.as_ref();
                    let paths = condition.map_or(Vec::new(), |cond| cond.paths());
                    let read = paths.into_iter().filter_map(|path| self.movable_at(Fact::Value(path)));
                    goal.pool = Some((*pool, read.collect()));
                    goal.fits = fits_pool(self.setting, self.role, *pool, self.owner, self.facts);
                }
            }
            self.goals.push(goal);
        }
    }

    pub fn cost(&self, set: &[usize]) -> u32 {
        set.iter().map(|at| self.movable[*at].cost).sum()
    }

    fn is_free(&self, dimension: usize, set: &[usize], goal: &Goal) -> bool {
        self.moved_by[dimension].iter().any(|one| set.contains(one) && !goal.frozen.contains(one))
    }

    /// The part of the space that a set of changes reaches and a goal's box takes.
    pub fn region(&self, set: &[usize], goal: usize) -> Result<Vec<AtomSet>, Refusal> {
        let goal = &self.goals[goal];
        let fixed = |at: usize| AtomSet::of(self.dimensions[at].atom_count, [self.own[at]]);
        let free = |at: usize| if self.is_free(at, set, goal) { self.space[at].clone() } else { fixed(at) };
        let mut region: Vec<AtomSet> = (0..self.dimensions.len()).map(free).collect();
        let mut needs: Option<Vec<usize>> = None;
        let mut needs_one_of = |more: Vec<usize>| {
            if needs.as_ref().is_none_or(|known| more.len() < known.len()) {
                needs = Some(more);
            }
        };
        for (at, side) in &self.boxes[goal.at].sides {
            region[*at] = region[*at].intersection(side);
            if !region[*at].is_empty() {
                continue;
            }
            if self.is_free(*at, set, goal) {
                return Err(Refusal::Never);
            }
            needs_one_of(self.may_move(*at, set, goal));
        }
        if let Some((_, read)) = goal.pool.as_ref().filter(|_| !goal.fits)
            && !read.iter().any(|one| set.contains(one))
        {
            needs_one_of(read.clone());
        }
        match needs {
            None => Ok(region),
            Some(more) if more.is_empty() => Err(Refusal::Never),
            Some(more) => Err(Refusal::Needs(more)),
        }
    }

    /// What could move a dimension and is not among the changes yet.
    fn may_move(&self, dimension: usize, set: &[usize], goal: &Goal) -> Vec<usize> {
        let movers = self.moved_by[dimension].iter().copied();
        movers.filter(|one| !set.contains(one) && !goal.frozen.contains(one)).collect()
    }

    /// The boxes that take records before a goal's, and those of no record, as far as they meet a region.
    fn before(&self, region: &[AtomSet], goal: usize) -> Vec<&RuleBox> {
        let rule = self.boxes[self.goals[goal].at].rule;
        let near = self.index.near(region).into_iter().map(|number| &self.boxes[number as usize]);
        near.filter(|one| one.rule < rule).chain(&self.impossible).collect()
    }

    /// Looks for a point of a region that the goal's step takes.
    pub fn outside(&self, region: &[AtomSet], goal: usize, blocked: &[RuleBox], steps: &mut u64) -> Found {
        let mut boxes = self.before(region, goal);
        boxes.extend(blocked);
        outside(region, &boxes, steps)
    }

    /// What could move a side of one of the boxes that together cover a region.
    pub fn behind(
        &self,
        region: &[AtomSet],
        goal: usize,
        blocked: &[RuleBox],
        used: &BTreeSet<usize>,
        set: &[usize],
    ) -> Vec<usize> {
        let mut boxes = self.before(region, goal);
        boxes.extend(blocked);
        let goal = &self.goals[goal];
        let sides = used.iter().filter_map(|at| boxes.get(*at)).flat_map(|one| &one.sides);
        let mut more: BTreeSet<usize> = sides.flat_map(|(at, _)| self.may_move(*at, set, goal)).collect();
        if let Some((_, read)) = goal.pool.as_ref().filter(|_| !blocked.is_empty()) {
            more.extend(read.iter().filter(|one| !set.contains(one)));
        }
        more.into_iter().collect()
    }

    pub fn all_besides(&self, set: &[usize]) -> Vec<usize> {
        (0..self.movable.len()).filter(|one| !set.contains(one)).collect()
    }

    /// Where the conditions stand that changes are asked by and that no atoms hold.
    pub fn places(&self, set: &[usize]) -> Vec<Span> {
        let dimensions = set.iter().flat_map(|one| &self.movable[*one].dimensions);
        dimensions.filter_map(|at| words::place(&self.dimensions[*at])).collect()
    }

    pub fn changed(&self, known: &[(usize, Known)]) -> Changed<'a> {
        let known = known.iter().map(|(at, known)| (self.movable[*at].fact.clone(), known.clone()));
        Changed { facts: self.facts, known: known.collect() }
    }

    /// Values for a set of changes that lie in a region and that the interpreter confirms: the nearest ones around what
    /// was found, where those do not do the ones of exactly that.
    pub fn make(
        &self,
        found: Vec<AtomSet>,
        within: &[AtomSet],
        set: &[usize],
        goal: usize,
        blocked: &[RuleBox],
        steps: &mut u64,
    ) -> Result<Made, Refused> {
        let mut boxes = self.before(within, goal);
        boxes.extend(blocked);
        let block = self.block(&found, within, set);
        let mut is_all = true;
        for around in [Some(boxes.as_slice()), None] {
            let choices = self.choices(found.clone(), within, set, goal, around);
            let mut known = Vec::with_capacity(choices.len());
            let given = STEPS_A_REGION.min(*steps);
            let mut left = given;
            let is_found = self.choose(&choices, &mut known, &mut left);
            *steps -= given - left;
            if is_found {
                (0..known.len()).for_each(|at| self.draw_near(&mut known, at, steps));
                let changed = self.changed(&known);
                let atom = |one: &Dimension| own::atom(self.setting, self.role, one, &changed);
                let point = self.dimensions.iter().map(|one| AtomSet::of(one.atom_count, [atom(one)]));
                return Ok((known, point.collect()));
            }
            is_all = left > 0 && choices.iter().all(|(_, values)| values.is_all);
        }
        Err(Refused { block, is_all })
    }

    /// The values to try of each change. Where boxes are given, what is found is made as wide around as they leave room.
    fn choices(
        &self,
        mut found: Vec<AtomSet>,
        within: &[AtomSet],
        set: &[usize],
        goal: usize,
        around: Option<&[&RuleBox]>,
    ) -> Vec<(usize, Values)> {
        let target = &self.goals[goal];
        let making = Making {
            setting: self.setting,
            role: self.role,
            facts: self.facts,
            owner: self.owner,
            dimensions: &self.dimensions,
        };
        let mut choices: Vec<(usize, Values)> = Vec::with_capacity(set.len());
        for one in set {
            let movable = &self.movable[*one];
            let pool = target.pool.as_ref().filter(|(_, read)| read.contains(one)).map(|(pool, _)| *pool);
            let values = match &target.once {
                Some((at, known)) if at == one => Values { known: vec![known.clone()], is_all: true },
                _ if movable.is_plain && pool.is_none() => {
                    for at in &movable.dimensions {
                        if let Some(boxes) = around {
                            found[*at] = wider(*at, &found, within, boxes);
                        }
                    }
                    let values = making.values(&movable.fact, &found, true, None);
                    if let Some(first) = values.known.first() {
                        self.settle(*one, first, &mut found);
                    }
                    values
                }
                _ => making.values(&movable.fact, &self.space, false, pool),
            };
            choices.push((*one, values));
        }
        choices
    }

    /// The part of a region that is known to hold no values: told by the dimensions that the changes move.
    fn block(&self, found: &[AtomSet], within: &[AtomSet], set: &[usize]) -> RuleBox {
        let moved: BTreeSet<usize> = set.iter().flat_map(|one| &self.movable[*one].dimensions).copied().collect();
        let narrowed = moved.into_iter().filter(|at| found[*at] != within[*at]);
        let mut sides: Vec<(usize, AtomSet)> = narrowed.map(|at| (at, found[at].clone())).collect();
        if sides.is_empty() {
            // All of it: a side that every point lies in.
            let moved = set.iter().flat_map(|one| &self.movable[*one].dimensions).copied();
            let moved: BTreeSet<usize> = moved.collect();
            sides = moved.into_iter().map(|at| (at, within[at].clone())).collect();
        }
        RuleBox { rule: space::IMPOSSIBLE, sides }
    }

    /// Leaves a region only the atoms that a value has.
    fn settle(&self, one: usize, value: &Known, found: &mut [AtomSet]) {
        let changed = Changed { facts: self.facts, known: vec![(self.movable[one].fact.clone(), value.clone())] };
        for at in &self.movable[one].dimensions {
            let dimension = &self.dimensions[*at];
            if !matches!(dimension.kind, DimensionKind::Opaque(_)) {
                let atom = own::atom(self.setting, self.role, dimension, &changed);
                found[*at] = AtomSet::of(dimension.atom_count, [atom]);
            }
        }
    }

    /// Tries the values of each change with those of all others, until the interpreter says that the record is theirs.
    fn choose(&self, choices: &[(usize, Values)], known: &mut Vec<(usize, Known)>, steps: &mut u64) -> bool {
        let Some((one, values)) = choices.get(known.len()) else {
            *steps = steps.saturating_sub(1 + self.role.rules.len() as u64);
            return *steps > 0 && given(self.setting, self.role, &self.changed(known), self.owner).is_some();
        };
        for value in &values.known {
            known.push((*one, value.clone()));
            if self.choose(choices, known, steps) {
                return true;
            }
            known.pop();
            if *steps == 0 {
                return false;
            }
        }
        false
    }

    /// Moves a whole number that no atoms tell as near to the record's own as the interpreter lets it.
    fn draw_near(&self, known: &mut [(usize, Known)], at: usize, steps: &mut u64) {
        let (one, found) = known[at].clone();
        let own = own::known(self.facts, &self.movable[one].fact);
        let (Some(mut far), Some(mut near)) = (whole(&own), whole(&found)) else { return };
        if self.movable[one].is_plain {
            return;
        }
        let between = |a: Decimal, b: Decimal| Some((a.checked_add(b)? / Decimal::TWO).floor());
        while let Some(middle) = between(far, near).filter(|middle| *middle != far && *middle != near) {
            known[at].1 = with_number(&found, middle);
            *steps = steps.saturating_sub(1 + self.role.rules.len() as u64);
            match *steps > 0 && given(self.setting, self.role, &self.changed(known), self.owner).is_some() {
                true => near = middle,
                false => far = middle,
            }
        }
        known[at].1 = with_number(&found, near);
    }

    /// In words, all values of a change that would do, where the others are as in the region; `None` where it is one
    /// value alone, or where its atoms do not tell.
    pub fn range(&self, one: usize, region: &[AtomSet], goal: usize) -> Option<String> {
        let movable = &self.movable[one];
        let [at] = movable.dimensions.as_slice() else { return None };
        if !movable.is_plain {
            return None;
        }
        let mut within: Vec<AtomSet> = region.to_vec();
        within[*at] = self.space[*at].clone();
        let own_box = &self.boxes[self.goals[goal].at];
        if let Some((_, side)) = own_box.sides.iter().find(|(side, _)| side == at) {
            within[*at] = within[*at].intersection(side);
        }
        let wide = wider(*at, region, &within, &self.before(&within, goal));
        if wide.single().is_some_and(|_| !self.is_interval(*at, &wide)) {
            return None;
        }
        within[*at] = wide;
        let mut space = within.clone();
        space[*at] = self.space[*at].clone();
        words::region(self.setting.policy, self.role, &self.dimensions, &space, &within).into_iter().next()
    }

    /// Whether a value is a text that rules do not name.
    pub fn is_example(&self, one: usize, known: &Known) -> bool {
        let Known::Value(Value::Text(text)) = known else { return false };
        let folded = fold(text);
        let is_point = |at: &usize| match self.dimensions[*at].cuts() {
            Some(Cuts::Text { points, .. }) => points.contains(&folded),
            _ => false,
        };
        !self.movable[one].dimensions.iter().any(is_point) && !giving::texts(self.setting, self.owner).contains(text)
    }

    /// Whether the only atom of a set stands for more than one value.
    fn is_interval(&self, at: usize, set: &AtomSet) -> bool {
        let Some(atom) = set.single() else { return true };
        match self.dimensions[at].cuts() {
            Some(Cuts::Number { .. } | Cuts::Day { .. } | Cuts::Instant { .. }) => atom % 2 == 0,
            Some(Cuts::Text { points, .. }) => usize::from(atom) >= points.len(),
            Some(Cuts::Known) => true,
            _ => false,
        }
    }
}

/// The atoms of a dimension for which a region lies outside all boxes.
fn wider(at: usize, region: &[AtomSet], within: &[AtomSet], boxes: &[&RuleBox]) -> AtomSet {
    let mut wide = within[at].clone();
    for one in boxes {
        let meets = one.sides.iter().all(|(side, set)| *side == at || !region[*side].is_disjoint(set));
        if meets && let Some((_, set)) = one.sides.iter().find(|(side, _)| *side == at) {
            wide.remove_all(set);
        }
    }
    wide
}

fn whole(known: &Known) -> Option<Decimal> {
    match known {
        Known::Value(Value::Number(number) | Value::Money(number, _)) if number.is_integer() => Some(*number),
        _ => None,
    }
}

fn with_number(known: &Known, number: Decimal) -> Known {
    match known {
        Known::Value(Value::Money(_, code)) => Known::Value(Value::Money(number, code.clone())),
        _ => Known::Value(Value::Number(number)),
    }
}
