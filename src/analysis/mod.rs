//! What is true of a policy whatever the records hold: proved on its plan, never sampled (design section 4).
//!
//! A question becomes one about boxes over atoms: is there a point of one set that lies in none of some others? The
//! search answers it exactly. Conditions that no field's atoms hold count as free to be true or false, so "there is no
//! such point" is a proof; a verdict that needs the point itself has to look at what it hangs on.

mod difference;
mod reach;
mod search;
mod space;
mod unchanged;
mod uses;

pub use difference::{
    Change, Decision, DiffProof, Difference, RoleKind, RoleProof, RuleChange, RuleEdit, RuleRef, Verdict,
};
pub use reach::{Reached, findings, reached};
pub use unchanged::{RULES_CHANGED, compared, unchanged};
