//! What the ledger knows before a run, as values.

use super::exit::Result;
use super::teams::MEMBERS;
use crate::assign::RotationState;
use crate::check::policy::{RoleId, TypedPolicy};
use crate::compare::{
    Past, PastEntry, PastRule, PastTeam, PastTeams, Pin, PinOrigin, RolePast, SeenValues, Sight, members_from,
};
use crate::decide::Rotations;
use crate::ledger::{Companion, Ledger, LedgerError, RuleRef};

/// The ledger's last entries and looks, by role of this policy. Roles that the policy no longer has are left alone.
pub fn past(ledger: &Ledger, policy: &TypedPolicy) -> Result<Past> {
    let mut past = Past { roles: vec![RolePast::default(); policy.roles.len()], ..Past::default() };
    let find = |record: &str, role: &str| {
        policy.schema.find_record(record).and_then(|record| policy.find_role(record, role)).map(|id| id.0 as usize)
    };
    let mut pinned = Vec::new();
    ledger.current::<LedgerError>(|entry| {
        if let Some(companion) = entry.companion() {
            match (companion, entry.owner) {
                (Companion::Pin { .. }, Some(_)) => pinned.push(entry.seq),
                (Companion::HandingOver { role }, Some(outgoing)) => {
                    if let (Some(at), Some(until)) = (find(entry.record, role), entry.effective_until) {
                        past.roles[at].handing_over.insert(entry.key.to_owned(), (outgoing.clone(), until));
                    }
                }
                _ => {}
            }
        } else if let Some(at) = find(entry.record, entry.role) {
            let known = PastEntry {
                outcome: entry.outcome,
                owner: entry.owner.cloned(),
                previous: entry.previous.cloned(),
                rule: entry
                    .rule
                    .map(|rule| PastRule { label: rule.label.clone(), fingerprint: rule.meaning().to_owned() }),
                is_drift: entry.is_drift(),
                is_pin: entry.rule.is_some_and(RuleRef::is_pin),
                held_since: entry.rule.is_some_and(RuleRef::is_hold).then_some(entry.effective_from).flatten(),
            };
            past.roles[at].entries.insert(entry.key.to_owned(), known);
        }
        Ok(())
    })?;
    past.rotations = rotations(ledger)?;
    past.teams = teams(ledger, policy)?;
    past.pins = pins_by_command(ledger, &pinned, find)?;
    past.seen = seen(ledger, policy)?;
    if policy.asks_hours() {
        ledger.since::<LedgerError>(|since| {
            if let Some(at) = find(since.record, since.role) {
                past.roles[at].since.insert(since.key.to_owned(), since.as_of);
            }
            Ok(())
        })?;
    }
    ledger.shown::<LedgerError>(|shown| {
        if let Some(at) = find(shown.record, shown.role) {
            past.roles[at].shown.insert(shown.key.to_owned(), shown.owner.map(str::to_owned));
        }
        Ok(())
    })?;
    Ok(past)
}

/// Pins from their entries. What was erased pins nobody.
fn pins_by_command(
    ledger: &Ledger,
    seqs: &[u64],
    find: impl Fn(&str, &str) -> Option<usize>,
) -> std::result::Result<Vec<Pin>, LedgerError> {
    let mut pins = Vec::new();
    for entry in ledger.entries(seqs)? {
        let role = entry.companion().and_then(Companion::role).and_then(|role| find(&entry.record, role));
        let role = role.and_then(|at| u16::try_from(at).ok()).map(RoleId);
        if let (Some(role), Some(key), Some(owner), false) = (role, &entry.key, &entry.owner, entry.owner_is_erased()) {
            pins.push(Pin {
                role,
                key: key.clone(),
                owner: owner.clone(),
                because: entry.reason.clone(),
                from: entry.effective_from,
                until: entry.effective_until,
                origin: PinOrigin::Command { actor: entry.actor.clone(), as_of: entry.as_of },
            });
        }
    }
    Ok(pins)
}

/// Teams and places as they were last written down. What was erased is no longer known, and found anew.
fn teams(ledger: &Ledger, policy: &TypedPolicy) -> std::result::Result<Vec<PastTeams>, LedgerError> {
    let mut teams = vec![PastTeams::default(); policy.gathers.len()];
    let find = |record: &str, role: &str| {
        let record = policy.schema.find_record(record)?;
        policy.gathers.iter().position(|gather| gather.role.record == record && gather.role.name == role)
    };
    if policy.gathers.is_empty() {
        return Ok(teams);
    }
    ledger.current_values::<LedgerError>(
        |record, role| find(record, role).is_some(),
        |entry| {
            let values = entry.values.unwrap_or_default();
            let members = values.iter().rev().find(|(name, _)| name == MEMBERS);
            let members = members.and_then(|(_, text)| members_from(text.as_deref()?)).unwrap_or_default();
            if let (Some(at), Some(key)) = (find(&entry.record, &entry.role), entry.key) {
                teams[at].insert(key, PastTeam { outcome: entry.outcome, members });
            }
            Ok(())
        },
    )?;
    Ok(teams)
}

/// What earlier runs saw of the fields whose past rules ask for; empty where none does.
fn seen(ledger: &Ledger, policy: &TypedPolicy) -> std::result::Result<Vec<SeenValues>, LedgerError> {
    let schema = &policy.schema;
    let asked: Vec<_> = policy
        .asked_fields()
        .into_iter()
        .map(|(id, field)| (schema.record(id).name.as_str(), schema.record(id).field(field).name.as_str(), id, field))
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut seen = vec![SeenValues::default(); schema.records.len()];
    let place = |record: &str, name: &str| asked.iter().find(|one| one.0 == record && one.1 == name);
    ledger.seen::<LedgerError>(
        |record, name| place(record, name).is_some(),
        |found| {
            if let Some((.., record, field)) = place(found.record, found.name) {
                let sight = match found.value {
                    _ if found.is_erased => Sight::Erased,
                    Some(text) => Sight::Text(text),
                    None => Sight::Missing,
                };
                seen[record.0 as usize].add(found.key, *field, sight, found.run, found.as_of);
            }
            Ok(())
        },
    )?;
    Ok(seen)
}

/// Where rotations stood after the last run. A state that was erased or cannot be read begins anew.
fn rotations(ledger: &Ledger) -> std::result::Result<Rotations, LedgerError> {
    let mut rotations = Rotations::new();
    let is_rotation = |record: &str, role: &str| matches!(Companion::of(record, role), Some(Companion::Rotation));
    ledger.current_values::<LedgerError>(is_rotation, |entry| {
        let values = entry.values.unwrap_or_default();
        let state = values.first().and_then(|(_, state)| RotationState::from_json(state.as_deref()?).ok());
        if let (Some(key), Some(state)) = (entry.key, state) {
            rotations.insert(key, state);
        }
        Ok(())
    })?;
    Ok(rotations)
}
