//! `upcoming`: what it foretells is what runs on those days do.

use crate::sandbox::Sandbox;
use ownward::value::time::{parse_day, show_day};
use serde_json::Value;

const RULES: &str = r#"
record Account from accounts {
  id      text, key
  type    one of (Prospect, Client)
  stage   one of (Open, Negotiation)
  country text, optional
  renewal date, optional
  touched date, optional
  opened  date, created
  current owner, column "owner"
}

person from people
team Sales
team Success
queue Renewals, Launch

table Coverage from "coverage.csv" {
  match country = country
  valid from starts until ends
  give  owner
}

list partners from "partners.csv" by name valid from starts until ends

except Account "P" stays with "ida" until 2026-03-20 because "agreed"

decide owner of Account {
  hold owner up to 30 days while stage = Negotiation
  soon:     when renewal within next 14 days hand off to next of Success over 10 days
  launch:   when country = "JP" assign to Launch from 2026-03-10 until 2026-03-15
  partner:  when country in partners assign to partners.owner
  coverage: assign to Coverage
  otherwise assign to next of Sales up to 2 per week else Renewals
}

calendar of Account {
  when type = Client touch every 14 days since touched
}
"#;

fn project() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", RULES);
    sandbox.write(
        "people.csv",
        "id,name,team,active,away from,away until,backup\n\
         ana,Ana,Sales,yes,2026-03-08,2026-03-12,\n\
         bo,Bo,Sales until 2026-03-18,yes,,,\n\
         cy,Cy,Sales from 2026-03-18; Success,yes,,,\n\
         dee,Dee,Success,yes,,,\n\
         ida,Ida,,yes,,,\n",
    );
    sandbox.write(
        "coverage.csv",
        "country,owner,starts,ends\nDE,ana,,2026-03-11\nDE,dee,2026-03-12,\nFR,bo,2026-03-25,\n",
    );
    sandbox.write("partners.csv", "name,owner,starts,ends\nSE,dee,2026-03-05,2026-03-09\n");
    sandbox.write(
        "accounts.csv",
        "id,type,stage,country,renewal,touched,opened,owner\n\
         A,Client,Open,DE,,2026-02-20,2026-01-01,\n\
         B,Client,Negotiation,DE,,,2026-01-02,ida\n\
         C,Prospect,Open,FR,2026-04-01,,2026-01-03,\n\
         D,Prospect,Open,JP,,,2026-01-04,\n\
         E,Prospect,Open,SE,,,2026-01-05,\n\
         F,Prospect,Open,,2026-03-20,,2026-01-06,\n\
         G,Prospect,Open,,,,2026-01-07,\n\
         H,Prospect,Open,,,,2026-01-08,\n\
         P,Prospect,Open,DE,,,2026-01-09,\n",
    );
    sandbox
}

/// Day, key, owner before and owner after.
type Move = (String, String, Value, Value);

fn foretold(sandbox: &Sandbox, as_of: &str, days: &str) -> (Vec<Move>, Vec<(String, String)>) {
    let found = sandbox.run(&["upcoming", "--as-of", as_of, "--days", days, "--format", "json"]).success().json();
    let mut moves = Vec::new();
    let mut others = Vec::new();
    for event in found["events"].as_array().unwrap() {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        if event["what"] == "new owner" || event["what"] == "released" {
            moves.push((text("day"), text("key"), event["from"]["id"].clone(), event["to"]["id"].clone()));
        } else {
            others.push((text("day"), format!("{} {}", text("key"), text("what"))));
        }
    }
    (moves, others)
}

#[test]
fn the_days_come_as_they_were_foretold() {
    let sandbox = project();
    sandbox.run(&["apply", "--yes", "--as-of", "2026-03-01"]).success();
    let (moves, others) = foretold(&sandbox, "2026-03-01", "35");
    let mut came = Vec::new();
    let first = parse_day("2026-03-01").unwrap();
    for day in (first + 1..=first + 35).map(show_day) {
        let plan = sandbox.run(&["plan", "--as-of", &day, "--format", "json"]).success().json();
        for change in plan["changes"].as_array().unwrap().iter().filter(|change| change["from"] != change["to"]) {
            let key = change["key"].as_str().unwrap().to_owned();
            came.push((day.clone(), key, change["from"]["id"].clone(), change["to"]["id"].clone()));
        }
        sandbox.run(&["apply", "--yes", "--as-of", &day, "--max-moves", "100"]).success();
    }
    assert_eq!(moves, came);
    assert!(moves.len() > 10, "{moves:#?}");
    // Of every kind of date that can move an owner there is one.
    for (day, key) in [
        ("2026-03-05", "E"), // a row of a list begins
        ("2026-03-10", "D"), // a rule begins to count
        ("2026-03-10", "E"), // the row is over
        ("2026-03-12", "A"), // the next row of a table
        ("2026-03-16", "D"), // the rule is over
        ("2026-03-18", "C"), // two weeks before the renewal
        ("2026-03-21", "P"), // a pin is over
        ("2026-04-01", "B"), // a hold is over
    ] {
        assert!(moves.iter().any(|found| found.0 == day && found.1 == key), "{day} {key}: {moves:#?}");
    }
    let ends = |key: &str| others.iter().find(|(_, what)| *what == format!("{key} hand-over ends")).map(|(day, _)| day);
    assert_eq!(ends("C").map(String::as_str), Some("2026-03-28"));
    let touched: Vec<&str> =
        others.iter().filter(|(_, what)| what.starts_with("A touch")).map(|(day, _)| day.as_str()).collect();
    assert_eq!(touched, ["2026-03-06", "2026-03-20", "2026-04-03"]);
}

#[test]
fn nothing_is_written_and_the_same_question_has_the_same_answer() {
    let sandbox = project();
    sandbox.run(&["apply", "--yes", "--as-of", "2026-03-01"]).success();
    let ask = |format: &str| sandbox.run(&["upcoming", "--as-of", "2026-03-01", "--format", format]).success().stdout;
    assert_eq!(ask("json"), ask("json"));
    assert_eq!(ask("csv").lines().next(), Some("day,record,key,role,what,from,to,reason"));
    assert!(ask("text").contains("Upcoming: "), "{}", ask("text"));
    assert!(sandbox.run(&["verify"]).success().stdout.contains("1 run"), "no run was added");
    let ics = sandbox.run(&["upcoming", "--as-of", "2026-03-01", "--days", "10", "--ics", "-"]).success().stdout;
    assert!(ics.starts_with("BEGIN:VCALENDAR\r\n") && ics.contains("SUMMARY:Account D: "), "{ics}");
    let file = sandbox.run(&["upcoming", "--as-of", "2026-03-01", "--ics", "days.ics"]).success();
    assert!(file.stderr.contains("written to days.ics"), "{}", file.stderr);
    assert!(sandbox.path().join("days.ics").exists());
}

#[test]
fn a_book_that_time_leaves_alone_is_said_to_be_so() {
    let sandbox = Sandbox::empty();
    sandbox.write("rules.own", "record Account from accounts {\n  id text, key\n}\nqueue Q\ndecide owner of Account { otherwise assign to Q }\n");
    sandbox.write("accounts.csv", "id\nA\n");
    let found = sandbox.run(&["upcoming"]).success();
    assert!(found.stdout.contains("Time alone changes nothing within 90 days"), "{}", found.stdout);
    assert!(found.stderr.contains("1 change of owner not applied yet"), "{}", found.stderr);
    let refused = sandbox.run(&["upcoming", "--days", "0"]).fails_with(2);
    assert!(refused.stderr.contains("--days is a number from 1 to 1830"), "{}", refused.stderr);
}
