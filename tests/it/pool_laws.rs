//! What every way of choosing from a pool promises, for any people, caps and requests.

use crate::cases;
use crate::pools::{Desk, anybody, seats, today};
use ownward::assign::{
    By, Empty, Measure, NOBODY, PassedOver, Period, PeriodCap, Person, Picked, Pool, Request, RotationState, Seat,
    Strategy, SumId, Verdict,
};
use ownward::value::Decimal;
use proptest::prelude::*;
use proptest::strategy::Strategy as Generate;
use std::collections::BTreeMap;

const WAYS: [By; 5] = [By::Turn, By::Weight, By::Load, By::LoadByWeight, By::Hash];

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
