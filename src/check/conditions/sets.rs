//! Sets and lists: `in (…)`, `in LIST`, `includes`.

use super::words::Right;
use super::{Left, never, test};
use crate::check::Checker;
use crate::check::declarations::same;
use crate::check::policy::{Cond, FieldTest, OwnerTest, TestKind};
use crate::check::scope::Scope;
use crate::check::values::Side;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{FieldKind, ListId};
use crate::source::Span;
use crate::syntax::{CompareOp, Expr, InSource, PathExpr, Which};

impl Checker<'_> {
    pub(super) fn is_in(&mut self, left: &Expr, source: &InSource, span: Span, scope: &Scope) -> Cond {
        match source {
            InSource::Values(values) => self.in_values(left, values, span, scope),
            InSource::Named(name) => self.in_named(left, name, span, scope),
        }
    }

    fn in_values(&mut self, left: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        let side = self.side(left, scope);
        match side {
            Side::Field { path, record, field } => {
                let kind = self.field(record, field).kind.clone();
                let left = Left { path, record, field };
                self.tell_doubled(values, Some(&kind), scope.record);
                match &kind {
                    FieldKind::Text | FieldKind::Choice(_) | FieldKind::YesNo | FieldKind::Reference { .. } => {
                        self.in_words(left, &kind, values, span, scope)
                    }
                    FieldKind::Many(_) => {
                        let name = self.field(record, field).name.clone();
                        self.push(
                            Diagnostic::error(Code::WrongType, format!("`{name}` holds several choices at once"))
                                .at(span, "a set is not in a list")
                                .help(format!("write `{name} includes any of (…)`")),
                        );
                        never(span)
                    }
                    _ => self.in_each(&left, values, span, scope),
                }
            }
            Side::Owner(of) => {
                self.tell_doubled(values, None, scope.record);
                self.owner_in(of, values, span)
            }
            Side::Number { .. } | Side::Day(_) => {
                self.tell_doubled(values, None, scope.record);
                Cond::Any(values.iter().map(|value| self.compare(CompareOp::Equal, left, value, span, scope)).collect())
            }
            other => self.compare_sides(CompareOp::Equal, (other, left), values.first().unwrap_or(left), span, scope),
        }
    }

    /// Words of a list, each read as on the right of `=`; fields among them are compared one by one.
    fn in_words(&mut self, left: Left, kind: &FieldKind, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        let mut words = Vec::new();
        let mut conds = Vec::new();
        let mut sound = true;
        for value in values {
            match self.word_or_field(&left, kind, value, scope) {
                Some(Right::Words(found)) => words.extend(found),
                Some(Right::Field(other)) => {
                    let left = Left { path: left.path.clone(), ..left };
                    conds.push(self.compare_fields(CompareOp::Equal, left, kind, other, span));
                }
                None => sound = false,
            }
        }
        if !words.is_empty() {
            if matches!(kind, FieldKind::YesNo) {
                for word in words {
                    match self.one_of(&left, kind, &[word]) {
                        Some(found) => {
                            conds.push(test(TestKind::Field { path: left.path.clone(), test: found }, span));
                        }
                        None => sound = false,
                    }
                }
            } else {
                match self.one_of(&left, kind, &words) {
                    Some(found) => {
                        conds.push(test(TestKind::Field { path: left.path.clone(), test: found }, span));
                    }
                    None => sound = false,
                }
            }
        }
        match (sound, conds.len()) {
            (false, _) => never(span),
            // Just counted.
            (true, 1) => conds.remove(0),
            (true, _) => Cond::Any(conds),
        }
    }

    /// Numbers, days and times of a list.
    fn in_each(&mut self, left: &Left, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        let conds = values
            .iter()
            .map(|value| {
                let left = Left { path: left.path.clone(), record: left.record, field: left.field };
                self.compare_field(CompareOp::Equal, left, value, span, scope)
            })
            .collect();
        Cond::Any(conds)
    }

    fn in_named(&mut self, left: &Expr, name: &PathExpr, span: Span, scope: &Scope) -> Cond {
        self.refuse_stray(name, None);
        let text = name.text();
        match self.side(left, scope) {
            Side::Owner(of) => match self.team_name(name) {
                Some(team) => test(TestKind::Owner { of, test: OwnerTest::MemberOf(team) }, span),
                None => never(span),
            },
            Side::Field { path, record, field } => {
                let Some(list) = self.schema.lists.iter().position(|list| same(&list.name, &text)) else {
                    let names = self.schema.lists.iter().map(|list| list.name.as_str());
                    let help = did_you_mean(&text, names).unwrap_or_else(|| {
                        format!("declare it: `list {text} from \"{text}.csv\" by …`, or write the values in brackets")
                    });
                    self.push(
                        Diagnostic::error(Code::UnknownList, format!("no list `{text}`"))
                            .at(name.span, "not declared")
                            .help(help),
                    );
                    return never(span);
                };
                let kind = &self.field(record, field).kind;
                if !matches!(kind, FieldKind::Text | FieldKind::Choice(_) | FieldKind::Reference { .. }) {
                    let label = format!("`{}` is {}", self.field(record, field).name, kind.describe());
                    self.error(Code::WrongType, "only text can be looked up in a list", span, label);
                    return never(span);
                }
                let list = ListId(u16::try_from(list).unwrap_or(u16::MAX));
                test(TestKind::InList { path, list }, span)
            }
            Side::Broken => never(span),
            Side::Word(path) => {
                self.unknown_condition(&path, scope);
                never(span)
            }
            _ => {
                self.error(Code::WrongType, "only a field can be looked up in a list", left.span, "not a field");
                never(span)
            }
        }
    }

    pub(super) fn includes(&mut self, which: Which, left: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        match self.side(left, scope) {
            Side::Field { path, record, field } => {
                let FieldKind::Many(set) = self.field(record, field).kind.clone() else {
                    let kind = self.field(record, field).kind.describe();
                    let name = self.field(record, field).name.clone();
                    self.push(
                        Diagnostic::error(Code::WrongType, "`includes` is for sets of choices")
                            .at(span, format!("`{name}` is {kind}"))
                            .help(format!("write `{name} in (…)` or `{name} contains \"…\"`")),
                    );
                    return never(span);
                };
                let left = Left { path, record, field };
                match self.listed_choices(&left, &set, values) {
                    Some(choices) => {
                        test(TestKind::Field { path: left.path, test: FieldTest::Many { which, choices } }, span)
                    }
                    None => never(span),
                }
            }
            Side::Word(path) => {
                self.unknown_condition(&path, scope);
                never(span)
            }
            Side::Broken => never(span),
            _ => {
                self.error(Code::WrongType, "`includes` is for sets of choices", left.span, "not a field");
                never(span)
            }
        }
    }
}
