//! A small world: a policy as text, rows and people in memory, taken the whole way from the text to an owner.

use ownward::assign::{self, Binding, NOBODY, OwnerTable};
use ownward::check::policy::{
    ContestPath, HistoryId, OwnerRef, Path, RelatedPath, Role, RoleId, Rule, RuleId, TypedPolicy,
};
use ownward::check::{self, FilesBeside};
use ownward::column::{Cell, ColumnBuilder, Dataset, Formats, RowSet, TableData, TextBuilder};
use ownward::decide::row::{self, Decided, Facts, Named, RecordFacts};
use ownward::decide::{
    Candidate, Desk, NO_RULE, RoleInput, RoleResult, Rotations, Scene, WorkedOut, decide_role, work_out,
};
use ownward::diagnostic::{self, Diagnostic, Severity, render};
use ownward::plan::{self, Plan};
use ownward::schema::{Currency, Directory, FieldKind, Person, RecordType, Schema, Tabular};
use ownward::source::Sources;
use ownward::syntax;
use ownward::value::time::{self, AsOf};
use ownward::value::{Outcome, Owner, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What a test writes down; [`World::check`] and [`World::build`] bring it to life.
#[derive(Clone, Debug)]
pub struct World {
    pub policy: String,
    pub files: BTreeMap<String, String>,
    /// By record type.
    pub rows: BTreeMap<String, Rows>,
    /// `None` while no directory is read.
    pub people: Option<Vec<Person>>,
    pub as_of: AsOf,
    /// Keys of records whose owner was changed outside, by record type.
    pub drifted: BTreeMap<String, Vec<String>>,
}

/// Rows as a source holds them: cells under headers.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub headers: Vec<String>,
    pub cells: Vec<Vec<String>>,
}

impl Rows {
    pub fn new(headers: &[&str], cells: &[&[&str]]) -> Self {
        let owned = |row: &[&str]| row.iter().map(|cell| (*cell).to_owned()).collect();
        Rows { headers: owned(headers), cells: cells.iter().map(|row| owned(row)).collect() }
    }

    fn column(&self, name: &str) -> Option<usize> {
        let wanted = name.to_lowercase();
        self.headers.iter().position(|header| header.to_lowercase() == wanted)
    }
}

/// Noon in UTC of the day that tests live on: Sunday, 15 November 2026.
pub fn test_day() -> AsOf {
    let day = time::parse_day("2026-11-15").expect("a day");
    AsOf::utc(i64::from(day) * 86_400_000_000 + 12 * 3_600_000_000)
}

impl World {
    pub fn new(policy: impl Into<String>) -> Self {
        World {
            policy: policy.into(),
            files: BTreeMap::new(),
            rows: BTreeMap::new(),
            people: None,
            as_of: test_day(),
            drifted: BTreeMap::new(),
        }
    }

    pub fn rows(mut self, record: &str, headers: &[&str], cells: &[&[&str]]) -> Self {
        self.rows.insert(record.to_owned(), Rows::new(headers, cells));
        self
    }

    /// The checked policy and everything said about it.
    pub fn check(&self) -> Checked {
        let mut sources = Sources::default();
        sources.add("policy.own", self.policy.as_str());
        let (tree, mut diagnostics) = syntax::parse(&sources);
        let files = self.beside();
        let (schema, found) = check::schema(&tree, &files, Vec::new());
        diagnostics.extend(found);
        let (policy, found) = check::policy(&tree, schema);
        diagnostics.extend(found);
        let directory = self.directory(&policy.schema);
        let (binding, found) =
            assign::bind(&policy, directory, assign::Unknown::both(Severity::Warning), self.as_of.today());
        diagnostics.extend(found);
        Checked { sources, policy, binding, diagnostics }
    }

    fn beside(&self) -> FilesBeside {
        let read = |text: &String| Tabular::parse(text).map_err(|error| error.reason);
        self.files.iter().map(|(name, text)| (name.clone(), read(text))).collect()
    }

    fn directory(&self, schema: &Schema) -> Directory {
        Directory::new(
            self.people.clone().unwrap_or_default(),
            schema.teams.iter().map(|team| (team.name.clone(), team.part_of.clone())),
            schema.queues.iter().map(|queue| queue.name.clone()),
            self.people.is_some(),
        )
    }

    /// Everything ready to decide. Panics with the rendered messages where the policy has errors.
    pub fn build(&self) -> Built {
        self.try_build().unwrap_or_else(|messages| panic!("{messages}"))
    }

    /// As [`World::build`], with the messages where the policy has errors.
    pub fn try_build(&self) -> Result<Built, String> {
        let checked = self.check();
        if diagnostic::any_error(&checked.diagnostics) {
            let said = checked.diagnostics.iter().filter(|found| found.is_error());
            let said: Vec<String> = said.map(|found| render::plain(found, &checked.sources)).collect();
            return Err(format!("the policy has errors:\n{}\n{}", said.join("\n"), self.policy));
        }
        let Checked { policy, binding, .. } = checked;
        let dataset = self.dataset(&policy.schema);
        let plan = plan::lower(&policy, &self.as_of, &|name| binding.name(name).is_ok());
        let mut owners = OwnerTable::default();
        let inputs = policy.roles.iter().map(|role| self.input(role, &policy, &dataset, &binding, &mut owners));
        let inputs = inputs.collect();
        let related = work_out(&policy, &dataset, &binding, &self.as_of);
        Ok(Built { related, policy, dataset, binding, plan, owners, inputs, as_of: self.as_of.clone() })
    }

    fn dataset(&self, schema: &Schema) -> Dataset {
        let none = Rows::default();
        let tables = schema
            .records
            .iter()
            .map(|record| table(record, self.rows.get(&record.name).unwrap_or(&none), &self.as_of))
            .collect();
        let mut dataset = Dataset { tables };
        dataset.link(schema);
        dataset
    }

    fn input(
        &self,
        role: &Role,
        policy: &TypedPolicy,
        dataset: &Dataset,
        binding: &Binding,
        owners: &mut OwnerTable,
    ) -> RoleInput {
        let table = dataset.table(role.record);
        let rows = 0..u32::try_from(table.row_count).expect("few rows");
        let shown = |row| table.shown_owner.as_ref().and_then(|column| column.get(row));
        let current = rows.clone().map(|row| owners.code_of(shown(row).and_then(|id| binding.shown(id)).as_ref()));
        let current = current.collect();
        let drifted = self.drifted.get(&policy.schema.record(role.record).name);
        let is_drifted = |row: &u32| {
            let key = table.key(*row);
            drifted.is_some_and(|keys| keys.iter().any(|drifted| Some(drifted.as_str()) == key))
        };
        RoleInput { current, drifted: rows.filter(is_drifted).collect::<RowSet>(), ..RoleInput::default() }
    }
}

fn table(record: &RecordType, rows: &Rows, as_of: &AsOf) -> TableData {
    let formats = Formats { zone: Some(as_of.zone.clone()), ..Formats::default() };
    let cell = |row: &Vec<String>, column: Option<usize>| column.and_then(|at| row.get(at)).cloned();
    let built = record.field_ids().map(|id| {
        let field = record.field(id);
        let column = rows.column(&field.column);
        let currency = match &field.kind {
            FieldKind::Money(Currency::InColumn(column)) => rows.column(column),
            _ => None,
        };
        let mut builder = ColumnBuilder::new(field, &formats, record.inferred);
        for row in &rows.cells {
            let (amount, code) = (cell(row, column), cell(row, currency));
            builder.push_money(as_cell(amount.as_deref()), as_cell(code.as_deref()));
        }
        Some(builder.finish(id == record.key))
    });
    let built = built.collect();
    let shown = record.owner_column.as_ref().map(|name| {
        let mut builder = TextBuilder::default();
        for row in &rows.cells {
            builder.push(&cell(row, rows.column(name)).unwrap_or_default()).expect("little text");
        }
        builder.finish()
    });
    TableData::new(built, record.key, shown, rows.cells.len()).0
}

fn as_cell(text: Option<&str>) -> Cell<'_> {
    text.map_or(Cell::Missing, Cell::Text)
}

/// A policy after the check, with all that was said.
pub struct Checked {
    pub sources: Sources,
    pub policy: TypedPolicy,
    pub binding: Binding,
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    pub fn rendered(&self) -> String {
        self.diagnostics.iter().map(|found| render::plain(found, &self.sources)).collect::<Vec<_>>().join("\n")
    }

    /// The codes of all findings of a severity, in order.
    pub fn codes(&self, severity: Severity) -> Vec<&'static str> {
        self.diagnostics.iter().filter(|found| found.severity == severity).map(|found| found.code.slug()).collect()
    }
}

/// A world in which records can be decided.
pub struct Built {
    pub related: WorkedOut,
    pub policy: TypedPolicy,
    pub dataset: Dataset,
    pub binding: Binding,
    pub plan: Plan,
    pub owners: OwnerTable,
    /// By role.
    pub inputs: Vec<RoleInput>,
    pub as_of: AsOf,
}

/// What came of one record, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub outcome: Outcome,
    pub owner: Option<Owner>,
    pub rule: Option<RuleId>,
}

impl Built {
    /// All roles, in their order.
    pub fn decide(&self) -> Decision<'_> {
        let mut owners = self.owners.clone();
        let mut desk = Desk::open(&self.policy, &self.binding, &Rotations::new(), &mut owners);
        let mut after = Vec::new();
        let mut results = Vec::new();
        for (index, id) in self.policy.role_ids().enumerate() {
            let input = &self.inputs[index];
            let scene = Scene::new(&self.policy, id, &self.dataset, &self.binding, &self.as_of, &input.current)
                .with_related(&self.related);
            results.push(decide_role(&scene, &self.plan.roles[index], input, &mut after, &mut owners, &mut desk));
        }
        Decision { built: self, owners, results }
    }
}

/// The owners that all roles gave.
pub struct Decision<'b> {
    pub built: &'b Built,
    owners: OwnerTable,
    results: Vec<RoleResult>,
}

impl Decision<'_> {
    pub fn answer(&self, role: RoleId, row: u32) -> Answer {
        let (result, at) = (&self.results[role.0 as usize], row as usize);
        Answer {
            outcome: result.outcome[at],
            owner: self.owner(role, row),
            rule: (result.rule[at] != NO_RULE).then(|| RuleId(result.rule[at])),
        }
    }

    /// The owner a row has after the run.
    pub fn owner(&self, role: RoleId, row: u32) -> Option<Owner> {
        let code = *self.results[role.0 as usize].owner.get(row as usize)?;
        (code != NOBODY).then(|| self.owners.get(code).cloned()).flatten()
    }

    /// The owner a row had before the run.
    pub fn current(&self, role: RoleId, row: u32) -> Option<Owner> {
        self.owners.get(self.built.inputs[role.0 as usize].current[row as usize]).cloned()
    }

    pub fn is_drifted(&self, role: RoleId, row: u32) -> bool {
        self.built.inputs[role.0 as usize].drifted.contains(row) && self.current(role, row).is_some()
    }

    pub fn row_count(&self, role: RoleId) -> u32 {
        let record = self.built.policy.role(role).record;
        u32::try_from(self.built.dataset.table(record).row_count).expect("few rows")
    }

    /// Runs `ask` on the facts of one record, with the owners that this run gave.
    pub fn with_facts<T>(&self, role: RoleId, row: u32, ask: impl FnOnce(row::Setting<'_>, &dyn Facts) -> T) -> T {
        let built = self.built;
        let record = built.policy.role(role).record;
        let owner_of = |role: RoleId, row: u32| self.owner(role, row);
        let facts = RecordFacts {
            policy: &built.policy,
            dataset: &built.dataset,
            record,
            row,
            current: self.current(role, row),
            owner_of: &owner_of,
            related: &built.related,
        };
        let setting = row::Setting { policy: &built.policy, record, binding: &built.binding, as_of: &built.as_of };
        ask(setting, &Watched { facts: &facts, role: built.policy.role(role), seen: RefCell::default() })
    }

    /// What the plain interpreter decides for one record.
    pub fn interpret(&self, role: RoleId, row: u32) -> Decided {
        self.with_facts(role, row, |setting, facts| row::decide(setting, self.built.policy.role(role), facts))
    }

    /// Whether the plain interpreter lets one rule's conditions hold for one record.
    pub fn matches(&self, role: RoleId, rule: &Rule, row: u32) -> bool {
        self.with_facts(role, row, |setting, facts| row::matches(setting, rule, facts))
    }

    /// What must have come of a record: drift, then *invalid*, then what the interpreter decides (design 3.3).
    pub fn expected(&self, role: RoleId, row: u32, is_invalid: bool) -> Answer {
        let current = self.current(role, row);
        let answer = |outcome, owner, rule| Answer { outcome, owner, rule };
        if self.is_drifted(role, row) {
            return answer(Outcome::Kept, current, None);
        }
        if is_invalid {
            return answer(Outcome::Invalid, current, None);
        }
        let decided = self.interpret(role, row);
        match decided.named {
            Some(Named::Owner(owner)) => answer(Outcome::Assigned, Some(owner), decided.rule),
            Some(Named::Keep(owner)) => answer(Outcome::Kept, Some(owner), decided.rule),
            Some(Named::Nobody) => answer(Outcome::Nobody, None, decided.rule),
            Some(Named::Pool(_) | Named::Miss(_)) | None => answer(Outcome::Unmatched, current, None),
        }
    }
}

/// Facts that make sure that a role says beforehand what it reads: *invalid* and the ledger depend on it.
struct Watched<'f> {
    facts: &'f dyn Facts,
    role: &'f Role,
    seen: RefCell<Vec<Path>>,
}

impl Facts for Watched<'_> {
    fn value(&self, path: &Path) -> Value {
        if !self.seen.borrow().contains(path) {
            assert!(self.role.reads.contains(path), "{path:?} is read but not among the role's reads");
            self.seen.borrow_mut().push(path.clone());
        }
        self.facts.value(path)
    }

    fn history(&self, id: HistoryId) -> bool {
        assert!(self.role.histories_read.contains(&id), "{id:?} is asked unannounced");
        self.facts.history(id)
    }

    fn candidates(&self, path: &ContestPath) -> Vec<Candidate> {
        assert!(self.role.contests_read.contains(path), "{path:?} is read unannounced");
        self.facts.candidates(path)
    }

    fn related(&self, path: &RelatedPath) -> Value {
        assert!(self.role.related_read.contains(path), "{path:?} is read unannounced");
        self.facts.related(path)
    }

    fn owner(&self, of: &OwnerRef) -> Option<Owner> {
        match of {
            OwnerRef::Current => assert!(self.role.reads_current_owner, "the current owner is read unannounced"),
            OwnerRef::Of(owner) => assert!(self.role.owners_read.contains(owner), "{owner:?} is read unannounced"),
        }
        self.facts.owner(of)
    }
}
