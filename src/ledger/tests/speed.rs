//! A million entries in one run. By hand: `cargo test --release --lib ledger -- --ignored --nocapture`.

use std::time::Instant;

use super::*;

#[test]
#[ignore = "takes a minute without optimisation; prints times to look at"]
fn a_million_entries_in_one_run() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let mut first = draft(&ledger, 1);
    let model = assigned("", None, "");
    let owners: Vec<String> = (0..2_000).map(|n| format!("person-{n}")).collect();
    let count = 1_000_000_u64;
    for n in 0..count {
        // Keys in an order that is not their own, as in most sources.
        let key = format!("A-{:08}", n.wrapping_mul(0x9E37_79B9) % 100_000_007);
        let owner = &owners[usize::try_from(n).unwrap() % owners.len()];
        let mut entry = model.clone();
        entry.owner = Some(person(owner));
        for field in ["type", "country", "employees", "arr", "industry", "touched"] {
            entry.values.push((field.into(), Some(format!("{field} {}", n % 1_000))));
        }
        first.shown.push(shown(&key, Some(owner)));
        entry.key = key;
        first.entries.push(entry);
    }
    first.totals = vec![totals(count, &[(Outcome::Assigned, count)])];
    let timed = |what: &str, start: Instant| {
        println!("{what}: {:.2} s", start.elapsed().as_secs_f64());
    };
    let start = Instant::now();
    ledger.append(&first).unwrap();
    timed("append of 1,000,000 entries and owner columns", start);
    drop(first);
    drop(ledger);
    println!("file: {} MB", std::fs::metadata(sandbox.path()).unwrap().len() / 1_000_000);

    let mut ledger = sandbox.open();
    let start = Instant::now();
    let mut seen = 0;
    ledger
        .current(|_| {
            seen += 1;
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    assert_eq!(seen, count);
    timed("current", start);
    let start = Instant::now();
    ledger.shown(|_| Ok::<_, LedgerError>(())).unwrap();
    timed("shown", start);
    let start = Instant::now();
    let mut second = draft(&ledger, 2);
    second.entries = (0..1_000).map(|n| assigned(&format!("B-{n}"), None, "ana")).collect();
    ledger.append(&second).unwrap();
    timed("append of 1,000 more", start);
    let start = Instant::now();
    let mut owned = 0;
    ledger
        .since(|_| {
            owned += 1;
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    assert_eq!(owned, count + 1_000);
    timed("since", start);
    let start = Instant::now();
    ledger.current_values(|_, role| role == "team", |_| Ok::<_, LedgerError>(())).unwrap();
    timed("values of a role without entries", start);
    let start = Instant::now();
    ledger.current_values(|_, role| role == "owner", |_| Ok::<_, LedgerError>(())).unwrap();
    timed("values of every entry", start);
    let start = Instant::now();
    assert_eq!(ledger.history("Account", "B-7", None).unwrap().len(), 1);
    assert!(ledger.entry_at("Account", "B-7", "owner", 2 * DAY).unwrap().is_some());
    timed("two questions about one record", start);
    let start = Instant::now();
    assert!(ledger.verify(None).unwrap().is_sound());
    timed("verify", start);
}
