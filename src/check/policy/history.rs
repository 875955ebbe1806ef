//! What rules ask of the past of a record (design section 3, point 10): states that rest on what earlier runs saw.

use super::{Cond, Path};
use crate::schema::RecordId;
use crate::syntax::SpanOfTime;

/// A question about the past, by its place in [`super::TypedPolicy::histories`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HistoryId(pub u16);

/// One question, asked of records of one type about their own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub record: RecordId,
    pub ask: HistoryAsk,
}

#[derive(Clone, Debug, PartialEq)]
pub enum HistoryAsk {
    /// The condition holds, and was seen not to hold before the present spell began.
    Becomes(Cond),
    /// The condition held for the values before the present ones.
    Was(Cond),
    /// The field was seen to change within the span, both ends included.
    Changed(Path, SpanOfTime),
    /// The condition holds, and has held for every value seen since so long ago.
    For(Cond, SpanOfTime),
    /// The time field says that somebody did something since the record got its owner, or so many business hours are not
    /// over yet.
    InTime(Path, i64),
}

impl HistoryAsk {
    /// The condition that is asked of earlier values.
    pub fn condition(&self) -> Option<&Cond> {
        match self {
            HistoryAsk::Becomes(cond) | HistoryAsk::Was(cond) | HistoryAsk::For(cond, _) => Some(cond),
            HistoryAsk::Changed(..) | HistoryAsk::InTime(..) => None,
        }
    }

    /// The one field that is looked at.
    pub fn field(&self) -> Option<&Path> {
        match self {
            HistoryAsk::Changed(path, _) | HistoryAsk::InTime(path, _) => Some(path),
            _ => None,
        }
    }

    /// Whether it rests on earlier values of fields, rather than on when the record got its owner.
    pub fn is_of_values(&self) -> bool {
        !matches!(self, HistoryAsk::InTime(..))
    }
}
