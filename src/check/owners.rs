//! Who: the names after `assign to`, and owners in conditions.

use super::Checker;
use super::declarations::same;
use super::policy::{
    Cond, NameId, OwnerName, OwnerPath, OwnerRef, Path, RoleId, TableUse, Target, TargetKind, TestKind,
};
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, did_you_mean, nearest};
use crate::schema::{Currency, FieldKind, ListId, MatchHow, RecordId, TableId};
use crate::source::Span;
use crate::syntax::{Expr, ExprKind, PathExpr, Who, WhoKind, Word};

impl Checker<'_> {
    /// The chain of a rule's targets. `conditions` are those of the rule and its groups: a list cell is the row that
    /// one of them found.
    pub(super) fn targets(&mut self, chain: &[Who], conditions: &[Cond], scope: &Scope) -> Vec<Target> {
        let targets: Vec<Target> = chain
            .iter()
            .filter_map(|who| {
                let kind = self.target(who, conditions, scope)?;
                Some(Target { kind, span: who.span })
            })
            .collect();
        for (index, target) in targets.iter().enumerate() {
            if target.kind == TargetKind::Nobody && index + 1 < targets.len() {
                self.push(
                    Diagnostic::warning(Code::UnreachableElse, "nothing after `else` is ever reached")
                        .at(target.span, "`nobody` always answers")
                        .help("put `nobody` last"),
                );
            }
        }
        targets
    }

    fn target(&mut self, who: &Who, conditions: &[Cond], scope: &Scope) -> Option<TargetKind> {
        match &who.kind {
            WhoKind::Nobody => Some(TargetKind::Nobody),
            WhoKind::Keep => Some(TargetKind::Keep),
            WhoKind::Broken => None,
            WhoKind::Manager(of) => {
                let inner = self.target(of, conditions, scope)?;
                if matches!(inner, TargetKind::Nobody | TargetKind::Keep | TargetKind::Pool(_)) {
                    self.push(
                        Diagnostic::error(Code::WrongType, "`manager of` needs somebody")
                            .at(of.span, "nobody to be the manager of")
                            .help("name a person, a field, or `owner of …`; `manager of owner` is the current owner's"),
                    );
                    return None;
                }
                Some(TargetKind::Manager(Box::new(inner)))
            }
            WhoKind::OwnerOf(role, path) => {
                self.owner_of(role, path, scope).map(|owner| TargetKind::OwnerOf(OwnerRef::Of(owner)))
            }
            WhoKind::Pool(pool) => self.pool(pool, who.span, scope).map(TargetKind::Pool),
            WhoKind::With(with) => self.contest(with, who.span, scope).map(TargetKind::Contest),
            WhoKind::Text(text) => Some(TargetKind::Name(self.name(text, who.span))),
            WhoKind::Path(path) => self.path_target(path, conditions, scope),
        }
    }

    fn path_target(&mut self, path: &PathExpr, conditions: &[Cond], scope: &Scope) -> Option<TargetKind> {
        if let Some(stray) = &path.stray {
            let whole = format!("{} {}", path.text(), stray.text);
            let known = self.owner_words();
            let near = did_you_mean(&whole, known.iter().map(String::as_str));
            let mistyped = stray
                .text
                .split(' ')
                .find_map(|word| Some((word, nearest(word, ["else", "because", "from", "until", "assign"])?)));
            if let (None, Some((word, keyword))) = (&near, mistyped) {
                let start = stray.span.start + u32::try_from(stray.text.find(word).unwrap_or(0)).unwrap_or(0);
                let end = start + u32::try_from(word.len()).unwrap_or(0);
                self.push(
                    Diagnostic::error(Code::Syntax, format!("expected `{keyword}`, found `{word}`"))
                        .at(Span { start, end, ..stray.span }, "not expected here")
                        .help(format!("did you mean `{keyword}`?")),
                );
                return None;
            }
            self.push(
                Diagnostic::error(Code::UnquotedText, "a name with blanks in it needs quotes")
                    .at(path.span.to(stray.span), "read as several words")
                    .maybe_fix(path.span.to(stray.span), near.is_none().then(|| format!("\"{whole}\"")))
                    .help(near.unwrap_or_else(|| format!("write \"{whole}\""))),
            );
            return None;
        }
        let first = path.names.first()?.clone();
        let rest: Vec<Word> = path.names[1..].to_vec();
        if let Some(list) = self.schema.lists.iter().position(|list| same(&list.name, &first.text)) {
            return self.list_cell(ListId(u16::try_from(list).ok()?), &first, &rest, conditions);
        }
        if let Some(table) = self.schema.tables.iter().position(|table| same(&table.name, &first.text)) {
            return self.table_cell(TableId(u16::try_from(table).ok()?), &first, &rest, scope);
        }
        if rest.is_empty() && same(&first.text, &scope.role) {
            return Some(TargetKind::OwnerOf(OwnerRef::Current));
        }
        let field = self.schema.record(scope.record).find(&first.text);
        let is_owner = self.is_declared_owner(&path.text());
        match (field, is_owner) {
            (Some(_), true) => {
                self.push(
                    Diagnostic::error(Code::AmbiguousWord, format!("`{}` is a field and an owner", path.text()))
                        .at(path.span, "which is meant?")
                        .help("quote the owner's name"),
                );
                None
            }
            (Some(_), false) => self.field_target(path, scope),
            (None, _) => {
                if rest.is_empty()
                    && let Some(owner) = self.sibling_role(&first.text, scope)
                {
                    return Some(TargetKind::OwnerOf(OwnerRef::Of(owner)));
                }
                Some(TargetKind::Name(self.name(&path.text(), path.span)))
            }
        }
    }

    /// The owner whose key, email or name stands in a field of the record.
    fn field_target(&mut self, path: &PathExpr, scope: &Scope) -> Option<TargetKind> {
        let (resolved, record) = self.resolve(path, scope)?;
        let field = self.field(record, resolved.field);
        if field.kind == FieldKind::Text {
            return Some(TargetKind::Field(resolved));
        }
        let (name, kind) = (field.name.clone(), field.kind.describe());
        let help = match field.kind {
            FieldKind::Reference { .. } => format!("write `owner of {}` for the owner of that record", path.text()),
            _ => "name an owner, or a text field that holds one".to_owned(),
        };
        self.push(
            Diagnostic::error(Code::WrongType, format!("`{name}` holds no owner")).at(path.span, kind).help(help),
        );
        None
    }

    fn is_declared_owner(&self, name: &str) -> bool {
        self.schema.teams.iter().any(|team| same(&team.name, name))
            || self.schema.queues.iter().any(|queue| same(&queue.name, name))
    }

    fn owner_words(&self) -> Vec<String> {
        let teams = self.schema.teams.iter().map(|team| team.name.clone());
        let queues = self.schema.queues.iter().map(|queue| queue.name.clone());
        teams.chain(queues).collect()
    }

    /// Registers an owner's name. While nobody who could own anything is declared, it becomes a team.
    pub(super) fn name(&mut self, text: &str, span: Span) -> NameId {
        let index = match self.names.iter().position(|name| name.text == text) {
            Some(index) => index,
            None => {
                if self.infers_teams && !self.schema.teams.iter().any(|team| same(&team.name, text)) {
                    self.schema.teams.push(crate::schema::Team { name: text.to_owned(), part_of: None, span: None });
                    self.push(
                        Diagnostic::note(Code::InferredTeam, format!("`{text}` is taken for a team"))
                            .at(span, "not declared")
                            .help(format!("write `team {text}` or `queue {text}` to say which it is")),
                    );
                }
                self.names.push(OwnerName { text: text.to_owned(), span });
                self.names.len() - 1
            }
        };
        NameId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// An owner's name in a condition: `owner = Triage`, `owner is "ana.silva"`.
    pub(super) fn owner_name(&mut self, value: &Expr) -> Option<NameId> {
        match &value.kind {
            ExprKind::Group(inner) => self.owner_name(inner),
            ExprKind::Quoted(text) => Some(self.name(text, value.span)),
            ExprKind::Path(path) if path.stray.is_none() => Some(self.name(&path.text(), path.span)),
            ExprKind::Broken => None,
            _ => {
                self.push(
                    Diagnostic::error(Code::WrongType, "expected an owner's name")
                        .at(value.span, "not a name")
                        .help("name a person, a team or a queue"),
                );
                None
            }
        }
    }

    pub(super) fn team_name(&mut self, path: &PathExpr) -> Option<NameId> {
        let text = path.text();
        if self.schema.teams.iter().any(|team| same(&team.name, &text)) {
            return Some(self.name(&text, path.span));
        }
        let teams = self.schema.teams.iter().map(|team| team.name.as_str());
        let help = did_you_mean(&text, teams).unwrap_or_else(|| format!("declare it: `team {text}`"));
        self.push(
            Diagnostic::error(Code::UnknownTeam, format!("no team `{text}`"))
                .at(path.span, "an owner is only in a team")
                .help(help),
        );
        None
    }

    fn list_cell(&mut self, list: ListId, name: &Word, rest: &[Word], conditions: &[Cond]) -> Option<TargetKind> {
        let [column] = rest else {
            self.push(
                Diagnostic::error(Code::WhichColumn, format!("`{}` is a list: which column?", name.text))
                    .at(name.span, "a list has several columns")
                    .help(format!("write `{}.owner` with the column that holds the owner", name.text)),
            );
            return None;
        };
        let mut found: Vec<&Path> = Vec::new();
        for condition in conditions {
            positive_look_ups(condition, list, &mut found);
        }
        let path = match found.as_slice() {
            [path] => (*path).clone(),
            others => {
                let what = if others.is_empty() { "no condition" } else { "more than one condition" };
                self.push(
                    Diagnostic::error(Code::WhichRow, format!("which row of `{}`?", name.text))
                        .at(name.span, format!("{what} of this rule finds a row of it"))
                        .with_note("the row is the one found by `in`, in this rule or a group around it, not under `not` or `or`")
                        .help(format!("add `… in {}` to the rule", name.text)),
                );
                return None;
            }
        };
        let column = self.known_cell(column, &name.text, self.schema.list(list).data.clone())?;
        Some(TargetKind::Cell { list, path, column })
    }

    fn known_cell(&mut self, column: &Word, name: &str, data: Option<crate::schema::Tabular>) -> Option<usize> {
        let Some(data) = data else {
            // The file could not be read: that error is enough.
            return Some(0);
        };
        let found = data.column(&column.text);
        if found.is_none() {
            let known = data.headers.join(", ");
            self.push(
                Diagnostic::error(Code::UnknownColumn, format!("`{name}` has no column `{}`", column.text))
                    .at(column.span, "not in its header line")
                    .with_note(format!("its columns: {known}"))
                    .help(
                        did_you_mean(&column.text, data.headers.iter().map(String::as_str))
                            .unwrap_or_else(|| "write one of its columns".into()),
                    ),
            );
        }
        found
    }

    fn table_cell(&mut self, table: TableId, name: &Word, rest: &[Word], scope: &Scope) -> Option<TargetKind> {
        if let [_, extra, ..] = rest {
            self.error(
                Code::WhichColumn,
                format!("`{}` has columns, not records", name.text),
                extra.span,
                "one name too many",
            );
            return None;
        }
        let paths = self.table_paths(table, name.span, scope)?;
        let give = self.schema.table(table).give.clone();
        let column = match rest.first() {
            Some(column) => column.clone(),
            None => Word { text: give, span: name.span, quoted: true },
        };
        let column = self.known_cell(&column, &name.text, self.schema.table(table).data.clone())?;
        Some(TargetKind::Table(TableUse { table, paths, column }))
    }

    /// The fields that a table's `match` lines mean for this record type.
    fn table_paths(&mut self, table: TableId, used_at: Span, scope: &Scope) -> Option<Vec<Path>> {
        let lines = self.schema.table(table).matches.clone();
        let mut scope = scope.clone();
        scope.used_at.push(used_at);
        let mut paths = Vec::new();
        let mut sound = true;
        for line in lines {
            let names =
                line.path.iter().map(|name| Word { text: name.clone(), span: line.span, quoted: false }).collect();
            let expr = PathExpr { names, span: line.span, stray: None };
            let Some((path, record)) = self.resolve(&expr, &scope) else {
                sound = false;
                continue;
            };
            let field = self.field(record, path.field).clone();
            if !fits(&line.how, &field.kind) {
                sound = false;
                let how = match line.how {
                    MatchHow::Equals { .. } => "matched by `=`",
                    MatchHow::Between { .. } => "matched by `between`",
                    MatchHow::StartsWith { .. } => "matched by `starts with`",
                };
                self.push(
                    Diagnostic::error(Code::WrongType, format!("`{}` cannot be {how}", field.name))
                        .at(line.span, field.kind.describe())
                        .help("`between` is for numbers and dates, `starts with` for text"),
                );
            } else {
                self.check_cells(table, &line.how, &field, line.span);
            }
            paths.push(path);
        }
        sound.then_some(paths)
    }

    /// Cells of a table that can never match, because they are no value of the field they are matched with.
    fn check_cells(&mut self, table: TableId, how: &MatchHow, field: &crate::schema::Field, span: Span) {
        let Some(data) = self.schema.table(table).data.clone() else {
            return;
        };
        let columns = match how {
            MatchHow::Equals { column } | MatchHow::StartsWith { column } => vec![column],
            MatchHow::Between { from, to } => vec![from, to],
        };
        for column in columns {
            let Some(index) = data.column(column) else {
                continue;
            };
            if !matches!(how, MatchHow::Between { .. }) {
                self.blank_cells(table, &data, index, span);
            }
            for (row, line_number) in data.line_numbers.iter().enumerate() {
                let Some(cell) = data.cell(row, index) else {
                    continue;
                };
                if crate::schema::cell_fits(cell, &field.kind) {
                    continue;
                }
                let help = match &field.kind {
                    FieldKind::Choice(set) => did_you_mean(cell, set.names()),
                    _ => None,
                };
                self.push(
                    Diagnostic::error(
                        Code::BadCell,
                        format!("`{cell}` in column `{column}` is no value of `{}`", field.name),
                    )
                    .at(span, format!("`{}` is {}", field.name, field.kind.describe()))
                    .with_note(format!(
                        "{} line {line_number}: this row would never match",
                        self.schema.table(table).file
                    ))
                    .maybe_help(help),
                );
                break;
            }
        }
    }

    /// Rows with a blank where a value must match: no record is ever found by them.
    fn blank_cells(&mut self, table: TableId, data: &crate::schema::Tabular, column: usize, span: Span) {
        let blank = |row: &usize| data.cell(*row, column).is_none();
        let blanks: Vec<usize> = (0..data.rows.len()).filter(blank).map(|row| data.line_numbers[row]).collect();
        let Some(first) = blanks.first() else {
            return;
        };
        let file = self.schema.table(table).file.clone();
        let header = &data.headers[column];
        self.push(
            Diagnostic::warning(
                Code::BadCell,
                format!("{} of `{file}` can never match", super::declarations::count(blanks.len(), "row")),
            )
            .at(span, format!("column `{header}` is blank there, first on line {first}"))
            .with_note("a blank cell matches nothing, not everything; only the ends of a range may be blank")
            .help(format!("fill in `{header}`, or keep those rows in a table that does not match it")),
        );
    }

    /// `owner of account.parent`: the role of the record that the path leads to.
    pub(super) fn owner_of(&mut self, role: &Word, path: &PathExpr, scope: &Scope) -> Option<OwnerPath> {
        if let Some(stray) = &path.stray {
            let first = stray.text.split(' ').next().unwrap_or_default().to_owned();
            self.error(
                Code::Syntax,
                format!("`{first}` fits nowhere here"),
                stray.span,
                "expected the end of the rule",
            );
            return None;
        }
        let (mut steps, record) = self.steps(&path.names, scope)?;
        let mut all = scope.prefix.clone();
        all.append(&mut steps);
        let role_id = self.role_named(record, role, path.span)?;
        Some(OwnerPath { steps: all, role: role_id })
    }

    /// Another role of the same record: `owner` inside `decide backup of Account`.
    pub(super) fn sibling_role(&self, name: &str, scope: &Scope) -> Option<OwnerPath> {
        let wanted = name.to_lowercase();
        if wanted == scope.role.to_lowercase() {
            return None;
        }
        let index =
            self.roles.iter().position(|role| role.record == scope.root && role.name.to_lowercase() == wanted)?;
        Some(OwnerPath { steps: Vec::new(), role: RoleId(u16::try_from(index).ok()?) })
    }

    fn role_named(&mut self, record: RecordId, role: &Word, span: Span) -> Option<RoleId> {
        let found = self.roles.iter().position(|known| known.record == record && same(&known.name, &role.text));
        if let Some(index) = found {
            return u16::try_from(index).ok().map(RoleId);
        }
        let record_name = self.schema.record(record).name.clone();
        let roles: Vec<String> =
            self.roles.iter().filter(|known| known.record == record).map(|known| known.name.clone()).collect();
        let help = did_you_mean(&role.text, roles.iter().map(String::as_str))
            .unwrap_or_else(|| format!("write `decide {} of {record_name} {{ … }}` first", role.text));
        self.push(
            Diagnostic::error(Code::UnknownRole, format!("nothing decides `{} of {record_name}`", role.text))
                .at(role.span.to(span), "no such role")
                .help(help),
        );
        None
    }
}

/// The paths that conditions look up in a list, where all of them must hold.
fn positive_look_ups<'c>(cond: &'c Cond, list: ListId, found: &mut Vec<&'c Path>) {
    match cond {
        Cond::All(parts) => parts.iter().for_each(|part| positive_look_ups(part, list, found)),
        Cond::Named { body, .. } => positive_look_ups(body, list, found),
        Cond::Test { kind: TestKind::InList { path, list: of }, .. } if *of == list => found.push(path),
        _ => {}
    }
}

fn fits(how: &MatchHow, kind: &FieldKind) -> bool {
    match how {
        MatchHow::Equals { .. } => {
            matches!(
                kind,
                FieldKind::Text
                    | FieldKind::Number
                    | FieldKind::Choice(_)
                    | FieldKind::YesNo
                    | FieldKind::Reference { .. }
            )
        }
        // A bound says no currency, so an amount whose currency stands in a column cannot lie between two.
        MatchHow::Between { .. } => {
            matches!(kind, FieldKind::Number | FieldKind::Money(Currency::Fixed(_)) | FieldKind::Date)
        }
        MatchHow::StartsWith { .. } => matches!(kind, FieldKind::Text),
    }
}
