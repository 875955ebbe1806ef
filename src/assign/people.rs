//! What is amiss between a policy and its people: teams, managers and backups that nobody answers to.

use super::bind::and_more;
use crate::check::policy::TypedPolicy;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{Directory, Found};
use crate::value::fold;

const MANAGER_MISSES: &str = "`manager of` misses for them";
const NOBODY_STANDS_IN: &str = "nobody stands in for them while they are away";

/// Adds one message a kind.
pub(super) fn report(policy: &TypedPolicy, directory: &Directory, diagnostics: &mut Vec<Diagnostic>) {
    let declared = &policy.schema.teams;
    let is_team = |name: &str| declared.iter().any(|team| fold(&team.name) == fold(name));
    let mut teams: Vec<(&str, &str)> = Vec::new();
    let mut managers: Vec<(&str, &str)> = Vec::new();
    let mut backups: Vec<(&str, &str)> = Vec::new();
    let (mut like_managers, mut like_backups): (Several<'_>, Several<'_>) = Default::default();
    for person in directory.people() {
        let unknown = person.teams.iter().filter(|own| !is_team(&own.team));
        teams.extend(unknown.map(|own| (person.key.as_str(), own.team.as_str())));
        if let Some(name) = &person.manager {
            match directory.find(name) {
                Found::Ambiguous(keys) => like_managers.push((&person.key, name, keys)),
                Found::Unknown => managers.push((&person.key, name)),
                Found::Owner(_) | Found::Inactive(_) => {}
            }
        }
        if let Some(name) = &person.backup {
            match directory.find(name) {
                Found::Ambiguous(keys) => like_backups.push((&person.key, name, keys)),
                _ if directory.backup_of(person).is_none() => backups.push((&person.key, name)),
                _ => {}
            }
        }
    }
    let span = policy.schema.people.as_ref().and_then(|people| people.span);
    let placed = |finding: Diagnostic| match span {
        Some(span) => finding.at(span, "in this directory"),
        None => finding,
    };
    let mut tell = |code, headline: &str, found: &[(&str, &str)], why: &str, help: Option<String>| {
        let Some((key, name)) = found.first() else { return };
        let finding = Diagnostic::warning(code, headline)
            .with_note(format!("`{key}`: `{name}`{}", and_more(found.len())))
            .with_note(why)
            .maybe_help(help);
        diagnostics.push(placed(finding));
    };
    // Where no team is declared at all, nobody asks for teams.
    if !declared.is_empty() && policy.names.iter().any(|name| is_team(&name.text)) {
        let near = teams.first().and_then(|(_, team)| {
            let known: Vec<&str> = declared.iter().map(|team| team.name.as_str()).collect();
            several_teams(team, is_team).or_else(|| did_you_mean(team, known))
        });
        let headline = "people belong to a team that is not declared";
        tell(Code::UnknownTeam, headline, &teams, "they are in no team that a rule can ask for", near);
    }
    let near = |found: &[(&str, &str)]| found.first().and_then(|(_, name)| did_you_mean(name, directory.names()));
    let headline = "people have a manager that nobody answers to";
    tell(Code::UnknownOwner, headline, &managers, MANAGER_MISSES, near(&managers));
    let headline = "people have a backup that no single person answers to";
    tell(Code::UnknownOwner, headline, &backups, NOBODY_STANDS_IN, near(&backups));
    diagnostics.extend(several("manager", &like_managers, MANAGER_MISSES).map(placed));
    diagnostics.extend(several("backup", &like_backups, NOBODY_STANDS_IN).map(placed));
    diagnostics.extend(circles(directory).map(placed));
}

/// `Sales, Desk`: teams with a comma between them are one name.
fn several_teams(text: &str, is_team: impl Fn(&str) -> bool) -> Option<String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    (parts.len() > 1 && parts.iter().any(|part| is_team(part)))
        .then(|| format!("`;` stands between teams: write `{}`", parts.join("; ")))
}

/// People whose manager or backup is named by a name that fits several: who, the name, and the keys it fits.
type Several<'d> = Vec<(&'d str, &'d str, Vec<String>)>;

fn several(word: &str, found: &Several<'_>, why: &str) -> Option<Diagnostic> {
    let (key, name, keys) = found.first()?;
    let more = if found.len() > 1 { format!(" and {} more", found.len() - 1) } else { String::new() };
    Some(
        Diagnostic::warning(Code::AmbiguousName, format!("people have a {word} whose name fits several people"))
            .with_note(format!("`{key}`{more}: `{name}` fits {}", keys.join(", ")))
            .with_note(why)
            .help(format!("write the {word}'s key in place of the name")),
    )
}

/// People who are each other's backup: while all of a circle are away, nobody stands in.
fn circles(directory: &Directory) -> Option<Diagnostic> {
    let circles = directory.backup_circles();
    let mut shown = circles.first()?.clone();
    shown.extend(shown.first().copied());
    let shown: Vec<String> = shown.into_iter().map(|key| format!("`{key}`")).collect();
    Some(
        Diagnostic::warning(Code::BackupCircle, "people are each other's backup in a circle")
            .with_note(format!("{}{}", shown.join(" → "), and_more(circles.len())))
            .with_note("while all of them are away at once, nobody stands in")
            .help("give one of them a backup outside the circle, or none"),
    )
}
