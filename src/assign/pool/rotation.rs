//! A rotation at work: the state of one or more pools that share it, ready for many picks.

use super::Period;
use super::schedule::Schedules;
use super::state::{Received, RotationState};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

/// A rotation: what pools that share it remember from pick to pick.
///
/// Opened from a [`RotationState`], joined by each of its pools ([`Pool::new`](super::Pool::new)), changed by their
/// picks, and read out again with [`Rotation::state`].
#[derive(Clone, Debug)]
pub struct Rotation {
    today: i32,
    turn: u64,
    /// The keys of all people the rotation has heard of; a person is a position in here.
    people: IndexSet<String, FxBuildHasher>,
    /// The last turn, by person; `None` for those who are no members of any of its pools.
    last: Vec<Option<u64>>,
    received: Vec<Counted>,
    pub(super) schedules: Schedules,
}

/// What people received in one calendar period.
#[derive(Clone, Debug)]
struct Counted {
    period: Period,
    from: i32,
    /// By person; people beyond the end received nothing.
    counts: Vec<u64>,
}

impl Rotation {
    /// Opens a state on a day (since 1970-01-01). What was received in periods that are over by then is dropped.
    pub fn open(state: &RotationState, today: i32) -> Self {
        let mut rotation = Rotation {
            today,
            turn: state.turn,
            people: IndexSet::default(),
            last: Vec::new(),
            received: Vec::new(),
            schedules: Schedules::default(),
        };
        for (key, last) in &state.last {
            let person = rotation.person(key);
            rotation.last[person] = Some(*last);
        }
        for (period, received) in state.received.iter().filter(|(period, at)| period.first_day(today) == at.from) {
            let index = rotation.count(*period);
            for (key, count) in &received.counts {
                let person = rotation.person(key);
                *entry(&mut rotation.received[index].counts, person) = *count;
            }
        }
        let mut schedules = Schedules::default();
        for schedule in &state.schedules {
            schedules.restore(schedule, |key| rotation.person(key));
        }
        rotation.schedules = schedules;
        rotation
    }

    /// The state after all picks so far.
    pub fn state(&self) -> RotationState {
        let key = |person: usize| self.people.get_index(person).cloned().unwrap_or_default();
        let received = self.received.iter().map(|counted| {
            let had = counted.counts.iter().enumerate().filter(|(_, count)| **count > 0);
            let counts = had.map(|(person, count)| (key(person), *count)).collect();
            (counted.period, Received { from: counted.from, counts })
        });
        RotationState {
            turn: self.turn,
            last: (0..).zip(&self.last).filter_map(|(person, last)| Some((key(person), (*last)?))).collect(),
            received: received.filter(|(_, received)| !received.counts.is_empty()).collect(),
            schedules: self.schedules.states(key),
        }
    }

    /// Turns given so far.
    pub fn turn(&self) -> u64 {
        self.turn
    }

    /// The person of a key, made known if need be.
    pub(super) fn person(&mut self, key: &str) -> usize {
        if let Some(person) = self.people.get_index_of(key) {
            return person;
        }
        self.last.push(None);
        self.people.insert_full(key.to_owned()).0
    }

    /// Gives members who are new a last turn: the others' average, rounded down; where all are new, all start equal.
    pub(super) fn enter(&mut self, members: &[usize]) {
        let known: Vec<u64> = members.iter().filter_map(|member| self.last.get(*member).copied().flatten()).collect();
        let sum: u128 = known.iter().map(|last| u128::from(*last)).sum();
        let average = u64::try_from(sum / (known.len().max(1) as u128)).unwrap_or(u64::MAX);
        for member in members {
            if let Some(last) = self.last.get_mut(*member) {
                last.get_or_insert(average);
            }
        }
    }

    /// Counts what is received in a kind of period from now on, and says where.
    pub(super) fn count(&mut self, period: Period) -> usize {
        let index = self.received.iter().position(|counted| counted.period == period);
        index.unwrap_or_else(|| {
            self.received.push(Counted { period, from: period.first_day(self.today), counts: Vec::new() });
            self.received.len() - 1
        })
    }

    /// A member's last turn; zero for somebody who has had none.
    pub(super) fn last(&self, person: usize) -> u64 {
        self.last.get(person).copied().flatten().unwrap_or(0)
    }

    /// What a person received in the current period that [`Rotation::count`] told the place of.
    pub(super) fn received(&self, index: usize, person: usize) -> u64 {
        let counted = self.received.get(index);
        counted.and_then(|counted| counted.counts.get(person)).copied().unwrap_or(0)
    }

    /// Gives the next turn to a member.
    pub(super) fn take_turn(&mut self, member: usize) {
        self.turn = self.turn.saturating_add(1);
        if let Some(last) = self.last.get_mut(member) {
            *last = Some(self.turn);
        }
    }

    /// Counts a record that a person receives.
    pub(super) fn receive(&mut self, person: usize) {
        for counted in &mut self.received {
            let count = entry(&mut counted.counts, person);
            *count = count.saturating_add(1);
        }
    }
}

fn entry(counts: &mut Vec<u64>, person: usize) -> &mut u64 {
    if person >= counts.len() {
        counts.resize(person + 1, 0);
    }
    &mut counts[person]
}
