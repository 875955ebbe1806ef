//! Questions about the records that refer to one: `any Opportunity (stage = Negotiation)`, `sum of amount over …`.

use super::Checker;
use super::policy::{Cond, DayExpr, NumberExpr, Path, Related, RelatedId, RelatedPath, TestKind};
use super::roles::paths_of;
use super::scope::Scope;
use super::values::{Measure, Side};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{Currency, FieldId, FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{CompareOp, Expr, PathExpr, RelatedAsk, RelatedExpr};
use crate::value::Decimal;

impl Checker<'_> {
    /// What a question about other records is on one side of a comparison: a condition, a number or a day.
    pub(super) fn related_side(&mut self, expr: &RelatedExpr, span: Span, scope: &Scope) -> Side {
        let Some(question) = self.question(expr, span, scope) else {
            return Side::Broken;
        };
        let kind = question.related.field.as_ref().map(|path| {
            let holder = path.record(&self.schema, question.related.record);
            self.field(holder, path.field).kind.clone()
        });
        let path = RelatedPath { steps: question.steps, related: self.related_id(question.related) };
        let number = |measure| Side::Number { expr: NumberExpr::Related(path.clone()), measure };
        match (expr.ask, kind) {
            (RelatedAsk::Any | RelatedAsk::No, _) => {
                let some = TestKind::Numbers {
                    op: CompareOp::More,
                    left: NumberExpr::Related(path.clone()),
                    right: NumberExpr::Constant(Decimal::ZERO),
                };
                let some = Cond::Test { kind: some, span };
                Side::Condition(if expr.ask == RelatedAsk::No { Cond::Not(Box::new(some), None) } else { some })
            }
            (_, Some(FieldKind::Date | FieldKind::Time)) => Side::Day(DayExpr::Related(path)),
            (_, Some(FieldKind::Money(Currency::Fixed(code)))) => number(Measure::Money(code)),
            _ => number(Measure::Plain),
        }
    }

    /// The records that a question looks at, what it asks of them, and the way to the record that it is asked of.
    pub(super) fn question(&mut self, expr: &RelatedExpr, span: Span, scope: &Scope) -> Option<Question> {
        self.outermost(span, scope)?;
        let asked = match &expr.of {
            Some(path) => {
                let (steps, record) = self.steps(&path.names, scope)?;
                scope.through(&steps, record)
            }
            None => scope.clone(),
        };
        let (record, via) = self.related_record(expr, &asked)?;
        let inner = Scope::related(record, via);
        let field = match &expr.field {
            Some(field) => Some(self.related_field(expr.ask, field, &inner)?),
            None => None,
        };
        let condition = self.related_condition(expr.condition.as_ref(), span, &inner)?;
        let ask = match expr.ask {
            RelatedAsk::Any | RelatedAsk::No => RelatedAsk::Count,
            other => other,
        };
        let mut reads = condition.as_ref().map(paths_of).unwrap_or_default();
        reads.extend(field.clone());
        let related = Related { ask, of: asked.record, record, via: Some(via), field, condition, reads };
        Some(Question { related, inner, steps: asked.prefix })
    }

    fn outermost(&mut self, span: Span, scope: &Scope) -> Option<()> {
        if !scope.is_related {
            return Some(());
        }
        self.push(
            Diagnostic::error(Code::NestedRelated, "a question about other records inside another")
                .at(span, "one is asked already")
                .help("ask the outer record: only one step is taken"),
        );
        None
    }

    /// What is asked of each of the records, if anything is.
    fn related_condition(&mut self, condition: Option<&Expr>, span: Span, inner: &Scope) -> Option<Option<Cond>> {
        let condition = condition.map(|condition| self.condition(condition, inner));
        if condition.as_ref().is_some_and(asks_owners) {
            self.push(
                Diagnostic::error(Code::NestedRelated, "owners cannot be asked of other records")
                    .at(span, "a condition on an owner inside")
                    .help("ask the fields of the records instead"),
            );
            return None;
        }
        Some(condition)
    }

    /// `top 10 by arr (type = Client)`: the record's place among those of its type is at most the tenth.
    pub(super) fn top(
        &mut self,
        count: Decimal,
        by: &PathExpr,
        condition: Option<&Expr>,
        span: Span,
        scope: &Scope,
    ) -> Option<Cond> {
        self.outermost(span, scope)?;
        if !count.is_integer() || count < Decimal::ONE {
            self.push(
                Diagnostic::error(Code::Syntax, "`top` counts whole records")
                    .at(span, format!("`top {count}` takes no number of them"))
                    .help("write a whole number from 1, such as `top 10 by …`"),
            );
            return None;
        }
        let inner = Scope::ranked(scope.record);
        self.whole(by)?;
        let (path, holder) = self.resolve(by, &inner)?;
        let field = self.field(holder, path.field).clone();
        if !has_rank(&field.kind) {
            self.push(
                Diagnostic::error(Code::WrongType, format!("records have no rank by `{}`", field.name))
                    .at(by.span, format!("`{}` is {}", field.name, field.kind.describe()))
                    .help("name a number, an amount of one currency, a day, a time or an ordered choice"),
            );
            return None;
        }
        let condition = self.related_condition(condition, span, &inner)?;
        let mut reads = condition.as_ref().map(paths_of).unwrap_or_default();
        reads.push(path.clone());
        let (ask, record) = (RelatedAsk::Rank, scope.record);
        let related = Related { ask, of: record, record, via: None, field: Some(path), condition, reads };
        let path = RelatedPath { steps: scope.prefix.clone(), related: self.related_id(related) };
        let (left, right) = (NumberExpr::Related(path), NumberExpr::Constant(count));
        Some(Cond::Test { kind: TestKind::Numbers { op: CompareOp::AtMost, left, right }, span })
    }

    fn related_id(&mut self, related: Related) -> RelatedId {
        let at = self.related.iter().position(|known| *known == related).unwrap_or_else(|| {
            self.related.push(related);
            self.related.len() - 1
        });
        RelatedId(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The records that are asked, and their one reference to the record at hand.
    fn related_record(&mut self, expr: &RelatedExpr, scope: &Scope) -> Option<(RecordId, FieldId)> {
        let Some(record) = self.schema.find_record(&expr.record.text) else {
            if !self.tree.broken {
                let names = self.schema.records.iter().map(|record| record.name.as_str());
                let help = did_you_mean(&expr.record.text, names);
                self.push(
                    Diagnostic::error(Code::UnknownRecord, format!("no record `{}`", expr.record.text))
                        .at(expr.record.span, "not declared")
                        .help(help.unwrap_or_else(|| "name a record type that refers to this one".to_owned())),
                );
            }
            return None;
        };
        let typed = self.schema.record(record);
        let refers = |id: &FieldId| match typed.field(*id).kind {
            FieldKind::Reference { record, .. } => record == scope.record,
            _ => false,
        };
        let ways: Vec<FieldId> = typed.field_ids().filter(refers).collect();
        let names: Vec<String> = ways.iter().map(|id| typed.field(*id).name.clone()).collect();
        if let Some(by) = &expr.by {
            let named = |id: &&FieldId| super::declarations::same(&typed.field(**id).name, &by.text);
            let found = ways.iter().find(named).copied();
            if found.is_none() {
                let here = self.schema.record(scope.record).name.clone();
                self.push(
                    Diagnostic::error(Code::WhichReference, format!("`{}` is no reference to `{here}`", by.text))
                        .at(by.span, format!("not a reference of `{}` to it", expr.record.text))
                        .maybe_help(did_you_mean(&by.text, names.iter().map(String::as_str))),
                );
            }
            return found.map(|via| (record, via));
        }
        if let [via] = ways.as_slice() {
            return Some((record, *via));
        }
        let here = self.schema.record(scope.record).name.clone();
        let (label, help) = match names.first() {
            None => (
                "has no reference to it".to_owned(),
                format!("only records that refer to `{here}` can be asked; others are reached by a dot"),
            ),
            Some(first) => (
                format!("refers to it by {}", names.join(" and ")),
                format!("say which: `{} by {first} (…)`", expr.record.text),
            ),
        };
        self.push(
            Diagnostic::error(Code::WhichReference, format!("which `{}` of `{here}`?", expr.record.text))
                .at(expr.record.span, label)
                .help(help),
        );
        None
    }

    pub(super) fn related_field(&mut self, ask: RelatedAsk, field: &PathExpr, inner: &Scope) -> Option<Path> {
        self.whole(field)?;
        let (path, record) = self.resolve(field, inner)?;
        let found = self.field(record, path.field).clone();
        let of_days = matches!(ask, RelatedAsk::Latest | RelatedAsk::Earliest);
        let fits = match found.kind {
            FieldKind::Date | FieldKind::Time => of_days,
            FieldKind::Number | FieldKind::Money(Currency::Fixed(_)) => !of_days,
            _ => false,
        };
        if !fits {
            let wanted = if of_days { "days and times" } else { "numbers, and amounts of one currency" };
            self.push(
                Diagnostic::error(Code::WrongType, format!("`{}` is for {wanted}", ask.word()))
                    .at(field.span, format!("`{}` is {}", found.name, found.kind.describe()))
                    .help("name another field"),
            );
            return None;
        }
        Some(path)
    }
}

/// A question about other records, and the references to the record that it is asked of.
pub(super) struct Question {
    pub related: Related,
    /// Where the names of its fields are looked up.
    pub inner: Scope,
    pub steps: Vec<FieldId>,
}

fn has_rank(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Number | FieldKind::Money(Currency::Fixed(_)) | FieldKind::Date | FieldKind::Time => true,
        FieldKind::Choice(set) => set.ordered,
        _ => false,
    }
}

fn asks_owners(cond: &Cond) -> bool {
    let mut found = false;
    cond.visit(&mut |kind, _| found |= matches!(kind, TestKind::Owner { .. }));
    found
}

/// Whether a number is worked out over other records.
pub(super) fn asks_related(expr: &NumberExpr) -> bool {
    match expr {
        NumberExpr::Related(_) => true,
        NumberExpr::Negative(inner) => asks_related(inner),
        NumberExpr::Arithmetic(_, left, right) => asks_related(left) || asks_related(right),
        NumberExpr::DaysBetween(left, right) => asks_related_day(left) || asks_related_day(right),
        NumberExpr::Constant(_) | NumberExpr::Field(_) | NumberExpr::FieldIn(..) => false,
    }
}

pub(super) fn asks_related_day(expr: &DayExpr) -> bool {
    match expr {
        DayExpr::Related(_) => true,
        DayExpr::Shift(inner, ..) => asks_related_day(inner),
        DayExpr::Constant(_) | DayExpr::Field(_) | DayExpr::DayOf(_) => false,
    }
}
