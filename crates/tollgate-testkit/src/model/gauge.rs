//! Gauges: what levels add up to, computed anew from all readings every time.

use crate::model::number::{Exact, QUANTITY_PLACES, half_even, whole};
use tollgate_core::id::EventId;
use tollgate_core::time::Timestamp;

/// A level that holds from an instant on.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Since when.
    pub at: Timestamp,
    /// By which event; of two at one instant the greater one holds.
    pub event: EventId,
    /// The level.
    pub level: Exact,
}

/// Level × seconds from the first reading to the last.
pub fn integral(readings: &[Reading]) -> Exact {
    half_even(&between(readings, None), QUANTITY_PLACES)
}

/// Level × seconds, within `[from, to)` when that is said (the last level then holds to its end); not rounded.
pub fn between(readings: &[Reading], within: Option<(Timestamp, Timestamp)>) -> Exact {
    let mut sorted: Vec<&Reading> = readings.iter().collect();
    sorted.sort_by_key(|reading| (reading.at, reading.event));
    let mut sum = whole(0);
    for (place, reading) in sorted.iter().enumerate() {
        let next = sorted.get(place + 1).map(|next| next.at);
        let (from, to) = match within {
            Some((from, to)) => (reading.at.max(from), next.unwrap_or(to).min(to)),
            None => (reading.at, next.unwrap_or(reading.at)),
        };
        if from < to {
            let micros = i128::from(to.micros()) - i128::from(from.micros());
            sum += &reading.level * whole(micros) / whole(1_000_000);
        }
    }
    sum
}
