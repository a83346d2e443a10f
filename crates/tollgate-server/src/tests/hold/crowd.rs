//! Many holds at once, and what the server does with them by itself.

use crate::tests::client::Call;
use crate::tests::ground::Ground;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Most requests in flight: each takes two of the 1,024 descriptors that a process has at least.
const IN_FLIGHT_MAX: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_holds_at_once_exactly_as_many_are_admitted_as_there_is_room() {
    let ground = Ground::new().await;
    for (kind, id) in [("organization", "acme"), ("team", "t"), ("user", "*")] {
        let budget =
            json!({"name": kind, "organization": "acme", "scope": {"kind": kind, "id": id}, "limit": "5.00"});
        ground.post("/v1/budgets", &budget).await.ok();
    }
    let hold = json!({"organization": "acme", "team": "t", "user": "never seen", "category": "ai.completion", "cost": "0.10"});
    let call = Call::new("POST", "/v1/holds").key(&ground.admin).json(&hold);
    let (slots, mut callers) = (Arc::new(Semaphore::new(IN_FLIGHT_MAX)), JoinSet::new());
    for _ in 0..1_000 {
        let (call, slots, address) = (call.clone(), slots.clone(), ground.address);
        callers.spawn(async move {
            let _slot = slots.acquire().await.unwrap();
            call.send(address).await.status
        });
    }
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    for status in callers.join_all().await {
        *statuses.entry(status).or_default() += 1;
    }
    assert_eq!(statuses, BTreeMap::from([(200, 50), (429, 950)]));
}

#[tokio::test]
async fn a_server_ends_holds_whose_time_is_over_by_itself() {
    let ground = Ground::new().await;
    let budget = json!({"name": "b", "organization": "acme", "limit": 1});
    ground.post("/v1/budgets", &budget).await.ok();
    let hold = json!({"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": 5});
    let placed = ground.post("/v1/holds", &hold).await.ok();
    assert_eq!(ground.post("/v1/holds", &hold).await.status, 429);
    let path = format!("/v1/holds/{}", placed["hold"]["id"].as_str().unwrap());
    assert_eq!(ground.get(&path).await.ok()["state"], "open");
    ground.pass(5);
    while ground.get(&path).await.ok()["state"] != "expired" {
        tokio::task::yield_now().await;
    }
    ground.post("/v1/holds", &hold).await.ok();
    ground.stop().await;
}
