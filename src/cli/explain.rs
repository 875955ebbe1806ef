//! `explain`: every rule in order, the condition that failed on which value, then the one that decided.

use super::args::{ExplainArgs, Global, RunArgs};
use super::asides;
use super::evaluate::{Depth, Evaluation, Watch, evaluate_watching};
use super::exit::{Exit, Failure, Result};
use super::history;
use super::output::{Output, owner_json};
use super::past_run;
use super::pin_notes;
use super::record::invalid_reason;
use super::session::{Session, parse_when};
use super::teams;
use crate::check::policy::{Role, RoleId, TargetKind, TypedPolicy};
use crate::compare::StoredFacts;
use crate::decide::Facts;
use crate::decide::row::{Named, Setting};
use crate::diagnostic::{did_you_mean, nearest};
use crate::explain::{ConditionTrace, Explanation, RuleTrace, RuleVerdict, explain};
use crate::ledger::{Companion, Entry, Ledger, RuleRef};
use crate::source::{Sources, Span};
use crate::value::{Outcome, Owner, compact, time};
use serde_json::{Value, json};

pub fn run(args: &ExplainArgs, _global: &Global, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    match &args.as_of {
        Some(when) => past(args, &session, when, out),
        None => now(args, &session, out),
    }
}

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 200;

/// People of a contest that are shown.
const CANDIDATES_MAX: usize = 10;

/// What is said of a decision before its rules.
struct Heading {
    record: String,
    key: String,
    role: String,
    outcome: Outcome,
    owner: Option<Owner>,
    current: Option<Owner>,
    reason: Option<String>,
    as_of: i64,
    zone: jiff::tz::TimeZone,
    /// Kept or invalid before any rule was asked.
    before_rules: bool,
    /// What came after the rules: how a pool chose, what holds the owner, who hands over.
    notes: Vec<String>,
}

fn now(args: &ExplainArgs, session: &Session, out: &Output) -> Result<Exit> {
    let as_of = session.as_of(None)?;
    let run = RunArgs { max_moves: None, drift: None };
    let watch = Watch { record: &args.record, key: args.key.trim() };
    let found = evaluate_watching(session, as_of, &run, Depth::Owners, Some(watch), out)?;
    if let Some(team) = teams::find(session, &args.record, &args.role) {
        return teams::explain(session, &found, team, args.key.trim(), out);
    }
    let (role, row) = locate(args, session, &found)?;
    let at = role.0 as usize;
    let typed = session.policy.role(role);
    let outcome = found.run.results[at].outcome[row as usize];
    let drifted = found.run.inputs[at].drifted.contains(row) && outcome == Outcome::Kept;
    let pinned = found.run.inputs[at].pinned.get(&row).and_then(|pinned| found.run.pins.get(pinned.pin));
    let reason = match outcome {
        Outcome::Invalid => {
            let reason = invalid_reason(session, &found, role, Some(row));
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
    let chosen = chosen_before(session, &found, &heading)?;
    let heading = Heading { notes: asides::notes(session, &found, role, row, chosen), ..heading };
    let setting =
        Setting { policy: &session.policy, record: typed.record, binding: &found.binding, as_of: &found.as_of };
    let explanation = found.with_facts(&session.policy, role, row, |facts| explain(setting, typed, facts));
    write(&heading, &explanation, &session.policy, role, session.sources(), out)
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
    let exit = write(&heading, &explanation, &past.policy, role, &past.sources, out)?;
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
    heading_text(&past_heading(entry, record, zone), out)?;
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

fn write(
    heading: &Heading,
    explanation: &Explanation,
    policy: &TypedPolicy,
    role: RoleId,
    sources: &Sources,
    out: &Output,
) -> Result<Exit> {
    if out.is_json() {
        out.json(&as_json(heading, explanation, policy, role, sources))?;
    } else {
        text(heading, explanation, policy, role, sources, out)?;
    }
    Ok(Exit::Fine)
}

fn text(
    heading: &Heading,
    explanation: &Explanation,
    policy: &TypedPolicy,
    role: RoleId,
    sources: &Sources,
    out: &Output,
) -> Result<()> {
    heading_text(heading, out)?;
    if heading.before_rules {
        out.line("no rule was asked")?;
        return Ok(());
    }
    out.line("")?;
    for trace in &explanation.rules {
        rule_text(trace, policy, role, sources, out)?;
    }
    match explanation.decided {
        Some(_) if explanation.not_reached > 0 => {
            let below = explanation.not_reached as u64;
            let was = if below == 1 { "was" } else { "were" };
            out.line(&format!("{} below {was} not asked", super::output::count(below, "rule")))?;
        }
        Some(_) => {}
        None => out.line("no rule matches: the owner stays as it is, and the record needs a decision")?,
    }
    for note in &heading.notes {
        out.line(&crate::diagnostic::render::clean(note))?;
    }
    Ok(())
}

fn heading_text(heading: &Heading, out: &Output) -> Result<()> {
    let owner = heading.owner.as_ref().map_or_else(|| "nobody".to_owned(), describe);
    let title = format!(
        "{} of {} {}: {owner} ({})",
        heading.role,
        heading.record,
        one_word(&heading.key),
        heading.outcome.word()
    );
    out.line(&out.strong(&crate::diagnostic::render::clean(&title)))?;
    out.line(&format!("as of {}", time::show_second_in(heading.as_of, &heading.zone)))?;
    if let Some(current) = &heading.current {
        out.line(&format!("owner before: {}", describe(current)))?;
    }
    // A rule that decided says its reason itself, below.
    if let Some(reason) = heading.reason.as_ref().filter(|_| heading.before_rules) {
        out.line(&format!("because: {reason}"))?;
    }
    Ok(())
}

fn describe(owner: &Owner) -> String {
    format!("{} ({})", owner.id, owner.kind.word())
}

fn rule_text(trace: &RuleTrace, policy: &TypedPolicy, role: RoleId, sources: &Sources, out: &Output) -> Result<()> {
    let name = trace.label.as_deref().unwrap_or("rule");
    let place = sources.place(trace.span);
    let clean = crate::diagnostic::render::clean;
    match &trace.verdict {
        RuleVerdict::Decided => {
            out.line(&out.strong(&clean(&format!("=> {name}  {place}"))))?;
            for condition in &trace.conditions {
                condition_text(condition, sources, 1, out)?;
            }
            let rule = policy.role(role).rule(trace.rule);
            let targets: Vec<&str> = rule.targets.iter().map(|target| one_line(sources, target.span)).collect();
            let said = match (rule.targets.first().map(|target| &target.kind), &rule.hand_off) {
                (Some(crate::check::policy::TargetKind::Keep), _) => "keep owner".to_owned(),
                (_, Some(hand_off)) => {
                    let over = hand_off.over;
                    format!("hand off to {} over {} {}", targets.join(" else "), over.amount, over.unit.word())
                }
                _ => format!("assign to {}", targets.join(" else ")),
            };
            let origin = trace.origin.as_ref().map(|origin| format!("   [{origin}]")).unwrap_or_default();
            out.line(&clean(&format!("   then {said}{origin}")))?;
            for (place, candidate) in (1..).zip(trace.candidates.iter().take(CANDIDATES_MAX)) {
                let figure = compact(candidate.figure);
                out.line(&clean(&format!("      {place}. {}: {figure}", one_word(&candidate.person.id))))?;
            }
            if let Some(others) = trace.candidates.len().checked_sub(CANDIDATES_MAX).filter(|others| *others > 0) {
                out.line(&format!("      and {others} more"))?;
            }
            if let Some(because) = &rule.because {
                out.line(&clean(&format!("   because {because}")))?;
            }
        }
        RuleVerdict::NotOnThisDay => out.line(&clean(&format!("   {name}  {place}: does not count on this day")))?,
        RuleVerdict::NamedNobody(reasons) => {
            out.line(&clean(&format!("   {name}  {place}: names nobody ({})", reasons.join("; "))))?;
        }
        RuleVerdict::Failed => {
            out.line(&clean(&format!("   {name}  {place}")))?;
            for condition in trace.conditions.iter().filter(|condition| !condition.holds) {
                condition_text(condition, sources, 1, out)?;
            }
        }
    }
    Ok(())
}

/// The text of a span on one line, its blanks squeezed. The span of a row of conditions begins with its first and ends
/// with its last: a bracket that it cuts off is put back.
fn squeezed(sources: &Sources, span: Span) -> String {
    let text = sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut open, mut unopened, mut quoted) = (0, 0, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '(' if !quoted => open += 1,
            ')' if !quoted && open == 0 => unopened += 1,
            ')' if !quoted => open -= 1,
            _ => {}
        }
    }
    format!("{}{text}{}", "(".repeat(unopened), ")".repeat(open))
}

fn one_line(sources: &Sources, span: Span) -> &str {
    sources.text(span).lines().next().unwrap_or_default().trim()
}

fn condition_text(condition: &ConditionTrace, sources: &Sources, depth: usize, out: &Output) -> Result<()> {
    let mark = if condition.holds { "yes" } else { "no " };
    let label = condition.label.as_ref().map(|label| format!("{label}: ")).unwrap_or_default();
    let source = match condition.wanted {
        Some(wanted) => {
            let hold = condition.parts.iter().filter(|part| part.holds).count();
            format!("at least {wanted} of {}: {hold} hold", condition.parts.len())
        }
        None => condition.span.map(|span| squeezed(sources, span)).unwrap_or_default(),
    };
    let values = values_text(&condition.values);
    let line = format!("{}{mark} {label}{source}{values}", "   ".repeat(depth + 1));
    out.line(&crate::diagnostic::render::clean(&line))?;
    for part in &condition.parts {
        condition_text(part, sources, depth + 1, out)?;
    }
    Ok(())
}

/// A value on one line and of bounded length: what stands in a cell cannot pass for a line of ours.
fn one_word(value: &str) -> String {
    let line: String = value.chars().take(VALUE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(VALUE_CHARS_MAX).is_some() { format!("{line} …") } else { line }
}

fn values_text(values: &[(String, Option<String>)]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = values
        .iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name} is {}", one_word(value)),
            None => format!("{name} is missing"),
        })
        .collect();
    format!("   [{}]", parts.join(", "))
}

fn as_json(
    heading: &Heading,
    explanation: &Explanation,
    policy: &TypedPolicy,
    role: RoleId,
    sources: &Sources,
) -> Value {
    let rules: Vec<Value> = if heading.before_rules {
        Vec::new()
    } else {
        explanation.rules.iter().map(|trace| rule_json(trace, policy, role, sources)).collect()
    };
    json!({
        "schema": "ownward.explain/1",
        "record": heading.record,
        "key": heading.key,
        "role": heading.role,
        "as_of": time::show_instant(heading.as_of),
        "outcome": heading.outcome.word(),
        "owner": owner_json(heading.owner.as_ref()),
        "owner_before": owner_json(heading.current.as_ref()),
        "reason": heading.reason.clone().or_else(|| {
            let decided = explanation.decided.filter(|_| !heading.before_rules)?;
            policy.role(role).rule(decided).because.clone()
        }),
        "rules": rules,
        "notes": heading.notes,
        "rules_not_asked": explanation.not_reached,
    })
}

fn rule_json(trace: &RuleTrace, policy: &TypedPolicy, role: RoleId, sources: &Sources) -> Value {
    let verdict = match &trace.verdict {
        RuleVerdict::Decided => "decided",
        RuleVerdict::Failed => "failed",
        RuleVerdict::NamedNobody(_) => "named nobody",
        RuleVerdict::NotOnThisDay => "not on this day",
    };
    let misses = match &trace.verdict {
        RuleVerdict::NamedNobody(reasons) => reasons.clone(),
        _ => Vec::new(),
    };
    let candidates = trace.candidates.iter().take(CANDIDATES_MAX);
    let candidates = candidates.map(|one| json!({ "id": one.person.id, "figure": compact(one.figure) }));
    json!({
        "label": trace.label,
        "place": sources.place(trace.span),
        "verdict": verdict,
        "misses": misses,
        "because": policy.role(role).rule(trace.rule).because,
        "origin": trace.origin,
        "candidates": candidates.collect::<Vec<_>>(),
        "conditions": trace.conditions.iter().map(|one| condition_json(one, sources)).collect::<Vec<_>>(),
    })
}

fn condition_json(condition: &ConditionTrace, sources: &Sources) -> Value {
    json!({
        "holds": condition.holds,
        "label": condition.label,
        "wanted": condition.wanted,
        "text": condition.span.map(|span| squeezed(sources, span)),
        "place": condition.span.map(|span| sources.place(span)),
        "values": condition.values.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "parts": condition.parts.iter().map(|part| condition_json(part, sources)).collect::<Vec<_>>(),
    })
}
