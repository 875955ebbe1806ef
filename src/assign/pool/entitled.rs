//! Who may receive a record, and why the others are passed over.

use super::{Empty, Load, Loads, PassedOver, PeriodCap, Place, Pool, Request, Rotation};

impl Pool {
    /// The seats that may receive the record, in order.
    pub(super) fn collect(&self, rotation: &Rotation, loads: &Loads, request: &Request, open: &mut Vec<usize>) {
        open.extend(self.open(rotation, loads, request));
    }

    /// The first seat that may receive the record.
    pub(super) fn first_open(&self, rotation: &Rotation, loads: &Loads, request: &Request) -> Option<usize> {
        self.open(rotation, loads, request).next()
    }

    fn open(&self, rotation: &Rotation, loads: &Loads, request: &Request) -> impl Iterator<Item = usize> {
        let seats = self.fits.get(request.fit.0).map_or(&[][..], |fit| &fit.open);
        let may = |seat: &&usize| self.obstacle(&self.places[**seat], rotation, loads, request).is_none();
        seats.iter().filter(may).copied()
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

    /// How many are passed over for which reason.
    pub(super) fn empty(&self, rotation: &Rotation, loads: &Loads, request: &Request) -> Empty {
        let mut empty = Empty::default();
        for seat in 0..self.places.len() {
            if let Some(why) = self.passed_over(seat, rotation, loads, request) {
                empty.add(why);
            }
        }
        empty
    }
}
