//! A public sales data set (accounts, agents, products, a pipeline of 8,800 deals), decided by a policy of our own and
//! held against plain SQL. Skipped, with a word, where the data set is not at hand.

use crate::sandbox::{Ran, Sandbox};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const AS_OF: &str = "2017-12-31";

const RECORDS: &str = r#"
record Agent from sales_teams {
  name    text, key, column "sales_agent"
  office  one of (Central, East, West), column "regional_office"
}
record Product from products {
  name    text, key, column "product"
  series  one of (GTX, MG, GTK)
  price   money USD, column "sales_price"
}
record Account from accounts {
  name      text, key, column "account"
  sector    one of (retail, technology also technolgy, medical, marketing, finance, software, entertainment,
                    telecommunications, services, employment)
  revenue   number
  employees number
  country   text, column "office_location"
  parent    Account, optional, column "subsidiary_of"
}
record Opportunity from sales_pipeline {
  id       text, key, column "opportunity_id"
  agent    Agent, column "sales_agent"
  product  Product, may be unknown
  account  Account, optional
  stage    ordered (Prospecting < Engaging < Won < Lost), column "deal_stage"
  engaged  date, optional, column "engage_date"
}
person from people
team Key-Accounts
queue International
queue Data-Quality
queue Strategic-Deals
queue Inbound
"#;

const RULES: &str = r#"
define large = employees >= 10k or revenue >= 5k

table Sectors from "sectors.csv" {
  match sector = sector
  match employees between employees_from and employees_to
  give owner
}

decide owner of Account {
  subsidiary: when parent is known assign to owner of parent
  key:        when large assign to Key-Accounts
  abroad:     when country is not "United States" assign to International
  sectors:    assign to Sectors
  otherwise   assign to Inbound
}

decide owner of Opportunity {
  closed:     when stage > Engaging assign to nobody because "the deal is closed"
  strategic:  when product.series = GTK assign to Strategic-Deals
  stale:      when stage = Engaging and engaged older than 120 days assign to manager of agent.name
  unknown:    when product is missing and stage = Prospecting assign to Data-Quality
  no-account: when account is missing assign to agent.name
  followed:   when account.large assign to owner of account
  west:       when agent.office = West and account.country = "United States" assign to manager of agent.name
  otherwise   assign to agent.name
}
"#;

/// `sector,employees_from,employees_to,owner`: a table of our own; its last column names agents of the data set by role.
fn sectors(agents: &[String]) -> String {
    let mut text = String::from("sector,employees_from,employees_to,owner\n");
    for (index, sector) in ["retail", "technology", "medical", "marketing", "finance"].iter().enumerate() {
        text.push_str(&format!("{sector},0,999,{}\n{sector},1000,,{}\n", agents[index], agents[index + 5]));
    }
    text
}

/// The folder of the data set, or `None` with a word why the test is skipped.
pub fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/crm/maven");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the data set is not beside the checkout (shared/corpus/crm/maven)");
    None
}

fn rows(file: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    reader.deserialize().map(|row| row.unwrap()).collect()
}

/// Every CSV file as a table of text, as a first import leaves it.
pub fn load(folder: &Path, database: &Path) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    for table in ["sales_teams", "products", "accounts", "sales_pipeline"] {
        let rows = rows(&folder.join(format!("{table}.csv")));
        let columns: Vec<String> = rows[0].keys().map(|name| format!("\"{name}\"")).collect();
        connection.execute_batch(&format!("CREATE TABLE {table} ({})", columns.join(", "))).unwrap();
        let marks = vec!["NULLIF(?, '')"; columns.len()].join(", ");
        let mut insert =
            connection.prepare(&format!("INSERT INTO {table} ({}) VALUES ({marks})", columns.join(", "))).unwrap();
        connection.execute_batch("BEGIN").unwrap();
        for row in &rows {
            insert.execute(rusqlite::params_from_iter(row.values())).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
    }
    connection
        .execute_batch(
            "CREATE TABLE people (id TEXT, manager TEXT, team TEXT);
             INSERT INTO people SELECT sales_agent, manager, NULL FROM sales_teams;
             INSERT INTO people SELECT DISTINCT manager, NULL, NULL FROM sales_teams;",
        )
        .unwrap();
    let mut agents = connection.prepare("SELECT sales_agent FROM sales_teams ORDER BY 1").unwrap();
    agents.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

struct Maven {
    sandbox: Sandbox,
}

impl Maven {
    fn new() -> Option<Self> {
        let data = data()?;
        let sandbox = Sandbox::empty();
        let agents = load(&data, &sandbox.path().join("crm.db"));
        sandbox.write("ownward.toml", "[source]\nsqlite = \"crm.db\"\n\n[records.Opportunity]\ndates = \"%m/%d/%Y\"\n");
        sandbox.write("records.own", RECORDS);
        sandbox.write("rules.own", RULES);
        sandbox.write("sectors.csv", &sectors(&agents));
        Some(Maven { sandbox })
    }

    fn run(&self, command: &str, format: &str) -> Ran {
        self.sandbox.run(&[command, "--format", format, "--as-of", AS_OF])
    }

    /// Owner and rule by record type and key.
    fn decided(&self) -> BTreeMap<(String, String), (String, String)> {
        let ran = self.run("decide", "csv").success();
        let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
        reader
            .deserialize::<BTreeMap<String, String>>()
            .map(|row| {
                let row = row.unwrap();
                ((row["record"].clone(), row["key"].clone()), (row["owner"].clone(), row["rule"].clone()))
            })
            .collect()
    }

    /// The name behind `agent` and `manager` of a deal, or behind `sector agent 3` of the table; any other as it is.
    fn person(&self, deal: &str, owner: &str) -> String {
        let connection = Connection::open(self.sandbox.path().join("crm.db")).unwrap();
        let of_deal = |column: &str| {
            let query = format!(
                "SELECT t.{column} FROM sales_pipeline o JOIN sales_teams t USING (sales_agent) WHERE opportunity_id = ?1"
            );
            connection.query_row(&query, [deal], |row| row.get::<_, String>(0)).unwrap()
        };
        match (owner, owner.strip_prefix("sector agent ")) {
            ("agent", _) => of_deal("sales_agent"),
            ("manager", _) => of_deal("manager"),
            (_, Some(index)) => connection
                .query_row("SELECT sales_agent FROM sales_teams ORDER BY 1 LIMIT 1 OFFSET ?1", [index], |row| {
                    row.get(0)
                })
                .unwrap(),
            _ => owner.to_owned(),
        }
    }

    fn sql(&self, query: &str) -> BTreeMap<String, u64> {
        let connection = Connection::open(self.sandbox.path().join("crm.db")).unwrap();
        let mut found = connection.prepare(query).unwrap();
        found
            .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    }
}

/// The day of a text such as `10/20/2016`, as SQL.
const ENGAGED: &str = "date(printf('%s-%02d-%02d', substr(engage_date, -4),
    substr(engage_date, 1, instr(engage_date, '/') - 1),
    substr(engage_date, instr(engage_date, '/') + 1,
           instr(substr(engage_date, instr(engage_date, '/') + 1), '/') - 1)))";

fn counts(decided: &BTreeMap<(String, String), (String, String)>, record: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for ((of, _), (_, rule)) in decided {
        if of == record {
            let rule = if rule.starts_with("rules.own:") { "otherwise" } else { rule };
            *counts.entry(rule.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn counts_per_rule_equal_plain_sql() {
    let Some(maven) = Maven::new() else { return };
    let decided = maven.decided();
    let large = "(CAST(a.employees AS REAL) >= 10000 OR CAST(a.revenue AS REAL) >= 5000)";
    let accounts = maven.sql(&format!(
        "SELECT CASE
           WHEN subsidiary_of IS NOT NULL THEN 'subsidiary'
           WHEN {large} THEN 'key'
           WHEN office_location <> 'United States' THEN 'abroad'
           WHEN sector IN ('retail', 'technolgy', 'medical', 'marketing', 'finance') THEN 'sectors'
           ELSE 'otherwise' END AS rule, count(*)
         FROM accounts a GROUP BY 1"
    ));
    assert_eq!(counts(&decided, "Account"), accounts);
    let opportunities = maven.sql(&format!(
        "SELECT CASE
           WHEN deal_stage IN ('Won', 'Lost') THEN 'closed'
           WHEN p.series = 'GTK' THEN 'strategic'
           WHEN deal_stage = 'Engaging' AND {ENGAGED} < date('{AS_OF}', '-120 days') THEN 'stale'
           WHEN p.product IS NULL AND deal_stage = 'Prospecting' THEN 'unknown'
           WHEN o.account IS NULL THEN 'no-account'
           WHEN {large} THEN 'followed'
           WHEN t.regional_office = 'West' AND a.office_location = 'United States' THEN 'west'
           ELSE 'otherwise' END AS rule, count(*)
         FROM sales_pipeline o
         LEFT JOIN products p ON p.product = o.product
         LEFT JOIN accounts a ON a.account = o.account
         JOIN sales_teams t ON t.sales_agent = o.sales_agent GROUP BY 1"
    ));
    assert_eq!(counts(&decided, "Opportunity"), opportunities);
    // No rule is idle: SQL found every one of them too.
    assert_eq!((accounts.len(), opportunities.len()), (5, 8), "{accounts:?} {opportunities:?}");
    // Every account and every open deal has an owner.
    let open = |owner: &str, rule: &str| rule == "closed" || !owner.is_empty();
    assert!(decided.values().all(|(owner, rule)| open(owner, rule)));
    assert_eq!(decided.len(), 85 + 8_800);
}

#[test]
fn deals_with_a_product_that_does_not_exist_are_reported() {
    let Some(maven) = Maven::new() else { return };
    let stderr = maven.run("plan", "text").stderr;
    assert!(stderr.contains("orphan-reference"), "{stderr}");
    assert!(stderr.contains("1,480") || stderr.contains("1480"), "{stderr}");
    assert!(stderr.contains("GTXPro"), "{stderr}");
}

#[test]
fn named_records_have_their_expected_owner_and_rule() {
    let Some(maven) = Maven::new() else { return };
    let decided = maven.decided();
    for (record, key, owner, rule) in EXPECTED {
        let found = &decided[&((*record).to_owned(), (*key).to_owned())];
        let found_rule = if found.1.starts_with("rules.own:") { "otherwise" } else { &found.1 };
        assert_eq!((found.0.as_str(), found_rule), (maven.person(key, owner).as_str(), *rule), "{record} {key}");
    }
}

/// Worked out from the rules and the rows, apart from the engine and from the SQL above. Agents and managers are named
/// by what they are to the record.
const EXPECTED: &[(&str, &str, &str, &str)] = &[
    ("Account", "Acme Corporation", "sector agent 6", "sectors"),
    ("Account", "Betasoloin", "sector agent 2", "sectors"),
    ("Account", "Betatech", "International", "abroad"),
    ("Account", "Bioholding", "International", "abroad"),
    ("Account", "Bluth Company", "sector agent 6", "subsidiary"),
    ("Account", "Bubba Gump", "Inbound", "otherwise"),
    ("Account", "Cheers", "Inbound", "subsidiary"),
    ("Account", "Domzoom", "Inbound", "otherwise"),
    ("Account", "Dontechi", "Key-Accounts", "key"),
    ("Account", "Ganjaflex", "Key-Accounts", "key"),
    ("Opportunity", "1C1I7A6R", "", "closed"),
    ("Opportunity", "Z063OYW0", "", "closed"),
    ("Opportunity", "HAXMC4IX", "manager", "stale"),
    ("Opportunity", "UP409DSB", "manager", "stale"),
    ("Opportunity", "125VIRMX", "Strategic-Deals", "strategic"),
    ("Opportunity", "A7SA2L21", "Strategic-Deals", "strategic"),
    ("Opportunity", "6OD1J7MW", "manager", "west"),
    ("Opportunity", "J0G6ZLYZ", "agent", "no-account"),
    ("Opportunity", "LOQ46F0T", "agent", "no-account"),
    ("Opportunity", "GRYHHER0", "manager", "west"),
    ("Opportunity", "FH30JK3J", "agent", "otherwise"),
    ("Opportunity", "S8FODURJ", "agent", "otherwise"),
    ("Opportunity", "NJC4XMEN", "Key-Accounts", "followed"),
    ("Opportunity", "01XZ9CRY", "Key-Accounts", "followed"),
    ("Opportunity", "SYP74C5W", "Data-Quality", "unknown"),
    ("Opportunity", "R0Q5BZ9Y", "Data-Quality", "unknown"),
];
