//! A recorded run as it was: its policies, lists and people, from the ledger alone.

use super::exit::{Failure, Result};
use super::people_text::people_from;
use super::session::directory;
use crate::assign::{Binding, Unknown, bind};
use crate::check::{self, policy::TypedPolicy};
use crate::diagnostic::Severity;
use crate::ledger::{Ledger, StoredInput};
use crate::project::Config;
use crate::schema::Tabular;
use crate::source::Sources;
use crate::value::time::AsOf;

/// The policy of a run, ready to explain one of its entries.
pub struct PastRun {
    pub policy: TypedPolicy,
    pub binding: Binding,
    pub sources: Sources,
    pub as_of: AsOf,
}

/// Loads the run of an entry.
pub fn load(ledger: &Ledger, run: &str, instant: i64) -> Result<PastRun> {
    let inputs = ledger.inputs(run)?;
    let mut sources = Sources::default();
    for input in inputs.iter().filter(|input| matches!(input.kind.as_str(), "policy" | "inferred")) {
        sources.add(&input.name, text(input)?);
    }
    let (tree, _) = crate::syntax::parse(&sources);
    let files = inputs
        .iter()
        .filter(|input| input.kind == "list")
        .map(|input| Ok((input.name.clone(), Tabular::parse(&text(input)?).map_err(|error| error.reason))))
        .collect::<Result<_>>()?;
    let (schema, _) = check::schema(&tree, &files, Vec::new());
    let (policy, _) = check::policy(&tree, schema);
    let people = inputs.iter().find(|input| input.kind == "people");
    let directory = match people {
        Some(people) => directory(&policy.schema, people_from(&text(people)?), true),
        None => directory(&policy.schema, Vec::new(), false),
    };
    let zone = match inputs.iter().find(|input| input.kind == "config") {
        Some(config) => {
            let mut scratch = Sources::default();
            let written = text(config)?;
            let file = scratch.add("ownward.toml", written.clone());
            Config::parse(&written, file).unwrap_or_default().zone
        }
        None => Config::default().zone,
    };
    let as_of = AsOf { instant, zone };
    let (binding, _) = bind(&policy, directory, Unknown::both(Severity::Note), as_of.today());
    Ok(PastRun { policy, binding, sources, as_of })
}

fn text(input: &StoredInput) -> Result<String> {
    let erased =
        || Failure::could_not_run(format!("`{}` of that run was erased: it cannot be explained any more", input.name));
    let content = input.content.as_ref().ok_or_else(erased)?;
    Ok(String::from_utf8_lossy(content).into_owned())
}
