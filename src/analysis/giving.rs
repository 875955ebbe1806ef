//! Which rules of a role would give a record to somebody, whatever the record holds.
//!
//! Rules are taken apart into steps, in the order in which they are tried: a row of a table is one, and so is each name
//! of a chain. A step whose name means nobody who may own is left out, as a rule that names nobody does not decide.

use super::asked_facts::of_target;
use super::imagine::{Fact, Known};
use super::opened::{self, Row};
use crate::assign::{MemberSetting, member_holds};
use crate::check::policy::{
    Cond, FieldTest, OwnerRef, Path, PoolId, Role, Rule, RuleId, Target, TargetKind, TestKind, TextTest,
};
use crate::decide::Candidate;
use crate::decide::row::{Facts, Named, Setting, decide, target_named, unless_taken};
use crate::schema::Person;
use crate::value::{Decimal, Owner, OwnerKind, fold};

/// What a step gives to the one who is asked about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Gives {
    Nothing,
    /// The record, wherever it decides.
    Record,
    /// The record, if the pool chooses them.
    Pool(PoolId),
    /// The record, as long as these stay as they are.
    While(Vec<Fact>),
    /// The record, once this is so.
    Once(Fact, Known),
}

/// One step of a rule.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub rule: RuleId,
    pub gives: Gives,
    /// The line of a list or table that it stands for.
    pub row: Option<Row>,
    /// The text field that has to name them.
    pub field: Option<Path>,
    /// A name behind a pool's `else` is theirs.
    pub is_behind_pool: bool,
}

/// The rules of a role, step by step.
pub(super) struct Steps {
    /// A rule a step, its conditions with what the step itself asks for.
    pub rules: Vec<Rule>,
    pub steps: Vec<Step>,
    /// Whether every look-up is written out; one that is not may give them records that no step tells of.
    pub is_whole: bool,
}

/// Takes the rules of a role apart for one owner. `facts` tell whom it is today that a target means which no name tells.
pub(super) fn steps(setting: Setting<'_>, role: &Role, facts: &dyn Facts, owner: &Owner) -> Steps {
    let opened = opened::open(setting.policy, role, setting.as_of.today());
    let mut taken =
        Taking { setting, facts, owner, steps: Steps { rules: Vec::new(), steps: Vec::new(), is_whole: true } };
    for (rule, part) in opened.rules.into_iter().zip(opened.parts) {
        match part.row {
            Some(row) => taken.row(rule, part.rule, row),
            None => taken.chain(&rule, part.rule),
        }
    }
    taken.steps
}

struct Taking<'a> {
    setting: Setting<'a>,
    facts: &'a dyn Facts,
    owner: &'a Owner,
    steps: Steps,
}

impl Taking<'_> {
    fn push(&mut self, rule: Rule, id: RuleId, gives: Gives) -> Option<&mut Step> {
        self.steps.rules.push(rule);
        self.steps.steps.push(Step { rule: id, gives, row: None, field: None, is_behind_pool: false });
        self.steps.steps.last_mut()
    }

    fn row(&mut self, rule: Rule, id: RuleId, row: Row) {
        let Ok(named) = self.setting.binding.find(&row.owner) else { return };
        let gives = if named == *self.owner { Gives::Record } else { Gives::Nothing };
        if let Some(step) = self.push(rule, id, gives) {
            step.row = Some(row);
        }
    }

    fn chain(&mut self, rule: &Rule, id: RuleId) {
        for (at, target) in rule.targets.iter().enumerate() {
            let only = || Rule { targets: vec![target.clone()], ..rule.clone() };
            match &target.kind {
                TargetKind::Nobody => {
                    self.push(only(), id, Gives::Nothing);
                    return;
                }
                TargetKind::Pool(pool) => {
                    let gives =
                        if is_in_pool(self.setting, *pool, self.owner) { Gives::Pool(*pool) } else { Gives::Nothing };
                    let is_behind = rule.targets[at + 1..].iter().any(|behind| self.is_name(behind));
                    if let Some(step) = self.push(only(), id, gives) {
                        step.is_behind_pool = is_behind;
                    }
                    return;
                }
                TargetKind::Name(name) => {
                    let Ok(named) = self.setting.binding.name(*name) else { continue };
                    let gives = if named == self.owner { Gives::Record } else { Gives::Nothing };
                    self.push(only(), id, gives);
                }
                TargetKind::Field(path) => self.field(&only(), id, path, target),
                kind => {
                    let gives = self.of_record(kind);
                    self.push(only(), id, gives);
                }
            }
        }
    }

    fn is_name(&self, target: &Target) -> bool {
        matches!(&target.kind, TargetKind::Name(name) if self.setting.binding.name(*name) == Ok(self.owner))
    }

    /// A field names them where their key, name or email stands in it.
    fn field(&mut self, rule: &Rule, id: RuleId, path: &Path, target: &Target) {
        let mut texts: Vec<String> = texts(self.setting, self.owner).iter().map(|text| fold(text)).collect();
        texts.sort();
        texts.dedup();
        let kind = TestKind::Field { path: path.clone(), test: FieldTest::Text(TextTest::OneOf(texts)) };
        let test = Cond::Test { kind, span: target.span };
        let mut theirs = rule.clone();
        theirs.conditions.push(test);
        if let Some(step) = self.push(theirs, id, Gives::Record) {
            step.field = Some(path.clone());
        }
        self.push(rule.clone(), id, Gives::Nothing);
    }

    /// A target that another decision or the record's past tells.
    fn of_record(&mut self, kind: &TargetKind) -> Gives {
        let is_theirs = match target_named(self.setting, kind, self.facts) {
            Named::Owner(named) | Named::Keep(named) => named == *self.owner,
            Named::Nobody | Named::Pool(_) | Named::Miss(_) => false,
        };
        if is_theirs {
            let mut facts = Vec::new();
            of_target(kind, &mut facts);
            return Gives::While(facts);
        }
        match kind {
            TargetKind::OwnerOf(of @ OwnerRef::Of(_)) => {
                Gives::Once(Fact::Owner(of.clone()), Known::Owner(Some(self.owner.clone())))
            }
            TargetKind::Contest(path) if self.owner.kind == OwnerKind::Person => {
                let first = Candidate { person: self.owner.clone(), figure: Decimal::ONE };
                Gives::Once(Fact::Contest(path.clone()), Known::Candidates(vec![first]))
            }
            TargetKind::Table(_) | TargetKind::Cell { .. } => {
                self.steps.is_whole = false;
                Gives::Nothing
            }
            _ => Gives::Nothing,
        }
    }
}

/// What may stand in a cell that means an owner: the key first.
pub(super) fn texts(setting: Setting<'_>, owner: &Owner) -> Vec<String> {
    let mut texts = vec![owner.id.clone()];
    if let Some(person) = person(setting, owner) {
        texts.extend([&person.name, &person.email].into_iter().flatten().cloned());
    }
    texts
}

/// Who an owner is in the directory; `None` for teams and queues, and while no people are known.
pub(super) fn person<'a>(setting: Setting<'a>, owner: &Owner) -> Option<&'a Person> {
    (owner.kind == OwnerKind::Person).then(|| setting.binding.directory().person(&owner.id)).flatten()
}

/// Whether somebody is among a pool's people today, whatever it asks of them.
pub fn is_in_pool(setting: Setting<'_>, pool: PoolId, owner: &Owner) -> bool {
    let members = &setting.policy.pool(pool).members;
    owner.kind == OwnerKind::Person
        && (members.is_empty() && person(setting, owner).is_some()
            || members
                .iter()
                .any(|name| setting.binding.is_called(owner, *name) || setting.binding.is_member(owner, *name)))
}

/// Whether what a pool asks of its people holds of somebody for a record; without a condition it does.
pub fn fits_pool(setting: Setting<'_>, role: &Role, pool: PoolId, owner: &Owner, facts: &dyn Facts) -> bool {
    let Some(cond) = &setting.policy.pool(pool).condition else { return true };
    let members = MemberSetting { schema: &setting.policy.schema, record: role.record, binding: setting.binding };
    person(setting, owner).is_some_and(|person| member_holds(members, cond, person, &|path| facts.value(path)))
}

/// The rule that gives the record to somebody, and whether by a pool; `None` where none does.
pub fn given(setting: Setting<'_>, role: &Role, facts: &dyn Facts, owner: &Owner) -> Option<(RuleId, bool)> {
    let decided = decide(setting, role, facts);
    let rule = decided.rule?;
    match decided.named? {
        Named::Owner(named) | Named::Keep(named) => (named == *owner).then_some((rule, false)),
        Named::Pool(pool) => {
            let fits = is_in_pool(setting, pool, owner) && fits_pool(setting, role, pool, owner, facts);
            let is_taken = matches!(unless_taken(role, Named::Owner(owner.clone()), facts), Named::Miss(_));
            (fits && !is_taken).then_some((rule, true))
        }
        Named::Nobody | Named::Miss(_) => None,
    }
}

/// How a rule would give a record to somebody.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// It names them.
    Name,
    /// A row of a list or table names them, for records of which this holds.
    Row(Row, Cond),
    /// They are one of a pool's people.
    Pool(PoolId),
    /// A name behind the pool's `else`: where nobody in it may receive.
    BehindPool,
    /// A field of the record would have to name them.
    Field(Path),
    /// What it names for this record means them today.
    Today,
    /// What it names for this record means somebody else today; what would have to mean them.
    Once(TargetKind),
}

/// The rules of a role that would give records to somebody, in order, each with the ways in which it would.
pub fn ways(setting: Setting<'_>, role: &Role, facts: &dyn Facts, owner: &Owner) -> Vec<(RuleId, Vec<Way>)> {
    let Steps { rules, steps, .. } = steps(setting, role, facts, owner);
    let mut found: Vec<(RuleId, Vec<Way>)> = Vec::new();
    for (rule, step) in rules.iter().zip(steps) {
        let mut ways = Vec::new();
        match (step.gives, step.row, step.field) {
            (Gives::Record, Some(row), _) => {
                let asked = rule.conditions.last().cloned();
                ways.extend(asked.map(|asked| Way::Row(row, asked)));
            }
            (Gives::Record, _, Some(path)) => ways.push(Way::Field(path)),
            (Gives::Record, ..) => ways.push(Way::Name),
            (Gives::Pool(pool), ..) => ways.push(Way::Pool(pool)),
            (Gives::While(_), ..) => ways.push(Way::Today),
            (Gives::Once(..), ..) => ways.extend(rule.targets.first().map(|target| Way::Once(target.kind.clone()))),
            (Gives::Nothing, ..) => {}
        }
        if step.is_behind_pool {
            ways.push(Way::BehindPool);
        }
        match found.last_mut() {
            _ if ways.is_empty() => {}
            Some((id, known)) if *id == step.rule => known.extend(ways),
            _ => found.push((step.rule, ways)),
        }
    }
    found
}
