//! Models: from an amount of usage to exact money.
//!
//! A [`Rate`] is money per unit and costs each event by itself. A [`Curve`] is a function F of a running total; an
//! event costs the difference of F. Not here: which component applies, and what the running total is.
//!
//! Invariants: everything is an integer over a divisor that the component fixes, so the one division at the end is
//! the one rounding; an answer that does not fit is `None`, never a wrapped number.

use super::schedule::Factor;
use super::state::Running;
use crate::quantity::Quantity;
use crate::wide::{common_divisor, div_half_even, narrow_div_half_even};
use ethnum::I256;

/// Money per one of something, as a ratio in lowest terms: pico-units of money for each nano-unit of a measure, or for
/// each package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate {
    numerator: i128,
    divisor: i128,
}

impl Rate {
    /// The rate `numerator ÷ divisor`; `None` when the reduced terms do not fit or the divisor is not positive.
    pub(super) fn new(numerator: I256, divisor: I256) -> Option<Self> {
        let shared = common_divisor(numerator, divisor);
        let divisor = i128::try_from(divisor.checked_div(shared)?).ok()?;
        let numerator = i128::try_from(numerator.checked_div(shared)?).ok()?;
        (divisor > 0).then_some(Self { numerator, divisor })
    }

    /// What so many cost, in pico-units, rounded once.
    pub(super) fn cost(self, count: i128, factor: Factor) -> Option<i128> {
        let divisor = self.divisor.checked_mul(factor.divisor());
        let product = self
            .numerator
            .checked_mul(factor.numerator())
            .and_then(|product| product.checked_mul(count));
        if let (Some(product), Some(divisor)) = (product, divisor) {
            return narrow_div_half_even(product, divisor);
        }
        let product = I256::from(self.numerator)
            .checked_mul(I256::from(factor.numerator()))?
            .checked_mul(I256::from(count))?;
        let divisor = I256::from(self.divisor).checked_mul(I256::from(factor.divisor()))?;
        div_half_even(product, divisor)
    }
}

/// A function F of a running total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    /// Each unit at the price of its tier.
    Graduated(Tiers),
    /// Every unit at the price of the tier reached.
    Volume(Tiers),
    /// A price for each package.
    Package(Package),
}

/// Tiers over one divisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tiers {
    /// In order; the last has no end.
    pub(super) tiers: Vec<Tier>,
    /// What turns the tiers' figures into pico-units.
    pub(super) divisor: I256,
    /// Whether a stated use of zero costs the first flat amount.
    pub(super) zero_is_flat: bool,
}

/// One tier; its money is in pico-units × the divisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tier {
    /// Where it begins, exclusive, in nano-units.
    pub(super) above: i128,
    /// Where it ends, inclusive, in nano-units.
    pub(super) up_to: Option<i128>,
    /// Money that a total at `above` costs in this tier, flat amounts included. Graduated only counts it.
    pub(super) entry: I256,
    /// Money per nano-unit.
    pub(super) slope: I256,
    /// Money once.
    pub(super) flat: I256,
}

/// A price for each package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// Nano-units in a package, above zero.
    pub(super) size: i128,
    /// Nano-units before the first package starts.
    pub(super) free: i128,
    /// Whether a started package counts.
    pub(super) started: bool,
    /// Pico-units of money for each package, as a ratio.
    pub(super) price: Rate,
}

impl Curve {
    /// Whether an event that states a use of zero has a cost.
    pub(super) fn charges_zero(&self) -> bool {
        match self {
            Self::Graduated(tiers) | Self::Volume(tiers) => tiers.zero_is_flat,
            Self::Package(_) => false,
        }
    }

    /// F: what the total costs, in pico-units, rounded once. No events cost nothing.
    ///
    /// Below zero, where late readings of a gauge can take a total for a while, the first unit amount goes on and no
    /// flat amount is due, so that what was charged too much comes back at the price it was charged at.
    pub(super) fn cost(&self, total: Running, factor: Factor) -> Option<i128> {
        let nano = total.quantity.nano();
        if total.events == 0 && nano == 0 {
            return Some(0);
        }
        match self {
            Self::Graduated(tiers) => tiers.cost(nano, factor, |tier| {
                let inside = I256::from(nano.checked_sub(tier.above)?);
                tier.slope.checked_mul(inside)?.checked_add(tier.entry)
            }),
            Self::Volume(tiers) => tiers.cost(nano, factor, |tier| {
                tier.slope.checked_mul(I256::from(nano))?.checked_add(tier.flat)
            }),
            Self::Package(package) => package.cost(nano, factor),
        }
    }
}

impl Curve {
    /// The most that an amount can cost, in pico-units, from any total that it may come upon; never below zero.
    ///
    /// Between the places where a tier or a package begins, what an amount costs changes evenly with the total. So it
    /// is most where it or its end lies at such a place. One pico-unit is added, for rounding at other places.
    pub(super) fn steepest(&self, nano: i128, factor: Factor) -> Option<i128> {
        let mut most = self.step(0, 0, nano, factor)?;
        for place in self.places() {
            for total in [place, place.saturating_sub(nano)] {
                for total in [total, total.saturating_add(1)] {
                    if total >= 0 {
                        most = most.max(self.step(1, total, nano, factor)?);
                    }
                }
            }
        }
        match nano {
            0 => Some(most.max(0)),
            _ => most.max(0).checked_add(1),
        }
    }

    fn step(&self, events: i64, total: i128, nano: i128, factor: Factor) -> Option<i128> {
        let at = |quantity, events| {
            let quantity = Quantity::from_nano(quantity);
            self.cost(Running { quantity, events }, factor)
        };
        let after = at(total.checked_add(nano)?, events.saturating_add(1))?;
        after.checked_sub(at(total, events)?)
    }

    /// The totals at which something ends, and zero.
    fn places(&self) -> Vec<i128> {
        let mut places = vec![0];
        match self {
            Self::Graduated(tiers) | Self::Volume(tiers) => {
                places.extend(tiers.tiers.iter().filter_map(|tier| tier.up_to));
            }
            Self::Package(package) => {
                let end = package.free.saturating_add(package.size);
                places.extend([package.free, end.saturating_sub(1), end]);
            }
        }
        places
    }
}

impl Tiers {
    fn cost(&self, nano: i128, factor: Factor, in_tier: impl Fn(&Tier) -> Option<I256>) -> Option<i128> {
        let tier = self
            .tiers
            .iter()
            .find(|tier| tier.up_to.is_none_or(|up_to| nano <= up_to))?;
        let money = match nano {
            0 if self.zero_is_flat => tier.flat,
            0 => I256::ZERO,
            ..0 => tier.slope.checked_mul(I256::from(nano))?,
            1.. => in_tier(tier)?,
        };
        let divisor = self.divisor.checked_mul(I256::from(factor.divisor()))?;
        div_half_even(money.checked_mul(I256::from(factor.numerator()))?, divisor)
    }
}

impl Package {
    fn cost(&self, nano: i128, factor: Factor) -> Option<i128> {
        let charged = nano.checked_sub(self.free)?.max(0);
        let full = charged.checked_div(self.size)?;
        let begun = self.started && charged.checked_rem(self.size)? > 0;
        let packages = full.checked_add(i128::from(begun))?;
        self.price.cost(packages, factor)
    }
}
