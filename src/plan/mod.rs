//! The plan: a policy as atoms times rules (design section 4).
//!
//! Each field's domain is cut at every constant that the policy mentions; a record becomes one small atom number per
//! dimension, a rule becomes sparse boxes over them, and the boxes become chains of small tables, or rows of a matrix of
//! bitsets where tables would grow too large. What a field cannot hold becomes a dimension of its own with the atoms
//! false and true. The structures are those of packet classification: recursive flow classification (Gupta and McKeown,
//! 1999), bit vectors (Lakshman and Stiliadis, 1998) and their aggregation (Baboescu and Varghese, 2001).

mod boxes;
mod classifier;
mod dimension;
mod fingerprint;
mod lower;
mod matrix;

pub use boxes::{AtomSet, RuleBox};
pub use classifier::Classifier;
pub(crate) use dimension::interval_atom;
pub use dimension::{Cuts, Dimension, DimensionKind, FALSE_ATOM, Opaque, TRUE_ATOM};
pub(crate) use fingerprint::{condition_text, hand_off_text, rule_conditions, targets_text};
pub use fingerprint::{
    contest_text, history_text, related_text, role_fingerprints, rotation_name, rule_fingerprint, team_fingerprints,
};
pub(crate) use lower::{counts_on, rule_boxes};
pub use lower::{lower, lower_role};
pub use matrix::{Matrix, NO_BOX};

use crate::check::policy::RuleId;

/// A policy, lowered for one `as of`: days that it counts from today are fixed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// By [`crate::check::policy::RoleId`].
    pub roles: Vec<RolePlan>,
}

/// One role as dimensions, boxes and their matrix.
#[derive(Clone, Debug)]
pub struct RolePlan {
    pub dimensions: Vec<Dimension>,
    /// In rule order; a rule may have several boxes, or none where it can never match (or does not count today).
    pub boxes: Vec<RuleBox>,
    pub classifier: Classifier,
    /// What keeps an owner before the rules are asked: a plan of one rule for each of the role's holds, in order.
    pub holds: Vec<RolePlan>,
}

impl RolePlan {
    /// The rule of the box that won, if one did.
    pub fn winner(&self, box_index: u32) -> Option<RuleId> {
        self.boxes.get(box_index as usize).map(|one| one.rule)
    }
}
