//! What stays the same of a finding while the lines around it move.

use super::Diagnostic;
use crate::source::Sources;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// The fingerprint of every finding, in their order: 32 hexadecimal digits made of the code, the file and the text of the
/// marked line.
///
/// Moving a line, indenting it or changing other lines leaves it alone; so does a message in other words. Findings that
/// would share one are numbered in the order of the files, so that a second finding of a kind is a new one. A finding
/// without a place is known by its headline with all numbers taken out.
pub fn fingerprints(findings: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    order.sort_by_key(|at| findings[*at].primary.as_ref().map(|label| label.span));
    let mut seen: HashMap<[String; 3], u32> = HashMap::new();
    let mut all = vec![String::new(); findings.len()];
    for at in order {
        let parts = parts(&findings[at], sources);
        let number = seen.entry(parts.clone()).or_default();
        *number += 1;
        all[at] = digest(&parts, *number);
    }
    all
}

/// The line a finding is about, without the blanks around its words; its headline without numbers where it has no place.
pub fn marked_line(finding: &Diagnostic, sources: &Sources) -> String {
    match &finding.primary {
        Some(label) => {
            let file = sources.file(label.span.file);
            let line = file.line(file.position(label.span.start as usize).line_number);
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        None => finding.headline.chars().filter(|c| !c.is_ascii_digit()).collect(),
    }
}

fn parts(finding: &Diagnostic, sources: &Sources) -> [String; 3] {
    let file = finding.primary.as_ref().map_or("", |label| sources.file(label.span.file).name.as_str());
    [finding.code.slug().to_owned(), file.to_owned(), marked_line(finding, sources)]
}

fn digest(parts: &[String; 3], number: u32) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(number.to_le_bytes());
    let mut text = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::Span;

    fn found(text: &str, words: &[&str]) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add("a.own", text);
        let finding = |(at, word): (usize, &str)| {
            Diagnostic::error(Code::UnknownField, word).at(Span::new(file, at, at + word.len()), "")
        };
        let findings: Vec<Diagnostic> =
            words.iter().flat_map(|word| text.match_indices(word).map(finding).collect::<Vec<_>>()).collect();
        fingerprints(&findings, &sources)
    }

    #[test]
    fn a_line_that_moves_keeps_its_fingerprint_and_one_that_changes_does_not() {
        let before = found("when x = 1\nwhen y = 1\n", &["x", "y"]);
        assert_eq!(found("# new\n\n   when   x = 1\nwhen y = 1\n", &["x", "y"]), before);
        assert_ne!(found("when x = 2\n", &["x"])[0], before[0]);
        assert_ne!(before[0], before[1]);
    }

    #[test]
    fn doubles_are_numbered_in_the_order_of_the_file() {
        let twice = found("when x = 1\nwhen x = 1\n", &["x"]);
        assert_ne!(twice[0], twice[1]);
        assert_eq!(found("when x = 1\n", &["x"])[0], twice[0]);
    }
}
