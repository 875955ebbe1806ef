//! A folder of its own for a test, and the program run in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A temporary folder, deleted at the end of the test.
pub struct Sandbox {
    folder: TempDir,
}

/// What a run of the program left behind.
pub struct Ran {
    command: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// The repository's folder.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Sandbox {
    pub fn empty() -> Self {
        Sandbox { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A copy of a folder of the repository. Hidden files stay behind: a ledger is the history of one machine.
    pub fn of(folder: &str) -> Self {
        let sandbox = Self::empty();
        copy(&repository().join(folder), sandbox.path());
        sandbox
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, and the folders it stands in.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder for the file");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{} cannot be written: {error}", path.display()));
    }

    /// Runs the program in the sandbox. Nobody sits at its terminal: no questions, no colours, no drawings.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(args, &mut self.command(self.path(), args))
    }

    /// As [`Sandbox::run`], started by a shell script that finds the program in `$0` and what it is asked in `$@`.
    pub fn run_in_shell(&self, script: &str, args: &[&str]) -> Ran {
        let mut shell = at(self.path(), "sh");
        Ran::of(args, shell.args(["-c", script, env!("CARGO_BIN_EXE_ownward")]).args(args))
    }

    /// As [`Sandbox::run`] in a folder of the sandbox, with results and messages in the order in which a terminal shows
    /// them.
    pub fn run_as_on_a_terminal(&self, folder: &Path, args: &[&str]) -> (i32, String) {
        let log = tempfile::NamedTempFile::new().expect("a file for the output");
        let writer = || File::options().append(true).open(log.path()).expect("the output's file");
        let status = self.command(folder, args).stdout(writer()).stderr(writer()).status().expect("the program starts");
        (status.code().unwrap_or(-1), fs::read_to_string(log.path()).expect("output is UTF-8"))
    }

    /// The program, not yet started.
    pub fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = at(folder, env!("CARGO_BIN_EXE_ownward"));
        command.args(args);
        command
    }
}

fn at(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env("USER", "you").stdin(std::process::Stdio::null());
    command
}

impl Ran {
    fn of(args: &[&str], command: &mut Command) -> Self {
        let output = command.output().expect("the program starts");
        Ran {
            command: format!("ownward {}", args.join(" ")),
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("results are UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }

    /// The run ended well.
    #[track_caller]
    pub fn success(self) -> Self {
        self.fails_with(0)
    }

    /// The run ended with this exit code.
    #[track_caller]
    pub fn fails_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "`{}` said:\n{}{}", self.command, self.stdout, self.stderr);
        self
    }

    /// The one JSON value of a result.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }

    pub fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let path: PathBuf = entry.expect("a readable folder").path();
        let name = path.file_name().expect("an entry has a name");
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let copied = to.join(name);
        if path.is_dir() {
            fs::create_dir_all(&copied).expect("a folder for the copy");
            copy(&path, &copied);
        } else {
            fs::copy(&path, &copied).expect("a copy");
        }
    }
}
