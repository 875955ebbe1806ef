//! Sets of atoms, and rules as sparse boxes: for each constrained dimension, the atoms that fit.

use crate::check::policy::RuleId;

/// A set of atoms of one dimension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AtomSet {
    words: Vec<u64>,
    atom_count: u16,
}

impl AtomSet {
    pub fn empty(atom_count: u16) -> Self {
        AtomSet { words: vec![0; (atom_count as usize).div_ceil(64)], atom_count }
    }

    pub fn full(atom_count: u16) -> Self {
        let mut words = vec![u64::MAX; (atom_count as usize).div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), atom_count % 64) {
            *last = (1 << rest) - 1;
        }
        AtomSet { words, atom_count }
    }

    pub fn of(atom_count: u16, atoms: impl IntoIterator<Item = u16>) -> Self {
        let mut set = AtomSet::empty(atom_count);
        for atom in atoms {
            set.insert(atom);
        }
        set
    }

    pub fn insert(&mut self, atom: u16) {
        if atom < self.atom_count {
            self.words[atom as usize / 64] |= 1 << (atom % 64);
        }
    }

    pub fn contains(&self, atom: u16) -> bool {
        self.words.get(atom as usize / 64).is_some_and(|word| word & (1 << (atom % 64)) != 0)
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub fn is_full(&self) -> bool {
        self.len() == self.atom_count as usize
    }

    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    #[must_use]
    pub fn complement(&self) -> Self {
        let mut set = AtomSet::full(self.atom_count);
        set.remove_all(self);
        set
    }

    #[must_use]
    pub fn intersection(&self, other: &AtomSet) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect();
        AtomSet { words, atom_count: self.atom_count }
    }

    #[must_use]
    pub fn union(&self, other: &AtomSet) -> Self {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a | b).collect();
        AtomSet { words, atom_count: self.atom_count }
    }

    pub fn is_disjoint(&self, other: &AtomSet) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & b == 0)
    }

    pub fn is_subset(&self, other: &AtomSet) -> bool {
        self.words.iter().zip(&other.words).all(|(a, b)| a & !b == 0)
    }

    /// Takes out every atom of the other.
    pub fn remove_all(&mut self, other: &AtomSet) {
        for (a, b) in self.words.iter_mut().zip(&other.words) {
            *a &= !b;
        }
    }

    /// The atoms, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0..).zip(&self.words).flat_map(|(at, word): (u16, &u64)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = u16::try_from(left.checked_sub(1).map(|_| left.trailing_zeros())?).ok()?;
                left &= left - 1;
                Some(64 * at + bit)
            })
        })
    }

    /// The only atom, where there is one.
    pub fn single(&self) -> Option<u16> {
        let mut atoms = self.iter();
        atoms.next().filter(|_| atoms.next().is_none())
    }

    /// How many atoms its dimension has.
    pub fn atom_count(&self) -> u16 {
        self.atom_count
    }
}

/// A rule, or a part of one: it matches where every constrained dimension's atom is in its set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleBox {
    pub rule: RuleId,
    /// By dimension, ascending; dimensions that are not here do not matter.
    pub sides: Vec<(usize, AtomSet)>,
}

/// Boxes without a rule yet: the sides alone. Never holds an empty or a full set.
pub(super) type Sides = Vec<(usize, AtomSet)>;

/// What both boxes cover; `None` where they do not meet.
pub(super) fn meet(a: &Sides, b: &Sides) -> Option<Sides> {
    let mut out = Sides::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let take_a = j == b.len() || (i < a.len() && a[i].0 < b[j].0);
        let take_b = i == a.len() || (j < b.len() && b[j].0 < a[i].0);
        if take_a {
            out.push(a[i].clone());
            i += 1;
        } else if take_b {
            out.push(b[j].clone());
            j += 1;
        } else {
            let both = a[i].1.intersection(&b[j].1);
            if both.is_empty() {
                return None;
            }
            out.push((a[i].0, both));
            i += 1;
            j += 1;
        }
    }
    Some(out)
}

/// One box for two that differ in a single dimension at most; `None` where they cannot be joined.
pub(super) fn join(a: &Sides, b: &Sides) -> Option<Sides> {
    if a.len() != b.len() || a.iter().zip(b).any(|(x, y)| x.0 != y.0) {
        return None;
    }
    let different: Vec<usize> = (0..a.len()).filter(|at| a[*at].1 != b[*at].1).collect();
    match different.as_slice() {
        [] => Some(a.clone()),
        [at] => {
            let mut out = a.clone();
            let union = a[*at].1.union(&b[*at].1);
            if union.is_full() {
                out.remove(*at);
            } else {
                out[*at].1 = union;
            }
            Some(out)
        }
        _ => None,
    }
}
