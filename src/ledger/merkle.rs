//! The Merkle tree over the entries, as RFC 6962 section 2.1 defines it, grown from its right edge.
//!
//! Of a tree of n leaves only the roots of its perfect subtrees are kept, one for each bit that is set in n. That is
//! enough to add leaves and to tell the root, so a run costs its own entries and not the whole history.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub(super) type Hash = [u8; 32];

/// The root of a tree without leaves, in hexadecimal: the SHA-256 of nothing (RFC 6962, section 2.1).
pub const EMPTY_ROOT: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The right edge of a tree: what has to be remembered of the leaves seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frontier {
    size: u64,
    /// Roots of the perfect subtrees, the largest first; as many as `size` has bits set.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier that was stored as bytes for a tree of `size` leaves; `None` when the bytes cannot be one.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (peaks, rest) = bytes.as_chunks::<32>();
        let fits = rest.is_empty() && peaks.len() == size.count_ones() as usize;
        fits.then(|| Self { size, peaks: peaks.to_vec() })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the hash of one leaf at the right.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        // Every bit that the addition carries over joins two perfect subtrees of one size.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root, `MTH` in the RFC; of no leaves it is the digest of nothing.
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.peaks.iter().rev();
        let Some(smallest) = from_the_right.next() else {
            return Sha256::digest([]).into();
        };
        from_the_right.fold(*smallest, |right, left| node(left, &right))
    }
}

/// The hash of an inner node; the leading byte keeps it from ever being read as a leaf.
fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// Whether a text is a digest as [`hex`] writes it.
pub(super) fn is_hex_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn leaf(data: &[u8]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update([0]);
        hasher.update(data);
        hasher.finalize().into()
    }

    /// `MTH` word for word from RFC 6962, section 2.1.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [only] => *only,
            _ => {
                let mut k = 1;
                while k * 2 < leaves.len() {
                    k *= 2;
                }
                let mut hasher = Sha256::new();
                hasher.update([1]);
                hasher.update(by_definition(&leaves[..k]));
                hasher.update(by_definition(&leaves[k..]));
                hasher.finalize().into()
            }
        }
    }

    /// The inputs and roots that the reference implementations of RFC 6962 test themselves with.
    #[test]
    fn the_roots_known_from_the_standard_come_out() {
        let inputs: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        let mut leaves = Vec::new();
        assert_eq!(hex(&frontier.root()), roots[0]);
        for (input, root) in inputs.iter().zip(&roots[1..]) {
            leaves.push(leaf(input));
            frontier.push(leaf(input));
            assert_eq!(hex(&frontier.root()), *root);
            assert_eq!(frontier.root(), by_definition(&leaves));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(20_261_121),
            ..ProptestConfig::with_cases(256)
        })]

        #[test]
        fn growing_equals_the_definition(count in 0_usize..300, stored_at in 0_usize..300) {
            let leaves: Vec<Hash> = (0..count).map(|n| leaf(&n.to_le_bytes())).collect();
            let mut frontier = Frontier::default();
            for (index, hash) in leaves.iter().enumerate() {
                if index == stored_at {
                    frontier = Frontier::from_bytes(frontier.size(), &frontier.to_bytes()).unwrap();
                }
                frontier.push(*hash);
            }
            prop_assert_eq!(frontier.root(), by_definition(&leaves));
        }
    }

    #[test]
    fn bytes_that_are_no_frontier_are_refused() {
        assert_eq!(hex(&Frontier::default().root()), EMPTY_ROOT);
        assert_eq!(Frontier::from_bytes(3, &[0; 32]), None);
        assert_eq!(Frontier::from_bytes(1, &[0; 33]), None);
        assert!(Frontier::from_bytes(0, &[]).is_some());
    }
}
