//! What must be true of every record, whatever the rules become: proved, or refuted with a record.

use super::ground::{Answer, Budget, Doubt, Ground, cut};
use super::imagine::Imagined;
use super::opened::{self, Part};
use super::stage::Stage;
use super::words;
use crate::check::policy::{
    GatherKind, Invariant, InvariantKind, InvariantRole, Never, OwnerTest, Role, Rule, RuleId, Target, TargetKind,
    TypedPolicy,
};
use crate::plan::{AtomSet, RuleBox};
use crate::schema::Directory;
use crate::value::time::AsOf;
use crate::value::{Owner, OwnerKind, fold};

/// What came of an invariant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    /// A record for which it does not hold, and the rule that decides it; `None` where no rule does.
    Refuted {
        record: Vec<(String, Option<String>)>,
        rule: Option<RuleId>,
    },
    /// It may not hold, because this rule names whoever that is.
    Depends(RuleId),
    NotDecided(Doubt),
}

/// Proves or refutes every invariant of a policy, in their order. Without people in the directory, whether a person belongs
/// to a team is open.
pub fn invariants(policy: &TypedPolicy, directory: &Directory, as_of: &AsOf) -> Vec<Verdict> {
    if policy.invariants.is_empty() {
        return Vec::new();
    }
    let stage = Stage::new(policy, as_of.today());
    policy.invariants.iter().map(|one| Prover { policy, directory, as_of, stage: &stage }.verdict(one)).collect()
}

struct Prover<'p> {
    policy: &'p TypedPolicy,
    directory: &'p Directory,
    as_of: &'p AsOf,
    stage: &'p Stage,
}

/// Whether a rule breaks an invariant for the records it decides.
#[derive(Clone, Copy, PartialEq)]
enum Breaks {
    Yes,
    No,
    Perhaps,
}

impl Prover<'_> {
    fn verdict(&self, invariant: &Invariant) -> Verdict {
        match &invariant.kind {
            InvariantKind::Has(InvariantRole::Role(role)) => {
                let role = self.policy.role(*role);
                self.decided(invariant, role, true, |_, rule| match rule.targets.last().map(|target| &target.kind) {
                    Some(TargetKind::Nobody) => Breaks::Yes,
                    _ => Breaks::No,
                })
            }
            InvariantKind::Has(InvariantRole::Gather(gather)) => self.gathered(invariant, gather.0 as usize),
            InvariantKind::Never { role, who } => {
                let role = self.policy.role(*role);
                self.decided(invariant, role, false, |part, rule| self.names(who, part, rule))
            }
        }
    }

    /// The ground of a role with the invariant's condition as one more rule behind all others.
    fn ground<'g>(&'g self, invariant: &Invariant, role: &'g Role) -> Ground<'g> {
        let mut opened = opened::open(self.policy, role, self.as_of.today());
        let condition = invariant.condition.iter();
        let condition =
            condition.map(|cond| opened::open_condition(self.policy, role, cond, self.as_of.today())).collect();
        opened.rules.push(Rule {
            label: None,
            conditions: condition,
            targets: vec![Target { kind: TargetKind::Nobody, span: invariant.span }],
            hand_off: None,
            because: None,
            from: None,
            until: None,
            span: invariant.span,
        });
        let rule = RuleId(u32::try_from(role.rules.len()).unwrap_or(u32::MAX));
        opened.parts.push(Part { rule, row: None, outcome: String::new(), label: None, meaning: String::new() });
        Ground::of(self.policy, role, self.as_of, self.stage, opened)
    }

    /// `needs_rule`: a record that no rule decides breaks it, too.
    fn decided(
        &self,
        invariant: &Invariant,
        role: &Role,
        needs_rule: bool,
        breaks: impl Fn(&Part, &Rule) -> Breaks,
    ) -> Verdict {
        let ground = self.ground(invariant, role);
        let last = ground.parts.len() - 1;
        let asked: Vec<Vec<AtomSet>> =
            ground.boxes[ground.boxes_of(last)].iter().filter_map(|one| ground.region(one)).collect();
        let mut budget = Budget::new();
        let mut worst = Verdict::Holds;
        for region in &asked {
            if needs_rule {
                let by_a_rule = |one: &RuleBox| (one.rule.0 as usize) < last;
                match ground.ask_widest(region, by_a_rule, &[], &mut budget) {
                    Answer::Covered(_) => {}
                    Answer::NotDecided(doubt) => worst = Verdict::NotDecided(doubt),
                    Answer::Found(found, record) => return refuted(&ground, &found, record, None),
                }
            }
            for part in 0..last {
                let breaks = breaks(&ground.parts[part], &ground.rules[part]);
                if breaks == Breaks::No {
                    continue;
                }
                for own in &ground.boxes[ground.boxes_of(part)] {
                    let Some(both) = cut(region, own) else { continue };
                    match ground.ask_widest(&both, |one| (one.rule.0 as usize) < part, &[], &mut budget) {
                        Answer::Covered(_) => {}
                        Answer::NotDecided(doubt) => worst = Verdict::NotDecided(doubt),
                        Answer::Found(found, record) if breaks == Breaks::Yes => {
                            return refuted(&ground, &found, record, Some(ground.parts[part].rule));
                        }
                        Answer::Found(..) => worst = Verdict::Depends(ground.parts[part].rule),
                    }
                }
            }
        }
        worst
    }

    fn gathered(&self, invariant: &Invariant, gather: usize) -> Verdict {
        let gather = &self.policy.gathers[gather];
        let ground = self.ground(invariant, &gather.role);
        let last = ground.parts.len() - 1;
        // A rule adds somebody where one of its chains does; a place is a place.
        let adds = |one: &RuleBox| {
            let part = one.rule.0 as usize;
            part < last
                && match &gather.kind {
                    GatherKind::Places(_) => true,
                    GatherKind::Team(adds) => adds[ground.parts[part].rule.0 as usize].iter().any(|add| {
                        add.chain.iter().any(|target| matches!(target.kind, TargetKind::Name(_) | TargetKind::Pool(_)))
                    }),
                }
        };
        let mut budget = Budget::new();
        let mut worst = Verdict::Holds;
        for own in &ground.boxes[ground.boxes_of(last)] {
            let Some(region) = ground.region(own) else { continue };
            match ground.ask_widest(&region, adds, &[], &mut budget) {
                Answer::Covered(_) => {}
                Answer::NotDecided(doubt) => worst = Verdict::NotDecided(doubt),
                Answer::Found(found, record) => return refuted(&ground, &found, record, None),
            }
        }
        worst
    }

    /// Whether a rule names one of those who are never to be named.
    fn names(&self, who: &[Never], part: &Part, rule: &Rule) -> Breaks {
        if let Some(row) = &part.row {
            return self.is_one(who, &row.owner);
        }
        let each = rule.targets.iter().map(|target| self.target(who, &target.kind));
        each.fold(Breaks::No, |worst, one| match (worst, one) {
            (Breaks::Yes, _) | (_, Breaks::Yes) => Breaks::Yes,
            (Breaks::Perhaps, _) | (_, Breaks::Perhaps) => Breaks::Perhaps,
            _ => Breaks::No,
        })
    }

    fn target(&self, who: &[Never], kind: &TargetKind) -> Breaks {
        match kind {
            TargetKind::Nobody => Breaks::No,
            TargetKind::Name(name) => self.is_one(who, &self.policy.names[name.0 as usize].text),
            TargetKind::Pool(pool) => {
                let pool = self.policy.pool(*pool);
                let names = pool.members.iter().map(|name| self.policy.names[name.0 as usize].text.as_str());
                let found: Vec<Breaks> = names.map(|name| self.is_one(who, name)).collect();
                match (found.contains(&Breaks::Yes), pool.condition.is_some() || pool.members.is_empty()) {
                    (true, false) => Breaks::Yes,
                    (true, true) => Breaks::Perhaps,
                    (false, _) if found.iter().all(|one| *one == Breaks::No) && !pool.members.is_empty() => {
                        // A member of another team may belong to this one as well.
                        if self.directory.has_people { self.shares_people(who, pool) } else { Breaks::No }
                    }
                    _ => Breaks::Perhaps,
                }
            }
            _ => Breaks::Perhaps,
        }
    }

    fn shares_people(&self, who: &[Never], pool: &crate::check::policy::Pool) -> Breaks {
        let today = self.as_of.today();
        let is_in = |person: &str, team: &str| self.directory.is_member(person, team, today);
        let teams: Vec<&str> =
            pool.members.iter().map(|name| self.policy.names[name.0 as usize].text.as_str()).collect();
        let is_meant = |person: &str| {
            who.iter().any(|never| match &never.test {
                OwnerTest::MemberOf(team) => is_in(person, &self.policy.names[team.0 as usize].text),
                OwnerTest::Is(names) => names.iter().any(|name| self.policy.names[name.0 as usize].text == person),
                _ => false,
            })
        };
        let people = self.directory.people().iter().filter(|person| person.active);
        let mut in_pool =
            people.filter(|person| teams.iter().any(|team| *team == person.key || is_in(&person.key, team)));
        match in_pool.any(|person| is_meant(&person.key)) {
            true if pool.condition.is_some() => Breaks::Perhaps,
            true => Breaks::Yes,
            false => Breaks::No,
        }
    }

    fn is_one(&self, who: &[Never], name: &str) -> Breaks {
        let text = |id: &crate::check::policy::NameId| self.policy.names[id.0 as usize].text.as_str();
        let of = |never: &Never| match &never.test {
            OwnerTest::Is(names) => match names.iter().any(|other| fold(text(other)) == fold(name)) {
                true => Breaks::Yes,
                false => Breaks::No,
            },
            OwnerTest::MemberOf(team) => self.belongs(name, text(team)),
            _ => Breaks::Perhaps,
        };
        who.iter().map(of).fold(Breaks::No, |worst, one| match (worst, one) {
            (Breaks::Yes, _) | (_, Breaks::Yes) => Breaks::Yes,
            (Breaks::Perhaps, _) | (_, Breaks::Perhaps) => Breaks::Perhaps,
            _ => Breaks::No,
        })
    }

    /// Whether somebody who is named is a team, part of it, or one of its people.
    fn belongs(&self, name: &str, team: &str) -> Breaks {
        let wanted = fold(team);
        let mut at = Some(fold(name));
        let is_team = |name: &str| self.policy.schema.teams.iter().find(|one| fold(&one.name) == name);
        if at.as_deref().is_some_and(|name| is_team(name).is_some()) {
            // A circle of teams is an error of the check; a few steps are as many as there are teams.
            for _ in 0..=self.policy.schema.teams.len() {
                let Some(name) = at.take() else { break };
                if name == wanted {
                    return Breaks::Yes;
                }
                at = is_team(&name).and_then(|team| team.part_of.as_deref()).map(fold);
            }
            return Breaks::No;
        }
        if self.policy.schema.queues.iter().any(|queue| fold(&queue.name) == fold(name)) {
            return Breaks::No;
        }
        if !self.directory.has_people {
            return Breaks::Perhaps;
        }
        match self.directory.find(name) {
            crate::schema::Found::Owner(Owner { kind: OwnerKind::Person, id }) => {
                match self.directory.is_member(&id, team, self.as_of.today()) {
                    true => Breaks::Yes,
                    false => Breaks::No,
                }
            }
            _ => Breaks::No,
        }
    }
}

fn refuted(ground: &Ground<'_>, region: &[AtomSet], record: Imagined, rule: Option<RuleId>) -> Verdict {
    let record = ground.witness(region, record);
    Verdict::Refuted { record: words::record(ground.policy, ground.role, &record), rule }
}
