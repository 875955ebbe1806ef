//! Small wrong versions of the rules, each held against the tests: one that no test fails for shows what is untested.
//!
//! After DeMillo, Lipton and Sayward, "Hints on Test Data Selection" (1978). A mutant is one change at one place of the
//! policies, made in every rule that the place belongs to (a group, a define). What no test can tell because no record
//! can is proved away: see [`equal`].

mod apply;
mod equal;
mod leaves;
mod places;
mod trial;
mod words;

use crate::analysis;
use crate::check::policy::{Cond, InvariantRole, RelatedId, RuleId, TargetKind, Test, TypedPolicy};
use crate::source::Span;
use crate::value::calendar::BusinessCalendar;
use crate::value::time::AsOf;
use jiff::tz::TimeZone;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What is changed, the worst first: what would reach most records if nobody noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MutantKind {
    DroppedRule,
    OtherTarget,
    NegatedTerm,
    DroppedTerm,
    AndOr,
    SwappedRules,
    Comparison,
    Missing,
    Count,
    DroppedValue,
    Bound,
}

impl MutantKind {
    pub fn word(self) -> &'static str {
        match self {
            MutantKind::DroppedRule => "dropped-rule",
            MutantKind::OtherTarget => "other-target",
            MutantKind::NegatedTerm => "negated-term",
            MutantKind::DroppedTerm => "dropped-term",
            MutantKind::AndOr => "and-or",
            MutantKind::SwappedRules => "swapped-rules",
            MutantKind::Comparison => "comparison",
            MutantKind::Missing => "missing",
            MutantKind::Count => "count",
            MutantKind::DroppedValue => "dropped-value",
            MutantKind::Bound => "bound",
        }
    }
}

/// One change.
#[derive(Clone, Debug)]
pub struct Mutant {
    pub kind: MutantKind,
    /// Where it is made.
    pub span: Span,
    /// What stands there, in words: `employees >= 5000`.
    pub before: String,
    /// What the mutant says instead.
    pub after: String,
    /// The rules that change: `owner of Account: key`.
    pub rules: Vec<String>,
    edit: Edit,
}

/// A rule of a role, a team or places; or what keeps owners before any rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    Rule(InvariantRole, usize),
    Hold(InvariantRole, usize),
    /// The condition of a question about other records.
    Related(RelatedId),
}

#[derive(Clone, Debug)]
enum Edit {
    /// Conditions put in place of others, wherever they stand in these rules.
    Conditions {
        sites: Vec<Site>,
        swaps: Vec<(Cond, Cond)>,
    },
    /// The rule takes no record.
    Drop(Site),
    /// A rule changes places with the one behind it.
    Swap(InvariantRole, usize),
    Target {
        set: InvariantRole,
        rule: usize,
        at: usize,
        kind: TargetKind,
    },
    Days {
        set: InvariantRole,
        rule: usize,
        from: Option<i32>,
        until: Option<i32>,
    },
}

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// This test fails for it: its name, and its case where it has several.
    Killed(String, Option<usize>),
    /// No record gets another owner by it: proved.
    Equivalent,
    /// Some record does, and no test fails.
    Survived,
    /// No test fails, and whether one could was not decided.
    NotDecided,
}

/// Every mutant and what became of it, in the order of the policies.
#[derive(Clone, Debug, Default)]
pub struct Mutation {
    pub mutants: Vec<(Mutant, Fate)>,
}

impl Mutation {
    pub fn count(&self, wanted: impl Fn(&Fate) -> bool) -> usize {
        self.mutants.iter().filter(|(_, fate)| wanted(fate)).count()
    }

    /// The mutants of one fate that no test kills, the worst first.
    pub fn left(&self, wanted: &Fate) -> Vec<&Mutant> {
        let mut left: Vec<&Mutant> =
            self.mutants.iter().filter(|(_, fate)| fate == wanted).map(|(mutant, _)| mutant).collect();
        left.sort_by_key(|mutant| (mutant.kind, mutant.span));
        left
    }
}

/// Which roles are changed: all of them, or those of a name (`owner`, `owner of Account`).
pub type Wanted<'a> = dyn Fn(&str) -> bool + 'a;

/// Makes every mutant of the wanted roles and holds it against the tests, all of which must pass.
///
/// `as_of` is the day of the proofs. `threads` is how many mutants are tried at once; the answer does not depend on it.
pub fn mutate(
    policy: &TypedPolicy,
    tests: &[&Test],
    zone: &TimeZone,
    calendar: Option<&BusinessCalendar>,
    as_of: &AsOf,
    wanted: &Wanted<'_>,
    threads: usize,
) -> Mutation {
    let mutants = places::all(policy, wanted);
    let cases: Vec<trial::Prepared<'_>> = tests
        .iter()
        .flat_map(|test| test.cases.iter().map(move |case| (test.name.as_str(), case)))
        .map(|(name, case)| trial::Prepared::new(policy, name, case, zone, calendar))
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut trial = trial::Trial::new(policy, &cases, calendar);
        let mut fates = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(at) else { return fates };
            let fate = match trial.killer(mutant) {
                Some((test, row)) => Fate::Killed(test, row),
                None => match equal::is_equal(policy, mutant, as_of) {
                    Some(true) => Fate::Equivalent,
                    Some(false) => Fate::Survived,
                    None => Fate::NotDecided,
                },
            };
            fates.push((at, fate));
        }
    };
    let mut fates = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut fates = work();
        for other in others {
            match other.join() {
                Ok(more) => fates.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        fates
    });
    fates.sort_by_key(|(at, _)| *at);
    Mutation { mutants: mutants.into_iter().zip(fates.into_iter().map(|(_, fate)| fate)).collect() }
}

/// The rules of a role, a team or places.
fn set_of(policy: &TypedPolicy, set: InvariantRole) -> &crate::check::policy::Role {
    match set {
        InvariantRole::Role(id) => policy.role(id),
        InvariantRole::Gather(id) => &policy.gathers[id.0 as usize].role,
    }
}

fn rule_id(at: usize) -> RuleId {
    RuleId(u32::try_from(at).unwrap_or(u32::MAX))
}
