//! Values of fields in tests, typed by the field, with the same messages as in rules.

use super::Left;
use crate::check::Checker;
use crate::check::policy::{DayExpr, DayMark, FieldTest, Given, NumberExpr};
use crate::check::scope::Scope;
use crate::check::values::{Measure, describe};
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::{Currency, FieldId, FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, GivenExpr, GivenKind, RelativeTo, Word};
use crate::value::{Value, fold};

impl Checker<'_> {
    /// The value that a test gives a field; `None` where it is told what is wrong with it.
    pub(in crate::check) fn given(&mut self, record: RecordId, field: FieldId, value: &GivenExpr) -> Option<Given> {
        let scope = Scope::of(record, "");
        let left = Left { path: scope.path(&[], field), record, field };
        let kind = self.field(record, field).kind.clone();
        let many = matches!(kind, FieldKind::Many(_));
        let expr = match &value.kind {
            GivenKind::Moment(at) if kind == FieldKind::Time => {
                return Some(Given::At(DayMark::Fixed(at.day), Some(at.minutes.unwrap_or(0))));
            }
            GivenKind::Moment(_) => return self.wrong_value(&left, &kind, value.span, "a day and a time of day"),
            GivenKind::Several(values) if many => return self.given_choices(&left, &kind, values),
            GivenKind::Several(_) => return self.wrong_value(&left, &kind, value.span, "several values"),
            GivenKind::Label(_) => return self.wrong_value(&left, &kind, value.span, "words with `/` between them"),
            GivenKind::One(expr) => expr,
        };
        if self.is_missing(&kind, expr) {
            return Some(Given::Value(if many { Value::Many(Vec::new()) } else { Value::Missing }));
        }
        match &kind {
            FieldKind::Many(_) => self.given_choices(&left, &kind, std::slice::from_ref(expr)),
            FieldKind::Number | FieldKind::Money(_) => self.given_number(&left, &kind, expr, &scope),
            FieldKind::Date => self.given_day(expr, &scope).map(Given::Day),
            FieldKind::Time => self.given_instant(expr, &scope),
            FieldKind::Text | FieldKind::Choice(_) | FieldKind::YesNo | FieldKind::Reference { .. } => {
                let word = self.given_word(&left, &kind, expr)?;
                let value = match (&kind, self.one_of(&left, &kind, std::slice::from_ref(&word))?) {
                    (_, FieldTest::Choice(choices)) => Value::Choice(*choices.first()?),
                    (_, FieldTest::YesNo(yes)) => Value::Bool(yes),
                    (FieldKind::Reference { .. }, _) => Value::Reference(word.text.trim().to_owned()),
                    _ => Value::Text(word.text.trim().to_owned()),
                };
                Some(Given::Value(value))
            }
        }
    }

    /// `missing`, unless a choice is called so.
    fn is_missing(&self, kind: &FieldKind, expr: &Expr) -> bool {
        let ExprKind::Path(path) = &expr.kind else { return false };
        let is_choice = |word: &Word| match kind {
            FieldKind::Choice(set) | FieldKind::Many(set) => set.find(&word.text).is_some(),
            _ => false,
        };
        let is_word = |word: &&Word| !word.quoted && fold(&word.text) == "missing";
        path.stray.is_none() && path.single().filter(is_word).is_some_and(|word| !is_choice(word))
    }

    fn wrong_value(&mut self, left: &Left, kind: &FieldKind, span: Span, found: &str) -> Option<Given> {
        let name = self.field(left.record, left.field).name.clone();
        self.push(
            Diagnostic::error(Code::WrongType, format!("`{name}` holds one value of another kind"))
                .at(span, found.to_owned())
                .help(format!("`{name}` is {}: write one such value", kind.describe())),
        );
        None
    }

    /// A bare word or a text.
    fn given_word(&mut self, left: &Left, kind: &FieldKind, expr: &Expr) -> Option<Word> {
        match &expr.kind {
            ExprKind::Group(inner) => self.given_word(left, kind, inner),
            ExprKind::Quoted(text) => Some(Word { text: text.clone(), span: expr.span, quoted: true }),
            ExprKind::Path(path) if path.stray.is_some() => {
                self.refuse_stray(path, Some((left, kind)));
                None
            }
            ExprKind::Path(path) => Some(Word { text: path.text(), span: path.span, quoted: false }),
            ExprKind::Broken => None,
            ExprKind::Number(number) => {
                let name = self.field(left.record, left.field).name.clone();
                self.push(
                    Diagnostic::error(Code::WrongType, format!("a number where `{name}` is given"))
                        .at(expr.span, format!("`{name}` is {}", kind.describe()))
                        .help(format!("quote it: \"{number}\"")),
                );
                None
            }
            _ => {
                let name = self.field(left.record, left.field).name.clone();
                self.push(
                    Diagnostic::error(Code::WrongType, format!("no value of `{name}`"))
                        .at(expr.span, format!("`{name}` is {}", kind.describe()))
                        .help("write a value of its kind; text stands in double quotes"),
                );
                None
            }
        }
    }

    fn given_choices(&mut self, left: &Left, kind: &FieldKind, values: &[Expr]) -> Option<Given> {
        let FieldKind::Many(set) = kind else { return None };
        let words: Option<Vec<Word>> = values.iter().map(|value| self.given_word(left, kind, value)).collect();
        self.choices(left, set, &words?).map(|choices| Given::Value(Value::Many(choices)))
    }

    fn given_number(&mut self, left: &Left, kind: &FieldKind, expr: &Expr, scope: &Scope) -> Option<Given> {
        let (number, measure) = self.number(expr, scope)?;
        let NumberExpr::Constant(number) = number else {
            self.push(
                Diagnostic::error(Code::WrongType, "expected a number")
                    .at(expr.span, "worked out from fields")
                    .help("a test gives values: write the number itself"),
            );
            return None;
        };
        let value = match (kind, &measure) {
            (FieldKind::Number, Measure::Plain) => Value::Number(number),
            (FieldKind::Money(Currency::Fixed(code)), Measure::Plain) => Value::Money(number, code.clone()),
            (FieldKind::Money(Currency::Fixed(code)), Measure::Money(given)) if code == given => {
                Value::Money(number, code.clone())
            }
            (FieldKind::Money(Currency::InColumn(_)), Measure::Money(code)) => Value::Money(number, code.clone()),
            _ => {
                let name = self.field(left.record, left.field).name.clone();
                let help = match kind {
                    FieldKind::Money(Currency::Fixed(code)) => format!("write {number} {code}"),
                    FieldKind::Money(Currency::InColumn(_)) => format!("write the currency too, such as {number} EUR"),
                    _ => format!("write {number}"),
                };
                self.push(
                    Diagnostic::error(Code::MixedMoney, format!("`{name}` cannot hold this"))
                        .at(expr.span, describe(&measure))
                        .help(help),
                );
                return None;
            }
        };
        Some(Given::Value(value))
    }

    fn given_day(&mut self, expr: &Expr, scope: &Scope) -> Option<DayMark> {
        let side = self.side(expr, scope);
        match self.as_day(&side) {
            Some(DayExpr::Constant(mark)) => Some(mark),
            Some(_) => {
                self.push(
                    Diagnostic::error(Code::WrongType, "expected a day")
                        .at(expr.span, "another field")
                        .help("a test gives values: write a day, `today` or `30 days ago`"),
                );
                None
            }
            None => {
                self.expected_day(side, expr.span);
                None
            }
        }
    }

    /// `2026-11-22 at 09:00` is read before; here stand texts of instants, days and lengths of time.
    fn given_instant(&mut self, expr: &Expr, scope: &Scope) -> Option<Given> {
        match &expr.kind {
            ExprKind::Quoted(text) if text.parse::<jiff::Timestamp>().is_ok() => {
                let instant = text.parse::<jiff::Timestamp>().ok()?;
                Some(Given::Value(Value::Time(instant.as_microsecond())))
            }
            ExprKind::Relative { span, when: Some(when) } if span.unit.is_clock() => {
                let minutes = match span.unit {
                    crate::value::time::Unit::Hours => span.amount.saturating_mul(60),
                    _ => span.amount,
                };
                Some(Given::Minutes(if *when == RelativeTo::Ago { -minutes } else { minutes }))
            }
            ExprKind::Date(day) => Some(Given::At(DayMark::Fixed(*day), Some(0))),
            _ => self.given_day(expr, scope).map(|mark| Given::At(mark, None)),
        }
    }
}
