//! `history`: who owned a record, since when and why.

use super::args::{Global, HistoryArgs};
use super::exit::{Exit, Failure, Result};
use super::output::{Output, owner_json, table};
use super::session::Session;
use super::teams::members_of;
use crate::compare::TeamMember;
use crate::diagnostic::nearest;
use crate::ledger::{Companion, Entry, Ledger};
use crate::value::{Outcome, time};
use serde_json::{Value, json};

pub fn run(args: &HistoryArgs, _global: &Global, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    let ledger = open(&session)?;
    let record = record_name(&session, &args.record);
    let mut entries = ledger.history(&record, args.key.trim(), None)?;
    if entries.is_empty() {
        return Err(unknown_key(&ledger, &record, args.key.trim())?);
    }
    if let Some(role) = &args.role {
        // What stands beside the decisions of a role belongs to its history.
        entries.retain(|entry| {
            entry.role == *role || entry.companion().and_then(Companion::role).is_some_and(|of| of == role)
        });
        if entries.is_empty() {
            return Err(Failure::could_not_run(format!(
                "the ledger holds no role `{role}` of {record} `{}`",
                args.key
            )));
        }
    }
    if out.is_json() {
        let list: Vec<Value> = entries.iter().map(entry_json).collect();
        out.json(&json!({ "schema": "ownward.history/1", "record": record, "key": args.key, "entries": list }))?;
        return Ok(Exit::Fine);
    }
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            vec![
                time::show_second_in(entry.as_of, &session.project.config.zone),
                entry.companion().and_then(Companion::role).unwrap_or(&entry.role).to_owned(),
                what(entry).to_owned(),
                entry.previous.as_ref().map_or("-".into(), |owner| owner.id.clone()),
                entry.owner.as_ref().map_or_else(|| team_text(entry), |owner| owner.id.clone()),
                rule_text(entry),
                entry.reason.clone().unwrap_or_default(),
                entry.actor.clone(),
            ]
        })
        .collect();
    out.text(&table(&["as of", "role", "outcome", "from", "to", "rule", "reason", "by"], &rows))?;
    Ok(Exit::Fine)
}

/// The members of a team, or the places of a record, that an entry holds; `-` where it holds none.
fn team_text(entry: &Entry) -> String {
    let members = members_of(entry).unwrap_or_default();
    let texts: Vec<String> = members.iter().map(TeamMember::text).collect();
    if texts.is_empty() { "-".to_owned() } else { texts.join(", ") }
}

/// The ledger of a project, which must be there.
pub fn open(session: &Session) -> Result<Ledger> {
    let path = session.project.config.ledger_path(&session.project.root);
    Ledger::open_existing_read_only(&path)?.ok_or_else(|| {
        Failure::could_not_run(format!(
            "there is no ledger yet at `{}`: `ownward apply` writes the first run",
            session.project.config.ledger.file.display()
        ))
    })
}

/// The record type as the policy writes it; one that the policy no longer has may still be in the ledger.
pub fn record_name(session: &Session, name: &str) -> String {
    let schema = &session.policy.schema;
    schema.find_record(name).map_or_else(|| name.to_owned(), |record| schema.record(record).name.clone())
}

pub fn unknown_key(ledger: &Ledger, record: &str, key: &str) -> Result<Failure> {
    let keys = ledger.keys(record)?;
    if keys.iter().any(|known| known == key) {
        return Ok(Failure::could_not_run(format!("the ledger holds no such decision of {record} `{key}`")));
    }
    let near = nearest(key, keys.iter().map(String::as_str));
    let help = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Ok(Failure::could_not_run(format!("the ledger holds no {record} `{key}`{help}")))
}

/// What an entry says in one word: the outcome of a decision, or what began or ended beside one.
fn what(entry: &Entry) -> &'static str {
    let ended = entry.outcome == Outcome::Nobody;
    match entry.companion() {
        None => entry.outcome.word(),
        Some(Companion::Pin { .. }) if ended => "unpinned",
        Some(Companion::Pin { .. }) => "pinned",
        Some(Companion::HandingOver { .. }) if ended => "handed over",
        Some(companion) => companion.word(),
    }
}

/// The rule that decided; for what stands beside decisions, its last day.
fn rule_text(entry: &Entry) -> String {
    match (&entry.rule, entry.effective_until) {
        (Some(rule), _) => rule.label.clone().unwrap_or_else(|| rule.place.clone()),
        (None, Some(until)) => format!("until {}", time::show_day(until)),
        (None, None) => String::new(),
    }
}

pub fn entry_json(entry: &Entry) -> Value {
    json!({
        "seq": entry.seq,
        "run": entry.run,
        "as_of": time::show_instant(entry.as_of),
        "recorded_at": time::show_instant(entry.recorded_at),
        "actor": entry.actor,
        "role": entry.role,
        // Such an entry is no decision.
        "beside": entry.companion().map(Companion::word),
        "outcome": entry.outcome.word(),
        "from": owner_json(entry.previous.as_ref()),
        "to": owner_json(entry.owner.as_ref()),
        "rule": entry.rule.as_ref().map(|rule| json!({
            "label": rule.label, "fingerprint": rule.fingerprint, "place": rule.place,
        })),
        "reason": entry.reason,
        "effective_from": entry.effective_from.map(time::show_day),
        "effective_until": entry.effective_until.map(time::show_day),
        "values": entry.values.as_ref().map(|values| {
            values.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<serde_json::Map<_, _>>()
        }),
    })
}
