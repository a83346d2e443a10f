//! Charges of recent batches in memory, so that a resend is answered with the first charge without reading the disk.

use crate::batch::{Charges, Damage};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tollgate_core::charge::Charge;

/// The charges of the last batches, and of a few older ones that were asked for, bounded by the bytes that they take.
#[derive(Debug)]
pub(crate) struct ChargeCache {
    kept: Mutex<Kept>,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Kept {
    /// In the order of arrival without gaps.
    recent: VecDeque<Entry>,
    recent_bytes: usize,
    /// In the order in which they were read.
    older: VecDeque<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    first_arrival: u64,
    charges: Arc<Charges>,
}

/// Older batches that are kept: resends come from the same time.
const OLDER_MAX: usize = 16;

impl ChargeCache {
    /// An empty cache that keeps at most about this many bytes of recent charges.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            kept: Mutex::default(),
            bytes_max,
        }
    }

    /// Adds the charges of the batch that was just committed.
    pub(crate) fn push(&self, first_arrival: u64, charges: Charges) {
        let mut kept = self.kept();
        kept.recent_bytes += charges.bytes();
        kept.recent.push_back(Entry {
            first_arrival,
            charges: Arc::new(charges),
        });
        while kept.recent_bytes > self.bytes_max
            && let Some(oldest) = kept.recent.pop_front()
        {
            kept.recent_bytes -= oldest.charges.bytes();
        }
    }

    /// Adds the charges of an older batch that was read.
    pub(crate) fn push_older(&self, first_arrival: u64, charges: Charges) {
        let mut kept = self.kept();
        kept.older.push_back(Entry {
            first_arrival,
            charges: Arc::new(charges),
        });
        if kept.older.len() > OLDER_MAX {
            kept.older.pop_front();
        }
    }

    /// The charge of an event, if its batch is here.
    pub(crate) fn charge(&self, arrival: u64) -> Result<Option<Charge>, Damage> {
        let entry = self.kept().find(arrival);
        entry
            .map(|entry| entry.charges.charge((arrival - entry.first_arrival) as usize))
            .transpose()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change leaves the lists whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn find(&self, arrival: u64) -> Option<Entry> {
        let place = self
            .recent
            .partition_point(|entry| entry.first_arrival <= arrival);
        let recent = place.checked_sub(1).and_then(|place| self.recent.get(place));
        recent
            .into_iter()
            .chain(self.older.iter().rev())
            .find(|entry| entry.has(arrival))
            .cloned()
    }
}

impl Entry {
    fn has(&self, arrival: u64) -> bool {
        (self.first_arrival..self.first_arrival + self.charges.len() as u64).contains(&arrival)
    }
}
