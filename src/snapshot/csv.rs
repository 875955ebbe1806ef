//! Reads a folder of CSV files, or a single one, a file a record type (RFC 4180, with a header line).

use super::files::{Files, Stamp};
use super::store::{Asked, Row, Visitor, find_column};
use crate::column::Cell;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{COLUMNS_MAX, RECORD_BYTES_MAX};
use crate::project::{not_utf8, unreadable};
use crate::schema::separator;
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Bytes the reader takes at once.
const BUFFER_BYTES: usize = 1 << 17;
/// Bytes looked at to find the separator of the header line.
const HEAD_BYTES: u64 = 1 << 20;

pub(super) struct CsvStore {
    pub files: Files,
}

impl CsvStore {
    pub fn open(path: &Path, shown: String, fence: Option<PathBuf>) -> Result<Self, Diagnostic> {
        let files = Files::list(path, shown, fence, &["csv"])?;
        Ok(Self { files })
    }

    /// The names of the header line, trimmed.
    pub fn columns(&self, table: &str) -> Result<Vec<String>, Diagnostic> {
        self.begin(table).map(|open| open.headers)
    }

    /// Reads all rows in the order of the file; returns the names of the header line.
    pub fn scan<V: Visitor>(&self, table: &str, asked: &Asked<'_>, visitor: &mut V) -> Result<Vec<String>, Diagnostic> {
        let mut open = self.begin(table)?;
        let columns: Vec<Option<usize>> = asked.columns.iter().map(|name| find_column(&open.headers, name)).collect();
        open.refuse_double(&columns)?;
        let mut record = ByteRecord::new();
        while open.next(&mut record)? {
            if is_blank(&record) {
                continue;
            }
            if record.len() != open.headers.len() {
                return Err(open.wrong_length(&record));
            }
            visitor.row(&CsvRow { record: &record, columns: &columns, open: &open })?;
        }
        open.refuse_open_quote()?;
        self.files.refuse_change(table, &open.stamp)?;
        Ok(open.headers)
    }

    fn begin(&self, table: &str) -> Result<OpenFile<'_>, Diagnostic> {
        let shown = self.files.shown(table);
        let (mut file, stamp) = self.files.open(table)?;
        let mut head = Vec::new();
        let read = (&mut file).take(HEAD_BYTES).read_to_end(&mut head).and_then(|_| file.rewind());
        read.map_err(|error| unreadable(&shown, &error))?;
        let budget = Rc::new(Budget::new(0));
        let separator = separator(&head);
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Limited { file, budget: Rc::clone(&budget) });
        let mut open = OpenFile {
            files: &self.files,
            table: table.to_owned(),
            reader,
            budget,
            separator,
            shown,
            stamp,
            headers: Vec::new(),
            start: csv::Position::new(),
        };
        open.read_headers()?;
        Ok(open)
    }
}

/// A file whose header line has been read.
struct OpenFile<'s> {
    files: &'s Files,
    table: String,
    reader: Reader<Limited>,
    /// What the next record may still take from the file.
    budget: Rc<Budget>,
    separator: u8,
    shown: String,
    stamp: Stamp,
    headers: Vec<String>,
    /// Where the last record that was read begins.
    start: csv::Position,
}

impl OpenFile<'_> {
    /// Reads the next record; `false` at the end. A record past its limit is refused before it is in memory.
    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, Diagnostic> {
        self.budget.set(RECORD_BYTES_MAX + BUFFER_BYTES);
        let start = self.reader.position().clone();
        match self.reader.read_byte_record(record) {
            Ok(true) => self.start = start,
            Ok(false) => return Ok(false),
            Err(error) => {
                self.start = start;
                return Err(self.unread(error));
            }
        }
        if record.as_slice().len() > RECORD_BYTES_MAX {
            return Err(self.too_large());
        }
        Ok(true)
    }

    fn unread(&self, error: csv::Error) -> Diagnostic {
        match error.into_kind() {
            csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => self.too_large(),
            csv::ErrorKind::Io(error) => unreadable(&self.shown, &error),
            _ => broken(&self.shown, self.line_number(), "is no readable row"),
        }
    }

    fn read_headers(&mut self) -> Result<(), Diagnostic> {
        let mut record = ByteRecord::new();
        if !self.next(&mut record)? {
            return Err(Diagnostic::error(
                Code::EmptySource,
                format!("`{}` is empty: a header line is needed", self.shown),
            )
            .help("export the records again, with the names of the columns in the first line"));
        }
        if record.len() > COLUMNS_MAX {
            return Err(Diagnostic::error(
                Code::TooLarge,
                format!("`{}` has more than {COLUMNS_MAX} columns", self.shown),
            ));
        }
        for (index, name) in record.iter().enumerate() {
            let name = std::str::from_utf8(name).map_err(|error| {
                let before = record.range(index).map_or(0, |range| range.start);
                not_utf8(&self.shown, before + error.valid_up_to())
            })?;
            self.headers.push(name.trim().to_owned());
        }
        Ok(())
    }

    /// Which of two columns of one name is meant nobody can tell, if that name is asked for.
    fn refuse_double(&self, columns: &[Option<usize>]) -> Result<(), Diagnostic> {
        for index in columns.iter().flatten() {
            let name = &self.headers[*index];
            if self.headers.iter().filter(|other| *other == name).count() > 1 {
                return Err(Diagnostic::error(
                    Code::DoubleColumn,
                    format!("`{}` has two columns named `{name}`", self.shown),
                )
                .help("give the columns different names"));
            }
        }
        Ok(())
    }

    /// A quote that is opened in the last record and never closed has swallowed the rows behind it.
    fn refuse_open_quote(&self) -> Result<(), Diagnostic> {
        let mut text = Vec::new();
        let read = self.reopened().and_then(|file| {
            let whole_record = 2 * RECORD_BYTES_MAX as u64;
            file.take(whole_record).read_to_end(&mut text)
        });
        read.map_err(|error| unreadable(&self.shown, &error))?;
        if !ends_in_quotes(&text, self.separator) {
            return Ok(());
        }
        let reason = "has a quote that is never closed";
        Err(broken(&self.shown, self.line_number(), reason).with_note("all lines behind it would be read as one cell"))
    }

    fn wrong_length(&self, record: &ByteRecord) -> Diagnostic {
        let reason = format!("has {} cells under {} headers", record.len(), self.headers.len());
        broken(&self.shown, self.line_number(), &reason)
            .help("put cells that hold the separator, a quote or a line break in quotes")
    }

    fn too_large(&self) -> Diagnostic {
        Diagnostic::error(
            Code::TooLarge,
            format!(
                "line {} of `{}` begins a row larger than {RECORD_BYTES_MAX} bytes",
                self.line_number(),
                self.shown
            ),
        )
        .help("look for a quote that is opened there and never closed")
    }

    /// The line the last record stands on. The reader's own position is before the blank lines it skips.
    fn line_number(&self) -> u64 {
        let mut skipped = 0;
        if let Ok(file) = self.reopened() {
            for byte in std::io::BufReader::new(file).bytes().map_while(Result::ok) {
                match byte {
                    b'\n' => skipped += 1,
                    b'\r' => {}
                    _ => break,
                }
            }
        }
        self.start.line() + skipped
    }

    /// The file again, from where the last record begins.
    fn reopened(&self) -> std::io::Result<File> {
        let (mut file, _) = self.files.open(&self.table).map_err(|finding| std::io::Error::other(finding.headline))?;
        file.seek(SeekFrom::Start(self.start.byte()))?;
        Ok(file)
    }
}

fn broken(shown: &str, line_number: u64, reason: &str) -> Diagnostic {
    Diagnostic::error(Code::BrokenRow, format!("line {line_number} of `{shown}` {reason}"))
}

/// Rows of nothing but separators stand at the end of many spreadsheets.
fn is_blank(record: &ByteRecord) -> bool {
    record.as_slice().iter().all(u8::is_ascii_whitespace)
}

/// Whether a record is still inside quotes at its end.
fn ends_in_quotes(text: &[u8], separator: u8) -> bool {
    let mut quoted = false;
    let mut at_start = true;
    let mut bytes = text.iter().peekable();
    while let Some(byte) = bytes.next() {
        if quoted {
            if *byte == b'"' {
                let escaped = bytes.next_if(|next| **next == b'"').is_some();
                quoted = escaped;
            }
        } else {
            quoted = *byte == b'"' && at_start;
            at_start = *byte == separator || matches!(byte, b'\n' | b'\r');
        }
    }
    quoted
}

type Budget = std::cell::Cell<usize>;

/// Gives no more bytes than the budget allows; the budget is filled anew for each record.
struct Limited {
    file: File,
    budget: Rc<Budget>,
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let allowed = self.budget.get().min(buffer.len());
        if allowed == 0 && !buffer.is_empty() {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        let count = self.file.read(&mut buffer[..allowed])?;
        self.budget.set(self.budget.get() - count);
        Ok(count)
    }
}

struct CsvRow<'r> {
    record: &'r ByteRecord,
    columns: &'r [Option<usize>],
    open: &'r OpenFile<'r>,
}

impl Row for CsvRow<'_> {
    #[inline]
    fn cell(&self, slot: usize) -> Cell<'_> {
        match self.columns[slot].and_then(|column| self.record.get(column)) {
            Some([]) | None => Cell::Missing,
            Some(bytes) => std::str::from_utf8(bytes).map_or(Cell::Unreadable, Cell::Text),
        }
    }

    fn place(&self) -> String {
        format!("line {}", self.open.line_number())
    }
}
