//! What `check` proves about rules: known answers, and the interpreter on worlds made up at random.

use crate::analysis_oracle::Dice;
use crate::cases;
use crate::generate::{self, Size};
use crate::world::World;
use ownward::analysis::{Doubt, Gaps, Reached, prove};
use ownward::check::policy::{RoleId, RuleId};
use ownward::decide::row;
use ownward::diagnostic::{Code, Diagnostic};
use ownward::value::Outcome;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::Cell;

const HEAD: &str = "record Account from accounts {
  id      text, key
  status  one of (Prospect, Active, Churned)
  size    number, optional
  spend   money EUR, optional
  close   date, optional
  country text, optional
  parent  Account, optional
}
team Sales
queue Triage
";

/// By label, every rule that some record may not reach.
fn answers(rules: &str) -> Vec<(String, Reached)> {
    let built = World::new(format!("{HEAD}decide owner of Account {{\n{rules}\n}}\n")).build();
    let role = built.policy.role(RoleId(0));
    let all = prove(&built.policy, RoleId(0), &crate::world::test_day()).reached;
    assert_eq!(all.len(), role.rules.len());
    let label = |id: usize| role.rules[id].label.clone().unwrap_or_default();
    let told = all.into_iter().enumerate().map(|(id, reached)| (label(id), reached));
    told.filter(|(_, reached)| *reached != Reached::Some).collect()
}

fn hidden(label: &str, by: &[u32]) -> (String, Reached) {
    (label.to_owned(), Reached::Hidden(by.iter().copied().map(RuleId).collect()))
}

fn never(label: &str) -> (String, Reached) {
    (label.to_owned(), Reached::NeverTrue)
}

#[test]
fn two_rules_together_hide_a_third_and_no_other_is_blamed() {
    let rules = "
  other: when country = \"FR\" assign to Triage
  small: when size < 100 assign to Sales
  large: when size >= 100 or size is missing assign to Triage
  named: when country = \"DE\" assign to Sales";
    assert_eq!(answers(rules), [hidden("named", &[1, 2])]);
}

#[test]
fn every_choice_taken_leaves_none_and_one_left_out_leaves_some() {
    let all = "
  a: when status in (Prospect, Active) assign to Sales
  b: when status = Churned assign to Triage
  c: when size > 1 assign to Sales";
    assert_eq!(answers(all), [hidden("c", &[0, 1])]);
    assert_eq!(answers(&all.replace("(Prospect, Active)", "(Prospect)")), []);
}

#[test]
fn missing_is_a_value_of_its_own() {
    let rules = "
  below: when size < 10 assign to Sales
  above: when size >= 10 assign to Triage
  rest: when status = Active assign to Sales
  blank: when size is missing and status = Active assign to Triage
  never: when status is missing assign to Sales";
    assert_eq!(answers(rules), [hidden("blank", &[2]), never("never")]);
}

#[test]
fn what_no_record_fits_is_told_apart() {
    let rules = "
  between: when size > 100 and size < 50 assign to Sales
  both: when status = Active and status = Churned assign to Sales
  days: when close > 2026-03-01 and close < 2026-03-02 assign to Sales
  few: when at least 2 of { a: status = Active b: status = Churned c: status = Prospect } assign to Sales
  group: when country = \"DE\" {
    inner: when country = \"FR\" assign to Triage
    fine: when country = \"de\" assign to Sales
  }";
    assert_eq!(answers(rules), [never("between"), never("both"), never("days"), never("few"), never("group/inner")]);
}

#[test]
fn a_rule_that_comes_and_goes_hides_nothing() {
    let rules = "
  summer: when status = Active assign to Triage from 2026-01-01 until 2026-12-31
  always: when status = Active assign to Sales";
    assert_eq!(answers(rules), []);
    assert_eq!(answers(&rules.replace(" from 2026-01-01 until 2026-12-31", "")), [hidden("always", &[0])]);
}

#[test]
fn a_rule_that_may_name_nobody_hides_only_what_asks_the_same() {
    let rules = "
  parent: always assign to owner of parent
  child: when status = Active assign to Sales
  again: when status = Churned assign to owner of parent";
    assert_eq!(answers(rules), [hidden("again", &[0])]);
}

#[test]
fn no_record_of_a_made_up_world_reaches_a_rule_that_none_can_reach() {
    let (proved, tried) = (Cell::new(0), Cell::new(0));
    let tape = |length: usize| proptest::collection::vec(any::<u32>(), length / 8..length);
    let size = Size { rows_max: 12, rules_max: 12 };
    TestRunner::new(cases::config(cases::count(60)))
        .run(&(tape(1500), tape(1500)), |numbers| {
            let case = generate::case(&numbers, size);
            let built = case.world.try_build().map_err(TestCaseError::fail)?;
            let decision = built.decide();
            for id in built.policy.role_ids() {
                let role = built.policy.role(id);
                let all = prove(&built.policy, id, &case.world.as_of).reached;
                for (rule, answer) in role.rule_ids().zip(&all) {
                    let by = match answer {
                        Reached::Hidden(by) => by.as_slice(),
                        Reached::NeverTrue => &[],
                        _ => continue,
                    };
                    proved.set(proved.get() + 1);
                    for row in 0..decision.row_count(id) {
                        if decision.is_drifted(id, row) || decision.answer(id, row).outcome == Outcome::Invalid {
                            continue;
                        }
                        tried.set(tried.get() + 1);
                        let fits = |rule: RuleId| decision.matches(id, role.rule(rule), row);
                        let names = decision.with_facts(id, row, |setting, facts| {
                            row::first_named(setting, role, role.rule(rule), facts).is_some()
                        });
                        let is_taken = by.iter().any(|earlier| *earlier < rule && fits(*earlier));
                        prop_assert!(
                            !fits(rule) || !names || is_taken,
                            "row {row} reaches rule {rule:?} of {}, said to be {answer:?}\n{}",
                            role.name,
                            case.world.policy
                        );
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(proved.get() > 5 && tried.get() > 25, "{} rules proved, {} rows tried", proved.get(), tried.get());
}

// ---------------------------------------------------------------- known answers

/// What is said of a policy, a line a finding: code, headline, and the notes behind it.
fn told(world: &World) -> Vec<String> {
    let found = ownward::analysis::findings(&world.build().policy, &world.as_of);
    let line = |one: Diagnostic| {
        let parts: Vec<String> = std::iter::once(one.headline).chain(one.notes).collect();
        format!("{}: {}", one.code, parts.join("; "))
    };
    found.into_iter().map(line).collect()
}

fn codes(world: &World) -> Vec<Code> {
    let found = ownward::analysis::findings(&world.build().policy, &world.as_of);
    found.into_iter().map(|one| one.code).collect()
}

fn world(rules: &str) -> World {
    World::new(format!("{HEAD}decide owner of Account {{\n{rules}\n}}\n"))
}

fn with_file(mut world: World, name: &str, text: &str) -> World {
    world.files.insert(name.to_owned(), text.to_owned());
    world
}

/// The regions that no rule takes.
fn gaps(world: &World) -> Vec<Vec<String>> {
    match prove(&world.build().policy, RoleId(0), &world.as_of).gaps {
        Gaps::None => Vec::new(),
        Gaps::Some(gaps) => gaps.into_iter().map(|gap| gap.region).collect(),
        Gaps::NotDecided(doubt) => panic!("{doubt:?}"),
    }
}

#[test]
fn a_bound_left_out_between_two_ranges_is_a_gap() {
    let rules = "
  middle: when size >= 120 and size < 130 assign to Sales
  high: when size > 130 assign to Triage";
    assert_eq!(gaps(&world(rules)), [["size < 120 or size = 130 or missing"]]);
    let mended = rules.replace("size > 130", "size >= 130 or size < 120 or size is missing");
    assert_eq!(gaps(&world(&mended)), Vec::<Vec<String>>::new());
}

const BANDS: &str = "table Bands from \"bands.csv\" {
  match size between low and high
  give owner
}
";

fn bands(rows: &str) -> World {
    let rules = format!("{HEAD}{BANDS}decide owner of Account {{\n  bands: assign to Bands\n}}\n");
    with_file(World::new(rules), "bands.csv", &format!("low,high,owner\n{rows}"))
}

#[test]
fn records_without_the_value_that_a_table_matches_reach_no_row() {
    assert_eq!(gaps(&bands(",100,Sales\n101,,Triage\n")), [["100 < size < 101 or missing"]]);
    assert_eq!(gaps(&bands(",100,Sales\n100,,Sales\n")), [["size is missing"]]);
}

#[test]
fn rows_that_take_records_from_each_other_are_told() {
    insta::assert_snapshot!(told(&bands(",100,Sales\n50,150,Triage\n,,Sales\n")).join("\n"), @"
    overlap: two rows of bands.csv claim the same records for different owners; line 3 gives `Triage`, line 2 gives `Sales`: the first of these wins; for example: size = 50
    gap: `owner of Account` leaves records without a rule; no rule takes those with size is missing; for example: size is missing
    ");
    // A narrower row inside a wider one is an exception, and meant.
    assert_eq!(codes(&bands("0,100,Sales\n10,20,Triage\n")), [Code::Gap]);
    // Nothing is left for a row that narrower ones together fill.
    assert_eq!(codes(&bands("0,100,Sales\n0,50,Triage\n50,100,Triage\n")), [Code::DeadRow, Code::Gap]);
}

#[test]
fn a_list_of_countries_with_one_twice_leaves_another_out() {
    let rules = "
  dach: when country in (\"DE\", \"AT\", \"de\") assign to Sales
  rest: when country in (\"CH\", \"FR\") assign to Triage";
    let checked = world(rules).check();
    assert!(checked.diagnostics.iter().any(|one| one.code == Code::DoubledValue), "{:?}", checked.diagnostics);
    assert_eq!(gaps(&world(rules)), [["country not in (\"AT\", \"CH\", \"DE\", \"FR\") or missing"]]);
    let all = "
  dach: when status in (Prospect, \"prospect\", Active) assign to Sales";
    assert_eq!(gaps(&world(all)), [["status is Churned"]]);
}

#[test]
fn a_count_that_can_never_hold_is_told_instead_of_its_rule() {
    let rules = "
  few: when country = \"DE\" and at least 2 of { a: status = Active b: status = Churned c: status = Prospect } assign to Sales
  otherwise assign to Triage";
    insta::assert_snapshot!(told(&world(rules)).join("\n"), @"always-false: so many criteria can never hold together; the field's values and the other conditions of the rule say so");
    // Here it could, but for the rest of the rule.
    let rest = "
  few: when status = Active and at least 2 of { a: size > 1 b: country = \"DE\" c: status = Prospect } and size < 0 and country is missing assign to Sales
  otherwise assign to Triage";
    assert_eq!(codes(&world(rest)), [Code::NeverTrue]);
}

#[test]
fn teams_places_and_calendars_are_proved_as_well() {
    let policy = format!(
        "{HEAD}gather team of Account {{
  none: when size > 10 and size < 5 add Sales
  idle: when status = Active and status is not Churned add Sales
}}
place Account in territory {{
  DACH: when country in (\"DE\", \"AT\") {{
    Large: when size > 100
    Small: when size < 200
  }}
  France: when country = \"FR\" and country = \"DE\"
  Prospects: when status = Prospect
}}
calendar of Account {{
  when size > 100 touch every 30 days
  when size > 200 touch every 10 days
}}
"
    );
    insta::assert_snapshot!(told(&World::new(policy)).join("\n"), @"
    never-true: no record can fit the conditions of a rule
    always-true: a condition says nothing; the field's values and the other conditions of the rule say so
    never-true: no record can fit the conditions of a rule
    overlap: two places side by side hold the same records; for example: country = AT, size = 101
    overlap: two places side by side hold the same records; for example: country = AT, status = Prospect
    unreachable-rule: a rule is never reached: one before it takes every record it fits
    ");
}

/// Rules of three terms each over many yes-or-no fields.
fn hard(fields: usize, rules: impl Iterator<Item = String>) -> World {
    let declared: String = (0..fields).map(|at| format!("  f{at} yes/no\n")).collect();
    let rules: String =
        rules.enumerate().map(|(at, rule)| format!("  r{at}: when {rule} assign to Q{}\n", at % 3)).collect();
    World::new(format!(
        "record Account from accounts {{\n  id text, key\n{declared}}}\nqueue Q0\nqueue Q1\nqueue Q2\ndecide owner of Account {{\n{rules}}}\n"
    ))
}

/// Runs a proof that is too hard, which must end soon all the same.
fn gives_up(world: &World) -> ownward::analysis::Proof {
    let policy = world.build().policy;
    let start = std::time::Instant::now();
    let proof = prove(&policy, RoleId(0), &world.as_of);
    // Far more than it takes: this machine may be busy, and the tests are not optimised.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
    proof
}

#[test]
fn more_pigeons_than_holes_end_in_a_doubt() {
    // Each of 11 pigeons is in one of 10 holes, and no two are in one: no record is left, and no short proof says so.
    let (pigeons, holes) = (11, 10);
    let field = |pigeon: usize, hole: usize| pigeon * holes + hole;
    let nowhere = (0..pigeons).map(|pigeon| {
        let not: Vec<String> = (0..holes).map(|hole| format!("not f{}", field(pigeon, hole))).collect();
        not.join(" and ")
    });
    let crowded = (0..holes).flat_map(|hole| {
        let pairs = (0..pigeons).flat_map(move |a| (a + 1..pigeons).map(move |b| (a, b)));
        pairs.map(move |(a, b)| format!("f{} and f{}", field(a, hole), field(b, hole)))
    });
    // In one rule, so that a single question is the hard one.
    let all: Vec<String> = nowhere.chain(crowded).map(|terms| format!("({terms})")).collect();
    let proof = gives_up(&hard(pigeons * holes, std::iter::once(all.join(" or "))));
    assert_eq!(proof.gaps, Gaps::NotDecided(Doubt::Steps));
    // The same asked by counts.
    let any: Vec<String> = (0..60).map(|at| format!("f{at}")).collect();
    let counts = [30, 31].map(|least| format!("at least {least} of {{ {} }}", any.join("\n")));
    let few = format!("not ({})", counts[1]);
    let proof = gives_up(&hard(60, [few, counts[0].clone()].into_iter()));
    assert!(matches!(proof.gaps, Gaps::None | Gaps::NotDecided(_)), "{:?}", proof.gaps);
}

#[test]
fn random_rules_of_three_terms_end_soon() {
    // Some 4.3 of them a field are the hardest.
    let mut dice = Dice::new(27);
    let mut rule = || {
        let term = |dice: &mut Dice| {
            let not = if dice.chance(50) { "not " } else { "" };
            format!("{not}f{}", dice.roll(20))
        };
        [term(&mut dice), term(&mut dice), term(&mut dice)].join(" and ")
    };
    let rules: Vec<String> = (0..86).map(|_| rule()).collect();
    let proof = gives_up(&hard(20, rules.into_iter()));
    assert_eq!(proof.reached.len(), 86);
}
