//! Names, texts, paths and days.

use super::{Builder, Node, first, first_part, parts};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::*;
use crate::value::time::parse_day;

impl<'t> Builder {
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
                            .help(format!("write \"{whole}\""))
                            .fix(span, format!("\"{whole}\"")),
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

    /// A name of which only the first word was taken, because blanks in it are not quoted.
    pub(super) fn unquoted_name(&mut self, path: &PathExpr) -> bool {
        let Some(stray) = &path.stray else {
            return false;
        };
        let whole = format!("{} {}", path.text(), stray.text);
        self.push(
            Diagnostic::error(Code::UnquotedText, "a name with blanks in it needs quotes")
                .at(path.span.to(stray.span), "read as several words")
                .help(format!("write \"{whole}\""))
                .fix(path.span.to(stray.span), format!("\"{whole}\"")),
        );
        true
    }

    /// `owner of account`.
    pub(super) fn role_of(&mut self, node: Node<'t>) -> Option<(Word, PathExpr)> {
        let mut parts = parts(node);
        let (role, path) = (parts.next()?, parts.next()?);
        let role = self.word(role)?;
        Some((role, self.path(path)))
    }

    /// `'text'` or curly quotes: read as meant, and mended by name.
    pub(super) fn foreign_string(&mut self, node: Node<'t>) -> String {
        let span = self.span(&node);
        let text = first(node).map_or("", |text| text.as_str()).to_owned();
        self.push(
            Diagnostic::error(Code::ForeignHabit, "text is written in straight double quotes")
                .at(span, "other quotes")
                .help(format!("write \"{text}\""))
                // What would have to be escaped is left to a person.
                .maybe_fix(span, (!text.contains(['"', '\\'])).then(|| format!("\"{text}\""))),
        );
        text
    }

    pub(super) fn day(&mut self, node: Node<'t>) -> Option<(i32, Span)> {
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
}

pub(super) fn plain(node: &Node<'_>, span: Span) -> Word {
    Word { text: node.as_str().trim().to_owned(), span, quoted: false }
}

/// Words with one blank between them.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// In a text, `\"` is a quote and `\\` a backslash; any other backslash stands for itself (regular expressions).
fn unescape(text: &str) -> String {
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
