//! `check`: every error of the policies at once. Needs no snapshot.

use super::args::{CheckArgs, Format, RunArgs};
use super::check_fix;
use super::check_missing::{Missing, refuse_other_forms};
use super::ci;
use super::evaluate::{Depth, evaluate};
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count, summary};
use super::plan_file::refuse_foreign;
use super::session::{Session, directory};
use crate::analysis::{self, Occurring};
use crate::assign::{Unknown, bind};
use crate::check::policy::RoleId;
use crate::check::{self, allow};
use crate::decide::Scene;
use crate::diagnostic::render::{Report, json_report};
use crate::diagnostic::{self, Baseline, Compared, Diagnostic, Severity};
use crate::project::{CONFIG_FILE, write_whole};
use crate::source::Sources;
use crate::value::time::AsOf;
use std::path::Path;

pub fn run(args: &CheckArgs, out: &Output) -> Result<Exit> {
    refuse_bad_link(args.docs.as_deref())?;
    if args.missing {
        refuse_other_forms(out)?;
    }
    let mut session = match Session::open(&args.project) {
        Ok(session) => session,
        Err(failure) => return not_opened(failure, args, out),
    };
    if args.fix {
        session = check_fix::mend(session, args, out)?;
    }
    let findings = findings(&session, args, Some(out))?;
    if let Some(file) = &args.write_baseline {
        return write_baseline(file, &findings, &session, out);
    }
    let compared = against_baseline(args, findings, session.sources())?;
    let is_shown = args.missing && !diagnostic::any_error(&session.findings);
    let missing = if is_shown { Some(Missing::of(&session, &session.as_of(None)?)) } else { None };
    let found = Found {
        findings: &compared.new,
        sources: session.sources(),
        root: &session.project.root,
        missing: missing.as_ref().map(|missing| missing.json(&session)),
    };
    if !found.publish(args, out)? {
        out.messages(found.findings, found.sources);
        if let Some(missing) = &missing {
            missing.text(&session, out)?;
        }
        out.line(&result(&session, found.findings))?;
    }
    say_of_baseline(&compared, out);
    Ok(exit(found.findings, args))
}

fn exit(findings: &[Diagnostic], args: &CheckArgs) -> Exit {
    match findings.iter().map(|finding| finding.severity).min() {
        Some(worst) if worst <= fails(args) => Exit::Findings,
        _ => Exit::Fine,
    }
}

/// The least severity that fails the check.
fn fails(args: &CheckArgs) -> Severity {
    if args.strict { Severity::Warning } else { Severity::Error }
}

/// Everything there is to say, but for what an `allow` silences. The records are read only where their reading can be shown.
pub(super) fn findings(session: &Session, args: &CheckArgs, out: Option<&Output>) -> Result<Vec<Diagnostic>> {
    let mut findings = session.findings.clone();
    let is_sound = !diagnostic::any_error(&findings);
    if is_sound {
        if args.require_data {
            findings.extend(data(session));
        }
        findings.extend(names(session, args)?);
        // What is sound may hang on the day: a check speaks of the day it is run on.
        let as_of = session.as_of(None)?;
        let occurring = match out.filter(|_| args.data && !diagnostic::any_error(&findings)) {
            Some(out) => occurring(session, as_of.clone(), out)?,
            None => Vec::new(),
        };
        findings.extend(analysis::findings_with(&session.policy, &as_of, &occurring));
    }
    diagnostic::sort(&mut findings);
    let (mut findings, used) = allow::heard(&session.tree.allows, findings);
    if is_sound {
        findings.extend(allow::unused(&session.tree.allows, &used, allow::is_of_policies));
        diagnostic::sort(&mut findings);
    }
    diagnostic::fix::keep_safe(&mut findings, session.sources());
    Ok(findings)
}

/// What the records say of the gaps of each role.
fn occurring(session: &Session, as_of: AsOf, out: &Output) -> Result<Vec<Occurring>> {
    let policy = &session.policy;
    if policy.roles.is_empty() {
        return Ok(Vec::new());
    }
    let run = RunArgs { max_moves: None, drift: None };
    let mut found = evaluate(session, as_of, &run, Depth::Owners, out)?;
    let mut owners = std::mem::take(&mut found.run.owners);
    let of_role = |role: RoleId| {
        let at = role.0 as usize;
        let current = &found.run.inputs[at].current;
        let scene = Scene::new(policy, role, &found.snapshot.dataset, &found.binding, &found.as_of, current)
            .with_related(&found.run.related);
        analysis::occurring_gaps(&scene, &found.run.results[at], &found.run.after, &mut owners)
    };
    Ok(policy.role_ids().map(of_role).collect())
}

/// What was found, and where.
struct Found<'a> {
    findings: &'a [Diagnostic],
    sources: &'a Sources,
    root: &'a Path,
    /// What `--missing` adds to the report as JSON.
    missing: Option<Vec<serde_json::Value>>,
}

impl Found<'_> {
    /// Writes the form for machines; `false` where people are to read it.
    fn publish(&self, args: &CheckArgs, out: &Output) -> Result<bool> {
        let first = self.sources.iter().next().map(|(_, file)| file.name.clone());
        let home = match first {
            Some(name) if !self.root.join(CONFIG_FILE).exists() => name,
            _ => CONFIG_FILE.to_owned(),
        };
        let report = Report {
            findings: self.findings,
            sources: self.sources,
            folder: &ci::folder(self.root),
            home: &home,
            docs: args.docs.as_deref().map(|docs| docs.trim_end_matches('/')),
            fails: fails(args),
        };
        if let (Some(missing), true) = (&self.missing, out.is_json()) {
            let mut whole = json_report(&report);
            whole["missing"] = missing.clone().into();
            out.json(&whole)?;
            return Ok(true);
        }
        ci::publish(&report, out)
    }
}

/// A project that cannot be opened: systems that wait for a report get one all the same.
fn not_opened(failure: Failure, args: &CheckArgs, out: &Output) -> Result<Exit> {
    let waits = matches!(out.format, Format::Sarif | Format::Gitlab | Format::Junit | Format::Markdown);
    if !waits || failure.findings.is_empty() {
        return Err(failure);
    }
    let start = args.project.project.clone().unwrap_or_else(|| ".".into());
    let start = start.canonicalize().unwrap_or(start);
    let root = start.ancestors().find(|folder| folder.join(CONFIG_FILE).exists()).unwrap_or(&start);
    Found { findings: &failure.findings, sources: &failure.sources, root, missing: None }.publish(args, out)?;
    Ok(failure.exit)
}

/// A link that is no link would end up in reports that others open.
fn refuse_bad_link(docs: Option<&str>) -> Result<()> {
    let is_link = |link: &str| {
        let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
        rest.is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'()<>[]|`\\".contains(&byte))
        })
    };
    match docs {
        Some(link) if !is_link(link) => Err(Failure::could_not_run(format!(
            "`--docs {link}` is no link: write the address of the folder that holds the pages, beginning with https://"
        ))),
        _ => Ok(()),
    }
}

fn write_baseline(file: &Path, findings: &[Diagnostic], session: &Session, out: &Output) -> Result<Exit> {
    refuse_foreign(file, "baseline", |text| Baseline::parse(text).is_ok())?;
    let text = Baseline::write(findings, session.sources());
    write_whole(file, |to| to.write_all(text.as_bytes())).map_err(|error| {
        Failure::could_not_run(format!("the baseline cannot be written to `{}`: {error}", file.display()))
    })?;
    let count = count(findings.len() as u64, "finding");
    out.say(&format!("{count} written to {}: `--baseline` keeps quiet about them", file.display()));
    Ok(Exit::Fine)
}

fn against_baseline(args: &CheckArgs, findings: Vec<Diagnostic>, sources: &Sources) -> Result<Compared> {
    let Some(file) = &args.baseline else {
        return Ok(Compared { new: findings, known_count: 0, mended_count: 0 });
    };
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::could_not_run(format!(
            "the baseline `{shown}` cannot be read: {error}; make one with `ownward check --write-baseline {shown}`"
        ))
    })?;
    let baseline = Baseline::parse(&text)
        .map_err(|reason| Failure::could_not_run(format!("`{shown}` is no baseline: {reason}")))?;
    Ok(baseline.compare(findings, sources))
}

fn say_of_baseline(compared: &Compared, out: &Output) {
    if compared.known_count > 0 {
        out.say(&format!("{} of the baseline not shown", count(compared.known_count as u64, "finding")));
    }
    // With errors in the way, much is not looked at.
    if compared.mended_count > 0 && !diagnostic::any_error(&compared.new) {
        let (verb, them) = if compared.mended_count == 1 { ("is", "it") } else { ("are", "them") };
        out.say(&format!(
            "{} of the baseline {verb} mended: `--write-baseline` leaves {them} out",
            count(compared.mended_count as u64, "finding")
        ));
    }
}

/// What stops a run in the records that the rules ask for: columns that are not there, files that cannot be read.
fn data(session: &Session) -> Vec<Diagnostic> {
    let hidden = indicatif::ProgressBar::hidden();
    match session.snapshot(&session.wanted(), &hidden) {
        // What is amiss in single rows is the run's to tell.
        Ok(_) => Vec::new(),
        Err(failure) => failure.findings.into_iter().filter(Diagnostic::is_error).collect(),
    }
}

/// Names of owners, looked up in the directory where it is at hand.
fn names(session: &Session, args: &CheckArgs) -> Result<Vec<Diagnostic>> {
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
    let (binding, mut found) = bind(&session.policy, people, Unknown::both(unknown), today);
    findings.append(&mut found);
    findings.extend(analysis::invariant_findings(&session.policy, binding.directory(), &session.as_of(None)?));
    findings.extend(check::unused_owners(&session.policy, binding.directory()));
    Ok(findings)
}

/// Personal data is not kept beside policies: that the people are not at hand is worth a note, no more.
fn without_data(mut findings: Vec<Diagnostic>, args: &CheckArgs) -> Vec<Diagnostic> {
    for finding in &mut findings {
        if finding.code == diagnostic::Code::AbsentTable && !args.require_data {
            finding.severity = Severity::Note;
        }
    }
    findings
}

/// The last line for people: what was looked at, and what was found.
fn result(session: &Session, findings: &[Diagnostic]) -> String {
    let rules: usize = session.policy.roles.iter().map(|role| role.rules.len()).sum();
    let roles = count(session.policy.roles.len() as u64, "role");
    let rules = count(rules as u64, "rule");
    let adding: usize = session.policy.gathers.iter().map(|gather| gather.role.rules.len()).sum();
    let teams = match session.policy.gathers.len() {
        0 => String::new(),
        1 => format!(", {} in a team or tree of places", count(adding as u64, "rule")),
        teams => format!(", {} in {teams} teams and trees of places", count(adding as u64, "rule")),
    };
    match summary(findings).as_str() {
        "" => format!("ok: {rules} in {roles}{teams}"),
        found => format!("{found} in {rules} of {roles}{teams}"),
    }
}
