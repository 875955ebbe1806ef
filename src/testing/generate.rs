//! A small suite made from the rules: a case for every rule that can be reached, and for both sides of every bound.
//!
//! The analysis makes up a record for each rule; values below, at and above each bound of the rule are tried on it. Every
//! case is decided as a test is, so that what is expected is what the policy decides today; of all cases as few are
//! kept as exercise the same.

use super::coverage::Coverage;
use super::judge::{Verdict, decide, judge};
use super::unset::Scene;
use super::world::World;
use crate::analysis::{Sample, samples};
use crate::check::policy::{
    Case, DayMark, Expect, FieldTest, Given, GivenRecord, InvariantRole, Path, Range, RoleId, RuleId, TestKind,
    TypedPolicy,
};
use crate::column::show;
use crate::decide::NO_RULE;
use crate::schema::{FieldId, FieldKind, RecordId};
use crate::source::{FileId, Span};
use crate::value::calendar::BusinessCalendar;
use crate::value::time::{self, AsOf};
use crate::value::{Decimal, Outcome, Owner, Value, compact};
use rustc_hash::FxHashSet;

/// Records tried for one rule: a table or a list has many rows.
const SAMPLES_MAX: usize = 3;
/// Choices tried of one field.
const CHOICES_TRIED: usize = 8;

/// A suite as text, to be laid out by the formatter.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    pub text: String,
    pub case_count: usize,
    /// Rules without a case: `owner of Account: key`.
    pub left_out: Vec<String>,
}

/// Writes tests for every wanted role, on the day of `as_of`.
pub fn generate(
    policy: &TypedPolicy,
    as_of: &AsOf,
    calendar: Option<&BusinessCalendar>,
    wanted: &dyn Fn(&str) -> bool,
) -> Generated {
    let mut generated = Generated::default();
    let hangs_on_day = hangs_on_day(policy);
    for id in policy.role_ids() {
        let role = policy.role(id);
        let name = format!("{} of {}", role.name, policy.schema.record(role.record).name);
        if wanted(&name) {
            Maker { policy, id, as_of, calendar, name: &name, hangs_on_day }.role(&mut generated);
        }
    }
    generated
}

/// What a record is made of: its own fields, and those of the records that it refers to.
#[derive(Clone)]
struct Made {
    values: Vec<(Path, Value)>,
    current: Option<Owner>,
    /// The rule, and a field that is blank on purpose.
    blank: Option<(RuleId, FieldId)>,
}

/// A case and what comes of it.
struct Tried {
    made: Made,
    rule: Option<RuleId>,
    expected: String,
    exercises: FxHashSet<(usize, usize, usize)>,
}

struct Maker<'a> {
    policy: &'a TypedPolicy,
    id: RoleId,
    as_of: &'a AsOf,
    calendar: Option<&'a BusinessCalendar>,
    name: &'a str,
    hangs_on_day: bool,
}

impl Maker<'_> {
    fn record(&self) -> RecordId {
        self.policy.role(self.id).record
    }

    fn role(&self, generated: &mut Generated) {
        let mut tried = Vec::new();
        let mut varied = None;
        for sample in samples(self.policy, self.id, self.as_of, SAMPLES_MAX) {
            // The others of a rule stand for other branches of it; one is enough for its bounds.
            let all = if varied == Some(sample.rule) { 1 } else { usize::MAX };
            varied = Some(sample.rule);
            tried.extend(self.around(&sample).into_iter().take(all).filter_map(|made| self.attempt(made)));
        }
        let chosen = fewest(tried);
        let role = self.policy.role(self.id);
        for id in role.rule_ids() {
            if !chosen.iter().any(|one| one.rule == Some(id)) {
                let rule = role.rule(id).label.clone().unwrap_or_else(|| format!("rule {}", id.0 + 1));
                generated.left_out.push(format!("{}: {rule}", self.name));
            }
        }
        generated.case_count += chosen.len();
        let (plain, others): (Vec<&Tried>, Vec<&Tried>) = chosen.iter().partition(|one| self.is_plain(&one.made));
        self.table(&plain, &mut generated.text);
        for (at, one) in others.iter().enumerate() {
            self.single(at, one, &mut generated.text);
        }
    }

    /// The sample, and others that differ from it in one value: beside each bound of the rule, and blank.
    fn around(&self, sample: &Sample) -> Vec<Made> {
        let own = Made { values: sample.values.clone(), current: sample.current.clone(), blank: None };
        let mut all = vec![own.clone()];
        for cond in &self.policy.role(self.id).rule(sample.rule).conditions {
            cond.visit(&mut |kind, _| {
                let TestKind::Field { path, test } = kind else { return };
                if path.steps.len() > 1
                    || (!path.steps.is_empty() && !own.values.iter().any(|(known, _)| known == path))
                {
                    return;
                }
                for value in self.beside(path, test) {
                    let blank = value.is_missing().then_some((sample.rule, path.field));
                    let mut values = own.values.clone();
                    values.retain(|(known, _)| known != path);
                    values.push((path.clone(), value));
                    values.sort_by(|a, b| a.0.cmp(&b.0));
                    all.push(Made { values, current: own.current.clone(), blank });
                }
            });
        }
        all
    }

    /// Values below, at and above the bounds of a test; every choice that it does and does not name.
    fn beside(&self, path: &Path, test: &FieldTest) -> Vec<Value> {
        let schema = &self.policy.schema;
        let field = schema.record(path.record(schema, self.record())).field(path.field);
        let mut values = match (test, &field.kind) {
            (FieldTest::Number { ranges, currency }, kind) => {
                let step = |end: Decimal| Decimal::new(1, end.normalize().scale());
                let near = ends(ranges).into_iter().flat_map(|end| [end - step(end), end, end + step(end)]);
                let money = |number: Decimal| match (kind, currency) {
                    (FieldKind::Money(crate::schema::Currency::Fixed(code)), _) => Value::Money(number, code.clone()),
                    (FieldKind::Money(_), Some(code)) => Value::Money(number, code.clone()),
                    _ => Value::Number(number),
                };
                near.map(money).collect()
            }
            (FieldTest::Day(ranges), _) => {
                let day = |mark: DayMark| mark.day(self.as_of);
                ends(ranges).into_iter().map(day).flat_map(|day| [day - 1, day, day + 1]).map(Value::Date).collect()
            }
            (FieldTest::Choice(_), FieldKind::Choice(set)) => {
                (0..u16::try_from(set.len()).unwrap_or(u16::MAX)).take(CHOICES_TRIED).map(Value::Choice).collect()
            }
            (FieldTest::YesNo(_), _) => vec![Value::Bool(true), Value::Bool(false)],
            _ => Vec::new(),
        };
        if field.optional {
            values.push(Value::Missing);
        }
        values
    }

    /// The records of a case: the one that is asked for comes first.
    fn given(&self, made: &Made) -> Option<Vec<GivenRecord>> {
        let schema = &self.policy.schema;
        let blank = |record: RecordId, key: &str| GivenRecord {
            record,
            key: key.to_owned(),
            fields: Vec::new(),
            past: Vec::new(),
            current: Vec::new(),
            span: nowhere(),
        };
        let mut records = vec![blank(self.record(), "T-1")];
        records[0].current.extend(made.current.as_ref().map(|owner| (self.id, Some(owner.id.clone()))));
        let mut steps: Vec<FieldId> = Vec::new();
        for (path, value) in &made.values {
            match path.steps.as_slice() {
                [] => {
                    let record = schema.record(self.record());
                    let is_reference = matches!(record.field(path.field).kind, FieldKind::Reference { .. });
                    // What is referred to is there.
                    let value = match value {
                        Value::Reference(_) if is_reference => Value::Reference(key_of(path.field)),
                        value => value.clone(),
                    };
                    records[0].fields.push((path.field, Given::Value(value)));
                    if is_reference && !matches!(records[0].fields.last(), Some((_, Given::Value(Value::Missing)))) {
                        steps.push(path.field);
                        let target = crate::check::policy::walk(schema, self.record(), &[path.field]);
                        records.push(blank(target, &key_of(path.field)));
                    }
                }
                [_] => {}
                _ => return None,
            }
        }
        for (path, value) in &made.values {
            if let [step] = path.steps.as_slice()
                && let Some(at) = steps.iter().position(|known| known == step)
            {
                let is_key = schema.record(records[at + 1].record).key == path.field;
                if !is_key && !matches!(value, Value::Reference(_)) {
                    records[at + 1].fields.push((path.field, Given::Value(value.clone())));
                }
            }
        }
        let key = schema.record(self.record()).key;
        records[0].fields.retain(|(field, _)| *field != key);
        Some(records)
    }

    /// Decides a case; `None` where it hangs on something that it does not give.
    fn attempt(&self, made: Made) -> Option<Tried> {
        let expect =
            Expect { role: InvariantRole::Role(self.id), record: 0, expected: None, by: None, span: nowhere() };
        let case = Case {
            row: None,
            span: nowhere(),
            moment: self.hangs_on_day.then(|| (self.as_of.today(), None)),
            records: self.given(&made)?,
            people: Vec::new(),
            expects: vec![expect],
        };
        let world = World::new(self.policy, &case, &self.as_of.zone);
        let decided = decide(self.policy, &world, self.calendar);
        let mut coverage = Coverage::new(self.policy);
        let scene = Scene { policy: self.policy, world: &world, decided: &decided };
        let result = judge(scene, &case, &mut coverage);
        if result.judged.iter().any(|one| matches!(one.verdict, Verdict::Unset(_))) {
            return None;
        }
        let result = &decided.results[self.id.0 as usize];
        let at = *world.rows.first()? as usize;
        let rule = (result.rule[at] != NO_RULE).then(|| RuleId(result.rule[at]));
        let owner = decided.owners.get(result.owner[at]);
        let expected = match (result.outcome[at], owner) {
            (Outcome::Assigned, Some(owner)) => quoted(&owner.id),
            (outcome, _) => outcome.word().to_owned(),
        };
        let cover = coverage.roles.into_iter().find(|cover| cover.role == InvariantRole::Role(self.id))?;
        let mut exercises = FxHashSet::default();
        for (rule, cover) in cover.rules.iter().enumerate() {
            let met = std::iter::once(cover.decided)
                .chain(cover.leaves.iter().flat_map(|leaf| [leaf.settled_true, leaf.settled_false]))
                .chain(cover.bounds.iter().flat_map(|bound| [bound.below, bound.at, bound.above]));
            exercises.extend(met.enumerate().filter(|(_, met)| *met).map(|(what, _)| (self.id.0 as usize, rule, what)));
        }
        // Behind what is counted of conditions and bounds.
        exercises.extend(
            made.blank.map(|(rule, field)| (self.id.0 as usize, rule.0 as usize, usize::MAX - field.0 as usize)),
        );
        Some(Tried { made, rule, expected, exercises })
    }

    // ------------------------------------------------------------ text

    fn is_plain(&self, made: &Made) -> bool {
        let schema = &self.policy.schema;
        made.values.iter().all(|(path, value)| {
            let is_reference =
                matches!(schema.record(self.record()).field(path.field).kind, FieldKind::Reference { .. });
            path.steps.is_empty() && (!is_reference || value.is_missing())
        })
    }

    fn field_name(&self, field: FieldId) -> &str {
        &self.policy.schema.record(self.record()).field(field).name
    }

    fn head(&self, what: &str) -> String {
        let day = time::show_day(self.as_of.today());
        let on = if self.hangs_on_day { format!("  on {day}\n") } else { String::new() };
        format!("test {} {{\n{on}", quoted(&format!("{}: {what}", self.name)))
    }

    fn by(&self, rule: Option<RuleId>) -> Option<&str> {
        self.policy.role(self.id).rule(rule?).label.as_deref()
    }

    /// One table for all cases without other records; what all rows say stands above it.
    fn table(&self, cases: &[&Tried], text: &mut String) {
        let Some(first) = cases.first() else { return };
        let record = self.policy.schema.record(self.record());
        let mut fields: Vec<FieldId> = cases
            .iter()
            .flat_map(|one| &one.made.values)
            .map(|(path, _)| path.field)
            .filter(|field| *field != record.key)
            .collect();
        fields.sort_unstable();
        fields.dedup();
        let cell = |one: &Tried, field: FieldId| {
            let own = one.made.values.iter().find(|(path, _)| path.field == field);
            own.map_or("-".to_owned(), |(_, value)| self.value(self.record(), field, value))
        };
        let is_shared = |field: &FieldId| cases.iter().all(|one| cell(one, *field) == cell(first, *field));
        let (shared, columns): (Vec<FieldId>, Vec<FieldId>) = fields.into_iter().partition(is_shared);
        let mut heads: Vec<String> = columns.iter().map(|field| self.field_name(*field).to_owned()).collect();
        let role = &self.policy.role(self.id).name;
        let has_current = cases.iter().any(|one| one.made.current.is_some());
        if has_current {
            heads.push(format!("current {role}"));
        }
        heads.push(format!("expect {role}"));
        heads.push("by".to_owned());
        text.push_str(&self.head("what the rules decide"));
        let given: Vec<String> =
            shared.iter().map(|field| format!("{} = {}", self.field_name(*field), cell(first, *field))).collect();
        text.push_str(&format!(
            "  given {} {{ {} }}\n  cases\n    {}\n",
            record.name,
            given.join(", "),
            heads.join(" | ")
        ));
        for one in cases {
            let mut row: Vec<String> = columns.iter().map(|field| cell(one, *field)).collect();
            if has_current {
                row.push(one.made.current.as_ref().map_or("-".to_owned(), |owner| quoted(&owner.id)));
            }
            row.push(one.expected.clone());
            row.push(self.by(one.rule).unwrap_or("-").to_owned());
            text.push_str(&format!("    {}\n", row.join(" | ")));
        }
        text.push_str("}\n\n");
    }

    /// A test of its own, for a record that refers to others.
    fn single(&self, at: usize, one: &Tried, text: &mut String) {
        let Some(records) = self.given(&one.made) else { return };
        let role = &self.policy.role(self.id).name;
        text.push_str(&self.head(&format!("with others around it, {}", at + 1)));
        for given in &records {
            let record = self.policy.schema.record(given.record);
            let mut fields: Vec<String> = given
                .fields
                .iter()
                .map(|(field, value)| {
                    let Given::Value(value) = value else { return String::new() };
                    format!("{} = {}", record.field(*field).name, self.value(given.record, *field, value))
                })
                .collect();
            fields.extend(
                given
                    .current
                    .iter()
                    .filter_map(|(_, owner)| Some(format!("current {role} = {}", quoted(owner.as_ref()?)))),
            );
            text.push_str(&format!("  given {} {} {{ {} }}\n", record.name, quoted(&given.key), fields.join(", ")));
        }
        let record = &self.policy.schema.record(self.record()).name;
        let by = self.by(one.rule).map(|label| format!(" by {label}")).unwrap_or_default();
        text.push_str(&format!("  expect {role} of {record} \"T-1\" is {}{by}\n}}\n\n", one.expected));
    }

    fn value(&self, record: RecordId, field: FieldId, value: &Value) -> String {
        let kind = &self.policy.schema.record(record).field(field).kind;
        let choice = |at: u16| match kind {
            FieldKind::Choice(set) | FieldKind::Many(set) => word(set.name(at)),
            _ => at.to_string(),
        };
        match value {
            Value::Missing => "missing".to_owned(),
            Value::Number(number) => compact(*number),
            Value::Money(number, code) => format!("{} {code}", compact(*number)),
            Value::Date(day) => time::show_day(*day),
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::Choice(at) => choice(*at),
            Value::Many(all) if all.is_empty() => "missing".to_owned(),
            // Brackets in a wide table are broken over lines: only where they are needed.
            Value::Many(all) if all.len() == 1 => choice(all[0]),
            Value::Many(all) => format!("({})", all.iter().map(|at| choice(*at)).collect::<Vec<_>>().join(", ")),
            value => quoted(&show(value, kind).unwrap_or_default()),
        }
    }
}

/// Whether some answer may be another on another day; true where that is not told at a glance.
fn hangs_on_day(policy: &TypedPolicy) -> bool {
    let is_dated = |kind: &TestKind| match kind {
        TestKind::Field { test: FieldTest::Day(ranges), .. } => {
            ends(ranges).iter().any(|mark| matches!(mark, DayMark::Today { .. }))
        }
        TestKind::Field { test: FieldTest::Instant(_), .. } | TestKind::Days { .. } | TestKind::History(_) => true,
        TestKind::Field { .. } | TestKind::Always(_) | TestKind::Fields { .. } | TestKind::Owner { .. } => false,
        TestKind::InList { .. } | TestKind::Numbers { .. } => true,
    };
    let asks = |cond: &crate::check::policy::Cond| {
        let mut asks = false;
        cond.visit(&mut |kind, _| asks |= is_dated(kind));
        asks
    };
    let is_named = |target: &crate::check::policy::Target| {
        matches!(target.kind, crate::check::policy::TargetKind::Name(_) | crate::check::policy::TargetKind::Nobody)
    };
    let mut rules = policy.roles.iter().flat_map(|role| &role.rules);
    !policy.pins.is_empty()
        || rules.any(|rule| {
            rule.from.is_some()
                || rule.until.is_some()
                || rule.conditions.iter().any(asks)
                || !rule.targets.iter().all(is_named)
        })
}

/// The key of the record that a reference of a generated case leads to.
fn key_of(field: FieldId) -> String {
    format!("T-{}", field.0 + 2)
}

fn nowhere() -> Span {
    Span::new(FileId(0), 0, 0)
}

fn ends<T: Copy>(ranges: &[Range<T>]) -> Vec<T> {
    ranges.iter().flat_map(|range| range.low.iter().chain(&range.high)).map(|(end, _)| *end).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn word(name: &str) -> String {
    let is_plain = name.chars().next().is_some_and(char::is_alphabetic)
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// Cases that together exercise all that any of them does: always the one that adds most, the earlier of equals.
fn fewest(mut tried: Vec<Tried>) -> Vec<Tried> {
    let mut met: FxHashSet<(usize, usize, usize)> = FxHashSet::default();
    let mut chosen = Vec::new();
    loop {
        let gain = |one: &Tried| one.exercises.iter().filter(|what| !met.contains(what)).count();
        let best = (0..tried.len()).max_by_key(|at| (gain(&tried[*at]), std::cmp::Reverse(*at)));
        let Some(best) = best.filter(|at| gain(&tried[*at]) > 0) else { break };
        let one = tried.remove(best);
        met.extend(&one.exercises);
        chosen.push(one);
    }
    chosen.sort_by_key(|one| one.rule.map_or(u32::MAX, |rule| rule.0));
    chosen
}
