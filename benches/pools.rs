//! What choosing people costs beside deciding, both measured in the same run.
//!
//! `cargo bench --bench pools [-- ROWS]`: 1,000,000 made-up new leads by default, in memory. The same policy is decided
//! with one owner for all (`assign to Sales`) and with a pool of 40 people of different weights, some of them away and
//! some covered. Prints, never judges.

use ownward::assign::{self, Binding, NOBODY, OwnerTable, bind};
use ownward::check::{self, policy::TypedPolicy};
use ownward::column::{Cell, ColumnBuilder, Dataset, Formats, TableData};
use ownward::decide::{Desk, RoleInput, Rotations, Scene, decide_role};
use ownward::diagnostic::{Severity, any_error};
use ownward::plan;
use ownward::schema::{Directory, Membership, Person};
use ownward::source::Sources;
use ownward::syntax;
use ownward::value::Decimal;
use ownward::value::time::AsOf;
use std::hint::black_box;
use std::time::{Duration, Instant};

const REPEATS: usize = 5;
const TODAY: i32 = 20_633;

const RECORDS: &str = "record Lead from leads {
  id        text, key
  country   text
  source    one of (Web, Fair, Partner, Phone)
  employees number
  opened    date, created
}
person from people
team  Sales
queue Triage
decide owner of Lead {
  when source = Partner and employees >= 15000 assign to TARGET
  when country in (\"DE\", \"AT\", \"CH\") assign to TARGET
  when employees between 1000 and 9000 assign to TARGET
  otherwise assign to TARGET
}
";

const POOLS: [(&str, &str); 7] = [
    ("by turn", "next of Sales else Triage"),
    ("by weight", "next of Sales by weight else Triage"),
    ("by weight, a cap per week", "next of Sales by weight up to 1000000 per week else Triage"),
    ("by weight, who covers the country", "next of Sales where covers includes record.country by weight else Triage"),
    ("least loaded", "least loaded of Sales else Triage"),
    ("least loaded by sum, a cap", "least loaded of Sales by sum of employees up to 100bn else Triage"),
    ("by hash", "any of Sales by hash else Triage"),
];

const COUNTRIES: [&str; 20] = [
    "DE", "AT", "CH", "SE", "NO", "DK", "FI", "FR", "ES", "IT", "GB", "IE", "NL", "BE", "PL", "US", "CA", "BR", "JP",
    "AU",
];

fn main() {
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let rows = arguments.filter_map(|rows| rows.parse().ok()).next().unwrap_or(1_000_000);
    println!("{rows} new leads, 4 rules, a pool of 40 people; medians of {REPEATS} runs, one thread\n");
    for (order, is_sorted) in [("in the order in which they enter", true), ("in any order", false)] {
        println!("leads {order}");
        let mut baseline = Made::new("Sales", rows, is_sorted);
        for (name, pool) in POOLS {
            let mut made = Made::new(pool, rows, is_sorted);
            // In turns, so that a machine that slows down slows both.
            let (mut deciding, mut choosing) = (Vec::new(), Vec::new());
            for _ in 0..REPEATS {
                deciding.push(baseline.time());
                choosing.push(made.time());
            }
            deciding.sort_unstable();
            choosing.sort_unstable();
            line(name, deciding[REPEATS / 2], choosing[REPEATS / 2], rows);
        }
        println!();
    }
}

fn line(name: &str, deciding: Duration, choosing: Duration, rows: usize) {
    let each = |time: Duration| time.as_nanos() as f64 / rows.max(1) as f64;
    let over = each(choosing) - 2.0 * each(deciding);
    println!(
        "  {name:<34} {:>7.1} ns a lead, deciding alone {:>5.1}; {over:>7.1} beyond twice that",
        each(choosing),
        each(deciding)
    );
}

/// A small, fixed generator: the same leads on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

struct Made {
    policy: TypedPolicy,
    binding: Binding,
    dataset: Dataset,
    as_of: AsOf,
    input: RoleInput,
}

impl Made {
    fn new(target: &str, rows: usize, is_sorted: bool) -> Self {
        let mut sources = Sources::default();
        sources.add("policy.own", RECORDS.replace("TARGET", target));
        let (tree, mut found) = syntax::parse(&sources);
        let (schema, said) = check::schema(&tree, &check::FilesBeside::default(), Vec::new());
        found.extend(said);
        let (policy, said) = check::policy(&tree, schema);
        found.extend(said);
        assert!(!any_error(&found), "{found:?}");
        let directory = Directory::new(people(), [("Sales".to_owned(), None)], ["Triage".to_owned()], true);
        let (binding, _) = bind(&policy, directory, assign::Unknown::both(Severity::Error), TODAY);
        let mut dataset = Dataset { tables: vec![leads(&policy, rows, is_sorted)] };
        dataset.link(&policy.schema);
        let as_of = AsOf::utc(i64::from(TODAY) * 86_400_000_000);
        let input = RoleInput { current: vec![NOBODY; rows], ..RoleInput::default() };
        Made { policy, binding, dataset, as_of, input }
    }

    /// Deciding and choosing, from the columns to owners and the state of the rotation.
    fn time(&mut self) -> Duration {
        let plan = plan::lower(&self.policy, &self.as_of, &|name| self.binding.name(name).is_ok());
        let start = Instant::now();
        let mut owners = OwnerTable::default();
        let mut desk = Desk::open(&self.policy, &self.binding, &Rotations::new(), &mut owners);
        let (mut after, role) = (Vec::new(), self.policy.role_ids().next().expect("a role"));
        let scene = Scene::new(&self.policy, role, &self.dataset, &self.binding, &self.as_of, &self.input.current);
        let result = decide_role(&scene, &plan.roles[0], &self.input, &mut after, &mut owners, &mut desk);
        let states = desk.changed_states();
        let time = start.elapsed();
        black_box((result, states));
        time
    }
}

/// Forty people: weights 1 to 5, every tenth away, every other of these with a cover.
fn people() -> Vec<Person> {
    let mut dice = Dice(3);
    let person = |at: usize, dice: &mut Dice| {
        let covers: Vec<&str> = COUNTRIES.iter().filter(|_| dice.roll(3) > 0).copied().collect();
        Person {
            key: format!("person-{at:02}"),
            teams: vec![Membership::always("Sales")],
            active: true,
            weight: Some(Decimal::from(1 + dice.roll(5))),
            away: if at.is_multiple_of(10) { vec![(Some(TODAY), Some(TODAY))] } else { Vec::new() },
            backup: at.is_multiple_of(20).then(|| format!("person-{:02}", at + 1)),
            extra: [("covers".to_owned(), covers.join(";"))].into_iter().collect(),
            ..Person::default()
        }
    };
    (0..40).map(|at| person(at, &mut dice)).collect()
}

fn leads(policy: &TypedPolicy, rows: usize, is_sorted: bool) -> TableData {
    let record = &policy.schema.records[0];
    let formats = Formats::default();
    let mut builders: Vec<ColumnBuilder> =
        record.fields.iter().map(|field| ColumnBuilder::new(field, &formats, false)).collect();
    let mut dice = Dice(7);
    for row in 0..rows {
        let key = if is_sorted { row } else { (row * 7_919) % rows.max(1) };
        let day = if is_sorted { row * 28 / rows.max(1) } else { dice.roll(28) as usize };
        let source = ["Web", "Fair", "Partner", "Phone"][dice.roll(4) as usize];
        let cells = [
            format!("L-{key:07}"),
            COUNTRIES[dice.roll(20) as usize].to_owned(),
            source.to_owned(),
            dice.roll(20_000).to_string(),
            format!("2026-06-{:02}", 1 + day),
        ];
        for (builder, cell) in builders.iter_mut().zip(&cells) {
            builder.push(Cell::Text(cell));
        }
    }
    let columns = builders.into_iter().enumerate().map(|(at, builder)| Some(builder.finish(at == 0))).collect();
    TableData::new(columns, record.key, None, rows).0
}
