//! Whole worlds at random: schema, policy and records, with what the model says about every rule.

mod conditions;
mod records;
mod related;
mod rules;
mod tape;
mod values;

pub use tape::Tape;

use crate::model::{Eval, FieldModel, Kind, Model, RecordModel, TEAMS};
use crate::world::{Rows, World};
use ownward::schema::{Membership, Person};
use ownward::value::Decimal;
use ownward::value::time::{self, AsOf};
use std::collections::BTreeMap;
use std::fmt::Write;

/// A generated world, and what the model knows of it.
pub struct Case {
    pub world: World,
    pub model: Model,
    pub roles: Vec<RoleModel>,
}

/// A role as generated; its rules flattened, in order.
#[derive(Clone)]
pub struct RoleModel {
    pub name: String,
    pub record: usize,
    pub rules: Vec<RuleModel>,
}

#[derive(Clone)]
pub struct RuleModel {
    pub label: Option<String>,
    pub conditions: Vec<Eval>,
    pub from: Option<i32>,
    pub until: Option<i32>,
}

/// A condition with a name, asked of one record type.
#[derive(Clone)]
struct DefineModel {
    name: String,
    record: usize,
    holds: Eval,
}

struct ListModel {
    name: String,
}

struct TableModel {
    name: String,
    record: usize,
}

/// How much is generated.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub rows_max: usize,
    pub rules_max: usize,
}

/// Everything that is drawn from while a case is generated.
struct Generator<'t> {
    /// What is being drawn from: the policy's tape, then the records'.
    tape: &'t Tape<'t>,
    size: Size,
    /// Whether every record keeps to its schema: where roles read much, one bad cell in ten leaves none to decide.
    is_clean: bool,
    /// By record type.
    row_counts: Vec<usize>,
    model: Model,
    numbers: Vec<Decimal>,
    days: Vec<i32>,
    instants: Vec<i64>,
    texts: Vec<&'static str>,
    defines: Vec<DefineModel>,
    lists: Vec<ListModel>,
    tables: Vec<TableModel>,
    roles: Vec<RoleModel>,
    files: BTreeMap<String, String>,
    labels: usize,
    text: String,
}

/// A case from two tapes, one for the policy and one for the records: neither starves the other.
pub fn case((numbers, data): &(Vec<u32>, Vec<u32>), size: Size) -> Case {
    let (tape, data) = (Tape::new(numbers), Tape::new(data));
    let mut generator = Generator::new(&tape, size);
    generator.schema();
    generator.pools();
    generator.declarations();
    generator.roles();
    generator.tape = &data;
    generator.records();
    generator.model.link();
    generator.finish()
}

const MOMENTS: [(&str, &str); 6] = [
    ("2026-11-15T12:00:00Z", "UTC"),
    ("2026-03-29T00:30:00Z", "Europe/Berlin"),
    ("2026-12-31T23:30:00Z", "Pacific/Auckland"),
    ("2024-02-29T23:59:59Z", "UTC"),
    ("2026-11-01T05:30:00Z", "America/New_York"),
    // Midnight of this day does not exist in its zone.
    ("2018-11-04T12:00:00Z", "America/Sao_Paulo"),
];

impl<'t> Generator<'t> {
    fn new(tape: &'t Tape<'t>, size: Size) -> Self {
        let (instant, zone) = tape.pick(&MOMENTS);
        let zone = jiff::tz::TimeZone::get(zone).expect("a known zone");
        let instant = instant.parse::<jiff::Timestamp>().expect("an instant").as_microsecond();
        let as_of = AsOf { instant, zone };
        let people = people(tape, as_of.today());
        let model = Model { records: Vec::new(), as_of, people, lists: Vec::new() };
        Generator {
            tape,
            size,
            is_clean: false,
            row_counts: Vec::new(),
            model,
            numbers: Vec::new(),
            days: Vec::new(),
            instants: Vec::new(),
            texts: Vec::new(),
            defines: Vec::new(),
            lists: Vec::new(),
            tables: Vec::new(),
            roles: Vec::new(),
            files: BTreeMap::new(),
            labels: 0,
            text: String::new(),
        }
    }

    // ------------------------------------------------------------ schema

    fn schema(&mut self) {
        let count = self.tape.between(1, 3);
        for record in 0..count {
            let mut fields = vec![field("id", Kind::Text)];
            for at in 0..self.tape.between(2, 9) {
                fields.push(self.field(record, count, at));
            }
            self.model.records.push(RecordModel {
                name: ["Account", "Contact", "Deal"][record].to_owned(),
                fields,
                rows: Vec::new(),
                shown: Vec::new(),
            });
        }
    }

    fn field(&self, _record: usize, count: usize, at: usize) -> FieldModel {
        let tape = self.tape;
        let (stem, kind) = match tape.below(13) {
            0 | 1 => ("txt", Kind::Text),
            2 | 3 => ("num", Kind::Number),
            4 => ("usd", Kind::Money("USD")),
            5 => ("amt", Kind::MoneyIn(format!("cur{at}"))),
            6 => ("day", Kind::Date),
            7 => ("tim", Kind::Time),
            8 => ("yes", Kind::YesNo),
            9 => ("sel", Kind::Choice(tape.below(3))),
            10 => ("ord", Kind::Choice(1)),
            11 => ("mul", Kind::Many(tape.below(3))),
            _ => ("ref", Kind::Ref(tape.below(count))),
        };
        let optional = tape.chance(60);
        let may_be_unknown = matches!(kind, Kind::Ref(_)) && tape.chance(40);
        FieldModel { name: format!("{stem}{at}"), kind, optional, may_be_unknown }
    }

    fn declarations(&mut self) {
        for record in 0..self.model.records.len() {
            self.record_text(record);
        }
        self.text.push_str("person from people\n");
        for (team, up) in TEAMS {
            let up = up.map_or(String::new(), |up| format!(" part of {up}"));
            // Writing to a String cannot fail.
            let _ = writeln!(self.text, "team {team}{up}");
        }
        self.text.push_str("queue Triage, Late-Queue\n");
        for _ in 0..self.tape.below(3) {
            self.list();
        }
        for record in 0..self.model.records.len() {
            if self.tape.chance(60) {
                self.table(record);
            }
        }
        for _ in 0..self.tape.below(4) {
            let record = self.tape.below(self.model.records.len());
            self.define(record);
        }
    }

    fn record_text(&mut self, record: usize) {
        let mut text = String::new();
        let declared = &self.model.records[record];
        let _ = writeln!(text, "record {} from {} {{", declared.name, declared.name.to_lowercase());
        for (at, field) in declared.fields.iter().enumerate() {
            let kind = values::kind_text(&field.kind, &self.model);
            let mut line = format!("  {} {kind}", field.name);
            let marks =
                [(at == 0, ", key"), (field.optional, ", optional"), (field.may_be_unknown, ", may be unknown")];
            for (_, mark) in marks.iter().filter(|(is, _)| *is) {
                line.push_str(mark);
            }
            text.push_str(&line);
            text.push('\n');
        }
        text.push_str("  current owner, column \"shown\"\n}\n");
        self.text.push_str(&text);
    }

    fn define(&mut self, record: usize) {
        let name = format!("is-good{}", self.defines.len());
        let scope = conditions::Scope { record, role: None, is_inner: false };
        let (text, holds) = self.condition(&scope, 2);
        let _ = writeln!(self.text, "define {name} = {text}");
        self.defines.push(DefineModel { name, record, holds });
    }

    // ------------------------------------------------------------ the end

    fn finish(self) -> Case {
        let mut world = World::new(self.text);
        world.as_of = self.model.as_of.clone();
        world.people = Some(self.model.people.clone());
        world.files = self.files;
        for record in &self.model.records {
            world.rows.insert(record.name.clone(), rows_of(record));
            let drifted = |row: &usize| self.tape.chance(6) && !record.rows[*row][0].text.trim().is_empty();
            let keys = (0..record.rows.len()).filter(drifted).map(|row| record.rows[row][0].text.trim().to_owned());
            world.drifted.insert(record.name.clone(), keys.collect());
        }
        Case { world, model: self.model, roles: self.roles }
    }
}

/// The rows of a record type as its source holds them.
pub fn rows_of(record: &RecordModel) -> Rows {
    let mut rows = Rows::default();
    for field in &record.fields {
        rows.headers.push(field.name.clone());
        if let Kind::MoneyIn(column) = &field.kind {
            rows.headers.push(column.clone());
        }
    }
    rows.headers.push("shown".to_owned());
    for (cells, shown) in record.rows.iter().zip(&record.shown) {
        let mut row = Vec::new();
        for cell in cells {
            row.push(cell.text.clone());
            row.extend(cell.currency.clone());
        }
        row.push(shown.clone());
        rows.cells.push(row);
    }
    rows
}

fn field(name: &str, kind: Kind) -> FieldModel {
    FieldModel { name: name.to_owned(), kind, optional: false, may_be_unknown: false }
}

fn people(tape: &Tape<'_>, today: i32) -> Vec<Person> {
    let managers = [None, Some("p1"), Some("bo"), Some("p3"), Some("nobody-knows"), Some("ana@x.example")];
    let teams: [&[&str]; 4] = [&["TeamA"], &["teamb"], &["TeamC", "TeamB"], &[]];
    let end = || tape.chance(30).then(|| today + tape.pick(&[0, -1, 1, -2, 2]));
    let dated = |team: &str| Membership { team: team.to_owned(), from: end(), until: end() };
    let known = [("p1", "Ana Silva"), ("p2", "Bo"), ("p3", "Çelik"), ("p4", "Dora Groß"), ("p5", "Bo Li")];
    let person = |(key, name): (&str, &str)| Person {
        key: key.to_owned(),
        name: Some(name.to_owned()),
        email: (key == "p1").then(|| "ana@x.example".to_owned()),
        teams: tape.pick(&teams).iter().map(|team| dated(team)).collect(),
        manager: tape.pick(&managers).map(str::to_owned),
        active: key != "p3" && !(key == "p5" && tape.chance(50)),
        ..Person::default()
    };
    known.into_iter().map(person).collect()
}

/// The day of a date written in a test.
pub fn day(text: &str) -> i32 {
    time::parse_day(text).expect("a day")
}
