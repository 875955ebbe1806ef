//! Numbers for names and texts: pseudonyms that entries hold in place of what may be erased, and rules kept once.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::encoding::text_commitment;
use super::error::LedgerError;
use super::merkle::Hash;
use super::types::RuleRef;
use crate::value::Owner;

/// Random bytes, fetched from the system in large pieces: a million single calls would take longer than the hashing.
pub(super) struct Salts {
    pool: Vec<u8>,
    used: usize,
}

impl Salts {
    const POOL_BYTES: usize = 32 * 1024;

    pub fn new() -> Self {
        Self { pool: vec![0; Self::POOL_BYTES], used: Self::POOL_BYTES }
    }

    pub fn draw(&mut self) -> Result<Hash, LedgerError> {
        if self.used == self.pool.len() {
            getrandom::fill(&mut self.pool).map_err(|error| LedgerError::Random { detail: error.to_string() })?;
            self.used = 0;
        }
        let mut salt = [0; 32];
        salt.copy_from_slice(&self.pool[self.used..self.used + 32]);
        self.used += 32;
        Ok(salt)
    }
}

/// A text that is stored once.
#[derive(Clone, Copy)]
pub(super) struct TextId {
    pub id: i64,
    pub commitment: Hash,
}

/// Finds or makes the number of a name or text, within one transaction.
pub(super) struct Interner<'db, 'draft> {
    connection: &'db Connection,
    find_subject: Statement<'db>,
    add_subject: Statement<'db>,
    last_subject: Option<(&'draft str, &'draft str, i64)>,
    owners: HashMap<&'draft Owner, i64>,
    rules: HashMap<&'draft RuleRef, i64>,
    texts: HashMap<String, TextId>,
    paths: HashMap<Vec<&'draft str>, (TextId, String)>,
    pub salts: Salts,
}

impl<'db, 'draft> Interner<'db, 'draft> {
    pub fn new(connection: &'db Connection) -> Result<Self, LedgerError> {
        Ok(Self {
            connection,
            find_subject: connection.prepare("SELECT id FROM subjects WHERE record = ?1 AND key = ?2")?,
            add_subject: connection.prepare("INSERT INTO subjects (record, key) VALUES (?1, ?2)")?,
            last_subject: None,
            owners: HashMap::new(),
            rules: HashMap::new(),
            texts: HashMap::new(),
            paths: HashMap::new(),
            salts: Salts::new(),
        })
    }

    /// There are as many subjects as records, so they are not remembered here; entries of one record mostly stand
    /// together, and the last one is.
    pub fn subject(&mut self, record: &'draft str, key: &'draft str) -> Result<i64, LedgerError> {
        if let Some((last_record, last_key, id)) = self.last_subject
            && last_key == key
            && last_record == record
        {
            return Ok(id);
        }
        let found = self.find_subject.query_row(params![record, key], |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None => self.add_subject.insert(params![record, key])?,
        };
        self.last_subject = Some((record, key, id));
        Ok(id)
    }

    pub fn owner(&mut self, owner: &'draft Owner) -> Result<i64, LedgerError> {
        if let Some(id) = self.owners.get(owner) {
            return Ok(*id);
        }
        let values = params![owner.kind.word(), owner.id];
        let id = self.find_or_add(
            "SELECT id FROM owners WHERE kind = ?1 AND name = ?2",
            "INSERT INTO owners (kind, name) VALUES (?1, ?2)",
            values,
        )?;
        self.owners.insert(owner, id);
        Ok(id)
    }

    pub fn rule(&mut self, rule: &'draft RuleRef) -> Result<i64, LedgerError> {
        if let Some(id) = self.rules.get(rule) {
            return Ok(*id);
        }
        let values = params![rule.label, rule.fingerprint, rule.place];
        let id = self.find_or_add(
            "SELECT id FROM rules WHERE label IS ?1 AND fingerprint = ?2 AND place = ?3",
            "INSERT INTO rules (label, fingerprint, place) VALUES (?1, ?2, ?3)",
            values,
        )?;
        self.rules.insert(rule, id);
        Ok(id)
    }

    fn find_or_add(&self, find: &str, add: &str, values: &[&dyn rusqlite::ToSql]) -> Result<i64, LedgerError> {
        let found = self.connection.query_row(find, values, |row| row.get(0)).optional()?;
        match found {
            Some(id) => Ok(id),
            None => Ok(self.connection.prepare_cached(add)?.insert(values)?),
        }
    }

    pub fn text(&mut self, text: &str) -> Result<TextId, LedgerError> {
        if let Some(id) = self.texts.get(text) {
            return Ok(*id);
        }
        let found = self
            .connection
            .prepare_cached("SELECT id, commitment FROM texts WHERE text = ?1")?
            .query_row([text], |row| Ok(TextId { id: row.get(0)?, commitment: row.get(1)? }))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => self.add_text(text)?,
        };
        self.texts.insert(text.to_owned(), id);
        Ok(id)
    }

    fn add_text(&mut self, text: &str) -> Result<TextId, LedgerError> {
        let salt = self.salts.draw()?;
        let commitment = text_commitment(&salt, text);
        let id = self
            .connection
            .prepare_cached("INSERT INTO texts (salt, commitment, text) VALUES (?1, ?2, ?3)")?
            .insert(params![salt, commitment, text])?;
        Ok(TextId { id, commitment })
    }

    /// The list of paths as JSON, by number: nearly all entries of one role share it.
    pub fn paths(
        &mut self,
        values: &'draft [(std::sync::Arc<str>, Option<String>)],
    ) -> Result<(i64, &str), LedgerError> {
        let paths: Vec<&'draft str> = values.iter().map(|(path, _)| &**path).collect();
        if !self.paths.contains_key(&paths) {
            let json = json_array(paths.iter().map(|path| Some(*path)))?;
            let id = self.text(&json)?;
            self.paths.insert(paths.clone(), (id, json));
        }
        // Just put in if it was not there.
        let (id, json) = &self.paths[&paths];
        Ok((id.id, json))
    }
}

/// A JSON array of texts and nulls.
pub(super) fn json_array<'a>(items: impl Iterator<Item = Option<&'a str>>) -> Result<String, LedgerError> {
    let items: Vec<_> = items.collect();
    serde_json::to_string(&items).map_err(|error| LedgerError::Draft { detail: error.to_string() })
}
