//! Amounts as people type them, and the exact arithmetic from there to base units.

use std::str::FromStr;
use tollgate_core::decimal::Decimal;
use tollgate_core::quantity::Quantity;

/// Bytes of a GB, as a power of ten.
const GIGA_PLACES: u8 = 9;
const SECONDS_PER_HOUR: i128 = 3600;
/// Decimal places that hours are shown with; more would hide the number.
const HOURS_PLACES: u8 = 6;

/// A decimal that can be stored: not negative, not too large, not too fine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(Decimal);

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decimal = Decimal::parse(text).map_err(|error| format!("it {error}"))?;
        Self::storable(decimal)
    }
}

impl Amount {
    /// The amount as a decimal.
    pub(super) fn decimal(self) -> Decimal {
        self.0
    }

    /// The exact product, if it can be stored.
    pub(super) fn times(self, other: Self) -> Result<Self, String> {
        let (left, right) = (self.0, other.0);
        let mantissa = left.mantissa().checked_mul(right.mantissa());
        let scale = left.scale().checked_add(right.scale());
        match (mantissa, scale) {
            (Some(mantissa), Some(scale)) => Self::storable(Decimal::from_parts(mantissa, scale)),
            _ => Err(format!(
                "{left} × {right} has more digits than can be held exactly"
            )),
        }
    }

    /// The amount in thousands of millions, as GB are of bytes.
    pub(super) fn giga(self) -> Decimal {
        Decimal::from_parts(self.0.mantissa(), self.0.scale().saturating_add(GIGA_PLACES))
    }

    /// Seconds as hours for people: rounded down, and marked where that loses something.
    pub(super) fn hours_of_seconds(self) -> String {
        let whole = SECONDS_PER_HOUR * 10_i128.pow(u32::from(self.0.scale()));
        let Some(fine) = self
            .0
            .mantissa()
            .checked_mul(10_i128.pow(u32::from(HOURS_PLACES)))
        else {
            return format!("{} / 3600", self.0);
        };
        let about = if fine % whole == 0 { "" } else { "≈ " };
        format!("{about}{}", Decimal::from_parts(fine / whole, HOURS_PLACES))
    }

    fn storable(decimal: Decimal) -> Result<Self, String> {
        if decimal.is_negative() {
            return Err(format!("{decimal} is negative"));
        }
        Quantity::try_from(decimal).map_err(|error| format!("{decimal} {error}"))?;
        Ok(Self(decimal))
    }
}

/// Bytes, with or without a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(Amount);

impl Bytes {
    /// The bytes as an amount.
    pub(super) fn amount(self) -> Amount {
        self.0
    }
}

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text
            .find(|c: char| c.is_ascii_alphabetic() && !is_exponent(text, c))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: i128 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 10_i128.pow(3),
            "mb" => 10_i128.pow(6),
            "gb" => 10_i128.pow(9),
            "tb" => 10_i128.pow(12),
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            _ => {
                return Err(format!(
                    "`{unit}` is no unit of bytes; use kB, MB, GB, TB, KiB, MiB, GiB or TiB"
                ));
            }
        };
        let bytes = number
            .trim()
            .parse::<Amount>()?
            .times(Amount(Decimal::from_parts(factor, 0)))?;
        if bytes.0.scale() > 0 {
            return Err(format!("{text} is no whole number of bytes"));
        }
        Ok(Self(bytes))
    }
}

/// `1e9` is a number, not nine of a unit called "e".
fn is_exponent(text: &str, letter: char) -> bool {
    matches!(letter, 'e' | 'E') && text.ends_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_with_their_unit() {
        let table = [
            ("5368709120", Some("5368709120")),
            ("5GB", Some("5000000000")),
            ("5 GiB", Some("5368709120")),
            ("1.5kB", Some("1500")),
            ("1e9", Some("1000000000")),
            ("2TB", Some("2000000000000")),
            ("0", Some("0")),
            ("0.5", None),
            ("-1", None),
            ("5 GX", None),
            ("GB", None),
            ("1e30", None),
            ("٣", None),
        ];
        for (text, bytes) in table {
            let read = text
                .parse::<Bytes>()
                .ok()
                .map(|bytes| bytes.amount().decimal().to_string());
            assert_eq!(read.as_deref(), bytes, "{text}");
        }
    }

    #[test]
    fn products_are_exact_or_refused() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        let product = |a: &str, b: &str| {
            amount(a)
                .times(amount(b))
                .map(|product| product.decimal().to_string())
        };
        assert_eq!(product("5368709120", "24").unwrap(), "128849018880");
        assert_eq!(product("0.1", "0.2").unwrap(), "0.02");
        assert_eq!(
            product("1000000000000000", "0.333333333").unwrap(),
            "333333333000000"
        );
        assert!(
            product("0.000000001", "0.1")
                .unwrap_err()
                .contains("9 decimal places")
        );
        assert!(
            product("1000000000000000000", "2")
                .unwrap_err()
                .contains("largest")
        );
        assert!(product("123456789012345678", "0.123456789").is_ok());
    }

    #[test]
    fn hours_are_shown_to_the_millionth() {
        let shown = |text: &str| text.parse::<Amount>().unwrap().hours_of_seconds();
        assert_eq!(shown("3600"), "1");
        assert_eq!(shown("5400"), "1.5");
        assert_eq!(shown("1"), "≈ 0.000277");
        assert_eq!(shown("0.0036"), "0.000001");
    }
}
