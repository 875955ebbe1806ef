//! Markdown, for a comment on a pull or merge request.

use super::report::{Entry, Report, counted};
use super::{Cut, clean};
use crate::diagnostic::{Diagnostic, Severity};

/// Characters of a comment on GitHub. A comment that is longer is refused there, not cut.
const COMMENT_CHARS_MAX: usize = 65_536;
/// Kept free for the sentence that says what was left out.
const LAST_WORD_CHARS: usize = 300;

/// The findings as a table, worst first, in no more characters than a comment may have.
pub fn markdown(report: &Report<'_>) -> Cut<String> {
    let entries = report.entries();
    let mut out = String::from("### Ownward: ");
    if entries.is_empty() {
        out.push_str("nothing found\n");
        return Cut { form: out, left_out: String::new() };
    }
    out.push_str(&counted(entries.iter().map(|entry| entry.finding)));
    out.push_str("\n\n| | where | what |\n| --- | --- | --- |\n");
    let mut length = out.chars().count();
    let mut shown = 0;
    for entry in &entries {
        let row = row(report, entry);
        let longer = length + row.chars().count();
        if longer > COMMENT_CHARS_MAX - LAST_WORD_CHARS {
            break;
        }
        length = longer;
        out.push_str(&row);
        shown += 1;
    }
    let left_out = counted(entries[shown..].iter().map(|entry| entry.finding));
    if !left_out.is_empty() {
        out.push_str(&format!("\n{left_out} more, left out: a comment holds {COMMENT_CHARS_MAX} characters.\n"));
    }
    Cut { form: out, left_out }
}

fn row(report: &Report<'_>, entry: &Entry<'_>) -> String {
    let Entry { finding, place, .. } = entry;
    let mark = match finding.severity {
        Severity::Error => "❌ error",
        Severity::Warning => "⚠️ warning",
        Severity::Note => "ℹ️ note",
    };
    let at = match place.is_given {
        true => format!("<code>{}:{}</code>", markdown_text(&place.path), place.line_number),
        false => String::new(),
    };
    let code = match report.link(finding.code) {
        Some(link) => format!("[{}]({link})", finding.code),
        None => finding.code.to_string(),
    };
    format!("| {mark} | {at} | {} ({code}){} |\n", in_words(&finding.headline), more(finding))
}

fn more(finding: &Diagnostic) -> String {
    finding.notes.iter().chain(&finding.help).map(|part| format!("<br>{}", in_words(part))).collect()
}

/// A sentence of a message: what stands in back-ticks becomes code.
fn in_words(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markdown_text(text);
    }
    let word = |(index, part): (usize, &&str)| match index % 2 {
        1 => format!("<code>{}</code>", markdown_text(part)),
        _ => markdown_text(part),
    };
    parts.iter().enumerate().map(word).collect()
}

/// Text that Markdown shows as it is, on one line: no links, no mentions, no images, no cells of its own.
pub fn markdown_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in clean(text).chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            // A mention or a number of an issue is one only with its name right behind it.
            '@' | '#' => out.push_str(&format!("&#{};&#8203;", c as u32)),
            '&' | '<' | '>' | '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '|' | ':' | '$' | '"' | '!' => {
                out.push_str(&format!("&#{};", c as u32));
            }
            // `www.` alone becomes a link.
            '.' if before.eq_ignore_ascii_case(&'w') => out.push_str("&#46;"),
            c => out.push(c),
        }
        before = c;
    }
    out
}
