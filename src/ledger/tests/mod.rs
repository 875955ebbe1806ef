//! Tests of the ledger as a whole; the tree has its own beside it.

mod appending;
mod companions;
mod files;
mod proving;
mod reading;
mod speed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::value::{Outcome, Owner, OwnerKind};

const DAY: i64 = 86_400_000_000;

/// A folder with a ledger in it.
struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state/ledger.db")
    }

    fn open(&self) -> Ledger {
        Ledger::open(&self.path()).unwrap()
    }

    fn read(&self) -> Ledger {
        Ledger::open_existing_read_only(&self.path()).unwrap().unwrap()
    }

    fn verify(&self) -> Verdict {
        self.read().verify(None).unwrap()
    }

    /// A ledger of three runs: two records adopted and assigned, one of them reassigned, then nothing changed.
    fn with_three_runs() -> Self {
        let sandbox = Self::new();
        let mut ledger = sandbox.open();
        let mut first = draft(&ledger, 1);
        first.entries = vec![adopted("A-1", "zoe"), assigned("A-1", Some("zoe"), "ana"), assigned("A-2", None, "bob")];
        first.totals = vec![totals(2, &[(Outcome::Assigned, 2), (Outcome::Adopted, 1)])];
        first.shown = vec![shown("A-1", Some("zoe")), shown("A-2", None)];
        ledger.append(&first).unwrap();
        let mut second = draft(&ledger, 2);
        second.entries = vec![assigned("A-1", Some("ana"), "bob")];
        second.totals = vec![totals(2, &[(Outcome::Assigned, 2)])];
        second.shown = vec![shown("A-1", Some("ana")), shown("A-2", None)];
        ledger.append(&second).unwrap();
        let mut third = draft(&ledger, 3);
        third.totals = vec![totals(2, &[(Outcome::Assigned, 2)])];
        ledger.append(&third).unwrap();
        sandbox
    }

    /// Changes the file behind the ledger's back, guards lifted and put back.
    fn tamper(&self, sql: &str) {
        let connection = Connection::open(self.path()).unwrap();
        let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        let guards: Vec<(String, String)> =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
        for (name, _) in &guards {
            connection.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        connection.execute_batch(sql).unwrap();
        for (_, sql) in &guards {
            connection.execute_batch(sql).unwrap();
        }
    }
}

fn draft(ledger: &Ledger, day: i64) -> RunDraft {
    RunDraft {
        base: ledger.head().unwrap().root,
        inputs: vec![
            Input {
                kind: "policy".into(),
                name: "emea.own".into(),
                content: b"when status = At-Risk assign to CustomerSuccess".to_vec(),
            },
            Input { kind: "list".into(), name: "named.csv".into(), content: format!("name\nday {day}\n").into_bytes() },
        ],
        snapshot: format!("snapshot of day {day}"),
        options: "drift=report".into(),
        as_of: day * DAY,
        recorded_at: day * DAY + 5,
        actor: "ops".into(),
        engine: "0.1.0".into(),
        totals: Vec::new(),
        backdate: None,
        entries: Vec::new(),
        shown: Vec::new(),
    }
}

fn totals(read: u64, outcomes: &[(Outcome, u64)]) -> Totals {
    Totals { record: "Account".into(), role: "owner".into(), read, outcomes: outcomes.to_vec() }
}

fn person(id: &str) -> Owner {
    Owner::new(OwnerKind::Person, id)
}

fn entry(key: &str, outcome: Outcome) -> EntryDraft {
    EntryDraft::new("Account".into(), key.into(), "owner".into(), outcome)
}

fn adopted(key: &str, owner: &str) -> EntryDraft {
    EntryDraft { owner: Some(person(owner)), ..entry(key, Outcome::Adopted) }
}

fn assigned(key: &str, previous: Option<&str>, owner: &str) -> EntryDraft {
    EntryDraft {
        owner: Some(person(owner)),
        previous: previous.map(person),
        rule: Some(Arc::new(RuleRef {
            label: Some("at-risk".into()),
            fingerprint: "f1".into(),
            place: "emea.own:7".into(),
        })),
        reason: Some("retention comes first".into()),
        pool_state: Some("after ana".into()),
        effective_from: Some(20_000),
        values: vec![("status".into(), Some("At-Risk".into())), ("region".into(), None)],
        ..entry(key, Outcome::Assigned)
    }
}

fn shown(key: &str, owner: Option<&str>) -> Shown {
    Shown { record: "Account".into(), key: key.into(), role: "owner".into(), value: owner.map(str::to_owned) }
}

/// `key role owner` of everything current, in order of keys.
fn current(ledger: &Ledger) -> Vec<String> {
    let mut lines = Vec::new();
    ledger
        .current(|current| {
            let owner = current.owner.map_or("-", |owner| &owner.id);
            lines.push(format!("{} {} {owner}", current.key, current.role));
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    lines.sort();
    lines
}

fn last_shown(ledger: &Ledger) -> Vec<String> {
    let mut lines = Vec::new();
    ledger
        .shown(|shown| {
            lines.push(format!("{} {}", shown.key, shown.owner.unwrap_or("-")));
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    lines.sort();
    lines
}

/// Every entry of an account whose key is known, in order of keys.
fn all_entries(ledger: &Ledger) -> Result<Vec<Entry>, LedgerError> {
    let keys = ledger.keys("Account")?;
    let histories = keys.iter().map(|key| ledger.history("Account", key, None)).collect::<Result<Vec<_>, _>>()?;
    Ok(histories.concat())
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}
