//! Picking: what moves a rotation on.

use super::{By, Empty, Loads, Pool, Request, Rotation, Standing};

/// The person a pool picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picked {
    /// The code of the person who gets the record.
    pub owner: u32,
    /// The seat whose turn it was: the position in [`Roster::seats`](super::Roster::seats).
    pub seat: usize,
    /// Whether the person stands in for the member of the seat.
    pub is_cover: bool,
    /// The rotation's turn. A pick by hash takes no turn.
    pub turn: u64,
    /// How the member stood before the pick.
    pub standing: Standing,
}

impl Pool {
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

    /// Somebody who may receive, the first in order; nothing changes. Where nobody may the counts say why.
    pub fn would_receive(&self, rotation: &Rotation, loads: &Loads, request: &Request) -> Result<u32, Empty> {
        let first = self.first_open(rotation, loads, request).and_then(|seat| self.places.get(seat));
        first.map(|place| place.receiver_owner).ok_or_else(|| self.empty(rotation, loads, request))
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
}
