//! Finds and reads the `.own` files of a project folder.

use super::files;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{FOLDERS_DEEP_MAX, POLICY_BYTES_MAX, POLICY_FILES_MAX, POLICY_SET_BYTES_MAX};
use crate::source::Sources;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A policy file: its path inside the project with `/` between the parts, and whether it was reached by a link.
struct Found {
    name: String,
    linked: bool,
}

/// Reads all `.own` files below `root`, sorted by their paths inside it.
///
/// Hidden files and folders are left out (editors keep copies there), so is the ledger's folder. A file reached twice,
/// by itself and by a link, is read once.
pub(super) fn read_all(root: &Path, ledger_file: &Path) -> Result<Sources, Vec<Diagnostic>> {
    let mut walk = Walk {
        root: root.to_path_buf(),
        skipped: ledger_file.parent().filter(|folder| !folder.as_os_str().is_empty()).map(|folder| root.join(folder)),
        found: BTreeMap::new(),
        findings: Vec::new(),
    };
    walk.folder(root, 0);
    let mut names: Vec<String> = walk.found.into_values().map(|found| found.name).collect();
    names.sort();
    read(root, &names, walk.findings)
}

/// Reads one `.own` file of `root`.
pub(super) fn read_one(root: &Path, name: &Path) -> Result<Sources, Vec<Diagnostic>> {
    let names = [name.to_string_lossy().into_owned()];
    read(root, &names, Vec::new())
}

struct Walk {
    root: PathBuf,
    skipped: Option<PathBuf>,
    /// By canonical path.
    found: BTreeMap<PathBuf, Found>,
    findings: Vec<Diagnostic>,
}

impl Walk {
    fn folder(&mut self, folder: &Path, depth: usize) {
        let shown = self.shown(folder);
        if depth > FOLDERS_DEEP_MAX {
            let text = format!("`{shown}` is more than {FOLDERS_DEEP_MAX} folders deep");
            return self.findings.push(Diagnostic::error(Code::TooLarge, text));
        }
        let entries = match folder.read_dir() {
            Ok(entries) => entries,
            Err(error) => return self.findings.push(files::unreadable(&shown, &error)),
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry.path(), depth),
                Err(error) => self.findings.push(files::unreadable(&shown, &error)),
            }
        }
    }

    fn entry(&mut self, path: &Path, depth: usize) {
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if hidden || self.skipped.as_deref() == Some(path) {
            return;
        }
        let Ok(about) = path.symlink_metadata() else {
            // Gone since the folder was listed.
            return;
        };
        if about.is_dir() {
            return self.folder(path, depth + 1);
        }
        let is_policy = path.extension().is_some_and(|end| end == "own");
        if about.is_symlink() {
            self.link(path, is_policy);
        } else if is_policy {
            self.policy(path, path.to_path_buf(), false);
        }
    }

    /// A link may stand for a policy file of the project. A folder of the project is read where it really is.
    fn link(&mut self, path: &Path, is_policy: bool) {
        let target = match path.canonicalize() {
            Ok(target) => target,
            // A dangling link to something that is no policy is not our business.
            Err(_) if !is_policy => return,
            Err(error) => {
                let finding = files::unreadable(&self.shown(path), &error);
                return self.findings.push(finding);
            }
        };
        if !is_policy && !target.is_dir() {
            return;
        }
        if !target.starts_with(&self.root) {
            let finding = files::leaves_project(&self.shown(path));
            return self.findings.push(finding);
        }
        if is_policy {
            self.policy(path, target, true);
        }
    }

    fn policy(&mut self, path: &Path, canonical: PathBuf, linked: bool) {
        let found = Found { name: self.shown(path), linked };
        match self.found.get(&canonical) {
            // The file itself wins over links to it, and of two links the first by name.
            Some(known) if (known.linked, &known.name) < (found.linked, &found.name) => {}
            _ => {
                self.found.insert(canonical, found);
            }
        }
    }

    fn shown(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
    }
}

fn read(root: &Path, names: &[String], mut findings: Vec<Diagnostic>) -> Result<Sources, Vec<Diagnostic>> {
    if names.len() > POLICY_FILES_MAX {
        let text = format!("the project has more than {POLICY_FILES_MAX} `.own` files");
        return Err(vec![Diagnostic::error(Code::TooLarge, text)]);
    }
    let mut sources = Sources::default();
    let mut byte_count = 0;
    for name in names {
        let text =
            files::file_below(root, Path::new(name)).and_then(|path| files::read_text(&path, name, POLICY_BYTES_MAX));
        match text {
            Ok(text) => {
                byte_count += text.len();
                sources.add(name.as_str(), text);
            }
            Err(finding) => findings.push(finding),
        }
        if byte_count > POLICY_SET_BYTES_MAX {
            let text = format!(
                "the `.own` files of the project are larger than {POLICY_SET_BYTES_MAX} bytes together, counted up to `{name}`"
            );
            findings.push(Diagnostic::error(Code::TooLarge, text));
            break;
        }
    }
    if findings.is_empty() { Ok(sources) } else { Err(findings) }
}
