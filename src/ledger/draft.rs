//! What a draft must be before anything of it is written.

use super::encoding::count_of;
use super::error::LedgerError;
use super::types::{EntryDraft, RunDraft, Totals};
use crate::value::Outcome;
use crate::value::time::{show_instant, timestamp};

/// Refuses a draft that contradicts itself. Errors: `Totals`, `Duplicate`, `Draft`.
pub(super) fn check(draft: &RunDraft) -> Result<(), LedgerError> {
    for instant in [draft.as_of, draft.recorded_at] {
        if timestamp(instant).as_microsecond() != instant {
            return Err(refuse(format!(
                "an instant lies outside the calendar, which ends at {}",
                show_instant(instant)
            )));
        }
    }
    if draft.backdate.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(refuse("the reason for backdating is empty"));
    }
    check_inputs(draft)?;
    check_totals(&draft.totals)?;
    check_counts(draft)?;
    check_duplicates(&draft.entries)
}

fn refuse(detail: impl Into<String>) -> LedgerError {
    LedgerError::Draft { detail: detail.into() }
}

fn check_inputs(draft: &RunDraft) -> Result<(), LedgerError> {
    let mut names: Vec<_> = draft.inputs.iter().map(|input| (&input.kind, &input.name)).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(refuse(format!("the {} `{}` is given twice", pair[0].0, pair[0].1))),
        None => Ok(()),
    }
}

/// Records read = sum of all outcomes that a read record can have, for each role of each record type.
pub(super) fn check_totals(totals: &[Totals]) -> Result<(), LedgerError> {
    let mut names: Vec<_> = totals.iter().map(|row| (&row.record, &row.role)).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(refuse(format!("`{} of {}` has two control totals", pair[0].1, pair[0].0)));
    }
    for row in totals {
        let decided = Outcome::ALL.into_iter().filter(|outcome| !matches!(outcome, Outcome::Adopted | Outcome::Gone));
        let sum = decided.fold(0_u64, |sum, outcome| sum.saturating_add(count_of(row, outcome)));
        if sum != row.read {
            return Err(LedgerError::Totals {
                record: row.record.to_string(),
                role: row.role.to_string(),
                read: row.read,
                sum,
            });
        }
    }
    Ok(())
}

/// No outcome can have more entries than records. Runs that record a command (a pin, a rename) have no totals.
fn check_counts(draft: &RunDraft) -> Result<(), LedgerError> {
    for row in &draft.totals {
        let mut counts = Outcome::ALL.map(|outcome| (outcome, 0_u64));
        let entries = draft.entries.iter().filter(|entry| entry.record == row.record && entry.role == row.role);
        for entry in entries {
            counts[entry.outcome as usize].1 += 1;
        }
        for (outcome, entries) in counts {
            let counted = count_of(row, outcome);
            if entries > counted {
                return Err(refuse(format!(
                    "`{} of {}` has {entries} entries of outcome {}, but only {counted} records were counted",
                    row.role,
                    row.record,
                    outcome.word()
                )));
            }
        }
    }
    Ok(())
}

/// One decision for each role of each record; only an adoption may stand before it.
fn check_duplicates(entries: &[EntryDraft]) -> Result<(), LedgerError> {
    let same = |a: &EntryDraft, b: &EntryDraft| a.key == b.key && a.role == b.role && a.record == b.record;
    // Sorted positions instead of a set of names: a million entries cost 8 MB, and their order within a name is kept.
    let mut positions: Vec<usize> = (0..entries.len()).collect();
    positions.sort_by(|a, b| {
        let (a, b) = (&entries[*a], &entries[*b]);
        (&a.record, &a.key, &a.role).cmp(&(&b.record, &b.key, &b.role))
    });
    for pair in positions.windows(2) {
        let (first, second) = (&entries[pair[0]], &entries[pair[1]]);
        let adopted_then_decided = first.outcome == Outcome::Adopted && second.outcome != Outcome::Adopted;
        if same(first, second) && !adopted_then_decided {
            return Err(LedgerError::Duplicate {
                record: second.record.to_string(),
                key: second.key.clone(),
                role: second.role.to_string(),
            });
        }
    }
    Ok(())
}
