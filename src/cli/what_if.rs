//! `explain --to NAME`: the fewest changes after which the rules would give the record to somebody.

use super::exit::{Exit, Result};
use super::explain::About;
use super::explanation::{action, describe, one_word};
use super::output::{Output, count};
use super::sought::{self, Sought};
use crate::analysis::{Alternative, ChangeOf, Counterfactual, Doubt, FactChange, counterfactual};
use crate::diagnostic::render::clean;
use crate::value::Outcome;
use serde_json::{Value, json};

pub fn run(about: &About<'_>, name: &str, out: &Output) -> Result<Exit> {
    let sought = sought::find(about, name)?;
    // What is not asked has no answer.
    let found = (sought.is_active && about.heading.outcome != Outcome::Invalid)
        .then(|| about.with_facts(|setting, role, facts| counterfactual(setting, role, facts, &sought.owner)));
    if out.is_json() {
        out.json(&json(about, &sought, found.as_ref()))?;
    } else {
        text(about, &sought, found.as_ref(), out)?;
    }
    Ok(Exit::Fine)
}

fn text(about: &About<'_>, sought: &Sought, found: Option<&Counterfactual>, out: &Output) -> Result<()> {
    about.title(&format!("what would have to change for the rules to give it to {}?", describe(&sought.owner)), out)?;
    out.line("")?;
    let id = &sought.owner.id;
    let role = format!("{} of {}", about.heading.role, about.heading.record);
    match found {
        None if !sought.is_active => {
            out.line(&clean(&format!("nothing in the record: `{id}` is not active, and no rule gives a record to them")))?;
        }
        None => {}
        Some(Counterfactual::Already(rule)) => {
            out.line(&clean(&format!("nothing: the rules give it to `{id}`, by {}", about.rule_text(*rule))))?;
        }
        Some(Counterfactual::Changes { alternatives, is_fewest }) => {
            for (number, alternative) in (1..).zip(alternatives) {
                alternative_text(about, number, alternative, out)?;
            }
            if !is_fewest {
                out.line("there may be less to change: not every way was looked at to its end")?;
            }
        }
        Some(Counterfactual::NoRule) => out.line(&clean(&format!(
            "no change leads there: no rule of `{role}` ever gives a record to `{id}`; a target, list, table or pool would have to name them"
        )))?,
        Some(Counterfactual::Never) => out.line(&clean(&format!(
            "no change leads there: rules before them take the record whatever its fields say (its key, its day of creation and its references stay); `--why-not {id}` says which"
        )))?,
        Some(Counterfactual::NotDecided(doubt)) => out.line(&clean(&not_decided(about, doubt)))?,
    }
    for note in about.in_the_way() {
        out.line(&clean(&note))?;
    }
    Ok(())
}

fn not_decided(about: &About<'_>, doubt: &Doubt) -> String {
    match doubt {
        Doubt::Steps => "not decided: the search was given up after its limit of steps".to_owned(),
        Doubt::Conditions(places) if places.is_empty() => {
            "not decided: it hangs on conditions or look-ups whose values could not be worked out".to_owned()
        }
        Doubt::Conditions(places) => {
            let places: Vec<String> = places.iter().map(|place| about.session.sources().place(*place)).collect();
            format!("not decided: it hangs on conditions whose values could not be worked out ({})", places.join(", "))
        }
    }
}

fn alternative_text(about: &About<'_>, number: usize, alternative: &Alternative, out: &Output) -> Result<()> {
    let changes = count(alternative.changes.len() as u64, "change");
    out.line(&format!("{number}. {changes}"))?;
    for change in &alternative.changes {
        out.line(&clean(&format!("   {}", change_text(change))))?;
    }
    let rule = about.session.policy.role(about.role).rule(alternative.rule);
    let by_pool = if alternative.is_by_pool { ", a pool they are in" } else { "" };
    let action = action(rule, about.session.sources());
    out.line(&clean(&format!("   then {}: {action}{by_pool}", about.rule_text(alternative.rule))))?;
    Ok(())
}

/// `status: Active -> At-Risk`, and what else would do.
fn change_text(change: &FactChange) -> String {
    let shown = |value: &Option<String>| match value {
        Some(value) if value.is_empty() => "none".to_owned(),
        Some(value) => one_word(value),
        None => match change.of {
            ChangeOf::Owner => "nobody".to_owned(),
            _ => "missing".to_owned(),
        },
    };
    let to = match (change.is_example, &change.range) {
        (true, Some(_)) => "another one".to_owned(),
        (true, None) => format!("a text such as \"{}\"", shown(&change.to)),
        (false, _) => shown(&change.to),
    };
    let range = change.range.as_ref().map(|range| format!("   [any {range}]")).unwrap_or_default();
    let of = match change.of {
        ChangeOf::Field => "",
        ChangeOf::OtherRecord => "   (of another record)",
        ChangeOf::WorkedOut => "   (worked out over other records)",
        ChangeOf::Owner => "   (another decision)",
        ChangeOf::Past => "   (what the ledger saw)",
    };
    format!("{}: {} -> {to}{range}{of}", change.name, shown(&change.from))
}

fn json(about: &About<'_>, sought: &Sought, found: Option<&Counterfactual>) -> Value {
    let answer = match found {
        None if !sought.is_active => "not active",
        None => "invalid",
        Some(Counterfactual::Already(_)) => "already",
        Some(Counterfactual::Changes { .. }) => "changes",
        Some(Counterfactual::NoRule) => "no rule",
        Some(Counterfactual::Never) => "never",
        Some(Counterfactual::NotDecided(_)) => "not decided",
    };
    let mut value = about.json("ownward.what-if/1", sought, answer);
    let rule = match found {
        Some(Counterfactual::Already(rule)) => about.rule_json(*rule),
        _ => Value::Null,
    };
    let (alternatives, is_fewest) = match found {
        Some(Counterfactual::Changes { alternatives, is_fewest }) => (alternatives.as_slice(), Some(*is_fewest)),
        _ => (&[][..], None),
    };
    let reason = match found {
        Some(Counterfactual::NotDecided(doubt)) => Some(not_decided(about, doubt)),
        _ => None,
    };
    value.insert("rule".into(), rule);
    value.insert("is_fewest".into(), json!(is_fewest));
    value.insert("not_decided".into(), json!(reason));
    value.insert("alternatives".into(), alternatives.iter().map(|one| alternative_json(about, one)).collect());
    Value::Object(value)
}

fn alternative_json(about: &About<'_>, alternative: &Alternative) -> Value {
    let changes = alternative.changes.iter().map(|change| {
        json!({
            "of": match change.of {
                ChangeOf::Field => "field",
                ChangeOf::OtherRecord => "other record",
                ChangeOf::WorkedOut => "worked out",
                ChangeOf::Owner => "owner",
                ChangeOf::Past => "past",
            },
            "name": change.name,
            "from": change.from,
            "to": change.to,
            "any": change.range,
            "is_example": change.is_example,
        })
    });
    json!({
        "changes": changes.collect::<Vec<_>>(),
        "rule": about.rule_json(alternative.rule),
        "by_pool": alternative.is_by_pool,
    })
}
