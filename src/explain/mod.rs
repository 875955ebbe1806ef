//! Why this owner: every rule in order, the condition that failed on which value, then the one that decided.
//!
//! Replays one record by the plain interpreter. Takes facts from wherever they are (a snapshot, an entry of the ledger)
//! and gives a value; turning it into text needs the sources and happens at the front door.

mod trace;

pub use trace::{ConditionTrace, Explanation, RuleTrace, RuleVerdict, explain, explain_rule};
