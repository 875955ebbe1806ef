//! How differences that were proved are shown.

use super::super::args::{Cli, Command};
use super::{Diff, Gate, compare, gate, json, markdown, sides, text};
use crate::analysis::{Change, Decision, Difference, RuleRef};
use clap::Parser;

const RECORDS: &str =
    "record Account {\n  id text, key\n  type one of (Client, Prospect)\n}\nqueue Triage\nqueue Sales\n";

fn diff(old: &str, new: &str) -> Diff {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |side: &str, rules: &str| {
        let path = folder.path().join(side);
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("rules.own"), format!("{RECORDS}{rules}")).unwrap();
        path.display().to_string()
    };
    let (old, new) = (write("old", old), write("new", new));
    let Command::Diff(args) = Cli::try_parse_from(["ownward", "diff", &old, &new]).unwrap().command else { panic!() };
    let opened = sides::open(&args).unwrap();
    let (proof, declarations) = compare(&opened.old, &opened.new, &args).unwrap();
    let gate = Gate::of(&gate::limits(&args).unwrap(), None);
    Diff { old: opened.old, new: opened.new, proof, declarations, data: None, gate }
}

#[test]
fn a_difference_is_shown_with_its_region_and_its_witness() {
    let rules = |owner: &str| {
        format!(
            "decide owner of Account {{\n  a: when type = Client assign to {owner}\n  b: otherwise assign to Triage\n}}\n"
        )
    };
    let mut diff = diff(&rules("Sales"), &rules("Triage"));
    let rule = |side: &sides::Side| {
        let role = &side.session.policy.roles[0];
        RuleRef::new(role.rule_ids().next().unwrap(), &role.rules[0])
    };
    let difference = Difference {
        change: Change::Owner,
        old: Decision { rule: Some(rule(&diff.old)), owner: "Sales".to_owned() },
        new: Decision { rule: Some(rule(&diff.new)), owner: "Triage".to_owned() },
        region: vec!["type = Client".to_owned()],
        witness: vec![("type".to_owned(), "Client".to_owned()), ("id".to_owned(), "`x`".to_owned())],
    };
    assert_eq!(text::decision(&diff.old, &difference.old), "Sales by a (rules.own:8:3)");
    let role = &mut diff.proof.roles[0];
    role.not_decided.clear();
    role.differences = vec![difference];
    assert_eq!(diff.headline(), "1 of 1 role decides otherwise");
    let page = markdown::page(&diff);
    assert!(page.contains("<summary><code>owner of Account</code>: 1 difference</summary>"), "{page}");
    assert!(page.contains("1. **owner** where `type = Client`\n   - was `Sales by a (rules.own:8:3)`\n"), "{page}");
    assert!(page.contains("   - for example `type = Client`, `` id = `x` ``\n"), "{page}");
    let value = json::value(&diff);
    assert_eq!(value["roles"][0]["verdict"], "different");
    assert_eq!(value["roles"][0]["differences"][0]["witness"]["type"], "Client");
    assert_eq!(value["roles"][0]["differences"][0]["new"]["rule"]["place"], "rules.own:8:3");
}
