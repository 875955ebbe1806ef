//! One person of the directory, and the days on which what stands beside a name counts.

use crate::value::{Decimal, fold};
use indexmap::IndexMap;

/// The first and the last day of a span of days, both included; `None` is an open end.
pub type Days = (Option<i32>, Option<i32>);

/// Whether a day lies in a span. One that ends before it starts holds no day.
pub fn days_include((from, until): Days, day: i32) -> bool {
    from.is_none_or(|from| from <= day) && until.is_none_or(|until| day <= until)
}

/// Whether a span ends before it starts.
pub fn days_are_empty(days: Days) -> bool {
    matches!(days, (Some(from), Some(until)) if until < from)
}

/// One person of the directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// Exact bytes after trimming; two people never share one.
    pub key: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// The teams named in the person's own row; sub-team membership is worked out by [`super::Directory::is_member`].
    pub teams: Vec<Membership>,
    /// The manager as written in the data: a key, an email or a name.
    pub manager: Option<String>,
    pub active: bool,
    /// How many records the person may own before a pool passes them by; `None` is no limit, 0 takes nothing.
    pub capacity: Option<u64>,
    /// The share of a pool that is dealt out by weight, never below 0; `None` where none is written.
    pub weight: Option<Decimal>,
    /// The days on which the person is away. `(None, None)` is every day.
    pub away: Vec<Days>,
    /// Who stands in while the person is away, as written in the data: a key, an email or a name.
    pub backup: Option<String>,
    /// Columns of the company's own, by column name, blank cells left out.
    pub extra: IndexMap<String, String>,
}

impl Person {
    pub fn is_away(&self, day: i32) -> bool {
        self.away.iter().any(|days| days_include(*days, day))
    }
}

/// A team that a person is in, and from when until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub team: String,
    /// The first day; `None` is open.
    pub from: Option<i32>,
    /// The last day, included; `None` is open.
    pub until: Option<i32>,
}

impl Membership {
    /// Without dates.
    pub fn always(team: impl Into<String>) -> Self {
        Self { team: team.into(), from: None, until: None }
    }

    pub fn days(&self) -> Days {
        (self.from, self.until)
    }

    pub fn counts_on(&self, day: i32) -> bool {
        days_include(self.days(), day)
    }

    /// The team as names are compared.
    pub(super) fn folded(&self) -> String {
        fold(&self.team)
    }
}
