//! Quotients whose dividend may need more than 128 bits on the way to an answer that fits.

use ethnum::I256;

/// Computes `dividend ÷ divisor`, rounded half to even; `None` when `divisor` is not positive or the answer does not fit.
pub(crate) fn div_half_even(dividend: I256, divisor: I256) -> Option<i128> {
    // Nearly every charge fits 128 bits, and dividing those is several times faster.
    if let (Ok(dividend), Ok(divisor)) = (i128::try_from(dividend), i128::try_from(divisor)) {
        return narrow_div_half_even(dividend, divisor);
    }
    if divisor <= I256::ZERO {
        return None;
    }
    let quotient = dividend.checked_div(divisor)?;
    let rest = dividend.checked_sub(quotient.checked_mul(divisor)?)?.abs();
    // `rest < divisor`, so this cannot overflow where doubling `rest` could.
    let missing = divisor.checked_sub(rest)?;
    let odd = quotient & I256::ONE == I256::ONE;
    let away = rest > missing || (rest == missing && odd);
    let step = match (away, dividend < I256::ZERO) {
        (false, _) => I256::ZERO,
        (true, false) => I256::ONE,
        (true, true) => I256::MINUS_ONE,
    };
    i128::try_from(quotient.checked_add(step)?).ok()
}

/// Computes `dividend ÷ divisor`, rounded half to even; `None` when `divisor` is not positive.
pub(crate) fn narrow_div_half_even(dividend: i128, divisor: i128) -> Option<i128> {
    if divisor <= 0 {
        return None;
    }
    let quotient = dividend.checked_div(divisor)?;
    let rest = dividend
        .checked_sub(quotient.checked_mul(divisor)?)?
        .checked_abs()?;
    let missing = divisor.checked_sub(rest)?;
    let away = rest > missing || (rest == missing && quotient & 1 == 1);
    match (away, dividend < 0) {
        (false, _) => Some(quotient),
        (true, false) => quotient.checked_add(1),
        (true, true) => quotient.checked_sub(1),
    }
}

/// The greatest common divisor of two numbers, neither below zero; the other one when one is zero.
pub(crate) fn common_divisor(a: I256, b: I256) -> I256 {
    let (mut a, mut b) = (a, b);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: i128, divisor: i128, want: Option<i128>) {
        let title = format!("{a} / {divisor}");
        assert_eq!(div_half_even(I256::from(a), I256::from(divisor)), want, "{title}");
        // The same quotient with both sides scaled beyond 128 bits takes the other path.
        let scale = I256::from(10_i128.pow(38)) * I256::from(3_i128);
        let wide = div_half_even(I256::from(a) * scale, I256::from(divisor) * scale);
        assert_eq!(wide, want, "{title}, scaled");
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
    fn the_largest_quotients_do_not_wrap() {
        assert_eq!(narrow_div_half_even(i128::MIN, 1), Some(i128::MIN));
        assert_eq!(narrow_div_half_even(i128::MAX, i128::MAX), Some(1));
        assert_eq!(narrow_div_half_even(i128::MAX - 1, i128::MAX), Some(1));
        assert_eq!(div_half_even(I256::MAX, I256::MAX), Some(1));
        assert_eq!(div_half_even(I256::MAX - 1, I256::MAX), Some(1));
        assert_eq!(div_half_even(I256::MIN, I256::MAX), Some(-1));
        assert_eq!(div_half_even(I256::MAX, I256::ONE), None);
    }

    #[test]
    fn common_divisors_are_found() {
        let of = |a: i128, b: i128| i128::try_from(common_divisor(a.into(), b.into())).unwrap();
        assert_eq!(
            [of(12, 18), of(7, 5), of(0, 4), of(4, 0), of(0, 0)],
            [6, 1, 4, 4, 0]
        );
    }
}
