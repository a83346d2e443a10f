//! Cells or events, the answer is the same: the embedded store beside one that only knows events.

use crate::{OnDisk, small_bounds};
use serde_json::{Value, json};
use std::sync::Arc;
use tollgate_core::query::{QueryParts, UsageQuery};
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{Expected, MemoryStore, SettingKind, Store, Submission};
use tollgate_store::{Embedded, Options};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{NOON, Sent, at, usage};
use tollgate_testkit::site::change;

/// Two stores that are told the same.
struct Pair {
    _files: OnDisk,
    stores: [Arc<dyn Store>; 2],
    settings: Arc<Settings>,
}

impl Pair {
    async fn open(options: Options) -> Self {
        let clock = Arc::new(SimulatedClock::at(at(NOON)));
        let files = OnDisk::new(options);
        let embedded = Embedded::open(files.path(), clock.clone(), files.options.clone()).unwrap();
        let memory = MemoryStore::new(embedded.identity_key(), clock);
        Self {
            _files: files,
            stores: [embedded, Arc::new(memory)],
            settings: Arc::default(),
        }
    }

    async fn declare(&mut self, dimensions: &[&str], kind: &str) {
        let body = json!({"name": "lab.work", "unit": "things", "dimensions": dimensions,
            "measures": {"size": {"kind": kind}, "weight": {}}});
        for store in &self.stores {
            let changes = vec![change(
                SettingKind::Category,
                "lab.work",
                Expected::Any,
                Some(body.to_string()),
            )];
            store.save_settings(changes).await.unwrap();
        }
        self.settings = Arc::new(Settings::load(&self.stores[0].settings().await.unwrap()).unwrap());
    }

    async fn record(&self, batch: &[Sent]) {
        for store in &self.stores {
            let submission =
                |sent: &Sent| Submission::from(sent.event(&self.settings.catalog, &store.identity_key()));
            store
                .record(
                    Arc::new(batch.iter().map(submission).collect()),
                    self.settings.clone(),
                )
                .await
                .unwrap();
        }
    }

    async fn ask(&self, question: Value) {
        let parts: QueryParts = serde_json::from_value(question.clone()).unwrap();
        let query =
            Arc::new(UsageQuery::new(&parts, &self.settings.catalog, at("2026-03-01T00:00:00Z")).unwrap());
        let [embedded, memory] = &self.stores;
        let answer = embedded
            .usage(query.clone(), self.settings.clone())
            .await
            .unwrap();
        let plain = memory.usage(query, self.settings.clone()).await.unwrap();
        assert_eq!(answer, plain, "{question}");
        assert!(!plain.rows.is_empty(), "{question} asks for nothing");
    }

    async fn ask_everything(&self) {
        let windows = [
            ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-01-10T10:07:00Z", "2026-01-14T09:31:30Z"),
            ("2026-01-12T00:00:00Z", "2026-01-12T00:15:00Z"),
            ("2026-01-12T00:01:00Z", "2026-01-12T00:02:00Z"),
        ];
        for (from, to) in windows {
            for groups in [
                json!([]),
                json!(["a"]),
                json!(["b", "team"]),
                json!(["user"]),
                json!(["user", "a"]),
                json!(["never"]),
            ] {
                self.ask(json!({"measures": ["weight", "requests", "cost"], "group_by": groups, "from": from, "to": to})).await;
            }
            self.ask(json!({"measures": ["weight"], "bucket": "hour", "timezone": "Asia/Kathmandu", "from": from, "to": to})).await;
            self.ask(json!({"measures": ["weight"], "aggregate": "p95", "group_by": ["a"], "from": from, "to": to})).await;
            self.ask(json!({"measures": ["weight"], "compare": "previous_period", "group_by": ["b"], "from": from, "to": to})).await;
        }
    }
}

/// A hundred uses, one every hour and one minute, all through the middle of January.
fn uses(prefix: &str) -> Vec<Sent> {
    (0..100_i64)
        .map(|n| {
            let instant = at("2026-01-10T00:00:30Z").plus_seconds(n * 3_660);
            let sent = usage("acme")
                .category("lab.work")
                .id(format!("{prefix}{n}"))
                .at(&instant.to_string())
                .measure("weight", n)
                .user(&format!("u{}", n % 3))
                .dimension("a", &format!("a{}", n % 4));
            if n % 2 == 0 {
                sent.dimension("b", "b").team("t").measure("size", 1)
            } else {
                sent
            }
        })
        .collect()
}

/// Uses within the minute that the narrowest question asks about.
fn in_the_minute(prefix: &str) -> Vec<Sent> {
    let sent = |id: &str, at: &str| {
        usage("acme")
            .category("lab.work")
            .id(format!("{prefix}{id}"))
            .at(at)
            .measure("weight", 1)
    };
    vec![
        sent("x", "2026-01-12T00:00:59.999999Z"),
        sent("y", "2026-01-12T00:01:00Z"),
        sent("z", "2026-01-12T00:02:00Z"),
    ]
}

#[track_caller]
fn check(options: fn() -> Options, declarations: &'static [(&'static [&'static str], &'static str)]) {
    in_runtime(async move {
        let mut pair = Pair::open(options()).await;
        for (turn, (dimensions, kind)) in declarations.iter().enumerate() {
            pair.declare(dimensions, kind).await;
            // In pieces, so that some are in parts on disk and some in memory.
            for (piece, batch) in uses(&format!("{turn}-")).chunks(17).enumerate() {
                pair.record(batch).await;
                if piece == 2 {
                    pair.stores[0].verify().await.unwrap();
                }
            }
            pair.record(&in_the_minute(&turn.to_string())).await;
            pair.ask_everything().await;
        }
        let verification = pair.stores[0].verify().await.unwrap();
        // The engine refuses another kind; a store that was made to take it all the same says that levels do not add up.
        let keeps_kind = declarations.windows(2).all(|pair| pair[0].1 == pair[1].1);
        assert_eq!(
            verification.is_clean(),
            keeps_kind,
            "{:#?}",
            verification.differences
        );
        pair.ask_everything().await;
    });
}

#[test]
fn declared_dimensions_are_answered_alike() {
    check(Options::default, &[(&["a", "b"], "counter")]);
    check(small_bounds, &[(&["a", "b"], "counter")]);
}

#[test]
fn a_dimension_that_is_declared_later_is_answered_for_earlier_usage_too() {
    check(Options::default, &[(&["a"], "counter"), (&["b", "a"], "counter")]);
    check(
        small_bounds,
        &[(&[], "counter"), (&["b"], "counter"), (&["a"], "counter")],
    );
}

#[test]
fn a_measure_that_becomes_another_kind_is_answered_alike() {
    check(small_bounds, &[(&["a"], "gauge"), (&["a"], "counter")]);
}
