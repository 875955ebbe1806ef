//! A saved plan: what was shown, and enough to tell whether it still holds when it is applied.

use super::args::{DriftArg, RunArgs};
use super::evaluate::Evaluation;
use super::exit::{Failure, Result};
use super::plan::{plan_json, run_id};
use super::session::Session;
use crate::project::write_whole;
use serde::Deserialize;
use std::path::Path;

/// The parts of a saved plan that `apply` reads back.
#[derive(Debug, Deserialize)]
pub struct PlanFile {
    pub schema: String,
    pub as_of: String,
    pub run: String,
    pub drift: String,
    pub max_moves: Option<String>,
    /// Compared as they are: what was shown is what is applied.
    pub changes: serde_json::Value,
}

/// Writes a plan, in place of an older one only when it is whole.
pub fn save(file: &Path, session: &Session, found: &Evaluation, run: &RunArgs) -> Result<()> {
    refuse_foreign(file, "saved plan", |text| text.contains("\"ownward.plan/1\""))?;
    let mut plan = plan_json(session, found);
    plan["run"] = run_id(session, found).into();
    plan["drift"] = found.drift.word().into();
    plan["max_moves"] = run.max_moves.clone().into();
    let text = serde_json::to_string_pretty(&plan).unwrap_or_default();
    write_whole(file, |to| to.write_all(text.as_bytes()))
        .map_err(|error| Failure::could_not_run(format!("the plan cannot be saved as `{}`: {error}", file.display())))
}

/// Refuses to write over a file that is not of the kind to be written: a mistyped path must not cost a policy, an export
/// or the ledger. `is_ours` looks at the text that is there.
pub fn refuse_foreign(file: &Path, what: &str, is_ours: impl Fn(&str) -> bool) -> Result<()> {
    let Ok(bytes) = std::fs::read(file) else {
        return Ok(());
    };
    if bytes.is_empty() || std::str::from_utf8(&bytes).is_ok_and(is_ours) {
        return Ok(());
    }
    Err(Failure::could_not_run(format!(
        "`{}` is there already and is no {what}: it was left as it is. Name another file, or remove it first",
        file.display()
    )))
}

/// Reads a saved plan.
pub fn load(file: &Path) -> Result<PlanFile> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::could_not_run(format!("the plan `{shown}` cannot be read: {error}")))?;
    let plan: PlanFile = serde_json::from_str(&text).map_err(|error| {
        Failure::could_not_run(format!(
            "`{shown}` is no saved plan: {error}; make one with `ownward plan --out {shown}`"
        ))
    })?;
    if plan.schema != "ownward.plan/1" {
        return Err(Failure::could_not_run(format!(
            "`{shown}` is of another version (`{}`): make it again with `ownward plan --out {shown}`",
            plan.schema
        )));
    }
    Ok(plan)
}

impl PlanFile {
    /// The run options that the plan was made with; what the command line says about moves comes first.
    pub fn run_args(&self, given: &RunArgs) -> RunArgs {
        RunArgs {
            max_moves: given.max_moves.clone().or_else(|| self.max_moves.clone()),
            drift: Some(match self.drift.as_str() {
                "accept" => DriftArg::Accept,
                "restore" => DriftArg::Restore,
                _ => DriftArg::Report,
            }),
        }
    }
}
