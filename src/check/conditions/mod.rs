//! Conditions: every expression of a `when` becomes a typed condition.
//!
//! Here stand the connectives, what may stand without a comparison, and what the kinds of comparison share.

mod choices;
mod compare;
mod days;
mod doubled;
mod given;
mod instants;
mod numbers;
mod owners;
mod patterns;
mod sets;
mod states;
mod stray;
mod texts;
mod words;

use super::Checker;
use super::policy::{Cond, Criterion, FieldTest, Path, TestKind};
use super::scope::Scope;
use super::values::Side;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{FieldId, FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{self, CompareOp, Expr, ExprKind, PathExpr};

/// What a broken condition becomes: the error it stands for keeps the policy from running.
fn never(span: Span) -> Cond {
    Cond::Test { kind: TestKind::Always(false), span }
}

fn test(kind: TestKind, span: Span) -> Cond {
    Cond::Test { kind, span }
}

pub(super) fn negate(cond: Cond, negated: bool) -> Cond {
    if negated { Cond::Not(Box::new(cond), None) } else { cond }
}

/// A field on the left of a comparison.
struct Left {
    path: Path,
    record: RecordId,
    field: FieldId,
}

impl Checker<'_> {
    pub(super) fn condition(&mut self, expr: &Expr, scope: &Scope) -> Cond {
        if !self.enter(expr.span) {
            return never(expr.span);
        }
        let cond = self.typed(expr, scope);
        self.leave();
        cond
    }

    fn typed(&mut self, expr: &Expr, scope: &Scope) -> Cond {
        let span = expr.span;
        match &expr.kind {
            ExprKind::And(parts) => Cond::All(parts.iter().map(|part| self.condition(part, scope)).collect()),
            ExprKind::Or(parts) => self.any(parts, scope),
            ExprKind::Not(inner) => Cond::Not(Box::new(self.condition(inner, scope)), Some(span)),
            ExprKind::Group(inner) => self.condition(inner, scope),
            ExprKind::AtLeast { count, criteria } => self.at_least(*count, criteria, span, scope),
            ExprKind::Compare { op, left, right, .. } => self.compare(*op, left, right, span, scope),
            ExprKind::Is { negated, left, right } => negate(self.is(left, right, span, scope), *negated),
            ExprKind::IsExactly { negated, left, right } => negate(self.is_exactly(left, right, span, scope), *negated),
            ExprKind::In { negated, left, source } => negate(self.is_in(left, source, span, scope), *negated),
            ExprKind::Between { negated, left, low, high } => {
                let above = self.compare(CompareOp::AtLeast, left, low, span, scope);
                let below = self.compare(CompareOp::AtMost, left, high, span, scope);
                negate(Cond::All(vec![above, below]), *negated)
            }
            ExprKind::Text { op, negated, left, values } => negate(self.text(*op, left, values, span, scope), *negated),
            ExprKind::CountsAs { left, values } => self.counts_as(left, values, span, scope),
            ExprKind::Includes { which, left, values } => self.includes(*which, left, values, span, scope),
            ExprKind::Within { past, left, span: length } => self.within(*past, left, *length, span, scope),
            ExprKind::OlderThan { left, span: length } => self.beyond(true, left, *length, span, scope),
            ExprKind::LaterThan { left, span: length } => self.beyond(false, left, *length, span, scope),
            ExprKind::Becomes { .. }
            | ExprKind::Was { .. }
            | ExprKind::ChangedWithin { .. }
            | ExprKind::For { .. }
            | ExprKind::WithinBusinessHours { .. } => self.history_test(expr, scope).unwrap_or_else(|| never(span)),
            ExprKind::Top { count, by, condition } => {
                self.top(*count, by, condition.as_deref(), span, scope).unwrap_or_else(|| never(span))
            }
            ExprKind::Broken => never(span),
            _ => self.bare(expr, scope),
        }
    }

    /// A value where a condition should stand: a yes-or-no field or a define is one.
    fn bare(&mut self, expr: &Expr, scope: &Scope) -> Cond {
        let span = expr.span;
        if let ExprKind::Path(path) = &expr.kind
            && self.refuse_stray(path, None)
        {
            return never(span);
        }
        match self.side(expr, scope) {
            Side::Condition(cond) => cond,
            Side::Field { path, record, field } if self.field(record, field).kind == FieldKind::YesNo => {
                test(TestKind::Field { path, test: FieldTest::YesNo(true) }, span)
            }
            Side::Field { record, field, .. } => {
                let field = self.field(record, field);
                let (name, kind) = (field.name.clone(), field.kind.describe());
                self.push(
                    Diagnostic::error(Code::NotACondition, format!("`{name}` alone is no condition"))
                        .at(span, format!("{kind}: compared with what?"))
                        .help(format!("write `{name} = …`, or `{name} is known`")),
                );
                never(span)
            }
            Side::Word(path) => {
                self.unknown_condition(&path, scope);
                never(span)
            }
            Side::Broken => never(span),
            _ => {
                self.error(Code::NotACondition, "a value where a condition should stand", span, "compared with what?");
                never(span)
            }
        }
    }

    fn unknown_condition(&mut self, path: &PathExpr, scope: &Scope) {
        let text = path.text();
        let record = self.schema.record(scope.record);
        let defines = self.tree.defines.iter().map(|define| define.name.text.as_str());
        let fields = record.fields.iter().map(|field| field.name.as_str());
        let help = did_you_mean(&text, defines.chain(fields));
        let name = record.name.clone();
        self.push(
            Diagnostic::error(Code::UnknownField, format!("`{text}` is no field of `{name}` and no define"))
                .at(path.span, "not declared")
                .maybe_help(help),
        );
    }

    fn field_named(&self, name: &str, scope: &Scope) -> Option<(FieldId, &crate::schema::Field)> {
        let record = self.schema.record(scope.record);
        let id = record.find(name)?;
        Some((id, record.field(id)))
    }

    fn any(&mut self, parts: &[Expr], scope: &Scope) -> Cond {
        for part in parts {
            if let ExprKind::And(inner) = &part.kind {
                let first = inner.first().map_or(part.span, |first| first.span);
                self.push(
                    Diagnostic::warning(Code::MixedAndOr, "`and` and `or` mixed without brackets")
                        .at(part.span.to(first), "read as one bracket: `and` binds before `or`")
                        .help("write the brackets, so that nobody has to know"),
                );
            }
        }
        let mut conds = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if let (Some(before), ExprKind::Path(path)) = (index.checked_sub(1).map(|at| &parts[at]), &part.kind)
                && self.is_loose_value(path, scope)
            {
                self.or_of_values(before, path);
                conds.push(never(part.span));
                continue;
            }
            conds.push(self.condition(part, scope));
        }
        Cond::Any(conds)
    }

    /// A word that is no field, define or state: in `status = A or B`, the `B`.
    fn is_loose_value(&self, path: &PathExpr, scope: &Scope) -> bool {
        path.single().is_some_and(|word| {
            self.schema.record(scope.record).find(&word.text).is_none() && self.define(&word.text).is_none()
        })
    }

    fn or_of_values(&mut self, before: &Expr, path: &PathExpr) {
        let last = match &before.kind {
            ExprKind::And(parts) => parts.last().unwrap_or(before),
            _ => before,
        };
        let sides = match &last.kind {
            ExprKind::Compare { op: CompareOp::Equal, left, right, .. } | ExprKind::Is { left, right, .. } => {
                Some((left, right))
            }
            _ => None,
        };
        let written = |expr: &Expr| match &expr.kind {
            ExprKind::Path(path) => path.text(),
            ExprKind::Quoted(text) => format!("\"{text}\""),
            _ => "…".into(),
        };
        let word = path.text();
        // Beside an `and` it is not clear what the `or` was meant to join.
        let is_alone = !matches!(before.kind, ExprKind::And(_) | ExprKind::Is { negated: true, .. });
        let left_side = sides.filter(|_| is_alone && path.stray.is_none()).map(|(left, _)| &left.kind);
        let fix = match left_side {
            Some(ExprKind::Path(left)) => Some(format!("{} = ", left.text())),
            _ => None,
        };
        let help = match sides {
            Some((left, right)) => {
                format!("write `{} in ({}, {word})`", written(left), written(right))
            }
            None => "write the comparison out on both sides of `or`".into(),
        };
        self.push(
            Diagnostic::error(Code::ForeignHabit, "`or` stands between conditions, not between values")
                .at(path.span, "a value, not a condition")
                .help(help)
                .maybe_fix(Span { end: path.span.start, ..path.span }, fix),
        );
    }

    fn at_least(
        &mut self,
        count: Option<(u64, Span)>,
        criteria: &[syntax::Criterion],
        span: Span,
        scope: &Scope,
    ) -> Cond {
        let typed: Vec<Criterion> = criteria
            .iter()
            .map(|one| Criterion {
                label: one.label.as_ref().map(|label| label.text.clone()),
                condition: self.condition(&one.condition, scope),
            })
            .collect();
        let total = typed.len();
        // `most of` n is more than half of them.
        let wanted = count.map_or(total / 2 + 1, |(count, _)| usize::try_from(count).unwrap_or(usize::MAX));
        if wanted > total || total == 0 {
            let at = count.map_or(span, |(_, at)| at);
            self.push(
                Diagnostic::error(Code::TooFewCriteria, format!("at least {wanted} of {total} can never hold"))
                    .at(at, format!("only {total} listed"))
                    .help("lower the number, or add conditions inside the braces"),
            );
        }
        Cond::AtLeast { count: wanted, criteria: typed, span }
    }
}
