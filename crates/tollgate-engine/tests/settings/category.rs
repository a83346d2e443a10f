//! What categories may become once prices and events depend on them, and what may be deleted.

use super::{NOW, created, engine, instance, parts, shown};
use std::sync::Arc;
use tollgate_core::event::Draft;
use tollgate_core::id::IdentityKey;
use tollgate_engine::clock::SimulatedClock;
use tollgate_engine::store::{Expected, MemoryStore};
use tollgate_engine::{Engine, LimitDraft, Options};
use tollgate_testkit::gate::{Gate, Gated};

#[tokio::test]
async fn a_category_that_prices_need_stays_as_it_is() {
    let engine = engine().await;
    let settings = engine.settings();
    let mut parts = settings.catalog.category("ai.embedding").unwrap().parts().clone();
    assert_eq!(
        shown(engine.delete_category("ai.embedding", Expected::Any).await),
        "in use"
    );
    parts.measures.remove("input_tokens");
    parts.primary = None;
    assert_eq!(
        shown(engine.save_category(parts.clone(), Expected::Any).await),
        "/measures/input_tokens invalid_combination"
    );
    parts = settings
        .catalog
        .category("mcp.execution")
        .unwrap()
        .parts()
        .clone();
    parts.measures.get_mut("seconds").unwrap().unit = Some("hour".to_owned());
    assert_eq!(
        shown(engine.save_category(parts, Expected::Any).await),
        "/measures/seconds invalid_combination"
    );
    let call = Draft {
        category: Some("mcp.execution".into()),
        organization: Some("acme".into()),
        ..Draft::default()
    };
    engine.record(vec![call], &instance()).await.unwrap();
    assert_eq!(
        shown(engine.delete_category("mcp.execution", Expected::Any).await),
        "in use"
    );
    assert_eq!(
        shown(engine.delete_category("api.github", Expected::Any).await),
        "done"
    );
}

#[tokio::test]
async fn a_new_measure_does_not_change_what_a_price_says() {
    let engine = engine().await;
    let body = r#"{"category": "ai.completion", "match": {"provider": "p", "model": "m"}, "currency": "USD",
        "effective_from": "2020-01-01T00:00:00Z", "components": {"input_tokens": [
            {"model": "per_unit", "amount": "2", "when": {"total_input_tokens": {"above": "10"}}},
            {"model": "per_unit", "amount": "1"}]}}"#;
    created(&engine, parts(body), &instance()).await;
    let category = engine
        .settings()
        .catalog
        .category("ai.completion")
        .unwrap()
        .parts()
        .clone();
    let with = |name: &str| {
        let mut category = category.clone();
        let token = category.measures["output_tokens"].clone();
        category.measures.insert(name.to_owned(), token);
        category
    };
    assert_eq!(
        shown(
            engine
                .save_category(with("total_input_tokens"), Expected::Any)
                .await
        ),
        "in use"
    );
    assert_eq!(
        shown(engine.save_category(with("other_tokens"), Expected::Any).await),
        "done"
    );
}

#[tokio::test]
async fn what_was_recorded_and_taken_back_was_recorded() {
    let engine = engine().await;
    let call = Draft {
        category: Some("mcp.execution".into()),
        organization: Some("acme".into()),
        ..Draft::default()
    };
    let receipts = engine.record(vec![call], &instance()).await.unwrap();
    let event = receipts[0].event.unwrap();
    engine.void(event, None, &instance()).await.unwrap();
    assert_eq!(
        shown(engine.delete_category("mcp.execution", Expected::Any).await),
        "in use"
    );
    assert_eq!(
        shown(engine.delete_organization("acme", Expected::Any).await),
        "in use"
    );
}

#[tokio::test]
async fn what_is_recorded_after_a_deletion_has_looked_is_seen() {
    for (category, is_used) in [("mcp.execution", true), ("api.github", false)] {
        let clock = Arc::new(SimulatedClock::at(NOW.parse().unwrap()));
        let store = MemoryStore::new(IdentityKey::from_bytes([1; 16]), clock.clone());
        let gated = Gated::over(Arc::new(store));
        let engine = Engine::open(gated.clone(), clock, Options::default())
            .await
            .unwrap();
        let mut stop = gated.close_gate(Gate::Answered);
        let delete = engine.delete_category(category, Expected::Any);
        let record = async {
            stop.reached().await;
            let call = Draft {
                category: Some("mcp.execution".into()),
                organization: Some("acme".into()),
                ..Draft::default()
            };
            engine.record(vec![call], &instance()).await.unwrap();
            drop(stop);
        };
        let (deleted, ()) = tokio::join!(delete, record);
        assert_eq!(shown(deleted), if is_used { "in use" } else { "done" });
    }
}

/// Otherwise nobody could say what is settled, and a hard quota of anybody would deny everything from then on.
#[tokio::test]
async fn a_measure_that_a_quota_counts_is_no_level_in_another_category() {
    let engine = engine().await;
    let quota = |selector: &str| {
        let json = serde_json::json!({
            "name": "q", "organization": "acme", "measure": "input_tokens", "limit": 5, "window": "day", "selector": selector,
        });
        LimitDraft::Quota(serde_json::from_str(&json.to_string()).unwrap())
    };
    let level = |name: &str| {
        let measures = serde_json::json!({"input_tokens": {"kind": "gauge", "unit": "token"}});
        let json = serde_json::json!({"name": name, "unit": "tokens", "primary": "input_tokens", "measures": measures});
        serde_json::from_str(&json.to_string()).unwrap()
    };
    engine.create_limit(quota("ai.*"), &instance()).await.unwrap();
    assert_eq!(
        shown(engine.save_category(level("ai.level"), Expected::Absent).await),
        "in use"
    );
    // Where the quota does not reach, it may be; and then no quota may reach it.
    engine
        .save_category(level("lab.level"), Expected::Absent)
        .await
        .unwrap();
    let refused = engine.create_limit(quota("*"), &instance()).await;
    assert_eq!(shown(refused), "/measure not_allowed");
}
