//! What a rule does.

use super::{Builder, Node, first, first_part, parts};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;

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
                        Grammar::span => {
                            let span = self.span(&part);
                            up_to = self.span_of_time(part).map(|up_to| (up_to, span));
                        }
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
                        Grammar::span => {
                            let span = self.span(&part);
                            every = self.span_of_time(part).map(|every| (every, span));
                        }
                        _ => since = Some(self.path(part)),
                    }
                }
                every.map_or(RuleBody::Broken, |(every, every_span)| RuleBody::Touch { every, every_span, since })
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
}
