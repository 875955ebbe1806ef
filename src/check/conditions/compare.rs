//! Comparisons: `=`, `<` and their like, typed by what stands on the left.

use super::{Left, never};
use crate::check::Checker;
use crate::check::policy::{Cond, DayExpr, NumberExpr};
use crate::check::scope::Scope;
use crate::check::values::Side;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::syntax::{CompareOp, Expr};

impl Checker<'_> {
    pub(super) fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let left_side = self.side(left, scope);
        if is_literal(&left_side) {
            // `5 < employees`: the field decides how both sides are read.
            let right_side = self.side(right, scope);
            if !is_literal(&right_side) {
                return self.compare_sides(op.flipped(), (right_side, right), left, span, scope);
            }
        }
        self.compare_sides(op, (left_side, left), right, span, scope)
    }

    pub(super) fn compare_sides(
        &mut self,
        op: CompareOp,
        (side, left): (Side, &Expr),
        right: &Expr,
        span: Span,
        scope: &Scope,
    ) -> Cond {
        match side {
            Side::Field { path, record, field } => {
                let left = Left { path, record, field };
                self.compare_field(op, left, right, span, scope)
            }
            Side::Number { expr, measure } => self.compare_numbers(op, expr, &measure, right, span, scope),
            Side::Day(day) => self.compare_days(op, day, right, span, scope),
            Side::Owner(of) => self.compare_owner(op, of, right, span),
            Side::Condition(_) => {
                self.error(Code::NotACondition, "a condition cannot be compared", left.span, "already a condition");
                never(span)
            }
            Side::Word(path) if self.refuse_stray(&path, None) => never(span),
            Side::Word(path) => {
                match (path.names.first(), path.single()) {
                    (Some(first), _) => self.unknown_field(&first.clone(), scope.record, scope),
                    _ => self.unknown_condition(&path, scope),
                }
                never(span)
            }
            Side::Text(text) if self.field_named(&text, scope).is_some() => {
                self.push(
                    Diagnostic::error(Code::WrongType, "a field is written without quotes")
                        .at(left.span, "a text, not the field")
                        .help(format!("write `{text}`")),
                );
                never(span)
            }
            Side::Text(_) | Side::Length(_) => {
                self.push(
                    Diagnostic::error(Code::WrongType, "a comparison without a field")
                        .at(left.span, "a constant")
                        .help("compare a field of the record with a value"),
                );
                never(span)
            }
            Side::Broken => never(span),
        }
    }

    pub(super) fn compare_field(&mut self, op: CompareOp, left: Left, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let kind = self.field(left.record, left.field).kind.clone();
        match &kind {
            FieldKind::Number | FieldKind::Money(_) => {
                let side = Side::Field { path: left.path, record: left.record, field: left.field };
                match self.as_number(side, span) {
                    Some((expr, measure)) => self.compare_numbers(op, expr, &measure, right, span, scope),
                    None => never(span),
                }
            }
            FieldKind::Date => self.compare_days(op, DayExpr::Field(left.path), right, span, scope),
            FieldKind::Time => self.compare_instant(op, left, right, span, scope),
            FieldKind::Many(_) => {
                let name = self.field(left.record, left.field).name.clone();
                self.push(
                    Diagnostic::error(Code::WrongType, format!("`{name}` holds several choices at once"))
                        .at(span, "cannot be compared with one")
                        .help(format!("write `{name} includes …`")),
                );
                never(span)
            }
            FieldKind::Text | FieldKind::Choice(_) | FieldKind::YesNo | FieldKind::Reference { .. } => {
                self.compare_word(op, left, &kind, right, span, scope)
            }
        }
    }
}

fn is_literal(side: &Side) -> bool {
    matches!(
        side,
        Side::Text(_)
            | Side::Word(_)
            | Side::Number { expr: NumberExpr::Constant(_), .. }
            | Side::Day(DayExpr::Constant(_))
    )
}
