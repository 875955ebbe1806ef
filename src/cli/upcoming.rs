//! `upcoming`: every change that time alone will bring, day by day, and who should be in touch when.
//!
//! Records, people and policies are taken as they are today. Each day is decided as a run would decide it, starting from
//! where the day before ended, so that holds, hand-overs and pools are told exactly.

use super::args::{Format, Global, RunArgs, UpcomingArgs};
use super::asides::handing_over;
use super::decide::rule_name;
use super::evaluate::{Depth, Evaluation, Start, decide_all, evaluate};
use super::exit::{Exit, Failure, Result};
use super::ics::{self, CalendarEvent};
use super::output::{Output, count, owner_json, table};
use super::record::reason;
use super::session::Session;
use super::touches;
use crate::check::policy::RoleId;
use crate::compare::{Advanced, Change};
use crate::project::write_whole;
use crate::snapshot::write_back::guarded;
use crate::value::time::{self, AsOf};
use crate::value::{Outcome, Owner};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far ahead is looked at most: five years.
const DAYS_MAX: i32 = 1_830;
/// Events that are listed unless all are asked for.
const SHOWN_MAX: usize = 100;

/// Something that will happen on a day.
#[derive(Clone, Debug)]
pub struct Event {
    pub day: i32,
    pub record: String,
    pub key: String,
    pub role: String,
    pub what: What,
    pub reason: String,
}

#[derive(Clone, Debug)]
pub enum What {
    Owner {
        from: Option<Owner>,
        to: Option<Owner>,
        outcome: Outcome,
    },
    /// The last day of a hand-over.
    HandOverEnds {
        outgoing: Owner,
    },
    Touch {
        owner: Option<Owner>,
        is_overdue: bool,
    },
}

impl What {
    fn word(&self) -> &'static str {
        match self {
            What::Owner { to: None, .. } => "released",
            What::Owner { .. } => "new owner",
            What::HandOverEnds { .. } => "hand-over ends",
            What::Touch { is_overdue: false, .. } => "touch",
            What::Touch { is_overdue: true, .. } => "touch overdue",
        }
    }

    /// Before and after; `nobody` stands for no owner.
    fn owners(&self, nobody: &str) -> (String, String) {
        let text = |owner: &Option<Owner>| owner.as_ref().map_or_else(|| nobody.to_owned(), |owner| owner.id.clone());
        match self {
            What::Owner { from, to, .. } => (text(from), text(to)),
            What::HandOverEnds { outgoing } => (outgoing.id.clone(), nobody.to_owned()),
            What::Touch { owner, .. } => (text(owner), text(owner)),
        }
    }

    fn is_touch(&self) -> bool {
        matches!(self, What::Touch { .. })
    }
}

pub fn run(args: &UpcomingArgs, global: &Global, out: &Output) -> Result<Exit> {
    if !(1..=DAYS_MAX).contains(&args.days) {
        return Err(Failure::could_not_run(format!("--days is a number from 1 to {DAYS_MAX}")));
    }
    let session = Session::open(&args.project)?;
    let as_of = session.as_of(args.when.as_of.as_deref())?;
    let run = RunArgs { max_moves: None, drift: None };
    let today = evaluate(&session, as_of.clone(), &run, Depth::Changes, out)?;
    out.warnings(&session.heard(&session.findings), session.sources());
    let waiting = today.changes.owners.changes.iter().filter(|change| change.previous != change.owner).count() as u64;
    let (events, last) = walk(&session, today, &as_of, args.days, out)?;
    if let Some(file) = &args.ics {
        let written_at = jiff::Timestamp::now().as_microsecond();
        let name = session.project.config.name.as_deref().map_or("Owners".to_owned(), |name| format!("Owners: {name}"));
        let text = ics::calendar(&name, &events.iter().map(ics_event).collect::<Vec<_>>(), written_at);
        if file.as_os_str() == "-" {
            out.text(&text)?;
            return Ok(Exit::Fine);
        }
        write_whole(file, |to| to.write_all(text.as_bytes()))
            .map_err(|error| Failure::could_not_run(format!("`{}` cannot be written: {error}", file.display())))?;
        out.say(&format!("{} written to {}", count(events.len() as u64, "event"), file.display()));
        return Ok(Exit::Fine);
    }
    match global.format {
        Format::Json => out.json(&json!({
            "schema": "ownward.upcoming/1",
            "from": time::show_day(as_of.today()),
            "until": time::show_day(last),
            "changes_not_applied": waiting,
            "events": events.iter().map(event_json).collect::<Vec<_>>(),
        }))?,
        Format::Jsonl => {
            for event in &events {
                out.line(&event_json(event).to_string())?;
            }
        }
        Format::Csv => csv(&events)?,
        _ => text(&events, waiting, args, out)?,
    }
    Ok(Exit::Fine)
}

/// All events of the days to come, in order, and the last day looked at.
fn walk(session: &Session, today: Evaluation, as_of: &AsOf, days: i32, out: &Output) -> Result<(Vec<Event>, i32)> {
    let progress = out.progress();
    let first = as_of.today();
    let last = first.saturating_add(days).min(time::DAY_MAX);
    let mut events = touches::events(session, &today, first, last);
    let mut current = today;
    ended_hand_overs(session, &current, Rows::All, last, &mut events);
    for day in first + 1..=last {
        progress.set_message(format!("deciding {}", time::show_day(day)));
        // Taken, not copied: nobody else holds what is known by now.
        let mut past = std::mem::take(&mut current.past);
        advanced(session, &current).apply(Arc::make_mut(&mut past));
        let start = Start { snapshot: current.snapshot.clone(), past, head: current.head.clone() };
        let moment = AsOf::day_start(day, as_of.zone.clone());
        let next = decide_all(session, moment, current.drift, Depth::Changes, start, None)?;
        for change in next.changes.owners.changes.iter().filter(|change| change.previous != change.owner) {
            events.push(owner_event(session, &next, change, day));
        }
        ended_hand_overs(session, &next, Rows::Begun, last, &mut events);
        current = next;
    }
    progress.finish_and_clear();
    events.sort_by(|a, b| (a.day, &a.record, &a.key, &a.role).cmp(&(b.day, &b.record, &b.key, &b.role)));
    Ok((events, last))
}

fn advanced<'a>(session: &'a Session, found: &'a Evaluation) -> Advanced<'a> {
    Advanced {
        policy: &session.policy,
        dataset: &found.snapshot.dataset,
        owners: &found.run.owners,
        results: &found.run.results,
        fingerprints: &found.run.fingerprints,
        hold_fingerprints: &found.run.hold_fingerprints,
        changes: &found.changes.owners,
        teams: found.changes.teams.iter().collect(),
        rotations: found.run.desk.changed_states(),
        // Days are in the order of their numbers, and after every run there is.
        run: found.head.as_ref().map_or(0, |head| head.run_count) + u64::from(found.as_of.today().unsigned_abs()),
        as_of: found.as_of.instant,
    }
}

fn owner_event(session: &Session, found: &Evaluation, change: &Change, day: i32) -> Event {
    let role = session.policy.role(change.role);
    let said = reason(session, found, change);
    let before = found.past.roles[change.role.0 as usize].entries.get(&change.key);
    let was = before.and_then(|entry| {
        let held = entry.held_since.is_some().then_some("a hold");
        let pinned = entry.is_pin.then_some("a pin");
        held.or(pinned).map(str::to_owned).or_else(|| entry.rule.as_ref()?.label.clone())
    });
    let now = match (change.rule, change.held) {
        _ if change.pin.is_some() => "a pin".to_owned(),
        (Some(rule), _) => rule_name(session, change.role, rule),
        (None, Some(_)) => "a hold".to_owned(),
        (None, None) => change.outcome.word().to_owned(),
    };
    let step = match was {
        Some(was) if was != now => format!("{was} -> {now}"),
        _ => now,
    };
    Event {
        day,
        record: session.policy.schema.record(role.record).name.clone(),
        key: change.key.clone(),
        role: role.name.clone(),
        what: What::Owner { from: change.previous.clone(), to: change.owner.clone(), outcome: change.outcome },
        reason: said.map_or(step.clone(), |said| format!("{step}: {said}")),
    }
}

/// Whose hand-overs are looked at.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    All,
    /// Those that begin with the run.
    Begun,
}

/// The last days of hand-overs that lie ahead.
fn ended_hand_overs(session: &Session, found: &Evaluation, rows: Rows, last: i32, events: &mut Vec<Event>) {
    let day = found.as_of.today();
    for role in session.policy.role_ids() {
        let at = role.0 as usize;
        let table = found.snapshot.dataset.table(session.policy.role(role).record);
        let rows: Vec<u32> = match rows {
            Rows::All => (0..u32::try_from(table.row_count).unwrap_or(u32::MAX)).collect(),
            Rows::Begun => found.run.results[at].handing_over.keys().copied().collect(),
        };
        // A hand-over that ends early, because the owner changes again, is told by that change.
        events.retain(|event| !superseded(event, session, role, found));
        for row in rows {
            if let (Some(key), Some((outgoing, until))) = (table.key(row), handing_over(session, found, role, row))
                && (day..=last).contains(&until)
            {
                events.push(Event {
                    day: until,
                    record: session.policy.schema.record(session.policy.role(role).record).name.clone(),
                    key: key.to_owned(),
                    role: session.policy.role(role).name.clone(),
                    reason: format!("the last day on which `{}` hands it over", outgoing.id),
                    what: What::HandOverEnds { outgoing },
                });
            }
        }
    }
}

fn superseded(event: &Event, session: &Session, role: RoleId, found: &Evaluation) -> bool {
    let typed = session.policy.role(role);
    matches!(event.what, What::HandOverEnds { .. })
        && event.day >= found.as_of.today()
        && event.role == typed.name
        && event.record == session.policy.schema.record(typed.record).name
        && found
            .changes
            .owners
            .changes
            .iter()
            .any(|change| change.role == role && change.key == event.key && change.previous != change.owner)
}

/// So many events in order; where there are more, touches are left out first: owners are what a reader looks for.
fn most_telling(events: &[Event], most: usize) -> Vec<&Event> {
    let others = events.iter().filter(|event| !event.what.is_touch()).count();
    let mut touches_left = most.saturating_sub(others);
    let mut told = Vec::new();
    for event in events {
        if event.what.is_touch() {
            if touches_left == 0 {
                continue;
            }
            touches_left -= 1;
        }
        told.push(event);
    }
    told.truncate(most);
    told
}

fn text(events: &[Event], waiting: u64, args: &UpcomingArgs, out: &Output) -> Result<()> {
    let shown = if args.all { usize::MAX } else { SHOWN_MAX };
    if waiting > 0 {
        out.say(&format!(
            "note: {} of owner not applied yet; the days below start from there (`ownward plan` shows them)",
            count(waiting, "change")
        ));
    }
    let rows: Vec<Vec<String>> = most_telling(events, shown)
        .into_iter()
        .map(|event| {
            let (from, to) = event.what.owners("-");
            vec![
                time::show_day(event.day),
                event.record.clone(),
                event.key.clone(),
                event.role.clone(),
                event.what.word().to_owned(),
                from,
                to,
                event.reason.clone(),
            ]
        })
        .collect();
    if rows.is_empty() {
        out.line(&format!("Time alone changes nothing within {}", count(u64::from(args.days.unsigned_abs()), "day")))?;
        return Ok(());
    }
    out.text(&table(&["day", "record", "key", "role", "what", "from", "to", "reason"], &rows))?;
    if events.len() > shown {
        out.line(&format!("… and {} (--all shows them)", count((events.len() - shown) as u64, "more event")))?;
    }
    let mut totals: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events {
        *totals.entry(event.what.word()).or_default() += 1;
    }
    let parts: Vec<String> = totals.iter().map(|(word, number)| format!("{number} {word}")).collect();
    out.line(&format!("\nUpcoming: {}", parts.join(", ")))?;
    Ok(())
}

fn event_json(event: &Event) -> Value {
    let (from, to) = match &event.what {
        What::Owner { from, to, .. } => (owner_json(from.as_ref()), owner_json(to.as_ref())),
        What::HandOverEnds { outgoing } => (owner_json(Some(outgoing)), Value::Null),
        What::Touch { owner: who, .. } => (owner_json(who.as_ref()), owner_json(who.as_ref())),
    };
    json!({
        "day": time::show_day(event.day),
        "record": event.record,
        "key": event.key,
        "role": event.role,
        "what": event.what.word(),
        "from": from,
        "to": to,
        "outcome": match &event.what { What::Owner { outcome, .. } => Some(outcome.word()), _ => None },
        "reason": event.reason,
    })
}

fn csv(events: &[Event]) -> Result<()> {
    let mut writer = ::csv::Writer::from_writer(std::io::BufWriter::new(std::io::stdout().lock()));
    let headers = ["day", "record", "key", "role", "what", "from", "to", "reason"];
    writer.write_record(headers).map_err(std::io::Error::from)?;
    for event in events {
        let (from, to) = event.what.owners("");
        let day = time::show_day(event.day);
        let cells = [&day, &event.record, &event.key, &event.role, event.what.word(), &from, &to, &event.reason];
        writer.write_record(cells.map(|cell: &str| guarded(cell).into_owned())).map_err(std::io::Error::from)?;
    }
    writer.flush().map_err(Into::into)
}

fn ics_event(event: &Event) -> CalendarEvent {
    let (from, to) = event.what.owners("nobody");
    let of = format!("{} {}", event.record, event.key);
    let summary = match &event.what {
        What::Owner { .. } => format!("{of}: {from} -> {to}"),
        What::HandOverEnds { outgoing } => format!("{of}: {} has handed over", outgoing.id),
        What::Touch { .. } => format!("{of}: touch ({to})"),
    };
    let day = time::show_day(event.day);
    CalendarEvent {
        uid: ics::uid(&[&event.record, &event.key, &event.role, event.what.word(), &day]),
        day: event.day,
        end_day: event.day,
        summary,
        description: event.reason.clone(),
    }
}
