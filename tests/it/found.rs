//! Mistakes that were found once, each kept as a case.

use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const RECORDS: &str = "record Account {
  id text, key
  interests many of (Upsell, Renewal)
  touched time, optional
  renewal date, optional
  parent Account, optional
}
queue Triage
team Sales
";

fn project(rules: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("records.own", RECORDS);
    write("rules.own", rules);
    write("accounts.csv", "id,interests,touched,renewal,parent\nA,Upsell,,,\nB,,,,A\n");
    folder
}

fn ownward(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ownward")).args(args).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A multi-select behind a reference that leads nowhere is missing, not empty, when the ledger is read back too.
#[test]
fn a_multi_select_behind_no_record_is_replayed_as_missing() {
    let folder = project(
        "decide owner of Account {
           none: when parent.interests includes none of (Renewal) assign to Sales
           otherwise assign to Triage
         }",
    );
    let applied = ownward(folder.path(), &["apply", "--yes", "--as-of", "2026-07-01"]);
    assert!(applied.status.success(), "{}", text(&applied.stderr));
    for (key, owner) in [("A", "Triage"), ("B", "Sales")] {
        let out = ownward(folder.path(), &["explain", "Account", key, "--as-of", "2026-07-02"]);
        assert!(out.status.success(), "{}{}", text(&out.stdout), text(&out.stderr));
        assert!(text(&out.stdout).contains(owner), "{}", text(&out.stdout));
    }
}

/// `3 hours ago` is no day; it used to mean today.
#[test]
fn hours_and_minutes_do_not_move_a_day() {
    for condition in ["touched < 3 hours ago", "renewal > today + 90 minutes", "touched before 1 hour from today"] {
        let folder = project(&format!("decide owner of Account {{ when {condition} assign to Sales }}"));
        let out = ownward(folder.path(), &["check"]);
        assert_eq!(out.status.code(), Some(1), "{condition}");
        let shown = text(&out.stdout) + &text(&out.stderr);
        assert!(shown.contains("error[wrong-type]: a day is not moved by"), "{condition}: {shown}");
    }
}

/// The help named an option that does not exist.
#[test]
fn the_way_to_backdate_is_the_one_that_is_told() {
    let folder = project("decide owner of Account { otherwise assign to Triage }");
    assert!(ownward(folder.path(), &["apply", "--yes", "--as-of", "2026-07-02"]).status.success());
    let refused = ownward(folder.path(), &["apply", "--yes", "--as-of", "2026-07-01"]);
    assert!(text(&refused.stderr).contains("`--backdate --because \"…\"`"), "{}", text(&refused.stderr));
    let args = ["apply", "--yes", "--as-of", "2026-07-01", "--backdate", "--because", "late data"];
    assert!(ownward(folder.path(), &args).status.success());
}
