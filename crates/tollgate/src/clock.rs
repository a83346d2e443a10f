//! The time, for a program that runs on a real machine with a person waiting.
//!
//! The server asks the engine's clock instead, so that a simulated one can stand in for it.

use jiff::Timestamp;
use std::time::{Duration, Instant};
use tollgate_engine::clock::{Clock, SystemClock};

/// The time of day.
pub(crate) fn now() -> Timestamp {
    // A machine's clock beyond the year 9999 is shown as 1970, which `doctor` notices.
    SystemClock.now().to_jiff().unwrap_or_default()
}

/// A moment so far ahead, on a clock that never steps.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a pipe has been silent is a matter of real time"
)]
pub(crate) fn moment_in(ahead: Duration) -> Instant {
    Instant::now() + ahead
}

/// What is left until a moment.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a pipe has been silent is a matter of real time"
)]
pub(crate) fn left_until(moment: Instant) -> Duration {
    moment.saturating_duration_since(Instant::now())
}
