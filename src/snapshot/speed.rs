//! How fast reading is, set against a bare scan of the same cells. No test of the result: run it by hand,
//! `cargo test --release --lib snapshot::speed -- --ignored --nocapture`.

use super::*;
use crate::project::Location;
use crate::schema::{ChoiceSet, Currency, Field, RecordType};
use std::time::Instant;

const ROWS: usize = 1_000_000;

fn schema() -> Schema {
    let field = |name: &str, kind: FieldKind| Field {
        name: name.into(),
        kind,
        optional: name != "id",
        column: name.into(),
        span: None,
    };
    let fields = vec![
        field("id", FieldKind::Text),
        field("name", FieldKind::Text),
        field("type", choices(&["Prospect", "Client", "Partner"])),
        field("status", choices(&["Onboarding", "Active", "Inactive", "At-Risk", "Churned"])),
        field("country", FieldKind::Text),
        field("region", FieldKind::Text),
        field("industry", FieldKind::Text),
        field("employees", FieldKind::Number),
        field("arr", FieldKind::Money(Currency::Fixed("USD".into()))),
        field("renewal", FieldKind::Date),
        field("active", FieldKind::YesNo),
        field("parent", FieldKind::Reference { record: RecordId(0), may_be_unknown: false }),
    ];
    Schema {
        records: vec![RecordType {
            name: "Account".into(),
            source: "accounts".into(),
            fields,
            key: FieldId(0),
            created: None,
            owner_column: None,
            inferred: false,
            span: None,
        }],
        ..Schema::default()
    }
}

fn choices(names: &[&str]) -> FieldKind {
    FieldKind::Choice(ChoiceSet::plain(names.iter().copied()))
}

fn fill(folder: &Path) {
    use std::fmt::Write;
    let connection = rusqlite::Connection::open(folder.join("crm.db")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = OFF; CREATE TABLE accounts (id TEXT PRIMARY KEY, name TEXT, type TEXT, status TEXT,
             country TEXT, region TEXT, industry TEXT, employees INTEGER, arr REAL, renewal TEXT, active INTEGER, parent TEXT);
             BEGIN",
        )
        .unwrap();
    let mut insert =
        connection.prepare("INSERT INTO accounts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)").unwrap();
    let mut csv = "id,name,type,status,country,region,industry,employees,arr,renewal,active,parent\n".to_owned();
    let mut seed = 1_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    for row in 0..ROWS {
        let kind = ["Prospect", "Client", "Partner"][random(3)];
        let status = ["Onboarding", "Active", "Inactive", "At-Risk", "Churned"][random(5)];
        let id = format!("A-{row:07}");
        let name = format!("Customer {} Incorporated", random(ROWS));
        let country = format!("C{}", random(200));
        let region = ["EMEA", "APAC", "AMER", "LATAM"][random(4)];
        let industry = format!("Industry {}", random(30));
        let employees = random(100_000) as i64;
        let cents = random(100_000_000);
        #[expect(clippy::cast_precision_loss, reason = "test data")]
        let arr = cents as f64 / 100.0;
        let renewal = format!("20{}-{:02}-{:02}", 20 + random(9), 1 + random(12), 1 + random(28));
        let active = random(2) as i64;
        let parent = (row > 10 && random(4) == 0).then(|| format!("A-{:07}", random(row)));
        let written = (&id, &name, kind, status, &country, region, &industry);
        insert
            .execute(rusqlite::params![
                written.0, written.1, kind, status, country, region, industry, employees, arr, renewal, active, parent
            ])
            .unwrap();
        let parent = parent.unwrap_or_default();
        writeln!(
            csv,
            "{id},{name},{kind},{status},{country},{region},{industry},{employees},{arr},{renewal},{active},{parent}"
        )
        .unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    std::fs::write(folder.join("accounts.csv"), csv).unwrap();
}

fn bare_scan(folder: &Path) -> usize {
    let connection = rusqlite::Connection::open_with_flags(
        folder.join("crm.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .unwrap();
    let mut statement = connection
        .prepare("SELECT id, name, type, status, country, region, industry, employees, arr, renewal, active, parent FROM accounts ORDER BY rowid")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut bytes = 0;
    while let Some(row) = rows.next().unwrap() {
        for slot in 0..12 {
            bytes += match row.get_ref(slot).unwrap() {
                rusqlite::types::ValueRef::Text(text) => text.len(),
                rusqlite::types::ValueRef::Integer(number) => usize::from(number > 5),
                rusqlite::types::ValueRef::Real(number) => usize::from(number > 5.0),
                _ => 0,
            };
        }
    }
    bytes
}

fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let digits = line.and_then(|line| line.split_whitespace().nth(1));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[test]
#[ignore = "takes long and asserts nothing"]
fn reading_against_a_bare_scan() {
    let folder =
        std::env::var_os("OWNWARD_SPEED_DIR").map_or_else(|| std::env::temp_dir().join("ownward-speed"), Into::into);
    std::fs::create_dir_all(&folder).unwrap();
    if !folder.join("accounts.csv").exists() {
        fill(&folder);
    }
    let schema = schema();
    let wanted = vec![schema.records[0].field_ids().collect::<Vec<_>>()];
    for _ in 0..3 {
        let start = Instant::now();
        let bytes = bare_scan(&folder);
        println!("bare scan {:?} ({bytes} bytes)", start.elapsed());
        for field in schema.records[0].field_ids() {
            let mut config = Config::default();
            config.source.location = Location::Sqlite("crm.db".into());
            let start = Instant::now();
            let wanted = [vec![field]];
            read(&folder, &config, &schema, &wanted, &mut |_| {}).unwrap();
            let name = &schema.records[0].field(field).name;
            println!("  key and {name}: {:?}", start.elapsed());
        }
        for location in [Location::Sqlite("crm.db".into()), Location::Csv(".".into())] {
            let mut config = Config::default();
            config.source.location = location.clone();
            let before = resident_kib();
            let start = Instant::now();
            let snapshot = read(&folder, &config, &schema, &wanted, &mut |_| {}).unwrap();
            let read_in = start.elapsed();
            let used = resident_kib().saturating_sub(before) * 1024 / ROWS;
            let start = Instant::now();
            let print = snapshot.dataset.fingerprint(&schema);
            println!(
                "{location:?}: {read_in:?}, about {used} bytes a row, fingerprint {:?} {}",
                start.elapsed(),
                &print[..8]
            );
        }
    }
}
