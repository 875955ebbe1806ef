//! Everything that the rules of one role rest on besides their own words.

use crate::check::policy::{
    Cond, ContestPath, ContestPerson, DayExpr, Gather, GatherKind, HistoryAsk, MemberAsk, MemberCond, NameId,
    NumberExpr, OwnerRef, OwnerTest, PoolId, Related, RelatedPath, Role, RoleId, Rule, Target, TargetKind, TestKind,
    TypedPolicy, walk,
};
use crate::plan::rotation_name;
use crate::schema::{FieldId, ListId, RecordId, TableId};
use crate::value::fold;
use std::collections::BTreeSet;

/// What a role rests on. Names are folded.
#[derive(Debug, Default)]
pub(super) struct Uses {
    pub fields: BTreeSet<(RecordId, FieldId)>,
    /// Record types whose fields, keys or numbers of rows are read.
    pub records: BTreeSet<RecordId>,
    pub lists: BTreeSet<String>,
    pub tables: BTreeSet<String>,
    /// People, teams and queues that are named.
    pub names: BTreeSet<String>,
    /// Pools take turns by these.
    pub rotations: BTreeSet<String>,
    /// Other decisions that are followed.
    pub roles: BTreeSet<RoleId>,
    pub counts_hours: bool,
    /// Names of owners that stand in fields of records: any name at all.
    pub finds_names: bool,
    /// Columns of lists and tables that names of owners stand in.
    pub list_cells: BTreeSet<(ListId, usize)>,
    pub table_cells: BTreeSet<(TableId, usize)>,
    pools: BTreeSet<PoolId>,
    related: BTreeSet<u32>,
    contests: BTreeSet<u32>,
}

/// What the rules of a role rest on; `gather` where it is a team's.
pub(super) fn uses(policy: &TypedPolicy, role: &Role, gather: Option<&Gather>) -> Uses {
    let mut walk = Walk { policy, uses: Uses::default() };
    walk.uses.records.insert(role.record);
    role.rules.iter().for_each(|rule| walk.rule(role.record, rule));
    role.holds.iter().for_each(|hold| walk.rule(role.record, &hold.rule));
    role.never.iter().for_each(|path| walk.owner(&OwnerRef::Of(path.clone()), role.record));
    for path in &role.reads {
        walk.path(role.record, &path.steps, Some(path.field));
    }
    if let Some(GatherKind::Team(adds)) = gather.map(|gather| &gather.kind) {
        adds.iter().flatten().for_each(|add| walk.targets(role.record, &add.chain));
    }
    let pools: Vec<PoolId> = walk.uses.pools.iter().copied().collect();
    walk.uses.rotations.extend(pools.iter().map(|pool| rotation_name(policy, policy.pool(*pool))));
    walk.uses
}

struct Walk<'p> {
    policy: &'p TypedPolicy,
    uses: Uses,
}

impl Walk<'_> {
    fn path(&mut self, from: RecordId, steps: &[FieldId], last: Option<FieldId>) {
        let mut record = from;
        for step in steps {
            self.uses.fields.insert((record, *step));
            record = walk(&self.policy.schema, record, &[*step]);
            self.uses.records.insert(record);
        }
        self.uses.fields.extend(last.map(|field| (record, field)));
    }

    fn rule(&mut self, record: RecordId, rule: &Rule) {
        rule.conditions.iter().for_each(|cond| self.cond(record, cond));
        self.targets(record, &rule.targets);
    }

    fn targets(&mut self, record: RecordId, targets: &[Target]) {
        targets.iter().for_each(|target| self.target(record, &target.kind));
    }

    fn name(&mut self, name: NameId) {
        self.uses.names.insert(fold(&self.policy.names[name.0 as usize].text));
    }

    fn target(&mut self, record: RecordId, target: &TargetKind) {
        let schema = &self.policy.schema;
        match target {
            TargetKind::Nobody | TargetKind::Keep => {}
            TargetKind::Name(name) => self.name(*name),
            TargetKind::Field(path) => {
                self.uses.finds_names = true;
                self.path(record, &path.steps, Some(path.field));
            }
            TargetKind::Table(table) => {
                self.uses.table_cells.insert((table.table, table.column));
                self.uses.tables.insert(fold(&schema.table(table.table).name));
                table.paths.iter().for_each(|path| self.path(record, &path.steps, Some(path.field)));
            }
            TargetKind::Cell { list, path, column } => {
                self.uses.list_cells.insert((*list, *column));
                self.uses.lists.insert(fold(&schema.list(*list).name));
                self.path(record, &path.steps, Some(path.field));
            }
            TargetKind::OwnerOf(of) => self.owner(of, record),
            TargetKind::Pool(pool) => self.pool(*pool),
            TargetKind::Contest(path) => self.contest(record, path),
            TargetKind::Manager(inner) => self.target(record, inner),
        }
    }

    fn owner(&mut self, of: &OwnerRef, record: RecordId) {
        if let OwnerRef::Of(path) = of {
            self.path(record, &path.steps, None);
            self.uses.roles.insert(path.role);
        }
    }

    fn pool(&mut self, id: PoolId) {
        let policy = self.policy;
        let pool = policy.pool(id);
        if !self.uses.pools.insert(id) {
            return;
        }
        pool.members.iter().for_each(|name| self.name(*name));
        if let Some(path) = &pool.load {
            self.path(pool.record, &path.steps, Some(path.field));
        }
        if let Some(cond) = &pool.condition {
            self.members(pool.record, cond);
        }
    }

    fn members(&mut self, record: RecordId, cond: &MemberCond) {
        cond.paths().iter().for_each(|path| self.path(record, &path.steps, Some(path.field)));
        let mut teams = Vec::new();
        cond.visit(&mut |test| {
            if let MemberAsk::InTeam(team) = test.ask {
                teams.push(team);
            }
        });
        teams.into_iter().for_each(|team| self.name(team));
    }

    fn contest(&mut self, record: RecordId, path: &ContestPath) {
        let policy = self.policy;
        self.path(record, &path.steps, None);
        let contest = policy.contest(path.contest);
        if !self.uses.contests.insert(path.contest.0) {
            return;
        }
        match contest.person {
            ContestPerson::Owner(role) => {
                self.uses.roles.insert(role);
            }
            ContestPerson::Field(_) => self.uses.finds_names = true,
        }
        self.question(&contest.question);
    }

    fn related(&mut self, record: RecordId, path: &RelatedPath) {
        let policy = self.policy;
        self.path(record, &path.steps, None);
        if self.uses.related.insert(path.related.0) {
            self.question(policy.related(path.related));
        }
    }

    fn question(&mut self, question: &Related) {
        self.uses.records.extend([question.of, question.record]);
        self.uses.fields.extend(question.via.map(|via| (question.record, via)));
        question.reads.iter().for_each(|path| self.path(question.record, &path.steps, Some(path.field)));
        if let Some(cond) = &question.condition {
            self.cond(question.record, cond);
        }
    }

    fn cond(&mut self, record: RecordId, cond: &Cond) {
        cond.visit(&mut |test, _| self.test(record, test));
    }

    fn test(&mut self, record: RecordId, test: &TestKind) {
        let policy = self.policy;
        match test {
            TestKind::Always(_) => {}
            TestKind::Field { path, .. } => self.path(record, &path.steps, Some(path.field)),
            TestKind::InList { path, list } => {
                self.uses.lists.insert(fold(&policy.schema.list(*list).name));
                self.path(record, &path.steps, Some(path.field));
            }
            TestKind::Fields { left, right, .. } => {
                [left, right].iter().for_each(|path| self.path(record, &path.steps, Some(path.field)));
            }
            TestKind::Numbers { left, right, .. } => [left, right].iter().for_each(|side| self.number(record, side)),
            TestKind::Days { left, right, .. } => [left, right].iter().for_each(|side| self.day(record, side)),
            TestKind::Owner { of, test } => {
                self.owner(of, record);
                match test {
                    OwnerTest::Known | OwnerTest::Active => {}
                    OwnerTest::Is(names) => names.iter().for_each(|name| self.name(*name)),
                    OwnerTest::MemberOf(team) => self.name(*team),
                }
            }
            TestKind::History(id) => match &policy.history(*id).ask {
                HistoryAsk::Becomes(cond) | HistoryAsk::Was(cond) | HistoryAsk::For(cond, _) => self.cond(record, cond),
                HistoryAsk::Changed(path, _) => self.path(record, &path.steps, Some(path.field)),
                HistoryAsk::InTime(path, _) => {
                    self.uses.counts_hours = true;
                    self.path(record, &path.steps, Some(path.field));
                    self.uses.roles.extend(policy.clock_role(policy.history(*id)));
                }
            },
        }
    }

    fn number(&mut self, record: RecordId, expr: &NumberExpr) {
        match expr {
            NumberExpr::Constant(_) => {}
            NumberExpr::Field(path) | NumberExpr::FieldIn(path, _) => self.path(record, &path.steps, Some(path.field)),
            NumberExpr::Negative(inner) => self.number(record, inner),
            NumberExpr::Arithmetic(_, left, right) => [left, right].iter().for_each(|side| self.number(record, side)),
            NumberExpr::DaysBetween(left, right) => [left, right].iter().for_each(|side| self.day(record, side)),
            NumberExpr::Related(path) => self.related(record, path),
        }
    }

    fn day(&mut self, record: RecordId, expr: &DayExpr) {
        match expr {
            DayExpr::Constant(_) => {}
            DayExpr::Field(path) | DayExpr::DayOf(path) => self.path(record, &path.steps, Some(path.field)),
            DayExpr::Shift(inner, ..) => self.day(record, inner),
            DayExpr::Related(path) => self.related(record, path),
        }
    }
}
