//! What a run sees of fields whose past rules ask for, and earlier runs did not.

use super::{Past, Sight};
use crate::check::policy::TypedPolicy;
use crate::column::{Dataset, show};
use crate::schema::{FieldId, FieldKind, RecordId};

/// A value that a run sees and the one before did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    pub record: RecordId,
    pub key: String,
    pub field: FieldId,
    /// `None` is missing.
    pub value: Option<String>,
}

/// The values of fields whose past rules ask for, where they are others than those that were seen last. Cells that break
/// the schema say nothing.
pub fn news(policy: &TypedPolicy, dataset: &Dataset, past: &Past) -> Vec<News> {
    let schema = &policy.schema;
    let mut out = Vec::new();
    for (record, field) in policy.asked_fields() {
        let declared = schema.record(record).field(field);
        let table = dataset.table(record);
        let Some(column) = table.column(field) else { continue };
        let keys = match declared.kind {
            FieldKind::Reference { record, .. } => Some(dataset.table(record).keys()),
            _ => None,
        };
        let seen = past.seen.get(record.0 as usize);
        for row in 0..u32::try_from(table.row_count).unwrap_or(u32::MAX) {
            if table.unkeyed.contains(row) || column.broken.contains(row) {
                continue;
            }
            let Some(key) = table.key(row) else { continue };
            let value = show(&column.value(row, declared, keys), &declared.kind);
            let sight = value.as_deref().map_or(Sight::Missing, Sight::Text);
            if seen.and_then(|seen| seen.last(key, field)) != Some(sight) {
                out.push(News { record, key: key.to_owned(), field, value });
            }
        }
    }
    out
}
