//! Readers see what was acknowledged, once, while everything moves.

use crate::{OnDisk, small_bounds};
use std::sync::Arc;
use tollgate_core::query::{QueryParts, UsageQuery, Value};
use tollgate_engine::store::Store;
use tollgate_store::Options;
use tollgate_testkit::conformance::in_runtime;
use tollgate_testkit::fixture::{CHAT, at, usage};
use tollgate_testkit::site::Site;

/// The requests of one organization.
async fn requests(site: &Site, store: &Arc<dyn Store>, organization: &str, group: &str) -> i128 {
    let body = serde_json::json!({
        "measures": ["requests"], "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "group_by": [group],
        "filters": [{"field": "organization", "op": "eq", "value": organization}],
    });
    let parts: QueryParts = serde_json::from_value(body).unwrap();
    let query = UsageQuery::new(&parts, &site.settings.catalog, at("2026-03-01T00:00:00Z")).unwrap();
    let answer = store.usage(Arc::new(query), site.settings.clone()).await.unwrap();
    match answer.total.values.first() {
        Some((_, Value::Amount { units, places })) => units / 10_i128.pow(u32::from(*places)),
        _ => 0,
    }
}

#[track_caller]
fn check(options: Options, group: &'static str) {
    in_runtime(async move {
        let opener = OnDisk::new(options);
        let site = Arc::new(Site::open(&opener).await);
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..4 {
            let site = site.clone();
            callers.spawn(async move {
                let organization = format!("org-{caller}");
                for step in 0..30_u32 {
                    let batch: Vec<_> = (0..3)
                        .map(|n| {
                            usage(&organization)
                                .category(CHAT)
                                .id(format!("{step}-{n}"))
                                .measure("input", 1)
                                .model("m")
                                .user("u")
                        })
                        .collect();
                    site.record(&batch).await;
                    let seen = requests(&site, &site.store, &organization, group).await;
                    assert_eq!(seen, 3 * i128::from(step + 1), "{organization} after {step}");
                }
            });
        }
        while let Some(done) = callers.join_next().await {
            done.unwrap();
        }
        site.verify().await;
    });
}

#[test]
fn what_was_acknowledged_is_read_once_while_every_commit_is_checkpointed() {
    check(small_bounds(), "model");
}

#[test]
fn what_was_acknowledged_is_read_once_from_events_too() {
    check(small_bounds(), "session_id");
}

#[test]
fn what_was_acknowledged_is_read_once_between_checkpoints() {
    check(
        Options {
            checkpoint_commits: 7,
            ..Options::default()
        },
        "user",
    );
}
