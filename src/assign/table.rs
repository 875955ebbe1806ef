//! Tables, indexed: the best row by hash of its exact cells and its prefix, instead of a look at every row.

use crate::check::policy::{TableUse, TypedPolicy};
use crate::schema::{Bounds, FieldKind, MatchHow, RecordId, Tabular, compare_ranges, range_bound};
use crate::value::{Decimal, NumberFormat, Value, compact, fold, parse_number};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// A table as one record type uses it, ready for look-ups.
#[derive(Clone, Debug, Default)]
pub struct TableIndex {
    /// Rows by their exact cells and their prefix, in file order.
    rows: FxHashMap<String, Vec<Entry>>,
    /// The lengths of all prefixes in characters, longest first; `[0]` where no column is a prefix.
    prefix_lengths: Vec<usize>,
    kinds: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Entry {
    row: usize,
    ranges: Vec<Bounds>,
}

/// How one `match` line takes part.
#[derive(Clone, Debug, PartialEq)]
enum Line {
    Equals(FieldKind),
    Prefix,
    Range { is_date: bool },
}

impl TableIndex {
    /// Indexes a table for a record type. Rows that can never match (a blank exact cell, a cell that is no value of the
    /// field) or that do not count on the day of the run are left out. A table whose file could not be read is empty.
    pub fn new(policy: &TypedPolicy, record: RecordId, table: &TableUse, today: i32) -> Self {
        let schema = &policy.schema;
        let declared = schema.table(table.table);
        let kinds: Vec<Line> = declared
            .matches
            .iter()
            .zip(&table.paths)
            .map(|(line, path)| {
                let kind = &schema.record(path.record(schema, record)).field(path.field).kind;
                match line.how {
                    MatchHow::Equals { .. } => Line::Equals(kind.clone()),
                    MatchHow::StartsWith { .. } => Line::Prefix,
                    MatchHow::Between { .. } => Line::Range { is_date: *kind == FieldKind::Date },
                }
            })
            .collect();
        let mut index = TableIndex { kinds, ..TableIndex::default() };
        if let Some(data) = &declared.data {
            for row in (0..data.rows.len()).filter(|row| declared.days.count(*row, today)) {
                index.add(data, &declared.matches, row);
            }
        }
        index.prefix_lengths.sort_unstable_by(|a, b| b.cmp(a));
        index.prefix_lengths.dedup();
        index
    }

    fn add(&mut self, data: &Tabular, lines: &[crate::schema::TableMatch], row: usize) {
        let cell = |column: &str| data.column(column).and_then(|column| data.cell(row, column));
        let mut key = String::new();
        let mut prefix = String::new();
        let mut ranges = Vec::new();
        for (line, kind) in lines.iter().zip(&self.kinds) {
            match (&line.how, kind) {
                (MatchHow::Equals { column }, Line::Equals(kind)) => {
                    let Some(part) = cell(column).and_then(|cell| cell_key(cell, kind)) else {
                        return;
                    };
                    push_part(&mut key, &part);
                }
                (MatchHow::StartsWith { column }, _) => {
                    let Some(cell) = cell(column) else { return };
                    prefix = fold(cell);
                }
                (MatchHow::Between { from, to }, Line::Range { is_date }) => {
                    let bound = |column: &str| match cell(column) {
                        None => Some(None),
                        Some(cell) => range_bound(cell, *is_date).map(Some),
                    };
                    let (Some(low), Some(high)) = (bound(from), bound(to)) else {
                        return;
                    };
                    ranges.push((low, high));
                }
                _ => return,
            }
        }
        self.prefix_lengths.push(prefix.chars().count());
        push_part(&mut key, &prefix);
        self.rows.entry(key).or_default().push(Entry { row, ranges });
    }

    /// The best row for a record's values, one a `match` line in order: the longest prefix, then the narrowest range,
    /// then the first row.
    pub fn best(&self, values: &[Value]) -> Option<usize> {
        let mut key = String::new();
        let mut text = None;
        let mut numbers = Vec::new();
        for (value, kind) in values.iter().zip(&self.kinds) {
            match kind {
                Line::Equals(_) => push_part(&mut key, &value_key(value)?),
                Line::Prefix => match value {
                    Value::Text(value) => text = Some(fold(value)),
                    _ => return None,
                },
                Line::Range { .. } => match value {
                    Value::Number(number) | Value::Money(number, _) => numbers.push(*number),
                    Value::Date(day) => numbers.push(Decimal::from(*day)),
                    _ => return None,
                },
            }
        }
        let Some(text) = text else {
            push_part(&mut key, "");
            return self.narrowest(&key, &numbers);
        };
        let borders: Vec<usize> = text.char_indices().map(|(at, _)| at).chain(std::iter::once(text.len())).collect();
        self.prefix_lengths.iter().find_map(|length| {
            let prefix = &text[..*borders.get(*length)?];
            let mut key = key.clone();
            push_part(&mut key, prefix);
            self.narrowest(&key, &numbers)
        })
    }

    fn narrowest(&self, key: &str, numbers: &[Decimal]) -> Option<usize> {
        let fits = |entry: &&Entry| {
            entry.ranges.iter().zip(numbers).all(|((low, high), number)| {
                low.is_none_or(|low| low <= *number) && high.is_none_or(|high| *number <= high)
            })
        };
        self.rows
            .get(key)?
            .iter()
            .filter(fits)
            // The first of equals stays: `min_by` keeps it.
            .min_by(|a, b| compare_all(a, b))
            .map(|entry| entry.row)
    }

    /// All bounds of the ranges of one line, for cutting a column of numbers into intervals.
    pub fn bounds(&self, line: usize) -> Vec<Decimal> {
        let range = self.kinds[..line].iter().filter(|kind| matches!(kind, Line::Range { .. })).count();
        let mut bounds: Vec<Decimal> = self
            .rows
            .values()
            .flatten()
            .filter_map(|entry| entry.ranges.get(range))
            .flat_map(|(low, high)| low.iter().chain(high).copied())
            .collect();
        bounds.sort();
        bounds.dedup();
        bounds
    }
}

fn compare_all(a: &Entry, b: &Entry) -> Ordering {
    a.ranges.iter().zip(&b.ranges).map(|(x, y)| compare_ranges(x, y)).fold(Ordering::Equal, Ordering::then)
}

/// Parts with their lengths before them: no two rows share a key by accident.
fn push_part(key: &mut String, part: &str) {
    key.push_str(&part.len().to_string());
    key.push(':');
    key.push_str(part);
}

fn cell_key(cell: &str, kind: &FieldKind) -> Option<String> {
    match kind {
        FieldKind::Choice(set) => set.find(cell).map(|choice| choice.to_string()),
        FieldKind::Number => parse_number(cell, NumberFormat::default()).map(compact),
        FieldKind::YesNo => match fold(cell).as_str() {
            "yes" | "true" | "1" => Some("yes".into()),
            "no" | "false" | "0" => Some("no".into()),
            _ => None,
        },
        FieldKind::Reference { .. } => Some(cell.trim().to_owned()),
        _ => Some(fold(cell)),
    }
}

fn value_key(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(fold(text)),
        Value::Choice(choice) => Some(choice.to_string()),
        Value::Number(number) => Some(compact(*number)),
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.into()),
        Value::Reference(key) => Some(key.clone()),
        _ => None,
    }
}
