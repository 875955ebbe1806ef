//! What is said of a decision beside its rules: how a pool chose, what holds the owner, who hands over.

use super::evaluate::Evaluation;
use super::session::Session;
use crate::check::policy::{Path, RoleId};
use crate::decide::{Facts, Pooled};
use crate::value::Owner;
use crate::value::time::show_day;

/// One line each, the most important first; empty where the rules say it all. `chosen` tells when a pool chose the owner
/// that stays.
pub fn notes(session: &Session, found: &Evaluation, role: RoleId, row: u32, chosen: Option<String>) -> Vec<String> {
    let mut notes = Vec::new();
    let result = &found.run.results[role.0 as usize];
    notes.extend(held(session, found, role, row));
    if result.waiting.contains(row) {
        let missing = missing_fields(session, found, role, row).join("`, `");
        notes.push(format!("the hand-off waits until `{missing}` is known; the owner stays"));
    }
    match result.pooled.get(&row) {
        Some(Pooled::Stays(_)) => {
            notes.push("the owner is in the pool and may keep the record: nobody else is chosen".to_owned());
            notes.extend(chosen);
        }
        Some(Pooled::Picked(pool, picked)) => {
            notes.push(format!("the pool chose at {}", found.run.desk.note(*pool, picked)));
        }
        None if result.held.contains_key(&row) || result.waiting.contains(row) => {}
        None if !result.story.is_empty() => notes.push("nobody in the pool may receive the record".to_owned()),
        None => {}
    }
    notes.extend(result.story.iter().map(|line| format!("   {line}")));
    notes.extend(
        handing_over(session, found, role, row)
            .map(|(outgoing, until)| format!("`{}` hands the record over until {}", outgoing.id, show_day(until))),
    );
    notes
}

fn held(session: &Session, found: &Evaluation, role: RoleId, row: u32) -> Option<String> {
    let held = found.run.results[role.0 as usize].held.get(&row)?;
    let hold = &session.policy.role(role).holds[held.hold];
    let until = held.until.map(|until| format!(" until {}", show_day(until))).unwrap_or_default();
    let because = hold.rule.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
    let name = hold.rule.label.as_deref().unwrap_or(hold.kind.word());
    let place = session.sources().place(hold.rule.span);
    let since = show_day(held.since);
    Some(format!("the owner is kept by `{name}` ({place}) since {since}{until}{because}"))
}

/// The fields that a hand-off waits for, as they are written.
pub fn missing_fields(session: &Session, found: &Evaluation, role: RoleId, row: u32) -> Vec<String> {
    let typed = session.policy.role(role);
    let rule = found.run.results[role.0 as usize].rule[row as usize];
    let once: Vec<Path> = typed
        .rules
        .get(rule as usize)
        .and_then(|rule| rule.hand_off.as_ref())
        .map_or_else(Vec::new, |hand_off| hand_off.once.clone());
    found.with_facts(&session.policy, role, row, |facts| {
        let missing = once.iter().filter(|path| facts.value(path).is_missing());
        missing.map(|path| path.text(&session.policy.schema, typed.record)).collect()
    })
}

/// Who hands a record over after this run, and until when: as it begins, or as it goes on.
pub fn handing_over(session: &Session, found: &Evaluation, role: RoleId, row: u32) -> Option<(Owner, i32)> {
    let at = role.0 as usize;
    if let Some(begun) = found.run.results[at].handing_over.get(&row) {
        return Some((found.run.owners.get(begun.from)?.clone(), begun.until));
    }
    let key = found.snapshot.dataset.table(session.policy.role(role).record).key(row)?;
    let (outgoing, until) = found.past.roles.get(at)?.handing_over.get(key)?;
    let goes_on = *until >= found.as_of.today()
        && found.binding.is_active(outgoing)
        && found.run.results[at].owner[row as usize] == found.run.inputs[at].current[row as usize];
    goes_on.then(|| (outgoing.clone(), *until))
}
