//! Random usage queries.

use super::{maybe, one_of};
use crate::fixture::{DISK, SEAT, at};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What is asked together, and of which category where a measure is of two kinds elsewhere.
const TOPICS: &[(&[&str], Option<&str>)] = &[
    (&["cost", "requests"], None),
    (&["input", "total_input", "output", "cost"], None),
    (&["seconds", "cached"], None),
    (&["bytes", "reads", "cost"], Some(DISK)),
    (&["requests"], Some(DISK)),
];

const ZONES: &[&str] = &[
    "UTC",
    "America/Los_Angeles",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/St_Johns",
];

/// How far a query reaches, with the buckets that are few enough for it.
const REACHES: &[(i64, &str)] = &[
    (400, "none"),
    (400, "day"),
    (60, "day"),
    (400, "month"),
    (1000, "year"),
    (100, "week"),
    (2, "hour"),
];

/// A query that is accepted, written as the body of `POST /v1/query`.
pub fn ask() -> impl Strategy<Value = Value> {
    let topic = proptest::sample::select(TOPICS);
    let aggregate = one_of(&[
        "sum",
        "sum",
        "avg",
        "count",
        "min",
        "max",
        "p50",
        "p95",
        "p99",
        "count_distinct",
    ]);
    let groups = [
        "organization",
        "category",
        "model",
        "region",
        "team",
        "project",
        "user",
        "session_id",
        "nothing",
    ];
    let groups = proptest::sample::subsequence(groups.to_vec(), 0..=3);
    let filters = proptest::collection::vec(filter(), 0..=2);
    let shape = (one_of(ZONES), maybe(0.2, 1..4_u64), maybe(0.3, any::<bool>()));
    let plain = (topic, aggregate, groups, filters, window(), shape).prop_map(
        |(
            (measures, category),
            aggregate,
            groups,
            mut filters,
            ((from, to), bucket),
            (zone, limit, order),
        )| {
            filters.extend(category.map(|name| json!({"field": "category", "op": "eq", "value": name})));
            let mut ask = json!({
                "measures": measures, "aggregate": aggregate, "group_by": groups, "bucket": bucket,
                "timezone": zone, "from": from, "to": to, "filters": filters,
            });
            if aggregate == "count_distinct" {
                ask["field"] = json!("user");
            }
            // Costs of several currencies have no order of their own.
            if let (Some(falling), false) = (order, measures[0] == "cost") {
                ask["order_by"] = json!(format!("{}{}", if falling { "-" } else { "" }, measures[0]));
            }
            if let Some(limit) = limit {
                ask["limit"] = json!(limit);
            } else {
                ask["limit"] = json!(10_000);
            }
            ask
        },
    );
    let seats = (window(), one_of(ZONES), one_of(&["sum", "count"])).prop_map(|(((from, to), bucket), zone, aggregate)| {
        json!({
            "measures": ["seats", "requests"], "aggregate": aggregate, "group_by": ["organization"], "bucket": bucket,
            "timezone": zone, "from": from, "to": to, "limit": 10_000,
            "filters": [{"field": "category", "op": "eq", "value": SEAT}],
        })
    });
    prop_oneof![9 => plain, 1 => seats]
}

type Stretch = ((String, String), &'static str);

fn window() -> impl Strategy<Value = Stretch> {
    let reach = proptest::sample::select(REACHES);
    (super::instant(), reach, 0..3_i64).prop_map(|(near, (days, bucket), third)| {
        let from = at(&near).plus_seconds(-days * 86_400 * third / 2);
        let to = from.plus_seconds(days * 86_400);
        ((from.to_string(), to.to_string()), bucket)
    })
}

fn filter() -> impl Strategy<Value = Value> {
    let field = one_of(&[
        "model",
        "organization",
        "team",
        "user",
        "region",
        "category",
        "session_id",
    ]);
    let texts = one_of(&["m1", "acme", "core", "u1", "eu", "lab.chat", "s1"]);
    let op = one_of(&["eq", "ne", "in", "not_in", "matches", "exists"]);
    (
        field,
        op,
        texts,
        one_of(&["m*", "*", "l*t", "u1", "a*e*"]),
        any::<bool>(),
    )
        .prop_map(|(field, op, text, pattern, there)| {
            let value = match op {
                "in" | "not_in" => json!([text, "m2", "u2", "beta"]),
                "matches" => json!(pattern),
                "exists" => json!(there),
                _ => json!(text),
            };
            json!({"field": field, "op": op, "value": value})
        })
}
