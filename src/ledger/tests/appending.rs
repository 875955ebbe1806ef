//! What a run may be, and that it is there whole or not at all.

use rusqlite::TransactionBehavior;

use super::super::append::{CommitFault, write_run};
use super::super::encoding::input_hashes;
use super::super::read::tip;
use super::*;

#[test]
fn a_run_twice_is_a_repeat() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let mut draft = draft(&ledger, 1);
    draft.entries = vec![assigned("A-1", None, "ana")];
    let first = ledger.append(&draft).unwrap();
    assert_eq!((first.repeated, first.entry_count), (false, 1));
    assert_eq!(first.run, run_id(&draft));
    assert_eq!(first.head, ledger.head().unwrap());
    // The clock and the actor are no part of the question.
    draft.recorded_at += 1;
    draft.actor = "someone else".into();
    let second = ledger.append(&draft).unwrap();
    assert!(second.repeated);
    assert_eq!((second.run, second.head), (first.run, first.head));
    assert_eq!(ledger.runs().unwrap().len(), 1);
}

#[test]
fn every_part_of_the_question_changes_the_id() {
    let sandbox = Sandbox::new();
    let original = draft(&sandbox.open(), 1);
    let changes: [fn(&mut RunDraft); 8] = [
        |draft| draft.base.push('0'),
        |draft| draft.inputs[0].content.push(b' '),
        |draft| draft.inputs[0].name.push('x'),
        |draft| draft.inputs[0].kind.push('x'),
        |draft| draft.inputs.truncate(1),
        |draft| draft.snapshot.push('x'),
        |draft| draft.options.push('x'),
        |draft| draft.as_of += 1,
    ];
    for change in changes {
        let mut changed = original.clone();
        change(&mut changed);
        assert_ne!(run_id(&changed), run_id(&original));
    }
}

#[test]
fn a_stale_base_is_refused() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let stale = draft(&ledger, 2);
    let mut other = draft(&ledger, 1);
    other.entries = vec![assigned("A-1", None, "ana")];
    let head = ledger.append(&other).unwrap().head;
    let error = ledger.append(&stale).unwrap_err();
    assert!(
        matches!(&error, LedgerError::Stale { base, head: at } if *base == stale.base && *at == head.root),
        "{error}"
    );
    assert_eq!(ledger.head().unwrap(), head);
}

#[test]
fn an_earlier_instant_needs_a_reason() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let mut earlier = draft(&ledger, 2);
    earlier.snapshot.push_str(", corrected");
    earlier.totals = vec![totals(2, &[(Outcome::Assigned, 2)])];
    let error = ledger.append(&earlier).unwrap_err();
    assert!(matches!(error, LedgerError::Backdated { .. }), "{error}");
    earlier.backdate = Some(" ".into());
    assert!(matches!(ledger.append(&earlier), Err(LedgerError::Draft { .. })));
    earlier.backdate = Some("the export of Monday was late".into());
    ledger.append(&earlier).unwrap();
    let runs = ledger.runs().unwrap();
    assert_eq!(runs[3].backdate, earlier.backdate);
    assert!(sandbox.verify().is_sound());
}

#[test]
fn totals_must_add_up() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let mut draft = draft(&ledger, 1);
    draft.totals = vec![totals(3, &[(Outcome::Assigned, 1), (Outcome::Gone, 2)])];
    let error = ledger.append(&draft).unwrap_err();
    assert!(matches!(error, LedgerError::Totals { read: 3, sum: 1, .. }), "{error}");
    draft.totals = vec![totals(0, &[]), totals(0, &[])];
    assert!(matches!(ledger.append(&draft), Err(LedgerError::Draft { .. })));
    // An outcome with more entries than records contradicts its totals.
    draft.totals = vec![totals(1, &[(Outcome::Kept, 1)])];
    draft.entries = vec![assigned("A-1", None, "ana")];
    assert!(matches!(ledger.append(&draft), Err(LedgerError::Draft { .. })));
    assert_eq!(ledger.head().unwrap().run_count, 0);
    draft.totals = vec![totals(3, &[(Outcome::Assigned, 1), (Outcome::Invalid, 2)])];
    ledger.append(&draft).unwrap();
    assert_eq!(ledger.runs().unwrap()[0].totals, draft.totals);
}

#[test]
fn a_role_of_a_record_is_decided_once() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let twice = [
        vec![assigned("A", None, "ana"), assigned("B", None, "ana"), assigned("A", None, "bob")],
        vec![assigned("A", None, "ana"), adopted("A", "bob")],
        vec![adopted("A", "ana"), adopted("A", "bob")],
        vec![adopted("A", "ana"), assigned("A", None, "bob"), assigned("A", None, "zoe")],
    ];
    for entries in twice {
        let draft = RunDraft { entries, ..draft(&ledger, 1) };
        let error = ledger.append(&draft).unwrap_err();
        assert!(matches!(&error, LedgerError::Duplicate { key, .. } if key == "A"), "{error}");
    }
    let mut team = assigned("A", None, "bob");
    team.role = "team".into();
    let fine =
        RunDraft { entries: vec![adopted("A", "ana"), assigned("A", Some("ana"), "bob"), team], ..draft(&ledger, 1) };
    ledger.append(&fine).unwrap();
    assert_eq!(current(&ledger), ["A owner bob", "A team bob"]);
}

#[test]
fn double_inputs_and_owner_columns_are_refused() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let mut inputs = draft(&ledger, 1);
    inputs.inputs.push(inputs.inputs[0].clone());
    assert!(matches!(ledger.append(&inputs), Err(LedgerError::Draft { .. })));
    let mut columns = draft(&ledger, 1);
    columns.shown = vec![shown("A", None), shown("A", Some("ana"))];
    assert!(matches!(ledger.append(&columns), Err(LedgerError::Draft { .. })));
    assert_eq!(ledger.head().unwrap().run_count, 0);
}

#[test]
fn a_run_broken_off_leaves_nothing() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let before = ledger.head().unwrap();
    let mut draft = draft(&ledger, 4);
    // More than the page cache holds, so that unsaved pages reach the file before the end.
    ledger.connection.pragma_update(None, "cache_size", 10).unwrap();
    draft.entries = (0..2_000).map(|n| assigned(&format!("B-{n}"), None, "ana")).collect();
    let transaction = ledger.connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let tip = tip(&transaction).unwrap();
    write_run(&transaction, &draft, &run_id(&draft), &input_hashes(&draft), tip).unwrap();
    assert_eq!(sandbox.read().head().unwrap(), before);
    // What a power cut would leave: both files as they are now.
    let other = Sandbox::new();
    std::fs::create_dir_all(other.path().parent().unwrap()).unwrap();
    for suffix in ["", "-wal"] {
        let of = |path: PathBuf| format!("{}{suffix}", path.display());
        std::fs::copy(of(sandbox.path()), of(other.path())).unwrap();
    }
    drop(transaction);
    assert_eq!(ledger.head().unwrap(), before);
    assert_eq!(other.open().head().unwrap(), before);
    assert!(other.verify().is_sound());
    assert!(sandbox.verify().is_sound());
    assert!(!ledger.append(&draft).unwrap().repeated);
}

#[test]
fn after_a_failed_save_the_run_is_looked_up() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let mut draft = draft(&ledger, 4);
    draft.entries = vec![assigned("A-2", Some("bob"), "ana")];
    ledger.commit_fault = Some(CommitFault::Lost);
    let error = ledger.append(&draft).unwrap_err();
    assert!(matches!(&error, LedgerError::CommitUnknown { run, .. } if *run == run_id(&draft)), "{error}");
    assert_eq!(ledger.head().unwrap().run_count, 3);
    ledger.commit_fault = Some(CommitFault::Saved);
    let appended = ledger.append(&draft).unwrap();
    assert_eq!((appended.repeated, appended.entry_count), (false, 1));
    assert_eq!(ledger.head().unwrap(), appended.head);
    assert!(ledger.append(&draft).unwrap().repeated);
}

#[test]
fn a_full_disk_leaves_the_ledger_where_it_was() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let before = ledger.head().unwrap();
    let pages: i64 = ledger.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    ledger.connection.pragma_update_and_check(None, "max_page_count", pages + 2, |_| Ok(())).unwrap();
    let mut draft = draft(&ledger, 4);
    draft.entries = (0..5_000).map(|n| assigned(&format!("B-{n}"), None, "ana")).collect();
    let error = ledger.append(&draft).unwrap_err();
    assert!(matches!(error, LedgerError::Full { .. }), "{error}");
    assert_eq!(ledger.head().unwrap(), before);
    assert!(sandbox.verify().is_sound());
    drop(ledger);
    sandbox.open().append(&draft).unwrap();
}

#[test]
fn the_file_guards_itself_against_slips() {
    let sandbox = Sandbox::with_three_runs();
    let connection = Connection::open(sandbox.path()).unwrap();
    for slip in [
        "UPDATE entries SET owner = 1",
        "DELETE FROM entries",
        "UPDATE runs SET actor = 'x'",
        "DELETE FROM runs WHERE seq = 3",
        "DELETE FROM totals",
        "UPDATE rules SET place = ''",
        "DELETE FROM run_inputs",
    ] {
        let error = connection.execute_batch(slip).unwrap_err().to_string();
        assert!(error.contains("a ledger only grows"), "{slip}: {error}");
    }
}
