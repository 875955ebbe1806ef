//! `table` blocks and the days that rows of tables and lists are valid.

use super::sentences::Piece;
use super::{Builder, Node, first_part, parts};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;

/// The lines of a table's block, by kind.
#[derive(Default)]
struct TableLines {
    matches: Vec<MatchDecl>,
    gives: Vec<Word>,
    valids: Vec<ValidDecl>,
}

impl<'t> Builder {
    pub(super) fn table(&mut self, node: Node<'t>) -> Option<TableDecl> {
        let mut words = Vec::new();
        let mut lines = TableLines::default();
        for part in parts(node) {
            match part.as_rule() {
                Grammar::match_line | Grammar::give_line | Grammar::valid => self.table_line(part, &mut lines),
                Grammar::broken_line => {
                    let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| {
                        nodes.into_iter().for_each(|node| inner.table_line(node, &mut lines));
                    };
                    self.broken(&Piece::of(&part), true, Grammar::only_match, build);
                }
                _ => words.extend(self.word(part)),
            }
        }
        let mut words = words.into_iter();
        let TableLines { matches, gives, valids } = lines;
        Some(TableDecl { name: words.next()?, file: words.next()?, matches, gives, valids })
    }

    fn table_line(&mut self, node: Node<'t>, lines: &mut TableLines) {
        match node.as_rule() {
            Grammar::give_line => lines.gives.extend(first_part(node).and_then(|column| self.word(column))),
            Grammar::valid => lines.valids.push(self.valid(node)),
            _ => lines.matches.extend(self.match_line(node)),
        }
    }

    pub(super) fn valid(&mut self, node: Node<'t>) -> ValidDecl {
        let mut valid = ValidDecl { from: None, until: None, span: self.span(&node) };
        for part in parts(node) {
            let side = if part.as_rule() == Grammar::valid_from { &mut valid.from } else { &mut valid.until };
            *side = first_part(part).and_then(|column| self.word(column));
        }
        valid
    }

    fn match_line(&mut self, node: Node<'t>) -> Option<MatchDecl> {
        let span = self.span(&node);
        let mut parts = parts(node);
        let path = self.path(parts.next()?);
        let how = parts.next()?;
        let kind = how.as_rule();
        let columns: Vec<Word> = self::parts(how).filter_map(|column| self.word(column)).collect();
        let how = match (kind, columns.as_slice()) {
            (Grammar::match_between, [from, to]) => MatchHowDecl::Between(from.clone(), to.clone()),
            (Grammar::match_prefix, [column]) => MatchHowDecl::StartsWith(column.clone()),
            (_, [column, ..]) => MatchHowDecl::Equals(column.clone()),
            _ => return None,
        };
        Some(MatchDecl { path, how, span })
    }
}
