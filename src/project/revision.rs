//! A project as git keeps it in a revision: the same files as in a folder, read without touching the working folder.
//!
//! Only what the project names is read: settings and policies when it is opened, lists and tables when a policy asks for
//! them. Limits, hidden files and links are treated as in a folder ([`super::walk`]).

use super::git::Git;
use super::{CONFIG_FILE, Config, Project, ProjectError, files};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::limits::{
    CONFIG_BYTES_MAX, FOLDERS_DEEP_MAX, POLICY_BYTES_MAX, POLICY_FILES_MAX, POLICY_SET_BYTES_MAX,
    REVISION_LISTING_BYTES_MAX,
};
use crate::source::Sources;
use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

/// Why a revision could not be opened.
#[derive(Debug)]
pub enum RevisionError {
    /// No git, no repository, no such revision: one sentence.
    Unknown(String),
    /// The revision is there; what it holds cannot be read.
    Project(ProjectError),
}

impl From<String> for RevisionError {
    fn from(message: String) -> Self {
        RevisionError::Unknown(message)
    }
}

impl From<ProjectError> for RevisionError {
    fn from(error: ProjectError) -> Self {
        RevisionError::Project(error)
    }
}

/// The files of a folder of a revision, by their paths inside it.
#[derive(Clone, Debug)]
pub struct Revision {
    git: Git,
    files: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    object: String,
    bytes: usize,
    is_link: bool,
}

/// A revision as it is written on the command line.
#[derive(Debug, PartialEq)]
struct Named<'t> {
    /// What git calls a commit-ish.
    commit: &'t str,
    /// A path of the repository; `None` for the place of the project at hand.
    path: Option<&'t str>,
}

impl Project {
    /// Whether git knows a commit of this name in the repository of a folder; no where there is none, or no git.
    pub fn is_revision(folder: &Path, text: &str) -> bool {
        let known = |named: Named<'_>| {
            let commit = format!("{}^{{commit}}", named.commit);
            Git::at(folder).line(&["rev-parse", "--verify", "--quiet", &commit]).is_ok_and(|said| said.is_ok())
        };
        named(text).is_ok_and(known)
    }

    /// Opens the project of a revision: `HEAD~1`, `main`, a hash, or `main:policies/crm` with a path of the repository.
    ///
    /// Without a path it is the project at hand, `start`, as it was then: a folder, or one `.own` file. Where the project's
    /// root is kept as its data are read from there. Errors: no `git`, no repository, a name that no commit has (or that
    /// begins with `-`), a path that the revision does not hold, and all that [`Project::open`] refuses.
    pub fn at_revision(start: &Path, text: &str) -> Result<Self, RevisionError> {
        let named = named(text)?;
        let start = start
            .canonicalize()
            .map_err(|error| ProjectError::from(files::unreadable(&start.display().to_string(), &error)))?;
        let folder = if start.is_dir() { start.as_path() } else { start.parent().unwrap_or(Path::new("/")) };
        let folder = match start.is_dir() {
            true => folder.ancestors().find(|folder| folder.join(CONFIG_FILE).exists()).unwrap_or(folder),
            false => folder,
        };
        let git = Git::at(folder);
        let prefix =
            git.line(&["rev-parse", "--show-prefix"])?.map_err(|complaint| no_repository(folder, &complaint))?;
        let commit = git
            .line(&["rev-parse", "--verify", "--quiet", &format!("{}^{{commit}}", named.commit)])?
            .map_err(|_| no_revision(named.commit))?;
        let path = match named.path {
            Some(path) => place(path, &prefix, text)?,
            None => match start.file_name().filter(|_| !start.is_dir()) {
                Some(name) => format!("{prefix}{}", name.to_string_lossy()),
                None => prefix.trim_end_matches('/').to_owned(),
            },
        };
        Finder { git, commit, text }.open(folder, &path)
    }
}

/// Splits `main:policies/crm`. A colon inside `{…}` belongs to the revision (`main@{12:00}`).
fn named(text: &str) -> Result<Named<'_>, String> {
    let mut depth = 0_usize;
    let colon = text.char_indices().find_map(|(at, letter)| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return Some(at),
            _ => {}
        }
        None
    });
    let (commit, path) = match colon {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    if commit.is_empty() || commit.starts_with('-') || text.contains(char::is_control) {
        return Err(format!(
            "`{text}` is no revision: write a branch, a tag or a hash, such as `HEAD~1` or `main:policies/crm`"
        ));
    }
    Ok(Named { commit, path })
}

/// A path as git reads it behind a colon: from the repository's root, or from here where it begins with `./` or `../`.
fn place(path: &str, prefix: &str, text: &str) -> Result<String, String> {
    let is_relative = path == "." || path.starts_with("./") || path.starts_with("../");
    let mut parts: Vec<&str> = if is_relative { prefix.split('/').collect() } else { Vec::new() };
    let outside = || format!("`{text}` names no path inside the repository: write it from the repository's root");
    if path.starts_with('/') || path.contains('\\') {
        return Err(outside());
    }
    for part in path.split('/') {
        parts.retain(|part| !part.is_empty());
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(outside)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

fn no_repository(folder: &Path, complaint: &str) -> String {
    let folder = folder.display();
    if complaint.contains("not a git repository") {
        return format!("`{folder}` is in no git repository: name two folders instead of revisions");
    }
    format!("git does not read the repository of `{folder}`: {complaint}")
}

fn no_revision(commit: &str) -> String {
    format!(
        "`{commit}` is neither a folder nor a revision of this repository. A checkout of CI often holds one commit only: \
         fetch the other one first (`git fetch origin {commit}`, or `fetch-depth: 0`)"
    )
}

/// A revision while its project is being found.
struct Finder<'t> {
    git: Git,
    commit: String,
    text: &'t str,
}

impl Finder<'_> {
    fn open(self, root: &Path, path: &str) -> Result<Project, RevisionError> {
        let absent = || RevisionError::Unknown(format!("`{}` holds no `{}`", self.text, shown(path)));
        let kind = self.kind(path)?.ok_or_else(absent)?;
        let (folder, only) = match kind.as_str() {
            "tree" => (self.configured(path)?.unwrap_or_else(|| path.to_owned()), None),
            _ if path.ends_with(".own") => match path.rsplit_once('/') {
                Some((folder, name)) => (folder.to_owned(), Some(name.to_owned())),
                None => (String::new(), Some(path.to_owned())),
            },
            _ => {
                let message = format!("`{}` is no folder and no `.own` file of `{}`", shown(path), self.text);
                return Err(RevisionError::Unknown(message));
            }
        };
        let revision = Revision { files: self.listing(&folder)?, git: self.git };
        let (config, config_text) = revision.config()?;
        let sources = revision.policies(&config, only.as_deref())?;
        if sources.is_empty() && config_text.is_empty() {
            return Err(RevisionError::Unknown(format!(
                "`{}` holds no project in `{}`: neither `{CONFIG_FILE}` nor an `.own` file",
                self.text,
                shown(&folder)
            )));
        }
        let root = root.to_path_buf();
        Ok(Project { root, config, config_text, sources, revision: Some(Arc::new(revision)) })
    }

    /// `tree` or `blob`; `None` where nothing is there.
    fn kind(&self, path: &str) -> Result<Option<String>, String> {
        Ok(self.git.line(&["cat-file", "-t", &format!("{}:{path}", self.commit)])?.ok())
    }

    /// The nearest folder upward that holds settings.
    fn configured(&self, path: &str) -> Result<Option<String>, String> {
        let mut folder = path;
        loop {
            let slash = if folder.is_empty() { "" } else { "/" };
            if self.kind(&format!("{folder}{slash}{CONFIG_FILE}"))?.as_deref() == Some("blob") {
                return Ok(Some(folder.to_owned()));
            }
            if folder.is_empty() {
                return Ok(None);
            }
            folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
        }
    }

    fn listing(&self, folder: &str) -> Result<BTreeMap<String, Entry>, String> {
        let tree = format!("{}:{folder}", self.commit);
        let said = self.git.run(&["ls-tree", "-r", "-z", "-l", "--full-tree", &tree], REVISION_LISTING_BYTES_MAX)?;
        if said.is_cut {
            return Err(format!(
                "`{}` holds too many files in `{}`: their list is longer than {REVISION_LISTING_BYTES_MAX} bytes. Keep the \
                 policies in a folder of their own",
                self.text,
                shown(folder)
            ));
        }
        if !said.is_fine {
            return Err(format!("git does not list `{}`: {}", self.text, said.complaint));
        }
        Ok(said.out.split(|byte| *byte == 0).filter_map(entry).collect())
    }
}

/// `100644 blob HASH    SIZE\tPATH`; what is no file (a submodule) is left out.
fn entry(line: &[u8]) -> Option<(String, Entry)> {
    let line = String::from_utf8_lossy(line);
    let (about, path) = line.split_once('\t')?;
    let mut words = about.split_whitespace();
    let (mode, kind, object, size) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let entry = Entry { object: object.to_owned(), bytes: size.parse().ok()?, is_link: mode == "120000" };
    (kind == "blob").then(|| (path.to_owned(), entry))
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

impl Revision {
    /// The text of a file of at most `bytes_max` bytes. The error says what is wrong with it.
    pub fn read(&self, name: &str, bytes_max: usize) -> Result<String, Diagnostic> {
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if name.is_empty() || !Path::new(name).components().all(plain) {
            return Err(Diagnostic::error(Code::OutsideProject, format!("`{name}` is no path inside the project"))
                .help("write a path that starts at the project's folder, without `..`"));
        }
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let path = parts.join("/");
        let Some(entry) = self.files.get(&path) else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let beside = self.files.keys().filter(|known| known.rsplit_once('/').map_or("", |(at, _)| at) == folder);
            let names = beside.map(|known| known.rsplit('/').next().unwrap_or(known));
            let wanted = path.rsplit('/').next().unwrap_or_default();
            return Err(Diagnostic::error(Code::UnreadableFile, format!("there is no `{name}` in the project"))
                .maybe_help(did_you_mean(wanted, names)));
        };
        self.texts(&[(path.as_str(), self.followed(&path, entry)?)], name, bytes_max)
    }

    fn texts(&self, wanted: &[(&str, &Entry)], shown: &str, bytes_max: usize) -> Result<String, Diagnostic> {
        let mut text = String::new();
        let mut keep = |_: &str, found: String| text = found;
        self.each_text(wanted, bytes_max, &mut keep).map_err(|mut findings| match findings.pop() {
            Some(finding) => finding,
            None => Diagnostic::error(Code::UnreadableFile, format!("`{shown}` cannot be read")),
        })?;
        Ok(text)
    }

    /// Reads files with one `git`.
    fn each_text(
        &self,
        wanted: &[(&str, &Entry)],
        bytes_max: usize,
        keep: &mut dyn FnMut(&str, String),
    ) -> Result<(), Vec<Diagnostic>> {
        let unreadable =
            |name: &str, why: &str| Diagnostic::error(Code::UnreadableFile, format!("`{name}` cannot be read: {why}"));
        let mut findings = Vec::new();
        let mut objects = self.git.objects().map_err(|why| vec![Diagnostic::error(Code::UnreadableFile, why)])?;
        for (name, entry) in wanted {
            if entry.bytes > bytes_max {
                let text = format!("`{name}` is larger than {bytes_max} bytes");
                findings.push(Diagnostic::error(Code::TooLarge, text));
                continue;
            }
            let bytes = match objects.read(&entry.object) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => {
                    findings.push(unreadable(name, "this clone does not hold its content"));
                    continue;
                }
                Err(why) => return Err(vec![unreadable(name, &why)]),
            };
            if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
                findings.push(
                    unreadable(name, "the repository holds a pointer of Git LFS in its place")
                        .help("check both versions out and name two folders"),
                );
                continue;
            }
            match String::from_utf8(bytes) {
                Ok(text) => keep(name, text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
                Err(error) => findings.push(files::not_utf8(name, error.utf8_error().valid_up_to())),
            }
        }
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }

    /// The file that a path leads to, over links inside the project.
    fn followed<'e>(&'e self, path: &str, entry: &'e Entry) -> Result<&'e Entry, Diagnostic> {
        let (mut path, mut entry) = (path.to_owned(), entry);
        for _ in 0..8 {
            if !entry.is_link {
                return Ok(entry);
            }
            let link = Entry { is_link: false, ..entry.clone() };
            let target = self.texts(&[(path.as_str(), &link)], &path, 4096)?;
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
            for part in target.split('/') {
                match part {
                    "" if parts.is_empty() || target.starts_with('/') => return Err(files::leaves_project(&path)),
                    "" | "." => {}
                    ".." => {
                        parts.pop().ok_or_else(|| files::leaves_project(&path))?;
                    }
                    part => parts.push(part),
                }
            }
            let next = parts.join("/");
            entry = self.files.get(&next).ok_or_else(|| {
                Diagnostic::error(Code::UnreadableFile, format!("`{path}` is a link to nothing in the project"))
            })?;
            path = next;
        }
        Err(Diagnostic::error(Code::UnreadableFile, format!("`{path}` is a link to a link to a link")))
    }

    fn config(&self) -> Result<(Config, String), ProjectError> {
        if !self.files.contains_key(CONFIG_FILE) {
            return Ok((Config::default(), String::new()));
        }
        let text = self.read(CONFIG_FILE, CONFIG_BYTES_MAX)?;
        let mut sources = Sources::default();
        let file = sources.add(CONFIG_FILE, text.as_str());
        match Config::parse(&text, file) {
            Ok(config) => Ok((config, text)),
            Err(finding) => Err(ProjectError { findings: vec![finding], sources }),
        }
    }

    fn policies(&self, config: &Config, only: Option<&str>) -> Result<Sources, ProjectError> {
        let ledger_folder = config.ledger.file.parent().map(|folder| folder.to_string_lossy().into_owned());
        let ledger_folder = ledger_folder.filter(|folder| !folder.is_empty()).map(|folder| format!("{folder}/"));
        let is_ours = |path: &str| match only {
            Some(only) => path == only,
            None => {
                path.ends_with(".own")
                    && !path.split('/').any(|part| part.starts_with('.'))
                    && !ledger_folder.as_ref().is_some_and(|folder| path.starts_with(folder.as_str()))
            }
        };
        let found: Vec<(&str, &Entry)> =
            self.files.iter().map(|(path, entry)| (path.as_str(), entry)).filter(|(path, _)| is_ours(path)).collect();
        if found.len() > POLICY_FILES_MAX {
            let text = format!("the project has more than {POLICY_FILES_MAX} `.own` files");
            return Err(Diagnostic::error(Code::TooLarge, text).into());
        }
        let mut wanted: Vec<(&str, &Entry)> = Vec::new();
        let mut findings = Vec::new();
        let mut byte_count = 0_usize;
        for (path, entry) in &found {
            if path.split('/').count() > FOLDERS_DEEP_MAX + 1 {
                let text = format!("`{path}` is more than {FOLDERS_DEEP_MAX} folders deep");
                findings.push(Diagnostic::error(Code::TooLarge, text));
            }
            match self.followed(path, entry) {
                // A file that a link stands for too is read where it is.
                Ok(real) if entry.is_link && found.iter().any(|(_, one)| std::ptr::eq(*one, real)) => {}
                Ok(real) => {
                    byte_count = byte_count.saturating_add(real.bytes);
                    wanted.push((path, real));
                }
                Err(finding) => findings.push(finding),
            }
        }
        if byte_count > POLICY_SET_BYTES_MAX {
            let text = format!("the `.own` files of the project are larger than {POLICY_SET_BYTES_MAX} bytes together");
            findings.push(Diagnostic::error(Code::TooLarge, text));
        }
        let mut sources = Sources::default();
        if findings.is_empty() {
            let mut keep = |name: &str, text: String| {
                sources.add(name, text);
            };
            self.each_text(&wanted, POLICY_BYTES_MAX, &mut keep)?;
            return Ok(sources);
        }
        Err(findings.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_split_at_the_colon_of_its_path() {
        assert_eq!(named("HEAD~1").unwrap(), Named { commit: "HEAD~1", path: None });
        assert_eq!(named("main:policies/crm").unwrap(), Named { commit: "main", path: Some("policies/crm") });
        assert_eq!(named("main@{12:00}:a").unwrap(), Named { commit: "main@{12:00}", path: Some("a") });
        for refused in ["", ":a", "--output=x", "-p", "a\nb", "a\0"] {
            assert!(named(refused).unwrap_err().contains("is no revision"), "{refused}");
        }
    }

    #[test]
    fn a_path_of_a_revision_stays_inside_the_repository() {
        let at = |path: &str| place(path, "policies/crm/", path);
        assert_eq!(at("policies//crm/").unwrap(), "policies/crm");
        assert_eq!(at("./sub").unwrap(), "policies/crm/sub");
        assert_eq!(at("../other").unwrap(), "policies/other");
        assert_eq!(at("").unwrap(), "");
        for refused in ["/etc", "../../../x", "a/../../x", "a\\b"] {
            assert!(at(refused).is_err(), "{refused}");
        }
    }
}
