//! The gaps of a role among the records of a snapshot: of all that a record can hold, only what some of them do.

use super::gap::Gaps;
use super::ground::{Budget, Ground};
use super::stage::Stage;
use crate::assign::OwnerTable;
use crate::decide::{self, RoleResult, Scene};
use crate::plan::{AtomSet, Classifier, RolePlan};
use crate::value::Outcome;

/// What a snapshot says of a role's gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurring {
    /// Gaps made of values that occur, each in some record; whether they do so together is another matter.
    pub gaps: Gaps,
    /// Records that no rule takes as of the run.
    pub unmatched: u64,
    /// Records of the role's type.
    pub records: u64,
}

/// Looks for gaps in what occurs in the records of a scene, as `result` decided them. Rows that break their schema say
/// nothing; where no other row is left, nothing occurs.
pub fn occurring_gaps(
    scene: &Scene<'_>,
    result: &RoleResult,
    after: &[Vec<u32>],
    owners: &mut OwnerTable,
) -> Occurring {
    let stage = Stage::new(scene.policy, scene.as_of.today());
    let mut ground = Ground::new(scene.policy, scene.role, scene.as_of, &stage);
    let occurs = occurring(scene, &ground, result, after, owners);
    let is_known = occurs.iter().all(|set| !set.is_empty());
    ground.space = ground.space.iter().zip(&occurs).map(|(space, set)| space.intersection(set)).collect();
    let gaps = if is_known { ground.gaps(&mut Budget::new()) } else { Gaps::None };
    let is_unmatched = |row: usize| result.outcome[row] == Outcome::Unmatched && result.rule[row] == decide::NO_RULE;
    Occurring {
        gaps,
        unmatched: (0..result.outcome.len()).filter(|row| is_unmatched(*row)).count() as u64,
        records: result.outcome.len() as u64,
    }
}

/// By dimension of a ground, the atoms of all sound rows. Days to come occur whatever the records hold.
fn occurring(
    scene: &Scene<'_>,
    ground: &Ground<'_>,
    result: &RoleResult,
    after: &[Vec<u32>],
    owners: &mut OwnerTable,
) -> Vec<AtomSet> {
    let dimensions = ground.dimensions.clone();
    let classifier = Classifier::new(&[], &[]);
    let plan = RolePlan { dimensions, boxes: Vec::new(), classifier, holds: Vec::new() };
    let atoms = decide::encode_all(scene, &plan, after, owners);
    let columns = plan.dimensions.iter().zip(&ground.space).zip(atoms);
    let of_column = |((dimension, space), atoms): ((&crate::plan::Dimension, &AtomSet), Vec<u16>)| {
        if matches!(dimension.kind, crate::plan::DimensionKind::Calendar { .. }) {
            return space.clone();
        }
        let sound = atoms.iter().zip(&result.outcome).filter(|(_, outcome)| **outcome != Outcome::Invalid);
        AtomSet::of(dimension.atom_count, sound.map(|(atom, _)| *atom))
    };
    columns.map(of_column).collect()
}
