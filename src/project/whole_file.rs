//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Result, Write};
use std::path::Path;

/// Writes a file beside its place and moves it there: a reader sees the old one or the new one, never a half.
///
/// The new file keeps the rights of the old one. Where anything fails, the old one stays as it was.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_beside(&beside, path, write).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The half-written copy is of no use to anybody. It may not be there; then there is nothing to tidy.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_beside(beside: &Path, path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    // What is left of a process that died and had our number is overwritten, a link is not followed.
    let _ = fs::remove_file(beside);
    let file = File::create_new(beside)?;
    let mut to = BufWriter::new(&file);
    write(&mut to)?;
    to.flush()?;
    drop(to);
    if let Ok(old) = fs::metadata(path) {
        fs::set_permissions(beside, old.permissions())?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("plan.json");
        write_whole(&path, |to| to.write_all(b"old")).unwrap();
        let failed = write_whole(&path, |to| {
            to.write_all(b"half")?;
            Err(std::io::Error::other("the disk is full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "the disk is full");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn rights_are_kept_and_a_link_in_the_way_is_not_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::TempDir::new().unwrap();
        let (path, other) = (folder.path().join("rules.own"), folder.path().join("other"));
        fs::write(&path, "old").unwrap();
        fs::write(&other, "another file").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&other, folder.path().join(format!(".rules.own.{}.tmp", std::process::id()))).unwrap();
        write_whole(&path, |to| to.write_all(b"new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_to_string(&other).unwrap(), "another file");
    }
}
