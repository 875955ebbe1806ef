//! One namespace for two versions of a policy: the same numbers for the same records, fields and choices.
//!
//! Each side gets a view of its own: what it declares under its own names, with its own *optional*, key and columns; what
//! only the other side declares holds its place under a name that nobody can write. So no word of either policy is read
//! otherwise than alone, and a policy merged with itself types to the same rules. A field whose type changed takes two
//! places, one a side, and so does one whose choices changed while it is compared with others of the same choices. Lists, tables, teams and people stay each side's own. Everything that differs is told.

mod beside;
mod fields;
mod told;

pub use told::{DeclarationChange, Edit, Touched};

use crate::schema::{Field, FieldId, FieldKind, RecordId, RecordType, Schema};
use crate::value::fold;
use fields::{Side, merge_fields};
use rustc_hash::FxHashMap;
use told::Told;

/// Both sides in one namespace.
#[derive(Clone, Debug)]
pub struct Merged {
    pub old: Schema,
    pub new: Schema,
    /// What differs between the declarations, records first, in their order.
    pub changes: Vec<DeclarationChange>,
}

/// Merges the declarations of two versions. `None` where both together have more record types or fields than there are
/// numbers for them.
pub fn merge(old: &Schema, new: &Schema) -> Option<Merged> {
    let slots = pair(old.records.iter().map(|record| &record.name), new.records.iter().map(|record| &record.name));
    u16::try_from(slots.len()).ok()?;
    let maps = [places(&slots, |slot| slot.0, old.records.len()), places(&slots, |slot| slot.1, new.records.len())];
    let mut merged = Merged {
        old: Schema { records: Vec::new(), ..old.clone() },
        new: Schema { records: Vec::new(), ..new.clone() },
        changes: Vec::new(),
    };
    let mut told = Told::default();
    let apart = fields::apart(old, new, &slots);
    for (id, (old_at, new_at)) in (0..).map(RecordId).zip(slots) {
        let (old_record, new_record) = (old_at.map(|at| &old.records[at]), new_at.map(|at| &new.records[at]));
        let sides = [Side { schema: old, places: &maps[0] }, Side { schema: new, places: &maps[1] }];
        let (old_view, new_view) = match (old_record, new_record) {
            (Some(old), Some(new)) => {
                told.records(id, old, new);
                merge_fields((id, old_at.unwrap_or_default()), &apart, sides, old, new, &mut told)?
            }
            (Some(old), None) => {
                told.say(Edit::Removed, format!("record {}", old.name), String::new(), Touched::Nothing);
                (sides[0].mapped(old), hidden_record(old, "old"))
            }
            (None, Some(new)) => {
                told.say(Edit::Added, format!("record {}", new.name), String::new(), Touched::Nothing);
                (hidden_record(new, "new"), sides[1].mapped(new))
            }
            (None, None) => continue,
        };
        merged.old.records.push(old_view);
        merged.new.records.push(new_view);
    }
    beside::compare(old, new, &mut told);
    merged.changes = told.changes;
    Some(merged)
}

/// Pairs names of both sides: those of the old one in order, then those that only the new one has.
fn pair<'n>(
    old: impl Iterator<Item = &'n String>,
    new: impl Iterator<Item = &'n String>,
) -> Vec<(Option<usize>, Option<usize>)> {
    let mut slots: Vec<(Option<usize>, Option<usize>)> = Vec::new();
    let mut by_name: FxHashMap<String, usize> = FxHashMap::default();
    for (at, name) in old.enumerate() {
        by_name.entry(fold(name)).or_insert(slots.len());
        slots.push((Some(at), None));
    }
    for (at, name) in new.enumerate() {
        match by_name.get(&fold(name)) {
            Some(slot) if slots[*slot].1.is_none() => slots[*slot].1 = Some(at),
            _ => slots.push((None, Some(at))),
        }
    }
    slots
}

/// By a side's own place, the place in the merged order.
fn places<S>(slots: &[S], own: impl Fn(&S) -> Option<usize>, count: usize) -> Vec<u16> {
    let mut places = vec![u16::MAX; count];
    for (at, slot) in (0..).zip(slots) {
        if let Some(own) = own(slot) {
            places[own] = at;
        }
    }
    places
}

/// A name that no policy can write: it holds a character that texts are cleaned of.
fn hidden_name(name: &str, side: &str) -> String {
    format!("\u{0}{name} (only in the {side} policy)")
}

fn hidden_field(name: &str, side: &str) -> Field {
    let name = hidden_name(name, side);
    Field { column: name.clone(), name, kind: FieldKind::Text, optional: true, span: None }
}

/// The place of a record type that only the `side` policy declares.
fn hidden_record(record: &RecordType, side: &str) -> RecordType {
    RecordType {
        name: hidden_name(&record.name, side),
        source: hidden_name(&record.source, side),
        fields: record.fields.iter().map(|field| hidden_field(&field.name, side)).collect(),
        key: record.key,
        created: None,
        owner_column: None,
        inferred: false,
        span: None,
    }
}

impl RecordType {
    /// Whether it only holds the place of a record type of another version.
    pub fn is_hidden(&self) -> bool {
        self.name.starts_with('\u{0}')
    }
}

/// The merged place of a side's own field.
fn place_of(places: &[u16], field: FieldId) -> FieldId {
    FieldId(places.get(field.0 as usize).copied().unwrap_or(u16::MAX))
}
