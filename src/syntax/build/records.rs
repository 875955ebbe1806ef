//! `record` blocks: fields, their types and choices.

use super::sentences::Piece;
use super::{Builder, Node, first, first_part, parts};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;

impl<'t> Builder {
    pub(super) fn record(&mut self, node: Node<'t>) -> Option<RecordDecl> {
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
}
