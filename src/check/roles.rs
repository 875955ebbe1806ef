//! Roles: which there are, what each reads, and in which order they are decided (design section 1).

use super::Checker;
use super::declarations::same;
use super::policy::{
    Cond, ContestPath, ContestPerson, DayExpr, History, HistoryId, MemberCond, NumberExpr, OwnerPath, OwnerRef, Path,
    Pool, Related, RelatedPath, Role, RoleId, Rule, TargetKind, TestKind, TypedPolicy,
};
use super::rules::Block;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{FieldId, RecordId};
use crate::source::Span;
use crate::syntax::{self, DecideDecl, Word};

impl<'t> Checker<'t> {
    pub(super) fn roles(&mut self) {
        let tree = self.tree;
        let mut bodies: Vec<Vec<&[syntax::Rule]>> = Vec::new();
        for decide in &tree.decides {
            let Some(record) = self.record_named(&decide.record) else {
                continue;
            };
            self.add_role(&decide.role.text, record, decide.span, decide, &decide.rules, &mut bodies);
        }
        self.loose(&mut bodies);
        // All roles are known by name before any rule is typed: rules may refer to roles below them.
        for (index, rules) in bodies.iter().enumerate() {
            let scope = Scope::of(self.roles[index].record, &self.roles[index].name.clone());
            let joined: Vec<syntax::Rule> = rules.iter().flat_map(|part| part.iter().cloned()).collect();
            let typed = self.rules(&joined, Block::Decide, &scope);
            let role = &mut self.roles[index];
            (role.rules, role.holds, role.never) = (typed.rules, typed.holds, typed.never);
        }
        for index in 0..self.roles.len() {
            let span = self.roles[index].span;
            let mut role = std::mem::replace(&mut self.roles[index], Role::new("", RecordId(0), span));
            self.set_reads(&mut role, |_| {});
            self.roles[index] = role;
        }
        self.order();
        self.gathers();
    }

    fn add_role(
        &mut self,
        name: &str,
        record: RecordId,
        span: Span,
        decide: &DecideDecl,
        rules: &'t [syntax::Rule],
        bodies: &mut Vec<Vec<&'t [syntax::Rule]>>,
    ) {
        if let Some(first) = self.roles.iter().find(|role| role.record == record && same(&role.name, name)) {
            let first_span = first.span;
            let record = self.schema.record(record).name.clone();
            self.push(
                Diagnostic::error(Code::DeclaredTwice, format!("`{name} of {record}` is decided twice"))
                    .at(decide.role.span.to(decide.record.span), "decided again")
                    .at(first_span, "decided here first")
                    .help("put the rules into one `decide`: their order matters"),
            );
            return;
        }
        let is_one_file = decide.role.span.file == decide.record.span.file;
        let span = if is_one_file { decide.role.span.to(decide.record.span) } else { span };
        self.roles.push(Role::new(name, record, span));
        bodies.push(vec![rules]);
    }

    pub(super) fn record_named(&mut self, record: &Word) -> Option<RecordId> {
        let name = &record.text;
        let found = self.schema.find_record(name);
        if found.is_none() && !(self.tree.broken && self.schema.records.is_empty()) {
            let names = self.schema.records.iter().map(|record| record.name.as_str());
            let help =
                did_you_mean(name, names).unwrap_or_else(|| format!("declare it: `record {name} from … {{ … }}`"));
            self.push(
                Diagnostic::error(Code::UnknownRecord, format!("no record `{name}`"))
                    .at(record.span, "not declared")
                    .help(help),
            );
        }
        found
    }

    /// Rules outside any `decide` decide the owner of the only record type there is.
    fn loose(&mut self, bodies: &mut Vec<Vec<&'t [syntax::Rule]>>) {
        let tree = self.tree;
        let Some(first) = tree.loose.first() else {
            return;
        };
        if tree.broken && !tree.decides.is_empty() {
            // Most likely the rules of a `decide` whose first line could not be read.
            return;
        }
        // What only holds the place of another version's record type is none that this one declares.
        let ids = self.schema.record_ids();
        let declared: Vec<RecordId> = ids.filter(|id| !self.schema.record(*id).is_hidden()).collect();
        let only = match (declared.as_slice(), self.roles.is_empty()) {
            ([only], true) => *only,
            ([], _) => {
                self.push(
                    Diagnostic::error(Code::UnknownRecord, "rules, but no records to apply them to")
                        .at(first.span, "the owner of what?")
                        .help("put one CSV file of records beside this file, or declare a `record`"),
                );
                return;
            }
            _ => {
                self.push(
                    Diagnostic::error(Code::LooseRule, "a rule outside `decide`")
                        .at(first.span, "the owner of which record?")
                        .with_note("loose rules are read only where one record type and no `decide` is declared")
                        .help("put it inside `decide owner of RECORD { … }`"),
                );
                return;
            }
        };
        self.roles.push(Role::new("owner", only, first.span));
        bodies.push(vec![&tree.loose]);
    }

    /// Gathers everything that a role's rules read, and what `more` adds.
    pub(super) fn set_reads(&self, role: &mut Role, more: impl FnOnce(&mut Reads<'_>)) {
        let mut reads =
            Reads { pools: &self.pools, histories: &self.histories, questions: &self.related, ..Reads::default() };
        role.rules.iter().for_each(|rule| reads.rule(rule));
        role.holds.iter().for_each(|hold| reads.rule(&hold.rule));
        role.never.iter().for_each(|path| reads.owner(&OwnerRef::Of(path.clone())));
        more(&mut reads);
        reads.paths.sort();
        reads.paths.dedup();
        reads.owners.sort();
        reads.owners.dedup();
        reads.related.sort();
        reads.related.dedup();
        reads.contests.sort();
        reads.contests.dedup();
        reads.asked.sort();
        reads.asked.dedup();
        role.reads = reads.paths;
        role.owners_read = reads.owners;
        role.reads_current_owner = reads.current;
        role.related_read = reads.related;
        role.contests_read = reads.contests;
        role.histories_read = reads.asked;
    }

    /// Puts every role after those it reads. A role may read itself only through a reference.
    fn order(&mut self) {
        let count = self.roles.len();
        let needs: Vec<Vec<usize>> = (0..count)
            .map(|index| {
                let owners = self.roles[index].owners_read.iter();
                let mut needs: Vec<usize> =
                    owners.map(|owner| owner.role.0 as usize).filter(|other| *other != index).collect();
                // Who owns the records around one is known when all of them are decided: no role asks it of itself.
                needs.extend(self.roles[index].contests_read.iter().filter_map(|path| self.awaited(path)));
                needs.sort_unstable();
                needs.dedup();
                needs
            })
            .collect();
        let mut order: Vec<usize> = Vec::new();
        while order.len() < count {
            let next = (0..count)
                .find(|index| !order.contains(index) && needs[*index].iter().all(|need| order.contains(need)));
            match next {
                Some(index) => order.push(index),
                None => {
                    self.role_circle(&needs, &order);
                    return;
                }
            }
        }
        self.renumber(&order);
    }

    /// The role that a contest waits for, if it asks who owns the records.
    fn awaited(&self, path: &ContestPath) -> Option<usize> {
        match self.contests.get(path.contest.0 as usize)?.person {
            ContestPerson::Owner(role) => Some(role.0 as usize),
            ContestPerson::Field(_) => None,
        }
    }

    fn role_circle(&mut self, needs: &[Vec<usize>], done: &[usize]) {
        let Some(start) = (0..needs.len()).find(|index| !done.contains(index)) else {
            return;
        };
        let mut way = vec![start];
        while let Some(next) = way.last().and_then(|at| needs[*at].iter().find(|need| !done.contains(need))) {
            if let Some(at) = way.iter().position(|seen| seen == next) {
                way.drain(..at);
                break;
            }
            way.push(*next);
        }
        let named = |index: usize| {
            let role = &self.roles[index];
            format!("{} of {}", role.name, self.schema.record(role.record).name)
        };
        let mut text: Vec<String> = way.iter().map(|index| named(*index)).collect();
        text.push(named(way[0]));
        let mut diagnostic = Diagnostic::error(Code::RoleCircle, "roles that wait for each other")
            .with_note(format!("each needs the next: {}", text.join(" -> ")))
            .help("one of them must be decided without the other");
        for index in way {
            diagnostic = diagnostic.at(self.roles[index].span, "part of the circle");
        }
        self.push(diagnostic);
    }

    fn renumber(&mut self, order: &[usize]) {
        let mut new_of = vec![RoleId(0); order.len()];
        for (new, old) in order.iter().enumerate() {
            new_of[*old] = RoleId(u16::try_from(new).unwrap_or(u16::MAX));
        }
        for contest in &mut self.contests {
            if let ContestPerson::Owner(role) = &mut contest.person {
                *role = new_of[role.0 as usize];
            }
        }
        let mut roles: Vec<Option<Role>> = std::mem::take(&mut self.roles).into_iter().map(Some).collect();
        for old in order {
            let Some(mut role) = roles[*old].take() else {
                continue;
            };
            for owner in &mut role.owners_read {
                owner.role = new_of[owner.role.0 as usize];
            }
            for rule in &mut role.rules {
                for cond in &mut rule.conditions {
                    renumber_cond(cond, &new_of);
                }
                for target in &mut rule.targets {
                    renumber_target(&mut target.kind, &new_of);
                }
            }
            for hold in &mut role.holds {
                hold.rule.conditions.iter_mut().for_each(|cond| renumber_cond(cond, &new_of));
            }
            for path in &mut role.never {
                path.role = new_of[path.role.0 as usize];
            }
            self.roles.push(role);
        }
    }

    /// Runs last: invariants use defines too.
    pub(super) fn unused_defines(&mut self) {
        let tree = self.tree;
        if tree.broken {
            return;
        }
        for define in &tree.defines {
            if !self.used_defines.contains(&define.name.text) {
                self.push(
                    Diagnostic::warning(
                        Code::UnusedDefine,
                        format!("`{}` is defined, but no rule uses it", define.name.text),
                    )
                    .at(define.name.span, "its condition was not checked either")
                    .help("use it in a rule, or remove it"),
                );
            }
        }
    }
}

/// Everything a role's rules read.
#[derive(Default)]
pub(super) struct Reads<'p> {
    pools: &'p [Pool],
    histories: &'p [History],
    questions: &'p [Related],
    pub paths: Vec<Path>,
    owners: Vec<OwnerPath>,
    current: bool,
    related: Vec<RelatedPath>,
    contests: Vec<ContestPath>,
    asked: Vec<HistoryId>,
}

impl Reads<'_> {
    fn rule(&mut self, rule: &Rule) {
        for cond in &rule.conditions {
            cond.visit(&mut |kind, _| self.test(kind));
        }
        for target in &rule.targets {
            self.target(&target.kind);
        }
        self.paths.extend(rule.hand_off.iter().flat_map(|hand_off| hand_off.once.iter().cloned()));
    }

    fn test(&mut self, kind: &TestKind) {
        match kind {
            TestKind::Always(_) => {}
            TestKind::Field { path, .. } | TestKind::InList { path, .. } => self.paths.push(path.clone()),
            TestKind::Fields { left, right, .. } => self.paths.extend([left.clone(), right.clone()]),
            TestKind::Numbers { left, right, .. } => {
                self.number(left);
                self.number(right);
            }
            TestKind::Days { left, right, .. } => {
                self.day(left);
                self.day(right);
            }
            TestKind::Owner { of, .. } => self.owner(of),
            TestKind::History(id) => {
                let history = self.histories.get(id.0 as usize);
                self.asked.push(*id);
                self.paths.extend(history.and_then(|history| history.ask.field()).cloned());
                if let Some(condition) = history.and_then(|history| history.ask.condition()) {
                    condition.visit(&mut |kind, _| self.test(kind));
                }
            }
        }
    }

    fn number(&mut self, expr: &NumberExpr) {
        match expr {
            NumberExpr::Constant(_) => {}
            NumberExpr::Field(path) | NumberExpr::FieldIn(path, _) => self.paths.push(path.clone()),
            NumberExpr::Negative(inner) => self.number(inner),
            NumberExpr::Arithmetic(_, left, right) => {
                self.number(left);
                self.number(right);
            }
            NumberExpr::Related(path) => self.related(path),
            NumberExpr::DaysBetween(left, right) => {
                self.day(left);
                self.day(right);
            }
        }
    }

    fn day(&mut self, expr: &DayExpr) {
        match expr {
            DayExpr::Constant(_) => {}
            DayExpr::Field(path) | DayExpr::DayOf(path) => self.paths.push(path.clone()),
            DayExpr::Shift(inner, _, _) => self.day(inner),
            DayExpr::Related(path) => self.related(path),
        }
    }

    fn owner(&mut self, of: &OwnerRef) {
        match of {
            OwnerRef::Current => self.current = true,
            OwnerRef::Of(owner) => {
                self.way(&owner.steps);
                self.owners.push(owner.clone());
            }
        }
    }

    /// The way to a record is read too: an orphan on it makes the reader invalid.
    fn way(&mut self, steps: &[FieldId]) {
        if let Some((last, steps)) = steps.split_last() {
            self.paths.push(Path { steps: steps.to_vec(), field: *last });
        }
    }

    fn related(&mut self, path: &RelatedPath) {
        self.way(&path.steps);
        // A record's own rank stands and falls with its own fields.
        let ranked = self.questions.get(path.related.0 as usize).filter(|related| related.via.is_none());
        for read in ranked.iter().flat_map(|related| &related.reads) {
            let steps = path.steps.iter().chain(&read.steps).copied().collect();
            self.paths.push(Path { steps, field: read.field });
        }
        self.related.push(path.clone());
    }

    pub fn target(&mut self, kind: &TargetKind) {
        match kind {
            TargetKind::Nobody | TargetKind::Name(_) => {}
            TargetKind::Keep => self.current = true,
            TargetKind::Field(path) | TargetKind::Cell { path, .. } => self.paths.push(path.clone()),
            TargetKind::Table(table) => self.paths.extend(table.paths.iter().cloned()),
            TargetKind::OwnerOf(of) => self.owner(of),
            TargetKind::Pool(pool) => {
                let pool = &self.pools[pool.0 as usize];
                self.paths.extend(pool.condition.iter().flat_map(MemberCond::paths));
                self.paths.extend(pool.load.clone());
                // Whoever may keep the record keeps it.
                self.current = true;
            }
            TargetKind::Contest(path) => {
                self.way(&path.steps);
                self.contests.push(path.clone());
            }
            TargetKind::Manager(inner) => self.target(inner),
        }
    }
}

/// Every field of the record, and behind its references, that one rule reads: in its conditions and for its owner. Sorted.
pub fn rule_reads(policy: &TypedPolicy, rule: &Rule) -> Vec<Path> {
    let mut reads =
        Reads { pools: &policy.pools, histories: &policy.histories, questions: &policy.related, ..Reads::default() };
    reads.rule(rule);
    reads.paths.sort();
    reads.paths.dedup();
    reads.paths
}

/// Every field that a condition reads.
pub(super) fn paths_of(cond: &Cond) -> Vec<Path> {
    let mut reads = Reads::default();
    cond.visit(&mut |kind, _| reads.test(kind));
    reads.paths
}

fn renumber_cond(cond: &mut Cond, new_of: &[RoleId]) {
    match cond {
        Cond::All(parts) | Cond::Any(parts) => parts.iter_mut().for_each(|part| renumber_cond(part, new_of)),
        Cond::Not(inner, _) | Cond::Named { body: inner, .. } => renumber_cond(inner, new_of),
        Cond::AtLeast { criteria, .. } => {
            criteria.iter_mut().for_each(|one| renumber_cond(&mut one.condition, new_of));
        }
        Cond::Test { kind: TestKind::Owner { of: OwnerRef::Of(owner), .. }, .. } => {
            owner.role = new_of[owner.role.0 as usize];
        }
        Cond::Test { .. } => {}
    }
}

fn renumber_target(kind: &mut TargetKind, new_of: &[RoleId]) {
    match kind {
        TargetKind::OwnerOf(OwnerRef::Of(owner)) => owner.role = new_of[owner.role.0 as usize],
        TargetKind::Manager(inner) => renumber_target(inner, new_of),
        _ => {}
    }
}
