//! Charges of the model, and how they compare with the core's.

use crate::model::number::{Exact, exact, text};
use tollgate_core::charge::{CostSource, LineKind};
use tollgate_core::id::PriceId;

/// What an event costs, in plain values that print well when they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The sum of the lines as decimal text; `None` when nobody knows it.
    pub amount: Option<String>,
    /// How it is known.
    pub known: Known,
    /// The lines: measure, quantity, amount, kind.
    pub lines: Vec<(String, String, String, LineKind)>,
}

/// How a cost is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Computed from this price.
    By(PriceId),
    /// Stated by the caller.
    Stated,
    /// Not known, for this reason.
    Not(String),
}

/// A line of a charge.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The measure.
    pub measure: String,
    /// How much of it.
    pub quantity: Exact,
    /// What that costs.
    pub amount: Exact,
    /// Why it is there.
    pub kind: LineKind,
}

impl Cost {
    /// Nobody knows it.
    pub fn unknown(reason: &str) -> Self {
        let known = Known::Not(reason.to_owned());
        Self {
            amount: None,
            known,
            lines: Vec::new(),
        }
    }

    /// The caller said it.
    pub fn stated(amount: &Exact) -> Self {
        Self {
            amount: Some(text(amount)),
            known: Known::Stated,
            lines: Vec::new(),
        }
    }

    /// The sum of these lines.
    pub fn priced(price: PriceId, lines: &[Line]) -> Self {
        let sum: Exact = lines.iter().map(|line| line.amount.clone()).sum();
        let lines = lines
            .iter()
            .map(|l| (l.measure.clone(), text(&l.quantity), text(&l.amount), l.kind));
        Self {
            amount: Some(text(&sum)),
            known: Known::By(price),
            lines: lines.collect(),
        }
    }

    /// The exact amount.
    pub fn exact(&self) -> Option<Exact> {
        self.amount.as_deref().map(exact)
    }
}

impl From<&tollgate_core::charge::Charge> for Cost {
    fn from(charge: &tollgate_core::charge::Charge) -> Self {
        let known = match &charge.source {
            CostSource::Priced(id) => Known::By(*id),
            CostSource::Asserted => Known::Stated,
            CostSource::Unpriced(reason) => Known::Not(format!("{reason:?}")),
        };
        let lines = charge.lines.iter().map(|line| {
            (
                line.measure.to_string(),
                line.quantity.to_string(),
                line.amount.to_string(),
                line.kind,
            )
        });
        Self {
            amount: charge.cost.map(|cost| cost.to_string()),
            known,
            lines: lines.collect(),
        }
    }
}
