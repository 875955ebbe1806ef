//! What stands in a file outside any block: people, teams, queues, lists, defines, pins, and the blocks as wholes.

use super::sentences::{Piece, Sentence};
use super::{Builder, Node, first, first_part, parts};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;
use pest::iterators::{Pair, Pairs};

/// What a sentence of a file begins with.
const ITEM_WORDS: &[&str] = &[
    "record",
    "person",
    "team",
    "queue",
    "list",
    "table",
    "define",
    "decide",
    "gather",
    "place",
    "calendar",
    "test",
    "when",
    "otherwise",
];

impl<'t> Builder {
    pub fn file(&mut self, pairs: Pairs<'t, Grammar>, tree: &mut Tree) {
        for sentence in self.sentences(pairs.flat_map(Pair::into_inner)) {
            match sentence {
                Sentence::Read(node) => self.item(node, tree),
                Sentence::Broken(piece) => self.broken_item(&piece, tree),
            }
        }
        tree.allows.append(&mut self.allows);
    }

    fn item(&mut self, node: Node<'t>, tree: &mut Tree) {
        match node.as_rule() {
            Grammar::record => tree.records.extend(self.record(node)),
            Grammar::person => {
                let span = self.span(&node);
                let source = parts(node).next().and_then(|source| self.source(source));
                tree.people.extend(source.map(|source| PersonDecl { source, span }));
            }
            Grammar::team => {
                let mut names = parts(node).filter_map(|name| self.owner_name(name)).collect::<Vec<_>>().into_iter();
                if let Some(name) = names.next() {
                    tree.teams.push(TeamDecl { name, part_of: names.next() });
                }
            }
            Grammar::queue => {
                let names: Vec<Word> = parts(node).filter_map(|name| self.owner_name(name)).collect();
                tree.queues.extend(names);
            }
            Grammar::list => {
                let (valid, words): (Vec<_>, Vec<_>) = parts(node).partition(|part| part.as_rule() == Grammar::valid);
                let valid = valid.into_iter().next().map(|valid| self.valid(valid));
                let words: Vec<Word> = words.into_iter().filter_map(|part| self.word(part)).collect();
                if let [name, file, by] = words.as_slice() {
                    tree.lists.push(ListDecl { name: name.clone(), file: file.clone(), by: by.clone(), valid });
                }
            }
            Grammar::table => tree.tables.extend(self.table(node)),
            Grammar::define => {
                let mut parts = parts(node);
                if let (Some(name), Some(body)) = (parts.next(), parts.next()) {
                    let name = self.word(name);
                    let body = self.condition(body);
                    tree.defines.extend(name.map(|name| DefineDecl { name, body }));
                }
            }
            Grammar::decide => tree.decides.extend(self.decide(node)),
            Grammar::gather => tree.gathers.extend(self.decide(node)),
            Grammar::place => tree.places.extend(self.place(node)),
            Grammar::calendar => tree.calendars.extend(self.calendar(node)),
            Grammar::rule => tree.loose.push(self.rule(node)),
            Grammar::pin => tree.pins.extend(self.pin(node)),
            Grammar::test => tree.tests.extend(self.test(node)),
            Grammar::invariant => tree.invariants.extend(self.invariant(node)),
            Grammar::later_item => {
                let word = first(node.clone()).map_or("", |word| word.as_str()).to_lowercase();
                let span = first(node).map(|word| self.span(&word));
                self.later(span, &format!("`{word}`"));
            }
            Grammar::stray_close => {
                let span = self.span(&node);
                self.stray_close(span);
            }
            Grammar::broken_item => self.broken_item(&Piece::of(&node), tree),
            _ => {}
        }
    }

    fn broken_item(&mut self, piece: &Piece<'_>, tree: &mut Tree) {
        let pieces = piece.cut(ITEM_WORDS, true);
        let is_alone = pieces.len() == 1;
        for piece in &pieces {
            let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| {
                nodes.into_iter().for_each(|node| inner.item(node, tree));
            };
            self.broken(piece, is_alone, Grammar::only_item, build);
        }
    }

    fn pin(&mut self, node: Node<'t>) -> Option<PinDecl> {
        let span = self.span(&node);
        let (mut role, mut record, mut key, mut owner) = (None, None, None, None);
        let (mut because, mut from, mut until) = (None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::role_name => role = self.word(part),
                Grammar::name => record = self.word(part),
                Grammar::pin_key => key = first(part).and_then(|key| self.word(key)),
                Grammar::pin_owner => owner = first(part).and_then(|owner| self.pin_owner(owner)),
                Grammar::because => because = first_part(part).and_then(|text| self.word(text)),
                Grammar::from_day => from = self.day(part),
                Grammar::until_day => until = self.day(part),
                _ => {}
            }
        }
        Some(PinDecl { role, record: record?, key: key?, owner: owner?, because, from, until, span })
    }

    pub(super) fn pin_owner(&mut self, node: Node<'t>) -> Option<Word> {
        if node.as_rule() != Grammar::path {
            return self.word(node);
        }
        let path = self.path(node);
        self.unquoted_name(&path);
        Some(Word { text: path.text(), span: path.span, quoted: false })
    }

    fn decide(&mut self, node: Node<'t>) -> Option<DecideDecl> {
        let span = self.span(&node);
        self.closes(&node);
        let (names, rules): (Vec<_>, Vec<_>) =
            parts(node).partition(|part| matches!(part.as_rule(), Grammar::role_name | Grammar::name));
        let words: Vec<Word> = names.into_iter().filter_map(|name| self.word(name)).collect();
        let rules = self.rules(rules.into_iter());
        let mut words = words.into_iter();
        Some(DecideDecl { role: words.next()?, record: words.next()?, rules, span })
    }

    /// `calendar of Account { … }`.
    fn calendar(&mut self, node: Node<'t>) -> Option<CalendarDecl> {
        let span = self.span(&node);
        self.closes(&node);
        let (names, rules): (Vec<_>, Vec<_>) = parts(node).partition(|part| part.as_rule() == Grammar::name);
        let record = names.into_iter().find_map(|name| self.word(name));
        let rules = self.rules(rules.into_iter());
        Some(CalendarDecl { record: record?, rules, span })
    }

    pub(super) fn source(&mut self, node: Node<'t>) -> Option<Word> {
        first(node).and_then(|word| self.word(word))
    }

    fn owner_name(&mut self, node: Node<'t>) -> Option<Word> {
        first(node).and_then(|word| self.word(word))
    }
}
