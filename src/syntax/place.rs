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
        let base = self.offset(start);
        match self.cut.checked_sub(start) {
            Some(cut) if cut > 0 => Self { base, cut, longer: self.longer.min(cut), ..self },
            _ => Self { base, cut: usize::MAX, ..self },
        }
    }

    /// The same text with a word of `typed` bytes written in `written` bytes, ending at byte `end`.
    pub fn mended(self, end: usize, typed: usize, written: usize) -> Self {
        Self { cut: end, longer: written.saturating_sub(typed), shorter: typed.saturating_sub(written), ..self }
    }

    pub fn span(self, start: usize, end: usize) -> Span {
        Span::new(self.file, self.offset(start), self.offset(end))
    }

    /// Never goes back as `at` grows: inside a word written longer than it was typed, places end with the typed word.
    fn offset(self, at: usize) -> usize {
        if at < self.cut {
            self.base + at.min(self.cut - self.longer)
        } else {
            self.base + at + self.shorter - self.longer
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_behind_and_inside_a_mended_word_never_go_back() {
        let mut sources = crate::source::Sources::default();
        let file = sources.add("a.own", "x -> y");
        // `->` written as `assign to`: the text is `x assign to y`.
        let place = Place::file(file).mended(11, 2, 9);
        for from in 0..13 {
            let inside = place.inside(from);
            for to in from..=13 {
                let span = inside.span(0, to - from);
                assert!(span.start <= span.end && span.end <= 6, "{from}..{to} became {span:?}");
                assert_eq!(span, place.span(from, to), "{from}..{to}");
            }
        }
        assert_eq!(place.span(12, 13), Span::new(file, 5, 6));
    }
}
