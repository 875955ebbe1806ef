//! Rules that no record can reach: because their own conditions exclude each other, or because the rules before them take
//! every record they fit. And rules without which every record keeps its owner.

use super::ground::{Answer, Budget, Doubt, Ground, cut};
use super::opened::Row;
use crate::check::policy::RuleId;
use crate::plan::{AtomSet, RuleBox};
use std::collections::BTreeSet;

/// What a rule can still receive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Some record.
    Some,
    /// Its last day is over.
    Expired,
    /// No record at all fits its conditions.
    NeverTrue,
    /// The rules that together take every record it fits, in order. None of them can be left out, unless the steps ran
    /// out while that was tried.
    Hidden(Vec<RuleId>),
    NotDecided(Doubt),
}

/// A row of a list or table that decides nothing although its rule does: the rule, the row, and the rows of the same rule
/// that take its records.
pub type Unreached = (RuleId, Row, Vec<Row>);

/// What one role's rules can receive.
pub(super) struct Reach {
    /// By rule of the role.
    pub rules: Vec<Reached>,
    pub dead_rows: Vec<Unreached>,
}

impl Ground<'_> {
    /// What each rule can receive.
    pub(super) fn reach(&self, budget: &mut Budget) -> Reach {
        let mut reach = Reach { rules: Vec::with_capacity(self.role.rules.len()), dead_rows: Vec::new() };
        let mut part = 0;
        for id in self.role.rule_ids() {
            let first = part;
            while self.parts.get(part).is_some_and(|one| one.rule == id) {
                part += 1;
            }
            reach.rules.push(self.reach_of(id, first..part, &mut reach.dead_rows, budget));
        }
        reach
    }

    /// What each rule can receive where every rule that fits counts, whatever the others take.
    pub(super) fn fits(&self, budget: &mut Budget) -> Vec<Reached> {
        self.role.rule_ids().map(|id| self.fits_some(id, budget)).collect()
    }

    fn fits_some(&self, id: RuleId, budget: &mut Budget) -> Reached {
        if self.role.rule(id).until.is_some_and(|until| until < self.as_of.today()) {
            return Reached::Expired;
        }
        let mut doubt = None;
        let parts = self.parts.iter().enumerate().filter(|(_, part)| part.rule == id);
        for own in parts.flat_map(|(part, _)| &self.boxes[self.boxes_of(part)]) {
            let Some(region) = self.region(own) else { continue };
            match self.ask(&region, |_| false, budget) {
                Answer::Found(..) => return Reached::Some,
                Answer::NotDecided(why) => doubt = Some(why),
                Answer::Covered(_) => {}
            }
        }
        doubt.map_or(Reached::NeverTrue, Reached::NotDecided)
    }

    fn reach_of(
        &self,
        id: RuleId,
        parts: std::ops::Range<usize>,
        dead_rows: &mut Vec<Unreached>,
        budget: &mut Budget,
    ) -> Reached {
        if self.role.rule(id).until.is_some_and(|until| until < self.as_of.today()) {
            return Reached::Expired;
        }
        let mut is_reached = false;
        let mut doubt = None;
        let mut used = BTreeSet::new();
        let mut regions = Vec::new();
        let mut dead = Vec::new();
        for part in parts.clone() {
            let own: Vec<Vec<AtomSet>> =
                self.boxes[self.boxes_of(part)].iter().filter_map(|one| self.region(one)).collect();
            match self.is_taken(part, &own, budget) {
                Ok(None) => is_reached = true,
                Ok(Some(boxes)) => {
                    dead.push((part, boxes.clone()));
                    used.extend(boxes);
                    regions.extend(own);
                }
                Err(why) => doubt = Some(why),
            }
        }
        if is_reached {
            let rows = dead.into_iter().filter_map(|(part, boxes)| {
                let row = self.parts[part].row.clone()?;
                let by: BTreeSet<usize> = boxes.iter().map(|at| self.boxes[*at as usize].rule.0 as usize).collect();
                let by = by.into_iter().filter(|other| self.parts[*other].rule == id);
                Some((id, row, by.filter_map(|other| self.parts[other].row.clone()).collect()))
            });
            dead_rows.extend(rows);
            return Reached::Some;
        }
        if let Some(doubt) = doubt {
            return Reached::NotDecided(doubt);
        }
        let is_empty = |region: &Vec<AtomSet>, budget: &mut Budget| {
            matches!(self.ask(region, |_| false, budget), Answer::Covered(_))
        };
        if regions.iter().all(|region| is_empty(region, budget)) {
            return Reached::NeverTrue;
        }
        let rules = used.iter().map(|at| self.rule_of(*at)).collect::<BTreeSet<_>>();
        Reached::Hidden(self.fewest(
            &regions,
            parts.start,
            rules.into_iter().filter(|rule| *rule != id).collect(),
            budget,
        ))
    }

    /// The boxes before a part that take all of its regions, by their places; `None` where a record is left.
    fn is_taken(
        &self,
        part: usize,
        regions: &[Vec<AtomSet>],
        budget: &mut Budget,
    ) -> Result<Option<BTreeSet<u32>>, Doubt> {
        let mut used = BTreeSet::new();
        let mut doubt = None;
        for region in regions {
            match self.ask(region, |one| (one.rule.0 as usize) < part, budget) {
                Answer::Found(..) => return Ok(None),
                Answer::Covered(boxes) => used.extend(boxes),
                Answer::NotDecided(why) => doubt = Some(why),
            }
        }
        doubt.map_or(Ok(Some(used)), Err)
    }

    fn rule_of(&self, at: u32) -> RuleId {
        self.rule_of_box(&self.boxes[at as usize])
    }

    /// The role's rule that a box belongs to.
    pub(super) fn rule_of_box(&self, one: &RuleBox) -> RuleId {
        self.parts[one.rule.0 as usize].rule
    }

    /// Leaves out every rule without which the others still take all; the later ones first, so that the first stay. Most
    /// of many are needless at once: larger parts of them are tried before single ones.
    fn fewest(
        &self,
        regions: &[Vec<AtomSet>],
        part: usize,
        mut rules: Vec<RuleId>,
        budget: &mut Budget,
    ) -> Vec<RuleId> {
        let mut is_left = vec![false; self.role.rules.len()];
        rules.iter().for_each(|rule| is_left[rule.0 as usize] = true);
        let mut length = rules.len().div_ceil(2);
        loop {
            let mut end = rules.len();
            while end > 0 && rules.len() > 1 {
                let start = end.saturating_sub(length);
                // Somebody must take the records.
                if end - start == rules.len() {
                    break;
                }
                rules[start..end].iter().for_each(|rule| is_left[rule.0 as usize] = false);
                let takes = |one: &RuleBox| {
                    (one.rule.0 as usize) < part && is_left.get(self.rule_of_box(one).0 as usize) == Some(&true)
                };
                let is_needless =
                    regions.iter().all(|region| matches!(self.ask(region, takes, budget), Answer::Covered(_)));
                if is_needless {
                    rules.drain(start..end);
                } else {
                    rules[start..end].iter().for_each(|rule| is_left[rule.0 as usize] = true);
                }
                end = start;
            }
            if length <= 1 {
                return rules;
            }
            length = length.div_ceil(2);
        }
    }

    /// Whether every record keeps its owner where a rule is left out; `None` where that was not decided.
    pub(super) fn is_needless(&self, id: RuleId, budget: &mut Budget) -> Option<bool> {
        let rule = self.role.rule(id);
        let parts = self.parts.iter().enumerate().filter(|(_, part)| part.rule == id);
        for (at, part) in parts {
            let is_before = |one: &RuleBox| (one.rule.0 as usize) < at && self.rule_of_box(one) != id;
            let is_earlier = |one: &RuleBox| (one.rule.0 as usize) < at;
            let is_after = |one: &RuleBox| (one.rule.0 as usize) > at && self.rule_of_box(one) != id;
            let gives_the_same = |one: &RuleBox| {
                let other = one.rule.0 as usize;
                self.parts[other].outcome == part.outcome
                    && !(self.rules[other].until.is_some() && rule.until.is_none())
            };
            for own in &self.boxes[self.boxes_of(at)] {
                let Some(region) = self.region(own) else { continue };
                let same = |one: &RuleBox| is_earlier(one) || (is_after(one) && gives_the_same(one));
                match self.ask(&region, same, budget) {
                    Answer::Found(..) => return Some(false),
                    Answer::NotDecided(_) => return None,
                    Answer::Covered(_) => {}
                }
                // Each record of it is taken later by one that names the same: unless another comes between.
                let others = self.boxes.iter().filter(|one| is_after(one) && !gives_the_same(one));
                for other in others {
                    let Some(region) = cut(&region, other) else { continue };
                    let between =
                        |one: &RuleBox| is_before(one) || is_earlier(one) || (is_after(one) && one.rule < other.rule);
                    match self.ask(&region, between, budget) {
                        Answer::Found(..) => return Some(false),
                        Answer::NotDecided(_) => return None,
                        Answer::Covered(_) => {}
                    }
                }
            }
        }
        Some(true)
    }
}
