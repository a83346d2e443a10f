//! P4, recording in process: claim, price, count, fold, durable; no HTTP and no JSON.

use super::last_hour;
use crate::Bench;
use crate::anchor::Blobs;
use crate::measure::{Done, ProcessorTime, Row, Spread, ratios, take_turns};
use crate::traffic::{BATCH_EVENTS, Batches, DraftBatches};
use anyhow::Context as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tollgate_engine::clock::SystemClock;
use tollgate_engine::{Access, Engine, Options, Status};
use tollgate_store::Embedded;

/// Callers at the same time: enough that a batch always waits while another is written.
const CALLERS: u64 = 8;

/// Measures P4.
pub(crate) fn record(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let folder = bench.folder("P4")?;
    let mut product = Product::open(folder.path())?;
    let mut blobs = Blobs::create(folder.path())?;
    let mut bodies = Batches::of(0, last_hour());
    if let Some(profile) = &bench.profile {
        profile.of(std::process::id(), || product.record(profile.time()).map(drop))?;
    }
    let myself = std::process::id();
    let (mut spent, mut spent_anchor) = (ProcessorTime::of(myself), ProcessorTime::of(myself));
    let [ours, theirs] = take_turns(
        bench.effort,
        [&mut |time| spent.watch(|| product.record(time)), &mut |time| {
            spent_anchor.watch(|| commit(&mut blobs, &mut bodies, time))
        }],
    )?;
    let (cost, cost_anchor) = (spent.micros_each(), spent_anchor.micros_each());
    let mut notes = product.notes();
    notes.push(format!(
        "{cost:.2} µs of processor an event, anchor {cost_anchor:.2}"
    ));
    product.runtime.block_on(product.engine.close())?;
    Ok(vec![Row {
        id: "P4",
        what: format!("in process, {CALLERS} callers with batches of 1 000"),
        unit: "events/s",
        product: Spread::of(&ours),
        anchor: Some(("SQLite, the JSON as a blob a batch", Spread::of(&theirs))),
        ratio: Some(ratios(&ours, &theirs)),
        must: ("≥ 500 000", Spread::of(&ours).median >= 500_000.0),
        notes,
    }])
}

/// Commits one body after the other.
fn commit(blobs: &mut Blobs, bodies: &mut Batches, time: Duration) -> anyhow::Result<Done> {
    let started = Instant::now();
    let mut commits = 0.0;
    while started.elapsed() < time {
        blobs.commit(bodies.next())?;
        commits += 1.0;
    }
    Ok(Done {
        things: commits,
        seconds: started.elapsed().as_secs_f64(),
    }
    .of(BATCH_EVENTS))
}

/// The engine on an embedded store, and those who call it.
struct Product {
    runtime: Runtime,
    engine: Arc<Engine>,
    callers: Vec<DraftBatches>,
}

impl Product {
    fn open(folder: &std::path::Path) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let clock = Arc::new(SystemClock);
        let store = Embedded::open(
            &folder.join("data"),
            clock.clone(),
            tollgate_store::Options::default(),
        )?;
        let engine = Arc::new(runtime.block_on(Engine::open(store, clock, Options::default()))?);
        let callers = (0..CALLERS)
            .map(|number| DraftBatches::of(number, last_hour()))
            .collect();
        Ok(Self {
            runtime,
            engine,
            callers,
        })
    }

    /// Every caller records its next batch when the last is durable; counts the events.
    fn record(&mut self, time: Duration) -> anyhow::Result<Done> {
        let started = Instant::now();
        let until = started + time;
        let callers = std::mem::take(&mut self.callers);
        self.runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for caller in callers {
                tasks.spawn(call(self.engine.clone(), caller, until));
            }
            let mut batches = 0.0;
            while let Some(ended) = tasks.join_next().await {
                let (caller, recorded) = ended??;
                self.callers.push(caller);
                batches += recorded;
            }
            Ok(Done {
                things: batches,
                seconds: started.elapsed().as_secs_f64(),
            }
            .of(BATCH_EVENTS))
        })
    }

    fn notes(&self) -> Vec<String> {
        let state = self.engine.state();
        let events = state.events.max(1);
        vec![
            format!(
                "{:.0} events a commit",
                state.events as f64 / state.commits.max(1) as f64
            ),
            format!(
                "{:.1} bytes on disk an event",
                state.disk_bytes as f64 / events as f64
            ),
        ]
    }
}

async fn call(
    engine: Arc<Engine>,
    mut caller: DraftBatches,
    until: Instant,
) -> anyhow::Result<(DraftBatches, f64)> {
    let access = Access::default();
    let mut batches = 0.0;
    while Instant::now() < until {
        let receipts = engine.record(caller.next(), &access).await?;
        let last = receipts.last().context("a batch has receipts")?;
        // A bench of refusals measures nothing.
        anyhow::ensure!(
            matches!(last.status, Status::Recorded { .. } | Status::Duplicate { .. }),
            "{last:?}"
        );
        batches += 1.0;
    }
    Ok((caller, batches))
}
