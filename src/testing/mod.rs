//! Runs the tests written beside the rules, and says what they leave untested.
//!
//! Takes a typed policy, its tests and a time zone, and gives outcomes as values. Every case is a small world of its own: the
//! given records as a dataset, the given people as a directory, decided by the very run that decides real records. Knows
//! no file, no clock and no ledger.

mod coverage;
mod generate;
mod judge;
mod mutate;
mod unset;
mod world;

pub use coverage::{BoundCover, Coverage, Figures, LeafCover, RoleCover, RuleCover};
pub use generate::{Generated, generate};
pub use judge::{CaseResult, Judged, Verdict, run_case};
pub use mutate::{Fate, Mutant, MutantKind, Mutation, mutate};
pub use world::World;
