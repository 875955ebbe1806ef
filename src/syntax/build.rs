//! From the parser's pairs to the tree: declarations and rules. Conditions are in `build_expr`.

use super::brackets::Scan;
use super::grammar::{OwnParser, Rule as Grammar};
use super::mend;
use super::place::Place;
use super::recover;
use super::tree::*;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::{FileId, Span};
use crate::value::time::parse_day;
use pest::Parser;
use pest::iterators::{Pair, Pairs};

/// Builds the tree of one file, or of a mended piece of it, and gathers what is wrong.
pub struct Builder {
    pub(super) place: Place,
    covered: Vec<usize>,
    /// Signs of the sums around the place that is built.
    pub(super) signs_around: usize,
    pub diagnostics: Vec<Diagnostic>,
}

pub(super) type Node<'t> = Pair<'t, Grammar>;

/// Text that could not be read, by where it begins.
struct Piece<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Piece<'t> {
    fn of(node: &Node<'t>) -> Self {
        Piece { start: node.as_span().start(), text: node.as_str() }
    }

    /// The piece cut before every line that begins with a mistyped `words`: what cannot be read reaches to the next
    /// line that begins something, and a mistyped word does not. In a file, so does a line without an indent.
    fn cut(&self, words: &[&str], by_indent: bool) -> Vec<Piece<'t>> {
        let mut cuts = vec![0];
        let mut at = 0;
        let mut depth = 0_usize;
        for line in self.text.split_inclusive('\n') {
            let first = line.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let is_flush = by_indent && !line.starts_with(|c: char| c.is_whitespace() || "#{(".contains(c));
            if at > 0 && depth == 0 && (is_flush || nearest(first, words.iter().copied()).is_some()) {
                cuts.push(at);
            }
            let (opened, closed) = super::brackets::braces(line);
            depth = (depth + opened).saturating_sub(closed);
            at += line.len();
        }
        let ends = cuts.iter().skip(1).copied().chain([self.text.len()]);
        cuts.iter()
            .zip(ends)
            .map(|(from, to)| Piece { start: self.start + from, text: &self.text[*from..to] })
            .collect()
    }
}

/// What a sentence begins with in a file, and in a block of rules.
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
    "when",
    "otherwise",
];
const RULE_WORDS: &[&str] = &["when", "otherwise", "assign"];

/// The lines of a table's block, by kind.
#[derive(Default)]
struct TableLines {
    matches: Vec<MatchDecl>,
    gives: Vec<Word>,
    valids: Vec<ValidDecl>,
}

/// A sentence of a file or a block, or a piece that should have been one.
enum Sentence<'t> {
    Read(Node<'t>),
    /// A sentence with something behind it on its line that does not belong there: broken as a whole.
    Broken(Piece<'t>),
}

/// Joins what could not be read to the sentence before it on its line: there the slip was made.
fn sentences<'t>(nodes: impl Iterator<Item = Node<'t>>) -> Vec<Sentence<'t>> {
    let mut found: Vec<Sentence<'t>> = Vec::new();
    for node in nodes {
        let span = node.as_span();
        if matches!(node.as_rule(), Grammar::broken_rule | Grammar::broken_item)
            && let Some(Sentence::Read(before)) = found.last()
            && is_one_line(before)
            && !span.get_input()[end(before)..span.start()].contains(['\n', '\r'])
        {
            let start = before.as_span().start();
            found.pop();
            found.push(Sentence::Broken(Piece { start, text: &span.get_input()[start..span.end()] }));
        } else {
            found.push(Sentence::Read(node));
        }
    }
    found
}

/// Whether a sentence has no block of its own.
fn is_one_line(node: &Node<'_>) -> bool {
    match node.as_rule() {
        Grammar::rule => {
            !node.clone().into_inner().any(|body| body.into_inner().any(|part| part.as_rule() == Grammar::group))
        }
        Grammar::person | Grammar::team | Grammar::queue | Grammar::list | Grammar::define | Grammar::pin => true,
        _ => false,
    }
}

/// The pair of a rule that the grammar puts exactly once inside another.
pub(super) fn first(node: Node<'_>) -> Option<Node<'_>> {
    node.into_inner().next()
}

fn is_keyword(node: &Node<'_>) -> bool {
    format!("{:?}", node.as_rule()).starts_with("kw_")
}

/// The parts of a node without keywords and punctuation.
pub(super) fn parts(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.into_inner().filter(|part| {
        !is_keyword(part)
            && !matches!(
                part.as_rule(),
                Grammar::brace_open
                    | Grammar::brace_close
                    | Grammar::open
                    | Grammar::close
                    | Grammar::comma
                    | Grammar::colon
                    | Grammar::equals
                    | Grammar::less
                    | Grammar::slash
            )
    })
}

impl<'t> Builder {
    pub fn new(file: FileId, scan: Scan) -> Self {
        Self { place: Place::file(file), covered: scan.covered, signs_around: 0, diagnostics: scan.diagnostics }
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn error(&mut self, code: Code, headline: impl Into<String>, span: Span, label: impl Into<String>) {
        self.push(Diagnostic::error(code, headline).at(span, label));
    }

    /// The span of a node without the blanks and comments that the grammar let follow it.
    pub(super) fn span(&self, node: &Node<'_>) -> Span {
        self.place.span(node.as_span().start(), end(node))
    }

    pub fn file(&mut self, pairs: Pairs<'t, Grammar>, tree: &mut Tree) {
        let mut before = None;
        for sentence in sentences(pairs.flat_map(Pair::into_inner)) {
            if let Sentence::Read(node) = &sentence {
                let is_second = self.second_sentence(before.as_ref(), node);
                before = Some(node.clone());
                if is_second {
                    continue;
                }
            }
            match sentence {
                Sentence::Read(node) => self.item(node, tree),
                Sentence::Broken(piece) => self.broken_item(&piece, tree),
            }
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

    fn pin_owner(&mut self, node: Node<'t>) -> Option<Word> {
        if node.as_rule() != Grammar::path {
            return self.word(node);
        }
        let path = self.path(node);
        if let Some(stray) = &path.stray {
            let whole = format!("{} {}", path.text(), stray.text);
            self.push(
                Diagnostic::error(Code::UnquotedText, "a name with blanks in it needs quotes")
                    .at(path.span.to(stray.span), "read as several words")
                    .help(format!("write \"{whole}\"")),
            );
        }
        Some(Word { text: path.text(), span: path.span, quoted: false })
    }

    fn stray_close(&mut self, span: Span) {
        self.push(
            Diagnostic::error(Code::Syntax, "a `}` that closes nothing")
                .at(span, "no `{` is open here")
                .help("remove it, or look for a `{` that is missing above"),
        );
    }

    /// A feature of the language that this version does not run yet: said plainly, at its place.
    pub(super) fn later(&mut self, span: Option<Span>, what: &str) {
        let Some(span) = span else { return };
        self.push(
            Diagnostic::error(Code::NotYet, format!("{what} cannot be run by this version"))
                .at(span, "part of the language, but not of this version")
                .with_note("nothing of this policy set is run, so that no record is decided without it")
                .help("leave it out, or take a version that runs it"),
        );
    }

    /// Reads a broken piece again, alone, to say what is wrong with it. Where one mended word makes it readable, `build`
    /// gets what was meant, so that the rest of the policies is not blamed for what the piece declares.
    fn broken<R>(
        &mut self,
        piece: &Piece<'_>,
        is_alone: bool,
        as_rule: Grammar,
        build: impl for<'m> FnOnce(&mut Builder, Vec<Node<'m>>) -> R,
    ) -> Option<R> {
        let Piece { start, text } = *piece;
        let place = self.place.inside(start);
        let whole = place.span(0, text.trim_end().len());
        if self.covered.iter().any(|at| (whole.start as usize..whole.end as usize).contains(at)) {
            return None;
        }
        if text.trim() == "}" {
            self.stray_close(whole);
            return None;
        }
        let error = match OwnParser::parse(as_rule, text) {
            Ok(_) if is_alone => {
                self.push(
                    Diagnostic::error(Code::Syntax, "this does not fit here")
                        .at(whole, "readable alone, but not at this place")
                        .help("look for a missing or an extra bracket above"),
                );
                return None;
            }
            // Only what stood behind it was broken.
            Ok(pairs) => return Some(self.build_inside(place, pairs, build)),
            Err(error) => error,
        };
        let Some(mend) = mend::find(text, as_rule, &error) else {
            self.push(recover::diagnostic(place, text, as_rule, &error));
            return None;
        };
        self.push(mend.diagnostic(place));
        let pairs = OwnParser::parse(as_rule, &mend.text).ok()?;
        let place = place.mended(mend.at + mend.written.len(), mend.typed.len(), mend.written.len());
        Some(self.build_inside(place, pairs, build))
    }

    fn build_inside<R>(
        &mut self,
        place: Place,
        pairs: Pairs<'_, Grammar>,
        build: impl for<'m> FnOnce(&mut Builder, Vec<Node<'m>>) -> R,
    ) -> R {
        let mut inner =
            Builder { place, covered: self.covered.clone(), signs_around: self.signs_around, diagnostics: Vec::new() };
        let nodes = pairs.flat_map(Pair::into_inner).filter(|node| node.as_rule() != Grammar::EOI).collect();
        let built = build(&mut inner, nodes);
        self.diagnostics.append(&mut inner.diagnostics);
        built
    }

    fn record(&mut self, node: Node<'t>) -> Option<RecordDecl> {
        let span = self.span(&node);
        let mut name = None;
        let mut source = None;
        let mut fields = Vec::new();
        let mut owner_column = None;
        for part in parts(node) {
            match part.as_rule() {
                Grammar::name => name = self.word(part),
                Grammar::source => source = self.source(part),
                Grammar::field => fields.extend(self.field(part)),
                Grammar::owner_column => {
                    let span = self.span(&part);
                    let column = parts(part).next().and_then(|column| self.word(column));
                    owner_column = Some(OwnerColumnDecl { column, span });
                }
                Grammar::broken_field => {
                    let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| {
                        nodes
                            .into_iter()
                            .filter(|node| node.as_rule() == Grammar::field)
                            .find_map(|node| inner.field(node))
                    };
                    fields.extend(self.broken(&Piece::of(&part), true, Grammar::only_field, build).flatten());
                }
                _ => {}
            }
        }
        Some(RecordDecl { name: name?, source, fields, owner_column, span })
    }

    fn field(&mut self, node: Node<'t>) -> Option<FieldDecl> {
        let mut name = None;
        let mut kind = None;
        let mut attributes = Vec::new();
        for part in parts(node) {
            let span = self.span(&part);
            match part.as_rule() {
                Grammar::field_name => name = self.word(part),
                Grammar::field_type => kind = first(part).map(|of| (self.field_type(of), span)),
                Grammar::attribute => attributes.extend(self.attribute(part).map(|attribute| (attribute, span))),
                _ => {}
            }
        }
        let (kind, kind_span) = kind?;
        Some(FieldDecl { name: name?, kind, kind_span, attributes })
    }

    fn field_type(&mut self, node: Node<'t>) -> TypeDecl {
        match node.as_rule() {
            Grammar::type_number => TypeDecl::Number,
            Grammar::type_date => TypeDecl::Date,
            Grammar::type_time => TypeDecl::Time,
            Grammar::type_yes_no => TypeDecl::YesNo,
            Grammar::type_one_of => TypeDecl::OneOf(self.choices(node)),
            Grammar::type_many_of => TypeDecl::ManyOf(self.choices(node)),
            Grammar::type_ordered => TypeDecl::Ordered(self.choices(node)),
            Grammar::type_money => TypeDecl::Money(parts(node).next().and_then(|part| match part.as_rule() {
                Grammar::currency => Some(MoneyDecl::Fixed(part.as_str().to_owned())),
                _ => self.word(part).map(MoneyDecl::InColumn),
            })),
            Grammar::type_record => {
                first(node).and_then(|name| self.word(name)).map_or(TypeDecl::Text, TypeDecl::Record)
            }
            _ => TypeDecl::Text,
        }
    }

    fn choices(&mut self, node: Node<'t>) -> Vec<ChoiceDecl> {
        let choices: Vec<Node<'t>> = parts(node).collect();
        choices.into_iter().filter_map(|choice| self.choice(choice)).collect()
    }

    fn choice(&mut self, node: Node<'t>) -> Option<ChoiceDecl> {
        let mut name = None;
        let mut also = Vec::new();
        let mut counts_as = Vec::new();
        for part in parts(node) {
            match part.as_rule() {
                Grammar::choice_name => name = self.choice_name(part),
                Grammar::also => also.extend(first_part(part).and_then(|word| self.choice_name(word))),
                Grammar::counting => {
                    let words: Vec<Node<'t>> = parts(part).collect();
                    counts_as.extend(words.into_iter().filter_map(|word| self.choice_name(word)));
                }
                _ => {}
            }
        }
        Some(ChoiceDecl { name: name?, also, counts_as })
    }

    fn choice_name(&mut self, node: Node<'t>) -> Option<Word> {
        first(node).and_then(|inner| self.word(inner))
    }

    fn attribute(&mut self, node: Node<'t>) -> Option<Attribute> {
        let keyword = first(node.clone())?;
        Some(match keyword.as_rule() {
            Grammar::kw_key => Attribute::Key,
            Grammar::kw_optional => Attribute::Optional,
            Grammar::kw_created => Attribute::Created,
            Grammar::kw_may => Attribute::MayBeUnknown,
            _ => Attribute::Column(parts(node).next().and_then(|column| self.word(column))?),
        })
    }

    fn source(&mut self, node: Node<'t>) -> Option<Word> {
        first(node).and_then(|word| self.word(word))
    }

    fn owner_name(&mut self, node: Node<'t>) -> Option<Word> {
        first(node).and_then(|word| self.word(word))
    }

    /// A name, a text, or words that should have been a text.
    pub(super) fn word(&mut self, node: Node<'t>) -> Option<Word> {
        let span = self.span(&node);
        match node.as_rule() {
            Grammar::string => {
                Some(Word { text: unescape(first(node).map_or("", |text| text.as_str())), span, quoted: true })
            }
            Grammar::words => {
                let whole = node.as_str().trim_end().to_owned();
                let mut inner = node.into_inner();
                let name = inner.next()?;
                if let Some(stray) = inner.next() {
                    let stray_span = self.span(&stray);
                    self.push(
                        Diagnostic::error(Code::UnquotedText, "words with blanks between them need quotes")
                            .at(stray_span, "a name ends at a blank")
                            .help(format!("write \"{whole}\"")),
                    );
                }
                Some(Word { text: name.as_str().to_owned(), span, quoted: false })
            }
            Grammar::column_name
            | Grammar::field_name
            | Grammar::source
            | Grammar::label_name
            | Grammar::role_name
            | Grammar::path_name => match first(node.clone()) {
                Some(inner) => self.word(inner),
                None => Some(plain(&node, span)),
            },
            _ => Some(plain(&node, span)),
        }
    }

    fn table(&mut self, node: Node<'t>) -> Option<TableDecl> {
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

    fn valid(&mut self, node: Node<'t>) -> ValidDecl {
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

    /// A block that ends without its `}`: most are told by the first look over the file.
    pub(super) fn closes(&mut self, node: &Node<'t>) {
        let is_closed = node.clone().into_inner().any(|part| part.as_rule() == Grammar::brace_close);
        if is_closed || self.diagnostics.iter().any(|found| found.code == Code::UnclosedBracket) {
            return;
        }
        let span = self.span(node);
        self.push(
            Diagnostic::error(Code::UnclosedBracket, "a `{` that is never closed")
                .at(span, "opened here")
                .help("add the `}` that closes it"),
        );
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

    /// `place Account in territory { … }`.
    fn place(&mut self, node: Node<'t>) -> Option<PlaceDecl> {
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
        for node in nodes {
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

    /// `calendar of Account { … }`.
    fn calendar(&mut self, node: Node<'t>) -> Option<CalendarDecl> {
        let span = self.span(&node);
        self.closes(&node);
        let (names, rules): (Vec<_>, Vec<_>) = parts(node).partition(|part| part.as_rule() == Grammar::name);
        let record = names.into_iter().find_map(|name| self.word(name));
        let rules = self.rules(rules.into_iter());
        Some(CalendarDecl { record: record?, rules, span })
    }

    fn rule_like(&mut self, node: Node<'t>) -> Option<Rule> {
        match node.as_rule() {
            Grammar::rule => Some(self.rule(node)),
            Grammar::broken_group => self.broken_group(node),
            _ => None,
        }
    }

    fn broken_rule(&mut self, piece: &Piece<'_>) -> Vec<Rule> {
        let pieces = piece.cut(RULE_WORDS, false);
        let is_alone = pieces.len() == 1;
        let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| nodes.into_iter().next().map(|node| inner.rule(node));
        pieces.iter().filter_map(|piece| self.broken(piece, is_alone, Grammar::only_rule, build).flatten()).collect()
    }

    /// The rules of a block, broken ones mended or left out.
    pub(super) fn rules(&mut self, nodes: impl Iterator<Item = Node<'t>>) -> Vec<Rule> {
        let mut rules = Vec::new();
        let mut before = None;
        for sentence in sentences(nodes) {
            if let Sentence::Read(node) = &sentence {
                let is_second = self.second_sentence(before.as_ref(), node);
                before = Some(node.clone());
                if is_second {
                    continue;
                }
            }
            match sentence {
                Sentence::Read(node) if node.as_rule() == Grammar::broken_rule => {
                    rules.extend(self.broken_rule(&Piece::of(&node)));
                }
                Sentence::Read(node) => rules.extend(self.rule_like(node)),
                Sentence::Broken(piece) => rules.extend(self.broken_rule(&piece)),
            }
        }
        rules
    }

    /// A rule without a label behind another on its line: hardly ever meant as a rule of its own.
    fn second_sentence(&mut self, before: Option<&Node<'_>>, node: &Node<'_>) -> bool {
        let is_rule = |node: &&Node<'_>| node.as_rule() == Grammar::rule && is_one_line(node);
        let (Some(before), Some(body)) = (before.filter(is_rule), node.clone().into_inner().next()) else {
            return false;
        };
        let start = node.as_span().start();
        if node.as_span().get_input()[end(before)..start].contains(['\n', '\r']) {
            return false;
        }
        let first_word = self.place.span(start, start + node.as_str().find(char::is_whitespace).unwrap_or(0));
        let diagnostic = match body.as_rule() {
            Grammar::when_rule => Diagnostic::error(Code::Syntax, "a `when` behind the action")
                .at(first_word, "read as a rule of its own")
                .help("write the whole condition before the action, or begin a new line"),
            Grammar::plain_rule => Diagnostic::error(Code::Syntax, "two actions in one rule")
                .at(first_word, "read as a rule of its own, which takes every record")
                .help("keep one of them, join them with `else`, or begin a new line"),
            _ => return false,
        };
        self.push(diagnostic);
        true
    }

    /// Rules in braces under a sentence that cannot be read: they are read all the same, for their own errors.
    fn broken_group(&mut self, node: Node<'t>) -> Option<Rule> {
        self.closes(&node);
        let span = self.span(&node);
        let (headers, rules): (Vec<_>, Vec<_>) = parts(node).partition(|part| part.as_rule() == Grammar::broken_header);
        let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| inner.header(nodes, span);
        let header = headers.first().and_then(|part| self.broken(&Piece::of(part), true, Grammar::only_header, build));
        let rules = self.rules(rules.into_iter());
        header.map(|header| Rule { body: RuleBody::Group(rules), ..header })
    }

    fn header(&mut self, nodes: Vec<Node<'_>>, span: Span) -> Rule {
        let mut rule = empty_rule(span);
        for node in nodes {
            match node.as_rule() {
                Grammar::label => rule.labels.extend(first(node).and_then(|name| self.word(name))),
                Grammar::condition => rule.condition = Some(self.condition(node)),
                Grammar::kw_otherwise => rule.otherwise = true,
                _ => {}
            }
        }
        rule
    }

    fn rule(&mut self, node: Node<'t>) -> Rule {
        let mut rule = empty_rule(self.span(&node));
        for part in parts(node) {
            match part.as_rule() {
                Grammar::label => rule.labels.extend(first(part).and_then(|name| self.word(name))),
                Grammar::when_rule | Grammar::otherwise_rule | Grammar::plain_rule => self.rule_body(part, &mut rule),
                Grammar::never_rule => rule.body = self.never(part),
                _ => {}
            }
        }
        rule
    }

    fn rule_body(&mut self, node: Node<'t>, rule: &mut Rule) {
        let mut ends_at = self.span(&node);
        let mut stray = None;
        let mut has_action = false;
        rule.otherwise = node.as_rule() == Grammar::otherwise_rule;
        for part in parts(node) {
            let span = self.span(&part);
            match part.as_rule() {
                Grammar::condition => {
                    ends_at = span;
                    stray = last_stray(part.clone());
                    rule.condition = Some(self.condition(part));
                }
                Grammar::group => {
                    has_action = true;
                    self.closes(&part);
                    rule.body = RuleBody::Group(self.rules(parts(part)));
                }
                Grammar::because => rule.because = first_part(part).and_then(|text| self.word(text)),
                Grammar::from_day => rule.from = self.day(part),
                Grammar::until_day => rule.until = self.day(part),
                Grammar::kw_always => {}
                _ => {
                    has_action = true;
                    rule.body = self.action(part);
                }
            }
        }
        if !has_action {
            self.missing_action(stray, ends_at);
        }
    }

    /// No action was found: often because its first word was mistyped and read as part of the value before it.
    fn missing_action(&mut self, stray: Option<Node<'_>>, ends_at: Span) {
        let Some(stray) = stray else {
            let at = Span { start: ends_at.end.saturating_sub(1), ..ends_at };
            self.push(
                Diagnostic::error(Code::MissingAction, "a rule without an action")
                    .at(at, "the rule ends here")
                    .help("say what follows: `assign to …`, `keep owner`, or a group in `{ }`"),
            );
            return;
        };
        let text = stray.as_str();
        let from = stray.as_span().start();
        for word in text.split_whitespace() {
            if let Some(near) = nearest(word, ["assign", "keep", "hand", "hold", "lock", "add", "touch"]) {
                // Words of a text never overlap, so this one's place is where it is found first.
                let start = from + text.find(word).unwrap_or(0);
                self.push(
                    Diagnostic::error(Code::MissingAction, format!("expected an action, found `{word}`"))
                        .at(self.place.span(start, start + word.len()), "not an action")
                        .help(format!("did you mean `{near}`?")),
                );
                return;
            }
        }
        // Otherwise the stray words get their own message from the checker, which knows the choices.
    }

    fn day(&mut self, node: Node<'t>) -> Option<(i32, Span)> {
        let date = first_part(node)?;
        let span = self.span(&date);
        let day = self.parse_date(date.as_str(), span)?;
        Some((day, span))
    }

    pub(super) fn parse_date(&mut self, text: &str, span: Span) -> Option<i32> {
        let day = parse_day(text);
        if day.is_none() {
            self.push(
                Diagnostic::error(Code::BadDate, format!("`{text}` is no day of the calendar"))
                    .at(span, "written as year-month-day")
                    .help("write a day that exists, such as 2027-02-28"),
            );
        }
        day
    }

    pub(super) fn path(&mut self, node: Node<'t>) -> PathExpr {
        let mut names = Vec::new();
        let mut stray = None;
        let whole = self.span(&node);
        let mut names_span = Span { end: whole.start, ..whole };
        for part in node.into_inner() {
            let span = self.span(&part);
            if part.as_rule() == Grammar::stray_words {
                let text = part.as_str();
                let start = part.as_span().start() + (text.len() - text.trim_start().len());
                stray = Some(Word {
                    text: squeeze(text),
                    span: self.place.span(start, part.as_span().end()),
                    quoted: false,
                });
            } else {
                names_span.end = span.end;
                names.push(plain(&part, span));
            }
        }
        if names.len() > crate::limits::PATH_STEPS_MAX {
            self.push(
                Diagnostic::error(Code::TooDeep, "a path with too many steps")
                    .at(whole, format!("at most {} names joined by dots", crate::limits::PATH_STEPS_MAX))
                    .help("keep a field that leads there in fewer steps"),
            );
            names.truncate(crate::limits::PATH_STEPS_MAX);
        }
        PathExpr { names, span: names_span, stray }
    }

    /// `'text'` or curly quotes: read as meant, and mended by name.
    pub(super) fn foreign_string(&mut self, node: Node<'t>) -> String {
        let span = self.span(&node);
        let text = first(node).map_or("", |text| text.as_str()).to_owned();
        self.push(
            Diagnostic::error(Code::ForeignHabit, "text is written in straight double quotes")
                .at(span, "other quotes")
                .help(format!("write \"{text}\"")),
        );
        text
    }
}

fn empty_rule(span: Span) -> Rule {
    Rule {
        labels: Vec::new(),
        condition: None,
        otherwise: false,
        body: RuleBody::Broken,
        because: None,
        from: None,
        until: None,
        span,
    }
}

/// Where a node ends: behind its last word. Only rules that the grammar reads letter by letter end as they stand.
fn end(node: &Node<'_>) -> usize {
    let span = node.as_span();
    let plain = span.start() + span.as_str().trim_end().len();
    match node.as_rule() {
        Grammar::string | Grammar::foreign_string => plain,
        _ => node.clone().into_inner().last().map_or(plain, |last| end(&last)),
    }
}

pub(super) fn first_part(node: Node<'_>) -> Option<Node<'_>> {
    parts(node).next()
}

pub(super) fn plain(node: &Node<'_>, span: Span) -> Word {
    Word { text: node.as_str().trim().to_owned(), span, quoted: false }
}

/// Words with one blank between them.
pub(super) fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The stray words at the very end of a node, if it ends in some.
pub(super) fn last_stray(node: Node<'_>) -> Option<Node<'_>> {
    let mut last = node;
    loop {
        if last.as_rule() == Grammar::stray_words {
            return Some(last);
        }
        last = last.into_inner().last()?;
    }
}

/// In a text, `\"` is a quote and `\\` a backslash; any other backslash stands for itself (regular expressions).
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next @ ('"' | '\\'))) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(c),
        }
    }
    out
}
