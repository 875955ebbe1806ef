//! Reads tables of a SQLite database that somebody else wrote.
//!
//! The file is not trusted (design section 8): it is opened read-only and defensively, a view or virtual table is never
//! read because it could run something, and names reach SQL in one place only ([`quoted`]). All tables are read in one
//! transaction, so that they belong to one moment.

use super::store::{Asked, Row, Visitor, find_column};
use crate::column::Cell;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::RECORD_BYTES_MAX;
use crate::project::{no_regular_file, unreadable};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};
use std::path::Path;
use std::time::Duration;

/// How long a writer may hold the database before we give up.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// An open database inside its read transaction.
pub(super) struct SqliteStore {
    connection: Connection,
    /// How messages call the database.
    pub shown: String,
    tables: Vec<String>,
}

impl SqliteStore {
    pub fn open(path: &Path, shown: String) -> Result<Self, Diagnostic> {
        Self::open_waiting(path, shown, LOCK_WAIT)
    }

    fn open_waiting(path: &Path, shown: String, wait: Duration) -> Result<Self, Diagnostic> {
        let about = path.metadata().map_err(|error| unreadable(&shown, &error))?;
        if about.is_dir() {
            return Err(Diagnostic::error(
                Code::UnreadableSource,
                format!("`{shown}` is a folder, no SQLite database"),
            )
            .help("name the database file, or write `csv = …` for a folder of CSV files"));
        }
        if !about.is_file() {
            return Err(no_regular_file(&shown));
        }
        begin(path, wait)
            .map(|(connection, tables)| Self { connection, shown: shown.clone(), tables })
            .map_err(|error| explained(&error, &shown))
    }

    pub fn tables(&self) -> Vec<&str> {
        self.tables.iter().map(String::as_str).collect()
    }

    /// The columns of a table, generated ones too, in their order.
    pub fn columns(&self, table: &str) -> Result<Vec<String>, Diagnostic> {
        self.table_columns(table).map_err(|error| explained(&error, &self.shown))
    }

    fn table_columns(&self, table: &str) -> rusqlite::Result<Vec<String>> {
        // 1 is a hidden column of a virtual table, 2 and 3 are generated ones.
        let sql = "SELECT name FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";
        let mut statement = self.connection.prepare(sql)?;
        let names = statement.query_map([table], |row| row.get(0))?;
        names.collect()
    }

    /// Reads all rows in the order of their row numbers; returns the table's columns.
    pub fn scan<V: Visitor>(&self, table: &str, asked: &Asked<'_>, visitor: &mut V) -> Result<Vec<String>, Diagnostic> {
        let columns = self.columns(table)?;
        let explain = |error| explained(&error, &self.shown);
        let mut statement = self.select(table, asked, &columns).map_err(explain)?;
        let mut rows = statement.query([]).map_err(explain)?;
        let mut row_number = 0;
        while let Some(row) = rows.next().map_err(explain)? {
            row_number += 1;
            visitor.row(&SqliteRow { row, row_number })?;
        }
        Ok(columns)
    }

    fn select(&self, table: &str, asked: &Asked<'_>, columns: &[String]) -> rusqlite::Result<Statement<'_>> {
        let mut chosen: Vec<String> = Vec::new();
        for name in &asked.columns {
            chosen.push(match find_column(columns, name) {
                Some(index) => format!("t.{}", quoted(&columns[index])?),
                None => "NULL".to_owned(),
            });
        }
        if chosen.is_empty() {
            chosen.push("NULL".to_owned());
        }
        // A table WITHOUT ROWID has no row number; its primary key stands in for it. With no order SQLite may read an
        // index instead of the table, in the index's order.
        let base = format!("SELECT {} FROM main.{} AS t", chosen.join(", "), quoted(table)?);
        let row_number = ["rowid", "_rowid_", "oid"]
            .into_iter()
            .find(|name| !columns.iter().any(|column| column.eq_ignore_ascii_case(name)));
        if let Some(name) = row_number
            && let Ok(statement) = self.connection.prepare(&format!("{base} ORDER BY t.{name}"))
        {
            return Ok(statement);
        }
        let key = self.primary_key(table)?;
        if key.is_empty() {
            return self.connection.prepare(&base);
        }
        self.connection.prepare(&format!("{base} ORDER BY {}", key.join(", ")))
    }

    fn primary_key(&self, table: &str) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT name FROM pragma_table_xinfo(?1) WHERE pk > 0 ORDER BY pk";
        let mut statement = self.connection.prepare(sql)?;
        let names = statement.query_map([table], |row| row.get::<_, String>(0))?;
        names.map(|name| Ok(format!("t.{}", quoted(&name?)?))).collect()
    }
}

/// Opens the database and begins the transaction all reading happens in; also the names of its plain tables.
fn begin(path: &Path, wait: Duration) -> rusqlite::Result<(Connection, Vec<String>)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(wait)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    let record_bytes_max = i32::try_from(RECORD_BYTES_MAX).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, record_bytes_max)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; BEGIN;")?;
    let mut statement = connection.prepare(&format!("{PLAIN_TABLES} ORDER BY name"))?;
    let tables = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    drop(statement);
    Ok((connection, tables))
}

/// Tables that are read or written. A virtual table has no root page; a name that a view has as well is no table's.
const PLAIN_TABLES: &str = "SELECT name FROM main.sqlite_schema AS t
    WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND NOT EXISTS (SELECT 1 FROM main.sqlite_schema AS v WHERE v.type = 'view' AND lower(v.name) = lower(t.name))";

/// Whether a table of exactly this name is there, and no view or virtual table.
pub(super) fn is_plain_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    connection.prepare(&format!("{PLAIN_TABLES} AND name = ?1"))?.exists([name])
}

/// The only way a name gets into SQL text.
pub(super) fn quoted(name: &str) -> rusqlite::Result<String> {
    if name.contains('\0') {
        return Err(rusqlite::Error::InvalidColumnName(name.replace('\0', "\\0")));
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

struct SqliteRow<'r> {
    row: &'r rusqlite::Row<'r>,
    row_number: u64,
}

impl Row for SqliteRow<'_> {
    #[inline]
    fn cell(&self, slot: usize) -> Cell<'_> {
        match self.row.get_ref(slot) {
            Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).map_or(Cell::Unreadable, Cell::Text),
            Ok(ValueRef::Integer(number)) => Cell::Integer(number),
            Ok(ValueRef::Real(number)) => Cell::Real(number),
            Ok(ValueRef::Null) => Cell::Missing,
            Ok(ValueRef::Blob(_)) | Err(_) => Cell::Unreadable,
        }
    }

    fn place(&self) -> String {
        format!("row {}", self.row_number)
    }
}

/// What SQLite said, for a person.
pub(super) fn explained(error: &rusqlite::Error, shown: &str) -> Diagnostic {
    let unreadable = |text: String| Diagnostic::error(Code::UnreadableSource, text);
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Diagnostic::error(Code::SourceLocked, format!("`{shown}` is locked by another program"))
                .help("close the program that writes to it, or run again later")
        }
        Some(ErrorCode::NotADatabase) => unreadable(format!("`{shown}` is no SQLite database"))
            .help("check the path under `[source]` in ownward.toml"),
        Some(ErrorCode::DatabaseCorrupt) => unreadable(format!("`{shown}` is damaged"))
            .with_note(detail(error))
            .help("restore it from a copy, or export it anew"),
        Some(ErrorCode::TooBig) => Diagnostic::error(
            Code::TooLarge,
            format!("`{shown}` holds a row or cell larger than {RECORD_BYTES_MAX} bytes"),
        ),
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => {
            unreadable(format!("`{shown}` cannot be opened"))
                .with_note(detail(error))
                .help("check that you may read the file, and write beside it if it is in WAL mode")
        }
        _ => unreadable(format!("`{shown}` cannot be read")).with_note(detail(error)),
    }
}

fn detail(error: &rusqlite::Error) -> String {
    format!("SQLite says: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(folder: &tempfile::TempDir) -> (std::path::PathBuf, Connection) {
        let path = folder.path().join("crm.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE accounts (id); INSERT INTO accounts VALUES (1)").unwrap();
        (path, connection)
    }

    #[test]
    fn a_locked_database_says_so() {
        let folder = tempfile::TempDir::new().unwrap();
        let (path, writer) = database(&folder);
        writer.execute_batch("BEGIN EXCLUSIVE").unwrap();
        let refused = SqliteStore::open_waiting(&path, "crm.db".into(), Duration::from_millis(20));
        let finding = refused.map(|_| ()).unwrap_err();
        assert_eq!(
            (finding.code, finding.headline.as_str()),
            (Code::SourceLocked, "`crm.db` is locked by another program")
        );
        writer.execute_batch("COMMIT").unwrap();
        assert!(SqliteStore::open_waiting(&path, "crm.db".into(), Duration::ZERO).is_ok());
    }

    #[test]
    fn nothing_can_be_written() {
        let folder = tempfile::TempDir::new().unwrap();
        let (path, _writer) = database(&folder);
        let store = SqliteStore::open(&path, "crm.db".into()).unwrap();
        for sql in ["DELETE FROM accounts", "CREATE TABLE x (y)", "PRAGMA user_version = 7"] {
            assert!(store.connection.execute_batch(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quoted("a\"b").unwrap(), "\"a\"\"b\"");
        assert!(quoted("a\0b").is_err());
    }
}
