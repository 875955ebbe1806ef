//! Messages as a person sees them. `tests/diagnostics/` keeps policies with several slips in one file, and what is said
//! about the bad example of every page of `docs/messages/`.

use crate::messages;
use crate::whole;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

/// Compares with the text kept in the folder; `UPDATE=1` takes what was found.
fn assert_kept(name: &str, found: &str, wrong: &mut Vec<String>) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, found).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != found {
        wrong.push(format!("-- {name} holds\n{kept}\n-- but now it is\n{found}"));
    }
}

#[test]
fn every_slip_of_a_file_is_told_at_once_and_in_order() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut wrong = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "own")) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let found = whole::messages(&[(name.clone(), text)]);
        let starts: Vec<u32> =
            found.diagnostics.iter().filter_map(|d| d.primary.as_ref()).map(|l| l.span.start).collect();
        assert!(starts.is_sorted(), "{name}: not in the order of the file");
        assert_kept(&name.replace(".own", ".txt"), &found.plain(), &mut wrong);
    }
    assert!(wrong.is_empty(), "run the tests with UPDATE=1 to take these\n{}", wrong.join("\n"));
}

#[test]
fn the_bad_example_of_every_page_says_what_is_kept() {
    let mut wrong = Vec::new();
    for (code, found) in messages::bad_examples() {
        assert_kept(&format!("pages/{code}.txt"), &found.plain(), &mut wrong);
    }
    assert!(wrong.is_empty(), "run the tests with UPDATE=1 to take these\n{}", wrong.join("\n"));
}

#[test]
fn messages_follow_the_style() {
    let mut wrong = Vec::new();
    for (code, found) in messages::bad_examples() {
        for diagnostic in &found.diagnostics {
            let headline = &diagnostic.headline;
            let is_lower = headline.chars().next().is_some_and(|c| !c.is_uppercase()) || starts_with_a_code(headline);
            if !is_lower || headline.ends_with('.') {
                wrong.push(format!("{code}: {headline}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `EUR compared with USD` begins with a currency, not with a sentence.
fn starts_with_a_code(headline: &str) -> bool {
    headline.split(' ').next().is_some_and(|word| word.len() == 3 && word.chars().all(|c| c.is_ascii_uppercase()))
}
