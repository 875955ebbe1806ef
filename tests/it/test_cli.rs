//! `ownward test` through the program: what it says, how it ends, what CI reads.

use crate::sandbox::{Ran, Sandbox};

const RULES: &str = "record Account from accounts {
  id        text, key
  name      text
  status    one of (Active, At-Risk, Churned)
  employees number, optional
}

team Success
team Sales
queue Triage

decide owner of Account {
  at-risk: when status = At-Risk assign to Success
  large: when employees >= 1000 assign to Sales
  rest: otherwise assign to Triage
}
";

fn project(tests: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", RULES);
    sandbox.write("tests.own", tests);
    sandbox
}

const GOOD: &str = "test \"risk\" { given Account { status = At-Risk } expect owner Success by at-risk }\n";
const BAD: &str = "test \"size <&>\" {
  given Account { status = Active }
  cases
    employees | expect owner | by
    1000      | Sales        | large
    999       | Sales        | large
}
";

#[track_caller]
fn says(ran: &Ran, parts: &[&str]) {
    for part in parts {
        assert!(ran.stdout.contains(part), "`{part}` is not in:\n{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn passing_tests_end_well() {
    let ran = project(GOOD).run(&["test"]).success();
    assert_eq!(ran.stdout, "ok    risk\n1 test: 1 passed, 0 failed\n");
}

#[test]
fn a_failed_case_shows_what_came_and_why() {
    let ran = project(&format!("{GOOD}{BAD}")).run(&["test"]).fails_with(1);
    says(
        &ran,
        &[
            "ok    risk",
            "FAIL  size <&> (1 of 2 cases failed)",
            "case 2, tests.own:7:17",
            "expected Sales by large",
            "got      Triage (queue) by rest",
            "rule `large` (rules.own:14:3) did not hold",
            "no  employees >= 1000   [employees is 999]",
            "rule `rest` (rules.own:15:3) decided",
            "2 tests, 3 cases: 2 passed, 1 failed",
        ],
    );
}

#[test]
fn an_unset_field_is_named() {
    let test = "test \"x\" { given Account { employees = 5 } expect owner Triage }";
    let ran = project(test).run(&["test"]).fails_with(1);
    says(&ran, &["[unset-field]", "`status` of Account `Account-1` is required, and was read"]);
}

#[test]
fn tests_are_chosen_by_their_names_and_listed() {
    let sandbox = project(&format!("{GOOD}{BAD}"));
    assert_eq!(sandbox.run(&["test", "RISK"]).success().last_line(), "1 test: 1 passed, 0 failed");
    let ran = sandbox.run(&["test", "--list"]).success();
    assert_eq!(ran.stdout, "risk   tests.own:1:6\nsize <&> (2 cases)   tests.own:2:6\n");
    let ran = sandbox.run(&["test", "nothing"]).fails_with(2);
    assert!(ran.stderr.contains("no test has `nothing` in its name"), "{}", ran.stderr);
}

#[test]
fn errors_of_policies_stop_tests_and_other_commands_type_them() {
    let sandbox = project("test \"x\" { given Account { statuss = Active } expect owner Triage }");
    for command in ["test", "check", "decide"] {
        let ran = sandbox.run(&[command]).fails_with(1);
        assert!(ran.stderr.contains("error[unknown-field]"), "{}", ran.stderr);
        assert!(ran.stderr.contains("did you mean `status`?"), "{}", ran.stderr);
    }
}

#[test]
fn a_project_without_tests_says_how_to_write_one() {
    let ran = project("").run(&["test"]).success();
    says(&ran, &["no tests: write `test"]);
}

#[test]
fn json_holds_everything() {
    let ran = project(&format!("{GOOD}{BAD}")).run(&["test", "--coverage", "--format", "json"]).fails_with(1);
    let json = ran.json();
    assert_eq!(json["schema"], "ownward.test/1");
    assert_eq!(json["totals"], serde_json::json!({ "tests": 2, "cases": 3, "passed": 2, "failed": 1 }));
    let failed = &json["tests"][1]["cases"][1];
    assert_eq!((failed["row"].as_u64(), failed["passed"].as_bool()), (Some(2), Some(false)));
    assert_eq!(failed["expectations"][0]["verdict"], "failed");
    assert_eq!(failed["expectations"][0]["deciding"]["label"], "rest");
    assert_eq!(json["coverage"]["figures"]["rules"], serde_json::json!({ "seen": 3, "of": 3 }));
}

#[test]
fn junit_is_well_formed_and_counts_every_case() {
    let sandbox = project(&format!("{GOOD}{BAD}"));
    sandbox.run(&["test", "--junit", "out.xml"]).fails_with(1);
    let text = std::fs::read_to_string(sandbox.path().join("out.xml")).unwrap();
    assert!(text.starts_with(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ownward\" tests=\"3\" failures=\"1\""
    ));
    assert!(text.contains("name=\"size &lt;&amp;&gt;, case 2\""), "{text}");
    assert!(text.contains("type=\"failed-test\""), "{text}");
    well_formed(&text);
    let ran = sandbox.run(&["test", "--junit", "no/such/folder/out.xml"]).fails_with(2);
    assert!(ran.stderr.contains("could not be written"), "{}", ran.stderr);
}

/// Every element is closed in its turn, and nothing that needs escaping stands between them.
fn well_formed(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.split_once("?>").expect("a declaration").1;
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "{before}");
        let mut entities = before.split('&').skip(1);
        assert!(entities.all(|one| one.contains(';')), "{before}");
        let (tag, after) = after.split_once('>').expect("a tag ends");
        rest = after;
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
}

#[test]
fn too_little_coverage_fails() {
    let sandbox = project(GOOD);
    let ran = sandbox.run(&["test", "--coverage"]).success();
    says(
        &ran,
        &["1 of 3 (33 %)", "rules that no test exercises:", "owner of Account: large (rules.own:14:3) never decides"],
    );
    sandbox.run(&["test", "--min-coverage", "33"]).success();
    let ran = sandbox.run(&["test", "--min-coverage", "34"]).fails_with(1);
    assert!(ran.stderr.contains("the tests exercise 33 % of the rules"), "{}", ran.stderr);
    sandbox.run(&["test", "--min-coverage", "101"]).fails_with(2);
}

#[test]
fn github_gets_an_annotation_for_each_failure() {
    let ran = project(BAD).run(&["test", "--format", "github"]).fails_with(1);
    says(&ran, &["::error file=tests.own,line=6", "expected Sales by large"]);
}

#[test]
fn the_crm_policy_passes_its_tests_and_leaves_no_rule_untested() {
    let ran = Sandbox::of("policies/crm").run(&["test", "--min-coverage", "100"]).success();
    says(&ran, &["0 failed"]);
}
