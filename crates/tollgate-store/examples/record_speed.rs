//! Prints how fast the embedded store records, reopens and answers: `cargo run --release --example record_speed [EVENTS] [CALLERS] [BATCH] [MICROSECONDS BETWEEN EVENTS]`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "an example that measures, not a part of the product"
)]

use std::sync::Arc;
use std::time::Instant;
use tollgate_core::charge::Charge;
use tollgate_core::dimension::Dimensions;
use tollgate_core::event::Event;
use tollgate_core::id::PayloadHash;
use tollgate_core::price::{Price, PriceParts};
use tollgate_core::query::{QueryParts, UsageQuery};
use tollgate_core::scope::Scope;
use tollgate_core::text::{CategoryName, Key, Label};
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::{Clock, SystemClock};
use tollgate_engine::settings::{PriceRecord, Settings};
use tollgate_engine::store::{Expected, Outcome, Setting, SettingChange, SettingKind, Store, Submission};
use tollgate_store::{Embedded, Options};

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CATEGORY: &str = r#"{"name": "ai.completion", "unit": "tokens", "primary": "input_tokens",
    "measures": {"input_tokens": {}, "output_tokens": {}}, "dimensions": ["provider", "model", "action"]}"#;
const PRICE: &str = r#"{"category": "ai.completion", "match": {"provider": "openai"}, "currency": "USD",
    "effective_from": "2020-01-01T00:00:00Z", "components": {
    "input_tokens": {"model": "per_million", "amount": "2.50"}, "output_tokens": {"model": "per_million", "amount": "10.00"}}}"#;

/// A small generator of numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn label(text: String) -> Label {
    Label::parse(&text).unwrap()
}

fn submissions(store: &Embedded, from: u64, count: u64, numbers: &mut Numbers) -> Arc<Vec<Submission>> {
    let identity = store.identity_key();
    let keys = ["provider", "model", "action", "endpoint", "session_id"].map(|key| Key::parse(key).unwrap());
    let measures = ["input_tokens", "output_tokens"].map(|key| Key::parse(key).unwrap());
    let category = CategoryName::parse("ai.completion").unwrap();
    let event = |n: u64| {
        let organization = label(format!("org-{}", numbers.below(100)));
        let user = numbers.below(200);
        // A version 7 UUID: time first, then random digits.
        let random = u128::from(numbers.below(1 << 31)) << 31 | u128::from(numbers.below(1 << 31));
        let id = label(format!(
            "0198{:04x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
            n >> 16 & 0xffff,
            n & 0xffff,
            n % 4096,
            random >> 48 & 0xfff,
            random & 0xffff_ffff_ffff
        ));
        let values = [
            "openai".to_owned(),
            format!("model-{}", numbers.below(8)),
            format!("action-{}", numbers.below(4)),
            format!("/v1/endpoint/{}", numbers.below(20)),
            format!("session-{}", numbers.below(50_000)),
        ];
        let source = label("api".to_owned());
        Submission::from(Event {
            event: identity.event_id(organization.as_str(), source.as_str(), id.as_str()),
            payload: PayloadHash(n),
            id,
            source,
            category: category.clone(),
            scope: Scope {
                team: Some(label(format!("team-{}", user / 20))),
                project: Some(label(format!("project-{}", user / 40))),
                user: Some(label(format!("user-{user}"))),
                organization,
            },
            at: Timestamp::from_micros(1_760_000_000_000_000 + (n * argument(4, 1_000)) as i64),
            requests: tollgate_core::quantity::Quantity::ONE,
            measures: measures
                .iter()
                .map(|key| {
                    (
                        key.clone(),
                        tollgate_core::quantity::Quantity::from_units(1 + numbers.below(4_000) as i64),
                    )
                })
                .collect(),
            dimensions: Dimensions::from_pairs(keys.iter().cloned().zip(values.map(label))).unwrap(),
            metadata: None,
            asserted: None,
            corrects: None,
        })
    };
    Arc::new((from..from + count).map(event).collect())
}

async fn settings(store: &Embedded) -> Arc<Settings> {
    let category: tollgate_core::category::Category = serde_json::from_str(CATEGORY).unwrap();
    let parts: PriceParts = serde_json::from_str(PRICE).unwrap();
    let id = tollgate_core::id::PriceId::from_bits(1);
    let price = Price::new(id, parts, &category).unwrap();
    let record = PriceRecord {
        price,
        created_at: Timestamp::from_micros(0),
    };
    let change = |kind, id: String, body| SettingChange {
        kind,
        id,
        expected: Expected::Any,
        body: Some(body),
    };
    let changes = vec![
        change(
            SettingKind::Category,
            "ai.completion".to_owned(),
            CATEGORY.to_owned(),
        ),
        change(SettingKind::Price, id.to_string(), record.body()),
    ];
    store.save_settings(changes).await.unwrap();
    let stored: Vec<Setting> = store.settings().await.unwrap();
    Arc::new(Settings::load(&stored).unwrap())
}

fn argument(place: usize, default: u64) -> u64 {
    std::env::args()
        .nth(place)
        .map_or(default, |text| text.parse().unwrap())
}

/// Prints how long each thread of the store was on a processor: on a busy machine the only fair figure.
fn threads() {
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        let name = std::fs::read_to_string(path.join("comm")).unwrap();
        let ran = std::fs::read_to_string(path.join("schedstat")).unwrap();
        let nanos: f64 = ran.split(' ').next().unwrap().parse().unwrap();
        println!("{:>10.1} ms on a processor: {}", nanos / 1e6, name.trim());
    }
}

fn main() {
    let (events, callers, batch) = (argument(1, 1_000_000), argument(2, 8), argument(3, 1_000));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let directory = tempfile::tempdir_in(".").unwrap();
    let open = || Embedded::open(directory.path(), Arc::new(SystemClock), Options::default()).unwrap();
    let store = open();
    let settings = runtime.block_on(settings(&store));
    let mut numbers = Numbers(7);
    let batches: Vec<Arc<Vec<Submission>>> = (0..events / batch)
        .map(|n| submissions(&store, n * batch, batch, &mut numbers))
        .collect();
    println!("{} batches of {batch} events, {callers} callers", batches.len());

    let began = Instant::now();
    runtime.block_on(record(&store, &settings, &batches, callers as usize));
    let (took, state) = (began.elapsed(), store.state());
    let (per_second, bytes) = (
        state.events as f64 / took.as_secs_f64(),
        state.disk_bytes as f64 / state.events as f64,
    );
    println!(
        "recorded in {took:?}: {per_second:.0} events a second, {} commits, {bytes:.1} bytes an event",
        state.commits
    );
    threads();
    // Once cold and once warm.
    for _ in 0..2 {
        QUERIES
            .iter()
            .for_each(|query| ask(&runtime, &store, &settings, query));
    }
    let began = Instant::now();
    let found = runtime.block_on(store.verify()).unwrap();
    let (took, differences) = (began.elapsed(), found.different);
    println!(
        "verified {} events and {} cells in {took:?}: {differences} differences",
        found.events, found.cells
    );
    drop(store);
    let began = Instant::now();
    let store = open();
    println!("opened again in {:?}", began.elapsed());
    runtime.block_on(store.close()).unwrap();
    println!(
        "closed with {:.1} bytes an event",
        store.state().disk_bytes as f64 / events as f64
    );
}

async fn record(
    store: &Arc<Embedded>,
    settings: &Arc<Settings>,
    batches: &[Arc<Vec<Submission>>],
    callers: usize,
) {
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let mine: Vec<_> = batches.iter().skip(caller).step_by(callers).cloned().collect();
        let (store, settings) = (store.clone(), settings.clone());
        tasks.spawn(async move {
            for batch in mine {
                let outcomes = store.record(batch, settings.clone()).await.unwrap();
                let is_priced = |outcome: &Outcome| {
                    matches!(
                        outcome,
                        Outcome::Recorded {
                            charge: Charge { cost: Some(_), .. },
                            ..
                        }
                    )
                };
                assert!(outcomes.iter().all(is_priced));
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

const QUERIES: [&str; 4] = [
    r#"{"measures": ["cost", "requests"], "group_by": ["model"], "bucket": "day", "from": "2025-10-01T00:00:00Z", "to": "2025-11-01T00:00:00Z"}"#,
    r#"{"measures": ["cost"], "group_by": ["user"], "from": "2025-10-01T00:00:00Z", "to": "2025-11-01T00:00:00Z"}"#,
    r#"{"measures": ["cost"], "group_by": ["endpoint"], "from": "2025-10-01T00:00:00Z", "to": "2025-11-01T00:00:00Z"}"#,
    r#"{"measures": ["input_tokens"], "aggregate": "p95", "group_by": ["model"], "from": "2025-10-01T00:00:00Z", "to": "2025-11-01T00:00:00Z"}"#,
];

fn ask(runtime: &tokio::runtime::Runtime, store: &Arc<Embedded>, settings: &Arc<Settings>, json: &str) {
    let parts: QueryParts = serde_json::from_str(json).unwrap();
    let query = Arc::new(UsageQuery::new(&parts, &settings.catalog, SystemClock.now()).unwrap());
    let began = Instant::now();
    let answer = runtime.block_on(store.usage(query, settings.clone())).unwrap();
    println!("{:>10.1?}  {} rows of {json}", began.elapsed(), answer.rows.len());
}
