//! What a run notes down beside its decisions: pins by command, hand-overs, the state of rotations, values of fields.
//!
//! Each has a *reserved role*: its name holds a blank, or its record a colon, so that no policy can declare it. An entry
//! of one is written, chained, proved and erased like any other; it decides nothing, and control totals do not count it.
//! `assigned` says that what it speaks of has begun, `nobody` that it has ended.

use std::sync::Arc;

use super::types::{EntryDraft, Shown};
use crate::value::{Outcome, Owner};

const PIN_OF: &str = "pin of ";
const HANDING_OVER: &str = "handing over ";
const ROTATION: &str = "rotation";
const POOL: &str = "pool:";
const STATE: &str = "state";
/// Begins the names under which values of fields are kept among what the owner columns showed.
pub(super) const FIELD: &str = "field ";

/// What an entry of a reserved role says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Companion<'a> {
    /// The owner of this role was set by command.
    Pin { role: &'a str },
    /// The owner before is still handing over this role, until the entry's last day.
    HandingOver { role: &'a str },
    /// The state of a rotation after a run; the entry's key is its name.
    Rotation,
}

impl<'a> Companion<'a> {
    /// What an entry of this record type and role is; `None` for a decision.
    pub fn of(record: &str, role: &'a str) -> Option<Self> {
        if record == POOL {
            return Some(Companion::Rotation);
        }
        let pin = role.strip_prefix(PIN_OF).map(|role| Companion::Pin { role });
        pin.or_else(|| role.strip_prefix(HANDING_OVER).map(|role| Companion::HandingOver { role }))
    }

    /// The reserved role under which its entries stand.
    pub fn reserved_role(self) -> String {
        match self {
            Companion::Pin { role } => format!("{PIN_OF}{role}"),
            Companion::HandingOver { role } => format!("{HANDING_OVER}{role}"),
            Companion::Rotation => ROTATION.to_owned(),
        }
    }

    /// The role of the record that it speaks of; a rotation speaks of none.
    pub fn role(self) -> Option<&'a str> {
        match self {
            Companion::Pin { role } | Companion::HandingOver { role } => Some(role),
            Companion::Rotation => None,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Companion::Pin { .. } => "pin",
            Companion::HandingOver { .. } => "handing over",
            Companion::Rotation => "rotation",
        }
    }
}

impl EntryDraft {
    /// A pin begins: `owner` from the first to the last day, both included; `None` is without end.
    pub fn pin(record: &str, key: &str, role: &str, owner: Owner, from: i32, until: Option<i32>) -> Self {
        EntryDraft {
            owner: Some(owner),
            effective_from: Some(from),
            effective_until: until,
            ..beside(record, key, Companion::Pin { role })
        }
    }

    /// A pin ends on this day: it was taken back.
    pub fn unpin(record: &str, key: &str, role: &str, previous: Option<Owner>, day: i32) -> Self {
        EntryDraft {
            outcome: Outcome::Nobody,
            previous,
            effective_from: Some(day),
            ..beside(record, key, Companion::Pin { role })
        }
    }

    /// `outgoing` hands this role over from the first to the last day, both included.
    pub fn handing_over(record: &str, key: &str, role: &str, outgoing: Owner, from: i32, until: i32) -> Self {
        EntryDraft {
            owner: Some(outgoing),
            effective_from: Some(from),
            effective_until: Some(until),
            ..beside(record, key, Companion::HandingOver { role })
        }
    }

    /// A hand-over ends on this day, whatever its last day was to be.
    pub fn handed_over(record: &str, key: &str, role: &str, outgoing: Owner, day: i32) -> Self {
        EntryDraft {
            outcome: Outcome::Nobody,
            previous: Some(outgoing),
            effective_from: Some(day),
            ..beside(record, key, Companion::HandingOver { role })
        }
    }

    /// Where a rotation stands after the run, as text of its own making; `None` for one that no rule uses any more.
    pub fn rotation(name: &str, state: Option<String>) -> Self {
        EntryDraft {
            outcome: if state.is_some() { Outcome::Assigned } else { Outcome::Nobody },
            values: state.map(|state| (STATE.into(), Some(state))).into_iter().collect(),
            ..beside(POOL, name, Companion::Rotation)
        }
    }
}

impl Shown {
    /// The value a field had in a run, as text; `None` is missing. The ledger keeps it where it changed.
    pub fn field(record: Arc<str>, key: String, path: &str, value: Option<String>) -> Self {
        Shown { record, key, role: format!("{FIELD}{path}").into(), value }
    }
}

fn beside(record: &str, key: &str, companion: Companion<'_>) -> EntryDraft {
    EntryDraft::new(record.into(), key.to_owned(), companion.reserved_role().into(), Outcome::Assigned)
}
