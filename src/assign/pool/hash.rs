//! Rendezvous hashing: every member draws a lot for the record, and the highest lot has it (Thaler and Ravishankar,
//! "A name-based mapping scheme for rendezvous", 1996).
//!
//! A member who leaves takes only their own lots along, and one who joins wins only records of their own, so all other
//! records stay where they are. The lots must not change between versions: they are part of what a policy means.

use sha2::{Digest, Sha256};

/// The number that stands for a key: the first eight bytes of its SHA-256, read as a big-endian number.
pub(super) fn seed(key: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
}

/// The lot a member draws for a record: the finaliser of splitmix64 (Steele, Lea and Flood, 2014) over both seeds.
pub(super) fn lot(person_seed: u64, record_seed: u64) -> u64 {
    let mut mixed = person_seed ^ record_seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_and_lots_stay_what_they_are() {
        // The SHA-256 of nothing begins with e3b0c442 98fc1c14, that of `abc` with ba7816bf 8f01cfea.
        assert_eq!(seed(""), 0xe3b0_c442_98fc_1c14);
        assert_eq!(seed("abc"), 0xba78_16bf_8f01_cfea);
        // The first output of splitmix64 from state 0 finalises this constant.
        assert_eq!(lot(0x9e37_79b9_7f4a_7c15, 0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(lot(0x9e37_79b9_7f4a_7c15 ^ 7, 7), 0xe220_a839_7b1d_cdaf);
    }
}
