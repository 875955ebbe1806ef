//! The layout of rules, conditions and lists in brackets.
//!
//! A rule that fits stays on one line. What does not fit is taken apart from the outside in: first the label and the
//! reason get lines of their own, then the action, then each `and` and `or`, then the lists in brackets.

use super::doc::Doc;
use super::layout::{Layout, Node, column, pad};
use crate::syntax::grammar::Rule as Grammar;

/// Words that, at the end of a criterion, would take the next line for their own: the comma behind them stays.
const READS_ON: &[&str] = &[
    "contain", "contains", "with", "matches", "as", "includes", "of", "before", "after", "within", "than", "becomes",
    "was", "changed", "for", "in", "is", "not", "between", "and", "or", "does", "starts", "ends", "counts", "older",
    "later",
];

impl<'t> Layout<'t> {
    /// Any part of a sentence.
    pub(super) fn part(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        match node.as_rule() {
            Grammar::path | Grammar::related_path | Grammar::words | Grammar::money | Grammar::string => {
                self.word(docs, &node);
            }
            Grammar::or_expr | Grammar::and_expr => self.joined(docs, node),
            Grammar::at_least | Grammar::most_of => self.criteria(docs, node),
            Grammar::parens_expr => self.brackets(docs, node),
            Grammar::type_one_of | Grammar::type_many_of | Grammar::type_ordered | Grammar::value_list => {
                self.list(docs, node);
            }
            Grammar::unary | Grammar::type_yes_no => node.into_inner().for_each(|part| self.part(docs, part)),
            Grammar::assign | Grammar::hand_off => self.assign(docs, node),
            Grammar::who_pool => self.pool(docs, node),
            Grammar::given_block => self.given_block(docs, node),
            Grammar::rule_label | Grammar::cell_label => self.word(docs, &node),
            Grammar::pool_where => self.members_asked(docs, node),
            _ if node.clone().into_inner().next().is_none() => self.word(docs, &node),
            _ => self.spaced(docs, node.into_inner()),
        }
    }

    // ------------------------------------------------------------ rules

    pub(super) fn rule_or_branch(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        match node.as_rule() {
            Grammar::branch => self.branch(docs, node),
            Grammar::allow => self.spaced(docs, node.into_inner()),
            _ => self.rule(docs, node),
        }
    }

    /// `NAME: when …` with the places inside it.
    fn branch(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut head = Vec::new();
        let mut block = Vec::new();
        for part in node.into_inner() {
            if !head.is_empty() {
                head.push(Doc::Space);
            }
            match part.as_rule() {
                Grammar::label => self.spaced(&mut head, part.into_inner()),
                Grammar::branches => self.group(&mut head, &mut block, part),
                _ => self.part(&mut head, part),
            }
        }
        docs.push(Doc::group(head));
        docs.append(&mut block);
    }

    pub(super) fn rule(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut head = Vec::new();
        let mut block = Vec::new();
        for part in node.into_inner() {
            let is_label = part.as_rule() == Grammar::label;
            if !head.is_empty() {
                let start = part.as_span().start();
                let stays = is_label || !self.is_on_new_line(start);
                self.take_gap(start).inside(&mut head);
                head.push(if stays { Doc::Line } else { Doc::Hard });
            }
            if is_label {
                self.spaced(&mut head, part.into_inner());
            } else {
                self.sentence(&mut head, &mut block, part);
            }
        }
        docs.push(Doc::group(head));
        docs.append(&mut block);
    }

    /// `when … assign to … because …`: goes to `head` up to a block, and the block with what follows it to `block`.
    fn sentence(&mut self, head: &mut Vec<Doc>, block: &mut Vec<Doc>, node: Node<'t>) {
        let mut condition = Vec::new();
        let mut action = Vec::new();
        let mut reason = Vec::new();
        let mut is_joined = false;
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::kw_when | Grammar::kw_otherwise => self.word(&mut condition, &part),
                Grammar::condition => {
                    is_joined = joins(&part);
                    condition.push(Doc::Space);
                    self.part(&mut condition, part);
                }
                Grammar::group => self.group(&mut action, block, part),
                Grammar::because | Grammar::from_day | Grammar::until_day if !block.is_empty() => {
                    block.push(Doc::Space);
                    self.part(block, part);
                }
                Grammar::because => {
                    reason.push(Doc::Line);
                    self.part(&mut reason, part);
                }
                Grammar::from_day | Grammar::until_day => {
                    let words = if reason.is_empty() { &mut action } else { &mut reason };
                    words.push(Doc::Space);
                    self.part(words, part);
                }
                _ => {
                    if !action.is_empty() {
                        action.push(Doc::Space);
                    }
                    self.part(&mut action, part);
                }
            }
        }
        head.push(if block.is_empty() {
            leaf(condition, is_joined, action, reason)
        } else {
            let before_brace = if is_joined { Doc::Line } else { Doc::Space };
            let mut words = vec![Doc::indent(condition), before_brace];
            words.append(&mut action);
            Doc::group(words)
        });
    }

    /// The rules in braces: the opening one belongs to the sentence.
    fn group(&mut self, head: &mut Vec<Doc>, block: &mut Vec<Doc>, node: Node<'t>) {
        let mut inner = Vec::new();
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::brace_open => self.word(head, &part),
                Grammar::brace_close => self.close_block(block, std::mem::take(&mut inner), &part),
                _ => {
                    let is_first = inner.is_empty();
                    self.take_gap(part.as_span().start()).between(&mut inner, is_first, false);
                    self.rule_or_branch(&mut inner, part);
                }
            }
        }
    }

    /// `assign to A else B`, `hand off to A over 30 days`, moved to a line of its own before it is taken apart.
    fn assign(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut words = Vec::new();
        // Pools that ask something of their members are long: the others of the chain then begin lines too.
        let asks = node.clone().into_inner().flatten().any(|part| part.as_rule() == Grammar::pool_where);
        let parts = node.into_inner().flat_map(|part| match part.as_rule() {
            Grammar::target => part.into_inner().collect(),
            _ => vec![part],
        });
        for (index, part) in parts.enumerate() {
            match part.as_rule() {
                _ if index == 0 => {}
                Grammar::kw_else | Grammar::kw_over if asks => words.push(Doc::Line),
                Grammar::kw_else | Grammar::kw_over | Grammar::once => words.push(Doc::Fill),
                _ => words.push(Doc::Space),
            }
            self.part(&mut words, part);
        }
        docs.push(Doc::group(words));
    }

    /// `next of Sales where … by weight up to 5 per week`: what is asked and how begins lines of its own, one level deeper.
    fn pool(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut words = Vec::new();
        let mut parts = Vec::new();
        let mut was_asked = false;
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::pool_next | Grammar::pool_least | Grammar::pool_hash | Grammar::kw_of | Grammar::members => {
                    if !words.is_empty() {
                        words.push(Doc::Space);
                    }
                    self.part(&mut words, part);
                }
                kind => {
                    let is_asked = kind == Grammar::pool_where;
                    parts.push(if is_asked || was_asked { Doc::Line } else { Doc::Fill });
                    was_asked = is_asked;
                    self.part(&mut parts, part);
                }
            }
        }
        words.push(Doc::indent(parts));
        docs.push(Doc::group(words));
    }

    fn members_asked(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut condition = Vec::new();
        for (index, part) in node.into_inner().enumerate() {
            if index > 0 {
                condition.push(Doc::Space);
            }
            self.part(&mut condition, part);
        }
        docs.push(Doc::group(vec![Doc::indent(condition)]));
    }

    // ------------------------------------------------------------ conditions

    /// Operands with `and` or `or` between them.
    fn joined(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let parts: Vec<Node<'t>> = node.into_inner().collect();
        if parts.len() == 1 {
            return parts.into_iter().for_each(|part| self.part(docs, part));
        }
        let mut words = Vec::new();
        for (index, part) in parts.into_iter().enumerate() {
            match part.as_rule() {
                _ if index == 0 => {}
                Grammar::and_op | Grammar::or_op => words.push(Doc::Line),
                _ => words.push(Doc::Space),
            }
            self.part(&mut words, part);
        }
        docs.push(Doc::group(words));
    }

    fn brackets(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut words = Vec::new();
        let mut inner = Vec::new();
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::open => self.word(&mut words, &part),
                Grammar::close => {
                    self.take_gap(part.as_span().start()).inside(&mut inner);
                    let mut bracket = vec![Doc::indent(std::mem::take(&mut inner)), Doc::Soft];
                    self.word(&mut bracket, &part);
                    words.push(Doc::here(bracket));
                }
                _ => {
                    inner.push(Doc::Soft);
                    self.part(&mut inner, part);
                }
            }
        }
        docs.push(Doc::group(words));
    }

    /// `one of (A, B)`, `("DE", "AT")`: as many on a line as fit; line ends of the author's stay where the author began
    /// the list on a line of its own.
    fn list(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let mut words = Vec::new();
        let mut inner = Vec::new();
        let mut mark = None;
        let mut is_inside = false;
        let mut is_long = false;
        for part in node.into_inner() {
            let is_on_new_line = self.is_on_new_line(part.as_span().start());
            match part.as_rule() {
                Grammar::open => {
                    if !words.is_empty() {
                        words.push(Doc::Space);
                    }
                    self.word(&mut words, &part);
                    is_inside = true;
                }
                Grammar::close => {
                    if let Some(mark) = mark.take() {
                        self.left_out(&mut inner, &mark);
                    }
                    self.take_gap(part.as_span().start()).inside(&mut inner);
                    let mut bracket = vec![Doc::indent(std::mem::take(&mut inner)), Doc::Soft];
                    self.word(&mut bracket, &part);
                    words.push(Doc::here(bracket));
                }
                Grammar::comma | Grammar::less => mark = Some(part),
                _ if !is_inside => {
                    if !words.is_empty() {
                        words.push(Doc::Space);
                    }
                    self.part(&mut words, part);
                }
                _ if inner.is_empty() => {
                    is_long = is_on_new_line;
                    inner.push(if is_long { Doc::Hard } else { Doc::Soft });
                    self.part(&mut inner, part);
                }
                _ => {
                    if let Some(mark) = mark.take() {
                        if mark.as_rule() == Grammar::less {
                            inner.push(Doc::Space);
                        }
                        self.word(&mut inner, &mark);
                    }
                    let is_on_new_line = self.is_on_new_line(part.as_span().start());
                    inner.push(if is_long && is_on_new_line { Doc::Hard } else { Doc::Fill });
                    self.part(&mut inner, part);
                }
            }
        }
        docs.push(Doc::group(words));
    }

    /// `at least 2 of { … }`: on one line with commas if the author wrote it so and it fits, else a line each.
    fn criteria(&mut self, docs: &mut Vec<Doc>, node: Node<'t>) {
        let labels = node.clone().into_inner().filter_map(|part| match part.as_rule() {
            Grammar::criterion => label(part),
            _ => None,
        });
        let column = column(labels);
        let mut words = Vec::new();
        let mut inner = Vec::new();
        let mut is_long = false;
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::brace_close => {
                    let is_empty = inner.is_empty();
                    self.take_gap(part.as_span().start()).before_close(&mut inner, is_empty);
                    let mut bracket = Vec::new();
                    if !inner.is_empty() {
                        inner.insert(0, if is_long { Doc::Hard } else { Doc::Line });
                        bracket.push(Doc::indent(std::mem::take(&mut inner)));
                        bracket.push(Doc::Line);
                    }
                    self.word(&mut bracket, &part);
                    words.push(Doc::here(bracket));
                }
                Grammar::criterion => {
                    let start = part.as_span().start();
                    let is_first = inner.is_empty();
                    if is_first {
                        is_long = self.is_on_new_line(start);
                    }
                    if is_long {
                        self.take_gap(start).between(&mut inner, is_first, false);
                    } else if !is_first {
                        inner.extend([Doc::IfFlat(","), Doc::Line]);
                    }
                    self.criterion(&mut inner, part, column);
                }
                _ => {
                    if !words.is_empty() {
                        words.push(Doc::Space);
                    }
                    self.part(&mut words, part);
                }
            }
        }
        docs.push(Doc::group(words));
    }

    fn criterion(&mut self, docs: &mut Vec<Doc>, node: Node<'t>, column: usize) {
        let name = label(node.clone());
        let mut words = Vec::new();
        let mut comma = None;
        let mut reads_on = false;
        for part in node.into_inner() {
            if part.as_rule() != Grammar::comma {
                let last = part.as_str().split_whitespace().next_back().unwrap_or_default();
                reads_on = READS_ON.iter().any(|word| word.eq_ignore_ascii_case(last));
            }
            match part.as_rule() {
                Grammar::comma => comma = Some(part),
                Grammar::label => {
                    self.part(&mut words, part);
                    words.extend(name.as_ref().map(|name| pad(name, column)));
                    words.push(Doc::Space);
                }
                _ => self.part(&mut words, part),
            }
        }
        docs.push(Doc::indent(words));
        if let Some(comma) = comma {
            // Comments before it are those before the next criterion.
            self.left_out(docs, &comma);
            if reads_on {
                docs.push(Doc::IfBroken(","));
            }
        }
    }
}

/// A rule without a block, in one piece.
fn leaf(mut condition: Vec<Doc>, is_joined: bool, mut action: Vec<Doc>, mut reason: Vec<Doc>) -> Doc {
    if !condition.is_empty() && !action.is_empty() {
        condition.push(if is_joined { Doc::Line } else { Doc::Fill });
    }
    condition.append(&mut action);
    let mut words = if is_joined { vec![Doc::group(condition)] } else { condition };
    words.append(&mut reason);
    Doc::group(vec![Doc::indent(words)])
}

/// The name in front of a criterion.
fn label(criterion: Node<'_>) -> Option<Node<'_>> {
    criterion.into_inner().find(|part| part.as_rule() == Grammar::label)?.into_inner().next()
}

/// Whether a condition has an `and` or an `or` outside brackets.
fn joins(condition: &Node<'_>) -> bool {
    let mut node = condition.clone();
    loop {
        let mut parts = node.into_inner();
        let Some(first) = parts.next() else {
            return false;
        };
        if parts.next().is_some() {
            return matches!(first.as_rule(), Grammar::and_expr | Grammar::not_expr);
        }
        match first.as_rule() {
            Grammar::or_expr | Grammar::and_expr => node = first,
            _ => return false,
        }
    }
}
