//! Money: exact amounts at twelve decimal places, and the currency they are in.
//!
//! Not here: exchange. One organization has one currency, and amounts of two currencies are never added.

use crate::decimal::{Decimal, DecimalError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Decimal places of money: what `NUMERIC(38,12)` and `Decimal128(38,12)` hold.
pub const MONEY_SCALE: u8 = 12;
/// Largest magnitude in pico-units: one below 10³⁸, so that any amount fits `NUMERIC(38,12)`.
pub const PICO_MAX: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

/// Largest magnitude of what one event costs, in pico-units: 10¹⁵ units of the currency. 10¹¹ such costs still sum within an `i128`.
pub const EVENT_COST_PICO_MAX: i128 = 1_000_000_000_000_000_000_000_000_000;

/// An exact amount in pico-units (10⁻¹²) of some currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Makes an amount of `pico` pico-units; `None` beyond [`PICO_MAX`].
    pub fn from_pico(pico: i128) -> Option<Self> {
        (pico.unsigned_abs() <= PICO_MAX.unsigned_abs()).then_some(Self(pico))
    }

    /// Whether one event may cost this.
    pub fn is_event_cost(self) -> bool {
        self.0.unsigned_abs() <= EVENT_COST_PICO_MAX.unsigned_abs()
    }

    /// The amount in pico-units.
    pub fn pico(self) -> i128 {
        self.0
    }

    /// The sum, unless it is beyond [`PICO_MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_pico(self.0.checked_add(other.0)?)
    }

    /// The difference, unless it is beyond [`PICO_MAX`].
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::from_pico(self.0.checked_sub(other.0)?)
    }

    /// The amount with its sign turned.
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The amount as a decimal number.
    pub fn decimal(self) -> Decimal {
        Decimal::from_parts(self.0, MONEY_SCALE)
    }
}

impl TryFrom<Decimal> for Money {
    type Error = DecimalError;

    fn try_from(decimal: Decimal) -> Result<Self, Self::Error> {
        let pico = decimal.scaled_to(MONEY_SCALE).map_err(|error| match error {
            DecimalError::TooManyDigits => DecimalError::TooLarge("10^26"),
            other => other,
        })?;
        Self::from_pico(pico).ok_or(DecimalError::TooLarge("10^26"))
    }
}

impl std::str::FromStr for Money {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Decimal::parse(text)?.try_into()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = smol_str::SmolStr::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An ISO 4217 currency code: three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// The text is not three capital ASCII letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a currency code; write three capital letters such as USD")]
pub struct CurrencyError;

impl Currency {
    /// The currency of an organization that names none.
    pub const USD: Self = Self(*b"USD");

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl std::str::FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError)?;
        if code.iter().all(u8::is_ascii_uppercase) {
            Ok(Self(code))
        } else {
            Err(CurrencyError)
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_prints_what_was_written() {
        for text in [
            "0",
            "0.00234",
            "-12.5",
            "47.608895",
            "0.000000000001",
            "99999999999999999999999999",
        ] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn money_beyond_its_bounds_is_refused() {
        assert_eq!(
            "0.0000000000001".parse::<Money>(),
            Err(DecimalError::TooPrecise(12))
        );
        assert_eq!(
            "100000000000000000000000000".parse::<Money>(),
            Err(DecimalError::TooLarge("10^26"))
        );
        let most = Money::from_pico(PICO_MAX).unwrap();
        assert_eq!(most.checked_add("0.000000000001".parse().unwrap()), None);
        assert_eq!(
            most.negated().checked_sub("0.000000000001".parse().unwrap()),
            None
        );
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!("EUR".parse::<Currency>().unwrap().as_str(), "EUR");
        for text in ["", "eur", "EURO", "E1R", "€"] {
            assert_eq!(text.parse::<Currency>(), Err(CurrencyError), "{text}");
        }
    }
}
