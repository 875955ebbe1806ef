//! Declarations: records and their fields, choices, teams, queues, lists and tables.

use super::FilesBeside;
use super::row_days::row_days;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::limits;
use crate::schema::{
    Choice, ChoiceSet, Currency, Days, Field, FieldId, FieldKind, List, MatchHow, Named, PeopleSource, RecordId,
    RecordType, RowDays, Schema, Table, TableMatch, Tabular, Team, days_are_empty,
};
use crate::source::Span;
use crate::syntax::{
    Attribute, ChoiceDecl, FieldDecl, ListDecl, MatchHowDecl, MoneyDecl, RecordDecl, TableDecl, Tree, TypeDecl,
    ValidDecl, Word,
};
use crate::value::fold;

type Diagnostics = Vec<Diagnostic>;

pub(super) fn schema(tree: &Tree, files: &FilesBeside, diagnostics: &mut Diagnostics) -> Schema {
    let mut schema = Schema::default();
    let declared = unique_records(tree, diagnostics);
    let names: Vec<&str> = declared.iter().map(|record| record.name.text.as_str()).collect();
    for record in &declared {
        schema.records.extend(record_type(record, &names, tree.broken, diagnostics));
    }
    for person in &tree.people {
        match &schema.people {
            Some(first) => diagnostics.push(twice("person", "from", person.span, first.span)),
            None => {
                schema.people = Some(PeopleSource { source: person.source.text.clone(), span: Some(person.span) });
            }
        }
    }
    owners(tree, &mut schema, diagnostics);
    for list in &tree.lists {
        let list = self::list(list, files, diagnostics);
        match schema.lists.iter().find(|other| same(&other.name, &list.name)) {
            Some(first) => diagnostics.push(twice("list", &list.name, list.span, Some(first.span))),
            None => schema.lists.push(list),
        }
    }
    for table in &tree.tables {
        let Some(table) = self::table(table, files, tree.broken, diagnostics) else {
            continue;
        };
        match schema.tables.iter().find(|other| same(&other.name, &table.name)) {
            Some(first) => diagnostics.push(twice("table", &table.name, table.span, Some(first.span))),
            None => schema.tables.push(table),
        }
    }
    shared_names(tree, &schema, diagnostics);
    schema
}

pub(super) fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

fn twice(what: &str, name: &str, span: Span, first: Option<Span>) -> Diagnostic {
    let diagnostic =
        Diagnostic::error(Code::DeclaredTwice, format!("`{what} {name}` is declared twice")).at(span, "declared again");
    match first {
        Some(first) => diagnostic.at(first, "declared here first"),
        None => diagnostic,
    }
    .help("keep one of them")
}

fn unique_records<'t>(tree: &'t Tree, diagnostics: &mut Diagnostics) -> Vec<&'t RecordDecl> {
    let mut records: Vec<&RecordDecl> = Vec::new();
    for record in &tree.records {
        match records.iter().find(|other| same(&other.name.text, &record.name.text)) {
            Some(first) => {
                diagnostics.push(twice("record", &record.name.text, record.name.span, Some(first.name.span)));
            }
            None => records.push(record),
        }
    }
    records
}

fn record_type(
    decl: &RecordDecl,
    records: &[&str],
    is_broken: bool,
    diagnostics: &mut Diagnostics,
) -> Option<RecordType> {
    let mut fields: Vec<Field> = Vec::new();
    let mut keys = Vec::new();
    let mut created = None;
    for field_decl in &decl.fields {
        if let Some(first) = fields.iter().find(|other| same(&other.name, &field_decl.name.text)) {
            diagnostics.push(twice("field", &field_decl.name.text, field_decl.name.span, first.span));
            continue;
        }
        let id = FieldId(u16::try_from(fields.len()).ok()?);
        let (field, marks) = field(field_decl, records, diagnostics);
        if let Some(span) = marks.key {
            keys.push((id, span));
        }
        if marks.created {
            created = Some(id);
        }
        fields.push(field);
    }
    let key = match keys.as_slice() {
        [(key, _)] => *key,
        // The key may be the field that could not be read: any field stands in, nothing is run.
        [] if is_broken && !fields.is_empty() => FieldId(0),
        [] => {
            let help = fields
                .iter()
                .find(|field| matches!(fold(&field.name).as_str(), "id" | "key"))
                .map(|field| format!("add `, key` to field `{}`", field.name));
            diagnostics.push(
                Diagnostic::error(Code::NoKey, format!("`record {}` has no key", decl.name.text))
                    .at(decl.name.span, "which field names a record?")
                    .with_note("owners are kept by key: without one a record cannot be told from another")
                    .help(help.unwrap_or_else(|| "add `, key` to the field that names a record".into())),
            );
            return None;
        }
        [(_, first), .., (_, last)] => {
            diagnostics.push(
                Diagnostic::error(Code::DeclaredTwice, format!("`record {}` has two keys", decl.name.text))
                    .at(*last, "another key")
                    .at(*first, "the first key")
                    .help("keep one of them"),
            );
            keys[0].0
        }
    };
    if !keys.is_empty() {
        make_key_text(&mut fields, key, diagnostics);
    }
    let source = decl.source.as_ref().map_or_else(|| default_source(&decl.name.text), |word| word.text.clone());
    let owner_column = decl
        .owner_column
        .as_ref()
        .map(|column| column.column.as_ref().map_or_else(|| "owner".to_owned(), |word| word.text.clone()));
    Some(RecordType {
        name: decl.name.text.clone(),
        source,
        fields,
        key,
        created,
        owner_column,
        inferred: false,
        span: Some(decl.name.span),
    })
}

/// `Account` is read from `accounts` while nothing else is said.
fn default_source(name: &str) -> String {
    let lower = name.to_lowercase();
    match lower.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{lower}s"),
    }
}

/// Keys are exact bytes: a numeric key column is read as plain text too.
fn make_key_text(fields: &mut [Field], key: FieldId, diagnostics: &mut Diagnostics) {
    let field = &mut fields[key.0 as usize];
    if !matches!(field.kind, FieldKind::Text | FieldKind::Number) {
        let kind = field.kind.describe();
        let span = field.span.unwrap_or(Span::new(crate::source::FileId(0), 0, 0));
        diagnostics.push(
            Diagnostic::error(Code::WrongType, format!("a key cannot be {kind}"))
                .at(span, "marked as key")
                .help("declare it `text, key`: keys are compared letter by letter"),
        );
    }
    field.kind = FieldKind::Text;
    field.optional = false;
}

#[derive(Default)]
struct Marks {
    key: Option<Span>,
    created: bool,
}

fn field(decl: &FieldDecl, records: &[&str], diagnostics: &mut Diagnostics) -> (Field, Marks) {
    let mut marks = Marks::default();
    let mut optional = false;
    let mut column = decl.name.text.clone();
    let mut may_be_unknown = None;
    for (attribute, span) in &decl.attributes {
        match attribute {
            Attribute::Key => marks.key = Some(*span),
            Attribute::Optional => optional = true,
            Attribute::Created => marks.created = true,
            Attribute::MayBeUnknown => may_be_unknown = Some(*span),
            Attribute::Column(name) => column.clone_from(&name.text),
        }
    }
    if same(&decl.name.text, "current") {
        diagnostics.push(
            Diagnostic::error(Code::ReservedName, "`current` is no field name")
                .at(decl.name.span, "`current owner` is the owner that the source shows")
                .help("give the field another name and say `column \"current\"`"),
        );
    }
    let kind = field_kind(decl, records, may_be_unknown.is_some(), diagnostics);
    if let (Some(span), false) = (may_be_unknown, matches!(kind, FieldKind::Reference { .. })) {
        diagnostics.push(
            Diagnostic::error(Code::WrongType, "`may be unknown` belongs to references")
                .at(span, format!("`{}` is {}", decl.name.text, kind.describe()))
                .help("a field that may be blank is `optional`"),
        );
    }
    if marks.created && !matches!(kind, FieldKind::Date | FieldKind::Time) {
        diagnostics.push(
            Diagnostic::error(Code::WrongType, "`created` belongs to a date or a time")
                .at(decl.name.span, format!("`{}` is {}", decl.name.text, kind.describe())),
        );
    }
    let field = Field { name: decl.name.text.clone(), kind, optional, column, span: Some(decl.name.span) };
    (field, marks)
}

fn field_kind(decl: &FieldDecl, records: &[&str], may_be_unknown: bool, diagnostics: &mut Diagnostics) -> FieldKind {
    match &decl.kind {
        TypeDecl::Text => FieldKind::Text,
        TypeDecl::Number => FieldKind::Number,
        TypeDecl::Date => FieldKind::Date,
        TypeDecl::Time => FieldKind::Time,
        TypeDecl::YesNo => FieldKind::YesNo,
        TypeDecl::Money(Some(MoneyDecl::Fixed(code))) => FieldKind::Money(Currency::Fixed(code.clone())),
        TypeDecl::Money(Some(MoneyDecl::InColumn(column))) => FieldKind::Money(Currency::InColumn(column.text.clone())),
        TypeDecl::Money(None) => {
            diagnostics.push(
                Diagnostic::error(Code::WrongType, "money needs a currency")
                    .at(decl.kind_span, "which one?")
                    .help("write `money EUR`, or `money in COLUMN` where each row says its own"),
            );
            FieldKind::Number
        }
        TypeDecl::OneOf(choices) => FieldKind::Choice(choice_set(choices, false, diagnostics)),
        TypeDecl::Ordered(choices) => FieldKind::Choice(choice_set(choices, true, diagnostics)),
        TypeDecl::ManyOf(choices) => FieldKind::Many(choice_set(choices, false, diagnostics)),
        TypeDecl::Record(name) => match records.iter().position(|record| same(record, &name.text)) {
            Some(index) => {
                FieldKind::Reference { record: RecordId(u16::try_from(index).unwrap_or(u16::MAX)), may_be_unknown }
            }
            None => {
                let kinds = ["text", "number", "money", "date", "time", "yes/no", "one of", "many of", "ordered"];
                diagnostics.push(
                    Diagnostic::error(Code::UnknownType, format!("`{}` is no type and no record", name.text))
                        .at(name.span, "what does the field hold?")
                        .help(
                            did_you_mean(&name.text, kinds.into_iter().chain(records.iter().copied())).unwrap_or_else(
                                || format!("write one of {}, or declare `record {}`", kinds.join(", "), name.text),
                            ),
                        ),
                );
                FieldKind::Text
            }
        },
    }
}

fn choice_set(decls: &[ChoiceDecl], ordered: bool, diagnostics: &mut Diagnostics) -> ChoiceSet {
    if decls.len() > limits::CHOICES_MAX {
        diagnostics.push(
            Diagnostic::error(Code::TooLarge, format!("a field with {} choices", decls.len()))
                .at(decls[0].name.span, format!("at most {} are read", limits::CHOICES_MAX))
                .help("declare the field as `text` and keep the values in a list"),
        );
        return ChoiceSet::default();
    }
    // A map, not a search: choice lists can be long.
    let mut seen: rustc_hash::FxHashMap<String, (usize, Span)> = rustc_hash::FxHashMap::default();
    let mut set = ChoiceSet { ordered, choices: Vec::new() };
    for decl in decls {
        let index = set.choices.len();
        let mut is_new = true;
        for word in std::iter::once(&decl.name).chain(&decl.also) {
            match seen.get(&fold(&word.text)) {
                Some((_, first)) => {
                    diagnostics.push(twice("choice", &word.text, word.span, Some(*first)));
                    is_new &= word.span != decl.name.span;
                }
                None => {
                    seen.insert(fold(&word.text), (index, word.span));
                }
            }
        }
        if is_new {
            set.choices.push(Choice {
                name: decl.name.text.clone(),
                also: decl.also.iter().map(|word| word.text.clone()).collect(),
                counts_as: Vec::new(),
            });
        }
    }
    let direct = counts_as(decls, &set, &seen, diagnostics);
    close_over(&mut set, &direct);
    set
}

fn counts_as(
    decls: &[ChoiceDecl],
    set: &ChoiceSet,
    seen: &rustc_hash::FxHashMap<String, (usize, Span)>,
    diagnostics: &mut Diagnostics,
) -> Vec<Vec<u16>> {
    let mut direct = vec![Vec::new(); set.choices.len()];
    for decl in decls {
        let Some((index, _)) = seen.get(&fold(&decl.name.text)) else {
            continue;
        };
        for word in &decl.counts_as {
            match seen.get(&fold(&word.text)) {
                Some((wanted, _)) => {
                    if let Some(list) = direct.get_mut(*index) {
                        list.push(u16::try_from(*wanted).unwrap_or(u16::MAX));
                    }
                }
                None => diagnostics.push(
                    Diagnostic::error(Code::UnknownChoice, format!("no choice `{}` in this list", word.text))
                        .at(word.span, "counts as what?")
                        .maybe_help(did_you_mean(&word.text, set.names())),
                ),
            }
        }
    }
    direct
}

/// What counts as a choice that counts as another counts as that one too.
fn close_over(set: &mut ChoiceSet, direct: &[Vec<u16>]) {
    for start in 0..set.choices.len() {
        let mut reached: Vec<u16> = Vec::new();
        let mut open = direct[start].clone();
        while let Some(next) = open.pop() {
            if next as usize != start && !reached.contains(&next) {
                reached.push(next);
                open.extend(&direct[next as usize]);
            }
        }
        reached.sort_unstable();
        set.choices[start].counts_as = reached;
    }
}

fn owners(tree: &Tree, schema: &mut Schema, diagnostics: &mut Diagnostics) {
    for team in &tree.teams {
        match schema.teams.iter().find(|other| same(&other.name, &team.name.text)) {
            Some(first) => diagnostics.push(twice("team", &team.name.text, team.name.span, first.span)),
            None => schema.teams.push(Team {
                name: team.name.text.clone(),
                part_of: team.part_of.as_ref().map(|parent| parent.text.clone()),
                span: Some(team.name.span),
            }),
        }
    }
    for queue in &tree.queues {
        match schema.queues.iter().find(|other| same(&other.name, &queue.text)) {
            Some(first) => diagnostics.push(twice("queue", &queue.text, queue.span, first.span)),
            None => schema.queues.push(Named { name: queue.text.clone(), span: Some(queue.span) }),
        }
    }
    for team in &tree.teams {
        let Some(parent) = &team.part_of else {
            continue;
        };
        if !schema.teams.iter().any(|other| same(&other.name, &parent.text)) {
            let names = schema.teams.iter().map(|team| team.name.as_str());
            diagnostics.push(
                Diagnostic::error(Code::UnknownTeam, format!("no team `{}`", parent.text))
                    .at(parent.span, "not declared")
                    .help(
                        did_you_mean(&parent.text, names)
                            .unwrap_or_else(|| format!("declare it: `team {}`", parent.text)),
                    ),
            );
        } else if let Some(circle) = team_circle(schema, &team.name.text)
            // One message a circle, at the team that was declared first.
            && schema.teams.iter().find(|other| circle.iter().any(|name| same(name, &other.name)))
                .is_some_and(|first| same(&first.name, &team.name.text))
        {
            diagnostics.push(
                Diagnostic::error(Code::TeamCircle, format!("team `{}` is part of itself", team.name.text))
                    .at(team.name.span, circle.join(" is part of "))
                    .help("remove one `part of`"),
            );
        }
    }
}

/// The way from a team back to itself, if there is one.
fn team_circle(schema: &Schema, start: &str) -> Option<Vec<String>> {
    let parent_of =
        |name: &str| schema.teams.iter().find(|team| same(&team.name, name)).and_then(|team| team.part_of.clone());
    let mut way = vec![start.to_owned()];
    while let Some(parent) = way.last().and_then(|last| parent_of(last)) {
        let closes = same(&parent, start);
        let seen = way.iter().any(|name| same(name, &parent));
        way.push(parent);
        if closes {
            return Some(way);
        }
        if seen {
            // A circle further up that does not come back here is reported at its own teams.
            return None;
        }
    }
    None
}

/// Teams, queues, lists, tables and records share one namespace where rules name them.
fn shared_names(tree: &Tree, schema: &Schema, diagnostics: &mut Diagnostics) {
    // Maps, not searches: a policy set may declare very many names.
    let mut seen: rustc_hash::FxHashMap<String, (&str, Span)> = rustc_hash::FxHashMap::default();
    let teams = schema.teams.iter().filter_map(|team| Some(("team", team.name.as_str(), team.span?)));
    let queues = schema.queues.iter().filter_map(|queue| Some(("queue", queue.name.as_str(), queue.span?)));
    let lists = schema.lists.iter().map(|list| ("list", list.name.as_str(), list.span));
    let tables = schema.tables.iter().map(|table| ("table", table.name.as_str(), table.span));
    for (what, name, span) in teams.chain(queues).chain(lists).chain(tables) {
        match seen.get(&fold(name)) {
            // Two of one kind are told where that kind is declared.
            Some((other, first)) if *other != what => diagnostics.push(
                Diagnostic::error(Code::AmbiguousName, format!("`{name}` is a {other} and a {what}"))
                    .at(span, format!("declared as {what}"))
                    .at(*first, format!("declared as {other}"))
                    .help("give one of them another name: after `assign to` nobody could tell which is meant"),
            ),
            Some(_) => {}
            None => {
                seen.insert(fold(name), (what, span));
            }
        }
    }
    let mut defines: rustc_hash::FxHashMap<String, Span> = rustc_hash::FxHashMap::default();
    for define in &tree.defines {
        let (name, span) = (&define.name.text, define.name.span);
        match defines.get(&fold(name)) {
            Some(first) => diagnostics.push(twice("define", name, span, Some(*first))),
            None => {
                defines.insert(fold(name), span);
            }
        }
    }
}

/// The file's rows, or the reported reason why there are none.
fn data(file: &Word, files: &FilesBeside, diagnostics: &mut Diagnostics) -> Option<Tabular> {
    match files.get(&file.text) {
        Some(Ok(tabular)) => Some(tabular.clone()),
        Some(Err(reason)) => {
            diagnostics.push(
                Diagnostic::error(Code::UnreadableFile, format!("`{}` {reason}", file.text))
                    .at(file.span, "named here")
                    .help("the file is looked for beside `ownward.toml`, by its path inside the project"),
            );
            None
        }
        None => None,
    }
}

fn known_column(data: &Tabular, column: &Word, file: &Word, diagnostics: &mut Diagnostics) -> bool {
    if data.column(&column.text).is_some() {
        return true;
    }
    let headers = data.headers.iter().map(String::as_str);
    let known = data.headers.join(", ");
    diagnostics.push(
        Diagnostic::error(Code::UnknownColumn, format!("`{}` has no column `{}`", file.text, column.text))
            .at(column.span, "not in its header line")
            .with_note(format!("its columns: {known}"))
            .help(did_you_mean(&column.text, headers).unwrap_or_else(|| "write one of its columns".into())),
    );
    false
}

/// Whether all columns are there. Every wrong one is told, not only the first.
fn known_columns<'w>(
    data: &Tabular,
    columns: impl Iterator<Item = &'w Word>,
    file: &Word,
    diagnostics: &mut Diagnostics,
) -> bool {
    columns.filter(|column| !known_column(data, column, file, diagnostics)).count() == 0
}

fn valid_columns(valid: &ValidDecl) -> impl Iterator<Item = &Word> {
    valid.from.iter().chain(&valid.until)
}

fn list(decl: &ListDecl, files: &FilesBeside, diagnostics: &mut Diagnostics) -> List {
    let mut data = data(&decl.file, files, diagnostics);
    if let Some(rows) = &data {
        let columns = std::iter::once(&decl.by).chain(decl.valid.iter().flat_map(valid_columns));
        if !known_columns(rows, columns, &decl.file, diagnostics) {
            data = None;
        }
    }
    let days = row_days(decl.valid.as_ref(), data.as_ref(), &decl.file, diagnostics);
    if let Some(rows) = &data {
        doubled_rows(decl, rows, &days, diagnostics);
    }
    List {
        name: decl.name.text.clone(),
        file: decl.file.text.clone(),
        by: decl.by.text.clone(),
        span: decl.name.span,
        data,
        days,
    }
}

/// Two rows of one name that count on the same day: the first is used, and the admin is told.
fn doubled_rows(decl: &ListDecl, rows: &Tabular, days: &RowDays, diagnostics: &mut Diagnostics) {
    let Some(column) = rows.column(&decl.by.text) else {
        return;
    };
    let mut named: rustc_hash::FxHashMap<String, Vec<(Days, usize)>> = rustc_hash::FxHashMap::default();
    for row in 0..rows.rows.len() {
        let counts = days.of(row).filter(|days| !days_are_empty(*days));
        if let (Some(cell), Some(days)) = (rows.cell(row, column), counts) {
            named.entry(fold(cell)).or_default().push((days, row));
        }
    }
    let mut doubled: Vec<(usize, usize)> = named.into_values().flat_map(overlaps).collect();
    doubled.sort_unstable_by_key(|(first, second)| (*second, *first));
    if let Some((first, second)) = doubled.first() {
        let cell = rows.cell(*second, column).unwrap_or_default();
        let lines = (rows.line_numbers[*first], rows.line_numbers[*second]);
        diagnostics.push(
            Diagnostic::warning(
                Code::DoubledRow,
                format!("`{}` names {} twice", decl.file.text, count(doubled.len(), "value")),
            )
            .at(decl.file.span, format!("`{cell}` on lines {} and {}", lines.0, lines.1))
            .with_note("the first row of each is used")
            .help(if decl.valid.is_some() {
                "remove the others, or keep their days apart"
            } else {
                "remove the others"
            }),
        );
    }
}

/// Pairs of rows that share a day: each row with one that starts no later, the one that stands first in the file first.
/// Rows are given in the order of the file.
fn overlaps(mut rows: Vec<(Days, usize)>) -> Vec<(usize, usize)> {
    rows.sort_by_key(|((from, _), _)| from.unwrap_or(i32::MIN));
    let mut found = Vec::new();
    let mut last: Option<(i32, usize)> = None;
    for ((from, until), row) in rows {
        let until = until.unwrap_or(i32::MAX);
        match last {
            Some((end, other)) if from.unwrap_or(i32::MIN) <= end => {
                found.push((other.min(row), other.max(row)));
                last = Some(if until > end { (until, row) } else { (end, other) });
            }
            _ => last = Some((until, row)),
        }
    }
    found
}

/// `1 value`, `3 values`.
pub(super) fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn table(decl: &TableDecl, files: &FilesBeside, is_broken: bool, diagnostics: &mut Diagnostics) -> Option<Table> {
    let mut data = data(&decl.file, files, diagnostics);
    if let Some(rows) = &data {
        let columns = decl.gives.iter().chain(decl.matches.iter().flat_map(|line| match &line.how {
            MatchHowDecl::Equals(column) | MatchHowDecl::StartsWith(column) => vec![column],
            MatchHowDecl::Between(from, to) => vec![from, to],
        }));
        let columns = columns.chain(decl.valids.iter().flat_map(valid_columns));
        if !known_columns(rows, columns, &decl.file, diagnostics) {
            data = None;
        }
    }
    if let [first, second, ..] = decl.valids.as_slice() {
        diagnostics.push(twice("valid", "from … until …", second.span, Some(first.span)));
    }
    let days = row_days(decl.valids.first(), data.as_ref(), &decl.file, diagnostics);
    if (decl.gives.len() != 1 || decl.matches.is_empty()) && is_broken {
        // What seems to be missing may be the line that could not be read.
        return None;
    }
    if decl.gives.len() != 1 || decl.matches.is_empty() {
        let what = if decl.matches.is_empty() { "at least one `match` line" } else { "exactly one `give` line" };
        diagnostics.push(
            Diagnostic::error(Code::IncompleteTable, format!("`table {}` needs {what}", decl.name.text))
                .at(decl.name.span, "incomplete")
                .help("`match FIELD = COLUMN` says how a row is found, `give COLUMN` what it yields"),
        );
        return None;
    }
    let prefixes: Vec<_> = decl.matches.iter().filter(|line| matches!(line.how, MatchHowDecl::StartsWith(_))).collect();
    if let [first, second, ..] = prefixes.as_slice() {
        diagnostics.push(
            Diagnostic::error(Code::IncompleteTable, "a table matches one prefix at most")
                .at(second.span, "a second prefix")
                .at(first.span, "the first")
                .help("use two tables, or match one of the columns with `=`"),
        );
    }
    Some(Table {
        name: decl.name.text.clone(),
        file: decl.file.text.clone(),
        matches: decl
            .matches
            .iter()
            .map(|line| TableMatch {
                path: line.path.names.iter().map(|name| name.text.clone()).collect(),
                how: match &line.how {
                    MatchHowDecl::Equals(column) => MatchHow::Equals { column: column.text.clone() },
                    MatchHowDecl::StartsWith(column) => MatchHow::StartsWith { column: column.text.clone() },
                    MatchHowDecl::Between(from, to) => {
                        MatchHow::Between { from: from.text.clone(), to: to.text.clone() }
                    }
                },
                span: line.path.span,
            })
            .collect(),
        give: decl.gives[0].text.clone(),
        span: decl.name.span,
        data,
        days,
    })
}
