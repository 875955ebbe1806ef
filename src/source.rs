//! Text in memory: policy files, positions in them, and where a position stands for a reader.
//!
//! Takes text that somebody else has read; knows nothing of paths or the disk. Offsets are bytes, lines and
//! columns are counted from 1, columns in characters (what an editor shows).

/// One file of a policy set, by its place in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A piece of one file: bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// The bytes `start..end` of `file`. Files over 4 GiB never get here: [`crate::limits`] refuses them.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(start), end: clamp(end) }
    }

    /// The smallest span that holds both. Both must stand in the same file; else `self` is returned.
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A file's name, as a reader knows it (relative to the project), and its text.
#[derive(Clone, Debug)]
pub struct SourceFile {
    pub name: String,
    pub text: String,
    line_starts: Vec<usize>,
}

/// A position for people: both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line_number: usize,
    pub column_number: usize,
}

impl SourceFile {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.into(), text, line_starts }
    }

    /// Where byte `offset` stands. An offset past the end is the end.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.floor(offset);
        let line_index = self.line_starts.partition_point(|start| *start <= offset) - 1;
        let line = &self.text[self.line_starts[line_index]..offset];
        Position { line_number: line_index + 1, column_number: line.chars().count() + 1 }
    }

    /// The text of line `line_number` (from 1) without its line end; empty past the last line.
    pub fn line(&self, line_number: usize) -> &str {
        let Some(start) = line_number.checked_sub(1).and_then(|index| self.line_starts.get(index)) else {
            return "";
        };
        let end = self.line_starts.get(line_number).copied().unwrap_or(self.text.len());
        self.text[*start..end].trim_end_matches(['\n', '\r'])
    }

    /// The bytes between two offsets, moved to character borders.
    pub fn slice(&self, start: usize, end: usize) -> &str {
        let start = self.floor(start);
        let end = self.floor(end).max(start);
        &self.text[start..end]
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// All files of a policy set, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Adds a file and returns its id.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile::new(name, text));
        id
    }

    /// The file of an id that [`Sources::add`] gave.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).slice(span.start as usize, span.end as usize)
    }

    /// `file:line:column` of the span's start.
    pub fn place(&self, span: Span) -> String {
        let file = self.file(span.file);
        let at = file.position(span.start as usize);
        format!("{}:{}:{}", file.name, at.line_number, at.column_number)
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(u32::try_from(index).unwrap_or(u32::MAX)), file))
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_from_one() {
        let file = SourceFile::new("a.own", "äb\ncd");
        let at = file.position(3);
        assert_eq!((at.line_number, at.column_number), (1, 3));
        let at = file.position(4);
        assert_eq!((at.line_number, at.column_number), (2, 1));
        assert_eq!(file.line(2), "cd");
        assert_eq!(file.line(9), "");
    }

    #[test]
    fn an_offset_inside_a_character_is_moved_to_its_start() {
        let file = SourceFile::new("a.own", "ä");
        assert_eq!(file.position(1).column_number, 1);
        assert_eq!(file.position(99).column_number, 2);
    }
}
