//! One word of a broken piece that, written otherwise, makes it readable: a mistyped keyword, or a habit of another
//! language. The proof is the grammar itself: the mended piece must parse to its end.

use super::grammar::{OwnParser, Rule as Grammar};
use super::place::Place;
use super::recover;
use crate::diagnostic::{Code, Diagnostic};
use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use std::sync::LazyLock;

/// Parses that are tried for one broken piece.
const TRIES_MAX: usize = 24;
/// Words before the place of the failure that are looked at, besides the first ones of the piece.
const WORDS_BACK: usize = 4;
const WORDS_FIRST: usize = 3;

/// A word, and what should stand in its place.
#[derive(Clone, Debug)]
pub struct Mend {
    /// Where the word stands in the piece.
    pub at: usize,
    pub typed: String,
    pub written: &'static str,
    /// The piece with the word mended.
    pub text: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Habit,
    Mistyped,
    LeftOut,
}

/// Words and marks of other languages that stand for one of ours. Marks may touch their neighbours, words may not.
const HABITS: &[(&str, &str)] =
    &[("if", "when"), ("where", "when"), ("like", "contains"), ("->", " assign to "), ("=>", " assign to "), (";", "")];

static KEYWORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = Grammar::all_rules().iter().map(|token| format!("{token:?}"));
    names.filter_map(|name| name.strip_prefix("kw_").map(str::to_owned)).collect()
});

/// The mend of a piece that `error` says cannot be read as `as_rule`, if one word is to blame.
pub fn find(text: &str, as_rule: Grammar, error: &Error<Grammar>) -> Option<Mend> {
    let failed_at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let mut words = words(text);
    words.retain(|(at, _)| *at <= failed_at);
    let mut tries = 0;
    // Nearest to the failure first, then the beginning, where the kind of the sentence is decided.
    let back = words.iter().rev().take(WORDS_BACK);
    let first = words.iter().take(words.len().saturating_sub(WORDS_BACK).min(WORDS_FIRST));
    let mut best: Option<(usize, Mend)> = None;
    for (at, typed) in back.chain(first) {
        for (cost, written, kind) in replacements(typed) {
            tries += 1;
            if tries > TRIES_MAX {
                break;
            }
            let mended = format!("{}{written}{}", &text[..*at], &text[at + typed.len()..]);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) && OwnParser::parse(as_rule, &mended).is_ok() {
                let typed = (*typed).to_owned();
                best = Some((cost, Mend { at: *at, typed, written, text: mended, kind }));
            }
        }
    }
    best.map(|(_, mend)| mend).or_else(|| left_out(text, as_rule, failed_at, error))
}

/// A small word or mark that is not there, right where the piece cannot be read on.
fn left_out(text: &str, as_rule: Grammar, failed_at: usize, error: &Error<Grammar>) -> Option<Mend> {
    let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
        return None;
    };
    let small = [
        (Grammar::kw_when, "when "),
        (Grammar::comma, ", "),
        (Grammar::equals, "= "),
        (Grammar::kw_to, "to "),
        (Grammar::kw_of, "of "),
        (Grammar::kw_from, "from "),
        (Grammar::kw_by, "by "),
        (Grammar::kw_with, "with "),
    ];
    let before = text[..failed_at].split_whitespace().next_back().unwrap_or_default();
    let fits = |(token, written): &(Grammar, &str)| {
        // Without an action a `when` would make a rule of any few words.
        let is_rule =
            *token != Grammar::kw_when || words(text).iter().any(|(_, word)| matches!(*word, "assign" | "keep"));
        positives.contains(token) && is_rule && before != written.trim_end()
    };
    small.into_iter().filter(fits).find_map(|(_, written)| {
        let mended = format!("{}{written}{}", &text[..failed_at], &text[failed_at..]);
        OwnParser::parse(as_rule, &mended).is_ok().then(|| Mend {
            at: failed_at,
            typed: String::new(),
            written,
            text: mended,
            kind: Kind::LeftOut,
        })
    })
}

/// What a word may have been meant for, with how much of it is changed.
fn replacements(typed: &str) -> Vec<(usize, &'static str, Kind)> {
    let folded = typed.to_lowercase();
    if let Some((_, written)) = HABITS.iter().find(|(habit, _)| *habit == folded) {
        return vec![(0, *written, Kind::Habit)];
    }
    if KEYWORDS.contains(&folded) || !typed.starts_with(char::is_alphabetic) {
        return Vec::new();
    }
    let mut near: Vec<(usize, &'static str, Kind)> = KEYWORDS
        .iter()
        .filter_map(|keyword| Some((change(&folded, keyword)?, keyword.as_str(), Kind::Mistyped)))
        .collect();
    near.sort_unstable();
    near.truncate(3);
    near
}

/// How many letters differ, if it is near: a third of the word at most, or the same two letters swapped.
fn change(typed: &str, keyword: &str) -> Option<usize> {
    let longest = typed.chars().count().max(keyword.chars().count());
    let distance = strsim::osa_distance(typed, keyword);
    (distance * 3 <= longest || is_shuffle(typed, keyword)).then_some(distance)
}

/// `fo` for `of`, `whit` for `with`: the same letters in another order.
pub fn is_shuffle(typed: &str, keyword: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.to_lowercase().chars().collect();
        letters.sort_unstable();
        letters
    };
    typed.len() == keyword.len() && sorted(typed) == sorted(keyword)
}

/// Words and runs of marks outside texts and comments, with their places.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => text_length(rest),
            _ if is_word(first) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                found.push((at, &rest[..length]));
                length
            }
            '-' | '=' if rest[1..].starts_with('>') => {
                found.push((at, &rest[..2]));
                2
            }
            _ => {
                if first == ';' {
                    found.push((at, &rest[..1]));
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the text in quotes that a rest begins with, to the end of its line at most.
fn text_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => return at,
            '"' if !is_escaped => return at + 1,
            _ => is_escaped = c == '\\' && !is_escaped,
        }
    }
    rest.len()
}

impl Mend {
    /// The message: what was typed, and what is written here. `place` is that of the piece as typed.
    pub fn diagnostic(&self, place: Place) -> Diagnostic {
        let Mend { at, typed, written, text, kind } = self;
        let span = place.span(*at, at + typed.len());
        if *kind == Kind::LeftOut {
            let written = written.trim_end();
            let found = recover::word_at(text, at + self.written.len());
            let headline = match found {
                "" => format!("expected `{written}`"),
                found => format!("expected `{written}`, found `{found}`"),
            };
            return Diagnostic::error(Code::Syntax, headline)
                .at(place.span(*at, at + found.len().max(1)), "not expected here")
                .help(format!("write `{written}` before it"));
        }
        if *kind == Kind::Mistyped {
            return Diagnostic::error(Code::Syntax, format!("expected `{written}`, found `{typed}`"))
                .at(span, "not expected here")
                .help(format!("did you mean `{written}`?"))
                .maybe_fix(span, (change(&typed.to_lowercase(), written) == Some(1)).then(|| (*written).to_owned()));
        }
        let (before, after) = (&text[..*at], &text[at + self.written.len()..]);
        let mut fix = written.trim().to_owned();
        // Marks may touch their neighbours, the words for them may not.
        if written.starts_with(' ') && !before.ends_with(char::is_whitespace) {
            fix.insert(0, ' ');
        }
        if written.ends_with(' ') && !after.starts_with(char::is_whitespace) {
            fix.push(' ');
        }
        let written = written.trim();
        let (headline, help) = match typed.to_lowercase().as_str() {
            ";" => ("a sentence needs no `;`".to_owned(), "remove it".to_owned()),
            "like" => (
                "`like` is written `contains`".to_owned(),
                "write `contains \"…\"`, `starts with \"…\"` or `ends with \"…\"`, without `%`".to_owned(),
            ),
            _ => (format!("`{typed}` is written `{written}`"), format!("write `{written}`")),
        };
        let fix = (typed.to_lowercase() != "like").then_some(fix);
        Diagnostic::error(Code::ForeignHabit, headline)
            .at(span, "from another language")
            .help(help)
            .maybe_fix(span, fix)
    }
}
