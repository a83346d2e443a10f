//! Products that need more than 128 bits on the way to an answer that fits.

use ethnum::I256;

/// Computes `a × b × c ÷ divisor`, rounded half to even; `None` when `divisor` is not positive or the answer does not fit.
pub(crate) fn mul_div_half_even(factors: [i128; 3], divisor: I256) -> Option<i128> {
    if divisor <= I256::ZERO {
        return None;
    }
    let product = factors.into_iter().try_fold(I256::ONE, |product, factor| {
        product.checked_mul(I256::from(factor))
    })?;
    let quotient = product.checked_div(divisor)?;
    let rest = product.checked_rem(divisor)?.abs();
    let twice = rest.checked_mul(I256::from(2_i128))?;
    let odd = quotient & I256::ONE == I256::ONE;
    let away = twice > divisor || (twice == divisor && odd);
    let step = match (away, product < I256::ZERO) {
        (false, _) => I256::ZERO,
        (true, false) => I256::ONE,
        (true, true) => I256::MINUS_ONE,
    };
    i128::try_from(quotient.checked_add(step)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: i128, divisor: i128, want: Option<i128>) {
        assert_eq!(
            mul_div_half_even([a, 1, 1], I256::from(divisor)),
            want,
            "{a} / {divisor}"
        );
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        check(5, 10, Some(0));
        check(15, 10, Some(2));
        check(25, 10, Some(2));
        check(-5, 10, Some(0));
        check(-15, 10, Some(-2));
        check(-25, 10, Some(-2));
        check(26, 10, Some(3));
        check(-26, 10, Some(-3));
        check(24, 10, Some(2));
        check(7, 0, None);
    }

    #[test]
    fn the_intermediate_may_be_wider_than_the_answer() {
        let wide = mul_div_half_even([i128::MAX, i128::MAX, 1], I256::from(i128::MAX));
        assert_eq!(wide, Some(i128::MAX));
        assert_eq!(mul_div_half_even([i128::MAX, 2, 1], I256::ONE), None);
        assert_eq!(
            mul_div_half_even([i128::MAX, i128::MAX, i128::MAX], I256::ONE),
            None
        );
    }
}
