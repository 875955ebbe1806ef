//! Owners set by hand from the command line: what `pin`, `unpin` and `pins` promise over several runs.

use crate::sandbox::{Ran, Sandbox};
use serde_json::Value;

const POLICY: &str = "record Account {
  id     text, key
  status one of (Active, At-Risk)
  parent Account, optional
  current owner, column \"owner\"
}

person from people
team Success
team Sales

decide owner of Account {
  at-risk: when status = At-Risk assign to Success because \"retention first\"
  child:   when parent is known assign to owner of parent
  other:   otherwise assign to Sales
}

decide backup of Account {
  all: otherwise assign to Sales
}
";

fn book() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", POLICY);
    sandbox.write("people.csv", "id,name,active\nana,Ana Roth,yes\nben,Ben Hale,no\n");
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,\nA2,At-Risk,A1,\nA3,Active,A1,\n");
    sandbox
}

fn apply(sandbox: &Sandbox) -> u64 {
    sandbox.run(&["apply", "--yes", "--format", "json"]).success().json()["entries"].as_u64().unwrap()
}

fn pin(sandbox: &Sandbox, key: &str, owner: &str, more: &[&str]) -> Ran {
    let mut args = vec!["pin", "Account", key, owner, "--because", "agreed"];
    args.extend(more);
    sandbox.run(&args)
}

fn owner_of(sandbox: &Sandbox, key: &str) -> String {
    let told = sandbox.run(&["explain", "Account", key, "--format", "json"]).success().json();
    told["owner"]["id"].as_str().unwrap_or("-").to_owned()
}

/// Key, owner, state and whether the rules agree, of every pin.
fn listed(sandbox: &Sandbox, more: &[&str]) -> Vec<String> {
    let mut args = vec!["pins", "--format", "json"];
    args.extend(more);
    let list = sandbox.run(&args).success().json();
    let line = |pin: &Value| {
        let agree = match pin["rules_agree"].as_bool() {
            Some(true) => "agreed",
            Some(false) => "needed",
            None => "-",
        };
        let text = |name: &str| pin[name].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {agree}", text("key"), pin["owner"]["id"].as_str().unwrap(), text("state"))
    };
    list["pins"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn a_pin_takes_effect_with_the_next_run_and_is_explained() {
    let sandbox = book();
    apply(&sandbox);
    let said = pin(&sandbox, "A1", "Ana Roth", &["--actor", "ops", "--until", "2999-12-31"]).success();
    assert!(said.stdout.starts_with("Pinned owner of Account A1 to ana until 2999-12-31;"), "{}", said.stdout);
    let plan = sandbox.run(&["plan", "--format", "json"]).success().json();
    let changes = plan["changes"].as_array().unwrap();
    // A3 follows the owner of A1.
    let moved: Vec<_> = changes.iter().map(|change| (change["key"].as_str().unwrap(), &change["to"]["id"])).collect();
    assert_eq!(moved, [("A1", &Value::from("ana")), ("A3", &Value::from("ana"))]);
    assert_eq!((&changes[0]["pin"], &changes[0]["reason"]), (&Value::from(true), &Value::from("agreed")));
    assert_eq!(apply(&sandbox), 2);
    assert_eq!(apply(&sandbox), 0);
    let told = sandbox.run(&["explain", "Account", "A1"]).success();
    for part in
        ["owner of Account A1: ana", "because: pinned by ops at 2", " until 2999-12-31: agreed", "no rule was asked"]
    {
        assert!(told.stdout.contains(part), "{part} in {}", told.stdout);
    }
    let then = sandbox.run(&["explain", "Account", "A1", "--as-of", "2999-01-01"]).success();
    assert!(then.stdout.contains("because: agreed"), "{}", then.stdout);
    sandbox.run(&["verify"]).success();
}

#[test]
fn history_tells_pins_from_decisions() {
    let sandbox = book();
    pin(&sandbox, "A1", "ana", &["--until", "2999-12-31"]).success();
    apply(&sandbox);
    sandbox.run(&["unpin", "Account", "A1", "--because", "over"]).success();
    apply(&sandbox);
    let entries = sandbox.run(&["history", "Account", "A1", "--role", "owner", "--format", "json"]).success().json();
    let lines: Vec<String> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let id = |owner: &str| entry[owner]["id"].as_str().unwrap_or("-").to_owned();
            let beside = entry["beside"].as_str().unwrap_or("decision");
            format!("{beside}: {} {} {}->{}", entry["role"], entry["outcome"], id("from"), id("to")).replace('"', "")
        })
        .collect();
    assert_eq!(
        lines,
        [
            "pin: pin of owner assigned -->ana",
            "decision: owner kept -->ana",
            "pin: pin of owner nobody ana->-",
            "decision: owner assigned ana->Sales",
        ]
    );
    let text = sandbox.run(&["history", "Account", "A1"]).success().stdout;
    assert!(text.contains("pinned") && text.contains("until 2999-12-31") && text.contains("unpinned"), "{text}");
    let asked = sandbox.run(&["explain", "Account", "A1", "--role", "pin of owner", "--as-of", "2999-01-01"]);
    assert!(asked.fails_with(2).stderr.contains("is no decision"));
    sandbox.run(&["verify"]).success();
}

#[test]
fn a_command_comes_before_a_policy_and_a_later_command_before_an_earlier() {
    let sandbox = book();
    sandbox.write("pins.own", "except Account \"A1\" stays with Success\n");
    let said = pin(&sandbox, "A1", "ana", &[]).success();
    assert!(said.stderr.contains("the pin at pins.own:1:1 gives way"), "{}", said.stderr);
    assert_eq!(owner_of(&sandbox, "A1"), "ana");
    assert_eq!(listed(&sandbox, &[]), ["A1 Success overruled -", "A1 ana live needed"]);
    let said = pin(&sandbox, "A1", "Sales", &[]).success();
    assert!(said.stderr.contains("it replaces the pin to ana"), "{}", said.stderr);
    assert_eq!(listed(&sandbox, &[]), ["A1 Success overruled -", "A1 Sales live agreed"]);
    let said = sandbox.run(&["unpin", "Account", "a1"]).fails_with(2);
    assert!(said.stderr.contains("`ownward pins` lists all"), "{}", said.stderr);
    sandbox.run(&["unpin", "account", "A1", "--role", "Owner"]).success();
    assert_eq!(owner_of(&sandbox, "A1"), "Success");
    let again = sandbox.run(&["unpin", "Account", "A1"]).fails_with(2);
    assert!(again.stderr.contains("written in a policy"), "{}", again.stderr);
    assert_eq!(listed(&sandbox, &[]), ["A1 Success live needed"]);
}

#[test]
fn the_same_pin_twice_is_one_entry() {
    let sandbox = book();
    let first = pin(&sandbox, "A1", "ana", &["--format", "json"]).success().json();
    assert_eq!((&first["schema"], &first["owner"]["id"]), (&Value::from("ownward.pin/1"), &Value::from("ana")));
    assert!(first["run"].is_string());
    let again = pin(&sandbox, "A1", "ana", &["--format", "json"]).success().json();
    assert_eq!(again["run"], Value::Null);
    assert!(pin(&sandbox, "A1", "ana", &[]).success().stdout.contains("already; nothing was written"));
    // Nothing was decided yet: there is nothing to explain, though the ledger knows the key.
    let told = sandbox.run(&["explain", "Account", "A1", "--as-of", "2999-01-01"]).fails_with(2);
    assert!(told.stderr.contains("no such decision of Account `A1`"), "{}", told.stderr);
    let other = pin(&sandbox, "A1", "ana", &["--until", "2999-01-01", "--format", "json"]).success().json();
    assert_eq!(other["replaced"]["id"], "ana");
    let entries = sandbox.run(&["history", "Account", "A1", "--format", "json"]).success().json();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
}

#[test]
fn a_pin_that_is_over_leaves_the_rules_to_decide_and_says_so() {
    let sandbox = book();
    pin(&sandbox, "A1", "ana", &["--from", "2998-01-01", "--until", "2998-12-31"]).success();
    assert_eq!(listed(&sandbox, &[]), ["A1 ana to come -"]);
    let text = sandbox.run(&["pins"]).success().stdout;
    assert!(text.contains("to come on 2998-01-01"), "{text}");
    assert_eq!(listed(&sandbox, &["--as-of", "2998-06-01"]), ["A1 ana live needed"]);
    assert_eq!(listed(&sandbox, &["--as-of", "2999-01-01"]), ["A1 ana over -"]);
    let plan = |day: &str| sandbox.run(&["plan", "--as-of", day, "--format", "csv"]).success();
    assert!(plan("2998-12-31").stdout.contains("Account,A1,owner,person,ana,"));
    let after = plan("2999-01-01");
    assert!(after.stdout.contains("Account,A1,owner,team,Sales,"), "{}", after.stdout);
    assert!(after.stderr.contains("note[expired-pin]"), "{}", after.stderr);
    assert!(after.stderr.contains("ownward unpin Account A1"), "{}", after.stderr);
}

#[test]
fn what_cannot_be_pinned_is_refused_before_anything_is_written() {
    let sandbox = book();
    let refused = |args: &[&str], part: &str| {
        let mut all = vec!["pin"];
        all.extend(args);
        all.extend(["--because", "agreed"]);
        let said = sandbox.run(&all).fails_with(2).stderr;
        assert!(said.contains(part), "{part} in {said}");
    };
    refused(&["Acount", "A1", "ana"], "did you mean `Account`?");
    refused(&["Account", "A1", "ana", "--role", "bakcup"], "did you mean `backup`?");
    refused(&["Account", "A11", "ana"], "no Account `A11` in the source or the ledger; did you mean `A1`?");
    refused(&["Account", "entirely-other", "ana"], "--absent");
    refused(&["Account", "A1", "anna"], "nobody is called `anna`; did you mean `ana`?");
    refused(&["Account", "A1", "Ben Hale"], "is not active");
    refused(&["Account", "A1", "ana", "--from", "2999-02-01", "--until", "2999-01-01"], "lies before `--from`");
    refused(&["Account", "A1", "ana", "--until", "2020-01-01"], "has passed");
    refused(&["Account", "A1", "ana", "--until", "soon"], "is no day");
    assert!(sandbox.run(&["pin", "Account", "A1", "ana", "--because", " "]).fails_with(2).stderr.contains("say why"));
    assert!(sandbox.run(&["pin", "Account", "A1", "ana"]).fails_with(2).stderr.contains("--because"));
    assert!(sandbox.run(&["unpin", "Account", "A1"]).fails_with(2).stderr.contains("no command has pinned"));
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,\nA1,Active,,\n");
    refused(&["Account", "A1", "ana"], "more than once");
    assert!(!sandbox.path().join(".ownward").exists());
}

#[test]
fn a_record_still_to_come_and_one_that_left_can_be_pinned() {
    let sandbox = book();
    apply(&sandbox);
    pin(&sandbox, "A9", "ana", &["--absent"]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,\nA2,At-Risk,A1,\n");
    // The ledger knows it.
    pin(&sandbox, "A3", "ana", &[]).success();
    assert_eq!(listed(&sandbox, &[]), ["A3 ana idle -", "A9 ana idle -"]);
    let plan = sandbox.run(&["plan"]).success();
    assert!(plan.stderr.contains("note[absent-pin]"), "{}", plan.stderr);
    sandbox.write("accounts.csv", "id,status,parent,owner\nA9,Active,,\n");
    assert_eq!(owner_of(&sandbox, "A9"), "ana");
}

#[test]
fn a_pin_on_somebody_who_left_does_not_count() {
    let sandbox = book();
    pin(&sandbox, "A1", "ana", &[]).success();
    sandbox.write("people.csv", "id,name,active\nana,Ana Roth,no\nben,Ben Hale,yes\n");
    let plan = sandbox.run(&["plan", "--format", "csv"]).success();
    assert!(plan.stdout.contains("Account,A1,owner,team,Sales,"), "{}", plan.stdout);
    assert!(plan.stderr.contains("warning[inactive-owner]: `ana` is not active"), "{}", plan.stderr);
    assert_eq!(listed(&sandbox, &[]), ["A1 ana idle -"]);
    // A team that is no longer declared owns nothing either.
    pin(&sandbox, "A1", "Success", &[]).success();
    sandbox.write("rules.own", &POLICY.replace("Success", "Care"));
    assert_eq!(listed(&sandbox, &[]), ["A1 Success idle -"]);
}

#[test]
fn a_pin_that_the_rules_agree_with_is_told_with_the_other_pins_in_force() {
    let sandbox = book();
    pin(&sandbox, "A2", "Success", &[]).success();
    // The rules follow A1, which is pinned itself: only with that pin in force do they agree.
    pin(&sandbox, "A1", "ana", &[]).success();
    pin(&sandbox, "A3", "ana", &[]).success();
    assert_eq!(listed(&sandbox, &[]), ["A1 ana live needed", "A2 Success live agreed", "A3 ana live agreed"]);
    let plan = sandbox.run(&["plan"]).success();
    assert_eq!(plan.stderr.matches("note[needless-pin]").count(), 2, "{}", plan.stderr);
    assert!(plan.stderr.contains("`at-risk` gives owner of Account `Success` too"), "{}", plan.stderr);
    sandbox.run(&["unpin", "Account", "A1"]).success();
    assert_eq!(listed(&sandbox, &[]), ["A2 Success live agreed", "A3 ana live needed"]);
    // A record that no rule could decide needs its pin.
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,\nA2,Lost,A1,\nA3,Active,A1,\n");
    assert_eq!(listed(&sandbox, &[]), ["A2 Success live needed", "A3 ana live needed"]);
}

#[test]
fn pins_are_listed_in_every_form() {
    let sandbox = book();
    assert_eq!(sandbox.run(&["pins"]).success().stdout, "no pins: every owner is what the rules say\n");
    assert_eq!(sandbox.run(&["pins", "--format", "jsonl"]).success().stdout, "");
    sandbox.write("pins.own", "except backup of Account \"A1\" stays with ana because \"=cmd\"\n");
    pin(&sandbox, "A2", "Success", &["--actor", "ops"]).success();
    let csv = sandbox.run(&["pins", "--format", "csv"]).success().stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "record,key,role,owner_kind,owner,from,until,state,why_not,in_source,rules_agree,because,given_by,given_at"
    );
    assert_eq!(lines[1], "Account,A1,backup,person,ana,,,live,,yes,no,'=cmd,pins.own:1:1,");
    assert!(lines[2].starts_with("Account,A2,owner,team,Success,2"), "{}", lines[2]);
    assert!(lines[2].contains(",live,,yes,yes,agreed,ops,2"), "{}", lines[2]);
    for line in sandbox.run(&["pins", "--format", "jsonl"]).success().stdout.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    let text = sandbox.run(&["pins"]).success();
    assert!(text.stdout.contains("live; the rules agree: it can go"), "{}", text.stdout);
    assert_eq!(text.last_line(), "2 pins: 2 live, 0 over, 1 that the rules agree with");
    let json = sandbox.run(&["pins", "--format", "json"]).success().json();
    assert_eq!(json["pins"][0]["place"], "pins.own:1:1");
    assert_eq!(json["pins"][1]["command"]["unpin"], "ownward unpin Account A2");
}

#[test]
fn a_pin_makes_a_saved_plan_stale_and_binds_no_run_to_its_hour() {
    let sandbox = book();
    sandbox.run(&["plan", "--out", "plan.json"]).success();
    pin(&sandbox, "A1", "ana", &[]).success();
    assert!(sandbox.run(&["apply", "plan.json", "--yes"]).fails_with(2).stderr.contains("stale"));
    // A moment before the pin was given: it does not count yet, and the run is not refused.
    let early = sandbox.run(&["apply", "--yes", "--as-of", "2026-01-01"]).success();
    assert!(early.stdout.contains("6 entries written"), "{}", early.stdout);
    let told = sandbox.run(&["explain", "Account", "A1", "--as-of", "2026-01-02", "--format", "json"]).success().json();
    assert_eq!(told["owner"]["id"], "Sales");
    assert_eq!(owner_of(&sandbox, "A1"), "ana");
    sandbox.run(&["verify"]).success();
}

#[test]
fn what_was_erased_pins_nobody() {
    let sandbox = book();
    sandbox.write("rules.own", &POLICY.replace("person from people\n", ""));
    pin(&sandbox, "A1", "Success", &[]).success();
    let ledger = rusqlite::Connection::open(sandbox.path().join(".ownward/ledger.db")).unwrap();
    ledger.execute("UPDATE owners SET name = NULL", []).unwrap();
    drop(ledger);
    assert!(listed(&sandbox, &[]).is_empty());
    assert_eq!(owner_of(&sandbox, "A1"), "Sales");
    let replaced = pin(&sandbox, "A1", "Success", &["--format", "json"]).success().json()["replaced"].clone();
    assert_eq!(replaced, Value::Null);
    sandbox.run(&["verify"]).success();
}
