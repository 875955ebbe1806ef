//! The two versions: folders or revisions, each as a project of its own that reads the same records.

use super::super::args::DiffArgs;
use super::super::exit::{Exit, Failure, Result};
use super::super::session::Session;
use crate::check::merged::{DeclarationChange, Edit, Touched};
use crate::diagnostic::{self, Diagnostic};
use crate::project::{Config, Location, Project, RevisionError};
use crate::source::Sources;
use std::path::{Path, PathBuf};

/// One version.
pub struct Side {
    /// As it was named on the command line.
    pub shown: String,
    pub session: Session,
    /// The settings as they are written, before both sides were given one source and one ledger.
    config: Config,
}

pub struct Sides {
    pub old: Side,
    pub new: Side,
}

/// Where a version is.
enum Place {
    Folder(PathBuf),
    Revision(String),
}

/// Opens both versions. Errors: what cannot be read, and policies with errors.
pub fn open(args: &DiffArgs) -> Result<Sides> {
    let here = args.project.clone().unwrap_or_else(|| ".".into());
    let new_place = match (&args.new, &args.project) {
        (Some(text), _) => place(text, &here)?,
        (None, _) => Place::Folder(here.clone()),
    };
    let hand = match (&args.project, &new_place) {
        (None, Place::Folder(folder)) => folder.clone(),
        _ => here,
    };
    let old_place = place(&args.old, &hand)?;
    let hand_project = open_folder(&hand);
    let data = match &new_place {
        Place::Folder(folder) => Some(open_folder(folder)?),
        Place::Revision(_) => hand_project.ok(),
    };
    let open = |place: Place, shown: String| side(place, shown, &hand, data.as_ref(), args);
    let old = open(old_place, args.old.clone())?;
    let new_shown = args.new.clone().unwrap_or_else(|| "the working folder".to_owned());
    Ok(Sides { new: open(new_place, new_shown)?, old })
}

/// A name that could be both has to be written so that it is one.
fn place(text: &str, hand: &Path) -> Result<Place> {
    let path = Path::new(text);
    if text.starts_with('-') || text.is_empty() || !path.exists() {
        return Ok(Place::Revision(text.to_owned()));
    }
    let is_plainly_a_path = path.is_absolute() || text.starts_with('.');
    let folder = if hand.is_dir() { hand } else { hand.parent().unwrap_or(hand) };
    if !is_plainly_a_path && Project::is_revision(folder, text) {
        return Err(Failure::could_not_run(format!(
            "`{text}` is both a folder and a revision: write `./{text}` for the folder, `{text}^0` for the revision"
        )));
    }
    Ok(Place::Folder(path.to_path_buf()))
}

fn open_folder(folder: &Path) -> Result<Project> {
    Project::open(folder).map_err(|error| Failure::findings(Exit::CouldNotRun, error.findings, error.sources))
}

fn side(place: Place, shown: String, hand: &Path, data: Option<&Project>, args: &DiffArgs) -> Result<Side> {
    let (mut project, is_revision) = match place {
        Place::Folder(folder) => (open_folder(&folder)?, false),
        Place::Revision(text) => (at_revision(hand, &text)?, true),
    };
    let config = project.config.clone();
    let refuse = |finding: Diagnostic| Failure::findings(Exit::CouldNotRun, vec![finding], Sources::default());
    if let Some(data) = data.filter(|_| args.data || is_revision) {
        // The ledger and the records are those of today, whatever a version says of where they are; how their cells are
        // written is each version's own.
        project.config.ledger = data.config.ledger.clone();
        project.config.ledger.file = data.config.ledger_path(&data.root);
        project.config.source.complete = data.config.source.complete;
        match data.config.source_path(&data.root) {
            Ok(path) => {
                project.config.source.location = moved_to(&data.config.source.location, path);
                project.config.source.may_be_outside = true;
            }
            // Without data there is nothing to read; a policy whose records are declared needs none.
            Err(finding) if args.data && args.source.is_none() => return Err(refuse(finding)),
            Err(_) => {}
        }
    }
    if let Some(source) = &args.source {
        project.config = project.config.with_source(source).map_err(refuse)?;
    }
    let session = Session::of(project)?;
    if diagnostic::any_error(&session.findings) {
        let errors: Vec<Diagnostic> = session.findings.iter().filter(|found| found.is_error()).cloned().collect();
        return Err(Failure {
            message: Some(format!("the policies of {shown} have errors, so nothing can be said of what they decide")),
            ..Failure::findings(Exit::CouldNotRun, errors, session.project.sources)
        });
    }
    Ok(Side { shown, session, config })
}

fn at_revision(hand: &Path, text: &str) -> Result<Project> {
    Project::at_revision(hand, text).map_err(|error| match error {
        RevisionError::Unknown(message) => Failure::could_not_run(message),
        RevisionError::Project(error) => Failure {
            message: Some(format!("`{text}` cannot be read")),
            ..Failure::findings(Exit::CouldNotRun, error.findings, error.sources)
        },
    })
}

fn moved_to(location: &Location, path: PathBuf) -> Location {
    match location {
        Location::Sqlite(_) => Location::Sqlite(path),
        Location::Csv(_) => Location::Csv(path),
        Location::Jsonl(_) => Location::Jsonl(path),
    }
}

/// What differs between the settings of both versions, as far as owners can hang on it.
pub fn settings(old: &Side, new: &Side) -> Vec<DeclarationChange> {
    let mut changes = Vec::new();
    let mut tell = |what: &str, how: String, touched: Touched| {
        let what = format!("{what} in ownward.toml");
        changes.push(DeclarationChange { edit: Edit::Changed, what, how, touched, span: None });
    };
    let (a, b) = (&old.config, &new.config);
    let zone = |config: &Config| config.zone.iana_name().unwrap_or("a zone of its own").to_owned();
    if a.zone != b.zone {
        tell("`zone`", format!("was {}, is {}", zone(a), zone(b)), Touched::Everything);
    }
    let holidays = |side: &Side| side.session.project.read_holidays().ok().flatten();
    if a.calendar.hours != b.calendar.hours || holidays(old) != holidays(new) {
        tell("`[calendar]`", String::new(), Touched::Hours);
    }
    // Settings are plain values; what they are written as is all there is to them.
    let written = |config: &Config| {
        (format!("{:?}", config.source.numbers), config.source.dates.clone(), config.source.times.clone())
    };
    if written(a) != written(b) {
        tell("how cells are written under `[source]`", String::new(), Touched::Reading);
    }
    if format!("{:?}", a.records) != format!("{:?}", b.records) {
        tell("`[records]`", String::new(), Touched::Reading);
    }
    if a.source.complete != b.source.complete {
        tell("`complete`", format!("is {}", b.source.complete), Touched::Reading);
    }
    if a.ledger.drift != b.ledger.drift {
        tell("`drift`", String::new(), Touched::Reading);
    }
    changes
}
