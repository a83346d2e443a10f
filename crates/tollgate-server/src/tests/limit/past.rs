//! What limits have to say of the past: what they would have done, what they refused, what they count.

use crate::tests::client::Call;
use crate::tests::ground::{Ground, NOW, completion, price};
use crate::tests::record::steady;
use expect_test::expect;
use serde_json::{Value, json};
use tollgate_engine::settings::Role;

/// Events of the last nine days, one each 12 hours, of which one is voided; each costs 0.0045.
async fn history(ground: &Ground) {
    ground.post("/v1/prices", &price()).await.ok();
    for number in 0..18 {
        let mut event = completion(&format!("e{number}"));
        let (day, hour) = (21 + number / 2, 12 * (number % 2) + 6);
        event["timestamp"] = match day {
            ..29 => format!("2026-02-{day:02}T{hour:02}:00:00Z"),
            _ => format!("2026-03-{:02}T{hour:02}:00:00Z", day - 28),
        }
        .into();
        event["user"] = if number % 3 == 0 { "u2" } else { "u1" }.into();
        if event["timestamp"].as_str().unwrap() > NOW {
            continue;
        }
        let sent = ground.post("/v1/events", &event).await.ok();
        if number == 12 {
            let id = sent["results"][0]["event"].as_str().unwrap();
            ground
                .post(&format!("/v1/events/{id}/void"), &json!({}))
                .await
                .ok();
        }
    }
}

/// Limits that are tried on that history.
const TRIED: &[(&str, &str)] = &[
    (
        "quotas",
        r#"{"measure": "requests", "limit": 100, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 1, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 0, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 1, "window": "day", "mode": "soft"}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 1, "window": "day", "mode": "shadow"}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 3, "window": "total", "scope": {"kind": "user", "id": "*"}}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 3, "window": "total", "scope": {"kind": "user", "id": "u2"}}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 0, "window": "day", "match": {"model": "other"}}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 0, "window": "day", "selector": "ai.*"}"#,
    ),
    (
        "quotas",
        r#"{"measure": "requests", "limit": 0, "window": "day", "selector": "api.*"}"#,
    ),
    ("budgets", r#"{"limit": "0.009", "period": "week"}"#),
    (
        "budgets",
        r#"{"limit": "0.009", "period": "week", "mode": "ladder"}"#,
    ),
];

#[tokio::test]
async fn a_dry_run_says_what_a_limit_would_have_done_and_changes_nothing() {
    let ground = Ground::new().await;
    history(&ground).await;
    let mut shown = String::new();
    for (things, limit) in TRIED {
        let mut body: Value = serde_json::from_str(limit).unwrap();
        body["name"] = "tried".into();
        body["organization"] = "acme".into();
        let reply = ground.post(&format!("/v1/{things}?dry_run=true"), &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        shown.push_str(&format!("{limit}\n    {}\n", reply.value()["dry_run"]));
    }
    expect![[r#"
        {"measure": "requests", "limit": 100, "window": "day"}
            {"denied":0,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 1, "window": "day"}
            {"denied":5,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 0, "window": "day"}
            {"denied":13,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 1, "window": "day", "mode": "soft"}
            {"denied":0,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 1, "window": "day", "mode": "shadow"}
            {"denied":5,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 3, "window": "total", "scope": {"kind": "user", "id": "*"}}
            {"denied":7,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 3, "window": "total", "scope": {"kind": "user", "id": "u2"}}
            {"denied":1,"from":"2026-02-22T12:00:00Z","requests":4,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 0, "window": "day", "match": {"model": "other"}}
            {"denied":0,"from":"2026-02-22T12:00:00Z","requests":0,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 0, "window": "day", "selector": "ai.*"}
            {"denied":13,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"measure": "requests", "limit": 0, "window": "day", "selector": "api.*"}
            {"denied":0,"from":"2026-02-22T12:00:00Z","requests":0,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"limit": "0.009", "period": "week"}
            {"denied":10,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
        {"limit": "0.009", "period": "week", "mode": "ladder"}
            {"denied":10,"from":"2026-02-22T12:00:00Z","requests":13,"to":"2026-03-01T12:00:00Z","truncated":false}
    "#]].assert_eq(&shown);
    assert_eq!(ground.get("/v1/quotas").await.ok()["data"], json!([]));
    let quota =
        json!({"name": "kept", "organization": "acme", "measure": "requests", "limit": 100, "window": "day"});
    let made = ground.post("/v1/quotas", &quota).await.ok();
    let path = format!("/v1/quotas/{}", made["id"].as_str().unwrap());
    let mut lower = quota.clone();
    lower["limit"] = 1.into();
    let put = |etag: &str| {
        Call::new("PUT", &format!("{path}?dry_run=true"))
            .header("if-match", etag)
            .json(&lower)
    };
    assert_eq!(
        ground.send(put("\"1\"")).await.ok()["dry_run"]["denied"],
        json!(5)
    );
    assert_eq!(ground.send(put("\"2\"")).await.status, 412);
    let kept = ground.get(&path).await;
    assert_eq!(
        (&kept.value()["limit"], kept.header("etag")),
        (&json!("100"), Some("\"1\""))
    );
}

#[tokio::test]
async fn denials_are_kept_and_listed_newest_first() {
    let ground = Ground::new().await;
    for organization in ["acme", "globex"] {
        let budget = json!({"name": "none", "organization": organization, "limit": 0});
        ground.post("/v1/budgets", &budget).await.ok();
    }
    let hold = |organization: &str, user: &str, cost: &str| json!({"organization": organization, "user": user, "category": "ai.completion", "cost": cost});
    for (organization, user, cost) in [
        ("acme", "u1", "1"),
        ("globex", "u1", "2"),
        ("acme", "u2", "3"),
        ("acme", "u1", "4"),
    ] {
        let denied = ground.post("/v1/holds", &hold(organization, user, cost)).await;
        assert_eq!(denied.status, 429);
    }
    // A check is a question, and an allowed hold is no violation.
    ground.post("/v1/check", &hold("acme", "u1", "5")).await.ok();
    ground.post("/v1/holds", &hold("acme", "u1", "0")).await.ok();
    let costs = |list: &Value| -> Vec<String> {
        let data = list["data"].as_array().unwrap();
        data.iter()
            .map(|one| one["estimated_cost"].as_str().unwrap().to_owned())
            .collect()
    };
    let acme = ground.key(Role::Read, Some("acme")).await;
    let pinned = json!({"name": "pinned", "role": "read", "organization": "acme", "user": "u1"});
    let pinned = ground.post("/v1/keys", &pinned).await.ok()["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    for (key, query, want) in [
        (&ground.admin, "", &["4", "3", "2", "1"][..]),
        (&ground.admin, "?organization=globex", &["2"]),
        (&acme, "", &["4", "3", "1"]),
        (&acme, "?organization=globex", &[]),
        (&pinned, "", &["4", "1"]),
    ] {
        let call = Call::new("GET", &format!("/v1/violations{query}")).key(key);
        assert_eq!(costs(&call.send(ground.address).await.ok()), want, "{query}");
        let (mut parts, mut cursor) = (Vec::new(), String::new());
        loop {
            let and = if query.is_empty() { "?" } else { "&" };
            let path = format!("/v1/violations{query}{and}limit=1{cursor}");
            let part = Call::new("GET", &path).key(key).send(ground.address).await.ok();
            parts.extend(costs(&part));
            match part["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(parts, want, "{query}, one by one");
    }
    let newest = ground.get("/v1/violations?limit=1").await.ok();
    expect![[r#"
        {
          "at": "2026-03-01T12:00:00Z",
          "category": "ai.completion",
          "code": "budget_exceeded",
          "estimated_cost": "4",
          "limits": [
            {
              "action": "block",
              "held": "0",
              "id": "bdg_…",
              "kind": "budget",
              "limit": "0",
              "measure": "cost",
              "mode": "hard",
              "name": "none",
              "percent": null,
              "refusal": "budget_exceeded",
              "remaining": "0",
              "resets_at": "2026-04-01T00:00:00Z",
              "scope": {
                "id": "acme",
                "kind": "organization"
              },
              "selector": "*",
              "used": "0"
            }
          ],
          "organization": "acme",
          "project": null,
          "team": null,
          "user": "u1"
        }"#]]
    .assert_eq(&steady(&newest["data"][0]));
    let wrong = ground.get("/v1/violations?cursor=x").await;
    assert!(wrong.problem().starts_with("400 invalid_parameter: ?cursor"));
}

#[tokio::test]
async fn an_event_shows_the_limits_that_count_it() {
    let ground = Ground::new().await;
    for (name, scope, selector) in [
        ("mine", json!({"kind": "user", "id": "u1"}), "ai.*"),
        ("each", json!({"kind": "user", "id": "*"}), "*"),
        ("other's", json!({"kind": "user", "id": "u2"}), "*"),
        ("team's", json!({"kind": "team", "id": "*"}), "*"),
        ("calls", json!({"kind": "organization", "id": "*"}), "api.*"),
    ] {
        let budget =
            json!({"name": name, "organization": "acme", "scope": scope, "selector": selector, "limit": 1});
        ground.post("/v1/budgets", &budget).await.ok();
    }
    let sent = ground.post("/v1/events", &completion("a")).await.ok();
    let path = format!("/v1/events/{}", sent["results"][0]["event"].as_str().unwrap());
    let shown = ground.get(&path).await.ok();
    expect![[r#"
        [
          {
            "id": "bdg_…",
            "kind": "budget",
            "name": "mine"
          },
          {
            "id": "bdg_…",
            "kind": "budget",
            "name": "each"
          }
        ]"#]]
    .assert_eq(&steady(&shown["limits"]));
    assert!(!ground.get("/v1/events").await.body.contains("limits"));
}
