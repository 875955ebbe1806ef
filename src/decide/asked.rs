//! What pools are asked for a record, and who of their members fit it.

use super::batch::Scene;
use super::desk::Desk;
use super::encode::{Reach, column_of};
use super::resolve::key_part;
use crate::assign::{FitId, Request};
use crate::check::policy::{Path, PoolId};
use crate::column::{Column, ColumnData, INSTANT_MISSING};

/// The fields that pools' conditions read, ready to be read row by row.
#[derive(Default)]
pub(super) struct AskedFields<'a> {
    /// By [`PoolId`]; `None` until the pool is asked.
    columns: Vec<Option<Vec<AskedColumn<'a>>>>,
    /// The values for the row at hand; kept only to spare an allocation a row.
    values: Vec<Option<i128>>,
}

struct AskedColumn<'a> {
    reach: Reach<'a>,
    column: Option<&'a Column>,
}

impl<'a> AskedFields<'a> {
    /// What a pool has to know of a row.
    pub fn request<'r>(
        &mut self,
        desk: &mut Desk,
        pool: PoolId,
        scene: &Scene<'a>,
        row: u32,
        current: u32,
        excluded: &'r [u32],
    ) -> Request<'r>
    where
        'a: 'r,
    {
        let fit = self.fit(desk, pool, scene, row);
        // Looking a key up costs as much as a choice: only where it is read.
        let record_key = if desk.reads_key(pool) { scene.dataset.table(scene.record).key(row) } else { None };
        Request { fit, excluded, record_key: record_key.unwrap_or_default(), current }
    }

    fn fit(&mut self, desk: &mut Desk, pool: PoolId, scene: &Scene<'a>, row: u32) -> FitId {
        let at = pool.0 as usize;
        if at >= self.columns.len() {
            self.columns.resize_with(at + 1, || None);
        }
        let columns = self.columns[at]
            .get_or_insert_with(|| desk.paths(pool).iter().map(|path| AskedColumn::new(scene, path)).collect());
        if columns.is_empty() {
            return desk.fit(pool, scene, row, &[]);
        }
        self.values.clear();
        self.values.extend(columns.iter().map(|column| column.value(row)));
        desk.fit(pool, scene, row, &self.values)
    }
}

impl<'a> AskedColumn<'a> {
    fn new(scene: &Scene<'a>, path: &Path) -> Self {
        AskedColumn { reach: Reach::new(scene, &path.steps), column: column_of(scene, path) }
    }

    /// A number that is equal only for values which no condition can tell apart; `None` for missing.
    fn value(&self, row: u32) -> Option<i128> {
        let (at, column) = (self.reach.row(row)?, self.column?);
        match &column.data {
            ColumnData::Time(instants) => {
                let instant = instants[at as usize];
                (instant != INSTANT_MISSING).then(|| i128::from(instant))
            }
            // The row stands for the set of its choices.
            ColumnData::Many(_) => Some(i128::from(at)),
            _ => key_part(column, at, &[]),
        }
    }
}
