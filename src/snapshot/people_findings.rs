//! The messages on what is amiss in the directory of people.

use super::findings::{counted, first};
use super::hints;
use super::people::{Reader, Tally};
use super::person_cells::Slip;
use crate::column::Formats;
use crate::diagnostic::{Code, Diagnostic};

/// What is amiss: rows first, then cells, one message a kind.
pub(super) fn all(shown: &str, reader: &Reader<'_>, formats: &Formats) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let Tally { count, examples } = &reader.no_key;
    if *count > 0 {
        let rows = counted(*count, "row", "rows");
        found.push(
            Diagnostic::warning(Code::MissingKey, format!("{rows} of {shown} without a key"))
                .with_note(first(examples, *count))
                .with_note("nobody can be assigned to them: the rows are left out"),
        );
    }
    let Tally { count, examples } = &reader.doubled;
    if *count > 0 {
        let rows = counted(*count, "row", "rows");
        found.push(
            Diagnostic::warning(Code::DoublePerson, format!("{rows} of {shown} repeat a person's key"))
                .with_note(first(examples, *count))
                .with_note("the first row of each key counts, the others are left out")
                .help("keep one row for each person"),
        );
    }
    found.extend(reader.slips.iter().map(|(slip, tally)| cells(shown, *slip, tally, formats)));
    let Tally { count, examples } = &reader.without_room;
    if *count > 0 {
        let people = counted(*count, "person", "people");
        let verb = if *count == 1 { "has" } else { "have" };
        found.push(
            Diagnostic::note(Code::NoCapacity, format!("{people} of {shown} {verb} a capacity of 0"))
                .with_note(first(examples, *count))
                .with_note("no pool gives them a record")
                .help("write how many records they may own, or leave the cell blank for no limit"),
        );
    }
    found
}

/// What cells that cannot be read in one way are called, what they count as and how to mend them.
fn cells(shown: &str, slip: Slip, tally: &Tally<(String, String)>, formats: &Formats) -> Diagnostic {
    let count = tally.count;
    let cells = counted(count, "cell", "cells");
    let teams = counted(count, "team", "teams");
    let texts: Vec<&str> = tally.examples.iter().map(|(_, text)| text.as_str()).collect();
    let named: Vec<String> = tally.examples.iter().map(|(key, text)| format!("\"{text}\" (in `{key}`)")).collect();
    let (code, headline, meaning, help) = match slip {
        Slip::Active => (
            Code::WrongYesNo,
            format!("{cells} under `active` in {shown} neither yes nor no"),
            "these people count as not active: whoever may have left gets nothing new",
            "write yes or no".to_owned(),
        ),
        Slip::Capacity => (
            Code::WrongNumber,
            format!("{cells} under `capacity` in {shown} without a whole number of 0 or more"),
            "these people count with a capacity of 0: nobody gets more than was meant",
            "write a whole number such as 40, or leave the cell blank for no limit".to_owned(),
        ),
        Slip::Weight => (
            Code::WrongNumber,
            format!("{cells} under `weight` in {shown} without a number of 0 or more"),
            "these people count with a weight of 0: nobody gets more than was meant",
            "write a number such as 1 or 0.5, or leave the cell blank".to_owned(),
        ),
        Slip::AwayDate => (
            Code::WrongDate,
            format!("{cells} under `away from` or `away until` in {shown} without a date"),
            "a date that cannot be read leaves its side open: whoever may be away gets nothing new",
            hints::mend_dates(&texts, formats),
        ),
        Slip::AwayOrder => (
            Code::EndsBeforeStart,
            match count {
                1 => format!("1 absence in {shown} ends before it starts"),
                _ => format!("{} in {shown} end before they start", counted(count, "absence", "absences")),
            },
            "these people count as away on every day: whoever may be away gets nothing new",
            "put the earlier day under `away from` and the later one under `away until`".to_owned(),
        ),
        Slip::TeamDate => (
            Code::WrongDate,
            format!("{teams} under `team` in {shown} with dates that cannot be read"),
            "the people are not in these teams: whoever may not belong gets nothing new",
            format!("write `TEAM from {0} until {0}`, either half or none; `;` stands between teams", a_day(formats)),
        ),
        Slip::TeamOrder => (
            Code::EndsBeforeStart,
            format!("{teams} under `team` in {shown} with an end before the start"),
            "the people are in these teams on no day",
            "write the earlier day behind `from` and the later one behind `until`".to_owned(),
        ),
    };
    Diagnostic::warning(code, headline).with_note(first(&named, count)).with_note(meaning).help(help)
}

/// A day as the source writes it.
fn a_day(formats: &Formats) -> String {
    let day = jiff::civil::Date::constant(2026, 1, 31);
    let written = formats.date.as_ref().and_then(|pattern| jiff::fmt::strtime::format(pattern, day).ok());
    written.unwrap_or_else(|| day.to_string())
}
