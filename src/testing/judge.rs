//! One case: decided, held against what it expects, and explained where it is not as expected.

use super::coverage::Coverage;
use super::unset::Scene;
use super::world::World;
use crate::check::policy::{
    Case, DecidedBy, Expect, Expected, Gather, GatherId, GatherKind, InvariantRole, Role, RoleId, RuleId, TypedPolicy,
};
use crate::compare::DriftPolicy;
use crate::decide::row::{Named, first_named, matches};
use crate::decide::{Added, NO_RULE};
use crate::explain::{RuleTrace, explain_rule};
use crate::run::{self, Decided, Given};
use crate::schema::Found;
use crate::source::Span;
use crate::syntax::ExpectHow;
use crate::value::calendar::BusinessCalendar;
use crate::value::{Outcome, Owner, OwnerKind};
use jiff::tz::TimeZone;

/// What came of one case.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// By expectation.
    pub judged: Vec<Judged>,
}

impl CaseResult {
    pub fn passed(&self) -> bool {
        self.judged.iter().all(|one| one.verdict == Verdict::Passed)
    }
}

/// One expectation held against what was decided.
#[derive(Clone, Debug)]
pub struct Judged {
    pub role: InvariantRole,
    /// `owner of Account A-1`.
    pub of: String,
    pub expected: String,
    pub got: String,
    pub verdict: Verdict,
    /// Where it is expected.
    pub span: Span,
    /// The rule that decided, where the case failed.
    pub deciding: Option<RuleTrace>,
    /// The rule that was expected, or would have given the expected owner, where another decided.
    pub wanted: Option<RuleTrace>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Failed,
    /// Required fields that were not given, but read on the way to the decision.
    Unset(Vec<String>),
}

/// Decides a case and holds it against what it expects. What was seen of rules and conditions is added to `coverage`.
pub fn run_case(
    policy: &TypedPolicy,
    case: &Case,
    zone: &TimeZone,
    calendar: Option<&BusinessCalendar>,
    coverage: &mut Coverage,
) -> CaseResult {
    let world = World::new(policy, case, zone);
    let decided = decide(policy, &world, calendar);
    judge(Scene { policy, world: &world, decided: &decided }, case, coverage)
}

/// Decides everything that a case gives.
pub(super) fn decide(policy: &TypedPolicy, world: &World, calendar: Option<&BusinessCalendar>) -> Decided {
    run::decide(&Given {
        policy,
        dataset: &world.dataset,
        binding: &world.binding,
        as_of: &world.as_of,
        past: &world.past,
        calendar,
        drift: DriftPolicy::Restore,
        complete: true,
        watched: None,
    })
}

/// Holds what was decided against what a case expects.
pub(super) fn judge(scene: Scene<'_>, case: &Case, coverage: &mut Coverage) -> CaseResult {
    let judge = Judge { scene, case };
    let judged = case.expects.iter().map(|expect| match expect.role {
        InvariantRole::Role(role) => judge.role(expect, role, coverage),
        InvariantRole::Gather(gather) => judge.gather(expect, gather, coverage),
    });
    CaseResult { judged: judged.collect() }
}

struct Judge<'a> {
    scene: Scene<'a>,
    case: &'a Case,
}

impl Judge<'_> {
    fn row(&self, expect: &Expect) -> u32 {
        self.scene.world.rows[expect.record]
    }

    fn of(&self, role: &Role, expect: &Expect) -> String {
        let record = &self.scene.policy.schema.record(role.record).name;
        format!("{} of {record} {}", role.name, self.case.records[expect.record].key)
    }

    fn role(&self, expect: &Expect, id: RoleId, coverage: &mut Coverage) -> Judged {
        let Scene { policy, decided, .. } = self.scene;
        let role = policy.role(id);
        let row = self.row(expect);
        let result = &decided.results[id.0 as usize];
        let at = row as usize;
        let outcome = result.outcome[at];
        let owner = decided.owners.get(result.owner[at]).cloned();
        let rule = (result.rule[at] != NO_RULE).then(|| RuleId(result.rule[at]));
        let held = result.held.get(&row).map(|held| held.hold);
        let is_pinned = decided.inputs[id.0 as usize].pinned.contains_key(&row);
        let unset = self.scene.unset_of_role(id, row);
        if unset.is_empty() && !is_pinned && outcome != Outcome::Invalid {
            self.see(role, InvariantRole::Role(id), row, id, rule, held.is_some(), coverage);
        }
        let is_owner = match &expect.expected {
            None => true,
            Some(Expected::Outcome(wanted)) => *wanted == outcome,
            Some(Expected::Names(_, names)) => {
                let wanted = names.first().and_then(|name| self.meant(name));
                matches!(outcome, Outcome::Assigned | Outcome::Kept) && wanted.is_some() && owner == wanted
            }
        };
        let is_rule = match expect.by {
            None => true,
            Some(DecidedBy::Rule(wanted)) => rule == Some(wanted) && held.is_none(),
            Some(DecidedBy::Hold(wanted)) => held == Some(wanted),
        };
        let verdict = verdict(is_owner && is_rule, unset);
        let is_failed = verdict == Verdict::Failed;
        let trace = |id: RuleId| self.trace(role, id, row, self.scene.current(role_id(policy, role), row));
        let deciding = rule.filter(|_| is_failed).map(trace);
        let wanted = match expect.by {
            Some(DecidedBy::Rule(wanted)) if !is_rule => Some(wanted),
            None if !is_owner => self.giver(expect, role, id, row),
            _ => None,
        };
        let by = match (held, is_pinned, rule) {
            (Some(held), ..) => said_by(role.holds.get(held).map(|hold| hold.rule.label.as_deref()), "a hold"),
            (_, true, _) => " by a pin".to_owned(),
            (_, _, Some(rule)) => said_by(Some(role.rule(rule).label.as_deref()), "a rule without a label"),
            _ => String::new(),
        };
        let got = match (&owner, outcome) {
            (Some(owner), Outcome::Assigned) => format!("{}{by}", told(owner)),
            (Some(owner), Outcome::Kept) => format!("kept: {}{by}", told(owner)),
            (None, Outcome::Nobody) => format!("nobody{by}"),
            (_, outcome) => format!("{}{}", outcome.word(), self.why_not(id, row, outcome)),
        };
        Judged {
            role: expect.role,
            of: self.of(role, expect),
            expected: self.expected(expect, role),
            got,
            verdict,
            span: expect.span,
            deciding,
            wanted: wanted.filter(|wanted| is_failed && Some(*wanted) != rule).map(trace),
        }
    }

    /// Why nobody was found, in a few words.
    fn why_not(&self, id: RoleId, row: u32, outcome: Outcome) -> String {
        let Scene { policy, world, .. } = self.scene;
        if outcome != Outcome::Invalid {
            return String::new();
        }
        let broken = crate::decide::broken_path(policy, id, &world.dataset, row);
        broken.map_or_else(String::new, |path| format!(": `{path}` cannot be read"))
    }

    /// The first rule that would have named the expected owner.
    fn giver(&self, expect: &Expect, role: &Role, id: RoleId, row: u32) -> Option<RuleId> {
        let Some(Expected::Names(_, names)) = &expect.expected else { return None };
        let wanted = self.meant(names.first()?)?;
        let setting = self.scene.setting(role.record);
        self.scene.with_facts(role.record, row, self.scene.current(id, row), |facts| {
            role.rule_ids().find(|rule| match first_named(setting, role, role.rule(*rule), facts) {
                Some(Named::Owner(owner) | Named::Keep(owner)) => owner == wanted,
                _ => false,
            })
        })
    }

    fn trace(&self, role: &Role, id: RuleId, row: u32, current: Option<Owner>) -> RuleTrace {
        let setting = self.scene.setting(role.record);
        self.scene.with_facts(role.record, row, current, |facts| explain_rule(setting, role, id, facts))
    }

    #[expect(clippy::too_many_arguments, reason = "one decision, taken apart by its only caller")]
    fn see(
        &self,
        role: &Role,
        of: InvariantRole,
        row: u32,
        id: RoleId,
        rule: Option<RuleId>,
        is_held: bool,
        coverage: &mut Coverage,
    ) {
        if is_held {
            return;
        }
        let setting = self.scene.setting(role.record);
        self.scene.with_facts(role.record, row, self.scene.current(id, row), |facts| {
            let last = rule.map_or(role.rules.len(), |rule| rule.0 as usize + 1);
            for asked in role.rule_ids().take(last) {
                coverage.rule(of, role, asked, Some(asked) == rule, setting, facts);
            }
        });
    }

    // ------------------------------------------------------------ teams and places

    fn gather(&self, expect: &Expect, id: GatherId, coverage: &mut Coverage) -> Judged {
        let Scene { policy, decided, .. } = self.scene;
        let gather = &policy.gathers[id.0 as usize];
        let role = &gather.role;
        let row = self.row(expect);
        let result = &decided.teams[id.0 as usize].result;
        let added = &result.added[row as usize];
        let outcome = result.outcome[row as usize];
        let is_asked = outcome != Outcome::Invalid;
        let unset = if is_asked { self.scene.unset_of_gather(gather, row) } else { Vec::new() };
        let setting = self.scene.setting(role.record);
        if unset.is_empty() && is_asked {
            self.scene.with_facts(role.record, row, None, |facts| {
                for asked in role.rule_ids() {
                    let is_seen = matches(setting, role.rule(asked), facts);
                    coverage.rule(InvariantRole::Gather(id), role, asked, is_seen, setting, facts);
                }
            });
        }
        let members: Vec<String> = added.iter().map(|one| self.member(gather, one)).collect();
        let is_expected = match &expect.expected {
            None => true,
            Some(Expected::Outcome(wanted)) => *wanted == outcome,
            Some(Expected::Names(how, names)) => {
                let is_in = |name: &String| added.iter().any(|one| self.is_member(gather, one, name));
                match how {
                    ExpectHow::Includes => names.iter().all(is_in),
                    ExpectHow::Excludes => !names.iter().any(is_in),
                    ExpectHow::Exactly => names.len() == added.len() && names.iter().all(is_in),
                }
            }
        };
        let is_by = match (&expect.expected, expect.by) {
            (Some(Expected::Names(ExpectHow::Includes | ExpectHow::Exactly, names)), Some(DecidedBy::Rule(rule))) => {
                let mut own = added.iter().filter(|one| one.rule == rule);
                names.iter().all(|name| own.clone().any(|one| self.is_member(gather, one, name)))
                    && own.next().is_some()
            }
            (_, Some(DecidedBy::Rule(rule))) => added.iter().any(|one| one.rule == rule),
            _ => true,
        };
        let verdict = verdict(is_expected && is_by, unset);
        let wanted = match expect.by {
            Some(DecidedBy::Rule(rule)) if !is_by => Some(self.trace(role, rule, row, None)),
            _ => None,
        };
        let got = match (members.is_empty(), outcome) {
            (_, Outcome::Invalid) => "invalid".to_owned(),
            (true, _) => "nobody".to_owned(),
            (false, _) => members.join(", "),
        };
        Judged {
            role: expect.role,
            of: self.of(role, expect),
            expected: self.expected(expect, role),
            got,
            wanted: wanted.filter(|_| verdict == Verdict::Failed),
            verdict,
            span: expect.span,
            deciding: None,
        }
    }

    fn member(&self, gather: &Gather, added: &Added) -> String {
        let rule = gather.role.rule(added.rule);
        match gather.kind {
            GatherKind::Places(_) => rule.label.clone().unwrap_or_default(),
            GatherKind::Team(_) => {
                let owner = self.scene.decided.owners.get(added.owner).map(|owner| owner.id.as_str());
                let by = rule.label.as_ref().map(|label| format!(" by {label}")).unwrap_or_default();
                format!("{}{by}", owner.unwrap_or_default())
            }
        }
    }

    fn is_member(&self, gather: &Gather, added: &Added, name: &str) -> bool {
        match gather.kind {
            GatherKind::Places(_) => gather.role.rule(added.rule).label.as_deref() == Some(name),
            GatherKind::Team(_) => {
                let owner = self.scene.decided.owners.get(added.owner);
                owner.is_some() && owner == self.meant(name).as_ref()
            }
        }
    }

    // ------------------------------------------------------------ words

    /// Whom a name means in the directory of the case.
    fn meant(&self, name: &str) -> Option<Owner> {
        let binding = &self.scene.world.binding;
        match binding.directory().find(name) {
            Found::Owner(owner) | Found::Inactive(owner) => Some(owner),
            Found::Unknown if !binding.directory().has_people => Some(Owner::new(OwnerKind::Person, name)),
            Found::Unknown | Found::Ambiguous(_) => None,
        }
    }

    fn expected(&self, expect: &Expect, role: &Role) -> String {
        let what = match &expect.expected {
            None => "anybody".to_owned(),
            Some(Expected::Outcome(outcome)) => outcome.word().to_owned(),
            Some(Expected::Names(how, names)) => format!("{} {}", how.word(), names.join(", ")).trim_start().to_owned(),
        };
        let label = match expect.by {
            None => return what,
            Some(DecidedBy::Rule(rule)) => role.rule(rule).label.clone(),
            Some(DecidedBy::Hold(hold)) => role.holds.get(hold).and_then(|hold| hold.rule.label.clone()),
        };
        format!("{what} by {}", label.unwrap_or_default())
    }
}

fn verdict(is_expected: bool, unset: Vec<String>) -> Verdict {
    match (unset.is_empty(), is_expected) {
        (false, _) => Verdict::Unset(unset),
        (true, true) => Verdict::Passed,
        (true, false) => Verdict::Failed,
    }
}

fn role_id(policy: &TypedPolicy, role: &Role) -> RoleId {
    policy.find_role(role.record, &role.name).unwrap_or(RoleId(0))
}

fn said_by(label: Option<Option<&str>>, otherwise: &str) -> String {
    format!(" by {}", label.flatten().unwrap_or(otherwise))
}

fn told(owner: &Owner) -> String {
    format!("{} ({})", owner.id, owner.kind.word())
}
