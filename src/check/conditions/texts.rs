//! Text tests: `is exactly`, `contains`, `starts with`, `ends with`, `matches`.

use super::{never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, FieldTest, Path, TestKind, TextTest};
use crate::check::scope::Scope;
use crate::check::values::Side;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr, ExprKind, TextOp};
use crate::value::nfc;

impl Checker<'_> {
    /// The path of a text field, or a message that says what was found.
    fn text_field(&mut self, expr: &Expr, what: &str, scope: &Scope) -> Option<Path> {
        match self.side(expr, scope) {
            Side::Field { path, record, field } => {
                let field = self.field(record, field);
                if field.kind == FieldKind::Text {
                    return Some(path);
                }
                let (name, kind) = (field.name.clone(), field.kind.describe());
                let help = match field.kind {
                    FieldKind::Many(_) => format!("write `{name} includes …`"),
                    FieldKind::Choice(_) => format!("write `{name} in (…)` with its choices"),
                    _ => "compare it with `=`, `<` or `in`".to_owned(),
                };
                self.push(
                    Diagnostic::error(Code::WrongType, format!("`{what}` is for text"))
                        .at(expr.span, format!("`{name}` is {kind}"))
                        .help(help),
                );
            }
            Side::Word(path) => self.unknown_condition(&path, scope),
            Side::Broken => {}
            _ => self.error(Code::WrongType, format!("`{what}` is for text fields"), expr.span, "not a text field"),
        }
        None
    }

    pub(super) fn is_exactly(&mut self, left: &Expr, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let Some(path) = self.text_field(left, "is exactly", scope) else {
            return never(span);
        };
        match &right.kind {
            ExprKind::Quoted(text) => {
                let test_of = TextTest::Exactly(vec![nfc(text)]);
                test(TestKind::Field { path, test: FieldTest::Text(test_of) }, span)
            }
            _ => match self.side(right, scope) {
                Side::Field { path: other, record, field } if self.field(record, field).kind == FieldKind::Text => {
                    test(TestKind::Fields { op: CompareOp::Equal, left: path, right: other, exact: true }, span)
                }
                Side::Broken => never(span),
                _ => {
                    self.push(
                        Diagnostic::error(Code::WrongType, "`is exactly` compares with a text")
                            .at(right.span, "not a text in quotes")
                            .help("write it in double quotes"),
                    );
                    never(span)
                }
            },
        }
    }

    pub(super) fn text(&mut self, op: TextOp, left: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        let word = match op {
            TextOp::Contains => "contains",
            TextOp::StartsWith => "starts with",
            TextOp::EndsWith => "ends with",
            TextOp::Matches => "matches",
        };
        let Some(path) = self.text_field(left, word, scope) else {
            return never(span);
        };
        self.tell_doubled(values, None, scope.record);
        let mut texts = Vec::new();
        for value in values {
            match self.literal_text(value) {
                Some(text) => texts.push(text),
                None => return never(span),
            }
        }
        if op == TextOp::Matches {
            let pattern = texts.pop().unwrap_or_default();
            let at = values.first().map_or(span, |value| value.span);
            return match self.regex(&pattern, at) {
                Some(regex) => test(TestKind::Field { path, test: FieldTest::Text(TextTest::Matches(regex)) }, span),
                None => never(span),
            };
        }
        let mut texts: Vec<String> = texts.iter().map(|text| self.folded(text)).collect();
        texts.sort();
        texts.dedup();
        let of = match op {
            TextOp::StartsWith => TextTest::StartsWith(texts),
            TextOp::EndsWith => TextTest::EndsWith(texts),
            _ => TextTest::Contains(texts),
        };
        test(TestKind::Field { path, test: FieldTest::Text(of) }, span)
    }

    fn literal_text(&mut self, value: &Expr) -> Option<String> {
        match &value.kind {
            ExprKind::Quoted(text) if !text.trim().is_empty() => Some(text.clone()),
            ExprKind::Quoted(_) => {
                self.error(Code::WrongType, "a blank text is in every text", value.span, "blank");
                None
            }
            ExprKind::Path(path) if path.stray.is_none() && path.names.len() == 1 => Some(path.text()),
            ExprKind::Path(path) => {
                let whole = match &path.stray {
                    Some(stray) => format!("{} {}", path.text(), stray.text),
                    None => path.text(),
                };
                self.push(
                    Diagnostic::error(Code::UnquotedText, "text with blanks or dots in it needs quotes")
                        .at(value.span, "read as several words")
                        .help(format!("write \"{whole}\"")),
                );
                None
            }
            ExprKind::Broken => None,
            _ => {
                self.push(
                    Diagnostic::error(Code::WrongType, "expected a text")
                        .at(value.span, "not a text")
                        .help("write it in double quotes"),
                );
                None
            }
        }
    }
}
