//! What the folds come to: a value for each slot, for everything, and for a slot without any row.

use crate::query::Value;
use crate::wide::div_half_even;
use ethnum::I256;

/// Decimal places of a mean.
pub(super) const MEAN_PLACES: u8 = 12;

/// The values of one figure.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) by_slot: Vec<Value>,
    pub(super) total: Value,
    /// The value where there is no row.
    pub(super) nowhere: Value,
}

impl Settled {
    /// The value of a slot, of everything when `slot` is `None`.
    pub(super) fn value(&self, slot: Option<usize>) -> &Value {
        match slot {
            Some(slot) => self.by_slot.get(slot).unwrap_or(&self.nowhere),
            None => &self.total,
        }
    }
}

/// `sum ÷ divisor` at twelve places, rounded half-even once; `sum` has `places`. `None` when it does not fit.
pub(super) fn mean(sum: I256, places: u8, divisor: I256) -> Option<Value> {
    let up = 10_i128.checked_pow(u32::from(MEAN_PLACES.saturating_sub(places)))?;
    let units = div_half_even(sum.checked_mul(up.into())?, divisor)?;
    Some(Value::Amount {
        units,
        places: MEAN_PLACES,
    })
}
