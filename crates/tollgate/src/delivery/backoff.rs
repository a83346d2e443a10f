//! How long to wait before the next try: twice as long each time, or what the server asks for, within a total.

use std::time::Duration;

/// The first wait; a server that is only busy is free again by then.
const FIRST: Duration = Duration::from_millis(100);
/// The longest wait the client chooses; a server that came back is found within this.
const LONGEST: Duration = Duration::from_secs(5);

/// Waits still to be had.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    left: Duration,
}

impl Backoff {
    /// Allows waits of `total` in all.
    pub(crate) fn new(total: Duration) -> Self {
        Self {
            next: FIRST,
            left: total,
        }
    }

    /// The next wait; `asked` is what the server said, which counts when it is longer. `None` when the total is used up.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let wait = self.next.max(asked.unwrap_or_default());
        self.left = self.left.checked_sub(wait)?;
        self.next = (self.next * 2).min(LONGEST);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_total() {
        let mut backoff = Backoff::new(Duration::from_secs(20));
        let waits: Vec<u128> = std::iter::from_fn(|| backoff.next(None))
            .map(|wait| wait.as_millis())
            .collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_less() {
        let mut backoff = Backoff::new(Duration::from_secs(10));
        assert_eq!(
            backoff.next(Some(Duration::from_secs(3))),
            Some(Duration::from_secs(3))
        );
        assert_eq!(
            backoff.next(Some(Duration::ZERO)),
            Some(Duration::from_millis(200))
        );
        assert_eq!(backoff.next(Some(Duration::from_secs(60))), None);
    }
}
