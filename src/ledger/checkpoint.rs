//! A checkpoint: the few lines that, kept somewhere else, prove that nothing was cut off the ledger or rewritten.

use std::fmt;
use std::str::FromStr;

use super::Ledger;
use super::error::LedgerError;
use super::merkle::is_hex_digest;
use super::read;
use crate::value::time::show_instant;

const ORIGIN: &str = "ownward ledger checkpoint/1";

/// Where a ledger stood, as a small text to keep in git or beside a build.
///
/// The root proves the entries, the seal the runs (their actors, totals and inputs). Of an empty ledger run, `as of` and
/// seal are `None`, written `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    project: String,
    pub entry_count: u64,
    pub root: String,
    pub run_count: u64,
    pub run: Option<String>,
    /// `as of` of the last run, in microseconds since 1970-01-01T00:00:00Z.
    pub as_of: Option<i64>,
    pub seal: Option<String>,
}

impl Ledger {
    /// The checkpoint of the ledger as it stands. `project` tells checkpoints of several projects apart and proves
    /// nothing; control characters in it become blanks.
    pub fn checkpoint(&self, project: &str) -> Result<Checkpoint, LedgerError> {
        let head = self.read(|connection| Ok(read::tip(connection)?.head))?;
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        Ok(Checkpoint {
            project: project.chars().map(plain).collect::<String>().trim().to_owned(),
            entry_count: head.entry_count,
            root: head.root,
            run_count: head.run_count,
            run: head.last_run,
            as_of: head.last_as_of,
            seal: head.seal,
        })
    }
}

impl Checkpoint {
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Reads the text that `Display` writes; blank lines at the end and `\r\n` are fine.
    ///
    /// Errors: `Checkpoint` with the first line that is not as written.
    pub fn parse(text: &str) -> Result<Checkpoint, LedgerError> {
        let mut lines = Lines { lines: text.trim_end().lines(), line_number: 0 };
        if lines.next_line()? != ORIGIN {
            return Err(lines.wrong(&format!("expected `{ORIGIN}`")));
        }
        let checkpoint = Checkpoint {
            project: lines.field("project")?.to_owned(),
            entry_count: lines.number("entries")?,
            root: lines.digest("root")?.ok_or_else(|| lines.wrong("expected a digest"))?,
            run_count: lines.number("runs")?,
            run: lines.digest("run")?,
            as_of: lines.instant("as-of")?,
            seal: lines.digest("seal")?,
        };
        match lines.lines.next() {
            None => Ok(checkpoint),
            Some(_) => {
                lines.line_number += 1;
                Err(lines.wrong("expected the end of the text"))
            }
        }
    }
}

impl FromStr for Checkpoint {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self, LedgerError> {
        Self::parse(text)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |text: Option<&str>| text.unwrap_or("none").to_owned();
        writeln!(f, "{ORIGIN}")?;
        writeln!(f, "project {}", self.project)?;
        writeln!(f, "entries {}", self.entry_count)?;
        writeln!(f, "root {}", self.root)?;
        writeln!(f, "runs {}", self.run_count)?;
        writeln!(f, "run {}", or_none(self.run.as_deref()))?;
        writeln!(f, "as-of {}", or_none(self.as_of.map(show_instant).as_deref()))?;
        writeln!(f, "seal {}", or_none(self.seal.as_deref()))
    }
}

/// The lines of a checkpoint, one after the other.
struct Lines<'a> {
    lines: std::str::Lines<'a>,
    line_number: usize,
}

impl<'a> Lines<'a> {
    fn wrong(&self, detail: &str) -> LedgerError {
        LedgerError::Checkpoint { line_number: self.line_number, detail: detail.to_owned() }
    }

    fn next_line(&mut self) -> Result<&'a str, LedgerError> {
        self.line_number += 1;
        self.lines.next().ok_or_else(|| self.wrong("the text ends too early"))
    }

    fn field(&mut self, name: &str) -> Result<&'a str, LedgerError> {
        let line = self.next_line()?;
        match line.split_once(' ') {
            Some((found, value)) if found == name => Ok(value),
            // A project without a name leaves nothing after the word, and editors trim what is left.
            None if line == name => Ok(""),
            _ => Err(self.wrong(&format!("expected `{name} …`"))),
        }
    }

    fn number(&mut self, name: &str) -> Result<u64, LedgerError> {
        let text = self.field(name)?;
        text.parse().map_err(|_| self.wrong("expected a number"))
    }

    fn digest(&mut self, name: &str) -> Result<Option<String>, LedgerError> {
        match self.field(name)? {
            "none" => Ok(None),
            text if is_hex_digest(text) => Ok(Some(text.to_owned())),
            _ => Err(self.wrong("expected a digest of 64 hexadecimal digits")),
        }
    }

    fn instant(&mut self, name: &str) -> Result<Option<i64>, LedgerError> {
        match self.field(name)? {
            "none" => Ok(None),
            text => match text.parse::<jiff::Timestamp>() {
                Ok(timestamp) => Ok(Some(timestamp.as_microsecond())),
                Err(_) => Err(self.wrong("expected an instant such as 2026-01-31T09:00:00Z")),
            },
        }
    }
}
