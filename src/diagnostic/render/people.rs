//! The form for terminals, drawn by miette.

use super::{clean, plain};
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::Sources;

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
