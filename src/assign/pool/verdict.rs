//! What a pool says of its members: who may receive and how they stand, who was passed over and why.

use super::{Load, Period};
use crate::value::{Decimal, compact};
use std::fmt;

/// Why a member was passed over. Of several reasons the first in this order is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    Inactive,
    /// The pool's member condition is false for the record.
    Condition,
    /// Weight zero, where weights count.
    NoWeight,
    /// Away, and nobody stands in.
    Away,
    /// The record may not go to this member, or not to who stands in.
    Excluded,
    /// Owns as many records of the role as the person's capacity.
    AtCapacity {
        records: u64,
        capacity_records_max: u64,
    },
    /// Has reached the cap of the strategy (`up to N`).
    Full {
        load: Load,
        load_max: Decimal,
    },
    /// Has received as many as the strategy allows in the period.
    FullThisPeriod {
        received: u64,
        received_max: u64,
        period: Period,
    },
}

impl fmt::Display for PassedOver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PassedOver::Inactive => out.write_str("not active"),
            PassedOver::Condition => out.write_str("the condition is false"),
            PassedOver::NoWeight => out.write_str("weight 0"),
            PassedOver::Away => out.write_str("away, and nobody stands in"),
            PassedOver::Excluded => out.write_str("excluded for this record"),
            PassedOver::AtCapacity { records, capacity_records_max } => {
                write!(out, "at capacity: owns {records} of {capacity_records_max}")
            }
            PassedOver::Full { load, load_max } => write!(out, "full: load {load} of {}", compact(*load_max)),
            PassedOver::FullThisPeriod { received, received_max, period } => {
                write!(out, "full this {period}: received {received} of {received_max}")
            }
        }
    }
}

/// How one who may receive stands beside the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The last turn, zero for none: the longest ago is next.
    Turn { last: u64 },
    /// In a cycle of `weights_sum` places, of which `place` is open, the member had `turns` of `weight`. The next may be
    /// had from the place `release` on; of those who may, the first `due` is next, then the last turn longest ago.
    Weight { turns: u64, weight: u64, place: u64, weights_sum: u64, release: u64, due: u64, last: u64 },
    /// The least load is next, then the last turn longest ago.
    Load { load: Load, last: u64 },
    /// The least load for a unit of weight is next, then the last turn longest ago.
    LoadByWeight { load: Load, weight: Decimal, last: u64 },
    /// The highest lot is next.
    Hash { lot: u64 },
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Standing::Turn { last: 0 } => out.write_str("no turn yet"),
            Standing::Turn { last } => write!(out, "last turn {last}"),
            Standing::Weight { turns, weight, place, weights_sum, release, due, .. } => {
                write!(out, "place {place} of {weights_sum}, had {turns} of {weight}")?;
                if release > place { write!(out, ", next from place {release}") } else { write!(out, ", due by {due}") }
            }
            Standing::Load { load, .. } => write!(out, "load {load}"),
            Standing::LoadByWeight { load, weight, .. } => write!(out, "load {load} at weight {}", compact(*weight)),
            Standing::Hash { lot } => write!(out, "lot {lot:016x}"),
        }
    }
}

/// Whether a member may receive a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `is_next`: a pick made now would take this member's turn.
    MayReceive {
        standing: Standing,
        is_next: bool,
    },
    PassedOver(PassedOver),
}

/// What a pool says of one seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatVerdict<'a> {
    /// The position in [`Roster::seats`](super::Roster::seats).
    pub seat: usize,
    pub member: &'a str,
    /// Who stands in for the member, who is away today.
    pub cover: Option<&'a str>,
    pub verdict: Verdict,
}

/// One line without an end, such as ``` `ana`: last turn 3, next ```.
impl fmt::Display for SeatVerdict<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}`: ", self.member)?;
        if let Some(cover) = self.cover {
            write!(out, "away, covered by `{cover}`; ")?;
        }
        match self.verdict {
            Verdict::MayReceive { standing, is_next: true } => write!(out, "{standing}, next"),
            Verdict::MayReceive { standing, is_next: false } => write!(out, "{standing}"),
            Verdict::PassedOver(why) => write!(out, "{why}"),
        }
    }
}

/// Nobody may receive: how many members were passed over for which reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Empty {
    pub inactive: usize,
    pub condition: usize,
    pub no_weight: usize,
    pub away: usize,
    pub excluded: usize,
    /// At capacity, or at the strategy's cap.
    pub full: usize,
    pub full_this_period: usize,
}

impl Empty {
    pub(super) fn add(&mut self, why: PassedOver) {
        let count = match why {
            PassedOver::Inactive => &mut self.inactive,
            PassedOver::Condition => &mut self.condition,
            PassedOver::NoWeight => &mut self.no_weight,
            PassedOver::Away => &mut self.away,
            PassedOver::Excluded => &mut self.excluded,
            PassedOver::AtCapacity { .. } | PassedOver::Full { .. } => &mut self.full,
            PassedOver::FullThisPeriod { .. } => &mut self.full_this_period,
        };
        *count += 1;
    }
}

/// One phrase such as `nobody of 3 may receive: 1 inactive, 2 full`.
impl fmt::Display for Empty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reasons = [
            (self.inactive, "inactive"),
            (self.condition, "outside the condition"),
            (self.no_weight, "of weight 0"),
            (self.away, "away"),
            (self.excluded, "excluded"),
            (self.full, "full"),
            (self.full_this_period, "full this period"),
        ];
        let member_count: usize = reasons.iter().map(|(count, _)| count).sum();
        if member_count == 0 {
            return out.write_str("the pool has no members");
        }
        write!(out, "nobody of {member_count} may receive")?;
        for (at, (count, reason)) in reasons.iter().filter(|(count, _)| *count > 0).enumerate() {
            write!(out, "{} {count} {reason}", if at == 0 { ":" } else { "," })?;
        }
        Ok(())
    }
}
