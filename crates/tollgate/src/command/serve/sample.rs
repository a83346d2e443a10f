//! `--demo`: fills the sample in while the server answers, and says what became of it.

use crate::config::LogFormat;
use crate::demo::{self, Filling, Reached};
use crate::output::say;
use crate::progress::Progress;
use std::pin::pin;
use tollgate_engine::Engine;

/// Fills an empty store while `serving` goes on, and ends with it.
///
/// A server that is told to stop does not wait for the rest: the next start with `--demo` goes on from there.
pub(super) async fn fill_while(engine: &Engine, format: LogFormat, serving: impl Future<Output = ()>) {
    let mut serving = pin!(serving);
    tokio::select! {
        biased;
        () = fill(engine, format) => serving.await,
        () = &mut serving => {}
    }
}

async fn fill(engine: &Engine, format: LogFormat) {
    let progress = Progress::of_unknown("filling in 90 days of sample data");
    let mut watch = |reached: Reached| {
        let Reached { percent, tally } = reached;
        progress.reached(
            percent,
            &format!("sample data: {percent} %, {} events", tally.recorded),
        );
    };
    let begun_at = engine.clock().now();
    let filled = demo::fill(engine, &mut watch).await;
    let milliseconds = (engine.clock().now().micros() - begun_at.micros()) / 1000;
    progress.finish();
    let said = match filled {
        Ok(Filling::Filled(tally)) => format!(
            "90 days of sample data are in: {} events recorded and {} sent again in {milliseconds} ms",
            tally.recorded, tally.duplicate
        ),
        Ok(Filling::Complete) => "the sample data is there already".to_owned(),
        Ok(Filling::Occupied) => {
            "the store holds other usage, so it gets no sample data; name an empty folder with --data"
                .to_owned()
        }
        // What is recorded already can be looked at; a sample is no reason to stop serving.
        Err(error) => return tracing::error!("the sample data is incomplete: {error:#}"),
    };
    match format {
        LogFormat::Json => tracing::info!("{said}"),
        LogFormat::Pretty => say(&format!("  demo  {said}")),
    }
}
