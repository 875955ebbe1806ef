//! Paths that stay inside the project, and text files that stay inside their limits.

use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// The canonical path of something that exists below `root`.
///
/// Refused: absolute paths, `..`, and links that lead out. A name that is not there gets a did-you-mean.
pub(super) fn path_below(root: &Path, relative: &Path) -> Result<PathBuf, Diagnostic> {
    let shown = relative.display().to_string();
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if relative.as_os_str().is_empty() || !relative.components().all(plain) {
        return Err(Diagnostic::error(Code::OutsideProject, format!("`{shown}` is no path inside the project"))
            .help("write a path that starts at the project's folder, without `..`"));
    }
    let path = root.join(relative);
    let canonical = path.canonicalize().map_err(|error| absent(&path, &shown, &error))?;
    let canonical_root = root.canonicalize().map_err(|error| unreadable(&root.display().to_string(), &error))?;
    if !canonical.starts_with(&canonical_root) {
        return Err(leaves_project(&shown));
    }
    Ok(canonical)
}

/// As [`path_below`], for a regular file: no folder, no pipe, no device.
pub fn file_below(root: &Path, relative: &Path) -> Result<PathBuf, Diagnostic> {
    let path = path_below(root, relative)?;
    let shown = relative.display().to_string();
    let about = path.metadata().map_err(|error| unreadable(&shown, &error))?;
    if about.is_file() { Ok(path) } else { Err(no_regular_file(&shown)) }
}

/// The text of a regular file of at most `bytes_max` bytes; `shown` is how messages call it.
///
/// A byte order mark at its start is left out.
pub(crate) fn read_text(path: &Path, shown: &str, bytes_max: usize) -> Result<String, Diagnostic> {
    let file = File::open(path).map_err(|error| unreadable(shown, &error))?;
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file at the limit from one past it.
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(shown, &error))?;
    if bytes.len() > bytes_max {
        return Err(Diagnostic::error(Code::TooLarge, format!("`{shown}` is larger than {bytes_max} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(shown, error.utf8_error().valid_up_to()))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

pub(crate) fn not_utf8(shown: &str, offset: usize) -> Diagnostic {
    Diagnostic::error(Code::NotUtf8, format!("`{shown}` is not written in UTF-8: byte {offset} begins no character"))
        .help("save the file as UTF-8 and try again")
}

pub(crate) fn unreadable(shown: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::UnreadableFile, format!("`{shown}` cannot be read: {}", reason(error)))
}

pub(crate) fn no_regular_file(shown: &str) -> Diagnostic {
    Diagnostic::error(Code::UnreadableFile, format!("`{shown}` is no regular file"))
        .help("folders, pipes and devices are not read; put a plain file in its place")
}

pub(crate) fn leaves_project(shown: &str) -> Diagnostic {
    Diagnostic::error(Code::OutsideProject, format!("`{shown}` is a link that leaves the project"))
        .help("put the file itself into the project's folder")
}

/// What went wrong, without the number that the system appends.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = plain.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => plain.to_owned(),
    }
}

fn absent(path: &Path, shown: &str, error: &std::io::Error) -> Diagnostic {
    if error.kind() != std::io::ErrorKind::NotFound {
        return unreadable(shown, error);
    }
    Diagnostic::error(Code::UnreadableFile, format!("there is no `{shown}` in the project")).maybe_help(near_file(path))
}

/// The name beside `path` that was most likely meant.
pub(crate) fn near_file(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let mut names: Vec<String> =
        path.parent()?.read_dir().ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    did_you_mean(wanted, names.iter().map(String::as_str))
}
