//! Authorization: the table of routes, walked with every kind of key.

use super::client::Call;
use super::ground::{Ground, completion, price};
use crate::route::{Need, Route, routes};
use expect_test::expect;
use serde_json::{Value, json};
use tollgate_engine::settings::{Right, Role};

/// A path of the route with ids of nothing in it.
fn filled(route: &Route) -> String {
    route
        .path
        .replace("{event}", "evt_00000000000000000000000000000000")
        .replace("{name}", "style.css")
        .replace("{id}", "nothing")
}

fn call(route: &Route) -> Call {
    Call::new(route.method, &filled(route)).json(&json!({}))
}

#[tokio::test]
async fn every_route_but_the_open_ones_needs_a_key() {
    let ground = Ground::new().await;
    let mut open = Vec::new();
    for route in routes() {
        let bare = call(&route).send(ground.address).await;
        if route.need == Need::Nothing {
            assert_eq!(bare.status, 200, "{} {}", route.method, route.path);
            open.push(route.path);
            continue;
        }
        assert!(
            bare.problem().starts_with("401 missing_key"),
            "{} {}",
            route.method,
            route.path
        );
        assert_eq!(bare.header("www-authenticate"), Some("Bearer realm=\"tollgate\""));
        for wrong in ["tg_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "", "tg_"] {
            let reply = call(&route).key(wrong).send(ground.address).await;
            assert_eq!(
                reply.status, 401,
                "{} {} with {wrong:?}",
                route.method, route.path
            );
        }
        let basic = call(&route)
            .header("authorization", "Basic dXNlcjpwYXNz")
            .send(ground.address)
            .await;
        assert_eq!(basic.status, 401, "{} {}", route.method, route.path);
    }
    assert_eq!(
        open,
        [
            "/",
            "/docs",
            "/docs/problems",
            "/assets/{name}",
            "/openapi.json",
            "/healthz",
            "/readyz"
        ]
    );
}

#[tokio::test]
async fn a_key_whose_role_is_too_small_is_told_the_right_it_needs() {
    let ground = Ground::new().await;
    let mut keys = Vec::new();
    for role in Role::ALL {
        for organization in [None, Some("acme")] {
            keys.push((role, organization, ground.key(role, organization).await));
        }
    }
    for route in routes() {
        let Some(right) = route.need.right() else { continue };
        for (role, organization, key) in &keys {
            let reply = call(&route).key(key).send(ground.address).await;
            let place = format!(
                "{} {} as {} of {organization:?}",
                route.method,
                route.path,
                role.as_str()
            );
            let may = role.allows(right) && !(route.need.is_instance() && organization.is_some());
            assert_eq!(reply.status == 403, !may, "{place}: {}", reply.body);
            if !role.allows(right) {
                assert!(reply.problem().contains("this needs the right to "), "{place}");
            }
        }
    }
}

#[tokio::test]
async fn a_role_may_do_what_its_name_says() {
    let mut shown = String::new();
    for role in Role::ALL {
        let rights =
            [Right::Ingest, Right::Read, Right::Manage, Right::Administer].map(|right| role.allows(right));
        shown.push_str(&format!("{}: {rights:?}\n", role.as_str()));
    }
    expect![[r#"
        ingest: [true, false, false, false]
        read: [false, true, false, false]
        manage: [true, true, true, false]
        admin: [true, true, true, true]
    "#]]
    .assert_eq(&shown);
}

/// What stands there for the organization `theirs`: an event, a price, a key, a hold, a quota, a budget.
async fn foreign(ground: &Ground) -> [String; 6] {
    let mut event = completion("theirs");
    event["organization"] = "theirs".into();
    let event = ground.post("/v1/events", &event).await.ok()["results"][0]["event"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut price = price();
    price["organization"] = "theirs".into();
    let price = ground.post("/v1/prices", &price).await.ok()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let key = json!({"name": "theirs", "role": "read", "organization": "theirs"});
    let key = ground.post("/v1/keys", &key).await.ok()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut limits = Vec::new();
    for (path, body) in [
        (
            "/v1/quotas",
            json!({"name": "theirs", "organization": "theirs", "measure": "requests", "limit": 1, "window": "year"}),
        ),
        (
            "/v1/budgets",
            json!({"name": "theirs", "organization": "theirs", "limit": 1}),
        ),
    ] {
        let limit = ground.post(path, &body).await.ok();
        limits.push(limit["id"].as_str().unwrap().to_owned());
    }
    let other = json!({"organization": "theirs", "category": "ai.embedding", "cost": "0"});
    let hold = json!({"id": "theirs", "organization": "theirs", "category": "ai.completion", "cost": "9"});
    assert_eq!(ground.post("/v1/holds", &hold).await.status, 429);
    let quota = format!("/v1/quotas/{}", limits[0]);
    let raised = json!({"name": "theirs", "organization": "theirs", "measure": "requests", "limit": 9, "window": "year"});
    ground.send(Call::new("PUT", &quota).json(&raised)).await.ok();
    let hold = ground.post("/v1/holds", &other).await.ok()["hold"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let [quota, budget] = limits.try_into().unwrap();
    [event, price, key, hold, quota, budget]
}

#[tokio::test]
async fn what_belongs_to_another_organization_is_not_there() {
    let ground = Ground::new().await;
    let [event, price, key, hold, quota, budget] = foreign(&ground).await;
    let ours = ground.key(Role::Admin, Some("ours")).await;
    let body = super::ground::price();
    let limit = json!({"name": "mine", "measure": "requests", "limit": 1, "window": "year"});
    let calls = [
        Call::new("GET", &format!("/v1/events/{event}")),
        Call::new("POST", &format!("/v1/events/{event}/void")),
        Call::new("GET", &format!("/v1/prices/{price}")),
        Call::new("PUT", &format!("/v1/prices/{price}")).json(&body),
        Call::new("DELETE", &format!("/v1/prices/{price}")),
        Call::new("GET", &format!("/v1/keys/{key}")),
        Call::new("PUT", &format!("/v1/keys/{key}")).json(&json!({"name": "mine", "role": "admin"})),
        Call::new("DELETE", &format!("/v1/keys/{key}")),
        Call::new("GET", "/v1/organizations/theirs"),
        Call::new("GET", &format!("/v1/holds/{hold}")),
        Call::new("POST", &format!("/v1/holds/{hold}/settle")).json(&json!({"cost": "1"})),
        Call::new("POST", &format!("/v1/holds/{hold}/settle")).json(&json!({"color": "1"})),
        Call::new("POST", &format!("/v1/holds/{hold}/release")),
        Call::new("POST", &format!("/v1/holds/{hold}/extend")).json(&json!({"ttl_seconds": 1})),
        Call::new("GET", &format!("/v1/quotas/{quota}")),
        Call::new("PUT", &format!("/v1/quotas/{quota}")).json(&limit),
        Call::new("PUT", &format!("/v1/quotas/{quota}?dry_run=true")).json(&limit),
        Call::new("DELETE", &format!("/v1/quotas/{quota}")),
        Call::new("GET", &format!("/v1/budgets/{budget}")),
        Call::new("PUT", &format!("/v1/budgets/{budget}")).json(&json!({"name": "mine", "limit": 1})),
        Call::new("DELETE", &format!("/v1/budgets/{budget}")),
        Call::new("GET", &format!("/v1/budgets/{quota}")),
    ];
    for call in calls {
        let reply = call.clone().key(&ours).send(ground.address).await;
        assert!(
            reply.problem().starts_with("404 not_found"),
            "{call:?}: {}",
            reply.body
        );
    }
    for path in [
        "/v1/events",
        "/v1/prices?organization=theirs",
        "/v1/keys?organization=theirs",
        "/v1/organizations",
        "/v1/quotas",
        "/v1/budgets?organization=theirs",
        "/v1/violations",
        "/v1/violations?organization=theirs",
    ] {
        let list = Call::new("GET", path).key(&ours).send(ground.address).await.ok();
        assert!(!list.to_string().contains("theirs"), "{path}: {list}");
    }
    let question = json!({"measures": ["requests"], "group_by": ["organization"]});
    let answer = Call::new("POST", "/v1/query")
        .json(&question)
        .key(&ours)
        .send(ground.address)
        .await
        .ok();
    assert_eq!(answer["rows"], json!([]), "{answer}");
    let everything = ground.post("/v1/query", &question).await.ok();
    assert_eq!(everything["rows"][0]["organization"], "theirs");
}

#[tokio::test]
async fn a_key_cannot_reach_beyond_itself() {
    let ground = Ground::new().await;
    let ours = ground.key(Role::Admin, Some("ours")).await;
    let send = async |method: &str, path: &str, body: Value| {
        Call::new(method, path)
            .json(&body)
            .key(&ours)
            .send(ground.address)
            .await
    };
    // Without an organization the new key gets the one of the key that makes it.
    let made = send("POST", "/v1/keys", json!({"name": "a", "role": "admin"}))
        .await
        .ok();
    assert_eq!(made["organization"], "ours");
    let mut shown = String::new();
    for (method, path, body) in [
        (
            "POST",
            "/v1/keys",
            json!({"name": "a", "role": "read", "organization": "theirs"}),
        ),
        (
            "POST",
            "/v1/events",
            json!([{"category": "ai.completion", "organization": "theirs"}]),
        ),
        (
            "POST",
            "/v1/prices",
            json!({"organization": "theirs", "category": "ai.completion", "currency": "USD",
            "effective_from": "2026-01-01T00:00:00Z", "components": {"input_tokens": {"model": "per_unit", "amount": "1"}}}),
        ),
    ] {
        let reply = send(method, path, body).await;
        let words = if reply.status == 200 {
            super::client::problem(&reply.value()["results"][0]["problem"])
        } else {
            reply.problem()
        };
        shown.push_str(&format!("{method} {path}: {words}\n"));
    }
    let global = ground.get("/v1/prices?limit=1").await.ok()["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/prices/{global}");
    shown.push_str(&format!(
        "DELETE a global price: {}\n",
        send("DELETE", &path, json!({})).await.problem()
    ));
    expect![[r#"
        POST /v1/keys: 422 invalid_request: /organization wrong_organization: the key that makes this one belongs to another organization
        POST /v1/events: invalid_event: /organization wrong_organization: the key belongs to ours; leave the field out or name ours
        POST /v1/prices: 422 invalid_request: /organization wrong_organization: the key belongs to ours; leave the field out or name ours
        DELETE a global price: 403 forbidden: this price holds for every organization; an instance key changes it
    "#]]
    .assert_eq(&shown);
}

#[tokio::test]
async fn a_pinned_key_sends_and_asks_within_its_pin_only() {
    let ground = Ground::new().await;
    let pinned = json!({"name": "pinned", "role": "admin", "organization": "acme", "team": "core"});
    let pinned = ground.post("/v1/keys", &pinned).await.ok()["secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut elsewhere = completion("elsewhere");
    elsewhere["team"] = "other".into();
    ground.post("/v1/events", &elsewhere).await.ok();
    let send = |call: Call| async { call.key(&pinned).send(ground.address).await };
    let mut event = completion("mine");
    event["team"] = "other".into();
    let mine = send(Call::new("POST", "/v1/events").json(&event)).await.ok();
    let id = mine["results"][0]["event"].as_str().unwrap().to_owned();
    assert_eq!(
        send(Call::new("GET", &format!("/v1/events/{id}"))).await.ok()["team"],
        "core"
    );
    assert_eq!(
        send(Call::new("GET", "/v1/events")).await.ok()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let refused = send(Call::new("POST", "/v1/keys").json(&json!({"name": "free", "role": "admin"}))).await;
    assert!(refused.problem().starts_with("403 forbidden"), "{}", refused.body);
}

#[tokio::test]
async fn a_deleted_key_stops_working_with_the_next_request() {
    let ground = Ground::new().await;
    let made = ground
        .post("/v1/keys", &json!({"name": "short", "role": "read"}))
        .await
        .ok();
    let (id, secret) = (
        made["id"].as_str().unwrap(),
        made["secret"].as_str().unwrap().to_owned(),
    );
    let list = || Call::new("GET", "/v1/categories").key(&secret);
    assert_eq!(list().send(ground.address).await.status, 200);
    let path = format!("/v1/keys/{id}");
    assert!(
        !ground.get(&path).await.body.contains("tg_"),
        "a secret is shown again"
    );
    assert_eq!(ground.send(Call::new("DELETE", &path)).await.status, 204);
    assert!(
        list()
            .send(ground.address)
            .await
            .problem()
            .starts_with("401 unknown_key")
    );
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let ground = Ground::new().await;
    let keys = ground.get("/v1/keys").await.ok();
    let path = format!("/v1/keys/{}", keys["data"][0]["id"].as_str().unwrap());
    let refused = "409 in_use: this is the last administrator's key of the instance; make another one first";
    assert_eq!(ground.send(Call::new("DELETE", &path)).await.problem(), refused);
    let weaker = Call::new("PUT", &path).json(&json!({"name": "a", "role": "read"}));
    assert_eq!(ground.send(weaker.clone()).await.problem(), refused);
    ground.key(Role::Admin, None).await;
    assert_eq!(ground.send(weaker).await.ok()["role"], "read");
}
