//! A pool at work: who may keep, who may receive, and who is picked.

use super::hash::{lot, seed};
use super::loads::compare_by_weight;
use super::schedule::{Handle, Schedule, Share};
use super::weights::{reduce, whole_weights};
use super::{
    By, Empty, Load, Loads, Measure, PassedOver, PeriodCap, Person, Roster, Rotation, Seat, Standing, Strategy,
};
use crate::assign::NOBODY;
use rustc_hash::FxHashMap;

/// The most sets of people whose schedules a pool finds without looking at their names.
const FOUND_SCHEDULES_MAX: usize = 4_096;

/// A pool: a roster, a strategy, and its place in a rotation.
#[derive(Clone, Debug)]
pub struct Pool {
    roster: Roster,
    pub(super) strategy: Strategy,
    /// By seat.
    places: Vec<Place>,
    /// The seats whose member or backup an owner is, by owner code; those who are not active are left out.
    keepers: FxHashMap<u32, Vec<usize>>,
    /// Where the rotation counts what is received, and the cap.
    period_caps: Vec<(usize, PeriodCap)>,
    /// The least count of records that reaches `up to N`.
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

/// The person a pool picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picked {
    /// The code of the person who gets the record.
    pub owner: u32,
    /// The seat whose turn it was: the position in [`Roster::seats`].
    pub seat: usize,
    /// Whether the person stands in for the member of the seat.
    pub is_cover: bool,
    /// The rotation's turn. A pick by hash takes no turn.
    pub turn: u64,
    /// How the member stood before the pick.
    pub standing: Standing,
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
        let count_max = match (strategy.measure, strategy.load_max) {
            (Measure::Count, Some(load_max)) => {
                u64::try_from(load_max.ceil()).unwrap_or(if load_max.is_sign_negative() { 0 } else { u64::MAX })
            }
            _ => u64::MAX,
        };
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

    /// Picks one among those who may receive, and moves the rotation on. The loads are the caller's to change.
    ///
    /// `rotation` is the one the pool was joined to. Where nobody may receive nothing changes, and the counts say why.
    pub fn pick(&mut self, rotation: &mut Rotation, loads: &Loads, request: &Request) -> Result<Picked, Empty> {
        let mut open = std::mem::take(&mut self.may_receive);
        open.clear();
        self.collect(rotation, loads, request, &mut open);
        let picked = self.pick_among(&open, rotation, loads, request);
        self.may_receive = open;
        picked.ok_or_else(|| self.empty(rotation, loads, request))
    }

    fn pick_among(
        &mut self,
        open: &[usize],
        rotation: &mut Rotation,
        loads: &Loads,
        request: &Request,
    ) -> Option<Picked> {
        let handle = (self.strategy.by == By::Weight && !open.is_empty()).then(|| self.schedule(open, rotation));
        let schedule = handle.and_then(|handle| rotation.schedules.get(handle));
        let at = self.choose(open, rotation, loads, request, schedule)?;
        let seat = *open.get(at)?;
        let standing = self.standing(seat, at, rotation, loads, request, schedule);
        let place = self.places.get(seat)?;
        if self.strategy.by != By::Hash {
            rotation.take_turn(place.member);
        }
        let turn = rotation.turn();
        if let Some(handle) = handle {
            rotation.schedules.take(handle, at, turn);
        }
        rotation.receive(place.receiver);
        let is_cover = place.receiver_owner != place.owner;
        Some(Picked { owner: place.receiver_owner, seat, is_cover, turn, standing })
    }

    /// The pick in a few words, for the ledger: `turn 12: last turn 3`.
    pub fn note(&self, picked: &Picked) -> String {
        let member = self.roster.seats().get(picked.seat).map_or("", |seat| &seat.person.key);
        let cover = if picked.is_cover { format!(", covers `{member}`") } else { String::new() };
        match self.strategy.by {
            By::Hash => format!("{}{cover}", picked.standing),
            _ => format!("turn {}: {}{cover}", picked.turn, picked.standing),
        }
    }

    /// The seats that may receive the record, in order.
    pub(super) fn collect(&self, rotation: &Rotation, loads: &Loads, request: &Request, open: &mut Vec<usize>) {
        let seats = self.fits.get(request.fit.0).map_or(&[][..], |fit| &fit.open);
        let may = |seat: &&usize| self.obstacle(&self.places[**seat], rotation, loads, request).is_none();
        open.extend(seats.iter().filter(may).copied());
    }

    /// Why a seat is passed over for a record; `None` where it may receive.
    pub(super) fn passed_over(
        &self,
        seat: usize,
        rotation: &Rotation,
        loads: &Loads,
        request: &Request,
    ) -> Option<PassedOver> {
        let place = self.places.get(seat)?;
        match place.closed {
            Some(PassedOver::Inactive) => Some(PassedOver::Inactive),
            _ if !self.fits(request.fit, seat) => Some(PassedOver::Condition),
            Some(closed) => Some(closed),
            None => self.obstacle(place, rotation, loads, request),
        }
    }

    fn fits(&self, fit: FitId, seat: usize) -> bool {
        self.fits.get(fit.0).and_then(|fit| fit.fits.get(seat)).copied().unwrap_or(false)
    }

    /// What keeps a seat that is open otherwise from this record.
    fn obstacle(&self, place: &Place, rotation: &Rotation, loads: &Loads, request: &Request) -> Option<PassedOver> {
        let owner = place.receiver_owner;
        if request.excluded.contains(&place.owner) || request.excluded.contains(&owner) {
            return Some(PassedOver::Excluded);
        }
        let records = loads.count(owner);
        if records >= place.capacity_records_max {
            return Some(PassedOver::AtCapacity { records, capacity_records_max: place.capacity_records_max });
        }
        if let Some(load_max) = self.strategy.load_max {
            let load = loads.of(owner, self.strategy.measure);
            let is_full = match load {
                Load::Count(count) => count >= self.count_max,
                Load::Sum(_) => load.has_reached(load_max),
            };
            if is_full {
                return Some(PassedOver::Full { load, load_max });
            }
        }
        self.period_caps.iter().find_map(|(index, cap)| {
            let received = rotation.received(*index, place.receiver);
            let PeriodCap { received_max, period } = *cap;
            (received >= received_max).then_some(PassedOver::FullThisPeriod { received, received_max, period })
        })
    }

    /// Which of those who may receive is next, as a position among them.
    pub(super) fn choose(
        &self,
        open: &[usize],
        rotation: &Rotation,
        loads: &Loads,
        request: &Request,
        schedule: Option<&Schedule>,
    ) -> Option<usize> {
        let places = || open.iter().map(|seat| &self.places[*seat]).enumerate();
        let load = |place: &Place| loads.of(place.receiver_owner, self.strategy.measure);
        // Of equals the first key is next: seats stand in the order of their keys, and `min_by` keeps the first.
        let chosen = match self.strategy.by {
            By::Weight => return schedule?.next(|person| rotation.last(person)),
            By::Turn => places().min_by_key(|(_, place)| rotation.last(place.member)),
            By::Load | By::LoadByWeight => {
                let weight = |place: &Place| if self.strategy.by == By::Load { 1 } else { place.weight };
                let loads = places().map(|(at, place)| (at, place, (load(place), weight(place))));
                let least = loads.min_by(|(_, a, a_load), (_, b, b_load)| {
                    let by_turn = || rotation.last(a.member).cmp(&rotation.last(b.member));
                    compare_by_weight(*a_load, *b_load).then_with(by_turn)
                });
                return least.map(|(at, ..)| at);
            }
            By::Hash => {
                let record_seed = seed(request.record_key);
                places().min_by_key(|(_, place)| std::cmp::Reverse(lot(place.seed, record_seed)))
            }
        };
        chosen.map(|(at, _)| at)
    }

    /// How a seat stands that is at a position among those who may receive.
    pub(super) fn standing(
        &self,
        seat: usize,
        at: usize,
        rotation: &Rotation,
        loads: &Loads,
        request: &Request,
        schedule: Option<&Schedule>,
    ) -> Standing {
        let place = &self.places[seat];
        let last = rotation.last(place.member);
        let load = loads.of(place.receiver_owner, self.strategy.measure);
        match self.strategy.by {
            By::Turn => Standing::Turn { last },
            By::Weight => match schedule.and_then(|schedule| Some((schedule, schedule.members().get(at)?))) {
                Some((schedule, member)) => Standing::Weight {
                    turns: member.turns,
                    weight: member.weight,
                    place: schedule.place(),
                    weights_sum: schedule.weights_sum(),
                    release: member.release,
                    due: member.due,
                    last,
                },
                None => Standing::Turn { last },
            },
            By::Load => Standing::Load { load, last },
            By::LoadByWeight => {
                let weight = self.roster.seats()[seat].weight;
                Standing::LoadByWeight { load, weight, last }
            }
            By::Hash => Standing::Hash { lot: lot(place.seed, seed(request.record_key)) },
        }
    }

    /// The schedule of those who may receive, begun where there is none.
    fn schedule(&mut self, open: &[usize], rotation: &mut Rotation) -> Handle {
        let mut bits = vec![0_u64; self.places.len().div_ceil(64)];
        for seat in open {
            bits[seat / 64] |= 1 << (seat % 64);
        }
        if let Some(handle) = self.found.get(&bits)
            && rotation.schedules.get(*handle).is_some()
        {
            return *handle;
        }
        let handle = rotation.schedules.open(&self.shares(open));
        if self.found.len() >= FOUND_SCHEDULES_MAX {
            self.found.clear();
        }
        self.found.insert(bits, handle);
        handle
    }

    /// The people of a set and their weights, in the smallest whole numbers of the same ratios.
    pub(super) fn shares(&self, open: &[usize]) -> Vec<Share> {
        let mut weights: Vec<u64> = open.iter().map(|seat| self.places[*seat].weight).collect();
        reduce(&mut weights);
        open.iter().map(|seat| self.places[*seat].member).zip(weights).collect()
    }

    fn empty(&self, rotation: &Rotation, loads: &Loads, request: &Request) -> Empty {
        let mut empty = Empty::default();
        for seat in 0..self.places.len() {
            if let Some(why) = self.passed_over(seat, rotation, loads, request) {
                empty.add(why);
            }
        }
        empty
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
