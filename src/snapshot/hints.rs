//! How to mend wrong cells: formats that would read them, choices that may be meant.
//!
//! A format is only ever proposed, never taken: `03-01-17` has more than one reading (design section 3, point 8).

use crate::column::{CellIssue, Formats, IssueKind};
use crate::schema::{Field, FieldKind};
use crate::value::{NumberFormat, parse_number, time};
use jiff::tz::TimeZone;

const DATE_PATTERNS: &[&str] = &[
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
];

const CLOCK_PATTERNS: &[&str] = &["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p"];

const NUMBER_FORMATS: &[(char, Option<char>)] =
    &[('.', Some(',')), (',', None), (',', Some('.')), (',', Some(' ')), ('.', Some('\'')), ('.', Some(' '))];

/// One thing to do about cells that are wrong in one way.
pub(super) fn mend(kind: IssueKind, issue: &CellIssue, field: &Field, formats: &Formats) -> Option<String> {
    let texts: Vec<&str> = issue.examples.iter().map(|(_, text)| text.as_str()).collect();
    match kind {
        IssueKind::Missing => Some(format!("fill them in, or declare `{}` as `optional`", field.name)),
        IssueKind::NotADate => Some(mend_dates(&texts, formats)),
        IssueKind::NotATime => Some(mend_times(&texts, formats)),
        IssueKind::NotANumber => Some(mend_numbers(&texts, formats)),
        IssueKind::NotYesOrNo => Some("write yes or no, true or false, 1 or 0".into()),
        IssueKind::UnknownChoice => Some(mend_choices(&texts, field)),
        IssueKind::Unreadable => Some("export the source as UTF-8, one plain value a cell".into()),
        IssueKind::NoCurrency => Some("fill in the currency, `USD` for instance".into()),
        IssueKind::TooLong | IssueKind::TooMuchText => None,
    }
}

pub(super) fn mend_dates(texts: &[&str], formats: &Formats) -> String {
    if let Some(pattern) = &formats.date {
        return format!("dates are declared as \"{pattern}\" in ownward.toml: mend the cells or the format");
    }
    let reads = |pattern: &&&str| {
        let as_date = |text: &&str| time::parse_day_as(pattern, text).is_some();
        texts.iter().all(as_date)
    };
    let fitting: Vec<&str> = DATE_PATTERNS.iter().filter(reads).copied().collect();
    declare("dates", &fitting, "write them as 2026-01-31")
}

fn mend_times(texts: &[&str], formats: &Formats) -> String {
    if let Some(pattern) = &formats.time {
        return format!("times are declared as \"{pattern}\" in ownward.toml: mend the cells or the format");
    }
    let is_day = |text: &&str| time::parse_day(text).is_some();
    if texts.iter().all(is_day) {
        return "declare the field as `date`: its cells hold no hour".into();
    }
    let mut fitting = Vec::new();
    for day in DATE_PATTERNS {
        for clock in CLOCK_PATTERNS {
            let pattern = format!("{day} {clock}");
            let as_time = |text: &&str| time::parse_instant_as(&pattern, text, &TimeZone::UTC).is_some();
            if texts.iter().all(as_time) {
                fitting.push(pattern);
            }
        }
    }
    let fitting: Vec<&str> = fitting.iter().map(String::as_str).collect();
    declare("times", &fitting, "write them as 2026-01-31 09:00:00")
}

fn declare(setting: &str, fitting: &[&str], otherwise: &str) -> String {
    let quoted: Vec<String> = fitting.iter().take(3).map(|p| format!("\"{p}\"")).collect();
    match quoted.as_slice() {
        [] => format!("{otherwise}, or declare the format: {setting} = \"…\" in ownward.toml"),
        [one] => format!("declare the format: {setting} = {one} in ownward.toml"),
        several => {
            format!("declare the format, {setting} = {}, whichever is meant, in ownward.toml", several.join(" or "))
        }
    }
}

fn mend_numbers(texts: &[&str], formats: &Formats) -> String {
    if formats.number != NumberFormat::default() {
        return "numbers have a declared format in ownward.toml: mend the cells or the format".into();
    }
    let reads = |decimal: char, grouping: Option<char>| {
        let format = NumberFormat { decimal, grouping };
        texts.iter().all(|text| parse_number(text, format).is_some())
    };
    let fitting =
        NUMBER_FORMATS.iter().filter(|(decimal, grouping)| reads(*decimal, *grouping)).map(|(decimal, grouping)| {
            match grouping {
                Some(mark) => format!("{{ decimal = \"{decimal}\", grouping = \"{mark}\" }}"),
                None => format!("{{ decimal = \"{decimal}\" }}"),
            }
        });
    let fitting: Vec<String> = fitting.take(2).collect();
    if fitting.is_empty() {
        return "write plain numbers such as 1234.56, without signs of currency".into();
    }
    format!("declare the format: numbers = {} in ownward.toml", fitting.join(" or "))
}

fn mend_choices(texts: &[&str], field: &Field) -> String {
    let text = texts.first().copied().unwrap_or_default();
    let set = match &field.kind {
        FieldKind::Choice(set) | FieldKind::Many(set) => set,
        _ => return String::new(),
    };
    match crate::diagnostic::nearest(text, set.names()) {
        Some(near) => format!("mend the data, or declare the spelling: `{near} also \"{text}\"`"),
        None => format!("mend the data, or add \"{text}\" to the choices of `{}`", field.name),
    }
}
