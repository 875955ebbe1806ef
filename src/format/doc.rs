//! Layouts: words with the places where a line may end, and the printer that decides which of them do.
//!
//! After Philip Wadler, "A prettier printer" (2003): a group is written on one line if it fits, else all its [`Doc::Line`]s
//! become line ends. Line comments are the addition: whatever follows one begins a new line, wherever it stands.

use super::align;

/// Columns of a line, comments not counted.
pub(super) const WIDTH: usize = 100;
/// Blanks of one level.
const INDENT: usize = 2;

/// A piece of layout.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// Words or marks, never broken.
    Text(String),
    /// Written only where the group is on one line.
    IfFlat(&'static str),
    /// Text that is there only where the group around it is broken.
    IfBroken(&'static str),
    /// One blank.
    Space,
    /// So many more blanks, for columns; none where the group is on one line.
    Pad(usize),
    /// A blank, or a line end where the group is broken.
    Line,
    /// Nothing, or a line end where the group is broken.
    Soft,
    /// A blank, or, in a broken group, a line end where what follows does not fit.
    Fill,
    /// A line end.
    Hard,
    /// A line end and a blank line.
    Blank,
    /// A comment behind what stands on the line.
    Trailing(String),
    /// A comment on a line of its own.
    OwnLine(String),
    Nest(Nest, Vec<Doc>, Breaks),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nest {
    /// One line if it fits.
    Group,
    /// Lines that begin inside are one level deeper.
    Indent,
    /// Lines that begin inside are as deep as the line at hand: the inside of a bracket.
    Here,
}

/// Whether something inside must end a line.
pub(super) type Breaks = bool;

impl Doc {
    pub fn group(docs: Vec<Doc>) -> Doc {
        Doc::nest(Nest::Group, docs)
    }

    pub fn indent(docs: Vec<Doc>) -> Doc {
        Doc::nest(Nest::Indent, docs)
    }

    pub fn here(docs: Vec<Doc>) -> Doc {
        Doc::nest(Nest::Here, docs)
    }

    fn nest(nest: Nest, docs: Vec<Doc>) -> Doc {
        let breaks = docs.iter().any(Doc::breaks);
        Doc::Nest(nest, docs, breaks)
    }

    fn breaks(&self) -> Breaks {
        match self {
            Doc::Hard | Doc::Blank | Doc::Trailing(_) | Doc::OwnLine(_) => true,
            Doc::Nest(_, _, breaks) => *breaks,
            _ => false,
        }
    }
}

/// A finished line: what it says, and the comment behind it.
#[derive(Clone, Debug, Default)]
pub(super) struct OutLine {
    pub indent: usize,
    pub code: String,
    pub comment: Option<String>,
}

/// The text of a layout: lines that end in `\n`, none of them in blanks.
pub(super) fn print(docs: &[Doc]) -> String {
    let mut printer = Printer { lines: Vec::new(), line: OutLine::default(), pending: Pending::Nothing };
    printer.run(docs);
    printer.end_line();
    align::comments(&printer.lines)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Nothing,
    Blanks(usize),
    /// The next line begins at this depth.
    LineEnd {
        indent: usize,
        blank_line: bool,
    },
}

type Command<'d> = (usize, bool, &'d Doc);

struct Printer {
    lines: Vec<OutLine>,
    line: OutLine,
    pending: Pending,
}

impl Printer {
    fn run(&mut self, docs: &[Doc]) {
        let mut stack: Vec<Command<'_>> = docs.iter().rev().map(|doc| (0, false, doc)).collect();
        while let Some((indent, flat, doc)) = stack.pop() {
            match doc {
                Doc::Text(text) => self.text(indent, text),
                Doc::IfFlat(text) if flat => self.text(indent, text),
                Doc::IfBroken(text) if !flat => self.text(indent, text),
                Doc::IfFlat(_) | Doc::IfBroken(_) => {}
                Doc::Space => self.blanks(1),
                Doc::Pad(width) if !flat => self.blanks(*width),
                Doc::Pad(_) => {}
                Doc::Line if flat => self.blanks(1),
                Doc::Soft if flat => {}
                Doc::Line | Doc::Soft | Doc::Hard => self.line_end(indent, false),
                Doc::Fill => {
                    self.blanks(1);
                    if !flat && !self.fits(&stack) {
                        self.line_end(indent, false);
                    }
                }
                Doc::Blank => self.line_end(indent, true),
                Doc::Trailing(text) => self.trailing(indent, text),
                Doc::OwnLine(text) => self.own_line(indent, text),
                Doc::Nest(nest, inner, breaks) => {
                    let (indent, flat) = match nest {
                        Nest::Indent => (indent + 1, flat),
                        Nest::Here => (self.line_indent(indent), flat),
                        Nest::Group if flat => (indent, true),
                        Nest::Group => {
                            let before = stack.len();
                            stack.extend(inner.iter().rev().map(|doc| (indent, true, doc)));
                            let fits = !breaks && self.fits(&stack);
                            stack.truncate(before);
                            (indent, fits)
                        }
                    };
                    stack.extend(inner.iter().rev().map(|doc| (indent, flat, doc)));
                }
            }
        }
    }

    /// The depth of the line at hand.
    fn line_indent(&self, indent: usize) -> usize {
        match self.pending {
            Pending::LineEnd { indent, .. } => indent,
            _ if self.line.code.is_empty() => indent,
            _ => self.line.indent,
        }
    }

    /// Whether the rest, up to the next place where a line may end, stays within the width.
    fn fits(&self, stack: &[Command<'_>]) -> bool {
        let start = match self.pending {
            Pending::LineEnd { indent, .. } => indent * INDENT,
            Pending::Blanks(blanks) => self.column() + blanks,
            Pending::Nothing => self.column(),
        };
        let Some(mut left) = WIDTH.checked_sub(start) else {
            return false;
        };
        let mut rest: Vec<(bool, &Doc)> = Vec::new();
        let mut below = stack.len();
        loop {
            let (flat, doc) = match rest.pop() {
                Some(next) => next,
                None => {
                    let Some(index) = below.checked_sub(1) else {
                        return true;
                    };
                    below = index;
                    (stack[index].1, stack[index].2)
                }
            };
            let width = match doc {
                Doc::Text(text) => text.chars().count(),
                Doc::IfFlat(text) => usize::from(flat) * text.len(),
                Doc::IfBroken(text) => usize::from(!flat) * text.len(),
                Doc::Space => 1,
                Doc::Pad(width) => usize::from(!flat) * width,
                Doc::Line | Doc::Fill if flat => 1,
                Doc::Soft if flat => 0,
                Doc::Line | Doc::Soft | Doc::Fill | Doc::Hard | Doc::Blank | Doc::Trailing(_) | Doc::OwnLine(_) => {
                    return true;
                }
                Doc::Nest(nest, inner, breaks) => {
                    let flat = flat || (*nest == Nest::Group && !breaks);
                    rest.extend(inner.iter().rev().map(|doc| (flat, doc)));
                    0
                }
            };
            match left.checked_sub(width) {
                Some(still) => left = still,
                None => return false,
            }
        }
    }

    fn column(&self) -> usize {
        if self.line.code.is_empty() { 0 } else { self.line.indent * INDENT + self.line.code.chars().count() }
    }

    fn text(&mut self, indent: usize, text: &str) {
        match self.pending {
            Pending::Blanks(blanks) if !self.line.code.is_empty() => {
                self.line.code.extend(std::iter::repeat_n(' ', blanks));
            }
            Pending::LineEnd { indent, blank_line } => {
                self.break_line(blank_line);
                self.line.indent = indent;
            }
            _ if self.line.code.is_empty() => self.line.indent = indent,
            _ => {}
        }
        self.pending = Pending::Nothing;
        self.line.code.push_str(text);
    }

    fn blanks(&mut self, more: usize) {
        self.pending = match self.pending {
            Pending::Nothing => Pending::Blanks(more),
            Pending::Blanks(blanks) => Pending::Blanks(blanks + more),
            end @ Pending::LineEnd { .. } => end,
        };
    }

    /// Asks for a new line; of several requests the last one's depth counts.
    fn line_end(&mut self, indent: usize, blank: bool) {
        let already = matches!(self.pending, Pending::LineEnd { blank_line: true, .. });
        self.pending = Pending::LineEnd { indent, blank_line: blank || already };
    }

    fn trailing(&mut self, indent: usize, text: &str) {
        if self.line.code.is_empty() || self.line.comment.is_some() {
            return self.own_line(indent, text);
        }
        self.line.comment = Some(text.to_owned());
        self.line_end(indent, false);
    }

    fn own_line(&mut self, indent: usize, text: &str) {
        let blank_line = matches!(self.pending, Pending::LineEnd { blank_line: true, .. });
        self.break_line(blank_line);
        self.line = OutLine { indent, code: String::new(), comment: Some(text.to_owned()) };
        self.pending = Pending::LineEnd { indent, blank_line: false };
    }

    fn break_line(&mut self, blank_line: bool) {
        self.end_line();
        if blank_line && !self.lines.is_empty() {
            self.lines.push(OutLine::default());
        }
    }

    fn end_line(&mut self) {
        if !self.line.code.is_empty() || self.line.comment.is_some() {
            self.lines.push(std::mem::take(&mut self.line));
        }
    }
}

/// The blanks before a line of this depth.
pub(super) fn margin(indent: usize) -> String {
    " ".repeat(indent * INDENT)
}
