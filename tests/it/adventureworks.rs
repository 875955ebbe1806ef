//! A public data set of shops and sales territories, decided day by day by a dated table and held against plain SQL.
//! Skipped, with a word, where the data set is not at hand.

use crate::sandbox::Sandbox;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const POLICY: &str = r#"
record Store from stores {
  id        text, key
  name      text
  territory text
  seller    text
}
person from people
queue Unassigned

table Sellers from "territories.csv" {
  match territory = territory
  match seller    = person
  give  person
  valid from starts until ends
}

table Territories from "territories.csv" {
  match territory = territory
  give  person
  valid from starts until ends
}

decide owner of Store {
  own:       assign to Sellers
  territory: assign to Territories
  vacant:    otherwise assign to Unassigned
}
"#;

/// The first and last days of the territories' people, and days between.
const DAYS: [&str; 10] = [
    "2022-05-29",
    "2022-05-30",
    "2023-05-29",
    "2023-05-30",
    "2023-09-29",
    "2023-09-30",
    "2023-11-29",
    "2023-11-30",
    "2024-05-28",
    "2024-05-29",
];

fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/crm/adventureworks");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the data set is not beside the checkout (shared/corpus/crm/adventureworks)");
    None
}

fn rows(file: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(file).expect("a file of the data set");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

/// The day of `2022-05-30 00:00:00.000`; nothing of nothing.
fn day(moment: &str) -> &str {
    moment.get(..10).unwrap_or_default()
}

fn project() -> Option<Sandbox> {
    let folder = data()?;
    let sandbox = Sandbox::empty();
    let territory_of: BTreeMap<String, String> = rows(&folder.join("Customer.csv"))
        .into_iter()
        .filter(|row| !row["StoreID"].is_empty())
        .map(|row| (row["StoreID"].clone(), row["TerritoryID"].clone()))
        .collect();
    let connection = Connection::open(sandbox.path().join("crm.db")).expect("a database");
    connection
        .execute_batch(
            "CREATE TABLE stores (id TEXT, name TEXT, territory TEXT, seller TEXT);
             CREATE TABLE people (id TEXT, territory TEXT);
             CREATE TABLE periods (place INTEGER, person TEXT, territory TEXT, starts TEXT, ends TEXT);
             BEGIN",
        )
        .expect("the tables");
    for row in rows(&folder.join("Store.csv")) {
        let id = &row["BusinessEntityID"];
        let values = [id, &row["Name"], &territory_of[id], &row["SalesPersonID"]];
        connection.execute("INSERT INTO stores VALUES (?, ?, ?, ?)", values).expect("a store");
    }
    for row in rows(&folder.join("SalesPerson.csv")) {
        let values = [&row["BusinessEntityID"], &row["TerritoryID"]];
        connection.execute("INSERT INTO people VALUES (?, NULLIF(?, ''))", values).expect("a person");
    }
    let mut table = String::from("person,territory,starts,ends\n");
    for (place, row) in (0..).zip(rows(&folder.join("SalesTerritoryHistory.csv"))) {
        let (starts, ends) = (day(&row["StartDate"]), day(&row["EndDate"]));
        let values = (place, &row["BusinessEntityID"], &row["TerritoryID"], starts, ends);
        connection.execute("INSERT INTO periods VALUES (?, ?, ?, ?, NULLIF(?, ''))", values).expect("a period");
        table.push_str(&format!("{},{},{starts},{ends}\n", values.1, values.2));
    }
    connection.execute_batch("COMMIT").expect("all rows");
    sandbox.write("territories.csv", &table);
    sandbox.write("ownward.toml", "[source]\nsqlite = \"crm.db\"\n");
    sandbox.write("policy.own", POLICY);
    Some(sandbox)
}

type Owners = BTreeMap<String, (String, String)>;

/// Owner and rule of every store on a day, by key.
fn decided(sandbox: &Sandbox, day: &str) -> Owners {
    let ran = sandbox.run(&["decide", "--format", "csv", "--as-of", day, "--quiet"]).success();
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("a row"));
    rows.map(|row| (row["key"].clone(), (row["owner"].clone(), row["rule"].clone()))).collect()
}

/// The same, as SQL finds it.
fn expected(sandbox: &Sandbox, day: &str) -> Owners {
    let connection = Connection::open(sandbox.path().join("crm.db")).expect("the database");
    let query = "WITH today AS (SELECT * FROM periods WHERE starts <= ?1 AND (ends IS NULL OR ?1 <= ends)),
        found AS (SELECT s.id,
          (SELECT person FROM today t WHERE t.territory = s.territory AND t.person = s.seller) AS own,
          (SELECT person FROM today t WHERE t.territory = s.territory ORDER BY place LIMIT 1) AS first FROM stores s)
      SELECT id, coalesce(own, first, 'Unassigned'),
        CASE WHEN own IS NOT NULL THEN 'own' WHEN first IS NOT NULL THEN 'territory' ELSE 'vacant' END FROM found";
    let mut query = connection.prepare(query).expect("a sound query");
    let rows = query.query_map([day], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).expect("rows");
    rows.map(|row| row.expect("a row of texts")).collect()
}

#[test]
fn the_territory_s_person_of_the_day_owns_each_store() {
    let Some(sandbox) = project() else { return };
    let mut rules = BTreeSet::new();
    let mut owners = BTreeSet::new();
    for day in DAYS {
        let found = decided(&sandbox, day);
        assert_eq!(found.len(), 701);
        assert_eq!(found, expected(&sandbox, day), "{day}");
        owners.extend(found.values().map(|(owner, _)| owner.clone()));
        rules.extend(found.into_values().map(|(_, rule)| rule));
    }
    assert_eq!(rules, BTreeSet::from(["own", "territory", "vacant"].map(str::to_owned)));
    // Sales managers have no territory, today or ever: no store is theirs.
    let connection = Connection::open(sandbox.path().join("crm.db")).expect("the database");
    let mut query = connection.prepare("SELECT id FROM people WHERE territory IS NULL").expect("a sound query");
    let without: Vec<String> =
        query.query_map([], |row| row.get(0)).expect("rows").map(|id| id.expect("a key")).collect();
    assert!(!without.is_empty());
    assert!(without.iter().all(|id| !owners.contains(id)), "{without:?} {owners:?}");
}

#[test]
fn on_the_day_before_the_first_nobody_and_after_the_last_a_new_one() {
    let Some(sandbox) = project() else { return };
    let owners = |day| -> BTreeSet<String> { decided(&sandbox, day).into_values().map(|(owner, _)| owner).collect() };
    assert_eq!(owners("2022-05-29"), BTreeSet::from(["Unassigned".to_owned()]));
    assert!(owners("2022-05-30").len() > 5);
    // 280 has a territory until 2023-09-29, 284 the same one from the next day.
    assert!(owners("2023-09-29").contains("280"));
    assert!(!owners("2023-09-30").contains("280"));
    // No day is without an owner where one period ends and the next begins.
    let (before, after) = (decided(&sandbox, "2023-11-29"), decided(&sandbox, "2023-11-30"));
    let moved: BTreeSet<(&str, &str)> = before
        .iter()
        .filter(|(key, answer)| after[*key].0 != answer.0)
        .map(|(key, answer)| (answer.0.as_str(), after[key].0.as_str()))
        .collect();
    assert_eq!(moved, BTreeSet::from([("275", "277"), ("277", "275")]));
}

#[test]
fn plans_and_explanations_know_the_day() {
    let Some(sandbox) = project() else { return };
    let (last, next) = ("2023-11-29", "2023-11-30");
    sandbox.run(&["apply", "--as-of", last, "--yes"]).success();
    let (before, after) = (decided(&sandbox, last), decided(&sandbox, next));
    let moves: BTreeMap<&str, (&str, &str)> = before
        .iter()
        .filter(|(key, answer)| after[*key].0 != answer.0)
        .map(|(key, answer)| (key.as_str(), (answer.0.as_str(), after[key].0.as_str())))
        .collect();
    assert!(!moves.is_empty());
    let planned = |day: &str| {
        let json = sandbox.run(&["plan", "--as-of", day, "--format", "json"]).success().json();
        let changes = json["changes"].as_array().expect("changes").clone();
        let changed = |change: &serde_json::Value| {
            let id = |side: &str| change[side]["id"].as_str().unwrap_or_default().to_owned();
            (change["key"].as_str().expect("a key").to_owned(), (id("from"), id("to")))
        };
        changes.iter().map(changed).collect::<BTreeMap<_, _>>()
    };
    assert!(planned(last).is_empty());
    let found = planned(next);
    let found: BTreeMap<&str, (&str, &str)> =
        found.iter().map(|(key, (from, to))| (key.as_str(), (from.as_str(), to.as_str()))).collect();
    assert_eq!(found, moves);
    sandbox.run(&["apply", "--as-of", next, "--yes"]).success();
    let (key, (old, new)) = moves.iter().next().expect("a move");
    for (day, owner) in [(last, old), (next, new)] {
        let told = sandbox.run(&["explain", "Store", key, "--as-of", day]).success().stdout;
        assert!(told.starts_with(&format!("owner of Store {key}: {owner} (person) (assigned)")), "{told}");
        let line = told.lines().find(|line| line.contains("of territories.csv]")).expect("the row that named them");
        assert!(line.contains("then assign to"), "{told}");
    }
    sandbox.run(&["verify"]).success();
}
