//! Pools: one person out of a set of people, chosen by turn, by weight, by load or by hash.
//!
//! Takes a [`Roster`] (who is in the pool and how each stands today), a [`Strategy`] (how one is chosen, up to which
//! caps), the [`Loads`] of a role and a [`Rotation`] (what is remembered from pick to pick); gives a [`Picked`] person or
//! says why nobody may receive. It knows neither records nor policies: conditions come in as a [`FitId`], people as owner
//! codes. The same state and the same requests give the same picks, in one go or in pieces. What each way of choosing
//! promises is told for admins in `docs/strategies.md`.

mod choose;
mod entitled;
mod explain;
mod hash;
mod loads;
mod period;
mod pick;
mod roster;
mod rotation;
mod schedule;
mod state;
mod strategy;
mod verdict;
mod weights;

pub use loads::{Load, Loads, Measure, SumId};
pub use period::Period;
pub use pick::Picked;
pub use roster::{Person, Roster, Seat};
pub use rotation::Rotation;
pub use state::{RotationState, StateError};
pub use strategy::{By, PeriodCap, Strategy};
pub use verdict::{Empty, PassedOver, SeatVerdict, Standing, Verdict};

use self::hash::seed;
use self::schedule::Handle;
use self::weights::whole_weights;
use crate::assign::NOBODY;
use crate::value::Decimal;
use rustc_hash::FxHashMap;

/// A pool: a roster, a strategy, and its place in a rotation.
#[derive(Clone, Debug)]
pub struct Pool {
    roster: Roster,
    strategy: Strategy,
    /// By seat.
    places: Vec<Place>,
    /// The seats whose member or backup an owner is, by owner code; those who are not active are left out.
    keepers: FxHashMap<u32, Vec<usize>>,
    /// Where the rotation counts what is received, and the cap.
    period_caps: Vec<(usize, PeriodCap)>,
    /// The least count of records that reaches `up to N`, where load is a count.
    count_max: u64,
    fits: Vec<Fit>,
    fit_ids: FxHashMap<Vec<bool>, FitId>,
    /// Where the schedules of sets of seats are kept, by the bits of the set.
    found: FxHashMap<Vec<u64>, Handle>,
    /// The seats that may receive the record at hand; kept only to spare an allocation a pick.
    may_receive: Vec<usize>,
}

/// What a pick needs of a seat.
#[derive(Clone, Debug)]
struct Place {
    owner: u32,
    /// The member's position in the rotation.
    member: usize,
    /// Who gets the record: the member or the cover.
    receiver_owner: u32,
    receiver: usize,
    capacity_records_max: u64,
    /// Whole, in the ratios of the roster's weights.
    weight: u64,
    seed: u64,
    /// Why nobody receives at this seat, whatever the record.
    closed: Option<PassedOver>,
}

/// A set of members for whom the pool's member condition is true; see [`Pool::fit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FitId(usize);

#[derive(Clone, Debug)]
struct Fit {
    fits: Vec<bool>,
    /// The seats that fit and are not closed, in order.
    open: Vec<usize>,
}

/// What a pool has to know of a record.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The members for whom the member condition is true; an id of another pool is nobody.
    pub fit: FitId,
    /// Owners who may not have the record, by code (`never the same person as …`).
    pub excluded: &'a [u32],
    /// The record's key. Only [`By::Hash`] reads it.
    pub record_key: &'a str,
    /// The current owner, by code; [`NOBODY`] for none. Only [`Pool::may_keep`] reads it.
    pub current: u32,
}

impl Pool {
    /// Everybody in the pool: for pools without a member condition.
    pub const EVERYBODY: FitId = FitId(0);

    /// Joins a roster to a rotation.
    ///
    /// Active members who are new in the rotation enter at the average of the others' last turns, rounded down. A
    /// strategy by hash enters nobody.
    pub fn new(roster: Roster, strategy: Strategy, rotation: &mut Rotation) -> Self {
        let weights: Vec<_> = roster.seats().iter().map(|seat| seat.weight).collect();
        let places: Vec<Place> = roster
            .seats()
            .iter()
            .zip(whole_weights(&weights))
            .map(|(seat, weight)| Place::new(seat, weight, strategy.by, rotation))
            .collect();
        if strategy.by != By::Hash {
            let active = roster.seats().iter().zip(&places).filter(|(seat, _)| seat.person.is_active);
            let members: Vec<usize> = active.map(|(_, place)| place.member).collect();
            rotation.enter(&members);
        }
        let period_caps = strategy.period_caps.iter().map(|cap| (rotation.count(cap.period), *cap)).collect();
        let count_max = strategy.load_max.map_or(u64::MAX, first_count_from);
        let mut pool = Pool {
            keepers: keepers(roster.seats()),
            roster,
            strategy,
            places,
            period_caps,
            count_max,
            fits: Vec::new(),
            fit_ids: FxHashMap::default(),
            found: FxHashMap::default(),
            may_receive: Vec::new(),
        };
        pool.fit(&vec![true; pool.places.len()]);
        pool
    }

    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The id of a set of members: by seat, whether the member condition is true. Equal sets have one id. Seats beyond
    /// the end do not fit.
    pub fn fit(&mut self, fits: &[bool]) -> FitId {
        if let Some(id) = self.fit_ids.get(fits) {
            return *id;
        }
        let id = FitId(self.fits.len());
        let seats = self.places.iter().zip(fits).enumerate();
        let open = seats.filter(|(_, (place, fits))| **fits && place.closed.is_none()).map(|(seat, _)| seat).collect();
        self.fits.push(Fit { fits: fits.to_vec(), open });
        self.fit_ids.insert(fits.to_vec(), id);
        id
    }

    /// Whether the record's current owner may keep it: an active member who fits, or an active backup of one, and not
    /// excluded. Leave, caps and weights do not matter.
    pub fn may_keep(&self, request: &Request) -> bool {
        let is_excluded = |owner: u32| request.excluded.contains(&owner);
        if is_excluded(request.current) {
            return false;
        }
        let seats = self.keepers.get(&request.current).map_or(&[][..], Vec::as_slice);
        seats.iter().any(|seat| self.fits(request.fit, *seat) && !is_excluded(self.places[*seat].owner))
    }

    fn fits(&self, fit: FitId, seat: usize) -> bool {
        self.fits.get(fit.0).and_then(|fit| fit.fits.get(seat)).copied().unwrap_or(false)
    }
}

impl Place {
    fn new(seat: &Seat, weight: u64, by: By, rotation: &mut Rotation) -> Self {
        let receiver: &Person = seat.receiver().unwrap_or(&seat.person);
        let closed = if !seat.person.is_active {
            Some(PassedOver::Inactive)
        } else if by.is_weighted() && weight == 0 {
            Some(PassedOver::NoWeight)
        } else {
            seat.receiver().is_none().then_some(PassedOver::Away)
        };
        Place {
            owner: seat.person.owner,
            member: rotation.person(&seat.person.key),
            receiver_owner: receiver.owner,
            receiver: rotation.person(&receiver.key),
            capacity_records_max: receiver.capacity_records_max.unwrap_or(u64::MAX),
            weight,
            seed: if by == By::Hash { seed(&seat.person.key) } else { 0 },
            closed,
        }
    }
}

fn keepers(seats: &[Seat]) -> FxHashMap<u32, Vec<usize>> {
    let mut keepers: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
    for (at, seat) in seats.iter().enumerate().filter(|(_, seat)| seat.person.is_active) {
        let people = std::iter::once(&seat.person).chain(&seat.backups);
        for person in people.filter(|person| person.is_active && person.owner != NOBODY) {
            keepers.entry(person.owner).or_default().push(at);
        }
    }
    keepers
}

/// The least whole count that reaches a cap.
fn first_count_from(load_max: Decimal) -> u64 {
    if load_max.is_sign_negative() { 0 } else { u64::try_from(load_max.ceil()).unwrap_or(u64::MAX) }
}

#[cfg(test)]
mod tests {
    use proptest::test_runner::{Config, RngSeed};

    /// The settings of a property of so many cases, always the same ones.
    pub fn config(cases: u32) -> Config {
        Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..Config::default() }
    }
}
