//! Every value that a role's plan reads of a record, by the path an admin would write: what an entry commits to.

use crate::check::policy::{ContestPath, HistoryId, OwnerRef, Path, RelatedPath, Role, TypedPolicy};
use crate::column::show;
use crate::decide::{Candidate, Facts};
use crate::plan::{contest_text, history_text, related_text};
use crate::schema::{FieldKind, RecordId};
use crate::value::{NumberFormat, Owner, OwnerKind, Value, compact, parse_number, time};

/// The names of what a role reads: fields, then owners of other records, then the current owner.
pub fn value_names(policy: &TypedPolicy, role: &Role) -> Vec<String> {
    let paths = role.reads.iter().map(|path| path.text(&policy.schema, role.record));
    let owners = role.owners_read.iter().map(|path| path.text(policy, role.record));
    let current = role.reads_current_owner.then(|| "current owner".to_owned());
    let related = role.related_read.iter().map(|path| related_text(policy, role.record, path));
    let asked = role.histories_read.iter().map(|id| history_text(policy, *id));
    let contests = role.contests_read.iter().map(|path| contest_text(policy, role.record, path));
    paths.chain(owners).chain(current).chain(related).chain(asked).chain(contests).collect()
}

/// The values behind [`value_names`], in the same order; `None` is missing.
pub fn read_values(policy: &TypedPolicy, role: &Role, facts: &dyn Facts) -> Vec<Option<String>> {
    let schema = &policy.schema;
    let paths = role.reads.iter().map(|path| {
        let kind = &schema.record(path.record(schema, role.record)).field(path.field).kind;
        show(&facts.value(path), kind)
    });
    let owner = |of: &OwnerRef| facts.owner(of).map(|owner| owner_text(&owner));
    let owners = role.owners_read.iter().map(|path| owner(&OwnerRef::Of(path.clone())));
    let current = role.reads_current_owner.then(|| owner(&OwnerRef::Current));
    let related = role.related_read.iter().map(|path| show(&facts.related(path), &FieldKind::Number));
    let asked = role.histories_read.iter().map(|id| Some(if facts.history(*id) { "yes" } else { "no" }.to_owned()));
    let contests = role.contests_read.iter().map(|path| {
        let winner = facts.candidates(path).into_iter().next();
        winner.map(|winner| format!("{}{WITH}{}", owner_text(&winner.person), compact(winner.figure)))
    });
    paths.chain(owners).chain(current).chain(related).chain(asked).chain(contests).collect()
}

/// Between the winner of a contest and the figure: `person:ana.silva with 1500`.
const WITH: &str = " with ";

/// An owner with its kind, so that it can be read back: `person:ana.silva`.
pub fn owner_text(owner: &Owner) -> String {
    format!("{}:{}", owner.kind.word(), owner.id)
}

/// The facts of one record as the ledger keeps them: values as text, by the names of [`value_names`].
///
/// A name that is not there, or a text that no longer reads as its field's kind, is missing.
pub struct StoredFacts<'a> {
    pub policy: &'a TypedPolicy,
    pub record: RecordId,
    pub values: &'a [(String, Option<String>)],
}

impl StoredFacts<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).and_then(|(_, text)| text.as_deref())
    }
}

impl Facts for StoredFacts<'_> {
    fn value(&self, path: &Path) -> Value {
        let schema = &self.policy.schema;
        let kind = &schema.record(path.record(schema, self.record)).field(path.field).kind;
        match self.text(&path.text(schema, self.record)) {
            Some(text) => read_back(text, kind).unwrap_or(Value::Missing),
            // A blank multi-select is kept as an empty text: without one, no record stands behind the path.
            None => Value::Missing,
        }
    }

    fn owner(&self, of: &OwnerRef) -> Option<Owner> {
        let text = match of {
            OwnerRef::Current => self.text("current owner"),
            OwnerRef::Of(path) => self.text(&path.text(self.policy, self.record)),
        };
        let (kind, id) = text?.split_once(':')?;
        Some(Owner::new(OwnerKind::from_word(kind)?, id))
    }

    fn related(&self, path: &RelatedPath) -> Value {
        let Some(text) = self.text(&related_text(self.policy, self.record, path)) else {
            return Value::Missing;
        };
        match time::parse_day(text) {
            Some(day) => Value::Date(day),
            None => parse_number(text, NumberFormat::default()).map_or(Value::Missing, Value::Number),
        }
    }

    /// Only the winner is kept.
    fn candidates(&self, path: &ContestPath) -> Vec<Candidate> {
        let text = self.text(&contest_text(self.policy, self.record, path));
        let winner = text.and_then(|text| {
            let (owner, figure) = text.rsplit_once(WITH)?;
            let (kind, id) = owner.split_once(':')?;
            let person = Owner::new(OwnerKind::from_word(kind)?, id);
            Some(Candidate { person, figure: parse_number(figure, NumberFormat::default())? })
        });
        winner.into_iter().collect()
    }

    fn history(&self, id: HistoryId) -> bool {
        self.text(&history_text(self.policy, id)) == Some("yes")
    }
}

/// The value that [`show`] wrote; `None` for a text that is no longer one of the kind.
pub(super) fn read_back(text: &str, kind: &FieldKind) -> Option<Value> {
    Some(match kind {
        FieldKind::Text => Value::Text(text.to_owned()),
        FieldKind::Reference { .. } => Value::Reference(text.to_owned()),
        FieldKind::Number => Value::Number(parse_number(text, NumberFormat::default())?),
        FieldKind::Money(_) => {
            let (number, currency) = text.split_once(' ').unwrap_or((text, ""));
            Value::Money(parse_number(number, NumberFormat::default())?, currency.to_owned())
        }
        FieldKind::Date => Value::Date(time::parse_day(text)?),
        FieldKind::Time => Value::Time(text.parse::<jiff::Timestamp>().ok()?.as_microsecond()),
        FieldKind::YesNo => Value::Bool(text == "yes"),
        FieldKind::Choice(set) => Value::Choice(set.find(text)?),
        FieldKind::Many(set) => {
            let mut chosen: Vec<u16> = text.split(';').filter_map(|part| set.find(part)).collect();
            chosen.sort_unstable();
            Value::Many(chosen)
        }
    })
}
