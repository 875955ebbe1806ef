//! A small file of rows kept beside the policies: what lists and tables are read from.

/// Rows under a header line. Cells are trimmed; a blank cell is missing.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tabular {
    pub headers: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
    /// The line of the file each row starts on, counted from 1.
    pub line_numbers: Vec<usize>,
}

/// Why a file of rows could not be read; `line_number` is 0 where no line is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TabularError {
    pub line_number: usize,
    pub reason: String,
}

impl Tabular {
    /// Reads comma- or semicolon-separated text with a header line (RFC 4180 quoting).
    ///
    /// The separator is the one of `,`, `;` and tab that the header line holds most of, outside quotes. A byte order
    /// mark is skipped. Errors: no header line, two columns of one name, a row with more cells than the header.
    /// Shorter rows end in missing cells. An empty file is an error; a header without rows is not.
    pub fn parse(text: &str) -> Result<Self, TabularError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator(text.as_bytes()))
            .from_reader(text.as_bytes());
        let mut table = Tabular::default();
        let mut has_header = false;
        let mut lines = Lines::new(text);
        for record in reader.records() {
            let record = record.map_err(|error| TabularError {
                line_number: lines.at(error.position().map_or(0, csv::Position::byte)),
                reason: "is no readable row".into(),
            })?;
            let line_number = lines.at(record.position().map_or(0, csv::Position::byte));
            let cells: Vec<Option<String>> = record.iter().map(cell).collect();
            if !has_header {
                has_header = true;
                table.headers = record.iter().map(|name| name.trim().to_owned()).collect();
                table.refuse_double_headers(line_number)?;
                continue;
            }
            table.push(cells, line_number)?;
        }
        if !has_header {
            return Err(TabularError { line_number: 0, reason: "is empty: a header line is needed".into() });
        }
        Ok(table)
    }

    fn refuse_double_headers(&self, line_number: usize) -> Result<(), TabularError> {
        for (index, name) in self.headers.iter().enumerate() {
            if !name.is_empty() && self.headers[..index].contains(name) {
                return Err(TabularError { line_number, reason: format!("has two columns named `{name}`") });
            }
        }
        Ok(())
    }

    fn push(&mut self, mut cells: Vec<Option<String>>, line_number: usize) -> Result<(), TabularError> {
        if cells.iter().all(Option::is_none) {
            return Ok(());
        }
        while cells.len() > self.headers.len() && cells.last().is_some_and(Option::is_none) {
            cells.pop();
        }
        if cells.len() > self.headers.len() {
            return Err(TabularError {
                line_number,
                reason: format!("has {} cells under {} headers", cells.len(), self.headers.len()),
            });
        }
        cells.resize(self.headers.len(), None);
        self.rows.push(cells);
        self.line_numbers.push(line_number);
        Ok(())
    }

    /// The column of a name, in any letter case.
    pub fn column(&self, name: &str) -> Option<usize> {
        let wanted = name.trim().to_lowercase();
        self.headers
            .iter()
            .position(|header| header == name)
            .or_else(|| self.headers.iter().position(|header| header.to_lowercase() == wanted))
    }

    /// The cell of a row and column; `None` where it is blank.
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.rows[row][column].as_deref()
    }
}

fn cell(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Counts lines up to the start of a row. The reader's own count is off by the blank lines it skips.
struct Lines<'t> {
    text: &'t [u8],
    offset: usize,
    line_number: usize,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), offset: 0, line_number: 1 }
    }

    /// The line of the first byte at or after `byte` that is no line end. Offsets must not go back.
    fn at(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(next) = self.text.get(self.offset) {
            if self.offset >= byte && !matches!(next, b'\n' | b'\r') {
                break;
            }
            self.line_number += usize::from(*next == b'\n');
            self.offset += 1;
        }
        self.line_number
    }
}

/// The separator of a header line: the one of `,`, `;` and tab it holds most of, outside quotes.
pub(crate) fn separator(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for &byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (mark, count) in &mut counts {
                    *count += usize::from(byte == *mark);
                }
            }
        }
    }
    // The first of equals wins: a single column has no separator, and a comma is the standard's.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(mark, _)| *mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_with_their_lines() {
        let table = Tabular::parse("name; owner\nAcme;\n\n\"Big; Co\";ana\n").unwrap();
        assert_eq!(table.headers, ["name", "owner"]);
        assert_eq!(table.cell(0, 1), None);
        assert_eq!(table.cell(1, 0), Some("Big; Co"));
        assert_eq!(table.line_numbers, [2, 4]);
        assert_eq!(table.column("OWNER"), Some(1));
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert!(Tabular::parse("").unwrap_err().reason.contains("header"));
        assert!(Tabular::parse("a,a\n").unwrap_err().reason.contains("two columns"));
        assert_eq!(Tabular::parse("a\n1,2\n").unwrap_err().line_number, 2);
    }
}
