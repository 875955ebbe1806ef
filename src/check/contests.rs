//! `person with highest sum of amount over Opportunity (stage = Won)`: whom the records around one speak for.

use super::Checker;
use super::declarations::same;
use super::policy::{Contest, ContestId, ContestPath, ContestPerson, Path, RoleId};
use super::related::Question;
use super::scope::Scope;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::{FieldKind, RecordId};
use crate::source::Span;
use crate::syntax::{PathExpr, RelatedAsk, WithExpr, Word};

impl Checker<'_> {
    pub(super) fn contest(&mut self, with: &WithExpr, span: Span, scope: &Scope) -> Option<ContestPath> {
        let Question { related: mut question, inner, steps } = self.question(&with.question, span, scope)?;
        let person = match &with.in_field {
            Some(path) => ContestPerson::Field(self.person_field(path, &inner)?),
            None => ContestPerson::Owner(self.owner_role(question.record, &with.question.record)?),
        };
        let then = match &with.then {
            Some((path, is_latest)) => Some((self.related_field(RelatedAsk::Latest, path, &inner)?, *is_latest)),
            None => None,
        };
        if let ContestPerson::Field(path) = &person {
            question.reads.push(path.clone());
        }
        question.reads.extend(then.iter().map(|(path, _)| path.clone()));
        let contest = Contest { question, person, is_highest: with.is_highest, then, span };
        Some(ContestPath { steps, contest: self.contest_id(contest) })
    }

    fn contest_id(&mut self, contest: Contest) -> ContestId {
        let at = self.contests.iter().position(|known| known.is_like(&contest)).unwrap_or_else(|| {
            self.contests.push(contest);
            self.contests.len() - 1
        });
        ContestId(u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The text, or the reference, that says whose a record is.
    fn person_field(&mut self, path: &PathExpr, inner: &Scope) -> Option<Path> {
        self.whole(path)?;
        let (found, record) = self.resolve(path, inner)?;
        let field = self.field(record, found.field);
        if matches!(field.kind, FieldKind::Text | FieldKind::Reference { .. }) {
            return Some(found);
        }
        let (name, kind) = (field.name.clone(), field.kind.describe());
        self.push(
            Diagnostic::error(Code::WrongType, format!("`{name}` holds no person"))
                .at(path.span, kind)
                .help("name a text field, or a reference whose key is a person's"),
        );
        None
    }

    /// The role that says who owns the records.
    fn owner_role(&mut self, record: RecordId, name: &Word) -> Option<RoleId> {
        let found = self.roles.iter().position(|role| role.record == record && same(&role.name, "owner"));
        if found.is_none() {
            self.push(
                Diagnostic::error(Code::UnknownRole, format!("nothing decides the owner of `{}`", name.text))
                    .at(name.span, "whose are they?")
                    .help("name the field that holds the person: `person in FIELD with …`"),
            );
        }
        RoleId(u16::try_from(found?).ok()?).into()
    }
}
