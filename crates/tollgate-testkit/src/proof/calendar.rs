//! I12, end to end: windows of a zone tile the year.

use crate::conformance::in_runtime;
use crate::fixture::{CHAT, Sent, at, price, usage};
use crate::model::number::{Exact, exact, text};
use crate::site::{Opener, Site};
use serde_json::json;

/// One use in every quarter hour of a year. However the year is cut into days, they add up to it, and
/// each has as many uses as it has quarter hours.
pub fn days_add_up(opener: &dyn Opener) {
    const QUARTER_HOURS: i64 = 365 * 96;
    let first = at("2026-01-01T00:00:00Z");
    let site = in_runtime(async {
        let site = Site::open(opener)
            .await
            .price(1, &price(CHAT).per_unit("input", "0.1"))
            .await;
        let quarter = |n: i64| {
            usage("acme")
                .category(CHAT)
                .id(n)
                .at(&first.plus_seconds(n * 900).to_string())
                .measure("input", 1)
        };
        let uses: Vec<Sent> = (0..QUARTER_HOURS).map(quarter).collect();
        for batch in uses.chunks(10_000) {
            site.record(batch).await;
        }
        site
    });
    let zones: [(&str, &[(&str, &str)]); 4] = [
        ("UTC", &[]),
        (
            "America/Los_Angeles",
            &[("2026-03-08T08:00:00Z", "92"), ("2026-11-01T07:00:00Z", "100")],
        ),
        ("Asia/Kathmandu", &[]),
        (
            "Australia/Lord_Howe",
            &[("2026-04-04T13:00:00Z", "98"), ("2026-10-03T13:30:00Z", "94")],
        ),
    ];
    for (zone, odd) in zones {
        let question = json!({
            "measures": ["requests", "input", "cost"], "bucket": "day", "timezone": zone, "limit": 10_000,
            "from": "2025-12-25T00:00:00Z", "to": "2027-01-08T00:00:00Z",
        });
        let answer = in_runtime(site.ask(&question));
        for (measure, whole) in [("requests", "35040"), ("input", "35040"), ("cost", "3504")] {
            assert_eq!(answer.total[measure], whole, "{measure} in {zone}");
            let sum: Exact = answer
                .rows
                .iter()
                .map(|(_, figures)| exact(&figures[measure]))
                .sum();
            assert_eq!(text(&sum), whole, "{measure} of all days in {zone}");
        }
        let inner = &answer.rows[1..answer.rows.len() - 1];
        let uneven = inner.iter().filter(|(_, figures)| figures["requests"] != "96");
        let uneven: Vec<(String, String)> = uneven
            .map(|(key, figures)| (key.0.unwrap().to_string(), figures["requests"].clone()))
            .collect();
        let want: Vec<(String, String)> = odd
            .iter()
            .map(|(day, uses)| ((*day).to_owned(), (*uses).to_owned()))
            .collect();
        assert_eq!(uneven, want, "days that are no 24 hours in {zone}");
    }
}
