//! Instances: how many different texts a field has, by slot.
//!
//! Each (slot, text) keeps its signed number of events, so that an event and its void leave nothing, in any order, and
//! cells count as well as events do.

use super::TallyError;
use super::settle::Settled;
use super::slot::{Level, NONE, index};
use crate::frame::ABSENT;
use crate::query::{Field, Value};
use smol_str::SmolStr;
use std::collections::HashMap;

/// Most (row, instance) pairs that one figure counts.
pub const INSTANCES_MAX: usize = 8_000_000;

/// The instances of one figure.
#[derive(Debug)]
pub(super) struct Instances {
    /// One for each field of what is counted: one field, or the organization and a part of it.
    levels: Vec<Level>,
    events: Vec<i64>,
    /// Whether the number is a usage (an amount) or a count.
    is_usage: bool,
}

impl Instances {
    pub(super) fn new(fields: &[Field], is_usage: bool) -> Self {
        let level = |_: &Field| Level::new(INSTANCES_MAX, TallyError::TooManyInstances);
        Self {
            levels: fields.iter().map(level).collect(),
            events: Vec::new(),
            is_usage,
        }
    }

    pub(super) fn begin(&mut self, texts: &[SmolStr]) {
        self.levels.iter_mut().for_each(|level| level.begin(texts));
    }

    /// Counts rows; `slots` is used up. A row of weight zero does not carry the measure, one without the field has no instance.
    pub(super) fn add(
        &mut self,
        slots: &mut [u32],
        weights: &[i64],
        columns: &[Option<&[u32]>],
        texts: &[SmolStr],
    ) -> Result<(), TallyError> {
        for (slot, weight) in slots.iter_mut().zip(weights) {
            if *weight == 0 {
                *slot = NONE;
            }
        }
        for (level, column) in self.levels.iter_mut().zip(columns) {
            let Some(column) = column else { return Ok(()) };
            for (slot, code) in slots.iter_mut().zip(*column) {
                if *code == ABSENT {
                    *slot = NONE;
                }
            }
            level.refine(slots, Some(column), texts)?;
        }
        self.events.resize(self.levels.last().map_or(0, Level::len), 0);
        for (instance, weight) in slots.iter().zip(weights) {
            if let Some(events) = self.events.get_mut(index(*instance)) {
                *events = events.saturating_add(*weight);
            }
        }
        Ok(())
    }

    pub(super) fn settle(&self, slots: usize) -> Settled {
        let mut by_slot = vec![0_i64; slots];
        let mut overall: HashMap<Vec<u32>, i64> = HashMap::new();
        for (number, events) in (0_u32..).zip(&self.events) {
            let Some((slot, symbols)) = self.path(number) else {
                continue;
            };
            if *events > 0
                && let Some(count) = by_slot.get_mut(index(slot))
            {
                *count = count.saturating_add(1);
            }
            let everywhere = overall.entry(symbols).or_insert(0);
            *everywhere = everywhere.saturating_add(*events);
        }
        let total = overall.values().filter(|events| **events > 0).count();
        Settled {
            by_slot: by_slot.into_iter().map(|count| self.value(count)).collect(),
            total: self.value(i64::try_from(total).unwrap_or(i64::MAX)),
            nowhere: self.value(0),
        }
    }

    /// The slot and the symbols that a number stands for.
    fn path(&self, number: u32) -> Option<(u32, Vec<u32>)> {
        let mut symbols = Vec::with_capacity(self.levels.len());
        let mut number = number;
        for level in self.levels.iter().rev() {
            let (parent, symbol) = level.node(number)?;
            symbols.push(symbol);
            number = parent;
        }
        Some((number, symbols))
    }

    fn value(&self, count: i64) -> Value {
        if self.is_usage {
            Value::Amount {
                units: i128::from(count),
                places: 0,
            }
        } else {
            Value::Count(count)
        }
    }
}
