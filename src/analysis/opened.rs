//! Rules with everything that is kept beside them written out: lists as their values, tables as a rule a row.
//!
//! Look-ups are part of their rule's condition (design section 3, point 4); written out, they are conditions like any
//! other, and a proof sees through them.

use crate::check::policy::{
    Cond, DayMark, FieldTest, Path, Range, Role, Rule, RuleId, TableUse, TargetKind, TestKind, TextTest, TypedPolicy,
};
use crate::plan::{hand_off_text, rule_fingerprint, targets_text};
use crate::schema::{Bounds, FieldKind, ListId, MatchHow, RecordId, Tabular, compare_ranges, range_bound};
use crate::source::Span;
use crate::syntax::Which;
use crate::value::{Decimal, NumberFormat, fold, parse_number};
use std::cmp::Ordering;

/// Rows of a table and values of a list that are written out; what is longer keeps a column of its own.
const ROWS_OPENED_MAX: usize = 30_000;

/// A role's rules, written out in the order in which they are tried.
pub struct Opened {
    pub rules: Vec<Rule>,
    /// By rule: what it came from.
    pub parts: Vec<Part>,
}

/// What one written-out rule is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub rule: RuleId,
    /// The line of a list or table that it stands for.
    pub row: Option<Row>,
    /// Whom it names, in normal form: equal where the owner is the same.
    pub outcome: String,
    /// The label of its rule, and the digest of the rule's meaning.
    pub label: Option<String>,
    pub meaning: String,
}

/// A row of a list or table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub file: String,
    pub line_number: usize,
    /// As the owner's cell names them.
    pub owner: String,
}

/// Writes out the rules of a role as of a day.
pub fn open(policy: &TypedPolicy, role: &Role, today: i32) -> Opened {
    let opener = Opener { policy, role, record: role.record, today };
    let mut opened = Opened { rules: Vec::new(), parts: Vec::new() };
    for (id, rule) in (0..).map(RuleId).zip(&role.rules) {
        opener.rule(id, rule, &mut opened);
    }
    opened
}

/// A condition with its lists and sets written out.
pub fn open_condition(policy: &TypedPolicy, role: &Role, cond: &Cond, today: i32) -> Cond {
    Opener { policy, role, record: role.record, today }.cond(cond)
}

struct Opener<'p> {
    policy: &'p TypedPolicy,
    role: &'p Role,
    record: RecordId,
    today: i32,
}

impl Opener<'_> {
    fn rule(&self, id: RuleId, rule: &Rule, opened: &mut Opened) {
        let conditions: Vec<Cond> = rule.conditions.iter().map(|cond| self.cond(cond)).collect();
        let hand_off = hand_off_text(self.policy, self.record, rule);
        let meaning = rule_fingerprint(self.policy, self.role, rule);
        let part = |row: Option<Row>, outcome: String| Part {
            rule: id,
            row,
            outcome,
            label: rule.label.clone(),
            meaning: meaning.clone(),
        };
        for (at, target) in rule.targets.iter().enumerate() {
            let Some(rows) = self.rows(&target.kind) else {
                let rest = &rule.targets[at..];
                let outcome = targets_text(self.policy, self.record, rest) + &hand_off;
                opened.parts.push(part(None, outcome));
                opened.rules.push(Rule { conditions, targets: rest.to_vec(), ..rule.clone() });
                return;
            };
            // Whom the rest of the chain names where the row's owner may not own.
            let rest = match &rule.targets[at + 1..] {
                [] => String::new(),
                rest => format!(" else {}", targets_text(self.policy, self.record, rest)),
            };
            for (row, condition) in rows {
                let outcome = format!("{:?}{rest}{hand_off}", fold(&row.owner));
                opened.parts.push(part(Some(row), outcome));
                let conditions = conditions.iter().cloned().chain([condition]).collect();
                let targets = vec![crate::check::policy::Target { kind: TargetKind::Nobody, span: target.span }];
                opened.rules.push(Rule { conditions, targets, ..rule.clone() });
            }
        }
    }

    /// The rows that a target is looked up in, best first, each with what it asks of the record; `None` for what is no
    /// look-up, or one that cannot be written out.
    fn rows(&self, kind: &TargetKind) -> Option<Vec<(Row, Cond)>> {
        match kind {
            TargetKind::Table(table) => self.table_rows(table),
            TargetKind::Cell { list, path, column } => self.cell_rows(*list, path, *column),
            _ => None,
        }
    }

    fn cell_rows(&self, list: ListId, path: &Path, column: usize) -> Option<Vec<(Row, Cond)>> {
        let declared = self.policy.schema.list(list);
        let data = declared.data.as_ref()?;
        let mut rows = Vec::new();
        for (at, value) in self.list_rows(list)? {
            // A blank cell is a miss, as a value that is not in the list.
            if let Some(owner) = data.cell(at, column) {
                let test = self.equals(path, value)?;
                rows.push((row(&declared.file, data, at, owner), leaf(path, test, declared.span)));
            }
        }
        Some(rows)
    }

    /// The rows of a list that count today and its `by` cell in each; of those with one value the first.
    fn list_rows(&self, list: ListId) -> Option<Vec<(usize, &str)>> {
        let declared = self.policy.schema.list(list);
        let data = declared.data.as_ref()?;
        let by = data.column(&declared.by)?;
        if data.rows.len() > ROWS_OPENED_MAX {
            return None;
        }
        let mut seen = rustc_hash::FxHashSet::default();
        let rows = (0..data.rows.len()).filter(|row| declared.days.count(*row, self.today));
        let rows = rows.filter_map(|row| Some((row, data.cell(row, by)?)));
        Some(rows.filter(|(_, value)| seen.insert(fold(value))).collect())
    }

    fn table_rows(&self, table: &TableUse) -> Option<Vec<(Row, Cond)>> {
        let declared = self.policy.schema.table(table.table);
        let data = declared.data.as_ref()?;
        if data.rows.len() > ROWS_OPENED_MAX {
            return None;
        }
        let mut found: Vec<(Rank, usize, &str, Cond)> = Vec::new();
        for at in (0..data.rows.len()).filter(|row| declared.days.count(*row, self.today)) {
            let Some((rank, condition)) = self.table_row(table, data, at) else { continue };
            // The best row without an owner is a miss: those below it are not tried.
            let owner = data.cell(at, table.column)?;
            found.push((rank, at, owner, condition));
        }
        found.sort_by(|a, b| a.0.compare(&b.0).then(a.1.cmp(&b.1)));
        Some(found.into_iter().map(|(_, at, owner, cond)| (row(&declared.file, data, at, owner), cond)).collect())
    }

    /// What a row asks of a record, and how well it fits; `None` for a row that fits nothing.
    fn table_row(&self, table: &TableUse, data: &Tabular, at: usize) -> Option<(Rank, Cond)> {
        let declared = self.policy.schema.table(table.table);
        let cell = |column: &str| data.column(column).and_then(|column| data.cell(at, column));
        let mut rank = Rank::default();
        let mut parts = Vec::new();
        for (line, path) in declared.matches.iter().zip(&table.paths) {
            let test = match &line.how {
                MatchHow::Equals { column } => self.equals(path, cell(column)?)?,
                MatchHow::StartsWith { column } => {
                    let prefix = fold(cell(column)?);
                    rank.prefix = prefix.chars().count();
                    FieldTest::Text(TextTest::StartsWith(vec![prefix]))
                }
                MatchHow::Between { from, to } => {
                    let is_date = *self.kind(path) == FieldKind::Date;
                    let bound = |column: &str| match cell(column) {
                        None => Some(None),
                        Some(cell) => range_bound(cell, is_date).map(Some),
                    };
                    let (low, high) = (bound(from)?, bound(to)?);
                    rank.ranges.push((low, high));
                    between(low, high, is_date)?
                }
            };
            parts.push(leaf(path, test, declared.span));
        }
        Some((rank, Cond::All(parts)))
    }

    fn kind(&self, path: &Path) -> &FieldKind {
        let schema = &self.policy.schema;
        &schema.record(path.record(schema, self.record)).field(path.field).kind
    }

    /// That a field equals a cell; `None` where no value of the field does.
    fn equals(&self, path: &Path, cell: &str) -> Option<FieldTest> {
        Some(match self.kind(path) {
            FieldKind::Text => FieldTest::Text(TextTest::OneOf(vec![fold(cell)])),
            FieldKind::Choice(set) => FieldTest::Choice(vec![set.find(cell)?]),
            FieldKind::Number => FieldTest::Number {
                ranges: vec![Range::point(parse_number(cell, NumberFormat::default())?)],
                currency: None,
            },
            FieldKind::YesNo => match fold(cell).as_str() {
                "yes" | "true" | "1" => FieldTest::YesNo(true),
                "no" | "false" | "0" => FieldTest::YesNo(false),
                _ => return None,
            },
            FieldKind::Reference { .. } => FieldTest::Key(vec![cell.trim().to_owned()]),
            FieldKind::Money(_) | FieldKind::Date | FieldKind::Time | FieldKind::Many(_) => return None,
        })
    }

    fn cond(&self, cond: &Cond) -> Cond {
        let all = |parts: &[Cond]| parts.iter().map(|part| self.cond(part)).collect();
        match cond {
            Cond::All(parts) => Cond::All(all(parts)),
            Cond::Any(parts) => Cond::Any(all(parts)),
            Cond::Not(inner, span) => Cond::Not(Box::new(self.cond(inner)), *span),
            Cond::Named { name, body, span } => {
                Cond::Named { name: name.clone(), body: Box::new(self.cond(body)), span: *span }
            }
            Cond::AtLeast { count, criteria, span } => {
                let criteria = criteria.iter().map(|one| crate::check::policy::Criterion {
                    label: one.label.clone(),
                    condition: self.cond(&one.condition),
                });
                Cond::AtLeast { count: *count, criteria: criteria.collect(), span: *span }
            }
            Cond::Test { kind, span } => self.test(kind, *span).unwrap_or_else(|| cond.clone()),
        }
    }

    /// A test in several simpler ones; `None` where it stays as it is.
    fn test(&self, kind: &TestKind, span: Span) -> Option<Cond> {
        match kind {
            TestKind::InList { path, list } => self.in_list(path, *list, span),
            TestKind::Field { path, test: FieldTest::Many { which, choices } }
                if *which != Which::Any || choices.len() > 1 =>
            {
                let each = choices
                    .iter()
                    .map(|choice| leaf(path, FieldTest::Many { which: Which::Any, choices: vec![*choice] }, span));
                Some(match which {
                    Which::Any => Cond::Any(each.collect()),
                    Which::All => Cond::All(each.collect()),
                    // Nothing is asked of a set that is not there.
                    Which::None if path.steps.is_empty() => Cond::All(each.map(not).collect()),
                    Which::None => Cond::All(
                        [not(leaf(path, FieldTest::Missing, span))].into_iter().chain(each.map(not)).collect(),
                    ),
                })
            }
            TestKind::Field { path, test: FieldTest::Key(keys) } if keys.len() > 1 => {
                Some(any_of(path, keys, span, |key| FieldTest::Key(vec![key])))
            }
            TestKind::Field { path, test: FieldTest::Text(TextTest::Contains(parts)) } if parts.len() > 1 => {
                Some(any_of(path, parts, span, |part| FieldTest::Text(TextTest::Contains(vec![part]))))
            }
            TestKind::Field { path, test: FieldTest::Text(TextTest::EndsWith(parts)) } if parts.len() > 1 => {
                Some(any_of(path, parts, span, |part| FieldTest::Text(TextTest::EndsWith(vec![part]))))
            }
            _ => None,
        }
    }

    fn in_list(&self, path: &Path, list: ListId, span: Span) -> Option<Cond> {
        let values = self.list_rows(list)?.into_iter().map(|(_, value)| value);
        let test = match self.kind(path) {
            FieldKind::Text => {
                let mut texts: Vec<String> = values.map(fold).collect();
                texts.sort();
                FieldTest::Text(TextTest::OneOf(texts))
            }
            FieldKind::Choice(set) => {
                let folded: rustc_hash::FxHashSet<String> = values.map(fold).collect();
                let named = (0..).zip(set.names()).filter(|(_, name)| folded.contains(&fold(name)));
                FieldTest::Choice(named.map(|(choice, _)| choice).collect())
            }
            _ => return None,
        };
        Some(leaf(path, test, span))
    }
}

fn row(file: &str, data: &Tabular, at: usize, owner: &str) -> Row {
    let line_number = data.line_numbers.get(at).copied().unwrap_or_default();
    Row { file: file.to_owned(), line_number, owner: owner.to_owned() }
}

fn leaf(path: &Path, test: FieldTest, span: Span) -> Cond {
    Cond::Test { kind: TestKind::Field { path: path.clone(), test }, span }
}

fn not(cond: Cond) -> Cond {
    Cond::Not(Box::new(cond), None)
}

fn any_of(path: &Path, values: &[String], span: Span, test: impl Fn(String) -> FieldTest) -> Cond {
    Cond::Any(values.iter().map(|value| leaf(path, test(value.clone()), span)).collect())
}

fn between(low: Option<Decimal>, high: Option<Decimal>, is_date: bool) -> Option<FieldTest> {
    let range = Range { low: low.map(|low| (low, true)), high: high.map(|high| (high, true)) };
    if !is_date {
        return Some(FieldTest::Number { ranges: vec![range], currency: None });
    }
    let day = |bound: Option<(Decimal, bool)>| match bound {
        None => Some(None),
        Some((day, _)) => Some(Some((DayMark::Fixed(i32::try_from(day.trunc()).ok()?), true))),
    };
    Some(FieldTest::Day(vec![Range { low: day(range.low)?, high: day(range.high)? }]))
}

/// How well a row of a table fits: the longest prefix first, then the narrowest ranges in the order of their lines.
#[derive(Default)]
struct Rank {
    prefix: usize,
    ranges: Vec<Bounds>,
}

impl Rank {
    fn compare(&self, other: &Rank) -> Ordering {
        let ranges = self.ranges.iter().zip(&other.ranges).map(|(a, b)| compare_ranges(a, b));
        other.prefix.cmp(&self.prefix).then_with(|| ranges.fold(Ordering::Equal, Ordering::then))
    }
}
