//! Rows that count on some days: a list or table with days means what the same file means with only the rows of the day.

use crate::cases;
use crate::world::{Answer, World, test_day};
use ownward::value::time;
use proptest::prelude::*;

/// A row's cells before its days, and the days, counted from the day of the run.
type Line = (Vec<&'static str>, Option<i32>, Option<i32>);

const QUEUES: &str = "queue a, b, c, d, e, Triage\n";
const RECORD: &str = "record Account { id text, key
  country text
  postcode text
  employees number }
";

fn table(valid: &str) -> String {
    format!(
        "{RECORD}{QUEUES}table Cover from \"rows.csv\" {{\n  match country = country\n  match postcode starts with prefix\n  \
         match employees between low and high\n  give owner\n{valid}\n}}\ndecide owner of Account {{\n  \
         covered: assign to Cover\n  assign to Triage\n}}\n"
    )
}

fn list(valid: &str) -> String {
    format!(
        "{RECORD}{QUEUES}list Named from \"rows.csv\" by country{valid}\ndecide owner of Account {{\n  \
         named: when country in Named assign to Named.owner\n  absent: when postcode not in Named assign to a\n  \
         assign to Triage\n}}\n"
    )
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let cell = |cells: &'static [&'static str]| prop::sample::select(cells);
    let end = || prop::option::weighted(0.7, -2_i32..=2);
    let cells = (cell(&["DE", "AT"]), cell(&["1", "10", "101"]), cell(&["", "1", "5"]), cell(&["", "5", "9"]));
    let line = (cells, cell(&["a", "b", "c", "d", "e"]), end(), end()).prop_map(
        |((country, prefix, low, high), owner, from, until)| (vec![country, prefix, low, high, owner], from, until),
    );
    prop::collection::vec(line, 0..12)
}

/// The answers for every combination of a few values.
fn answers(policy: String, file: String) -> Vec<Answer> {
    let mut world = World::new(policy);
    let cells: Vec<[String; 4]> = ["DE", "AT", "1"]
        .iter()
        .flat_map(|country| ["10115", "12345", "DE"].map(|postcode| (*country, postcode)))
        .flat_map(|(country, postcode)| ["0", "3", "5", "8"].map(|employees| (country, postcode, employees)))
        .enumerate()
        .map(|(at, (country, postcode, employees))| {
            [&format!("A-{at}"), country, postcode, employees].map(str::to_owned)
        })
        .collect();
    let rows: Vec<Vec<&str>> = cells.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    world = world.rows("Account", &["id", "country", "postcode", "employees"], &rows);
    world.files.insert("rows.csv".into(), file);
    let built = world.build();
    let decision = built.decide();
    let role = built.policy.role_ids().next().expect("a role");
    (0..decision.row_count(role))
        .map(|row| {
            let answer = decision.answer(role, row);
            // The plain interpreter says the same as the fast way.
            assert_eq!(answer, decision.expected(role, row, false));
            answer
        })
        .collect()
}

fn file(lines: &[Line], today: i32) -> (String, String) {
    let mut dated = String::from("country,prefix,low,high,owner,start,end\n");
    let mut counting = String::from("country,prefix,low,high,owner\n");
    let shown = |shift: &Option<i32>| shift.map(|shift| time::show_day(today + shift)).unwrap_or_default();
    for (cells, from, until) in lines {
        let cells = cells.join(",");
        dated.push_str(&format!("{cells},{},{}\n", shown(from), shown(until)));
        if from.unwrap_or(0) <= 0 && 0 <= until.unwrap_or(0) {
            counting.push_str(&format!("{cells}\n"));
        }
    }
    (dated, counting)
}

proptest! {
    #![proptest_config(cases::config(cases::count(96)))]

    #[test]
    fn a_dated_file_means_its_rows_of_the_day(lines in lines()) {
        let (dated, counting) = file(&lines, test_day().today());
        prop_assert_eq!(answers(table("  valid from start until end"), dated.clone()), answers(table(""), counting.clone()));
        prop_assert_eq!(answers(list(" valid from start until end"), dated), answers(list(""), counting));
    }
}
