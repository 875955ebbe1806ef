//! Exact decimals: reading them, dividing them, writing them short (design section 3, point 8).

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// How numbers are written in a source. The default is `1234.56`: no grouping, a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberFormat {
    pub decimal: char,
    pub grouping: Option<char>,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self { decimal: '.', grouping: None }
    }
}

/// Reads a number exactly as the format says; `None` for anything else.
///
/// Grouping marks must stand before groups of three digits. Exponents, currency signs and more digits than an exact
/// decimal holds (28) are refused, never rounded.
pub fn parse_number(text: &str, format: NumberFormat) -> Option<Decimal> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = match digits.split_once(format.decimal) {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (digits, ""),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let whole = ungroup(whole, format.grouping)?;
    if !is_digits(&whole) || !is_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let plain = if fraction.is_empty() { whole.into_owned() } else { format!("{whole}.{fraction}") };
    let number = Decimal::from_str_exact(&plain).ok()?;
    Some(if negative { -number } else { number })
}

fn ungroup(whole: &str, grouping: Option<char>) -> Option<std::borrow::Cow<'_, str>> {
    let Some(mark) = grouping else {
        return Some(whole.into());
    };
    if !whole.contains(mark) {
        return Some(whole.into());
    }
    let mut groups = whole.split(mark);
    let first = groups.next()?;
    let sound = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    sound.then(|| whole.chars().filter(|c| *c != mark).collect::<String>().into())
}

/// `a / b`, rounded half to even at 28 significant digits; `None` (missing) for a division by zero or a result that
/// is too large.
pub fn divide(a: Decimal, b: Decimal) -> Option<Decimal> {
    let quotient = a.checked_div(b)?;
    // The library already rounds to its 28 digits; where the digits end earlier this changes nothing.
    Some(quotient.round_dp_with_strategy(28, RoundingStrategy::MidpointNearestEven))
}

/// The number without trailing zeros and without an exponent: `1000000`, `0.5`.
pub fn compact(number: Decimal) -> String {
    number.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undeclared_formats_are_refused() {
        let plain = NumberFormat::default();
        assert_eq!(parse_number("1234.50", plain), Some(Decimal::new(123_450, 2)));
        for bad in ["1.234,56", "1,234", "1e5", "$5", "", "-", ".", "5.", "0x1", "NaN"] {
            assert_eq!(parse_number(bad, plain), None, "{bad}");
        }
    }

    #[test]
    fn declared_grouping_must_be_in_threes() {
        let german = NumberFormat { decimal: ',', grouping: Some('.') };
        assert_eq!(parse_number("-1.234,5", german), Some(Decimal::new(-12_345, 1)));
        assert_eq!(parse_number("12.34,5", german), None);
        assert_eq!(parse_number("1.2345", german), None);
    }

    #[test]
    fn division_by_zero_is_missing() {
        assert_eq!(divide(Decimal::ONE, Decimal::ZERO), None);
        assert_eq!(divide(Decimal::ONE, Decimal::from(8)), Some(Decimal::new(125, 3)));
    }
}
