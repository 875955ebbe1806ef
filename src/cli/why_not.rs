//! `explain --why-not NAME`: each rule that would give the record to somebody, and what keeps it from doing so.

use super::exit::{Exit, Result};
use super::explain::About;
use super::explanation::{action, condition_json, condition_lines, describe, values_text};
use super::output::{Output, count, owner_json};
use super::sought::{self, Sought};
use crate::decide::row::Named;
use crate::diagnostic::render::clean;
use crate::explain::{RuleNot, RuleVerdict, WayNot, WhyNot, why_not};
use crate::value::Outcome;
use serde_json::{Value, json};

/// Rules that are shown as text.
const RULES_SHOWN: usize = 20;

pub fn run(about: &About<'_>, name: &str, out: &Output) -> Result<Exit> {
    let sought = sought::find(about, name)?;
    let told = about.with_facts(|setting, role, facts| why_not(setting, role, facts, &sought.owner));
    let answer = Answer::of(about, &sought, &told);
    if out.is_json() {
        out.json(&json(about, &sought, &told, answer))?;
    } else {
        text(about, &sought, &told, answer, out)?;
    }
    Ok(Exit::Fine)
}

#[derive(Clone, Copy, PartialEq)]
enum Answer {
    OwnsIt,
    NotActive,
    Invalid,
    NoRule,
    Rules,
}

impl Answer {
    fn of(about: &About<'_>, sought: &Sought, told: &WhyNot) -> Self {
        match about.heading {
            heading if heading.owner.as_ref() == Some(&sought.owner) => Answer::OwnsIt,
            _ if !sought.is_active => Answer::NotActive,
            heading if heading.outcome == Outcome::Invalid => Answer::Invalid,
            _ if told.rules.is_empty() => Answer::NoRule,
            _ => Answer::Rules,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Answer::OwnsIt => "owns it already",
            Answer::NotActive => "not active",
            Answer::Invalid => "invalid",
            Answer::NoRule => "no rule",
            Answer::Rules => "rules",
        }
    }
}

fn text(about: &About<'_>, sought: &Sought, told: &WhyNot, answer: Answer, out: &Output) -> Result<()> {
    let id = &sought.owner.id;
    about.title(&format!("why not {}?", describe(&sought.owner)), out)?;
    out.line("")?;
    let role = format!("{} of {}", about.heading.role, about.heading.record);
    match answer {
        Answer::OwnsIt => {
            out.line(&clean(&format!("`{id}` owns it already: without `--why-not`, `explain` says why")))?;
        }
        Answer::NotActive => out.line(&clean(&format!("`{id}` is not active: no rule gives a record to them")))?,
        Answer::Invalid => {}
        Answer::NoRule => out.line(&clean(&format!(
            "no rule of `{role}` ever gives a record to `{id}`: neither a target nor a list, table or pool names them"
        )))?,
        Answer::Rules => {
            for rule in told.rules.iter().take(RULES_SHOWN) {
                rule_text(about, rule, told, sought, out)?;
            }
            if let Some(left) = told.rules.len().checked_sub(RULES_SHOWN).filter(|left| *left > 0) {
                out.line(&format!(
                    "and {} more would give it to them; `--format json` has all",
                    count(left as u64, "rule")
                ))?;
            }
            decided_text(about, told, out)?;
        }
    }
    for note in about.in_the_way() {
        out.line(&clean(&note))?;
    }
    Ok(())
}

/// Whom the rules name instead.
fn decided_text(about: &About<'_>, told: &WhyNot, out: &Output) -> Result<()> {
    let line = match &told.decided {
        _ if told.is_given => return Ok(()),
        None => "no rule matches: the owner stays as it is".to_owned(),
        Some((rule, named)) => format!("decided by {}, which {}", about.rule_text(*rule), names_text(named)),
    };
    Ok(out.line(&clean(&line))?)
}

fn names_text(named: &Named) -> String {
    match named {
        Named::Owner(owner) => format!("names {}", describe(owner)),
        Named::Keep(owner) => format!("keeps {}", describe(owner)),
        Named::Nobody => "gives it to nobody".to_owned(),
        Named::Pool(_) => "names a pool".to_owned(),
        Named::Miss(reason) => format!("names nobody ({reason})"),
    }
}

fn rule_text(about: &About<'_>, rule: &RuleNot, told: &WhyNot, sought: &Sought, out: &Output) -> Result<()> {
    let trace = &rule.trace;
    let sources = about.session.sources();
    let typed = about.session.policy.role(about.role).rule(trace.rule);
    out.line(&clean(&format!("   {}: {}", about.rule_text(trace.rule), action(typed, sources))))?;
    for condition in trace.conditions.iter().filter(|condition| !condition.holds) {
        for line in condition_lines(condition, sources, 1) {
            out.line(&line)?;
        }
    }
    for way in &rule.ways {
        for line in way_lines(way, rule, sought) {
            out.line(&clean(&format!("      {line}")))?;
        }
    }
    if rule.ways_left > 0 {
        out.line(&format!("      and {} more of theirs", count(rule.ways_left as u64, "row")))?;
    }
    if let Some(line) = verdict_text(about, rule, told, sought) {
        out.line(&clean(&format!("      {line}")))?;
    }
    Ok(())
}

/// What keeps it, beside its conditions.
fn verdict_text(about: &About<'_>, rule: &RuleNot, told: &WhyNot, sought: &Sought) -> Option<String> {
    let decides = told.decided.as_ref().is_some_and(|(decided, _)| *decided == rule.trace.rule);
    let others = rule.names.as_ref().filter(|named| !is_theirs(named, sought)).map(names_text);
    match (&rule.trace.verdict, rule.taken_by) {
        (RuleVerdict::NotOnThisDay, _) => Some("it does not count on this day".to_owned()),
        (RuleVerdict::NamedNobody(reasons), _) => {
            Some(format!("its conditions hold, but it names nobody ({})", reasons.join("; ")))
        }
        (RuleVerdict::Failed, _) => None,
        (RuleVerdict::Decided, Some(taken_by)) => {
            let but = others.map(|others| format!(", and {others} for this record")).unwrap_or_default();
            Some(format!("it matches, but {} stands before it and takes the record{but}", about.rule_text(taken_by)))
        }
        (RuleVerdict::Decided, None) if told.is_given && decides => Some(match rule.names {
            Some(Named::Pool(_)) => "it decides: they are in its pool, which chose somebody else".to_owned(),
            _ => "it decides, and names them".to_owned(),
        }),
        (RuleVerdict::Decided, None) => others.map(|others| format!("it decides, and {others}")),
    }
}

fn is_theirs(named: &Named, sought: &Sought) -> bool {
    matches!(named, Named::Owner(owner) | Named::Keep(owner) if *owner == sought.owner)
}

fn way_lines(way: &WayNot, rule: &RuleNot, sought: &Sought) -> Vec<String> {
    let id = &sought.owner.id;
    match way {
        WayNot::Name | WayNot::Today => Vec::new(),
        WayNot::Row(row, asked) => {
            let place = format!("line {} of {} names them", row.line_number, row.file);
            let failed: Vec<_> = asked.iter().filter(|one| !one.holds).collect();
            match failed.is_empty() {
                // Where the rule decides by another row, it fits better.
                true if rule.names.is_some() && rule.names.as_ref().is_some_and(|named| !is_theirs(named, sought)) => {
                    vec![format!("{place}, but another row fits better")]
                }
                true => vec![place],
                false => std::iter::once(format!("{place}:"))
                    .chain(failed.iter().map(|one| format!("   no  {}{}", one.text, values_text(&one.values))))
                    .collect(),
            }
        }
        WayNot::Pool { fits: true } => vec![format!("`{id}` is in the pool")],
        WayNot::Pool { fits: false } => {
            vec![format!("no  `{id}` is in the pool, but its `where` does not hold of them for this record")]
        }
        WayNot::BehindPool => vec![format!("`{id}` stands behind `else`: only where nobody in the pool may receive")],
        WayNot::Field(name) => vec![format!("no  {name} would have to name them")],
        WayNot::Once(text) => vec![format!("no  {text} would have to be them")],
    }
}

fn json(about: &About<'_>, sought: &Sought, told: &WhyNot, answer: Answer) -> Value {
    let mut value = about.json("ownward.why-not/1", sought, answer.word());
    let is_asked = answer == Answer::Rules;
    let decided = told.decided.as_ref().filter(|_| about.heading.outcome != Outcome::Invalid);
    value.insert("decided_by".into(), decided.map_or(Value::Null, |(rule, _)| about.rule_json(*rule)));
    let rules = told.rules.iter().filter(|_| is_asked);
    value.insert("rules".into(), rules.map(|rule| rule_json(about, rule, told, sought)).collect());
    Value::Object(value)
}

fn rule_json(about: &About<'_>, rule: &RuleNot, told: &WhyNot, sought: &Sought) -> Value {
    let trace = &rule.trace;
    let typed = about.session.policy.role(about.role).rule(trace.rule);
    let sources = about.session.sources();
    let verdict = match (&trace.verdict, rule.taken_by) {
        (RuleVerdict::Failed, _) => "failed",
        (RuleVerdict::NotOnThisDay, _) => "not on this day",
        (RuleVerdict::NamedNobody(_), _) => "named nobody",
        (RuleVerdict::Decided, Some(_)) => "taken before",
        (RuleVerdict::Decided, None) => "decided",
    };
    let names = match &rule.names {
        Some(Named::Owner(owner) | Named::Keep(owner)) => owner_json(Some(owner)),
        _ => Value::Null,
    };
    json!({
        "label": trace.label,
        "place": sources.place(trace.span),
        "action": action(typed, sources),
        "because": typed.because,
        "verdict": verdict,
        "taken_by": rule.taken_by.map(|rule| about.rule_json(rule)),
        "names": names,
        "conditions": trace.conditions.iter().map(|one| condition_json(one, sources)).collect::<Vec<_>>(),
        "ways": rule.ways.iter().map(|way| way_json(way, rule, sought)).collect::<Vec<_>>(),
        "ways_left": rule.ways_left,
        "says": verdict_text(about, rule, told, sought),
    })
}

fn way_json(way: &WayNot, rule: &RuleNot, sought: &Sought) -> Value {
    let (how, holds) = match way {
        WayNot::Name => ("name", None),
        WayNot::Row(_, asked) => ("row", Some(asked.iter().all(|one| one.holds))),
        WayNot::Pool { fits } => ("pool", Some(*fits)),
        WayNot::BehindPool => ("behind pool", None),
        WayNot::Field(_) => ("field", Some(false)),
        WayNot::Today => ("today", Some(true)),
        WayNot::Once(_) => ("once", Some(false)),
    };
    let lines = way_lines(way, rule, sought).into_iter().map(|line| line.trim().to_owned());
    json!({ "how": how, "holds": holds, "lines": lines.collect::<Vec<_>>() })
}
