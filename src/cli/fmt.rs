//! `fmt`: the one tidy layout.

use super::args::FmtArgs;
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count};
use crate::format::{FormatError, format};
use crate::limits::POLICY_BYTES_MAX;
use crate::project::{Project, write_whole};
use crate::source::{SourceFile, Sources};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What became of the files.
#[derive(Default)]
struct Tally {
    tidy: u64,
    changed: u64,
    broken: u64,
}

pub fn run(args: &FmtArgs, out: &Output) -> Result<Exit> {
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        return stdin(args, out);
    }
    let mut tally = Tally::default();
    let here = vec![PathBuf::from(".")];
    for path in if args.paths.is_empty() { &here } else { &args.paths } {
        let project =
            Project::open(path).map_err(|error| Failure::findings(Exit::CouldNotRun, error.findings, error.sources))?;
        for (_, file) in project.sources.iter() {
            one_file(&project.root.join(&file.name), file, args, out, &mut tally)?;
        }
    }
    let verb = if args.check || args.diff { "would change" } else { "changed" };
    let mut words = vec![format!("{} {verb}", count(tally.changed, "file"))];
    words.push(format!("{} tidy already", tally.tidy));
    if tally.broken > 0 {
        words.push(format!("{} left as they are, because of errors", tally.broken));
    }
    out.line(&words.join(", "))?;
    let failed = tally.broken > 0 || (args.check && tally.changed > 0);
    Ok(if failed { Exit::Findings } else { Exit::Fine })
}

fn one_file(path: &Path, file: &SourceFile, args: &FmtArgs, out: &Output, tally: &mut Tally) -> Result<()> {
    let Some(tidy) = formatted(file, out, tally)? else {
        return Ok(());
    };
    if tidy == file.text {
        tally.tidy += 1;
        return Ok(());
    }
    tally.changed += 1;
    if args.diff {
        out.text(&diff(&file.name, &file.text, &tidy))?;
    } else if args.check {
        out.line(&format!("not tidy: {}", file.name))?;
    }
    if !args.check && !args.diff {
        write_whole(path, |to| to.write_all(tidy.as_bytes()))
            .map_err(|error| Failure::could_not_run(format!("`{}` cannot be written: {error}", file.name)))?;
    }
    Ok(())
}

/// The tidy text; `None` where the file has errors, which are shown.
fn formatted(file: &SourceFile, out: &Output, tally: &mut Tally) -> Result<Option<String>> {
    match format(&file.text) {
        Ok(tidy) => Ok(Some(tidy)),
        Err(FormatError::Broken(findings)) => {
            tally.broken += 1;
            let mut sources = Sources::default();
            sources.add(&file.name, file.text.as_str());
            out.messages(&findings, &sources);
            Ok(None)
        }
        Err(error @ FormatError::Changed { .. }) => Err(Failure::could_not_run(format!("{}: {error}", file.name))),
    }
}

fn stdin(args: &FmtArgs, out: &Output) -> Result<Exit> {
    let mut text = String::new();
    let mut bounded = std::io::stdin().lock().take(POLICY_BYTES_MAX as u64 + 1);
    bounded
        .read_to_string(&mut text)
        .map_err(|error| Failure::could_not_run(format!("stdin cannot be read as UTF-8 text: {error}")))?;
    let file = SourceFile::new("-", text);
    let mut tally = Tally::default();
    let Some(tidy) = formatted(&file, out, &mut tally)? else {
        return Ok(Exit::Findings);
    };
    let changed = tidy != file.text;
    if args.diff {
        out.text(&diff("-", &file.text, &tidy))?;
    } else if !args.check {
        out.text(&tidy)?;
    }
    Ok(if args.check && changed { Exit::Findings } else { Exit::Fine })
}

fn diff(name: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(2)
        .header(&format!("{name} (now)"), &format!("{name} (tidy)"))
        .to_string()
}
