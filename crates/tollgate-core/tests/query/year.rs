//! A made year in zones whose clocks are turned: the days add up to the whole, and have 23 or 25 hours where they should.

use crate::asking::{answer, instant, parse};
use crate::usage::{Used, cells, raw};
use std::collections::BTreeMap;
use tollgate_core::decimal::Decimal;
use tollgate_core::query::UsageQuery;
use tollgate_core::time::Timestamp;

const HOUR: i64 = 3_600_000_000;

/// One event each half hour of 2026 in a zone that is `ahead` hours ahead of UTC in the night to New Year.
fn year(from: i64, to: i64) -> Vec<Used> {
    let event = |(n, at): (i64, i64)| Used {
        id: u128::try_from(n).unwrap(),
        at,
        category: "ai.chat".to_owned(),
        organization: "acme".to_owned(),
        requests: 1_000_000_000,
        measures: [("a".to_owned(), i128::from(n % 1013) * 1_000_000_007)].into(),
        cost: Some(i128::from(n % 997) * 1_000_003),
        ..Used::default()
    };
    let times = (0..).map(|n| from + n * HOUR / 2).take_while(|at| *at < to);
    (0..).zip(times).map(event).collect()
}

fn daily(zone: &str, from: &str, to: &str) -> UsageQuery {
    parse(
        &format!(
            r#"{{"from": "{from}", "to": "{to}", "bucket": "day", "timezone": "{zone}", "limit": 10000,
                "measures": ["cost", "a", "requests"]}}"#
        ),
        "2027-06-01T00:00:00Z",
    )
}

fn number(value: &serde_json::Value) -> i128 {
    Decimal::parse(value.as_str().unwrap())
        .unwrap()
        .scaled_to(12)
        .unwrap()
}

/// Days whose number of half hours is not 48, by local date.
#[track_caller]
fn check(zone: &str, from: &str, to: &str, odd: &[(&str, i128)]) {
    let events = year(instant(from), instant(to));
    let query = daily(zone, from, to);
    let whole = answer(&query, &[raw(&events)]).unwrap();
    let folded = answer(&query, &[cells(&events)]).unwrap();
    assert_eq!(whole, folded);

    let rows = whole["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 365, "{zone}");
    for name in ["cost", "a", "requests"] {
        let sum: i128 = rows.iter().map(|row| number(&row[name])).sum();
        assert_eq!(sum, number(&whole["total"][name]), "{zone} {name}");
    }
    let all: i128 = events.iter().map(|event| event.cost.unwrap()).sum();
    assert_eq!(number(&whole["total"]["cost"]), all);
    assert_eq!(
        number(&whole["total"]["requests"]),
        i128::try_from(events.len()).unwrap() * 1_000_000_000_000
    );

    let mut unusual = BTreeMap::new();
    for row in rows {
        let halves = number(&row["requests"]) / 1_000_000_000_000;
        if halves != 48 {
            let start: Timestamp = row["bucket_start"].as_str().unwrap().parse().unwrap();
            let local = query.zone().rules().to_datetime(start.to_jiff().unwrap());
            unusual.insert(local.date().to_string(), halves);
        }
    }
    let want: BTreeMap<String, i128> = odd.iter().map(|(date, n)| ((*date).to_owned(), *n)).collect();
    assert_eq!(unusual, want, "{zone}");
}

#[test]
fn the_days_of_a_year_add_up_where_clocks_are_turned() {
    check(
        "America/Los_Angeles",
        "2026-01-01T08:00:00Z",
        "2027-01-01T08:00:00Z",
        &[("2026-03-08", 46), ("2026-11-01", 50)],
    );
    check(
        "Asia/Kathmandu",
        "2025-12-31T18:15:00Z",
        "2026-12-31T18:15:00Z",
        &[],
    );
    check(
        "Australia/Lord_Howe",
        "2025-12-31T13:00:00Z",
        "2026-12-31T13:00:00Z",
        &[("2026-04-05", 49), ("2026-10-04", 47)],
    );
}
