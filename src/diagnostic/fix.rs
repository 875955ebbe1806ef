//! Mends written into texts.

use super::{Code, Diagnostic, Fix};
use crate::source::{FileId, Sources};

/// Texts with mends in them.
#[derive(Clone, Debug)]
pub struct Mended {
    /// All files, changed or not, under their names and in their order.
    pub sources: Sources,
    /// How many mends are in it.
    pub count: usize,
}

/// The texts with every one of these mends, but for those that reach into one before them: they wait for the next look.
pub fn mended<'f>(findings: impl IntoIterator<Item = &'f Diagnostic>, sources: &Sources) -> Mended {
    let mut fixes: Vec<&Fix> = findings.into_iter().filter_map(|finding| finding.fix.as_ref()).collect();
    fixes.sort_by_key(|fix| fix.span);
    fixes.dedup();
    let mut out = Sources::default();
    let mut count = 0;
    for (id, file) in sources.iter() {
        let of_file = fixes.iter().filter(|fix| fix.span.file == id).copied();
        let (text, written) = write(&file.text, of_file);
        out.add(&file.name, text);
        count += written;
    }
    Mended { sources: out, count }
}

fn write<'f>(text: &str, fixes: impl Iterator<Item = &'f Fix>) -> (String, usize) {
    let mut out = String::with_capacity(text.len());
    let (mut at, mut count) = (0, 0);
    for fix in fixes {
        let (start, end) = bytes(text, fix);
        // A place between two bytes of a character would be a fault of whoever made the mend: it is left out.
        let (Some(before), Some(_)) = (text.get(at..start), text.get(start..end)) else {
            continue;
        };
        out.push_str(before);
        out.push_str(&fix.replacement);
        at = end;
        count += 1;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    (out, count)
}

/// The bytes that a mend replaces. What is taken out takes its line with it if nothing else stands there.
fn bytes(text: &str, fix: &Fix) -> (usize, usize) {
    let (start, end) = (fix.span.start as usize, (fix.span.end as usize).min(text.len()));
    if !fix.replacement.is_empty() || !text.is_char_boundary(start.min(end)) || !text.is_char_boundary(end) {
        return (start, end);
    }
    let is_blank = |c: char| c == ' ' || c == '\t' || c == '\r';
    let before = text[..start.min(end)].trim_end_matches(is_blank);
    let after = text[end..].trim_start_matches(is_blank);
    let line_begins = before.is_empty() || before.ends_with('\n');
    match after.strip_prefix('\n') {
        Some(rest) if line_begins => (before.len(), text.len() - rest.len()),
        None if line_begins && after.is_empty() => (before.len(), text.len()),
        // Of the blanks on both sides one is enough.
        _ if text[..start].ends_with(' ') && text[end..].starts_with(' ') => (start, end + 1),
        _ => (start, end),
    }
}

/// Takes back the mends that would cost somebody a remark: a rule is not deleted with a comment in it or right above it, nor
/// a value with a comment before it.
pub fn keep_safe(findings: &mut [Diagnostic], sources: &Sources) {
    for finding in findings {
        let costs_a_remark = finding.fix.as_ref().is_some_and(|fix| match finding.code {
            Code::UnreachableRule => has_remark(fix, sources),
            Code::DoubledValue => {
                let file = sources.file(fix.span.file);
                file.slice(fix.span.start as usize, fix.span.end as usize).contains('#')
            }
            _ => false,
        });
        if costs_a_remark {
            finding.fix = None;
        }
    }
}

fn has_remark(fix: &Fix, sources: &Sources) -> bool {
    let file = sources.file(fix.span.file);
    let last = file.position(fix.span.end as usize).line_number;
    let first = file.position(fix.span.start as usize).line_number;
    // A `#` inside a text is none, but a rule that is left alone is no loss.
    let is_inside = (first..=last).any(|number| file.line(number).contains('#'));
    let above = file.line(first - 1).trim_start();
    is_inside || above.starts_with('#') || above.to_lowercase().starts_with("allow ")
}

/// The files whose texts differ.
pub fn changed(before: &Sources, after: &Sources) -> Vec<FileId> {
    before.iter().zip(after.iter()).filter(|((_, old), (_, new))| old.text != new.text).map(|((id, _), _)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::source::Span;

    fn write(text: &str, fixes: &[(usize, usize, &str)]) -> (String, usize) {
        let mut sources = Sources::default();
        let file = sources.add("a.own", text);
        let findings: Vec<Diagnostic> = fixes
            .iter()
            .map(|(start, end, to)| Diagnostic::error(Code::Syntax, "x").fix(Span::new(file, *start, *end), *to))
            .collect();
        let mended = mended(&findings, &sources);
        (mended.sources.file(file).text.clone(), mended.count)
    }

    #[test]
    fn mends_are_written_in_the_order_of_the_text_and_never_into_each_other() {
        assert_eq!(write("a == b && c", &[(7, 9, "and"), (2, 4, "=")]), ("a = b and c".into(), 2));
        assert_eq!(write("abcdef", &[(0, 3, "x"), (2, 4, "y")]), ("xdef".into(), 1));
        assert_eq!(write("ä", &[(1, 2, "x")]), ("ä".into(), 0));
        assert_eq!(write("a", &[(5, 9, "x")]), ("a".into(), 0));
    }

    #[test]
    fn a_line_of_which_nothing_is_left_goes() {
        assert_eq!(write("a\n  allow x\nb\n", &[(4, 11, "")]), ("a\nb\n".into(), 1));
        assert_eq!(write("a\n  allow x # why\nb\n", &[(4, 11, "")]), ("a\n  # why\nb\n".into(), 1));
        assert_eq!(write("a then b\n", &[(2, 6, "")]), ("a b\n".into(), 1));
        assert_eq!(write("a\nallow x", &[(2, 9, "")]), ("a\n".into(), 1));
    }
}
