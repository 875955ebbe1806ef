//! All findings of one check as machines take them: worst first, each with its place and a fingerprint that lasts.

use crate::diagnostic::{Code, Diagnostic, Severity, fingerprints};
use crate::source::Sources;

/// What a form for machines is made from.
///
/// Findings may come in any order; forms show the worst first, and among equals keep the order of the files.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    pub findings: &'a [Diagnostic],
    pub sources: &'a Sources,
    /// The project's folder as the CI system calls it, with a `/` behind it: `policies/crm/`. Empty where they are one.
    pub folder: &'a str,
    /// The file that findings without a place are shown at, by its name in the project: some forms cannot do without.
    pub home: &'a str,
    /// Where `docs/messages/` can be read, without a `/` at its end; `None` where nobody said.
    pub docs: Option<&'a str>,
    /// Findings at least as bad as this one fail the check.
    pub fails: Severity,
}

/// One finding of a report, with its place.
pub(super) struct Entry<'a> {
    pub finding: &'a Diagnostic,
    pub fingerprint: String,
    pub place: Place,
}

/// Lines and columns from 1. `is_given` is false where the finding speaks of no place.
pub(super) struct Place {
    pub path: String,
    pub line_number: usize,
    pub column_number: usize,
    pub end_line_number: usize,
    pub end_column_number: usize,
    pub is_given: bool,
}

impl<'a> Report<'a> {
    /// The findings, worst first.
    pub(super) fn entries(&self) -> Vec<Entry<'a>> {
        let found = self.findings.iter().zip(fingerprints(self.findings, self.sources));
        let mut entries: Vec<Entry<'a>> =
            found.map(|(finding, fingerprint)| Entry { finding, fingerprint, place: self.place(finding) }).collect();
        entries.sort_by_key(|entry| entry.finding.severity);
        entries
    }

    fn place(&self, finding: &Diagnostic) -> Place {
        let Some(label) = &finding.primary else {
            let path = format!("{}{}", self.folder, self.home);
            let (line_number, column_number) = (1, 1);
            return Place {
                path,
                line_number,
                column_number,
                end_line_number: 1,
                end_column_number: 1,
                is_given: false,
            };
        };
        let file = self.sources.file(label.span.file);
        let start = file.position(label.span.start as usize);
        let end = file.position(label.span.end as usize);
        Place {
            path: format!("{}{}", self.folder, file.name),
            line_number: start.line_number,
            column_number: start.column_number,
            end_line_number: end.line_number,
            end_column_number: end.column_number,
            is_given: true,
        }
    }

    /// Where the page of a code can be read, if anybody said where the pages are.
    pub(super) fn link(&self, code: Code) -> Option<String> {
        self.docs.map(|docs| format!("{docs}/{code}.md"))
    }
}

/// `2 errors, 1 note`; what was left out of a form that has no room for it.
pub(super) fn counted<'a>(findings: impl Iterator<Item = &'a Diagnostic>) -> String {
    let mut numbers = [0_usize; 3];
    for finding in findings {
        numbers[finding.severity as usize] += 1;
    }
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    let parts = severities.into_iter().zip(numbers).filter(|(_, number)| *number > 0);
    let words = parts.map(|(one, number)| format!("{number} {}{}", one.word(), if number == 1 { "" } else { "s" }));
    words.collect::<Vec<_>>().join(", ")
}
