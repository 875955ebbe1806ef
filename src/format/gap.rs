//! What stands between two words: blanks, line ends and comments.

use super::doc::Doc;

/// A gap, read once. Trailing blanks of comments are dropped.
pub(super) struct Gap<'t> {
    /// Pieces between line ends: empty ones, and comments.
    lines: Vec<&'t str>,
}

impl<'t> Gap<'t> {
    /// The gap between two bytes of a file; nothing but blanks and comments stands there.
    pub fn new(text: &'t str, start: usize, end: usize) -> Self {
        let gap = text.get(start..end).unwrap_or_default();
        let mut lines: Vec<&str> = split_lines(gap).map(|line| line.trim_matches(is_blank)).collect();
        if start == 0 {
            // The start of the file is the start of a line.
            lines.insert(0, "");
        }
        Self { lines }
    }

    pub fn has_line_end(&self) -> bool {
        self.lines.len() > 1
    }

    /// Comments between the words of one sentence: the words go on where the last one ends.
    pub fn inside(&self, docs: &mut Vec<Doc>) {
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            docs.push(if index == 0 { Doc::Trailing((*line).to_owned()) } else { Doc::OwnLine((*line).to_owned()) });
        }
    }

    /// A line end between two parts of a block, with its comments and at most one blank line in a row. `is_first`: the
    /// block begins here. `needs_blank`: a blank line stands here even if the author wrote none, above the comments.
    pub fn between(&self, docs: &mut Vec<Doc>, is_first: bool, needs_blank: bool) {
        let written = self.rows(docs, is_first, needs_blank && !is_first && !self.has_blank_line());
        docs.push(if self.ends_blank() && (written || !is_first) { Doc::Blank } else { Doc::Hard });
        if needs_blank && !is_first && !self.has_blank_line() && !written {
            docs.push(Doc::Blank);
        }
    }

    /// The comments before the end of a block. `is_empty`: nothing stands in it yet.
    pub fn before_close(&self, docs: &mut Vec<Doc>, is_empty: bool) {
        self.rows(docs, is_empty, false);
    }

    /// Writes the comments; says whether there were any on lines of their own.
    fn rows(&self, docs: &mut Vec<Doc>, is_first: bool, blank_before: bool) -> bool {
        let mut written = false;
        for (index, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            if index == 0 {
                docs.push(Doc::Trailing((*line).to_owned()));
                continue;
            }
            let is_after_blank = index >= 2 && self.lines[index - 1].is_empty();
            let is_first_row = !written && is_first;
            if (is_after_blank && !is_first_row) || (blank_before && !written) {
                docs.push(Doc::Blank);
            }
            docs.push(Doc::OwnLine((*line).to_owned()));
            written = true;
        }
        written
    }

    /// Whether a blank line stands anywhere in the gap.
    fn has_blank_line(&self) -> bool {
        let inner = self.lines.get(1..self.lines.len().saturating_sub(1)).unwrap_or_default();
        inner.iter().any(|line| line.is_empty())
    }

    /// Whether a blank line stands right before the word that follows.
    fn ends_blank(&self) -> bool {
        self.lines.len() >= 3 && self.lines[self.lines.len() - 2].is_empty()
    }
}

/// Lines as the grammar ends them: `\n`, `\r\n` and `\r`.
fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match text.find(['\n', '\r']) {
            None => rest = None,
            Some(at) => {
                let after = if text[at..].starts_with("\r\n") { at + 2 } else { at + 1 };
                rest = Some(&text[after..]);
                return Some(&text[..at]);
            }
        }
        Some(text)
    })
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{feff}' | '\u{a0}')
}

/// The comments of a file that the grammar accepts, in order.
pub(super) fn comments(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in split_lines(text) {
        if let Some(at) = comment_start(line) {
            found.push(line[at..].trim_end_matches(is_blank).to_owned());
        }
    }
    found
}

/// Where the comment of a line begins: at a `#` outside a text. Texts end on their line.
fn comment_start(line: &str) -> Option<usize> {
    let mut is_in_text = false;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => is_in_text = !is_in_text,
            '\\' if is_in_text && matches!(chars.peek(), Some((_, '"' | '\\'))) => {
                chars.next();
            }
            '#' if !is_in_text => return Some(at),
            _ => {}
        }
    }
    None
}
