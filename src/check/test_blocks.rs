//! Tests: `test "…" { given … expect … }`. Tables of cases are typed in `test_tables`.

use super::Checker;
use super::declarations::same;
use super::policy::{
    Case, DecidedBy, Expect, Expected, GatherKind, Given, GivenRecord, InvariantRole, Pin, Role, RuleId, TargetKind,
    Test,
};
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::{FieldId, Person, RecordId};
use crate::source::Span;
use crate::syntax::{ExpectHow, GivenDecl, GivenExpr, GivenName, TestDecl, Word};
use crate::value::{Outcome, Value};

/// The records that one name of a test can mean.
pub(super) struct Asked<'w> {
    pub role: &'w Word,
    pub record: Option<&'w Word>,
    pub key: Option<&'w Word>,
}

impl Checker<'_> {
    /// Types all tests. Runs last: a test names roles, rules and owners by their final place.
    pub(super) fn tests(&mut self) {
        let tree = self.tree;
        let mut names: Vec<(&str, Span)> = Vec::new();
        for decl in &tree.tests {
            if let Some((_, first)) = names.iter().find(|(name, _)| *name == decl.name.text) {
                let first = *first;
                self.push(
                    Diagnostic::error(Code::DeclaredTwice, format!("two tests are called `{}`", decl.name.text))
                        .at(decl.name.span, "called so again")
                        .at(first, "called so here first")
                        .help("change one of the names: a failed test is found by its name"),
                );
            }
            names.push((&decl.name.text, decl.name.span));
            let test = self.test(decl);
            self.tests.push(test);
        }
    }

    fn test(&mut self, decl: &TestDecl) -> Test {
        if let [first, again, ..] = decl.days.as_slice() {
            self.push(
                Diagnostic::error(Code::BadTest, "a test on two days")
                    .at(again.span, "said again")
                    .at(first.span, "said here first")
                    .help("write two tests, or a table of cases with a column `on`"),
            );
        }
        let mut records: Vec<GivenRecord> = Vec::new();
        let mut people: Vec<Person> = Vec::new();
        for given in &decl.givens {
            match &given.record {
                None => people.extend(self.given_person(given)),
                Some(record) => records.extend(self.given_record(given, record, &records)),
            }
        }
        let base = Case {
            row: None,
            span: decl.name.span,
            moment: decl.days.first().map(|at| (at.day, at.minutes)),
            records,
            people,
            expects: Vec::new(),
        };
        let mut test = Test { name: decl.name.text.clone(), span: decl.name.span, cases: Vec::new() };
        let is_known =
            |given: &GivenDecl| given.record.as_ref().is_none_or(|of| self.schema.find_record(&of.text).is_some());
        if !decl.givens.iter().all(is_known) {
            // What is expected of a record that could not be read is told once that one is mended.
            return test;
        }
        if decl.cases.is_empty() {
            let mut case = base.clone();
            self.expects(decl, &mut case);
            test.cases.push(case);
        }
        let mut row_count = 0;
        for table in &decl.cases {
            self.table(decl, table, &base, &mut row_count, &mut test);
        }
        if decl.expects.is_empty() && decl.cases.is_empty() && !self.tree.broken {
            self.push(
                Diagnostic::error(Code::BadTest, "a test that expects nothing")
                    .at(decl.name.span, "passes whatever the rules say")
                    .help("write `expect owner NAME`"),
            );
        }
        self.needs_day(&test);
        for case in &test.cases {
            self.known_owners(case);
        }
        test
    }

    fn given_record(&mut self, decl: &GivenDecl, record: &Word, before: &[GivenRecord]) -> Option<GivenRecord> {
        let id = self.record_named(record)?;
        let mut given = GivenRecord {
            record: id,
            key: String::new(),
            fields: Vec::new(),
            past: Vec::new(),
            current: Vec::new(),
            span: record.span,
        };
        for field in &decl.fields {
            match &field.name {
                GivenName::Field(name) => {
                    let found = self.field_of(id, name);
                    let value = found.and_then(|found| self.given(id, found, &field.value));
                    if let (Some(found), Some(value)) = (found, value) {
                        self.once(&given.fields, found, name);
                        given.fields.push((found, value));
                    }
                }
                GivenName::Past(name) => {
                    let found = self.field_of(id, name);
                    let value = found.and_then(|found| self.given(id, found, &field.value));
                    if let (Some(found), Some(value)) = (found, value) {
                        self.once(&given.past, found, name);
                        given.past.push((found, value));
                    }
                }
                GivenName::Current(role) => {
                    let owner = self.current_owner(&field.value);
                    if let (Some(InvariantRole::Role(role)), Some(owner)) = (self.any_role(id, role), owner) {
                        given.current.push((role, owner));
                    }
                }
            }
        }
        given.key = self.key_of(decl, &given, before);
        if before.iter().any(|other| other.record == id && other.key == given.key) {
            self.push(
                Diagnostic::error(Code::BadTest, format!("two records are called `{}`", given.key))
                    .at(decl.key.as_ref().unwrap_or(record).span, "given again")
                    .help("give each its own key: `given Account \"A-2\" { … }`"),
            );
        }
        Some(given)
    }

    /// The key before the braces, else the key field inside them, else one that is made up.
    fn key_of(&self, decl: &GivenDecl, given: &GivenRecord, before: &[GivenRecord]) -> String {
        let record = self.schema.record(given.record);
        let field = given.fields.iter().find(|(field, _)| *field == record.key);
        match (&decl.key, field) {
            (Some(key), _) => key.text.trim().to_owned(),
            (None, Some((_, Given::Value(Value::Text(key))))) => key.clone(),
            _ => format!("{}-{}", record.name, before.iter().filter(|other| other.record == given.record).count() + 1),
        }
    }

    pub(super) fn field_of(&mut self, record: RecordId, name: &Word) -> Option<FieldId> {
        let found = self.schema.record(record).find(&name.text);
        if found.is_none() {
            self.unknown_field(name, record, &super::scope::Scope::of(record, ""));
        }
        found
    }

    fn once(&mut self, fields: &[(FieldId, Given)], field: FieldId, name: &Word) {
        if fields.iter().any(|(known, _)| *known == field) {
            self.error(Code::DeclaredTwice, format!("`{}` is given twice", name.text), name.span, "given again");
        }
    }

    /// The text of an owner's name; `Some(None)` for `nobody` and `missing`.
    pub(super) fn current_owner(&mut self, value: &GivenExpr) -> Option<Option<String>> {
        let texts = self.plain_texts(value)?;
        match texts.as_slice() {
            [] => Some(None),
            [(text, _)] if text == "nobody" => Some(None),
            [(text, _)] => Some(Some(text.clone())),
            [_, (_, again), ..] => {
                let again = *again;
                self.error(Code::BadTest, "a record has one current owner", again, "one name too many");
                None
            }
        }
    }

    pub(super) fn expects(&mut self, decl: &TestDecl, case: &mut Case) {
        for expect in &decl.expects {
            let asked = Asked { role: &expect.role, record: expect.record.as_ref(), key: expect.key.as_ref() };
            let Some((role, record)) = self.asked(&asked, case) else { continue };
            let expected = if expect.who.is_empty() { None } else { self.expected(role, expect.how, &expect.who) };
            let by = expect.by.as_ref().and_then(|by| self.decided_by(role, by));
            case.expects.push(Expect { role, record, expected, by, span: expect.span });
        }
    }

    /// The role that is asked for, and which of the given records it is asked of.
    pub(super) fn asked(&mut self, asked: &Asked<'_>, case: &Case) -> Option<(InvariantRole, usize)> {
        let id = match asked.record {
            Some(record) => self.record_named(record)?,
            None => self.only_record(asked.role, case)?,
        };
        let role = self.any_role(id, asked.role)?;
        let own: Vec<usize> = (0..case.records.len()).filter(|at| case.records[*at].record == id).collect();
        let name = self.schema.record(id).name.clone();
        let span = asked.key.or(asked.record).unwrap_or(asked.role).span;
        if let Some(key) = asked.key {
            let found = own.iter().find(|at| case.records[**at].key == key.text.trim());
            if found.is_none() {
                let keys = own.iter().map(|at| case.records[*at].key.as_str());
                let help = did_you_mean(&key.text, keys);
                let help = help.unwrap_or_else(|| format!("write `given {name} \"{}\" {{ … }}`", key.text));
                self.push(
                    Diagnostic::error(Code::BadTest, format!("no {name} `{}` is given", key.text))
                        .at(span, "nothing to decide")
                        .help(help),
                );
            }
            return found.map(|at| (role, *at));
        }
        match own.as_slice() {
            [one] => Some((role, *one)),
            [] => {
                self.push(
                    Diagnostic::error(Code::BadTest, format!("no {name} is given"))
                        .at(span, "nothing to decide")
                        .help(format!("write `given {name} {{ … }}`")),
                );
                None
            }
            [first, ..] => {
                let (role, key) = (&asked.role.text, &case.records[*first].key);
                self.push(
                    Diagnostic::error(Code::BadTest, format!("which {name} is meant?"))
                        .at(span, format!("{} of them are given", own.len()))
                        .help(format!("name one: `expect {role} of {name} \"{key}\" is …`")),
                );
                None
            }
        }
    }

    /// The record type that is meant where none is said: the only given one that has such a role.
    pub(super) fn only_record(&mut self, role: &Word, case: &Case) -> Option<RecordId> {
        let all = self.roles.iter().chain(self.gathers.iter().map(|gather| &gather.role));
        let all: Vec<RecordId> = all.filter(|known| same(&known.name, &role.text)).map(|known| known.record).collect();
        let given: Vec<RecordId> =
            all.iter().copied().filter(|id| case.records.iter().any(|given| given.record == *id)).collect();
        match (given.as_slice(), all.as_slice()) {
            ([one], _) | ([], [one]) => Some(*one),
            _ if self.tree.broken => None,
            ([], []) => {
                let names = self.roles.iter().chain(self.gathers.iter().map(|gather| &gather.role));
                let help = did_you_mean(&role.text, names.map(|role| role.name.as_str()));
                self.push(
                    Diagnostic::error(Code::UnknownRole, format!("nothing decides `{}`", role.text))
                        .at(role.span, "no such role")
                        .maybe_help(help),
                );
                None
            }
            (several, _) => {
                let names: Vec<String> = if several.is_empty() { &all } else { &given }
                    .iter()
                    .map(|id| self.schema.record(*id).name.clone())
                    .collect();
                self.push(
                    Diagnostic::error(Code::WhichRole, "of which record?")
                        .at(role.span, format!("several have such a role: {}", names.join(", ")))
                        .help(format!("name the record: `expect {} of {} is …`", role.text, names[0])),
                );
                None
            }
        }
    }

    fn role_at(&self, role: InvariantRole) -> Option<&Role> {
        match role {
            InvariantRole::Role(id) => self.roles.get(id.0 as usize),
            InvariantRole::Gather(id) => self.gathers.get(id.0 as usize).map(|gather| &gather.role),
        }
    }

    pub(super) fn expected(&mut self, role: InvariantRole, how: ExpectHow, who: &[Word]) -> Option<Expected> {
        let is_role = matches!(role, InvariantRole::Role(_));
        if let ([word], ExpectHow::Exactly) = (who, how)
            && !word.quoted
            && let Some(outcome) = outcome(&word.text, is_role)
        {
            return Some(Expected::Outcome(outcome));
        }
        if is_role && (who.len() > 1 || how != ExpectHow::Exactly) {
            let span = who.iter().map(|word| word.span).reduce(Span::to)?;
            self.push(
                Diagnostic::error(Code::BadTest, "a record has one owner")
                    .at(span, "of a team there may be several")
                    .help("name one owner"),
            );
            return None;
        }
        if let InvariantRole::Gather(id) = role
            && matches!(self.gathers.get(id.0 as usize)?.kind, GatherKind::Places(_))
        {
            let found: Option<Vec<String>> = who.iter().map(|word| self.place(role, word)).collect();
            return Some(Expected::Names(how, found?));
        }
        Some(Expected::Names(how, who.iter().map(|word| word.text.trim().to_owned()).collect()))
    }

    /// The whole path of a place, by it or by its last part.
    fn place(&mut self, role: InvariantRole, word: &Word) -> Option<String> {
        match self.decided_by(role, word)? {
            DecidedBy::Rule(rule) => self.role_at(role)?.rules.get(rule.0 as usize)?.label.clone(),
            DecidedBy::Hold(_) => None,
        }
    }

    /// The rule of a label's path, or of the end of one if only one ends so.
    pub(super) fn decided_by(&mut self, role: InvariantRole, word: &Word) -> Option<DecidedBy> {
        let of = self.role_at(role)?;
        let rules = of.rules.iter().zip(0..).map(|(rule, at)| (rule.label.clone(), DecidedBy::Rule(RuleId(at))));
        let holds = of.holds.iter().zip(0..).map(|(hold, at)| (hold.rule.label.clone(), DecidedBy::Hold(at)));
        let labels: Vec<(String, DecidedBy)> =
            rules.chain(holds).filter_map(|(label, by)| label.map(|label| (label, by))).collect();
        let wanted = word.text.trim();
        if let Some((_, by)) = labels.iter().find(|(label, _)| same(label, wanted)) {
            return Some(*by);
        }
        let ends = |label: &str| label.rsplit_once('/').is_some_and(|(_, last)| same(last, wanted));
        let ending: Vec<&(String, DecidedBy)> = labels.iter().filter(|(label, _)| ends(label)).collect();
        if let [(_, by)] = ending.as_slice() {
            return Some(*by);
        }
        let name = format!("{} of {}", of.name, self.schema.record(of.record).name);
        let (headline, help) = match ending.first() {
            Some((first, _)) => {
                (format!("several rules of `{name}` are called `{wanted}`"), Some(format!("write its path: `{first}`")))
            }
            None => {
                let last = |label: &str| label.rsplit('/').next().map(str::to_owned);
                let ends: Vec<String> = labels.iter().filter_map(|(label, _)| last(label)).collect();
                let names = labels.iter().map(|(label, _)| label.as_str()).chain(ends.iter().map(String::as_str));
                (format!("`{name}` has no rule `{wanted}`"), did_you_mean(wanted, names))
            }
        };
        if !self.tree.broken {
            self.push(Diagnostic::error(Code::UnknownRule, headline).at(word.span, "no such label").maybe_help(help));
        }
        None
    }

    // ------------------------------------------------------------ what a whole test needs

    /// A test that hangs on the day would pass today and fail tomorrow.
    fn needs_day(&mut self, test: &Test) {
        for case in test.cases.iter().filter(|case| case.moment.is_none()) {
            let asks = case.expects.iter().find_map(|expect| Some((expect.span, self.asks_today(expect.role)?)));
            let given = case
                .records
                .iter()
                .find(|given| given.fields.iter().chain(&given.past).any(|(_, value)| value.is_relative()));
            let pinned = case.expects.iter().find_map(|expect| {
                let key = &case.records.get(expect.record)?.key;
                let is_it = |pin: &&Pin| InvariantRole::Role(pin.role) == expect.role && pin.key == *key;
                let pin = self.pins.iter().filter(is_it).find(|pin| pin.from.is_some() || pin.until.is_some())?;
                Some((expect.span, pin.span))
            });
            let asks = asks.or(pinned);
            let away = case.people.iter().any(|person| !person.away.is_empty());
            let diagnostic = Diagnostic::error(Code::TestWithoutDay, "a test that hangs on the day says none")
                .help("write `on 2026-11-22`, the day on which the test is to hold");
            let diagnostic = match (asks, given) {
                (Some((expect, rule)), _) => {
                    diagnostic.at(expect, "what is expected here").at(rule, "hangs on the day")
                }
                (None, Some(given)) => diagnostic.at(given.span, "given as so long before or after today"),
                (None, None) if away => diagnostic.at(case.span, "somebody is away on some days"),
                _ => continue,
            };
            self.push(diagnostic);
            // Once a test.
            return;
        }
    }

    /// Names that nothing of the policy and nothing that is given knows: typing errors.
    fn known_owners(&mut self, case: &Case) {
        if self.tree.broken {
            return;
        }
        let mut unknown: Vec<(String, Span)> = Vec::new();
        let known = self.owners_at_hand(case);
        for expect in &case.expects {
            let is_places = match expect.role {
                InvariantRole::Gather(id) => {
                    let kind = self.gathers.get(id.0 as usize).map(|gather| &gather.kind);
                    matches!(kind, Some(GatherKind::Places(_)))
                }
                InvariantRole::Role(_) => false,
            };
            if let (Some(Expected::Names(_, names)), false) = (&expect.expected, is_places) {
                let strangers = names.iter().filter(|name| !known.iter().any(|known| same(known, name)));
                unknown.extend(strangers.map(|name| (name.clone(), expect.span)));
            }
        }
        for (name, span) in unknown {
            let help = did_you_mean(&name, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("declare it, or write `given person \"{name}\" {{ }}`"));
            self.push(
                Diagnostic::error(Code::UnknownOwner, format!("nobody is called `{name}`"))
                    .at(span, "no rule, table or `given` knows the name")
                    .help(help),
            );
        }
    }

    /// Every name that somebody in this case could own records by.
    fn owners_at_hand(&self, case: &Case) -> Vec<String> {
        let mut known: Vec<String> = self.schema.teams.iter().map(|team| team.name.clone()).collect();
        known.extend(self.schema.queues.iter().map(|queue| queue.name.clone()));
        known.extend(self.names.iter().map(|name| name.text.clone()));
        for person in &case.people {
            known.push(person.key.clone());
            known.extend([&person.name, &person.email, &person.manager].into_iter().flatten().cloned());
        }
        for given in &case.records {
            known.extend(given.current.iter().filter_map(|(_, owner)| owner.clone()));
            let texts = given.fields.iter().filter_map(|(_, value)| match value {
                Given::Value(Value::Text(text)) => Some(text.clone()),
                _ => None,
            });
            known.extend(texts);
        }
        let chains = self.roles.iter().flat_map(|role| &role.rules).flat_map(|rule| &rule.targets);
        let adds = self.gathers.iter().flat_map(|gather| match &gather.kind {
            GatherKind::Team(adds) => adds.iter().flatten().flat_map(|add| &add.chain).collect(),
            GatherKind::Places(_) => Vec::new(),
        });
        for target in chains.chain(adds) {
            let mut kind = &target.kind;
            while let TargetKind::Manager(inner) = kind {
                kind = inner;
            }
            let (data, column) = match kind {
                TargetKind::Cell { list, column, .. } => (&self.schema.list(*list).data, *column),
                TargetKind::Table(used) => (&self.schema.table(used.table).data, used.column),
                _ => continue,
            };
            let Some(data) = data else { continue };
            let cells = (0..data.rows.len()).filter_map(|row| data.cell(row, column));
            known.extend(cells.map(|cell| cell.trim().to_owned()));
        }
        known.sort();
        known.dedup();
        known
    }
}

/// A bare word that says what came of a record rather than who owns it.
fn outcome(word: &str, is_role: bool) -> Option<Outcome> {
    let found = Outcome::from_word(&word.to_lowercase())?;
    match found {
        Outcome::Nobody | Outcome::Invalid => Some(found),
        Outcome::Kept | Outcome::Unmatched if is_role => Some(found),
        _ => None,
    }
}
