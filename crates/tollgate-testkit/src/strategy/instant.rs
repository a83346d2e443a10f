//! Instants at which something changes: ends of months in several zones, turns of clocks, edges of rollup cells.

use super::one_of;
use proptest::prelude::*;

/// Instants worth meeting, in order.
const EDGES: &[&str] = &[
    "2026-01-15T12:00:00Z",
    "2026-01-01T00:00:00Z",
    "2026-01-31T18:15:00Z",
    "2026-02-01T00:00:00Z",
    "2026-02-01T08:00:00Z",
    "2026-03-08T10:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-10-03T15:30:00Z",
    "2026-11-01T09:00:00Z",
    "2024-02-29T00:00:00Z",
];

/// Steps around them, in seconds: none, the cell's length, an hour and parts of it, a day.
const STEPS: [i64; 9] = [0, 900, -900, 1, -1, 3600, -3600, 86_400, 1_234_567];

/// An instant near an edge; sometimes off it by a microsecond.
pub fn instant() -> impl Strategy<Value = String> {
    let micros = prop_oneof![6 => Just(0_i64), 1 => Just(-1_i64), 1 => Just(1_i64)];
    // Most lie in one month, so that they meet in its running totals.
    let edges = prop_oneof![2 => one_of(&EDGES[..2]), 1 => one_of(EDGES)];
    (edges, proptest::sample::select(&STEPS[..]), micros).prop_map(|(edge, step, micros)| {
        let near = crate::fixture::at(edge).plus_seconds(step);
        tollgate_core::time::Timestamp::from_micros(near.micros() + micros).to_string()
    })
}

/// The instants themselves, for prices that begin and end.
pub fn instants() -> impl Strategy<Value = &'static str> + Clone {
    one_of(EDGES)
}
