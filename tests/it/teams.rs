//! Teams around records and the places they stand in: who joins and leaves, what is written down, what is explained.

use crate::cases;
use crate::sandbox::Sandbox;
use crate::world::World;
use ownward::check::policy::{GatherKind, RuleId};
use ownward::decide::row::{self, Named, RecordFacts, Setting};
use ownward::decide::{Desk, GatherInput, Rotations, Scene, gather};
use ownward::plan;
use ownward::value::Outcome;
use proptest::prelude::*;

const RECORDS: &str = r#"
record Account from accounts {
  id      text, key
  country text, optional
  size    number, optional
  type    one of (Prospect, Client, Partner)
}

person from people
team Sales
team Architects
queue Legal
queue Ops
queue Nowhere
"#;

const RULES: &str = r#"
decide owner of Account {
  otherwise assign to next of Sales
}

gather team of Account {
  always add owner, Ops as core
  when type = Client {
    large: when size >= 100 add least loaded of Architects where covers = record.country else Nowhere as extended, as needed
    legal: always add Legal, Ops as corporate, on request
  }
}

place Account in territory {
  EMEA: when country in ("DE", "FR") {
    DACH: when country = "DE" {
      Big: when size > 500
    }
    Key: when type = Partner
  }
  Rest: when country is missing
}
"#;

const PEOPLE: &str = "id,name,team,active,covers
ana,Ana,Sales,yes,
bo,Bo,Architects,yes,DE
cy,Cy,Architects,yes,DE
dee,Dee,Architects,yes,FR
";

fn project(accounts: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("ownward.toml", "[source]\ncomplete = true\n");
    sandbox.write("records.own", RECORDS);
    sandbox.write("rules.own", RULES);
    sandbox.write("people.csv", PEOPLE);
    sandbox.write("accounts.csv", accounts);
    sandbox
}

#[test]
fn teams_and_places_are_found_written_down_and_explained() {
    let sandbox = project("id,country,size,type\nA,DE,900,Client\nB,FR,50,Partner\nC,,200,Client\nD,FR,300,Client\n");
    let plan = sandbox.run(&["plan"]).success().stdout;
    for line in [
        "Account  A    team       ana, Ops (core), bo (extended, as needed), Legal (corporate, on request)",
        "Account  C    team       ana, Ops (core), Nowhere (extended, as needed), Legal",
        "Account  A    territory  EMEA/DACH/Big",
        "Account  B    territory  EMEA/Key",
        "Account  D    territory  EMEA",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let wanted = line.replace("ana, Ops (core)", "ana (core), Ops (core)");
        assert!(squeezed(&plan).contains(&squeezed(&wanted)), "{wanted}\nnot in\n{plan}");
    }
    sandbox.run(&["apply", "--yes"]).success();
    assert!(sandbox.run(&["apply", "--yes"]).success().stdout.contains("0 entries written"));
    let explained = sandbox.run(&["explain", "Account", "A", "--role", "team"]).success().stdout;
    assert!(explained.contains("large  rules.own:9:5: bo (extended, as needed)"), "{explained}");
    let explained = sandbox.run(&["explain", "Account", "A", "--role", "territory"]).success().stdout;
    assert!(explained.contains("EMEA/DACH/Big (assigned)"), "{explained}");
    assert!(sandbox.run(&["verify"]).success().stdout.contains("ok:"));
}

#[test]
fn a_member_of_a_pool_stays_while_they_may_keep_it() {
    let sandbox = project("id,country,size,type\nA,DE,900,Client\n");
    sandbox.run(&["apply", "--yes"]).success();
    // A second record has the other architect; the first one keeps theirs.
    sandbox.write("accounts.csv", "id,country,size,type\nA,DE,900,Client\nB,DE,200,Client\n");
    sandbox.run(&["apply", "--yes"]).success();
    let team = |key: &str| sandbox.run(&["explain", "Account", key, "--role", "team"]).success().stdout;
    assert!(team("A").contains("bo (extended"), "{}", team("A"));
    assert!(team("B").contains("cy (extended"), "{}", team("B"));
    // Somebody who leaves is replaced, and nobody else moves.
    sandbox.write("people.csv", &PEOPLE.replace("bo,Bo,Architects,yes", "bo,Bo,Architects,no"));
    let plan = sandbox.run(&["plan"]).success().stdout;
    assert!(plan.contains("cy (extended, as needed)  bo (extended, as needed)"), "{plan}");
    assert!(!plan.contains("Account  B"), "{plan}");
}

#[test]
fn a_record_that_is_gone_or_invalid_is_told_and_an_empty_team_is_released() {
    let sandbox = project("id,country,size,type\nA,DE,900,Client\nB,FR,50,Partner\n");
    sandbox.run(&["apply", "--yes"]).success();
    sandbox.write("accounts.csv", "id,country,size,type\nA,DE,900,Clint\n");
    let plan = sandbox.run(&["plan", "--format", "json"]).success().stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    let teams = plan["teams"].as_array().unwrap();
    let of = |key: &str, role: &str| teams.iter().find(|team| team["key"] == key && team["role"] == role).unwrap();
    assert_eq!(of("A", "team")["outcome"], "invalid");
    assert_eq!(of("A", "team")["leaves"].as_array().unwrap().len(), 0, "what stood stays");
    assert_eq!(of("B", "territory")["outcome"], "gone");
    assert_eq!(of("B", "territory")["leaves"].as_array().unwrap().len(), 1);
}

#[test]
fn room_that_comes_free_in_a_run_is_there_in_that_run() {
    // Bo and Cy may stand in one team each; A's place ends in the run in which B and C ask for one.
    let one_each = |accounts: &str| {
        let sandbox = project(accounts);
        sandbox.write("rules.own", &RULES.replace("least loaded of Architects", "least loaded of Architects up to 1"));
        sandbox
    };
    let sandbox = one_each("id,country,size,type\nA,DE,900,Client\n");
    sandbox.run(&["apply", "--yes"]).success();
    sandbox.write("accounts.csv", "id,country,size,type\nA,DE,10,Client\nB,DE,200,Client\nC,DE,200,Client\n");
    sandbox.run(&["apply", "--yes"]).success();
    for (key, member) in [("B", "cy (extended"), ("C", "bo (extended")] {
        let explained = sandbox.run(&["explain", "Account", key, "--role", "team"]).success().stdout;
        assert!(explained.contains(member), "{explained}");
    }
    assert!(sandbox.run(&["apply", "--yes"]).success().stdout.contains("0 entries written"));
    // So it is when B is gone; C, whose row is broken, keeps what it had.
    sandbox.write("accounts.csv", "id,country,size,type\nC,DE,200,Clint\nD,DE,200,Client\nE,DE,200,Client\n");
    sandbox.run(&["apply", "--yes"]).success();
    let member = |key: &str| sandbox.run(&["explain", "Account", key, "--role", "team"]).success().stdout;
    assert!(member("D").contains("cy (extended"), "{}", member("D"));
    assert!(member("E").contains("Nowhere (extended"), "C keeps what it had: {}", member("E"));
    assert!(sandbox.run(&["apply", "--yes"]).success().stdout.contains("0 entries written"));
}

#[test]
fn history_shows_who_was_in_the_team() {
    let sandbox = project("id,country,size,type\nA,DE,90,Client\n");
    sandbox.run(&["apply", "--yes", "--as-of", "2026-01-01"]).success();
    sandbox.write("accounts.csv", "id,country,size,type\nA,DE,90,Prospect\n");
    sandbox.run(&["apply", "--yes", "--as-of", "2026-02-01"]).success();
    let history = sandbox.run(&["history", "Account", "A"]).success().stdout;
    assert!(history.contains("ana (core), Ops (core), Legal (corporate, on request)"), "{history}");
    let before = sandbox.run(&["explain", "Account", "A", "--role", "team", "--as-of", "2026-01-15"]).success().stdout;
    assert!(before.contains("Legal (corporate, on request)   by legal"), "{before}");
    let after = sandbox.run(&["explain", "Account", "A", "--role", "team", "--as-of", "2026-02-15"]).success().stdout;
    assert!(!after.contains("Legal"), "{after}");
}

fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["DE", "FR", "GB"]).prop_map(|country| format!("country = \"{country}\"")),
        (0..5).prop_map(|size| format!("size >= {size}")),
        prop::sample::select(vec!["Prospect", "Client", "Partner"]).prop_map(|one| format!("type = {one}")),
        Just("country is missing".to_owned()),
        (0..5).prop_map(|size| format!("not (size < {size} or country != \"DE\")")),
    ];
    prop::collection::vec(leaf, 1..4).prop_map(|parts| parts.join(" and "))
}

proptest! {
    #![proptest_config(cases::config(cases::count(120)))]

    /// Every rule whose conditions hold adds, and a place counts where none inside it does.
    #[test]
    fn a_team_is_everybody_whose_rule_matches(
        rules in prop::collection::vec(condition(), 1..12),
        places in prop::collection::vec((condition(), prop::option::of(condition())), 1..4),
        rows in prop::collection::vec((0..4_usize, prop::option::of(0..6), 0..3_usize), 1..20),
    ) {
        let adds: String = rules.iter().enumerate().map(|(at, rule)| format!("  when {rule} add Q{at}\n")).collect();
        let queues: Vec<String> = (0..rules.len()).map(|at| format!("Q{at}")).collect();
        let tree: String = places
            .iter()
            .enumerate()
            .map(|(at, (outer, inner))| match inner {
                Some(inner) => format!("  P{at}: when {outer} {{ In: when {inner} }}\n"),
                None => format!("  P{at}: when {outer}\n"),
            })
            .collect();
        let policy = format!(
            "record Account from accounts {{ id text, key\n country text, optional\n size number, optional\n \
             type one of (Prospect, Client, Partner) }}\nqueue {}\ngather team of Account {{\n{adds}}}\n\
             place Account in territory {{\n{tree}}}\n",
            queues.join(", ")
        );
        let cells: Vec<Vec<String>> = rows
            .iter()
            .enumerate()
            .map(|(at, (country, size, kind))| vec![
                format!("R{at}"),
                ["DE", "FR", "GB", ""][*country].to_owned(),
                size.map_or(String::new(), |size: i32| size.to_string()),
                ["Prospect", "Client", "Partner"][*kind].to_owned(),
            ])
            .collect();
        let cells: Vec<Vec<&str>> = cells.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
        let cells: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
        let built = World::new(policy).rows("Account", &["id", "country", "size", "type"], &cells).build();
        for team in &built.policy.gathers {
            let nobody = vec![ownward::assign::NOBODY; cells.len()];
            let scene =
                Scene::of_gather(&built.policy, &team.role, &built.dataset, &built.binding, &built.as_of, &nobody);
            let plan = plan::lower_role(&built.policy, &team.role, &built.as_of, &|name| built.binding.name(name).is_ok());
            let mut owners = built.owners.clone();
            let mut desk = Desk::open(&built.policy, &built.binding, &Rotations::new(), &mut owners);
            let found = gather(&scene, team, &plan, &GatherInput::default(), &[], &mut owners, &mut desk);
            let setting = Setting {
                policy: &built.policy,
                record: team.role.record,
                binding: &built.binding,
                as_of: &built.as_of,
            };
            for row in 0..u32::try_from(cells.len()).unwrap() {
                let facts = RecordFacts {
                    policy: &built.policy,
                    dataset: &built.dataset,
                    record: team.role.record,
                    row,
                    current: None,
                    owner_of: &|_, _| None,
                    related: &built.related,
                };
                let holds: Vec<RuleId> =
                    team.role.rule_ids().filter(|id| row::matches(setting, team.role.rule(*id), &facts)).collect();
                let added = &found.added[row as usize];
                match &team.kind {
                    GatherKind::Team(adds) => {
                        let wanted: Vec<String> = holds
                            .iter()
                            .map(|id| match row::target_named(setting, &adds[id.0 as usize][0].chain[0].kind, &facts) {
                                Named::Owner(owner) => owner.id,
                                other => panic!("{other:?}"),
                            })
                            .collect();
                        let got: Vec<String> =
                            added.iter().map(|added| owners.get(added.owner).unwrap().id.clone()).collect();
                        prop_assert_eq!(got, wanted);
                    }
                    GatherKind::Places(around) => {
                        let is_outer = |id: &RuleId| holds.iter().any(|inner| around[inner.0 as usize] == Some(*id));
                        let wanted: Vec<RuleId> = holds.iter().copied().filter(|id| !is_outer(id)).collect();
                        let got: Vec<RuleId> = added.iter().map(|added| added.rule).collect();
                        prop_assert_eq!(got, wanted);
                    }
                }
                let outcome = if added.is_empty() { Outcome::Nobody } else { Outcome::Assigned };
                prop_assert_eq!(found.outcome[row as usize], outcome);
            }
        }
    }
}
