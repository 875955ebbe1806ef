//! What differs between two versions' declarations, in words, and which rules it can concern.

use crate::schema::{FieldId, RecordId, RecordType};
use crate::source::Span;

/// One difference between the declarations of two versions.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclarationChange {
    pub edit: Edit,
    /// `field arr of Account`
    pub what: String,
    /// `was number, is money EUR`; empty where the edit says it all.
    pub how: String,
    pub touched: Touched,
    /// Where the new side declares it, or the old one what is gone; `None` for what no policy file declares.
    pub span: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Edit {
    Added,
    Removed,
    Changed,
}

impl Edit {
    pub fn word(self) -> &'static str {
        match self {
            Edit::Added => "added",
            Edit::Removed => "removed",
            Edit::Changed => "changed",
        }
    }
}

/// Which rules can decide otherwise because of it, though they are written as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// None: what both versions have means the same.
    Nothing,
    /// None as long as fields hold the same values: it says where those values are read.
    Reading,
    /// Rules that read anything of the record type.
    Record(RecordId),
    /// Rules that read the field.
    Field(RecordId, FieldId),
    /// Pools that give out records of the type.
    Order(RecordId),
    /// Rules that look something up there, by folded name.
    List(String),
    Table(String),
    /// Rules that name people, teams or queues; which, is asked of the two schemas.
    Owners,
    /// Rules that count business hours.
    Hours,
    Everything,
}

/// Gathers what differs.
#[derive(Default)]
pub(super) struct Told {
    pub changes: Vec<DeclarationChange>,
}

impl Told {
    pub fn say(&mut self, edit: Edit, what: String, how: String, touched: Touched) {
        self.changes.push(DeclarationChange { edit, what, how, touched, span: None });
    }

    pub fn say_at(&mut self, edit: Edit, what: String, how: String, touched: Touched, span: Option<Span>) {
        self.changes.push(DeclarationChange { edit, what, how, touched, span });
    }

    /// What differs between two record types besides their fields.
    pub fn records(&mut self, id: RecordId, old: &RecordType, new: &RecordType) {
        let mut differ = |how: String, touched: Touched| {
            self.changes.push(DeclarationChange {
                edit: Edit::Changed,
                what: format!("record {}", new.name),
                how,
                touched,
                span: new.span,
            });
        };
        if old.name != new.name {
            differ(format!("was written `{}`", old.name), Touched::Nothing);
        }
        if old.source != new.source {
            differ(format!("was read from `{}`, is read from `{}`", old.source, new.source), Touched::Reading);
        }
        let name = |record: &RecordType, field: Option<FieldId>| {
            field.map_or_else(|| "none".to_owned(), |field| format!("`{}`", record.field(field).name))
        };
        let names = |field: fn(&RecordType) -> Option<FieldId>| (name(old, field(old)), name(new, field(new)));
        let same = |(old, new): &(String, String)| crate::value::fold(old) == crate::value::fold(new);
        let keys = names(|record| Some(record.key));
        if !same(&keys) {
            differ(format!("the key was {}, is {}", keys.0, keys.1), Touched::Record(id));
        }
        let created = names(|record| record.created);
        if !same(&created) {
            differ(format!("the created field was {}, is {}", created.0, created.1), Touched::Order(id));
        }
        if old.owner_column != new.owner_column {
            let shown = |column: &Option<String>| column.as_ref().map_or("none".to_owned(), |name| format!("`{name}`"));
            let how = format!(
                "the column of the current owner was {}, is {}",
                shown(&old.owner_column),
                shown(&new.owner_column)
            );
            differ(how, Touched::Reading);
        }
        if old.inferred != new.inferred {
            let word = if new.inferred { "is inferred from the data now" } else { "was inferred from the data" };
            differ(word.to_owned(), Touched::Record(id));
        }
    }
}
