//! The data set of [`crate::maven`] under a policy of who sold most: every owner is held against plain SQL. Ties, misses
//! and what the ledger keeps are shown on small data of our own.

use crate::maven::{data, load};
use crate::sandbox::Sandbox;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

const AS_OF: &str = "2017-12-31";

const POLICY: &str = r#"
record Office from offices {
  name text, key
  head text
}
record Agent from sales_teams {
  name    text, key, column "sales_agent"
  manager text
  office  Office, column "regional_office"
}
record Product from products {
  name   text, key, column "product"
  series one of (GTX, MG, GTK)
}
record Account from accounts {
  name      text, key, column "account"
  revenue   number
  employees number
  parent    Account, optional, column "subsidiary_of"
}
record Opportunity from sales_pipeline {
  id      text, key, column "opportunity_id"
  agent   Agent, column "sales_agent"
  product Product, may be unknown
  account Account, optional
  stage   ordered (Prospecting < Engaging < Won < Lost), column "deal_stage"
  engaged date, optional, column "engage_date"
  closed  date, optional, column "close_date"
  value   money USD, optional, column "close_value"
}
person from people
queue Inbound

define key-account = at least 3 of {
  large:  employees >= 5k
  rich:   revenue >= 2k
  won:    sum of value over Opportunity (stage = Won) >= 130k USD
  lively: count of Opportunity (stage < Won) >= 8
  server: any Opportunity (product.series = GTK and stage = Won)
}

decide owner of Account {
  subsidiary: when parent is known
    assign to owner of parent
  seller: assign to person in agent with highest sum of value
    over Opportunity (stage = Won and closed within past 14 days) then latest closed
  region: assign to person in agent.office.head with highest count over Opportunity (stage < Won)
  otherwise assign to Inbound
}

decide owner of Opportunity {
  closed:     when stage > Engaging assign to nobody because "the deal is closed"
  no-account: when account is missing assign to agent.name
  stale:      when stage = Engaging and engaged older than 120 days assign to manager of agent.name
  key:        when account.key-account assign to owner of account
  other:      otherwise assign to agent.name
}
"#;

/// The day of a text such as `10/20/2016`, as SQL.
fn day(column: &str) -> String {
    let rest = format!("substr({column}, instr({column}, '/') + 1)");
    format!(
        "date(printf('%s-%02d-%02d', substr({column}, -4), substr({column}, 1, instr({column}, '/') - 1),
              substr({rest}, 1, instr({rest}, '/') - 1)))"
    )
}

/// The data set with one head for each region: the first manager of its agents.
fn project() -> Option<Sandbox> {
    let sandbox = Sandbox::empty();
    load(&data()?, &sandbox.path().join("crm.db"));
    let connection = Connection::open(sandbox.path().join("crm.db")).expect("the database");
    let heads = "CREATE TABLE offices AS
         SELECT regional_office AS name, min(manager) AS head FROM sales_teams GROUP BY regional_office";
    connection.execute_batch(heads).expect("the heads of the regions");
    sandbox.write("ownward.toml", "[source]\nsqlite = \"crm.db\"\n\n[records.Opportunity]\ndates = \"%m/%d/%Y\"\n");
    sandbox.write("policy.own", POLICY);
    Some(sandbox)
}

/// Owner and rule of every record, by type and key, as SQL finds them.
fn expected(sandbox: &Sandbox) -> BTreeMap<(String, String), (String, String)> {
    let connection = Connection::open(sandbox.path().join("crm.db")).expect("the database");
    let (closed, engaged) = (day("close_date"), day("engage_date"));
    let common = format!(
        "WITH RECURSIVE
         deals AS (SELECT o.*, {closed} AS closed, {engaged} AS engaged, CAST(close_value AS INTEGER) AS amount,
                          t.manager, f.head, p.series
                   FROM sales_pipeline o JOIN sales_teams t USING (sales_agent)
                   JOIN offices f ON f.name = t.regional_office LEFT JOIN products p ON p.product = o.product),
         sold AS (SELECT account, sales_agent AS who, sum(amount) AS total, max(closed) AS latest FROM deals
                  WHERE deal_stage = 'Won' AND closed BETWEEN date('{AS_OF}', '-14 days') AND '{AS_OF}' GROUP BY 1, 2),
         seller AS (SELECT account, who FROM (SELECT *, row_number() OVER
                    (PARTITION BY account ORDER BY total DESC, latest DESC, who) AS place FROM sold) WHERE place = 1),
         opened AS (SELECT account, head AS who, count(*) AS total FROM deals
                    WHERE deal_stage IN ('Prospecting', 'Engaging') GROUP BY 1, 2),
         region AS (SELECT account, who FROM (SELECT *, row_number() OVER
                    (PARTITION BY account ORDER BY total DESC, who) AS place FROM opened) WHERE place = 1),
         owners AS (
           SELECT a.account, coalesce(s.who, r.who, 'Inbound') AS owner,
                  CASE WHEN s.who IS NOT NULL THEN 'seller' WHEN r.who IS NOT NULL THEN 'region' ELSE '' END AS rule
           FROM accounts a LEFT JOIN seller s USING (account) LEFT JOIN region r USING (account)
           WHERE a.subsidiary_of IS NULL
           UNION ALL
           SELECT a.account, o.owner, 'subsidiary' FROM accounts a JOIN owners o ON o.account = a.subsidiary_of),
         keyed AS (
           SELECT a.account, (CAST(a.employees AS REAL) >= 5000) + (CAST(a.revenue AS REAL) >= 2000)
             + ((SELECT total(amount) FROM deals d WHERE d.account = a.account AND deal_stage = 'Won') >= 130000)
             + ((SELECT count(*) FROM deals d WHERE d.account = a.account
                 AND deal_stage IN ('Prospecting', 'Engaging')) >= 8)
             + EXISTS (SELECT 1 FROM deals d WHERE d.account = a.account AND deal_stage = 'Won' AND series = 'GTK')
             AS criteria FROM accounts a)"
    );
    let accounts = format!("{common} SELECT 'Account', account, owner, rule FROM owners");
    let deals = format!(
        "{common} SELECT 'Opportunity', opportunity_id,
           CASE rule WHEN 'closed' THEN '' WHEN 'stale' THEN manager WHEN 'key' THEN owner ELSE sales_agent END, rule
         FROM (SELECT d.*, o.owner, CASE
             WHEN deal_stage IN ('Won', 'Lost') THEN 'closed'
             WHEN d.account IS NULL THEN 'no-account'
             WHEN deal_stage = 'Engaging' AND engaged < date('{AS_OF}', '-120 days') THEN 'stale'
             WHEN k.criteria >= 3 THEN 'key'
             ELSE 'other' END AS rule
           FROM deals d LEFT JOIN owners o USING (account) LEFT JOIN keyed k USING (account))"
    );
    let mut found = BTreeMap::new();
    for query in [accounts, deals] {
        let mut query = connection.prepare(&query).expect("a sound query");
        let rows = query.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))));
        found.extend(rows.expect("rows").map(|row| row.expect("a row of texts")));
    }
    found
}

#[test]
fn every_owner_is_the_one_that_plain_sql_finds() {
    let Some(sandbox) = project() else { return };
    let ran = sandbox.run(&["decide", "--format", "csv", "--as-of", AS_OF, "--quiet"]).success();
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("a row"));
    let decided: BTreeMap<_, _> = rows
        .map(|row| ((row["record"].clone(), row["key"].clone()), (row["owner"].clone(), row["rule"].clone())))
        .collect();
    let expected = expected(&sandbox);
    assert_eq!(decided.len(), 85 + 8_800);
    let wrong: Vec<_> = expected.iter().filter(|(key, answer)| decided.get(*key) != Some(*answer)).take(5).collect();
    assert!(wrong.is_empty(), "{wrong:?} but {:?}", wrong.iter().map(|(key, _)| decided.get(*key)).collect::<Vec<_>>());
    assert_eq!(expected.len(), decided.len());
    // Every rule but the last resort decides something, in the program as in SQL.
    let rules: BTreeSet<(&str, &str)> =
        decided.iter().map(|((record, _), (_, rule))| (record.as_str(), rule.as_str())).collect();
    let known = [
        ("Account", "region"),
        ("Account", "seller"),
        ("Account", "subsidiary"),
        ("Opportunity", "closed"),
        ("Opportunity", "key"),
        ("Opportunity", "no-account"),
        ("Opportunity", "other"),
        ("Opportunity", "stale"),
    ];
    assert_eq!(rules, BTreeSet::from(known));
}

#[test]
fn an_explanation_lists_who_sold_how_much() {
    let Some(sandbox) = project() else { return };
    let json = sandbox.run(&["explain", "Account", "Hottechi", "--format", "json"]).success().json();
    // Today none of those deals is of the last two weeks: the head of a region has the most open ones.
    let decided = json["rules"].as_array().and_then(|rules| rules.last()).expect("a rule");
    assert_eq!(decided["label"], "region");
    let candidates = decided["candidates"].as_array().expect("candidates");
    assert!((1..=3).contains(&candidates.len()), "{candidates:?}");
    assert_eq!(candidates[0]["id"], json["owner"]["id"]);
}

const SMALL: &str = r#"
record Account from accounts {
  id text, key
}
record Deal from deals {
  id      text, key
  account Account
  agent   text, optional
  stage   one of (Open, Won)
  amount  money EUR, optional
  closed  date, optional
}
person from people
queue Inbound
decide owner of Account {
  seller: assign to person in agent with highest sum of amount over Deal (stage = Won) then latest closed
  boss:   assign to manager of person in agent with highest count over Deal (stage = Open)
  rest:   otherwise assign to Inbound
}
"#;

fn small(deals: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("ownward.toml", "[source]\ncsv = \"data\"\n");
    sandbox.write("policy.own", SMALL);
    sandbox.write("data/accounts.csv", "id\nA-1\nA-2\nA-3\nA-4\n");
    sandbox.write(
        "data/people.csv",
        "id,name,manager,active\nana,Ana,cem,yes\nbo,Bo,cem,yes\ncem,Cem,,yes\nmax,Max,cem,no\n",
    );
    sandbox.write("data/deals.csv", &format!("id,account,agent,stage,amount,closed\n{deals}"));
    sandbox
}

/// A tie that the most recent win breaks, a person without a value, a leaver, and nobody at all.
const DEALS: &str = "D-1,A-1,ana,Won,50,2026-01-05
D-2,A-1,ana,Won,50,2026-01-01
D-3,A-1,bo,Won,100,2026-01-06
D-4,A-1,max,Won,900,2026-01-07
D-5,A-2,ana,Won,,2026-01-01
D-6,A-2,bo,Open,7,
D-7,A-3,max,Won,10,2026-01-01
D-8,A-3,cem,Open,,
";

fn owner(sandbox: &Sandbox, key: &str) -> (String, String) {
    let ran = sandbox.run(&["decide", "--format", "csv", "--quiet"]).success();
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    let mut rows = reader.deserialize::<BTreeMap<String, String>>().map(|row| row.expect("a row"));
    let row = rows.find(|row| row["key"] == key).expect("the account");
    (row["owner"].clone(), row["rule"].clone())
}

#[test]
fn ties_and_fallbacks_on_small_data() {
    let sandbox = small(DEALS);
    let told = |owner: &str, rule: &str| (owner.to_owned(), rule.to_owned());
    assert_eq!(owner(&sandbox, "A-1"), told("bo", "seller"));
    assert_eq!(owner(&sandbox, "A-2"), told("cem", "boss"));
    assert_eq!(owner(&sandbox, "A-3"), told("Inbound", "rest"), "cem has no manager, max has left");
    assert_eq!(owner(&sandbox, "A-4"), told("Inbound", "rest"));
}

#[test]
fn a_field_that_holds_no_people_is_told() {
    let sandbox = small("D-1,A-1,Berlin,Won,5,2026-01-05\nD-2,A-2,max,Won,5,2026-01-05\nD-3,A-2,Aachen,Open,5,\n");
    let ran = sandbox.run(&["plan", "--as-of", "2026-01-10"]).success();
    let told = "warning[unknown-owner]: `agent` of `Deal` holds nobody who could be chosen";
    assert_eq!(ran.stderr.matches(told).count(), 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("2 different texts, such as `Berlin`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 different text, such as `Aachen`"), "{}", ran.stderr);
    let ran = small(DEALS).run(&["plan", "--as-of", "2026-01-10"]).success();
    assert!(!ran.stderr.contains("unknown-owner"), "{}", ran.stderr);
}

#[test]
fn a_past_winner_is_explained_from_the_ledger_alone() {
    let sandbox = small(DEALS);
    sandbox.run(&["apply", "--as-of", "2026-01-10", "--yes"]).success();
    let now = sandbox.run(&["explain", "Account", "A-1"]).success().stdout;
    assert!(now.contains("      1. bo: 100\n      2. ana: 100\n"), "{now}");
    sandbox.write("data/deals.csv", "id,account,agent,stage,amount,closed\nD-9,A-1,ana,Won,5,2026-02-01\n");
    sandbox.run(&["apply", "--as-of", "2026-02-02", "--yes"]).success();
    let past = sandbox.run(&["explain", "Account", "A-1", "--as-of", "2026-01-15"]).success().stdout;
    assert!(past.contains("owner of Account A-1: bo"), "{past}");
    assert!(past.contains("      1. bo: 100\n"), "{past}");
    let later = sandbox.run(&["explain", "Account", "A-1", "--as-of", "2026-02-03"]).success().stdout;
    assert!(later.contains("      1. ana: 5\n"), "{later}");
    sandbox.run(&["verify"]).success();
}
