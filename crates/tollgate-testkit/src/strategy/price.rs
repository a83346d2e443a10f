//! Random prices.

use super::{instants, maybe, one_of};
use crate::fixture::{CHAT, DISK, PriceDraft, price};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Amounts of money: round ones, ones that do not divide evenly, ones below the last place of money.
const MONEY: &[&str] = &[
    "1",
    "0",
    "0.5",
    "2.50",
    "0.333333333333",
    "0.0000000000001",
    "7",
    "0.000001",
];

/// A price that makes sense by itself: for few categories, matches and instants, in every model.
pub fn price_draft() -> impl Strategy<Value = PriceDraft> {
    let category = prop_oneof![4 => Just(CHAT), 2 => Just(DISK), 1 => Just("api.request")];
    let matches = (
        maybe(0.4, one_of(&["m1", "m2"])),
        maybe(0.2, one_of(&["eu", "us"])),
    );
    let from = prop_oneof![3 => Just("2020-01-01T00:00:00Z"), 2 => instants()];
    let when = (from, maybe(0.15, instants()));
    let whose = (maybe(0.2, one_of(&["acme", "beta"])), maybe(0.15, Just("EUR")));
    let how = (
        maybe(0.3, one_of(&["America/Los_Angeles", "Asia/Kathmandu"])),
        maybe(0.3, period()),
    );
    (category, matches, when, whose, how).prop_flat_map(|(category, matches, when, whose, how)| {
        components(category)
            .prop_map(move |components| drafted(category, matches, when, (whose, how), components))
    })
}

/// A price in dollars for every use of a category since 2020.
pub fn broad_price(category: &'static str) -> impl Strategy<Value = PriceDraft> {
    components(category).prop_map(move |components| {
        drafted(
            category,
            (None, None),
            ("2020-01-01T00:00:00Z", None),
            Default::default(),
            components,
        )
    })
}

type Whose = (Option<&'static str>, Option<&'static str>);

fn drafted(
    category: &str,
    (model, region): (Option<&str>, Option<&str>),
    (from, until): (&str, Option<&str>),
    ((organization, currency), (zone, period)): (Whose, Whose),
    components: Vec<(&str, Value)>,
) -> PriceDraft {
    let mut draft = price(category).from(from);
    for (key, value) in [("model", model), ("region", region)] {
        draft = value.map_or(draft.clone(), |value| draft.only(key, value));
    }
    // An end that is not after the beginning is none.
    let end = until.filter(|until| crate::fixture::at(until) > crate::fixture::at(from));
    draft = end.map_or(draft.clone(), |until| draft.until(until));
    draft = organization.map_or(draft.clone(), |organization| draft.organization(organization));
    draft = currency.map_or(draft.clone(), |currency| draft.currency(currency));
    draft = zone.map_or(draft.clone(), |zone| draft.zone(zone));
    draft = period.map_or(draft.clone(), |period| draft.period(period));
    components.into_iter().fold(draft, |draft, (measure, component)| {
        draft.component(measure, component)
    })
}

fn period() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&["month", "total", "event"])
}

fn components(category: &'static str) -> BoxedStrategy<Vec<(&'static str, Value)>> {
    match category {
        CHAT => {
            let several = (
                counter("token"),
                counter("token"),
                maybe(0.3, counter("token")),
                maybe(0.2, counter("second")),
            );
            several
                .prop_map(|(input, output, cached, seconds)| {
                    let optional = [("cached", cached), ("seconds", seconds)];
                    let optional = optional
                        .into_iter()
                        .filter_map(|(name, component)| Some((name, component?)));
                    [("input", input), ("output", output)]
                        .into_iter()
                        .chain(optional)
                        .collect()
                })
                .boxed()
        }
        DISK => (gauge(), maybe(0.6, counter("read")))
            .prop_map(|(bytes, reads)| {
                [("bytes", bytes)]
                    .into_iter()
                    .chain(reads.map(|reads| ("reads", reads)))
                    .collect()
            })
            .boxed(),
        _ => counter("request")
            .prop_map(|requests| vec![("requests", requests)])
            .boxed(),
    }
}

/// What a counter costs: one component, sometimes with conditional ones before it.
fn counter(unit: &'static str) -> impl Strategy<Value = Value> {
    let conditional = proptest::collection::vec((component(unit), bound(unit)), 0..2);
    (component(unit), conditional).prop_map(|(last, conditional)| {
        if conditional.is_empty() {
            return last;
        }
        let when = |(mut component, bound): (Value, Value)| {
            component["when"] = bound;
            component
        };
        conditional.into_iter().map(when).chain([last]).collect()
    })
}

fn bound(unit: &str) -> impl Strategy<Value = Value> {
    let amount = one_of(&["100", "0", "10"]);
    let measures: &[&str] = match unit {
        "token" | "second" => &["input", "total_input", "requests"],
        _ => &["requests", "total_requests"],
    };
    (
        one_of(measures),
        one_of(&["above", "at_least", "below", "at_most"]),
        amount,
    )
        .prop_map(|(measure, how, amount)| json!({measure: {how: amount}}))
}

fn component(unit: &'static str) -> impl Strategy<Value = Value> {
    let simple = (
        one_of(simple_models(unit)),
        one_of(MONEY),
        maybe(0.3, multiplier()),
    )
        .prop_map(|(model, amount, by)| {
            with(
                json!({"model": model, "amount": amount}),
                "multipliers",
                by.map(|by| json!([by])),
            )
        });
    let per = (one_of(MONEY), one_of(&["1", "3", "1000", "0.5"]))
        .prop_map(|(amount, per)| json!({"model": "per_unit", "amount": amount, "per": per}));
    prop_oneof![4 => simple, 1 => per, 4 => tiered(), 2 => package()]
}

fn simple_models(unit: &str) -> &'static [&'static str] {
    match unit {
        "second" => &["per_unit", "per_minute", "per_second"],
        _ => &["per_unit", "per_thousand", "per_million", "per_request", "flat"],
    }
}

fn multiplier() -> impl Strategy<Value = Value> {
    let hours = one_of(&["00:00", "08:30", "12:00", "22:00"]);
    let days = proptest::sample::subsequence(&["mon", "thu", "sat", "sun"][..], 1..=3);
    let zone = maybe(0.3, one_of(&["Europe/Berlin", "Australia/Lord_Howe"]));
    (
        one_of(&["2", "0.5", "1.3333"]),
        hours.clone(),
        hours,
        maybe(0.5, days),
        zone,
    )
        .prop_map(|(factor, from, to, days, zone)| {
            let window = json!({"factor": factor, "from": from, "to": to});
            with(
                with(window, "days", days.map(Value::from)),
                "timezone",
                zone.map(Value::from),
            )
        })
}

fn tiered() -> impl Strategy<Value = Value> {
    let tier = || (one_of(MONEY), maybe(0.4, one_of(MONEY)));
    let ends = proptest::sample::subsequence(&["2", "100", "1000"][..], 0..=3);
    let model = one_of(&["graduated", "volume"]);
    let extra = (
        maybe(0.3, period()),
        maybe(0.3, Just("flat")),
        maybe(0.2, one_of(&["1", "1000"])),
    );
    (model, ends, proptest::collection::vec(tier(), 4), extra).prop_map(
        |(model, ends, tiers, (period, zero, per))| {
            let ends = ends.into_iter().map(Value::from).chain([Value::Null]);
            let tiers: Vec<Value> = ends
                .zip(tiers)
                .map(|(end, (unit, flat))| {
                    with(
                        json!({"up_to": end, "unit_amount": unit}),
                        "flat_amount",
                        flat.map(Value::from),
                    )
                })
                .collect();
            let component = with(
                json!({"model": model, "tiers": tiers}),
                "period",
                period.map(Value::from),
            );
            with(
                with(component, "zero_usage", zero.map(Value::from)),
                "per",
                per.map(Value::from),
            )
        },
    )
}

fn package() -> impl Strategy<Value = Value> {
    let extra = (
        maybe(0.4, one_of(&["1", "100"])),
        maybe(0.3, one_of(&["up", "down"])),
        maybe(0.4, period()),
    );
    (one_of(MONEY), one_of(&["10", "1", "0.3", "1000"]), extra).prop_map(
        |(amount, size, (free, round, period))| {
            let package = json!({"model": "package", "amount": amount, "size": size});
            let package = with(package, "free_units", free.map(Value::from));
            with(
                with(package, "round", round.map(Value::from)),
                "period",
                period.map(Value::from),
            )
        },
    )
}

/// What a gauge costs: level × seconds, by the unit or by a running total of them.
fn gauge() -> impl Strategy<Value = Value> {
    let rate = (one_of(MONEY), one_of(&["2592000", "1", "3600"]))
        .prop_map(|(amount, per)| json!({"model": "per_unit", "amount": amount, "per": per}));
    let tiered =
        (one_of(MONEY), one_of(MONEY), one_of(&["graduated", "volume"])).prop_map(|(low, high, model)| {
            let tiers = [
                json!({"up_to": "1000000", "unit_amount": low}),
                json!({"up_to": null, "unit_amount": high}),
            ];
            json!({"model": model, "tiers": tiers, "period": "total", "per": "3600"})
        });
    prop_oneof![2 => rate, 1 => tiered]
}

/// The object with a field more, when there is something to put in it.
fn with(mut object: Value, field: &str, value: Option<Value>) -> Value {
    let map: &mut Map<String, Value> = object.as_object_mut().unwrap();
    map.extend(value.map(|value| (field.to_owned(), value)));
    object
}
