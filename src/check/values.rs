//! What stands on one side of a comparison: a field, a number, a day, an owner, a literal, a bare word.

use super::Checker;
use super::policy::{Cond, DayExpr, DayMark, NumberExpr, OwnerRef, Path};
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::{Currency, FieldId, FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{ArithmeticOp, Expr, ExprKind, PathExpr, RelativeTo, SpanOfTime};
use crate::value::{Decimal, divide};

/// One side of a comparison, before the other side says how to read it.
#[derive(Clone, Debug)]
pub(super) enum Side {
    Field {
        path: Path,
        record: RecordId,
        field: FieldId,
    },
    Number {
        expr: NumberExpr,
        measure: Measure,
    },
    Day(DayExpr),
    /// A length of time: only to be added to a day.
    Length(SpanOfTime),
    /// A text in quotes.
    Text(String),
    /// A bare word that is no field, define or keyword here.
    Word(PathExpr),
    Owner(OwnerRef),
    /// A define that is a condition.
    Condition(Cond),
    /// Already complained about.
    Broken,
}

/// What a number counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Plain,
    Money(String),
    /// `money in COLUMN`: each row its own currency.
    MoneyInColumn,
}

const NUMBER_HELP: &str = "write a number such as `500`, `10k` or `1.5M`, or a field that holds one";

impl Checker<'_> {
    pub(super) fn side(&mut self, expr: &Expr, scope: &Scope) -> Side {
        if !self.enter(expr.span) {
            return Side::Broken;
        }
        let side = self.read_side(expr, scope);
        self.leave();
        side
    }

    fn read_side(&mut self, expr: &Expr, scope: &Scope) -> Side {
        match &expr.kind {
            ExprKind::Group(inner) => self.side(inner, scope),
            ExprKind::Path(path) => self.path_side(path, scope),
            ExprKind::Quoted(text) => Side::Text(text.clone()),
            ExprKind::Number(number) => Side::Number { expr: NumberExpr::Constant(*number), measure: Measure::Plain },
            ExprKind::Money(number, code) => {
                Side::Number { expr: NumberExpr::Constant(*number), measure: Measure::Money(code.clone()) }
            }
            ExprKind::Date(day) => Side::Day(DayExpr::Constant(DayMark::Fixed(*day))),
            ExprKind::Relative { span, when } => self.relative(*span, *when, expr.span),
            ExprKind::OwnerOf { role, path } => match self.owner_of(role, path, scope) {
                Some(owner) => Side::Owner(OwnerRef::Of(owner)),
                None => Side::Broken,
            },
            ExprKind::Related(related) => self.related_side(related, expr.span, scope),
            ExprKind::Negative(inner) => self.negative(inner, scope),
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(*op, left, right, expr.span, scope),
            ExprKind::Broken => Side::Broken,
            _ => Side::Condition(self.condition(expr, scope)),
        }
    }

    fn path_side(&mut self, path: &PathExpr, scope: &Scope) -> Side {
        if let Some(word) = path.single() {
            if let Some(field) = self.schema.record(scope.record).find(&word.text) {
                return Side::Field { path: scope.path(&[], field), record: scope.record, field };
            }
            match word.text.to_lowercase().as_str() {
                "today" => return Side::Day(DayExpr::Constant(DayMark::TODAY)),
                role if role == scope.role.to_lowercase() && scope.prefix.is_empty() => {
                    return Side::Owner(OwnerRef::Current);
                }
                _ => {}
            }
            if let Some(define) = self.define(&word.text) {
                return self.expand(define, path.span, scope);
            }
            if scope.prefix.is_empty()
                && let Some(owner) = self.sibling_role(&word.text, scope)
            {
                return Side::Owner(OwnerRef::Of(owner));
            }
            return Side::Word(path.clone());
        }
        if let Some((outer, path)) = self.outer(path, scope) {
            return self.path_side(&path, &outer);
        }
        let is_field =
            path.names.first().is_some_and(|first| self.schema.record(scope.record).find(&first.text).is_some());
        if !is_field {
            return Side::Word(path.clone());
        }
        if let Some((last, steps)) = path.names.split_last()
            && let Some(define) = self.define(&last.text)
        {
            // `account.key-account`: the define, asked of the record that the path leads to.
            let Some((steps, record)) = self.steps(steps, scope) else {
                return Side::Broken;
            };
            if self.schema.record(record).find(&last.text).is_none() {
                return self.expand(define, path.span, &scope.through(&steps, record));
            }
        }
        match self.resolve(path, scope) {
            Some((resolved, record)) => Side::Field { field: resolved.field, path: resolved, record },
            None => Side::Broken,
        }
    }

    /// The define's body typed where it is used, so that one define serves several record types.
    fn expand(&mut self, define: usize, used_at: Span, scope: &Scope) -> Side {
        let tree = self.tree;
        let define = &tree.defines[define];
        let name = define.name.text.clone();
        if self.expanding.contains(&name) {
            self.push(
                Diagnostic::error(Code::DefineCircle, format!("`define {name}` uses itself"))
                    .at(define.name.span, "defined here")
                    .at(used_at, "used here")
                    .help("a define can only use others"),
            );
            return Side::Broken;
        }
        self.used_defines.insert(name.clone());
        let mut inner = scope.clone();
        inner.used_at.push(used_at);
        inner.used_at.truncate(3);
        self.expanding.push(name.clone());
        let side = match self.side(&define.body, &inner) {
            Side::Condition(body) => Side::Condition(Cond::Named { name, body: Box::new(body), span: used_at }),
            other => other,
        };
        self.expanding.pop();
        side
    }

    pub(super) fn define(&self, name: &str) -> Option<usize> {
        self.defines.get(&crate::value::fold(name)).copied()
    }

    fn negative(&mut self, inner: &Expr, scope: &Scope) -> Side {
        match self.number(inner, scope) {
            Some((expr, measure)) => Side::Number { expr: NumberExpr::Negative(Box::new(expr)), measure },
            None => Side::Broken,
        }
    }

    fn arithmetic(&mut self, op: ArithmeticOp, left: &Expr, right: &Expr, span: Span, scope: &Scope) -> Side {
        let left_side = self.side(left, scope);
        let right_side = self.side(right, scope);
        if let Some(side) = self.day_arithmetic(op, &left_side, &right_side, span) {
            return side;
        }
        let (Some((a, a_measure)), Some((b, b_measure))) =
            (self.as_number(left_side, left.span), self.as_number(right_side, right.span))
        else {
            return Side::Broken;
        };
        let Some(measure) = self.measure(op, &a_measure, &b_measure, span) else {
            return Side::Broken;
        };
        Side::Number { expr: fold_numbers(op, a, b), measure }
    }

    /// Days and lengths of time: `today + 30 days`, `renewal - opened`.
    fn day_arithmetic(&mut self, op: ArithmeticOp, left: &Side, right: &Side, span: Span) -> Option<Side> {
        let day = self.as_day(left)?;
        let sign = match op {
            ArithmeticOp::Add => 1,
            ArithmeticOp::Subtract => -1,
            _ => return None,
        };
        if let Side::Length(length) = right {
            if self.refuse_clock(*length, span) {
                return Some(Side::Broken);
            }
            return Some(Side::Day(shift(day, sign * length.amount, length.unit)));
        }
        let other = self.as_day(right)?;
        (op == ArithmeticOp::Subtract).then(|| Side::Number {
            expr: NumberExpr::DaysBetween(Box::new(day), Box::new(other)),
            measure: Measure::Plain,
        })
    }

    /// `30 days`, `30 days ago`, `30 days from today`.
    fn relative(&mut self, length: SpanOfTime, when: Option<RelativeTo>, span: Span) -> Side {
        let amount = match when {
            None => return Side::Length(length),
            Some(RelativeTo::Ahead) => length.amount,
            Some(RelativeTo::Ago) => -length.amount,
        };
        if self.refuse_clock(length, span) {
            return Side::Broken;
        }
        Side::Day(DayExpr::Constant(DayMark::Today { amount, unit: length.unit }))
    }

    /// Hours and minutes do not move a day: `3 hours ago` would quietly mean today.
    fn refuse_clock(&mut self, length: SpanOfTime, span: Span) -> bool {
        if length.unit.is_clock() {
            let (amount, unit) = (length.amount, length.unit.word());
            self.push(
                Diagnostic::error(Code::WrongType, format!("a day is not moved by {unit}"))
                    .at(span, "a day, not an instant")
                    .help(format!("use days, or write `FIELD older than {amount} {unit}` of a `time` field")),
            );
        }
        length.unit.is_clock()
    }

    /// A side that is a day: a constant, a date field, a time field (its day in the project's zone).
    pub(super) fn as_day(&self, side: &Side) -> Option<DayExpr> {
        match side {
            Side::Day(day) => Some(day.clone()),
            Side::Field { path, record, field } => match self.field(*record, *field).kind {
                FieldKind::Date => Some(DayExpr::Field(path.clone())),
                FieldKind::Time => Some(DayExpr::DayOf(path.clone())),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn number(&mut self, expr: &Expr, scope: &Scope) -> Option<(NumberExpr, Measure)> {
        let side = self.side(expr, scope);
        self.as_number(side, expr.span)
    }

    /// A side that is a number; reports anything else.
    pub(super) fn as_number(&mut self, side: Side, span: Span) -> Option<(NumberExpr, Measure)> {
        let found = match side {
            Side::Number { expr, measure } => return Some((expr, measure)),
            Side::Broken => return None,
            Side::Field { path, record, field } => match &self.field(record, field).kind {
                FieldKind::Number => return Some((NumberExpr::Field(path), Measure::Plain)),
                FieldKind::Money(Currency::Fixed(code)) => {
                    let measure = Measure::Money(code.clone());
                    return Some((NumberExpr::Field(path), measure));
                }
                FieldKind::Money(Currency::InColumn(_)) => {
                    return Some((NumberExpr::Field(path), Measure::MoneyInColumn));
                }
                kind => format!("`{}` is {}", self.field(record, field).name, kind.describe()),
            },
            Side::Word(path) => {
                return {
                    self.unknown_word(&path);
                    None
                };
            }
            Side::Text(text) => {
                let number = crate::value::parse_number(&text, crate::value::NumberFormat::default());
                self.push(Diagnostic::error(Code::WrongType, "expected a number").at(span, "a text").help(
                    number.map_or_else(|| NUMBER_HELP.to_owned(), |number| format!("write {number} without quotes")),
                ));
                return None;
            }
            Side::Day(_) => "a day".to_owned(),
            Side::Length(_) => "a length of time".to_owned(),
            Side::Owner(_) => "an owner".to_owned(),
            Side::Condition(_) => "a condition".to_owned(),
        };
        self.push(Diagnostic::error(Code::WrongType, "expected a number").at(span, found).help(NUMBER_HELP));
        None
    }

    fn measure(&mut self, op: ArithmeticOp, a: &Measure, b: &Measure, span: Span) -> Option<Measure> {
        use ArithmeticOp as Op;
        use Measure::{Money, MoneyInColumn, Plain};
        let result = match (op, a, b) {
            (_, MoneyInColumn, _) | (_, _, MoneyInColumn) => None,
            (Op::Add | Op::Subtract, Money(x), Money(y)) => (x == y).then(|| a.clone()),
            (Op::Add | Op::Subtract, Plain, Plain) => Some(Plain),
            (Op::Add | Op::Subtract, _, _) => None,
            (Op::Multiply, Money(_), Money(_)) => None,
            (Op::Divide, Money(x), Money(y)) => (x == y).then_some(Plain),
            (Op::Multiply, Plain, other) | (Op::Multiply | Op::Divide, other, Plain) => Some(other.clone()),
            (Op::Divide, Plain, Money(_)) => None,
        };
        if result.is_none() {
            self.push(
                Diagnostic::error(Code::MixedMoney, "amounts that cannot be mixed")
                    .at(span, format!("{} and {}", describe(a), describe(b)))
                    .with_note("Ownward holds no exchange rates: two currencies are never compared or added")
                    .help("write both in one currency, or compare each by itself"),
            );
        }
        result
    }
}

pub(super) fn describe(measure: &Measure) -> String {
    match measure {
        Measure::Plain => "a plain number".into(),
        Measure::Money(code) => format!("an amount in {code}"),
        Measure::MoneyInColumn => "an amount whose currency stands in a column".into(),
    }
}

fn shift(day: DayExpr, amount: i64, unit: crate::value::time::Unit) -> DayExpr {
    match day {
        DayExpr::Constant(DayMark::Today { amount: 0, .. }) => DayExpr::Constant(DayMark::Today { amount, unit }),
        DayExpr::Constant(DayMark::Fixed(day)) => {
            DayExpr::Constant(DayMark::Fixed(crate::value::time::add_to_day(day, amount, unit)))
        }
        other => DayExpr::Shift(Box::new(other), amount, unit),
    }
}

/// Works constants out once; what overflows is left to yield missing at run time.
fn fold_numbers(op: ArithmeticOp, a: NumberExpr, b: NumberExpr) -> NumberExpr {
    if let (NumberExpr::Constant(x), NumberExpr::Constant(y)) = (&a, &b)
        && let Some(value) = calculate(op, *x, *y)
    {
        return NumberExpr::Constant(value);
    }
    NumberExpr::Arithmetic(op, Box::new(a), Box::new(b))
}

/// One step of arithmetic; `None` (missing) for a division by zero or a result with more than 28 digits.
pub fn calculate(op: ArithmeticOp, a: Decimal, b: Decimal) -> Option<Decimal> {
    match op {
        ArithmeticOp::Add => a.checked_add(b),
        ArithmeticOp::Subtract => a.checked_sub(b),
        ArithmeticOp::Multiply => a.checked_mul(b),
        ArithmeticOp::Divide => divide(a, b),
    }
}
