//! Results of tests as JUnit XML, the form that CI systems read.
//!
//! After the schema that Jenkins and GitLab accept: a suite for each policy file, a case for each test or row of a table. No
//! times are written: the same policies give the same bytes.

use std::fmt::Write;

/// One case of a file.
pub struct JunitCase {
    pub file: String,
    pub line_number: usize,
    pub name: String,
    /// Kind, headline and text of what went wrong; `None` where it passed.
    pub failure: Option<(&'static str, String, String)>,
}

/// The whole document. Cases of one file stand together, in the order in which they come.
pub fn document(cases: &[JunitCase]) -> String {
    let failures = |cases: &[&JunitCase]| cases.iter().filter(|case| case.failure.is_some()).count();
    let all: Vec<&JunitCase> = cases.iter().collect();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = |cases: &[&JunitCase]| format!("tests=\"{}\" failures=\"{}\"", cases.len(), failures(cases));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "<testsuites name=\"ownward\" {} errors=\"0\">", counts(&all));
    let mut files: Vec<&str> = Vec::new();
    for case in cases {
        if !files.contains(&case.file.as_str()) {
            files.push(&case.file);
        }
    }
    for file in files {
        let own: Vec<&JunitCase> = cases.iter().filter(|case| case.file == file).collect();
        let _ = writeln!(text, "  <testsuite name=\"{}\" {} errors=\"0\" skipped=\"0\">", escape(file), counts(&own));
        for case in own {
            let (name, line_number) = (escape(&case.name), case.line_number);
            let place = format!("classname=\"{0}\" name=\"{name}\" file=\"{0}\" line=\"{line_number}\"", escape(file));
            match &case.failure {
                None => {
                    let _ = writeln!(text, "    <testcase {place}/>");
                }
                Some((kind, headline, told)) => {
                    let _ = writeln!(text, "    <testcase {place}>");
                    let headline = escape(headline);
                    let _ = writeln!(
                        text,
                        "      <failure type=\"{kind}\" message=\"{headline}\">{}</failure>",
                        escape(told)
                    );
                    let _ = writeln!(text, "    </testcase>");
                }
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// Text as it may stand in content and in attributes; what no XML document may hold becomes U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
