//! Invariants: `always every …` and `never assign …`.

use super::{Builder, Node, first, first_part, parts};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::{InvariantDecl, InvariantKindDecl};

impl<'t> Builder {
    pub(super) fn invariant(&mut self, node: Node<'t>) -> Option<InvariantDecl> {
        let span = self.span(&node);
        let (mut label, mut kind, mut because) = (None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::label => label = first(part).and_then(|name| self.word(name)),
                Grammar::always_every => kind = self.always_every(part),
                Grammar::never_assign => kind = self.never_assign(part),
                Grammar::because => because = first_part(part).and_then(|text| self.word(text)),
                _ => {}
            }
        }
        Some(InvariantDecl { label, kind: kind?, because, span })
    }

    fn always_every(&mut self, node: Node<'t>) -> Option<InvariantKindDecl> {
        let (mut record, mut condition, mut role) = (None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::condition => condition = Some(self.condition(part)),
                Grammar::role_name => role = self.word(part),
                _ => record = self.word(part),
            }
        }
        Some(InvariantKindDecl::Has { record: record?, condition, role: role? })
    }

    fn never_assign(&mut self, node: Node<'t>) -> Option<InvariantKindDecl> {
        let (mut role, mut record, mut who, mut condition) = (None, None, Vec::new(), None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::never_of => {
                    for name in parts(part) {
                        let is_role = name.as_rule() == Grammar::role_name;
                        let word = self.word(name);
                        *(if is_role { &mut role } else { &mut record }) = word;
                    }
                }
                Grammar::never_who => who.extend(first(part).and_then(|owner| self.pin_owner(owner))),
                Grammar::condition => condition = Some(self.condition(part)),
                _ => {}
            }
        }
        (!who.is_empty()).then_some(InvariantKindDecl::Never { role, record, who, condition })
    }
}
