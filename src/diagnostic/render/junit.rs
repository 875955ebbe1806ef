//! JUnit XML: what most CI systems show as tests. There is no standard; this keeps to what all of them read: one suite, a
//! case a file without failures, a case a finding that fails, and everything else as the output of the suite.

use super::report::{Entry, Report};
use super::{clean, plain};
use std::collections::HashSet;
use std::fmt::Write;

/// The report as one XML document. Findings that do not fail the check are told in `system-out`.
pub fn junit(report: &Report<'_>) -> String {
    let entries = report.entries();
    let fails = |entry: &&Entry<'_>| entry.finding.severity <= report.fails;
    let failed: Vec<&Entry<'_>> = entries.iter().filter(fails).collect();
    let failed_paths: HashSet<&str> = failed.iter().map(|entry| entry.place.path.as_str()).collect();
    let sound: Vec<String> = report
        .sources
        .iter()
        .map(|(_, file)| format!("{}{}", report.folder, file.name))
        .filter(|path| !failed_paths.contains(path.as_str()))
        .collect();
    let (tests, failures) = (sound.len() + failed.len(), failed.len());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let numbers = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\"");
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<testsuites name=\"ownward\" {numbers}>\n  <testsuite name=\"ownward check\" {numbers}>");
    for path in &sound {
        let _ = writeln!(out, "    <testcase classname=\"ownward check\" name=\"{}\"/>", escape(path));
    }
    for entry in failed {
        let name = format!("{}:{} {}", entry.place.path, entry.place.line_number, entry.finding.headline);
        let _ = writeln!(
            out,
            "    <testcase classname=\"ownward check\" name=\"{}\" file=\"{}\" line=\"{}\">\n      <failure type=\"{}\" \
             message=\"{}\">{}</failure>\n    </testcase>",
            escape(&name),
            escape(&entry.place.path),
            entry.place.line_number,
            entry.finding.code,
            escape(&entry.finding.headline),
            escape(&plain(entry.finding, report.sources))
        );
    }
    let rest: Vec<String> =
        entries.iter().filter(|entry| !fails(entry)).map(|entry| plain(entry.finding, report.sources)).collect();
    if !rest.is_empty() {
        let _ = writeln!(out, "    <system-out>{}</system-out>", escape(&rest.join("\n")));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// Text for an element or an attribute. What XML 1.0 has no way to write is already shown by [`clean`] or taken out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // An attribute would turn them into blanks.
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
