//! From cells as a source holds them to typed columns, counting what does not fit.

use super::{
    CHOICE_MISSING, Column, ColumnData, DAY_MISSING, INSTANT_MISSING, ManyColumn, NumberBuilder, ROW_MISSING, RowSet,
    TextBuilder, YES_NO_MISSING,
};
use crate::limits::CELL_BYTES_MAX;
use crate::schema::{ChoiceSet, Currency, Field, FieldKind};
use crate::value::{Decimal, NumberFormat, compact, fold, parse_number, time};
use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// A cell as a source gives it. Blank text counts as missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Missing,
    Text(&'a str),
    Integer(i64),
    Real(f64),
    /// A number written in plain decimal, with an exponent perhaps, whatever the source's format for text says.
    Number(&'a str),
    Bool(bool),
    /// Bytes that are no text (a blob, broken UTF-8): never a value.
    Unreadable,
}

impl<'a> Cell<'a> {
    /// Whether it holds nothing that could be read.
    #[inline]
    pub fn is_missing(self) -> bool {
        match self {
            Cell::Missing | Cell::Unreadable => true,
            Cell::Text(text) => is_blank(text),
            _ => false,
        }
    }

    /// The cell as text: trimmed, numbers in plain decimal, "" for what is no value.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Cell::Missing | Cell::Unreadable => Cow::Borrowed(""),
            Cell::Text(text) => Cow::Borrowed(text.trim()),
            Cell::Integer(number) => number.to_string().into(),
            Cell::Real(number) => number.to_string().into(),
            Cell::Number(text) => match exact(text) {
                Some(number) => compact(number).into(),
                None => Cow::Borrowed(text),
            },
            Cell::Bool(yes) => yes.to_string().into(),
        }
    }
}

/// How a source writes numbers, dates and times. `date` and `time` are strftime patterns; without one, dates are
/// `2026-01-31` and times RFC 3339 or `2026-01-31 09:00:00` in `zone`.
#[derive(Clone, Debug, Default)]
pub struct Formats {
    pub number: NumberFormat,
    pub date: Option<String>,
    pub time: Option<String>,
    pub zone: Option<TimeZone>,
}

/// What is wrong with a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IssueKind {
    /// A required field is blank.
    Missing,
    NotANumber,
    NotADate,
    NotATime,
    NotYesOrNo,
    UnknownChoice,
    Unreadable,
    TooLong,
    /// A money cell without a currency in its currency column.
    NoCurrency,
    /// The column's distinct text passed its limit.
    TooMuchText,
}

/// All cells of one column that are wrong in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellIssue {
    pub kind: IssueKind,
    pub count: usize,
    /// The first few: row number (from 0) and the cell's text.
    pub examples: Vec<(u32, String)>,
}

const EXAMPLES_MAX: usize = 5;

/// Builds the column of one field, a cell at a time, in row order.
pub struct ColumnBuilder<'f> {
    field: &'f Field,
    formats: &'f Formats,
    /// A cell that breaks the schema is a missing one with a warning, because the schema itself was only inferred.
    lenient: bool,
    data: Data,
    row: u32,
    broken: RowSet,
    issues: Vec<CellIssue>,
}

enum Data {
    Text(TextBuilder),
    Number(NumberBuilder),
    Money(NumberBuilder, Option<TextBuilder>),
    Date(Vec<i32>),
    Time(Vec<i64>),
    YesNo(Vec<u8>),
    Choice(Vec<u16>, FxHashMap<String, Option<u16>>),
    Many(ManyColumn, FxHashMap<String, Option<u32>>),
    /// Keys as text until [`super::Dataset::link`] turns them into rows.
    Reference(TextBuilder),
}

/// A finished column, not yet linked: a reference still holds keys.
pub struct Built {
    pub column: Column,
    /// The keys of a reference column, by row.
    pub keys: Option<super::TextColumn>,
    pub issues: Vec<CellIssue>,
}

impl<'f> ColumnBuilder<'f> {
    pub fn new(field: &'f Field, formats: &'f Formats, lenient: bool) -> Self {
        let data = match &field.kind {
            FieldKind::Text => Data::Text(TextBuilder::default()),
            FieldKind::Number => Data::Number(NumberBuilder::default()),
            FieldKind::Money(Currency::Fixed(_)) => Data::Money(NumberBuilder::default(), None),
            FieldKind::Money(Currency::InColumn(_)) => {
                Data::Money(NumberBuilder::default(), Some(TextBuilder::default()))
            }
            FieldKind::Date => Data::Date(Vec::new()),
            FieldKind::Time => Data::Time(Vec::new()),
            FieldKind::YesNo => Data::YesNo(Vec::new()),
            FieldKind::Choice(_) => Data::Choice(Vec::new(), FxHashMap::default()),
            FieldKind::Many(_) => {
                Data::Many(ManyColumn { codes: Vec::new(), sets: vec![Vec::new()] }, FxHashMap::default())
            }
            FieldKind::Reference { .. } => Data::Reference(TextBuilder::default()),
        };
        Self { field, formats, lenient, data, row: 0, broken: RowSet::default(), issues: Vec::new() }
    }

    /// Adds the cell of the next row.
    pub fn push(&mut self, cell: Cell<'_>) {
        self.push_money(cell, Cell::Missing);
    }

    /// As [`ColumnBuilder::push`], with the cell of the currency column beside it for `money in COLUMN`.
    pub fn push_money(&mut self, cell: Cell<'_>, currency: Cell<'_>) {
        let cell = match cell {
            Cell::Text(text) if is_blank(text) => Cell::Missing,
            Cell::Text(text) if text.len() > CELL_BYTES_MAX => {
                self.refuse(IssueKind::TooLong, &format!("{} bytes", text.len()));
                return self.next_missing();
            }
            Cell::Unreadable => {
                self.refuse(IssueKind::Unreadable, "bytes that are no text");
                return self.next_missing();
            }
            other => other,
        };
        if cell == Cell::Missing {
            if !self.field.optional && !matches!(self.field.kind, FieldKind::Many(_)) {
                self.refuse(IssueKind::Missing, "");
            }
            return self.next_missing();
        }
        let pushed = match &mut self.data {
            Data::Text(builder) | Data::Reference(builder) => push_text(builder, cell),
            Data::Number(builder) => push_number(builder, cell, self.formats.number),
            Data::Money(builder, currencies) => {
                let pushed = push_number(builder, cell, self.formats.number);
                match (pushed, currencies) {
                    (Ok(()), Some(currencies)) => push_currency(currencies, currency),
                    (other, _) => other,
                }
            }
            Data::Date(days) => read_day(cell, self.formats).map(|day| days.push(day)),
            Data::Time(instants) => read_instant(cell, self.formats).map(|at| instants.push(at)),
            Data::YesNo(flags) => read_yes_no(cell).map(|yes| flags.push(u8::from(yes))),
            Data::Choice(choices, known) => {
                read_choice(cell, &self.field.kind, known).map(|choice| choices.push(choice))
            }
            Data::Many(many, known) => read_many(cell, &self.field.kind, many, known).map(|code| many.codes.push(code)),
        };
        match pushed {
            Ok(()) => self.row += 1,
            Err(IssueKind::NoCurrency) => {
                self.refuse(IssueKind::NoCurrency, &cell.text());
                self.row += 1;
            }
            Err(IssueKind::TooMuchText) => {
                self.refuse(IssueKind::TooMuchText, "");
                self.row += 1;
            }
            Err(kind) => {
                self.refuse(kind, &cell.text());
                self.next_missing();
            }
        }
    }

    /// Whether any cell so far was wrong.
    pub(crate) fn has_issues(&self) -> bool {
        !self.issues.is_empty()
    }

    fn next_missing(&mut self) {
        match &mut self.data {
            Data::Text(builder) | Data::Reference(builder) => builder.push_missing(),
            Data::Number(builder) => builder.push_missing(),
            Data::Money(builder, currencies) => {
                builder.push_missing();
                if let Some(currencies) = currencies {
                    currencies.push_missing();
                }
            }
            Data::Date(days) => days.push(DAY_MISSING),
            Data::Time(instants) => instants.push(INSTANT_MISSING),
            Data::YesNo(flags) => flags.push(YES_NO_MISSING),
            Data::Choice(choices, _) => choices.push(CHOICE_MISSING),
            Data::Many(many, _) => many.codes.push(0),
        }
        self.row += 1;
    }

    fn refuse(&mut self, kind: IssueKind, text: &str) {
        if !self.lenient {
            self.broken.insert(self.row);
        } else if kind == IssueKind::Missing {
            return;
        }
        let issue = match self.issues.iter().position(|issue| issue.kind == kind) {
            Some(at) => &mut self.issues[at],
            None => {
                self.issues.push(CellIssue { kind, count: 0, examples: Vec::new() });
                // Just pushed.
                let last = self.issues.len() - 1;
                &mut self.issues[last]
            }
        };
        issue.count += 1;
        // Examples of distinct texts say more than five times the same one.
        let is_new = kind == IssueKind::Missing || issue.examples.iter().all(|(_, known)| known != text);
        if issue.examples.len() < EXAMPLES_MAX && is_new {
            let shown: String = text.chars().take(80).collect();
            issue.examples.push((self.row, shown));
        }
    }

    /// The column; the key column is `indexed` so that keys can be looked up.
    pub fn finish(self, indexed: bool) -> Built {
        let text = |builder: TextBuilder| {
            if indexed { builder.finish_indexed() } else { builder.finish() }
        };
        let mut keys = None;
        let data = match self.data {
            Data::Text(builder) => ColumnData::Text(text(builder)),
            Data::Number(builder) => ColumnData::Number(builder.finish()),
            Data::Money(builder, currencies) => {
                ColumnData::Money(builder.finish(), currencies.map(TextBuilder::finish))
            }
            Data::Date(days) => ColumnData::Date(days),
            Data::Time(instants) => ColumnData::Time(instants),
            Data::YesNo(flags) => ColumnData::YesNo(flags),
            Data::Choice(choices, _) => ColumnData::Choice(choices),
            Data::Many(many, _) => ColumnData::Many(many),
            Data::Reference(builder) => {
                let column = builder.finish();
                let rows = vec![ROW_MISSING; column.len()];
                keys = Some(column);
                ColumnData::Reference(rows, FxHashMap::default())
            }
        };
        Built { column: Column { data, broken: self.broken }, keys, issues: self.issues }
    }
}

/// Most cells begin with a letter or digit, which one look tells.
fn is_blank(text: &str) -> bool {
    let begins_plain = text.as_bytes().first().is_some_and(u8::is_ascii_graphic);
    !begins_plain && text.trim().is_empty()
}

fn push_text(builder: &mut TextBuilder, cell: Cell<'_>) -> Result<(), IssueKind> {
    let pushed = match cell {
        Cell::Text(text) => builder.push(text),
        other => builder.push(&other.text()),
    };
    pushed.map_err(|_| IssueKind::TooMuchText)
}

fn push_currency(builder: &mut TextBuilder, cell: Cell<'_>) -> Result<(), IssueKind> {
    match cell {
        Cell::Text(text) if !text.trim().is_empty() => {
            builder.push(&text.trim().to_uppercase()).map_err(|_| IssueKind::TooMuchText)
        }
        _ => {
            builder.push_missing();
            Err(IssueKind::NoCurrency)
        }
    }
}

fn push_number(builder: &mut NumberBuilder, cell: Cell<'_>, format: NumberFormat) -> Result<(), IssueKind> {
    match cell {
        Cell::Integer(number) if number != i64::MIN => builder.push_integer(number),
        Cell::Integer(number) => builder.push(Decimal::from(number)),
        Cell::Real(number) => match scaled(number) {
            Some((units, scale)) => builder.push_scaled(units, scale),
            None => builder.push(decimal_of(number).ok_or(IssueKind::NotANumber)?),
        },
        Cell::Number(text) => builder.push(exact(text).ok_or(IssueKind::NotANumber)?),
        Cell::Text(text) => {
            let text = text.trim();
            if format != NumberFormat::default() || !builder.push_plain(text) {
                builder.push(parse_number(text, format).ok_or(IssueKind::NotANumber)?);
            }
        }
        _ => return Err(IssueKind::NotANumber),
    }
    Ok(())
}

/// As [`decimal_of`], without writing the number out, for the short decimals that most amounts are.
///
/// Up to 15 digits a decimal and its float stand for each other one to one, so the first scale at which the quotient
/// gives the float back is the shortest decimal.
fn scaled(number: f64) -> Option<(i64, u32)> {
    const EXACT: f64 = 1e15;
    let mut power = 1.0;
    for scale in 0..=4 {
        let units = (number * power).round();
        // Also false for what is no number.
        if units.abs() < EXACT {
            if units / power == number {
                #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e15")]
                return Some((units as i64, scale));
            }
        } else {
            return None;
        }
        power *= 10.0;
    }
    None
}

/// The shortest decimal that reads back as this float: what the person who typed it meant.
fn decimal_of(number: f64) -> Option<Decimal> {
    if !number.is_finite() {
        return None;
    }
    let plain = number.to_string();
    Decimal::from_str_exact(&plain).ok()
}

/// A number as programs write it: `1.50`, `15e-1`.
fn exact(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

/// A number of any size; `None` for what is none in the declared format.
pub(crate) fn read_number(cell: Cell<'_>, format: NumberFormat) -> Option<Decimal> {
    match cell {
        Cell::Integer(number) => Some(Decimal::from(number)),
        Cell::Real(number) => decimal_of(number),
        Cell::Number(text) => exact(text),
        Cell::Text(text) => parse_number(text, format),
        _ => None,
    }
}

fn read_day(cell: Cell<'_>, formats: &Formats) -> Result<i32, IssueKind> {
    match cell {
        Cell::Text(text) => read_day_text(text, formats).ok_or(IssueKind::NotADate),
        _ => Err(IssueKind::NotADate),
    }
}

/// A day in the declared format; `None` for anything else.
pub(crate) fn read_day_text(text: &str, formats: &Formats) -> Option<i32> {
    let text = text.trim();
    match &formats.date {
        Some(pattern) => time::parse_day_as(pattern, text),
        None => time::parse_day(text).or_else(|| midnight(text)),
    }
}

/// A date written with a time of day that is midnight: what databases export for dates.
fn midnight(text: &str) -> Option<i32> {
    let (day, clock) = text.split_at_checked(10)?;
    let clock = clock.strip_prefix([' ', 'T'])?;
    let clock = clock.strip_suffix('Z').unwrap_or(clock);
    let is_zero = clock.starts_with("00:00") && clock.chars().all(|c| matches!(c, '0' | ':' | '.'));
    if is_zero { time::parse_day(day) } else { None }
}

fn read_instant(cell: Cell<'_>, formats: &Formats) -> Result<i64, IssueKind> {
    let Cell::Text(text) = cell else {
        return Err(IssueKind::NotATime);
    };
    let text = text.trim();
    let utc = TimeZone::UTC;
    let zone = formats.zone.as_ref().unwrap_or(&utc);
    let civil =
        |at: jiff::civil::DateTime| at.to_zoned(zone.clone()).ok().map(|zoned| zoned.timestamp().as_microsecond());
    let instant = match &formats.time {
        Some(pattern) => time::parse_instant_as(pattern, text, zone),
        None => {
            let exact = text.parse::<jiff::Timestamp>().ok().map(|at| at.as_microsecond());
            // A day alone is no instant: nobody said at what hour.
            let has_clock = text.contains(':');
            exact.or_else(|| text.parse::<jiff::civil::DateTime>().ok().filter(|_| has_clock).and_then(civil))
        }
    };
    instant.ok_or(IssueKind::NotATime)
}

fn read_yes_no(cell: Cell<'_>) -> Result<bool, IssueKind> {
    match cell {
        Cell::Bool(yes) => Ok(yes),
        Cell::Integer(0) => Ok(false),
        Cell::Integer(1) => Ok(true),
        Cell::Text(text) => match fold(text).as_str() {
            "yes" | "true" | "1" | "y" | "t" => Ok(true),
            "no" | "false" | "0" | "n" | "f" => Ok(false),
            _ => Err(IssueKind::NotYesOrNo),
        },
        _ => Err(IssueKind::NotYesOrNo),
    }
}

fn choice_set(kind: &FieldKind) -> &ChoiceSet {
    static EMPTY: ChoiceSet = ChoiceSet { ordered: false, choices: Vec::new() };
    match kind {
        FieldKind::Choice(set) | FieldKind::Many(set) => set,
        _ => &EMPTY,
    }
}

fn read_choice(cell: Cell<'_>, kind: &FieldKind, known: &mut FxHashMap<String, Option<u16>>) -> Result<u16, IssueKind> {
    let owned;
    let text = match cell {
        Cell::Text(text) => text,
        other => {
            owned = other.text();
            &owned
        }
    };
    let choice = match known.get(text) {
        Some(choice) => *choice,
        None => {
            let choice = choice_set(kind).find(text);
            known.insert(text.to_owned(), choice);
            choice
        }
    };
    choice.ok_or(IssueKind::UnknownChoice)
}

fn read_many(
    cell: Cell<'_>,
    kind: &FieldKind,
    many: &mut ManyColumn,
    known: &mut FxHashMap<String, Option<u32>>,
) -> Result<u32, IssueKind> {
    let text = cell.text();
    if let Some(code) = known.get(text.as_ref()) {
        return code.ok_or(IssueKind::UnknownChoice);
    }
    let set = choice_set(kind);
    let chosen: Option<Vec<u16>> =
        text.split(';').filter(|part| !part.trim().is_empty()).map(|part| set.find(part)).collect();
    let code = chosen.map(|mut chosen| {
        chosen.sort_unstable();
        chosen.dedup();
        let at = many.sets.iter().position(|other| *other == chosen).unwrap_or_else(|| {
            many.sets.push(chosen);
            many.sets.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    });
    known.insert(text.into_owned(), code);
    code.ok_or(IssueKind::UnknownChoice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn built(kind: FieldKind, optional: bool, cells: &[Cell<'_>]) -> (Vec<Value>, Vec<CellIssue>, usize) {
        let field = Field { name: "f".into(), kind, optional, column: "f".into(), span: None };
        let formats = Formats::default();
        let mut builder = ColumnBuilder::new(&field, &formats, false);
        for cell in cells {
            builder.push(*cell);
        }
        let built = builder.finish(false);
        let rows = u32::try_from(cells.len()).unwrap();
        let values = (0..rows).map(|row| built.column.value(row, &field, None)).collect();
        (values, built.issues, built.column.broken.len())
    }

    #[test]
    fn a_date_that_does_not_parse_is_broken_and_counted() {
        let cells =
            [Cell::Text("2026-01-31"), Cell::Text("03-01-17"), Cell::Missing, Cell::Text("2026-01-31 00:00:00.000")];
        let (values, issues, broken) = built(FieldKind::Date, true, &cells);
        assert_eq!(values[1], Value::Missing);
        assert_eq!(values[3], values[0]);
        assert_eq!((issues[0].kind, issues[0].count, broken), (IssueKind::NotADate, 1, 1));
        assert_eq!(issues[0].examples, [(1, "03-01-17".to_owned())]);
    }

    #[test]
    fn a_required_blank_is_broken_and_a_blank_multi_select_is_not() {
        let (_, issues, broken) = built(FieldKind::Text, false, &[Cell::Text(" ")]);
        assert_eq!((issues[0].kind, broken), (IssueKind::Missing, 1));
        let set = ChoiceSet::plain(["A", "B"]);
        let cells = [Cell::Missing, Cell::Text("b; a;A"), Cell::Text("C")];
        let (values, issues, broken) = built(FieldKind::Many(set), false, &cells);
        assert_eq!(values[0], Value::Many(vec![]));
        assert_eq!(values[1], Value::Many(vec![0, 1]));
        assert_eq!((issues[0].kind, broken), (IssueKind::UnknownChoice, 1));
    }

    #[test]
    fn floats_read_as_their_shortest_decimal() {
        let (values, issues, _) =
            built(FieldKind::Number, true, &[Cell::Real(0.1), Cell::Real(f64::NAN), Cell::Text("1.234,5")]);
        assert_eq!(values[0], Value::Number(Decimal::new(1, 1)));
        assert_eq!(issues[0].count, 2);
    }

    #[test]
    fn the_short_way_to_a_decimal_agrees_with_the_long_one() {
        let mut seed = 7_u64;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            let number = (seed >> 20) as f64 / [1.0, 10.0, 100.0, 1000.0, 3.0][(seed % 5) as usize];
            for number in [number, -number / 1e6, number / 1e9] {
                if let Some((units, scale)) = scaled(number) {
                    let long = decimal_of(number).unwrap();
                    assert_eq!(Decimal::new(units, scale), long, "{number}");
                    assert!(scale <= long.scale(), "{number}");
                }
            }
        }
        assert_eq!(scaled(f64::NAN), None);
        assert_eq!(scaled(-0.0), Some((0, 0)));
    }

    #[test]
    fn a_day_alone_is_no_instant() {
        let cells =
            [Cell::Text("2026-01-31"), Cell::Text("2026-01-31 10:00:00"), Cell::Text("2026-01-31T10:00:00+02:00")];
        let (values, issues, _) = built(FieldKind::Time, true, &cells);
        assert_eq!(issues[0].count, 1);
        assert_eq!(crate::column::show(&values[1], &FieldKind::Time).unwrap(), "2026-01-31T10:00:00Z");
        assert_eq!(crate::column::show(&values[2], &FieldKind::Time).unwrap(), "2026-01-31T08:00:00Z");
    }
}
