//! Which rule decides each record: a column at a time ([`batch`]), or one record by plain interpretation ([`row`]).
//!
//! Both are pure: no clock, no I/O. The interpreter is the reference that the fast path is tested against, and what
//! explanations replay.

pub mod batch;
mod currencies;
mod encode;
mod related;
mod resolve;
pub mod row;
mod waves;

pub use batch::{NO_RULE, Pinned, RoleInput, RoleResult, Scene, decide_role, winners};
pub use currencies::{UnseenAmounts, unseen_amounts};
pub use encode::{broken_path, encode_all};
pub use related::{RelatedColumns, work_out};
pub use row::{Facts, RecordFacts};
