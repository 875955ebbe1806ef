//! The files of a folder that are read as tables, and whether one changed under the reader's hand.

use crate::diagnostic::{Code, Diagnostic};
use crate::project::{leaves_project, no_regular_file, unreadable};
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files by stem.
pub(super) struct Files {
    /// How messages call the folder, or the single file.
    pub folder: String,
    by_stem: BTreeMap<String, PathBuf>,
    is_single: bool,
    /// No file outside this folder is read.
    fence: Option<PathBuf>,
}

/// Size and time of a file; a change of either while it is read makes what was read worthless.
#[derive(PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

impl Files {
    /// The files of a folder with one of these endings, or a single file whatever its ending.
    pub fn list(path: &Path, shown: String, fence: Option<PathBuf>, endings: &[&str]) -> Result<Self, Diagnostic> {
        let mut files = Files { folder: shown, by_stem: BTreeMap::new(), is_single: !path.is_dir(), fence };
        if files.is_single {
            files.add(path);
            return Ok(files);
        }
        let entries = path.read_dir().map_err(|error| unreadable(&files.folder, &error))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let ending = path.extension().and_then(|end| end.to_str());
            if ending.is_some_and(|end| endings.iter().any(|e| end.eq_ignore_ascii_case(e))) {
                files.add(&path);
            }
        }
        Ok(files)
    }

    fn add(&mut self, path: &Path) {
        let Some(stem) = path.file_stem() else { return };
        let stem = stem.to_string_lossy().into_owned();
        // An editor's hidden copies are no tables; of `a.jsonl` and `a.ndjson` the first by name is read.
        if !stem.starts_with('.') {
            self.by_stem.entry(stem).or_insert_with(|| path.to_path_buf());
        }
    }

    pub fn names(&self) -> Vec<&str> {
        self.by_stem.keys().map(String::as_str).collect()
    }

    pub fn only(&self) -> Option<String> {
        if self.is_single { self.by_stem.keys().next().cloned() } else { None }
    }

    /// How messages call a file.
    pub fn shown(&self, stem: &str) -> String {
        let name = self.by_stem.get(stem).and_then(|path| path.file_name());
        match name {
            Some(_) if self.is_single => self.folder.clone(),
            Some(name) if self.folder == "." => name.to_string_lossy().into_owned(),
            Some(name) => format!("{}/{}", self.folder.trim_end_matches('/'), name.to_string_lossy()),
            None => stem.to_owned(),
        }
    }

    /// Opens a file by its stem, with its stamp. Refused: links out of the project, pipes, devices.
    pub fn open(&self, stem: &str) -> Result<(File, Stamp), Diagnostic> {
        let shown = self.shown(stem);
        // Names come from `names`.
        let path = self.by_stem.get(stem).cloned().unwrap_or_default();
        let canonical = path.canonicalize().map_err(|error| unreadable(&shown, &error))?;
        if let Some(fence) = &self.fence
            && !canonical.starts_with(fence)
        {
            return Err(leaves_project(&shown));
        }
        let about = canonical.metadata().map_err(|error| unreadable(&shown, &error))?;
        if !about.is_file() {
            return Err(no_regular_file(&shown));
        }
        let file = File::open(&canonical).map_err(|error| unreadable(&shown, &error))?;
        Ok((file, Stamp::of(&about)))
    }

    /// Refuses a file that is no longer the one that was opened.
    pub fn refuse_change(&self, stem: &str, before: &Stamp) -> Result<(), Diagnostic> {
        let now = self.by_stem.get(stem).and_then(|path| path.metadata().ok());
        if now.is_some_and(|about| Stamp::of(&about) == *before) {
            return Ok(());
        }
        Err(Diagnostic::error(Code::SourceChanged, format!("`{}` changed while it was read", self.shown(stem)))
            .with_note("half of an old file and half of a new one would give wrong owners")
            .help("run again when the export is complete"))
    }
}

impl Stamp {
    fn of(about: &Metadata) -> Self {
        Self { len: about.len(), modified: about.modified().ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_or_goes_is_noticed() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("accounts.csv");
        std::fs::write(&path, "id\n1\n").unwrap();
        let files = Files::list(folder.path(), ".".into(), None, &["csv"]).unwrap();
        let (_, stamp) = files.open("accounts").unwrap();
        assert!(files.refuse_change("accounts", &stamp).is_ok());
        std::fs::write(&path, "id\n1\n2\n").unwrap();
        let finding = files.refuse_change("accounts", &stamp).unwrap_err();
        assert_eq!(finding.code, Code::SourceChanged);
        std::fs::remove_file(&path).unwrap();
        assert!(files.refuse_change("accounts", &stamp).is_err());
    }
}
