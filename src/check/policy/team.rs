//! Roles that hold more than one: teams around a record, and the places it stands in.

use super::{Path, Role, RuleId, Target};
use crate::syntax::{Engagement, SpanOfTime};

/// A gather or place role, by its place in [`super::TypedPolicy::gathers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GatherId(pub u16);

/// Every rule that matches adds; none decides alone.
#[derive(Clone, Debug)]
pub struct Gather {
    /// Name, record, rules and what they read. The rules' own targets are [`super::TargetKind::Nobody`].
    pub role: Role,
    pub kind: GatherKind,
}

#[derive(Clone, Debug)]
pub enum GatherKind {
    /// By rule: whom it adds.
    Team(Vec<Vec<Add>>),
    /// By rule (a place): the place around it. A place counts where none inside it matches.
    Places(Vec<Option<RuleId>>),
}

/// One member that a rule adds: the first of the chain that names somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Add {
    pub chain: Vec<Target>,
    pub wave: Option<String>,
    pub engagement: Engagement,
}

/// `calendar of Account { when key-account touch every 30 days }`: the first rule that matches says how often.
#[derive(Clone, Debug)]
pub struct Calendar {
    pub role: Role,
    /// By rule.
    pub touches: Vec<Touch>,
}

/// How often somebody should be in touch, and since when the time is counted.
#[derive(Clone, Debug, PartialEq)]
pub struct Touch {
    pub every: SpanOfTime,
    /// A date or time of the record; without one, the day the record got its owner.
    pub since: Option<Path>,
}
