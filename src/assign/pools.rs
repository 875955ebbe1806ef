//! What is amiss between a policy's pools and its people.

use super::bind::{Binding, and_more};
use super::members::{has_column, member_keys};
use crate::check::policy::{MemberTest, NameId, Pool, TypedPolicy};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::Person;
use crate::value::OwnerKind;

/// Adds what is wrong with each pool: members that are no people, columns nobody has, weights that are not there.
pub(super) fn report(policy: &TypedPolicy, binding: &Binding, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(no_team(policy, binding));
    for pool in &policy.pools {
        let queue = queues(policy, pool, binding);
        let is_queue = queue.is_some();
        diagnostics.extend(queue);
        if is_queue || !binding.directory().has_people {
            continue;
        }
        if let Some(condition) = &pool.condition {
            condition.visit(&mut |test| diagnostics.extend(column(test, binding)));
        }
        let keys = member_keys(pool, binding);
        // A name that nobody answers to has been told of: that nobody belongs to it would be the same news again.
        let is_told = pool.members.iter().any(|name| binding.meant(*name).is_none());
        if keys.is_empty() {
            diagnostics.extend((!is_told).then(|| nobody(policy, pool, binding)));
        } else {
            diagnostics.extend(weights(pool, &keys, binding));
            diagnostics.extend(no_capacity(pool, &keys, binding));
        }
    }
}

/// People in no team, where pools choose from teams: a cell that was forgotten leaves somebody without records.
fn no_team(policy: &TypedPolicy, binding: &Binding) -> Option<Diagnostic> {
    let is_team = |name: &NameId| binding.meant(*name).is_some_and(|owner| owner.kind == OwnerKind::Team);
    let pool = policy.pools.iter().find(|pool| pool.members.iter().any(is_team))?;
    let people = binding.directory().people();
    let active = people.iter().filter(|person| person.active);
    let without: Vec<&str> =
        active.filter(|person| person.teams.is_empty()).map(|person| person.key.as_str()).collect();
    let first = without.first().filter(|_| without.len() < people.len())?;
    let people = if without.len() == 1 { "person is" } else { "people are" };
    Some(
        Diagnostic::note(Code::NoTeam, format!("{} active {people} in no team", without.len()))
            .at(pool.span, "chooses from a team")
            .with_note(format!("`{first}`{}", and_more(without.len())))
            .with_note("no pool of a team gives them a record")
            .help("name their team in the column `team` of the directory, if they should have one"),
    )
}

fn queues(policy: &TypedPolicy, pool: &Pool, binding: &Binding) -> Option<Diagnostic> {
    let queue = pool.members.iter().find(|name| {
        binding.meant(**name).is_some_and(|owner| !matches!(owner.kind, OwnerKind::Person | OwnerKind::Team))
    })?;
    let name = &policy.names[queue.0 as usize];
    Some(
        Diagnostic::error(Code::EmptyPool, format!("`{}` is a queue, which has no members", name.text))
            .at(pool.span, "nobody to choose from")
            .help(format!("name a team, or write `assign to {}`", name.text)),
    )
}

fn column(test: &MemberTest, binding: &Binding) -> Option<Diagnostic> {
    let directory = binding.directory();
    if has_column(directory, &test.column) {
        return None;
    }
    let mut known: Vec<&str> =
        directory.people().iter().flat_map(|person| person.extra.keys()).map(String::as_str).collect();
    known.sort_unstable();
    known.dedup();
    Some(
        Diagnostic::error(Code::UnknownColumn, format!("nobody in the directory has anything under `{}`", test.column))
            .at(test.span, "plain names in a condition on members are columns of the directory")
            .with_note(format!("its own columns: {}", if known.is_empty() { "none".into() } else { known.join(", ") }))
            .maybe_help(did_you_mean(&test.column, known.iter().copied())),
    )
}

fn nobody(policy: &TypedPolicy, pool: &Pool, binding: &Binding) -> Diagnostic {
    let names: Vec<&str> = pool.members.iter().map(|name| policy.names[name.0 as usize].text.as_str()).collect();
    let who = if names.is_empty() { "the directory".to_owned() } else { format!("`{}`", names.join("`, `")) };
    let teams = binding.directory().people().iter().flat_map(|person| &person.teams).map(|own| own.team.as_str());
    let near = names.first().and_then(|name| did_you_mean(name, teams));
    Diagnostic::warning(Code::EmptyPool, format!("nobody belongs to {who} today"))
        .at(pool.span, "nobody can be chosen")
        .with_note("its records go to what stands behind `else`, or stay with the owner they have")
        .help(
            near.unwrap_or_else(|| "name the team in the directory's `team` column, or add `else` and a queue".into()),
        )
}

fn weights(pool: &Pool, keys: &[String], binding: &Binding) -> Option<Diagnostic> {
    if !pool.by_weight {
        return None;
    }
    // Whoever has left receives nothing, with or without a weight.
    let active: Vec<&Person> =
        keys.iter().filter_map(|key| binding.directory().person(key)).filter(|person| person.active).collect();
    let without: Vec<&str> =
        active.iter().filter(|person| person.weight.is_none()).map(|person| person.key.as_str()).collect();
    let first = without.first()?;
    let headline = match without.len() == active.len() {
        true => "a pool by weight, and nobody in it has a weight".to_owned(),
        false => format!("{} of {} members of a pool by weight have none", without.len(), active.len()),
    };
    Some(
        Diagnostic::warning(Code::MissingWeight, headline)
            .at(pool.span, "a member without a weight counts as 1")
            .with_note(format!("`{first}`{}", and_more(without.len())))
            .help("write a number into the column `weight` of the directory; 0 receives nothing"),
    )
}

fn no_capacity(pool: &Pool, keys: &[String], binding: &Binding) -> Option<Diagnostic> {
    let is_closed = |key: &String| {
        binding.directory().person(key).is_none_or(|person| {
            !person.active
                || person.capacity == Some(0)
                || (pool.by_weight && person.weight.is_some_and(|w| w.is_zero()))
        })
    };
    keys.iter().all(is_closed).then(|| {
        Diagnostic::warning(Code::EmptyPool, "a pool in which nobody may ever receive")
            .at(pool.span, "every member is inactive, or has capacity or weight 0")
            .with_note("its records go to what stands behind `else`, or stay with the owner they have")
            .help("raise a capacity or a weight in the directory, or add somebody to the team")
    })
}
