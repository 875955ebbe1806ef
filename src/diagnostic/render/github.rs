//! Workflow commands: GitHub shows them beside the lines of a pull request.

use super::report::{Entry, Report, counted};
use super::{Cut, clean};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;

/// Annotations of each level that GitHub shows for one step of a job; further ones are dropped there without a word.
const ANNOTATIONS_MAX: usize = 10;

/// One workflow command for a message: one line, whatever stands in the message.
pub fn github(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let one = std::slice::from_ref(diagnostic);
    let report = Report { findings: one, sources, folder: "", home: "", docs: None, fails: Severity::Error };
    report.entries().iter().map(|entry| command(&report, entry)).collect()
}

/// The commands for all findings, worst first; at most as many as GitHub shows. Where some are left out, the last command
/// says how many.
pub fn annotations(report: &Report<'_>) -> Cut<Vec<String>> {
    let entries = report.entries();
    let mut taken = [0_usize; 3];
    let mut shown = |finding: &Diagnostic| {
        let number = &mut taken[finding.severity as usize];
        *number += 1;
        *number <= ANNOTATIONS_MAX
    };
    let (kept, cut): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) = entries.iter().partition(|entry| shown(entry.finding));
    let mut left_out: Vec<&Diagnostic> = cut.iter().map(|entry| entry.finding).collect();
    let mut kept: Vec<&Entry<'_>> = kept;
    let notes = kept.iter().filter(|entry| entry.finding.severity == Severity::Note).count();
    if !left_out.is_empty()
        && notes == ANNOTATIONS_MAX
        && let Some(last) = kept.pop()
    {
        // The command that counts the others is a notice itself, and takes the place of one.
        left_out.push(last.finding);
    }
    let mut lines: Vec<String> = kept.iter().map(|entry| command(report, entry)).collect();
    let left_out = counted(left_out.into_iter());
    if !left_out.is_empty() {
        lines.push(format!(
            "::notice title=ownward::{left_out} more: GitHub shows {ANNOTATIONS_MAX} of each kind. \
             `ownward check` shows all of them"
        ));
    }
    Cut { form: lines, left_out }
}

fn command(report: &Report<'_>, entry: &Entry<'_>) -> String {
    let finding = entry.finding;
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = Vec::new();
    if entry.place.is_given {
        let place = &entry.place;
        properties.push(format!(
            "file={},line={},endLine={},col={}",
            property(&place.path),
            place.line_number,
            place.end_line_number,
            place.column_number
        ));
    }
    properties.push(format!("title={}", property(finding.code.slug())));
    let mut text = finding.headline.clone();
    let link = report.link(finding.code);
    for part in finding.notes.iter().chain(&finding.help).chain(&link) {
        text.push('\n');
        text.push_str(part);
    }
    format!("::{level} {}::{}", properties.join(","), command_text(&text))
}

/// Text behind the `::` of a workflow command: one line, and nothing in it can begin a command of its own.
pub fn command_text(text: &str) -> String {
    clean(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    command_text(text).replace(':', "%3A").replace(',', "%2C")
}
