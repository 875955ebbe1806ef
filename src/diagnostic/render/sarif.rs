//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"): code scanning, editors, dashboards.

use super::report::{Entry, Report, counted};
use super::{Cut, clean};
use crate::diagnostic::{Code, Diagnostic, Fix, Label, Severity};
use crate::source::Span;
use serde_json::{Value, json};

/// Results of a run that GitHub's code scanning keeps; of more it keeps the worst.
const RESULTS_MAX: usize = 5_000;

/// The schema that OASIS publishes with the standard.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One run with a rule for every code that occurs, its page as help, and a fingerprint that survives moving lines.
pub fn sarif(report: &Report<'_>) -> Cut<Value> {
    let entries = report.entries();
    let (shown, cut) = entries.split_at(entries.len().min(RESULTS_MAX));
    let mut codes: Vec<Code> = shown.iter().map(|entry| entry.finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let left_out = counted(cut.iter().map(|entry| entry.finding));
    let mut run = json!({
        "tool": { "driver": {
            "name": "Ownward",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": codes.iter().map(|code| rule(report, *code)).collect::<Vec<_>>(),
        } },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": { "SRCROOT": { "description": { "text": "the folder of the repository" } } },
        "results": shown.iter().map(|entry| result(report, entry, &codes)).collect::<Vec<_>>(),
    });
    if !left_out.is_empty() {
        let text = format!("{left_out} more: this file holds the worst {RESULTS_MAX}");
        run["invocations"] = json!([{
            "executionSuccessful": true,
            "toolExecutionNotifications": [{ "level": "warning", "message": { "text": text } }],
        }]);
    }
    Cut { form: json!({ "$schema": SCHEMA, "version": "2.1.0", "runs": [run] }), left_out }
}

fn rule(report: &Report<'_>, code: Code) -> Value {
    let mut rule = json!({
        "id": code.slug(),
        "shortDescription": { "text": code.summary() },
        "fullDescription": { "text": code.summary() },
        "help": { "text": code.page(), "markdown": code.page() },
        "properties": { "tags": ["ownership"] },
    });
    if let Some(link) = report.link(code) {
        rule["helpUri"] = link.into();
    }
    rule
}

fn result(report: &Report<'_>, entry: &Entry<'_>, codes: &[Code]) -> Value {
    let finding = entry.finding;
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let place = &entry.place;
    // A result without a place is shown nowhere.
    let mut region = json!({ "startLine": place.line_number });
    if place.is_given {
        region = json!({
            "startLine": place.line_number,
            "startColumn": place.column_number,
            "endLine": place.end_line_number,
            "endColumn": place.end_column_number,
        });
    }
    let location = json!({ "physicalLocation": { "artifactLocation": artifact(&place.path), "region": region } });
    let mut result = json!({
        "ruleId": finding.code.slug(),
        "ruleIndex": codes.binary_search(&finding.code).unwrap_or_default(),
        "level": level,
        "message": { "text": message(finding) },
        "locations": [location],
        "partialFingerprints": { "ownwardLine/v1": entry.fingerprint },
    });
    if !finding.others.is_empty() {
        result["relatedLocations"] =
            (0..).zip(&finding.others).map(|(id, label): (u32, _)| related(report, id, label)).collect();
    }
    if let Some(fix) = &finding.fix {
        result["fixes"] = json!([sarif_fix(report, finding, fix)]);
    }
    result
}

fn message(finding: &Diagnostic) -> String {
    let mut text = finding.headline.clone();
    for part in finding.notes.iter().chain(&finding.help) {
        text.push('\n');
        text.push_str(part);
    }
    literal(&clean(&text))
}

/// Text in which nothing is a link (`[text](target)`) or a place to fill in (`{0}`), by the rules of the standard; left as
/// it is where it could not be either, because not every reader takes the escapes out again.
fn literal(text: &str) -> String {
    let mut out = text.to_owned();
    if out.contains("](") {
        out = out.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    }
    let fills = |at: usize| text[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('}');
    if text.match_indices('{').any(|(at, _)| fills(at)) {
        out = out.replace('{', "{{").replace('}', "}}");
    }
    out
}

fn artifact(path: &str) -> Value {
    json!({ "uri": uri(path), "uriBaseId": "SRCROOT" })
}

fn related(report: &Report<'_>, id: u32, label: &Label) -> Value {
    let path = format!("{}{}", report.folder, report.sources.file(label.span.file).name);
    json!({
        "id": id,
        "message": { "text": clean(&label.text) },
        "physicalLocation": { "artifactLocation": artifact(&path), "region": region(report, label.span) },
    })
}

fn region(report: &Report<'_>, span: Span) -> Value {
    let file = report.sources.file(span.file);
    let start = file.position(span.start as usize);
    let end = file.position(span.end as usize);
    json!({
        "startLine": start.line_number,
        "startColumn": start.column_number,
        "endLine": end.line_number,
        "endColumn": end.column_number,
    })
}

fn sarif_fix(report: &Report<'_>, finding: &Diagnostic, fix: &Fix) -> Value {
    let path = format!("{}{}", report.folder, report.sources.file(fix.span.file).name);
    json!({
        "description": { "text": finding.help.as_deref().map(clean).unwrap_or_default() },
        "artifactChanges": [{
            "artifactLocation": artifact(&path),
            "replacements": [{
                "deletedRegion": region(report, fix.span),
                "insertedContent": { "text": fix.replacement },
            }],
        }],
    })
}

/// A path as a relative URI (RFC 3986): every byte that is no letter, digit, `-._~` or `/` as `%XX`.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
