//! Who stands in for whom while people are away.

use super::{Directory, Found, Person};
use crate::value::OwnerKind;
use rustc_hash::FxHashSet;

impl Directory {
    /// The person that a backup's name means, active or not; `None` where it is blank or means no single person.
    pub fn backup_of(&self, person: &Person) -> Option<&Person> {
        match self.find(person.backup.as_deref()?) {
            Found::Owner(owner) | Found::Inactive(owner) if owner.kind == OwnerKind::Person => self.person(&owner.id),
            _ => None,
        }
    }

    /// The circles of active people who are each other's backup: the keys of each, from the one that stands first in the
    /// source.
    pub fn backup_circles(&self) -> Vec<Vec<&str>> {
        let mut circles = Vec::new();
        // Everybody has one backup at most, so nobody is in two circles and each is walked over once.
        let mut settled: FxHashSet<&str> = FxHashSet::default();
        for start in self.people().iter().filter(|person| person.active) {
            let mut way: Vec<&str> = Vec::new();
            let mut on_way = FxHashSet::default();
            let mut at = Some(start);
            while let Some(person) = at.filter(|person| !settled.contains(person.key.as_str())) {
                if !on_way.insert(person.key.as_str()) {
                    circles.extend(way.iter().position(|key| *key == person.key).map(|from| way[from..].to_vec()));
                    break;
                }
                way.push(&person.key);
                at = self.backup_of(person).filter(|backup| backup.active);
            }
            settled.extend(way);
        }
        circles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People by key and backup; a key with `!` behind it is no longer active.
    fn directory(people: &[(&str, &str)]) -> Directory {
        let person = |(key, backup): &(&str, &str)| Person {
            key: key.trim_end_matches('!').to_owned(),
            active: !key.ends_with('!'),
            backup: (!backup.is_empty()).then(|| (*backup).to_owned()),
            ..Person::default()
        };
        Directory::new(people.iter().map(person).collect(), [], ["Triage".to_owned()], true)
    }

    #[test]
    fn a_circle_is_told_once_and_not_through_who_has_left() {
        let directory = directory(&[
            ("x", "a"),
            ("a", "b"),
            ("b", "c"),
            ("c", "a"),
            ("self", "self"),
            ("y", "b"),
            ("team", "Triage"),
            ("left!", "back"),
            ("back", "left"),
        ]);
        assert_eq!(directory.backup_circles(), [vec!["a", "b", "c"], vec!["self"]]);
        let backup = |key: &str| directory.backup_of(directory.person(key).unwrap()).map(|person| person.key.as_str());
        assert_eq!([backup("x"), backup("back"), backup("team")], [Some("a"), Some("left"), None]);
    }
}
