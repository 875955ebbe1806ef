//! What is true of a policy whatever the records hold: proved on its plan, never sampled (design section 4).
//!
//! A question becomes one about boxes over atoms: is there a point of one set that lies in none of some others? The
//! search answers it exactly. Conditions that no field's atoms hold are free to be true or false in it, so "there is no
//! such point" is a proof; a point that hangs on them counts only when the interpreter finds a record for it.

mod asked_facts;
mod board;
mod combine;
mod conditions;
mod counterfactual;
mod dead;
mod difference;
mod findings;
mod gap;
mod giving;
mod ground;
mod imagine;
mod index;
mod invariants;
mod missing;
mod movable;
mod occurring;
mod opened;
mod overlap;
mod own;
mod pair;
mod reach;
mod samples;
mod search;
mod shared;
mod space;
mod stage;
mod unchanged;
mod uses;
mod values;
mod versions;
mod words;

pub use conditions::{Idle, Slip};
pub use counterfactual::{Alternative, ChangeOf, Counterfactual, FactChange, counterfactual};
pub use dead::DeadValues;
pub use difference::{
    Change, Decision, DiffProof, Difference, RoleKind, RoleProof, RuleChange, RuleEdit, RuleRef, Verdict,
};
pub use findings::{Proof, findings, findings_with, invariant_findings, prove};
pub use gap::{Gap, Gaps};
pub use giving::{Way, fits_pool, given, is_in_pool, ways};
pub use ground::Doubt;
pub use invariants::{Verdict as InvariantVerdict, invariants};
pub use missing::{Left, WithoutField, without_fields};
pub use occurring::{Occurring, occurring_gaps};
pub use opened::{Part, Row};
pub use overlap::{Overlap, SharedPlaces};
pub use pair::same_owners;
pub use reach::{Reached, Unreached};
pub use samples::{Sample, samples};
pub use unchanged::{RULES_CHANGED, compared, unchanged};
pub use versions::Versions;
