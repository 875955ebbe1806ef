//! A record out of a region: values for whatever the conditions ask, until each says what the region says of it.
//!
//! Values are made up only when a condition asks for them; what is wrong is taken back and the next is tried. The
//! interpreter judges, so a record that comes out is one for which the region is true.

use super::values;
use crate::check::policy::{ContestPath, HistoryId, OwnerPath, OwnerRef, Path, RelatedPath, Role};
use crate::decide::Candidate;
use crate::decide::row::{self, Facts, Named, Setting};
use crate::plan::{AtomSet, Dimension, DimensionKind, Opaque, TRUE_ATOM};
use crate::value::{Decimal, Owner, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;
use std::rc::Rc;

/// Something that conditions ask of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fact {
    Value(Path),
    Related(RelatedPath),
    Owner(OwnerRef),
    Contest(ContestPath),
    History(HistoryId),
}

/// What it is for the imagined record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Known {
    Value(Value),
    Owner(Option<Owner>),
    Candidates(Vec<Candidate>),
    Holds(bool),
}

/// A record of which some things are known.
#[derive(Clone, Default)]
pub(super) struct Imagined {
    pub known: FxHashMap<Fact, Known>,
    /// The first thing that was asked and is not known yet.
    wanted: RefCell<Option<Fact>>,
}

impl Imagined {
    fn look(&self, fact: Fact) -> Option<&Known> {
        let known = self.known.get(&fact);
        if known.is_none() {
            self.wanted.borrow_mut().get_or_insert(fact);
        }
        known
    }

    /// Whether a reference on the way is said to be missing.
    fn is_cut_off(&self, steps: &[crate::schema::FieldId]) -> bool {
        (0..steps.len()).any(|at| {
            let reference = Path { steps: steps[..at].to_vec(), field: steps[at] };
            self.known.get(&Fact::Value(reference)) == Some(&Known::Value(Value::Missing))
        })
    }
}

impl Facts for Imagined {
    fn value(&self, path: &Path) -> Value {
        if self.is_cut_off(&path.steps) {
            return Value::Missing;
        }
        match self.look(Fact::Value(path.clone())) {
            Some(Known::Value(value)) => value.clone(),
            _ => Value::Missing,
        }
    }

    fn owner(&self, of: &OwnerRef) -> Option<Owner> {
        if let OwnerRef::Of(OwnerPath { steps, .. }) = of
            && self.is_cut_off(steps)
        {
            return None;
        }
        match self.look(Fact::Owner(of.clone())) {
            Some(Known::Owner(owner)) => owner.clone(),
            _ => None,
        }
    }

    fn related(&self, path: &RelatedPath) -> Value {
        if self.is_cut_off(&path.steps) {
            return Value::Missing;
        }
        match self.look(Fact::Related(path.clone())) {
            Some(Known::Value(value)) => value.clone(),
            _ => Value::Missing,
        }
    }

    fn candidates(&self, path: &ContestPath) -> Vec<Candidate> {
        if self.is_cut_off(&path.steps) {
            return Vec::new();
        }
        match self.look(Fact::Contest(path.clone())) {
            Some(Known::Candidates(candidates)) => candidates.clone(),
            _ => Vec::new(),
        }
    }

    fn history(&self, id: HistoryId) -> bool {
        matches!(self.look(Fact::History(id)), Some(Known::Holds(true)))
    }
}

/// Everything besides the record that imagining depends on.
#[derive(Clone, Copy)]
pub(super) struct Setup<'a> {
    pub setting: Setting<'a>,
    pub role: &'a Role,
    pub dimensions: &'a [Dimension],
    /// The owners a record may have.
    pub owners: &'a [Owner],
}

/// Conditions asked before imagining one record is given up.
const TRIES_MAX: u64 = 4_000;

impl<'a> Setup<'a> {
    /// A record that lies in a region, everything known that its opaque dimensions ask. Where none is found: dimensions
    /// of which the region says so much that none was, as few as could be told. `tries` is what asking may still cost.
    pub fn imagine(&self, region: &[AtomSet], tries: &mut u64) -> Result<Imagined, Vec<usize>> {
        let mut attempt = Attempt::new(*self, region);
        let mut touched = FxHashSet::default();
        if let Some(found) = attempt.make(&mut touched, tries) {
            return Ok(found);
        }
        // Without one of them the others may fail as well: what is left then is to blame.
        for at in (0..attempt.asked.len()).rev() {
            if attempt.asked.len() == 1 {
                break;
            }
            let one = attempt.asked.remove(at);
            let mut fewer = FxHashSet::default();
            match attempt.make(&mut fewer, tries) {
                Some(_) => attempt.asked.insert(at, one),
                None => touched = fewer,
            }
        }
        let is_touched = |dimension: &Dimension| match &dimension.kind {
            DimensionKind::Field { path, .. } => touched.contains(&Fact::Value(path.clone())),
            DimensionKind::Related { path, .. } => touched.contains(&Fact::Related(path.clone())),
            DimensionKind::Calendar { .. } | DimensionKind::Opaque(_) => false,
        };
        let fields = (0..self.dimensions.len()).filter(|at| is_touched(&self.dimensions[*at]));
        Err(attempt.asked.iter().map(|asked| asked.dimension).chain(fields).collect())
    }

    /// Gives the record values of the region for fields that nothing is known of yet.
    pub fn fill<'f>(&self, region: &[AtomSet], paths: impl Iterator<Item = &'f Path>, imagined: &mut Imagined) {
        let attempt = Attempt::new(*self, region);
        for path in paths {
            let fact = Fact::Value(path.clone());
            if !imagined.known.contains_key(&fact)
                && let Some(known) = attempt.known(&fact).into_iter().next()
            {
                imagined.known.insert(fact, known);
            }
        }
    }

    /// The record with a value for every field that the region narrows.
    pub fn complete(&self, region: &[AtomSet], space: &[AtomSet], mut imagined: Imagined) -> Imagined {
        let attempt = Attempt::new(*self, region);
        for (at, dimension) in self.dimensions.iter().enumerate() {
            let fact = match &dimension.kind {
                DimensionKind::Field { path, .. } => Fact::Value(path.clone()),
                DimensionKind::Related { path, .. } => Fact::Related(path.clone()),
                _ => continue,
            };
            if region[at] != space[at]
                && !imagined.known.contains_key(&fact)
                && let Some(known) = attempt.known(&fact).into_iter().next()
            {
                imagined.known.insert(fact, known);
            }
        }
        imagined
    }
}

/// An opaque condition, and what a region says of it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    dimension: usize,
    pub opaque: &'a Opaque,
    pub wanted: bool,
}

/// The search for one record.
struct Attempt<'a, 'r> {
    setup: Setup<'a>,
    region: &'r [AtomSet],
    asked: Vec<Asked<'a>>,
}

/// What may be known of each thing, worked out once an attempt.
type Choices = FxHashMap<Fact, Rc<Vec<Known>>>;

impl<'a, 'r> Attempt<'a, 'r> {
    fn new(setup: Setup<'a>, region: &'r [AtomSet]) -> Self {
        let opaque = setup.dimensions.iter().zip(region).enumerate();
        let asked = opaque.filter_map(|(dimension, (kind, set))| match (&kind.kind, set.single()) {
            (DimensionKind::Opaque(opaque), Some(atom)) => Some(Asked { dimension, opaque, wanted: atom == TRUE_ATOM }),
            _ => None,
        });
        Attempt { setup, region, asked: asked.collect() }
    }

    fn make(&self, touched: &mut FxHashSet<Fact>, tries: &mut u64) -> Option<Imagined> {
        let given = TRIES_MAX.min(*tries);
        let mut left = given;
        let mut choices = Choices::default();
        let found = self.solve(0, Imagined::default(), &mut choices, &mut left);
        touched.extend(choices.into_keys());
        *tries -= given - left;
        found
    }

    /// `first` is the first condition that is not known to be as wanted.
    fn solve(&self, first: usize, imagined: Imagined, choices: &mut Choices, tries: &mut u64) -> Option<Imagined> {
        for (at, asked) in self.asked.iter().enumerate().skip(first) {
            *tries = tries.checked_sub(1)?;
            imagined.wanted.take();
            let holds = self.holds(asked.opaque, &imagined);
            let Some(fact) = imagined.wanted.take() else {
                if holds == asked.wanted {
                    continue;
                }
                return None;
            };
            let known = Rc::clone(choices.entry(fact.clone()).or_insert_with(|| Rc::new(self.known(&fact))));
            // Nothing known so far is undone by what comes: the conditions before need not be asked again.
            return known.iter().find_map(|known| {
                let mut more = imagined.clone();
                more.known.insert(fact.clone(), known.clone());
                self.solve(at, more, choices, tries)
            });
        }
        Some(imagined)
    }

    fn holds(&self, opaque: &Opaque, facts: &Imagined) -> bool {
        match opaque {
            Opaque::Holds(cond) => row::holds(self.setup.setting, cond, facts),
            Opaque::Named(chain) => chain.iter().any(|kind| {
                let named = row::target_named(self.setup.setting, kind, facts);
                !matches!(row::unless_taken(self.setup.role, named, facts), Named::Miss(_))
            }),
        }
    }

    /// What something may be in a record of the region, the likeliest first.
    fn known(&self, fact: &Fact) -> Vec<Known> {
        let policy = self.setup.setting.policy;
        let cuts = |is_own: &dyn Fn(&DimensionKind) -> bool| -> Vec<(&Dimension, &AtomSet)> {
            let own = self.setup.dimensions.iter().zip(self.region);
            own.filter(|(dimension, _)| is_own(&dimension.kind)).collect()
        };
        let owners = self.setup.owners;
        match fact {
            Fact::Value(path) => {
                let own = cuts(&|kind| matches!(kind, DimensionKind::Field { path: other, .. } if other == path));
                let opaque: Vec<&Opaque> = self
                    .setup
                    .dimensions
                    .iter()
                    .filter_map(|dimension| match &dimension.kind {
                        DimensionKind::Opaque(opaque) => Some(opaque),
                        _ => None,
                    })
                    .collect();
                let values = values::of_field(policy, self.setup.role, path, &own, &opaque, &self.asked);
                values.into_iter().map(Known::Value).collect()
            }
            Fact::Related(path) => {
                let own = cuts(&|kind| matches!(kind, DimensionKind::Related { path: other, .. } if other == path));
                values::of_related(policy, path, &own).into_iter().map(Known::Value).collect()
            }
            Fact::Owner(_) => {
                let somebody = owners.iter().map(|owner| Known::Owner(Some(owner.clone())));
                somebody.chain([Known::Owner(None)]).collect()
            }
            Fact::Contest(_) => {
                let one =
                    |owner: &Owner| Known::Candidates(vec![Candidate { person: owner.clone(), figure: Decimal::ONE }]);
                owners.iter().take(2).map(one).chain([Known::Candidates(Vec::new())]).collect()
            }
            Fact::History(_) => vec![Known::Holds(true), Known::Holds(false)],
        }
    }
}
