//! Bad input: each answers with a problem that names the field and what would be right, and takes nothing else with it.

use super::client::{Call, Reply, problem};
use super::ground::{Ground, completion};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// What is wrong, the headers, the body.
type Case = (&'static str, &'static [(&'static str, &'static str)], Vec<u8>);

/// Sends each body as `POST /v1/events` with its headers and shows what the server says; then checks that it lives.
async fn check(cases: &[Case], want: Expect) {
    let ground = Ground::new().await;
    let mut shown = String::new();
    for (name, headers, body) in cases {
        let mut call = Call::new("POST", "/v1/events").bytes(body.clone());
        for (header, value) in *headers {
            call = call.header(header, value);
        }
        shown.push_str(&format!("{name}: {}\n", ground.send(call).await.problem()));
    }
    want.assert_eq(&shown);
    ground
        .post("/v1/events", &completion("after all that"))
        .await
        .ok();
}

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const GZIP: &[(&str, &str)] = &[("content-type", "application/json"), ("content-encoding", "gzip")];
const ZSTD: &[(&str, &str)] = &[("content-type", "application/json"), ("content-encoding", "zstd")];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::stream::encode_all(bytes, 3).unwrap()
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_as_a_whole() {
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
    let nested = format!(
        r#"[{{"id": "a", "metadata": {}1{}}}]"#,
        "[".repeat(63),
        "]".repeat(63)
    );
    let cases: Vec<Case> = vec![
        ("empty", JSON, Vec::new()),
        ("not JSON", JSON, b"{\"id\": \"a\",\n  oops}".to_vec()),
        ("cut off", JSON, br#"[{"id": "a"}, {"id""#.to_vec()),
        ("something after", JSON, br#"{"id": "a"} {"id": "b"}"#.to_vec()),
        ("not UTF-8", JSON, b"{\"id\":\n\"\xff\"}".to_vec()),
        ("a number", JSON, b" 12 ".to_vec()),
        ("deep", JSON, deep(65)),
        ("a million deep", JSON, vec![b'['; 1_000_000]),
        ("deep metadata", JSON, nested.into_bytes()),
        (
            "a form",
            &[("content-type", "application/x-www-form-urlencoded")],
            b"id=a".to_vec(),
        ),
        (
            "latin",
            &[("content-type", "application/json; charset=iso-8859-1")],
            b"{}".to_vec(),
        ),
        (
            "brotli",
            &[("content-type", "application/json"), ("content-encoding", "br")],
            b"{}".to_vec(),
        ),
        ("no gzip", GZIP, b"{}".to_vec()),
        ("no zstd", ZSTD, b"{}".to_vec()),
        ("half a gzip", GZIP, gzip(&[b' '; 5000])[..20].to_vec()),
        (
            "too many",
            JSON,
            format!("[{}{{}}]", "{},".repeat(10_000)).into_bytes(),
        ),
        (
            "too many, one bad",
            JSON,
            format!("[7,{}{{}}]", "{},".repeat(10_000)).into_bytes(),
        ),
        (
            "too many lines",
            &[("content-type", "application/x-ndjson")],
            "{}\n".repeat(10_001).into_bytes(),
        ),
        ("too large", JSON, vec![b' '; (16 << 20) + 1]),
    ];
    check(
        &cases,
        expect![[r#"
            empty: 400 invalid_json: the body is empty; send an event
            not JSON: 400 invalid_json: the body is not JSON: key must be a string at line 2 column 3
            cut off: 400 invalid_json: the body is not JSON: EOF while parsing an object at line 1 column 19
            something after: 400 invalid_json: the body is not JSON: trailing characters at line 1 column 13
            not UTF-8: 400 invalid_json: the body is not UTF-8 at byte 8 (line 2); JSON is always UTF-8
            a number: 400 invalid_body: send an event, which is an object, or an array of events
            deep: 400 too_deep: the body nests more than 64 levels; flatten it
            a million deep: 400 invalid_json: the body is not JSON: EOF while parsing a list at line 1 column 1000000
            deep metadata: 400 too_deep: the body nests more than 64 levels; flatten it
            a form: 415 unsupported_media_type: send content-type application/json, application/x-ndjson, application/cloudevents+json or application/cloudevents-batch+json
            latin: 415 unsupported_media_type: the charset is utf-8, as for all JSON
            brotli: 415 unsupported_encoding: send the body as it is, or with content-encoding gzip or zstd
            no gzip: 400 invalid_encoding: the body is not what content-encoding says: unexpected end of file
            no zstd: 400 invalid_encoding: the body is not what content-encoding says: Unknown frame descriptor
            half a gzip: 400 invalid_encoding: the body is not what content-encoding says: incomplete deflate stream
            too many: 413 too_many_events: a request has at most 10000 events; send several requests
            too many, one bad: 413 too_many_events: a request has at most 10000 events; send several requests
            too many lines: 413 too_many_events: a request has at most 10000 events; send several requests
            too large: 413 body_too_large: a body has at most 16777216 bytes, decompressed; send several
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_compression_bomb_is_refused() {
    let zeros = vec![b' '; 64 << 20];
    let nested = zstd(&zstd(&zeros));
    let cases: Vec<Case> = vec![
        ("gzip", GZIP, gzip(&zeros)),
        ("zstd", ZSTD, zstd(&zeros)),
        ("zstd twice", ZSTD, nested),
        ("many gzip members", GZIP, gzip(&[b' '; 60_000]).repeat(2000)),
        // A frame whose head asks for a window of 128 MiB.
        (
            "zstd with a huge window",
            ZSTD,
            vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 0x01, 0x00, 0x00],
        ),
    ];
    check(
        &cases,
        expect![[r#"
            gzip: 413 body_too_large: a body has at most 16777216 bytes, decompressed; send several
            zstd: 413 body_ratio: a body may grow 5000 times when decompressed; send fewer events, or less compressed
            zstd twice: 400 invalid_json: the body is not UTF-8 at byte 1 (line 1); JSON is always UTF-8
            many gzip members: 413 body_too_large: a body has at most 16777216 bytes, decompressed; send several
            zstd with a huge window: 400 invalid_encoding: the body is not what content-encoding says: Frame requires too much memory for decoding
        "#]],
    )
    .await;
}

/// Events of which one thing is wrong.
///
/// tidy: table of data, one line for each thing that can be wrong
fn bad_items() -> Vec<String> {
    let with = |change: Value| {
        let mut event = completion("bad");
        event
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        event.to_string()
    };
    let raw = |field: &str| {
        completion("bad")
            .to_string()
            .replacen('{', &format!("{{{field},"), 1)
    };
    let measures = |text: &str| {
        let event = completion("bad").to_string();
        let start = event.find(r#""measures":{"#).unwrap();
        let end = start + event[start..].find('}').unwrap();
        format!(r#"{}"measures":{{{text}}}{}"#, &event[..start], &event[end + 1..])
    };
    vec![
        "7".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        with(json!({"mesures": {}})),
        with(json!({"colour": 1})),
        with(json!({"id": 7})),
        with(json!({"user": ["u"]})),
        with(json!({"user": ""})),
        with(json!({"user": "u\u{7}"})),
        with(json!({"user": "u".repeat(257)})),
        with(json!({"organization": "*", "team": "*", "project": "*", "user": "*"})),
        with(json!({"category": "ai.compleshun"})),
        with(json!({"category": "nothing.like.it"})),
        with(json!({"source": "tollgate/void"})),
        with(json!({"timestamp": "yesterday"})),
        with(json!({"timestamp": 1_767_225_600})),
        with(json!({"timestamp": "1999-12-31T23:59:59Z"})),
        with(json!({"timestamp": "2026-03-01T13:00:01Z"})),
        with(json!({"quantity": 1})),
        with(json!({"measures": 3})),
        with(json!({"dimensions": {"model": null}})),
        with(json!({"dimensions": {"model": {"a": 1}}})),
        with(json!({"dimensions": {"user": "x"}})),
        with(json!({"dimensions": {"1x": "x"}})),
        with(json!({"cost": -1})),
        with(json!({"cost": true})),
        with(json!({"metadata": "x".repeat(17_000)})),
        measures(r#""input_token":1"#),
        measures(r#""input_tokens":-1"#),
        measures(r#""input_tokens":1e400"#),
        measures(r#""input_tokens":1e-30"#),
        measures(r#""input_tokens":"٣""#),
        measures(r#""input_tokens":"0x10""#),
        measures(r#""input_tokens":170141183460469231731687303715884105728"#),
        measures(r#""input_tokens":9223372036854775808"#),
        measures(r#""input_tokens":null"#),
        measures(r#""input_tokens":[1]"#),
        measures(r#""input_tokens":1,"input_tokens":2"#),
        raw(r#""id":"twice""#),
        r#"{"id":"bad","color":1,"user":7,"team":"","measures":{"a":[],"input_tokens":-1},"dimensions":{"x":{},"y":""},"cost":"1"}"#
            .to_owned(),
        raw(r#""metadata":3,"category":["ai"],"measures":"none""#),
        with((0..40).map(|n| (format!("field_{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into()),
        raw(r#""metadata":{"a":1,"a":2}"#),
        raw(&format!(r#""metadata":{}{}"#, "[".repeat(61), "]".repeat(61))),
        raw(r#""project":"\ud800""#),
    ]
}

#[tokio::test]
async fn a_bad_item_is_refused_with_its_field_and_the_rest_is_recorded() {
    let ground = Ground::new().await;
    let bad = bad_items();
    let good = |index: usize| completion(&format!("good {index}")).to_string();
    let items: Vec<String> = bad
        .iter()
        .enumerate()
        .flat_map(|(index, bad)| [bad.clone(), good(index)])
        .collect();
    let call = Call::new("POST", "/v1/events").header("content-type", "application/json");
    let answer = ground
        .send(call.bytes(format!("[{}]", items.join(","))))
        .await
        .ok();
    assert_eq!(
        (answer["recorded"].clone(), answer["rejected"].clone()),
        (json!(bad.len()), json!(bad.len()))
    );
    let results = answer["results"].as_array().unwrap();
    let shown: String = results
        .chunks(2)
        .zip(&bad)
        .map(|(pair, sent)| {
            assert_eq!(pair[1]["status"], "recorded", "{sent}");
            assert_eq!(pair[0]["status"], "rejected", "{sent}");
            format!(
                "{} {}\n",
                pair[0]["id"].as_str().unwrap_or("-"),
                problem(&pair[0]["problem"])
            )
        })
        .collect();
    expect![[r#"
        - invalid_event:  wrong_type: is a number; expected an object
        - invalid_event:  wrong_type: is null; expected an object
        - invalid_event:  wrong_type: is an array; expected an object
        bad invalid_event: /mesures unknown_field: no such field; did you mean measures?
        bad invalid_event: /colour unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost
        - invalid_event: /id wrong_type: is a number; expected a string
        bad invalid_event: /user wrong_type: is an array; expected a string
        bad invalid_event: /user invalid_text: is empty
        bad invalid_event: /user invalid_text: has a character that is not allowed; use printable characters
        bad invalid_event: /user invalid_text: is longer than 256 bytes
        bad invalid_event: /organization reserved_name: the name * is reserved, it stands for each one in limits; use another name; /team reserved_name: the name * is reserved, it stands for each one in limits; use another name; /project reserved_name: the name * is reserved, it stands for each one in limits; use another name; /user reserved_name: the name * is reserved, it stands for each one in limits; use another name
        bad invalid_event: /category unknown_category: no category "ai.compleshun"; did you mean ai.completion? GET /v1/categories lists them
        bad invalid_event: /category unknown_category: no category "nothing.like.it"; GET /v1/categories lists those that exist
        bad invalid_event: /source reserved_name: this source is kept for voids; use POST /v1/events/{event}/void
        bad invalid_event: /timestamp invalid_time: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z
        bad invalid_event: /timestamp wrong_type: is a number; expected a string
        bad invalid_event: /timestamp time_not_accepted: times from 2000-01-01T00:00:00Z to 2026-03-01T13:00:00Z are accepted
        bad invalid_event: /timestamp time_not_accepted: times from 2000-01-01T00:00:00Z to 2026-03-01T13:00:00Z are accepted
        bad invalid_event: /quantity no_primary_measure: ai.completion has no primary measure; name one under measures: audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, requests, web_searches
        bad invalid_event: /measures wrong_type: is a number; expected an object
        bad invalid_event: /dimensions/model wrong_type: is null; expected a string, a number or a boolean
        bad invalid_event: /dimensions/model wrong_type: is an object; expected a string, a number or a boolean
        bad invalid_event: /dimensions/user reserved_name: user is the name of an event field
        bad invalid_event: /dimensions/1x invalid_text: has a character that is not allowed; use ASCII letters, digits, '_', '.' and '-', beginning with a letter
        bad invalid_event: /cost out_of_range: must not be negative; void an event to take it back
        bad invalid_event: /cost wrong_type: is a boolean; expected a number, or a string of its digits
        bad invalid_event: /metadata too_large: at most 16384 bytes of metadata
        bad invalid_event: /measures/input_token unknown_measure: ai.completion has no such measure; it has audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, requests, web_searches
        bad invalid_event: /measures/input_tokens out_of_range: must not be negative; void an event to take it back
        bad invalid_event: /measures/input_tokens invalid_number: has more than 38 digits
        bad invalid_event: /measures/input_tokens invalid_number: has more than 9 decimal places
        bad invalid_event: /measures/input_tokens invalid_number: is not a decimal number; write digits such as 12 or 0.5
        bad invalid_event: /measures/input_tokens invalid_number: is not a decimal number; write digits such as 12 or 0.5
        bad invalid_event: /measures/input_tokens invalid_number: has more than 38 digits
        bad invalid_event: /measures/input_tokens invalid_number: is beyond the largest amount allowed, 10^18
        bad invalid_event: /measures/input_tokens wrong_type: is null; expected a number, or a string of its digits
        bad invalid_event: /measures/input_tokens wrong_type: is an array; expected a number, or a string of its digits
        bad invalid_event: /measures/input_tokens repeated: input_tokens is given twice
        - invalid_event: /id repeated: is given twice
        bad invalid_event: /color unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /user wrong_type: is a number; expected a string; /measures/a wrong_type: is an array; expected a number, or a string of its digits; /dimensions/x wrong_type: is an object; expected a string, a number or a boolean; /organization missing_field: an instance key names the organization of each event; /team invalid_text: is empty; /category missing_field: name what was used, such as ai.completion; /dimensions/y invalid_text: is empty
        bad invalid_event: /category wrong_type: is an array; expected a string; /measures wrong_type: is a string; expected an object; /category repeated: is given twice; /measures repeated: is given twice
        bad invalid_event: /field_0 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_1 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_10 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_11 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_12 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_13 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_14 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_15 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_16 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_17 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_18 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_19 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_2 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_20 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_21 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost; /field_22 unknown_field: no such field; the fields are id, source, category, organization, team, project, user, timestamp, measures, quantity, dimensions, metadata, cost
        bad invalid_event: /metadata repeated: an object may not have the same key twice
        bad invalid_event: /metadata too_deep: at most 60 levels of nesting
        bad invalid_event: /project invalid_text: unexpected end of hex escape at line 1 column 8
    "#]]
    .assert_eq(&shown);
}

/// Requests of which one thing is wrong.
const REQUESTS: &[(&str, &str, &str)] = &[
    ("POST", "/v1/query", r#"{"measures": ["cost"], "groupby": []}"#),
    ("POST", "/v1/query", r#"{"measures": "cost"}"#),
    (
        "POST",
        "/v1/query",
        r#"{"measures": ["nothing"], "bucket": "fortnight", "timezone": "Kathmandu"}"#,
    ),
    (
        "POST",
        "/v1/query",
        r#"{"filters": [{"field": "model", "op": "like", "value": 1}]}"#,
    ),
    (
        "POST",
        "/v1/query",
        r#"{"filters": [{"field": "model", "op": "eq"}]}"#,
    ),
    ("POST", "/v1/query", r#"{"limit": 1, "limit": 2}"#),
    ("POST", "/v1/query", r#"[]"#),
    ("POST", "/v1/query?explain=maybe", "{}"),
    ("POST", "/v1/query?pretty", "{}"),
    (
        "POST",
        "/v1/categories",
        r#"{"name": "X", "unit": "", "measures": {"a": {"kind": "counts"}}}"#,
    ),
    (
        "POST",
        "/v1/categories",
        r#"{"name": "X", "unit": "", "measures": {"a": {}, "a": {}}}"#,
    ),
    ("POST", "/v1/categories", r#"{"name": "X", "unit": ""}"#),
    (
        "POST",
        "/v1/categories",
        r#"{"name": "ai.completion", "unit": "tokens"}"#,
    ),
    (
        "POST",
        "/v1/prices",
        r#"{"category": "no.such", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z", "components": {}}"#,
    ),
    (
        "POST",
        "/v1/prices",
        r#"{"category": "ai.completion", "currency": "usd", "effective_from": "soon", "components": {"input_tokens": {"model": "per_million", "amount": "cheap"}, "output_tokens": {"model": "graduated"}, "x": {"model": "flat", "amount": 1}}}"#,
    ),
    (
        "POST",
        "/v1/prices",
        r#"{"category": "ai.completion", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z", "components": {"input_tokens": {"model": "per_milion", "amount": true}}}"#,
    ),
    ("POST", "/v1/keys", r#"{"name": "", "role": "admin"}"#),
    ("POST", "/v1/keys", r#"{"name": "a", "role": "king"}"#),
    ("POST", "/v1/keys", r#"{"name": "a", "role": {"admin": 1}}"#),
    ("POST", "/v1/keys", r#"{"role": "admin"}"#),
    ("POST", "/v1/organizations", r#"{"name": "a"}"#),
    ("POST", "/v1/organizations", r#"{"id": "a", "currency": "euro"}"#),
    ("GET", "/v1/events?usr=u1", ""),
    ("GET", "/v1/events?limit=0", ""),
    ("GET", "/v1/events?limit=many", ""),
    ("GET", "/v1/events?from=yesterday", ""),
    ("GET", "/v1/events?cursor=x", ""),
    ("GET", "/v1/events?user=a&user=b", ""),
    ("GET", "/v1/events?dimension.measures=a", ""),
    ("GET", "/v1/events/evt_1", ""),
    ("GET", "/v1/events/evt_00000000000000000000000000000000", ""),
    ("GET", "/v1/categories/no.such", ""),
    ("GET", "/v1/prices/prc_00000000000000000000000000000000", ""),
    ("GET", "/v1/keys/%ff", ""),
    ("GET", "/v1/nothing", ""),
    ("PATCH", "/v1/prices", ""),
    ("BREW", "/v1/prices", ""),
];

#[tokio::test]
async fn a_bad_question_or_setting_names_its_field() {
    let ground = Ground::new().await;
    let mut shown = String::new();
    for (method, path, body) in REQUESTS {
        let call = Call::new(method, path)
            .header("content-type", "application/json")
            .bytes(*body);
        let reply: Reply = ground.send(call).await;
        shown.push_str(&format!("{method} {path} {body}\n    {}\n", reply.problem()));
    }
    expect![[r#"
        POST /v1/query {"measures": ["cost"], "groupby": []}
            422 invalid_request: /groupby unknown_field: no such field; did you mean group_by?
        POST /v1/query {"measures": "cost"}
            422 invalid_request: /measures wrong_type: is a string; expected an array
        POST /v1/query {"measures": ["nothing"], "bucket": "fortnight", "timezone": "Kathmandu"}
            422 invalid_request: /measures/0 unknown_measure: no category has a measure "nothing"; GET /v1/categories lists the measures; cost and requests are always there; /bucket not_allowed: "fortnight" is not allowed; use minute, hour, day, week, month, year, none; /timezone unknown_zone: no time zone "Kathmandu"; did you mean Asia/Kathmandu?
        POST /v1/query {"filters": [{"field": "model", "op": "like", "value": 1}]}
            422 invalid_request: /filters/0/op not_allowed: "like" is not allowed; use eq, ne, in, not_in, matches, exists
        POST /v1/query {"filters": [{"field": "model", "op": "eq"}]}
            422 invalid_request: /filters/0/value wrong_type: write one text; in and not_in take a list
        POST /v1/query {"limit": 1, "limit": 2}
            422 invalid_request: /limit repeated: is given twice
        POST /v1/query []
            422 invalid_request:  wrong_type: is an array; expected an object
        POST /v1/query?explain=maybe {}
            400 invalid_parameter: ?explain not_allowed: is true or false
        POST /v1/query?pretty {}
            400 invalid_parameter: ?pretty unknown_field: is no parameter; there are explain
        POST /v1/categories {"name": "X", "unit": "", "measures": {"a": {"kind": "counts"}}}
            422 invalid_request: /measures/a/kind not_allowed: "counts" is none of counter, gauge, unique
        POST /v1/categories {"name": "X", "unit": "", "measures": {"a": {}, "a": {}}}
            422 invalid_request: /measures/a repeated: is given twice
        POST /v1/categories {"name": "X", "unit": ""}
            422 invalid_request: /name invalid_text: has a character that is not allowed; use lower-case words joined by dots, such as ai.completion; /unit invalid_text: name the unit in 1 to 64 bytes, such as tokens
        POST /v1/categories {"name": "ai.completion", "unit": "tokens"}
            409 already_exists: the category ai.completion exists already
        POST /v1/prices {"category": "no.such", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z", "components": {}}
            422 invalid_request: /category unknown_category: no category "no.such"; GET /v1/categories lists those that exist
        POST /v1/prices {"category": "ai.completion", "currency": "usd", "effective_from": "soon", "components": {"input_tokens": {"model": "per_million", "amount": "cheap"}, "output_tokens": {"model": "graduated"}, "x": {"model": "flat", "amount": 1}}}
            422 invalid_request: /currency invalid_text: is not a currency code; write three capital letters such as USD; /effective_from invalid_time: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z; /components/input_tokens/amount invalid_number: is not a decimal number; write digits such as 12 or 0.5; /components/output_tokens/tiers missing_field: graduated needs it; /components/x unknown_measure: ai.completion has no such measure; it has audio_input_tokens, audio_output_tokens, cache_read_tokens, cache_write_1h_tokens, cache_write_5m_tokens, image_input_tokens, input_tokens, output_tokens, reasoning_tokens, requests, web_searches
        POST /v1/prices {"category": "ai.completion", "currency": "USD", "effective_from": "2026-01-01T00:00:00Z", "components": {"input_tokens": {"model": "per_milion", "amount": true}}}
            422 invalid_request: /components/input_tokens/model not_allowed: "per_milion" is none of per_unit, per_thousand, per_million, per_minute, per_second, per_request, flat, graduated, volume, package
        POST /v1/keys {"name": "", "role": "admin"}
            422 invalid_request: /name invalid_text: give it a name of 1 to 200 printable bytes
        POST /v1/keys {"name": "a", "role": "king"}
            422 invalid_request: /role not_allowed: "king" is none of ingest, read, manage, admin
        POST /v1/keys {"name": "a", "role": {"admin": 1}}
            422 invalid_request: /role wrong_type: is an object; expected a string
        POST /v1/keys {"role": "admin"}
            422 invalid_request: /name missing_field: is required
        POST /v1/organizations {"name": "a"}
            422 invalid_request: /id missing_field: is required
        POST /v1/organizations {"id": "a", "currency": "euro"}
            422 invalid_request: /currency invalid_text: is not a currency code; write three capital letters such as USD
        GET /v1/events?usr=u1 
            400 invalid_parameter: ?usr unknown_field: is no parameter; did you mean user?
        GET /v1/events?limit=0 
            400 invalid_parameter: ?limit out_of_range: is a whole number from 1 to 1000
        GET /v1/events?limit=many 
            400 invalid_parameter: ?limit out_of_range: is a whole number from 1 to 1000
        GET /v1/events?from=yesterday 
            400 invalid_parameter: ?from invalid_text: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z
        GET /v1/events?cursor=x 
            400 invalid_parameter: ?cursor invalid_text: is the next_cursor of an earlier answer
        GET /v1/events?user=a&user=b 
            400 invalid_parameter: ?user repeated: is given twice
        GET /v1/events?dimension.measures=a 
            400 invalid_parameter: ?dimension.measures invalid_text: is no field; use category, organization, team, project, user or a dimension
        GET /v1/events/evt_1 
            404 not_found: there is no event evt_1
        GET /v1/events/evt_00000000000000000000000000000000 
            404 not_found: there is no event evt_00000000000000000000000000000000
        GET /v1/categories/no.such 
            404 not_found: there is no category no.such
        GET /v1/prices/prc_00000000000000000000000000000000 
            404 not_found: there is no price prc_00000000000000000000000000000000
        GET /v1/keys/%ff 
            404 not_found: there is no thing with an id that is not UTF-8
        GET /v1/nothing 
            404 unknown_route: GET /openapi.json lists every address; /docs shows them
        PATCH /v1/prices 
            405 method_not_allowed: the methods of this address are GET,HEAD,POST
        BREW /v1/prices 
            501 not_implemented: BREW is no method of HTTP that is spoken here
    "#]]
    .assert_eq(&shown);
}
