//! What follows `is`: a state such as `missing` or `active`, a define, or a plain value.

use super::owners::owner_active;
use super::{negate, never, test};
use crate::check::Checker;
use crate::check::policy::{Cond, FieldTest, OwnerTest, TestKind};
use crate::check::scope::Scope;
use crate::check::values::Side;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr, ExprKind, PathExpr, Word};
use crate::value::fold;

/// Words that other languages have for a blank cell.
const BLANKS: &[&str] = &["null", "none", "nil", "empty", "blank", "nothing", "undefined", "na"];

impl Checker<'_> {
    pub(super) fn is(&mut self, left: &Expr, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let state = match &right.kind {
            ExprKind::Path(path) if path.stray.is_none() => path.single().map(|word| word.text.to_lowercase()),
            _ => None,
        };
        match state.as_deref() {
            Some("missing") => return self.known(left, false, span, scope),
            Some("known") => return self.known(left, true, span, scope),
            Some("active" | "inactive") => {
                if let Side::Owner(of) = self.side(left, scope) {
                    return owner_active(of, state.as_deref() == Some("active"), span);
                }
            }
            _ => {}
        }
        if let ExprKind::Path(path) = &right.kind
            && let Some(word) = path.single()
            && path.stray.is_none()
            && self.is_mistyped_state(left, word, scope)
        {
            return never(span);
        }
        if let ExprKind::Path(path) = &right.kind
            && let Some(word) = path.single()
            && self.define(&word.text).is_some()
            && let Some(cond) = self.is_define(left, path, scope)
        {
            return cond;
        }
        self.compare(CompareOp::Equal, left, right, span, scope)
    }

    /// `is null`, `is misssing`: a state in other words, where the field has no such value.
    fn is_mistyped_state(&mut self, left: &Expr, word: &Word, scope: &Scope) -> bool {
        let ExprKind::Path(path) = &left.kind else {
            return false;
        };
        let Some((_, field)) = path.single().and_then(|name| self.field_named(&name.text, scope)) else {
            return false;
        };
        let is_value = match &field.kind {
            FieldKind::Choice(set) | FieldKind::Many(set) => set.find(&word.text).is_some(),
            _ => false,
        };
        if is_value || self.define(&word.text).is_some() || self.field_named(&word.text, scope).is_some() {
            return false;
        }
        let folded = fold(&word.text);
        let name = path.text();
        if BLANKS.contains(&folded.as_str()) {
            self.push(
                Diagnostic::error(Code::ForeignHabit, format!("`{}` is written `missing`", word.text))
                    .at(word.span, "from another language")
                    .help(format!("write `{name} is missing` or `{name} is known`"))
                    .fix(word.span, "missing"),
            );
            return true;
        }
        match nearest(&folded, ["missing", "known"]) {
            Some(near) => {
                self.push(
                    Diagnostic::error(
                        Code::AmbiguousWord,
                        format!("`{}` can be a text or a mistyped `{near}`", word.text),
                    )
                    .at(word.span, format!("near `{near}`"))
                    .help(format!("write \"{}\" for the text, or `{near}`", word.text)),
                );
                true
            }
            None => false,
        }
    }

    /// `account is key-account`: the define, asked of the record a reference leads to.
    fn is_define(&mut self, left: &Expr, define: &PathExpr, scope: &Scope) -> Option<Cond> {
        let ExprKind::Path(reference) = &left.kind else {
            return None;
        };
        let first = reference.names.first()?;
        let field = self.schema.record(scope.record).find(&first.text)?;
        if !matches!(self.field(scope.record, field).kind, FieldKind::Reference { .. }) {
            return None;
        }
        let (steps, record) = self.steps(&reference.names, scope)?;
        let inner = scope.through(&steps, record);
        let expr = Expr { kind: ExprKind::Path(define.clone()), span: define.span };
        Some(self.condition(&expr, &inner))
    }

    fn known(&mut self, left: &Expr, wanted: bool, span: Span, scope: &Scope) -> Cond {
        if let ExprKind::Path(path) = &left.kind {
            self.refuse_stray(path, None);
        }
        match self.side(left, scope) {
            Side::Field { path, record, field } => {
                if let FieldKind::Many(_) = self.field(record, field).kind {
                    let name = self.field(record, field).name.clone();
                    self.push(
                        Diagnostic::error(Code::WrongType, format!("`{name}` is never missing"))
                            .at(span, "a blank multi-select is the empty set")
                            .help(format!("list the choices: `{name} includes none of (…)`")),
                    );
                    return never(span);
                }
                negate(test(TestKind::Field { path, test: FieldTest::Missing }, span), wanted)
            }
            Side::Owner(of) => negate(test(TestKind::Owner { of, test: OwnerTest::Known }, span), !wanted),
            Side::Broken => never(span),
            Side::Word(path) => {
                self.unknown_condition(&path, scope);
                never(span)
            }
            Side::Number { expr, .. } => {
                // A worked-out number is known where it equals itself.
                let same = TestKind::Numbers { op: CompareOp::Equal, left: expr.clone(), right: expr };
                negate(test(same, span), !wanted)
            }
            _ => {
                self.error(Code::WrongType, "only a field or an owner can be missing", left.span, "neither");
                never(span)
            }
        }
    }
}
