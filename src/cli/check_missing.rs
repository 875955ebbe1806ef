//! `check --missing`: which rules receive the records that lack a field.

use super::decide::{role_name, rule_name};
use super::exit::{Failure, Result};
use super::output::{Output, table};
use super::session::Session;
use crate::analysis::{Left, WithoutField, without_fields};
use crate::check::policy::{RoleId, RuleId};
use crate::value::time::AsOf;
use serde_json::{Value, json};

/// What is found of each role.
pub struct Missing(Vec<(RoleId, Vec<WithoutField>)>);

/// Rules told in one line of the table, of those that do not read the field.
const OTHERS_SHOWN: usize = 3;
/// And of those that do.
const READERS_SHOWN: usize = 20;

impl Missing {
    /// Asks every role.
    pub fn of(session: &Session, as_of: &AsOf) -> Self {
        let policy = &session.policy;
        Missing(policy.role_ids().map(|role| (role, without_fields(policy, role, as_of))).collect())
    }

    /// The table for people: the rules that read the field first.
    pub fn text(&self, session: &Session, out: &Output) -> Result<()> {
        for (role, fields) in &self.0 {
            let name = role_name(session, *role);
            if fields.is_empty() {
                out.line(&format!("{name}: no rule reads a field that may be missing\n"))?;
                continue;
            }
            let rows: Vec<Vec<String>> = fields.iter().flat_map(|one| rows(session, *role, one)).collect();
            out.line(&out.strong(&name))?;
            out.line(&table(&["without", "go to", "at", ""], &rows))?;
        }
        Ok(())
    }

    /// One value a role and field: `docs/ci.md`.
    pub fn json(&self, session: &Session) -> Vec<Value> {
        let of_role = |(role, fields): &(RoleId, Vec<WithoutField>)| {
            let role = *role;
            fields.iter().map(|one| value(session, role, one)).collect::<Vec<Value>>()
        };
        self.0.iter().flat_map(of_role).collect()
    }
}

/// Other forms have no room for a table that is no finding.
pub fn refuse_other_forms(out: &Output) -> Result<()> {
    use super::args::Format;
    match out.format {
        Format::Text | Format::Plain | Format::Json => Ok(()),
        _ => Err(Failure::could_not_run("`--missing` is written as `--format text`, `plain` or `json`")),
    }
}

fn rows(session: &Session, role: RoleId, one: &WithoutField) -> Vec<Vec<String>> {
    let typed = session.policy.role(role);
    let place = |id: RuleId| session.sources().place(typed.rule(id).span);
    let label = |id: RuleId| typed.rule(id).label.clone().unwrap_or_else(|| "a rule".to_owned());
    let mut rows = Vec::new();
    let mut tell = |rules: &[RuleId], shown: usize, word: &str| {
        rows.extend(rules.iter().take(shown).map(|id| [label(*id), place(*id), word.to_owned()]));
        if rules.len() > shown {
            rows.push([format!("and {} more", rules.len() - shown), String::new(), word.to_owned()]);
        }
    };
    tell(&one.readers, READERS_SHOWN, "reads it");
    tell(&one.others, OTHERS_SHOWN, "");
    tell(&one.not_decided, OTHERS_SHOWN, "not decided");
    match &one.left {
        Left::None => {}
        Left::NotDecided => rows.push(["no rule".to_owned(), String::new(), "not decided".to_owned()]),
        Left::Some(record) => rows.push(["no rule".to_owned(), String::new(), like(record)]),
    }
    let name = one.path.text(&session.policy.schema, typed.record);
    let mut names = std::iter::once(name).chain(std::iter::repeat(String::new()));
    rows.into_iter().map(|row| names.by_ref().take(1).chain(row).collect()).collect()
}

fn like(record: &[(String, Option<String>)]) -> String {
    let known: Vec<String> =
        record.iter().filter_map(|(name, value)| Some(format!("{name} = {}", value.as_ref()?))).collect();
    if known.is_empty() { String::new() } else { format!("like {}", known.join(", ")) }
}

fn value(session: &Session, role: RoleId, one: &WithoutField) -> Value {
    let typed = session.policy.role(role);
    let rule = |id: &RuleId| {
        let span = typed.rule(*id).span;
        let file = session.sources().file(span.file);
        json!({
            "rule": rule_name(session, role, *id),
            "label": typed.rule(*id).label,
            "file": file.name,
            "line": file.position(span.start as usize).line_number,
        })
    };
    let rules = |ids: &[RuleId]| ids.iter().map(rule).collect::<Vec<Value>>();
    json!({
        "role": role_name(session, role),
        "field": one.path.text(&session.policy.schema, typed.record),
        "readers": rules(&one.readers),
        "others": rules(&one.others[..one.others.len().min(OTHERS_SHOWN)]),
        "others_count": one.others.len(),
        "not_decided": rules(&one.not_decided),
        "no_rule": match &one.left {
            Left::None => json!(false),
            Left::Some(_) => json!(true),
            Left::NotDecided => Value::Null,
        },
        "example": match &one.left {
            Left::Some(record) => record.iter().map(|(name, value)| (name.clone(), json!(value))).collect(),
            _ => Value::Null,
        },
    })
}
