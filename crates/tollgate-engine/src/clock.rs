//! The clock, as a port: system time in production, a simulated one in tests.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tollgate_core::time::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The current instant. May repeat, and may go back when an operator sets the machine's clock.
    fn now(&self) -> Timestamp;

    /// How long the machine has counted from some beginning on, whatever its clock was set to. Never goes back.
    fn elapsed(&self) -> Duration;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this adapter is the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "this adapter is the one place that reads the machine's clock"
    )]
    fn elapsed(&self) -> Duration {
        static BEGINNING: OnceLock<Instant> = OnceLock::new();
        BEGINNING.get_or_init(Instant::now).elapsed()
    }
}

/// A clock that stands until it is moved.
#[derive(Debug)]
pub struct SimulatedClock {
    micros: AtomicI64,
    /// What was passed, in microseconds; stepping is no passing.
    elapsed: AtomicI64,
}

impl SimulatedClock {
    /// A clock that stands at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self {
            micros: AtomicI64::new(at.micros()),
            elapsed: AtomicI64::new(0),
        }
    }

    /// Lets time pass until an instant; an earlier one sets the clock back.
    pub fn set(&self, at: Timestamp) {
        let before = self.micros.swap(at.micros(), Ordering::SeqCst);
        let passed = at.micros().saturating_sub(before).max(0);
        self.elapsed.fetch_add(passed, Ordering::SeqCst);
    }

    /// Sets the clock by so many seconds, forwards or back, while no time passes.
    pub fn step(&self, seconds: i64) {
        let at = self.now().plus_seconds(seconds);
        self.micros.store(at.micros(), Ordering::SeqCst);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.elapsed.load(Ordering::SeqCst)).unwrap_or(0))
    }
}
