//! What rules make of the past, over several runs of the program.

use crate::sandbox::Sandbox;

const POLICY: &str = "record Account {
  id     text, key
  status one of (New, Onboarding, Active)
  size   number, optional
}

team Sales
team Starters
team Success

decide owner of Account {
  start:  when status becomes Onboarding and not (status is Onboarding for 30 days) assign to Starters
  moved:  when status changed within past 7 days and status was Onboarding assign to Starters
  stayed: when status is Active for 3 months assign to Success
  rest:   otherwise assign to Sales
}
";

struct Book {
    sandbox: Sandbox,
}

impl Book {
    fn new(policy: &str) -> Self {
        let sandbox = Sandbox::empty();
        sandbox.write("rules.own", policy);
        Book { sandbox }
    }

    /// Applies accounts as of a day, twice; the second time nothing may be written. Owners by key and rule.
    #[track_caller]
    fn apply(&self, when: &str, accounts: &str) -> Vec<String> {
        self.sandbox.write("accounts.csv", accounts);
        self.again(when)
    }

    #[track_caller]
    fn again(&self, when: &str) -> Vec<String> {
        let args = ["apply", "--yes", "--as-of", when, "--format", "json", "--max-moves", "100%"];
        self.sandbox.run(&args).success();
        let second = self.sandbox.run(&args).success().json();
        assert_eq!((&second["entries"], when), (&0.into(), when));
        let decided = self.sandbox.run(&["decide", "--as-of", when, "--format", "csv", "--quiet"]).success();
        let mut reader = csv::Reader::from_reader(decided.stdout.as_bytes());
        let at = |name: &str, headers: &csv::StringRecord| headers.iter().position(|header| header == name).unwrap();
        let headers = reader.headers().unwrap().clone();
        let cells = ["key", "owner", "rule"].map(|name| at(name, &headers));
        reader.records().map(|row| row.unwrap()).map(|row| cells.map(|cell| row[cell].to_owned()).join(" ")).collect()
    }
}

#[test]
fn rules_follow_what_earlier_runs_saw() {
    let book = Book::new(POLICY);
    // Nothing is known at first: no change was seen.
    let first = book.apply("2026-01-01", "id,status,size\nA,Onboarding,1\nB,New,\nC,Active,\n");
    assert_eq!(first, ["A Sales rest", "B Sales rest", "C Sales rest"]);
    let second = book.apply("2026-01-10", "id,status,size\nA,Onboarding,2\nB,Onboarding,\nC,Active,\n");
    assert_eq!(second, ["A Sales rest", "B Starters start", "C Sales rest"]);
    // It is a state: it stays as long as the status does.
    assert_eq!(book.again("2026-02-08"), second);
    assert_eq!(book.again("2026-02-09"), ["A Sales rest", "B Sales rest", "C Sales rest"]);
    let moved = book.apply("2026-03-01", "id,status,size\nA,Active,2\nB,Onboarding,\nC,Active,\n");
    assert_eq!(moved, ["A Starters moved", "B Sales rest", "C Sales rest"]);
    assert_eq!(book.again("2026-03-08"), moved);
    assert_eq!(book.again("2026-03-09"), ["A Sales rest", "B Sales rest", "C Sales rest"]);
    assert_eq!(book.again("2026-04-01"), ["A Sales rest", "B Sales rest", "C Success stayed"]);
    book.sandbox.run(&["verify"]).success();
}

#[test]
fn a_past_decision_is_explained_by_the_answers_it_rested_on() {
    let book = Book::new(POLICY);
    book.apply("2026-01-01", "id,status,size\nB,New,\n");
    book.apply("2026-01-10", "id,status,size\nB,Onboarding,\n");
    book.apply("2026-03-01", "id,status,size\nB,Active,\n");
    book.again("2026-03-20");
    let then = book.sandbox.run(&["explain", "Account", "B", "--as-of", "2026-01-31"]).success().stdout;
    assert!(then.contains("Starters") && then.contains("start"), "{then}");
    assert!(then.contains("yes status becomes Onboarding"), "{then}");
    let now = book.sandbox.run(&["explain", "Account", "B"]).success().stdout;
    assert!(now.contains("no  status becomes Onboarding"), "{now}");
}

#[test]
fn a_cell_that_breaks_the_schema_is_no_change() {
    let book = Book::new(POLICY);
    book.apply("2026-01-01", "id,status,size\nA,Onboarding,\n");
    book.apply("2026-01-02", "id,status,size\nA,Onbording,\n");
    assert_eq!(book.apply("2026-01-03", "id,status,size\nA,Onboarding,\n"), ["A Sales rest"]);
}

#[test]
fn without_a_ledger_nothing_has_happened_yet() {
    let book = Book::new(POLICY);
    book.sandbox.write("accounts.csv", "id,status,size\nA,Onboarding,\n");
    let decided = book.sandbox.run(&["decide", "--as-of", "2026-01-01", "--format", "csv", "--quiet"]).success();
    assert!(decided.stdout.contains("rest"), "{}", decided.stdout);
}

const LEADS: &str = "record Lead {
  id      text, key
  touched time, optional
}

person from people
team SDR
queue Triage

decide owner of Lead {
  late: when not touched within 4 business hours assign to next of SDR else Triage
  new:  otherwise assign to next of SDR else Triage
}
";

const SETTINGS: &str = "zone = \"UTC\"

[calendar]
hours = { monday = \"09:00-17:00\", tuesday = \"09:00-17:00\", friday = \"09:00-17:00\" }
holidays = \"holidays.csv\"
";

fn leads() -> Book {
    let book = Book::new(LEADS);
    book.sandbox.write("people.csv", "id,name,team\nana,Ana,SDR\nbo,Bo,SDR\ncy,Cy,SDR\n");
    book.sandbox.write("ownward.toml", SETTINGS);
    // Friday.
    book.sandbox.write("holidays.csv", "2026-03-13\n");
    book
}

fn touched(book: &Book, rows: &[(&str, &str)]) {
    let rows: String = rows.iter().map(|(key, touched)| format!("{key},{touched}\n")).collect();
    book.sandbox.write("leads.csv", &format!("id,touched\n{rows}"));
}

#[test]
fn a_lead_that_nobody_touches_goes_from_one_to_the_next() {
    let book = leads();
    touched(&book, &[("L1", ""), ("L2", "")]);
    // Monday, 10:00.
    assert_eq!(book.again("2026-03-09T10:00:00Z"), ["L1 ana new", "L2 bo new"]);
    assert_eq!(book.again("2026-03-09T13:59:00Z"), ["L1 ana new", "L2 bo new"]);
    touched(&book, &[("L1", ""), ("L2", "2026-03-09 12:00")]);
    assert_eq!(book.again("2026-03-09T14:00:00Z"), ["L1 cy late", "L2 bo new"]);
    assert_eq!(book.again("2026-03-09T17:30:00Z"), ["L1 cy late", "L2 bo new"]);
    // Three hours on Monday and one on Tuesday.
    assert_eq!(book.again("2026-03-10T09:59:00Z"), ["L1 cy late", "L2 bo new"]);
    let third = book.again("2026-03-10T10:00:00Z");
    assert_eq!(third, ["L1 ana late", "L2 bo new"]);
    // In touch at last: it stays with who was, under the rule for all.
    touched(&book, &[("L1", "2026-03-10 11:00"), ("L2", "2026-03-09 12:00")]);
    assert_eq!(book.again("2026-03-10T12:00:00Z"), ["L1 ana new", "L2 bo new"]);
    assert_eq!(book.again("2026-03-30T12:00:00Z"), ["L1 ana new", "L2 bo new"]);
    book.sandbox.run(&["verify"]).success();
}

#[test]
fn closed_days_and_holidays_take_no_time() {
    let book = leads();
    touched(&book, &[("L1", "")]);
    // Tuesday, an hour before the end; Friday is a holiday.
    assert_eq!(book.again("2026-03-10T16:00:00Z"), ["L1 ana new"]);
    assert_eq!(book.again("2026-03-16T11:59:00Z"), ["L1 ana new"]);
    assert_eq!(book.again("2026-03-16T12:00:00Z"), ["L1 bo late"]);
    // The holidays are an input of the run: with others it is another run.
    let planned = |name: &str| {
        book.sandbox.run(&["plan", "--as-of", "2026-03-16T13:00:00Z", "--out", name]).success();
        let plan = std::fs::read_to_string(book.sandbox.path().join(name)).unwrap();
        serde_json::from_str::<serde_json::Value>(&plan).unwrap()["run"].as_str().unwrap().to_owned()
    };
    let before = planned("before.json");
    assert_eq!(planned("same.json"), before);
    book.sandbox.write("holidays.csv", "2026-03-12\n");
    assert_ne!(planned("other.json"), before);
    book.sandbox.write("holidays.csv", "no day\n");
    let refused = book.sandbox.run(&["check"]).fails_with(1);
    assert!(refused.stderr.contains("`no day` is no day"), "{}", refused.stderr);
}

#[test]
fn where_nobody_else_may_have_it_the_owner_stays() {
    let book = leads();
    book.sandbox.write("people.csv", "id,name,team\nana,Ana,SDR\n");
    touched(&book, &[("L1", "")]);
    assert_eq!(book.again("2026-03-09T10:00:00Z"), ["L1 ana new"]);
    assert_eq!(book.again("2026-03-09T14:00:00Z"), ["L1 Triage late"]);
    // The queue has its time as well, and then there is somebody again.
    assert_eq!(book.again("2026-03-10T11:00:00Z"), ["L1 ana late"]);
    book.sandbox.write("rules.own", &LEADS.replace(" else Triage", ""));
    assert_eq!(book.again("2026-03-10T16:00:00Z"), ["L1 ana late"]);
}

#[test]
fn a_lead_released_for_want_of_a_touch_waits_for_one() {
    let book = leads();
    book.sandbox.write("rules.own", &LEADS.replacen("assign to next of SDR else Triage", "assign to nobody", 1));
    touched(&book, &[("L1", ""), ("L2", "")]);
    assert_eq!(book.again("2026-03-09T10:00:00Z"), ["L1 ana new", "L2 bo new"]);
    assert_eq!(foretold(&book, "2026-03-09T10:00:00Z"), ["2026-03-10 L1 ", "2026-03-10 L2 "]);
    assert_eq!(book.again("2026-03-09T14:00:00Z"), ["L1  late", "L2  late"]);
    // Nobody has them however long it takes, and no day to come changes that.
    assert!(foretold(&book, "2026-03-09T14:00:00Z").is_empty());
    assert_eq!(book.again("2026-03-16T14:00:00Z"), ["L1  late", "L2  late"]);
    // What was done before the release is no touch.
    touched(&book, &[("L1", "2026-03-16 15:00"), ("L2", "2026-03-09 13:00")]);
    let taken_up = book.again("2026-03-16T16:00:00Z");
    assert!(taken_up[0].ends_with(" new") && taken_up[0] != "L1  new", "{taken_up:?}");
    assert_eq!(taken_up[1], "L2  late");
    book.sandbox.run(&["verify"]).success();
}

#[test]
fn nobody_has_its_time_as_well_where_it_stands_for_want_of_others() {
    let book = leads();
    book.sandbox.write("rules.own", &LEADS.replacen("else Triage", "else nobody", 1));
    book.sandbox.write("people.csv", "id,name,team\nana,Ana,SDR\n");
    touched(&book, &[("L1", "")]);
    assert_eq!(book.again("2026-03-09T10:00:00Z"), ["L1 ana new"]);
    assert_eq!(book.again("2026-03-09T14:00:00Z"), ["L1  late"]);
    assert_eq!(book.again("2026-03-10T09:59:00Z"), ["L1  late"]);
    assert_eq!(book.again("2026-03-10T10:00:00Z"), ["L1 ana late"]);
    assert_eq!(book.again("2026-03-10T14:00:00Z"), ["L1  late"]);
}

#[test]
fn a_release_by_another_rule_starts_no_clock() {
    let book = leads();
    let policy = LEADS.replace("  new:", "  mild: when touched before 2026-03-09 assign to nobody\n  new:");
    book.sandbox.write("rules.own", &policy);
    touched(&book, &[("L1", "2026-03-08 10:00")]);
    assert_eq!(book.again("2026-03-09T10:00:00Z"), ["L1  mild"]);
    assert!(foretold(&book, "2026-03-09T10:00:00Z").is_empty());
    assert_eq!(book.again("2026-03-10T14:00:00Z"), ["L1  mild"]);
}

/// Changes of owner that time alone will bring within a week.
fn foretold(book: &Book, as_of: &str) -> Vec<String> {
    let found = book.sandbox.run(&["upcoming", "--as-of", as_of, "--days", "7", "--format", "json"]).success().json();
    let text = |event: &serde_json::Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let owner = |event: &serde_json::Value| text(&event["to"], "id");
    let events = found["events"].as_array().unwrap().iter();
    events.map(|event| format!("{} {} {}", text(event, "day"), text(event, "key"), owner(event))).collect()
}

#[test]
fn whoever_becomes_the_owner_is_in_time_for_the_team_and_calendar_of_the_same_run() {
    let book = Book::new(
        "record Lead {
  id      text, key
  status  one of (New, Big)
  touched time, optional
}

person from people
team SDR
queue Triage

decide owner of Lead {
  big:  when status = Big assign to ana
  rest: otherwise assign to bo
}

gather team of Lead {
  always add owner as core
  when not touched within 4 business hours add cy as helper
}

calendar of Lead {
  when not touched within 4 business hours touch every 1 days
  otherwise touch every 5 days
}
",
    );
    book.sandbox.write("people.csv", "id,name,team\nana,Ana,SDR\nbo,Bo,SDR\ncy,Cy,SDR\n");
    book.sandbox.write("leads.csv", "id,status,touched\nL1,New,\n");
    assert_eq!(book.again("2026-03-09T10:00:00Z"), ["L1 bo rest", "L1 bo (core) "]);
    assert_eq!(book.again("2026-03-10T10:00:00Z"), ["L1 bo rest", "L1 bo (core); cy (helper) "]);
    book.sandbox.write("leads.csv", "id,status,touched\nL1,Big,\n");
    let touches = || {
        let args = ["upcoming", "--as-of", "2026-03-11T10:00:00Z", "--days", "7", "--format", "json"];
        let found = book.sandbox.run(&args).success().json();
        let events = found["events"].as_array().unwrap().clone();
        events.into_iter().filter(|event| event["what"] == "touch").collect::<Vec<_>>()
    };
    let before = touches();
    assert_eq!(book.again("2026-03-11T10:00:00Z"), ["L1 ana big", "L1 ana (core) "]);
    assert_eq!((before.len(), &before), (1, &touches()));
    assert_eq!(book.again("2026-03-11T14:00:00Z"), ["L1 ana big", "L1 ana (core); cy (helper) "]);
    book.sandbox.run(&["verify"]).success();
}
