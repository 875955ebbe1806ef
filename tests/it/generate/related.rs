//! Questions about other records and ranks at random, each as text and as what the model says of it.

use super::Generator;
use super::conditions::{Scope, eval};
use crate::model::{Eval, Ground, Kind, Val};
use ownward::value::Decimal;

impl Generator<'_> {
    /// A question about the records that refer to one; `None` where none do.
    pub(super) fn related_leaf(&self, scope: &Scope) -> Option<(String, Eval)> {
        let (way, end, path) = self.tape.pick(&self.ways(scope.record, 2));
        let mut found = Vec::new();
        for (other, record) in self.model.records.iter().enumerate() {
            for (field, typed) in record.fields.iter().enumerate() {
                if typed.kind == Kind::Ref(end) {
                    found.push((other, field));
                }
            }
        }
        if found.is_empty() {
            return None;
        }
        let (other, via) = self.tape.pick(&found);
        let (condition, holds) = self.condition(&Scope { record: other, role: None, is_inner: true }, 0);
        let by = format!(" by {}", self.model.records[other].fields[via].name);
        let of = if path.is_empty() { String::new() } else { format!(" of {path}") };
        let order = if self.tape.chance(50) { format!("{by}{of}") } else { format!("{of}{by}") };
        let name = &self.model.records[other].name;
        let count = move |g: Ground<'_>| -> Option<usize> {
            let asked = g.walk(&way).row?;
            let rows = 0..g.model.records[other].rows.len();
            let refers = |row: &usize| g.model.records[other].rows[*row][via].value == Val::Ref(asked);
            let is_asked = |row: &usize| !g.model.is_unkeyed(other, *row) && holds(among(g, other, *row));
            Some(rows.filter(refers).filter(is_asked).count())
        };
        Some(match self.tape.below(4) {
            0 => (format!("any {name}{order} ({condition})"), eval(move |g| count(g).is_some_and(|count| count > 0))),
            1 => (format!("no {name}{order} ({condition})"), eval(move |g| count(g).is_none_or(|count| count == 0))),
            _ => {
                let bound = self.tape.below(3);
                let text = format!("count of {name}{order} ({condition}) >= {bound}");
                (text, eval(move |g| count(g).is_some_and(|count| count >= bound)))
            }
        })
    }

    /// `top n by FIELD (…)`; `None` where no field has an order.
    pub(super) fn top_leaf(&self, scope: &Scope) -> Option<(String, Eval)> {
        let ranked = |kind: &Kind| {
            matches!(kind, Kind::Number | Kind::Money(_) | Kind::Date | Kind::Time) || *kind == Kind::Choice(1)
        };
        let (way, field, name) = self.field_where(scope.record, ranked)?;
        let record = scope.record;
        let (text, holds) = match self.tape.chance(50) {
            true => {
                let (text, holds) = self.condition(&Scope { record, role: None, is_inner: true }, 0);
                (format!(" ({text})"), holds)
            }
            false => (String::new(), eval(|_| true)),
        };
        let count = self.tape.between(1, 4);
        let meaning = eval(move |g: Ground<'_>| {
            let rows = 0..g.model.records[record].rows.len();
            let asked = rows.filter(|row| !g.model.is_unkeyed(record, *row) && holds(among(g, record, *row)));
            let mut found: Vec<(Decimal, &str, usize)> = asked
                .filter_map(|row| {
                    let value = rankable(among(g, record, row).value(&way, field))?;
                    Some((-value, g.model.records[record].rows[row][0].text.trim(), row))
                })
                .collect();
            found.sort();
            found.truncate(count);
            found.iter().any(|(_, _, row)| Some(*row) == g.row)
        });
        Some((format!("top {count} by {name}{text}"), meaning))
    }
}

/// Another record, where no owner is asked.
fn among(g: Ground<'_>, record: usize, row: usize) -> Ground<'_> {
    Ground { record, row: Some(row), current: None, ..g }
}

fn rankable(value: Val) -> Option<Decimal> {
    match value {
        Val::Num(number) | Val::Money(number, _) => Some(number),
        Val::Day(day) => Some(day.into()),
        Val::Time(instant) => Some(instant.into()),
        Val::Choice(choice) => Some(Decimal::from(choice)),
        _ => None,
    }
}
