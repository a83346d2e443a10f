//! Random price tables and events, each table reproducible from its number.

use crate::oracle::{MEASURES, Plain};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A price table and what happens under it.
pub(crate) struct Story {
    /// `components`, `period` and the like; the rest of the price is the ground's.
    pub(crate) price: String,
    pub(crate) steps: Vec<Step>,
}

pub(crate) enum Step {
    Record(Plain),
    /// Takes the event recorded in this step back.
    Void(usize),
}

pub(crate) struct Dice(StdRng);

impl Dice {
    pub(crate) fn new(number: u64) -> Self {
        Self(StdRng::seed_from_u64(number))
    }

    fn one_in(&mut self, chances: u32) -> bool {
        self.0.random_ratio(1, chances)
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from.choose(&mut self.0).unwrap().clone()
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        items.shuffle(&mut self.0);
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// A number with at most so many whole digits and decimal places; small ones are likely, zero and round ones too.
    fn number(&mut self, digits: usize, places: usize) -> String {
        let extreme = self.one_in(8);
        let digits = if extreme { digits } else { digits.min(6) };
        let places = if extreme || self.one_in(3) {
            places
        } else {
            places.min(4)
        };
        let whole = match self.below(5) {
            0 => 0,
            1 => self.power(digits - 1),
            _ => {
                let end = self.power(digits);
                self.0.random_range(0..end)
            }
        };
        let places = self.0.random_range(0..=places);
        let fraction: String = (0..places)
            .map(|_| self.pick(&['0', '1', '5', '9', '3']))
            .collect();
        match places {
            0 => whole.to_string(),
            _ => format!("{whole}.{fraction}"),
        }
    }

    /// A power of ten up to the one of so many zeros.
    fn power(&mut self, zeros: usize) -> u64 {
        10_u64.pow(self.0.random_range(0..=zeros as u32))
    }

    fn above_zero(&mut self, digits: usize, places: usize) -> String {
        let number = self.number(digits, places);
        match number.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
            true => number,
            false => "7".to_owned(),
        }
    }

    fn amount(&mut self) -> Value {
        self.number(18, 18).into()
    }

    fn quantity(&mut self) -> String {
        match self.one_in(100) {
            true => "1000000000000000000".to_owned(),
            false => self.number(17, 9),
        }
    }

    fn per(&mut self) -> Value {
        match self.below(6) {
            0 => "2592000000000000".into(),
            1 => "1000000000000000000".into(),
            2 => self.above_zero(9, 9).into(),
            _ => self.above_zero(6, 3).into(),
        }
    }

    fn tiers(&mut self) -> Value {
        let mut end = 0;
        let mut tiers = Vec::new();
        for _ in 0..self.below(4) {
            let most = self.power(6);
            end += self.0.random_range(1..=most);
            let end = match self.one_in(4) {
                true => format!("{end}.{:03}", self.0.random_range(0..1000)),
                false => end.to_string(),
            };
            tiers.push(self.tier(Some(end)));
        }
        tiers.push(self.tier(None));
        tiers.into()
    }

    fn tier(&mut self, up_to: Option<String>) -> Value {
        let mut tier = json!({ "up_to": up_to });
        let which = self.below(3);
        if which != 0 {
            tier["unit_amount"] = self.amount();
        }
        if which != 1 {
            tier["flat_amount"] = self.amount();
        }
        tier
    }

    fn multipliers(&mut self) -> Value {
        let windows: Vec<Value> = (0..self.0.random_range(1..=3))
            .map(|_| {
                let mut window = json!({ "factor": self.pick(&["0", "0.5", "1.25", "3", "0.3333", "1000"]) });
                if self.one_in(2) {
                    window["days"] = json!([
                        self.pick(&["mon", "tue", "wed"]),
                        self.pick(&["fri", "sat", "sun"])
                    ]);
                }
                if self.one_in(2) {
                    window["from"] = self.pick(&["00:00", "08:30", "22:00", "23:59"]).into();
                }
                if self.one_in(2) {
                    window["to"] = self.pick(&["00:01", "08:30", "17:00", "24:00"]).into();
                }
                window
            })
            .collect();
        windows.into()
    }

    fn component(&mut self, measure: &str) -> Value {
        let time = MEASURES
            .iter()
            .any(|(name, _, unit_ms, ..)| *name == measure && unit_ms.is_some());
        let gauge = measure == "bytes";
        let model = self.pick(match (time, gauge) {
            (true, _) => &["per_minute", "per_second", "per_unit", "graduated", "package"],
            (_, true) => &["per_unit", "per_million", "graduated", "volume", "package"],
            _ => &[
                "per_unit",
                "per_thousand",
                "per_million",
                "per_request",
                "flat",
                "graduated",
                "volume",
                "package",
            ],
        });
        let mut component = json!({ "model": model });
        let mut period = None;
        if matches!(model, "graduated" | "volume") {
            component["tiers"] = self.tiers();
            if !gauge && self.one_in(3) {
                component["zero_usage"] = self.pick(&["flat", "free"]).into();
            }
        } else {
            component["amount"] = self.amount();
        }
        if matches!(model, "per_unit" | "graduated" | "volume") && self.one_in(3) {
            component["per"] = self.per();
        }
        if model == "package" {
            component["size"] = self.above_zero(6, 9).into();
            if self.one_in(2) {
                component["free_units"] = self.number(5, 2).into();
            }
            if self.one_in(2) {
                component["round"] = self.pick(&["up", "down"]).into();
            }
        }
        if matches!(model, "graduated" | "volume" | "package") {
            let periods: &[&str] = if gauge {
                &["month", "total"]
            } else {
                &["month", "event", "total"]
            };
            period = Some(self.pick(periods));
            component["period"] = period.into();
        }
        if !gauge && matches!(period, None | Some("event")) && self.one_in(4) {
            component["multipliers"] = self.multipliers();
        }
        component
    }

    /// A component that rates a total.
    pub(crate) fn cumulative(&mut self) -> Value {
        loop {
            let mut component = self.component("bytes");
            if component.get("period").is_some() {
                component["period"] = "total".into();
                return component;
            }
        }
    }

    fn condition(&mut self) -> Value {
        let name = self.pick(&["tokens", "total_tokens", "requests", "cached", "searches"]);
        let how = self.pick(&["above", "at_least", "below", "at_most"]);
        json!({ name: { how: self.pick(&["0", "1", "10", "100", "1000.5", "100000"]) } })
    }

    fn alternatives(&mut self, measure: &str) -> Value {
        if measure == "bytes" || self.one_in(2) {
            return self.component(measure);
        }
        let mut plain = 0;
        let alternatives: Vec<Value> = (0..self.0.random_range(1..=4))
            .map(|_| {
                let mut component = self.component(measure);
                plain += 1;
                if plain > 1 || self.one_in(2) {
                    component["when"] = self.condition();
                }
                component
            })
            .collect();
        alternatives.into()
    }

    /// The amounts of an event: mostly of measures that have a price.
    fn amounts(&mut self, priced: &[&str]) -> BTreeMap<String, String> {
        let mut amounts = BTreeMap::new();
        for (measure, ..) in MEASURES {
            let chances = if priced.contains(&measure) { 2 } else { 200 };
            let part_of_priced =
                priced.contains(&"tokens") && matches!(measure, "cached" | "drafts" | "written");
            if self.one_in(if part_of_priced { 3 } else { chances }) {
                amounts.insert(measure.to_owned(), self.quantity());
            }
        }
        amounts.entry("requests".to_owned()).or_insert("1".to_owned());
        amounts
    }

    /// Mostly January 2024, else up to two months around it, on both sides of a leap day.
    fn second(&mut self) -> i64 {
        let january = 1_704_067_200;
        match self.one_in(3) {
            true => january + self.0.random_range(-2_678_400..5_356_800),
            false => january + self.0.random_range(0..2_678_400),
        }
    }

    pub(crate) fn story(&mut self) -> Story {
        let names: Vec<&str> = MEASURES.iter().map(|(name, ..)| *name).collect();
        let mut components = Map::new();
        for _ in 0..self.0.random_range(1..=4) {
            let measure = self.pick(&names);
            let measure = if self.one_in(2) { "tokens" } else { measure };
            components.insert(measure.to_owned(), self.alternatives(measure));
        }
        let priced: Vec<&str> = names
            .into_iter()
            .filter(|name| components.contains_key(*name))
            .collect();
        let mut steps = Vec::new();
        let mut open = Vec::new();
        for number in 0..self.0.random_range(1..=8) {
            if !open.is_empty() && self.one_in(3) {
                let place = self.below(open.len());
                steps.push(Step::Void(open.swap_remove(place)));
                continue;
            }
            open.push(steps.len());
            steps.push(Step::Record(Plain {
                name: format!("e{number}"),
                organization: self.pick(&["acme", "acme", "acme", "globex"]).to_owned(),
                user: self.pick(&["u", "u", "v"]).to_owned(),
                second: self.second(),
                amounts: self.amounts(&priced),
            }));
        }
        Story {
            price: json!({ "components": components }).to_string(),
            steps,
        }
    }
}
