//! `check`: every error of the policies at once. Needs no snapshot.

use super::args::{CheckArgs, Format, Global};
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count, summary};
use super::session::{Session, directory};
use crate::analysis;
use crate::assign::{Unknown, bind};
use crate::diagnostic::{self, Severity, render};

pub fn run(args: &CheckArgs, global: &Global, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    let mut findings = session.findings.clone();
    if !diagnostic::any_error(&findings) {
        if args.require_data {
            findings.extend(data(&session));
        }
        findings.extend(names(&session, args)?);
        // What is sound may hang on the day: a check speaks of the day it is run on.
        findings.extend(analysis::findings(&session.policy, &session.as_of(None)?));
    }
    diagnostic::sort(&mut findings);
    report(&session, &findings, global, out)?;
    let worst = findings.iter().map(|finding| finding.severity).min();
    Ok(match worst {
        Some(Severity::Error) => Exit::Findings,
        Some(Severity::Warning) if args.strict => Exit::Findings,
        _ => Exit::Fine,
    })
}

/// What stops a run in the records that the rules ask for: columns that are not there, files that cannot be read.
fn data(session: &Session) -> Vec<diagnostic::Diagnostic> {
    let hidden = indicatif::ProgressBar::hidden();
    match session.snapshot(&session.wanted(), &hidden) {
        // What is amiss in single rows is the run's to tell.
        Ok(_) => Vec::new(),
        Err(failure) => failure.findings.into_iter().filter(diagnostic::Diagnostic::is_error).collect(),
    }
}

/// Names of owners, looked up in the directory where it is at hand.
fn names(session: &Session, args: &CheckArgs) -> Result<Vec<diagnostic::Diagnostic>> {
    let hidden = indicatif::ProgressBar::hidden();
    let (people, has_people, mut findings) = match session.snapshot(&[], &hidden) {
        Ok(snapshot) => (snapshot.people, snapshot.has_people, without_data(snapshot.findings, args)),
        Err(failure) if args.require_data => return Err(failure),
        // The records are not needed here: a source that is not at hand leaves names unknown.
        Err(_) => (Vec::new(), false, Vec::new()),
    };
    if args.require_data && session.policy.schema.people.is_some() && !has_people {
        return Err(Failure::could_not_run("the people that `person from` names are not in the source"));
    }
    let unknown = if has_people || args.require_data { Severity::Error } else { Severity::Note };
    let people = directory(&session.policy.schema, people, has_people);
    let today = session.as_of(None)?.today();
    let (_, mut found) = bind(&session.policy, people, Unknown::both(unknown), today);
    findings.append(&mut found);
    Ok(findings)
}

/// Personal data is not kept beside policies: that the people are not at hand is worth a note, no more.
fn without_data(mut findings: Vec<diagnostic::Diagnostic>, args: &CheckArgs) -> Vec<diagnostic::Diagnostic> {
    for finding in &mut findings {
        if finding.code == diagnostic::Code::AbsentTable && !args.require_data {
            finding.severity = Severity::Note;
        }
    }
    findings
}

fn report(session: &Session, findings: &[diagnostic::Diagnostic], global: &Global, out: &Output) -> Result<()> {
    if out.is_json() {
        // The messages are the result here.
        out.json(&render::json(findings, session.sources()))?;
        return Ok(());
    }
    out.messages(findings, session.sources());
    if global.format == Format::Github {
        return Ok(());
    }
    let rules: usize = session.policy.roles.iter().map(|role| role.rules.len()).sum();
    let roles = count(session.policy.roles.len() as u64, "role");
    let rules = count(rules as u64, "rule");
    let adding: usize = session.policy.gathers.iter().map(|gather| gather.role.rules.len()).sum();
    let teams = match session.policy.gathers.len() {
        0 => String::new(),
        1 => format!(", {} in a team or tree of places", count(adding as u64, "rule")),
        teams => format!(", {} in {teams} teams and trees of places", count(adding as u64, "rule")),
    };
    let result = match summary(findings).as_str() {
        "" => format!("ok: {rules} in {roles}{teams}"),
        found => format!("{found} in {rules} of {roles}{teams}"),
    };
    out.line(&result)?;
    Ok(())
}
