//! Codes by the hash of a text: open addressing, one word a place, so that one look at memory tells most misses.

use rustc_hash::FxHasher;
use std::hash::Hasher;

/// A place is empty, or holds a hash in its high half and a code plus one in its low half.
const EMPTY: u64 = 0;

/// Which codes have which hash; at most half full.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    places: Vec<u64>,
    count: usize,
}

impl Index {
    /// The code with this hash of which `is_equal` holds.
    pub fn find(&self, hash: u32, is_equal: impl Fn(u32) -> bool) -> Option<u32> {
        if self.places.is_empty() {
            return None;
        }
        let mut at = self.start(hash);
        loop {
            match self.places[at] {
                EMPTY => return None,
                place if hash_of(place) == hash && is_equal(code_of(place)) => {
                    return Some(code_of(place));
                }
                _ => at = (at + 1) & (self.places.len() - 1),
            }
        }
    }

    /// As [`Index::find`]; where there is none, `code` is remembered and returned. Needs [`Index::reserve`] before.
    pub fn find_or_insert(&mut self, hash: u32, code: u32, is_equal: impl Fn(u32) -> bool) -> u32 {
        let mut at = self.start(hash);
        loop {
            match self.places[at] {
                EMPTY => {
                    self.places[at] = place(hash, code);
                    self.count += 1;
                    return code;
                }
                place if hash_of(place) == hash && is_equal(code_of(place)) => {
                    return code_of(place);
                }
                _ => at = (at + 1) & (self.places.len() - 1),
            }
        }
    }

    /// The code at the hash's own place, if it has this hash: nearly always the one that `find` would find.
    pub fn likely(&self, hash: u32) -> Option<u32> {
        let place = self.places[self.start(hash)];
        (place != EMPTY && hash_of(place) == hash).then(|| code_of(place))
    }

    /// Makes room for `more` codes.
    pub fn reserve(&mut self, more: usize) {
        let wanted = ((self.count + more) * 2).next_power_of_two();
        if wanted <= self.places.len() {
            return;
        }
        let old = std::mem::replace(&mut self.places, vec![EMPTY; wanted.max(1024)]);
        for place in old.into_iter().filter(|place| *place != EMPTY) {
            let mut at = self.start(hash_of(place));
            while self.places[at] != EMPTY {
                at = (at + 1) & (self.places.len() - 1);
            }
            self.places[at] = place;
        }
    }

    fn start(&self, hash: u32) -> usize {
        hash as usize & (self.places.len() - 1)
    }
}

fn place(hash: u32, code: u32) -> u64 {
    u64::from(hash) << 32 | (u64::from(code) + 1)
}

fn hash_of(place: u64) -> u32 {
    (place >> 32) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the low half")]
fn code_of(place: u64) -> u32 {
    (place as u32).wrapping_sub(1)
}

#[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
pub(super) fn hash(text: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish() as u32
}
