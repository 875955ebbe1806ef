//! Choices by name: `counts as`, and every list of choices.

use super::{Left, never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, FieldTest, TestKind};
use crate::check::scope::Scope;
use crate::check::values::Side;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, surely};
use crate::schema::{ChoiceSet, FieldKind};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, Word};

impl Checker<'_> {
    pub(super) fn counts_as(&mut self, left: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        let Some((left, set)) = self.choice_field(left, "counts as", scope) else {
            return never(span);
        };
        let Some(wanted) = self.listed_choices(&left, &set, values) else {
            return never(span);
        };
        let count = u16::try_from(set.len()).unwrap_or(u16::MAX);
        let choices = (0..count).filter(|choice| wanted.iter().any(|one| set.counts_as(*choice, *one))).collect();
        test(TestKind::Field { path: left.path, test: FieldTest::Choice(choices) }, span)
    }

    fn choice_field(&mut self, expr: &Expr, what: &str, scope: &Scope) -> Option<(Left, ChoiceSet)> {
        match self.side(expr, scope) {
            Side::Field { path, record, field } => match &self.field(record, field).kind {
                FieldKind::Choice(set) => Some((Left { path, record, field }, set.clone())),
                kind => {
                    let label = format!("`{}` is {}", self.field(record, field).name, kind.describe());
                    self.error(Code::WrongType, format!("`{what}` is for choices"), expr.span, label);
                    None
                }
            },
            Side::Word(path) => {
                self.unknown_condition(&path, scope);
                None
            }
            Side::Broken => None,
            _ => {
                self.error(Code::WrongType, format!("`{what}` is for choices"), expr.span, "not a field");
                None
            }
        }
    }

    pub(super) fn listed_choices(&mut self, left: &Left, set: &ChoiceSet, values: &[Expr]) -> Option<Vec<u16>> {
        let kind = FieldKind::Choice(set.clone());
        self.tell_doubled(values, Some(&kind), left.record);
        let mut words = Vec::new();
        for value in values {
            match &value.kind {
                ExprKind::Path(path) if path.stray.is_some() => {
                    self.refuse_stray(path, Some((left, &kind)));
                    return None;
                }
                ExprKind::Path(path) => words.push(Word { text: path.text(), span: value.span, quoted: false }),
                ExprKind::Quoted(text) => words.push(Word { text: text.clone(), span: value.span, quoted: true }),
                ExprKind::Broken => return None,
                _ => {
                    self.error(Code::WrongType, "expected a choice", value.span, "not a choice");
                    return None;
                }
            }
        }
        self.choices(left, set, &words)
    }

    /// The positions of choices by name, sorted; reports every one that does not exist.
    pub(super) fn choices(&mut self, left: &Left, set: &ChoiceSet, words: &[Word]) -> Option<Vec<u16>> {
        let mut found = Vec::new();
        let mut sound = true;
        for word in words {
            match set.find(&word.text) {
                Some(choice) => found.push(choice),
                None => {
                    sound = false;
                    self.unknown_choice(left, set, word);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        sound.then_some(found)
    }

    fn unknown_choice(&mut self, left: &Left, set: &ChoiceSet, word: &Word) {
        let field = self.field(left.record, left.field);
        let spellings = set.choices.iter().flat_map(|choice| std::iter::once(&choice.name).chain(&choice.also));
        let fix = surely(&word.text, spellings.clone().map(String::as_str)).and_then(|near| set.find(near));
        let fix = fix.map(|choice| written(set.name(choice), word.quoted));
        let help = did_you_mean(&word.text, spellings.map(String::as_str));
        let known: Vec<&str> = set.names().take(12).collect();
        let more = if set.len() > 12 { ", …" } else { "" };
        let mut diagnostic =
            Diagnostic::error(Code::UnknownChoice, format!("`{}` has no choice `{}`", field.name, word.text))
                .at(word.span, "not one of its choices")
                .with_note(format!("its choices: {}{more}", known.join(", ")))
                .maybe_help(help)
                .maybe_fix(word.span, fix);
        if let Some(span) = field.span {
            diagnostic = diagnostic.at(span, format!("`{}` is declared here", field.name));
        }
        self.push(diagnostic);
    }
}

/// A choice's name as a policy writes it: in quotes where somebody began with them, or where it needs them.
fn written(name: &str, is_quoted: bool) -> String {
    let is_bare =
        name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') && name.starts_with(char::is_alphabetic);
    if is_quoted || !is_bare {
        format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        name.to_owned()
    }
}
