//! The ledger: an append-only history of assignments in one SQLite file, and the proof that nobody changed it.
//!
//! A run goes in whole or not at all ([`Ledger::append`]). The entries are the leaves of a Merkle tree (RFC 6962) whose
//! root every run notes down; [`Ledger::verify`] computes everything anew from the columns. Names and values of records
//! and people stand in side tables behind salted commitments, so that they can be erased while the proof holds.
//!
//! It takes and gives plain values, asks no clock, and knows nothing of policies or snapshots. Source: design section 5.

mod append;
mod checkpoint;
mod companion;
mod current;
mod draft;
mod encoding;
mod error;
mod history;
mod intern;
mod merkle;
mod open;
mod read;
mod rows;
mod schema;
mod shown;
#[cfg(test)]
mod tests;
mod types;
mod verdict;
mod verify;
mod visit;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub use append::run_id;
pub use checkpoint::Checkpoint;
pub use companion::Companion;
pub use error::LedgerError;
pub use merkle::EMPTY_ROOT;
pub use types::{
    Appended, Current, Entry, EntryDraft, Erased, Head, Input, LastShown, RuleRef, Run, RunDraft, Seen, Shown, Since,
    StoredInput, Totals,
};
pub use verdict::{Problem, ProblemKind, Verdict};

/// An open ledger file.
///
/// Every question is answered from one state of the file, even while another program appends. Questions asked one after
/// the other may see a run more; a plan takes [`Ledger::head`] **first**, so that [`Ledger::append`] notices it.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// Triggers that should be there and are not; only a ledger opened for reading can have any.
    missing_guards: Vec<String>,
    #[cfg(test)]
    commit_fault: Option<append::CommitFault>,
}

impl Ledger {
    fn new(connection: Connection, path: &Path, missing_guards: Vec<String>) -> Self {
        Self {
            connection,
            path: path.to_owned(),
            missing_guards,
            #[cfg(test)]
            commit_fault: None,
        }
    }

    /// The file, as it was named when the ledger was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers one question from one state of the file, and says in an error which file it was.
    fn read<T>(&self, question: impl FnOnce(&Connection) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let ask = || {
            // A visitor may ask the ledger something too; its question belongs to the state that is being read.
            if !self.connection.is_autocommit() {
                return question(&self.connection);
            }
            let state = self.connection.unchecked_transaction()?;
            question(&state)
        };
        ask().map_err(|error| error.in_file(&self.path))
    }
}
