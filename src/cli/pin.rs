//! `pin` and `unpin`: the owner of one record, set by hand and taken back, as entries of the ledger.
//!
//! Nothing is decided here: a pin takes effect with the next run.

use super::args::{PinArgs, UnpinArgs};
use super::evaluate::require_people;
use super::exit::{Exit, Failure, Result};
use super::explain::find_role;
use super::output::{Output, owner_json};
use super::record::command;
use super::session::{Session, actor, directory};
use crate::check::policy::RoleId;
use crate::diagnostic::{did_you_mean, render::clean};
use crate::ledger::{Appended, Companion, EMPTY_ROOT, Entry, EntryDraft, Ledger, RunDraft};
use crate::schema::{Directory, Found};
use crate::snapshot::Snapshot;
use crate::value::{Outcome, Owner, time};
use serde_json::{Value, json};

pub fn pin(args: &PinArgs, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    session.require_sound()?;
    let asked = Asked::new(&session, &args.record, &args.key, &args.role)?;
    let now = session.as_of(None)?;
    let (from, until) = days(args, now.today())?;
    if args.because.trim().is_empty() {
        return Err(Failure::could_not_run("say why: `--because` is empty"));
    }
    let standing = asked.standing(&session)?;
    let snapshot = asked.snapshot(&session, out)?;
    let people = directory(&session.policy.schema, snapshot.people.clone(), snapshot.has_people);
    let owner = find_owner(&people, &args.owner)?;
    if !args.absent {
        asked.require_key(&session, &snapshot)?;
    }
    let entry = EntryDraft {
        reason: Some(args.because.trim().to_owned()),
        previous: standing.owner().cloned(),
        ..EntryDraft::pin(&asked.record, &asked.key, &asked.role_name, owner, from, until)
    };
    let is_the_same = standing.pin.as_ref().is_some_and(|pin| says_the_same(pin, &entry, args.from.is_some()));
    let appended = match is_the_same {
        true => None,
        false => {
            let by = actor(args.actor.as_deref());
            Some(append(&session, &command("pin", now.instant, standing.base.clone(), entry.clone(), by))?)
        }
    };
    if out.is_json() {
        out.json(&asked.json(&entry, appended.as_ref(), &standing))?;
        return Ok(Exit::Fine);
    }
    let pinned = shown(&entry, now.today());
    match appended {
        None => out.line(&clean(&format!("{} is pinned to {pinned} already; nothing was written", asked.title())))?,
        Some(_) => asked.report_pin(&session, standing.owner(), &pinned, out)?,
    }
    Ok(Exit::Fine)
}

pub fn unpin(args: &UnpinArgs, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    session.require_sound()?;
    let asked = Asked::new(&session, &args.record, &args.key, &args.role)?;
    let standing = asked.standing(&session)?;
    if standing.pin.is_none() {
        return Err(asked.not_pinned(&session));
    }
    let now = session.as_of(None)?;
    let entry = EntryDraft {
        reason: args.because.clone(),
        ..EntryDraft::unpin(&asked.record, &asked.key, &asked.role_name, standing.owner().cloned(), now.today())
    };
    let by = actor(args.actor.as_deref());
    let appended = append(&session, &command("unpin", now.instant, standing.base.clone(), entry.clone(), by))?;
    if out.is_json() {
        out.json(&asked.json(&entry, Some(&appended), &standing))?;
        return Ok(Exit::Fine);
    }
    out.line(&clean(&format!("Unpinned {}: the rules decide at the next `ownward apply`", asked.title())))?;
    asked.say_written(&session, "is written in a policy and stays", out);
    Ok(Exit::Fine)
}

/// The record and role that a command is about.
struct Asked {
    role: RoleId,
    record: String,
    role_name: String,
    key: String,
}

/// What stood in the ledger when the command was given.
struct Standing {
    /// Root of the ledger the command builds on.
    base: String,
    /// The pin by command that stands, over or not.
    pin: Option<Entry>,
}

impl Standing {
    /// Whom the pin names; a name that was erased is nobody's.
    fn owner(&self) -> Option<&Owner> {
        self.pin.as_ref().filter(|pin| !pin.owner_is_erased())?.owner.as_ref()
    }
}

impl Asked {
    fn new(session: &Session, record: &str, key: &str, role: &str) -> Result<Self> {
        let policy = &session.policy;
        let id = find_role(policy, record, role)?;
        let role = policy.role(id);
        Ok(Asked {
            role: id,
            record: policy.schema.record(role.record).name.clone(),
            role_name: role.name.clone(),
            key: key.trim().to_owned(),
        })
    }

    /// `owner of Account A-17`.
    fn title(&self) -> String {
        format!("{} of {} {}", self.role_name, self.record, self.key)
    }

    /// The head first: what is written meanwhile makes the command stale.
    fn standing(&self, session: &Session) -> Result<Standing> {
        let path = session.project.config.ledger_path(&session.project.root);
        let Some(ledger) = Ledger::open_existing_read_only(&path)? else {
            return Ok(Standing { base: EMPTY_ROOT.to_owned(), pin: None });
        };
        let base = ledger.head()?.root;
        let role = Companion::Pin { role: &self.role_name }.reserved_role();
        let last = ledger.history(&self.record, &self.key, Some(&role))?.pop();
        Ok(Standing { base, pin: last.filter(|entry| entry.outcome != Outcome::Nobody) })
    }

    /// The people, and the keys of the record type.
    fn snapshot(&self, session: &Session, out: &Output) -> Result<Snapshot> {
        let schema = &session.policy.schema;
        let record = session.policy.role(self.role).record;
        let mut wanted = vec![Vec::new(); schema.records.len()];
        wanted[record.0 as usize].push(schema.record(record).key);
        let progress = out.progress();
        let snapshot = session.snapshot(&wanted, &progress)?;
        progress.finish_and_clear();
        require_people(&session.policy, &snapshot, session)?;
        Ok(snapshot)
    }

    /// A key that neither the source nor the ledger knows is most likely misspelt.
    fn require_key(&self, session: &Session, snapshot: &Snapshot) -> Result<()> {
        let table = snapshot.dataset.table(session.policy.role(self.role).record);
        if table.row_of(&self.key).is_some() {
            return Ok(());
        }
        if table.keys().find(&self.key).is_some() {
            return Err(Failure::could_not_run(format!(
                "the key `{}` occurs more than once in {}: a pin could not say which of them is meant",
                self.key, self.record
            )));
        }
        let path = session.project.config.ledger_path(&session.project.root);
        let remembered = match Ledger::open_existing_read_only(&path)? {
            Some(ledger) => ledger.keys(&self.record)?,
            None => Vec::new(),
        };
        if remembered.contains(&self.key) {
            return Ok(());
        }
        let keys = (0..table.keys().distinct_count()).map(|code| table.keys().distinct(code));
        let near = did_you_mean(&self.key, keys.chain(remembered.iter().map(String::as_str)));
        let help = near.unwrap_or_else(|| "`--absent` pins a record that is still to come".to_owned());
        Err(Failure::could_not_run(format!(
            "there is no {} `{}` in the source or the ledger; {help}",
            self.record, self.key
        )))
    }

    fn report_pin(&self, session: &Session, before: Option<&Owner>, pinned: &str, out: &Output) -> Result<()> {
        let line = format!("Pinned {} to {pinned}; it takes effect with the next `ownward apply`", self.title());
        out.line(&clean(&line))?;
        if let Some(before) = before {
            out.say(&format!("note: it replaces the pin to {}", before.id));
        }
        self.say_written(session, "gives way to it while both are live", out);
        Ok(())
    }

    /// Tells of a pin that a policy writes on the same record.
    fn say_written(&self, session: &Session, what: &str, out: &Output) {
        if let Some(place) = self.written(session) {
            out.say(&format!("note: the pin at {place} {what}"));
        }
    }

    fn written(&self, session: &Session) -> Option<String> {
        let mut pins = session.policy.pins.iter().filter(|pin| pin.role == self.role && pin.key == self.key);
        pins.next().map(|pin| session.sources().place(pin.span))
    }

    fn not_pinned(&self, session: &Session) -> Failure {
        let help = match self.written(session) {
            Some(place) => format!("; the one at {place} is written in a policy: remove it there"),
            None => "; `ownward pins` lists all".to_owned(),
        };
        Failure::could_not_run(format!("no command has pinned {}{help}", self.title()))
    }

    fn json(&self, entry: &EntryDraft, appended: Option<&Appended>, standing: &Standing) -> Value {
        json!({
            "schema": "ownward.pin/1",
            "run": appended.map(|appended| &appended.run),
            "record": self.record,
            "key": self.key,
            "role": self.role_name,
            "owner": owner_json(entry.owner.as_ref()),
            "from": entry.effective_from.map(time::show_day),
            "until": entry.effective_until.map(time::show_day),
            "because": entry.reason,
            "replaced": owner_json(standing.owner()),
        })
    }
}

fn append(session: &Session, draft: &RunDraft) -> Result<Appended> {
    let mut ledger = Ledger::open(&session.project.config.ledger_path(&session.project.root))?;
    let appended = ledger.append(draft)?;
    if appended.repeated {
        // Two commands of one microsecond on one state: the other one was written.
        return Err(Failure::could_not_run("another command was recorded at the same moment: give this one again"));
    }
    Ok(appended)
}

/// First and last day. Without `--from` a pin counts from today on.
fn days(args: &PinArgs, today: i32) -> Result<(i32, Option<i32>)> {
    let day = |option: &str, text: &String| {
        time::parse_day(text)
            .ok_or_else(|| Failure::could_not_run(format!("`{option} {text}` is no day: write it as 2026-01-31")))
    };
    let from = args.from.as_ref().map(|text| day("--from", text)).transpose()?;
    let until = args.until.as_ref().map(|text| day("--until", text)).transpose()?;
    let first = from.unwrap_or(today);
    match until {
        Some(last) if from.is_some() && last < first => {
            Err(Failure::could_not_run("`--until` lies before `--from`: the pin would never count; swap the days"))
        }
        Some(last) if last < today => Err(Failure::could_not_run(format!(
            "`--until {}` has passed: the pin would not count",
            time::show_day(last)
        ))),
        _ => Ok((first, until)),
    }
}

/// `ana from 2027-01-01 until 2027-03-31`; a first day that has come goes without saying.
fn shown(pin: &EntryDraft, today: i32) -> String {
    let owner = pin.owner.as_ref().map_or("-", |owner| &owner.id);
    let day =
        |word: &str, day: Option<i32>| day.map(|day| format!(" {word} {}", time::show_day(day))).unwrap_or_default();
    format!(
        "{owner}{}{}",
        day("from", pin.effective_from.filter(|from| *from > today)),
        day("until", pin.effective_until)
    )
}

/// Whether the pin that stands is the one that is asked for. A pin that was given on another day without `--from` is
/// still the same.
fn says_the_same(pin: &Entry, wanted: &EntryDraft, from_is_asked: bool) -> bool {
    let begins = match from_is_asked {
        true => pin.effective_from == wanted.effective_from,
        false => pin.effective_from <= wanted.effective_from,
    };
    begins && pin.owner == wanted.owner && pin.effective_until == wanted.effective_until && pin.reason == wanted.reason
}

/// The person, team or queue that a word means; only somebody who may own.
fn find_owner(people: &Directory, text: &str) -> Result<Owner> {
    let text = text.trim();
    Err(Failure::could_not_run(match people.find(text) {
        Found::Owner(owner) => return Ok(owner),
        Found::Inactive(_) => format!("`{text}` is not active: such a pin would not count; name somebody else"),
        Found::Ambiguous(keys) => format!("`{text}` fits {} people: name one by key ({})", keys.len(), keys.join(", ")),
        Found::Unknown => {
            let near = did_you_mean(text, people.names());
            let help = near.unwrap_or_else(|| "an owner is a person of the directory, a team or a queue".to_owned());
            format!("nobody is called `{text}`; {help}")
        }
    }))
}
