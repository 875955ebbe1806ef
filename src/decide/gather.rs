//! Teams and places of all records of a type: every rule that matches adds (design section 3, point 4).

use super::asked::AskedFields;
use super::batch::{CHUNK_ROWS, Pooled, Scene};
use super::desk::{Desk, pools_among};
use super::encode::{Encoder, invalid_rows};
use super::order::Created;
use super::resolve::{Pick, Resolver};
use crate::assign::{Empty, Loads, NOBODY, OwnerTable};
use crate::check::policy::{Gather, GatherKind, PoolId, RuleId, TargetKind};
use crate::column::RowSet;
use crate::plan::{Matrix, RolePlan};
use crate::value::Outcome;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Where a member comes from: the row, the rule, and which of the rule's adds.
pub type Slot = (u32, u32, u16);

/// What a team starts from.
#[derive(Clone, Debug, Default)]
pub struct GatherInput {
    /// Who stood in each slot before, by owner code: where the slot is a pool's, they may keep it.
    pub before: FxHashMap<Slot, u32>,
    /// The memberships that may outlast this run, with the row of the record where this run decides it.
    ///
    /// The load of an owner is what stays: memberships of records that this run does not decide or that keep what
    /// stood, and those it gave so far. One that ends makes room in the run in which it ends.
    pub memberships: Vec<(Option<u32>, u32)>,
}

/// A member of a record's team, or one of its places (with nobody as owner).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    pub owner: u32,
    pub rule: RuleId,
    /// Which of the rule's adds.
    pub place: u16,
}

/// What came of each row.
#[derive(Clone, Debug, Default)]
pub struct GatherResult {
    /// *Assigned* where there is anybody or any place, *nobody* where there is none, *invalid* where what stood stays.
    pub outcome: Vec<Outcome>,
    /// By row, in the order of rules; an owner stands once, where they were added first.
    pub added: Vec<Vec<Added>>,
    pub pooled: FxHashMap<Slot, Pooled>,
    pub empty_pools: BTreeMap<PoolId, (u64, Empty)>,
    /// What the pools said of every member for the watched row, one line each.
    pub story: Vec<String>,
}

/// Finds every member or place of every row.
pub fn gather(
    scene: &Scene<'_>,
    gather: &Gather,
    plan: &RolePlan,
    input: &GatherInput,
    after: &[Vec<u32>],
    owners: &mut OwnerTable,
    desk: &mut Desk,
) -> GatherResult {
    let count = scene.dataset.table(scene.record).row_count;
    let mut result = GatherResult {
        outcome: vec![Outcome::Nobody; count],
        added: vec![Vec::new(); count],
        ..GatherResult::default()
    };
    let invalid = invalid_rows(scene, scene.dataset);
    let mut team = Team::new(scene, gather, input);
    each_match(scene, plan, after, owners, &mut |row, rule, owners| {
        if !invalid.contains(row) {
            team.matched(row, rule, after, owners, &mut result);
        }
    });
    team.choose(&invalid, after, owners, desk, &mut result);
    for (row, added) in (0..).zip(&mut result.added) {
        match &gather.kind {
            GatherKind::Team(_) => tidy(added),
            GatherKind::Places(around) => lowest(added, around),
        }
        result.outcome[row as usize] = match added.is_empty() {
            _ if invalid.contains(row) => Outcome::Invalid,
            true => Outcome::Nobody,
            false => Outcome::Assigned,
        };
    }
    result
}

/// Calls `visit` for every row and each rule it matches, in order; several boxes of a rule count once.
fn each_match<'a>(
    scene: &Scene<'a>,
    plan: &RolePlan,
    after: &[Vec<u32>],
    owners: &mut OwnerTable,
    visit: &mut dyn FnMut(u32, RuleId, &mut OwnerTable),
) {
    let matrix = Matrix::new(&plan.dimensions, &plan.boxes);
    let mut encoders: Vec<(usize, Encoder<'a>)> =
        matrix.used_dimensions().map(|at| (at, Encoder::new(scene, &plan.dimensions[at]))).collect();
    let mut atoms = vec![Vec::new(); plan.dimensions.len()];
    let rows = u32::try_from(scene.dataset.table(scene.record).row_count).unwrap_or(u32::MAX);
    for start in (0..rows).step_by(CHUNK_ROWS) {
        let chunk: Vec<u32> = (start..rows.min(start.saturating_add(CHUNK_ROWS as u32))).collect();
        for (at, encoder) in &mut encoders {
            encoder.encode(scene, &chunk, after, owners, &mut atoms[*at]);
        }
        let mut last = None;
        matrix.each_box(&atoms, chunk.len(), |index, number| {
            let found = plan.winner(number).map(|rule| (chunk[index], rule));
            if found != last
                && let Some((row, rule)) = found
            {
                visit(row, rule, owners);
            }
            last = found;
        });
    }
}

/// The adds of a team at work.
struct Team<'s, 'a> {
    scene: &'s Scene<'a>,
    gather: &'s Gather,
    input: &'s GatherInput,
    /// By rule and add.
    resolvers: FxHashMap<(u32, u16), Resolver<'a>>,
    /// Slots that a pool fills, and the pool's place in the chain.
    waiting: Vec<(Slot, usize)>,
    asked: AskedFields<'a>,
}

impl<'s, 'a> Team<'s, 'a> {
    fn new(scene: &'s Scene<'a>, gather: &'s Gather, input: &'s GatherInput) -> Self {
        Team {
            scene,
            gather,
            input,
            resolvers: FxHashMap::default(),
            waiting: Vec::new(),
            asked: AskedFields::default(),
        }
    }

    fn matched(
        &mut self,
        row: u32,
        rule: RuleId,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
        result: &mut GatherResult,
    ) {
        let GatherKind::Team(adds) = &self.gather.kind else {
            return result.added[row as usize].push(Added { owner: NOBODY, rule, place: 0 });
        };
        let count = u16::try_from(adds[rule.0 as usize].len()).unwrap_or(u16::MAX);
        for place in 0..count {
            let slot = (row, rule.0, place);
            match self.pick(slot, 0, after, owners) {
                Some(Pick::Pool { place, .. }) => self.waiting.push((slot, place)),
                pick => add(slot, pick, result),
            }
        }
    }

    fn pick(&mut self, slot: Slot, from: usize, after: &[Vec<u32>], owners: &mut OwnerTable) -> Option<Pick> {
        let (row, rule, place) = slot;
        let (scene, gather) = (self.scene, self.gather);
        let resolver = self.resolvers.entry((rule, place)).or_insert_with(|| Resolver::new(scene, chain(gather, slot)));
        resolver.pick_from(from, scene, row, after, owners)
    }

    /// Lets pools fill their slots: whoever stood there and may keep it stays, then the others enter in order.
    fn choose(
        &mut self,
        invalid: &RowSet,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
        desk: &mut Desk,
        result: &mut GatherResult,
    ) {
        let mut open = Vec::new();
        for (slot, place) in std::mem::take(&mut self.waiting) {
            let current = self.input.before.get(&slot).copied().unwrap_or(NOBODY);
            if current == NOBODY {
                open.push((slot, place));
                continue;
            }
            let excluded = members(&result.added[slot.0 as usize]);
            let kept = pools_among(chain(self.gather, slot)).into_iter().find(|pool| {
                let asked = self.asked.request(desk, *pool, self.scene, slot.0, current, &excluded);
                desk.may_keep(*pool, &asked)
            });
            match kept {
                Some(pool) => {
                    add(slot, Some(Pick::Owner(current)), result);
                    result.pooled.insert(slot, Pooled::Stays(pool));
                }
                None => open.push((slot, place)),
            }
        }
        if open.is_empty() {
            return;
        }
        let created = Created::of(self.scene);
        open.sort_by(|(a, _), (b, _)| created.compare(self.scene, a.0, b.0).then_with(|| a.cmp(b)));
        let mut loads = self.loads(invalid, result);
        for (slot, place) in open {
            let picked = self.fill(slot, place, after, owners, desk, &loads, result);
            if let Some(Pick::Owner(owner)) = picked {
                loads.add(owner, &[]);
            }
            add(slot, picked, result);
        }
    }

    /// The memberships that stay before any open slot is filled: an owner counts once in a record.
    fn loads(&self, invalid: &RowSet, result: &GatherResult) -> Loads {
        let mut loads = Loads::new(0);
        for (row, owner) in &self.input.memberships {
            if row.is_none_or(|row| invalid.contains(row)) {
                loads.add(*owner, &[]);
            }
        }
        for added in &result.added {
            for (at, one) in added.iter().enumerate() {
                if !added[..at].iter().any(|other| other.owner == one.owner) {
                    loads.add(one.owner, &[]);
                }
            }
        }
        loads
    }

    #[expect(clippy::too_many_arguments, reason = "state comes in and goes out as values")]
    fn fill(
        &mut self,
        slot: Slot,
        place: usize,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
        desk: &mut Desk,
        loads: &Loads,
        result: &mut GatherResult,
    ) -> Option<Pick> {
        let mut from = place;
        loop {
            let pick = self.pick(slot, from, after, owners);
            let Some(Pick::Pool { place, pool }) = pick else { return pick };
            let excluded = members(&result.added[slot.0 as usize]);
            let asked = self.asked.request(desk, pool, self.scene, slot.0, NOBODY, &excluded);
            if self.scene.watched == Some(slot.0) {
                let rule = self.scene.role.rules.get(slot.1 as usize).and_then(|rule| rule.label.as_deref());
                result.story.push(format!("for `{}`:", rule.unwrap_or("a rule without a label")));
                result.story.extend(desk.explain(pool, &asked, loads).into_iter().map(|line| format!("  {line}")));
            }
            match desk.pick(pool, &asked, loads) {
                Ok(picked) => {
                    result.pooled.insert(slot, Pooled::Picked(pool, picked));
                    return Some(Pick::Owner(picked.owner));
                }
                Err(empty) => {
                    result.empty_pools.entry(pool).or_insert((0, empty)).0 += 1;
                    from = place + 1;
                }
            }
        }
    }
}

fn chain(gather: &Gather, (_, rule, place): Slot) -> impl Iterator<Item = &TargetKind> {
    let targets = match &gather.kind {
        GatherKind::Team(adds) => adds[rule as usize][place as usize].chain.as_slice(),
        GatherKind::Places(_) => &[],
    };
    targets.iter().map(|target| &target.kind)
}

fn members(added: &[Added]) -> Vec<u32> {
    added.iter().map(|added| added.owner).collect()
}

fn add((row, rule, place): Slot, pick: Option<Pick>, result: &mut GatherResult) {
    if let Some(Pick::Owner(owner) | Pick::Keep(owner)) = pick {
        result.added[row as usize].push(Added { owner, rule: RuleId(rule), place });
    }
}

/// In the order of rules, every owner once.
fn tidy(added: &mut Vec<Added>) {
    added.sort_by_key(|added| (added.rule, added.place));
    let mut seen = Vec::new();
    added.retain(|added| {
        let is_new = !seen.contains(&added.owner);
        seen.push(added.owner);
        is_new
    });
}

/// Only places in which no lower one matches.
fn lowest(added: &mut Vec<Added>, around: &[Option<RuleId>]) {
    let outer: Vec<RuleId> =
        added.iter().filter_map(|added| around.get(added.rule.0 as usize).copied().flatten()).collect();
    added.retain(|added| !outer.contains(&added.rule));
}
