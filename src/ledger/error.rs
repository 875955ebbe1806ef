//! What can go wrong with a ledger, told as what, where, why and how to mend it.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::value::time::show_instant;

/// Why the ledger could not do what was asked. Unless it says otherwise, nothing was written.
#[derive(Debug)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file or its folder cannot be read, made or written.
    Io { path: PathBuf, action: &'static str, source: std::io::Error },
    /// The system gave no random bytes for the salts.
    Random { detail: String },
    /// Another program writes to the ledger and did not finish in time.
    Locked { path: PathBuf },
    /// The file is no ledger.
    Foreign { path: PathBuf, detail: String },
    /// A later version of Ownward wrote the file.
    Newer { path: PathBuf, found: i64, known: i64 },
    /// The file holds what Ownward never writes.
    Damaged { path: PathBuf, detail: String },
    /// The disk, or the file's quota, is full.
    Full { path: PathBuf },
    /// The file or its folder may not be written.
    ReadOnly { path: PathBuf },
    /// Any other refusal of SQLite.
    Database { path: PathBuf, source: rusqlite::Error },
    /// The run was planned on another state of the ledger.
    Stale { base: String, head: String },
    /// The run's `as of` is before the last run's, and no reason was given.
    Backdated { as_of: i64, last_as_of: i64, last_run: String },
    /// The outcomes of a role do not add up to the records read.
    Totals { record: String, role: String, read: u64, sum: u64 },
    /// One run says two things about one role of one record.
    Duplicate { record: String, key: String, role: String },
    /// The draft cannot be a run for another reason.
    Draft { detail: String },
    /// Saving failed in a way that leaves open whether the run is there; looking it up again did not find it.
    CommitUnknown { path: PathBuf, run: String, detail: String },
    /// No run has this id.
    UnknownRun { path: PathBuf, run: String },
    /// A text is no checkpoint.
    Checkpoint { line_number: usize, detail: String },
}

impl LedgerError {
    pub(super) fn damaged(detail: impl Into<String>) -> Self {
        LedgerError::Damaged { path: PathBuf::new(), detail: detail.into() }
    }

    /// Says which file it was; inner functions know only the connection.
    pub(super) fn in_file(mut self, file: &Path) -> Self {
        match &mut self {
            LedgerError::Io { path, .. }
            | LedgerError::Locked { path }
            | LedgerError::Foreign { path, .. }
            | LedgerError::Newer { path, .. }
            | LedgerError::Damaged { path, .. }
            | LedgerError::Full { path }
            | LedgerError::ReadOnly { path }
            | LedgerError::Database { path, .. }
            | LedgerError::CommitUnknown { path, .. }
            | LedgerError::UnknownRun { path, .. } => {
                if path.as_os_str().is_empty() {
                    *path = file.to_owned();
                }
            }
            LedgerError::Random { .. }
            | LedgerError::Stale { .. }
            | LedgerError::Backdated { .. }
            | LedgerError::Totals { .. }
            | LedgerError::Duplicate { .. }
            | LedgerError::Draft { .. }
            | LedgerError::Checkpoint { .. } => {}
        }
        self
    }
}

/// Sorts SQLite's refusals by what the reader can do about them. The path is filled in by [`LedgerError::in_file`].
impl From<rusqlite::Error> for LedgerError {
    fn from(source: rusqlite::Error) -> Self {
        use rusqlite::Error as Sql;
        let path = PathBuf::new();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LedgerError::Locked { path },
            Some(ErrorCode::NotADatabase) => {
                LedgerError::Foreign { path, detail: "it is no SQLite database".to_owned() }
            }
            Some(ErrorCode::DatabaseCorrupt) => LedgerError::Damaged { path, detail: source.to_string() },
            Some(ErrorCode::DiskFull) => LedgerError::Full { path },
            Some(ErrorCode::ReadOnly) => LedgerError::ReadOnly { path },
            Some(ErrorCode::CannotOpen) => {
                LedgerError::Io { path, action: "be opened", source: std::io::Error::other(source) }
            }
            _ => match source {
                // A column of a type, length or coding that Ownward never writes.
                Sql::FromSqlConversionFailure(..)
                | Sql::IntegralValueOutOfRange(..)
                | Sql::InvalidColumnType(..)
                | Sql::Utf8Error(..)
                | Sql::QueryReturnedNoRows => LedgerError::Damaged { path, detail: source.to_string() },
                _ => LedgerError::Database { path, source },
            },
        }
    }
}

impl From<rusqlite::types::FromSqlError> for LedgerError {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        LedgerError::damaged(error.to_string())
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (headline, why, help) = self.parts();
        write!(f, "{headline}\n  {why}\n  help: {help}")
    }
}

impl LedgerError {
    /// The first line of the message.
    pub(super) fn headline(&self) -> String {
        self.parts().0
    }

    /// Headline, why it matters, what to do.
    fn parts(&self) -> (String, String, String) {
        let own = |text: &str| text.to_owned();
        match self {
            LedgerError::Io { path, action, source } => (
                format!("the ledger `{}` cannot {action}", path.display()),
                source.to_string(),
                own("check that the folder is there and that you may use it"),
            ),
            LedgerError::Random { detail } => (
                own("no random bytes for the ledger"),
                format!("the system said: {detail}; without them erased values could be guessed"),
                own("try again; in a container, check that `/dev/urandom` is there"),
            ),
            LedgerError::Locked { path } => (
                format!("the ledger `{}` is locked by another program", path.display()),
                own("only one run may write at a time, and the other one did not finish in time; nothing was written"),
                own("wait until the other run is done, then plan again"),
            ),
            LedgerError::Foreign { path, detail } => (
                format!("`{}` is no ledger of Ownward", path.display()),
                format!("{detail}; it was not touched"),
                own("name another file as ledger in `ownward.toml`, or move this one away"),
            ),
            LedgerError::Newer { path, found, known } => (
                format!("the ledger `{}` was written by a newer Ownward", path.display()),
                format!("its format is {found}, this version knows formats up to {known}; it was not touched"),
                own("update Ownward"),
            ),
            LedgerError::Damaged { path, detail } => (
                format!("the ledger `{}` is damaged", path.display()),
                detail.clone(),
                own("keep the file as evidence and restore a copy that `ownward verify` finds sound"),
            ),
            LedgerError::Full { path } => (
                format!("no room left for the ledger `{}`", path.display()),
                own("the disk or its quota is full; the ledger stands where it stood before the run"),
                own("free some space, then plan again"),
            ),
            LedgerError::ReadOnly { path } => (
                format!("the ledger `{}` may not be written", path.display()),
                own("file or folder is read-only; nothing was written"),
                own("give the user that applies policies the right to write it"),
            ),
            LedgerError::Database { path, source } => (
                format!("SQLite refused to work on the ledger `{}`", path.display()),
                source.to_string(),
                own("run `ownward verify`; if it finds the ledger sound, try again"),
            ),
            LedgerError::Stale { base, head } => (
                own("the plan is stale: the ledger has changed since"),
                format!("it was planned on root {base}, the ledger now stands at {head}; nothing was written"),
                own("plan again and look at the new plan"),
            ),
            LedgerError::Backdated { as_of, last_as_of, last_run } => (
                format!("`as of` {} is before the last run's, {}", show_instant(*as_of), show_instant(*last_as_of)),
                format!(
                    "history would then depend on the order of runs and not on time alone; the last run is {last_run}"
                ),
                format!(
                    "write `--as-of {}` or a later moment, or give a reason: `--backdate --because \"…\"`",
                    show_instant(*last_as_of)
                ),
            ),
            LedgerError::Totals { record, role, read, sum } => (
                format!("control totals of `{role} of {record}` do not add up"),
                format!(
                    "{read} records were read, but the outcomes count {sum}: some record was dropped or counted twice; nothing was written"
                ),
                own("this is a fault in Ownward; please report it with the policy"),
            ),
            LedgerError::Duplicate { record, key, role } => (
                format!("`{role}` of {record} `{key}` was decided twice in one run"),
                own("a run decides each role of each record once; nothing was written"),
                own("this is a fault in Ownward; please report it with the policy"),
            ),
            LedgerError::Draft { detail } => {
                (own("this cannot be recorded as a run"), format!("{detail}; nothing was written"), own("plan again"))
            }
            LedgerError::CommitUnknown { path, run, detail } => (
                format!("it is not known whether the run was saved to `{}`", path.display()),
                format!("saving run {run} failed: {detail}"),
                own(
                    "mend the disk and run `ownward verify`, then plan again: if the run was saved, its changes are no longer in the plan",
                ),
            ),
            LedgerError::UnknownRun { path, run } => (
                format!("the ledger `{}` has no run `{run}`", path.display()),
                own("no recorded run has this id"),
                own("take the id as `ownward history` shows it"),
            ),
            LedgerError::Checkpoint { line_number, detail } => (
                format!("this is no ledger checkpoint: line {line_number}: {detail}"),
                own("a changed checkpoint proves nothing"),
                own("take the checkpoint as it was written, from the place where you keep it"),
            ),
        }
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LedgerError::Io { source, .. } => Some(source),
            LedgerError::Database { source, .. } => Some(source),
            _ => None,
        }
    }
}
