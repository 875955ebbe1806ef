//! Laws of comparing policies, on worlds made up at random: one namespace changes no meaning, and what is called equivalent
//! decides alike.

use crate::cases;
use crate::generate::{self, Size};
use crate::world::{Built, World};
use ownward::analysis::{RoleKind, Verdict, unchanged};
use ownward::check::merged::{Touched, merge};
use ownward::check::policy::{Path, Role, TypedPolicy};
use ownward::check::{self, FilesBeside};
use ownward::diagnostic;
use ownward::plan::{role_fingerprints, team_fingerprints};
use ownward::schema::{FieldKind, Schema, Tabular};
use ownward::source::Sources;
use ownward::syntax::{self, Tree};
use ownward::value::Owner;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

const SIZE: Size = Size { rows_max: 12, rules_max: 8 };

fn parsed(world: &World) -> (Tree, Schema) {
    let mut sources = Sources::default();
    sources.add("policy.own", world.policy.as_str());
    let (tree, _) = syntax::parse(&sources);
    let read = |text: &String| Tabular::parse(text).map_err(|error| error.reason);
    let files: FilesBeside = world.files.iter().map(|(name, text)| (name.clone(), read(text))).collect();
    let (schema, _) = check::schema(&tree, &files, Vec::new());
    (tree, schema)
}

/// The fingerprints of every rule, by role.
fn meanings(policy: &TypedPolicy) -> Vec<(String, Vec<String>)> {
    let roles = policy.roles.iter().map(|role| (role.name.clone(), role_fingerprints(policy, role)));
    let teams = policy.gathers.iter().map(|team| (team.role.name.clone(), team_fingerprints(policy, team)));
    roles.chain(teams).collect()
}

/// By role, how many rules it has and what they read and name, in words.
fn outlines(policy: &TypedPolicy) -> Vec<(String, usize, Vec<String>)> {
    let outline = |role: &Role| {
        let text = |path: &Path| path.text(&policy.schema, role.record);
        (role.name.clone(), role.rules.len(), role.reads.iter().map(text).collect::<BTreeSet<String>>())
    };
    let sets = policy.rule_sets().map(outline);
    sets.map(|(name, rules, reads)| (name, rules, reads.into_iter().collect())).collect()
}

fn tapes() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
    let tape = |length: usize| proptest::collection::vec(any::<u32>(), length / 8..length);
    (tape(1500), tape(800))
}

fn run(count: u32, property: impl Fn((Vec<u32>, Vec<u32>), (Vec<u32>, Vec<u32>)) -> Result<(), TestCaseError>) {
    let config = Config { max_shrink_iters: 500, ..cases::config(cases::count(count)) };
    match TestRunner::new(config).run(&(tapes(), tapes()), |(one, other)| property(one, other)) {
        Ok(()) => {}
        // The tape itself tells nobody anything; the message holds both policies.
        Err(TestError::Fail(reason, _)) => panic!("{}", reason.message()),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn one_namespace_changes_no_meaning_of_either_side() {
    run(120, |one, other| {
        let (one, other) = (generate::case(&one, SIZE).world, generate::case(&other, SIZE).world);
        let (old, new) = (parsed(&one), parsed(&other));
        let alone = [&old, &new].map(|(tree, schema)| check::policy(tree, schema.clone()).0);
        let merged = merge(&old.1, &new.1).expect("few names");
        for (alone, (tree, schema)) in alone.iter().zip([(&old.0, merged.old), (&new.0, merged.new)]) {
            let (policy, findings) = check::policy(tree, schema);
            prop_assert!(!diagnostic::any_error(&findings), "{findings:?}\n{}\n{}", one.policy, other.policy);
            // Not the meanings: a rule about an order takes in the other side's choices, which no record of ours has.
            prop_assert_eq!(outlines(&policy), outlines(alone), "{}\n{}", one.policy, other.policy);
        }
        Ok(())
    });
}

#[test]
fn a_policy_beside_itself_is_itself() {
    run(120, |one, _| {
        let world = generate::case(&one, SIZE).world;
        let (tree, schema) = parsed(&world);
        let alone = check::policy(&tree, schema.clone()).0;
        let merged = merge(&schema, &schema).expect("few names");
        prop_assert_eq!(&merged.changes, &Vec::new());
        let (old, new) = (check::policy(&tree, merged.old).0, check::policy(&tree, merged.new).0);
        prop_assert_eq!(meanings(&old), meanings(&alone));
        prop_assert_eq!(meanings(&new), meanings(&alone));
        prop_assert!(unchanged(&old, &new, &[]).is_equivalent());
        Ok(())
    });
}

/// Owners by key, of one role.
fn owners(built: &Built, role: usize) -> BTreeMap<String, Option<Owner>> {
    let decision = built.decide();
    let id = built.policy.role_ids().nth(role).expect("a role");
    let table = built.dataset.table(built.policy.role(id).record);
    let rows = (0..decision.row_count(id)).filter(|row| !table.unkeyed.contains(*row));
    rows.filter_map(|row| Some((table.key(row)?.to_owned(), decision.owner(id, row)))).collect()
}

/// One line less, or two lines the other way round.
fn edited(text: &str, draw: u32) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = draw as usize / 2 % lines.len().max(1);
    if draw.is_multiple_of(2) || at + 1 >= lines.len() {
        lines.remove(at);
    } else {
        lines.swap(at, at + 1);
    }
    lines.join("\n") + "\n"
}

#[test]
fn what_is_called_equivalent_decides_alike() {
    let (proved, kept) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    run(240, |one, other| {
        let world = generate::case(&one, SIZE).world;
        let mut next = world.clone();
        next.policy = edited(&world.policy, other.0.first().copied().unwrap_or_default());
        let (Ok(old_built), Ok(new_built)) = (world.try_build(), next.try_build()) else {
            return Ok(());
        };
        let (old, new) = (parsed(&world), parsed(&next));
        let merged = merge(&old.1, &new.1).expect("few names");
        let (old_policy, new_policy) = (check::policy(&old.0, merged.old).0, check::policy(&new.0, merged.new).0);
        kept.set(kept.get() + 1);
        for role in unchanged(&old_policy, &new_policy, &merged.changes).roles {
            if role.verdict() != Verdict::Equivalent || role.kind != RoleKind::Decide {
                continue;
            }
            proved.set(proved.get() + 1);
            let (Some(old_at), Some(new_at)) = (role.old, role.new) else { panic!("a role of both sides") };
            let (before, after) = (owners(&old_built, old_at), owners(&new_built, new_at));
            // A role is judged from the same values and the same current owner. Where those are read otherwise, or the
            // column's name of an owner means another, records are not the same to both.
            let is_input = |touched: &Touched| matches!(touched, Touched::Reading | Touched::Owners);
            let is_reading = merged.changes.iter().any(|change| is_input(&change.touched));
            let differ: Vec<&String> = before.keys().filter(|key| before.get(*key) != after.get(*key)).collect();
            prop_assert!(
                is_reading || before == after,
                "{} {differ:?}\n{}\n---\n{}\n{:?}",
                role.name(),
                world.policy,
                next.policy,
                world.rows
            );
        }
        Ok(())
    });
    assert!(proved.get() > kept.get() / 4, "{} of {}", proved.get(), kept.get());
}

/// Both views on `Account`, and what is told, for two declarations of one field.
fn views(old: &str, new: &str) -> (Schema, Schema, Vec<String>) {
    let schema = |field: &str| {
        let extra = "record Deal {\n  id text, key\n}\n";
        parsed(&World::new(format!("record Account {{\n  {field}\n  id text, key\n}}\n{extra}"))).1
    };
    let merged = merge(&schema(old), &schema(new)).expect("few names");
    (merged.old, merged.new, merged.changes.iter().map(|change| change.how.clone()).collect())
}

#[test]
fn a_field_of_another_type_takes_two_places_and_is_read_by_its_own_side_only() {
    let cases = [
        ("size number", "size text", "was a number, is text"),
        ("size money USD", "size money EUR", "was money USD, is money EUR"),
        ("size one of (S, L)", "size many of (S, L)", "was a choice, is a set of choices"),
        (
            "size ordered (S < L)",
            "size ordered (L < S)",
            "was an ordered choice, is an ordered choice in another order",
        ),
        ("size Account", "size Deal", "was a reference to Account, is a reference to Deal"),
    ];
    for (from, to, how) in cases {
        let (old, new, told) = views(from, to);
        assert_eq!(told, [how]);
        let (old, new) = (&old.records[0], &new.records[0]);
        assert_eq!((old.fields.len(), new.fields.len()), (3, 3));
        assert_ne!(old.find("size"), new.find("size"));
        assert_eq!((old.key, old.find("id")), (new.key, new.find("id")));
    }
}

#[test]
fn choices_of_both_sides_share_numbers_and_orders() {
    let numbers = |schema: &Schema, names: &[&str]| -> Vec<Option<u16>> {
        let record = &schema.records[0];
        let FieldKind::Choice(set) = &record.field(record.find("size").expect("a field")).kind else { panic!() };
        names.iter().map(|name| set.find(name)).collect()
    };
    let (old, new, told) = views("size ordered (S < L)", "size ordered (XS < S < M < L < XL)");
    assert_eq!(told, ["choice `XS` added", "choice `M` added", "choice `XL` added"]);
    assert_eq!(numbers(&old, &["S", "L", "M"]), [Some(1), Some(3), None]);
    assert_eq!(numbers(&new, &["XS", "S", "M", "L", "XL"]), [Some(0), Some(1), Some(2), Some(3), Some(4)]);
    // A new name that keeps the old one as a spelling is the same choice; other orders of plain choices mean nothing.
    let (old, new, told) = views("size one of (Small, Large)", "size one of (L also Large, Small, Huge counts as L)");
    assert_eq!(numbers(&old, &["Small", "Large"]), numbers(&new, &["Small", "L"]));
    assert_eq!(told, ["choice `Large` is called `L` now", "other spellings of choice `L`", "choice `Huge` added"]);
}

#[test]
fn fields_of_the_same_choices_stay_comparable() {
    let twins = |first: &str, second: &str| format!("size one of ({first})\n  was one of ({second})");
    let places = |old: &str, new: &str| {
        let (old, new, _) = views(old, new);
        let [old, new] = [&old.records[0], &new.records[0]];
        let kind = |name: &str| &old.field(old.find(name).expect("a field")).kind;
        assert_eq!(kind("size"), kind("was"));
        old.find("size") == new.find("size")
    };
    // Both get the same choice: they share places. One does: its twin is still compared with it on the old side.
    assert!(places(&twins("S, L", "S, L"), &twins("XS, S, L", "XS, S, L")));
    assert!(!places(&twins("S, L", "S, L"), &twins("XS, S, L", "S, L")));
}
