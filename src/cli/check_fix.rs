//! `check --fix`: mends that need no second thought, written into the policies, and shown.

use super::args::{CheckArgs, Format};
use super::check;
use super::exit::{Failure, Result};
use super::output::{Output, count};
use super::session::Session;
use crate::diagnostic::{Diagnostic, fix};
use crate::project::write_whole;
use crate::syntax;

/// Looks after which nothing new is mended: one mend may bring another to light.
const ROUNDS_MAX: usize = 8;
/// Checks that one look may take: where all mends together make it worse, halves of them are tried.
const TRIES_MAX: usize = 40;

/// How many errors keep a policy set from being read, how many there are in all, and how many findings. What cannot be read
/// hides what would be wrong in it: fewer of the first is better, whatever comes to light.
type State = (usize, usize, usize);

/// The project with its mends. They are on disk too, unless this is a dry run; what they change is shown.
pub fn mend(session: Session, args: &CheckArgs, out: &Output) -> Result<Session> {
    let before = session.project.sources.clone();
    let (mut session, mut mended) = (session, 0);
    for _ in 0..ROUNDS_MAX {
        let Some((better, count)) = round(&session, args)? else { break };
        session = better;
        mended += count;
    }
    let files = fix::changed(&before, session.sources());
    for id in &files {
        let (old, new) = (before.file(*id), session.sources().file(*id));
        let changes = diff(&old.name, &old.text, &new.text);
        if matches!(out.format, Format::Text | Format::Plain) {
            out.text(&crate::diagnostic::render::clean(&changes))?;
        }
        if !args.dry_run {
            write_unless_changed(&session, &old.name, &old.text, &new.text)?;
        }
    }
    let verb = if args.dry_run { "would be mended" } else { "mended" };
    out.say(&format!("{} {verb} in {}", count(mended as u64, "finding"), count(files.len() as u64, "file")));
    Ok(session)
}

/// The project with everything mended that can be; `None` where nothing can.
fn round(session: &Session, args: &CheckArgs) -> Result<Option<(Session, usize)>> {
    let findings = check::findings(session, args, None)?;
    let with_fix: Vec<&Diagnostic> = findings.iter().filter(|finding| finding.fix.is_some()).collect();
    let state = state(session, &findings);
    let mut search = Search { session, args, fixes: Vec::new(), state, better: None, tries: TRIES_MAX };
    search.add(&with_fix)?;
    Ok(search.better)
}

/// On the way to as many mends as make the policies better together.
struct Search<'a> {
    session: &'a Session,
    args: &'a CheckArgs,
    /// Mends that are taken, and where they lead.
    fixes: Vec<&'a Diagnostic>,
    state: State,
    better: Option<(Session, usize)>,
    tries: usize,
}

impl<'a> Search<'a> {
    /// Takes these mends as well; where all of them together make it no better, each half alone.
    fn add(&mut self, more: &[&'a Diagnostic]) -> Result<()> {
        if more.is_empty() || self.tries == 0 {
            return Ok(());
        }
        self.tries -= 1;
        if self.takes(more)? || more.len() == 1 {
            return Ok(());
        }
        let (first, second) = more.split_at(more.len() / 2);
        self.add(first)?;
        self.add(second)
    }

    fn takes(&mut self, more: &[&'a Diagnostic]) -> Result<bool> {
        let fixes: Vec<&Diagnostic> = self.fixes.iter().chain(more).copied().collect();
        let mended = fix::mended(fixes.iter().copied(), self.session.sources());
        let mut project = self.session.project.clone();
        project.sources = mended.sources;
        let better = Session::of(project)?;
        let then = state(&better, &check::findings(&better, self.args, None)?);
        if then >= self.state {
            return Ok(false);
        }
        (self.fixes, self.state, self.better) = (fixes, then, Some((better, mended.count)));
        Ok(true)
    }
}

fn state(session: &Session, findings: &[Diagnostic]) -> State {
    let count = |findings: &[Diagnostic]| findings.iter().filter(|finding| finding.is_error()).count();
    let (_, unreadable) = syntax::parse(session.sources());
    (count(&unreadable), count(findings), findings.len())
}

/// Writes a policy in place of the text that was checked; an editor may have saved another in between.
fn write_unless_changed(session: &Session, name: &str, old: &str, new: &str) -> Result<()> {
    let path = session.project.root.join(name);
    let now = std::fs::read_to_string(&path).unwrap_or_default();
    if now.strip_prefix('\u{feff}').unwrap_or(&now) != old {
        return Err(Failure::could_not_run(format!(
            "`{name}` was changed meanwhile: it was left as it is. Run it again"
        )));
    }
    write_whole(&path, |to| to.write_all(new.as_bytes()))
        .map_err(|error| Failure::could_not_run(format!("`{name}` cannot be written: {error}")))
}

/// What changes in a file, line by line.
pub fn diff(name: &str, before: &str, after: &str) -> String {
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(1)
        .header(&format!("{name} (now)"), &format!("{name} (mended)"))
        .to_string()
}
