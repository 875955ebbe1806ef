//! Who stands in for whom while people are away.

use super::{Directory, Found, Person};
use crate::value::OwnerKind;
use rustc_hash::FxHashSet;

impl Directory {
    /// Whether a person is away on a day; a person nobody knows is not.
    pub fn is_away(&self, key: &str, day: i32) -> bool {
        self.person(key).is_some_and(|person| person.is_away(day))
    }

    /// The key of who stands in for a person that is away on a day: the backup, or where that one is away too, the
    /// backup's backup, and so on.
    ///
    /// `None` for somebody who is not away or not known, and where the way ends: at a person without a backup, at a backup
    /// that is no known person or no longer active, or where it leads round in a circle.
    pub fn cover_of(&self, key: &str, day: i32) -> Option<&str> {
        let mut at = self.person(key).filter(|person| person.is_away(day))?;
        let mut passed = FxHashSet::default();
        while passed.insert(at.key.as_str()) {
            at = self.backup_of(at).filter(|backup| backup.active)?;
            if !at.is_away(day) {
                return Some(&at.key);
            }
        }
        None
    }

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

    /// A person's key, backup and days away; a key with `!` behind it is no longer active.
    type Line<'t> = (&'t str, &'t str, &'t [(i32, i32)]);

    fn directory(people: &[Line<'_>]) -> Directory {
        let person = |(key, backup, away): &Line<'_>| Person {
            key: key.trim_end_matches('!').to_owned(),
            active: !key.ends_with('!'),
            backup: (!backup.is_empty()).then(|| (*backup).to_owned()),
            away: away.iter().map(|(from, until)| (Some(*from), Some(*until))).collect(),
            ..Person::default()
        };
        Directory::new(people.iter().map(person).collect(), [], ["Triage".to_owned()], true)
    }

    #[test]
    fn a_backup_that_is_away_passes_it_on() {
        let directory = directory(&[
            ("a", "b", &[(1, 9), (20, 20)]),
            ("b", "c", &[(5, 6)]),
            ("c", "gone", &[(6, 6)]),
            ("gone!", "a", &[]),
        ]);
        assert_eq!(directory.cover_of("a", 0), None);
        assert_eq!(directory.cover_of("a", 1), Some("b"));
        assert_eq!(directory.cover_of("a", 5), Some("c"));
        assert_eq!(directory.cover_of("a", 6), None, "the last backup has left");
        assert_eq!(directory.cover_of("a", 20), Some("b"));
        assert!(directory.is_away("a", 9) && !directory.is_away("a", 10) && !directory.is_away("nobody", 1));
    }

    #[test]
    fn a_circle_ends_the_search_and_is_told_once() {
        let away: &[(i32, i32)] = &[(1, 1)];
        let directory = directory(&[
            ("x", "a", away),
            ("a", "b", away),
            ("b", "c", away),
            ("c", "a", &[]),
            ("self", "self", away),
            ("y", "b", away),
            ("team", "Triage", away),
            ("left!", "back", &[]),
            ("back", "left", away),
        ]);
        assert_eq!(directory.backup_circles(), [vec!["a", "b", "c"], vec!["self"]]);
        assert_eq!(directory.cover_of("x", 1), Some("c"));
        for key in ["self", "team", "back", "nobody"] {
            assert_eq!(directory.cover_of(key, 1), None, "{key}");
        }
    }

    #[test]
    fn nobody_stands_in_where_a_whole_circle_is_away() {
        let away: &[(i32, i32)] = &[(1, 1)];
        let directory = directory(&[("a", "b", away), ("b", "a", away)]);
        assert_eq!(directory.cover_of("a", 1), None);
    }
}
