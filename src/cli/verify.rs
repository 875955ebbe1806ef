//! `verify`: recompute the whole ledger, and with an older checkpoint prove that nothing was cut off.

use super::args::{Global, VerifyArgs};
use super::exit::{Exit, Failure, Result};
use super::history::open;
use super::output::{Output, count};
use super::plan_file::refuse_foreign;
use super::session::Session;
use crate::ledger::{Checkpoint, Erased};
use crate::project::write_whole;
use serde_json::{Value, json};

pub fn run(args: &VerifyArgs, _global: &Global, out: &Output) -> Result<Exit> {
    let session = Session::open(&args.project)?;
    let ledger = open(&session)?;
    let checkpoint = match &args.checkpoint {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| {
                Failure::could_not_run(format!("the checkpoint `{}` cannot be read: {error}", file.display()))
            })?;
            Some(Checkpoint::parse(&text)?)
        }
        None => None,
    };
    let verdict = ledger.verify(checkpoint.as_ref())?;
    let erased = ledger.erased()?;
    if out.is_json() {
        let problems: Vec<Value> = verdict
            .problems
            .iter()
            .map(|problem| json!({ "seq": problem.seq, "detail": problem.to_string() }))
            .collect();
        out.json(&json!({
            "schema": "ownward.verify/1",
            "sound": verdict.is_sound(),
            "entries": verdict.entry_count,
            "runs": verdict.run_count,
            "root": verdict.root,
            "erased": erased_json(&erased),
            "first_bad_entry": verdict.first_bad_entry().and_then(|problem| problem.seq),
            "problems": problems,
        }))?;
    } else {
        for problem in &verdict.problems {
            out.line(&format!("problem: {}", crate::diagnostic::render::clean(&problem.to_string())))?;
        }
        let size = format!("{} in {}", count(verdict.entry_count, "entry"), count(verdict.run_count, "run"));
        if verdict.is_sound() {
            let since = if checkpoint.is_some() { ", nothing cut off since the checkpoint" } else { "" };
            out.line(&format!("ok: {size}{since}; root {}", verdict.root))?;
            if erased != Erased::default() {
                out.line(&format!(
                    "erased, so proved but no longer readable: {}, {}, {}, {}",
                    count(erased.entry_values, "set") + " of values",
                    count(erased.names, "name"),
                    count(erased.texts, "text"),
                    count(erased.inputs, "stored file")
                ))?;
            }
        } else {
            let problems = verdict.problems.len() as u64 + verdict.further_problem_count;
            let first = match verdict.first_bad_entry().and_then(|problem| problem.seq) {
                Some(seq) => format!("; the first bad entry is {seq}"),
                None => String::new(),
            };
            out.line(&format!("FAILED: {} in {size}{first}", count(problems, "problem")))?;
        }
    }
    if let (Some(file), true) = (&args.write_checkpoint, verdict.is_sound()) {
        refuse_foreign(file, "checkpoint", |text| Checkpoint::parse(text).is_ok())?;
        let name = session.project.config.name.clone().unwrap_or_else(|| "ownward".to_owned());
        let text = ledger.checkpoint(&name)?.to_string();
        write_whole(file, |to| to.write_all(text.as_bytes())).map_err(|error| {
            Failure::could_not_run(format!("the checkpoint cannot be written to `{}`: {error}", file.display()))
        })?;
        out.say(&format!("checkpoint written to {}: keep it away from the ledger", file.display()));
    }
    Ok(if verdict.is_sound() { Exit::Fine } else { Exit::Findings })
}

fn erased_json(erased: &Erased) -> Value {
    json!({
        "entry_values": erased.entry_values,
        "names": erased.names,
        "texts": erased.texts,
        "inputs": erased.inputs,
    })
}
