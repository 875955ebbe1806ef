//! Records that no rule takes.

use super::ground::{Answer, Budget, Doubt, Ground};
use super::space::IMPOSSIBLE;
use super::words;
use crate::plan::RuleBox;

/// A set of records that every rule leaves, with one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What is true of all of them, in words; empty where no rule takes any record.
    pub region: Vec<String>,
    /// One of them: what matters of it, a name and a value each (`None` is missing).
    pub record: Vec<(String, Option<String>)>,
}

/// The records that a role leaves without an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Every record is taken by a rule that always counts.
    None,
    /// Some of the largest gaps; there may be more where as many are told as are looked for.
    Some(Vec<Gap>),
    NotDecided(Doubt),
}

/// Gaps that are looked for in one role.
const GAPS_MAX: usize = 3;

impl Ground<'_> {
    /// Looks for records that no rule takes.
    pub(super) fn gaps(&self, budget: &mut Budget) -> Gaps {
        let mut known: Vec<RuleBox> = Vec::new();
        let mut gaps = Vec::new();
        while gaps.len() < GAPS_MAX {
            match self.ask_widest(&self.space, |_| true, &known, budget) {
                Answer::Covered(_) => break,
                Answer::NotDecided(doubt) if gaps.is_empty() => return Gaps::NotDecided(doubt),
                Answer::NotDecided(_) => break,
                Answer::Found(region, imagined) => {
                    let record = self.witness(&region, imagined);
                    gaps.push(Gap {
                        region: words::region(self.policy, self.role, &self.dimensions, &self.space, &region),
                        record: words::record(self.policy, self.role, &record),
                    });
                    let narrowed = (0..region.len()).filter(|at| region[*at] != self.space[*at]);
                    let sides = narrowed.map(|at| (at, region[at].clone())).collect();
                    known.push(RuleBox { rule: IMPOSSIBLE, sides });
                }
            }
        }
        if gaps.is_empty() { Gaps::None } else { Gaps::Some(gaps) }
    }
}
