//! What deciding costs, each figure beside a baseline measured in the same run.
//!
//! `cargo bench --bench decide [-- ROWS]`: 1,000,000 made-up accounts with 12 fields by default. Prints, never judges:
//!
//! * reading 12 cells a row by rusqlite alone, against the whole way from the database to owners under 100 rules;
//! * a bare scan of the fields in memory, against finding the winning rule from encoded fields under 10, 100, 1,000 rules;
//! * the largest memory of the whole way, in bytes a record;
//! * checking names and types of 1,000 rules.

use ownward::assign::{OwnerTable, bind};
use ownward::check;
use ownward::column::{ColumnData, NumberColumn};
use ownward::decide::{Desk, RoleInput, Scene, decide_role, encode_all, winners};
use ownward::diagnostic::Severity;
use ownward::plan::{self, NO_BOX};
use ownward::project::Project;
use ownward::schema::{Directory, FieldId};
use ownward::snapshot;
use ownward::syntax;
use ownward::value::time::AsOf;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const REPEATS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [job, folder] = arguments.as_slice()
        && job == "whole-way"
    {
        whole_way(Path::new(folder));
        println!("{}", peak_bytes());
        return;
    }
    let rows = arguments.first().and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder for the data");
    make_project(folder.path(), rows, 100);
    println!(
        "{rows} accounts, 12 fields; medians of {REPEATS} runs; reading types on a second thread, the rest is one\n"
    );
    from_database(folder.path(), rows);
    memory(folder.path(), rows);
    in_memory(folder.path(), rows);
    checking();
}

// ---------------------------------------------------------------- data

const INDUSTRIES: [&str; 10] =
    ["Finance", "Retail", "Energy", "Health", "Media", "Travel", "Software", "Telecom", "Public", "Food"];
const COUNTRIES: [&str; 20] = [
    "DE", "AT", "CH", "SE", "NO", "DK", "FI", "FR", "ES", "IT", "GB", "IE", "NL", "BE", "PL", "US", "CA", "BR", "JP",
    "AU",
];
const TYPES: [&str; 4] = ["Prospect", "Client", "Partner", "Combination"];
const STATUSES: [&str; 5] = ["Onboarding", "Active", "Inactive", "At-Risk", "Churned"];

/// A small, fixed generator: the same rows on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap_or(0)]
    }
}

fn make_project(folder: &Path, rows: usize, rules: usize) {
    let mut connection = rusqlite::Connection::open(folder.join("crm.db")).expect("a new database");
    connection
        .execute_batch(
            "CREATE TABLE accounts (id TEXT PRIMARY KEY, name TEXT, type TEXT, status TEXT, country TEXT, region TEXT,
             postcode TEXT, industry TEXT, employees INTEGER, arr REAL, renewal TEXT, active INTEGER)",
        )
        .expect("a table");
    let transaction = connection.transaction().expect("a transaction");
    {
        let mut insert = transaction
            .prepare("INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
            .expect("an insert");
        let mut dice = Dice(7);
        for row in 0..rows {
            let region = dice.pick(&["EMEA", "AMER", "APAC"]);
            let postcode = (dice.roll(10) > 0).then(|| format!("{:05}", dice.roll(20_000) * 5));
            let renewal = (dice.roll(4) > 0)
                .then(|| format!("20{:02}-{:02}-{:02}", 24 + dice.roll(4), 1 + dice.roll(12), 1 + dice.roll(28)));
            insert
                .execute(rusqlite::params![
                    format!("A-{row:07}"),
                    format!("Company {}", dice.roll(900_000)),
                    dice.pick(&TYPES),
                    dice.pick(&STATUSES),
                    dice.pick(&COUNTRIES),
                    region,
                    postcode,
                    dice.pick(&INDUSTRIES),
                    i64::try_from(dice.roll(20_000)).unwrap_or(0),
                    dice.roll(100_000_000) as f64 / 100.0,
                    renewal,
                    i64::try_from(dice.roll(2)).unwrap_or(0),
                ])
                .expect("a row");
        }
    }
    transaction.commit().expect("a commit");
    std::fs::write(folder.join("ownward.toml"), "[source]\nsqlite = \"crm.db\"\n").expect("settings");
    std::fs::write(folder.join("records.own"), RECORDS).expect("declarations");
    std::fs::write(folder.join("rules.own"), rules_text(rules)).expect("rules");
}

const RECORDS: &str = "record Account from accounts {
  id        text, key
  name      text
  type      one of (Prospect, Client, Partner, Combination counts as Client and Partner)
  status    one of (Onboarding, Active, Inactive, At-Risk, Churned)
  country   text
  region    text
  postcode  text, optional
  industry  text
  employees number
  arr       money USD
  renewal   date, optional
  live      yes/no, column \"active\"
}
queue Triage
";

/// Ordered territory, status, size and named-account rules, as a real policy mixes them.
fn rules_text(count: usize) -> String {
    let mut dice = Dice(count as u64 + 1);
    let mut text = String::new();
    for team in 0..50 {
        let _ = writeln!(text, "team T{team}");
    }
    text.push_str("decide owner of Account {\n");
    for rule in 0..count.saturating_sub(1) {
        let country = dice.pick(&COUNTRIES);
        let team = dice.roll(50);
        let condition = match rule % 6 {
            0 => format!("country = \"{country}\" and postcode = \"{:05}\"", dice.roll(20_000) * 5),
            1 => format!(
                "country = \"{country}\" and status = {} and employees >= {}",
                dice.pick(&STATUSES),
                dice.roll(20_000)
            ),
            2 => format!("name = \"Company {}\"", dice.roll(900_000)),
            3 => format!(
                "type counts as {} and industry = \"{}\" and arr between {} and {}",
                dice.pick(&["Client", "Partner"]),
                dice.pick(&INDUSTRIES),
                dice.roll(400_000),
                400_000 + dice.roll(600_000)
            ),
            4 => format!(
                "region = \"{}\" and employees between {} and {}",
                dice.pick(&["EMEA", "AMER"]),
                rule * 7,
                rule * 7 + 40
            ),
            _ => format!(
                "renewal before 2025-{:02}-01 and country in (\"{country}\", \"{}\")",
                1 + dice.roll(12),
                dice.pick(&COUNTRIES)
            ),
        };
        let _ = writeln!(text, "  when {condition} assign to T{team}");
    }
    text.push_str("  otherwise assign to Triage\n}\n");
    text
}

// ---------------------------------------------------------------- from the database

fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..REPEATS).map(|_| measure()).collect();
    times.sort_unstable();
    times[REPEATS / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn from_database(folder: &Path, rows: usize) {
    // In turns, so that a machine that slows down slows both.
    let mut bare = Vec::new();
    let mut whole = Vec::new();
    for _ in 0..REPEATS {
        bare.push(timed(|| bare_read(&folder.join("crm.db"))));
        whole.push(timed(|| whole_way(folder)));
    }
    bare.sort_unstable();
    whole.sort_unstable();
    let (bare, whole) = (bare[REPEATS / 2], whole[REPEATS / 2]);
    println!("from SQLite, 100 rules");
    line("bare read of the same cells by rusqlite", bare, rows, None);
    line("project, read, type, decide, owners", whole, rows, Some(bare));
    println!();
}

fn bare_read(path: &Path) -> u64 {
    let connection = rusqlite::Connection::open(path).expect("the database");
    let mut statement = connection
        .prepare("SELECT id, name, type, status, country, region, postcode, industry, employees, arr, renewal, active FROM accounts ORDER BY rowid")
        .expect("a select");
    let mut found = statement.query([]).expect("rows");
    let mut sum = 0_u64;
    while let Some(row) = found.next().expect("a row") {
        for column in 0..12 {
            sum = sum.wrapping_add(match row.get_ref(column).expect("a cell") {
                rusqlite::types::ValueRef::Null => 1,
                rusqlite::types::ValueRef::Integer(number) => number.unsigned_abs(),
                rusqlite::types::ValueRef::Real(number) => number.to_bits(),
                rusqlite::types::ValueRef::Text(bytes) | rusqlite::types::ValueRef::Blob(bytes) => bytes.len() as u64,
            });
        }
    }
    sum
}

struct Ready {
    policy: check::policy::TypedPolicy,
    snapshot: snapshot::Snapshot,
    binding: ownward::assign::Binding,
    as_of: AsOf,
}

fn ready(folder: &Path) -> Ready {
    let project = Project::open(folder).expect("the project");
    let (tree, found) = syntax::parse(&project.sources);
    assert!(found.is_empty(), "{found:?}");
    let (schema, _) = check::schema(&tree, &check::FilesBeside::default(), Vec::new());
    let (policy, found) = check::policy(&tree, schema);
    assert!(found.iter().all(|finding| !finding.is_error()), "{found:?}");
    let wanted: Vec<Vec<FieldId>> = policy.schema.records.iter().map(|record| record.field_ids().collect()).collect();
    let snapshot =
        snapshot::read(&project.root, &project.config, &policy.schema, &wanted, &mut |_| {}).expect("the records");
    let teams = policy.schema.teams.iter().map(|team| (team.name.clone(), None));
    let queues = policy.schema.queues.iter().map(|queue| queue.name.clone());
    let directory = Directory::new(Vec::new(), teams, queues, false);
    let as_of = AsOf::utc(1_780_000_000_000_000);
    let (binding, _) = bind(&policy, directory, ownward::assign::Unknown::both(Severity::Error), as_of.today());
    Ready { policy, snapshot, binding, as_of }
}

fn whole_way(folder: &Path) -> usize {
    let ready = ready(folder);
    let plan = plan::lower(&ready.policy, &ready.as_of, &|name| ready.binding.name(name).is_ok());
    let mut owners = OwnerTable::default();
    let mut after = Vec::new();
    let role = ready.policy.role_ids().next().expect("a role");
    let count = ready.snapshot.dataset.tables[0].row_count;
    let input = RoleInput { current: vec![ownward::assign::NOBODY; count], ..RoleInput::default() };
    let scene = Scene::new(&ready.policy, role, &ready.snapshot.dataset, &ready.binding, &ready.as_of, &input.current);
    let result = decide_role(&scene, &plan.roles[0], &input, &mut after, &mut owners, &mut Desk::default());
    result.rule.iter().filter(|rule| **rule != ownward::decide::NO_RULE).count()
}

// ---------------------------------------------------------------- memory

fn memory(folder: &Path, rows: usize) {
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["whole-way".as_ref(), folder.as_os_str()])
        .output()
        .expect("a child");
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse::<usize>() {
        Ok(bytes) if bytes > 0 => {
            println!("largest memory of the whole way: {} MiB, {} bytes a record\n", bytes >> 20, bytes / rows.max(1));
        }
        _ => println!("largest memory: not told by this system\n"),
    }
}

/// The largest resident memory of this process, where the system tells.
fn peak_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<usize>().ok())
        .map_or(0, |kib| kib * 1024)
}

// ---------------------------------------------------------------- in memory

fn in_memory(folder: &Path, rows: usize) {
    println!("in memory, fields already encoded");
    let ready_once = ready(folder);
    let scan = median(|| timed(|| bare_scan(&ready_once)));
    line("bare scan of the 12 fields", scan, rows, None);
    drop(ready_once);
    let mut at_ten = None;
    for count in [10, 100, 1_000, 10_000] {
        std::fs::write(folder.join("rules.own"), rules_text(count)).expect("rules");
        let ready = ready(folder);
        let lowering = Instant::now();
        let plan = plan::lower(&ready.policy, &ready.as_of, &|name| ready.binding.name(name).is_ok());
        let lowering = lowering.elapsed();
        let role = ready.policy.role_ids().next().expect("a role");
        let current = vec![ownward::assign::NOBODY; rows];
        let scene = Scene::new(&ready.policy, role, &ready.snapshot.dataset, &ready.binding, &ready.as_of, &current);
        let mut owners = OwnerTable::default();
        let mut atoms = Vec::new();
        let encoding = timed(|| atoms = encode_all(&scene, &plan.roles[0], &[], &mut owners));
        let mut out = vec![NO_BOX; rows];
        let deciding = median(|| timed(|| winners(&plan.roles[0], &atoms, &mut out)));
        line(&format!("winning rule of {count}"), deciding, rows, Some(scan));
        let growth = deciding.as_secs_f64() / at_ten.get_or_insert(deciding).as_secs_f64();
        println!(
            "    {growth:.2}x the time of 10 rules; encoding {:.1} ns a record; lowering {:.1} ms; tables {} KiB",
            encoding.as_nanos() as f64 / rows as f64,
            lowering.as_secs_f64() * 1e3,
            plan.roles[0].classifier.bytes() >> 10
        );
    }
    println!();
}

/// Reads every value of every field once.
fn bare_scan(ready: &Ready) -> u64 {
    let mut sum = 0_u64;
    for column in ready.snapshot.dataset.tables[0].columns.iter().flatten() {
        sum = sum.wrapping_add(match &column.data {
            ColumnData::Text(text) => text.codes().iter().map(|code| u64::from(*code)).sum(),
            ColumnData::Number(NumberColumn::Scaled { units, .. })
            | ColumnData::Money(NumberColumn::Scaled { units, .. }, _) => {
                units.iter().fold(0_u64, |sum, unit| sum.wrapping_add(unit.unsigned_abs()))
            }
            ColumnData::Choice(choices) => choices.iter().map(|choice| u64::from(*choice)).sum(),
            ColumnData::Date(days) => {
                days.iter().fold(0_u64, |sum, day| sum.wrapping_add(u64::from(day.unsigned_abs())))
            }
            ColumnData::YesNo(flags) => flags.iter().map(|flag| u64::from(*flag)).sum(),
            _ => 0,
        });
    }
    sum
}

// ---------------------------------------------------------------- checking

fn checking() {
    let mut sources = ownward::source::Sources::default();
    sources.add("records.own", RECORDS);
    sources.add("rules.own", rules_text(1_000));
    let mut parsing = Vec::new();
    let mut typing = Vec::new();
    for _ in 0..REPEATS {
        let start = Instant::now();
        let (tree, _) = syntax::parse(&sources);
        parsing.push(start.elapsed());
        let start = Instant::now();
        let (schema, _) = check::schema(&tree, &check::FilesBeside::default(), Vec::new());
        black_box(check::policy(&tree, schema));
        typing.push(start.elapsed());
    }
    parsing.sort_unstable();
    typing.sort_unstable();
    println!(
        "1,000 rules: parsed in {:.1} ms, names and types checked in {:.1} ms",
        parsing[REPEATS / 2].as_secs_f64() * 1e3,
        typing[REPEATS / 2].as_secs_f64() * 1e3
    );
}

fn line(what: &str, time: Duration, rows: usize, baseline: Option<Duration>) {
    let each = time.as_nanos() as f64 / rows.max(1) as f64;
    let ratio = baseline.map_or(String::new(), |baseline| {
        format!("  {:.2}x the baseline", time.as_secs_f64() / baseline.as_secs_f64())
    });
    println!("  {what:<42} {each:>8.1} ns a record{ratio}");
}
