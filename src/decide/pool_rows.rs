//! The rows of one role that wait for a pool: who keeps theirs, in which order the others enter, and what that does to
//! the loads (design section 3, points 12 and 13).

use super::asked::AskedFields;
use super::batch::{Case, Pooled, RoleInput, RoleResult, Scene};
use super::desk::{Desk, RoleLoads, pools_of};
use super::order::Created;
use crate::assign::Loads;
use crate::check::policy::PoolId;

/// Pools at work for one role.
pub(super) struct PoolRows<'s, 'a> {
    scene: &'s Scene<'a>,
    input: &'s RoleInput,
    desk: &'s mut Desk,
    waiting: Vec<(Case, usize)>,
    /// `None` where no pool of the role asks for loads.
    loads: Option<RoleLoads<'a>>,
    /// Rows whose owner changed without a pool and that their new owner has not received yet; last first while rows enter.
    changed: Vec<u32>,
    no_loads: Loads,
    created: Created<'a>,
    asked: AskedFields<'a>,
}

impl<'s, 'a> PoolRows<'s, 'a> {
    pub fn new(scene: &'s Scene<'a>, input: &'s RoleInput, desk: &'s mut Desk) -> Self {
        let loads = desk.loads(scene, &pools_of(scene.role), input);
        PoolRows {
            scene,
            input,
            desk,
            waiting: Vec::new(),
            loads,
            changed: Vec::new(),
            no_loads: Loads::default(),
            created: Created::of(scene),
            asked: AskedFields::default(),
        }
    }

    /// A row waits for the pool at a place of its rule's chain.
    pub fn wait(&mut self, case: Case, place: usize) {
        self.waiting.push((case, place));
    }

    pub fn take_waiting(&mut self) -> Vec<(Case, usize)> {
        std::mem::take(&mut self.waiting)
    }

    /// A row has its owner without a pool.
    pub fn changes(&mut self, row: u32, from: u32, to: u32) {
        if self.loads.is_some() && from != to {
            self.changed.push(row);
        }
    }

    /// Whether a pool lets the row's owner keep it.
    pub fn may_keep(&mut self, pool: PoolId, row: u32, excluded: &[u32]) -> bool {
        let current = self.input.current[row as usize];
        let asked = self.asked.request(self.desk, pool, self.scene, row, current, excluded);
        self.desk.may_keep(pool, &asked)
    }

    /// Puts the rows into the order in which they enter.
    ///
    /// What goes from one owner to another is no load of the first from the start: room that a run makes is there for
    /// all of it. Otherwise the next run would find room that this one did not, and move records again.
    pub fn enter(&mut self, choosing: &mut Vec<(Case, usize)>) {
        self.created.sort(self.scene, choosing, |(case, _)| case.row);
        let Some(loads) = &mut self.loads else { return };
        for row in self.changed.iter().copied().chain(choosing.iter().map(|(case, _)| case.row)) {
            loads.release(row, self.input.current[row as usize]);
        }
        self.created.sort(self.scene, &mut self.changed, |row| *row);
        // The first is taken last.
        self.changed.reverse();
    }

    /// Counts the rows before this one whose owner changed without a pool.
    pub fn catch_up(&mut self, row: u32, owners: &[u32]) {
        let Some(loads) = &mut self.loads else { return };
        while let Some(next) = self.changed.last().copied() {
            if self.created.compare(self.scene, next, row).is_gt() {
                break;
            }
            self.changed.pop();
            loads.receive(next, owners[next as usize]);
        }
    }

    /// Counts all others.
    pub fn finish(&mut self, owners: &[u32]) {
        let Some(loads) = &mut self.loads else { return };
        for row in self.changed.drain(..) {
            loads.receive(row, owners[row as usize]);
        }
    }

    /// Asks a pool for a row; `None` where nobody may receive it. Where nothing is to move, whoever may receive is named
    /// first and has no turn.
    pub fn pick(
        &mut self,
        pool: PoolId,
        row: u32,
        excluded: &[u32],
        moves: bool,
        result: &mut RoleResult,
    ) -> Option<u32> {
        let current = self.input.current[row as usize];
        let asked = self.asked.request(self.desk, pool, self.scene, row, current, excluded);
        let loads = self.loads.as_ref().map_or(&self.no_loads, |loads| &loads.loads);
        if self.scene.watched == Some(row) {
            result.story.extend(self.desk.explain(pool, &asked, loads));
        }
        let picked = match moves {
            true => self.desk.pick(pool, &asked, loads).map(|picked| {
                result.pooled.insert(row, Pooled::Picked(pool, picked));
                picked.owner
            }),
            false => self.desk.would_receive(pool, &asked, loads),
        };
        picked
            .map_err(|empty| {
                result.empty_pools.entry(pool).or_insert((0, empty)).0 += 1;
            })
            .ok()
    }

    /// A row that entered has its owner.
    pub fn receives(&mut self, row: u32, owner: u32) {
        if let Some(loads) = &mut self.loads {
            loads.receive(row, owner);
        }
    }
}
