//! Reading the record back: one event, lists, voids, questions.

use super::client::Call;
use super::ground::{Ground, completion, price};
use expect_test::expect;
use serde_json::{Value, json};

/// The answer with everything that differs from run to run named by its kind.
pub(super) fn steady(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).unwrap();
    let mut steady = String::new();
    let mut rest = text.as_str();
    while let Some(at) = ["evt_", "prc_", "key_", "hld_", "qta_", "bdg_"]
        .iter()
        .filter_map(|prefix| rest.find(prefix))
        .min()
    {
        let (before, after) = rest.split_at(at + 4);
        steady.push_str(before);
        steady.push('…');
        rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    steady + rest
}

async fn record(ground: &Ground, event: &Value) -> String {
    ground.post("/v1/events", event).await.ok()["results"][0]["event"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn an_event_shows_its_charge_line_by_line_and_its_void() {
    let ground = Ground::new().await;
    ground.post("/v1/prices", &price()).await.ok();
    let mut event = completion("a");
    event["metadata"] = json!({"trace": {"b": 1, "a": 2.50}});
    let id = record(&ground, &event).await;
    let void = Call::new("POST", &format!("/v1/events/{id}/void"));
    let first = ground
        .send(void.clone().json(&json!({"reason": "sent by mistake"})))
        .await
        .ok();
    expect![[r#"
        {
          "corrects": "evt_…",
          "cost": "-0.0045",
          "cost_source": "priced",
          "currency": "USD",
          "event": "evt_…",
          "id": "evt_…",
          "price": "prc_…",
          "status": "recorded"
        }"#]]
    .assert_eq(&steady(&first));
    let again = ground.send(void).await.ok();
    assert_eq!(
        (&again["status"], &again["event"]),
        (&json!("duplicate"), &first["event"])
    );
    let shown = ground.get(&format!("/v1/events/{id}")).await.ok();
    assert_eq!(shown["voided_by"], first["event"]);
    expect![[r#"
        {
          "category": "ai.completion",
          "cost": "0.0045",
          "cost_source": "priced",
          "currency": "USD",
          "dimensions": {
            "model": "m",
            "provider": "test"
          },
          "event": "evt_…",
          "id": "a",
          "limits": [],
          "lines": [
            {
              "amount": "0.0025",
              "kind": "usage",
              "measure": "input_tokens",
              "quantity": "1000"
            },
            {
              "amount": "0.002",
              "kind": "usage",
              "measure": "output_tokens",
              "quantity": "200"
            }
          ],
          "measures": {
            "input_tokens": "1000",
            "output_tokens": "200",
            "requests": "1"
          },
          "metadata": {
            "trace": {
              "a": 2.5,
              "b": 1
            }
          },
          "organization": "acme",
          "price": "prc_…",
          "project": null,
          "received_at": "2026-03-01T12:00:00Z",
          "source": "test",
          "team": null,
          "timestamp": "2026-03-01T11:00:00Z",
          "user": "u1",
          "voided_by": "evt_…"
        }"#]]
    .assert_eq(&steady(&shown));
    let correction = ground
        .get(&format!("/v1/events/{}", first["event"].as_str().unwrap()))
        .await
        .ok();
    assert_eq!(correction["metadata"], json!({"reason": "sent by mistake"}));
    assert_eq!(correction["cost"], "-0.0045");
    let totals = ground.post("/v1/query", &json!({})).await.ok();
    assert_eq!(
        totals["total"],
        json!({"cost": "0", "requests": "0", "unpriced": 0})
    );
}

#[tokio::test]
async fn a_void_is_refused_where_it_makes_no_sense() {
    let ground = Ground::new().await;
    let id = record(&ground, &completion("a")).await;
    let path = format!("/v1/events/{id}/void");
    let void = async |path: &str, body: Value| ground.post(path, &body).await;
    let first = void(&path, json!({})).await.ok();
    let of_void = format!("/v1/events/{}/void", first["event"].as_str().unwrap());
    let mut shown = void(&of_void, json!({})).await.problem();
    for body in [
        json!({"reasons": "x"}),
        json!({"reason": 1}),
        json!({"reason": ""}),
        json!([]),
    ] {
        shown += &format!("\n{}", void(&path, body).await.problem());
    }
    expect![[r#"
        422 invalid_request:  invalid_combination: this event is a void itself; send the usage again under a new id instead
        422 invalid_request: /reasons unknown_field: no such field; did you mean reason?
        422 invalid_request: /reason wrong_type: is a number; expected a string
        422 invalid_request: /reason invalid_text: give a reason of 1 to 1000 bytes, or none
        422 invalid_request:  wrong_type: is an array; expected an object"#]].assert_eq(&shown);
}

#[tokio::test]
async fn a_list_of_events_is_filtered_and_followed_newest_first() {
    let ground = Ground::new().await;
    let mut events = Vec::new();
    for n in 0..25 {
        let mut event = completion(&format!("event {n:02}"));
        event["user"] = format!("u{}", n % 2).into();
        event["timestamp"] = format!("2026-03-01T{:02}:00:00Z", n % 12).into();
        event["dimensions"]["model"] = if n % 5 == 0 { "five" } else { "other" }.into();
        events.push(event);
    }
    ground.post("/v1/events", &Value::from(events)).await.ok();
    let list = async |query: &str| {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = ground
                .get(&format!("/v1/events?limit=10{query}{cursor}"))
                .await
                .ok();
            let data = part["data"].as_array().unwrap().clone();
            ids.extend(
                data.iter()
                    .map(|event| event["id"].as_str().unwrap()[6..].to_owned()),
            );
            match part["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return ids.join(" "),
            }
        }
    };
    let mut shown = String::new();
    for query in [
        "",
        "&user=u1",
        "&user=u1&dimension.model=five",
        "&category=ai.completion&organization=acme&dimension.provider=test&from=2026-03-01T03:00:00Z&to=2026-03-01T05:00:00Z",
        "&category=ai.embedding",
        "&team=core",
    ] {
        shown += &format!("{query}: {}\n", list(query).await);
    }
    expect![[r#"
        : 24 23 22 21 20 19 18 17 16 15 14 13 12 11 10 09 08 07 06 05 04 03 02 01 00
        &user=u1: 23 21 19 17 15 13 11 09 07 05 03 01
        &user=u1&dimension.model=five: 15 05
        &category=ai.completion&organization=acme&dimension.provider=test&from=2026-03-01T03:00:00Z&to=2026-03-01T05:00:00Z: 16 15 04 03
        &category=ai.embedding: 
        &team=core: 
    "#]]
    .assert_eq(&shown);
    assert_eq!(
        ground.get("/v1/events?limit=25").await.ok()["next_cursor"],
        Value::Null
    );
}

#[tokio::test]
async fn a_question_is_answered_and_explained() {
    let ground = Ground::new().await;
    ground.post("/v1/prices", &price()).await.ok();
    for n in 0..3 {
        ground.post("/v1/events", &completion(&format!("{n}"))).await.ok();
    }
    let question = json!({
        "measures": ["cost", "requests", "input_tokens"], "group_by": ["model", "team"], "bucket": "day",
        "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z",
        "filters": [{"field": "category", "op": "matches", "value": "ai.*"}], "compare": "previous_period"
    });
    let answer = ground
        .send(Call::new("POST", "/v1/query?explain=true").json(&question))
        .await
        .ok();
    expect![[r#"
        {
          "as_of": "2026-03-01T12:00:00Z",
          "explain": {
            "fields": [
              "category",
              "team",
              "model"
            ],
            "reads": [
              {
                "from": "2026-02-28T00:00:00Z",
                "grain": "rollups",
                "to": "2026-03-02T00:00:00Z"
              }
            ]
          },
          "rows": [
            {
              "bucket_start": "2026-03-01T00:00:00Z",
              "cost": "0.0135",
              "input_tokens": "3000",
              "model": "m",
              "previous": {
                "cost": "0",
                "input_tokens": "0",
                "requests": "0",
                "unpriced": 0
              },
              "requests": "3",
              "team": null,
              "unpriced": 0
            }
          ],
          "total": {
            "cost": "0.0135",
            "input_tokens": "3000",
            "previous": {
              "cost": "0",
              "input_tokens": "0",
              "requests": "0",
              "unpriced": 0
            },
            "requests": "3",
            "unpriced": 0
          },
          "truncated": false
        }"#]]
    .assert_eq(&steady(&answer));
    let percentile = json!({"measures": ["input_tokens"], "aggregate": "p95"});
    let answer = ground
        .send(Call::new("POST", "/v1/query?explain=true").json(&percentile))
        .await
        .ok();
    assert_eq!(answer["total"]["input_tokens"], "1000");
    assert_eq!(answer["explain"]["raw"], "p95 looks at each event's own amount");
    let plain = ground.post("/v1/query", &percentile).await.ok();
    assert_eq!(plain.get("explain"), None);
}

#[tokio::test]
async fn a_number_in_a_filter_is_the_text_that_it_is_on_an_event() {
    let ground = Ground::new().await;
    let event = |id: &str, field: &str| {
        let mut event = completion(id);
        event["dimensions"] = json!({});
        event
            .to_string()
            .replace(r#""dimensions":{}"#, &format!(r#""dimensions":{{{field}}}"#))
    };
    let batch = [
        event("a", r#""attempt":5,"cached":true"#),
        event("b", r#""attempt":0.70"#),
        event("c", r#""attempt":"0.7","cached":"false""#),
    ];
    let send = |path: &str, body: String| {
        let call = Call::new("POST", path).header("content-type", "application/json");
        ground.send(call.bytes(body))
    };
    let recorded = send("/v1/events", format!("[{}]", batch.join(","))).await.ok();
    assert_eq!(recorded["recorded"], 3);
    for (filter, requests) in [
        (r#""attempt", "op": "eq", "value": 5"#, "1"),
        (r#""attempt", "op": "eq", "value": "5""#, "1"),
        (r#""attempt", "op": "eq", "value": 0.70"#, "1"),
        (r#""attempt", "op": "in", "value": [5, 0.7, 6, true]"#, "2"),
        (r#""attempt", "op": "ne", "value": 5"#, "2"),
        (r#""cached", "op": "eq", "value": true"#, "1"),
        (r#""cached", "op": "not_in", "value": [false]"#, "2"),
    ] {
        let question = format!(r#"{{"measures": ["requests"], "filters": [{{"field": {filter}}}]}}"#);
        let answer = send("/v1/query", question).await.ok();
        assert_eq!(answer["total"]["requests"], requests, "{filter}");
    }
}
