//! Pools: one person out of a set of people, chosen by turn, by weight, by load or by hash.
//!
//! Takes a [`Roster`] (who is in the pool and how each stands today), a [`Strategy`] (how one is chosen, up to which
//! caps), the [`Loads`] of a role and a [`Rotation`] (what is remembered from pick to pick); gives a [`Picked`] person or
//! says why nobody may receive. It knows neither records nor policies: conditions come in as a [`FitId`], people as owner
//! codes. The same state and the same requests give the same picks, in one go or in pieces. What each way of choosing
//! promises is told for admins in `docs/strategies.md`.

mod explain;
mod hash;
mod loads;
mod period;
mod pick;
mod roster;
mod rotation;
mod schedule;
mod state;
mod strategy;
mod verdict;
mod weights;

pub use loads::{Load, Loads, Measure, SumId};
pub use period::Period;
pub use pick::{FitId, Picked, Pool, Request};
pub use roster::{Person, Roster, Seat};
pub use rotation::Rotation;
pub use state::{RotationState, StateError};
pub use strategy::{By, PeriodCap, Strategy};
pub use verdict::{Empty, PassedOver, SeatVerdict, Standing, Verdict};

#[cfg(test)]
mod tests {
    use proptest::test_runner::{Config, RngSeed};

    /// The settings of a property of so many cases, always the same ones.
    pub fn config(cases: u32) -> Config {
        Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..Config::default() }
    }
}
