//! Exact decimals in columns: 64-bit integers under one scale wherever they fit, 128-bit decimals where not.

use rust_decimal::Decimal;

/// A missing number among scaled ones.
pub const SCALED_MISSING: i64 = i64::MIN;

/// Numbers of all rows of a table.
#[derive(Clone, Debug)]
pub enum NumberColumn {
    /// `value = units / 10^scale`; [`SCALED_MISSING`] is missing.
    Scaled {
        scale: u32,
        units: Vec<i64>,
    },
    Wide(Vec<Option<Decimal>>),
}

impl Default for NumberColumn {
    fn default() -> Self {
        NumberColumn::Scaled { scale: 0, units: Vec::new() }
    }
}

impl NumberColumn {
    /// The number of a row; `None` where it is missing.
    pub fn get(&self, row: u32) -> Option<Decimal> {
        match self {
            NumberColumn::Scaled { scale, units } => {
                let unit = units[row as usize];
                (unit != SCALED_MISSING).then(|| Decimal::new(unit, *scale))
            }
            NumberColumn::Wide(values) => values[row as usize],
        }
    }

    pub fn len(&self) -> usize {
        match self {
            NumberColumn::Scaled { units, .. } => units.len(),
            NumberColumn::Wide(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Builds a [`NumberColumn`] a row at a time.
#[derive(Clone, Debug, Default)]
pub struct NumberBuilder {
    column: NumberColumn,
}

impl NumberBuilder {
    pub fn push_missing(&mut self) {
        match &mut self.column {
            NumberColumn::Scaled { units, .. } => units.push(SCALED_MISSING),
            NumberColumn::Wide(values) => values.push(None),
        }
    }

    pub fn push_integer(&mut self, value: i64) {
        self.push_scaled(value, 0);
    }

    /// Adds a plain `1234.56` if it fits 18 digits; `false` where it does not, and nothing was added.
    pub fn push_plain(&mut self, text: &str) -> bool {
        let (negative, digits) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let mut value: i64 = 0;
        let mut scale = None;
        let mut count = 0;
        for byte in digits {
            match byte {
                b'0'..=b'9' if count < 18 => {
                    value = value * 10 + i64::from(byte - b'0');
                    count += 1;
                    scale = scale.map(|s: u32| s + 1);
                }
                b'.' if scale.is_none() => scale = Some(0),
                _ => return false,
            }
        }
        if count == 0 || scale == Some(0) {
            return false;
        }
        self.push_scaled(if negative { -value } else { value }, scale.unwrap_or(0));
        true
    }

    pub fn push(&mut self, number: Decimal) {
        let number = number.normalize();
        match i64::try_from(number.mantissa()) {
            Ok(units) if units != SCALED_MISSING => self.push_scaled(units, number.scale()),
            _ => self.push_wide(number),
        }
    }

    /// Adds `value / 10^value_scale`.
    pub(super) fn push_scaled(&mut self, value: i64, value_scale: u32) {
        if let NumberColumn::Scaled { scale, units } = &mut self.column {
            if value_scale > *scale && !rescale(units, value_scale - *scale) {
                return self.push_wide(Decimal::new(value, value_scale));
            }
            *scale = (*scale).max(value_scale);
            if let Some(value) = shift(value, *scale - value_scale) {
                return units.push(value);
            }
        }
        self.push_wide(Decimal::new(value, value_scale));
    }

    fn push_wide(&mut self, number: Decimal) {
        if let NumberColumn::Scaled { .. } = &self.column {
            let rows = u32::try_from(self.column.len()).unwrap_or(u32::MAX);
            self.column = NumberColumn::Wide((0..rows).map(|row| self.column.get(row)).collect());
        }
        if let NumberColumn::Wide(values) = &mut self.column {
            values.push(Some(number));
        }
    }

    /// The column in its one form: the same numbers give the same column, however they were written.
    pub fn finish(self) -> NumberColumn {
        let mut column = match self.column {
            NumberColumn::Wide(values) => narrowed(values),
            scaled => scaled,
        };
        if let NumberColumn::Scaled { scale, units } = &mut column {
            reduce(scale, units);
            units.shrink_to_fit();
        }
        column
    }
}

/// Scaled units after all, where the trailing zeros of some number were what made it wide.
fn narrowed(values: Vec<Option<Decimal>>) -> NumberColumn {
    let mut scale = 0;
    for value in values.iter().flatten() {
        scale = scale.max(value.normalize().scale());
    }
    let units = |value: &Option<Decimal>| {
        let Some(value) = value else {
            return Some(SCALED_MISSING);
        };
        let value = value.normalize();
        let unit = i64::try_from(value.mantissa()).ok()?;
        shift(unit, scale - value.scale())
    };
    match values.iter().map(units).collect() {
        Some(units) => NumberColumn::Scaled { scale, units },
        None => NumberColumn::Wide(values),
    }
}

/// Takes away decimals that are zero in every row.
fn reduce(scale: &mut u32, units: &mut [i64]) {
    while *scale > 0 && units.iter().all(|unit| *unit == SCALED_MISSING || unit % 10 == 0) {
        *scale -= 1;
        for unit in units.iter_mut().filter(|unit| **unit != SCALED_MISSING) {
            *unit /= 10;
        }
    }
}

/// `value * 10^digits`, where it fits and is not the mark for missing.
fn shift(value: i64, digits: u32) -> Option<i64> {
    let factor = 10_i64.checked_pow(digits)?;
    value.checked_mul(factor).filter(|shifted| *shifted != SCALED_MISSING)
}

/// Multiplies all units by `10^digits`, or leaves them all as they are and says `false`.
fn rescale(units: &mut [i64], digits: u32) -> bool {
    let fits = |unit: &i64| *unit == SCALED_MISSING || shift(*unit, digits).is_some();
    if !units.iter().all(fits) {
        return false;
    }
    for unit in units.iter_mut().filter(|unit| **unit != SCALED_MISSING) {
        *unit = shift(*unit, digits).unwrap_or(*unit);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_give_the_same_column() {
        let built = |texts: &[&str]| {
            let mut builder = NumberBuilder::default();
            for text in texts {
                if !builder.push_plain(text) {
                    builder.push(text.parse().unwrap());
                }
            }
            builder.finish()
        };
        let long = "1.00000000000000000000";
        for texts in [["1", "0.5"], ["1.00", "0.50"], [long, "0.5"]] {
            let NumberColumn::Scaled { scale, units } = built(&texts) else {
                panic!("{texts:?} is wide");
            };
            assert_eq!((scale, units), (1, vec![10, 5]));
        }
    }

    #[test]
    fn scales_grow_and_give_way_to_wide_decimals() {
        let mut builder = NumberBuilder::default();
        assert!(builder.push_plain("12"));
        builder.push_missing();
        assert!(builder.push_plain("-0.5"));
        builder.push(Decimal::MAX);
        assert!(!builder.push_plain("1e5"));
        let column = builder.finish();
        let values: Vec<_> = (0..4).map(|row| column.get(row)).collect();
        assert_eq!(values, [Some(Decimal::from(12)), None, Some(Decimal::new(-5, 1)), Some(Decimal::MAX)]);
    }
}
