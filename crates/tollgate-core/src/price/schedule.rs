//! Schedule windows: what a component costs more or less at certain local times.
//!
//! A window belongs to the day on which it begins: `fri 22:00–06:00` holds at 03:00 on Saturday. An instant has one
//! local time, so nothing is ambiguous when clocks change: of the hour that comes twice both are inside, the hour that
//! is left out never is.

use super::parts::Day;
use crate::time::Timestamp;
use crate::zone::Zone;
use jiff::civil::Weekday;

/// Minutes in a day as clocks show them.
pub(super) const DAY_MINUTES: u16 = 1440;

/// What a cost is multiplied with: an exact ratio, inside the one rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Factor {
    numerator: i128,
    divisor: i128,
}

impl Factor {
    /// The factor that changes nothing.
    pub(super) const ONE: Self = Self {
        numerator: 1,
        divisor: 1,
    };

    /// The factor `mantissa × 10^-scale`.
    pub(super) fn new(mantissa: i128, scale: u8) -> Option<Self> {
        let divisor = 10_i128.checked_pow(u32::from(scale))?;
        Some(Self {
            numerator: mantissa,
            divisor,
        })
    }

    pub(super) fn numerator(self) -> i128 {
        self.numerator
    }

    pub(super) fn divisor(self) -> i128 {
        self.divisor
    }
}

/// A recurring window of local time and its factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// What it multiplies with.
    pub(super) factor: Factor,
    /// The days on which it begins; all when empty.
    pub(super) days: Vec<Day>,
    /// The minute of the day at which it begins.
    pub(super) from: u16,
    /// The minute of the day before which it ends; the next day's when not after `from`.
    pub(super) to: u16,
    /// Whose local time.
    pub(super) zone: Zone,
}

impl Window {
    /// Whether the instant is inside.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        let Some(instant) = at.to_jiff() else { return false };
        let local = self.zone.rules().to_datetime(instant);
        let minute = u16::from(local.hour().unsigned_abs())
            .saturating_mul(60)
            .saturating_add(u16::from(local.minute().unsigned_abs()));
        let today = local.weekday();
        if self.from < self.to {
            return self.begins_on(today) && (self.from..self.to).contains(&minute);
        }
        (self.begins_on(today) && minute >= self.from)
            || (self.begins_on(today.previous()) && minute < self.to)
    }

    fn begins_on(&self, weekday: Weekday) -> bool {
        let day = match weekday {
            Weekday::Monday => Day::Mon,
            Weekday::Tuesday => Day::Tue,
            Weekday::Wednesday => Day::Wed,
            Weekday::Thursday => Day::Thu,
            Weekday::Friday => Day::Fri,
            Weekday::Saturday => Day::Sat,
            Weekday::Sunday => Day::Sun,
        };
        self.days.is_empty() || self.days.contains(&day)
    }
}

/// The factor of the first window that holds.
pub(super) fn factor_at(windows: &[Window], at: Timestamp) -> Factor {
    windows
        .iter()
        .find(|window| window.holds(at))
        .map_or(Factor::ONE, |window| window.factor)
}

/// The minute of the day that `HH:MM` names; `24:00` is the end of the day.
pub(super) fn minute_of_day(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| -> Option<u16> {
        let clean = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        clean.then(|| part.parse().ok()).flatten()
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let minute = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && minute <= DAY_MINUTES).then_some(minute)
}
