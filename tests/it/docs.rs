//! Documents that cannot rot: every command in them is run, and what it says is compared with what they show.
//!
//! * a fenced block with `file=NAME` in its info string is written to the sandbox, wherever commands run;
//! * a fenced block called `console` is run: lines that start with `$ ` are commands (`ownward …`, `cd …`, `cat …`), the
//!   lines below a command are its output; `exit=N` says with which code its last command ends;
//! * `<!-- sandbox -->` begins in an empty folder, `<!-- sandbox policies/starter -->` in a copy of one.
//!
//! Blocks inside an HTML comment are written and run too: a page may need more files than its readers do.
//! `OWNWARD_BLESS=1 cargo test docs` writes what the program says into the documents; read the difference afterwards.

use crate::sandbox::{Sandbox, repository};
use std::path::PathBuf;

#[test]
fn the_tutorial_shows_what_happens() {
    document("docs/tutorial.md");
}

#[test]
fn the_readme_shows_what_happens() {
    document("README.md");
}

#[test]
fn the_page_about_ci_shows_what_happens() {
    document("docs/ci.md");
}

#[test]
fn the_page_about_differences_shows_what_happens() {
    document("docs/diff.md");
}

#[test]
fn the_page_on_tests_shows_what_happens() {
    document("docs/testing.md");
}

#[track_caller]
fn document(name: &str) {
    let path = repository().join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut page = Page::new(name);
    for line in text.lines() {
        page.line(line);
    }
    assert!(page.block.is_none(), "{name}: a fenced block is not closed");
    if std::env::var_os("OWNWARD_BLESS").is_some() {
        std::fs::write(&path, page.out).unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    assert!(page.wrong.is_empty(), "{}\nOWNWARD_BLESS=1 writes it into {name}", page.wrong.join("\n"));
}

/// A document on its way through the sandbox.
struct Page {
    name: String,
    sandbox: Sandbox,
    /// Where commands run.
    folder: PathBuf,
    block: Option<Block>,
    line_number: usize,
    /// The document with the output of this run.
    out: String,
    wrong: Vec<String>,
}

struct Block {
    fence: String,
    info: String,
    first_line: usize,
    lines: Vec<String>,
}

impl Page {
    fn new(name: &str) -> Self {
        let sandbox = Sandbox::empty();
        let folder = sandbox.path().to_owned();
        Page { name: name.into(), sandbox, folder, block: None, line_number: 0, out: String::new(), wrong: Vec::new() }
    }

    fn line(&mut self, line: &str) {
        self.line_number += 1;
        match self.block.take() {
            Some(block) if line.trim_end() == block.fence => {
                self.block(&block);
                self.keep(line);
            }
            Some(mut block) => {
                block.lines.push(line.to_owned());
                self.block = Some(block);
            }
            None => {
                self.keep(line);
                self.outside(line);
            }
        }
    }

    fn keep(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn outside(&mut self, line: &str) {
        if let Some(rest) = line.trim().strip_prefix("<!-- sandbox") {
            let from = rest.trim_end_matches("-->").trim();
            self.sandbox = if from.is_empty() { Sandbox::empty() } else { Sandbox::of(from) };
            self.folder = self.sandbox.path().to_owned();
        }
        let ticks = line.chars().take_while(|letter| *letter == '`').count();
        if ticks >= 3 {
            self.block = Some(Block {
                fence: "`".repeat(ticks),
                info: line[ticks..].trim().to_owned(),
                first_line: self.line_number + 1,
                lines: Vec::new(),
            });
        }
    }

    fn block(&mut self, block: &Block) {
        let mut words = block.info.split_whitespace();
        let kind = words.next().unwrap_or_default();
        if let Some(name) = words.clone().find_map(|word| word.strip_prefix("file=")) {
            self.sandbox.write(name, &(block.lines.join("\n") + "\n"));
        }
        if kind == "console" {
            let exit = words.find_map(|word| word.strip_prefix("exit=")).map_or(0, |code| code.parse().unwrap_or(-1));
            return self.console(block, exit);
        }
        for line in &block.lines {
            self.keep(line);
        }
    }

    fn console(&mut self, block: &Block, exit: i32) {
        let commands: Vec<usize> =
            (0..block.lines.len()).filter(|index| block.lines[*index].starts_with("$ ")).collect();
        assert_eq!(commands.first(), Some(&0), "{}:{}: output without a command", self.name, block.first_line);
        let ends = commands.iter().skip(1).copied().chain([block.lines.len()]);
        for (at, end) in commands.iter().zip(ends) {
            let is_last = end == block.lines.len();
            let line = &block.lines[*at];
            let (code, output) = self.command(&line[2..]);
            self.keep(line);
            let shown = block.lines[at + 1..end].join("\n");
            let holds = normal(&shown) == normal(&output);
            // What holds is left as it is: moments and hashes alone make no difference to read.
            match (holds, shown.as_str()) {
                (true, "") => {}
                (true, shown) => self.keep(shown),
                (false, _) => self.out.push_str(&output),
            }
            let wanted = if is_last { exit } else { 0 };
            let place = format!("{}:{}", self.name, block.first_line + at);
            assert_eq!(code, wanted, "{place}: {line}\nended with another exit code and said:\n{output}");
            if !holds {
                self.wrong.push(format!("{place}: {line}\n-- shown:\n{shown}\n-- said:\n{output}"));
            }
        }
    }

    fn command(&mut self, text: &str) -> (i32, String) {
        let words = words(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["cd", folder] => {
                self.folder = self.folder.join(folder);
                (if self.folder.is_dir() { 0 } else { 1 }, String::new())
            }
            ["cat", name] => match std::fs::read_to_string(self.folder.join(name)) {
                Ok(text) => (0, text),
                Err(error) => (1, format!("{name}: {error}\n")),
            },
            ["ownward", args @ ..] => self.sandbox.run_as_on_a_terminal(&self.folder, args),
            _ => (-1, format!("`{text}` is no command that documents can run\n")),
        }
    }
}

/// The words of a command; text in double quotes is one word.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in text.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Output without what differs from run to run: moments, ids, hashes, and the width that they give to a column.
fn normal(text: &str) -> String {
    let line = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        let words: Vec<String> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).map(cell).collect();
        format!("{}{}", " ".repeat(indent), words.join("  "))
    };
    text.trim_end().lines().map(line).collect::<Vec<_>>().join("\n")
}

fn cell(text: &str) -> String {
    let word = |word: &str| {
        let letters = word.trim_end_matches([':', ',', '.']);
        let rest = &word[letters.len()..];
        let is_hash = letters.len() >= 12 && letters.chars().all(|letter| letter.is_ascii_hexdigit());
        let has_zone = letters.ends_with('Z') || letters.len() == 25 && matches!(letters.as_bytes()[19], b'+' | b'-');
        let is_moment = has_zone && letters.len() > 11 && letters.as_bytes()[10] == b'T';
        match (is_hash, is_moment) {
            (true, _) => format!("HASH{rest}"),
            (_, true) => format!("MOMENT{rest}"),
            _ => word.to_owned(),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn moments_and_hashes_are_not_compared() {
    assert_eq!(normal("as of 2026-11-21T20:32:58.53Z\n"), normal("as of 2026-11-22T00:00:00Z"));
    assert_eq!(normal("Applied run 622be55ac40a: 3 entries"), normal("Applied run 1f4508f4fd19: 3 entries"));
    assert_ne!(normal("Applied run 622be55ac40a: 3 entries"), normal("Applied run 622be55ac40a: 4 entries"));
    assert_eq!(normal("a     b"), normal("a  b"));
    assert_ne!(normal("  a"), normal("a"));
}
