//! `pins`: every owner that was set by hand, in policies and by command, and whether it is still needed.

use super::args::{Format, Global, PinsArgs, RunArgs};
use super::evaluate::{Depth, Evaluation, evaluate};
use super::exit::{Exit, Result};
use super::output::{Output, count, owner_json, table};
use super::pin_notes::{said_by, unpin};
use super::session::Session;
use crate::compare::{Pin, PinOrigin};
use crate::snapshot::write_back::guarded;
use crate::value::time;
use serde_json::{Value, json};

pub fn run(args: &PinsArgs, global: &Global, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    let as_of = session.as_of(args.when.as_of.as_deref())?;
    let found = evaluate(&session, as_of, &RunArgs { max_moves: None, drift: None }, Depth::Owners, out)?;
    let mut listed: Vec<Listed> =
        found.run.pins.iter().enumerate().map(|(at, pin)| listed(&session, &found, at, pin)).collect();
    // By record; of one record and role, the policy's before the command's.
    listed.sort_by_key(|one| (names(&session, one.pin), one.pin.is_command()));
    match global.format {
        Format::Json => {
            let pins: Vec<Value> = listed.iter().map(|one| one.json(&session)).collect();
            out.json(&json!({ "schema": "ownward.pins/1", "pins": pins }))?;
        }
        Format::Jsonl => listed.iter().try_for_each(|one| out.json(&one.json(&session)))?,
        Format::Csv => csv(&session, &listed)?,
        _ => text(&session, &listed, out)?,
    }
    Ok(Exit::Fine)
}

/// A pin with what can be said of it today.
struct Listed<'a> {
    pin: &'a Pin,
    state: State,
    /// Why its owner may not own.
    refused: Option<String>,
    is_in_source: bool,
    /// Whether the rules alone would give the same owner; `None` where the pin is not the one in force.
    rules_agree: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its days have passed.
    Over,
    /// Its first day is still to come.
    ToCome,
    /// Nobody may own by it: the owner is inactive or gone, or the record is not there.
    Idle,
    /// A command's pin on the same record and role comes before it.
    Overruled,
    Live,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Over => "over",
            State::ToCome => "to come",
            State::Idle => "idle",
            State::Overruled => "overruled",
            State::Live => "live",
        }
    }
}

fn listed<'a>(session: &Session, found: &'a Evaluation, at: usize, pin: &'a Pin) -> Listed<'a> {
    let today = found.as_of.today();
    let row = found.snapshot.dataset.table(session.policy.role(pin.role).record).row_of(&pin.key);
    let in_force = row.and_then(|row| found.run.inputs[pin.role.0 as usize].pinned.get(&row));
    let refused = pin.refused(&found.binding);
    let state = match in_force {
        _ if pin.is_over(today) => State::Over,
        _ if pin.is_to_come(today) => State::ToCome,
        _ if refused.is_some() => State::Idle,
        None => State::Idle,
        Some(pinned) if pinned.pin != at => State::Overruled,
        Some(_) => State::Live,
    };
    let rules_agree = row
        .filter(|_| state == State::Live)
        .map(|row| found.rules_alone(&session.policy, pin.role, row).is_some_and(|(_, owner)| owner == pin.owner));
    Listed { pin, state, refused, is_in_source: row.is_some(), rules_agree }
}

const COLUMNS: [&str; 14] = [
    "record",
    "key",
    "role",
    "owner_kind",
    "owner",
    "from",
    "until",
    "state",
    "why_not",
    "in_source",
    "rules_agree",
    "because",
    "given_by",
    "given_at",
];

impl Listed<'_> {
    /// Why it counts for nobody, although its days are right.
    fn why_not(&self) -> Option<&str> {
        match &self.refused {
            Some(reason) => Some(reason),
            None if !self.is_in_source => Some("the record is not in the source"),
            None => None,
        }
    }

    /// What there is to say of it in a few words.
    fn remark(&self) -> String {
        let state = self.state.word();
        match (self.state, self.why_not()) {
            (State::Live, _) if self.rules_agree == Some(true) => format!("{state}; the rules agree: it can go"),
            (State::Overruled, _) => format!("{state} by command"),
            (State::Idle, Some(reason)) => format!("{state}: {reason}"),
            (State::ToCome, reason) => {
                let from = self.pin.from.map(|day| format!(" on {}", time::show_day(day))).unwrap_or_default();
                let reason = reason.map(|reason| format!("; {reason}")).unwrap_or_default();
                format!("{state}{from}{reason}")
            }
            _ => state.to_owned(),
        }
    }

    fn json(&self, session: &Session) -> Value {
        let pin = self.pin;
        let (record, key, role) = names(session, pin);
        let (place, command) = match &pin.origin {
            PinOrigin::Policy(span) => (Some(session.sources().place(*span)), None),
            PinOrigin::Command { actor, as_of } => (
                None,
                Some(json!({
                    "actor": actor, "at": time::show_instant(*as_of), "unpin": unpin(&session.policy, pin),
                })),
            ),
        };
        json!({
            "record": record,
            "key": key,
            "role": role,
            "owner": owner_json(Some(&pin.owner)),
            "from": pin.from.map(time::show_day),
            "until": pin.until.map(time::show_day),
            "state": self.state.word(),
            "why_not": self.why_not(),
            "in_source": self.is_in_source,
            "rules_agree": self.rules_agree,
            "because": pin.because,
            "place": place,
            "command": command,
        })
    }

    fn cells(&self, session: &Session) -> [String; COLUMNS.len()] {
        let pin = self.pin;
        let (record, key, role) = names(session, pin);
        let day = |day: Option<i32>| day.map(time::show_day).unwrap_or_default();
        let (by, at) = match &pin.origin {
            PinOrigin::Policy(span) => (session.sources().place(*span), String::new()),
            PinOrigin::Command { actor, as_of } => (actor.clone(), time::show_instant(*as_of)),
        };
        [
            record.to_owned(),
            key.to_owned(),
            role.to_owned(),
            pin.owner.kind.word().to_owned(),
            pin.owner.id.clone(),
            day(pin.from),
            day(pin.until),
            self.state.word().to_owned(),
            self.why_not().unwrap_or_default().to_owned(),
            yes_no(Some(self.is_in_source)),
            yes_no(self.rules_agree),
            pin.because.clone().unwrap_or_default(),
            by,
            at,
        ]
    }
}

/// Record type, key and role.
fn names<'s>(session: &'s Session, pin: &'s Pin) -> (&'s str, &'s str, &'s str) {
    let role = session.policy.role(pin.role);
    (&session.policy.schema.record(role.record).name, &pin.key, &role.name)
}

fn yes_no(answer: Option<bool>) -> String {
    answer.map_or("", |answer| if answer { "yes" } else { "no" }).to_owned()
}

fn csv(session: &Session, listed: &[Listed<'_>]) -> Result<()> {
    let mut writer = ::csv::Writer::from_writer(std::io::BufWriter::new(std::io::stdout().lock()));
    writer.write_record(COLUMNS).map_err(std::io::Error::from)?;
    for one in listed {
        writer
            .write_record(one.cells(session).map(|cell| guarded(&cell).into_owned()))
            .map_err(std::io::Error::from)?;
    }
    writer.flush()?;
    Ok(())
}

fn text(session: &Session, listed: &[Listed<'_>], out: &Output) -> Result<()> {
    if listed.is_empty() {
        out.line("no pins: every owner is what the rules say")?;
        return Ok(());
    }
    let day = |day: Option<i32>| day.map_or_else(|| "-".to_owned(), time::show_day);
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|one| {
            let pin = one.pin;
            let (record, key, role) = names(session, pin);
            vec![
                record.to_owned(),
                key.to_owned(),
                role.to_owned(),
                pin.owner.id.clone(),
                day(pin.until),
                one.remark(),
                pin.because.clone().unwrap_or_default(),
                said_by(session, pin),
            ]
        })
        .collect();
    out.text(&table(&["record", "key", "role", "owner", "until", "state", "because", "set"], &rows))?;
    let live = listed.iter().filter(|one| one.state == State::Live).count() as u64;
    let over = listed.iter().filter(|one| one.state == State::Over).count();
    let needless = listed.iter().filter(|one| one.rules_agree == Some(true)).count();
    out.line(&format!(
        "\n{}: {live} live, {over} over, {needless} that the rules agree with",
        count(listed.len() as u64, "pin")
    ))?;
    Ok(())
}
