//! Running totals: what cumulative components remember from event to event.
//!
//! The totals live with the caller, in a [`RatingState`]; rating reads them and, when an event is recorded, moves them.
//!
//! Invariant: a total is the sum of what moved it, so it does not depend on the order of events.

use crate::id::PriceId;
use crate::quantity::Quantity;
use crate::text::{Key, Label};
use crate::time::Timestamp;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// What a running total is kept for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RatingKey {
    /// Whose usage.
    pub organization: Label,
    /// At which price.
    pub price: PriceId,
    /// Of which of its components.
    pub component: ComponentId,
    /// In which window.
    pub window: RatingWindow,
}

/// A component within its price.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId {
    /// The measure it stands under. Parts of that measure without a component of their own count in it too.
    pub measure: Key,
    /// Its place among the measure's alternatives as written.
    pub alternative: u16,
}

/// The window of a running total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RatingWindow {
    /// The month that begins at this instant.
    Month(Timestamp),
    /// All time.
    Total,
}

/// A running total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Running {
    /// How much was used.
    pub quantity: Quantity,
    /// By how many events, less those taken back.
    pub events: i64,
}

/// Where running totals are kept.
pub trait RatingState {
    /// The total under a key; nothing when no event has moved it.
    fn running(&self, key: &RatingKey) -> Running;

    /// Puts a new total in place of the one under the key.
    fn put(&mut self, key: RatingKey, running: Running);
}

impl<S: BuildHasher> RatingState for HashMap<RatingKey, Running, S> {
    fn running(&self, key: &RatingKey) -> Running {
        self.get(key).copied().unwrap_or_default()
    }

    fn put(&mut self, key: RatingKey, running: Running) {
        self.insert(key, running);
    }
}

/// The totals of one event while it is rated: read from the state, written back only when the whole event is priced.
pub(super) struct Moves<'a> {
    state: &'a dyn RatingState,
    moved: Vec<Move>,
}

struct Move {
    component: ComponentId,
    /// `None` for a total that ends with the event.
    key: Option<RatingKey>,
    running: Running,
}

/// The totals to put into the state.
pub(super) struct Moved(Vec<Move>);

impl<'a> Moves<'a> {
    pub(super) fn over(state: &'a dyn RatingState) -> Self {
        Self {
            state,
            moved: Vec::new(),
        }
    }

    /// Moves the total that a component has in a window by an amount and gives it before and after; `events` is 1 for
    /// an event and −1 for one taken back, and counts once however many measures move the total. `None` when the
    /// total would not fit.
    pub(super) fn shift(
        &mut self,
        total: &Total<'_>,
        quantity: Quantity,
        events: i64,
    ) -> Option<(Running, Running)> {
        let known = self.moved.iter_mut().find(|known| {
            known.component.alternative == total.alternative && known.component.measure == *total.measure
        });
        if let Some(known) = known {
            let before = known.running;
            known.running.quantity = before.quantity.checked_add(quantity)?;
            return Some((before, known.running));
        }
        let component = ComponentId {
            measure: total.measure.clone(),
            alternative: total.alternative,
        };
        let key = total.window.map(|window| RatingKey {
            organization: total.organization.clone(),
            price: total.price,
            component: component.clone(),
            window,
        });
        let before = key
            .as_ref()
            .map(|key| self.state.running(key))
            .unwrap_or_default();
        let running = Running {
            quantity: before.quantity.checked_add(quantity)?,
            events: before.events.checked_add(events)?,
        };
        self.moved.push(Move {
            component,
            key,
            running,
        });
        Some((before, running))
    }

    /// Lets go of the state, so that what was moved can be put into it.
    pub(super) fn finish(self) -> Moved {
        Moved(self.moved)
    }
}

impl Moved {
    /// Puts the totals into the state.
    pub(super) fn put_into(self, state: &mut dyn RatingState) {
        for moved in self.0 {
            if let Some(key) = moved.key {
                state.put(key, moved.running);
            }
        }
    }
}

/// Which total a component moves for an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total<'a> {
    pub(super) organization: &'a Label,
    pub(super) price: PriceId,
    pub(super) measure: &'a Key,
    pub(super) alternative: u16,
    /// `None` for a total that ends with the event.
    pub(super) window: Option<RatingWindow>,
}
