//! The desk at which pools choose: rosters, rotations and loads of one run (design section 3, points 12 and 13).
//!
//! What pools remember comes in as rotation states and goes out as such; nothing else outlives a run.

use super::batch::{RoleInput, Scene};
use super::encode::{Reach, column_of};
use crate::assign::{
    self, Binding, By, Empty, FitId, Loads, Measure, MemberSetting, NOBODY, OwnerTable, Period, PeriodCap, Picked,
    Request, Rotation, RotationState, SeatVerdict, Strategy, SumId, member_holds,
};
use crate::check::policy::{MemberCond, Path, Pool, PoolId, Role, TargetKind, TypedPolicy};
use crate::column::{Column, ColumnData};
use crate::plan::rotation_name;
use crate::schema::{FieldKind, RecordId};
use crate::syntax::PoolHow;
use crate::value::time::Unit;
use crate::value::{Decimal, Value};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What pools remember between runs, by the name of the rotation.
pub type Rotations = BTreeMap<String, RotationState>;

/// All pools of a policy at work.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    rotations: Vec<(String, Rotation)>,
    /// Whether a pool of the rotation picked somebody. Turns do not tell: a pick by hash takes none, but may be counted.
    has_picked: Vec<bool>,
    /// Where each rotation stood before the run.
    before: Vec<RotationState>,
    /// By [`PoolId`].
    pools: Vec<Counter>,
    /// Every field that is added up as load, by [`SumId`].
    sums: Vec<(RecordId, Path)>,
}

/// One pool, with the members that fit each set of values of a record.
#[derive(Clone, Debug)]
struct Counter {
    pool: assign::Pool,
    rotation: usize,
    /// Keys of the seats, in order.
    keys: Vec<String>,
    condition: Option<MemberCond>,
    paths: Vec<Path>,
    is_load_asked: bool,
    reads_key: bool,
    /// By the values that the condition reads of the record.
    fits: FxHashMap<Vec<Option<i128>>, FitId>,
}

impl Desk {
    /// Opens every rotation that the policy's pools share. A state that is not there begins anew.
    pub fn open(policy: &TypedPolicy, binding: &Binding, states: &Rotations, owners: &mut OwnerTable) -> Self {
        let mut desk = Desk::default();
        let nothing = RotationState::default();
        for pool in &policy.pools {
            let name = rotation_name(policy, pool);
            let at = desk.rotations.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
                let state = states.get(&name).unwrap_or(&nothing);
                desk.has_picked.push(false);
                desk.before.push(state.clone());
                desk.rotations.push((name, Rotation::open(state, binding.today())));
                desk.rotations.len() - 1
            });
            let roster = assign::roster(pool, binding, owners);
            let is_load_asked = matches!(pool.how, PoolHow::LeastLoaded)
                || pool.cap.is_some()
                || roster.seats().iter().any(|seat| {
                    seat.person.capacity_records_max.is_some()
                        || seat.backups.iter().any(|backup| backup.capacity_records_max.is_some())
                });
            let keys = roster.seats().iter().map(|seat| seat.person.key.clone()).collect();
            let sum = pool.load.clone().map(|path| desk.sum(pool.record, path));
            let pool_at_work = assign::Pool::new(roster, strategy(pool, sum), &mut desk.rotations[at].1);
            desk.pools.push(Counter {
                pool: pool_at_work,
                rotation: at,
                keys,
                condition: pool.condition.clone(),
                paths: pool.condition.as_ref().map(MemberCond::paths).unwrap_or_default(),
                is_load_asked,
                reads_key: pool.how == PoolHow::Any,
                fits: FxHashMap::default(),
            });
        }
        desk
    }

    fn sum(&mut self, record: RecordId, path: Path) -> SumId {
        let wanted = (record, path);
        SumId(self.sums.iter().position(|known| *known == wanted).unwrap_or_else(|| {
            self.sums.push(wanted);
            self.sums.len() - 1
        }))
    }

    /// The states of the rotations that picked somebody in this run and remember it.
    pub fn changed_states(&self) -> Rotations {
        let picked = (0..self.rotations.len()).filter(|at| self.has_picked[*at]);
        let states = picked.map(|at| (self.rotations[at].0.clone(), self.rotations[at].1.state(), &self.before[at]));
        states.filter(|(_, state, before)| state != *before).map(|(name, state, _)| (name, state)).collect()
    }

    /// A pick in a few words: `turn 12: last turn 3`.
    pub fn note(&self, pool: PoolId, picked: &Picked) -> String {
        self.pools[pool.0 as usize].pool.note(picked)
    }

    /// The fields of the record that a pool's condition reads.
    pub(super) fn paths(&self, id: PoolId) -> &[Path] {
        &self.pools[id.0 as usize].paths
    }

    /// Whether a pool's choice depends on the record's key.
    pub(super) fn reads_key(&self, id: PoolId) -> bool {
        self.pools[id.0 as usize].reads_key
    }

    /// The members who fit a record, as an id of the pool. `values` stands for what the condition reads of it, in the
    /// order of [`Desk::paths`].
    pub(super) fn fit(&mut self, id: PoolId, scene: &Scene<'_>, row: u32, values: &[Option<i128>]) -> FitId {
        let counter = &mut self.pools[id.0 as usize];
        let Some(condition) = &counter.condition else {
            return assign::Pool::EVERYBODY;
        };
        if let Some(fit) = counter.fits.get(values) {
            return *fit;
        }
        let value = |path: &Path| value_of(scene, path, row);
        let schema = &scene.policy.schema;
        let setting = MemberSetting { schema, record: scene.record, binding: scene.binding };
        let directory = scene.binding.directory();
        let fits: Vec<bool> = counter
            .keys
            .iter()
            .map(|key| directory.person(key).is_some_and(|person| member_holds(setting, condition, person, &value)))
            .collect();
        let fit = counter.pool.fit(&fits);
        counter.fits.insert(values.to_vec(), fit);
        fit
    }

    /// Whether the current owner of a record may keep it in a pool.
    pub(super) fn may_keep(&self, id: PoolId, request: &Request<'_>) -> bool {
        self.pools[id.0 as usize].pool.may_keep(request)
    }

    /// Picks somebody for a record, and moves the rotation on.
    pub(super) fn pick(&mut self, id: PoolId, request: &Request<'_>, loads: &Loads) -> Result<Picked, Empty> {
        let counter = &mut self.pools[id.0 as usize];
        let (_, rotation) = &mut self.rotations[counter.rotation];
        let picked = counter.pool.pick(rotation, loads, request)?;
        self.has_picked[counter.rotation] = true;
        Ok(picked)
    }

    /// Somebody who may receive a record; nothing moves.
    pub(super) fn would_receive(&self, id: PoolId, request: &Request<'_>, loads: &Loads) -> Result<u32, Empty> {
        let counter = &self.pools[id.0 as usize];
        counter.pool.would_receive(&self.rotations[counter.rotation].1, loads, request)
    }

    /// How every member stands for a record, one line each; nothing changes.
    pub(super) fn explain(&self, id: PoolId, request: &Request<'_>, loads: &Loads) -> Vec<String> {
        let counter = &self.pools[id.0 as usize];
        let verdicts = counter.pool.explain(&self.rotations[counter.rotation].1, loads, request);
        verdicts.iter().map(SeatVerdict::to_string).collect()
    }

    /// The loads of a role before it is decided, where any of its pools asks for them.
    pub(super) fn loads<'a>(&self, scene: &Scene<'a>, pools: &[PoolId], input: &RoleInput) -> Option<RoleLoads<'a>> {
        if !pools.iter().any(|pool| self.pools[pool.0 as usize].is_load_asked) {
            return None;
        }
        let mut loads = Loads::new(self.sums.len());
        for (owner, count) in &input.elsewhere {
            (0..*count).for_each(|_| loads.add(*owner, &[]));
        }
        let sums = self.sums.iter().map(|(record, path)| {
            let is_own = *record == scene.record;
            is_own.then(|| Some((Reach::new(scene, &path.steps), column_of(scene, path)?))).flatten()
        });
        let mut role_loads = RoleLoads { loads, sums: sums.collect(), amounts: Vec::new() };
        for (row, owner) in (0..).zip(&input.current) {
            role_loads.receive(row, *owner);
        }
        Some(role_loads)
    }
}

/// Loads while a role is decided, and the fields that are added up.
pub(super) struct RoleLoads<'a> {
    pub loads: Loads,
    /// By [`SumId`]; `None` for a field of another record type.
    sums: Vec<Option<(Reach<'a>, &'a Column)>>,
    amounts: Vec<Option<Decimal>>,
}

impl RoleLoads<'_> {
    /// A record is an owner's from now on.
    pub fn receive(&mut self, row: u32, owner: u32) {
        if owner != NOBODY {
            self.read(row);
            self.loads.add(owner, &self.amounts);
        }
    }

    /// A record is an owner's no more.
    pub fn release(&mut self, row: u32, owner: u32) {
        if owner != NOBODY {
            self.read(row);
            self.loads.remove(owner, &self.amounts);
        }
    }

    fn read(&mut self, row: u32) {
        self.amounts.clear();
        self.amounts.extend(self.sums.iter().map(|sum| {
            let (reach, column) = sum.as_ref()?;
            match &column.data {
                ColumnData::Number(numbers) | ColumnData::Money(numbers, _) => numbers.get(reach.row(row)?),
                _ => None,
            }
        }));
    }
}

/// Every pool that the rules of a role name.
pub(super) fn pools_of(role: &Role) -> Vec<PoolId> {
    let mut pools = pools_among(role.rules.iter().flat_map(|rule| &rule.targets).map(|target| &target.kind));
    pools.sort_unstable();
    pools.dedup();
    pools
}

/// The pools of a chain, in order.
pub(super) fn pools_among<'k>(chain: impl Iterator<Item = &'k TargetKind>) -> Vec<PoolId> {
    let pool = |kind: &TargetKind| match kind {
        TargetKind::Pool(pool) => Some(*pool),
        _ => None,
    };
    chain.filter_map(pool).collect()
}

fn strategy(pool: &Pool, sum: Option<SumId>) -> Strategy {
    let by = match (pool.how, pool.by_weight) {
        (PoolHow::Next, false) => By::Turn,
        (PoolHow::Next, true) => By::Weight,
        (PoolHow::LeastLoaded, false) => By::Load,
        (PoolHow::LeastLoaded, true) => By::LoadByWeight,
        (PoolHow::Any, _) => By::Hash,
    };
    let measure = sum.map_or(Measure::Count, Measure::Sum);
    let period_caps = pool.cap_per.iter().map(|(received_max, unit)| {
        let period = match unit {
            Unit::Months => Period::Month,
            Unit::Weeks => Period::Week,
            _ => Period::Day,
        };
        PeriodCap { received_max: *received_max, period }
    });
    Strategy { measure, load_max: pool.cap, period_caps: period_caps.collect(), ..Strategy::new(by) }
}

fn value_of(scene: &Scene<'_>, path: &Path, row: u32) -> Value {
    let Some(at) = Reach::new(scene, &path.steps).row(row) else {
        return Value::Missing;
    };
    let schema = &scene.policy.schema;
    let field = schema.record(path.record(schema, scene.record)).field(path.field);
    let keys = match field.kind {
        FieldKind::Reference { record, .. } => Some(scene.dataset.table(record).keys()),
        _ => None,
    };
    column_of(scene, path).map_or(Value::Missing, |column: &Column| column.value(at, field, keys))
}
