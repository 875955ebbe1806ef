//! Why this owner: every rule in order, the condition that failed on which value, then the one that decided.
//!
//! Replays one record by the plain interpreter. Takes facts from wherever they are (a snapshot, an entry of the ledger)
//! and gives a value; turning it into text needs the sources and happens at the front door.

mod asked_text;
mod trace;
mod why_not;

pub use trace::{ConditionTrace, Explanation, RuleTrace, RuleVerdict, explain, explain_rule};
pub use why_not::{Asked, RuleNot, WayNot, WhyNot, why_not};
