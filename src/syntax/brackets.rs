//! A first look over a file before the grammar: brackets and quotes that do not close, and nesting too deep to parse.
//!
//! Found here they give one message at the opening bracket; found by the grammar they would give one at the end of the
//! file. Depth is counted here because a parser's own guard depends on the thread it runs in.

use crate::diagnostic::{Code, Diagnostic};
use crate::limits::NESTING_MAX;
use crate::source::{FileId, Span};

/// What the scan found.
pub struct Scan {
    pub diagnostics: Vec<Diagnostic>,
    pub too_deep: bool,
    /// Offsets already complained about: a broken piece that holds one gets no second message.
    pub covered: Vec<usize>,
}

pub fn scan(file: FileId, text: &str) -> Scan {
    let mut scan = Scan { diagnostics: Vec::new(), too_deep: false, covered: Vec::new() };
    let bytes = text.as_bytes();
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => at = line_end(bytes, at),
            b'"' => match string_end(bytes, at) {
                Some(end) => at = end,
                None => {
                    scan.unclosed_text(file, at, line_end(bytes, at));
                    at = line_end(bytes, at);
                }
            },
            mark @ (b'{' | b'(') => {
                open.push((mark, at));
                if open.len() > NESTING_MAX {
                    scan.too_deep(file, at);
                    return scan;
                }
            }
            b'}' => close(&mut open, b'{', &mut scan, file),
            b')' if open.last().is_some_and(|(mark, _)| *mark == b'(') => {
                open.pop();
            }
            _ => {}
        }
        at += 1;
    }
    for (mark, offset) in open {
        scan.unclosed(file, mark, offset);
    }
    scan
}

/// A `}` closes the nearest `{`; round brackets left open inside it are the mistake.
fn close(open: &mut Vec<(u8, usize)>, mark: u8, scan: &mut Scan, file: FileId) {
    if open.iter().all(|(other, _)| *other != mark) {
        return;
    }
    while let Some((other, offset)) = open.pop() {
        if other == mark {
            return;
        }
        scan.unclosed(file, other, offset);
    }
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    // A lone carriage return ends a line too, as it does for the grammar.
    bytes[from..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |n| from + n)
}

/// The closing quote of the text that opens at `from`; it must stand on the same line.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return Some(at),
            b'\n' | b'\r' => return None,
            b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => at += 2,
            _ => at += 1,
        }
    }
    None
}

impl Scan {
    fn unclosed(&mut self, file: FileId, mark: u8, offset: usize) {
        let (mark, other) = if mark == b'{' { ('{', '}') } else { ('(', ')') };
        self.covered.push(offset);
        self.diagnostics.push(
            Diagnostic::error(Code::UnclosedBracket, format!("a `{mark}` that is never closed"))
                .at(Span::new(file, offset, offset + 1), "opened here")
                .help(format!("add the `{other}` that closes it")),
        );
    }

    fn unclosed_text(&mut self, file: FileId, offset: usize, end: usize) {
        self.covered.push(offset);
        self.diagnostics.push(
            Diagnostic::error(Code::UnclosedText, "a text whose closing quote is missing")
                .at(Span::new(file, offset, end), "opened here, and the line ends")
                .help("close it with `\"` on the same line; inside a text a quote is written `\\\"`"),
        );
    }

    fn too_deep(&mut self, file: FileId, offset: usize) {
        self.too_deep = true;
        self.diagnostics.push(
            Diagnostic::error(Code::TooDeep, format!("more than {NESTING_MAX} brackets inside each other"))
                .at(Span::new(file, offset, offset + 1), "this bracket is one too many")
                .with_note("the rest of this file was not read")
                .help("give parts of the condition a name with `define`"),
        );
    }
}
