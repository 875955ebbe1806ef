//! Which of those who may receive is next.

use super::hash::{lot, seed};
use super::loads::compare_by_weight;
use super::schedule::{Handle, Schedule, Share};
use super::weights::reduce;
use super::{By, Loads, Place, Pool, Request, Rotation, Standing};

/// The most sets of people whose schedules a pool finds without looking at their names.
const FOUND_SCHEDULES_MAX: usize = 4_096;

impl Pool {
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
    pub(super) fn schedule(&mut self, open: &[usize], rotation: &mut Rotation) -> Handle {
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
}
