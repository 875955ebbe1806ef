//! Which names a word can mean where it stands: fields of the record at hand, and what they refer to.

use super::Checker;
use super::declarations::same;
use super::policy::Path;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{Field, FieldId, FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{PathExpr, Word};

/// Where names are looked up: the record that is decided, and the references that lead to the record at hand (empty
/// outside a `define` used through a path).
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub root: RecordId,
    pub prefix: Vec<FieldId>,
    /// The record at the end of `prefix`.
    pub record: RecordId,
    /// The role being typed: what a bare `owner` means.
    pub role: String,
    /// Inside a question about other records: no further one can be asked.
    pub is_related: bool,
    /// There, the reference by which they refer to the record that is decided: what `record.` means.
    pub via: Option<FieldId>,
    /// Uses of defines that led here, outermost first, for messages.
    pub used_at: Vec<Span>,
}

impl Scope {
    pub fn of(record: RecordId, role: &str) -> Self {
        Scope {
            root: record,
            prefix: Vec::new(),
            record,
            role: role.to_owned(),
            is_related: false,
            via: None,
            used_at: Vec::new(),
        }
    }

    /// Records that refer to the one that is decided. No role is theirs, so a bare `owner` means nothing.
    pub fn related(record: RecordId, via: FieldId) -> Self {
        Scope { is_related: true, via: Some(via), ..Scope::of(record, "") }
    }

    /// All records of a type, when one of them asks for its place among them.
    pub fn ranked(record: RecordId) -> Self {
        Scope { is_related: true, ..Scope::of(record, "") }
    }

    pub fn path(&self, steps: &[FieldId], field: FieldId) -> Path {
        let mut all = self.prefix.clone();
        all.extend_from_slice(steps);
        Path { steps: all, field }
    }

    /// The same scope one or more references further.
    pub fn through(&self, steps: &[FieldId], record: RecordId) -> Self {
        let mut inner = self.clone();
        inner.prefix.extend_from_slice(steps);
        inner.record = record;
        inner
    }
}

impl Checker<'_> {
    pub(super) fn field(&self, record: RecordId, field: FieldId) -> &Field {
        self.schema.record(record).field(field)
    }

    /// As [`Checker::resolve`], and nothing may stand behind the path.
    pub(super) fn resolve_whole(&mut self, path: &PathExpr, scope: &Scope) -> Option<(Path, RecordId)> {
        self.whole(path)?;
        self.resolve(path, scope)
    }

    /// The field a path means in a scope: the path and the record type that holds its last field. Reports what is
    /// unknown, with did-you-mean.
    pub(super) fn resolve(&mut self, path: &PathExpr, scope: &Scope) -> Option<(Path, RecordId)> {
        if let Some((outer, path)) = self.outer(path, scope) {
            return self.resolve(&path, &outer);
        }
        let (last, steps) = path.names.split_last()?;
        let (steps, record) = self.steps(steps, scope)?;
        match self.schema.record(record).find(&last.text) {
            Some(field) => Some((scope.path(&steps, field), record)),
            None => {
                match self.role_of_path(path, record) {
                    Some(help) => self.push(
                        Diagnostic::error(Code::UnknownField, format!("`{}` is a role, not a field", last.text))
                            .at(path.span, "a role is asked the other way round")
                            .help(help),
                    ),
                    None => self.unknown_field(last, record, scope),
                }
                None
            }
        }
    }

    /// How `parent.owner` is written, where its last name is a role of the record that the path leads to.
    fn role_of_path(&self, path: &PathExpr, record: RecordId) -> Option<String> {
        let (last, steps) = path.names.split_last()?;
        let record = &self.schema.record(record).name;
        let is_role = |role: &Word, of: &Word| same(&role.text, &last.text) && same(&of.text, record);
        let is_declared = self.tree.decides.iter().any(|decide| is_role(&decide.role, &decide.record));
        let steps: Vec<&str> = steps.iter().map(|step| step.text.as_str()).collect();
        (is_declared && !steps.is_empty()).then(|| format!("write `{} of {}`", last.text, steps.join(".")))
    }

    /// `record.country` inside a question about other records: the field of the record that is decided, reached over
    /// their reference to it.
    pub(super) fn outer(&self, path: &PathExpr, scope: &Scope) -> Option<(Scope, PathExpr)> {
        let via = scope.via?;
        let (first, rest) = path.names.split_first()?;
        let is_outer = first.text.eq_ignore_ascii_case("record") && !rest.is_empty();
        let is_field = self.schema.record(scope.record).find(&first.text).is_some();
        let FieldKind::Reference { record, .. } = self.field(scope.record, via).kind else { return None };
        if !is_outer || is_field {
            return None;
        }
        let mut outer = scope.through(&[via], record);
        outer.via = None;
        Some((outer, PathExpr { names: rest.to_vec(), span: path.span, stray: path.stray.clone() }))
    }

    /// Follows reference fields from the scope's record.
    pub(super) fn steps(&mut self, names: &[Word], scope: &Scope) -> Option<(Vec<FieldId>, RecordId)> {
        let mut record = scope.record;
        let mut steps = Vec::new();
        for name in names {
            let Some(field) = self.schema.record(record).find(&name.text) else {
                self.unknown_field(name, record, scope);
                return None;
            };
            let FieldKind::Reference { record: next, .. } = self.field(record, field).kind else {
                let kind = self.field(record, field).kind.describe();
                let mut diagnostic =
                    Diagnostic::error(Code::NotAReference, format!("`{}` refers to no other record", name.text))
                        .at(name.span, format!("{kind}, so nothing can follow the dot"))
                        .help("remove the dot and what follows, or use a field that refers to a record");
                if let Some(span) = self.field(record, field).span {
                    diagnostic = diagnostic.at(span, "declared here");
                }
                self.push(diagnostic);
                return None;
            };
            steps.push(field);
            record = next;
        }
        Some((steps, record))
    }

    pub(super) fn unknown_field(&mut self, name: &Word, record: RecordId, scope: &Scope) {
        let record = self.schema.record(record);
        let fields = record.fields.iter().map(|field| field.name.as_str());
        let help = did_you_mean(&name.text, fields);
        let mut diagnostic =
            Diagnostic::error(Code::UnknownField, format!("`{}` has no field `{}`", record.name, name.text))
                .at(name.span, format!("not a field of `{}`", record.name))
                .maybe_help(help);
        if let (None, Some(span)) = (&diagnostic.help, record.span) {
            diagnostic = diagnostic.at(span, format!("`{}` is declared here", record.name));
        }
        for used in &scope.used_at {
            diagnostic = diagnostic.at(*used, format!("used here for `{}`", record.name));
        }
        self.push(diagnostic);
    }
}
