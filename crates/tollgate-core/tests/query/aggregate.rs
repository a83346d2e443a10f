//! Aggregates at their edges: nothing, one, ties, voids, several currencies.

use crate::asking::{CALLS, check};
use expect_test::{Expect, expect};

#[test]
fn every_aggregate_has_its_edges() {
    let ask = |aggregate: &str, want: Expect| {
        let query = format!(
            r#""measures": ["cost", "requests", "a", "b"], "aggregate": "{aggregate}", "bucket": "day""#
        );
        check(CALLS, &query, want);
    };
    ask(
        "sum",
        expect![[r#"
            {"a":"30","b":"5","bucket_start":"2026-01-01T00:00:00Z","cost":"3","requests":"2","unpriced":0}
            {"a":"120","b":"0","bucket_start":"2026-01-02T00:00:00Z","cost":"4","requests":"2","unpriced":1}
            {"a":"0","b":"0","bucket_start":"2026-01-03T00:00:00Z","cost":null,"requests":"3","unpriced":3}
            total {"a":"150","b":"5","cost":"7","requests":"7","unpriced":4}
        "#]],
    );
    ask(
        "count",
        expect![[r#"
        {"a":2,"b":1,"bucket_start":"2026-01-01T00:00:00Z","cost":2,"requests":2,"unpriced":0}
        {"a":2,"b":0,"bucket_start":"2026-01-02T00:00:00Z","cost":2,"requests":2,"unpriced":1}
        {"a":0,"b":0,"bucket_start":"2026-01-03T00:00:00Z","cost":3,"requests":3,"unpriced":3}
        total {"a":4,"b":1,"cost":7,"requests":7,"unpriced":4}
    "#]],
    );
    ask(
        "avg",
        expect![[r#"
        {"a":"15","b":"5","bucket_start":"2026-01-01T00:00:00Z","cost":"1.5","requests":"1","unpriced":0}
        {"a":"60","b":null,"bucket_start":"2026-01-02T00:00:00Z","cost":"4","requests":"1","unpriced":1}
        {"a":null,"b":null,"bucket_start":"2026-01-03T00:00:00Z","cost":null,"requests":"1","unpriced":3}
        total {"a":"37.5","b":"5","cost":"2.333333333333","requests":"1","unpriced":4}
    "#]],
    );
    ask(
        "min",
        expect![[r#"
        {"a":"10","b":"5","bucket_start":"2026-01-01T00:00:00Z","cost":"1","requests":"1","unpriced":0}
        {"a":"40","b":null,"bucket_start":"2026-01-02T00:00:00Z","cost":"4","requests":"1","unpriced":1}
        {"a":null,"b":null,"bucket_start":"2026-01-03T00:00:00Z","cost":null,"requests":"1","unpriced":3}
        total {"a":"10","b":"5","cost":"1","requests":"1","unpriced":4}
    "#]],
    );
    ask(
        "max",
        expect![[r#"
        {"a":"20","b":"5","bucket_start":"2026-01-01T00:00:00Z","cost":"2","requests":"1","unpriced":0}
        {"a":"80","b":null,"bucket_start":"2026-01-02T00:00:00Z","cost":"4","requests":"1","unpriced":1}
        {"a":null,"b":null,"bucket_start":"2026-01-03T00:00:00Z","cost":null,"requests":"1","unpriced":3}
        total {"a":"80","b":"5","cost":"4","requests":"1","unpriced":4}
    "#]],
    );
    ask(
        "p50",
        expect![[r#"
        {"a":"10","b":"5","bucket_start":"2026-01-01T00:00:00Z","cost":"1","requests":"1","unpriced":0}
        {"a":"40","b":null,"bucket_start":"2026-01-02T00:00:00Z","cost":"4","requests":"1","unpriced":1}
        {"a":null,"b":null,"bucket_start":"2026-01-03T00:00:00Z","cost":null,"requests":"1","unpriced":3}
        total {"a":"20","b":"5","cost":"2","requests":"1","unpriced":4}
    "#]],
    );
}

#[test]
fn nothing_has_no_rows_and_a_total_that_says_so() {
    check(
        "",
        r#""measures": ["cost", "a", "seats", "level"], "bucket": "day", "group_by": ["user"]"#,
        expect![[r#"
        total {"a":"0","cost":"0","level":"0","seats":"0","unpriced":0}
    "#]],
    );
    check(
        "",
        r#""measures": ["cost", "a"], "aggregate": "avg""#,
        expect![[r#"
        total {"a":null,"cost":null,"unpriced":0}
    "#]],
    );
    check(
        "",
        r#""measures": ["cost", "a"], "aggregate": "p99""#,
        expect![[r#"
        total {"a":null,"cost":null,"unpriced":0}
    "#]],
    );
    check(
        "",
        r#""aggregate": "count_distinct", "field": "user""#,
        expect![[r#"
        total {"count_distinct":0}
    "#]],
    );
}

#[test]
fn a_total_adds_a_measure_to_its_parts() {
    check(
        CALLS,
        r#""measures": ["a", "b", "total_a"], "bucket": "day""#,
        expect![[r#"
        {"a":"30","b":"5","bucket_start":"2026-01-01T00:00:00Z","total_a":"35"}
        {"a":"120","b":"0","bucket_start":"2026-01-02T00:00:00Z","total_a":"120"}
        {"a":"0","b":"0","bucket_start":"2026-01-03T00:00:00Z","total_a":"0"}
        total {"a":"150","b":"5","total_a":"155"}
    "#]],
    );
    check(
        CALLS,
        r#""measures": ["total_a"], "aggregate": "max", "filters": [{"field": "user", "op": "eq", "value": "u2"}]"#,
        expect![[r#"
            {"total_a":"25"}
            total {"total_a":"25"}
        "#]],
    );
    check(
        CALLS,
        r#""measures": ["total_a"], "aggregate": "count""#,
        expect![[r#"
        {"total_a":4}
        total {"total_a":4}
    "#]],
    );
}

#[test]
fn distinct_values_are_counted_once_a_row_and_once_in_all() {
    check(
        CALLS,
        r#""aggregate": "count_distinct", "field": "user", "bucket": "day""#,
        expect![[r#"
        {"bucket_start":"2026-01-01T00:00:00Z","count_distinct":2}
        {"bucket_start":"2026-01-02T00:00:00Z","count_distinct":2}
        {"bucket_start":"2026-01-03T00:00:00Z","count_distinct":2}
        total {"count_distinct":3}
    "#]],
    );
    check(
        CALLS,
        r#""aggregate": "count_distinct", "field": "model", "measures": ["a", "b", "cost"]"#,
        expect![[r#"
            {"a":2,"b":1,"cost":2,"unpriced":4}
            total {"a":2,"b":1,"cost":2,"unpriced":4}
        "#]],
    );
    check(
        CALLS,
        r#""measures": ["seats"], "bucket": "day", "filters": [{"field": "category", "op": "matches", "value": "seats.*"}]"#,
        expect![[r#"
        {"bucket_start":"2026-01-03T00:00:00Z","seats":"2"}
        total {"seats":"2"}
    "#]],
    );
    // The same name in two organizations is two users.
    check(
        "03T10:00:00 seats.active user=u1
         03T10:00:00 seats.active user=u1 organization=berlin
         03T10:00:00 ai.chat user=u9",
        r#""measures": ["seats"]"#,
        expect![[r#"
            {"seats":"2"}
            total {"seats":"2"}
        "#]],
    );
}

#[test]
fn a_void_and_what_it_takes_back_leave_nothing_but_their_row() {
    let events = "
        01T10:00:00 ai.chat user=u1 model=gpt a=10 cost=1
        02T10:00:00 ai.chat user=u2 model=gpt a=20 cost=2
        02T10:00:00 ai.chat void=2
    ";
    check(
        events,
        r#""measures": ["cost", "a", "requests"], "bucket": "day""#,
        expect![[r#"
        {"a":"10","bucket_start":"2026-01-01T00:00:00Z","cost":"1","requests":"1","unpriced":0}
        {"a":"0","bucket_start":"2026-01-02T00:00:00Z","cost":"0","requests":"0","unpriced":0}
        total {"a":"10","cost":"1","requests":"1","unpriced":0}
    "#]],
    );
    for aggregate in ["max", "p50"] {
        let query = format!(r#""measures": ["cost", "a"], "aggregate": "{aggregate}", "bucket": "day""#);
        check(
            events,
            &query,
            expect![[r#"
            {"a":"10","bucket_start":"2026-01-01T00:00:00Z","cost":"1","unpriced":0}
            {"a":null,"bucket_start":"2026-01-02T00:00:00Z","cost":null,"unpriced":0}
            total {"a":"10","cost":"1","unpriced":0}
        "#]],
        );
    }
    check(
        events,
        r#""aggregate": "count_distinct", "field": "user", "bucket": "day""#,
        expect![[r#"
        {"bucket_start":"2026-01-01T00:00:00Z","count_distinct":1}
        {"bucket_start":"2026-01-02T00:00:00Z","count_distinct":0}
        total {"count_distinct":1}
    "#]],
    );
    check(
        events,
        r#""measures": ["a", "cost"], "aggregate": "avg""#,
        expect![[r#"
        {"a":"10","cost":"1","unpriced":0}
        total {"a":"10","cost":"1","unpriced":0}
    "#]],
    );
}

#[test]
fn costs_of_several_currencies_are_never_added() {
    const TWO: &str = "
        01T10:00:00 ai.chat user=u1 cost=1
        01T10:00:00 ai.chat user=u2 cost=2 organization=berlin
        02T10:00:00 ai.chat user=u1 cost=4 organization=berlin
        02T10:00:00 ai.chat user=u3 cost=8
        02T10:00:00 ai.chat user=u3
    ";
    check(
        TWO,
        r#""measures": ["cost"], "group_by": ["user"], "order_by": "-cost""#,
        expect![[r#"
        {"cost":{"EUR":"4","USD":"1"},"unpriced":0,"user":"u1"}
        {"cost":"8","unpriced":1,"user":"u3"}
        {"cost":"2","unpriced":0,"user":"u2"}
        total {"cost":{"EUR":"6","USD":"9"},"unpriced":1}
    "#]],
    );
    check(
        TWO,
        r#""measures": ["cost"], "aggregate": "max""#,
        expect![[r#"
        {"cost":{"EUR":"4","USD":"8"},"unpriced":1}
        total {"cost":{"EUR":"4","USD":"8"},"unpriced":1}
    "#]],
    );
    check(
        TWO,
        r#""measures": ["cost"], "aggregate": "avg""#,
        expect![[r#"
        {"cost":{"EUR":"3","USD":"4.5"},"unpriced":1}
        total {"cost":{"EUR":"3","USD":"4.5"},"unpriced":1}
    "#]],
    );
    check(
        TWO,
        r#""measures": ["cost"], "aggregate": "count""#,
        expect![[r#"
        {"cost":5,"unpriced":1}
        total {"cost":5,"unpriced":1}
    "#]],
    );
}
