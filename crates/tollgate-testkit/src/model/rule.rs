//! A price as the model reads it: straight from its JSON, and which one an event has.

use crate::fixture::{PriceDraft, Sent, at};
use crate::model::number::{Exact, exact, whole};
use jiff::civil::Weekday;
use serde_json::Value;
use std::collections::BTreeMap;
use tollgate_core::category::{Category, MeasureKind};
use tollgate_core::id::PriceId;
use tollgate_core::time::Timestamp;
use tollgate_core::zone::Zone;

/// A price with its id.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id.
    pub id: PriceId,
    /// The first instant at which it holds.
    pub from: Timestamp,
    until: Option<Timestamp>,
    json: Value,
}

/// The component that charges a measure of an event.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// The measure it stands under.
    pub measure: &'a str,
    /// Its place among the alternatives.
    pub place: usize,
    /// The component as JSON.
    pub json: &'a Value,
}

impl Rule {
    /// The price of this draft.
    pub fn new(id: PriceId, draft: &PriceDraft) -> Self {
        let json = draft.json().clone();
        Self {
            id,
            from: at(json["effective_from"].as_str().unwrap()),
            until: json["effective_until"].as_str().map(at),
            json,
        }
    }

    /// The same price with this end, or none.
    pub fn ending(mut self, until: Option<&str>) -> Self {
        self.json["effective_until"] = Value::from(until);
        self.until = until.map(at);
        self
    }

    /// The price as JSON.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// A text of the price.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.json[field].as_str()
    }

    /// The zone of its months.
    pub fn zone(&self) -> Zone {
        Zone::parse(self.text("timezone").unwrap_or("UTC")).unwrap()
    }

    fn matches(&self) -> BTreeMap<&str, &str> {
        let pairs = self.json["match"].as_object().unwrap().iter();
        pairs
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap()))
            .collect()
    }

    fn fits(&self, sent: &Sent, (currency, instant): (&str, Timestamp)) -> bool {
        self.from <= instant
            && self.until.is_none_or(|until| instant < until)
            && self.text("category") == Some(&sent.category)
            && self.text("currency") == Some(currency)
            && self
                .text("organization")
                .is_none_or(|own| own == sent.organization)
            && self
                .matches()
                .iter()
                .all(|(key, value)| sent.dimensions.get(*key).is_some_and(|v| v == value))
    }

    /// What makes one price win over another: whose it is, and how specific.
    fn rank(&self) -> (bool, usize) {
        (self.text("organization").is_some(), self.matches().len())
    }

    /// The component that charges a measure: its own, else that of the measure it is a part of.
    pub fn component<'a>(
        &'a self,
        category: &'a Category,
        measure: &'a str,
        sent: &Sent,
    ) -> Option<Chosen<'a>> {
        if let Some(own) = self.applying(category, measure, sent) {
            return Some(own);
        }
        let part = category.measure(measure)?;
        let parent = category.measure(part.parent.as_ref()?.as_str())?;
        let chosen = self.applying(category, parent.name.as_str(), sent)?;
        let by_time = matches!(chosen.json["model"].as_str(), Some("per_minute" | "per_second"));
        let same = part.kind == parent.kind && (!by_time || part.unit == parent.unit);
        (part.billable && same).then_some(chosen)
    }

    fn applying<'a>(&'a self, category: &Category, measure: &'a str, sent: &Sent) -> Option<Chosen<'a>> {
        let written = &self.json["components"][measure];
        let all = match written {
            Value::Null => return None,
            Value::Array(several) => several.iter().collect(),
            one => vec![one],
        };
        let conditional = |json: &Value| json["when"].as_object().is_some_and(|when| !when.is_empty());
        let numbered = || {
            all.iter()
                .enumerate()
                .map(|(place, json)| Chosen { measure, place, json })
        };
        // The one without conditions is what is left when none of the others applies, wherever it stands.
        let first = numbered().find(|chosen| conditional(chosen.json) && holds(chosen.json, category, sent));
        first.or_else(|| numbered().find(|chosen| !conditional(chosen.json)))
    }
}

/// The price of a use: an organization's own first, then the more specific, then the later; panics on a tie.
pub fn rule_for<'a>(rules: &'a [Rule], sent: &Sent, currency: &str) -> Option<&'a Rule> {
    let best = best_of(rules, sent, currency);
    assert!(best.len() < 2, "two prices tie for {sent:?}: {best:#?}");
    best.first().copied()
}

/// The prices that nothing comes before: more than one is a tie. Of the same match written again, the later counts.
pub fn best_of<'a>(rules: &'a [Rule], sent: &Sent, currency: &str) -> Vec<&'a Rule> {
    let when = (currency, at(&sent.at));
    let mut best: Vec<&Rule> = rules.iter().filter(|rule| rule.fits(sent, when)).collect();
    let top = best.iter().map(|rule| rule.rank()).max();
    best.retain(|rule| Some(rule.rank()) == top);
    if best.windows(2).all(|pair| pair[0].matches() == pair[1].matches()) {
        let latest = best.iter().map(|rule| rule.from).max();
        best.retain(|rule| Some(rule.from) == latest);
    }
    best
}

fn holds(component: &Value, category: &Category, sent: &Sent) -> bool {
    let bounds = component["when"].as_object().into_iter().flatten();
    bounds.into_iter().all(|(name, bound)| {
        let amount = amount_of(name, category, sent);
        bound.as_object().unwrap().iter().all(|(how, limit)| {
            let limit = number(limit);
            match how.as_str() {
                "above" => amount > limit,
                "at_least" => amount >= limit,
                "below" => amount < limit,
                "at_most" => amount <= limit,
                other => panic!("no bound {other}"),
            }
        })
    })
}

fn amount_of(name: &str, category: &Category, sent: &Sent) -> Exact {
    if category.measure(name).is_some() {
        return stated(sent, name);
    }
    let parent = name.strip_prefix("total_").unwrap();
    let parts = category
        .measures()
        .iter()
        .filter(|m| m.parent.as_ref().is_some_and(|p| p.as_str() == parent));
    parts.fold(stated(sent, parent), |sum, part| {
        sum + stated(sent, part.name.as_str())
    })
}

/// The amount of a measure as it was sent; a request unless something else was said.
pub fn stated(sent: &Sent, measure: &str) -> Exact {
    match sent.measures.get(measure) {
        Some(text) => exact(text),
        None if measure == "requests" => whole(1),
        None => whole(0),
    }
}

/// A number in JSON, in a string or bare.
pub fn number(json: &Value) -> Exact {
    match json {
        Value::String(text) => exact(text),
        other => exact(&other.to_string()),
    }
}

/// What the first schedule window that holds at an instant multiplies with.
pub fn factor(component: &Value, rule: &Rule, instant: Timestamp) -> Exact {
    let windows = component["multipliers"].as_array().into_iter().flatten();
    let mut holding = windows
        .into_iter()
        .filter(|window| is_inside(window, rule, instant));
    holding
        .next()
        .map_or_else(|| whole(1), |window| number(&window["factor"]))
}

fn is_inside(window: &Value, rule: &Rule, instant: Timestamp) -> bool {
    let zone = window["timezone"]
        .as_str()
        .map_or_else(|| rule.zone(), |name| Zone::parse(name).unwrap());
    let local = instant.to_jiff().unwrap().to_zoned(zone.rules().clone());
    let clock = local.strftime("%H:%M").to_string();
    let (from, to) = (
        window["from"].as_str().unwrap_or("00:00"),
        window["to"].as_str().unwrap_or("24:00"),
    );
    let named = |weekday: Weekday| {
        let days = window["days"].as_array();
        days.is_none_or(|days| days.iter().any(|day| day == day_name(weekday)))
    };
    let clock = clock.as_str();
    if from < to {
        return named(local.weekday()) && from <= clock && clock < to;
    }
    (named(local.weekday()) && from <= clock) || (named(local.weekday().previous()) && clock < to)
}

fn day_name(weekday: Weekday) -> &'static str {
    let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    names[usize::try_from(weekday.to_monday_zero_offset()).unwrap()]
}

/// Whether a measure is charged by what its readings add up to.
pub fn is_gauge(category: &Category, measure: &str) -> bool {
    category
        .measure(measure)
        .is_some_and(|m| m.kind == MeasureKind::Gauge)
}
