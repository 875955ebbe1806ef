//! `check` on projects whose data is not, or only half, at hand.

use crate::sandbox::Sandbox;

const TABLE: &str = "\
record Account { id text, key
  country text
  postcode text }
table Areas from \"lists/areas.csv\" {
  match country = country
  match postcode starts with prefix
  give owner
}
decide owner of Account {
  assign to Areas
  otherwise assign to nobody
}
queue Triage
";

#[test]
fn people_that_are_not_at_hand_are_no_warning() {
    let sandbox = Sandbox::of("policies/starter");
    std::fs::remove_file(sandbox.path().join("people.csv")).expect("a file of people");
    let ran = sandbox.run(&["check", "--strict"]).success();
    assert!(ran.stderr.contains("note[absent-table]: no file `people.csv`"), "{}", ran.stderr);
    sandbox.run(&["check", "--require-data"]).fails_with(2);
}

#[test]
fn a_table_whose_file_is_absent_is_named_with_the_one_that_is_meant() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", TABLE);
    sandbox.write("lists/area.csv", "country,prefix,owner\n");
    let ran = sandbox.run(&["check"]).fails_with(1);
    let headline = "error[unreadable-file]: `lists/areas.csv` is not in the project; did you mean `area.csv`?";
    assert!(ran.stderr.contains(headline), "{}", ran.stderr);
}

#[test]
fn rows_that_can_never_match_are_told() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", TABLE);
    sandbox.write("lists/areas.csv", "country,prefix,owner\nDE,1,Triage\nAT,,Triage\nCH,,Triage\n");
    let ran = sandbox.run(&["check", "--strict"]).fails_with(1);
    insta::assert_snapshot!(ran.stderr, @r#"
    warning[bad-cell]: 2 rows of `lists/areas.csv` can never match
      rules.own:6:9
      6 |   match postcode starts with prefix
        |         -------- column `prefix` is blank there, first on line 3
      note: a blank cell matches nothing, not everything; only the ends of a range may be blank
      help: fill in `prefix`, or keep those rows in a table that does not match it
    "#);
}

#[test]
fn with_the_data_at_hand_a_column_that_is_not_there_is_an_error() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", ACCOUNTS);
    sandbox.write("accounts.csv", "id,statuss\nA-1,Active\n");
    sandbox.run(&["check", "--strict"]).success();
    let ran = sandbox.run(&["check", "--strict", "--require-data"]).fails_with(1);
    insta::assert_snapshot!(ran.stderr, @r#"
    error[absent-column]: `accounts.csv` has no column `status`
      rules.own:3:3
      3 |   status one of (Active, Churned)
        |   ------ `Account.status` is read from it
      help: did you mean `statuss`?
    "#);
    sandbox.write("accounts.csv", "id,status\nA-1,Active\n");
    sandbox.run(&["check", "--strict", "--require-data"]).success();
}

const ACCOUNTS: &str = "record Account from accounts {
  id     text, key
  status one of (Active, Churned)
}

queue Triage

decide owner of Account {
  when status = Active assign to Triage
  otherwise assign to nobody
}
";

const BANDS: &str = "record Account from accounts {
  id      text, key
  status  one of (Active, Churned, Dormant)
  size    number, optional
  country text, optional
}

team Sales
queue Triage

decide owner of Account {
  small: when size < 100 assign to Sales
  large: when size > 100 assign to Triage
  always: when status = Dormant assign to Triage
}
";

#[test]
fn a_gap_is_held_against_the_records_that_are_there() {
    let sandbox = Sandbox::empty();
    sandbox.write("ownward.toml", "");
    sandbox.write("rules.own", BANDS);
    sandbox.write("accounts.csv", "id,status,size,country\nA-1,Active,50,DE\nA-2,Dormant,,DE\nA-3,Churned,,DE\n");
    let ran = sandbox.run(&["check", "--strict", "--data"]).fails_with(1);
    insta::assert_snapshot!(ran.stderr, @r#"
    warning[gap]: `owner of Account` leaves records without a rule
      rules.own:11:8
      11 | decide owner of Account {
         |        ---------------- takes not every record
      note: no rule takes those with size is missing and status is not Dormant
      note: for example: size is missing, status = Active
      note: 1 of the 3 records that are there today have no rule
      help: add a rule for them, or end with `otherwise assign to …`
    "#);
    // The combination does not occur, its values do.
    sandbox.write("accounts.csv", "id,status,size,country\nA-1,Active,50,DE\nA-2,Dormant,,DE\n");
    let ran = sandbox.run(&["check", "--strict", "--data"]).fails_with(1);
    assert!(ran.stderr.contains("note: 0 of the 2 records that are there today have no rule"), "{}", ran.stderr);
    // None of its values does.
    sandbox.write("accounts.csv", "id,status,size,country\nA-1,Active,50,DE\n");
    let ran = sandbox.run(&["check", "--strict", "--data"]).success();
    assert!(ran.stderr.starts_with("note[gap]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("note: no record that is there today holds such values"), "{}", ran.stderr);
    // Without records nothing is known to occur.
    sandbox.write("accounts.csv", "id,status,size,country\n");
    sandbox.run(&["check", "--strict", "--data"]).success();
}

#[test]
fn where_records_without_a_value_go_is_shown() {
    let sandbox = Sandbox::empty();
    sandbox.write("ownward.toml", "");
    sandbox.write("rules.own", BANDS.replace("when size < 100", "when country is not \"DE\" and size < 100").as_str());
    let ran = sandbox.run(&["check", "--missing"]).success();
    insta::assert_snapshot!(ran.stdout, @r#"
    owner of Account
    without  go to    at
    size     always   rules.own:14:3
             no rule                  like status = Active
    country  small    rules.own:12:3  reads it
             large    rules.own:13:3
             always   rules.own:14:3
             no rule                  like size = 100, status = Active

    2 warnings in 3 rules of 1 role
    "#);
    let ran = sandbox.run(&["check", "--missing", "--format", "json"]).success();
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["schema"], "ownward.diagnostics/1");
    insta::assert_snapshot!(json["missing"][0].to_string(), @r#"{"example":{"size":null,"status":"Active"},"field":"size","no_rule":true,"not_decided":[],"others":[{"file":"rules.own","label":"always","line":14,"rule":"always"}],"others_count":1,"readers":[],"role":"owner of Account"}"#);
    sandbox.run(&["check", "--missing", "--format", "sarif"]).fails_with(2);
}

#[test]
fn empty_teams_and_owners_that_nothing_names_are_told() {
    let sandbox = Sandbox::empty();
    sandbox.write("ownward.toml", "");
    let policy = "record Account from accounts {
  id     text, key
  status one of (Active, Churned)
}
person from people
team Sales
team EMEA part of Sales
team Nordics part of EMEA
team Support
team Empty
team Unseen
queue Triage
queue Old
queue Listed
table Areas from \"areas.csv\" {
  match status = status
  give owner
}
decide owner of Account {
  when status = Active assign to Areas
  when status = Churned assign to next of EMEA else Empty
  otherwise assign to Triage
}
test \"a member\" {
  given Account { status = Active }
  expect owner Support
}
";
    sandbox.write("rules.own", policy);
    sandbox.write("areas.csv", "status,owner\nActive,Listed\n");
    sandbox.write("accounts.csv", "id,status\nA-1,Active\n");
    sandbox.write("people.csv", "id,team,active\nana,Nordics,yes\nbo,Empty,no\n");
    let ran = sandbox.run(&["check"]).success();
    let told: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("]: ")).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    note[unused-owner]: no rule names the team `Unseen`
    note[unused-owner]: no rule names the queue `Old`
    warning[team-without-people]: no active person is in the team `Empty` today
    warning[unreachable-rule]: a rule is never reached: 2 before it together take every record it fits
    "#);
    // A directory that keeps no teams says nothing of them.
    sandbox.write("people.csv", "id,active\nana,yes\n");
    let ran = sandbox.run(&["check"]).success();
    assert!(!ran.stderr.contains("team-without-people"), "{}", ran.stderr);
}
