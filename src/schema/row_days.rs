//! The days on which the rows of a list or table count.

use super::{Days, days_include};

/// Days by row. Rows of a file without such columns count on every day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowDays(Option<Vec<Days>>);

impl RowDays {
    /// The days of every row, in the order of the rows.
    pub fn by_row(days: Vec<Days>) -> Self {
        Self(Some(days))
    }

    /// Whether rows have days at all.
    pub fn is_dated(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a row counts on a day.
    pub fn count(&self, row: usize, day: i32) -> bool {
        self.of(row).is_some_and(|days| days_include(days, day))
    }

    /// Whether a row counts no more on a day and after it.
    pub fn are_over(&self, row: usize, day: i32) -> bool {
        self.of(row).is_none_or(|(_, until)| until.is_some_and(|until| until < day))
    }

    /// The days of a row; `None` for a row that is not there.
    pub fn of(&self, row: usize) -> Option<Days> {
        match &self.0 {
            None => Some((None, None)),
            Some(days) => days.get(row).copied(),
        }
    }
}
