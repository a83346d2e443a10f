//! P7 and P8: holds, each durable, and decisions in process. Four scopes, eight limits.

use crate::Bench;
use crate::measure::{Row, Spread, quantile, ratios, take_turns};
use anyhow::Context as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tollgate_core::event::Draft;
use tollgate_engine::clock::SystemClock;
use tollgate_engine::{Access, Engine, HoldDraft, LimitDraft, Options};
use tollgate_store::Embedded;

/// Bytes that the anchor makes durable: as many as one page of the database.
const SYNC_BYTES: usize = 8192;
/// Decisions between two looks at the clock.
const DECISIONS_A_LOOK: u32 = 1_000;

/// Measures P7: place a hold, settle a hold.
pub(crate) fn hold(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let folder = bench.folder("P7")?;
    let product = Product::open(folder.path())?;
    let mut file = File::create(folder.path().join("anchor"))?;
    let mut settles = Vec::new();
    let [places, syncs] = take_turns(
        bench.effort,
        [
            &mut |time| {
                let (place, settle) = product.holds(time)?;
                settles.push(settle);
                Ok(place)
            },
            &mut |time| sync(&mut file, time),
        ],
    )?;
    // The first was the warm-up.
    let settles = settles.split_off(1);
    product.runtime.block_on(product.engine.close())?;
    let row = |what: &str, ours: &[f64]| {
        let ratio = ratios(ours, &syncs);
        Row {
            id: "P7",
            what: format!("{what}, 4 scopes, 8 limits, one caller, p50"),
            unit: "µs",
            product: Spread::of(ours),
            anchor: Some(("fdatasync of a page, p50", Spread::of(&syncs))),
            ratio: Some(ratio),
            must: ("≤ 2.5 ×", ratio.median <= 2.5),
            notes: Vec::new(),
        }
    };
    Ok(vec![row("place a hold", &places), row("settle a hold", &settles)])
}

/// Measures P8: a decision in process.
pub(crate) fn decide(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let folder = bench.folder("P8")?;
    let product = Product::open(folder.path())?;
    let balance = Mutex::new(0_i128);
    let [ours, theirs] = take_turns(
        bench.effort,
        [&mut |time| product.decisions(time), &mut |time| {
            nanos_each(time, || {
                let mut balance = balance
                    .lock()
                    .map_err(|_| anyhow::anyhow!("the anchor has panicked"))?;
                *balance = std::hint::black_box(*balance + 1);
                Ok(())
            })
        }],
    )?;
    product.runtime.block_on(product.engine.close())?;
    let spread = Spread::of(&ours);
    Ok(vec![Row {
        id: "P8",
        what: "a decision in process, 4 scopes, 8 limits".to_owned(),
        unit: "ns",
        product: spread,
        anchor: Some(("Mutex<i128>", Spread::of(&theirs))),
        ratio: None,
        must: ("≤ 2 000 ns", spread.median <= 2_000.0),
        notes: vec!["validation and estimate included".to_owned()],
    }])
}

/// Makes one page durable after the other; answers the median in microseconds.
fn sync(file: &mut File, time: Duration) -> anyhow::Result<f64> {
    let page = [7; SYNC_BYTES];
    let started = Instant::now();
    let mut each = Vec::new();
    while started.elapsed() < time {
        let begun = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        each.push(micros(begun));
    }
    Ok(median(each))
}

/// Repeats something for a while; answers the nanoseconds of each.
fn nanos_each(time: Duration, mut step: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let started = Instant::now();
    let mut steps = 0.0;
    while started.elapsed() < time {
        for _ in 0..DECISIONS_A_LOOK {
            step()?;
        }
        steps += f64::from(DECISIONS_A_LOOK);
    }
    Ok(started.elapsed().as_secs_f64() * 1e9 / steps)
}

fn micros(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}

fn median(mut each: Vec<f64>) -> f64 {
    each.sort_by(f64::total_cmp);
    quantile(&each, 0.5)
}

/// The engine on an embedded store, with eight limits over four scopes.
struct Product {
    runtime: Runtime,
    engine: Arc<Engine>,
}

impl Product {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let clock = Arc::new(SystemClock);
        let store = Embedded::open(
            &folder.join("data"),
            clock.clone(),
            tollgate_store::Options::default(),
        )?;
        let engine = Arc::new(runtime.block_on(Engine::open(store, clock, Options::default()))?);
        let scopes = [
            ("organization", "*"),
            ("team", "*"),
            ("project", "p"),
            ("user", "*"),
        ];
        for (kind, id) in scopes {
            let budget = format!(
                r#"{{"name": "b", "organization": "acme", "scope": {{"kind": "{kind}", "id": "{id}"}}, "limit": "1000000000"}}"#
            );
            let quota = format!(
                r#"{{"name": "q", "organization": "acme", "scope": {{"kind": "{kind}", "id": "{id}"}}, "selector": "ai.*",
                    "measure": "requests", "limit": "1000000000", "window": "day", "timezone": "Europe/Berlin"}}"#
            );
            let drafts = [
                LimitDraft::Budget(serde_json::from_str(&budget)?),
                LimitDraft::Quota(serde_json::from_str(&quota)?),
            ];
            for draft in drafts {
                runtime.block_on(engine.create_limit(draft, &Access::default()))?;
            }
        }
        Ok(Self { runtime, engine })
    }

    /// Places and settles one hold after the other; answers the medians in microseconds.
    fn holds(&self, time: Duration) -> anyhow::Result<(f64, f64)> {
        let access = Access::default();
        let (mut places, mut settles) = (Vec::new(), Vec::new());
        self.runtime.block_on(async {
            let started = Instant::now();
            while started.elapsed() < time {
                let begun = Instant::now();
                let placed = self.engine.place(&request(), &access).await?;
                places.push(micros(begun));
                let hold = placed.hold.context("a bench of refusals measures nothing")?;
                let begun = Instant::now();
                let used = Draft {
                    cost: Some("0.09".into()),
                    ..Draft::default()
                };
                self.engine.settle(hold.id, used, &access).await?;
                settles.push(micros(begun));
            }
            anyhow::Ok(())
        })?;
        Ok((median(places), median(settles)))
    }

    /// Decides for a while; answers the nanoseconds of each.
    fn decisions(&self, time: Duration) -> anyhow::Result<f64> {
        let (access, request) = (Access::default(), request());
        nanos_each(time, || {
            let answer = self.runtime.block_on(self.engine.check(&request, &access))?;
            anyhow::ensure!(
                answer.decision.limits.len() == 8 && answer.decision.is_allowed(),
                "{answer:?}"
            );
            Ok(())
        })
    }
}

/// What somebody wants to do who has a team, a project and a name.
fn request() -> HoldDraft<'static> {
    HoldDraft {
        usage: Draft {
            category: Some("ai.completion".into()),
            organization: Some("acme".into()),
            team: Some("t".into()),
            project: Some("p".into()),
            user: Some("u".into()),
            cost: Some("0.10".into()),
            ..Draft::default()
        },
        ..HoldDraft::default()
    }
}
