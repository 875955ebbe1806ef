//! Two policies in one set of numbers: what a rule of the new side refers to, by its number on the old one.
//!
//! Records, fields and choices have the same numbers already (`check::merged`). Names, questions over other records and
//! of the past, lists and tables are joined by what they mean; what only the new side has is added.

use crate::check::policy::{
    Cond, ContestId, ContestPath, ContestPerson, Criterion, DayExpr, HistoryAsk, HistoryId, NameId, NumberExpr,
    OwnerRef, OwnerTest, RelatedId, RelatedPath, RoleId, Rule, Target, TargetKind, TestKind, TypedPolicy,
};
use crate::plan::{contest_text, history_text, related_text};
use crate::schema::{ListId, TableId};
use crate::value::fold;

/// The old policy with what the new one adds, and where the new one's things stand in it.
pub(super) struct Combined {
    pub policy: TypedPolicy,
    names: Vec<NameId>,
    related: Vec<RelatedId>,
    histories: Vec<HistoryId>,
    contests: Vec<ContestId>,
    roles: Vec<RoleId>,
    lists: Vec<ListId>,
    tables: Vec<TableId>,
}

/// The place of a number of its own kind.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn small(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// Joins two policies of one namespace.
pub(super) fn combine(old: &TypedPolicy, new: &TypedPolicy) -> Combined {
    let mut all = Combined {
        policy: old.clone(),
        names: Vec::new(),
        related: Vec::new(),
        histories: Vec::new(),
        contests: Vec::new(),
        roles: Vec::new(),
        lists: Vec::new(),
        tables: Vec::new(),
    };
    all.policy.spellings.extend(new.spellings.iter().map(|(folded, text)| (folded.clone(), text.clone())));
    for name in &new.names {
        let same = old.names.iter().position(|other| fold(&other.text) == fold(&name.text));
        let at = same.unwrap_or_else(|| pushed(&mut all.policy.names, name.clone()));
        all.names.push(NameId(number(at)));
    }
    for role in &new.roles {
        let is_same =
            |other: &crate::check::policy::Role| other.record == role.record && fold(&other.name) == fold(&role.name);
        let same = old.roles.iter().position(is_same);
        let at = same.unwrap_or_else(|| {
            pushed(&mut all.policy.roles, crate::check::policy::Role::new(&role.name, role.record, role.span))
        });
        all.roles.push(RoleId(small(at)));
    }
    for list in &new.schema.lists {
        let same = old.schema.lists.iter().position(|other| {
            fold(&other.name) == fold(&list.name)
                && other.data == list.data
                && other.by == list.by
                && other.days == list.days
        });
        let at = same.unwrap_or_else(|| pushed(&mut all.policy.schema.lists, list.clone()));
        all.lists.push(ListId(small(at)));
    }
    for table in &new.schema.tables {
        let same = old.schema.tables.iter().position(|other| {
            let ways = |table: &crate::schema::Table| -> Vec<_> {
                table.matches.iter().map(|line| (line.path.clone(), line.how.clone())).collect()
            };
            fold(&other.name) == fold(&table.name)
                && other.data == table.data
                && other.days == table.days
                && ways(other) == ways(table)
        });
        let at = same.unwrap_or_else(|| pushed(&mut all.policy.schema.tables, table.clone()));
        all.tables.push(TableId(small(at)));
    }
    // A question's own conditions ask nothing of other records: names and lists are all they refer to.
    for (id, related) in (0..).map(RelatedId).zip(&new.related) {
        let text = |policy: &TypedPolicy, id| {
            related_text(policy, related.of, &RelatedPath { steps: Vec::new(), related: id })
        };
        let is_same = |at: &usize| {
            let other = &old.related[*at];
            other.of == related.of
                && other.record == related.record
                && text(old, RelatedId(number(*at))) == text(new, id)
        };
        let same = (0..old.related.len()).find(is_same).filter(|_| !all.asks_new_list(related.condition.as_ref()));
        let mut mapped = related.clone();
        mapped.condition = related.condition.as_ref().map(|cond| all.cond(cond));
        let at = same.unwrap_or_else(|| pushed(&mut all.policy.related, mapped));
        all.related.push(RelatedId(number(at)));
    }
    for (id, contest) in (0..).map(ContestId).zip(&new.contests) {
        let of = contest.question.of;
        let text = |policy: &TypedPolicy, id| contest_text(policy, of, &ContestPath { steps: Vec::new(), contest: id });
        let is_same =
            |at: &usize| old.contests[*at].question.of == of && text(old, ContestId(number(*at))) == text(new, id);
        let same = (0..old.contests.len()).find(is_same);
        let same = same.filter(|_| !all.asks_new_list(contest.question.condition.as_ref()));
        let mut mapped = contest.clone();
        mapped.question.condition = contest.question.condition.as_ref().map(|cond| all.cond(cond));
        if let ContestPerson::Owner(role) = &mut mapped.person {
            *role = all.role(*role);
        }
        let at = same.unwrap_or_else(|| pushed(&mut all.policy.contests, mapped));
        all.contests.push(ContestId(number(at)));
    }
    for (id, history) in (0..).map(HistoryId).zip(&new.histories) {
        let is_same = |at: &usize| {
            let other = &old.histories[*at];
            other.record == history.record
                && other.role == history.role
                && history_text(old, HistoryId(number(*at))) == history_text(new, id)
        };
        let same = (0..old.histories.len()).find(is_same).filter(|_| !all.asks_new_list(history.ask.condition()));
        let mut mapped = history.clone();
        mapped.ask = match &history.ask {
            HistoryAsk::Becomes(cond) => HistoryAsk::Becomes(all.cond(cond)),
            HistoryAsk::Was(cond) => HistoryAsk::Was(all.cond(cond)),
            HistoryAsk::For(cond, span) => HistoryAsk::For(all.cond(cond), *span),
            other => other.clone(),
        };
        let at = same.unwrap_or_else(|| pushed(&mut all.policy.histories, mapped));
        all.histories.push(HistoryId(number(at)));
    }
    all
}

fn pushed<T>(into: &mut Vec<T>, one: T) -> usize {
    into.push(one);
    into.len() - 1
}

impl Combined {
    /// A rule of the new side.
    pub fn rule(&self, rule: &Rule) -> Rule {
        Rule {
            conditions: rule.conditions.iter().map(|cond| self.cond(cond)).collect(),
            targets: rule.targets.iter().map(|target| self.target(target)).collect(),
            ..rule.clone()
        }
    }

    fn role(&self, id: RoleId) -> RoleId {
        self.roles.get(id.0 as usize).copied().unwrap_or(id)
    }

    fn name(&self, id: NameId) -> NameId {
        self.names.get(id.0 as usize).copied().unwrap_or(id)
    }

    fn list(&self, id: ListId) -> ListId {
        self.lists.get(id.0 as usize).copied().unwrap_or(id)
    }

    /// Whether a condition looks something up in a list whose rows are others than on the old side.
    fn asks_new_list(&self, cond: Option<&Cond>) -> bool {
        let known = self.policy.schema.lists.len();
        let mut asks = false;
        if let Some(cond) = cond {
            cond.visit(&mut |kind, _| {
                if let TestKind::InList { list, .. } = kind {
                    asks |= usize::from(self.list(*list).0) >= known.min(usize::from(u16::MAX)) || self.is_added(*list);
                }
            });
        }
        asks
    }

    fn is_added(&self, list: ListId) -> bool {
        let own = self.list(list);
        self.policy
            .schema
            .lists
            .iter()
            .take(usize::from(own.0))
            .any(|other| fold(&other.name) == fold(&self.policy.schema.lists[usize::from(own.0)].name))
    }

    fn target(&self, target: &Target) -> Target {
        Target { kind: self.target_kind(&target.kind), span: target.span }
    }

    fn target_kind(&self, kind: &TargetKind) -> TargetKind {
        match kind {
            TargetKind::Name(name) => TargetKind::Name(self.name(*name)),
            TargetKind::OwnerOf(of) => TargetKind::OwnerOf(self.owner(of)),
            TargetKind::Manager(inner) => TargetKind::Manager(Box::new(self.target_kind(inner))),
            TargetKind::Contest(path) => {
                let contest = self.contests.get(path.contest.0 as usize).copied().unwrap_or(path.contest);
                TargetKind::Contest(ContestPath { contest, ..path.clone() })
            }
            TargetKind::Table(table) => {
                let id = self.tables.get(table.table.0 as usize).copied().unwrap_or(table.table);
                TargetKind::Table(crate::check::policy::TableUse { table: id, ..table.clone() })
            }
            TargetKind::Cell { list, path, column } => {
                TargetKind::Cell { list: self.list(*list), path: path.clone(), column: *column }
            }
            // A pool decides, whoever is in it: whom it means is told by the outcome's text.
            TargetKind::Nobody | TargetKind::Keep | TargetKind::Field(_) | TargetKind::Pool(_) => kind.clone(),
        }
    }

    fn owner(&self, of: &OwnerRef) -> OwnerRef {
        match of {
            OwnerRef::Current => OwnerRef::Current,
            OwnerRef::Of(path) => {
                OwnerRef::Of(crate::check::policy::OwnerPath { role: self.role(path.role), ..path.clone() })
            }
        }
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
                let one =
                    |one: &Criterion| Criterion { label: one.label.clone(), condition: self.cond(&one.condition) };
                Cond::AtLeast { count: *count, criteria: criteria.iter().map(one).collect(), span: *span }
            }
            Cond::Test { kind, span } => Cond::Test { kind: self.test(kind), span: *span },
        }
    }

    fn test(&self, kind: &TestKind) -> TestKind {
        match kind {
            TestKind::InList { path, list } => TestKind::InList { path: path.clone(), list: self.list(*list) },
            TestKind::Numbers { op, left, right } => {
                TestKind::Numbers { op: *op, left: self.numeric(left), right: self.numeric(right) }
            }
            TestKind::Days { op, left, right } => {
                TestKind::Days { op: *op, left: self.day(left), right: self.day(right) }
            }
            TestKind::Owner { of, test } => {
                let test = match test {
                    OwnerTest::Is(names) => OwnerTest::Is(names.iter().map(|name| self.name(*name)).collect()),
                    OwnerTest::MemberOf(team) => OwnerTest::MemberOf(self.name(*team)),
                    other => other.clone(),
                };
                TestKind::Owner { of: self.owner(of), test }
            }
            TestKind::History(id) => TestKind::History(self.histories.get(id.0 as usize).copied().unwrap_or(*id)),
            TestKind::Always(_) | TestKind::Field { .. } | TestKind::Fields { .. } => kind.clone(),
        }
    }

    fn related_path(&self, path: &RelatedPath) -> RelatedPath {
        let related = self.related.get(path.related.0 as usize).copied().unwrap_or(path.related);
        RelatedPath { related, ..path.clone() }
    }

    fn numeric(&self, expr: &NumberExpr) -> NumberExpr {
        match expr {
            NumberExpr::Related(path) => NumberExpr::Related(self.related_path(path)),
            NumberExpr::Negative(inner) => NumberExpr::Negative(Box::new(self.numeric(inner))),
            NumberExpr::Arithmetic(op, left, right) => {
                NumberExpr::Arithmetic(*op, Box::new(self.numeric(left)), Box::new(self.numeric(right)))
            }
            NumberExpr::DaysBetween(left, right) => {
                NumberExpr::DaysBetween(Box::new(self.day(left)), Box::new(self.day(right)))
            }
            NumberExpr::Constant(_) | NumberExpr::Field(_) | NumberExpr::FieldIn(..) => expr.clone(),
        }
    }

    fn day(&self, expr: &DayExpr) -> DayExpr {
        match expr {
            DayExpr::Related(path) => DayExpr::Related(self.related_path(path)),
            DayExpr::Shift(inner, amount, unit) => DayExpr::Shift(Box::new(self.day(inner)), *amount, *unit),
            DayExpr::Constant(_) | DayExpr::Field(_) | DayExpr::DayOf(_) => expr.clone(),
        }
    }
}
