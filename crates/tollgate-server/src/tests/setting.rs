//! Settings: created, read, replaced, deleted, each against the version that was read.

use super::client::{Call, Reply};
use super::ground::{Ground, completion, price};
use expect_test::expect;
use serde_json::{Value, json};

/// What is done with one kind of thing.
struct Kind {
    path: &'static str,
    body: Value,
    change: fn(&mut Value),
}

fn kinds() -> Vec<Kind> {
    vec![
        Kind {
            path: "/v1/categories",
            body: json!({"name": "render.video", "unit": "seconds", "primary": "seconds", "measures": {"seconds": {}}}),
            change: |body| body["dimensions"] = json!(["preset"]),
        },
        Kind {
            path: "/v1/prices",
            body: price(),
            change: |body| body["effective_until"] = "2027-01-01T00:00:00Z".into(),
        },
        Kind {
            path: "/v1/quotas",
            body: json!({"name": "calls", "organization": "acme", "measure": "requests", "limit": 100, "window": "day"}),
            change: |body| body["limit"] = "7".into(),
        },
        Kind {
            path: "/v1/budgets",
            body: json!({"name": "monthly", "organization": "acme", "scope": {"kind": "user", "id": "*"}, "tier": "free"}),
            change: |body| body["mode"] = "soft".into(),
        },
        Kind {
            path: "/v1/organizations",
            body: json!({"id": "acme corp", "currency": "EUR"}),
            change: |body| body["name"] = "Acme".into(),
        },
        Kind {
            path: "/v1/keys",
            body: json!({"name": "ci", "role": "ingest", "organization": "acme", "team": "core"}),
            change: |body| body["role"] = "read".into(),
        },
    ]
}

fn id(body: &Value) -> String {
    let id = if body["id"].is_null() {
        &body["name"]
    } else {
        &body["id"]
    };
    id.as_str().unwrap().replace(' ', "%20")
}

#[tokio::test]
async fn what_is_made_can_be_read_and_replaced_by_version() {
    let ground = Ground::new().await;
    for kind in kinds() {
        let (one, mut changed) = made(&ground, &kind).await;
        (kind.change)(&mut changed);
        // What GET gave can be sent back, fields that only the server writes included.
        let put = |etag: &str| Call::new("PUT", &one).header("if-match", etag).json(&changed);
        let saved = ground.send(put("\"1\"")).await;
        assert_eq!(
            (saved.ok(), saved.header("etag")),
            (changed.clone(), Some("\"2\"")),
            "{one}"
        );
        let late = ground.send(put("\"1\"")).await;
        assert!(
            late.problem().starts_with("412 stale: the "),
            "{one} {}",
            late.body
        );
        let weak = ground.send(put("W/\"2\"")).await.problem();
        assert!(weak.starts_with("400 invalid_parameter: if-match "), "{weak}");
        assert_eq!(ground.send(put("*")).await.header("etag"), Some("\"3\""), "{one}");
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone() {
    let ground = Ground::new().await;
    for kind in kinds() {
        let (one, body) = made(&ground, &kind).await;
        let delete = |etag: &str| Call::new("DELETE", &one).header("if-match", etag);
        assert_eq!(ground.send(delete("\"2\"")).await.status, 412, "{one}");
        assert_eq!(ground.send(delete("\"1\"")).await.status, 204, "{one}");
        for call in [
            Call::new("GET", &one),
            Call::new("DELETE", &one),
            Call::new("PUT", &one).json(&body),
        ] {
            let gone = ground.send(call).await.problem();
            assert!(gone.starts_with("404 not_found"), "{one}: {gone}");
        }
    }
}

/// Makes one thing; its address, and what is read there.
async fn made(ground: &Ground, kind: &Kind) -> (String, Value) {
    let made: Reply = ground.post(kind.path, &kind.body).await;
    assert_eq!(
        (made.status, made.header("etag")),
        (201, Some("\"1\"")),
        "{}",
        made.body
    );
    let one = format!("{}/{}", kind.path, id(&made.ok()));
    assert_eq!(made.header("location"), Some(one.as_str()));
    let read = ground.get(&one).await;
    assert_eq!(read.header("etag"), Some("\"1\""), "{one}");
    (one, read.ok())
}

#[tokio::test]
async fn a_list_shows_everything_once() {
    let ground = Ground::new().await;
    for path in ["/v1/categories", "/v1/prices"] {
        let whole = ground.get(&format!("{path}?limit=1000")).await.ok()["data"]
            .as_array()
            .unwrap()
            .clone();
        assert!(whole.len() > 15, "{path}");
        let (mut parts, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = ground.get(&format!("{path}?limit=7{cursor}")).await.ok();
            parts.extend(part["data"].as_array().unwrap().clone());
            match part["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(parts, whole, "{path}");
    }
}

#[tokio::test]
async fn prices_are_filtered() {
    let ground = Ground::new().await;
    ground.post("/v1/prices", &price()).await.ok();
    let mut own = price();
    own["organization"] = "acme".into();
    own["effective_until"] = "2026-02-01T00:00:00Z".into();
    ground.post("/v1/prices", &own).await.ok();
    for (query, count) in [
        ("match.model=m", 2),
        ("match.model=m&organization=acme", 1),
        ("match.model=m&at=2026-01-15T00:00:00Z", 2),
        ("match.model=m&at=2026-02-01T00:00:00Z", 1),
        ("match.model=m&category=ai.embedding", 0),
    ] {
        let list = ground.get(&format!("/v1/prices?{query}")).await.ok();
        assert_eq!(list["data"].as_array().unwrap().len(), count, "{query}");
    }
}

#[tokio::test]
async fn what_is_in_use_stays_as_it_is() {
    let ground = Ground::new().await;
    let made = ground.post("/v1/prices", &price()).await.ok();
    let path = format!("/v1/prices/{}", id(&made));
    ground.post("/v1/events", &completion("a")).await.ok();
    let mut dearer = price();
    dearer["components"]["input_tokens"]["amount"] = "3".into();
    let mut closed = price();
    closed["effective_until"] = "2026-04-01T00:00:00Z".into();
    let renamed = json!({"name": "other.name", "unit": "seconds"});
    let mut shown = String::new();
    for call in [
        Call::new("PUT", &path).json(&dearer),
        Call::new("DELETE", &path),
        Call::new("POST", "/v1/prices").json(&price()),
        Call::new("DELETE", "/v1/categories/ai.completion"),
        Call::new("PUT", "/v1/categories/ai.embedding").json(&renamed),
        Call::new("DELETE", "/v1/organizations/acme"),
        Call::new("PUT", "/v1/organizations/acme").json(&json!({"currency": "EUR"})),
    ] {
        let problem = ground.send(call).await.problem();
        let steady = problem
            .split("prc_")
            .enumerate()
            .map(|(n, part)| if n == 0 { part } else { &part[32..] });
        shown += &format!("{}\n", steady.collect::<Vec<_>>().join("prc_…"));
    }
    expect![[r#"
        409 in_use: this price has priced events; give it an effective_until and write a new one
        409 in_use: this price has priced events; give it an effective_until instead
        422 invalid_request: /match price_tie: an event could have this price or prc_… and nothing would decide; give one an end or another start, or one more dimension in its match
        409 in_use: price prc_… belongs to category ai.completion
        422 invalid_request: /name invalid_combination: is "other.name", and the address names ai.embedding; it cannot be changed
        409 in_use: events are recorded for acme; it stays
        422 invalid_request: /currency invalid_combination: the costs of acme are in USD; its currency stays
    "#]]
    .assert_eq(&shown);
    assert_eq!(
        ground.send(Call::new("PUT", &path).json(&closed)).await.status,
        200
    );
}

#[tokio::test]
async fn an_odd_price_is_warned_of_and_holds() {
    let ground = Ground::new().await;
    let with = |model: &str, amount: &str| {
        let mut price = price();
        price["match"]["model"] = format!("{model} {amount}").into();
        price["components"] = json!({"input_tokens": {"model": model, "amount": amount}});
        price
    };
    let mut shown = String::new();
    for (model, amount) in [
        ("per_million", "2.50"),
        ("per_unit", "2.50"),
        ("per_thousand", "2.50"),
        ("per_million", "0.0000001"),
        ("flat", "9"),
    ] {
        let made = ground.post("/v1/prices", &with(model, amount)).await.ok();
        shown += &format!("{amount} {model}: {}\n", made["warnings"]);
        assert!(
            !ground
                .get(&format!("/v1/prices/{}", id(&made)))
                .await
                .body
                .contains("warnings")
        );
        let path = format!("/v1/prices/{}", id(&made));
        assert_eq!(ground.send(Call::new("DELETE", &path)).await.status, 204);
    }
    expect![[r#"
        2.50 per_million: null
        2.50 per_unit: ["input_tokens costs over a thousand times more than in any other price of this category (elsewhere 150 per million); is per_unit what was meant?"]
        2.50 per_thousand: null
        0.0000001 per_million: ["input_tokens costs over a thousand times less than in any other price of this category (elsewhere 0.05 per million); is per_million what was meant?"]
        9 flat: null
    "#]]
    .assert_eq(&shown);
}
