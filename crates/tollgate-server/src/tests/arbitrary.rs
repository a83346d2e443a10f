//! Whatever is sent, the server answers and lives: arbitrary bodies never give a failure of the server.

use super::ground::{Ground, completion, price};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Names that mean something somewhere, so that values get past the first check.
const NAMES: [&str; 34] = [
    "id",
    "source",
    "category",
    "organization",
    "team",
    "project",
    "user",
    "timestamp",
    "measures",
    "quantity",
    "dimensions",
    "metadata",
    "cost",
    "specversion",
    "type",
    "subject",
    "time",
    "data",
    "datacontenttype",
    "name",
    "unit",
    "primary",
    "kind",
    "components",
    "match",
    "currency",
    "effective_from",
    "input_tokens",
    "model",
    "amount",
    "tiers",
    "filters",
    "group_by",
    "role",
];
/// Texts that mean something somewhere.
const TEXTS: [&str; 16] = [
    "ai.completion",
    "acme",
    "1.0",
    "2026-03-01T11:00:00Z",
    "USD",
    "per_million",
    "graduated",
    "admin",
    "gauge",
    "0.5",
    "-0",
    "1e400",
    "",
    "\u{0}",
    "99999999999999999999999999999999999999999999",
    "matches",
];
/// Numbers as text, at the edges of every type.
const NUMBERS: [&str; 12] = [
    "0",
    "-0",
    "-1",
    "1e400",
    "1e-30",
    "9223372036854775808",
    "18446744073709551616",
    "170141183460469231731687303715884105728",
    "0.1",
    "1E5",
    "1e999999999999",
    "1.50",
];

/// JSON text, not always with keys once and numbers in range.
fn text() -> impl Strategy<Value = String> {
    let quoted = |text: String| Value::from(text).to_string();
    let leaf = prop_oneof![
        select(&["null", "true", "false"][..]).prop_map(str::to_owned),
        select(&NUMBERS[..]).prop_map(str::to_owned),
        select(&TEXTS[..]).prop_map(move |text| quoted(text.to_owned())),
        any::<String>().prop_map(quoted),
        Just(r#""\ud800""#.to_owned()),
    ];
    let name = prop_oneof![4 => select(&NAMES[..]).prop_map(str::to_owned), 1 => any::<String>()];
    leaf.prop_recursive(6, 64, 8, move |inside| {
        prop_oneof![
            vec(inside.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            vec((name.clone(), inside.clone()), 0..8).prop_map(move |fields| {
                let fields: Vec<String> = fields
                    .into_iter()
                    .map(|(name, value)| format!("{}:{value}", Value::from(name)))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// Where bodies are sent: method, path, content type, and a body that is good there.
fn places() -> Vec<(&'static str, &'static str, &'static str, Value)> {
    let cloud = json!({
        "specversion": "1.0", "id": "c", "source": "test", "type": "ai.completion", "subject": "u1", "model": "m",
        "data": {"organization": "acme", "measures": {"input_tokens": 1}, "dimensions": {"provider": "test"}}
    });
    let category = json!({
        "name": "a.b", "unit": "x", "primary": "x", "measures": {"x": {"kind": "gauge", "unit": "y"}, "z": {"parent": "x"}},
        "dimensions": ["d"], "display": {"unit": "X", "per": "60"}
    });
    let query = json!({
        "measures": ["cost", "input_tokens"], "aggregate": "sum", "group_by": ["model", "team"], "bucket": "day",
        "timezone": "Asia/Kathmandu", "from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z",
        "filters": [{"field": "category", "op": "matches", "value": "ai.*"}, {"field": "team", "op": "in", "value": ["a"]}],
        "order_by": "-cost", "limit": 10, "compare": "previous_period"
    });
    let tiers = json!({
        "category": "ai.completion", "match": {"model": "t"}, "currency": "USD", "effective_from": "2026-01-01T00:00:00Z",
        "components": {"input_tokens": {"model": "graduated", "period": "month", "when": {"input_tokens": {"above": "5"}},
            "tiers": [{"up_to": "10", "unit_amount": "1"}, {"up_to": null, "unit_amount": "0.5", "flat_amount": 1}],
            "multipliers": [{"factor": "0.5", "days": ["mon"], "from": "01:00", "to": "02:00", "timezone": "UTC"}]}}
    });
    let json = "application/json";
    let void = "/v1/events/evt_00000000000000000000000000000000/void";
    vec![
        ("POST", "/v1/events", json, completion("a")),
        (
            "POST",
            "/v1/events",
            json,
            json!([completion("b"), completion("c"), {"id": "d", "metadata": {"a": [1]}}]),
        ),
        ("POST", "/v1/events", "application/x-ndjson", completion("e")),
        (
            "POST",
            "/v1/events",
            "application/cloudevents+json",
            cloud.clone(),
        ),
        (
            "POST",
            "/v1/events",
            "application/cloudevents-batch+json",
            json!([cloud]),
        ),
        ("POST", "/v1/query", json, query),
        ("POST", "/v1/categories", json, category.clone()),
        ("PUT", "/v1/categories/a.b", json, category),
        ("POST", "/v1/prices", json, price()),
        ("POST", "/v1/prices", json, tiers),
        (
            "POST",
            "/v1/organizations",
            json,
            json!({"id": "o", "name": "O", "currency": "EUR"}),
        ),
        (
            "POST",
            "/v1/keys",
            json,
            json!({"name": "k", "role": "read", "organization": "o", "team": "t"}),
        ),
        ("POST", void, json, json!({"reason": "because"})),
    ]
}

/// What is put in place of one value of a good body, as text that need not be one JSON value.
fn bend(good: &Value, at: proptest::sample::Index, with: &str) -> String {
    const MARK: &str = "put it here";
    let mut places = Vec::new();
    pointers(good, String::new(), &mut places);
    let mut bent = good.clone();
    if let Some(place) = bent.pointer_mut(&places[at.index(places.len())]) {
        *place = MARK.into();
    }
    bent.to_string().replace(&format!("{MARK:?}"), with)
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| pointers(value, format!("{at}/{name}"), found)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, value)| pointers(value, format!("{at}/{n}"), found)),
        _ => {}
    }
    found.push(at);
}

/// A body for a place: mostly its good one with a value bent, sometimes cut off, sometimes anything.
fn sent() -> impl Strategy<Value = ((&'static str, &'static str, &'static str), Vec<u8>)> {
    let index = any::<proptest::sample::Index>;
    select(places()).prop_flat_map(move |(method, path, media, good)| {
        let whole = good.to_string();
        let body = prop_oneof![
            6 => (index(), text()).prop_map(move |(at, with)| bend(&good, at, &with).into_bytes()),
            1 => index().prop_map(move |at| whole.as_bytes()[..at.index(whole.len())].to_vec()),
            1 => text().prop_map(String::into_bytes),
            1 => vec(any::<u8>(), 0..200),
        ];
        (Just((method, path, media)), body)
    })
}

#[test]
fn no_body_makes_the_server_fail() {
    let runtime = Runtime::new().unwrap();
    let ground = runtime.block_on(Ground::new());
    let front = ground.front();
    let config = ProptestConfig {
        cases: 2048,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(((method, path, media), body) in sent())| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", ground.admin))
            .header("content-type", media)
            .body(Body::from(body.clone()))
            .unwrap();
        let response = runtime.block_on(front.clone().answer(request));
        let status = response.status().as_u16();
        let bytes = runtime.block_on(to_bytes(response.into_body(), 64 << 20)).unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert!(status < 500, "{} {}: {}", method, path, answer);
        if path == "/v1/events" && status == 200 {
            let ends = ["recorded", "duplicate", "conflict", "rejected"].map(|end| answer[end].as_u64().unwrap());
            let results = answer["results"].as_array().unwrap();
            prop_assert_eq!(ends.iter().sum::<u64>(), results.len() as u64);
            if media == "application/json" {
                let sent: Result<Vec<&RawValue>, _> = serde_json::from_slice(&body);
                prop_assert_eq!(sent.map_or(1, |items| items.len()), results.len());
            }
        }
    });
}
