//! How many rows a second a tally takes on this machine: `cargo run --release -p tollgate-core --example tally_speed`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a measurement reads the clock, prints, and may stop where its own input is wrong"
)]

use std::time::Instant;
use tollgate_core::catalog::Catalog;
use tollgate_core::category::{Category, CategoryParts};
use tollgate_core::frame::{Frame, MeasureColumn};
use tollgate_core::id::EventId;
use tollgate_core::money::Currency;
use tollgate_core::query::{QueryParts, Tally, UsageQuery};

const ROWS: usize = 65_536;
const FRAMES: usize = 64;
const ROUNDS: usize = 5;
const FROM: i64 = 1_767_225_600_000_000;
const MONTH: i64 = 31 * 86_400_000_000;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed ^ (mixed >> 27)) % end
    }

    fn code(&mut self, first: u32, count: u64) -> u32 {
        first + u32::try_from(self.below(count)).unwrap()
    }
}

/// Events of a month: frame by frame in order of time when `is_sorted`, else anywhere in the month.
fn frame(number: usize, is_sorted: bool) -> Frame {
    let mut numbers = Numbers(u64::try_from(number).unwrap() + 1);
    let names = ["", "ai.completion"].into_iter().map(str::to_owned);
    let models = (0..20).map(|n| format!("model-{n}"));
    let organizations = (0..3).map(|n| format!("organization-{n}"));
    let users = (0..2000).map(|n| format!("user-{n}"));
    let length = u64::try_from(MONTH).unwrap();
    let mut at: Vec<i64> = (0..ROWS)
        .map(|row| {
            let place = u64::try_from(number * ROWS + row).unwrap();
            let sorted = place * length / u64::try_from(FRAMES * ROWS).unwrap();
            let offset = if is_sorted { sorted } else { numbers.below(length) };
            FROM + i64::try_from(offset).unwrap()
        })
        .collect();
    at.sort_unstable_by_key(|at| if is_sorted { *at } else { 0 });
    let mut codes = |first, count| {
        (0..ROWS)
            .map(|_| numbers.code(first, count))
            .collect::<Vec<u32>>()
    };
    let (model, organization, user) = (codes(2, 20), codes(22, 3), codes(25, 2000));
    Frame {
        texts: names
            .chain(models)
            .chain(organizations)
            .chain(users)
            .map(Into::into)
            .collect(),
        at,
        category: vec![1; ROWS],
        organization,
        team: vec![0; ROWS],
        project: vec![0; ROWS],
        user,
        dimensions: vec![("model".parse().unwrap(), model)],
        events: vec![1; ROWS],
        requests: vec![1_000_000_000; ROWS],
        measures: vec![MeasureColumn {
            name: "input_tokens".parse().unwrap(),
            sum: vec![812_000_000_000; ROWS],
            carriers: vec![1; ROWS],
        }],
        cost: vec![2_030_000_000; ROWS],
        priced: vec![1; ROWS],
        ids: (0..ROWS)
            .map(|row| EventId::from_bits(u128::try_from(number * ROWS + row).unwrap()))
            .collect(),
        corrects: vec![None; ROWS],
    }
}

fn measure(title: &str, query: &str, frames: &[Frame]) {
    let category = r#"{"name": "ai.completion", "unit": "tokens", "measures": {"input_tokens": {}}}"#;
    let parts: CategoryParts = serde_json::from_str(category).unwrap();
    let catalog: Catalog = [Category::try_from(parts).unwrap()].into_iter().collect();
    let query = format!(r#"{{"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", {query}}}"#);
    let parts: QueryParts = serde_json::from_str(&query).unwrap();
    let query = UsageQuery::new(&parts, &catalog, "2026-03-01T00:00:00Z".parse().unwrap()).unwrap();
    let mut best = f64::MAX;
    let mut rows = 0;
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let mut tally = Tally::new(&query, |_| Currency::USD);
        for frame in frames {
            tally.add(frame).unwrap();
        }
        rows = tally.finish().unwrap().rows.len();
        best = best.min(begun.elapsed().as_secs_f64());
    }
    let million = (FRAMES * ROWS) as f64 / 1e6;
    println!(
        "{title:<58} {:>7.1} M rows/s  ({rows} rows answered)",
        million / best
    );
}

fn main() {
    let sorted: Vec<Frame> = (0..FRAMES).map(|number| frame(number, true)).collect();
    let mixed: Vec<Frame> = (0..FRAMES).map(|number| frame(number, false)).collect();
    let by_model = r#""bucket": "day", "group_by": ["model"], "limit": 10000"#;
    let tokens = format!(r#"{by_model}, "measures": ["input_tokens"]"#);
    measure("sum of one measure, by day and model", &tokens, &sorted);
    measure("  the same, times in no order", &tokens, &mixed);
    measure(
        "  the same, Los Angeles",
        &format!(r#"{tokens}, "timezone": "America/Los_Angeles""#),
        &sorted,
    );
    measure("cost and requests, by day and model", by_model, &sorted);
    let filter = r#""filters": [{"field": "category", "op": "matches", "value": "ai.*"}, {"field": "organization", "op": "eq", "value": "organization-1"}]"#;
    measure(
        "  the same of one organization of three",
        &format!("{by_model}, {filter}"),
        &sorted,
    );
    measure(
        "cost, by day and user: 62,000 groups",
        r#""bucket": "day", "group_by": ["user"], "measures": ["cost"]"#,
        &sorted,
    );
    measure(
        "distinct users by day",
        r#""bucket": "day", "aggregate": "count_distinct", "field": "user""#,
        &sorted,
    );
    measure(
        "95th percentile of cost by day",
        r#""bucket": "day", "aggregate": "p95", "measures": ["cost"]"#,
        &sorted,
    );
}
