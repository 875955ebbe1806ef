//! How one member of a pool is chosen, and up to which caps.

use super::{Measure, Period};
use crate::value::Decimal;

/// What decides among those who may receive. Ties go to the member whose last turn is longest ago, then to the first key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// `next of`: the member whose last turn is longest ago.
    Turn,
    /// `next of … by weight`: turns in proportion to weights.
    Weight,
    /// `least loaded of`.
    Load,
    /// `least loaded of … by weight`: the least load for each unit of weight.
    LoadByWeight,
    /// `any of … by hash`: decided by the record's key and the members' keys alone.
    Hash,
}

impl By {
    /// Whether a member of weight zero is passed over.
    pub fn is_weighted(self) -> bool {
        matches!(self, By::Weight | By::LoadByWeight)
    }
}

/// How one member of a pool is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strategy {
    pub by: By,
    /// What a load is: for [`By::Load`], [`By::LoadByWeight`] and `load_max`.
    pub measure: Measure,
    /// `up to N`: a person whose load has reached it may not receive.
    pub load_max: Option<Decimal>,
    /// `up to N per day`, `per week`, `per month`; all of them hold.
    pub period_caps: Vec<PeriodCap>,
}

/// The most records a person may receive through the rotation in one calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeriodCap {
    pub received_max: u64,
    pub period: Period,
}

impl Strategy {
    /// A strategy that counts records and has no caps.
    pub fn new(by: By) -> Self {
        Strategy { by, measure: Measure::Count, load_max: None, period_caps: Vec::new() }
    }
}
