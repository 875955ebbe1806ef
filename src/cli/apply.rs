//! `apply`: the change set goes into the ledger, in one transaction, and then, if asked, to where the owners are shown.

use super::args::{ApplyArgs, Global, ProjectArgs};
use super::evaluate::{Depth, Evaluation, Start, decide_all, evaluate};
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count, grouped};
use super::plan::{change_rows, last_line, plan_json, run_id};
use super::plan_file::{self, PlanFile, refuse_foreign};
use super::record;
use super::session::{Session, actor, is_plan_file};
use crate::check::policy::RoleId;
use crate::ledger::{Appended, Ledger};
use crate::project::{Location, OwnersTo};
use crate::snapshot::write_back;
use crate::value::Outcome;
use std::io::{IsTerminal, Write};

pub fn run(args: &ApplyArgs, _global: &Global, out: &Output) -> Result<Exit> {
    let saved = match &args.project {
        Some(path) if is_plan_file(path) => Some((path.clone(), plan_file::load(path)?)),
        _ => None,
    };
    let project = match &saved {
        Some(_) => args.plan_project.clone(),
        None => args.project.clone().or_else(|| args.plan_project.clone()),
    };
    let session = Session::open(&ProjectArgs { project, source: args.source.clone() })?;
    require_writable(&session)?;
    let run = match &saved {
        Some((_, plan)) => plan.run_args(&args.run),
        None => args.run.clone(),
    };
    let when = saved.as_ref().map(|(_, plan)| plan.as_of.as_str()).or(args.when.as_of.as_deref());
    if let Some((_, plan)) = &saved
        && already_applied(&session, plan)?
    {
        let short = &plan.run[..plan.run.len().min(12)];
        out.line(&format!("Run {short} is already in the ledger; nothing was written"))?;
        return Ok(Exit::Fine);
    }
    let as_of = session.as_of(when)?;
    let found = evaluate(&session, as_of, &run, Depth::Changes, out)?;
    if let Some((path, plan)) = &saved {
        require_fresh(&session, &found, plan).map_err(|reason| {
            Failure::could_not_run(format!(
                "the plan `{}` is stale: {reason}; nothing was written. Make a new one with `ownward plan --out`",
                path.display()
            ))
        })?;
    }
    out.warnings(&session.heard(&session.findings), session.sources());
    out.messages(&session.heard(&found.findings), session.sources());
    if let Some(reason) = found.too_many_moves(&session, &run)? {
        return Err(Failure::message(Exit::Findings, reason));
    }
    if found.as_of.instant > session.as_of(None)?.instant {
        out.say("note: this run speaks of a moment still to come; until then, later runs need --as-of or --backdate");
    }
    out.say(&last_line(&found));
    if !args.yes {
        confirm(&found)?;
    }
    let backdate = if args.backdate { args.because.clone() } else { None };
    let appended = append(&session, &found, actor(args.actor.as_deref()), backdate)?;
    let written = write_owners(&session, &found)?;
    report(&found, &appended, written.as_deref(), out)?;
    Ok(Exit::Fine)
}

/// Only a database can take owners back: said before anything is decided, not after the ledger was written.
fn require_writable(session: &Session) -> Result<()> {
    let config = &session.project.config;
    if config.write_back.owners == OwnersTo::File {
        let path = session.project.root.join(&config.write_back.file);
        let header = write_back::CHANGE_COLUMNS.join(",");
        refuse_foreign(&path, "change file", |text| text.starts_with(&header))?;
        let folder = path.parent().unwrap_or(&session.project.root);
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::could_not_run(format!("the change file's folder `{}` cannot be made: {error}", folder.display()))
        })?;
    }
    if config.write_back.owners == OwnersTo::Source && !matches!(config.source.location, Location::Sqlite(_)) {
        return Err(Failure::could_not_run(
            "owners are written back to databases only: for CSV and JSON lines set `owners = \"file\"` under \
             `[write-back]` in ownward.toml, which writes a change file",
        ));
    }
    Ok(())
}

/// Whether the run of a saved plan was recorded before: a job that tries again has nothing left to do.
fn already_applied(session: &Session, plan: &PlanFile) -> Result<bool> {
    let path = session.project.config.ledger_path(&session.project.root);
    match Ledger::open_existing_read_only(&path)? {
        Some(ledger) => Ok(ledger.run(&plan.run)?.is_some()),
        None => Ok(false),
    }
}

/// A plan holds as long as everything it was made from is the same, and time has not changed an answer since.
fn require_fresh(session: &Session, found: &Evaluation, plan: &PlanFile) -> std::result::Result<(), String> {
    if run_id(session, found) != plan.run {
        return Err("policies, records, people, settings or the ledger have changed since".into());
    }
    if plan_json(session, found)["changes"] != plan.changes {
        return Err("its list of changes is not what these records and rules give".into());
    }
    let now = session.as_of(None).map_err(|_| "the clock cannot be read".to_owned())?;
    if now.instant > found.as_of.instant {
        // What was read is the same: only the time is another.
        let start = Start { snapshot: found.snapshot.clone(), past: found.past.clone(), head: found.head.clone() };
        let today = decide_all(session, now, found.drift, Depth::Changes, start, None)
            .map_err(|_| "it can no longer be decided".to_owned())?;
        if today.changes != found.changes {
            return Err("since it was made, time alone has changed an answer".into());
        }
    }
    Ok(())
}

fn confirm(found: &Evaluation) -> Result<()> {
    if found.changes.owners.changes.is_empty() {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::could_not_run("nobody is there to ask: add --yes to apply without asking"));
    }
    let mut stderr = std::io::stderr();
    // If the question cannot be shown, the answer below is no.
    let _ = write!(stderr, "Apply? [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::could_not_run("not applied; nothing was written"))
}

fn append(session: &Session, found: &Evaluation, actor: String, backdate: Option<String>) -> Result<Appended> {
    let draft = record::draft(session, found, actor, backdate);
    let mut ledger = Ledger::open(&session.project.config.ledger_path(&session.project.root))?;
    Ok(ledger.append(&draft)?)
}

/// Writes owners to where they are shown. The ledger is written first: it says what should stand there.
fn write_owners(session: &Session, found: &Evaluation) -> Result<Option<String>> {
    let config = &session.project.config;
    match config.write_back.owners {
        OwnersTo::None => Ok(None),
        OwnersTo::File => {
            let path = session.project.root.join(&config.write_back.file);
            let rows = change_rows(session, found);
            if rows.is_empty() && path.exists() {
                // The last changes may not have been fetched yet.
                return Ok(Some(format!("no changes; {} is left as it is", config.write_back.file.display())));
            }
            write_back::change_file(&path, &rows).map_err(|finding| failed(session, finding))?;
            Ok(Some(format!("{} written to {}", count(rows.len() as u64, "change"), config.write_back.file.display())))
        }
        OwnersTo::Source => {
            let mut written = 0;
            for role in session.policy.role_ids() {
                written += write_column(session, found, role)?;
            }
            Ok(Some(format!("{} written back to the source", count(written as u64, "owner"))))
        }
    }
}

fn failed(session: &Session, finding: crate::diagnostic::Diagnostic) -> Failure {
    let mut failure = Failure::findings(Exit::CouldNotRun, vec![finding], session.sources().clone());
    failure.message = Some(
        "the ledger was written, the owners were not: run `ownward apply` again once the cause is mended".to_owned(),
    );
    failure
}

/// Every owner that the column does not show yet, so that a write-back that failed once is made up for.
fn write_column(session: &Session, found: &Evaluation, role: RoleId) -> Result<usize> {
    if !crate::run::reads_column(&session.policy, role) {
        return Ok(0);
    }
    let config = &session.project.config;
    let record = session.policy.schema.record(session.policy.role(role).record);
    let table = found.snapshot.dataset.table(session.policy.role(role).record);
    let (Some(column), Some(shown)) = (config.owner_column_of(record), &table.shown_owner) else {
        return Ok(0);
    };
    let result = &found.run.results[role.0 as usize];
    let mut changes: Vec<(String, Option<String>)> = Vec::new();
    for row in 0..u32::try_from(table.row_count).unwrap_or(u32::MAX) {
        let at = row as usize;
        if table.unkeyed.contains(row) || matches!(result.outcome[at], Outcome::Unmatched | Outcome::Invalid) {
            continue;
        }
        let owner = found.run.owners.get(result.owner[at]);
        // The column may name the same owner by email or name: that is no difference.
        let stands = shown.get(row).and_then(|text| found.binding.shown(text));
        if stands.as_ref() != owner
            && let Some(key) = table.key(row)
        {
            changes.push((key.to_owned(), owner.map(|owner| owner.id.clone())));
        }
    }
    let key_column = config.column_of(record, record.key);
    let path = config.source_path(&session.project.root).map_err(|finding| failed(session, finding))?;
    write_back::owners_to_sqlite(&path, config.table_of(record), key_column, column, &changes)
        .map_err(|finding| failed(session, finding))
}

fn report(found: &Evaluation, appended: &Appended, written: Option<&str>, out: &Output) -> Result<()> {
    if out.is_json() {
        out.json(&serde_json::json!({
            "schema": "ownward.apply/1",
            "run": appended.run,
            "repeated": appended.repeated,
            "entries": appended.entry_count,
            "ledger_entries": appended.head.entry_count,
            "root": appended.head.root,
        }))?;
        return Ok(());
    }
    let short = &appended.run[..appended.run.len().min(12)];
    if appended.repeated {
        out.line(&format!("Run {short} is already in the ledger; nothing was written"))?;
    } else {
        out.line(&format!(
            "Applied run {short}: {}, ledger now holds {}",
            match appended.entry_count {
                0 => "0 entries written".to_owned(),
                entries => format!("{} written", count(entries, "entry")),
            },
            count(appended.head.entry_count, "entry")
        ))?;
    }
    if let Some(written) = written {
        out.line(written)?;
    }
    let undecided = super::plan::tally(found).needs_decision;
    if undecided > 0 {
        let who = match undecided {
            1 => "1 record needs a decision and keeps its owner".to_owned(),
            many => format!("{} records need a decision and keep their owners", grouped(many)),
        };
        out.line(&format!("{who}: see `ownward plan`"))?;
    }
    Ok(())
}
