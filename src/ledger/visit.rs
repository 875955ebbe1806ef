//! Lending rows to a visitor, one after the other, without losing which of the two failed.

use rusqlite::Connection;

use super::Ledger;
use super::error::LedgerError;

/// Why a visit ended early.
pub(super) enum Stop<E> {
    Ledger(LedgerError),
    /// The visitor's own error; it passes through as it is.
    Visitor(E),
}

impl<E> From<LedgerError> for Stop<E> {
    fn from(error: LedgerError) -> Self {
        Stop::Ledger(error)
    }
}

impl<E> From<rusqlite::Error> for Stop<E> {
    fn from(error: rusqlite::Error) -> Self {
        Stop::Ledger(error.into())
    }
}

impl Ledger {
    /// Asks one question whose answers go to a visitor.
    pub(super) fn visit<E: From<LedgerError>>(
        &self,
        question: impl FnOnce(&Connection) -> Result<(), Stop<E>>,
    ) -> Result<(), E> {
        let mut refused = None;
        let answer = self.read(|connection| match question(connection) {
            Ok(()) => Ok(()),
            Err(Stop::Ledger(error)) => Err(error),
            Err(Stop::Visitor(error)) => {
                refused = Some(error);
                Ok(())
            }
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(answer?),
        }
    }
}
