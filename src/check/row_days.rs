//! `valid from COLUMN until COLUMN`: on which days each row of a list or table counts.

use super::declarations::count;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::{Days, RowDays, Tabular, days_are_empty};
use crate::syntax::{ValidDecl, Word};
use crate::value::time;

/// Days that hold no day: a row that cannot be read counts never.
const NEVER: Days = (Some(time::DAY_MAX), Some(time::DAY_MIN));

/// The days of all rows. A cell that is no day is an error, a row that ends before it starts a warning; neither counts.
pub(super) fn row_days(
    valid: Option<&ValidDecl>,
    data: Option<&Tabular>,
    file: &Word,
    diagnostics: &mut Vec<Diagnostic>,
) -> RowDays {
    let (Some(valid), Some(data)) = (valid, data) else {
        return RowDays::default();
    };
    let from = side(valid.from.as_ref(), data, file, diagnostics);
    let until = side(valid.until.as_ref(), data, file, diagnostics);
    let mut turned = Vec::new();
    let mut days = Vec::with_capacity(data.rows.len());
    for (row, line_number) in data.line_numbers.iter().enumerate() {
        let (Ok(from), Ok(until)) = (from(row), until(row)) else {
            days.push(NEVER);
            continue;
        };
        if days_are_empty((from, until)) {
            turned.push(*line_number);
        }
        days.push((from, until));
    }
    if let (Some(first), Some(until)) = (turned.first(), &valid.until) {
        let headline = match turned.len() {
            1 => format!("1 row of `{}` ends before it starts", file.text),
            several => format!("{} of `{}` end before they start", count(several, "row"), file.text),
        };
        diagnostics.push(
            Diagnostic::warning(Code::EndsBeforeStart, headline)
                .at(until.span, format!("the last day a row counts; first on line {first}"))
                .with_note("such a row counts on no day")
                .help("swap the two days, or remove the row"),
        );
    }
    RowDays::by_row(days)
}

/// The day in a row of one of the two columns: open where it is blank, an error where it is none.
fn side<'d>(
    column: Option<&Word>,
    data: &'d Tabular,
    file: &Word,
    diagnostics: &mut Vec<Diagnostic>,
) -> impl Fn(usize) -> Result<Option<i32>, ()> + use<'d> {
    let index = column.and_then(|column| data.column(&column.text));
    let day = move |row: usize| match index.and_then(|index| data.cell(row, index)) {
        None => Ok(None),
        Some(cell) => time::parse_day(cell).map(Some).ok_or(()),
    };
    let bad: Vec<usize> = (0..data.rows.len()).filter(|row| day(*row).is_err()).collect();
    if let (Some(first), Some(column), Some(index)) = (bad.first(), column, index) {
        let cell = data.cell(*first, index).unwrap_or_default();
        let more = if bad.len() > 1 { format!(", and {} more", bad.len() - 1) } else { String::new() };
        diagnostics.push(
            Diagnostic::error(Code::BadCell, format!("`{cell}` in column `{}` is no day", column.text))
                .at(column.span, "days on which a row counts")
                .with_note(format!("{} line {}{more}", file.text, data.line_numbers[*first]))
                .help("write days as 2026-01-31; a blank cell is open"),
        );
    }
    day
}
