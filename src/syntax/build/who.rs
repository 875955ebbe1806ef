//! With whom: names, pools, and who is found through other records.

use super::sums::unit_of;
use super::{Builder, Node, first, first_part, parts};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::near;
use crate::syntax::tree::*;

impl<'t> Builder {
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
                self.role_of(node).map_or(WhoKind::Broken, |(role, path)| WhoKind::OwnerOf(role, path))
            }
            Grammar::who_pool => self.pool(node),
            Grammar::who_with => self.with(node),
            Grammar::who_name => match first(node) {
                Some(name) if name.as_rule() == Grammar::path => {
                    let path = self.path(name);
                    match near::pool(&path).or_else(|| near::wave(&path)) {
                        Some(found) => self.broken_who(found),
                        None => WhoKind::Path(path),
                    }
                }
                Some(name) if name.as_rule() == Grammar::foreign_string => WhoKind::Text(self.foreign_string(name)),
                Some(name) => self.word(name).map_or(WhoKind::Broken, |word| WhoKind::Text(word.text)),
                None => WhoKind::Broken,
            },
            _ => WhoKind::Broken,
        }
    }

    fn broken_who(&mut self, found: Diagnostic) -> WhoKind {
        self.push(found);
        WhoKind::Broken
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
                    self.twice("where", pool.condition.is_some(), span);
                    pool.condition = condition;
                }
                Grammar::pool_weight => {
                    self.twice("by weight", pool.by_weight.is_some(), span);
                    pool.by_weight = Some(span);
                }
                Grammar::pool_sum => {
                    self.twice("by sum of", pool.by_sum.is_some(), span);
                    pool.by_sum = first_part(part).map(|path| (self.path(path), span));
                }
                Grammar::by_hash => {
                    self.twice("by hash", pool.by_hash.is_some(), span);
                    pool.by_hash = Some(span);
                }
                Grammar::pool_cap => pool.caps.extend(self.cap(part)),
                Grammar::rotation => {
                    self.twice("rotation", pool.rotation.is_some(), span);
                    pool.rotation = first_part(part).and_then(|name| self.word(name));
                }
                _ => {}
            }
        }
        if pool.members.is_empty() { WhoKind::Broken } else { WhoKind::Pool(Box::new(pool)) }
    }

    /// A part that a pool has already.
    fn twice(&mut self, word: &str, is_there: bool, span: Span) {
        if !is_there {
            return;
        }
        let help = match word {
            "where" => "join both conditions with `and`",
            _ => "remove one of them",
        };
        self.push(
            Diagnostic::error(Code::Syntax, format!("`{word}` twice")).at(span, "a pool has one at most").help(help),
        );
    }

    fn member(&mut self, node: Node<'t>) -> Option<Word> {
        let inner = first(node)?;
        if inner.as_rule() != Grammar::path {
            return self.word(inner);
        }
        let path = self.path(inner);
        if self.unquoted_name(&path) {
            return None;
        }
        Some(Word { text: path.text(), span: path.span, quoted: false })
    }

    fn cap(&mut self, node: Node<'t>) -> Option<CapExpr> {
        let span = self.span(&node);
        let (mut count, mut currency, mut per) = (None, None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::number => count = self.number(&part),
                Grammar::money => {
                    let mut amount = part.into_inner();
                    count = amount.next().and_then(|number| self.number(&number));
                    currency = amount.next().map(|code| code.as_str().to_owned());
                }
                Grammar::cap_unit => per = first(part).and_then(|word| unit_of(word.as_rule())),
                _ => {}
            }
        }
        count.map(|count| CapExpr { count, currency, per, span })
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
