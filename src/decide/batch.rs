//! All records of a role at once: atoms a column at a time, the matrix, the owner the winning rule names.

use super::encode::{Encoder, Reach, invalid_rows};
use super::related::RelatedColumns;
use super::resolve::{Pick, Resolver};
use super::row::{RecordFacts, Setting};
use super::waves::waves;
use crate::assign::{Binding, NOBODY, OwnerTable};
use crate::check::policy::{OwnerRef, Role, RoleId, TargetKind, TypedPolicy};
use crate::column::{Dataset, RowSet};
use crate::plan::{NO_BOX, RolePlan};
use crate::schema::RecordId;
use crate::value::{Outcome, time::AsOf};

/// No rule decided.
pub const NO_RULE: u32 = u32::MAX;

/// Rows that are worked on at a time: their atoms stay in the processor's cache.
const CHUNK_ROWS: usize = 4096;

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
    pub related: &'a RelatedColumns,
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
}

/// A record's owner as a pin sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Code of the owner table.
    pub owner: u32,
    /// The pin, by its place in [`TypedPolicy::pins`].
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
}

/// For policies that ask nothing of other records.
static NOTHING_RELATED: std::sync::LazyLock<RelatedColumns> = std::sync::LazyLock::new(RelatedColumns::default);

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
        }
    }

    /// The same scene with what was worked out over other records.
    #[must_use]
    pub fn with_related(self, related: &'a RelatedColumns) -> Self {
        Scene { related, ..self }
    }

    pub fn setting(&self) -> Setting<'a> {
        Setting { policy: self.policy, record: self.record, binding: self.binding, as_of: self.as_of }
    }

    /// The facts of one row, without the owners of other roles.
    pub(super) fn facts(&self, row: u32, _after: &[Vec<u32>], owners: &OwnerTable) -> RecordFacts<'a> {
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

    /// The code of an owner that a condition or target refers to.
    pub(super) fn owner_code(&self, of: &OwnerRef, row: u32, after: &[Vec<u32>]) -> u32 {
        match of {
            OwnerRef::Current => self.current[row as usize],
            OwnerRef::Of(path) => {
                let reached = Reach::new(self, &path.steps).row(row);
                let codes = after.get(path.role.0 as usize);
                reached.and_then(|row| codes?.get(row as usize).copied()).unwrap_or(NOBODY)
            }
        }
    }
}

/// Decides one role for all rows. `after` holds the owners that earlier roles gave, by role; this role's are added.
///
/// Precedence is that of design section 3, point 3: pin, drift under `report`, invalid, then the first rule that matches.
pub fn decide_role(
    scene: &Scene<'_>,
    plan: &RolePlan,
    input: &RoleInput,
    after: &mut Vec<Vec<u32>>,
    owners: &mut OwnerTable,
) -> RoleResult {
    let count = scene.dataset.table(scene.record).row_count;
    let mut result = RoleResult {
        outcome: vec![Outcome::Unmatched; count],
        owner: input.current.clone(),
        rule: vec![NO_RULE; count],
        circles: RowSet::default(),
    };
    let slot = scene.role_id.0 as usize;
    if after.len() <= slot {
        after.resize(slot + 1, Vec::new());
    }
    let mut engine = Engine::new(scene, plan);
    let mut invalid = invalid_rows(scene, scene.dataset);
    let own_ways: Vec<Reach<'_>> = scene
        .role
        .owners_read
        .iter()
        .filter(|path| path.role == scene.role_id)
        .map(|path| Reach::new(scene, &path.steps))
        .collect();
    if own_ways.is_empty() {
        let rows = u32::try_from(count).unwrap_or(u32::MAX);
        let mut start = 0;
        let mut chunk = Vec::with_capacity(CHUNK_ROWS);
        while start < rows {
            let end = rows.min(start.saturating_add(CHUNK_ROWS as u32));
            chunk.clear();
            chunk.extend(start..end);
            engine.decide(scene, &chunk, input, &invalid, after, owners, &mut result);
            start = end;
        }
        after[slot].clone_from(&result.owner);
        return result;
    }
    // What a row reads of this role is what the rows above it have after this run.
    let found = waves(scene, &own_ways);
    invalid.extend(&found.circles);
    after[slot].clone_from(&input.current);
    for row in found.circles.iter() {
        engine.settle(row, input, &mut result);
        after[slot][row as usize] = result.owner[row as usize];
    }
    result.circles = found.circles;
    for wave in &found.waves {
        for chunk in wave.chunks(CHUNK_ROWS) {
            engine.decide(scene, chunk, input, &invalid, after, owners, &mut result);
            for row in chunk {
                after[slot][*row as usize] = result.owner[*row as usize];
            }
        }
    }
    result
}

/// Encoders, buffers and resolvers of one role, made once.
struct Engine<'a, 'p> {
    plan: &'p RolePlan,
    /// By dimension; `None` for those that no box looks at.
    encoders: Vec<Option<Encoder<'a>>>,
    atoms: Vec<Vec<u16>>,
    first: Vec<u32>,
    /// By rule, made when a rule first wins.
    resolvers: Vec<Option<Resolver<'a>>>,
}

impl<'a, 'p> Engine<'a, 'p> {
    fn new(scene: &Scene<'a>, plan: &'p RolePlan) -> Self {
        let used = plan.classifier.used_dimensions();
        let encoders = plan
            .dimensions
            .iter()
            .enumerate()
            .map(|(index, dimension)| used.contains(&index).then(|| Encoder::new(scene, dimension)))
            .collect();
        Engine {
            plan,
            encoders,
            atoms: vec![Vec::new(); plan.dimensions.len()],
            first: Vec::new(),
            resolvers: (0..scene.role.rules.len()).map(|_| None).collect(),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "state comes in and goes out as values")]
    fn decide(
        &mut self,
        scene: &Scene<'a>,
        rows: &[u32],
        input: &RoleInput,
        invalid: &RowSet,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
        result: &mut RoleResult,
    ) {
        for (encoder, atoms) in self.encoders.iter_mut().zip(&mut self.atoms) {
            if let Some(encoder) = encoder {
                encoder.encode(scene, rows, after, owners, atoms);
            }
        }
        self.first.clear();
        self.first.resize(rows.len(), NO_BOX);
        self.plan.classifier.first_boxes(&self.atoms, &mut self.first);
        for (index, row) in rows.iter().enumerate() {
            let at = *row as usize;
            if let Some(pinned) = input.pinned.get(row) {
                result.outcome[at] = Outcome::Kept;
                result.owner[at] = pinned.owner;
            } else if input.drifted.contains(*row) && input.current[at] != NOBODY {
                result.outcome[at] = Outcome::Kept;
            } else if invalid.contains(*row) {
                result.outcome[at] = Outcome::Invalid;
            } else if let Some(rule) = self.plan.winner(self.first[index]) {
                result.rule[at] = rule.0;
                let pick = self.pick(scene, rule.0 as usize, *row, after, owners);
                let (outcome, owner) = match pick {
                    Some(Pick::Owner(owner)) => (Outcome::Assigned, owner),
                    Some(Pick::Keep(owner)) => (Outcome::Kept, owner),
                    Some(Pick::Nobody) => (Outcome::Nobody, NOBODY),
                    // The plan made sure that the winner names somebody.
                    None => (Outcome::Unmatched, input.current[at]),
                };
                result.outcome[at] = outcome;
                result.owner[at] = owner;
            }
        }
    }

    /// A row on a circle: pinned, or its owner stays, by drift or because it is invalid.
    fn settle(&self, row: u32, input: &RoleInput, result: &mut RoleResult) {
        let at = row as usize;
        if let Some(pinned) = input.pinned.get(&row) {
            result.outcome[at] = Outcome::Kept;
            result.owner[at] = pinned.owner;
            return;
        }
        let drifted = input.drifted.contains(row) && input.current[at] != NOBODY;
        result.outcome[at] = if drifted { Outcome::Kept } else { Outcome::Invalid };
    }

    fn pick(
        &mut self,
        scene: &Scene<'a>,
        rule: usize,
        row: u32,
        after: &[Vec<u32>],
        owners: &mut OwnerTable,
    ) -> Option<Pick> {
        let resolver = self.resolvers[rule].get_or_insert_with(|| {
            let chain: Vec<TargetKind> =
                scene.role.rules[rule].targets.iter().map(|target| target.kind.clone()).collect();
            Resolver::new(scene, &chain)
        });
        resolver.pick(scene, row, after, owners)
    }
}

/// The winning rule of every row by its atoms alone: what the benchmark times.
pub fn winners(plan: &RolePlan, atoms: &[Vec<u16>], out: &mut [u32]) {
    plan.classifier.first_boxes(atoms, out);
}
