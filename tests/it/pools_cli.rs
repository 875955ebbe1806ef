//! Pools, holds and hand-offs through the program: what is said where something is amiss, and what the ledger keeps.

use crate::sandbox::{Ran, Sandbox};

const HEAD: &str = "record Lead from leads {
  id      text, key
  stage   one of (New, Won, Old)
  country text, optional
  plan    text, optional
  current owner, column \"owner\"
}
person from people
team  Sales
team  Desk
queue Triage
";

/// A project of rules for the owner of leads, its people and its leads.
fn book(rules: &str, people: &str, leads: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", &format!("{HEAD}decide owner of Lead {{\n{rules}\n}}\n"));
    sandbox.write("people.csv", people);
    sandbox.write("leads.csv", &format!("id,stage,country,plan,owner\n{leads}"));
    sandbox
}

const PEOPLE: &str = "id,name,team,active\nana,Ana Roth,Sales,yes\nben,Ben Hale,Sales,yes\ncat,Cat Moor,Desk,yes\n";

fn apply(sandbox: &Sandbox, day: &str) -> Ran {
    sandbox.run(&["apply", "--yes", "--max-moves", "100", "--as-of", day]).success()
}

/// Entries that a run wrote.
fn entries(sandbox: &Sandbox, day: &str) -> u64 {
    let args = ["apply", "--yes", "--max-moves", "100", "--as-of", day, "--format", "json"];
    sandbox.run(&args).success().json()["entries"].as_u64().unwrap()
}

/// `L1 ana assigned` for each lead.
fn owners(sandbox: &Sandbox, day: &str) -> Vec<String> {
    let table = sandbox.run(&["decide", "--as-of", day, "--format", "csv", "--quiet"]).success().stdout;
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = |name: &str| headers.iter().position(|header| header == name).unwrap();
    let (key, owner, outcome) = (at("key"), at("owner"), at("outcome"));
    reader.records().map(Result::unwrap).map(|row| format!("{} {} {}", &row[key], &row[owner], &row[outcome])).collect()
}

fn explained(sandbox: &Sandbox, key: &str, day: &str) -> String {
    sandbox.run(&["explain", "Lead", key, "--as-of", day]).success().stdout
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in:\n{text}");
    }
}

#[test]
fn a_pool_without_anybody_leaves_the_owner_and_says_so() {
    let people = "id,team,capacity\nana,Sales,0\ncat,Desk,\n";
    let sandbox = book(
        "  when stage = New assign to next of Sales else Triage\n  otherwise assign to next of Sales",
        people,
        "L1,New,,,\nL2,Old,,,cat\n",
    );
    assert_eq!(owners(&sandbox, "2026-01-05"), ["L1 Triage assigned", "L2 cat unmatched"]);
    let said = apply(&sandbox, "2026-01-05").stderr;
    says(&said, &["warning[empty-pool]: a pool had nobody for 2 records", "nobody of 1 may receive: 1 full"]);
    says(&said, &["note[no-capacity]", "warning[empty-pool]: a pool in which nobody may ever receive"]);
    assert_eq!(entries(&sandbox, "2026-01-05"), 0);
}

#[test]
fn a_pool_that_falls_through_to_nobody_is_explained_later() {
    let people = "id,team,capacity\nana,Sales,0\ncat,Desk,\n";
    let sandbox = book("  otherwise assign to next of Sales else nobody", people, "L1,New,,,cat\n");
    apply(&sandbox, "2026-01-05");
    says(&explained(&sandbox, "L1", "2026-01-06"), &["owner of Lead L1: nobody", "next of Sales else nobody"]);
}

#[test]
fn somebody_in_no_team_is_told_where_pools_choose_from_teams() {
    let people = "id,team,active\nana,Sales,yes\nben,,yes\ncat,,no\n";
    let sandbox = book("  otherwise assign to next of Sales", people, "L1,New,,,\n");
    says(&sandbox.run(&["check"]).success().stderr, &["note[no-team]: 1 active person is in no team", "`ben`"]);
    let everybody = book("  otherwise assign to next of people", people, "L1,New,,,\n");
    assert!(!everybody.run(&["check"]).success().stderr.contains("no-team"));
    // Where nobody has a team the empty pool is told, and nothing of each person.
    let nobody = book("  otherwise assign to next of Sales", "id,team\nana,\n", "L1,New,,,\n");
    let said = nobody.run(&["check"]).success().stderr;
    says(&said, &["warning[empty-pool]: nobody belongs to `Sales` today"]);
    assert!(!said.contains("no-team"), "{said}");
}

#[test]
fn weights_that_cannot_be_read_receive_nothing() {
    let people = "id,team,weight\nana,Sales,2\nben,Sales,many\ncat,Sales,-1\ndan,Sales,\n";
    let sandbox = book("  otherwise assign to next of Sales by weight", people, "L1,New,,,\nL2,New,,,\nL3,New,,,\n");
    assert_eq!(owners(&sandbox, "2026-01-05"), ["L1 ana assigned", "L2 dan assigned", "L3 ana assigned"]);
    let said = sandbox.run(&["check"]).success().stderr;
    says(
        &said,
        &["warning[wrong-number]", "\"many\" (in `ben`), \"-1\" (in `cat`)", "warning[missing-weight]", "`dan`"],
    );
}

#[test]
fn a_queue_is_no_pool() {
    let sandbox = book("  otherwise assign to next of Triage", PEOPLE, "L1,New,,,\n");
    let said = sandbox.run(&["check"]).fails_with(1).stderr;
    says(&said, &["error[empty-pool]: `Triage` is a queue, which has no members", "or write `assign to Triage`"]);
    assert_eq!(said.matches("[empty-pool]").count(), 1, "{said}");
}

#[test]
fn a_column_that_nobody_has_is_near_one_that_is_there() {
    let people = "id,team,languages\nana,Sales,de\n";
    let sandbox = book("  otherwise assign to next of Sales where langauges = \"de\"", people, "L1,New,,,\n");
    let said = sandbox.run(&["check"]).fails_with(1).stderr;
    says(&said, &["error[unknown-column]", "`langauges`", "did you mean `languages`?"]);
}

#[test]
fn days_that_end_before_they_begin_and_circles_are_told() {
    let people = "id,team,away from,away until,backup\nana,Sales,2027-01-01,2026-01-01,ben\nben,Sales,,,ana\n";
    let sandbox = book("  otherwise assign to next of Sales", people, "L1,New,,,\n");
    let said = sandbox.run(&["check"]).success().stderr;
    says(&said, &["warning[ends-before-start]", "warning[backup-circle]", "`ana` → `ben` → `ana`"]);
    // Who may be away receives nothing; the backup does.
    assert_eq!(owners(&sandbox, "2026-01-05"), ["L1 ben assigned"]);
    let rule = book("  when stage = New assign to Sales from 2027-01-01 until 2026-01-01", PEOPLE, "L1,New,,,\n");
    says(&rule.run(&["check"]).fails_with(1).stderr, &["error[ends-before-start]"]);
}

#[test]
fn a_name_of_two_people_has_to_be_told_apart() {
    let people = "id,name,team\nana,Ana Roth,Sales\nann,Ana Roth,Sales\n";
    let sandbox = book("  otherwise assign to next of (Desk, \"Ana Roth\") else Triage", people, "L1,New,,,\n");
    says(&sandbox.run(&["check"]).fails_with(1).stderr, &["error[ambiguous-name]", "Ana Roth"]);
}

#[test]
fn a_hold_counts_from_the_run_that_would_have_moved_the_record() {
    let rules =
        "  talks: hold owner up to 10 days while stage = New because \"talks\"\n  otherwise assign to next of Sales";
    let sandbox = book(rules, PEOPLE, "L1,New,,,cat\n");
    // The adopted owner, and that a hold keeps it.
    assert_eq!(entries(&sandbox, "2026-01-05"), 2);
    assert_eq!(entries(&sandbox, "2026-01-05"), 0);
    assert_eq!(owners(&sandbox, "2026-01-15"), ["L1 cat kept"]);
    says(
        &explained(&sandbox, "L1", "2026-01-05"),
        &["cat (person) (kept)", "kept by `talks`", "since 2026-01-05 until 2026-01-15: talks"],
    );
    assert_eq!(owners(&sandbox, "2026-01-16"), ["L1 ana assigned"]);
    // Somebody who left is not held.
    sandbox.write("people.csv", &PEOPLE.replace("Moor,Desk,yes", "Moor,Desk,no"));
    assert_eq!(owners(&sandbox, "2026-01-06"), ["L1 ana assigned"]);
}

#[test]
fn a_lock_ends_with_its_day() {
    let sandbox =
        book("  lock owner until 2026-01-31\n  otherwise assign to Triage", PEOPLE, "L1,New,,,cat\nL2,New,,,\n");
    assert_eq!(owners(&sandbox, "2026-01-31"), ["L1 cat kept", "L2 Triage assigned"]);
    apply(&sandbox, "2026-01-30");
    assert_eq!(entries(&sandbox, "2026-01-30"), 0);
    says(&explained(&sandbox, "L1", "2026-01-30"), &["kept by `lock`", "until 2026-01-31"]);
    assert_eq!(owners(&sandbox, "2026-02-01"), ["L1 Triage assigned", "L2 Triage assigned"]);
}

#[test]
fn a_hand_off_waits_begins_and_ends_early() {
    let rules = "  won: when stage = Won hand off to next of Sales over 30 days once plan is known";
    let sandbox = book(rules, PEOPLE, "L1,Won,,,cat\n");
    apply(&sandbox, "2026-01-05");
    assert_eq!(entries(&sandbox, "2026-01-05"), 0);
    says(
        &explained(&sandbox, "L1", "2026-01-05"),
        &["cat (person) (kept)", "the hand-off waits until `plan` is known; the owner stays"],
    );
    sandbox.write("leads.csv", "id,stage,country,plan,owner\nL1,Won,,ready,cat\n");
    apply(&sandbox, "2026-01-06");
    assert_eq!(entries(&sandbox, "2026-01-06"), 0);
    says(
        &explained(&sandbox, "L1", "2026-01-10"),
        &["ana (person) (assigned)", "`cat` hands the record over until 2026-02-05"],
    );
    assert!(!explained(&sandbox, "L1", "2026-02-06").contains("hands the record over"));
    sandbox.write("people.csv", &PEOPLE.replace("Moor,Desk,yes", "Moor,Desk,no"));
    assert_eq!(entries(&sandbox, "2026-01-12"), 1);
    assert_eq!(entries(&sandbox, "2026-01-12"), 0);
    let told = sandbox.run(&["history", "Lead", "L1"]).success().stdout;
    says(&told, &["the hand-off waits until `plan` is known", "handing over", "until 2026-02-05", "handed over"]);
    assert!(!explained(&sandbox, "L1", "2026-01-12").contains("hands the record over"));
    sandbox.run(&["verify"]).success();
}

#[test]
fn a_record_that_a_hold_keeps_is_not_said_to_have_nobody() {
    let sandbox = book("  lock owner while stage = New\n  otherwise assign to next of Sales", PEOPLE, "L1,New,,,cat\n");
    let told = sandbox.run(&["explain", "Lead", "L1"]).success().stdout;
    says(&told, &["kept by `lock`", "`ana`: no turn yet, next"]);
    assert!(!told.contains("nobody in the pool"), "{told}");
}

#[test]
fn a_cap_in_money_is_held_against_a_sum_of_that_currency() {
    let sandbox = Sandbox::empty();
    let head = HEAD.replace("country text", "worth money EUR, optional\n  country text");
    let rule = "otherwise assign to least loaded of Sales by sum of worth up to 2M EUR else Triage";
    sandbox.write("rules.own", &format!("{head}decide owner of Lead {{\n{rule}\n}}\n"));
    sandbox.write("people.csv", PEOPLE);
    let leads =
        "id,stage,worth,country,plan,owner\nL1,New,1900000,,,\nL2,New,2000000,,,\nL3,New,50000,,,\nL4,New,1,,,\n";
    sandbox.write("leads.csv", leads);
    let decided = owners(&sandbox, "2026-06-01");
    assert_eq!(decided, ["L1 ana assigned", "L2 ben assigned", "L3 ana assigned", "L4 ana assigned"]);
    // Ben has 2,000,000 and no room; Ana has none either once she has as much.
    sandbox.write("leads.csv", &leads.replace(",50000,", ",100000,"));
    let decided = owners(&sandbox, "2026-06-01");
    assert_eq!(decided[3], "L4 Triage assigned", "{decided:?}");
}

#[test]
fn what_a_pool_by_hash_received_is_remembered() {
    let rules = "  otherwise assign to any of Sales by hash up to 1 per week else Triage";
    let sandbox = book(rules, PEOPLE, "L1,New,,,\nL2,New,,,\n");
    // Monday, and the same week's Friday.
    apply(&sandbox, "2026-01-05");
    sandbox.write("leads.csv", "id,stage,country,plan,owner\nL1,New,,,\nL2,New,,,\nL3,New,,,\n");
    assert!(owners(&sandbox, "2026-01-09").contains(&"L3 Triage assigned".to_owned()));
    assert!(!owners(&sandbox, "2026-01-12").contains(&"L3 Triage assigned".to_owned()));
}
