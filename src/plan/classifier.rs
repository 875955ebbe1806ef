//! The first box that a record is in, by chains of small tables.
//!
//! Boxes that constrain the same dimensions form a group. A group is a chain: a table from the first dimension's atom to
//! a class, then from (class, next atom) to a class, and so on; a class stands for the set of boxes that still fit, and
//! at the end for the first of them. This is recursive flow classification (Gupta and McKeown, 1999), group by group, so
//! that a record costs a look-up a group and dimension however many rules there are. Groups whose tables would grow too
//! large, and those beyond the first few, stay in the [`Matrix`].

use super::matrix::{Matrix, NO_BOX};
use super::{Dimension, RuleBox};
use rustc_hash::FxHashMap;

/// Entries of one table (two bytes each).
const TABLE_ENTRIES_MAX: usize = 1 << 20;
/// Entries of all tables.
const ALL_ENTRIES_MAX: usize = 1 << 23;
/// Groups with chains: each costs every record a few look-ups, so many small ones are better off in the matrix.
const GROUPS_MAX: usize = 12;
/// Records worked on at a time.
const BLOCK_ROWS: usize = 2048;

/// Finds the first box of every record: the whole interface between plan and evaluation.
#[derive(Clone, Debug)]
pub struct Classifier {
    /// The first box without any side: what every record is in at the latest.
    always: u32,
    groups: Vec<Group>,
    /// The boxes that are in no group, and their numbers among all.
    rest: Matrix,
    rest_numbers: Vec<u32>,
    used: Vec<usize>,
}

/// A set of a group's boxes, a bit each.
type BoxSet = Box<[u64]>;

/// Boxes over the same dimensions.
#[derive(Clone, Debug)]
struct Group {
    steps: Vec<Step>,
    /// The first box of each class of the last step, or [`NO_BOX`].
    first: Vec<u32>,
}

#[derive(Clone, Debug)]
struct Step {
    dimension: usize,
    atom_count: usize,
    /// `class * atom_count + atom` -> class; the first step has only class 0 before it.
    classes: Vec<u16>,
}

impl Classifier {
    pub fn new(dimensions: &[Dimension], boxes: &[RuleBox]) -> Self {
        let mut by_dimensions: Vec<(Vec<usize>, Vec<u32>)> = Vec::new();
        let mut index: FxHashMap<Vec<usize>, usize> = FxHashMap::default();
        let mut always = NO_BOX;
        for (number, one) in (0..).zip(boxes) {
            let key: Vec<usize> = one.sides.iter().map(|(dimension, _)| *dimension).collect();
            if key.is_empty() {
                always = always.min(number);
                continue;
            }
            let at = *index.entry(key.clone()).or_insert_with(|| {
                by_dimensions.push((key, Vec::new()));
                by_dimensions.len() - 1
            });
            by_dimensions[at].1.push(number);
        }
        // The largest groups save the most; equals in the order of their first boxes.
        by_dimensions.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.1.cmp(&b.1)));
        let mut groups = Vec::new();
        let mut rest_numbers: Vec<u32> = Vec::new();
        let mut entries_left = ALL_ENTRIES_MAX;
        for (key, numbers) in by_dimensions {
            let group = if groups.len() < GROUPS_MAX {
                Group::new(&key, &numbers, dimensions, boxes, &mut entries_left)
            } else {
                None
            };
            match group {
                Some(group) => groups.push(group),
                None => rest_numbers.extend(numbers),
            }
        }
        rest_numbers.sort_unstable();
        let rest_boxes: Vec<RuleBox> = rest_numbers.iter().map(|number| boxes[*number as usize].clone()).collect();
        let rest = Matrix::new(dimensions, &rest_boxes);
        let mut used: Vec<usize> = rest.used_dimensions().collect();
        used.extend(groups.iter().flat_map(|group: &Group| group.steps.iter().map(|step| step.dimension)));
        used.sort_unstable();
        used.dedup();
        Classifier { always, groups, rest, rest_numbers, used }
    }

    /// The dimensions whose atoms [`Classifier::first_boxes`] reads.
    pub fn used_dimensions(&self) -> &[usize] {
        &self.used
    }

    /// Bytes the tables take.
    pub fn bytes(&self) -> usize {
        let steps = self.groups.iter().flat_map(|group| &group.steps);
        self.rest.bytes() + steps.map(|step| 2 * step.classes.len()).sum::<usize>()
    }

    /// For each row the first box it is in, or [`NO_BOX`].
    ///
    /// `atoms` holds a column a dimension of the plan, each as long as `out`; columns of dimensions that are not used
    /// may be empty. Atoms must lie below their dimension's count.
    pub fn first_boxes(&self, atoms: &[Vec<u16>], out: &mut [u32]) {
        let mut classes = vec![0_u16; BLOCK_ROWS.min(out.len())];
        let mut from_rest = vec![NO_BOX; classes.len()];
        let mut start = 0;
        for block in out.chunks_mut(BLOCK_ROWS) {
            let rows = start..start + block.len();
            block.fill(self.always);
            for group in &self.groups {
                group.first_boxes(atoms, rows.clone(), &mut classes[..block.len()], block);
            }
            if !self.rest_numbers.is_empty() {
                let found = &mut from_rest[..block.len()];
                self.rest.first_boxes(atoms, rows.clone(), found);
                for (first, rest) in block.iter_mut().zip(found) {
                    if let Some(number) = self.rest_numbers.get(*rest as usize) {
                        *first = (*first).min(*number);
                    }
                }
            }
            start += block.len();
        }
    }
}

impl Group {
    /// The chain of a group; `None` where a table would grow past what is left.
    fn new(
        key: &[usize],
        numbers: &[u32],
        dimensions: &[Dimension],
        boxes: &[RuleBox],
        entries_left: &mut usize,
    ) -> Option<Self> {
        let mut order: Vec<usize> = key.to_vec();
        // Small dimensions first keep the number of classes small before the large ones multiply it.
        order.sort_by_key(|dimension| (dimensions[*dimension].atom_count, *dimension));
        let word_count = numbers.len().div_ceil(64);
        let mut all = vec![u64::MAX; word_count];
        if !numbers.len().is_multiple_of(64) {
            all[word_count - 1] = (1 << (numbers.len() % 64)) - 1;
        }
        let mut sets: Vec<BoxSet> = vec![all.into_boxed_slice()];
        let mut steps = Vec::new();
        let mut entries = 0;
        for dimension in order {
            let atom_count = dimensions[dimension].atom_count as usize;
            let size = sets.len().checked_mul(atom_count)?;
            entries += size;
            if size > TABLE_ENTRIES_MAX || entries > *entries_left {
                return None;
            }
            let by_atom = atom_sets(dimension, atom_count, numbers, boxes, word_count);
            let (classes, next) = combine(&sets, &by_atom)?;
            steps.push(Step { dimension, atom_count, classes });
            sets = next;
        }
        *entries_left -= entries;
        let first = sets
            .iter()
            .map(|set| {
                let word = set.iter().position(|word| *word != 0);
                word.map_or(NO_BOX, |word| numbers[word * 64 + set[word].trailing_zeros() as usize])
            })
            .collect();
        Some(Group { steps, first })
    }

    fn first_boxes(&self, atoms: &[Vec<u16>], rows: std::ops::Range<usize>, classes: &mut [u16], out: &mut [u32]) {
        let Some((head, tail)) = self.steps.split_first() else { return };
        for (class, atom) in classes.iter_mut().zip(&atoms[head.dimension][rows.clone()]) {
            *class = head.classes[*atom as usize];
        }
        for step in tail {
            for (class, atom) in classes.iter_mut().zip(&atoms[step.dimension][rows.clone()]) {
                *class = step.classes[*class as usize * step.atom_count + *atom as usize];
            }
        }
        for (first, class) in out.iter_mut().zip(classes) {
            *first = (*first).min(self.first[*class as usize]);
        }
    }
}

/// For each atom of a dimension the boxes of the group that it fits.
fn atom_sets(
    dimension: usize,
    atom_count: usize,
    numbers: &[u32],
    boxes: &[RuleBox],
    word_count: usize,
) -> Vec<BoxSet> {
    let mut sets = vec![vec![0_u64; word_count].into_boxed_slice(); atom_count];
    for (place, number) in numbers.iter().enumerate() {
        let side = boxes[*number as usize].sides.iter().find(|(at, _)| *at == dimension);
        if let Some((_, set)) = side {
            for atom in set.iter() {
                sets[atom as usize][place / 64] |= 1 << (place % 64);
            }
        }
    }
    sets
}

/// The next table and the set of each of its classes; `None` where there are more classes than a table can name.
fn combine(sets: &[BoxSet], by_atom: &[BoxSet]) -> Option<(Vec<u16>, Vec<BoxSet>)> {
    // Many atoms fit the same boxes: they are combined once.
    let mut kinds: FxHashMap<&[u64], usize> = FxHashMap::default();
    let mut distinct: Vec<&[u64]> = Vec::new();
    let kind_of: Vec<usize> = by_atom
        .iter()
        .map(|set| {
            *kinds.entry(set).or_insert_with(|| {
                distinct.push(set);
                distinct.len() - 1
            })
        })
        .collect();
    let mut known: FxHashMap<BoxSet, u16> = FxHashMap::default();
    let mut next: Vec<BoxSet> = Vec::new();
    let mut classes = Vec::with_capacity(sets.len() * by_atom.len());
    let mut of_kind = vec![0_u16; distinct.len()];
    for set in sets {
        for (kind, other) in distinct.iter().enumerate() {
            let both: BoxSet = set.iter().zip(*other).map(|(a, b)| a & b).collect();
            of_kind[kind] = match known.get(&both) {
                Some(class) => *class,
                None => {
                    let class = u16::try_from(next.len()).ok()?;
                    known.insert(both.clone(), class);
                    next.push(both);
                    class
                }
            };
        }
        classes.extend(kind_of.iter().map(|kind| of_kind[*kind]));
    }
    Some((classes, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::policy::RuleId;
    use crate::plan::{AtomSet, Cuts, DimensionKind};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    const ATOMS: [u16; 5] = [2, 3, 5, 9, 70];

    fn dimensions() -> Vec<Dimension> {
        let path = crate::check::policy::Path { steps: Vec::new(), field: crate::schema::FieldId(0) };
        ATOMS
            .iter()
            .map(|atom_count| Dimension {
                kind: DimensionKind::Field { path: path.clone(), cuts: Cuts::Known },
                atom_count: *atom_count,
            })
            .collect()
    }

    /// Boxes over any of the five dimensions, and as many records.
    fn boxes_and_rows() -> impl Strategy<Value = (Vec<RuleBox>, Vec<[u16; 5]>)> {
        let side = |dimension: usize| proptest::option::of(proptest::collection::vec(0..ATOMS[dimension], 1..4));
        let one = (side(0), side(1), side(2), side(3), side(4)).prop_map(|(a, b, c, d, e)| {
            let sides = [a, b, c, d, e]
                .into_iter()
                .enumerate()
                .filter_map(|(at, atoms)| Some((at, AtomSet::of(ATOMS[at], atoms?))))
                .collect();
            RuleBox { rule: RuleId(0), sides }
        });
        let row = (0..ATOMS[0], 0..ATOMS[1], 0..ATOMS[2], 0..ATOMS[3], 0..ATOMS[4])
            .prop_map(|(a, b, c, d, e)| [a, b, c, d, e]);
        (proptest::collection::vec(one, 0..200), proptest::collection::vec(row, 1..50))
    }

    fn naive(boxes: &[RuleBox], row: &[u16; 5]) -> u32 {
        let fits = |one: &RuleBox| one.sides.iter().all(|(at, set)| set.contains(row[*at]));
        boxes.iter().position(fits).map_or(NO_BOX, |at| u32::try_from(at).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(20_261_121),
            ..ProptestConfig::with_cases(256)
        })]

        #[test]
        fn tables_and_matrix_find_the_box_that_a_plain_search_finds((boxes, rows) in boxes_and_rows()) {
            let atoms: Vec<Vec<u16>> = (0..5).map(|at| rows.iter().map(|row| row[at]).collect()).collect();
            let expected: Vec<u32> = rows.iter().map(|row| naive(&boxes, row)).collect();
            let mut found = vec![0; rows.len()];
            Classifier::new(&dimensions(), &boxes).first_boxes(&atoms, &mut found);
            prop_assert_eq!(&found, &expected);
            Matrix::new(&dimensions(), &boxes).first_boxes(&atoms, 0..rows.len(), &mut found);
            prop_assert_eq!(&found, &expected);
        }
    }

    #[test]
    fn a_matrix_of_many_thousand_boxes_still_finds_the_first() {
        // More than 64 words of 64 boxes: the summary has several words of its own.
        let boxes: Vec<RuleBox> = (0..10_000_u32)
            .map(|number| RuleBox {
                rule: RuleId(number),
                sides: vec![(4, AtomSet::of(70, [u16::try_from(number / 200).unwrap()]))],
            })
            .collect();
        let atoms: Vec<Vec<u16>> = (0..5).map(|_| vec![0, 49, 60]).collect();
        let mut found = vec![0; 3];
        Matrix::new(&dimensions(), &boxes).first_boxes(&atoms, 0..3, &mut found);
        assert_eq!(found, [0, 9_800, NO_BOX]);
    }
}
