//! Pools through the public API: what each way of choosing promises, for any people, caps and requests.

use crate::cases;
use ownward::assign::{
    By, Empty, FitId, Loads, Measure, NOBODY, PassedOver, Period, PeriodCap, Person, Picked, Pool, Request, Roster,
    Rotation, RotationState, Seat, Strategy, SumId, Verdict,
};
use ownward::value::Decimal;
use ownward::value::time::parse_day;
use proptest::prelude::*;
use proptest::strategy::Strategy as Generate;
use std::collections::BTreeMap;

const WAYS: [By; 5] = [By::Turn, By::Weight, By::Load, By::LoadByWeight, By::Hash];

/// A Wednesday.
fn today() -> i32 {
    parse_day("2026-07-01").unwrap()
}

fn person(owner: u32, key: &str) -> Person {
    Person { owner, key: key.into(), is_active: true, is_away: false, capacity_records_max: None }
}

/// Seats of the keys, owner codes from 0 in the order given.
fn seats(keys: &[&str]) -> Vec<Seat> {
    (0..).zip(keys).map(|(owner, key)| Seat::of(person(owner, key))).collect()
}

fn anybody(fit: FitId) -> Request<'static> {
    Request { fit, excluded: &[], record_key: "A-1", current: NOBODY }
}

/// One pool with all it needs, for cases by name.
struct Desk {
    pool: Pool,
    rotation: Rotation,
    loads: Loads,
}

impl Desk {
    fn new(seats: Vec<Seat>, strategy: Strategy) -> Self {
        Desk::with(seats, strategy, &RotationState::default(), today())
    }

    fn with(seats: Vec<Seat>, strategy: Strategy, state: &RotationState, today: i32) -> Self {
        let mut rotation = Rotation::open(state, today);
        let pool = Pool::new(Roster::new(seats), strategy, &mut rotation);
        Desk { pool, rotation, loads: Loads::new(1) }
    }

    /// Picks, and gives the record to the one who was picked.
    fn pick(&mut self, request: &Request) -> Result<Picked, Empty> {
        let picked = self.pool.pick(&mut self.rotation, &self.loads, request)?;
        self.loads.add(picked.owner, &[Some(Decimal::ONE)]);
        Ok(picked)
    }

    /// The keys of the seats whose turns come next.
    fn turns(&mut self, turn_count: usize) -> Vec<String> {
        (0..turn_count)
            .map(|_| {
                let picked = self.pick(&anybody(Pool::EVERYBODY)).unwrap();
                self.pool.roster().seats()[picked.seat].person.key.clone()
            })
            .collect()
    }

    fn empty(&mut self) -> String {
        self.pick(&anybody(Pool::EVERYBODY)).unwrap_err().to_string()
    }

    fn lines(&self) -> Vec<String> {
        let verdicts = self.pool.explain(&self.rotation, &self.loads, &anybody(Pool::EVERYBODY));
        verdicts.iter().map(ToString::to_string).collect()
    }
}

#[test]
fn turns_go_round_in_the_order_of_keys() {
    let mut desk = Desk::new(seats(&["cat", "ana", "ben"]), Strategy::new(By::Turn));
    assert_eq!(desk.turns(5), ["ana", "ben", "cat", "ana", "ben"]);
    assert_eq!(desk.lines(), ["`ana`: last turn 4", "`ben`: last turn 5", "`cat`: last turn 3, next"]);
    assert_eq!(desk.rotation.turn(), 5);
}

#[test]
fn a_newcomer_enters_at_the_average_of_the_others() {
    let mut desk = Desk::new(seats(&["ana", "ben", "cat", "dan"]), Strategy::new(By::Turn));
    desk.turns(8);
    // Last turns 5, 6, 7, 8: the average is 6.5, rounded down.
    let state = desk.rotation.state();
    let mut desk = Desk::with(seats(&["ana", "ben", "cat", "dan", "eve"]), Strategy::new(By::Turn), &state, today());
    assert_eq!(desk.rotation.state().last_turn("eve"), Some(6));
    assert_eq!(desk.turns(6), ["ana", "ben", "eve", "cat", "dan", "ana"]);
}

#[test]
fn people_of_an_old_roster_do_not_move_the_average() {
    let mut desk = Desk::new(seats(&["ana", "ben"]), Strategy::new(By::Turn));
    desk.turns(1);
    let mut later = Desk::with(seats(&["ben", "cat"]), Strategy::new(By::Turn), &desk.rotation.state(), today());
    // Only `ben` is among the others, and has had no turn.
    assert_eq!(later.rotation.state().last_turn("cat"), Some(0));
    assert_eq!(later.turns(2), ["ben", "cat"]);
}

#[test]
fn somebody_inactive_enters_only_when_active() {
    let mut all = seats(&["ana", "ben", "cat"]);
    all[2].person.is_active = false;
    let mut desk = Desk::new(all, Strategy::new(By::Turn));
    assert_eq!(desk.turns(4), ["ana", "ben", "ana", "ben"]);
    assert_eq!(desk.rotation.state().last_turn("cat"), None);
    let back = Desk::with(seats(&["ana", "ben", "cat"]), Strategy::new(By::Turn), &desk.rotation.state(), today());
    assert_eq!(back.rotation.state().last_turn("cat"), Some(3));
}

#[test]
fn weights_share_turns() {
    let mut all = seats(&["ana", "ben", "cat"]);
    all[0].weight = Decimal::new(5, 1);
    all[1].weight = Decimal::new(25, 2);
    all[2].weight = Decimal::ZERO;
    let mut desk = Desk::new(all, Strategy::new(By::Weight));
    assert_eq!(desk.turns(6), ["ana", "ben", "ana", "ana", "ben", "ana"]);
    assert_eq!(
        desk.lines(),
        [
            "`ana`: place 1 of 3, had 0 of 2, due by 2, next",
            "`ben`: place 1 of 3, had 0 of 1, due by 3",
            "`cat`: weight 0"
        ]
    );
}

#[test]
fn the_least_loaded_is_next_and_ties_go_to_the_longest_wait() {
    let mut desk = Desk::new(seats(&["ana", "ben", "cat"]), Strategy::new(By::Load));
    desk.loads.add(0, &[]);
    desk.loads.add(0, &[]);
    assert_eq!(desk.turns(5), ["ben", "cat", "ben", "cat", "ana"]);
    assert_eq!(desk.lines(), ["`ana`: load 3", "`ben`: load 2, next", "`cat`: load 2"]);
}

#[test]
fn loads_by_weight_are_compared_for_a_unit_of_weight() {
    let mut all = seats(&["ana", "ben"]);
    all[0].weight = Decimal::from(2);
    let mut desk = Desk::new(all, Strategy::new(By::LoadByWeight));
    assert_eq!(desk.turns(6), ["ana", "ben", "ana", "ben", "ana", "ana"]);
    assert_eq!(desk.lines(), ["`ana`: load 4 at weight 2", "`ben`: load 2 at weight 1, next"]);
}

#[test]
fn a_sum_is_capped_where_load_is_a_sum() {
    let strategy =
        Strategy { measure: Measure::Sum(SumId(0)), load_max: Some(Decimal::new(15, 1)), ..Strategy::new(By::Load) };
    let mut desk = Desk::new(seats(&["ana", "ben"]), strategy);
    assert_eq!(desk.turns(4), ["ana", "ben", "ana", "ben"]);
    assert_eq!(desk.empty(), "nobody of 2 may receive: 2 full");
    assert_eq!(desk.lines(), ["`ana`: full: load 2 of 1.5", "`ben`: full: load 2 of 1.5"]);
}

#[test]
fn caps_of_people_and_of_the_strategy_both_hold() {
    let mut all = seats(&["ana", "ben"]);
    all[0].person.capacity_records_max = Some(1);
    let strategy = Strategy { load_max: Some(Decimal::from(2)), ..Strategy::new(By::Turn) };
    let mut desk = Desk::new(all, strategy);
    assert_eq!(desk.turns(3), ["ana", "ben", "ben"]);
    assert_eq!(desk.lines(), ["`ana`: at capacity: owns 1 of 1", "`ben`: full: load 2 of 2"]);
    // A record that somebody gives up makes room.
    desk.loads.remove(1, &[]);
    assert_eq!(desk.turns(1), ["ben"]);
}

#[test]
fn a_cap_of_zero_or_less_lets_nobody_receive() {
    for load_max in [Decimal::ZERO, Decimal::from(-1), Decimal::MIN] {
        let strategy = Strategy { load_max: Some(load_max), ..Strategy::new(By::Turn) };
        let mut desk = Desk::new(seats(&["ana"]), strategy);
        assert_eq!(desk.empty(), "nobody of 1 may receive: 1 full");
    }
    let strategy = Strategy { load_max: Some(Decimal::MAX), ..Strategy::new(By::Turn) };
    assert_eq!(Desk::new(seats(&["ana"]), strategy).turns(1), ["ana"]);
}

fn per_week(received_max: u64) -> Strategy {
    Strategy { period_caps: vec![PeriodCap { received_max, period: Period::Week }], ..Strategy::new(By::Turn) }
}

#[test]
fn what_was_received_counts_until_the_week_is_over() {
    let mut desk = Desk::new(seats(&["ana", "ben"]), per_week(1));
    desk.turns(2);
    assert_eq!(desk.empty(), "nobody of 2 may receive: 2 full this period");
    assert_eq!(desk.lines()[0], "`ana`: full this week: received 1 of 1");
    let state = desk.rotation.state();
    let on = |day: &str| Desk::with(seats(&["ana", "ben"]), per_week(1), &state, parse_day(day).unwrap());
    assert_eq!(on("2026-07-05").empty(), "nobody of 2 may receive: 2 full this period");
    let mut monday = on("2026-07-06");
    assert!(!monday.rotation.state().to_json().contains("received"));
    assert_eq!(monday.turns(2), ["ana", "ben"]);
}

#[test]
fn pools_that_share_a_rotation_share_turns_and_what_was_received() {
    let mut rotation = Rotation::open(&RotationState::default(), today());
    let mut wide = Pool::new(Roster::new(seats(&["ana", "ben", "cat"])), Strategy::new(By::Turn), &mut rotation);
    let mut narrow = Pool::new(Roster::new(seats(&["ana", "ben"])), per_week(1), &mut rotation);
    let loads = Loads::new(0);
    let first = wide.pick(&mut rotation, &loads, &anybody(Pool::EVERYBODY)).unwrap();
    let second = narrow.pick(&mut rotation, &loads, &anybody(Pool::EVERYBODY)).unwrap();
    assert_eq!((first.owner, second.owner, second.turn), (0, 1, 2));
    let third = narrow.pick(&mut rotation, &loads, &anybody(Pool::EVERYBODY)).unwrap_err();
    assert_eq!(third, Empty { full_this_period: 2, ..Empty::default() });
}

/// `ana` is away; `ben`, her backup, is no member of the pool.
fn with_cover() -> Vec<Seat> {
    let mut all = seats(&["ana", "cat"]);
    all[0].person.is_away = true;
    all[0].backups = vec![person(7, "ben")];
    all
}

#[test]
fn a_cover_receives_and_the_turn_is_the_members() {
    let mut desk = Desk::new(with_cover(), Strategy::new(By::Turn));
    assert_eq!(desk.lines()[0], "`ana`: away, covered by `ben`; no turn yet, next");
    let picked = desk.pick(&anybody(Pool::EVERYBODY)).unwrap();
    assert_eq!((picked.owner, picked.seat, picked.is_cover), (7, 0, true));
    assert_eq!(desk.pool.note(&picked), "turn 1: no turn yet, covers `ana`");
    let state = desk.rotation.state();
    assert_eq!((state.last_turn("ana"), state.last_turn("ben")), (Some(1), None));
    assert_eq!(desk.turns(2), ["cat", "ana"]);
}

#[test]
fn caps_count_for_the_person_who_receives() {
    let mut all = with_cover();
    all[0].person.capacity_records_max = Some(0);
    all[0].backups[0].capacity_records_max = Some(1);
    let mut desk = Desk::new(all, per_week(9));
    assert_eq!(desk.turns(3), ["ana", "cat", "cat"]);
    assert_eq!(desk.lines()[0], "`ana`: away, covered by `ben`; at capacity: owns 1 of 1");
    assert!(desk.rotation.state().to_json().contains(r#""counts":{"ben":1,"cat":2}"#));
}

#[test]
fn the_first_backup_who_is_there_stands_in() {
    let mut seat = with_cover().remove(0);
    seat.backups.push(person(8, "dan"));
    assert_eq!(seat.cover().unwrap().key, "ben");
    seat.backups[0].is_away = true;
    assert_eq!(seat.cover().unwrap().key, "dan");
    seat.backups[1].is_active = false;
    assert_eq!(seat.receiver(), None);
    let mut desk = Desk::new(vec![seat.clone()], Strategy::new(By::Turn));
    assert_eq!(desk.empty(), "nobody of 1 may receive: 1 away");
    // Back at work, nobody stands in; somebody who has left is not covered for.
    seat.person.is_away = false;
    assert_eq!((seat.receiver().unwrap().key.as_str(), seat.cover()), ("ana", None));
    seat.backups[0].is_away = false;
    seat.person = Person { is_active: false, is_away: true, ..seat.person };
    assert_eq!((seat.receiver(), seat.cover()), (None, None));
}

#[test]
fn those_who_fit_and_their_active_backups_may_keep() {
    let mut all = with_cover();
    all[0].backups.push(Person { is_active: false, ..person(8, "dan") });
    let mut pool = Desk::new(all, Strategy::new(By::Turn)).pool;
    let only_cat = pool.fit(&[false, true]);
    let may = |fit: FitId, excluded: &[u32], current: u32| {
        pool.may_keep(&Request { fit, excluded, record_key: "A-1", current })
    };
    // Leave does not matter: `ana` keeps what she has.
    assert!(may(Pool::EVERYBODY, &[], 0) && may(Pool::EVERYBODY, &[], 1) && may(Pool::EVERYBODY, &[], 7));
    assert!(!may(Pool::EVERYBODY, &[], 8) && !may(Pool::EVERYBODY, &[], 99) && !may(Pool::EVERYBODY, &[], NOBODY));
    assert!(!may(only_cat, &[], 0) && may(only_cat, &[], 1) && !may(only_cat, &[], 7));
    assert!(!may(Pool::EVERYBODY, &[1], 1) && may(Pool::EVERYBODY, &[1], 0));
    // A backup's right is the member's: without the one there is not the other.
    assert!(!may(Pool::EVERYBODY, &[0], 7) && !may(Pool::EVERYBODY, &[7], 7));
}

#[test]
fn an_empty_pool_says_so() {
    let mut desk = Desk::new(Vec::new(), Strategy::new(By::Weight));
    assert_eq!(desk.empty(), "the pool has no members");
    assert!(desk.lines().is_empty());
    let mut all = seats(&["ana", "ben", "cat", "dan"]);
    all[0].person.is_active = false;
    all[1].person.is_away = true;
    let mut desk = Desk::new(all, Strategy::new(By::Turn));
    let fit = desk.pool.fit(&[true, true, true]);
    let request = Request { excluded: &[2], ..anybody(fit) };
    let empty = desk.pick(&request).unwrap_err();
    assert_eq!(empty.to_string(), "nobody of 4 may receive: 1 inactive, 1 outside the condition, 1 away, 1 excluded");
    assert_eq!(desk.rotation.turn(), 0);
}

#[test]
fn of_two_seats_with_one_key_the_first_stays() {
    let mut all = seats(&["ben", "ana", "ben"]);
    all[2].weight = Decimal::TEN;
    let roster = Roster::new(all);
    let kept: Vec<_> = roster.seats().iter().map(|seat| (seat.person.owner, seat.weight)).collect();
    assert_eq!(kept, [(1, Decimal::ONE), (0, Decimal::ONE)]);
}

#[test]
fn picks_by_hash_leave_no_trace_and_stay_what_they_are() {
    let mut desk = Desk::new(seats(&["ana", "ben", "cat"]), Strategy::new(By::Hash));
    let keys: Vec<String> = (1..=12).map(|number| format!("A-{number}")).collect();
    let owners: Vec<u32> = keys
        .iter()
        .map(|key| desk.pick(&Request { record_key: key, ..anybody(Pool::EVERYBODY) }).unwrap().owner)
        .collect();
    // Part of what a policy means: another version must not move anybody's records.
    assert_eq!(owners, [0, 1, 2, 1, 1, 0, 0, 0, 1, 0, 1, 2]);
    assert_eq!(desk.rotation.state(), RotationState::default());
}

#[test]
fn only_the_sets_used_last_are_remembered() {
    let keys: Vec<String> = (0..10).map(|number| format!("p{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut desk = Desk::new(seats(&keys), Strategy::new(By::Weight));
    for set in 1..=300_u32 {
        let fits: Vec<bool> = (0..10).map(|seat| set >> seat & 1 == 1).collect();
        let fit = desk.pool.fit(&fits);
        desk.pick(&anybody(fit)).unwrap();
    }
    let json = desk.rotation.state().to_json();
    // A set of one begins anew after each turn, and is remembered like the others.
    assert_eq!(json.matches("\"used\"").count(), 256);
    assert!(!json.contains("\"used\":44,") && json.contains("\"used\":45,"));
    assert_eq!(RotationState::from_json(&json).unwrap().to_json(), json);
}

#[test]
fn a_state_is_one_line_of_sorted_json() {
    let mut all = seats(&["ben", "ana"]);
    all[0].weight = Decimal::from(2);
    let mut desk = Desk::new(all, Strategy { by: By::Weight, ..per_week(5) });
    desk.turns(2);
    let json = concat!(
        r#"{"turn":2,"last":{"ana":2,"ben":1},"#,
        r#""received":{"week":{"from":"2026-06-29","counts":{"ana":1,"ben":1}}},"#,
        r#""schedules":[{"used":2,"members":{"ana":{"weight":1,"turns":1},"ben":{"weight":2,"turns":1}}}]}"#
    );
    assert_eq!(desk.rotation.state().to_json(), json);
    assert_eq!(RotationState::from_json(json), Ok(desk.rotation.state()));
}

#[test]
fn a_text_that_is_no_state_is_refused_with_the_reason() {
    let cases = [
        ("", "EOF"),
        ("[]", "invalid"),
        (r#"{"turn":1}"#, "missing field `last`"),
        (r#"{"turn":-1,"last":{}}"#, "invalid value"),
        (r#"{"turn":1,"last":{},"extra":0}"#, "unknown field `extra`"),
        (r#"{"turn":9223372036854775807,"last":{}}"#, "9223372036854775807 turns"),
        (r#"{"turn":1,"last":{"ana":2}}"#, "`ana` had turn 2 of 1"),
        (r#"{"turn":1,"last":{},"received":{"year":{"from":"2026-01-01","counts":{}}}}"#, "unknown variant `year`"),
        (r#"{"turn":1,"last":{},"received":{"day":{"from":"2026-02-30","counts":{}}}}"#, "`2026-02-30` is no day"),
        (r#"{"turn":1,"last":{},"schedules":[{"used":2,"members":{}}]}"#, "out of order"),
        (r#"{"turn":1,"last":{},"schedules":[{"used":1,"members":{}}]}"#, "0 turns of 0"),
        (
            r#"{"turn":1,"last":{},"schedules":[{"used":1,"members":{"ana":{"weight":0,"turns":0}}}]}"#,
            "`ana` had 0 turns of 0",
        ),
        (
            r#"{"turn":1,"last":{},"schedules":[{"used":1,"members":{"ana":{"weight":1,"turns":2}}}]}"#,
            "`ana` had 2 turns of 1",
        ),
        (
            r#"{"turn":1,"last":{},"schedules":[{"used":1,"members":{"ana":{"weight":18446744073709551615,"turns":0}}}]}"#,
            "0 turns of 18446744073709551615",
        ),
        (
            concat!(
                r#"{"turn":2,"last":{},"schedules":[{"used":1,"members":{"ana":{"weight":2,"turns":0}}},"#,
                r#"{"used":2,"members":{"ana":{"weight":2,"turns":1}}}]}"#
            ),
            "two schedules of the same people",
        ),
    ];
    for (text, reason) in cases {
        let error = RotationState::from_json(text).unwrap_err().to_string();
        assert!(error.starts_with("not a state of a rotation: ") && error.contains(reason), "{text}: {error}");
    }
}

/// A pool made up at random, and what is asked of it.
#[derive(Clone, Debug)]
struct Made {
    seats: Vec<Seat>,
    strategy: Strategy,
    /// Sets of members that fit.
    fits: Vec<Vec<bool>>,
    asked: Vec<Asked>,
}

#[derive(Clone, Debug)]
struct Asked {
    /// A position in `fits`.
    fit: usize,
    excluded: Vec<u32>,
    key: u32,
    amount: Option<Decimal>,
    /// The owner, if any, who gives up a record before.
    gives_up: Option<u32>,
}

fn made_person(owner: u32) -> impl Generate<Value = Person> {
    let cap = prop_oneof![2 => Just(None), 1 => (0_u64..12).prop_map(Some)];
    (prop::bool::weighted(0.9), prop::bool::weighted(0.2), cap).prop_map(move |(is_active, is_away, cap)| Person {
        // Keys in another order than codes.
        key: format!("p{:03}", (owner * 37) % 101),
        owner,
        is_active,
        is_away,
        capacity_records_max: cap,
    })
}

/// So many people in the order of their keys, with backups from one shared directory.
fn made_seats(most: usize) -> impl Generate<Value = Vec<Seat>> {
    (1..=most).prop_flat_map(move |count| {
        let people: Vec<_> = (0..most as u32).map(made_person).collect();
        let seat = (0_i64..40, 0_u32..2, prop::collection::vec(0..most, 0..3));
        (people, prop::collection::vec(seat, count)).prop_map(|(people, seats)| {
            let seat = |(at, (weight, scale, backups)): (usize, (i64, u32, Vec<usize>))| Seat {
                person: people[at].clone(),
                weight: Decimal::new(weight, scale),
                backups: backups.into_iter().filter(|backup| *backup != at).map(|at| people[at].clone()).collect(),
            };
            let mut seats: Vec<Seat> = seats.into_iter().enumerate().map(seat).collect();
            seats.sort_by(|a, b| a.person.key.cmp(&b.person.key));
            seats
        })
    })
}

fn made_strategy() -> impl Generate<Value = Strategy> {
    let measure = prop_oneof![Just(Measure::Count), Just(Measure::Sum(SumId(0)))];
    let load_max = prop_oneof![2 => Just(None), 1 => (0_i64..300).prop_map(|max| Some(Decimal::new(max, 1)))];
    let period = prop_oneof![Just(Period::Day), Just(Period::Week), Just(Period::Month)];
    let caps = prop::collection::vec((0_u64..20, period), 0..3);
    (0..WAYS.len(), measure, load_max, caps).prop_map(|(by, measure, load_max, caps)| Strategy {
        by: WAYS[by],
        measure,
        load_max,
        period_caps: caps.into_iter().map(|(received_max, period)| PeriodCap { received_max, period }).collect(),
    })
}

fn made(people: usize, asked: usize) -> impl Generate<Value = Made> {
    let amount = prop_oneof![1 => Just(None), 4 => (-20_i64..400).prop_map(|amount| Some(Decimal::new(amount, 1)))];
    let one = (
        0_usize..4,
        prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(0..people as u32, 1..3)],
        0_u32..1000,
        amount,
        prop_oneof![3 => Just(None), 1 => (0..people as u32).prop_map(Some)],
    );
    let one = one.prop_map(|(fit, excluded, key, amount, gives_up)| Asked { fit, excluded, key, amount, gives_up });
    let fits = prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.7), people), 4);
    (made_seats(people), made_strategy(), fits, prop::collection::vec(one, 1..asked))
        .prop_map(|(seats, strategy, fits, asked)| Made { seats, strategy, fits, asked })
}

impl Made {
    fn desk(&self, state: &RotationState) -> Desk {
        Desk::with(self.seats.clone(), self.strategy.clone(), state, today())
    }

    /// Asks for one record, and tells a property what stood before and what came of it.
    fn ask(&self, desk: &mut Desk, asked: &Asked, mut told: impl FnMut(&Desk, &Request, &Result<Picked, Empty>)) {
        let fit = desk.pool.fit(&self.fits[asked.fit][..desk.pool.roster().seats().len()]);
        let key = format!("A-{}", asked.key);
        let request = Request { fit, excluded: &asked.excluded, record_key: &key, current: NOBODY };
        if let Some(owner) = asked.gives_up {
            desk.loads.remove(owner, &[Some(Decimal::ONE)]);
        }
        let picked = desk.pool.pick(&mut desk.rotation, &desk.loads, &request);
        told(desk, &request, &picked);
        if let Ok(picked) = picked {
            desk.loads.add(picked.owner, &[asked.amount]);
        }
    }
}

proptest! {
    #![proptest_config(cases::config(cases::count(200)))]

    /// The state written and read between any two requests, and the pool made anew, change no pick.
    #[test]
    fn in_pieces_as_in_one_go(made in made(12, 80), cuts in prop::collection::vec(any::<bool>(), 80)) {
        let mut whole = made.desk(&RotationState::default());
        let mut pieces = made.desk(&RotationState::default());
        for (asked, cut) in made.asked.iter().zip(cuts) {
            let mut expected = None;
            made.ask(&mut whole, asked, |_, _, picked| expected = Some(*picked));
            if cut {
                let json = pieces.rotation.state().to_json();
                let loads = std::mem::take(&mut pieces.loads);
                pieces = made.desk(&RotationState::from_json(&json).unwrap());
                pieces.loads = loads;
                // Sets come in another order, so their ids differ.
                pieces.pool.fit(&made.fits[3][..pieces.pool.roster().seats().len()]);
            }
            let mut found = None;
            made.ask(&mut pieces, asked, |_, _, picked| found = Some(*picked));
            prop_assert_eq!(found, expected);
        }
        prop_assert_eq!(pieces.rotation.state().to_json(), whole.rotation.state().to_json());
    }

    /// The explanation before a pick names the one who is picked, and counts the reasons where nobody is.
    #[test]
    fn the_explanation_agrees_with_the_pick(made in made(12, 60)) {
        let mut desk = made.desk(&RotationState::default());
        for asked in &made.asked {
            let mut other = None;
            let fit = desk.pool.fit(&made.fits[asked.fit][..desk.pool.roster().seats().len()]);
            let key = format!("A-{}", asked.key);
            if let Some(owner) = asked.gives_up {
                desk.loads.remove(owner, &[Some(Decimal::ONE)]);
            }
            let request = Request { fit, excluded: &asked.excluded, record_key: &key, current: NOBODY };
            let state = desk.rotation.state();
            let mut next = Vec::new();
            let mut empty = Empty::default();
            for verdict in desk.pool.explain(&desk.rotation, &desk.loads, &request) {
                prop_assert!(!verdict.to_string().is_empty());
                match verdict.verdict {
                    Verdict::MayReceive { standing, is_next } if is_next => next.push((verdict.seat, standing)),
                    Verdict::MayReceive { .. } => other = Some(verdict.seat),
                    Verdict::PassedOver(why) => count(&mut empty, why),
                }
            }
            prop_assert_eq!(&desk.rotation.state(), &state);
            match desk.pool.pick(&mut desk.rotation, &desk.loads, &request) {
                Ok(picked) => {
                    prop_assert_eq!(next, vec![(picked.seat, picked.standing)]);
                    prop_assert!(!desk.pool.note(&picked).is_empty());
                    desk.loads.add(picked.owner, &[asked.amount]);
                }
                Err(found) => {
                    prop_assert_eq!(found, empty);
                    prop_assert!(next.is_empty() && other.is_none());
                    prop_assert_eq!(&desk.rotation.state(), &state);
                }
            }
        }
    }

    /// Whoever is picked is the one that the plain rules name, and may keep the record from then on; where nobody is
    /// picked, nobody may receive.
    #[test]
    fn the_pick_is_what_the_plain_rules_say(made in made(12, 80)) {
        let mut desk = made.desk(&RotationState::default());
        let mut model = Model::default();
        for asked in &made.asked {
            let expected = model.next(&made, asked);
            let mut found = None;
            let mut may_keep = true;
            made.ask(&mut desk, asked, |desk, request, picked| {
                if let Ok(picked) = picked {
                    let later = Request { current: picked.owner, ..*request };
                    may_keep = desk.pool.may_keep(&later);
                    found = Some(*picked);
                }
            });
            prop_assert!(may_keep);
            match (&found, expected.as_slice()) {
                (None, []) => {}
                (Some(picked), seats) if seats.contains(&picked.seat) => {
                    let seat = &made.seats[picked.seat];
                    prop_assert_eq!(picked.owner, seat.receiver().unwrap().owner);
                    prop_assert_eq!(picked.is_cover, picked.owner != seat.person.owner);
                    model.give(picked.seat, picked.owner, asked.amount);
                }
                (found, seats) => prop_assert!(false, "{found:?} is not among {seats:?}"),
            }
        }
    }

    /// While the same people may receive, nobody is more than one turn ahead, whatever went before.
    #[test]
    fn turns_differ_by_at_most_one_over_any_stretch(
        count in 1_usize..20,
        before in prop::collection::vec(any::<u32>(), 0..60),
        stretch in 1_usize..120,
    ) {
        let keys: Vec<String> = (0..count).map(|number| format!("p{:02}", number * 7 % 20)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut desk = Desk::new(seats(&keys), Strategy::new(By::Turn));
        for bits in before {
            let fits: Vec<bool> = (0..count).map(|seat| bits >> seat & 1 == 1).collect();
            let fit = desk.pool.fit(&fits);
            let _ = desk.pick(&anybody(fit));
        }
        let mut counts = vec![0_i32; desk.pool.roster().seats().len()];
        for _ in 0..stretch {
            counts[desk.pick(&anybody(Pool::EVERYBODY)).unwrap().seat] += 1;
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
        }
    }

    /// Of every set of people who may receive, however sets alternate, each has the turns of the set's weights.
    #[test]
    fn weighted_turns_stay_within_one_of_the_quota_of_their_set(
        weights in prop::collection::vec((1_i64..1000, 0_u32..3), 1..=40),
        sets in prop::collection::vec(prop::collection::vec(any::<bool>(), 40), 1..6),
        order in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 2_000),
    ) {
        let keys: Vec<String> = (0..weights.len()).map(|number| format!("p{number:02}")).collect();
        let mut all = seats(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        for (seat, (digits, scale)) in all.iter_mut().zip(&weights) {
            seat.weight = Decimal::new(*digits, *scale);
        }
        let weights: Vec<Decimal> = all.iter().map(|seat| seat.weight).collect();
        let mut desk = Desk::new(all, Strategy::new(By::Weight));
        let mut had: BTreeMap<Vec<usize>, Vec<u32>> = BTreeMap::new();
        for (set, is_excluded) in order {
            let fits = &sets[set.index(sets.len())][..weights.len()];
            let fit = desk.pool.fit(fits);
            // An exclusion is one more set: without the first member.
            let excluded: &[u32] = if is_excluded { &[0] } else { &[] };
            let may: Vec<usize> = (0..weights.len()).filter(|seat| fits[*seat] && (!is_excluded || *seat > 0)).collect();
            let Ok(picked) = desk.pick(&Request { excluded, ..anybody(fit) }) else {
                prop_assert!(may.is_empty());
                continue;
            };
            let counts = had.entry(may.clone()).or_insert_with(|| vec![0; weights.len()]);
            counts[picked.seat] += 1;
            let turns: u32 = counts.iter().sum();
            let sum: Decimal = may.iter().map(|seat| weights[*seat]).sum();
            for seat in may {
                let ahead = Decimal::from(counts[seat]) * sum - Decimal::from(turns) * weights[seat];
                prop_assert!(ahead.abs() < sum, "{counts:?} of {weights:?}");
            }
        }
    }

    /// One who leaves takes only their own records along; one who joins wins only records of their own.
    #[test]
    fn by_hash_only_the_records_of_those_who_come_and_go_move(count in 1_usize..20, leaver in any::<prop::sample::Index>()) {
        let keys: Vec<String> = (0..count).map(|number| format!("p{number:02}")).collect();
        let all = seats(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        let leaver = leaver.index(count);
        let mut fewer = all.clone();
        fewer[leaver].person.is_active = false;
        let mut before = Desk::new(all, Strategy::new(By::Hash));
        let mut after = Desk::new(fewer, Strategy::new(By::Hash));
        for number in 0..200 {
            let key = format!("A-{number}");
            let request = Request { record_key: &key, ..anybody(Pool::EVERYBODY) };
            let old = before.pick(&request).unwrap().owner;
            match after.pick(&request) {
                Ok(new) => prop_assert!(new.owner == old || old == leaver as u32),
                Err(_) => prop_assert_eq!(count, 1),
            }
        }
    }

    /// A text that was a state before somebody changed it is refused, or is a state that works.
    #[test]
    fn garbled_states_never_harm(made in made(6, 40), at in any::<prop::sample::Index>(), byte in 0x20_u8..0x7f) {
        let mut desk = made.desk(&RotationState::default());
        for asked in &made.asked {
            made.ask(&mut desk, asked, |_, _, _| {});
        }
        let mut json = desk.rotation.state().to_json().into_bytes();
        let at = at.index(json.len());
        json[at] = byte;
        if let Ok(state) = RotationState::from_json(&String::from_utf8(json).unwrap()) {
            let mut desk = made.desk(&state);
            for asked in &made.asked {
                made.ask(&mut desk, asked, |_, _, _| {});
            }
            let written = desk.rotation.state().to_json();
            prop_assert_eq!(RotationState::from_json(&written).unwrap().to_json(), written);
        }
    }
}

/// The plain rules, with what they remember kept in the plainest way.
#[derive(Default)]
struct Model {
    turn: u64,
    last: BTreeMap<usize, u64>,
    received: BTreeMap<u32, u64>,
    records: BTreeMap<u32, u64>,
    sums: BTreeMap<u32, Decimal>,
}

impl Model {
    /// The seats one of which must be picked: all that may receive, narrowed where the way of choosing leaves no choice.
    fn next(&mut self, made: &Made, asked: &Asked) -> Vec<usize> {
        if let Some(owner) = asked.gives_up {
            let records = self.records.entry(owner).or_default();
            *records = records.saturating_sub(1);
            *self.sums.entry(owner).or_default() -= Decimal::ONE;
        }
        let mut may: Vec<usize> = (0..made.seats.len()).filter(|seat| self.may_receive(made, asked, *seat)).collect();
        let owner = |seat: &usize| made.seats[*seat].receiver().unwrap().owner;
        let last = |seat: &usize| self.last.get(seat).copied().unwrap_or(0);
        let load = |seat: &usize| self.load(made, owner(seat));
        match made.strategy.by {
            By::Turn => may.sort_by_key(last),
            By::Load => may.sort_by_key(|seat| (load(seat), last(seat))),
            By::LoadByWeight => may.sort_by(|a, b| {
                let (a_weight, b_weight) = (made.seats[*a].weight, made.seats[*b].weight);
                (load(a) * b_weight).cmp(&(load(b) * a_weight)).then(last(a).cmp(&last(b)))
            }),
            By::Weight | By::Hash => return may,
        }
        may.truncate(1);
        may
    }

    fn load(&self, made: &Made, owner: u32) -> Decimal {
        match made.strategy.measure {
            Measure::Count => Decimal::from(self.records.get(&owner).copied().unwrap_or(0)),
            Measure::Sum(_) => self.sums.get(&owner).copied().unwrap_or(Decimal::ZERO),
        }
    }

    fn may_receive(&self, made: &Made, asked: &Asked, at: usize) -> bool {
        let seat = &made.seats[at];
        let there = |person: &&Person| person.is_active && !person.is_away;
        let receiver = if seat.person.is_away { seat.backups.iter().find(there) } else { Some(&seat.person) };
        let Some(receiver) = receiver else { return false };
        let received = self.received.get(&receiver.owner).copied().unwrap_or(0);
        seat.person.is_active
            && made.fits[asked.fit][at]
            && (seat.weight > Decimal::ZERO || !matches!(made.strategy.by, By::Weight | By::LoadByWeight))
            && !asked.excluded.contains(&seat.person.owner)
            && !asked.excluded.contains(&receiver.owner)
            && receiver
                .capacity_records_max
                .is_none_or(|max| self.records.get(&receiver.owner).copied().unwrap_or(0) < max)
            && made.strategy.load_max.is_none_or(|max| self.load(made, receiver.owner) < max)
            && made.strategy.period_caps.iter().all(|cap| received < cap.received_max)
    }

    fn give(&mut self, seat: usize, owner: u32, amount: Option<Decimal>) {
        self.turn += 1;
        self.last.insert(seat, self.turn);
        *self.received.entry(owner).or_default() += 1;
        *self.records.entry(owner).or_default() += 1;
        *self.sums.entry(owner).or_default() += amount.unwrap_or(Decimal::ZERO);
    }
}

fn count(empty: &mut Empty, why: PassedOver) {
    match why {
        PassedOver::Inactive => empty.inactive += 1,
        PassedOver::Condition => empty.condition += 1,
        PassedOver::NoWeight => empty.no_weight += 1,
        PassedOver::Away => empty.away += 1,
        PassedOver::Excluded => empty.excluded += 1,
        PassedOver::AtCapacity { .. } | PassedOver::Full { .. } => empty.full += 1,
        PassedOver::FullThisPeriod { .. } => empty.full_this_period += 1,
    }
}
