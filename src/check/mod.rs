//! From the tree to a typed policy: names become ids, conditions get types, roles get an order.
//!
//! Two steps, because the data lies between them: [`schema`] needs only the tree (and what was inferred from the head
//! of the data), [`policy`] then types every rule. Neither reads a file: lists and tables come in as [`Tabular`].
//! Whether an owner's name is known is asked later, when the directory is at hand (`assign::bind`).

pub mod allow;
mod conditions;
mod contests;
mod declarations;
mod gathers;
mod history;
mod invariants;
pub mod merged;
mod owners;
mod pins;
mod pools;
mod related;
pub mod policy;
mod roles;
mod row_days;
mod rules;
mod scope;
mod test_blocks;
mod test_people;
mod test_tables;
mod today;
mod unused_owners;
mod values;

pub use roles::rule_reads;
pub use unused_owners::unused_owners;
pub use values::calculate;

use crate::diagnostic::{self, Code, Diagnostic};
use crate::limits::{CONDITION_DEPTH_MAX, DEFINED_PARTS_MAX};
use crate::schema::{MatchHow, RecordType, Schema, Tabular};
use crate::source::Span;
use crate::syntax::Tree;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What lies beside the policies: every list and table file by name, or the reason why it could not be read.
pub type FilesBeside = BTreeMap<String, Result<Tabular, String>>;

/// The names of the list and table files a policy set needs, sorted.
pub fn files_needed(tree: &Tree) -> Vec<String> {
    let lists = tree.lists.iter().map(|list| list.file.text.clone());
    let tables = tree.tables.iter().map(|table| table.file.text.clone());
    let mut names: Vec<String> = lists.chain(tables).collect();
    names.sort();
    names.dedup();
    names
}

/// The declared schema. `inferred` record types are added where none of their name is declared.
pub fn schema(tree: &Tree, files: &FilesBeside, inferred: Vec<RecordType>) -> (Schema, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let mut schema = declarations::schema(tree, files, &mut diagnostics);
    for record in inferred {
        if schema.find_record(&record.name).is_none() {
            schema.records.push(record);
        }
    }
    diagnostic::sort(&mut diagnostics);
    (schema, diagnostics)
}

/// Types every rule. The policy is complete only if no diagnostic is an error: broken rules are left out of it.
pub fn policy(tree: &Tree, schema: Schema) -> (policy::TypedPolicy, Vec<Diagnostic>) {
    let mut checker = Checker::new(tree, schema);
    checker.roles();
    checker.pins();
    checker.spell_cells();
    checker.invariants();
    checker.tests();
    checker.unused_defines();
    let mut diagnostics = checker.diagnostics;
    diagnostic::sort(&mut diagnostics);
    let policy = policy::TypedPolicy {
        schema: checker.schema,
        roles: checker.roles,
        gathers: checker.gathers,
        calendars: checker.calendars,
        histories: checker.histories,
        names: checker.names,
        related: checker.related,
        contests: checker.contests,
        pools: checker.pools,
        spellings: checker.spellings,
        pins: checker.pins,
        invariants: checker.invariants,
        tests: checker.tests,
    };
    (policy, diagnostics)
}

/// The state of typing one policy set.
struct Checker<'t> {
    tree: &'t Tree,
    schema: Schema,
    roles: Vec<policy::Role>,
    gathers: Vec<policy::Gather>,
    calendars: Vec<policy::Calendar>,
    histories: Vec<policy::History>,
    names: Vec<policy::OwnerName>,
    pins: Vec<policy::Pin>,
    invariants: Vec<policy::Invariant>,
    tests: Vec<policy::Test>,
    related: Vec<policy::Related>,
    contests: Vec<policy::Contest>,
    pools: Vec<policy::Pool>,
    spellings: FxHashMap<String, String>,
    /// The first define of each folded name.
    defines: FxHashMap<String, usize>,
    /// Defines being expanded, to end circles.
    expanding: Vec<String>,
    used_defines: rustc_hash::FxHashSet<String>,
    /// Conditions and values inside each other at the place that is typed.
    depth: usize,
    /// What defines have opened into so far.
    defined_parts: usize,
    /// A limit was passed and told.
    is_full: bool,
    /// Nobody who could own anything is declared: names after `assign to` become teams.
    infers_teams: bool,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Checker<'t> {
    fn new(tree: &'t Tree, schema: Schema) -> Self {
        let infers_teams = schema.teams.is_empty() && schema.queues.is_empty() && schema.people.is_none();
        Self {
            tree,
            schema,
            roles: Vec::new(),
            gathers: Vec::new(),
            calendars: Vec::new(),
            histories: Vec::new(),
            names: Vec::new(),
            pins: Vec::new(),
            invariants: Vec::new(),
            tests: Vec::new(),
            related: Vec::new(),
            contests: Vec::new(),
            pools: Vec::new(),
            spellings: FxHashMap::default(),
            defines: tree
                .defines
                .iter()
                .enumerate()
                .rev()
                .map(|(index, define)| (crate::value::fold(&define.name.text), index))
                .collect(),
            expanding: Vec::new(),
            used_defines: rustc_hash::FxHashSet::default(),
            depth: 0,
            defined_parts: 0,
            is_full: false,
            infers_teams,
            diagnostics: Vec::new(),
        }
    }

    /// A text as rules compare it; how it was written first is kept.
    fn folded(&mut self, text: &str) -> String {
        let folded = crate::value::fold(text);
        if folded != text {
            self.spellings.entry(folded.clone()).or_insert_with(|| text.to_owned());
        }
        folded
    }

    /// Keeps how the values of lists and the cells that tables are matched by are written.
    fn spell_cells(&mut self) {
        let mut columns: Vec<(&Tabular, &str)> = Vec::new();
        for list in &self.schema.lists {
            columns.extend(list.data.as_ref().map(|data| (data, list.by.as_str())));
        }
        for table in &self.schema.tables {
            let names = table.matches.iter().filter_map(|line| match &line.how {
                MatchHow::Equals { column } | MatchHow::StartsWith { column } => Some(column.as_str()),
                MatchHow::Between { .. } => None,
            });
            columns.extend(names.filter_map(|name| Some((table.data.as_ref()?, name))));
        }
        let cells = columns.iter().filter_map(|(data, name)| Some((*data, data.column(name)?)));
        let cells = cells.flat_map(|(data, column)| (0..data.rows.len()).filter_map(move |row| data.cell(row, column)));
        let spelled =
            cells.map(|cell| (crate::value::fold(cell), cell.to_owned())).filter(|(folded, cell)| folded != cell);
        let spelled: Vec<(String, String)> = spelled.collect();
        for (folded, cell) in spelled {
            self.spellings.entry(folded).or_insert(cell);
        }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Counts one more level on the way down; `false` where there are too many, or too many parts in all.
    ///
    /// Only defines can pass either limit: one that uses another twice doubles it, and forty of those would never end.
    fn enter(&mut self, span: Span) -> bool {
        if self.is_full {
            return false;
        }
        self.defined_parts += usize::from(!self.expanding.is_empty());
        let told = if self.depth >= CONDITION_DEPTH_MAX {
            Diagnostic::error(Code::TooDeep, "a condition that goes too deep")
                .at(span, format!("more than {CONDITION_DEPTH_MAX} conditions inside each other"))
                .help("use fewer defines inside each other")
        } else if self.defined_parts > DEFINED_PARTS_MAX {
            Diagnostic::error(Code::TooLarge, "defines that open into too many conditions")
                .at(span, format!("more than {DEFINED_PARTS_MAX} in this policy set"))
                .help("a define that uses another twice is twice as large: use it once")
        } else {
            self.depth += 1;
            return true;
        };
        self.is_full = true;
        self.push(told);
        false
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn error(&mut self, code: Code, headline: impl Into<String>, span: Span, label: impl Into<String>) {
        self.push(Diagnostic::error(code, headline).at(span, label));
    }
}
