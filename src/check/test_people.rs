//! People of tests: `given person "ana" { team = Sales, active = yes }`, any column of the directory.

use super::Checker;
use super::declarations::same;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{Membership, Person};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, GivenDecl, GivenExpr, GivenKind, GivenName};
use crate::value::{Decimal, compact, fold, time};

/// A column's value, as the directory would hold it.
type Texts = Vec<(String, Span)>;

impl Checker<'_> {
    /// A person as the directory would hold them; active where nothing else is said.
    pub(super) fn given_person(&mut self, decl: &GivenDecl) -> Option<Person> {
        let key = decl.key.as_ref()?.text.trim().to_owned();
        let mut person = Person { key, active: true, ..Person::default() };
        let (mut from, mut until) = (None, None);
        let mut known: Vec<String> = Vec::new();
        for field in &decl.fields {
            let name = match &field.name {
                GivenName::Field(name) => name,
                GivenName::Current(word) | GivenName::Past(word) => {
                    self.error(Code::BadTest, "a person has no owner and no past", word.span, "of records only");
                    continue;
                }
            };
            let column = fold(&name.text.replace(['-', '_'], " "));
            if known.contains(&column) {
                self.error(Code::DeclaredTwice, format!("`{}` is given twice", name.text), name.span, "given again");
                continue;
            }
            known.push(column.clone());
            let Some(texts) = self.plain_texts(&field.value) else { continue };
            let first = texts.first().map(|(text, _)| text.clone());
            let span = field.value.span;
            match column.as_str() {
                "id" | "key" => person.key = first.unwrap_or_default(),
                "name" => person.name = first,
                "email" => person.email = first,
                "team" | "teams" => person.teams = self.memberships(texts),
                "manager" => person.manager = first,
                "active" => person.active = self.yes_no(first.as_deref(), span).unwrap_or(true),
                "capacity" => person.capacity = self.parsed(first.as_deref(), span, "a whole number of 0 or more"),
                "weight" => {
                    person.weight = self.parsed::<Decimal>(first.as_deref(), span, "a number of 0 or more");
                }
                "away from" => from = self.day_text(first.as_deref(), span),
                "away until" => until = self.day_text(first.as_deref(), span),
                "backup" => person.backup = first,
                _ => {
                    let joined = texts.into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(";");
                    if !joined.is_empty() {
                        person.extra.insert(name.text.clone(), joined);
                    }
                }
            }
        }
        if from.is_some() || until.is_some() {
            person.away = vec![(from, until)];
        }
        Some(person)
    }

    fn memberships(&mut self, teams: Texts) -> Vec<Membership> {
        let mut found = Vec::new();
        for (text, span) in teams {
            if self.schema.teams.iter().any(|team| same(&team.name, &text)) {
                found.push(Membership::always(text));
                continue;
            }
            let teams = self.schema.teams.iter().map(|team| team.name.as_str());
            let help = did_you_mean(&text, teams).unwrap_or_else(|| format!("declare it: `team {text}`"));
            self.push(
                Diagnostic::error(Code::UnknownTeam, format!("no team `{text}`")).at(span, "not declared").help(help),
            );
        }
        found
    }

    fn yes_no(&mut self, text: Option<&str>, span: Span) -> Option<bool> {
        match fold(text?).as_str() {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => {
                self.error(Code::UnknownChoice, "neither yes nor no", span, "write `yes` or `no`");
                None
            }
        }
    }

    fn parsed<T: std::str::FromStr>(&mut self, text: Option<&str>, span: Span, what: &str) -> Option<T> {
        let parsed = text?.parse().ok();
        if parsed.is_none() {
            self.error(Code::WrongType, format!("expected {what}"), span, "something else");
        }
        parsed
    }

    fn day_text(&mut self, text: Option<&str>, span: Span) -> Option<i32> {
        let day = time::parse_day(text?);
        if day.is_none() {
            self.error(Code::WrongType, "expected a day", span, "such as 2026-01-31");
        }
        day
    }

    /// The texts of a value without a field to say what it means; none for `missing`.
    pub(super) fn plain_texts(&mut self, value: &GivenExpr) -> Option<Texts> {
        match &value.kind {
            GivenKind::One(expr) if is_missing(expr) => Some(Vec::new()),
            GivenKind::One(expr) => self.plain_text(expr).map(|text| vec![text]),
            GivenKind::Several(values) => values.iter().map(|value| self.plain_text(value)).collect(),
            GivenKind::Label(text) => Some(vec![(text.clone(), value.span)]),
            GivenKind::Moment(_) => {
                self.error(Code::WrongType, "no time of day is kept here", value.span, "a day and a time of day");
                None
            }
        }
    }

    fn plain_text(&mut self, expr: &Expr) -> Option<(String, Span)> {
        let text = match &expr.kind {
            ExprKind::Group(inner) => return self.plain_text(inner),
            ExprKind::Quoted(text) => text.trim().to_owned(),
            ExprKind::Path(path) => {
                self.whole(path)?;
                path.text()
            }
            ExprKind::Number(number) => compact(*number),
            ExprKind::Date(day) => time::show_day(*day),
            ExprKind::Broken => return None,
            _ => {
                self.error(Code::WrongType, "expected a plain value", expr.span, "a text, a number, a day or a word");
                return None;
            }
        };
        Some((text, expr.span))
    }
}

/// The bare word `missing`.
fn is_missing(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Path(path) if path.stray.is_none() && path.single().is_some_and(|word| fold(&word.text) == "missing"))
}
