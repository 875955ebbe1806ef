//! What `check` proves about rules: known answers, and the interpreter on worlds made up at random.

use crate::cases;
use crate::generate::{self, Size};
use crate::world::World;
use ownward::analysis::{Reached, prove};
use ownward::check::policy::{RoleId, RuleId};
use ownward::decide::row;
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
