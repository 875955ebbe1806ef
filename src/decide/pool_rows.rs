//! The rows of one role that wait for a pool: who keeps theirs, in which order the others enter, and what that does to
//! the loads (design section 3, points 12 and 13).

use super::batch::{Case, Pooled, RoleInput, RoleResult, Scene};
use super::desk::{Asked, Desk, RoleLoads, pools_among, pools_of};
use super::order::Created;
use crate::assign::{Loads, NOBODY};
use crate::check::policy::PoolId;

/// Pools at work for one role.
pub(super) struct PoolRows<'s, 'a> {
    scene: &'s Scene<'a>,
    input: &'s RoleInput,
    desk: &'s mut Desk,
    waiting: Vec<(Case, usize)>,
    /// `None` where no pool of the role asks for loads.
    loads: Option<RoleLoads<'a>>,
    /// Rows whose owner changed without a pool, last first: they count from their place in the order on.
    changed: Vec<u32>,
    /// Rows whose change is in the loads already.
    counted: crate::column::RowSet,
    no_loads: Loads,
    created: Created<'a>,
}

impl<'s, 'a> PoolRows<'s, 'a> {
    pub fn new(scene: &'s Scene<'a>, input: &'s RoleInput, desk: &'s mut Desk) -> Self {
        let pools = pools_of(scene.role);
        let loads = desk.loads(scene, &pools, input);
        PoolRows {
            scene,
            input,
            desk,
            waiting: Vec::new(),
            loads,
            changed: Vec::new(),
            counted: crate::column::RowSet::default(),
            no_loads: Loads::default(),
            created: Created::of(scene),
        }
    }

    /// A row waits for the pool at a place of its rule's chain.
    pub fn wait(&mut self, case: Case, place: usize) {
        self.waiting.push((case, place));
    }

    pub fn take_waiting(&mut self) -> Vec<(Case, usize)> {
        std::mem::take(&mut self.waiting)
    }

    pub fn counts_loads(&self) -> bool {
        self.loads.is_some()
    }

    /// The pool of the rule's chain in which the row's owner may stay, if there is one.
    pub fn keeps(&mut self, case: Case, excluded: &[u32]) -> Option<PoolId> {
        let current = self.input.current[case.row as usize];
        if current == NOBODY {
            return None;
        }
        let targets = &self.scene.role.rule(case.rule).targets;
        let pools = pools_among(targets.iter().map(|target| &target.kind));
        let asked = asked(self.scene, self.input, case.row, excluded);
        pools.into_iter().find(|pool| self.desk.may_keep(*pool, self.scene, &asked))
    }

    /// Puts the rows into the order in which they enter, and gathers those whose owner changed without a pool.
    pub fn enter(&mut self, choosing: &mut [(Case, usize)], current: &[u32], result: &RoleResult) {
        let scene = self.scene;
        let created = &self.created;
        choosing.sort_by(|(a, _), (b, _)| created.compare(scene, a.row, b.row));
        if self.loads.is_none() {
            return;
        }
        let chooses: crate::column::RowSet = choosing.iter().map(|(case, _)| case.row).collect();
        let rows = (0_u32..).zip(current.iter().zip(&result.owner));
        let moved = rows.filter(|(_, (before, now))| before != now).map(|(row, _)| row);
        let counted = &self.counted;
        self.changed = moved.filter(|row| !chooses.contains(*row) && !counted.contains(*row)).collect();
        // The last is taken first.
        self.changed.sort_by(|a, b| created.compare(scene, *b, *a));
    }

    /// Counts the rows before this one whose owner changed without a pool.
    pub fn catch_up(&mut self, row: u32, current: &[u32], result: &RoleResult) {
        let Some(loads) = &mut self.loads else { return };
        while let Some(next) = self.changed.last().copied() {
            if self.created.compare(self.scene, next, row).is_gt() {
                break;
            }
            self.changed.pop();
            self.counted.insert(next);
            loads.moves(next, current[next as usize], result.owner[next as usize]);
        }
    }

    /// Asks a pool for a row; `None` where nobody may receive it.
    pub fn pick(&mut self, pool: PoolId, case: Case, excluded: &[u32], result: &mut RoleResult) -> Option<u32> {
        let asked = asked(self.scene, self.input, case.row, excluded);
        let loads = self.loads.as_ref().map_or(&self.no_loads, |loads| &loads.loads);
        if self.scene.watched == Some(case.row) {
            result.story.extend(self.desk.explain(pool, self.scene, &asked, loads));
        }
        match self.desk.pick(pool, self.scene, &asked, loads) {
            Ok(picked) => {
                result.pooled.insert(case.row, Pooled::Picked(pool, picked));
                Some(picked.owner)
            }
            Err(empty) => {
                result.empty_pools.entry(pool).or_insert((0, empty)).0 += 1;
                None
            }
        }
    }

    /// A pool's row has its owner.
    pub fn moved(&mut self, row: u32, from: u32, to: u32) {
        if let Some(loads) = &mut self.loads {
            loads.moves(row, from, to);
            self.counted.insert(row);
        }
    }
}

fn asked<'r>(scene: &Scene<'r>, input: &RoleInput, row: u32, excluded: &'r [u32]) -> Asked<'r> {
    let key = scene.dataset.table(scene.record).key(row).unwrap_or_default();
    Asked { row, key, current: input.current[row as usize], excluded }
}
