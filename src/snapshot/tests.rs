//! One set of records in the three kinds of source, and everything that can be wrong with it.

use super::*;
use crate::diagnostic::{Code, Severity};
use crate::project::Location;
use crate::schema::{ChoiceSet, Currency, Field, Membership, PeopleSource, RecordType};
use crate::value::Value;
use std::fs;
use tempfile::TempDir;

fn field(name: &str, kind: FieldKind, optional: bool) -> Field {
    Field { name: name.into(), kind, optional, column: name.into(), span: None }
}

fn account_fields() -> Vec<Field> {
    vec![
        field("id", FieldKind::Text, false),
        field("name", FieldKind::Text, true),
        field("status", FieldKind::Choice(ChoiceSet::plain(["Active", "At-Risk"])), true),
        field("employees", FieldKind::Number, true),
        field("arr", FieldKind::Money(Currency::InColumn("currency".into())), true),
        field("renewal", FieldKind::Date, true),
        field("touched", FieldKind::Time, true),
        field("active", FieldKind::YesNo, true),
        field("interests", FieldKind::Many(ChoiceSet::plain(["Upsell", "Renewal"])), true),
        field("parent", FieldKind::Reference { record: RecordId(0), may_be_unknown: false }, true),
    ]
}

fn record(name: &str, source: &str, fields: Vec<Field>) -> RecordType {
    RecordType {
        name: name.into(),
        source: source.into(),
        fields,
        key: FieldId(0),
        created: None,
        owner_column: None,
        inferred: false,
        span: None,
    }
}

fn accounts() -> Schema {
    let mut account = record("Account", "accounts", account_fields());
    account.owner_column = Some("owner_id".into());
    Schema {
        records: vec![account],
        people: Some(PeopleSource { source: "people".into(), span: None }),
        ..Schema::default()
    }
}

/// A schema of one record type of text fields.
fn plain(columns: &[&str]) -> Schema {
    let fields = columns.iter().map(|name| field(name, FieldKind::Text, true)).collect();
    Schema { records: vec![record("Account", "accounts", fields)], ..Schema::default() }
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn config(location: Location) -> Config {
    let mut config = Config::default();
    config.source.location = location;
    config
}

fn all(schema: &Schema) -> Vec<Vec<FieldId>> {
    let records = schema.records.iter();
    records.map(|record| record.field_ids().collect()).collect()
}

fn try_read(folder: &TempDir, location: Location, schema: &Schema) -> Result<Snapshot, SnapshotError> {
    read(folder.path(), &config(location), schema, &all(schema), &mut |_| {})
}

fn csv(text: &str, schema: &Schema) -> Result<Snapshot, SnapshotError> {
    let folder = folder(&[("accounts.csv", text)]);
    try_read(&folder, Location::Csv(".".into()), schema)
}

fn jsonl(text: &str, schema: &Schema) -> Result<Snapshot, SnapshotError> {
    let folder = folder(&[("accounts.jsonl", text)]);
    try_read(&folder, Location::Jsonl(".".into()), schema)
}

fn sqlite(sql: &str, schema: &Schema) -> Result<Snapshot, SnapshotError> {
    let folder = folder(&[]);
    database(&folder, sql);
    try_read(&folder, Location::Sqlite("crm.db".into()), schema)
}

fn database(folder: &TempDir, sql: &str) {
    let connection = rusqlite::Connection::open(folder.path().join("crm.db")).unwrap();
    connection.execute_batch(sql).unwrap();
}

fn only_error(result: Result<Snapshot, SnapshotError>) -> Diagnostic {
    let mut findings = result.unwrap_err().findings;
    findings.retain(Diagnostic::is_error);
    assert_eq!(findings.len(), 1, "{findings:?}");
    findings.remove(0)
}

fn codes(findings: &[Diagnostic]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

const CSV: &str = "\
id,name,status,employees,arr,currency,renewal,touched,active,interests,parent,owner_id,unused
A-1,Acme,At-Risk,40,1000.50,usd,2026-01-31,2026-01-31T09:00:00Z,yes,Upsell;Renewal,,u1,x

A-2,\"Big, \"\"Co\"\"\",active,0.50,,,,2026-01-31 10:00:00,no,,A-1,7,
3,Süd,,,1e0,EUR,,,true,Renewal,A-1,,
";

const JSONL: &str = r#"{"id":"A-1","name":"Acme","status":"At-Risk","employees":40,"arr":1000.50,"currency":"usd","renewal":"2026-01-31","touched":"2026-01-31T09:00:00Z","active":true,"interests":["Upsell","Renewal"],"owner_id":"u1","unused":{"deep":[1,{}]}}

{"id":"A-2","name":"Big, \"Co\"","status":"active","employees":5e-1,"arr":null,"touched":"2026-01-31 10:00:00","active":false,"parent":"A-1","owner_id":7}
{"id":3,"name":"S\u00fcd","arr":"1e0","currency":"EUR","active":true,"interests":"Renewal","parent":"A-1"}
"#;

const SQL: &str = "
    CREATE TABLE accounts (id, name TEXT, status TEXT, employees, arr, currency, renewal, touched, active, interests,
        parent, owner_id, unused);
    INSERT INTO accounts VALUES
        ('A-1', 'Acme', 'At-Risk', 40, 1000.5, 'usd', '2026-01-31', '2026-01-31T09:00:00Z', 1, 'Upsell;Renewal', NULL,
            'u1', x'00'),
        ('A-2', 'Big, \"Co\"', 'active', 0.5, NULL, NULL, '', '2026-01-31 10:00:00', 0, NULL, 'A-1', 7, NULL),
        (3, 'Süd', NULL, NULL, '1e0', 'EUR', NULL, NULL, 'true', 'Renewal', 'A-1', NULL, NULL);
";

#[test]
fn the_same_records_read_alike_from_every_source() {
    let schema = accounts();
    let read = [csv(CSV, &schema), jsonl(JSONL, &schema), sqlite(SQL, &schema)];
    let read = read.map(Result::unwrap);
    for snapshot in &read {
        let table = snapshot.dataset.table(RecordId(0));
        assert_eq!(table.row_count, 3);
        assert_eq!(table.row_of("3"), Some(2));
        let value = |row, field| {
            let declared = schema.records[0].field(FieldId(field));
            let column = table.column(FieldId(field)).unwrap();
            column.value(row, declared, Some(table.keys()))
        };
        assert_eq!(value(1, 1), Value::Text("Big, \"Co\"".into()));
        assert_eq!(value(0, 4), Value::Money("1000.5".parse().unwrap(), "USD".into()));
        assert_eq!(value(1, 2), Value::Choice(0));
        assert_eq!(value(0, 8), Value::Many(vec![0, 1]));
        assert_eq!(value(2, 9), Value::Reference("A-1".into()));
        let owners = table.shown_owner.as_ref().unwrap();
        assert_eq!((owners.get(0), owners.get(1), owners.get(2)), (Some("u1"), Some("7"), None));
        // The amount with an exponent is a text, and no number as a person writes it.
        assert_eq!(codes(&snapshot.findings), [Code::WrongNumber, Code::AbsentTable]);
    }
    let prints = read.map(|snapshot| snapshot.dataset.fingerprint(&schema));
    assert_eq!(prints[0], prints[1]);
    assert_eq!(prints[0], prints[2]);
}

#[test]
fn only_what_is_wanted_is_read() {
    let mut schema = accounts();
    let contact = |name: &str, record: u16| {
        let kind = FieldKind::Reference { record: RecordId(record), may_be_unknown: false };
        vec![field("id", FieldKind::Text, false), field(name, kind, true)]
    };
    schema.records.push(record("Contact", "contacts", contact("account", 0)));
    schema.records.push(record("Lead", "absent", contact("account", 0)));
    let folder = folder(&[("accounts.csv", CSV), ("contacts.csv", "id,account\nC-1,A-2\n"), ("people.csv", "id\n")]);
    let wanted = [vec![], vec![FieldId(1)], vec![]];
    let mut told = Vec::new();
    let snapshot = read(folder.path(), &config(Location::Csv(".".into())), &schema, &wanted, &mut |progress| {
        told.push((progress.table.to_owned(), progress.rows_read))
    })
    .unwrap();
    let tables = &snapshot.dataset.tables;
    let read: Vec<usize> = tables.iter().map(|table| table.columns.iter().flatten().count()).collect();
    assert_eq!(read, [1, 2, 0]);
    assert!(tables[0].shown_owner.is_none());
    assert_eq!(tables[1].column(FieldId(1)).unwrap().targets(), [1]);
    assert_eq!(told, [("accounts".into(), 3), ("contacts".into(), 1)]);
    assert!(snapshot.findings.is_empty(), "{:?}", snapshot.findings);
}

#[test]
fn absent_columns_and_tables_are_named_with_what_is_near() {
    let schema = plain(&["id", "staus"]);
    let sources = [
        csv("id,status\n1,a\n", &schema),
        jsonl("{\"id\":1}\n{\"id\":2,\"status\":\"a\"}\n", &schema),
        sqlite("CREATE TABLE accounts (id, status); INSERT INTO accounts VALUES (1, 2)", &schema),
    ];
    for source in sources {
        let error = only_error(source);
        assert_eq!(error.code, Code::AbsentColumn);
        assert!(error.headline.ends_with("has no column `staus`"), "{}", error.headline);
        assert_eq!(error.help.as_deref(), Some("did you mean `status`?"));
    }
    let folder = folder(&[("acounts.csv", "id\n"), ("acounts.jsonl", "")]);
    database(&folder, "CREATE TABLE acounts (id)");
    for location in [Location::Csv(".".into()), Location::Jsonl(".".into()), Location::Sqlite("crm.db".into())] {
        let error = only_error(try_read(&folder, location, &schema));
        assert_eq!(error.code, Code::AbsentTable);
        assert_eq!(error.help.as_deref(), Some("did you mean `acounts`?"));
    }
}

#[test]
fn an_unwanted_column_must_be_there_too() {
    let schema = plain(&["id", "status"]);
    let folder = folder(&[("accounts.csv", "id\n1\n")]);
    let config = config(Location::Csv(".".into()));
    let wanted = [vec![FieldId(0)]];
    let error = read(folder.path(), &config, &schema, &wanted, &mut |_| {}).unwrap_err();
    assert_eq!(codes(&error.findings), [Code::AbsentColumn]);
}

#[test]
fn names_of_tables_and_columns_may_differ_in_letter_case() {
    let schema = plain(&["id", "status"]);
    let folder = folder(&[("Accounts.csv", " ID ,Status\n1,a\n")]);
    assert!(try_read(&folder, Location::Csv(".".into()), &schema).is_ok());
    assert!(jsonl("{\"Id\":1,\"STATUS\":2}", &schema).is_ok());
    let two = csv("id,Status,STATUS\n1,a,b\n", &schema);
    assert!(only_error(two).headline.contains("2 columns named `status`"));
}

#[test]
fn wrong_cells_are_told_once_a_column_and_kind() {
    let mut schema = plain(&["id", "a", "b", "c", "d", "e", "f"]);
    let fields = &mut schema.records[0].fields;
    fields[1].kind = FieldKind::Date;
    fields[2].kind = FieldKind::Number;
    fields[3].kind = FieldKind::Choice(ChoiceSet::plain(["Active", "At-Risk"]));
    fields[4].kind = FieldKind::YesNo;
    fields[5].kind = FieldKind::Time;
    fields[6].optional = false;
    let text = "id,a,b,c,d,e,f\n\
        1,20-10-16,\"1.234,56\",Actve,perhaps,2026-01-31,x\n\
        2,31-12-17,\"2,5\",Actve,no,2026-01-31,\n\
        3,2026-01-31,7,Active,no,2026-01-31 09:00,x\n";
    let snapshot = csv(text, &schema).unwrap();
    let told: Vec<String> = snapshot
        .findings
        .iter()
        .map(|f| format!("{} | {} | {}", f.headline, f.notes[0], f.help.clone().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [
            "2 cells of `Account.a` are no dates | column `a` of `accounts.csv`: \"20-10-16\" (in `1`), \"31-12-17\" (in `2`) \
             | declare the format: dates = \"%d-%m-%y\" in ownward.toml",
            "2 cells of `Account.b` are no numbers | column `b` of `accounts.csv`: \"1.234,56\" (in `1`), \"2,5\" (in `2`) \
             | declare the format: numbers = { decimal = \",\", grouping = \".\" } in ownward.toml",
            "2 cells of `Account.c` are none of its choices | column `c` of `accounts.csv`: \"Actve\" (in `1`; is `Active` \
             meant?), … | mend the data, or declare the spelling: `Active also \"Actve\"`",
            "1 cell of `Account.d` is neither yes nor no | column `d` of `accounts.csv`: \"perhaps\" (in `1`) \
             | write yes or no, true or false, 1 or 0",
            "2 cells of `Account.e` are no times | column `e` of `accounts.csv`: \"2026-01-31\" (in `1`), … \
             | declare the field as `date`: its cells hold no hour",
            "1 cell of `Account.f` is blank | column `f` of `accounts.csv`: `2` | fill them in, or declare `f` as `optional`",
        ]
    );
    assert!(snapshot.findings.iter().all(|f| f.severity == Severity::Warning));
}

#[test]
fn an_ambiguous_date_is_never_guessed() {
    let mut schema = plain(&["id", "a"]);
    schema.records[0].fields[1].kind = FieldKind::Date;
    let snapshot = csv("id,a\n1,03-01-17\n", &schema).unwrap();
    let help = snapshot.findings[0].help.clone().unwrap();
    assert_eq!(help, "declare the format, dates = \"%d-%m-%y\" or \"%m-%d-%y\", whichever is meant, in ownward.toml");
    let table = snapshot.dataset.table(RecordId(0));
    assert!(table.column(FieldId(1)).unwrap().broken.contains(0));
}

#[test]
fn declared_formats_and_columns_are_used() {
    let toml = r#"
        [source]
        dates = "%d.%m.%Y"
        numbers = { decimal = ",", grouping = "." }
        [records.Account]
        table = "crm_accounts"
        columns = { arr = "Annual Recurring Revenue", owner = "OwnerId" }
        [records.Acount]
        [records.account.columns]
        stauts = "x"
    "#;
    let config = Config::parse(toml, crate::source::FileId(0)).unwrap();
    let mut schema = plain(&["id", "arr", "since"]);
    schema.records[0].fields[1].kind = FieldKind::Number;
    schema.records[0].fields[2].kind = FieldKind::Date;
    schema.records[0].owner_column = Some("owner_id".into());
    let folder =
        folder(&[("crm_accounts.csv", "id;Annual Recurring Revenue;since;OwnerId\n1;1.234,5;31.01.2026;u1\n")]);
    let snapshot = read(folder.path(), &config, &schema, &all(&schema), &mut |_| {}).unwrap();
    let table = snapshot.dataset.table(RecordId(0));
    let value = |id: u16| {
        let field = schema.records[0].field(FieldId(id));
        table.column(FieldId(id)).unwrap().value(0, field, None)
    };
    assert_eq!(value(1), Value::Number("1234.5".parse().unwrap()));
    assert_eq!(value(2), Value::Date(crate::value::time::parse_day("2026-01-31").unwrap()));
    assert_eq!(table.shown_owner.as_ref().unwrap().get(0), Some("u1"));
    assert_eq!(codes(&snapshot.findings), [Code::UnknownSetting; 2]);
}

#[test]
fn keys_and_references_that_do_not_fit_are_told() {
    let mut schema = plain(&["id", "parent"]);
    schema.records[0].fields[0].optional = false;
    schema.records[0].fields[1].kind = FieldKind::Reference { record: RecordId(0), may_be_unknown: false };
    let text = "id,parent\nA-1,A-2\nA-2,A-9\n ,A-1\nA-3,\nA-3,A-3\n";
    let snapshot = csv(text, &schema).unwrap();
    let told: Vec<(Code, &str, &str)> =
        snapshot.findings.iter().map(|f| (f.code, f.headline.as_str(), f.notes[0].as_str())).collect();
    assert_eq!(
        told,
        [
            (Code::MissingKey, "1 row of `accounts.csv` has no key", "blank `id`: line 4"),
            (Code::DoubleKey, "1 key of `Account` occurs more than once", "in `accounts.csv`: `A-3` (2 times)"),
            (
                Code::OrphanReference,
                "2 references of `Account.parent` name no `Account`",
                "\"A-9\" (in `A-2`), \"A-3\" (in `A-3`)"
            ),
        ]
    );
    assert_eq!(snapshot.findings[2].help.as_deref(), Some("did you mean `A-1`?"));
    schema.records[0].fields[1].kind = FieldKind::Reference { record: RecordId(0), may_be_unknown: true };
    let snapshot = csv("id,parent\nA-1,B\n", &schema).unwrap();
    assert_eq!(snapshot.findings[0].severity, Severity::Note);
}

#[test]
fn an_inferred_record_is_never_invalid() {
    let mut schema = plain(&["id", "a"]);
    schema.records[0].inferred = true;
    schema.records[0].fields[1].kind = FieldKind::Date;
    let snapshot = csv("id,a\n1,soon\n", &schema).unwrap();
    let column = snapshot.dataset.table(RecordId(0)).column(FieldId(1)).unwrap();
    assert!(column.broken.is_empty());
    assert_eq!(codes(&snapshot.findings), [Code::WrongDate]);
}

#[test]
fn rows_that_cannot_be_read_are_named_by_line() {
    let schema = plain(&["id", "name"]);
    let broken = [
        (csv("id,name\n1,a\n\n2,b,c\n", &schema), "line 4 of `accounts.csv` has 3 cells under 2 headers"),
        (csv("id,name\r\n1,\"a\nb\"\r\n\r\n2\r\n", &schema), "line 5 of `accounts.csv` has 1 cells under 2 headers"),
        (csv("id,name\n1,a\n2,\"b\n3,c\n", &schema), "line 3 of `accounts.csv` has a quote that is never closed"),
        (jsonl("{\"id\":1,\"name\":2}\n\n{\"id\":\n", &schema), "line 3 of `accounts.jsonl` is no JSON object"),
        (jsonl("[1]\n", &schema), "line 1 of `accounts.jsonl` is no JSON object"),
        (jsonl("{\"id\":1,\"id\":2}\n", &schema), "line 1 of `accounts.jsonl` is no JSON object"),
        (jsonl("{\"id\":1} {}\n", &schema), "line 1 of `accounts.jsonl` is no JSON object"),
    ];
    for (source, headline) in broken {
        let error = only_error(source);
        assert_eq!((error.code, error.headline.as_str()), (Code::BrokenRow, headline));
    }
    let trailing = csv("id,name\n1,a\n,\n , \n", &schema).unwrap();
    assert_eq!(trailing.dataset.table(RecordId(0)).row_count, 1);
}

#[test]
fn a_row_without_end_is_refused_before_it_is_in_memory() {
    let schema = plain(&["id"]);
    let long = "x".repeat(crate::limits::RECORD_BYTES_MAX + (1 << 20));
    let error = only_error(csv(&format!("id\n1\n\"{long}\n"), &schema));
    assert_eq!(error.code, Code::TooLarge);
    assert!(error.headline.starts_with("line 3 of `accounts.csv`"), "{}", error.headline);
    let error = only_error(jsonl(&format!("{{\"id\":\"{long}\"}}"), &schema));
    assert_eq!(error.code, Code::TooLarge);
    let sql = "CREATE TABLE accounts (id); INSERT INTO accounts VALUES (zeroblob(20000000))";
    assert_eq!(only_error(sqlite(sql, &schema)).code, Code::TooLarge);
}

#[test]
fn cells_that_are_no_text_are_unreadable() {
    let schema = plain(&["id", "name"]);
    let bytes = folder(&[]);
    fs::write(bytes.path().join("accounts.csv"), b"id,name\n1,\xff\n").unwrap();
    let sources = [
        try_read(&bytes, Location::Csv(".".into()), &schema),
        jsonl("{\"id\":1,\"name\":{\"first\":\"a\"}}", &schema),
        sqlite("CREATE TABLE accounts (id, name); INSERT INTO accounts VALUES (1, x'ff')", &schema),
    ];
    for source in sources {
        let snapshot = source.unwrap();
        assert_eq!(codes(&snapshot.findings), [Code::UnreadableCell]);
        let column = snapshot.dataset.table(RecordId(0)).column(FieldId(1)).unwrap();
        assert!(column.broken.contains(0));
    }
}

#[test]
fn an_empty_file_is_an_error_and_one_without_rows_a_warning() {
    let schema = plain(&["id"]);
    assert_eq!(only_error(csv("", &schema)).code, Code::EmptySource);
    for source in [csv("id\n", &schema), jsonl("", &schema), sqlite("CREATE TABLE accounts (id)", &schema)] {
        let snapshot = source.unwrap();
        assert_eq!(codes(&snapshot.findings), [Code::EmptySource]);
        assert_eq!(snapshot.findings[0].severity, Severity::Warning);
    }
}

#[test]
fn a_single_file_is_the_only_record_type() {
    let schema = plain(&["id"]);
    let folder = folder(&[("export 2026.csv", "id\n1\n"), ("other.csv", "x\n")]);
    let snapshot = try_read(&folder, Location::Csv("export 2026.csv".into()), &schema).unwrap();
    assert_eq!(snapshot.dataset.table(RecordId(0)).row_count, 1);
}

#[test]
fn what_is_no_database_says_so() {
    let schema = plain(&["id"]);
    let folder = folder(&[("text.db", &"no database, but long enough for a header page. ".repeat(20))]);
    fs::create_dir(folder.path().join("dir.db")).unwrap();
    let refused = |name: &str| only_error(try_read(&folder, Location::Sqlite(name.into()), &schema));
    assert_eq!(refused("text.db").headline, "`text.db` is no SQLite database");
    assert_eq!(refused("dir.db").headline, "`dir.db` is a folder, no SQLite database");
    let absent = refused("txt.db");
    assert_eq!((absent.code, absent.help.as_deref()), (Code::AbsentSource, Some("did you mean `text.db`?")));
    assert_eq!(refused("../x.db").code, Code::OutsideProject);
}

#[test]
fn a_view_is_never_read() {
    let schema = plain(&["id"]);
    let sql = "CREATE VIEW accounts AS SELECT 1 AS id; CREATE VIRTUAL TABLE people USING fts5(id);";
    assert_eq!(only_error(sqlite(sql, &schema)).code, Code::AbsentTable);
    let sql = "CREATE VIRTUAL TABLE accounts USING fts5(id)";
    assert_eq!(only_error(sqlite(sql, &schema)).code, Code::AbsentTable);
}

#[test]
fn a_database_is_left_as_it_was() {
    let schema = plain(&["id"]);
    let folder = folder(&[]);
    database(&folder, "CREATE TABLE accounts (id); INSERT INTO accounts VALUES (1)");
    let before = fs::read(folder.path().join("crm.db")).unwrap();
    try_read(&folder, Location::Sqlite("crm.db".into()), &schema).unwrap();
    assert_eq!(fs::read(folder.path().join("crm.db")).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn names_are_quoted_and_rows_keep_their_order() {
    let schema = plain(&["id", "a\"; DROP TABLE x; --", "rowid"]);
    let sql = "CREATE TABLE accounts (id, \"a\"\"; DROP TABLE x; --\", rowid);
        CREATE INDEX i ON accounts (id, \"a\"\"; DROP TABLE x; --\", rowid);
        INSERT INTO accounts VALUES (9, 'x', 1), (3, 'y', 2);";
    let snapshot = sqlite(sql, &schema).unwrap();
    let table = snapshot.dataset.table(RecordId(0));
    assert_eq!((table.key(0), table.key(1)), (Some("9"), Some("3")));
    let sql = "CREATE TABLE accounts (id TEXT PRIMARY KEY, n) WITHOUT ROWID;
        CREATE INDEX i ON accounts (n, id);
        INSERT INTO accounts VALUES ('b', 1), ('a', 2);";
    let snapshot = sqlite(sql, &plain(&["id", "n"])).unwrap();
    let table = snapshot.dataset.table(RecordId(0));
    assert_eq!((table.key(0), table.key(1)), (Some("a"), Some("b")));
}

#[test]
fn a_journal_of_another_writer_is_read_too() {
    let schema = plain(&["id"]);
    let folder = folder(&[]);
    let writer = rusqlite::Connection::open(folder.path().join("crm.db")).unwrap();
    writer
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE accounts (id); INSERT INTO accounts VALUES (1)")
        .unwrap();
    let snapshot = try_read(&folder, Location::Sqlite("crm.db".into()), &schema).unwrap();
    assert_eq!(snapshot.dataset.table(RecordId(0)).row_count, 1);
    drop(writer);
    let snapshot = try_read(&folder, Location::Sqlite("crm.db".into()), &schema).unwrap();
    assert_eq!(snapshot.dataset.table(RecordId(0)).row_count, 1);
}

#[test]
fn people_are_read_with_their_own_columns() {
    let schema = accounts();
    let folder = folder(&[
        ("accounts.csv", CSV),
        (
            "people.csv",
            "ID,name,email,teams,manager,active,region\n\
             u1,Ana,ana@x.org,Sales; EMEA,u2,,DACH\n\
             u2,Bo,,,,no,\n\
             u2,Bo again,,,,,\n\
             ,Nobody,,,,,\n\
             u3,Cy,,,,perhaps,\n",
        ),
    ]);
    let snapshot = try_read(&folder, Location::Csv(".".into()), &schema).unwrap();
    assert!(snapshot.has_people);
    let keys: Vec<(&str, bool)> = snapshot.people.iter().map(|p| (p.key.as_str(), p.active)).collect();
    assert_eq!(keys, [("u1", true), ("u2", false), ("u3", false)]);
    assert_eq!(snapshot.people[0].teams, ["Sales", "EMEA"].map(Membership::always));
    assert_eq!(snapshot.people[0].extra["region"], "DACH");
    assert_eq!(snapshot.people[0].extra.len(), 1);
    let expected = [Code::WrongNumber, Code::MissingKey, Code::DoublePerson, Code::WrongYesNo];
    assert_eq!(codes(&snapshot.findings), expected);
    let without = csv(CSV, &schema).unwrap();
    assert!(!without.has_people);
}

#[test]
fn what_people_can_take_is_read_and_what_is_unclear_is_told() {
    let schema = accounts();
    let folder = folder(&[
        ("accounts.csv", "id,name,status,employees,arr,currency,renewal,touched,active,interests,parent,owner_id\n"),
        (
            "people.csv",
            "id,team,CAPACITY,Weight,Away From,away_until,backup,region\n\
             u1,Sales; DACH from 2026-01-01 until 2026-06-30,40,0.5,2026-03-01,2026-03-09,Bo,DACH\n\
             u2,,0,0,,,,\n\
             u3,Sales from soon,many,-1,soon,,u1,\n\
             u4,Sales until 2026-13-01; EMEA,-1,,2026-03-09,2026-03-01,,\n\
             u5,Sales from 2026-02-01 until 2026-01-01,2.5,,,tomorrow,,\n",
        ),
    ]);
    let snapshot = try_read(&folder, Location::Csv(".".into()), &schema).unwrap();
    let day = |text: &str| crate::value::time::parse_day(text);
    let dach = Membership { team: "DACH".into(), from: day("2026-01-01"), until: day("2026-06-30") };
    let [ana, bo, cy, di, ed] = snapshot.people.as_slice() else { panic!("{:?}", snapshot.people) };
    assert_eq!(ana.teams, [Membership::always("Sales"), dach]);
    assert_eq!((ana.capacity, ana.weight), (Some(40), Some(crate::value::Decimal::new(5, 1))));
    assert_eq!(
        (ana.away.as_slice(), ana.backup.as_deref()),
        (&[(day("2026-03-01"), day("2026-03-09"))][..], Some("Bo"))
    );
    assert_eq!(ana.extra.keys().collect::<Vec<_>>(), ["region"]);
    assert_eq!((bo.capacity, bo.away.len()), (Some(0), 0));
    assert_eq!((cy.capacity, cy.weight.map(|weight| weight.is_zero())), (Some(0), Some(true)));
    assert!(cy.teams.is_empty());
    assert_eq!([&cy.away, &di.away, &ed.away], [&vec![(None, None)]; 3]);
    assert_eq!(di.teams, [Membership::always("EMEA")]);
    let about_people: Vec<_> = snapshot.findings.iter().filter(|found| found.headline.contains("people.csv")).collect();
    let said: Vec<String> =
        about_people.iter().map(|found| format!("{} {}: {}", found.code, found.headline, found.notes[0])).collect();
    let expected = [
        "wrong-number 3 cells under `capacity` in `people.csv` without a whole number of 0 or more: \
         \"many\" (in `u3`), \"-1\" (in `u4`), \"2.5\" (in `u5`)",
        "wrong-number 1 cell under `weight` in `people.csv` without a number of 0 or more: \"-1\" (in `u3`)",
        "wrong-date 2 cells under `away from` or `away until` in `people.csv` without a date: \
         \"soon\" (in `u3`), \"tomorrow\" (in `u5`)",
        "ends-before-start 1 absence in `people.csv` ends before it starts: \"2026-03-09 to 2026-03-01\" (in `u4`)",
        "wrong-date 2 teams under `team` in `people.csv` with dates that cannot be read: \
         \"Sales from soon\" (in `u3`), \"Sales until 2026-13-01\" (in `u4`)",
        "ends-before-start 1 team under `team` in `people.csv` with an end before the start: \
         \"Sales from 2026-02-01 until 2026-01-01\" (in `u5`)",
        "no-capacity 1 person of `people.csv` has a capacity of 0: `u2`",
    ];
    assert_eq!(said, expected);
    assert!(about_people.iter().all(|found| found.help.is_some()));
}

#[cfg(unix)]
#[test]
fn a_data_file_outside_the_project_is_refused() {
    let schema = plain(&["id"]);
    let outside = folder(&[("accounts.csv", "id\n1\n")]);
    let inside = folder(&[]);
    std::os::unix::fs::symlink(outside.path().join("accounts.csv"), inside.path().join("accounts.csv")).unwrap();
    let error = only_error(try_read(&inside, Location::Csv(".".into()), &schema));
    assert_eq!(error.code, Code::OutsideProject);
    let named = Config::default().with_source(outside.path()).unwrap();
    assert!(read(inside.path(), &named, &schema, &all(&schema), &mut |_| {}).is_ok());
}

fn described(files: &[(&str, &str)]) -> Vec<SourceTable> {
    let folder = folder(files);
    describe(folder.path(), &config(Location::Csv(".".into()))).unwrap()
}

fn kinds(record: &RecordType) -> Vec<(&str, &FieldKind)> {
    let fields = record.fields.iter();
    fields.map(|field| (field.name.as_str(), &field.kind)).collect()
}

#[test]
fn kinds_are_inferred_from_all_rows() {
    let tables = described(&[(
        "accounts.csv",
        "Name,Account ID,employees,zip,phone,renewal,active,flag,owner_id,rate,blank,late\n\
         Acme,1,40,01099,+49 351,2026-01-31,yes,1,u1,0.5,,1\n\
         Big,2,-7,80331,+4989,2027-02-28,FALSE,0,u2,0,,\n\
         Co,3,,80331,1,,no,1,,12,,x\n",
    )]);
    let record = infer::record_type(&tables[0], &Config::default());
    assert_eq!((record.name.as_str(), record.source.as_str()), ("Account", "accounts"));
    assert!(record.inferred);
    assert_eq!(record.owner_column.as_deref(), Some("owner_id"));
    assert_eq!(record.field(record.key).name, "Account_ID");
    assert_eq!(record.field(record.key).column, "Account ID");
    use FieldKind::{Date, Number, Text, YesNo};
    assert_eq!(
        kinds(&record),
        [
            ("Name", &Text),
            ("Account_ID", &Text),
            ("employees", &Number),
            ("zip", &Text),
            ("phone", &Text),
            ("renewal", &Date),
            ("active", &YesNo),
            ("flag", &Number),
            ("rate", &Number),
            ("blank", &Text),
            ("late", &Text),
        ]
    );
    assert!(record.fields.iter().all(|field| field.optional != (field.name == "Account_ID")));
}

#[test]
fn the_key_is_named_or_the_first_that_could_be_one() {
    let key = |header: &str| {
        let text = format!("{header}\na,b,b\na,c,d\n");
        let tables = described(&[("accounts.csv", &text)]);
        let record = infer::record_type(&tables[0], &Config::default());
        record.field(record.key).name.clone()
    };
    assert_eq!(key("x,y,ID"), "ID");
    assert_eq!(key("x,y,accountId"), "accountId");
    assert_eq!(key("x,y,key"), "key");
    assert_eq!(key("x,y,z"), "y");
}

#[test]
fn an_inferred_schema_reads_its_own_source() {
    let files = [("accounts.csv", "Name,Größe,Größe!,2nd\nAcme,1,x,y\nBig,2,,\n")];
    let tables = described(&files);
    let schema = Schema { records: vec![infer::record_type(&tables[0], &Config::default())], ..Schema::default() };
    let names: Vec<&str> = schema.records[0].fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["Name", "Größe", "Größe_2", "c_2nd"]);
    let snapshot = try_read(&folder(&files), Location::Csv(".".into()), &schema).unwrap();
    assert!(snapshot.findings.is_empty(), "{:?}", snapshot.findings);
}

fn crm() -> [(&'static str, String); 3] {
    let mut accounts = "id,status,interests,parent_id,employees,opened,owner_id,note\n".to_owned();
    let mut deals = "id,account_id,stage,amount\n".to_owned();
    for row in 1..=40 {
        use std::fmt::Write;
        let status = ["Active", "At Risk", "active"][row % 3];
        let interests = ["Upsell;Renewal", "Renewal", ""][row % 3];
        let parent = if row > 1 { (row / 2).to_string() } else { String::new() };
        writeln!(accounts, "{row},{status},{interests},{parent},{},2026-01-{:02},,note {row}", row * 10, row % 28 + 1)
            .unwrap();
        let account = if row == 40 { 99 } else { row };
        writeln!(deals, "D-{row},{account},Won,{row}.50").unwrap();
    }
    let people = "id,name,team\nu1,Ana,Sales;EMEA Sales\nu2,Bo,Sales\n".to_owned();
    [("accounts.csv", accounts), ("deals.csv", deals), ("people.csv", people)]
}

#[test]
fn init_looks_for_choices_sets_and_references() {
    let crm = crm();
    let files: Vec<(&str, &str)> = crm.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let tables = described(&files);
    let records = infer::record_types(&tables[..2], &Config::default());
    let reference =
        |record: u16, may_be_unknown: bool| FieldKind::Reference { record: RecordId(record), may_be_unknown };
    let plain = |names: &[&str]| ChoiceSet::plain(names.iter().copied());
    assert_eq!(
        kinds(&records[0]),
        [
            ("id", &FieldKind::Text),
            ("status", &FieldKind::Choice(plain(&["At Risk", "active"]))),
            ("interests", &FieldKind::Many(plain(&["Renewal", "Upsell"]))),
            ("parent", &reference(0, false)),
            ("employees", &FieldKind::Number),
            ("opened", &FieldKind::Date),
            ("note", &FieldKind::Text),
        ]
    );
    assert_eq!(records[0].created, Some(FieldId(5)));
    assert_eq!(records[1].name, "Deal");
    assert_eq!(
        kinds(&records[1])[1..3],
        [("account", &reference(0, true)), ("stage", &FieldKind::Choice(plain(&["Won"])))]
    );
}

#[test]
fn init_writes_a_project_once() {
    let crm = crm();
    let files: Vec<(&str, &str)> = crm.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&files);
    let written = init(folder.path(), folder.path(), "my \"crm\"").unwrap();
    let names: Vec<&str> = written.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["ownward.toml", "records.own", "rules.own"]);
    let records = fs::read_to_string(folder.path().join("records.own")).unwrap();
    let expected = "\
# What the records are, as found in the data. Read it, mend it, keep it with your rules.

record Account from accounts {
  id        text, key
  status    one of (\"At Risk\", active)
  interests many of (Renewal, Upsell)
  parent    Account, optional, column \"parent_id\"
  employees number
  opened    date, created
  note      text
  current owner, column \"owner_id\"
}
# 40 rows when this was written

record Deal from deals {
  id      text, key
  account Account, may be unknown, column \"account_id\"
  stage   one of (Won)
  amount  number
}
# 40 rows when this was written

person from people
team \"EMEA Sales\"
team Sales

queue Triage
";
    assert_eq!(records, expected);
    let rules = fs::read_to_string(folder.path().join("rules.own")).unwrap();
    let expected = "\
# Who owns what. The first rule that matches decides; `ownward plan` shows what would change.

decide owner of Account {
  # when status = \"At Risk\" assign to \"EMEA Sales\" because \"say why\"
  # when interests includes Renewal assign to Sales because \"say why\"
  # when employees >= 1000 assign to Triage because \"say why\"
  when owner is known keep owner
  otherwise assign to Triage
}

decide owner of Deal {
  # when stage = Won assign to \"EMEA Sales\" because \"say why\"
  # when amount >= 1000 assign to Sales because \"say why\"
  otherwise assign to Triage
}
";
    assert_eq!(rules, expected);
    let project = crate::project::Project::open(folder.path()).unwrap();
    assert_eq!(project.config.name.as_deref(), Some("my \"crm\""));
    assert_eq!(project.config.source.location, Location::Csv(".".into()));
    let (tree, problems) = crate::syntax::parse(&project.sources);
    assert_eq!(problems, []);
    let (schema, problems) = crate::check::schema(&tree, &Default::default(), Vec::new());
    assert!(!any_error(&problems), "{problems:?}");
    let wanted = all(&schema);
    let (_, problems) = crate::check::policy(&tree, schema.clone());
    assert!(!any_error(&problems), "{problems:?}");
    let snapshot = read(&project.root, &project.config, &schema, &wanted, &mut |_| {}).unwrap();
    assert!(snapshot.has_people);
    // One deal names an account that is not there, and may.
    assert_eq!(codes(&snapshot.findings), [Code::OrphanReference]);
    assert_eq!(snapshot.findings[0].severity, Severity::Note);
    let mut tried = crate::source::Sources::default();
    tried.add("records.own", records.as_str());
    tried.add("rules.own", rules.replace("# when", "when"));
    let (tree, problems) = crate::syntax::parse(&tried);
    assert_eq!(problems, []);
    let (_, problems) = crate::check::policy(&tree, schema);
    assert!(!any_error(&problems), "{problems:?}");
    let again = init(folder.path(), folder.path(), "crm").unwrap_err();
    assert_eq!(codes(&again.findings), [Code::FileExists]);
    assert_eq!(fs::read_to_string(folder.path().join("rules.own")).unwrap(), rules);
}

#[test]
fn init_needs_records_inside_the_project() {
    let outside = folder(&[("accounts.csv", "id\n1\n")]);
    let empty = folder(&[]);
    let error = init(empty.path(), outside.path(), "crm").unwrap_err();
    assert_eq!(codes(&error.findings), [Code::OutsideProject]);
    let error = init(empty.path(), empty.path(), "crm").unwrap_err();
    assert_eq!(codes(&error.findings), [Code::AbsentTable]);
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
    database(&empty, "CREATE TABLE accounts (id); INSERT INTO accounts VALUES (1)");
    init(empty.path(), &empty.path().join("crm.db"), "crm").unwrap();
    let project = crate::project::Project::open(empty.path()).unwrap();
    assert_eq!(project.config.source.location, Location::Sqlite("crm.db".into()));
}
