//! What earlier runs saw of fields: each value with the run and the moment from which it was there.

use crate::schema::FieldId;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// The values of all records of one type, in those fields whose past rules ask for.
#[derive(Clone, Debug, Default)]
pub struct SeenValues {
    texts: Vec<Texts>,
    /// Those of one record beside each other.
    spells: Vec<Spell>,
    ranges: FxHashMap<String, Range<usize>>,
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
        let end = self.spells.len();
        match self.ranges.get_mut(key) {
            Some(range) if range.end == end => range.end += 1,
            // Only where records do not come one after the other, as they do in the ledger.
            Some(range) => {
                self.spells.extend_from_within(range.clone());
                *range = end..self.spells.len() + 1;
            }
            None => {
                self.ranges.insert(key.to_owned(), end..end + 1);
            }
        }
        self.spells.push(spell);
    }

    pub fn is_empty(&self) -> bool {
        self.spells.is_empty()
    }

    /// Everything that was seen of a record, field by field; nothing for one that no run saw.
    pub fn of(&self, key: &str) -> &[Spell] {
        self.ranges.get(key).map_or(&[], |range| &self.spells[range.clone()])
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_values_in_whatever_order_they_come() {
        let mut seen = SeenValues::default();
        assert!(seen.is_empty() && seen.of("A").is_empty());
        let field = FieldId(3);
        for (key, sight, run) in [
            ("A", Sight::Text("x"), 1),
            ("A", Sight::Missing, 2),
            ("B", Sight::Text("x"), 1),
            ("A", Sight::Erased, 3),
            ("B", Sight::Text("y"), 4),
        ] {
            seen.add(key, field, sight, run, 0);
        }
        let values = |key: &str| seen.of(key).iter().map(|spell| (spell.run, spell.value)).collect::<Vec<_>>();
        assert_eq!(values("A"), [(1, SeenValue::Text(0)), (2, SeenValue::Missing), (3, SeenValue::Erased)]);
        assert_eq!(values("B"), [(1, SeenValue::Text(0)), (4, SeenValue::Text(1))]);
        assert_eq!(seen.texts(field), ["x", "y"]);
        assert_eq!((seen.last("A", field), seen.last("B", field)), (Some(Sight::Erased), Some(Sight::Text("y"))));
        assert_eq!((seen.last("C", field), seen.last("A", FieldId(0))), (None, None));
    }
}
