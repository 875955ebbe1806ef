//! The change set of a run: what the rules decided, held against what the ledger knows and the source shows.
//!
//! Pure: the ledger's last entries and the columns come in as values, entries to be written go out. Whether a change
//! is written at all is design section 3, points 2 and 16.

mod advance;
mod changes;
mod clock;
mod history;
mod moved;
mod moved_teams;
mod news;
mod past;
mod pins;
mod seen;
mod teams;
mod values;

pub use advance::Advanced;
pub use changes::{Change, ChangeSet, Compared, RoleTotals, compare, keys_of};
pub use clock::begun;
pub use history::{Answers, Asking, answer};
pub use moved::{By, MovedRecord, MovedSide, Pair, RoleMoves, Shared, ValueSide, Wanted, moved};
pub use moved_teams::{Member, TeamMoves, TeamSide, moved_teams};
pub use news::{News, news};
pub use past::{Past, PastEntry, PastRule, RolePast, elsewhere, role_input};
pub use pins::{Pin, PinOrigin, pins, set_pins};
pub use seen::{SeenValue, SeenValues, Sight, Spell};
pub use teams::{
    ComparedTeam, PastTeam, PastTeams, TeamChange, TeamMember, TeamTotals, gather_input, members_from, members_text,
    missing_from,
};
pub use values::{StoredFacts, owner_text, read_values, value_names};

/// What happens to an owner that was changed outside (design section 3, point 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DriftPolicy {
    /// The outside owner is kept and the record is listed until somebody decides.
    #[default]
    Report,
    /// The outside owner is kept as if somebody had decided so.
    Accept,
    /// The rules decide.
    Restore,
}

impl DriftPolicy {
    /// As settings, saved plans and the ledger write it.
    pub fn word(self) -> &'static str {
        match self {
            DriftPolicy::Report => "report",
            DriftPolicy::Accept => "accept",
            DriftPolicy::Restore => "restore",
        }
    }
}
