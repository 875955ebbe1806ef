//! Reads the rows of one record type into typed columns.

use super::block::Block;
use super::findings;
use super::store::{Asked, Row, Store, Visitor, find_column};
use super::{Progress, SnapshotError};
use crate::column::{ColumnBuilder, ColumnData, Formats, TableData, TextColumn};
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::ROWS_MAX;
use crate::project::Config;
use crate::schema::{Currency, Field, FieldId, FieldKind, RecordType};
use std::sync::mpsc::{self, Receiver, SyncSender};

/// Blocks that wait to be typed before the reader waits too.
const BLOCKS_WAITING: usize = 4;
/// Rows between two words of progress.
const PROGRESS_ROWS: usize = 1 << 16;
/// Places told of rows without a key.
const PLACES_MAX: usize = 5;

/// What is needed of a record type.
pub(super) enum Needed {
    /// Something refers to it.
    Key,
    /// These fields, and what every role needs: key, order of entry, owner.
    Fields(Vec<FieldId>),
}

/// A record type, the table it is read from, and which of its columns go where.
pub(super) struct TablePlan<'a> {
    record: &'a RecordType,
    table: String,
    formats: Formats,
    /// The fields to read, the key among them, in the order of the schema.
    fields: Vec<FieldId>,
    owner_column: Option<&'a str>,
    declared: Vec<Declared<'a>>,
    config: &'a Config,
}

/// A column that must be there, and the field that says so (`None`: the owner column).
pub(super) struct Declared<'a> {
    pub column: &'a str,
    pub field: Option<&'a Field>,
}

impl<'a> TablePlan<'a> {
    /// Finds the table and, where they can be told ahead, compares its columns; the errors are all that is amiss.
    pub fn new(
        store: &Store,
        config: &'a Config,
        record: &'a RecordType,
        needed: &Needed,
        is_alone: bool,
    ) -> Result<Self, Vec<Diagnostic>> {
        let wanted = config.table_of(record);
        // A single file named for a single record type is that record type's, whatever it is called.
        let only = || store.only_table().filter(|_| is_alone);
        let Some(table) = store.find(wanted).or_else(only) else {
            return Err(vec![findings::absent_table(store, wanted, record)]);
        };
        let mut fields = vec![record.key];
        if let Needed::Fields(wanted) = needed {
            fields.extend(wanted);
            fields.extend(record.created);
        }
        fields.sort_unstable();
        fields.dedup();
        let plan = Self {
            record,
            table,
            formats: config.formats(&record.name),
            fields,
            owner_column: match needed {
                Needed::Key => None,
                Needed::Fields(_) => config.owner_column_of(record),
            },
            declared: declared(config, record),
            config,
        };
        let ahead = store.columns_ahead(&plan.table).map_err(|e| vec![e])?;
        let absent = ahead.map_or_else(Vec::new, |columns| plan.absent(store, &columns));
        if absent.is_empty() { Ok(plan) } else { Err(absent) }
    }

    fn absent(&self, store: &Store, columns: &[String]) -> Vec<Diagnostic> {
        self.declared
            .iter()
            .filter(|declared| find_column(columns, declared.column).is_none())
            .map(|declared| findings::absent_column(&store.shown(&self.table), self.record, declared, columns))
            .collect()
    }
}

/// The columns a record type speaks of.
fn declared<'a>(config: &'a Config, record: &'a RecordType) -> Vec<Declared<'a>> {
    let mut declared = Vec::new();
    for id in record.field_ids() {
        let field = record.field(id);
        let column = config.column_of(record, id);
        declared.push(Declared { column, field: Some(field) });
        if let FieldKind::Money(Currency::InColumn(column)) = &field.kind {
            declared.push(Declared { column, field: Some(field) });
        }
    }
    if let Some(column) = config.owner_column_of(record) {
        declared.push(Declared { column, field: None });
    }
    declared
}

/// The table of a record type nobody asked for.
pub(super) fn empty(record: &RecordType) -> TableData {
    let columns = record.fields.iter().map(|_| None).collect();
    TableData::new(columns, record.key, None, 0).0
}

/// Reads a table and adds what does not fit to `found`.
pub(super) fn read(
    store: &Store,
    plan: &TablePlan<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
    found: &mut Vec<Diagnostic>,
) -> Result<TableData, SnapshotError> {
    let record = plan.record;
    let owner_field = owner_field();
    let mut columns: Vec<&str> = Vec::new();
    let mut slots = Vec::new();
    for id in &plan.fields {
        let field = record.field(*id);
        columns.push(plan.config.column_of(record, *id));
        slots.push(Slot {
            builder: ColumnBuilder::new(field, &plan.formats, record.inferred),
            cell: columns.len() - 1,
            currency: None,
        });
        if let (FieldKind::Money(Currency::InColumn(column)), Some(slot)) = (&field.kind, slots.last_mut()) {
            columns.push(column);
            slot.currency = Some(columns.len() - 1);
        }
    }
    if let Some(column) = plan.owner_column {
        columns.push(column);
        slots.push(Slot {
            builder: ColumnBuilder::new(&owner_field, &plan.formats, true),
            cell: columns.len() - 1,
            currency: None,
        });
    }
    let key_slot = plan.fields.iter().position(|id| *id == record.key);
    // The key is among the fields.
    let key_cell = slots[key_slot.unwrap_or_default()].cell;
    let read = std::thread::scope(|scope| {
        let (full, to_type) = mpsc::sync_channel::<Block>(BLOCKS_WAITING);
        let (empty, to_fill) = mpsc::channel::<Block>();
        let typing = scope.spawn(move || {
            for mut block in to_type {
                for slot in &mut slots {
                    slot.take(&block);
                }
                block.clear();
                // The reader is gone when it has nothing more to read.
                let _ = empty.send(block);
            }
            slots
        });
        let mut rows = Rows {
            block: Block::new(columns.len()),
            full,
            to_fill,
            column_count: columns.len(),
            key_cell,
            row_count: 0,
            no_key: Vec::new(),
            table: &plan.table,
            progress,
        };
        let columns = store.scan(&plan.table, &Asked { columns }, &mut rows);
        let (row_count, no_key) = rows.end();
        match typing.join() {
            Ok(slots) => columns.map(|columns| Read { slots, columns, row_count, no_key }),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    finish(store, plan, read?, found)
}

/// What came of reading a table.
struct Read<'f> {
    slots: Vec<Slot<'f>>,
    /// The columns the table has.
    columns: Vec<String>,
    row_count: usize,
    /// Where the first rows without a key stand.
    no_key: Vec<String>,
}

fn finish(
    store: &Store,
    plan: &TablePlan<'_>,
    read: Read<'_>,
    found: &mut Vec<Diagnostic>,
) -> Result<TableData, SnapshotError> {
    let record = plan.record;
    let shown = store.shown(&plan.table);
    let Read { slots, columns, row_count, no_key } = read;
    if row_count == 0 {
        found.push(findings::empty(&shown, record));
    } else {
        let absent = plan.absent(store, &columns);
        if !absent.is_empty() {
            return Err(SnapshotError { findings: absent });
        }
    }
    let mut built: Vec<_> = record.fields.iter().map(|_| None).collect();
    let mut issues = Vec::new();
    let mut shown_owner: Option<TextColumn> = None;
    let mut fields = plan.fields.iter();
    for slot in slots {
        let field = fields.next();
        let mut done = slot.builder.finish(field == Some(&record.key));
        issues.push((field.copied(), std::mem::take(&mut done.issues)));
        match (field, done.column.data) {
            (None, ColumnData::Text(owners)) => shown_owner = Some(owners),
            (None, _) => {}
            (Some(id), data) => {
                done.column.data = data;
                built[id.0 as usize] = Some(done);
            }
        }
    }
    let (table, doubled) = TableData::new(built, record.key, shown_owner, row_count);
    let key_less = table.keys().missing_count();
    if key_less > 0 {
        found.push(findings::no_keys(&shown, record, key_less, &no_key));
    }
    if !doubled.is_empty() {
        found.push(findings::double_keys(&shown, record, &doubled));
    }
    for (id, issues) in &issues {
        for issue in issues {
            let column = match id {
                Some(id) => plan.config.column_of(record, *id),
                None => plan.owner_column.unwrap_or_default(),
            };
            found.extend(findings::cells(&findings::Cells {
                record,
                field: *id,
                column,
                shown: &shown,
                issue,
                table: &table,
                formats: &plan.formats,
            }));
        }
    }
    Ok(table)
}

/// The owner column is read as text that may be blank, whatever the source calls it.
fn owner_field() -> Field {
    Field { name: "current owner".into(), kind: FieldKind::Text, optional: true, column: String::new(), span: None }
}

struct Slot<'f> {
    builder: ColumnBuilder<'f>,
    cell: usize,
    currency: Option<usize>,
}

impl Slot<'_> {
    fn take(&mut self, block: &Block) {
        match self.currency {
            None => block.cells(self.cell).for_each(|cell| self.builder.push(cell)),
            Some(currency) => {
                let pairs = block.cells(self.cell).zip(block.cells(currency));
                pairs.for_each(|(cell, currency)| self.builder.push_money(cell, currency));
            }
        }
    }
}

/// Takes the rows of a table and hands them on in blocks.
struct Rows<'p> {
    block: Block,
    full: SyncSender<Block>,
    to_fill: Receiver<Block>,
    column_count: usize,
    key_cell: usize,
    row_count: usize,
    no_key: Vec<String>,
    table: &'p str,
    progress: &'p mut dyn FnMut(Progress<'_>),
}

impl Rows<'_> {
    fn tell(&mut self) {
        (self.progress)(Progress { table: self.table, rows_read: self.row_count });
    }

    fn hand_on(&mut self) {
        let next = self.to_fill.try_recv().unwrap_or_else(|_| Block::new(self.column_count));
        // The other side ends only after this one, or by a panic that is passed on when it is joined.
        let _ = self.full.send(std::mem::replace(&mut self.block, next));
    }

    /// Hands the last rows on; how many there were, and where the first without a key stand.
    fn end(mut self) -> (usize, Vec<String>) {
        if !self.block.is_empty() {
            self.hand_on();
        }
        self.tell();
        (self.row_count, self.no_key)
    }
}

impl Visitor for Rows<'_> {
    #[inline]
    fn row<R: Row>(&mut self, row: &R) -> Result<(), Diagnostic> {
        for column in 0..self.column_count {
            let cell = row.cell(column);
            if column == self.key_cell && self.no_key.len() < PLACES_MAX && cell.is_missing() {
                self.no_key.push(row.place());
            }
            self.block.push(column, cell);
        }
        self.row_count += 1;
        if self.block.end_row() {
            self.hand_on();
        }
        if self.row_count.is_multiple_of(PROGRESS_ROWS) {
            self.tell();
            if self.row_count > ROWS_MAX {
                let text = format!("`{}` has more than {ROWS_MAX} rows", self.table);
                return Err(Diagnostic::error(Code::TooLarge, text));
            }
        }
        Ok(())
    }
}
