//! Digests of columns. Everything goes in behind its length, numbers as little-endian bytes, so that no two contents
//! look alike and a million rows cost no more than their bytes.

use super::{Column, ColumnData, NumberColumn, TextColumn};
use sha2::{Digest, Sha256};

/// Numbers that are turned into bytes at a time.
const CHUNK: usize = 4096;

/// A SHA-256 in the making.
#[derive(Default)]
pub(super) struct Print {
    hash: Sha256,
    buffer: Vec<u8>,
}

impl Print {
    pub fn text(&mut self, part: &str) {
        self.count(part.len());
        self.hash.update(part.as_bytes());
    }

    pub fn count(&mut self, count: usize) {
        self.hash.update((count as u64).to_le_bytes());
    }

    fn numbers<T: Copy, const N: usize>(&mut self, values: &[T], bytes: impl Fn(T) -> [u8; N]) {
        self.count(values.len());
        for chunk in values.chunks(CHUNK) {
            self.buffer.clear();
            for value in chunk {
                self.buffer.extend_from_slice(&bytes(*value));
            }
            self.hash.update(&self.buffer);
        }
    }

    /// Codes are given in order of first sight, so the different texts and the codes together fix every cell.
    pub fn texts(&mut self, column: &TextColumn) {
        self.numbers(column.ends(), u32::to_le_bytes);
        self.text(column.bytes());
        self.numbers(column.codes(), u32::to_le_bytes);
    }

    pub fn column(&mut self, column: &Column) {
        let broken: Vec<u32> = column.broken.iter().collect();
        self.numbers(&broken, u32::to_le_bytes);
        match &column.data {
            ColumnData::Text(values) => {
                self.text("text");
                self.texts(values);
            }
            ColumnData::Number(values) => {
                self.text("number");
                self.decimals(values);
            }
            ColumnData::Money(values, currencies) => {
                self.text("money");
                self.decimals(values);
                self.count(usize::from(currencies.is_some()));
                if let Some(currencies) = currencies {
                    self.texts(currencies);
                }
            }
            ColumnData::Date(values) => {
                self.text("date");
                self.numbers(values, i32::to_le_bytes);
            }
            ColumnData::Time(values) => {
                self.text("time");
                self.numbers(values, i64::to_le_bytes);
            }
            ColumnData::YesNo(values) => {
                self.text("yes/no");
                self.numbers(values, u8::to_le_bytes);
            }
            ColumnData::Choice(values) => {
                self.text("one of");
                self.numbers(values, u16::to_le_bytes);
            }
            ColumnData::Many(many) => {
                self.text("many of");
                self.numbers(&many.codes, u32::to_le_bytes);
                self.count(many.sets.len());
                for set in &many.sets {
                    self.numbers(set, u16::to_le_bytes);
                }
            }
            ColumnData::Reference(rows, orphans) => {
                self.text("reference");
                self.numbers(rows, u32::to_le_bytes);
                let mut orphans: Vec<_> = orphans.iter().collect();
                orphans.sort();
                self.count(orphans.len());
                for (row, key) in orphans {
                    self.hash.update(row.to_le_bytes());
                    self.text(key);
                }
            }
        }
    }

    fn decimals(&mut self, column: &NumberColumn) {
        match column {
            NumberColumn::Scaled { scale, units } => {
                self.hash.update(scale.to_le_bytes());
                self.numbers(units, i64::to_le_bytes);
            }
            NumberColumn::Wide(values) => {
                self.text("wide");
                for value in values {
                    self.text(&value.map(|v| v.normalize().to_string()).unwrap_or_default());
                }
            }
        }
    }

    /// 64 hexadecimal digits.
    pub fn finish(self) -> String {
        let digest = self.hash.finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
