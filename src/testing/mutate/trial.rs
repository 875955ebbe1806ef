//! Whether some test fails for a mutant.
//!
//! Deciding a case in full is slow, and most mutants change nothing for most cases. So every case is decided once; for a
//! mutant only its changed rules are asked again, by the plain interpreter, of the same facts. Where every record of the
//! case has the same rule and the same name, and nothing more was read, the whole run would come out the same, role by
//! role in their order: only other cases are decided again.

use super::apply::Changed;
use super::{Mutant, set_of};
use crate::check::policy::{Case, DecidedBy, InvariantRole, Role, RuleId, TypedPolicy};
use crate::compare;
use crate::decide::row::{self, Named};
use crate::run::Decided;
use crate::testing::coverage::Coverage;
use crate::testing::judge::{decide, judge};
use crate::testing::unset::{Read, Scene};
use crate::testing::world::World;
use crate::value::calendar::BusinessCalendar;
use jiff::tz::TimeZone;

/// A case, decided as the policy stands.
pub(super) struct Prepared<'a> {
    name: &'a str,
    case: &'a Case,
    world: World,
    decided: Decided,
    /// Roles in their order, then teams and places; of each what it saw in each row.
    seen: Vec<Vec<Seen>>,
    /// Some answer is known only after all roles are decided: nothing may be skipped.
    hangs_on_clock: bool,
}

/// What the rules of a role make of one record.
#[derive(Default)]
struct Seen {
    rule: Option<RuleId>,
    named: Option<Named>,
    /// By hold; of teams and places by rule.
    holds: Vec<bool>,
    read: Read,
}

impl Seen {
    /// Whether the run goes on as it did: the same decision, and nothing read that was not read before.
    fn is_like(&self, before: &Seen, swapped: Option<usize>) -> bool {
        let moved = |rule: RuleId| match swapped {
            Some(at) if rule.0 as usize == at => RuleId(rule.0 + 1),
            Some(at) if rule.0 as usize == at + 1 => RuleId(rule.0.saturating_sub(1)),
            _ => rule,
        };
        self.rule.map(moved) == before.rule
            && self.named == before.named
            && self.holds == before.holds
            && self.read.fields.iter().all(|field| before.read.fields.contains(field))
            && self.read.owners.iter().all(|owner| before.read.owners.contains(owner))
    }
}

impl<'a> Prepared<'a> {
    pub fn new(
        policy: &TypedPolicy,
        name: &'a str,
        case: &'a Case,
        zone: &TimeZone,
        calendar: Option<&BusinessCalendar>,
    ) -> Self {
        let world = World::new(policy, case, zone);
        let decided = decide(policy, &world, calendar);
        let begun = compare::begun(policy, &world.dataset, &world.past, &decided.owners, &decided.after);
        let hangs_on_clock = begun.iter().any(|(_, rows)| !rows.is_empty());
        let scene = Scene { policy, world: &world, decided: &decided };
        let of = |set: InvariantRole, role: &Role| rows(scene, role).map(|row| see(scene, set, role, row)).collect();
        let roles = policy.role_ids().map(|id| of(InvariantRole::Role(id), policy.role(id)));
        let gathers = (0..).map(crate::check::policy::GatherId).zip(&policy.gathers);
        let gathers = gathers.map(|(id, gather)| of(InvariantRole::Gather(id), &gather.role));
        let seen = roles.chain(gathers).collect();
        Prepared { name, case, world, decided, seen, hangs_on_clock }
    }

    fn differs(&self, policy: &TypedPolicy, changed: &Changed) -> bool {
        let scene = Scene { policy, world: &self.world, decided: &self.decided };
        let has_rows = |set: InvariantRole| rows(scene, set_of(policy, set)).next().is_some();
        if self.hangs_on_clock && changed.sets.iter().any(|(set, _)| has_rows(*set)) {
            return true;
        }
        let asks = |id| self.world.dataset.table(policy.related(id).record).row_count > 0;
        if changed.related.iter().any(|(id, _)| asks(*id)) {
            return true;
        }
        changed.sets.iter().any(|(set, role)| {
            let swapped = changed.swapped.filter(|(of, _)| of == set).map(|(_, at)| at);
            let before = self.seen.get(place(policy, *set)).map_or(&[][..], Vec::as_slice);
            rows(scene, role).zip(before).any(|(row, before)| !see(scene, *set, role, row).is_like(before, swapped))
        })
    }

    /// The changed role is what the case asks for.
    fn expects(&self, changed: &Changed) -> bool {
        self.case.expects.iter().any(|expect| changed.sets.iter().any(|(set, _)| *set == expect.role))
    }
}

fn place(policy: &TypedPolicy, set: InvariantRole) -> usize {
    match set {
        InvariantRole::Role(id) => id.0 as usize,
        InvariantRole::Gather(id) => policy.roles.len() + id.0 as usize,
    }
}

fn rows(scene: Scene<'_>, role: &Role) -> std::ops::Range<u32> {
    0..u32::try_from(scene.world.dataset.table(role.record).row_count).unwrap_or(u32::MAX)
}

fn see(scene: Scene<'_>, set: InvariantRole, role: &Role, row: u32) -> Seen {
    let setting = scene.setting(role.record);
    match set {
        InvariantRole::Role(id) => {
            let current = scene.current(id, row);
            let (mut seen, read) = scene.reading(role.record, row, current, |facts| {
                let decided = row::decide(setting, role, facts);
                let holds = role.holds.iter().map(|hold| row::matches(setting, &hold.rule, facts)).collect();
                Seen { rule: decided.rule, named: decided.named, holds, read: Read::default() }
            });
            seen.read = read;
            seen
        }
        InvariantRole::Gather(_) => {
            let (holds, read) = scene.reading(role.record, row, None, |facts| {
                role.rules.iter().map(|rule| row::matches(setting, rule, facts)).collect()
            });
            Seen { holds, read, ..Seen::default() }
        }
    }
}

/// Tries mutants one after the other, on a policy of its own.
pub(super) struct Trial<'a> {
    policy: &'a TypedPolicy,
    scratch: TypedPolicy,
    cases: &'a [Prepared<'a>],
    calendar: Option<&'a BusinessCalendar>,
}

impl<'a> Trial<'a> {
    pub fn new(policy: &'a TypedPolicy, cases: &'a [Prepared<'a>], calendar: Option<&'a BusinessCalendar>) -> Self {
        let scratch = TypedPolicy { tests: Vec::new(), ..policy.clone() };
        Trial { policy, scratch, cases, calendar }
    }

    /// The first case that fails for a mutant: the name of its test, and its number where it has several.
    pub fn killer(&mut self, mutant: &Mutant) -> Option<(String, Option<usize>)> {
        let mut changed = Changed::new(self.policy, &mutant.edit);
        let (own, others): (Vec<&Prepared<'_>>, Vec<&Prepared<'_>>) =
            self.cases.iter().partition(|case| case.expects(&changed));
        let differing: Vec<&Prepared<'_>> =
            own.into_iter().chain(others).filter(|case| case.differs(self.policy, &changed)).collect();
        self.exchange(&mut changed);
        let killer = differing.into_iter().find(|case| self.fails(case, changed.swapped));
        self.exchange(&mut changed);
        killer.map(|case| (case.name.to_owned(), case.case.row))
    }

    /// Puts the changed rules in their places and the others aside, or the other way round.
    fn exchange(&mut self, changed: &mut Changed) {
        for (set, role) in &mut changed.sets {
            let place = match set {
                InvariantRole::Role(id) => &mut self.scratch.roles[id.0 as usize],
                InvariantRole::Gather(id) => &mut self.scratch.gathers[id.0 as usize].role,
            };
            std::mem::swap(place, role);
        }
        for (id, condition) in &mut changed.related {
            std::mem::swap(&mut self.scratch.related[id.0 as usize].condition, condition);
        }
    }

    fn fails(&self, prepared: &Prepared<'_>, swapped: Option<(InvariantRole, usize)>) -> bool {
        let decided = decide(&self.scratch, &prepared.world, self.calendar);
        let scene = Scene { policy: &self.scratch, world: &prepared.world, decided: &decided };
        // Coverage of nothing: it is not asked for.
        let result = match swapped {
            None => judge(scene, prepared.case, &mut Coverage::default()),
            Some(swapped) => judge(scene, &with_swapped(prepared.case, swapped), &mut Coverage::default()),
        };
        !result.passed()
    }
}

/// The case, with the rules that it names where they are now.
fn with_swapped(case: &Case, (set, at): (InvariantRole, usize)) -> Case {
    let mut case = case.clone();
    for expect in case.expects.iter_mut().filter(|expect| expect.role == set) {
        if let Some(DecidedBy::Rule(rule)) = &mut expect.by {
            if rule.0 as usize == at {
                rule.0 += 1;
            } else if rule.0 as usize == at + 1 {
                rule.0 -= 1;
            }
        }
    }
    case
}
