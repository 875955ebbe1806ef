//! Choices read from a tape of numbers: a shorter or smaller tape gives a simpler case, so that proptest can shrink.

use std::cell::Cell;

pub struct Tape<'t> {
    numbers: &'t [u32],
    at: Cell<usize>,
}

impl<'t> Tape<'t> {
    pub fn new(numbers: &'t [u32]) -> Self {
        Tape { numbers, at: Cell::new(0) }
    }

    /// A number below `count`; 0 where the tape has ended.
    pub fn below(&self, count: usize) -> usize {
        let at = self.at.get();
        self.at.set(at + 1);
        self.numbers.get(at).map_or(0, |number| *number as usize % count.max(1))
    }

    pub fn between(&self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub fn pick<T: Clone>(&self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// `true` so many times in a hundred; `false` where the tape has ended.
    pub fn chance(&self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }
}
