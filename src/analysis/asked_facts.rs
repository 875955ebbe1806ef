//! What a dimension of a role depends on: the values, owners and questions that its conditions and targets read.

use super::imagine::Fact;
use crate::check::policy::{Cond, DayExpr, NumberExpr, OwnerRef, Role, TargetKind, TestKind};
use crate::plan::{DimensionKind, Opaque};

/// Everything that tells the atom of a dimension, each once; empty for the day.
pub(super) fn of_dimension(role: &Role, kind: &DimensionKind) -> Vec<Fact> {
    let mut facts = Vec::new();
    match kind {
        DimensionKind::Field { path, .. } => facts.push(Fact::Value(path.clone())),
        DimensionKind::Related { path, .. } => facts.push(Fact::Related(path.clone())),
        DimensionKind::Calendar { .. } => {}
        DimensionKind::Opaque(Opaque::Holds(cond)) => of_condition(cond, &mut facts),
        DimensionKind::Opaque(Opaque::Named(chain)) => {
            chain.iter().for_each(|kind| of_target(kind, &mut facts));
            facts.extend(role.never.iter().map(|path| Fact::Owner(OwnerRef::Of(path.clone()))));
        }
    }
    once_each(facts)
}

/// Everything that tells whom a target names; empty for a name and a pool.
pub(super) fn of_target(kind: &TargetKind, facts: &mut Vec<Fact>) {
    match kind {
        TargetKind::Nobody | TargetKind::Name(_) | TargetKind::Pool(_) => {}
        TargetKind::Keep => facts.push(Fact::Owner(OwnerRef::Current)),
        TargetKind::Field(path) | TargetKind::Cell { path, .. } => facts.push(Fact::Value(path.clone())),
        TargetKind::Table(table) => facts.extend(table.paths.iter().cloned().map(Fact::Value)),
        TargetKind::OwnerOf(of) => facts.push(Fact::Owner(of.clone())),
        TargetKind::Contest(path) => facts.push(Fact::Contest(path.clone())),
        TargetKind::Manager(inner) => of_target(inner, facts),
    }
}

fn of_condition(cond: &Cond, facts: &mut Vec<Fact>) {
    cond.visit(&mut |kind, _| match kind {
        TestKind::Always(_) => {}
        TestKind::Field { path, .. } | TestKind::InList { path, .. } => facts.push(Fact::Value(path.clone())),
        TestKind::Fields { left, right, .. } => {
            facts.extend([left, right].into_iter().cloned().map(Fact::Value));
        }
        TestKind::Numbers { left, right, .. } => [left, right].into_iter().for_each(|side| of_number(side, facts)),
        TestKind::Days { left, right, .. } => [left, right].into_iter().for_each(|side| of_day(side, facts)),
        TestKind::Owner { of, .. } => facts.push(Fact::Owner(of.clone())),
        TestKind::History(id) => facts.push(Fact::History(*id)),
    });
}

fn of_number(expr: &NumberExpr, facts: &mut Vec<Fact>) {
    match expr {
        NumberExpr::Constant(_) => {}
        NumberExpr::Field(path) | NumberExpr::FieldIn(path, _) => facts.push(Fact::Value(path.clone())),
        NumberExpr::Negative(inner) => of_number(inner, facts),
        NumberExpr::Arithmetic(_, left, right) => [left, right].into_iter().for_each(|side| of_number(side, facts)),
        NumberExpr::Related(path) => facts.push(Fact::Related(path.clone())),
        NumberExpr::DaysBetween(left, right) => [left, right].into_iter().for_each(|side| of_day(side, facts)),
    }
}

fn of_day(expr: &DayExpr, facts: &mut Vec<Fact>) {
    match expr {
        DayExpr::Constant(_) => {}
        DayExpr::Field(path) | DayExpr::DayOf(path) => facts.push(Fact::Value(path.clone())),
        DayExpr::Related(path) => facts.push(Fact::Related(path.clone())),
        DayExpr::Shift(inner, ..) => of_day(inner, facts),
    }
}

fn once_each(facts: Vec<Fact>) -> Vec<Fact> {
    let mut seen = rustc_hash::FxHashSet::default();
    facts.into_iter().filter(|fact| seen.insert(fact.clone())).collect()
}
