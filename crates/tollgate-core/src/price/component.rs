//! Components: what one measure costs at one price, and which of several alternatives applies.

use super::condition::Bound;
use super::model::{Curve, Rate};
use super::parts::RatingPeriod;
use super::schedule::{Factor, Window, factor_at};
use crate::category::{Category, Measure};
use crate::event::Event;
use crate::text::Key;
use crate::time::Timestamp;

/// What one measure costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// The measure.
    pub(super) measure: Key,
    /// In the order in which they are tried: those with conditions as written, then the one without.
    pub(super) alternatives: Vec<Alternative>,
}

/// One way to charge a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alternative {
    /// Its place as written.
    pub(super) index: u16,
    /// What an event must keep for it to exist.
    pub(super) bounds: Vec<Bound>,
    /// How usage becomes cost.
    pub(super) model: Model,
    /// Whether it converts the measure's unit of time, so that a part counted in another unit cannot use it.
    pub(super) converts_time: bool,
    /// Its schedule.
    pub(super) windows: Vec<Window>,
}

/// How usage becomes cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// A rate on the amount of the measure.
    Measured(Rate),
    /// A rate on the event's requests.
    Requests(Rate),
    /// A rate on the event itself.
    Event(Rate),
    /// A function of the running total.
    Running(Curve, RatingPeriod),
}

impl Component {
    /// The alternative that applies to an event.
    pub(super) fn choose(&self, category: &Category, event: &Event) -> Option<&Alternative> {
        self.alternatives.iter().find(|alternative| {
            alternative
                .bounds
                .iter()
                .all(|bound| bound.holds(category, event))
        })
    }
}

impl Alternative {
    /// Whether the price of a parent can be used for one of its parts.
    pub(super) fn covers(&self, part: &Measure, parent: &Measure) -> bool {
        part.kind == parent.kind && (!self.converts_time || part.unit == parent.unit)
    }

    /// What its cost is multiplied with at an instant.
    pub(super) fn factor(&self, at: Timestamp) -> Factor {
        factor_at(&self.windows, at)
    }
}
