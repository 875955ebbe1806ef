//! What `test --coverage` says: figures for each role, and what is missing, with places.

use super::exit::Result;
use super::output::{Output, table};
use crate::diagnostic::render::clean;
use crate::source::Sources;
use crate::testing::{Coverage, Figures, RuleCover};
use serde_json::{Value, json};

/// Missing conditions and bounds that are shown; all of them stand in the JSON.
const MISSING_MAX: usize = 40;

/// Tables of figures, then what no test exercises.
pub fn text(coverage: &Coverage, sources: &Sources, out: &Output) -> Result<()> {
    let mut rows: Vec<Vec<String>> = coverage.roles.iter().map(|role| row(&role.name, role.figures())).collect();
    if rows.len() > 1 {
        rows.push(row("all", coverage.figures()));
    }
    out.text(&table(&["coverage", "rules", "conditions", "bounds"], &rows))?;
    let mut rules = Vec::new();
    let mut others = Vec::new();
    for role in &coverage.roles {
        for rule in &role.rules {
            let name = format!("{}: {}", role.name, named(rule, sources));
            if rule.decided {
                others.extend(missing(rule, sources).into_iter().map(|what| format!("{name}: {what}")));
            } else {
                rules.push(format!("{name} ({}) never decides", sources.place(rule.span)));
            }
        }
    }
    if !rules.is_empty() {
        out.line("")?;
        out.line("rules that no test exercises:")?;
        rules.iter().try_for_each(|line| out.line(&clean(&format!("  {line}"))))?;
    }
    if !others.is_empty() {
        out.line("")?;
        out.line("conditions and bounds that no test exercises, in rules that decide:")?;
        others.iter().take(MISSING_MAX).try_for_each(|line| out.line(&clean(&format!("  {line}"))))?;
        if others.len() > MISSING_MAX {
            out.line(&format!("  and {} more; --format json lists all", others.len() - MISSING_MAX))?;
        }
    }
    Ok(())
}

/// Whether enough of the rules are exercised; says so where they are not.
pub fn is_enough(coverage: &Coverage, wanted: u8, out: &Output) -> bool {
    let (seen, all) = coverage.figures().rules;
    // A policy without rules leaves none untested.
    let is_enough = seen * 100 >= all * usize::from(wanted);
    if !is_enough {
        out.say(&format!(
            "the tests exercise {} of the rules, and --min-coverage asks for {wanted} %",
            share((seen, all))
        ));
    }
    is_enough
}

fn row(name: &str, figures: Figures) -> Vec<String> {
    vec![name.to_owned(), figure(figures.rules), figure(figures.conditions), figure(figures.bounds)]
}

fn figure((seen, all): (usize, usize)) -> String {
    if all == 0 { "-".to_owned() } else { format!("{seen} of {all} ({})", share((seen, all))) }
}

/// Rounded down: 100 % is everything.
fn share((seen, all): (usize, usize)) -> String {
    format!("{} %", (seen * 100).checked_div(all).unwrap_or(100))
}

fn named(rule: &RuleCover, sources: &Sources) -> String {
    rule.label.clone().unwrap_or_else(|| sources.place(rule.span))
}

/// Conditions that never settled the rule, and sides of constants that no case met.
fn missing(rule: &RuleCover, sources: &Sources) -> Vec<String> {
    let text = |span| sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut missing = Vec::new();
    for leaf in &rule.leaves {
        let what = match (leaf.settled_true, leaf.settled_false) {
            (true, true) => continue,
            (true, false) => "no case in which it alone fails",
            (false, true) => "no case in which it alone holds",
            (false, false) => "no case hangs on it",
        };
        missing.push(format!("{what}: `{}` ({})", text(leaf.span), sources.place(leaf.span)));
    }
    for bound in &rule.bounds {
        let sides = bound.missing();
        if !sides.is_empty() {
            let place = sources.place(bound.span);
            let constant = &bound.constant;
            missing.push(format!("no value {} {constant} in `{}` ({place})", sides.join(", "), text(bound.span)));
        }
    }
    missing
}

pub fn json(coverage: &Coverage, sources: &Sources) -> Value {
    let figures = |figures: Figures| {
        let pair = |(seen, all): (usize, usize)| json!({ "seen": seen, "of": all });
        json!({
            "rules": pair(figures.rules),
            "conditions": pair(figures.conditions),
            "bounds": pair(figures.bounds),
        })
    };
    let roles: Vec<Value> = coverage
        .roles
        .iter()
        .map(|role| {
            let rules: Vec<Value> = role
                .rules
                .iter()
                .map(|rule| {
                    json!({
                        "label": rule.label,
                        "place": sources.place(rule.span),
                        "decided": rule.decided,
                        "missing": missing(rule, sources),
                    })
                })
                .collect();
            json!({ "role": role.name, "figures": figures(role.figures()), "rules": rules })
        })
        .collect();
    json!({ "figures": figures(coverage.figures()), "roles": roles })
}
