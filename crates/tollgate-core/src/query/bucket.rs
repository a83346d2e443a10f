//! Buckets: the windows of one query, and the fast way from an instant to its bucket.
//!
//! The first and the last bucket end where the query does; `bucket_start` is still where the window begins, so that
//! a day keeps its name however late in it the query starts.

use crate::period::{Period, TooManyWindows, Window};
use crate::time::Timestamp;
use crate::zone::Zone;

/// The windows of a query's stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Where each bucket begins, and where the last one ends, in microseconds; held to the stretch.
    edges: Vec<i64>,
    /// Where the window of each bucket begins; none when the stretch is one bucket without a name.
    starts: Vec<Timestamp>,
}

impl Buckets {
    /// Cuts a stretch into the windows of a period, or leaves it whole.
    pub fn new(period: Option<Period>, zone: &Zone, stretch: Window) -> Result<Self, TooManyWindows> {
        let (from, to) = (stretch.start.micros(), stretch.end.micros());
        let mut starts = match period {
            Some(period) => period.boundaries(zone, stretch.start, stretch.end)?,
            None => Vec::new(),
        };
        let mut edges: Vec<i64> = starts.iter().map(|at| at.micros().clamp(from, to)).collect();
        if edges.is_empty() {
            edges = vec![from, to];
        }
        starts.pop();
        Ok(Self { edges, starts })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.edges.len().saturating_sub(1)
    }

    /// Whether there are none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the window of a bucket begins; `None` when the stretch was left whole.
    pub fn start(&self, ordinal: usize) -> Option<Timestamp> {
        self.starts.get(ordinal).copied()
    }

    /// The part of a bucket that lies in the query's stretch of time.
    pub fn window(&self, ordinal: usize) -> Option<Window> {
        let start = self.edges.get(ordinal)?;
        let end = self.edges.get(ordinal.checked_add(1)?)?;
        Some(Window {
            start: Timestamp::from_micros(*start),
            end: Timestamp::from_micros(*end),
        })
    }

    /// The instants at which buckets begin and end, held to the stretch.
    pub fn edges(&self) -> impl Iterator<Item = Timestamp> {
        self.edges.iter().copied().map(Timestamp::from_micros)
    }

    /// The bucket of an instant in microseconds, with its ends; `None` outside the stretch.
    pub(crate) fn find(&self, at: i64) -> Option<Found> {
        let after = self.edges.partition_point(|edge| *edge <= at);
        let ordinal = after.checked_sub(1)?;
        Some(Found {
            ordinal,
            from: *self.edges.get(ordinal)?,
            until: *self.edges.get(after)?,
        })
    }
}

/// The bucket an instant was found in: the next instant is most often in the same one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) ordinal: usize,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_ends_are_cut_but_keep_their_names() {
        let stretch = Window {
            start: at("2026-01-01T12:00:00Z"),
            end: at("2026-01-03T06:00:00Z"),
        };
        let days = Buckets::new(Some(Period::Day), &Zone::UTC, stretch).unwrap();
        assert_eq!(days.len(), 3);
        assert_eq!(days.start(0), Some(at("2026-01-01T00:00:00Z")));
        assert_eq!(days.window(0).unwrap().start, stretch.start);
        assert_eq!(days.window(2).unwrap().end, stretch.end);
        let found = |text| days.find(at(text).micros()).map(|found| found.ordinal);
        assert_eq!(found("2026-01-01T11:59:59.999999Z"), None);
        assert_eq!(found("2026-01-01T12:00:00Z"), Some(0));
        assert_eq!(found("2026-01-01T23:59:59.999999Z"), Some(0));
        assert_eq!(found("2026-01-02T00:00:00Z"), Some(1));
        assert_eq!(found("2026-01-03T05:59:59.999999Z"), Some(2));
        assert_eq!(found("2026-01-03T06:00:00Z"), None);

        let whole = Buckets::new(None, &Zone::UTC, stretch).unwrap();
        assert_eq!((whole.len(), whole.start(0)), (1, None));
        assert_eq!(whole.window(0), Some(stretch));
    }
}
