//! Rows of a table that claim the same records for different owners, and places of a tree that hold the same records.

use super::ground::{Answer, Budget, Ground};
use super::opened::Row;
use super::words;
use crate::check::policy::{Path, RuleId, TargetKind};
use crate::plan::{Cuts, DimensionKind, RuleBox};

/// Two rows of one table that fit the same records, neither inside the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub rule: RuleId,
    /// The one that wins, and the one that loses.
    pub rows: (Row, Row),
    pub record: Vec<(String, Option<String>)>,
}

/// Two places side by side in a tree that hold the same records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedPlaces {
    /// In the order they are written.
    pub places: (RuleId, RuleId),
    pub record: Vec<(String, Option<String>)>,
}

/// Overlaps that are told of one rule's table, or of one tree.
const OVERLAPS_MAX: usize = 3;

impl Ground<'_> {
    /// Rows of a rule's table that overlap with different owners. A row inside another is an exception to it, as longer
    /// prefixes and narrower ranges are meant to be.
    pub(super) fn overlaps(&self, id: RuleId, budget: &mut Budget) -> Vec<Overlap> {
        let parts: Vec<usize> =
            (0..self.parts.len()).filter(|at| self.parts[*at].rule == id && self.parts[*at].row.is_some()).collect();
        let mut found = Vec::new();
        for (at, later) in parts.iter().enumerate() {
            for own in &self.boxes[self.boxes_of(*later)] {
                let Some(region) = self.region(own) else { continue };
                for number in self.near(&region) {
                    let other = &self.boxes[number as usize];
                    let earlier = other.rule.0 as usize;
                    if !parts[..at].contains(&earlier) || self.parts[earlier].outcome == self.parts[*later].outcome {
                        continue;
                    }
                    if self.is_exception(id, own, other) {
                        continue;
                    }
                    let Some(both) = super::ground::cut(&region, other) else { continue };
                    let first = parts.first().copied().unwrap_or_default();
                    // A record that no rule before the table takes.
                    if let Answer::Found(region, imagined) =
                        self.ask(&both, |one| (one.rule.0 as usize) < first, budget)
                        && let (Some(winner), Some(loser)) = (&self.parts[earlier].row, &self.parts[*later].row)
                    {
                        let record = self.witness(&region, imagined);
                        let record = words::record(self.policy, self.role, &record);
                        found.push(Overlap { rule: id, rows: (winner.clone(), loser.clone()), record });
                        if found.len() == OVERLAPS_MAX {
                            return found;
                        }
                    }
                }
            }
        }
        found
    }
}

impl Ground<'_> {
    /// Whether one row is an exception to the other: by a longer prefix, or because its ranges lie inside.
    fn is_exception(&self, id: RuleId, a: &RuleBox, b: &RuleBox) -> bool {
        let side = |one: &RuleBox, at: usize| {
            let side = one.sides.iter().find(|(side, _)| *side == at);
            side.map_or_else(|| self.space[at].clone(), |(_, set)| set.intersection(&self.space[at]))
        };
        let mut inside = (true, true);
        for at in self.matched_by(id) {
            let (own, other) = (side(a, at), side(b, at));
            if own == other {
                continue;
            }
            if matches!(self.dimensions[at].cuts(), Some(Cuts::Text { .. })) {
                return true;
            }
            inside = (inside.0 && own.is_subset(&other), inside.1 && other.is_subset(&own));
        }
        inside.0 || inside.1
    }

    /// The dimensions of the fields that a rule's table is matched by.
    fn matched_by(&self, id: RuleId) -> impl Iterator<Item = usize> + '_ {
        let targets = &self.role.rule(id).targets;
        let is_matched = move |path: &Path| {
            targets.iter().any(|target| match &target.kind {
                TargetKind::Table(table) => table.paths.contains(path),
                _ => false,
            })
        };
        let dimensions = self.dimensions.iter().enumerate();
        dimensions
            .filter(move |(_, one)| matches!(&one.kind, DimensionKind::Field { path, .. } if is_matched(path)))
            .map(|(at, _)| at)
    }
}

impl Ground<'_> {
    /// Places around which the same one stands (`around`, by rule) and that share records: those stand in both.
    pub(super) fn shared_places(&self, around: &[Option<RuleId>], budget: &mut Budget) -> Vec<SharedPlaces> {
        let mut found: Vec<SharedPlaces> = Vec::new();
        let around = |id: RuleId| around.get(id.0 as usize).copied().flatten();
        for own in &self.boxes {
            let later = self.rule_of_box(own);
            let Some(region) = self.region(own) else { continue };
            for number in self.near(&region) {
                let other = &self.boxes[number as usize];
                let places = (self.rule_of_box(other), later);
                if places.0 >= later
                    || around(places.0) != around(later)
                    || found.iter().any(|one| one.places == places)
                {
                    continue;
                }
                let Some(both) = super::ground::cut(&region, other) else { continue };
                if let Answer::Found(region, imagined) = self.ask(&both, |_| false, budget) {
                    let record = words::record(self.policy, self.role, &self.witness(&region, imagined));
                    found.push(SharedPlaces { places, record });
                    if found.len() == OVERLAPS_MAX {
                        return found;
                    }
                }
            }
        }
        found
    }
}
