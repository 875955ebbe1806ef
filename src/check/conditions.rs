//! Conditions: every comparison typed by its left side, every word read by the rules of `docs/language.md`.

use super::Checker;
use super::declarations::same;
use super::policy::{
    Cond, Criterion, DayExpr, DayMark, FieldTest, InstantMark, NumberExpr, OwnerRef, OwnerTest, Path, Range, TestKind,
    TextTest,
};
use super::scope::Scope;
use super::values::{Measure, Side, describe};
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::schema::{ChoiceSet, FieldId, FieldKind, ListId, RecordId};
use crate::source::Span;
use crate::syntax::{self, CompareOp, Expr, ExprKind, InSource, PathExpr, SpanOfTime, TextOp, Which, Word};
use crate::value::time::Unit;
use crate::value::{Decimal, fold, nfc};
use unicode_normalization::UnicodeNormalization;

/// What a broken condition becomes: the error it stands for keeps the policy from running.
fn never(span: Span) -> Cond {
    Cond::Test { kind: TestKind::Always(false), span }
}

fn test(kind: TestKind, span: Span) -> Cond {
    Cond::Test { kind, span }
}

pub(super) fn negate(cond: Cond, negated: bool) -> Cond {
    if negated { Cond::Not(Box::new(cond)) } else { cond }
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
            ExprKind::Not(inner) => Cond::Not(Box::new(self.condition(inner, scope))),
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
        let help = match sides {
            Some((left, right)) => {
                format!("write `{} in ({}, {word})`", written(left), written(right))
            }
            None => "write the comparison out on both sides of `or`".into(),
        };
        self.push(
            Diagnostic::error(Code::ForeignHabit, "`or` stands between conditions, not between values")
                .at(path.span, "a value, not a condition")
                .help(help),
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

    // ------------------------------------------------------------ comparisons

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr, span: Span, scope: &Scope) -> Cond {
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

    fn compare_sides(
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
            Side::Owner(of) => self.compare_owner(op, of, right, span, scope),
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

    fn compare_field(&mut self, op: CompareOp, left: Left, right: &Expr, span: Span, scope: &Scope) -> Cond {
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

    /// Text, choices, yes-or-no and references: equality with a word, a text or another field; order for ordered choices.
    fn compare_word(
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

    fn compare_fields(&mut self, op: CompareOp, left: Left, kind: &FieldKind, other: Left, span: Span) -> Cond {
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
    fn word_or_field(&mut self, left: &Left, kind: &FieldKind, right: &Expr, scope: &Scope) -> Option<Right> {
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
    fn one_of(&mut self, left: &Left, kind: &FieldKind, words: &[Word]) -> Option<FieldTest> {
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
                    let mut texts: Vec<String> = words.iter().map(|word| fold(&word.text)).collect();
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

    /// The positions of choices by name, sorted; reports every one that does not exist.
    fn choices(&mut self, left: &Left, set: &ChoiceSet, words: &[Word]) -> Option<Vec<u16>> {
        let mut found = Vec::new();
        let mut sound = true;
        for word in words {
            match set.find(&word.text) {
                Some(choice) => found.push(choice),
                None => {
                    sound = false;
                    self.unknown_choice(left, set, word);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        sound.then_some(found)
    }

    fn unknown_choice(&mut self, left: &Left, set: &ChoiceSet, word: &Word) {
        let field = self.field(left.record, left.field);
        let spellings = set.choices.iter().flat_map(|choice| std::iter::once(&choice.name).chain(&choice.also));
        let help = did_you_mean(&word.text, spellings.map(String::as_str));
        let known: Vec<&str> = set.names().take(12).collect();
        let more = if set.len() > 12 { ", …" } else { "" };
        let mut diagnostic =
            Diagnostic::error(Code::UnknownChoice, format!("`{}` has no choice `{}`", field.name, word.text))
                .at(word.span, "not one of its choices")
                .with_note(format!("its choices: {}{more}", known.join(", ")))
                .maybe_help(help);
        if let Some(span) = field.span {
            diagnostic = diagnostic.at(span, format!("`{}` is declared here", field.name));
        }
        self.push(diagnostic);
    }

    /// A path that no stray words follow; what follows is told.
    pub(super) fn whole(&mut self, path: &PathExpr) -> Option<()> {
        (!self.refuse_stray(path, None)).then_some(())
    }

    /// Words that follow a name without fitting: a choice with a blank in it, or a sentence that goes wrong here.
    fn refuse_stray(&mut self, path: &PathExpr, left: Option<(&Left, &FieldKind)>) -> bool {
        let Some(stray) = &path.stray else {
            return false;
        };
        let whole = format!("{} {}", path.text(), stray.text);
        let span = path.span.to(stray.span);
        let first = stray.text.split(' ').next().unwrap_or_default();
        if let Some((_, FieldKind::Choice(set) | FieldKind::Many(set))) = left {
            let spellings = set.choices.iter().flat_map(|choice| std::iter::once(&choice.name).chain(&choice.also));
            if let Some(near) = nearest(&whole, spellings.map(String::as_str)) {
                let name = set.find(near).map_or(near, |choice| set.name(choice));
                self.push(
                    Diagnostic::error(Code::UnquotedText, "a choice of several words needs quotes")
                        .at(span, "read as several words")
                        .help(format!("write `{name}`, or quote it: \"{whole}\"")),
                );
                return true;
            }
        } else if let Some((_, FieldKind::Text | FieldKind::Reference { .. })) = left
            && nearest(first, ["assign", "keep"]).is_none()
        {
            self.push(
                Diagnostic::error(Code::UnquotedText, "text with blanks in it needs quotes")
                    .at(span, "read as several words")
                    .help(format!("write \"{whole}\"")),
            );
            return true;
        }
        if nearest(first, ["assign", "keep"]).is_some() {
            // The parser has already said that the action is mistyped.
            return true;
        }
        self.push(stray_word(path, stray, first));
        true
    }

    /// A bare word where a number or a day was expected.
    pub(super) fn unknown_word(&mut self, path: &PathExpr) {
        if self.refuse_stray(path, None) {
            return;
        }
        let names = self
            .schema
            .records
            .iter()
            .flat_map(|record| record.fields.iter().map(|field| field.name.as_str()))
            .chain(self.tree.defines.iter().map(|define| define.name.text.as_str()));
        let help = did_you_mean(&path.text(), names);
        self.push(
            Diagnostic::error(Code::UnknownField, format!("`{}` is no field and no define", path.text()))
                .at(path.span, "not declared")
                .maybe_help(help),
        );
    }

    // ------------------------------------------------------------ numbers, days, times

    fn compare_numbers(
        &mut self,
        op: CompareOp,
        left: NumberExpr,
        measure: &Measure,
        right: &Expr,
        span: Span,
        scope: &Scope,
    ) -> Cond {
        let Some((right_expr, right_measure)) = self.number(right, scope) else {
            return never(span);
        };
        let mut left = left;
        let mut right_expr = right_expr;
        let mut currency = None;
        match (measure, &right_measure) {
            (Measure::MoneyInColumn, Measure::Money(code)) => {
                left = in_currency(left, code);
                currency = Some(code.clone());
            }
            (Measure::Money(code), Measure::MoneyInColumn) => right_expr = in_currency(right_expr, code),
            (Measure::MoneyInColumn, _) | (_, Measure::MoneyInColumn) => {
                self.push(
                    Diagnostic::error(Code::MixedMoney, "an amount whose currency stands in a column")
                        .at(span, "compared without a currency")
                        .help("write the currency with the number, such as `10k EUR`"),
                );
                return never(span);
            }
            (Measure::Money(a), Measure::Money(b)) if a != b => {
                self.push(
                    Diagnostic::error(Code::MixedMoney, format!("{a} compared with {b}"))
                        .at(span, format!("{} and {}", describe(measure), describe(&right_measure)))
                        .with_note("Ownward holds no exchange rates: two currencies are never compared or added")
                        .help(format!("write the amount in {a}")),
                );
                return never(span);
            }
            // A plain constant beside an amount takes its currency; a plain field has none to take.
            (Measure::Money(_), Measure::Plain) | (Measure::Plain, Measure::Money(_))
                if !is_constant(if *measure == Measure::Plain { &left } else { &right_expr }) =>
            {
                self.push(
                    Diagnostic::error(Code::MixedMoney, "an amount compared with a plain number")
                        .at(span, format!("{} and {}", describe(measure), describe(&right_measure)))
                        .help("declare the number as money too, or divide the amount by one of its own currency"),
                );
                return never(span);
            }
            _ => {}
        }
        let negated = op == CompareOp::Unequal;
        let positive = if negated { CompareOp::Equal } else { op };
        let kind = match (left, right_expr) {
            (NumberExpr::Field(path), NumberExpr::Constant(bound)) => number_field(path, positive, bound, None),
            (NumberExpr::FieldIn(path, _), NumberExpr::Constant(bound)) => {
                number_field(path, positive, bound, currency)
            }
            (NumberExpr::Constant(bound), NumberExpr::Field(path)) => {
                number_field(path, positive.flipped(), bound, None)
            }
            (left, right) => TestKind::Numbers { op: positive, left, right },
        };
        negate(test(kind, span), negated)
    }

    fn compare_days(&mut self, op: CompareOp, left: DayExpr, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let side = self.side(right, scope);
        let Some(right_day) = self.as_day(&side) else {
            self.expected_day(side, right.span);
            return never(span);
        };
        let negated = op == CompareOp::Unequal;
        let positive = if negated { CompareOp::Equal } else { op };
        let kind = match (left, right_day) {
            (DayExpr::Field(path), DayExpr::Constant(mark)) => {
                TestKind::Field { path, test: FieldTest::Day(vec![Range::of(positive, mark)]) }
            }
            (DayExpr::Constant(mark), DayExpr::Field(path)) => {
                TestKind::Field { path, test: FieldTest::Day(vec![Range::of(positive.flipped(), mark)]) }
            }
            (left, right) => TestKind::Days { op: positive, left, right },
        };
        negate(test(kind, span), negated)
    }

    fn expected_day(&mut self, side: Side, span: Span) {
        let found = match side {
            Side::Broken => return,
            Side::Word(path) => return self.unknown_word(&path),
            Side::Text(text) if crate::value::time::parse_day(&text).is_some() => {
                self.push(
                    Diagnostic::error(Code::WrongType, "a day is written without quotes")
                        .at(span, "a text")
                        .help(format!("write {text}")),
                );
                return;
            }
            Side::Length(_) => "a length of time: `ago` or `from today` makes it a day",
            Side::Number { .. } => "a number",
            Side::Text(_) => "a text",
            Side::Owner(_) => "an owner",
            Side::Condition(_) => "a condition",
            Side::Field { .. } | Side::Day(_) => "another kind of field",
        };
        self.push(
            Diagnostic::error(Code::WrongType, "expected a day")
                .at(span, found)
                .help("write a day as 2026-01-31, `today`, `30 days ago` or `30 days from today`"),
        );
    }

    fn compare_instant(&mut self, op: CompareOp, left: Left, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let side = self.side(right, scope);
        if let Side::Field { path, record, field } = &side
            && self.field(*record, *field).kind == FieldKind::Time
        {
            let negated = op == CompareOp::Unequal;
            let op = if negated { CompareOp::Equal } else { op };
            let kind = TestKind::Fields { op, left: left.path, right: path.clone(), exact: true };
            return negate(test(kind, span), negated);
        }
        match self.as_day(&side) {
            Some(DayExpr::Constant(mark)) => {
                let negated = op == CompareOp::Unequal;
                let start = Some((InstantMark::StartOf(mark), true));
                let end = |included| Some((InstantMark::EndOf(mark), included));
                let range = match op {
                    CompareOp::Equal | CompareOp::Unequal => Range { low: start, high: end(false) },
                    CompareOp::Less => Range { low: None, high: Some((InstantMark::StartOf(mark), false)) },
                    CompareOp::AtMost => Range { low: None, high: end(false) },
                    CompareOp::More => Range { low: end(true), high: None },
                    CompareOp::AtLeast => Range { low: start, high: None },
                };
                let kind = TestKind::Field { path: left.path, test: FieldTest::Instant(vec![range]) };
                negate(test(kind, span), negated)
            }
            Some(day) => {
                let negated = op == CompareOp::Unequal;
                let op = if negated { CompareOp::Equal } else { op };
                negate(test(TestKind::Days { op, left: DayExpr::DayOf(left.path), right: day }, span), negated)
            }
            None => {
                self.expected_day(side, right.span);
                never(span)
            }
        }
    }

    /// `within past N`, `within next N`: both ends included.
    fn within(&mut self, past: bool, left: &Expr, length: SpanOfTime, span: Span, scope: &Scope) -> Cond {
        let sign = if past { -1 } else { 1 };
        let far = DayMark::Today { amount: sign * length.amount, unit: length.unit };
        let (first, last) = if past { (far, DayMark::TODAY) } else { (DayMark::TODAY, far) };
        let minutes = clock_minutes(length).map(|minutes| sign * minutes);
        let now = InstantMark::Now { minutes: 0 };
        self.date_test(left, length, span, scope, |is_time| match (is_time, minutes) {
            (true, Some(minutes)) => {
                let far = InstantMark::Now { minutes };
                let (low, high) = if past { (far, now) } else { (now, far) };
                FieldTest::Instant(vec![Range { low: Some((low, true)), high: Some((high, true)) }])
            }
            (true, None) => FieldTest::Instant(vec![Range {
                low: Some((InstantMark::StartOf(first), true)),
                high: Some((InstantMark::EndOf(last), false)),
            }]),
            (false, _) => FieldTest::Day(vec![Range { low: Some((first, true)), high: Some((last, true)) }]),
        })
    }

    /// `older than N`, `later than N from today`: the bound itself excluded.
    fn beyond(&mut self, older: bool, left: &Expr, length: SpanOfTime, span: Span, scope: &Scope) -> Cond {
        let sign = if older { -1 } else { 1 };
        let mark = DayMark::Today { amount: sign * length.amount, unit: length.unit };
        let minutes = clock_minutes(length).map(|minutes| sign * minutes);
        self.date_test(left, length, span, scope, |is_time| match (is_time, minutes, older) {
            (true, Some(minutes), true) => {
                FieldTest::Instant(vec![Range { low: None, high: Some((InstantMark::Now { minutes }, false)) }])
            }
            (true, Some(minutes), false) => {
                FieldTest::Instant(vec![Range { low: Some((InstantMark::Now { minutes }, false)), high: None }])
            }
            (true, None, true) => {
                FieldTest::Instant(vec![Range { low: None, high: Some((InstantMark::StartOf(mark), false)) }])
            }
            (true, None, false) => {
                FieldTest::Instant(vec![Range { low: Some((InstantMark::EndOf(mark), true)), high: None }])
            }
            (false, _, true) => FieldTest::Day(vec![Range::of(CompareOp::Less, mark)]),
            (false, _, false) => FieldTest::Day(vec![Range::of(CompareOp::More, mark)]),
        })
    }

    fn date_test(
        &mut self,
        left: &Expr,
        length: SpanOfTime,
        span: Span,
        scope: &Scope,
        make: impl Fn(bool) -> FieldTest,
    ) -> Cond {
        let found = match self.side(left, scope) {
            Side::Field { path, record, field } => {
                let kind = &self.field(record, field).kind;
                match kind {
                    FieldKind::Time => {
                        return test(TestKind::Field { path, test: make(true) }, span);
                    }
                    FieldKind::Date if length.unit.is_clock() => {
                        self.push(
                            Diagnostic::error(Code::WrongType, "a date has no hours")
                                .at(span, format!("compared in {}", length.unit.word()))
                                .help("use days, or declare the field as `time`"),
                        );
                        return never(span);
                    }
                    FieldKind::Date => {
                        return test(TestKind::Field { path, test: make(false) }, span);
                    }
                    kind => kind.describe().to_owned(),
                }
            }
            Side::Broken => return never(span),
            Side::Word(path) => {
                self.unknown_word(&path);
                return never(span);
            }
            _ => "no field".to_owned(),
        };
        self.push(
            Diagnostic::error(Code::WrongType, "expected a date or a time")
                .at(left.span, found)
                .help("only `date` and `time` fields have an age"),
        );
        never(span)
    }

    // ------------------------------------------------------------ is, in, text, sets

    fn is(&mut self, left: &Expr, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let state = match &right.kind {
            ExprKind::Path(path) if path.stray.is_none() => path.single().map(|word| word.text.to_lowercase()),
            _ => None,
        };
        match state.as_deref() {
            Some("missing") => return self.known(left, false, span, scope),
            Some("known") => return self.known(left, true, span, scope),
            Some("active" | "inactive") => {
                if let Side::Owner(of) = self.side(left, scope) {
                    let active = test(TestKind::Owner { of: of.clone(), test: OwnerTest::Active }, span);
                    if state.as_deref() == Some("active") {
                        return active;
                    }
                    // `is inactive` is said of somebody; `is not active` is the plain opposite and holds for nobody too.
                    let known = test(TestKind::Owner { of, test: OwnerTest::Known }, span);
                    return Cond::All(vec![known, negate(active, true)]);
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
                    .help(format!("write `{name} is missing` or `{name} is known`")),
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

    fn field_named(&self, name: &str, scope: &Scope) -> Option<(FieldId, &crate::schema::Field)> {
        let record = self.schema.record(scope.record);
        let id = record.find(name)?;
        Some((id, record.field(id)))
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

    fn is_exactly(&mut self, left: &Expr, right: &Expr, span: Span, scope: &Scope) -> Cond {
        let Some(path) = self.text_field(left, "is exactly", scope) else {
            return never(span);
        };
        match &right.kind {
            ExprKind::Quoted(text) => {
                let test_of = TextTest::Exactly(vec![nfc(text)]);
                test(TestKind::Field { path, test: FieldTest::Text(test_of) }, span)
            }
            _ => match self.side(right, scope) {
                Side::Field { path: other, record, field } if self.field(record, field).kind == FieldKind::Text => {
                    test(TestKind::Fields { op: CompareOp::Equal, left: path, right: other, exact: true }, span)
                }
                Side::Broken => never(span),
                _ => {
                    self.push(
                        Diagnostic::error(Code::WrongType, "`is exactly` compares with a text")
                            .at(right.span, "not a text in quotes")
                            .help("write it in double quotes"),
                    );
                    never(span)
                }
            },
        }
    }

    fn is_in(&mut self, left: &Expr, source: &InSource, span: Span, scope: &Scope) -> Cond {
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
                    _ => {
                        let expr = Expr { kind: ExprKind::Broken, span: left_span(values, span) };
                        self.in_each(&left, &expr, values, span, scope)
                    }
                }
            }
            Side::Owner(of) => {
                let names: Option<Vec<_>> = values.iter().map(|value| self.owner_name(value)).collect();
                match names {
                    Some(names) => test(TestKind::Owner { of, test: OwnerTest::Is(names) }, span),
                    None => never(span),
                }
            }
            Side::Number { .. } | Side::Day(_) => {
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
    fn in_each(&mut self, left: &Left, _at: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
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

    /// The path of a text field, or a message that says what was found.
    fn text_field(&mut self, expr: &Expr, what: &str, scope: &Scope) -> Option<Path> {
        match self.side(expr, scope) {
            Side::Field { path, record, field } => {
                let field = self.field(record, field);
                if field.kind == FieldKind::Text {
                    return Some(path);
                }
                let (name, kind) = (field.name.clone(), field.kind.describe());
                let help = match field.kind {
                    FieldKind::Many(_) => format!("write `{name} includes …`"),
                    FieldKind::Choice(_) => format!("write `{name} in (…)` with its choices"),
                    _ => "compare it with `=`, `<` or `in`".to_owned(),
                };
                self.push(
                    Diagnostic::error(Code::WrongType, format!("`{what}` is for text"))
                        .at(expr.span, format!("`{name}` is {kind}"))
                        .help(help),
                );
            }
            Side::Word(path) => self.unknown_condition(&path, scope),
            Side::Broken => {}
            _ => self.error(Code::WrongType, format!("`{what}` is for text fields"), expr.span, "not a text field"),
        }
        None
    }

    fn text(&mut self, op: TextOp, left: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        let word = match op {
            TextOp::Contains => "contains",
            TextOp::StartsWith => "starts with",
            TextOp::EndsWith => "ends with",
            TextOp::Matches => "matches",
        };
        let Some(path) = self.text_field(left, word, scope) else {
            return never(span);
        };
        let mut texts = Vec::new();
        for value in values {
            match self.literal_text(value) {
                Some(text) => texts.push(text),
                None => return never(span),
            }
        }
        if op == TextOp::Matches {
            let pattern = texts.pop().unwrap_or_default();
            let at = values.first().map_or(span, |value| value.span);
            return match self.regex(&pattern, at) {
                Some(regex) => test(TestKind::Field { path, test: FieldTest::Text(TextTest::Matches(regex)) }, span),
                None => never(span),
            };
        }
        let mut texts: Vec<String> = texts.iter().map(|text| fold(text)).collect();
        texts.sort();
        texts.dedup();
        let of = match op {
            TextOp::StartsWith => TextTest::StartsWith(texts),
            TextOp::EndsWith => TextTest::EndsWith(texts),
            _ => TextTest::Contains(texts),
        };
        test(TestKind::Field { path, test: FieldTest::Text(of) }, span)
    }

    fn literal_text(&mut self, value: &Expr) -> Option<String> {
        match &value.kind {
            ExprKind::Quoted(text) if !text.trim().is_empty() => Some(text.clone()),
            ExprKind::Quoted(_) => {
                self.error(Code::WrongType, "a blank text is in every text", value.span, "blank");
                None
            }
            ExprKind::Path(path) if path.stray.is_none() && path.names.len() == 1 => Some(path.text()),
            ExprKind::Path(path) => {
                let whole = match &path.stray {
                    Some(stray) => format!("{} {}", path.text(), stray.text),
                    None => path.text(),
                };
                self.push(
                    Diagnostic::error(Code::UnquotedText, "text with blanks or dots in it needs quotes")
                        .at(value.span, "read as several words")
                        .help(format!("write \"{whole}\"")),
                );
                None
            }
            ExprKind::Broken => None,
            _ => {
                self.push(
                    Diagnostic::error(Code::WrongType, "expected a text")
                        .at(value.span, "not a text")
                        .help("write it in double quotes"),
                );
                None
            }
        }
    }

    /// A pattern over folded text: letter case never matters, so it is matched without regard to it.
    fn regex(&mut self, pattern: &str, span: Span) -> Option<regex::Regex> {
        let built = regex::RegexBuilder::new(&folded_pattern(pattern))
            .case_insensitive(true)
            .size_limit(crate::limits::REGEX_BYTES_MAX)
            .nest_limit(64)
            .build();
        match built {
            Ok(regex) => Some(regex),
            Err(regex::Error::CompiledTooBig(limit)) => {
                self.push(
                    Diagnostic::error(Code::BadPattern, "a pattern that grows too large")
                        .at(span, format!("more than {limit} bytes when compiled"))
                        .help("bound its repetitions, or match a simpler part of the text"),
                );
                None
            }
            Err(error) => {
                // The library draws the pattern over several lines; its last line says what is wrong.
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.push(
                    Diagnostic::error(Code::BadPattern, "a pattern that cannot be read")
                        .at(span, reason)
                        .help("patterns follow the crate `regex`: no look-around, no back-references"),
                );
                None
            }
        }
    }

    fn counts_as(&mut self, left: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
        let Some((left, set)) = self.choice_field(left, "counts as", scope) else {
            return never(span);
        };
        let Some(wanted) = self.listed_choices(&left, &set, values) else {
            return never(span);
        };
        let count = u16::try_from(set.len()).unwrap_or(u16::MAX);
        let choices = (0..count).filter(|choice| wanted.iter().any(|one| set.counts_as(*choice, *one))).collect();
        test(TestKind::Field { path: left.path, test: FieldTest::Choice(choices) }, span)
    }

    fn choice_field(&mut self, expr: &Expr, what: &str, scope: &Scope) -> Option<(Left, ChoiceSet)> {
        match self.side(expr, scope) {
            Side::Field { path, record, field } => match &self.field(record, field).kind {
                FieldKind::Choice(set) => Some((Left { path, record, field }, set.clone())),
                kind => {
                    let label = format!("`{}` is {}", self.field(record, field).name, kind.describe());
                    self.error(Code::WrongType, format!("`{what}` is for choices"), expr.span, label);
                    None
                }
            },
            Side::Word(path) => {
                self.unknown_condition(&path, scope);
                None
            }
            Side::Broken => None,
            _ => {
                self.error(Code::WrongType, format!("`{what}` is for choices"), expr.span, "not a field");
                None
            }
        }
    }

    fn listed_choices(&mut self, left: &Left, set: &ChoiceSet, values: &[Expr]) -> Option<Vec<u16>> {
        let kind = FieldKind::Choice(set.clone());
        let mut words = Vec::new();
        for value in values {
            match &value.kind {
                ExprKind::Path(path) if path.stray.is_some() => {
                    self.refuse_stray(path, Some((left, &kind)));
                    return None;
                }
                ExprKind::Path(path) => words.push(Word { text: path.text(), span: value.span, quoted: false }),
                ExprKind::Quoted(text) => words.push(Word { text: text.clone(), span: value.span, quoted: true }),
                ExprKind::Broken => return None,
                _ => {
                    self.error(Code::WrongType, "expected a choice", value.span, "not a choice");
                    return None;
                }
            }
        }
        self.choices(left, set, &words)
    }

    fn includes(&mut self, which: Which, left: &Expr, values: &[Expr], span: Span, scope: &Scope) -> Cond {
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

    fn compare_owner(&mut self, op: CompareOp, of: OwnerRef, right: &Expr, span: Span, _scope: &Scope) -> Cond {
        if !matches!(op, CompareOp::Equal | CompareOp::Unequal) {
            self.error(Code::WrongType, "owners have no order", span, format!("compared with `{}`", op.mark()));
            return never(span);
        }
        match self.owner_name(right) {
            Some(name) => {
                let is = test(TestKind::Owner { of, test: OwnerTest::Is(vec![name]) }, span);
                negate(is, op == CompareOp::Unequal)
            }
            None => never(span),
        }
    }
}

/// A word behind a name where none fits: a mistyped keyword, a habit, a comparison without its mark.
fn stray_word(path: &PathExpr, stray: &Word, first: &str) -> Diagnostic {
    let at = Span { end: stray.span.start + u32::try_from(first.len()).unwrap_or(0), ..stray.span };
    if matches!(fold(&path.text()).as_str(), "and" | "or") {
        return Diagnostic::error(Code::Syntax, format!("`{}` fits nowhere here", path.text()))
            .at(path.span, "expected a condition")
            .help("remove it, or the word before it");
    }
    if fold(first) == "then" {
        return Diagnostic::error(Code::ForeignHabit, "`then` is not needed")
            .at(at, "from another language")
            .help("remove it");
    }
    let keywords = ["is", "in", "and", "or", "not", "contains", "starts", "ends", "matches", "includes", "between"];
    let near = keywords.into_iter().find(|word| first.chars().rev().eq(word.chars())).or(nearest(first, keywords));
    if let Some(near) = near {
        return Diagnostic::error(Code::Syntax, format!("expected `{near}`, found `{first}`"))
            .at(at, "not expected here")
            .help(format!("did you mean `{near}`?"));
    }
    let diagnostic = Diagnostic::error(Code::Syntax, format!("`{first}` fits nowhere here"))
        .at(at, "expected a comparison, `and`, `or` or an action");
    if stray.text.contains(' ') {
        diagnostic.help("names have no blanks; text with blanks stands in double quotes")
    } else {
        diagnostic.help(format!("a comparison is written `{} = {first}`", path.text()))
    }
}

/// Words that other languages have for a blank cell.
const BLANKS: &[&str] = &["null", "none", "nil", "empty", "blank", "nothing", "undefined", "na"];

fn is_constant(expr: &NumberExpr) -> bool {
    matches!(expr, NumberExpr::Constant(_))
}

enum Right {
    Words(Vec<Word>),
    Field(Left),
}

fn left_span(values: &[Expr], span: Span) -> Span {
    values.first().map_or(span, |value| value.span)
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

fn yes_no(word: &str) -> Option<bool> {
    match fold(word).as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

fn number_field(path: Path, op: CompareOp, bound: Decimal, currency: Option<String>) -> TestKind {
    TestKind::Field { path, test: FieldTest::Number { ranges: vec![Range::of(op, bound)], currency } }
}

fn in_currency(expr: NumberExpr, code: &str) -> NumberExpr {
    match expr {
        NumberExpr::Field(path) => NumberExpr::FieldIn(path, code.to_owned()),
        other => other,
    }
}

/// A pattern whose letters are folded as the text is that it is matched with: `Straße` must find `STRASSE`.
///
/// What a class (`[äß]`) holds stays as it is, for a class stands for one character.
fn folded_pattern(pattern: &str) -> String {
    let pattern: String = pattern.nfc().collect();
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut classes_open = 0_usize;
    let mut is_class_start = false;
    while let Some(c) = chars.next() {
        let was_class_start = std::mem::take(&mut is_class_start);
        match c {
            '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '[' => {
                classes_open += 1;
                is_class_start = true;
            }
            '^' if was_class_start => is_class_start = true,
            ']' if !was_class_start => classes_open = classes_open.saturating_sub(1),
            _ => {}
        }
        let folded = if c.is_ascii() || classes_open > 0 { String::new() } else { fold(c.encode_utf8(&mut [0; 4])) };
        match folded.chars().count() {
            0 => out.push(c),
            1 => out.push_str(&folded),
            // Repetition marks after it mean all of it.
            _ => out.extend(["(?:", &folded, ")"]),
        }
    }
    out
}

fn clock_minutes(length: SpanOfTime) -> Option<i64> {
    match length.unit {
        Unit::Minutes => Some(length.amount),
        Unit::Hours => Some(length.amount.saturating_mul(60)),
        _ => None,
    }
}
