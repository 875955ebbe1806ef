//! Invariants: `always every Account where … has owner`, `never assign to Contractors where …`.

use super::Checker;
use super::declarations::same;
use super::policy::{GatherId, Invariant, InvariantKind, InvariantRole, Never, OwnerTest, RoleId};
use super::roles::paths_of;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic, did_you_mean};
use crate::schema::RecordId;
use crate::source::Span;
use crate::syntax::{Expr, InvariantDecl, InvariantKindDecl, Word};

impl Checker<'_> {
    /// Types all invariants. Runs after roles, teams and places: an invariant names them by their final place.
    pub(super) fn invariants(&mut self) {
        let tree = self.tree;
        for decl in &tree.invariants {
            if let Some(invariant) = self.invariant(decl) {
                self.invariants.push(invariant);
            }
        }
    }

    fn invariant(&mut self, decl: &InvariantDecl) -> Option<Invariant> {
        let (record, role, kind, condition) = match &decl.kind {
            InvariantKindDecl::Has { record, condition, role } => {
                let id = self.record_named(record)?;
                (id, role.text.clone(), self.any_role(id, role).map(InvariantKind::Has), condition)
            }
            InvariantKindDecl::Never { role, record, who, condition } => {
                let id = self.role_meant(role.as_ref(), record.as_ref(), decl.span, "never assign RECORD to …")?;
                let never = who.iter().map(|name| self.never_named(name)).collect();
                let of = self.roles.get(id.0 as usize)?;
                (of.record, of.name.clone(), Some(InvariantKind::Never { role: id, who: never }), condition)
            }
        };
        let condition = condition.as_ref().map(|condition: &Expr| self.condition(condition, &Scope::of(record, &role)));
        let mut reads = condition.as_ref().map(paths_of).unwrap_or_default();
        reads.sort();
        reads.dedup();
        Some(Invariant {
            label: decl.label.as_ref().map(|label| label.text.clone()),
            record,
            condition,
            kind: kind?,
            reads,
            because: decl.because.as_ref().map(|because| because.text.clone()),
            span: decl.span,
        })
    }

    fn never_named(&mut self, name: &Word) -> Never {
        let id = self.name(&name.text, name.span);
        let is_team = self.schema.teams.iter().any(|team| same(&team.name, &name.text));
        let test = if is_team { OwnerTest::MemberOf(id) } else { OwnerTest::Is(vec![id]) };
        Never { test, span: name.span }
    }

    /// A role, team or place of a record type, by name.
    pub(super) fn any_role(&mut self, record: RecordId, role: &Word) -> Option<InvariantRole> {
        if let Some(found) = self.role_of(record, &role.text) {
            return Some(InvariantRole::Role(found));
        }
        let at =
            self.gathers.iter().position(|gather| gather.role.record == record && same(&gather.role.name, &role.text));
        let gather = at.and_then(|at| u16::try_from(at).ok()).map(|at| InvariantRole::Gather(GatherId(at)));
        if gather.is_none() {
            self.no_such_role(record, &role.text, role.span);
        }
        gather
    }

    fn role_of(&self, record: RecordId, name: &str) -> Option<RoleId> {
        let found = self.roles.iter().position(|role| role.record == record && same(&role.name, name));
        found.and_then(|index| u16::try_from(index).ok()).map(RoleId)
    }

    fn no_such_role(&mut self, record: RecordId, name: &str, span: Span) {
        if self.tree.broken {
            return;
        }
        let record_name = self.schema.record(record).name.clone();
        let roles = self.roles.iter().chain(self.gathers.iter().map(|gather| &gather.role));
        let known: Vec<String> = roles.filter(|role| role.record == record).map(|role| role.name.clone()).collect();
        let help = did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_else(|| match known.as_slice() {
            [] => format!("write `decide {name} of {record_name} {{ … }}` first"),
            known => format!("its roles: {}", known.join(", ")),
        });
        self.push(
            Diagnostic::error(Code::UnknownRole, format!("nothing decides `{name} of {record_name}`"))
                .at(span, "no such role")
                .help(help),
        );
    }

    /// The role that is meant where the record, or the role too, may be left out: `owner` of the only record type that is
    /// decided.
    fn role_meant(&mut self, role: Option<&Word>, record: Option<&Word>, span: Span, shape: &str) -> Option<RoleId> {
        let name = role.map_or("owner", |role| role.text.as_str());
        if let Some(word) = record {
            let record = self.record_named(word)?;
            let found = self.role_of(record, name);
            // One role is meant where there is only one.
            let mut own = self.roles.iter().enumerate().filter(|(_, role)| role.record == record);
            let only = match (role, own.next(), own.next()) {
                (None, Some((index, _)), None) => u16::try_from(index).ok().map(RoleId),
                _ => None,
            };
            if found.or(only).is_none() {
                self.no_such_role(record, name, role.map_or(word.span, |role| role.span));
            }
            return found.or(only);
        }
        let named: Vec<usize> = (0..self.roles.len()).filter(|index| same(&self.roles[*index].name, name)).collect();
        match (named.as_slice(), self.roles.len()) {
            ([one], _) => u16::try_from(*one).ok().map(RoleId),
            (_, 1) => Some(RoleId(0)),
            _ if self.tree.broken => None,
            _ => {
                let of = self.roles.iter().map(|role| self.schema.record(role.record).name.clone());
                let mut of: Vec<String> = of.collect();
                of.dedup();
                self.push(
                    Diagnostic::error(Code::WhichRole, "of which record?")
                        .at(span, format!("several are decided: {}", of.join(", ")))
                        .help(format!("name the record: `{shape}`")),
                );
                None
            }
        }
    }
}
