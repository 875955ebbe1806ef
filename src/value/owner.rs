//! Who can own a record, and what came of deciding it.

use serde::{Deserialize, Serialize};

/// What sort of owner an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnerKind {
    Person,
    Team,
    Queue,
    /// An id the source's owner column showed that the directory does not know. It stays until a rule decides.
    Unlisted,
}

impl OwnerKind {
    pub fn word(self) -> &'static str {
        match self {
            OwnerKind::Person => "person",
            OwnerKind::Team => "team",
            OwnerKind::Queue => "queue",
            OwnerKind::Unlisted => "unlisted",
        }
    }

    /// The kind a word of [`OwnerKind::word`] names.
    pub fn from_word(word: &str) -> Option<Self> {
        [OwnerKind::Person, OwnerKind::Team, OwnerKind::Queue, OwnerKind::Unlisted]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// An owner: a person by key, a team or queue by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Owner {
    pub kind: OwnerKind,
    pub id: String,
}

impl Owner {
    pub fn new(kind: OwnerKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id)
    }
}

/// What came of one role of one record (design section 3, point 1). Never two of them for the same decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A rule named an owner.
    Assigned,
    /// A rule, a pin or drift kept the owner the record had.
    Kept,
    /// A rule said that nobody owns it: the owner is released.
    Nobody,
    /// No rule matched: the owner stays and the record is listed.
    Unmatched,
    /// The record breaks its schema where the role reads it: the owner stays and the record is listed.
    Invalid,
    /// First sight of a record whose source already showed an owner.
    Adopted,
    /// The record left a complete snapshot: the owner is released.
    Gone,
}

impl Outcome {
    pub const ALL: [Outcome; 7] = [
        Outcome::Assigned,
        Outcome::Kept,
        Outcome::Nobody,
        Outcome::Unmatched,
        Outcome::Invalid,
        Outcome::Adopted,
        Outcome::Gone,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Outcome::Assigned => "assigned",
            Outcome::Kept => "kept",
            Outcome::Nobody => "nobody",
            Outcome::Unmatched => "unmatched",
            Outcome::Invalid => "invalid",
            Outcome::Adopted => "adopted",
            Outcome::Gone => "gone",
        }
    }

    /// The outcome a word of [`Outcome::word`] names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// Whether the owner the record had stays because nothing was decided.
    pub fn needs_decision(self) -> bool {
        matches!(self, Outcome::Unmatched | Outcome::Invalid)
    }
}
