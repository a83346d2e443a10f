//! Delivers batches of events with no loss: what is busy or away is tried again, what is too large is halved.
//!
//! Invariants: every event of a batch has exactly one receipt when [`Delivery::send`] returns `Ok`. Every event carries
//! an id before it gets here, so that sending it again never counts it twice.

mod backoff;
mod receipt;
mod tally;

pub(crate) use backoff::Backoff;
pub(crate) use receipt::{Receipt, Status};
pub(crate) use tally::Tally;

use crate::client::{Answer, Client, Path, Problem};
use crate::failure::{Exit, Failure};
use std::time::Duration;

/// Bytes of a batch at which it is sent although it could hold more events: half of what a server accepts by default.
pub(crate) const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// An event on its way: its JSON text, and its row or line in the input.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    position: u64,
    json: String,
}

/// Events to be sent in one request.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    items: Vec<Item>,
    bytes: usize,
}

impl Batch {
    /// Adds an event.
    fn push(&mut self, item: Item) {
        self.bytes += item.json.len() + 1;
        self.items.push(item);
    }

    /// Whether it should be sent before another event is added.
    fn is_full(&self, events: usize) -> bool {
        self.items.len() >= events || self.bytes >= BATCH_BYTES
    }

    /// The rows or lines it holds.
    #[cfg(test)]
    pub(crate) fn positions(&self) -> Vec<u64> {
        self.items.iter().map(|item| item.position).collect()
    }
}

/// A stretch of the input: events to send, and what makes no event.
#[derive(Debug, Default)]
pub(crate) struct Portion {
    pub(crate) batch: Batch,
    pub(crate) refused: Vec<Receipt>,
}

impl Portion {
    /// Adds an event, or what is wrong with it.
    pub(crate) fn add(&mut self, position: u64, event: Result<String, String>) {
        match event {
            Ok(json) => self.batch.push(Item { position, json }),
            Err(problem) => self.refused.push(Receipt::refused(position, problem)),
        }
    }

    /// Whether it should be sent before anything is added.
    pub(crate) fn is_full(&self, events: usize) -> bool {
        self.batch.is_full(events) || self.refused.len() >= events
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.batch.items.is_empty() && self.refused.is_empty()
    }
}

/// A way to a server that keeps trying.
pub(crate) struct Delivery<'a> {
    client: &'a Client,
    retry_max: Duration,
    /// Told what is waited for and how long; it does the waiting.
    wait: &'a dyn Fn(&str, Duration),
}

impl std::fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("retry_max", &self.retry_max)
            .finish_non_exhaustive()
    }
}

impl<'a> Delivery<'a> {
    /// Makes a delivery that waits at most `retry_max` in all for a batch.
    pub(crate) fn new(client: &'a Client, retry_max: Duration, wait: &'a dyn Fn(&str, Duration)) -> Self {
        Self {
            client,
            retry_max,
            wait,
        }
    }

    /// Sends a batch until the server has answered for each of its events.
    pub(crate) fn send(&self, batch: Batch) -> anyhow::Result<Vec<Receipt>> {
        let mut receipts = Vec::with_capacity(batch.items.len());
        // Parts still to send, the next one last.
        let mut parts = vec![batch.items];
        while let Some(mut items) = parts.pop() {
            if items.is_empty() {
                continue;
            }
            let answer = self.insist(&items)?;
            match answer.status {
                200 => receipts.extend(receipt::read(&answer.body, &items)?),
                413 if items.len() > 1 => {
                    let second = items.split_off(items.len() / 2);
                    parts.push(second);
                    parts.push(items);
                }
                413 => receipts.push(Receipt::refused(
                    items[0].position,
                    Problem::parse(&answer).line(),
                )),
                _ => return Err(self.client.refusal(&answer).into()),
            }
        }
        Ok(receipts)
    }

    /// Sends until an answer comes that trying again would not change.
    fn insist(&self, items: &[Item]) -> anyhow::Result<Answer> {
        let body = body(items);
        let mut backoff = Backoff::new(self.retry_max);
        loop {
            let (failure, asked) = match self.client.try_post(&Path::of(["v1", "events"]), body.clone()) {
                Ok(answer) if is_temporary(answer.status) => {
                    (self.client.refusal(&answer), answer.retry_after())
                }
                Ok(answer) => return Ok(answer),
                Err(error) => (self.client.silence(&error), None),
            };
            match backoff.next(asked) {
                Some(pause) => (self.wait)(failure.message.as_str(), pause),
                None => return Err(given_up(failure).into()),
            }
        }
    }
}

fn given_up(failure: Failure) -> Failure {
    let exit = if failure.exit == Exit::Denied {
        Exit::Denied
    } else {
        Exit::Unavailable
    };
    let hint =
        "run the same command again when the server is back: what it has recorded counts as duplicate then";
    Failure {
        exit,
        hint: Some(hint.to_owned()),
        ..failure
    }
}

fn is_temporary(status: u16) -> bool {
    matches!(status, 429 | 502 | 503 | 504 | 507)
}

fn body(items: &[Item]) -> String {
    let events: Vec<&str> = items.iter().map(|item| item.json.as_str()).collect();
    format!("[{}]", events.join(","))
}

#[cfg(test)]
mod tests;
