//! `plan`: what would change, who gains and loses, and why.

use super::args::{Format, Global, PlanArgs};
use super::decide::{hold_name, role_name, rule_name};
use super::evaluate::{Depth, Evaluation, evaluate};
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count, grouped, owner_json, table};
use super::plan_file;
use super::record::{self, invalid_reason, reason, unmatched_reason};
use super::session::Session;
use super::teams;
use crate::assign::NOBODY;
use crate::check::policy::RuleId;
use crate::compare::Change;
use crate::decide::NO_RULE;
use crate::snapshot::write_back::{self, ChangeRow};
use crate::value::{Outcome, Owner, time};
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::io::BufWriter;

/// Changes shown before "and N more".
const SHOWN_MAX: usize = 40;

pub fn run(args: &PlanArgs, global: &Global, out: &Output) -> Result<Exit> {
    let fail_on: Vec<Outcome> = args
        .fail_on
        .iter()
        .map(|word| {
            Outcome::from_word(&word.trim().to_lowercase()).ok_or_else(|| {
                let words: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.word()).collect();
                Failure::could_not_run(format!("`--fail-on {word}` is no outcome: one of {}", words.join(", ")))
            })
        })
        .collect::<Result<_>>()?;
    let session = Session::open(&args.project)?;
    let as_of = session.as_of(args.when.as_of.as_deref())?;
    let found = evaluate(&session, as_of, &args.run, Depth::Changes, out)?;
    out.warnings(&session.heard(&session.findings), session.sources());
    out.messages(&session.heard(&found.findings), session.sources());
    if let Some(file) = &args.out {
        plan_file::save(file, &session, &found, &args.run)?;
    }
    match global.format {
        Format::Json => out.json(&plan_json(&session, &found))?,
        Format::Jsonl => {
            for change in &found.changes.owners.changes {
                out.json(&change_json(&session, &found, change))?;
            }
        }
        Format::Csv => {
            let to = BufWriter::new(std::io::stdout().lock());
            write_back::write_changes(to, &change_rows(&session, &found))?;
        }
        _ => text(&session, &found, args, out)?,
    }
    if let Some(file) = &args.out {
        out.say(&format!("saved as {}; apply it with `ownward apply {}`", file.display(), file.display()));
    }
    let too_many = found.too_many_moves(&session, &args.run)?;
    if let Some(reason) = &too_many {
        out.say(&format!("warning: `ownward apply` would stop: {reason}"));
    }
    let over_limit = too_many.is_some() && args.run.max_moves.is_some();
    let failed = over_limit
        || found.changes.owners.totals.iter().any(|totals| fail_on.iter().any(|outcome| totals.count(*outcome) > 0));
    Ok(if failed || (args.fail_on_change && !found.changes.owners.changes.is_empty()) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}

fn owner_text(owner: Option<&Owner>) -> String {
    owner.map_or_else(|| "-".to_owned(), |owner| owner.id.clone())
}

fn rule_text(session: &Session, change: &Change) -> String {
    match change.rule {
        Some(rule) => rule_name(session, change.role, rule),
        None if change.is_drift => "drift".to_owned(),
        None if change.pin.is_some() => "pin".to_owned(),
        None if change.held.is_some() => hold_text(session, change),
        None => change.outcome.word().to_owned(),
    }
}

/// The reason, and who hands the record over for how long.
fn reason_text(session: &Session, found: &Evaluation, change: &Change) -> String {
    let begun = change.row.and_then(|row| found.run.results[change.role.0 as usize].handing_over.get(&row));
    let handing_over = begun.and_then(|begun| {
        let outgoing = found.run.owners.get(begun.from)?;
        Some(format!("{} hands over until {}", outgoing.id, time::show_day(begun.until)))
    });
    let parts: Vec<String> = handing_over.into_iter().chain(reason(session, found, change)).collect();
    parts.join("; ")
}

fn hold_text(session: &Session, change: &Change) -> String {
    let hold = change.held.and_then(|held| session.policy.role(change.role).holds.get(held.hold));
    hold.map_or_else(String::new, hold_name)
}

fn text(session: &Session, found: &Evaluation, args: &PlanArgs, out: &Output) -> Result<()> {
    let shown = if args.all { usize::MAX } else { SHOWN_MAX };
    let (mut visible, stay): (Vec<&Change>, Vec<&Change>) = found
        .changes
        .owners
        .changes
        .iter()
        .filter(|change| change.outcome != Outcome::Adopted)
        .partition(|change| args.all || is_seen(change));
    // Rows that need a decision come last: what moves is what a reader looks for.
    visible.sort_by_key(|change| change.outcome.needs_decision());
    if !visible.is_empty() {
        let rows: Vec<Vec<String>> = visible
            .iter()
            .take(shown)
            .map(|change| {
                let record = session.policy.role(change.role).record;
                vec![
                    session.policy.schema.record(record).name.clone(),
                    change.key.clone(),
                    session.policy.role(change.role).name.clone(),
                    owner_text(change.previous.as_ref()),
                    owner_text(change.owner.as_ref()),
                    rule_text(session, change),
                    reason_text(session, found, change),
                ]
            })
            .collect();
        out.text(&table(&["record", "key", "role", "from", "to", "rule", "reason"], &rows))?;
        if visible.len() > shown {
            out.line(&format!("… and {} (--all shows them)", count((visible.len() - shown) as u64, "more change")))?;
        }
        out.line("")?;
    }
    if !stay.is_empty() {
        let stays = if stay.len() == 1 { "stays as it is" } else { "stay as they are" };
        let number = grouped(stay.len() as u64);
        out.line(&format!("{number} {stays}: only the rule that decides is recorded (--all shows them)\n"))?;
    }
    teams::text(session, found, args.all, out)?;
    pending(session, found, args, out)?;
    by_owner(session, found, out)?;
    by_rule(session, found, args, out)?;
    out.line(&last_line(found))?;
    Ok(())
}

/// Whether a reader of the plan looks for it: an owner who stays is no news, though the rule is recorded.
fn is_seen(change: &Change) -> bool {
    change.previous != change.owner || change.outcome.needs_decision() || change.is_drift
}

/// A record that needs a decision, in this run or since an earlier one.
struct Pending {
    role: crate::check::policy::RoleId,
    key: String,
    owner: Option<Owner>,
    why: String,
}

/// Every record that needs a decision: unmatched, invalid, or changed outside.
fn pending_records(session: &Session, found: &Evaluation) -> Vec<Pending> {
    let mut out = Vec::new();
    let lists_drift = found.drift == crate::compare::DriftPolicy::Report;
    for role in session.policy.role_ids() {
        let result = &found.run.results[role.0 as usize];
        let table = found.snapshot.dataset.table(session.policy.role(role).record);
        for (row, outcome) in (0..).zip(&result.outcome) {
            let drifted = lists_drift && found.run.inputs[role.0 as usize].drifted.contains(row);
            let why = match outcome {
                Outcome::Unmatched => {
                    let rule = result.rule[row as usize];
                    unmatched_reason(session, role, (rule != NO_RULE).then_some(RuleId(rule)))
                }
                Outcome::Invalid => invalid_reason(session, found, role, Some(row)),
                _ if drifted => "changed outside".to_owned(),
                _ => continue,
            };
            out.push(Pending {
                role,
                key: table.key(row).unwrap_or_default().to_owned(),
                owner: found.run.owners.get(result.owner[row as usize]).cloned(),
                why,
            });
        }
    }
    out
}

/// What has needed a decision since an earlier run: no change of this one, and still nobody's word.
fn pending(session: &Session, found: &Evaluation, args: &PlanArgs, out: &Output) -> Result<()> {
    let shown = if args.all { usize::MAX } else { SHOWN_MAX };
    let changed: std::collections::HashSet<(u16, &str)> =
        found.changes.owners.changes.iter().map(|change| (change.role.0, change.key.as_str())).collect();
    let mut waiting = pending_records(session, found);
    waiting.retain(|one| !changed.contains(&(one.role.0, one.key.as_str())));
    if waiting.is_empty() {
        return Ok(());
    }
    // Without a run before this one only rows that have no key of their own can be listed here.
    let since = if found.head.as_ref().is_some_and(|head| head.run_count > 0) { " since an earlier run" } else { "" };
    out.line(&out.strong(&format!("Waiting for a decision{since}")))?;
    let rows: Vec<Vec<String>> = waiting
        .iter()
        .take(shown)
        .map(|one| vec![role_name(session, one.role), one.key.clone(), owner_text(one.owner.as_ref()), one.why.clone()])
        .collect();
    out.text(&table(&["role", "key", "owner", "why"], &rows))?;
    if waiting.len() > shown {
        out.line(&format!("… and {} (--all shows them)", count((waiting.len() - shown) as u64, "more record")))?;
    }
    out.line("")?;
    Ok(())
}

/// Records of each owner before and after.
fn by_owner(session: &Session, found: &Evaluation, out: &Output) -> Result<()> {
    for role in session.policy.role_ids() {
        let at = role.0 as usize;
        let mut counts: IndexMap<u32, (u64, u64)> = IndexMap::new();
        for (before, after) in found.run.inputs[at].current.iter().zip(&found.run.results[at].owner) {
            if *before != NOBODY {
                counts.entry(*before).or_default().0 += 1;
            }
            if *after != NOBODY {
                counts.entry(*after).or_default().1 += 1;
            }
        }
        let mut rows: Vec<(u64, u64, &Owner)> = counts
            .iter()
            .filter_map(|(code, (before, after))| Some((*before, *after, found.run.owners.get(*code)?)))
            .collect();
        if rows.is_empty() || found.changes.owners.changes.iter().all(|change| change.role != role) {
            continue;
        }
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.2.cmp(b.2)));
        out.line(&out.strong(&role_name(session, role)))?;
        let cells: Vec<Vec<String>> = rows
            .iter()
            .take(25)
            .map(|(before, after, owner)| {
                let change = i64::try_from(*after).unwrap_or(0) - i64::try_from(*before).unwrap_or(0);
                let change = if change == 0 { String::new() } else { format!("{change:+}") };
                vec![owner.id.clone(), owner.kind.word().to_owned(), grouped(*before), grouped(*after), change]
            })
            .collect();
        out.text(&table(&["owner", "kind", "before", "after", "change"], &cells))?;
        if rows.len() > 25 {
            out.line(&format!("… and {}", count(rows.len() as u64 - 25, "more owner")))?;
        }
        by_team(session, found, &rows, out)?;
        out.line("")?;
    }
    Ok(())
}

/// The same by team, where people belong to teams.
fn by_team(session: &Session, found: &Evaluation, owners: &[(u64, u64, &Owner)], out: &Output) -> Result<()> {
    let directory = found.binding.directory();
    let mut rows = Vec::new();
    for team in &session.policy.schema.teams {
        let (mut before, mut after, mut has_people) = (0, 0, false);
        for (was, is, owner) in owners {
            let is_team = owner.kind == crate::value::OwnerKind::Team && owner.id == team.name;
            let is_member = owner.kind == crate::value::OwnerKind::Person
                && directory.is_member(&owner.id, &team.name, found.binding.today());
            if is_team || is_member {
                before += was;
                after += is;
                has_people |= is_member;
            }
        }
        if has_people {
            rows.push(vec![team.name.clone(), grouped(before), grouped(after)]);
        }
    }
    if !rows.is_empty() {
        out.line("")?;
        out.text(&table(&["team, with its people", "before", "after"], &rows))?;
    }
    Ok(())
}

fn by_rule(session: &Session, found: &Evaluation, args: &PlanArgs, out: &Output) -> Result<()> {
    let mut counts: IndexMap<(u16, String), u64> = IndexMap::new();
    let shown = |change: &&Change| change.outcome != Outcome::Adopted && (args.all || is_seen(change));
    for change in found.changes.owners.changes.iter().filter(shown) {
        *counts.entry((change.role.0, rule_text(session, change))).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    let rows: Vec<Vec<String>> = counts
        .iter()
        .map(|((role, rule), changes)| {
            vec![role_name(session, crate::check::policy::RoleId(*role)), rule.clone(), grouped(*changes)]
        })
        .collect();
    out.text(&table(&["role", "rule", "changes"], &rows))?;
    out.line("")?;
    Ok(())
}

/// What the change set comes to.
pub struct Tally {
    pub assign: u64,
    pub reassign: u64,
    pub release: u64,
    pub unchanged: u64,
    pub needs_decision: u64,
}

pub fn tally(found: &Evaluation) -> Tally {
    let (mut assign, mut reassign, mut release) = (0, 0, 0);
    for change in &found.changes.owners.changes {
        match (change.outcome, &change.previous, &change.owner) {
            (Outcome::Adopted | Outcome::Unmatched | Outcome::Invalid, _, _) => {}
            (_, None, Some(_)) => assign += 1,
            (_, Some(before), Some(after)) if before != after => reassign += 1,
            (_, Some(_), None) => release += 1,
            _ => {}
        }
    }
    let totals = &found.changes.owners.totals;
    let read: u64 = totals.iter().map(|totals| totals.read).sum();
    let gone: u64 = totals.iter().map(|totals| totals.count(Outcome::Gone)).sum();
    let drifted: u64 = match found.drift {
        crate::compare::DriftPolicy::Report => found.run.inputs.iter().map(|input| input.drifted.len() as u64).sum(),
        _ => 0,
    };
    let undecided: u64 =
        totals.iter().map(|totals| totals.count(Outcome::Unmatched) + totals.count(Outcome::Invalid)).sum();
    let released_here = release.min(gone);
    Tally {
        assign,
        reassign,
        release,
        unchanged: read.saturating_sub(assign + reassign + (release - released_here)),
        needs_decision: undecided + drifted,
    }
}

/// `Plan: 412 to assign, 97 to reassign, 3 to release, 12,031 unchanged; 5 need a decision`.
pub fn last_line(found: &Evaluation) -> String {
    let tally = tally(found);
    let needs = if tally.needs_decision == 1 { "needs" } else { "need" };
    format!(
        "Plan: {} to assign, {} to reassign, {} to release, {} unchanged; {} {needs} a decision",
        grouped(tally.assign),
        grouped(tally.reassign),
        grouped(tally.release),
        grouped(tally.unchanged),
        grouped(tally.needs_decision)
    )
}

pub fn change_json(session: &Session, found: &Evaluation, change: &Change) -> Value {
    let record = session.policy.role(change.role).record;
    json!({
        "record": session.policy.schema.record(record).name,
        "key": change.key,
        "role": session.policy.role(change.role).name,
        "outcome": change.outcome.word(),
        "from": owner_json(change.previous.as_ref()),
        "to": owner_json(change.owner.as_ref()),
        "rule": change.rule.map(|rule| rule_name(session, change.role, rule)),
        "place": change.rule.map(|rule| session.sources().place(session.policy.role(change.role).rule(rule).span)),
        "drift": change.is_drift,
        "pin": change.pin.is_some(),
        "hold": change.held.map(|_| hold_text(session, change)),
        "reason": reason(session, found, change),
    })
}

pub fn plan_json(session: &Session, found: &Evaluation) -> Value {
    let tally = tally(found);
    let changes: Vec<Value> =
        found.changes.owners.changes.iter().map(|change| change_json(session, found, change)).collect();
    let pending: Vec<Value> = pending_records(session, found)
        .into_iter()
        .map(|one| {
            json!({
                "role": role_name(session, one.role),
                "key": one.key,
                "owner": owner_json(one.owner.as_ref()),
                "why": one.why,
            })
        })
        .collect();
    json!({
        "schema": "ownward.plan/1",
        "as_of": time::show_instant(found.as_of.instant),
        "summary": {
            "assign": tally.assign,
            "reassign": tally.reassign,
            "release": tally.release,
            "unchanged": tally.unchanged,
            "needs_decision": tally.needs_decision,
        },
        "changes": changes,
        "teams": teams::changes_json(session, found),
        "needs_decision": pending,
    })
}

/// One row a change of owner, in the columns of the change file: what another system has to do.
pub fn change_rows(session: &Session, found: &Evaluation) -> Vec<ChangeRow> {
    let day = time::show_day(found.as_of.today());
    found
        .changes
        .owners
        .changes
        .iter()
        .filter(|change| change.outcome != Outcome::Adopted && change.previous != change.owner)
        .map(|change| {
            let record = session.policy.role(change.role).record;
            let owner = change.owner.as_ref();
            ChangeRow {
                record: session.policy.schema.record(record).name.clone(),
                key: change.key.clone(),
                role: session.policy.role(change.role).name.clone(),
                owner_kind: owner.map_or(String::new(), |owner| owner.kind.word().to_owned()),
                owner_id: owner.map_or(String::new(), |owner| owner.id.clone()),
                old_owner: change.previous.as_ref().map_or(String::new(), |owner| owner.id.clone()),
                rule: rule_text(session, change),
                reason: reason(session, found, change).unwrap_or_default(),
                effective: day.clone(),
            }
        })
        .collect()
}

/// The id a run of this evaluation would have.
pub fn run_id(session: &Session, found: &Evaluation) -> String {
    crate::ledger::run_id(&record::outline(session, found, String::new()))
}
