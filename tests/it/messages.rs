//! The pages of `docs/messages/`: one for each code, each with a bad example that earns its message and a mended one
//! that is free of errors.

use crate::whole::{self, Messages};
use ownward::diagnostic::{ALL_CODES, Code, any_error};
use std::path::PathBuf;

/// Codes that a few lines of text cannot earn, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("absent-pin", "said when records are decided (tests/it/commands.rs)"),
    ("expired-pin", "said when records are decided (tests/it/commands.rs)"),
    ("failed-test", "said when tests are run (tests/it/test_cli.rs)"),
    ("file-exists", "about a command that writes"),
    ("inferred-record", "said by commands, which look at the data first (tests/it/commands.rs)"),
    ("needless-pin", "said when records are decided (tests/it/pins.rs)"),
    ("no-project", "about a folder without files"),
    ("not-decided", "the example would be too large"),
    ("not-tidy", "said by `fmt --check` (tests/it/ci.rs)"),
    ("not-utf8", "a page cannot hold such bytes"),
    ("other-currency", "said when records are decided (tests/it/commands.rs)"),
    ("outside-project", "about links, which a page cannot hold"),
    ("record-circle", "said when records are decided (tests/it/commands.rs)"),
    ("source-changed", "needs another program at work"),
    ("source-locked", "needs another program at work"),
    ("too-large", "the example would be too large"),
    ("unreadable-cell", "a page cannot hold such bytes"),
    ("unset-field", "said when tests are run (tests/it/test_cli.rs)"),
    ("write-back", "about a command that writes"),
];

const REST: &str = "The rest of the example";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/messages")
}

fn page(code: Code) -> String {
    let path = folder().join(format!("{code}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks below a heading: file name and text. A policy block without a name is `policy.own`; a text block
/// is no file.
fn files(page: &str, heading: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut is_below = false;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("## ") {
            is_below = title == heading;
        }
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else {
            continue;
        };
        let text: String = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
        let name = match info.split_once(" file=") {
            Some((_, name)) => name,
            None if info == "own" => "policy.own",
            None => continue,
        };
        if is_below {
            files.push((name.to_owned(), text));
        }
    }
    files
}

fn example(page: &str, heading: &str) -> Messages {
    let mut all = files(page, heading);
    all.extend(files(page, REST));
    whole::messages(&all)
}

/// What is said about the bad example of every page that can show one.
pub fn bad_examples() -> Vec<(Code, Messages)> {
    let shown = ALL_CODES.iter().filter(|code| !NOT_SHOWN.iter().any(|(slug, _)| *slug == code.slug()));
    shown.map(|code| (*code, example(&page(*code), "Bad"))).collect()
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let mut pages: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    pages.sort();
    let mut codes: Vec<String> = ALL_CODES.iter().map(|code| format!("{code}.md")).collect();
    codes.sort();
    assert_eq!(pages, codes);
    for code in ALL_CODES {
        let page = page(*code);
        assert!(page.starts_with(&format!("# `{code}`\n")), "{code}: the title is the code");
        for heading in ["## Bad", "## Mended", "## How to mend"] {
            assert!(page.contains(&format!("\n{heading}\n")), "{code}: no {heading}");
        }
    }
}

#[test]
fn every_bad_example_earns_its_message_and_every_mended_one_is_sound() {
    let mut wrong = Vec::new();
    for (code, bad) in bad_examples() {
        let mut codes: Vec<Code> = bad.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
        codes.dedup();
        if codes != [code] {
            wrong.push(format!("-- {code}, the bad example:\n{}", bad.plain()));
        }
        let mended = example(&page(code), "Mended");
        if any_error(&mended.diagnostics) || mended.diagnostics.iter().any(|diagnostic| diagnostic.code == code) {
            wrong.push(format!("-- {code}, the mended example:\n{}", mended.plain()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn policies_on_pages_are_set_in_the_canonical_layout() {
    for code in ALL_CODES {
        let page = page(*code);
        for (name, text) in files(&page, "Mended").into_iter().chain(files(&page, REST)) {
            if name.ends_with(".own") {
                assert_eq!(ownward::format::format(&text).as_ref(), Ok(&text), "{code}: {name}");
            }
        }
    }
}

#[test]
fn the_index_lists_every_code() {
    let mut wanted = String::from(
        "# Messages\n\nEvery message has a code, in brackets behind `error`, `warning` or `note`. Each code has a page \
         with an example and a way to mend it.\n\n| Code | What it is about |\n| --- | --- |\n",
    );
    for code in ALL_CODES {
        wanted.push_str(&format!("| [`{code}`]({code}.md) | {} |\n", code.summary()));
    }
    let path = folder().join("README.md");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "run the tests with UPDATE=1 to write the index again");
}
