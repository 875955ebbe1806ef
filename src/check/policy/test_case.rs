//! Tests written beside the rules, typed: every row of a table of cases is a case of its own.
//!
//! Names of owners stay texts: people of tests are no people of the company, and nothing but the tests asks for them.

use super::{DayMark, InvariantRole, RoleId, RuleId};
use crate::schema::{FieldId, Person, RecordId};
use crate::source::Span;
use crate::syntax::ExpectHow;
use crate::value::{Outcome, Value};

/// `test "NAME" { … }`.
#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    /// Of the name.
    pub span: Span,
    /// At least one.
    pub cases: Vec<Case>,
}

/// What is given and what is expected of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The row of its table, from 1, and its number among all rows of the test; `None` for a test without a table.
    pub row: Option<usize>,
    /// The row, or the name of the test.
    pub span: Span,
    /// The day and minutes after its midnight; `None` where nothing that is decided asks for the day.
    pub moment: Option<(i32, Option<u16>)>,
    pub records: Vec<GivenRecord>,
    pub people: Vec<Person>,
    /// In the order they are written.
    pub expects: Vec<Expect>,
}

#[derive(Clone, Debug)]
pub struct GivenRecord {
    pub record: RecordId,
    /// Made up where none is written.
    pub key: String,
    /// Each field once; the others are *unset* where they are required, else missing.
    pub fields: Vec<(FieldId, Given)>,
    /// What the run before saw.
    pub past: Vec<(FieldId, Given)>,
    /// Owners before the run, by role; `None` is nobody.
    pub current: Vec<(RoleId, Option<String>)>,
    pub span: Span,
}

/// A value, as far as it is known before the day is.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    Value(Value),
    Day(DayMark),
    /// An instant: minutes after midnight of a day; at the time of the test's moment where none are said.
    At(DayMark, Option<u16>),
    /// So many minutes after the test's moment.
    Minutes(i64),
}

impl Given {
    /// Whether it hangs on the day of the test.
    pub fn is_relative(&self) -> bool {
        match self {
            Given::Value(_) => false,
            Given::Day(mark) => matches!(mark, DayMark::Today { .. }),
            Given::At(mark, minutes) => minutes.is_none() || matches!(mark, DayMark::Today { .. }),
            Given::Minutes(_) => true,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Expect {
    pub role: InvariantRole,
    /// Which of the given records.
    pub record: usize,
    pub expected: Option<Expected>,
    /// The rule that decides, or that adds each of the named ones.
    pub by: Option<DecidedBy>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    Outcome(Outcome),
    /// One owner, or members of a team, or places.
    Names(ExpectHow, Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    Rule(RuleId),
    /// A hold or lock, by its place in [`super::Role::holds`].
    Hold(usize),
}
