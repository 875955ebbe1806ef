//! The order in which records enter pools (design section 3, point 13).

use super::batch::Scene;
use super::encode::column_of;
use crate::check::policy::Path;
use crate::column::{ColumnData, DAY_MISSING, INSTANT_MISSING};
use std::cmp::Ordering;

/// When each row was created: the order in which rows enter pools.
pub(super) enum Created<'a> {
    Unknown,
    Days(&'a [i32]),
    Instants(&'a [i64]),
}

impl<'a> Created<'a> {
    pub fn of(scene: &Scene<'a>) -> Self {
        let field = scene.policy.schema.record(scene.record).created;
        let column = field.and_then(|field| column_of(scene, &Path { steps: Vec::new(), field }));
        match column.map(|column| &column.data) {
            Some(ColumnData::Date(days)) => Created::Days(days),
            Some(ColumnData::Time(instants)) => Created::Instants(instants),
            _ => Created::Unknown,
        }
    }

    fn when(&self, row: u32) -> i64 {
        match self {
            Created::Unknown => 0,
            Created::Days(days) => match days[row as usize] {
                DAY_MISSING => i64::MAX,
                day => i64::from(day),
            },
            Created::Instants(instants) => match instants[row as usize] {
                INSTANT_MISSING => i64::MAX,
                instant => instant,
            },
        }
    }

    /// By creation, then by key; what has no creation comes last.
    pub fn compare(&self, scene: &Scene<'_>, a: u32, b: u32) -> Ordering {
        let table = scene.dataset.table(scene.record);
        self.when(a).cmp(&self.when(b)).then_with(|| table.key(a).cmp(&table.key(b))).then(a.cmp(&b))
    }

    /// Sorts by [`Created::compare`]. Sources are often in order already; else the first bytes of the keys are held
    /// beside the rows, so that few comparisons have to look the keys up.
    pub fn sort<T: Copy>(&self, scene: &Scene<'_>, all: &mut Vec<T>, row_of: impl Fn(&T) -> u32) {
        if all.is_sorted_by(|a, b| self.compare(scene, row_of(a), row_of(b)).is_le()) {
            return;
        }
        let table = scene.dataset.table(scene.record);
        let start = |row: u32| {
            let mut bytes = [0; 16];
            let key = table.key(row).unwrap_or_default().as_bytes();
            let length = key.len().min(bytes.len());
            bytes[..length].copy_from_slice(&key[..length]);
            u128::from_be_bytes(bytes)
        };
        let mut sorted: Vec<(i64, u128, T)> =
            all.iter().map(|one| (self.when(row_of(one)), start(row_of(one)), *one)).collect();
        sorted.sort_unstable_by(|a, b| {
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| self.compare(scene, row_of(&a.2), row_of(&b.2)))
        });
        all.clear();
        all.extend(sorted.into_iter().map(|(.., one)| one));
    }
}
