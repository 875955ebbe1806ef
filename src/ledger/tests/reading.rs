//! What comes out again.

use super::*;

#[test]
fn an_empty_ledger_answers_with_nothing() {
    let sandbox = Sandbox::new();
    let ledger = sandbox.open();
    let head = ledger.head().unwrap();
    assert_eq!(head.root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!((head.entry_count, head.run_count), (0, 0));
    assert_eq!((head.last_as_of, head.last_run), (None, None));
    assert!(current(&ledger).is_empty() && last_shown(&ledger).is_empty());
    assert!(ledger.history("Account", "A-1", None).unwrap().is_empty());
    assert!(ledger.keys("Account").unwrap().is_empty());
    assert!(ledger.verify(None).unwrap().is_sound());
}

#[test]
fn current_is_the_latest_entry() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    assert_eq!(current(&ledger), ["A-1 owner bob", "A-2 owner bob"]);
    let mut draft = draft(&ledger, 4);
    let mut gone = entry("A-1", Outcome::Gone);
    gone.previous = Some(person("bob"));
    let mut drifted = assigned("A-2", Some("bob"), "zoe");
    drifted.outcome = Outcome::Kept;
    drifted.rule = Some(Arc::new(RuleRef::drift()));
    draft.entries = vec![gone, drifted];
    ledger.append(&draft).unwrap();
    let mut seen = Vec::new();
    ledger
        .current(|current| {
            let previous = current.previous.map(|owner| owner.id.clone());
            seen.push((current.key.to_owned(), current.outcome == Outcome::Gone, current.is_drift(), previous));
            Ok::<_, LedgerError>(())
        })
        .unwrap();
    let bob = Some("bob".to_owned());
    assert_eq!(seen, [("A-1".to_owned(), true, false, bob.clone()), ("A-2".to_owned(), false, true, bob)]);
}

#[test]
fn a_visitor_may_stop_and_may_ask() {
    let sandbox = Sandbox::with_three_runs();
    let ledger = sandbox.open();
    let mut count = 0;
    let stopped = ledger.current(|current| {
        count += 1;
        assert_eq!(ledger.history(current.record, current.key, None).unwrap().len(), 3);
        Err(LedgerError::Draft { detail: "enough".into() })
    });
    assert!(matches!(stopped, Err(LedgerError::Draft { .. })));
    assert_eq!(count, 1);
    assert_eq!(current(&ledger).len(), 2);
}

#[test]
fn owner_columns_are_stored_where_they_change() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    assert_eq!(last_shown(&ledger), ["A-1 ana", "A-2 -"]);
    let rows = |ledger: &Ledger| -> i64 {
        ledger.connection.query_row("SELECT count(*) FROM shown", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows(&ledger), 3);
    let mut draft = draft(&ledger, 4);
    draft.shown = vec![shown("A-2", Some("zoe")), shown("A-1", Some("ana")), shown("A-9", None)];
    ledger.append(&draft).unwrap();
    assert_eq!(rows(&ledger), 5);
    assert_eq!(last_shown(&ledger), ["A-1 ana", "A-2 zoe", "A-9 -"]);
    assert!(sandbox.verify().is_sound());
}

#[test]
fn history_tells_all_columns_in_order() {
    let sandbox = Sandbox::with_three_runs();
    let ledger = sandbox.open();
    let history = ledger.history("Account", "A-1", Some("owner")).unwrap();
    assert_eq!(history.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 4]);
    let run = &ledger.runs().unwrap()[1];
    assert_eq!(
        history[2],
        Entry {
            seq: 4,
            run: run.id.clone(),
            as_of: 2 * DAY,
            recorded_at: 2 * DAY + 5,
            actor: "ops".into(),
            record: "Account".into(),
            key: Some("A-1".into()),
            role: "owner".into(),
            outcome: Outcome::Assigned,
            owner: Some(person("bob")),
            previous: Some(person("ana")),
            rule: assigned("", None, "").rule.as_deref().cloned(),
            reason: Some("retention comes first".into()),
            pool_state: Some("after ana".into()),
            effective_from: Some(20_000),
            effective_until: None,
            values: Some(vec![("status".into(), Some("At-Risk".into())), ("region".into(), None),]),
        }
    );
    assert!(ledger.history("Account", "A-1", Some("team")).unwrap().is_empty());
    assert!(ledger.history("Contact", "A-1", None).unwrap().is_empty());
    assert_eq!(ledger.keys("Account").unwrap(), ["A-1", "A-2"]);
}

#[test]
fn the_entry_in_force_is_the_last_up_to_an_instant() {
    let sandbox = Sandbox::with_three_runs();
    let mut ledger = sandbox.open();
    let owner_at = |ledger: &Ledger, instant: i64| {
        let entry = ledger.entry_at("Account", "A-1", "owner", instant).unwrap();
        entry.and_then(|entry| entry.owner).map(|owner| owner.id)
    };
    assert_eq!(owner_at(&ledger, DAY - 1), None);
    assert_eq!(owner_at(&ledger, DAY).as_deref(), Some("ana"));
    assert_eq!(owner_at(&ledger, 2 * DAY).as_deref(), Some("bob"));
    assert_eq!(owner_at(&ledger, i64::MAX).as_deref(), Some("bob"));
    // Order is that of writing: a backdated run has the last word from its instant on.
    let mut late = draft(&ledger, 1);
    late.as_of = DAY + 1;
    late.backdate = Some("the export was late".into());
    late.entries = vec![assigned("A-1", Some("bob"), "zoe")];
    ledger.append(&late).unwrap();
    assert_eq!(owner_at(&ledger, DAY).as_deref(), Some("ana"));
    assert_eq!(owner_at(&ledger, 3 * DAY).as_deref(), Some("zoe"));
}

#[test]
fn inputs_come_back_and_are_stored_once() {
    let sandbox = Sandbox::with_three_runs();
    let ledger = sandbox.open();
    let runs = ledger.runs().unwrap();
    let inputs = ledger.inputs(&runs[1].id).unwrap();
    assert_eq!(inputs[1].content.as_deref(), Some(&b"name\nday 2\n"[..]));
    assert_eq!((inputs[0].kind.as_str(), inputs[0].name.as_str()), ("policy", "emea.own"));
    let stored: i64 = ledger.connection.query_row("SELECT count(*) FROM contents", [], |row| row.get(0)).unwrap();
    assert_eq!(stored, 4);
    let error = ledger.inputs("no such run").unwrap_err();
    assert!(matches!(error, LedgerError::UnknownRun { .. }));
    assert_eq!(ledger.run(&runs[2].id).unwrap().as_ref(), Some(&runs[2]));
    assert_eq!(ledger.run("no such run").unwrap(), None);
}

#[test]
fn odd_names_come_back_as_they_were() {
    let sandbox = Sandbox::new();
    let mut ledger = sandbox.open();
    let names = ["", "a\0b", "007", "7", "\u{202e}x", "it's; DROP TABLE entries", "ß"];
    let mut draft = draft(&ledger, 1);
    draft.entries = names.iter().map(|key| assigned(key, None, key)).collect();
    ledger.append(&draft).unwrap();
    for name in names {
        let entry = ledger.history("Account", name, None).unwrap().remove(0);
        assert_eq!((entry.key.as_deref(), entry.owner), (Some(name), Some(person(name))));
    }
    assert!(sandbox.verify().is_sound());
}

#[test]
fn a_checkpoint_survives_its_text() {
    let sandbox = Sandbox::with_three_runs();
    let checkpoint = sandbox.read().checkpoint("Acme\nseal none").unwrap();
    assert_eq!(checkpoint.project(), "Acme seal none");
    let text = checkpoint.to_string();
    assert_eq!(Checkpoint::parse(&text).unwrap(), checkpoint);
    assert_eq!(Checkpoint::parse(&text.replace('\n', "\r\n")).unwrap(), checkpoint);
    let empty = Sandbox::new().open().checkpoint("").unwrap();
    assert_eq!(Checkpoint::parse(&empty.to_string()).unwrap(), empty);

    assert!(text.starts_with("ownward ledger checkpoint/1\nproject Acme seal none\nentries 4\nroot "));
    for (bad, line) in [
        (String::new(), 1),
        (text.replace("checkpoint/1", "checkpoint/2"), 1),
        (text.replace("entries 4", "entries -4"), 3),
        (text.replace("entries", "seq"), 3),
        (text.replace("root ", "root f"), 4),
        (text.replace("1970-01-04", "yesterday"), 7),
        (text.clone() + "more", 9),
    ] {
        let error = Checkpoint::parse(&bad).unwrap_err();
        assert!(matches!(error, LedgerError::Checkpoint { line_number, .. } if line_number == line), "{error}\n{bad}");
    }
}
