//! Flaws: every one at once, with its pointer and remedy; and what a valid query needs of a store.

use crate::asking::parse;
use crate::usage::catalog;
use expect_test::{Expect, expect};
use tollgate_core::query::{QueryParts, UsageQuery};

#[track_caller]
fn check(query: &str, want: Expect) {
    let parts: QueryParts = serde_json::from_str(query).unwrap();
    let flaws = UsageQuery::new(&parts, &catalog(), "2026-06-01T10:07:00Z".parse().unwrap()).unwrap_err();
    let text: String = flaws
        .iter()
        .map(|f| format!("{} {}: {}\n", f.pointer, f.code.as_str(), f.detail))
        .collect();
    want.assert_eq(&text);
}

#[test]
fn every_flaw_is_named_at_once() {
    check(
        r#"{"measures": ["cst", "a", "a", "total_b", "xyzzy"], "aggregate": "sums", "group_by": ["timestamp", "user", "user", "a b"],
            "bucket": "dya", "timezone": "Europe/Berlim", "from": "yesterday", "to": "2026-01-01T00:00:00Z",
            "filters": [{"field": "id", "op": "eq", "value": "x"}, {"field": "user", "op": "is", "value": "x"},
                        {"field": "user", "op": "eq", "value": ["x"]}, {"field": "user", "op": "in", "value": ["x", null, ""]},
                        {"field": "user", "op": "in", "value": "x"}, {"field": "user", "op": "exists", "value": "yes"}],
            "order_by": "-costs", "limit": 0, "compare": "last_year"}"#,
        expect![[r#"
            /aggregate not_allowed: "sums" is not allowed; did you mean sum? use sum, count, avg, min, max, p50, p95, p99, count_distinct
            /filters/0/field not_allowed: is no field; use category, organization, team, project, user or a dimension
            /filters/1/op not_allowed: "is" is not allowed; did you mean in? use eq, ne, in, not_in, matches, exists
            /filters/2/value wrong_type: write one text; in and not_in take a list
            /filters/3/value/1 wrong_type: write one text; in and not_in take a list
            /filters/3/value/2 invalid_text: write 1 to 256 bytes; exists asks whether a field is there
            /filters/4/value wrong_type: write a list of texts
            /filters/5/value wrong_type: exists takes true or false
            /group_by/0 not_allowed: is no field; use category, organization, team, project, user or a dimension
            /group_by/2 repeated: user is named twice
            /group_by/3 not_allowed: is no field: it has a character that is not allowed; use ASCII letters, digits, '_', '.' and '-', beginning with a letter
            /measures/0 unknown_measure: no category has a measure "cst"; did you mean cost?
            /measures/2 repeated: a is named twice
            /measures/4 unknown_measure: no category has a measure "xyzzy"; GET /v1/categories lists the measures; cost and requests are always there
            /bucket not_allowed: "dya" is not allowed; use minute, hour, day, week, month, year, none
            /timezone unknown_zone: no time zone "Europe/Berlim"; did you mean Europe/Berlin?
            /from invalid_time: is not an RFC 3339 time with a zone, such as 2026-01-30T16:45:23Z
            /compare not_allowed: "last_year" is not allowed; use previous_period
            /order_by not_allowed: "costs" is not allowed; use user, a, total_b
            /limit out_of_range: must be from 1 to 10000
        "#]],
    );
}

#[test]
fn what_cannot_be_combined_says_so() {
    check(
        r#"{"aggregate": "avg", "measures": ["seats"], "field": "user"}"#,
        expect![[r#"
            /field invalid_combination: only count_distinct takes a field; use group_by to split the rows
            /measures/0 invalid_combination: seats counts distinct instances; use sum
        "#]],
    );
    check(
        r#"{"aggregate": "count_distinct"}"#,
        expect![[r#"
        /field missing_field: count_distinct names the field whose values it counts, such as user
    "#]],
    );
    check(
        r#"{"measures": ["size"]}"#,
        expect![[r#"
        /measures/0 invalid_combination: size is a counter in ai.chat, a gauge in store.disk; add a filter on category
    "#]],
    );
    check(
        r#"{"measures": ["a"], "group_by": ["a"]}"#,
        expect![[r#"
        /group_by/0 invalid_combination: a is asked for as a measure too
    "#]],
    );
    check(
        r#"{"measures": []}"#,
        expect![[r#"
        /measures missing_field: name a measure, or leave the field out
    "#]],
    );
    check(
        r#"{"from": "2026-01-02T00:00:00Z", "to": "2026-01-02T00:00:00Z"}"#,
        expect![[r#"
            /from out_of_range: from 2026-01-02T00:00:00Z must be before to 2026-01-02T00:00:00Z
        "#]],
    );
    check(
        r#"{"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "bucket": "minute"}"#,
        expect![[r#"
            /bucket too_many: has more than 10000 windows of a minute; take a longer period or a shorter stretch of time
        "#]],
    );
    check(
        r#"{"order_by": "bucket_start"}"#,
        expect![[r#"
        /order_by not_allowed: "bucket_start" is not allowed; use cost, requests
    "#]],
    );
}

#[test]
fn every_size_is_bounded() {
    let many = |n: usize, word: &str| vec![format!("\"{word}\""); n].join(",");
    let filter = r#"{"field": "user", "op": "exists", "value": true}"#;
    check(
        &format!(
            r#"{{"measures": [{}], "group_by": [{}], "filters": [{}], "limit": 10001}}"#,
            many(17, "a"),
            many(9, "user"),
            vec![filter; 33].join(",")
        ),
        expect![[r#"
            /filters too_many: at most 32
            /group_by too_many: at most 8
            /measures too_many: at most 16
            /limit out_of_range: must be from 1 to 10000
        "#]],
    );
    check(
        &format!(
            r#"{{"filters": [{{"field": "user", "op": "in", "value": [{}]}}, {{"field": "user", "op": "matches", "value": {}}}]}}"#,
            many(1001, "x"),
            many(1, &"*".repeat(257))
        ),
        expect![[r#"
            /filters/0/value too_many: at most 1000 texts
            /filters/1/value invalid_text: write 1 to 256 bytes; exists asks whether a field is there
        "#]],
    );
}

#[test]
fn unknown_fields_are_refused_by_name() {
    let error = serde_json::from_str::<QueryParts>(r#"{"measure": "cost"}"#).unwrap_err();
    assert!(
        error.to_string().starts_with("unknown field `measure`"),
        "{error}"
    );
}

#[track_caller]
fn needs(query: &str, want: Expect) {
    let query = parse(&format!("{{{query}}}"), "2026-06-01T10:07:00Z");
    let needs = query.needs();
    let mut text = String::new();
    for read in &needs.reads {
        text.push_str(&format!(
            "{} {} {:?}\n",
            read.window.start, read.window.end, read.form
        ));
    }
    if let Some(raw) = &needs.raw {
        text.push_str(&format!("raw: {raw}\n"));
    }
    let names: Vec<&str> = needs.fields.iter().map(|field| field.as_str()).collect();
    let measures: Vec<&str> = needs.measures.iter().map(|measure| measure.as_str()).collect();
    text.push_str(&format!(
        "fields {names:?}{} measures {measures:?} cost {} categories {:?} organizations {:?}\n",
        if needs.all_dimensions {
            " and all dimensions"
        } else {
            ""
        },
        needs.cost,
        needs.categories,
        needs.organizations
    ));
    want.assert_eq(&text);
}

#[test]
fn a_store_is_told_what_to_read() {
    const JANUARY: &str = r#""from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z""#;
    needs(
        "",
        expect![[r#"
        2026-05-02T10:15:00Z 2026-06-01T10:15:00Z Cells
        fields [] measures [] cost true categories None organizations None
    "#]],
    );
    needs(
        &format!(
            r#"{JANUARY}, "group_by": ["model"], "measures": ["total_a", "requests"], "bucket": "day", "timezone": "Asia/Kathmandu",
            "filters": [{{"field": "category", "op": "in", "value": ["ai.chat", "ai.chat.deep"]}},
                        {{"field": "category", "op": "eq", "value": "ai.chat"}},
                        {{"field": "organization", "op": "eq", "value": "acme"}}, {{"field": "user", "op": "ne", "value": "u"}}]"#
        ),
        expect![[r#"
            2026-01-01T00:00:00Z 2026-02-01T00:00:00Z Cells
            fields ["category", "organization", "user", "model"] measures ["a", "b", "c"] cost false categories Some({"ai.chat"}) organizations Some({"acme"})
        "#]],
    );
    needs(
        r#""from": "2026-01-01T00:05:00Z", "to": "2026-01-01T02:00:01Z", "compare": "previous_period""#,
        expect![[r#"
            2025-12-31T22:09:59Z 2025-12-31T22:15:00Z Raw
            2025-12-31T22:15:00Z 2026-01-01T00:00:00Z Cells
            2026-01-01T00:00:00Z 2026-01-01T00:15:00Z Raw
            2026-01-01T00:15:00Z 2026-01-01T02:00:00Z Cells
            2026-01-01T02:00:00Z 2026-01-01T02:00:01Z Raw
            fields [] measures [] cost true categories None organizations None
        "#]],
    );
    needs(
        r#""from": "2026-01-01T00:05:00Z", "to": "2026-01-01T00:06:00Z""#,
        expect![[r#"
        2026-01-01T00:05:00Z 2026-01-01T00:06:00Z Raw
        fields [] measures [] cost true categories None organizations None
    "#]],
    );
    needs(
        &format!(r#"{JANUARY}, "aggregate": "p95""#),
        expect![[r#"
        2026-01-01T00:00:00Z 2026-02-01T00:00:00Z Raw
        raw: p95 looks at each event's own amount
        fields [] measures [] cost true categories None organizations None
    "#]],
    );
    needs(
        &format!(r#"{JANUARY}, "measures": ["level"]"#),
        expect![[r#"
            -9223372036854775808 µs 2026-02-01T00:00:00Z Raw
            raw: level is a gauge, which rollups do not keep: its level is followed from event to event
            fields ["category", "organization", "team", "project", "user"] and all dimensions measures ["level"] cost false categories None organizations None
        "#]],
    );
    needs(
        &format!(r#"{JANUARY}, "measures": ["level"], "aggregate": "count""#),
        expect![[r#"
            2026-01-01T00:00:00Z 2026-02-01T00:00:00Z Raw
            raw: level is a gauge, which rollups do not keep: its level is followed from event to event
            fields [] measures ["level"] cost false categories None organizations None
        "#]],
    );
    needs(
        &format!(r#"{JANUARY}, "measures": ["total_a", "level"], "aggregate": "avg""#),
        expect![[r#"
            -9223372036854775808 µs 2026-02-01T00:00:00Z Raw
            raw: level is a gauge, which rollups do not keep: its level is followed from event to event
            fields ["category", "organization", "team", "project", "user"] and all dimensions measures ["a", "b", "c", "level"] cost false categories None organizations None
        "#]],
    );
    needs(
        &format!(r#"{JANUARY}, "measures": ["seats"]"#),
        expect![[r#"
        2026-01-01T00:00:00Z 2026-02-01T00:00:00Z Cells
        fields ["category", "organization", "user"] measures [] cost false categories None organizations None
    "#]],
    );
    needs(
        &format!(r#"{JANUARY}, "measures": ["total_a"], "aggregate": "avg""#),
        expect![[r#"
        2026-01-01T00:00:00Z 2026-02-01T00:00:00Z Raw
        raw: which events carry a part of total_a is not kept in rollups
        fields [] measures ["a", "b", "c"] cost false categories None organizations None
    "#]],
    );
    needs(
        r#""from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z", "bucket": "minute""#,
        expect![[r#"
            2026-01-01T00:00:00Z 2026-01-01T01:00:00Z Raw
            raw: a bucket begins at 2026-01-01T00:01:00Z, between two quarter hours
            fields [] measures [] cost true categories None organizations None
        "#]],
    );
    // A measure that the filter leaves no category for is no flaw: there is nothing of it.
    needs(
        &format!(
            r#"{JANUARY}, "measures": ["size"], "filters": [{{"field": "category", "op": "eq", "value": "seats.active"}}]"#
        ),
        expect![[r#"
            2026-01-01T00:00:00Z 2026-02-01T00:00:00Z Cells
            fields ["category"] measures [] cost false categories Some({"seats.active"}) organizations None
        "#]],
    );
}
