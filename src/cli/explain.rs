//! `explain`: every rule in order, the condition that failed on which value, then the one that decided.

use super::args::{ExplainArgs, Global, RunArgs};
use super::asides;
use super::evaluate::{Depth, Evaluation, Watch, evaluate_watching};
use super::exit::{Exit, Failure, Result};
use super::explanation::{Heading, Told};
use super::history;
use super::output::Output;
use super::past_run;
use super::pin_notes;
use super::record::invalid_reason;
use super::session::{Session, parse_when};
use super::teams;
use super::{what_if, why_not};
use crate::check::policy::{Role, RoleId, TargetKind, TypedPolicy};
use crate::compare::StoredFacts;
use crate::decide::row::{Named, Setting};
use crate::decide::{Facts, Pooled};
use crate::diagnostic::{did_you_mean, nearest};
use crate::explain::{Explanation, explain};
use crate::ledger::{Companion, Entry, Ledger, RuleRef};
use crate::value::{Outcome, time};

pub fn run(args: &ExplainArgs, _global: &Global, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    match &args.as_of {
        Some(when) => past(args, &session, when, out),
        None => now(args, &session, out),
    }
}

fn now(args: &ExplainArgs, session: &Session, out: &Output) -> Result<Exit> {
    let as_of = session.as_of(None)?;
    let run = RunArgs { max_moves: None, drift: None };
    let watch = Watch { record: &args.record, key: args.key.trim() };
    let found = evaluate_watching(session, as_of, &run, Depth::Owners, Some(watch), out)?;
    if let Some(team) = teams::find(session, &args.record, &args.role) {
        if args.why_not.is_some() || args.to.is_some() {
            return Err(Failure::could_not_run(format!(
                "`--why-not` and `--to` are asked of a role with one owner; `{}` is a team",
                args.role
            )));
        }
        return teams::explain(session, &found, team, args.key.trim(), out);
    }
    let (role, row) = locate(args, session, &found)?;
    let heading = heading(session, &found, role, row)?;
    let asked = About { session, found: &found, role, row, heading: &heading };
    if let Some(name) = &args.why_not {
        return why_not::run(&asked, name, out);
    }
    if let Some(name) = &args.to {
        return what_if::run(&asked, name, out);
    }
    let explanation = asked.with_facts(|setting, typed, facts| explain(setting, typed, facts));
    Told { heading: &heading, explanation: &explanation, policy: &session.policy, role, sources: session.sources() }
        .write(out)
}

/// The record and role that are explained, and what is said of them before the rules.
pub struct About<'a> {
    pub session: &'a Session,
    pub found: &'a Evaluation,
    pub role: RoleId,
    pub row: u32,
    pub heading: &'a Heading,
}

impl About<'_> {
    /// Asks something of the record as the rules see it.
    pub fn with_facts<T>(&self, ask: impl FnOnce(Setting<'_>, &Role, &dyn Facts) -> T) -> T {
        let About { session, found, role, row, .. } = *self;
        let typed = session.policy.role(role);
        let setting =
            Setting { policy: &session.policy, record: typed.record, binding: &found.binding, as_of: &found.as_of };
        found.with_facts(&session.policy, role, row, |facts| ask(setting, typed, facts))
    }
}

/// What is said of a decision before its rules, with what stands beside it.
fn heading(session: &Session, found: &Evaluation, role: RoleId, row: u32) -> Result<Heading> {
    let at = role.0 as usize;
    let typed = session.policy.role(role);
    let outcome = found.run.results[at].outcome[row as usize];
    let drifted = found.run.inputs[at].drifted.contains(row) && outcome == Outcome::Kept;
    let pinned = found.run.inputs[at].pinned.get(&row).and_then(|pinned| found.run.pins.get(pinned.pin));
    let reason = match outcome {
        Outcome::Invalid => {
            let reason = invalid_reason(session, found, role, Some(row));
            Some(format!("{reason} (the messages of `ownward plan` say how); its owner stays"))
        }
        _ if pinned.is_some() => pinned.map(|pin| {
            let until = pin.until.map(|until| format!(" until {}", time::show_day(until))).unwrap_or_default();
            let because = pin.because.as_ref().map(|because| format!(": {because}")).unwrap_or_default();
            format!("pinned {}{until}{because}", pin_notes::said_by(session, pin))
        }),
        _ if drifted => Some("changed outside; kept until somebody decides".to_owned()),
        _ => None,
    };
    let heading = Heading {
        record: session.policy.schema.record(typed.record).name.clone(),
        key: found.snapshot.dataset.table(typed.record).key(row).unwrap_or_default().to_owned(),
        role: typed.name.clone(),
        outcome,
        owner: found.run.owners.get(found.run.results[at].owner[row as usize]).cloned(),
        current: found.run.owners.get(found.run.inputs[at].current[row as usize]).cloned(),
        reason,
        as_of: found.as_of.instant,
        zone: found.as_of.zone.clone(),
        before_rules: drifted || pinned.is_some() || outcome == Outcome::Invalid,
        notes: Vec::new(),
    };
    let chosen = match found.run.results[at].pooled.get(&row) {
        Some(Pooled::Stays(_)) => chosen_before(session, found, &heading)?,
        _ => None,
    };
    Ok(Heading { notes: asides::notes(session, found, role, row, chosen), ..heading })
}

/// When and how a pool chose the owner a record has, as the ledger holds it.
fn chosen_before(session: &Session, found: &Evaluation, heading: &Heading) -> Result<Option<String>> {
    let path = session.project.config.ledger_path(&session.project.root);
    let Some(ledger) = Ledger::open_existing_read_only(&path)?.filter(|_| found.head.is_some()) else {
        return Ok(None);
    };
    let entries = ledger.history(&heading.record, &heading.key, Some(&heading.role))?;
    // Entries after the choice that leave the owner say nothing of it.
    let of_owner = entries.iter().rev().take_while(|entry| entry.owner == heading.current);
    let chosen = of_owner.filter_map(|entry| Some((entry.as_of, entry.pool_state.as_ref()?))).next();
    Ok(chosen.map(|(as_of, state)| {
        format!("chosen on {} at {state}", time::show_day(time::day_of(as_of, &found.as_of.zone)))
    }))
}

fn locate(args: &ExplainArgs, session: &Session, found: &Evaluation) -> Result<(RoleId, u32)> {
    let role = find_role(&session.policy, &args.record, &args.role)?;
    let record = session.policy.role(role).record;
    let table = found.snapshot.dataset.table(record);
    let key = args.key.trim();
    if let Some(row) = table.row_of(key) {
        return Ok((role, row));
    }
    let name = &session.policy.schema.record(record).name;
    if table.keys().find(key).is_some() {
        return Err(Failure::could_not_run(format!(
            "the key `{key}` occurs more than once in {name}: all its rows are invalid and keep their owners"
        )));
    }
    let keys = (0..table.keys().distinct_count()).map(|code| table.keys().distinct(code));
    let help = did_you_mean(key, keys).map(|help| format!("; {help}")).unwrap_or_default();
    Err(Failure::could_not_run(format!("there is no {name} `{key}`{help}")))
}

/// The role of a record type, both in any letter case.
pub fn find_role(policy: &TypedPolicy, record_name: &str, role_name: &str) -> Result<RoleId> {
    let records = policy.schema.records.iter().map(|record| record.name.as_str());
    let Some(record) = policy.schema.find_record(record_name) else {
        let help = did_you_mean(record_name, records).map(|help| format!("; {help}")).unwrap_or_default();
        return Err(Failure::could_not_run(format!("there is no record type `{record_name}`{help}")));
    };
    let wanted = role_name.to_lowercase();
    policy
        .role_ids()
        .find(|id| policy.role(*id).record == record && policy.role(*id).name.to_lowercase() == wanted)
        .ok_or_else(|| {
            let teams = policy.gathers.iter().map(|gather| &gather.role);
            let roles = policy.roles.iter().chain(teams).filter(|role| role.record == record);
            let roles: Vec<&str> = roles.map(|role| role.name.as_str()).collect();
            let near = nearest(role_name, roles.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            Failure::could_not_run(format!(
                "nothing decides `{role_name} of {}`{}",
                policy.schema.record(record).name,
                near.unwrap_or_else(|| format!(" (its roles: {})", roles.join(", ")))
            ))
        })
}

/// A past decision, recomputed from what the ledger keeps, and held against what it says.
fn past(args: &ExplainArgs, session: &Session, when: &str, out: &Output) -> Result<Exit> {
    if Companion::of(&args.record, &args.role).is_some() {
        return Err(Failure::could_not_run(format!(
            "`{}` is no decision that could be explained: `ownward history` shows its entries",
            args.role
        )));
    }
    let ledger = history::open(session)?;
    // A day means its end: what stood when the day was over.
    let moment = match time::parse_day(when) {
        Some(day) => time::start_of_day(day.saturating_add(1), &session.project.config.zone) - 1,
        None => parse_when(when, &session.project.config.zone)?.instant,
    };
    let record = history::record_name(session, &args.record);
    let Some(entry) = ledger.entry_at(&record, args.key.trim(), &args.role, moment)? else {
        if ledger.history(&record, args.key.trim(), Some(&args.role))?.is_empty() {
            return Err(history::unknown_key(&ledger, &record, args.key.trim())?);
        }
        return Err(Failure::could_not_run(format!("{record} `{}` was not yet in the ledger on {when}", args.key)));
    };
    if entry.values.is_none() {
        return erased(&entry, &record, &session.project.config.zone, out);
    }
    if teams::is_team(&entry) {
        return teams::explain_past(&entry, &record, &session.project.config.zone, out);
    }
    let past = past_run::load(&ledger, &entry.run, entry.as_of)?;
    let Some(role) =
        past.policy.schema.find_record(&record).and_then(|record| past.policy.find_role(record, &entry.role))
    else {
        return Err(Failure::could_not_run("the policies of that run cannot be read by this version"));
    };
    let typed = past.policy.role(role);
    let mut heading = past_heading(&entry, &record, &session.project.config.zone);
    heading.notes.extend(past_hand_over(
        &ledger,
        &entry,
        &record,
        args.key.trim(),
        moment,
        &session.project.config.zone,
    )?);
    let empty = Vec::new();
    let values = entry.values.as_ref().unwrap_or(&empty);
    let facts = StoredFacts { policy: &past.policy, record: typed.record, values };
    let setting = Setting { policy: &past.policy, record: typed.record, binding: &past.binding, as_of: &past.as_of };
    let explanation = explain(setting, typed, &facts);
    let waits = waits(&entry, &explanation, typed, &facts);
    if waits && let Some(reason) = &entry.reason {
        heading.notes.push(format!("{reason}; the owner stays"));
    }
    let is_kept = waits || entry.rule.as_ref().is_some_and(RuleRef::is_hold);
    let exit =
        Told { heading: &heading, explanation: &explanation, policy: &past.policy, role, sources: &past.sources }
            .write(out)?;
    if !entry.has_erased_names() && !heading.before_rules && !is_kept && !agrees(&entry, &explanation, typed) {
        return Err(Failure::message(
            Exit::Findings,
            "the recorded decision is not what its own rules and values give: run `ownward verify`",
        ));
    }
    Ok(exit)
}

/// An entry whose values are gone: what it says, without a look at rules that could only be asked of nothing.
fn erased(entry: &Entry, record: &str, zone: &jiff::tz::TimeZone, out: &Output) -> Result<Exit> {
    if out.is_json() {
        let mut value = history::entry_json(entry);
        value["schema"] = "ownward.explain/1".into();
        value["record"] = record.into();
        value["erased"] = true.into();
        out.json(&value)?;
        return Ok(Exit::Fine);
    }
    past_heading(entry, record, zone).text(out)?;
    if let Some(rule) = &entry.rule {
        let label = rule.label.as_deref().unwrap_or("rule");
        out.line(&crate::diagnostic::render::clean(&format!("decided by: {label}  {}", rule.place)))?;
    }
    out.line("the values of this entry were erased: the decision is proved, but cannot be worked out again")?;
    Ok(Exit::Fine)
}

fn past_heading(entry: &Entry, record: &str, zone: &jiff::tz::TimeZone) -> Heading {
    let is_drift = entry.rule.as_ref().is_some_and(|rule| rule.is_drift() || rule.is_pin());
    Heading {
        record: record.to_owned(),
        key: entry.key.clone().unwrap_or_else(|| "(erased)".into()),
        role: entry.role.clone(),
        outcome: entry.outcome,
        owner: entry.owner.clone(),
        current: entry.previous.clone(),
        reason: entry.reason.clone(),
        as_of: entry.as_of,
        zone: zone.clone(),
        before_rules: is_drift || matches!(entry.outcome, Outcome::Invalid | Outcome::Gone | Outcome::Adopted),
        notes: past_hold(entry)
            .into_iter()
            .chain(entry.pool_state.iter().map(|state| format!("the pool chose at {state}")))
            .collect(),
    }
}

/// What held the owner.
fn past_hold(entry: &Entry) -> Option<String> {
    let rule = entry.rule.as_ref().filter(|rule| rule.is_hold())?;
    let name = rule.label.as_deref().unwrap_or("hold");
    let since = entry.effective_from.map(|day| format!(" since {}", time::show_day(day))).unwrap_or_default();
    let until = entry.effective_until.map(|day| format!(" until {}", time::show_day(day))).unwrap_or_default();
    let because = entry.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(format!("the owner is kept by `{name}` ({}){since}{until}{because}", rule.place))
}

/// Who was handing the record over at that moment, and until when.
fn past_hand_over(
    ledger: &Ledger,
    entry: &Entry,
    record: &str,
    key: &str,
    moment: i64,
    zone: &jiff::tz::TimeZone,
) -> Result<Option<String>> {
    let role = Companion::HandingOver { role: &entry.role }.reserved_role();
    let beside = ledger.entry_at(record, key, &role, moment)?;
    let lasting = beside.and_then(|beside| Some((beside.owner?, beside.effective_until?)));
    let day = time::AsOf { instant: moment, zone: zone.clone() }.today();
    let going_on = lasting.filter(|(_, until)| *until >= day);
    Ok(going_on
        .map(|(outgoing, until)| format!("`{}` hands the record over until {}", outgoing.id, time::show_day(until))))
}

/// Whether the entry's owner stayed because a hand-off waited for fields.
fn waits(entry: &Entry, explanation: &Explanation, role: &Role, facts: &dyn Facts) -> bool {
    let rule = explanation.decided.and_then(|rule| role.rules.get(rule.0 as usize));
    let hand_off = rule.and_then(|rule| rule.hand_off.as_ref());
    entry.outcome == Outcome::Kept
        && entry.owner == entry.previous
        && hand_off.is_some_and(|hand_off| hand_off.once.iter().any(|path| facts.value(path).is_missing()))
}

fn agrees(entry: &Entry, explanation: &Explanation, role: &Role) -> bool {
    let rule = explanation.decided.and_then(|rule| role.rules.get(rule.0 as usize));
    let mut targets = rule.iter().flat_map(|rule| &rule.targets);
    match &explanation.named {
        None => entry.outcome == Outcome::Unmatched,
        Some(Named::Nobody) => entry.outcome == Outcome::Nobody,
        Some(Named::Owner(owner) | Named::Keep(owner)) => entry.owner.as_ref() == Some(owner),
        // Who it was is the pool's answer at that time: its turns and leaves are not replayed here.
        Some(Named::Pool(_)) => match entry.outcome {
            Outcome::Assigned | Outcome::Kept | Outcome::Unmatched => true,
            Outcome::Nobody => targets.any(|target| target.kind == TargetKind::Nobody),
            _ => false,
        },
        Some(Named::Miss(_)) => false,
    }
}
