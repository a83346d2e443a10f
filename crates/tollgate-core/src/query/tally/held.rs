//! Held levels: a gauge's level holds from one event of its series to the next, and its usage is level × time.
//!
//! A series is what one category, scope and set of dimensions say. Of events at the same instant the one with the
//! greatest id wins. A void and what it takes back were never there. Levels are kept until all rows are there, because
//! they may come in any order.

use super::TallyError;
use super::sample::Room;
use super::settle::{Settled, mean};
use super::side::Side;
use super::slot::{NONE, Pairs, index, next};
use super::view::{View, cut};
use crate::frame::ABSENT;
use crate::id::EventId;
use crate::quantity::QUANTITY_SCALE;
use crate::query::{Aggregate, Field, UsageQuery, Value};
use crate::scope::ScopeKind;
use crate::time::MICROS_PER_SECOND;
use crate::wide::div_half_even;
use ethnum::I256;
use smol_str::SmolStr;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Most pieces that levels are cut into by buckets.
const PIECES_MAX: usize = 50_000_000;

/// One level being set.
#[derive(Clone, Copy, Debug)]
struct Set {
    series: u32,
    at: i64,
    event: EventId,
    level: i128,
}

/// The levels of one figure.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<Set>);

impl Held {
    /// Keeps the levels that rows of a chunk set.
    pub(super) fn add(
        &mut self,
        chunk: &LevelChunk<'_>,
        series: &mut Series,
        room: &mut Room,
    ) -> Result<(), TallyError> {
        let frame = chunk.view.frame;
        let rows = chunk
            .numbers
            .iter()
            .zip(chunk.rows.clone())
            .zip(chunk.stream.amounts.iter().zip(chunk.stream.weights))
            .zip(
                cut(&frame.ids, &chunk.rows)
                    .iter()
                    .zip(cut(&frame.corrects, &chunk.rows)),
            );
        for (((number, row), (level, weight)), (event, corrects)) in rows {
            let at = frame.at.get(row).copied().unwrap_or(i64::MAX);
            if *number == NONE || *weight == 0 || corrects.is_some() || at >= chunk.until {
                continue;
            }
            room.take()?;
            self.0.push(Set {
                series: series.of_row(row, &frame.texts)?,
                at,
                event: *event,
                level: *level,
            });
        }
        Ok(())
    }

    /// Leaves out what was voided, and all but the last of the levels set at one instant.
    pub(super) fn sort(&mut self, voided: &HashSet<EventId>) {
        self.0.retain(|set| !voided.contains(&set.event));
        self.0
            .sort_unstable_by_key(|set| (set.series, set.at, std::cmp::Reverse(set.event)));
        self.0.dedup_by_key(|set| (set.series, set.at));
    }

    /// Level × time by slot of one side; buckets that only a level carried in reaches get their slots here.
    pub(super) fn settle(
        &self,
        side: &mut Side<'_>,
        series: &Series,
        query: &UsageQuery,
    ) -> Result<Settled, TallyError> {
        let until = side.window.end.min(query.now()).micros();
        let mut usage = Usage::default();
        for sets in self.0.chunk_by(|a, b| a.series == b.series) {
            let Some(first) = sets.first() else { continue };
            let groups = series.texts(first.series, query.groups());
            let ends = sets
                .iter()
                .skip(1)
                .map(|set| set.at)
                .chain(std::iter::once(until));
            for (set, end) in sets.iter().zip(ends) {
                let stretch = set.at.max(side.window.start.micros())..end.min(until);
                usage.hold(set.level, stretch, side, &groups)?;
            }
        }
        usage
            .settle(side, until, query.aggregate())
            .ok_or(TallyError::TooLarge)
    }
}

/// What a figure's levels are taken from: a chunk of a frame.
#[derive(Debug)]
pub(super) struct LevelChunk<'c> {
    pub(super) view: &'c View<'c>,
    pub(super) rows: Range<usize>,
    /// [`NONE`] for rows that the filters leave out.
    pub(super) numbers: &'c [u32],
    pub(super) stream: super::view::Stream<'c>,
    /// Levels set from here on are of no interest, in microseconds.
    pub(super) until: i64,
}

/// Level × time in nano-units × microseconds.
#[derive(Debug, Default)]
struct Usage {
    by_slot: Vec<I256>,
    total: I256,
    pieces: usize,
}

impl Usage {
    fn hold(
        &mut self,
        level: i128,
        stretch: Range<i64>,
        side: &mut Side<'_>,
        groups: &[Option<SmolStr>],
    ) -> Result<(), TallyError> {
        let mut from = stretch.start;
        while level != 0 && from < stretch.end {
            let Some(bucket) = side.buckets.find(from) else {
                return Ok(());
            };
            let end = bucket.until.min(stretch.end);
            let slot = index(side.slots.slot(bucket.ordinal, groups)?);
            let usage = I256::from(level)
                .checked_mul(I256::from(end.saturating_sub(from)))
                .ok_or(TallyError::TooLarge)?;
            if self.by_slot.len() <= slot {
                self.by_slot.resize(slot.saturating_add(1), I256::ZERO);
            }
            if let Some(sum) = self.by_slot.get_mut(slot) {
                *sum = sum.checked_add(usage).ok_or(TallyError::TooLarge)?;
            }
            self.total = self.total.checked_add(usage).ok_or(TallyError::TooLarge)?;
            self.pieces = self.pieces.saturating_add(1);
            if self.pieces > PIECES_MAX {
                return Err(TallyError::TooManySamples);
            }
            from = end;
        }
        Ok(())
    }

    fn settle(&self, side: &Side<'_>, until: i64, aggregate: Aggregate) -> Option<Settled> {
        let value = |usage: I256, micros: i64| match aggregate {
            Aggregate::Avg if micros > 0 => mean(usage, QUANTITY_SCALE, micros.into()),
            Aggregate::Avg => Some(Value::Unknown),
            _ => Some(Value::Amount {
                units: div_half_even(usage, MICROS_PER_SECOND.into())?,
                places: QUANTITY_SCALE,
            }),
        };
        let micros = |from: i64, to: i64| to.min(until).saturating_sub(from);
        let mut by_slot = Vec::with_capacity(side.slots.len());
        for slot in 0..side.slots.len() {
            let (ordinal, _) = side.slots.key(u32::try_from(slot).ok()?)?;
            let bucket = side.buckets.window(ordinal)?;
            let usage = self.by_slot.get(slot).copied().unwrap_or(I256::ZERO);
            by_slot.push(value(usage, micros(bucket.start.micros(), bucket.end.micros()))?);
        }
        let whole = micros(side.window.start.micros(), side.window.end.micros());
        Some(Settled {
            by_slot,
            total: value(self.total, whole)?,
            nowhere: value(I256::ZERO, whole)?,
        })
    }
}

/// The series met so far: a tree whose edges are texts of fields, in a fixed order, absent ones left out.
#[derive(Debug)]
pub(super) struct Series {
    edges: Pairs,
    /// Parent and symbol of each node; the first is the root.
    nodes: Vec<(u32, u32)>,
    symbols: Vec<(Field, SmolStr)>,
    numbers: HashMap<(Field, SmolStr), u32>,
    columns: Vec<SeriesColumn>,
}

/// A column of the frame at hand.
#[derive(Debug)]
struct SeriesColumn {
    field: Field,
    codes: Vec<u32>,
    /// Symbol of each code, [`NONE`] until it is met.
    symbols: Vec<u32>,
}

impl Series {
    pub(super) fn new() -> Self {
        Self {
            edges: Pairs::default(),
            nodes: vec![(NONE, NONE)],
            symbols: Vec::new(),
            numbers: HashMap::new(),
            columns: Vec::new(),
        }
    }

    /// Takes up the columns of the next frame.
    pub(super) fn begin(&mut self, view: &View<'_>) -> Result<(), TallyError> {
        let frame = view.frame;
        let scope = ScopeKind::ALL.map(Field::Scope);
        let mut fields: Vec<Field> = std::iter::once(Field::Category).chain(scope).collect();
        fields.extend(
            frame
                .dimensions
                .iter()
                .map(|(key, _)| Field::Dimension(key.clone())),
        );
        fields.sort();
        self.columns.clear();
        for field in fields {
            let codes = super::view::column(frame, &field)?.unwrap_or_default().to_vec();
            self.columns.push(SeriesColumn {
                field,
                codes,
                symbols: vec![NONE; frame.texts.len()],
            });
        }
        Ok(())
    }

    fn of_row(&mut self, row: usize, texts: &[SmolStr]) -> Result<u32, TallyError> {
        let mut node = 0;
        for column in &mut self.columns {
            let code = column.codes.get(row).copied().unwrap_or(ABSENT);
            if code == ABSENT {
                continue;
            }
            let symbol = column
                .symbols
                .get_mut(index(code))
                .ok_or(TallyError::Malformed("a code is beyond the dictionary"))?;
            if *symbol == NONE {
                let text = texts.get(index(code)).cloned().unwrap_or_default();
                let fresh = next(&self.symbols).ok_or(TallyError::TooManySamples)?;
                let key = (column.field.clone(), text);
                *symbol = *self.numbers.entry(key.clone()).or_insert(fresh);
                if *symbol == fresh {
                    self.symbols.push(key);
                }
            }
            let found = self.edges.find(node, *symbol);
            node = if found == NONE {
                let fresh = next(&self.nodes).ok_or(TallyError::TooManySamples)?;
                self.nodes.push((node, *symbol));
                self.edges.insert(node, *symbol, fresh);
                fresh
            } else {
                found
            };
        }
        Ok(node)
    }

    /// The texts of a series for these fields.
    fn texts(&self, series: u32, fields: &[Field]) -> Vec<Option<SmolStr>> {
        let mut texts = vec![None; fields.len()];
        let mut node = series;
        while let Some((parent, symbol)) = self.nodes.get(index(node)) {
            if let Some((field, text)) = self.symbols.get(index(*symbol)) {
                for (place, wanted) in texts.iter_mut().zip(fields) {
                    if wanted == field {
                        *place = Some(text.clone());
                    }
                }
            }
            node = *parent;
        }
        texts
    }
}
