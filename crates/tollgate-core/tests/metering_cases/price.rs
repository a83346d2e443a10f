//! Kind `price`: what an amount of usage costs under a model.

use crate::ground::{self, Ground};
use crate::{Case, Verdict, normal};
use serde_json::{Value, json};
use tollgate_core::decimal::Decimal;
use tollgate_core::money::Money;

const SPEND_BOUNDS: &str = "a minimum or maximum spend of a period belongs to invoices, which are not ours";
const PRORATION: &str = "a price for part of a period belongs to subscriptions, which are not ours";
const EVENT_BOUNDS: &str =
    "a fee per event with its own minimum, maximum or free allowance is a payment fee, not usage";
const BLOCKS_IN_TIERS: &str = "packages inside tiers: a component is one or the other";
const STATED: &str =
    "the price stands on the event: that is `cost`, which is recorded as stated and not rated";
const CONVERTED: &str =
    "units rounded before they are priced lose parts when split; `per` and `package` rate the total";

pub(crate) fn judge(case: &Case) -> Verdict {
    let known: &[&str] = match case.text("model") {
        "unit" => &["unit_price", "units", "pre_units"],
        "graduated" | "volume" if case.has("tier_select_units") => return Verdict::NoCounterpart(PRORATION),
        "graduated" | "volume" | "graduated_percentage" => &["tiers", "units", "pre_units"],
        "package" => &[
            "package_size",
            "package_price",
            "free_units",
            "round",
            "units",
            "pre_units",
        ],
        "bucketed" => &["price", "bucket_units"],
        "lines" => &[
            "price",
            "units",
            "pre_units",
            "previously_billed",
            "min",
            "max",
            "last",
        ],
        "percentage" if case.has("free_units") || case.has("free_events") => {
            return Verdict::NoCounterpart(EVENT_BOUNDS);
        }
        "percentage_per_event"
            if ["txn_min", "txn_max", "free_events"]
                .iter()
                .any(|field| case.has(field)) =>
        {
            return Verdict::NoCounterpart(EVENT_BOUNDS);
        }
        "percentage" => &[
            "rate_pct",
            "fixed",
            "count",
            "units",
            "running_total",
            "free_units",
            "free_events",
        ],
        "percentage_per_event" => &[
            "rate_pct",
            "fixed",
            "event_units",
            "txn_min",
            "txn_max",
            "free_events",
        ],
        "tiered_blocks" => return Verdict::NoCounterpart(BLOCKS_IN_TIERS),
        "dynamic" => return Verdict::NoCounterpart(STATED),
        "converted" => return Verdict::NoCounterpart(CONVERTED),
        other => return Verdict::Unknown(format!("model {other:?}")),
    };
    if let Some(field) = case.stranger(&[known, &["model"]].concat()) {
        return Verdict::Unknown(format!("{} with {field}", case.text("model")));
    }
    let Some(want) = case.expected.get("amount").and_then(Value::as_str) else {
        return Verdict::Unknown("no amount is expected".to_owned());
    };
    match case.text("model") {
        "lines" => lines(case, want),
        "bucketed" => bucketed(case, want),
        "percentage" | "percentage_per_event" => percentage(case, want),
        _ => plain(case, want),
    }
}

/// The component that a case's price is here. Where peers disagree about a use of zero, each gets its own way: that
/// is a field of ours.
fn component(case: &Case, price: &Value) -> Value {
    let zero_usage = if case.peer() == "flexprice" {
        "free"
    } else {
        "flat"
    };
    let tiers = |unit: &dyn Fn(&Value) -> String| -> Vec<Value> {
        let tiers = price["tiers"].as_array().unwrap().iter();
        let tier = |tier: &Value| {
            let flat = tier["flat"].as_str().unwrap_or("0");
            json!({"up_to": tier["up_to"], "unit_amount": unit(tier), "flat_amount": flat})
        };
        tiers.map(tier).collect()
    };
    let unit = |tier: &Value| tier["unit"].as_str().unwrap_or("0").to_owned();
    match price["model"].as_str().unwrap() {
        "unit" => json!({"model": "per_unit", "amount": price["unit_price"]}),
        "package" => {
            let mut component =
                json!({"model": "package", "amount": price["package_price"], "size": price["package_size"]});
            for field in ["free_units", "round"] {
                if let Some(value) = price.get(field) {
                    component[field] = value.clone();
                }
            }
            component
        }
        "graduated_percentage" => {
            let tiers = tiers(&|tier| percent(tier["rate_pct"].as_str().unwrap()));
            json!({"model": "graduated", "zero_usage": zero_usage, "tiers": tiers})
        }
        model => json!({"model": model, "zero_usage": zero_usage, "tiers": tiers(&unit)}),
    }
}

/// A percentage as a fraction.
fn percent(text: &str) -> String {
    let rate = Decimal::parse(text).unwrap();
    Decimal::from_parts(rate.mantissa(), rate.scale() + 2).to_string()
}

/// Records uses of `tokens` one after another and gives what each cost.
fn record(components: &Value, uses: &[&str]) -> Vec<Money> {
    let price = ground::price(1, &json!({"components": components}).to_string());
    let mut ground = Ground::new([price]);
    let charge = |units: &&str| {
        let event = ground::event("use", &[&format!("tokens={units}")]);
        ground.record(event).cost.unwrap()
    };
    uses.iter().map(charge).collect()
}

fn sum(costs: &[Money]) -> Money {
    let add = |sum: Money, cost: &Money| sum.checked_add(*cost).unwrap();
    costs.iter().fold(Money::ZERO, add)
}

fn run(got: Money, want: &str) -> Verdict {
    let (got, want) = (got.to_string(), normal(want));
    Verdict::Run { got, want }
}

/// Units on top of those before: what the last use costs.
fn plain(case: &Case, want: &str) -> Verdict {
    let components = json!({"tokens": component(case, &case.input)});
    let uses: Vec<&str> = ["pre_units", "units"]
        .into_iter()
        .filter(|field| case.has(field))
        .map(|f| case.text(f))
        .collect();
    let costs = record(&components, &uses);
    run(*costs.last().unwrap(), want)
}

/// The total so far less what was billed; runs where no bound on the spend changes it.
fn lines(case: &Case, want: &str) -> Verdict {
    let components = json!({"tokens": component(case, &case.input["price"])});
    let uses: Vec<&str> = ["pre_units", "units"]
        .into_iter()
        .filter(|field| case.has(field))
        .map(|f| case.text(f))
        .collect();
    let total = sum(&record(&components, &uses));
    let bound = |field: &str| {
        case.has(field)
            .then(|| case.text(field).parse::<Money>().unwrap())
    };
    let is_last = case.input.get("last") == Some(&Value::Bool(true));
    let raised = is_last && bound("min").is_some_and(|min| total < min);
    if raised || bound("max").is_some_and(|max| total > max) {
        return Verdict::NoCounterpart(SPEND_BOUNDS);
    }
    let billed = bound("previously_billed").unwrap_or_default();
    run(total.checked_sub(billed).unwrap(), want)
}

/// Each bucket by itself: events whose total ends with them.
fn bucketed(case: &Case, want: &str) -> Verdict {
    let mut component = component(case, &case.input["price"]);
    if component["model"] != "per_unit" {
        component["period"] = "event".into();
    }
    let uses: Vec<&str> = case.input["bucket_units"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u.as_str().unwrap())
        .collect();
    run(sum(&record(&json!({ "tokens": component }), &uses)), want)
}

/// A share of each use and a fixed fee for each event.
fn percentage(case: &Case, want: &str) -> Verdict {
    let components = json!({
        "tokens": {"model": "per_unit", "amount": percent(case.text("rate_pct"))},
        "requests": {"model": "flat", "amount": case.text("fixed")},
    });
    let uses: Vec<String> = match case.input.get("event_units").and_then(Value::as_array) {
        Some(units) => units
            .iter()
            .map(|units| units.as_str().unwrap().to_owned())
            .collect(),
        None => {
            let others = case.input["count"].as_u64().unwrap() - 1;
            std::iter::once(case.text("units").to_owned())
                .chain((0..others).map(|_| "0".to_owned()))
                .collect()
        }
    };
    let uses: Vec<&str> = uses.iter().map(String::as_str).collect();
    run(sum(&record(&components, &uses)), want)
}
