//! Where the ledger stands, which runs it holds, and what they were based on.

use rusqlite::{Connection, OptionalExtension, Row};

use super::Ledger;
use super::error::LedgerError;
use super::merkle::{Frontier, hex};
use super::rows::{integer, maybe_text, outcome, text};
use super::types::{Erased, Head, Run, StoredInput, Totals};

pub(super) use super::rows::count;

/// The head, with what a further run builds on.
pub(super) struct Tip {
    pub head: Head,
    pub frontier: Frontier,
}

/// Reads the last run. Its frontier must give its root: a run built on a wrong one could never be proved.
pub(super) fn tip(connection: &Connection) -> Result<Tip, LedgerError> {
    let sql = "SELECT seq, id, as_of, tree_size, frontier, root, seal FROM runs ORDER BY seq DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else {
        return Ok(Tip {
            head: Head {
                entry_count: 0,
                root: hex(&Frontier::default().root()),
                run_count: 0,
                last_as_of: None,
                last_run: None,
                seal: None,
            },
            frontier: Frontier::default(),
        });
    };
    let head = Head {
        entry_count: count(integer(row, 3)?)?,
        root: text(row, 5)?.to_owned(),
        run_count: count(integer(row, 0)?)?,
        last_as_of: Some(integer(row, 2)?),
        last_run: Some(text(row, 1)?.to_owned()),
        seal: Some(text(row, 6)?.to_owned()),
    };
    let frontier = Frontier::from_bytes(head.entry_count, row.get_ref(4)?.as_blob()?)
        .filter(|frontier| hex(&frontier.root()) == head.root)
        .ok_or_else(|| LedgerError::damaged("the last run's root does not follow from its tree"))?;
    Ok(Tip { head, frontier })
}

/// `as of` and id of the last run that decided. Commands are recorded when they are given, and bind no run to their hour.
pub(super) fn last_decision(connection: &Connection) -> Result<Option<(i64, String)>, LedgerError> {
    let sql = "SELECT r.as_of, r.id FROM runs r WHERE EXISTS (SELECT 1 FROM totals t WHERE t.run = r.seq)
               ORDER BY r.seq DESC LIMIT 1";
    let found = connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

impl Ledger {
    /// How much was erased: what can be proved but no longer read.
    pub fn erased(&self) -> Result<Erased, LedgerError> {
        self.read(|connection| {
            let count = |sql: &str| -> Result<u64, LedgerError> {
                Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
            };
            Ok(Erased {
                entry_values: count(
                    "SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT 1 FROM details d WHERE d.seq = e.seq)",
                )?,
                names: count(
                    "SELECT (SELECT count(*) FROM owners WHERE name IS NULL) + (SELECT count(*) FROM subjects WHERE key IS NULL)",
                )?,
                texts: count("SELECT count(*) FROM texts WHERE text IS NULL")?,
                inputs: count("SELECT count(*) FROM contents WHERE content IS NULL")?,
            })
        })
    }

    /// Where the ledger stands after its last run. Errors: `Damaged`, `Locked`.
    pub fn head(&self) -> Result<Head, LedgerError> {
        self.read(|connection| Ok(tip(connection)?.head))
    }

    /// All runs, the oldest first.
    pub fn runs(&self) -> Result<Vec<Run>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection.prepare(&format!("{SELECT_RUN} ORDER BY seq"))?;
            let mut rows = statement.query([])?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(run_of(connection, row)?);
            }
            Ok(runs)
        })
    }

    /// The run with this id; `None` when there is none.
    pub fn run(&self, id: &str) -> Result<Option<Run>, LedgerError> {
        self.read(|connection| {
            let mut statement = connection.prepare(&format!("{SELECT_RUN} WHERE id = ?1"))?;
            let mut rows = statement.query([id])?;
            match rows.next()? {
                Some(row) => run_of(connection, row).map(Some),
                None => Ok(None),
            }
        })
    }

    /// What a run's answer depended on besides the records, in the order it was handed in. Errors: `UnknownRun`.
    pub fn inputs(&self, run_id: &str) -> Result<Vec<StoredInput>, LedgerError> {
        self.read(|connection| {
            let run: Option<i64> =
                connection.query_row("SELECT seq FROM runs WHERE id = ?1", [run_id], |row| row.get(0)).optional()?;
            let run =
                run.ok_or_else(|| LedgerError::UnknownRun { path: std::path::PathBuf::new(), run: run_id.to_owned() })?;
            let mut statement = connection.prepare(
                "SELECT i.kind, i.name, i.hash, c.content FROM run_inputs i LEFT JOIN contents c ON c.hash = i.hash
                 WHERE i.run = ?1 ORDER BY i.position",
            )?;
            let inputs = statement.query_map([run], |row| {
                Ok(StoredInput { kind: row.get(0)?, name: row.get(1)?, hash: row.get(2)?, content: row.get(3)? })
            })?;
            Ok(inputs.collect::<Result<_, _>>()?)
        })
    }

    /// Every key of a record type the ledger has seen, in byte order; for a did-you-mean. Erased keys are left out.
    pub fn keys(&self, record: &str) -> Result<Vec<String>, LedgerError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT key FROM subjects WHERE record = ?1 AND key IS NOT NULL ORDER BY key")?;
            let keys = statement.query_map([record], |row| row.get(0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }
}

const SELECT_RUN: &str = "SELECT seq, id, base, snapshot, options, as_of, recorded_at, actor, engine, backdate, \
                          entry_count, tree_size, root FROM runs";

fn run_of(connection: &Connection, row: &Row<'_>) -> Result<Run, LedgerError> {
    let number = integer(row, 0)?;
    Ok(Run {
        number: count(number)?,
        id: text(row, 1)?.to_owned(),
        base: text(row, 2)?.to_owned(),
        snapshot: text(row, 3)?.to_owned(),
        options: text(row, 4)?.to_owned(),
        as_of: integer(row, 5)?,
        recorded_at: integer(row, 6)?,
        actor: text(row, 7)?.to_owned(),
        engine: text(row, 8)?.to_owned(),
        backdate: maybe_text(row, 9)?.map(str::to_owned),
        totals: totals_of(connection, number)?,
        entry_count: count(integer(row, 10)?)?,
        tree_size: count(integer(row, 11)?)?,
        root: text(row, 12)?.to_owned(),
    })
}

/// The control totals of a run, in the order of record type and role.
pub(super) fn totals_of(connection: &Connection, run: i64) -> Result<Vec<Totals>, LedgerError> {
    let mut statement = connection
        .prepare_cached("SELECT record, role, outcome, count FROM totals WHERE run = ?1 ORDER BY record, role")?;
    let mut rows = statement.query([run])?;
    let mut totals: Vec<Totals> = Vec::new();
    while let Some(row) = rows.next()? {
        let (record, role) = (text(row, 0)?, text(row, 1)?);
        let known = totals.last().is_some_and(|last| &*last.record == record && &*last.role == role);
        if !known {
            totals.push(Totals { record: record.into(), role: role.into(), read: 0, outcomes: Vec::new() });
        }
        let counted = count(integer(row, 3)?)?;
        let word = text(row, 2)?;
        // Just pushed if there was none.
        if let Some(last) = totals.last_mut() {
            match word {
                "read" => last.read = counted,
                _ => last.outcomes.push((outcome(word)?, counted)),
            }
        }
    }
    Ok(totals)
}
