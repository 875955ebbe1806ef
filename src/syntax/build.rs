//! From the parser's pairs to the tree: declarations and rules. Conditions are in `build_expr`.

use super::brackets::Scan;
use super::grammar::{OwnParser, Rule as Grammar};
use super::recover;
use super::tree::*;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::{FileId, Span};
use crate::value::time::parse_day;
use pest::Parser;
use pest::iterators::{Pair, Pairs};

/// Builds the tree of one file and gathers what is wrong with it.
pub struct Builder<'t> {
    pub(super) file: FileId,
    text: &'t str,
    covered: Vec<usize>,
    /// Signs of the sums around the place that is built.
    pub(super) signs_around: usize,
    pub diagnostics: Vec<Diagnostic>,
}

pub(super) type Node<'t> = Pair<'t, Grammar>;

/// The pair of a rule that the grammar puts exactly once inside another.
pub(super) fn first(node: Node<'_>) -> Option<Node<'_>> {
    node.into_inner().next()
}

/// Where the last token of a node ends. Every mark and keyword is a pair of its own, so the last pair tells; what is
/// read without blanks between its parts ends where it ends.
fn last_end(node: &Node<'_>) -> usize {
    let span = node.as_span();
    let whole = span.start() + span.as_str().trim_end().len();
    match node.as_rule() {
        Grammar::string
        | Grammar::foreign_string
        | Grammar::path
        | Grammar::words
        | Grammar::money
        | Grammar::stray_words
        | Grammar::broken_item
        | Grammar::broken_rule
        | Grammar::broken_header
        | Grammar::broken_field
        | Grammar::broken_line
        | Grammar::later_item
        | Grammar::later_action
        | Grammar::who_later => whole,
        _ => node.clone().into_inner().last().map_or(whole, |last| last_end(&last)),
    }
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

impl<'t> Builder<'t> {
    pub fn new(file: FileId, text: &'t str, scan: Scan) -> Self {
        Self { file, text, covered: scan.covered, signs_around: 0, diagnostics: scan.diagnostics }
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The span of a node without the blanks and comments that the grammar let follow it.
    pub(super) fn span(&self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        Span::new(self.file, span.start(), last_end(node).max(span.start()))
    }

    pub fn file(&mut self, pairs: Pairs<'t, Grammar>, tree: &mut Tree) {
        for item in pairs.flat_map(Pair::into_inner) {
            self.item(item, tree);
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
                let words: Vec<Word> = parts(node).filter_map(|part| self.word(part)).collect();
                if let [name, file, by] = words.as_slice() {
                    tree.lists.push(ListDecl { name: name.clone(), file: file.clone(), by: by.clone() });
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
            Grammar::rule => tree.loose.push(self.rule(node)),
            Grammar::later_item => {
                let word = first(node.clone()).map_or("", |word| word.as_str()).to_lowercase();
                let span = first(node).map(|word| self.span(&word));
                self.later(span, &format!("`{word}`"));
            }
            Grammar::stray_close => {
                let span = self.span(&node);
                self.push(
                    Diagnostic::error(Code::Syntax, "a `}` that closes nothing")
                        .at(span, "no `{` is open here")
                        .help("remove it, or look for a `{` that is missing above"),
                );
            }
            Grammar::broken_item => self.broken(&node, Grammar::only_item),
            _ => {}
        }
    }

    /// A feature of the language that this version does not run yet: said plainly, at its place.
    pub(super) fn later(&mut self, span: Option<Span>, what: &str) {
        let Some(span) = span else { return };
        self.push(
            Diagnostic::error(Code::NotYet, format!("{what} cannot be run by this version"))
                .at(span, "part of the language, but not of this version")
                .with_note("nothing of this policy set is run, so that no record is decided without it"),
        );
    }

    /// Reads a broken piece again, alone, to say what is wrong with it.
    fn broken(&mut self, node: &Node<'t>, as_rule: Grammar) {
        let span = node.as_span();
        if self.covered.iter().any(|at| (span.start()..span.end()).contains(at)) {
            return;
        }
        let text = span.as_str();
        let diagnostic = match OwnParser::parse(as_rule, text) {
            Err(error) => recover::diagnostic(self.file, text, span.start(), &error),
            Ok(_) => Diagnostic::error(Code::Syntax, "this does not fit here")
                .at(self.span(node), "readable alone, but not at this place")
                .help("look for a missing or an extra bracket above"),
        };
        self.push(diagnostic);
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
                Grammar::broken_field => self.broken(&part, Grammar::only_field),
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
        let mut matches = Vec::new();
        let mut gives = Vec::new();
        for part in parts(node) {
            match part.as_rule() {
                Grammar::match_line => matches.extend(self.match_line(part)),
                Grammar::give_line => gives.extend(first_part(part).and_then(|column| self.word(column))),
                Grammar::broken_line => self.broken(&part, Grammar::only_match),
                _ => words.extend(self.word(part)),
            }
        }
        let mut words = words.into_iter();
        Some(TableDecl { name: words.next()?, file: words.next()?, matches, gives })
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

    fn decide(&mut self, node: Node<'t>) -> Option<DecideDecl> {
        let span = self.span(&node);
        let mut words = Vec::new();
        let mut rules = Vec::new();
        for part in parts(node) {
            match part.as_rule() {
                Grammar::role_name | Grammar::name => words.extend(self.word(part)),
                _ => rules.extend(self.rule_like(part)),
            }
        }
        let mut words = words.into_iter();
        Some(DecideDecl { role: words.next()?, record: words.next()?, rules, span })
    }

    fn rule_like(&mut self, node: Node<'t>) -> Option<Rule> {
        match node.as_rule() {
            Grammar::rule => Some(self.rule(node)),
            Grammar::broken_rule => {
                self.broken(&node, Grammar::only_rule);
                None
            }
            Grammar::broken_group => {
                for part in parts(node) {
                    if part.as_rule() == Grammar::broken_header {
                        self.broken(&part, Grammar::only_header);
                    } else {
                        self.rule_like(part);
                    }
                }
                None
            }
            _ => None,
        }
    }

    fn rule(&mut self, node: Node<'t>) -> Rule {
        let span = self.span(&node);
        let mut rule = Rule {
            labels: Vec::new(),
            condition: None,
            otherwise: false,
            body: RuleBody::Broken,
            because: None,
            from: None,
            until: None,
            span,
        };
        for part in parts(node) {
            match part.as_rule() {
                Grammar::label => rule.labels.extend(first(part).and_then(|name| self.word(name))),
                Grammar::when_rule | Grammar::otherwise_rule | Grammar::plain_rule => self.rule_body(part, &mut rule),
                _ => {}
            }
        }
        rule
    }

    fn rule_body(&mut self, node: Node<'t>, rule: &mut Rule) {
        let node_span = self.span(&node);
        let mut has_action = false;
        rule.otherwise = node.as_rule() == Grammar::otherwise_rule;
        let diagnostics_before = self.diagnostics.len();
        for part in parts(node.clone()) {
            let span = self.span(&part);
            match part.as_rule() {
                Grammar::condition => rule.condition = Some(self.condition(part)),
                Grammar::group => {
                    has_action = true;
                    let rules: Vec<Node<'t>> = parts(part).collect();
                    rule.body = RuleBody::Group(rules.into_iter().filter_map(|rule| self.rule_like(rule)).collect());
                }
                Grammar::assign => {
                    has_action = true;
                    let chain: Vec<Node<'t>> = parts(part).flat_map(parts).collect();
                    rule.body = RuleBody::Assign(chain.into_iter().map(|who| self.who(who)).collect());
                }
                Grammar::keep => {
                    has_action = true;
                    rule.body = RuleBody::Keep;
                }
                Grammar::later_action => {
                    has_action = true;
                    let word = first(part).map_or(String::new(), |word| squeeze(word.as_str()));
                    self.later(Some(span), &format!("`{word}`"));
                }
                Grammar::because => rule.because = first_part(part).and_then(|text| self.word(text)),
                Grammar::from_day => rule.from = self.day(part),
                Grammar::until_day => rule.until = self.day(part),
                _ => {}
            }
        }
        if !has_action && self.diagnostics.len() == diagnostics_before {
            self.missing_action(&node, node_span);
        }
    }

    /// No action was found: often because its first word was mistyped and read as part of the value before it.
    fn missing_action(&mut self, node: &Node<'t>, span: Span) {
        let stray = last_stray(node.clone());
        let typed = stray.as_ref().map(|stray| stray.as_str().trim().to_owned());
        let first_word = typed.as_deref().and_then(|words| words.split_whitespace().next()).unwrap_or("");
        let actions = ["assign", "keep"];
        if let (Some(stray), Some(near)) = (&stray, nearest(first_word, actions)) {
            let start = stray.as_span().start() + (stray.as_str().len() - stray.as_str().trim_start().len());
            let at = Span::new(self.file, start, start + first_word.len());
            self.push(
                Diagnostic::error(Code::MissingAction, format!("expected an action, found `{first_word}`"))
                    .at(at, "not an action")
                    .help(format!("`{first_word}` is near `{near}`")),
            );
        } else if stray.is_none() {
            let at = Span::new(self.file, span.end.saturating_sub(1) as usize, span.end as usize);
            self.push(
                Diagnostic::error(Code::MissingAction, "a rule without an action")
                    .at(at, "the rule ends here")
                    .help("say what follows: `assign to …`, `keep owner`, or a group in `{ }`"),
            );
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
                    .at(span, "written as year-month-day"),
            );
        }
        day
    }

    fn who(&mut self, node: Node<'t>) -> Who {
        let span = self.span(&node);
        let managers = node.clone().into_inner().filter(|part| part.as_rule() == Grammar::kw_manager).count();
        let inner = parts(node).next();
        let mut who = Who { kind: inner.map_or(WhoKind::Broken, |inner| self.who_kind(inner)), span };
        for _ in 0..managers.min(crate::limits::NESTING_MAX) {
            who = Who { kind: WhoKind::Manager(Box::new(who)), span };
        }
        if managers > crate::limits::NESTING_MAX {
            self.push(
                Diagnostic::error(Code::TooDeep, "`manager of` repeated too often")
                    .at(span, format!("at most {} in a row", crate::limits::NESTING_MAX)),
            );
            who.kind = WhoKind::Broken;
        }
        who
    }

    fn who_kind(&mut self, node: Node<'t>) -> WhoKind {
        match node.as_rule() {
            Grammar::who_nobody => WhoKind::Nobody,
            Grammar::who_keep => WhoKind::Keep,
            Grammar::who_owner_of => {
                let mut parts = parts(node);
                match (parts.next(), parts.next()) {
                    (Some(role), Some(path)) => match self.word(role) {
                        Some(role) => WhoKind::OwnerOf(role, self.path(path)),
                        None => WhoKind::Broken,
                    },
                    _ => WhoKind::Broken,
                }
            }
            Grammar::who_later => {
                let word = first(node.clone());
                let span = word.as_ref().map(|word| self.span(word));
                let text = word.map_or(String::new(), |word| squeeze(word.as_str()));
                self.later(span, &format!("`{text}`"));
                WhoKind::Broken
            }
            Grammar::who_name => match first(node) {
                Some(name) if name.as_rule() == Grammar::path => WhoKind::Path(self.path(name)),
                Some(name) if name.as_rule() == Grammar::foreign_string => WhoKind::Text(self.foreign_string(name)),
                Some(name) => self.word(name).map_or(WhoKind::Broken, |word| WhoKind::Text(word.text)),
                None => WhoKind::Broken,
            },
            _ => WhoKind::Broken,
        }
    }

    pub(super) fn path(&mut self, node: Node<'t>) -> PathExpr {
        let mut names = Vec::new();
        let mut stray = None;
        let whole = self.span(&node);
        let mut end = whole.start as usize;
        for part in node.into_inner() {
            let span = self.span(&part);
            if part.as_rule() == Grammar::stray_words {
                let text = part.as_str();
                let start = part.as_span().start() + (text.len() - text.trim_start().len());
                stray = Some(Word {
                    text: squeeze(text),
                    span: Span::new(self.file, start, part.as_span().end()),
                    quoted: false,
                });
            } else {
                end = span.end as usize;
                names.push(plain(&part, span));
            }
        }
        if names.len() > crate::limits::PATH_STEPS_MAX {
            self.push(
                Diagnostic::error(Code::TooDeep, "a path with too many steps")
                    .at(whole, format!("at most {} names joined by dots", crate::limits::PATH_STEPS_MAX)),
            );
            names.truncate(crate::limits::PATH_STEPS_MAX);
        }
        PathExpr { names, span: Span::new(self.file, whole.start as usize, end), stray }
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

    pub(super) fn source_text(&self) -> &'t str {
        self.text
    }
}

fn first_part(node: Node<'_>) -> Option<Node<'_>> {
    parts(node).next()
}

fn plain(node: &Node<'_>, span: Span) -> Word {
    Word { text: node.as_str().trim().to_owned(), span, quoted: false }
}

/// Words with one blank between them.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The stray words at the very end of a node, if it ends in some.
fn last_stray(node: Node<'_>) -> Option<Node<'_>> {
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
