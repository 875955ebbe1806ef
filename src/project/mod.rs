//! A project folder: the `.own` files of one policy set, `ownward.toml`, and the small files beside them.
//!
//! Takes a path, gives texts and settings. Reads nothing outside the folder, whatever names or links say (design
//! section 8), and does not know what the texts mean.

mod calendar;
mod config;
mod files;
mod git;
mod revision;
mod walk;
mod whole_file;

pub use calendar::CalendarConfig;
pub use config::{
    Config, Drift, LedgerConfig, Location, MaxMoves, OwnersTo, RecordConfig, SourceConfig, WriteBackConfig,
};
pub use files::file_below;
pub(crate) use files::{leaves_project, no_regular_file, not_utf8, reason, unreadable};
pub use revision::{Revision, RevisionError};
pub use whole_file::write_whole;

use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{CONFIG_BYTES_MAX, LIST_BYTES_MAX};
use crate::source::Sources;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the settings file; the folder that holds it is a project.
pub const CONFIG_FILE: &str = "ownward.toml";

/// A project that was found and read.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder, as a canonical path.
    pub root: PathBuf,
    pub config: Config,
    /// `ownward.toml` as it was read; empty where there is none.
    pub config_text: String,
    /// The `.own` files, sorted by their paths inside the project.
    pub sources: Sources,
    /// Where its files are read from instead of the folder.
    pub revision: Option<Arc<Revision>>,
}

/// Why a project could not be opened. Labels of the findings point into `sources`, which holds `ownward.toml`.
#[derive(Clone, Debug)]
pub struct ProjectError {
    pub findings: Vec<Diagnostic>,
    pub sources: Sources,
}

impl Project {
    /// Opens the project of a folder, or of a single `.own` file.
    ///
    /// A folder's project is the nearest folder upward with an `ownward.toml`; else the folder itself if there is an
    /// `.own` file in it or below. Of a single file's project no other `.own` file is read. Errors: no project, a
    /// broken `ownward.toml`, a file that cannot be read, is not UTF-8, passes a limit or lies outside the project.
    pub fn open(start: &Path) -> Result<Self, ProjectError> {
        let start_path =
            start.canonicalize().map_err(|error| files::unreadable(&start.display().to_string(), &error))?;
        if start_path.is_dir() {
            return Self::open_folder(&start_path);
        }
        if start_path.extension().is_none_or(|end| end != "own") {
            return Err(no_policy_file(start).into());
        }
        // A file has a folder.
        let root = start_path.parent().unwrap_or(Path::new("/")).to_path_buf();
        let (config, config_text) = read_config(&root)?;
        let name = start_path.file_name().unwrap_or_default();
        let sources = walk::read_one(&root, Path::new(name))?;
        Ok(Self { root, config, config_text, sources, revision: None })
    }

    fn open_folder(start: &Path) -> Result<Self, ProjectError> {
        let configured = start.ancestors().find(|folder| folder.join(CONFIG_FILE).exists());
        let root = configured.unwrap_or(start).to_path_buf();
        let (config, config_text) = read_config(&root)?;
        let sources = walk::read_all(&root, &config.ledger.file)?;
        if configured.is_none() && sources.is_empty() {
            return Err(no_project(start).into());
        }
        Ok(Self { root, config, config_text, sources, revision: None })
    }

    /// The text of a small file kept beside the policies: a list, a table.
    ///
    /// `name` is a path inside the project. The error says what is wrong with it; the caller adds who named it.
    pub fn read_beside(&self, name: &str) -> Result<String, Diagnostic> {
        if let Some(revision) = &self.revision {
            return revision.read(name, LIST_BYTES_MAX);
        }
        let path = file_below(&self.root, Path::new(name))?;
        files::read_text(&path, name, LIST_BYTES_MAX)
    }

    /// The text of the file of holidays that the settings name; `None` where they name none.
    pub fn read_holidays(&self) -> Result<Option<String>, Diagnostic> {
        let Some(path) = &self.config.calendar.holidays else {
            return Ok(None);
        };
        let named = |finding: Diagnostic| finding.with_note("named as `holidays` under `[calendar]` in ownward.toml");
        self.read_beside(&path.to_string_lossy()).map(Some).map_err(named)
    }
}

/// The settings of a folder and their text; the defaults and "" where there is no file.
fn read_config(root: &Path) -> Result<(Config, String), ProjectError> {
    if !root.join(CONFIG_FILE).exists() {
        return Ok((Config::default(), String::new()));
    }
    let path = file_below(root, Path::new(CONFIG_FILE))?;
    let text = files::read_text(&path, CONFIG_FILE, CONFIG_BYTES_MAX)?;
    let mut sources = Sources::default();
    let file = sources.add(CONFIG_FILE, text.as_str());
    match Config::parse(&text, file) {
        Ok(config) => Ok((config, text)),
        Err(finding) => Err(ProjectError { findings: vec![finding], sources }),
    }
}

fn no_project(start: &Path) -> Diagnostic {
    Diagnostic::error(
        Code::NoProject,
        format!(
            "no project in `{}`: neither `{CONFIG_FILE}` here or in a folder above, nor an `.own` file",
            start.display()
        ),
    )
    .help("name the project's folder, or begin one with `ownward init`")
}

fn no_policy_file(start: &Path) -> Diagnostic {
    Diagnostic::error(Code::NoProject, format!("`{}` is no `.own` file and no folder", start.display()))
        .help("name the project's folder or one of its `.own` files")
}

impl From<Diagnostic> for ProjectError {
    fn from(finding: Diagnostic) -> Self {
        vec![finding].into()
    }
}

impl From<Vec<Diagnostic>> for ProjectError {
    fn from(findings: Vec<Diagnostic>) -> Self {
        Self { findings, sources: Sources::default() }
    }
}

impl std::fmt::Display for ProjectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let headlines: Vec<&str> = self.findings.iter().map(|d| d.headline.as_str()).collect();
        f.write_str(&headlines.join("; "))
    }
}

impl std::error::Error for ProjectError {}

#[cfg(test)]
mod tests;
