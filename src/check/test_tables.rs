//! Tables of cases in tests: columns by their heads, a case for each row.

use super::Checker;
use super::policy::{Case, Expect, Given, GivenRecord, InvariantRole, RoleId, Test};
use super::test_blocks::Asked;
use crate::diagnostic::{Code, Diagnostic};
use crate::schema::FieldId;
use crate::source::Span;
use crate::syntax::{
    CaseRow, CasesDecl, ExpectHow, ExprKind, GivenExpr, GivenKind, HeadDecl, HeadKind, MomentDecl, TestDecl, Word,
};
use crate::value::Value;

/// What the columns of a table of cases mean.
enum Column {
    Field(usize, FieldId),
    Past(usize, FieldId),
    Current(usize, RoleId),
    Day,
    Expect {
        role: InvariantRole,
        record: usize,
        how: ExpectHow,
    },
    By,
    /// Told already.
    Broken,
}

impl Checker<'_> {
    pub(super) fn table(
        &mut self,
        decl: &TestDecl,
        table: &CasesDecl,
        base: &Case,
        row_count: &mut usize,
        test: &mut Test,
    ) {
        let mut base = base.clone();
        let columns = self.columns(&table.heads, &mut base);
        self.expects(decl, &mut base);
        for row in &table.rows {
            *row_count += 1;
            if row.cells.len() != columns.len() {
                self.push(
                    Diagnostic::error(Code::BadTest, "a row with another number of cells than its head")
                        .at(row.span, format!("{} cells under {} heads", row.cells.len(), columns.len()))
                        .help("write a cell for each column; `-` says nothing"),
                );
                continue;
            }
            let mut case = Case { row: Some(*row_count), span: row.span, ..base.clone() };
            self.row(&columns, row, &mut case);
            for given in &mut case.records {
                let key = self.schema.record(given.record).key;
                let field = given.fields.iter().find(|(field, _)| *field == key);
                if let Some((_, Given::Value(Value::Text(text)))) = field {
                    given.key.clone_from(text);
                }
            }
            test.cases.push(case);
        }
    }

    fn columns(&mut self, heads: &[HeadDecl], base: &mut Case) -> Vec<Column> {
        let record = self.table_record(heads, base);
        let mut columns = Vec::new();
        for head in heads {
            let column = self.column(head, record, &columns, base);
            columns.push(column.unwrap_or(Column::Broken));
        }
        if !heads.iter().any(|head| matches!(head.kind, HeadKind::Expect { .. })) && !self.tree.broken {
            let span = heads.iter().map(|head| head.span).reduce(Span::to);
            if let (Some(span), true) = (span, base.expects.is_empty()) {
                self.push(
                    Diagnostic::error(Code::BadTest, "a table of cases without an expectation")
                        .at(span, "no column begins with `expect`")
                        .help("add a column `expect owner`"),
                );
            }
        }
        columns
    }

    /// The record that columns without a record's name speak of: that of the first `expect`, given here if it is not yet.
    fn table_record(&mut self, heads: &[HeadDecl], base: &mut Case) -> Option<usize> {
        let expect = heads.iter().find_map(|head| match &head.kind {
            HeadKind::Expect { role, record, key, .. } => Some((role, record, key)),
            _ => None,
        });
        let Some((role, record, key)) = expect else {
            return (base.records.len() == 1).then_some(0);
        };
        let id = match record {
            Some(record) => self.record_named(record)?,
            None => self.only_record(role, base)?,
        };
        let wanted = key.as_ref().map(|key| key.text.trim());
        let is_it = |given: &GivenRecord| given.record == id && wanted.is_none_or(|key| given.key == key);
        if let Some(at) = base.records.iter().position(is_it) {
            return Some(at);
        }
        let key = wanted.map_or_else(|| format!("{}-1", self.schema.record(id).name), str::to_owned);
        base.records.push(GivenRecord {
            record: id,
            key,
            fields: Vec::new(),
            past: Vec::new(),
            current: Vec::new(),
            span: role.span,
        });
        Some(base.records.len() - 1)
    }

    fn column(&mut self, head: &HeadDecl, record: Option<usize>, before: &[Column], base: &Case) -> Option<Column> {
        match &head.kind {
            HeadKind::Day => Some(Column::Day),
            HeadKind::By if matches!(before.last(), Some(Column::Expect { .. } | Column::Broken)) => Some(Column::By),
            HeadKind::By => {
                self.push(
                    Diagnostic::error(Code::BadTest, "a column `by` without an `expect` before it")
                        .at(head.span, "the rule that decides what?")
                        .help("write it right behind the column `expect owner`"),
                );
                None
            }
            HeadKind::Expect { role, record, key, how } => {
                let asked = Asked { role, record: record.as_ref(), key: key.as_ref() };
                let (role, record) = self.asked(&asked, base)?;
                Some(Column::Expect { role, record, how: *how })
            }
            HeadKind::Current(role) => {
                let at = self.spoken_of(record, head.span)?;
                match self.any_role(base.records[at].record, role)? {
                    InvariantRole::Role(role) => Some(Column::Current(at, role)),
                    InvariantRole::Gather(_) => {
                        self.error(
                            Code::BadTest,
                            "a team has no current owner",
                            head.span,
                            "not a role with one owner",
                        );
                        None
                    }
                }
            }
            HeadKind::Past(name) => {
                let at = self.spoken_of(record, head.span)?;
                self.field_of(base.records[at].record, name).map(|field| Column::Past(at, field))
            }
            HeadKind::Field(names) => {
                let (at, name) = match names.as_slice() {
                    [name] => (self.spoken_of(record, head.span)?, name),
                    [of, name] => {
                        let id = self.record_named(of)?;
                        let own = base.records.iter().position(|given| given.record == id);
                        if own.is_none() {
                            self.push(
                                Diagnostic::error(Code::BadTest, format!("no {} is given", of.text))
                                    .at(of.span, "a field of what?")
                                    .help(format!("write `given {} {{ … }}` above the cases", of.text)),
                            );
                        }
                        (own?, name)
                    }
                    _ => {
                        self.error(Code::BadTest, "a column is a field", head.span, "too many names");
                        return None;
                    }
                };
                self.field_of(base.records[at].record, name).map(|field| Column::Field(at, field))
            }
        }
    }

    fn spoken_of(&mut self, record: Option<usize>, span: Span) -> Option<usize> {
        if record.is_none() && !self.tree.broken {
            self.push(
                Diagnostic::error(Code::BadTest, "a column that speaks of no record")
                    .at(span, "a field of what?")
                    .help("add a column `expect owner of RECORD`, or write `RECORD.FIELD`"),
            );
        }
        record
    }

    fn row(&mut self, columns: &[Column], row: &CaseRow, case: &mut Case) {
        for (column, cell) in columns.iter().zip(&row.cells) {
            let Some(cell) = cell else { continue };
            match column {
                Column::Broken => {}
                Column::Day => {
                    if let Some(at) = self.cell_moment(cell) {
                        case.moment = Some((at.day, at.minutes));
                    }
                }
                Column::Field(at, field) => {
                    let value = self.given(case.records[*at].record, *field, cell);
                    let fields = &mut case.records[*at].fields;
                    fields.retain(|(known, _)| known != field);
                    fields.extend(value.map(|value| (*field, value)));
                }
                Column::Past(at, field) => {
                    let value = self.given(case.records[*at].record, *field, cell);
                    let past = &mut case.records[*at].past;
                    past.retain(|(known, _)| known != field);
                    past.extend(value.map(|value| (*field, value)));
                }
                Column::Current(at, role) => {
                    let owner = self.current_owner(cell);
                    let current = &mut case.records[*at].current;
                    current.retain(|(known, _)| known != role);
                    current.extend(owner.map(|owner| (*role, owner)));
                }
                Column::Expect { role, record, how } => {
                    let Some(texts) = self.plain_texts(cell) else { continue };
                    let quoted = is_quoted(cell);
                    let who: Vec<Word> = texts.into_iter().map(|(text, span)| Word { text, span, quoted }).collect();
                    let expected = self.expected(*role, *how, &who);
                    let span = cell.span;
                    case.expects.push(Expect { role: *role, record: *record, expected, by: None, span });
                }
                Column::By => {
                    let Some(texts) = self.plain_texts(cell) else { continue };
                    self.cell_by(columns, column, texts, case);
                }
            }
        }
    }

    /// The `by` of the `expect` column before it; where that cell said nothing, only the rule is expected.
    fn cell_by(&mut self, columns: &[Column], column: &Column, texts: Vec<(String, Span)>, case: &mut Case) {
        let Some((text, span)) = texts.into_iter().next() else { return };
        let at = columns.iter().position(|other| std::ptr::eq(other, column)).unwrap_or(0);
        let Some(Column::Expect { role, record, .. }) = at.checked_sub(1).map(|at| &columns[at]) else { return };
        let by = self.decided_by(*role, &Word { text, span, quoted: false });
        let last = case.expects.iter_mut().rev().find(|expect| {
            expect.role == *role && expect.record == *record && expect.by.is_none() && expect.expected.is_some()
        });
        match last {
            Some(expect) => expect.by = by,
            None => case.expects.push(Expect { role: *role, record: *record, expected: None, by, span }),
        }
    }

    fn cell_moment(&mut self, cell: &GivenExpr) -> Option<MomentDecl> {
        match &cell.kind {
            GivenKind::Moment(at) => Some(*at),
            GivenKind::One(expr) => match expr.kind {
                ExprKind::Date(day) => Some(MomentDecl { day, minutes: None, span: cell.span }),
                ExprKind::Broken => None,
                _ => {
                    self.error(Code::WrongType, "expected a day", cell.span, "such as 2026-01-31");
                    None
                }
            },
            _ => {
                self.error(Code::WrongType, "expected a day", cell.span, "such as 2026-01-31");
                None
            }
        }
    }
}

fn is_quoted(cell: &GivenExpr) -> bool {
    matches!(&cell.kind, GivenKind::One(expr) if matches!(expr.kind, ExprKind::Quoted(_)))
}
