//! `fmt`: the one tidy layout.

use super::args::{FmtArgs, Format};
use super::ci;
use super::exit::{Exit, Failure, Result};
use super::output::{Output, count};
use crate::diagnostic::render::Report;
use crate::diagnostic::{Code, Diagnostic, Label, Severity};
use crate::format::{FormatError, format};
use crate::limits::POLICY_BYTES_MAX;
use crate::project::{Project, write_whole};
use crate::source::{FileId, SourceFile, Sources, Span};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What became of the files.
#[derive(Default)]
struct Tally {
    tidy: u64,
    changed: u64,
    broken: u64,
    /// What is wrong with files, for the forms for machines; paths in `sources` begin at the repository.
    findings: Vec<Diagnostic>,
    sources: Sources,
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
        let folder = ci::folder(&project.root);
        for (_, file) in project.sources.iter() {
            one_file(&project.root, &folder, file, args, out, &mut tally)?;
        }
    }
    let failed = tally.broken > 0 || (args.check && tally.changed > 0);
    if !publish(&tally, out)? {
        let verb = if args.check || args.diff { "would change" } else { "changed" };
        let mut words = vec![format!("{} {verb}", count(tally.changed, "file"))];
        words.push(format!("{} tidy already", tally.tidy));
        if tally.broken > 0 {
            words.push(format!("{} left as they are, because of errors", tally.broken));
        }
        out.line(&words.join(", "))?;
    }
    Ok(if failed { Exit::Findings } else { Exit::Fine })
}

fn publish(tally: &Tally, out: &Output) -> Result<bool> {
    let report = Report {
        findings: &tally.findings,
        sources: &tally.sources,
        folder: "",
        home: "",
        docs: None,
        fails: Severity::Error,
    };
    ci::publish(&report, out)
}

fn one_file(
    root: &Path,
    folder: &str,
    file: &SourceFile,
    args: &FmtArgs,
    out: &Output,
    tally: &mut Tally,
) -> Result<()> {
    let is_for_people = matches!(out.format, Format::Text | Format::Plain);
    let id = tally.sources.add(format!("{folder}{}", file.name), file.text.as_str());
    let tidy = match formatted(file, out, is_for_people)? {
        Ok(tidy) => tidy,
        Err(findings) => {
            tally.broken += 1;
            tally.findings.extend(findings.into_iter().map(|finding| moved(finding, id)));
            return Ok(());
        }
    };
    if tidy == file.text {
        tally.tidy += 1;
        return Ok(());
    }
    tally.changed += 1;
    tally.findings.push(not_tidy(id, &file.text, &tidy));
    if args.diff && is_for_people {
        out.text(&diff(&file.name, &file.text, &tidy))?;
    } else if args.check && is_for_people {
        out.line(&format!("not tidy: {}", file.name))?;
    }
    if !args.check && !args.diff {
        write_whole(&root.join(&file.name), |to| to.write_all(tidy.as_bytes()))
            .map_err(|error| Failure::could_not_run(format!("`{}` cannot be written: {error}", file.name)))?;
    }
    Ok(())
}

/// The finding at the first line that would change.
fn not_tidy(id: FileId, text: &str, tidy: &str) -> Diagnostic {
    let same = text.split_inclusive('\n').zip(tidy.split_inclusive('\n')).take_while(|(old, new)| old == new);
    let start: usize = same.map(|(line, _)| line.len()).sum();
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    Diagnostic::error(Code::NotTidy, "a file that is not set in the one layout")
        .at(Span::new(id, start, end.max(start)), "the first line that would change")
        .help("run `ownward fmt`")
}

/// A finding of a file that was looked at alone, as one of the file with this id.
fn moved(mut finding: Diagnostic, id: FileId) -> Diagnostic {
    let label = |label: &mut Label| label.span.file = id;
    finding.primary.iter_mut().chain(&mut finding.others).for_each(label);
    finding.fix.iter_mut().for_each(|fix| fix.span.file = id);
    finding
}

/// The tidy text, or the errors of a file; people are shown them at once.
fn formatted(
    file: &SourceFile,
    out: &Output,
    is_for_people: bool,
) -> Result<std::result::Result<String, Vec<Diagnostic>>> {
    match format(&file.text) {
        Ok(tidy) => Ok(Ok(tidy)),
        Err(FormatError::Broken(findings)) => {
            if is_for_people {
                let mut sources = Sources::default();
                sources.add(&file.name, file.text.as_str());
                out.messages(&findings, &sources);
            }
            Ok(Err(findings))
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
    let is_for_people = matches!(out.format, Format::Text | Format::Plain);
    let formatted = formatted(&file, out, is_for_people)?;
    let changed = formatted.as_ref().is_ok_and(|tidy| *tidy != file.text);
    if !is_for_people {
        let mut tally = Tally::default();
        let id = tally.sources.add("-", file.text.as_str());
        let findings = match formatted {
            Ok(tidy) if changed => vec![not_tidy(id, &file.text, &tidy)],
            Ok(_) => Vec::new(),
            Err(findings) => findings,
        };
        tally.findings = findings;
        publish(&tally, out)?;
        return Ok(if tally.findings.is_empty() { Exit::Fine } else { Exit::Findings });
    }
    let Ok(tidy) = formatted else {
        return Ok(Exit::Findings);
    };
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
