//! What amounts cost: each model of a component, said once, with fractions.

use crate::model::number::{Exact, exact, whole};
use crate::model::rule::number;
use num_traits::{Signed, Zero};
use serde_json::Value;

/// Whether a component rates a running total.
pub fn is_cumulative(component: &Value) -> bool {
    matches!(
        component["model"].as_str(),
        Some("graduated" | "volume" | "package")
    )
}

/// Whether a component charges an event once, whatever the amounts.
pub fn is_per_event(component: &Value) -> bool {
    matches!(component["model"].as_str(), Some("per_request" | "flat"))
}

/// Whether a stated use of zero costs something.
pub fn charges_zero(component: &Value) -> bool {
    component["zero_usage"] == "flat"
}

/// What so much costs on its own; `unit` is the measure's unit.
pub fn simple(component: &Value, used: &Exact, requests: &Exact, unit: &str) -> Exact {
    let amount = number(&component["amount"]);
    match component["model"].as_str().unwrap() {
        "per_unit" => amount * used / per(component),
        "per_thousand" => amount * used / exact("1000"),
        "per_million" => amount * used / exact("1000000"),
        "per_minute" => amount * used * seconds_in(unit) / exact("60"),
        "per_second" => amount * used * seconds_in(unit),
        "per_request" => amount * requests,
        "flat" => amount,
        other => panic!("{other} rates a running total"),
    }
}

/// F: what a running total costs; `events` is how many went into it.
pub fn total(component: &Value, used: &Exact, events: i64) -> Exact {
    if used.is_zero() && events == 0 {
        return whole(0);
    }
    match component["model"].as_str().unwrap() {
        "package" => package(component, used),
        "graduated" if used.is_positive() => graduated(component, used),
        "volume" if used.is_positive() => volume(component, used),
        _ if used.is_zero() && charges_zero(component) => optional(&component["tiers"][0]["flat_amount"]),
        // Below zero, where a late reading took a total for a while, the first tier goes on.
        _ => used * optional(&component["tiers"][0]["unit_amount"]) / per(component),
    }
}

fn graduated(component: &Value, used: &Exact) -> Exact {
    let mut cost = whole(0);
    let mut below = whole(0);
    for tier in component["tiers"].as_array().unwrap() {
        if *used <= below {
            break;
        }
        let end = end(tier).filter(|end| end < used).unwrap_or_else(|| used.clone());
        let inside = &end - &below;
        cost += optional(&tier["flat_amount"]) + optional(&tier["unit_amount"]) * inside / per(component);
        below = end;
    }
    cost
}

fn volume(component: &Value, used: &Exact) -> Exact {
    let mut tiers = component["tiers"].as_array().unwrap().iter();
    let reached = tiers
        .find(|tier| end(tier).is_none_or(|end| *used <= end))
        .unwrap();
    optional(&reached["flat_amount"]) + optional(&reached["unit_amount"]) * used / per(component)
}

fn package(component: &Value, used: &Exact) -> Exact {
    let charged = used - optional(&component["free_units"]);
    if !charged.is_positive() {
        return whole(0);
    }
    let packages = charged / number(&component["size"]);
    let counted = if component["round"] == "down" {
        packages.floor()
    } else {
        packages.ceil()
    };
    counted * number(&component["amount"])
}

fn end(tier: &Value) -> Option<Exact> {
    (!tier["up_to"].is_null()).then(|| number(&tier["up_to"]))
}

fn optional(json: &Value) -> Exact {
    if json.is_null() { whole(0) } else { number(json) }
}

fn per(component: &Value) -> Exact {
    if component["per"].is_null() {
        whole(1)
    } else {
        number(&component["per"])
    }
}

fn seconds_in(unit: &str) -> Exact {
    match unit.trim_end_matches('s') {
        "millisecond" => exact("0.001"),
        "second" => whole(1),
        "minute" => whole(60),
        "hour" => whole(3600),
        other => panic!("{other} is no unit of time"),
    }
}
