//! A project opened and its policy typed: what every command starts with.

use super::args::ProjectArgs;
use super::exit::{Exit, Failure, Result};
use crate::check::policy::{Path as FieldPath, TypedPolicy};
use crate::check::{self, FilesBeside};
use crate::diagnostic::{self, Code, Diagnostic};
use crate::project::Project;
use crate::schema::{Directory, FieldId, Person, RecordId, RecordType, Schema, Tabular};
use crate::snapshot::{self, Snapshot};
use crate::source::Sources;
use crate::syntax::{self, Tree};
use crate::value::calendar::BusinessCalendar;
use crate::value::time::{self, AsOf};
use std::collections::BTreeMap;
use std::path::Path;

/// A project whose policies could be read. `findings` may hold errors: commands that decide stop at them.
pub struct Session {
    pub project: Project,
    /// The policies as they are written.
    pub tree: Tree,
    pub policy: TypedPolicy,
    /// Texts of lists and tables by name, as they were read: part of what an answer depends on.
    pub beside: BTreeMap<String, String>,
    /// The business hours, where a rule counts them.
    pub calendar: Option<BusinessCalendar>,
    /// The text of the file of holidays, as it was read for `calendar`.
    pub holidays: Option<String>,
    /// Record types that nobody declared, as declarations.
    pub inferred: String,
    pub findings: Vec<Diagnostic>,
}

impl Session {
    /// Opens a project, reads and types its policies. Errors in policies are findings; only what keeps them from being
    /// read at all is an error.
    pub fn open(args: &ProjectArgs) -> Result<Self> {
        let start = args.project.clone().unwrap_or_else(|| ".".into());
        let mut project = Project::open(&start)
            .map_err(|error| Failure::findings(Exit::CouldNotRun, error.findings, error.sources))?;
        if let Some(source) = &args.source {
            project.config = project
                .config
                .with_source(source)
                .map_err(|finding| Failure::findings(Exit::CouldNotRun, vec![finding], Sources::default()))?;
        }
        Self::of(project)
    }

    /// Reads and types the policies of a project that is open.
    pub fn of(project: Project) -> Result<Self> {
        let (tree, findings) = syntax::parse(&project.sources);
        Self::typed(project, tree, findings)
    }

    fn typed(project: Project, tree: Tree, mut findings: Vec<Diagnostic>) -> Result<Self> {
        let mut beside = BTreeMap::new();
        let files = read_beside(&project, &tree, &mut beside);
        let inferred = if tree.records.is_empty() && !tree.broken {
            inferred_records(&project, &tree, &mut findings)?
        } else {
            Vec::new()
        };
        let inferred_text = inferred.iter().map(declaration).collect();
        let (schema, mut found) = check::schema(&tree, &files, inferred);
        findings.append(&mut found);
        let (policy, mut found) = check::policy(&tree, schema);
        findings.append(&mut found);
        let mut session = Session {
            project,
            tree,
            policy,
            beside,
            calendar: None,
            holidays: None,
            inferred: inferred_text,
            findings,
        };
        if let Err(finding) = session.read_calendar() {
            session.findings.push(finding);
        }
        diagnostic::sort(&mut session.findings);
        Ok(session)
    }

    fn read_calendar(&mut self) -> std::result::Result<(), Diagnostic> {
        if self.policy.asks_hours() {
            self.holidays = self.project.read_holidays()?;
            self.calendar = Some(self.project.config.calendar(self.holidays.as_deref())?);
        }
        Ok(())
    }

    /// Those of these findings that no `allow` silences.
    pub fn heard(&self, findings: &[Diagnostic]) -> Vec<Diagnostic> {
        check::allow::heard(&self.tree.allows, findings.to_vec()).0
    }

    /// Stops where the policies have errors.
    pub fn require_sound(&self) -> Result<()> {
        if diagnostic::any_error(&self.findings) {
            return Err(Failure::findings(Exit::Findings, self.heard(&self.findings), self.project.sources.clone()));
        }
        if self.policy.roles.is_empty() {
            return Err(Failure::could_not_run(
                "there are no rules in this project: write `decide owner of … { … }` into an `.own` file",
            ));
        }
        Ok(())
    }

    /// The fields each record type must be read for, by record.
    pub fn wanted(&self) -> Vec<Vec<FieldId>> {
        let schema = &self.policy.schema;
        let mut wanted: Vec<Vec<FieldId>> = vec![Vec::new(); schema.records.len()];
        let mut want = |start: RecordId, path: &FieldPath| {
            let mut record = start;
            for step in &path.steps {
                wanted[record.0 as usize].push(*step);
                record = check::policy::walk(schema, record, &[*step]);
            }
            wanted[record.0 as usize].push(path.field);
        };
        let own = |field: FieldId| FieldPath { steps: Vec::new(), field };
        for role in &self.policy.roles {
            want(role.record, &own(schema.record(role.record).key));
            role.reads.iter().for_each(|path| want(role.record, path));
        }
        for pool in &self.policy.pools {
            // Records enter pools in the order in which they were created.
            if let Some(created) = schema.record(pool.record).created {
                want(pool.record, &own(created));
            }
        }
        let gathers = self.policy.gathers.iter().map(|gather| &gather.role);
        for role in gathers.chain(self.policy.calendars.iter().map(|calendar| &calendar.role)) {
            want(role.record, &own(schema.record(role.record).key));
            role.reads.iter().for_each(|path| want(role.record, path));
        }
        let contests = self.policy.contests.iter().map(|contest| &contest.question);
        for related in self.policy.related.iter().chain(contests) {
            want(related.of, &own(schema.record(related.of).key));
            related.via.into_iter().for_each(|via| want(related.record, &own(via)));
            related.reads.iter().for_each(|path| want(related.record, path));
        }
        for fields in &mut wanted {
            fields.sort_unstable();
            fields.dedup();
        }
        wanted
    }

    /// Reads the records that the roles need, and the people.
    pub fn snapshot(&self, wanted: &[Vec<FieldId>], progress: &indicatif::ProgressBar) -> Result<Snapshot> {
        snapshot::read(&self.project.root, &self.project.config, &self.policy.schema, wanted, &mut |at| {
            progress.set_message(format!("reading {}: {} rows", at.table, at.rows_read));
        })
        .map_err(|error| Failure::findings(Exit::CouldNotRun, error.findings, self.project.sources.clone()))
    }

    /// The moment a run speaks of.
    pub fn as_of(&self, text: Option<&str>) -> Result<AsOf> {
        let zone = self.project.config.zone.clone();
        match text {
            None => Ok(AsOf { instant: jiff::Timestamp::now().as_microsecond(), zone }),
            Some(text) => parse_when(text, &zone),
        }
    }

    pub fn sources(&self) -> &Sources {
        &self.project.sources
    }
}

/// A day, or an instant with its offset.
pub fn parse_when(text: &str, zone: &jiff::tz::TimeZone) -> Result<AsOf> {
    if let Some(day) = time::parse_day(text) {
        return Ok(AsOf::day_start(day, zone.clone()));
    }
    match text.parse::<jiff::Timestamp>() {
        Ok(instant) => Ok(AsOf { instant: instant.as_microsecond(), zone: zone.clone() }),
        Err(_) => Err(Failure::could_not_run(format!(
            "`{text}` is no moment: write a day (2026-01-31) or an instant (2026-01-31T09:00:00Z)"
        ))),
    }
}

fn read_beside(project: &Project, tree: &Tree, beside: &mut BTreeMap<String, String>) -> FilesBeside {
    check::files_needed(tree)
        .into_iter()
        .map(|name| {
            let read = match project.read_beside(&name) {
                Ok(text) => {
                    let parsed = Tabular::parse(&text).map_err(|error| match error.line_number {
                        0 => error.reason,
                        line_number => format!("line {line_number} {}", error.reason),
                    });
                    beside.insert(name.clone(), text);
                    parsed
                }
                Err(finding) => Err(unreadable_reason(&finding, &name)),
            };
            (name, read)
        })
        .collect()
}

/// What goes behind the file's name in the message that its declaration gets.
fn unreadable_reason(finding: &Diagnostic, name: &str) -> String {
    let near = finding.help.as_ref().filter(|help| help.starts_with("did you mean"));
    let reason = finding.headline.replacen(&format!("there is no `{name}`"), "is not", 1);
    let reason = reason.replacen(&format!("`{name}` "), "", 1);
    near.map_or_else(|| reason.clone(), |near| format!("{reason}; {near}"))
}

/// The record types of a project that declares none, from all of its data.
fn inferred_records(project: &Project, tree: &Tree, findings: &mut Vec<Diagnostic>) -> Result<Vec<RecordType>> {
    if tree.loose.is_empty() && tree.decides.is_empty() {
        return Ok(Vec::new());
    }
    let inferred = inferred_tables(project, tree)
        .map_err(|error| Failure::findings(Exit::CouldNotRun, error.findings, project.sources.clone()))?;
    for record in &inferred {
        let fields: Vec<&str> = record.fields.iter().map(|field| field.name.as_str()).take(20).collect();
        let key = &record.field(record.key).name;
        findings.push(
            Diagnostic::note(
                Code::InferredRecord,
                format!("`record {}` was inferred from `{}`", record.name, record.source),
            )
            .with_note(format!("fields: {}; key: {key}", fields.join(", ")))
            .help("`ownward init` writes the declaration down, so that it can be checked and changed"),
        );
    }
    Ok(inferred)
}

/// Every table of the source that no list, table or `person from` names, as a record type.
fn inferred_tables(project: &Project, tree: &Tree) -> std::result::Result<Vec<RecordType>, snapshot::SnapshotError> {
    let beside = check::files_needed(tree);
    let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let taken: Vec<String> = beside
        .iter()
        .filter_map(|name| stem(name))
        .chain(tree.people.iter().map(|person| person.source.text.clone()))
        .chain(stem(&project.config.write_back.file.to_string_lossy()))
        .chain(project.config.calendar.holidays.as_ref().and_then(|path| stem(&path.to_string_lossy())))
        .collect();
    let mut records = Vec::new();
    for name in snapshot::table_names(&project.root, &project.config)? {
        if !taken.contains(&name) {
            let table = snapshot::describe_table(&project.root, &project.config, &name)?;
            records.push(snapshot::infer::record_type(&table, &project.config));
        }
    }
    Ok(records)
}

/// A record type in the language, so that a past run can be read again.
fn declaration(record: &RecordType) -> String {
    use crate::schema::FieldKind;
    let mut text = format!("record {} from \"{}\" {{\n", record.name, record.source);
    for id in record.field_ids() {
        let field = record.field(id);
        let kind = match field.kind {
            FieldKind::Number => "number",
            FieldKind::Date => "date",
            FieldKind::Time => "time",
            FieldKind::YesNo => "yes/no",
            _ => "text",
        };
        let mark = match (id == record.key, field.optional) {
            (true, _) => ", key",
            (false, true) => ", optional",
            (false, false) => "",
        };
        text.push_str(&format!("  \"{}\" {kind}{mark}\n", field.name));
    }
    if let Some(column) = &record.owner_column {
        text.push_str(&format!("  current owner, column \"{column}\"\n"));
    }
    text.push_str("}\n");
    text
}

/// The directory of a policy's people, teams and queues.
pub fn directory(schema: &Schema, people: Vec<Person>, has_people: bool) -> Directory {
    let teams = schema.teams.iter().map(|team| (team.name.clone(), team.part_of.clone()));
    let queues = schema.queues.iter().map(|queue| queue.name.clone());
    Directory::new(people, teams, queues, has_people)
}

/// The user who runs this, for the ledger.
pub fn actor(given: Option<&str>) -> String {
    given
        .filter(|name| !name.trim().is_empty())
        .map(str::to_owned)
        .or_else(|| std::env::var("USER").ok())
        .or_else(|| std::env::var("USERNAME").ok())
        .filter(|name| !name.trim().is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Whether a path is a plan saved by `plan --out`.
pub fn is_plan_file(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|end| end == "json")
}
