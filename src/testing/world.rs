//! One case of a test as a world: records in columns, people in a directory, what the run before knew.

use crate::assign::{self, Binding, Unknown};
use crate::check::policy::{Case, ContestPerson, Expected, Given, TargetKind, TypedPolicy, walk};
use crate::column::{Cell, ColumnBuilder, Dataset, Formats, RowSet, TableData, show};
use crate::compare::{Past, PastEntry, RolePast, SeenValues, Sight};
use crate::diagnostic::Severity;
use crate::schema::{Directory, Field, FieldId, FieldKind, Found, Person, RecordId, RecordType};
use crate::value::time::{self, AsOf};
use crate::value::{Outcome, Value, compact};
use jiff::tz::TimeZone;

/// The day of a test that says none: nothing it asks hangs on it.
const ANY_DAY: i32 = 20_000;
/// How long before the test the run was that saw what `past` gives: longer than rules commonly look back.
const PAST_DAYS: i64 = 366;
const DAY_MICROSECONDS: i64 = 86_400_000_000;
const MINUTE_MICROSECONDS: i64 = 60_000_000;

/// Everything a case is decided from.
pub struct World {
    pub as_of: AsOf,
    pub dataset: Dataset,
    pub binding: Binding,
    pub past: Past,
    /// The row of each given record in the table of its type.
    pub rows: Vec<u32>,
    /// Required fields that were not given, by record type.
    pub unset: Vec<Vec<(FieldId, RowSet)>>,
}

impl World {
    pub fn new(policy: &TypedPolicy, case: &Case, zone: &TimeZone) -> Self {
        let as_of = moment(case, zone);
        let mut unset = Vec::new();
        let mut tables = Vec::new();
        let mut rows = vec![0; case.records.len()];
        for id in policy.schema.record_ids() {
            let own: Vec<usize> = (0..case.records.len()).filter(|at| case.records[*at].record == id).collect();
            for (row, at) in (0..).zip(&own) {
                rows[*at] = row;
            }
            let (table, missing) = table(policy.schema.record(id), case, &own, &as_of);
            tables.push(table);
            unset.push(missing);
        }
        let mut dataset = Dataset { tables };
        dataset.link(&policy.schema);
        let directory = directory(policy, case);
        // Names that nobody answers to are misses, as they are where a directory does not know them.
        let (binding, _) = assign::bind(policy, directory, Unknown::both(Severity::Note), as_of.today());
        let past = past(policy, case, &binding, &as_of);
        World { as_of, dataset, binding, past, rows, unset }
    }

    /// Whether a required field of a row was not given.
    pub fn is_unset(&self, record: RecordId, field: FieldId, row: u32) -> bool {
        let fields = self.unset.get(record.0 as usize);
        fields.is_some_and(|fields| fields.iter().any(|(unset, rows)| *unset == field && rows.contains(row)))
    }
}

fn moment(case: &Case, zone: &TimeZone) -> AsOf {
    let (day, minutes) = case.moment.unwrap_or((ANY_DAY, None));
    let start = AsOf::day_start(day, zone.clone());
    AsOf { instant: start.instant + i64::from(minutes.unwrap_or(0)) * MINUTE_MICROSECONDS, ..start }
}

/// The value that is given, now that the day is known.
fn settled(given: &Given, as_of: &AsOf) -> Value {
    let clock = as_of.instant - time::start_of_day(as_of.today(), &as_of.zone);
    match given {
        Given::Value(value) => value.clone(),
        Given::Day(mark) => Value::Date(mark.day(as_of)),
        Given::At(mark, minutes) => {
            let start = time::start_of_day(mark.day(as_of), &as_of.zone);
            let after = minutes.map_or(clock, |minutes| i64::from(minutes) * MINUTE_MICROSECONDS);
            Value::Time(start.saturating_add(after))
        }
        Given::Minutes(minutes) => {
            Value::Time(as_of.instant.saturating_add(minutes.saturating_mul(MINUTE_MICROSECONDS)))
        }
    }
}

type Unset = Vec<(FieldId, RowSet)>;

fn table(record: &RecordType, case: &Case, own: &[usize], as_of: &AsOf) -> (TableData, Unset) {
    let formats = Formats { zone: Some(as_of.zone.clone()), ..Formats::default() };
    let mut unset: Unset = Vec::new();
    let columns = record.field_ids().map(|id| {
        // Required or not is settled here: a field left out is unset, one said to be missing breaks the schema.
        let field = Field { optional: true, ..record.field(id).clone() };
        let is_many = matches!(field.kind, FieldKind::Many(_));
        let is_required = !record.field(id).optional && !is_many && id != record.key;
        let mut builder = ColumnBuilder::new(&field, &formats, false);
        let mut broken = RowSet::default();
        let mut missing = RowSet::default();
        for (row, at) in (0..).zip(own) {
            let given = &case.records[*at];
            if id == record.key {
                builder.push(Cell::Text(&given.key));
                continue;
            }
            let value = given.fields.iter().find(|(known, _)| *known == id).map(|(_, value)| settled(value, as_of));
            match &value {
                None if is_required => missing.insert(row),
                Some(Value::Missing) if is_required => broken.insert(row),
                _ => {}
            }
            push(&mut builder, value.as_ref().unwrap_or(&Value::Missing), &field.kind);
        }
        if !missing.is_empty() {
            unset.push((id, missing));
        }
        let mut built = builder.finish(id == record.key);
        for row in broken.iter() {
            built.column.broken.insert(row);
        }
        Some(built)
    });
    let columns = columns.collect();
    (TableData::new(columns, record.key, None, own.len()).0, unset)
}

fn push(builder: &mut ColumnBuilder<'_>, value: &Value, kind: &FieldKind) {
    match value {
        Value::Missing => builder.push(Cell::Missing),
        Value::Number(number) => builder.push(Cell::Number(&compact(*number))),
        Value::Money(number, code) => builder.push_money(Cell::Number(&compact(*number)), Cell::Text(code)),
        Value::Bool(yes) => builder.push(Cell::Bool(*yes)),
        value => match show(value, kind) {
            Some(text) => builder.push(Cell::Text(&text)),
            None => builder.push(Cell::Missing),
        },
    }
}

/// The given people, and everybody whom the case, the rules or their tables name: active, in no team.
fn directory(policy: &TypedPolicy, case: &Case) -> Directory {
    let schema = &policy.schema;
    let has_people = schema.people.is_some() || !case.people.is_empty();
    let build = |people: Vec<Person>| {
        let teams = schema.teams.iter().map(|team| (team.name.clone(), team.part_of.clone()));
        Directory::new(people, teams, schema.queues.iter().map(|queue| queue.name.clone()), has_people)
    };
    let given = build(case.people.clone());
    if !has_people {
        return given;
    }
    let mut people = case.people.clone();
    let mut names = named(policy, case);
    names.sort();
    names.dedup();
    for name in names {
        if given.find(&name) == Found::Unknown {
            people.push(Person { key: name, active: true, ..Person::default() });
        }
    }
    build(people)
}

fn named(policy: &TypedPolicy, case: &Case) -> Vec<String> {
    let schema = &policy.schema;
    let mut names: Vec<String> = policy.names.iter().map(|name| name.text.trim().to_owned()).collect();
    for person in &case.people {
        names.extend([&person.manager, &person.backup].into_iter().flatten().cloned());
    }
    for given in &case.records {
        names.extend(given.current.iter().filter_map(|(_, owner)| owner.clone()));
    }
    for expect in &case.expects {
        if let Some(Expected::Names(_, expected)) = &expect.expected {
            names.extend(expected.iter().cloned());
        }
    }
    let mut holders: Vec<(RecordId, FieldId)> = Vec::new();
    for set in policy.rule_sets() {
        for target in set.rules.iter().flat_map(|rule| &rule.targets) {
            owner_cells(policy, set.record, &target.kind, &mut names, &mut holders);
        }
    }
    for gather in &policy.gathers {
        if let crate::check::policy::GatherKind::Team(adds) = &gather.kind {
            for target in adds.iter().flatten().flat_map(|add| &add.chain) {
                owner_cells(policy, gather.role.record, &target.kind, &mut names, &mut holders);
            }
        }
    }
    for contest in &policy.contests {
        if let ContestPerson::Field(path) = &contest.person {
            holders.push((walk(schema, contest.question.record, &path.steps), path.field));
        }
    }
    for given in &case.records {
        for (field, value) in &given.fields {
            if let Given::Value(Value::Text(text)) = value
                && holders.contains(&(given.record, *field))
            {
                names.push(text.clone());
            }
        }
    }
    names.retain(|name| !name.trim().is_empty());
    names
}

/// The names that a target can take from a table or a list, and the field it can take one from.
fn owner_cells(
    policy: &TypedPolicy,
    record: RecordId,
    kind: &TargetKind,
    names: &mut Vec<String>,
    holders: &mut Vec<(RecordId, FieldId)>,
) {
    let schema = &policy.schema;
    let (data, column) = match kind {
        TargetKind::Manager(inner) => return owner_cells(policy, record, inner, names, holders),
        TargetKind::Field(path) => {
            holders.push((walk(schema, record, &path.steps), path.field));
            return;
        }
        TargetKind::Cell { list, column, .. } => (&schema.list(*list).data, *column),
        TargetKind::Table(used) => (&schema.table(used.table).data, used.column),
        _ => return,
    };
    if let Some(data) = data {
        let cells = (0..data.rows.len()).filter_map(|row| data.cell(row, column));
        names.extend(cells.map(|cell| cell.trim().to_owned()));
    }
}

fn past(policy: &TypedPolicy, case: &Case, binding: &Binding, as_of: &AsOf) -> Past {
    let mut roles = vec![RolePast::default(); policy.roles.len()];
    let mut seen = vec![SeenValues::default(); policy.schema.records.len()];
    let before = as_of.instant.saturating_sub(PAST_DAYS * DAY_MICROSECONDS);
    for given in &case.records {
        for (role, owner) in &given.current {
            let owner = owner.as_deref().and_then(|owner| binding.shown(owner));
            if let (Some(owner), Some(role)) = (owner, roles.get_mut(role.0 as usize)) {
                role.entries.insert(given.key.clone(), entry(owner));
                role.since.insert(given.key.clone(), before);
            }
        }
        let record = policy.schema.record(given.record);
        for (field, value) in &given.past {
            let text = show(&settled(value, as_of), &record.field(*field).kind);
            let sight = text.as_deref().map_or(Sight::Missing, Sight::Text);
            seen[given.record.0 as usize].add(&given.key, *field, sight, 1, before);
        }
    }
    Past { roles, seen, ..Past::default() }
}

fn entry(owner: crate::value::Owner) -> PastEntry {
    PastEntry {
        outcome: Outcome::Assigned,
        owner: Some(owner),
        previous: None,
        rule: None,
        is_drift: false,
        is_pin: false,
        held_since: None,
    }
}
