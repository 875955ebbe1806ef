//! The seed of generated cases: fixed, so that a run passes or fails for what has changed and not by chance.
//! `OWNWARD_SEED=random`, or a number, looks elsewhere.

use proptest::test_runner::RngSeed;

pub fn seed() -> RngSeed {
    match std::env::var("OWNWARD_SEED") {
        Ok(word) if word == "random" => RngSeed::Random,
        Ok(word) => RngSeed::Fixed(word.parse().expect("OWNWARD_SEED is a number or `random`")),
        Err(_) => RngSeed::Fixed(20_261_121),
    }
}
