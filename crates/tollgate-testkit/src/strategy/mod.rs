//! Random inputs from small alphabets, so that collisions really happen: the same id twice, two events in one series, an
//! amount on a tier's bound, an instant on a month's end.
//!
//! Simple things come first everywhere, since that is where shrinking goes.

mod ask;
mod instant;
mod price;
mod usage;

pub use ask::ask;
pub use instant::{instant, instants};
pub use price::{broad_price, price_draft};
pub use usage::{dense_sent, every_use, sent};

use proptest::prelude::*;

/// How many cases a property is tried with: `normal`, unless the environment asks for another number.
pub fn cases(normal: u32) -> ProptestConfig {
    #[allow(
        clippy::disallowed_methods,
        reason = "the length of a test run is asked for from outside the program"
    )]
    let asked = std::env::var("TOLLGATE_PROPTEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(normal),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// One of these texts, the first being the simplest.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    proptest::sample::select(texts)
}

/// Nothing, or one of these.
pub(crate) fn maybe<T: std::fmt::Debug + Clone>(
    chance: f64,
    some: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    proptest::option::weighted(chance, some)
}
