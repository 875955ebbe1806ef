//! From the parser's pairs to the tree: conditions, sums and values, and the habits of other languages.

use super::build::{Builder, Node, first, first_part, last_stray, parts};
use super::grammar::Rule as Grammar;
use super::mend::is_shuffle;
use super::tree::*;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::limits::SUM_SIGNS_MAX;
use crate::source::Span;
use crate::value::{Decimal, time::Unit};

/// What may follow the first side of a comparison: one comparison, and what history asks of it.
const TAILS_MAX: usize = 8;

impl<'t> Builder {
    pub(super) fn condition(&mut self, node: Node<'t>) -> Expr {
        match first(node) {
            Some(inner) => self.or_expr(inner),
            None => broken(self.place.span(0, 0)),
        }
    }

    pub(super) fn or_expr(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        self.joined(node, span, Grammar::or_op, ("or", "||"), Self::and_expr, ExprKind::Or)
    }

    fn and_expr(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        self.joined(node, span, Grammar::and_op, ("and", "&&"), Self::not_expr, ExprKind::And)
    }

    /// A row of operands with one kind of operator between them.
    fn joined(
        &mut self,
        node: Node<'t>,
        span: Span,
        op: Grammar,
        (word, _mark): (&str, &str),
        operand: fn(&mut Self, Node<'t>) -> Expr,
        join: fn(Vec<Expr>) -> ExprKind,
    ) -> Expr {
        let mut operands = Vec::new();
        for part in node.into_inner() {
            if part.as_rule() == op {
                self.foreign_op(part, word);
            } else {
                operands.push(operand(self, part));
            }
        }
        if operands.len() == 1 {
            // Just checked.
            return operands.remove(0);
        }
        Expr { kind: join(operands), span }
    }

    fn foreign_op(&mut self, node: Node<'t>, word: &str) {
        let Some(op) = first(node) else { return };
        let is_foreign = matches!(
            op.as_rule(),
            Grammar::foreign_and
                | Grammar::foreign_or
                | Grammar::foreign_not
                | Grammar::foreign_equals
                | Grammar::foreign_unequal
        );
        if is_foreign {
            let span = self.span(&op);
            let mark = op.as_str();
            let headline = match op.as_rule() {
                Grammar::foreign_equals => "comparison is written `=`".to_owned(),
                _ => format!("`{mark}` is written `{word}`"),
            };
            self.push(
                Diagnostic::error(Code::ForeignHabit, headline)
                    .at(span, "from another language")
                    .help(format!("write `{word}`")),
            );
        }
    }

    fn not_expr(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let mut negated = false;
        let mut inner = None;
        for part in node.into_inner() {
            if part.as_rule() == Grammar::not_op {
                negated = !negated;
                self.foreign_op(part, "not");
            } else {
                inner = Some(self.comparison(part));
            }
        }
        let inner = inner.unwrap_or_else(|| broken(span));
        if negated { Expr { kind: ExprKind::Not(Box::new(inner)), span } } else { inner }
    }

    fn comparison(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let mut parts = node.clone().into_inner();
        let Some(left) = parts.next() else {
            return broken(span);
        };
        if parts.len() > TAILS_MAX {
            self.push(
                Diagnostic::error(Code::TooDeep, "a comparison with too much behind it")
                    .at(span, format!("more than {TAILS_MAX} parts"))
                    .help("write `and` between conditions"),
            );
            return broken(span);
        }
        let mut left = self.sum(left);
        let mut compared: Option<Node<'t>> = None;
        for tail in parts {
            let is_history = tail.as_rule() == Grammar::history_tail;
            if let Some(before) = &compared
                && !is_history
            {
                self.chained(&node, before, &tail);
                return broken(span);
            }
            compared = Some(tail.clone());
            let whole = Span { end: self.span(&tail).end, ..left.span };
            let kind = self.tail(tail, left);
            left = Expr { kind, span: whole };
        }
        left
    }

    /// Two comparisons without `and` between them: `1 < x < 5`, or a mistyped `and`.
    fn chained(&mut self, node: &Node<'_>, before: &Node<'_>, after: &Node<'_>) {
        if let Some(stray) = last_stray(before.clone()) {
            let typed = stray.as_str().split_whitespace().next().unwrap_or_default();
            let start = stray.as_span().start() + stray.as_str().find(typed).unwrap_or(0);
            let near = ["and", "or"].into_iter().find(|word| is_shuffle(typed, word)).or(nearest(typed, ["and", "or"]));
            self.push(
                Diagnostic::error(Code::Syntax, format!("expected `and` or `or`, found `{typed}`"))
                    .at(self.place.span(start, start + typed.len()), "not expected here")
                    .maybe_help(near.map(|near| format!("did you mean `{near}`?"))),
            );
            return;
        }
        let span = self.span(node);
        let middle = before.clone().into_inner().next_back().map_or("", |side| side.as_str().trim());
        let first_half = node.as_str()[..before.as_span().end() - node.as_span().start()].trim();
        self.push(
            Diagnostic::error(Code::ForeignHabit, "two comparisons in a row")
                .at(span, "a comparison has two sides")
                .help(format!("write `{first_half} and {middle} {}`", after.as_str().trim())),
        );
    }

    fn tail(&mut self, node: Node<'t>, left: Expr) -> ExprKind {
        let span = self.span(&node);
        let negated =
            node.clone().into_inner().any(|part| matches!(part.as_rule(), Grammar::kw_not | Grammar::negation));
        let left = Box::new(left);
        match node.as_rule() {
            Grammar::compare_tail => self.compare(node, left),
            Grammar::is_tail => self.is_tail(node, negated, left),
            Grammar::in_tail => match parts(node).next() {
                Some(source) => ExprKind::In { negated, left, source: self.in_source(source) },
                None => ExprKind::Broken,
            },
            Grammar::between_tail => {
                let mut bounds = parts(node);
                match (bounds.next(), bounds.next()) {
                    (Some(low), Some(high)) => ExprKind::Between {
                        negated,
                        left,
                        low: Box::new(self.sum(low)),
                        high: Box::new(self.sum(high)),
                    },
                    _ => ExprKind::Broken,
                }
            }
            Grammar::contains_tail => self.text_tail(node, TextOp::Contains, negated, left),
            Grammar::starts_tail => self.text_tail(node, TextOp::StartsWith, negated, left),
            Grammar::ends_tail => self.text_tail(node, TextOp::EndsWith, negated, left),
            Grammar::matches_tail => self.text_tail(node, TextOp::Matches, negated, left),
            Grammar::counts_tail => ExprKind::CountsAs { left, values: self.values(node) },
            Grammar::includes_tail => {
                let which = node.clone().into_inner().find(|part| part.as_rule() == Grammar::which);
                let which = match which.and_then(first).map(|word| word.as_rule()) {
                    Some(Grammar::kw_all) => Which::All,
                    Some(Grammar::kw_none) => Which::None,
                    _ => Which::Any,
                };
                ExprKind::Includes { which, left, values: self.values(node) }
            }
            Grammar::before_tail | Grammar::after_tail => {
                let op = if node.as_rule() == Grammar::before_tail { CompareOp::Less } else { CompareOp::More };
                match parts(node).next() {
                    Some(right) => ExprKind::Compare { op, op_span: span, left, right: Box::new(self.sum(right)) },
                    None => ExprKind::Broken,
                }
            }
            Grammar::within_tail => self.within(node, span, left),
            Grammar::older_tail | Grammar::later_tail => {
                let is_older = node.as_rule() == Grammar::older_tail;
                match parts(node).next().and_then(|length| self.span_of_time(length)) {
                    Some(span) if is_older => ExprKind::OlderThan { left, span },
                    Some(span) => ExprKind::LaterThan { left, span },
                    None => ExprKind::Broken,
                }
            }
            _ => self.history(node, left),
        }
    }

    /// `becomes V`, `was V`, `changed within past 30 days`, `for 30 days`.
    fn history(&mut self, node: Node<'t>, left: Box<Expr>) -> ExprKind {
        let word = first(node.clone()).map(|word| word.as_rule());
        let Some(part) = parts(node).next() else { return ExprKind::Broken };
        match word {
            Some(Grammar::kw_becomes) => ExprKind::Becomes { left, value: Box::new(self.sum(part)) },
            Some(Grammar::kw_was) => ExprKind::Was { left, value: Box::new(self.sum(part)) },
            Some(Grammar::kw_changed) => {
                self.span_of_time(part).map_or(ExprKind::Broken, |span| ExprKind::ChangedWithin { left, span })
            }
            _ => self.span_of_time(part).map_or(ExprKind::Broken, |span| ExprKind::For { condition: left, span }),
        }
    }

    fn compare(&mut self, node: Node<'t>, left: Box<Expr>) -> ExprKind {
        let mut inner = node.into_inner();
        let (Some(op_node), Some(right)) = (inner.next(), inner.next()) else {
            return ExprKind::Broken;
        };
        let op_span = self.span(&op_node);
        let op = match first(op_node.clone()).map(|op| op.as_rule()) {
            Some(Grammar::unequal | Grammar::foreign_unequal) => CompareOp::Unequal,
            Some(Grammar::less) => CompareOp::Less,
            Some(Grammar::at_most) => CompareOp::AtMost,
            Some(Grammar::more) => CompareOp::More,
            Some(Grammar::at_least_mark) => CompareOp::AtLeast,
            _ => CompareOp::Equal,
        };
        self.foreign_op(op_node, op.mark());
        let right = Box::new(self.sum(right));
        ExprKind::Compare { op, op_span, left, right }
    }

    fn is_tail(&mut self, node: Node<'t>, negated: bool, left: Box<Expr>) -> ExprKind {
        let span = self.span(&node);
        let Some(what) = parts(node).next() else {
            return ExprKind::Broken;
        };
        match what.as_rule() {
            Grammar::is_exactly => match parts(what).next() {
                Some(right) => ExprKind::IsExactly { negated, left, right: Box::new(self.sum(right)) },
                None => ExprKind::Broken,
            },
            Grammar::is_in | Grammar::is_one_of => {
                let written = if negated { "not in" } else { "in" };
                self.push(
                    Diagnostic::error(Code::ForeignHabit, format!("membership is written `{written}`"))
                        .at(span, "one word too many")
                        .help(format!("write `{written} (…)` without `is`")),
                );
                match parts(what).next() {
                    Some(source) => ExprKind::In { negated, left, source: self.in_source(source) },
                    None => ExprKind::Broken,
                }
            }
            _ => ExprKind::Is { negated, left, right: Box::new(self.sum(what)) },
        }
    }

    fn in_source(&mut self, node: Node<'t>) -> InSource {
        match node.as_rule() {
            Grammar::value_list => InSource::Values(self.value_list(node)),
            _ => InSource::Named(self.path(node)),
        }
    }

    fn value_list(&mut self, node: Node<'t>) -> Vec<Expr> {
        let values: Vec<Node<'t>> = parts(node).collect();
        values.into_iter().map(|value| self.sum(value)).collect()
    }

    /// The one value, or the values of the list, that a tail ends in.
    fn values(&mut self, node: Node<'t>) -> Vec<Expr> {
        match parts(node).filter(|part| !matches!(part.as_rule(), Grammar::which | Grammar::negation)).last() {
            Some(list) if list.as_rule() == Grammar::value_list => self.value_list(list),
            Some(value) if value.as_rule() == Grammar::string => {
                let span = self.span(&value);
                self.word(value).map_or_else(Vec::new, |word| vec![Expr { kind: ExprKind::Quoted(word.text), span }])
            }
            Some(value) => vec![self.sum(value)],
            None => Vec::new(),
        }
    }

    fn text_tail(&mut self, node: Node<'t>, op: TextOp, negated: bool, left: Box<Expr>) -> ExprKind {
        ExprKind::Text { op, negated, left, values: self.values(node) }
    }

    fn within(&mut self, node: Node<'t>, span: Span, left: Box<Expr>) -> ExprKind {
        let side = node.clone().into_inner().find_map(|part| match part.as_rule() {
            Grammar::kw_past => Some(true),
            Grammar::kw_next => Some(false),
            _ => None,
        });
        let length = parts(node).next();
        if let Some(length) = &length
            && length.as_rule() == Grammar::business_span
        {
            return self.within_business_hours(length.clone(), side, left);
        }
        let length = length.and_then(|length| self.span_of_time(length));
        let Some(past) = side else {
            self.push(
                Diagnostic::error(Code::Syntax, "`within` needs a side")
                    .at(span, "before or after today?")
                    .help("write `within past 90 days` or `within next 90 days`"),
            );
            return ExprKind::Broken;
        };
        match length {
            Some(span) => ExprKind::Within { past, left, span },
            None => ExprKind::Broken,
        }
    }

    /// `touched within 4 business hours`: counted from the day the record got its owner, so it has no side.
    fn within_business_hours(&mut self, node: Node<'t>, side: Option<bool>, left: Box<Expr>) -> ExprKind {
        let span = self.span(&node);
        let hours = first_part(node).and_then(|number| self.number(&number));
        let hours =
            hours.and_then(|hours| i64::try_from(hours.normalize()).ok()).filter(|hours| (1..=100_000).contains(hours));
        match (hours, side) {
            (Some(hours), None) => ExprKind::WithinBusinessHours { left, hours },
            (None, _) => {
                self.error(Code::Syntax, "business hours are counted whole", span, "not a whole number from 1");
                ExprKind::Broken
            }
            (_, Some(_)) => {
                self.push(
                    Diagnostic::error(Code::Syntax, "business hours are counted from when the record got its owner")
                        .at(span, "neither past nor next")
                        .help("write `within 4 business hours`"),
                );
                ExprKind::Broken
            }
        }
    }

    fn sum(&mut self, node: Node<'t>) -> Expr {
        self.arithmetic(node, Self::product)
    }

    fn product(&mut self, node: Node<'t>) -> Expr {
        self.arithmetic(node, Self::unary)
    }

    /// `a + b + c` is `(a + b) + c`: every sign is a level of the tree, and levels are counted (design section 8).
    fn arithmetic(&mut self, node: Node<'t>, operand: fn(&mut Self, Node<'t>) -> Expr) -> Expr {
        let span = self.span(&node);
        let signs = node.clone().into_inner().len() / 2;
        if self.signs_around + signs > SUM_SIGNS_MAX {
            self.push(
                Diagnostic::error(Code::TooDeep, "a sum of too many parts")
                    .at(span, format!("more than {SUM_SIGNS_MAX} signs"))
                    .help("let the source work it out, and read the result as a field"),
            );
            return broken(span);
        }
        self.signs_around += signs;
        let sum = self.operands(node, span, operand);
        self.signs_around -= signs;
        sum
    }

    fn operands(&mut self, node: Node<'t>, span: Span, operand: fn(&mut Self, Node<'t>) -> Expr) -> Expr {
        let mut inner = node.into_inner();
        let Some(first_operand) = inner.next() else {
            return broken(span);
        };
        let mut left = operand(self, first_operand);
        while let (Some(op), Some(right)) = (inner.next(), inner.next()) {
            let op = match first(op).map(|op| op.as_rule()) {
                Some(Grammar::plus) => ArithmeticOp::Add,
                Some(Grammar::star) => ArithmeticOp::Multiply,
                Some(Grammar::slash) => ArithmeticOp::Divide,
                _ => ArithmeticOp::Subtract,
            };
            let right = operand(self, right);
            let span = left.span.to(right.span);
            left = Expr { kind: ExprKind::Arithmetic { op, left: Box::new(left), right: Box::new(right) }, span };
        }
        left
    }

    fn unary(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let mut negative = false;
        let mut inner = None;
        for part in node.into_inner() {
            if part.as_rule() == Grammar::minus_sign {
                negative = true;
            } else {
                inner = Some(self.primary(part));
            }
        }
        let inner = inner.unwrap_or_else(|| broken(span));
        if !negative {
            return inner;
        }
        let kind = match inner.kind {
            ExprKind::Number(number) => ExprKind::Number(-number),
            ExprKind::Money(number, currency) => ExprKind::Money(-number, currency),
            _ => ExprKind::Negative(Box::new(inner)),
        };
        Expr { kind, span }
    }

    fn primary(&mut self, node: Node<'t>) -> Expr {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Grammar::parens_expr => match parts(node).next() {
                Some(inner) => ExprKind::Group(Box::new(self.or_expr(inner))),
                None => ExprKind::Broken,
            },
            Grammar::at_least => self.at_least(node, true),
            Grammar::most_of => self.at_least(node, false),
            Grammar::role_of => {
                let mut parts = parts(node);
                match (parts.next(), parts.next()) {
                    (Some(role), Some(path)) => match self.word(role) {
                        Some(role) => ExprKind::OwnerOf { role, path: self.path(path) },
                        None => ExprKind::Broken,
                    },
                    _ => ExprKind::Broken,
                }
            }
            Grammar::relative => self.relative(node),
            Grammar::date => self.parse_date(node.as_str().trim(), span).map_or(ExprKind::Broken, ExprKind::Date),
            Grammar::money => {
                let mut inner = node.into_inner();
                let number = inner.next().and_then(|number| self.number(&number));
                let currency = inner.next().map_or("", |code| code.as_str()).to_owned();
                number.map_or(ExprKind::Broken, |number| ExprKind::Money(number, currency))
            }
            Grammar::number => self.number(&node).map_or(ExprKind::Broken, ExprKind::Number),
            Grammar::dashed => {
                let text = node.as_str().trim();
                self.push(
                    Diagnostic::error(Code::AmbiguousNumber, format!("`{text}` can be a code or a subtraction"))
                        .at(span, "no blanks around the `-`")
                        .help(format!("quote it (\"{text}\"), or write blanks ({})", text.replace('-', " - "))),
                );
                ExprKind::Broken
            }
            Grammar::string => self.word(node).map_or(ExprKind::Broken, |word| ExprKind::Quoted(word.text)),
            Grammar::foreign_string => ExprKind::Quoted(self.foreign_string(node)),
            Grammar::path => {
                let path = self.path(node);
                return Expr { span: path.span, kind: ExprKind::Path(path) };
            }
            _ => self.related(node),
        };
        Expr { kind, span }
    }

    fn related(&mut self, node: Node<'t>) -> ExprKind {
        let ask = match first(node.clone()).map(|word| word.as_rule()) {
            Some(Grammar::kw_any) => RelatedAsk::Any,
            Some(Grammar::kw_no) => RelatedAsk::No,
            Some(Grammar::kw_count) => RelatedAsk::Count,
            Some(Grammar::kw_sum) => RelatedAsk::Sum,
            Some(Grammar::kw_average) => RelatedAsk::Average,
            Some(Grammar::kw_latest) => RelatedAsk::Latest,
            Some(Grammar::kw_earliest) => RelatedAsk::Earliest,
            Some(Grammar::kw_highest) => RelatedAsk::Highest,
            Some(Grammar::kw_lowest) => RelatedAsk::Lowest,
            _ => return self.top(node),
        };
        let (mut field, mut record, mut by, mut of, mut condition) = (None, None, None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::path => field = Some(self.path(part)),
                Grammar::related_name => record = first(part).and_then(|name| self.word(name)),
                Grammar::related_by => by = first_part(part).and_then(|name| self.word(name)),
                Grammar::related_of => of = first_part(part).map(|path| self.path(path)),
                _ => condition = Some(self.or_expr(part)),
            }
        }
        match record {
            Some(record) => ExprKind::Related(Box::new(RelatedExpr { ask, field, record, by, of, condition })),
            None => ExprKind::Broken,
        }
    }

    /// `top 10 by arr (type = Client)`.
    fn top(&mut self, node: Node<'t>) -> ExprKind {
        let (mut count, mut by, mut condition) = (None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::number => count = self.number(&part),
                Grammar::path => by = Some(self.path(part)),
                _ => condition = Some(Box::new(self.or_expr(part))),
            }
        }
        match (count, by) {
            (Some(count), Some(by)) => ExprKind::Top { count, by, condition },
            _ => ExprKind::Broken,
        }
    }

    fn at_least(&mut self, node: Node<'t>, counted: bool) -> ExprKind {
        let mut count = None;
        let mut criteria = Vec::new();
        for part in parts(node) {
            let span = self.span(&part);
            match part.as_rule() {
                Grammar::number => {
                    let number = self.number(&part);
                    let whole = number.and_then(|number| u64::try_from(number.normalize()).ok());
                    if whole.is_none() {
                        self.push(
                            Diagnostic::error(Code::Syntax, "`at least` counts whole conditions")
                                .at(span, "not a whole number"),
                        );
                        return ExprKind::Broken;
                    }
                    count = whole.map(|whole| (whole, span));
                }
                Grammar::criterion => criteria.push(self.criterion(part)),
                _ => {}
            }
        }
        if counted && count.is_none() {
            return ExprKind::Broken;
        }
        ExprKind::AtLeast { count, criteria }
    }

    fn criterion(&mut self, node: Node<'t>) -> Criterion {
        let span = self.span(&node);
        let mut label = None;
        let mut condition = None;
        for part in parts(node) {
            match part.as_rule() {
                Grammar::label => label = first(part).and_then(|name| self.word(name)),
                _ => condition = Some(self.or_expr(part)),
            }
        }
        Criterion { label, condition: condition.unwrap_or_else(|| broken(span)) }
    }

    fn relative(&mut self, node: Node<'t>) -> ExprKind {
        let rules: Vec<Grammar> = node.clone().into_inner().map(|part| part.as_rule()).collect();
        let when = if rules.contains(&Grammar::kw_ago) {
            Some(RelativeTo::Ago)
        } else if rules.contains(&Grammar::kw_today) {
            Some(RelativeTo::Ahead)
        } else {
            None
        };
        match self.span_of_time(node) {
            Some(span) => ExprKind::Relative { span, when },
            None => ExprKind::Broken,
        }
    }

    pub(super) fn span_of_time(&mut self, node: Node<'t>) -> Option<SpanOfTime> {
        let span = self.span(&node);
        let mut amount = None;
        let mut unit = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::number => amount = self.number(&part),
                Grammar::unit => unit = first(part).and_then(|word| unit_of(word.as_rule())),
                _ => {}
            }
        }
        let amount = amount?.normalize();
        match i64::try_from(amount) {
            Ok(amount) if amount <= 1_000_000_000 => Some(SpanOfTime { amount, unit: unit? }),
            _ => {
                self.push(
                    Diagnostic::error(Code::Syntax, "a length of time is a whole number of units")
                        .at(span, "not a whole number, or far too large"),
                );
                None
            }
        }
    }

    pub(super) fn number(&mut self, node: &Node<'t>) -> Option<Decimal> {
        let text = node.as_str().trim();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match text[digits.len()..].to_lowercase().as_str() {
            "k" => 1_000_i64,
            "m" => 1_000_000,
            "bn" => 1_000_000_000,
            _ => 1,
        };
        let number = Decimal::from_str_exact(digits).ok().and_then(|n| n.checked_mul(Decimal::from(factor)));
        if number.is_none() {
            let span = self.span(node);
            self.push(
                Diagnostic::error(Code::Syntax, "a number with more than 28 digits").at(span, "too long to be exact"),
            );
        }
        number.map(|number| number.normalize())
    }
}

fn unit_of(word: Grammar) -> Option<Unit> {
    Some(match word {
        Grammar::kw_minutes => Unit::Minutes,
        Grammar::kw_hours => Unit::Hours,
        Grammar::kw_days => Unit::Days,
        Grammar::kw_weeks => Unit::Weeks,
        Grammar::kw_months => Unit::Months,
        Grammar::kw_years => Unit::Years,
        _ => return None,
    })
}

fn broken(span: Span) -> Expr {
    Expr { kind: ExprKind::Broken, span }
}
