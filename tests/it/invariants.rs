//! Invariants: proved, or refuted with a record, by known answers.

use crate::world::{World, test_day};
use ownward::analysis::{InvariantVerdict, invariants};
use ownward::schema::{Directory, Membership, Person};

const HEAD: &str = "record Account from accounts {
  id     text, key
  status one of (Prospect, Active, Churned)
  size   number, optional
}
person from people
team Sales
team Inside part of Sales
team Contractors
queue Triage
decide owner of Account {
  lost: when status = Churned assign to nobody
  large: when size >= 1000 assign to \"ana\"
  small: when size < 10 assign to next of Contractors
  inside: when status = Prospect assign to Inside
  otherwise assign to Triage
}
";

/// What came of one invariant; people are known where somebody is named.
fn verdict(invariant: &str, people: &[(&str, &str)]) -> InvariantVerdict {
    let built = World::new(format!("{HEAD}{invariant}\n")).build();
    let person = |(key, team): &(&str, &str)| Person {
        key: (*key).to_owned(),
        active: true,
        teams: vec![Membership::always(*team)],
        ..Person::default()
    };
    let teams = built.policy.schema.teams.iter().map(|team| (team.name.clone(), team.part_of.clone()));
    let queues = built.policy.schema.queues.iter().map(|queue| queue.name.clone());
    let directory = Directory::new(people.iter().map(person).collect(), teams, queues, !people.is_empty());
    invariants(&built.policy, &directory, &test_day()).remove(0)
}

fn broken_by(verdict: &InvariantVerdict) -> Option<u32> {
    match verdict {
        InvariantVerdict::Refuted { rule, .. } => rule.map(|rule| rule.0),
        other => panic!("not refuted: {other:?}"),
    }
}

#[test]
fn an_owner_for_every_record_is_proved_or_a_record_without_one_is_shown() {
    let all = verdict("always every Account has owner", &[]);
    assert_eq!(broken_by(&all), Some(0));
    let InvariantVerdict::Refuted { record, .. } = &all else { panic!() };
    assert_eq!(record, &[("status".to_owned(), Some("Churned".to_owned()))]);
    assert_eq!(verdict("always every Account where status is not Churned has owner", &[]), InvariantVerdict::Holds);
    assert_eq!(
        verdict("always every Account where status = Churned and status = Active has owner", &[]),
        InvariantVerdict::Holds
    );
}

#[test]
fn nobody_of_a_team_is_named_where_that_is_ruled_out() {
    let never = |condition: &str| format!("never assign to Contractors where {condition}");
    // Who `ana` is, only the directory tells.
    assert!(matches!(verdict(&never("size >= 1000"), &[]), InvariantVerdict::Depends(rule) if rule.0 == 1));
    assert_eq!(verdict(&never("size >= 1000"), &[("ana", "Sales")]), InvariantVerdict::Holds);
    assert_eq!(broken_by(&verdict(&never("size >= 1000"), &[("ana", "Contractors")])), Some(1));
    assert_eq!(broken_by(&verdict(&never("size < 5"), &[("ana", "Sales")])), Some(2));
    assert_eq!(verdict(&never("size is missing"), &[]), InvariantVerdict::Holds);
}

#[test]
fn a_team_means_the_teams_inside_it() {
    assert_eq!(
        broken_by(&verdict("never assign to Sales where status = Prospect", &[("ana", "Contractors")])),
        Some(3)
    );
    assert_eq!(
        verdict("never assign to Inside where status = Active", &[("ana", "Contractors")]),
        InvariantVerdict::Holds
    );
    assert_eq!(broken_by(&verdict("never assign to Triage", &[])), Some(4));
    assert_eq!(verdict("never assign to Triage where status = Churned", &[]), InvariantVerdict::Holds);
}
