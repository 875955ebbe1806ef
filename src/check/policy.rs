//! The typed policy: names are ids, conditions have types, roles stand in the order in which they are decided.
//!
//! Every leaf test is positive and false on missing (but [`FieldTest::Missing`]); opposites are a [`Cond::Not`] around
//! one, so `not (a = b)` and `a != b` can never differ (design section 3, point 5).

mod contest;
mod history;
mod hold;
mod invariant;
mod pool;
mod team;
mod test_case;

pub use contest::{Contest, ContestId, ContestPath, ContestPerson};
pub use history::{History, HistoryAsk, HistoryId};
pub use hold::{HandOff, Hold, HoldKind};
pub use invariant::{Invariant, InvariantKind, InvariantRole, Never};
pub use pool::{MemberAsk, MemberCond, MemberTest, MemberValue, Pool, PoolId};
pub use team::{Add, Calendar, Gather, GatherId, GatherKind, Touch};
pub use test_case::{Case, DecidedBy, Expect, Expected, Given, GivenRecord, Test};

use crate::schema::{FieldId, ListId, RecordId, Schema, TableId};
use crate::source::Span;
use crate::syntax::{ArithmeticOp, CompareOp, RelatedAsk, Which};
use crate::value::Decimal;
use crate::value::time::{self, AsOf, Unit};

/// A role, by its place in [`TypedPolicy::roles`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleId(pub u16);

/// A rule of a role, by its place in [`Role::rules`]: document order, groups flattened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u32);

/// An owner's name in a policy, by its place in [`TypedPolicy::names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(pub u32);

/// A checked policy set.
#[derive(Clone, Debug, Default)]
pub struct TypedPolicy {
    pub schema: Schema,
    /// In the order in which they are decided: a role stands after every role it refers to.
    pub roles: Vec<Role>,
    /// Teams and places, decided after all roles.
    pub gathers: Vec<Gather>,
    pub calendars: Vec<Calendar>,
    /// Every name of an owner that rules and pins use, each once, with the first place that uses it.
    pub names: Vec<OwnerName>,
    /// Everything that is worked out over records that refer to another, each once.
    pub related: Vec<Related>,
    /// Every contest that names somebody, each once.
    pub contests: Vec<Contest>,
    /// Every pool that a rule chooses from, each once.
    pub pools: Vec<Pool>,
    /// Every question about the past of records, each once.
    pub histories: Vec<History>,
    /// Owners of single records, in the order they are written; no two of one record and role are live on one day.
    pub pins: Vec<Pin>,
    /// How texts are written that rules compare in their folded form, where the two differ.
    pub spellings: rustc_hash::FxHashMap<String, String>,
    /// What must be true of every record, in the order it is written.
    pub invariants: Vec<Invariant>,
    /// Tests beside the rules; nothing but `ownward test` runs them.
    pub tests: Vec<Test>,
}

impl TypedPolicy {
    /// A folded text as it was first written.
    pub fn spelling<'t>(&'t self, folded: &'t str) -> &'t str {
        self.spellings.get(folded).map_or(folded, String::as_str)
    }

    pub fn role(&self, id: RoleId) -> &Role {
        &self.roles[id.0 as usize]
    }

    pub fn history(&self, id: HistoryId) -> &History {
        &self.histories[id.0 as usize]
    }

    pub fn contest(&self, id: ContestId) -> &Contest {
        &self.contests[id.0 as usize]
    }

    pub fn pool(&self, id: PoolId) -> &Pool {
        &self.pools[id.0 as usize]
    }

    pub fn role_ids(&self) -> impl Iterator<Item = RoleId> + use<> {
        (0..u16::try_from(self.roles.len()).unwrap_or(u16::MAX)).map(RoleId)
    }

    /// Every set of rules about a record: roles, teams, trees of places, calendars.
    pub fn rule_sets(&self) -> impl Iterator<Item = &Role> {
        let gathers = self.gathers.iter().map(|gather| &gather.role);
        self.roles.iter().chain(gathers).chain(self.calendars.iter().map(|calendar| &calendar.role))
    }

    /// Every chain of targets that rules of roles and teams name.
    pub fn chains(&self) -> impl Iterator<Item = &[Target]> {
        let rules = self.roles.iter().flat_map(|role| &role.rules).map(|rule| rule.targets.as_slice());
        let adds = self.gathers.iter().flat_map(|gather| match &gather.kind {
            GatherKind::Team(adds) => adds.iter().flatten().map(|add| add.chain.as_slice()).collect(),
            GatherKind::Places(_) => Vec::new(),
        });
        rules.chain(adds)
    }

    /// The role of a name for a record type.
    pub fn find_role(&self, record: RecordId, name: &str) -> Option<RoleId> {
        self.role_ids().find(|id| self.role(*id).record == record && self.role(*id).name == name)
    }
}

/// A name after `assign to` that is no table, list or field: a person, a team or a queue.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerName {
    pub text: String,
    pub span: Span,
}

/// What is decided for a record: `owner of Account`.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: String,
    pub record: RecordId,
    pub rules: Vec<Rule>,
    /// What keeps an owner before any rule is asked, in the order they are written.
    pub holds: Vec<Hold>,
    /// Whoever owns the record in one of these roles cannot own it in this one.
    pub never: Vec<OwnerPath>,
    /// Every field that any rule reads, in order: a record is *invalid* for the role if one of them breaks its schema.
    pub reads: Vec<Path>,
    /// Every other decision that any rule reads.
    pub owners_read: Vec<OwnerPath>,
    pub reads_current_owner: bool,
    /// What any rule reads over other records.
    pub related_read: Vec<RelatedPath>,
    /// The contests that any rule holds.
    pub contests_read: Vec<ContestPath>,
    /// What any rule asks of the past.
    pub histories_read: Vec<HistoryId>,
    pub span: Span,
}

impl Role {
    /// A role without rules.
    pub fn new(name: &str, record: RecordId, span: Span) -> Self {
        Role {
            name: name.to_owned(),
            record,
            rules: Vec::new(),
            holds: Vec::new(),
            never: Vec::new(),
            reads: Vec::new(),
            owners_read: Vec::new(),
            reads_current_owner: false,
            related_read: Vec::new(),
            contests_read: Vec::new(),
            histories_read: Vec::new(),
            span,
        }
    }

    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[id.0 as usize]
    }

    pub fn rule_ids(&self) -> impl Iterator<Item = RuleId> + use<> {
        (0..u32::try_from(self.rules.len()).unwrap_or(u32::MAX)).map(RuleId)
    }
}

/// Something worked out over records, by its place in [`TypedPolicy::related`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelatedId(pub u32);

/// Something worked out for a record over those that refer to it (`sum of amount over Opportunity (stage is not Lost)`),
/// or its place among all of its type (`top 10 by arr`).
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Never `Any` or `No`: those are counts.
    pub ask: RelatedAsk,
    /// The record type it is worked out for.
    pub of: RecordId,
    /// The records that are looked at, and their reference to the one it is worked out for; none for a rank, which looks
    /// at the records of its own type.
    pub record: RecordId,
    pub via: Option<FieldId>,
    /// From the records that are looked at; `None` for a count.
    pub field: Option<Path>,
    /// Asked of each of them; what it says of the record itself goes over `via`.
    pub condition: Option<Cond>,
    /// Every field that is read of them.
    pub reads: Vec<Path>,
}

/// One of them, for the record at the end of a path of references.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelatedPath {
    pub steps: Vec<FieldId>,
    pub related: RelatedId,
}

impl TypedPolicy {
    pub fn related(&self, id: RelatedId) -> &Related {
        &self.related[id.0 as usize]
    }
}

/// The owner of one record, set by hand: it comes before every rule and reads no field (design section 3, point 3).
#[derive(Clone, Debug)]
pub struct Pin {
    pub role: RoleId,
    /// The record's key, exact.
    pub key: String,
    pub owner: NameId,
    pub because: Option<String>,
    /// First and last day on which it counts.
    pub from: Option<i32>,
    pub until: Option<i32>,
    pub span: Span,
}

/// A rule with the conditions of its groups before its own: all must hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `prospects/named`: the labels of the groups and of the rule; `None` if the rule itself has none.
    pub label: Option<String>,
    pub conditions: Vec<Cond>,
    /// `A else B`: the first that names somebody. Never empty.
    pub targets: Vec<Target>,
    pub hand_off: Option<HandOff>,
    pub because: Option<String>,
    /// First and last day on which the rule counts.
    pub from: Option<i32>,
    pub until: Option<i32>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cond {
    All(Vec<Cond>),
    Any(Vec<Cond>),
    /// The place of the whole, where it is more than what it denies: `not (a or b)`.
    Not(Box<Cond>, Option<Span>),
    AtLeast {
        count: usize,
        criteria: Vec<Criterion>,
        span: Span,
    },
    /// A use of `define NAME`, kept for explanations.
    Named {
        name: String,
        body: Box<Cond>,
        span: Span,
    },
    Test {
        kind: TestKind,
        span: Span,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    pub label: Option<String>,
    pub condition: Cond,
}

impl Cond {
    /// Where it is written.
    pub fn span(&self) -> Option<Span> {
        match self {
            Cond::Test { span, .. } | Cond::Named { span, .. } | Cond::AtLeast { span, .. } => Some(*span),
            Cond::Not(inner, span) => span.or_else(|| inner.span()),
            Cond::All(parts) | Cond::Any(parts) => {
                let mut spans = parts.iter().filter_map(Cond::span);
                let first = spans.next()?;
                Some(spans.fold(first, Span::to))
            }
        }
    }

    /// Calls `visit` for every leaf test, in order.
    pub fn visit<'c>(&'c self, visit: &mut impl FnMut(&'c TestKind, Span)) {
        match self {
            Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Cond::Not(inner, _) | Cond::Named { body: inner, .. } => inner.visit(visit),
            Cond::AtLeast { criteria, .. } => criteria.iter().for_each(|one| one.condition.visit(visit)),
            Cond::Test { kind, span } => visit(kind, *span),
        }
    }
}

/// One thing asked of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum TestKind {
    Always(bool),
    /// One field against constants.
    Field {
        path: Path,
        test: FieldTest,
    },
    /// The text of a field is in the list's `by` column.
    InList {
        path: Path,
        list: ListId,
    },
    /// Two fields against each other: text, choices, yes-or-no, references.
    Fields {
        op: CompareOp,
        left: Path,
        right: Path,
        exact: bool,
    },
    Numbers {
        op: CompareOp,
        left: NumberExpr,
        right: NumberExpr,
    },
    Days {
        op: CompareOp,
        left: DayExpr,
        right: DayExpr,
    },
    Owner {
        of: OwnerRef,
        test: OwnerTest,
    },
    /// Asked of the past of the record that is decided.
    History(HistoryId),
}

/// What is asked of one field. All are false where the value is missing, but `Missing`.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    Missing,
    Text(TextTest),
    /// For `money in COLUMN` only amounts in `currency` are compared.
    Number {
        ranges: Vec<Range<Decimal>>,
        currency: Option<String>,
    },
    Day(Vec<Range<DayMark>>),
    Instant(Vec<Range<InstantMark>>),
    YesNo(bool),
    /// Any of these choices.
    Choice(Vec<u16>),
    Many {
        which: Which,
        choices: Vec<u16>,
    },
    /// A reference to one of these keys.
    Key(Vec<String>),
}

#[derive(Clone, Debug)]
pub enum TextTest {
    /// Folded texts, sorted.
    OneOf(Vec<String>),
    /// Texts in NFC with their letter case, sorted.
    Exactly(Vec<String>),
    /// Folded.
    Contains(Vec<String>),
    StartsWith(Vec<String>),
    EndsWith(Vec<String>),
    Matches(regex::Regex),
}

impl PartialEq for TextTest {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (TextTest::OneOf(a), TextTest::OneOf(b))
            | (TextTest::Exactly(a), TextTest::Exactly(b))
            | (TextTest::Contains(a), TextTest::Contains(b))
            | (TextTest::StartsWith(a), TextTest::StartsWith(b))
            | (TextTest::EndsWith(a), TextTest::EndsWith(b)) => a == b,
            (TextTest::Matches(a), TextTest::Matches(b)) => a.as_str() == b.as_str(),
            _ => false,
        }
    }
}

/// A stretch of values; a missing bound is open, `true` beside a bound includes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range<T> {
    pub low: Option<(T, bool)>,
    pub high: Option<(T, bool)>,
}

impl<T: Clone> Range<T> {
    pub fn point(value: T) -> Self {
        Range { low: Some((value.clone(), true)), high: Some((value, true)) }
    }

    /// The values for which `value op bound` holds; `!=` has no range of its own and is written as a negated `=`.
    pub fn of(op: CompareOp, bound: T) -> Self {
        match op {
            CompareOp::Equal | CompareOp::Unequal => Range::point(bound),
            CompareOp::Less => Range { low: None, high: Some((bound, false)) },
            CompareOp::AtMost => Range { low: None, high: Some((bound, true)) },
            CompareOp::More => Range { low: Some((bound, false)), high: None },
            CompareOp::AtLeast => Range { low: Some((bound, true)), high: None },
        }
    }

    pub fn map<U>(&self, f: impl Fn(&T) -> U) -> Range<U> {
        let bound = |side: &Option<(T, bool)>| side.as_ref().map(|(value, included)| (f(value), *included));
        Range { low: bound(&self.low), high: bound(&self.high) }
    }
}

impl<T: Ord> Range<T> {
    pub fn contains(&self, value: &T) -> bool {
        let above = match &self.low {
            Some((low, true)) => value >= low,
            Some((low, false)) => value > low,
            None => true,
        };
        let below = match &self.high {
            Some((high, true)) => value <= high,
            Some((high, false)) => value < high,
            None => true,
        };
        above && below
    }
}

/// A day that a policy names: a date, or so many units from today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DayMark {
    Fixed(i32),
    Today { amount: i64, unit: Unit },
}

impl DayMark {
    pub const TODAY: DayMark = DayMark::Today { amount: 0, unit: Unit::Days };

    pub fn day(self, as_of: &AsOf) -> i32 {
        match self {
            DayMark::Fixed(day) => day,
            DayMark::Today { amount, unit } => time::add_to_day(as_of.today(), amount, unit),
        }
    }
}

/// An instant that a policy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstantMark {
    /// The first instant of a day in the project's zone.
    StartOf(DayMark),
    /// The first instant after a day.
    EndOf(DayMark),
    /// So many minutes after `as of` (before it where negative).
    Now { minutes: i64 },
}

impl InstantMark {
    pub fn instant(self, as_of: &AsOf) -> i64 {
        match self {
            InstantMark::StartOf(mark) => time::start_of_day(mark.day(as_of), &as_of.zone),
            // Nothing comes after the last day of the calendar.
            InstantMark::EndOf(mark) if mark.day(as_of) >= time::DAY_MAX => i64::MAX,
            InstantMark::EndOf(mark) => time::start_of_day(mark.day(as_of) + 1, &as_of.zone),
            InstantMark::Now { minutes } => as_of.instant.saturating_add(minutes.saturating_mul(60_000_000)),
        }
    }
}

/// A field, reached over references from the record that is decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    /// Reference fields, the first one of the record itself.
    pub steps: Vec<FieldId>,
    /// The field of the last record reached.
    pub field: FieldId,
}

impl Path {
    /// The record type that holds the last field, starting from `record`.
    pub fn record(&self, schema: &Schema, record: RecordId) -> RecordId {
        walk(schema, record, &self.steps)
    }

    /// The path as an admin writes it: `account.parent.status`.
    pub fn text(&self, schema: &Schema, record: RecordId) -> String {
        let mut text = steps_text(schema, record, &self.steps);
        let last = schema.record(self.record(schema, record)).field(self.field);
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(&last.name);
        text
    }
}

/// The record type reached from `record` over reference fields. A step that is no reference stays where it is.
pub fn walk(schema: &Schema, record: RecordId, steps: &[FieldId]) -> RecordId {
    steps.iter().fold(record, |at, step| match schema.record(at).field(*step).kind {
        crate::schema::FieldKind::Reference { record, .. } => record,
        _ => at,
    })
}

fn steps_text(schema: &Schema, record: RecordId, steps: &[FieldId]) -> String {
    let mut names = Vec::new();
    let mut at = record;
    for step in steps {
        names.push(schema.record(at).field(*step).name.as_str());
        at = walk(schema, at, &[*step]);
    }
    names.join(".")
}

/// The owner that another role (or this one, over a reference) gives: `owner of account`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OwnerPath {
    /// Reference fields; empty for another role of the same record.
    pub steps: Vec<FieldId>,
    pub role: RoleId,
}

impl OwnerPath {
    /// `owner of account.parent`.
    pub fn text(&self, policy: &TypedPolicy, record: RecordId) -> String {
        let role = &policy.role(self.role).name;
        let steps = steps_text(&policy.schema, record, &self.steps);
        if steps.is_empty() { role.clone() } else { format!("{role} of {steps}") }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OwnerRef {
    /// The owner the record has before this run.
    Current,
    Of(OwnerPath),
}

#[derive(Clone, Debug, PartialEq)]
pub enum OwnerTest {
    Known,
    /// The directory says that they may own records.
    Active,
    Is(Vec<NameId>),
    /// A person of the team, or the team itself.
    MemberOf(NameId),
}

/// A number worked out from fields. Missing parts make it missing, as do division by zero and results too large.
#[derive(Clone, Debug, PartialEq)]
pub enum NumberExpr {
    Constant(Decimal),
    Field(Path),
    /// The amount of a `money in COLUMN` where it is in this currency.
    FieldIn(Path, String),
    Negative(Box<NumberExpr>),
    Arithmetic(ArithmeticOp, Box<NumberExpr>, Box<NumberExpr>),
    /// Days from the second to the first.
    DaysBetween(Box<DayExpr>, Box<DayExpr>),
    /// A number worked out over other records.
    Related(RelatedPath),
}

/// A day worked out from fields.
#[derive(Clone, Debug, PartialEq)]
pub enum DayExpr {
    Constant(DayMark),
    Field(Path),
    /// The day of an instant in the project's zone.
    DayOf(Path),
    Shift(Box<DayExpr>, i64, Unit),
    /// A day worked out over other records.
    Related(RelatedPath),
}

/// One name of an `A else B` chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub kind: TargetKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TargetKind {
    Nobody,
    Keep,
    Name(NameId),
    /// The owner whose key, email or name stands in a field.
    Field(Path),
    /// The row of the table that fits the record best.
    Table(TableUse),
    /// The row of the list that `path` was found in.
    Cell {
        list: ListId,
        path: Path,
        column: usize,
    },
    OwnerOf(OwnerRef),
    /// One of a set of people, chosen when the record is assigned. The rule has decided, whether or not somebody is found.
    Pool(PoolId),
    /// Who wins a contest among those behind other records.
    Contest(ContestPath),
    Manager(Box<TargetKind>),
}

/// A table as one record type uses it: the paths of its `match` lines, in order, and the column that is given.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableUse {
    pub table: TableId,
    pub paths: Vec<Path>,
    pub column: usize,
}
