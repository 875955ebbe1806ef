//! The fast path against the plain interpreter, and both against the model, on worlds made up at random.
//!
//! `OWNWARD_CASES` sets the number of cases (CI keeps it small; a long run takes tens of thousands).

use crate::cases;
use crate::generate::{self, Case, RoleModel, Size, rows_of};
use crate::model::{Ground, Model, Way};
use crate::world::{Answer, Built, Decision, Rows, World};
use ownward::check::policy::{Role, RoleId};
use ownward::schema::FieldId;
use ownward::value::Owner;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::collections::BTreeMap;

/// A tape for the policy and one for the records.
type Tapes = (Vec<u32>, Vec<u32>);

/// Runs a property on so many tapes of up to these lengths.
fn on_tapes(count: u32, (rules, rows): (usize, usize), property: impl Fn(&Tapes) -> Result<(), TestCaseError>) {
    let config = Config { max_shrink_iters: 6_000, ..cases::config(count) };
    let tape = |length: usize| proptest::collection::vec(any::<u32>(), length / 8..length);
    let outcome = TestRunner::new(config).run(&(tape(rules), tape(rows)), |tapes| property(&tapes));
    match outcome {
        Ok(()) => {}
        // The tape itself tells nobody anything; the message holds policy and records.
        Err(TestError::Fail(reason, _)) => panic!("{}", reason.message()),
        Err(other) => panic!("{other}"),
    }
}

const SMALL: Size = Size { rows_max: 9, rules_max: 8 };

#[test]
fn the_batch_gives_every_record_what_the_interpreter_and_the_model_say() {
    on_tapes(cases::count(240), (1500, 1500), |numbers| agree(&generate::case(numbers, SMALL)));
}

#[test]
fn many_rules_and_many_rows_change_nothing() {
    on_tapes(cases::count(240) / 60, (60_000, 12_000), |numbers| {
        agree(&generate::case(numbers, Size { rows_max: 60, rules_max: 400 }))
    });
}

#[test]
fn the_order_of_records_changes_no_answer() {
    on_tapes(cases::count(240) / 3, (1500, 1500), |numbers| {
        let case = generate::case(numbers, SMALL);
        let mut turned = case.world.clone();
        for rows in turned.rows.values_mut() {
            rows.cells.reverse();
            let third = rows.cells.len() / 3;
            rows.cells.rotate_left(third);
        }
        let (one, other) = (case.world.try_build(), turned.try_build());
        let (one, other) = (one.map_err(TestCaseError::fail)?, other.map_err(TestCaseError::fail)?);
        prop_assert_eq!(by_key(&one.decide()), by_key(&other.decide()));
        Ok(())
    });
}

/// The answers of all records that have a key of their own, by role and key.
fn by_key(decision: &Decision<'_>) -> BTreeMap<(u16, String), Answer> {
    let built = decision.built;
    let mut answers = BTreeMap::new();
    for id in built.policy.role_ids() {
        let table = built.dataset.table(built.policy.role(id).record);
        for row in 0..decision.row_count(id) {
            if let (Some(key), false) = (table.key(row), table.unkeyed.contains(row)) {
                answers.insert((id.0, key.to_owned()), decision.answer(id, row));
            }
        }
    }
    answers
}

fn agree(case: &Case) -> Result<(), TestCaseError> {
    let built = case.world.try_build().map_err(TestCaseError::fail)?;
    let decision = built.decide();
    let failure = |what: String| TestCaseError::fail(format!("{what}\n{}", show(case)));
    for id in built.policy.role_ids() {
        let role = built.policy.role(id);
        let model = role_model(case, &built, role);
        rules_agree(&model, role).map_err(&failure)?;
        for row in 0..decision.row_count(id) {
            let is_invalid = is_invalid(&case.model, &model, role, id, row as usize);
            let expected = decision.expected(id, row, is_invalid);
            let found = decision.answer(id, row);
            if found != expected {
                return Err(failure(format!("row {row} of {}: batch {found:?}, interpreter {expected:?}", role.name)));
            }
            if !is_invalid {
                conditions_agree(case, &decision, &model, id, row).map_err(&failure)?;
            }
        }
    }
    Ok(())
}

fn role_model(case: &Case, built: &Built, role: &Role) -> RoleModel {
    let record = &built.policy.schema.record(role.record).name;
    let is_it = |model: &&RoleModel| model.name == role.name && case.model.records[model.record].name == *record;
    case.roles.iter().find(is_it).expect("every role was generated").clone()
}

fn rules_agree(model: &RoleModel, role: &Role) -> Result<(), String> {
    let found: Vec<_> = role.rules.iter().map(|rule| (rule.label.clone(), rule.from, rule.until)).collect();
    let expected: Vec<_> = model.rules.iter().map(|rule| (rule.label.clone(), rule.from, rule.until)).collect();
    if found == expected { Ok(()) } else { Err(format!("rules {found:?}, expected {expected:?}")) }
}

/// Every rule's conditions by the interpreter and by the model.
fn conditions_agree(
    case: &Case,
    decision: &Decision<'_>,
    model: &RoleModel,
    id: RoleId,
    row: u32,
) -> Result<(), String> {
    let current = decision.current(id, row);
    let after = |role: &str, record: usize, row: usize| owner_after(case, decision, role, record, row);
    let ground = Ground {
        model: &case.model,
        record: model.record,
        row: Some(row as usize),
        current: current.as_ref(),
        after: &after,
    };
    let today = ground.today();
    let role = decision.built.policy.role(id);
    for (rule, expected) in role.rules.iter().zip(&model.rules) {
        let counts =
            expected.from.is_none_or(|from| from <= today) && expected.until.is_none_or(|until| today <= until);
        let expected = counts && expected.conditions.iter().all(|holds| holds(ground));
        if decision.matches(id, rule, row) != expected {
            let text = case.world.policy.get(rule.span.start as usize..rule.span.end as usize);
            return Err(format!(
                "row {row} of {}: the model says {expected} of rule {}",
                role.name,
                text.unwrap_or("?")
            ));
        }
    }
    Ok(())
}

fn owner_after(case: &Case, decision: &Decision<'_>, role: &str, record: usize, row: usize) -> Option<Owner> {
    let policy = &decision.built.policy;
    let record = policy.schema.find_record(&case.model.records[record].name)?;
    decision.owner(policy.find_role(record, role)?, u32::try_from(row).ok()?)
}

/// Design 3.1, 3.6, 3.7 and 3.15: a cell, key or reference that breaks the schema where the role reads, or a circle.
fn is_invalid(model: &Model, role_model: &RoleModel, role: &Role, id: RoleId, row: usize) -> bool {
    let reads: Vec<(Way, usize)> = role.reads.iter().map(|path| (way(&path.steps), path.field.0 as usize)).collect();
    let own: Vec<Way> = role.owners_read.iter().filter(|of| of.role == id).map(|of| way(&of.steps)).collect();
    model.is_broken(role_model.record, row, &reads) || model.is_on_circle(role_model.record, row, &own)
}

fn way(steps: &[FieldId]) -> Way {
    steps.iter().map(|step| step.0 as usize).collect()
}

/// Policy, files and rows, so that a failure can be turned into a named case.
fn show(case: &Case) -> String {
    let mut text = case.world.policy.clone();
    for (name, file) in &case.world.files {
        text.push_str(&format!("\n--- {name}\n{file}"));
    }
    for record in &case.model.records {
        let rows = rows_of(record);
        text.push_str(&format!("\n--- {}\n{:?}\n", record.name, rows.headers));
        for row in &rows.cells {
            text.push_str(&format!("{row:?}\n"));
        }
    }
    text.push_str(&format!("--- as of {:?}, people {:?}\n", case.world.as_of, case.world.people));
    text
}

/// More boxes than one word of the matrix's upper level has bits for, and more rows than are worked on at a time.
#[test]
fn thousands_of_rules_and_rows() {
    let mut policy = String::from("record Account { id text, key\n name text\n size number, optional }\nqueue Q, R\n");
    policy.push_str("decide owner of Account {\n");
    for at in 0..4_500 {
        let queue = if at % 2 == 0 { "Q" } else { "R" };
        policy.push_str(&format!(
            "  l{at}: when name = \"n{}\" and size >= {} assign to {queue}\n",
            at / 3,
            10 - at % 3
        ));
    }
    policy.push_str("}\n");
    let mut world = World::new(policy);
    let row = |at: usize| {
        let size = if at.is_multiple_of(11) { String::new() } else { (at % 13).to_string() };
        vec![at.to_string(), format!("N{}", at % 1_600), size]
    };
    let headers = ["id", "name", "size"].map(str::to_owned).to_vec();
    world.rows.insert("Account".to_owned(), Rows { headers, cells: (0..9_000).map(row).collect() });
    let built = world.build();
    let decision = built.decide();
    for at in 0..9_000_u32 {
        let (name, size) = (at % 1_600, (!at.is_multiple_of(11)).then_some(at % 13));
        // Of the three rules of a name, the first asks for 10, the second for 9, the third for 8.
        let first = size.and_then(|size| (0..3).find(|step| size >= 10 - step)).map(|step| name * 3 + step);
        let expected = first.filter(|rule| *rule < 4_500);
        let answer = decision.answer(RoleId(0), at);
        assert_eq!(answer.rule.map(|rule| rule.0), expected, "row {at}");
        if at.is_multiple_of(300) {
            assert_eq!(answer, decision.expected(RoleId(0), at, false), "row {at}");
        }
    }
}
