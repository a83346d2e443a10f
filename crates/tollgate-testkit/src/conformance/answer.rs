//! Answers: what usage comes to, whatever a store reads to find out.

use crate::fixture::{CHAT, DISK, Sent, price, usage};
use crate::model::query::Answered;
use crate::site::Site;
use serde_json::{Value, json};

fn chat(id: impl ToString, input: u64) -> Sent {
    usage("acme").category(CHAT).id(id).measure("input", input)
}

/// Asks about a January, with these fields of the question more.
async fn ask(site: &Site, more: Value) -> Answered {
    let mut question = json!({
        "measures": ["requests", "input", "cost"], "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z",
    });
    question
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    site.ask(&question).await
}

/// The total of a figure, and that of every row by its first group.
fn figures(answer: &Answered, measure: &str) -> String {
    let row = |(key, figures): &(_, crate::model::query::Figures)| {
        let (_, groups): &crate::model::query::RowKey = key;
        let group = groups.first().cloned().flatten();
        format!(" {}={}", group.as_deref().unwrap_or("-"), figures[measure])
    };
    let rows: String = answer.rows.iter().map(row).collect();
    format!("{}:{rows}", answer.total[measure])
}

pub async fn usage_counts_as_soon_as_it_is_acknowledged(site: Site) {
    let site = site.price(1, &price(CHAT).per_unit("input", "0.5")).await;
    assert_eq!(figures(&ask(&site, json!({})).await, "requests"), "0:");
    for n in 1..=5 {
        site.record(&[chat(n, 10), chat(n, 10)]).await;
        let answer = ask(&site, json!({})).await;
        let total = ["requests", "input", "cost", "unpriced"].map(|figure| answer.total[figure].as_str());
        let want = [n, n * 10, n * 5].map(|figure| figure.to_string());
        assert_eq!(total, [want[0].as_str(), want[1].as_str(), want[2].as_str(), "0"]);
    }
}

pub async fn what_was_taken_back_does_not_count(site: Site) {
    let site = site.price(1, &price(CHAT).per_unit("input", "2")).await;
    site.record(&[
        chat(1, 3).user("u1"),
        chat(2, 50).user("u2"),
        chat(3, 4).user("u2").measure("output", 1),
    ])
    .await;
    site.void(&chat(2, 50).user("u2")).await;
    site.void(&chat(3, 4).user("u2").measure("output", 1)).await;
    let answer = async |aggregate: &str| {
        let answer = ask(&site, json!({"aggregate": aggregate, "group_by": ["user"]})).await;
        (
            figures(&answer, "input"),
            figures(&answer, "cost"),
            answer.total["unpriced"].clone(),
        )
    };
    let told = |input: &str, cost: &str| (input.to_owned(), cost.to_owned(), "0".to_owned());
    assert_eq!(answer("sum").await, told("3: u1=3 u2=0", "6: u1=6 u2=0"));
    assert_eq!(answer("count").await, told("1: u1=1 u2=0", "1: u1=1 u2=0"));
    assert_eq!(answer("max").await, told("3: u1=3 u2=null", "6: u1=6 u2=null"));
    assert_eq!(answer("avg").await, told("3: u1=3 u2=null", "6: u1=6 u2=null"));
}

pub async fn costs_of_two_currencies_stay_apart(site: Site) {
    let site = site.organization("euro", "EUR").await;
    let site = site.price(1, &price(CHAT).per_unit("input", "1")).await;
    let site = site
        .price(2, &price(CHAT).currency("EUR").per_unit("input", "2"))
        .await;
    let euro = Sent {
        organization: "euro".to_owned(),
        ..chat(1, 10)
    };
    site.record(&[chat(1, 10), euro, chat(2, 1).measure("output", 5)])
        .await;
    let answer = ask(&site, json!({"group_by": ["organization"]})).await;
    assert_eq!(figures(&answer, "cost"), "EUR 20, USD 10: acme=10 euro=20");
    assert_eq!(figures(&answer, "unpriced"), "1: acme=1 euro=0");
}

pub async fn a_dimension_that_nobody_declared_is_answered_for(site: Site) {
    let use_of = |n: u64, region: &str, session: &str| {
        chat(n, n)
            .dimension("region", region)
            .dimension("session_id", session)
            .user("u1")
    };
    site.record(&[
        use_of(1, "eu", "a"),
        use_of(2, "us", "a"),
        use_of(4, "eu", "b"),
        chat(8, 8),
    ])
    .await;
    let input = async |more: Value| figures(&ask(&site, more).await, "input");
    assert_eq!(input(json!({"group_by": ["region"]})).await, "15: -=8 eu=5 us=2");
    assert_eq!(
        input(json!({"group_by": ["session_id"]})).await,
        "15: -=8 a=3 b=4"
    );
    let only = |field: &str, value: &str| json!([{"field": field, "op": "eq", "value": value}]);
    assert_eq!(
        input(json!({"group_by": ["user"], "filters": only("region", "eu")})).await,
        "5: u1=5"
    );
    assert_eq!(
        input(json!({"group_by": ["region"], "filters": only("session_id", "a")})).await,
        "3: eu=1 us=2"
    );
}

pub async fn a_level_counts_for_as_long_as_it_holds(site: Site) {
    let level =
        |id: u8, at: &str, bytes: u64| usage("acme").category(DISK).id(id).at(at).measure("bytes", bytes);
    site.record(&[
        level(1, "2025-12-31T12:00:00Z", 2),
        level(2, "2026-01-01T06:00:00Z", 10),
        level(3, "2026-01-02T00:00:00Z", 0),
    ])
    .await;
    let bytes = async |aggregate: &str, bucket: &str| {
        let question = json!({
            "measures": ["bytes"], "aggregate": aggregate, "bucket": bucket, "to": "2026-01-03T00:00:00Z",
            "filters": [{"field": "category", "op": "eq", "value": DISK}],
        });
        figures(&ask(&site, question).await, "bytes")
    };
    // Six hours of two, eighteen of ten, and a day of nothing.
    assert_eq!(bytes("sum", "day").await, "691200: -=691200 -=0");
    assert_eq!(bytes("avg", "day").await, "4: -=8 -=0");
    assert_eq!(bytes("max", "none").await, "10: -=10");
    site.void(&level(2, "2026-01-01T06:00:00Z", 10)).await;
    assert_eq!(bytes("sum", "none").await, "172800: -=172800");
}

pub async fn a_stretch_that_cuts_a_quarter_hour_counts_what_is_inside(site: Site) {
    let times = [
        "11:59:59.999999",
        "12:00:00",
        "12:07:29.999999",
        "12:07:30",
        "12:14:59.999999",
        "12:15:00",
    ];
    let batch = times
        .iter()
        .zip(0..)
        .map(|(time, n)| chat(n, 1 << n).at(&format!("2026-01-15T{time}Z")));
    site.record(&batch.collect::<Vec<_>>()).await;
    for (from, to, want) in [
        ("12:00:00", "12:15:00", 2 + 4 + 8 + 16),
        ("12:07:30", "12:15:00", 8 + 16),
        ("12:00:00", "12:07:30", 2 + 4),
        ("11:59:59.999999", "12:00:00.000001", 1 + 2),
        ("12:14:59.999999", "12:30:00", 16 + 32),
    ] {
        let stretch = json!({"from": format!("2026-01-15T{from}Z"), "to": format!("2026-01-15T{to}Z")});
        assert_eq!(
            ask(&site, stretch).await.total["input"],
            want.to_string(),
            "{from} to {to}"
        );
    }
}
