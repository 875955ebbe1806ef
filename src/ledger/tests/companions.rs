//! What stands beside decisions, and the questions that go over the whole ledger at once.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

fn companion(key: &str, outcome: Outcome, role: &str) -> EntryDraft {
    EntryDraft { role: role.into(), ..entry(key, outcome) }
}

/// `key role owner` of every companion that stands, in order of keys.
fn standing(ledger: &Ledger) -> Vec<String> {
    let mut lines = Vec::new();
    ledger
        .current(|current| {
            if let Some(companion) = current.companion().filter(|_| current.outcome != Outcome::Nobody) {
                let owner = current.owner.map_or("-", |owner| &owner.id);
                lines.push(format!("{} {companion:?} {owner}", current.key));
            }
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    lines.sort();
    lines
}

#[test]
fn a_run_holds_decisions_with_totals_and_what_stands_beside_them() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let mut run = draft(&ledger, 4);
    run.entries = vec![
        assigned("A-1", Some("bob"), "ana"),
        EntryDraft::handing_over("Account", "A-1", "owner", person("bob"), 4, 34),
        EntryDraft::pin("Account", "A-2", "owner", person("bob"), 4, Some(90)),
        EntryDraft::rotation("next of Sales", Some("ana=1 bob=2".into())),
    ];
    run.totals = vec![totals(2, &[(Outcome::Assigned, 2)])];
    ledger.append(&run).unwrap();
    assert_eq!(
        standing(&ledger),
        ["A-1 HandingOver { role: \"owner\" } bob", "A-2 Pin { role: \"owner\" } bob", "next of Sales Rotation -",]
    );
    // Decisions are what they were without them.
    let mut decided = Vec::new();
    ledger
        .current(|current| {
            if current.companion().is_none() {
                decided.push(format!("{} {}", current.key, current.owner.unwrap().id));
            }
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    assert_eq!(decided, ["A-1 ana", "A-2 bob"]);
    let mut last = draft(&ledger, 5);
    last.entries = vec![
        EntryDraft::handed_over("Account", "A-1", "owner", person("bob"), 5),
        EntryDraft::unpin("Account", "A-2", "owner", Some(person("bob")), 5),
        EntryDraft::rotation("next of Sales", None),
    ];
    ledger.append(&last).unwrap();
    assert!(standing(&ledger).is_empty());
    assert!(sandbox.verify().is_sound());
}

#[test]
fn two_pins_in_one_run_contradict_each_other() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let mut run = draft(&ledger, 1);
    run.entries = vec![
        EntryDraft::pin("Account", "A-1", "owner", person("ana"), 1, None),
        EntryDraft::pin("Account", "A-1", "owner", person("bob"), 1, None),
    ];
    assert!(matches!(ledger.append(&run), Err(LedgerError::Duplicate { .. })));
}

#[test]
fn a_command_neither_needs_nor_sets_the_moment_of_runs() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let mut early = draft(&ledger, 1);
    early.snapshot.clear();
    early.entries = vec![EntryDraft::pin("Account", "A-1", "owner", person("ana"), 1, None)];
    ledger.append(&early).unwrap();
    let mut late = draft(&ledger, 9);
    late.entries = vec![EntryDraft::unpin("Account", "A-1", "owner", Some(person("ana")), 9)];
    ledger.append(&late).unwrap();
    let mut run = draft(&ledger, 3);
    run.snapshot.push_str(", again");
    run.totals = vec![totals(2, &[(Outcome::Assigned, 2)])];
    ledger.append(&run).unwrap();
    let mut before = draft(&ledger, 2);
    before.snapshot.push_str(", again");
    before.totals.clone_from(&run.totals);
    assert!(matches!(ledger.append(&before), Err(LedgerError::Backdated { last_as_of, .. }) if last_as_of == 3 * DAY));
    assert!(sandbox.verify().is_sound());
}

#[test]
fn no_role_of_a_policy_is_taken_for_a_companion() {
    for role in ["owner", "pin", "pin-of-owner", "handing", "rotation", "field"] {
        assert_eq!(Companion::of("Account", role), None, "{role}");
    }
    assert_eq!(Companion::of("pool", "rotation"), None);
    assert_eq!(Companion::of("Account", "pin of owner").map(Companion::word), Some("pin"));
}

#[test]
fn fields_are_seen_run_after_run_and_are_no_owner_columns() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let field =
        |key: &str, value: Option<&str>| Shown::field("Account".into(), key.into(), "status", value.map(str::to_owned));
    let runs = [
        vec![field("A", Some("Active")), field("B", None)],
        vec![field("A", Some("Active")), field("B", Some("Lost"))],
    ];
    for (day, shown_now) in (1..).zip(runs) {
        let mut run = draft(&ledger, day);
        run.shown = shown_now;
        run.shown.push(shown("A", Some("ana")));
        ledger.append(&run).unwrap();
    }
    let seen = |ledger: &Ledger, wanted: &str| {
        let mut lines = Vec::new();
        ledger
            .seen(
                |record, name| record == "Account" && name == wanted,
                |seen| {
                    let value = if seen.is_erased { "(erased)" } else { seen.value.unwrap_or("-") };
                    lines.push(format!("{} {} {value} {}", seen.key, seen.name, seen.as_of / DAY));
                    Ok::<_, LedgerError>(())
                },
            )
            .unwrap();
        lines
    };
    assert_eq!(seen(&ledger, "status"), ["A status Active 1", "B status - 1", "B status Lost 2"]);
    assert!(seen(&ledger, "stage").is_empty());
    assert_eq!(last_shown(&ledger), ["A ana"]);
    drop(ledger);
    sandbox.tamper("UPDATE texts SET text = NULL, salt = NULL WHERE text = 'Lost'");
    let ledger = sandbox.read();
    assert_eq!(seen(&ledger, "status"), ["A status Active 1", "B status - 1", "B status (erased) 2"]);
    assert!(ledger.verify(None).unwrap().is_sound());
}

#[test]
fn the_start_of_an_ownership_outlasts_changes_of_the_rule() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let renamed = RuleRef { label: Some("renamed".into()), fingerprint: "f2".into(), place: String::new() };
    let mut run = draft(&ledger, 4);
    run.entries = vec![
        EntryDraft { rule: Some(Arc::new(renamed)), ..assigned("A-1", Some("bob"), "bob") },
        EntryDraft { previous: Some(person("bob")), ..companion("A-2", Outcome::Gone, "owner") },
    ];
    ledger.append(&run).unwrap();
    assert_eq!(since(&ledger), ["A-1 owner bob since 2 by renamed", "A-2 owner - since 4 by -"]);
}

fn since(ledger: &Ledger) -> Vec<String> {
    let mut lines = Vec::new();
    ledger
        .since(|since| {
            let owner = since.owner.map_or("-", |owner| &owner.id);
            let rule = since.rule.and_then(|rule| rule.label.as_deref()).unwrap_or("-");
            lines.push(format!("{} {} {owner} since {} by {rule}", since.key, since.role, since.as_of / DAY));
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    lines
}

/// One entry of a generated run: which record, which role, which owner.
type Step = (u8, u8, Option<u8>);

fn generated(runs: &[Vec<Step>]) -> Sandbox {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    for (day, steps) in (1..).zip(runs) {
        let mut run = draft(&ledger, day);
        let mut taken = Vec::new();
        for (key, role, owner) in steps {
            if taken.contains(&(key, role)) {
                continue;
            }
            taken.push((key, role));
            let mut one = assigned(&format!("A-{key}"), None, "nobody yet");
            one.role = ["owner", "team", "pin of owner"][usize::from(*role)].into();
            one.owner = owner.map(|owner| person(&format!("p{owner}")));
            one.values = vec![("day".into(), Some(day.to_string()))];
            run.entries.push(one);
        }
        ledger.append(&run).unwrap();
    }
    sandbox
}

/// What one look at the whole ledger finds, worked out from the history of each record.
fn by_history(ledger: &Ledger) -> (Vec<String>, Vec<Entry>) {
    let mut starts = Vec::new();
    let mut latest = Vec::new();
    for key in ledger.keys("Account").unwrap() {
        for role in ["owner", "pin of owner", "team"] {
            let history = ledger.history("Account", &key, Some(role)).unwrap();
            let Some(last) = history.last() else { continue };
            latest.push(last.clone());
            let start = history.iter().rev().take_while(|entry| entry.owner == last.owner).last().unwrap();
            let owner = last.owner.as_ref().map_or("-", |owner| &owner.id);
            if Companion::of("Account", role).is_none() {
                starts.push(format!("{key} {role} {owner} since {} by at-risk", start.as_of / DAY));
            }
        }
    }
    (starts, latest)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..ProptestConfig::default() })]
    #[test]
    fn one_look_at_all_equals_the_histories(
        runs in proptest::collection::vec(
            proptest::collection::vec((0_u8..4, 0_u8..3, proptest::option::of(0_u8..3)), 0..6),
            1..6,
        )
    ) {
        let sandbox = generated(&runs);
        let ledger = sandbox.read();
        let (starts, latest) = by_history(&ledger);
        let mut found = since(&ledger);
        found.sort();
        prop_assert_eq!(found, starts);
        let mut values = Vec::new();
        ledger.current_values(|_, role| role != "team", |entry| {
            values.push(entry);
            Ok::<_, LedgerError>(())
        }).unwrap();
        values.sort_by(|a: &Entry, b| (&a.key, &a.role).cmp(&(&b.key, &b.role)));
        let wanted: Vec<Entry> = latest.into_iter().filter(|entry| entry.role != "team").collect();
        prop_assert_eq!(values, wanted);
        prop_assert!(ledger.verify(None).unwrap().is_sound());
    }

    #[test]
    fn what_is_seen_of_a_field_is_every_change_and_nothing_else(
        runs in proptest::collection::vec(
            proptest::collection::btree_map((0_u8..3, 0_u8..2), proptest::option::of(0_u8..3), 0..6),
            1..7,
        )
    ) {
        let sandbox = Sandbox::new();
        let mut ledger = sandbox.open();
        let mut before = std::collections::BTreeMap::new();
        let mut expected = Vec::new();
        for (day, values) in (1..).zip(&runs) {
            let mut run = draft(&ledger, day);
            for ((key, path), value) in values {
                let value = value.map(|value| format!("v{value}"));
                let place = (format!("A-{key}"), format!("f{path}"));
                run.shown.push(Shown::field("Account".into(), place.0.clone(), &place.1, value.clone()));
                if before.insert(place.clone(), value.clone()) != Some(value.clone()) {
                    expected.push((place, day, value));
                }
            }
            ledger.append(&run).unwrap();
        }
        let mut found = Vec::new();
        ledger.seen(|_, name| name != "f1", |seen| {
            let place = (seen.key.to_owned(), seen.name.to_owned());
            found.push((place, seen.as_of / DAY, seen.value.map(str::to_owned)));
            Ok::<_, LedgerError>(())
        }).unwrap();
        expected.retain(|((_, name), ..)| name != "f1");
        // By record and field; of one of them in the order of the runs.
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        found.sort_by(|a, b| a.0.cmp(&b.0));
        prop_assert_eq!(found, expected);
        prop_assert!(last_shown(&ledger).is_empty());
        prop_assert!(ledger.verify(None).unwrap().is_sound());
    }
}
