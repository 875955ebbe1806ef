//! From names to owners: the directory meets the policy.
//!
//! What pools remember (rotations, loads) comes in and goes out here as a value; names, table and list cells, owners of
//! other records and managers need no memory.

mod bind;
mod members;
mod owners;
mod people;
mod pool;
mod pools;
mod table;
mod teams;

pub use bind::{Binding, Unknown, bind};
pub use members::{MemberSetting, cell as member_cell, member_holds, roster};
pub use owners::{NOBODY, OwnerTable};
pub use pool::{
    By, Empty, FitId, Load, Loads, Measure, PassedOver, Period, PeriodCap, Person, Picked, Pool, Request, Roster,
    Rotation, RotationState, Seat, SeatVerdict, Standing, StateError, Strategy, SumId, Verdict,
};
pub use table::TableIndex;
