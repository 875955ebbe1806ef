//! What of a record can be changed, what that costs, and to which values.
//!
//! Costs rank what is realistic: a field of the record before one of another record, both before what is worked out over
//! other records, before owners, before the past. The key, the day of creation and references stay: another key is
//! another record.

use super::asked_facts;
use super::giving::texts;
use super::imagine::{Fact, Known};
use super::own;
use super::values;
use crate::assign;
use crate::check::policy::{Cond, FieldTest, MemberAsk, MemberValue, OwnerRef, Path, PoolId, Role, TestKind};
use crate::decide::Candidate;
use crate::decide::row::{Facts, Setting};
use crate::plan::{AtomSet, Dimension, DimensionKind, Opaque};
use crate::schema::{Currency, FieldId, FieldKind, Person};
use crate::value::{Decimal, Owner, Value, parse_number};

/// The cost of one field; all finer ranks stay below it together.
pub(super) const FIELD: u32 = 1_000;
/// What it costs on top that a value goes missing, or is no longer whole: nobody mends a record that way.
const ODD: u32 = 100;
const EACH_REFERENCE: u32 = 20;
const WORKED_OUT: u32 = 3 * FIELD;
const OWNER: u32 = 5 * FIELD;
const PAST: u32 = 6 * FIELD;

/// Values of one thing that are tried.
const VALUES_TRIED: usize = 240;
/// Parts of texts that are put together.
const PARTS_TRIED: usize = 4;
/// Multi-selects of which every set of choices is tried.
const CHOICES_TRIED: usize = 8;
/// Owners that a record or one around it may have.
const OWNERS_TRIED: usize = 30;
/// Atoms of a field that are looked at, the nearest ones.
const ATOMS_NEAR: usize = 12;

/// What changing something costs; `None` where it is not to be changed.
pub(super) fn cost(setting: Setting<'_>, facts: &dyn Facts, fact: &Fact) -> Option<u32> {
    let steps = match fact {
        Fact::Value(path) => &path.steps,
        Fact::Related(path) => &path.steps,
        Fact::Owner(OwnerRef::Of(path)) => &path.steps,
        Fact::Contest(path) => &path.steps,
        Fact::Owner(OwnerRef::Current) | Fact::History(_) => &Vec::new(),
    };
    if leads_nowhere(facts, steps) {
        return None;
    }
    let away = EACH_REFERENCE * u32::try_from(steps.len()).unwrap_or(u32::MAX / FIELD);
    Some(match fact {
        Fact::Value(path) => away + field_cost(setting, facts, path)?,
        Fact::Related(_) => away + WORKED_OUT,
        Fact::Owner(_) | Fact::Contest(_) => away + OWNER,
        Fact::History(_) => PAST,
    })
}

/// Whether a reference on the way is missing: nothing behind it can be set.
fn leads_nowhere(facts: &dyn Facts, steps: &[FieldId]) -> bool {
    (0..steps.len()).any(|at| facts.value(&Path { steps: steps[..at].to_vec(), field: steps[at] }).is_missing())
}

fn field_cost(setting: Setting<'_>, facts: &dyn Facts, path: &Path) -> Option<u32> {
    let schema = &setting.policy.schema;
    let record = schema.record(path.record(schema, setting.record));
    let field = record.field(path.field);
    if path.field == record.key || record.created == Some(path.field) {
        return None;
    }
    // A reference may lead to a record that is not there.
    if !path.steps.is_empty() && !field.optional && !record.inferred && facts.value(path).is_missing() {
        return None;
    }
    match field.kind {
        FieldKind::Reference { .. } => None,
        FieldKind::YesNo | FieldKind::Choice(_) | FieldKind::Number | FieldKind::Money(_) => Some(FIELD),
        FieldKind::Date | FieldKind::Time => Some(FIELD + 1),
        FieldKind::Many(_) => Some(FIELD + 2),
        // Under another name it is nearly another record.
        FieldKind::Text if field.name.eq_ignore_ascii_case("name") => Some(FIELD + 6),
        FieldKind::Text => Some(FIELD + 3),
    }
}

/// What a value costs on top of its field's change.
pub(super) fn odd_cost(from: &Known, to: &Known) -> u32 {
    match (from, to) {
        (_, Known::Value(Value::Missing)) => ODD,
        (Known::Value(from), Known::Value(to)) if is_fraction(to) && !is_fraction(from) => ODD,
        _ => 0,
    }
}

fn is_fraction(value: &Value) -> bool {
    matches!(value, Value::Number(number) | Value::Money(number, _) if !number.is_integer())
}

/// What values are made up from.
#[derive(Clone, Copy)]
pub(super) struct Making<'a> {
    pub setting: Setting<'a>,
    pub role: &'a Role,
    pub facts: &'a dyn Facts,
    pub owner: &'a Owner,
    pub dimensions: &'a [Dimension],
}

/// Values to try, the nearest to what the record has first, and whether there is none that conditions could tell from
/// all of them.
pub(super) struct Values {
    pub known: Vec<Known>,
    pub is_all: bool,
}

impl Making<'_> {
    /// Values of something inside a region. `by_itself` tells that nothing but its own atoms is asked of it.
    pub fn values(&self, fact: &Fact, region: &[AtomSet], by_itself: bool, pool: Option<PoolId>) -> Values {
        let own = own::known(self.facts, fact);
        let mut values = match fact {
            Fact::Value(path) => self.of_field(path, region, by_itself, pool),
            Fact::Related(path) => {
                let is_own =
                    |kind: &DimensionKind| matches!(kind, DimensionKind::Related { path: other, .. } if other == path);
                let cuts = self.cuts(region, is_own);
                let mut values = values::of_related(self.setting.policy, path, &cuts_of(&cuts));
                self.sort(&own, None, &mut values);
                Values { known: values.into_iter().map(Known::Value).collect(), is_all: by_itself }
            }
            Fact::Owner(of) => {
                // Whoever owns it cannot own it because they own it.
                let others = self.owners().into_iter().filter(|owner| *of != OwnerRef::Current || owner != self.owner);
                let known = others.map(Some).chain([None]).map(Known::Owner).collect();
                Values { known, is_all: false }
            }
            Fact::Contest(_) => {
                let one = |person: Owner| Known::Candidates(vec![Candidate { person, figure: Decimal::ONE }]);
                let known = self.owners().into_iter().map(one).chain([Known::Candidates(Vec::new())]).collect();
                Values { known, is_all: false }
            }
            Fact::History(_) => Values { known: vec![Known::Holds(own == Known::Holds(false))], is_all: true },
        };
        values.known.retain(|known| *known != own);
        values.known.truncate(if by_itself { 4 } else { VALUES_TRIED });
        values
    }

    fn of_field(&self, path: &Path, region: &[AtomSet], by_itself: bool, pool: Option<PoolId>) -> Values {
        let Setting { policy, .. } = self.setting;
        let kind = self.kind(path);
        let is_own = |kind: &DimensionKind| matches!(kind, DimensionKind::Field { path: other, .. } if other == path);
        let cuts = self.cuts(region, is_own);
        let opaque: Vec<&Opaque> = match by_itself {
            true => Vec::new(),
            false => self.dimensions.iter().filter_map(opaque).collect(),
        };
        let mut found = values::of_field(policy, self.role, path, &cuts_of(&cuts), &opaque, &[]);
        let mut is_all = by_itself;
        let own = self.facts.value(path);
        if !by_itself {
            match kind {
                FieldKind::Choice(set) => {
                    found.extend((0..u16::try_from(set.len()).unwrap_or(u16::MAX)).map(Value::Choice));
                    is_all = set.len() < VALUES_TRIED;
                }
                FieldKind::YesNo => {
                    found.extend([true, false].map(Value::Bool));
                    is_all = true;
                }
                FieldKind::Many(set) => {
                    found = sets(set.len(), &own);
                    is_all = set.len() <= CHOICES_TRIED;
                }
                FieldKind::Text => found.extend(self.texts(path, pool).into_iter().map(Value::Text)),
                FieldKind::Number | FieldKind::Money(_) | FieldKind::Date | FieldKind::Time => {
                    found.extend(self.beside(path, &own));
                }
                FieldKind::Reference { .. } => {}
            }
            found.extend(pool.into_iter().flat_map(|pool| self.asked_of(pool, path, kind)));
        }
        self.sort(&Known::Value(own), Some(kind), &mut found);
        Values { known: found.into_iter().map(Known::Value).collect(), is_all }
    }

    fn kind(&self, path: &Path) -> &FieldKind {
        let schema = &self.setting.policy.schema;
        &schema.record(path.record(schema, self.setting.record)).field(path.field).kind
    }

    /// The dimensions of something, with the nearest of the atoms that a region leaves it.
    fn cuts(&self, region: &[AtomSet], is_own: impl Fn(&DimensionKind) -> bool) -> Vec<(&Dimension, AtomSet)> {
        let own = self.dimensions.iter().zip(region).filter(|(dimension, _)| is_own(&dimension.kind));
        own.map(|(dimension, set)| {
            let at = own::atom(self.setting, self.role, dimension, self.facts);
            let mut atoms: Vec<u16> = set.iter().collect();
            atoms.sort_by_key(|atom| atom.abs_diff(at));
            let missing = dimension.missing_atom();
            let near = atoms.iter().copied().take(ATOMS_NEAR);
            let near = near.chain(set.contains(missing).then_some(missing));
            // Texts that no rule names stand behind all others.
            let other = missing.checked_sub(1).filter(|other| set.contains(*other));
            (dimension, AtomSet::of(dimension.atom_count, near.chain(other)))
        })
        .collect()
    }

    /// Nearest first; what is no longer whole late, missing last.
    fn sort(&self, own: &Known, kind: Option<&FieldKind>, values: &mut Vec<Value>) {
        let mut seen = Vec::new();
        values.retain(|value| {
            let is_new = !seen.contains(value);
            seen.push(value.clone());
            is_new
        });
        let Known::Value(own) = own else { return };
        let theirs = texts(self.setting, self.owner);
        values.sort_by_cached_key(|value| {
            let is_theirs = matches!(value, Value::Text(text) if theirs.contains(text));
            let is_odd = is_fraction(value) && !is_fraction(own);
            (value.is_missing(), is_odd, !is_theirs, distance(own, value, kind))
        });
    }

    /// Texts that mean the owner, and some that several conditions on parts of a text may ask for together.
    fn texts(&self, path: &Path, pool: Option<PoolId>) -> Vec<String> {
        let mut found = match pool {
            Some(_) => Vec::new(),
            None => texts(self.setting, self.owner),
        };
        let mut parts = values::parts(path, self.dimensions.iter().filter_map(opaque));
        parts.truncate(PARTS_TRIED);
        for a in &parts {
            for b in &parts {
                found.extend([format!("{a} {b}"), format!("x {a} {b}"), format!("{a} {b} x"), format!("x {a} {b} x")]);
                found.extend(parts.iter().map(|c| format!("{a} {b} {c}")));
            }
        }
        found
    }

    /// Numbers and days that conditions without atoms of their own may ask for.
    fn beside(&self, path: &Path, own: &Value) -> Vec<Value> {
        let mut others = Vec::new();
        let mut days = Vec::new();
        for dimension in self.dimensions.iter().filter(|one| opaque(one).is_some()) {
            for fact in asked_facts::of_dimension(self.role, &dimension.kind) {
                match fact {
                    Fact::Value(other) if other != *path => match self.facts.value(&other) {
                        Value::Number(number) | Value::Money(number, _) => others.push(number),
                        Value::Date(day) => days.push(day),
                        _ => {}
                    },
                    _ => {}
                }
            }
            if let Some(Opaque::Holds(cond)) = opaque(dimension) {
                self.constants(cond, path, &mut others, &mut days);
            }
        }
        let numbers = |own: Decimal| around(own, &others);
        match (own, self.kind(path)) {
            (Value::Number(number), _) => numbers(*number).into_iter().map(Value::Number).collect(),
            (Value::Money(number, code), _) => {
                numbers(*number).into_iter().map(|number| Value::Money(number, code.clone())).collect()
            }
            (Value::Missing, FieldKind::Number) => numbers(Decimal::ONE).into_iter().map(Value::Number).collect(),
            (Value::Missing, FieldKind::Money(Currency::Fixed(code))) => {
                numbers(Decimal::ONE).into_iter().map(|number| Value::Money(number, code.clone())).collect()
            }
            (_, FieldKind::Date) => {
                let near = days.iter().flat_map(|day| [*day, day.saturating_add(1), day.saturating_sub(1)]);
                near.map(Value::Date).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a condition compares a field with.
    fn constants(&self, cond: &Cond, path: &Path, numbers: &mut Vec<Decimal>, days: &mut Vec<i32>) {
        cond.visit(&mut |kind, _| {
            let TestKind::Field { path: other, test } = kind else { return };
            match test {
                FieldTest::Number { ranges, .. } if other == path => {
                    numbers.extend(
                        ranges.iter().flat_map(|range| range.low.iter().chain(&range.high)).map(|(bound, _)| *bound),
                    );
                }
                FieldTest::Day(ranges) if other == path => {
                    let marks = ranges.iter().flat_map(|range| range.low.iter().chain(&range.high));
                    days.extend(marks.map(|(mark, _)| mark.day(self.setting.as_of)));
                }
                _ => {}
            }
        });
    }

    /// What a pool's condition would have a field of the record say for the owner.
    fn asked_of(&self, pool: PoolId, path: &Path, kind: &FieldKind) -> Vec<Value> {
        let Some(person) = super::giving::person(self.setting, self.owner) else { return Vec::new() };
        let mut found = Vec::new();
        if let Some(cond) = &self.setting.policy.pool(pool).condition {
            cond.visit(&mut |test| {
                let asks = |value: &MemberValue| matches!(value, MemberValue::Field(other) if other == path);
                if test.ask != MemberAsk::Missing && test.ask.values().iter().any(asks) {
                    found.extend(self.cell_values(person, &test.column, kind));
                }
            });
        }
        found
    }

    fn cell_values(&self, person: &Person, column: &str, kind: &FieldKind) -> Vec<Value> {
        let cell = assign::member_cell(person, column, self.setting.binding.today()).unwrap_or_default();
        let parts =
            std::iter::once(cell.as_str()).chain(cell.split(';')).map(str::trim).filter(|part| !part.is_empty());
        parts
            .filter_map(|part| match kind {
                FieldKind::Text => Some(Value::Text(part.to_owned())),
                FieldKind::Choice(set) => set.find(part).map(Value::Choice),
                FieldKind::Number => parse_number(part, crate::value::NumberFormat::default()).map(Value::Number),
                _ => None,
            })
            .collect()
    }

    /// Somebody of each kind that rules may tell apart: those the policy names, and somebody of each of their teams.
    fn owners(&self) -> Vec<Owner> {
        let Setting { policy, binding, .. } = self.setting;
        let names = (0..policy.names.len()).filter_map(|at| u32::try_from(at).ok()).map(crate::check::policy::NameId);
        let named: Vec<Owner> = names.filter_map(|name| binding.name(name).ok().cloned()).take(OWNERS_TRIED).collect();
        let directory = binding.directory();
        let in_teams = policy.schema.teams.iter().filter_map(|team| {
            let mut members = directory.members(&team.name, binding.today()).into_iter();
            let member = members.find(|key| directory.person(key).is_some_and(|person| person.active))?;
            Some(Owner::new(crate::value::OwnerKind::Person, member))
        });
        let mut owners: Vec<Owner> = in_teams.take(OWNERS_TRIED).collect();
        owners.splice(0..0, [self.owner.clone()]);
        owners.extend(named);
        let mut seen = rustc_hash::FxHashSet::default();
        owners.retain(|owner| seen.insert(owner.clone()));
        owners
    }
}

fn opaque(dimension: &Dimension) -> Option<&Opaque> {
    match &dimension.kind {
        DimensionKind::Opaque(opaque) => Some(opaque),
        _ => None,
    }
}

fn cuts_of<'a>(cuts: &'a [(&'a Dimension, AtomSet)]) -> Vec<values::Cut<'a>> {
    cuts.iter().map(|(dimension, set)| (*dimension, set)).collect()
}

/// Numbers near one, near others, and some times as large.
fn around(own: Decimal, others: &[Decimal]) -> Vec<Decimal> {
    let mut found = Vec::new();
    for number in std::iter::once(&own).chain(others) {
        found.extend([Some(*number), number.checked_add(Decimal::ONE), number.checked_sub(Decimal::ONE)]);
        for factor in [2_u32, 3, 5, 10, 100, 1_000] {
            let factor = Decimal::from(factor);
            found.extend([number.checked_mul(factor), number.checked_div(factor)]);
        }
    }
    found.into_iter().flatten().map(|number| number.normalize()).collect()
}

/// Sets of choices, those that differ least from a record's own first; every one where there are few choices.
fn sets(count: usize, own: &Value) -> Vec<Value> {
    let own: &[u16] = if let Value::Many(own) = own { own } else { &[] };
    let every = u16::try_from(count).unwrap_or(u16::MAX);
    if count <= CHOICES_TRIED {
        let of_bits = |bits: u32| (0..every).filter(|choice| bits & (1 << choice) != 0).collect::<Vec<u16>>();
        return (0..1_u32 << count).map(|bits| Value::Many(of_bits(bits))).collect();
    }
    let flipped = |choice: u16| {
        let mut set: Vec<u16> = own.iter().copied().filter(|one| *one != choice).collect();
        if set.len() == own.len() {
            set.push(choice);
            set.sort_unstable();
        }
        Value::Many(set)
    };
    (0..every).map(flipped).chain([Value::Many(Vec::new())]).collect()
}

/// How far a value lies from a record's own; 0 where that cannot be said, so that the order stays.
fn distance(own: &Value, value: &Value, kind: Option<&FieldKind>) -> Decimal {
    match (own, value) {
        (Value::Number(a), Value::Number(b)) => apart(*a, *b),
        (Value::Money(a, own), Value::Money(b, code)) if own == code => apart(*a, *b),
        (Value::Money(..), Value::Money(..)) => Decimal::MAX,
        (Value::Date(a), Value::Date(b)) => Decimal::from(a.abs_diff(*b)),
        (Value::Time(a), Value::Time(b)) => Decimal::from(a.abs_diff(*b)),
        (Value::Choice(a), Value::Choice(b)) => match kind {
            Some(FieldKind::Choice(set)) if set.ordered => Decimal::from(a.abs_diff(*b)),
            _ => Decimal::ZERO,
        },
        (Value::Many(a), Value::Many(b)) => {
            let only = |a: &[u16], b: &[u16]| a.iter().filter(|choice| !b.contains(choice)).count();
            Decimal::from(only(a, b) + only(b, a))
        }
        _ => Decimal::ZERO,
    }
}

fn apart(a: Decimal, b: Decimal) -> Decimal {
    a.checked_sub(b).map_or(Decimal::MAX, |difference| difference.abs())
}
