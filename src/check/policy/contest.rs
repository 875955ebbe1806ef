//! Contests: the person whose records come to the most, among the records that refer to one.

use super::{Path, Related, RoleId};
use crate::schema::FieldId;
use crate::source::Span;

/// A contest, by its place in [`super::TypedPolicy::contests`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContestId(pub u32);

/// `person in agent with highest sum of amount over Opportunity (stage = Won) then latest closed`.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    /// What is counted, summed or averaged of which records. Its reads hold what follows, too.
    pub question: Related,
    pub person: ContestPerson,
    /// The highest figure wins, or the lowest.
    pub is_highest: bool,
    /// The day or time that breaks a tie, and whether the latest does; then the smaller key.
    pub then: Option<(Path, bool)>,
    /// The first place that holds it.
    pub span: Span,
}

impl Contest {
    /// Whether two contests are the same, wherever they are written.
    pub fn is_like(&self, other: &Contest) -> bool {
        *self == Contest { span: self.span, ..other.clone() }
    }
}

/// Whose a record is.
#[derive(Clone, Debug, PartialEq)]
pub enum ContestPerson {
    /// Whose key, email or name stands in a field.
    Field(Path),
    /// Who owns it after the run.
    Owner(RoleId),
}

/// A contest over the records that refer to the one at the end of a path of references.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContestPath {
    pub steps: Vec<FieldId>,
    pub contest: ContestId,
}
