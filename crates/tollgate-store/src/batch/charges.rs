//! Charges of a batch, packed so that any one of them can be read without unpacking the others.
//!
//! What charges of a batch have in common is kept once: where the cost comes from, and which measures its lines name
//! (their *shape*). What is left of a charge is two codes and a few amounts.

use super::Damage;
use super::packed::Packed;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tollgate_core::charge::{Charge, ChargeLine, CostSource, LineKind, Unpriced};
use tollgate_core::id::PriceId;
use tollgate_core::money::Money;
use tollgate_core::quantity::Quantity;
use tollgate_core::text::Key;

/// The charges of a batch's events, by row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Charges {
    sources: Vec<Source>,
    source: Packed,
    shapes: Vec<Shape>,
    shape: Packed,
    /// Of the lines of all events, one event after another; for an asserted cost one amount without a line.
    quantities: Packed,
    amounts: Packed,
    /// Where each event's lines begin; empty when all events have the same number of lines.
    #[serde(skip)]
    starts: Vec<u32>,
}

/// The lines of a charge, without their amounts.
type Shape = Vec<(Key, Kind)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Kind {
    Usage,
    Reversal,
    Adjustment,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Source {
    Priced(u128),
    Asserted,
    NoPrice,
    NoComponent(Key),
    TooLarge,
}

impl Charges {
    /// The number of events.
    pub(crate) fn len(&self) -> usize {
        self.source.len()
    }

    /// Bytes it takes in memory, nearly.
    pub(crate) fn bytes(&self) -> usize {
        let columns = [&self.source, &self.shape, &self.quantities, &self.amounts];
        let shapes: usize = self
            .shapes
            .iter()
            .map(|shape| size_of::<Shape>() + shape.len() * size_of::<(Key, Kind)>())
            .sum();
        columns.map(Packed::bytes).iter().sum::<usize>()
            + shapes
            + self.sources.len() * size_of::<Source>()
            + self.starts.len() * size_of::<u32>()
            + size_of::<Self>()
    }

    /// Checks what was decoded and makes it ready to be read.
    pub(crate) fn ready(mut self, rows: usize) -> Result<Self, Damage> {
        self.source.check(rows)?;
        self.shape.check(rows)?;
        let lines = self.lengths()?;
        let total: usize = lines.iter().sum();
        self.quantities.check(total)?;
        self.amounts.check(total)?;
        self.starts = starts(&lines);
        Ok(self)
    }

    /// The charge of one row.
    pub(crate) fn charge(&self, row: usize) -> Result<Charge, Damage> {
        let missing = Damage("a charge is not there");
        let source = self.sources.get(self.source.value(row) as usize).ok_or(missing)?;
        let shape = self.shapes.get(self.shape.value(row) as usize).ok_or(missing)?;
        let start = match self.starts.get(row) {
            Some(start) => *start as usize,
            None => row * self.amounts.len().checked_div(self.len()).unwrap_or(0),
        };
        let amount = |line: usize| {
            Money::from_pico(self.amounts.value(start + line)).ok_or(Damage("an amount does not fit"))
        };
        let lines = shape.iter().enumerate().map(|(line, (measure, kind))| {
            Ok(ChargeLine {
                measure: measure.clone(),
                quantity: Quantity::from_nano(self.quantities.value(start + line)),
                amount: amount(line)?,
                kind: (*kind).into(),
            })
        });
        let charge = match source {
            Source::Priced(price) => {
                Charge::priced(PriceId::from_bits(*price), lines.collect::<Result<_, Damage>>()?)
            }
            Source::Asserted => Charge::asserted(amount(0)?),
            Source::NoPrice => Charge::unpriced(Unpriced::NoPrice),
            Source::NoComponent(measure) => Charge::unpriced(Unpriced::NoComponent(measure.clone())),
            Source::TooLarge => Charge::unpriced(Unpriced::TooLarge),
        };
        Ok(charge)
    }

    /// How many amounts each event has.
    fn lengths(&self) -> Result<Vec<usize>, Damage> {
        let missing = Damage("a charge has a source or shape that is not there");
        let sources = self.source.to_codes()?;
        let shapes = self.shape.to_codes()?;
        let lengths = sources.iter().zip(&shapes).map(|(source, shape)| {
            let source = self.sources.get(*source as usize).ok_or(missing)?;
            let shape = self.shapes.get(*shape as usize).ok_or(missing)?;
            Ok(shape.len() + usize::from(*source == Source::Asserted))
        });
        lengths.collect()
    }
}

fn starts(lengths: &[usize]) -> Vec<u32> {
    let same = lengths.windows(2).all(|pair| pair.first() == pair.last());
    if same {
        return Vec::new();
    }
    let mut next = 0;
    lengths
        .iter()
        .map(|length| {
            let start = next;
            next += *length as u32;
            start
        })
        .collect()
}

/// Packs charges one after another.
#[derive(Debug, Default)]
pub(super) struct Packer {
    sources: Codes<Source>,
    source: Vec<u32>,
    shapes: Codes<Shape>,
    shape: Vec<u32>,
    quantities: Vec<i128>,
    amounts: Vec<i128>,
    lengths: Vec<usize>,
}

impl Packer {
    /// Room for the charges of this many events, of some two lines each.
    pub(super) fn with_capacity(events: usize) -> Self {
        Self {
            source: Vec::with_capacity(events),
            shape: Vec::with_capacity(events),
            quantities: Vec::with_capacity(2 * events),
            amounts: Vec::with_capacity(2 * events),
            lengths: Vec::with_capacity(events),
            ..Self::default()
        }
    }

    pub(super) fn push(&mut self, charge: &Charge) {
        let source = match &charge.source {
            CostSource::Priced(price) => Source::Priced(price.bits()),
            CostSource::Asserted => Source::Asserted,
            CostSource::Unpriced(Unpriced::NoPrice) => Source::NoPrice,
            CostSource::Unpriced(Unpriced::NoComponent(measure)) => Source::NoComponent(measure.clone()),
            CostSource::Unpriced(Unpriced::TooLarge) => Source::TooLarge,
        };
        let before = self.amounts.len();
        if source == Source::Asserted {
            self.quantities.push(0);
            self.amounts.push(charge.cost.map_or(0, Money::pico));
        }
        for line in &charge.lines {
            self.quantities.push(line.quantity.nano());
            self.amounts.push(line.amount.pico());
        }
        self.lengths.push(self.amounts.len() - before);
        self.source
            .push(self.sources.code(|known| *known == source, || source.clone()));
        let same = |shape: &Shape| {
            let mut pairs = shape.iter().zip(&charge.lines);
            shape.len() == charge.lines.len()
                && pairs.all(|((key, kind), line)| *kind == line.kind.into() && *key == line.measure)
        };
        let make = || {
            charge
                .lines
                .iter()
                .map(|line| (line.measure.clone(), line.kind.into()))
                .collect()
        };
        self.shape.push(self.shapes.code(same, make));
    }

    pub(super) fn finish(self) -> Charges {
        Charges {
            sources: self.sources.values,
            source: Packed::codes(&self.source),
            shapes: self.shapes.values,
            shape: Packed::codes(&self.shape),
            quantities: Packed::amounts(&self.quantities),
            amounts: Packed::amounts(&self.amounts),
            starts: starts(&self.lengths),
        }
    }
}

/// Distinct values in the order of their first use.
#[derive(Debug)]
struct Codes<T> {
    values: Vec<T>,
    by_value: HashMap<T, u32>,
    last: u32,
}

impl<T> Default for Codes<T> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            by_value: HashMap::new(),
            last: 0,
        }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Codes<T> {
    /// The code of the value that `is` recognises; it is made only when the last one was another.
    fn code(&mut self, is: impl Fn(&T) -> bool, make: impl FnOnce() -> T) -> u32 {
        if self.values.get(self.last as usize).is_some_and(&is) {
            return self.last;
        }
        let value = make();
        self.last = match self.by_value.get(&value) {
            Some(code) => *code,
            None => {
                let code = self.values.len() as u32;
                self.values.push(value.clone());
                self.by_value.insert(value, code);
                code
            }
        };
        self.last
    }
}

impl From<LineKind> for Kind {
    fn from(kind: LineKind) -> Self {
        match kind {
            LineKind::Usage => Self::Usage,
            LineKind::Reversal => Self::Reversal,
            LineKind::Adjustment => Self::Adjustment,
        }
    }
}

impl From<Kind> for LineKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Usage => Self::Usage,
            Kind::Reversal => Self::Reversal,
            Kind::Adjustment => Self::Adjustment,
        }
    }
}
