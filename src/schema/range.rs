//! Ranges of a table's rows: their bounds, and which of two is the narrower.

use crate::value::{Decimal, NumberFormat, parse_number, time};
use std::cmp::Ordering;

/// The two ends of a range; `None` is an open one.
pub type Bounds = (Option<Decimal>, Option<Decimal>);

/// A bound of a table's range as a number; days count from 1970-01-01. `None` for a cell that is neither.
pub fn range_bound(cell: &str, is_date: bool) -> Option<Decimal> {
    if is_date { time::parse_day(cell).map(Decimal::from) } else { parse_number(cell, NumberFormat::default()) }
}

/// The narrower range first. One with an open end is wider than any with two ends and narrower than one without; of two
/// that are open at the same end, the one that lies inside the other is narrower.
pub fn compare_ranges(a: &Bounds, b: &Bounds) -> Ordering {
    let class = |range: &Bounds| match range {
        (Some(_), Some(_)) => 0,
        (Some(_), None) => 1,
        (None, Some(_)) => 2,
        (None, None) => 3,
    };
    class(a).cmp(&class(b)).then_with(|| match (a, b) {
        // A width too large for a number is wider than those that fit.
        ((Some(low), Some(high)), (Some(other_low), Some(other_high))) => {
            match (high.checked_sub(*low), other_high.checked_sub(*other_low)) {
                (Some(width), Some(other)) => width.cmp(&other),
                (width, other) => other.is_some().cmp(&width.is_some()),
            }
        }
        ((Some(low), None), (Some(other), None)) => other.cmp(low),
        ((None, Some(high)), (None, Some(other))) => high.cmp(other),
        _ => Ordering::Equal,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_inside_another_is_the_narrower_one() {
        let range = |low: Option<i64>, high: Option<i64>| (low.map(Decimal::from), high.map(Decimal::from));
        let narrow_to_wide = [
            range(Some(10), Some(20)),
            range(Some(5), Some(30)),
            range(Some(10), None),
            range(Some(5), None),
            range(None, Some(20)),
            range(None, Some(30)),
            range(None, None),
        ];
        for (at, a) in narrow_to_wide.iter().enumerate() {
            for (other_at, b) in narrow_to_wide.iter().enumerate() {
                assert_eq!(compare_ranges(a, b), at.cmp(&other_at), "{a:?} and {b:?}");
            }
        }
    }
}
