//! What a row of a list or table asks of a record, as an admin would say it.

use crate::check::policy::{Cond, DayMark, FieldTest, Path, Range, TestKind, TextTest, TypedPolicy};
use crate::plan::condition_text;
use crate::schema::{FieldKind, RecordId};
use crate::value::time::show_day;
use crate::value::{Decimal, compact};

/// One part of a row's condition: `country is "FR"`, `employees from 500 to 999`.
pub(super) fn asked_text(policy: &TypedPolicy, record: RecordId, cond: &Cond) -> String {
    match cond {
        Cond::Test { kind: TestKind::Field { path, test }, .. } => {
            let name = path.text(&policy.schema, record);
            match test_text(policy, record, path, test) {
                Some(text) => format!("{name} {text}"),
                None => condition_text(policy, record, cond),
            }
        }
        _ => condition_text(policy, record, cond),
    }
}

fn test_text(policy: &TypedPolicy, record: RecordId, path: &Path, test: &FieldTest) -> Option<String> {
    let kind = &policy.schema.record(path.record(&policy.schema, record)).field(path.field).kind;
    let quoted = |text: &String| format!("{:?}", policy.spelling(text));
    Some(match test {
        FieldTest::Text(TextTest::OneOf(texts)) => is_one_of(texts.iter().map(quoted)),
        FieldTest::Text(TextTest::StartsWith(texts)) => {
            format!("starts with {}", texts.iter().map(quoted).collect::<Vec<_>>().join(" or "))
        }
        FieldTest::Choice(choices) => match kind {
            FieldKind::Choice(set) => is_one_of(choices.iter().map(|choice| set.name(*choice).to_owned())),
            _ => return None,
        },
        FieldTest::YesNo(yes) => format!("is {}", if *yes { "yes" } else { "no" }),
        FieldTest::Key(keys) => is_one_of(keys.iter().cloned()),
        FieldTest::Number { ranges, .. } => range_text(ranges, |number: &Decimal| Some(compact(*number)))?,
        FieldTest::Day(ranges) => range_text(ranges, |mark| match mark {
            DayMark::Fixed(day) => Some(show_day(*day)),
            DayMark::Today { .. } => None,
        })?,
        _ => return None,
    })
}

fn is_one_of(values: impl Iterator<Item = String>) -> String {
    let values: Vec<String> = values.collect();
    match values.as_slice() {
        [one] => format!("is {one}"),
        several => format!("in ({})", several.join(", ")),
    }
}

/// Both ends of a row's range count. `None` for what no row writes.
fn range_text<T: PartialEq>(ranges: &[Range<T>], show: impl Fn(&T) -> Option<String>) -> Option<String> {
    let [range] = ranges else { return None };
    Some(match (&range.low, &range.high) {
        (Some((low, true)), Some((high, true))) if low == high => format!("= {}", show(low)?),
        (Some((low, true)), Some((high, true))) => format!("from {} to {}", show(low)?, show(high)?),
        (Some((low, true)), None) => format!(">= {}", show(low)?),
        (None, Some((high, true))) => format!("<= {}", show(high)?),
        (None, None) => "is known".to_owned(),
        _ => return None,
    })
}
