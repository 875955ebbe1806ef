//! Writing for people and machines: results on stdout, messages on stderr, nothing raw from the data on a terminal.

use super::args::{Color, Format, Global};
use super::exit::{Exit, Failure};
use crate::diagnostic::{Diagnostic, Severity, render};
use crate::limits::DIAGNOSTICS_MAX;
use crate::source::Sources;
use crate::value::Owner;
use std::io::{IsTerminal, Write};

/// How this run talks.
pub struct Output {
    pub format: Format,
    color: Color,
    quiet: bool,
}

impl Output {
    pub fn new(global: &Global) -> Self {
        Output { format: global.format, color: global.color, quiet: global.quiet }
    }

    /// Writes a line of the result.
    pub fn line(&self, text: &str) -> std::io::Result<()> {
        writeln!(std::io::stdout().lock(), "{text}")
    }

    /// Writes a result that ends its own lines.
    pub fn text(&self, text: &str) -> std::io::Result<()> {
        std::io::stdout().lock().write_all(text.as_bytes())
    }

    /// Writes one JSON value.
    pub fn json(&self, value: &serde_json::Value) -> std::io::Result<()> {
        let text = match self.format {
            Format::Jsonl => value.to_string(),
            _ => serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()),
        };
        self.line(&text)
    }

    pub fn is_json(&self) -> bool {
        matches!(self.format, Format::Json | Format::Jsonl)
    }

    /// A word to the person, beside the result.
    pub fn say(&self, text: &str) {
        // Nothing sensible can be done when stderr is closed.
        let _ = writeln!(std::io::stderr().lock(), "{}", render::clean(text));
    }

    /// Messages to stderr, in the form asked for; annotations for GitHub go to stdout, where it looks for them.
    pub fn messages(&self, findings: &[Diagnostic], sources: &Sources) {
        let shown = &findings[..findings.len().min(DIAGNOSTICS_MAX)];
        match self.format {
            Format::Json | Format::Jsonl => {
                if !shown.is_empty() {
                    self.say(&render::json(shown, sources).to_string());
                }
            }
            Format::Github => {
                for finding in shown {
                    // A closed stdout is found out by whoever writes the result.
                    let _ = self.line(&render::github(finding, sources));
                }
            }
            _ => {
                for finding in shown {
                    let _ = write!(std::io::stderr().lock(), "{}", self.message(finding, sources));
                }
            }
        }
        if findings.len() > shown.len() {
            self.say(&format!("and {} more messages, not shown", findings.len() - shown.len()));
        }
    }

    /// As [`Output::messages`], without notes: what a run has to say of the policies. `check` shows everything.
    pub fn warnings(&self, findings: &[Diagnostic], sources: &Sources) {
        let worth: Vec<Diagnostic> =
            findings.iter().filter(|finding| finding.severity != Severity::Note).cloned().collect();
        self.messages(&worth, sources);
    }

    /// One message as text: drawn on terminals, plain elsewhere.
    pub fn message(&self, finding: &Diagnostic, sources: &Sources) -> String {
        let draws = self.format == Format::Text && std::io::stderr().is_terminal();
        if draws {
            let width = terminal_width();
            let mut text = render::people(finding, sources, width, self.has_color(&std::io::stderr()));
            text.push('\n');
            text
        } else {
            let mut text = render::plain(finding, sources);
            text.push('\n');
            text
        }
    }

    fn has_color(&self, stream: &impl IsTerminal) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }

    /// Text in bold, where the terminal shows it.
    pub fn strong(&self, text: &str) -> String {
        if self.format == Format::Text && self.has_color(&std::io::stdout()) {
            let bold = anstyle::Style::new().bold();
            format!("{bold}{text}{bold:#}")
        } else {
            text.to_owned()
        }
    }

    /// The messages of a command that stopped, and its exit code.
    pub fn failure(&self, failure: &Failure) -> Exit {
        self.messages(&failure.findings, &failure.sources);
        if let Some(message) = &failure.message {
            match self.format {
                Format::Json | Format::Jsonl => {
                    let value = serde_json::json!({ "schema": "ownward.error/1", "message": render::clean(message) });
                    self.say(&value.to_string());
                }
                Format::Github => {
                    let _ = self.line(&format!("::error::{}", render::command_text(message)));
                }
                _ => self.say(&format!("error: {message}")),
            }
        }
        failure.exit
    }

    /// A progress line on a terminal; silent elsewhere.
    pub fn progress(&self) -> indicatif::ProgressBar {
        if self.quiet || !std::io::stderr().is_terminal() || self.format != Format::Text {
            return indicatif::ProgressBar::hidden();
        }
        let bar = indicatif::ProgressBar::new_spinner();
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        bar
    }
}

fn terminal_width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(100).clamp(40, 200)
}

/// `1 record`, `2,345 records`.
pub fn count(number: u64, what: &str) -> String {
    let plural = match what.strip_suffix('y') {
        _ if number == 1 => what.to_owned(),
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{what}s"),
    };
    format!("{} {plural}", grouped(number))
}

/// `12,031`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `3 errors, 1 warning`, worst first; empty for nothing but notes.
pub fn summary(findings: &[Diagnostic]) -> String {
    let of = |severity| findings.iter().filter(|finding| finding.severity == severity).count() as u64;
    let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .map(|(severity, word)| (of(severity), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    parts.join(", ")
}

/// An owner's kind and id; null for nobody.
pub fn owner_json(owner: Option<&Owner>) -> serde_json::Value {
    owner.map_or(serde_json::Value::Null, |owner| serde_json::json!({ "kind": owner.kind.word(), "id": owner.id }))
}

/// A cell on one line, of a length that a table can bear.
fn shortened(cell: &str) -> String {
    let line: String = cell.chars().take(CELL_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cell.chars().nth(CELL_CHARS_MAX).is_some() { format!("{line}…") } else { line }
}

const CELL_CHARS_MAX: usize = 80;

/// Rows under headers, aligned, for terminals. Cells are cleaned of control characters.
pub fn table(headers: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(headers.iter().map(comfy_table::Cell::new));
    for row in rows {
        table.add_row(row.iter().map(|cell| shortened(&render::clean(cell))));
    }
    let mut out = String::new();
    for line in table.lines() {
        // Every cell has a blank on both sides.
        out.push_str(line.strip_prefix(' ').unwrap_or(&line).trim_end());
        out.push('\n');
    }
    out
}
