//! What rules ask of the past of records, answered from what earlier runs saw (design section 3, point 10).
//!
//! The past of a record is a row of valuations: what the fields that a question reads were at the same time, each from the
//! run on that saw it first. The snapshot's values are the last of them. A condition is asked of each as the interpreter
//! asks it of a record today.

use super::clock;
use super::seen::{SeenValue, SeenValues, Spell};
use super::values::read_back;
use super::{Past, RolePast};
use crate::assign::Binding;
use crate::check::policy::{Cond, ContestPath, HistoryAsk, HistoryId, OwnerRef, Path, RelatedPath, TypedPolicy};
use crate::column::{Column, ColumnData, Dataset, RowSet, TableData};
use crate::decide::row::{Setting, holds};
use crate::decide::{Candidate, Facts};
use crate::schema::{FieldId, FieldKind, RecordId};
use crate::value::calendar::BusinessCalendar;
use crate::value::time::{self, AsOf, Unit};
use crate::value::{Owner, Value};

/// What answers rest on.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub policy: &'a TypedPolicy,
    pub dataset: &'a Dataset,
    pub binding: &'a Binding,
    pub as_of: &'a AsOf,
    pub past: &'a Past,
    /// Without one no hour is open, so nobody's time is ever over.
    pub calendar: Option<&'a BusinessCalendar>,
    /// The fingerprint of each rule, by role and rule.
    pub fingerprints: &'a [Vec<String>],
}

/// All answers of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// By [`HistoryId`] and row of its record type.
    pub holds: Vec<Vec<bool>>,
    /// By [`HistoryId`]: the rows whose owner's time is over.
    pub overdue: Vec<RowSet>,
}

/// Answers every question of a policy for every row.
///
/// Of a record that no run saw nothing holds, but that its owner is in time: an owner who was never set has no time that
/// could be over. The same goes for rows without a key of their own.
pub fn answer(asking: &Asking<'_>) -> Answers {
    let policy = asking.policy;
    let rows = |record: RecordId| asking.dataset.table(record).row_count;
    let mut answers = Answers {
        holds: policy.histories.iter().map(|history| vec![false; rows(history.record)]).collect(),
        overdue: vec![RowSet::default(); policy.histories.len()],
    };
    let nothing = RolePast::default();
    for (at, history) in policy.histories.iter().enumerate() {
        if let HistoryAsk::InTime(path, hours) = &history.ask {
            let role = policy.clock_role(history);
            let role_past = role.and_then(|role| asking.past.roles.get(role.0 as usize)).unwrap_or(&nothing);
            let id = HistoryId(u32::try_from(at).unwrap_or(u32::MAX));
            let rules = role.map(|role| clock::waiting_rules(asking, role, id)).unwrap_or_default();
            let clock = clock::Clock::new(asking, *hours, rules);
            clock.run(asking.dataset.table(history.record), path.field, role_past, &mut answers, at);
        }
    }
    for record in policy.schema.record_ids() {
        if let Some(seen) = asking.past.seen.get(record.0 as usize).filter(|seen| !seen.is_empty()) {
            Inquiry::new(asking, record, seen).run(&mut answers);
        }
    }
    answers
}

/// All questions about values that are asked of one record type.
struct Inquiry<'a> {
    setting: Setting<'a>,
    table: &'a TableData,
    seen: &'a SeenValues,
    questions: Vec<Question<'a>>,
    /// The texts of asked fields as values; `None` for a text that is no longer one of its field's kind.
    readings: Vec<(FieldId, Vec<Option<Value>>)>,
    dataset: &'a Dataset,
}

/// One question, with its span of time as instants, both included.
struct Question<'a> {
    at: usize,
    ask: &'a HistoryAsk,
    fields: Vec<FieldId>,
    from: i64,
    until: i64,
}

/// What the fields of a question were at the same time; `None` where one of them is not known.
struct Valuation {
    since: i64,
    values: Option<Vec<Value>>,
}

/// What is known of a field while its past is gone through.
#[derive(Clone, Copy)]
enum Known<'v> {
    NotSeen,
    Erased,
    Value(&'v Value),
}

static MISSING: Value = Value::Missing;

impl<'a> Inquiry<'a> {
    fn new(asking: &Asking<'a>, record: RecordId, seen: &'a SeenValues) -> Self {
        let policy = asking.policy;
        let asked = policy.histories.iter().enumerate().filter(|(_, history)| history.record == record);
        let asked = asked.filter(|(_, history)| history.ask.is_of_values());
        let questions: Vec<Question<'a>> =
            asked.map(|(at, history)| Question::new(at, &history.ask, history.fields(), asking.as_of)).collect();
        let fields = policy.asked_fields().into_iter().filter(|(of, _)| *of == record).map(|(_, field)| field);
        let readings = fields.map(|field| {
            let kind = &policy.schema.record(record).field(field).kind;
            (field, seen.texts(field).iter().map(|text| read_back(text, kind)).collect())
        });
        Inquiry {
            setting: Setting { policy, record, binding: asking.binding, as_of: asking.as_of },
            table: asking.dataset.table(record),
            seen,
            readings: readings.collect(),
            questions,
            dataset: asking.dataset,
        }
    }

    fn run(&self, answers: &mut Answers) {
        for row in 0..u32::try_from(self.table.row_count).unwrap_or(u32::MAX) {
            if self.table.unkeyed.contains(row) {
                continue;
            }
            let spells = self.table.key(row).map_or(&[][..], |key| self.seen.of(key));
            if spells.is_empty() {
                continue;
            }
            for question in &self.questions {
                answers.holds[question.at][row as usize] = self.answer(question, spells, row);
            }
        }
    }

    fn answer(&self, question: &Question<'_>, spells: &[Spell], row: u32) -> bool {
        if let Some(since) = self.unchanged_since(question, spells, row) {
            // By far the most records: no need to go through a past that has one valuation.
            return match question.ask {
                HistoryAsk::For(cond, _) => {
                    since <= question.from && self.holds(cond, question, &self.present(question, row))
                }
                _ => false,
            };
        }
        let past = self.valuations(question, spells, row);
        let held = |cond: &Cond, at: &Valuation| at.values.as_ref().map(|values| self.holds(cond, question, values));
        match question.ask {
            HistoryAsk::Becomes(cond) => match past.split_last() {
                Some((now, before)) => {
                    held(cond, now) == Some(true) && before.iter().any(|then| held(cond, then) == Some(false))
                }
                None => false,
            },
            HistoryAsk::Was(cond) => past.iter().rev().nth(1).is_some_and(|before| held(cond, before) == Some(true)),
            HistoryAsk::For(cond, _) => match past.iter().rposition(|then| then.since <= question.from) {
                Some(first) => past[first..].iter().all(|then| held(cond, then) == Some(true)),
                None => false,
            },
            HistoryAsk::Changed(..) => {
                let known: Vec<&Valuation> = past.iter().filter(|then| then.values.is_some()).collect();
                let last = known.windows(2).rev().find(|pair| pair[0].values != pair[1].values);
                last.is_some_and(|pair| (question.from..=question.until).contains(&pair[1].since))
            }
            HistoryAsk::InTime(..) => false,
        }
    }

    /// Since when the fields of a question are known, where each was seen with the one value it has now.
    fn unchanged_since(&self, question: &Question<'_>, spells: &[Spell], row: u32) -> Option<i64> {
        let mut since = i64::MIN;
        for field in &question.fields {
            let mut own = spells.iter().filter(|spell| spell.field == *field);
            let (Some(only), None) = (own.next(), own.next()) else { return None };
            match self.known(only) {
                Known::Value(value) if self.is_now(*field, row, value) => since = since.max(only.since),
                _ => return None,
            }
        }
        Some(since)
    }

    /// The past of a record as far as a question reads it, the present last.
    fn valuations(&self, question: &Question<'_>, spells: &[Spell], row: u32) -> Vec<Valuation> {
        let mut own: Vec<&Spell> = spells.iter().filter(|spell| question.fields.contains(&spell.field)).collect();
        own.sort_by_key(|spell| spell.run);
        let mut known = vec![Known::NotSeen; question.fields.len()];
        let mut past: Vec<Valuation> = Vec::new();
        let mut since = i64::MIN;
        for run in own.chunk_by(|a, b| a.run == b.run) {
            for spell in run {
                // Runs have an order of their own: one that was dated back did not see what comes before it.
                since = since.max(spell.since);
                if let Some(at) = question.fields.iter().position(|field| *field == spell.field) {
                    known[at] = self.known(spell);
                }
            }
            if !known.iter().any(|known| matches!(known, Known::NotSeen)) {
                push(
                    &mut past,
                    Valuation { since, values: known.iter().map(|known| known.value().cloned()).collect() },
                );
            }
        }
        let present = Some(self.present(question, row));
        push(&mut past, Valuation { since: self.setting.as_of.instant, values: present });
        past
    }

    fn known(&self, spell: &Spell) -> Known<'_> {
        match spell.value {
            SeenValue::Missing => Known::Value(&MISSING),
            SeenValue::Erased => Known::Erased,
            SeenValue::Text(code) => {
                let readings = self.readings.iter().find(|(field, _)| *field == spell.field);
                match readings.and_then(|(_, readings)| readings.get(code as usize)) {
                    Some(Some(value)) => Known::Value(value),
                    _ => Known::Erased,
                }
            }
        }
    }

    fn present(&self, question: &Question<'_>, row: u32) -> Vec<Value> {
        question.fields.iter().map(|field| self.value(*field, row)).collect()
    }

    fn value(&self, field: FieldId, row: u32) -> Value {
        let declared = self.setting.policy.schema.record(self.setting.record).field(field);
        let keys = match declared.kind {
            FieldKind::Reference { record, .. } => Some(self.dataset.table(record).keys()),
            _ => None,
        };
        let column: Option<&Column> = self.table.column(field);
        column.map_or(Value::Missing, |column| column.value(row, declared, keys))
    }

    fn is_now(&self, field: FieldId, row: u32, value: &Value) -> bool {
        match (self.table.column(field).map(|column| &column.data), value) {
            (Some(ColumnData::Text(texts)), Value::Text(text)) => texts.get(row) == Some(text),
            _ => self.value(field, row) == *value,
        }
    }

    fn holds(&self, cond: &Cond, question: &Question<'_>, values: &[Value]) -> bool {
        holds(self.setting, cond, &OwnFields { fields: &question.fields, values })
    }
}

impl<'a> Question<'a> {
    fn new(at: usize, ask: &'a HistoryAsk, fields: Vec<FieldId>, as_of: &AsOf) -> Self {
        let (from, until) = match ask {
            HistoryAsk::Changed(_, span) | HistoryAsk::For(_, span) => match span.unit {
                Unit::Minutes => (minutes_before(as_of.instant, span.amount), as_of.instant),
                Unit::Hours => (minutes_before(as_of.instant, span.amount.saturating_mul(60)), as_of.instant),
                unit => {
                    let today = as_of.today();
                    let first = time::add_to_day(today, span.amount.saturating_neg(), unit);
                    let tomorrow = time::add_to_day(today, 1, Unit::Days);
                    (time::start_of_day(first, &as_of.zone), time::start_of_day(tomorrow, &as_of.zone) - 1)
                }
            },
            _ => (as_of.instant, as_of.instant),
        };
        Question { at, ask, fields, from, until }
    }
}

fn minutes_before(instant: i64, minutes: i64) -> i64 {
    instant.saturating_sub(minutes.saturating_mul(60_000_000))
}

impl<'v> Known<'v> {
    fn value(self) -> Option<&'v Value> {
        match self {
            Known::Value(value) => Some(value),
            Known::NotSeen | Known::Erased => None,
        }
    }
}

/// Adds what comes next; a valuation that only goes on is no new one.
fn push(past: &mut Vec<Valuation>, next: Valuation) {
    if past.last().is_none_or(|last| last.values != next.values) {
        past.push(next);
    }
}

/// The facts of a record as far as a question reads them.
struct OwnFields<'v> {
    fields: &'v [FieldId],
    values: &'v [Value],
}

impl Facts for OwnFields<'_> {
    fn value(&self, path: &Path) -> Value {
        let at = self.fields.iter().position(|field| *field == path.field && path.steps.is_empty());
        at.and_then(|at| self.values.get(at)).cloned().unwrap_or(Value::Missing)
    }

    // The check lets no condition of the past ask anything else.
    fn owner(&self, _: &OwnerRef) -> Option<Owner> {
        None
    }

    fn related(&self, _: &RelatedPath) -> Value {
        Value::Missing
    }

    fn candidates(&self, _: &ContestPath) -> Vec<Candidate> {
        Vec::new()
    }

    fn history(&self, _: HistoryId) -> bool {
        false
    }
}
