//! Which required fields that a test did not give were read on the way to a decision.
//!
//! A decision is replayed by the plain interpreter, whose conditions stop as soon as they are settled; every field that it
//! reads is looked at. What was worked out over other records counts as read where the record is asked at all.

use super::world::World;
use crate::check::policy::{
    ContestPath, Gather, GatherKind, HistoryId, OwnerRef, Path, Related, RelatedPath, RoleId, TypedPolicy, walk,
};
use crate::column::ROW_MISSING;
use crate::decide::row::{self, Named, Setting};
use crate::decide::{Candidate, Facts, RecordFacts, WorkedOut};
use crate::run::Decided;
use crate::schema::{FieldId, RecordId};
use crate::value::{Outcome, Owner, Value};
use std::cell::RefCell;

/// A case that was decided.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub policy: &'a TypedPolicy,
    pub world: &'a World,
    pub decided: &'a Decided,
}

impl<'a> Scene<'a> {
    pub fn setting(&self, record: RecordId) -> Setting<'a> {
        Setting { policy: self.policy, record, binding: &self.world.binding, as_of: &self.world.as_of }
    }

    pub fn current(&self, role: RoleId, row: u32) -> Option<Owner> {
        let code = self.decided.inputs.get(role.0 as usize)?.current.get(row as usize)?;
        self.decided.owners.get(*code).cloned()
    }

    /// The facts of a row, with the owners of the run.
    pub fn with_facts<T>(
        &self,
        record: RecordId,
        row: u32,
        current: Option<Owner>,
        ask: impl FnOnce(&RecordFacts<'_>) -> T,
    ) -> T {
        let owner_of = |role: RoleId, row: u32| -> Option<Owner> {
            let code = self.decided.after.get(role.0 as usize)?.get(row as usize)?;
            self.decided.owners.get(*code).cloned()
        };
        ask(&RecordFacts {
            policy: self.policy,
            dataset: &self.world.dataset,
            record,
            row,
            current,
            owner_of: &owner_of,
            related: &self.decided.related,
        })
    }

    /// The unset fields that the decision of a role rests on: `Account A-1: name`, in order of first sight.
    pub fn unset_of_role(&self, role: RoleId, row: u32) -> Vec<String> {
        let mut found = Found::default();
        let mut waiting = vec![(role, row)];
        while let Some((role, row)) = waiting.pop() {
            if found.roles.contains(&(role, row)) {
                continue;
            }
            found.roles.push((role, row));
            self.role(role, row, &mut found, &mut waiting);
        }
        found.fields
    }

    fn role(&self, id: RoleId, row: u32, found: &mut Found, waiting: &mut Vec<(RoleId, u32)>) {
        let role = self.policy.role(id);
        let is_pinned = self.decided.inputs.get(id.0 as usize).is_some_and(|input| input.pinned.contains_key(&row));
        let outcome = self.decided.results.get(id.0 as usize).and_then(|result| result.outcome.get(row as usize));
        if is_pinned || outcome == Some(&Outcome::Invalid) {
            // No rule was asked.
            return;
        }
        let setting = self.setting(role.record);
        let current = self.current(id, row);
        self.with_facts(role.record, row, current.clone(), |facts| {
            let reader = Reader::new(*self, facts, role.record, row);
            if current.is_some() {
                for hold in &role.holds {
                    row::matches(setting, &hold.rule, &reader);
                }
            }
            let decided = row::decide(setting, role, &reader);
            if let Some(Named::Pool(pool)) = decided.named {
                let pool = self.policy.pool(pool);
                for path in pool.condition.iter().flat_map(|condition| condition.paths()) {
                    reader.value(&path);
                }
            }
            reader.into_found(found, waiting);
        });
    }

    /// The same for a team or the places of a record, where every rule is asked.
    pub fn unset_of_gather(&self, gather: &Gather, row: u32) -> Vec<String> {
        let mut found = Found::default();
        let mut waiting = Vec::new();
        let record = gather.role.record;
        let setting = self.setting(record);
        self.with_facts(record, row, None, |facts| {
            let reader = Reader::new(*self, facts, record, row);
            for (at, rule) in gather.role.rules.iter().enumerate() {
                if !row::matches(setting, rule, &reader) {
                    continue;
                }
                if let GatherKind::Team(adds) = &gather.kind {
                    for add in adds.get(at).into_iter().flatten() {
                        // The first that answers is added; those behind it are not asked.
                        let answers = |named: &Named| !matches!(named, Named::Miss(_));
                        let mut named =
                            add.chain.iter().map(|target| row::target_named(setting, &target.kind, &reader));
                        let _ = named.find(answers);
                    }
                }
            }
            reader.into_found(&mut found, &mut waiting);
        });
        while let Some((role, row)) = waiting.pop() {
            if !found.roles.contains(&(role, row)) {
                found.roles.push((role, row));
                self.role(role, row, &mut found, &mut waiting);
            }
        }
        found.fields
    }
}

#[derive(Default)]
struct Found {
    fields: Vec<String>,
    roles: Vec<(RoleId, u32)>,
}

/// What was read that a test may not have given: unset fields, and decisions of other records.
#[derive(Clone, Debug, Default)]
pub struct Read {
    pub fields: Vec<String>,
    pub owners: Vec<(RoleId, u32)>,
}

impl<'a> Scene<'a> {
    /// Asks something of the facts of a row, and notes what is read for it.
    pub fn reading<T>(
        &self,
        record: RecordId,
        row: u32,
        current: Option<Owner>,
        ask: impl FnOnce(&dyn Facts) -> T,
    ) -> (T, Read) {
        self.with_facts(record, row, current, |facts| {
            let reader = Reader::new(*self, facts, record, row);
            let answer = ask(&reader);
            (answer, Read { fields: reader.fields.into_inner(), owners: reader.owners.into_inner() })
        })
    }
}

/// Facts that note which unset fields are read.
struct Reader<'f> {
    scene: Scene<'f>,
    facts: &'f dyn Facts,
    record: RecordId,
    row: u32,
    fields: RefCell<Vec<String>>,
    owners: RefCell<Vec<(RoleId, u32)>>,
}

impl<'f> Reader<'f> {
    fn new(scene: Scene<'f>, facts: &'f dyn Facts, record: RecordId, row: u32) -> Self {
        Reader { scene, facts, record, row, fields: RefCell::default(), owners: RefCell::default() }
    }

    fn into_found(self, found: &mut Found, waiting: &mut Vec<(RoleId, u32)>) {
        for field in self.fields.into_inner() {
            if !found.fields.contains(&field) {
                found.fields.push(field);
            }
        }
        waiting.extend(self.owners.into_inner());
    }

    fn look(&self, record: RecordId, field: FieldId, row: u32) {
        let Scene { policy, world, .. } = self.scene;
        if world.is_unset(record, field, row) {
            let of = policy.schema.record(record);
            let key = world.dataset.table(record).key(row).unwrap_or_default();
            self.fields.borrow_mut().push(format!("`{}` of {} `{key}`", of.field(field).name, of.name));
        }
    }

    /// Where a path of references ends, looking at each step.
    fn reach(&self, steps: &[FieldId]) -> Option<(RecordId, u32)> {
        let (mut record, mut row) = (self.record, self.row);
        for step in steps {
            self.look(record, *step, row);
            let column = self.scene.world.dataset.table(record).column(*step)?;
            row = *column.targets().get(row as usize)?;
            if row == ROW_MISSING {
                return None;
            }
            record = walk(&self.scene.policy.schema, record, &[*step]);
        }
        Some((record, row))
    }

    /// The records that a question looks at.
    fn question(&self, related: &Related, row: u32) {
        let Scene { policy, world, .. } = self.scene;
        let table = world.dataset.table(related.record);
        let targets = related.via.and_then(|via| table.column(via)).map(|column| column.targets());
        let setting = self.scene.setting(related.record);
        let nothing = WorkedOut::default();
        let owner_of = |_: RoleId, _: u32| None;
        for other in 0..u32::try_from(table.row_count).unwrap_or(u32::MAX) {
            let is_asked = match targets {
                Some(targets) => targets.get(other as usize) == Some(&row),
                None => true,
            };
            if let Some(via) = related.via {
                self.look(related.record, via, other);
            }
            if !is_asked {
                continue;
            }
            let facts = RecordFacts {
                policy,
                dataset: &world.dataset,
                record: related.record,
                row: other,
                current: None,
                owner_of: &owner_of,
                related: &nothing,
            };
            let reader = Reader::new(self.scene, &facts, related.record, other);
            if related.condition.as_ref().is_none_or(|condition| row::holds(setting, condition, &reader))
                && let Some(field) = &related.field
            {
                reader.value(field);
            }
            self.fields.borrow_mut().extend(reader.fields.into_inner());
        }
    }
}

impl Facts for Reader<'_> {
    fn value(&self, path: &Path) -> Value {
        if let Some((record, row)) = self.reach(&path.steps) {
            self.look(record, path.field, row);
        }
        self.facts.value(path)
    }

    fn owner(&self, of: &OwnerRef) -> Option<Owner> {
        if let OwnerRef::Of(path) = of
            && let Some((_, row)) = self.reach(&path.steps)
        {
            self.owners.borrow_mut().push((path.role, row));
        }
        self.facts.owner(of)
    }

    fn related(&self, path: &RelatedPath) -> Value {
        if let Some((_, row)) = self.reach(&path.steps) {
            self.question(self.scene.policy.related(path.related), row);
        }
        self.facts.related(path)
    }

    fn candidates(&self, path: &ContestPath) -> Vec<Candidate> {
        if let Some((_, row)) = self.reach(&path.steps) {
            self.question(&self.scene.policy.contest(path.contest).question, row);
        }
        self.facts.candidates(path)
    }

    fn history(&self, id: HistoryId) -> bool {
        for field in self.scene.policy.history(id).fields() {
            self.look(self.record, field, self.row);
        }
        self.facts.history(id)
    }
}
