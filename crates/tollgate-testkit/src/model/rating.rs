//! Rating: what an event costs, from everything that was recorded before it.
//!
//! Nothing is kept between events. A running total is the sum of all moves so far under its key.

use crate::fixture::Sent;
use crate::model::Entry;
use crate::model::charge::{Cost, Known, Line};
use crate::model::curve;
use crate::model::number::{Exact, MONEY_PLACES, half_even, whole};
use crate::model::rule::{Chosen, Rule, factor, is_gauge, stated};
use crate::model::window::start_of;
use num_traits::Zero;
use std::collections::BTreeMap;
use tollgate_core::category::{Category, MeasureKind};
use tollgate_core::charge::LineKind;
use tollgate_core::id::PriceId;
use tollgate_core::period::Period;
use tollgate_core::time::Timestamp;

/// What a running total runs over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TotalKey {
    organization: String,
    price: PriceId,
    measure: String,
    alternative: usize,
    /// `None` for all time.
    month: Option<Timestamp>,
}

/// By how much an event moved a total.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// Which total.
    pub key: TotalKey,
    /// By how much.
    pub by: Exact,
    /// By how many events.
    pub events: i64,
}

/// What recording an event comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Rated {
    /// What it costs.
    pub cost: Cost,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The totals it moved.
    pub moves: Vec<Move>,
}

/// An event on its way to a charge.
#[derive(Clone, Copy, Debug)]
pub struct Rating<'a> {
    /// The price.
    pub rule: &'a Rule,
    /// The category.
    pub category: &'a Category,
    /// What was sent.
    pub sent: &'a Sent,
    /// When.
    pub at: Timestamp,
    /// By how much each gauge's integral changed.
    pub gained: &'a BTreeMap<String, Exact>,
    /// Everything recorded before.
    pub before: &'a [Entry],
}

impl Rated {
    /// Nobody knows the cost, and nothing moves.
    pub fn unknown(reason: &str) -> Self {
        Self {
            cost: Cost::unknown(reason),
            lines: Vec::new(),
            moves: Vec::new(),
        }
    }

    /// The caller said the cost, and nothing moves.
    pub fn stated(amount: &Exact) -> Self {
        Self {
            cost: Cost::stated(amount),
            lines: Vec::new(),
            moves: Vec::new(),
        }
    }
}

impl<'a> Rating<'a> {
    /// Charges the event.
    pub fn charge(&self) -> Rated {
        let mut rated = Rated {
            cost: Cost::priced(self.rule.id, &[]),
            lines: Vec::new(),
            moves: Vec::new(),
        };
        let mut once: Vec<(&str, usize)> = Vec::new();
        for measure in self.category.measures() {
            let name = measure.name.as_str();
            let is_listed = name == "requests" || self.sent.measures.contains_key(name);
            let used = match measure.kind {
                MeasureKind::Counter => stated(self.sent, name),
                MeasureKind::Gauge => self.gained.get(name).cloned().unwrap_or_else(|| whole(0)),
                MeasureKind::Unique(_) => continue,
            };
            if !is_listed {
                continue;
            }
            let Some(chosen) = self.rule.component(self.category, name, self.sent) else {
                if measure.billable && !(used.is_zero() && stated(self.sent, name).is_zero()) {
                    return Rated::unknown(&format!("NoComponent(Key({name:?}))"));
                }
                continue;
            };
            let is_free =
                used.is_zero() && !(curve::is_cumulative(chosen.json) && curve::charges_zero(chosen.json));
            if is_free || curve::is_per_event(chosen.json) && once.contains(&(chosen.measure, chosen.place)) {
                continue;
            }
            once.push((chosen.measure, chosen.place));
            let amount = self.amount(chosen, &used, measure.unit.as_str(), &mut rated.moves);
            rated.lines.push(Line {
                measure: name.to_owned(),
                quantity: used,
                amount,
                kind: LineKind::Usage,
            });
        }
        rated.cost = Cost::priced(self.rule.id, &rated.lines);
        rated
    }

    fn amount(&self, chosen: Chosen<'a>, used: &Exact, unit: &str, moves: &mut Vec<Move>) -> Exact {
        let factor = factor(chosen.json, self.rule, self.at);
        if !curve::is_cumulative(chosen.json) {
            let requests = stated(self.sent, "requests");
            return half_even(
                &(curve::simple(chosen.json, used, &requests, unit) * factor),
                MONEY_PLACES,
            );
        }
        let cost = |(used, events): &(Exact, i64)| {
            half_even(
                &(curve::total(chosen.json, used, *events) * &factor),
                MONEY_PLACES,
            )
        };
        let (before, after) = self.shift(chosen, used, 1, moves);
        cost(&after) - cost(&before)
    }

    /// Moves the running total of a component and gives it before and after, with its number of events.
    fn shift(
        &self,
        chosen: Chosen<'a>,
        by: &Exact,
        events: i64,
        moves: &mut Vec<Move>,
    ) -> ((Exact, i64), (Exact, i64)) {
        let key = self.key(chosen);
        let earlier = if self.period(chosen) == "event" {
            &[]
        } else {
            self.before
        };
        let mine = || moves.iter().filter(|m| m.key == key);
        // However many parts of a measure an event uses, it is one event.
        let events = if mine().next().is_some() { 0 } else { events };
        let earlier = earlier.iter().flat_map(|entry| &entry.rated.moves);
        let moved: Vec<&Move> = earlier.filter(|m| m.key == key).chain(mine()).collect();
        let quantity: Exact = moved.iter().map(|m| m.by.clone()).sum();
        let count: i64 = moved.iter().map(|m| m.events).sum();
        let after = (&quantity + by, count + events);
        moves.push(Move {
            key,
            by: by.clone(),
            events,
        });
        // The first line of an event moves the count of events with it.
        ((quantity, count), after)
    }

    fn key(&self, chosen: Chosen<'a>) -> TotalKey {
        let month = || start_of(Period::Month, &self.rule.zone(), self.at);
        TotalKey {
            organization: self.sent.organization.clone(),
            price: self.rule.id,
            measure: chosen.measure.to_owned(),
            alternative: chosen.place,
            month: (self.period(chosen) != "total").then(month),
        }
    }

    fn period(&self, chosen: Chosen<'a>) -> &'a str {
        chosen.json["period"]
            .as_str()
            .or(self.rule.text("period"))
            .unwrap_or("month")
    }

    /// Charges the void of an event that cost this; `gained` is what its gauges lose.
    pub fn reverse(&self, cost: &Cost, lines: &[Line]) -> Rated {
        match &cost.known {
            Known::Not(reason) => return Rated::unknown(reason),
            Known::Stated => return Rated::stated(&-cost.exact().unwrap()),
            Known::By(_) => {}
        }
        let mut rated = Rated {
            cost: cost.clone(),
            lines: Vec::new(),
            moves: Vec::new(),
        };
        rated.lines.extend(lines.iter().map(|line| Line {
            measure: line.measure.clone(),
            quantity: -line.quantity.clone(),
            amount: -line.amount.clone(),
            kind: LineKind::Reversal,
        }));
        for measure in self.category.measures() {
            let charged = lines.iter().find(|line| line.measure == measure.name.as_str());
            rated
                .lines
                .extend(self.adjustment(measure.name.as_str(), charged, &mut rated.moves));
        }
        rated.cost = Cost::priced(self.rule.id, &rated.lines);
        rated
    }

    /// What the exact reversal of a line leaves wrong, so that the sum is what the remaining events come to.
    fn adjustment(&self, measure: &str, charged: Option<&Line>, moves: &mut Vec<Move>) -> Option<Line> {
        let quantity = charged.map_or_else(|| whole(0), |line| line.quantity.clone());
        let change = match is_gauge(self.category, measure) {
            true => self.gained.get(measure).cloned().unwrap_or_else(|| whole(0)),
            false => -quantity.clone(),
        };
        if charged.is_none() && change.is_zero() {
            return None;
        }
        let chosen = self.rule.component(self.category, measure, self.sent)?;
        let rest = &change + quantity;
        let unit = self.category.measure(measure).unwrap().unit.as_str();
        let amount = if curve::is_per_event(chosen.json) {
            whole(0)
        } else if !curve::is_cumulative(chosen.json) {
            half_even(&curve::simple(chosen.json, &rest, &whole(0), unit), MONEY_PLACES)
        } else if self.period(chosen) == "event" {
            whole(0)
        } else {
            let cost = |(used, events): &(Exact, i64)| {
                half_even(&curve::total(chosen.json, used, *events), MONEY_PLACES)
            };
            let (before, after) = self.shift(chosen, &change, if charged.is_some() { -1 } else { 0 }, moves);
            cost(&after) - cost(&before) + charged.map_or_else(|| whole(0), |line| line.amount.clone())
        };
        let kind = LineKind::Adjustment;
        (!amount.is_zero() || !rest.is_zero()).then(|| Line {
            measure: measure.to_owned(),
            quantity: rest,
            amount,
            kind,
        })
    }
}
