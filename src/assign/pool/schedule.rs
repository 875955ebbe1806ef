//! Turns in proportion to weights, for one exact set of people.
//!
//! Members of weights w with the sum W share a cycle of W places. The (j+1)-th turn of a member is **released** at the
//! first place t with `w * t > j * W` and **due** at the last place t with `w * (t - 1) < (j+1) * W`. Kept to, these
//! hold every count strictly within one of its exact quota `t * w / W` after every place t: a turn before its release
//! would be one too many, a turn after its due place one too few. The next place goes to the released turn that is due
//! first (Steiner and Yeomans, "Level schedules for mixed-model, just-in-time processes", 1993; Tijdeman, "The chairman
//! assignment problem", 1980).
//!
//! Why no turn is ever late. For turns of one place each with whole releases and dues, taking the earliest due is
//! optimal, so it is enough that some order is in time. That is so if no stretch of places `a ..= b` has to hold more
//! turns than it has places (Hall's theorem for intervals). A member's turns that are both released and due inside it
//! are those with `j >= (a-1) * w / W` and `j + 1 <= b * w / W`: at most `(b - a + 1) * w / W` of them. Over all members
//! these add up to no more than `b - a + 1`. Some turn is always released: were none, every count would have reached
//! `t * w / W`, and together they would be `t`, one more than the turns given so far.
//!
//! At the end of a cycle every count equals its weight, so a schedule begins anew and its numbers stay small.

use super::state::ScheduleState;
use rustc_hash::FxHashMap;

/// The most sets of people that are remembered; of more the one used longest ago is forgotten.
pub(super) const SCHEDULES_MAX: usize = 256;

/// A member of a schedule: the position of a person in the rotation, and a whole weight above zero.
pub(super) type Share = (usize, u64);

/// Where a schedule is kept. Stale once the schedule has been forgotten.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handle {
    index: usize,
    serial: u64,
}

/// The turns of one set of people. The members' order is that of their keys.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    members: Vec<Member>,
    weights_sum: u64,
    /// Turns given in this cycle; below `weights_sum`.
    turns: u64,
    /// The rotation's turn at which the schedule was last used.
    used: u64,
    serial: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub person: usize,
    pub weight: u64,
    /// Turns had in this cycle; at most `weight`.
    pub turns: u64,
    pub release: u64,
    pub due: u64,
}

impl Member {
    fn new((person, weight): Share, turns: u64, weights_sum: u64) -> Self {
        let mut member = Member { person, weight, turns, release: 0, due: 0 };
        member.set_window(weights_sum);
        member
    }

    fn set_window(&mut self, weights_sum: u64) {
        let (weight, sum, turns) = (u128::from(self.weight.max(1)), u128::from(weights_sum), u128::from(self.turns));
        let fit = |place: u128| u64::try_from(place).unwrap_or(u64::MAX);
        self.release = fit(turns * sum / weight + 1);
        self.due = fit(((turns + 1) * sum).div_ceil(weight));
    }
}

impl Schedule {
    pub fn new(shares: &[Share]) -> Self {
        let weights_sum = shares.iter().fold(0_u64, |sum, (_, weight)| sum.saturating_add(*weight));
        let members = shares.iter().map(|share| Member::new(*share, 0, weights_sum)).collect();
        Schedule { members, weights_sum, turns: 0, used: 0, serial: 0 }
    }

    /// The place that is to be filled next, from 1.
    pub fn place(&self) -> u64 {
        self.turns + 1
    }

    pub fn weights_sum(&self) -> u64 {
        self.weights_sum
    }

    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The position of the member who is next; `last` tells a person's last turn. `None` without members.
    pub fn next(&self, last: impl Fn(usize) -> u64) -> Option<usize> {
        let place = self.place();
        let released = self.members.iter().enumerate().filter(|(_, member)| member.release <= place);
        // The first of equals stays: members stand in the order of their keys.
        let next =
            released.min_by(|(_, a), (_, b)| a.due.cmp(&b.due).then_with(|| last(a.person).cmp(&last(b.person))));
        next.map(|(at, _)| at)
    }

    /// Gives the next place to the member at a position, in a turn of the rotation.
    pub fn take(&mut self, at: usize, turn: u64) {
        let Some(member) = self.members.get_mut(at) else { return };
        self.used = turn;
        self.turns += 1;
        member.turns += 1;
        member.set_window(self.weights_sum);
        if self.turns >= self.weights_sum {
            self.turns = 0;
            for member in &mut self.members {
                member.turns = 0;
                member.set_window(self.weights_sum);
            }
        }
    }

    fn shares(&self) -> Vec<Share> {
        self.members.iter().map(|member| (member.person, member.weight)).collect()
    }
}

/// The schedules of a rotation, those of the sets used last.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedules {
    all: Vec<Schedule>,
    by_shares: FxHashMap<Vec<Share>, usize>,
    serials: u64,
}

impl Schedules {
    pub fn get(&self, handle: Handle) -> Option<&Schedule> {
        self.all.get(handle.index).filter(|schedule| schedule.serial == handle.serial)
    }

    pub fn find(&self, shares: &[Share]) -> Option<&Schedule> {
        self.all.get(*self.by_shares.get(shares)?)
    }

    /// The schedule of a set of people, begun where there is none. Shares stand in the order of the people's keys.
    pub fn open(&mut self, shares: &[Share]) -> Handle {
        let index = match self.by_shares.get(shares) {
            Some(index) => *index,
            None => self.add(Schedule::new(shares)),
        };
        Handle { index, serial: self.all[index].serial }
    }

    pub fn take(&mut self, handle: Handle, at: usize, turn: u64) {
        if let Some(schedule) = self.all.get_mut(handle.index)
            && schedule.serial == handle.serial
        {
            schedule.take(at, turn);
        }
    }

    fn add(&mut self, mut schedule: Schedule) -> usize {
        self.serials += 1;
        schedule.serial = self.serials;
        let shares = schedule.shares();
        let index = if self.all.len() < SCHEDULES_MAX {
            self.all.push(schedule);
            self.all.len() - 1
        } else {
            let index = (0..self.all.len()).min_by_key(|index| self.all[*index].used).unwrap_or(0);
            self.by_shares.remove(&self.all[index].shares());
            self.all[index] = schedule;
            index
        };
        self.by_shares.insert(shares, index);
        index
    }

    /// Reads one schedule; `person` gives the position of a key in the rotation. The state is sound by construction.
    pub fn restore(&mut self, state: &ScheduleState, mut person: impl FnMut(&str) -> usize) {
        let weights_sum = state.members.values().fold(0_u64, |sum, share| sum.saturating_add(share.weight));
        let members: Vec<Member> = state
            .members
            .iter()
            .map(|(key, share)| Member::new((person(key), share.weight), share.turns, weights_sum))
            .collect();
        let turns = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.turns));
        self.add(Schedule { members, weights_sum, turns, used: state.used, serial: 0 });
    }

    /// The schedules that have been used, by their last use.
    pub fn states(&self, key: impl Fn(usize) -> String) -> Vec<ScheduleState> {
        let mut used: Vec<&Schedule> = self.all.iter().filter(|schedule| schedule.used > 0).collect();
        used.sort_by_key(|schedule| schedule.used);
        used.into_iter()
            .map(|schedule| {
                let shares = schedule.members.iter().map(|member| {
                    let share = super::state::Share { weight: member.weight, turns: member.turns };
                    (key(member.person), share)
                });
                ScheduleState { used: schedule.used, members: shares.collect() }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assign::pool::weights::whole_weights;
    use crate::value::Decimal;
    use proptest::prelude::*;

    fn shares(weights: &[u64]) -> Vec<Share> {
        weights.iter().copied().enumerate().collect()
    }

    /// The order of so many turns, as positions.
    fn order(weights: &[u64], turn_count: u64) -> Vec<usize> {
        let mut schedule = Schedule::new(&shares(weights));
        let mut last = vec![0; weights.len()];
        (1..=turn_count)
            .map(|turn| {
                let at = schedule.next(|person| last[person]).unwrap();
                last[at] = turn;
                schedule.take(at, turn);
                at
            })
            .collect()
    }

    #[test]
    fn turns_of_the_heavy_are_spread_over_the_cycle() {
        assert_eq!(order(&[1, 1, 1], 6), [0, 1, 2, 0, 1, 2]);
        assert_eq!(order(&[5, 1, 1], 7), [0, 0, 0, 1, 0, 2, 0]);
        assert_eq!(order(&[2, 1], 6), [0, 1, 0, 0, 1, 0]);
        // The table of docs/strategies.md.
        assert_eq!(order(&[3, 2, 1], 6), [0, 1, 0, 2, 1, 0]);
        assert_eq!(order(&[1], 3), [0, 0, 0]);
        assert_eq!(Schedule::new(&[]).next(|_| 0), None);
    }

    /// After every place t each count is strictly within one of t * w / W.
    fn within_one(weights: &[u64], order: &[usize]) -> Result<(), TestCaseError> {
        let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let mut counts = vec![0_i128; weights.len()];
        for (turn, at) in (1_i128..).zip(order) {
            counts[*at] += 1;
            for (count, weight) in counts.iter().zip(weights) {
                prop_assert!((count * sum - turn * i128::from(*weight)).abs() < sum, "turn {turn} of {weights:?}");
            }
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(crate::assign::pool::tests::config(48))]

        #[test]
        fn every_prefix_is_within_one_of_its_quota(weights in proptest::collection::vec(1_u64..100, 1..=40)) {
            within_one(&weights, &order(&weights, 2_000))?;
        }

        #[test]
        fn weights_of_any_size_keep_the_bound(
            digits in proptest::collection::vec((1_i128..(1 << 96), 0_u32..=28), 1..=40),
        ) {
            let weights: Vec<Decimal> =
                digits.iter().map(|(digits, scale)| Decimal::from_i128_with_scale(*digits, *scale)).collect();
            let weights = whole_weights(&weights);
            within_one(&weights, &order(&weights, 500))?;
        }
    }
}
