//! Pools: sets of people out of which a rule chooses one (design section 3, points 12 and 13).

use super::{NameId, Path};
use crate::schema::RecordId;
use crate::source::Span;
use crate::syntax::{CompareOp, PoolHow, Which};
use crate::value::Decimal;
use crate::value::time::Unit;

/// A pool, by its place in [`super::TypedPolicy::pools`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolId(pub u32);

/// `next of Sales where covers = record.country by weight up to 20 rotation inbound`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool {
    /// The record type whose fields its condition reads.
    pub record: RecordId,
    pub how: PoolHow,
    pub by_weight: bool,
    /// Teams and people; empty for everybody in the directory.
    pub members: Vec<NameId>,
    pub condition: Option<MemberCond>,
    /// The number of the record that is added up as load; `None` counts records.
    pub load: Option<Path>,
    /// The load from which a member receives nothing more.
    pub cap: Option<Decimal>,
    /// How many records a member receives in a day, a week or a month.
    pub cap_per: Option<(u64, Unit)>,
    pub rotation: Option<String>,
    pub span: Span,
}

/// What is asked of a person, perhaps against the record.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberCond {
    All(Vec<MemberCond>),
    Any(Vec<MemberCond>),
    Not(Box<MemberCond>),
    Test(MemberTest),
}

/// One thing asked of a column of the directory. False where the cell is blank, but for `Missing`.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberTest {
    /// As written; looked up without letter case.
    pub column: String,
    pub ask: MemberAsk,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MemberAsk {
    Missing,
    /// Any of the values.
    OneOf(Vec<MemberValue>),
    /// Numbers and days.
    Order(CompareOp, MemberValue),
    Contains(Vec<MemberValue>),
    StartsWith(Vec<MemberValue>),
    EndsWith(Vec<MemberValue>),
    /// Parts of the cell between `;`.
    Includes(Which, Vec<MemberValue>),
    /// The person belongs to the team.
    InTeam(NameId),
}

/// What a cell of the directory is held against.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberValue {
    Text(String),
    Number(Decimal),
    Day(i32),
    YesNo(bool),
    /// Of the record that is decided.
    Field(Path),
}

impl MemberCond {
    /// Calls `visit` for every test, in order.
    pub fn visit<'c>(&'c self, visit: &mut impl FnMut(&'c MemberTest)) {
        match self {
            MemberCond::All(parts) | MemberCond::Any(parts) => parts.iter().for_each(|part| part.visit(visit)),
            MemberCond::Not(inner) => inner.visit(visit),
            MemberCond::Test(test) => visit(test),
        }
    }

    /// The fields of the record that it reads, in order of first sight.
    pub fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        self.visit(&mut |test| {
            for value in test.ask.values() {
                if let MemberValue::Field(path) = value
                    && !paths.contains(path)
                {
                    paths.push(path.clone());
                }
            }
        });
        paths
    }
}

impl MemberAsk {
    pub fn values(&self) -> &[MemberValue] {
        match self {
            MemberAsk::Missing | MemberAsk::InTeam(_) => &[],
            MemberAsk::Order(_, value) => std::slice::from_ref(value),
            MemberAsk::OneOf(values)
            | MemberAsk::Contains(values)
            | MemberAsk::StartsWith(values)
            | MemberAsk::EndsWith(values)
            | MemberAsk::Includes(_, values) => values,
        }
    }
}
