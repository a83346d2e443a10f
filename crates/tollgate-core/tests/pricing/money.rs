//! T25: money against an independent exact computation; I11 and I18 on the same stories.
//!
//! Ten thousand random price tables in every run. A million, in a few minutes:
//! `TOLLGATE_TABLES=1000000 cargo test --release -p tollgate-core --test pricing random`.

use crate::ground::{Ground, category, event, price};
use crate::oracle::{Expected, Oracle, Plain, is_money};
use crate::random::{Dice, Step, Story};
use num_bigint::BigInt;
use std::collections::BTreeMap;
use tollgate_core::charge::{Charge, CostSource, LineKind, Unpriced};
use tollgate_core::event::Event;
use tollgate_core::money::{Currency, Money};
use tollgate_core::price::{RatingKey, Running, preview, rate};

const TABLES: u64 = 10_000;

pub(crate) fn tables() -> u64 {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one switch of this test, read by nothing else"
    )]
    let asked = std::env::var("TOLLGATE_TABLES");
    asked.map_or(TABLES, |number| number.parse().unwrap())
}

pub(crate) fn told(plain: &Plain) -> Event {
    let at = tollgate_core::time::Timestamp::from_micros(plain.second * 1_000_000).to_string();
    let mut words = vec![
        format!("at={at}"),
        format!("org={}", plain.organization),
        format!("user={}", plain.user),
    ];
    words.extend(
        plain
            .amounts
            .iter()
            .map(|(measure, amount)| format!("{measure}={amount}")),
    );
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    event(&plain.name, &words)
}

fn seen(charge: &Charge) -> Expected {
    match &charge.source {
        CostSource::Unpriced(Unpriced::NoComponent(measure)) => Expected::NoComponent(measure.to_string()),
        CostSource::Unpriced(Unpriced::TooLarge) => Expected::TooLarge,
        CostSource::Priced(_) => {
            let lines = charge.lines.iter();
            Expected::Lines(
                lines
                    .map(|line| (line.measure.to_string(), BigInt::from(line.amount.pico())))
                    .collect(),
            )
        }
        other => panic!("nothing here is {other:?}"),
    }
}

pub(crate) fn pico(charge: &Charge) -> BigInt {
    charge.cost.map_or(BigInt::ZERO, |cost| BigInt::from(cost.pico()))
}

/// Tells a story to both and compares every charge; gives how many lines were compared.
fn compare(number: u64, story: &Story) -> Tally {
    let mut ground = Ground::new([price(1, &story.price)]);
    let mut oracle = Oracle::new(&story.price);
    let mut charges: Vec<Option<(&Plain, Charge)>> = Vec::new();
    let mut sum = BigInt::ZERO;
    let mut tally = Tally::default();
    for step in &story.steps {
        match step {
            Step::Record(plain) => {
                let want = oracle.charge(plain);
                let charge = ground.record(told(plain));
                assert_eq!(
                    seen(&charge),
                    want,
                    "table {number}: {plain:?} at {}",
                    story.price
                );
                sum += pico(&charge);
                tally.count(&charge);
                charges.push(Some((plain, charge)));
            }
            Step::Void(index) => {
                let (plain, charge) = charges[*index].take().unwrap();
                let void = ground.void(&plain.name);
                let want = match charge.cost {
                    Some(_) => oracle.void(plain),
                    None => oracle.forget(plain),
                };
                if !is_money(&want) {
                    // More than money can be: the void stands unpriced, and from here the two know different things.
                    assert_eq!(seen(&void), Expected::TooLarge, "table {number}: void {plain:?}");
                    return tally;
                }
                assert_eq!(
                    pico(&void),
                    want,
                    "table {number}: void {plain:?} at {}",
                    story.price
                );
                sum += pico(&void);
                tally.count(&void);
                charges.push(None);
            }
        }
    }
    assert_eq!(
        sum,
        oracle.money(),
        "table {number}: the whole at {}",
        story.price
    );
    tally
}

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    tables: usize,
    lines: usize,
    adjustments: usize,
    negative: usize,
    no_component: usize,
    too_large: usize,
}

impl Tally {
    fn count(&mut self, charge: &Charge) {
        self.lines += charge.lines.len();
        let kinds = charge
            .lines
            .iter()
            .filter(|line| line.kind == LineKind::Adjustment);
        self.adjustments += kinds.count();
        let usage = charge.lines.iter().filter(|line| line.kind == LineKind::Usage);
        self.negative += usage.filter(|line| line.amount < Money::ZERO).count();
        self.no_component += usize::from(matches!(
            charge.source,
            CostSource::Unpriced(Unpriced::NoComponent(_))
        ));
        self.too_large += usize::from(charge.source == CostSource::Unpriced(Unpriced::TooLarge));
    }

    fn add(mut self, other: Self) -> Self {
        self.tables += 1;
        self.lines += other.lines;
        self.adjustments += other.adjustments;
        self.negative += other.negative;
        self.no_component += other.no_component;
        self.too_large += other.too_large;
        self
    }
}

#[test]
fn random_tables_cost_what_an_independent_computation_says() {
    let stories = (0..tables()).map(|number| compare(number, &Dice::new(number).story()));
    let tally = stories.fold(Tally::default(), Tally::add);
    println!("no difference in {tally:?}");
    // A story that is refused proves little, so most must not be.
    let counts = [
        tally.adjustments,
        tally.negative,
        tally.no_component,
        tally.too_large,
    ];
    assert!(
        tally.lines > tally.tables && counts.into_iter().all(|count| count > tally.tables / 500),
        "{tally:?}"
    );
}

/// The words of a story that change no gauge: what a reading gains depends on when others arrive.
fn without_gauges(number: u64) -> Story {
    let mut story = Dice::new(number).story();
    for step in &mut story.steps {
        if let Step::Record(plain) = step {
            plain.amounts.remove("bytes");
        }
    }
    story
}

/// Plays steps in an order and gives what everything cost, the totals that are left, and whether all of it fitted.
fn play(story: &Story, order: &[usize]) -> (BigInt, BTreeMap<RatingKey, Running>, bool) {
    let mut ground = Ground::new([price(1, &story.price)]);
    let mut sum = BigInt::ZERO;
    let mut fits = true;
    for index in order {
        let charge = match &story.steps[*index] {
            Step::Record(plain) => ground.record(told(plain)),
            Step::Void(index) => match &story.steps[*index] {
                Step::Record(plain) => ground.void(&plain.name),
                Step::Void(_) => unreachable!("only events are taken back"),
            },
        };
        fits &= charge.source != CostSource::Unpriced(Unpriced::TooLarge);
        sum += pico(&charge);
    }
    let totals = ground
        .state
        .into_iter()
        .filter(|(_, total)| *total != Running::default());
    (sum, totals.collect(), fits)
}

#[test]
fn totals_do_not_depend_on_the_order_of_arrival() {
    let mut compared = 0;
    for number in 0..2000 {
        let story = without_gauges(number);
        let in_order: Vec<usize> = (0..story.steps.len()).collect();
        let mut shuffled = in_order.clone();
        Dice::new(number).shuffle(&mut shuffled);
        // A void follows its event, wherever that went.
        let place = |index: &usize| shuffled.iter().position(|other| other == index).unwrap();
        let mut shuffled_again = shuffled.clone();
        shuffled_again.sort_by_key(|index| match &story.steps[*index] {
            Step::Void(event) => (place(event).max(place(index)), 1),
            Step::Record(_) => (place(index), 0),
        });
        let (first, second) = (play(&story, &in_order), play(&story, &shuffled_again));
        if first.2 && second.2 {
            assert_eq!(
                first, second,
                "table {number}: order {shuffled_again:?} at {}",
                story.price
            );
            compared += usize::from(in_order != shuffled_again);
        }
    }
    assert!(compared > 1000, "only {compared} stories came in another order");
}

#[test]
fn rating_again_is_identity_and_a_preview_moves_nothing() {
    for number in 0..2000 {
        let story = without_gauges(number);
        let mut ground = Ground::new([price(1, &story.price)]);
        for step in &story.steps {
            let Step::Record(plain) = step else { continue };
            let (event, before) = (told(plain), ground.state.clone());
            let price = ground.book.price_for(&event, Currency::USD).unwrap();
            let foreseen = preview(price, category(), &event, &ground.state);
            let mut again = before.clone();
            let rated = rate(price, category(), &event, &mut again);
            let recorded = ground.record(event);
            assert_eq!(
                [&foreseen, &rated],
                [&recorded, &recorded],
                "table {number}: {plain:?}"
            );
            assert_eq!(again, ground.state, "table {number}: {plain:?}");
            if recorded.cost.is_none() {
                assert_eq!(
                    before, ground.state,
                    "table {number}: an unpriced event moved a total"
                );
            }
        }
    }
}

#[test]
fn splitting_a_use_changes_nothing_where_the_total_is_rated() {
    let mut dice = Dice::new(1);
    let mut compared = 0;
    for number in 0..500 {
        let component = dice.cumulative();
        let json = format!(r#"{{"period": "total", "components": {{"tokens": {component}}}}}"#);
        let whole = 1 + dice.below(3_000_000);
        let mut parts = Vec::new();
        let mut left = whole;
        while left > 0 {
            let part = 1 + dice.below(left);
            parts.push(part);
            left -= part;
        }
        let cost = |parts: &[usize]| {
            let mut ground = Ground::new([price(1, &json)]);
            let words = parts.iter().map(|part| format!("tokens={part}.000000001"));
            let charges = words.map(|word| ground.record(event("e", &[&word])));
            charges
                .map(|charge| charge.cost.map(|_| pico(&charge)))
                .sum::<Option<BigInt>>()
        };
        // The same nano-units on both sides: each part carries one of its own.
        let nanos = parts.len();
        let mut ground = Ground::new([price(1, &json)]);
        let together = ground.record(event("e", &[&format!("tokens={whole}.{nanos:09}")]));
        // More than one event may cost, whole or in a part: nothing to compare.
        let (Some(apart), Some(_)) = (cost(&parts), together.cost) else {
            continue;
        };
        compared += 1;
        assert_eq!(apart, pico(&together), "table {number}: {parts:?} at {component}");
    }
    assert!(compared > 300, "only {compared} of 500 tables compared");
}
