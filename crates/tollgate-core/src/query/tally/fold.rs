//! Folds of what adds up: sums of amounts and numbers of events, by slot.

use super::settle::{Settled, mean};
use super::slot::index;
use crate::query::{Aggregate, Value};

/// Sums and counts by slot.
#[derive(Debug, Default)]
pub(super) struct Totals {
    sums: Vec<i128>,
    counts: Vec<i64>,
    overflowed: bool,
}

impl Totals {
    pub(super) fn add_amounts(&mut self, slots: &[u32], amounts: &[i128], len: usize) {
        self.sums.resize(len, 0);
        let mut overflowed = false;
        for (slot, amount) in slots.iter().zip(amounts) {
            if let Some(sum) = self.sums.get_mut(index(*slot)) {
                let (next, over) = sum.overflowing_add(*amount);
                *sum = next;
                overflowed |= over;
            }
        }
        self.overflowed |= overflowed;
    }

    pub(super) fn add_counts(&mut self, slots: &[u32], counts: &[i64], len: usize) {
        self.counts.resize(len, 0);
        let mut overflowed = false;
        for (slot, amount) in slots.iter().zip(counts) {
            if let Some(count) = self.counts.get_mut(index(*slot)) {
                let (next, over) = count.overflowing_add(*amount);
                *count = next;
                overflowed |= over;
            }
        }
        self.overflowed |= overflowed;
    }

    /// The values by slot; `None` when a sum did not fit.
    pub(super) fn settle(&self, aggregate: Aggregate, places: u8) -> Option<Settled> {
        if self.overflowed {
            return None;
        }
        let value = |sum: i128, count: i64| match aggregate {
            Aggregate::Count => Some(Value::Count(count)),
            Aggregate::Avg if count > 0 => mean(sum.into(), places, i128::from(count).into()),
            Aggregate::Avg => Some(Value::Unknown),
            _ => Some(Value::Amount { units: sum, places }),
        };
        let len = self.sums.len().max(self.counts.len());
        let sums = self.sums.iter().copied().chain(std::iter::repeat(0));
        let counts = self.counts.iter().copied().chain(std::iter::repeat(0));
        let by_slot = sums.zip(counts).take(len).map(|(sum, count)| value(sum, count));
        let sum = self.sums.iter().try_fold(0_i128, |a, b| a.checked_add(*b))?;
        let count = self.counts.iter().try_fold(0_i64, |a, b| a.checked_add(*b))?;
        Some(Settled {
            by_slot: by_slot.collect::<Option<_>>()?,
            total: value(sum, count)?,
            nowhere: value(0, 0)?,
        })
    }
}
