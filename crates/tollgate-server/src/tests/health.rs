//! Health, metrics, and what happens when something breaks.

use super::client::Call;
use super::ground::{Ground, completion};
use crate::problem::Problem;
use serde_json::{Value, json};
use tollgate_core::flaw::{Flaw, FlawCode};
use tollgate_engine::store::StoreError;

#[tokio::test]
async fn health_says_what_is_down() {
    let ground = Ground::new().await;
    assert_eq!(
        Call::new("GET", "/healthz").send(ground.address).await.ok()["status"],
        "ok"
    );
    let ready = Call::new("GET", "/readyz");
    assert_eq!(
        ready.send(ground.address).await.ok(),
        json!({"status": "ok", "parts": {"store": "ok"}})
    );
    ground.engine.close().await.unwrap();
    let down = ready.send(ground.address).await;
    assert_eq!(down.status, 503);
    assert_eq!(
        (&down.value()["status"], &down.value()["parts"]["store"]),
        (&json!("down"), &json!("down"))
    );
    let refused = ground.post("/v1/events", &completion("late")).await;
    assert!(
        refused.problem().starts_with("503 store_stopped"),
        "{}",
        refused.body
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(
        Call::new("GET", "/healthz").send(ground.address).await.status,
        200
    );
}

#[tokio::test]
async fn metrics_count_requests_by_route_and_events_by_end() {
    let ground = Ground::new().await;
    let batch = json!([completion("a"), completion("a"), completion("b"), {"id": "c"}]);
    ground.post("/v1/events", &batch).await.ok();
    ground
        .get("/v1/events/evt_00000000000000000000000000000000")
        .await;
    ground.get("/whatever/comes").await;
    let quota =
        json!({"name": "one", "organization": "acme", "measure": "requests", "limit": 3, "window": "year"});
    ground.post("/v1/quotas", &quota).await.ok();
    let hold = json!({"organization": "acme", "category": "ai.completion", "cost": 1});
    for path in ["/v1/check", "/v1/holds", "/v1/holds"] {
        ground.post(path, &hold).await;
    }
    let reply = ground.get("/metrics").await;
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    for line in [
        "tollgate_events_total{status=\"recorded\"} 2",
        "tollgate_events_total{status=\"duplicate\"} 1",
        "tollgate_events_total{status=\"rejected\"} 1",
        "tollgate_http_requests_total{method=\"POST\",route=\"/v1/events\",status=\"2xx\"} 1",
        "tollgate_http_requests_total{method=\"GET\",route=\"/v1/events/{event}\",status=\"4xx\"} 1",
        "tollgate_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"4xx\"} 1",
        "tollgate_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/events\"} 1",
        "tollgate_decisions_total{request=\"check\",outcome=\"allow\"} 1",
        "tollgate_decisions_total{request=\"hold\",outcome=\"allow\"} 1",
        "tollgate_decisions_total{request=\"hold\",outcome=\"quota_exceeded\"} 1",
        "tollgate_open_holds 1",
        "tollgate_store_events_total 2",
        "tollgate_store_up 1",
        "# EOF",
    ] {
        assert!(
            reply.body.lines().any(|there| there == line),
            "no {line} in\n{}",
            reply.body
        );
    }
    assert!(
        reply.body.contains("tollgate_process_resident_memory_bytes "),
        "{}",
        reply.body
    );
}

#[test]
fn each_failure_of_the_store_has_its_problem() {
    for (failure, status, code) in [
        (StoreError::Busy("65536 events are queued"), 503, "overloaded"),
        (StoreError::Full, 507, "disk_full"),
        (
            StoreError::Stopped("a write failed".to_owned()),
            503,
            "store_stopped",
        ),
        (StoreError::Damaged("batch 7".to_owned()), 500, "data_damaged"),
        (
            StoreError::Refused(Flaw::at("/group_by", FlawCode::TooMany, "too many groups")),
            422,
            "query_refused",
        ),
    ] {
        let response = Problem::from(&failure).respond("r");
        assert_eq!(response.status(), status, "{failure}");
        assert_eq!(Problem::from(&failure).code().as_str(), code);
    }
}

#[tokio::test]
async fn a_panic_costs_its_request_and_nothing_else() {
    async fn broken() -> String {
        panic!("as a test wants")
    }
    let ground = Ground::new().await;
    let front = ground
        .front()
        .with_router(axum::Router::new().route("/broken", axum::routing::get(broken)));
    for _ in 0..2 {
        let request = axum::http::Request::get("/broken")
            .body(axum::body::Body::empty())
            .unwrap();
        let response = front.clone().answer(request).await;
        assert_eq!(response.status(), 500);
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["code"], "internal");
    }
}

#[tokio::test]
async fn verification_says_that_all_is_well() {
    let ground = Ground::new().await;
    ground.post("/v1/events", &completion("a")).await.ok();
    let found = ground.post("/v1/verify", &json!({})).await.ok();
    assert_eq!(
        (&found["clean"], &found["events"], &found["differences"]),
        (&json!(true), &json!(1), &json!([]))
    );
}
