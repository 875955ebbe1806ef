//! Sentences that are nearly ours: a word left out, one too many, or one that reads as well. Each is answered with the
//! sentence as it is written here.

use super::place::Place;
use super::recover::word_at;
use super::tree::PathExpr;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Words before the place of the failure that a sentence may be known by.
const WORDS_BACK: usize = 6;

/// `next Sales`, `least loaded Sales`: a name that begins like a pool.
pub fn pool(path: &PathExpr) -> Option<Diagnostic> {
    let (first, stray) = (path.single()?, path.stray.as_ref()?);
    let how = ["next", "least"].into_iter().find(|word| first.text.eq_ignore_ascii_case(word))?;
    let (how, member) = match stray.text.split_once(' ') {
        Some((loaded, member)) if how == "least" && loaded.eq_ignore_ascii_case("loaded") => ("least loaded", member),
        _ if how == "next" => (how, stray.text.as_str()),
        _ => return None,
    };
    let member = if member.contains(' ') { format!("\"{member}\"") } else { member.to_owned() };
    Some(
        syntax(format!("expected `of` after `{how}`"), first.span.to(stray.span), "a pool without `of`")
            .help(format!("write `{how} of {member}`")),
    )
}

/// `add eve, as needed`: who joins only when needed joins in a wave.
pub fn wave(path: &PathExpr) -> Option<Diagnostic> {
    let (first, stray) = (path.single()?, path.stray.as_ref()?);
    let engagement = format!("{} {}", first.text, stray.text).to_lowercase();
    matches!(engagement.as_str(), "as needed" | "on request").then(|| {
        syntax(format!("`{engagement}` stands behind a wave"), first.span.to(stray.span), "of which wave?")
            .help(format!("write `as extended, {engagement}`, with the wave's name in place of `extended`"))
    })
}

/// `any Opportunity`, `no Opportunity`: a question about other records without its bracket.
pub fn related(path: &PathExpr) -> Option<Diagnostic> {
    let (first, stray) = (path.single()?, path.stray.as_ref()?);
    let is_question = ["any", "no"].into_iter().any(|word| first.text.eq_ignore_ascii_case(word));
    (is_question && !stray.text.contains(' ')).then(|| {
        let word = first.text.to_lowercase();
        let (asked, count) = (format!("{word} {}", stray.text), if word == "no" { "= 0" } else { "> 0" });
        syntax(format!("`{asked}` does not say which"), first.span.to(stray.span), "a condition in brackets is missing")
            .help(format!("write `{asked} (…)`, or `count of {} {count}`", stray.text))
    })
}

/// `becomes not Active`: a change is asked of one value.
pub fn changed_value(left: &str, verb: &str, value: &PathExpr) -> Option<Diagnostic> {
    let (first, stray) = (value.single()?, value.stray.as_ref()?);
    first.text.eq_ignore_ascii_case("not").then(|| {
        let value = &stray.text;
        syntax(format!("`{verb}` takes a value, found `not`"), first.span, "not expected here")
            .help(format!("write `not ({left} {verb} {value})`, or name the values it may have instead of {value}"))
    })
}

fn syntax(headline: String, at: Span, label: &str) -> Diagnostic {
    Diagnostic::error(Code::Syntax, headline).at(at, label)
}

/// What a piece that cannot be read at an offset is near to.
pub fn sentence(text: &str, failed_at: usize, place: Place) -> Option<Diagnostic> {
    let found = word_at(text, failed_at);
    let before: Vec<&str> = text[..failed_at].split_whitespace().rev().take(WORDS_BACK).collect();
    let folded: Vec<String> = before.iter().map(|word| word.to_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    let after = next_word(&text[failed_at + found.len()..]);
    let here = |headline: String| syntax(headline, place.span(failed_at, failed_at + found.len()), "not expected here");
    if let Some((at, typed)) = hand_off(text, failed_at + found.len()) {
        return Some(
            syntax(format!("`{typed}` is written `hand off`"), place.span(at, at + typed.len()), "not known here")
                .help("write `hand off to … over 30 days`"),
        );
    }
    match (found.to_lowercase().as_str(), folded.as_slice()) {
        ("and" | "or", [_, "of", how, ..]) if matches!(*how, "next" | "loaded" | "any") => {
            let how = if *how == "loaded" { "least loaded" } else { how };
            Some(
                here(format!("several members of a pool stand in brackets, found `{found}`"))
                    .help(format!("write `{how} of ({}, {after})`", before[0])),
            )
        }
        ("rotation", _) if is_line_end(&text[failed_at + found.len()..]) => Some(
            here("`rotation` has no name".into())
                .help("write its name behind it, on the same line: `rotation inbound`"),
        ),
        ("to", ["changed", ..]) => {
            Some(here("`changed to` is written `becomes`".into()).help(format!("write `becomes {after}`")))
        }
        (_, [which @ ("highest" | "lowest"), "with", ..]) if !found.is_empty() => Some(
            here(format!("expected `count`, `sum of` or `average of`, found `{found}`"))
                .help(format!("write `{which} sum of {found}`")),
        ),
        ("of", [count, "top", ..]) => {
            Some(here("expected `by`, found `of`".into()).help(format!("write `top {count} by {after}`")))
        }
        (role, [verb @ ("hold" | "lock"), ..]) if !found.is_empty() && role != "owner" => Some(
            here(format!("expected `owner`, found `{found}`"))
                .help(format!("write `{verb} owner`: what is meant is who has the role that is decided")),
        ),
        (_, [record, "except", ..] | [record, "of", _, "except", ..])
            if !matches!(found, "" | "\"") && *record != "of" =>
        {
            Some(
                here(format!("expected a key in double quotes, found `{found}`"))
                    .help(format!("write `except {} \"{found}\"`", before[0])),
            )
        }
        _ => None,
    }
}

/// The next word or text in quotes; `…` where nothing follows.
fn next_word(rest: &str) -> &str {
    let rest = rest.trim_start();
    let closed = rest.strip_prefix('"').and_then(|text| text.split_once('"'));
    match closed {
        Some((text, _)) => &rest[..text.len() + 2],
        None => rest.split_whitespace().next().unwrap_or("…"),
    }
}

/// Whether nothing but a remark follows on the line.
fn is_line_end(rest: &str) -> bool {
    let line = rest.lines().next().unwrap_or_default().trim_start();
    line.is_empty() || line.starts_with(['#', '}'])
}

/// `handoff to`, `hand over to`: where it begins, no further than an offset, and how it is typed.
fn hand_off(text: &str, end: usize) -> Option<(usize, &str)> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split_whitespace() {
        at += text[at..].find(word)?;
        if at > end {
            break;
        }
        words.push((at, word));
        at += word.len();
    }
    let is = |typed: &str, word: &str| typed.eq_ignore_ascii_case(word);
    let (from, to) = words.windows(2).find_map(|pair| {
        let ((from, first), (at, second)) = (pair[0], pair[1]);
        let is_joined = is(second, "to") && JOINED.iter().any(|word| is(first, word));
        let is_over = is(first, "hand") && is(second, "over");
        match is_joined {
            true => Some((from, from + first.len())),
            false => is_over.then_some((from, at + second.len())),
        }
    })?;
    // Remarks and texts may say what they like.
    let line = text[..from].rsplit('\n').next().unwrap_or_default();
    (!line.contains('#') && line.matches('"').count().is_multiple_of(2)).then(|| (from, &text[from..to]))
}

const JOINED: &[&str] = &["handoff", "hand-off", "handover", "hand-over"];
