//! Which rule decides each record: a column at a time ([`batch`]), or one record by plain interpretation ([`row`]).
//!
//! Both are pure: no clock, no I/O. The interpreter is the reference that the fast path is tested against, and what
//! explanations replay.

mod asked;
pub mod batch;
mod contests;
mod currencies;
mod desk;
mod encode;
mod gather;
mod order;
mod owner_reach;
mod pool_rows;
mod related;
mod resolve;
pub mod row;
mod waves;

pub use batch::{
    HandingOver, Held, NO_RULE, Pinned, Pooled, RoleInput, RoleResult, Scene, decide_role, matching_rules, winners,
};
pub use contests::{Candidate, Strangers};
pub use currencies::{UnseenAmounts, unseen_amounts};
pub use desk::{Desk, Rotations};
pub use encode::{broken_path, encode_all};
pub use gather::{Added, GatherInput, GatherResult, Slot, gather};
pub use related::{WorkedOut, work_out};
pub use row::{Facts, RecordFacts};
