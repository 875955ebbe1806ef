//! From the parser's pairs to a layout: files and declarations. Rules and conditions are in `sentences`.
//!
//! Every word and mark of the file is written once, in order, by [`Layout::word`]; what stands between two of them
//! (blanks, lines, comments) is the gap before the second. So no comment can be lost, wherever it stands.

use super::doc::{self, Doc};
use super::gap::Gap;
use crate::syntax::grammar::Rule as Grammar;
use pest::iterators::{Pair, Pairs};

pub(super) type Node<'t> = Pair<'t, Grammar>;

/// Names longer than this do not push the column beside them.
const NAME_COLUMNS_MAX: usize = 24;

pub(super) struct Layout<'t> {
    text: &'t str,
    /// The end of the last word written.
    at: usize,
}

/// The layout of a whole file that the grammar accepts.
pub(super) fn file<'t>(text: &'t str, pairs: Pairs<'t, Grammar>) -> Vec<Doc> {
    let mut layout = Layout { text, at: 0 };
    let mut items: Vec<Item<'t>> = Vec::new();
    for node in pairs.flat_map(Pair::into_inner).filter(|node| node.as_rule() != Grammar::EOI) {
        let gap = layout.take_gap(node.as_span().start());
        let kind = node.as_rule();
        let has_rules = kind == Grammar::rule && node.clone().into_inner().any(has_group);
        let docs = layout.item(node);
        let is_block = match kind {
            Grammar::rule => has_rules,
            Grammar::record | Grammar::table => true,
            Grammar::decide | Grammar::gather | Grammar::place | Grammar::calendar | Grammar::test => true,
            _ => doc::print(&docs).lines().count() > 1,
        };
        items.push(Item { gap, docs, is_block, is_allow: kind == Grammar::allow });
    }
    // What allows something belongs to the item below it.
    for at in (1..items.len()).rev() {
        items[at - 1].is_block |= items[at - 1].is_allow && items[at].is_block;
    }
    let mut docs = Vec::new();
    let is_empty = items.is_empty();
    let (mut before_is_block, mut before_is_allow) = (false, false);
    for (index, item) in items.into_iter().enumerate() {
        let needs_blank = !before_is_allow && (item.is_block || before_is_block);
        item.gap.between(&mut docs, index == 0, needs_blank);
        docs.extend(item.docs);
        (before_is_block, before_is_allow) = (item.is_block, item.is_allow);
    }
    layout.take_gap(text.len()).before_close(&mut docs, is_empty);
    docs
}

/// A sentence or a block of a file, and what stands before it.
struct Item<'t> {
    gap: Gap<'t>,
    docs: Vec<Doc>,
    is_block: bool,
    is_allow: bool,
}

/// Whether the body of a rule is a block of rules.
fn has_group(body: Node<'_>) -> bool {
    body.into_inner().any(|part| part.as_rule() == Grammar::group)
}

impl<'t> Layout<'t> {
    /// A layout of what begins at a byte of a file.
    pub(super) fn at(text: &'t str, at: usize) -> Self {
        Layout { text, at }
    }

    /// What stands between the last word and byte `start`, taken: it is not written again.
    pub(super) fn take_gap(&mut self, start: usize) -> Gap<'t> {
        let gap = Gap::new(self.text, self.at, start);
        self.at = self.at.max(start);
        gap
    }

    /// Whether the author began a new line before byte `start`.
    pub(super) fn is_on_new_line(&self, start: usize) -> bool {
        Gap::new(self.text, self.at, start).has_line_end()
    }

    /// One word or mark with the comments before it.
    pub(super) fn word(&mut self, docs: &mut Vec<Doc>, node: &Node<'t>) {
        self.left_out(docs, node);
        docs.push(Doc::Text(canonical(node)));
    }

    /// Leaves a mark out, but not the comments before it.
    pub(super) fn left_out(&mut self, docs: &mut Vec<Doc>, node: &Node<'t>) {
        let span = node.as_span();
        self.take_gap(span.start()).inside(docs);
        self.at = span.start() + node.as_str().trim_end().len();
    }

    /// The parts of a sentence with one blank between them; marks keep to the words they belong to.
    pub(super) fn spaced(&mut self, docs: &mut Vec<Doc>, nodes: impl Iterator<Item = Node<'t>>) {
        let mut sticks = true;
        for node in nodes {
            if !sticks && !matches!(node.as_rule(), Grammar::comma | Grammar::colon | Grammar::close) {
                docs.push(Doc::Space);
            }
            sticks = node.as_rule() == Grammar::open;
            self.part(docs, node);
        }
    }

    fn item(&mut self, node: Node<'t>) -> Vec<Doc> {
        let mut docs = Vec::new();
        match node.as_rule() {
            Grammar::record => self.record(&mut docs, node),
            Grammar::table => self.table(&mut docs, node),
            Grammar::decide | Grammar::gather | Grammar::calendar | Grammar::place => {
                self.block(&mut docs, node, |layout, docs, rule| layout.rule_or_branch(docs, rule));
            }
            Grammar::define => self.define(&mut docs, node),
            Grammar::test => self.test(&mut docs, node),
            Grammar::invariant => self.invariant(&mut docs, node),
            Grammar::queue => self.queue(&mut docs, node),
            Grammar::rule => self.rule(&mut docs, node),
            _ => self.spaced(&mut docs, node.into_inner()),
        }
        docs
    }

    /// `HEAD { … }`: the head on one line, each part of the block on lines of its own.
    pub(super) fn block(
        &mut self,
        docs: &mut Vec<Doc>,
        node: Node<'t>,
        mut part: impl FnMut(&mut Self, &mut Vec<Doc>, Node<'t>),
    ) {
        let mut inside = None;
        for (index, node) in node.into_inner().enumerate() {
            match (node.as_rule(), &mut inside) {
                (Grammar::brace_close, Some(inner)) => {
                    let inner = std::mem::take(inner);
                    self.close_block(docs, inner, &node);
                }
                (_, Some(inner)) => {
                    let is_first = inner.is_empty();
                    self.take_gap(node.as_span().start()).between(inner, is_first, false);
                    part(self, inner, node);
                }
                (kind, None) => {
                    if index > 0 {
                        docs.push(Doc::Space);
                    }
                    self.part(docs, node);
                    if kind == Grammar::brace_open {
                        inside = Some(Vec::new());
                    }
                }
            }
        }
    }

    pub(super) fn close_block(&mut self, docs: &mut Vec<Doc>, mut inner: Vec<Doc>, close: &Node<'t>) {
        let is_empty = inner.is_empty();
        self.take_gap(close.as_span().start()).before_close(&mut inner, is_empty);
        if !inner.is_empty() {
            inner.insert(0, Doc::Hard);
            docs.push(Doc::indent(inner));
            docs.push(Doc::Hard);
        }
        self.word(docs, close);
    }

    fn record(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let column = column(node.clone().into_inner().filter_map(|part| match part.as_rule() {
            Grammar::field => part.into_inner().next(),
            _ => None,
        }));
        self.block(docs, node, |layout, docs, field| layout.field(docs, field, column));
    }

    fn field(&mut self, docs: &mut Vec<Doc>, node: Node<'t>, column: usize) {
        let mut open_comma = None;
        for (index, part) in node.into_inner().enumerate() {
            match part.as_rule() {
                Grammar::comma => open_comma = Some(part),
                Grammar::field_name => {
                    let pad = pad(&part, column);
                    self.part(docs, part);
                    docs.push(pad);
                }
                _ => {
                    if let Some(comma) = open_comma.take() {
                        self.word(docs, &comma);
                    }
                    if index > 0 {
                        docs.push(Doc::Space);
                    }
                    self.part(docs, part);
                }
            }
        }
        if let Some(comma) = open_comma {
            self.left_out(docs, &comma);
        }
    }

    fn table(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let column = column(node.clone().into_inner().filter_map(|part| match part.as_rule() {
            Grammar::match_line => part.into_inner().nth(1),
            _ => None,
        }));
        self.block(docs, node, |layout, docs, line| {
            for (index, part) in line.into_inner().enumerate() {
                if index > 0 {
                    docs.push(Doc::Space);
                }
                let pad = (part.as_rule() == Grammar::path).then(|| pad(&part, column));
                layout.part(docs, part);
                docs.extend(pad);
            }
        });
    }

    fn define(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut inner = Vec::new();
        self.spaced(&mut inner, node.into_inner());
        docs.push(Doc::group(vec![Doc::indent(inner)]));
    }

    fn queue(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut inner = Vec::new();
        for (index, part) in node.into_inner().enumerate() {
            match (part.as_rule(), index) {
                (_, 0) | (Grammar::comma, _) => {}
                (_, 1) => inner.push(Doc::Space),
                _ => inner.push(Doc::Fill),
            }
            self.part(&mut inner, part);
        }
        docs.push(Doc::indent(inner));
    }
}

/// The width of a column that holds these names, leaving out those that are too long for one.
pub(super) fn column<'t>(names: impl Iterator<Item = Node<'t>>) -> usize {
    names.map(|name| width(&name)).filter(|width| *width <= NAME_COLUMNS_MAX).max().unwrap_or(0)
}

/// The blanks that fill a column behind a name.
pub(super) fn pad(name: &Node<'_>, column: usize) -> Doc {
    Doc::Pad(column.saturating_sub(width(name)))
}

fn width(name: &Node<'_>) -> usize {
    canonical(name).chars().count()
}

/// A word as it is written: keywords in small letters, one blank between words.
fn canonical(node: &Node<'_>) -> String {
    let text = node.as_str().trim_end();
    match node.as_rule() {
        Grammar::at_most => "<=".to_owned(),
        Grammar::at_least_mark => ">=".to_owned(),
        Grammar::path | Grammar::words | Grammar::money => text.split_whitespace().collect::<Vec<_>>().join(" "),
        kind if format!("{kind:?}").starts_with("kw_") => text.to_lowercase(),
        _ => text.to_owned(),
    }
}
