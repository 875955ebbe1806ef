//! `ownward test --mutate`: which small wrong versions of the rules the tests notice.

use crate::sandbox::Sandbox;
use serde_json::Value;

const HEAD: &str = "record Account from accounts {
  id        text, key
  status    one of (Active, At-Risk, Churned)
  employees number, optional
}

team Success
team Sales
queue Triage

";

fn mutants(rules: &str, tests: &str) -> Value {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", &format!("{HEAD}{rules}"));
    sandbox.write("tests.own", tests);
    sandbox.run(&["test", "--mutate", "--format", "json"]).success().json()
}

/// The mutants of one fate, as `kind: before -> after`.
fn told(all: &Value, fate: &str) -> Vec<String> {
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let all = all["mutants"].as_array().unwrap().iter().filter(|one| one["fate"] == fate);
    all.map(|one| format!("{}: {} -> {}", text(one, "kind"), text(one, "before"), text(one, "after"))).collect()
}

const LARGE: &str = "decide owner of Account {
  large: when employees >= 5000 assign to Sales
  rest: otherwise assign to Triage
}
";

#[test]
fn a_test_away_from_the_bound_lets_it_move() {
    let tests = "test \"size\" {
  given Account { status = Active }
  cases
    employees | expect owner
    6000      | Sales
    4000      | Triage
}
";
    let all = mutants(LARGE, tests);
    assert_eq!(
        told(&all, "survived"),
        [
            "missing: employees >= 5000 -> employees >= 5000 or employees is missing",
            "bound: employees >= 5000 -> employees >= 4999",
            "bound: employees >= 5000 -> employees >= 5001",
            "bound: employees >= 5000 -> employees > 5000",
        ]
    );
    assert_eq!(all["totals"]["not_decided"], 0);
}

#[test]
fn tests_at_the_bound_leave_nothing() {
    let tests = "test \"size\" {
  given Account { status = Active }
  cases
    employees | expect owner
    5001      | Sales
    5000      | Sales
    4999      | Triage
    -         | Triage
}
";
    let all = mutants(LARGE, tests);
    assert_eq!(told(&all, "survived"), [""; 0]);
    assert_eq!(all["totals"]["not_decided"], 0);
}

#[test]
fn what_no_record_can_tell_is_no_survivor() {
    // The two rules name the same owner: which comes first is nobody's business but the label's.
    let rules = "decide owner of Account {
  risk: when status = At-Risk assign to Sales
  lost: when status = Churned assign to Sales
  rest: otherwise assign to Triage
}
";
    let cases = |by: &str| {
        format!(
            "test \"all\" {{
  given Account {{ employees = 1 }}
  cases
    status  | expect owner | by
    At-Risk | Sales        | {}
    Churned | Sales        | -
    Active  | Triage       | -
}}
",
            by
        )
    };
    let all = mutants(rules, &cases("-"));
    assert_eq!(told(&all, "survived"), [""; 0]);
    let equal = told(&all, "equivalent");
    assert!(equal.contains(&"swapped-rules: risk before lost -> lost before risk".to_owned()), "{equal:?}");
}

#[test]
fn one_place_is_changed_for_all_who_use_it() {
    let rules = "define big = employees >= 10
decide owner of Account {
  risk: when big and status = At-Risk assign to Success
  big: when big assign to Sales
  rest: otherwise assign to Triage
}
";
    let all = mutants(rules, "test \"x\" { given Account { status = Active, employees = 3 } expect owner Triage }\n");
    let moved = all["mutants"].as_array().unwrap().iter().filter(|one| one["after"] == "employees >= 11");
    let moved: Vec<&Value> = moved.collect();
    assert_eq!(moved.len(), 1);
    assert_eq!(moved[0]["rules"], serde_json::json!(["owner of Account: risk", "owner of Account: big"]));
}

#[test]
fn holds_teams_and_questions_are_changed_too() {
    let rules = "decide owner of Account {
  calm: hold owner while status = At-Risk
  rest: otherwise assign to Triage
}
gather team of Account {
  care: when status = Churned add Success
}
";
    let tests = "test \"held\" {
  given Account { employees = 1, current owner = Sales }
  cases
    status  | expect owner | expect team
    At-Risk | kept         | -
    Active  | Triage       | -
    Churned | -            | Success
}
test \"none\" { given Account { status = Active, current owner = nobody } expect team excludes Success }
";
    let all = mutants(rules, tests);
    assert_eq!(told(&all, "survived"), [""; 0], "{all:#}");
    let killed = told(&all, "killed");
    assert!(killed.contains(&"dropped-term: status = At-Risk -> left out".to_owned()), "{killed:?}");
    assert!(killed.contains(&"dropped-rule: the rule -> no rule".to_owned()), "{killed:?}");
    assert!(killed.contains(&"negated-term: status = Churned -> status is not Churned".to_owned()), "{killed:?}");
}

#[test]
fn more_survivors_than_allowed_fail() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", &format!("{HEAD}{LARGE}"));
    sandbox.write("tests.own", "test \"x\" { given Account { employees = 6000 } expect owner Sales by large }\n");
    sandbox.run(&["test", "--mutate", "--max-survivors", "100"]).success();
    let ran = sandbox.run(&["test", "--mutate", "--max-survivors", "0"]).fails_with(1);
    assert!(ran.stdout.contains("dropped-rule in owner of Account: rest"), "{}", ran.stdout);
    assert!(ran.stderr.contains("--max-survivors allows 0"), "{}", ran.stderr);
    let none = sandbox.run(&["test", "--mutate", "--role", "seller"]).success();
    assert_eq!(none.stdout, "0 mutants: 0 killed, 0 survived, 0 equivalent, 0 not decided\n");
}

#[test]
fn nothing_is_changed_where_a_test_fails() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", &format!("{HEAD}{LARGE}"));
    sandbox.write("tests.own", "test \"x\" { given Account { employees = 6000 } expect owner Triage }\n");
    let ran = sandbox.run(&["test", "--mutate"]).fails_with(1);
    assert!(ran.stdout.contains("FAIL  x") && !ran.stdout.contains("mutants"), "{}", ran.stdout);
}

// ---------------------------------------------------------------- generated suites

/// Generates a suite into the project, and holds it against what it promises.
#[track_caller]
fn generated(sandbox: &Sandbox) -> String {
    let text = sandbox.run(&["test", "--generate"]).success().stdout;
    sandbox.run(&["test", "--generate", "--out", "generated.own"]).success();
    sandbox.run(&["test", "--min-coverage", "100"]).success();
    sandbox.run(&["fmt", "--check", "generated.own"]).success();
    let again = sandbox.run(&["test", "--generate", "--out", "generated.own"]).fails_with(2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    text
}

#[test]
fn a_generated_suite_passes_and_reaches_every_rule() {
    let sandbox = Sandbox::of("policies/starter");
    let text = generated(&sandbox);
    assert!(!text.contains("without a case"), "{text}");
    for value in ["| 999 ", "| 1000 ", "| 1001 "] {
        assert!(text.contains(value), "{value} is not in {text}");
    }
}

#[test]
fn values_of_every_kind_are_written_so_that_they_are_read() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "rules.own",
        "record Account from accounts {
  id     text, key
  name   text
  arr    money EUR, optional
  closes date, optional
  warm   yes/no
  wants  many of (Upsell, \"Cross Sell\")
  step   ordered (\"Not Yet\" < Soon < Now)
}
team Sales
team Success
queue Triage
decide owner of Account {
  quote: when name = \"a \\\"b\\\" \\\\ c\" assign to Success
  paid: when arr >= 0.5M EUR and warm assign to Sales
  soon: when closes within next 30 days assign to Success
  more: when wants includes \"Cross Sell\" assign to Sales
  step: when step >= Soon assign to Success
  rest: otherwise assign to Triage
}
",
    );
    let text = generated(&sandbox);
    assert!(!text.contains("without a case"), "{text}");
}

#[test]
fn what_refers_to_others_gets_them() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "rules.own",
        "record Account from accounts {
  id   text, key
  type one of (Client, Prospect)
}
record Contact from contacts {
  id      text, key
  account Account
  role    text
}
team Sales
team Success
decide owner of Contact {
  boss: when role = \"CEO\" assign to Sales
  client: when account.type = Client assign to Success
  rest: otherwise assign to Sales
}
",
    );
    let text = generated(&sandbox);
    assert!(!text.contains("without a case") && text.contains("given Account"), "{text}");
}

#[test]
fn generated_files_stay_in_the_project() {
    let sandbox = Sandbox::of("policies/starter");
    for file in ["../out.own", "/tmp/out.own", "rules.txt"] {
        sandbox.run(&["test", "--generate", "--out", file]).fails_with(2);
    }
    sandbox.run(&["test", "--generate", "--out", "rules.own"]).fails_with(2);
}
