//! How much each owner of a role owns, kept up to date while a run decides.

use crate::assign::NOBODY;
use crate::value::{Decimal, compact};
use std::cmp::Ordering;
use std::fmt;

/// Which of the sums that a [`Loads`] keeps: its position in what [`Loads::add`] is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SumId(pub usize);

/// What counts as load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Records of the role that the person owns.
    Count,
    /// The sum of a field over those records (`by sum of FIELD`).
    Sum(SumId),
}

/// A load: so many records, or so much of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    Count(u64),
    Sum(Decimal),
}

/// The loads of all owners of one role, by owner code.
///
/// Codes are dense (they come from [`OwnerTable`](crate::assign::OwnerTable)); an owner nobody added has no load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loads {
    counts: Vec<u64>,
    sums: Vec<Vec<Decimal>>,
}

impl Loads {
    /// No loads yet, and so many sums to keep beside the counts.
    pub fn new(sum_count: usize) -> Self {
        Loads { counts: Vec::new(), sums: vec![Vec::new(); sum_count] }
    }

    /// Adds a record to its owner's load: one to the count and, by [`SumId`], its amounts to the sums.
    ///
    /// An amount that is not given (the field is missing) adds nothing; more amounts than sums are ignored, and so is a
    /// record of nobody. A sum outside what a decimal holds stays at its end.
    pub fn add(&mut self, owner: u32, amounts: &[Option<Decimal>]) {
        self.change(owner, amounts, |count| count.saturating_add(1), |amount| amount);
    }

    /// Takes a record from its owner's load; the opposite of [`Loads::add`]. A count does not fall below zero.
    pub fn remove(&mut self, owner: u32, amounts: &[Option<Decimal>]) {
        self.change(owner, amounts, |count| count.saturating_sub(1), |amount| -amount);
    }

    fn change(
        &mut self,
        owner: u32,
        amounts: &[Option<Decimal>],
        count: impl Fn(u64) -> u64,
        signed: impl Fn(Decimal) -> Decimal,
    ) {
        if owner == NOBODY {
            return;
        }
        let owner_index = owner as usize;
        let own = entry(&mut self.counts, owner_index);
        *own = count(*own);
        for (sums, amount) in self.sums.iter_mut().zip(amounts) {
            if let Some(amount) = amount {
                let sum = entry(sums, owner_index);
                *sum = add(*sum, signed(*amount));
            }
        }
    }

    /// The number of records an owner has.
    pub fn count(&self, owner: u32) -> u64 {
        self.counts.get(owner as usize).copied().unwrap_or(0)
    }

    /// An owner's sum of a field; zero for a sum that is not kept.
    pub fn sum(&self, owner: u32, sum: SumId) -> Decimal {
        let sums = self.sums.get(sum.0);
        sums.and_then(|sums| sums.get(owner as usize)).copied().unwrap_or(Decimal::ZERO)
    }

    pub fn of(&self, owner: u32, measure: Measure) -> Load {
        match measure {
            Measure::Count => Load::Count(self.count(owner)),
            Measure::Sum(sum) => Load::Sum(self.sum(owner, sum)),
        }
    }
}

fn entry<T: Clone + Default>(all: &mut Vec<T>, index: usize) -> &mut T {
    if index >= all.len() {
        all.resize(index + 1, T::default());
    }
    &mut all[index]
}

fn add(a: Decimal, b: Decimal) -> Decimal {
    // Only two numbers of one sign pass the end.
    a.checked_add(b).unwrap_or(if b.is_sign_negative() { Decimal::MIN } else { Decimal::MAX })
}

impl Load {
    fn decimal(self) -> Decimal {
        match self {
            Load::Count(count) => Decimal::from(count),
            Load::Sum(sum) => sum,
        }
    }

    /// Whether the load has reached a cap.
    pub fn has_reached(self, load_max: Decimal) -> bool {
        self.decimal() >= load_max
    }
}

impl fmt::Display for Load {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Load::Count(count) => write!(out, "{count}"),
            Load::Sum(sum) => out.write_str(&compact(*sum)),
        }
    }
}

/// Compares `a / a_weight` with `b / b_weight` exactly, by cross multiplication.
pub(super) fn compare_by_weight((a, a_weight): (Load, u64), (b, b_weight): (Load, u64)) -> Ordering {
    if let (Load::Count(a), Load::Count(b)) = (a, b) {
        return (u128::from(a) * u128::from(b_weight)).cmp(&(u128::from(b) * u128::from(a_weight)));
    }
    let (a, b) = (a.decimal(), b.decimal());
    if a.scale() == b.scale()
        && let Some(left) = a.mantissa().checked_mul(i128::from(b_weight))
        && let Some(right) = b.mantissa().checked_mul(i128::from(a_weight))
    {
        return left.cmp(&right);
    }
    match (sign(a), sign(b)) {
        (-1, -1) => product(b, a_weight).cmp(&product(a, b_weight)),
        (1, 1) => product(a, b_weight).cmp(&product(b, a_weight)),
        (a, b) => a.cmp(&b),
    }
}

fn sign(number: Decimal) -> i8 {
    if number.is_zero() {
        0
    } else if number.is_sign_negative() {
        -1
    } else {
        1
    }
}

/// The size of `number * weight * 10^28`, most significant limb first: below 2^96 * 2^94 * 2^64, so four limbs hold it.
fn product(number: Decimal, weight: u64) -> [u64; 4] {
    let mut limbs = [0; 4];
    let mantissa = number.mantissa().unsigned_abs();
    limbs[2] = (mantissa >> 64) as u64;
    limbs[3] = mantissa as u64;
    let zeros = 28 - number.scale().min(28);
    // Ten to the power of 19 is the largest that 64 bits hold.
    for factor in [10_u64.pow(zeros.min(19)), 10_u64.pow(zeros.saturating_sub(19)), weight] {
        let mut carry = 0;
        for limb in limbs.iter_mut().rev() {
            let product = u128::from(*limb) * u128::from(factor) + carry;
            *limb = product as u64;
            carry = product >> 64;
        }
    }
    limbs
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn adding_and_removing_a_record_leaves_what_was_there() {
        let mut loads = Loads::new(1);
        loads.add(2, &[Some(Decimal::new(150, 2))]);
        let before = loads.clone();
        loads.add(2, &[Some(Decimal::new(1, 28))]);
        loads.add(2, &[None]);
        assert_eq!((loads.count(2), loads.count(1)), (3, 0));
        loads.remove(2, &[Some(Decimal::new(1, 28))]);
        loads.remove(2, &[None]);
        assert_eq!(loads, before);
        assert_eq!(loads.sum(2, SumId(0)), Decimal::new(15, 1));
        assert_eq!(loads.sum(2, SumId(9)), Decimal::ZERO);
    }

    #[test]
    fn nobody_has_no_load_and_sums_end_where_decimals_end() {
        let mut loads = Loads::new(1);
        loads.add(NOBODY, &[Some(Decimal::ONE)]);
        assert_eq!(loads, Loads::new(1));
        for _ in 0..3 {
            loads.add(0, &[Some(Decimal::MAX), Some(Decimal::ONE)]);
        }
        assert_eq!(loads.sum(0, SumId(0)), Decimal::MAX);
        loads.remove(1, &[]);
        assert_eq!(loads.count(1), 0);
    }

    proptest! {
        #![proptest_config(crate::assign::pool::tests::config(256))]

        /// Small numbers of unlike scales, where the plain product is exact.
        #[test]
        fn comparing_by_weight_is_comparing_products(
            (a, a_scale) in (-999_i64..999, 0_u32..=4),
            (b, b_scale) in (-999_i64..999, 0_u32..=4),
            a_weight in 1_u64..50,
            b_weight in 1_u64..50,
        ) {
            let (a, b) = (Decimal::new(a, a_scale), Decimal::new(b, b_scale));
            let expected = (a * Decimal::from(b_weight)).cmp(&(b * Decimal::from(a_weight)));
            prop_assert_eq!(compare_by_weight((Load::Sum(a), a_weight), (Load::Sum(b), b_weight)), expected);
        }

        /// The widest numbers: a load compared with itself at another weight is ordered by the weights alone.
        #[test]
        fn wide_products_do_not_overflow(digits in 1_i128..(1 << 96), scale in 0_u32..=28, weight in 1_u64..u64::MAX) {
            let load = Load::Sum(Decimal::from_i128_with_scale(digits, scale));
            prop_assert_eq!(compare_by_weight((load, weight), (load, weight)), Ordering::Equal);
            prop_assert_eq!(compare_by_weight((load, weight + 1), (load, weight)), Ordering::Less);
            let debt = Load::Sum(-load.decimal());
            prop_assert_eq!(compare_by_weight((debt, weight + 1), (debt, weight)), Ordering::Greater);
            prop_assert_eq!(compare_by_weight((debt, weight), (load, weight)), Ordering::Less);
        }
    }
}
