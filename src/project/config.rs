//! `ownward.toml`: where the records are, how they are written, where the ledger is.
//!
//! ```toml
//! name = "crm"
//! zone = "Europe/Berlin"                 # UTC if left out
//!
//! [source]
//! sqlite = "crm.db"                      # or csv = "folder", or jsonl = "folder"; csv = "." if left out
//! complete = true                        # every record of the company is in it: records that are gone are released
//! numbers = { decimal = ",", grouping = "." }
//! dates = "%d.%m.%Y"
//! times = "%Y-%m-%d %H:%M"
//!
//! [records.Account]                      # what differs for one record type
//! table = "crm_accounts"                 # instead of `record Account from …`
//! dates = "%m/%d/%Y"
//! columns = { arr = "Annual Recurring Revenue", owner = "OwnerId" }
//!
//! [calendar]                            # business hours in `zone`
//! hours = { monday = "09:00-12:00, 13:00-17:30", friday = "09:00-14:00" }   # a day left out is closed
//! holidays = "holidays.csv"              # one day a line, or a column `day`
//!
//! [ledger]
//! file = ".ownward/ledger.db"
//! drift = "report"                       # or accept, restore
//! max-moves = "20%"                      # or a number of records
//!
//! [write-back]
//! owners = "none"                        # or source, file
//! file = "owner-changes.csv"
//! ```

use super::calendar::{self, CalendarConfig};
use super::files;
use crate::column::Formats;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{FieldId, RecordType};
use crate::source::{FileId, Span};
use crate::value::calendar::BusinessCalendar;
use crate::value::{Decimal, NumberFormat, parse_number};
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The settings of a project; [`Config::default`] is what holds without an `ownward.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    pub name: Option<String>,
    /// The zone in which a day begins and ends.
    #[serde(deserialize_with = "zone")]
    pub zone: TimeZone,
    pub source: SourceConfig,
    /// What differs for a record type, by its name.
    pub records: BTreeMap<String, RecordConfig>,
    pub calendar: CalendarConfig,
    pub ledger: LedgerConfig,
    pub write_back: WriteBackConfig,
}

/// Where the records are and how they are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawSource")]
pub struct SourceConfig {
    pub location: Location,
    /// Named on the command line by the person who runs it: may lie outside the project.
    pub may_be_outside: bool,
    /// Every record is in it: one that is no longer there is *gone*. Without this a missing record says nothing,
    /// because an export of some records would release all the others.
    pub complete: bool,
    pub numbers: NumberFormat,
    /// strftime pattern; `None` for `2026-01-31`.
    pub dates: Option<String>,
    /// strftime pattern; `None` for RFC 3339 or `2026-01-31 09:00:00`.
    pub times: Option<String>,
}

/// The kind of a source and its path, below the project unless [`SourceConfig::may_be_outside`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A database file.
    Sqlite(PathBuf),
    /// A folder of `.csv` files, or one file.
    Csv(PathBuf),
    /// A folder of `.jsonl` or `.ndjson` files, or one file.
    Jsonl(PathBuf),
}

/// What differs for one record type.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RecordConfig {
    /// Table or file stem, instead of the one the policy names.
    pub table: Option<String>,
    #[serde(deserialize_with = "some_numbers")]
    pub numbers: Option<NumberFormat>,
    #[serde(deserialize_with = "date_pattern")]
    pub dates: Option<String>,
    #[serde(deserialize_with = "time_pattern")]
    pub times: Option<String>,
    /// Column by field; `owner` is the owner column unless a field has that name.
    pub columns: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LedgerConfig {
    /// Below the project.
    #[serde(deserialize_with = "inner_path")]
    pub file: PathBuf,
    pub drift: Drift,
    #[serde(deserialize_with = "max_moves")]
    pub max_moves: MaxMoves,
}

/// What happens when somebody else changed an owner in the source (design section 3, point 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    #[default]
    Report,
    Accept,
    Restore,
}

/// How many moves a run may make before it stops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxMoves {
    /// Per cent of the records that had an owner.
    Percent(Decimal),
    Count(u64),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct WriteBackConfig {
    pub owners: OwnersTo,
    #[serde(deserialize_with = "inner_path")]
    pub file: PathBuf,
}

/// Where decided owners are written besides the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnersTo {
    #[default]
    None,
    /// The owner column of the source.
    Source,
    /// A CSV file of changes.
    File,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            zone: TimeZone::UTC,
            source: SourceConfig::default(),
            records: BTreeMap::new(),
            calendar: CalendarConfig::default(),
            ledger: LedgerConfig::default(),
            write_back: WriteBackConfig::default(),
        }
    }
}

impl Default for SourceConfig {
    fn default() -> Self {
        Self {
            location: Location::Csv(PathBuf::from(".")),
            may_be_outside: false,
            complete: false,
            numbers: NumberFormat::default(),
            dates: None,
            times: None,
        }
    }
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            file: PathBuf::from(".ownward/ledger.db"),
            drift: Drift::default(),
            max_moves: MaxMoves::Percent(Decimal::from(20)),
        }
    }
}

impl Default for WriteBackConfig {
    fn default() -> Self {
        Self { owners: OwnersTo::default(), file: PathBuf::from("owner-changes.csv") }
    }
}

impl Location {
    pub fn path(&self) -> &Path {
        match self {
            Location::Sqlite(path) | Location::Csv(path) | Location::Jsonl(path) => path,
        }
    }
}

impl Config {
    /// Reads the text of `ownward.toml`; the error's label points into `file`.
    pub fn parse(text: &str, file: FileId) -> Result<Self, Diagnostic> {
        toml::from_str(text).map_err(|error| explained(&error, file))
    }

    /// These settings with the records of another place, named on the command line.
    ///
    /// What it is, is found by looking: a folder of CSV or JSON lines, a file by its ending or its first bytes.
    pub fn with_source(mut self, path: &Path) -> Result<Self, Diagnostic> {
        self.source.location = look(path)?;
        self.source.may_be_outside = true;
        Ok(self)
    }

    /// Where the source is: canonical, and below `root` unless it was named on the command line.
    pub fn source_path(&self, root: &Path) -> Result<PathBuf, Diagnostic> {
        let path = self.source.location.path();
        if !self.source.may_be_outside {
            return files::path_below(root, path).map_err(|mut finding| {
                if finding.code == Code::UnreadableFile {
                    finding.code = Code::AbsentSource;
                }
                finding.with_note("`[source]` in ownward.toml says where the records are")
            });
        }
        path.canonicalize().map_err(|_| absent_source(path))
    }

    /// Where the ledger is or will be.
    pub fn ledger_path(&self, root: &Path) -> PathBuf {
        root.join(&self.ledger.file)
    }

    /// The business hours, with the text of the file of holidays; without one there are none. Error: what in it is no day.
    pub fn calendar(&self, holidays: Option<&str>) -> Result<BusinessCalendar, Diagnostic> {
        let name = self.calendar.holidays.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
        let holidays = holidays.map_or_else(|| Ok(Vec::new()), |text| calendar::holidays(text, &name))?;
        Ok(BusinessCalendar::new(self.calendar.hours.clone(), holidays, self.zone.clone()))
    }

    /// What is set for a record type, its name in any letter case.
    pub fn record(&self, name: &str) -> Option<&RecordConfig> {
        self.records.get(name).or_else(|| {
            let wanted = name.to_lowercase();
            let mut records = self.records.iter();
            records.find(|(other, _)| other.to_lowercase() == wanted).map(|(_, config)| config)
        })
    }

    /// How the cells of a record type are written.
    pub fn formats(&self, record_name: &str) -> Formats {
        let own = self.record(record_name);
        let pick = |own: Option<&String>, all: &Option<String>| own.or(all.as_ref()).cloned();
        Formats {
            number: own.and_then(|r| r.numbers).unwrap_or(self.source.numbers),
            date: pick(own.and_then(|r| r.dates.as_ref()), &self.source.dates),
            time: pick(own.and_then(|r| r.times.as_ref()), &self.source.times),
            zone: Some(self.zone.clone()),
        }
    }

    /// How the cells of tables are written that hold no record type: the people.
    pub fn source_formats(&self) -> Formats {
        Formats {
            number: self.source.numbers,
            date: self.source.dates.clone(),
            time: self.source.times.clone(),
            zone: Some(self.zone.clone()),
        }
    }

    /// The table, or the stem of the file, that a record type is read from.
    pub fn table_of<'a>(&'a self, record: &'a RecordType) -> &'a str {
        let own = self.record(&record.name).and_then(|r| r.table.as_deref());
        own.unwrap_or(&record.source)
    }

    /// The column that a field is read from.
    pub fn column_of<'a>(&'a self, record: &'a RecordType, field: FieldId) -> &'a str {
        let field = record.field(field);
        self.mapped(record, &field.name).unwrap_or(&field.column)
    }

    /// The column that shows a record's owner today, where the record type has one.
    pub fn owner_column_of<'a>(&'a self, record: &'a RecordType) -> Option<&'a str> {
        let declared = record.owner_column.as_deref()?;
        let own = match record.find("owner") {
            Some(_) => None,
            None => self.mapped(record, "owner"),
        };
        Some(own.unwrap_or(declared))
    }

    fn mapped(&self, record: &RecordType, name: &str) -> Option<&str> {
        let columns = &self.record(&record.name)?.columns;
        let wanted = name.to_lowercase();
        columns.iter().find(|(field, _)| field.to_lowercase() == wanted).map(|(_, column)| column.as_str())
    }
}

fn absent_source(path: &Path) -> Diagnostic {
    Diagnostic::error(Code::AbsentSource, format!("there is no `{}`", path.display()))
        .maybe_help(files::near_file(path))
}

/// What kind of source stands at a path.
fn look(path: &Path) -> Result<Location, Diagnostic> {
    let about = path.metadata().map_err(|_| absent_source(path))?;
    let found = path.to_path_buf();
    if about.is_dir() {
        let holds = |wanted: &[&str]| {
            let mut entries = path.read_dir().into_iter().flatten().flatten();
            entries.any(|entry| has_ending(&entry.path(), wanted))
        };
        return Ok(if !holds(&["csv"]) && holds(&["jsonl", "ndjson"]) {
            Location::Jsonl(found)
        } else {
            Location::Csv(found)
        });
    }
    if !about.is_file() {
        return Err(files::no_regular_file(&path.display().to_string()));
    }
    if has_ending(path, &["csv", "tsv"]) {
        Ok(Location::Csv(found))
    } else if has_ending(path, &["jsonl", "ndjson"]) {
        Ok(Location::Jsonl(found))
    } else if has_ending(path, &["db", "sqlite", "sqlite3"]) || begins_as_sqlite(path) {
        Ok(Location::Sqlite(found))
    } else {
        Err(Diagnostic::error(
            Code::UnreadableSource,
            format!("`{}` is no SQLite database, CSV or JSON lines file", path.display()),
        )
        .help("name a folder, or a file that ends in .db, .sqlite, .csv, .jsonl or .ndjson"))
    }
}

fn has_ending(path: &Path, wanted: &[&str]) -> bool {
    let ending = path.extension().and_then(|end| end.to_str());
    ending.is_some_and(|end| wanted.iter().any(|known| end.eq_ignore_ascii_case(known)))
}

fn begins_as_sqlite(path: &Path) -> bool {
    use std::io::Read;
    let mut head = [0; 16];
    std::fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .is_ok_and(|()| &head == b"SQLite format 3\0")
}

// ---- reading the toml; a line break in an error of ours divides the headline from the help

/// `[source]` as written: three keys of which one at most may be there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    #[serde(default, deserialize_with = "some_path")]
    sqlite: Option<PathBuf>,
    #[serde(default, deserialize_with = "some_path")]
    csv: Option<PathBuf>,
    #[serde(default, deserialize_with = "some_path")]
    jsonl: Option<PathBuf>,
    #[serde(default)]
    complete: bool,
    #[serde(default, deserialize_with = "some_numbers")]
    numbers: Option<NumberFormat>,
    #[serde(default, deserialize_with = "date_pattern")]
    dates: Option<String>,
    #[serde(default, deserialize_with = "time_pattern")]
    times: Option<String>,
}

impl TryFrom<RawSource> for SourceConfig {
    type Error = String;

    fn try_from(raw: RawSource) -> Result<Self, String> {
        let default = SourceConfig::default();
        let location = match (raw.sqlite, raw.csv, raw.jsonl) {
            (None, None, None) => default.location,
            (Some(path), None, None) => Location::Sqlite(path),
            (None, Some(path), None) => Location::Csv(path),
            (None, None, Some(path)) => Location::Jsonl(path),
            _ => {
                return Err("the source is named twice\nkeep one of `sqlite`, `csv` and `jsonl`".into());
            }
        };
        Ok(Self {
            location,
            complete: raw.complete,
            numbers: raw.numbers.unwrap_or_default(),
            dates: raw.dates,
            times: raw.times,
            ..default
        })
    }
}

fn zone<'de, D: Deserializer<'de>>(from: D) -> Result<TimeZone, D::Error> {
    let name = String::deserialize(from)?;
    TimeZone::get(&name).map_err(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|known| known.as_str().to_owned()).collect();
        let near = did_you_mean(&name, known.iter().map(String::as_str));
        let help = near.unwrap_or_else(|| "write a name such as `Europe/Berlin`".into());
        D::Error::custom(format!("`{name}` is no time zone\n{help}"))
    })
}

pub(super) fn some_path<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    inner_path(from).map(Some)
}

fn inner_path<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    let path = PathBuf::from(String::deserialize(from)?);
    let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if inside && !path.as_os_str().is_empty() {
        return Ok(path);
    }
    Err(D::Error::custom(format!(
        "`{}` is no path inside the project\nwrite a path that starts at the project's folder, without `..`",
        path.display()
    )))
}

fn some_numbers<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NumberFormat>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Raw {
        decimal: Option<char>,
        grouping: Option<char>,
    }
    let raw = Raw::deserialize(from)?;
    let decimal = raw.decimal.unwrap_or('.');
    for mark in [Some(decimal), raw.grouping].into_iter().flatten() {
        if mark.is_alphanumeric() || matches!(mark, '-' | '+') {
            return Err(D::Error::custom(format!(
                "`{mark}` can be no mark in a number\nwrite a point, a comma, a blank or an apostrophe"
            )));
        }
    }
    if raw.grouping == Some(decimal) {
        return Err(D::Error::custom(format!("`{decimal}` cannot be both the decimal mark and the grouping mark")));
    }
    Ok(Some(NumberFormat { decimal, grouping: raw.grouping }))
}

fn date_pattern<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let pattern = String::deserialize(from)?;
    let sample = jiff::civil::Date::constant(2001, 2, 3);
    let read =
        jiff::fmt::strtime::format(&pattern, sample).and_then(|text| jiff::civil::Date::strptime(&pattern, text));
    if read.is_ok_and(|date| date == sample) {
        return Ok(Some(pattern));
    }
    Err(D::Error::custom(format!(
        "`{pattern}` is no pattern for dates\nwrite for instance \"%d.%m.%Y\": %d day, %m month, %Y year, %y year in two digits"
    )))
}

fn time_pattern<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let pattern = String::deserialize(from)?;
    let sample = jiff::civil::Date::constant(2001, 2, 3).at(4, 5, 0, 0);
    let zoned = sample.to_zoned(TimeZone::UTC).map_err(D::Error::custom)?;
    let read = jiff::fmt::strtime::format(&pattern, &zoned)
        .and_then(|text| jiff::fmt::strtime::parse(&pattern, text))
        .and_then(|parts| parts.to_datetime());
    if read.is_ok_and(|read| read == sample) {
        return Ok(Some(pattern));
    }
    Err(D::Error::custom(format!(
        "`{pattern}` is no pattern for times\nwrite for instance \"%Y-%m-%d %H:%M\": %H hour, %M minute, %S second"
    )))
}

fn max_moves<'de, D: Deserializer<'de>>(from: D) -> Result<MaxMoves, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Raw {
        Number(i64),
        Text(String),
        Other(toml::Value),
    }
    let wrong = |shown: &str| {
        D::Error::custom(format!(
            "`{shown}` is no limit on moves\nwrite a share such as \"20%\" or a number of records"
        ))
    };
    match Raw::deserialize(from)? {
        Raw::Number(count) => u64::try_from(count).map(MaxMoves::Count).map_err(|_| wrong(&count.to_string())),
        Raw::Text(text) => MaxMoves::parse(&text).ok_or_else(|| wrong(&text)),
        Raw::Other(value) => Err(wrong(&value.to_string())),
    }
}

impl MaxMoves {
    /// Reads `20%` or `500`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let Some(share) = text.strip_suffix('%') else {
            return text.parse().ok().map(MaxMoves::Count);
        };
        let share = parse_number(share, NumberFormat::default())?;
        let in_range = share >= Decimal::ZERO && share <= Decimal::ONE_HUNDRED;
        in_range.then_some(MaxMoves::Percent(share))
    }
}

/// The reader's message in our words.
fn explained(error: &toml::de::Error, file: FileId) -> Diagnostic {
    let message = error.message();
    let (headline, help) = if let Some(named) = unknown(message, "unknown field ") {
        named
    } else if let Some(named) = unknown(message, "unknown variant ") {
        named
    } else if let Some((headline, help)) = message.split_once('\n') {
        (headline.to_owned(), Some(help.to_owned()))
    } else if let Some((found, expected)) =
        message.strip_prefix("invalid type: ").and_then(|rest| rest.split_once(", expected "))
    {
        (format!("expected {}, found {}", plain(expected), plain(found)), None)
    } else {
        (message.to_owned(), None)
    };
    let finding = Diagnostic::error(Code::Config, headline).maybe_help(help);
    match error.span() {
        Some(span) => finding.at(Span::new(file, span.start, span.end), ""),
        None => finding,
    }
}

/// "unknown field `a`, expected one of `b`, `c`": the headline, and the near name or the list of names.
fn unknown(message: &str, prefix: &str) -> Option<(String, Option<String>)> {
    let rest = message.strip_prefix(prefix)?;
    let mut names = rest.split('`').skip(1).step_by(2);
    let wrong = names.next()?;
    let known: Vec<&str> = names.collect();
    let help = did_you_mean(wrong, known.iter().copied()).or_else(|| {
        let listed: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        (!listed.is_empty()).then(|| format!("write one of {}", listed.join(", ")))
    });
    Some((format!("`{wrong}` is not known here"), help))
}

/// The reader's names of kinds, as a person would say them.
fn plain(kind: &str) -> String {
    let known = [
        ("string", "text in quotes"),
        ("a string", "text in quotes"),
        ("a boolean", "`true` or `false`"),
        ("boolean", "`true` or `false`:"),
        ("a character", "one character in quotes"),
        ("integer", "the number"),
        ("floating point", "the number"),
        ("sequence", "a list"),
        ("a sequence", "a list"),
        ("map", "a table of settings"),
        ("a map", "a table of settings"),
    ];
    for (theirs, ours) in known {
        if kind == theirs {
            return ours.to_owned();
        }
        if let Some(rest) = kind.strip_prefix(theirs)
            && rest.starts_with(' ')
        {
            return format!("{ours}{rest}");
        }
    }
    if kind.starts_with("struct ") {
        return "a table of settings".to_owned();
    }
    kind.to_owned()
}
