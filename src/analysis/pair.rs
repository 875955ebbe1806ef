//! What two ordered lists of rules decide differently: exact, with a record for each pair of rules.
//!
//! Rules that stand on both sides in the same order (same boxes, same owner) are matched. A record that lies in no
//! unmatched rule is decided by the same matched rule on both sides, so every difference lies in an unmatched one: only
//! those are looked at, whatever the number of rules.

use super::ground::{Answer, Budget, Doubt, Ground, cut};
use super::imagine::Imagined;
use super::opened::{self, Opened};
use super::stage::Stage;
use crate::check::policy::{Role, TypedPolicy};
use crate::plan::{AtomSet, RuleBox};
use crate::value::time::AsOf;
use rustc_hash::FxHashMap;

/// Whether two versions of a role, typed in one policy, give every record the same owner; `None` where that was not
/// decided. Their holds and whom they keep apart must be the same.
pub fn same_owners(policy: &TypedPolicy, before: &Role, after: &Role, as_of: &AsOf) -> Option<bool> {
    let stage = Stage::new(policy, as_of.today());
    let today = as_of.today();
    let (old, new) = (opened::open(policy, before, today), opened::open(policy, after, today));
    let pair = Pair::new(policy, before, as_of, &stage, old, new);
    let found = pair.differences(true, &mut Budget::new());
    match (found.pairs.is_empty(), found.doubts.is_empty()) {
        (false, _) => Some(false),
        (true, true) => Some(true),
        (true, false) => None,
    }
}

/// Two lists of written-out rules on one ground, the old ones first.
pub(super) struct Pair<'p> {
    pub ground: Ground<'p>,
    /// The first part of the new side.
    split: usize,
    /// By part: it has a partner on the other side.
    matched: Vec<bool>,
}

/// What a pair of rules decides differently.
pub(super) struct Differing {
    /// Parts of the ground; `None` where no rule takes the records.
    pub old: Option<usize>,
    pub new: Option<usize>,
    #[expect(dead_code, reason = "shown by the difference of two policies")]
    pub region: Vec<AtomSet>,
    #[expect(dead_code, reason = "shown by the difference of two policies")]
    pub record: Imagined,
}

#[derive(Default)]
pub(super) struct Found {
    pub pairs: Vec<Differing>,
    pub doubts: Vec<Doubt>,
}

impl<'p> Pair<'p> {
    /// Both sides must be written out of one policy, or out of two in one namespace.
    pub fn new(
        policy: &'p TypedPolicy,
        role: &'p Role,
        as_of: &'p AsOf,
        stage: &'p Stage,
        old: Opened,
        new: Opened,
    ) -> Self {
        let split = old.parts.len();
        let both = Opened {
            rules: old.rules.into_iter().chain(new.rules).collect(),
            parts: old.parts.into_iter().chain(new.parts).collect(),
        };
        let ground = Ground::of(policy, role, as_of, stage, both);
        let mut pair = Pair { matched: vec![false; ground.parts.len()], ground, split };
        pair.match_parts();
        pair
    }

    /// Marks the parts of the longest row that stands on both sides in the same order.
    fn match_parts(&mut self) {
        type Meaning<'g> = (&'g str, Vec<&'g [(usize, AtomSet)]>);
        let mut numbers: FxHashMap<Meaning<'_>, u32> = FxHashMap::default();
        let mut ids = Vec::with_capacity(self.ground.parts.len());
        for part in 0..self.ground.parts.len() {
            let boxes = &self.ground.boxes[self.ground.boxes_of(part)];
            let sides = boxes.iter().map(|one| one.sides.as_slice()).collect();
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            ids.push(*numbers.entry((self.ground.parts[part].outcome.as_str(), sides)).or_insert(next));
        }
        let (old, new) = ids.split_at(self.split);
        let mut matched = vec![false; ids.len()];
        for op in similar::capture_diff_slices(similar::Algorithm::Patience, old, new) {
            if let similar::DiffOp::Equal { old_index, new_index, len } = op {
                for at in 0..len {
                    matched[old_index + at] = true;
                    matched[self.split + new_index + at] = true;
                }
            }
        }
        self.matched = matched;
    }

    fn is_old(&self, part: usize) -> bool {
        part < self.split
    }

    /// Every pair of rules that decide some record differently, each once; `owners_only` stops at the first record whose
    /// owner differs, and leaves out rules of another meaning that name the same owner.
    pub fn differences(&self, owners_only: bool, budget: &mut Budget) -> Found {
        let mut found = Found::default();
        for part in 0..self.matched.len() {
            if self.matched[part] || (owners_only && !found.pairs.is_empty()) {
                continue;
            }
            self.of_part(part, owners_only, &mut found, budget);
        }
        found
    }

    /// What the other side decides differently for the records that an unmatched part takes.
    fn of_part(&self, part: usize, owners_only: bool, found: &mut Found, budget: &mut Budget) {
        let of_own_side = |one: &RuleBox| self.is_old(one.rule.0 as usize) == self.is_old(part);
        let is_earlier = |one: &RuleBox| of_own_side(one) && (one.rule.0 as usize) < part;
        for own in &self.ground.boxes[self.ground.boxes_of(part)] {
            let Some(region) = self.ground.region(own) else { continue };
            let by_none = |one: &RuleBox| is_earlier(one) || !of_own_side(one);
            self.note(&region, by_none, part, None, found, budget);
            let near: Vec<u32> = self.ground.near(&region);
            for number in near {
                let other = &self.ground.boxes[number as usize];
                let other_part = other.rule.0 as usize;
                if of_own_side(other) || !self.differ(part, other_part, owners_only) {
                    continue;
                }
                // Two unmatched parts are looked at from the old side.
                if !self.is_old(part) && !self.matched[other_part] {
                    continue;
                }
                if self.is_known(part, other_part, found) {
                    continue;
                }
                let Some(both) = cut(&region, other) else { continue };
                let before_both =
                    |one: &RuleBox| is_earlier(one) || (!of_own_side(one) && (one.rule.0 as usize) < other_part);
                self.note(&both, before_both, part, Some(other_part), found, budget);
                if owners_only && !found.pairs.is_empty() {
                    return;
                }
            }
        }
    }

    fn differ(&self, part: usize, other: usize, owners_only: bool) -> bool {
        let (own, other) = (&self.ground.parts[part], &self.ground.parts[other]);
        own.outcome != other.outcome || (!owners_only && own.meaning != other.meaning && own.label != other.label)
    }

    fn sides(&self, part: usize, other: Option<usize>) -> (Option<usize>, Option<usize>) {
        if self.is_old(part) { (Some(part), other) } else { (other, Some(part)) }
    }

    fn is_known(&self, part: usize, other: usize, found: &Found) -> bool {
        let sides = self.sides(part, Some(other));
        found.pairs.iter().any(|pair| (pair.old, pair.new) == sides)
    }

    fn note(
        &self,
        region: &[AtomSet],
        taken: impl Fn(&RuleBox) -> bool,
        part: usize,
        other: Option<usize>,
        found: &mut Found,
        budget: &mut Budget,
    ) {
        match self.ground.ask_widest(region, taken, &[], budget) {
            Answer::Covered(_) => {}
            Answer::NotDecided(doubt) => {
                if !found.doubts.contains(&doubt) {
                    found.doubts.push(doubt);
                }
            }
            Answer::Found(region, imagined) => {
                let (old, new) = self.sides(part, other);
                if found.pairs.iter().any(|pair| (pair.old, pair.new) == (old, new)) {
                    return;
                }
                let record = self.ground.witness(&region, imagined);
                found.pairs.push(Differing { old, new, region, record });
            }
        }
    }
}
