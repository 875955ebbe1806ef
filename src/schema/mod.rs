//! What a policy set declares: records and their fields, choices, people, teams, queues, lists and tables.
//!
//! Values only; the checker makes them from declarations (or infers them from the head of the data), and every
//! later layer refers to them by the small ids below.

mod choices;
mod cover;
mod directory;
mod person;
mod range;
mod row_days;
mod tabular;

pub use choices::{Choice, ChoiceSet};
pub use directory::{Directory, Found};
pub use person::{Days, Membership, Person, days_are_empty, days_include};
pub use range::{Bounds, compare_ranges, range_bound};
pub use row_days::RowDays;
pub(crate) use tabular::separator;
pub use tabular::{Tabular, TabularError};

use crate::source::Span;

/// A record type, by its place in [`Schema::records`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(pub u16);

/// A field of a record type, by its place in [`RecordType::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u16);

/// A list, by its place in [`Schema::lists`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub u16);

/// A table, by its place in [`Schema::tables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TableId(pub u16);

/// Everything a policy set declares.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub records: Vec<RecordType>,
    /// `person from SOURCE`; `None` while nobody is declared.
    pub people: Option<PeopleSource>,
    pub teams: Vec<Team>,
    pub queues: Vec<Named>,
    pub lists: Vec<List>,
    pub tables: Vec<Table>,
}

/// Where the directory of people is read from: a table, or a file's stem, of the snapshot.
#[derive(Clone, Debug)]
pub struct PeopleSource {
    pub source: String,
    pub span: Option<Span>,
}

/// A declared name; `span` is missing where it was inferred.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub span: Option<Span>,
}

/// A team; its members are the people who name it in the directory, and those of the teams that are part of it.
#[derive(Clone, Debug)]
pub struct Team {
    pub name: String,
    pub part_of: Option<String>,
    pub span: Option<Span>,
}

/// A record type and where its rows are read from.
#[derive(Clone, Debug)]
pub struct RecordType {
    pub name: String,
    /// The table in a database, or the stem of a file in a folder.
    pub source: String,
    pub fields: Vec<Field>,
    /// The field that names a record. Always text of some kind: exact bytes after trimming.
    pub key: FieldId,
    /// The field by which records enter pools in order; ties by key.
    pub created: Option<FieldId>,
    /// The source's column that shows the owner today.
    pub owner_column: Option<String>,
    /// Inferred from data rather than declared: what does not fit is a warning, never *invalid*.
    pub inferred: bool,
    pub span: Option<Span>,
}

impl RecordType {
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.0 as usize]
    }

    /// The field of a name, in any letter case.
    pub fn find(&self, name: &str) -> Option<FieldId> {
        let exact = self.fields.iter().position(|field| field.name == name);
        exact
            .or_else(|| {
                let wanted = name.to_lowercase();
                self.fields.iter().position(|field| field.name.to_lowercase() == wanted)
            })
            .and_then(|index| u16::try_from(index).ok())
            .map(FieldId)
    }

    pub fn field_ids(&self) -> impl Iterator<Item = FieldId> + use<> {
        (0..u16::try_from(self.fields.len()).unwrap_or(u16::MAX)).map(FieldId)
    }
}

/// A field of a record type.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub kind: FieldKind,
    pub optional: bool,
    /// The column of the source it is read from.
    pub column: String,
    pub span: Option<Span>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    Text,
    Number,
    Money(Currency),
    Date,
    Time,
    /// `active yes/no`.
    YesNo,
    /// `one of (…)`, and `ordered (… < …)` where [`ChoiceSet::ordered`].
    Choice(ChoiceSet),
    /// `many of (…)`: a multi-select, `;` between its choices in the data. Blank is the empty set, never missing.
    Many(ChoiceSet),
    /// A key of another record type. `may_be_unknown`: a key that is not there is missing rather than invalid.
    Reference {
        record: RecordId,
        may_be_unknown: bool,
    },
}

impl FieldKind {
    /// What a person would call it.
    pub fn describe(&self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::Number => "a number",
            FieldKind::Money(_) => "money",
            FieldKind::Date => "a date",
            FieldKind::Time => "a time",
            FieldKind::YesNo => "yes or no",
            FieldKind::Choice(_) => "a choice",
            FieldKind::Many(_) => "a set of choices",
            FieldKind::Reference { .. } => "a reference",
        }
    }
}

/// The currency of a money field: one for all rows, or one a row in a column of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Currency {
    Fixed(String),
    InColumn(String),
}

/// `list NAME from "file.csv" by column`.
#[derive(Clone, Debug)]
pub struct List {
    pub name: String,
    pub file: String,
    pub by: String,
    pub span: Span,
    /// The rows; `None` while the file could not be read (an error has been reported).
    pub data: Option<Tabular>,
    /// On which days they count.
    pub days: RowDays,
}

/// `table NAME from "file.csv" { match … give … }`.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub file: String,
    pub matches: Vec<TableMatch>,
    pub give: String,
    pub span: Span,
    pub data: Option<Tabular>,
    /// On which days the rows count.
    pub days: RowDays,
}

/// One `match` line: the path of the record's field as written, and how the table's columns match it.
#[derive(Clone, Debug)]
pub struct TableMatch {
    pub path: Vec<String>,
    pub how: MatchHow,
    pub span: Span,
}

/// How a table's row matches a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchHow {
    /// The cell equals the value; a blank cell matches nothing.
    Equals { column: String },
    /// `from <= value <= to`; a blank bound is open.
    Between { from: String, to: String },
    /// The value starts with the cell; a blank cell matches nothing. The longest prefix wins.
    StartsWith { column: String },
}

/// Whether a cell of a list or table can be a value of a field: what is written beside policies is plain (`1234.5`,
/// `2026-01-31`), whatever the formats of the source.
pub fn cell_fits(cell: &str, kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Text | FieldKind::Reference { .. } | FieldKind::Time => true,
        FieldKind::Number | FieldKind::Money(_) => {
            crate::value::parse_number(cell, crate::value::NumberFormat::default()).is_some()
        }
        FieldKind::Date => crate::value::time::parse_day(cell).is_some(),
        FieldKind::YesNo => matches!(crate::value::fold(cell).as_str(), "yes" | "no" | "true" | "false" | "1" | "0"),
        FieldKind::Choice(set) | FieldKind::Many(set) => set.find(cell).is_some(),
    }
}

impl Schema {
    pub fn record(&self, id: RecordId) -> &RecordType {
        &self.records[id.0 as usize]
    }

    /// The record type of a name, in any letter case.
    pub fn find_record(&self, name: &str) -> Option<RecordId> {
        let wanted = name.to_lowercase();
        let index = self
            .records
            .iter()
            .position(|record| record.name == name)
            .or_else(|| self.records.iter().position(|record| record.name.to_lowercase() == wanted))?;
        u16::try_from(index).ok().map(RecordId)
    }

    pub fn record_ids(&self) -> impl Iterator<Item = RecordId> + use<> {
        (0..u16::try_from(self.records.len()).unwrap_or(u16::MAX)).map(RecordId)
    }

    pub fn list(&self, id: ListId) -> &List {
        &self.lists[id.0 as usize]
    }

    pub fn table(&self, id: TableId) -> &Table {
        &self.tables[id.0 as usize]
    }
}
