//! All records of a role at once: atoms a column at a time, the matrix, the owner the winning rule names.

use super::desk::Desk;
use super::encode::{Encoder, Reach, invalid_rows};
use super::owner_reach::Taken;
use super::pool_rows::PoolRows;
use super::related::WorkedOut;
use super::resolve::{Pick, Resolver};
use super::row::{Facts, RecordFacts, Setting};
use super::waves::waves;
use crate::assign::{Binding, Empty, NOBODY, OwnerTable, Picked};
use crate::check::policy::{HistoryId, HoldKind, PoolId, Role, RoleId, RuleId, TypedPolicy};
use crate::column::{Dataset, RowSet};
use crate::plan::{NO_BOX, RolePlan};
use crate::schema::RecordId;
use crate::value::time::{AsOf, add_to_day};
use crate::value::{Outcome, OwnerKind};

/// No rule decided.
pub const NO_RULE: u32 = u32::MAX;

/// Rows that are worked on at a time: their atoms stay in the processor's cache.
pub(super) const CHUNK_ROWS: usize = 4096;

/// Everything one role is decided from.
pub struct Scene<'a> {
    pub policy: &'a TypedPolicy,
    pub role_id: RoleId,
    pub role: &'a Role,
    pub record: RecordId,
    pub dataset: &'a Dataset,
    pub binding: &'a Binding,
    pub as_of: &'a AsOf,
    /// The owner each row has before the run, as a code of the owner table; [`NOBODY`] where it has none.
    pub current: &'a [u32],
    /// What was worked out over other records.
    pub related: &'a WorkedOut,
    /// The row whose choice by a pool is told in full.
    pub watched: Option<u32>,
}

/// What each row starts from.
#[derive(Clone, Debug, Default)]
pub struct RoleInput {
    /// The current owner of each row, or [`NOBODY`].
    pub current: Vec<u32>,
    /// Rows whose owner was set by hand: it comes before everything else.
    pub pinned: rustc_hash::FxHashMap<u32, Pinned>,
    /// Rows whose owner was changed outside and stands until somebody decides (drift under `report`).
    pub drifted: RowSet,
    /// Rows whose owner a hold keeps already: the day it began.
    pub held_since: rustc_hash::FxHashMap<u32, i32>,
    /// How many records of the role each owner has that are not among the rows: they count as load.
    pub elsewhere: Vec<(u32, u64)>,
}

/// A record's owner as a pin sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Code of the owner table.
    pub owner: u32,
    /// The pin, by its place in the run's list of pins.
    pub pin: usize,
}

/// What came of each row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleResult {
    pub outcome: Vec<Outcome>,
    /// The owner after the run, whatever the outcome; [`NOBODY`] where there is none.
    pub owner: Vec<u32>,
    /// The rule that decided, or [`NO_RULE`].
    pub rule: Vec<u32>,
    /// Rows on a circle of references that the role follows.
    pub circles: RowSet,
    /// Rows whose owner a hold or a lock keeps.
    pub held: rustc_hash::FxHashMap<u32, Held>,
    /// Rows whose hand-off waits for fields that are not known.
    pub waiting: RowSet,
    /// Rows whose new owner has the old one beside them.
    pub handing_over: rustc_hash::FxHashMap<u32, HandingOver>,
    /// Rows for which a pool picked somebody, or the owner stays because a pool lets them.
    pub pooled: rustc_hash::FxHashMap<u32, Pooled>,
    /// Pools in which nobody could receive, for how many records, and why for the first of them.
    pub empty_pools: std::collections::BTreeMap<PoolId, (u64, Empty)>,
    /// What the pools said of every member for the watched row, one line each.
    pub story: Vec<String>,
}

/// A hold that keeps a record's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which of [`Role::holds`].
    pub hold: usize,
    /// The day it began.
    pub since: i32,
    /// The last day, where it has one.
    pub until: Option<i32>,
}

/// The person who hands a record over, and until when (design section 3, point 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandingOver {
    pub from: u32,
    /// The last day, included.
    pub until: i32,
}

/// How a pool settled a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pooled {
    /// The owner may keep it.
    Stays(PoolId),
    Picked(PoolId, Picked),
}

/// For policies that ask nothing of other records.
static NOTHING_RELATED: std::sync::LazyLock<WorkedOut> = std::sync::LazyLock::new(WorkedOut::default);

impl<'a> Scene<'a> {
    pub fn new(
        policy: &'a TypedPolicy,
        role_id: RoleId,
        dataset: &'a Dataset,
        binding: &'a Binding,
        as_of: &'a AsOf,
        current: &'a [u32],
    ) -> Self {
        let role = policy.role(role_id);
        Scene {
            policy,
            role_id,
            role,
            record: role.record,
            dataset,
            binding,
            as_of,
            current,
            related: &NOTHING_RELATED,
            watched: None,
        }
    }

    /// The same scene with one row of which every step of a pool is told.
    #[must_use]
    pub fn watching(self, watched: Option<u32>) -> Self {
        Scene { watched, ..self }
    }

    /// The same scene with what was worked out over other records.
    #[must_use]
    pub fn with_related(self, related: &'a WorkedOut) -> Self {
        Scene { related, ..self }
    }

    /// The scene of a team or of places: they have no owner of their own, and nobody reads them.
    pub fn of_gather(
        policy: &'a TypedPolicy,
        role: &'a Role,
        dataset: &'a Dataset,
        binding: &'a Binding,
        as_of: &'a AsOf,
        nobody: &'a [u32],
    ) -> Self {
        Scene {
            policy,
            role_id: RoleId(u16::MAX),
            role,
            record: role.record,
            dataset,
            binding,
            as_of,
            current: nobody,
            related: &NOTHING_RELATED,
            watched: None,
        }
    }

    pub fn setting(&self) -> Setting<'a> {
        Setting { policy: self.policy, record: self.record, binding: self.binding, as_of: self.as_of }
    }

    /// The facts of one row, without the owners of other roles.
    pub(super) fn facts(&self, row: u32, owners: &OwnerTable) -> RecordFacts<'a> {
        RecordFacts {
            policy: self.policy,
            dataset: self.dataset,
            record: self.record,
            row,
            current: owners.get(self.current[row as usize]).cloned(),
            owner_of: &|_, _| None,
            related: self.related,
        }
    }
}

/// Decides and assigns one role for all rows. `after` holds the owners that earlier roles gave, by role; this role's are
/// added. What pools remember goes in and out with `desk`.
///
/// Precedence is that of design section 3, point 3: pin, drift under `report`, invalid, lock or hold, then the first rule
/// that matches.
pub fn decide_role(
    scene: &Scene<'_>,
    plan: &RolePlan,
    input: &RoleInput,
    after: &mut Vec<Vec<u32>>,
    owners: &mut OwnerTable,
    desk: &mut Desk,
) -> RoleResult {
    let count = scene.dataset.table(scene.record).row_count;
    let mut result = RoleResult {
        outcome: vec![Outcome::Unmatched; count],
        owner: input.current.clone(),
        rule: vec![NO_RULE; count],
        ..RoleResult::default()
    };
    let slot = scene.role_id.0 as usize;
    if after.len() <= slot {
        after.resize(slot + 1, Vec::new());
    }
    let mut invalid = invalid_rows(scene, scene.dataset);
    let mut engine = Engine::new(scene, plan, input, desk);
    let own_ways: Vec<Reach<'_>> = scene
        .role
        .owners_read
        .iter()
        .filter(|path| path.role == scene.role_id)
        .map(|path| Reach::new(scene, &path.steps))
        .collect();
    if own_ways.is_empty() {
        let rows = u32::try_from(count).unwrap_or(u32::MAX);
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        for start in (0..rows).step_by(CHUNK_ROWS) {
            chunk.clear();
            chunk.extend(start..rows.min(start.saturating_add(CHUNK_ROWS as u32)));
            engine.decide(&chunk, &invalid, after, owners, &mut result);
        }
        engine.assign(after, owners, &mut result);
        engine.tell_staying(after, owners, &mut result);
        after[slot].clone_from(&result.owner);
        return result;
    }
    // What a row reads of this role is what the rows above it have after this run.
    let found = waves(scene, &own_ways);
    invalid.extend(&found.circles);
    after[slot].clone_from(&input.current);
    for row in found.circles.iter() {
        engine.before_rules(row, true, &mut result);
        after[slot][row as usize] = result.owner[row as usize];
    }
    result.circles = found.circles;
    for wave in &found.waves {
        for chunk in wave.chunks(CHUNK_ROWS) {
            engine.decide(chunk, &invalid, after, owners, &mut result);
        }
        engine.assign(after, owners, &mut result);
        for row in wave {
            after[slot][*row as usize] = result.owner[*row as usize];
        }
    }
    engine.tell_staying(after, owners, &mut result);
    result
}

/// Encoders, buffers and resolvers of one role, made once.
struct Engine<'s, 'a, 'p> {
    scene: &'s Scene<'a>,
    input: &'s RoleInput,
    rules: Matcher<'a, 'p>,
    holds: Vec<Matcher<'a, 'p>>,
    /// By rule, made when a rule first wins.
    resolvers: Vec<Option<Resolver<'a>>>,
    /// By rule, the clocks whose end it waits for: their owners had their turn.
    clocks: Vec<Vec<HistoryId>>,
    taken: Taken<'a>,
    /// Whether anything can rule a person out for a row.
    excludes: bool,
    pools: PoolRows<'s, 'a>,
    /// Rows that a pool would decide if nothing kept their owner.
    staying: Vec<(Case, usize)>,
}

/// The first box of each row of a chunk.
struct Matcher<'a, 'p> {
    plan: &'p RolePlan,
    /// By dimension; `None` for those that no box looks at.
    encoders: Vec<Option<Encoder<'a>>>,
    atoms: Vec<Vec<u16>>,
    first: Vec<u32>,
}

impl<'a, 'p> Matcher<'a, 'p> {
    fn new(scene: &Scene<'a>, plan: &'p RolePlan) -> Self {
        let used = plan.classifier.used_dimensions();
        let encoders = plan
            .dimensions
            .iter()
            .enumerate()
            .map(|(index, dimension)| used.contains(&index).then(|| Encoder::new(scene, dimension)))
            .collect();
        Matcher { plan, encoders, atoms: vec![Vec::new(); plan.dimensions.len()], first: Vec::new() }
    }

    fn find(&mut self, scene: &Scene<'a>, rows: &[u32], after: &[Vec<u32>], owners: &mut OwnerTable) {
        for (encoder, atoms) in self.encoders.iter_mut().zip(&mut self.atoms) {
            if let Some(encoder) = encoder {
                encoder.encode(scene, rows, after, owners, atoms);
            }
        }
        self.first.clear();
        self.first.resize(rows.len(), NO_BOX);
        self.plan.classifier.first_boxes(&self.atoms, &mut self.first);
    }

    fn winner(&self, index: usize) -> Option<RuleId> {
        self.plan.winner(self.first[index])
    }
}

impl<'s, 'a, 'p> Engine<'s, 'a, 'p> {
    fn new(scene: &'s Scene<'a>, plan: &'p RolePlan, input: &'s RoleInput, desk: &'s mut Desk) -> Self {
        let clocks: Vec<Vec<HistoryId>> = scene.role.rules.iter().map(|rule| scene.policy.clocks(rule)).collect();
        Engine {
            scene,
            input,
            rules: Matcher::new(scene, plan),
            holds: plan.holds.iter().map(|hold| Matcher::new(scene, hold)).collect(),
            resolvers: (0..scene.role.rules.len()).map(|_| None).collect(),
            taken: Taken::new(scene),
            excludes: !scene.role.never.is_empty() || clocks.iter().any(|clocks| !clocks.is_empty()),
            clocks,
            pools: PoolRows::new(scene, input, desk),
            staying: Vec::new(),
        }
    }

    fn decide(
        &mut self,
        rows: &[u32],
        invalid: &RowSet,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
        result: &mut RoleResult,
    ) {
        self.rules.find(self.scene, rows, after, owners);
        for hold in &mut self.holds {
            hold.find(self.scene, rows, after, owners);
        }
        for (index, row) in rows.iter().enumerate() {
            if self.before_rules(*row, invalid.contains(*row), result) {
                continue;
            }
            let Some(rule) = self.rules.winner(index) else { continue };
            result.rule[*row as usize] = rule.0;
            let case = Case { rule, row: *row, hold: self.hold(index, *row, owners) };
            let pick = self.pick(rule, 0, *row, after, owners);
            self.take(pick, case, owners, result);
        }
    }

    /// What comes before locks, holds and rules: a pin, drift that stands, a record that is invalid. False where none does.
    fn before_rules(&mut self, row: u32, is_invalid: bool, result: &mut RoleResult) -> bool {
        let at = row as usize;
        if let Some(pinned) = self.input.pinned.get(&row) {
            result.outcome[at] = Outcome::Kept;
            result.owner[at] = pinned.owner;
            self.pools.changes(row, self.input.current[at], pinned.owner);
        } else if self.input.drifted.contains(row) && self.input.current[at] != NOBODY {
            result.outcome[at] = Outcome::Kept;
        } else if is_invalid {
            result.outcome[at] = Outcome::Invalid;
        } else {
            return false;
        }
        true
    }

    /// What a rule's chain names becomes the row's owner, unless a hold keeps the old one or a pool has still to choose.
    fn take(&mut self, pick: Option<Pick>, case: Case, owners: &OwnerTable, result: &mut RoleResult) {
        if let Some(Pick::Pool { place, .. }) = pick {
            return self.pools.wait(case, place);
        }
        let current = self.input.current[case.row as usize];
        let (outcome, owner) = named(pick, current);
        if owner != current && self.stays(case, owners, result) {
            return;
        }
        self.give(case, outcome, owner, owners, result);
        self.pools.changes(case.row, current, owner);
    }

    fn give(&self, case: Case, outcome: Outcome, owner: u32, owners: &OwnerTable, result: &mut RoleResult) {
        self.hand_over(case, owner, owners, result);
        result.outcome[case.row as usize] = outcome;
        result.owner[case.row as usize] = owner;
    }

    /// Whether the old owner stays: in a hand-off that waits, or held. A hold's days begin when nothing else keeps the
    /// owner.
    fn stays(&self, case: Case, owners: &OwnerTable, result: &mut RoleResult) -> bool {
        if self.is_waiting(case, owners) {
            result.waiting.insert(case.row);
            result.outcome[case.row as usize] = Outcome::Kept;
            result.owner[case.row as usize] = self.input.current[case.row as usize];
            return true;
        }
        if let Some(held) = case.hold {
            self.keep_held(case.row, held, result);
        }
        case.hold.is_some()
    }

    /// Whether a hand-off has somebody to hand over and its checklist is not known yet.
    fn is_waiting(&self, case: Case, owners: &OwnerTable) -> bool {
        let rule = self.scene.role.rule(case.rule);
        let Some(hand_off) = rule.hand_off.as_ref().filter(|hand_off| !hand_off.once.is_empty()) else {
            return false;
        };
        if !self.is_active_person(self.input.current[case.row as usize], owners) {
            return false;
        }
        let facts = self.scene.facts(case.row, owners);
        hand_off.once.iter().any(|path| facts.value(path).is_missing())
    }

    fn hand_over(&self, case: Case, owner: u32, owners: &OwnerTable, result: &mut RoleResult) {
        let current = self.input.current[case.row as usize];
        let rule = self.scene.role.rule(case.rule);
        let Some(hand_off) = &rule.hand_off else { return };
        let is_person = owners.get(owner).is_some_and(|owner| owner.kind == OwnerKind::Person);
        // It starts only when a person replaces a person (design section 3, point 14).
        if owner != current && is_person && self.is_active_person(current, owners) {
            let until = add_to_day(self.scene.as_of.today(), hand_off.over.amount, hand_off.over.unit);
            result.handing_over.insert(case.row, HandingOver { from: current, until });
        }
    }

    fn is_active_person(&self, code: u32, owners: &OwnerTable) -> bool {
        owners.get(code).is_some_and(|owner| owner.kind == OwnerKind::Person && self.scene.binding.is_active(owner))
    }

    /// The first lock or hold that would keep a row's owner, if it is not over. An owner who is not active is not kept.
    fn hold(&self, index: usize, row: u32, owners: &OwnerTable) -> Option<Held> {
        let current = self.input.current[row as usize];
        let today = self.scene.as_of.today();
        let is_active = || owners.get(current).is_some_and(|owner| self.scene.binding.is_active(owner));
        let matching = self.holds.iter().enumerate().filter(|(_, hold)| hold.winner(index).is_some());
        matching.filter(|_| is_active()).find_map(|(hold, _)| {
            let since = self.input.held_since.get(&row).copied().unwrap_or(today);
            let of_rule = self.scene.role.holds[hold].rule.until;
            let until = match self.scene.role.holds[hold].kind {
                HoldKind::Hold(Some(length)) => {
                    let over = add_to_day(since, length.amount, length.unit);
                    Some(of_rule.map_or(over, |until| until.min(over)))
                }
                HoldKind::Hold(None) | HoldKind::Lock => of_rule,
            };
            until.is_none_or(|until| today <= until).then_some(Held { hold, since, until })
        })
    }

    fn keep_held(&self, row: u32, held: Held, result: &mut RoleResult) {
        let at = row as usize;
        result.outcome[at] = Outcome::Kept;
        result.owner[at] = self.input.current[at];
        result.rule[at] = NO_RULE;
        result.held.insert(row, held);
    }

    fn pick(
        &mut self,
        rule: RuleId,
        place: usize,
        row: u32,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
    ) -> Option<Pick> {
        let scene = self.scene;
        let resolver = self.resolvers[rule.0 as usize].get_or_insert_with(|| {
            Resolver::new(scene, scene.role.rule(rule).targets.iter().map(|target| &target.kind))
        });
        resolver.pick_from(place, scene, row, after, owners)
    }

    /// Whom a pool must pass over: who owns the record in a role that this one must differ from, and the owner whose time
    /// the rule says is up.
    fn excluded(&self, case: Case, after: &[Vec<u32>], owners: &OwnerTable) -> Vec<u32> {
        if !self.excludes {
            return Vec::new();
        }
        let mut excluded = self.taken.people(self.scene, case.row, after, owners);
        if self.clocks_of(case).iter().any(|id| self.scene.related.is_overdue(*id, case.row)) {
            excluded.push(self.input.current[case.row as usize]);
        }
        excluded
    }

    /// Whether a rule that waits for the end of an owner's time set the owner, or released the record, and some of the time
    /// is left.
    fn has_time(&self, case: Case, owners: &OwnerTable) -> bool {
        let related = self.scene.related;
        let is_out_of_touch = |id: HistoryId| related.history_column(id).is_some() && !related.history(id, case.row);
        let has_time = |id: &HistoryId| is_out_of_touch(*id) && !related.is_overdue(*id, case.row);
        let current = owners.get(self.input.current[case.row as usize]);
        self.clocks_of(case).iter().any(has_time) && current.is_none_or(|owner| self.scene.binding.is_active(owner))
    }

    fn clocks_of(&self, case: Case) -> &[HistoryId] {
        self.clocks.get(case.rule.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// Lets the pools choose for the rows that wait for them: first whoever may keep a record keeps it, then the others
    /// enter in the order of design section 3, point 13.
    fn assign(&mut self, after: &[Vec<u32>], owners: &mut OwnerTable, result: &mut RoleResult) {
        let waiting = self.pools.take_waiting();
        let mut choosing = Vec::new();
        for (case, place) in waiting {
            let excluded = self.excluded(case, after, owners);
            if let Some(pool) = self.may_keep(case, place, &excluded, after, owners) {
                result.outcome[case.row as usize] = Outcome::Assigned;
                result.pooled.insert(case.row, Pooled::Stays(pool));
            } else if self.has_time(case, owners) {
                // Else a queue that was given it for want of others would hand it back at once; so would nobody.
                let is_released = self.input.current[case.row as usize] == NOBODY;
                result.outcome[case.row as usize] = if is_released { Outcome::Nobody } else { Outcome::Assigned };
            } else if case.hold.is_some() || self.is_waiting(case, owners) {
                self.staying.push((case, place));
            } else {
                choosing.push((case, place));
            }
        }
        self.pools.enter(&mut choosing);
        result.pooled.reserve(choosing.len());
        for (case, place) in choosing {
            let current = self.input.current[case.row as usize];
            self.pools.catch_up(case.row, &result.owner);
            let (outcome, owner) = match self.choose(case, place, true, after, owners, result) {
                Chosen::Picked(owner) => (Outcome::Assigned, owner),
                Chosen::Named(pick) => named(pick, current),
            };
            self.give(case, outcome, owner, owners, result);
            self.pools.receives(case.row, owner);
        }
        self.pools.finish(&result.owner);
    }

    /// Records that a hold or a waiting hand-off keeps come last: whether a pool would take them from their owner is told
    /// by what all others have left, which is what the next run finds too.
    fn tell_staying(&mut self, after: &[Vec<u32>], owners: &mut OwnerTable, result: &mut RoleResult) {
        for (case, place) in std::mem::take(&mut self.staying) {
            let current = self.input.current[case.row as usize];
            match self.choose(case, place, false, after, owners, result) {
                Chosen::Named(pick) if named(pick, current).1 == current => {
                    result.outcome[case.row as usize] = named(pick, current).0;
                }
                Chosen::Named(_) | Chosen::Picked(_) => {
                    self.stays(case, owners, result);
                }
            }
        }
    }

    /// The pool that decides a row, or would if those before it had nobody, and lets its owner keep it.
    fn may_keep(
        &mut self,
        case: Case,
        place: usize,
        excluded: &[u32],
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
    ) -> Option<PoolId> {
        if self.input.current[case.row as usize] == NOBODY {
            return None;
        }
        let mut place = place;
        while let Some(Pick::Pool { place: at, pool }) = self.pick(case.rule, place, case.row, after, owners) {
            if self.pools.may_keep(pool, case.row, excluded) {
                return Some(pool);
            }
            place = at + 1;
        }
        None
    }

    /// One row's turn: down the chain from a pool on, until somebody is found. Where it is only asked and not moved, a
    /// pool names nobody in particular.
    fn choose(
        &mut self,
        case: Case,
        place: usize,
        moves: bool,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
        result: &mut RoleResult,
    ) -> Chosen {
        let excluded = self.excluded(case, after, owners);
        let mut place = place;
        loop {
            let pick = self.pick(case.rule, place, case.row, after, owners);
            let Some(Pick::Pool { place: at, pool }) = pick else { return Chosen::Named(pick) };
            if let Some(owner) = self.pools.pick(pool, case.row, &excluded, moves, result) {
                return Chosen::Picked(owner);
            }
            place = at + 1;
        }
    }
}

/// What a chain came to for a row.
enum Chosen {
    Picked(u32),
    Named(Option<Pick>),
}

/// The outcome and owner of what a chain names, pools aside.
fn named(pick: Option<Pick>, current: u32) -> (Outcome, u32) {
    match pick {
        Some(Pick::Owner(owner)) => (Outcome::Assigned, owner),
        Some(Pick::Keep(owner)) => (Outcome::Kept, owner),
        Some(Pick::Nobody) => (Outcome::Nobody, NOBODY),
        // Whoever is named may be ruled out for the row, and a pool may have nobody.
        Some(Pick::Pool { .. }) | None => (Outcome::Unmatched, current),
    }
}

/// A row, the rule that decides it, and the hold that would keep its owner.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub rule: RuleId,
    pub row: u32,
    pub hold: Option<Held>,
}

/// The first rule of each row that matches, or [`NO_RULE`], whatever it names.
pub fn matching_rules(scene: &Scene<'_>, plan: &RolePlan, after: &[Vec<u32>], owners: &mut OwnerTable) -> Vec<u32> {
    let count = u32::try_from(scene.dataset.table(scene.record).row_count).unwrap_or(u32::MAX);
    let mut matcher = Matcher::new(scene, plan);
    let mut rules = Vec::with_capacity(count as usize);
    for start in (0..count).step_by(CHUNK_ROWS) {
        let chunk: Vec<u32> = (start..count.min(start.saturating_add(CHUNK_ROWS as u32))).collect();
        matcher.find(scene, &chunk, after, owners);
        rules.extend((0..chunk.len()).map(|index| matcher.winner(index).map_or(NO_RULE, |rule| rule.0)));
    }
    rules
}

/// The winning rule of every row by its atoms alone: what the benchmark times.
pub fn winners(plan: &RolePlan, atoms: &[Vec<u16>], out: &mut [u32]) {
    plan.classifier.first_boxes(atoms, out);
}
