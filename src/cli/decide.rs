//! `decide`: the owner of every record, without a look at what would change.

use super::args::{DecideArgs, Format, Global, RunArgs};
use super::evaluate::{Depth, Evaluation, evaluate};
use super::exit::{Exit, Result};
use super::output::{Output, grouped, table};
use super::session::Session;
use super::teams;
use crate::check::policy::{GatherId, Hold, Role, RoleId, RuleId};
use crate::compare::TeamMember;
use crate::decide::NO_RULE;
use crate::snapshot::write_back::guarded;
use crate::value::Outcome;
use serde_json::json;
use std::io::Write;

pub fn run(args: &DecideArgs, global: &Global, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    let as_of = session.as_of(args.when.as_of.as_deref())?;
    let run = RunArgs { max_moves: None, drift: None };
    let found = evaluate(&session, as_of, &run, Depth::Owners, out)?;
    out.warnings(&session.heard(&session.findings), session.sources());
    out.messages(&session.heard(&found.findings), session.sources());
    match global.format {
        Format::Csv => csv(&session, &found)?,
        Format::Jsonl => jsonl(&session, &found)?,
        Format::Json => out.json(&summary_json(&session, &found))?,
        _ => text(&session, &found, out)?,
    }
    Ok(Exit::Fine)
}

/// What a rule is called for people: its label, else where it stands.
pub fn rule_name(session: &Session, role: RoleId, rule: RuleId) -> String {
    let rule = session.policy.role(role).rule(rule);
    rule.label.clone().unwrap_or_else(|| session.sources().place(rule.span))
}

/// What a hold or a lock is called: its label, else the word for it.
pub fn hold_name(hold: &Hold) -> String {
    hold.rule.label.clone().unwrap_or_else(|| hold.kind.word().to_owned())
}

/// A rule of a team: its label, and where it stands.
pub fn rule_place(session: &Session, role: &Role, rule: RuleId) -> String {
    let rule = role.rule(rule);
    let place = session.sources().place(rule.span);
    rule.label.as_ref().map_or_else(|| place.clone(), |label| format!("{label}  {place}"))
}

pub fn role_name(session: &Session, role: RoleId) -> String {
    let role = session.policy.role(role);
    format!("{} of {}", role.name, session.policy.schema.record(role.record).name)
}

fn each_row(
    session: &Session,
    found: &Evaluation,
    mut visit: impl FnMut([&str; 7]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    for role in session.policy.role_ids() {
        let result = &found.run.results[role.0 as usize];
        let typed = session.policy.role(role);
        let record = &session.policy.schema.record(typed.record).name;
        let dataset = found.snapshot.dataset.table(typed.record);
        let names: Vec<String> = typed.rule_ids().map(|rule| rule_name(session, role, rule)).collect();
        let holds: Vec<String> = typed.holds.iter().map(hold_name).collect();
        for (row, outcome) in (0..).zip(&result.outcome) {
            let at = row as usize;
            let owner = found.run.owners.get(result.owner[at]);
            let rule = match result.held.get(&row) {
                Some(held) => holds[held.hold].as_str(),
                None if result.rule[at] == NO_RULE => "",
                None => names[result.rule[at] as usize].as_str(),
            };
            visit([
                record,
                dataset.key(row).unwrap_or(""),
                &typed.name,
                outcome.word(),
                owner.map_or("", |owner| owner.kind.word()),
                owner.map_or("", |owner| &owner.id),
                rule,
            ])?;
        }
    }
    for (id, team) in (0..).map(GatherId).zip(&found.run.teams) {
        let role = &session.policy.gathers[id.0 as usize].role;
        let record = &session.policy.schema.record(role.record).name;
        let dataset = found.snapshot.dataset.table(role.record);
        for (row, outcome) in (0..).zip(&team.result.outcome) {
            let members = teams::members(session, found, id, row);
            let text: Vec<String> = members.iter().map(TeamMember::text).collect();
            let key = dataset.key(row).unwrap_or("");
            visit([record, key, &role.name, outcome.word(), "", &text.join("; "), ""])?;
        }
    }
    Ok(())
}

const COLUMNS: [&str; 7] = ["record", "key", "role", "outcome", "owner_kind", "owner", "rule"];

fn csv(session: &Session, found: &Evaluation) -> Result<()> {
    let mut writer = ::csv::Writer::from_writer(std::io::BufWriter::new(std::io::stdout().lock()));
    writer.write_record(COLUMNS).map_err(std::io::Error::from)?;
    each_row(session, found, |cells| {
        writer.write_record(cells.map(|cell| guarded(cell).into_owned())).map_err(std::io::Error::from)
    })?;
    writer.flush()?;
    Ok(())
}

fn jsonl(session: &Session, found: &Evaluation) -> Result<()> {
    let mut writer = std::io::BufWriter::new(std::io::stdout().lock());
    each_row(session, found, |cells| {
        let value: serde_json::Map<String, serde_json::Value> = COLUMNS
            .iter()
            .zip(cells)
            .map(|(name, cell)| ((*name).to_owned(), if cell.is_empty() { json!(null) } else { json!(cell) }))
            .collect();
        writeln!(writer, "{}", serde_json::Value::Object(value))
    })?;
    writer.flush()?;
    Ok(())
}

fn summary_json(session: &Session, found: &Evaluation) -> serde_json::Value {
    let roles: Vec<serde_json::Value> = session
        .policy
        .role_ids()
        .map(|role| {
            let typed = session.policy.role(role);
            let counts = rule_counts(found, role, typed.rules.len());
            let rules: Vec<serde_json::Value> = typed
                .rule_ids()
                .map(|rule| {
                    json!({
                        "rule": rule_name(session, role, rule),
                        "place": session.sources().place(typed.rule(rule).span),
                        "records": counts[rule.0 as usize],
                    })
                })
                .collect();
            json!({
                "role": typed.name,
                "record": session.policy.schema.record(typed.record).name,
                "outcomes": outcomes(found, role).into_iter().map(|(o, n)| (o.word().to_owned(), json!(n))).collect::<serde_json::Map<_, _>>(),
                "rules": rules,
            })
        })
        .collect();
    json!({ "schema": "ownward.decide/1", "roles": roles })
}

fn outcomes(found: &Evaluation, role: RoleId) -> Vec<(Outcome, u64)> {
    let decided = &found.run.results[role.0 as usize].outcome;
    [Outcome::Assigned, Outcome::Kept, Outcome::Nobody, Outcome::Unmatched, Outcome::Invalid]
        .into_iter()
        .map(|outcome| (outcome, decided.iter().filter(|known| **known == outcome).count() as u64))
        .collect()
}

/// Records decided by each rule of a role.
pub fn rule_counts(found: &Evaluation, role: RoleId, rules: usize) -> Vec<u64> {
    let mut counts = vec![0; rules];
    for rule in &found.run.results[role.0 as usize].rule {
        if let Some(count) = counts.get_mut(*rule as usize) {
            *count += 1;
        }
    }
    counts
}

fn text(session: &Session, found: &Evaluation, out: &Output) -> Result<()> {
    for role in session.policy.role_ids() {
        let typed = session.policy.role(role);
        out.line(&out.strong(&role_name(session, role)))?;
        let counts = rule_counts(found, role, typed.rules.len());
        let rows: Vec<Vec<String>> = typed
            .rule_ids()
            .map(|rule| {
                vec![
                    rule_name(session, role, rule),
                    session.sources().place(typed.rule(rule).span),
                    grouped(counts[rule.0 as usize]),
                ]
            })
            .collect();
        out.text(&table(&["rule", "place", "records"], &rows))?;
        let parts: Vec<String> = outcomes(found, role)
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(outcome, count)| format!("{} {}", grouped(count), outcome.word()))
            .collect();
        out.line(&format!("{}\n", parts.join(", ")))?;
    }
    for (id, team) in (0..).map(GatherId).zip(&found.run.teams) {
        out.line(&teams::summary_line(session, id, team))?;
    }
    out.line("Every record with its owner: --format csv or jsonl. What would change: ownward plan")?;
    Ok(())
}
