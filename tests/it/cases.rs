//! How many generated cases a property looks at, and which: `OWNWARD_CASES` sets the number (CI keeps it small),
//! `OWNWARD_SEED=random` or a number looks elsewhere. The usual seed is fixed, so that a run fails for what has changed.

use proptest::test_runner::{Config, RngSeed};

/// The number of cases, `usual` where nothing is said.
pub fn count(usual: u32) -> u32 {
    match std::env::var("OWNWARD_CASES") {
        Ok(count) => count.parse().expect("OWNWARD_CASES is a number"),
        Err(_) => usual,
    }
}

/// The settings of a property of so many cases. Nothing is written into the source tree when it fails.
pub fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, rng_seed: seed(), ..Config::default() }
}

fn seed() -> RngSeed {
    match std::env::var("OWNWARD_SEED") {
        Ok(word) if word == "random" => RngSeed::Random,
        Ok(word) => RngSeed::Fixed(word.parse().expect("OWNWARD_SEED is a number or `random`")),
        Err(_) => RngSeed::Fixed(20_261_121),
    }
}
