//! Whether what is decided can hang on the day: then a test of it must say one.

use super::Checker;
use super::policy::{
    Cond, DayExpr, DayMark, FieldTest, Gather, GatherKind, InstantMark, InvariantRole, NumberExpr, OwnerRef, Range,
    Role, Rule, Target, TargetKind, TestKind,
};
use crate::source::Span;

impl Checker<'_> {
    /// The first place at which a role, or one that it follows, asks for the day.
    pub(super) fn asks_today(&self, role: InvariantRole) -> Option<Span> {
        let mut asked = Asked { checker: self, found: None, seen: Vec::new() };
        match role {
            InvariantRole::Role(id) => asked.role(id.0 as usize),
            InvariantRole::Gather(id) => {
                if let Some(Gather { role, kind }) = self.gathers.get(id.0 as usize) {
                    asked.rules(role);
                    if let GatherKind::Team(adds) = kind {
                        adds.iter().flatten().for_each(|add| asked.targets(&add.chain));
                    }
                }
            }
        }
        asked.found
    }
}

struct Asked<'c, 't> {
    checker: &'c Checker<'t>,
    found: Option<Span>,
    /// Roles that were looked through.
    seen: Vec<usize>,
}

impl Asked<'_, '_> {
    fn role(&mut self, at: usize) {
        if self.seen.contains(&at) {
            return;
        }
        self.seen.push(at);
        if let Some(role) = self.checker.roles.get(at) {
            self.rules(role);
        }
    }

    fn rules(&mut self, role: &Role) {
        role.rules.iter().for_each(|rule| self.rule(rule));
        role.holds.iter().for_each(|hold| self.rule(&hold.rule));
        role.owners_read.iter().for_each(|owner| self.role(owner.role.0 as usize));
        for path in &role.related_read {
            self.related(path.related.0 as usize);
        }
        for path in &role.contests_read {
            if let Some(contest) = self.checker.contests.get(path.contest.0 as usize) {
                contest.question.condition.iter().for_each(|cond| self.cond(cond));
            }
        }
    }

    fn rule(&mut self, rule: &Rule) {
        if rule.from.is_some() || rule.until.is_some() {
            self.find(rule.span);
        }
        rule.conditions.iter().for_each(|cond| self.cond(cond));
        self.targets(&rule.targets);
    }

    fn targets(&mut self, targets: &[Target]) {
        for target in targets {
            let mut kind = &target.kind;
            while let TargetKind::Manager(inner) = kind {
                kind = inner;
            }
            match kind {
                TargetKind::Table(used) if self.checker.schema.table(used.table).days.is_dated() => {
                    self.find(target.span);
                }
                TargetKind::OwnerOf(OwnerRef::Of(owner)) => self.role(owner.role.0 as usize),
                _ => {}
            }
        }
    }

    fn related(&mut self, at: usize) {
        if let Some(related) = self.checker.related.get(at) {
            related.condition.iter().for_each(|cond| self.cond(cond));
        }
    }

    fn cond(&mut self, cond: &Cond) {
        cond.visit(&mut |kind, span| {
            if self.test(kind) {
                self.find(span);
            }
        });
    }

    fn find(&mut self, span: Span) {
        self.found.get_or_insert(span);
    }

    fn test(&self, kind: &TestKind) -> bool {
        match kind {
            TestKind::Field { test: FieldTest::Day(ranges), .. } => bounds(ranges).any(is_today),
            TestKind::Field { test: FieldTest::Instant(ranges), .. } => bounds(ranges).any(|mark| match mark {
                InstantMark::StartOf(mark) | InstantMark::EndOf(mark) => is_today(mark),
                InstantMark::Now { .. } => true,
            }),
            TestKind::InList { list, .. } => self.checker.schema.list(*list).days.is_dated(),
            TestKind::Numbers { left, right, .. } => number(left) || number(right),
            TestKind::Days { left, right, .. } => day(left) || day(right),
            TestKind::History(_) => true,
            _ => false,
        }
    }
}

fn bounds<T>(ranges: &[Range<T>]) -> impl Iterator<Item = &T> {
    ranges.iter().flat_map(|range| range.low.iter().chain(&range.high)).map(|(mark, _)| mark)
}

fn is_today(mark: &DayMark) -> bool {
    matches!(mark, DayMark::Today { .. })
}

fn number(expr: &NumberExpr) -> bool {
    match expr {
        NumberExpr::Negative(inner) => number(inner),
        NumberExpr::Arithmetic(_, left, right) => number(left) || number(right),
        NumberExpr::DaysBetween(left, right) => day(left) || day(right),
        NumberExpr::Constant(_) | NumberExpr::Field(_) | NumberExpr::FieldIn(..) | NumberExpr::Related(_) => false,
    }
}

fn day(expr: &DayExpr) -> bool {
    match expr {
        DayExpr::Constant(mark) => is_today(mark),
        DayExpr::Shift(inner, _, _) => day(inner),
        DayExpr::Field(_) | DayExpr::DayOf(_) | DayExpr::Related(_) => false,
    }
}
