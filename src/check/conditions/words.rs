//! Words on the right of a comparison: a choice, another field or a text, read by the rules of `docs/language.md`.

use super::{Left, negate, never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, FieldTest, TestKind, TextTest};
use crate::check::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr, ExprKind, PathExpr, Word};
use crate::value::fold;

pub(super) enum Right {
    Words(Vec<Word>),
    Field(Left),
}

impl Checker<'_> {
    /// Text, choices, yes-or-no and references: equality with a word, a text or another field; order for ordered choices.
    pub(super) fn compare_word(
        &mut self,
        op: CompareOp,
        left: Left,
        kind: &FieldKind,
        right: &Expr,
        span: Span,
        scope: &Scope,
    ) -> Cond {
        let is_equality = matches!(op, CompareOp::Equal | CompareOp::Unequal);
        let is_ordered = matches!(kind, FieldKind::Choice(set) if set.ordered);
        if !is_equality && !is_ordered {
            let name = self.field(left.record, left.field).name.clone();
            let help = match kind {
                FieldKind::Choice(_) => "declare it `ordered (A < B < …)` to compare its choices",
                FieldKind::Text => "text has no order; a field that holds numbers is declared `number`",
                _ => "compare it with `=` or `!=`",
            };
            self.push(
                Diagnostic::error(Code::WrongType, format!("`{name}` has no order"))
                    .at(span, format!("{} cannot be compared with `{}`", kind.describe(), op.mark()))
                    .help(help),
            );
            return never(span);
        }
        match self.word_or_field(&left, kind, right, scope) {
            Some(Right::Words(words)) => self.word_test(op, left, kind, &words, span),
            Some(Right::Field(other)) => self.compare_fields(op, left, kind, other, span),
            None => never(span),
        }
    }

    fn word_test(&mut self, op: CompareOp, left: Left, kind: &FieldKind, words: &[Word], span: Span) -> Cond {
        let negated = op == CompareOp::Unequal;
        let Some(field_test) = self.one_of(&left, kind, words) else {
            return never(span);
        };
        let field_test = match (op, field_test, kind) {
            (CompareOp::Equal | CompareOp::Unequal, found, _) => found,
            (op, FieldTest::Choice(found), FieldKind::Choice(set)) => {
                let bound = found.first().copied().unwrap_or(0);
                let count = u16::try_from(set.len()).unwrap_or(u16::MAX);
                FieldTest::Choice((0..count).filter(|choice| op.holds(choice.cmp(&bound))).collect())
            }
            (_, found, _) => found,
        };
        negate(test(TestKind::Field { path: left.path, test: field_test }, span), negated)
    }

    pub(super) fn compare_fields(
        &mut self,
        op: CompareOp,
        left: Left,
        kind: &FieldKind,
        other: Left,
        span: Span,
    ) -> Cond {
        let other_kind = &self.field(other.record, other.field).kind;
        let fits = match (kind, other_kind) {
            (FieldKind::Text, FieldKind::Text) | (FieldKind::YesNo, FieldKind::YesNo) => true,
            (FieldKind::Choice(a), FieldKind::Choice(b)) => a == b,
            (FieldKind::Reference { record: a, .. }, FieldKind::Reference { record: b, .. }) => a == b,
            (FieldKind::Text, FieldKind::Choice(_)) | (FieldKind::Choice(_), FieldKind::Text) => {
                matches!(op, CompareOp::Equal | CompareOp::Unequal)
            }
            _ => false,
        };
        if !fits {
            let names =
                (self.field(left.record, left.field).name.clone(), self.field(other.record, other.field).name.clone());
            let kinds = (kind.describe(), other_kind.describe());
            self.push(
                Diagnostic::error(Code::WrongType, format!("`{}` and `{}` cannot be compared", names.0, names.1))
                    .at(span, format!("{} and {}", kinds.0, kinds.1))
                    .help("two fields are compared only if they hold the same kind of value"),
            );
            return never(span);
        }
        let kind = |op| TestKind::Fields { op, left: left.path.clone(), right: other.path.clone(), exact: false };
        match op {
            CompareOp::Unequal => negate(test(kind(CompareOp::Equal), span), true),
            op => test(kind(op), span),
        }
    }

    /// The right side of a comparison with a text-like field: words, or another field.
    pub(super) fn word_or_field(
        &mut self,
        left: &Left,
        kind: &FieldKind,
        right: &Expr,
        scope: &Scope,
    ) -> Option<Right> {
        match &right.kind {
            ExprKind::Group(inner) => self.word_or_field(left, kind, inner, scope),
            ExprKind::Quoted(text) => {
                Some(Right::Words(vec![Word { text: text.clone(), span: right.span, quoted: true }]))
            }
            ExprKind::Path(path) => self.bare_word(left, kind, path, scope),
            ExprKind::Broken => None,
            ExprKind::Number(number) => {
                // A key such as `007` loses its zeros as a number: only quotes keep what was typed.
                self.push(
                    Diagnostic::error(Code::WrongType, "a number where text is compared")
                        .at(
                            right.span,
                            format!("`{}` is {}", self.field(left.record, left.field).name, kind.describe()),
                        )
                        .help(format!("quote it: \"{number}\"")),
                );
                None
            }
            _ => {
                let name = self.field(left.record, left.field).name.clone();
                let describe = kind.describe();
                self.push(
                    Diagnostic::error(Code::WrongType, format!("`{name}` cannot be compared with this"))
                        .at(right.span, format!("`{name}` is {describe}"))
                        .help("compare it with a value of its kind; text stands in double quotes"),
                );
                None
            }
        }
    }

    /// A bare word: a choice if the left side has them; else a field; else text (design section 2, "Reading a word").
    fn bare_word(&mut self, left: &Left, kind: &FieldKind, path: &PathExpr, scope: &Scope) -> Option<Right> {
        if path.stray.is_some() {
            self.refuse_stray(path, Some((left, kind)));
            return None;
        }
        let field = if path.names.len() == 1 {
            path.single().and_then(|word| self.schema.record(scope.record).find(&word.text))
        } else {
            None
        };
        let word = Word { text: path.text(), span: path.span, quoted: false };
        let choice = match kind {
            FieldKind::Choice(set) | FieldKind::Many(set) => set.find(&word.text),
            FieldKind::YesNo => yes_no(&word.text).map(u16::from),
            _ => None,
        };
        if let (Some(_), Some(other)) = (choice, field) {
            let name = self.field(left.record, left.field).name.clone();
            let at = self.field(scope.record, other).span;
            let mut diagnostic =
                Diagnostic::error(Code::AmbiguousWord, format!("`{}` is a choice of `{name}` and a field", word.text))
                    .at(word.span, "which is meant?")
                    .help(format!("quote the choice: \"{}\"", word.text));
            if let Some(at) = at {
                diagnostic = diagnostic.at(at, "the field");
            }
            self.push(diagnostic);
            return None;
        }
        if choice.is_some() {
            return Some(Right::Words(vec![word]));
        }
        if let Some(field) = field {
            return Some(Right::Field(Left { path: scope.path(&[], field), record: scope.record, field }));
        }
        let is_path =
            self.schema.record(scope.record).find(&path.names[0].text).is_some() || self.outer(path, scope).is_some();
        if path.names.len() > 1 && is_path {
            let (resolved, record) = self.resolve(path, scope)?;
            return Some(Right::Field(Left { field: resolved.field, path: resolved, record }));
        }
        if matches!(kind, FieldKind::Text | FieldKind::Reference { .. }) {
            let fields = self.schema.record(scope.record).fields.iter().map(|field| field.name.as_str());
            if let Some(near) = nearest(&word.text, fields) {
                let near = near.to_owned();
                self.push(
                    Diagnostic::error(
                        Code::AmbiguousWord,
                        format!("`{}` can be a text or a mistyped field", word.text),
                    )
                    .at(word.span, format!("near the field `{near}`"))
                    .help(format!("write \"{}\" for the text, or `{near}` for the field", word.text)),
                );
                return None;
            }
        }
        Some(Right::Words(vec![word]))
    }

    /// A test that the field is one of these words.
    pub(super) fn one_of(&mut self, left: &Left, kind: &FieldKind, words: &[Word]) -> Option<FieldTest> {
        match kind {
            FieldKind::Text | FieldKind::Reference { .. } => {
                if let Some(blank) = words.iter().find(|word| word.text.trim().is_empty()) {
                    let name = self.field(left.record, left.field).name.clone();
                    self.push(
                        Diagnostic::error(Code::WrongType, "a blank text equals nothing")
                            .at(blank.span, "blank cells are missing values")
                            .help(format!("write `{name} is missing`")),
                    );
                    return None;
                }
                if matches!(kind, FieldKind::Text) {
                    let mut texts: Vec<String> = words.iter().map(|word| self.folded(&word.text)).collect();
                    texts.sort();
                    texts.dedup();
                    return Some(FieldTest::Text(TextTest::OneOf(texts)));
                }
                let mut keys: Vec<String> = words.iter().map(|word| word.text.trim().to_owned()).collect();
                keys.sort();
                keys.dedup();
                Some(FieldTest::Key(keys))
            }
            FieldKind::YesNo => {
                let mut wanted = words.iter().map(|word| (yes_no(&word.text), word));
                let mut answer = None;
                for (yes, word) in wanted.by_ref() {
                    let Some(yes) = yes else {
                        self.error(
                            Code::UnknownChoice,
                            format!("`{}` is neither yes nor no", word.text),
                            word.span,
                            "write `yes` or `no`",
                        );
                        return None;
                    };
                    answer = Some(yes);
                }
                answer.map(FieldTest::YesNo)
            }
            FieldKind::Choice(set) => self.choices(left, set, words).map(FieldTest::Choice),
            _ => None,
        }
    }
}

pub(super) fn yes_no(word: &str) -> Option<bool> {
    match fold(word).as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}
