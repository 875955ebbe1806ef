//! The tables of a ledger file, and the check that a file has exactly these.
//!
//! Runs, entries and what they point to by number are never changed: triggers guard that against slips, the hashes
//! prove it. What may have to be erased stands apart (`subjects`, `owners`, `texts`, `details`, `contents`).

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::error::LedgerError;

/// `OWNL`: tells a ledger from any other SQLite file.
pub(super) const APPLICATION_ID: i64 = 0x4F57_4E4C;
/// Format of the tables. A file with a higher one is refused.
pub(super) const FORMAT: i64 = 1;

const TABLES: &str = "
-- One row for each run, from 1 without gaps. `seal` covers the row and the seal before it.
CREATE TABLE runs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  base TEXT NOT NULL,
  snapshot TEXT NOT NULL,
  options TEXT NOT NULL,
  as_of INTEGER NOT NULL,        -- microseconds since 1970-01-01T00:00:00Z
  recorded_at INTEGER NOT NULL,  -- wall clock, recorded only
  actor TEXT NOT NULL,
  engine TEXT NOT NULL,
  backdate TEXT,                 -- why as_of is before the last run's
  entry_count INTEGER NOT NULL,
  tree_size INTEGER NOT NULL,    -- entries after the run
  frontier BLOB NOT NULL,        -- right edge of the Merkle tree after the run
  root TEXT NOT NULL,
  shown_count INTEGER NOT NULL,
  shown_digest BLOB NOT NULL,
  seal TEXT NOT NULL
) STRICT;

CREATE TABLE run_inputs (
  run INTEGER NOT NULL,
  position INTEGER NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

-- Each content once, whatever the number of runs that used it. NULL: erased.
CREATE TABLE contents (hash TEXT NOT NULL PRIMARY KEY, content BLOB) STRICT;

-- `outcome` is `read` for the records read.
CREATE TABLE totals (
  run INTEGER NOT NULL,
  record TEXT NOT NULL,
  role TEXT NOT NULL,
  outcome TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (run, record, role, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE rules (
  id INTEGER PRIMARY KEY,
  label TEXT,
  fingerprint TEXT NOT NULL,
  place TEXT NOT NULL
) STRICT;
CREATE INDEX rules_by_meaning ON rules (fingerprint, place);

-- Pseudonyms of records and owners. NULL: erased.
CREATE TABLE subjects (id INTEGER PRIMARY KEY, record TEXT NOT NULL, key TEXT, UNIQUE (record, key)) STRICT;
CREATE TABLE owners (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT, UNIQUE (kind, name)) STRICT;

-- Texts that many rows share: reasons, lists of paths, values of owner columns. Salt and text NULL: erased.
CREATE TABLE texts (id INTEGER PRIMARY KEY, salt BLOB, commitment BLOB NOT NULL, text TEXT UNIQUE) STRICT;

-- One row for each change, from 1 without gaps. `leaf` only helps to name a changed row: verify computes it anew.
CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  subject INTEGER NOT NULL,
  role TEXT NOT NULL,
  outcome TEXT NOT NULL,
  owner INTEGER,
  previous INTEGER,
  rule INTEGER,
  effective_from INTEGER,        -- days since 1970-01-01
  effective_until INTEGER,
  commitment BLOB NOT NULL,
  leaf BLOB NOT NULL
) STRICT;
CREATE INDEX entries_by_subject ON entries (subject, role);

-- What an entry's commitment covers beside its names. No row: erased.
CREATE TABLE details (
  seq INTEGER PRIMARY KEY,
  salt BLOB NOT NULL,
  reason INTEGER,                -- of texts
  pool_state TEXT,
  paths INTEGER NOT NULL,        -- of texts: JSON array of the paths
  vals TEXT NOT NULL             -- JSON array of the values, in the order of the paths
) STRICT;

-- What the owner columns showed; a row only where the value changed. NULL: the cell was empty.
CREATE TABLE shown (
  subject INTEGER NOT NULL,
  role TEXT NOT NULL,
  run INTEGER NOT NULL,
  value INTEGER,                 -- of texts
  PRIMARY KEY (subject, role, run)
) STRICT, WITHOUT ROWID;
";

/// Tables whose rows nobody ever changes, not even to erase.
const GUARDED: [&str; 5] = ["runs", "run_inputs", "totals", "rules", "entries"];

/// All statements that make an empty ledger, without its application id and format.
pub(super) fn statements() -> String {
    let mut text = TABLES.to_owned();
    for table in GUARDED {
        for (verb, done) in [("UPDATE", "changed"), ("DELETE", "deleted")] {
            text.push_str(&guard(table, verb, done));
        }
    }
    text
}

fn guard(table: &str, verb: &str, done: &str) -> String {
    let name = guard_name(table, verb);
    format!(
        "CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'a ledger only grows: {table} are never {done}'); END;\n"
    )
}

fn guard_name(table: &str, verb: &str) -> String {
    format!("{table}_no_{}", verb.to_lowercase())
}

/// Refuses a file that is no ledger, or one of a later format. Reads nothing but the header.
pub(super) fn check_header(connection: &Connection) -> Result<(), LedgerError> {
    let pragma =
        |name: &str| -> Result<i64, LedgerError> { Ok(connection.pragma_query_value(None, name, |row| row.get(0))?) };
    if pragma("application_id")? != APPLICATION_ID {
        return Err(LedgerError::Foreign {
            path: std::path::PathBuf::new(),
            detail: "it is a SQLite database of another program, or an empty file".to_owned(),
        });
    }
    let found = pragma("user_version")?;
    if found > FORMAT {
        return Err(LedgerError::Newer { path: std::path::PathBuf::new(), found, known: FORMAT });
    }
    if found != FORMAT {
        return Err(LedgerError::damaged(format!("its format is {found}, which no version of Ownward writes")));
    }
    Ok(())
}

/// Refuses a file whose tables are not exactly ours: a view in place of a table, or a trigger of someone else, could
/// make SQLite run what we did not write. Returns the guards that are missing; `verify` reports them.
pub(super) fn check_tables(connection: &Connection) -> Result<Vec<String>, LedgerError> {
    let mut expected = expected_objects()?;
    for (name, sql) in objects(connection)? {
        match expected.remove(&name) {
            Some(ours) if ours == sql => {}
            Some(_) => return Err(not_ours(&name, "is not as Ownward made it")),
            None => return Err(not_ours(&name, "was added by another program")),
        }
    }
    let (guards, others): (Vec<String>, Vec<String>) = expected.into_keys().partition(|name| is_guard(name));
    match others.first() {
        Some(name) => Err(not_ours(name, "is missing")),
        None => Ok(guards),
    }
}

fn is_guard(name: &str) -> bool {
    GUARDED.iter().any(|table| ["UPDATE", "DELETE"].map(|verb| guard_name(table, verb)).contains(&name.to_owned()))
}

fn not_ours(name: &str, what: &str) -> LedgerError {
    LedgerError::damaged(format!("its table, index or trigger `{name}` {what}"))
}

/// Every table, index and trigger by name with its text; SQLite's own ones are left out.
fn objects(connection: &Connection) -> Result<BTreeMap<String, String>, LedgerError> {
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")?;
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default())))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What SQLite itself notes down when it makes our tables, so that no text has to be normalised by hand.
fn expected_objects() -> Result<BTreeMap<String, String>, LedgerError> {
    let blank = Connection::open_in_memory()?;
    blank.execute_batch(&statements())?;
    objects(&blank)
}
