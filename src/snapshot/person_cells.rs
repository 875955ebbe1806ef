//! Reads the cells of a person's row that mean more than text. A cell that cannot be read is a [`Slip`] and counts in the
//! way in which nobody receives a record by mistake.

use crate::column::{Cell, Formats, read_day_text, read_number};
use crate::schema::{Days, Membership, days_are_empty};
use crate::value::{Decimal, fold};

/// What can be wrong with a cell of the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slip {
    Active,
    Capacity,
    Weight,
    AwayDate,
    AwayOrder,
    TeamDate,
    TeamOrder,
}

/// What is wrong, and the text that stands there.
pub(super) type Slips = Vec<(Slip, String)>;

/// Letters of a cell that are shown.
const SHOWN_MAX: usize = 80;

/// Text without its outer blanks; `None` for a blank cell.
pub(super) fn text(cell: Cell<'_>) -> Option<String> {
    let text = cell.text();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whoever may have left gets nothing new until it is clear.
pub(super) fn active(cell: Cell<'_>, slips: &mut Slips) -> bool {
    let Some(word) = written(cell) else {
        return true;
    };
    match fold(&word).as_str() {
        "yes" | "true" | "1" | "y" | "t" => true,
        "no" | "false" | "0" | "n" | "f" => false,
        _ => {
            slip(slips, Slip::Active, &word);
            false
        }
    }
}

/// A whole number of 0 or more; what is none counts as 0.
pub(super) fn capacity(cell: Cell<'_>, formats: &Formats, slips: &mut Slips) -> Option<u64> {
    let text = written(cell)?;
    let number = read_number(cell, formats.number).filter(|number| number.fract().is_zero());
    let count = number.and_then(|number| u64::try_from(number).ok());
    Some(count.unwrap_or_else(|| {
        slip(slips, Slip::Capacity, &text);
        0
    }))
}

/// A number of 0 or more; what is none counts as 0.
pub(super) fn weight(cell: Cell<'_>, formats: &Formats, slips: &mut Slips) -> Option<Decimal> {
    let text = written(cell)?;
    let number = read_number(cell, formats.number).filter(|number| *number >= Decimal::ZERO);
    Some(number.unwrap_or_else(|| {
        slip(slips, Slip::Weight, &text);
        Decimal::ZERO
    }))
}

/// The days away: first days in one cell, last days in the other, `;` between several. A blank one is open, two blank ones
/// are no time away. A date that cannot be read leaves its side open; an end before its start is every day.
pub(super) fn away(from: Cell<'_>, until: Cell<'_>, formats: &Formats, slips: &mut Slips) -> Vec<Days> {
    let (from, until) = (written(from).unwrap_or_default(), written(until).unwrap_or_default());
    let mut side = |part: Option<&str>| match part.map(str::trim).filter(|part| !part.is_empty()) {
        None => (false, None),
        Some(part) => {
            let day = read_day_text(part, formats);
            if day.is_none() {
                slip(slips, Slip::AwayDate, part);
            }
            (true, day)
        }
    };
    let (mut firsts, mut lasts) = (from.split(';'), until.split(';'));
    let mut away = Vec::new();
    let mut turned = Vec::new();
    loop {
        let (first, last) = (firsts.next(), lasts.next());
        if first.is_none() && last.is_none() {
            break;
        }
        let ((has_first, from), (has_last, until)) = (side(first), side(last));
        if days_are_empty((from, until)) {
            turned.push(format!("{} to {}", first.unwrap_or_default().trim(), last.unwrap_or_default().trim()));
            away.push((None, None));
        } else if has_first || has_last {
            away.push((from, until));
        }
    }
    for text in turned {
        slip(slips, Slip::AwayOrder, &text);
    }
    away
}

/// The teams of a cell, `;` between them, each with its days behind it: `DACH from 2026-01-01 until 2026-06-30`.
///
/// One whose dates cannot be read is left out; one that ends before it starts holds no day. A declared team may have
/// `from` or `until` in its name.
pub(super) fn teams(
    text: &str,
    formats: &Formats,
    is_team: &dyn Fn(&str) -> bool,
    slips: &mut Slips,
) -> Vec<Membership> {
    let mut teams = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        match membership(part, formats, is_team) {
            Some(membership) => {
                if days_are_empty(membership.days()) {
                    slip(slips, Slip::TeamOrder, part);
                }
                teams.push(membership);
            }
            None => slip(slips, Slip::TeamDate, part),
        }
    }
    teams
}

fn membership(part: &str, formats: &Formats, is_team: &dyn Fn(&str) -> bool) -> Option<Membership> {
    let mut marks = words(part).filter(|(at, word)| *at > 0 && mark(word).is_some()).map(|(at, _)| at);
    let Some(first) = marks.next().filter(|_| !is_team(part)) else {
        return Some(Membership::always(part));
    };
    let at = marks.find(|at| is_team(part[..*at].trim_end())).unwrap_or(first);
    let (from, until) = dates(&part[at..], formats)?;
    Some(Membership { team: part[..at].trim_end().to_owned(), from, until })
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    From,
    Until,
}

fn mark(word: &str) -> Option<Mark> {
    if word.eq_ignore_ascii_case("from") {
        Some(Mark::From)
    } else if word.eq_ignore_ascii_case("until") {
        Some(Mark::Until)
    } else {
        None
    }
}

/// `from DAY`, `until DAY` or both, in either order, and nothing besides.
fn dates(text: &str, formats: &Formats) -> Option<Days> {
    let mut marks = words(text).filter_map(|(at, word)| Some((at, word.len(), mark(word)?))).peekable();
    let (mut from, mut until) = (None, None);
    while let Some((at, length, mark)) = marks.next() {
        let end = marks.peek().map_or(text.len(), |next| next.0);
        let day = read_day_text(&text[at + length..end], formats)?;
        let side = if mark == Mark::From { &mut from } else { &mut until };
        if side.replace(day).is_some() {
            return None;
        }
    }
    Some((from, until))
}

/// The words of a text and where they start, in bytes.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let start = text.as_ptr() as usize;
    text.split_whitespace().map(move |word| (word.as_ptr() as usize - start, word))
}

/// What a cell holds, as [`text`]; bytes that are no text are not the same as nothing.
fn written(cell: Cell<'_>) -> Option<String> {
    match cell {
        Cell::Unreadable => Some("bytes that are no text".to_owned()),
        cell => text(cell),
    }
}

fn slip(slips: &mut Slips, slip: Slip, text: &str) {
    slips.push((slip, text.chars().take(SHOWN_MAX).collect()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{NumberFormat, time::parse_day};

    fn day(text: &str) -> Option<i32> {
        Some(parse_day(text).unwrap())
    }

    fn german() -> Formats {
        let number = NumberFormat { decimal: ',', grouping: Some('.') };
        Formats { number, date: Some("%d.%m.%Y".into()), ..Formats::default() }
    }

    #[test]
    fn room_and_weight_are_numbers_of_nought_or_more() {
        let mut slips = Slips::new();
        let plain = Formats::default();
        assert_eq!(capacity(Cell::Text(" "), &plain, &mut slips), None);
        assert_eq!(capacity(Cell::Text("0"), &plain, &mut slips), Some(0));
        assert_eq!(capacity(Cell::Real(40.0), &plain, &mut slips), Some(40));
        assert_eq!(capacity(Cell::Text("1.200"), &german(), &mut slips), Some(1200));
        assert_eq!(weight(Cell::Text("0,5"), &german(), &mut slips), Some(Decimal::new(5, 1)));
        assert_eq!(weight(Cell::Real(0.5), &german(), &mut slips), Some(Decimal::new(5, 1)));
        assert_eq!(weight(Cell::Integer(0), &plain, &mut slips), Some(Decimal::ZERO));
        assert!(slips.is_empty());
        for bad in ["many", "-1", "1.5", "1e3", "99999999999999999999999"] {
            assert_eq!(capacity(Cell::Text(bad), &plain, &mut slips), Some(0), "{bad}");
            assert_eq!(slips.pop(), Some((Slip::Capacity, bad.to_owned())));
        }
        for bad in [Cell::Text("-1"), Cell::Text("half"), Cell::Real(f64::NAN), Cell::Real(-0.5), Cell::Bool(true)] {
            assert_eq!(weight(bad, &plain, &mut slips), Some(Decimal::ZERO), "{bad:?}");
            assert_eq!(slips.pop().map(|(slip, _)| slip), Some(Slip::Weight));
        }
        assert_eq!(capacity(Cell::Unreadable, &plain, &mut slips), Some(0));
        assert_eq!(slips.len(), 1);
    }

    #[test]
    fn leave_that_is_unclear_is_time_away() {
        let plain = Formats::default();
        let read = |from, until| {
            let mut slips = Slips::new();
            let away = away(Cell::Text(from), Cell::Text(until), &plain, &mut slips);
            (away, slips.into_iter().map(|(slip, text)| format!("{slip:?} {text}")).collect::<Vec<_>>())
        };
        let (first, last) = (day("2026-03-01"), day("2026-03-09"));
        assert_eq!(read("", " "), (vec![], vec![]));
        assert_eq!(read("2026-03-01", "2026-03-09"), (vec![(first, last)], vec![]));
        assert_eq!(read("", "2026-03-09"), (vec![(None, last)], vec![]));
        assert_eq!(read("2026-03-01", ""), (vec![(first, None)], vec![]));
        assert_eq!(read("2026-03-01; ;", "2026-03-01; ; 2026-03-09"), (vec![(first, first), (None, last)], vec![]));
        assert_eq!(read("soon", "2026-03-09"), (vec![(None, last)], vec!["AwayDate soon".into()]));
        assert_eq!(read("", "later"), (vec![(None, None)], vec!["AwayDate later".into()]));
        let turned = vec!["AwayOrder 2026-03-09 to 2026-03-01".to_owned()];
        assert_eq!(read("2026-03-09", "2026-03-01"), (vec![(None, None)], turned));
    }

    #[test]
    fn a_team_may_carry_its_days() {
        let mut slips = Slips::new();
        let mut read = |text: &str, formats: &Formats| {
            let is_team = |name: &str| name == "Back from Leave";
            let teams = teams(text, formats, &is_team, &mut slips);
            (teams, std::mem::take(&mut slips))
        };
        let plain = Formats::default();
        let dated = |team: &str, from, until| Membership { team: team.into(), from, until };
        let (first, last) = (day("2026-01-01"), day("2026-06-30"));
        let text = "EMEA-Sales; DACH from 2026-01-01 until 2026-06-30;; Key Accounts UNTIL 2026-06-30 ";
        let expected =
            vec![Membership::always("EMEA-Sales"), dated("DACH", first, last), dated("Key Accounts", None, last)];
        assert_eq!(read(text, &plain), (expected, vec![]));
        assert_eq!(read("DACH until 30.06.2026 from 01.01.2026", &german()).0, [dated("DACH", first, last)]);
        assert_eq!(read("Back from Leave", &plain).0, [Membership::always("Back from Leave")]);
        assert_eq!(read("Back from Leave from 2026-01-01", &plain).0, [dated("Back from Leave", first, None)]);
        assert_eq!(read("from Anywhere", &plain).1, vec![]);
        for bad in ["DACH from soon", "DACH from", "DACH from 2026-01-01 from 2026-01-02", "DACH from 2026-01-01 x"] {
            assert_eq!(read(bad, &plain), (vec![], vec![(Slip::TeamDate, bad.to_owned())]), "{bad}");
        }
        let (teams, slips) = read("DACH from 2026-06-30 until 2026-01-01", &plain);
        assert!(!teams[0].counts_on(first.unwrap()) && !teams[0].counts_on(last.unwrap()));
        assert_eq!(slips[0].0, Slip::TeamOrder);
    }
}
