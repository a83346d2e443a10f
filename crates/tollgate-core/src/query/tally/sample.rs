//! Samples: each event's own amount, kept for minima, maxima and percentiles.
//!
//! A void and what it takes back are both left out. A void may come before what it voids, so amounts are kept with
//! their events' ids until all rows are there.

use super::TallyError;
use super::settle::Settled;
use super::slot::index;
use crate::id::EventId;
use crate::query::{Aggregate, Value};
use std::collections::HashSet;

/// Most amounts kept by one query, of 48 bytes each.
pub const SAMPLES_MAX: usize = 8_000_000;

/// What keeping amounts may still take.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(SAMPLES_MAX)
    }

    pub(super) fn take(&mut self) -> Result<(), TallyError> {
        self.0 = self.0.checked_sub(1).ok_or(TallyError::TooManySamples)?;
        Ok(())
    }
}

#[derive(Debug)]
struct Sample {
    slot: u32,
    amount: i128,
    event: EventId,
}

/// The amounts of one figure.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<Sample>);

impl Samples {
    pub(super) fn push(&mut self, slot: u32, event: EventId, amount: i128) {
        self.0.push(Sample { slot, amount, event });
    }

    pub(super) fn settle(
        mut self,
        aggregate: Aggregate,
        places: u8,
        voided: &HashSet<EventId>,
        slots: usize,
    ) -> Settled {
        self.0.retain(|sample| !voided.contains(&sample.event));
        self.0.sort_unstable_by_key(|sample| (sample.slot, sample.amount));
        let pick = |amounts: &[Sample]| {
            let rank = rank(aggregate, amounts.len());
            amounts.get(rank).map_or(Value::Unknown, |sample| Value::Amount {
                units: sample.amount,
                places,
            })
        };
        let mut by_slot = vec![Value::Unknown; slots];
        for group in self.0.chunk_by(|a, b| a.slot == b.slot) {
            let place = group.first().map_or(usize::MAX, |sample| index(sample.slot));
            if let Some(value) = by_slot.get_mut(place) {
                *value = pick(group);
            }
        }
        self.0.sort_unstable_by_key(|sample| sample.amount);
        Settled {
            by_slot,
            total: pick(&self.0),
            nowhere: Value::Unknown,
        }
    }
}

/// Place of the value among `len` in rising order. The nearest rank of a percentile is ⌈p/100 × n⌉, counted from one.
fn rank(aggregate: Aggregate, len: usize) -> usize {
    match aggregate {
        Aggregate::Max => len.saturating_sub(1),
        Aggregate::Percentile(percent) => len
            .saturating_mul(usize::from(percent))
            .div_ceil(100)
            .saturating_sub(1),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        for (percent, len, want) in [
            (50, 1, 0),
            (50, 2, 0),
            (50, 3, 1),
            (50, 100, 49),
            (95, 20, 18),
            (95, 21, 19),
            (99, 100, 98),
            (99, 101, 99),
            (99, 5, 4),
        ] {
            assert_eq!(
                rank(Aggregate::Percentile(percent), len),
                want,
                "p{percent} of {len}"
            );
        }
    }
}
