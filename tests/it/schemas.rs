//! `docs/schemas/`: the shape of every JSON value that the program writes, held against real ones.
//!
//! The validator below knows the few words of JSON Schema that the files use, and refuses others: what it does not know, it
//! cannot have checked.

use crate::sandbox::{Ran, Sandbox, repository};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::PathBuf;

fn folder() -> PathBuf {
    repository().join("docs/schemas")
}

/// The schema of a value, by what the value says of itself.
fn schema_of(value: &Value) -> Value {
    let id = value["schema"].as_str().unwrap_or_else(|| panic!("no `schema` in {value}"));
    let name = id.strip_prefix("ownward.").and_then(|rest| rest.strip_suffix("/1")).unwrap_or(id);
    let path = folder().join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn assert_valid(value: &Value) -> String {
    let schema = schema_of(value);
    let mut wrong = Vec::new();
    Validator { root: &schema }.check(&schema, value, "", &mut wrong);
    assert!(wrong.is_empty(), "{}:\n{}\nin {value:#}", schema["$id"], wrong.join("\n"));
    schema["$id"].as_str().unwrap().to_owned()
}

/// What one line of a `jsonl` output must be: a part of a schema.
#[track_caller]
fn assert_lines(ran: &Ran, name: &str, part: &str) {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert!(!ran.stdout.is_empty());
    for line in ran.stdout.lines() {
        let mut wrong = Vec::new();
        Validator { root: &schema }.check(&schema["$defs"][part], &serde_json::from_str(line).unwrap(), "", &mut wrong);
        assert!(wrong.is_empty(), "{}\nin {line}", wrong.join("\n"));
    }
}

struct Validator<'s> {
    root: &'s Value,
}

impl Validator<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        for (word, rule) in schema.as_object().unwrap_or_else(|| panic!("{at}: no schema: {schema}")) {
            match word.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" | "properties" => {}
                "$ref" => {
                    let name = rule.as_str().and_then(|path| path.strip_prefix("#/$defs/")).expect("a local reference");
                    let inner = self.root["$defs"].get(name).unwrap_or_else(|| panic!("{name} is not defined"));
                    self.check(inner, value, at, wrong);
                }
                "oneOf" => self.one_of(rule, value, at, wrong),
                "const" if rule == value => {}
                "const" => wrong.push(format!("{at}: {value} is not {rule}")),
                "enum" if rule.as_array().unwrap().contains(value) => {}
                "enum" => wrong.push(format!("{at}: {value} is none of {rule}")),
                "type" => check_type(rule, value, at, wrong),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(rule, item, &format!("{at}/{index}"), wrong);
                    }
                }
                "required" => {
                    let missing = rule.as_array().unwrap().iter().filter_map(Value::as_str);
                    let missing = missing.filter(|key| value.is_object() && value.get(key).is_none());
                    wrong.extend(missing.map(|key| format!("{at}: no `{key}`")));
                }
                "additionalProperties" => self.properties(schema, rule, value, at, wrong),
                other => panic!("{at}: the validator does not know `{other}`"),
            }
        }
    }

    fn one_of(&self, schemas: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let all = schemas.as_array().unwrap().iter().map(|schema| {
            let mut inner = Vec::new();
            self.check(schema, value, at, &mut inner);
            inner
        });
        let (fit, other): (Vec<_>, Vec<_>) = all.partition(Vec::is_empty);
        if fit.len() != 1 {
            wrong.push(format!("{at}: fits {} of the shapes: {other:?}", fit.len()));
        }
    }

    fn properties(&self, schema: &Value, others: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let known = schema["properties"].as_object().unwrap();
        for (key, inner) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{key}");
            match known.get(key) {
                Some(schema) => self.check(schema, inner, &at, wrong),
                None if *others == Value::Bool(false) => wrong.push(format!("{at}: not in the schema")),
                None => self.check(others, inner, &at, wrong),
            }
        }
    }
}

fn check_type(rule: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = match rule {
        Value::Array(kinds) => kinds.iter().any(|one| one == kind),
        one => one == kind,
    };
    if !fits {
        wrong.push(format!("{at}: {value} is no {rule}"));
    }
}

/// The commands of one project, in an order in which each has something to say.
fn outputs() -> Vec<Value> {
    let mut all = Vec::new();
    for (folder, key) in [("policies/starter", "A-02"), ("policies/crm", "A-1004")] {
        let sandbox = Sandbox::of(folder);
        let mut run = |args: &[&str]| all.push(sandbox.run(&[args, &["--format", "json"]].concat()).json());
        run(&["check"]);
        run(&["check", "--missing", "--data"]);
        run(&["decide", "--as-of", "2026-11-16"]);
        run(&["plan", "--as-of", "2026-11-16", "--out", "plan.json"]);
        run(&["upcoming", "--as-of", "2026-11-16"]);
        run(&["pin", "Account", key, "Triage", "--because", "x", "--until", "2037-01-01"]);
        run(&["pins"]);
        run(&["apply", "--yes"]);
        run(&["explain", "Account", key]);
        run(&["explain", "Account", key, "--as-of", "2039-01-01"]);
        run(&["unpin", "Account", key]);
        run(&["explain", "Account", key, "--why-not", "Triage"]);
        run(&["explain", "Account", key, "--to", "Triage"]);
        run(&["plan"]);
        run(&["history", "Account", key]);
        run(&["verify"]);
        let saved = std::fs::read_to_string(sandbox.path().join("plan.json")).unwrap();
        all.push(serde_json::from_str(&saved).unwrap());
        if folder.ends_with("crm") {
            for (question, name) in [("--why-not", "marek.dahl"), ("--to", "CustomerSuccess"), ("--to", "marek.dahl")] {
                all.push(sandbox.run(&["explain", "Account", key, question, name, "--format", "json"]).json());
            }
            all.push(sandbox.run(&["explain", "Account", key, "--role", "team", "--format", "json"]).json());
            let args = ["explain", "Account", key, "--role", "team", "--as-of", "2039-01-01", "--format", "json"];
            all.push(sandbox.run(&args).json());
        }
        let ledger = rusqlite::Connection::open(sandbox.path().join(".ownward/ledger.db")).unwrap();
        ledger.execute("DELETE FROM details", []).unwrap();
        drop(ledger);
        all.push(sandbox.run(&["verify", "--format", "json"]).json());
        all.push(sandbox.run(&["explain", "Account", key, "--as-of", "2039-01-01", "--format", "json"]).json());
    }
    all
}

/// What goes wrong, and what is found.
fn troubles() -> Vec<Value> {
    let sandbox = Sandbox::empty();
    sandbox.write("accounts.csv", "id,status\nA1,Active\n");
    let mut all = vec![sandbox.run(&["init", "accounts.csv", "--format", "json"]).json()];
    sandbox.write("rules.own", "allow never-true: \"x\"\nwhen status == Active assign to Sales\n");
    let broken = sandbox.run(&["check", "--format", "json"]).fails_with(1);
    all.push(broken.json());
    for line in sandbox.run(&["check", "--format", "jsonl"]).fails_with(1).stdout.lines() {
        all.push(serde_json::from_str(line).unwrap());
    }
    all.push(sandbox.run(&["fmt", "--check", "--format", "json"]).fails_with(1).json());
    let stopped = sandbox.run(&["history", "Account", "A1", "--format", "json"]).fails_with(2);
    all.push(serde_json::from_str(&stopped.stderr).unwrap());
    all
}

/// What two versions, and the tests beside the rules, have to say.
fn compared_and_tested() -> Vec<Value> {
    let versions = Sandbox::empty();
    versions.write("old/a.own", "record A { id text, key }\nteam X\ndecide owner of A { assign to X }\n");
    versions.write("new/a.own", "record A { id text, key }\nteam X\nteam Y\ndecide owner of A { assign to Y }\n");
    let tested = Sandbox::of("policies/crm");
    let json = |sandbox: &Sandbox, args: &[&str]| sandbox.run(&[args, &["--format", "json"]].concat()).json();
    vec![
        json(&versions, &["diff", "old", "new"]),
        json(&tested, &["test", "--coverage"]),
        json(&tested, &["test", "--list"]),
        json(&Sandbox::of("policies/starter"), &["test", "--mutate"]),
    ]
}

#[test]
fn every_output_has_the_shape_that_is_written_down() {
    let mut seen = BTreeSet::new();
    for value in outputs().iter().chain(&troubles()).chain(&compared_and_tested()) {
        seen.insert(assert_valid(value));
    }
    assert_eq!(seen, schemas(), "a schema that no output was held against");
}

#[test]
fn every_line_has_the_shape_that_is_written_down() {
    let sandbox = Sandbox::of("policies/crm");
    assert_lines(&sandbox.run(&["plan", "--as-of", "2026-11-16", "--format", "jsonl"]).success(), "plan", "change");
    assert_lines(
        &sandbox.run(&["upcoming", "--as-of", "2026-11-16", "--format", "jsonl"]).success(),
        "upcoming",
        "event",
    );
    sandbox.run(&["pin", "Account", "A-1004", "Triage", "--because", "x"]).success();
    assert_lines(&sandbox.run(&["pins", "--format", "jsonl"]).success(), "pins", "pin");
}

/// The ids of all schema files; the index lists each of them.
fn schemas() -> BTreeSet<String> {
    let index = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let ids = files.filter(|path| path.extension().is_some_and(|end| end == "json")).map(|path| {
        let schema: Map<String, Value> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let id = schema["$id"].as_str().unwrap().to_owned();
        assert!(index.contains(&format!("[`{id}`]({name})")), "{name} is not in the index");
        id
    });
    ids.collect()
}

#[test]
fn every_schema_that_the_program_names_is_there() {
    let known = schemas();
    let mut files = vec![repository().join("src/cli"), repository().join("src/diagnostic")];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("\"ownward.") {
            let id: String = text[at + 1..].chars().take_while(|c| !matches!(c, '"' | '\\')).collect();
            if id.contains('/') {
                assert!(known.contains(&id), "{}: `{id}` has no file in docs/schemas", path.display());
            }
        }
    }
}
