//! The syntax tree: what was written, where, and nothing about what it means.

use super::{InvariantDecl, TestDecl};
use crate::diagnostic::Code;
use crate::source::Span;
use crate::value::{Decimal, time::Unit};

/// A whole policy set, as written. A part that could not be read is left out; `broken` says so, so that the checker
/// does not complain about what the missing part would have declared.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub records: Vec<RecordDecl>,
    pub people: Vec<PersonDecl>,
    pub teams: Vec<TeamDecl>,
    pub queues: Vec<Word>,
    pub lists: Vec<ListDecl>,
    pub tables: Vec<TableDecl>,
    pub defines: Vec<DefineDecl>,
    pub decides: Vec<DecideDecl>,
    pub gathers: Vec<DecideDecl>,
    pub places: Vec<PlaceDecl>,
    pub calendars: Vec<CalendarDecl>,
    pub pins: Vec<PinDecl>,
    pub allows: Vec<AllowDecl>,
    pub tests: Vec<TestDecl>,
    pub invariants: Vec<InvariantDecl>,
    /// Rules outside any `decide`, in order.
    pub loose: Vec<Rule>,
    pub broken: bool,
}

/// A name or a text as written; `quoted` tells `"At Risk"` from `At-Risk`.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub text: String,
    pub span: Span,
    pub quoted: bool,
}

#[derive(Clone, Debug)]
pub struct RecordDecl {
    pub name: Word,
    pub source: Option<Word>,
    pub fields: Vec<FieldDecl>,
    pub owner_column: Option<OwnerColumnDecl>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct OwnerColumnDecl {
    pub column: Option<Word>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct FieldDecl {
    pub name: Word,
    pub kind: TypeDecl,
    pub kind_span: Span,
    pub attributes: Vec<(Attribute, Span)>,
}

#[derive(Clone, Debug)]
pub enum TypeDecl {
    Text,
    Number,
    Money(Option<MoneyDecl>),
    Date,
    Time,
    YesNo,
    OneOf(Vec<ChoiceDecl>),
    ManyOf(Vec<ChoiceDecl>),
    Ordered(Vec<ChoiceDecl>),
    Record(Word),
}

#[derive(Clone, Debug)]
pub enum MoneyDecl {
    Fixed(String),
    InColumn(Word),
}

#[derive(Clone, Debug)]
pub struct ChoiceDecl {
    pub name: Word,
    pub also: Vec<Word>,
    pub counts_as: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    Key,
    Optional,
    Created,
    MayBeUnknown,
    Column(Word),
}

#[derive(Clone, Debug)]
pub struct PersonDecl {
    pub source: Word,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct TeamDecl {
    pub name: Word,
    pub part_of: Option<Word>,
}

#[derive(Clone, Debug)]
pub struct ListDecl {
    pub name: Word,
    pub file: Word,
    pub by: Word,
    pub valid: Option<ValidDecl>,
}

#[derive(Clone, Debug)]
pub struct TableDecl {
    pub name: Word,
    pub file: Word,
    pub matches: Vec<MatchDecl>,
    pub gives: Vec<Word>,
    pub valids: Vec<ValidDecl>,
}

/// `valid from COLUMN until COLUMN`: the columns of a row's first and last day; one of them at least is there.
#[derive(Clone, Debug)]
pub struct ValidDecl {
    pub from: Option<Word>,
    pub until: Option<Word>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct MatchDecl {
    pub path: PathExpr,
    pub how: MatchHowDecl,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum MatchHowDecl {
    Equals(Word),
    Between(Word, Word),
    StartsWith(Word),
}

#[derive(Clone, Debug)]
pub struct DefineDecl {
    pub name: Word,
    pub body: Expr,
}

#[derive(Clone, Debug)]
pub struct DecideDecl {
    pub role: Word,
    pub record: Word,
    pub rules: Vec<Rule>,
    pub span: Span,
}

/// `place Account in territory { … }`: a tree of conditions.
#[derive(Clone, Debug)]
pub struct PlaceDecl {
    pub record: Word,
    pub role: Word,
    pub branches: Vec<Branch>,
    pub span: Span,
}

/// A place, and those inside it.
#[derive(Clone, Debug)]
pub struct Branch {
    pub label: Word,
    pub condition: Expr,
    pub branches: Vec<Branch>,
    pub span: Span,
}

/// `calendar of Account { … }`: how often somebody should be in touch.
#[derive(Clone, Debug)]
pub struct CalendarDecl {
    pub record: Word,
    pub rules: Vec<Rule>,
    pub span: Span,
}

/// `except Account "A-17" stays with "ana.silva" until 2027-03-31 because "…"`.
#[derive(Clone, Debug)]
pub struct PinDecl {
    /// `owner` where none is said.
    pub role: Option<Word>,
    pub record: Word,
    pub key: Word,
    pub owner: Word,
    pub because: Option<Word>,
    pub from: Option<(i32, Span)>,
    pub until: Option<(i32, Span)>,
    pub span: Span,
}

/// `allow unreachable-rule: "kept for the audit"`: findings of this code in what stands below are meant to be there.
#[derive(Clone, Debug)]
pub struct AllowDecl {
    pub code: Code,
    pub reason: Word,
    /// The rule or declaration it stands before; `None` where nothing follows it.
    pub target: Option<Span>,
    pub span: Span,
}

/// A rule, or a group of them under one condition.
#[derive(Clone, Debug)]
pub struct Rule {
    pub labels: Vec<Word>,
    /// `None` for `otherwise`, and for a bare `assign to TABLE`.
    pub condition: Option<Expr>,
    /// Said to take every record that is left.
    pub otherwise: bool,
    pub body: RuleBody,
    pub because: Option<Word>,
    pub from: Option<(i32, Span)>,
    pub until: Option<(i32, Span)>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum RuleBody {
    Group(Vec<Rule>),
    Assign(Vec<Who>),
    Keep,
    HandOff(Box<HandOffDecl>),
    /// `hold owner up to 90 days while …`.
    Hold {
        up_to: Option<(SpanOfTime, Span)>,
        condition: Option<Expr>,
    },
    /// `lock owner while …`.
    Lock {
        condition: Option<Expr>,
    },
    /// `add A, B else C as WAVE, ENGAGEMENT`.
    Add {
        chains: Vec<Vec<Who>>,
        wave: Option<Word>,
        engagement: Engagement,
    },
    /// `never the same person as ROLE`.
    Never {
        role: Word,
        path: Option<PathExpr>,
    },
    /// `touch every 30 days since FIELD`.
    Touch {
        every: SpanOfTime,
        every_span: Span,
        since: Option<PathExpr>,
    },
    /// The action is missing or unreadable; a message has been given.
    Broken,
}

/// `hand off to A else B over 30 days once FIELDS are known`.
#[derive(Clone, Debug)]
pub struct HandOffDecl {
    pub to: Vec<Who>,
    pub over: SpanOfTime,
    pub over_span: Span,
    pub once: Vec<PathExpr>,
}

/// How a member of a team takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engagement {
    #[default]
    Always,
    AsNeeded,
    OnRequest,
}

impl Engagement {
    pub const ALL: [Engagement; 3] = [Engagement::Always, Engagement::AsNeeded, Engagement::OnRequest];

    pub fn word(self) -> &'static str {
        match self {
            Engagement::Always => "always",
            Engagement::AsNeeded => "as needed",
            Engagement::OnRequest => "on request",
        }
    }

    /// The engagement that [`Engagement::word`] names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// One name of an `assign to A else B` chain.
#[derive(Clone, Debug)]
pub struct Who {
    pub kind: WhoKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum WhoKind {
    Nobody,
    Keep,
    Manager(Box<Who>),
    OwnerOf(Word, PathExpr),
    Pool(Box<PoolExpr>),
    With(Box<WithExpr>),
    Text(String),
    Path(PathExpr),
    Broken,
}

/// `next of Sales where covers = record.country by weight up to 20 rotation inbound`.
#[derive(Clone, Debug)]
pub struct PoolExpr {
    pub how: PoolHow,
    /// Teams and people, at least one.
    pub members: Vec<Word>,
    pub condition: Option<Expr>,
    pub by_weight: Option<Span>,
    pub by_sum: Option<(PathExpr, Span)>,
    pub by_hash: Option<Span>,
    pub caps: Vec<CapExpr>,
    pub rotation: Option<Word>,
}

/// How a pool chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PoolHow {
    Next,
    LeastLoaded,
    Any,
}

impl PoolHow {
    pub fn word(self) -> &'static str {
        match self {
            PoolHow::Next => "next of",
            PoolHow::LeastLoaded => "least loaded of",
            PoolHow::Any => "any of",
        }
    }
}

/// `up to 20`, `up to 5 per week`.
#[derive(Clone, Debug)]
pub struct CapExpr {
    pub count: Decimal,
    /// `up to 2M EUR`.
    pub currency: Option<String>,
    pub per: Option<Unit>,
    pub span: Span,
}

/// `person in FIELD with highest sum of F over RECORD (condition) then latest F`.
#[derive(Clone, Debug)]
pub struct WithExpr {
    /// The field that names the person; the owner of those records where none is said.
    pub in_field: Option<PathExpr>,
    pub is_highest: bool,
    /// `Count`, `Sum` or `Average`, with the field in the question.
    pub question: RelatedExpr,
    pub then: Option<(PathExpr, bool)>,
}

/// Names joined by dots: a field, a path over references, a word.
#[derive(Clone, Debug, PartialEq)]
pub struct PathExpr {
    pub names: Vec<Word>,
    pub span: Span,
    /// Words on the same line that fit nowhere (`status = At Risk`): to be mended by name.
    pub stray: Option<Word>,
}

impl PathExpr {
    /// The path as written, dots and all, without stray words.
    pub fn text(&self) -> String {
        self.names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(".")
    }

    /// The one name, if it is one.
    pub fn single(&self) -> Option<&Word> {
        match self.names.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// A condition or a value; the checker tells them apart.
#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    /// Brackets, kept because mixing `and` and `or` without them warns.
    Group(Box<Expr>),
    /// `count` of `None` means `most of`.
    AtLeast {
        count: Option<(u64, Span)>,
        criteria: Vec<Criterion>,
    },

    Compare {
        op: CompareOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `is X`, `is not X`: a state, a define or a value, as the checker finds.
    Is {
        negated: bool,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    IsExactly {
        negated: bool,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    In {
        negated: bool,
        left: Box<Expr>,
        source: InSource,
    },
    Between {
        negated: bool,
        left: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    Text {
        op: TextOp,
        negated: bool,
        left: Box<Expr>,
        values: Vec<Expr>,
    },
    CountsAs {
        left: Box<Expr>,
        values: Vec<Expr>,
    },
    Includes {
        which: Which,
        left: Box<Expr>,
        values: Vec<Expr>,
    },
    Within {
        past: bool,
        left: Box<Expr>,
        span: SpanOfTime,
    },
    /// `touched within 4 business hours`: of getting the owner the record has.
    WithinBusinessHours {
        left: Box<Expr>,
        hours: i64,
    },
    OlderThan {
        left: Box<Expr>,
        span: SpanOfTime,
    },
    Becomes {
        left: Box<Expr>,
        value: Box<Expr>,
    },
    Was {
        left: Box<Expr>,
        value: Box<Expr>,
    },
    ChangedWithin {
        left: Box<Expr>,
        span: SpanOfTime,
    },
    /// A comparison that has held for so long.
    For {
        condition: Box<Expr>,
        span: SpanOfTime,
    },
    /// Among the records of this type with the highest values.
    Top {
        count: Decimal,
        by: PathExpr,
        condition: Option<Box<Expr>>,
    },
    LaterThan {
        left: Box<Expr>,
        span: SpanOfTime,
    },

    Arithmetic {
        op: ArithmeticOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Negative(Box<Expr>),
    OwnerOf {
        role: Word,
        path: PathExpr,
    },
    Related(Box<RelatedExpr>),
    Path(PathExpr),
    /// A text in quotes.
    Quoted(String),
    Number(Decimal),
    Money(Decimal, String),
    Date(i32),
    /// `30 days`, `30 days ago`, `30 days from today`.
    Relative {
        span: SpanOfTime,
        when: Option<RelativeTo>,
    },
    /// Something unreadable; a message has been given.
    Broken,
}

/// A question about the records that refer to this one.
#[derive(Clone, Debug)]
pub struct RelatedExpr {
    pub ask: RelatedAsk,
    /// The field that is worked with; `None` for `any`, `no` and `count`.
    pub field: Option<PathExpr>,
    pub record: Word,
    pub by: Option<Word>,
    /// The references to the record that is asked; `None` for the record at hand.
    pub of: Option<PathExpr>,
    pub condition: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelatedAsk {
    Any,
    No,
    Count,
    Sum,
    Average,
    /// Of days and times.
    Latest,
    Earliest,
    /// Of numbers and amounts.
    Highest,
    Lowest,
    /// The place among the records of its own type: what `top n by` asks.
    Rank,
}

impl RelatedAsk {
    pub fn word(self) -> &'static str {
        match self {
            RelatedAsk::Any => "any",
            RelatedAsk::No => "no",
            RelatedAsk::Count => "count of",
            RelatedAsk::Sum => "sum of",
            RelatedAsk::Average => "average of",
            RelatedAsk::Latest => "latest",
            RelatedAsk::Earliest => "earliest",
            RelatedAsk::Highest => "highest",
            RelatedAsk::Lowest => "lowest",
            RelatedAsk::Rank => "rank by",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Criterion {
    pub label: Option<Word>,
    pub condition: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl CompareOp {
    pub fn mark(self) -> &'static str {
        match self {
            CompareOp::Equal => "=",
            CompareOp::Unequal => "!=",
            CompareOp::Less => "<",
            CompareOp::AtMost => "<=",
            CompareOp::More => ">",
            CompareOp::AtLeast => ">=",
        }
    }

    /// Whether it holds between two things that stand in this order.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            CompareOp::Equal => order.is_eq(),
            CompareOp::Unequal => order.is_ne(),
            CompareOp::Less => order.is_lt(),
            CompareOp::AtMost => order.is_le(),
            CompareOp::More => order.is_gt(),
            CompareOp::AtLeast => order.is_ge(),
        }
    }

    /// The same comparison with its sides swapped.
    pub fn flipped(self) -> Self {
        match self {
            CompareOp::Less => CompareOp::More,
            CompareOp::AtMost => CompareOp::AtLeast,
            CompareOp::More => CompareOp::Less,
            CompareOp::AtLeast => CompareOp::AtMost,
            other => other,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextOp {
    Contains,
    StartsWith,
    EndsWith,
    Matches,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Any,
    All,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArithmeticOp {
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Debug)]
pub enum InSource {
    Values(Vec<Expr>),
    Named(PathExpr),
}

/// `90 days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanOfTime {
    pub amount: i64,
    pub unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelativeTo {
    /// `N days from today`.
    Ahead,
    /// `N days ago`.
    Ago,
}
