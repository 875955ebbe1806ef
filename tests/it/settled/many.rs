//! Many leads: one run is as good as many.

use super::TODAY;
use super::book::Book;
use crate::world::{Rows, World};
use ownward::schema::{Membership, Person};
use ownward::value::Decimal;
use ownward::value::time::AsOf;

const POLICY: &str = "record Lead from leads {
  id     text, key
  region number
}
person from people
team  Sales
queue Triage
decide owner of Lead {
  when region = 3 assign to least loaded of Sales up to LOAD else Triage
  otherwise assign to next of Sales by weight up to WEEK per week else Triage
}
";

/// Forty people of different weights, some away, some covered, some with a capacity.
fn people(capacity: u64) -> Vec<Person> {
    let person = |at: usize| Person {
        key: format!("p{at:02}"),
        teams: vec![Membership::always("Sales")],
        active: at != 17,
        capacity: at.is_multiple_of(3).then_some(capacity),
        weight: Some(Decimal::new(at as i64 % 7, 1)),
        away: if at.is_multiple_of(10) { vec![(None, None)] } else { Vec::new() },
        backup: at.is_multiple_of(20).then(|| format!("p{:02}", at + 1)),
        ..Person::default()
    };
    (0..40).map(person).collect()
}

/// Leads under caps that some of `count` leads reach.
fn world(keys: std::ops::Range<usize>, count: usize) -> World {
    let policy = POLICY.replace("LOAD", &(count / 200).to_string()).replace("WEEK", &(count / 25).to_string());
    let mut world = World::new(policy);
    world.as_of = AsOf::utc(i64::from(TODAY) * 86_400_000_000);
    world.people = Some(people(count as u64 / 30));
    let cells = keys.map(|key| vec![format!("L{key:07}"), (key * 7 % 11).to_string()]).collect();
    world.rows.insert("Lead".into(), Rows { headers: vec!["id".into(), "region".into()], cells });
    world
}

/// So many leads at once, and in pieces that hold new leads alone.
fn pieces_are_the_whole(count: usize, piece: usize) {
    let mut whole = Book::default();
    let owners = whole.apply(&world(0..count, count)).owners;
    let mut pieces = Book::default();
    for start in (0..count).step_by(piece) {
        for (key, settled) in &pieces.apply(&world(start..start + piece, count)).owners[0] {
            assert_eq!(owners[0].get(key), Some(settled), "{key}");
        }
    }
    assert_eq!(whole.past.rotations, pieces.past.rotations);
    let received: std::collections::BTreeSet<_> = owners[0].values().map(|settled| settled.owner.clone()).collect();
    assert!(received.len() > 30, "{received:?}");
}

#[test]
fn one_run_of_20_000_is_20_runs_of_1_000() {
    pieces_are_the_whole(20_000, 1_000);
}

/// Minutes without optimisation: `cargo test --release --test it -- --ignored one_run_of_1_000_000`.
#[test]
#[ignore = "long"]
fn one_run_of_1_000_000_is_1_000_runs_of_1_000() {
    pieces_are_the_whole(1_000_000, 1_000);
}
