//! Every form in which events may come.

use super::client::{Call, problem};
use super::ground::{Ground, completion, price};
use expect_test::expect;
use serde_json::{Value, json};

/// Sends a body under these headers and shows what each event became, and what was recorded of the first.
async fn send(ground: &Ground, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> String {
    let call = headers
        .iter()
        .fold(Call::new("POST", "/v1/events"), |call, (name, value)| {
            call.header(name, value)
        });
    let answer = ground.send(call.bytes(body)).await.ok();
    let results = answer["results"].as_array().unwrap().clone();
    let line = |result: &Value| {
        let what = match result.get("problem") {
            Some(refused) => problem(refused),
            None => format!("{} {}", result["status"].as_str().unwrap(), result["cost"]),
        };
        format!("{} {} {what}\n", result["index"], result["id"])
    };
    results.iter().map(line).collect()
}

/// What was recorded under an id of the source `test`, as far as the forms differ.
async fn recorded(ground: &Ground, id: &str) -> String {
    let events = ground.get("/v1/events").await.ok();
    let event = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["id"] == id)
        .unwrap()
        .clone();
    let shown = [
        "source",
        "category",
        "organization",
        "team",
        "user",
        "timestamp",
        "measures",
        "dimensions",
        "metadata",
    ];
    shown
        .iter()
        .map(|field| format!("{field} {}\n", event[*field]))
        .collect()
}

fn structured(id: &str) -> Value {
    json!({
        "specversion": "1.0", "id": id, "source": "test", "type": "ai.completion", "subject": "u1",
        "time": "2026-03-01T11:00:00Z", "datacontenttype": "application/json", "provider": "test", "attempt": 2,
        "data": {"organization": "acme", "measures": {"input_tokens": 1000}, "dimensions": {"model": "m"}}
    })
}

const CLOUD: &[(&str, &str)] = &[("content-type", "application/cloudevents+json; charset=UTF-8")];
const CLOUD_BATCH: &[(&str, &str)] = &[("content-type", "application/cloudevents-batch+json")];

#[tokio::test]
async fn our_own_forms_say_the_same() {
    let ground = Ground::new().await;
    ground.post("/v1/prices", &price()).await.ok();
    let json = [("content-type", "application/json")];
    let mut shown = send(&ground, &json, completion("a").to_string()).await;
    shown += &send(
        &ground,
        &[],
        format!("\u{feff} [ {} , {} ] ", completion("a"), completion("b")),
    )
    .await;
    shown += &send(&ground, &json, "[]").await;
    let lines = format!(
        "{}\r\n\n  {}\nnonsense\n[1]\n{}",
        completion("b"),
        completion("c"),
        completion("d")
    );
    shown += &send(&ground, &[("content-type", "application/x-ndjson")], lines).await;
    // Numbers may be strings, keys may be spelt with escapes, an absent field may be null.
    let spelt = completion("a")
        .to_string()
        .replace("1000", "\"1e3\"")
        .replace("\"user\"", "\"\\u0075ser\"");
    shown += &send(
        &ground,
        &json,
        spelt.replacen('{', "{\"team\":null,\"metadata\":null,", 1),
    )
    .await;
    expect![[r#"
        0 "a" recorded "0.0045"
        0 "a" duplicate "0.0045"
        1 "b" recorded "0.0045"
        0 "b" duplicate "0.0045"
        1 "c" recorded "0.0045"
        2 null invalid_event:  invalid_json: line 4 column 2 is not JSON: expected ident
        3 null invalid_event:  wrong_type: is an array; expected an object
        4 "d" recorded "0.0045"
        0 "a" duplicate "0.0045"
    "#]]
    .assert_eq(&shown);
}

#[tokio::test]
async fn a_cloud_event_is_an_event() {
    let ground = Ground::new().await;
    ground.post("/v1/prices", &price()).await.ok();
    let mut shown = send(&ground, CLOUD, structured("s").to_string()).await;
    shown += &recorded(&ground, "s").await;
    let batch = json!([structured("s"), structured("b1"), {"specversion": "0.3"}, structured("b2")]);
    shown += &send(&ground, CLOUD_BATCH, batch.to_string()).await;
    let binary = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "h"),
        ("ce-source", "test"),
        ("ce-type", "ai.completion"),
        ("ce-subject", "%22Zo%C3%AB%22"),
        ("ce-time", "2026-03-01T11:00:00Z"),
        ("ce-provider", "test"),
        ("ce-model", "\"m\""),
    ];
    shown += &send(
        &ground,
        &binary,
        r#"{"organization": "acme", "measures": {"input_tokens": 1000}}"#,
    )
    .await;
    shown += &recorded(&ground, "h").await;
    expect![[r#"
        0 "s" recorded "0.0025"
        source "test"
        category "ai.completion"
        organization "acme"
        team null
        user "u1"
        timestamp "2026-03-01T11:00:00Z"
        measures {"input_tokens":"1000","requests":"1"}
        dimensions {"attempt":"2","model":"m","provider":"test"}
        metadata null
        0 "s" duplicate "0.0025"
        1 "b1" recorded "0.0025"
        2 null invalid_event: /specversion not_allowed: expected "1.0", the version that is spoken here; /id missing_field: is required; /source missing_field: is required; /type missing_field: is required; /data/organization missing_field: an instance key names the organization of each event
        3 "b2" recorded "0.0025"
        0 "h" recorded "0.0025"
        source "test"
        category "ai.completion"
        organization "acme"
        team null
        user "\"Zoë\""
        timestamp "2026-03-01T11:00:00Z"
        measures {"input_tokens":"1000","requests":"1"}
        dimensions {"model":"m","provider":"test"}
        metadata null
    "#]]
    .assert_eq(&shown);
}

#[tokio::test]
async fn a_flaw_of_a_cloud_event_points_into_the_cloud_event() {
    let ground = Ground::new().await;
    let with = |change: Value| {
        let mut event = structured("x");
        event
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        event
    };
    let data = |change: Value| {
        let mut event = structured("x");
        event["data"]
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        event
    };
    let batch = json!([
        with(json!({"specversion": "2.0"})),
        with(json!({"type": "no.such"})),
        with(json!({"subject": ""})),
        with(json!({"time": "now"})),
        with(json!({"provider": ""})),
        with(json!({"provider": [1]})),
        with(json!({"datacontenttype": "text/plain"})),
        with(json!({"data_base64": "e30="})),
        with(json!({"data": [1]})),
        with(json!({"data": {"measures": {"input_tokens": 1}}})),
        data(json!({"user": ""})),
        data(json!({"mesures": {}})),
        data(json!({"dimensions": {"provider": "again"}})),
        data(json!({"timestamp": "2026-03-01T11:00:00Z"})),
        data(json!({"measures": {"tokens": 1}})),
        {"specversion": "1.0", "source": "test", "type": "ai.completion"},
        {"id": 7, "type": "no.such", "time": "now", "subject": [], "provider": "", "dataschema": 1,
         "data": {"mesures": {}, "measures": {"tokens": 1, "input_tokens": true}, "timestamp": "2026-03-01T11:00:00Z"}},
    ]);
    let mut shown = send(&ground, CLOUD_BATCH, batch.to_string()).await;
    let head = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "x"),
        ("ce-source", "test"),
    ];
    let body = r#"{"organization": "acme", "measures": {"tokens": 1}}"#;
    for (headers, body) in [
        (vec![("ce-type", "no.such"), ("ce-provider", "")], body),
        (vec![("ce-type", "ai.completion"), ("ce-time", "now")], body),
        (vec![("ce-type", "ai.%zz")], body),
        (vec![], body),
        (
            vec![("ce-type", "no.such")],
            r#"{"organisation": "acme", "cost": "dear"}"#,
        ),
        (vec![("ce-type", "ai.completion")], "[]"),
        (vec![("ce-type", "ai.completion")], ""),
    ] {
        shown += &send(&ground, &[&head[..], &headers].concat(), body).await;
    }
    expect![[r#"
        0 "x" invalid_event: /specversion not_allowed: expected "1.0", the version that is spoken here
        1 "x" invalid_event: /type unknown_category: no category "no.such"; GET /v1/categories lists those that exist
        2 "x" invalid_event: /subject invalid_text: is empty
        3 "x" invalid_event: /time invalid_time: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z
        4 "x" invalid_event: /provider invalid_text: is empty
        5 "x" invalid_event: /provider wrong_type: is an array; expected a string, a number or a boolean
        6 "x" invalid_event: /datacontenttype not_allowed: expected application/json; data is an object here
        7 "x" invalid_event: /data_base64 not_allowed: is not taken; send data as JSON
        8 "x" invalid_event: /data wrong_type: is an array; expected an object
        9 "x" invalid_event: /data/organization missing_field: an instance key names the organization of each event
        10 "x" invalid_event: /data/user invalid_text: is empty
        11 "x" invalid_event: /data/mesures unknown_field: no such field; did you mean measures?
        12 "x" invalid_event: /provider repeated: is given twice
        13 "x" invalid_event:  not_allowed: has a time and its data a timestamp; send one of them
        14 "x" invalid_event: /data/measures/tokens unknown_measure: ai.completion has no such measure; it has audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, requests, web_searches
        15 null invalid_event: /id missing_field: is required; /data/organization missing_field: an instance key names the organization of each event
        16 null invalid_event: /dataschema wrong_type: is a number; expected a string; /id wrong_type: is a number; expected a string; /subject wrong_type: is an array; expected a string; /data/mesures unknown_field: no such field; did you mean measures?; /data/measures/input_tokens wrong_type: is a boolean; expected a number, or a string of its digits; /specversion missing_field: is required; /source missing_field: is required;  not_allowed: has a time and its data a timestamp; send one of them; /data/organization missing_field: an instance key names the organization of each event; /type unknown_category: no category "no.such"; GET /v1/categories lists those that exist; /provider invalid_text: is empty
        0 "x" invalid_event: ce-type unknown_category: no category "no.such"; GET /v1/categories lists those that exist; ce-provider invalid_text: is empty
        0 "x" invalid_event: ce-time invalid_time: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z; /measures/tokens unknown_measure: ai.completion has no such measure; it has audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, requests, web_searches
        0 "x" invalid_event: ce-type invalid_text: is not UTF-8, percent-encoded where it is not ASCII
        0 "x" invalid_event: ce-type missing_field: is required of a CloudEvent
        0 "x" invalid_event: /organisation unknown_field: no such field; did you mean organization?; /organization missing_field: an instance key names the organization of each event; ce-type unknown_category: no category "no.such"; GET /v1/categories lists those that exist; /cost invalid_number: is not a decimal number; write digits such as 12 or 0.5
        0 "x" invalid_event:  wrong_type: is an array; expected an object
        0 "x" invalid_event: /organization missing_field: an instance key names the organization of each event
    "#]]
    .assert_eq(&shown);
}

#[tokio::test]
async fn a_compressed_body_says_the_same() {
    use std::io::Write;
    let ground = Ground::new().await;
    let events: Vec<Value> = (0..500).map(|n| completion(&format!("event {n}"))).collect();
    let body = Value::from(events).to_string();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body.as_bytes()).unwrap();
    let zstd = zstd::stream::encode_all(body.as_bytes(), 9).unwrap();
    for (encoding, bytes, status) in [
        ("gzip", encoder.finish().unwrap(), "recorded"),
        ("zstd", zstd, "duplicate"),
    ] {
        let call = Call::new("POST", "/v1/events").header("content-type", "application/json");
        let answer = ground
            .send(call.header("content-encoding", encoding).bytes(bytes))
            .await
            .ok();
        assert_eq!(answer[status], 500, "{encoding}");
    }
}

#[tokio::test]
async fn batches_as_alike_as_can_be_are_taken_however_well_they_are_compressed() {
    let ground = Ground::new().await;
    // As many as one request takes, and fewer that fill a body with metadata; only their ids differ.
    for (count, metadata) in [(10_000, json!({})), (1_000, json!({"trace": "x".repeat(16_000)}))] {
        let alike = |number: usize| {
            let mut event = completion(&format!("{count}-{number}"));
            event["metadata"] = metadata.clone();
            event
        };
        let body = Value::from((0..count).map(alike).collect::<Vec<_>>()).to_string();
        let call = Call::new("POST", "/v1/events?results=errors").header("content-type", "application/json");
        let compressed = zstd::stream::encode_all(body.as_bytes(), 19).unwrap();
        let answer = ground
            .send(call.header("content-encoding", "zstd").bytes(compressed))
            .await;
        assert_eq!(answer.ok()["recorded"], count, "{} bytes", body.len());
    }
}

#[tokio::test]
async fn a_chunked_body_says_the_same() {
    let ground = Ground::new().await;
    let body = completion("chunked").to_string();
    let (one, two) = body.split_at(100);
    let wire = format!(
        "POST /v1/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        ground.admin,
        one.len(),
        two.len()
    );
    let mut stream = tokio::net::TcpStream::connect(ground.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, wire.as_bytes())
        .await
        .unwrap();
    assert_eq!(super::client::Reply::read(&mut stream).await.ok()["recorded"], 1);
}
