//! Hands decided owners on: into the owner column of the source's database, or into a file for another system.

use super::sqlite::{explained, is_plain_table, quoted};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::{reason, write_whole};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// How long another writer may hold the database before we give up.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Sets the owner of each record by its key, `None` where nobody owns it now; returns how many records were set.
///
/// All or nothing: one transaction, rolled back unless every key names exactly one row. Keys are compared as they are
/// read: exact bytes after trimming. Triggers of the database run, because its own audit may hang on them.
pub fn owners_to_sqlite(
    path: &Path,
    table: &str,
    key_column: &str,
    owner_column: &str,
    changes: &[(String, Option<String>)],
) -> Result<usize, Diagnostic> {
    let shown = path.display().to_string();
    let explain = |error: rusqlite::Error| explained(&error, &shown);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(explain)?;
    connection.busy_timeout(LOCK_WAIT).map_err(explain)?;
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        connection.set_db_config(setting, on).map_err(explain)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(explain)?;
    if !is_plain_table(&transaction, table).map_err(explain)? {
        return Err(Diagnostic::error(Code::AbsentTable, format!("no table `{table}` in `{shown}`"))
            .with_note("views are not written to"));
    }
    let (table_name, key, owner) =
        (quoted(table).map_err(explain)?, quoted(key_column).map_err(explain)?, quoted(owner_column).map_err(explain)?);
    let update = |test: &str| {
        let sql = format!("UPDATE main.{table_name} AS t SET {owner} = ?1 WHERE {test}");
        transaction.prepare(&sql)
    };
    {
        let mut quick = update(&format!("t.{key} = ?2 COLLATE BINARY")).map_err(explain)?;
        // What the quick way misses: blanks around the key, a number in a column without a type.
        let mut slow = update(&format!("trim(CAST(t.{key} AS TEXT)) = ?2 COLLATE BINARY")).map_err(explain)?;
        for (record, new_owner) in changes {
            let mut hit = quick.execute((new_owner, record)).map_err(explain)?;
            if hit == 0 {
                hit = slow.execute((new_owner, record)).map_err(explain)?;
            }
            if hit != 1 {
                // Dropping the transaction rolls it back.
                return Err(not_one(&shown, table, record, hit));
            }
        }
    }
    transaction.commit().map_err(explain)?;
    Ok(changes.len())
}

fn not_one(shown: &str, table: &str, key: &str, hit: usize) -> Diagnostic {
    let rows = if hit == 0 { "no row".to_owned() } else { format!("{hit} rows") };
    Diagnostic::error(Code::WriteBack, format!("table `{table}` of `{shown}` has {rows} with the key `{key}`"))
        .with_note("no owner was written back, for this record or any other")
        .help("the records changed since they were read: plan again")
}

/// One changed owner, as other systems take it in. Blank is "none".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeRow {
    pub record: String,
    pub key: String,
    pub role: String,
    pub owner_kind: String,
    pub owner_id: String,
    pub old_owner: String,
    pub rule: String,
    pub reason: String,
    pub effective: String,
}

/// The header line of a change file.
pub const CHANGE_COLUMNS: [&str; 9] =
    ["record", "key", "role", "owner_kind", "owner_id", "old_owner", "rule", "reason", "effective"];

impl ChangeRow {
    /// In the order of [`CHANGE_COLUMNS`].
    fn cells(&self) -> [&str; 9] {
        [
            &self.record,
            &self.key,
            &self.role,
            &self.owner_kind,
            &self.owner_id,
            &self.old_owner,
            &self.rule,
            &self.reason,
            &self.effective,
        ]
    }
}

/// Writes the changes as CSV. A cell that a spreadsheet would run as a formula gets a leading `'`.
pub fn write_changes(to: impl Write, rows: &[ChangeRow]) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(CHANGE_COLUMNS)?;
    for row in rows {
        writer.write_record(row.cells().map(guarded).iter().map(|cell| cell.as_ref()))?;
    }
    writer.flush()
}

/// Writes the change file whole or not at all: a reader sees the old one or the new one, never a half.
pub fn change_file(path: &Path, rows: &[ChangeRow]) -> Result<(), Diagnostic> {
    write_whole(path, |to| write_changes(to, rows)).map_err(|error| {
        Diagnostic::error(Code::WriteBack, format!("`{}` cannot be written: {}", path.display(), reason(&error)))
    })
}

/// A cell that no spreadsheet takes for a formula.
pub fn guarded(cell: &str) -> std::borrow::Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn database(sql: &str) -> (TempDir, std::path::PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("crm.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(sql).unwrap();
        (folder, path)
    }

    fn owners(path: &Path) -> Vec<Option<String>> {
        let connection = Connection::open(path).unwrap();
        let mut statement = connection.prepare("SELECT CAST(owner AS TEXT) FROM accounts ORDER BY rowid").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn change(key: &str, owner: Option<&str>) -> (String, Option<String>) {
        (key.to_owned(), owner.map(str::to_owned))
    }

    const ACCOUNTS: &str = "CREATE TABLE accounts (\"the key\", owner TEXT);
        INSERT INTO accounts VALUES ('A-1', 'u1'), (7, 'u1'), (' A-2 ', NULL), ('A-3', 'u1'), ('A-3', 'u1');";

    #[test]
    fn owners_are_set_and_released_by_key() {
        let (_folder, path) = database(ACCOUNTS);
        let changes = [change("A-1", None), change("7", Some("u2")), change("A-2", Some("u3"))];
        let set = owners_to_sqlite(&path, "accounts", "the key", "owner", &changes).unwrap();
        assert_eq!(set, 3);
        let now = owners(&path);
        assert_eq!(now[0], None);
        assert_eq!(now[1].as_deref(), Some("u2"));
        assert_eq!(now[2].as_deref(), Some("u3"));
    }

    #[test]
    fn a_key_that_is_not_one_row_undoes_everything() {
        let (_folder, path) = database(ACCOUNTS);
        let before = owners(&path);
        for (bad, headline) in [("A-3", "has 2 rows"), ("a-1", "has no row")] {
            let changes = [change("A-1", Some("u9")), change(bad, Some("u9"))];
            let error = owners_to_sqlite(&path, "accounts", "the key", "owner", &changes).unwrap_err();
            assert!(error.headline.contains(headline), "{}", error.headline);
            assert!(error.headline.contains(bad));
            assert_eq!(owners(&path), before);
        }
    }

    #[test]
    fn views_and_absent_things_are_not_written() {
        let (_folder, path) = database(
            "CREATE TABLE accounts (id, owner); CREATE VIEW seen AS SELECT id, owner FROM accounts;
             CREATE TRIGGER t INSTEAD OF UPDATE ON seen BEGIN DELETE FROM accounts; END;",
        );
        let write = |table: &str, column: &str| owners_to_sqlite(&path, table, "id", column, &[change("1", None)]);
        assert_eq!(write("seen", "owner").unwrap_err().code, Code::AbsentTable);
        assert_eq!(write("acounts", "owner").unwrap_err().code, Code::AbsentTable);
        assert!(write("accounts", "owned").is_err());
        assert!(write("accounts", "own\0er").is_err());
        assert!(owners_to_sqlite(Path::new("/nowhere/crm.db"), "a", "b", "c", &[]).is_err());
    }

    #[test]
    fn a_change_file_is_guarded_and_whole() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("changes.csv");
        let row = ChangeRow {
            record: "Account".into(),
            key: "=cmd()".into(),
            role: "owner".into(),
            owner_kind: "person".into(),
            owner_id: "u1".into(),
            reason: "a \"good\" one, really".into(),
            ..ChangeRow::default()
        };
        change_file(&path, std::slice::from_ref(&row)).unwrap();
        change_file(&path, std::slice::from_ref(&row)).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "record,key,role,owner_kind,owner_id,old_owner,rule,reason,effective\n\
             Account,'=cmd(),owner,person,u1,,,\"a \"\"good\"\" one, really\",\n"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let error = change_file(&folder.path().join("no/changes.csv"), &[row]).unwrap_err();
        assert_eq!(error.code, Code::WriteBack);
    }
}
