//! What is told of contests that nobody can win, because their field holds no people.

use super::output::count;
use crate::check::policy::{ContestPerson, TypedPolicy};
use crate::decide::WorkedOut;
use crate::diagnostic::{Code, Diagnostic};

/// A warning for every contest whose field holds texts, none of which means somebody who may own.
pub fn strangers(policy: &TypedPolicy, worked_out: &WorkedOut) -> Vec<Diagnostic> {
    let found = worked_out.strangers();
    let told = found.into_iter().filter_map(|strangers| {
        let contest = policy.contest(strangers.contest);
        let ContestPerson::Field(path) = &contest.person else { return None };
        let record = contest.question.record;
        let name = path.text(&policy.schema, record);
        let texts = count(strangers.text_count, "different text");
        Some(
            Diagnostic::warning(
                Code::UnknownOwner,
                format!("`{name}` of `{}` holds nobody who could be chosen", policy.schema.record(record).name),
            )
            .at(contest.span, "names nobody for any record")
            .with_note(format!("{texts}, such as `{}`: none means an active person", strangers.example))
            .with_note("the target misses: the next of its chain, then the next rule is tried")
            .help("name the field that holds a person's key, email or name"),
        )
    });
    told.collect()
}
