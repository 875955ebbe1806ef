//! Where the bytes of a parsed text stand in its file: at home, further down, or behind a word that was mended.

use crate::source::{FileId, Span};

/// Turns offsets of a parsed text into spans of the file.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    file: FileId,
    base: usize,
    /// From this offset on, the text is longer than the file by `longer`, and shorter by `shorter`.
    cut: usize,
    longer: usize,
    shorter: usize,
}

impl Place {
    /// A whole file.
    pub fn file(file: FileId) -> Self {
        Self { file, base: 0, cut: usize::MAX, longer: 0, shorter: 0 }
    }

    /// A piece of this text from byte `start` on, parsed alone.
    pub fn inside(self, start: usize) -> Self {
        Self {
            base: self.offset(start),
            cut: if self.cut > start { self.cut.saturating_sub(start) } else { usize::MAX },
            ..self
        }
    }

    /// The same text with a word of `typed` bytes written in `written` bytes, ending at byte `end`.
    pub fn mended(self, end: usize, typed: usize, written: usize) -> Self {
        Self { cut: end, longer: written.saturating_sub(typed), shorter: typed.saturating_sub(written), ..self }
    }

    pub fn span(self, start: usize, end: usize) -> Span {
        Span::new(self.file, self.offset(start), self.offset(end))
    }

    fn offset(self, at: usize) -> usize {
        if at < self.cut { self.base + at } else { self.base + at + self.shorter - self.longer }
    }
}
