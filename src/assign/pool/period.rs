//! Calendar periods for caps such as `up to 5 per week`.

use crate::value::time::date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A calendar period. Weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    /// The first day of the period that a day lies in; days are counted from 1970-01-01.
    pub fn first_day(self, day: i32) -> i32 {
        let days_in = match self {
            Period::Day => 0,
            // Day 0 was a Thursday.
            Period::Week => day.saturating_add(3).rem_euclid(7),
            Period::Month => i32::from(date(day).day()) - 1,
        };
        day.saturating_sub(days_in)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::time::{parse_day, show_day};

    fn first(period: Period, day: &str) -> String {
        show_day(period.first_day(parse_day(day).unwrap()))
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        // 29 June 2026 is a Monday.
        assert_eq!(first(Period::Week, "2026-06-28"), "2026-06-22");
        assert_eq!(first(Period::Week, "2026-06-29"), "2026-06-29");
        assert_eq!(first(Period::Week, "2026-07-05"), "2026-06-29");
        assert_eq!(first(Period::Month, "2024-02-29"), "2024-02-01");
        assert_eq!(first(Period::Month, "2026-03-01"), "2026-03-01");
        assert_eq!(first(Period::Day, "2026-03-31"), "2026-03-31");
        // Before the count of days begins, too.
        assert_eq!(first(Period::Week, "1969-12-31"), "1969-12-29");
        assert_eq!(first(Period::Month, "1969-12-31"), "1969-12-01");
    }

    #[test]
    fn days_outside_the_calendar_do_no_harm() {
        for day in [i32::MIN, i32::MAX] {
            for period in [Period::Day, Period::Week, Period::Month] {
                assert!(period.first_day(day) <= day);
            }
        }
    }
}
