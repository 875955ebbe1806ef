//! The time an owner has to be in touch: `touched within 4 business hours`.
//!
//! A rule that waits for the end of that time gives the record to somebody else, and with that the time begins anew. Its
//! condition would be false at once, and the next rule would decide. So for a record whose last decision was made by such a
//! rule the question has no second half: it holds only once the record was touched. The rule decides until then, the
//! owner keeps what the pool gave, and is passed over when their own time is up. A rule that releases the record gives it
//! to nobody in the same way: nobody has it until it is touched.

use super::Past;
use super::history::{Answers, Asking};
use super::past::{PastEntry, RolePast};
use crate::assign::OwnerTable;
use crate::check::policy::{HistoryId, RoleId, Rule, TypedPolicy};
use crate::column::{ColumnData, Dataset, INSTANT_MISSING, RowSet, TableData};
use crate::schema::FieldId;
use crate::value::Outcome;

/// The rules of a role that wait for a *no*, with their fingerprints.
pub(super) fn waiting_rules<'a>(asking: &Asking<'a>, role: RoleId, id: HistoryId) -> Vec<(&'a Rule, &'a str)> {
    let policy = asking.policy;
    let fingerprints = asking.fingerprints.get(role.0 as usize).map_or(&[][..], Vec::as_slice);
    let rules = policy.role(role).rules.iter().zip(fingerprints);
    let waiting = rules.filter(|(rule, _)| policy.clocks(rule).contains(&id));
    waiting.map(|(rule, fingerprint)| (rule, fingerprint.as_str())).collect()
}

/// One question about an owner's time.
pub(super) struct Clock<'a> {
    /// Whoever was given a record at this instant or before has had their time; `None` where nobody has.
    up: Option<i64>,
    rules: Vec<(&'a Rule, &'a str)>,
}

impl<'a> Clock<'a> {
    pub fn new(asking: &Asking<'a>, hours: i64, rules: Vec<(&'a Rule, &'a str)>) -> Self {
        let minutes = u64::try_from(hours).unwrap_or(0).saturating_mul(60);
        let up = asking.calendar.and_then(|calendar| calendar.subtract(asking.as_of.instant, minutes));
        Clock { up, rules }
    }

    /// Answers for all rows; `field` is the time at which somebody was last in touch.
    pub fn run(&self, table: &TableData, field: FieldId, past: &RolePast, answers: &mut Answers, at: usize) {
        answers.holds[at].fill(true);
        if past.since.is_empty() {
            return;
        }
        let touched = match table.column(field).map(|column| &column.data) {
            Some(ColumnData::Time(instants)) => instants.as_slice(),
            _ => &[],
        };
        for row in 0..u32::try_from(table.row_count).unwrap_or(u32::MAX) {
            if table.unkeyed.contains(row) {
                continue;
            }
            let Some((key, since)) = table.key(row).and_then(|key| Some((key, *past.since.get(key)?))) else {
                continue;
            };
            let entry = past.entries.get(key);
            let stands = entry.is_some_and(|entry| self.stands(entry));
            // Whom another rule left without an owner has nobody whose time could be over.
            if !stands && entry.is_none_or(|entry| entry.owner.is_none()) {
                continue;
            }
            let touched_at = touched.get(row as usize).copied().unwrap_or(INSTANT_MISSING);
            // What is missing lies before every instant.
            if touched_at != INSTANT_MISSING && touched_at >= since {
                continue;
            }
            let is_up = self.up.is_some_and(|up| since <= up);
            if is_up {
                answers.overdue[at].insert(row);
            }
            if is_up || stands {
                answers.holds[at][row as usize] = false;
            }
        }
    }

    /// Whether a rule that waits for this clock made the last decision.
    fn stands(&self, entry: &PastEntry) -> bool {
        let decided = |rule: &&(&Rule, &str)| entry.rule.as_ref().is_some_and(|last| last.is(rule.0, rule.1));
        matches!(entry.outcome, Outcome::Assigned | Outcome::Nobody) && self.rules.iter().any(|rule| decided(&rule))
    }
}

/// The rows whose time begins in this run, for each question that is asked where no owner is decided: in teams, places and
/// calendars. `after` holds the owners that were decided, by role and row.
///
/// Those questions are answered before there is an owner. Whoever becomes one is in time, which is what the next run finds.
pub fn begun(
    policy: &TypedPolicy,
    dataset: &Dataset,
    past: &Past,
    owners: &OwnerTable,
    after: &[Vec<u32>],
) -> Vec<(HistoryId, RowSet)> {
    let asked = (0..).map(HistoryId).zip(&policy.histories);
    let asked = asked.filter_map(|(id, history)| {
        let role = policy.clock_role(history)?;
        let at = role.0 as usize;
        let is_other = history.role.as_deref() != Some(&policy.role(role).name);
        let (role_past, after) = (past.roles.get(at).filter(|_| is_other)?, after.get(at)?);
        let table = dataset.table(history.record);
        let begins = |row: &u32, owner: u32| {
            let entry = table.key(*row).and_then(|key| role_past.entries.get(key));
            entry.is_some_and(|entry| entry.owner.as_ref() != owners.get(owner))
        };
        Some((id, (0..).zip(after).filter(|(row, owner)| begins(row, **owner)).map(|(row, _)| row).collect()))
    });
    asked.collect()
}
