//! Some thousand rows between the thread that reads them and the thread that types them.
//!
//! Reading waits for the database or the parser, typing for memory; side by side the one hides the other. Cells are
//! copied once, a column at a time, so that the reader may go on to its next row.

use crate::column::Cell;

/// Rows of a block.
const ROWS: usize = 2048;
/// Bytes of text of a block, after which it is handed on whatever its rows.
const BYTES: usize = 1 << 20;

/// Cells of some rows, by column.
#[derive(Default)]
pub(super) struct Block {
    columns: Vec<Cells>,
    row_count: usize,
    byte_count: usize,
}

/// Cells of one column.
#[derive(Default)]
struct Cells {
    cells: Vec<Held>,
    bytes: String,
}

/// A cell; texts end at an offset of the column's bytes and begin where the one before ends.
#[derive(Clone, Copy)]
enum Held {
    Missing,
    Text(u32),
    Integer(i64),
    Real(f64),
    Number(u32),
    Bool(bool),
    Unreadable,
}

impl Block {
    pub fn new(column_count: usize) -> Self {
        Self { columns: (0..column_count).map(|_| Cells::default()).collect(), row_count: 0, byte_count: 0 }
    }

    /// Adds the cell of the next row of a column. The row is complete with [`Block::end_row`].
    #[inline]
    pub fn push(&mut self, column: usize, cell: Cell<'_>) {
        let column = &mut self.columns[column];
        let held = match cell {
            Cell::Missing => Held::Missing,
            Cell::Text(text) => Held::Text(column.keep(text, &mut self.byte_count)),
            Cell::Number(text) => Held::Number(column.keep(text, &mut self.byte_count)),
            Cell::Integer(number) => Held::Integer(number),
            Cell::Real(number) => Held::Real(number),
            Cell::Bool(yes) => Held::Bool(yes),
            Cell::Unreadable => Held::Unreadable,
        };
        column.cells.push(held);
    }

    /// Ends a row; whether the block is full.
    #[inline]
    pub fn end_row(&mut self) -> bool {
        self.row_count += 1;
        self.row_count >= ROWS || self.byte_count >= BYTES
    }

    pub fn is_empty(&self) -> bool {
        self.row_count == 0
    }

    /// Empties the block and keeps its room.
    pub fn clear(&mut self) {
        for column in &mut self.columns {
            column.cells.clear();
            column.bytes.clear();
        }
        self.row_count = 0;
        self.byte_count = 0;
    }

    /// The cells of a column, by row.
    pub fn cells(&self, column: usize) -> impl Iterator<Item = Cell<'_>> {
        let Cells { cells, bytes } = &self.columns[column];
        let mut start = 0;
        cells.iter().map(move |held| match *held {
            Held::Missing => Cell::Missing,
            Held::Integer(number) => Cell::Integer(number),
            Held::Real(number) => Cell::Real(number),
            Held::Bool(yes) => Cell::Bool(yes),
            Held::Unreadable => Cell::Unreadable,
            Held::Text(end) => Cell::Text(&bytes[std::mem::replace(&mut start, end as usize)..end as usize]),
            Held::Number(end) => Cell::Number(&bytes[std::mem::replace(&mut start, end as usize)..end as usize]),
        })
    }
}

impl Cells {
    fn keep(&mut self, text: &str, byte_count: &mut usize) -> u32 {
        self.bytes.push_str(text);
        *byte_count += text.len();
        // A block holds little more than one record, and those are bounded.
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_out_as_they_went_in() {
        let cells = [
            Cell::Text("a"),
            Cell::Missing,
            Cell::Text(""),
            Cell::Number("1.50"),
            Cell::Integer(-7),
            Cell::Text("ü"),
            Cell::Real(0.5),
            Cell::Bool(true),
            Cell::Unreadable,
        ];
        let mut block = Block::new(2);
        for _ in 0..2 {
            for cell in cells {
                block.push(0, cell);
                block.push(1, Cell::Missing);
                assert!(!block.end_row());
            }
            assert_eq!(block.cells(0).collect::<Vec<_>>(), cells);
            block.clear();
            assert!(block.is_empty());
        }
    }
}
