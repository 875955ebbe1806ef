//! GitLab's code quality report: the widget of a merge request.

use super::report::{Entry, Report, counted};
use super::{Cut, clean};
use crate::diagnostic::Severity;
use serde_json::{Value, json};

/// Findings in one report: a merge request with more helps nobody, and the report is an artifact with a limit.
const FINDINGS_MAX: usize = 5_000;

/// The report, worst first. A finding without a place stands at the first line of the report's `home`: GitLab drops what
/// has none. Fingerprints are unique, as GitLab asks.
pub fn gitlab(report: &Report<'_>) -> Cut<Value> {
    let entries = report.entries();
    let (shown, cut) = entries.split_at(entries.len().min(FINDINGS_MAX));
    let form = shown.iter().map(issue).collect();
    Cut { form, left_out: counted(cut.iter().map(|entry| entry.finding)) }
}

fn issue(entry: &Entry<'_>) -> Value {
    let finding = entry.finding;
    let severity = match finding.severity {
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Note => "info",
    };
    let mut description = finding.headline.clone();
    if let Some(help) = &finding.help {
        description = format!("{description}: {help}");
    }
    json!({
        "description": clean(&description).replace('\n', " "),
        "check_name": finding.code.slug(),
        "fingerprint": entry.fingerprint,
        "severity": severity,
        "location": {
            "path": entry.place.path,
            "lines": { "begin": entry.place.line_number, "end": entry.place.end_line_number },
        },
    })
}
