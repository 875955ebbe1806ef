//! Reads `tests/language/*.md`: a policy, tables of records and people, and what must come of each record.
//!
//! A file is a row of cases, each under a `##` heading. Inside a case a block marked `own` is the policy, one marked
//! `csv NAME` a file beside it. A table whose first header is `person` is the directory, any other holds the records
//! of the type in its first header, which stands over the column `id`. `→ owner` is the expected owner with its outcome
//! (`Triage`, `kept ana`, `nobody`, `unmatched`, `invalid ana`), `→ by` the rule: its label, or `rule 2` counted from 1.
//! A cell in back-ticks keeps its blanks. `as of …`, `error …`, `warning …` and `drifted …` are lines of their own.

use crate::world::{Checked, Decision, Rows, World};
use ownward::check::policy::RoleId;
use ownward::diagnostic::Severity;
use ownward::schema::{Membership, Person};
use ownward::value::Outcome;
use ownward::value::time::AsOf;
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn every_written_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    let mut count = 0;
    let mut failures = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        for case in cases(&text) {
            count += 1;
            if let Err(reason) = case.run() {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                failures.push(format!("{name}: {}\n{reason}", case.title));
            }
        }
    }
    assert!(count > 60, "only {count} cases were found");
    assert!(failures.is_empty(), "{} of {count} cases fail\n\n{}", failures.len(), failures.join("\n\n"));
}

/// One case as written.
struct Case {
    title: String,
    world: World,
    /// Expected errors; where there are some, nothing is decided.
    errors: Vec<String>,
    warnings: Vec<String>,
    /// By record type and row: what must come of it.
    expected: Vec<Expected>,
}

struct Expected {
    record: String,
    row: usize,
    role: String,
    owner: String,
    by: Option<String>,
}

fn cases(text: &str) -> Vec<Case> {
    let text = text.replace("\r\n", "\n");
    text.split("\n## ").skip(1).map(Case::read).collect()
}

impl Case {
    fn read(text: &str) -> Self {
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        let mut case = Case {
            title: title.to_owned(),
            world: World::new(""),
            errors: Vec::new(),
            warnings: Vec::new(),
            expected: Vec::new(),
        };
        let mut lines = body.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(kind) = line.strip_prefix("```") {
                let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
                case.block(kind, &(block.join("\n") + "\n"));
            } else if line.starts_with('|') {
                let mut rows = vec![cells(line)];
                while let Some(line) = lines.next_if(|line| line.starts_with('|')) {
                    rows.push(cells(line));
                }
                case.table(rows);
            } else {
                case.line(line);
            }
        }
        case
    }

    fn block(&mut self, kind: &str, text: &str) {
        match kind.split_once(' ') {
            Some(("csv", name)) => {
                self.world.files.insert(name.trim().to_owned(), text.to_owned());
            }
            _ if kind == "own" => self.world.policy.push_str(text),
            _ => panic!("{}: a block of `{kind}`", self.title),
        }
    }

    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_matches(['`', ','])).collect();
        match words.as_slice() {
            ["as", "of", instant, "in", zone] => {
                let zone = jiff::tz::TimeZone::get(zone).expect("a zone");
                let instant = instant.parse::<jiff::Timestamp>().expect("an instant").as_microsecond();
                self.world.as_of = AsOf { instant, zone };
            }
            ["error", codes @ ..] => self.errors.extend(codes.iter().map(|code| (*code).to_owned())),
            ["warning", codes @ ..] => self.warnings.extend(codes.iter().map(|code| (*code).to_owned())),
            ["drifted", record, keys @ ..] => {
                let keys = keys.iter().map(|key| (*key).to_owned()).collect();
                self.world.drifted.insert((*record).to_owned(), keys);
            }
            // Anything else explains the case to a reader.
            _ => {}
        }
    }

    fn table(&mut self, rows: Vec<Vec<String>>) {
        let [headers, _, rows @ ..] = rows.as_slice() else {
            panic!("{}: a table without a line under its headers", self.title);
        };
        let first = headers[0].clone();
        if first == "person" {
            self.world.people = Some(rows.iter().map(|row| person(headers, row)).collect());
            return;
        }
        let is_data = |at: &usize| !headers[*at].starts_with('→');
        let data: Vec<usize> = (0..headers.len()).filter(is_data).collect();
        let name = |at: &usize| if *at == 0 { "id".to_owned() } else { headers[*at].clone() };
        let kept = Rows {
            headers: data.iter().map(name).collect(),
            cells: rows.iter().map(|row| data.iter().map(|at| row[*at].clone()).collect()).collect(),
        };
        for (at, row) in rows.iter().enumerate() {
            self.expect(&first, at, headers, row);
        }
        self.world.rows.insert(first, kept);
    }

    fn expect(&mut self, record: &str, row: usize, headers: &[String], cells: &[String]) {
        let answers: BTreeMap<&str, &String> =
            headers.iter().zip(cells).filter_map(|(header, cell)| Some((header.strip_prefix("→ ")?, cell))).collect();
        for (name, cell) in &answers {
            if *name == "by" || name.ends_with(" by") {
                continue;
            }
            let by = if *name == "owner" { "by".to_owned() } else { format!("{name} by") };
            self.expected.push(Expected {
                record: record.to_owned(),
                row,
                role: (*name).to_owned(),
                owner: (*cell).clone(),
                by: answers.get(by.as_str()).map(|by| (*by).clone()),
            });
        }
    }

    fn run(&self) -> Result<(), String> {
        let checked = self.world.check();
        self.messages(&checked)?;
        if !self.errors.is_empty() {
            return Ok(());
        }
        if self.expected.is_empty() && self.warnings.is_empty() {
            return Err("nothing is expected of it".to_owned());
        }
        let built = self.world.build();
        let decision = built.decide();
        let wrong: Vec<String> = self.expected.iter().filter_map(|one| one.compare(&decision).err()).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }

    fn messages(&self, checked: &Checked) -> Result<(), String> {
        let mut errors = checked.codes(Severity::Error);
        errors.sort_unstable();
        let mut expected = self.errors.clone();
        expected.sort_unstable();
        if errors != expected {
            return Err(format!("errors {errors:?}, expected {expected:?}\n{}", checked.rendered()));
        }
        let warnings = checked.codes(Severity::Warning);
        match self.warnings.iter().find(|code| !warnings.contains(&code.as_str())) {
            Some(code) => Err(format!("no warning {code} among {warnings:?}")),
            None => Ok(()),
        }
    }
}

impl Expected {
    fn compare(&self, decision: &Decision<'_>) -> Result<(), String> {
        let policy = &decision.built.policy;
        let record = policy.schema.find_record(&self.record).ok_or_else(|| format!("no record {}", self.record))?;
        let role = policy.find_role(record, &self.role).ok_or_else(|| format!("no role {}", self.role))?;
        let row = u32::try_from(self.row).expect("few rows");
        let place = format!("  {} {}, {}", self.record, self.row + 1, self.role);
        let (owner, by) = shown(decision, role, row);
        if owner != self.owner {
            return Err(format!("{place}: `{owner}`, expected `{}`", self.owner));
        }
        match &self.by {
            Some(expected) if *expected != by => Err(format!("{place}: by `{by}`, expected `{expected}`")),
            _ => self.agrees(decision, role, row, &place),
        }
    }

    /// The plain interpreter must say the same of every record that is decided by rules.
    fn agrees(&self, decision: &Decision<'_>, role: RoleId, row: u32, place: &str) -> Result<(), String> {
        let answer = decision.answer(role, row);
        let expected = decision.expected(role, row, answer.outcome == Outcome::Invalid);
        if answer == expected { Ok(()) } else { Err(format!("{place}: the interpreter says {expected:?}")) }
    }
}

/// Owner and rule as a case writes them.
fn shown(decision: &Decision<'_>, role: RoleId, row: u32) -> (String, String) {
    let answer = decision.answer(role, row);
    let owner = answer.owner.map_or(String::new(), |owner| owner.id);
    let owner = match answer.outcome {
        Outcome::Assigned => owner,
        other => format!("{} {owner}", other.word()).trim().to_owned(),
    };
    let by = answer.rule.map_or(String::new(), |rule| {
        let label = decision.built.policy.role(role).rule(rule).label.clone();
        label.unwrap_or_else(|| format!("rule {}", rule.0 + 1))
    });
    (owner, by)
}

/// The cells of a line of a table.
fn cells(line: &str) -> Vec<String> {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
    let cell = |text: &str| match text.trim().strip_prefix('`').and_then(|text| text.strip_suffix('`')) {
        Some(exact) => exact.to_owned(),
        None => text.trim().to_owned(),
    };
    inner.split('|').map(cell).collect()
}

fn person(headers: &[String], row: &[String]) -> Person {
    let cell = |name: &str| {
        let at = headers.iter().position(|header| header == name)?;
        Some(row[at].clone()).filter(|text| !text.is_empty())
    };
    Person {
        key: row[0].clone(),
        name: cell("name"),
        email: cell("email"),
        teams: cell("team")
            .map_or_else(Vec::new, |teams| teams.split(';').map(|team| Membership::always(team.trim())).collect()),
        manager: cell("manager"),
        active: cell("active").as_deref() != Some("no"),
        ..Person::default()
    }
}
