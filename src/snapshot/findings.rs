//! The messages on what a source holds and what it lacks. Warnings on cells, keys and references count rows and name the
//! first few; errors name what is not there and the nearest thing that is.

use super::hints;
use super::store::Store;
use super::table::Declared;
use crate::column::{CellIssue, Dataset, Formats, IssueKind, LinkIssue, TableData};
use crate::diagnostic::{Code, Diagnostic, Severity, did_you_mean, nearest};
use crate::limits::{CELL_BYTES_MAX, COLUMN_TEXT_BYTES_MAX};
use crate::project::Config;
use crate::schema::{Field, FieldId, FieldKind, PeopleSource, RecordType, Schema};

/// Keys that are searched for a near one; more would take longer than reading them.
const NEAR_KEYS_MAX: u32 = 100_000;
/// Keys of doubled rows that are named.
const DOUBLES_SHOWN: usize = 5;
/// Names that are listed where none is near.
const NAMES_SHOWN: usize = 12;

/// Settings for record types and fields that nobody declared do nothing, which nobody wants.
pub(super) fn idle_settings(config: &Config, schema: &Schema) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, settings) in &config.records {
        let Some(id) = schema.find_record(name) else {
            let names = schema.records.iter().map(|record| record.name.as_str());
            let text = format!("ownward.toml has settings for `{name}`, which is no record type");
            found.push(Diagnostic::warning(Code::UnknownSetting, text).maybe_help(did_you_mean(name, names)));
            continue;
        };
        let record = schema.record(id);
        let is_owner = |name: &str| record.owner_column.is_some() && name.to_lowercase() == "owner";
        for field in settings.columns.keys() {
            if record.find(field).is_none() && !is_owner(field) {
                let names = record.fields.iter().map(|field| field.name.as_str());
                let text = format!("ownward.toml names a column for `{}.{field}`, which is no field", record.name);
                found.push(Diagnostic::warning(Code::UnknownSetting, text).maybe_help(did_you_mean(field, names)));
            }
        }
    }
    found
}

pub(super) fn absent_table(store: &Store, wanted: &str, record: &RecordType) -> Diagnostic {
    let finding = Diagnostic::error(Code::AbsentTable, store.shown_absent(wanted))
        .maybe_help(near_or_all(wanted, &store.tables()));
    match record.span {
        Some(span) => finding.at(span, format!("`{}` is read from there", record.name)),
        None => finding,
    }
}

pub(super) fn absent_column(
    shown: &str,
    record: &RecordType,
    declared: &Declared<'_>,
    columns: &[String],
) -> Diagnostic {
    let column = declared.column;
    let alike = columns.iter().filter(|name| name.to_lowercase() == column.trim().to_lowercase()).count();
    let headline = if alike > 1 {
        format!("{shown} has {alike} columns named `{column}` but for letter case")
    } else {
        format!("{shown} has no column `{column}`")
    };
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let finding = Diagnostic::error(Code::AbsentColumn, headline).maybe_help(if alike > 1 {
        Some("write the column's name in its own letter case".to_owned())
    } else {
        near_or_all(column, &names)
    });
    let span = declared.field.map_or(record.span, |field| field.span);
    let what = declared.field.map_or_else(
        || format!("the current owner of `{}` is read from it", record.name),
        |field| format!("`{}.{}` is read from it", record.name, field.name),
    );
    match span {
        Some(span) => finding.at(span, what),
        None => finding.with_note(what),
    }
}

pub(super) fn empty(shown: &str, record: &RecordType) -> Diagnostic {
    Diagnostic::warning(Code::EmptySource, format!("{shown} has no rows"))
        .with_note(format!("no owner is decided for any `{}`", record.name))
}

pub(super) fn no_keys(shown: &str, record: &RecordType, count: usize, places: &[String]) -> Diagnostic {
    let key = &record.field(record.key).name;
    let headline =
        format!("{} of {shown} {} no key", counted(count, "row", "rows"), if count == 1 { "has" } else { "have" });
    Diagnostic::warning(Code::MissingKey, headline)
        .with_note(format!("blank `{key}`: {}", first(places, count)))
        .with_note("a record without a key is invalid: nothing can be remembered about it")
        .help(format!("fill in `{key}`, or leave the rows out"))
}

pub(super) fn double_keys(shown: &str, record: &RecordType, doubled: &[(String, usize)]) -> Diagnostic {
    let named: Vec<String> =
        doubled.iter().take(DOUBLES_SHOWN).map(|(key, count)| format!("`{key}` ({count} times)")).collect();
    let headline = format!(
        "{} of `{}` {} more than once",
        counted(doubled.len(), "key", "keys"),
        record.name,
        if doubled.len() == 1 { "occurs" } else { "occur" }
    );
    Diagnostic::warning(Code::DoubleKey, headline)
        .with_note(format!("in {shown}: {}", first(&named, doubled.len())))
        .with_note("all these rows are invalid, and references to them lead nowhere")
        .help("keep one row for each key")
}

/// One kind of wrong cell in one column.
pub(super) struct Cells<'a> {
    pub record: &'a RecordType,
    /// `None` for the owner column.
    pub field: Option<FieldId>,
    pub column: &'a str,
    pub shown: &'a str,
    pub issue: &'a CellIssue,
    pub table: &'a TableData,
    pub formats: &'a Formats,
}

/// The message on wrong cells; `None` where another message says it already (blank keys).
pub(super) fn cells(cells: &Cells<'_>) -> Option<Diagnostic> {
    let record = cells.record;
    let is_key = cells.field == Some(record.key);
    let kind = cells.issue.kind;
    if is_key && kind == IssueKind::Missing {
        return None;
    }
    let field = cells.field.map(|id| record.field(id));
    let name = match field {
        Some(field) => format!("`{}.{}`", record.name, field.name),
        None => format!("the current owner of `{}`", record.name),
    };
    let count = cells.issue.count;
    let headline = format!("{} of {name} {}", counted(count, "cell", "cells"), says(kind, count == 1));
    let mut finding = Diagnostic::warning(code(kind), headline)
        .with_note(format!("column `{}` of {}: {}", cells.column, cells.shown, first(&examples(cells, field), count)))
        .with_note(if is_key || (!record.inferred && field.is_some()) {
            "these records are invalid for the rules that read it, and keep their owners"
        } else {
            "these cells read as missing"
        })
        .maybe_help(field.and_then(|field| hints::mend(kind, cells.issue, field, cells.formats)));
    if let Some(span) = field.and_then(|field| field.span) {
        finding = finding.at(span, "declared here");
    }
    Some(finding)
}

fn code(kind: IssueKind) -> Code {
    match kind {
        IssueKind::Missing => Code::MissingValue,
        IssueKind::NotANumber => Code::WrongNumber,
        IssueKind::NotADate => Code::WrongDate,
        IssueKind::NotATime => Code::WrongTime,
        IssueKind::NotYesOrNo => Code::WrongYesNo,
        IssueKind::UnknownChoice => Code::WrongChoice,
        IssueKind::Unreadable => Code::UnreadableCell,
        IssueKind::TooLong | IssueKind::TooMuchText => Code::TooLarge,
        IssueKind::NoCurrency => Code::NoCurrency,
    }
}

fn says(kind: IssueKind, is_one: bool) -> String {
    let (one, many) = match kind {
        IssueKind::Missing => ("is blank", "are blank"),
        IssueKind::NotANumber => ("is no number", "are no numbers"),
        IssueKind::NotADate => ("is no date", "are no dates"),
        IssueKind::NotATime => ("is no time", "are no times"),
        IssueKind::NotYesOrNo => ("is neither yes nor no", "are neither yes nor no"),
        IssueKind::UnknownChoice => ("is none of its choices", "are none of its choices"),
        IssueKind::Unreadable => ("holds no readable text", "hold no readable text"),
        IssueKind::NoCurrency => ("has no currency", "have no currency"),
        IssueKind::TooLong => {
            let verb = if is_one { "is" } else { "are" };
            return format!("{verb} longer than {CELL_BYTES_MAX} bytes");
        }
        IssueKind::TooMuchText => {
            let verb = if is_one { "is" } else { "are" };
            return format!("{verb} past {COLUMN_TEXT_BYTES_MAX} bytes of different texts in one column");
        }
    };
    if is_one { one } else { many }.to_owned()
}

/// The first wrong cells: their text, and the record's key or the row's number.
fn examples(cells: &Cells<'_>, field: Option<&Field>) -> Vec<String> {
    let choices = match field.map(|field| &field.kind) {
        Some(FieldKind::Choice(set) | FieldKind::Many(set)) => Some(set),
        _ => None,
    };
    let shows_text = !matches!(cells.issue.kind, IssueKind::Missing | IssueKind::Unreadable | IssueKind::TooMuchText);
    let example = |(row, text): &(u32, String)| {
        let place = match cells.table.key(*row) {
            Some(key) => format!("`{key}`"),
            None => format!("row {}", u64::from(*row) + 1),
        };
        if !shows_text {
            return place;
        }
        let near = choices.and_then(|set| nearest(text, set.names()));
        match near {
            Some(near) => format!("\"{text}\" (in {place}; is `{near}` meant?)"),
            None => format!("\"{text}\" (in {place})"),
        }
    };
    cells.issue.examples.iter().map(example).collect()
}

/// References that lead nowhere: a note where the field says they may.
pub(super) fn orphans(schema: &Schema, dataset: &Dataset, issue: &LinkIssue) -> Diagnostic {
    let record = schema.record(issue.record);
    let field = record.field(issue.field);
    let FieldKind::Reference { record: target, .. } = field.kind else {
        // Only references are linked.
        return Diagnostic::note(Code::OrphanReference, "a reference leads nowhere");
    };
    let target_name = &schema.record(target).name;
    let keys = dataset.table(target).keys();
    let near = |wanted: &str| {
        let count = keys.distinct_count().min(NEAR_KEYS_MAX);
        let has_row = |key: &&str| dataset.table(target).row_of(key).is_some();
        nearest(wanted, (0..count).map(|code| keys.distinct(code)).filter(has_row))
    };
    let examples: Vec<String> = issue
        .examples
        .iter()
        .map(|(row, key)| match dataset.table(issue.record).key(*row) {
            Some(own) => format!("\"{key}\" (in `{own}`)"),
            None => format!("\"{key}\" (in row {})", u64::from(*row) + 1),
        })
        .collect();
    let severity = if issue.allowed { Severity::Note } else { Severity::Warning };
    let headline = format!(
        "{} of `{}.{}` {} no `{target_name}`",
        counted(issue.count, "reference", "references"),
        record.name,
        field.name,
        if issue.count == 1 { "names" } else { "name" }
    );
    let mut finding = Diagnostic::new(Code::OrphanReference, severity, headline)
        .with_note(first(&examples, issue.count))
        .with_note(if issue.allowed || record.inferred {
            "they read as missing"
        } else {
            "these records are invalid for the rules that read it, and keep their owners"
        });
    let wanted = issue.examples.first().map_or("", |(_, key)| key.as_str());
    let help = near(wanted).map(|name| format!("did you mean `{name}`?"));
    if issue.allowed {
        finding = finding.maybe_help(help);
    } else {
        finding = finding.help(
            help.unwrap_or_else(|| "export the records they name too, or declare the field `may be unknown`".into()),
        );
    }
    match field.span {
        Some(span) => finding.at(span, "declared here"),
        None => finding,
    }
}

pub(super) fn absent_people(store: &Store, declared: &PeopleSource) -> Diagnostic {
    let finding = Diagnostic::warning(Code::AbsentTable, store.shown_absent(&declared.source))
        .with_note("without it names of people cannot be looked up")
        .maybe_help(did_you_mean(&declared.source, store.tables()));
    match declared.span {
        Some(span) => finding.at(span, "the people are read from there"),
        None => finding,
    }
}

pub(super) fn people_without_key(shown: &str, declared: &PeopleSource, columns: &[String]) -> Diagnostic {
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let finding = Diagnostic::error(Code::AbsentColumn, format!("{shown} has no column `id` or `key`"))
        .with_note("a person is known by a key that never changes")
        .maybe_help(near_or_all("id", &names));
    match declared.span {
        Some(span) => finding.at(span, "the people are read from there"),
        None => finding,
    }
}

/// The name that is near, else the names there are.
fn near_or_all(wanted: &str, names: &[&str]) -> Option<String> {
    did_you_mean(wanted, names.iter().copied()).or_else(|| {
        let listed: Vec<String> =
            names.iter().filter(|name| !name.is_empty()).take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
        let more = names.len().saturating_sub(NAMES_SHOWN);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!listed.is_empty()).then(|| format!("there are {}{rest}", listed.join(", ")))
    })
}

/// `1 row`, `12,031 rows`.
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {}", if count == 1 { one } else { many })
}

/// The first few, and a mark if there are more.
pub(super) fn first(examples: &[String], count: usize) -> String {
    let more = if count > examples.len() { ", …" } else { "" };
    format!("{}{more}", examples.join(", "))
}
