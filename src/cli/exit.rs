//! How a command ends.

use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Fine,
    /// Findings, a failed `verify`, `max-moves`.
    Findings,
    /// Usage, an unreadable file, a broken database, a stale plan.
    CouldNotRun,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Fine => 0,
            Exit::Findings => 1,
            Exit::CouldNotRun => 2,
        })
    }
}

/// Why a command stopped: messages about places in files, or one sentence.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub findings: Vec<Diagnostic>,
    pub sources: Sources,
    /// What, why, and how to mend it, where no place in a file is to blame.
    pub message: Option<String>,
}

impl Failure {
    pub fn message(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, findings: Vec::new(), sources: Sources::default(), message: Some(message.into()) }
    }

    pub fn could_not_run(message: impl Into<String>) -> Self {
        Failure::message(Exit::CouldNotRun, message)
    }

    pub fn findings(exit: Exit, findings: Vec<Diagnostic>, sources: Sources) -> Self {
        Failure { exit, findings, sources, message: None }
    }
}

impl From<crate::ledger::LedgerError> for Failure {
    fn from(error: crate::ledger::LedgerError) -> Self {
        Failure::could_not_run(error.to_string())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            // Whoever reads has seen enough.
            return Failure { exit: Exit::Fine, findings: Vec::new(), sources: Sources::default(), message: None };
        }
        Failure::could_not_run(format!("writing the result failed: {error}"))
    }
}

pub type Result<T> = std::result::Result<T, Failure>;
