//! Record types for data that nobody has declared, from all of its rows.
//!
//! [`record_type`] is what stands in for a missing declaration: plain kinds only, everything optional. [`record_types`]
//! looks harder, for a declaration that `init` writes down and a person reads: choices, multi-selects, references.

use super::describe::{SourceColumn, SourceTable};
use super::names::{field_name, record_name};
use crate::column::{Cell, ColumnBuilder, Formats};
use crate::project::Config;
use crate::schema::{ChoiceSet, Field, FieldId, FieldKind, RecordId, RecordType};
use crate::value::fold;
use std::collections::BTreeSet;

/// Choices of a field that is taken for a closed list.
const CHOICES_MAX: usize = 12;
/// Rows in which a single text must stand to be the only choice.
const ALONE_ROWS_MIN: usize = 20;
/// Letters of a choice; longer cells are prose.
const CHOICE_LETTERS_MAX: usize = 60;
/// Of a hundred cells so many must be keys for a reference that `may be unknown`.
const KNOWN_PERCENT_MIN: usize = 95;

/// The record type of a table: number, date, yes or no where every cell is one, else text; all but the key optional.
pub fn record_type(table: &SourceTable, config: &Config) -> RecordType {
    let name = record_name(&table.name);
    let formats = config.formats(&name);
    let key_column = key_column(table, &name);
    let owner_column = owner_column(table, key_column);
    let mut fields: Vec<Field> = Vec::new();
    let mut key = FieldId(0);
    for (index, column) in table.columns.iter().enumerate() {
        if Some(index) == owner_column {
            continue;
        }
        let is_key = index == key_column;
        if is_key {
            key = FieldId(u16::try_from(fields.len()).unwrap_or(u16::MAX));
        }
        fields.push(Field {
            name: unused(&fields, &field_name(&column.name)),
            kind: if is_key { FieldKind::Text } else { plain_kind(column, &formats) },
            optional: !is_key,
            column: column.name.clone(),
            span: None,
        });
    }
    if fields.is_empty() {
        fields.push(lone_key());
    }
    RecordType {
        name,
        source: table.name.clone(),
        fields,
        key,
        created: None,
        owner_column: owner_column.map(|index| table.columns[index].name.clone()),
        inferred: true,
        span: None,
    }
}

/// The record types of several tables, by [`RecordId`] in their order, with choices, multi-selects and references.
pub fn record_types(tables: &[SourceTable], config: &Config) -> Vec<RecordType> {
    let mut records: Vec<RecordType> = tables.iter().map(|t| record_type(t, config)).collect();
    for index in 0..records.len() {
        let name = records[index].name.clone();
        let taken = |other: &RecordType| other.name.eq_ignore_ascii_case(&name);
        let count = records[..index].iter().filter(|other| taken(other)).count();
        if count > 0 {
            records[index].name = format!("{name}{}", count + 1);
        }
    }
    let keys: Vec<&SourceColumn> = tables
        .iter()
        .zip(&records)
        .filter_map(|(table, record)| table.column(&record.field(record.key).column))
        .collect();
    if keys.len() != tables.len() {
        // A table without columns has nothing more to tell.
        return records;
    }
    let names: Vec<String> = records.iter().map(|record| record.name.clone()).collect();
    for (index, (table, record)) in tables.iter().zip(&mut records).enumerate() {
        let formats = config.formats(&record.name);
        for id in record.field_ids().filter(|id| *id != record.key) {
            let at = id.0 as usize;
            let Some(column) = table.column(&record.fields[at].column) else {
                continue;
            };
            if let Some(kind) = reference(column, index, &names, &keys) {
                let short = without_id(&record.fields[at].name);
                if record.find(&short).is_none() {
                    record.fields[at].name = short;
                }
                record.fields[at].kind = kind;
            } else if let Some(kind) = richer_kind(&record.fields[at].kind, column, table.row_count, &formats) {
                record.fields[at].kind = kind;
            }
            let has_blanks = column.known_count() < table.row_count;
            record.fields[at].optional = has_blanks || table.row_count == 0;
        }
        record.created = created_field(table, record);
    }
    records
}

fn lone_key() -> Field {
    Field { name: "id".into(), kind: FieldKind::Text, optional: false, column: "id".into(), span: None }
}

/// The name, with a number behind it while another field has it.
fn unused(fields: &[Field], name: &str) -> String {
    let is_free = |name: &str| {
        let wanted = name.to_lowercase();
        fields.iter().all(|field| field.name.to_lowercase() != wanted)
    };
    let mut free = name.to_owned();
    let mut number = 2;
    while !is_free(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    free
}

/// `id`, `account_id`, `key`, else the first column whose cells are all there and all different, else the first.
fn key_column(table: &SourceTable, record_name: &str) -> usize {
    let named = |wanted: &str| {
        let is_it = |column: &SourceColumn| plain_word(&column.name) == plain_word(wanted);
        table.columns.iter().position(is_it)
    };
    named("id")
        .or_else(|| named(&format!("{record_name}_id")))
        .or_else(|| named("key"))
        .or_else(|| table.columns.iter().position(SourceColumn::is_unique))
        .unwrap_or(0)
}

fn owner_column(table: &SourceTable, key_column: usize) -> Option<usize> {
    ["ownerid", "owner"].iter().find_map(|wanted| {
        let is_it = |column: &SourceColumn| plain_word(&column.name) == *wanted;
        let found = table.columns.iter().position(is_it)?;
        (found != key_column).then_some(found)
    })
}

/// Letters and digits alone, in small letters: `Account_ID` and `accountId` are one word.
fn plain_word(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn plain_kind(column: &SourceColumn, formats: &Formats) -> FieldKind {
    let is_word = |text: &str| matches!(fold(text).as_str(), "yes" | "no" | "true" | "false");
    if column.cells.distinct_count() == 0 {
        FieldKind::Text
    } else if column.texts().all(is_word) {
        FieldKind::YesNo
    } else if column.texts().all(counts) && fits(FieldKind::Number, column, formats) {
        FieldKind::Number
    } else if fits(FieldKind::Date, column, formats) {
        FieldKind::Date
    } else {
        FieldKind::Text
    }
}

/// Whether a text may count something. `007`, `+49 30` name something.
fn counts(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [b'+', ..] => false,
        [b'0', next, ..] => !next.is_ascii_digit(),
        _ => true,
    }
}

/// Whether the reader itself would take every cell.
fn fits(kind: FieldKind, column: &SourceColumn, formats: &Formats) -> bool {
    let field = Field { kind, optional: true, ..lone_key() };
    let mut builder = ColumnBuilder::new(&field, formats, false);
    for text in column.texts() {
        builder.push(Cell::Text(text));
        if builder.has_issues() {
            return false;
        }
    }
    true
}

/// What a column of text is when one looks harder.
fn richer_kind(plain: &FieldKind, column: &SourceColumn, row_count: usize, formats: &Formats) -> Option<FieldKind> {
    if *plain != FieldKind::Text || column.cells.distinct_count() == 0 {
        return None;
    }
    if fits(FieldKind::Time, column, formats) {
        return Some(FieldKind::Time);
    }
    if let Some(set) = parts(column) {
        return Some(FieldKind::Many(set));
    }
    choices(column, row_count).map(FieldKind::Choice)
}

/// A few texts that come again and again.
fn choices(column: &SourceColumn, row_count: usize) -> Option<ChoiceSet> {
    let distinct = column.cells.distinct_count() as usize;
    // One text in a few rows says nothing about the next row.
    let says_something = distinct >= 2 || row_count >= ALONE_ROWS_MIN;
    if distinct > CHOICES_MAX || !says_something || column.texts().any(|text| !may_be_choice(text)) {
        return None;
    }
    // Days in a format that nobody declared, codes and sizes: tomorrow brings others.
    if column.texts().any(|text| !text.chars().any(char::is_alphabetic)) {
        return None;
    }
    let few = distinct * 10 <= row_count;
    let repeated = row_counts(column).iter().all(|count| *count >= 2);
    (few || repeated).then(|| set_of(column.texts()))
}

/// A few parts between `;` that come again and again.
fn parts(column: &SourceColumn) -> Option<ChoiceSet> {
    if !column.texts().any(|text| text.contains(';')) {
        return None;
    }
    let parts_of = |text: &str| text.split(';').filter(|part| !part.trim().is_empty()).count();
    let all = || {
        let parts = column.texts().flat_map(|text| text.split(';'));
        parts.map(str::trim).filter(|part| !part.is_empty())
    };
    let distinct: BTreeSet<String> = all().map(fold).collect();
    let counts = row_counts(column);
    let told: usize = column.texts().zip(counts).map(|(text, count)| parts_of(text) * count).sum();
    let repeated = told >= 2 * distinct.len();
    let sound = distinct.len() <= CHOICES_MAX && repeated && all().all(may_be_choice);
    sound.then(|| set_of(all()))
}

/// How many rows hold each text.
fn row_counts(column: &SourceColumn) -> Vec<usize> {
    let mut counts = vec![0_usize; column.cells.distinct_count() as usize];
    for code in column.cells.codes() {
        if let Some(count) = counts.get_mut(*code as usize) {
            *count += 1;
        }
    }
    counts
}

/// The choices in order of first sight, each once whatever its letter case.
fn set_of<'t>(texts: impl Iterator<Item = &'t str>) -> ChoiceSet {
    let mut seen = BTreeSet::new();
    ChoiceSet::plain(texts.filter(|text| seen.insert(fold(text))))
}

fn may_be_choice(text: &str) -> bool {
    text.chars().count() <= CHOICE_LETTERS_MAX && !text.chars().any(char::is_control)
}

/// The table that a column names and whose keys it holds.
fn reference(column: &SourceColumn, own: usize, names: &[String], keys: &[&SourceColumn]) -> Option<FieldKind> {
    if column.cells.distinct_count() == 0 {
        return None;
    }
    let word = plain_word(&column.name);
    let base = word.strip_suffix("id").filter(|base| !base.is_empty());
    let subject = base.unwrap_or(&word);
    let named = names.iter().position(|name| plain_word(name) == subject);
    let ends = |name: &String| base.is_some_and(|base| base.ends_with(&plain_word(name)));
    let target =
        named.or_else(|| names.iter().position(ends)).or_else(|| subject.starts_with("parent").then_some(own))?;
    let is_key = |code: &u32| keys[target].cells.find(column.cells.distinct(*code)).is_some();
    let known: Vec<bool> = (0..column.cells.distinct_count()).map(|code| is_key(&code)).collect();
    let known_rows = column.cells.codes().iter().filter(|code| known.get(**code as usize) == Some(&true)).count();
    let all_rows = column.known_count();
    (known_rows * 100 >= all_rows * KNOWN_PERCENT_MIN).then(|| FieldKind::Reference {
        record: RecordId(u16::try_from(target).unwrap_or(u16::MAX)),
        may_be_unknown: known_rows < all_rows,
    })
}

/// A reference is named for what it leads to: `account_id` is an `account`.
fn without_id(name: &str) -> String {
    let short = ["_id", "-id", "_ID", "Id", "ID"].iter().find_map(|ending| name.strip_suffix(ending));
    short.filter(|short| !short.is_empty()).unwrap_or(name).to_owned()
}

/// The field that says since when a record is there, if it says so of every record.
fn created_field(table: &SourceTable, record: &RecordType) -> Option<FieldId> {
    let names = ["created", "createdat", "createddate", "createdon", "opened", "openedat"];
    record.field_ids().find(|id| {
        let field = record.field(*id);
        let is_moment = matches!(field.kind, FieldKind::Date | FieldKind::Time);
        is_moment && !field.optional && table.row_count > 0 && names.contains(&plain_word(&field.column).as_str())
    })
}
