//! The stretch of time of a query, the one before it, and how they are cut.

use super::{Judge, RANGE_DEFAULT_DAYS};
use crate::flaw::FlawCode;
use crate::period::{Period, Window};
use crate::query::{Buckets, QueryParts};
use crate::rollup::{BUCKET_MICROS, bucket_start};
use crate::time::Timestamp;
use crate::zone::Zone;

const DAY_SECONDS: i64 = 86_400;
const PERIODS: [Period; 6] = [
    Period::Minute,
    Period::Hour,
    Period::Day,
    Period::Week,
    Period::Month,
    Period::Year,
];

impl Judge {
    #[allow(
        clippy::option_option,
        reason = "no answer yet, no buckets, buckets of a period: three different things"
    )]
    pub(super) fn bucket(&mut self, parts: &QueryParts) -> Option<Option<Period>> {
        let given = parts.bucket.as_deref().unwrap_or("none");
        if given == "none" {
            return Some(None);
        }
        let found = PERIODS.into_iter().find(|period| period.as_str() == given);
        if found.is_none() {
            let mut names = PERIODS.map(Period::as_str).to_vec();
            names.push("none");
            self.not_allowed(&["bucket"], given, &names);
        }
        found.map(Some)
    }

    pub(super) fn zone(&mut self, parts: &QueryParts) -> Option<Zone> {
        match parts.timezone.as_deref().map(Zone::parse) {
            None => Some(Zone::UTC),
            Some(Ok(zone)) => Some(zone),
            Some(Err(error)) => {
                self.flaws.push(error.flaw("/timezone"));
                None
            }
        }
    }

    fn instant(&mut self, at: &str, text: &str) -> Option<Timestamp> {
        Timestamp::parse(text)
            .map_err(|error| self.flaw(&[at], FlawCode::Time, error))
            .ok()
    }

    pub(super) fn window(&mut self, parts: &QueryParts, now: Timestamp) -> Option<Window> {
        let from = parts.from.as_deref().map(|text| self.instant("from", text));
        let to = parts.to.as_deref().map(|text| self.instant("to", text));
        let end = match to {
            Some(to) => to?,
            None => Timestamp::from_micros(bucket_start(now.micros()).saturating_add(BUCKET_MICROS)),
        };
        let start = match from {
            Some(from) => from?,
            None => end.plus_seconds(RANGE_DEFAULT_DAYS.saturating_mul(DAY_SECONDS).saturating_neg()),
        };
        if start >= end {
            let at = if from.is_some() { "from" } else { "to" };
            self.flaw(
                &[at],
                FlawCode::Range,
                format!("from {start} must be before to {end}"),
            );
            return None;
        }
        Some(Window { start, end })
    }

    pub(super) fn buckets(&mut self, bucket: Option<Period>, zone: &Zone, window: Window) -> Option<Buckets> {
        Buckets::new(bucket, zone, window)
            .map_err(|error| self.flaw(&["bucket"], FlawCode::TooMany, error))
            .ok()
    }
}

/// The stretch right before: as many whole buckets where the stretch is made of whole buckets (the 28 days before March
/// are 28 days, one of which may have 23 hours), else as many microseconds.
pub(super) fn before(bucket: Option<Period>, zone: &Zone, window: Window, buckets: &Buckets) -> Window {
    let exact = window
        .start
        .micros()
        .saturating_sub(i64::try_from(window.micros()).unwrap_or(i64::MAX));
    let mut start = Timestamp::from_micros(exact);
    if let Some(period) = bucket {
        let whole = |at: Timestamp| period.window(zone, at).start == at || period.window(zone, at).end == at;
        if whole(window.start) && whole(window.end) {
            start = window.start;
            for _ in 0..buckets.len() {
                let just_before = Timestamp::from_micros(start.micros().saturating_sub(1));
                start = period.window(zone, just_before).start;
            }
        }
    }
    Window {
        start,
        end: window.start,
    }
}
