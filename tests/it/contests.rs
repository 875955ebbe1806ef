//! The person whose records come to the most: the fast way, the plain interpreter, what the ledger keeps and a plain model
//! name the same one.

use crate::cases;
use crate::world::World;
use ownward::check::policy::Role;
use ownward::compare::{StoredFacts, read_values, value_names};
use ownward::decide::row;
use ownward::schema::Person;
use ownward::value::Outcome;
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
struct Deal {
    account: &'static str,
    agent: &'static str,
    amount: &'static str,
    closed: &'static str,
    is_open: bool,
    owner: &'static str,
}

#[derive(Clone, Debug)]
struct Wish {
    in_agent: bool,
    is_highest: bool,
    figure: &'static str,
    only_open: bool,
    then: Option<bool>,
    over_parent: bool,
}

const ACCOUNTS: [(&str, &str); 4] = [("a", ""), ("b", "a"), ("c", "b"), ("d", "d")];

fn policy(wish: &Wish) -> String {
    let person = if wish.in_agent { "person in agent" } else { "person" };
    let which = if wish.is_highest { "highest" } else { "lowest" };
    let of = if wish.over_parent { " of parent" } else { "" };
    let condition = if wish.only_open { " (open)" } else { "" };
    let then = match wish.then {
        Some(true) => " then latest closed",
        Some(false) => " then earliest closed",
        None => "",
    };
    format!(
        "record Account {{ id text, key\n  parent Account, optional }}\n\
         record Deal {{ id text, key\n  account Account\n  agent text, optional\n  amount number, optional\n  \
         closed date, optional\n  open yes/no\n  current owner }}\n\
         person from people\nqueue Triage, Rest\n\
         decide owner of Account {{\n  most: assign to {person} with {which} {} over Deal{of}{condition}{then}\n  \
         rest: otherwise assign to Rest\n}}\n\
         decide owner of Deal {{\n  agent: when open assign to agent\n  otherwise keep owner\n}}\n",
        wish.figure
    )
}

fn people() -> Vec<Person> {
    let person = |key: &str, name: &str, active| Person {
        key: key.into(),
        name: Some(name.into()),
        email: Some(format!("{key}@example.com")),
        active,
        ..Person::default()
    };
    vec![
        person("cem", "Cem Oral", true),
        person("ana", "Ana Silva", true),
        person("bo", "Bo Arden", true),
        person("max", "Max Oren", false),
    ]
}

fn world(wish: &Wish, deals: &[Deal]) -> World {
    let accounts: Vec<[&str; 2]> = ACCOUNTS.iter().map(|(key, parent)| [*key, *parent]).collect();
    let accounts: Vec<&[&str]> = accounts.iter().map(|row| &row[..]).collect();
    let keys: Vec<String> = (0..deals.len()).map(|at| format!("D-{at}")).collect();
    let rows: Vec<[&str; 7]> = keys
        .iter()
        .zip(deals)
        .map(|(key, deal)| {
            let open = if deal.is_open { "yes" } else { "no" };
            [key.as_str(), deal.account, deal.agent, deal.amount, deal.closed, open, deal.owner]
        })
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(|row| &row[..]).collect();
    let headers = ["id", "account", "agent", "amount", "closed", "open", "owner"];
    let mut world =
        World::new(policy(wish)).rows("Account", &["id", "parent"], &accounts).rows("Deal", &headers, &rows);
    world.people = Some(people());
    world
}

/// The active person whom a text means.
fn person(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let known = [("ana", "ana silva"), ("bo", "bo arden"), ("cem", "cem oral")];
    known.iter().find(|(key, name)| text == *key || text == *name).map(|(key, _)| *key)
}

/// Whose a deal is after the run; `None` where it is nobody's who could be chosen.
fn owner(deal: &Deal) -> Option<&'static str> {
    match deal.agent {
        "Triage" if deal.is_open => None,
        agent if deal.is_open && person(agent).is_some() => person(agent),
        _ => person(deal.owner),
    }
}

/// What one person's deals come to: how many, their sum, and the day that breaks a tie.
#[derive(Clone, Debug, Default)]
struct Tally {
    count: i64,
    sum: i64,
    day: Option<&'static str>,
}

fn winner(wish: &Wish, deals: &[Deal], account: &str) -> Option<&'static str> {
    let parent = ACCOUNTS.iter().find(|(key, _)| *key == account).map(|(_, parent)| *parent);
    let asked = if wish.over_parent { parent? } else { account };
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for deal in deals.iter().filter(|deal| deal.account == asked && (!wish.only_open || deal.is_open)) {
        let amount = if wish.figure == "count" { Some(0) } else { deal.amount.parse().ok() };
        let who = if wish.in_agent { person(deal.agent) } else { owner(deal) };
        if let (Some(amount), Some(who)) = (amount, who) {
            let tally = tallies.entry(who).or_default();
            tally.count += 1;
            tally.sum += amount;
            let day = Some(deal.closed).filter(|day| !day.is_empty());
            tally.day = match (tally.day, day, wish.then) {
                (Some(known), Some(day), Some(false)) => Some(known.min(day)),
                (known, day, _) => known.max(day),
            };
        }
    }
    let by_figure = |a: &Tally, b: &Tally| match wish.figure {
        "count" => a.count.cmp(&b.count),
        "sum of amount" => a.sum.cmp(&b.sum),
        _ => (a.sum * b.count).cmp(&(b.sum * a.count)),
    };
    let better = |a: &Tally, b: &Tally| {
        let figure = if wish.is_highest { by_figure(a, b) } else { by_figure(b, a) };
        let day = match (wish.then, a.day, b.day) {
            (None, ..) => Ordering::Equal,
            (Some(false), Some(a), Some(b)) => b.cmp(a),
            (_, a, b) => a.cmp(&b),
        };
        figure.then(day)
    };
    // The first of equals stays: keys are walked in order.
    let mut best: Option<(&'static str, Tally)> = None;
    for (who, tally) in tallies {
        if best.as_ref().is_none_or(|(_, known)| better(&tally, known).is_gt()) {
            best = Some((who, tally));
        }
    }
    best.map(|(who, _)| who)
}

fn wishes() -> impl Strategy<Value = Wish> {
    let figure = prop::sample::select(&["count", "sum of amount", "average of amount"][..]);
    (any::<bool>(), any::<bool>(), figure, any::<bool>(), any::<Option<bool>>(), any::<bool>()).prop_map(
        |(in_agent, is_highest, figure, only_open, then, over_parent)| Wish {
            in_agent,
            is_highest,
            figure,
            only_open,
            then,
            over_parent,
        },
    )
}

fn deals() -> impl Strategy<Value = Vec<Deal>> {
    let one_of = |cells: &'static [&'static str]| prop::sample::select(cells);
    let deal = (
        one_of(&["a", "a", "b", "c", "d", "zz"]),
        one_of(&["ana", "Ana Silva", "bo", "BO ARDEN", "cem", "max", "Triage", "zed", ""]),
        one_of(&["-1", "0", "1", "2", "3", "", "x"]),
        one_of(&["2026-01-01", "2026-01-02", ""]),
        any::<bool>(),
        one_of(&["ana", "bo", "cem", "max", "Triage", "zed", ""]),
    );
    let deal = deal.prop_map(|(account, agent, amount, closed, is_open, owner)| Deal {
        account,
        agent,
        amount,
        closed,
        is_open,
        owner,
    });
    prop::collection::vec(deal, 0..14)
}

fn agree(wish: &Wish, deals: &[Deal]) {
    let built = world(wish, deals).build();
    let decision = built.decide();
    let account = built.policy.schema.find_record("Account").expect("accounts");
    let id = built.policy.find_role(account, "owner").expect("the role");
    let role: &Role = built.policy.role(id);
    for (row, (key, _)) in (0..).zip(ACCOUNTS) {
        let answer = decision.answer(id, row);
        assert_eq!(answer, decision.expected(id, row, false), "{key}: {wish:?} {deals:?}");
        assert_eq!(answer.outcome, Outcome::Assigned);
        let expected = winner(wish, deals, key).unwrap_or("Rest");
        assert_eq!(answer.owner.map(|owner| owner.id).as_deref(), Some(expected), "{key}: {wish:?} {deals:?}");
        // What an entry of the ledger keeps gives the same answer again.
        decision.with_facts(id, row, |setting, facts| {
            let names = value_names(&built.policy, role);
            let values: Vec<_> = names.into_iter().zip(read_values(&built.policy, role, facts)).collect();
            let stored = StoredFacts { policy: &built.policy, record: role.record, values: &values };
            assert_eq!(row::decide(setting, role, &stored), row::decide(setting, role, facts), "{values:?}");
            let asked = row::decide(setting, role, facts);
            assert_eq!(asked, decision.interpret(id, row));
        });
    }
}

#[test]
fn everybody_agrees_on_the_person_with_the_most() {
    let mut runner = proptest::test_runner::TestRunner::new(cases::config(cases::count(400)));
    runner
        .run(&(wishes(), deals()), |(wish, deals)| {
            agree(&wish, &deals);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// One account of the top: its size, and whether it is asked at all.
type Sized = (&'static str, bool);

#[test]
fn the_top_are_the_highest_with_ties_by_key() {
    let sizes = prop::sample::select(&["", "x", "1", "2", "2.0", "3", "-4"][..]);
    let rows = prop::collection::vec((sizes, any::<bool>()), 0..12);
    let mut runner = proptest::test_runner::TestRunner::new(cases::config(cases::count(300)));
    runner
        .run(&(rows, 1_usize..5, any::<bool>()), |(rows, count, only_open)| {
            top(&rows, count, only_open);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

fn top(accounts: &[Sized], count: usize, only_open: bool) {
    let condition = if only_open { " (open)" } else { "" };
    let policy = format!(
        "record Account {{ id text, key\n  size number, optional\n  open yes/no }}\nqueue Top, Rest, Never\n\
         decide owner of Account {{\n  top:  when top {count} by size{condition} assign to Top\n  \
         rest: when not top {count} by size{condition} assign to Rest\n  otherwise assign to Never\n}}\n"
    );
    // Keys in an order of their own, so that the order of rows cannot stand in for it.
    let keys: Vec<String> = (0..accounts.len()).map(|at| format!("K-{}", at * 7 % 13)).collect();
    let rows: Vec<[&str; 3]> = keys
        .iter()
        .zip(accounts)
        .map(|(key, (size, is_open))| [key.as_str(), *size, if *is_open { "yes" } else { "no" }])
        .collect();
    let cells: Vec<&[&str]> = rows.iter().map(|row| &row[..]).collect();
    let built = World::new(policy).rows("Account", &["id", "size", "open"], &cells).build();
    let decision = built.decide();
    let id = built.policy.role_ids().next().expect("a role");
    let mut ranked: Vec<(f64, &str)> = rows
        .iter()
        .filter(|[_, _, open]| !only_open || *open == "yes")
        .filter_map(|[key, size, _]| Some((-size.parse::<f64>().ok()?, *key)))
        .collect();
    ranked.sort_by(|a, b| a.partial_cmp(b).expect("sizes are numbers"));
    ranked.truncate(count);
    for (row, [key, size, _]) in (0..).zip(&rows) {
        let answer = decision.answer(id, row);
        assert_eq!(answer, decision.expected(id, row, *size == "x"), "{key} of {rows:?}");
        let expected = match ranked.iter().any(|(_, top)| top == key) {
            _ if *size == "x" => None,
            true => Some("Top"),
            false => Some("Rest"),
        };
        assert_eq!(answer.owner.map(|owner| owner.id).as_deref(), expected, "{key}, top {count} of {rows:?}");
    }
}
