//! The calendar of a policy: who should be in touch with which record, and when (`touch every 30 days`).

use super::evaluate::Evaluation;
use super::session::Session;
use super::upcoming::{Event, What};
use crate::assign::NOBODY;
use crate::check::policy::{Calendar, Touch};
use crate::decide::{Facts, NO_RULE, Scene, matching_rules};
use crate::plan;
use crate::value::Value;
use crate::value::time::{add_to_day, day_of, show_day};

/// Every day within two on which somebody should be in touch. What is overdue stands on the first day, once.
pub fn events(session: &Session, found: &Evaluation, first: i32, last: i32) -> Vec<Event> {
    let policy = &session.policy;
    let mut events = Vec::new();
    for calendar in &policy.calendars {
        let table = found.snapshot.dataset.table(calendar.role.record);
        let nobody = vec![NOBODY; table.row_count];
        let scene =
            Scene::of_gather(policy, &calendar.role, &found.snapshot.dataset, &found.binding, &found.as_of, &nobody)
                .with_related(&found.run.related);
        let plan = plan::lower_role(policy, &calendar.role, &found.as_of, &|name| found.binding.name(name).is_ok());
        let mut owners = found.run.owners.clone();
        for (row, rule) in (0..).zip(matching_rules(&scene, &plan, &found.run.after, &mut owners)) {
            if rule != NO_RULE
                && let Some(touch) = calendar.touches.get(rule as usize)
            {
                touches(session, found, calendar, touch, row, (first, last), &mut events);
            }
        }
    }
    events
}

fn touches(
    session: &Session,
    found: &Evaluation,
    calendar: &Calendar,
    touch: &Touch,
    row: u32,
    (first, last): (i32, i32),
    events: &mut Vec<Event>,
) {
    let record = calendar.role.record;
    let Some(key) = found.snapshot.dataset.table(record).key(row) else { return };
    let owner_role = session.policy.find_role(record, "owner");
    let owner =
        owner_role.and_then(|role| found.run.owners.get(found.run.results[role.0 as usize].owner[row as usize]));
    let since = touch.since.as_ref().map(|path| {
        found.facts(&session.policy, record, row, None, |facts| match facts.value(path) {
            Value::Date(day) => Some(day),
            Value::Time(instant) => Some(day_of(instant, &found.as_of.zone)),
            _ => None,
        })
    });
    let every = format!("every {} {}", touch.every.amount, touch.every.unit.word());
    let (mut due, reason) = match since.flatten() {
        Some(since) => {
            (add_to_day(since, touch.every.amount, touch.every.unit), format!("{every}, last on {}", show_day(since)))
        }
        // Nothing is known of an earlier touch: the first one is due now.
        None if touch.since.is_some() => (first, format!("{every}, never so far")),
        None => (add_to_day(first, touch.every.amount, touch.every.unit), every.clone()),
    };
    let mut is_overdue = due < first;
    due = due.max(first);
    while due <= last {
        events.push(Event {
            day: due,
            record: session.policy.schema.record(record).name.clone(),
            key: key.to_owned(),
            role: "calendar".to_owned(),
            what: What::Touch { owner: owner.cloned(), is_overdue },
            reason: reason.clone(),
        });
        is_overdue = false;
        let next = add_to_day(due, touch.every.amount, touch.every.unit);
        if next <= due {
            return;
        }
        due = next;
    }
}
