//! Why a pool would pick whom it would pick.

use super::schedule::Schedule;
use super::{By, Loads, Pool, Request, Rotation, SeatVerdict, Verdict};

impl Pool {
    /// What the pool says of each seat for a record, in the order of the seats; nothing changes.
    ///
    /// Of those who may receive exactly one is next: the one that [`Pool::pick`] would take.
    pub fn explain(&self, rotation: &Rotation, loads: &Loads, request: &Request) -> Vec<SeatVerdict<'_>> {
        let mut open = Vec::new();
        self.collect(rotation, loads, request, &mut open);
        let fresh;
        let schedule = if self.strategy.by == By::Weight {
            let shares = self.shares(&open);
            fresh = Schedule::new(&shares);
            Some(rotation.schedules.find(&shares).unwrap_or(&fresh))
        } else {
            None
        };
        let next = self.choose(&open, rotation, loads, request, schedule);
        let mut at = 0;
        let verdict = |seat: usize| match self.passed_over(seat, rotation, loads, request) {
            Some(why) => Verdict::PassedOver(why),
            None => {
                let standing = self.standing(seat, at, rotation, loads, request, schedule);
                at += 1;
                Verdict::MayReceive { standing, is_next: next == Some(at - 1) }
            }
        };
        let verdicts: Vec<Verdict> = (0..self.roster().seats().len()).map(verdict).collect();
        let seats = self.roster().seats().iter().zip(verdicts).enumerate();
        seats
            .map(|(at, (seat, verdict))| SeatVerdict {
                seat: at,
                member: &seat.person.key,
                cover: seat.cover().map(|cover| cover.key.as_str()),
                verdict,
            })
            .collect()
    }
}
