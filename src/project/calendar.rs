//! `[calendar]` of `ownward.toml`: business hours and holidays.

use crate::diagnostic::{Code, Diagnostic};
use crate::schema::Tabular;
use crate::value::calendar::{BusinessCalendar, OpenHours, parse_hours};
use crate::value::time::parse_day;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::path::PathBuf;

/// When the company is open.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct CalendarConfig {
    /// By weekday, Monday first; a day that is left out is closed. Without any, Monday to Friday, 09:00 to 17:00.
    #[serde(deserialize_with = "week")]
    pub hours: [Vec<OpenHours>; 7],
    /// A file of days beside `ownward.toml`.
    #[serde(deserialize_with = "super::config::some_path")]
    pub holidays: Option<PathBuf>,
}

impl Default for CalendarConfig {
    fn default() -> Self {
        Self { hours: BusinessCalendar::usual_hours(), holidays: None }
    }
}

fn week<'de, D: Deserializer<'de>>(from: D) -> Result<[Vec<OpenHours>; 7], D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, default)]
    #[derive(Default)]
    struct Week {
        monday: Hours,
        tuesday: Hours,
        wednesday: Hours,
        thursday: Hours,
        friday: Hours,
        saturday: Hours,
        sunday: Hours,
    }
    let Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday } = Week::deserialize(from)?;
    let week = [monday, tuesday, wednesday, thursday, friday, saturday, sunday].map(|hours| hours.0);
    if week.iter().all(Vec::is_empty) {
        return Err(D::Error::custom(
            "the week has no open hour\nwrite hours for one day at least: monday = \"09:00-17:00\"",
        ));
    }
    Ok(week)
}

#[derive(Default)]
struct Hours(Vec<OpenHours>);

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        parse_hours(&text).map(Hours).ok_or_else(|| {
            D::Error::custom(format!(
                "`{text}` are no hours of a day\nwrite \"09:00-17:30\", several with commas between, or \"closed\"; hours over midnight belong to two days"
            ))
        })
    }
}

/// The days of a file of holidays: one a line as `2026-12-25`, or the column `day` of a table.
///
/// `name` is how messages call the file. Blank lines and cells are left out. Errors: what is no day, a row that cannot be
/// read, each with its line.
pub fn holidays(text: &str, name: &str) -> Result<Vec<i32>, Diagnostic> {
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_day = |cell: &str| cell.trim().trim_matches('"').trim().eq_ignore_ascii_case("day");
    let days: Vec<(usize, String)> = if head.split([',', ';', '\t']).any(is_day) {
        let table = Tabular::parse(text).map_err(|error| {
            Diagnostic::error(Code::BrokenRow, format!("`{name}` line {} {}", error.line_number, error.reason))
        })?;
        let column = table.column("day").unwrap_or_default();
        let rows = (0..table.rows.len()).filter_map(|row| Some((table.line_numbers[row], table.cell(row, column)?)));
        rows.map(|(line_number, cell)| (line_number, cell.to_owned())).collect()
    } else {
        text.lines().enumerate().map(|(at, line)| (at + 1, line.trim().to_owned())).collect()
    };
    days.into_iter()
        .filter(|(_, day)| !day.is_empty())
        .map(|(line_number, day)| {
            parse_day(&day).ok_or_else(|| {
                let shown: String = day.chars().take(40).collect();
                Diagnostic::error(Code::WrongDate, format!("`{shown}` is no day"))
                    .with_note(format!(
                        "{name} line {line_number}: named as `holidays` under `[calendar]` in ownward.toml"
                    ))
                    .help("write one day a line as 2026-12-25, or a table with such days in a column `day`")
            })
        })
        .collect()
}
