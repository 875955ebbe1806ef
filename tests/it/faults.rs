//! Everything that goes wrong outside: broken policies, broken data, a locked database, a full disk, a kill. Each time
//! a clear message, exit code 1 or 2, no panic, and the ledger's head and the owner column as they were.

use crate::sandbox::{Ran, Sandbox};
use rusqlite::Connection;
use std::path::Path;
use std::process::Stdio;

const RECORDS: &str = "record Account from accounts {
  id      text, key
  status  one of (Active, At-Risk)
  size    number
  current owner, column \"owner\"
}
team Success
team Sales
";

const RULES: &str = "decide owner of Account {
  at-risk: when status = At-Risk assign to Success because \"retention first\"
  otherwise assign to Sales
}
";

struct Book {
    sandbox: Sandbox,
}

impl Book {
    /// A database of accounts whose owners were applied once and written back.
    fn new(rows: usize) -> Self {
        let book = Book { sandbox: Sandbox::empty() };
        let settings = "[source]\nsqlite = \"crm.db\"\ncomplete = true\n\n[write-back]\nowners = \"source\"\n";
        book.write("ownward.toml", settings.as_bytes());
        book.write("records.own", RECORDS.as_bytes());
        book.write("rules.own", RULES.as_bytes());
        let mut connection = book.database();
        connection
            .execute_batch("CREATE TABLE accounts (id TEXT PRIMARY KEY, status TEXT, size INT, owner TEXT)")
            .unwrap();
        let transaction = connection.transaction().unwrap();
        for row in 0..rows {
            let status = if row % 3 == 0 { "At-Risk" } else { "Active" };
            transaction
                .execute("INSERT INTO accounts VALUES (?1, ?2, ?3, NULL)", (format!("A{row:05}"), status, row as i64))
                .unwrap();
        }
        transaction.commit().unwrap();
        drop(connection);
        book.run(&["apply", "--yes"]).success();
        book
    }

    fn path(&self) -> &Path {
        self.sandbox.path()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    fn database(&self) -> Connection {
        Connection::open(self.path().join("crm.db")).unwrap()
    }

    /// A change that the next apply would record: one account in ten turns to be at risk.
    fn change_records(&self) {
        self.database().execute("UPDATE accounts SET status = 'At-Risk' WHERE size % 10 = 1", []).unwrap();
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.sandbox.run(args)
    }

    /// The ledger's size and root, and every record with the owner that the source shows.
    fn state(&self) -> (String, Vec<(String, Option<String>)>) {
        let verdict = self.run(&["verify", "--format", "json"]).success().json();
        let head = format!("{} {} {}", verdict["entries"], verdict["runs"], verdict["root"]);
        (head, self.owners())
    }

    fn owners(&self) -> Vec<(String, Option<String>)> {
        let connection = self.database();
        let mut owners = connection.prepare("SELECT id, owner FROM accounts ORDER BY id").unwrap();
        owners.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
    }

    /// The fault has been made; apply must say so and leave everything as it was. `mend` takes the fault back.
    fn must_refuse(&self, what: &str, word: &str, mend: impl FnOnce(&Self)) {
        let before_ledger = std::fs::read(self.path().join(".ownward/ledger.db")).unwrap();
        assert_clear(what, &self.run(&["apply", "--yes"]), word);
        assert_eq!(std::fs::read(self.path().join(".ownward/ledger.db")).unwrap(), before_ledger, "{what}");
        mend(self);
    }
}

fn assert_clear(what: &str, ran: &Ran, word: &str) {
    assert!(matches!(ran.code, 1 | 2), "{what}: exit {}\n{}", ran.code, ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
    assert!(ran.stderr.contains(word), "{what}: the message does not say `{word}`:\n{}", ran.stderr);
}

#[test]
fn broken_policies_change_nothing() {
    let book = Book::new(30);
    let before = book.state();
    book.change_records();
    let random: Vec<u8> = (0..5_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let faults: [(&str, Vec<u8>, &str); 6] = [
        ("random bytes", random, "UTF-8"),
        ("a million open brackets", vec![b'('; 1_000_000], "brackets"),
        ("a 100 MB line", vec![b'a'; 100 << 20], "larger"),
        ("a rule without its end", RULES.as_bytes()[..RULES.len() / 2].to_vec(), "error"),
        ("an unknown field", RULES.replace("status", "statsu").into_bytes(), "did you mean `status`?"),
        ("no rule at all", b"# nothing\n".to_vec(), "no rules"),
    ];
    for (what, bytes, word) in faults {
        book.write("rules.own", &bytes);
        book.must_refuse(what, word, |book| book.write("rules.own", RULES.as_bytes()));
    }
    assert_eq!(book.state(), before);
}

#[test]
fn a_policy_cut_at_any_byte_is_refused_or_a_whole_policy() {
    let book = Book::new(12);
    let before = book.state();
    for end in (0..RULES.len()).filter(|end| RULES.is_char_boundary(*end)) {
        book.write("rules.own", &RULES.as_bytes()[..end]);
        // A file cut before its first rule is an empty policy, and `check` has nothing against it.
        let checked = book.run(&["check"]);
        assert!(matches!(checked.code, 0 | 1), "{end}: {}", checked.stderr);
        assert!(!checked.stderr.contains("panicked"), "{end}");
        if end < RULES.trim_end().len() {
            let applied = book.run(&["apply", "--yes"]);
            assert!(matches!(applied.code, 1 | 2), "{end}: {}", applied.stdout);
        }
    }
    book.write("rules.own", RULES.as_bytes());
    assert_eq!(book.state(), before);
}

#[test]
fn a_database_that_is_none_or_locked_changes_nothing() {
    let book = Book::new(30);
    let before = book.state();
    let good = std::fs::read(book.path().join("crm.db")).unwrap();
    let restore = |book: &Book| book.write("crm.db", &good);
    book.write("crm.db", b"id,status\n1,Active\n");
    book.must_refuse("a text file", "database", restore);
    book.write("crm.db", b"");
    book.must_refuse("an empty file", "accounts", restore);
    book.write("crm.db", &good[..good.len() / 2]);
    book.must_refuse("half a database", "crm.db", restore);
    std::fs::remove_file(book.path().join("crm.db")).unwrap();
    book.must_refuse("no file", "crm.db", restore);
    let other = book.database();
    other.execute_batch("BEGIN EXCLUSIVE; UPDATE accounts SET size = size + 1").unwrap();
    book.must_refuse("locked", "locked", |_| other.execute_batch("ROLLBACK").unwrap());
    assert_eq!(book.state(), before);
}

#[test]
fn an_empty_but_valid_file_is_stopped_by_max_moves() {
    let book = Book::new(30);
    book.write("ownward.toml", b"[source]\ncsv = \"data\"\ncomplete = true\n");
    std::fs::create_dir(book.path().join("data")).unwrap();
    let mut rows = String::from("id,status,size,owner\n");
    for (id, owner) in book.owners() {
        rows.push_str(&format!("{id},Active,1,{}\n", owner.unwrap_or_default()));
    }
    book.write("data/accounts.csv", b"id,status,size,owner\n");
    book.must_refuse("an empty but valid file", "would move 30 records of 30", |_| {});
    // Cut on a row: valid too.
    book.write("data/accounts.csv", &rows.as_bytes()[..rows.len() / 2]);
    assert_clear("half a file", &book.run(&["apply", "--yes"]), "");
    let mut long = rows.clone().into_bytes();
    long.extend(b"A99999,Active,1,");
    long.resize(long.len() + (100 << 20), b'x');
    book.write("data/accounts.csv", &long);
    book.must_refuse("a 100 MB line", "accounts.csv", |_| {});
}

#[test]
fn a_full_disk_leaves_the_ledger_as_it_was() {
    let book = Book::new(3_000);
    let before = book.state();
    book.change_records();
    let owners = book.owners();
    let size = std::fs::metadata(book.path().join(".ownward/ledger.db")).unwrap().len();
    let mut refused = 0;
    // No file may grow past this many blocks of 512 bytes: less than the new entries need.
    for blocks in [1, 8, size / 512 / 2, size / 512] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let ran = book.sandbox.run_in_shell(&script, &["apply", "--yes"]);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        if ran.code == 0 {
            // The entries fitted after all.
            break;
        }
        refused += 1;
        assert_clear("a full disk", &ran, "ledger");
        let (head, _) = book.state();
        assert_eq!((&head, book.owners()), (&before.0, owners.clone()), "{blocks} blocks");
    }
    assert!(refused > 0, "the disk was never full");
    book.run(&["apply", "--yes"]).success();
    assert_ne!(book.state().0, before.0);
}

#[test]
fn a_kill_leaves_a_run_whole_or_not_there() {
    let book = Book::new(3_000);
    let before = book.state();
    book.change_records();
    let mut killed = 0;
    for delay_ms in [0, 5, 15, 30, 60, 90, 120, 160, 200, 260, 340] {
        let mut child = book
            .sandbox
            .command(book.path(), &["apply", "--yes"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        // Sound whatever happened, and either the old head or a later one.
        let (head, owners) = book.state();
        let shown = owners.iter().filter(|(_, owner)| owner.as_deref() == Some("Success")).count();
        assert!(head == before.0 || shown >= 1_000, "{delay_ms} ms");
    }
    assert!(killed > 0, "no run was killed in time");
    book.run(&["apply", "--yes"]).success();
    let after = book.state();
    let again = book.run(&["apply", "--yes"]);
    assert!(again.stdout.contains("0 entries written"), "{}", again.stdout);
    assert_eq!(after.1, book.owners());
    assert_eq!(after.1.iter().filter(|(_, owner)| owner.as_deref() == Some("Success")).count(), 1_200);
}
