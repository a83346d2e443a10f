//! The open loop: when each request is due, and how late its answer came.

use crate::measure::quantile;
use std::time::{Duration, Instant};

/// When requests are due: a constant rate, dealt out over the connections in turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    started: Instant,
    between: Duration,
    requests: u32,
    connections: u32,
}

impl Schedule {
    pub(super) fn new(rate: f64, duration: Duration, connections: usize) -> Self {
        let requests = (rate * duration.as_secs_f64()) as u32;
        let connections = u32::try_from(connections).unwrap_or(u32::MAX);
        Self {
            started: Instant::now(),
            between: Duration::from_secs_f64(1.0 / rate),
            requests,
            connections,
        }
    }

    /// When the requests of one connection are due.
    pub(super) fn of(self, connection: u32) -> impl Iterator<Item = Instant> {
        let numbers = (connection..self.requests).step_by(self.connections as usize);
        numbers.map(move |number| self.started + self.between * number)
    }
}

/// How long answers took, from when their requests were due.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    milliseconds: Vec<f64>,
}

impl Latencies {
    pub(super) fn add(&mut self, taken: Duration) {
        self.milliseconds.push(taken.as_secs_f64() * 1e3);
    }

    /// The milliseconds within which this share was answered.
    pub(crate) fn within(&mut self, share: f64) -> f64 {
        self.milliseconds.sort_by(f64::total_cmp);
        quantile(&self.milliseconds, share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_a_constant_rate_whatever_the_connection() {
        let schedule = Schedule::new(100.0, Duration::from_secs(1), 3);
        let mut due: Vec<Instant> = (0..3).flat_map(|connection| schedule.of(connection)).collect();
        due.sort_unstable();
        assert_eq!(due.len(), 100);
        assert!(
            due.windows(2)
                .all(|pair| pair[1] - pair[0] == Duration::from_millis(10))
        );
    }
}
