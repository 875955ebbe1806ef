//! Weights as whole numbers with the same ratios.

use crate::value::Decimal;

/// The whole weights of a pool add up to no more than this and one for each member.
const WEIGHTS_SUM_MAX: u128 = 1 << 62;

/// No whole weights add up to more, so that places and dues of a schedule fit 64 bits.
pub(super) const WEIGHTS_SUM_LIMIT: u64 = 1 << 63;

/// Whole numbers in the ratios of the weights, as small as they can be; zero for a weight of zero or less.
///
/// Where the ratios are too fine for whole numbers whose sum stays near 2^62 they are rounded down, and nobody with a
/// weight falls to zero.
pub(super) fn whole_weights(weights: &[Decimal]) -> Vec<u64> {
    let weights: Vec<Decimal> = weights.iter().map(|weight| weight.normalize().max(Decimal::ZERO)).collect();
    let digits = weights.iter().map(Decimal::scale).max().unwrap_or(0);
    // Without digits after the point every weight fits, so some number of digits is found.
    let mut whole = (0..=digits).rev().find_map(|digits| all_scaled(&weights, digits)).unwrap_or_default();
    reduce(&mut whole);
    let sum = whole.iter().fold(0_u128, |sum, weight| sum.saturating_add(*weight));
    let bits_over = (u128::BITS - sum.leading_zeros()).saturating_sub(WEIGHTS_SUM_MAX.ilog2());
    if sum > WEIGHTS_SUM_MAX {
        for weight in whole.iter_mut().filter(|weight| **weight > 0) {
            *weight = (*weight >> bits_over).max(1);
        }
    }
    whole.into_iter().map(|weight| u64::try_from(weight).unwrap_or(u64::MAX)).collect()
}

/// Divides numbers by their greatest common divisor.
pub(super) fn reduce<T>(numbers: &mut [T])
where
    T: Copy + Default + PartialEq + std::ops::Rem<Output = T> + std::ops::DivAssign,
{
    let zero = T::default();
    let divisor = numbers.iter().fold(zero, |mut a, b| {
        let mut b = *b;
        while b != zero {
            (a, b) = (b, a % b);
        }
        a
    });
    if divisor != zero {
        numbers.iter_mut().for_each(|number| *number /= divisor);
    }
}

/// All weights times ten to the power of `digits`; `None` where their sum does not fit.
fn all_scaled(weights: &[Decimal], digits: u32) -> Option<Vec<u128>> {
    let scaled: Vec<u128> = weights.iter().map(|weight| scaled(*weight, digits)).collect::<Option<_>>()?;
    scaled.iter().try_fold(0_u128, |sum, weight| sum.checked_add(*weight))?;
    Some(scaled)
}

fn scaled(weight: Decimal, digits: u32) -> Option<u128> {
    let mantissa = weight.mantissa().unsigned_abs();
    if mantissa == 0 {
        return Some(0);
    }
    match digits.checked_sub(weight.scale()) {
        Some(zeros) => mantissa.checked_mul(10_u128.checked_pow(zeros)?),
        None => Some((mantissa / 10_u128.checked_pow(weight.scale() - digits)?).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(weights: &[&str]) -> Vec<u64> {
        whole_weights(&weights.iter().map(|weight| Decimal::from_str_exact(weight).unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn ratios_are_kept_in_the_smallest_numbers() {
        assert_eq!(whole(&["1", "1.00", "1"]), [1, 1, 1]);
        assert_eq!(whole(&["0.5", "1.5", "0", "1"]), [1, 3, 0, 2]);
        assert_eq!(whole(&["60", "40"]), [3, 2]);
        assert_eq!(whole(&["0.1", "0.25", "-3"]), [2, 5, 0]);
        assert_eq!(whole(&["0", "0"]), [0, 0]);
        assert_eq!(whole(&[]), [0; 0]);
    }

    #[test]
    fn ratios_too_fine_are_rounded_down_but_nobody_falls_to_zero() {
        let widest = whole(&["79228162514264337593543950335", "0.0000000000000000000000000001", "1"]);
        assert_eq!(widest[1..], [1, 1]);
        assert!(widest[0] > 1 << 60);
    }

    proptest! {
        #![proptest_config(crate::assign::pool::tests::config(256))]

        #[test]
        fn any_weights_become_whole_numbers_of_a_bounded_sum(
            digits in proptest::collection::vec((0_i128..(1 << 96), 0_u32..=28), 0..40),
        ) {
            let weights: Vec<Decimal> =
                digits.iter().map(|(digits, scale)| Decimal::from_i128_with_scale(*digits, *scale)).collect();
            let whole = whole_weights(&weights);
            prop_assert_eq!(whole.len(), weights.len());
            let sum: u128 = whole.iter().map(|weight| u128::from(*weight)).sum();
            prop_assert!(sum <= WEIGHTS_SUM_MAX + weights.len() as u128);
            for (whole, weight) in whole.iter().zip(&weights) {
                prop_assert_eq!(*whole == 0, weight.is_zero());
            }
        }

        #[test]
        fn weights_of_few_digits_keep_their_ratios_exactly(
            digits in proptest::collection::vec((0_i64..100_000, 0_u32..=4), 1..40),
        ) {
            let weights: Vec<Decimal> = digits.iter().map(|(digits, scale)| Decimal::new(*digits, *scale)).collect();
            let whole = whole_weights(&weights);
            for (a, a_whole) in weights.iter().zip(&whole) {
                for (b, b_whole) in weights.iter().zip(&whole) {
                    prop_assert_eq!(a * Decimal::from(*b_whole), b * Decimal::from(*a_whole));
                }
            }
        }
    }
}
