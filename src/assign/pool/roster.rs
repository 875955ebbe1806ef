//! Who is in a pool, and how each stands today.

use crate::value::Decimal;

/// A person as a pool sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The code in [`OwnerTable`](crate::assign::OwnerTable).
    pub owner: u32,
    pub key: String,
    pub is_active: bool,
    /// Whether the person is away today.
    pub is_away: bool,
    /// The most records of the role the person may own before no pool picks them; `None` for no limit.
    pub capacity_records_max: Option<u64>,
}

/// A member's place in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub person: Person,
    /// The member's share where turns or loads go by weight; zero or less receives nothing there. Usually one.
    pub weight: Decimal,
    /// The member's backup, the backup's backup and so on, each once. While the member is away the first of them who is
    /// active and not away stands in; empty for nobody.
    pub backups: Vec<Person>,
}

impl Seat {
    /// A seat of weight one without backups.
    pub fn of(person: Person) -> Self {
        Seat { person, weight: Decimal::ONE, backups: Vec::new() }
    }

    /// Who stands in for the member today; `None` while the member is there, and where nobody can.
    pub fn cover(&self) -> Option<&Person> {
        let is_away = self.person.is_active && self.person.is_away;
        self.backups.iter().find(|backup| is_away && backup.is_active && !backup.is_away)
    }

    /// Who gets the record when it is this member's turn: the member, or while away the cover; `None` for nobody.
    pub fn receiver(&self) -> Option<&Person> {
        if !self.person.is_active {
            return None;
        }
        if self.person.is_away { self.cover() } else { Some(&self.person) }
    }
}

/// The seats of a pool, in the order of the members' keys (exact bytes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    seats: Vec<Seat>,
}

impl Roster {
    /// Orders the seats by key; of two seats with one key the first is kept. An empty roster is sound: nobody may receive.
    pub fn new(mut seats: Vec<Seat>) -> Self {
        seats.sort_by(|a, b| a.person.key.cmp(&b.person.key));
        seats.dedup_by(|later, first| later.person.key == first.person.key);
        Roster { seats }
    }

    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }
}
