//! Conditions: the amounts an event must have for a component to exist.

use crate::category::Category;
use crate::event::Event;
use crate::quantity::Quantity;
use crate::text::Key;
use std::cmp::Ordering;

/// What `total_<measure>` begins with: the measure with its parts.
pub(super) const TOTAL_PREFIX: &str = "total_";

/// A bound on one amount of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// The measure.
    pub(super) measure: Key,
    /// Whether its parts are included.
    pub(super) with_parts: bool,
    /// How the amount must compare.
    pub(super) comparison: Comparison,
    /// With what.
    pub(super) quantity: Quantity,
}

/// How an amount must compare with a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Bound {
    /// Whether the event keeps the bound. Amounts are those the event states; a measure it does not carry is zero.
    pub(super) fn holds(&self, category: &Category, event: &Event) -> bool {
        let own = event.quantity(self.measure.as_str());
        let parts = category
            .measures()
            .iter()
            .filter(|part| self.with_parts && part.parent.as_ref() == Some(&self.measure));
        let amount = parts
            .map(|part| event.quantity(part.name.as_str()).nano())
            // Far beyond any bound that can be written, so holding it there changes no comparison.
            .fold(own.nano(), i128::saturating_add);
        let order = amount.cmp(&self.quantity.nano());
        match self.comparison {
            Comparison::Above => order == Ordering::Greater,
            Comparison::AtLeast => order != Ordering::Less,
            Comparison::Below => order == Ordering::Less,
            Comparison::AtMost => order != Ordering::Greater,
        }
    }
}
