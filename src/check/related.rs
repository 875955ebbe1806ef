//! Questions about the records that refer to one: `any Opportunity (stage = Negotiation)`, `sum of amount over …`.

use super::Checker;
use super::policy::{Cond, DayExpr, NumberExpr, Path, Related, RelatedId, RelatedPath, TestKind};
use super::roles::paths_of;
use super::scope::Scope;
use super::values::{Measure, Side};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{Currency, FieldId, FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{CompareOp, PathExpr, RelatedAsk, RelatedExpr};
use crate::value::Decimal;

impl Checker<'_> {
    /// What a question about other records is on one side of a comparison: a condition, a number or a day.
    pub(super) fn related_side(&mut self, expr: &RelatedExpr, span: Span, scope: &Scope) -> Side {
        if scope.is_related {
            self.push(
                Diagnostic::error(Code::NestedRelated, "a question about other records inside another")
                    .at(span, "one is asked already")
                    .help("ask the outer record: only one step is taken"),
            );
            return Side::Broken;
        }
        let Some((record, via)) = self.related_record(expr, scope) else {
            return Side::Broken;
        };
        let inner = Scope::related(record, via);
        let field = match &expr.field {
            Some(field) => match self.related_field(expr.ask, field, &inner) {
                Some(found) => Some(found),
                None => return Side::Broken,
            },
            None => None,
        };
        let condition = expr.condition.as_ref().map(|condition| self.condition(condition, &inner));
        if condition.as_ref().is_some_and(asks_owners) {
            self.push(
                Diagnostic::error(Code::NestedRelated, "owners cannot be asked of other records")
                    .at(span, "a condition on an owner inside")
                    .help("ask the fields of the records instead"),
            );
            return Side::Broken;
        }
        let ask = match expr.ask {
            RelatedAsk::Any | RelatedAsk::No => RelatedAsk::Count,
            other => other,
        };
        let (path, kind) = field.unzip();
        let mut reads = condition.as_ref().map(paths_of).unwrap_or_default();
        reads.extend(path.clone());
        let related = Related { ask, of: scope.record, record, via, field: path, condition, reads };
        let path = RelatedPath { steps: scope.prefix.clone(), related: self.related_id(related) };
        let number = |measure| Side::Number { expr: NumberExpr::Related(path.clone()), measure };
        match (expr.ask, kind) {
            (RelatedAsk::Any | RelatedAsk::No, _) => {
                let some = TestKind::Numbers {
                    op: CompareOp::More,
                    left: NumberExpr::Related(path.clone()),
                    right: NumberExpr::Constant(Decimal::ZERO),
                };
                let some = Cond::Test { kind: some, span };
                Side::Condition(if expr.ask == RelatedAsk::No { Cond::Not(Box::new(some)) } else { some })
            }
            (_, Some(FieldKind::Date | FieldKind::Time)) => Side::Day(DayExpr::Related(path)),
            (_, Some(FieldKind::Money(Currency::Fixed(code)))) => number(Measure::Money(code)),
            _ => number(Measure::Plain),
        }
    }

    fn related_id(&mut self, related: Related) -> RelatedId {
        let at = self.related.iter().position(|known| *known == related).unwrap_or_else(|| {
            self.related.push(related);
            self.related.len() - 1
        });
        RelatedId(u16::try_from(at).unwrap_or(u16::MAX))
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

    fn related_field(&mut self, ask: RelatedAsk, field: &PathExpr, inner: &Scope) -> Option<(Path, FieldKind)> {
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
        Some((path, found.kind))
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
