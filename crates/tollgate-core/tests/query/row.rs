//! Rows: which there are, in which order, what they are compared with, and what is refused.

use crate::asking::{CALLS, JANUARY, answer, check, parse, planned, usage};
use crate::usage::{cells, raw};
use expect_test::{Expect, expect};
use tollgate_core::frame::Frame;
use tollgate_core::query::TallyError;

#[test]
fn filters_admit_by_text() {
    let groups = |filter: &str, want: Expect| {
        let query =
            format!(r#""measures": ["requests"], "group_by": ["category", "model"], "filters": [{filter}]"#);
        check(CALLS, &query, want);
    };
    groups(
        r#"{"field": "model", "op": "eq", "value": "gpt"}"#,
        expect![[r#"
            {"category":"ai.chat","model":"gpt","requests":"2"}
            total {"requests":"2"}
        "#]],
    );
    groups(
        r#"{"field": "model", "op": "ne", "value": "gpt"}"#,
        expect![[r#"
            {"category":"ai.chat","model":null,"requests":"1"}
            {"category":"ai.chat.deep","model":"opus","requests":"1"}
            {"category":"seats.active","model":null,"requests":"3"}
            total {"requests":"5"}
        "#]],
    );
    groups(
        r#"{"field": "model", "op": "in", "value": ["gpt", "opus"]}"#,
        expect![[r#"
            {"category":"ai.chat","model":"gpt","requests":"2"}
            {"category":"ai.chat.deep","model":"opus","requests":"1"}
            total {"requests":"3"}
        "#]],
    );
    groups(
        r#"{"field": "model", "op": "not_in", "value": ["gpt", "opus"]}"#,
        expect![[r#"
            {"category":"ai.chat","model":null,"requests":"1"}
            {"category":"seats.active","model":null,"requests":"3"}
            total {"requests":"4"}
        "#]],
    );
    groups(
        r#"{"field": "category", "op": "matches", "value": "ai.*"}, {"field": "model", "op": "matches", "value": "*p*"}"#,
        expect![[r#"
            {"category":"ai.chat","model":"gpt","requests":"2"}
            {"category":"ai.chat.deep","model":"opus","requests":"1"}
            total {"requests":"3"}
        "#]],
    );
    groups(
        r#"{"field": "model", "op": "exists", "value": false}, {"field": "category", "op": "matches", "value": "*"}"#,
        expect![[r#"
            {"category":"ai.chat","model":null,"requests":"1"}
            {"category":"seats.active","model":null,"requests":"3"}
            total {"requests":"4"}
        "#]],
    );
    groups(
        r#"{"field": "team", "op": "exists", "value": true}"#,
        expect![[r#"
            {"category":"ai.chat.deep","model":"opus","requests":"1"}
            total {"requests":"1"}
        "#]],
    );
    groups(
        r#"{"field": "region", "op": "in", "value": []}"#,
        expect![[r#"
            total {"requests":"0"}
        "#]],
    );
}

#[test]
fn rows_are_ordered_as_asked_and_ties_by_bucket_and_group() {
    let ask = |order: &str, want: Expect| {
        let query = format!(
            r#""measures": ["requests"], "bucket": "day", "group_by": ["user"], "limit": 4, "order_by": "{order}""#
        );
        check(CALLS, &query, want);
    };
    ask(
        "-requests",
        expect![[r#"
        {"bucket_start":"2026-01-03T00:00:00Z","requests":"2","user":"u1"}
        {"bucket_start":"2026-01-01T00:00:00Z","requests":"1","user":"u1"}
        {"bucket_start":"2026-01-01T00:00:00Z","requests":"1","user":"u2"}
        {"bucket_start":"2026-01-02T00:00:00Z","requests":"1","user":"u1"}
        total {"requests":"7"} …
    "#]],
    );
    ask(
        "-bucket_start",
        expect![[r#"
        {"bucket_start":"2026-01-03T00:00:00Z","requests":"2","user":"u1"}
        {"bucket_start":"2026-01-03T00:00:00Z","requests":"1","user":"u2"}
        {"bucket_start":"2026-01-02T00:00:00Z","requests":"1","user":"u1"}
        {"bucket_start":"2026-01-02T00:00:00Z","requests":"1","user":"u3"}
        total {"requests":"7"} …
    "#]],
    );
    ask(
        "-user",
        expect![[r#"
        {"bucket_start":"2026-01-02T00:00:00Z","requests":"1","user":"u3"}
        {"bucket_start":"2026-01-01T00:00:00Z","requests":"1","user":"u2"}
        {"bucket_start":"2026-01-03T00:00:00Z","requests":"1","user":"u2"}
        {"bucket_start":"2026-01-01T00:00:00Z","requests":"1","user":"u1"}
        total {"requests":"7"} …
    "#]],
    );
}

#[test]
fn a_row_is_compared_with_its_like_a_period_before() {
    let events = usage(
        "01T10:00:00 ai.chat user=u1 a=1
         02T10:00:00 ai.chat user=u2 a=2
         03T10:00:00 ai.chat user=u1 a=4
         04T10:00:00 ai.chat user=u3 a=8
         04T10:00:00 ai.chat user=u2 a=16",
    );
    let query = parse(
        r#"{"from": "2026-01-03T00:00:00Z", "to": "2026-01-05T00:00:00Z", "bucket": "day", "group_by": ["user"],
            "measures": ["a"], "compare": "previous_period"}"#,
        "2026-06-01T00:00:00Z",
    );
    let got = planned(&query, &events).unwrap();
    expect![[r#"
        {
          "rows": [
            {
              "a": "4",
              "bucket_start": "2026-01-03T00:00:00Z",
              "previous": {
                "a": "1"
              },
              "user": "u1"
            },
            {
              "a": "16",
              "bucket_start": "2026-01-04T00:00:00Z",
              "previous": {
                "a": "2"
              },
              "user": "u2"
            },
            {
              "a": "8",
              "bucket_start": "2026-01-04T00:00:00Z",
              "previous": {
                "a": "0"
              },
              "user": "u3"
            }
          ],
          "total": {
            "a": "28",
            "previous": {
              "a": "3"
            }
          },
          "truncated": false
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&got).unwrap());
}

#[test]
fn the_days_before_are_days_even_where_one_has_23_hours() {
    let query = parse(
        r#"{"from": "2026-03-09T07:00:00Z", "to": "2026-03-11T07:00:00Z", "bucket": "day",
            "timezone": "America/Los_Angeles", "compare": "previous_period"}"#,
        "2026-06-01T00:00:00Z",
    );
    assert_eq!(
        query.previous().unwrap().start.to_string(),
        "2026-03-07T08:00:00Z"
    );
    let query = parse(
        r#"{"from": "2026-03-09T07:00:01Z", "to": "2026-03-11T07:00:00Z", "compare": "previous_period"}"#,
        "2026-06-01T00:00:00Z",
    );
    assert_eq!(
        query.previous().unwrap().start.to_string(),
        "2026-03-07T07:00:02Z"
    );
}

#[test]
fn frames_that_would_give_a_wrong_answer_are_refused() {
    let events = usage(CALLS);
    let query = |text: &str| parse(&format!("{{{JANUARY}, {text}}}"), "2026-06-01T00:00:00Z");
    let ask = |text: &str, frame: Frame| answer(&query(text), &[frame]).map(drop).unwrap_err().to_string();
    let without_users = |mut frame: Frame| {
        frame.user = Vec::new();
        frame
    };
    let by_user = r#""group_by": ["user"], "measures": ["requests"]"#;
    let user = "a frame has no column user, which the query looks at";
    assert_eq!(ask(by_user, without_users(cells(&events))), user);
    assert_eq!(ask(by_user, without_users(raw(&events))), user);
    assert_eq!(
        ask(r#""measures": ["seats"]"#, without_users(cells(&events))),
        user
    );
    let filter = r#""measures": ["requests"], "filters": [{"field": "user", "op": "ne", "value": "u1"}]"#;
    assert_eq!(ask(filter, without_users(cells(&events))), user);
    assert_eq!(
        ask(r#""group_by": ["region"]"#, cells(&events)),
        "a frame has no column region, which the query looks at"
    );
    let not_raw = "cells were added to a query that only events answer";
    assert_eq!(ask(r#""aggregate": "max""#, cells(&events)), not_raw);
    assert_eq!(ask(r#""measures": ["level"]"#, cells(&events)), not_raw);
    assert_eq!(
        ask(r#""measures": ["total_a"], "aggregate": "avg""#, cells(&events)),
        not_raw
    );
    let mut frame = raw(&events);
    frame.cost.pop();
    assert_eq!(
        ask(r#""measures": ["a"]"#, frame),
        "a frame is malformed: columns differ in length"
    );
    let mut frame = raw(&events);
    frame.user[0] = 99;
    assert_eq!(
        ask(by_user, frame),
        "a frame is malformed: a code is beyond the dictionary"
    );
    let cut = r#"{"from": "2026-01-01T10:05:00Z", "to": "2026-01-02T00:00:00Z"}"#;
    assert_eq!(
        answer(&parse(cut, "2026-06-01T00:00:00Z"), &[cells(&events)])
            .unwrap_err()
            .to_string(),
        "a frame is malformed: a cell lies across an end of the stretch"
    );
    // What the query does not look at may be missing.
    let query = query(r#""measures": ["requests"], "group_by": ["category"]"#);
    assert!(answer(&query, &[without_users(cells(&events))]).is_ok());
}

#[test]
fn a_sum_that_does_not_fit_is_an_error() {
    let mut events = usage(CALLS);
    events[0].measures.insert("a".to_owned(), i128::MAX);
    let query = parse(
        &format!("{{{JANUARY}, \"measures\": [\"a\"]}}"),
        "2026-06-01T00:00:00Z",
    );
    let error = answer(&query, &[raw(&events)]).unwrap_err();
    assert_eq!(error, TallyError::TooLarge);
    assert_eq!(error.flaw().unwrap().pointer, "/measures");
}

#[test]
fn a_cost_of_which_nothing_is_known_is_null_and_one_of_nothing_is_zero() {
    // All unpriced; some priced; a priced one taken back beside an unpriced one; everything taken back; two currencies.
    let events = "
        01T10:00:00 ai.chat user=u1 a=1
        01T10:00:00 ai.chat user=u1 a=1
        01T10:00:00 ai.chat user=u2 a=1
        01T10:00:00 ai.chat user=u2 a=1 cost=2
        01T10:00:00 ai.chat user=u3 a=1 cost=3
        01T10:00:00 ai.chat user=u3 void=5
        01T10:00:00 ai.chat user=u3 a=1
        01T10:00:00 ai.chat user=u4 a=1
        01T10:00:00 ai.chat user=u4 void=8
        01T10:00:00 ai.chat user=u5 a=1 organization=berlin
        01T10:00:00 ai.chat user=u5 a=1 cost=4
    ";
    check(
        events,
        r#""measures": ["cost"], "group_by": ["user"], "order_by": "-cost""#,
        expect![[r#"
            {"cost":{"EUR":null,"USD":"4"},"unpriced":1,"user":"u5"}
            {"cost":"2","unpriced":1,"user":"u2"}
            {"cost":"0","unpriced":0,"user":"u4"}
            {"cost":null,"unpriced":2,"user":"u1"}
            {"cost":null,"unpriced":1,"user":"u3"}
            total {"cost":{"EUR":null,"USD":"6"},"unpriced":5}
        "#]],
    );
    check(
        events,
        r#""measures": ["cost"], "group_by": ["user"], "compare": "previous_period",
           "filters": [{"field": "user", "op": "eq", "value": "u1"}]"#,
        expect![[r#"
            {"cost":null,"previous":{"cost":"0","unpriced":0},"unpriced":2,"user":"u1"}
            total {"cost":null,"previous":{"cost":"0","unpriced":0},"unpriced":2}
        "#]],
    );
}
