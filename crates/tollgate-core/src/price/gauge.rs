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

/// The readings of one series in time order, and their integral.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GaugeTimeline {
    /// In the order of time, then id: of two readings at one instant the one with the greater id is the level after it.
    readings: Vec<Reading>,
    /// Level × time up to the last reading, in nano-units × microseconds.
    integral: I256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    at: Timestamp,
    event: EventId,
    level: Quantity,
}

impl GaugeTimeline {
    /// Puts a reading in and gives by how much the integral changed, in unit-seconds: below zero when a late reading
    /// lowers a level that was charged for already. `None`, and nothing changes, when the integral would not fit or
    /// the reading is in already.
    ///
    /// Takes constant time for a reading that is the latest, linear time for a late one.
    pub fn insert(&mut self, at: Timestamp, event: EventId, level: Quantity) -> Option<Quantity> {
        let place = self.place(at, event).err()?;
        let new = Reading { at, event, level };
        let (before, after) = (self.before(place), self.readings.get(place));
        let removed = span(before, after)?;
        let added = span(before, Some(&new))?.checked_add(span(Some(&new), after)?)?;
        let gained = self.change(added.checked_sub(removed)?)?;
        self.readings.insert(place, new);
        Some(gained)
    }

    /// Takes a reading out and gives by how much the integral changed, in unit-seconds. `None`, and nothing changes,
    /// when there is no such reading.
    pub fn remove(&mut self, at: Timestamp, event: EventId) -> Option<Quantity> {
        let place = self.place(at, event).ok()?;
        let (before, old) = (self.before(place), self.readings.get(place));
        let after = self.readings.get(place.checked_add(1)?);
        let removed = span(before, old)?.checked_add(span(old, after)?)?;
        let added = span(before, after)?;
        let gained = self.change(added.checked_sub(removed)?)?;
        self.readings.remove(place);
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

    /// The place of a reading, or where it would go.
    fn place(&self, at: Timestamp, event: EventId) -> Result<usize, usize> {
        match self.readings.last() {
            Some(last) if (last.at, last.event) < (at, event) => Err(self.readings.len()),
            _ => self
                .readings
                .binary_search_by(|reading| (reading.at, reading.event).cmp(&(at, event))),
        }
    }

    fn before(&self, place: usize) -> Option<&Reading> {
        self.readings.get(place.checked_sub(1)?)
    }

    /// Moves the integral. What comes out is the difference of two rounded totals, so that it adds up.
    fn change(&mut self, by: I256) -> Option<Quantity> {
        let integral = self.integral.checked_add(by)?;
        let gained = whole(integral)?.checked_sub(whole(self.integral)?)?;
        self.integral = integral;
        Some(gained)
    }
}

/// Level × time between two readings; none without a reading on either side.
fn span(from: Option<&Reading>, to: Option<&Reading>) -> Option<I256> {
    let (Some(from), Some(to)) = (from, to) else {
        return Some(I256::ZERO);
    };
    let micros = i128::from(to.at.micros()).checked_sub(i128::from(from.at.micros()))?;
    I256::from(from.level.nano()).checked_mul(I256::from(micros))
}

fn whole(integral: I256) -> Option<Quantity> {
    div_half_even(integral, I256::from(MICROS_PER_SECOND)).map(Quantity::from_nano)
}
