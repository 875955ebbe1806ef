//! Somebody who is asked about: whom a word means, and what is said before the rules are.

use super::exit::{Failure, Result};
use super::explain::About;
use super::explanation::{describe, one_word};
use super::output::{Output, owner_json};
use crate::check::policy::RuleId;
use crate::diagnostic::{did_you_mean, render::clean};
use crate::schema::Found;
use crate::value::{Outcome, Owner, OwnerKind, time};
use serde_json::{Value, json};

/// Whom a name means.
pub struct Sought {
    pub owner: Owner,
    /// Somebody who left cannot own.
    pub is_active: bool,
}

/// The person, team or queue that a word means, active or not. While no people are declared, any word is a key.
pub fn find(about: &About<'_>, text: &str) -> Result<Sought> {
    let text = text.trim();
    let directory = about.found.binding.directory();
    Err(Failure::could_not_run(match directory.find(text) {
        Found::Owner(owner) => return Ok(Sought { owner, is_active: true }),
        Found::Inactive(owner) => return Ok(Sought { owner, is_active: false }),
        Found::Ambiguous(keys) => format!("`{text}` fits {} people: name one by key ({})", keys.len(), keys.join(", ")),
        Found::Unknown if !directory.has_people && !text.is_empty() && about.session.policy.schema.people.is_none() => {
            return Ok(Sought { owner: Owner::new(OwnerKind::Person, text), is_active: true });
        }
        Found::Unknown => {
            let near = did_you_mean(text, directory.names());
            let help = near.unwrap_or_else(|| "an owner is a person of the directory, a team or a queue".to_owned());
            format!("nobody is called `{text}`; {help}")
        }
    }))
}

impl About<'_> {
    /// A rule by its name and place: `clients  rules.own:16:3`.
    pub fn rule_text(&self, id: RuleId) -> String {
        let rule = self.session.policy.role(self.role).rule(id);
        let name = rule.label.as_deref().unwrap_or("rule");
        format!("{name}  {}", self.session.sources().place(rule.span))
    }

    pub fn rule_json(&self, id: RuleId) -> Value {
        let rule = self.session.policy.role(self.role).rule(id);
        json!({ "label": rule.label, "place": self.session.sources().place(rule.span) })
    }

    /// Who owns the record now, and the question.
    pub fn title(&self, question: &str, out: &Output) -> Result<()> {
        let heading = self.heading;
        let owner = heading.owner.as_ref().map_or_else(|| "nobody".to_owned(), describe);
        let key = one_word(&heading.key);
        let title = format!("{} of {} {key}: {owner} ({})", heading.role, heading.record, heading.outcome.word());
        out.line(&out.strong(&clean(&title)))?;
        out.line(&format!("as of {}", time::show_second_in(heading.as_of, &heading.zone)))?;
        out.line(&clean(question))?;
        Ok(())
    }

    /// What keeps the owner whatever the rules say, and what a pool said; the most important first.
    pub fn in_the_way(&self) -> Vec<String> {
        let heading = self.heading;
        let before = heading.reason.as_ref().filter(|_| heading.before_rules).map(|reason| match heading.outcome {
            Outcome::Invalid => format!("no rule is asked while the record is invalid: {reason}"),
            _ => format!("no rule is asked: {reason}"),
        });
        before.into_iter().chain(heading.notes.iter().cloned()).collect()
    }

    /// The part that both questions share.
    pub fn json(&self, schema: &str, sought: &Sought, answer: &str) -> serde_json::Map<String, Value> {
        let heading = self.heading;
        let value = json!({
            "schema": schema,
            "record": heading.record,
            "key": heading.key,
            "role": heading.role,
            "as_of": time::show_instant(heading.as_of),
            "outcome": heading.outcome.word(),
            "owner": owner_json(heading.owner.as_ref()),
            "owner_before": owner_json(heading.current.as_ref()),
            "asked": owner_json(Some(&sought.owner)),
            "answer": answer,
            "in_the_way": self.in_the_way(),
        });
        match value {
            Value::Object(map) => map,
            _ => serde_json::Map::new(),
        }
    }
}
