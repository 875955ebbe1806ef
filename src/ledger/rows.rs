//! One entry as its columns stand in the file, side tables joined in.
//!
//! Reading trusts nothing: a column of another type, length or coding than Ownward writes is damage, never a panic.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::error::LedgerError;
use super::merkle::Hash;
use super::types::{ERASED, RuleRef};
use crate::value::{Outcome, Owner, OwnerKind};

pub(super) fn integer(row: &Row<'_>, column: usize) -> Result<i64, LedgerError> {
    Ok(row.get_ref(column)?.as_i64()?)
}

pub(super) fn maybe_integer(row: &Row<'_>, column: usize) -> Result<Option<i64>, LedgerError> {
    Ok(row.get_ref(column)?.as_i64_or_null()?)
}

pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, LedgerError> {
    Ok(row.get_ref(column)?.as_str()?)
}

pub(super) fn maybe_text<'r>(row: &'r Row<'_>, column: usize) -> Result<Option<&'r str>, LedgerError> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

pub(super) fn hash(row: &Row<'_>, column: usize) -> Result<Hash, LedgerError> {
    let bytes = row.get_ref(column)?.as_blob()?;
    bytes.try_into().map_err(|_| LedgerError::damaged(format!("a digest has {} bytes", bytes.len())))
}

pub(super) fn maybe_hash(row: &Row<'_>, column: usize) -> Result<Option<Hash>, LedgerError> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => hash(row, column).map(Some),
    }
}

/// A number that counts or numbers things: never below 0.
pub(super) fn count(number: i64) -> Result<u64, LedgerError> {
    u64::try_from(number).map_err(|_| LedgerError::damaged(format!("a count is {number}")))
}

pub(super) fn day(number: Option<i64>) -> Result<Option<i32>, LedgerError> {
    number
        .map(|number| {
            i32::try_from(number).map_err(|_| LedgerError::damaged(format!("{number} is no day of the calendar")))
        })
        .transpose()
}

pub(super) fn outcome(word: &str) -> Result<Outcome, LedgerError> {
    Outcome::from_word(word).ok_or_else(|| LedgerError::damaged(format!("`{word}` is no outcome")))
}

/// The columns of an entry and of its details, in the order [`RawEntry::of`] reads them. Owners and rules are few and
/// are looked up in [`Names`]. `WHERE`, `ORDER BY` and further columns follow.
pub(super) const ENTRY_COLUMNS: &str = "
  e.seq, e.run, e.subject, e.role, e.outcome, e.owner, e.previous, e.rule, e.effective_from, e.effective_until,
  e.commitment, e.leaf, s.record, s.key, d.salt, x.text, d.pool_state, p.text, d.vals, d.reason, s.id";
/// Columns above.
pub(super) const ENTRY_COLUMN_COUNT: usize = 21;
pub(super) const ENTRY_SOURCES: &str = "
  entries e LEFT JOIN subjects s ON s.id = e.subject LEFT JOIN details d ON d.seq = e.seq
  LEFT JOIN texts x ON x.id = d.reason LEFT JOIN texts p ON p.id = d.paths";

/// One entry, borrowed from the row.
pub(super) struct RawEntry<'r> {
    pub seq: u64,
    pub run: i64,
    pub subject: i64,
    pub role: &'r str,
    pub outcome: &'r str,
    pub owner: Option<i64>,
    pub previous: Option<i64>,
    pub rule: Option<i64>,
    pub effective_from: Option<i64>,
    pub effective_until: Option<i64>,
    pub commitment: Hash,
    pub leaf: Hash,
    /// `None`: the subject's row is missing, or its key was erased.
    pub record: Option<&'r str>,
    pub key: Option<&'r str>,
    /// `None`: erased.
    pub details: Option<RawDetails<'r>>,
    pub subject_found: bool,
}

/// What can be erased of an entry.
pub(super) struct RawDetails<'r> {
    pub salt: Hash,
    pub has_reason: bool,
    /// `None` although there is one: its text was erased.
    pub reason: Option<&'r str>,
    pub pool_state: Option<&'r str>,
    /// `None`: the list of paths is missing.
    pub paths: Option<&'r str>,
    pub values: &'r str,
}

impl<'r> RawEntry<'r> {
    pub fn of(row: &'r Row<'_>) -> Result<Self, LedgerError> {
        let details = match maybe_hash(row, 14)? {
            None => None,
            Some(salt) => Some(RawDetails {
                salt,
                reason: maybe_text(row, 15)?,
                pool_state: maybe_text(row, 16)?,
                paths: maybe_text(row, 17)?,
                values: text(row, 18)?,
                has_reason: maybe_integer(row, 19)?.is_some(),
            }),
        };
        Ok(Self {
            seq: count(integer(row, 0)?)?,
            run: integer(row, 1)?,
            subject: integer(row, 2)?,
            role: text(row, 3)?,
            outcome: text(row, 4)?,
            owner: maybe_integer(row, 5)?,
            previous: maybe_integer(row, 6)?,
            rule: maybe_integer(row, 7)?,
            effective_from: maybe_integer(row, 8)?,
            effective_until: maybe_integer(row, 9)?,
            commitment: hash(row, 10)?,
            leaf: hash(row, 11)?,
            record: maybe_text(row, 12)?,
            key: maybe_text(row, 13)?,
            subject_found: maybe_integer(row, 20)?.is_some(),
            details,
        })
    }
}

/// An owner by its pseudonym; `erased` owners have a made-up id.
pub(super) struct NamedOwner {
    pub owner: Owner,
    pub erased: bool,
}

/// All owners and rules by number: few beside the entries, so they are looked up in memory.
pub(super) struct Names {
    owners: HashMap<i64, NamedOwner>,
    rules: HashMap<i64, RuleRef>,
}

impl Names {
    pub fn load(connection: &Connection) -> Result<Self, LedgerError> {
        Ok(Self { owners: load_owners(connection)?, rules: load_rules(connection)? })
    }

    pub fn owner(&self, id: Option<i64>) -> Result<Option<&NamedOwner>, LedgerError> {
        find(&self.owners, id, "owner")
    }

    pub fn rule(&self, id: Option<i64>) -> Result<Option<&RuleRef>, LedgerError> {
        find(&self.rules, id, "rule")
    }
}

fn find<'a, T>(known: &'a HashMap<i64, T>, id: Option<i64>, what: &str) -> Result<Option<&'a T>, LedgerError> {
    match id {
        None => Ok(None),
        Some(id) => match known.get(&id) {
            Some(found) => Ok(Some(found)),
            None => Err(LedgerError::damaged(format!("its {what} {id} is missing"))),
        },
    }
}

/// Rows of `SELECT id, …` by their number.
fn load<T>(
    connection: &Connection,
    sql: &str,
    of: impl Fn(i64, &Row<'_>) -> Result<T, LedgerError>,
) -> Result<HashMap<i64, T>, LedgerError> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut known = HashMap::new();
    while let Some(row) = rows.next()? {
        let id = integer(row, 0)?;
        known.insert(id, of(id, row)?);
    }
    Ok(known)
}

fn load_owners(connection: &Connection) -> Result<HashMap<i64, NamedOwner>, LedgerError> {
    load(connection, "SELECT id, kind, name FROM owners", |id, row| {
        let kind = text(row, 1)?;
        let kind =
            OwnerKind::from_word(kind).ok_or_else(|| LedgerError::damaged(format!("`{kind}` is no kind of owner")))?;
        let name = maybe_text(row, 2)?;
        let shown = name.map_or_else(|| format!("{ERASED}{id}"), str::to_owned);
        Ok(NamedOwner { owner: Owner::new(kind, shown), erased: name.is_none() })
    })
}

fn load_rules(connection: &Connection) -> Result<HashMap<i64, RuleRef>, LedgerError> {
    load(connection, "SELECT id, label, fingerprint, place FROM rules", |_, row| {
        Ok(RuleRef {
            label: maybe_text(row, 1)?.map(str::to_owned),
            fingerprint: text(row, 2)?.to_owned(),
            place: text(row, 3)?.to_owned(),
        })
    })
}
