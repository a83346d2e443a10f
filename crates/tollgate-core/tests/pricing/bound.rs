//! What a use costs at most is never less than what it costs, whatever the running totals have come to.

use crate::ground::{category, price};
use crate::money::{pico, tables, told};
use crate::oracle::Plain;
use crate::random::{Dice, Step};
use num_bigint::BigInt;
use serde_json::Value;
use tollgate_core::charge::Charge;
use tollgate_core::event::Event;
use tollgate_core::price::{Price, RatingKey, RatingState, Running, bound, preview};
use tollgate_core::quantity::Quantity;

/// Running totals that have all come to the same.
#[derive(Clone, Copy, Debug)]
struct Everywhere(Running);

impl RatingState for Everywhere {
    fn running(&self, _: &RatingKey) -> Running {
        self.0
    }

    fn put(&mut self, _: RatingKey, _: Running) {}
}

/// Totals at which something may begin or end: the numbers of the price, and those that the event comes up to from below.
fn places(components: &Value, event: &Event) -> Vec<i128> {
    fn numbers(value: &Value, found: &mut Vec<i128>) {
        match value {
            Value::String(text) => found.extend(text.parse::<Quantity>().map(Quantity::nano)),
            Value::Array(items) => items.iter().for_each(|item| numbers(item, found)),
            Value::Object(fields) => fields.values().for_each(|field| numbers(field, found)),
            _ => {}
        }
    }
    let mut ends = vec![0];
    numbers(components, &mut ends);
    let sums: Vec<i128> = ends
        .iter()
        .flat_map(|a| ends.iter().map(move |b| a + b))
        .collect();
    ends.extend(sums);
    let used: Vec<i128> = event
        .measures
        .iter()
        .map(|(_, quantity)| quantity.nano())
        .chain([0])
        .collect();
    ends.iter()
        .flat_map(|end| used.iter().map(move |used| end - used))
        .collect()
}

/// What the event costs from totals of all kinds.
fn charges(dice: &mut Dice, (price, components): (&Price, &Value), event: &Event) -> Vec<(Running, Charge)> {
    let places = places(components, event);
    let from = |dice: &mut Dice| {
        let near = dice.pick(&places) + dice.pick(&[0, 0, 1, -1, 2, 999_999_999, 1_000_000_000]);
        let nano = match dice.below(3) {
            0 => near.max(0),
            1 => near.max(0) * 3,
            _ => i128::try_from(dice.below(2_000_000_000_000)).unwrap(),
        };
        Running {
            quantity: Quantity::from_nano(nano),
            events: if nano == 0 {
                dice.pick(&[0, 0, 1, 5])
            } else {
                dice.pick(&[1, 7])
            },
        }
    };
    let charge = |total: Running| (total, preview(price, category(), event, &Everywhere(total)));
    let mut all = vec![charge(Running::default())];
    all.extend((0..12).map(|_| charge(from(dice))));
    all
}

/// Whether some component adds up events.
fn is_cumulative(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            matches!(
                fields.get("period").and_then(Value::as_str),
                Some("month" | "total")
            ) || fields.values().any(is_cumulative)
        }
        Value::Array(items) => items.iter().any(is_cumulative),
        _ => false,
    }
}

#[derive(Debug, Default)]
struct Seen {
    compared: usize,
    exact: usize,
    reached: usize,
    unknown: usize,
}

fn compare(number: u64, seen: &mut Seen) {
    let mut dice = Dice::new(number);
    let story = dice.story();
    let json: Value = serde_json::from_str(&story.price).unwrap();
    let price = price(1, &story.price);
    for step in &story.steps {
        let Step::Record(plain) = step else { continue };
        check((number, &mut dice), (&price, &json), plain, seen);
    }
}

fn check((number, dice): (u64, &mut Dice), (price, json): (&Price, &Value), plain: &Plain, seen: &mut Seen) {
    let event = told(plain);
    let most = bound(price, category(), &event);
    let mut dearest = BigInt::ZERO;
    let mut is_known = false;
    for (total, charge) in charges(dice, (price, json), &event) {
        let Some(cost) = charge.cost else { continue };
        is_known = true;
        let context =
            || format!("table {number}: {plain:?} from {total:?} at {json}: {charge:?} above {most:?}");
        match most.cost {
            Some(_) => assert!(pico(&most) >= BigInt::from(cost.pico()), "{}", context()),
            None => continue,
        }
        seen.compared += 1;
        dearest = dearest.max(BigInt::from(cost.pico()));
        if !is_cumulative(json) {
            assert!(
                pico(&most) - BigInt::from(cost.pico()) <= BigInt::from(1),
                "{}",
                context()
            );
            seen.exact += 1;
        }
    }
    seen.unknown += usize::from(is_known && most.cost.is_none());
    seen.reached +=
        usize::from(most.cost.is_some() && pico(&most) - dearest <= BigInt::from(most.lines.len()));
}

#[test]
fn nothing_costs_more_than_its_bound_from_any_running_total() {
    let mut seen = Seen::default();
    for number in 0..tables() {
        compare(number, &mut seen);
    }
    println!("{seen:?}");
    // Where the worst total is more than money can be, the bound is not known although a lesser one is.
    assert!(seen.compared > 50 * seen.unknown && seen.exact > 1000, "{seen:?}");
    // The bound is no mere guess: with a few totals tried, most uses come up to theirs.
    assert!(seen.reached * 26 > seen.compared, "{seen:?}");
}

/// Money for one of something such that a nano-unit costs so many thousandths of a pico-unit.
fn fine(thousandths: u32) -> String {
    format!("0.{thousandths:06}")
}

#[test]
fn nothing_costs_more_than_its_bound_where_rounding_is_all_there_is() {
    let mut dice = Dice::new(7);
    let slope =
        |dice: &mut Dice| fine(dice.pick(&[0, 100, 249, 250, 251, 333, 499, 500, 501, 750, 999, 1000, 1500]));
    for _ in 0..300 {
        let ends = dice.pick(&[[3, 7], [1, 2], [4, 9], [5, 6], [10, 11]]);
        let mut tier = |end: Option<i32>| {
            let flat = dice.pick(&["0", "0.0000000000005", "0.000000000001", "0.0000000000004999"]);
            let up_to = end.map(|end| format!("0.{end:09}"));
            serde_json::json!({"up_to": up_to, "unit_amount": slope(&mut dice), "flat_amount": flat})
        };
        let tiers = [tier(Some(ends[0])), tier(Some(ends[1])), tier(None)];
        let package = serde_json::json!({
            "model": "package", "size": dice.pick(&["0.000000001", "0.000000003", "0.000000004"]), "period": "total",
            "amount": dice.pick(&["0.0000000000005", "0.00000000000025", "0.0000000000015"]),
            "free_units": dice.pick(&["0", "0.000000002"]), "round": dice.pick(&["up", "down"]),
        });
        let curve = |model: &str| serde_json::json!({"model": model, "tiers": tiers, "period": "total"});
        for component in [curve("graduated"), curve("volume"), package] {
            let json = serde_json::json!({"components": {"tokens": component}}).to_string();
            let price = price(1, &json);
            for nano in 1..8 {
                let event = crate::ground::event("e", &[&format!("tokens=0.{nano:09}")]);
                let most = pico(&bound(&price, category(), &event));
                for total in 0..30_i128 {
                    let running = Running {
                        quantity: Quantity::from_nano(total),
                        events: i64::from(total > 0),
                    };
                    let cost = pico(&preview(&price, category(), &event, &Everywhere(running)));
                    assert!(
                        most >= cost,
                        "{nano} nano-units from {total}: {cost} above {most} at {json}"
                    );
                }
            }
        }
    }
}
