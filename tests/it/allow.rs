//! `allow CODE: "reason"`: what it silences, what it never does, and that it changes nothing else.

use crate::sandbox::Sandbox;

const RECORDS: &str = "record Account from accounts {
  id     text, key
  status one of (Active, At-Risk, Churned)
}

team Sales
";

const RULES: &str = "decide owner of Account {
  assign to Sales
  when status = Churned assign to nobody
}
";

fn project(rules: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("records.own", RECORDS);
    sandbox.write("rules.own", rules);
    sandbox.write("accounts.csv", "id,status\nA1,Active\n");
    sandbox
}

fn codes(rules: &str) -> Vec<String> {
    let said = project(rules).run(&["check", "--format", "json"]).json();
    let codes = said["diagnostics"].as_array().unwrap().iter();
    codes.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_allowed_is_not_said() {
    assert_eq!(codes(RULES), ["unreachable-rule"]);
    let above = "  Allow unreachable-rule: \"kept\"\n  # a remark\n\n  when status = C";
    assert_eq!(codes(&RULES.replace("  when status = C", above)), Vec::<&str>::new());
    let whole = RULES.replace("decide", "allow unreachable-rule: \"a whole block\"\ndecide");
    assert_eq!(codes(&whole), Vec::<&str>::new());
    assert_eq!(codes("allow unused-define: \"x\"\ndefine a = status = Active\nassign to Sales\n"), Vec::<&str>::new());
}

#[test]
fn it_holds_in_groups_places_and_gathers() {
    let rules = "decide owner of Account {
  a: when status = Active {
    assign to Sales
    allow same-conditions: \"kept\"
    allow never-true: \"silences nothing\"
    assign to nobody
  }
  otherwise assign to nobody
}

place Account in territory {
  allow unused-define: \"silences nothing\"
  EMEA: when status = Active {
    allow unused-define: \"silences nothing\"
    DACH: when status = Churned
  }
}
";
    assert_eq!(codes(rules), ["unused-allow", "unused-allow", "unused-allow"]);
}

#[test]
fn one_that_silences_nothing_is_told() {
    assert_eq!(
        codes("allow never-true: \"x\"\nassign to Sales\nallow never-true: \"x\"\n"),
        ["unused-allow", "unused-allow"]
    );
    let above_another = RULES.replace("  assign to Sales", "  allow unreachable-rule: \"kept\"\n  assign to Sales");
    assert_eq!(codes(&above_another), ["unused-allow", "unreachable-rule"]);
    // Whether anybody is inactive is not to be seen without people.
    assert_eq!(codes("allow inactive-owner: \"x\"\nassign to Sales\n"), Vec::<&str>::new());
}

#[test]
fn what_names_and_whole_declarations_have_to_say_can_be_allowed() {
    let rules = "person from people
decide owner of Account {
  allow unknown-owner: \"the directory is not kept here\"
  when status = Active assign to \"ana.silva\"
  when status = Churned assign to \"bo.arden\"
  otherwise assign to nobody
}
";
    assert_eq!(codes(rules), ["absent-table", "unknown-owner"]);
    assert_eq!(codes(&format!("allow absent-table: \"not kept here\"\n{rules}")), ["unknown-owner"]);
}

#[test]
fn errors_cannot_be_allowed() {
    assert_eq!(codes("allow unknown-choice: \"x\"\nwhen status = Lost assign to Sales\n"), ["unknown-choice"]);
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(codes("allow never-true\nassign to Sales\n"), ["missing-reason"]);
    assert_eq!(codes("allow never-true:\nassign to Sales\n"), ["missing-reason"]);
    assert_eq!(codes("allow never-true: \" \"\nassign to Sales\n"), ["missing-reason"]);
    assert_eq!(codes("allow never-true \"why\"\nassign to Sales\n"), ["missing-reason"]);
    assert_eq!(codes("allow never-true: for the audit # yes\nassign to Sales\n"), ["unquoted-text"]);
    assert_eq!(codes("allow never-tru: \"x\"\nassign to Sales\n"), ["unknown-code"]);
    // Still a label, and still a word.
    assert_eq!(codes("allow: when status = Active assign to Sales\n"), ["gap"]);
}

#[test]
fn a_run_is_silent_where_a_check_is_and_writes_nothing_new() {
    let rules = "define lost = status = Churned\ndecide owner of Account {\n  assign to Sales\n}\n";
    let sandbox = project(rules);
    let first = sandbox.run(&["apply", "--yes", "--as-of", "2026-01-01"]).success();
    assert!(first.stderr.contains("unused-define"), "{}", first.stderr);
    let allowed = rules.replace("define", "allow unused-define: \"kept\"\ndefine");
    sandbox.write("rules.own", &allowed.replace("  when", "  allow never-true: \"kept\"\n  when"));
    let second = sandbox.run(&["apply", "--yes", "--as-of", "2026-01-02"]).success();
    assert!(second.stdout.contains(" 0 entries"), "{}", second.stdout);
    assert!(!second.stderr.contains("warning"), "{}", second.stderr);
}

#[test]
fn the_layout_keeps_it_on_the_line_above_its_rule() {
    let text = "team A\nallow unused-define  :  \"x\"  # why\ndefine a=b=c\nALLOW never-true: \"y\"\ndecide owner of Account{\nallow never-true: \"y\"\nwhen a assign to A}\n";
    insta::assert_snapshot!(ownward::format::format(text).unwrap(), @r#"
    team A
    allow unused-define: "x" # why
    define a = b = c

    allow never-true: "y"
    decide owner of Account {
      allow never-true: "y"
      when a assign to A
    }
    "#);
}
