//! The order in which records enter pools (design section 3, point 13).

use super::batch::Scene;
use super::encode::column_of;
use crate::check::policy::Path;
use crate::column::{ColumnData, DAY_MISSING, INSTANT_MISSING};

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

    /// By creation, then by key; what has no creation comes last.
    pub fn compare(&self, scene: &Scene<'_>, a: u32, b: u32) -> std::cmp::Ordering {
        let when = |row: u32| match self {
            Created::Unknown => 0,
            Created::Days(days) => match days[row as usize] {
                DAY_MISSING => i64::MAX,
                day => i64::from(day),
            },
            Created::Instants(instants) => match instants[row as usize] {
                INSTANT_MISSING => i64::MAX,
                instant => instant,
            },
        };
        let table = scene.dataset.table(scene.record);
        when(a).cmp(&when(b)).then_with(|| table.key(a).cmp(&table.key(b))).then(a.cmp(&b))
    }
}
