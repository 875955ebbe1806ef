//! Teams and queues that are declared and that nothing names.

use super::policy::{ContestPerson, Expected, TargetKind, TypedPolicy};
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::{Directory, Tabular, Team};
use crate::source::Span;
use crate::value::fold;
use rustc_hash::FxHashSet;

/// A note for each declared team or queue that no rule, pin, pool, condition, test, list or table names. A team counts as
/// named where one that it is part of is, or one that is part of it; so does one with people, whom a run shows by their teams,
/// and nothing is said of teams while the people are not at hand. Where owners stand in fields of the records, any may be
/// named there, and nothing is said at all.
pub fn unused_owners(policy: &TypedPolicy, directory: &Directory) -> Vec<Diagnostic> {
    if finds_names(policy) {
        return Vec::new();
    }
    let schema = &policy.schema;
    let mut named = named(policy);
    cells(policy, &mut named);
    let memberships = directory.people().iter().flat_map(|person| &person.teams);
    named.extend(memberships.map(|own| fold(&own.team)));
    let is_judged = schema.people.is_none() || directory.has_people;
    let is_named = |name: &str| named.contains(&fold(name));
    let ways: Vec<Vec<String>> = schema.teams.iter().map(|team| way_up(&schema.teams, team)).collect();
    let teams = schema.teams.iter().zip(&ways).filter(|_| is_judged).filter(|(team, way)| {
        let own = fold(&team.name);
        let is_above = |(other, way): (&Team, &Vec<String>)| is_named(&other.name) && way.contains(&own);
        !way.iter().any(|above| named.contains(above)) && !schema.teams.iter().zip(&ways).any(is_above)
    });
    let queues = schema.queues.iter().filter(|queue| !is_named(&queue.name));
    let teams = teams.filter_map(|(team, _)| Some(unused("team", &team.name, team.span?)));
    teams.chain(queues.filter_map(|queue| Some(unused("queue", &queue.name, queue.span?)))).collect()
}

fn unused(what: &str, name: &str, span: Span) -> Diagnostic {
    Diagnostic::note(Code::UnusedOwner, format!("no rule names the {what} `{name}`"))
        .at(span, "declared here")
        .with_note("nor does a pin, a pool, a condition, a test, a list or a table")
        .help("remove it, or name it where its records should go")
}

/// Whether owners are found by names that stand in fields of records.
fn finds_names(policy: &TypedPolicy) -> bool {
    let by_field = policy.chains().flatten().any(|target| {
        let mut kind = &target.kind;
        while let TargetKind::Manager(inner) = kind {
            kind = inner;
        }
        matches!(kind, TargetKind::Field(_))
    });
    by_field || policy.contests.iter().any(|contest| matches!(contest.person, ContestPerson::Field(_)))
}

/// What policies name, folded.
fn named(policy: &TypedPolicy) -> FxHashSet<String> {
    let mut named: FxHashSet<String> = policy.names.iter().map(|name| fold(&name.text)).collect();
    for case in policy.tests.iter().flat_map(|test| &test.cases) {
        let teams = case.people.iter().flat_map(|person| &person.teams).map(|own| own.team.as_str());
        let owners = case.records.iter().flat_map(|record| &record.current).filter_map(|(_, name)| name.as_deref());
        let expected = case.expects.iter().filter_map(|expect| match &expect.expected {
            Some(Expected::Names(_, names)) => Some(names),
            _ => None,
        });
        named.extend(teams.chain(owners).chain(expected.flatten().map(String::as_str)).map(fold));
    }
    named
}

/// Adds what stands in lists and tables.
fn cells(policy: &TypedPolicy, named: &mut FxHashSet<String>) {
    let lists = policy.schema.lists.iter().filter_map(|list| list.data.as_ref());
    let tables = policy.schema.tables.iter().filter_map(|table| table.data.as_ref());
    let of = |data: &Tabular| data.rows.iter().flatten().flatten().map(|cell| fold(cell)).collect::<Vec<String>>();
    named.extend(lists.chain(tables).flat_map(of));
}

/// A team and every team that it is part of, folded. Ends on circles, which are errors of their own.
fn way_up(teams: &[Team], team: &Team) -> Vec<String> {
    let mut way = vec![fold(&team.name)];
    let mut at = team;
    while let Some(above) = at.part_of.as_ref().map(|name| fold(name)).filter(|above| !way.contains(above)) {
        let next = teams.iter().find(|other| fold(&other.name) == above);
        way.push(above);
        let Some(next) = next else { break };
        at = next;
    }
    way
}
