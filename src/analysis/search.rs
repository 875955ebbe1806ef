//! Box search with unit propagation: a point of a space that lies in none of some boxes, or the proof that there is none.
//!
//! A box that leaves the current region in one dimension only forces that dimension: what is left outside it is all there
//! is to look at, as a unit clause forces a variable (Davis, Logemann and Loveland, 1962). Otherwise the region is split
//! along the box that leaves it in the fewest dimensions.

use crate::plan::{AtomSet, RuleBox};
use std::collections::BTreeSet;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The region, one set of atoms a dimension and none of them empty, of which every point lies outside all boxes.
    Outside(Vec<AtomSet>),
    /// Every point of the space lies in one of these boxes, by their place in the list.
    Covered(BTreeSet<usize>),
    /// The steps were used up before either was sure.
    OutOfSteps,
}

/// Looks for a point of `space` (a set of atoms a dimension) that lies in none of the boxes.
///
/// A space with an empty dimension holds no point: covered by none. `steps` is what looking at boxes may still cost, one
/// for each look; what was used is taken off.
pub fn outside(space: &[AtomSet], boxes: &[&RuleBox], steps: &mut u64) -> Found {
    let mut used = BTreeSet::new();
    if space.iter().any(AtomSet::is_empty) {
        return Found::Covered(used);
    }
    let mut regions = vec![Region { sets: space.to_vec(), boxes: (0..boxes.len()).collect() }];
    while let Some(mut region) = regions.pop() {
        match region.propagate(boxes, &mut used, steps) {
            Step::Covered => {}
            Step::OutOfSteps => return Found::OutOfSteps,
            Step::Outside => return Found::Outside(region.sets),
            Step::Split(at) => {
                used.insert(at);
                region.split(boxes[at], &mut regions);
            }
        }
    }
    Found::Covered(used)
}

/// A part of the space, and the boxes that may meet it.
struct Region {
    sets: Vec<AtomSet>,
    boxes: Vec<usize>,
}

enum Step {
    Covered,
    Outside,
    Split(usize),
    OutOfSteps,
}

impl Region {
    /// Cuts off what single boxes take, until nothing more follows.
    fn propagate(&mut self, boxes: &[&RuleBox], used: &mut BTreeSet<usize>, steps: &mut u64) -> Step {
        loop {
            let mut has_changed = false;
            let mut best: Option<(usize, usize)> = None;
            let mut left = Vec::with_capacity(self.boxes.len());
            for at in std::mem::take(&mut self.boxes) {
                let Some(fewer) = steps.checked_sub(1) else { return Step::OutOfSteps };
                *steps = fewer;
                match self.meet(boxes[at]) {
                    Meet::Apart => {}
                    Meet::Covers => {
                        used.insert(at);
                        return Step::Covered;
                    }
                    Meet::Leaves { first, dimensions: 1 } => {
                        used.insert(at);
                        let (dimension, side) = &boxes[at].sides[first];
                        self.sets[*dimension].remove_all(side);
                        has_changed = true;
                    }
                    Meet::Leaves { dimensions, .. } => {
                        left.push(at);
                        if best.is_none_or(|(fewest, _)| dimensions < fewest) {
                            best = Some((dimensions, at));
                        }
                    }
                }
            }
            self.boxes = left;
            match best {
                None => return Step::Outside,
                Some((_, at)) if !has_changed => return Step::Split(at),
                Some(_) => {}
            }
        }
    }

    fn meet(&self, other: &RuleBox) -> Meet {
        let mut leaves: Option<(usize, usize)> = None;
        for (index, (dimension, side)) in other.sides.iter().enumerate() {
            let set = &self.sets[*dimension];
            if set.is_disjoint(side) {
                return Meet::Apart;
            }
            if !set.is_subset(side) {
                leaves = Some(leaves.map_or((index, 1), |(first, count)| (first, count + 1)));
            }
        }
        leaves.map_or(Meet::Covers, |(first, dimensions)| Meet::Leaves { first, dimensions })
    }

    /// The parts of the region outside a box, none of which meets another.
    fn split(mut self, other: &RuleBox, regions: &mut Vec<Region>) {
        for (dimension, side) in &other.sides {
            if self.sets[*dimension].is_subset(side) {
                continue;
            }
            let mut sets = self.sets.clone();
            sets[*dimension].remove_all(side);
            regions.push(Region { sets, boxes: self.boxes.clone() });
            self.sets[*dimension] = self.sets[*dimension].intersection(side);
        }
    }
}

/// How a box lies to a region.
enum Meet {
    Apart,
    Covers,
    /// The region leaves the box in so many dimensions; `first` is the place of the first among its sides.
    Leaves {
        first: usize,
        dimensions: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::policy::RuleId;
    use proptest::prelude::*;

    const ATOMS: [u16; 4] = [2, 3, 4, 2];

    fn set(dimension: usize) -> impl Strategy<Value = AtomSet> {
        let count = ATOMS[dimension];
        prop::collection::vec(0..count, 0..=count as usize).prop_map(move |atoms| AtomSet::of(count, atoms))
    }

    fn rule_box() -> impl Strategy<Value = RuleBox> {
        let side = |dimension: usize| prop::option::weighted(0.6, set(dimension));
        (side(0), side(1), side(2), side(3)).prop_map(|(a, b, c, d)| RuleBox {
            rule: RuleId(0),
            sides: (0..).zip([a, b, c, d]).filter_map(|(at, side)| Some((at, side?))).collect(),
        })
    }

    fn points(space: &[AtomSet]) -> Vec<Vec<u16>> {
        space.iter().fold(vec![Vec::new()], |points, set| {
            let longer =
                |point: &Vec<u16>| set.iter().map(|atom| [point.as_slice(), &[atom]].concat()).collect::<Vec<_>>();
            points.iter().flat_map(longer).collect()
        })
    }

    fn lies_in(point: &[u16], other: &RuleBox) -> bool {
        other.sides.iter().all(|(dimension, side)| side.contains(point[*dimension]))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, rng_seed: proptest::test_runner::RngSeed::Fixed(26), ..Default::default() })]

        #[test]
        fn it_finds_what_trying_every_point_finds(
            space in (set(0), set(1), set(2), set(3)),
            boxes in prop::collection::vec(rule_box(), 0..9),
        ) {
            let space = [space.0, space.1, space.2, space.3];
            let all: Vec<&RuleBox> = boxes.iter().collect();
            let free = |point: &Vec<u16>| !boxes.iter().any(|one| lies_in(point, one));
            match outside(&space, &all, &mut u64::MAX.clone()) {
                Found::Outside(region) => {
                    let found = points(&region);
                    prop_assert!(!found.is_empty());
                    prop_assert!(found.iter().all(|point| free(point) && (0..4).all(|at| space[at].contains(point[at]))));
                }
                Found::Covered(used) => {
                    let needed: Vec<&RuleBox> = used.iter().map(|at| &boxes[*at]).collect();
                    prop_assert!(points(&space).iter().all(|point| needed.iter().any(|one| lies_in(point, one))));
                }
                Found::OutOfSteps => prop_assert!(false, "no budget was set"),
            }
        }
    }

    #[test]
    fn a_used_up_budget_is_said() {
        let one = RuleBox { rule: RuleId(0), sides: vec![(0, AtomSet::of(2, [0]))] };
        assert_eq!(outside(&[AtomSet::full(2)], &[&one], &mut 0), Found::OutOfSteps);
        assert_eq!(outside(&[AtomSet::empty(2)], &[&one], &mut 0), Found::Covered(BTreeSet::new()));
    }
}
