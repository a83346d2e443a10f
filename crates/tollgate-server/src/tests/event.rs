//! Recording: every form of body, every status, and what reading the record shows.

use super::client::Call;
use super::document::{document, fields};
use super::ground::{Ground, completion, price};
use expect_test::expect;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One line for each result.
fn shown(answer: &Value) -> String {
    let mut lines = format!(
        "recorded {} duplicate {} conflict {} rejected {}\n",
        answer["recorded"], answer["duplicate"], answer["conflict"], answer["rejected"]
    );
    for result in answer["results"].as_array().unwrap() {
        let mut result = result.as_object().unwrap().clone();
        // Ids differ from run to run only where the server made them; what they look like is tested on its own.
        for id in ["event", "price"] {
            if let Some(value) = result.get_mut(id) {
                *value = value.as_str().unwrap().split('_').next().unwrap().into();
            }
        }
        if let Some(problem) = result.get("problem") {
            let words = super::client::problem(problem);
            result.insert("problem".to_owned(), words.into());
        }
        lines.push_str(&format!("{}\n", Value::Object(result)));
    }
    lines
}

#[tokio::test]
async fn each_event_gets_its_cost_and_a_resend_changes_nothing() {
    let ground = Ground::new().await;
    ground.post("/v1/prices", &price()).await.ok();
    let mut asserted = completion("b");
    asserted["cost"] = "0.5".into();
    let mut unknown = completion("c");
    unknown["dimensions"]["model"] = "of nobody".into();
    let batch = json!([completion("a"), asserted, unknown]);
    let first = ground.post("/v1/events", &batch).await.ok();
    expect![[r#"
        recorded 3 duplicate 0 conflict 0 rejected 0
        {"cost":"0.0045","cost_source":"priced","currency":"USD","event":"evt","id":"a","index":0,"price":"prc","status":"recorded"}
        {"cost":"0.5","cost_source":"asserted","currency":"USD","event":"evt","id":"b","index":1,"status":"recorded"}
        {"cost":null,"cost_source":"unpriced","currency":"USD","event":"evt","id":"c","index":2,"reason":"no_price","status":"recorded"}
    "#]]
    .assert_eq(&shown(&first));
    let mut other = completion("a");
    other["measures"]["input_tokens"] = 1.into();
    let again = ground
        .post("/v1/events", &json!([completion("a"), other, completion("d")]))
        .await
        .ok();
    expect![[r#"
        recorded 1 duplicate 1 conflict 1 rejected 0
        {"cost":"0.0045","cost_source":"priced","currency":"USD","event":"evt","id":"a","index":0,"price":"prc","status":"duplicate"}
        {"event":"evt","id":"a","index":1,"problem":"conflict: another event is recorded under this organization, source and id; GET /v1/events/evt_7bab0fc19694f507e9712b6de00c6814 shows it; send this one under a new id","status":"conflict"}
        {"cost":"0.0045","cost_source":"priced","currency":"USD","event":"evt","id":"d","index":2,"price":"prc","status":"recorded"}
    "#]]
    .assert_eq(&shown(&again));
    let call = Call::new("POST", "/v1/events?results=errors")
        .json(&json!([completion("a"), other, {"id": "e"}, {}]));
    expect![[r#"
        recorded 0 duplicate 1 conflict 1 rejected 2
        {"event":"evt","id":"a","index":1,"problem":"conflict: another event is recorded under this organization, source and id; GET /v1/events/evt_7bab0fc19694f507e9712b6de00c6814 shows it; send this one under a new id","status":"conflict"}
        {"id":"e","index":2,"problem":"invalid_event: /organization missing_field: an instance key names the organization of each event; /category missing_field: name what was used, such as ai.completion","status":"rejected"}
        {"index":3,"problem":"invalid_event: /organization missing_field: an instance key names the organization of each event; /category missing_field: name what was used, such as ai.completion","status":"rejected"}
    "#]]
    .assert_eq(&shown(&ground.send(call).await.ok()));
}

#[tokio::test]
async fn the_document_has_every_field_of_every_result_and_no_other() {
    let ground = Ground::new().await;
    let mut half = price();
    half["match"]["model"] = "half".into();
    half["components"]
        .as_object_mut()
        .unwrap()
        .remove("output_tokens");
    for price in [price(), half] {
        ground.post("/v1/prices", &price).await.ok();
    }
    let mut without_component = completion("half");
    without_component["dimensions"]["model"] = "half".into();
    let mut conflict = completion("a");
    conflict["user"] = "other".into();
    let mut without_provider = completion("near");
    without_provider["dimensions"] = json!({"model": "m"});
    let batch = json!([
        completion("a"),
        without_component,
        completion("a"),
        conflict,
        {},
        without_provider
    ]);
    let answer = ground.post("/v1/events", &batch).await.ok();
    let mut results = answer["results"].as_array().unwrap().clone();
    assert_eq!(
        (&results[1]["reason"], &results[1]["measure"]),
        (&json!("no_component"), &json!("output_tokens"))
    );
    let void = format!("/v1/events/{}/void", results[0]["event"].as_str().unwrap());
    results.push(ground.post(&void, &json!({})).await.ok());
    let written: BTreeSet<String> = results
        .iter()
        .flat_map(|r| r.as_object().unwrap().keys().cloned())
        .collect();
    assert_eq!(written, fields(&document(), "EventResult"));
    let counts: BTreeSet<String> = answer.as_object().unwrap().keys().cloned().collect();
    assert_eq!(counts, fields(&document(), "EventsAnswer"));
}

#[tokio::test]
async fn an_event_without_a_price_says_what_keeps_prices_from_matching() {
    let ground = Ground::new().await;
    let euro = json!({"id": "berlin", "currency": "EUR"});
    ground.post("/v1/organizations", &euro).await.ok();
    ground.post("/v1/prices", &price()).await.ok();
    let with = |id: &str, change: Value| {
        let mut event = completion(id);
        let change = change.as_object().unwrap().clone();
        event.as_object_mut().unwrap().extend(change);
        event
    };
    let batch = json!([
        with("no provider", json!({"dimensions": {"model": "m"}})),
        with("nothing", json!({"dimensions": {}})),
        with("other model", json!({"dimensions": {"model": "of nobody"}})),
        with(
            "other value",
            json!({"dimensions": {"provider": "test", "model": "of nobody"}})
        ),
        with("other currency", json!({"organization": "berlin"})),
        with("too early", json!({"timestamp": "2025-01-01T00:00:00Z"})),
        with(
            "other category",
            json!({"category": "ai.embedding", "measures": {"input_tokens": 1}, "dimensions": {"model": "m"}})
        ),
        with("priced", json!({})),
    ]);
    let answer = ground.post("/v1/events", &batch).await.ok();
    let results = answer["results"].as_array().unwrap();
    let mut shown = String::new();
    for result in results {
        assert_eq!(result.get("reason").is_some(), result["cost"].is_null());
        shown.push_str(&format!(
            "{} {}\n",
            result["id"].as_str().unwrap(),
            result["detail"]
        ));
        let event = format!("/v1/events/{}", result["event"].as_str().unwrap());
        assert_eq!(ground.get(&event).await.ok()["detail"], result["detail"]);
    }
    expect![[r#"
        no provider "prices of ai.completion match on model and provider; the event has no provider"
        nothing "prices of ai.completion match on model and provider; the event has no model and no provider"
        other model null
        other value null
        other currency "prices of ai.completion that match are in USD; the currency of berlin is EUR"
        too early "prices of ai.completion that match do not hold at 2025-01-01T00:00:00Z, the event's time"
        other category null
        priced null
    "#]]
    .assert_eq(&shown);
    // What is written later is said when the event is shown, and changes nothing about it.
    let mut later = price();
    later["match"] = json!({"model": "m"});
    let later = ground.post("/v1/prices", &later).await.ok();
    let event = format!("/v1/events/{}", results[0]["event"].as_str().unwrap());
    let event = ground.get(&event).await.ok();
    let detail = format!(
        "{} matches by now; the event was recorded before",
        later["id"].as_str().unwrap()
    );
    assert_eq!((&event["cost"], &event["detail"]), (&Value::Null, &json!(detail)));
}
