//! Findings that were there before somebody began to look, kept in a file beside the policies.
//!
//! One line a finding, sorted, so that two branches that both mend something merge without a conflict worth reading. Only
//! the fingerprint in front counts; what follows it tells a reader what it is.

use super::{Diagnostic, fingerprints, marked_line, render};
use crate::source::Sources;
use std::collections::BTreeSet;

/// The first line: what the file is, and in which version.
const HEAD: &str = "# ownward baseline 1";
const ABOUT: &str = "# Findings that `ownward check --baseline` does not report: fingerprint, code, file, line.\n\
                     # `ownward check --write-baseline` writes it again.";
/// Characters of a line that are shown to the reader.
const SHOWN_CHARS: usize = 100;

/// Fingerprints of findings that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeSet<String>,
}

/// Findings held against a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Findings that the baseline does not list, in their order.
    pub new: Vec<Diagnostic>,
    pub known_count: usize,
    /// Entries of the baseline that no finding has any more.
    pub mended_count: usize,
}

impl Baseline {
    /// Reads a baseline. Comments and empty lines are skipped, and so is everything behind a fingerprint: what a merge left
    /// twice counts once. Errors: a sentence that says what is wrong, without the file's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.lines().next().is_none_or(|line| line.trim_end() != HEAD) {
            return Err(format!("its first line is not `{HEAD}`"));
        }
        let mut known = BTreeSet::new();
        for (number, line) in (1..).zip(text.lines()) {
            let Some(first) = line.split_whitespace().next().filter(|first| !first.starts_with('#')) else {
                continue;
            };
            if first.len() != 32 || !first.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("line {number} begins with no fingerprint (32 hexadecimal digits)"));
            }
            known.insert(first.to_lowercase());
        }
        Ok(Baseline { known })
    }

    /// The text of a baseline that lists these findings, sorted by code, file and line.
    pub fn write(findings: &[Diagnostic], sources: &Sources) -> String {
        let found = findings.iter().zip(fingerprints(findings, sources));
        let mut lines: Vec<(String, String)> = found
            .map(|(finding, fingerprint)| {
                let file = finding.primary.as_ref().map_or("-", |label| sources.file(label.span.file).name.as_str());
                let line: String = marked_line(finding, sources).chars().take(SHOWN_CHARS).collect();
                (render::clean(&format!("{} {file} {line}", finding.code)).replace('\n', " "), fingerprint)
            })
            .collect();
        lines.sort();
        let mut text = format!("{HEAD}\n{ABOUT}\n");
        for (about, fingerprint) in lines {
            text.push_str(&format!("{fingerprint} {}\n", about.trim_end()));
        }
        text
    }

    /// Parts findings into new ones and known ones.
    pub fn compare(&self, findings: Vec<Diagnostic>, sources: &Sources) -> Compared {
        let fingerprints = fingerprints(&findings, sources);
        let found: BTreeSet<&str> = fingerprints.iter().map(String::as_str).collect();
        let mended_count = self.known.iter().filter(|known| !found.contains(known.as_str())).count();
        let all = findings.len();
        let found = findings.into_iter().zip(&fingerprints);
        let new: Vec<Diagnostic> =
            found.filter(|(_, print)| !self.known.contains(*print)).map(|(finding, _)| finding).collect();
        Compared { known_count: all - new.len(), mended_count, new }
    }
}
