//! The members of a pool: who they are today, and whether what a pool asks of them holds for a record.

use super::{Binding, OwnerTable, Person as PoolPerson, Roster, Seat};
use crate::check::policy::{MemberAsk, MemberCond, MemberTest, MemberValue, NameId, Path, Pool};
use crate::column::show;
use crate::schema::{Directory, FieldKind, Person, RecordId, Schema};
use crate::syntax::Which;
use crate::value::time::parse_day;
use crate::value::{Decimal, NumberFormat, Owner, OwnerKind, Value, compact, fold, parse_number};

/// A field of a record, ready to be held against a cell of the directory.
type Asked<'a> = &'a dyn Fn(&Path) -> Value;

/// What conditions on members are asked in: whose fields `record.` names, and on which day.
#[derive(Clone, Copy)]
pub struct MemberSetting<'a> {
    pub schema: &'a Schema,
    pub record: RecordId,
    pub binding: &'a Binding,
}

/// The keys of a pool's members on the day of the binding, sorted, active or not.
///
/// A name that means a team gives its members and those of its sub-teams; a person gives themselves; a queue, and a name
/// nobody answers to, give nobody.
pub(super) fn member_keys(pool: &Pool, binding: &Binding) -> Vec<String> {
    let directory = binding.directory();
    let mut keys: Vec<String> = match pool.members.is_empty() {
        true => directory.people().iter().map(|person| person.key.clone()).collect(),
        false => pool.members.iter().flat_map(|name| named_keys(*name, binding)).collect(),
    };
    keys.sort();
    keys.dedup();
    keys
}

fn named_keys(name: NameId, binding: &Binding) -> Vec<String> {
    match binding.meant(name) {
        Some(owner) if owner.kind == OwnerKind::Team => {
            let members = binding.directory().members(&owner.id, binding.today());
            members.into_iter().map(str::to_owned).collect()
        }
        Some(owner) if owner.kind == OwnerKind::Person => vec![owner.id.clone()],
        _ => Vec::new(),
    }
}

/// The seats of a pool, with owner codes.
pub fn roster(pool: &Pool, binding: &Binding, owners: &mut OwnerTable) -> Roster {
    let directory = binding.directory();
    let mut seats = Vec::new();
    for key in member_keys(pool, binding) {
        let Some(person) = directory.person(&key) else { continue };
        let mut seat = Seat::of(pool_person(person, binding, owners));
        seat.weight = person.weight.unwrap_or(Decimal::ONE);
        let mut backup = directory.backup_of(person);
        while let Some(next) = backup {
            // Ends on circles, which the binding reports.
            if next.key == key || seat.backups.iter().any(|known| known.key == next.key) {
                break;
            }
            seat.backups.push(pool_person(next, binding, owners));
            backup = directory.backup_of(next);
        }
        seats.push(seat);
    }
    Roster::new(seats)
}

fn pool_person(person: &Person, binding: &Binding, owners: &mut OwnerTable) -> PoolPerson {
    PoolPerson {
        owner: owners.code(&Owner::new(OwnerKind::Person, &person.key)),
        key: person.key.clone(),
        is_active: person.active,
        is_away: person.is_away(binding.today()),
        capacity_records_max: person.capacity,
    }
}

/// Whether a condition on a member holds for a record whose fields `value` gives.
pub fn member_holds(setting: MemberSetting<'_>, cond: &MemberCond, person: &Person, value: Asked<'_>) -> bool {
    match cond {
        MemberCond::All(parts) => parts.iter().all(|part| member_holds(setting, part, person, value)),
        MemberCond::Any(parts) => parts.iter().any(|part| member_holds(setting, part, person, value)),
        MemberCond::Not(inner) => !member_holds(setting, inner, person, value),
        MemberCond::Test(test) => test_holds(setting, test, person, value),
    }
}

fn test_holds(setting: MemberSetting<'_>, test: &MemberTest, person: &Person, value: Asked<'_>) -> bool {
    if let MemberAsk::InTeam(team) = &test.ask {
        return setting.binding.is_member(&Owner::new(OwnerKind::Person, &person.key), *team);
    }
    let cell = cell(person, &test.column, setting.binding.today());
    let Some(cell) = cell else {
        return test.ask == MemberAsk::Missing;
    };
    let equals = |part: &str, wanted: &MemberValue| cell_equals(setting, part, wanted, value);
    let folded = fold(&cell);
    let texts = |wanted: &MemberValue| texts(setting, wanted, value);
    match &test.ask {
        MemberAsk::Missing | MemberAsk::InTeam(_) => false,
        MemberAsk::OneOf(values) => values.iter().any(|wanted| equals(&cell, wanted)),
        MemberAsk::Order(op, wanted) => order(setting, &cell, wanted, value).is_some_and(|order| op.holds(order)),
        MemberAsk::Contains(values) => values.iter().flat_map(texts).any(|part| folded.contains(&part)),
        MemberAsk::StartsWith(values) => values.iter().flat_map(texts).any(|part| folded.starts_with(&part)),
        MemberAsk::EndsWith(values) => values.iter().flat_map(texts).any(|part| folded.ends_with(&part)),
        MemberAsk::Includes(which, values) => {
            let parts: Vec<&str> = cell.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
            let has = |wanted: &MemberValue| parts.iter().any(|part| equals(part, wanted));
            match which {
                Which::Any => values.iter().any(has),
                Which::All => values.iter().all(has),
                Which::None => !values.iter().any(has),
            }
        }
    }
}

/// The cell of a person under a column, in any letter case; `None` where it is blank or no such column is known.
pub fn cell(person: &Person, column: &str, day: i32) -> Option<String> {
    let text = match fold(column).as_str() {
        "id" | "key" => Some(person.key.clone()),
        "name" => person.name.clone(),
        "email" => person.email.clone(),
        "team" | "teams" => {
            let teams = person.teams.iter().filter(|own| own.counts_on(day)).map(|own| own.team.as_str());
            Some(teams.collect::<Vec<_>>().join(";"))
        }
        "manager" => person.manager.clone(),
        "backup" => person.backup.clone(),
        "active" => Some(if person.active { "yes" } else { "no" }.to_owned()),
        "capacity" => person.capacity.map(|capacity| capacity.to_string()),
        "weight" => person.weight.map(compact),
        wanted => person.extra.iter().find(|(name, _)| fold(name) == wanted).map(|(_, cell)| cell.clone()),
    };
    text.filter(|text| !text.trim().is_empty())
}

/// Whether any person has anything under a column, or it is one that every directory may have.
pub fn has_column(directory: &Directory, column: &str) -> bool {
    const KNOWN: [&str; 10] =
        ["id", "key", "name", "email", "team", "teams", "manager", "backup", "active", "capacity"];
    let wanted = fold(column);
    KNOWN.contains(&wanted.as_str())
        || wanted == "weight"
        || directory.people().iter().any(|person| person.extra.keys().any(|name| fold(name) == wanted))
}

/// The folded texts that a value stands for: several for a multi-select, none where it is missing.
fn texts(setting: MemberSetting<'_>, wanted: &MemberValue, value: Asked<'_>) -> Vec<String> {
    match wanted {
        MemberValue::Text(text) => vec![fold(text)],
        MemberValue::Number(number) => vec![compact(*number)],
        MemberValue::Day(day) => vec![crate::value::time::show_day(*day)],
        MemberValue::YesNo(yes) => vec![if *yes { "yes" } else { "no" }.to_owned()],
        MemberValue::Field(path) => {
            let kind = kind_of(setting, path);
            match (value(path), kind) {
                (Value::Many(chosen), FieldKind::Many(set)) => {
                    let one = |choice: &u16| show(&Value::Choice(*choice), &FieldKind::Choice(set.clone()));
                    chosen.iter().filter_map(one).map(|text| fold(&text)).collect()
                }
                (found, kind) => show(&found, kind).map(|text| fold(&text)).into_iter().collect(),
            }
        }
    }
}

fn cell_equals(setting: MemberSetting<'_>, cell: &str, wanted: &MemberValue, value: Asked<'_>) -> bool {
    match wanted {
        MemberValue::Number(number) => number_of(cell) == Some(*number),
        MemberValue::Day(day) => parse_day(cell.trim()) == Some(*day),
        MemberValue::YesNo(yes) => yes_no(cell) == Some(*yes),
        MemberValue::Text(text) => fold(cell) == fold(text),
        MemberValue::Field(path) => match (value(path), kind_of(setting, path)) {
            (Value::Number(number) | Value::Money(number, _), _) => number_of(cell) == Some(number),
            (Value::Date(day), _) => parse_day(cell.trim()) == Some(day),
            (Value::Bool(yes), _) => yes_no(cell) == Some(yes),
            // A choice may be spelled in the directory as it may be in the data.
            (Value::Choice(choice), FieldKind::Choice(set)) => set.find(cell) == Some(choice),
            (Value::Many(chosen), FieldKind::Many(set)) => set.find(cell).is_some_and(|found| chosen.contains(&found)),
            (found, kind) => show(&found, kind).is_some_and(|text| fold(&text) == fold(cell)),
        },
    }
}

fn order(setting: MemberSetting<'_>, cell: &str, wanted: &MemberValue, value: Asked<'_>) -> Option<std::cmp::Ordering> {
    let number = |wanted: Decimal| number_of(cell).map(|cell| cell.cmp(&wanted));
    let day = |wanted: i32| parse_day(cell.trim()).map(|cell| cell.cmp(&wanted));
    match wanted {
        MemberValue::Number(wanted) => number(*wanted),
        MemberValue::Day(wanted) => day(*wanted),
        MemberValue::Field(path) => match (value(path), kind_of(setting, path)) {
            (Value::Number(wanted) | Value::Money(wanted, _), _) => number(wanted),
            (Value::Date(wanted), _) => day(wanted),
            _ => None,
        },
        MemberValue::Text(_) | MemberValue::YesNo(_) => None,
    }
}

fn kind_of<'s>(setting: MemberSetting<'s>, path: &Path) -> &'s FieldKind {
    &setting.schema.record(path.record(setting.schema, setting.record)).field(path.field).kind
}

fn number_of(cell: &str) -> Option<Decimal> {
    parse_number(cell.trim(), NumberFormat::default())
}

fn yes_no(cell: &str) -> Option<bool> {
    match fold(cell).as_str() {
        "yes" | "true" | "1" | "y" | "t" => Some(true),
        "no" | "false" | "0" | "n" | "f" => Some(false),
        _ => None,
    }
}
