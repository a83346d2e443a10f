//! Kind `cost`: what an event of several measures costs, and what is said when nobody knows.

use crate::ground::{self, Ground, show};
use crate::{Case, Verdict, normal};
use serde_json::{Map, Value, json};
use tollgate_core::charge::CostSource;

/// Measures that have nothing to do with each other, one for each line of a case.
const MEASURES: [&str; 4] = ["tokens", "searches", "minutes", "hours"];

pub(crate) fn judge(case: &Case) -> Verdict {
    if let Some(field) = case.stranger(&["lines", "meaning"]) {
        return Verdict::Unknown(format!("a cost with {field}"));
    }
    match &case.input["lines"] {
        Value::Array(lines) if lines.len() <= MEASURES.len() => known(case, lines),
        Value::String(_) if case.expected["cost"].is_null() => unknown(),
        other => Verdict::Unknown(format!("lines {other}")),
    }
}

/// Amounts, each at its price per unit.
fn known(case: &Case, lines: &[Value]) -> Verdict {
    let mut components = Map::new();
    let mut words = Vec::new();
    for (measure, line) in MEASURES.iter().zip(lines) {
        components.insert(
            (*measure).to_owned(),
            json!({"model": "per_unit", "amount": line[1]}),
        );
        words.push(format!("{measure}={}", line[0].as_str().unwrap()));
    }
    let price = ground::price(1, &json!({"components": components}).to_string());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let charge = Ground::new([price]).record(ground::event("use", &words));
    Verdict::Run {
        got: charge.cost.unwrap().to_string(),
        want: normal(case.expected["cost"].as_str().unwrap()),
    }
}

/// No price matches: no cost, and a reason.
fn unknown() -> Verdict {
    let price =
        json!({"match": {"model": "known"}, "components": {"tokens": {"model": "flat", "amount": "1"}}});
    let charge =
        Ground::new([ground::price(1, &price.to_string())]).record(ground::event("use", &["tokens=1"]));
    let reason = matches!(charge.source, CostSource::Unpriced(_)) && charge.cost.is_none();
    Verdict::Run {
        got: if reason {
            "null, with a reason".to_owned()
        } else {
            show(&charge)
        },
        want: "null, with a reason".to_owned(),
    }
}
