//! Days and instants as plain numbers, and how they are written.
//!
//! A day is a count of days since 1970-01-01 (`i32`); an instant is a count of microseconds since
//! 1970-01-01T00:00:00Z (`i64`). Nothing here asks a clock: "now" comes in as a value ([`AsOf`]).

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// The first day a date may be: 0001-01-01.
pub const DAY_MIN: i32 = -719_162;
/// The last day a date may be: 9999-12-31.
pub const DAY_MAX: i32 = 2_932_896;

/// Length of a span of time as an admin writes it. Days, weeks, months and years are calendar spans; hours and minutes
/// are elapsed time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

impl Unit {
    pub fn word(self) -> &'static str {
        match self {
            Unit::Minutes => "minutes",
            Unit::Hours => "hours",
            Unit::Days => "days",
            Unit::Weeks => "weeks",
            Unit::Months => "months",
            Unit::Years => "years",
        }
    }

    /// Whether it is elapsed time rather than a calendar span.
    pub fn is_clock(self) -> bool {
        matches!(self, Unit::Minutes | Unit::Hours)
    }
}

/// The one instant a run speaks of, and the zone in which it has a date (design section 3, point 9).
#[derive(Clone, Debug)]
pub struct AsOf {
    pub instant: i64,
    pub zone: TimeZone,
}

impl AsOf {
    /// An instant in UTC.
    pub fn utc(instant: i64) -> Self {
        Self { instant, zone: TimeZone::UTC }
    }

    /// Noon in UTC of a day, for tests and for `--as-of 2026-01-31`.
    pub fn day_start(day: i32, zone: TimeZone) -> Self {
        Self { instant: start_of_day(day, &zone), zone }
    }

    /// The date in the project's zone.
    pub fn today(&self) -> i32 {
        day_of(self.instant, &self.zone)
    }
}

/// The day of a civil date.
pub fn day(date: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    // A span between two valid dates in days always fits 32 bits.
    epoch.until(date).map_or(0, |span| span.get_days())
}

/// The civil date of a day; days outside years 1 to 9999 are clamped.
pub fn date(day: i32) -> Date {
    let epoch = Date::constant(1970, 1, 1);
    epoch.saturating_add(jiff::Span::new().days(day.clamp(DAY_MIN, DAY_MAX)))
}

/// Moves a day by `amount` calendar units; months and years clamp (31 January + 1 month = 28 or 29 February). Clock
/// units do not move a day. Past the calendar's ends the end is returned.
pub fn add_to_day(from: i32, amount: i64, unit: Unit) -> i32 {
    let limit = |days: i64| i32::try_from(days.clamp(i64::from(DAY_MIN), i64::from(DAY_MAX))).unwrap_or(DAY_MAX);
    match unit {
        Unit::Minutes | Unit::Hours => from,
        Unit::Days => limit(i64::from(from).saturating_add(amount)),
        Unit::Weeks => limit(i64::from(from).saturating_add(amount.saturating_mul(7))),
        Unit::Months => add_months(from, amount),
        Unit::Years => add_months(from, amount.saturating_mul(12)),
    }
}

fn add_months(from: i32, months: i64) -> i32 {
    let start = date(from);
    let count = (i64::from(start.year()) * 12 + i64::from(start.month()) - 1).saturating_add(months);
    if count < 12 {
        return DAY_MIN;
    }
    if count >= 120_000 {
        return DAY_MAX;
    }
    // 12 <= count < 120,000 keeps year within 1..=9999 and month within 1..=12.
    let year = i16::try_from(count.div_euclid(12)).unwrap_or(9999);
    let month = i8::try_from(count.rem_euclid(12) + 1).unwrap_or(12);
    let last = Date::new(year, month, 1).map_or(28, |first| first.days_in_month());
    Date::new(year, month, start.day().min(last)).map_or(from, day)
}

/// The day on which an instant falls in a zone.
pub fn day_of(instant: i64, zone: &TimeZone) -> i32 {
    day(timestamp(instant).to_zoned(zone.clone()).date())
}

/// The first instant of a day in a zone.
pub fn start_of_day(day: i32, zone: &TimeZone) -> i64 {
    let midnight = date(day).at(0, 0, 0, 0);
    zone.to_ambiguous_timestamp(midnight)
        .compatible()
        .map_or(i64::from(day).saturating_mul(86_400_000_000), |t| t.as_microsecond())
}

/// The timestamp of an instant; instants outside the calendar are clamped.
pub fn timestamp(instant: i64) -> Timestamp {
    Timestamp::from_microsecond(instant).unwrap_or(if instant < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// `2026-01-31`.
pub fn show_day(day: i32) -> String {
    date(day).to_string()
}

/// `2026-01-31T09:00:00Z`, with a fraction only where there is one.
pub fn show_instant(instant: i64) -> String {
    timestamp(instant).to_string()
}

/// An instant for people: to the second.
pub fn show_second(instant: i64) -> String {
    show_instant(instant - instant.rem_euclid(1_000_000))
}

/// An instant to the second, as clocks in a zone show it, with the zone's offset: `2026-11-01T00:00:00+01:00`.
pub fn show_second_in(instant: i64, zone: &TimeZone) -> String {
    let second = instant - instant.rem_euclid(1_000_000);
    let zoned = timestamp(second).to_zoned(zone.clone());
    if zoned.offset().seconds() == 0 {
        show_instant(second)
    } else {
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

/// The day of `2026-01-31`; `None` for anything else.
pub fn parse_day(text: &str) -> Option<i32> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    let digits = |from: usize, to: usize| -> Option<i64> {
        bytes[from..to]
            .iter()
            .try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
    };
    if !shape {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    let days_in_month = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    };
    if year == 0 || day == 0 || day > days_in_month {
        return None;
    }
    i32::try_from(days_from_civil(year, month, day)).ok()
}

/// The day a text names under a strftime pattern; `None` for anything else.
///
/// A four-digit year must be written with four digits: `03-01-17` is no date of the year 17.
pub fn parse_day_as(pattern: &str, text: &str) -> Option<i32> {
    let date = Date::strptime(pattern, text).ok()?;
    (date.year() >= 1000).then(|| day(date))
}

/// The instant a text names under a strftime pattern, in `zone` unless the text says its own offset.
pub fn parse_instant_as(pattern: &str, text: &str, zone: &TimeZone) -> Option<i64> {
    let parts = jiff::fmt::strtime::parse(pattern, text).ok()?;
    if parts.year().is_none_or(|year| year < 1000) {
        return None;
    }
    if let Ok(exact) = parts.to_timestamp() {
        return Some(exact.as_microsecond());
    }
    let civil = parts.to_datetime().ok()?;
    let zoned = civil.to_zoned(zone.clone()).ok()?;
    Some(zoned.timestamp().as_microsecond())
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_round_trip() {
        assert_eq!(parse_day("1970-01-01"), Some(0));
        assert_eq!(parse_day("0001-01-01"), Some(DAY_MIN));
        assert_eq!(parse_day("9999-12-31"), Some(DAY_MAX));
        for day in [DAY_MIN, -1, 0, 59, 11_016, 20_000, DAY_MAX] {
            assert_eq!(parse_day(&show_day(day)), Some(day));
        }
        for bad in ["2026-02-29", "2026-13-01", "2026-00-01", "2026-1-1", "26-01-01", "2026-01-32", "0000-01-01"] {
            assert_eq!(parse_day(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_pattern_for_four_digits_takes_no_two() {
        assert_eq!(parse_day_as("%d-%m-%Y", "03-01-17"), None);
        assert_eq!(parse_day_as("%d-%m-%y", "03-01-17"), parse_day("2017-01-03"));
        assert_eq!(parse_day_as("%m/%d/%Y", "3/1/2017"), parse_day("2017-03-01"));
        let utc = TimeZone::UTC;
        assert_eq!(parse_instant_as("%d-%m-%Y %H:%M", "03-01-17 00:00", &utc), None);
        assert!(parse_instant_as("%d-%m-%y %H:%M", "03-01-17 00:00", &utc).is_some());
    }

    #[test]
    fn months_clamp() {
        let january = parse_day("2026-01-31").unwrap();
        assert_eq!(show_day(add_to_day(january, 1, Unit::Months)), "2026-02-28");
        assert_eq!(show_day(add_to_day(january, -11, Unit::Months)), "2025-02-28");
        let leap = parse_day("2024-02-29").unwrap();
        assert_eq!(show_day(add_to_day(leap, 1, Unit::Years)), "2025-02-28");
        assert_eq!(add_to_day(january, i64::MAX, Unit::Years), DAY_MAX);
        assert_eq!(add_to_day(january, i64::MIN, Unit::Days), DAY_MIN);
    }

    #[test]
    fn a_day_starts_in_its_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC);
        let day = parse_day("2026-07-01").unwrap();
        assert_eq!(day_of(start_of_day(day, &zone), &zone), day);
        assert_eq!(day_of(start_of_day(day, &zone) - 1, &zone), day - 1);
    }
}
