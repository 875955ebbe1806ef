//! What is true of a policy whatever the records hold: proved on its plan, never sampled (design section 4).
//!
//! A question becomes one about boxes over atoms: is there a point of one set that lies in none of some others? The
//! search answers it exactly. Conditions that no field's atoms hold are free to be true or false in it, so "there is no
//! such point" is a proof; a point that hangs on them counts only when the interpreter finds a record for it.

mod conditions;
mod dead;
mod difference;
mod findings;
mod gap;
mod ground;
mod imagine;
mod index;
mod opened;
mod overlap;
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
mod words;

pub use conditions::{Idle, Slip};
pub use dead::DeadValues;
pub use difference::{
    Change, Decision, DiffProof, Difference, RoleKind, RoleProof, RuleChange, RuleEdit, RuleRef, Verdict,
};
pub use findings::{Proof, findings, prove};
pub use gap::{Gap, Gaps};
pub use ground::Doubt;
pub use opened::{Part, Row};
pub use overlap::Overlap;
pub use pair::same_owners;
pub use reach::{Reached, Unreached};
pub use samples::{Sample, samples};
pub use unchanged::{RULES_CHANGED, compared, unchanged};
