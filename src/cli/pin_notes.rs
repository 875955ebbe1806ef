//! What a run says of its pins: those that are over, that count for nobody, and that the rules have made needless.

use super::decide::{role_name, rule_name};
use super::evaluate::Evaluation;
use super::session::Session;
use crate::assign::Binding;
use crate::check::policy::TypedPolicy;
use crate::compare::{Pin, PinOrigin};
use crate::diagnostic::{Code, Diagnostic};
use crate::value::time::{self, AsOf};

/// Where a pin is written, or who gave it and when: `in pins.own:3:1`, `by ops at 2026-01-31T09:00:00Z`.
pub fn said_by(session: &Session, pin: &Pin) -> String {
    match &pin.origin {
        PinOrigin::Policy(span) => format!("in {}", session.sources().place(*span)),
        PinOrigin::Command { actor, as_of } => {
            format!("by {actor} at {}", time::show_second_in(*as_of, &session.project.config.zone))
        }
    }
}

/// Pins that are over, and pins by command whose owner may not own. Binding speaks of the owners that policies name.
pub fn standing(policy: &TypedPolicy, pins: &[Pin], binding: &Binding, as_of: &AsOf) -> Vec<Diagnostic> {
    let today = as_of.today();
    let mut notes = Vec::new();
    for pin in pins {
        if pin.is_over(today) {
            let note = Diagnostic::note(Code::ExpiredPin, format!("the pin on `{}` is over", pin.key));
            let why = "its last day has passed: the rules decide";
            notes.push(placed(note, policy, pin, why, "remove it, or give it a later day"));
        } else if let Some(reason) = pin.refused(binding).filter(|_| pin.is_command()) {
            let note = Diagnostic::warning(Code::InactiveOwner, reason);
            notes.push(placed(
                note,
                policy,
                pin,
                "the pin does not count: the rules decide",
                "pin it to somebody else",
            ));
        }
    }
    notes
}

/// A live pin whose record is not in the source.
pub fn absent(policy: &TypedPolicy, pin: &Pin) -> Diagnostic {
    let record = &policy.schema.record(policy.role(pin.role).record).name;
    let note = Diagnostic::note(Code::AbsentPin, format!("the pin on `{}` names no {record} of the source", pin.key));
    placed(note, policy, pin, "counts for nobody", "correct the key, or remove the pin")
}

/// Pins in force whose owner the rules would name as well: they have done their work.
pub fn needless(session: &Session, found: &Evaluation) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for role in session.policy.role_ids() {
        let mut pinned: Vec<_> = found.run.inputs[role.0 as usize].pinned.iter().collect();
        pinned.sort_unstable_by_key(|(row, _)| **row);
        for (row, pinned) in pinned {
            let Some(pin) = found.run.pins.get(pinned.pin) else { continue };
            if let Some((rule, owner)) = found.rules_alone(&session.policy, role, *row)
                && owner == pin.owner
            {
                let note = Diagnostic::note(Code::NeedlessPin, format!("the pin on `{}` is needless", pin.key));
                let why = format!(
                    "`{}` gives {} `{}` too",
                    rule_name(session, role, rule),
                    role_name(session, role),
                    owner.id
                );
                notes.push(placed(
                    note,
                    &session.policy,
                    pin,
                    &why,
                    "remove it, unless it guards against a change to come",
                ));
            }
        }
    }
    notes
}

/// Puts a message where the pin is written; of one by command it says who gave it, and how to take it back.
fn placed(note: Diagnostic, policy: &TypedPolicy, pin: &Pin, why: &str, help: &str) -> Diagnostic {
    match &pin.origin {
        PinOrigin::Policy(span) => note.at(*span, why).help(help),
        PinOrigin::Command { actor, as_of } => note
            .with_note(why)
            .with_note(format!("given by {actor} at {}", time::show_second(*as_of)))
            .help(format!("{help}: `{}`", unpin(policy, pin))),
    }
}

/// The command that takes a pin back.
pub fn unpin(policy: &TypedPolicy, pin: &Pin) -> String {
    let role = policy.role(pin.role);
    let record = &policy.schema.record(role.record).name;
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_.:@/".contains(letter);
    let key = if pin.key.chars().all(is_plain) { pin.key.clone() } else { format!("{:?}", pin.key) };
    let role = if role.name == "owner" { String::new() } else { format!(" --role {}", role.name) };
    format!("ownward unpin {record} {key}{role}")
}
