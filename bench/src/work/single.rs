//! P2, one event a request.

use super::last_hour;
use crate::Bench;
use crate::anchor::Kind;
use crate::child::Server;
use crate::load::Senders;
use crate::measure::{ProcessorTime, Row, Spread, ratios, take_turns};
use crate::traffic::Singles;

/// Connections that send single events.
const SENDERS: u64 = 256;

/// Measures P2.
pub(crate) fn single(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let folder = bench.folder("P2")?;
    let product = Server::product(folder.path())?;
    let anchor = Server::anchor(Kind::Echo)?;
    let senders = |server: &Server, path: &str| {
        Senders::connect(
            &server.target(path),
            (0..SENDERS).map(|number| Singles::of(number, last_hour())),
        )
    };
    let (mut events, mut echo) = (senders(&product, "/v1/events")?, senders(&anchor, "/")?);
    if let Some(profile) = &bench.profile {
        profile.of(product.pid(), || events.closed_loop(profile.time()).map(drop))?;
    }
    let (mut spent, mut spent_anchor) = (ProcessorTime::of(product.pid()), ProcessorTime::of(anchor.pid()));
    let [ours, theirs] = take_turns(
        bench.effort,
        [
            &mut |time| spent.watch(|| events.closed_loop(time)),
            &mut |time| spent_anchor.watch(|| echo.closed_loop(time)),
        ],
    )?;
    let (cost, cost_anchor) = (spent.micros_each(), spent_anchor.micros_each());
    let ratio = ratios(&ours, &theirs);
    Ok(vec![Row {
        id: "P2",
        what: format!("one event a request, {SENDERS} connections"),
        unit: "requests/s",
        product: Spread::of(&ours),
        anchor: Some(("hyper echo", Spread::of(&theirs))),
        ratio: Some(ratio),
        must: ("≥ 0.40 ×", ratio.median >= 0.40),
        notes: vec![format!(
            "{cost:.1} µs of processor a request, anchor {cost_anchor:.1}"
        )],
    }])
}
