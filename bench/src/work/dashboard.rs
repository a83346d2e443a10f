//! P13, the query of a dashboard: thirty days by day and model.

use crate::Bench;
use crate::child::Server;
use crate::load::{Latencies, Senders};
use crate::measure::{Row, Spread};
use crate::traffic::{BATCH_EVENTS, Batches, Times};
use std::sync::Arc;
use std::time::Duration;

const DAYS: u64 = 30;
/// Connections that fill the store.
const SENDERS: u64 = 16;
/// Queries a second; few enough that one does not wait for another.
const RATE: f64 = 10.0;
/// Connections that ask, so that a slow answer does not keep the next question from being sent.
const ASKING: usize = 4;

/// Measures P13.
pub(crate) fn dashboard(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let events: u64 = if bench.effort.full { 10_000_000 } else { 1_000_000 };
    let folder = bench.folder("P13")?;
    let product = Server::product(folder.path())?;
    let times = Times {
        from: 1_767_225_600,
        seconds: DAYS * 86_400,
    };
    let target = product.target("/v1/events?results=errors");
    eprintln!("  filling {events} events");
    Senders::connect(&target, (0..SENDERS).map(|number| Batches::of(number, times)))?
        .send(events / BATCH_EVENTS as u64)?;
    let whole = ask(bench, &product, "[]", "all organizations")?;
    let filter = r#"[{"field":"organization","op":"eq","value":"org-042"}]"#;
    let one = ask(bench, &product, filter, "one organization of 100")?;
    let millions = events / 1_000_000;
    Ok([whole, one]
        .map(|(what, p50, p99)| Row {
            id: "P13",
            what: format!("30 days × 20 models on {millions} M events, {what}: p99"),
            unit: "ms",
            product: p99,
            anchor: None,
            ratio: None,
            must: ("p99 ≤ 50 ms on 10 M", p99.median <= 50.0),
            notes: vec![format!(
                "{what}: p50 {:.1} ms ({:.1} – {:.1})",
                p50.median, p50.min, p50.max
            )],
        })
        .into())
}

/// Asks at a constant rate, round by round; the medians and the 99th percentiles.
fn ask<'w>(
    bench: &Bench,
    product: &Server,
    filters: &str,
    what: &'w str,
) -> anyhow::Result<(&'w str, Spread, Spread)> {
    let query = format!(
        concat!(
            r#"{{"measures":["cost","requests","input_tokens"],"aggregate":"sum","group_by":["model"],"bucket":"day","#,
            r#""from":"2026-01-01T00:00:00Z","to":"2026-01-31T00:00:00Z","limit":1000,"filters":{}}}"#
        ),
        filters
    );
    let body: Arc<[u8]> = query.into_bytes().into();
    let mut senders = Senders::connect(&product.target("/v1/query"), vec![body; ASKING])?;
    let time = Duration::from_secs(bench.effort.seconds.max(5));
    if let Some(profile) = &bench.profile {
        profile.of(product.pid(), || senders.closed_loop(profile.time()).map(drop))?;
    }
    senders.open_loop(RATE, time)?;
    let mut rounds: Vec<Latencies> = Vec::new();
    for _ in 0..bench.effort.rounds {
        rounds.push(senders.open_loop(RATE, time)?);
    }
    let mut share = |share| {
        let values: Vec<f64> = rounds
            .iter_mut()
            .map(|latencies| latencies.within(share))
            .collect();
        Spread::of(&values)
    };
    Ok((what, share(0.5), share(0.99)))
}
