//! Limits that are wrong, odd, or too many.

use crate::tests::client::Call;
use crate::tests::ground::Ground;
use expect_test::expect;
use serde_json::{Value, json};

/// Limits of which something is wrong, each `/v1/<things>` with its body.
const WRONG: &[(&str, &str)] = &[
    ("quotas", "{}"),
    (
        "quotas",
        r#"{"name": "a", "measure": "requests", "limit": 1, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "*", "measure": "requests", "limit": 1, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "requests", "limit": -1, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "requests", "limit": true, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "fortnight"}"#,
    ),
    (
        "quotas",
        r#"{"name": "", "organization": "acme", "measure": "Requests", "limit": "1e40", "window": "day", "timezone": "Europe/Berlyn",
            "selector": "a*", "match": {"user": "u1"}, "scope": {"kind": "organization", "id": "other"}, "thresholds": [0, "x"],
            "rungs": [{"at": 1001, "action": "block"}]}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "cost", "limit": 1, "window": "day"}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "day", "period": "day"}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "day", "scope": {"kind": "user"}}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "day", "mode": "gentle"}"#,
    ),
    (
        "quotas",
        r#"{"name": "a", "organization": "acme", "measure": "seats", "limit": 1, "window": "day"}"#,
    ),
    ("budgets", r#"{"name": "a", "organization": "acme"}"#),
    (
        "budgets",
        r#"{"name": "a", "organization": "acme", "limit": "-0.01", "currency": "EUR", "period": "month"}"#,
    ),
    (
        "budgets",
        r#"{"name": "a", "organization": "acme", "limit": 1, "period": "quarter"}"#,
    ),
    (
        "budgets",
        r#"{"name": "a", "organization": "acme", "limit": 1, "tier": "gold"}"#,
    ),
    (
        "budgets",
        r#"{"name": "a", "organization": "acme", "limit": 1, "measure": "cost"}"#,
    ),
    (
        "budgets?dry_run=true",
        r#"{"name": "a", "organization": "acme", "limit": -1}"#,
    ),
    (
        "budgets?dry_run=maybe",
        r#"{"name": "a", "organization": "acme", "limit": 1}"#,
    ),
    (
        "budgets?dryrun=true",
        r#"{"name": "a", "organization": "acme", "limit": 1}"#,
    ),
];

#[tokio::test]
async fn a_limit_that_is_wrong_names_its_fields() {
    let ground = Ground::new().await;
    let seats = json!({"name": "seats.used", "unit": "seats", "measures": {"seats": {"kind": "gauge"}}});
    ground.post("/v1/categories", &seats).await.ok();
    let mut shown = String::new();
    for (things, body) in WRONG {
        let call = Call::new("POST", &format!("/v1/{things}")).bytes(*body);
        shown.push_str(&format!(
            "{things} {body}\n    {}\n",
            ground.send(call).await.problem()
        ));
    }
    expect![[r#"
        quotas {}
            422 invalid_request: /name missing_field: is required
        quotas {"name": "a", "measure": "requests", "limit": 1, "window": "day"}
            422 invalid_request: /organization missing_field: an instance key names the organization of a limit
        quotas {"name": "a", "organization": "*", "measure": "requests", "limit": 1, "window": "day"}
            422 invalid_request: /organization reserved_name: the name * is reserved, it stands for each one in limits; use another name
        quotas {"name": "a", "organization": "acme", "measure": "requests", "limit": -1, "window": "day"}
            422 invalid_request: /limit out_of_range: must not be negative; 0 denies everything
        quotas {"name": "a", "organization": "acme", "measure": "requests", "limit": true, "window": "day"}
            422 invalid_request: /limit not_allowed: expected a decimal number, as a string or bare
        quotas {"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "fortnight"}
            422 invalid_request: /window not_allowed: "fortnight" is none of minute, hour, day, week, month, year, total
        quotas {"name": "", "organization": "acme", "measure": "Requests", "limit": "1e40", "window": "day", "timezone": "Europe/Berlyn",
                    "selector": "a*", "match": {"user": "u1"}, "scope": {"kind": "organization", "id": "other"}, "thresholds": [0, "x"],
                    "rungs": [{"at": 1001, "action": "block"}]}
            422 invalid_request: /name invalid_text: is empty; /scope/id invalid_combination: is not the limit's organization, acme; write that or *; /selector invalid_text: name a category (ai.completion), a family (ai.*) or all (*); /match/user reserved_name: is the name of an event field; match names dimensions; /timezone unknown_zone: no time zone "Europe/Berlyn"; did you mean Europe/Berlin?; /thresholds/0 out_of_range: must be above 0 and at most 1000 percent; /thresholds/1 invalid_number: is not a decimal number; write digits such as 12 or 0.5; /rungs/0/at out_of_range: must be above 0 and at most 1000 percent; /limit invalid_number: has more than 38 digits
        quotas {"name": "a", "organization": "acme", "measure": "cost", "limit": 1, "window": "day"}
            422 invalid_request: /measure not_allowed: a ceiling on cost is a budget; write it to /v1/budgets
        quotas {"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "day", "period": "day"}
            422 invalid_request: /period unknown_field: no such field; the fields are name, organization, scope, selector, match, measure, limit, window, timezone, mode, on_unavailable, thresholds, rungs
        quotas {"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "day", "scope": {"kind": "user"}}
            422 invalid_request: /scope/id missing_field: is required
        quotas {"name": "a", "organization": "acme", "measure": "requests", "limit": 1, "window": "day", "mode": "gentle"}
            422 invalid_request: /mode not_allowed: "gentle" is none of hard, soft, shadow, ladder
        quotas {"name": "a", "organization": "acme", "measure": "seats", "limit": 1, "window": "day"}
            422 invalid_request: /measure not_allowed: seats of seats.used is a level or counts distinct instances, which nobody knows before a use; limit a counter or the cost
        budgets {"name": "a", "organization": "acme"}
            422 invalid_request: /limit missing_field: say what may be spent; a tier knows it for a day and a month only
        budgets {"name": "a", "organization": "acme", "limit": "-0.01", "currency": "EUR", "period": "month"}
            422 invalid_request: /limit out_of_range: must not be negative; 0 denies everything; /currency invalid_combination: the organization's costs are in USD; write that or leave it out
        budgets {"name": "a", "organization": "acme", "limit": 1, "period": "quarter"}
            422 invalid_request: /period not_allowed: "quarter" is none of minute, hour, day, week, month, year, total
        budgets {"name": "a", "organization": "acme", "limit": 1, "tier": "gold"}
            422 invalid_request: /tier not_allowed: "gold" is none of free, premium, enterprise
        budgets {"name": "a", "organization": "acme", "limit": 1, "measure": "cost"}
            422 invalid_request: /measure unknown_field: no such field; the fields are name, organization, scope, selector, match, limit, currency, period, timezone, mode, tier, on_unavailable, thresholds, rungs
        budgets?dry_run=true {"name": "a", "organization": "acme", "limit": -1}
            422 invalid_request: /limit out_of_range: must not be negative; 0 denies everything
        budgets?dry_run=maybe {"name": "a", "organization": "acme", "limit": 1}
            400 invalid_parameter: ?dry_run not_allowed: is true or false
        budgets?dryrun=true {"name": "a", "organization": "acme", "limit": 1}
            400 invalid_parameter: ?dryrun unknown_field: is no parameter; did you mean dry_run?
    "#]].assert_eq(&shown);
    for things in ["quotas", "budgets"] {
        assert_eq!(ground.get(&format!("/v1/{things}")).await.ok()["data"], json!([]));
    }
}

#[tokio::test]
async fn what_is_odd_is_warned_of_and_holds() {
    let ground = Ground::new().await;
    let mut shown = String::new();
    for (selector, measure) in [
        ("render.*", "requests"),
        ("api.*", "input_tokens"),
        ("*", "colors"),
        ("ai.completion", "requests"),
    ] {
        let quota = json!({"name": "odd", "organization": "acme", "selector": selector, "measure": measure, "limit": 0, "window": "day"});
        let made = ground.post("/v1/quotas", &quota).await.ok();
        let dry = ground.post("/v1/quotas?dry_run=true", &quota).await.ok();
        assert_eq!(made["warnings"], dry["warnings"]);
        let path = format!("/v1/quotas/{}", made["id"].as_str().unwrap());
        assert!(!ground.get(&path).await.body.contains("warnings"));
        shown.push_str(&format!("{selector} {measure}: {}\n", made["warnings"]));
    }
    expect![[r#"
        render.* requests: ["no category fits the selector render.* now"]
        api.* input_tokens: ["no category that the selector api.* fits has the measure input_tokens now"]
        * colors: ["no category that the selector * fits has the measure colors now"]
        ai.completion requests: null
    "#]]
    .assert_eq(&shown);
    // A limit of zero denies any amount, and no amount passes it.
    let hold = json!({"organization": "acme", "category": "ai.completion", "cost": 0});
    let reply = ground.post("/v1/holds", &hold).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, None));
    let denied = reply.value();
    let limits = denied["limits"].as_array().unwrap();
    let zero = limits
        .iter()
        .find(|limit| limit["refusal"] != Value::Null)
        .unwrap();
    assert_eq!(
        (&zero["percent"], &zero["remaining"]),
        (&json!(null), &json!("0"))
    );
}

#[tokio::test]
async fn more_limits_than_one_request_may_meet_are_refused() {
    let ground = Ground::new().await;
    let limit = |name: &str, matches: Value| json!({"name": name, "organization": "acme", "limit": 1, "match": matches});
    for number in 0..40 {
        let model = limit("per model", json!({"model": number.to_string()}));
        ground.post("/v1/budgets", &model).await.ok();
    }
    for number in 0..31 {
        ground
            .post("/v1/budgets", &limit(&number.to_string(), json!({})))
            .await
            .ok();
    }
    let refused = ground.post("/v1/budgets", &limit("one more", json!({}))).await;
    expect!["422 invalid_request: /scope too_many: one request could meet more than 32 limits with this one; narrow its selector or match, or delete others"].assert_eq(&refused.problem());
}
