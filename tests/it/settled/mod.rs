//! Pools, holds, locks and hand-offs over several runs: what is applied stays, and means what the pages say.

mod book;
mod made;
mod many;
mod model;

use crate::cases;
use book::{Book, Ran, Settled};
use made::{Limits, Made, made};
use model::Memory;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Monday, 29 June 2026.
const TODAY: i32 = 20_633;

/// What changes between two runs.
#[derive(Clone, Debug)]
struct Later {
    days: i32,
    /// People, by number, and what becomes of them.
    people: Vec<(usize, Turn)>,
    /// Leads, by number, whose data is that of another one.
    leads: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Away(bool),
    Active(bool),
    Capacity(Option<u64>),
}

fn later() -> impl Strategy<Value = Later> {
    let turn = prop_oneof![
        any::<bool>().prop_map(Turn::Away),
        any::<bool>().prop_map(Turn::Active),
        prop::option::of(0..6_u64).prop_map(Turn::Capacity),
    ];
    let people = prop::collection::vec((0..8_usize, turn), 0..3);
    let leads = prop::collection::vec((0..30_usize, 0..30_usize), 0..6);
    (prop_oneof![Just(0), Just(1), 1..40_i32], people, leads).prop_map(|(days, people, leads)| Later {
        days,
        people,
        leads,
    })
}

impl Later {
    fn come(&self, made: &mut Made) {
        let (people, leads) = (made.people.len(), made.leads.len());
        for (at, turn) in &self.people {
            let person = &mut made.people[at % people];
            match turn {
                Turn::Away(away) => person.is_away = *away,
                Turn::Active(active) => person.is_active = *active,
                Turn::Capacity(capacity) => person.capacity = *capacity,
            }
        }
        for (at, like) in &self.leads {
            let like = made.leads[like % leads].clone();
            let lead = &mut made.leads[at % leads];
            (lead.country, lead.size, lead.stage, lead.has_note) = (like.country, like.size, like.stage, like.has_note);
        }
    }
}

/// The first leads alone.
fn first(made: &Made, count: usize) -> Made {
    Made { leads: made.leads.iter().take(count).cloned().collect(), ..made.clone() }
}

/// What the whole way and the model tell differently.
fn differences(ran: &Ran, wanted: &[BTreeMap<String, Settled>]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, (owners, wanted)) in ran.owners.iter().zip(wanted).enumerate() {
        let role = model::role_name(at);
        let differ = owners.iter().filter(|(key, settled)| wanted.get(*key) != Some(*settled));
        found.extend(differ.map(|(key, settled)| format!("{role} of {key}: {settled:?}, not {:?}", wanted.get(key))));
    }
    found
}

fn told(ran: &Ran) -> String {
    let mut text = String::new();
    for (at, owners) in ran.owners.iter().enumerate() {
        for (key, settled) in owners {
            text.push_str(&format!("{} of {key}: {settled:?}\n", model::role_name(at)));
        }
    }
    text
}

proptest! {
    #![proptest_config(cases::config(cases::count(400)))]

    /// The whole way gives what a plain reading of the pages gives, run after run.
    #[test]
    fn owners_outcomes_and_hand_overs_are_those_of_a_plain_model(
        mut made in made(Limits::ALL),
        known in 1..30_usize,
        laters in prop::collection::vec(later(), 0..4),
    ) {
        let (mut book, mut memory, mut today) = (Book::default(), Memory::default(), TODAY);
        let start = first(&made, known);
        let ran = book.apply(&start.world(today));
        let found = differences(&ran, &memory.apply(&start, today));
        prop_assert!(found.is_empty(), "first run: {found:#?}\n{}", made.policy());
        for later in laters {
            later.come(&mut made);
            today += later.days;
            let ran = book.apply(&made.world(today));
            let found = differences(&ran, &memory.apply(&made, today));
            prop_assert!(found.is_empty(), "after {later:?}: {found:#?}\n{}", made.policy());
        }
    }

    /// Applying twice on one day writes nothing the second time.
    #[test]
    fn applying_twice_changes_nothing(
        mut made in made(Limits { follows: false, ..Limits::ALL }),
        laters in prop::collection::vec(later(), 0..3),
    ) {
        let (mut book, mut today) = (Book::default(), TODAY);
        for later in laters {
            book.apply(&made.world(today));
            later.come(&mut made);
            today += later.days;
        }
        let once = book.apply(&made.world(today));
        let twice = book.apply(&made.world(today));
        prop_assert_eq!(
            twice.entries(), 0,
            "{:?}\n{:?}\n{}\n{:?}\nbefore:\n{}", twice.changes.changes, twice.rotations.keys(), made.policy(), made.people, told(&once)
        );
    }

    /// The same where a role follows its own references. A cap counts what the levels above have decided, so that what
    /// lower ones give up is free on the next run only: without such caps.
    #[test]
    fn applying_twice_changes_nothing_where_a_role_follows_itself(
        mut made in made(Limits { load_caps: false, ..Limits::ALL }),
        later in later(),
    ) {
        let mut book = Book::default();
        book.apply(&made.world(TODAY));
        let later = Later { people: later.people.into_iter().filter(|(_, turn)| !matches!(turn, Turn::Capacity(_))).collect(), ..later };
        later.come(&mut made);
        let today = TODAY + later.days;
        book.apply(&made.world(today));
        let twice = book.apply(&made.world(today));
        prop_assert_eq!(twice.entries(), 0, "{:?}\n{}", twice.changes.changes, made.policy());
    }

    /// New records in one run or in many: the same owners, and rotations stand at the same place.
    #[test]
    fn one_run_is_many_runs_of_pieces(
        mut made in made(Limits { follows: false, shares: false, shown: false, ..Limits::ALL }),
        piece in 1..9_usize,
    ) {
        for at in 0..made.leads.len() {
            // Pieces do not hold each other's parents.
            made.leads[at].parent = None;
        }
        made.leads.sort_by_key(|lead| (lead.opened.unwrap_or(i32::MAX), lead.key.clone()));
        let mut whole = Book::default();
        let ran = whole.apply(&made.world(TODAY));
        let mut pieces = Book::default();
        let mut owners = Vec::new();
        for count in (1..=made.leads.len()).filter(|count| count % piece == 0 || *count == made.leads.len()) {
            owners = pieces.apply(&first(&made, count).world(TODAY)).owners;
        }
        prop_assert_eq!(&ran.owners, &owners, "{}", made.policy());
        prop_assert_eq!(&whole.past.rotations, &pieces.past.rotations, "{}", made.policy());
    }

    /// Leave takes nobody's records away, whatever the rules, caps and strategies.
    #[test]
    fn somebody_going_on_leave_moves_nobody(
        mut made in made(Limits { follows: false, ..Limits::ALL }),
        who in 0..8_usize,
        days in 0..3_i32,
    ) {
        let people = made.people.len();
        // A cover may have room for what waits elsewhere: nobody stands in.
        made.people[who % people].backup = None;
        made.people[who % people].is_away = false;
        for role in &mut made.roles {
            role.holds.clear();
        }
        for person in &mut made.people {
            person.backup = person.backup.filter(|backup| backup % people != who % people);
        }
        for lead in &mut made.leads {
            lead.stage = "New";
        }
        // What was received is forgotten when its period is over: the same day, then.
        let today = TODAY + days;
        let mut book = Book::default();
        let before = book.apply(&made.world(today));
        made.people[who % people].is_away = true;
        let after = book.apply(&made.world(today));
        prop_assert_eq!(before.owners_alone(), after.owners_alone(), "{}", made.policy());
        prop_assert_eq!(after.changes.moves(), 0);
    }

    /// Somebody who leaves takes along nothing but their own records, where pools alone decide.
    #[test]
    fn somebody_leaving_moves_their_own_records_alone(
        mut made in made(Limits { roles_max: 1, beside_pools: false, ..Limits::ALL }),
        who in 0..8_usize,
    ) {
        let mut book = Book::default();
        let people = made.people.len();
        // A cover's right to what it received is the member's.
        made.people[who % people].backup = None;
        let before = book.apply(&made.world(TODAY)).owners_alone();
        made.people[who % people].is_active = false;
        let leaver = made.people[who % people].key.clone();
        let after = book.apply(&made.world(TODAY)).owners_alone();
        for (key, owner) in &before[0] {
            if owner.as_ref() != Some(&leaver) && owner.is_some() {
                prop_assert_eq!(&after[0][key], owner, "{}\n{}", key, made.policy());
            }
        }
    }
}
