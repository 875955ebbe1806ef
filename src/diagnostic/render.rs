//! A [`Diagnostic`] as text: for people, for screen readers and pipes, for machines, for annotations in CI.
//!
//! Everything a policy or a record brought in is cleaned of control characters first (design section 8).

use super::{Diagnostic, Label, Severity};
use crate::source::Sources;
use serde::Serialize;
use std::fmt::Write;

/// Text with control and direction characters made visible: nothing in a message can move a cursor or reorder a line.
pub fn clean(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if !text.chars().any(hidden) {
        return text.to_owned();
    }
    text.chars().map(|c| if hidden(c) { format!("\\u{{{:x}}}", c as u32) } else { c.to_string() }).collect()
}

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

/// Characters of a line, and lines of a label, up to which a place is drawn; beyond, the plain form cuts around it. The
/// drawing library shows all of every line, and fails where a column passes 16 bits.
const DRAWN_CHARS_MAX: usize = 2_000;
const DRAWN_LINES_MAX: usize = 50;

fn is_drawable(label: &Label, sources: &Sources) -> bool {
    let file = sources.file(label.span.file);
    let first = file.position(label.span.start as usize).line_number;
    let last = file.position(label.span.end as usize).line_number;
    last - first < DRAWN_LINES_MAX && (first..=last).all(|number| file.line(number).len() <= DRAWN_CHARS_MAX)
}

/// The form for terminals, drawn by miette. `width` in columns; `colour` as the terminal allows.
pub fn people(diagnostic: &Diagnostic, sources: &Sources, width: usize, colour: bool) -> String {
    if diagnostic.primary.iter().chain(&diagnostic.others).any(|label| !is_drawable(label, sources)) {
        return plain(diagnostic, sources);
    }
    let theme = if colour { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(width).with_links(false);
    let mut out = String::new();
    let report = Report::new(diagnostic, sources);
    match handler.render_report(&mut out, &report) {
        Ok(()) => out,
        // The drawing failed (it never should): the plain form says the same.
        Err(_) => plain(diagnostic, sources),
    }
}

/// A diagnostic in the words of miette. A message has one file: labels in another become related messages.
#[derive(Debug)]
struct Report {
    headline: String,
    severity: Severity,
    code: &'static str,
    help: Option<String>,
    source: Option<miette::NamedSource<String>>,
    labels: Vec<(String, usize, usize)>,
    related: Vec<Report>,
}

impl Report {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let file_of = |label: &Label| sources.file(label.span.file);
        let source = diagnostic.primary.as_ref().map(|label| {
            let file = file_of(label);
            // Same byte positions: a control character is replaced by as many blanks.
            miette::NamedSource::new(&file.name, blanked(&file.text))
        });
        let main = diagnostic.primary.as_ref().map(|label| label.span.file);
        let as_label = |label: &Label| {
            let length = (label.span.end - label.span.start) as usize;
            (clean(&label.text), label.span.start as usize, length)
        };
        let labels = diagnostic
            .primary
            .iter()
            .chain(diagnostic.others.iter().filter(|label| Some(label.span.file) == main))
            .map(as_label)
            .collect();
        let related = diagnostic
            .others
            .iter()
            .filter(|label| Some(label.span.file) != main)
            .map(|label| Report {
                headline: clean(&label.text),
                severity: Severity::Note,
                code: "see",
                help: None,
                source: Some(miette::NamedSource::new(&file_of(label).name, blanked(&file_of(label).text))),
                labels: vec![as_label(label)],
                related: Vec::new(),
            })
            .collect();
        let mut help: Vec<String> = diagnostic.notes.clone();
        help.extend(diagnostic.help.clone());
        Report {
            headline: clean(&diagnostic.headline),
            severity: diagnostic.severity,
            code: diagnostic.code.slug(),
            help: (!help.is_empty()).then(|| clean(&help.join("\n"))),
            source,
            labels,
            related,
        }
    }
}

fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || c == '\t' || clean(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8() {
            out.push(c);
        } else {
            out.extend(std::iter::repeat_n(' ', c.len_utf8()));
        }
    }
    out
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.headline)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source.as_ref().map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        Some(Box::new(
            self.labels
                .iter()
                .map(|(text, start, length)| miette::LabeledSpan::new(Some(text.clone()), *start, *length)),
        ))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        if self.related.is_empty() {
            return None;
        }
        Some(Box::new(self.related.iter().map(|report| report as &dyn miette::Diagnostic)))
    }
}

/// The JSON form of a message: lines and columns counted from 1, bytes from 0.
#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    code: &'a str,
    severity: Severity,
    message: String,
    labels: Vec<JsonLabel<'a>>,
    notes: Vec<String>,
    help: Option<String>,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start_byte: u32,
    end_byte: u32,
    text: String,
}

/// All messages as one JSON value (`"schema": "ownward.diagnostics/1"`).
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> serde_json::Value {
    let label = |label: &Label| {
        let file = sources.file(label.span.file);
        let start = file.position(label.span.start as usize);
        let end = file.position(label.span.end as usize);
        serde_json::to_value(JsonLabel {
            file: &file.name,
            line: start.line_number,
            column: start.column_number,
            end_line: end.line_number,
            end_column: end.column_number,
            start_byte: label.span.start,
            end_byte: label.span.end,
            text: clean(&label.text),
        })
        .unwrap_or_default()
    };
    let list: Vec<serde_json::Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let mut value = serde_json::to_value(JsonDiagnostic {
                code: diagnostic.code.slug(),
                severity: diagnostic.severity,
                message: clean(&diagnostic.headline),
                labels: Vec::new(),
                notes: diagnostic.notes.iter().map(|note| clean(note)).collect(),
                help: diagnostic.help.as_deref().map(clean),
            })
            .unwrap_or_default();
            value["labels"] = diagnostic.primary.iter().chain(&diagnostic.others).map(label).collect();
            value
        })
        .collect();
    serde_json::json!({ "schema": "ownward.diagnostics/1", "diagnostics": list })
}

/// One workflow command a message, as GitHub shows beside the lines of a pull request.
pub fn github(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = vec![format!("title={}", property(diagnostic.code.slug()))];
    if let Some(label) = &diagnostic.primary {
        let file = sources.file(label.span.file);
        let start = file.position(label.span.start as usize);
        let end = file.position(label.span.end as usize);
        properties.insert(
            0,
            format!(
                "file={},line={},endLine={},col={}",
                property(&file.name),
                start.line_number,
                end.line_number,
                start.column_number
            ),
        );
    }
    let mut text = diagnostic.headline.clone();
    for part in diagnostic.notes.iter().chain(&diagnostic.help) {
        text.push('\n');
        text.push_str(part);
    }
    let text = clean(&text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    format!("::{level} {}::{text}", properties.join(","))
}

fn property(text: &str) -> String {
    clean(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::Span;

    fn sample() -> (Diagnostic, Sources) {
        let mut sources = Sources::default();
        let file = sources.add("a.own", "when statuss = At-Risk\n");
        let diagnostic = Diagnostic::error(Code::Syntax, "`Account` has no field `statuss`")
            .at(Span::new(file, 5, 12), "not declared")
            .help("did you mean `status`?");
        (diagnostic, sources)
    }

    #[test]
    fn the_plain_form_shows_line_and_label() {
        let (diagnostic, sources) = sample();
        assert_eq!(
            plain(&diagnostic, &sources),
            "error[syntax]: `Account` has no field `statuss`\n  a.own:1:6\n  1 | when statuss = At-Risk\n    |      ------- not declared\n  help: did you mean `status`?\n"
        );
    }

    #[test]
    fn escapes_cannot_reach_a_terminal_or_an_annotation() {
        let (mut diagnostic, sources) = sample();
        diagnostic.headline = "a\u{1b}[31m\u{202e}b%\nc".into();
        assert!(!plain(&diagnostic, &sources).contains('\u{1b}'));
        assert!(!people(&diagnostic, &sources, 80, false).contains(['\u{1b}', '\u{202e}']));
        let line = github(&diagnostic, &sources);
        assert_eq!(line.lines().count(), 1);
        assert!(line.starts_with("::error file=a.own,line=1,endLine=1,col=6,title=syntax::"));
        assert!(line.contains("%25%0Ac"));
    }
}
