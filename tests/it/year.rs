//! A year in the life of `policies/crm`: leads come in, prospects sign, clients grow, falter and leave, people come, go and
//! are away. Every rule has its day, every run settles, and the ledger proves all of it.

use crate::sandbox::Sandbox;
use ownward::value::time::{parse_day, show_day};
use std::collections::{BTreeMap, BTreeSet};

const FIRST_DAY: &str = "2026-11-16";
/// Days between two exports.
const STEP: i32 = 14;
const STEPS: i32 = 26;

/// A table of the export, cells by header.
struct Sheet {
    file: &'static str,
    headers: Vec<String>,
    rows: Vec<BTreeMap<String, String>>,
}

impl Sheet {
    fn read(sandbox: &Sandbox, file: &'static str) -> Self {
        let mut reader = csv::Reader::from_path(sandbox.path().join("data").join(file)).unwrap();
        let headers: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = reader.deserialize().map(Result::unwrap).collect();
        Sheet { file, headers, rows }
    }

    fn write(&self, sandbox: &Sandbox) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.headers).unwrap();
        for row in &self.rows {
            writer.write_record(self.headers.iter().map(|header| row.get(header).map_or("", String::as_str))).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        sandbox.write(&format!("data/{}", self.file), &text);
    }

    fn add(&mut self, cells: &[(&str, &str)]) {
        let mut row: BTreeMap<String, String> =
            self.headers.iter().map(|header| (header.clone(), String::new())).collect();
        for (header, cell) in cells {
            let before = row.insert((*header).to_owned(), (*cell).to_owned());
            assert!(before.is_some(), "{} has no `{header}`", self.file);
        }
        self.rows.push(row);
    }
}

/// A small generator of its own: the same year on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }

    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.roll(of.len())]
    }
}

struct Company {
    accounts: Sheet,
    contacts: Sheet,
    leads: Sheet,
    deals: Sheet,
    people: Sheet,
    dice: Dice,
    next: usize,
}

impl Company {
    fn new(sandbox: &Sandbox) -> Self {
        Company {
            accounts: Sheet::read(sandbox, "accounts.csv"),
            contacts: Sheet::read(sandbox, "contacts.csv"),
            leads: Sheet::read(sandbox, "leads.csv"),
            deals: Sheet::read(sandbox, "opportunities.csv"),
            people: Sheet::read(sandbox, "people.csv"),
            dice: Dice(2027),
            next: 9000,
        }
    }

    fn write(&self, sandbox: &Sandbox) {
        for sheet in [&self.accounts, &self.contacts, &self.leads, &self.deals, &self.people] {
            sheet.write(sandbox);
        }
    }

    fn id(&mut self, letter: &str) -> String {
        self.next += 1;
        format!("{letter}-{}", self.next)
    }

    /// Two weeks pass.
    fn step(&mut self, day: i32) {
        self.leads_come(day);
        self.deals_move(day);
        self.clients_live(day);
        self.people_come_and_go(day);
    }

    fn leads_come(&mut self, day: i32) {
        for row in &mut self.leads.rows {
            let next = match row["status"].as_str() {
                "New" if self.dice.one_in(2) => "Working",
                "Working" if self.dice.one_in(2) => "Qualified",
                "Working" if self.dice.one_in(3) => "Disqualified",
                same => same,
            };
            row.insert("status".into(), next.to_owned());
        }
        for _ in 0..6 {
            let (id, score) = (self.id("L"), self.dice.roll(100).to_string());
            let employees = (self.dice.roll(4000) + 5).to_string();
            let country = self.dice.pick(&["DE", "US", "FR", "JP", "GB", "SE", "MT"]);
            let source = self.dice.pick(&["Website", "Event", "Campaign", "Referral", "Partner"]);
            let kind = self.dice.pick(&["New Sale", "New Sale", "New Sale", "Upsell"]);
            self.leads.add(&[
                ("id", &id),
                ("company", &format!("Company {id}")),
                ("name", "A Person"),
                ("email", "person@example.com"),
                ("type", kind),
                ("source", source),
                ("status", "New"),
                ("score", &score),
                ("country", country),
                ("postcode", if country == "DE" { "10115" } else { "" }),
                ("employees", &employees),
                ("created", &show_day(day - 1)),
            ]);
        }
    }

    fn deals_move(&mut self, day: i32) {
        let order = ["Qualification", "Discovery", "Proposal", "Negotiation", "Won"];
        let mut signed = Vec::new();
        for row in &mut self.deals.rows {
            let at = order.iter().position(|stage| *stage == row["stage"]);
            if let Some(at) = at.filter(|at| *at < 4 && self.dice.one_in(3)) {
                let lost = self.dice.one_in(5);
                row.insert("stage".into(), if lost { "Lost" } else { order[at + 1] }.to_owned());
                if !lost && at == 3 {
                    signed.push(row["account_id"].clone());
                }
            }
        }
        for account in &mut self.accounts.rows {
            if account["type"] == "Prospect" && signed.contains(&account["id"]) {
                account.insert("type".into(), "Client".into());
                account.insert("status".into(), "Onboarding".into());
                account.insert("stage".into(), "Tactical".into());
                account.insert("revenue".into(), "90000".into());
                account.insert("cost_to_serve".into(), "30000".into());
            }
        }
        for _ in 0..2 {
            let (account, id) = (self.id("A"), self.id("O"));
            let country = self.dice.pick(&["DE", "US", "FR", "GB", "JP", "MT"]);
            let size = (self.dice.roll(9000) + 20).to_string();
            let industry = self.dice.pick(&["Energy", "Finance", "Retail", "Software", "Healthcare"]);
            self.accounts.add(&[
                ("id", &account),
                ("name", &format!("Company {account}")),
                ("type", "Prospect"),
                ("status", "Active"),
                ("country", country),
                ("postcode", if country == "DE" { "80331" } else { "" }),
                ("industry", industry),
                ("employees", &size),
                ("short_term_need", "yes"),
                ("long_term_need", "no"),
                ("market_access", "no"),
                ("lighthouse", "no"),
                ("opened", &show_day(day - 3)),
            ]);
            let amount = (self.dice.roll(1_400_000) + 10_000).to_string();
            self.deals.add(&[
                ("id", &id),
                ("name", &format!("Deal {id}")),
                ("type", "New Sale"),
                ("stage", "Discovery"),
                ("amount", &amount),
                ("product", "Platform"),
                ("closes", &show_day(day + 90)),
                ("account_id", &account),
                ("opened", &show_day(day - 2)),
            ]);
            let contact = self.id("C");
            self.contacts.add(&[
                ("id", &contact),
                ("name", "A Person"),
                ("email", "person@example.com"),
                ("type", "Decision Maker"),
                ("role", "Buyer"),
                ("department", "Procurement"),
                ("employed", "yes"),
                ("account_id", &account),
            ]);
        }
    }

    fn clients_live(&mut self, day: i32) {
        let stages = ["Tactical", "Operational", "Functional", "Strategic"];
        for row in &mut self.accounts.rows {
            let next = match (row["type"].as_str(), row["status"].as_str()) {
                // The end of the contract is on file two weeks after it is signed, and the set-up takes longer still.
                ("Client", "Onboarding") if row["renewal"].is_empty() => {
                    row.insert("renewal".into(), show_day(day + 120));
                    "Onboarding"
                }
                ("Client", "Onboarding") if self.dice.one_in(2) => "Active",
                ("Client", "Active") if self.dice.one_in(25) => "At Risk",
                ("Client", "Active") if self.dice.one_in(40) => "Inactive",
                ("Client", "At Risk") if self.dice.one_in(4) => "Churned",
                ("Client", "At Risk" | "Inactive") if self.dice.one_in(3) => "Active",
                (_, same) => same,
            };
            let next = next.to_owned();
            row.insert("status".into(), next);
            if row["type"] == "Client" && self.dice.one_in(12) {
                let at = stages.iter().position(|stage| *stage == row["stage"]).map_or(0, |at| (at + 1).min(3));
                row.insert("stage".into(), stages[at].into());
            }
            if self.dice.one_in(5) {
                row.insert("last_touch".into(), show_day(day - 1));
            }
            let is_due = parse_day(&row["renewal"]).is_some_and(|renewal| renewal < day);
            if is_due {
                row.insert("renewal".into(), show_day(day + 360));
            }
        }
    }

    fn people_come_and_go(&mut self, day: i32) {
        let may_leave = ["kofi.badu", "maya.okoro", "dylan.price"];
        let away = ["elin.strand", "finn.abel", "tess.moran", "amira.said"];
        let gone = self.dice.one_in(9).then(|| self.dice.pick(&may_leave));
        let leave = self.dice.pick(&away);
        for row in &mut self.people.rows {
            if gone == Some(row["id"].as_str()) {
                row.insert("active".into(), "no".into());
            }
            if row["id"] == leave {
                row.insert("away_from".into(), show_day(day));
                row.insert("away_until".into(), show_day(day + 10));
            }
        }
    }
}

/// What decided something in a year, by role; and what joined a team.
#[derive(Default)]
struct Seen {
    rules: BTreeSet<(String, String)>,
    waves: BTreeSet<(String, String)>,
    holds: BTreeSet<String>,
    /// Keys of accounts that were handed over, with the day.
    handed_over: Vec<(String, String)>,
}

impl Seen {
    fn add(&mut self, sandbox: &Sandbox, day: &str) {
        let plan = sandbox.run(&["plan", "--as-of", day, "--format", "json"]).success().json();
        for change in plan["changes"].as_array().unwrap() {
            let text = |name: &str| change[name].as_str().unwrap_or_default().to_owned();
            self.holds.extend(change["hold"].as_str().map(str::to_owned));
            if text("rule") == "client/handed-over" && change["outcome"] == "assigned" {
                self.handed_over.push((text("key"), day.to_owned()));
            }
            self.rules.insert((format!("{} of {}", text("role"), text("record")), text("rule")));
        }
        for team in plan["teams"].as_array().unwrap() {
            let role = format!("{} of {}", team["role"].as_str().unwrap(), team["record"].as_str().unwrap());
            for member in team["joins"].as_array().unwrap() {
                self.waves.insert((role.clone(), member["rule"].as_str().unwrap_or_default().to_owned()));
            }
        }
    }
}

#[test]
fn every_rule_has_its_day_and_every_run_settles() {
    let sandbox = Sandbox::of("policies/crm");
    let mut company = Company::new(&sandbox);
    let mut seen = Seen::default();
    let first = parse_day(FIRST_DAY).unwrap();
    for number in 0..=STEPS {
        let day = show_day(first + number * STEP);
        if number > 0 {
            company.step(first + number * STEP);
            company.write(&sandbox);
        }
        seen.add(&sandbox, &day);
        let apply = ["apply", "--yes", "--as-of", &day, "--max-moves", "100%", "--format", "json"];
        sandbox.run(&apply).success();
        if number % 5 == 0 {
            assert_eq!(sandbox.run(&apply).success().json()["entries"], 0, "{day}");
        }
    }
    sandbox.run(&["verify"]).success();
    assert!(seen.holds.contains("negotiation"), "{:?}", seen.holds);
    let began = |(key, day): &(String, String)| {
        let said = sandbox.run(&["history", "Account", key]).success().stdout;
        said.lines().any(|line| line.starts_with(day.as_str()) && line.contains("handing over"))
    };
    assert!(seen.handed_over.iter().any(began), "{:?}", seen.handed_over);

    let policy = sandbox.run(&["decide", "--as-of", FIRST_DAY, "--format", "json"]).success().json();
    for role in policy["roles"].as_array().unwrap() {
        let name = format!("{} of {}", role["role"].as_str().unwrap(), role["record"].as_str().unwrap());
        for rule in role["rules"].as_array().unwrap() {
            let label = rule["rule"].as_str().unwrap().to_owned();
            assert!(seen.rules.contains(&(name.clone(), label.clone())), "{name}: `{label}` decided nothing in a year");
        }
    }
    for (role, rule) in [
        ("team of Account", "operations"),
        ("team of Account", "success"),
        ("team of Account", "relations"),
        ("team of Account", "extended/engineer"),
        ("team of Account", "extended/counsel"),
        ("team of Account", "extended/developer"),
        ("team of Account", "security"),
        ("team of Account", "partner/desk"),
        ("team of Account", "partner/partner-owner"),
        ("team of Account", "corporate/sponsor"),
        ("team of Account", "corporate/functions"),
        ("advisory of Contact", "host"),
        ("advisory of Contact", "companion"),
        ("advisory of Contact", "lighthouse"),
        ("territory of Account", "EMEA/DACH"),
        ("territory of Account", "AMER/West"),
        ("territory of Account", "APAC"),
    ] {
        assert!(seen.waves.contains(&(role.to_owned(), rule.to_owned())), "{role}: nobody joined by `{rule}`");
    }
}
