//! What earlier runs saw of fields: each value with the run and the moment from which it was there.

use super::Past;
use crate::check::policy::TypedPolicy;
use crate::column::{Dataset, show};
use crate::schema::{FieldId, FieldKind, RecordId};
use rustc_hash::FxHashMap;

/// The values of all records of one type, in those fields whose past rules ask for.
#[derive(Clone, Debug, Default)]
pub struct SeenValues {
    texts: Vec<Texts>,
    spells: FxHashMap<String, Vec<Spell>>,
}

/// A value as a run saw it: a text of its field by number, nothing, or something that was erased since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenValue {
    Text(u32),
    Missing,
    Erased,
}

/// A value that a field had from one run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    pub field: FieldId,
    pub value: SeenValue,
    /// Number of the run that saw it first: the order of runs, whatever their `as of`.
    pub run: u64,
    /// `as of` of that run.
    pub since: i64,
}

/// The different texts of one field, each kept once.
#[derive(Clone, Debug)]
struct Texts {
    field: FieldId,
    texts: Vec<String>,
    codes: FxHashMap<String, u32>,
}

/// What a run saw in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight<'a> {
    Text(&'a str),
    Missing,
    Erased,
}

impl SeenValues {
    /// Adds a value that a run saw. Those of one record and field come in the order of the runs.
    pub fn add(&mut self, key: &str, field: FieldId, sight: Sight<'_>, run: u64, since: i64) {
        let value = match sight {
            Sight::Text(text) => SeenValue::Text(self.code(field, text)),
            Sight::Missing => SeenValue::Missing,
            Sight::Erased => SeenValue::Erased,
        };
        let spell = Spell { field, value, run, since };
        match self.spells.get_mut(key) {
            Some(spells) => spells.push(spell),
            None => {
                self.spells.insert(key.to_owned(), vec![spell]);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.spells.is_empty()
    }

    /// Everything that was seen of a record, field by field; nothing for one that no run saw.
    pub fn of(&self, key: &str) -> &[Spell] {
        self.spells.get(key).map_or(&[], Vec::as_slice)
    }

    /// The different texts of a field, by their numbers.
    pub fn texts(&self, field: FieldId) -> &[String] {
        self.texts.iter().find(|texts| texts.field == field).map_or(&[], |texts| &texts.texts)
    }

    /// What the last run saw in a field; `None` for a record or field that no run saw.
    pub fn last(&self, key: &str, field: FieldId) -> Option<Sight<'_>> {
        let spell = self.of(key).iter().rfind(|spell| spell.field == field)?;
        Some(match spell.value {
            SeenValue::Text(code) => Sight::Text(self.texts(field).get(code as usize)?),
            SeenValue::Missing => Sight::Missing,
            SeenValue::Erased => Sight::Erased,
        })
    }

    fn code(&mut self, field: FieldId, text: &str) -> u32 {
        let at = self.texts.iter().position(|texts| texts.field == field).unwrap_or_else(|| {
            self.texts.push(Texts { field, texts: Vec::new(), codes: FxHashMap::default() });
            self.texts.len() - 1
        });
        let Texts { texts, codes, .. } = &mut self.texts[at];
        if let Some(code) = codes.get(text) {
            return *code;
        }
        let code = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        texts.push(text.to_owned());
        codes.insert(text.to_owned(), code);
        code
    }
}

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
