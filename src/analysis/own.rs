//! Where one record lies among the atoms of its role, and the same record with some things changed.

use super::imagine::{Fact, Known};
use crate::check::policy::{ContestPath, HistoryId, OwnerRef, Path, RelatedPath, Role};
use crate::decide::Candidate;
use crate::decide::row::{self, Facts, Named, Setting};
use crate::plan::{Cuts, Dimension, DimensionKind, FALSE_ATOM, Opaque, TRUE_ATOM, interval_atom};
use crate::value::{Owner, Value, fold};

/// The atom of a dimension that a record has.
pub(super) fn atom(setting: Setting<'_>, role: &Role, dimension: &Dimension, facts: &dyn Facts) -> u16 {
    let truth = |holds: bool| if holds { TRUE_ATOM } else { FALSE_ATOM };
    match &dimension.kind {
        DimensionKind::Field { path, cuts } => cut_atom(dimension, cuts, &facts.value(path)),
        DimensionKind::Related { path, cuts } => cut_atom(dimension, cuts, &facts.related(path)),
        // Rules that do not count today have no box, so that one day is all there is.
        DimensionKind::Calendar { .. } => 0,
        DimensionKind::Opaque(Opaque::Holds(cond)) => truth(row::holds(setting, cond, facts)),
        DimensionKind::Opaque(Opaque::Named(chain)) => truth(chain.iter().any(|kind| {
            let named = row::target_named(setting, kind, facts);
            !matches!(row::unless_taken(role, named, facts), Named::Miss(_))
        })),
    }
}

fn cut_atom(dimension: &Dimension, cuts: &Cuts, value: &Value) -> u16 {
    let missing = dimension.missing_atom();
    match (cuts, value) {
        (_, Value::Missing) => missing,
        (Cuts::Known, _) => 0,
        (Cuts::Choice { .. }, Value::Choice(choice)) => *choice,
        (Cuts::YesNo, Value::Bool(yes)) => u16::from(*yes),
        (Cuts::Number { bounds, .. }, Value::Number(number)) => interval_atom(bounds, &number.normalize()),
        (Cuts::Number { bounds, currency }, Value::Money(number, code)) => match currency {
            Some(wanted) if wanted != code => missing,
            _ => interval_atom(bounds, &number.normalize()),
        },
        (Cuts::Day { bounds }, Value::Date(day)) => interval_atom(bounds, day),
        (Cuts::Instant { bounds }, Value::Time(instant)) => interval_atom(bounds, instant),
        (Cuts::Text { points, prefixes }, Value::Text(text)) => {
            let folded = fold(text);
            let at = points
                .binary_search(&folded)
                .unwrap_or_else(|_| points.len() + Cuts::longest_prefix(prefixes, &folded).unwrap_or(prefixes.len()));
            u16::try_from(at).unwrap_or(missing)
        }
        _ => missing,
    }
}

/// What something is for a record.
pub(super) fn known(facts: &dyn Facts, fact: &Fact) -> Known {
    match fact {
        Fact::Value(path) => Known::Value(facts.value(path)),
        Fact::Related(path) => Known::Value(facts.related(path)),
        Fact::Owner(of) => Known::Owner(facts.owner(of)),
        Fact::Contest(path) => Known::Candidates(facts.candidates(path)),
        Fact::History(id) => Known::Holds(facts.history(*id)),
    }
}

/// A record with some things changed.
pub(super) struct Changed<'a> {
    pub facts: &'a dyn Facts,
    pub known: Vec<(Fact, Known)>,
}

impl Changed<'_> {
    fn find(&self, fits: impl Fn(&Fact) -> bool) -> Option<&Known> {
        self.known.iter().find(|(fact, _)| fits(fact)).map(|(_, known)| known)
    }
}

impl Facts for Changed<'_> {
    fn value(&self, path: &Path) -> Value {
        match self.find(|fact| matches!(fact, Fact::Value(other) if other == path)) {
            Some(Known::Value(value)) => value.clone(),
            _ => self.facts.value(path),
        }
    }

    fn owner(&self, of: &OwnerRef) -> Option<Owner> {
        match self.find(|fact| matches!(fact, Fact::Owner(other) if other == of)) {
            Some(Known::Owner(owner)) => owner.clone(),
            _ => self.facts.owner(of),
        }
    }

    fn related(&self, path: &RelatedPath) -> Value {
        match self.find(|fact| matches!(fact, Fact::Related(other) if other == path)) {
            Some(Known::Value(value)) => value.clone(),
            _ => self.facts.related(path),
        }
    }

    fn candidates(&self, path: &ContestPath) -> Vec<Candidate> {
        match self.find(|fact| matches!(fact, Fact::Contest(other) if other == path)) {
            Some(Known::Candidates(candidates)) => candidates.clone(),
            _ => self.facts.candidates(path),
        }
    }

    fn history(&self, id: HistoryId) -> bool {
        match self.find(|fact| *fact == Fact::History(id)) {
            Some(Known::Holds(holds)) => *holds,
            _ => self.facts.history(id),
        }
    }
}
