//! What tests exercise: rules that decided, conditions that settled a rule, constants met on their sides.
//!
//! A condition is *exercised* when one case saw it true and one saw it false, and in both its value alone settled whether
//! the rule matched: masking MC/DC, after Chilenski, "An Investigation of Three Forms of the Modified Condition Decision
//! Coverage Criterion" (2001). The two cases may differ in other conditions too, as long as those are masked. Only cases that expect
//! something of a role count for it, and only rules that were asked: those up to the one that decided.

use crate::check::policy::{
    Cond, DayExpr, FieldTest, InvariantRole, NumberExpr, Path, Range, Role, Rule, RuleId, TestKind, TypedPolicy,
};
use crate::decide::Facts;
use crate::decide::row::{Setting, day, number, test_holds};
use crate::source::Span;
use crate::syntax::RelatedAsk;
use crate::value::{Decimal, Value, compact, time};
use std::cmp::Ordering;

/// Everything that tests exercise of a policy.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Roles in their order, then teams and places.
    pub roles: Vec<RoleCover>,
}

#[derive(Clone, Debug)]
pub struct RoleCover {
    pub role: InvariantRole,
    /// `owner of Account`.
    pub name: String,
    pub rules: Vec<RuleCover>,
}

#[derive(Clone, Debug)]
pub struct RuleCover {
    pub label: Option<String>,
    pub span: Span,
    /// It decided, or added, in some case.
    pub decided: bool,
    /// Its conditions and those of its groups, in order.
    pub leaves: Vec<LeafCover>,
    pub bounds: Vec<BoundCover>,
}

/// One condition without `and`, `or` and `not`; true and false are of what is written (`status is not Churned`).
#[derive(Clone, Debug)]
pub struct LeafCover {
    pub span: Span,
    /// Seen true while it alone settled whether the rule matches.
    pub settled_true: bool,
    pub settled_false: bool,
}

/// One constant that a value is compared with.
#[derive(Clone, Debug)]
pub struct BoundCover {
    pub span: Span,
    /// As written, or as a number of units from today.
    pub constant: String,
    /// Which condition of the rule it belongs to.
    leaf: usize,
    pub below: bool,
    pub at: bool,
    pub above: bool,
}

/// What was exercised, out of how much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub rules: (usize, usize),
    /// Two for each condition: true and false.
    pub conditions: (usize, usize),
    /// Three for each constant: below, at and above.
    pub bounds: (usize, usize),
}

impl Figures {
    fn add(&mut self, other: Figures) {
        let sum = |a: (usize, usize), b: (usize, usize)| (a.0 + b.0, a.1 + b.1);
        self.rules = sum(self.rules, other.rules);
        self.conditions = sum(self.conditions, other.conditions);
        self.bounds = sum(self.bounds, other.bounds);
    }
}

impl BoundCover {
    /// The sides that no case met.
    pub fn missing(&self) -> Vec<&'static str> {
        let sides = [(self.below, "below"), (self.at, "at"), (self.above, "above")];
        sides.into_iter().filter(|(met, _)| !met).map(|(_, side)| side).collect()
    }
}

impl RuleCover {
    pub fn figures(&self) -> Figures {
        let settled = self.leaves.iter().map(|leaf| usize::from(leaf.settled_true) + usize::from(leaf.settled_false));
        let met = self.bounds.iter().map(|bound| 3 - bound.missing().len());
        Figures {
            rules: (usize::from(self.decided), 1),
            conditions: (settled.sum(), self.leaves.len() * 2),
            bounds: (met.sum(), self.bounds.len() * 3),
        }
    }
}

impl RoleCover {
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        self.rules.iter().for_each(|rule| figures.add(rule.figures()));
        figures
    }
}

impl Coverage {
    /// Nothing seen yet of any rule of roles, teams and places. Calendars decide no owner and are left out.
    pub fn new(policy: &TypedPolicy) -> Self {
        let name = |role: &Role| format!("{} of {}", role.name, policy.schema.record(role.record).name);
        let roles = policy.role_ids().map(|id| (InvariantRole::Role(id), policy.role(id)));
        let gathers = (0..).map(crate::check::policy::GatherId).zip(&policy.gathers);
        let gathers = gathers.map(|(id, gather)| (InvariantRole::Gather(id), &gather.role));
        let cover = |(role, typed): (InvariantRole, &Role)| RoleCover {
            role,
            name: name(typed),
            rules: typed.rules.iter().map(|rule| rule_cover(policy, rule)).collect(),
        };
        Coverage { roles: roles.chain(gathers).map(cover).collect() }
    }

    pub fn figures(&self) -> Figures {
        let mut figures = Figures::default();
        self.roles.iter().for_each(|role| figures.add(role.figures()));
        figures
    }

    /// A rule that was asked of a record.
    pub(super) fn rule(
        &mut self,
        of: InvariantRole,
        role: &Role,
        id: RuleId,
        decided: bool,
        setting: Setting<'_>,
        facts: &dyn Facts,
    ) {
        let Some(cover) = self.roles.iter_mut().find(|known| known.role == of) else { return };
        let Some(cover) = cover.rules.get_mut(id.0 as usize) else { return };
        let rule = role.rule(id);
        cover.decided |= decided;
        if !crate::plan::counts_on(rule, setting.as_of.today()) {
            return;
        }
        let mut values = Vec::new();
        let mut negated = Vec::new();
        each_leaf(rule, &mut |kind, _, is_negated| {
            values.push(test_holds(setting, kind, facts));
            negated.push(is_negated);
        });
        let whole = matches(rule, &values);
        for at in 0..values.len() {
            values[at] = !values[at];
            let settles = matches(rule, &values) != whole;
            values[at] = !values[at];
            if let (true, Some(leaf)) = (settles, cover.leaves.get_mut(at)) {
                leaf.settled_true |= values[at] != negated[at];
                leaf.settled_false |= values[at] == negated[at];
            }
        }
        let mut at = 0;
        each_leaf(rule, &mut |kind, _, _| {
            let sides = sides(setting, kind, facts);
            let own = cover.bounds.iter_mut().filter(|bound| bound.leaf == at);
            for (bound, side) in own.zip(sides) {
                bound.below |= side == Some(Ordering::Less);
                bound.at |= side == Some(Ordering::Equal);
                bound.above |= side == Some(Ordering::Greater);
            }
            at += 1;
        });
    }
}

fn rule_cover(policy: &TypedPolicy, rule: &Rule) -> RuleCover {
    let (mut leaves, mut bounds) = (Vec::new(), Vec::new());
    each_leaf(rule, &mut |kind, span, _| {
        let leaf = leaves.len();
        for constant in constants(policy, kind) {
            bounds.push(BoundCover { span, constant, leaf, below: false, at: false, above: false });
        }
        leaves.push(LeafCover { span, settled_true: false, settled_false: false });
    });
    RuleCover { label: rule.label.clone(), span: rule.span, decided: false, leaves, bounds }
}

/// Every condition of a rule that holds or does not by itself, in order; `true` where it is written as a negation (`is not`),
/// so that what is written holds where the test does not.
fn each_leaf<'r>(rule: &'r Rule, visit: &mut dyn FnMut(&'r TestKind, Span, bool)) {
    rule.conditions.iter().for_each(|cond| leaves(cond, visit));
}

fn leaves<'r>(cond: &'r Cond, visit: &mut dyn FnMut(&'r TestKind, Span, bool)) {
    match cond {
        Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| leaves(part, visit)),
        Cond::AtLeast { criteria, .. } => criteria.iter().for_each(|one| leaves(&one.condition, visit)),
        Cond::Named { body, .. } => leaves(body, visit),
        // The `not` of its own place belongs to the sentence around the condition, one without to its words.
        Cond::Not(inner, None) => leaves(inner, &mut |kind, span, is_negated: bool| visit(kind, span, !is_negated)),
        Cond::Not(inner, Some(_)) => leaves(inner, visit),
        Cond::Test { kind: TestKind::Always(_), .. } => {}
        Cond::Test { kind, span } => visit(kind, *span, false),
    }
}

/// Whether the conditions of a rule hold, given whether each of its leaves does.
fn matches(rule: &Rule, values: &[bool]) -> bool {
    let mut rest = values.iter().copied();
    // Every part takes its own values, whether or not it still matters.
    rule.conditions.iter().fold(true, |all, cond| holds(cond, &mut rest) & all)
}

fn holds(cond: &Cond, values: &mut impl Iterator<Item = bool>) -> bool {
    match cond {
        Cond::All(parts) => parts.iter().fold(true, |all, part| holds(part, values) & all),
        Cond::Any(parts) => parts.iter().fold(false, |any, part| holds(part, values) | any),
        Cond::Not(inner, _) => !holds(inner, values),
        Cond::Named { body, .. } => holds(body, values),
        Cond::AtLeast { count, criteria, .. } => {
            let met = criteria.iter().map(|one| usize::from(holds(&one.condition, values)));
            met.sum::<usize>() >= *count
        }
        Cond::Test { kind: TestKind::Always(holds), .. } => *holds,
        Cond::Test { .. } => values.next().unwrap_or(false),
    }
}

/// The ends of ranges, each once, lower ones first as they are written.
fn ends<T: Clone + PartialEq>(ranges: &[Range<T>]) -> Vec<T> {
    let mut ends = Vec::new();
    for (end, _) in ranges.iter().flat_map(|range| range.low.iter().chain(&range.high)) {
        if !ends.contains(end) {
            ends.push(end.clone());
        }
    }
    ends
}

/// The constants of a condition, as texts.
fn constants(policy: &TypedPolicy, kind: &TestKind) -> Vec<String> {
    match kind {
        TestKind::Field { test: FieldTest::Number { ranges, .. }, .. } => {
            ends(ranges).into_iter().map(compact).collect()
        }
        TestKind::Field { test: FieldTest::Day(ranges), .. } => ends(ranges).iter().map(mark_text).collect(),
        TestKind::Field { test: FieldTest::Instant(ranges), .. } => {
            ends(ranges).iter().map(|_| "its instant".to_owned()).collect()
        }
        // `any` and `no` are counts against a bound that nobody wrote.
        TestKind::Numbers { left: NumberExpr::Related(path), right: NumberExpr::Constant(bound), .. }
            if policy.related(path.related).ask == RelatedAsk::Count && *bound <= Decimal::ONE =>
        {
            Vec::new()
        }
        TestKind::Numbers { left, right, .. } => match (left, right) {
            (NumberExpr::Constant(number), _) | (_, NumberExpr::Constant(number)) => vec![compact(*number)],
            _ => Vec::new(),
        },
        TestKind::Days { left, right, .. } => match (left, right) {
            (DayExpr::Constant(mark), _) | (_, DayExpr::Constant(mark)) => vec![mark_text(mark)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn mark_text(mark: &crate::check::policy::DayMark) -> String {
    use crate::check::policy::DayMark;
    match mark {
        DayMark::Fixed(day) => time::show_day(*day),
        DayMark::Today { amount: 0, .. } => "today".to_owned(),
        DayMark::Today { amount, unit } if *amount < 0 => format!("{} {} ago", -amount, unit.word()),
        DayMark::Today { amount, unit } => format!("{amount} {} from today", unit.word()),
    }
}

/// On which side of each constant the record's value lies, in the order of [`constants`]; `None` where it has none.
fn sides(setting: Setting<'_>, kind: &TestKind, facts: &dyn Facts) -> Vec<Option<Ordering>> {
    match kind {
        TestKind::Field { path, test: FieldTest::Number { ranges, currency } } => {
            let value = amount(facts, path, currency.as_deref());
            ends(ranges).iter().map(|end| value.map(|value| value.cmp(end))).collect()
        }
        TestKind::Field { path, test: FieldTest::Day(ranges) } => {
            let value = match facts.value(path) {
                Value::Date(day) => Some(day),
                _ => None,
            };
            ends(ranges).iter().map(|end| value.map(|value| value.cmp(&end.day(setting.as_of)))).collect()
        }
        TestKind::Field { path, test: FieldTest::Instant(ranges) } => {
            let value = match facts.value(path) {
                Value::Time(instant) => Some(instant),
                _ => None,
            };
            ends(ranges).iter().map(|end| value.map(|value| value.cmp(&end.instant(setting.as_of)))).collect()
        }
        TestKind::Numbers { left, right, .. } => {
            let (expr, constant) = match (left, right) {
                (NumberExpr::Constant(constant), expr) | (expr, NumberExpr::Constant(constant)) => (expr, constant),
                _ => return Vec::new(),
            };
            vec![number(setting, expr, facts).map(|value| value.cmp(constant))]
        }
        TestKind::Days { left, right, .. } => {
            let (expr, mark) = match (left, right) {
                (DayExpr::Constant(mark), expr) | (expr, DayExpr::Constant(mark)) => (expr, mark),
                _ => return Vec::new(),
            };
            vec![day(setting, expr, facts).map(|value| value.cmp(&mark.day(setting.as_of)))]
        }
        _ => Vec::new(),
    }
}

fn amount(facts: &dyn Facts, path: &Path, currency: Option<&str>) -> Option<Decimal> {
    match facts.value(path) {
        Value::Number(number) => Some(number),
        Value::Money(number, code) => currency.is_none_or(|wanted| wanted == code).then_some(number),
        _ => None,
    }
}
