//! `diff`: two versions of a policy, as folders and as revisions, proved and counted.

use crate::sandbox::{Ran, Sandbox};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

const RECORDS: &str = "record Account {
  id      text, key
  type    one of (Prospect, Client)
  country text, optional
  arr     money USD, optional
  current owner, column \"owner\"
}

person from people
team Sales
team Success
team Emea part of Sales
queue Triage
";

const RULES: &str = "define big = arr >= 1M USD

decide owner of Account {
  clients: when type = Client assign to Success
  german:  when country = \"DE\" and type = Prospect assign to Emea
  big:     when big assign to \"ana\"
  rest:    otherwise assign to Triage
}
";

const ACCOUNTS: &str = "id,type,country,arr,owner
A1,Client,DE,500,
A2,Prospect,DE,2000000,
A3,Prospect,FR,3000000,Sales
A4,Prospect,FR,10,
A5,Prospect,SE,,
";

const PEOPLE: &str = "id,name,team\nana,Ana,Emea\nben,Ben,Sales\n";

/// A project in a folder of the sandbox.
fn project(sandbox: &Sandbox, folder: &str, records: &str, rules: &str) {
    sandbox.write(&format!("{folder}/ownward.toml"), "[source]\ncsv = \"data\"\ncomplete = true\n");
    sandbox.write(&format!("{folder}/records.own"), records);
    sandbox.write(&format!("{folder}/rules.own"), rules);
    sandbox.write(&format!("{folder}/data/accounts.csv"), ACCOUNTS);
    sandbox.write(&format!("{folder}/data/people.csv"), PEOPLE);
}

/// Two folders that differ in their records or rules.
fn two(records: (&str, &str), rules: (&str, &str)) -> Sandbox {
    let sandbox = Sandbox::empty();
    project(&sandbox, "old", records.0, rules.0);
    project(&sandbox, "new", records.1, rules.1);
    sandbox
}

fn rules(old: &str, new: &str) -> Sandbox {
    two((RECORDS, RECORDS), (old, new))
}

fn diff(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let mut args = vec!["diff", "old", "new", "--format", "json"];
    args.extend(more);
    sandbox.run(&args)
}

#[test]
fn what_changes_no_meaning_is_proved_to_be_equivalent() {
    let relaid = RULES.replace("  german:  when", "\n  # neighbours first\n  german:\n  when");
    let relabelled = RULES.replace("clients:", "customers:").replace("rest:", "other:");
    let renamed = RULES.replace("define big", "define large").replace("when big", "when large");
    let reordered = RULES.replace("country = \"DE\" and type = Prospect", "type = Prospect and country = \"de\"");
    for new in [RULES, &relaid, &relabelled, &renamed, &reordered] {
        let found = diff(&rules(RULES, new), &["--exit-code"]).success().json();
        assert_eq!(found["schema"], "ownward.diff/1");
        assert_eq!((&found["equivalent"], &found["empty"]), (&Value::Bool(true), &Value::Bool(true)), "{new}");
        assert_eq!(found["roles"][0]["verdict"], "equivalent");
    }
    // Declarations in another order and another file.
    let turned = "queue Triage\nteam Emea part of Sales\nteam Success\nteam Sales\nperson from people
record Account {
  arr     money USD, optional
  current owner, column \"owner\"
  country text, optional
  type    one of (Client, Prospect)
  id      text, key
}
";
    let sandbox = two((RECORDS, turned), (RULES, RULES));
    let said = sandbox.run(&["diff", "old", "new", "--exit-code"]).success();
    assert!(said.stdout.contains("the policies are equivalent") && said.stdout.contains("(proved)"), "{}", said.stdout);
}

#[test]
fn what_was_done_to_rules_is_listed() {
    let new = "decide owner of Account {
  big:     when arr >= 1M USD assign to \"ana\"
  clients: when type = Client and country is known assign to Success
  swedish: when country = \"SE\" assign to Sales
  rest:    otherwise assign to Triage
}
";
    let found = diff(&rules(RULES, new), &["--fail-on-change"]).fails_with(1).json();
    let role = &found["roles"][0];
    assert_eq!((&role["verdict"], &found["empty"]), (&Value::from("different"), &Value::Bool(false)));
    let edits: Vec<String> = role["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let label = |side: &str| edit[side]["label"].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", edit["edit"].as_str().unwrap(), label("old"), label("new"))
        })
        .collect();
    assert_eq!(edits, ["removed german -", "changed clients clients", "added - swedish"]);
    let moved = RULES
        .replace("  clients: when type = Client assign to Success\n", "")
        .replace("  rest:", "  clients: when type = Client assign to Success\n  rest:");
    let found = diff(&rules(RULES, &moved), &[]).success().json();
    assert_eq!(found["roles"][0]["rules"].as_array().unwrap().len(), 1);
    assert_eq!(found["roles"][0]["rules"][0]["edit"], "moved");
}

/// `edit what how` of every declaration that differs.
fn declarations(old: &str, new: &str) -> (Vec<String>, String) {
    let found = diff(&two((old, new), (RULES, RULES)), &[]).success().json();
    let told = found["declarations"].as_array().unwrap().iter();
    let told = told.map(|one| {
        let word = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", word("edit"), word("what"), word("how")).trim_end().to_owned()
    });
    (told.collect(), found["roles"][0]["verdict"].as_str().unwrap().to_owned())
}

#[test]
fn declarations_that_differ_are_told_and_only_what_rules_read_is_in_doubt() {
    let cases = [
        ("  arr  ", "  seats number, optional\n  arr  ", "added field seats of Account a number", "equivalent"),
        (
            "country text, optional",
            "country text",
            "changed field country of Account was optional, is required",
            "not decided",
        ),
        (
            "(Prospect, Client)",
            "(Prospect, Client, Partner)",
            "changed field type of Account choice `Partner` added",
            "not decided",
        ),
        (
            "money USD, optional",
            "money USD, optional, column \"ARR\"",
            "changed field arr of Account was read from column `arr`, is read from `ARR`",
            "equivalent",
        ),
        (
            "team Emea part of Sales",
            "team Emea",
            "changed team Emea was part of `Sales`, is part of no other",
            "equivalent",
        ),
        ("queue Triage", "queue Triage\nqueue Spam", "added queue Spam", "equivalent"),
        ("queue Triage", "team Triage", "removed queue Triage", "not decided"),
        (
            "id      text, key",
            "id      text, key\n  parent Account, optional",
            "added field parent of Account a reference",
            "equivalent",
        ),
    ];
    for (from, to, told, verdict) in cases {
        let (found, decided) = declarations(RECORDS, &RECORDS.replace(from, to));
        assert!(found.iter().any(|one| one == told), "{told}: {found:?}");
        assert_eq!(decided, verdict, "{told}");
    }
    // A name that comes to belong to the other side is read as before.
    let (found, verdict) = declarations(RECORDS, &format!("{RECORDS}\nrecord Lead {{\n  id text, key\n}}\n"));
    assert_eq!((found.as_slice(), verdict.as_str()), (&["added record Lead".to_owned()][..], "equivalent"));
}

#[test]
fn rows_of_lists_and_tables_count_and_their_order_only_where_it_can() {
    let rules = "list named from \"named.csv\" by country
decide owner of Account {
  named: when country in named assign to named.owner
  rest:  otherwise assign to Triage
}
";
    let sandbox = two((RECORDS, RECORDS), (rules, rules));
    let verdict = |old: &str, new: &str| {
        sandbox.write("old/named.csv", old);
        sandbox.write("new/named.csv", new);
        let found = diff(&sandbox, &[]).success().json();
        let how = found["declarations"][0]["how"].as_str().unwrap_or_default().to_owned();
        (found["roles"][0]["verdict"].as_str().unwrap().to_owned(), how)
    };
    let told = |verdict: &str, how: &str| (verdict.to_owned(), how.to_owned());
    let rows = "country,owner\nDE,Sales\nFR,Success\n";
    assert_eq!(verdict(rows, "country,owner\nFR,Success\n\nDE,Sales\n"), told("equivalent", ""));
    assert_eq!(verdict(rows, "country,owner\nDE,Sales\nFR,Emea\n"), told("different", "1 row removed, 1 row added"));
    let twice = "country,owner\nDE,Sales\nDE,Success\n";
    let turned = "country,owner\nDE,Success\nDE,Sales\n";
    assert_eq!(verdict(twice, turned), told("different", "its rows stand in another order"));
}

#[test]
fn who_follows_a_changed_decision_is_in_doubt_and_pins_are_seen() {
    let old = format!(
        "{RULES}decide backup of Account {{\n  all: otherwise assign to owner\n}}\n\
         decide auditor of Account {{\n  all: otherwise assign to Triage\n}}\n"
    );
    let new = format!("{}except Account \"A1\" stays with Sales\n", old.replace("\"DE\"", "\"AT\""));
    let found = diff(&rules(&old, &new), &[]).success().json();
    let role = |name: &str| {
        let roles = found["roles"].as_array().unwrap();
        roles.iter().find(|role| role["role"] == name).unwrap_or_else(|| panic!("{found}"))
    };
    assert_eq!(role("auditor")["verdict"], "equivalent");
    assert!(role("backup")["not_decided"][0].as_str().unwrap().contains("follows `owner of Account`"), "{found}");
    assert!(role("owner")["not_decided"][1].as_str().unwrap().contains("`A1`"), "{found}");
}

#[test]
fn what_rules_rest_on_besides_their_words_is_looked_at() {
    let pool = |members: &str| {
        format!(
            "decide owner of Account {{\n  clients: when type = Client assign to next of {members}\n  rest: otherwise assign to Triage\n}}\n\
             decide backup of Account {{\n  all: otherwise assign to next of Sales\n}}\n"
        )
    };
    let held = |days: u32| {
        format!(
            "decide owner of Account {{\n  hold owner up to {days} days while type = Client\n  rest: otherwise assign to Triage\n}}\n"
        )
    };
    let cases = [
        // Both roles take turns in one pool, and one of them no longer does.
        (pool("Sales"), pool("Success"), "backup", "take turns in its pools"),
        (pool("Sales"), pool("Sales where team = \"Emea\""), "backup", "take turns in its pools"),
        (held(30), held(40), "owner", "its holds or locks changed"),
        (
            format!("{RULES}decide backup of Account {{\n  all: otherwise assign to Triage\n}}\n"),
            format!(
                "{RULES}decide backup of Account {{\n  never the same person as owner\n  all: otherwise assign to Triage\n}}\n"
            ),
            "backup",
            "whom it keeps apart",
        ),
    ];
    for (old, new, role, reason) in cases {
        let found = diff(&rules(&old, &new), &[]).success().json();
        let roles = found["roles"].as_array().unwrap();
        let role = roles.iter().find(|one| one["role"] == role).unwrap_or_else(|| panic!("{found}"));
        assert!(role["not_decided"].to_string().contains(reason), "{reason}: {role}");
        // Beside itself nothing is in doubt.
        assert_eq!(diff(&rules(&old, &old), &[]).success().json()["empty"], true);
    }
}

#[test]
fn settings_that_owners_hang_on_are_declarations() {
    let sandbox = rules(RULES, RULES);
    let told = |old: &str, new: &str| {
        sandbox.write("old/ownward.toml", old);
        sandbox.write("new/ownward.toml", new);
        let found = diff(&sandbox, &[]).success().json();
        let what = found["declarations"][0]["what"].as_str().unwrap_or("nothing").to_owned();
        (what, found["roles"][0]["verdict"].as_str().unwrap().to_owned())
    };
    let is = |what: &str, verdict: &str| (what.to_owned(), verdict.to_owned());
    assert_eq!(told("zone = \"Europe/Berlin\"\n", "zone = \"UTC\"\n"), is("`zone` in ownward.toml", "not decided"));
    let hours = "[calendar]\nhours = { monday = \"09:00-12:00\" }\n";
    assert_eq!(told("", hours), is("`[calendar]` in ownward.toml", "equivalent"));
    let dates = "[source]\ndates = \"%d.%m.%Y\"\n";
    assert_eq!(told("", dates), is("how cells are written under `[source]` in ownward.toml", "equivalent"));
    assert_eq!(told("name = \"a\"\n", "name = \"b\"\n"), is("nothing", "equivalent"));
}

#[test]
fn the_shipped_project_moves_whom_two_runs_move() {
    let sandbox = Sandbox::empty();
    for side in ["old", "new"] {
        let copied = Sandbox::of("policies/crm");
        let mut files = vec![copied.path().to_path_buf()];
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let name = path.strip_prefix(copied.path()).unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            // Every rule about status asks for another one.
            let text = if side == "new" && name == "accounts.own" { text.replace("At-Risk", "Active") } else { text };
            sandbox.write(&format!("{side}/{name}"), &text);
        }
    }
    let (old, new) = (decided(&sandbox, "old"), decided(&sandbox, "new"));
    let owner = |text: &str| text.split(' ').next().unwrap().to_owned();
    let is_role = |key: &str| ["owner ", "backup "].iter().any(|role| key.starts_with(role));
    let moved = old.keys().filter(|key| is_role(key) && owner(&old[*key]) != owner(&new[*key])).count();
    let found = diff(&sandbox, &["--data"]).success().json();
    assert!(moved > 0);
    let role = |role: &Value| role["role"] == "owner" || role["role"] == "backup";
    let roles = found["data"]["roles"].as_array().unwrap().iter().filter(|one| role(one));
    assert_eq!(roles.map(|role| role["moved"].as_u64().unwrap()).sum::<u64>(), moved as u64);
}

/// Owner of every record, as `decide` gives it.
fn decided(sandbox: &Sandbox, folder: &str) -> BTreeMap<String, String> {
    let ran = sandbox.run(&["decide", folder, "--format", "jsonl"]).success();
    let owner = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        (format!("{} {}", word("role"), word("key")), format!("{} {}", word("owner"), word("outcome")))
    };
    ran.stdout.lines().map(owner).collect()
}

const OTHER_RULES: &str = "decide owner of Account {
  big:     when arr >= 1M USD assign to \"ben\"
  clients: when type = Client assign to Success
  swedish: when country = \"SE\" assign to nobody
  french:  when country = \"FR\" assign to Sales
}
";

#[test]
fn records_that_move_are_those_that_two_runs_decide_otherwise() {
    let other_records = RECORDS.replace("(Prospect, Client)", "(Client, Prospect, Partner)");
    for records in [RECORDS, &other_records] {
        let sandbox = two((RECORDS, records), (RULES, OTHER_RULES));
        let (old, new) = (decided(&sandbox, "old"), decided(&sandbox, "new"));
        let owner = |text: &String| text.split(' ').next().unwrap().to_owned();
        let moved: Vec<&String> = old.keys().filter(|key| owner(&old[*key]) != owner(&new[*key])).collect();
        let found = diff(&sandbox, &["--data", "--value", "arr"]).success().json();
        let role = &found["data"]["roles"][0];
        assert_eq!(role["moved"], moved.len());
        assert_eq!(role["records"], 5);
        for record in role["first"].as_array().unwrap() {
            let key = format!("owner {}", record["key"].as_str().unwrap());
            let words = |side: &str, outcome: &str| {
                let owner = record[side]["id"].as_str().unwrap_or("-");
                format!("{owner} {}", record[outcome].as_str().unwrap())
            };
            assert_eq!(words("from", "old_outcome"), old[&key]);
            assert_eq!(words("to", "new_outcome"), new[&key]);
        }
        // A2 (2M) leaves Emea for ben, A3 (3M) ana for ben, A4 (10) Triage for Sales, A5 (no value) Triage for nobody.
        assert_eq!(moved.len(), 4);
        assert_eq!(role["values"][0], serde_json::json!({ "currency": "USD", "sum": "5000010" }));
        assert_eq!(role["without_value"], 1);
        assert_eq!(role["outcomes"].as_array().unwrap().len(), 1);
        let teams: Vec<String> =
            role["teams"].as_array().unwrap().iter().map(|team| team["team"].to_string()).collect();
        assert_eq!(teams, ["\"Sales\"", "\"Emea\""]);
        assert_eq!(role["rules"].as_array().unwrap().len(), 4);
    }
}

#[test]
fn a_value_that_only_one_version_allows_is_invalid_in_the_other() {
    let wider = RECORDS.replace("(Prospect, Client)", "(Prospect, Client, Partner)");
    let sandbox = two((RECORDS, &wider), (RULES, RULES));
    sandbox.write("new/data/accounts.csv", "id,type,country,arr,owner\nA1,Partner,FR,5,\nA2,Client,FR,5,\n");
    let found = diff(&sandbox, &["--data"]).success().json();
    let role = &found["data"]["roles"][0];
    assert_eq!(role["outcomes"][0], serde_json::json!({ "from": "invalid", "to": "assigned", "records": 1 }));
    assert_eq!(role["first"][0]["to"]["id"], "Triage");
}

#[test]
fn both_start_from_the_owners_of_the_ledger() {
    let keep =
        "decide owner of Account {\n  held: when owner is known keep owner\n  rest: otherwise assign to Triage\n}\n";
    let sandbox = two((RECORDS, RECORDS), (keep, keep));
    sandbox.run(&["apply", "new", "--yes"]).success();
    sandbox.write("new/rules.own", &keep.replace("keep owner", "assign to Success"));
    let found = diff(&sandbox, &["--data"]).success().json();
    let role = &found["data"]["roles"][0];
    // The ledger beside the new version knows all five; without it four of them would have nobody.
    assert_eq!((&role["had_owner"], &role["moved"]), (&Value::from(5), &Value::from(5)));
    assert_eq!(role["owners"][0]["from"]["id"], "Triage");
    assert_eq!(role["owners"][0]["records"], 4);
}

#[test]
fn a_change_that_moves_too_much_fails() {
    let sandbox = rules(RULES, OTHER_RULES);
    diff(&sandbox, &["--data", "--max-moved", "4"]).success();
    let over = diff(&sandbox, &["--data", "--max-moved", "3"]).fails_with(1);
    assert!(over.stderr.contains("too many records move: 4, and 3 may (--max-moved 3)"), "{}", over.stderr);
    assert_eq!(over.json()["gate"]["exceeded"], true);
    let share = diff(&sandbox, &["--data", "--max-moved", "50%"]).fails_with(1);
    assert!(share.stderr.contains("4, and 2 may (--max-moved 50%, which is 50% of 5 records"), "{}", share.stderr);
    diff(&sandbox, &["--data", "--max-moved", "80%"]).success();
    let value = |limit: &str| diff(&sandbox, &["--data", "--value", "arr", "--max-moved-value", limit]);
    value("5000010").success();
    value("5M EUR").success();
    let over = value("5M USD").fails_with(1);
    assert!(over.stderr.contains("5,000,010 USD of `arr`, and 5M USD may"), "{}", over.stderr);
    for (args, said) in [
        (["--data", "--max-moved", "few"], "neither a number nor a share"),
        (["--data", "--value", "ar"], "did you mean `arr`?"),
        (["--data", "--value", "type"], "is no number"),
    ] {
        assert!(diff(&sandbox, &args).fails_with(2).stderr.contains(said), "{args:?}");
    }
    assert!(diff(&sandbox, &["--max-moved", "3"]).fails_with(2).stderr.contains("--data"));
    assert!(value("much").fails_with(2).stderr.contains("is no amount"));
}

#[test]
fn teams_and_places_that_change_are_counted() {
    let old = format!("{RULES}gather team of Account {{\n  when type = Client add Sales, ben as core\n}}\n");
    let new = old.replace("add Sales, ben as core", "add Sales as core\n  when country = \"FR\" add Success");
    let found = diff(&rules(&old, &new), &["--data"]).success().json();
    let team = &found["data"]["teams"][0];
    assert_eq!((&team["changed"], &team["records"]), (&Value::from(3), &Value::from(5)));
    assert_eq!(team["members"][0]["member"]["id"], "Success");
    assert_eq!((&team["members"][0]["joins"], &team["members"][1]["leaves"]), (&Value::from(2), &Value::from(1)));
}

#[test]
fn every_form_says_the_same() {
    let sandbox = rules(RULES, OTHER_RULES);
    let text = sandbox.run(&["diff", "old", "new", "--data", "--value", "arr", "--as-of", "2026-11-16"]).success();
    assert!(text.stdout.starts_with("old -> new: 1 of 1 role decides otherwise\n"), "{}", text.stdout);
    assert!(text.stdout.contains("owner of Account: 4 of 5 records move"), "{}", text.stdout);
    assert!(text.stdout.contains("arr of the records that move: 5,000,010 USD; 1 without a value"), "{}", text.stdout);
    assert_eq!(text.last_line(), "Diff: 4 of 5 records move as of 2026-11-16T00:00:00Z");
    let page = sandbox.run(&["diff", "old", "new", "--data", "--format", "markdown"]).success().stdout;
    assert!(page.contains("<details><summary>Records: <code>owner of Account</code></summary>"), "{page}");
    assert!(sandbox.run(&["diff", "old", "new", "--format", "csv"]).fails_with(2).stderr.contains("markdown"));
    assert!(sandbox.run(&["diff", "--help"]).success().stdout.contains("Example:"));
}

#[test]
fn nothing_of_policies_and_data_is_markdown() {
    let name = "</details> @everyone | `x`";
    let sandbox = rules(RULES, &format!("decide owner of Account {{\n  all: otherwise assign to \"{name}\"\n}}\n"));
    sandbox.write("new/data/people.csv", &format!("id,name,team\nana,Ana,Emea\nben,Ben,Sales\n{name},X,Sales\n"));
    sandbox.write("new/data/accounts.csv", "id,type,country,arr,owner\n<b>|`A`\u{1b}[31m,Client,,,\n");
    let page = sandbox.run(&["diff", "old", "new", "--data", "--format", "markdown"]).success().stdout;
    assert!(page.contains("``<b>\\|`A`\\u{1b}[31m``"), "{page}");
    assert!(page.contains("`` </details> @everyone \\| `x` ``"), "{page}");
    // Outside its code span the name stands nowhere.
    let mut named = page.lines().filter(|line| line.contains("@everyone"));
    assert!(named.all(|line| line.contains("``") && !line.replace("\\|", "").contains("| </details>")), "{page}");
    let closed = page.lines().filter(|line| *line == "</details>").count();
    assert_eq!(closed, page.matches("<details>").count(), "{page}");
    assert!(!page.contains('\u{1b}'));
}

#[test]
fn an_old_version_with_errors_is_named() {
    let sandbox = rules(&RULES.replace("type = Client", "tpye = Client"), RULES);
    let ran = diff(&sandbox, &[]).fails_with(2);
    assert!(
        ran.stderr.contains("unknown-field") && ran.stderr.contains("the policies of old have errors"),
        "{}",
        ran.stderr
    );
}

// ---------------------------------------------------------------- revisions

fn git(sandbox: &Sandbox, args: &[&str]) -> bool {
    let ran = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(sandbox.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output();
    ran.is_ok_and(|output| output.status.success())
}

/// A repository whose project stands in `crm`: its first commit has the old rules, its working folder others.
/// `None`, with a word, where there is no git.
fn repository(rules: &str) -> Option<Sandbox> {
    let sandbox = Sandbox::empty();
    project(&sandbox, "crm", RECORDS, RULES);
    sandbox.write("crm/data/.gitignore", "*\n");
    if !git(&sandbox, &["init", "-q"]) {
        eprintln!("skipped: there is no git");
        return None;
    }
    assert!(git(&sandbox, &["add", "-A"]) && git(&sandbox, &["commit", "-qm", "one"]));
    sandbox.write("crm/rules.own", rules);
    Some(sandbox)
}

#[test]
fn a_revision_is_read_without_touching_the_working_folder() {
    let Some(sandbox) = repository(OTHER_RULES) else { return };
    let json = |args: &[&str]| sandbox.run(&[&["diff", "--format", "json"], args].concat()).success().json();
    // The data is in no revision; it is that of the project at hand.
    let found = json(&["HEAD", "crm", "--data"]);
    assert_eq!(found["data"]["roles"][0]["moved"], 4);
    assert_eq!(found["old"], "HEAD");
    let same = [&["main:crm", "HEAD:crm", "--project", "crm"][..], &["HEAD", "main", "--project", "crm"]];
    for args in same {
        assert_eq!(json(args)["empty"], true, "{args:?}");
    }
    for old in ["main:crm/", "main:crm/../crm", "HEAD:./", "main^0:crm/rules.own"] {
        let ran = sandbox.run(&["diff", old, "--project", "crm", "--format", "json"]);
        // One file alone has no records declared: it is another project.
        assert_eq!(ran.code, if old.ends_with("rules.own") { 2 } else { 0 }, "{old}: {}", ran.stderr);
    }
    assert!(git(&sandbox, &["commit", "-qam", "two"]));
    assert_eq!(json(&["HEAD~1", "HEAD", "--project", "crm", "--data"])["data"]["roles"][0]["moved"], 4);
    assert_eq!(json(&["HEAD", "--project", "crm"])["empty"], true);
    assert_eq!(std::fs::read_to_string(sandbox.path().join("crm/rules.own")).unwrap(), OTHER_RULES);
}

#[test]
fn lists_are_read_from_the_revision_too() {
    let listed = "list named from \"lists/named.csv\" by country
decide owner of Account {
  named: when country in named assign to Sales
  rest:  otherwise assign to Triage
}
";
    let Some(sandbox) = repository(listed) else { return };
    sandbox.write("crm/lists/named.csv", "country\nDE\n");
    sandbox.write("crm/.hidden/broken.own", "nonsense");
    assert!(git(&sandbox, &["add", "-A"]) && git(&sandbox, &["commit", "-qm", "two"]));
    sandbox.write("crm/lists/named.csv", "country\nDE\nFR\n");
    let found = sandbox.run(&["diff", "HEAD", "crm", "--format", "json"]).success().json();
    assert_eq!(found["declarations"][0]["how"], "0 rows removed, 1 row added");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", sandbox.path().join("crm/out.own")).unwrap();
        assert!(git(&sandbox, &["add", "-A"]) && git(&sandbox, &["commit", "-qm", "three"]));
        std::fs::remove_file(sandbox.path().join("crm/out.own")).unwrap();
        let ran = sandbox.run(&["diff", "HEAD", "crm"]).fails_with(2);
        assert!(ran.stderr.contains("link that leaves the project"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("root:"), "{}", ran.stderr);
    }
}

#[test]
fn what_is_no_revision_is_refused_with_a_word() {
    let Some(sandbox) = repository(RULES) else { return };
    let refused = |args: &[&str], said: &str| {
        let ran = sandbox.run(&[&["diff", "--project", "crm"], args].concat()).fails_with(2);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    };
    refused(&["nowhere"], "`nowhere` is neither a folder nor a revision");
    refused(&["main:policies"], "`main:policies` holds no `policies`");
    refused(&["main:../.."], "names no path inside the repository");
    refused(&["main:/etc"], "names no path inside the repository");
    refused(&["main:crm/ownward.toml"], "is no folder and no `.own` file");
    refused(&["--", "--output=x"], "is no revision");
    refused(&["--", "-p"], "is no revision");
    refused(&["HEAD..main"], "neither a folder nor a revision");
    refused(&["HEAD; touch x"], "neither a folder nor a revision");
    refused(&[":crm"], "is no revision");
    refused(&["HEAD\nmain"], "is no revision");
    assert!(!sandbox.path().join("x").exists());
    // A folder called like a branch has to be told from it.
    project(&sandbox, "main", RECORDS, RULES);
    refused(&["main"], "is both a folder and a revision: write `./main`");
    let found = sandbox.run(&["diff", "./main", "crm", "--format", "json"]).success().json();
    assert_eq!(found["empty"], true);
}

#[test]
fn without_a_repository_or_git_two_folders_are_asked_for() {
    let sandbox = Sandbox::empty();
    project(&sandbox, "crm", RECORDS, RULES);
    let run = |path: Option<&str>| {
        let mut command = sandbox.command(sandbox.path(), &["diff", "HEAD", "crm"]);
        // A repository above the temporary folder is none of ours.
        command.env("GIT_CEILING_DIRECTORIES", sandbox.path().parent().unwrap());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(Some("/nowhere")).contains("the program `git` was not found"));
    if git(&sandbox, &["--version"]) {
        let said = run(None);
        assert!(said.contains("is in no git repository: name two folders"), "{said}");
    }
}
