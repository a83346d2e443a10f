//! Exact decimal text: the only way a number enters or leaves Tollgate.
//!
//! Accepts JSON number syntax (`-12.5e-3`), in a JSON string or bare. Not here: meaning. [`crate::money`]
//! and [`crate::quantity`] give a decimal its unit, scale and bound.
//!
//! Invariant: a [`Decimal`] is normalised (no trailing zeros, zero has scale 0 and no sign), so that
//! equal numbers are equal values.

use std::fmt;

/// Most digits a number may have, all told: what `NUMERIC(38, …)` and `i128` both hold.
pub const DIGITS_MAX: usize = 38;
/// Longest text that is read as a number; anything longer is no amount anybody meant.
pub const NUMBER_BYTES_MAX: usize = 128;

/// A normalised decimal number: `mantissa × 10^-scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i128,
    scale: u8,
}

/// Why a text is not a number that Tollgate can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// The text is not decimal JSON number syntax.
    #[error("is not a decimal number; write digits such as 12 or 0.5")]
    Syntax,
    /// The number has more digits than can be held exactly.
    #[error("has more than {DIGITS_MAX} digits")]
    TooManyDigits,
    /// The number has more decimal places than its kind can hold exactly.
    #[error("has more than {0} decimal places")]
    TooPrecise(u8),
    /// The number is larger than its kind allows.
    #[error("is beyond the largest amount allowed, {0}")]
    TooLarge(&'static str),
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self {
        mantissa: 0,
        scale: 0,
    };

    /// Makes the normalised decimal `mantissa × 10^-scale`.
    pub fn from_parts(mantissa: i128, scale: u8) -> Self {
        let (mut mantissa, mut scale) = (mantissa, scale);
        if mantissa == 0 {
            return Self::ZERO;
        }
        while scale > 0 && mantissa.checked_rem(10) == Some(0) {
            mantissa = mantissa.checked_div(10).unwrap_or(0);
            scale = scale.saturating_sub(1);
        }
        Self { mantissa, scale }
    }

    /// The digits as one integer.
    pub fn mantissa(self) -> i128 {
        self.mantissa
    }

    /// The number of decimal places.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Parses decimal text exactly; never rounds.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        if text.len() > NUMBER_BYTES_MAX {
            return Err(DecimalError::TooManyDigits);
        }
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (number, exponent) = split_exponent(rest)?;
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(DecimalError::Syntax),
            None => (number, ""),
        };
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(DecimalError::Syntax);
        }
        let mantissa = digits(whole, fraction)?;
        let places = i32::try_from(fraction.len())
            .unwrap_or(i32::MAX)
            .saturating_sub(exponent);
        Self::at_places(
            if negative {
                mantissa.saturating_neg()
            } else {
                mantissa
            },
            places,
        )
    }

    /// The integer `self × 10^places`, when it is one and an `i128` holds it.
    pub fn scaled_to(self, places: u8) -> Result<i128, DecimalError> {
        let up = places
            .checked_sub(self.scale)
            .ok_or(DecimalError::TooPrecise(places))?;
        let factor = 10_i128
            .checked_pow(u32::from(up))
            .ok_or(DecimalError::TooManyDigits)?;
        self.mantissa
            .checked_mul(factor)
            .ok_or(DecimalError::TooManyDigits)
    }

    /// Whether the number is below zero.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether the number is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    fn at_places(mantissa: i128, places: i32) -> Result<Self, DecimalError> {
        if mantissa == 0 {
            return Ok(Self::ZERO);
        }
        if let Ok(scale) = u8::try_from(places) {
            return Self::within_digits(Self::from_parts(mantissa, scale));
        }
        let up = u32::try_from(places.saturating_neg()).unwrap_or(0);
        if places > 0 || up > 38 {
            return Err(DecimalError::TooManyDigits);
        }
        let factor = 10_i128.checked_pow(up).ok_or(DecimalError::TooManyDigits)?;
        let mantissa = mantissa.checked_mul(factor).ok_or(DecimalError::TooManyDigits)?;
        Self::within_digits(Self { mantissa, scale: 0 })
    }

    fn within_digits(self) -> Result<Self, DecimalError> {
        let fits = usize::from(self.scale) <= DIGITS_MAX && self.mantissa.unsigned_abs() < 10_u128.pow(38);
        if fits {
            Ok(self)
        } else {
            Err(DecimalError::TooManyDigits)
        }
    }
}

fn split_exponent(text: &str) -> Result<(&str, i32), DecimalError> {
    let Some((number, exponent)) = text.split_once(['e', 'E']) else {
        return Ok((text, 0));
    };
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DecimalError::Syntax);
    }
    let value = digits.parse::<i32>().map_err(|_| DecimalError::TooManyDigits)?;
    Ok((
        number,
        if exponent.starts_with('-') {
            value.saturating_neg()
        } else {
            value
        },
    ))
}

fn digits(whole: &str, fraction: &str) -> Result<i128, DecimalError> {
    // Zeros at the end of the fraction are no digits of the number, but do move the point, so they are read too
    // as long as they fit; a text of forty zeros is refused rather than given a second meaning.
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if !byte.is_ascii_digit() {
            return Err(DecimalError::Syntax);
        }
        let digit = i128::from(byte.saturating_sub(b'0'));
        value = value
            .checked_mul(10)
            .and_then(|v| v.checked_add(digit))
            .ok_or(DecimalError::TooManyDigits)?;
    }
    Ok(value)
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        let places = usize::from(self.scale);
        if places == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = places.saturating_add(1));
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(places));
        write!(f, "{sign}{whole}.{fraction}")
    }
}

impl std::str::FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl serde::Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = match Decimal::parse(text) {
            Ok(decimal) => decimal.to_string(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(got, want, "{text:?}");
    }

    #[test]
    fn decimal_text_is_read_exactly_or_refused() {
        check("0", "0");
        check("-0", "0");
        check("0.000", "0");
        check("12", "12");
        check("-12.50", "-12.5");
        check("0.1", "0.1");
        check("1e3", "1000");
        check("1.5E-3", "0.0015");
        check("1200e-2", "12");
        check("0e999999", "0");
        check("1e400", "TooManyDigits");
        check("1e-30", "0.000000000000000000000000000001");
        check("1e-300", "TooManyDigits");
        check(
            "99999999999999999999999999999999999999",
            "99999999999999999999999999999999999999",
        );
        check("100000000000000000000000000000000000000", "TooManyDigits");
        check("170141183460469231731687303715884105728", "TooManyDigits");
        check("", "Syntax");
        check("-", "Syntax");
        check("+1", "Syntax");
        check("01", "Syntax");
        check(".5", "Syntax");
        check("5.", "Syntax");
        check("1e", "Syntax");
        check("1e+", "Syntax");
        check("٣", "Syntax");
        check("1 ", "Syntax");
        check("NaN", "Syntax");
        check("0x10", "Syntax");
        check(&"9".repeat(200), "TooManyDigits");
    }

    #[test]
    fn scaling_never_rounds() {
        let half = Decimal::parse("0.5").unwrap();
        assert_eq!(half.scaled_to(9), Ok(500_000_000));
        assert_eq!(half.scaled_to(0), Err(DecimalError::TooPrecise(0)));
        assert_eq!(
            Decimal::from_parts(i128::MAX, 0).scaled_to(9),
            Err(DecimalError::TooManyDigits)
        );
    }
}
