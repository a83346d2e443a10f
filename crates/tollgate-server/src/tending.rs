//! Tending: what an engine must be told to do time and again, for as long as the server runs.

use crate::panic::unpanicked;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};
use tollgate_engine::Engine;

/// Between two turns: room that an expired hold had comes back at most this late.
const TURN: Duration = Duration::from_millis(200);

/// Tends the engine until `stopped` is done or its sender gone; a turn that was begun is finished.
///
/// A turn that fails is told once, not five times a second, and the next one tries again.
pub(crate) async fn tend(engine: Arc<Engine>, mut stopped: oneshot::Receiver<()>) {
    let mut turns = interval(TURN);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_failure = None;
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => return,
            _ = turns.tick() => {}
        }
        let failure = match unpanicked(engine.tend()).await {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error.to_string()),
            None => Some("it panicked".to_owned()),
        };
        if failure != last_failure {
            match &failure {
                Some(why) => tracing::error!(why, "holds whose time is over cannot be ended"),
                None => tracing::info!("holds whose time is over are ended again"),
            }
            last_failure = failure;
        }
    }
}
