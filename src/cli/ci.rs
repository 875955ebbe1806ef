//! Findings in the forms that CI systems take.

use super::args::Format;
use super::exit::Result;
use super::output::Output;
use crate::diagnostic::render::{self, Cut, Report};
use std::path::Path;

/// Writes a report to stdout in the form asked for, and says on stderr what had no room in it. `false`: the form is one for
/// people, and nothing was written.
pub fn publish(report: &Report<'_>, out: &Output) -> Result<bool> {
    let left_out = match out.format {
        Format::Json => {
            out.json(&render::json_report(report))?;
            String::new()
        }
        Format::Jsonl => {
            for line in render::json_lines(report) {
                out.line(&line.to_string())?;
            }
            String::new()
        }
        Format::Github => {
            let Cut { form, left_out } = render::annotations(report);
            for line in form {
                out.line(&line)?;
            }
            left_out
        }
        Format::Sarif => {
            let Cut { form, left_out } = render::sarif(report);
            out.json(&form)?;
            left_out
        }
        Format::Gitlab => {
            let Cut { form, left_out } = render::gitlab(report);
            out.json(&form)?;
            left_out
        }
        Format::Junit => {
            out.text(&render::junit(report))?;
            String::new()
        }
        Format::Markdown => {
            let Cut { form, left_out } = render::markdown(report);
            out.text(&form)?;
            left_out
        }
        Format::Text | Format::Plain | Format::Csv => return Ok(false),
    };
    if !left_out.is_empty() {
        out.say(&format!("{left_out} left out: this format has no room for more"));
    }
    Ok(true)
}

/// A folder as a CI system calls it: from the root of its repository, or from here where there is none. With a `/` behind
/// it; empty for that root itself, and for a folder outside.
pub fn folder(root: &Path) -> String {
    let repository = root.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_owned);
    let base = repository.or_else(|| std::env::current_dir().and_then(|here| here.canonicalize()).ok());
    let inside = base.as_deref().and_then(|base| root.strip_prefix(base).ok());
    let parts = inside.into_iter().flat_map(Path::components);
    parts.map(|part| format!("{}/", part.as_os_str().to_string_lossy())).collect()
}
