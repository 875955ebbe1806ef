//! Words where none fits: what was meant by them, as far as it can be guessed.

use super::Left;
use crate::check::Checker;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{PathExpr, Word};
use crate::value::fold;

impl Checker<'_> {
    /// A path that no stray words follow; what follows is told.
    pub(in crate::check) fn whole(&mut self, path: &PathExpr) -> Option<()> {
        (!self.refuse_stray(path, None)).then_some(())
    }

    /// Words that follow a name without fitting: a choice with a blank in it, or a sentence that goes wrong here.
    pub(super) fn refuse_stray(&mut self, path: &PathExpr, left: Option<(&Left, &FieldKind)>) -> bool {
        let Some(stray) = &path.stray else {
            return false;
        };
        let whole = format!("{} {}", path.text(), stray.text);
        let span = path.span.to(stray.span);
        let first = stray.text.split(' ').next().unwrap_or_default();
        if let Some((_, FieldKind::Choice(set) | FieldKind::Many(set))) = left {
            let spellings = set.choices.iter().flat_map(|choice| std::iter::once(&choice.name).chain(&choice.also));
            if let Some(near) = nearest(&whole, spellings.map(String::as_str)) {
                let name = set.find(near).map_or(near, |choice| set.name(choice));
                self.push(
                    Diagnostic::error(Code::UnquotedText, "a choice of several words needs quotes")
                        .at(span, "read as several words")
                        .help(format!("write `{name}`, or quote it: \"{whole}\""))
                        .maybe_fix(span, set.find(&whole).map(|_| format!("\"{whole}\""))),
                );
                return true;
            }
        } else if let Some((_, FieldKind::Text | FieldKind::Reference { .. })) = left
            && nearest(first, ["assign", "keep"]).is_none()
        {
            self.push(
                Diagnostic::error(Code::UnquotedText, "text with blanks in it needs quotes")
                    .at(span, "read as several words")
                    .help(format!("write \"{whole}\""))
                    .maybe_fix(span, (!goes_on(&stray.text)).then(|| format!("\"{whole}\""))),
            );
            return true;
        }
        if nearest(first, ["assign", "keep"]).is_some() {
            // The parser has already said that the action is mistyped.
            return true;
        }
        self.push(stray_word(path, stray, first));
        true
    }

    /// A bare word where a number or a day was expected.
    pub(in crate::check) fn unknown_word(&mut self, path: &PathExpr) {
        if self.refuse_stray(path, None) {
            return;
        }
        let names = self
            .schema
            .records
            .iter()
            .flat_map(|record| record.fields.iter().map(|field| field.name.as_str()))
            .chain(self.tree.defines.iter().map(|define| define.name.text.as_str()));
        let help = did_you_mean(&path.text(), names);
        self.push(
            Diagnostic::error(Code::UnknownField, format!("`{}` is no field and no define", path.text()))
                .at(path.span, "not declared")
                .maybe_help(help),
        );
    }
}

/// Whether words behind a text may be a sentence that goes on, and no part of the text: one of them is near a keyword.
fn goes_on(words: &str) -> bool {
    let keywords = ["then", "and", "or", "not", "is", "in", "assign", "keep", "hold", "lock", "add", "because", "else"];
    words.split(' ').any(|word| nearest(word, keywords).is_some())
}

/// A word behind a name where none fits: a mistyped keyword, a habit, a comparison without its mark.
fn stray_word(path: &PathExpr, stray: &Word, first: &str) -> Diagnostic {
    let at = Span { end: stray.span.start + u32::try_from(first.len()).unwrap_or(0), ..stray.span };
    if matches!(fold(&path.text()).as_str(), "and" | "or") {
        return Diagnostic::error(Code::Syntax, format!("`{}` fits nowhere here", path.text()))
            .at(path.span, "expected a condition")
            .help("remove it, or the word before it");
    }
    if fold(first) == "then" {
        return Diagnostic::error(Code::ForeignHabit, "`then` is not needed")
            .at(at, "from another language")
            .help("remove it")
            .fix(at, "");
    }
    let keywords = ["is", "in", "and", "or", "not", "contains", "starts", "ends", "matches", "includes", "between"];
    let near = keywords.into_iter().find(|word| first.chars().rev().eq(word.chars())).or(nearest(first, keywords));
    if let Some(near) = near {
        return Diagnostic::error(Code::Syntax, format!("expected `{near}`, found `{first}`"))
            .at(at, "not expected here")
            .help(format!("did you mean `{near}`?"));
    }
    let diagnostic = Diagnostic::error(Code::Syntax, format!("`{first}` fits nowhere here"))
        .at(at, "expected a comparison, `and`, `or` or an action");
    if stray.text.contains(' ') {
        diagnostic.help("names have no blanks; text with blanks stands in double quotes")
    } else {
        diagnostic.help(format!("a comparison is written `{} = {first}`", path.text()))
    }
}
