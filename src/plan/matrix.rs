//! The matrix dimension x atom -> boxes, and the search for the first box that a record is in.
//!
//! Two levels: for each dimension and atom a bitset over the boxes, and above it a bitset over that bitset's words
//! ("some box of these 64 fits"). A record ANDs the upper level first and looks only at words that may hold a winner.
//! It holds what the chains of [`super::Classifier`] leave over.

use super::{AtomSet, Dimension, RuleBox};

/// No box fits.
pub const NO_BOX: u32 = u32::MAX;

/// Boxes by dimension and atom.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Words of 64 boxes.
    word_count: usize,
    /// Words of 64 words.
    summary_count: usize,
    /// Bits of the last word that stand for boxes.
    tail: u64,
    dimensions: Vec<Rows>,
}

/// One dimension: a row of words per atom, only for the words in which some box constrains this dimension.
#[derive(Clone, Debug, Default)]
struct Rows {
    /// Which dimension of the plan.
    dimension: usize,
    /// `atom * word_count + word`.
    words: Vec<u64>,
    /// `atom * summary_count + word`.
    summary: Vec<u64>,
}

impl Matrix {
    /// Transposes boxes. Dimensions that no box constrains take no part.
    pub fn new(dimensions: &[Dimension], boxes: &[RuleBox]) -> Self {
        let word_count = boxes.len().div_ceil(64);
        let summary_count = word_count.div_ceil(64);
        let tail = match boxes.len() % 64 {
            0 => u64::MAX,
            rest => (1 << rest) - 1,
        };
        let mut matrix = Matrix { word_count, summary_count, tail, dimensions: Vec::new() };
        for (index, dimension) in dimensions.iter().enumerate() {
            if boxes.iter().any(|one| one.sides.iter().any(|(at, _)| *at == index)) {
                matrix.dimensions.push(rows(index, dimension.atom_count, boxes, word_count, summary_count));
            }
        }
        matrix
    }

    /// Bytes the tables take.
    pub fn bytes(&self) -> usize {
        self.dimensions.iter().map(|rows| 8 * (rows.words.len() + rows.summary.len())).sum()
    }

    /// The dimensions that take part: the only ones whose atoms [`Matrix::first_boxes`] reads.
    pub fn used_dimensions(&self) -> impl Iterator<Item = usize> + '_ {
        self.dimensions.iter().map(|rows| rows.dimension)
    }

    /// For each row the first box it is in, or [`NO_BOX`].
    ///
    /// `atoms` holds a column a dimension of the plan, of which `range` is looked at, as long as `out`; columns of dimensions that take no part
    /// may be empty. Atoms must lie below their dimension's count.
    pub fn first_boxes(&self, atoms: &[Vec<u16>], range: std::ops::Range<usize>, out: &mut [u32]) {
        if self.word_count == 0 {
            return out.fill(NO_BOX);
        }
        let columns: Vec<(&Rows, &[u16])> =
            self.dimensions.iter().map(|rows| (rows, &atoms[rows.dimension][range.clone()])).collect();
        if self.word_count == 1 {
            return self.first_in_one_word(&columns, out);
        }
        if self.summary_count == 1 {
            return self.first_in_one_summary(&columns, out);
        }
        for (row, first) in out.iter_mut().enumerate() {
            *first = self.first_box(&columns, row);
        }
    }

    /// Calls `visit` with every box that each row is in, rows and boxes in order. `atoms` as in [`Matrix::first_boxes`].
    pub fn each_box(&self, atoms: &[Vec<u16>], row_count: usize, mut visit: impl FnMut(usize, u32)) {
        let columns: Vec<(&Rows, &[u16])> =
            self.dimensions.iter().map(|rows| (rows, &atoms[rows.dimension][..row_count])).collect();
        for row in 0..row_count {
            for word in 0..self.word_count {
                let mut mask = self.word_of(&columns, row, word);
                while mask != 0 {
                    visit(row, box_number(word, mask));
                    mask &= mask - 1;
                }
            }
        }
    }

    fn first_in_one_word(&self, columns: &[(&Rows, &[u16])], out: &mut [u32]) {
        // A column at a time: one table look-up and one AND a row and dimension.
        let mut masks = vec![u64::MAX; out.len()];
        for (rows, atoms) in columns {
            for (mask, atom) in masks.iter_mut().zip(*atoms) {
                *mask &= rows.words[*atom as usize];
            }
        }
        for (first, mask) in out.iter_mut().zip(masks) {
            let mask = mask & self.tail;
            *first = if mask == 0 { NO_BOX } else { mask.trailing_zeros() };
        }
    }

    fn first_in_one_summary(&self, columns: &[(&Rows, &[u16])], out: &mut [u32]) {
        let mut candidates = vec![u64::MAX; out.len()];
        for (rows, atoms) in columns {
            for (candidate, atom) in candidates.iter_mut().zip(*atoms) {
                *candidate &= rows.summary[*atom as usize];
            }
        }
        for (row, (first, mut candidate)) in out.iter_mut().zip(candidates).enumerate() {
            *first = NO_BOX;
            while candidate != 0 {
                let word = candidate.trailing_zeros() as usize;
                if word >= self.word_count {
                    break;
                }
                let mask = self.word_of(columns, row, word);
                if mask != 0 {
                    *first = box_number(word, mask);
                    break;
                }
                candidate &= candidate - 1;
            }
        }
    }

    fn first_box(&self, columns: &[(&Rows, &[u16])], row: usize) -> u32 {
        for block in 0..self.summary_count {
            let mut candidate = u64::MAX;
            for (rows, atoms) in columns {
                candidate &= rows.summary[atoms[row] as usize * self.summary_count + block];
            }
            while candidate != 0 {
                let word = block * 64 + candidate.trailing_zeros() as usize;
                if word >= self.word_count {
                    break;
                }
                let mask = self.word_of(columns, row, word);
                if mask != 0 {
                    return box_number(word, mask);
                }
                candidate &= candidate - 1;
            }
        }
        NO_BOX
    }

    fn word_of(&self, columns: &[(&Rows, &[u16])], row: usize, word: usize) -> u64 {
        let mut mask = if word + 1 == self.word_count { self.tail } else { u64::MAX };
        for (rows, atoms) in columns {
            mask &= rows.words[atoms[row] as usize * self.word_count + word];
            if mask == 0 {
                break;
            }
        }
        mask
    }
}

fn box_number(word: usize, mask: u64) -> u32 {
    u32::try_from(word * 64).unwrap_or(u32::MAX) + mask.trailing_zeros()
}

fn rows(index: usize, atom_count: u16, boxes: &[RuleBox], word_count: usize, summary_count: usize) -> Rows {
    let full = AtomSet::full(atom_count);
    let mut words = vec![0_u64; atom_count as usize * word_count];
    for (number, one) in boxes.iter().enumerate() {
        let set = one.sides.iter().find(|(at, _)| *at == index).map_or(&full, |(_, set)| set);
        for atom in set.iter() {
            words[atom as usize * word_count + number / 64] |= 1 << (number % 64);
        }
    }
    let mut summary = vec![0_u64; atom_count as usize * summary_count];
    for atom in 0..atom_count as usize {
        for word in 0..word_count {
            if words[atom * word_count + word] != 0 {
                summary[atom * summary_count + word / 64] |= 1 << (word % 64);
            }
        }
    }
    Rows { dimension: index, words, summary }
}
