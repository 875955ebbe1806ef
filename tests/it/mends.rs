//! `check --fix` and `check --baseline`.

use crate::noisy::{self, Dice};
use crate::sandbox::Sandbox;
use ownward::diagnostic::fix;
use ownward::source::Sources;
use ownward::syntax::parse;
use proptest::prelude::*;

const RECORDS: &str = "record Account from accounts {
  id     text, key
  name   text
  size   number
  status one of (Active, \"At Risk\", Churned)
}

team Sales
";

fn project(rules: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("ownward.toml", "");
    sandbox.write("records.own", RECORDS);
    sandbox.write("rules.own", rules);
    sandbox
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.path().join(name)).unwrap()
}

fn fixed(rules: &str) -> String {
    let sandbox = project(rules);
    sandbox.run(&["check", "--fix"]);
    assert_eq!(read(&sandbox, "records.own"), RECORDS);
    read(&sandbox, "rules.own")
}

#[test]
fn sentences_of_other_languages_are_written_as_ours() {
    let head = "decide owner of Account {\n";
    for (foreign, ours) in [
        ("status is in (Active, Churned)", "status in (Active, Churned)"),
        ("status is not in (Active, Churned)", "status not in (Active, Churned)"),
        ("status is one of (Active, Churned)", "status in (Active, Churned)"),
        ("status = Active or Churned", "status = Active or status = Churned"),
        ("1 < size < 5000", "1 < size and size < 5000"),
        ("size < 5,000", "size < 5000"),
    ] {
        let rule = |condition: &str| format!("{head}  when {condition} assign to Sales\n}}\n");
        assert_eq!(fixed(&rule(foreign)), rule(ours));
    }
    // What an `or` joins is for a person to say.
    let unclear = format!("{head}  when size = 1 and status = Active or Churned assign to Sales\n}}\n");
    assert_eq!(fixed(&unclear), unclear);
}

#[test]
fn one_mend_that_leads_nowhere_keeps_no_other_from_being_made() {
    // In quotes, the name would be one that nobody has.
    let rules = |mark: &str| {
        format!(
            "decide owner of Account {{\n  when status {mark} Active assign to Sales\n  when size = 1 assign to Sales Tem\n  \
             when status {mark} Churned assign to Sales\n}}\n"
        )
    };
    let left = fixed(&rules("=="));
    assert!(!left.contains("=="), "{left}");
}

#[test]
fn habits_are_written_as_ours() {
    let rules = "decide owner of Account {
  if status == Activ&&name = 'Acme' assign to Sales
  when status == Active -> Sales
  when name = Acme Holding || !status = At Risk assign to Sales
  when status is null assign to Sales
}
";
    let wanted = "decide owner of Account {
  when status = Active and name = \"Acme\" assign to Sales
  when status = Active assign to Sales
  when name = \"Acme Holding\" or not status = \"At Risk\" assign to Sales
  when status is missing assign to Sales
}
";
    assert_eq!(fixed(rules), wanted);
}

#[test]
fn a_rule_without_effect_goes_unless_somebody_wrote_a_remark() {
    let rules = "decide owner of Account {
  a: when status is not missing assign to Sales
  b: when status = Churned assign to nobody
}
";
    assert_eq!(fixed(rules), rules.replace("  b: when status = Churned assign to nobody\n", ""));
    for kept in [
        rules.replace("  b:", "  # kept for the audit\n  b:"),
        rules.replace("to nobody", "to nobody # kept"),
        rules.replace("  b:", "  allow unreachable-rule: \"kept\"\n  b:"),
    ] {
        assert_eq!(fixed(&kept), kept);
    }
}

#[test]
fn what_a_person_has_to_choose_is_left() {
    for rules in [
        "decide owner of Account {\n  when status = Actixe1 assign to Sales\n}\n",
        "decide owner of Account {\n  when name = Acme then assign to Sales\n}\n",
        "decide owner of Account {\n  when statuss = Active assign to Sales\n}\n",
        "decide owner of Account {\n  when status = Active asign to nowhere\n",
    ] {
        let left = fixed(rules);
        assert!(left == rules || left == rules.replace("asign", "assign"), "{left}");
    }
}

#[test]
fn a_dry_run_shows_and_writes_nothing() {
    let rules = "allow never-true: \"x\"\ndecide owner of Account {\n  when status == Active assign to Sales\n  otherwise assign to nobody\n}\n";
    let sandbox = project(rules);
    let ran = sandbox.run(&["check", "--fix", "--dry-run"]).success();
    insta::assert_snapshot!(ran.stdout, @r#"
    --- rules.own (now)
    +++ rules.own (mended)
    @@ -1,4 +1,3 @@
    -allow never-true: "x"
     decide owner of Account {
    -  when status == Active assign to Sales
    +  when status = Active assign to Sales
       otherwise assign to nobody
    ok: 2 rules in 1 role
    "#);
    assert_eq!(ran.stderr, "2 findings would be mended in 1 file\n");
    assert_eq!(read(&sandbox, "rules.own"), rules);
    sandbox.run(&["check", "--fix", "--strict", "--format", "json"]).success();
    let mended = "decide owner of Account {\n  when status = Active assign to Sales\n  otherwise assign to nobody\n}\n";
    assert_eq!(read(&sandbox, "rules.own"), mended);
    let none = sandbox.run(&["check", "--fix"]).success();
    assert_eq!(none.stderr, "0 findings mended in 0 files\n");
    sandbox.run(&["check", "--dry-run"]).fails_with(2);
}

#[test]
fn what_lies_on_disk_is_never_written_over_by_what_was_read_before() {
    let sandbox = project("decide owner of Account {\r\n  when status == Active assign to Sales\r\n}\r\n");
    sandbox.run(&["check", "--fix"]).success();
    // Line ends are the author's.
    assert_eq!(
        read(&sandbox, "rules.own"),
        "decide owner of Account {\r\n  when status = Active assign to Sales\r\n}\r\n"
    );
    assert!(
        std::fs::read_dir(sandbox.path())
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().ends_with(".tmp") })
    );
}

proptest! {
    #![proptest_config(crate::cases::config(crate::cases::count(60)))]

    /// Whatever a policy looks like, mends end in a text that is no worse, and are made once.
    #[test]
    fn mends_never_make_a_policy_worse(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        habit in 0_usize..6,
    ) {
        let (ours, foreign) =
            [("=", "=="), (" and ", " && "), (" or ", "||"), ("when ", "if "), ("assign", "asign"), ("not ", "!")][habit];
        let text = noisy::policy(&mut Dice::new(&bytes)).replace(ours, foreign);
        let mut sources = Sources::default();
        sources.add("a.own", text.as_str());
        let errors = |sources: &Sources| parse(sources).1.into_iter().filter(|found| found.is_error()).count();
        let before = errors(&sources);
        let mended = fix::mended(&parse(&sources).1, &sources);
        let twice = fix::mended(&parse(&sources).1, &sources);
        let text_of = |sources: &Sources| sources.iter().map(|(_, file)| file.text.clone()).collect::<String>();
        assert_eq!(text_of(&mended.sources), text_of(&twice.sources));
        if mended.count == 0 {
            assert_eq!(text_of(&mended.sources), text);
        } else {
            assert!(errors(&mended.sources) <= before, "{text}\nbecame\n{}", text_of(&mended.sources));
        }
    }
}

const OLD: &str = "decide owner of Account {
  assign to Sales
  when status = Churned assign to nobody
}
";

#[test]
fn a_baseline_hides_what_was_there_and_nothing_new() {
    let sandbox = project(OLD);
    sandbox.run(&["check", "--strict"]).fails_with(1);
    let written = sandbox.run(&["check", "--write-baseline", "known.baseline"]).success();
    assert!(written.stderr.contains("1 finding written to known.baseline"), "{}", written.stderr);
    let text = read(&sandbox, "known.baseline");
    assert!(
        text.lines().any(|line| line.ends_with("unreachable-rule rules.own when status = Churned assign to nobody"))
    );
    let args = ["check", "--strict", "--baseline", "known.baseline"];
    let quiet = sandbox.run(&args).success();
    assert!(quiet.stderr.contains("1 finding of the baseline not shown"), "{}", quiet.stderr);
    // Lines that move are still the old ones, a second one of the kind is new.
    let moved = OLD.replace("decide", "# moved\n\ndecide").replace("  when", "      when");
    sandbox.write("rules.own", &moved);
    sandbox.run(&args).success();
    let twice = moved.replace("}\n", "  when status = Churned assign to nobody\n}\n");
    sandbox.write("rules.own", &twice);
    let new = sandbox.run(&args).fails_with(1);
    assert_eq!(new.stderr.matches("warning[").count(), 1, "{}", new.stderr);
    // What is mended is counted.
    sandbox.write("rules.own", "decide owner of Account {\n  otherwise assign to Sales\n}\n");
    let mended = sandbox.run(&args).success();
    assert!(mended.stderr.contains("1 finding of the baseline is mended"), "{}", mended.stderr);
    sandbox.run(&["check", "--write-baseline", "known.baseline"]).success();
    assert_eq!(read(&sandbox, "known.baseline").lines().filter(|line| !line.starts_with('#')).count(), 0);
}

#[test]
fn a_file_that_is_no_baseline_is_neither_read_nor_overwritten() {
    let sandbox = project(OLD);
    assert!(sandbox.run(&["check", "--write-baseline", "rules.own"]).fails_with(2).stderr.contains("left as it is"));
    assert_eq!(read(&sandbox, "rules.own"), OLD);
    assert!(sandbox.run(&["check", "--baseline", "rules.own"]).fails_with(2).stderr.contains("is no baseline"));
    assert!(sandbox.run(&["check", "--baseline", "none"]).fails_with(2).stderr.contains("--write-baseline none"));
    sandbox.write("bad.baseline", "# ownward baseline 1\nxyz\n");
    assert!(sandbox.run(&["check", "--baseline", "bad.baseline"]).fails_with(2).stderr.contains("line 2"));
    // Left twice by a merge, with the other branch's lines in between: still one baseline.
    sandbox.run(&["check", "--write-baseline", "b"]).success();
    let text = read(&sandbox, "b");
    let lines: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    sandbox.write("b", &format!("{text}{lines}"));
    sandbox.run(&["check", "--strict", "--baseline", "b"]).success();
}
