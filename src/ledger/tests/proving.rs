//! That changes are found, and the right entry is named.

use super::*;

fn kinds(verdict: &Verdict) -> Vec<ProblemKind> {
    verdict.problems.iter().map(|problem| problem.kind).collect()
}

/// `seq key` of the first bad entry after a change.
fn first_bad(sandbox: &Sandbox) -> (Vec<ProblemKind>, String) {
    let verdict = sandbox.verify();
    let first = verdict.first_bad_entry();
    let name = first.map_or(String::new(), |problem| {
        let key = problem.key.as_deref().unwrap_or("?");
        format!("{} {key}", problem.seq.unwrap())
    });
    (kinds(&verdict), name)
}

#[test]
fn an_untouched_ledger_is_sound() {
    let sandbox = Sandbox::with_three_runs();
    let checkpoint = sandbox.read().checkpoint("Acme").unwrap();
    let verdict = sandbox.read().verify(Some(&checkpoint)).unwrap();
    assert_eq!(verdict.problems, []);
    assert_eq!((verdict.entry_count, verdict.run_count, verdict.erased_count), (4, 3, 0));
    assert_eq!(verdict.root, checkpoint.root);
    assert!(!verdict.to_string().contains("no checkpoint"));
    assert!(sandbox.verify().to_string().contains("no checkpoint was given"));
}

#[test]
fn a_changed_entry_is_named() {
    for change in [
        "owner = 3",
        "owner = NULL",
        "outcome = 'kept'",
        "effective_from = 19999",
        "rule = NULL",
        "role = 'team'",
        "subject = 2",
        "run = 2",
        "leaf = zeroblob(32)",
        "commitment = zeroblob(32)",
        "commitment = x'00'",
        "outcome = 'stolen', effective_until = 1",
    ] {
        let sandbox = Sandbox::with_three_runs();
        sandbox.tamper(&format!("UPDATE entries SET {change} WHERE seq = 2"));
        let (kinds, name) = first_bad(&sandbox);
        assert_eq!(kinds, [ProblemKind::Entry], "{change}");
        assert!(name.starts_with("2 "), "{change}: {name}");
    }
}

#[test]
fn changed_side_tables_are_named_by_their_entry() {
    for (change, bad) in [
        (r#"UPDATE details SET vals = '["Active",null]' WHERE seq = 3"#, "3 A-2"),
        ("UPDATE details SET pool_state = NULL WHERE seq = 4", "4 A-1"),
        ("UPDATE details SET reason = NULL WHERE seq = 3", "3 A-2"),
        ("UPDATE subjects SET key = 'A-3' WHERE key = 'A-2'", "3 A-3"),
        ("UPDATE owners SET name = 'eve' WHERE name = 'bob'", "3 A-2"),
        ("UPDATE owners SET kind = 'team' WHERE name = 'bob'", "3 A-2"),
        ("UPDATE rules SET place = 'emea.own:9'", "2 A-1"),
        ("UPDATE rules SET label = NULL", "2 A-1"),
        ("UPDATE texts SET text = 'because I say so' WHERE text LIKE 'retention%'", "2 A-1"),
        ("DELETE FROM subjects WHERE key = 'A-2'", "3 ?"),
        ("DELETE FROM owners WHERE name = 'bob'", "3 A-2"),
        ("DELETE FROM rules", "2 A-1"),
    ] {
        let sandbox = Sandbox::with_three_runs();
        sandbox.tamper(change);
        let (kinds, name) = first_bad(&sandbox);
        assert!(kinds.iter().all(|kind| *kind == ProblemKind::Entry), "{change}: {kinds:?}");
        assert_eq!(name, bad, "{change}");
    }
}

#[test]
fn a_missing_entry_is_named() {
    for (change, kind, seq) in [
        ("DELETE FROM entries WHERE seq = 2", ProblemKind::MissingEntry, 2),
        ("DELETE FROM entries WHERE seq = 3", ProblemKind::MissingEntry, 3),
        ("DELETE FROM entries WHERE seq = 4", ProblemKind::MissingEntry, 4),
        ("DELETE FROM entries", ProblemKind::MissingEntry, 1),
    ] {
        let sandbox = Sandbox::with_three_runs();
        sandbox.tamper(change);
        let verdict = sandbox.verify();
        assert_eq!(kinds(&verdict), [kind], "{change}");
        assert_eq!(verdict.first_bad_entry().unwrap().seq, Some(seq), "{change}");
    }
}

/// Takes the last runs away with all that belongs to them, as someone would who knows the tables.
const CUT: &str =
    "DELETE FROM entries WHERE run > 1; DELETE FROM runs WHERE seq > 1; DELETE FROM details WHERE seq > 3;
    DELETE FROM totals WHERE run > 1; DELETE FROM run_inputs WHERE run > 1; DELETE FROM shown WHERE run > 1;";

#[test]
fn a_cut_tail_is_seen_by_a_checkpoint_only() {
    let sandbox = Sandbox::with_three_runs();
    let checkpoint = sandbox.read().checkpoint("Acme").unwrap();
    sandbox.tamper(CUT);
    assert!(sandbox.verify().is_sound());
    let verdict = sandbox.read().verify(Some(&checkpoint)).unwrap();
    assert_eq!(kinds(&verdict), [ProblemKind::Checkpoint]);
    assert!(verdict.problems[0].detail.contains("cut off"), "{verdict}");
    // Growing again to the same length does not hide it.
    let mut ledger = sandbox.open();
    for day in [4, 5] {
        let mut draft = draft(&ledger, day);
        draft.entries = vec![assigned(&format!("A-{day}"), None, "eve")];
        ledger.append(&draft).unwrap();
    }
    drop(ledger);
    assert!(sandbox.verify().is_sound());
    let verdict = sandbox.read().verify(Some(&checkpoint)).unwrap();
    assert!(!verdict.is_sound());
    assert!(verdict.problems[0].detail.contains("rewritten"), "{verdict}");
}

#[test]
fn a_run_without_entries_that_was_cut_is_seen_too() {
    let sandbox = Sandbox::with_three_runs();
    let checkpoint = sandbox.read().checkpoint("Acme").unwrap();
    sandbox.tamper("DELETE FROM runs WHERE seq = 3; DELETE FROM run_inputs WHERE run = 3");
    assert!(sandbox.verify().is_sound());
    let verdict = sandbox.read().verify(Some(&checkpoint)).unwrap();
    assert_eq!(kinds(&verdict), [ProblemKind::Checkpoint]);
}

#[test]
fn an_older_checkpoint_fits_a_grown_ledger() {
    let sandbox = Sandbox::new();
    let mut checkpoints = vec![sandbox.open().checkpoint("Acme").unwrap()];
    for day in 1..12 {
        let mut ledger = sandbox.open();
        let mut draft = draft(&ledger, day);
        draft.entries = (0..day % 4).map(|n| assigned(&format!("{day}-{n}"), None, "ana")).collect();
        ledger.append(&draft).unwrap();
        checkpoints.push(ledger.checkpoint("Acme").unwrap());
    }
    for checkpoint in &checkpoints {
        let verdict = sandbox.read().verify(Some(checkpoint)).unwrap();
        assert!(verdict.is_sound(), "{checkpoint}{verdict}");
    }
    let mut forged = checkpoints[7].clone();
    forged.root = checkpoints[6].root.clone();
    assert!(!sandbox.read().verify(Some(&forged)).unwrap().is_sound());
    let mut forged = checkpoints[7].clone();
    forged.seal = checkpoints[6].seal.clone();
    assert!(!sandbox.read().verify(Some(&forged)).unwrap().is_sound());
}

#[test]
fn a_changed_input_is_named() {
    let sandbox = Sandbox::with_three_runs();
    sandbox.tamper("UPDATE contents SET content = x'6869' WHERE content LIKE '%day 2%'");
    let verdict = sandbox.verify();
    assert_eq!(kinds(&verdict), [ProblemKind::Input]);
    assert!(verdict.problems[0].detail.contains("list `named.csv` of run 2"), "{verdict}");

    let sandbox = Sandbox::with_three_runs();
    sandbox.tamper("DELETE FROM contents WHERE content LIKE '%day 3%'");
    assert_eq!(kinds(&sandbox.verify()), [ProblemKind::Input]);
}

#[test]
fn a_changed_run_is_named_once() {
    for change in [
        "UPDATE runs SET actor = 'eve' WHERE seq = 2",
        "UPDATE runs SET recorded_at = 0 WHERE seq = 2",
        "UPDATE runs SET as_of = 0 WHERE seq = 2",
        "UPDATE runs SET base = root WHERE seq = 2",
        "UPDATE runs SET root = base WHERE seq = 2",
        "UPDATE runs SET seal = root WHERE seq = 2",
        "UPDATE runs SET tree_size = 9, entry_count = 2 WHERE seq = 2",
        "UPDATE runs SET backdate = 'late' WHERE seq = 2",
        "UPDATE run_inputs SET name = 'other.own' WHERE run = 2 AND position = 0",
        "DELETE FROM run_inputs WHERE run = 2 AND position = 1",
        "UPDATE totals SET count = 3 WHERE run = 2 AND outcome = 'assigned'",
        "UPDATE totals SET count = 3 WHERE run = 2",
        "UPDATE totals SET outcome = 'lost' WHERE run = 2 AND outcome = 'assigned'",
        "DELETE FROM totals WHERE run = 2",
        "UPDATE shown SET value = NULL WHERE run = 2",
        "UPDATE runs SET shown_count = 7 WHERE seq = 2",
    ] {
        let sandbox = Sandbox::with_three_runs();
        sandbox.tamper(change);
        let verdict = sandbox.verify();
        assert_eq!(kinds(&verdict), [ProblemKind::Run], "{change}\n{verdict}");
        assert!(verdict.problems[0].detail.starts_with("run 2 "), "{change}\n{verdict}");
    }
    let sandbox = Sandbox::with_three_runs();
    sandbox.tamper("UPDATE runs SET frontier = x'' WHERE seq = 3");
    assert!(!sandbox.verify().is_sound());
}

#[test]
fn a_deleted_run_is_named() {
    let sandbox = Sandbox::with_three_runs();
    sandbox.tamper("DELETE FROM runs WHERE seq = 2");
    let verdict = sandbox.verify();
    let text = verdict.to_string();
    assert!(text.contains("run 2 is missing") && text.contains("entry 4 (Account `A-1`)"), "{text}");
}

#[test]
fn an_entry_changed_with_its_hash_is_found_by_the_root() {
    // Whoever computes the hash of the changed row anew is stopped by the root of the run.
    let sandbox = Sandbox::with_three_runs();
    let forged = forged_leaf(&sandbox);
    sandbox.tamper(&format!("UPDATE entries SET effective_from = 1, leaf = x'{forged}' WHERE seq = 2"));
    let verdict = sandbox.verify();
    assert_eq!(kinds(&verdict), [ProblemKind::Run], "{verdict}");
    assert!(verdict.problems[0].detail.contains("one of 1 to 3"), "{verdict}");
}

/// The leaf entry 2 would have with another effective date.
fn forged_leaf(sandbox: &Sandbox) -> String {
    let connection = Connection::open(sandbox.path()).unwrap();
    let run = sandbox.read().runs().unwrap().remove(0).id;
    let rule = assigned("", None, "").rule;
    connection
        .query_row("SELECT subject, owner, previous, commitment FROM entries WHERE seq = 2", [], |row| {
            let leaf = encoding::Leaf {
                seq: 2,
                run_id: &run,
                subject: row.get(0)?,
                role: "owner",
                outcome: "assigned",
                owner: row.get(1)?,
                previous: row.get(2)?,
                rule: rule.as_deref(),
                effective_from: Some(1),
                effective_until: None,
                commitment: &row.get(3)?,
            };
            Ok(merkle::hex(&leaf.hash()))
        })
        .unwrap()
}

#[test]
fn what_owner_columns_showed_is_proved() {
    let sandbox = Sandbox::with_three_runs();
    sandbox.tamper("UPDATE texts SET text = 'eve' WHERE text = 'zoe'");
    let verdict = sandbox.verify();
    assert_eq!(kinds(&verdict), [ProblemKind::Shown], "{verdict}");
    assert_eq!(verdict.problems[0].key.as_deref(), Some("A-1"));
    for change in [
        "INSERT INTO shown VALUES (1, 'owner', 9, NULL)",
        "INSERT INTO shown VALUES (1, 'team', 1, NULL)",
        "DELETE FROM shown WHERE run = 2",
    ] {
        let sandbox = Sandbox::with_three_runs();
        sandbox.tamper(change);
        assert!(!sandbox.verify().is_sound(), "{change}");
    }
}

#[test]
fn an_index_that_hides_entries_is_found() {
    let sandbox = Sandbox::with_three_runs();
    let connection = Connection::open(sandbox.path()).unwrap();
    // The index is emptied behind SQLite's back: its root page is replaced by an empty leaf page.
    let page: i64 = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'entries_by_subject'", [], |row| row.get(0))
        .unwrap();
    drop(connection);
    let mut content = bytes(&sandbox.path());
    let start = usize::try_from(page - 1).unwrap() * 4096;
    content[start..start + 8].copy_from_slice(&[10, 0, 0, 0, 0, 0x10, 0, 0]);
    std::fs::write(sandbox.path(), content).unwrap();
    assert!(current(&sandbox.read()).is_empty());
    let verdict = sandbox.verify();
    assert!(kinds(&verdict).contains(&ProblemKind::File), "{verdict}");
}

#[test]
fn erased_values_leave_the_proof() {
    let sandbox = Sandbox::with_three_runs();
    let checkpoint = sandbox.read().checkpoint("Acme").unwrap();
    sandbox.tamper(
        "DELETE FROM details WHERE seq IN (SELECT seq FROM entries WHERE subject = 1);
         UPDATE subjects SET key = NULL WHERE id = 1;
         UPDATE owners SET name = NULL WHERE name = 'bob';
         UPDATE texts SET text = NULL, salt = NULL WHERE text IN ('zoe', 'ana');
         UPDATE contents SET content = NULL WHERE content LIKE '%day 1%'",
    );
    let ledger = sandbox.read();
    let verdict = ledger.verify(Some(&checkpoint)).unwrap();
    assert_eq!(verdict.problems, []);
    assert_eq!(verdict.erased_count, 4);
    let erased = &ledger.history("Account", "A-2", None).unwrap()[0];
    assert!(erased.owner.as_ref().unwrap().id.starts_with("erased-"));
    assert_eq!(current(&ledger).len(), 1);
    assert_eq!(last_shown(&ledger), ["A-2 -"]);
    let run = &ledger.runs().unwrap()[0];
    assert_eq!(ledger.inputs(&run.id).unwrap()[1].content, None);
    drop(ledger);
    // A ledger with erased names goes on.
    let mut ledger = sandbox.open();
    let mut draft = draft(&ledger, 4);
    draft.entries = vec![assigned("A-1", None, "bob")];
    draft.shown = vec![shown("A-1", Some("zoe"))];
    ledger.append(&draft).unwrap();
    assert!(ledger.verify(Some(&checkpoint)).unwrap().is_sound());
}
