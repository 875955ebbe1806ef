//! `test` blocks: what is given, what is expected, tables of cases.

use super::sentences::Piece;
use super::{Builder, Node, first, first_part, is_keyword, parts};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::test_block::*;
use crate::syntax::tree::*;

/// The lines of a test, by kind.
#[derive(Default)]
struct Lines {
    days: Vec<MomentDecl>,
    givens: Vec<GivenDecl>,
    expects: Vec<ExpectDecl>,
    cases: Vec<CasesDecl>,
}

impl<'t> Builder {
    pub(super) fn test(&mut self, node: Node<'t>) -> Option<TestDecl> {
        let span = self.span(&node);
        self.closes(&node);
        let mut name = None;
        let mut lines = Lines::default();
        for part in parts(node) {
            match part.as_rule() {
                Grammar::test_name => name = first(part).and_then(|text| self.word(text)),
                Grammar::broken_check => {
                    let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| {
                        nodes.into_iter().for_each(|node| inner.check_line(node, &mut lines));
                    };
                    self.broken(&Piece::of(&part), true, Grammar::only_check, build);
                }
                _ => self.check_line(part, &mut lines),
            }
        }
        let Lines { days, givens, expects, cases } = lines;
        Some(TestDecl { name: name?, days, givens, expects, cases, span })
    }

    fn check_line(&mut self, node: Node<'t>, lines: &mut Lines) {
        match node.as_rule() {
            Grammar::test_day => lines.days.extend(first_part(node).and_then(|at| self.moment(at))),
            Grammar::given => lines.givens.extend(first_part(node).and_then(|given| self.given(given))),
            Grammar::expect => lines.expects.extend(self.expect(node)),
            Grammar::cases => lines.cases.extend(self.cases(node)),
            _ => {}
        }
    }

    fn moment(&mut self, node: Node<'t>) -> Option<MomentDecl> {
        let span = self.span(&node);
        let (mut day, mut minutes) = (None, None);
        for part in parts(node) {
            let at = self.span(&part);
            match part.as_rule() {
                Grammar::date => day = self.parse_date(part.as_str().trim(), at),
                Grammar::clock => {
                    minutes = clock(part.as_str().trim());
                    if minutes.is_none() {
                        self.push(
                            Diagnostic::error(Code::BadDate, format!("`{}` is no time of day", part.as_str().trim()))
                                .at(at, "hours go to 23, minutes to 59")
                                .help("write a time that exists, such as 09:30"),
                        );
                    }
                }
                _ => {}
            }
        }
        Some(MomentDecl { day: day?, minutes, span })
    }

    fn given(&mut self, node: Node<'t>) -> Option<GivenDecl> {
        let span = self.span(&node);
        let is_person = node.as_rule() == Grammar::given_person;
        let (mut record, mut key, mut fields) = (None, None, Vec::new());
        for part in parts(node) {
            match part.as_rule() {
                Grammar::name => record = self.word(part),
                Grammar::record_key => key = first(part).and_then(|key| self.word(key)),
                Grammar::given_block => {
                    let inner: Vec<Node<'t>> = parts(part).collect();
                    fields = inner.into_iter().filter_map(|field| self.given_field(field)).collect();
                }
                _ => {}
            }
        }
        (is_person || record.is_some()).then_some(GivenDecl { record, key, fields, span })
    }

    fn given_field(&mut self, node: Node<'t>) -> Option<GivenField> {
        let mut parts = parts(node);
        let (name, value) = (parts.next()?, parts.next()?);
        let name = match name.as_rule() {
            Grammar::given_owner => GivenName::Current(first_part(name).and_then(|role| self.word(role))?),
            Grammar::given_past => GivenName::Past(first_part(name).and_then(|field| self.word(field))?),
            _ => GivenName::Field(self.word(name)?),
        };
        Some(GivenField { name, value: self.given_value(value)? })
    }

    fn given_value(&mut self, node: Node<'t>) -> Option<GivenExpr> {
        let span = self.span(&node);
        let inner = first(node)?;
        let kind = match inner.as_rule() {
            Grammar::value_list => {
                let values: Vec<Node<'t>> = parts(inner).collect();
                GivenKind::Several(values.into_iter().map(|value| self.sum(value)).collect())
            }
            Grammar::given_time => GivenKind::Moment(self.moment(inner)?),
            _ => GivenKind::One(self.sum(inner)),
        };
        Some(GivenExpr { kind, span })
    }

    fn expect(&mut self, node: Node<'t>) -> Option<ExpectDecl> {
        let span = self.span(&node);
        let (mut role, mut record, mut key, mut by) = (None, None, None, None);
        let (mut how, mut who) = (ExpectHow::Exactly, Vec::new());
        for part in parts(node) {
            match part.as_rule() {
                Grammar::role_name => role = self.word(part),
                Grammar::expect_of => (record, key) = self.record_and_key(part),
                Grammar::expected => {
                    for part in parts(part) {
                        match part.as_rule() {
                            Grammar::expect_how => how = expect_how(&part),
                            _ => who.extend(parts_of_owner(part).and_then(|owner| self.pin_owner(owner))),
                        }
                    }
                }
                Grammar::decided_by => by = first_part(part).and_then(|label| self.rule_label(label)),
                _ => {}
            }
        }
        Some(ExpectDecl { role: role?, record, key, how, who, by, span })
    }

    fn record_and_key(&mut self, node: Node<'t>) -> (Option<Word>, Option<Word>) {
        let (mut record, mut key) = (None, None);
        for part in parts(node) {
            match part.as_rule() {
                Grammar::record_key => key = first(part).and_then(|key| self.word(key)),
                Grammar::name => record = self.word(part),
                _ => {}
            }
        }
        (record, key)
    }

    fn rule_label(&mut self, node: Node<'t>) -> Option<Word> {
        let span = self.span(&node);
        match first(node.clone()) {
            Some(text) if text.as_rule() == Grammar::string => self.word(text),
            _ => Some(Word { text: node.as_str().trim().to_owned(), span, quoted: false }),
        }
    }

    fn cases(&mut self, node: Node<'t>) -> Option<CasesDecl> {
        let span = self.span(&node);
        let (mut heads, mut rows) = (Vec::new(), Vec::new());
        for part in parts(node) {
            match part.as_rule() {
                Grammar::case_head => {
                    let cells: Vec<Node<'t>> = cells(part).collect();
                    heads = cells.into_iter().filter_map(|cell| self.head(cell)).collect();
                }
                Grammar::case_row => rows.push(self.case_row(part)),
                Grammar::broken_row => {
                    let build = |inner: &mut Builder, nodes: Vec<Node<'_>>| {
                        rows.extend(nodes.into_iter().map(|node| inner.case_row(node)));
                    };
                    self.broken(&Piece::of(&part), true, Grammar::only_row, build);
                }
                _ => {}
            }
        }
        Some(CasesDecl { heads, rows, span })
    }

    fn head(&mut self, node: Node<'t>) -> Option<HeadDecl> {
        let span = self.span(&node);
        let inner = first(node)?;
        let kind = match inner.as_rule() {
            Grammar::head_expect => {
                let how = inner.clone().into_inner().find(|part| part.as_rule() == Grammar::expect_how);
                let role = inner.clone().into_inner().find(|part| part.as_rule() == Grammar::role_name);
                let role = role.and_then(|role| self.word(role))?;
                let (record, key) = self.record_and_key(inner);
                HeadKind::Expect { role, record, key, how: how.as_ref().map_or(ExpectHow::Exactly, expect_how) }
            }
            Grammar::head_by => HeadKind::By,
            Grammar::head_day => HeadKind::Day,
            Grammar::given_owner => HeadKind::Current(first_part(inner).and_then(|role| self.word(role))?),
            Grammar::given_past => HeadKind::Past(first_part(inner).and_then(|field| self.word(field))?),
            _ => match first(inner)? {
                text if text.as_rule() == Grammar::string => HeadKind::Field(vec![self.word(text)?]),
                path => {
                    let path = self.path(path);
                    self.unquoted_name(&path);
                    HeadKind::Field(path.names)
                }
            },
        };
        Some(HeadDecl { kind, span })
    }

    fn case_row(&mut self, node: Node<'t>) -> CaseRow {
        let span = self.span(&node);
        let cells: Vec<Node<'t>> = cells(node).collect();
        CaseRow { cells: cells.into_iter().map(|cell| self.case_cell(cell)).collect(), span }
    }

    fn case_cell(&mut self, node: Node<'t>) -> Option<GivenExpr> {
        let span = self.span(&node);
        let values: Vec<Node<'t>> = parts(node).collect();
        match values.first().map(|value| value.as_rule())? {
            Grammar::no_cell => None,
            Grammar::cell_label => {
                let label = values.first()?.as_str().trim().to_owned();
                Some(GivenExpr { kind: GivenKind::Label(label), span })
            }
            _ if values.len() == 1 => values.into_iter().next().and_then(|value| self.given_value(value)),
            _ => {
                let several = values.into_iter().filter_map(|value| self.given_value(value));
                let several = several.filter_map(|value| match value.kind {
                    GivenKind::One(one) => Some(one),
                    _ => None,
                });
                Some(GivenExpr { kind: GivenKind::Several(several.collect()), span })
            }
        }
    }
}

fn cells(row: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    row.into_inner().filter(|part| part.as_rule() != Grammar::bar)
}

fn expect_how(node: &Node<'_>) -> ExpectHow {
    match first(node.clone()).map(|word| word.as_rule()) {
        Some(Grammar::kw_includes) => ExpectHow::Includes,
        _ => ExpectHow::Excludes,
    }
}

/// The name in an `expect`.
fn parts_of_owner(node: Node<'_>) -> Option<Node<'_>> {
    node.into_inner().find(|part| !is_keyword(part))
}

/// Minutes after midnight; `None` where there is no such time.
fn clock(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
