//! Gauges: levels that hold until the next reading, and what they add up to.
//!
//! A timeline is the readings of one series: one organization, team, project, user, category and set of dimensions.
//! Its integral is level × time up to the last reading, so a reading is charged for the time before it, at the moment
//! that time is known. Not here: which timelines there are.
//!
//! Invariants: the integral depends on the readings and not on the order in which they arrive; what [`insert`] and
//! [`remove`] give always adds up to the integral of the readings that are in.
//!
//! [`insert`]: GaugeTimeline::insert
//! [`remove`]: GaugeTimeline::remove

use crate::id::EventId;
use crate::quantity::Quantity;
use crate::time::{MICROS_PER_SECOND, Timestamp};
use crate::wide::div_half_even;
use ethnum::I256;
use std::collections::BTreeMap;
use std::ops::Bound;

/// The readings of one series in time order, and their integral.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GaugeTimeline {
    /// In the order of time, then id: of two readings at one instant the one with the greater id is the level after it.
    readings: BTreeMap<(Timestamp, EventId), Quantity>,
    /// Level × time up to the last reading, in nano-units × microseconds.
    integral: I256,
}

/// When a level was set, and the level.
type Reading = (Timestamp, Quantity);

impl GaugeTimeline {
    /// Puts a reading in and gives by how much the integral changed, in unit-seconds: below zero when a late reading
    /// lowers a level that was charged for already. `None`, and nothing changes, when the integral would not fit or
    /// the reading is in already.
    ///
    /// Takes logarithmic time wherever the reading falls.
    pub fn insert(&mut self, at: Timestamp, event: EventId, level: Quantity) -> Option<Quantity> {
        let place = (at, event);
        if self.readings.contains_key(&place) {
            return None;
        }
        let (before, after) = (self.before(place), self.after(place));
        let new = Some((at, level));
        let added = span(before, new)?.checked_add(span(new, after)?)?;
        let gained = self.change(added.checked_sub(span(before, after)?)?)?;
        self.readings.insert(place, level);
        Some(gained)
    }

    /// Takes a reading out and gives by how much the integral changed, in unit-seconds. `None`, and nothing changes,
    /// when there is no such reading.
    pub fn remove(&mut self, at: Timestamp, event: EventId) -> Option<Quantity> {
        let place = (at, event);
        let old = Some((at, *self.readings.get(&place)?));
        let (before, after) = (self.before(place), self.after(place));
        let removed = span(before, old)?.checked_add(span(old, after)?)?;
        let gained = self.change(span(before, after)?.checked_sub(removed)?)?;
        self.readings.remove(&place);
        Some(gained)
    }

    /// The whole integral in unit-seconds.
    pub fn integral(&self) -> Option<Quantity> {
        whole(self.integral)
    }

    /// The number of readings.
    pub fn len(&self) -> usize {
        self.readings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.readings.is_empty()
    }

    fn before(&self, place: (Timestamp, EventId)) -> Option<Reading> {
        self.readings.range(..place).next_back().map(reading)
    }

    fn after(&self, place: (Timestamp, EventId)) -> Option<Reading> {
        let beyond = (Bound::Excluded(place), Bound::Unbounded);
        self.readings.range(beyond).next().map(reading)
    }

    /// Moves the integral. What comes out is the difference of two rounded totals, so that it adds up.
    fn change(&mut self, by: I256) -> Option<Quantity> {
        let integral = self.integral.checked_add(by)?;
        let gained = whole(integral)?.checked_sub(whole(self.integral)?)?;
        self.integral = integral;
        Some(gained)
    }
}

fn reading((&(at, _), &level): (&(Timestamp, EventId), &Quantity)) -> Reading {
    (at, level)
}

/// Level × time between two readings; none without a reading on either side.
fn span(from: Option<Reading>, to: Option<Reading>) -> Option<I256> {
    let (Some((from, level)), Some((to, _))) = (from, to) else {
        return Some(I256::ZERO);
    };
    let micros = i128::from(to.micros()).checked_sub(i128::from(from.micros()))?;
    I256::from(level.nano()).checked_mul(I256::from(micros))
}

fn whole(integral: I256) -> Option<Quantity> {
    div_half_even(integral, I256::from(MICROS_PER_SECOND)).map(Quantity::from_nano)
}
