//! Regions and records in the words of the language.

use super::imagine::{Fact, Imagined, Known};
use crate::check::policy::{OwnerRef, Role, TargetKind, TypedPolicy};
use crate::column::show;
use crate::plan::{
    AtomSet, Cuts, Dimension, DimensionKind, Opaque, TRUE_ATOM, condition_text, contest_text, history_text,
    related_text, targets_text,
};
use crate::schema::FieldKind;
use crate::source::Span;
use crate::value::{Value, compact, time};

/// Where an opaque condition is written.
pub(super) fn place(dimension: &Dimension) -> Option<Span> {
    match &dimension.kind {
        DimensionKind::Opaque(Opaque::Holds(cond)) => cond.span(),
        _ => None,
    }
}

/// What a region says, a condition a dimension that it narrows; empty where it is the whole space.
pub(super) fn region(
    policy: &TypedPolicy,
    role: &Role,
    dimensions: &[Dimension],
    space: &[AtomSet],
    region: &[AtomSet],
) -> Vec<String> {
    let narrowed = dimensions.iter().zip(region).zip(space).filter(|((_, set), space)| set != space);
    let mut words: Vec<String> =
        narrowed.map(|((dimension, set), space)| Side { policy, role, dimension, set, space }.words()).collect();
    if words.len() > 1 {
        words.iter_mut().filter(|text| text.contains(" or ")).for_each(|text| *text = format!("({text})"));
    }
    words
}

struct Side<'a> {
    policy: &'a TypedPolicy,
    role: &'a Role,
    dimension: &'a Dimension,
    set: &'a AtomSet,
    space: &'a AtomSet,
}

/// Values named in one condition; of more, how many.
const NAMED_MAX: usize = 6;

impl Side<'_> {
    fn words(&self) -> String {
        match &self.dimension.kind {
            DimensionKind::Field { path, cuts } => {
                let name = path.text(&self.policy.schema, self.role.record);
                let record = path.record(&self.policy.schema, self.role.record);
                let kind = &self.policy.schema.record(record).field(path.field).kind;
                self.cut_words(&name, kind, cuts)
            }
            DimensionKind::Related { path, cuts } => {
                self.cut_words(&related_text(self.policy, self.role.record, path), &FieldKind::Number, cuts)
            }
            DimensionKind::Calendar { days } => self.calendar(days),
            DimensionKind::Opaque(Opaque::Holds(cond)) => {
                let text = condition_text(self.policy, self.role.record, cond);
                if self.set.contains(TRUE_ATOM) { text } else { format!("not ({text})") }
            }
            DimensionKind::Opaque(Opaque::Named(chain)) => {
                let targets: Vec<_> = chain.iter().map(|kind| named_text(self.policy, self.role, kind)).collect();
                let verb = if self.set.contains(TRUE_ATOM) { "names somebody" } else { "names nobody" };
                format!("{} {verb}", targets.join(" else "))
            }
        }
    }

    fn calendar(&self, days: &[i32]) -> String {
        let spans = runs(self.set.iter().map(usize::from));
        let span = |(first, last): (usize, usize)| {
            let from = first.checked_sub(1).map(|at| format!("from {}", time::show_day(days[at])));
            let until = days.get(last).map(|day| format!("until {}", time::show_day(day.saturating_sub(1))));
            [from, until].into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        spans.into_iter().map(span).collect::<Vec<_>>().join(" or ")
    }

    fn cut_words(&self, name: &str, kind: &FieldKind, cuts: &Cuts) -> String {
        let missing = self.dimension.missing_atom();
        let mut known = self.set.clone();
        known.remove_all(&AtomSet::of(self.dimension.atom_count, [missing]));
        let with_missing = self.set.contains(missing);
        let mut all_known = self.space.clone();
        all_known.remove_all(&AtomSet::of(self.dimension.atom_count, [missing]));
        if known.is_empty() {
            return format!("{name} is missing");
        }
        if known == all_known {
            return format!("{name} is known");
        }
        let text = match cuts {
            Cuts::Known => format!("{name} is known"),
            Cuts::YesNo => match known.contains(1) {
                true => format!("{name} is yes"),
                false => format!("{name} is no"),
            },
            Cuts::Choice { .. } => {
                let label = |atom: u16| match kind {
                    FieldKind::Choice(set) | FieldKind::Many(set) => word(set.name(atom)),
                    _ => atom.to_string(),
                };
                self.listed(name, &known, &all_known, &label)
            }
            Cuts::Number { bounds, currency } => {
                let code = match (currency, kind) {
                    (Some(code), _) => format!(" {code}"),
                    (None, FieldKind::Money(crate::schema::Currency::Fixed(code))) => format!(" {code}"),
                    _ => String::new(),
                };
                intervals(name, &known, &all_known, |at| format!("{}{code}", compact(bounds[at])), bounds.len())
            }
            Cuts::Day { bounds } => intervals(name, &known, &all_known, |at| time::show_day(bounds[at]), bounds.len()),
            Cuts::Instant { bounds } => {
                intervals(name, &known, &all_known, |at| time::show_instant(bounds[at]), bounds.len())
            }
            Cuts::Text { points, prefixes } => self.texts(name, &known, points, prefixes),
        };
        if with_missing { format!("{text} or missing") } else { text }
    }

    fn listed(&self, name: &str, known: &AtomSet, all: &AtomSet, label: &dyn Fn(u16) -> String) -> String {
        let mut others = all.clone();
        others.remove_all(known);
        let denied = others.len() < known.len();
        let shown = if denied { &others } else { known };
        let names = some_of(shown.iter().map(label));
        match (denied, shown.single()) {
            (false, Some(_)) => format!("{name} is {names}"),
            (true, Some(_)) => format!("{name} is not {names}"),
            (false, None) => format!("{name} in ({names})"),
            (true, None) => format!("{name} not in ({names})"),
        }
    }

    fn texts(&self, name: &str, known: &AtomSet, points: &[String], prefixes: &[String]) -> String {
        let quoted = |text: &String| format!("{:?}", self.policy.spelling(text));
        let other = points.len() + prefixes.len();
        let has = |at: usize| u16::try_from(at).is_ok_and(|atom| known.contains(atom));
        let count = |first: usize, texts: &[String], wanted: bool| {
            (first..first + texts.len()).filter(|at| has(*at) == wanted).count()
        };
        let named = |wanted: bool| {
            let texts = points.iter().enumerate().filter(|(at, _)| has(*at) == wanted);
            some_of(texts.map(|(_, point)| quoted(point)))
        };
        let starts = |wanted: bool| {
            let texts = prefixes.iter().enumerate().filter(|(at, _)| has(points.len() + at) == wanted);
            some_of(texts.map(|(_, prefix)| quoted(prefix)))
        };
        let wanted = !has(other);
        let (one, several) = if wanted { ("is", "in") } else { ("is not", "not in") };
        let points_text = match count(0, points, wanted) {
            0 => None,
            1 => Some(format!("{name} {one} {}", named(wanted))),
            _ => Some(format!("{name} {several} ({})", named(wanted))),
        };
        let verb = if wanted { "starts with" } else { "starts with none of" };
        let starts_text = match count(points.len(), prefixes, wanted) {
            0 => None,
            _ => Some(format!("{name} {verb} ({})", starts(wanted))),
        };
        let joint = if wanted { " or " } else { " and " };
        [points_text, starts_text].into_iter().flatten().collect::<Vec<_>>().join(joint)
    }
}

/// Whom a single target names, as an admin writes it where that is short.
fn named_text(policy: &TypedPolicy, role: &Role, kind: &TargetKind) -> String {
    match kind {
        TargetKind::Keep => "the current owner".to_owned(),
        TargetKind::OwnerOf(OwnerRef::Of(path)) => path.text(policy, role.record),
        TargetKind::Table(table) => format!("the table {}", policy.schema.table(table.table).name),
        kind => {
            targets_text(policy, role.record, &[crate::check::policy::Target { kind: kind.clone(), span: role.span }])
        }
    }
}

fn some_of(mut names: impl Iterator<Item = String>) -> String {
    let first: Vec<String> = names.by_ref().take(NAMED_MAX).collect();
    let more = names.count();
    match more {
        0 => first.join(", "),
        more => format!("{}, and {more} more", first.join(", ")),
    }
}

/// A choice as it is written in a rule.
fn word(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if plain { name.to_owned() } else { format!("{name:?}") }
}

/// Runs of numbers that follow each other, as their first and last.
fn runs(numbers: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    runs
}

/// Atoms of numbers or days as comparisons. Atoms that nothing lies in join what is on both sides of them.
fn intervals(name: &str, known: &AtomSet, all: &AtomSet, show: impl Fn(usize) -> String, bound_count: usize) -> String {
    let holds = |atom: &usize| {
        let atom = u16::try_from(*atom).unwrap_or(u16::MAX);
        known.contains(atom) || !all.contains(atom)
    };
    let has_some = |(first, last): &(usize, usize)| {
        (*first..=*last).any(|atom| u16::try_from(atom).is_ok_and(|atom| known.contains(atom)))
    };
    let spans = runs((0..=2 * bound_count).filter(holds)).into_iter().filter(has_some);
    let span = |(first, last): (usize, usize)| {
        let low = (first > 0).then(|| match first % 2 {
            1 => (show(first / 2), "<="),
            _ => (show(first / 2 - 1), "<"),
        });
        let high = (last < 2 * bound_count).then(|| match last % 2 {
            1 => (show(last / 2), "<="),
            _ => (show(last / 2), "<"),
        });
        match (low, high) {
            (Some((low, "<=")), Some((high, "<="))) if low == high => format!("{name} = {low}"),
            (Some((low, mark)), Some((high, other))) => format!("{low} {mark} {name} {other} {high}"),
            (Some((low, "<=")), None) => format!("{name} >= {low}"),
            (Some((low, _)), None) => format!("{name} > {low}"),
            (None, Some((high, mark))) => format!("{name} {mark} {high}"),
            (None, None) => format!("{name} is known"),
        }
    };
    let spans: Vec<String> = spans.map(span).collect();
    match spans.len() {
        count if count > NAMED_MAX => {
            format!("{} or {} more ranges", spans[..NAMED_MAX].join(" or "), count - NAMED_MAX)
        }
        _ => spans.join(" or "),
    }
}

/// What is known of an imagined record, a name and a value each; `None` is missing.
pub(super) fn record(policy: &TypedPolicy, role: &Role, imagined: &Imagined) -> Vec<(String, Option<String>)> {
    let pairs = imagined.known.iter();
    let mut values: Vec<(String, Option<String>)> =
        pairs.map(|(fact, value)| (name(policy, role, fact), known(policy, role, fact, value))).collect();
    values.sort();
    values
}

/// Something that conditions ask of a record, as the language writes it.
pub(super) fn name(policy: &TypedPolicy, role: &Role, fact: &Fact) -> String {
    match fact {
        Fact::Value(path) => path.text(&policy.schema, role.record),
        Fact::Related(path) => related_text(policy, role.record, path),
        Fact::Owner(OwnerRef::Current) => "current owner".to_owned(),
        Fact::Owner(OwnerRef::Of(path)) => path.text(policy, role.record),
        Fact::Contest(path) => contest_text(policy, role.record, path),
        Fact::History(id) => history_text(policy, *id),
    }
}

/// What it is, as it is written in data; `None` is missing.
pub(super) fn known(policy: &TypedPolicy, role: &Role, fact: &Fact, known: &Known) -> Option<String> {
    match (fact, known) {
        (Fact::Value(path), Known::Value(value)) => {
            let record = policy.schema.record(path.record(&policy.schema, role.record));
            show(value, &record.field(path.field).kind)
        }
        (_, Known::Value(Value::Date(day))) => Some(time::show_day(*day)),
        (_, Known::Value(value)) => show(value, &FieldKind::Number),
        (_, Known::Owner(owner)) => owner.as_ref().map(|owner| owner.id.clone()),
        (_, Known::Candidates(candidates)) => candidates.first().map(|one| one.person.id.clone()),
        (_, Known::Holds(holds)) => Some(if *holds { "yes" } else { "no" }.to_owned()),
    }
}
