//! Ownward: who owns this record, and why?
//!
//! Operations admins write ownership rules as sentences in `.own` files. This library parses and checks them, compiles
//! them into a plan, decides the owner of every record of a snapshot, and keeps a ledger of every change with its
//! reason. Modules stand in reading order; imports point upward only (`docs/architecture.md`).
#![forbid(unsafe_code)]
// No input panics: outside tests there is no call that could, and the lints keep it so.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

// vocabulary: imports nothing of ours
pub mod limits;
pub mod source;
pub mod diagnostic;
pub mod value;

// language: text in, plan out; no files, no clock, no printing
pub mod syntax;
pub mod format;
pub mod schema;
pub mod check;
pub mod plan;

// engine: columns in, assignments out; no I/O
pub mod column;
pub mod assign;
pub mod decide;

// insight: questions about a plan and its results; no I/O
pub mod analysis;
pub mod compare;
pub mod explain;
pub mod run;
pub mod testing;

// outside world: the modules that touch files, databases, time or the screen
pub mod project;
pub mod snapshot;
pub mod ledger;

// front door
pub mod cli;
