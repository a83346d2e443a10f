//! Panics: a fault costs the step it is in, and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs to the end, or to a panic: `None`.
pub(crate) async fn unpanicked<T>(step: impl Future<Output = T>) -> Option<T> {
    let mut step = pin!(step);
    // Nothing of the step is looked at after a panic, and what steps share is only changed as a whole.
    let polled = std::future::poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| step.as_mut().poll(cx))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        },
    );
    polled.await
}
