//! Teams around a record, the places it stands in, and the calendar of who should be in touch.

use super::Checker;
use super::declarations::same;
use super::policy::{Calendar, Cond, Gather, GatherKind, Role, Rule, RuleId, Target, TargetKind};
use super::rules::Block;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::RecordId;
use crate::source::Span;
use crate::syntax::{Branch, Word};

impl Checker<'_> {
    /// Types every `gather`, `place` and `calendar`. Runs after the roles have their order: they may follow any of them.
    pub(super) fn gathers(&mut self) {
        let tree = self.tree;
        for decl in &tree.gathers {
            let Some(record) = self.record_named(&decl.record) else { continue };
            if self.is_taken(&decl.role, record) {
                continue;
            }
            let scope = Scope::of(record, &decl.role.text);
            let typed = self.rules(&decl.rules, Block::Gather, &scope);
            let role = Role { rules: typed.rules, ..Role::new(&decl.role.text, record, decl.role.span) };
            self.add_gather(role, GatherKind::Team(typed.adds));
        }
        for decl in &tree.places {
            let Some(record) = self.record_named(&decl.record) else { continue };
            if self.is_taken(&decl.role, record) {
                continue;
            }
            let scope = Scope::of(record, &decl.role.text);
            let mut rules = Vec::new();
            let mut around = Vec::new();
            self.branches(&decl.branches, None, &scope, &mut rules, &mut around);
            let role = Role { rules, ..Role::new(&decl.role.text, record, decl.role.span) };
            self.add_gather(role, GatherKind::Places(around));
        }
        for decl in &tree.calendars {
            let Some(record) = self.record_named(&decl.record) else { continue };
            if self.has_calendar(record, &decl.record) {
                continue;
            }
            let scope = Scope::of(record, "");
            let typed = self.rules(&decl.rules, Block::Calendar, &scope);
            let mut role = Role { rules: typed.rules, ..Role::new("calendar", record, decl.record.span) };
            self.set_reads(&mut role, |reads| {
                reads.paths.extend(typed.touches.iter().filter_map(|touch| touch.since.clone()));
            });
            self.calendars.push(Calendar { role, touches: typed.touches });
        }
    }

    fn add_gather(&mut self, mut role: Role, kind: GatherKind) {
        self.set_reads(&mut role, |reads| {
            if let GatherKind::Team(adds) = &kind {
                adds.iter().flatten().flat_map(|add| &add.chain).for_each(|target| reads.target(&target.kind));
            }
        });
        self.gathers.push(Gather { role, kind });
    }

    /// Two calendars of a record type would have two first matching rules.
    fn has_calendar(&mut self, record: RecordId, name: &Word) -> bool {
        let Some(first) = self.calendars.iter().find(|calendar| calendar.role.record == record) else { return false };
        let first = first.role.span;
        self.push(
            Diagnostic::error(Code::DeclaredTwice, format!("the calendar of `{}` is declared twice", name.text))
                .at(name.span, "declared again")
                .at(first, "declared here first")
                .help("write all its rules into one block: the first that matches counts"),
        );
        true
    }

    /// Two roles of one name and record type would share a history.
    fn is_taken(&mut self, name: &Word, record: RecordId) -> bool {
        let roles = self.roles.iter().chain(self.gathers.iter().map(|gather| &gather.role));
        let first = roles.filter(|role| role.record == record).find(|role| same(&role.name, &name.text));
        let Some(first) = first.map(|role| role.span) else { return false };
        let record = self.schema.record(record).name.clone();
        self.push(
            Diagnostic::error(Code::DeclaredTwice, format!("`{}` of `{record}` is declared twice", name.text))
                .at(name.span, "declared again")
                .at(first, "declared here first")
                .help("give one of them another name"),
        );
        true
    }

    /// Places with the conditions of those around them, each after the one it lies in.
    fn branches(
        &mut self,
        branches: &[Branch],
        around: Option<RuleId>,
        scope: &Scope,
        rules: &mut Vec<Rule>,
        out: &mut Vec<Option<RuleId>>,
    ) {
        for branch in branches {
            let outer: Vec<Cond> = around.map_or_else(Vec::new, |id| rules[id.0 as usize].conditions.clone());
            let outer_label = around.and_then(|id| rules[id.0 as usize].label.clone());
            let label = match outer_label {
                Some(outer) => format!("{outer}/{}", branch.label.text),
                None => branch.label.text.clone(),
            };
            self.place_twice(&label, branch.label.span, rules);
            let mut conditions = outer;
            conditions.push(self.condition(&branch.condition, scope));
            let id = RuleId(u32::try_from(rules.len()).unwrap_or(u32::MAX));
            rules.push(Rule {
                label: Some(label),
                conditions,
                targets: vec![Target { kind: TargetKind::Nobody, span: branch.span }],
                hand_off: None,
                because: None,
                from: None,
                until: None,
                span: branch.label.span,
            });
            out.push(around);
            self.branches(&branch.branches, Some(id), scope, rules, out);
        }
    }

    fn place_twice(&mut self, label: &str, span: Span, rules: &[Rule]) {
        if let Some(first) = rules.iter().find(|rule| rule.label.as_deref() == Some(label)) {
            let first = first.span;
            self.push(
                Diagnostic::error(Code::DeclaredTwice, format!("two places are called `{label}`"))
                    .at(span, "called so again")
                    .at(first, "called so here first")
                    .help("change one of the names"),
            );
        }
    }
}
