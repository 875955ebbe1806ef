//! Questions that count or rank: `any`, `count of`, `top`, `at least`.

use super::conditions::broken;
use super::sums::whole;
use super::{Builder, Node, first, first_part, parts};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;

impl<'t> Builder {
    pub(super) fn related(&mut self, node: Node<'t>) -> ExprKind {
        let ask = match first(node.clone()).map(|word| word.as_rule()) {
            Some(Grammar::kw_any) => RelatedAsk::Any,
            Some(Grammar::kw_no) => RelatedAsk::No,
            Some(Grammar::kw_count) => RelatedAsk::Count,
            Some(Grammar::kw_sum) => RelatedAsk::Sum,
            Some(Grammar::kw_average) => RelatedAsk::Average,
            Some(Grammar::kw_latest) => RelatedAsk::Latest,
            Some(Grammar::kw_earliest) => RelatedAsk::Earliest,
            Some(Grammar::kw_highest) => RelatedAsk::Highest,
            Some(Grammar::kw_lowest) => RelatedAsk::Lowest,
            _ => return self.top(node),
        };
        let (mut field, mut record, mut by, mut of, mut condition) = (None, None, None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::path => field = Some(self.path(part)),
                Grammar::related_name => record = first(part).and_then(|name| self.word(name)),
                Grammar::related_by => by = first_part(part).and_then(|name| self.word(name)),
                Grammar::related_of => of = first_part(part).map(|path| self.path(path)),
                _ => condition = Some(self.or_expr(part)),
            }
        }
        match record {
            Some(record) => ExprKind::Related(Box::new(RelatedExpr { ask, field, record, by, of, condition })),
            None => ExprKind::Broken,
        }
    }

    /// `top 10 by arr (type = Client)`.
    fn top(&mut self, node: Node<'t>) -> ExprKind {
        let (mut count, mut by, mut condition) = (None, None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::number => count = self.number(&part),
                Grammar::path => by = Some(self.path(part)),
                _ => condition = Some(Box::new(self.or_expr(part))),
            }
        }
        match (count, by) {
            (Some(count), Some(by)) => ExprKind::Top { count, by, condition },
            _ => ExprKind::Broken,
        }
    }

    pub(super) fn at_least(&mut self, node: Node<'t>, counted: bool) -> ExprKind {
        let mut count = None;
        let mut criteria = Vec::new();
        for part in parts(node) {
            let span = self.span(&part);
            match part.as_rule() {
                Grammar::number => {
                    let number = self.number(&part);
                    let whole = number.and_then(whole).and_then(|number| u64::try_from(number).ok());
                    if whole.is_none() {
                        self.push(
                            Diagnostic::error(Code::Syntax, "`at least` counts whole conditions")
                                .at(span, "not a whole number"),
                        );
                        return ExprKind::Broken;
                    }
                    count = whole.map(|whole| (whole, span));
                }
                Grammar::criterion => criteria.push(self.criterion(part)),
                _ => {}
            }
        }
        if counted && count.is_none() {
            return ExprKind::Broken;
        }
        ExprKind::AtLeast { count, criteria }
    }

    fn criterion(&mut self, node: Node<'t>) -> Criterion {
        let span = self.span(&node);
        let mut label = None;
        let mut condition = None;
        for part in parts(node) {
            match part.as_rule() {
                Grammar::label => label = first(part).and_then(|name| self.word(name)),
                _ => condition = Some(self.or_expr(part)),
            }
        }
        Criterion { label, condition: condition.unwrap_or_else(|| broken(span)) }
    }
}
