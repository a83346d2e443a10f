//! Quantities: exact amounts of a measure at nine decimal places, in the measure's base unit.

use crate::decimal::{Decimal, DecimalError};
use std::fmt;

/// Decimal places of a quantity.
pub const QUANTITY_SCALE: u8 = 9;
/// Largest quantity of one event, in base units: an exabyte of bytes. 10¹¹ events of it still sum within an `i128`.
pub const QUANTITY_MAX: i128 = 1_000_000_000_000_000_000;
const NANO_PER_UNIT: i128 = 1_000_000_000;

/// An exact amount in nano-units (10⁻⁹) of some measure's base unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

impl Quantity {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One base unit.
    pub const ONE: Self = Self(NANO_PER_UNIT);

    /// Makes a quantity of `nano` nano-units. Sums may pass [`QUANTITY_MAX`]; only input is held to it.
    pub fn from_nano(nano: i128) -> Self {
        Self(nano)
    }

    /// Makes a quantity of `units` whole base units.
    pub fn from_units(units: i64) -> Self {
        Self(i128::from(units).saturating_mul(NANO_PER_UNIT))
    }

    /// The quantity in nano-units.
    pub fn nano(self) -> i128 {
        self.0
    }

    /// The sum, unless it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The quantity with its sign turned.
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The quantity as a decimal number.
    pub fn decimal(self) -> Decimal {
        Decimal::from_parts(self.0, QUANTITY_SCALE)
    }
}

impl TryFrom<Decimal> for Quantity {
    type Error = DecimalError;

    fn try_from(decimal: Decimal) -> Result<Self, Self::Error> {
        let nano = decimal.scaled_to(QUANTITY_SCALE).map_err(|error| match error {
            DecimalError::TooManyDigits => DecimalError::TooLarge("10^18"),
            other => other,
        })?;
        let bound = QUANTITY_MAX.saturating_mul(NANO_PER_UNIT).unsigned_abs();
        if nano.unsigned_abs() <= bound {
            Ok(Self(nano))
        } else {
            Err(DecimalError::TooLarge("10^18"))
        }
    }
}

impl std::str::FromStr for Quantity {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Decimal::parse(text)?.try_into()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Result<&str, DecimalError>) {
        assert_eq!(
            text.parse::<Quantity>().map(|q| q.to_string()),
            want.map(str::to_owned),
            "{text}"
        );
    }

    #[test]
    fn quantities_are_exact_and_bounded() {
        check("812", Ok("812"));
        check("0.000000001", Ok("0.000000001"));
        check("-4", Ok("-4"));
        check("1000000000000000000", Ok("1000000000000000000"));
        check("1000000000000000001", Err(DecimalError::TooLarge("10^18")));
        check("1e30", Err(DecimalError::TooLarge("10^18")));
        check("0.0000000001", Err(DecimalError::TooPrecise(9)));
        check("1e-30", Err(DecimalError::TooPrecise(9)));
    }
}
