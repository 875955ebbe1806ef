//! Rules: nested groups become one list in document order, each rule with the conditions of its groups.

use super::Checker;
use super::policy::{Cond, Rule, Target, TargetKind};
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{self, RuleBody};

/// What the groups around a rule ask.
#[derive(Clone, Default)]
struct Outer {
    labels: Vec<String>,
    conditions: Vec<Cond>,
    from: Option<i32>,
    until: Option<i32>,
    because: Option<String>,
}

impl Checker<'_> {
    /// All rules of a role, flattened: a group falls through when none inside matches, so order alone keeps its meaning.
    pub(super) fn rules(&mut self, rules: &[syntax::Rule], scope: &Scope) -> Vec<Rule> {
        let mut out = Vec::new();
        self.flatten(rules, &Outer::default(), scope, &mut out);
        self.double_labels(&out);
        out
    }

    fn flatten(&mut self, rules: &[syntax::Rule], outer: &Outer, scope: &Scope, out: &mut Vec<Rule>) {
        for (index, rule) in rules.iter().enumerate() {
            if rule.otherwise
                && !matches!(rule.body, RuleBody::Group(_))
                && rule.from.is_none()
                && rule.until.is_none()
                && index + 1 < rules.len()
            {
                self.push(
                    Diagnostic::error(Code::OtherwiseNotLast, "rules after `otherwise` are never reached")
                        .at(rule.span, "takes every record that is left")
                        .at(rules[index + 1].span, "never reached")
                        .help("move `otherwise` to the end of its group"),
                );
            }
            self.rule(rule, outer, scope, out);
        }
    }

    fn rule(&mut self, rule: &syntax::Rule, outer: &Outer, scope: &Scope, out: &mut Vec<Rule>) {
        let mut inner = outer.clone();
        inner.labels.extend(rule.labels.iter().map(|label| label.text.clone()));
        if let Some(condition) = &rule.condition {
            inner.conditions.push(self.condition(condition, scope));
        }
        inner.from = latest(outer.from, rule.from.map(|(day, _)| day));
        inner.until = earliest(outer.until, rule.until.map(|(day, _)| day));
        if let (Some((from, span)), Some((until, other))) = (rule.from, rule.until)
            && from > until
        {
            self.push(
                Diagnostic::error(Code::EndsBeforeStart, "`until` lies before `from`")
                    .at(other, "ends here")
                    .at(span, "starts here")
                    .help("the rule would never count: swap the days"),
            );
        }
        if let Some(because) = &rule.because {
            inner.because = Some(because.text.clone());
        }
        let targets = match &rule.body {
            RuleBody::Group(rules) => {
                // A group of broken rules only looks empty: their own messages are enough.
                if rules.is_empty() && !self.tree.broken {
                    self.push(
                        Diagnostic::warning(Code::EmptyGroup, "a group without rules")
                            .at(rule.span, "decides nothing")
                            .help("write rules between `{` and `}`, or remove it"),
                    );
                }
                return self.flatten(rules, &inner, scope, out);
            }
            RuleBody::Assign(chain) => self.targets(chain, &inner.conditions, scope),
            RuleBody::Keep => vec![Target { kind: TargetKind::Keep, span: rule.span }],
            RuleBody::Broken => return,
        };
        if targets.is_empty() {
            return;
        }
        let label = (!rule.labels.is_empty()).then(|| inner.labels.join("/"));
        out.push(Rule {
            label,
            conditions: inner.conditions,
            targets,
            because: inner.because,
            from: inner.from,
            until: inner.until,
            span: rule.span,
        });
    }

    /// Labels identify rules in the ledger: two of one name in a role would share a history.
    fn double_labels(&mut self, rules: &[Rule]) {
        let mut seen: rustc_hash::FxHashMap<&str, &Rule> = rustc_hash::FxHashMap::default();
        for rule in rules {
            let Some(label) = &rule.label else { continue };
            match seen.get(label.as_str()) {
                Some(first) => {
                    let first_span = first.span;
                    self.diagnostics.push(
                        Diagnostic::error(Code::DeclaredTwice, format!("two rules are labelled `{label}`"))
                            .at(rule.span, "labelled again")
                            .at(first_span, "labelled here first")
                            .help("a label names one rule of its role: change one of them"),
                    );
                }
                None => {
                    seen.insert(label, rule);
                }
            }
        }
    }
}

fn latest(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    a.max(b)
}

fn earliest(a: Option<i32>, b: Option<i32>) -> Option<i32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
