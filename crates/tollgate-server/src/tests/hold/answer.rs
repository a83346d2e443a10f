//! What is answered to a hold, whole: allowed, settled, denied.

use crate::tests::ground::{Ground, completion, price};
use crate::tests::record::steady;
use expect_test::expect;
use serde_json::json;
use std::collections::BTreeMap;

#[tokio::test]
async fn an_answer_shows_every_limit_and_what_would_do_instead() {
    let ground = Ground::new().await;
    ground.post("/v1/prices", &price()).await.ok();
    let mut cheaper = price();
    cheaper["match"]["model"] = "small".into();
    cheaper["components"]["input_tokens"]["amount"] = "0.25".into();
    cheaper["components"]["output_tokens"]["amount"] = "1".into();
    ground.post("/v1/prices", &cheaper).await.ok();
    let budget = json!({"name": "monthly", "organization": "acme", "scope": {"kind": "user", "id": "u1"}, "limit": "0.0095",
                        "mode": "ladder"});
    ground.post("/v1/budgets", &budget).await.ok();
    ground
        .post("/v1/events", &json!([completion("a"), completion("b")]))
        .await
        .ok();
    let request = json!({"organization": "acme", "user": "u1", "category": "ai.completion", "id": "c",
        "dimensions": {"provider": "test", "model": "m"}, "measures": {"input_tokens": "100", "output_tokens": 20},
        "priority": "critical", "ttl_seconds": "90"});
    let reply = ground.post("/v1/holds", &request).await;
    expect![[r#"
        {
          "action": "throttle",
          "decision": "allow",
          "estimated_cost": "0.00045",
          "hold": {
            "expires_at": "2026-03-01T12:01:30Z",
            "id": "hld_…",
            "state": "open"
          },
          "limits": [
            {
              "action": "throttle",
              "held": "0.00045",
              "id": "bdg_…",
              "kind": "budget",
              "limit": "0.0095",
              "measure": "cost",
              "mode": "ladder",
              "name": "monthly",
              "percent": "99.47",
              "refusal": null,
              "remaining": "0.00005",
              "resets_at": "2026-04-01T00:00:00Z",
              "scope": {
                "id": "u1",
                "kind": "user"
              },
              "selector": "*",
              "used": "0.009"
            }
          ],
          "suggestion": {
            "delay_ms": 5000
          },
          "unverified": false
        }"#]]
    .assert_eq(&steady(&reply.ok()));
    let hold = reply.value()["hold"]["id"].as_str().unwrap().to_owned();
    let shown = ground.get(&format!("/v1/holds/{hold}")).await.ok();
    expect![[r#"
        {
          "category": "ai.completion",
          "claims": [
            {
              "amount": "0.00045",
              "id": "bdg_…",
              "kind": "budget"
            }
          ],
          "dimensions": {
            "model": "m",
            "provider": "test"
          },
          "estimated_cost": "0.00045",
          "expires_at": "2026-03-01T12:01:30Z",
          "id": "hld_…",
          "late": false,
          "organization": "acme",
          "placed_at": "2026-03-01T12:00:00Z",
          "project": null,
          "state": "open",
          "team": null,
          "unheld": false,
          "user": "u1"
        }"#]]
    .assert_eq(&steady(&shown));
    let settled = ground
        .post(
            &format!("/v1/holds/{hold}/settle"),
            &json!({"measures": {"input_tokens": 100, "output_tokens": 40}}),
        )
        .await
        .ok();
    expect![[r#"
        {
          "conflict": 0,
          "duplicate": 0,
          "hold": {
            "category": "ai.completion",
            "claims": [
              {
                "amount": "0.00045",
                "id": "bdg_…",
                "kind": "budget"
              }
            ],
            "dimensions": {
              "model": "m",
              "provider": "test"
            },
            "estimated_cost": "0.00045",
            "event": "evt_…",
            "expires_at": "2026-03-01T12:01:30Z",
            "id": "hld_…",
            "late": false,
            "organization": "acme",
            "placed_at": "2026-03-01T12:00:00Z",
            "project": null,
            "state": "settled",
            "team": null,
            "unheld": false,
            "user": "u1"
          },
          "late": false,
          "overrun": [
            {
              "amount": "0.0002",
              "id": "bdg_…",
              "kind": "budget"
            }
          ],
          "recorded": 1,
          "rejected": 0,
          "results": [
            {
              "cost": "0.00065",
              "cost_source": "priced",
              "currency": "USD",
              "event": "evt_…",
              "id": "hld_…",
              "index": 0,
              "price": "prc_…",
              "status": "recorded"
            }
          ],
          "unheld": false
        }"#]]
    .assert_eq(&steady(&settled));
}

#[tokio::test]
async fn a_denied_hold_says_why_and_when_to_come_again() {
    let ground = Ground::new().await;
    let mut ids = BTreeMap::new();
    for (path, limit) in [
        (
            "/v1/quotas",
            json!({"name": "day", "measure": "requests", "limit": 1, "window": "day"}),
        ),
        (
            "/v1/quotas",
            json!({"name": "tokens \"€\"", "measure": "input_tokens", "limit": "1000.5", "window": "hour"}),
        ),
        (
            "/v1/budgets",
            json!({"name": "money", "limit": "0.90", "period": "month", "timezone": "Europe/Berlin"}),
        ),
        (
            "/v1/budgets",
            json!({"name": "ever", "limit": "3", "period": "total"}),
        ),
        (
            "/v1/quotas",
            json!({"name": "roomy", "measure": "requests", "limit": 100, "window": "day"}),
        ),
    ] {
        let mut limit = limit;
        limit["organization"] = "acme".into();
        let made = ground.post(path, &limit).await.ok();
        let name = made["name"].as_str().unwrap().to_owned();
        ids.insert(made["id"].as_str().unwrap().to_owned(), name);
    }
    let hold = |cost: &str, tokens: u32| json!({"organization": "acme", "category": "ai.completion", "measures": {"input_tokens": tokens}, "cost": cost});
    ground.post("/v1/holds", &hold("0.30", 400)).await.ok();
    let mut shown = String::new();
    for (cost, tokens) in [("0.1", 1), ("0.7", 700), ("0.7", 2_000), ("2.8", 1)] {
        let reply = ground.post("/v1/holds", &hold(cost, tokens)).await;
        assert_eq!(reply.value()["type"], "/docs/problems#quota-exceeded");
        shown.push_str(&format!(
            "cost {cost}, {tokens} tokens\n    {}\n",
            reply.problem()
        ));
        for name in [
            "retry-after",
            "ratelimit-policy",
            "ratelimit",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ] {
            let value = reply.header(name).unwrap_or("-");
            shown.push_str(&format!("    {name}: {value}\n"));
        }
        assert_eq!(reply.value()["limits"].as_array().unwrap().len(), 5);
    }
    for (id, name) in ids {
        shown = shown.replace(&id, &format!("id of {name}"));
    }
    expect![[r#"
        cost 0.1, 1 tokens
            429 quota_exceeded: the quota day of organization acme has 0 of 1 left, and this takes 1; there is room again at 2026-03-02T00:00:00Z at the latest
            retry-after: 43200
            ratelimit-policy: "day";q=1;w=86400
            ratelimit: "day";r=0;t=43200
            x-ratelimit-limit: 1
            x-ratelimit-remaining: 0
            x-ratelimit-reset: 1772409600
        cost 0.7, 700 tokens
            429 budget_exceeded: the quota day of organization acme has 0 of 1 left, and this takes 1; the quota tokens "€" of organization acme has 600.5 of 1000.5 left, and this takes 700; the budget money of organization acme has 0.6 of 0.9 left, and this takes 0.7; there is room again at 2026-03-31T22:00:00Z at the latest
            retry-after: 2628000
            ratelimit-policy: "day";q=1;w=86400, "id of tokens "€"";q=1000;qu="input_tokens";w=3600, "money";q=100;qu="percent";w=2674800
            ratelimit: "day";r=0;t=43200, "id of tokens "€"";r=600;t=3600, "money";r=66;t=2628000
            x-ratelimit-limit: 100
            x-ratelimit-remaining: 66
            x-ratelimit-reset: 1774994400
        cost 0.7, 2000 tokens
            429 budget_exceeded: the quota day of organization acme has 0 of 1 left, and this takes 1; the quota tokens "€" of organization acme has 600.5 of 1000.5 left, and this takes 2000; the budget money of organization acme has 0.6 of 0.9 left, and this takes 0.7
            retry-after: -
            ratelimit-policy: "day";q=1;w=86400, "id of tokens "€"";q=1000;qu="input_tokens";w=3600, "money";q=100;qu="percent";w=2674800
            ratelimit: "day";r=0;t=43200, "id of tokens "€"";r=600;t=3600, "money";r=66;t=2628000
            x-ratelimit-limit: 100
            x-ratelimit-remaining: 66
            x-ratelimit-reset: 1774994400
        cost 2.8, 1 tokens
            429 budget_exceeded: the quota day of organization acme has 0 of 1 left, and this takes 1; the budget money of organization acme has 0.6 of 0.9 left, and this takes 2.8; the budget ever of organization acme has 2.7 of 3 left, and this takes 2.8
            retry-after: -
            ratelimit-policy: "day";q=1;w=86400, "money";q=100;qu="percent";w=2674800, "ever";q=100;qu="percent"
            ratelimit: "day";r=0;t=43200, "money";r=66;t=2628000, "ever";r=90
            x-ratelimit-limit: 100
            x-ratelimit-remaining: 90
            x-ratelimit-reset: -
    "#]].assert_eq(&shown);
}
