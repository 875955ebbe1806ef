//! Dictionary-encoded text: one code a row, every distinct text once in one buffer.
//!
//! Costs 4 bytes a row, and for each distinct text its bytes and 4 more. Texts are told apart byte by byte after
//! trimming; folding happens later, once a distinct text.

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::Hasher;

const MISSING: u32 = u32::MAX;

/// Text of all rows of a table.
#[derive(Clone, Debug, Default)]
pub struct TextColumn {
    codes: Vec<u32>,
    /// End offset of each distinct text in `bytes`.
    ends: Vec<u32>,
    bytes: String,
    /// Code by text; kept only for key columns.
    index: Option<HashTable<u32>>,
}

impl TextColumn {
    /// The text of a row; `None` where it is missing.
    pub fn get(&self, row: u32) -> Option<&str> {
        self.code(row).map(|code| self.distinct(code))
    }

    /// The code of a row; `None` where it is missing.
    pub fn code(&self, row: u32) -> Option<u32> {
        let code = self.codes[row as usize];
        (code != MISSING).then_some(code)
    }

    /// One code a row; missing is `u32::MAX`.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The text of a code.
    pub fn distinct(&self, code: u32) -> &str {
        let at = code as usize;
        let start = if at == 0 {
            0
        } else {
            self.ends[at - 1] as usize
        };
        &self.bytes[start..self.ends[at] as usize]
    }

    /// How many different texts there are; codes run from 0 to one less.
    pub fn distinct_count(&self) -> u32 {
        // The builder refuses more than fit.
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// The code of a text, byte for byte. Only columns built with an index know; others scan.
    pub fn find(&self, text: &str) -> Option<u32> {
        match &self.index {
            Some(index) => index
                .find(hash(text), |code| self.distinct(*code) == text)
                .copied(),
            None => (0..self.distinct_count()).find(|code| self.distinct(*code) == text),
        }
    }

    /// How many rows are missing.
    pub fn missing_count(&self) -> usize {
        self.codes.iter().filter(|code| **code == MISSING).count()
    }

    pub fn len(&self) -> usize {
        self.codes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }
}

/// Builds a [`TextColumn`] a row at a time.
#[derive(Clone, Debug, Default)]
pub struct TextBuilder {
    column: TextColumn,
    index: HashTable<u32>,
    last: Option<u32>,
}

impl TextBuilder {
    /// Adds a row. Blank text is missing. Returns the code; `None` where missing.
    ///
    /// `Err` when the column's distinct text passes [`crate::limits::COLUMN_TEXT_BYTES_MAX`]; the row is then missing.
    pub fn push(&mut self, text: &str) -> Result<Option<u32>, TooMuchText> {
        let text = text.trim();
        if text.is_empty() {
            self.push_missing();
            return Ok(None);
        }
        // Neighbouring rows often repeat a value (sorted exports): look there before hashing.
        if let Some(last) = self.last
            && self.column.distinct(last) == text
        {
            self.column.codes.push(last);
            return Ok(Some(last));
        }
        let hashed = hash(text);
        let column = &mut self.column;
        let found = self
            .index
            .find(hashed, |code| column.distinct(*code) == text)
            .copied();
        let code = match found {
            Some(code) => code,
            None => {
                let end = column.bytes.len() + text.len();
                let (Ok(end), Ok(code)) = (u32::try_from(end), u32::try_from(column.ends.len()))
                else {
                    column.codes.push(MISSING);
                    return Err(TooMuchText);
                };
                column.bytes.push_str(text);
                column.ends.push(end);
                self.index
                    .insert_unique(hashed, code, |other| hash(column.distinct(*other)));
                code
            }
        };
        self.column.codes.push(code);
        self.last = Some(code);
        Ok(Some(code))
    }

    pub fn push_missing(&mut self) {
        self.column.codes.push(MISSING);
    }

    pub(crate) fn last_is_missing(&self) -> bool {
        self.column.codes.last() == Some(&MISSING)
    }

    /// Makes the last row missing after all.
    pub fn unset_last(&mut self) {
        if let Some(last) = self.column.codes.last_mut() {
            *last = MISSING;
        }
    }

    pub fn column(&self) -> &TextColumn {
        &self.column
    }

    pub fn finish(mut self) -> TextColumn {
        self.column.codes.shrink_to_fit();
        self.column.ends.shrink_to_fit();
        self.column.bytes.shrink_to_fit();
        self.column
    }

    /// As [`TextBuilder::finish`], keeping the index for [`TextColumn::find`].
    pub fn finish_indexed(mut self) -> TextColumn {
        self.column.index = Some(std::mem::take(&mut self.index));
        self.finish()
    }
}

/// The distinct text of one column passed its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuchText;

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_a_code_and_blank_is_missing() {
        let mut builder = TextBuilder::default();
        for text in ["b", " a ", "b", "", "ab"] {
            builder.push(text).unwrap();
        }
        let column = builder.finish_indexed();
        assert_eq!(column.codes(), [0, 1, 0, MISSING, 2]);
        assert_eq!(column.get(1), Some("a"));
        assert_eq!(column.get(3), None);
        assert_eq!(column.find("ab"), Some(2));
        assert_eq!(column.find("B"), None);
        assert_eq!(column.distinct_count(), 3);
    }
}
