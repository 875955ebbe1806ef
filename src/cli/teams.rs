//! Teams and places in commands: what the ledger is asked to keep of them, and how they are shown.

use super::decide::rule_place;
use super::evaluate::Evaluation;
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count, grouped, owner_json, table};
use super::session::Session;
use crate::check::policy::{Gather, GatherId, GatherKind, RuleId, TypedPolicy};
use crate::compare::{
    ComparedTeam, TeamChange, TeamMember, TeamTotals, members_from, members_text, missing_from, read_values,
    value_names,
};
use crate::decide::row::{self, Setting};
use crate::decide::{Pooled, RecordFacts};
use crate::ledger::{Entry, EntryDraft, Totals};
use crate::run::DecidedTeam;
use crate::value::{Outcome, time};
use serde_json::{Value, json};
use std::sync::Arc;

/// The value of an entry that holds the members of a team, or the places of a record.
pub const MEMBERS: &str = "members";

/// Changes that are listed unless all are asked for.
const SHOWN_MAX: usize = 50;

// ---------------------------------------------------------------- the ledger

/// The control totals of all teams.
pub fn totals(session: &Session, found: &Evaluation) -> Vec<Totals> {
    let policy = &session.policy;
    let one = |totals: &TeamTotals| {
        let role = &policy.gathers[totals.gather.0 as usize].role;
        Totals {
            record: policy.schema.record(role.record).name.as_str().into(),
            role: role.name.as_str().into(),
            read: totals.read,
            outcomes: totals.outcomes.clone(),
        }
    };
    found.changes.team_totals.iter().map(one).collect()
}

/// One entry for each team that changes: its members are a value, so that they can be erased like any other.
pub fn entries(session: &Session, found: &Evaluation) -> Vec<EntryDraft> {
    let policy = &session.policy;
    let names: Vec<Names> = policy.gathers.iter().map(|gather| Names::of(policy, gather)).collect();
    let members: Arc<str> = MEMBERS.into();
    let mut entries = Vec::new();
    for change in &found.changes.teams {
        let (role, names) = (&gather(session, change.gather).role, &names[change.gather.0 as usize]);
        let mut values: Vec<(Arc<str>, Option<String>)> = match change.row {
            Some(row) => with_facts(session, found, change.gather, row, |facts| {
                names.values.iter().cloned().zip(read_values(policy, role, facts)).collect()
            }),
            None => Vec::new(),
        };
        values.push((members.clone(), Some(members_text(&change.members))));
        entries.push(EntryDraft {
            reason: reason(change).map(str::to_owned),
            pool_state: pool_state(found, change),
            effective_from: Some(found.as_of.today()),
            values,
            ..EntryDraft::new(names.record.clone(), change.key.clone(), names.role.clone(), change.outcome)
        });
    }
    entries
}

/// Names that every entry of a team repeats, shared.
struct Names {
    record: Arc<str>,
    role: Arc<str>,
    values: Vec<Arc<str>>,
}

impl Names {
    fn of(policy: &TypedPolicy, gather: &Gather) -> Self {
        Names {
            record: policy.schema.record(gather.role.record).name.as_str().into(),
            role: gather.role.name.as_str().into(),
            values: value_names(policy, &gather.role).into_iter().map(Into::into).collect(),
        }
    }
}

fn reason(change: &TeamChange) -> Option<&'static str> {
    match change.outcome {
        Outcome::Gone => Some("no longer in the source"),
        Outcome::Invalid => Some("breaks its schema where the rules read it; the team stays"),
        _ => None,
    }
}

/// How the pools that chose members stood; the slots of pools are those of members.
fn pool_state(found: &Evaluation, change: &TeamChange) -> Option<String> {
    let (row, result) = (change.row?, &found.run.teams[change.gather.0 as usize].result);
    let slots = result.added[row as usize].iter().map(|added| (row, added.rule.0, added.place));
    let notes: Vec<String> = slots
        .filter_map(|slot| match result.pooled.get(&slot)? {
            Pooled::Picked(pool, picked) => Some(found.run.desk.note(*pool, picked)),
            Pooled::Stays(_) => None,
        })
        .collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn gather(session: &Session, id: GatherId) -> &Gather {
    &session.policy.gathers[id.0 as usize]
}

fn with_facts<T>(
    session: &Session,
    found: &Evaluation,
    id: GatherId,
    row: u32,
    ask: impl FnOnce(&RecordFacts<'_>) -> T,
) -> T {
    found.facts(&session.policy, gather(session, id).role.record, row, None, ask)
}

// ---------------------------------------------------------------- plan

/// What changes in teams and places, as text.
pub fn text(session: &Session, found: &Evaluation, all: bool, out: &Output) -> Result<()> {
    let changes = &found.changes.teams;
    if changes.is_empty() {
        return Ok(());
    }
    let shown = if all { usize::MAX } else { SHOWN_MAX };
    let rows: Vec<Vec<String>> = changes
        .iter()
        .take(shown)
        .map(|change| {
            let role = &gather(session, change.gather).role;
            vec![
                session.policy.schema.record(role.record).name.clone(),
                change.key.clone(),
                role.name.clone(),
                texts(&missing_from(&change.members, &change.previous)),
                texts(&missing_from(&change.previous, &change.members)),
            ]
        })
        .collect();
    out.text(&table(&["record", "key", "role", "joins", "leaves"], &rows))?;
    if changes.len() > shown {
        out.line(&format!("… and {} (--all shows them)", count((changes.len() - shown) as u64, "more team")))?;
    }
    out.line("")?;
    Ok(())
}

fn texts(members: &[&TeamMember]) -> String {
    members.iter().map(|member| member.text()).collect::<Vec<_>>().join(", ")
}

/// The changes of teams and places as JSON.
pub fn changes_json(session: &Session, found: &Evaluation) -> Vec<Value> {
    let changes = found.changes.teams.iter();
    changes
        .map(|change| {
            let role = &gather(session, change.gather).role;
            json!({
                "record": session.policy.schema.record(role.record).name,
                "key": change.key,
                "role": role.name,
                "outcome": change.outcome.word(),
                "members": change.members.iter().map(member_json).collect::<Vec<_>>(),
                "joins": missing_from(&change.members, &change.previous).into_iter().map(member_json).collect::<Vec<_>>(),
                "leaves": missing_from(&change.previous, &change.members).into_iter().map(member_json).collect::<Vec<_>>(),
            })
        })
        .collect()
}

pub fn member_json(member: &TeamMember) -> Value {
    json!({
        "owner": owner_json(member.owner.as_ref()),
        "wave": member.wave,
        "engagement": member.owner.as_ref().map(|_| member.engagement.word()),
        "rule": member.rule,
    })
}

// ---------------------------------------------------------------- explain

/// The team or place role of a name, in any letter case.
pub fn find(session: &Session, record: &str, role: &str) -> Option<GatherId> {
    let record = session.policy.schema.find_record(record)?;
    let wanted = role.to_lowercase();
    let fits = |gather: &Gather| gather.role.record == record && gather.role.name.to_lowercase() == wanted;
    let at = session.policy.gathers.iter().position(fits)?;
    u16::try_from(at).ok().map(GatherId)
}

/// The members of a row after the run; of an invalid record those that stay.
pub fn members(session: &Session, found: &Evaluation, id: GatherId, row: u32) -> Vec<TeamMember> {
    let team = &found.run.teams[id.0 as usize];
    if team.result.outcome[row as usize] == Outcome::Invalid {
        let key = found.snapshot.dataset.table(gather(session, id).role.record).key(row);
        let past = found.past.teams.get(id.0 as usize).and_then(|past| past.get(key?));
        return past.map_or_else(Vec::new, |past| past.members.clone());
    }
    let compared = ComparedTeam {
        policy: &session.policy,
        id,
        dataset: &found.snapshot.dataset,
        owners: &found.run.owners,
        fingerprints: &team.fingerprints,
        complete: false,
    };
    compared.members(&team.result.added[row as usize])
}

/// `team of Account: 12 with members, 3 without`.
pub fn summary_line(session: &Session, id: GatherId, team: &DecidedTeam) -> String {
    let role = &gather(session, id).role;
    let counted = |wanted: Outcome| team.result.outcome.iter().filter(|outcome| **outcome == wanted).count() as u64;
    let parts = [(Outcome::Assigned, "with"), (Outcome::Nobody, "without"), (Outcome::Invalid, "invalid")];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(outcome, _)| counted(*outcome) > 0)
        .map(|(outcome, word)| format!("{} {word}", grouped(counted(outcome))))
        .collect();
    format!("{} of {}: {}\n", role.name, session.policy.schema.record(role.record).name, parts.join(", "))
}

/// Who is in a record's team and by which rule, or in which places it stands; every rule with whether it matches.
pub fn explain(session: &Session, found: &Evaluation, id: GatherId, key: &str, out: &Output) -> Result<Exit> {
    let role = &gather(session, id).role;
    let record = &session.policy.schema.record(role.record).name;
    let Some(row) = found.snapshot.dataset.table(role.record).row_of(key) else {
        return Err(Failure::could_not_run(format!("there is no {record} `{key}`")));
    };
    let team = &found.run.teams[id.0 as usize];
    let outcome = team.result.outcome[row as usize];
    let members = members(session, found, id, row);
    let setting =
        Setting { policy: &session.policy, record: role.record, binding: &found.binding, as_of: &found.as_of };
    let matched: Vec<bool> = with_facts(session, found, id, row, |facts| {
        role.rules.iter().map(|rule| row::matches(setting, rule, facts)).collect()
    });
    if out.is_json() {
        let rules: Vec<Value> = role
            .rules
            .iter()
            .zip(&matched)
            .map(|(rule, matched)| {
                let place = session.sources().place(rule.span);
                json!({ "rule": rule.label, "place": place, "matches": matched, "because": rule.because })
            })
            .collect();
        out.json(&json!({
            "schema": "ownward.explain/1",
            "record": record,
            "key": key,
            "role": role.name,
            "as_of": time::show_instant(found.as_of.instant),
            "outcome": outcome.word(),
            "members": members.iter().map(member_json).collect::<Vec<_>>(),
            "rules": rules,
            "notes": team.result.story,
        }))?;
        return Ok(Exit::Fine);
    }
    let clean = crate::diagnostic::render::clean;
    let title = format!("{} of {record} {key}: {} ({})", role.name, summary(&members, id, session), outcome.word());
    out.line(&out.strong(&clean(&title)))?;
    out.line(&format!("as of {}\n", time::show_second_in(found.as_of.instant, &found.as_of.zone)))?;
    for (at, matched) in matched.iter().enumerate() {
        let rule = RuleId(u32::try_from(at).unwrap_or(u32::MAX));
        let name = rule_place(session, role, rule);
        if !matched {
            out.line(&clean(&format!("   {name}: does not match")))?;
            continue;
        }
        let own: Vec<&TeamMember> = members.iter().filter(|member| member.meaning == team.fingerprints[at]).collect();
        let said = match (&gather(session, id).kind, own.is_empty()) {
            (GatherKind::Places(_), true) => "matches, and so does a place inside it".to_owned(),
            (GatherKind::Team(_), true) => "adds nobody new".to_owned(),
            (_, false) => texts(&own),
        };
        out.line(&clean(&format!("=> {name}: {said}")))?;
        if let Some(because) = &role.rule(rule).because {
            out.line(&clean(&format!("   because {because}")))?;
        }
    }
    for line in &team.result.story {
        out.line(&clean(&format!("   {line}")))?;
    }
    Ok(Exit::Fine)
}

fn summary(members: &[TeamMember], id: GatherId, session: &Session) -> String {
    match (&gather(session, id).kind, members.len()) {
        (GatherKind::Team(_), 0) => "nobody".to_owned(),
        (GatherKind::Places(_), 0) => "nowhere".to_owned(),
        (GatherKind::Team(_), members) => count(members as u64, "member"),
        (GatherKind::Places(_), _) => texts(&members.iter().collect::<Vec<_>>()),
    }
}

/// Whether an entry is that of a team or of places.
pub fn is_team(entry: &Entry) -> bool {
    entry.companion().is_none() && members_of(entry).is_some()
}

/// The members that an entry of a team holds.
pub fn members_of(entry: &Entry) -> Option<Vec<TeamMember>> {
    let values = entry.values.as_ref()?;
    let (_, text) = values.iter().rev().find(|(name, _)| name == MEMBERS)?;
    members_from(text.as_deref()?)
}

/// A team as an entry of the ledger holds it.
pub fn explain_past(entry: &Entry, record: &str, zone: &jiff::tz::TimeZone, out: &Output) -> Result<Exit> {
    let members = members_of(entry).unwrap_or_default();
    let key = entry.key.as_deref().unwrap_or("(erased)");
    if out.is_json() {
        out.json(&json!({
            "schema": "ownward.explain/1",
            "record": record,
            "key": key,
            "role": entry.role,
            "as_of": time::show_instant(entry.as_of),
            "outcome": entry.outcome.word(),
            "members": members.iter().map(member_json).collect::<Vec<_>>(),
            "reason": entry.reason,
        }))?;
        return Ok(Exit::Fine);
    }
    let clean = crate::diagnostic::render::clean;
    let title = format!("{} of {record} {key} ({})", entry.role, entry.outcome.word());
    out.line(&out.strong(&clean(&title)))?;
    out.line(&format!("as of {}\n", time::show_second_in(entry.as_of, zone)))?;
    for member in &members {
        let rule = member.rule.as_ref().map(|rule| format!("   by {rule}")).unwrap_or_default();
        out.line(&clean(&format!("   {}{rule}", member.text())))?;
    }
    if members.is_empty() {
        out.line("   nobody")?;
    }
    if let Some(pool) = &entry.pool_state {
        out.line(&clean(&format!("chosen by pools at {pool}")))?;
    }
    Ok(Exit::Fine)
}
