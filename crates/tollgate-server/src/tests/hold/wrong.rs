//! Requests to limits of which something is wrong.

use crate::tests::client::{Call, problem};
use crate::tests::ground::Ground;
use expect_test::expect;
use serde_json::json;

/// Bodies of a check or a hold.
const WRONG: &[&str] = &[
    "",
    "[]",
    "{}",
    r#"{"organization": "acme", "category": "ai.completion"}"#,
    r#"{"organization": "acme", "category": "ai.completion", "measures": {}}"#,
    r#"{"organization": "acme", "category": "ai.completion", "measures": {"input_tokens": -1, "outputtokens": 1}}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": "-1"}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1e400}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": 0}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": "86401"}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": 1.5}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": [60]}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1, "priority": "urgent"}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1, "timestamp": "2026-01-01T00:00:00Z", "source": "a", "metadata": 1}"#,
    r#"{"organization": "acme", "category": "ai.completion", "cost": 1, "cost": 2}"#,
    r#"{"category": "ai.completions", "user": 7, "priority": 1, "measures": {"input_tokens": []}}"#,
];

#[tokio::test]
async fn a_bad_request_names_its_field() {
    let ground = Ground::new().await;
    let mut shown = String::new();
    for body in WRONG {
        let mut answers = Vec::new();
        for path in ["/v1/check", "/v1/holds"] {
            let call = Call::new("POST", path)
                .header("content-type", "application/json")
                .bytes(*body);
            answers.push(ground.send(call).await.problem());
        }
        assert_eq!(answers[0], answers[1], "{body}");
        shown.push_str(&format!("{body}\n    {}\n", answers[0]));
    }
    expect![[r#"

            400 invalid_json: the body is empty; send JSON
        []
            422 invalid_request:  wrong_type: is an array; expected an object
        {}
            422 invalid_request: /organization missing_field: an instance key names the organization of each event; /category missing_field: name what was used, such as ai.completion
        {"organization": "acme", "category": "ai.completion"}
            422 invalid_request: /measures missing_field: say how much will be used at most (audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, web_searches), or what it costs at most (cost)
        {"organization": "acme", "category": "ai.completion", "measures": {}}
            422 invalid_request: /measures missing_field: say how much will be used at most (audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, web_searches), or what it costs at most (cost)
        {"organization": "acme", "category": "ai.completion", "measures": {"input_tokens": -1, "outputtokens": 1}}
            422 invalid_request: /measures/input_tokens out_of_range: must not be negative; void an event to take it back; /measures/outputtokens unknown_measure: ai.completion has no such measure; it has audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, requests, web_searches
        {"organization": "acme", "category": "ai.completion", "cost": "-1"}
            422 invalid_request: /cost out_of_range: must not be negative; void an event to take it back
        {"organization": "acme", "category": "ai.completion", "cost": 1e400}
            422 invalid_request: /cost invalid_number: has more than 38 digits
        {"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": 0}
            422 invalid_request: /ttl_seconds out_of_range: must be from 1 to 86400 seconds; a hold can be extended
        {"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": "86401"}
            422 invalid_request: /ttl_seconds out_of_range: must be from 1 to 86400 seconds; a hold can be extended
        {"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": 1.5}
            422 invalid_request: /ttl_seconds out_of_range: expected a whole number
        {"organization": "acme", "category": "ai.completion", "cost": 1, "ttl_seconds": [60]}
            422 invalid_request: /ttl_seconds wrong_type: is an array; expected a number, or a string of its digits
        {"organization": "acme", "category": "ai.completion", "cost": 1, "priority": "urgent"}
            422 invalid_request: /priority not_allowed: "urgent" is none of deferrable, normal, critical
        {"organization": "acme", "category": "ai.completion", "cost": 1, "timestamp": "2026-01-01T00:00:00Z", "source": "a", "metadata": 1}
            422 invalid_request: /timestamp unknown_field: no such field; the fields are id, category, organization, team, project, user, measures, quantity, dimensions, cost, priority, ttl_seconds; /source unknown_field: no such field; the fields are id, category, organization, team, project, user, measures, quantity, dimensions, cost, priority, ttl_seconds; /metadata unknown_field: no such field; the fields are id, category, organization, team, project, user, measures, quantity, dimensions, cost, priority, ttl_seconds
        {"organization": "acme", "category": "ai.completion", "cost": 1, "cost": 2}
            422 invalid_request: /cost repeated: is given twice
        {"category": "ai.completions", "user": 7, "priority": 1, "measures": {"input_tokens": []}}
            422 invalid_request: /user wrong_type: is a number; expected a string; /priority wrong_type: is a number; expected a string; /measures/input_tokens wrong_type: is an array; expected a number, or a string of its digits; /organization missing_field: an instance key names the organization of each event; /category unknown_category: no category "ai.completions"; did you mean ai.completion? GET /v1/categories lists them
    "#]]
    .assert_eq(&shown);
}

#[tokio::test]
async fn a_step_that_is_wrong_changes_nothing() {
    let ground = Ground::new().await;
    let mut shown = String::new();
    let id = "hld_00000000000000000000000000000000";
    let hold = json!({"organization": "acme", "category": "ai.completion", "cost": 1});
    let open = ground.post("/v1/holds", &hold).await.ok()["hold"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (method, path, body) in [
        ("GET", "nothing".to_owned(), ""),
        ("GET", id.to_owned(), ""),
        ("POST", format!("{id}/settle"), "{}"),
        ("POST", format!("{id}/settle"), r#"{"color": 1}"#),
        ("POST", format!("{open}/settle"), ""),
        ("POST", format!("{open}/settle"), "[{}]"),
        ("POST", format!("{open}/extend"), "{}"),
        ("POST", format!("{open}/extend"), r#"{"ttl_seconds": 86401}"#),
        ("POST", format!("{open}/extend"), r#"{"ttl_seconds": null}"#),
        ("POST", format!("{open}/release"), r#"{"now": true}"#),
        ("POST", format!("{id}/release"), ""),
        ("POST", format!("{open}/release?now"), ""),
    ] {
        let call = Call::new(method, &format!("/v1/holds/{path}")).bytes(body);
        let problem = ground.send(call).await.problem();
        let line = format!("{method} {path} {body}\n    {problem}\n");
        shown.push_str(&line.replace(&open, "hld_…"));
    }
    expect![[r#"
        GET nothing 
            404 not_found: there is no hold nothing
        GET hld_00000000000000000000000000000000 
            404 not_found: there is no hold hld_00000000000000000000000000000000
        POST hld_00000000000000000000000000000000/settle {}
            404 not_found: there is no hold hld_00000000000000000000000000000000
        POST hld_00000000000000000000000000000000/settle {"color": 1}
            404 not_found: there is no hold hld_00000000000000000000000000000000
        POST hld_…/settle 
            400 invalid_json: the body is empty; send an event
        POST hld_…/settle [{}]
            400 invalid_body: send one event, which is an object
        POST hld_…/extend {}
            422 invalid_request: /ttl_seconds missing_field: is required
        POST hld_…/extend {"ttl_seconds": 86401}
            422 invalid_request: /ttl_seconds out_of_range: must be from 1 to 86400 seconds; a hold can be extended
        POST hld_…/extend {"ttl_seconds": null}
            422 invalid_request: /ttl_seconds wrong_type: is null; expected a number, or a string of its digits
        POST hld_…/release {"now": true}
            422 invalid_request: /now unknown_field: no such field; there are none here
        POST hld_00000000000000000000000000000000/release 
            404 not_found: there is no hold hld_00000000000000000000000000000000
        POST hld_…/release?now 
            400 invalid_parameter: ?now unknown_field: is no parameter; there are none here
    "#]].assert_eq(&shown);
    // An event that cannot be recorded changes nothing: neither the hold nor what is held.
    let settle = Call::new("POST", &format!("/v1/holds/{open}/settle")).json(&json!({"color": 1, "user": 7}));
    let rejected = ground.send(settle).await.ok();
    assert_eq!(
        (&rejected["rejected"], &rejected["hold"]["state"]),
        (&json!(1), &json!("open"))
    );
    let settle =
        Call::new("POST", &format!("/v1/holds/{open}/settle")).json(&json!({"measures": {"colors": 1}}));
    let rejected = ground.send(settle).await.ok();
    assert_eq!(
        (&rejected["rejected"], &rejected["hold"]["state"]),
        (&json!(1), &json!("open"))
    );
    expect!["invalid_event: /measures/colors unknown_measure: ai.completion has no such measure; it has audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, requests, web_searches"].assert_eq(&problem(&rejected["results"][0]["problem"]));
}
