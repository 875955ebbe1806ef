//! `explain --why-not` and `explain --to`: known answers.

use crate::sandbox::Sandbox;
use serde_json::Value;

const HEAD: &str = "record Account from accounts {
  id        text, key
  name      text
  status    one of (Prospect, Active, At-Risk)
  employees number, optional
  country   text, optional
  tags      many of (Vip, Press)
  agent     text, optional
  parent    Account, optional
  opened    date, created
  current owner, column \"owner\"
}
person from people
team  Success
team  Sales
team  Desk
queue Triage
list  named from \"named.csv\" by name
table Coverage from \"coverage.csv\" {
  match country   = country
  match employees between low and high
  give  seller
}
";

/// A project of rules for the owner of accounts.
fn book(rules: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", &format!("{HEAD}decide owner of Account {{\n{rules}\n}}\n"));
    let people = "id,name,email,team,active,covers\n\
        ana,Ana Roth,ana@x.example,Sales,yes,DE;AT\nben,Ben Hale,ben@x.example,Sales,yes,FR\n\
        cat,Cat Moor,cat@x.example,Desk,yes,\nold,Old Hand,old@x.example,Sales,no,\n";
    sandbox.write("people.csv", people);
    sandbox.write("named.csv", "name,owner\nAcme,cat\nBolt,ben\n");
    sandbox.write("coverage.csv", "country,low,high,seller\nDE,0,99,ana\nDE,100,,ben\nFR,,,ben\n");
    sandbox.write(
        "accounts.csv",
        "id,name,status,employees,country,tags,agent,parent,opened,owner\n\
         A1,Corda,Active,40,DE,,,,2025-01-01,\nA2,Acme,At-Risk,500,FR,Vip,,A1,2025-01-02,\n\
         A3,Dorn,Prospect,,,,,,2025-01-03,ben\n",
    );
    sandbox
}

fn asked(sandbox: &Sandbox, key: &str, question: &str, name: &str) -> Value {
    sandbox.run(&["explain", "Account", key, question, name, "--format", "json"]).success().json()
}

fn told(sandbox: &Sandbox, key: &str, question: &str, name: &str) -> String {
    sandbox.run(&["explain", "Account", key, question, name]).success().stdout
}

/// `status: Active -> At-Risk, … => rule` for each alternative.
fn changes(answer: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("missing").to_owned();
    let alternatives = answer["alternatives"].as_array().unwrap().iter();
    let one = |alternative: &Value| {
        let changes = alternative["changes"].as_array().unwrap().iter();
        let changes: Vec<String> = changes
            .map(|one| format!("{}: {} -> {}", text(&one["name"]), text(&one["from"]), text(&one["to"])))
            .collect();
        format!("{} => {}", changes.join(", "), text(&alternative["rule"]["label"]))
    };
    alternatives.map(one).collect()
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

const RULES: &str = "
  risk:  when status = At-Risk assign to Success
  named: when name in named assign to named.owner
  large: when employees >= 120 and status = Active assign to Desk
  cover: when status = Active assign to Coverage
  rest:  otherwise assign to Triage";

#[test]
fn the_rules_that_would_give_it_are_told_with_what_fails() {
    let sandbox = book(RULES);
    let text = told(&sandbox, "A1", "--why-not", "Success");
    says(
        &text,
        &[
            "owner of Account A1: ana (person)",
            "why not Success (team)?",
            "risk  rules.own:",
            "no  status = At-Risk   [status is Active]",
            "decided by cover",
            "names ana (person)",
        ],
    );
    assert!(!text.contains("named  rules.own"), "a rule that never gives it to them:\n{text}");
    // By any name, and by the rows of lists and tables.
    let text = told(&sandbox, "A1", "--why-not", "Ben Hale");
    says(
        &text,
        &[
            "why not ben (person)?",
            "line 3 of named.csv names them:",
            "no  name is \"Bolt\"   [name is Corda]",
            "line 3 of coverage.csv names them:",
            "no  employees >= 100   [employees is 40]",
            "line 4 of coverage.csv names them:",
            "no  country is \"FR\"   [country is DE]",
            "it decides, and names ana (person)",
        ],
    );
}

#[test]
fn a_rule_that_matches_too_late_names_the_one_before_it() {
    let sandbox = book(RULES);
    let text = told(&sandbox, "A2", "--why-not", "Triage");
    says(&text, &["rest  rules.own:", "it matches, but risk  rules.own:", "stands before it and takes the record"]);
    let answer = asked(&sandbox, "A2", "--why-not", "cat");
    assert_eq!(answer["answer"], "rules");
    assert_eq!(answer["rules"][0]["verdict"], "taken before");
    assert_eq!(answer["rules"][0]["taken_by"]["label"], "risk");
    assert_eq!(answer["rules"][0]["ways"][0]["holds"], true);
}

#[test]
fn what_can_never_be_is_said_at_once() {
    let sandbox = book(RULES);
    says(&told(&sandbox, "A1", "--why-not", "ana"), &["`ana` owns it already"]);
    says(&told(&sandbox, "A1", "--to", "ana"), &["nothing: the rules give it to `ana`, by cover"]);
    says(
        &told(&sandbox, "A1", "--why-not", "Sales"),
        &["no rule of `owner of Account` ever gives a record to `Sales`"],
    );
    says(&told(&sandbox, "A1", "--to", "Sales"), &["no change leads there: no rule of `owner of Account` ever gives"]);
    says(&told(&sandbox, "A1", "--why-not", "old"), &["`old` is not active"]);
    says(&told(&sandbox, "A1", "--to", "old"), &["`old` is not active"]);
    for question in ["--why-not", "--to"] {
        let unknown = sandbox.run(&["explain", "Account", "A1", question, "Sucess"]).fails_with(2);
        says(&unknown.stderr, &["nobody is called `Sucess`; did you mean `Success`?"]);
    }
    sandbox.run(&["explain", "Account", "A1", "--to", "ana", "--why-not", "ana"]).fails_with(2);
}

#[test]
fn the_fewest_changes_come_with_the_rule_that_would_decide() {
    let sandbox = book(RULES);
    assert_eq!(changes(&asked(&sandbox, "A1", "--to", "Success")), ["status: Active -> At-Risk => risk"]);
    // The nearest value, and everything else that would do.
    let desk = asked(&sandbox, "A1", "--to", "Desk");
    assert_eq!(changes(&desk), ["employees: 40 -> 120 => large"]);
    assert_eq!(desk["alternatives"][0]["changes"][0]["any"], "employees >= 120");
    assert_eq!(desk["is_fewest"], true);
    // Different fields, the realistic ones first.
    let ben = changes(&asked(&sandbox, "A1", "--to", "ben"));
    assert_eq!(ben, ["employees: 40 -> 100 => cover", "country: DE -> FR => cover", "name: Corda -> Bolt => named"]);
    let back = changes(&asked(&sandbox, "A2", "--to", "Triage"));
    assert_eq!(back, ["status: At-Risk -> Prospect, name: Acme -> other => rest"]);
    let text = told(&sandbox, "A2", "--to", "Triage");
    says(
        &text,
        &[
            "1. 2 changes",
            "name: Acme -> another one   [any name not in (\"Acme\", \"Bolt\")]",
            "then rest  rules.own:",
        ],
    );
    let late = changes(&asked(&sandbox, "A3", "--to", "ana"));
    assert_eq!(late, ["status: Prospect -> Active, employees: missing -> 0, country: missing -> DE => cover"]);
}

#[test]
fn never_is_said_where_rules_before_take_every_record() {
    let sandbox = book(
        "
  first: when status in (Prospect, Active) assign to Success
  risk:  when status = At-Risk assign to Desk
  last:  when employees > 5 assign to Triage",
    );
    says(&told(&sandbox, "A1", "--to", "Triage"), &["no change leads there: rules before them take the record"]);
    assert_eq!(asked(&sandbox, "A1", "--to", "Triage")["answer"], "never");
    let sandbox = book(
        "
  key:   when id = \"A9\" assign to Desk
  old:   when opened before 2024-01-01 assign to Triage
  other: when parent is known assign to Success
  rest:  otherwise assign to Sales",
    );
    for name in ["Desk", "Triage", "Success"] {
        assert_eq!(
            asked(&sandbox, "A1", "--to", name)["answer"],
            "never",
            "{name}: keys, creation and references stay"
        );
    }
}

#[test]
fn other_decisions_and_other_records_come_last_and_are_named_as_such() {
    let sandbox = book(
        "
  group: when parent is known and parent.status = Active assign to Desk
  child: when parent is known assign to owner of parent
  busy:  when count of Account (status = At-Risk) >= 2 assign to Triage
  rest:  when status = Active assign to Success
  sold:  otherwise assign to Sales",
    );
    let answer = asked(&sandbox, "A2", "--to", "cat");
    assert_eq!(changes(&answer), ["parent.status: Active -> Prospect, owner of parent: Success -> cat => child"]);
    assert_eq!(answer["alternatives"][0]["changes"][0]["of"], "other record");
    assert_eq!(answer["alternatives"][0]["changes"][1]["of"], "owner");
    let answer = asked(&sandbox, "A1", "--to", "Triage");
    assert_eq!(answer["alternatives"][0]["changes"][0]["of"], "worked out");
    says(&told(&sandbox, "A1", "--to", "Triage"), &["(worked out over other records)"]);
}

#[test]
fn pools_are_asked_for_their_people() {
    let sandbox = book(
        "
  area: when status = Active assign to next of Sales where covers includes record.country else Desk
  rest: otherwise assign to Triage",
    );
    let answer = asked(&sandbox, "A1", "--to", "ben");
    assert_eq!(changes(&answer), ["country: DE -> FR => area"]);
    assert_eq!(answer["alternatives"][0]["by_pool"], true);
    says(&told(&sandbox, "A1", "--why-not", "ben"), &["`where` does not hold of them", "ben"]);
    says(&told(&sandbox, "A1", "--why-not", "Desk"), &["only where nobody in the pool may receive"]);
    let sandbox = book(
        "
  all: when status = Active assign to next of Sales
  rest: otherwise assign to Triage",
    );
    let answer = asked(&sandbox, "A1", "--why-not", "ben");
    assert_eq!(answer["rules"][0]["says"], "it decides: they are in its pool, which chose somebody else");
    assert!(
        answer["in_the_way"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains("the pool chose"))
    );
}

#[test]
fn fields_that_name_an_owner_can_be_filled_in() {
    let sandbox = book(
        "
  agent: when status = Active assign to agent
  rest:  otherwise assign to Triage",
    );
    assert_eq!(changes(&asked(&sandbox, "A1", "--to", "Cat Moor")), ["agent: missing -> cat => agent"]);
    says(&told(&sandbox, "A1", "--why-not", "cat"), &["agent would have to name them"]);
}

#[test]
fn what_stands_before_the_rules_is_said() {
    let sandbox = book(RULES);
    sandbox.run(&["pin", "Account", "A1", "cat", "--because", "agreed"]).success();
    let text = told(&sandbox, "A1", "--why-not", "ana");
    says(
        &text,
        &["owner of Account A1: cat (person)", "it decides, and names them", "no rule is asked: pinned by", "agreed"],
    );
    let text = told(&sandbox, "A1", "--to", "ana");
    says(&text, &["nothing: the rules give it to `ana`", "no rule is asked: pinned by"]);
    says(&told(&sandbox, "A1", "--why-not", "cat"), &["owns it already", "pinned by"]);
}

#[test]
fn a_rule_of_another_day_says_so() {
    let sandbox = book(
        "
  gone: when status = Active assign to Desk until 2020-01-01
  rest: otherwise assign to Triage",
    );
    says(&told(&sandbox, "A1", "--why-not", "Desk"), &["it does not count on this day"]);
    assert_eq!(asked(&sandbox, "A1", "--to", "Desk")["answer"], "never");
}

#[test]
fn several_conditions_on_one_field_are_met_together() {
    let sandbox = book(
        "
  far:   when employees * 2 > 90 and tags includes all of (Vip, Press) assign to Desk
  words: when name contains \"bank\" and not (name starts with \"bank\") and name ends with \"AG\" assign to Success
  rest:  otherwise assign to Triage",
    );
    assert_eq!(changes(&asked(&sandbox, "A1", "--to", "Desk"))[0], "employees: 40 -> 46, tags:  -> Vip;Press => far");
    let words = asked(&sandbox, "A1", "--to", "Success");
    assert_eq!(words["alternatives"][0]["changes"].as_array().unwrap().len(), 1, "{words:#}");
}

#[test]
fn a_team_is_no_single_owner() {
    let sandbox = Sandbox::of("policies/crm");
    let refused = sandbox.run(&["explain", "Account", "A-1004", "--role", "team", "--to", "Sales"]).fails_with(2);
    says(&refused.stderr, &["asked of a role with one owner"]);
}

#[test]
fn the_model_company_has_answers() {
    let sandbox = Sandbox::of("policies/crm");
    let answer = asked(&sandbox, "A-1004", "--why-not", "marek.dahl");
    assert!(answer["rules"].as_array().unwrap().len() > 3, "{answer:#}");
    let answer = asked(&sandbox, "A-1001", "--to", "Triage");
    assert_eq!(answer["answer"], "changes");
    for alternative in answer["alternatives"].as_array().unwrap() {
        assert!(alternative["changes"].as_array().unwrap().len() <= 3, "{answer:#}");
    }
}
