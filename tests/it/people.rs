//! What stands beside a person's name in the directory, from the file to the answer.

use crate::sandbox::Sandbox;

fn project(people: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    let policy = "record Account from accounts {
  id text, key
  current owner, column \"owner_id\"
}
person from people
team Sales
team DACH part of Sales
queue Triage
decide owner of Account {
  stays: when owner in Sales keep owner
  otherwise assign to Triage
}
";
    sandbox.write("rules.own", policy);
    sandbox.write("accounts.csv", "id,owner_id\nA-1,ana\n");
    sandbox.write("people.csv", people);
    sandbox
}

#[test]
fn a_person_is_of_a_team_on_the_days_that_are_written() {
    let sandbox = project("id,team\nana,DACH from 2026-03-01 until 2026-03-31\n");
    for (day, kept) in [("2026-02-28", 0), ("2026-03-01", 1), ("2026-03-31", 1), ("2026-04-01", 0)] {
        let ran = sandbox.run(&["decide", "--as-of", day, "--format", "json"]).success();
        assert!(ran.stdout.contains(&format!("\"kept\": {kept},")), "{day}: {}", ran.stdout);
    }
}

#[test]
fn a_past_decision_is_explained_with_the_days_of_its_run() {
    let sandbox = project("id,team\nana,DACH until 2026-03-31\n");
    sandbox.run(&["apply", "--yes", "--as-of", "2026-03-01"]).success();
    sandbox.write("people.csv", "id,team\nana,Elsewhere\n");
    sandbox.run(&["apply", "--yes", "--as-of", "2026-05-01"]).success();
    let then = sandbox.run(&["explain", "Account", "A-1", "--as-of", "2026-03-02"]).success();
    assert!(then.stdout.contains("ana") && then.stdout.contains("stays"), "{}", then.stdout);
    sandbox.run(&["verify"]).success();
}

#[test]
fn backups_that_lead_nowhere_are_told() {
    let sandbox = project("id,name,backup\nana,Ana,bo\nbo,Bo,cy\ncy,Cy,ana\ndi,Di,Zoe\ned,Ed,Triage\n");
    let ran = sandbox.run(&["check", "--strict"]).fails_with(1);
    insta::assert_snapshot!(ran.stderr, @r#"
    warning[unknown-owner]: people have a backup that no single person answers to
      rules.own:5:1
      5 | person from people
        | ------------------ in this directory
      note: `di`: `Zoe`, and 1 more
      note: nobody stands in for them while they are away

    warning[backup-circle]: people are each other's backup in a circle
      rules.own:5:1
      5 | person from people
        | ------------------ in this directory
      note: `ana` → `bo` → `cy` → `ana`
      note: while all of them are away at once, nobody stands in
      help: give one of them a backup outside the circle, or none
    "#);
}

#[test]
fn rows_that_are_over_may_name_people_who_have_left() {
    let sandbox = project("id,active\nana,no\n");
    let policy = "record Account from accounts { id text, key }
person from people
list named from \"named.csv\" by id valid until end
decide owner of Account { when id in named assign to named.owner }
";
    sandbox.write("rules.own", policy);
    sandbox.write("named.csv", "id,owner,end\nA-1,ana,2020-01-31\nA-2,nobody-knows,2020-01-31\n");
    let ran = sandbox.run(&["check"]).success();
    assert!(!ran.stderr.contains("owner]"), "{}", ran.stderr);
    sandbox.write("named.csv", "id,owner,end\nA-1,ana,\n");
    let ran = sandbox.run(&["check"]).success();
    assert!(ran.stderr.contains("warning[inactive-owner]: `named` names an owner who is not active"), "{}", ran.stderr);
}

/// A project in which a pool of `Sales` decides, chosen as `how` says.
fn pooled(how: &str, people: &str) -> Sandbox {
    let sandbox = project(people);
    let policy = "record Account from accounts { id text, key }
person from people
team Sales
team Desk
queue Triage
decide owner of Account { assign to HOW else Triage }
";
    sandbox.write("rules.own", &policy.replace("HOW", how));
    sandbox
}

#[test]
fn a_manager_or_backup_whose_name_fits_several_is_told_with_their_keys() {
    let sandbox = project("id,name,manager,backup\nana,Ana,Bo,\nbo1,Bo,,\nbo2,Bo,,Bo\n");
    let ran = sandbox.run(&["check", "--strict"]).fails_with(1);
    insta::assert_snapshot!(ran.stderr, @r#"
    warning[ambiguous-name]: people have a manager whose name fits several people
      rules.own:5:1
      5 | person from people
        | ------------------ in this directory
      note: `ana`: `Bo` fits bo1, bo2
      note: `manager of` misses for them
      help: write the manager's key in place of the name

    warning[ambiguous-name]: people have a backup whose name fits several people
      rules.own:5:1
      5 | person from people
        | ------------------ in this directory
      note: `bo2`: `Bo` fits bo1, bo2
      note: nobody stands in for them while they are away
      help: write the backup's key in place of the name
    "#);
}

#[test]
fn a_team_cell_with_a_comma_is_told_what_stands_between_teams() {
    let sandbox = pooled("next of Desk", "id,team\nana,\"Sales , Desk\"\nbo,Desk\n");
    let ran = sandbox.run(&["check", "--strict"]).fails_with(1);
    assert!(ran.stderr.starts_with("warning[unknown-team]"), "{}", ran.stderr);
    assert!(ran.stderr.contains("help: `;` stands between teams: write `Sales; Desk`"), "{}", ran.stderr);
}

#[test]
fn a_weight_is_missing_only_where_somebody_is_active() {
    let sandbox = pooled("next of Sales by weight", "id,team,weight,active\nana,Sales,2,yes\nbo,Sales,,no\n");
    sandbox.run(&["check", "--strict"]).success();
    sandbox.write("people.csv", "id,team,weight,active\nana,Sales,2,yes\nbo,Sales,,no\ncy,Sales,,yes\n");
    let ran = sandbox.run(&["check", "--strict"]).fails_with(1);
    assert!(ran.stderr.contains("1 of 2 members of a pool by weight have none"), "{}", ran.stderr);
}

#[test]
fn a_pool_of_nobody_known_is_told_once() {
    for (how, code) in [("next of Triage", "error[empty-pool]"), ("next of manager", "error[unknown-owner]")] {
        let ran = pooled(how, "id,team\nana,Sales\n").run(&["check"]).fails_with(1);
        assert!(ran.stderr.starts_with(code), "{}", ran.stderr);
        assert_eq!(ran.stderr.matches("rules.own:").count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn a_hold_ends_with_its_day() {
    let sandbox = project("id,team\nana,Sales\n");
    let policy = "record Account from accounts {
  id text, key
  current owner, column \"owner_id\"
}
person from people
queue Triage
decide owner of Account {
  hold owner until 2026-03-31
  assign to Triage
}
";
    sandbox.write("rules.own", policy);
    for (day, kept) in [("2026-03-31", 1), ("2026-04-01", 0)] {
        let ran = sandbox.run(&["decide", "--as-of", day, "--format", "json"]).success();
        assert!(ran.stdout.contains(&format!("\"kept\": {kept},")), "{day}: {}", ran.stdout);
    }
}
