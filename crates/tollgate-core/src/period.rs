//! Periods: how the time line is cut into minutes, hours, days, weeks, months and years of a zone.
//!
//! Windows are stretches between absolute instants and never local labels: a label such as `2026-11-01 01:30` may name
//! two instants or none. A date begins at its first instant; the beginnings of dates never decrease; the window of an
//! instant is that of the last date that has begun. So a date that does not exist has no window, a clock that is turned
//! back across midnight does not reopen the day before, and for any instant there is exactly one window (I12).
//!
//! Hours and minutes are those of the local clock, cut where the clock is turned.

use crate::time::{MICROS_PER_SECOND, Timestamp};
use crate::zone::Zone;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most windows that are listed at once: a chart has fewer points, and a week has 10,080 minutes.
pub const WINDOWS_MAX: usize = 10_000;

/// Where calendars begin and end, in seconds since the epoch: the years 1 and 9000. One window lies before, one after.
const CALENDAR_SECONDS: (i64, i64) = (-62_135_596_800, 221_845_392_000);

/// A length of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A minute of the local clock.
    Minute,
    /// An hour of the local clock.
    Hour,
    /// A local date.
    Day,
    /// Seven local dates from a Monday on.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
    /// All of time.
    Total,
}

/// A stretch of time, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The first instant in it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Window {
    /// All of time.
    pub fn total() -> Self {
        Self {
            start: Timestamp::from_micros(i64::MIN),
            end: Timestamp::from_micros(i64::MAX),
        }
    }

    /// Whether an instant lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Its length in microseconds.
    pub fn micros(&self) -> u64 {
        self.end.micros().abs_diff(self.start.micros())
    }
}

/// The stretch has more windows than are listed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("has more than {WINDOWS_MAX} windows of a {0}; take a longer period or a shorter stretch of time")]
pub struct TooManyWindows(Period);

impl Period {
    /// Every period, shortest first.
    pub const ALL: [Self; 7] = [
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Year,
        Self::Total,
    ];

    /// The period's name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::Total => "total",
        }
    }

    /// The one window of this period that an instant lies in.
    pub fn window(self, zone: &Zone, at: Timestamp) -> Window {
        let all = Window::total();
        let (first, last) = CALENDAR_SECONDS;
        let [first, last] =
            [first, last].map(|s| Timestamp::from_micros(s.saturating_mul(MICROS_PER_SECOND)));
        let within = at.clamp(first, last);
        let window = match self {
            Self::Total => return all,
            Self::Minute => clock_window(zone, within, 60),
            Self::Hour => clock_window(zone, within, 3600),
            Self::Day | Self::Week | Self::Month | Self::Year => self.date_window(zone, within),
        }
        .expect("the calendar library reaches from before the year 1 to after the year 9000");
        if at < window.start {
            return Window {
                end: window.start,
                ..all
            };
        }
        if at >= window.end {
            return Window {
                start: window.end,
                ..all
            };
        }
        window
    }

    /// The instants at which the windows that touch `[from, to)` begin, and the end of the last one; none when it is empty.
    pub fn boundaries(
        self,
        zone: &Zone,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Timestamp>, TooManyWindows> {
        let mut boundaries = Vec::new();
        if from >= to {
            return Ok(boundaries);
        }
        let mut window = self.window(zone, from);
        boundaries.push(window.start);
        while window.end < to {
            boundaries.push(window.end);
            if boundaries.len() > WINDOWS_MAX {
                return Err(TooManyWindows(self));
            }
            window = self.window(zone, window.end);
        }
        boundaries.push(window.end);
        Ok(boundaries)
    }

    fn date_window(self, zone: &Zone, at: Timestamp) -> Option<Window> {
        let mut date = self.first_date(zone.date(at.to_jiff()?))?;
        let mut start = zone.start_of(date)?;
        loop {
            date = date.checked_add(self.step()).ok()?;
            let end = zone.start_of(date)?;
            if at < end {
                return Some(Window { start, end });
            }
            // The clock was turned back across midnight (or the date was skipped): the later date has begun already.
            start = end;
        }
    }

    /// The first date of the period that a date lies in.
    fn first_date(self, date: Date) -> Option<Date> {
        Some(match self {
            Self::Week => {
                let days = date.weekday().to_monday_zero_offset();
                date.checked_sub(days.days()).ok()?
            }
            Self::Month => date.first_of_month(),
            Self::Year => date.first_of_year(),
            Self::Minute | Self::Hour | Self::Day | Self::Total => date,
        })
    }

    fn step(self) -> Span {
        match self {
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
            Self::Minute | Self::Hour | Self::Day | Self::Total => 1.day(),
        }
    }
}

/// The window of a local clock that ticks every `step_seconds`, cut where the clock is turned.
fn clock_window(zone: &Zone, at: Timestamp, step_seconds: i64) -> Option<Window> {
    let instant = at.to_jiff()?;
    let offset_seconds = i64::from(zone.rules().to_offset(instant).seconds());
    let local = instant.as_microsecond().div_euclid(MICROS_PER_SECOND);
    let into_step = local.checked_add(offset_seconds)?.rem_euclid(step_seconds);
    let start_seconds = local.checked_sub(into_step)?;
    let mut window = Window {
        start: Timestamp::from_micros(start_seconds.checked_mul(MICROS_PER_SECOND)?),
        end: Timestamp::from_micros(
            start_seconds
                .checked_add(step_seconds)?
                .checked_mul(MICROS_PER_SECOND)?,
        ),
    };
    let before = window.start.to_jiff()?;
    let mut offset = zone.rules().to_offset(before);
    for turn in zone.rules().following(before) {
        let turned_at = Timestamp::from(turn.timestamp());
        if turned_at >= window.end {
            break;
        }
        // Some turns change only the name of the time.
        if turn.offset() == offset {
            continue;
        }
        offset = turn.offset();
        if turned_at > at {
            window.end = turned_at;
            break;
        }
        window.start = turned_at;
    }
    Some(window)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
