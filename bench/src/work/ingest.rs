//! P1, batches over HTTP, durable, priced and counted; and P18, the memory that takes.

use super::last_hour;
use crate::Bench;
use crate::anchor::Kind;
use crate::child::Server;
use crate::load::Senders;
use crate::measure::{ProcessorTime, Row, Spread, ratios, take_turns};
use crate::traffic::{BATCH_EVENTS, Batches};
use std::time::Duration;

/// Connections that send batches.
const SENDERS: u64 = 16;
/// How long the server is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_secs(3);

/// Measures P1 and P18.
pub(crate) fn ingest(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let folder = bench.folder("P1")?;
    let product = Server::product(folder.path())?;
    let anchor = Server::anchor(Kind::Parse)?;
    std::thread::sleep(IDLE);
    let (idle, _) = product.resident_megabytes()?;

    let mut errors = senders(&product, "/v1/events?results=errors", 0)?;
    let mut receipts = senders(&product, "/v1/events", SENDERS)?;
    let mut parse = senders(&anchor, "/", 0)?;
    if let Some(profile) = &bench.profile {
        profile.of(product.pid(), || errors.closed_loop(profile.time()).map(drop))?;
    }
    let mut resident = Vec::new();
    let (mut spent, mut spent_whole) = (ProcessorTime::of(product.pid()), ProcessorTime::of(product.pid()));
    let mut spent_anchor = ProcessorTime::of(anchor.pid());
    let [ours, whole, theirs] = take_turns(
        bench.effort,
        [
            &mut |time| {
                let rate = spent.watch(|| Ok(errors.closed_loop(time)?.of(BATCH_EVENTS)))?;
                resident.push(product.resident_megabytes()?.0);
                Ok(rate)
            },
            &mut |time| spent_whole.watch(|| Ok(receipts.closed_loop(time)?.of(BATCH_EVENTS))),
            &mut |time| spent_anchor.watch(|| Ok(parse.closed_loop(time)?.of(BATCH_EVENTS))),
        ],
    )?;
    let cost = |spent: ProcessorTime| {
        format!(
            "{:.2} µs of processor an event, anchor {:.2}",
            spent.micros_each(),
            spent_anchor.micros_each()
        )
    };
    let peak = format!("peak {:.0} MB", product.resident_megabytes()?.1);
    let growth = format!("last round over first: {:.2}", ours[ours.len() - 1] / ours[0]);
    Ok(vec![
        speed(
            "batches of 1 000, errors answered",
            &ours,
            &theirs,
            vec![cost(spent), growth],
        ),
        speed(
            "batches of 1 000, every receipt answered",
            &whole,
            &theirs,
            vec![],
        ),
        memory("resident, idle", &[idle], ("≤ 80 MB", 80.0), vec![]),
        memory(
            "resident, after each round of P1",
            &resident,
            ("≤ 1 000 MB", 1000.0),
            vec![peak],
        ),
    ])
}

fn senders(server: &Server, path: &str, first: u64) -> anyhow::Result<Senders<Batches>> {
    let bodies = (first..first + SENDERS).map(|number| Batches::of(number, last_hour()));
    Senders::connect(&server.target(path), bodies)
}

fn speed(what: &str, ours: &[f64], theirs: &[f64], notes: Vec<String>) -> Row {
    let (product, ratio) = (Spread::of(ours), ratios(ours, theirs));
    Row {
        id: "P1",
        what: what.to_owned(),
        unit: "events/s",
        product,
        anchor: Some(("hyper + serde_json", Spread::of(theirs))),
        ratio: Some(ratio),
        must: (
            "≥ 0.30 × and ≥ 300 000",
            ratio.median >= 0.30 && product.median >= 300_000.0,
        ),
        notes,
    }
}

fn memory(what: &str, megabytes: &[f64], (must, most): (&'static str, f64), notes: Vec<String>) -> Row {
    let product = Spread::of(megabytes);
    Row {
        id: "P18",
        what: what.to_owned(),
        unit: "MB",
        product,
        anchor: None,
        ratio: None,
        must: (must, product.max <= most),
        notes,
    }
}
