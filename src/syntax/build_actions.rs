//! From the parser's pairs to the tree: what a rule does, and with whom.

use super::build::{Builder, Node, first, first_part, parts};
use super::grammar::Rule as Grammar;
use super::tree::*;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::time::Unit;

impl<'t> Builder {
    /// `assign to …`, `keep owner`, `hand off to …` and so on.
    pub(super) fn action(&mut self, node: Node<'t>) -> RuleBody {
        match node.as_rule() {
            Grammar::assign => RuleBody::Assign(first_part(node).map_or_else(Vec::new, |target| self.chain(target))),
            Grammar::keep => RuleBody::Keep,
            Grammar::hand_off => self.hand_off(node),
            Grammar::hold => {
                let (mut up_to, mut condition) = (None, None);
                for part in parts(node) {
                    match part.as_rule() {
                        Grammar::span => up_to = self.span_of_time(part),
                        _ => condition = Some(self.condition(part)),
                    }
                }
                RuleBody::Hold { up_to, condition }
            }
            Grammar::lock => RuleBody::Lock { condition: first_part(node).map(|part| self.condition(part)) },
            Grammar::add => self.add(node),
            Grammar::touch => {
                let (mut every, mut since) = (None, None);
                for part in parts(node) {
                    match part.as_rule() {
                        Grammar::span => every = self.span_of_time(part),
                        _ => since = Some(self.path(part)),
                    }
                }
                every.map_or(RuleBody::Broken, |every| RuleBody::Touch { every, since })
            }
            _ => RuleBody::Broken,
        }
    }

    /// `never the same person as ROLE`.
    pub(super) fn never(&mut self, node: Node<'t>) -> RuleBody {
        let (mut role, mut path) = (None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::role_name => role = self.word(part),
                _ => path = Some(self.path(part)),
            }
        }
        role.map_or(RuleBody::Broken, |role| RuleBody::Never { role, path })
    }

    /// `A else B`.
    fn chain(&mut self, target: Node<'t>) -> Vec<Who> {
        let chain: Vec<Node<'t>> = parts(target).collect();
        chain.into_iter().map(|who| self.who(who)).collect()
    }

    fn hand_off(&mut self, node: Node<'t>) -> RuleBody {
        let (mut to, mut over, mut once) = (Vec::new(), None, Vec::new());
        for part in parts(node) {
            match part.as_rule() {
                Grammar::target => to = self.chain(part),
                Grammar::span => {
                    let span = self.span(&part);
                    over = self.span_of_time(part).map(|over| (over, span));
                }
                _ => {
                    let fields: Vec<Node<'t>> = parts(part).collect();
                    once = fields.into_iter().map(|field| self.path(field)).collect();
                }
            }
        }
        match over {
            Some((over, over_span)) => RuleBody::HandOff(Box::new(HandOffDecl { to, over, over_span, once })),
            None => RuleBody::Broken,
        }
    }

    fn add(&mut self, node: Node<'t>) -> RuleBody {
        let (mut chains, mut wave, mut engagement) = (Vec::new(), None, Engagement::default());
        for part in parts(node) {
            match part.as_rule() {
                Grammar::target => chains.push(self.chain(part)),
                Grammar::wave => wave = first(part).and_then(|name| self.word(name)),
                _ => {
                    engagement = match first(part).map(|word| word.as_rule()) {
                        Some(Grammar::kw_as) => Engagement::AsNeeded,
                        Some(Grammar::kw_on) => Engagement::OnRequest,
                        _ => Engagement::Always,
                    };
                }
            }
        }
        RuleBody::Add { chains, wave, engagement }
    }

    pub(super) fn who(&mut self, node: Node<'t>) -> Who {
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
            Grammar::who_pool => self.pool(node),
            Grammar::who_with => self.with(node),
            Grammar::who_name => match first(node) {
                Some(name) if name.as_rule() == Grammar::path => WhoKind::Path(self.path(name)),
                Some(name) if name.as_rule() == Grammar::foreign_string => WhoKind::Text(self.foreign_string(name)),
                Some(name) => self.word(name).map_or(WhoKind::Broken, |word| WhoKind::Text(word.text)),
                None => WhoKind::Broken,
            },
            _ => WhoKind::Broken,
        }
    }

    /// `next of Sales where … by weight`.
    fn pool(&mut self, node: Node<'t>) -> WhoKind {
        let mut pool = PoolExpr {
            how: PoolHow::Next,
            members: Vec::new(),
            condition: None,
            by_weight: None,
            by_sum: None,
            by_hash: None,
            caps: Vec::new(),
            rotation: None,
        };
        for part in parts(node) {
            let span = self.span(&part);
            match part.as_rule() {
                Grammar::pool_least => pool.how = PoolHow::LeastLoaded,
                Grammar::pool_hash => pool.how = PoolHow::Any,
                Grammar::members => {
                    let members: Vec<Node<'t>> = parts(part).collect();
                    pool.members = members.into_iter().filter_map(|member| self.member(member)).collect();
                }
                Grammar::pool_where => {
                    let condition = first_part(part).map(|condition| self.or_expr(condition));
                    if pool.condition.is_some() {
                        self.twice("where", span);
                    }
                    pool.condition = condition;
                }
                Grammar::pool_weight => pool.by_weight = Some(span),
                Grammar::pool_sum => pool.by_sum = first_part(part).map(|path| (self.path(path), span)),
                Grammar::by_hash => pool.by_hash = Some(span),
                Grammar::pool_cap => pool.caps.extend(self.cap(part)),
                Grammar::rotation => pool.rotation = first_part(part).and_then(|name| self.word(name)),
                _ => {}
            }
        }
        if pool.members.is_empty() { WhoKind::Broken } else { WhoKind::Pool(Box::new(pool)) }
    }

    fn twice(&mut self, word: &str, span: crate::source::Span) {
        self.push(
            Diagnostic::error(Code::Syntax, format!("`{word}` twice"))
                .at(span, "one is enough")
                .help("join both conditions with `and`"),
        );
    }

    fn member(&mut self, node: Node<'t>) -> Option<Word> {
        let inner = first(node)?;
        if inner.as_rule() != Grammar::path {
            return self.word(inner);
        }
        let path = self.path(inner);
        if let Some(stray) = &path.stray {
            let whole = format!("{} {}", path.text(), stray.text);
            self.push(
                Diagnostic::error(Code::UnquotedText, "a name with blanks in it needs quotes")
                    .at(path.span.to(stray.span), "read as several words")
                    .help(format!("write \"{whole}\"")),
            );
            return None;
        }
        Some(Word { text: path.text(), span: path.span, quoted: false })
    }

    fn cap(&mut self, node: Node<'t>) -> Option<CapExpr> {
        let span = self.span(&node);
        let mut count = None;
        let mut per = None;
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::number => count = self.number(&part),
                Grammar::kw_days => per = Some(Unit::Days),
                Grammar::kw_weeks => per = Some(Unit::Weeks),
                Grammar::kw_months => per = Some(Unit::Months),
                _ => {}
            }
        }
        count.map(|count| CapExpr { count, per, span })
    }

    /// `person in agent with highest sum of amount over Opportunity (stage = Won) then latest closed`.
    fn with(&mut self, node: Node<'t>) -> WhoKind {
        let mut in_field = None;
        let mut is_highest = true;
        let (mut ask, mut field) = (RelatedAsk::Count, None);
        let (mut record, mut by, mut of, mut condition, mut then) = (None, None, None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::path => in_field = Some(self.path(part)),
                Grammar::with_ask => {
                    for word in part.into_inner() {
                        match word.as_rule() {
                            Grammar::kw_lowest => is_highest = false,
                            Grammar::kw_sum => ask = RelatedAsk::Sum,
                            Grammar::kw_average => ask = RelatedAsk::Average,
                            Grammar::path => field = Some(self.path(word)),
                            _ => {}
                        }
                    }
                }
                Grammar::related_name => record = first(part).and_then(|name| self.word(name)),
                Grammar::related_by => by = first_part(part).and_then(|name| self.word(name)),
                Grammar::related_of => of = first_part(part).map(|path| self.path(path)),
                Grammar::then_latest => {
                    let is_latest = !part.clone().into_inner().any(|word| word.as_rule() == Grammar::kw_earliest);
                    then = first_part(part).map(|path| (self.path(path), is_latest));
                }
                _ => condition = Some(self.or_expr(part)),
            }
        }
        let Some(record) = record else { return WhoKind::Broken };
        let question = RelatedExpr { ask, field, record, by, of, condition };
        WhoKind::With(Box::new(WithExpr { in_field, is_highest, question, then }))
    }
}
