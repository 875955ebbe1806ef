//! What rules ask of the past of a record (design section 3, point 10): states that rest on what earlier runs saw.

use super::{Cond, Path, RoleId, Rule, TestKind, TypedPolicy};
use crate::check::roles::paths_of;
use crate::schema::{FieldId, RecordId};
use crate::syntax::SpanOfTime;

/// A question about the past, by its place in [`super::TypedPolicy::histories`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HistoryId(pub u32);

/// One question, asked of records of one type about their own fields.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub record: RecordId,
    pub ask: HistoryAsk,
    /// The role whose owner's time is counted; `None` where it rests on values alone.
    pub role: Option<String>,
}

impl History {
    /// The record's own fields whose earlier values it asks for, sorted; none where it asks for the owner's time.
    pub fn fields(&self) -> Vec<FieldId> {
        let mut fields: Vec<FieldId> = match &self.ask {
            HistoryAsk::Changed(path, _) => vec![path.field],
            HistoryAsk::Becomes(cond) | HistoryAsk::Was(cond) | HistoryAsk::For(cond, _) => {
                paths_of(cond).iter().map(|path| path.field).collect()
            }
            HistoryAsk::InTime(..) => Vec::new(),
        };
        fields.sort_unstable();
        fields.dedup();
        fields
    }
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

impl TypedPolicy {
    /// Every field whose values are kept from run to run because rules ask for its past, sorted, each once.
    pub fn asked_fields(&self) -> Vec<(RecordId, FieldId)> {
        let fields = |history: &History| {
            let record = history.record;
            history.fields().into_iter().map(move |field| (record, field))
        };
        let mut asked: Vec<(RecordId, FieldId)> = self.histories.iter().flat_map(fields).collect();
        asked.sort_unstable();
        asked.dedup();
        asked
    }

    /// The role whose owner's time a question counts: in what no owner is decided for, the record's `owner`. `None` where
    /// there is none, or the question counts no time.
    pub fn clock_role(&self, history: &History) -> Option<RoleId> {
        let role = history.role.as_deref()?;
        self.find_role(history.record, role).or_else(|| self.find_role(history.record, "owner"))
    }

    /// Whether any rule counts business hours.
    pub fn asks_hours(&self) -> bool {
        self.histories.iter().any(|history| !history.ask.is_of_values())
    }

    /// The questions whose *no* a rule waits for (`not touched within 4 business hours`), sorted, each once.
    pub fn clocks(&self, rule: &Rule) -> Vec<HistoryId> {
        let mut denied = Vec::new();
        rule.conditions.iter().for_each(|cond| collect_denied(cond, false, &mut denied));
        denied.retain(|id| !self.history(*id).ask.is_of_values());
        denied.sort_unstable();
        denied.dedup();
        denied
    }
}

fn collect_denied(cond: &Cond, is_denied: bool, out: &mut Vec<HistoryId>) {
    match cond {
        Cond::Not(inner, _) => collect_denied(inner, !is_denied, out),
        Cond::Named { body, .. } => collect_denied(body, is_denied, out),
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| collect_denied(part, is_denied, out)),
        Cond::AtLeast { criteria, .. } => {
            criteria.iter().for_each(|one| collect_denied(&one.condition, is_denied, out));
        }
        Cond::Test { kind: TestKind::History(id), .. } if is_denied => out.push(*id),
        Cond::Test { .. } => {}
    }
}
