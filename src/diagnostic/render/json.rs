//! Findings as JSON: lines and columns counted from 1, bytes from 0.

use super::clean;
use super::report::{Entry, Report};
use crate::diagnostic::{Diagnostic, Label, Severity, fingerprints};
use crate::source::{Sources, Span};
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    code: &'a str,
    severity: Severity,
    message: String,
    labels: Vec<JsonLabel<'a>>,
    notes: Vec<String>,
    help: Option<String>,
    /// What stays the same while lines move.
    fingerprint: String,
    /// The page of the code, by its path in Ownward's repository.
    docs: String,
    fix: Option<JsonFix<'a>>,
}

#[derive(Serialize)]
struct JsonLabel<'a> {
    #[serde(flatten)]
    place: JsonPlace<'a>,
    text: String,
}

#[derive(Serialize)]
struct JsonPlace<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start_byte: u32,
    end_byte: u32,
}

/// What `check --fix` would write instead of these bytes: as it is, never cleaned.
#[derive(Serialize)]
struct JsonFix<'a> {
    #[serde(flatten)]
    place: JsonPlace<'a>,
    replacement: &'a str,
}

/// All messages as one JSON value (`"schema": "ownward.diagnostics/1"`), in the order in which they come.
pub fn json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    let found = diagnostics.iter().zip(fingerprints(diagnostics, sources));
    let list: Vec<Value> = found.map(|(one, fingerprint)| value(one, fingerprint, sources)).collect();
    json!({ "schema": "ownward.diagnostics/1", "diagnostics": list })
}

/// As [`json`], the worst first.
pub fn json_report(report: &Report<'_>) -> Value {
    json!({ "schema": "ownward.diagnostics/1", "diagnostics": values(report) })
}

/// One value a finding, the worst first, each with `"schema": "ownward.diagnostic/1"`.
pub fn json_lines(report: &Report<'_>) -> Vec<Value> {
    let mut lines = values(report);
    lines.iter_mut().for_each(|line| line["schema"] = "ownward.diagnostic/1".into());
    lines
}

fn values(report: &Report<'_>) -> Vec<Value> {
    let of = |entry: Entry<'_>| value(entry.finding, entry.fingerprint, report.sources);
    report.entries().into_iter().map(of).collect()
}

fn value(diagnostic: &Diagnostic, fingerprint: String, sources: &Sources) -> Value {
    let label = |label| json_label(label, sources);
    let json = JsonDiagnostic {
        code: diagnostic.code.slug(),
        severity: diagnostic.severity,
        message: clean(&diagnostic.headline),
        labels: diagnostic.primary.iter().chain(&diagnostic.others).map(label).collect(),
        notes: diagnostic.notes.iter().map(|note| clean(note)).collect(),
        help: diagnostic.help.as_deref().map(clean),
        fingerprint,
        docs: format!("docs/messages/{}.md", diagnostic.code),
        fix: diagnostic
            .fix
            .as_ref()
            .map(|fix| JsonFix { place: json_place(fix.span, sources), replacement: &fix.replacement }),
    };
    // Every part is text or a number: nothing in it can fail.
    serde_json::to_value(json).unwrap_or_default()
}

fn json_label<'a>(label: &Label, sources: &'a Sources) -> JsonLabel<'a> {
    JsonLabel { place: json_place(label.span, sources), text: clean(&label.text) }
}

fn json_place(span: Span, sources: &Sources) -> JsonPlace<'_> {
    let file = sources.file(span.file);
    let start = file.position(span.start as usize);
    let end = file.position(span.end as usize);
    JsonPlace {
        file: &file.name,
        line: start.line_number,
        column: start.column_number,
        end_line: end.line_number,
        end_column: end.column_number,
        start_byte: span.start,
        end_byte: span.end,
    }
}
