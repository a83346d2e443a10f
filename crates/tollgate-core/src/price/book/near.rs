//! Near misses: why an event has no price, where the book has one that nearly matches.
//!
//! Said when an answer is given, from the book as it then is, and kept nowhere. Not here: events whose price lacks a component.

use super::{PriceBook, Shape};
use crate::event::Event;
use crate::id::PriceId;
use crate::money::Currency;
use crate::price::Price;
use crate::text::{CategoryName, Key, Label};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::fmt;

/// What keeps the prices of an event's category from matching it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NearMiss {
    /// Nothing any more: this price matches, and was written after the event was recorded.
    Later(PriceId),
    /// Those that match are in other currencies than the organization's.
    Currency {
        /// The category.
        category: CategoryName,
        /// The currencies of the prices.
        prices: BTreeSet<Currency>,
        /// The organization.
        organization: Label,
        /// Its currency.
        own: Currency,
    },
    /// Those that match do not hold at the event's time.
    Time {
        /// The category.
        category: CategoryName,
        /// When the event was.
        at: Timestamp,
    },
    /// Some match on dimensions that the event lacks, and on nothing that it has otherwise.
    Dimensions {
        /// The category.
        category: CategoryName,
        /// The dimensions that they match on.
        keys: Vec<Key>,
        /// Those that the event lacks.
        absent: Vec<Key>,
    },
}

impl PriceBook {
    /// Says what keeps the prices of its category from matching an event of an organization with this currency.
    ///
    /// Each price that is compared one by one takes one of `looks`; when none are left nothing is found.
    pub fn near_miss(&self, event: &Event, currency: Currency, looks: &mut usize) -> Option<NearMiss> {
        if let Some(price) = self.price_for(event, currency) {
            return Some(NearMiss::Later(price.id));
        }
        let shelf = self.categories.get(&event.category)?;
        let own = shelf.own.get(&event.scope.organization).map(Vec::as_slice);
        let shapes = || own.unwrap_or_default().iter().chain(&shelf.global);
        let matching = || shapes().filter_map(|shape| shape.row(event)).flatten();
        let prices: BTreeSet<Currency> = matching()
            .filter(|price| price.is_effective(event.at))
            .map(|price| price.currency)
            .collect();
        let category = event.category.clone();
        if !prices.is_empty() {
            return Some(NearMiss::Currency {
                category,
                prices,
                organization: event.scope.organization.clone(),
                own: currency,
            });
        }
        if matching().any(|price| price.currency == currency) {
            return Some(NearMiss::Time {
                category,
                at: event.at,
            });
        }
        let could = |price: &Price| price.currency == currency && price.is_effective(event.at);
        let mut lacking: Vec<(Vec<Key>, &Shape)> = shapes()
            .map(|shape| (shape.absent(event), shape))
            .filter(|(absent, _)| !absent.is_empty())
            .collect();
        lacking.sort_by_key(|(absent, _)| absent.len());
        let (absent, shape) = lacking
            .into_iter()
            .find(|(_, shape)| shape.would_match(event, looks, could))?;
        Some(NearMiss::Dimensions {
            category,
            keys: shape.keys.to_vec(),
            absent,
        })
    }
}

impl Shape {
    /// The dimensions of the shape that an event lacks.
    fn absent(&self, event: &Event) -> Vec<Key> {
        let lacks = |key: &&Key| event.dimensions.value(key.as_str()).is_none();
        self.keys.iter().filter(lacks).cloned().collect()
    }

    /// Whether a price would match if the event had what it lacks.
    fn would_match(&self, event: &Event, looks: &mut usize, could: impl Fn(&Price) -> bool) -> bool {
        let agrees = |(key, value): (&Key, &Label)| {
            event
                .dimensions
                .value(key.as_str())
                .is_none_or(|other| other == value)
        };
        self.prices
            .values()
            .flatten()
            .take_while(|_| {
                let left = looks.checked_sub(1);
                *looks = left.unwrap_or(0);
                left.is_some()
            })
            .any(|price| could(price) && price.matches.iter().all(agrees))
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(price) => write!(f, "{price} matches by now; the event was recorded before"),
            Self::Currency {
                category,
                prices,
                organization,
                own,
            } => {
                let prices = listed(prices.iter().map(ToString::to_string));
                write!(
                    f,
                    "prices of {category} that match are in {prices}; the currency of {organization} is {own}"
                )
            }
            Self::Time { category, at } => {
                write!(
                    f,
                    "prices of {category} that match do not hold at {at}, the event's time"
                )
            }
            Self::Dimensions {
                category,
                keys,
                absent,
            } => {
                let keys = listed(keys.iter().map(ToString::to_string));
                let absent = listed(absent.iter().map(|key| format!("no {key}")));
                write!(f, "prices of {category} match on {keys}; the event has {absent}")
            }
        }
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    let mut words: Vec<String> = words.collect();
    let last = words.pop().unwrap_or_default();
    if words.is_empty() {
        return last;
    }
    format!("{} and {last}", words.join(", "))
}
