//! I20: what a hold may ask for is bounded, and what is beyond is told at its field.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::sync::Arc;
use tollgate_core::event::{Attribution, Draft};
use tollgate_core::id::HoldId;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::store::MemoryStore;
use tollgate_engine::{Engine, EngineError, HoldDraft, LimitDraft, Options};
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{NOON, at, identity};

async fn engine() -> Engine {
    let clock = Arc::new(SimulatedClock::at(at(NOON)));
    let store = Arc::new(MemoryStore::new(identity(), clock.clone()));
    Engine::open(store, clock, Options::default()).await.unwrap()
}

fn draft() -> HoldDraft<'static> {
    HoldDraft {
        usage: Draft {
            category: Some("ai.completion".into()),
            organization: Some("acme".into()),
            cost: Some("1".into()),
            ..Draft::default()
        },
        ..HoldDraft::default()
    }
}

/// `pointer code` of what is wrong with a hold, which is neither checked nor placed then.
fn check(draft: &HoldDraft<'_>, want: &[&str]) {
    in_runtime(async {
        let (engine, by) = (engine().await, Attribution::default());
        for answer in [engine.check(draft, &by).await, engine.place(draft, &by).await] {
            let got: Vec<String> = match answer {
                Ok(_) => Vec::new(),
                Err(EngineError::Invalid(flaws)) => {
                    let shown = flaws
                        .iter()
                        .map(|flaw| format!("{} {}", flaw.pointer, flaw.code.as_str()));
                    shown.collect()
                }
                Err(other) => vec![other.to_string()],
            };
            assert_eq!(got, want, "{draft:?}");
        }
    });
}

#[test]
fn i20_bounded_by_how_long_a_hold_lasts() {
    for (ttl_seconds, want) in [
        (1, &[][..]),
        (86_400, &[]),
        (0, &["/ttl_seconds out_of_range"]),
        (-1, &["/ttl_seconds out_of_range"]),
        (86_401, &["/ttl_seconds out_of_range"]),
        (i64::MAX, &["/ttl_seconds out_of_range"]),
        (i64::MIN, &["/ttl_seconds out_of_range"]),
    ] {
        let draft = HoldDraft {
            ttl_seconds: Some(ttl_seconds),
            ..draft()
        };
        check(&draft, want);
    }
}

#[test]
fn a_hold_without_anything_to_measure_is_refused() {
    let with = |usage: Draft<'static>| HoldDraft {
        usage: Draft { cost: None, ..usage },
        ..draft()
    };
    check(&with(draft().usage), &["/measures missing_field"]);
    let input = vec![("input_tokens".into(), "5".into())];
    check(
        &with(Draft {
            measures: input.into(),
            ..draft().usage
        }),
        &[],
    );
    // Where requests are what is counted, one request is an amount.
    check(
        &with(Draft {
            category: Some("api.request".into()),
            ..draft().usage
        }),
        &[],
    );
}

#[test]
fn all_that_is_wrong_with_a_hold_is_told_at_once() {
    let draft = HoldDraft {
        usage: Draft {
            category: Some("no.such".into()),
            organization: Some("*".into()),
            timestamp: Some("yesterday".into()),
            ..draft().usage
        },
        ttl_seconds: Some(0),
        ..draft()
    };
    check(
        &draft,
        &[
            "/ttl_seconds out_of_range",
            "/organization reserved_name",
            "/category unknown_category",
            "/timestamp invalid_time",
        ],
    );
}

#[test]
fn a_hold_is_extended_within_the_same_bounds() {
    in_runtime(async {
        let (engine, by) = (engine().await, Attribution::default());
        let hold = engine.place(&draft(), &by).await.unwrap().hold.unwrap();
        for (ttl_seconds, fits) in [
            (1, true),
            (86_400, true),
            (0, false),
            (86_401, false),
            (i64::MIN, false),
        ] {
            let extended = engine.extend(hold.id, ttl_seconds, &by).await;
            match extended {
                Ok(extended) => assert!(fits && extended.expires_at == at(NOON).plus_seconds(ttl_seconds)),
                Err(EngineError::Invalid(flaws)) => assert!(!fits && flaws[0].pointer == "/ttl_seconds"),
                Err(other) => assert_eq!(other.to_string(), ""),
            }
        }
        let unknown = engine.extend(HoldId::from_bits(1), 60, &by).await;
        assert!(matches!(unknown, Err(EngineError::NotFound { .. })));
    });
}

#[test]
fn i20_bounded_by_how_many_limits_one_request_meets() {
    in_runtime(async {
        let (engine, by) = (engine().await, Attribution::default());
        let write = async || {
            let json = r#"{"name": "q", "organization": "acme", "measure": "requests", "limit": 1, "window": "day"}"#;
            let quota = LimitDraft::Quota(serde_json::from_str(json).unwrap());
            engine.create_limit(quota, &by).await
        };
        for _ in 0..32 {
            write().await.unwrap();
        }
        let Err(EngineError::Invalid(flaws)) = write().await else {
            unreachable!("the thirty-third was written");
        };
        assert_eq!(
            (flaws[0].pointer.as_str(), flaws[0].code.as_str()),
            ("/scope", "too_many")
        );
        // All of them are looked at, and all that refuse are named.
        engine.place(&draft(), &by).await.unwrap().hold.unwrap();
        let refused = engine.place(&draft(), &by).await.unwrap();
        assert_eq!(refused.decision.refusing().count(), 32);
    });
}
