//! The people an owner can be: the company's directory, read from `person from SOURCE`.

use super::{Membership, Person};
use crate::value::{Owner, OwnerKind, fold};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

/// What a name in a policy, a table cell or an owner column turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Owner(Owner),
    /// The name of a person who is no longer active.
    Inactive(Owner),
    /// A name or an email that fits more than one person: their keys.
    Ambiguous(Vec<String>),
    Unknown,
}

/// All people, teams and queues, ready to look names up.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    people: Vec<Person>,
    by_key: FxHashMap<String, usize>,
    by_word: FxHashMap<String, Vec<usize>>,
    teams: IndexMap<String, TeamEntry>,
    queues: IndexMap<String, String>,
    /// Whether a people source was read at all; without one, an unknown name cannot be called wrong.
    pub has_people: bool,
}

#[derive(Clone, Debug)]
struct TeamEntry {
    name: String,
    part_of: Option<String>,
}

impl Directory {
    /// `people` in the order of the source; a key that comes again is dropped here (the reader reports it).
    pub fn new(
        people: Vec<Person>,
        teams: impl IntoIterator<Item = (String, Option<String>)>,
        queues: impl IntoIterator<Item = String>,
        has_people: bool,
    ) -> Self {
        let mut directory = Directory { has_people, ..Directory::default() };
        for (name, part_of) in teams {
            directory.teams.insert(fold(&name), TeamEntry { name, part_of: part_of.map(|parent| fold(&parent)) });
        }
        for name in queues {
            directory.queues.insert(fold(&name), name);
        }
        for person in people {
            directory.add(person);
        }
        directory
    }

    fn add(&mut self, person: Person) {
        if self.by_key.contains_key(&person.key) {
            return;
        }
        let index = self.people.len();
        self.by_key.insert(person.key.clone(), index);
        let mut words: Vec<String> = [&person.name, &person.email]
            .into_iter()
            .flatten()
            .map(|word| fold(word))
            .filter(|word| !word.is_empty())
            .collect();
        words.dedup();
        for word in words {
            self.by_word.entry(word).or_default().push(index);
        }
        self.people.push(person);
    }

    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The person of an exact key.
    pub fn person(&self, key: &str) -> Option<&Person> {
        self.by_key.get(key.trim()).map(|index| &self.people[*index])
    }

    /// Looks a name up: a declared team or queue, then a person's key, then an email or name. Blank is unknown.
    ///
    /// What the policy declares comes first, so that a new person in the directory cannot take over a queue.
    pub fn find(&self, name: &str) -> Found {
        let name = name.trim();
        if name.is_empty() {
            return Found::Unknown;
        }
        let folded = fold(name);
        if let Some(team) = self.teams.get(&folded) {
            return Found::Owner(Owner::new(OwnerKind::Team, &team.name));
        }
        if let Some(queue) = self.queues.get(&folded) {
            return Found::Owner(Owner::new(OwnerKind::Queue, queue));
        }
        if let Some(person) = self.person(name) {
            return found_person(person);
        }
        match self.by_word.get(&folded).map(Vec::as_slice) {
            Some([one]) => found_person(&self.people[*one]),
            Some(several) => Found::Ambiguous(several.iter().map(|at| self.people[*at].key.clone()).collect()),
            None => Found::Unknown,
        }
    }

    /// Whether the owner may own: teams and queues always, people while active. An owner nobody knows is not active.
    pub fn is_active(&self, owner: &Owner) -> bool {
        match owner.kind {
            OwnerKind::Team | OwnerKind::Queue => true,
            OwnerKind::Person => self.person(&owner.id).is_some_and(|person| person.active),
            OwnerKind::Unlisted => false,
        }
    }

    /// The manager of a person, as an owner; `None` where there is none, or where the name fits nobody or several.
    pub fn manager_of(&self, key: &str) -> Option<Found> {
        let manager = self.person(key)?.manager.as_deref()?;
        Some(self.find(manager))
    }

    /// Whether a person belongs on a day to a team, or to a team that is part of it at any depth. A person or a team that
    /// nobody knows: no.
    pub fn is_member(&self, key: &str, team: &str, day: i32) -> bool {
        let wanted = fold(team);
        self.person(key).is_some_and(|person| {
            let mut teams = person.teams.iter().filter(|own| own.counts_on(day));
            teams.any(|own| self.team_chain(&own.team).contains(&wanted))
        })
    }

    /// The keys of all who belong on a day to a team or to a team that is part of it, sorted; active or not, away or not.
    pub fn members(&self, team: &str, day: i32) -> Vec<&str> {
        let wanted = fold(team);
        let mut inside: FxHashMap<String, bool> = FxHashMap::default();
        let mut is_inside = |own: &Membership| match inside.get(&own.folded()) {
            Some(known) => *known,
            None => *inside.entry(own.folded()).or_insert(self.team_chain(&own.team).contains(&wanted)),
        };
        let is_member = |person: &&Person| person.teams.iter().any(|own| own.counts_on(day) && is_inside(own));
        let mut keys: Vec<&str> = self.people.iter().filter(is_member).map(|person| person.key.as_str()).collect();
        keys.sort_unstable();
        keys
    }

    /// The folded names of a team and of all teams it is part of. Ends on circles (the checker reports them).
    fn team_chain(&self, team: &str) -> Vec<String> {
        let mut chain = vec![fold(team)];
        while let Some(parent) =
            chain.last().and_then(|last| self.teams.get(last)).and_then(|entry| entry.part_of.clone())
        {
            if chain.contains(&parent) {
                break;
            }
            chain.push(parent);
        }
        chain
    }

    /// Every name that could be meant, for did-you-mean.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let people =
            self.people.iter().flat_map(|person| std::iter::once(person.key.as_str()).chain(person.name.as_deref()));
        let teams = self.teams.values().map(|team| team.name.as_str());
        teams.chain(self.queues.values().map(String::as_str)).chain(people)
    }
}

fn found_person(person: &Person) -> Found {
    let owner = Owner::new(OwnerKind::Person, &person.key);
    if person.active { Found::Owner(owner) } else { Found::Inactive(owner) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(key: &str, name: &str, team: &str) -> Person {
        Person {
            key: key.into(),
            name: Some(name.into()),
            teams: vec![Membership::always(team)],
            active: true,
            ..Person::default()
        }
    }

    #[test]
    fn names_are_found_by_key_team_queue_and_unique_name() {
        let directory = Directory::new(
            vec![person("p1", "Ana", "EMEA"), person("p2", "Bo", "EMEA"), person("p3", "bo", "")],
            [("EMEA".into(), Some("Sales".into())), ("Sales".into(), None)],
            ["Triage".into()],
            true,
        );
        assert_eq!(directory.find("ana"), Found::Owner(Owner::new(OwnerKind::Person, "p1")));
        assert_eq!(directory.find("triage"), Found::Owner(Owner::new(OwnerKind::Queue, "Triage")));
        assert_eq!(directory.find("BO"), Found::Ambiguous(vec!["p2".into(), "p3".into()]));
        assert_eq!(directory.find("  "), Found::Unknown);
        assert!(directory.is_member("p1", "Sales", 0));
        assert!(!directory.is_member("p3", "Sales", 0));
    }

    #[test]
    fn a_team_holds_those_whose_days_have_come_and_those_of_its_parts() {
        let dated = |key: &str, team: &str, from, until| Person {
            teams: vec![Membership { team: team.into(), from, until }],
            ..person(key, key, "")
        };
        let directory = Directory::new(
            vec![
                dated("p3", "dach", Some(10), Some(20)),
                dated("p2", "EMEA", None, Some(9)),
                dated("p1", "Sales", None, None),
                dated("p4", "EMEA", Some(15), Some(14)),
                dated("p5", "Support", None, None),
            ],
            [("DACH".into(), Some("EMEA".into())), ("EMEA".into(), Some("Sales".into())), ("Sales".into(), None)],
            [],
            true,
        );
        assert_eq!(directory.members("Sales", 9), ["p1", "p2"]);
        assert_eq!(directory.members("sales", 10), ["p1", "p3"]);
        assert_eq!(directory.members("EMEA", 20), ["p3"]);
        assert!(directory.members("EMEA", 21).is_empty());
        assert!(directory.members("Nobody's", 0).is_empty());
        for day in [9, 10, 20, 21] {
            for team in ["Sales", "EMEA", "DACH", "Support"] {
                let members = directory.members(team, day);
                for one in directory.people() {
                    assert_eq!(members.contains(&&*one.key), directory.is_member(&one.key, team, day));
                }
            }
        }
    }
}
