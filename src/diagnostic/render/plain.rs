//! The plain form: for screen readers, pipes and logs.

use super::clean;
use crate::diagnostic::{Diagnostic, Label};
use crate::source::Sources;
use std::fmt::Write;

/// The plain form, made to be read aloud and diffed: headline, place, line, label, notes, help.
pub fn plain(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut out = format!("{}[{}]: {}\n", diagnostic.severity.word(), diagnostic.code, diagnostic.headline);
    for (index, label) in diagnostic.primary.iter().chain(&diagnostic.others).enumerate() {
        label_lines(&mut out, label, sources, index > 0);
    }
    for note in &diagnostic.notes {
        line(&mut out, format_args!("  note: {note}"));
    }
    if let Some(help) = &diagnostic.help {
        line(&mut out, format_args!("  help: {help}"));
    }
    clean(&out)
}

const LINE_CHARS_MAX: usize = 160;

fn label_lines(out: &mut String, label: &Label, sources: &Sources, is_other: bool) {
    let file = sources.file(label.span.file);
    let at = file.position(label.span.start as usize);
    let end = file.position(label.span.end as usize);
    line(out, format_args!("  {}:{}:{}", file.name, at.line_number, at.column_number));
    let text = file.line(at.line_number);
    // A very long line is cut around the place it is about.
    let first_char = at.column_number.saturating_sub(LINE_CHARS_MAX / 2).saturating_sub(1);
    let shown: String =
        text.chars().skip(first_char).take(LINE_CHARS_MAX).map(|c| if c == '\t' { ' ' } else { c }).collect();
    let width = if end.line_number == at.line_number {
        end.column_number.saturating_sub(at.column_number)
    } else {
        text.chars().count().saturating_sub(at.column_number - 1)
    };
    let indent = at.column_number - 1 - first_char;
    let width = width.clamp(1, LINE_CHARS_MAX.saturating_sub(indent).max(1));
    let number = at.line_number.to_string();
    let mark = if is_other { "=" } else { "-" };
    line(out, format_args!("  {number} | {shown}"));
    line(
        out,
        format_args!("  {} | {}{} {}", " ".repeat(number.len()), " ".repeat(indent), mark.repeat(width), label.text),
    );
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}
