//! Two policies over the same records: whose team, and which places, are others.

use super::moved::{RowPairs, Shared};
use crate::check::policy::{Gather, GatherKind};
use crate::column::Dataset;
use crate::decide::{Added, GatherResult};
use crate::value::{Outcome, Owner};
use rustc_hash::{FxHashMap, FxHashSet};

/// What one side found for one team.
#[derive(Clone, Copy)]
pub struct TeamSide<'a> {
    pub gather: &'a Gather,
    pub dataset: &'a Dataset,
    pub result: &'a GatherResult,
}

/// What differs in one team or tree of places.
#[derive(Debug, Default, PartialEq)]
pub struct TeamMoves {
    pub records: u64,
    /// Records around which somebody else stands, or that stand in another place.
    pub changed: u64,
    /// By member or place: who joins how many records, and leaves how many; most first.
    pub members: Vec<(Member, u64, u64)>,
    /// Keys of the first changed records.
    pub first: Vec<String>,
}

/// A member as a person names it, with the part they have; or a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Member {
    /// `None` for a place.
    pub owner: Option<Owner>,
    /// The wave and how much is asked of a member; the label of a place.
    pub part: String,
}

/// Holds the teams of two sides against each other. Records whose team stays because they are invalid count as they are.
pub fn moved_teams(old: TeamSide<'_>, new: TeamSide<'_>, shared: &Shared, first: usize) -> TeamMoves {
    let old_table = old.dataset.table(old.gather.role.record);
    let new_table = new.dataset.table(new.gather.role.record);
    let pairs = RowPairs::new(old_table, new_table);
    let mut parts: FxHashMap<String, u32> = FxHashMap::default();
    let (old_parts, new_parts) = (parts_of(old.gather, &mut parts), parts_of(new.gather, &mut parts));
    let mut moves = TeamMoves { records: pairs.count() as u64, ..TeamMoves::default() };
    let mut counts: FxHashMap<(u32, u32), (u64, u64)> = FxHashMap::default();
    let is_invalid = |outcome: Outcome| outcome == Outcome::Invalid;
    pairs.each(|old_row, new_row| {
        let (was, is) = (old_row as usize, new_row as usize);
        if is_invalid(old.result.outcome[was]) && is_invalid(new.result.outcome[is]) {
            return;
        }
        let member = |parts: &[Vec<u32>], added: &Added, owner: u32| {
            let part = parts.get(added.rule.0 as usize).and_then(|adds| adds.get(usize::from(added.place)));
            (owner, part.copied().unwrap_or(u32::MAX))
        };
        let before: FxHashSet<(u32, u32)> =
            old.result.added[was].iter().map(|one| member(&old_parts, one, shared.old(one.owner))).collect();
        let after: FxHashSet<(u32, u32)> =
            new.result.added[is].iter().map(|one| member(&new_parts, one, shared.new_code(one.owner))).collect();
        if before == after {
            return;
        }
        moves.changed += 1;
        after.difference(&before).for_each(|member| counts.entry(*member).or_default().0 += 1);
        before.difference(&after).for_each(|member| counts.entry(*member).or_default().1 += 1);
        if moves.first.len() < first {
            moves.first.push(new_table.key(new_row).unwrap_or_default().to_owned());
        }
    });
    let names: FxHashMap<u32, String> = parts.into_iter().map(|(name, part)| (part, name)).collect();
    moves.members = counts
        .into_iter()
        .map(|((owner, part), (joins, leaves))| {
            let part = names.get(&part).cloned().unwrap_or_default();
            (Member { owner: shared.owners.get(owner).cloned(), part }, joins, leaves)
        })
        .collect();
    moves.members.sort_by(|a, b| (b.1 + b.2).cmp(&(a.1 + a.2)).then_with(|| a.0.cmp(&b.0)));
    moves
}

/// By rule and add, the number of the part in words that both sides share.
fn parts_of(gather: &Gather, parts: &mut FxHashMap<String, u32>) -> Vec<Vec<u32>> {
    let mut number = |name: String| {
        let next = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        *parts.entry(name).or_insert(next)
    };
    match &gather.kind {
        GatherKind::Places(_) => {
            let place = |rule: &crate::check::policy::Rule| vec![number(rule.label.clone().unwrap_or_default())];
            gather.role.rules.iter().map(place).collect()
        }
        GatherKind::Team(adds) => {
            let mut part = |add: &crate::check::policy::Add| {
                let wave = add.wave.as_deref().unwrap_or_default();
                let asked = add.engagement.word();
                number(match wave {
                    "" => asked.to_owned(),
                    wave => format!("{wave}, {asked}"),
                })
            };
            adds.iter().map(|adds| adds.iter().map(&mut part).collect()).collect()
        }
    }
}
