//! From a change set to the draft of a run: what the ledger is asked to keep.

use super::asides;
use super::decide::rule_name;
use super::evaluate::Evaluation;
use super::people_text::people_text;
use super::session::Session;
use super::teams;
use crate::check::policy::{Hold, RoleId, RuleId};
use crate::compare::{self, Change, Pin, PinOrigin, read_values, value_names};
use crate::decide::Pooled;
use crate::ledger::{EMPTY_ROOT, EntryDraft, Input, RuleRef, RunDraft, Shown, Totals};
use crate::run::reads_column;
use crate::value::Outcome;
use crate::value::time;
use std::sync::Arc;

/// The engine as the ledger names it.
pub fn engine() -> String {
    format!("ownward {}, bundled time-zone data", env!("CARGO_PKG_VERSION"))
}

/// A run's draft without its entries: enough for its id.
pub fn outline(session: &Session, found: &Evaluation, actor: String) -> RunDraft {
    RunDraft {
        base: found.head.as_ref().map_or_else(|| EMPTY_ROOT.to_owned(), |head| head.root.clone()),
        inputs: inputs(session, found),
        snapshot: found.snapshot.dataset.fingerprint(&session.policy.schema),
        options: options(session, found),
        as_of: found.as_of.instant,
        recorded_at: jiff::Timestamp::now().as_microsecond(),
        actor,
        engine: engine(),
        totals: Vec::new(),
        backdate: None,
        entries: Vec::new(),
        shown: Vec::new(),
    }
}

/// The whole draft: totals, entries with the values they rest on, and what the owner columns showed.
pub fn draft(session: &Session, found: &Evaluation, actor: String, backdate: Option<String>) -> RunDraft {
    let mut draft = outline(session, found, actor);
    draft.backdate = backdate;
    let names = Names::new(session);
    draft.totals = found
        .changes
        .owners
        .totals
        .iter()
        .map(|totals| Totals {
            record: names.records[totals.role.0 as usize].clone(),
            role: names.roles[totals.role.0 as usize].clone(),
            read: totals.read,
            outcomes: totals.outcomes.clone(),
        })
        .collect();
    let rules = rule_refs(session, found);
    draft.entries =
        found.changes.owners.changes.iter().map(|change| entry(session, found, change, &names, &rules)).collect();
    draft.entries.extend(hand_overs(session, found, &names));
    draft.totals.extend(teams::totals(session, found));
    draft.entries.extend(teams::entries(session, found));
    let states = found.run.desk.changed_states();
    draft.entries.extend(states.iter().map(|(name, state)| EntryDraft::rotation(name, Some(state.to_json()))));
    draft.shown = shown(session, found, &names);
    draft.shown.extend(asked_fields(session, found));
    draft
}

/// Hand-overs that begin with this run, and those that end before their day: the owner changed again, or the outgoing
/// person is no longer active (design section 3, point 14).
fn hand_overs(session: &Session, found: &Evaluation, names: &Names) -> Vec<EntryDraft> {
    let today = found.as_of.today();
    let mut entries = Vec::new();
    for role in session.policy.role_ids() {
        let at = role.0 as usize;
        let (record, name) = (&names.records[at], &names.roles[at]);
        let table = found.snapshot.dataset.table(session.policy.role(role).record);
        let result = &found.run.results[at];
        let mut begun: Vec<_> = result.handing_over.iter().collect();
        begun.sort_unstable_by_key(|(row, _)| **row);
        for (row, hand_over) in begun {
            if let (Some(key), Some(outgoing)) = (table.key(*row), found.run.owners.get(hand_over.from)) {
                entries.push(EntryDraft::handing_over(record, key, name, outgoing.clone(), today, hand_over.until));
            }
        }
        let Some(past) = found.past.roles.get(at) else { continue };
        let mut going_on: Vec<_> = past.handing_over.iter().filter(|(_, (_, until))| *until >= today).collect();
        going_on.sort_unstable_by_key(|(key, _)| key.as_str());
        for (key, (outgoing, _)) in going_on {
            let row = table.row_of(key);
            let is_over = !found.binding.is_active(outgoing)
                || row.is_some_and(|row| result.owner[row as usize] != found.run.inputs[at].current[row as usize]);
            let begins_anew = row.is_some_and(|row| result.handing_over.contains_key(&row));
            if is_over && !begins_anew {
                entries.push(EntryDraft::handed_over(record, key, name, outgoing.clone(), today));
            }
        }
    }
    entries
}

/// The draft of a run that records one entry of a command and decides nothing. The command's words stand in the entry
/// alone, so that they can be erased.
pub fn command(name: &str, as_of: i64, base: String, entry: EntryDraft, actor: String) -> RunDraft {
    RunDraft {
        base,
        inputs: Vec::new(),
        snapshot: String::new(),
        options: format!("command={name}"),
        as_of,
        recorded_at: as_of,
        actor,
        engine: engine(),
        totals: Vec::new(),
        backdate: None,
        entries: vec![entry],
        shown: Vec::new(),
    }
}

fn options(session: &Session, found: &Evaluation) -> String {
    let drift = found.drift.word();
    let zone = found.as_of.zone.iana_name().unwrap_or("UTC");
    format!("drift={drift} complete={} zone={zone}", session.project.config.source.complete)
}

fn inputs(session: &Session, found: &Evaluation) -> Vec<Input> {
    let input = |kind: &str, name: &str, content: &str| Input {
        kind: kind.to_owned(),
        name: name.to_owned(),
        content: content.as_bytes().to_vec(),
    };
    let mut inputs: Vec<Input> =
        session.sources().iter().map(|(_, file)| input("policy", &file.name, &file.text)).collect();
    if !session.inferred.is_empty() {
        inputs.push(input("inferred", "inferred.own", &session.inferred));
    }
    if !session.project.config_text.is_empty() {
        inputs.push(input("config", crate::project::CONFIG_FILE, &session.project.config_text));
    }
    for (name, text) in &session.beside {
        inputs.push(input("list", name, text));
    }
    if found.snapshot.has_people {
        inputs.push(input("people", "people", &people_text(&found.snapshot.people)));
    }
    if let (Some(path), Some(text)) = (&session.project.config.calendar.holidays, &session.holidays) {
        inputs.push(input("calendar", &path.to_string_lossy(), text));
    }
    inputs.push(input("engine", "engine", &engine()));
    inputs
}

/// Names that every entry repeats, shared.
struct Names {
    records: Vec<Arc<str>>,
    roles: Vec<Arc<str>>,
    values: Vec<Vec<Arc<str>>>,
}

impl Names {
    fn new(session: &Session) -> Self {
        let policy = &session.policy;
        Names {
            records: policy.roles.iter().map(|role| policy.schema.record(role.record).name.as_str().into()).collect(),
            roles: policy.roles.iter().map(|role| role.name.as_str().into()).collect(),
            values: policy
                .roles
                .iter()
                .map(|role| value_names(policy, role).into_iter().map(Into::into).collect())
                .collect(),
        }
    }
}

fn rule_refs(session: &Session, found: &Evaluation) -> Vec<Vec<Arc<RuleRef>>> {
    session
        .policy
        .roles
        .iter()
        .zip(&found.run.fingerprints)
        .map(|(role, fingerprints)| {
            role.rules
                .iter()
                .zip(fingerprints)
                .map(|(rule, fingerprint)| {
                    Arc::new(RuleRef {
                        label: rule.label.clone(),
                        fingerprint: fingerprint.clone(),
                        place: session.sources().place(rule.span),
                    })
                })
                .collect()
        })
        .collect()
}

fn entry(
    session: &Session,
    found: &Evaluation,
    change: &Change,
    names: &Names,
    rules: &[Vec<Arc<RuleRef>>],
) -> EntryDraft {
    let at = change.role.0 as usize;
    let role = session.policy.role(change.role);
    let rule = match change.rule {
        Some(RuleId(rule)) => Some(rules[at][rule as usize].clone()),
        None if change.held.is_some() => held(session, found, change).map(|(hold, fingerprint)| {
            let place = session.sources().place(hold.rule.span);
            let label = hold.rule.label.clone().or_else(|| Some(hold.kind.word().to_owned()));
            Arc::new(RuleRef::hold(label, fingerprint, place))
        }),
        None if change.is_drift => Some(Arc::new(RuleRef::drift())),
        None if change.pin.is_some() => {
            let place = pin(found, change).map(|pin| match pin.origin {
                PinOrigin::Policy(span) => session.sources().place(span),
                PinOrigin::Command { .. } => String::new(),
            });
            place.map(|place| Arc::new(RuleRef::pin(place)))
        }
        None => None,
    };
    let values = match change.row {
        // Adoption rests on the source's owner column alone.
        Some(row) if change.outcome != Outcome::Adopted => {
            let values =
                found.with_facts(&session.policy, change.role, row, |facts| read_values(&session.policy, role, facts));
            names.values[at].iter().cloned().zip(values).collect()
        }
        _ => Vec::new(),
    };
    EntryDraft {
        record: names.records[at].clone(),
        key: change.key.clone(),
        role: names.roles[at].clone(),
        outcome: change.outcome,
        owner: change.owner.clone(),
        previous: change.previous.clone(),
        rule,
        reason: reason(session, found, change),
        pool_state: pool_state(found, change),
        effective_from: Some(change.held.map_or(found.as_of.today(), |held| held.since)),
        effective_until: match change.held {
            Some(held) => held.until,
            None => pin(found, change).and_then(|pin| pin.until),
        },
        values,
    }
}

/// How the pool that chose the owner stood.
fn pool_state(found: &Evaluation, change: &Change) -> Option<String> {
    match found.run.results[change.role.0 as usize].pooled.get(&change.row?)? {
        Pooled::Picked(pool, picked) => Some(found.run.desk.note(*pool, picked)),
        Pooled::Stays(_) => None,
    }
}

/// The hold or lock that keeps a change's owner, with its fingerprint.
fn held<'e>(session: &'e Session, found: &'e Evaluation, change: &Change) -> Option<(&'e Hold, &'e str)> {
    let hold = change.held?.hold;
    let fingerprint = found.run.hold_fingerprints.get(change.role.0 as usize)?.get(hold)?;
    Some((session.policy.role(change.role).holds.get(hold)?, fingerprint))
}

/// The pin that set a change's owner.
fn pin<'e>(found: &'e Evaluation, change: &Change) -> Option<&'e Pin> {
    change.pin.and_then(|pin| found.run.pins.get(pin))
}

/// Why: the rule's own words, or what kept it from being decided.
pub fn reason(session: &Session, found: &Evaluation, change: &Change) -> Option<String> {
    if let (Some(row), Outcome::Kept) = (change.row, change.outcome)
        && found.run.results[change.role.0 as usize].waiting.contains(row)
    {
        let missing = asides::missing_fields(session, found, change.role, row).join("`, `");
        return Some(format!("the hand-off waits until `{missing}` is known"));
    }
    if change.outcome == Outcome::Unmatched {
        return Some(unmatched_reason(session, change.role, change.rule));
    }
    if let Some(rule) = change.rule {
        return session.policy.role(change.role).rule(rule).because.clone();
    }
    if let Some((hold, _)) = held(session, found, change) {
        let until = change.held.and_then(|held| held.until).map(time::show_day);
        let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
        return hold.rule.because.clone().or_else(|| Some(format!("the owner is kept{until}")));
    }
    if let Some(pin) = pin(found, change) {
        return pin.because.clone();
    }
    Some(match change.outcome {
        Outcome::Adopted => "shown by the source when the record was first seen".to_owned(),
        Outcome::Gone => "no longer in the source".to_owned(),
        Outcome::Kept if change.is_drift => "changed outside; kept until somebody decides".to_owned(),
        Outcome::Invalid => invalid_reason(session, found, change.role, change.row),
        _ => return None,
    })
}

/// Why nothing was decided: no rule matches, or the pools of the one that does have nobody.
pub fn unmatched_reason(session: &Session, role: RoleId, rule: Option<RuleId>) -> String {
    match rule {
        Some(rule) => format!("`{}` matches, and nobody in its pool may receive it", rule_name(session, role, rule)),
        None => "no rule matches".to_owned(),
    }
}

/// Which field makes a record invalid for a role.
pub fn invalid_reason(session: &Session, found: &Evaluation, role: RoleId, row: Option<u32>) -> String {
    let Some(row) = row else {
        return "breaks its schema".to_owned();
    };
    let policy = &session.policy;
    let typed = policy.role(role);
    let dataset = &found.snapshot.dataset;
    if dataset.table(typed.record).unkeyed.contains(row) {
        return match dataset.table(typed.record).key(row) {
            Some(_) => "its key occurs more than once".to_owned(),
            None => "it has no key".to_owned(),
        };
    }
    if found.run.results[role.0 as usize].circles.contains(row) {
        return "it is part of a circle of references".to_owned();
    }
    let broken = crate::decide::broken_path(policy, role, dataset, row);
    match broken {
        Some(path) => format!("`{path}` breaks the schema"),
        None => "breaks its schema".to_owned(),
    }
}

fn shown(session: &Session, found: &Evaluation, names: &Names) -> Vec<Shown> {
    let mut out = Vec::new();
    for role in session.policy.role_ids().filter(|role| reads_column(&session.policy, *role)) {
        let table = found.snapshot.dataset.table(session.policy.role(role).record);
        let Some(column) = &table.shown_owner else { continue };
        for row in 0..u32::try_from(table.row_count).unwrap_or(u32::MAX) {
            if table.unkeyed.contains(row) {
                continue;
            }
            let Some(key) = table.key(row) else { continue };
            out.push(Shown {
                record: names.records[role.0 as usize].clone(),
                key: key.to_owned(),
                role: names.roles[role.0 as usize].clone(),
                value: column.get(row).map(str::to_owned),
            });
        }
    }
    out
}

/// The values of fields whose past rules ask for, where they are others than those that were seen last.
fn asked_fields(session: &Session, found: &Evaluation) -> Vec<Shown> {
    let schema = &session.policy.schema;
    compare::news(&session.policy, &found.snapshot.dataset, &found.past)
        .into_iter()
        .map(|news| {
            let record = schema.record(news.record);
            Shown::field(record.name.as_str().into(), news.key, &record.field(news.field).name, news.value)
        })
        .collect()
}
