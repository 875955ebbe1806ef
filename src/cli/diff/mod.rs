//! `diff`: what a change of policies does to owners, proved over all records and counted over those of a snapshot.

mod data;
mod gate;
mod json;
mod markdown;
mod sides;
#[cfg(test)]
mod tests;
mod text;

use super::args::{DiffArgs, Format, Global};
use super::exit::{Exit, Failure, Result};
use super::output::Output;
use crate::analysis::{self, DiffProof, RoleProof, Verdict};
use crate::check::merged::{self, DeclarationChange};
use crate::check::{self, policy::TypedPolicy};
use crate::diagnostic;
use data::DataDiff;
use gate::Gate;
use sides::{Side, Sides};

/// Everything that is told about two versions of a policy.
struct Diff {
    old: Side,
    new: Side,
    proof: DiffProof,
    /// What differs besides rules.
    declarations: Vec<DeclarationChange>,
    data: Option<DataDiff>,
    gate: Gate,
}

impl Diff {
    /// Neither a rule nor a declaration means anything else.
    fn is_empty(&self) -> bool {
        self.proof.is_equivalent() && self.declarations.is_empty()
    }

    fn roles(&self, verdict: Verdict) -> impl Iterator<Item = &RoleProof> {
        self.proof.roles.iter().filter(move |role| role.verdict() == verdict)
    }

    /// The whole in one sentence.
    fn headline(&self) -> String {
        let open = self.roles(Verdict::Different).count() + self.roles(Verdict::NotDecided).count();
        let all = self.proof.roles.len();
        let roles = if all == 1 { "role" } else { "roles" };
        if self.is_empty() {
            return "the policies are equivalent: every possible record gets the same owner by the same rule (proved)"
                .to_owned();
        }
        if open == 0 {
            return "the rules are equivalent: every possible record gets the same owner by the same rule (proved); \
                    declarations differ"
                .to_owned();
        }
        let decides = |count: usize| if count == 1 { "decides" } else { "decide" };
        let proved = self.roles(Verdict::Different).count();
        match (proved, open - proved) {
            (0, _) => format!("{open} of {all} {roles} may decide otherwise"),
            (_, 0) => format!("{open} of {all} {roles} {} otherwise", decides(open)),
            (proved, may) => format!("{proved} of {all} {roles} {} otherwise, {may} may", decides(proved)),
        }
    }
}

pub fn run(args: &DiffArgs, global: &Global, out: &Output) -> Result<Exit> {
    if !matches!(global.format, Format::Text | Format::Plain | Format::Json | Format::Jsonl | Format::Markdown) {
        return Err(Failure::could_not_run("`diff` writes text, plain, json, jsonl and markdown"));
    }
    let limits = gate::limits(args)?;
    let Sides { old, new } = sides::open(args)?;
    let (proof, declarations) = compare(&old, &new, args)?;
    let data = match args.data {
        true => Some(data::compare(&old, &new, args, out)?),
        false => None,
    };
    let gate = Gate::of(&limits, data.as_ref());
    let diff = Diff { old, new, proof, declarations, data, gate };
    match global.format {
        Format::Json | Format::Jsonl => out.json(&json::value(&diff))?,
        Format::Markdown => out.text(&markdown::page(&diff))?,
        _ => text::write(&diff, out)?,
    }
    for sentence in diff.gate.passed() {
        out.say(sentence);
    }
    let fails = diff.gate.is_passed() || (args.fail_on_change && !diff.is_empty());
    Ok(if fails { Exit::Findings } else { Exit::Fine })
}

/// Types both policies in one namespace and holds them against each other.
fn compare(old: &Side, new: &Side, args: &DiffArgs) -> Result<(DiffProof, Vec<DeclarationChange>)> {
    let too_many = || Failure::could_not_run("both versions together declare more records or fields than can be held");
    let merged = merged::merge(&old.session.policy.schema, &new.session.policy.schema).ok_or_else(too_many)?;
    let typed = |side: &Side, schema| -> Result<TypedPolicy> {
        let (policy, findings) = check::policy(&side.session.tree, schema);
        match diagnostic::any_error(&findings) {
            false => Ok(policy),
            // Alone it was sound, so this is an error of ours; a verdict would be a guess.
            true => Err(Failure::could_not_run(format!("{} cannot be read beside the other version", side.shown))),
        }
    };
    let (old_policy, new_policy) = (typed(old, merged.old)?, typed(new, merged.new)?);
    let mut declarations = merged.changes;
    declarations.extend(sides::settings(old, new));
    // What is sound may hang on the day: both are judged as of the day of the comparison.
    let as_of = new.session.as_of(args.when.as_of.as_deref())?;
    let versions = analysis::Versions::new(&old_policy, &new_policy, &as_of);
    let proof = analysis::compared(&old_policy, &new_policy, &declarations, &mut |role| versions.prove(role));
    Ok((proof, declarations))
}
