//! Prices: what usage costs, from when, for whom.
//!
//! [`PriceParts`] is what was written, [`Price`] the proof that it makes sense, [`PriceBook`] finds the price of an
//! event, and [`rate`] makes its charge. Not here: where prices and running totals are kept, and currencies' exchange.
//!
//! Invariants: cost is exact and rounded half-even once per charge line at twelve places; the same event at the same
//! running total costs the same; a price is never chosen by chance, because ties are refused when written.

mod book;
mod component;
mod condition;
mod gauge;
mod judge;
mod model;
mod number;
mod parts;
mod rating;
mod reversal;
mod schedule;
mod state;

pub use book::{NearMiss, PriceBook};
pub use gauge::GaugeTimeline;
pub use judge::{
    ALTERNATIVES_MAX, AMOUNT_PLACES_MAX, FACTOR_MAX, FACTOR_PLACES_MAX, MULTIPLIERS_MAX, PER_MAX, TIERS_MAX,
};
pub use number::NumberText;
pub use parts::{
    Alternatives, BoundParts, ComponentParts, Day, ModelName, MultiplierParts, PriceParts, RatingPeriod,
    Round, TierParts, ZeroUsage,
};
pub use rating::{Usage, bound, preview, rate};
pub use reversal::{Voided, reverse};
pub use state::{ComponentId, RatingKey, RatingState, RatingWindow, Running};

use crate::category::Category;
use crate::dimension::Dimensions;
use crate::flaw::Flaw;
use crate::id::PriceId;
use crate::money::Currency;
use crate::text::{CategoryName, Label};
use crate::time::Timestamp;
use crate::zone::Zone;
use component::Component;
use serde::{Serialize, Serializer};

/// What the usage of one category costs under one match, for an interval of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    id: PriceId,
    category: CategoryName,
    matches: Dimensions,
    currency: Currency,
    effective_from: Timestamp,
    effective_until: Option<Timestamp>,
    organization: Option<Label>,
    zone: Zone,
    components: Vec<Component>,
    parts: PriceParts,
}

impl Price {
    /// Judges a price as written against its category; every flaw is listed.
    pub fn new(id: PriceId, parts: PriceParts, category: &Category) -> Result<Self, Vec<Flaw>> {
        judge::judge(id, parts, category)
    }

    /// Its id.
    pub fn id(&self) -> PriceId {
        self.id
    }

    /// The category whose events it prices.
    pub fn category(&self) -> &CategoryName {
        &self.category
    }

    /// The dimensions an event must have.
    pub fn matches(&self) -> &Dimensions {
        &self.matches
    }

    /// The currency of its amounts.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The first instant at which it holds.
    pub fn effective_from(&self) -> Timestamp {
        self.effective_from
    }

    /// The first instant at which it no longer holds.
    pub fn effective_until(&self) -> Option<Timestamp> {
        self.effective_until
    }

    /// The one organization it is for.
    pub fn organization(&self) -> Option<&Label> {
        self.organization.as_ref()
    }

    /// The price as it is written.
    pub fn parts(&self) -> &PriceParts {
        &self.parts
    }

    /// Whether it holds at an instant.
    pub fn is_effective(&self, at: Timestamp) -> bool {
        self.effective_from <= at && self.effective_until.is_none_or(|until| at < until)
    }

    /// The same price, ending at another instant.
    fn ending(&self, until: Timestamp) -> Self {
        let mut price = self.clone();
        price.effective_until = Some(until);
        price.parts.effective_until = Some(until.to_string());
        price
    }

    fn component(&self, measure: &str) -> Option<&Component> {
        // Few, and comparing lengths settles most, so this is faster than a search that must order texts.
        self.components
            .iter()
            .find(|component| component.measure.as_str() == measure)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.parts.serialize(serializer)
    }
}
