//! The layout of `test` blocks and invariants.
//!
//! What is given stands on one line if it fits, else a field a line. Tables of cases get columns as wide as their widest
//! cell.

use super::doc::{self, Doc};
use super::layout::{Layout, Node};
use crate::syntax::grammar::Rule as Grammar;

/// Cells wider than this do not push the column beside them.
const CELL_COLUMNS_MAX: usize = 32;

impl<'t> Layout<'t> {
    pub(super) fn test(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        self.block(docs, node, |layout, docs, line| match line.as_rule() {
            Grammar::cases => layout.cases(docs, line),
            Grammar::given => layout.spaced(docs, line.into_inner()),
            _ => {
                let mut words = Vec::new();
                layout.spaced(&mut words, line.into_inner());
                docs.push(Doc::group(vec![Doc::indent(words)]));
            }
        });
    }

    /// `always every … where … has owner`: each part begins a line of its own where it does not fit on one.
    pub(super) fn invariant(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut words = Vec::new();
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::label => {
                    self.spaced(&mut words, part.into_inner());
                    words.push(Doc::Space);
                }
                Grammar::because => {
                    words.push(Doc::Line);
                    self.part(&mut words, part);
                }
                _ => self.invariant_words(&mut words, part),
            }
        }
        docs.push(Doc::group(vec![Doc::indent(words)]));
    }

    fn invariant_words(&mut self, words: &mut Vec<Doc>, node: Node<'t>) {
        for (index, part) in node.into_inner().enumerate() {
            match part.as_rule() {
                _ if index == 0 => {}
                Grammar::comma => {}
                Grammar::kw_where | Grammar::kw_has => words.push(Doc::Line),
                _ => words.push(Doc::Space),
            }
            self.part(words, part);
        }
    }

    /// `{ status = Active, employees = 40 }`; a comma behind the last field is left out.
    pub(super) fn given_block(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut words = Vec::new();
        let mut inner = Vec::new();
        let mut comma = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::brace_open => self.word(&mut words, &part),
                Grammar::comma => comma = Some(part),
                Grammar::brace_close => {
                    if let Some(comma) = comma.take() {
                        self.left_out(&mut inner, &comma);
                    }
                    self.take_gap(part.as_span().start()).inside(&mut inner);
                    if !inner.is_empty() {
                        inner.insert(0, Doc::Line);
                        words.push(Doc::indent(std::mem::take(&mut inner)));
                        words.push(Doc::Line);
                    }
                    let mut close = Vec::new();
                    self.word(&mut close, &part);
                    words.push(Doc::here(close));
                }
                _ => {
                    if let Some(comma) = comma.take() {
                        self.word(&mut inner, &comma);
                        inner.push(Doc::Line);
                    }
                    self.part(&mut inner, part);
                }
            }
        }
        docs.push(Doc::group(words));
    }

    fn cases(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let widths = widths(node.clone());
        let mut rows = Vec::new();
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::kw_cases => self.word(docs, &part),
                _ => {
                    let is_first = rows.is_empty();
                    self.take_gap(part.as_span().start()).between(&mut rows, is_first, false);
                    self.case_row(&mut rows, part, &widths);
                }
            }
        }
        docs.push(Doc::indent(rows));
    }

    fn case_row(&mut self, docs: &mut Vec<Doc>, row: Node<'t>, widths: &[usize]) {
        let count = row.clone().into_inner().filter(is_cell).count();
        let mut column = 0;
        for part in row.into_inner() {
            if !is_cell(&part) {
                docs.push(Doc::Space);
                self.word(docs, &part);
                docs.push(Doc::Space);
                continue;
            }
            let width = flat_width(&part);
            let mut cell = Vec::new();
            self.spaced(&mut cell, part.into_inner());
            docs.push(Doc::group(cell));
            column += 1;
            if column < count {
                let widest = widths.get(column - 1).copied().unwrap_or(0);
                docs.push(Doc::Pad(widest.saturating_sub(width)));
            }
        }
    }
}

fn is_cell(part: &Node<'_>) -> bool {
    part.as_rule() != Grammar::bar
}

/// The width of each column of a table of cases, leaving out cells that are too wide for one.
fn widths(cases: Node<'_>) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for row in cases.into_inner().filter(|part| part.as_rule() != Grammar::kw_cases) {
        for (index, cell) in row.into_inner().filter(is_cell).enumerate() {
            if index == widths.len() {
                widths.push(0);
            }
            let width = flat_width(&cell);
            if width <= CELL_COLUMNS_MAX {
                widths[index] = widths[index].max(width);
            }
        }
    }
    widths
}

/// How wide a cell is on one line.
fn flat_width(cell: &Node<'_>) -> usize {
    let start = cell.as_span().start();
    let mut layout = Layout::at(cell.as_span().get_input(), start);
    let mut docs = Vec::new();
    layout.spaced(&mut docs, cell.clone().into_inner());
    doc::print(&[Doc::group(docs)]).trim_end().chars().count()
}
