//! Where the records go that lack a field: for each field that rules read and that may be missing.

use super::ground::{Answer, Budget, Ground};
use super::opened;
use super::space::is_optional;
use super::stage::Stage;
use super::words;
use crate::check::policy::{Path, Role, RoleId, RuleId, TypedPolicy};
use crate::check::rule_reads;
use crate::plan::{AtomSet, DimensionKind};
use crate::value::time::AsOf;

/// Which rules receive records without a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutField {
    pub path: Path,
    /// Rules that read the field and take records without it all the same.
    pub readers: Vec<RuleId>,
    /// Rules that take such records and do not read the field.
    pub others: Vec<RuleId>,
    /// Rules of which neither was decided.
    pub not_decided: Vec<RuleId>,
    pub left: Left,
}

/// Whether records without a field reach no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// A rule takes each of them.
    None,
    /// No rule takes some of them, like this one: a name and a value each (`None` is missing).
    Some(Vec<(String, Option<String>)>),
    NotDecided,
}

/// For every field that a role's rules read and that a record may lack, which of them receive the records without it: in the
/// order of the declarations, what lies behind references last. As [`super::prove`], over everything that a record can hold.
pub fn without_fields(policy: &TypedPolicy, role: RoleId, as_of: &AsOf) -> Vec<WithoutField> {
    let role = policy.role(role);
    let stage = Stage::new(policy, as_of.today());
    let reads: Vec<Vec<Path>> = role.rules.iter().map(|rule| rule_reads(policy, rule)).collect();
    let mut paths: Vec<Path> = reads.iter().flatten().filter(|path| may_lack(policy, role, path)).cloned().collect();
    paths.sort();
    paths.dedup();
    let opened = opened::open(policy, role, as_of.today());
    let ground = Ground::with_fields(policy, role, as_of, &stage, opened, &paths);
    let mut budget = Budget::new();
    paths.into_iter().filter_map(|path| ground.without(path, &reads, &mut budget)).collect()
}

fn may_lack(policy: &TypedPolicy, role: &Role, path: &Path) -> bool {
    !path.steps.is_empty() || is_optional(policy, role, path)
}

impl Ground<'_> {
    fn without(&self, path: Path, reads: &[Vec<Path>], budget: &mut Budget) -> Option<WithoutField> {
        let mut space = self.space.clone();
        for (at, dimension) in self.dimensions.iter().enumerate() {
            // A field of money has a dimension for each currency.
            if matches!(&dimension.kind, DimensionKind::Field { path: other, .. } if *other == path) {
                let missing = AtomSet::of(dimension.atom_count, [dimension.missing_atom()]);
                space[at] = space[at].intersection(&missing);
            }
        }
        if space.iter().any(AtomSet::is_empty) {
            return None;
        }
        let left = match self.ask(&space, |_| true, budget) {
            Answer::Covered(_) => Left::None,
            Answer::NotDecided(_) => Left::NotDecided,
            Answer::Found(region, imagined) => {
                Left::Some(words::record(self.policy, self.role, &self.witness(&region, imagined)))
            }
        };
        let mut found = WithoutField { path, readers: Vec::new(), others: Vec::new(), not_decided: Vec::new(), left };
        for (id, reads) in self.role.rule_ids().zip(reads) {
            match self.receives(id, &space, budget) {
                Some(false) => {}
                None => found.not_decided.push(id),
                Some(true) if reads.contains(&found.path) => found.readers.push(id),
                Some(true) => found.others.push(id),
            }
        }
        Some(found)
    }

    /// Whether a rule is the first to take some record of a space; `None` where that was not decided.
    fn receives(&self, id: RuleId, space: &[AtomSet], budget: &mut Budget) -> Option<bool> {
        let mut is_open = false;
        let first = self.parts.partition_point(|part| part.rule < id);
        for part in (first..self.parts.len()).take_while(|part| self.parts[*part].rule == id) {
            for own in &self.boxes[self.boxes_of(part)] {
                let Some(region) = super::ground::cut(space, own) else { continue };
                match self.ask(&region, |one| (one.rule.0 as usize) < part, budget) {
                    Answer::Found(..) => return Some(true),
                    Answer::NotDecided(_) => is_open = true,
                    Answer::Covered(_) => {}
                }
            }
        }
        (!is_open).then_some(false)
    }
}
