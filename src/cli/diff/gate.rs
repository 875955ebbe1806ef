//! The budget of a change: how many records, and how much value, it may move.

use super::super::args::DiffArgs;
use super::super::exit::{Failure, Result};
use super::super::output::{count, grouped};
use super::data::DataDiff;
use super::text::money;
use crate::project::MaxMoves;
use crate::value::{Decimal, NumberFormat, parse_number};

/// The limits of the command line.
pub struct Limits {
    records: Option<(MaxMoves, String)>,
    value: Option<(Decimal, Option<String>, String)>,
}

/// Reads the limits, so that a mistyped one costs no reading of records.
pub fn limits(args: &DiffArgs) -> Result<Limits> {
    let records = args.max_moved.as_ref().map(|text| {
        let limit = MaxMoves::parse(text).ok_or_else(|| {
            Failure::could_not_run(format!("`--max-moved {text}` is neither a number nor a share such as 5%"))
        })?;
        Ok::<_, Failure>((limit, text.clone()))
    });
    let value = args.max_moved_value.as_ref().map(|text| {
        let (amount, currency) = amount(text).ok_or_else(|| {
            Failure::could_not_run(format!(
                "`--max-moved-value {text}` is no amount: write 500000, 1.5M or \"500000 EUR\""
            ))
        })?;
        Ok::<_, Failure>((amount, currency, text.clone()))
    });
    Ok(Limits { records: records.transpose()?, value: value.transpose()? })
}

/// `500000`, `1.5M`, `500k EUR`: the amount and its currency.
fn amount(text: &str) -> Option<(Decimal, Option<String>)> {
    let mut words = text.split_whitespace();
    let (number, currency) = (words.next()?, words.next());
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if words.next().is_some() || !currency.is_none_or(is_code) {
        return None;
    }
    let scales: [(&str, i64); 3] = [("bn", 1_000_000_000), ("M", 1_000_000), ("k", 1_000)];
    let scaled = scales.iter().find_map(|(mark, scale)| Some((number.strip_suffix(mark)?, *scale)));
    let (digits, scale) = scaled.unwrap_or((number, 1));
    let amount = parse_number(digits, NumberFormat::default())?.checked_mul(Decimal::from(scale))?;
    (amount >= Decimal::ZERO).then(|| (amount, currency.map(str::to_owned)))
}

/// Which limits were passed.
#[derive(Default)]
pub struct Gate {
    /// A limit was given at all.
    pub is_set: bool,
    passed: Vec<String>,
}

impl Gate {
    pub fn of(limits: &Limits, data: Option<&DataDiff>) -> Self {
        let mut gate = Gate { is_set: limits.records.is_some() || limits.value.is_some(), passed: Vec::new() };
        let Some(data) = data else {
            return gate;
        };
        if let Some((limit, text)) = &limits.records {
            let moved = data.moved();
            let (allowed, of) = match limit {
                MaxMoves::Count(count) => (*count, String::new()),
                MaxMoves::Percent(share) => {
                    let share = Decimal::from(data.owned()) * share / Decimal::from(100);
                    let allowed = u64::try_from(share.floor()).unwrap_or(u64::MAX);
                    (allowed, format!(", which is {text} of {} that have an owner", count(data.owned(), "record")))
                }
            };
            if moved > allowed {
                gate.passed.push(format!(
                    "too many records move: {}, and {} may (--max-moved {text}{of})",
                    grouped(moved),
                    grouped(allowed)
                ));
            }
        }
        if let Some((limit, currency, text)) = &limits.value {
            for (code, sum) in data.values() {
                if currency.as_deref().is_none_or(|wanted| wanted == code) && sum > *limit {
                    gate.passed.push(format!(
                        "too much value moves: {} of `{}`, and {text} may (--max-moved-value)",
                        money(sum, code),
                        data.value.as_deref().unwrap_or_default()
                    ));
                }
            }
        }
        gate
    }

    /// A sentence a limit that was passed.
    pub fn passed(&self) -> &[String] {
        &self.passed
    }

    pub fn is_passed(&self) -> bool {
        !self.passed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::compact;

    #[test]
    fn amounts_are_read_with_their_scale_and_currency() {
        let read = |text: &str| amount(text).map(|(amount, code)| (compact(amount), code.unwrap_or_default()));
        let is = |amount: &str, code: &str| Some((amount.to_owned(), code.to_owned()));
        assert_eq!(read("500000"), is("500000", ""));
        assert_eq!(read("1.5M EUR"), is("1500000", "EUR"));
        assert_eq!(read("2k"), is("2000", ""));
        for refused in ["", "many", "-5", "1 2 EUR", "5 eur", "5 EUR now", "M"] {
            assert_eq!(read(refused), None, "{refused}");
        }
    }
}
