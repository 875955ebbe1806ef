//! A whole project from texts: opened, checked, its records read and its names bound, with every message on the way.

use ownward::analysis;
use ownward::assign;
use ownward::check::{self, FilesBeside};
use ownward::diagnostic::{self, Code, Diagnostic, Severity, any_error, render};
use ownward::project::Project;
use ownward::schema::{Directory, Schema, Tabular};
use ownward::snapshot::{self, Snapshot};
use ownward::source::Sources;
use ownward::syntax;
use ownward::value::time::{self, AsOf};
use std::path::Path;

/// The messages of a project, in the order in which a person sees them, and the texts they point into.
pub struct Messages {
    pub diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

impl Messages {
    pub fn plain(&self) -> String {
        self.diagnostics
            .iter()
            .map(|diagnostic| render::plain(diagnostic, &self.sources))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Everything there is to say about a project with these files. Its records are read if any of them is there, or if
/// `ownward.toml` says where they are.
pub fn messages(files: &[(String, String)]) -> Messages {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    // Folders above a temporary one are nobody's project: a settings file here ends the search.
    if !files.iter().any(|(name, _)| name == "ownward.toml") {
        std::fs::write(folder.path().join("ownward.toml"), "").unwrap();
    }
    match Project::open(folder.path()) {
        Ok(project) => of_project(&project, files),
        Err(error) => Messages { diagnostics: error.findings, sources: error.sources },
    }
}

fn of_project(project: &Project, files: &[(String, String)]) -> Messages {
    let (tree, mut diagnostics) = syntax::parse(&project.sources);
    let needed = check::files_needed(&tree);
    let beside: FilesBeside = needed.iter().map(|name| (name.clone(), beside(project, name))).collect();
    let (schema, found) = check::schema(&tree, &beside, Vec::new());
    diagnostics.extend(found);
    let (policy, found) = check::policy(&tree, schema);
    diagnostics.extend(found);
    let has_records = files.iter().any(|(name, _)| !has_ending(name, "own") && !needed.contains(name));
    let mut snapshot = Snapshot::default();
    if has_records && !any_error(&diagnostics) {
        match read(project, &policy.schema) {
            Ok(found) => snapshot = found,
            Err(found) => diagnostics.extend(found),
        }
    }
    diagnostics.append(&mut snapshot.findings);
    if !any_error(&diagnostics) {
        let teams = policy.schema.teams.iter().map(|team| (team.name.clone(), team.part_of.clone()));
        let queues = policy.schema.queues.iter().map(|queue| queue.name.clone());
        let directory = Directory::new(std::mem::take(&mut snapshot.people), teams, queues, snapshot.has_people);
        let today = time::parse_day("2026-11-21").unwrap();
        let as_of = AsOf::utc(i64::from(today) * 86_400_000_000);
        diagnostics.extend(analysis::findings(&policy, &as_of));
        let (binding, found) = assign::bind(&policy, directory, assign::Unknown::both(Severity::Error), today);
        diagnostics.extend(found);
        diagnostics.extend(analysis::invariant_findings(&policy, binding.directory(), &as_of));
        diagnostics.extend(check::unused_owners(&policy, binding.directory()));
    }
    let is_sound = !any_error(&diagnostics);
    let (mut diagnostics, used) = check::allow::heard(&tree.allows, diagnostics);
    if is_sound {
        diagnostics.extend(check::allow::unused(&tree.allows, &used, check::allow::is_of_policies));
    }
    // Short examples leave records without a rule: told only where there is nothing else to tell.
    let is_of_short_examples = |code: Code| matches!(code, Code::Gap | Code::UnusedOwner);
    if diagnostics.iter().any(|found| !is_of_short_examples(found.code)) {
        diagnostics.retain(|found| !is_of_short_examples(found.code));
    }
    diagnostic::sort(&mut diagnostics);
    Messages { diagnostics, sources: project.sources.clone() }
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == ending)
}

fn beside(project: &Project, name: &str) -> Result<Tabular, String> {
    let text = project.read_beside(name).map_err(|_| "is not there".to_owned())?;
    Tabular::parse(&text).map_err(|error| error.reason)
}

fn read(project: &Project, schema: &Schema) -> Result<Snapshot, Vec<Diagnostic>> {
    let wanted: Vec<_> = schema.records.iter().map(|record| record.field_ids().collect()).collect();
    snapshot::read(&project.root, &project.config, schema, &wanted, &mut |_| {}).map_err(|error| error.findings)
}
