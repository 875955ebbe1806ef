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

    /// Sorts by [`Created::compare`]. Sources are often in order already; else the bytes in which keys begin to differ are
    /// held beside the rows, so that few comparisons have to look the keys up.
    pub fn sort<T: Copy>(&self, scene: &Scene<'_>, all: &mut Vec<T>, row_of: impl Fn(&T) -> u32) {
        if all.is_sorted_by(|a, b| self.compare(scene, row_of(a), row_of(b)).is_le()) {
            return;
        }
        let table = scene.dataset.table(scene.record);
        let key = |one: &T| table.key(row_of(one)).unwrap_or_default().as_bytes();
        let first = all.first().map(key).unwrap_or_default();
        let shared = all.iter().fold(first.len(), |shared, one| {
            let key = key(one);
            match key.get(..shared) == first.get(..shared) {
                true => shared,
                false => first.iter().zip(key).take_while(|(a, b)| a == b).count(),
            }
        });
        let start = |one: &T| {
            let mut bytes = [0; 8];
            let rest = key(one).get(shared..).unwrap_or_default();
            let length = rest.len().min(bytes.len());
            bytes[..length].copy_from_slice(&rest[..length]);
            u64::from_be_bytes(bytes)
        };
        let mut order: Vec<(i64, u64, usize)> =
            all.iter().enumerate().map(|(at, one)| (self.when(row_of(one)), start(one), at)).collect();
        order.sort_unstable_by(|a, b| {
            let whole = || self.compare(scene, row_of(&all[a.2]), row_of(&all[b.2]));
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(whole)
        });
        *all = order.into_iter().map(|(.., at)| all[at]).collect();
    }
}
