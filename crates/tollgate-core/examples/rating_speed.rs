//! How long it takes to find an event's price and to rate it: `cargo run --release -p tollgate-core --example rating_speed`.
//!
//! The book is the shape of the default one (hundreds of models, two match dimensions) and ten organizations' overrides.
//! Prints the median of rounds; it is no test, because machines differ.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "it measures time and prints it"
)]

#[path = "../tests/ground/mod.rs"]
#[allow(dead_code, reason = "tests use more of it")]
mod ground;

use std::hint::black_box;
use std::time::Instant;
use tollgate_core::event::Event;
use tollgate_core::money::Currency;
use tollgate_core::price::{PriceBook, RatingKey, Running, rate};

/// Few enough to stay in the cache, as an event does that was parsed a moment ago.
const EVENTS: usize = 2000;
const ROUNDS: usize = 301;

fn book(components: &str) -> PriceBook {
    let mut book = PriceBook::default();
    let mut number = 0;
    let mut insert = |fields: String| {
        number += 1;
        book.insert(ground::price(
            number,
            &format!("{{{fields}, \"components\": {components}}}"),
        ));
    };
    for model in 0..1000 {
        insert(format!(
            r#""match": {{"provider": "openai", "model": "gpt-{model}"}}"#
        ));
    }
    for organization in 0..10 {
        insert(format!(
            r#""organization": "o{organization}", "match": {{"provider": "openai", "model": "gpt-1"}}"#
        ));
    }
    book
}

fn events() -> Vec<Event> {
    let event = |number: usize| {
        let words = [
            format!("org=o{}", number % 100),
            format!("tokens={}", 100 + number * 7919 % 100_000),
            format!("searches={}", 1 + number % 900),
            format!("model=gpt-{}", number % 1000),
            "provider=openai".to_owned(),
            "action=chat".to_owned(),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        ground::event("e", &words)
    };
    (0..EVENTS).map(event).collect()
}

fn measure(title: &str, book: &PriceBook, events: &[Event]) {
    let median = |mut nanos: Vec<u128>| {
        nanos.sort_unstable();
        nanos[nanos.len() / 2] / EVENTS as u128
    };
    let timed = |work: &mut dyn FnMut(&Event)| {
        let rounds = (0..ROUNDS).map(|_| {
            let start = Instant::now();
            events.iter().for_each(&mut *work);
            start.elapsed().as_nanos()
        });
        median(rounds.collect())
    };
    let mut state: hashbrown::HashMap<RatingKey, Running> = hashbrown::HashMap::new();
    let find = timed(&mut |event| {
        black_box(book.price_for(event, Currency::USD));
    });
    let both = timed(&mut |event| {
        let price = book.price_for(event, Currency::USD).unwrap();
        black_box(rate(price, ground::category(), event, &mut State(&mut state)));
    });
    println!("{title:<28} find {find:>4} ns   find and rate {both:>4} ns");
}

struct State<'a>(&'a mut hashbrown::HashMap<RatingKey, Running>);

impl tollgate_core::price::RatingState for State<'_> {
    fn running(&self, key: &RatingKey) -> Running {
        self.0.get(key).copied().unwrap_or_default()
    }

    fn put(&mut self, key: RatingKey, running: Running) {
        self.0.insert(key, running);
    }
}

fn main() {
    let events = events();
    let rates = r#"{"tokens": {"model": "per_million", "amount": "2.50"}, "searches": {"model": "per_thousand", "amount": "10"}}"#;
    measure("two rates", &book(rates), &events);
    let odd = r#"{"tokens": {"model": "per_unit", "amount": "0.123456789012345678", "per": "2592000000000007"},
        "searches": {"model": "per_thousand", "amount": "10"}}"#;
    measure("two rates, one of 256 bits", &book(odd), &events);
    let when = r#"{"tokens": [{"model": "per_million", "amount": "5", "when": {"total_tokens": {"above": "50000"}}},
        {"model": "per_million", "amount": "2.50"}], "searches": {"model": "per_thousand", "amount": "10"}}"#;
    measure("a condition on a total", &book(when), &events);
    let tiers = r#"{"tokens": {"model": "graduated", "tiers": [{"up_to": "1000000", "unit_amount": "0.0000025"},
        {"up_to": null, "unit_amount": "0.000001"}]}, "searches": {"model": "per_thousand", "amount": "10"}}"#;
    measure("monthly tiers", &book(tiers), &events);
}
