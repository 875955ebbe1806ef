//! What must be true of every record, whatever the rules become: typed here, proved elsewhere.

use super::{Cond, GatherId, OwnerTest, Path, RoleId};
use crate::schema::RecordId;
use crate::source::Span;

/// `always every …` or `never assign …`.
#[derive(Clone, Debug)]
pub struct Invariant {
    pub label: Option<String>,
    pub record: RecordId,
    /// Which records it speaks of; `None` is all of them. A bare role name in it is the owner before the run, as in a rule.
    pub condition: Option<Cond>,
    pub kind: InvariantKind,
    /// Every field that the condition reads, sorted, each once.
    pub reads: Vec<Path>,
    pub because: Option<String>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum InvariantKind {
    /// After a run every such record has somebody: an owner, a member of the team, a place.
    Has(InvariantRole),
    /// No such record is given to any of these. A team means itself and everybody in it.
    Never { role: RoleId, who: Vec<Never> },
}

/// Whoever a `never assign` names, with the place of the name.
#[derive(Clone, Debug, PartialEq)]
pub struct Never {
    /// [`OwnerTest::MemberOf`] of a declared team, else [`OwnerTest::Is`] one name.
    pub test: OwnerTest,
    pub span: Span,
}

/// What an `always` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvariantRole {
    Role(RoleId),
    /// A team or a tree of places.
    Gather(GatherId),
}
