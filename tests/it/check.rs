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
