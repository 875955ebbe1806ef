//! Teams that rules give records to, and in which nobody is.

use super::Binding;
use crate::check::policy::{NameId, TargetKind, TypedPolicy};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::OwnerKind;
use rustc_hash::FxHashSet;

/// Adds a warning for each team that is named as an owner and has no active member. A directory in which nobody is in any
/// team keeps no teams: nothing is said of it. Pools have their own word for it (`empty-pool`).
pub(super) fn report(policy: &TypedPolicy, binding: &Binding, diagnostics: &mut Vec<Diagnostic>) {
    let people = binding.directory().people();
    if people.iter().all(|person| person.teams.is_empty()) {
        return;
    }
    let mut told: FxHashSet<NameId> = FxHashSet::default();
    let names = policy.chains().flatten().filter_map(|target| match target.kind {
        TargetKind::Name(name) => Some((name, target.span)),
        _ => None,
    });
    for (name, span) in names {
        if told.insert(name) && is_empty_team(name, binding) {
            diagnostics.push(without_people(&policy.names[name.0 as usize].text, span));
        }
    }
}

fn is_empty_team(name: NameId, binding: &Binding) -> bool {
    let directory = binding.directory();
    binding.name(name).is_ok_and(|owner| {
        owner.kind == OwnerKind::Team
            && !directory
                .members(&owner.id, binding.today())
                .iter()
                .any(|key| directory.person(key).is_some_and(|person| person.active))
    })
}

fn without_people(name: &str, span: Span) -> Diagnostic {
    Diagnostic::warning(Code::TeamWithoutPeople, format!("no active person is in the team `{name}` today"))
        .at(span, "nobody would see to its records")
        .help("name the team in the column `team` of the directory, or declare it as a `queue`")
}
