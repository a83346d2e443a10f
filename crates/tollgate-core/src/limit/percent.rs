//! Percentages of a ceiling: thresholds and rungs.
//!
//! Whether one is reached is decided on the amounts themselves; a rounded percentage is only ever shown.

use super::Amount;
use crate::decimal::{Decimal, DecimalError};
use crate::wide::div_half_even;
use ethnum::I256;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Decimal places of a percentage.
const PERCENT_SCALE: u8 = 2;
/// Hundredths of a percent in a whole.
const WHOLE: i128 = 10_000;
/// Largest percentage that may be written: ten times the ceiling.
const HUNDREDTHS_MAX: i128 = 100_000;

/// A share of a ceiling in hundredths of a percent, above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Percent(u32);

/// The text is no percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PercentError {
    /// It is no number, or has more than two decimal places.
    #[error(transparent)]
    Number(#[from] DecimalError),
    /// It is outside the range.
    #[error("must be above 0 and at most 1000 percent")]
    Range,
}

impl Percent {
    /// So many whole percent.
    pub const fn whole(percent: u32) -> Self {
        Self(percent.saturating_mul(100))
    }

    /// Whether an amount has come to this share of a ceiling. A share of nothing is reached by anything above it.
    pub fn is_reached(self, amount: Amount, ceiling: Amount) -> bool {
        if ceiling == Amount::ZERO {
            return amount > Amount::ZERO;
        }
        let narrow = amount
            .0
            .checked_mul(WHOLE)
            .zip(ceiling.0.checked_mul(i128::from(self.0)));
        if let Some((amount, share)) = narrow {
            return amount >= share;
        }
        let (amount, ceiling) = (I256::from(amount.0), I256::from(ceiling.0));
        let share = ceiling.checked_mul(I256::from(self.0));
        amount.checked_mul(I256::from(WHOLE)) >= share
    }

    /// This share of a ceiling, rounded down: an amount above it is above the share.
    pub fn of(self, ceiling: Amount) -> Amount {
        if let Some(share) = ceiling.0.checked_mul(i128::from(self.0)) {
            return Amount(share.checked_div(WHOLE).unwrap_or(i128::MAX));
        }
        let share = I256::from(ceiling.0)
            .checked_mul(I256::from(self.0))
            .and_then(|share| share.checked_div(I256::from(WHOLE)))
            .and_then(|share| i128::try_from(share).ok());
        Amount(share.unwrap_or(i128::MAX))
    }

    /// How many whole percentage points an amount is above this share of a ceiling.
    pub fn points_above(self, amount: Amount, ceiling: Amount) -> u32 {
        let over = amount.minus(self.of(ceiling));
        let points = I256::from(over.0.max(0))
            .checked_mul(I256::from(100))
            .and_then(|over| over.checked_div(I256::from(ceiling.0)));
        points.map_or(0, |points| u32::try_from(points).unwrap_or(u32::MAX))
    }

    /// What percentage of a ceiling an amount is, rounded half to even to hundredths for showing; `None` of nothing.
    pub fn shown(amount: Amount, ceiling: Amount) -> Option<Decimal> {
        let ceiling = (ceiling != Amount::ZERO).then_some(I256::from(ceiling.0))?;
        let hundredths = div_half_even(I256::from(amount.0).checked_mul(I256::from(WHOLE))?, ceiling)?;
        Some(Decimal::from_parts(hundredths, PERCENT_SCALE))
    }

    /// The percentage as a number.
    pub fn decimal(self) -> Decimal {
        Decimal::from_parts(i128::from(self.0), PERCENT_SCALE)
    }
}

impl TryFrom<Decimal> for Percent {
    type Error = PercentError;

    fn try_from(decimal: Decimal) -> Result<Self, PercentError> {
        let hundredths = decimal.scaled_to(PERCENT_SCALE)?;
        if !(1..=HUNDREDTHS_MAX).contains(&hundredths) {
            return Err(PercentError::Range);
        }
        u32::try_from(hundredths)
            .map(Self)
            .map_err(|_| PercentError::Range)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(text: &str) -> Percent {
        Decimal::parse(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn a_share_is_reached_on_the_amounts_and_not_on_what_is_shown() {
        let third = |amount| percent("33.33").is_reached(Amount(amount), Amount(3_000_000));
        assert!(third(999_900) && !third(999_899));
        let most = Amount(i128::MAX);
        assert!(percent("100").is_reached(most, most));
        assert!(!percent("100.01").is_reached(most, most));
        assert!(percent("1000").is_reached(Amount(1), Amount::ZERO));
        assert!(!percent("1").is_reached(Amount::ZERO, Amount::ZERO));
        assert!(!percent("1").is_reached(Amount(-5), Amount(10)));
    }

    #[test]
    fn what_is_shown_is_rounded_half_to_even() {
        let check = |amount, ceiling, want: &str| {
            let shown = Percent::shown(Amount(amount), Amount(ceiling));
            assert_eq!(shown.map(|d| d.to_string()).as_deref().unwrap_or("-"), want);
        };
        check(71_1203, 100_0000, "71.12");
        check(1, 20_000, "0");
        check(3, 20_000, "0.02");
        check(-1, 2, "-50");
        check(3, 2, "150");
        check(3, 0, "-");
        check(i128::MAX, 1, "-");
    }

    #[test]
    fn percentages_are_bounded() {
        assert_eq!(percent("69.99").to_string(), "69.99");
        assert_eq!(Percent::whole(110), percent("110"));
        for text in ["0", "-1", "1000.01", "0.001"] {
            assert!(
                Percent::try_from(Decimal::parse(text).unwrap()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn points_above_grow_with_the_overrun() {
        let points = |amount| percent("90").points_above(Amount(amount), Amount(1000));
        assert_eq!([0, 900, 909, 910, 1000].map(points), [0, 0, 0, 1, 10]);
    }
}
