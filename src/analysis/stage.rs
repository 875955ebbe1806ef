//! The people a proof imagines: everybody a policy names may own, and for each team, and for nobody in particular, there
//! is somebody.

use crate::assign::{self, Binding, Unknown};
use crate::check::policy::{TargetKind, TypedPolicy};
use crate::diagnostic::Severity;
use crate::schema::{Directory, Membership, Person};
use crate::value::{Owner, OwnerKind, fold};

/// A directory made up from a policy alone, and the owners that a record of it can have.
pub(super) struct Stage {
    pub binding: Binding,
    /// Somebody of each kind that rules can tell apart, whom the policy names first.
    pub owners: Vec<Owner>,
}

/// Somebody whom no policy names.
pub(super) const SOMEBODY: &str = "somebody else";

/// Names told one by one as owners that a record may have; beyond them one of the others stands for all.
const OWNERS_TRIED: usize = 200;

impl Stage {
    pub fn new(policy: &TypedPolicy, today: i32) -> Self {
        let schema = &policy.schema;
        let teams: Vec<&str> = schema.teams.iter().map(|team| team.name.as_str()).collect();
        let queues: Vec<&str> = schema.queues.iter().map(|queue| queue.name.as_str()).collect();
        let declared: rustc_hash::FxHashSet<String> = teams.iter().chain(&queues).map(|name| fold(name)).collect();
        let mut seen = declared.clone();
        let names = policy.names.iter().map(|name| name.text.as_str()).chain(owner_cells(policy));
        let mut people: Vec<Person> = names
            .filter(|name| seen.insert(fold(name)))
            .map(|name| Person { name: Some(name.trim().to_owned()), ..person(name.trim(), &[]) })
            .collect();
        let named = people.len();
        people.extend(teams.iter().map(|team| person(&format!("somebody in {team}"), &[team])));
        people.push(person(SOMEBODY, &[]));
        people.push(Person { active: false, ..person("somebody who left", &[]) });
        let inactive_in =
            |team: &&str| Person { active: false, ..person(&format!("somebody who left {team}"), &[team]) };
        people.extend(teams.iter().map(inactive_in));
        let of_person = |person: &Person| Owner::new(OwnerKind::Person, &person.key);
        let mut owners: Vec<Owner> = people[named..].iter().map(of_person).collect();
        owners.extend(people[..named].iter().take(OWNERS_TRIED).map(of_person));
        owners.extend(teams.iter().take(OWNERS_TRIED).map(|team| Owner::new(OwnerKind::Team, *team)));
        owners.extend(queues.iter().take(OWNERS_TRIED).map(|queue| Owner::new(OwnerKind::Queue, *queue)));
        let teams = schema.teams.iter().map(|team| (team.name.clone(), team.part_of.clone()));
        let directory = Directory::new(people, teams, queues.iter().map(|queue| (*queue).to_owned()), true);
        // What is said of the names belongs to the check against the true directory.
        let (binding, _) = assign::bind(policy, directory, Unknown::both(Severity::Note), today);
        Stage { binding, owners }
    }
}

fn person(key: &str, teams: &[&str]) -> Person {
    Person {
        key: key.to_owned(),
        teams: teams.iter().map(|team| Membership::always(*team)).collect(),
        active: true,
        manager: Some(SOMEBODY.to_owned()),
        ..Person::default()
    }
}

/// The cells of lists and tables that rules take owners from.
fn owner_cells(policy: &TypedPolicy) -> impl Iterator<Item = &str> {
    let columns = policy.chains().flatten().filter_map(|target| {
        let mut kind = &target.kind;
        while let TargetKind::Manager(inner) = kind {
            kind = inner;
        }
        match kind {
            TargetKind::Cell { list, column, .. } => Some((policy.schema.list(*list).data.as_ref()?, *column)),
            TargetKind::Table(table) => Some((policy.schema.table(table.table).data.as_ref()?, table.column)),
            _ => None,
        }
    });
    columns.flat_map(|(data, column)| (0..data.rows.len()).filter_map(move |row| data.cell(row, column)))
}
