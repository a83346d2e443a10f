//! A crowd: callers that record, take back, ask and change settings, all at once.
//!
//! Nothing says in which order they come, so nothing here says what each is told; only what must be true of all of it.

use crate::conformance::in_runtime;
use crate::fixture::{CHAT, DISK, Sent, at, price, usage};
use crate::model::charge::Cost;
use crate::model::number::{Exact, exact, text};
use crate::site::{Opener, Site, recorded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;
use tollgate_core::id::EventId;
use tollgate_core::price::PriceParts;
use tollgate_core::query::QueryParts;
use tollgate_engine::store::Expected;
use tollgate_engine::{Access, Engine, Options, Status};

const CALLERS: u64 = 6;
const ROUNDS: u64 = 40;
/// Callers send the same events, each in an order of its own.
const EVENTS: u64 = 300;

/// I8 and I9 whatever happens at once: each event and each void is recorded for one caller, and sums over rollups are
/// sums over events.
pub fn everything_at_once(opener: &dyn Opener) {
    in_runtime(async {
        let Site { store, clock, .. } = Site::open(opener).await;
        clock.set(at("2027-01-01T00:00:00Z"));
        let options = Options {
            defaults: false,
            ..Options::default()
        };
        let engine = Arc::new(Engine::open(store.clone(), clock, options).await.unwrap());
        // Something is priced, however late the manager comes.
        write_prices(&engine, 0).await;
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            callers.spawn(one_caller(engine.clone(), caller));
        }
        callers.spawn(one_manager(engine.clone()));
        let mut times: BTreeMap<EventId, usize> = BTreeMap::new();
        for event in callers.join_all().await.into_iter().flatten() {
            *times.entry(event).or_default() += 1;
        }
        assert!(
            times.values().all(|times| *times == 1),
            "something was recorded for two callers"
        );
        let stored = recorded(store.as_ref()).await;
        let there: BTreeSet<EventId> = stored.iter().map(|stored| stored.event.event).collect();
        assert_eq!(there.len(), stored.len());
        assert!(
            there.iter().eq(times.keys()),
            "what is recorded is not what was acknowledged"
        );
        let costs = stored
            .iter()
            .filter_map(|stored| Cost::from(&stored.charge).exact());
        let answer = ask(&engine, json!([])).await;
        assert_eq!(answer["cost"], text(&costs.sum::<Exact>()));
        let input: Exact = stored
            .iter()
            .map(|stored| exact(&stored.event.quantity("input").to_string()))
            .sum();
        assert_eq!(answer["input"], text(&input));
        let verification = store.verify().await.unwrap();
        assert!(verification.is_clean(), "{:#?}", verification.differences);
    });
}

fn sent(n: u64) -> Sent {
    let sent = usage(if n.is_multiple_of(3) { "beta" } else { "acme" })
        .id(n)
        .user(&format!("u{}", n % 5));
    let at = at("2026-01-15T00:00:00Z")
        .plus_seconds(i64::try_from(n * 977 % 86_400).unwrap())
        .to_string();
    match n % 7 {
        0 => sent.category(DISK).measure("bytes", n % 11).at(&at),
        _ => sent
            .category(CHAT)
            .measure("input", n % 13)
            .dimension("session_id", "s")
            .at(&at),
    }
}

/// Records and takes back, and gives what was new.
async fn one_caller(engine: Arc<Engine>, caller: u64) -> Vec<EventId> {
    let access = Access::default();
    let mut fresh = Vec::new();
    for round in 0..ROUNDS {
        let batch: Vec<Sent> = (0..8)
            .map(|i| sent((caller * 37 + round * 11 + i * (caller + 1)) % EVENTS))
            .collect();
        let receipts = engine
            .record(batch.iter().map(Sent::draft).collect(), &access)
            .await
            .unwrap();
        for receipt in &receipts {
            match receipt.status {
                Status::Recorded { .. } => fresh.extend(receipt.event),
                Status::Duplicate { .. } => {}
                _ => panic!("{receipt:?}"),
            }
        }
        if round % 4 == 3 {
            let void = engine
                .void(receipts[0].event.unwrap(), None, &access)
                .await
                .unwrap();
            fresh.extend(
                void.event
                    .filter(|_| matches!(void.status, Status::Recorded { .. })),
            );
        }
        // What this caller was told is there to count, whatever the others do.
        let counted = ask(
            &engine,
            json!([{"field": "user", "op": "in", "value": ["u0", "u1", "u2", "u3", "u4"]}]),
        )
        .await;
        assert_ne!(counted["requests"], "0");
    }
    fresh
}

/// Writes prices, ends them, and declares dimensions.
async fn one_manager(engine: Arc<Engine>) -> Vec<EventId> {
    for round in 1..=ROUNDS / 2 {
        write_prices(&engine, round).await;
        let mut parts = engine.settings().catalog.category(CHAT).unwrap().parts().clone();
        let sets: [&[&str]; 3] = [&["model"], &["session_id", "region"], &[]];
        parts.dimensions = sets[usize::try_from(round % 3).unwrap()]
            .iter()
            .map(ToString::to_string)
            .collect();
        engine.save_category(parts, Expected::Any).await.unwrap();
    }
    Vec::new()
}

/// Writes a price of either category for what comes from some hour on, and gives it an end.
async fn write_prices(engine: &Engine, round: u64) {
    let access = Access::default();
    let tiers = [(Some("100"), "1"), (None, "0.3")];
    let day = at("2026-01-01T00:00:00Z").plus_seconds(i64::try_from(round).unwrap() * 7200);
    let chat = price(CHAT)
        .from(&day.to_string())
        .graduated("input", &tiers, "total");
    let disk = price(DISK).from(&day.to_string()).per_unit("bytes", "0.01");
    for draft in [chat, disk] {
        let parts: PriceParts = serde_json::from_str(&draft.json().to_string()).unwrap();
        let (record, _) = engine.create_price(parts.clone(), &access).await.unwrap();
        let closed = PriceParts {
            effective_until: Some("2026-06-01T00:00:00Z".to_owned()),
            ..parts
        };
        engine
            .update_price(record.price.id(), closed, Expected::Any, &access)
            .await
            .unwrap();
    }
}

async fn ask(engine: &Engine, filters: Value) -> BTreeMap<String, String> {
    let question = json!({
        "measures": ["cost", "input", "requests"], "from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z",
        "filters": filters,
    });
    let parts: QueryParts = serde_json::from_value(question).unwrap();
    let (_, answer) = engine.query(&parts, &Access::default()).await.unwrap();
    crate::model::query::Answered::from(&answer).total
}
