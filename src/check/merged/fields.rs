//! The fields of one record type on both sides: which share a place, and what differs between them.

use super::told::{Edit, Told, Touched};
use super::{hidden_field, hidden_name, pair, place_of, places};
use crate::schema::{Choice, ChoiceSet, Currency, Field, FieldId, FieldKind, RecordId, RecordType, Schema};
use crate::value::fold;
use rustc_hash::{FxHashMap, FxHashSet};

/// One side and the merged places of its record types.
#[derive(Clone, Copy)]
pub(super) struct Side<'s> {
    pub schema: &'s Schema,
    pub places: &'s [u16],
}

impl Side<'_> {
    /// A record type that the other side does not have: its references lead to the merged places.
    pub fn mapped(&self, record: &RecordType) -> RecordType {
        let fields = record.fields.iter().map(|field| Field { kind: self.kind(&field.kind), ..field.clone() });
        RecordType { fields: fields.collect(), ..record.clone() }
    }

    fn kind(&self, kind: &FieldKind) -> FieldKind {
        match kind {
            FieldKind::Reference { record, may_be_unknown } => {
                FieldKind::Reference { record: self.place(*record), may_be_unknown: *may_be_unknown }
            }
            other => other.clone(),
        }
    }

    fn place(&self, record: RecordId) -> RecordId {
        RecordId(self.places.get(record.0 as usize).copied().unwrap_or(u16::MAX))
    }
}

/// Fields of the old side, by places of record type and field, that must not share a place though they could.
pub(super) type Apart = FxHashSet<(usize, usize)>;

/// A choice field of both sides: its place on the old one, and by side the number of its own set and of the merged one.
type Numbered = ((usize, usize), [usize; 2], [usize; 2]);

/// The choice fields that keep a numbering of their own.
///
/// Fields are compared with each other by the numbers of their choices, if they have the same ones. Where one of them would
/// get other numbers by merging and another would not, the words of a policy would mean something else.
pub(super) fn apart(old: &Schema, new: &Schema, records: &[Slot]) -> Apart {
    let mut numbers: FxHashMap<String, usize> = FxHashMap::default();
    let mut number = |set: &ChoiceSet| {
        let next = numbers.len();
        *numbers.entry(format!("{set:?}")).or_insert(next)
    };
    let choices = |kind: &FieldKind| match kind {
        FieldKind::Choice(set) | FieldKind::Many(set) => Some(set.clone()),
        _ => None,
    };
    let mut pairs: Vec<Numbered> = Vec::new();
    let mut lone: [FxHashSet<usize>; 2] = Default::default();
    for (old_record, new_record) in records {
        let fields =
            |schema: &Schema, at: &Option<usize>| at.map_or(Vec::new(), |at| schema.records[at].fields.clone());
        let (old_fields, new_fields) = (fields(old, old_record), fields(new, new_record));
        let slots = pair(old_fields.iter().map(|field| &field.name), new_fields.iter().map(|field| &field.name));
        for (old_at, new_at) in slots {
            let own = (
                old_at.and_then(|at| choices(&old_fields[at].kind)),
                new_at.and_then(|at| choices(&new_fields[at].kind)),
            );
            let merged = own.0.as_ref().zip(own.1.as_ref()).and_then(|(old, new)| merged_choices(old, new));
            match (&own, merged, old_record.zip(old_at)) {
                ((Some(old), Some(new)), Some((old_view, new_view)), Some(place)) => {
                    pairs.push((place, [number(old), number(new)], [number(&old_view), number(&new_view)]));
                }
                ((old, new), ..) => {
                    lone[0].extend(old.as_ref().map(&mut number));
                    lone[1].extend(new.as_ref().map(&mut number));
                }
            }
        }
    }
    let mut apart = Apart::default();
    loop {
        let is_torn = |(place, own, view): &&Numbered| {
            !apart.contains(place)
                && (0..2).any(|side| {
                    let seen = |other: &Numbered| {
                        if apart.contains(&other.0) { other.1[side] } else { other.2[side] }
                    };
                    let differs = |other: &Numbered| other.1[side] == own[side] && seen(other) != view[side];
                    own[side] != view[side] && (lone[side].contains(&own[side]) || pairs.iter().any(differs))
                })
        };
        let torn: Vec<(usize, usize)> = pairs.iter().filter(is_torn).map(|pair| pair.0).collect();
        if torn.is_empty() {
            return apart;
        }
        apart.extend(torn);
    }
}

/// The views of both sides on one record type that both declare; `old_at` is its place on the old side.
pub(super) fn merge_fields(
    (id, old_at): (RecordId, usize),
    apart: &Apart,
    [old_side, new_side]: [Side<'_>; 2],
    old: &RecordType,
    new: &RecordType,
    told: &mut Told,
) -> Option<(RecordType, RecordType)> {
    let names = |record: &RecordType| record.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let (old_names, new_names) = (names(old), names(new));
    let mut slots = Vec::new();
    let (mut old_fields, mut new_fields) = (Vec::new(), Vec::new());
    let record_at = old_at;
    for (old_at, new_at) in pair(old_names.iter(), new_names.iter()) {
        let place = FieldId(u16::try_from(slots.len()).ok()?);
        let what = |field: &Field| format!("field {} of {}", field.name, new.name);
        let (old_field, new_field) = (old_at.map(|at| &old.fields[at]), new_at.map(|at| &new.fields[at]));
        let both = old_field.zip(new_field);
        let is_apart = old_at.is_some_and(|at| apart.contains(&(record_at, at)));
        let merged = both
            .filter(|_| !is_apart)
            .and_then(|(old, new)| merged_kinds(&old_side.kind(&old.kind), &new_side.kind(&new.kind)));
        match (old_field, new_field, merged) {
            (Some(old_field), Some(new_field), Some((old_kind, new_kind))) => {
                fields_differ(id, place, &what(new_field), old_field, new_field, told);
                old_fields.push(Field { kind: old_kind, ..old_field.clone() });
                new_fields.push(Field { kind: new_kind, ..new_field.clone() });
                slots.push((old_at, new_at));
            }
            (Some(old_field), Some(new_field), None) => {
                let how = match (&old_field.kind, &new_field.kind) {
                    (FieldKind::Choice(old), FieldKind::Choice(new)) | (FieldKind::Many(old), FieldKind::Many(new))
                        if is_apart =>
                    {
                        choices_differ(old, new).join(", ")
                    }
                    (old, new) => kinds_differ(old_side, new_side, old, new),
                };
                // Rules of both sides that are written alike read it: the old side's place names them.
                told.say_at(Edit::Changed, what(new_field), how, Touched::Field(id, place), new_field.span);
                old_fields.push(Field { kind: old_side.kind(&old_field.kind), ..old_field.clone() });
                new_fields.push(hidden_field(&old_field.name, "old"));
                old_fields.push(hidden_field(&new_field.name, "new"));
                new_fields.push(Field { kind: new_side.kind(&new_field.kind), ..new_field.clone() });
                slots.push((old_at, None));
                slots.push((None, new_at));
            }
            (Some(old_field), ..) => {
                told.say_at(Edit::Removed, what(old_field), String::new(), Touched::Nothing, old_field.span);
                old_fields.push(Field { kind: old_side.kind(&old_field.kind), ..old_field.clone() });
                new_fields.push(hidden_field(&old_field.name, "old"));
                slots.push((old_at, None));
            }
            (None, Some(new_field), _) => {
                told.say_at(Edit::Added, what(new_field), described(&new_field.kind), Touched::Nothing, new_field.span);
                old_fields.push(hidden_field(&new_field.name, "new"));
                new_fields.push(Field { kind: new_side.kind(&new_field.kind), ..new_field.clone() });
                slots.push((None, new_at));
            }
            (None, None, _) => {}
        }
    }
    u16::try_from(slots.len()).ok()?;
    let maps = [places(&slots, |slot| slot.0, old.fields.len()), places(&slots, |slot| slot.1, new.fields.len())];
    let view = |record: &RecordType, fields: Vec<Field>, places: &[u16]| RecordType {
        key: place_of(places, record.key),
        created: record.created.map(|field| place_of(places, field)),
        fields,
        ..record.clone()
    };
    Some((view(old, old_fields, &maps[0]), view(new, new_fields, &maps[1])))
}

/// The kinds of both views where one place can hold both; `None` where their values are not comparable.
fn merged_kinds(old: &FieldKind, new: &FieldKind) -> Option<(FieldKind, FieldKind)> {
    let is_one = match (old, new) {
        (FieldKind::Choice(old), FieldKind::Choice(new)) => {
            let (old, new) = merged_choices(old, new)?;
            return Some((FieldKind::Choice(old), FieldKind::Choice(new)));
        }
        (FieldKind::Many(old), FieldKind::Many(new)) => {
            let (old, new) = merged_choices(old, new)?;
            return Some((FieldKind::Many(old), FieldKind::Many(new)));
        }
        (FieldKind::Money(Currency::Fixed(old)), FieldKind::Money(Currency::Fixed(new))) => old == new,
        (FieldKind::Money(Currency::InColumn(_)), FieldKind::Money(Currency::InColumn(_))) => true,
        (FieldKind::Money(_), FieldKind::Money(_)) => false,
        (FieldKind::Reference { record: old, .. }, FieldKind::Reference { record: new, .. }) => old == new,
        (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
    };
    is_one.then(|| (old.clone(), new.clone()))
}

/// One numbering of the choices of both sides. `None` where two orders contradict each other.
fn merged_choices(old: &ChoiceSet, new: &ChoiceSet) -> Option<(ChoiceSet, ChoiceSet)> {
    // A choice that took another name and keeps the old one as a spelling is the same choice.
    let mut new_of: Vec<Option<usize>> = old.choices.iter().map(|choice| by_name(new, &choice.name)).collect();
    for (at, choice) in old.choices.iter().enumerate() {
        let renamed = new.find(&choice.name).map(usize::from).filter(|renamed| !new_of.contains(&Some(*renamed)));
        if new_of[at].is_none() {
            new_of[at] = renamed;
        }
    }
    let mut slots: Vec<(Option<usize>, Option<usize>)> = Vec::new();
    if old.ordered && new.ordered || new_of.iter().flatten().is_sorted() {
        if !new_of.iter().flatten().is_sorted() {
            return None;
        }
        let mut next = 0;
        for (at, paired) in new_of.iter().enumerate() {
            if let Some(paired) = paired {
                slots.extend((next..*paired).map(|only| (None, Some(only))));
                next = paired + 1;
            }
            slots.push((Some(at), *paired));
        }
        slots.extend((next..new.len()).map(|only| (None, Some(only))));
    } else if new.ordered {
        let old_of = |new: usize| new_of.iter().position(|paired| *paired == Some(new));
        slots.extend((0..new.len()).map(|at| (old_of(at), Some(at))));
        slots.extend((0..old.len()).filter(|at| new_of[*at].is_none()).map(|at| (Some(at), None)));
    } else {
        slots.extend(new_of.iter().enumerate().map(|(at, paired)| (Some(at), *paired)));
        slots.extend((0..new.len()).filter(|at| !new_of.contains(&Some(*at))).map(|at| (None, Some(at))));
    }
    u16::try_from(slots.len()).ok()?;
    let maps = [places(&slots, |slot| slot.0, old.len()), places(&slots, |slot| slot.1, new.len())];
    let view = |own: &ChoiceSet, other: &ChoiceSet, places: &[u16], side: &str, pick: fn(&Slot) -> Slot| {
        let choices = slots.iter().map(|slot| match pick(slot) {
            (Some(at), _) => {
                let choice = &own.choices[at];
                let mut counts_as: Vec<u16> =
                    choice.counts_as.iter().filter_map(|own| places.get(*own as usize).copied()).collect();
                counts_as.sort_unstable();
                Choice { counts_as, ..choice.clone() }
            }
            (None, at) => {
                let name = at.map_or("", |at| other.choices[at].name.as_str());
                Choice { name: hidden_name(name, side), also: Vec::new(), counts_as: Vec::new() }
            }
        });
        ChoiceSet { ordered: own.ordered, choices: choices.collect() }
    };
    Some((view(old, new, &maps[0], "new", |slot| *slot), view(new, old, &maps[1], "old", |(old, new)| (*new, *old))))
}

pub(super) type Slot = (Option<usize>, Option<usize>);

fn by_name(set: &ChoiceSet, name: &str) -> Option<usize> {
    let wanted = fold(name);
    set.choices.iter().position(|choice| fold(&choice.name) == wanted)
}

/// What differs between two fields that share a place.
fn fields_differ(id: RecordId, place: FieldId, what: &str, old: &Field, new: &Field, told: &mut Told) {
    let mut differ = |how: String, touched: Touched| {
        told.say_at(Edit::Changed, what.to_owned(), how, touched, new.span);
    };
    let field = || Touched::Field(id, place);
    match (old.optional, new.optional) {
        (false, true) => differ("was required, is optional".to_owned(), field()),
        (true, false) => differ("was optional, is required".to_owned(), field()),
        _ => {}
    }
    if old.column != new.column {
        differ(format!("was read from column `{}`, is read from `{}`", old.column, new.column), Touched::Reading);
    }
    match (&old.kind, &new.kind) {
        (FieldKind::Choice(old), FieldKind::Choice(new)) | (FieldKind::Many(old), FieldKind::Many(new)) => {
            for how in choices_differ(old, new) {
                differ(how, field());
            }
        }
        (FieldKind::Money(Currency::InColumn(old)), FieldKind::Money(Currency::InColumn(new))) if old != new => {
            differ(format!("its currency was read from column `{old}`, is read from `{new}`"), Touched::Reading);
        }
        (FieldKind::Reference { may_be_unknown: old, .. }, FieldKind::Reference { may_be_unknown: new, .. })
            if old != new =>
        {
            let how = if *new { "may be unknown now" } else { "may no longer be unknown" };
            differ(how.to_owned(), field());
        }
        _ => {}
    }
}

/// Choices that were added, removed, renamed, or mean something else.
fn choices_differ(old: &ChoiceSet, new: &ChoiceSet) -> Vec<String> {
    let mut told = Vec::new();
    let mut kept = Vec::new();
    for choice in &old.choices {
        let by_name = by_name(new, &choice.name);
        let renamed = || {
            new.find(&choice.name).map(usize::from).filter(|at| self::by_name(old, &new.choices[*at].name).is_none())
        };
        match by_name.or_else(renamed) {
            Some(at) => {
                let other = &new.choices[at];
                if by_name.is_none() {
                    told.push(format!("choice `{}` is called `{}` now", choice.name, other.name));
                }
                let spellings = |choice: &Choice| {
                    let mut all: Vec<String> =
                        choice.also.iter().chain([&choice.name]).map(|word| fold(word)).collect();
                    all.sort();
                    all
                };
                if spellings(choice) != spellings(other) {
                    told.push(format!("other spellings of choice `{}`", other.name));
                }
                if counted(old, choice) != counted(new, other) {
                    told.push(format!("what choice `{}` counts as", other.name));
                }
                kept.push(at);
            }
            None => told.push(format!("choice `{}` removed", choice.name)),
        }
    }
    let added = (0..new.len()).filter(|at| !kept.contains(at));
    told.extend(added.map(|at| format!("choice `{}` added", new.choices[at].name)));
    match (old.ordered, new.ordered) {
        (false, true) => told.push("its choices have an order now".to_owned()),
        (true, false) => told.push("its choices have no order any more".to_owned()),
        _ => {}
    }
    told
}

fn counted(set: &ChoiceSet, choice: &Choice) -> Vec<String> {
    let mut names: Vec<String> = choice.counts_as.iter().map(|at| fold(set.name(*at))).collect();
    names.sort();
    names
}

fn kinds_differ(old_side: Side<'_>, new_side: Side<'_>, old: &FieldKind, new: &FieldKind) -> String {
    let named = |side: Side<'_>, kind: &FieldKind| match kind {
        FieldKind::Reference { record, .. } => format!("a reference to {}", side.schema.record(*record).name),
        kind => described(kind),
    };
    let (was, is) = (named(old_side, old), named(new_side, new));
    match was == is {
        // Two orders that contradict each other.
        true => format!("was {was}, is {is} in another order"),
        false => format!("was {was}, is {is}"),
    }
}

fn described(kind: &FieldKind) -> String {
    match kind {
        FieldKind::Money(Currency::Fixed(code)) => format!("money {code}"),
        FieldKind::Money(Currency::InColumn(column)) => format!("money in column `{column}`"),
        FieldKind::Choice(set) if set.ordered => "an ordered choice".to_owned(),
        kind => kind.describe().to_owned(),
    }
}
