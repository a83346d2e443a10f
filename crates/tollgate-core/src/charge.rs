//! Charges: what an event cost, line by line, and how that is known.
//!
//! Not here: how a charge is computed ([`crate::price`]).

use crate::id::PriceId;
use crate::money::Money;
use crate::quantity::Quantity;
use crate::text::Key;
use smallvec::SmallVec;

/// Why a line stands on a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    /// Usage at its price.
    Usage,
    /// The exact reversal of a line of a voided event.
    Reversal,
    /// What a reversal leaves wrong where the running total matters.
    Adjustment,
}

/// One component of a price applied to one measure of an event; rounded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeLine {
    /// The measure charged.
    pub measure: Key,
    /// How much of it: for a gauge, level × seconds.
    pub quantity: Quantity,
    /// What it costs.
    pub amount: Money,
    /// Why the line is there.
    pub kind: LineKind,
}

/// Why an event has no cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unpriced {
    /// No price matches the event.
    NoPrice,
    /// A price matches, but has no component for this billable measure.
    NoComponent(Key),
    /// The cost is beyond what one event may cost.
    TooLarge,
}

impl Unpriced {
    /// The reason's code in answers.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NoPrice => "no_price",
            Self::NoComponent(_) => "no_component",
            Self::TooLarge => "cost_too_large",
        }
    }
}

/// How a cost is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CostSource {
    /// Computed from this price.
    Priced(PriceId),
    /// Stated by the caller.
    Asserted,
    /// Not known, and why.
    Unpriced(Unpriced),
}

/// What an event cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The sum of the lines; `None` exactly when the source is [`CostSource::Unpriced`].
    pub cost: Option<Money>,
    /// How the cost is known.
    pub source: CostSource,
    /// The lines; none when asserted or unpriced.
    pub lines: SmallVec<[ChargeLine; 2]>,
}

impl Charge {
    /// The charge of an event whose cost nobody knows.
    pub fn unpriced(reason: Unpriced) -> Self {
        Self {
            cost: None,
            source: CostSource::Unpriced(reason),
            lines: SmallVec::new(),
        }
    }

    /// The charge of an event whose cost the caller stated.
    pub fn asserted(cost: Money) -> Self {
        Self {
            cost: Some(cost),
            source: CostSource::Asserted,
            lines: SmallVec::new(),
        }
    }

    /// The charge of these lines; unpriced when their sum does not fit.
    pub fn priced(price: PriceId, lines: SmallVec<[ChargeLine; 2]>) -> Self {
        let sum = lines
            .iter()
            .try_fold(Money::ZERO, |sum, line| sum.checked_add(line.amount));
        match sum {
            Some(cost) => Self {
                cost: Some(cost),
                source: CostSource::Priced(price),
                lines,
            },
            None => Self::unpriced(Unpriced::TooLarge),
        }
    }
}
