//! Business hours: when a company is open, and how much of that lies between two instants.
//!
//! Hours are what the clocks of one zone show. Where clocks skip a time (a change to summer time), hours begin and end at
//! the moment of the change; a time that clocks show twice is meant as they show it first. Asks no clock.

use super::time::{DAY_MAX, DAY_MIN, date, day_of};
use jiff::tz::{AmbiguousOffset, TimeZone};
use std::collections::BTreeSet;

/// Minutes of a day, from midnight: the first open one and the first closed one, 1,440 at most.
pub type OpenHours = (u16, u16);

const MINUTES_A_DAY: u16 = 24 * 60;
const MICROS_A_MINUTE: i64 = 60_000_000;

/// The hours of a week, without holidays, in one zone.
#[derive(Clone, Debug)]
pub struct BusinessCalendar {
    /// By weekday, Monday first: sorted, apart from each other, none of them empty.
    hours: [Vec<OpenHours>; 7],
    /// Days without any open hour.
    holidays: BTreeSet<i32>,
    zone: TimeZone,
}

impl BusinessCalendar {
    /// Hours by weekday, Monday first; in any order, those that touch are joined, empty ones left out. `holidays` are days
    /// since 1970-01-01.
    pub fn new(hours: [Vec<OpenHours>; 7], holidays: impl IntoIterator<Item = i32>, zone: TimeZone) -> Self {
        Self { hours: hours.map(tidy), holidays: holidays.into_iter().collect(), zone }
    }

    /// Monday to Friday, 09:00 to 17:00.
    pub fn usual_hours() -> [Vec<OpenHours>; 7] {
        std::array::from_fn(|weekday| if weekday < 5 { vec![(9 * 60, 17 * 60)] } else { Vec::new() })
    }

    /// Whether no weekday has an open hour.
    pub fn is_empty(&self) -> bool {
        self.hours.iter().all(Vec::is_empty)
    }

    pub fn is_open(&self, instant: i64) -> bool {
        let day = day_of(instant, &self.zone);
        // Where clocks go back over midnight, an instant may belong to the hours of the day beside its own.
        (day - 1..=day + 1).any(|day| self.spans(day).any(|(open, close)| open <= instant && instant < close))
    }

    /// The first instant at which so many minutes of business time have passed; `instant` itself for none.
    ///
    /// `None` where they never pass: there is no open hour at all, or not enough until the year 9999.
    pub fn add(&self, instant: i64, minutes: u64) -> Option<i64> {
        if minutes == 0 {
            return Some(instant);
        }
        let mut left = self.micros(minutes)?;
        let first = (day_of(instant, &self.zone) - 1).max(DAY_MIN);
        for (open, close) in (first..=DAY_MAX).flat_map(|day| self.spans(day)) {
            let open = open.max(instant);
            if close - open >= left {
                return Some(open + left);
            }
            left -= (close - open).max(0);
        }
        None
    }

    /// The last instant from which so many minutes of business time pass until `instant`; `instant` itself for none.
    ///
    /// So `between(then, instant) >= minutes` holds for every `then` up to that instant, and for none after it. `None`
    /// where there is no open hour at all, or not enough since the year 1.
    pub fn subtract(&self, instant: i64, minutes: u64) -> Option<i64> {
        if minutes == 0 {
            return Some(instant);
        }
        let mut left = self.micros(minutes)?;
        let last = (day_of(instant, &self.zone) + 1).min(DAY_MAX);
        for (open, close) in (DAY_MIN..=last).rev().flat_map(|day| self.spans(day).rev()) {
            let close = close.min(instant);
            if close - open >= left {
                return Some(close - left);
            }
            left -= (close - open).max(0);
        }
        None
    }

    /// The whole minutes of business time between two instants; 0 where the second is not the later one.
    pub fn between(&self, from: i64, until: i64) -> u64 {
        if until <= from || self.is_empty() {
            return 0;
        }
        let first = (day_of(from, &self.zone) - 1).max(DAY_MIN);
        let last = (day_of(until, &self.zone) + 1).min(DAY_MAX);
        let open: i64 = (first..=last)
            .flat_map(|day| self.spans(day))
            .map(|(open, close)| (close.min(until) - open.max(from)).max(0))
            .sum();
        u64::try_from(open / MICROS_A_MINUTE).unwrap_or(0)
    }

    /// Minutes as microseconds, where there can be so many open ones at all.
    fn micros(&self, minutes: u64) -> Option<i64> {
        let most = (i64::from(DAY_MAX) - i64::from(DAY_MIN) + 1) * i64::from(MINUTES_A_DAY);
        let minutes = i64::try_from(minutes).ok().filter(|minutes| *minutes <= most && !self.is_empty())?;
        Some(minutes * MICROS_A_MINUTE)
    }

    /// The open times of a day as instants, in order.
    fn spans(&self, day: i32) -> impl DoubleEndedIterator<Item = (i64, i64)> + '_ {
        let hours = match self.holidays.contains(&day) {
            true => &[],
            // 1970-01-01 was a Thursday.
            false => self.hours[usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)].as_slice(),
        };
        hours.iter().filter_map(move |(from, until)| {
            let (open, close) = (self.shown_first(day, *from)?, self.shown_first(day, *until)?);
            (open < close).then_some((open, close))
        })
    }

    /// The first instant at which clocks show a minute of a day or a later one; `None` past the calendar's ends.
    fn shown_first(&self, day: i32, minute: u16) -> Option<i64> {
        let (day, minute) = if minute < MINUTES_A_DAY { (day, minute) } else { (day + 1, 0) };
        if !(DAY_MIN..=DAY_MAX).contains(&day) {
            return None;
        }
        let (hour, minute) = (i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?);
        let found = self.zone.to_ambiguous_timestamp(date(day).at(hour, minute, 0, 0));
        let instant = match found.offset() {
            // What clocks skip begins when they do.
            AmbiguousOffset::Gap { .. } => self.zone.following(found.earlier().ok()?).next()?.timestamp(),
            _ => found.earlier().ok()?,
        };
        Some(instant.as_microsecond())
    }
}

fn tidy(mut hours: Vec<OpenHours>) -> Vec<OpenHours> {
    hours.sort_unstable();
    let mut tidy: Vec<OpenHours> = Vec::new();
    for (from, until) in hours {
        let until = until.min(MINUTES_A_DAY);
        match tidy.last_mut() {
            _ if until <= from => {}
            Some((_, end)) if from <= *end => *end = until.max(*end),
            _ => tidy.push((from, until)),
        }
    }
    tidy
}

/// Reads `09:00-17:30`, several of them with commas between, or `closed`; `None` for anything else, and for hours that
/// end before they begin. `24:00` is the end of a day.
pub fn parse_hours(text: &str) -> Option<Vec<OpenHours>> {
    if text.trim().eq_ignore_ascii_case("closed") {
        return Some(Vec::new());
    }
    text.split(',')
        .map(|span| {
            let (from, until) = span.split_once('-')?;
            let (from, until) = (parse_minute(from)?, parse_minute(until)?);
            (from < until).then_some((from, until))
        })
        .collect()
}

/// Reads `9:00`, `17:30` or `24:00` as a minute of the day.
fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_plain = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_plain(hour, 1..=2) || !is_plain(minute, 2..=2) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minute_of_day = hour * 60 + minute;
    (minute < 60 && minute_of_day <= MINUTES_A_DAY).then_some(minute_of_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::{self, parse_day, start_of_day};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    /// The same hours every day of the week.
    fn daily(hours: &str, zone_name: &str) -> BusinessCalendar {
        let hours = parse_hours(hours).unwrap();
        BusinessCalendar::new(std::array::from_fn(|_| hours.clone()), [], zone(zone_name))
    }

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Zoned>().unwrap().timestamp().as_microsecond()
    }

    fn usual(holidays: &[&str]) -> BusinessCalendar {
        let holidays = holidays.iter().map(|day| parse_day(day).unwrap());
        BusinessCalendar::new(BusinessCalendar::usual_hours(), holidays, zone("Europe/Berlin"))
    }

    #[test]
    fn hours_are_read_as_they_are_written() {
        assert_eq!(parse_hours("09:00-17:30"), Some(vec![(540, 1050)]));
        assert_eq!(parse_hours(" 9:00 - 12:00, 13:00-24:00 "), Some(vec![(540, 720), (780, 1440)]));
        assert_eq!(parse_hours("Closed"), Some(vec![]));
        for bad in [
            "",
            "9-17",
            "09:00",
            "17:00-09:00",
            "09:00-09:00",
            "09:60-10:00",
            "00:00-24:01",
            "+9:00-10:00",
            "a:00-b:00",
        ] {
            assert_eq!(parse_hours(bad), None, "{bad}");
        }
    }

    #[test]
    fn weekends_and_holidays_are_skipped() {
        let calendar = usual(&["2026-12-25"]);
        // Thursday, 24 December 2026.
        let thursday = at("2026-12-24T16:00[Europe/Berlin]");
        assert_eq!(calendar.add(thursday, 60), Some(at("2026-12-24T17:00[Europe/Berlin]")));
        assert_eq!(calendar.add(thursday, 61), Some(at("2026-12-28T09:01[Europe/Berlin]")));
        assert_eq!(calendar.between(thursday, at("2026-12-28T10:00[Europe/Berlin]")), 120);
        assert_eq!(calendar.subtract(at("2026-12-28T10:00[Europe/Berlin]"), 120), Some(thursday));
        assert_eq!(calendar.subtract(at("2026-12-28T09:00[Europe/Berlin]"), 1), Some(thursday + 59 * MICROS_A_MINUTE));
        assert_eq!(calendar.add(at("2026-12-26T12:00[Europe/Berlin]"), 0), Some(at("2026-12-26T12:00[Europe/Berlin]")));
        assert_eq!(calendar.between(at("2026-12-25T00:00[Europe/Berlin]"), at("2026-12-28T00:00[Europe/Berlin]")), 0);
        assert!(calendar.is_open(thursday) && !calendar.is_open(at("2026-12-24T17:00[Europe/Berlin]")));
        assert!(!calendar.is_open(at("2026-12-25T10:00[Europe/Berlin]")));
    }

    #[test]
    fn a_begun_minute_does_not_count() {
        let calendar = usual(&[]);
        let start = at("2026-07-01T09:00[Europe/Berlin]");
        assert_eq!(calendar.between(start, start + 2 * MICROS_A_MINUTE - 1), 1);
        assert_eq!(calendar.between(start, start), 0);
        assert_eq!(calendar.between(start + 5 * MICROS_A_MINUTE, start), 0);
    }

    #[test]
    fn several_spans_of_a_day_add_up() {
        let calendar = daily("13:00-17:00, 8:00-12:00, 11:00-12:00", "UTC");
        let noon = at("2026-07-01T11:30[UTC]");
        assert_eq!(calendar.add(noon, 30), Some(at("2026-07-01T12:00[UTC]")));
        assert_eq!(calendar.add(noon, 31), Some(at("2026-07-01T13:01[UTC]")));
        assert_eq!(calendar.between(at("2026-07-01T00:00[UTC]"), at("2026-07-02T00:00[UTC]")), 8 * 60);
    }

    #[test]
    fn hours_follow_the_clocks_where_they_change() {
        let (summer, winter) = ("2026-03-29", "2026-10-25");
        let minutes = |hours: &str, day: &str, name: &str| {
            let start = start_of_day(parse_day(day).unwrap(), &zone(name));
            let end = start_of_day(parse_day(day).unwrap() + 1, &zone(name));
            daily(hours, name).between(start, end)
        };
        let berlin = "Europe/Berlin";
        assert_eq!(minutes("1:00-4:00", summer, berlin), 2 * 60);
        assert_eq!(minutes("1:00-4:00", winter, berlin), 4 * 60);
        assert_eq!(minutes("0:00-24:00", summer, berlin), 23 * 60);
        assert_eq!(minutes("0:00-24:00", winter, berlin), 25 * 60);
        // Clocks skip this half hour whole, and half of the next one.
        assert_eq!(minutes("2:00-2:30", summer, berlin), 0);
        assert_eq!(minutes("2:30-3:30", summer, berlin), 30);
        // Closed when clocks first show 2:30.
        assert_eq!(minutes("2:00-2:30", winter, berlin), 30);
        assert_eq!(minutes("2:30-3:30", winter, berlin), 120);
        // A midnight that does not exist, and a day that does not.
        assert_eq!(minutes("0:00-2:00", "2018-11-04", "America/Sao_Paulo"), 60);
        assert_eq!(minutes("0:00-24:00", "2011-12-30", "Pacific/Apia"), 0);
    }

    #[test]
    fn what_never_comes_is_none() {
        let closed = daily("closed", "UTC");
        assert!(closed.is_empty() && !closed.is_open(0));
        assert_eq!((closed.add(0, 1), closed.subtract(0, 1), closed.between(0, i64::MAX)), (None, None, 0));
        assert_eq!(closed.add(7, 0), Some(7));
        let calendar = usual(&[]);
        assert_eq!((calendar.add(0, u64::MAX), calendar.subtract(0, u64::MAX)), (None, None));
        for edge in [i64::MIN, i64::MAX] {
            assert!(!calendar.is_open(edge));
            assert_eq!(calendar.between(edge, edge), 0);
        }
        assert_eq!(calendar.add(i64::MAX, 1), None);
        assert_eq!(calendar.subtract(i64::MIN, 1), None);
        // No instant lies on the calendar's last day.
        assert_eq!(calendar.add(at("9999-12-30T16:59[Europe/Berlin]"), 2), None);
        let first = calendar.add(i64::MIN, 1).unwrap();
        assert_eq!(time::day_of(first, &zone("Europe/Berlin")), DAY_MIN);
    }

    /// Some zones change their clocks forward and back, at midnight, by half an hour, or over the day's end.
    const ZONES: [&str; 6] =
        ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"];

    fn calendars() -> impl Strategy<Value = BusinessCalendar> {
        let span = (0_u16..1440, 1_u16..1440).prop_map(|(from, length)| (from, (from + length).min(1440)));
        let day = || prop::collection::vec(span.clone(), 0..3);
        let week = prop::array::uniform7(day());
        let holidays = prop::collection::vec(5_000_i32..20_700, 0..40);
        (week, holidays, prop::sample::select(ZONES.as_slice()))
            .prop_map(|(week, holidays, name)| BusinessCalendar::new(week, holidays, zone(name)))
            .prop_filter("an open hour", |calendar| !calendar.is_empty())
    }

    /// Instants from 1990 on, many of them near a change of clocks.
    fn instants() -> impl Strategy<Value = i64> {
        let any_time = 631_152_000_000_000_i64..1_780_000_000_000_000;
        let near_change =
            (any_time.clone(), prop::sample::select(ZONES.as_slice()), -172_800_000_000_i64..172_800_000_000);
        let near_change = near_change.prop_map(|(instant, name, shift)| {
            let zone = zone(name);
            let change = zone.preceding(time::timestamp(instant)).next();
            change.map_or(instant, |change| change.timestamp().as_microsecond()) + shift
        });
        prop_oneof![any_time, near_change]
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(20_261_121),
            ..ProptestConfig::with_cases(256)
        })]

        #[test]
        fn what_is_added_lies_between(calendar in calendars(), start in instants(), m in 0_u64..20_000, n in 0_u64..5_000) {
            let end = calendar.add(start, m).unwrap();
            prop_assert_eq!(calendar.between(start, end), m);
            prop_assert_eq!(calendar.add(end, n), calendar.add(start, m + n));
            prop_assert!(end <= calendar.add(start, m + n).unwrap());
            let before = calendar.subtract(start, m).unwrap();
            prop_assert_eq!(calendar.between(before, start), m);
            prop_assert_eq!(calendar.subtract(before, n), calendar.subtract(start, m + n));
        }

        #[test]
        fn later_starts_end_no_earlier(calendar in calendars(), a in instants(), b in instants(), m in 0_u64..20_000) {
            let (a, b) = (a.min(b), a.max(b));
            prop_assert!(calendar.add(a, m) <= calendar.add(b, m));
            prop_assert!(calendar.subtract(a, m) <= calendar.subtract(b, m));
            // The way to ask many records at once: one instant, worked out ahead.
            prop_assert_eq!(calendar.between(a, b) >= m, m == 0 || a <= calendar.subtract(b, m).unwrap());
        }

        /// Minute by minute, by what clocks show: from 4:00 to 23:00 no zone here shows a time twice.
        #[test]
        fn the_clocks_say_the_same(start in instants(), length in 0_i64..5_000, from in 240_u16..1440, span in 1_u16..900,
            name in prop::sample::select(ZONES.as_slice())) {
            let hours = vec![(from, (from + span).min(1440))];
            let zone = zone(name);
            let calendar = BusinessCalendar::new(std::array::from_fn(|_| hours.clone()), [], zone.clone());
            let start = start - start.rem_euclid(MICROS_A_MINUTE);
            let end = start + length * MICROS_A_MINUTE;
            let is_open = |minute: &i64| {
                let shown = time::timestamp(start + minute * MICROS_A_MINUTE).to_zoned(zone.clone());
                let shown = u16::try_from(i32::from(shown.hour()) * 60 + i32::from(shown.minute())).unwrap();
                hours.iter().any(|(from, until)| *from <= shown && shown < *until)
            };
            let counted = (0..length).filter(is_open).count() as u64;
            let is_near_change = zone.preceding(time::timestamp(end)).next().is_some_and(|change| {
                let change = change.timestamp().as_microsecond();
                change > start - 86_400_000_000
            });
            prop_assert!(calendar.between(start, end) == counted || is_near_change && hours[0].1 > 23 * 60);
        }
    }
}
