//! The plain one-record interpreter of the checked tree: the meaning of every condition and target, written out once
//! (design section 3). Slow and obvious on purpose; the oracle of all faster ways.

use super::contests::Candidate;
use super::related::WorkedOut;
use crate::assign::Binding;
use crate::check::policy::{
    Cond, ContestPath, DayExpr, FieldTest, HistoryId, NameId, NumberExpr, OwnerPath, OwnerRef, OwnerTest, Path, PoolId,
    RelatedPath, Role, Rule, RuleId, TableUse, TargetKind, TestKind, TextTest, TypedPolicy,
};
use crate::column::{Dataset, show};
use crate::schema::{Bounds, FieldKind, MatchHow, RecordId, Tabular, compare_ranges, range_bound};
use crate::syntax::{CompareOp, Which};
use crate::value::time::{self, AsOf};
use crate::value::{Decimal, NumberFormat, Owner, OwnerKind, Value, fold, nfc, parse_number};
use std::cmp::Ordering;

/// What is known of one record: values by path, owners by role. A missing step makes everything behind it missing.
pub trait Facts {
    fn value(&self, path: &Path) -> Value;
    /// The current owner, or the owner another role gave.
    fn owner(&self, of: &OwnerRef) -> Option<Owner>;
    /// What was worked out over the records that refer to the one a path leads to: a number or a day.
    fn related(&self, path: &RelatedPath) -> Value;
    /// The people in a contest, the winner first; empty where nobody is in it.
    fn candidates(&self, path: &ContestPath) -> Vec<Candidate>;
    /// Whether what is asked of the record's past holds.
    fn history(&self, id: HistoryId) -> bool;
}

/// Everything besides the record that conditions and targets depend on.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub policy: &'a TypedPolicy,
    pub record: RecordId,
    pub binding: &'a Binding,
    pub as_of: &'a AsOf,
}

/// What a target names for a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Named {
    Owner(Owner),
    /// The owner the record already has.
    Keep(Owner),
    Nobody,
    /// One of a pool: who, is settled when the record is assigned.
    Pool(PoolId),
    /// Nobody that may own it: the next name of the chain, then the next rule, is tried. Says why.
    Miss(String),
}

/// What the interpreter decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// `None` is *unmatched*.
    pub rule: Option<RuleId>,
    pub named: Option<Named>,
}

/// The first rule that matches and names somebody.
pub fn decide(setting: Setting<'_>, role: &Role, facts: &dyn Facts) -> Decided {
    for id in role.rule_ids() {
        let rule = role.rule(id);
        if matches(setting, rule, facts)
            && let Some(named) = first_named(setting, role, rule, facts)
        {
            return Decided { rule: Some(id), named: Some(named) };
        }
    }
    Decided { rule: None, named: None }
}

/// Whether a rule counts today and all its conditions hold.
pub fn matches(setting: Setting<'_>, rule: &Rule, facts: &dyn Facts) -> bool {
    crate::plan::counts_on(rule, setting.as_of.today())
        && rule.conditions.iter().all(|cond| holds(setting, cond, facts))
}

/// What a rule's chain of targets names; `None` where all miss.
pub fn first_named(setting: Setting<'_>, role: &Role, rule: &Rule, facts: &dyn Facts) -> Option<Named> {
    rule.targets
        .iter()
        .map(|target| unless_taken(role, target_named(setting, &target.kind, facts), facts))
        .find(|named| !matches!(named, Named::Miss(_)))
}

/// Whoever owns the record in a role that this one must differ from is a miss.
pub fn unless_taken(role: &Role, named: Named, facts: &dyn Facts) -> Named {
    let (Named::Owner(owner) | Named::Keep(owner)) = &named else { return named };
    let holds = |path: &&OwnerPath| facts.owner(&OwnerRef::Of((*path).clone())).as_ref() == Some(owner);
    match role.never.iter().find(holds) {
        Some(_) if owner.kind == OwnerKind::Person => {
            Named::Miss(format!("`{}` owns it in another role, and must not be the same person", owner.id))
        }
        _ => named,
    }
}

/// Whether a condition holds.
pub fn holds(setting: Setting<'_>, cond: &Cond, facts: &dyn Facts) -> bool {
    match cond {
        Cond::All(parts) => parts.iter().all(|part| holds(setting, part, facts)),
        Cond::Any(parts) => parts.iter().any(|part| holds(setting, part, facts)),
        Cond::Not(inner, _) => !holds(setting, inner, facts),
        Cond::Named { body, .. } => holds(setting, body, facts),
        Cond::AtLeast { count, criteria, .. } => {
            criteria.iter().filter(|one| holds(setting, &one.condition, facts)).count() >= *count
        }
        Cond::Test { kind, .. } => test_holds(setting, kind, facts),
    }
}

/// Whether one test holds.
pub fn test_holds(setting: Setting<'_>, kind: &TestKind, facts: &dyn Facts) -> bool {
    match kind {
        TestKind::Always(holds) => *holds,
        TestKind::Field { path, test } => field_holds(setting, test, &facts.value(path)),
        TestKind::InList { path, list } => {
            let value = facts.value(path);
            text_of(setting, path, &value).is_some_and(|text| setting.binding.list_row(*list, &text).is_some())
        }
        TestKind::Fields { op, left, right, exact } => {
            let (a, b) = (facts.value(left), facts.value(right));
            fields_hold(setting, *op, (left, &a), (right, &b), *exact)
        }
        TestKind::Numbers { op, left, right } => match (number(setting, left, facts), number(setting, right, facts)) {
            (Some(a), Some(b)) => op.holds(a.cmp(&b)),
            _ => false,
        },
        TestKind::Days { op, left, right } => match (day(setting, left, facts), day(setting, right, facts)) {
            (Some(a), Some(b)) => op.holds(a.cmp(&b)),
            _ => false,
        },
        TestKind::Owner { of, test } => owner_holds(setting, test, facts.owner(of).as_ref()),
        TestKind::History(id) => facts.history(*id),
    }
}

/// Whether a test on one value holds. Missing fails every test but `is missing`; a blank multi-select is the empty set.
pub fn field_holds(setting: Setting<'_>, test: &FieldTest, value: &Value) -> bool {
    match (test, value) {
        (FieldTest::Missing, value) => value.is_missing(),
        (FieldTest::Text(test), Value::Text(text)) => text_holds(test, text),
        (FieldTest::Number { ranges, .. }, Value::Number(number)) => ranges.iter().any(|range| range.contains(number)),
        (FieldTest::Number { ranges, currency }, Value::Money(number, code)) => {
            currency.as_ref().is_none_or(|wanted| wanted == code) && ranges.iter().any(|range| range.contains(number))
        }
        (FieldTest::Day(ranges), Value::Date(day)) => {
            ranges.iter().any(|range| range.map(|mark| mark.day(setting.as_of)).contains(day))
        }
        (FieldTest::Instant(ranges), Value::Time(instant)) => {
            ranges.iter().any(|range| range.map(|mark| mark.instant(setting.as_of)).contains(instant))
        }
        (FieldTest::YesNo(wanted), Value::Bool(yes)) => wanted == yes,
        (FieldTest::Choice(choices), Value::Choice(choice)) => choices.contains(choice),
        (FieldTest::Many { which, choices }, Value::Many(chosen)) => many_holds(*which, choices, chosen),
        (FieldTest::Key(keys), Value::Reference(key)) => keys.iter().any(|wanted| wanted == key.trim()),
        _ => false,
    }
}

/// Whether a multi-select includes any, all or none of some choices.
pub fn many_holds(which: Which, choices: &[u16], chosen: &[u16]) -> bool {
    match which {
        Which::Any => choices.iter().any(|choice| chosen.contains(choice)),
        Which::All => choices.iter().all(|choice| chosen.contains(choice)),
        Which::None => !choices.iter().any(|choice| chosen.contains(choice)),
    }
}

/// Whether a test on a known text holds; folded but for `is exactly`.
pub fn text_holds(test: &TextTest, text: &str) -> bool {
    let folded = fold(text);
    match test {
        TextTest::OneOf(texts) => texts.binary_search(&folded).is_ok(),
        TextTest::Exactly(texts) => texts.binary_search(&nfc(text)).is_ok(),
        TextTest::Contains(parts) => parts.iter().any(|part| folded.contains(part.as_str())),
        TextTest::StartsWith(parts) => parts.iter().any(|part| folded.starts_with(part.as_str())),
        TextTest::EndsWith(parts) => parts.iter().any(|part| folded.ends_with(part.as_str())),
        TextTest::Matches(regex) => regex.is_match(&folded),
    }
}

fn fields_hold(
    setting: Setting<'_>,
    op: CompareOp,
    (left_path, left): (&Path, &Value),
    (right_path, right): (&Path, &Value),
    exact: bool,
) -> bool {
    match (left, right) {
        (Value::Missing, _) | (_, Value::Missing) => false,
        (Value::Choice(a), Value::Choice(b)) => op.holds(a.cmp(b)),
        (Value::Time(a), Value::Time(b)) => op.holds(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Reference(a), Value::Reference(b)) => a == b,
        _ => match (text_of(setting, left_path, left), text_of(setting, right_path, right)) {
            (Some(a), Some(b)) if exact => nfc(&a) == nfc(&b),
            (Some(a), Some(b)) => fold(&a) == fold(&b),
            _ => false,
        },
    }
}

/// A value as text, where it can be looked up as such; `None` for missing.
pub fn text_of(setting: Setting<'_>, path: &Path, value: &Value) -> Option<String> {
    let schema = &setting.policy.schema;
    let field = schema.record(path.record(schema, setting.record)).field(path.field);
    show(value, &field.kind)
}

/// What a number worked out from fields comes to; `None` is missing.
pub fn number(setting: Setting<'_>, expr: &NumberExpr, facts: &dyn Facts) -> Option<Decimal> {
    match expr {
        NumberExpr::Constant(number) => Some(*number),
        NumberExpr::Field(path) => match facts.value(path) {
            Value::Number(number) | Value::Money(number, _) => Some(number),
            _ => None,
        },
        NumberExpr::FieldIn(path, wanted) => match facts.value(path) {
            Value::Money(number, code) if code == *wanted => Some(number),
            _ => None,
        },
        NumberExpr::Negative(inner) => number(setting, inner, facts).map(|number| -number),
        NumberExpr::Arithmetic(op, left, right) => {
            let (a, b) = (number(setting, left, facts)?, number(setting, right, facts)?);
            crate::check::calculate(*op, a, b)
        }
        NumberExpr::Related(path) => match facts.related(path) {
            Value::Number(number) => Some(number),
            _ => None,
        },
        NumberExpr::DaysBetween(left, right) => {
            let (a, b) = (day(setting, left, facts)?, day(setting, right, facts)?);
            Some(Decimal::from(i64::from(a) - i64::from(b)))
        }
    }
}

/// The day that is worked out from fields; `None` is missing.
pub fn day(setting: Setting<'_>, expr: &DayExpr, facts: &dyn Facts) -> Option<i32> {
    match expr {
        DayExpr::Constant(mark) => Some(mark.day(setting.as_of)),
        DayExpr::Field(path) => match facts.value(path) {
            Value::Date(day) => Some(day),
            _ => None,
        },
        DayExpr::DayOf(path) => match facts.value(path) {
            Value::Time(instant) => Some(time::day_of(instant, &setting.as_of.zone)),
            _ => None,
        },
        DayExpr::Related(path) => match facts.related(path) {
            Value::Date(day) => Some(day),
            _ => None,
        },
        DayExpr::Shift(inner, amount, unit) => {
            day(setting, inner, facts).map(|day| time::add_to_day(day, *amount, *unit))
        }
    }
}

/// Whether a test on an owner holds; nobody fails every test.
pub fn owner_holds(setting: Setting<'_>, test: &OwnerTest, owner: Option<&Owner>) -> bool {
    let Some(owner) = owner else {
        return false;
    };
    match test {
        OwnerTest::Known => true,
        OwnerTest::Active => setting.binding.is_active(owner),
        OwnerTest::Is(names) => names.iter().any(|name| setting.binding.is_called(owner, *name)),
        OwnerTest::MemberOf(team) => setting.binding.is_member(owner, *team),
    }
}

/// What one target names.
pub fn target_named(setting: Setting<'_>, kind: &TargetKind, facts: &dyn Facts) -> Named {
    match kind {
        TargetKind::Nobody => Named::Nobody,
        TargetKind::Keep => match facts.owner(&OwnerRef::Current) {
            Some(owner) => Named::Keep(owner),
            None => Named::Miss("there is no current owner to keep".into()),
        },
        TargetKind::Name(name) => named(setting, *name),
        TargetKind::Field(path) => match facts.value(path) {
            Value::Text(text) => cell_named(setting, &text),
            _ => Named::Miss(format!("`{}` is missing", path.text(&setting.policy.schema, setting.record))),
        },
        TargetKind::Cell { list, path, column } => {
            let value = facts.value(path);
            let row = text_of(setting, path, &value).and_then(|text| setting.binding.list_row(*list, &text));
            let data = setting.policy.schema.list(*list).data.as_ref();
            match (row, data) {
                (Some(row), Some(data)) => match data.cell(row, *column) {
                    Some(cell) => cell_named(setting, cell),
                    None => Named::Miss(format!("line {} has no such cell", data.line_numbers[row])),
                },
                _ => Named::Miss("not in the list".into()),
            }
        }
        TargetKind::Table(table) => table_named(setting, table, facts),
        TargetKind::Pool(pool) => Named::Pool(*pool),
        TargetKind::OwnerOf(of) => match facts.owner(of) {
            Some(owner) => Named::Owner(owner),
            None => Named::Miss("that record has no owner".into()),
        },
        TargetKind::Contest(path) => match facts.candidates(path).into_iter().next() {
            Some(winner) => Named::Owner(winner.person),
            None => Named::Miss("no active person stands behind any of those records".into()),
        },
        TargetKind::Manager(inner) => match target_named(setting, inner, facts) {
            Named::Owner(owner) | Named::Keep(owner) => match setting.binding.manager_of(&owner) {
                Ok(manager) => Named::Owner(manager),
                Err(reason) => Named::Miss(reason),
            },
            other => other,
        },
    }
}

fn named(setting: Setting<'_>, name: NameId) -> Named {
    match setting.binding.name(name) {
        Ok(owner) => Named::Owner(owner.clone()),
        Err(reason) => Named::Miss(reason.to_owned()),
    }
}

fn cell_named(setting: Setting<'_>, cell: &str) -> Named {
    match setting.binding.find(cell) {
        Ok(owner) => Named::Owner(owner),
        Err(reason) => Named::Miss(reason),
    }
}

fn table_named(setting: Setting<'_>, table: &TableUse, facts: &dyn Facts) -> Named {
    let Some(data) = setting.policy.schema.table(table.table).data.as_ref() else {
        return Named::Miss("the table could not be read".into());
    };
    match best_row(setting, table, data, facts) {
        Some(row) => match data.cell(row, table.column) {
            Some(cell) => cell_named(setting, cell),
            None => Named::Miss(format!("line {} names nobody", data.line_numbers[row])),
        },
        None => Named::Miss("no row of the table fits".into()),
    }
}

/// The row of a table that fits best among those that count today: the longest prefix wins, then the narrowest range,
/// then the first row.
///
/// Several ranges are compared in the order of their `match` lines, each by [`compare_ranges`]. A blank bound is open.
pub fn best_row(setting: Setting<'_>, table: &TableUse, data: &Tabular, facts: &dyn Facts) -> Option<usize> {
    let declared = setting.policy.schema.table(table.table);
    let today = setting.as_of.today();
    let mut best: Option<(Rank, usize)> = None;
    for row in (0..data.rows.len()).filter(|row| declared.days.count(*row, today)) {
        let mut rank = Rank { prefix: 0, ranges: Vec::new() };
        let fits = declared.matches.iter().zip(&table.paths).all(|(line, path)| {
            let value = facts.value(path);
            line_fits(setting, &line.how, path, &value, data, row, &mut rank)
        });
        if fits && best.as_ref().is_none_or(|(known, _)| rank.beats(known)) {
            best = Some((rank, row));
        }
    }
    best.map(|(_, row)| row)
}

/// How well a row fits.
struct Rank {
    prefix: usize,
    ranges: Vec<Bounds>,
}

impl Rank {
    /// Whether this row, which comes later in the file, is the better one.
    fn beats(&self, other: &Rank) -> bool {
        let ranges = self.ranges.iter().zip(&other.ranges).map(|(a, b)| compare_ranges(a, b));
        other.prefix.cmp(&self.prefix).then_with(|| ranges.fold(Ordering::Equal, Ordering::then)).is_lt()
    }
}

fn line_fits(
    setting: Setting<'_>,
    how: &MatchHow,
    path: &Path,
    value: &Value,
    data: &Tabular,
    row: usize,
    rank: &mut Rank,
) -> bool {
    let cell = |column: &str| data.column(column).and_then(|column| data.cell(row, column));
    match how {
        MatchHow::Equals { column } => cell(column).is_some_and(|cell| cell_equals(setting, path, value, cell)),
        MatchHow::StartsWith { column } => match (cell(column), value) {
            (Some(cell), Value::Text(text)) => {
                let prefix = fold(cell);
                rank.prefix = prefix.chars().count();
                fold(text).starts_with(&prefix)
            }
            _ => false,
        },
        MatchHow::Between { from, to } => {
            let value = match value {
                Value::Number(number) | Value::Money(number, _) => *number,
                Value::Date(day) => Decimal::from(*day),
                _ => return false,
            };
            let is_date = matches!(kind_of(setting, path), FieldKind::Date);
            let bound = |column: &str| cell(column).map(|cell| range_bound(cell, is_date));
            let (low, high) = match (bound(from), bound(to)) {
                // A cell that is no number was an error of the check; here it fits nothing.
                (Some(None), _) | (_, Some(None)) => return false,
                (low, high) => (low.flatten(), high.flatten()),
            };
            rank.ranges.push((low, high));
            low.is_none_or(|low| low <= value) && high.is_none_or(|high| value <= high)
        }
    }
}

fn kind_of<'p>(setting: Setting<'p>, path: &Path) -> &'p FieldKind {
    let schema = &setting.policy.schema;
    &schema.record(path.record(schema, setting.record)).field(path.field).kind
}

fn cell_equals(setting: Setting<'_>, path: &Path, value: &Value, cell: &str) -> bool {
    match (value, kind_of(setting, path)) {
        (Value::Text(text), _) => fold(text) == fold(cell),
        (Value::Choice(choice), FieldKind::Choice(set)) => set.find(cell) == Some(*choice),
        (Value::Number(number), _) => parse_number(cell, NumberFormat::default()) == Some(*number),
        (Value::Bool(yes), _) => {
            matches!((fold(cell).as_str(), yes), ("yes" | "true" | "1", true) | ("no" | "false" | "0", false))
        }
        (Value::Reference(key), _) => key == cell.trim(),
        _ => false,
    }
}

/// The facts of one record of a dataset.
pub struct RecordFacts<'a> {
    pub policy: &'a TypedPolicy,
    pub dataset: &'a Dataset,
    pub record: RecordId,
    pub row: u32,
    pub current: Option<Owner>,
    /// The owner that a role gave a row of its record type.
    pub owner_of: &'a dyn Fn(crate::check::policy::RoleId, u32) -> Option<Owner>,
    pub related: &'a WorkedOut,
}

impl RecordFacts<'_> {
    fn reach(&self, steps: &[crate::schema::FieldId]) -> Option<(RecordId, u32)> {
        let schema = &self.policy.schema;
        let (mut record, mut row) = (self.record, self.row);
        for step in steps {
            let column = self.dataset.table(record).column(*step)?;
            row = *column.targets().get(row as usize)?;
            if row == crate::column::ROW_MISSING {
                return None;
            }
            record = crate::check::policy::walk(schema, record, &[*step]);
        }
        Some((record, row))
    }
}

impl Facts for RecordFacts<'_> {
    fn value(&self, path: &Path) -> Value {
        let Some((record, row)) = self.reach(&path.steps) else {
            return Value::Missing;
        };
        let schema = &self.policy.schema;
        let field = schema.record(record).field(path.field);
        let keys = match field.kind {
            FieldKind::Reference { record: target, .. } => Some(self.dataset.table(target).keys()),
            _ => None,
        };
        match self.dataset.table(record).column(path.field) {
            Some(column) => column.value(row, field, keys),
            None => Value::Missing,
        }
    }

    fn owner(&self, of: &OwnerRef) -> Option<Owner> {
        match of {
            OwnerRef::Current => self.current.clone(),
            OwnerRef::Of(path) => {
                let (_, row) = self.reach(&path.steps)?;
                (self.owner_of)(path.role, row)
            }
        }
    }

    fn related(&self, path: &RelatedPath) -> Value {
        self.reach(&path.steps).map_or(Value::Missing, |(_, row)| self.related.value(path.related, row))
    }

    fn candidates(&self, path: &ContestPath) -> Vec<Candidate> {
        let Some((_, row)) = self.reach(&path.steps) else { return Vec::new() };
        self.related.candidates(self.policy.contest(path.contest), path.contest, row, self.owner_of)
    }

    fn history(&self, id: HistoryId) -> bool {
        self.related.history(id, self.row)
    }
}
