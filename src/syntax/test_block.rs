//! The tree of `test` blocks: what is given, what is expected, and tables of cases.

use super::{Expr, Word};
use crate::source::Span;

/// `test "NAME" { … }`.
#[derive(Clone, Debug)]
pub struct TestDecl {
    pub name: Word,
    /// `on 2026-11-22`; more than one is told by the checker.
    pub days: Vec<MomentDecl>,
    pub givens: Vec<GivenDecl>,
    pub expects: Vec<ExpectDecl>,
    pub cases: Vec<CasesDecl>,
    pub span: Span,
}

/// A day, and minutes after its midnight where a time of day is said.
#[derive(Clone, Copy, Debug)]
pub struct MomentDecl {
    pub day: i32,
    pub minutes: Option<u16>,
    pub span: Span,
}

/// `given Account "A-1" { … }`, `given person "ana" { … }`.
#[derive(Clone, Debug)]
pub struct GivenDecl {
    /// `None` for a person.
    pub record: Option<Word>,
    pub key: Option<Word>,
    pub fields: Vec<GivenField>,
    pub span: Span,
}

/// `stage = Negotiation`, `current owner = "ana"`.
#[derive(Clone, Debug)]
pub struct GivenField {
    pub name: GivenName,
    pub value: GivenExpr,
}

#[derive(Clone, Debug)]
pub enum GivenName {
    Field(Word),
    /// The owner that the record has in a role before the rules are asked.
    Current(Word),
    /// What the run before saw in a field: `past status = Active`.
    Past(Word),
}

#[derive(Clone, Debug)]
pub struct GivenExpr {
    pub kind: GivenKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum GivenKind {
    One(Expr),
    /// `(Upsell, Renewal)`, and several values in one cell.
    Several(Vec<Expr>),
    Moment(MomentDecl),
    /// The path of a rule's label in a table of cases: `prospect/named`.
    Label(String),
}

/// `expect owner of Account "A-1" is Sales by at-risk`.
#[derive(Clone, Debug)]
pub struct ExpectDecl {
    pub role: Word,
    pub record: Option<Word>,
    pub key: Option<Word>,
    pub how: ExpectHow,
    /// Empty where only the rule is expected.
    pub who: Vec<Word>,
    pub by: Option<Word>,
    pub span: Span,
}

/// How the owners of an `expect` are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpectHow {
    /// These and nobody else.
    #[default]
    Exactly,
    Includes,
    Excludes,
}

impl ExpectHow {
    pub fn word(self) -> &'static str {
        match self {
            ExpectHow::Exactly => "",
            ExpectHow::Includes => "includes",
            ExpectHow::Excludes => "excludes",
        }
    }
}

/// A table of cases: a head and its rows.
#[derive(Clone, Debug)]
pub struct CasesDecl {
    pub heads: Vec<HeadDecl>,
    pub rows: Vec<CaseRow>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct HeadDecl {
    pub kind: HeadKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum HeadKind {
    /// `country`, `Opportunity.stage`.
    Field(Vec<Word>),
    Current(Word),
    Past(Word),
    /// `on`: the day of the case.
    Day,
    /// `expect owner`, `expect team of Account includes`.
    Expect {
        role: Word,
        record: Option<Word>,
        key: Option<Word>,
        how: ExpectHow,
    },
    /// `by`: the rule that decides the `expect` before it.
    By,
}

/// By column; `None` is a cell that says nothing.
#[derive(Clone, Debug)]
pub struct CaseRow {
    pub cells: Vec<Option<GivenExpr>>,
    pub span: Span,
}
