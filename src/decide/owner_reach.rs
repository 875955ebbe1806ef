//! Owners that conditions and targets refer to, reached row by row over references followed once.

use super::batch::Scene;
use super::encode::Reach;
use crate::assign::{NOBODY, OwnerTable};
use crate::check::policy::{OwnerPath, OwnerRef, RoleId};
use crate::value::OwnerKind;

/// The way to an owner: the one a record has now, or the one a role gave to the record a path leads to.
pub(super) enum OwnerReach<'a> {
    Current,
    Of(Reach<'a>, RoleId),
}

impl<'a> OwnerReach<'a> {
    pub fn new(scene: &Scene<'a>, of: &OwnerRef) -> Self {
        match of {
            OwnerRef::Current => OwnerReach::Current,
            OwnerRef::Of(path) => OwnerReach::of(scene, path),
        }
    }

    fn of(scene: &Scene<'a>, path: &OwnerPath) -> Self {
        OwnerReach::Of(Reach::new(scene, &path.steps), path.role)
    }

    /// The owner's code for a row; [`NOBODY`] where the path or the owner is missing. `after` is by role and row.
    pub fn code(&self, scene: &Scene<'a>, row: u32, after: &[Vec<u32>]) -> u32 {
        match self {
            OwnerReach::Current => scene.current[row as usize],
            OwnerReach::Of(reach, role) => {
                let codes = after.get(role.0 as usize);
                reach.row(row).and_then(|row| codes?.get(row as usize).copied()).unwrap_or(NOBODY)
            }
        }
    }
}

/// Whoever owns a record in the roles that this one must differ from.
pub(super) struct Taken<'a>(Vec<OwnerReach<'a>>);

impl<'a> Taken<'a> {
    pub fn new(scene: &Scene<'a>) -> Self {
        Taken(scene.role.never.iter().map(|path| OwnerReach::of(scene, path)).collect())
    }

    /// Whether nobody is ever taken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The people among those owners, for a row: a team or a queue may own it twice.
    pub fn people(&self, scene: &Scene<'a>, row: u32, after: &[Vec<u32>], owners: &OwnerTable) -> Vec<u32> {
        let taken = self.0.iter().map(|reach| reach.code(scene, row, after));
        taken.filter(|code| owners.get(*code).is_some_and(|owner| owner.kind == OwnerKind::Person)).collect()
    }
}
