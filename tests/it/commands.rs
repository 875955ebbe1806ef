//! What the commands promise over several runs: adoption, drift, gone, stale plans, limits, exit codes and forms.

use crate::sandbox::{Ran, Sandbox};
use serde_json::Value;

const RECORDS: &str = "record Account {
  id     text, key
  status one of (Active, At-Risk)
  parent Account, optional
  current owner, column \"owner\"
}

team Success, Sales, Partners
";

const RULES: &str = "decide owner of Account {
  at-risk: when status = At-Risk assign to Success because \"retention first\"
  child:   when parent is known assign to owner of parent
  other:   when id is not \"A9\" assign to Sales
}
";

/// Two projects' worth of settings: everything is in the file, and owners are not written anywhere.
fn book(accounts: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("ownward.toml", "[source]\ncomplete = true\n");
    sandbox.write(
        "records.own",
        &RECORDS.replace("team Success, Sales, Partners", "team Success\nteam Sales\nteam Partners"),
    );
    sandbox.write("rules.own", RULES);
    sandbox.write("accounts.csv", accounts);
    sandbox
}

fn entries(ran: &Ran) -> u64 {
    ran.json()["entries"].as_u64().unwrap()
}

fn apply(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let mut args = vec!["apply", "--yes", "--format", "json"];
    args.extend(more);
    sandbox.run(&args)
}

/// `outcome from->to rule` of every entry of one account.
fn history(sandbox: &Sandbox, key: &str) -> Vec<String> {
    let history = sandbox.run(&["history", "Account", key, "--format", "json"]).success().json();
    let id = |owner: &Value| owner["id"].as_str().unwrap_or("-").to_owned();
    history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let rule = entry["rule"]["label"].as_str().unwrap_or("-");
            format!("{} {}->{} {rule}", entry["outcome"].as_str().unwrap(), id(&entry["from"]), id(&entry["to"]))
        })
        .collect()
}

#[test]
fn the_first_run_adopts_what_the_source_shows_and_then_decides() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,Partners\nA9,Active,,Partners\nA2,At-Risk,A1,\n");
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 5);
    assert_eq!(history(&sandbox, "A1"), ["adopted -->Partners -", "assigned Partners->Sales other"]);
    // No rule speaks of it: the owner that was adopted stays, and the record says that it was not decided.
    assert_eq!(history(&sandbox, "A9"), ["adopted -->Partners -", "unmatched Partners->Partners -"]);
    assert_eq!(history(&sandbox, "A2"), ["assigned -->Success at-risk"]);
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 0);
}

#[test]
fn a_column_that_still_shows_the_old_owner_is_no_drift() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,Partners\n");
    apply(&sandbox, &[]).success();
    let plan = sandbox.run(&["plan", "--format", "json"]).success().json();
    assert_eq!(plan["summary"]["needs_decision"], 0);
    assert_eq!(plan["changes"].as_array().unwrap().len(), 0);
}

#[test]
fn drift_is_kept_and_listed_until_the_column_changes_again() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,Sales\n");
    apply(&sandbox, &[]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,Partners\n");
    let plan = sandbox.run(&["plan", "--format", "json"]).success().json();
    assert_eq!(plan["summary"]["needs_decision"], 1);
    assert_eq!(plan["changes"][0]["drift"], true);
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 1);
    assert_eq!(history(&sandbox, "A1").last().unwrap(), "kept Sales->Partners drift");
    // Nothing moves while nobody decides, and it stays listed.
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 0);
    let plan = sandbox.run(&["plan", "--format", "json"]).success().json();
    assert_eq!(plan["summary"]["needs_decision"], 1);
    // `restore` lets the rules decide.
    assert_eq!(entries(&apply(&sandbox, &["--drift", "restore"]).success()), 1);
    assert_eq!(history(&sandbox, "A1").last().unwrap(), "assigned Partners->Sales other");
    // The column still shows the outsider: that is not drift again.
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 0);
}

#[test]
fn accepted_drift_needs_no_decision_and_a_blanked_column_asks_the_rules() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,Sales\n");
    apply(&sandbox, &[]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,Partners\n");
    apply(&sandbox, &["--drift", "accept"]).success();
    let plan = sandbox.run(&["plan", "--drift", "accept", "--format", "json"]).success().json();
    assert_eq!(plan["summary"]["needs_decision"], 0);
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,\n");
    apply(&sandbox, &[]).success();
    assert_eq!(history(&sandbox, "A1").last().unwrap(), "assigned Partners->Sales other");
}

#[test]
fn a_record_that_leaves_is_gone_and_comes_back_to_its_owner() {
    let all = "id,status,parent,owner\nA1,Active,,\nA2,Active,,\n";
    let sandbox = book(all);
    apply(&sandbox, &[]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA2,Active,,\n");
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 1);
    assert_eq!(history(&sandbox, "A1").last().unwrap(), "gone Sales->- -");
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 0);
    sandbox.write("accounts.csv", all);
    apply(&sandbox, &[]).success();
    assert_eq!(history(&sandbox, "A1").last().unwrap(), "assigned Sales->Sales other");
}

#[test]
fn an_incomplete_source_releases_nobody() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\nA2,Active,,\n");
    sandbox.write("ownward.toml", "");
    apply(&sandbox, &[]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA2,Active,,\n");
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 0);
}

#[test]
fn reformatting_relabelling_and_reordering_without_effect_write_nothing() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\nA2,At-Risk,,\n");
    apply(&sandbox, &[]).success();
    let relabelled = RULES.replace("at-risk:", "saving:").replace("  child:", "\n\n  child:");
    sandbox.write("rules.own", &relabelled);
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 0);
    // Another condition under the old label is still the same rule.
    sandbox.write("rules.own", &RULES.replace("id is not \"A9\"", "id is not \"A8\""));
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 0);
}

#[test]
fn a_saved_plan_is_applied_as_it_is_or_refused() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\n");
    sandbox.run(&["plan", "--out", "plan.json"]).success();
    let applied = apply(&sandbox, &["plan.json"]).success();
    assert_eq!(entries(&applied), 1);
    // A job that tries again has nothing left to do.
    let again = sandbox.run(&["apply", "plan.json", "--yes"]).success();
    assert!(again.stdout.contains("already in the ledger"), "{}", again.stdout);
    sandbox.run(&["plan", "--out", "plan.json"]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,At-Risk,,\n");
    let stale = apply(&sandbox, &["plan.json"]).fails_with(2);
    assert!(stale.stderr.contains("stale") && stale.stderr.contains("nothing was written"), "{}", stale.stderr);
    sandbox.write("plan.json", "{}");
    assert!(apply(&sandbox, &["plan.json"]).fails_with(2).stderr.contains("is no saved plan"));
    // A mistyped path costs nothing.
    for file in ["rules.own", "accounts.csv", ".ownward/ledger.db"] {
        let before = std::fs::read(sandbox.path().join(file)).unwrap();
        for args in [["plan", "--out", file], ["verify", "--write-checkpoint", file]] {
            assert!(sandbox.run(&args).fails_with(2).stderr.contains("left as it is"), "{args:?}");
        }
        assert_eq!(std::fs::read(sandbox.path().join(file)).unwrap(), before, "{file}");
    }
}

#[test]
fn what_was_erased_is_counted_and_not_made_up() {
    let sandbox = book("id,status,parent,owner\nA1,At-Risk,,\nA2,Active,,\n");
    apply(&sandbox, &["--as-of", "2026-03-01"]).success();
    let ledger = rusqlite::Connection::open(sandbox.path().join(".ownward/ledger.db")).unwrap();
    ledger.execute("DELETE FROM details WHERE seq = 1", []).unwrap();
    drop(ledger);
    let verdict = sandbox.run(&["verify"]).success();
    assert!(verdict.stdout.contains("erased"), "{}", verdict.stdout);
    let told = sandbox.run(&["explain", "Account", "A1", "--as-of", "2026-03-01"]).success();
    assert!(told.stdout.contains("decided by: at-risk"), "{}", told.stdout);
    assert!(told.stdout.contains("cannot be worked out again") && !told.stdout.contains("=>"), "{}", told.stdout);
}

#[test]
fn what_waits_for_a_decision_is_listed_in_every_run() {
    let sandbox = book("id,status,parent,owner\nA9,Active,,Sales\nA1,Lost,,\nA2,Active,,\n");
    apply(&sandbox, &[]).success();
    let plan = sandbox.run(&["plan"]).success();
    assert!(plan.stdout.contains("Waiting for a decision since an earlier run"), "{}", plan.stdout);
    assert!(plan.stdout.contains("no rule matches") && plan.stdout.contains("`status` breaks the schema"));
    let pending = sandbox.run(&["plan", "--format", "json"]).success().json();
    assert_eq!(pending["needs_decision"].as_array().unwrap().len(), 2);
}

#[test]
fn a_source_without_a_single_record_is_stopped_however_small_the_book() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\nA2,Active,,\n");
    apply(&sandbox, &[]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\n");
    let stopped = apply(&sandbox, &[]).fails_with(1);
    assert!(stopped.stderr.contains("no Account at all"), "{}", stopped.stderr);
    sandbox.run(&["plan"]).success();
    sandbox.run(&["plan", "--max-moves", "1"]).fails_with(1);
    sandbox.run(&["plan", "--max-moves", "many"]).fails_with(2);
    apply(&sandbox, &["--max-moves", "2"]).success();
}

#[test]
fn a_queue_is_never_taken_over_by_a_person_of_its_name() {
    let sandbox = book("id,status,parent,owner\nA1,At-Risk,,\n");
    sandbox.write("people.csv", "id,name,active\nSuccess,Sue Cess,yes\np2,Ben,left\n");
    sandbox.write("people.own", "person from people\n");
    apply(&sandbox, &[]).success();
    let told = sandbox.run(&["explain", "Account", "A1", "--format", "json"]).success().json();
    assert_eq!(told["owner"]["kind"], "team");
}

#[test]
fn a_cell_cannot_pass_for_a_line_of_the_explanation() {
    let sandbox = book("id,status,parent,owner\n\"A1\n=> forged\",Active,,\n");
    sandbox.write("rules.own", "decide owner of Account {\n  when id = \"x\" assign to Sales\n}\n");
    let told = sandbox.run(&["explain", "Account", "A1\n=> forged"]).success();
    assert!(!told.stdout.lines().any(|line| line.starts_with("=> forged")), "{}", told.stdout);
}

#[test]
fn a_plan_is_stale_once_time_changes_an_answer() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\n");
    let rules = "decide owner of Account {
  early: when id is known assign to Partners until 2026-01-31
  late:  otherwise assign to Sales
}
";
    sandbox.write("rules.own", rules);
    sandbox.run(&["plan", "--as-of", "2026-01-15", "--out", "plan.json"]).success();
    let stale = apply(&sandbox, &["plan.json"]).fails_with(2);
    assert!(stale.stderr.contains("time alone"), "{}", stale.stderr);
}

#[test]
fn a_run_that_would_move_too_many_stops_and_yes_does_not_lift_it() {
    let rows = |status: &str| {
        let mut text = String::from("id,status,parent,owner\n");
        for row in 0..60 {
            text.push_str(&format!("B{row},{status},,\n"));
        }
        text
    };
    let sandbox = book(&rows("Active"));
    // First assignments are no moves.
    apply(&sandbox, &[]).success();
    sandbox.write("accounts.csv", &rows("At-Risk"));
    let stopped = apply(&sandbox, &[]).fails_with(1);
    assert!(
        stopped.stderr.contains("would move 60 records of 60") && stopped.stderr.contains("12 may move"),
        "{}",
        stopped.stderr
    );
    apply(&sandbox, &["--max-moves", "59"]).fails_with(1);
    assert_eq!(entries(&apply(&sandbox, &["--max-moves", "60"]).success()), 60);
    assert!(apply(&sandbox, &["--max-moves", "many"]).fails_with(2).stderr.contains("neither a number nor a share"));
}

#[test]
fn an_earlier_moment_needs_a_reason() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\n");
    apply(&sandbox, &["--as-of", "2026-03-01"]).success();
    let refused = apply(&sandbox, &["--as-of", "2026-02-01"]).fails_with(2);
    assert!(refused.stderr.contains("write `--as-of 2026-03-01T00:00:00Z` or a later moment"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--backdate"), "{}", refused.stderr);
    apply(&sandbox, &["--as-of", "2026-02-01", "--backdate"]).fails_with(2);
    apply(&sandbox, &["--as-of", "2026-02-01", "--backdate", "--because", "late paperwork"]).success();
    // The same run twice is one run.
    assert_eq!(apply(&sandbox, &["--as-of", "2026-03-05"]).success().json()["repeated"], false);
    assert_eq!(apply(&sandbox, &["--as-of", "2026-03-05"]).success().json()["repeated"], true);
}

#[test]
fn a_past_decision_is_explained_from_the_ledger_alone() {
    let sandbox = book("id,status,parent,owner\nA1,At-Risk,,\nA2,Active,A1,\n");
    apply(&sandbox, &["--as-of", "2026-03-01"]).success();
    // Rules and records move on.
    sandbox.write("rules.own", "decide owner of Account {\n  all: otherwise assign to Partners\n}\n");
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,\nA2,Active,,\n");
    apply(&sandbox, &["--as-of", "2026-04-01", "--max-moves", "10"]).success();
    let then = sandbox.run(&["explain", "Account", "A2", "--as-of", "2026-03-15", "--format", "json"]).success().json();
    assert_eq!(then["owner"]["id"], "Success");
    assert_eq!(then["rules"][1]["label"], "child");
    assert_eq!(then["rules"][1]["verdict"], "decided");
    assert_eq!(then["rules"][0]["conditions"][0]["values"]["status"], "Active");
    let now = sandbox.run(&["explain", "Account", "A2", "--as-of", "2026-04-01", "--format", "json"]).success().json();
    assert_eq!(now["owner"]["id"], "Partners");
    let before = sandbox.run(&["explain", "Account", "A2", "--as-of", "2026-02-01"]).fails_with(2);
    assert!(before.stderr.contains("not yet in the ledger"), "{}", before.stderr);
    let unknown = sandbox.run(&["explain", "Account", "A22", "--as-of", "2026-04-01"]).fails_with(2);
    assert!(unknown.stderr.contains("did you mean"), "{}", unknown.stderr);
}

#[test]
fn verify_proves_against_an_older_checkpoint() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\n");
    apply(&sandbox, &[]).success();
    sandbox.run(&["verify", "--write-checkpoint", "then.checkpoint"]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,At-Risk,,\n");
    apply(&sandbox, &[]).success();
    let proved = sandbox.run(&["verify", "--checkpoint", "then.checkpoint"]).success();
    assert!(proved.stdout.contains("nothing cut off"), "{}", proved.stdout);
    sandbox.run(&["verify", "--write-checkpoint", "now.checkpoint"]).success();
    std::fs::remove_dir_all(sandbox.path().join(".ownward")).unwrap();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,\n");
    apply(&sandbox, &[]).success();
    let failed = sandbox.run(&["verify", "--checkpoint", "now.checkpoint"]).fails_with(1);
    assert!(failed.stdout.contains("FAILED"), "{}", failed.stdout);
}

#[test]
fn verify_names_the_first_bad_entry() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\nA2,Active,,\n");
    apply(&sandbox, &[]).success();
    let ledger = rusqlite::Connection::open(sandbox.path().join(".ownward/ledger.db")).unwrap();
    ledger.execute_batch("DROP TRIGGER entries_no_update; UPDATE entries SET outcome = 'kept' WHERE seq = 2").unwrap();
    drop(ledger);
    let failed = sandbox.run(&["verify"]).fails_with(1);
    assert!(failed.last_line().ends_with("; the first bad entry is 2"), "{}", failed.stdout);
    assert_eq!(sandbox.run(&["verify", "--format", "json"]).fails_with(1).json()["first_bad_entry"], 2);
}

#[test]
fn records_on_a_circle_keep_their_owners_and_are_named() {
    let sandbox = book("id,status,parent,owner\nA1,Active,A2,Partners\nA2,Active,A1,\nA3,Active,A1,\n");
    let ran = sandbox.run(&["plan", "--format", "json"]).success();
    assert!(ran.stderr.contains("record-circle") && ran.stderr.contains("A1, A2"), "{}", ran.stderr);
    let plan = ran.json();
    assert_eq!(plan["summary"]["needs_decision"], 2);
    let below = plan["changes"].as_array().unwrap().iter().find(|change| change["key"] == "A3").unwrap();
    assert_eq!(below["to"]["id"], "Partners");
}

#[test]
fn amounts_in_a_currency_that_no_rule_compares_are_told() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", "record Account {\n  id text, key\n  arr money in currency, optional\n}\nteam Large\nwhen arr >= 10k EUR assign to Large\n");
    sandbox.write("accounts.csv", "id,arr,currency\n1,20000,EUR\n2,9000000,JPY\n3,,JPY\n4,7,GBP\n");
    let ran = sandbox.run(&["plan"]).success();
    assert!(ran.stderr.contains("other-currency") && ran.stderr.contains("1 in GBP, 1 in JPY"), "{}", ran.stderr);
    assert!(ran.last_line().starts_with("Plan: 1 to assign"), "{}", ran.stdout);
}

#[test]
fn a_currency_that_only_a_team_a_hold_or_a_sum_compares_is_not_unseen() {
    let sandbox = Sandbox::empty();
    let rules = "record Account {\n  id text, key\n  parent Account, optional\n  arr money in currency, optional\n}\n\
                 team Large\ndecide owner of Account {\n  hold owner up to 9 days while arr >= 1 JPY\n  \
                 big: when arr >= 10k EUR assign to Large\n  \
                 sum: when any Account (arr >= 1 USD) assign to Large\n}\n\
                 gather team of Account {\n  when arr >= 1 GBP add Large\n}\n";
    sandbox.write("rules.own", rules);
    sandbox.write("accounts.csv", "id,parent,arr,currency\n1,,20000,EUR\n2,,9,JPY\n3,,5,USD\n4,,7,GBP\n5,,1,CHF\n");
    let ran = sandbox.run(&["plan"]).success();
    assert!(ran.stderr.contains("1 in CHF"), "{}", ran.stderr);
    for seen in ["JPY", "USD", "GBP"] {
        assert!(!ran.stderr.contains(seen), "{}", ran.stderr);
    }
}

#[test]
fn an_unknown_owner_in_a_table_that_only_a_team_uses_is_an_error_too() {
    let sandbox = Sandbox::empty();
    sandbox.write("people.csv", "id,name,active\np1,Ida,yes\n");
    sandbox.write("desks.csv", "status,who\nActive,p7\n");
    sandbox.write("accounts.csv", "id,status\nA1,Active\n");
    sandbox.write(
        "rules.own",
        "record Account {\n  id text, key\n  status text\n}\nperson from people\ntable Desks from \"desks.csv\" {\n  match status = status\n  give who\n}\ngather team of Account {\n  desk: always add Desks\n}\n",
    );
    let ran = sandbox.run(&["check"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("unknown-owner") && ran.stderr.contains("p7"), "{}", ran.stderr);
}

#[test]
fn an_unknown_owner_in_a_table_is_an_error_of_the_check_and_a_miss_of_the_run() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\n");
    sandbox.write("people.csv", "id,name,active\np1,Ida,yes\np2,Ben,no\n");
    sandbox.write("desks.csv", "status,who\nActive,p7\nAt-Risk,p2\n");
    sandbox.write(
        "rules.own",
        "person from people\ntable Desks from \"desks.csv\" {\n  match status = status\n  give who\n}\ndecide owner of Account {\n  desk: assign to Desks\n  rest: otherwise assign to p1\n}\n",
    );
    let checked = sandbox.run(&["check"]).fails_with(1);
    assert!(checked.stderr.contains("error[unknown-owner]"), "{}", checked.stderr);
    assert!(checked.stderr.contains("warning[inactive-owner]"), "{}", checked.stderr);
    let ran = apply(&sandbox, &[]).success();
    assert!(ran.stderr.contains("unknown-owner"), "{}", ran.stderr);
    assert_eq!(history(&sandbox, "A1"), ["assigned -->p1 rest"]);
}

#[test]
fn a_pin_comes_before_every_rule_and_covers_invalid_records() {
    let sandbox = book("id,status,parent,owner\nA1,At-Risk,,\nA2,Lost,,Sales\nA3,Active,A1,\n");
    let pins = "except Account \"A1\" stays with Partners until 2026-06-30 because \"agreed by the board\"\n\
                except owner of Account \"A2\" stays with Partners\n\
                except Account \"A9\" stays with Partners\n";
    sandbox.write("pins.own", pins);
    let ran = apply(&sandbox, &["--as-of", "2026-06-30"]).success();
    assert!(ran.stderr.contains("absent-pin"), "{}", ran.stderr);
    assert_eq!(history(&sandbox, "A1"), ["kept -->Partners pin"]);
    assert_eq!(history(&sandbox, "A2"), ["adopted -->Sales -", "kept Sales->Partners pin"]);
    // Who follows the record follows its pinned owner.
    assert_eq!(history(&sandbox, "A3"), ["assigned -->Partners child"]);
    let then = sandbox.run(&["explain", "Account", "A1", "--as-of", "2026-06-30"]).success();
    assert!(then.stdout.contains("agreed by the board"), "{}", then.stdout);
    assert_eq!(entries(&apply(&sandbox, &["--as-of", "2026-06-30"]).success()), 0);
    // The day after its last the rules decide again, and the pin is told to be over.
    let after = apply(&sandbox, &["--as-of", "2026-07-01"]).success();
    assert!(after.stderr.contains("expired-pin"), "{}", after.stderr);
    assert_eq!(history(&sandbox, "A1").last().unwrap(), "assigned Partners->Success at-risk");
    let now = sandbox.run(&["explain", "Account", "A2"]).success();
    assert!(now.stdout.contains("pinned") && now.stdout.contains("no rule was asked"), "{}", now.stdout);
}

#[test]
fn a_pin_on_drift_decides_it() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,Sales\n");
    apply(&sandbox, &[]).success();
    sandbox.write("accounts.csv", "id,status,parent,owner\nA1,Active,,Partners\n");
    apply(&sandbox, &[]).success();
    sandbox.write("pins.own", "except Account \"A1\" stays with Success\n");
    let plan = sandbox.run(&["plan", "--format", "json"]).success().json();
    assert_eq!(plan["summary"]["needs_decision"], 0);
    assert_eq!(plan["changes"][0]["to"]["id"], "Success");
}

#[test]
fn what_was_counted_over_other_records_is_explained_from_the_ledger() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\nA2,Active,,\n");
    sandbox.write("deals.own", "record Deal {\n  id text, key\n  account Account\n  amount number\n}\n");
    sandbox.write("deals.csv", "id,account,amount\nd1,A1,70\nd2,A1,40\nd3,A2,5\n");
    sandbox.write(
        "rules.own",
        "decide owner of Account {\n  big: when sum of amount over Deal >= 100 assign to Success\n  rest: otherwise assign to Sales\n}\n",
    );
    apply(&sandbox, &["--as-of", "2026-03-01"]).success();
    assert_eq!(history(&sandbox, "A1"), ["assigned -->Success big"]);
    let now = sandbox.run(&["explain", "Account", "A2"]).success();
    assert!(now.stdout.contains("sum of amount over Deal by account is 5"), "{}", now.stdout);
    // The deals change; what was counted then is kept.
    sandbox.write("deals.csv", "id,account,amount\nd3,A2,5\n");
    apply(&sandbox, &["--as-of", "2026-04-01"]).success();
    let then = sandbox.run(&["explain", "Account", "A1", "--as-of", "2026-03-01"]).success();
    assert!(then.stdout.contains("sum of amount over Deal by account is 110"), "{}", then.stdout);
    assert_eq!(history(&sandbox, "A1").last().unwrap(), "assigned Success->Sales rest");
}

#[test]
fn what_nobody_declared_is_inferred_and_said() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", "when status = At-Risk assign to Success\n");
    sandbox.write("accounts.csv", "id,status\n1,At-Risk\n");
    let ran = sandbox.run(&["check"]).success();
    assert!(ran.stderr.contains("inferred-record") && ran.stderr.contains("inferred-team"), "{}", ran.stderr);
    assert_eq!(entries(&apply(&sandbox, &[]).success()), 1);
    let explained = sandbox.run(&["explain", "Account", "1", "--as-of", "2999-01-01", "--format", "json"]).success();
    assert_eq!(explained.json()["owner"]["id"], "Success");
}

#[test]
fn plan_fails_only_where_it_is_asked_to() {
    let sandbox = book("id,status,parent,owner\nA9,Active,,\nA1,Lost,,\n");
    sandbox.run(&["plan"]).success();
    sandbox.run(&["plan", "--fail-on", "unmatched"]).fails_with(1);
    sandbox.run(&["plan", "--fail-on", "invalid,nobody"]).fails_with(1);
    sandbox.run(&["plan", "--fail-on", "nobody"]).success();
    sandbox.run(&["plan", "--fail-on-change"]).fails_with(1);
    assert!(sandbox.run(&["plan", "--fail-on", "lost"]).fails_with(2).stderr.contains("is no outcome"));
}

#[test]
fn every_form_of_output_is_what_it_says() {
    let sandbox = book("id,status,parent,owner\n=A1,Active,,\nA2,At-Risk,,\n");
    let csv = sandbox.run(&["decide", "--format", "csv"]).success();
    assert!(csv.stdout.starts_with("record,key,role,outcome,owner_kind,owner,rule\n"), "{}", csv.stdout);
    assert!(csv.stdout.contains("Account,'=A1,owner,assigned,team,Sales,other"), "{}", csv.stdout);
    for line in sandbox.run(&["decide", "--format", "jsonl"]).success().stdout.lines() {
        serde_json::from_str::<Value>(line).unwrap();
    }
    assert_eq!(sandbox.run(&["decide", "--format", "json"]).success().json()["schema"], "ownward.decide/1");
    let changes = sandbox.run(&["plan", "--format", "csv"]).success();
    assert!(changes.stdout.starts_with("record,key,role,owner_kind,owner_id,old_owner,rule,reason,effective\n"));
    sandbox.write("rules.own", "decide owner of Account {\n  when statsu = Active assign to Sales\n}\n");
    let github = sandbox.run(&["check", "--format", "github"]).fails_with(1);
    assert!(github.stdout.starts_with("::error file=rules.own,line=2,"), "{}", github.stdout);
    let json = sandbox.run(&["check", "--format", "json"]).fails_with(1).json();
    assert_eq!(json["diagnostics"][0]["code"], "unknown-field");
    assert_eq!(json["diagnostics"][0]["help"], "did you mean `status`?");
}

#[test]
fn a_change_file_is_written_for_other_systems() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,Partners\n");
    sandbox.write("ownward.toml", "[write-back]\nowners = \"file\"\nfile = \"changes.csv\"\n");
    apply(&sandbox, &["--as-of", "2026-05-04"]).success();
    let written = std::fs::read_to_string(sandbox.path().join("changes.csv")).unwrap();
    assert_eq!(
        written,
        "record,key,role,owner_kind,owner_id,old_owner,rule,reason,effective\n\
         Account,A1,owner,team,Sales,Partners,other,,2026-05-04\n"
    );
    sandbox.write("ownward.toml", "[write-back]\nowners = \"source\"\n");
    assert!(apply(&sandbox, &[]).fails_with(2).stderr.contains("databases only"));
}

#[test]
fn completions_and_man_pages_are_made_from_the_command_line() {
    let sandbox = Sandbox::empty();
    assert!(sandbox.run(&["completions", "bash"]).success().stdout.contains("ownward"));
    sandbox.run(&["man", "man"]).success();
    assert!(sandbox.path().join("man/ownward-explain.1").is_file());
    for command in
        ["init", "check", "fmt", "decide", "plan", "apply", "explain", "history", "pin", "unpin", "pins", "verify"]
    {
        assert!(sandbox.run(&[command, "--help"]).success().stdout.contains("Example:"), "{command}");
    }
}

#[test]
fn nobody_is_asked_where_nobody_sits() {
    let sandbox = book("id,status,parent,owner\nA1,Active,,\n");
    let refused = sandbox.run(&["apply"]).fails_with(2);
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert!(!sandbox.path().join(".ownward").exists());
}

#[test]
fn keeping_an_owner_who_was_given_writes_nothing() {
    let sandbox = Sandbox::empty();
    sandbox.write("accounts.csv", "id\nA\nB\n");
    sandbox.write(
        "rules.own",
        "record Account from accounts {\n  id text, key\n}\n\nqueue Triage\n\ndecide owner of Account {\n  \
         when owner is active keep owner\n  otherwise assign to Triage\n}\n",
    );
    assert_eq!(sandbox.run(&["apply", "--yes", "--format", "json"]).success().json()["entries"], 2);
    assert_eq!(sandbox.run(&["apply", "--yes", "--format", "json"]).success().json()["entries"], 0);
}

#[test]
fn an_explanation_says_what_is_denied() {
    let sandbox = Sandbox::empty();
    sandbox.write("accounts.csv", "id,size,country\nA,5,FR\n");
    sandbox.write(
        "rules.own",
        "record Account from accounts {\n  id text, key\n  size number\n  country text\n}\n\nqueue Triage\n\n\
         define big = size >= 1000\n\ndecide owner of Account {\n  \
         never: when not (size > 1) assign to Triage\n  \
         small: when not (size > 100 or country = \"DE\") and not big assign to Triage\n}\n",
    );
    let said = sandbox.run(&["explain", "Account", "A"]).success().stdout;
    assert!(said.contains("not (size > 100 or country = \"DE\") and not big"), "{said}");
    assert!(said.contains("no  not (size > 1)"), "{said}");
    let said = sandbox.run(&["explain", "Account", "A", "--format", "json"]).success().stdout;
    assert!(said.contains("not (size > 100 or country"), "{said}");
}
