//! Recording a run: one transaction, so that it is there whole or not at all.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::Ledger;
use super::draft;
use super::encoding::{self, InputHash, Leaf, Seal, Secret, ShownDigest};
use super::error::LedgerError;
use super::intern::{Interner, json_array};
use super::merkle::{Frontier, hex};
use super::open::connect_writable;
use super::read::{self, Tip};
use super::types::{Appended, EntryDraft, RunDraft, Totals};
use crate::value::{Outcome, Owner};

/// The id a draft gets as a run: the digest of base, inputs, snapshot, options and `as of`. Actor, clock and entries are
/// no part of it: the same question asked of the same state is the same run.
pub fn run_id(draft: &RunDraft) -> String {
    id_of(draft, &encoding::input_hashes(draft))
}

fn id_of(draft: &RunDraft, inputs: &[InputHash]) -> String {
    encoding::run_id(&draft.base, inputs, &draft.snapshot, &draft.options, draft.as_of)
}

/// How a test makes saving fail.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CommitFault {
    /// The error comes although the run was saved.
    Saved,
    /// The error comes and the run is lost.
    Lost,
}

impl Ledger {
    /// Records a run. A run whose id is already there writes nothing and says `repeated`.
    ///
    /// Errors, each with nothing written: `Totals`, `Duplicate` and `Draft` for a draft that contradicts itself; `Stale`
    /// when the ledger is no longer at `base`; `Backdated`; `Locked`, `Full`, `ReadOnly`, `Damaged`. After a failed save
    /// the file is opened again and the run looked up by its id: if it is there, that is success; else
    /// `CommitUnknown`, and only a person may try again. Source: design section 5.
    pub fn append(&mut self, draft: &RunDraft) -> Result<Appended, LedgerError> {
        self.append_run(draft).map_err(|error| error.in_file(&self.path))
    }

    fn append_run(&mut self, draft: &RunDraft) -> Result<Appended, LedgerError> {
        draft::check(draft)?;
        let inputs = encoding::input_hashes(draft);
        let id = id_of(draft, &inputs);
        #[cfg(test)]
        let fault = self.commit_fault.take();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(appended) = find_run(&transaction, &id)? {
            return Ok(Appended { repeated: true, ..appended });
        }
        let tip = read::tip(&transaction)?;
        check_tip(&transaction, draft, &tip)?;
        write_run(&transaction, draft, &id, &inputs, tip)?;
        // Built before saving: afterwards nothing may fail any more.
        let appended = find_run(&transaction, &id)?
            .ok_or_else(|| LedgerError::damaged("a run that was just written is not there"))?;
        #[cfg(test)]
        let saved = commit_with_fault(transaction, fault);
        #[cfg(not(test))]
        let saved = transaction.commit();
        match saved {
            Ok(()) => Ok(appended),
            Err(error) => self.look_again(&id, error.into()),
        }
    }

    /// Finds out what became of a run whose saving failed. The old connection is closed first: the next one then
    /// recovers the file as any later program would, so both see the same.
    fn look_again(&mut self, id: &str, cause: LedgerError) -> Result<Appended, LedgerError> {
        let mut look = || -> Result<Option<Appended>, LedgerError> {
            let closed = std::mem::replace(&mut self.connection, Connection::open_in_memory()?);
            drop(closed);
            self.connection = connect_writable(&self.path)?;
            find_run(&self.connection, id)
        };
        let unknown =
            |detail: String| LedgerError::CommitUnknown { path: self.path.clone(), run: id.to_owned(), detail };
        let path = self.path.clone();
        let cause = cause.in_file(&path);
        match look() {
            Ok(Some(appended)) => Ok(appended),
            // Here SQLite itself says that not all of it was written.
            Ok(None) if matches!(cause, LedgerError::Full { .. } | LedgerError::Locked { .. }) => Err(cause),
            Ok(None) => Err(unknown(format!("{}; opened again, the ledger does not hold it", cause.headline()))),
            Err(error) => Err(unknown(format!("{}; and then: {}", cause.headline(), error.in_file(&path).headline()))),
        }
    }
}

#[cfg(test)]
fn commit_with_fault(transaction: Transaction<'_>, fault: Option<CommitFault>) -> Result<(), rusqlite::Error> {
    match fault {
        None => return transaction.commit(),
        Some(CommitFault::Saved) => transaction.commit()?,
        Some(CommitFault::Lost) => transaction.rollback()?,
    }
    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC), None))
}

fn find_run(connection: &Connection, id: &str) -> Result<Option<Appended>, LedgerError> {
    let entry_count: Option<i64> =
        connection.query_row("SELECT entry_count FROM runs WHERE id = ?1", [id], |row| row.get(0)).optional()?;
    let Some(entry_count) = entry_count else {
        return Ok(None);
    };
    Ok(Some(Appended {
        run: id.to_owned(),
        entry_count: read::count(entry_count)?,
        repeated: false,
        head: read::tip(connection)?.head,
    }))
}

fn check_tip(connection: &Connection, draft: &RunDraft, tip: &Tip) -> Result<(), LedgerError> {
    if draft.base != tip.head.root {
        return Err(LedgerError::Stale { base: draft.base.clone(), head: tip.head.root.clone() });
    }
    if draft.is_command() || draft.backdate.is_some() {
        return Ok(());
    }
    match read::last_decision(connection)? {
        Some((last_as_of, last_run)) if draft.as_of < last_as_of => {
            Err(LedgerError::Backdated { as_of: draft.as_of, last_as_of, last_run })
        }
        _ => Ok(()),
    }
}

pub(super) fn write_run(
    connection: &Transaction<'_>,
    draft: &RunDraft,
    id: &str,
    inputs: &[InputHash],
    tip: Tip,
) -> Result<(), LedgerError> {
    let number = signed(tip.head.run_count + 1)?;
    let mut totals = draft.totals.clone();
    totals.sort_by(|a, b| (&a.record, &a.role).cmp(&(&b.record, &b.role)));
    let mut interner = Interner::new(connection)?;
    let mut frontier = tip.frontier;
    write_entries(connection, &mut interner, &draft.entries, number, id, &mut frontier)?;
    let shown = write_shown(connection, &mut interner, draft, number)?;
    let shown_count = shown.row_count;
    let shown_digest = shown.finish();
    write_inputs(connection, draft, inputs, number)?;
    write_totals(connection, &totals, number)?;
    let root = hex(&frontier.root());
    let seal = Seal {
        before: tip.head.seal.as_deref(),
        id,
        base: &draft.base,
        snapshot: &draft.snapshot,
        options: &draft.options,
        as_of: draft.as_of,
        recorded_at: draft.recorded_at,
        actor: &draft.actor,
        engine: &draft.engine,
        backdate: draft.backdate.as_deref(),
        inputs,
        totals: &totals,
        shown_count,
        shown_digest: &shown_digest,
        tree_size: frontier.size(),
        root: &root,
    };
    connection.execute(
        "INSERT INTO runs (seq, id, base, snapshot, options, as_of, recorded_at, actor, engine, backdate, entry_count,
           tree_size, frontier, root, shown_count, shown_digest, seal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
        params![
            number,
            id,
            draft.base,
            draft.snapshot,
            draft.options,
            draft.as_of,
            draft.recorded_at,
            draft.actor,
            draft.engine,
            draft.backdate,
            signed(draft.entries.len() as u64)?,
            signed(frontier.size())?,
            frontier.to_bytes(),
            root,
            signed(shown_count)?,
            shown_digest,
            seal.hash(),
        ],
    )?;
    Ok(())
}

fn write_entries<'draft>(
    connection: &Connection,
    interner: &mut Interner<'_, 'draft>,
    entries: &'draft [EntryDraft],
    run: i64,
    run_id: &str,
    frontier: &mut Frontier,
) -> Result<(), LedgerError> {
    let mut add_entry = connection.prepare(
        "INSERT INTO entries (seq, run, subject, role, outcome, owner, previous, rule, effective_from, effective_until,
           commitment, leaf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut add_details = connection
        .prepare("INSERT INTO details (seq, salt, reason, pool_state, paths, vals) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for entry in entries {
        let seq = frontier.size() + 1;
        let row = signed(seq)?;
        let subject = interner.subject(&entry.record, &entry.key)?;
        let owner = entry.owner.as_ref().map(|owner| interner.owner(owner)).transpose()?;
        let previous = entry.previous.as_ref().map(|owner| interner.owner(owner)).transpose()?;
        let rule = entry.rule.as_deref().map(|rule| interner.rule(rule)).transpose()?;
        let reason = entry.reason.as_deref().map(|text| interner.text(text)).transpose()?;
        let salt = interner.salts.draw()?;
        let values = json_array(entry.values.iter().map(|(_, value)| value.as_deref()))?;
        let (paths_id, paths) = interner.paths(&entry.values)?;
        let commitment = Secret {
            record: &entry.record,
            key: &entry.key,
            owner: entry.owner.as_ref().map(names),
            previous: entry.previous.as_ref().map(names),
            reason: entry.reason.as_deref(),
            pool_state: entry.pool_state.as_deref(),
            paths,
            values: &values,
        }
        .commitment(&salt);
        let leaf = Leaf {
            seq,
            run_id,
            subject,
            role: &entry.role,
            outcome: entry.outcome.word(),
            owner,
            previous,
            rule: entry.rule.as_deref(),
            effective_from: entry.effective_from.map(i64::from),
            effective_until: entry.effective_until.map(i64::from),
            commitment: &commitment,
        }
        .hash();
        add_entry.execute(params![
            row,
            run,
            subject,
            &*entry.role,
            entry.outcome.word(),
            owner,
            previous,
            rule,
            entry.effective_from,
            entry.effective_until,
            commitment,
            leaf,
        ])?;
        let reason = reason.map(|text| text.id);
        add_details.execute(params![row, salt, reason, entry.pool_state, paths_id, values])?;
        frontier.push(leaf);
    }
    Ok(())
}

fn names(owner: &Owner) -> (&str, &str) {
    (owner.kind.word(), &owner.id)
}

/// Writes what the owner columns and fields showed, where it differs from the last time.
fn write_shown<'draft>(
    connection: &Connection,
    interner: &mut Interner<'_, 'draft>,
    draft: &'draft RunDraft,
    run: i64,
) -> Result<ShownDigest, LedgerError> {
    let mut rows = Vec::with_capacity(draft.shown.len());
    for shown in &draft.shown {
        let subject = interner.subject(&shown.record, &shown.key)?;
        let value = shown.value.as_deref().map(|text| interner.text(text)).transpose()?;
        rows.push((subject, &*shown.role, value, shown));
    }
    // The order of the table, which is the order of its digest.
    rows.sort_by_key(|(subject, role, ..)| (*subject, *role));
    let mut find =
        connection.prepare("SELECT value FROM shown WHERE subject = ?1 AND role = ?2 ORDER BY run DESC LIMIT 1")?;
    let mut add = connection.prepare("INSERT INTO shown (subject, role, run, value) VALUES (?1, ?2, ?3, ?4)")?;
    // A first run has a million rows and nothing to compare them with.
    let first: bool = connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM shown)", [], |row| row.get(0))?;
    let mut digest = ShownDigest::new();
    let mut before = None;
    for (subject, role, value, shown) in rows {
        if before == Some((subject, role)) {
            return Err(LedgerError::Draft {
                detail: format!(
                    "what the source showed of {} `{}` is given twice for `{role}`",
                    shown.record, shown.key
                ),
            });
        }
        before = Some((subject, role));
        let id = value.map(|text| text.id);
        let last: Option<Option<i64>> =
            if first { None } else { find.query_row(params![subject, role], |row| row.get(0)).optional()? };
        if last != Some(id) {
            add.execute(params![subject, role, run, id])?;
            digest.add(subject, role, value.as_ref().map(|text| &text.commitment));
        }
    }
    Ok(digest)
}

fn write_inputs(connection: &Connection, draft: &RunDraft, inputs: &[InputHash], run: i64) -> Result<(), LedgerError> {
    // A content that was erased and is used again is there again.
    let mut add_content = connection.prepare(
        "INSERT INTO contents (hash, content) VALUES (?1, ?2)
         ON CONFLICT (hash) DO UPDATE SET content = excluded.content WHERE content IS NULL",
    )?;
    let mut add_input =
        connection.prepare("INSERT INTO run_inputs (run, position, kind, name, hash) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (position, (input, hashed)) in draft.inputs.iter().zip(inputs).enumerate() {
        add_content.execute(params![hashed.hash, input.content])?;
        let position = signed(position as u64)?;
        add_input.execute(params![run, position, hashed.kind, hashed.name, hashed.hash])?;
    }
    Ok(())
}

fn write_totals(connection: &Connection, totals: &[Totals], run: i64) -> Result<(), LedgerError> {
    let mut add =
        connection.prepare("INSERT INTO totals (run, record, role, outcome, count) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for row in totals {
        add.execute(params![run, &*row.record, &*row.role, "read", signed(row.read)?])?;
        for outcome in Outcome::ALL {
            let count = encoding::count_of(row, outcome);
            if count > 0 {
                let word = outcome.word();
                add.execute(params![run, &*row.record, &*row.role, word, signed(count)?])?;
            }
        }
    }
    Ok(())
}

/// A count as SQLite holds it.
fn signed(number: u64) -> Result<i64, LedgerError> {
    i64::try_from(number)
        .map_err(|_| LedgerError::Draft { detail: format!("{number} is more than a ledger can count") })
}
