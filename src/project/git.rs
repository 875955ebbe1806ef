//! The `git` program: what of it is used, and how it is asked. Nothing is written, no shell is between, no hook runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The repository that holds a folder.
#[derive(Clone, Debug)]
pub(super) struct Git {
    folder: PathBuf,
}

/// What a run of `git` came to.
pub(super) struct Said {
    pub is_fine: bool,
    pub out: Vec<u8>,
    /// There was more than asked for.
    pub is_cut: bool,
    /// The first line of its complaint.
    pub complaint: String,
}

impl Git {
    pub fn at(folder: &Path) -> Self {
        Git { folder: folder.to_path_buf() }
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        // A hook that calls us says which repository it runs for; the folder says it better. Objects that it keeps
        // aside (`GIT_OBJECT_DIRECTORY`) are still found.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE"] {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .arg("--no-pager")
            .arg("-C")
            .arg(&self.folder);
        command
    }

    /// Runs `git` and takes at most `bytes_max` bytes of what it says.
    pub fn run(&self, args: &[&str], bytes_max: usize) -> Result<Said, String> {
        let mut command = self.command();
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = start(&mut command)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let mut out = Vec::new();
        let mut complaint = String::new();
        // Both are read at once: `git` would wait for ever with one pipe full while we wait for the other.
        let read = std::thread::scope(|scope| {
            scope.spawn(|| {
                // A complaint that cannot be read is none; the exit code tells.
                let _ = stderr.map(|stderr| stderr.take(4096).read_to_string(&mut complaint));
            });
            let read = stdout.map_or(Ok(0), |stdout| stdout.take(bytes_max as u64 + 1).read_to_end(&mut out));
            if out.len() > bytes_max {
                // It would wait for a reader for ever. That it ended before is as good.
                let _ = child.kill();
            }
            read
        });
        read.map_err(|error| broken(&error))?;
        let is_cut = out.len() > bytes_max;
        let status = child.wait().map_err(|error| broken(&error))?;
        let first = complaint.lines().next().unwrap_or_default();
        let first = first.strip_prefix("fatal: ").unwrap_or(first).to_owned();
        Ok(Said { is_fine: status.success() || is_cut, out, is_cut, complaint: first })
    }

    /// The one line that `git` answers with, or its complaint.
    pub fn line(&self, args: &[&str]) -> Result<Result<String, String>, String> {
        let said = self.run(args, 64 << 10)?;
        let line = String::from_utf8_lossy(&said.out).trim_end_matches('\n').to_owned();
        Ok(if said.is_fine { Ok(line) } else { Err(said.complaint) })
    }

    /// Begins to read objects, one after the other.
    pub fn objects(&self) -> Result<Objects, String> {
        let mut command = self.command();
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = start(&mut command)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(ask), Some(answers)) => Ok(Objects { child, ask, answers: BufReader::new(answers) }),
            _ => Err("`git` cannot be talked to".to_owned()),
        }
    }
}

fn start(command: &mut Command) -> Result<Child, String> {
    command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            "the program `git` was not found: install it, or name two folders instead of revisions".to_owned()
        }
        _ => format!("`git` cannot be started: {}", super::reason(&error)),
    })
}

fn broken(error: &std::io::Error) -> String {
    format!("what `git` says cannot be read: {}", super::reason(error))
}

/// A `git cat-file --batch` that answers until it is dropped.
pub(super) struct Objects {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    /// The bytes of a blob. `None` where there is no such object (a clone that does not hold everything).
    ///
    /// An object is asked for and read before the next: neither side ever waits for the other with a full pipe. The
    /// caller has looked at its size.
    pub fn read(&mut self, object: &str) -> Result<Option<Vec<u8>>, String> {
        let ask = writeln!(self.ask, "{object}").and_then(|()| self.ask.flush());
        ask.map_err(|error| broken(&error))?;
        let mut head = String::new();
        self.answers.read_line(&mut head).map_err(|error| broken(&error))?;
        let mut words = head.split_whitespace().skip(1);
        let (Some("blob"), Some(size)) = (words.next(), words.next().and_then(|size| size.parse::<u64>().ok())) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        (&mut self.answers).take(size).read_to_end(&mut bytes).map_err(|error| broken(&error))?;
        let mut end = [0];
        self.answers.read_exact(&mut end).map_err(|error| broken(&error))?;
        Ok(Some(bytes))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // It has nothing to finish.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
