//! What a field can hold, and what missing does (two-valued logic: design section 3, point 5).

pub mod calendar;
mod fold;
mod number;
mod owner;
pub mod time;

pub use fold::{fold, nfc};
pub use number::{NumberFormat, compact, divide, parse_number};
pub use owner::{Outcome, Owner, OwnerKind};

pub use rust_decimal::Decimal;

/// One value of one field of one record.
///
/// Choices are positions in the field's choice list; dates are days since 1970-01-01; times are microseconds since
/// 1970-01-01T00:00:00Z; a reference is the key of the record it points to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Missing,
    Text(String),
    Number(Decimal),
    Money(Decimal, String),
    Date(i32),
    Time(i64),
    Bool(bool),
    Choice(u16),
    Many(Vec<u16>),
    Reference(String),
}

impl Value {
    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    /// A number, an amount, a day, a time or a choice as a number that orders values of one field as they are ordered;
    /// `None` for the others.
    pub fn rankable(&self) -> Option<Decimal> {
        match self {
            Value::Number(number) | Value::Money(number, _) => Some(*number),
            Value::Date(day) => Some((*day).into()),
            Value::Time(instant) => Some((*instant).into()),
            Value::Choice(choice) => Some((*choice).into()),
            _ => None,
        }
    }
}
