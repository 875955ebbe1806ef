//! Reads a folder of JSON lines files, or a single one: an object a line, a file a record type.
//!
//! Numbers keep the digits they are written with. An array of texts is a multi-select; any other value inside a value is
//! no cell.

use super::files::Files;
use super::store::{Asked, Row, Visitor, find_column};
use crate::column::Cell;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{COLUMNS_MAX, RECORD_BYTES_MAX};
use crate::project::unreadable;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

pub(super) struct JsonlStore {
    pub files: Files,
}

impl JsonlStore {
    pub fn open(path: &Path, shown: String, fence: Option<PathBuf>) -> Result<Self, Diagnostic> {
        let files = Files::list(path, shown, fence, &["jsonl", "ndjson"])?;
        Ok(Self { files })
    }

    /// Reads all rows in the order of the file; returns the names seen in any row, in order of first sight.
    pub fn scan<V: Visitor>(&self, table: &str, asked: &Asked<'_>, visitor: &mut V) -> Result<Vec<String>, Diagnostic> {
        let shown = self.files.shown(table);
        let (file, stamp) = self.files.open(table)?;
        let mut lines = Lines::new(file, shown);
        let mut names = Names::new(asked);
        while lines.advance()? {
            let mut reader = serde_json::Deserializer::from_slice(&lines.line);
            let cells = names.deserialize(&mut reader);
            let cells = cells.and_then(|cells| reader.end().map(|()| cells));
            let cells = cells.map_err(|error| broken(&lines.shown, lines.number, &error))?;
            visitor.row(&JsonRow { cells, line_number: lines.number })?;
        }
        self.files.refuse_change(table, &stamp)?;
        Ok(names.seen)
    }
}

fn broken(shown: &str, line_number: u64, error: &serde_json::Error) -> Diagnostic {
    let text = error.to_string();
    // The reader counts lines inside the one it was given.
    let reason = text.split(" at line ").next().unwrap_or(&text);
    Diagnostic::error(Code::BrokenRow, format!("line {line_number} of `{shown}` is no JSON object"))
        .with_note(format!("{reason}, at column {}", error.column()))
        .help("write one complete object a line")
}

/// The lines of a file that are not blank, none longer than its limit.
struct Lines {
    file: BufReader<File>,
    shown: String,
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    fn new(file: File, shown: String) -> Self {
        Self { file: BufReader::with_capacity(1 << 17, file), shown, number: 0, line: Vec::new() }
    }

    /// Takes the next line; `false` at the end.
    fn advance(&mut self) -> Result<bool, Diagnostic> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.file).take(RECORD_BYTES_MAX as u64 + 1);
            let count = limited.read_until(b'\n', &mut self.line).map_err(|error| unreadable(&self.shown, &error))?;
            if count == 0 {
                return Ok(false);
            }
            self.number += 1;
            if count > RECORD_BYTES_MAX {
                return Err(Diagnostic::error(
                    Code::TooLarge,
                    format!("line {} of `{}` is larger than {RECORD_BYTES_MAX} bytes", self.number, self.shown),
                )
                .help("write one object a line"));
            }
            if self.number == 1 && self.line.starts_with("\u{feff}".as_bytes()) {
                self.line.drain(..3);
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

/// Which key of an object goes into which slots, found out once a key.
struct Names<'a> {
    asked: &'a [&'a str],
    slots: FxHashMap<String, Vec<Slot>>,
    /// All keys, in order of first sight.
    seen: Vec<String>,
}

/// A slot, and whether the key is exactly the name asked for: such a key wins over one in another letter case.
#[derive(Clone, Copy)]
struct Slot {
    index: usize,
    is_exact: bool,
}

/// The cells of a line.
#[derive(Clone, Debug, Default)]
enum JsonCell<'l> {
    #[default]
    Absent,
    Null,
    Text(Cow<'l, str>),
    Integer(i64),
    Number(&'l str),
    Bool(bool),
    Nested,
}

impl<'a> Names<'a> {
    fn new(asked: &'a Asked<'a>) -> Self {
        Self { asked: &asked.columns, slots: FxHashMap::default(), seen: Vec::new() }
    }

    fn slots(&mut self, key: &str) -> Option<&[Slot]> {
        if !self.slots.contains_key(key) {
            if self.seen.len() >= COLUMNS_MAX {
                return None;
            }
            let slots = (0..self.asked.len())
                .filter(|index| find_column(&[key.trim()], self.asked[*index]).is_some())
                .map(|index| Slot { index, is_exact: self.asked[index].trim() == key.trim() })
                .collect();
            self.seen.push(key.to_owned());
            self.slots.insert(key.to_owned(), slots);
        }
        self.slots.get(key).map(Vec::as_slice)
    }
}

#[derive(Deserialize)]
struct Key<'l>(#[serde(borrow)] Cow<'l, str>);

impl<'l> DeserializeSeed<'l> for &mut Names<'_> {
    type Value = Vec<JsonCell<'l>>;

    fn deserialize<D: Deserializer<'l>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'l> serde::de::Visitor<'l> for &mut Names<'_> {
    type Value = Vec<JsonCell<'l>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object in braces")
    }

    fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells = vec![JsonCell::Absent; self.asked.len()];
        let mut exact = vec![false; self.asked.len()];
        while let Some(Key(key)) = map.next_key()? {
            let Some(slots) = self.slots(&key) else {
                return Err(A::Error::custom(format!("more than {COLUMNS_MAX} different keys")));
            };
            if slots.is_empty() {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let cell = read_cell(map.next_value()?);
            for slot in slots {
                if slot.is_exact && exact[slot.index] {
                    return Err(A::Error::custom(format!("`{key}` stands there twice")));
                }
                if slot.is_exact || !exact[slot.index] {
                    cells[slot.index] = cell.clone();
                    exact[slot.index] |= slot.is_exact;
                }
            }
        }
        Ok(cells)
    }
}

fn read_cell(raw: &RawValue) -> JsonCell<'_> {
    let text = raw.get();
    match text.as_bytes() {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => JsonCell::Text(Cow::Borrowed(&text[1..text.len() - 1])),
        [b'"', ..] => {
            serde_json::from_str(text).map_or(JsonCell::Nested, |text: String| JsonCell::Text(Cow::Owned(text)))
        }
        [b'n', ..] => JsonCell::Null,
        [b't', ..] => JsonCell::Bool(true),
        [b'f', ..] => JsonCell::Bool(false),
        [b'[', ..] => match serde_json::from_str::<Vec<String>>(text) {
            Ok(parts) => JsonCell::Text(Cow::Owned(parts.join(";"))),
            Err(_) => JsonCell::Nested,
        },
        [b'{', ..] => JsonCell::Nested,
        _ => match text.parse() {
            Ok(number) => JsonCell::Integer(number),
            Err(_) => JsonCell::Number(text),
        },
    }
}

struct JsonRow<'l> {
    cells: Vec<JsonCell<'l>>,
    line_number: u64,
}

impl Row for JsonRow<'_> {
    fn cell(&self, slot: usize) -> Cell<'_> {
        match &self.cells[slot] {
            JsonCell::Absent | JsonCell::Null => Cell::Missing,
            JsonCell::Text(text) => Cell::Text(text),
            JsonCell::Integer(number) => Cell::Integer(*number),
            JsonCell::Number(text) => Cell::Number(text),
            JsonCell::Bool(yes) => Cell::Bool(*yes),
            JsonCell::Nested => Cell::Unreadable,
        }
    }

    fn place(&self) -> String {
        format!("line {}", self.line_number)
    }
}
