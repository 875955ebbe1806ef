//! What the file may be, and who else has it open.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

#[test]
fn no_file_is_no_ledger_yet() {
    let sandbox = Sandbox::new();
    assert!(Ledger::open_existing_read_only(&sandbox.path()).unwrap().is_none());
    assert!(!sandbox.path().exists());
    sandbox.open();
    let names: Vec<_> =
        std::fs::read_dir(sandbox.path().parent().unwrap()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(names, ["ledger.db"]);
    assert!(Ledger::open_existing_read_only(&sandbox.path()).unwrap().is_some());
}

#[test]
fn files_of_others_are_refused_untouched() {
    let sandbox = Sandbox::new();
    let path = sandbox.folder.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE accounts (id)").unwrap();
    drop(other);
    let foreign_database = bytes(&path);
    for content in [&foreign_database[..], b"", b"name,owner\nAcme,ana\n", &[0xA5; 10_000]] {
        std::fs::write(&path, content).unwrap();
        for result in [Ledger::open(&path).map(Some), Ledger::open_existing_read_only(&path)] {
            let error = result.unwrap_err();
            assert!(matches!(error, LedgerError::Foreign { .. }), "{error}");
            assert!(error.to_string().contains("other.db"), "{error}");
        }
        assert_eq!(bytes(&path), content);
    }
    let error = Ledger::open(sandbox.folder.path()).unwrap_err();
    assert!(matches!(error, LedgerError::Foreign { .. }), "{error}");
}

#[test]
fn a_newer_format_is_refused() {
    let sandbox = Sandbox::with_three_runs();
    sandbox.tamper("PRAGMA user_version = 2");
    let error = Ledger::open(&sandbox.path()).unwrap_err();
    assert!(matches!(error, LedgerError::Newer { found: 2, known: 1, .. }), "{error}");
}

#[test]
fn changed_tables_are_refused() {
    for (change, name) in [
        ("CREATE VIEW v AS SELECT 1", "`v`"),
        ("CREATE TRIGGER t AFTER INSERT ON entries BEGIN SELECT 1; END", "`t`"),
        ("DROP INDEX entries_by_subject", "`entries_by_subject`"),
        ("ALTER TABLE runs ADD COLUMN more TEXT", "`runs`"),
    ] {
        let sandbox = Sandbox::with_three_runs();
        sandbox.tamper(change);
        for result in [Ledger::open(&sandbox.path()).map(Some), Ledger::open_existing_read_only(&sandbox.path())] {
            let error = result.unwrap_err();
            assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}

#[test]
fn a_ledger_without_guards_can_be_verified_only() {
    let sandbox = Sandbox::with_three_runs();
    let connection = Connection::open(sandbox.path()).unwrap();
    connection.execute_batch("DROP TRIGGER entries_no_delete").unwrap();
    drop(connection);
    let error = Ledger::open(&sandbox.path()).unwrap_err();
    assert!(matches!(error, LedgerError::Damaged { .. }), "{error}");
    let verdict = sandbox.verify();
    assert_eq!(verdict.problems[0].kind, ProblemKind::Guard);
}

#[test]
fn a_second_writer_waits_and_is_told() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let other = Connection::open(sandbox.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let draft = draft(&ledger, 4);
    let error = ledger.append(&draft).unwrap_err();
    assert!(matches!(error, LedgerError::Locked { .. }), "{error}");
    assert!(error.to_string().contains("ledger.db"), "{error}");
    // Readers are not held up.
    assert!(sandbox.verify().is_sound());
    other.execute_batch("ROLLBACK").unwrap();
    ledger.append(&draft).unwrap();
}

#[test]
fn reading_leaves_the_file_as_it_is() {
    let sandbox = Sandbox::with_three_runs();
    let before = bytes(&sandbox.path());
    let modified = std::fs::metadata(sandbox.path()).unwrap().modified().unwrap();
    let mut ledger = sandbox.read();
    assert_eq!(current(&ledger).len(), 2);
    assert_eq!(ledger.history("Account", "A-1", None).unwrap().len(), 3);
    assert!(ledger.verify(None).unwrap().is_sound());
    let draft = draft(&ledger, 4);
    let error = ledger.append(&draft).unwrap_err();
    assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error}");
    drop(ledger);
    assert_eq!(bytes(&sandbox.path()), before);
    assert_eq!(std::fs::metadata(sandbox.path()).unwrap().modified().unwrap(), modified);
}

#[test]
fn a_reader_sees_one_state() {
    let sandbox = Sandbox::with_three_runs();
    let reader = sandbox.read();
    let mut writer = sandbox.open();
    let mut seen = 0;
    reader
        .current(|_| {
            let mut draft = draft(&writer, 4 + seen);
            draft.entries = vec![assigned(&format!("N-{seen}"), None, "ana")];
            seen += 1;
            writer.append(&draft).map(|_| ())
        })
        .unwrap();
    assert_eq!(seen, 2);
    assert_eq!(current(&reader).len(), 4);
}

#[test]
fn names_that_mean_something_to_sqlite_are_names_of_files() {
    for name in [":memory:", "file:ledger.db?mode=memory", "a b%41#?x=1.db"] {
        let sandbox = Sandbox::new();
        let path = sandbox.folder.path().join(name);
        let mut ledger = Ledger::open(&path).unwrap();
        let draft = draft(&ledger, 1);
        ledger.append(&draft).unwrap();
        drop(ledger);
        assert!(path.is_file(), "{name}");
        let ledger = Ledger::open_existing_read_only(&path).unwrap().unwrap();
        assert_eq!(ledger.head().unwrap().run_count, 1);
        // The way a ledger in a folder that may not be written is read.
        if let Some(connection) = open::connect_immutable(&path) {
            let ledger = Ledger::new(connection.unwrap(), &path, Vec::new());
            assert_eq!(ledger.head().unwrap().run_count, 1);
        }
    }
}

#[test]
fn programs_that_make_the_ledger_at_once_share_it() {
    let sandbox = Sandbox::new();
    let path = sandbox.path();
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| Ledger::open(&path).map(drop))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for result in results {
        result.unwrap();
    }
    let mut ledger = sandbox.open();
    let draft = draft(&ledger, 1);
    ledger.append(&draft).unwrap();
    assert!(sandbox.verify().is_sound());
}

/// Whatever the bytes are, the answer is a value or an error.
fn use_everything(path: &Path) {
    if let Ok(Some(ledger)) = Ledger::open_existing_read_only(path) {
        let _ = ledger.head();
        let _ = ledger.current(|_| Ok::<_, LedgerError>(()));
        let _ = ledger.shown(|_| Ok::<_, LedgerError>(()));
        let _ = ledger.current_values(|_, _| true, |_| Ok::<_, LedgerError>(()));
        let _ = ledger.since(|_| Ok::<_, LedgerError>(()));
        let _ = ledger.seen(|_, _| true, |_| Ok::<_, LedgerError>(()));
        let _ = ledger.history("Account", "A-1", None);
        let _ = ledger.entry_at("Account", "A-1", "owner", DAY);
        let _ = ledger.keys("Account");
        for run in ledger.runs().unwrap_or_default() {
            let _ = ledger.inputs(&run.id);
        }
        let _ = ledger.verify(None).map(|verdict| verdict.to_string());
    }
    if let Ok(mut ledger) = Ledger::open(path)
        && let Ok(head) = ledger.head()
    {
        let mut draft = draft(&ledger, 9);
        draft.base = head.root;
        draft.entries = vec![assigned("A-1", None, "zoe"), assigned("A-7", None, "ana")];
        draft.shown = vec![shown("A-2", Some("zoe"))];
        let _ = ledger.append(&draft);
    }
}

#[test]
fn flipped_bits_never_panic_and_never_forge() {
    let sandbox = Sandbox::with_three_runs();
    let original = bytes(&sandbox.path());
    let entries = |sandbox: &Sandbox| all_entries(&sandbox.read());
    let true_entries = entries(&sandbox).unwrap();
    // A fixed walk over the file with steps that hit every page and many offsets in it.
    let bits = original.len() * 8;
    for n in 0..400 {
        let bit = (n * 1_000_003 + n * n * 7) % bits;
        let flipped = Sandbox::new();
        std::fs::create_dir_all(flipped.path().parent().unwrap()).unwrap();
        let mut content = original.clone();
        content[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(flipped.path(), content).unwrap();
        if let Ok(Some(ledger)) = Ledger::open_existing_read_only(&flipped.path())
            && ledger.verify(None).is_ok_and(|verdict| verdict.is_sound())
        {
            drop(ledger);
            assert_eq!(entries(&flipped).unwrap(), true_entries, "bit {bit}");
        }
        use_everything(&flipped.path());
    }
}

#[test]
fn cut_files_never_panic() {
    let sandbox = Sandbox::with_three_runs();
    let original = bytes(&sandbox.path());
    for length in (0..original.len()).step_by(3_001) {
        let cut = Sandbox::new();
        std::fs::create_dir_all(cut.path().parent().unwrap()).unwrap();
        std::fs::write(cut.path(), &original[..length]).unwrap();
        let sound = Ledger::open_existing_read_only(&cut.path())
            .is_ok_and(|ledger| ledger.unwrap().verify(None).is_ok_and(|verdict| verdict.is_sound()));
        assert!(!sound, "{length} bytes");
        use_everything(&cut.path());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(20_261_121), ..ProptestConfig::with_cases(32) })]
    #[test]
    fn random_bytes_never_panic(content in proptest::collection::vec(any::<u8>(), 0..5_000), with_header: bool) {
        let sandbox = Sandbox::new();
        let path = sandbox.folder.path().join("random.db");
        let mut all = if with_header { b"SQLite format 3\0".to_vec() } else { Vec::new() };
        all.extend(content);
        std::fs::write(&path, all).unwrap();
        use_everything(&path);
    }
}
