//! Begins a project for data that is there: declarations, a first rule, settings. What is written runs as it stands.

use super::describe::{SourceColumn, SourceTable, describe};
use super::{SnapshotError, infer};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::{CONFIG_FILE, Config, Location, unreadable};
use crate::schema::{ChoiceSet, Field, FieldId, FieldKind, RecordType};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

/// A file that [`init`] wrote, by its name in the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub line_count: usize,
}

/// Tables that are taken for the directory of people, if they have a column `id` or `key`.
const PEOPLE_TABLES: &[&str] = &["people", "persons", "users", "employees", "staff"];

/// Writes `ownward.toml`, `records.own` and `rules.own` into a folder for the records at `source_path`.
///
/// Nothing is written when one of them is already there. The source must lie in the project's folder, because a
/// project reads nothing outside of it.
pub fn init(project_dir: &Path, source_path: &Path, name: &str) -> Result<Vec<Written>, SnapshotError> {
    let root = project_dir.canonicalize().map_err(|error| unreadable(&project_dir.display().to_string(), &error))?;
    for file in [CONFIG_FILE, "records.own", "rules.own"] {
        if root.join(file).symlink_metadata().is_ok() {
            return Err(already_there(file).into());
        }
    }
    let found = Config::default().with_source(source_path)?;
    let inside = relative(&root, source_path)?;
    let mut config = Config::default();
    config.source.location = match found.source.location {
        Location::Sqlite(_) => Location::Sqlite(inside),
        Location::Csv(_) => Location::Csv(inside),
        Location::Jsonl(_) => Location::Jsonl(inside),
    };
    let mut tables = describe(&root, &config)?;
    let people = take_people(&mut tables);
    if tables.iter().all(|table| table.columns.is_empty()) {
        return Err(nothing_there(source_path).into());
    }
    tables.retain(|table| !table.columns.is_empty());
    let mut records = infer::record_types(&tables, &config);
    for record in &mut records {
        drop_unwritable(record);
    }
    let texts = [
        (CONFIG_FILE, settings(name, &with_siblings(config, &root))),
        ("records.own", declarations(&records, &tables, people.as_ref())),
        ("rules.own", rules(&records, people.as_ref())),
    ];
    let mut written = Vec::new();
    for (file, text) in texts {
        write_new(&root, file, &text)?;
        written.push(Written { name: file.to_owned(), line_count: text.lines().count() });
    }
    Ok(written)
}

/// One file of a folder is read as part of it: the next export, or the people, will be put beside it.
fn with_siblings(mut config: Config, root: &Path) -> Config {
    if let Location::Csv(path) | Location::Jsonl(path) = &mut config.source.location
        && root.join(&*path).is_file()
        && path.extension().is_some_and(|end| end == "csv" || end == "jsonl")
    {
        path.pop();
        if path.as_os_str().is_empty() {
            path.push(".");
        }
    }
    config
}

fn already_there(file: &str) -> Diagnostic {
    Diagnostic::error(Code::FileExists, format!("`{file}` is already there; nothing was written"))
        .help("begin in another folder, or move the file away")
}

fn nothing_there(source: &Path) -> Diagnostic {
    Diagnostic::error(Code::AbsentTable, format!("there are no tables in `{}`", source.display()))
        .help("put the records there first: a table in a database, or a .csv or .jsonl file a record type")
}

fn relative(root: &Path, source: &Path) -> Result<std::path::PathBuf, Diagnostic> {
    let path = source.canonicalize().map_err(|error| unreadable(&source.display().to_string(), &error))?;
    match path.strip_prefix(root) {
        Ok(inside) if inside.as_os_str().is_empty() => Ok(".".into()),
        Ok(inside) => Ok(inside.to_path_buf()),
        Err(_) => Err(Diagnostic::error(
            Code::OutsideProject,
            format!("`{}` is not in the project's folder `{}`", source.display(), root.display()),
        )
        .help("copy the records into the project's folder, or begin the project beside them")),
    }
}

fn write_new(root: &Path, file: &str, text: &str) -> Result<(), Diagnostic> {
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).open(root.join(file));
    opened.and_then(|mut opened| opened.write_all(text.as_bytes())).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return already_there(file);
        }
        let reason = crate::project::reason(&error);
        Diagnostic::error(Code::UnreadableFile, format!("`{file}` cannot be written: {reason}"))
    })
}

/// Takes the table of people out of the others.
fn take_people(tables: &mut Vec<SourceTable>) -> Option<SourceTable> {
    let has_key = |table: &SourceTable| table.column("id").or(table.column("key")).is_some();
    let at = PEOPLE_TABLES.iter().find_map(|name| {
        let is_it = |table: &SourceTable| table.name.eq_ignore_ascii_case(name) && has_key(table);
        tables.iter().position(is_it)
    })?;
    Some(tables.remove(at))
}

/// Leaves out fields whose column cannot be written in a policy: a name with a line break.
fn drop_unwritable(record: &mut RecordType) {
    let writable = |name: &str| !name.chars().any(char::is_control);
    let column = |id: FieldId| record.field(id).column.clone();
    let (key, created) = (column(record.key), record.created.map(column));
    record.fields.retain(|field| writable(&field.column) || field.column == key);
    let place = |column: &String| {
        let at = record.fields.iter().position(|field| field.column == *column)?;
        u16::try_from(at).ok().map(FieldId)
    };
    // The key was kept.
    record.key = place(&key).unwrap_or(FieldId(0));
    record.created = created.as_ref().and_then(place);
}

fn settings(name: &str, config: &Config) -> String {
    let (kind, path) = match &config.source.location {
        Location::Sqlite(path) => ("sqlite", path),
        Location::Csv(path) => ("csv", path),
        Location::Jsonl(path) => ("jsonl", path),
    };
    let toml_text = |text: &str| toml::Value::from(text).to_string();
    format!(
        "name = {}
# zone = \"Europe/Berlin\"            # where a day begins and ends; UTC if left out

[source]
{kind} = {}
# complete = true                   # every record is in it: an owner is released when its record is gone
# dates = \"%d.%m.%Y\"                # how dates are written, if not 2026-01-31
# numbers = {{ decimal = \",\", grouping = \".\" }}
",
        toml_text(name),
        toml_text(&path.display().to_string()),
    )
}

fn declarations(records: &[RecordType], tables: &[SourceTable], people: Option<&SourceTable>) -> String {
    let mut text =
        "# What the records are, as found in the data. Read it, mend it, keep it with your rules.\n".to_owned();
    for (record, table) in records.iter().zip(tables) {
        let names = record.fields.iter().map(|field| field.name.chars().count());
        let width = names.max().unwrap_or(0);
        // Writing to a String cannot fail.
        let _ = write!(text, "\nrecord {} from {} {{\n", record.name, word(&record.source));
        for id in record.field_ids() {
            let line = field_line(record, id, records, width);
            let _ = writeln!(text, "  {line}");
        }
        if let Some(column) = &record.owner_column {
            let _ = writeln!(text, "  current owner, column {}", quoted(column));
        }
        text.push_str("}\n");
        let _ = writeln!(text, "# {} rows when this was written", table.row_count);
    }
    if let Some(people) = people {
        let _ = write!(text, "\nperson from {}\n", word(&people.name));
        for team in teams(people) {
            let _ = writeln!(text, "team {}", word(&team));
        }
    }
    text.push_str("\nqueue Triage\n");
    text
}

/// The teams people name, each once.
fn teams(people: &SourceTable) -> Vec<String> {
    let column = people.column("team").or(people.column("teams"));
    let mut names: Vec<String> = column
        .into_iter()
        .flat_map(SourceColumn::texts)
        .flat_map(|text| text.split(';'))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty() && !name.chars().any(char::is_control))
        .collect();
    names.sort();
    names.dedup_by_key(|name| crate::value::fold(name));
    names.retain(|name| !name.eq_ignore_ascii_case("Triage"));
    names
}

fn field_line(record: &RecordType, id: FieldId, records: &[RecordType], width: usize) -> String {
    let field = record.field(id);
    let mut parts = vec![kind(&field.kind, records)];
    if id == record.key {
        parts.push("key".into());
    }
    if field.optional && !matches!(field.kind, FieldKind::Many(_)) {
        parts.push("optional".into());
    }
    if record.created == Some(id) {
        parts.push("created".into());
    }
    if let FieldKind::Reference { may_be_unknown: true, .. } = field.kind {
        parts.push("may be unknown".into());
    }
    if field.column != field.name {
        parts.push(format!("column {}", quoted(&field.column)));
    }
    format!("{:width$} {}", field.name, parts.join(", "))
}

fn kind(kind: &FieldKind, records: &[RecordType]) -> String {
    let list = |set: &ChoiceSet| set.names().map(word).collect::<Vec<_>>().join(", ");
    match kind {
        FieldKind::Text | FieldKind::Money(_) => "text".into(),
        FieldKind::Number => "number".into(),
        FieldKind::Date => "date".into(),
        FieldKind::Time => "time".into(),
        FieldKind::YesNo => "yes/no".into(),
        FieldKind::Choice(set) => format!("one of ({})", list(set)),
        FieldKind::Many(set) => format!("many of ({})", list(set)),
        FieldKind::Reference { record, .. } => records[record.0 as usize].name.clone(),
    }
}

fn rules(records: &[RecordType], people: Option<&SourceTable>) -> String {
    let teams = people.map(teams).unwrap_or_default();
    let mut text =
        "# Who owns what. The first rule that matches decides; `ownward plan` shows what would change.\n".to_owned();
    for record in records {
        // Writing to a String cannot fail.
        let _ = write!(text, "\ndecide owner of {} {{\n", record.name);
        for example in examples(record, &teams) {
            let _ = writeln!(text, "  # {example}");
        }
        if record.owner_column.is_some() {
            // A first run takes nothing away from anybody.
            text.push_str("  when owner is known keep owner\n");
        }
        text.push_str("  otherwise assign to Triage\n}\n");
    }
    text
}

/// Rules that would fit the data, to be taken out of their comments.
fn examples(record: &RecordType, teams: &[String]) -> Vec<String> {
    let mut conditions = Vec::new();
    for field in &record.fields {
        let test = match &field.kind {
            FieldKind::Choice(set) => set.names().next().map(|name| format!("= {}", word(name))),
            FieldKind::Many(set) => {
                let first = set.names().next();
                first.map(|name| format!("includes {}", word(name)))
            }
            _ => None,
        };
        conditions.extend(test.map(|test| format!("{} {test}", field.name)));
    }
    conditions.truncate(2);
    let number = |field: &&Field| field.kind == FieldKind::Number;
    if let Some(field) = record.fields.iter().find(number) {
        conditions.push(format!("{} >= 1000", field.name));
    }
    let owners = teams.iter().map(|team| word(team)).chain(["Triage".to_owned()]);
    let owners: Vec<String> = owners.collect();
    conditions
        .iter()
        .zip(owners.iter().cycle())
        .map(|(condition, owner)| format!("when {condition} assign to {owner} because \"say why\""))
        .collect()
}

/// A word as it may stand in a policy: bare if it is one plain name, else in quotes.
fn word(text: &str) -> String {
    const OTHER_WORDS: &[&str] = &["also", "and", "as", "counts", "part", "of", "or", "not"];
    let mut letters = text.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
    let goes_on = letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
    let ends = !text.ends_with('-');
    if begins && goes_on && ends && !OTHER_WORDS.contains(&text.to_lowercase().as_str()) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
