//! Which forms each command can write. A form that a command does not have is refused: silence, or another form, would be
//! found out only by whoever reads the result.

use super::args::{Command, Format};
use super::exit::{Failure, Result};
use clap::ValueEnum;

const PEOPLE: &[Format] = &[Format::Text, Format::Plain];
const VALUES: &[Format] = &[Format::Text, Format::Plain, Format::Json, Format::Jsonl];
const TABLES: &[Format] = &[Format::Text, Format::Plain, Format::Json, Format::Jsonl, Format::Csv];
const FINDINGS: &[Format] = &[
    Format::Text,
    Format::Plain,
    Format::Json,
    Format::Jsonl,
    Format::Github,
    Format::Sarif,
    Format::Gitlab,
    Format::Junit,
    Format::Markdown,
];

const TESTS: &[Format] = &[Format::Text, Format::Plain, Format::Json, Format::Jsonl, Format::Github];
const DIFFERENCES: &[Format] = &[Format::Text, Format::Plain, Format::Json, Format::Jsonl, Format::Markdown];

/// The forms of a command, and its name.
fn of(command: &Command) -> (&'static str, &'static [Format]) {
    match command {
        Command::Init(_) => ("init", VALUES),
        Command::Check(_) => ("check", FINDINGS),
        Command::Fmt(args) if args.check => ("fmt --check", FINDINGS),
        Command::Fmt(_) => ("fmt", PEOPLE),
        Command::Test(_) => ("test", TESTS),
        Command::Diff(_) => ("diff", DIFFERENCES),
        Command::Decide(_) => ("decide", TABLES),
        Command::Plan(_) => ("plan", TABLES),
        Command::Apply(_) => ("apply", VALUES),
        Command::Explain(_) => ("explain", VALUES),
        Command::History(_) => ("history", VALUES),
        Command::Pin(_) => ("pin", VALUES),
        Command::Unpin(_) => ("unpin", VALUES),
        Command::Pins(_) => ("pins", TABLES),
        Command::Upcoming(_) => ("upcoming", TABLES),
        Command::Verify(_) => ("verify", VALUES),
        Command::Completions(_) => ("completions", PEOPLE),
        Command::Man(_) => ("man", PEOPLE),
    }
}

/// Refuses a form that the command does not have.
pub fn refuse_others(command: &Command, format: Format) -> Result<()> {
    let (name, formats) = of(command);
    if formats.contains(&format) {
        return Ok(());
    }
    let word = |format: &Format| format.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
    let known: Vec<String> = formats.iter().map(word).collect();
    Err(Failure::could_not_run(format!(
        "`ownward {name}` has no `--format {}`: write one of {}",
        word(&format),
        known.join(", ")
    )))
}
