//! Lists in brackets that name a value twice: the second says nothing, and is often a slip for another.

use crate::check::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::{FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind};
use crate::value::fold;
use rustc_hash::FxHashMap;

impl Checker<'_> {
    /// Warns of each value that stands in the list before, as the field reads it: in any letter case for text, under any of
    /// its names for a choice. `scope` is the record whose fields plain words may be.
    pub(in crate::check) fn tell_doubled(&mut self, values: &[Expr], kind: Option<&FieldKind>, scope: RecordId) {
        let mut first: FxHashMap<String, Span> = FxHashMap::default();
        let mut before: Option<Span> = None;
        for value in values {
            if let Some(read) = self.read_value(value, kind, scope) {
                match (first.get(&read).copied(), before) {
                    (Some(other), Some(before)) => self.push(doubled(value.span, other, before)),
                    _ => {
                        first.insert(read, value.span);
                    }
                }
            }
            before = Some(value.span);
        }
    }

    /// What a value of a list is, equal for those that are the same; `None` for what is no plain value.
    fn read_value(&self, value: &Expr, kind: Option<&FieldKind>, scope: RecordId) -> Option<String> {
        let text = match &value.kind {
            ExprKind::Group(inner) => return self.read_value(inner, kind, scope),
            ExprKind::Number(number) => return Some(format!("number {}", number.normalize())),
            ExprKind::Money(amount, currency) => return Some(format!("{currency} {}", amount.normalize())),
            ExprKind::Date(day) => return Some(format!("day {day}")),
            ExprKind::Quoted(text) => text.clone(),
            ExprKind::Path(path) if path.stray.is_none() => {
                let is_field = path.names.len() > 1 || self.schema.record(scope).find(&path.names[0].text).is_some();
                let is_choice = matches!(kind, Some(FieldKind::Choice(_) | FieldKind::Many(_)));
                if is_field && !is_choice {
                    return Some(format!("field {}", fold(&path.text())));
                }
                path.text()
            }
            _ => return None,
        };
        Some(match kind {
            Some(FieldKind::Choice(set) | FieldKind::Many(set)) => format!("choice {}", set.find(&text)?),
            // Keys are compared with their letter case.
            Some(FieldKind::Reference { .. }) => format!("key {}", text.trim()),
            Some(FieldKind::YesNo) => format!("yes/no {}", super::words::yes_no(&text)?),
            _ => format!("text {}", fold(&text)),
        })
    }
}

fn doubled(value: Span, other: Span, before: Span) -> Diagnostic {
    let comma_and_value = Span { start: before.end, ..value };
    Diagnostic::warning(Code::DoubledValue, "a list names one value twice")
        .at(value, "says nothing new")
        .at(other, "named here")
        .help("take it out, or write the value that was meant")
        .fix(comma_and_value, "")
}
