//! The examples of `docs/language.md` and `docs/settings.md`, run by the program itself.
//!
//! The words behind the fence say how a block is run: `own file=NAME` (also `csv`, `toml`) is part of the project that
//! all examples share; `own` is one more file of it; `condition`, `rules` and `fields` are wrapped as [`Block::policy`]
//! shows; `alone` and `loose` stand by themselves; `error=CODE` and `not-yet` are refused with that code alone. A table
//! under a block holds records and, in the columns of [`EXPECTED`], what comes of them. A column `FIELD on WHEN` says what
//! the field was at an earlier run, which is applied first; `(absent)` is a record that was not there yet.

use ownward::project::Config;
use ownward::source::Sources;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

const AS_OF: &str = "2026-07-01T12:00:00Z";
const EXPECTED: [&str; 6] = ["holds", "outcome", "owner", "rule", "team", "territory"];

type Row = BTreeMap<String, String>;

#[derive(Debug, Default)]
struct Block {
    line_number: usize,
    words: Vec<String>,
    text: String,
    table: Vec<Row>,
}

fn doc(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(text.lines()).peekable();
    while let Some((line_number, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let mut block = Block { line_number, words: info.split(' ').map(str::to_owned).collect(), ..Block::default() };
        for (_, line) in lines.by_ref().take_while(|(_, line)| *line != "```") {
            block.text.push_str(line);
            block.text.push('\n');
        }
        while lines.next_if(|(_, line)| line.is_empty()).is_some() {}
        let mut rows = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with('|')) {
            rows.push(line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
        }
        let is_result = rows.first().is_some_and(|header| EXPECTED.contains(&header[header.len() - 1].as_str()));
        if is_result {
            let cells = |row: &Vec<String>| rows[0].iter().cloned().zip(row.iter().cloned()).collect();
            block.table = rows[2..].iter().map(cells).collect();
        }
        blocks.push(block);
    }
    blocks
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.words.iter().any(|own| own == word)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }

    fn policy(&self) -> String {
        let text = &self.text;
        if self.is("condition") {
            format!("decide owner of Account {{\nwhen\n{text}\nassign to nobody }}")
        } else if self.is("rules") {
            // On the first line, so that rules have the places that the page shows.
            format!("decide owner of Account {{ {text}}}")
        } else if self.is("fields") {
            format!(
                "record Example {{\nid text, key\n{text}}}\ndecide owner of Example {{ otherwise assign to nobody }}"
            )
        } else {
            text.clone()
        }
    }

    fn error(&self) -> Option<&str> {
        if self.is("not-yet") { Some("not-yet") } else { self.value("error") }
    }
}

/// The project that the examples share, as file names and texts.
fn shared(blocks: &[Block]) -> BTreeMap<String, String> {
    blocks.iter().filter_map(|block| Some((block.value("file")?.to_owned(), block.text.clone()))).collect()
}

fn ownward(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ownward")).args(args).current_dir(folder).output().unwrap()
}

/// What a row of a table says of a record's fields: now, or at an earlier run.
fn fields(row: &Row, when: Option<&str>) -> Row {
    let field = |(name, cell): (&String, &String)| {
        let (name, at) = name.split_once(" on ").map_or((name.as_str(), None), |(name, at)| (name, Some(at)));
        (at == when && !EXPECTED.contains(&name)).then(|| (name.to_owned(), cell.clone()))
    };
    row.iter().filter_map(field).collect()
}

/// The earlier runs of an example, in their order.
fn earlier(block: &Block) -> Vec<String> {
    let whens = block.table.iter().flat_map(|row| row.keys()).filter_map(|name| Some(name.split_once(" on ")?.1));
    let mut whens: Vec<String> = whens.map(str::to_owned).collect();
    whens.sort();
    whens.dedup();
    whens
}

/// The accounts of an example's table, filled up from the first account, before the shared ones. Returns the key of
/// each row of the table.
fn with_records(block: &Block, accounts: &str, when: Option<&str>) -> (String, Vec<String>) {
    let mut reader = csv::Reader::from_reader(accounts.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let known: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&headers).unwrap();
    let mut keys = Vec::new();
    for (number, row) in (1..).zip(&block.table) {
        let mut given = fields(row, None);
        given.extend(fields(row, when));
        let names: Vec<&String> = given.keys().collect();
        if names == ["id"] {
            keys.push(given["id"].clone());
            continue;
        }
        for name in names {
            assert!(headers.iter().any(|header| header == name), "line {}: no field `{name}`", block.line_number);
        }
        let key = format!("R{number}");
        keys.push(key.clone());
        if given.values().any(|cell| cell == "(absent)") {
            continue;
        }
        writer
            .write_record(headers.iter().zip(&known[0]).map(|(header, first)| match given.get(header) {
                Some(cell) if cell == "(blank)" => "",
                Some(cell) => cell,
                None if header == "id" => &key,
                None => first,
            }))
            .unwrap();
    }
    known.iter().for_each(|row| writer.write_record(row).unwrap());
    (String::from_utf8(writer.into_inner().unwrap()).unwrap(), keys)
}

fn run(block: &Block, shared: &BTreeMap<String, String>) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut files = shared.clone();
    if block.is("alone") || block.is("loose") || block.is("fields") {
        files.retain(|name, _| block.is("loose") && name == "accounts.csv");
    }
    let mut keys = Vec::new();
    if !block.table.is_empty() {
        let (accounts, found) = with_records(block, &files["accounts.csv"], None);
        files.insert("accounts.csv".into(), accounts);
        keys = found;
    }
    files.insert("example.own".into(), block.policy());
    for (name, text) in &files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let checked = ownward(folder.path(), &["check"]);
    let shown = String::from_utf8_lossy(&checked.stderr).into_owned();
    if let Some(code) = block.error() {
        let mark = format!("error[{code}]");
        let errors: Vec<&str> = shown.lines().filter(|line| line.starts_with("error[")).collect();
        let fits = !errors.is_empty() && errors.iter().all(|line| line.starts_with(&mark));
        return if fits { Ok(()) } else { Err(format!("expected {mark}\n{shown}")) };
    }
    if !checked.status.success() {
        return Err(shown);
    }
    if block.table.is_empty() {
        return Ok(());
    }
    for when in earlier(block) {
        let accounts = with_records(block, &shared["accounts.csv"], Some(&when)).0;
        std::fs::write(folder.path().join("accounts.csv"), accounts).unwrap();
        let applied = ownward(folder.path(), &["apply", "--yes", "--as-of", &when, "--max-moves", "100%"]);
        if !applied.status.success() {
            return Err(String::from_utf8_lossy(&applied.stderr).into_owned());
        }
    }
    std::fs::write(folder.path().join("accounts.csv"), &files["accounts.csv"]).unwrap();
    let decided = ownward(folder.path(), &["decide", "--as-of", AS_OF, "--format", "csv", "--quiet"]);
    if !decided.status.success() {
        return Err(String::from_utf8_lossy(&decided.stderr).into_owned());
    }
    let mut found: BTreeMap<String, Row> = BTreeMap::new();
    let mut gathered: BTreeMap<(String, String), String> = BTreeMap::new();
    for row in csv::Reader::from_reader(decided.stdout.as_slice()).deserialize::<Row>() {
        let row = row.unwrap();
        if row["record"] == "Account" && row["role"] == "owner" {
            found.insert(row["key"].clone(), row);
        } else if row["record"] == "Account" {
            gathered.insert((row["key"].clone(), row["role"].clone()), row["owner"].clone());
        }
    }
    let mut wrong = String::new();
    for (key, wanted) in keys.iter().zip(&block.table) {
        for name in EXPECTED {
            let Some(wanted_cell) = wanted.get(name) else { continue };
            let cell = match gathered.get(&(key.clone(), name.to_owned())) {
                Some(members) if members.is_empty() => "(none)".to_owned(),
                Some(members) => members.clone(),
                None => answer(&found[key], name),
            };
            if cell != *wanted_cell {
                wrong.push_str(&format!("{wanted:?}: {name} is {cell}\n"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn answer(row: &Row, name: &str) -> String {
    if name == "holds" {
        return match row["outcome"].as_str() {
            "nobody" => "yes".into(),
            "unmatched" => "no".into(),
            other => other.to_owned(),
        };
    }
    let cell = &row[name];
    if cell.is_empty() { "(none)".into() } else { cell.clone() }
}

#[test]
fn every_example_of_the_language_does_what_the_page_says() {
    let text = doc("language.md");
    let blocks = blocks(&text);
    let shared = shared(&blocks);
    let mut wrong = String::new();
    let examples = blocks.iter().filter(|block| block.words[0] == "own" && block.value("file").is_none());
    for block in examples {
        if let Err(what) = run(block, &shared) {
            wrong.push_str(&format!("docs/language.md line {}:\n{}{what}\n", block.line_number, block.text));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What the examples of the page on pools stand beside.
const STRATEGIES: &str = "record Account from accounts {
  id        text, key
  type      one of (Prospect, Client)
  status    one of (Active, At-Risk)
  country   text, optional
  employees number, optional
  amount    money USD, optional
}
person from people
team  Sales
team  CustomerSuccess
team  Desk
queue Triage
";

#[test]
fn every_example_of_the_strategies_runs() {
    let blocks = blocks(&doc("strategies.md"));
    let examples: Vec<&Block> = blocks.iter().filter(|block| block.words[0] == "own").collect();
    assert!(!examples.is_empty());
    for block in examples {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("records.own", STRATEGIES),
            ("example.own", &block.text),
            (
                "accounts.csv",
                "id,type,status,country,employees,amount\nA-1,Prospect,Active,DE,5,1\nA-2,Client,At-Risk,,,\n",
            ),
            ("people.csv", "id,team,weight,languages\nana,Sales,2,de;en\nben,Desk,1,en\ncat,CustomerSuccess,1,\n"),
        ];
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let decided = ownward(folder.path(), &["decide", "--format", "csv", "--as-of", AS_OF]);
        let said = String::from_utf8_lossy(&decided.stderr);
        assert!(decided.status.success() && !said.contains("warning["), "{}\n{said}", block.text);
        let owners = String::from_utf8_lossy(&decided.stdout);
        assert!(owners.contains("ana") && owners.contains("cat"), "{owners}");
    }
}

#[test]
fn every_link_inside_a_page_leads_to_a_heading() {
    for page in ["language.md", "settings.md", "ledger.md", "strategies.md"] {
        let text = doc(page);
        let anchor = |heading: &str| -> String {
            let mut kept = heading.to_lowercase();
            kept.retain(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
            kept.replace(' ', "-")
        };
        let headings = text.lines().filter(|line| line.starts_with('#'));
        let anchors: Vec<String> = headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect();
        for link in text.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(anchors.iter().any(|known| known == link), "{page} has no heading for #{link}");
        }
    }
}

#[test]
fn every_example_of_the_settings_is_read() {
    for block in blocks(&doc("settings.md")).iter().filter(|block| block.words[0] == "toml") {
        let mut sources = Sources::default();
        let file = sources.add("ownward.toml", block.text.as_str());
        let config = Config::parse(&block.text, file).unwrap_or_else(|error| {
            panic!("docs/settings.md line {}: {}", block.line_number, error.headline);
        });
        if block.is("defaults") {
            assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
        }
    }
}
