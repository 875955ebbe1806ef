//! Pools through the public API, case by case: turns, weights, loads, hash, covers, caps, newcomers, states.

use ownward::assign::{
    By, Empty, FitId, Loads, Measure, NOBODY, Period, PeriodCap, Person, Picked, Pool, Request, Roster, Rotation,
    RotationState, Seat, Strategy, SumId,
};
use ownward::value::Decimal;
use ownward::value::time::parse_day;

/// A Wednesday.
pub fn today() -> i32 {
    parse_day("2026-07-01").unwrap()
}

pub fn person(owner: u32, key: &str) -> Person {
    Person { owner, key: key.into(), is_active: true, is_away: false, capacity_records_max: None }
}

/// Seats of the keys, owner codes from 0 in the order given.
pub fn seats(keys: &[&str]) -> Vec<Seat> {
    (0..).zip(keys).map(|(owner, key)| Seat::of(person(owner, key))).collect()
}

pub fn anybody(fit: FitId) -> Request<'static> {
    Request { fit, excluded: &[], record_key: "A-1", current: NOBODY }
}

/// One pool with all it needs, for cases by name.
pub struct Desk {
    pub pool: Pool,
    pub rotation: Rotation,
    pub loads: Loads,
}

impl Desk {
    pub fn new(seats: Vec<Seat>, strategy: Strategy) -> Self {
        Desk::with(seats, strategy, &RotationState::default(), today())
    }

    pub fn with(seats: Vec<Seat>, strategy: Strategy, state: &RotationState, today: i32) -> Self {
        let mut rotation = Rotation::open(state, today);
        let pool = Pool::new(Roster::new(seats), strategy, &mut rotation);
        Desk { pool, rotation, loads: Loads::new(1) }
    }

    /// Picks, and gives the record to the one who was picked.
    pub fn pick(&mut self, request: &Request) -> Result<Picked, Empty> {
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

/// The table of `docs/strategies.md`, "By turn".
#[test]
fn somebody_back_from_leave_is_next_once() {
    let mut desk = Desk::new(seats(&["ana", "ben", "cat"]), Strategy::new(By::Turn));
    assert_eq!(desk.turns(2), ["ana", "ben"]);
    let mut all = seats(&["ana", "ben", "cat"]);
    all[2].person.is_away = true;
    let mut away = Desk::with(all, Strategy::new(By::Turn), &desk.rotation.state(), today());
    assert_eq!(away.turns(1), ["ana"]);
    let state = away.rotation.state();
    let mut back = Desk::with(seats(&["ana", "ben", "cat"]), Strategy::new(By::Turn), &state, today());
    assert_eq!(back.turns(4), ["cat", "ben", "ana", "cat"]);
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
