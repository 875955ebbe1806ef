//! Names bound to owners: what every name of a policy, and every cell of its lists and tables, means in a directory.

use super::{people, pools, teams};
use crate::check::policy::{NameId, TypedPolicy};
use crate::diagnostic::{Code, Diagnostic, Severity, did_you_mean};
use crate::schema::{Directory, Found, ListId, RowDays, TableId, Tabular};
use crate::source::Span;
use crate::value::{Owner, OwnerKind, fold};
use rustc_hash::FxHashMap;

/// A policy's names in one directory on one day, and its lists ready to look up.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    directory: Directory,
    /// The day that memberships and absences are asked for.
    today: i32,
    names: Vec<Result<Owner, String>>,
    /// As `names`, with those who are no longer active: who is meant, whether or not they may receive.
    meant: Vec<Option<Owner>>,
    /// By [`ListId`]: the first row that counts today of each folded text of the `by` column.
    lists: Vec<FxHashMap<String, usize>>,
}

/// How bad it is that a name, or an owner cell of a list or table, means nobody.
///
/// A check calls both errors where the people are at hand, notes where they are not. A run stops for a name in a rule;
/// a cell is a miss for its records, told as a warning (design section 3, point 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub names: Severity,
    pub cells: Severity,
}

impl Unknown {
    pub fn both(severity: Severity) -> Self {
        Unknown { names: severity, cells: severity }
    }
}

/// Binds every name to its owner and reports those nobody answers to; `unknown` says how bad that is. `today` is the date
/// of `as of` in the project's zone.
pub fn bind(policy: &TypedPolicy, directory: Directory, unknown: Unknown, today: i32) -> (Binding, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut names = Vec::new();
    let mut meant = Vec::new();
    for name in &policy.names {
        let found = directory.find(&name.text);
        if let Some(diagnostic) = name_diagnostic(policy, &directory, &name.text, &found, unknown.names) {
            diagnostics.push(match &diagnostic.primary {
                Some(_) => diagnostic,
                None => diagnostic.at(name.span, "named here"),
            });
        }
        meant.push(match &found {
            Found::Owner(owner) | Found::Inactive(owner) => Some(owner.clone()),
            _ => None,
        });
        names.push(match found {
            // Without a directory a name that is no team and no queue can only be a person's key.
            Found::Unknown if policy.schema.people.is_some() && !directory.has_people => {
                Ok(Owner::new(OwnerKind::Person, name.text.trim()))
            }
            found => owner(found, &name.text),
        });
    }
    let lists = policy
        .schema
        .lists
        .iter()
        .map(|list| {
            let mut rows = FxHashMap::default();
            if let Some((data, column)) = list.data.as_ref().and_then(|data| Some((data, data.column(&list.by)?))) {
                for row in (0..data.rows.len()).filter(|row| list.days.count(*row, today)) {
                    if let Some(cell) = data.cell(row, column) {
                        rows.entry(fold(cell)).or_insert(row);
                    }
                }
            }
            rows
        })
        .collect();
    let binding = Binding { directory, today, names, meant, lists };
    binding.cells(policy, unknown.cells, &mut diagnostics);
    people::report(policy, &binding.directory, &mut diagnostics);
    pools::report(policy, &binding, &mut diagnostics);
    teams::report(policy, &binding, &mut diagnostics);
    crate::diagnostic::sort(&mut diagnostics);
    (binding, diagnostics)
}

fn name_diagnostic(
    policy: &TypedPolicy,
    directory: &Directory,
    text: &str,
    found: &Found,
    unknown: Severity,
) -> Option<Diagnostic> {
    match found {
        Found::Owner(_) => None,
        Found::Inactive(_) => Some(
            Diagnostic::warning(Code::InactiveOwner, format!("`{text}` is not active"))
                .with_note("a rule that names somebody inactive does not match, and such a pin does not count")
                .help("name somebody else, or remove the rule"),
        ),
        Found::Ambiguous(keys) => Some(
            Diagnostic::error(Code::AmbiguousName, format!("`{text}` fits {} people", keys.len()))
                .with_note(format!("their keys: {}", keys.join(", ")))
                .help("name the person by key"),
        ),
        Found::Unknown => {
            let declared = policy.schema.people.is_some();
            let severity = if declared { unknown } else { Severity::Error };
            // Names with blanks are quoted where they are declared.
            let name = if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text.to_owned() };
            let help = did_you_mean(text, directory.names()).unwrap_or_else(|| {
                if declared {
                    format!("declare it (`team {name}` or `queue {name}`), or add the person to the directory")
                } else {
                    format!("declare it: `team {name}` or `queue {name}`; people are declared with `person from …`")
                }
            });
            Some(
                Diagnostic::new(Code::UnknownOwner, severity, format!("nobody is called `{text}`"))
                    .with_note(if declared && !directory.has_people {
                        "the directory of people is not at hand, so this may be a person's key"
                    } else {
                        "no person, team or queue of that name is known"
                    })
                    .help(help),
            )
        }
    }
}

fn owner(found: Found, text: &str) -> Result<Owner, String> {
    match found {
        Found::Owner(owner) => Ok(owner),
        Found::Inactive(_) => Err(format!("`{text}` is not active")),
        Found::Ambiguous(_) => Err(format!("`{text}` fits more than one person")),
        Found::Unknown => Err(format!("nobody is called `{text}`")),
    }
}

impl Binding {
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The day of the run.
    pub fn today(&self) -> i32 {
        self.today
    }

    /// The owner a name of the policy means, or why it means nobody.
    pub fn name(&self, id: NameId) -> Result<&Owner, &str> {
        match &self.names[id.0 as usize] {
            Ok(owner) => Ok(owner),
            Err(reason) => Err(reason),
        }
    }

    /// Who a name of the policy means, active or not.
    pub fn meant(&self, id: NameId) -> Option<&Owner> {
        self.meant[id.0 as usize].as_ref().or(self.names[id.0 as usize].as_ref().ok())
    }

    /// The owner a cell or a field's text means. While no people are declared at all, any text is taken for a key.
    pub fn find(&self, text: &str) -> Result<Owner, String> {
        match self.directory.find(text) {
            Found::Unknown if !self.directory.has_people && !text.trim().is_empty() => {
                Ok(Owner::new(OwnerKind::Person, text.trim()))
            }
            found => owner(found, text.trim()),
        }
    }

    /// The owner that the source's owner column shows: somebody the directory does not know is *unlisted*, and an
    /// inactive person is still the owner until a rule decides. Blank is nobody.
    pub fn shown(&self, text: &str) -> Option<Owner> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        Some(match self.directory.find(text) {
            Found::Owner(owner) | Found::Inactive(owner) => owner,
            Found::Unknown if !self.directory.has_people => Owner::new(OwnerKind::Person, text),
            Found::Unknown | Found::Ambiguous(_) => Owner::new(OwnerKind::Unlisted, text),
        })
    }

    /// The row of a list that a text is found in today.
    pub fn list_row(&self, list: ListId, text: &str) -> Option<usize> {
        self.lists[list.0 as usize].get(&fold(text)).copied()
    }

    /// Whether the owner may own; while no people are known, everybody may.
    pub fn is_active(&self, owner: &Owner) -> bool {
        match owner.kind {
            OwnerKind::Person if !self.directory.has_people => true,
            _ => self.directory.is_active(owner),
        }
    }

    /// Whether an owner is the one a name means, active or not.
    pub fn is_called(&self, owner: &Owner, name: NameId) -> bool {
        self.meant(name) == Some(owner)
    }

    /// Whether an owner is the named team or belongs to it today.
    pub fn is_member(&self, owner: &Owner, team: NameId) -> bool {
        let Ok(team) = self.name(team) else {
            return false;
        };
        owner == team || (owner.kind == OwnerKind::Person && self.directory.is_member(&owner.id, &team.id, self.today))
    }

    /// The manager of an owner, or why there is none.
    pub fn manager_of(&self, owner: &Owner) -> Result<Owner, String> {
        if owner.kind != OwnerKind::Person {
            return Err(format!("`{}` is a {}, which has no manager", owner.id, owner.kind.word()));
        }
        match self.directory.manager_of(&owner.id) {
            None => Err(format!("`{}` has no manager", owner.id)),
            Some(found) => {
                self::owner(found, "the manager").map_err(|reason| format!("manager of `{}`: {reason}", owner.id))
            }
        }
    }

    /// Owner cells of lists and tables that mean nobody: one message a column.
    fn cells(&self, policy: &TypedPolicy, unknown: Severity, diagnostics: &mut Vec<Diagnostic>) {
        if !self.directory.has_people {
            return;
        }
        for (name, file, span, data, days, column) in owner_columns(policy) {
            let mut bad: Vec<(usize, &str)> = Vec::new();
            let mut inactive: Vec<(usize, &str)> = Vec::new();
            let mut reasons = Vec::new();
            // Rows that are over may well name people who have left.
            for row in (0..data.rows.len()).filter(|row| !days.are_over(*row, self.today)) {
                let Some(cell) = data.cell(row, column) else { continue };
                match self.directory.find(cell) {
                    Found::Owner(_) => {}
                    Found::Inactive(_) => inactive.push((data.line_numbers[row], cell)),
                    found => {
                        bad.push((data.line_numbers[row], cell));
                        reasons.extend(owner(found, cell).err());
                    }
                }
            }
            if let Some((line_number, cell)) = inactive.first() {
                diagnostics.push(
                    Diagnostic::warning(
                        Code::InactiveOwner,
                        format!(
                            "`{name}` names {} who {} not active",
                            count_cells(inactive.len()),
                            are(inactive.len())
                        ),
                    )
                    .at(span, format!("column `{}`", data.headers[column]))
                    .with_note(format!("{file} line {line_number}: `{cell}`{}", and_more(inactive.len())))
                    .with_note("such a row counts as a miss: the next rule is tried")
                    .help("name somebody else in those rows"),
                );
            }
            let Some((line_number, cell)) = bad.first() else {
                continue;
            };
            let rest = and_more(bad.len());
            diagnostics.push(
                Diagnostic::new(
                    Code::UnknownOwner,
                    unknown,
                    format!("`{name}` names {} that nobody answers to", count_cells(bad.len())),
                )
                .at(span, format!("column `{}`", data.headers[column]))
                .with_note(format!("{file} line {line_number}: {}{rest}", reasons[0]))
                .with_note("a row whose owner is unknown counts as a miss: the next rule is tried")
                .maybe_help(did_you_mean(cell, self.directory.names())),
            );
        }
    }
}

pub(super) fn and_more(count: usize) -> String {
    if count > 1 { format!(", and {} more", count - 1) } else { String::new() }
}

fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn count_cells(count: usize) -> String {
    if count == 1 { "an owner".into() } else { format!("{count} owners") }
}

type OwnerColumn<'p> = (&'p str, &'p str, Span, &'p Tabular, &'p RowDays, usize);

/// The columns of lists and tables that rules take owners from.
fn owner_columns(policy: &TypedPolicy) -> Vec<OwnerColumn<'_>> {
    use crate::check::policy::TargetKind;
    let mut lists: Vec<(ListId, usize)> = Vec::new();
    let mut tables: Vec<(TableId, usize)> = Vec::new();
    for target in policy.chains().flatten() {
        let mut kind = &target.kind;
        while let TargetKind::Manager(inner) = kind {
            kind = inner;
        }
        match kind {
            TargetKind::Cell { list, column, .. } => lists.push((*list, *column)),
            TargetKind::Table(table) => tables.push((table.table, table.column)),
            _ => {}
        }
    }
    lists.sort_unstable();
    lists.dedup();
    tables.sort_unstable();
    tables.dedup();
    let lists = lists.into_iter().filter_map(|(id, column)| {
        let list = policy.schema.list(id);
        Some((list.name.as_str(), list.file.as_str(), list.span, list.data.as_ref()?, &list.days, column))
    });
    let tables = tables.into_iter().filter_map(|(id, column)| {
        let table = policy.schema.table(id);
        Some((table.name.as_str(), table.file.as_str(), table.span, table.data.as_ref()?, &table.days, column))
    });
    lists.chain(tables).collect()
}
