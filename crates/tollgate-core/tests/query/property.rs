//! Whatever is asked, however the events are split into frames, and whether they come as events or as cells: the answer
//! is that of the independent model.

use crate::asking::{answer, instant, planned};
use crate::model::Model;
use crate::usage::{Used, catalog, raw};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use std::collections::BTreeMap;
use tollgate_core::query::{FilterParts, QueryParts, UsageQuery};
use tollgate_core::time::Timestamp;

const QUARTER: i64 = 900_000_000;

/// Four days around the night in which Los Angeles loses an hour.
const FIRST: &str = "2026-03-06T00:00:00Z";

fn optional(words: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(select(words).prop_map(str::to_owned))
}

fn moment() -> impl Strategy<Value = i64> {
    let anywhere = 0..4 * 24 * 3_600_000_000_i64;
    let at_edges = (0..4 * 96_i64).prop_map(|n| n * QUARTER);
    prop_oneof![anywhere, at_edges].prop_map(|offset| instant(FIRST) + offset)
}

fn amount() -> impl Strategy<Value = i128> {
    prop_oneof![Just(0), 1..5_i128, Just(333_333_333), 0..1_000_000_000_000_i128]
}

fn event() -> impl Strategy<Value = Used> {
    let category = select(&["ai.chat", "ai.chat", "ai.chat.deep", "store.disk", "seats.active"][..]);
    let scope = (
        select(&["acme", "berlin", "corp"][..]),
        optional(&["red", "blue"]),
        optional(&["p1", "p2"]),
        select(&["u1", "u2", "u3"][..]),
    );
    let amounts = prop::collection::btree_map(select(&["a", "b", "c"][..]), amount(), 0..3);
    let more = (
        optional(&["gpt", "opus"]),
        amounts,
        amount(),
        prop::option::of(amount()),
    );
    (moment(), category, scope, more).prop_map(|(at, category, scope, more)| {
        let (organization, team, project, user) = scope;
        let (model, amounts, level, cost) = more;
        let measures: BTreeMap<String, i128> = match category {
            "store.disk" => [("level".to_owned(), level)].into(),
            "seats.active" => BTreeMap::new(),
            "ai.chat.deep" => amounts
                .into_iter()
                .filter(|(k, _)| *k == "a")
                .map(|(k, v)| (k.to_owned(), v))
                .collect(),
            _ => amounts.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        };
        Used {
            at,
            category: category.to_owned(),
            organization: organization.to_owned(),
            team,
            project,
            user: Some(user.to_owned()),
            dimensions: model.map(|m| ("model".to_owned(), m)).into_iter().collect(),
            requests: 1_000_000_000,
            measures,
            cost,
            ..Used::default()
        }
    })
}

/// Events with ids, some of them voided, in no order of time.
fn events() -> impl Strategy<Value = Vec<Used>> {
    let voids = prop::collection::vec(any::<Index>(), 0..6);
    (prop::collection::vec(event(), 0..40), voids, any::<u64>()).prop_map(|(mut events, voids, salt)| {
        for (place, event) in (0..).zip(&mut events) {
            // Ids that do not rise with the order of events.
            event.id = u128::from((place ^ salt).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        }
        let mut taken = Vec::new();
        for (number, place) in (1..).zip(voids) {
            if events.is_empty() {
                break;
            }
            let place = place.index(events.len());
            let event = &events[place];
            if event.corrects.is_none() && !taken.contains(&event.id) {
                taken.push(event.id);
                let void = event.void(number);
                events.insert(place / 2, void);
            }
        }
        events
    })
}

fn filter() -> impl Strategy<Value = FilterParts> {
    let fields = &["category", "organization", "team", "user", "model", "region"][..];
    let values = &["ai.chat", "acme", "red", "u1", "gpt", "seats.active"][..];
    let text = select(values).prop_map(serde_json::Value::from);
    let list = prop::collection::vec(select(values), 0..3).prop_map(serde_json::Value::from);
    let glob = select(&["*", "ai.*", "*.d*", "a*", "*1"][..]).prop_map(serde_json::Value::from);
    let test = prop_oneof![
        (select(&["eq", "ne"][..]), text.boxed()),
        (select(&["in", "not_in"][..]), list.boxed()),
        (Just("matches"), glob.boxed()),
        (
            Just("exists"),
            any::<bool>().prop_map(serde_json::Value::from).boxed()
        ),
    ];
    (select(fields), test).prop_map(|(field, (op, value))| FilterParts {
        field: field.to_owned(),
        op: op.to_owned(),
        value,
    })
}

fn query() -> impl Strategy<Value = QueryParts> {
    let aggregates = &[
        "sum",
        "sum",
        "sum",
        "count",
        "avg",
        "min",
        "max",
        "p50",
        "p95",
        "p99",
        "count_distinct",
    ][..];
    let measures = vec!["cost", "requests", "a", "b", "total_a", "level", "seats"];
    let what = (
        select(aggregates),
        subsequence(measures, 1..5),
        optional(&["user", "model", "team"]),
    );
    let groups = subsequence(vec!["category", "organization", "team", "user", "model"], 0..3);
    let buckets = optional(&["minute", "hour", "day", "week", "month", "year"]);
    let zones = optional(&[
        "UTC",
        "America/Los_Angeles",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
    ]);
    let rows = (
        optional(&[
            "bucket_start",
            "-bucket_start",
            "requests",
            "-requests",
            "model",
            "-user",
        ]),
        prop::option::of(1..20_i64),
        prop::option::weighted(0.3, Just("previous_period".to_owned())),
    );
    let filters = prop::collection::vec(filter(), 0..3);
    (what, groups, buckets, zones, rows, filters, stretch()).prop_map(
        |((aggregate, measures, field), groups, bucket, timezone, rows, filters, (from, to))| {
            let (order_by, limit, compare) = rows;
            sensible(QueryParts {
                measures: Some(measures.into_iter().map(str::to_owned).collect()),
                aggregate: Some(aggregate.to_owned()),
                group_by: groups.into_iter().map(str::to_owned).collect(),
                bucket,
                timezone,
                from: Some(Timestamp::from_micros(from).to_string()),
                to: Some(Timestamp::from_micros(to).to_string()),
                filters,
                order_by,
                limit,
                compare,
                field: field.or(Some("user".to_owned())),
            })
        },
    )
}

/// Stretches of time, half of them from a midnight to a quarter hour.
fn stretch() -> impl Strategy<Value = (i64, i64)> {
    (moment(), moment(), any::<bool>()).prop_map(|(a, b, is_even)| {
        let [mut from, mut to] = [a.min(b), a.max(b)];
        if is_even {
            from -= from.rem_euclid(24 * 4 * QUARTER);
            to -= to.rem_euclid(QUARTER);
        }
        (from, to.max(from + 1))
    })
}

/// Leaves out what would be a flaw, and what the model cannot do.
fn sensible(mut parts: QueryParts) -> QueryParts {
    let aggregate = parts.aggregate.clone().unwrap();
    let measures = parts.measures.get_or_insert_default();
    if !matches!(aggregate.as_str(), "sum" | "count" | "count_distinct") {
        measures.retain(|measure| measure != "seats");
        measures.extend(measures.is_empty().then(|| "a".to_owned()));
    }
    if aggregate != "count_distinct" {
        parts.field = None;
    }
    let [from, to] = [&parts.from, &parts.to].map(|at| instant(at.as_deref().unwrap()));
    // The model finds no hours where the clock is turned by half of one.
    let halves = parts.timezone.as_deref() == Some("Australia/Lord_Howe");
    match parts.bucket.as_deref() {
        Some("minute") if to - from > QUARTER => parts.bucket = None,
        Some("hour") if halves => parts.bucket = None,
        _ => {}
    }
    let order = parts
        .order_by
        .as_deref()
        .unwrap_or_default()
        .trim_start_matches('-');
    let is_column = match order {
        "bucket_start" => parts.bucket.is_some(),
        "requests" => aggregate == "sum" && measures.iter().any(|m| m == "requests"),
        group => parts.group_by.iter().any(|g| g == group),
    };
    if !is_column {
        parts.order_by = None;
    }
    parts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_is_that_of_the_model(
        parts in query(),
        events in events(),
        splits in prop::collection::vec(any::<Index>(), 0..4),
        now in moment(),
    ) {
        let query = UsageQuery::new(&parts, &catalog(), Timestamp::from_micros(now)).unwrap();
        let want = Model { parts: &parts, events: events.iter().collect(), now }.answer();

        let mut frames = Vec::new();
        let mut rest = events.as_slice();
        for split in splits {
            let (part, others) = rest.split_at(split.index(rest.len() + 1));
            frames.push(raw(part));
            rest = others;
        }
        frames.push(raw(rest));
        frames.reverse();
        prop_assert_eq!(&answer(&query, &frames).unwrap(), &want, "from events");
        prop_assert_eq!(&planned(&query, &events).unwrap(), &want, "as planned");
    }
}
