//! From names to owners: the directory meets the policy.
//!
//! State that pools need (rotations, loads) will come in and go out here as a value; this version assigns people,
//! teams, queues, table and list cells, owners of other records and managers.

mod bind;
mod owners;
mod table;

pub use bind::{Binding, Unknown, bind};
pub use owners::{NOBODY, OwnerTable};
pub use table::TableIndex;
