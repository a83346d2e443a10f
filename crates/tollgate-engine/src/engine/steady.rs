//! Steady time: what the clock says, unless it cannot be trusted for a moment.
//!
//! Windows of limits open by time, and a window that opens early is money given away. So time never goes back, and a
//! jump forward is only believed when it has stood for a while; until then time goes on as the machine's own count of
//! seconds does.

use crate::clock::Clock;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tollgate_core::time::Timestamp;

/// A step forward that clocks make without being doubted: more than any correction of a clock that is looked after.
const STEP_MICROS_MAX: i64 = 5 * 60 * 1_000_000;
/// How long a larger step must stand before it is believed.
const CONFIRMED_AFTER: Duration = Duration::from_secs(10);

/// Tells steady time.
#[derive(Debug, Default)]
pub(super) struct Steady(Mutex<Option<Told>>);

/// What was told last.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Timestamp,
    elapsed: Duration,
    /// Since when the clock has been too far ahead.
    doubted_since: Option<Duration>,
}

impl Steady {
    /// The current instant.
    pub(super) fn now(&self, clock: &dyn Clock) -> Timestamp {
        // Nothing panics while it is held.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (wall, elapsed) = (clock.now(), clock.elapsed());
        let told = last.map_or(
            Told {
                at: wall,
                elapsed,
                doubted_since: None,
            },
            |last| last.next(wall, elapsed),
        );
        *last = Some(told);
        told.at
    }
}

impl Told {
    fn next(self, wall: Timestamp, elapsed: Duration) -> Self {
        let passed = elapsed.saturating_sub(self.elapsed);
        let passed = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        let counted = Timestamp::from_micros(self.at.micros().saturating_add(passed));
        let is_ahead = wall.micros().saturating_sub(counted.micros()) > STEP_MICROS_MAX;
        let doubted_since = is_ahead.then(|| self.doubted_since.unwrap_or(elapsed));
        let is_confirmed =
            doubted_since.is_some_and(|since| elapsed.saturating_sub(since) >= CONFIRMED_AFTER);
        if is_ahead && !is_confirmed {
            if self.doubted_since.is_none() {
                tracing::warn!(%wall, expected = %counted, "the clock has jumped forward; waiting whether it stays there");
            }
            return Self {
                at: counted,
                elapsed,
                doubted_since,
            };
        }
        Self {
            at: wall.max(self.at),
            elapsed,
            doubted_since: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SimulatedClock;

    const START: &str = "2026-01-15T12:00:00Z";

    /// Steps of the wall clock and of the machine's count in seconds, and what time is told after each, in seconds.
    #[track_caller]
    fn check(steps: &[(i64, i64, i64)]) {
        let start: Timestamp = START.parse().unwrap();
        let clock = SimulatedClock::at(start);
        let steady = Steady::default();
        assert_eq!(steady.now(&clock), start);
        for (step, (wall, counted, told)) in steps.iter().enumerate() {
            clock.set(clock.now().plus_seconds(*counted));
            clock.step(*wall - *counted);
            assert_eq!(steady.now(&clock), start.plus_seconds(*told), "step {step}");
        }
    }

    #[test]
    fn time_goes_on_with_the_clock_however_long_nobody_asks() {
        check(&[(1, 1, 1), (86_400, 86_400, 86_401)]);
    }

    #[test]
    fn time_never_goes_back() {
        check(&[(-60, 1, 0), (30, 30, 0), (60, 60, 30)]);
    }

    #[test]
    fn small_steps_forward_are_believed() {
        check(&[(300, 0, 300), (301, 1, 601)]);
    }

    #[test]
    fn a_jump_forward_is_believed_when_it_stays() {
        check(&[(3_600, 0, 0), (5, 5, 5), (4, 4, 9), (1, 1, 3_610)]);
    }

    #[test]
    fn a_jump_forward_that_is_taken_back_never_was() {
        check(&[(3_600, 0, 0), (-3_595, 5, 5), (20, 20, 25), (3_600, 0, 25)]);
    }
}
