//! Rules, targets, tables and lists at random.

use super::conditions::{Scope, long_ago};
use super::values::{csv_cell, quoted};
use super::{Generator, ListModel, RoleModel, RuleModel, TableModel};
use crate::model::{CHOICES, Eval, Kind};
use ownward::value::{fold, time};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Cells that name owners, some of whom nobody knows or who are no longer active.
const OWNER_CELLS: [&str; 8] = ["p1", "Ana Silva", "teamB", "p3", "", "who-is-this", "Triage", "p2"];

/// What the groups around a rule ask.
#[derive(Clone, Default)]
struct Outer {
    labels: Vec<String>,
    conditions: Vec<Eval>,
    from: Option<i32>,
    until: Option<i32>,
    /// Lists that a condition around the rule looks in, as often as it does.
    lists: Vec<usize>,
}

impl Generator<'_> {
    // ------------------------------------------------------------ files

    pub(super) fn list(&mut self) {
        let name = format!("vips{}", self.lists.len());
        let (valid, headers) = self.valid();
        let mut text = format!("name,owner,second{headers}\n");
        let mut values = BTreeSet::new();
        for _ in 0..self.tape.between(1, 6) {
            let value = match self.tape.below(4) {
                3 => CHOICES[0][self.tape.below(4)].0,
                _ => self.text(),
            };
            let (days, counts) = self.row_days(headers);
            if counts {
                values.insert(fold(value));
            }
            let (owner, second) = (self.tape.pick(&OWNER_CELLS), self.tape.pick(&OWNER_CELLS));
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{},{},{}{days}", csv_cell(value), csv_cell(owner), csv_cell(second));
        }
        let _ = writeln!(self.text, "list {name} from \"{name}.csv\" by name{valid}");
        self.files.insert(format!("{name}.csv"), text);
        self.model.lists.push(values);
        self.lists.push(ListModel { name });
    }

    pub(super) fn table(&mut self, record: usize) {
        let name = format!("Cover{}", self.tables.len());
        let mut headers = Vec::new();
        let mut lines = String::new();
        let mut kinds = Vec::new();
        let mut has_prefix = false;
        for at in 0..self.tape.between(1, 3) {
            let fits = |kind: &Kind| !matches!(kind, Kind::Many(_) | Kind::Time | Kind::MoneyIn(_));
            let Some((way, field, text)) = self.field_where(record, fits) else {
                continue;
            };
            let kind = self.model.kind(record, &way, field).clone();
            let is_range = match kind {
                Kind::Date | Kind::Money(_) => true,
                Kind::Number => self.tape.chance(60),
                _ => false,
            };
            let is_prefix = kind == Kind::Text && !has_prefix && self.tape.chance(60);
            has_prefix |= is_prefix;
            if is_range {
                let _ = writeln!(lines, "  match {text} between low{at} and high{at}");
                headers.extend([format!("low{at}"), format!("high{at}")]);
                kinds.extend([(kind.clone(), true), (kind, true)]);
            } else {
                let how = if is_prefix { "starts with" } else { "=" };
                let _ = writeln!(lines, "  match {text} {how} is{at}");
                headers.push(format!("is{at}"));
                kinds.push((kind, false));
            }
        }
        headers.extend(["owner".to_owned(), "second".to_owned()]);
        let (valid, day_headers) = self.valid();
        let mut text = format!("{}{day_headers}\n", headers.join(","));
        for _ in 0..self.tape.between(1, 14) {
            let mut cells: Vec<String> =
                kinds.iter().map(|(kind, open)| csv_cell(&self.table_cell(kind, *open))).collect();
            cells.push(csv_cell(self.tape.pick(&OWNER_CELLS)));
            cells.push(csv_cell(self.tape.pick(&OWNER_CELLS)));
            let (days, _) = self.row_days(day_headers);
            let _ = writeln!(text, "{}{days}", cells.join(","));
        }
        let _ = writeln!(self.text, "table {name} from \"{name}.csv\" {{\n{lines}  give owner\n{valid}\n}}");
        self.files.insert(format!("{name}.csv"), text);
        self.tables.push(TableModel { name, record });
    }

    /// A `valid` line, now and then, and the headers of its columns.
    fn valid(&self) -> (&'static str, &'static str) {
        self.tape.pick(&[
            ("", ""),
            ("", ""),
            ("", ""),
            (" valid from start until end", ",start,end"),
            (" valid until end", ",end"),
            (" valid from start", ",start"),
        ])
    }

    /// The cells of a row below such headers, and whether it counts on the day of the case.
    fn row_days(&self, headers: &str) -> (String, bool) {
        let today = self.model.as_of.today();
        let mut cells = String::new();
        let mut counts = true;
        for header in headers.split(',').skip(1) {
            let day = self.tape.chance(60).then(|| today + self.tape.pick(&[0, 1, -1, 30, -30]));
            counts &= day.is_none_or(|day| if header == "start" { day <= today } else { today <= day });
            cells.push(',');
            cells.extend(day.map(time::show_day));
        }
        (cells, counts)
    }

    fn table_cell(&self, kind: &Kind, is_bound: bool) -> String {
        let tape = self.tape;
        if tape.chance(if is_bound { 20 } else { 5 }) {
            return String::new();
        }
        match kind {
            Kind::Number | Kind::Money(_) => match tape.below(3) {
                0 => tape.below(9).to_string(),
                _ => self.number().to_string(),
            },
            Kind::Date => time::show_day(self.day()),
            Kind::YesNo => tape.pick(&["yes", "no", "TRUE", "0"]).to_owned(),
            Kind::Choice(set) => CHOICES[*set][tape.below(CHOICES[*set].len())].0.to_uppercase(),
            Kind::Ref(_) => format!("r{}", tape.below(self.size.rows_max)),
            _ => {
                let text = self.text();
                let length = tape.between(1, text.chars().count());
                if tape.chance(50) { text.chars().take(length).collect() } else { text.to_owned() }
            }
        }
    }

    // ------------------------------------------------------------ roles

    pub(super) fn roles(&mut self) {
        let record_count = self.model.records.len();
        let mut planned: Vec<(usize, &str)> = (0..record_count).map(|record| (record, "owner")).collect();
        if self.tape.chance(40) {
            planned.push((self.tape.below(record_count), "backup"));
        }
        let mut texts = Vec::new();
        while !planned.is_empty() {
            let (record, name) = planned.remove(self.tape.below(planned.len()));
            texts.push(self.role(record, name));
        }
        // They may stand in any order: what they ask of each other says which comes first.
        while !texts.is_empty() {
            let text = texts.remove(self.tape.below(texts.len()));
            self.text.push_str(&text);
        }
    }

    fn role(&mut self, record: usize, name: &str) -> String {
        let role = self.roles.len();
        self.roles.push(RoleModel { name: name.to_owned(), record, rules: Vec::new() });
        let scope = Scope { record, role: Some(name.to_owned()), is_inner: false };
        let mut text = format!("decide {name} of {} {{\n", self.model.records[record].name);
        let mut rules = Vec::new();
        let count = self.tape.between(1, self.size.rules_max);
        self.rules(&scope, &Outer::default(), count, 2, &mut text, &mut rules);
        text.push_str("}\n");
        self.roles[role].rules = rules;
        text
    }

    fn rules(
        &mut self,
        scope: &Scope,
        outer: &Outer,
        count: usize,
        depth: usize,
        text: &mut String,
        out: &mut Vec<RuleModel>,
    ) {
        for at in 0..count {
            let is_last = at + 1 == count;
            self.rule(scope, outer, depth, is_last && self.tape.chance(30), text, out);
        }
    }

    fn rule(
        &mut self,
        scope: &Scope,
        outer: &Outer,
        depth: usize,
        is_otherwise: bool,
        text: &mut String,
        out: &mut Vec<RuleModel>,
    ) {
        let mut inner = outer.clone();
        let has_label = self.tape.chance(50);
        if has_label {
            self.labels += 1;
            let label = format!("l{}", self.labels);
            let _ = write!(text, "{label}: ");
            inner.labels.push(label);
        }
        let mut is_plain = false;
        if is_otherwise {
            text.push_str("otherwise ");
        } else if self.tape.chance(6) && !self.tables.is_empty() {
            is_plain = true;
        } else {
            let (condition, holds) = self.rule_condition(scope, &mut inner);
            let _ = write!(text, "when {condition} ");
            inner.conditions.push(holds);
        }
        let dates = self.dates();
        inner.from = inner.from.max(dates.0);
        inner.until = match (inner.until, dates.1) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if depth > 0 && !is_plain && self.tape.chance(22) {
            text.push_str("{\n");
            let count = self.tape.between(1, 3);
            self.rules(scope, &inner, count, depth - 1, text, out);
            text.push('}');
        } else {
            text.push_str(&self.action(scope, &inner, is_plain));
            let label = has_label.then(|| inner.labels.join("/"));
            out.push(RuleModel { label, conditions: inner.conditions, from: inner.from, until: inner.until });
        }
        if self.tape.chance(20) {
            text.push_str(" because \"reason { \\\" # }\"");
        }
        for (word, day) in [("from", dates.0), ("until", dates.1)] {
            if let Some(day) = day {
                let _ = write!(text, " {word} {}", time::show_day(day));
            }
        }
        text.push_str(self.tape.pick(&["\n", "  # a comment {\n", "\n\n"]));
    }

    /// A condition; now and then one that looks in a list, so that the list's cells can be named.
    fn rule_condition(&self, scope: &Scope, inner: &mut Outer) -> (String, Eval) {
        let deep = [0, 1, 1, 2, 2, 3][self.tape.below(6)];
        let texts = |kind: &Kind| matches!(kind, Kind::Text | Kind::Choice(_));
        if !self.lists.is_empty() && self.tape.chance(20) {
            let list = self.tape.below(self.lists.len());
            if let Some((way, at, name)) = self.field_where(scope.record, texts) {
                inner.lists.push(list);
                let kind = self.model.kind(scope.record, &way, at).clone();
                let holds = move |g: crate::model::Ground<'_>| match (g.value(&way, at), &kind) {
                    (crate::model::Val::Text(text), _) => g.model.lists[list].contains(&fold(&text)),
                    (crate::model::Val::Choice(choice), Kind::Choice(set)) => {
                        g.model.lists[list].contains(&fold(CHOICES[*set][choice].0))
                    }
                    _ => false,
                };
                return (format!("{name} in {}", self.lists[list].name), std::rc::Rc::new(holds));
            }
        }
        let (text, holds) = self.condition(scope, deep);
        // Any look-up in there, under `and` alone, would be a second row.
        inner
            .lists
            .extend((0..self.lists.len()).filter(|at| text.contains(&self.lists[*at].name)).flat_map(|at| [at, at]));
        for define in self.defines.iter().filter(|define| text.contains(&define.name)) {
            let written = self.text.lines().find(|line| line.contains(&format!("define {} ", define.name)));
            if written.is_some() {
                inner.lists.extend((0..self.lists.len()).flat_map(|at| [at, at]));
            }
        }
        (text, holds)
    }

    fn dates(&self) -> (Option<i32>, Option<i32>) {
        let today = self.model.as_of.today();
        match self.tape.below(20) {
            14 => (Some(today), None),
            15 => (None, Some(today)),
            16 => (Some(today + 1), None),
            17 => (None, Some(today - 1)),
            18 => (Some(long_ago()), Some(today + 1)),
            19 => (Some(today), Some(today)),
            _ => (None, None),
        }
    }

    fn action(&self, scope: &Scope, outer: &Outer, is_plain: bool) -> String {
        if !is_plain && self.tape.chance(8) {
            return "keep owner".to_owned();
        }
        let count = [1, 1, 1, 2, 3][self.tape.below(5)];
        let who: Vec<String> = (0..count).map(|_| self.who(scope, outer)).collect();
        format!("assign to {}", who.join(" else "))
    }

    fn who(&self, scope: &Scope, outer: &Outer) -> String {
        let tape = self.tape;
        match tape.below(14) {
            4 | 5 => self.table_target(scope),
            6 => self.field_target(scope),
            7 => self.list_target(outer),
            8 | 9 => {
                let role = scope.role.as_deref().expect("only rules have targets");
                tape.pick(&self.owners_known(scope.record, role)).0.clone()
            }
            10 => {
                let inner = match tape.below(4) {
                    0 => self.table_target(scope),
                    1 => self.field_target(scope),
                    2 => {
                        let role = scope.role.as_deref().expect("only rules have targets");
                        tape.pick(&self.owners_known(scope.record, role)).0.clone()
                    }
                    _ => quoted(tape.pick(&["p1", "p2", "Bo", "p4", "p3"])),
                };
                format!("{}{inner}", "manager of ".repeat(tape.between(1, 3)))
            }
            11 => "nobody".to_owned(),
            12 => "keep owner".to_owned(),
            13 => tape.pick(&["p1", "p2", "TeamA", "TeamC", "Late-Queue", "p3"]).to_owned(),
            _ => quoted(self.person()),
        }
    }

    fn table_target(&self, scope: &Scope) -> String {
        let own: Vec<&TableModel> = self.tables.iter().filter(|table| table.record == scope.record).collect();
        match own.is_empty() {
            true => "TeamA".to_owned(),
            false => {
                let table = self.tape.pick(&own);
                if self.tape.chance(25) { format!("{}.second", table.name) } else { table.name.clone() }
            }
        }
    }

    fn field_target(&self, scope: &Scope) -> String {
        self.field_where(scope.record, |kind| *kind == Kind::Text).expect("a key at least").2
    }

    /// A cell of the list that exactly one condition around looks in.
    fn list_target(&self, outer: &Outer) -> String {
        let once = |list: &&usize| outer.lists.iter().filter(|other| other == list).count() == 1;
        match outer.lists.iter().find(once) {
            Some(list) => {
                let column = self.tape.pick(&["owner", "second", "OWNER"]);
                format!("{}.{column}", self.lists[*list].name)
            }
            None => "Triage".to_owned(),
        }
    }
}
