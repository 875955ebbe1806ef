//! What exactly is hashed. Every digest begins with its own name and version, and every text with its length, so that
//! no two different things are ever the same bytes.
//!
//! To change an encoding is to give it a new version; a ledger outlives the program that wrote it.

use sha2::{Digest, Sha256};

use super::merkle::{Hash, hex};
use super::types::{RuleRef, RunDraft, Totals};
use crate::value::Outcome;

/// Feeds a digest field by field.
pub(super) struct Encoder(Sha256);

impl Encoder {
    pub fn new(name: &str) -> Self {
        let mut encoder = Self(Sha256::new());
        encoder.text(name);
        encoder
    }

    /// A leaf of the tree; the leading zero is RFC 6962's mark of leaves.
    fn leaf(name: &str) -> Self {
        let mut encoder = Self(Sha256::new());
        encoder.0.update([0]);
        encoder.text(name);
        encoder
    }

    pub fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    pub fn signed(&mut self, number: i64) {
        self.0.update(number.to_le_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text);
    }

    pub fn hash(&mut self, hash: &Hash) {
        self.0.update(hash);
    }

    pub fn maybe<T>(&mut self, value: Option<T>, feed: impl FnOnce(&mut Self, T)) {
        self.0.update([u8::from(value.is_some())]);
        if let Some(value) = value {
            feed(self, value);
        }
    }

    pub fn finish(self) -> Hash {
        self.0.finalize().into()
    }
}

/// The digest of an input's content, in hexadecimal.
pub(super) fn content_hash(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// An input by its digest, as it stands in the run's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InputHash {
    pub kind: String,
    pub name: String,
    pub hash: String,
}

pub(super) fn input_hashes(draft: &RunDraft) -> Vec<InputHash> {
    draft
        .inputs
        .iter()
        .map(|input| InputHash {
            kind: input.kind.clone(),
            name: input.name.clone(),
            hash: content_hash(&input.content),
        })
        .collect()
}

fn feed_inputs(encoder: &mut Encoder, inputs: &[InputHash]) {
    encoder.number(inputs.len() as u64);
    for input in inputs {
        encoder.text(&input.kind);
        encoder.text(&input.name);
        encoder.text(&input.hash);
    }
}

/// A run's id from what the answer depended on: base, inputs, snapshot, options and `as of`.
pub(super) fn run_id(base: &str, inputs: &[InputHash], snapshot: &str, options: &str, as_of: i64) -> String {
    let mut encoder = Encoder::new("ownward run id/1");
    encoder.text(base);
    feed_inputs(&mut encoder, inputs);
    encoder.text(snapshot);
    encoder.text(options);
    encoder.signed(as_of);
    hex(&encoder.finish())
}

/// The columns of an entry that its leaf covers.
pub(super) struct Leaf<'a> {
    pub seq: u64,
    pub run_id: &'a str,
    pub subject: i64,
    pub role: &'a str,
    pub outcome: &'a str,
    pub owner: Option<i64>,
    pub previous: Option<i64>,
    pub rule: Option<&'a RuleRef>,
    pub effective_from: Option<i64>,
    pub effective_until: Option<i64>,
    pub commitment: &'a Hash,
}

impl Leaf<'_> {
    pub fn hash(&self) -> Hash {
        let mut encoder = Encoder::leaf("ownward entry/1");
        encoder.number(self.seq);
        encoder.text(self.run_id);
        encoder.signed(self.subject);
        encoder.text(self.role);
        encoder.text(self.outcome);
        encoder.maybe(self.owner, Encoder::signed);
        encoder.maybe(self.previous, Encoder::signed);
        encoder.maybe(self.rule, |encoder, rule| {
            encoder.maybe(rule.label.as_deref(), Encoder::text);
            encoder.text(&rule.fingerprint);
            encoder.text(&rule.place);
        });
        encoder.maybe(self.effective_from, Encoder::signed);
        encoder.maybe(self.effective_until, Encoder::signed);
        encoder.hash(self.commitment);
        encoder.finish()
    }
}

/// What may have to be erased one day: an entry's leaf knows it by a salted commitment only.
///
/// Reason and pool state are here too, because both may name people.
pub(super) struct Secret<'a> {
    pub record: &'a str,
    pub key: &'a str,
    /// Kind and id.
    pub owner: Option<(&'a str, &'a str)>,
    pub previous: Option<(&'a str, &'a str)>,
    pub reason: Option<&'a str>,
    pub pool_state: Option<&'a str>,
    /// JSON array of the paths, exactly as stored.
    pub paths: &'a str,
    /// JSON array of the values, exactly as stored.
    pub values: &'a str,
}

impl Secret<'_> {
    pub fn commitment(&self, salt: &Hash) -> Hash {
        let mut encoder = Encoder::new("ownward entry values/1");
        encoder.hash(salt);
        encoder.text(self.record);
        encoder.text(self.key);
        for owner in [self.owner, self.previous] {
            encoder.maybe(owner, |encoder, (kind, id)| {
                encoder.text(kind);
                encoder.text(id);
            });
        }
        encoder.maybe(self.reason, Encoder::text);
        encoder.maybe(self.pool_state, Encoder::text);
        encoder.text(self.paths);
        encoder.text(self.values);
        encoder.finish()
    }
}

/// The commitment of a text that is stored once and used by many.
pub(super) fn text_commitment(salt: &Hash, text: &str) -> Hash {
    let mut encoder = Encoder::new("ownward text/1");
    encoder.hash(salt);
    encoder.text(text);
    encoder.finish()
}

/// The digest over what the owner columns showed in one run; rows come in the order of subject and role.
pub(super) struct ShownDigest {
    encoder: Encoder,
    pub row_count: u64,
}

impl ShownDigest {
    pub fn new() -> Self {
        Self { encoder: Encoder::new("ownward shown/1"), row_count: 0 }
    }

    pub fn add(&mut self, subject: i64, role: &str, value_commitment: Option<&Hash>) {
        self.encoder.signed(subject);
        self.encoder.text(role);
        self.encoder.maybe(value_commitment, Encoder::hash);
        self.row_count += 1;
    }

    pub fn finish(self) -> Hash {
        self.encoder.finish()
    }
}

/// Everything a run's row says. Its digest, chained to the one before, makes runs as tamper-evident as entries: the
/// tree covers only entries, and a run may have none.
pub(super) struct Seal<'a> {
    pub before: Option<&'a str>,
    pub id: &'a str,
    pub base: &'a str,
    pub snapshot: &'a str,
    pub options: &'a str,
    pub as_of: i64,
    pub recorded_at: i64,
    pub actor: &'a str,
    pub engine: &'a str,
    pub backdate: Option<&'a str>,
    pub inputs: &'a [InputHash],
    pub totals: &'a [Totals],
    pub shown_count: u64,
    pub shown_digest: &'a Hash,
    pub tree_size: u64,
    pub root: &'a str,
}

impl Seal<'_> {
    pub fn hash(&self) -> String {
        let mut encoder = Encoder::new("ownward run/1");
        encoder.maybe(self.before, Encoder::text);
        for text in [self.id, self.base, self.snapshot, self.options] {
            encoder.text(text);
        }
        encoder.signed(self.as_of);
        encoder.signed(self.recorded_at);
        encoder.text(self.actor);
        encoder.text(self.engine);
        encoder.maybe(self.backdate, Encoder::text);
        feed_inputs(&mut encoder, self.inputs);
        feed_totals(&mut encoder, self.totals);
        encoder.number(self.shown_count);
        encoder.hash(self.shown_digest);
        encoder.number(self.tree_size);
        encoder.text(self.root);
        hex(&encoder.finish())
    }
}

fn feed_totals(encoder: &mut Encoder, totals: &[Totals]) {
    encoder.number(totals.len() as u64);
    for row in totals {
        encoder.text(&row.record);
        encoder.text(&row.role);
        encoder.number(row.read);
        // Only what was counted, by word: an outcome added to the language later changes no old seal.
        let counted = Outcome::ALL.map(|outcome| (outcome, count_of(row, outcome)));
        let counted = counted.iter().filter(|(_, count)| *count > 0);
        encoder.number(counted.clone().count() as u64);
        for (outcome, count) in counted {
            encoder.text(outcome.word());
            encoder.number(*count);
        }
    }
}

/// How often an outcome was counted; 0 when it is not listed.
pub(super) fn count_of(totals: &Totals, outcome: Outcome) -> u64 {
    totals
        .outcomes
        .iter()
        .filter(|(listed, _)| *listed == outcome)
        .fold(0, |sum, (_, count)| sum.saturating_add(*count))
}
