//! Questions about the past: every kind by case, and all of them against a model that remembers every run whole.

use crate::cases;
use crate::world::{Built, World};
use ownward::check::policy::RoleId;
use ownward::compare::{Answers, Asking, Past, PastEntry, PastRule, RolePast, SeenValues, Sight, answer};
use ownward::decide::row::matches;
use ownward::schema::{Membership, Person, RecordId};
use ownward::value::calendar::BusinessCalendar;
use ownward::value::time::{self, AsOf};
use ownward::value::{Outcome, Owner, OwnerKind};
use proptest::prelude::*;

const ACCOUNT: RecordId = RecordId(0);
const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;

fn instant(text: &str) -> i64 {
    match time::parse_day(text) {
        Some(day) => i64::from(day) * DAY,
        None => text.parse::<jiff::Timestamp>().expect("a moment").as_microsecond(),
    }
}

/// One account with a status and a size, and rules that ask one question.
fn world(question: &str, status: &str, size: &str, as_of: i64) -> Built {
    let policy = format!(
        "record Account from accounts {{\n  id text, key\n  status one of (New, Open, Lost)\n  size number, optional\n  \
         seen time, optional\n}}\nteam Sales\n\
         decide owner of Account {{\n  asked: when {question} assign to Sales\n}}"
    );
    let world = World::new(policy).rows("Account", &["id", "status", "size"], &[&["A", status, size]]);
    World { as_of: AsOf::utc(as_of), ..world }.build()
}

fn answers(built: &Built, past: &Past, calendar: Option<&BusinessCalendar>) -> Answers {
    answer(&Asking {
        policy: &built.policy,
        dataset: &built.dataset,
        binding: &built.binding,
        as_of: &built.as_of,
        past,
        calendar,
        fingerprints: &[vec!["print".to_owned()]],
    })
}

/// What runs saw of the account: moment, field and value; `-` is missing, `?` was erased.
fn past(built: &Built, seen: &[(&str, &str, &str)]) -> Past {
    let mut values = SeenValues::default();
    let mut moments: Vec<&str> = seen.iter().map(|(moment, ..)| *moment).collect();
    moments.dedup();
    for (moment, field, value) in seen {
        let field = built.policy.schema.record(ACCOUNT).find(field).expect("a field");
        let sight = match *value {
            "-" => Sight::Missing,
            "?" => Sight::Erased,
            text => Sight::Text(text),
        };
        let run = moments.iter().position(|known| known == moment).expect("its run") as u64 + 1;
        values.add("A", field, sight, run, instant(moment));
    }
    Past { seen: vec![values], ..Past::default() }
}

/// Whether the question holds on a day (or at a moment) for the status and size of now.
#[track_caller]
fn asked(question: &str, (status, size): (&str, &str), today: &str, seen: &[(&str, &str, &str)]) -> bool {
    let built = world(question, status, size, instant(today));
    let found = answers(&built, &past(&built, seen), None);
    assert_eq!(found.holds.len(), 1, "{question}");
    found.holds[0][0]
}

#[test]
fn becoming_is_a_state_that_begins_with_a_change() {
    let becomes = |now, seen: &[_]| asked("status becomes Open", (now, ""), "2026-03-01", seen);
    let (first, second) = ("2026-01-01", "2026-02-01");
    assert!(!becomes("Open", &[]));
    assert!(!becomes("Open", &[(first, "status", "Open")]));
    assert!(becomes("Open", &[(first, "status", "New")]));
    assert!(!becomes("Lost", &[(first, "status", "New")]));
    // As long as it stays, however long ago it was.
    assert!(becomes("Open", &[(first, "status", "New"), (second, "status", "Open")]));
    assert!(!becomes("Lost", &[(first, "status", "New"), (second, "status", "Open")]));
    // Away and back.
    assert!(becomes("Open", &[(first, "status", "Open"), (second, "status", "Lost")]));
    // What was erased is neither.
    assert!(!becomes("Open", &[(first, "status", "?")]));
    assert!(!becomes("Open", &[(first, "status", "Open"), (second, "status", "?")]));
    assert!(becomes("Open", &[(first, "status", "New"), (second, "status", "?")]));
    // A choice that the schema no longer has is not known either.
    assert!(!becomes("Open", &[(first, "status", "Dropped")]));
    // A missing value is a value.
    assert!(asked("size becomes 5", ("New", "5"), second, &[(first, "size", "-")]));
    assert!(!asked("size becomes 5", ("New", "5.0"), second, &[(first, "size", "5")]));
}

#[test]
fn what_was_is_the_value_before() {
    let was = |now, seen: &[_]| asked("status was Open", (now, ""), "2026-03-01", seen);
    let (first, second) = ("2026-01-01", "2026-02-01");
    assert!(!was("Open", &[]));
    assert!(!was("Open", &[(first, "status", "Open")]));
    assert!(was("Lost", &[(first, "status", "Open")]));
    assert!(was("Lost", &[(first, "status", "Open"), (second, "status", "Lost")]));
    // One step back, not more.
    assert!(!was("Lost", &[(first, "status", "Open"), (second, "status", "New")]));
    assert!(!was("Open", &[(first, "status", "Open"), (second, "status", "New")]));
    assert!(!was("Lost", &[(first, "status", "Open"), (second, "status", "?")]));
    assert!(was("Lost", &[(first, "status", "?"), (second, "status", "Open")]));
}

#[test]
fn a_change_lies_within_its_span_to_the_day() {
    let seen = [("2026-01-01", "status", "New"), ("2026-01-10T23:00:00Z", "status", "Open")];
    let changed = |today, now| asked("status changed within past 7 days", (now, ""), today, &seen);
    assert!(changed("2026-01-10T23:00:00Z", "Open"));
    assert!(changed("2026-01-17T22:00:00Z", "Open"));
    assert!(!changed("2026-01-18", "Open"));
    // What changes with this run has changed now.
    assert!(changed("2026-01-18", "Lost"));
    let hours = |today, now| asked("status changed within past 36 hours", (now, ""), today, &seen);
    assert!(hours("2026-01-12T11:00:00Z", "Open"));
    assert!(!hours("2026-01-12T11:00:01Z", "Open"));
    let first = |seen: &[_]| asked("status changed within past 7 days", ("Open", ""), "2026-01-02", seen);
    assert!(!first(&[]));
    // First seen is no change, and neither is what was seen before something that was erased and is there again.
    assert!(!first(&[("2026-01-01", "status", "Open")]));
    assert!(!first(&[("2025-12-01", "status", "Open"), ("2026-01-01", "status", "?")]));
    assert!(first(&[("2025-12-01", "status", "New"), ("2026-01-01", "status", "?")]));
}

#[test]
fn a_state_lasts_for_whole_days() {
    let open = |today, seen: &[_]| asked("status is Open for 30 days", ("Open", ""), today, seen);
    assert!(!open("2026-01-31", &[]));
    let first = [("2026-01-01", "status", "Open")];
    assert!(!open("2026-01-30", &first));
    assert!(open("2026-01-31", &first));
    // Seen at noon for the first time, it has not been so all of that day.
    let noon = [("2026-01-01T12:00:00Z", "status", "Open")];
    assert!(!open("2026-01-31T12:00:00Z", &noon));
    assert!(open("2026-02-01", &noon));
    let back = [("2026-01-01", "status", "Open"), ("2026-01-20", "status", "Lost"), ("2026-01-21", "status", "Open")];
    assert!(!open("2026-02-19", &back));
    assert!(open("2026-02-20", &back));
    let erased = [("2026-01-01", "status", "Open"), ("2026-01-20", "status", "?"), ("2026-01-21", "status", "Open")];
    assert!(!open("2026-02-19", &erased));
    assert!(open("2026-02-20", &erased));
    assert!(!asked("status is Open for 30 days", ("Lost", ""), "2026-03-01", &first));
    let month = |today| asked("status is Open for 1 months", ("Open", ""), today, &first);
    assert!(!month("2026-01-31") && month("2026-02-01"));
}

#[test]
fn fields_that_are_asked_together_change_together() {
    let question = "(status = Open and size >= 5) for 10 days";
    let held = |size, seen: &[_]| asked(question, ("Open", size), "2026-03-01", seen);
    let (open, size) = (("2026-01-01", "status", "Open"), ("2026-01-01", "size", "7"));
    assert!(held("7", &[open, size]));
    // One of them was asked for the first time later.
    assert!(held("7", &[open, ("2026-02-19", "size", "7")]));
    assert!(!held("7", &[open, ("2026-02-20", "size", "7")]));
    assert!(!held("7", &[open]));
    // Another value for which it holds as well.
    assert!(held("9", &[open, size]));
    assert!(held("9", &[open, size, ("2026-02-25", "size", "8")]));
    assert!(!held("9", &[open, size, ("2026-02-20", "size", "3"), ("2026-02-25", "size", "8")]));
    assert!(!held("9", &[open, size, ("2026-02-20", "size", "-"), ("2026-02-25", "size", "8")]));
}

#[test]
fn a_rule_matches_where_the_answer_holds() {
    let built = world("not (status becomes Open)", "Open", "", instant("2026-03-01"));
    let past = past(&built, &[("2026-01-01", "status", "New")]);
    let found = answers(&built, &past, None);
    let related = built.related.clone().with_history(found.holds);
    let built = Built { related, ..built };
    let decision = built.decide();
    assert_eq!(decision.answer(RoleId(0), 0).outcome, Outcome::Unmatched);
    let rule = &built.policy.roles[0].rules[0];
    assert!(!decision.with_facts(RoleId(0), 0, |setting, facts| matches(setting, rule, facts)));
}

/// An account whose owner was set at one moment and that was touched at another, asked on Tuesday, 2026-03-10, at 13:00.
fn in_time(set: Option<&str>, seen: &str, rule: Option<&str>, question: &str) -> (bool, bool) {
    let policy = format!(
        "record Account from accounts {{\n  id text, key\n  seen time, optional\n}}\nteam Sales\n\
         decide owner of Account {{\n  late: when {question} assign to Sales\n}}"
    );
    let world = World::new(policy).rows("Account", &["id", "seen"], &[&["A", seen]]);
    let built = World { as_of: AsOf::utc(instant("2026-03-10T13:00:00Z")), ..world }.build();
    let entry = PastEntry {
        outcome: Outcome::Assigned,
        owner: Some(Owner::new(OwnerKind::Team, "Sales")),
        previous: None,
        rule: rule.map(|label| PastRule { label: Some(label.to_owned()), fingerprint: "other".to_owned() }),
        is_drift: false,
        is_pin: false,
        held_since: None,
    };
    let mut role = RolePast::default();
    role.entries.insert("A".to_owned(), entry);
    role.since.extend(set.map(|set| ("A".to_owned(), instant(set))));
    let past = Past { roles: vec![role], ..Past::default() };
    let found = answers(&built, &past, Some(&usual_hours()));
    assert_eq!(built.policy.clocks(&built.policy.roles[0].rules[0]).len(), usize::from(question.starts_with("not")));
    (found.holds[0][0], found.overdue[0].contains(0))
}

#[test]
fn an_owner_is_in_time_until_the_hours_are_over_or_for_good_once_in_touch() {
    let asked = |set, seen| in_time(set, seen, None, "not seen within 4 business hours");
    assert_eq!(asked(None, ""), (true, false));
    assert_eq!(asked(Some("2026-03-10T09:00:01Z"), ""), (true, false));
    assert_eq!(asked(Some("2026-03-10T09:00:00Z"), ""), (false, true));
    // Over the week-end no hour passes.
    assert_eq!(asked(Some("2026-03-09T16:59:00Z"), ""), (false, true));
    assert_eq!(asked(Some("2026-03-10T07:00:00Z"), ""), (false, true));
    assert_eq!(asked(Some("2026-03-01"), "2026-02-28 23:59"), (false, true));
    assert_eq!(asked(Some("2026-03-01"), "2026-03-01 00:00"), (true, false));
}

#[test]
fn the_rule_that_waits_for_the_end_keeps_its_decision() {
    let question = "not seen within 4 business hours";
    let asked = |set, seen, rule| in_time(Some(set), seen, Some(rule), question);
    // Its own owner has time, but until they are in touch no other rule may decide.
    assert_eq!(asked("2026-03-10T12:00:00Z", "", "late"), (false, false));
    assert_eq!(asked("2026-03-10T12:00:00Z", "", "other"), (true, false));
    assert_eq!(asked("2026-03-10T12:00:00Z", "2026-03-10 12:30", "late"), (true, false));
    assert_eq!(asked("2026-03-10T09:00:00Z", "", "late"), (false, true));
    // A rule that wants the owner in time does not.
    let wanted = in_time(Some("2026-03-10T12:00:00Z"), "", Some("late"), "seen within 4 business hours");
    assert_eq!(wanted, (true, false));
}

#[test]
fn without_a_calendar_nobodys_time_is_over() {
    let built = world("not seen within 4 business hours", "New", "", instant("2026-03-10"));
    let mut role = RolePast::default();
    role.since.insert("A".to_owned(), 0);
    let found = answers(&built, &Past { roles: vec![role], ..Past::default() }, None);
    assert!(found.holds[0][0] && found.overdue[0].is_empty());
}

const STATUSES: [&str; 3] = ["New", "Open", "Lost"];
const QUESTIONS: [&str; 5] = [
    "status becomes Open",
    "status was Open",
    "status changed within past 7 days",
    "size changed within past 36 hours",
    "(status = Open and size >= 5) for 10 days",
];

/// A run as the model remembers it: when, and what both fields were; `None` where it was erased since.
#[derive(Clone, Debug)]
struct Run {
    at: i64,
    status: Option<usize>,
    size: Option<Option<i64>>,
}

/// What a step may change: the hours since the last one, a status, a size, and what of that is erased later.
type Step = (i64, Option<usize>, Option<Option<i64>>, (bool, bool));

/// Runs, the last of which is the one that asks.
fn runs() -> impl Strategy<Value = Vec<Run>> {
    let hours = prop_oneof![1_i64..48, Just(24), Just(240), 1_i64..300];
    // Mostly something stays as it was.
    let status = prop_oneof![4 => Just(None), 3 => (0_usize..3).prop_map(Some)];
    let size = prop_oneof![4 => Just(None), 3 => prop::option::of(3_i64..8).prop_map(Some)];
    let erased = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    prop::collection::vec((hours, status, size, erased), 1..9).prop_map(|steps| {
        let mut at = instant("2026-01-01");
        let (mut status, mut size) = (0, None);
        let (mut no_status, mut no_size) = (false, false);
        let last = steps.len() - 1;
        let run = |(index, (hours, to_status, to_size, erased)): (usize, Step)| {
            at += hours * HOUR;
            // A value is erased for as long as it was there.
            if index == 0 || to_status.is_some_and(|to| to != status) {
                status = to_status.unwrap_or(status);
                no_status = erased.0;
            }
            if index == 0 || to_size.is_some_and(|to| to != size) {
                size = to_size.unwrap_or(size);
                no_size = erased.1;
            }
            let is_known = index == last;
            Run { at, status: (is_known || !no_status).then_some(status), size: (is_known || !no_size).then_some(size) }
        };
        steps.into_iter().enumerate().map(run).collect()
    })
}

/// The answers by the words of the reference, run by run.
fn model(runs: &[Run]) -> Vec<bool> {
    let now = &runs[runs.len() - 1];
    let is_open = |run: &Run| run.status.map(|status| status == 1);
    let becomes = is_open(now) == Some(true) && runs.iter().any(|run| is_open(run) == Some(false));
    let was = runs.iter().rev().find(|run| run.status != now.status).is_some_and(|run| is_open(run) == Some(true));
    let status: Vec<(i64, usize)> = runs.iter().filter_map(|run| Some((run.at, run.status?))).collect();
    let today = now.at.div_euclid(DAY);
    let changed_status = last_change(&status).is_some_and(|at| at.div_euclid(DAY) >= today - 7);
    let size: Vec<(i64, Option<i64>)> = runs.iter().filter_map(|run| Some((run.at, run.size?))).collect();
    let changed_size = last_change(&size).is_some_and(|at| at >= now.at - 36 * HOUR);
    let start = (today - 10) * DAY;
    let holds = |run: &Run| run.status == Some(1) && run.size.is_some_and(|size| size.is_some_and(|size| size >= 5));
    let lasts = match runs.iter().rposition(|run| run.at <= start) {
        Some(first) => runs[first..].iter().all(holds),
        None => false,
    };
    vec![becomes, was, changed_status, changed_size, lasts]
}

fn last_change<T: PartialEq>(values: &[(i64, T)]) -> Option<i64> {
    values.windows(2).rev().find(|pair| pair[0].1 != pair[1].1).map(|pair| pair[1].0)
}

proptest! {
    #![proptest_config(cases::config(500))]

    #[test]
    fn answers_are_those_of_a_model_that_remembers_everything(runs in runs()) {
        let (now, before) = runs.split_last().expect("a run");
        let status = STATUSES[now.status.expect("known")];
        let shown = |size: Option<i64>| size.map(|size| size.to_string());
        let size = shown(now.size.expect("known")).unwrap_or_default();
        let rules: Vec<String> = QUESTIONS.iter().map(|question| format!("when {question} assign to Sales")).collect();
        let policy = format!(
            "record Account from accounts {{\n  id text, key\n  status one of (New, Open, Lost)\n  size number, optional\n}}\n\
             team Sales\ndecide owner of Account {{\n{}\n}}",
            rules.join("\n")
        );
        let world = World::new(policy).rows("Account", &["id", "status", "size"], &[&["A", status, &size]]);
        let built = World { as_of: AsOf::utc(now.at), ..world }.build();
        prop_assert_eq!(built.policy.histories.len(), QUESTIONS.len());
        // As the ledger keeps it: a field after the other, only what changed.
        let record = built.policy.schema.record(ACCOUNT);
        let mut values = SeenValues::default();
        for name in ["status", "size"] {
            let mut last = None;
            for (number, run) in (1..).zip(before) {
                let text = match name {
                    "status" => run.status.map(|status| Some(STATUSES[status].to_owned())),
                    _ => run.size.map(shown),
                };
                let sight = match &text {
                    None => Sight::Erased,
                    Some(None) => Sight::Missing,
                    Some(Some(text)) => Sight::Text(text),
                };
                if last.as_ref() != Some(&text) {
                    values.add("A", record.find(name).expect("a field"), sight, number, run.at);
                }
                last = Some(text);
            }
        }
        let found = answers(&built, &Past { seen: vec![values], ..Past::default() }, None);
        let found: Vec<bool> = found.holds.iter().map(|rows| rows[0]).collect();
        prop_assert_eq!(found, model(&runs));
    }
}

/// A lead in the ledger: who has it, since when and by which rule.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    owner: String,
    rule: String,
    since: i64,
}

/// One run over a lead: what the ledger says of it afterwards.
fn run_lead(held: Option<&Held>, touched: Option<i64>, now: i64) -> Held {
    let touched = touched.map(time::show_instant).unwrap_or_default();
    let owner = held.map_or("", |held| held.owner.as_str());
    let policy = "record Lead from leads {\n  id text, key\n  touched time, optional\n  current owner, column \"owner\"\n}\n\
        person from people\nteam SDR\ndecide owner of Lead {\n\
        late: when not touched within 4 business hours assign to next of SDR\nnew: otherwise assign to next of SDR\n}";
    let world = World::new(policy).rows("Lead", &["id", "touched", "owner"], &[&["A", &touched, owner]]);
    let people = ["ana", "bo", "cy"].map(sdr).to_vec();
    let built = World { as_of: AsOf::utc(now), people: Some(people), ..world }.build();
    let mut role = RolePast::default();
    if let Some(held) = held {
        let entry = PastEntry {
            outcome: Outcome::Assigned,
            owner: Some(Owner::new(OwnerKind::Person, &*held.owner)),
            previous: None,
            rule: Some(PastRule { label: Some(held.rule.clone()), fingerprint: String::new() }),
            is_drift: false,
            is_pin: false,
            held_since: None,
        };
        role.entries.insert("A".to_owned(), entry);
        role.since.insert("A".to_owned(), held.since);
    }
    let past = Past { roles: vec![role], ..Past::default() };
    let found = answer(&Asking {
        policy: &built.policy,
        dataset: &built.dataset,
        binding: &built.binding,
        as_of: &built.as_of,
        past: &past,
        calendar: Some(&usual_hours()),
        fingerprints: &[vec!["1".to_owned(), "2".to_owned()]],
    });
    let related = built.related.clone().with_history(found.holds).with_overdue(found.overdue);
    let built = Built { related, ..built };
    let decision = built.decide();
    let answer = decision.answer(RoleId(0), 0);
    let rule = built.policy.role(RoleId(0)).rule(answer.rule.expect("a rule decides")).label.clone();
    let owner = answer.owner.expect("somebody has it").id;
    let since = held.filter(|held| held.owner == owner).map_or(now, |held| held.since);
    Held { owner, rule: rule.expect("a label"), since }
}

fn sdr(key: &str) -> Person {
    Person { key: key.to_owned(), teams: vec![Membership::always("SDR")], active: true, ..Person::default() }
}

fn usual_hours() -> BusinessCalendar {
    BusinessCalendar::new(BusinessCalendar::usual_hours(), [], jiff::tz::TimeZone::UTC)
}

proptest! {
    #![proptest_config(cases::config(60))]

    #[test]
    fn a_lead_stays_until_time_is_up_and_then_somebody_else_has_it(
        steps in prop::collection::vec((1_i64..900, prop::bool::weighted(0.15)), 1..20),
    ) {
        let mut now = instant("2026-03-09T08:00:00Z");
        let mut touched = None;
        let mut held = run_lead(None, touched, now);
        prop_assert_eq!(held.rule.as_str(), "new");
        for (minutes, is_touched) in steps {
            now += minutes * HOUR / 60;
            if is_touched {
                touched = Some(now);
            }
            let next = run_lead(Some(&held), touched, now);
            if touched.is_some_and(|touched| touched >= held.since) {
                prop_assert_eq!(&next, &Held { rule: "new".to_owned(), ..held });
            } else if usual_hours().between(held.since, now) >= 240 {
                prop_assert_ne!(&next.owner, &held.owner);
                prop_assert_eq!((next.rule.as_str(), next.since), ("late", now));
            } else {
                prop_assert_eq!(&next, &held);
            }
            prop_assert_eq!(&run_lead(Some(&next), touched, now), &next);
            held = next;
        }
    }
}
