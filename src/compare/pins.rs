//! Pins of a run: those that policies write and those given by command, in one list.

use super::Past;
use crate::assign::{Binding, OwnerTable};
use crate::check::policy::{RoleId, TypedPolicy};
use crate::column::TableData;
use crate::decide::{Pinned, RoleInput};
use crate::schema::Found;
use crate::source::Span;
use crate::value::{Owner, OwnerKind};

/// The owner of one record, set by hand: it comes before every rule (design section 3, point 3).
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    pub role: RoleId,
    /// The record's key, exact.
    pub key: String,
    /// Who is meant, whether or not they may own.
    pub owner: Owner,
    pub because: Option<String>,
    /// First and last day on which it counts, both included.
    pub from: Option<i32>,
    pub until: Option<i32>,
    pub origin: PinOrigin,
}

/// Who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinOrigin {
    /// A sentence of a policy.
    Policy(Span),
    /// A command, and the instant at which it was given.
    Command { actor: String, as_of: i64 },
}

impl Pin {
    /// Its last day has passed.
    pub fn is_over(&self, today: i32) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Its first day has not come yet.
    pub fn is_to_come(&self, today: i32) -> bool {
        self.from.is_some_and(|from| today < from)
    }

    /// Whether the day is one of its days.
    pub fn is_live(&self, today: i32) -> bool {
        !self.is_over(today) && !self.is_to_come(today)
    }

    pub fn is_command(&self) -> bool {
        matches!(self.origin, PinOrigin::Command { .. })
    }

    /// Why it does not count on any day: its owner may not own. `None` where they may.
    pub fn refused(&self, binding: &Binding) -> Option<String> {
        let (directory, id) = (binding.directory(), &self.owner.id);
        match self.owner.kind {
            OwnerKind::Person if !directory.has_people => None,
            OwnerKind::Person => match directory.person(id) {
                Some(person) if person.active => None,
                Some(_) => Some(format!("`{id}` is not active")),
                None => Some(format!("nobody is called `{id}`")),
            },
            OwnerKind::Team | OwnerKind::Queue => {
                let is_known = directory.find(id) == Found::Owner(self.owner.clone());
                (!is_known).then(|| format!("there is no {} `{id}`", self.owner.kind.word()))
            }
            OwnerKind::Unlisted => Some(format!("nobody is called `{id}`")),
        }
    }
}

/// All pins of a run: the policy's in the order in which they are written, then the commands'.
pub fn pins(policy: &TypedPolicy, past: &Past, binding: &Binding) -> Vec<Pin> {
    let written = policy.pins.iter().filter_map(|pin| {
        let named = binding.name(pin.owner).ok().cloned();
        Some(Pin {
            role: pin.role,
            key: pin.key.clone(),
            owner: named.or_else(|| binding.shown(&policy.names[pin.owner.0 as usize].text))?,
            because: pin.because.clone(),
            from: pin.from,
            until: pin.until,
            origin: PinOrigin::Policy(pin.span),
        })
    });
    written.chain(past.pins.iter().cloned()).collect()
}

/// Sets the owners of pinned rows: pins of this role that are live and name somebody who may own; a command's comes
/// before a policy's. A pin comes before drift. Returns the pins whose record is not in the table, by their places.
pub fn set_pins(
    pins: &[Pin],
    role: RoleId,
    table: &TableData,
    today: i32,
    binding: &Binding,
    owners: &mut OwnerTable,
    input: &mut RoleInput,
) -> Vec<usize> {
    let mut absent = Vec::new();
    for (at, pin) in pins.iter().enumerate() {
        if pin.role != role || !pin.is_live(today) || pin.refused(binding).is_some() {
            continue;
        }
        match table.row_of(&pin.key) {
            Some(row) => {
                // Commands stand last in the list, so theirs is the one that stays.
                input.pinned.insert(row, Pinned { owner: owners.code(&pin.owner), pin: at });
                input.drifted.remove(row);
            }
            None => absent.push(at),
        }
    }
    absent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_pin_count() {
        let pin = |from, until| Pin {
            role: RoleId(0),
            key: "A".into(),
            owner: Owner::new(OwnerKind::Team, "Sales"),
            because: None,
            from,
            until,
            origin: PinOrigin::Command { actor: "ops".into(), as_of: 0 },
        };
        let days = |pin: &Pin| -> Vec<i32> { (0..8).filter(|day| pin.is_live(*day)).collect() };
        assert_eq!(days(&pin(Some(2), Some(4))), [2, 3, 4]);
        assert_eq!(days(&pin(None, Some(1))), [0, 1]);
        assert_eq!(days(&pin(Some(6), None)), [6, 7]);
        assert!(pin(Some(2), Some(4)).is_to_come(1) && pin(Some(2), Some(4)).is_over(5));
        assert!(!pin(None, None).is_to_come(i32::MIN) && !pin(None, None).is_over(i32::MAX));
    }
}
