//! What `explain` says of a decision: as text for people, as JSON for programs.

use super::exit::{Exit, Result};
use super::output::{Output, count, owner_json};
use crate::check::policy::{RoleId, Rule, TargetKind, TypedPolicy};
use crate::diagnostic::render::clean;
use crate::explain::{ConditionTrace, Explanation, RuleTrace, RuleVerdict};
use crate::source::{Sources, Span};
use crate::value::{Outcome, Owner, compact, time};
use serde_json::{Value, json};

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 200;

/// People of a contest that are shown.
const CANDIDATES_MAX: usize = 10;

/// What is said of a decision before its rules.
pub struct Heading {
    pub record: String,
    pub key: String,
    pub role: String,
    pub outcome: Outcome,
    pub owner: Option<Owner>,
    pub current: Option<Owner>,
    pub reason: Option<String>,
    pub as_of: i64,
    pub zone: jiff::tz::TimeZone,
    /// Kept or invalid before any rule was asked.
    pub before_rules: bool,
    /// What came after the rules: how a pool chose, what holds the owner, who hands over.
    pub notes: Vec<String>,
}

/// A decision with its rules, and the texts they were written in.
pub struct Told<'a> {
    pub heading: &'a Heading,
    pub explanation: &'a Explanation,
    pub policy: &'a TypedPolicy,
    pub role: RoleId,
    pub sources: &'a Sources,
}

impl Told<'_> {
    pub fn write(&self, out: &Output) -> Result<Exit> {
        if out.is_json() {
            out.json(&self.json())?;
        } else {
            self.text(out)?;
        }
        Ok(Exit::Fine)
    }

    fn rule(&self, trace: &RuleTrace) -> &Rule {
        self.policy.role(self.role).rule(trace.rule)
    }

    fn text(&self, out: &Output) -> Result<()> {
        self.heading.text(out)?;
        if self.heading.before_rules {
            out.line("no rule was asked")?;
            return Ok(());
        }
        out.line("")?;
        for trace in &self.explanation.rules {
            self.rule_text(trace, out)?;
        }
        match self.explanation.decided {
            Some(_) if self.explanation.not_reached > 0 => {
                let below = self.explanation.not_reached as u64;
                let was = if below == 1 { "was" } else { "were" };
                out.line(&format!("{} below {was} not asked", count(below, "rule")))?;
            }
            Some(_) => {}
            None => out.line("no rule matches: the owner stays as it is, and the record needs a decision")?,
        }
        for note in &self.heading.notes {
            out.line(&clean(note))?;
        }
        Ok(())
    }

    fn rule_text(&self, trace: &RuleTrace, out: &Output) -> Result<()> {
        let name = trace.label.as_deref().unwrap_or("rule");
        let place = self.sources.place(trace.span);
        match &trace.verdict {
            RuleVerdict::Decided => {
                out.line(&out.strong(&clean(&format!("=> {name}  {place}"))))?;
                self.decided_text(trace, out)
            }
            RuleVerdict::NotOnThisDay => {
                Ok(out.line(&clean(&format!("   {name}  {place}: does not count on this day")))?)
            }
            RuleVerdict::NamedNobody(reasons) => {
                Ok(out.line(&clean(&format!("   {name}  {place}: names nobody ({})", reasons.join("; "))))?)
            }
            RuleVerdict::Failed => {
                out.line(&clean(&format!("   {name}  {place}")))?;
                let failed = trace.conditions.iter().filter(|condition| !condition.holds);
                failed.into_iter().try_for_each(|condition| condition_text(condition, self.sources, 1, out))
            }
        }
    }

    fn decided_text(&self, trace: &RuleTrace, out: &Output) -> Result<()> {
        for condition in &trace.conditions {
            condition_text(condition, self.sources, 1, out)?;
        }
        let rule = self.rule(trace);
        let origin = trace.origin.as_ref().map(|origin| format!("   [{origin}]")).unwrap_or_default();
        out.line(&clean(&format!("   then {}{origin}", action(rule, self.sources))))?;
        for (place, candidate) in (1..).zip(trace.candidates.iter().take(CANDIDATES_MAX)) {
            let figure = compact(candidate.figure);
            out.line(&clean(&format!("      {place}. {}: {figure}", one_word(&candidate.person.id))))?;
        }
        if let Some(others) = trace.candidates.len().checked_sub(CANDIDATES_MAX).filter(|others| *others > 0) {
            out.line(&format!("      and {others} more"))?;
        }
        if let Some(because) = &rule.because {
            out.line(&clean(&format!("   because {because}")))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let Told { heading, explanation, policy, role, .. } = self;
        let rules: Vec<Value> = match heading.before_rules {
            true => Vec::new(),
            false => explanation.rules.iter().map(|trace| self.rule_json(trace)).collect(),
        };
        json!({
            "schema": "ownward.explain/1",
            "record": heading.record,
            "key": heading.key,
            "role": heading.role,
            "as_of": time::show_instant(heading.as_of),
            "outcome": heading.outcome.word(),
            "owner": owner_json(heading.owner.as_ref()),
            "owner_before": owner_json(heading.current.as_ref()),
            "reason": heading.reason.clone().or_else(|| {
                let decided = explanation.decided.filter(|_| !heading.before_rules)?;
                policy.role(*role).rule(decided).because.clone()
            }),
            "rules": rules,
            "notes": heading.notes,
            "rules_not_asked": explanation.not_reached,
        })
    }

    fn rule_json(&self, trace: &RuleTrace) -> Value {
        let (verdict, misses) = match &trace.verdict {
            RuleVerdict::Decided => ("decided", &[][..]),
            RuleVerdict::Failed => ("failed", &[][..]),
            RuleVerdict::NamedNobody(reasons) => ("named nobody", reasons.as_slice()),
            RuleVerdict::NotOnThisDay => ("not on this day", &[][..]),
        };
        let candidates = trace.candidates.iter();
        let candidates = candidates.map(|one| json!({ "id": one.person.id, "figure": compact(one.figure) }));
        json!({
            "label": trace.label,
            "place": self.sources.place(trace.span),
            "verdict": verdict,
            "misses": misses,
            "because": self.rule(trace).because,
            "origin": trace.origin,
            "candidates": candidates.collect::<Vec<_>>(),
            "conditions": trace.conditions.iter().map(|one| condition_json(one, self.sources)).collect::<Vec<_>>(),
        })
    }
}

/// What a rule does, in its own words.
pub fn action(rule: &Rule, sources: &Sources) -> String {
    let targets: Vec<&str> = rule.targets.iter().map(|target| one_line(sources, target.span)).collect();
    match (rule.targets.first().map(|target| &target.kind), &rule.hand_off) {
        (Some(TargetKind::Keep), _) => "keep owner".to_owned(),
        (_, Some(hand_off)) => {
            let over = hand_off.over;
            format!("hand off to {} over {} {}", targets.join(" else "), over.amount, over.unit.word())
        }
        _ => format!("assign to {}", targets.join(" else ")),
    }
}

impl Heading {
    /// Who, what came of it, when, and what stood before.
    pub fn text(&self, out: &Output) -> Result<()> {
        let owner = self.owner.as_ref().map_or_else(|| "nobody".to_owned(), describe);
        let key = one_word(&self.key);
        let title = format!("{} of {} {key}: {owner} ({})", self.role, self.record, self.outcome.word());
        out.line(&out.strong(&clean(&title)))?;
        out.line(&format!("as of {}", time::show_second_in(self.as_of, &self.zone)))?;
        if let Some(current) = &self.current {
            out.line(&format!("owner before: {}", describe(current)))?;
        }
        // A rule that decided says its reason itself, below.
        if let Some(reason) = self.reason.as_ref().filter(|_| self.before_rules) {
            out.line(&format!("because: {reason}"))?;
        }
        Ok(())
    }
}

pub fn describe(owner: &Owner) -> String {
    format!("{} ({})", owner.id, owner.kind.word())
}

/// The text of a span on one line, its blanks squeezed. The span of a row of conditions begins with its first and ends
/// with its last: a bracket that it cuts off is put back.
fn squeezed(sources: &Sources, span: Span) -> String {
    let text = sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut open, mut unopened, mut quoted) = (0, 0, false);
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '(' if !quoted => open += 1,
            ')' if !quoted && open == 0 => unopened += 1,
            ')' if !quoted => open -= 1,
            _ => {}
        }
    }
    format!("{}{text}{}", "(".repeat(unopened), ")".repeat(open))
}

fn one_line(sources: &Sources, span: Span) -> &str {
    sources.text(span).lines().next().unwrap_or_default().trim()
}

fn condition_text(condition: &ConditionTrace, sources: &Sources, depth: usize, out: &Output) -> Result<()> {
    Ok(condition_lines(condition, sources, depth).iter().try_for_each(|line| out.line(line))?)
}

/// A condition and what made it so, a line each, cleaned for a terminal.
pub fn condition_lines(condition: &ConditionTrace, sources: &Sources, depth: usize) -> Vec<String> {
    let mark = if condition.holds { "yes" } else { "no " };
    let label = condition.label.as_ref().map(|label| format!("{label}: ")).unwrap_or_default();
    let source = match condition.wanted {
        Some(wanted) => {
            let hold = condition.parts.iter().filter(|part| part.holds).count();
            format!("at least {wanted} of {}: {hold} hold", condition.parts.len())
        }
        None => condition.span.map(|span| squeezed(sources, span)).unwrap_or_default(),
    };
    let values = values_text(&condition.values);
    let mut lines = vec![clean(&format!("{}{mark} {label}{source}{values}", "   ".repeat(depth + 1)))];
    lines.extend(condition.parts.iter().flat_map(|part| condition_lines(part, sources, depth + 1)));
    lines
}

/// A value on one line and of bounded length: what stands in a cell cannot pass for a line of ours.
pub fn one_word(value: &str) -> String {
    let line: String = value.chars().take(VALUE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(VALUE_CHARS_MAX).is_some() { format!("{line} …") } else { line }
}

pub fn values_text(values: &[(String, Option<String>)]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let parts: Vec<String> = values
        .iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name} is {}", one_word(value)),
            None => format!("{name} is missing"),
        })
        .collect();
    format!("   [{}]", parts.join(", "))
}

pub fn condition_json(condition: &ConditionTrace, sources: &Sources) -> Value {
    json!({
        "holds": condition.holds,
        "label": condition.label,
        "wanted": condition.wanted,
        "text": condition.span.map(|span| squeezed(sources, span)),
        "place": condition.span.map(|span| sources.place(span)),
        "values": condition.values.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "parts": condition.parts.iter().map(|part| condition_json(part, sources)).collect::<Vec<_>>(),
    })
}
