//! Rating: from an event and its price to a charge.
//!
//! Each measure the event uses gives a line. A measure takes the component that applies to the event; a part without
//! one takes its parent's. Not here: voids ([`super::reversal`]) and finding the price ([`super::PriceBook`]).
//!
//! Invariants: the state moves only if the whole event is priced; lines stand in the order of the measures' names, so
//! that rating an event again from the same totals gives the same charge.

use super::Price;
use super::component::{Alternative, Component, Model};
use super::parts::RatingPeriod;
use super::state::{Moved, Moves, RatingKey, RatingState, RatingWindow, Running, Total};
use crate::category::{Category, Measure, MeasureKind};
use crate::charge::{Charge, ChargeLine, LineKind, Unpriced};
use crate::event::Event;
use crate::money::Money;
use crate::period::Period;
use crate::quantity::Quantity;
use crate::text::Key;
use crate::time::Timestamp;
use smallvec::SmallVec;
use std::collections::HashMap;

/// An event together with what its gauges gained.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// The event.
    pub event: &'a Event,
    /// For each gauge: by how much the event changed the integral of its timeline, in unit-seconds. A gauge that is
    /// not listed gained nothing.
    pub gained: &'a [(Key, Quantity)],
}

impl<'a> From<&'a Event> for Usage<'a> {
    fn from(event: &'a Event) -> Self {
        Self { event, gained: &[] }
    }
}

impl Usage<'_> {
    /// How much of a gauge the event used.
    pub(super) fn gained(&self, gauge: &Key) -> Quantity {
        self.gained
            .iter()
            .find(|(key, _)| key == gauge)
            .map_or(Quantity::ZERO, |(_, quantity)| *quantity)
    }
}

/// Charges an event at a price and moves the running totals; an unpriced event moves none.
///
/// The price must be one for the event (see [`super::PriceBook::price_for`]). An event whose cost the caller stated is
/// not rated.
pub fn rate<'a>(
    price: &Price,
    category: &Category,
    usage: impl Into<Usage<'a>>,
    state: &mut dyn RatingState,
) -> Charge {
    let (charge, moved) = assess(price, category, usage.into(), state);
    if charge.cost.is_some() {
        moved.put_into(state);
    }
    charge
}

/// Says what [`rate`] would charge, and moves nothing.
pub fn preview<'a>(
    price: &Price,
    category: &Category,
    usage: impl Into<Usage<'a>>,
    state: &dyn RatingState,
) -> Charge {
    assess(price, category, usage.into(), state).0
}

/// Says what [`rate`] would charge at most, whatever the running totals have come to.
///
/// Gauges cost by the time that their level will last, which nobody knows before; they count as nothing.
pub fn bound(price: &Price, category: &Category, event: &Event) -> Charge {
    let nothing: HashMap<RatingKey, Running> = HashMap::new();
    let mut rater = Rater::over(price, category, event.into(), &nothing);
    rater.is_bound = true;
    match event.asserted {
        Some(cost) => Charge::asserted(cost),
        None => rater.charge().unwrap_or_else(Charge::unpriced),
    }
}

fn assess(price: &Price, category: &Category, usage: Usage<'_>, state: &dyn RatingState) -> (Charge, Moved) {
    let mut rater = Rater::over(price, category, usage, state);
    let charge = match usage.event.asserted {
        Some(cost) => Charge::asserted(cost),
        None => rater.charge().unwrap_or_else(Charge::unpriced),
    };
    (charge, rater.moves.finish())
}

struct Rater<'a> {
    price: &'a Price,
    category: &'a Category,
    usage: Usage<'a>,
    moves: Moves<'a>,
    /// Components that charge an event once however many measures use them, and have done so.
    charged_once: SmallVec<[(&'a Key, u16); 2]>,
    /// Whether totals that go on count as the worst that they could be.
    is_bound: bool,
}

impl<'a> Rater<'a> {
    fn over(price: &'a Price, category: &'a Category, usage: Usage<'a>, state: &'a dyn RatingState) -> Self {
        Self {
            price,
            category,
            usage,
            moves: Moves::over(state),
            charged_once: SmallVec::new(),
            is_bound: false,
        }
    }

    fn charge(&mut self) -> Result<Charge, Unpriced> {
        let event = self.usage.event;
        let mut lines = SmallVec::new();
        // `requests` stands apart on an event, and among the names here.
        let place = event
            .measures
            .partition_point(|(key, _)| key.as_str() < "requests");
        let (before, after) = event.measures.split_at(place);
        let named = |(key, quantity): &'a (Key, Quantity)| (key.as_str(), *quantity);
        let amounts = before
            .iter()
            .map(named)
            .chain([("requests", event.requests)])
            .chain(after.iter().map(named));
        for (name, stated) in amounts {
            if let Some(measure) = self.category.measure(name)
                && let Some(line) = self.line(measure, stated)?
            {
                lines.push(line);
            }
        }
        let charge = Charge::priced(self.price.id, lines);
        match charge.cost {
            Some(cost) if !cost.is_event_cost() => Err(Unpriced::TooLarge),
            _ => Ok(charge),
        }
    }

    /// The line of a measure of which the event states an amount.
    fn line(&mut self, measure: &'a Measure, stated: Quantity) -> Result<Option<ChargeLine>, Unpriced> {
        let used = match measure.kind {
            MeasureKind::Counter => stated,
            MeasureKind::Gauge => self.usage.gained(&measure.name),
            // Refused in prices, so there is nothing to charge.
            MeasureKind::Unique(_) => return Ok(None),
        };
        let Some((component, alternative)) = chosen(self.price, self.category, measure, self.usage.event)
        else {
            let needs_price = measure.billable && !(used.is_zero() && stated.is_zero());
            return match needs_price {
                true => Err(Unpriced::NoComponent(measure.name.clone())),
                false => Ok(None),
            };
        };
        let charges_zero = matches!(&alternative.model, Model::Running(curve, _) if curve.charges_zero());
        if used.is_zero() && !charges_zero || self.is_charged(component, alternative) {
            return Ok(None);
        }
        let amount = self
            .amount(component, alternative, used)
            .ok_or(Unpriced::TooLarge)?;
        Ok(Some(ChargeLine {
            measure: measure.name.clone(),
            quantity: used,
            amount,
            kind: LineKind::Usage,
        }))
    }

    /// Whether the component charges events once and has charged this one. Two parts of a measure with a flat price
    /// are one use of it.
    fn is_charged(&mut self, component: &'a Component, alternative: &Alternative) -> bool {
        if !matches!(alternative.model, Model::Event(_) | Model::Requests(_)) {
            return false;
        }
        let this = (&component.measure, alternative.index);
        let charged = self.charged_once.contains(&this);
        if !charged {
            self.charged_once.push(this);
        }
        charged
    }

    fn amount(&mut self, component: &Component, alternative: &Alternative, used: Quantity) -> Option<Money> {
        let event = self.usage.event;
        let factor = alternative.factor(event.at);
        let pico = match &alternative.model {
            Model::Measured(rate) => rate.cost(used.nano(), factor)?,
            Model::Requests(rate) => rate.cost(event.requests.nano(), factor)?,
            Model::Event(rate) => rate.cost(Quantity::ONE.nano(), factor)?,
            Model::Running(curve, period) if self.is_bound && *period != RatingPeriod::Event => {
                curve.steepest(used.nano(), factor)?
            }
            Model::Running(curve, _) => {
                let total = total(self.price, component, alternative, event);
                let (before, after) = self.moves.shift(&total, used, 1)?;
                curve
                    .cost(after, factor)?
                    .checked_sub(curve.cost(before, factor)?)?
            }
        };
        Money::from_pico(pico)
    }
}

/// The component and alternative that charge a measure of an event: its own, else its parent's.
pub(super) fn chosen<'a>(
    price: &'a Price,
    category: &Category,
    measure: &Measure,
    event: &Event,
) -> Option<(&'a Component, &'a Alternative)> {
    let own = price.component(measure.name.as_str());
    if let Some(component) = own
        && let Some(alternative) = component.choose(category, event)
    {
        return Some((component, alternative));
    }
    // What is not billable costs nothing unless somebody prices it by name.
    let parent = measure.parent.as_ref().filter(|_| measure.billable)?;
    let component = price.component(parent.as_str())?;
    let alternative = component.choose(category, event)?;
    let parent = category.measure(parent.as_str())?;
    alternative
        .covers(measure, parent)
        .then_some((component, alternative))
}

/// The running total that a cumulative component has for an event.
pub(super) fn total<'a>(
    price: &Price,
    component: &'a Component,
    alternative: &Alternative,
    event: &'a Event,
) -> Total<'a> {
    let period = match alternative.model {
        Model::Running(_, period) => period,
        _ => RatingPeriod::Event,
    };
    Total {
        organization: &event.scope.organization,
        price: price.id,
        measure: &component.measure,
        alternative: alternative.index,
        window: window(period, price, event.at),
    }
}

fn window(period: RatingPeriod, price: &Price, at: Timestamp) -> Option<RatingWindow> {
    match period {
        RatingPeriod::Month => Some(RatingWindow::Month(Period::Month.window(&price.zone, at).start)),
        RatingPeriod::Total => Some(RatingWindow::Total),
        RatingPeriod::Event => None,
    }
}
