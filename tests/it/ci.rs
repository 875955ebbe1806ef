//! The forms for CI systems, as the program writes them, and the files that CI systems read from this repository.

use crate::sandbox::{Ran, Sandbox, repository};
use clap::Parser;
use clap::error::ErrorKind;
use serde_json::Value;

const RULES: &str = "record Account from accounts {
  id     text, key
  status one of (Active, Churned)
}

team Sales

decide owner of Account {
  assign to Sales
  when status = Churned assign to nobody
}
";

/// A repository with a project below its root.
fn repository_with(rules: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write(".git/HEAD", "ref: refs/heads/main\n");
    sandbox.write("policies/crm/ownward.toml", "");
    sandbox.write("policies/crm/rules.own", rules);
    sandbox
}

fn check(format: &str) -> Ran {
    repository_with(RULES).run(&["check", "policies/crm", "--format", format]).success()
}

#[test]
fn paths_begin_at_the_repository() {
    let github = check("github").stdout;
    assert!(github.starts_with("::warning file=policies/crm/rules.own,line=10,"), "{github}");
    let gitlab = check("gitlab").json();
    assert_eq!(gitlab[0]["location"]["path"], "policies/crm/rules.own");
    let sarif = check("sarif").json();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "policies/crm/rules.own");
    assert!(check("markdown").stdout.contains("<code>policies/crm/rules.own:10</code>"));
    assert!(check("junit").stdout.contains("name=\"policies/crm/rules.own\""));
}

#[test]
fn sarif_explains_every_code_that_occurs() {
    let sandbox = repository_with(RULES);
    let args = ["check", "policies/crm", "--format", "sarif", "--docs", "https://example.com/messages/"];
    let sarif = sandbox.run(&args).success().json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("## How to mend"));
        let uri = format!("https://example.com/messages/{}.md", rule["id"].as_str().unwrap());
        assert_eq!(rule["helpUri"], uri.as_str());
        assert_eq!(result["partialFingerprints"]["ownwardLine/v1"].as_str().unwrap().len(), 32);
    }
    let bad = sandbox.run(&["check", "policies/crm", "--docs", "javascript:alert(1)"]).fails_with(2);
    assert!(bad.stderr.contains("is no link"), "{}", bad.stderr);
}

#[test]
fn fingerprints_survive_moved_lines() {
    let prints = |rules: &str| -> Vec<Value> {
        let found = repository_with(rules).run(&["check", "policies/crm", "--format", "gitlab"]).json();
        found.as_array().unwrap().iter().map(|one| one["fingerprint"].clone()).collect()
    };
    assert_eq!(prints(RULES), prints(&format!("# a remark\n\n{}", RULES.replace("  when", "    when"))));
    assert_ne!(prints(RULES), prints(&RULES.replace("Churned assign", "Active assign")));
}

#[test]
fn the_worst_comes_first_and_a_strict_check_fails_its_tests() {
    let sandbox = repository_with(
        &RULES
            .replace("record", "allow never-true: \"x\"\ndefine unused = status = Lost\nrecord")
            .replace("Churned assign", "Lost assign"),
    );
    let found = sandbox.run(&["check", "policies/crm", "--format", "jsonl"]).fails_with(1);
    let lines: Vec<Value> = found.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.len() > 1 && lines[0]["severity"] == "error", "{}", found.stdout);
    assert!(lines.iter().all(|line| line["schema"] == "ownward.diagnostic/1"));
    let sandbox = repository_with(RULES);
    let loose = sandbox.run(&["check", "policies/crm", "--format", "junit"]).success().stdout;
    assert!(loose.contains("failures=\"0\"") && loose.contains("<system-out>"), "{loose}");
    let strict = sandbox.run(&["check", "policies/crm", "--strict", "--format", "junit"]).fails_with(1).stdout;
    assert!(strict.contains("failures=\"1\"") && !strict.contains("<system-out>"), "{strict}");
}

#[test]
fn a_project_that_cannot_be_opened_is_reported_where_a_report_is_awaited() {
    let sandbox = repository_with(RULES);
    sandbox.write("policies/crm/ownward.toml", "[sauce]\n");
    let sarif = sandbox.run(&["check", "policies/crm", "--format", "sarif"]).fails_with(2).json();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "config");
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "policies/crm/ownward.toml");
    let text = sandbox.run(&["check", "policies/crm"]).fails_with(2);
    assert!(text.stdout.is_empty() && text.stderr.contains("error[config]"));
}

#[test]
fn a_file_that_is_not_tidy_is_reported_in_every_form() {
    let sandbox = repository_with(&RULES.replace("team Sales", "team   Sales"));
    let fmt = |format: &str| sandbox.run(&["fmt", "policies/crm", "--check", "--format", format]).fails_with(1);
    assert!(fmt("github").stdout.starts_with("::error file=policies/crm/rules.own,line=6,endLine=6,"));
    assert_eq!(fmt("sarif").json()["runs"][0]["results"][0]["ruleId"], "not-tidy");
    assert_eq!(fmt("gitlab").json()[0]["check_name"], "not-tidy");
    assert_eq!(fmt("json").json()["diagnostics"][0]["code"], "not-tidy");
    assert!(fmt("junit").stdout.contains("<failure type=\"not-tidy\""));
    assert!(fmt("markdown").stdout.contains("not-tidy"));
    sandbox.run(&["fmt", "policies/crm", "--format", "sarif"]).fails_with(2);
    sandbox.run(&["fmt", "policies/crm"]).success();
    assert_eq!(
        sandbox.run(&["fmt", "policies/crm", "--check", "--format", "gitlab"]).success().json(),
        Value::Array(Vec::new())
    );
}

#[test]
fn a_form_that_a_command_does_not_have_is_refused() {
    let sandbox = Sandbox::of("policies/starter");
    for (args, wanted) in [
        (vec!["plan", "--format", "sarif"], "`ownward plan` has no `--format sarif`"),
        (vec!["check", "--format", "csv"], "`ownward check` has no `--format csv`"),
        (vec!["explain", "Account", "A-02", "--format", "markdown"], "write one of text, plain, json, jsonl"),
        (vec!["verify", "--format", "junit"], "`ownward verify` has no"),
        (vec!["apply", "--yes", "--format", "csv"], "`ownward apply` has no"),
    ] {
        let ran = sandbox.run(&args).fails_with(2);
        assert!(ran.stderr.contains(wanted) && ran.stdout.is_empty(), "{args:?}: {}{}", ran.stdout, ran.stderr);
    }
}

/// Commands that the files for CI name and that other parts of the program bring.
const LATER: &[&str] = &["test", "diff"];

/// The files that CI systems read, and the page that explains them.
fn ci_files() -> Vec<(&'static str, String)> {
    let names = [".pre-commit-hooks.yaml", "action.yml", "gitlab-ci-ownward.yml"];
    names.into_iter().map(|name| (name, std::fs::read_to_string(repository().join(name)).unwrap())).collect()
}

/// The arguments of every `ownward …` in a file: variables stand for a word, redirections and lists of flags for nothing.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("- ").trim_start_matches("entry: ");
        line.starts_with("ownward ").then(|| line.split(['>', '|', ';']).next().unwrap_or_default())
    });
    let word = |word: &str| match word.contains('$') {
        true if word.contains("[@]") => None,
        true => Some("folder".to_owned()),
        false => Some(word.to_owned()),
    };
    lines.map(|line| line.split_whitespace().filter_map(word).collect()).collect()
}

#[test]
fn every_command_in_the_files_for_ci_is_one() {
    let mut count = 0;
    for (name, text) in ci_files() {
        for args in commands(&text) {
            count += 1;
            match ownward::cli::Cli::try_parse_from(&args) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::InvalidSubcommand && LATER.contains(&args[1].as_str()) => {}
                Err(error) => panic!("{name}: {args:?}: {error}"),
            }
        }
    }
    assert!(count >= 10, "{count} commands");
}

/// The keys of a mapping in a YAML file, at one indent, below the line that begins it.
fn keys_below<'t>(text: &'t str, head: &str, indent: usize) -> Vec<&'t str> {
    let mut lines = text.lines().skip_while(|line| *line != head).skip(1);
    let block = std::iter::from_fn(|| lines.next()).take_while(|line| line.is_empty() || line.starts_with(' '));
    let margin = " ".repeat(indent);
    let key = |line: &'t str| {
        let rest = line.strip_prefix(&margin)?;
        rest.starts_with(char::is_alphabetic).then(|| rest.split(':').next().unwrap_or_default())
    };
    block.filter_map(key).collect()
}

#[test]
fn the_action_says_what_it_takes_and_uses_all_of_it() {
    let text = std::fs::read_to_string(repository().join("action.yml")).unwrap();
    let page = std::fs::read_to_string(repository().join("docs/ci.md")).unwrap();
    let inputs = keys_below(&text, "inputs:", 2);
    assert_eq!(inputs, ["project", "strict", "baseline", "docs", "test", "base", "sarif", "comment"]);
    for input in inputs {
        assert!(text.contains(&format!("inputs.{input} ")), "{input} is not used");
        assert!(page.contains(&format!("| `{input}` |")), "{input} is not explained");
    }
    for line in text.lines().filter(|line| line.contains("${{")) {
        let is_value = ["value: ${{", "if: ${{"].iter().any(|start| line.trim().starts_with(start));
        let is_variable = line.trim().split(':').next().is_some_and(|key| key.chars().all(|c| c.is_ascii_uppercase()));
        assert!(is_value || is_variable, "an input inside a script could become a command: {line}");
    }
}

#[test]
fn files_for_ci_are_plain_yaml() {
    for (name, text) in ci_files() {
        assert!(!text.contains('\t'), "{name}: tabs");
        for (number, line) in (1..).zip(text.lines()) {
            let indent = line.len() - line.trim_start().len();
            assert!(indent.is_multiple_of(2), "{name}:{number}: indent of {indent}");
            assert_eq!(line, line.trim_end(), "{name}:{number}: blanks at the end");
        }
    }
}
