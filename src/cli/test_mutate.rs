//! `test --mutate`: which small wrong versions of the rules no test notices.

use super::args::TestArgs;
use super::exit::{Exit, Result};
use super::output::{Output, count, grouped};
use super::session::Session;
use crate::check::policy::Test;
use crate::diagnostic::render::clean;
use crate::source::Sources;
use crate::testing::{Fate, Mutant, Mutation, mutate};
use serde_json::{Value, json};

/// Makes the mutants and says which survive. All tests pass.
pub fn run(args: &TestArgs, session: &Session, tests: &[&Test], out: &Output) -> Result<Exit> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mutation = mutate(
        &session.policy,
        tests,
        &session.project.config.zone,
        session.calendar.as_ref(),
        &session.as_of(None)?,
        &|role| is_wanted(args, role),
        threads,
    );
    if out.is_json() {
        out.json(&json(&mutation, session.sources()))?;
    } else {
        text(&mutation, session.sources(), out)?;
    }
    let survived = mutation.count(|fate| *fate == Fate::Survived);
    Ok(match args.max_survivors {
        Some(most) if survived > most => {
            out.say(&format!("{} survived, and --max-survivors allows {most}", count(survived as u64, "mutant")));
            Exit::Findings
        }
        _ => Exit::Fine,
    })
}

/// Whether a role (`owner of Account`) was asked for: by its whole name or by the first word, in any letter case.
pub fn is_wanted(args: &TestArgs, role: &str) -> bool {
    let role = role.to_lowercase();
    let is_it = |wanted: &String| {
        let wanted = wanted.to_lowercase();
        role == wanted || role.split(' ').next() == Some(&wanted)
    };
    args.role.is_empty() || args.role.iter().any(is_it)
}

fn text(mutation: &Mutation, sources: &Sources, out: &Output) -> Result<()> {
    let figure = |wanted: &dyn Fn(&Fate) -> bool| grouped(mutation.count(wanted) as u64);
    out.line(&format!(
        "{}: {} killed, {} survived, {} equivalent, {} not decided",
        count(mutation.mutants.len() as u64, "mutant"),
        figure(&|fate| matches!(fate, Fate::Killed(..))),
        figure(&|fate| *fate == Fate::Survived),
        figure(&|fate| *fate == Fate::Equivalent),
        figure(&|fate| *fate == Fate::NotDecided),
    ))?;
    for (fate, title) in [
        (Fate::Survived, "no test fails if this is changed, and some record has another owner by it:"),
        (Fate::NotDecided, "no test fails if this is changed; whether any record could tell was not decided:"),
    ] {
        let left = mutation.left(&fate);
        if left.is_empty() {
            continue;
        }
        out.line("")?;
        out.line(title)?;
        for mutant in left {
            out.line(&clean(&format!("  {}: {}", sources.place(mutant.span), change(mutant))))?;
            out.line(&clean(&format!("    {} in {}", mutant.kind.word(), rules(mutant))))?;
        }
    }
    Ok(())
}

fn change(mutant: &Mutant) -> String {
    format!("{} -> {}", mutant.before, mutant.after)
}

/// Rules named where many change; of more, how many.
const RULES_NAMED: usize = 2;

fn rules(mutant: &Mutant) -> String {
    let named = mutant.rules.iter().take(RULES_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match mutant.rules.len().saturating_sub(RULES_NAMED) {
        0 => named,
        more => format!("{named}, and {more} more"),
    }
}

fn json(mutation: &Mutation, sources: &Sources) -> Value {
    let figure = |wanted: &dyn Fn(&Fate) -> bool| mutation.count(wanted);
    let one = |(mutant, fate): &(Mutant, Fate)| {
        let (word, test, row) = match fate {
            Fate::Killed(test, row) => ("killed", Some(test), *row),
            Fate::Survived => ("survived", None, None),
            Fate::Equivalent => ("equivalent", None, None),
            Fate::NotDecided => ("not-decided", None, None),
        };
        json!({
            "kind": mutant.kind.word(),
            "place": sources.place(mutant.span),
            "before": mutant.before,
            "after": mutant.after,
            "rules": mutant.rules,
            "fate": word,
            "killed_by": test.map(|test| json!({ "test": test, "row": row })),
        })
    };
    json!({
        "schema": "ownward.mutants/1",
        "totals": {
            "mutants": mutation.mutants.len(),
            "killed": figure(&|fate| matches!(fate, Fate::Killed(..))),
            "survived": figure(&|fate| *fate == Fate::Survived),
            "equivalent": figure(&|fate| *fate == Fate::Equivalent),
            "not_decided": figure(&|fate| *fate == Fate::NotDecided),
        },
        "mutants": mutation.mutants.iter().map(one).collect::<Vec<_>>(),
    })
}
