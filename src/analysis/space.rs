//! What the records of a role can hold at all.

use crate::check::policy::{Path, Role, TypedPolicy};
use crate::plan::{AtomSet, Cuts, Dimension, DimensionKind};

/// The atoms that a record can have, a set a dimension.
///
/// A required field of the record itself is never missing: a record without it is invalid, and no rule is asked. Between
/// two days that follow each other lies no third.
pub(super) fn space(policy: &TypedPolicy, role: &Role, dimensions: &[Dimension]) -> Vec<AtomSet> {
    dimensions.iter().map(|dimension| possible(policy, role, dimension)).collect()
}

fn possible(policy: &TypedPolicy, role: &Role, dimension: &Dimension) -> AtomSet {
    let full = AtomSet::full(dimension.atom_count);
    let DimensionKind::Field { path, cuts } = &dimension.kind else {
        return full;
    };
    let mut never = AtomSet::empty(dimension.atom_count);
    // An amount in a currency that is not asked for counts as missing.
    let is_other_currency = matches!(cuts, Cuts::Number { currency: Some(_), .. });
    if !is_other_currency && !may_be_missing(policy, role, path) {
        never.insert(dimension.missing_atom());
    }
    if let Cuts::Day { bounds } = cuts {
        for (at, pair) in (1_u16..).zip(bounds.windows(2)) {
            if pair[0].checked_add(1) == Some(pair[1]) {
                never.insert(2 * at);
            }
        }
    }
    let mut possible = full;
    possible.remove_all(&never);
    possible
}

fn may_be_missing(policy: &TypedPolicy, role: &Role, path: &Path) -> bool {
    // What lies behind a reference may be missing where the reference is.
    let record = policy.schema.record(role.record);
    !path.steps.is_empty() || record.inferred || record.field(path.field).optional
}
