//! What a commit changed in the ledger besides identities, as it is kept in the head of its batch.
//!
//! Keeping the outcome and not only the events makes recovery independent of settings: prices and categories may have
//! changed between a commit and a restart, and rating the events again could then give other totals than were answered.

use super::Damage;
use super::seal::plain;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tollgate_core::id::{EventId, PriceId};
use tollgate_core::price::{ComponentId, RatingKey, RatingWindow, Running};
use tollgate_core::quantity::Quantity;
use tollgate_core::text::{Key, Label};
use tollgate_core::time::Timestamp;
use tollgate_engine::ledger::{Changes, Reading, Series};

/// [`Changes`] as they are stored.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Wire {
    totals: Vec<(Total, i128, i64)>,
    readings: Vec<(SmolStr, i64, u128, Option<i128>)>,
    prices: Vec<(u128, i64)>,
}

/// The key of a running total as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Total {
    organization: Label,
    price: u128,
    measure: Key,
    alternative: u16,
    /// The month's first instant; `None` for all time.
    month: Option<i64>,
}

impl Wire {
    pub(crate) fn of(changes: &Changes) -> Self {
        let total =
            |(key, running): &(RatingKey, Running)| (Total::of(key), running.quantity.nano(), running.events);
        let reading = |reading: &Reading| {
            let level = reading.level.map(Quantity::nano);
            (
                SmolStr::new(reading.series.as_str()),
                reading.at.micros(),
                reading.event.bits(),
                level,
            )
        };
        let price = |(price, at): &(PriceId, Timestamp)| (price.bits(), at.micros());
        Self {
            totals: changes.totals.iter().map(total).collect(),
            readings: changes.readings.iter().map(reading).collect(),
            prices: changes.prices.iter().map(price).collect(),
        }
    }

    pub(crate) fn changes(self) -> Changes {
        let total = |(total, quantity, events): (Total, i128, i64)| {
            (
                total.key(),
                Running {
                    quantity: Quantity::from_nano(quantity),
                    events,
                },
            )
        };
        let reading = |(series, at, event, level): (SmolStr, i64, u128, Option<i128>)| Reading {
            series: Series::from_kept(&series),
            at: Timestamp::from_micros(at),
            event: EventId::from_bits(event),
            level: level.map(Quantity::from_nano),
        };
        let price = |(price, at): (u128, i64)| (PriceId::from_bits(price), Timestamp::from_micros(at));
        Changes {
            totals: self.totals.into_iter().map(total).collect(),
            readings: self.readings.into_iter().map(reading).collect(),
            prices: self.prices.into_iter().map(price).collect(),
        }
    }
}

impl Total {
    fn of(key: &RatingKey) -> Self {
        Self {
            organization: key.organization.clone(),
            price: key.price.bits(),
            measure: key.component.measure.clone(),
            alternative: key.component.alternative,
            month: match key.window {
                RatingWindow::Month(start) => Some(start.micros()),
                RatingWindow::Total => None,
            },
        }
    }

    fn key(self) -> RatingKey {
        RatingKey {
            organization: self.organization,
            price: PriceId::from_bits(self.price),
            component: ComponentId {
                measure: self.measure,
                alternative: self.alternative,
            },
            window: self.month.map_or(RatingWindow::Total, |start| {
                RatingWindow::Month(Timestamp::from_micros(start))
            }),
        }
    }
}

/// The bytes under which a running total is kept.
pub(crate) fn total_key(key: &RatingKey) -> Vec<u8> {
    plain(&Total::of(key), 0)
}

/// The running total's key that these bytes stand for.
pub(crate) fn total_of_key(bytes: &[u8]) -> Result<RatingKey, Damage> {
    let total: Total =
        postcard::from_bytes(bytes).map_err(|_| Damage("the key of a running total cannot be read"))?;
    Ok(total.key())
}
