//! `place` blocks: trees of branches.

use super::sentences::Piece;
use super::{Builder, Node, first, parts};
use crate::diagnostic::Code;
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;

impl<'t> Builder {
    /// `place Account in territory { … }`.
    pub(super) fn place(&mut self, node: Node<'t>) -> Option<PlaceDecl> {
        let span = self.span(&node);
        self.closes(&node);
        let (mut record, mut role) = (None, None);
        let mut inside = Vec::new();
        for part in parts(node) {
            match part.as_rule() {
                Grammar::name => record = self.word(part),
                Grammar::role_name => role = self.word(part),
                _ => inside.push(part),
            }
        }
        let branches = self.branches(inside);
        Some(PlaceDecl { record: record?, role: role?, branches, span })
    }

    fn branches(&mut self, nodes: Vec<Node<'t>>) -> Vec<Branch> {
        let mut branches = Vec::new();
        for node in self.without_allows(nodes.into_iter()) {
            match node.as_rule() {
                Grammar::branch => branches.extend(self.branch(node)),
                Grammar::broken_rule => {
                    let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| {
                        nodes.into_iter().next().and_then(|node| inner.branch(node))
                    };
                    let piece = Piece::of(&node);
                    branches.extend(self.broken(&piece, true, Grammar::only_branch, build).flatten());
                }
                _ => {
                    let span = self.span(&node);
                    self.error(
                        Code::Syntax,
                        "expected a place: `NAME: when CONDITION`",
                        span,
                        "no label, or no condition",
                    );
                }
            }
        }
        branches
    }

    fn branch(&mut self, node: Node<'t>) -> Option<Branch> {
        let span = self.span(&node);
        let (mut label, mut condition, mut branches) = (None, None, Vec::new());
        for part in parts(node) {
            match part.as_rule() {
                Grammar::label => label = first(part).and_then(|name| self.word(name)),
                Grammar::condition => condition = Some(self.condition(part)),
                _ => {
                    self.closes(&part);
                    let inside = parts(part).collect();
                    branches = self.branches(inside);
                }
            }
        }
        Some(Branch { label: label?, condition: condition?, branches, span })
    }
}
