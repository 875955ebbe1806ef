//! Opening and making ledger files.
//!
//! A new ledger is made under another name and then put in place whole, so that a file under the ledger's name is
//! always a complete ledger: an empty or half-made file there is damage, never "no history yet".

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::Ledger;
use super::error::LedgerError;
use super::merkle::hex;
use super::schema;

/// How long a write waits for another one to finish.
const BUSY_TIMEOUT_MS: u64 = if cfg!(test) { 50 } else { 5_000 };
/// Page cache in KiB; a negative number tells SQLite it is not pages.
const CACHE_KIB: i64 = -65_536;

impl Ledger {
    /// Opens the ledger for reading and appending; makes it, and its folder, when there is no such file.
    ///
    /// Errors: `Foreign`, `Newer` or `Damaged` for a file that is not exactly a ledger (it is not touched), `Locked`,
    /// `Io`. Source: design section 5.
    pub fn open(path: &Path) -> Result<Ledger, LedgerError> {
        if !exists(path)? {
            create(path).map_err(|error| error.in_file(path))?;
        }
        let connection = connect_writable(path).map_err(|error| error.in_file(path))?;
        Ok(Ledger::new(connection, path, Vec::new()))
    }

    /// Opens the ledger for reading; `None` when there is no such file. The file's bytes stay as they are; SQLite may
    /// put its `-wal` and `-shm` files beside it.
    ///
    /// A ledger whose append-only guards were removed can still be read, so that `verify` can say what else changed.
    /// Errors: as [`Ledger::open`].
    pub fn open_existing_read_only(path: &Path) -> Result<Option<Ledger>, LedgerError> {
        if !exists(path)? {
            return Ok(None);
        }
        let open = || -> Result<Ledger, LedgerError> {
            let connection = connect_readable(path)?;
            let missing_guards = schema::check_tables(&connection)?;
            Ok(Ledger::new(connection, path, missing_guards))
        };
        open().map(Some).map_err(|error| error.in_file(path))
    }
}

/// Whether there is a file. Anything else under that name (a folder, a pipe) is refused: opening it could wait for ever.
fn exists(path: &Path) -> Result<bool, LedgerError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(_) => Err(LedgerError::Foreign { path: path.to_owned(), detail: "it is no regular file".to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(io("be read", source).in_file(path)),
    }
}

/// A connection that may append. Refuses a ledger whose guards are gone: someone has tampered with it.
pub(super) fn connect_writable(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(plain(path), flags)?;
    secure(&connection)?;
    schema::check_header(&connection)?;
    if let Some(guard) = schema::check_tables(&connection)?.first() {
        return Err(LedgerError::damaged(format!(
            "its guard `{guard}` against changes is missing; `ownward verify` says what else changed"
        )));
    }
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(LedgerError::damaged(format!("its journal mode is {mode}")));
    }
    // FULL: an acknowledged run survives a power cut; NORMAL lost 521 of 600 in a trial, at no gain in speed.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(connection)
}

fn connect_readable(path: &Path) -> Result<Connection, LedgerError> {
    match connect_read_only(&plain(path), OpenFlags::empty()) {
        // In a folder that may not be written, SQLite cannot put its helper files beside a ledger nobody has open.
        // Without a `-wal` file there is nothing but the main file to read, and no writer to be afraid of.
        Err(error @ (LedgerError::Io { .. } | LedgerError::ReadOnly { .. })) if no_wal(path) => {
            connect_immutable(path).unwrap_or(Err(error))
        }
        other => other,
    }
}

fn connect_read_only(name: &Path, how: OpenFlags) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | how;
    let connection = Connection::open_with_flags(name, flags)?;
    secure(&connection)?;
    schema::check_header(&connection)?;
    Ok(connection)
}

/// Reads the main file alone, without helper files; `None` where the path cannot be written as a URI.
pub(super) fn connect_immutable(path: &Path) -> Option<Result<Connection, LedgerError>> {
    let uri = immutable_uri(path)?;
    Some(connect_read_only(Path::new(&uri), OpenFlags::SQLITE_OPEN_URI))
}

/// A path that SQLite takes for a path: names such as `file:x?mode=memory` or `:memory:` mean something else to it.
fn plain(path: &Path) -> PathBuf {
    Path::new(".").join(path)
}

fn no_wal(path: &Path) -> bool {
    let wal = beside(path, "-wal");
    fs::metadata(wal).map_or_else(|error| error.kind() == ErrorKind::NotFound, |metadata| metadata.len() == 0)
}

fn immutable_uri(path: &Path) -> Option<String> {
    let full = fs::canonicalize(path).ok()?;
    let text = full.to_str().filter(|text| text.starts_with('/'))?;
    let mut uri = String::from("file:");
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(uri + "?immutable=1")
}

/// The settings every connection gets before it reads its first page: the file may come from a stranger.
fn secure(connection: &Connection) -> Result<(), LedgerError> {
    connection.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", CACHE_KIB)?;
    Ok(())
}

/// Makes an empty ledger under a name of its own and puts it in place, unless someone else was faster.
fn create(path: &Path) -> Result<(), LedgerError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|source| io("be made", source))?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| LedgerError::Random { detail: error.to_string() })?;
    let fresh = beside(path, &format!(".new-{}", hex(&random)));
    let result = build(&fresh).and_then(|()| publish(&fresh, path, folder));
    for suffix in ["", "-journal", "-wal", "-shm"] {
        // What is left of the building; in the good case only the first is there, in the bad case any.
        let _ = fs::remove_file(beside(&fresh, suffix));
    }
    result
}

fn build(fresh: &Path) -> Result<(), LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = Connection::open_with_flags(plain(fresh), flags)?;
    secure(&connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(&format!("BEGIN; {} COMMIT;", schema::statements()))?;
    connection.pragma_update(None, "application_id", schema::APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", schema::FORMAT)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error.into())
}

/// A link, not a rename: it never replaces a ledger that another program has put there in the meantime.
fn publish(fresh: &Path, path: &Path, folder: &Path) -> Result<(), LedgerError> {
    match fs::hard_link(fresh, path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        // Some file systems have no links; there the short gap between the look and the rename has to do.
        Err(_) if !path.exists() => {
            fs::rename(fresh, path).map_err(|source| io("be made", source))?;
        }
        Err(_) => return Ok(()),
    }
    // Makes the name itself survive a power cut. Not every system can sync a folder; the data is safe without.
    let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// The path with something added to its last part.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn io(action: &'static str, source: std::io::Error) -> LedgerError {
    LedgerError::Io { path: PathBuf::new(), action, source }
}
