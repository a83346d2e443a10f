//! Reversal: what a void of a charged event costs.
//!
//! Every line comes back exactly. Where the running total matters that is not the whole truth: what came after was
//! charged on top of the voided amount. So an adjustment line follows that leaves the sum at F(what remains), at the
//! price the event was charged at, even if that has ended since.
//!
//! Invariant: a void changes the state exactly opposite to its event.

use super::component::{Alternative, Component, Model};
use super::parts::RatingPeriod;
use super::rating::{Usage, chosen, total};
use super::schedule::Factor;
use super::state::{Moves, RatingState};
use super::{Price, PriceBook};
use crate::category::{Category, Measure, MeasureKind};
use crate::charge::{Charge, ChargeLine, CostSource, LineKind, Unpriced};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::text::Key;
use smallvec::SmallVec;

/// An event that is taken back.
#[derive(Clone, Copy, Debug)]
pub struct Voided<'a> {
    /// The event, and for each gauge by how much taking it out changed the integral of its timeline.
    pub usage: Usage<'a>,
    /// What it cost.
    pub charge: &'a Charge,
}

/// Charges the void of an event and moves the running totals back.
///
/// The void of an unpriced event is unpriced for the same reason, that of an asserted cost asserts the opposite.
pub fn reverse(
    book: &PriceBook,
    category: &Category,
    voided: Voided<'_>,
    state: &mut dyn RatingState,
) -> Charge {
    let original = voided.charge;
    let price = match (&original.source, original.cost) {
        (CostSource::Unpriced(reason), _) => return Charge::unpriced(reason.clone()),
        (CostSource::Asserted, cost) => return Charge::asserted(cost.unwrap_or_default().negated()),
        (CostSource::Priced(id), _) => *id,
    };
    let mut lines: SmallVec<[ChargeLine; 2]> = original.lines.iter().map(turned).collect();
    // A price that has priced something is never removed; were it, the exact reversal is all that can be said.
    let Some(known) = book.price(price) else {
        return Charge::priced(price, lines);
    };
    let mut reversal = Reversal {
        price: known,
        category,
        voided,
        moves: Moves::over(state),
    };
    for measure in category.measures() {
        match reversal.adjustment(measure) {
            Ok(line) => lines.extend(line),
            Err(reason) => return Charge::unpriced(reason),
        }
    }
    let moved = reversal.moves.finish();
    let charge = Charge::priced(price, lines);
    if charge.cost.is_some() {
        moved.put_into(state);
    }
    charge
}

fn turned(line: &ChargeLine) -> ChargeLine {
    ChargeLine {
        measure: line.measure.clone(),
        quantity: line.quantity.negated(),
        amount: line.amount.negated(),
        kind: LineKind::Reversal,
    }
}

struct Reversal<'a> {
    price: &'a Price,
    category: &'a Category,
    voided: Voided<'a>,
    moves: Moves<'a>,
}

impl Reversal<'_> {
    /// What reversing a measure's line leaves wrong.
    fn adjustment(&mut self, measure: &Measure) -> Result<Option<ChargeLine>, Unpriced> {
        let charged = self.charged(&measure.name);
        let (quantity, amount) = charged.unwrap_or_default();
        // A counter changes by what was charged. A gauge changes by what its timeline lost, which differs when other
        // readings came after, and may be something even where the event itself was charged nothing.
        let change = match measure.kind {
            MeasureKind::Gauge => self.voided.usage.gained(&measure.name),
            MeasureKind::Counter if charged.is_some() => quantity.negated(),
            MeasureKind::Counter | MeasureKind::Unique(_) => return Ok(None),
        };
        if charged.is_none() && change.is_zero() {
            return Ok(None);
        }
        let event = self.voided.usage.event;
        let Some((component, alternative)) = chosen(self.price, self.category, measure, event) else {
            return Ok(None);
        };
        let rest = change.checked_add(quantity).ok_or(Unpriced::TooLarge)?;
        let events = if charged.is_some() { -1 } else { 0 };
        let step = Step {
            change,
            rest,
            amount,
            events,
        };
        let pico = self
            .cost((component, alternative), step)
            .ok_or(Unpriced::TooLarge)?;
        if pico == 0 && rest.is_zero() {
            return Ok(None);
        }
        Ok(Some(ChargeLine {
            measure: measure.name.clone(),
            quantity: rest,
            amount: Money::from_pico(pico).ok_or(Unpriced::TooLarge)?,
            kind: LineKind::Adjustment,
        }))
    }

    fn cost(&mut self, (component, alternative): (&Component, &Alternative), step: Step) -> Option<i128> {
        match &alternative.model {
            Model::Measured(rate) => rate.cost(step.rest.nano(), Factor::ONE),
            // What such a component charged does not depend on any other event, so the reversal is exact.
            Model::Requests(_) | Model::Event(_) | Model::Running(_, RatingPeriod::Event) => Some(0),
            Model::Running(curve, _) => {
                let total = total(self.price, component, alternative, self.voided.usage.event);
                let (before, after) = self.moves.shift(&total, step.change, step.events)?;
                let due = curve
                    .cost(after, Factor::ONE)?
                    .checked_sub(curve.cost(before, Factor::ONE)?)?;
                due.checked_add(step.amount.pico())
            }
        }
    }

    /// How much of a measure the event was charged for, and how much money; `None` when it has no line.
    fn charged(&self, measure: &Key) -> Option<(Quantity, Money)> {
        self.voided
            .charge
            .lines
            .iter()
            .find(|line| line.measure == *measure)
            .map(|line| (line.quantity, line.amount))
    }
}

/// How a measure changes when its event is taken back.
struct Step {
    /// By how much its running total moves.
    change: Quantity,
    /// What of the change is not the reversed line.
    rest: Quantity,
    /// What the reversed line cost.
    amount: Money,
    /// How many events the total loses.
    events: i64,
}
