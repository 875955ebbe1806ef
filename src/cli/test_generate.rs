//! `test --generate`: a small suite made from the rules, as text.

use super::args::TestArgs;
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count};
use super::session::Session;
use super::test_mutate::is_wanted;
use crate::format;
use crate::testing::generate;
use std::io::Write;
use std::path::{Component, Path};

/// Writes the suite to stdout, or into a new file of the project.
pub fn run(args: &TestArgs, session: &Session, out: &Output) -> Result<Exit> {
    let as_of = session.as_of(None)?;
    let generated = generate(&session.policy, &as_of, session.calendar.as_ref(), &|role| is_wanted(args, role));
    let mut text =
        String::from("# Made from the rules: what they decide, not what they should. Read it before you keep it.\n\n");
    for rule in &generated.left_out {
        text.push_str(&format!("# without a case: {rule}\n"));
    }
    if !generated.left_out.is_empty() {
        text.push('\n');
    }
    text.push_str(&generated.text);
    let text = format::format(&text).map_err(|error| Failure::could_not_run(error.to_string()))?;
    match &args.out {
        None => out.text(&text)?,
        Some(file) => {
            write_new(&session.project.root, file, &text)?;
            let cases = count(generated.case_count as u64, "case");
            out.say(&format!("{cases} written to {}", file.display()));
        }
    }
    Ok(Exit::Fine)
}

/// Writes a file that is not there yet, inside the project.
fn write_new(root: &Path, file: &Path, text: &str) -> Result<()> {
    let is_inside = file.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !is_inside || file.extension().is_none_or(|end| end != "own") {
        return Err(Failure::could_not_run(format!(
            "`{}` is no `.own` file inside the project: write its path from the project's folder",
            file.display()
        )));
    }
    let path = root.join(file);
    let failed = |error: std::io::Error| {
        Failure::could_not_run(match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                format!("`{}` is there already, and is not overwritten", file.display())
            }
            _ => format!("`{}` could not be written: {error}", file.display()),
        })
    };
    let mut new = std::fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    new.write_all(text.as_bytes()).map_err(failed)
}
