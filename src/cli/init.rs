//! `init`: a project for data that is there, which runs as it is written.

use super::args::InitArgs;
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count};
use crate::snapshot;
use crate::source::Sources;

pub fn run(args: &InitArgs, out: &Output) -> Result<Exit> {
    let folder = match &args.into {
        Some(folder) => folder.clone(),
        None if args.data.is_dir() => args.data.clone(),
        None => match args.data.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => ".".into(),
        },
    };
    let full = folder.canonicalize().unwrap_or_else(|_| folder.clone());
    let own_name = full.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = args.name.clone().or(own_name).unwrap_or_else(|| "rules".to_owned());
    let written = snapshot::init(&folder, &args.data, &name)
        .map_err(|error| Failure::findings(Exit::CouldNotRun, error.findings, Sources::default()))?;
    if out.is_json() {
        let files: Vec<&str> = written.iter().map(|file| file.name.as_str()).collect();
        out.json(&serde_json::json!({ "schema": "ownward.init/1", "folder": folder, "files": files }))?;
        return Ok(Exit::Fine);
    }
    for file in &written {
        out.line(&format!("wrote {} ({})", file.name, count(file.line_count as u64, "line")))?;
    }
    out.line(&format!("next: ownward plan {}", folder.display()))?;
    Ok(Exit::Fine)
}
