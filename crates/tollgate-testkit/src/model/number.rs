//! Exact numbers of the model: fractions of big integers, read from and printed as decimal text.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// An exact number.
pub type Exact = BigRational;

/// Decimal places of money.
pub const MONEY_PLACES: u32 = 12;
/// Decimal places of a quantity.
pub const QUANTITY_PLACES: u32 = 9;

/// Ten to some power.
pub fn ten_to(places: u32) -> BigInt {
    BigInt::from(10).pow(places)
}

/// A whole number.
pub fn whole(number: impl Into<BigInt>) -> Exact {
    Exact::from_integer(number.into())
}

/// Reads decimal text with an optional exponent.
pub fn exact(text: &str) -> Exact {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (before, after) = number.split_once('.').unwrap_or((number, ""));
    let digits: BigInt = format!("{before}{after}")
        .parse()
        .unwrap_or_else(|_| panic!("{text:?} is no number"));
    let exponent: i64 = exponent.parse().unwrap();
    let up = exponent - i64::try_from(after.len()).unwrap();
    let power = whole(ten_to(u32::try_from(up.unsigned_abs()).unwrap()));
    if up < 0 {
        whole(digits) / power
    } else {
        whole(digits) * power
    }
}

/// Rounds to so many decimal places, halves to the even neighbour.
pub fn half_even(number: &Exact, places: u32) -> Exact {
    let scaled = number * whole(ten_to(places));
    let below = scaled.floor();
    let rest = &scaled - &below;
    let half = Exact::new(BigInt::from(1), BigInt::from(2));
    let up = rest > half || (rest == half && below.to_integer().is_odd());
    (if up { below + whole(1) } else { below }) / whole(ten_to(places))
}

/// Prints an exact number that has a finite decimal form, without trailing zeros.
pub fn text(number: &Exact) -> String {
    let mut places = 0;
    while !(number * whole(ten_to(places))).is_integer() {
        places += 1;
        assert!(places < 100, "{number} has no finite decimal form");
    }
    let digits = (number.abs() * whole(ten_to(places))).to_integer().to_string();
    let places = usize::try_from(places).unwrap();
    let sign = if number.is_negative() && !number.is_zero() {
        "-"
    } else {
        ""
    };
    if places == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (before, after) = padded.split_at(padded.len() - places);
    format!("{sign}{before}.{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_rounded_and_printed_exactly() {
        for (given, places, want) in [
            ("0.5", 0, "0"),
            ("1.5", 0, "2"),
            ("2.5", 0, "2"),
            ("-0.5", 0, "0"),
            ("-1.5", 0, "-2"),
            ("-2.51", 0, "-3"),
            ("1.25e-3", 4, "0.0012"),
            ("1.5e2", 0, "150"),
            ("0.000000000001", 12, "0.000000000001"),
        ] {
            assert_eq!(
                text(&half_even(&exact(given), places)),
                want,
                "{given} at {places}"
            );
        }
    }
}
