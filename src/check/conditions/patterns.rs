//! Patterns: regular expressions over folded text.

use crate::check::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::fold;
use unicode_normalization::UnicodeNormalization;

impl Checker<'_> {
    /// A pattern over folded text: letter case never matters, so it is matched without regard to it.
    pub(super) fn regex(&mut self, pattern: &str, span: Span) -> Option<regex::Regex> {
        let built = regex::RegexBuilder::new(&folded_pattern(pattern))
            .case_insensitive(true)
            .size_limit(crate::limits::REGEX_BYTES_MAX)
            .nest_limit(64)
            .build();
        match built {
            Ok(regex) => Some(regex),
            Err(regex::Error::CompiledTooBig(limit)) => {
                self.push(
                    Diagnostic::error(Code::BadPattern, "a pattern that grows too large")
                        .at(span, format!("more than {limit} bytes when compiled"))
                        .help("bound its repetitions, or match a simpler part of the text"),
                );
                None
            }
            Err(error) => {
                // The library draws the pattern over several lines; its last line says what is wrong.
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.push(
                    Diagnostic::error(Code::BadPattern, "a pattern that cannot be read")
                        .at(span, reason)
                        .help("patterns follow the crate `regex`: no look-around, no back-references"),
                );
                None
            }
        }
    }
}

/// A pattern whose letters are folded as the text is that it is matched with: `Straße` must find `STRASSE`.
///
/// What a class (`[äß]`) holds stays as it is, for a class stands for one character.
fn folded_pattern(pattern: &str) -> String {
    let pattern: String = pattern.nfc().collect();
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut classes_open = 0_usize;
    let mut is_class_start = false;
    while let Some(c) = chars.next() {
        let was_class_start = std::mem::take(&mut is_class_start);
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '[' => {
                classes_open += 1;
                is_class_start = true;
            }
            '^' if was_class_start => is_class_start = true,
            ']' if !was_class_start => classes_open = classes_open.saturating_sub(1),
            _ => {}
        }
        let folded = if c.is_ascii() || classes_open > 0 { String::new() } else { fold(c.encode_utf8(&mut [0; 4])) };
        match folded.chars().count() {
            0 => out.push(c),
            1 => out.push_str(&folded),
            // Repetition marks after it mean all of it.
            _ => out.extend(["(?:", &folded, ")"]),
        }
    }
    out
}
