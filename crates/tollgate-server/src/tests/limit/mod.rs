//! Quotas and budgets over HTTP: written, read, changed.

mod past;
mod wrong;

use super::client::Call;
use super::ground::Ground;
use super::record::steady;
use expect_test::expect;
use serde_json::{Value, json};
use tollgate_engine::settings::Role;

#[tokio::test]
async fn a_limit_is_answered_with_every_default_spelled_out() {
    let ground = Ground::new().await;
    let quota = json!({"name": "calls", "organization": "acme", "measure": "requests", "limit": 100, "window": "day"});
    let made = ground.post("/v1/quotas", &quota).await.ok();
    expect![[r#"
        {
          "created_at": "2026-03-01T12:00:00Z",
          "id": "qta_…",
          "limit": "100",
          "match": {},
          "measure": "requests",
          "mode": "hard",
          "name": "calls",
          "on_unavailable": "deny",
          "organization": "acme",
          "rungs": [
            {
              "action": "warn",
              "at": "70"
            },
            {
              "action": "notify",
              "at": "80"
            },
            {
              "action": "throttle",
              "at": "90"
            },
            {
              "action": "downgrade",
              "at": "95"
            },
            {
              "action": "switch",
              "at": "98"
            },
            {
              "action": "queue",
              "at": "100",
              "up_to": "deferrable"
            },
            {
              "action": "block",
              "at": "105",
              "up_to": "normal"
            },
            {
              "action": "block",
              "at": "110"
            }
          ],
          "scope": {
            "id": "*",
            "kind": "organization"
          },
          "selector": "*",
          "thresholds": [
            "75",
            "90",
            "100"
          ],
          "timezone": "UTC",
          "window": "day"
        }"#]]
    .assert_eq(&steady(&made));
    let budget = json!({"name": "monthly", "organization": "acme", "tier": "premium"});
    let made = ground.post("/v1/budgets", &budget).await.ok();
    expect![[r#"
        {
          "created_at": "2026-03-01T12:00:00Z",
          "currency": "USD",
          "id": "bdg_…",
          "limit": "1000",
          "match": {},
          "mode": "ladder",
          "name": "monthly",
          "on_unavailable": "allow",
          "organization": "acme",
          "period": "month",
          "rungs": [
            {
              "action": "warn",
              "at": "80"
            },
            {
              "action": "throttle",
              "at": "90"
            },
            {
              "action": "downgrade",
              "at": "95"
            },
            {
              "action": "block",
              "at": "100"
            }
          ],
          "scope": {
            "id": "*",
            "kind": "organization"
          },
          "selector": "*",
          "thresholds": [
            "75",
            "90",
            "100"
          ],
          "tier": "premium",
          "timezone": "UTC"
        }"#]]
    .assert_eq(&steady(&made));
}

#[tokio::test]
async fn an_organization_is_implied_by_its_key() {
    let ground = Ground::new().await;
    let key = ground.key(Role::Manage, Some("acme")).await;
    let send = async |body: Value| {
        let call = Call::new("POST", "/v1/budgets").json(&body);
        call.key(&key).send(ground.address).await
    };
    let made = send(json!({"name": "a", "limit": 1})).await.ok();
    assert_eq!(made["organization"], "acme");
    let foreign = send(json!({"name": "a", "limit": 1, "organization": "other"})).await;
    expect!["422 invalid_request: /organization wrong_organization: the key belongs to acme; leave the field out or name acme"].assert_eq(&foreign.problem());
    let path = format!("/v1/budgets/{}", made["id"].as_str().unwrap());
    let put = Call::new("PUT", &path).json(&json!({"name": "b", "limit": 2}));
    assert_eq!(put.key(&key).send(ground.address).await.ok()["limit"], "2");
    for (query, count) in [("", 1), ("?organization=acme", 1), ("?organization=other", 0)] {
        let list = ground.get(&format!("/v1/budgets{query}")).await.ok();
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn what_a_limit_counts_stays_and_what_was_used_stays_with_it() {
    let ground = Ground::new().await;
    let limit = json!({"name": "a", "organization": "acme", "limit": 10});
    let made = ground.post("/v1/budgets", &limit).await.ok();
    let path = format!("/v1/budgets/{}", made["id"].as_str().unwrap());
    let hold = json!({"organization": "acme", "category": "ai.completion", "cost": 4});
    ground.post("/v1/holds", &hold).await.ok();
    let other = json!({"name": "a", "organization": "acme", "limit": 10, "period": "day", "timezone": "Asia/Tokyo", "selector": "ai.*",
                       "match": {"model": "m"}, "scope": {"kind": "user", "id": "*"}});
    let refused = ground.send(Call::new("PUT", &path).json(&other)).await;
    expect!["422 invalid_request: /scope invalid_combination: stays as it is, because what was used is counted by it; make a new limit instead; /selector invalid_combination: stays as it is, because what was used is counted by it; make a new limit instead; /match invalid_combination: stays as it is, because what was used is counted by it; make a new limit instead; /period invalid_combination: stays as it is, because what was used is counted by it; make a new limit instead; /timezone invalid_combination: stays as it is, because what was used is counted by it; make a new limit instead"].assert_eq(&refused.problem());
    let lower = json!({"name": "lower", "organization": "acme", "limit": 3, "thresholds": ["50"]});
    ground.send(Call::new("PUT", &path).json(&lower)).await.ok();
    let checked = ground.post("/v1/check", &hold).await.ok();
    let state = &checked["limits"][0];
    assert_eq!(checked["decision"], "deny");
    assert_eq!(
        (
            &state["name"],
            &state["held"],
            &state["remaining"],
            &state["percent"]
        ),
        (&json!("lower"), &json!("4"), &json!("0"), &json!("133.33"))
    );
}
