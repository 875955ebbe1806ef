//! Dimensions: what a record is looked at along, and into which atoms each is cut.

use super::boxes::AtomSet;
use crate::check::policy::{Cond, Path, Range, RelatedPath, TargetKind};
use crate::value::Decimal;

/// The atom of an opaque test that does not hold.
pub const FALSE_ATOM: u16 = 0;
/// The atom of an opaque test that holds.
pub const TRUE_ATOM: u16 = 1;

/// One dimension of a role's plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    pub kind: DimensionKind,
    /// Atoms run from 0 to one less.
    pub atom_count: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DimensionKind {
    /// A field (over references), cut at the constants that rules compare it with. The last atom is *missing*.
    Field { path: Path, cuts: Cuts },
    /// Something worked out over other records, cut like a field: numbers or days.
    Related { path: RelatedPath, cuts: Cuts },
    /// The day, cut where rules begin and end to count: atom `i` lies before `days[i]` and not before the one ahead of it.
    Calendar { days: Vec<i32> },
    /// Something no field holds: [`FALSE_ATOM`] and [`TRUE_ATOM`].
    Opaque(Opaque),
}

/// Where a field's domain is cut. Sorted, each once.
#[derive(Clone, Debug, PartialEq)]
pub enum Cuts {
    /// One atom a choice.
    Choice {
        count: u16,
    },
    YesNo,
    /// Only known or missing is asked.
    Known,
    /// `2i` is below bound `i` (and above the one before), `2i + 1` is the bound itself. With a currency, amounts in
    /// others count as missing.
    Number {
        bounds: Vec<Decimal>,
        currency: Option<String>,
    },
    Day {
        bounds: Vec<i32>,
    },
    Instant {
        bounds: Vec<i64>,
    },
    /// First each folded text of `points`, then for each of `prefixes` the texts whose longest prefix among them it is,
    /// then any other text.
    Text {
        points: Vec<String>,
        prefixes: Vec<String>,
    },
}

impl Cuts {
    /// Atoms of known values; *missing* is one more.
    pub fn known_atoms(&self) -> usize {
        match self {
            Cuts::Choice { count } => *count as usize,
            Cuts::YesNo => 2,
            Cuts::Known => 1,
            Cuts::Number { bounds, .. } => 2 * bounds.len() + 1,
            Cuts::Day { bounds } => 2 * bounds.len() + 1,
            Cuts::Instant { bounds } => 2 * bounds.len() + 1,
            Cuts::Text { points, prefixes } => points.len() + prefixes.len() + 1,
        }
    }

    fn atom_count(&self) -> u16 {
        // Lowering keeps below `ATOMS_PER_FIELD_MAX`.
        u16::try_from(self.known_atoms() + 1).unwrap_or(u16::MAX)
    }

    /// Where among sorted prefixes the longest one stands that a folded text starts with.
    pub(crate) fn longest_prefix(prefixes: &[String], text: &str) -> Option<usize> {
        // Every prefix of the text sorts at or before it, and what lies between two of them starts with the shorter one.
        let mut end = prefixes.partition_point(|prefix| prefix.as_str() <= text);
        while end > 0 {
            let nearest = prefixes[end - 1].as_str();
            if text.starts_with(nearest) {
                return Some(end - 1);
            }
            let shared = text.char_indices().zip(nearest.chars()).find(|((_, a), b)| a != b);
            // What starts the text and sorts before `nearest` is no longer than what the two share.
            let shared = shared.map_or(text.len().min(nearest.len()), |((at, _), _)| at);
            end = prefixes[..end - 1].partition_point(|prefix| prefix.as_str() <= &text[..shared]);
        }
        None
    }
}

/// A test with a column of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Opaque {
    /// A condition that no field's atoms can hold.
    Holds(Cond),
    /// Whether a chain of targets names somebody: a miss is part of the rule's condition. Rules that name alike share it.
    Named(Vec<TargetKind>),
}

impl Dimension {
    pub fn field(path: Path, cuts: Cuts) -> Self {
        let atom_count = cuts.atom_count();
        Dimension { kind: DimensionKind::Field { path, cuts }, atom_count }
    }

    pub fn related(path: RelatedPath, cuts: Cuts) -> Self {
        let atom_count = cuts.atom_count();
        Dimension { kind: DimensionKind::Related { path, cuts }, atom_count }
    }

    /// Where its domain is cut; `None` for an opaque test.
    pub fn cuts(&self) -> Option<&Cuts> {
        match &self.kind {
            DimensionKind::Field { cuts, .. } | DimensionKind::Related { cuts, .. } => Some(cuts),
            DimensionKind::Opaque(_) | DimensionKind::Calendar { .. } => None,
        }
    }

    /// `days` sorted, each once.
    pub fn calendar(days: Vec<i32>) -> Self {
        let atom_count = u16::try_from(days.len() + 1).unwrap_or(u16::MAX);
        Dimension { kind: DimensionKind::Calendar { days }, atom_count }
    }

    pub fn opaque(test: Opaque) -> Self {
        Dimension { kind: DimensionKind::Opaque(test), atom_count: 2 }
    }

    /// The atom of a missing value. Opaque tests and the calendar have none.
    pub fn missing_atom(&self) -> u16 {
        self.atom_count - 1
    }

    /// The atoms whose values lie in one of the ranges. Every bound must be a cut.
    pub(super) fn range_atoms<T: Ord>(&self, bounds: &[T], ranges: &[Range<T>]) -> AtomSet {
        let mut set = AtomSet::empty(self.atom_count);
        for range in ranges {
            // Both ends as atom positions: the point itself, or the gap beside it.
            let low = match &range.low {
                None => 0,
                Some((value, included)) => {
                    let at = 2 * bounds.partition_point(|bound| bound < value) + 1;
                    if *included { at } else { at + 1 }
                }
            };
            let high = match &range.high {
                None => 2 * bounds.len(),
                Some((value, included)) => {
                    let at = 2 * bounds.partition_point(|bound| bound < value) + 1;
                    if *included { at } else { at - 1 }
                }
            };
            for atom in low..=high {
                set.insert(u16::try_from(atom).unwrap_or(u16::MAX));
            }
        }
        set
    }
}

/// The atom of a value among sorted bounds: `2i` below bound `i`, `2i + 1` the bound itself.
pub(crate) fn interval_atom<T: Ord>(bounds: &[T], value: &T) -> u16 {
    let index = bounds.partition_point(|bound| bound < value);
    let is_point = bounds.get(index).is_some_and(|bound| bound == value);
    u16::try_from(2 * index + usize::from(is_point)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5_000, rng_seed: RngSeed::Fixed(27), failure_persistence: None, ..Default::default() })]

        #[test]
        fn the_longest_prefix_is_the_one_a_plain_look_finds(
            mut prefixes in prop::collection::vec("[aé]{1,4}", 0..8),
            text in "[aéb]{0,6}",
        ) {
            prefixes.sort();
            prefixes.dedup();
            let starts = |at: &usize| text.starts_with(prefixes[*at].as_str());
            let plain = (0..prefixes.len()).filter(starts).max_by_key(|at| prefixes[*at].len());
            prop_assert_eq!(Cuts::longest_prefix(&prefixes, &text), plain);
        }
    }
}
