//! Cells: where a limit counts for one concrete scope in one window.

use super::LimitId;
use crate::text::Label;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An amount of what a limit counts: nano-units of a measure, or pico-units of money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Amount(pub i128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum, held at the ends of the range: far beyond any ceiling that can be written.
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, held at the ends of the range.
    pub fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// Where a limit counts: one concrete scope in one window.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cell {
    /// The limit.
    pub limit: LimitId,
    /// The instance of the limit's scope class.
    pub instance: Label,
    /// The first instant of the window.
    pub start: Timestamp,
}

/// What a cell has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Used for good. Corrections and volume prices lower it, so it may be below zero.
    pub settled: Amount,
    /// Claimed by open holds; never below zero.
    pub held: Amount,
}

impl Balance {
    /// Both together.
    pub fn committed(self) -> Amount {
        self.settled.plus(self.held)
    }

    /// Whether a use of this amount is admitted under a ceiling: the one comparison.
    pub fn admits(self, amount: Amount, ceiling: Amount) -> bool {
        amount == Amount::ZERO || self.committed().plus(amount) <= ceiling
    }
}
