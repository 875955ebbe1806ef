//! What the records of a role can hold at all: the atoms of each dimension, and combinations that never occur.

use crate::check::policy::{
    Cond, FieldTest, OwnerRef, OwnerTest, Path, Role, TargetKind, TestKind, TextTest, TypedPolicy,
};
use crate::decide::row;
use crate::plan::{AtomSet, Cuts, Dimension, DimensionKind, FALSE_ATOM, Opaque, RuleBox, TRUE_ATOM};
use crate::schema::{FieldId, FieldKind};
use crate::syntax::RelatedAsk;
use crate::value::Decimal;

/// No rule: the box of a combination that never occurs.
pub(super) const IMPOSSIBLE: crate::check::policy::RuleId = crate::check::policy::RuleId(u32::MAX);

/// The atoms that a record can have, a set a dimension.
///
/// A required field of the record itself is never missing: a record without it is invalid, and no rule is asked. Between
/// two days that follow each other lies no third; counts are whole and never below 0.
pub(super) fn space(policy: &TypedPolicy, role: &Role, dimensions: &[Dimension]) -> Vec<AtomSet> {
    dimensions.iter().map(|dimension| possible(policy, role, dimension)).collect()
}

fn possible(policy: &TypedPolicy, role: &Role, dimension: &Dimension) -> AtomSet {
    let mut possible = AtomSet::full(dimension.atom_count);
    let Some(cuts) = dimension.cuts() else {
        return possible;
    };
    let mut never = AtomSet::empty(dimension.atom_count);
    if !may_be_missing(policy, role, dimension) {
        never.insert(dimension.missing_atom());
    }
    match cuts {
        Cuts::Day { bounds } => {
            for (at, pair) in (1_u16..).zip(bounds.windows(2)) {
                if pair[0].checked_add(1) == Some(pair[1]) {
                    never.insert(2 * at);
                }
            }
        }
        Cuts::Number { bounds, .. } => {
            if let Some(least) = least_whole(policy, dimension) {
                not_whole(bounds, least).for_each(|atom| never.insert(atom));
            }
        }
        _ => {}
    }
    possible.remove_all(&never);
    possible
}

/// The least of a dimension whose values are whole numbers.
fn least_whole(policy: &TypedPolicy, dimension: &Dimension) -> Option<Decimal> {
    let DimensionKind::Related { path, .. } = &dimension.kind else { return None };
    match policy.related(path.related).ask {
        RelatedAsk::Any | RelatedAsk::No | RelatedAsk::Count => Some(Decimal::ZERO),
        RelatedAsk::Rank => Some(Decimal::ONE),
        _ => None,
    }
}

/// The atoms of numbers that no whole number from `least` on is in.
fn not_whole(bounds: &[Decimal], least: Decimal) -> impl Iterator<Item = u16> {
    let count = bounds.len();
    (0..=2 * count).filter_map(move |atom| {
        let is_empty = if atom % 2 == 1 {
            let point = bounds[atom / 2];
            !point.is_integer() || point < least
        } else {
            let above = atom.checked_sub(2).map(|below| bounds[below / 2]);
            let first = above.map_or(least, |above| (above.floor() + Decimal::ONE).max(least));
            bounds.get(atom / 2).is_some_and(|end| first >= *end)
        };
        is_empty.then(|| u16::try_from(atom).ok()).flatten()
    })
}

fn may_be_missing(policy: &TypedPolicy, role: &Role, dimension: &Dimension) -> bool {
    match &dimension.kind {
        DimensionKind::Field { path, cuts } => {
            // An amount in a currency that is not asked for counts as missing.
            let is_other_currency = matches!(cuts, Cuts::Number { currency: Some(_), .. });
            is_other_currency || !path.steps.is_empty() || is_optional(policy, role, path)
        }
        DimensionKind::Related { path, .. } => {
            let is_always_there = matches!(
                policy.related(path.related).ask,
                RelatedAsk::Any | RelatedAsk::No | RelatedAsk::Count | RelatedAsk::Sum
            );
            !path.steps.is_empty() || !is_always_there
        }
        DimensionKind::Opaque(_) | DimensionKind::Calendar { .. } => false,
    }
}

/// Whether a field may be missing in a record that has it.
pub(super) fn is_optional(policy: &TypedPolicy, role: &Role, path: &Path) -> bool {
    let record = policy.schema.record(path.record(&policy.schema, role.record));
    let field = record.field(path.field);
    match field.kind {
        FieldKind::Many(_) => false,
        FieldKind::Reference { may_be_unknown: true, .. } => true,
        _ => record.inferred || field.optional,
    }
}

/// Combinations of atoms that no record has: what lies behind a missing reference is missing, an amount has one currency,
/// somebody who is active is somebody.
pub(super) fn impossible(policy: &TypedPolicy, role: &Role, dimensions: &[Dimension], boxes: &mut Vec<RuleBox>) {
    let mut never = Never { dimensions, boxes };
    behind_references(policy, role, &mut never);
    for (at, dimension) in dimensions.iter().enumerate() {
        match &dimension.kind {
            DimensionKind::Field { path, cuts: Cuts::Number { currency: Some(_), .. } } => {
                let others = (at + 1..dimensions.len()).filter(|other| is_of(&dimensions[*other], path));
                for other in others {
                    never.both(at, never.known(at), other, never.known(other));
                }
            }
            DimensionKind::Opaque(Opaque::Holds(cond)) => holds(at, cond, &mut never),
            DimensionKind::Opaque(Opaque::Named(chain)) if role.never.is_empty() => named(at, chain, &mut never),
            _ => {}
        }
    }
}

struct Never<'d> {
    dimensions: &'d [Dimension],
    boxes: &'d mut Vec<RuleBox>,
}

impl Never<'_> {
    fn both(&mut self, a: usize, a_set: AtomSet, b: usize, b_set: AtomSet) {
        if a == b || a_set.is_empty() || b_set.is_empty() {
            return;
        }
        let mut sides = vec![(a, a_set), (b, b_set)];
        sides.sort_by_key(|(at, _)| *at);
        self.boxes.push(RuleBox { rule: IMPOSSIBLE, sides });
    }

    fn missing(&self, at: usize) -> AtomSet {
        let dimension = &self.dimensions[at];
        AtomSet::of(dimension.atom_count, [dimension.missing_atom()])
    }

    fn known(&self, at: usize) -> AtomSet {
        self.missing(at).complement()
    }

    fn fields(&self, path: &Path) -> Vec<usize> {
        (0..self.dimensions.len()).filter(|at| is_of(&self.dimensions[*at], path)).collect()
    }

    fn opaque(&self, test: impl Fn(&Opaque) -> bool) -> Option<usize> {
        self.dimensions.iter().position(|one| matches!(&one.kind, DimensionKind::Opaque(opaque) if test(opaque)))
    }
}

impl Never<'_> {
    /// The opaque tests on a text besides one.
    fn texts(&self, path: &Path, besides: usize) -> Vec<(usize, TextTest)> {
        let text = |(at, dimension): (usize, &Dimension)| match &dimension.kind {
            DimensionKind::Opaque(Opaque::Holds(Cond::Test {
                kind: TestKind::Field { path: other, test: FieldTest::Text(test) },
                ..
            })) if other == path && at != besides => Some((at, test.clone())),
            _ => None,
        };
        self.dimensions.iter().enumerate().filter_map(text).collect()
    }
}

/// Whether every text of one test fits another; `false` where that is not plain to see.
fn implies(test: &TextTest, other: &TextTest) -> bool {
    let all = |texts: &[String], fits: &dyn Fn(&str) -> bool| texts.iter().all(|text| fits(text));
    let any = |texts: &[String], fits: &dyn Fn(&str) -> bool| texts.iter().any(|text| fits(text));
    match (test, other) {
        (TextTest::Contains(own) | TextTest::EndsWith(own), TextTest::Contains(parts)) => {
            all(own, &|text| any(parts, &|part| text.contains(part)))
        }
        (TextTest::EndsWith(own), TextTest::EndsWith(parts)) => {
            all(own, &|text| any(parts, &|part| text.ends_with(part)))
        }
        (TextTest::Exactly(own), other) => all(own, &|text| row::text_holds(other, text)),
        _ => false,
    }
}

/// Whether no text fits both tests; `false` where that is not plain to see.
fn excludes(test: &TextTest, other: &TextTest) -> bool {
    match (test, other) {
        (TextTest::EndsWith(own), TextTest::EndsWith(others)) => {
            own.iter().all(|a| others.iter().all(|b| !a.ends_with(b.as_str()) && !b.ends_with(a.as_str())))
        }
        (TextTest::Exactly(own), other) | (other, TextTest::Exactly(own)) => {
            own.iter().all(|text| !row::text_holds(other, text))
        }
        _ => false,
    }
}

fn is_of(dimension: &Dimension, wanted: &Path) -> bool {
    matches!(&dimension.kind, DimensionKind::Field { path, .. } if path == wanted)
}

fn truth(holds: bool) -> AtomSet {
    AtomSet::of(2, [if holds { TRUE_ATOM } else { FALSE_ATOM }])
}

/// Everything behind one reference is missing together; what is required there is missing only then.
fn behind_references(policy: &TypedPolicy, role: &Role, never: &mut Never<'_>) {
    let steps_of = |dimension: &Dimension| -> Vec<FieldId> {
        match &dimension.kind {
            DimensionKind::Field { path, .. } => path.steps.clone(),
            DimensionKind::Related { path, .. } => path.steps.clone(),
            DimensionKind::Opaque(_) | DimensionKind::Calendar { .. } => Vec::new(),
        }
    };
    // A dimension that is missing only where a reference of its way is.
    let is_firm = |dimension: &Dimension| match &dimension.kind {
        DimensionKind::Field { path, cuts } => {
            !matches!(cuts, Cuts::Number { currency: Some(_), .. }) && !is_optional(policy, role, path)
        }
        DimensionKind::Related { path, .. } => matches!(
            policy.related(path.related).ask,
            RelatedAsk::Any | RelatedAsk::No | RelatedAsk::Count | RelatedAsk::Sum
        ),
        DimensionKind::Opaque(_) | DimensionKind::Calendar { .. } => false,
    };
    let ways: Vec<Vec<FieldId>> = never.dimensions.iter().map(steps_of).collect();
    let firm: Vec<bool> = never.dimensions.iter().map(is_firm).collect();
    for at in 0..ways.len() {
        for other in 0..ways.len() {
            if ways[other].is_empty() || at == other {
                continue;
            }
            // `at` tells that the record on the way is there: a firm field of it, or the reference itself.
            let is_on_the_way = firm[at] && !ways[at].is_empty() && ways[other].starts_with(&ways[at]);
            let is_the_reference = match &never.dimensions[at].kind {
                DimensionKind::Field { path, .. } => {
                    let length = path.steps.len();
                    ways[other].len() > length
                        && ways[other].starts_with(&path.steps)
                        && ways[other][length] == path.field
                }
                _ => false,
            };
            if is_on_the_way || is_the_reference {
                never.both(at, never.missing(at), other, never.known(other));
            }
            // A firm field of the record that a reference leads to is known where the reference is.
            let is_next = is_the_reference && ways[other].len() == ways[at].len() + 1;
            if is_next && firm[other] {
                never.both(at, never.known(at), other, never.missing(other));
            }
        }
    }
}

/// What holds of a field says that it is known; what holds of an owner, that there is one.
fn holds(at: usize, cond: &Cond, never: &mut Never<'_>) {
    let Cond::Test { kind, .. } = cond else { return };
    match kind {
        TestKind::Field { path, test } => field_holds(at, path, test, never),
        TestKind::Owner { of, test } if *test != OwnerTest::Known => {
            let known = never.opaque(|other| is_owner_known(other, of));
            if let Some(known) = known {
                never.both(at, truth(true), known, truth(false));
            }
        }
        _ => {}
    }
}

fn is_owner_known(opaque: &Opaque, wanted: &OwnerRef) -> bool {
    matches!(opaque, Opaque::Holds(Cond::Test { kind: TestKind::Owner { of, test: OwnerTest::Known }, .. }) if of == wanted)
}

fn field_holds(at: usize, path: &Path, test: &FieldTest, never: &mut Never<'_>) {
    for field in never.fields(path) {
        never.both(at, truth(true), field, never.missing(field));
        // What is asked of a text is known for every text that is named.
        let DimensionKind::Field { cuts: Cuts::Text { points, .. }, .. } = &never.dimensions[field].kind else {
            continue;
        };
        let FieldTest::Text(test) = test else { continue };
        let DimensionKind::Field { cuts: Cuts::Text { prefixes, .. }, .. } = &never.dimensions[field].kind else {
            continue;
        };
        let count = never.dimensions[field].atom_count;
        let (mut yes, mut no) = (AtomSet::empty(count), AtomSet::empty(count));
        for (atom, point) in (0..).zip(points) {
            match test {
                // Letter case is not told by the folded text.
                TextTest::Exactly(texts) => {
                    if !texts.iter().any(|text| crate::value::fold(text) == *point) {
                        no.insert(atom);
                    }
                }
                test if row::text_holds(test, point) => yes.insert(atom),
                _ => no.insert(atom),
            }
        }
        if let TextTest::Contains(parts) = test {
            for (atom, prefix) in (points.len()..).zip(prefixes) {
                if parts.iter().any(|part| prefix.contains(part.as_str())) {
                    yes.insert(u16::try_from(atom).unwrap_or(u16::MAX));
                }
            }
        }
        never.both(at, truth(false), field, yes);
        never.both(at, truth(true), field, no);
    }
    if let FieldTest::Text(own) = test {
        for (other, same) in never.texts(path, at) {
            if implies(own, &same) {
                never.both(at, truth(true), other, truth(false));
            } else if excludes(own, &same) && at < other {
                never.both(at, truth(true), other, truth(true));
            }
        }
    }
    if let FieldTest::Key(keys) = test {
        // A reference leads to one record.
        let other = |opaque: &Opaque| matches!(opaque, Opaque::Holds(Cond::Test { kind: TestKind::Field { path: other, test: FieldTest::Key(others) }, .. }) if other == path && keys.iter().all(|key| !others.contains(key)));
        let others: Vec<usize> = (at + 1..never.dimensions.len())
            .filter(|one| matches!(&never.dimensions[*one].kind, DimensionKind::Opaque(opaque) if other(opaque)))
            .collect();
        for other in others {
            never.both(at, truth(true), other, truth(true));
        }
    }
}

/// `keep owner` and `owner of R` name somebody exactly where there is an owner.
fn named(at: usize, chain: &[TargetKind], never: &mut Never<'_>) {
    let of = match chain {
        [TargetKind::Keep] => OwnerRef::Current,
        [TargetKind::OwnerOf(of)] => of.clone(),
        _ => return,
    };
    if let Some(known) = never.opaque(|other| is_owner_known(other, &of)) {
        never.both(at, truth(true), known, truth(false));
        never.both(at, truth(false), known, truth(true));
    }
}
