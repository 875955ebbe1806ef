//! One record, rule by rule.

use crate::check::policy::{
    Cond, DayExpr, NumberExpr, OwnerRef, Path, RelatedPath, Role, Rule, RuleId, TargetKind, TestKind,
};
use crate::column::show;
use crate::decide::Candidate;
use crate::decide::row::{Facts, Named, Setting, best_row, first_named, holds, matches, target_named, unless_taken};
use crate::source::Span;

/// Why a record has the owner it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// In order, up to and including the one that decided; the rest did not matter.
    pub rules: Vec<RuleTrace>,
    pub decided: Option<RuleId>,
    pub named: Option<Named>,
    /// How many rules stand after the one that decided.
    pub not_reached: usize,
}

/// One rule asked of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleTrace {
    pub rule: RuleId,
    pub label: Option<String>,
    pub span: Span,
    pub verdict: RuleVerdict,
    /// One for each condition of the rule and its groups, in order.
    pub conditions: Vec<ConditionTrace>,
    /// The line of a list or a table that named the owner: `line 12 of territories.csv`.
    pub origin: Option<String>,
    /// Who was in the contest that named the owner, the winner first; a past decision knows only the winner.
    pub candidates: Vec<Candidate>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RuleVerdict {
    Decided,
    /// At least one condition does not hold.
    Failed,
    /// All conditions hold, but no target names anybody: why, for each.
    NamedNobody(Vec<String>),
    /// Outside its `from` and `until`.
    NotOnThisDay,
}

/// One condition asked of the record, with the values it looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionTrace {
    pub holds: bool,
    /// The label of a criterion.
    pub label: Option<String>,
    pub span: Option<Span>,
    /// Path and value as written; `None` is missing.
    pub values: Vec<(String, Option<String>)>,
    /// The parts that made it so: of an `and` those that fail, of an `or` and `at least` all.
    pub parts: Vec<ConditionTrace>,
    /// For `at least` and `most of`: how many must hold. Its parts are the criteria.
    pub wanted: Option<usize>,
}

/// Replays a role for one record.
pub fn explain(setting: Setting<'_>, role: &Role, facts: &dyn Facts) -> Explanation {
    let mut rules = Vec::new();
    for id in role.rule_ids() {
        let (trace, named) = rule_trace(setting, role, id, facts);
        let decided = trace.verdict == RuleVerdict::Decided;
        rules.push(trace);
        if decided {
            let not_reached = role.rules.len() - rules.len();
            return Explanation { rules, decided: Some(id), named, not_reached };
        }
    }
    Explanation { rules, decided: None, named: None, not_reached: 0 }
}

/// One rule alone, as if those before it had not decided.
pub fn explain_rule(setting: Setting<'_>, role: &Role, id: RuleId, facts: &dyn Facts) -> RuleTrace {
    rule_trace(setting, role, id, facts).0
}

fn rule_trace(setting: Setting<'_>, role: &Role, id: RuleId, facts: &dyn Facts) -> (RuleTrace, Option<Named>) {
    let rule = role.rule(id);
    let (verdict, named) = verdict(setting, role, rule, facts);
    let decided = verdict == RuleVerdict::Decided;
    let trace = RuleTrace {
        rule: id,
        label: rule.label.clone(),
        span: rule.span,
        verdict,
        conditions: rule.conditions.iter().map(|cond| trace(setting, cond, facts)).collect(),
        origin: if decided { origin(setting, rule, facts) } else { None },
        candidates: if decided { candidates(setting, rule, facts) } else { Vec::new() },
    };
    (trace, named)
}

fn verdict(setting: Setting<'_>, role: &Role, rule: &Rule, facts: &dyn Facts) -> (RuleVerdict, Option<Named>) {
    if !crate::plan::counts_on(rule, setting.as_of.today()) {
        return (RuleVerdict::NotOnThisDay, None);
    }
    if !matches(setting, rule, facts) {
        return (RuleVerdict::Failed, None);
    }
    match first_named(setting, role, rule, facts) {
        Some(named) => (RuleVerdict::Decided, Some(named)),
        None => {
            let named = |kind| unless_taken(role, target_named(setting, kind, facts), facts);
            let misses = rule.targets.iter().filter_map(|target| match named(&target.kind) {
                Named::Miss(reason) => Some(reason),
                _ => None,
            });
            (RuleVerdict::NamedNobody(misses.collect()), None)
        }
    }
}

/// The first target to answer, or whose manager does.
fn answering<'r>(setting: Setting<'_>, rule: &'r Rule, facts: &dyn Facts) -> Option<&'r TargetKind> {
    let answers = |kind: &TargetKind| !matches!(target_named(setting, kind, facts), Named::Miss(_));
    let mut kind = &rule.targets.iter().find(|target| answers(&target.kind))?.kind;
    while let TargetKind::Manager(inner) = kind {
        kind = inner;
    }
    Some(kind)
}

/// Everybody in the contest that the first target to answer holds, if it holds one.
fn candidates(setting: Setting<'_>, rule: &Rule, facts: &dyn Facts) -> Vec<Candidate> {
    match answering(setting, rule, facts) {
        Some(TargetKind::Contest(path)) => facts.candidates(path),
        _ => Vec::new(),
    }
}

/// The line that the first target to answer was read from, if it looks one up.
fn origin(setting: Setting<'_>, rule: &Rule, facts: &dyn Facts) -> Option<String> {
    let kind = answering(setting, rule, facts)?;
    let schema = &setting.policy.schema;
    let (file, data, row) = match kind {
        TargetKind::Table(table) => {
            let declared = schema.table(table.table);
            let data = declared.data.as_ref()?;
            (&declared.file, data, best_row(setting, table, data, facts)?)
        }
        TargetKind::Cell { list, path, .. } => {
            let declared = schema.list(*list);
            let (_, text) = field(setting, path, facts);
            (&declared.file, declared.data.as_ref()?, setting.binding.list_row(*list, &text?)?)
        }
        _ => return None,
    };
    Some(format!("line {} of {file}", data.line_numbers.get(row)?))
}

/// One condition asked of the record.
pub(super) fn trace(setting: Setting<'_>, cond: &Cond, facts: &dyn Facts) -> ConditionTrace {
    let parts = match cond {
        Cond::All(parts) => {
            let mut parts: Vec<_> = parts.iter().map(|part| trace(setting, part, facts)).collect();
            if parts.iter().any(|part| !part.holds) {
                parts.retain(|part| !part.holds);
            } else if parts.iter().all(|part| part.parts.is_empty()) {
                // All hold and none has more to tell: the whole is shorter than its parts.
                parts.clear();
            }
            parts
        }
        Cond::Any(parts) => parts.iter().map(|part| trace(setting, part, facts)).collect(),
        Cond::AtLeast { criteria, .. } => criteria
            .iter()
            .map(|one| ConditionTrace { label: one.label.clone(), ..trace(setting, &one.condition, facts) })
            .collect(),
        Cond::Named { body, .. } => trace(setting, body, facts).parts_or_self(),
        Cond::Not(..) | Cond::Test { .. } => Vec::new(),
    };
    let mut values = Vec::new();
    if parts.is_empty() {
        cond.visit(&mut |kind, _| test_values(setting, kind, facts, &mut values));
        values.sort();
        values.dedup();
    }
    let wanted = match cond {
        Cond::AtLeast { count, .. } => Some(*count),
        _ => None,
    };
    ConditionTrace { holds: holds(setting, cond, facts), label: None, span: cond.span(), values, parts, wanted }
}

impl ConditionTrace {
    /// A define shows what it is made of. Criteria stay under their `at least`, which says how many must hold.
    fn parts_or_self(self) -> Vec<ConditionTrace> {
        if self.parts.is_empty() || self.wanted.is_some() { vec![self] } else { self.parts }
    }
}

type Values = Vec<(String, Option<String>)>;

fn test_values(setting: Setting<'_>, kind: &TestKind, facts: &dyn Facts, out: &mut Values) {
    match kind {
        TestKind::Always(_) => {}
        TestKind::Field { path, .. } | TestKind::InList { path, .. } => out.push(field(setting, path, facts)),
        TestKind::Fields { left, right, .. } => {
            out.push(field(setting, left, facts));
            out.push(field(setting, right, facts));
        }
        TestKind::Numbers { left, right, .. } => {
            numbers(setting, left, facts, out);
            numbers(setting, right, facts, out);
        }
        TestKind::Days { left, right, .. } => {
            days(setting, left, facts, out);
            days(setting, right, facts, out);
        }
        TestKind::Owner { of, .. } => {
            let name = match of {
                OwnerRef::Current => "current owner".to_owned(),
                OwnerRef::Of(path) => path.text(setting.policy, setting.record),
            };
            out.push((name, facts.owner(of).map(|owner| owner.id)));
        }
        TestKind::History(id) => {
            let holds = if facts.history(*id) { "yes" } else { "no" };
            let name = without_conditions(&crate::plan::history_text(setting.policy, *id));
            out.push((name, Some(holds.to_owned())));
        }
    }
}

fn field(setting: Setting<'_>, path: &Path, facts: &dyn Facts) -> (String, Option<String>) {
    let schema = &setting.policy.schema;
    let kind = &schema.record(path.record(schema, setting.record)).field(path.field).kind;
    (path.text(schema, setting.record), show(&facts.value(path), kind))
}

fn related(setting: Setting<'_>, path: &RelatedPath, facts: &dyn Facts) -> (String, Option<String>) {
    let name = without_conditions(&crate::plan::related_text(setting.policy, setting.record, path));
    (name, show(&facts.related(path), &crate::schema::FieldKind::Number))
}

/// A question without what stands in its brackets, which the condition beside it shows as it was written.
fn without_conditions(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' => {
                if depth == 0 {
                    out.push_str("(…)");
                }
                depth += 1;
            }
            ')' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn numbers(setting: Setting<'_>, expr: &NumberExpr, facts: &dyn Facts, out: &mut Values) {
    match expr {
        NumberExpr::Constant(_) => {}
        NumberExpr::Field(path) | NumberExpr::FieldIn(path, _) => out.push(field(setting, path, facts)),
        NumberExpr::Negative(inner) => numbers(setting, inner, facts, out),
        NumberExpr::Arithmetic(_, left, right) => {
            numbers(setting, left, facts, out);
            numbers(setting, right, facts, out);
        }
        NumberExpr::Related(path) => out.push(related(setting, path, facts)),
        NumberExpr::DaysBetween(left, right) => {
            days(setting, left, facts, out);
            days(setting, right, facts, out);
        }
    }
}

fn days(setting: Setting<'_>, expr: &DayExpr, facts: &dyn Facts, out: &mut Values) {
    match expr {
        DayExpr::Constant(_) => {}
        DayExpr::Field(path) | DayExpr::DayOf(path) => out.push(field(setting, path, facts)),
        DayExpr::Related(path) => out.push(related(setting, path, facts)),
        DayExpr::Shift(inner, _, _) => days(setting, inner, facts, out),
    }
}
