//! All tables of a snapshot, linked: references are row numbers.

use super::build::Built;
use super::print::Print;
use super::{Column, ColumnData, ROW_MISSING, RowSet, TextColumn};
use crate::schema::{FieldId, FieldKind, RecordId, Schema};

/// A snapshot: one table a record type, in the order of [`Schema::records`].
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    pub tables: Vec<TableData>,
}

/// The rows of one record type.
#[derive(Clone, Debug, Default)]
pub struct TableData {
    pub row_count: usize,
    /// By [`FieldId`]; `None` for a field nobody asked for. The key's column is always there.
    pub columns: Vec<Option<Column>>,
    /// What the source's owner column shows, where the record type has one.
    pub shown_owner: Option<TextColumn>,
    /// Rows without a key, or whose key occurs twice: invalid for every role.
    pub unkeyed: RowSet,
    /// The row of each distinct key, by the key column's code; [`ROW_MISSING`] where the key occurs twice.
    row_by_code: Vec<u32>,
    key: usize,
    /// Keys of reference columns until [`Dataset::link`] has used them.
    pending: Vec<(FieldId, TextColumn)>,
}

/// References of one column to keys that are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkIssue {
    pub record: RecordId,
    pub field: FieldId,
    pub count: usize,
    /// The first few: row and key.
    pub examples: Vec<(u32, String)>,
    /// The field allows it: a note rather than a finding.
    pub allowed: bool,
}

impl TableData {
    /// A table from its built columns, by field; also the doubled keys: the key and how often it occurs.
    ///
    /// `columns` must hold the key's column, built with an index.
    pub fn new(
        columns: Vec<Option<Built>>,
        key: FieldId,
        shown_owner: Option<TextColumn>,
        row_count: usize,
    ) -> (Self, Vec<(String, usize)>) {
        let mut table = TableData { row_count, shown_owner, key: key.0 as usize, ..TableData::default() };
        for (index, built) in columns.into_iter().enumerate() {
            let field = FieldId(u16::try_from(index).unwrap_or(u16::MAX));
            table.columns.push(built.map(|built| {
                if let Some(keys) = built.keys {
                    table.pending.push((field, keys));
                }
                built.column
            }));
        }
        let doubled = table.index_keys();
        (table, doubled)
    }

    fn index_keys(&mut self) -> Vec<(String, usize)> {
        let Some(keys) = self.columns.get(self.key).and_then(Option::as_ref).and_then(Column::text) else {
            return Vec::new();
        };
        // As many different keys as rows with one: none is doubled, and codes are rows.
        if keys.distinct_count() as usize == keys.len() {
            self.row_by_code = (0..keys.distinct_count()).collect();
            return Vec::new();
        }
        let mut counts = vec![0_usize; keys.distinct_count() as usize];
        let mut row_by_code = vec![ROW_MISSING; keys.distinct_count() as usize];
        let mut unkeyed = RowSet::default();
        for (row, code) in (0..).zip(keys.codes()) {
            match counts.get_mut(*code as usize) {
                Some(count) => {
                    *count += 1;
                    row_by_code[*code as usize] = row;
                }
                None => unkeyed.insert(row),
            }
        }
        let doubled: Vec<u32> = (0..).zip(&counts).filter(|(_, n)| **n > 1).map(|(code, _)| code).collect();
        if !doubled.is_empty() {
            for (row, code) in (0..).zip(keys.codes()) {
                if counts.get(*code as usize).is_some_and(|count| *count > 1) {
                    unkeyed.insert(row);
                    row_by_code[*code as usize] = ROW_MISSING;
                }
            }
        }
        let named = doubled.iter().map(|code| (keys.distinct(*code).to_owned(), counts[*code as usize])).collect();
        self.unkeyed = unkeyed;
        self.row_by_code = row_by_code;
        named
    }

    /// The keys of all rows. Empty for a table without rows.
    pub fn keys(&self) -> &TextColumn {
        static EMPTY: std::sync::LazyLock<TextColumn> = std::sync::LazyLock::new(TextColumn::default);
        self.columns.get(self.key).and_then(Option::as_ref).and_then(Column::text).unwrap_or(&EMPTY)
    }

    pub fn key(&self, row: u32) -> Option<&str> {
        self.keys().get(row)
    }

    /// The row of an exact key; `None` where it is not there or occurs twice.
    pub fn row_of(&self, key: &str) -> Option<u32> {
        let code = self.keys().find(key.trim())?;
        let row = self.row_by_code[code as usize];
        (row != ROW_MISSING).then_some(row)
    }

    /// The column of a field that was asked for.
    pub fn column(&self, field: FieldId) -> Option<&Column> {
        self.columns.get(field.0 as usize).and_then(Option::as_ref)
    }
}

impl Dataset {
    pub fn table(&self, record: RecordId) -> &TableData {
        &self.tables[record.0 as usize]
    }

    /// Turns the keys of all reference columns into row numbers and reports those that point nowhere.
    ///
    /// An orphan makes its row's cell broken, unless the field `may be unknown`: then it reads as missing.
    pub fn link(&mut self, schema: &Schema) -> Vec<LinkIssue> {
        let mut issues = Vec::new();
        for record in schema.record_ids() {
            let pending = std::mem::take(&mut self.tables[record.0 as usize].pending);
            for (field, keys) in pending {
                let FieldKind::Reference { record: target, may_be_unknown } = schema.record(record).field(field).kind
                else {
                    continue;
                };
                let (rows, orphans) = resolve(&keys, self.table(target));
                if !orphans.is_empty() {
                    issues.push(LinkIssue {
                        record,
                        field,
                        count: orphans.len(),
                        examples: orphans.iter().take(5).cloned().collect(),
                        allowed: may_be_unknown,
                    });
                }
                if let Some(column) = &mut self.tables[record.0 as usize].columns[field.0 as usize] {
                    if !may_be_unknown && !schema.record(record).inferred {
                        for (row, _) in &orphans {
                            column.broken.insert(*row);
                        }
                    }
                    column.data = ColumnData::Reference(rows, orphans.into_iter().collect());
                }
            }
        }
        issues
    }

    /// A digest of everything that was read, the same for the same records whatever they were read from.
    ///
    /// Takes a record name, its field names and its cells in turn; broken cells count as such. Hex, 64 digits.
    pub fn fingerprint(&self, schema: &Schema) -> String {
        let mut print = Print::default();
        print.text("ownward.snapshot/1");
        for (record, table) in schema.record_ids().zip(&self.tables) {
            let record = schema.record(record);
            print.text(&record.name);
            print.count(table.row_count);
            for (field, column) in record.fields.iter().zip(&table.columns) {
                if let Some(column) = column {
                    print.text(&field.name);
                    print.column(column);
                }
            }
            if let Some(owners) = &table.shown_owner {
                print.text("current owner");
                print.texts(owners);
            }
        }
        print.finish()
    }
}

fn resolve(keys: &TextColumn, target: &TableData) -> (Vec<u32>, Vec<(u32, String)>) {
    // Once a distinct key, not once a row.
    let row_by_code: Vec<u32> =
        (0..keys.distinct_count()).map(|code| target.row_of(keys.distinct(code)).unwrap_or(ROW_MISSING)).collect();
    let mut orphans = Vec::new();
    let rows = (0..)
        .zip(keys.codes())
        .map(|(row, code)| match row_by_code.get(*code as usize) {
            Some(&ROW_MISSING) => {
                orphans.push((row, keys.distinct(*code).to_owned()));
                ROW_MISSING
            }
            Some(target) => *target,
            None => ROW_MISSING,
        })
        .collect();
    (rows, orphans)
}
