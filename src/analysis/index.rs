//! Boxes by the atoms they ask for: of ten thousand, the few that can meet a region.

use crate::plan::{AtomSet, Dimension, RuleBox};

/// A box that takes more atoms of a dimension than this is looked at for each of them.
const NARROW_MAX: usize = 64;

/// Boxes by dimension and atom.
pub(super) struct BoxIndex {
    dimensions: Vec<ByAtom>,
    count: u32,
}

#[derive(Default)]
struct ByAtom {
    /// By atom: the boxes that ask for it among a few.
    narrow: Vec<Vec<u32>>,
    /// The boxes that ask nothing here, or take many atoms.
    wide: Vec<u32>,
}

impl BoxIndex {
    pub fn new(dimensions: &[Dimension], boxes: &[RuleBox]) -> Self {
        let mut by_atom: Vec<ByAtom> = dimensions
            .iter()
            .map(|dimension| ByAtom { narrow: vec![Vec::new(); dimension.atom_count as usize], wide: Vec::new() })
            .collect();
        for (number, one) in (0..).zip(boxes) {
            let mut sides = one.sides.iter().peekable();
            for (at, dimension) in by_atom.iter_mut().enumerate() {
                let side = sides.next_if(|(side, _)| *side == at).map(|(_, set)| set);
                match side.filter(|set| set.len() <= NARROW_MAX) {
                    Some(set) => set.iter().for_each(|atom| dimension.narrow[atom as usize].push(number)),
                    None => dimension.wide.push(number),
                }
            }
        }
        BoxIndex { dimensions: by_atom, count: u32::try_from(boxes.len()).unwrap_or(u32::MAX) }
    }

    /// The boxes that may meet a region, ascending; never leaves one out that does.
    pub fn near(&self, region: &[AtomSet]) -> Vec<u32> {
        let narrow = region.iter().zip(&self.dimensions).filter(|(set, _)| set.len() <= NARROW_MAX);
        let cost = |set: &AtomSet, dimension: &ByAtom| {
            dimension.wide.len() + set.iter().map(|atom| dimension.narrow[atom as usize].len()).sum::<usize>()
        };
        let best = narrow.map(|(set, dimension)| (cost(set, dimension), set, dimension)).min_by_key(|(cost, ..)| *cost);
        let Some((_, set, dimension)) = best else { return (0..self.count).collect() };
        let mut near = dimension.wide.clone();
        near.extend(set.iter().flat_map(|atom| &dimension.narrow[atom as usize]));
        near.sort_unstable();
        near.dedup();
        near
    }
}
