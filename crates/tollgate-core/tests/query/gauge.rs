//! Gauges: a level holds until the next event of its series.

use crate::asking::{answer, parse, usage};
use crate::usage::raw;
use expect_test::{Expect, expect};

#[track_caller]
fn check(events: &str, query: &str, want: Expect) {
    check_at("2026-06-01T00:00:00Z", events, query, want);
}

#[track_caller]
fn check_at(now: &str, events: &str, query: &str, want: Expect) {
    let query = parse(&format!("{{{query}}}"), now);
    // One frame for each event, the last one first: order is of no matter.
    let frames: Vec<_> = usage(events).into_iter().rev().map(|e| raw(&[e])).collect();
    let got = answer(&query, &frames).unwrap();
    let mut text = String::new();
    for row in got["rows"].as_array().unwrap() {
        text.push_str(&format!("{row}\n"));
    }
    text.push_str(&format!("total {}\n", got["total"]));
    want.assert_eq(&text);
}

const DAYS: &str =
    r#""from": "2026-01-02T00:00:00Z", "to": "2026-01-05T00:00:00Z", "bucket": "day", "measures": ["level"]"#;

#[test]
fn a_level_is_carried_in_and_on() {
    check(
        "01T12:00:00 store.disk level=2
         03T12:00:00 store.disk level=4",
        DAYS,
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"172800"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"259200"}
            {"bucket_start":"2026-01-04T00:00:00Z","level":"345600"}
            total {"level":"777600"}
        "#]],
    );
    check(
        "01T12:00:00 store.disk level=2
         03T12:00:00 store.disk level=4",
        &format!(r#"{DAYS}, "aggregate": "avg""#),
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"2"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"3"}
            {"bucket_start":"2026-01-04T00:00:00Z","level":"4"}
            total {"level":"3"}
        "#]],
    );
}

#[test]
fn a_level_of_zero_leaves_no_rows_behind() {
    check(
        "01T12:00:00 store.disk level=2
         02T12:00:00 store.disk level=0",
        DAYS,
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"86400"}
            total {"level":"86400"}
        "#]],
    );
}

#[test]
fn a_level_holds_until_now_and_no_longer() {
    check_at(
        "2026-01-03T06:00:00Z",
        "01T12:00:00 store.disk level=2
         03T08:00:00 store.disk level=1000",
        DAYS,
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"172800"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"43200"}
            total {"level":"216000"}
        "#]],
    );
    check_at(
        "2026-01-03T06:00:00Z",
        "01T12:00:00 store.disk level=2",
        &format!(r#"{DAYS}, "aggregate": "avg""#),
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"2"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"2"}
            total {"level":"2"}
        "#]],
    );
}

#[test]
fn series_differ_by_scope_and_by_every_dimension() {
    check(
        "02T00:00:00 store.disk project=p1 model=hot level=1
         02T00:00:00 store.disk project=p1 model=cold level=2
         02T00:00:00 store.disk project=p1 model=hot region=eu level=4
         02T00:00:00 store.disk project=p2 model=hot level=8
         03T00:00:00 store.disk project=p1 model=hot level=0",
        r#""from": "2026-01-02T00:00:00Z", "to": "2026-01-04T00:00:00Z", "aggregate": "avg",
           "bucket": "day", "measures": ["level"], "group_by": ["project"]"#,
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"7","project":"p1"}
            {"bucket_start":"2026-01-02T00:00:00Z","level":"8","project":"p2"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"6","project":"p1"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"8","project":"p2"}
            total {"level":"14.5"}
        "#]],
    );
}

#[test]
fn of_levels_set_at_one_instant_the_greatest_id_wins() {
    check(
        "02T00:00:00 store.disk level=7 id=20
         02T00:00:00 store.disk level=3 id=10",
        &format!(r#"{DAYS}, "aggregate": "avg""#),
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"7"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"7"}
            {"bucket_start":"2026-01-04T00:00:00Z","level":"7"}
            total {"level":"7"}
        "#]],
    );
}

#[test]
fn a_voided_level_was_never_set() {
    check(
        "01T00:00:00 store.disk level=2
         03T00:00:00 store.disk level=9
         03T00:00:00 store.disk void=2",
        DAYS,
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"172800"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":"172800"}
            {"bucket_start":"2026-01-04T00:00:00Z","level":"172800"}
            total {"level":"518400"}
        "#]],
    );
    check(
        "02T00:00:00 store.disk level=2
         03T00:00:00 store.disk level=9
         03T00:00:00 store.disk void=2",
        &format!(r#"{DAYS}, "aggregate": "max""#),
        expect![[r#"
            {"bucket_start":"2026-01-02T00:00:00Z","level":"2"}
            {"bucket_start":"2026-01-03T00:00:00Z","level":null}
            total {"level":"2"}
        "#]],
    );
}

#[test]
fn a_gauge_and_a_counter_stand_side_by_side() {
    check(
        "01T00:00:00 store.disk level=2 user=u1
         02T00:00:00 ai.chat a=5 user=u2",
        r#""from": "2026-01-02T00:00:00Z", "to": "2026-01-03T00:00:00Z", "measures": ["level", "a", "requests"],
           "group_by": ["user"], "compare": "previous_period""#,
        expect![[r#"
            {"a":"0","level":"172800","previous":{"a":"0","level":"172800","requests":"1"},"requests":"0","user":"u1"}
            {"a":"5","level":"0","previous":{"a":"0","level":"0","requests":"0"},"requests":"1","user":"u2"}
            total {"a":"5","level":"172800","previous":{"a":"0","level":"172800","requests":"1"},"requests":"1"}
        "#]],
    );
}

/// The numbers of Lago's weighted sum, whose events are changes: here they are made levels.
#[track_caller]
fn check_weighted(initial: i64, changes: &[(&str, i64)], want: &str) {
    let mut level = initial;
    let mut events = format!("01T00:00:00 store.disk level={level} id=1\n");
    for (id, (at, change)) in (2..).zip(changes) {
        level += change;
        events.push_str(&format!("{at} store.disk level={level} id={id}\n"));
    }
    let query = r#""from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "aggregate": "avg", "measures": ["level"]"#;
    let query = parse(&format!("{{{query}}}"), "2026-06-01T00:00:00Z");
    let got = answer(&query, &[raw(&usage(&events))]).unwrap();
    let level = got["total"]["level"].as_str().unwrap();
    assert!(level.starts_with(want), "{level} should be about {want}");
}

#[test]
fn the_mean_level_is_the_weighted_sum() {
    let seven = [
        ("01T00:00:00", 2),
        ("01T01:00:00", 3),
        ("01T01:30:00", 1),
        ("01T02:00:00", -4),
        ("01T04:00:00", -2),
        ("01T05:00:00", 10),
        ("01T05:30:00", -10),
    ];
    check_weighted(0, &seven, "0.022177");
    check_weighted(1000, &seven, "1000.022177");
    check_weighted(0, &[("01T00:00:00", 1000)], "1000");
    check_weighted(1000, &[], "1000");
    check_weighted(0, &[], "0");
    check_weighted(0, &[("01T00:00:00", 3), ("01T00:00:00", 3)], "6");
    check_weighted(0, &[("01T01:00:00", 3)], "2.995967");
    check_weighted(0, &[("05T00:00:00", 1000)], "870.96774");
}
