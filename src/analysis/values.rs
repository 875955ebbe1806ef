//! Values out of atoms: what an admin would write for a record that lies there.

use super::imagine::Asked;
use super::space::is_optional;
use super::stage::SOMEBODY;
use crate::check::policy::{Cond, FieldTest, Path, RelatedPath, Role, TargetKind, TestKind, TextTest, TypedPolicy};
use crate::decide::row::many_holds;
use crate::plan::{AtomSet, Cuts, Dimension, DimensionKind, Opaque};
use crate::schema::{Currency, FieldKind};
use crate::syntax::{RelatedAsk, Which};
use crate::value::{Decimal, Value, fold};

/// A dimension of a field and the atoms that a region leaves it.
pub(super) type Cut<'a> = (&'a Dimension, &'a AtomSet);

/// Texts of conditions that others are made of.
const TEXTS_TRIED: usize = 12;

/// Atoms of one dimension that are tried.
const ATOMS_TRIED: usize = 24;

/// Values of a field that lie in its cuts, the likeliest first. Several cuts are the currencies of one amount.
pub(super) fn of_field(
    policy: &TypedPolicy,
    role: &Role,
    path: &Path,
    cuts: &[Cut<'_>],
    opaque: &[&Opaque],
    asked: &[Asked<'_>],
) -> Vec<Value> {
    let kind = &policy.schema.record(path.record(&policy.schema, role.record)).field(path.field).kind;
    let mut values = match kind {
        FieldKind::Money(Currency::InColumn(_)) => amounts(cuts),
        _ => match cuts.first() {
            Some(cut) => of_cut(policy, kind, cut, &asked_texts(path, opaque)),
            None => uncut(policy, kind, path, opaque, asked),
        },
    };
    let may_be_missing = !path.steps.is_empty() || is_optional(policy, role, path);
    let missing_fits = cuts.iter().all(|(dimension, set)| set.contains(dimension.missing_atom()));
    if may_be_missing && missing_fits {
        values.push(Value::Missing);
    }
    values
}

/// Values of what is worked out over other records.
pub(super) fn of_related(policy: &TypedPolicy, path: &RelatedPath, cuts: &[Cut<'_>]) -> Vec<Value> {
    let ask = policy.related(path.related).ask;
    let is_day = matches!(ask, RelatedAsk::Latest | RelatedAsk::Earliest);
    let kind = if is_day { FieldKind::Date } else { FieldKind::Number };
    let mut values = match cuts.first() {
        Some(cut) => of_cut(policy, &kind, cut, &[]),
        None => uncut_known(&kind),
    };
    if matches!(ask, RelatedAsk::Count | RelatedAsk::Any | RelatedAsk::No | RelatedAsk::Rank) {
        values.retain(
            |value| matches!(value, Value::Number(number) if number.is_integer() && !number.is_sign_negative()),
        );
    }
    if cuts.iter().all(|(dimension, set)| set.contains(dimension.missing_atom())) {
        values.push(Value::Missing);
    }
    values
}

fn of_cut(policy: &TypedPolicy, kind: &FieldKind, (dimension, set): &Cut<'_>, asked: &[String]) -> Vec<Value> {
    let Some(cuts) = dimension.cuts() else { return Vec::new() };
    let missing = dimension.missing_atom();
    let atoms = set.iter().filter(|atom| *atom != missing).take(ATOMS_TRIED);
    let number = |number: Decimal| match kind {
        FieldKind::Money(Currency::Fixed(code)) => Value::Money(number, code.clone()),
        _ => Value::Number(number),
    };
    match cuts {
        Cuts::Choice { .. } => atoms.map(Value::Choice).collect(),
        Cuts::YesNo => atoms.map(|atom| Value::Bool(atom == 1)).collect(),
        Cuts::Number { bounds, .. } => atoms.flat_map(|atom| numbers(bounds, atom)).map(number).collect(),
        Cuts::Day { bounds } => atoms.flat_map(|atom| days(bounds, atom)).map(Value::Date).collect(),
        Cuts::Instant { bounds } => atoms.flat_map(|atom| instants(bounds, atom)).map(Value::Time).collect(),
        Cuts::Text { points, prefixes } => {
            // The longest ones first: what is not named stands for most records.
            let known: Vec<u16> = set.iter().filter(|atom| *atom != missing).collect();
            let other = u16::try_from(points.len() + prefixes.len()).unwrap_or(u16::MAX);
            let atoms =
                known.iter().copied().take(ATOMS_TRIED).chain(known.iter().copied().filter(|atom| *atom == other));
            atoms.flat_map(|atom| texts(policy, points, prefixes, atom, asked)).map(Value::Text).collect()
        }
        Cuts::Known if set.contains(0) => uncut_known(kind),
        Cuts::Known => Vec::new(),
    }
}

/// Amounts whose currency stands beside them: known in one of the cuts, and in none of the others.
fn amounts(cuts: &[Cut<'_>]) -> Vec<Value> {
    let mut values = Vec::new();
    let mut codes = Vec::new();
    for (at, (dimension, set)) in cuts.iter().enumerate() {
        let DimensionKind::Field { cuts: Cuts::Number { bounds, currency }, .. } = &dimension.kind else { continue };
        let others = cuts.iter().enumerate().filter(|(other, _)| *other != at);
        let Some(code) = currency else { continue };
        codes.push(code.as_str());
        let is_free = others
            .into_iter()
            .all(|(_, (other, set))| is_without_currency(other) || set.contains(other.missing_atom()));
        if is_free {
            let atoms = set.iter().filter(|atom| *atom != dimension.missing_atom()).take(ATOMS_TRIED);
            values
                .extend(atoms.flat_map(|atom| numbers(bounds, atom)).map(|number| Value::Money(number, code.clone())));
        }
    }
    let other = ["CHF", "XAU", "XAG", "XDR"].into_iter().find(|code| !codes.contains(code));
    let all_others = cuts.iter().all(|(one, set)| is_without_currency(one) || set.contains(one.missing_atom()));
    let known =
        cuts.iter().all(|(one, set)| !is_without_currency(one) || set.len() > 1 || !set.contains(one.missing_atom()));
    values.extend(other.filter(|_| all_others && known).map(|code| Value::Money(Decimal::ONE, code.to_owned())));
    values
}

fn is_without_currency(dimension: &Dimension) -> bool {
    !matches!(&dimension.kind, DimensionKind::Field { cuts: Cuts::Number { currency: Some(_), .. }, .. })
}

/// Numbers of an atom: the bound, or some beside and between bounds, whole ones before others.
pub(super) fn numbers(bounds: &[Decimal], atom: u16) -> Vec<Decimal> {
    let at = atom as usize / 2;
    if atom % 2 == 1 {
        return bounds.get(at).copied().into_iter().collect();
    }
    let low = at.checked_sub(1).map(|at| bounds[at]);
    let high = bounds.get(at).copied();
    let fits = |number: &Decimal| low.is_none_or(|low| *number > low) && high.is_none_or(|high| *number < high);
    let ten = Decimal::TEN;
    let mut tried: Vec<Decimal> = Vec::new();
    tried.extend(low.and_then(|low| low.floor().checked_add(Decimal::ONE)));
    tried.extend(high.and_then(|high| high.ceil().checked_sub(Decimal::ONE)));
    tried.extend([Decimal::ZERO, Decimal::ONE, ten, Decimal::ONE_HUNDRED, Decimal::ONE_THOUSAND]);
    tried.extend(low.and_then(|low| low.checked_mul(ten)));
    if let (Some(low), Some(high)) = (low, high) {
        let half = high.checked_sub(low).and_then(|width| width.checked_div(Decimal::TWO));
        tried.extend(half.and_then(|half| low.checked_add(half)));
    }
    tried.retain(fits);
    let mut seen = Vec::new();
    tried.retain(|number| {
        let is_new = !seen.contains(number);
        seen.push(*number);
        is_new
    });
    tried.truncate(4);
    tried
}

/// Days of an atom.
pub(super) fn days(bounds: &[i32], atom: u16) -> Vec<i32> {
    between(bounds, atom, 1).into_iter().filter_map(|day| i32::try_from(day).ok()).collect()
}

/// Instants of an atom: an hour beside a bound where there is room, else in the middle.
fn instants(bounds: &[i64], atom: u16) -> Vec<i64> {
    let hour = between(bounds, atom, 3_600_000_000);
    if hour.is_empty() { between(bounds, atom, 1) } else { hour }
}

fn between<T: Copy + Into<i64>>(bounds: &[T], atom: u16, step: i64) -> Vec<i64> {
    let at = atom as usize / 2;
    let bound = |at: usize| bounds.get(at).map(|bound| (*bound).into());
    if atom % 2 == 1 {
        return bound(at).into_iter().collect();
    }
    let (low, high) = (at.checked_sub(1).and_then(bound), bound(at));
    let fits = |value: &i64| low.is_none_or(|low: i64| *value > low) && high.is_none_or(|high| *value < high);
    let middle = low.zip(high).map(|(low, high)| low.midpoint(high));
    let beside = [low.and_then(|low| low.checked_add(step)), high.and_then(|high| high.checked_sub(step)), middle];
    let mut values: Vec<i64> = beside.into_iter().flatten().filter(fits).collect();
    if bounds.is_empty() {
        // The first day of 2026.
        values.push(20_454 * if step == 1 { 1 } else { 86_400_000_000 });
    }
    values.dedup();
    values
}

/// Texts of an atom.
fn texts(policy: &TypedPolicy, points: &[String], prefixes: &[String], atom: u16, asked: &[String]) -> Vec<String> {
    let at = atom as usize;
    let spelled = |text: &String| policy.spelling(text).to_owned();
    if let Some(point) = points.get(at) {
        // Those whose letter case counts come last.
        let exact = asked.iter().filter(|text| fold(text) == *point).cloned();
        return std::iter::once(spelled(point)).chain(exact).chain([point.to_uppercase()]).collect();
    }
    let prefix = prefixes.get(at - points.len());
    let place = |text: &str| {
        let folded = fold(text);
        match points.binary_search(&folded) {
            Ok(point) => Some(point),
            Err(_) => Cuts::longest_prefix(prefixes, &folded).map(|prefix| points.len() + prefix),
        }
    };
    let wanted = prefix.map(|_| at);
    let start = prefix.map_or(String::new(), spelled);
    let endings = ["", "other", "0", "1", "9", "x", "zz", " 7 zz"];
    let plain = endings.iter().map(|ending| format!("{start}{ending}"));
    let patterns = ["{}", "x {}", "x{}", "{}x", "{} x", "x{}x"];
    let with = asked.iter().flat_map(|part| patterns.map(|pattern| format!("{start}{}", pattern.replace("{}", part))));
    let mut found: Vec<String> = with.chain(plain).collect();
    found.retain(|text| !text.trim().is_empty() && place(text) == wanted);
    // The plain ones first: fewer conditions ask for a part than deny it.
    let parts: Vec<String> = asked.iter().map(|part| fold(part)).collect();
    found.sort_by_cached_key(|text| {
        let folded = fold(text);
        parts.iter().any(|part| folded.contains(part.as_str()))
    });
    found.truncate(4 * ATOMS_TRIED);
    found
}

/// What opaque conditions ask of a text, alone and in pairs.
fn asked_texts(path: &Path, opaque: &[&Opaque]) -> Vec<String> {
    let mut texts = parts(path, opaque.iter().copied());
    let pairs: Vec<String> = texts
        .iter()
        .flat_map(|a| texts.iter().filter(move |b| a != *b).map(move |b| format!("{a}{b}")))
        .take(2 * TEXTS_TRIED)
        .collect();
    texts.extend(pairs);
    texts
}

/// What opaque conditions ask of a text, each alone.
pub(super) fn parts<'o>(path: &Path, opaque: impl Iterator<Item = &'o Opaque>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for opaque in opaque {
        let cond = match opaque {
            Opaque::Holds(cond) => cond,
            Opaque::Named(chain) => {
                if chain.iter().any(|kind| names_by(kind, path)) {
                    texts.push(SOMEBODY.to_owned());
                }
                continue;
            }
        };
        cond.visit(&mut |kind, _| {
            let TestKind::Field { path: other, test: FieldTest::Text(test) } = kind else { return };
            if other != path {
                return;
            }
            match test {
                TextTest::OneOf(more)
                | TextTest::Exactly(more)
                | TextTest::Contains(more)
                | TextTest::StartsWith(more)
                | TextTest::EndsWith(more) => texts.extend(more.iter().take(ATOMS_TRIED).cloned()),
                TextTest::Matches(regex) => texts.extend(literals(regex.as_str())),
            }
        });
    }
    texts.sort();
    texts.dedup();
    texts.truncate(TEXTS_TRIED);
    texts
}

/// Whether an owner stands in a field.
fn names_by(kind: &TargetKind, path: &Path) -> bool {
    match kind {
        TargetKind::Field(other) => other == path,
        TargetKind::Manager(inner) => names_by(inner, path),
        _ => false,
    }
}

/// A text that a simple pattern may fit: its letters, a digit for each class of digits.
fn literals(pattern: &str) -> Option<String> {
    let text = pattern.replace("\\d", "1").replace("[0-9]", "1").replace("\\s", " ").replace("\\", "");
    let text: String = text.chars().filter(|c| !"^$()[]{}|*+?.".contains(*c)).collect();
    (!text.is_empty()).then_some(text)
}

/// Values of a field that no dimension cuts: what opaque conditions may ask.
fn uncut(policy: &TypedPolicy, kind: &FieldKind, path: &Path, opaque: &[&Opaque], asked: &[Asked<'_>]) -> Vec<Value> {
    match kind {
        FieldKind::Text => {
            texts(policy, &[], &[], 0, &asked_texts(path, opaque)).into_iter().map(Value::Text).collect()
        }
        FieldKind::Many(set) => many(u16::try_from(set.len()).unwrap_or(u16::MAX), path, asked),
        FieldKind::Reference { .. } => {
            let mut keys = vec!["X-1".to_owned(), "X-2".to_owned()];
            for (test, wanted) in tests_of(path, asked) {
                if let FieldTest::Key(named) = test {
                    let at = if wanted { 0 } else { keys.len() };
                    keys.splice(at..at, named.iter().cloned());
                }
            }
            keys.into_iter().map(Value::Reference).collect()
        }
        kind => uncut_known(kind),
    }
}

fn uncut_known(kind: &FieldKind) -> Vec<Value> {
    let numbers = || [0, 1, 2, 10, 100, 1_000, 1_000_000].into_iter().map(Decimal::from);
    match kind {
        FieldKind::Text => vec![Value::Text("x".into()), Value::Text("other".into())],
        FieldKind::Number => numbers().chain([Decimal::NEGATIVE_ONE]).map(Value::Number).collect(),
        FieldKind::Money(Currency::Fixed(code)) => numbers().map(|number| Value::Money(number, code.clone())).collect(),
        FieldKind::Money(Currency::InColumn(_)) => numbers().map(|number| Value::Money(number, "EUR".into())).collect(),
        FieldKind::Date => [20_454, 10_000, 25_000, 40_000].into_iter().map(Value::Date).collect(),
        FieldKind::Time => {
            [20_454, 10_000, 40_000].into_iter().map(|day: i64| Value::Time(day * 86_400_000_000)).collect()
        }
        FieldKind::YesNo => vec![Value::Bool(true), Value::Bool(false)],
        FieldKind::Choice(set) => {
            (0..u16::try_from(set.len()).unwrap_or(u16::MAX)).take(ATOMS_TRIED).map(Value::Choice).collect()
        }
        FieldKind::Many(_) => vec![Value::Many(Vec::new())],
        FieldKind::Reference { .. } => vec![Value::Reference("X-1".into())],
    }
}

/// Sets of choices: exactly those that the region asks for, then others besides.
fn many(count: u16, path: &Path, asked: &[Asked<'_>]) -> Vec<Value> {
    let mut least: Vec<u16> = Vec::new();
    let mut tests = Vec::new();
    for (test, wanted) in tests_of(path, asked) {
        if let FieldTest::Many { which, choices } = test {
            tests.push((*which, choices, wanted));
            if wanted && *which != Which::None {
                least.extend(choices.iter().take(if *which == Which::Any { 1 } else { choices.len() }));
            }
        }
    }
    least.sort_unstable();
    least.dedup();
    let fits =
        |chosen: &[u16]| tests.iter().all(|(which, choices, wanted)| many_holds(*which, choices, chosen) == *wanted);
    let with = |more: u16| {
        let mut set = least.clone();
        set.push(more);
        set.sort_unstable();
        set.dedup();
        set
    };
    let sets = std::iter::once(least.clone()).chain((0..count).take(ATOMS_TRIED).map(with));
    sets.filter(|set| fits(set)).map(Value::Many).collect()
}

/// The tests of their own that are asked of a field, and whether each is to hold.
fn tests_of<'a>(path: &Path, asked: &[Asked<'a>]) -> impl Iterator<Item = (&'a FieldTest, bool)> {
    asked.iter().filter_map(move |one| match one.opaque {
        Opaque::Holds(Cond::Test { kind: TestKind::Field { path: other, test }, .. }) if other == path => {
            Some((test, one.wanted))
        }
        _ => None,
    })
}
