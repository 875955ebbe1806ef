//! Pools: who is in them, what is asked of a member, and how one is chosen.

use super::Checker;
use super::declarations::same;
use super::policy::{MemberAsk, MemberCond, MemberTest, MemberValue, Path, Pool, PoolId};
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::{Currency, FieldKind};
use crate::source::Span;
use crate::syntax::{CapExpr, CompareOp, Expr, ExprKind, InSource, PathExpr, PoolExpr, PoolHow, RelativeTo, TextOp};

/// A set of people that is everybody in the directory.
const EVERYBODY: &str = "people";

impl Checker<'_> {
    /// The typed pool, each once; `None` where something in it is wrong.
    pub(super) fn pool(&mut self, expr: &PoolExpr, span: Span, scope: &Scope) -> Option<PoolId> {
        let before = self.diagnostics.len();
        if self.schema.people.is_none() {
            self.push(
                Diagnostic::error(
                    Code::PoolWithoutPeople,
                    format!("`{}` needs people to choose from", expr.how.word()),
                )
                .at(span, "no directory of people is declared")
                .help("declare it: `person from people`, with a file or table of people in the source"),
            );
        }
        self.clashes(expr, span);
        let condition = expr.condition.as_ref().and_then(|condition| self.member_cond(condition, scope));
        let load = expr.by_sum.as_ref().and_then(|(path, _)| self.load_field(path, scope));
        let sums = load.as_ref().map(|path| self.currency_of(path, scope));
        let (mut cap, mut cap_per) = (None, None);
        for one in &expr.caps {
            // A fraction must not be cut off silently.
            let whole = u64::try_from(one.count).ok().filter(|_| one.count.fract().is_zero());
            let counts_records = one.per.is_some() || expr.by_sum.is_none();
            if let Some(currency) = &sums
                && !counts_records
            {
                self.cap_currency(one, currency.as_deref());
            }
            match one.per {
                _ if counts_records && (whole.is_none() || one.currency.is_some()) => {
                    self.error(Code::Syntax, "records are counted whole", one.span, "not a whole number of records");
                }
                Some(unit) if cap_per.is_none() => cap_per = whole.map(|count| (count, unit)),
                Some(_) => self.said_twice("up to … per …", one.span),
                None if cap.is_some() => self.said_twice("up to", one.span),
                None => cap = Some(one.count),
            }
            if one.count.is_zero() {
                self.push(
                    Diagnostic::error(Code::EmptyPool, "a pool in which nobody may receive anything")
                        .at(one.span, "nobody stays below 0")
                        .help("write how many records each may have, or remove it"),
                );
            }
        }
        let everybody = expr.members.iter().any(|member| self.is_everybody(member));
        let members = match everybody {
            true => Vec::new(),
            false => {
                let mut members: Vec<_> =
                    expr.members.iter().map(|member| self.name(&member.text, member.span)).collect();
                // Who is named twice is one member still.
                members.sort_unstable();
                members.dedup();
                members
            }
        };
        if self.diagnostics[before..].iter().any(Diagnostic::is_error) {
            return None;
        }
        let pool = Pool {
            record: scope.root,
            how: expr.how,
            by_weight: expr.by_weight.is_some(),
            members,
            condition,
            load,
            cap,
            cap_per,
            rotation: expr.rotation.as_ref().map(|name| name.text.clone()),
            span,
        };
        let same_pool = |known: &Pool| Pool { span, ..known.clone() } == pool;
        let at = self.pools.iter().position(same_pool).unwrap_or_else(|| {
            self.pools.push(pool);
            self.pools.len() - 1
        });
        u32::try_from(at).ok().map(PoolId)
    }

    /// The currency of an amount that is added up; `None` for a plain number.
    fn currency_of(&self, path: &Path, scope: &Scope) -> Option<String> {
        let record = path.record(&self.schema, scope.root);
        match &self.field(record, path.field).kind {
            FieldKind::Money(Currency::Fixed(currency)) => Some(currency.clone()),
            _ => None,
        }
    }

    /// A limit in another currency than that of the sum. A plain number takes the sum's.
    fn cap_currency(&mut self, cap: &CapExpr, sum: Option<&str>) {
        let Some(currency) = cap.currency.as_deref().filter(|currency| Some(*currency) != sum) else { return };
        let (headline, help) = match sum {
            Some(sum) => (format!("a sum in {sum} up to a limit in {currency}"), format!("write the limit in {sum}")),
            None => (format!("a sum of plain numbers up to a limit in {currency}"), format!("remove `{currency}`")),
        };
        self.push(
            Diagnostic::error(Code::MixedMoney, headline)
                .at(cap.span, "cannot be compared with the sum")
                .with_note("Ownward holds no exchange rates: two currencies are never compared or added")
                .help(help),
        );
    }

    fn is_everybody(&self, member: &crate::syntax::Word) -> bool {
        !member.quoted
            && same(&member.text, EVERYBODY)
            && !self.schema.teams.iter().any(|team| same(&team.name, EVERYBODY))
    }

    fn said_twice(&mut self, word: &str, span: Span) {
        self.push(
            Diagnostic::error(Code::Syntax, format!("`{word}` is said twice"))
                .at(span, "a pool has one such limit")
                .help("keep the smaller one"),
        );
    }

    /// Parts that do not go together.
    fn clashes(&mut self, expr: &PoolExpr, span: Span) {
        let word = expr.how.word();
        match (expr.how, expr.by_hash) {
            (PoolHow::Any, None) => self.push(
                Diagnostic::error(Code::Syntax, "`any of` does not say how one is chosen")
                    .at(span, "by what?")
                    .help("write `any of … by hash` for a choice that stays, or `next of …` for turns"),
            ),
            (PoolHow::Next | PoolHow::LeastLoaded, Some(by)) => self.push(
                Diagnostic::error(Code::Syntax, format!("`{word}` does not choose by hash"))
                    .at(by, "belongs to `any of`")
                    .help("write `any of … by hash`, or remove `by hash`"),
            ),
            _ => {}
        }
        if let (Some((_, by)), PoolHow::Next | PoolHow::Any) = (&expr.by_sum, expr.how) {
            self.push(
                Diagnostic::error(Code::Syntax, format!("`{word}` looks at no load"))
                    .at(*by, "belongs to `least loaded of`")
                    .help("write `least loaded of … by sum of …`, or remove it"),
            );
        }
        // By hash nobody has a turn; but what was received in a week is counted in the rotation.
        let counts_received = expr.caps.iter().any(|cap| cap.per.is_some());
        if let (Some(rotation), PoolHow::Any, false) = (&expr.rotation, expr.how, counts_received) {
            self.push(
                Diagnostic::error(Code::Syntax, "a choice by hash has no rotation")
                    .at(rotation.span, "nobody has a turn")
                    .help("write `next of … rotation …`, or remove it"),
            );
        }
        if let (Some(by), PoolHow::Any) = (expr.by_weight, expr.how) {
            self.push(
                Diagnostic::error(Code::Syntax, "a choice by hash has no weights")
                    .at(by, "everybody is chosen alike")
                    .help("write `next of … by weight`"),
            );
        }
    }

    fn load_field(&mut self, path: &PathExpr, scope: &Scope) -> Option<Path> {
        let (resolved, record) = self.resolve_whole(path, scope)?;
        let field = self.field(record, resolved.field).clone();
        match field.kind {
            FieldKind::Number | FieldKind::Money(Currency::Fixed(_)) => Some(resolved),
            kind => {
                self.push(
                    Diagnostic::error(Code::WrongType, format!("`{}` cannot be added up", field.name))
                        .at(path.span, kind.describe())
                        .help("name a number, or an amount of one currency"),
                );
                None
            }
        }
    }

    // ------------------------------------------------------------ conditions on members

    /// A condition whose plain names are columns of the directory; the record's fields are written `record.country`.
    fn member_cond(&mut self, expr: &Expr, scope: &Scope) -> Option<MemberCond> {
        if !self.enter(expr.span) {
            return None;
        }
        let cond = self.member_cond_inside(expr, scope);
        self.leave();
        cond
    }

    fn member_cond_inside(&mut self, expr: &Expr, scope: &Scope) -> Option<MemberCond> {
        let negate = |cond: MemberCond, negated: bool| match negated {
            true => MemberCond::Not(Box::new(cond)),
            false => cond,
        };
        match &expr.kind {
            ExprKind::And(parts) => self.member_parts(parts, scope).map(MemberCond::All),
            ExprKind::Or(parts) => self.member_parts(parts, scope).map(MemberCond::Any),
            ExprKind::Not(inner) => self.member_cond(inner, scope).map(|cond| negate(cond, true)),
            ExprKind::Group(inner) => self.member_cond(inner, scope),
            ExprKind::Compare { op, left, right, .. } => {
                let column = self.member_column(left)?;
                let value = self.member_value(right, scope)?;
                let ask = match op {
                    CompareOp::Equal | CompareOp::Unequal => MemberAsk::OneOf(vec![value]),
                    op => self.ordered(*op, value, right.span, scope)?,
                };
                Some(negate(test(column, ask, expr.span), *op == CompareOp::Unequal))
            }
            ExprKind::Is { negated, left, right } => {
                let column = self.member_column(left)?;
                match state(right) {
                    Some("missing") => Some(negate(test(column, MemberAsk::Missing, expr.span), *negated)),
                    Some("known") => Some(negate(test(column, MemberAsk::Missing, expr.span), !*negated)),
                    _ => {
                        let value = self.member_value(right, scope)?;
                        Some(negate(test(column, MemberAsk::OneOf(vec![value]), expr.span), *negated))
                    }
                }
            }
            ExprKind::In { negated, left, source } => {
                let column = self.member_column(left)?;
                let ask = match source {
                    InSource::Values(values) => MemberAsk::OneOf(self.member_values(values, scope)?),
                    InSource::Named(team) => MemberAsk::InTeam(self.team_name(team)?),
                };
                Some(negate(test(column, ask, expr.span), *negated))
            }
            ExprKind::Between { negated, left, low, high } => {
                let column = self.member_column(left)?;
                let (from, to) = (self.member_value(low, scope)?, self.member_value(high, scope)?);
                let from = self.ordered(CompareOp::AtLeast, from, low.span, scope)?;
                let to = self.ordered(CompareOp::AtMost, to, high.span, scope)?;
                let both = vec![test(column.clone(), from, expr.span), test(column, to, expr.span)];
                Some(negate(MemberCond::All(both), *negated))
            }
            ExprKind::Text { op, negated, left, values } if *op != TextOp::Matches => {
                let column = self.member_column(left)?;
                let values = self.member_values(values, scope)?;
                let ask = match op {
                    TextOp::StartsWith => MemberAsk::StartsWith(values),
                    TextOp::EndsWith => MemberAsk::EndsWith(values),
                    _ => MemberAsk::Contains(values),
                };
                Some(negate(test(column, ask, expr.span), *negated))
            }
            ExprKind::Includes { which, left, values } => {
                let column = self.member_column(left)?;
                let values = self.member_values(values, scope)?;
                Some(test(column, MemberAsk::Includes(*which, values), expr.span))
            }
            ExprKind::Path(_) => {
                // A yes-or-no column by itself: `where certified`.
                let column = self.member_column(expr)?;
                Some(test(column, MemberAsk::OneOf(vec![MemberValue::YesNo(true)]), expr.span))
            }
            ExprKind::Broken => None,
            _ => {
                self.push(
                    Diagnostic::error(Code::NotACondition, "this cannot be asked of a member")
                        .at(expr.span, "not a comparison of a column of the directory")
                        .help("compare a column: `where covers = record.country`, `where languages includes \"de\"`"),
                );
                None
            }
        }
    }

    fn member_parts(&mut self, parts: &[Expr], scope: &Scope) -> Option<Vec<MemberCond>> {
        let typed: Vec<Option<MemberCond>> = parts.iter().map(|part| self.member_cond(part, scope)).collect();
        typed.into_iter().collect()
    }

    /// The column of the directory on the left of a comparison.
    fn member_column(&mut self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Group(inner) => self.member_column(inner),
            ExprKind::Path(path) if path.stray.is_none() && path.single().is_some() => Some(path.text()),
            ExprKind::Quoted(text) => Some(text.clone()),
            ExprKind::Broken => None,
            _ => {
                self.push(
                    Diagnostic::error(Code::NotACondition, "expected a column of the directory")
                        .at(expr.span, "not one name")
                        .help("write the person's column first: `where covers = record.country`"),
                );
                None
            }
        }
    }

    fn member_values(&mut self, values: &[Expr], scope: &Scope) -> Option<Vec<MemberValue>> {
        self.tell_doubled(values, None, scope.record);
        let typed: Vec<Option<MemberValue>> = values.iter().map(|value| self.member_value(value, scope)).collect();
        typed.into_iter().collect()
    }

    fn member_value(&mut self, expr: &Expr, scope: &Scope) -> Option<MemberValue> {
        Some(match &expr.kind {
            ExprKind::Group(inner) => return self.member_value(inner, scope),
            ExprKind::Quoted(text) => MemberValue::Text(text.clone()),
            ExprKind::Number(number) => MemberValue::Number(*number),
            ExprKind::Date(day) => MemberValue::Day(*day),
            ExprKind::Relative { when: None | Some(RelativeTo::Ago | RelativeTo::Ahead), .. } => {
                self.push(
                    Diagnostic::error(Code::NotACondition, "a member is not held against a length of time")
                        .at(expr.span, "changes from day to day")
                        .help("write a day, a number or a text"),
                );
                return None;
            }
            ExprKind::Path(path) => return self.member_path(path, scope),
            ExprKind::Broken => return None,
            _ => {
                self.push(
                    Diagnostic::error(Code::NotACondition, "expected a value or a field of the record")
                        .at(expr.span, "cannot be held against a column of the directory")
                        .help("write a text, a number, a day, or `record.FIELD`"),
                );
                return None;
            }
        })
    }

    /// `record.country` is the record's; any other word is a text, `yes` and `no` are what they say.
    fn member_path(&mut self, path: &PathExpr, scope: &Scope) -> Option<MemberValue> {
        let (first, rest) = path.names.split_first()?;
        if let Some(stray) = &path.stray {
            self.push(
                Diagnostic::error(Code::UnquotedText, "a text with blanks in it needs quotes")
                    .at(path.span.to(stray.span), "read as several words")
                    .help(format!("write \"{} {}\"", path.text(), stray.text))
                    .fix(path.span.to(stray.span), format!("\"{} {}\"", path.text(), stray.text)),
            );
            return None;
        }
        if same(&first.text, "record") && !rest.is_empty() {
            let inner = PathExpr { names: rest.to_vec(), span: path.span, stray: None };
            let (resolved, _) = self.resolve(&inner, scope)?;
            return Some(MemberValue::Field(resolved));
        }
        if rest.is_empty() && (same(&first.text, "yes") || same(&first.text, "no")) {
            return Some(MemberValue::YesNo(same(&first.text, "yes")));
        }
        if self.schema.record(scope.record).find(&first.text).is_some() {
            let name = path.text();
            self.push(
                Diagnostic::error(Code::AmbiguousWord, format!("`{name}` can be a text or the record's field"))
                    .at(path.span, "plain names in a condition on members are theirs")
                    .help(format!("write `record.{name}` for the record's, or \"{name}\" for the text")),
            );
            return None;
        }
        Some(MemberValue::Text(path.text()))
    }

    fn ordered(&mut self, op: CompareOp, value: MemberValue, span: Span, scope: &Scope) -> Option<MemberAsk> {
        let has_order = match &value {
            MemberValue::Number(_) | MemberValue::Day(_) => true,
            MemberValue::Field(path) => {
                let record = path.record(&self.schema, scope.root);
                let kind = &self.field(record, path.field).kind;
                matches!(kind, FieldKind::Number | FieldKind::Money(Currency::Fixed(_)) | FieldKind::Date)
            }
            MemberValue::Text(_) | MemberValue::YesNo(_) => false,
        };
        if !has_order {
            self.push(
                Diagnostic::error(Code::WrongType, format!("`{}` needs a number or a day", op.mark()))
                    .at(span, "has no order")
                    .help("compare with a number or a day"),
            );
            return None;
        }
        Some(MemberAsk::Order(op, value))
    }
}

fn test(column: String, ask: MemberAsk, span: Span) -> MemberCond {
    MemberCond::Test(MemberTest { column, ask, span })
}

/// `missing` or `known`, if that is what a word says.
fn state(expr: &Expr) -> Option<&'static str> {
    let ExprKind::Path(path) = &expr.kind else { return None };
    let word = path.single().filter(|_| path.stray.is_none())?;
    ["missing", "known"].into_iter().find(|state| same(&word.text, state))
}
