//! Typed columns of a snapshot: what every evaluation reads, a column at a time.
//!
//! A [`Dataset`] holds one [`TableData`] a record type; a table holds one [`Column`] for each field that was asked for.
//! Text is dictionary-encoded (a 32-bit code a row), numbers are scaled 64-bit integers wherever they fit, choices are
//! 16-bit positions. Cells that break the schema are remembered in [`Column::broken`]: the record is *invalid* for the
//! roles that read them (design section 3, points 1 and 6).

mod build;
mod dataset;
mod index;
mod number;
mod print;
mod rows;
mod text;

pub use build::{Built, Cell, CellIssue, ColumnBuilder, Formats, IssueKind};
pub(crate) use build::{read_day_text, read_number};
pub use dataset::{Dataset, LinkIssue, TableData};
pub use number::{NumberBuilder, NumberColumn, SCALED_MISSING};
pub use rows::RowSet;
pub use text::{TextBuilder, TextColumn};

use crate::schema::{ChoiceSet, Field, FieldKind};
use crate::value::{Value, compact, time};

/// A date column's missing value.
pub const DAY_MISSING: i32 = i32::MIN;
/// A time column's missing value.
pub const INSTANT_MISSING: i64 = i64::MIN;
/// A choice column's missing value.
pub const CHOICE_MISSING: u16 = u16::MAX;
/// A yes-or-no column's missing value; no is 0, yes is 1.
pub const YES_NO_MISSING: u8 = 2;
/// A reference column's missing value: no key was given, or one that may be unknown.
pub const ROW_MISSING: u32 = u32::MAX;

/// One field of all rows of a table.
#[derive(Clone, Debug)]
pub struct Column {
    pub data: ColumnData,
    /// Rows whose cell breaks the schema here (a missing required value too). Their data reads as missing.
    pub broken: RowSet,
}

#[derive(Clone, Debug)]
pub enum ColumnData {
    Text(TextColumn),
    Number(NumberColumn),
    /// Amounts; with a currency a row where the field says `money in COLUMN`.
    Money(NumberColumn, Option<TextColumn>),
    Date(Vec<i32>),
    Time(Vec<i64>),
    YesNo(Vec<u8>),
    Choice(Vec<u16>),
    Many(ManyColumn),
    /// Row numbers of the table referred to, and the key of every row whose target is not there.
    Reference(Vec<u32>, rustc_hash::FxHashMap<u32, String>),
}

/// Multi-select cells: a code a row into the distinct sets, each a sorted list of choices. Never missing.
#[derive(Clone, Debug, Default)]
pub struct ManyColumn {
    pub codes: Vec<u32>,
    pub sets: Vec<Vec<u16>>,
}

impl Column {
    /// The value of a row as the schema types it. A reference is shown by key, taken from `keys` (the table referred to).
    pub fn value(&self, row: u32, field: &Field, keys: Option<&TextColumn>) -> Value {
        let at = row as usize;
        match &self.data {
            ColumnData::Text(text) => text.get(row).map_or(Value::Missing, |t| Value::Text(t.into())),
            ColumnData::Number(numbers) => numbers.get(row).map_or(Value::Missing, Value::Number),
            ColumnData::Money(numbers, currencies) => {
                let currency = match (currencies, &field.kind) {
                    (Some(column), _) => column.get(row).unwrap_or_default().to_owned(),
                    (None, FieldKind::Money(crate::schema::Currency::Fixed(code))) => code.clone(),
                    _ => String::new(),
                };
                numbers.get(row).map_or(Value::Missing, |number| Value::Money(number, currency))
            }
            ColumnData::Date(days) if days[at] == DAY_MISSING => Value::Missing,
            ColumnData::Date(days) => Value::Date(days[at]),
            ColumnData::Time(instants) if instants[at] == INSTANT_MISSING => Value::Missing,
            ColumnData::Time(instants) => Value::Time(instants[at]),
            ColumnData::YesNo(flags) if flags[at] == YES_NO_MISSING => Value::Missing,
            ColumnData::YesNo(flags) => Value::Bool(flags[at] == 1),
            ColumnData::Choice(choices) if choices[at] == CHOICE_MISSING => Value::Missing,
            ColumnData::Choice(choices) => Value::Choice(choices[at]),
            ColumnData::Many(many) => Value::Many(many.sets[many.codes[at] as usize].clone()),
            // A key that is not there reads as missing; whether that is allowed is told by `broken`.
            ColumnData::Reference(rows, _) => match rows[at] {
                ROW_MISSING => Value::Missing,
                target => {
                    keys.and_then(|keys| keys.get(target)).map_or(Value::Missing, |key| Value::Reference(key.into()))
                }
            },
        }
    }

    /// The rows this column points to; empty where it is no reference.
    pub fn targets(&self) -> &[u32] {
        match &self.data {
            ColumnData::Reference(rows, _) => rows,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&TextColumn> {
        match &self.data {
            ColumnData::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A value as a person reads it, and as the ledger keeps it. Missing is `None`.
pub fn show(value: &Value, kind: &FieldKind) -> Option<String> {
    let names =
        |set: &ChoiceSet, indexes: &[u16]| indexes.iter().map(|index| set.name(*index)).collect::<Vec<_>>().join(";");
    Some(match (value, kind) {
        (Value::Missing, _) => return None,
        (Value::Text(text) | Value::Reference(text), _) => text.clone(),
        (Value::Number(number), _) => compact(*number),
        (Value::Money(number, currency), _) if currency.is_empty() => compact(*number),
        (Value::Money(number, currency), _) => format!("{} {currency}", compact(*number)),
        (Value::Date(day), _) => time::show_day(*day),
        (Value::Time(instant), _) => time::show_instant(*instant),
        (Value::Bool(yes), _) => if *yes { "yes" } else { "no" }.to_owned(),
        (Value::Choice(index), FieldKind::Choice(set)) => set.name(*index).to_owned(),
        (Value::Many(indexes), FieldKind::Many(set)) => names(set, indexes),
        (Value::Choice(index), _) => index.to_string(),
        (Value::Many(indexes), _) => format!("{indexes:?}"),
    })
}
