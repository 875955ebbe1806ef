//! Dictionary-encoded text: one code a row, every distinct text once in one buffer.
//!
//! Costs 4 bytes a row, and for each distinct text its bytes and 4 more. Texts are told apart byte by byte after
//! trimming; folding happens later, once a distinct text.

use super::index::{Index, hash};

const MISSING: u32 = u32::MAX;

/// Text of all rows of a table.
#[derive(Clone, Debug, Default)]
pub struct TextColumn {
    codes: Vec<u32>,
    /// End offset of each distinct text in `bytes`.
    ends: Vec<u32>,
    bytes: String,
    /// Code by text; kept only for key columns.
    index: Option<Index>,
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

    /// Where each distinct text ends in [`TextColumn::bytes`].
    pub(super) fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// All distinct texts, one behind the other.
    pub(super) fn bytes(&self) -> &str {
        &self.bytes
    }

    /// The text of a code.
    pub fn distinct(&self, code: u32) -> &str {
        let at = code as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
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
            Some(index) => index.find(hash(text), |code| self.distinct(code) == text),
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

/// Rows that are looked up together.
const STAGED_ROWS: usize = 512;
const STAGED_BYTES: usize = 1 << 16;

/// Builds a [`TextColumn`] a row at a time.
///
/// Rows wait until there are some hundred of them. Most of the time of a lookup among a million texts is waiting for
/// memory; asking for many places at once, and only then looking at them, waits for all of them together.
#[derive(Clone, Debug, Default)]
pub struct TextBuilder {
    column: TextColumn,
    index: Index,
    staged: Vec<Staged>,
    staged_bytes: String,
    /// Where the equal texts most likely end; kept for its room.
    likely_ends: Vec<u32>,
}

/// A row that waits: its text's hash and end in the waiting bytes. It is missing when it is as long as nothing.
#[derive(Clone, Copy, Debug)]
struct Staged {
    hash: u32,
    end: u32,
    is_missing: bool,
}

impl TextBuilder {
    /// Adds a row. Blank text is missing.
    ///
    /// `Err` when the column's distinct text may pass [`crate::limits::COLUMN_TEXT_BYTES_MAX`]; the row is then missing.
    pub fn push(&mut self, text: &str) -> Result<(), TooMuchText> {
        let text = trimmed(text);
        if text.is_empty() {
            self.push_missing();
            return Ok(());
        }
        let bytes_at_most = self.column.bytes.len() + self.staged_bytes.len() + text.len();
        if bytes_at_most > crate::limits::COLUMN_TEXT_BYTES_MAX {
            self.push_missing();
            return Err(TooMuchText);
        }
        self.staged_bytes.push_str(text);
        self.stage(hash(text), false);
        Ok(())
    }

    pub fn push_missing(&mut self) {
        self.stage(0, true);
    }

    fn stage(&mut self, hash: u32, is_missing: bool) {
        // Bounded by the limits on a column's text and on what waits.
        let end = u32::try_from(self.staged_bytes.len()).unwrap_or(u32::MAX);
        self.staged.push(Staged { hash, end, is_missing });
        if self.staged.len() >= STAGED_ROWS || self.staged_bytes.len() >= STAGED_BYTES {
            self.flush();
        }
    }

    /// Gives the waiting rows their codes, in order.
    fn flush(&mut self) {
        self.index.reserve(self.staged.len());
        self.touch();
        let mut start = 0;
        for staged in &self.staged {
            let end = staged.end as usize;
            let text = &self.staged_bytes[start..end];
            start = end;
            if staged.is_missing {
                self.column.codes.push(MISSING);
                continue;
            }
            let column = &mut self.column;
            // Not more codes than bytes, and those fit.
            let next = u32::try_from(column.ends.len()).unwrap_or(MISSING);
            let code = self.index.find_or_insert(staged.hash, next, |code| column.distinct(code) == text);
            if code == next {
                column.bytes.push_str(text);
                // `push` refuses what would not fit.
                column.ends.push(u32::try_from(column.bytes.len()).unwrap_or(u32::MAX));
            }
            column.codes.push(code);
        }
        self.staged.clear();
        self.staged_bytes.clear();
    }

    /// Brings into the cache what `flush` is about to look at, one kind of place after the other.
    fn touch(&mut self) {
        self.likely_ends.clear();
        for staged in &self.staged {
            if let Some(code) = self.index.likely(staged.hash) {
                self.likely_ends.push(code);
            }
        }
        for likely in &mut self.likely_ends {
            *likely = self.column.ends[*likely as usize];
        }
        let bytes = self.column.bytes.as_bytes();
        let mut sum = 0_u8;
        for end in &self.likely_ends {
            sum ^= bytes[*end as usize - 1];
        }
        std::hint::black_box(sum);
    }

    pub fn finish(mut self) -> TextColumn {
        self.flush();
        self.column.codes.shrink_to_fit();
        self.column.ends.shrink_to_fit();
        self.column.bytes.shrink_to_fit();
        self.column
    }

    /// As [`TextBuilder::finish`], keeping the index for [`TextColumn::find`].
    pub fn finish_indexed(mut self) -> TextColumn {
        self.flush();
        self.column.index = Some(std::mem::take(&mut self.index));
        self.finish()
    }
}

/// The distinct text of one column passed its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuchText;

/// The text without outer blanks; most cells have none, which two bytes tell.
fn trimmed(text: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let bytes = text.as_bytes();
    if plain(bytes.first()) && plain(bytes.last()) {
        return text;
    }
    text.trim()
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

    #[test]
    fn many_rows_are_told_apart_across_blocks() {
        let mut builder = TextBuilder::default();
        for row in 0..100_000_u32 {
            if row % 7 == 0 {
                builder.push_missing();
            } else {
                builder.push(&format!("text {}", row % 40_000)).unwrap();
            }
        }
        let column = builder.finish_indexed();
        assert_eq!((column.len(), column.distinct_count()), (100_000, 40_000));
        for row in 0..100_000_u32 {
            let expected = (row % 7 != 0).then(|| format!("text {}", row % 40_000));
            assert_eq!(column.get(row), expected.as_deref());
            if let Some(text) = expected {
                assert_eq!(column.find(&text), column.code(row));
            }
        }
        assert_eq!(column.find("text"), None);
    }
}
