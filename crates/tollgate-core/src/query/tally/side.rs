//! Sides: the rows of one stretch of time, the one asked about or the one it is compared with.

use super::TallyError;
use super::fold::Totals;
use super::instance::Instances;
use super::sample::{Room, Samples};
use super::settle::Settled;
use super::slot::{NONE, Slots, index};
use super::view::{Stream, View, cut, instance_fields};
use crate::id::EventId;
use crate::money::{Currency, MONEY_SCALE};
use crate::period::Window;
use crate::quantity::QUANTITY_SCALE;
use crate::query::{Aggregate, Buckets, Figure, Source, UsageQuery, Value};
use std::collections::HashSet;
use std::ops::Range;

/// What is computed for one figure.
#[derive(Debug)]
enum Work {
    Totals(Totals),
    Samples(Samples),
    Instances(Instances),
    /// Levels are kept apart: they are set outside the stretch too.
    Held,
}

impl Work {
    fn new(figure: &Figure, query: &UsageQuery) -> Self {
        match (query.aggregate(), &figure.source) {
            (aggregate, source) if source.is_held(aggregate) => Self::Held,
            (Aggregate::Sum, Source::Unique { of, .. }) => {
                Self::Instances(Instances::new(&instance_fields(*of), true))
            }
            (Aggregate::CountDistinct, _) => {
                let fields: Vec<_> = query.distinct().cloned().into_iter().collect();
                Self::Instances(Instances::new(&fields, false))
            }
            (aggregate, _) if aggregate.is_by_event() => Self::Samples(Samples::default()),
            _ => Self::Totals(Totals::default()),
        }
    }
}

/// Which currency each row of a frame is in.
#[derive(Debug)]
pub(super) struct Currencies {
    /// Place of the currency by code of the organization, [`NONE`] for codes that are no organization here.
    pub(super) of_code: Vec<u32>,
    /// The places of the currencies in the frame.
    pub(super) places: Vec<u32>,
}

/// The rows of one stretch of time.
#[derive(Debug)]
pub(super) struct Side<'q> {
    pub(super) window: Window,
    pub(super) buckets: &'q Buckets,
    pub(super) slots: Slots,
    query: &'q UsageQuery,
    /// By figure, then by place of the currency where cost is kept by currency, else one.
    works: Vec<Vec<Work>>,
    /// What each slot has in a currency, by place of the currency.
    present: Vec<Vec<Present>>,
    numbers: Vec<u32>,
    masked: Vec<u32>,
}

impl<'q> Side<'q> {
    pub(super) fn new(
        query: &'q UsageQuery,
        window: Window,
        buckets: &'q Buckets,
        groups_max: usize,
    ) -> Self {
        let work = |figure| vec![Work::new(figure, query)];
        Self {
            window,
            buckets,
            slots: Slots::new(buckets.len(), query.groups().len(), groups_max),
            query,
            works: query.figures().iter().map(work).collect(),
            present: Vec::new(),
            numbers: Vec::new(),
            masked: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, view: &View<'_>) {
        self.slots.begin(&view.frame.texts);
        for work in self.works.iter_mut().flatten() {
            if let Work::Instances(instances) = work {
                instances.begin(&view.frame.texts);
            }
        }
    }

    /// Gives the rows of a chunk that pass the filters their slots; says whether any lies in this stretch.
    pub(super) fn place(
        &mut self,
        view: &View<'_>,
        rows: &Range<usize>,
        passing: &[u32],
    ) -> Result<bool, TallyError> {
        self.numbers.clear();
        self.numbers.extend_from_slice(passing);
        if !self
            .slots
            .locate(&mut self.numbers, cut(&view.frame.at, rows), self.buckets)
        {
            return Ok(false);
        }
        let columns: Vec<_> = view
            .groups
            .iter()
            .map(|column| column.map(|c| cut(c, rows)))
            .collect();
        self.slots
            .refine(&mut self.numbers, &columns, &view.frame.texts)?;
        Ok(true)
    }

    /// Counts events and those that are priced, by slot and currency.
    pub(super) fn add_currencies(&mut self, view: &View<'_>, rows: &Range<usize>, currencies: &Currencies) {
        let len = self.slots.len();
        for place in &currencies.places {
            if self.present.len() <= index(*place) {
                self.present.resize(index(*place).saturating_add(1), Vec::new());
            }
        }
        let nothing = Present::default();
        self.present
            .iter_mut()
            .for_each(|slots| slots.resize(len, nothing));
        let counts = cut(&view.frame.events, rows)
            .iter()
            .zip(cut(&view.frame.priced, rows));
        let codes = cut(&view.frame.organization, rows);
        for ((slot, code), (events, priced)) in self.numbers.iter().zip(codes).zip(counts) {
            let place = currencies.of_code.get(index(*code)).copied().unwrap_or(NONE);
            let slots = self.present.get_mut(index(place));
            if let Some(present) = slots.and_then(|slots| slots.get_mut(index(*slot))) {
                present.add(Present {
                    has_rows: true,
                    events: *events,
                    priced: *priced,
                });
            }
        }
    }

    /// Folds one figure of a chunk.
    pub(super) fn add(
        &mut self,
        figure: usize,
        chunk: &Chunk<'_>,
        room: &mut Room,
    ) -> Result<(), TallyError> {
        let len = self.slots.len();
        let query = self.query;
        let (Some(works), Some(asked)) = (self.works.get_mut(figure), query.figures().get(figure)) else {
            return Ok(());
        };
        let split = is_by_currency(asked, query.aggregate());
        let places = match chunk.currencies {
            Some(currencies) if split => currencies.places.as_slice(),
            _ => &[0],
        };
        for place in places {
            while works.len() <= index(*place) {
                works.push(Work::new(asked, query));
            }
            let numbers = match chunk.currencies {
                Some(currencies) if split && currencies.places.len() > 1 => {
                    let codes = cut(&chunk.view.frame.organization, &chunk.rows);
                    self.masked.clear();
                    self.masked
                        .extend(self.numbers.iter().zip(codes).map(|(number, code)| {
                            let here = currencies.of_code.get(index(*code)) == Some(place);
                            if here { *number } else { NONE }
                        }));
                    &self.masked
                }
                _ => &self.numbers,
            };
            match works.get_mut(index(*place)) {
                Some(Work::Totals(totals)) => {
                    if query.aggregate() != Aggregate::Count {
                        totals.add_amounts(numbers, chunk.stream.amounts, len);
                    }
                    if query.aggregate() != Aggregate::Sum {
                        totals.add_counts(numbers, chunk.stream.weights, len);
                    }
                }
                Some(Work::Samples(samples)) => add_samples(samples, numbers, chunk, room)?,
                Some(Work::Instances(instances)) => {
                    let columns = instance_columns(figure, chunk, query);
                    let mut numbers = numbers.clone();
                    let texts = &chunk.view.frame.texts;
                    instances.add(&mut numbers, chunk.stream.weights, &columns, texts)?;
                }
                Some(Work::Held) | None => {}
            }
        }
        Ok(())
    }

    /// The values of a figure that is no held gauge, by place of the currency where cost is kept so.
    pub(super) fn settle(
        &mut self,
        figure: usize,
        voided: &HashSet<EventId>,
    ) -> Result<Vec<Settled>, TallyError> {
        let aggregate = self.query.aggregate();
        let places = match self.query.figures().get(figure).map(|figure| &figure.source) {
            Some(Source::Cost) => MONEY_SCALE,
            _ => QUANTITY_SCALE,
        };
        let slots = self.slots.len();
        let works = self.works.get_mut(figure).map(std::mem::take).unwrap_or_default();
        works
            .into_iter()
            .map(|work| match work {
                Work::Totals(totals) => totals.settle(aggregate, places).ok_or(TallyError::TooLarge),
                Work::Samples(samples) => Ok(samples.settle(aggregate, places, voided, slots)),
                Work::Instances(instances) => Ok(instances.settle(slots)),
                Work::Held => Err(TallyError::Malformed("a held gauge is settled apart")),
            })
            .collect()
    }

    /// The number of unpriced events of a slot, of all when `slot` is `None`.
    pub(super) fn unpriced(&self, slot: Option<usize>) -> i64 {
        let mut all = Present::default();
        self.present
            .iter()
            .for_each(|slots| all.add(present(slots, slot)));
        all.events.saturating_sub(all.priced)
    }

    /// The one cost of a slot, or that of each currency it has rows in.
    pub(super) fn cost(&self, by_place: &[Settled], currencies: &[Currency], slot: Option<usize>) -> Value {
        let mut costs: Vec<(Currency, Value)> = by_place
            .iter()
            .zip(currencies)
            .zip(&self.present)
            .filter_map(|((settled, currency), slots)| {
                let present = present(slots, slot);
                let cost = match present.is_unknown() {
                    true => Value::Unknown,
                    false => settled.value(slot).clone(),
                };
                present.has_rows.then_some((*currency, cost))
            })
            .collect();
        costs.sort();
        match (costs.len(), costs.pop()) {
            (1, Some((_, cost))) => cost,
            (_, Some(last)) => {
                costs.push(last);
                Value::ByCurrency(costs)
            }
            (_, None) => by_place
                .first()
                .map_or(Value::Unknown, |settled| settled.nowhere.clone()),
        }
    }
}

/// What a slot has in a currency. A void takes one off, and off those that are priced if what it takes back was.
#[derive(Clone, Copy, Debug, Default)]
struct Present {
    has_rows: bool,
    events: i64,
    priced: i64,
}

impl Present {
    fn add(&mut self, more: Self) {
        self.has_rows |= more.has_rows;
        self.events = self.events.saturating_add(more.events);
        self.priced = self.priced.saturating_add(more.priced);
    }

    /// Whether there are events and the cost of none is known: then the cost of all is not known, and not zero.
    fn is_unknown(self) -> bool {
        self.events > 0 && self.priced == 0
    }
}

/// What a slot has, or all together when `slot` is `None`.
fn present(slots: &[Present], slot: Option<usize>) -> Present {
    match slot {
        Some(slot) => slots.get(slot).copied().unwrap_or_default(),
        None => slots.iter().fold(Present::default(), |mut all, one| {
            all.add(*one);
            all
        }),
    }
}

/// One figure of a chunk of a frame.
#[derive(Debug)]
pub(super) struct Chunk<'c> {
    pub(super) view: &'c View<'c>,
    pub(super) rows: Range<usize>,
    pub(super) stream: Stream<'c>,
    pub(super) currencies: Option<&'c Currencies>,
}

/// Whether a figure is money, which is never added across currencies.
pub(super) fn is_by_currency(figure: &Figure, aggregate: Aggregate) -> bool {
    figure.source == Source::Cost && !matches!(aggregate, Aggregate::Count | Aggregate::CountDistinct)
}

fn add_samples(
    samples: &mut Samples,
    numbers: &[u32],
    chunk: &Chunk<'_>,
    room: &mut Room,
) -> Result<(), TallyError> {
    let frame = chunk.view.frame;
    let events = cut(&frame.ids, &chunk.rows)
        .iter()
        .zip(cut(&frame.corrects, &chunk.rows));
    let carried = chunk.stream.amounts.iter().zip(chunk.stream.weights);
    for ((number, (amount, weight)), (event, corrects)) in numbers.iter().zip(carried).zip(events) {
        if *number == NONE || *weight == 0 || corrects.is_some() {
            continue;
        }
        room.take()?;
        samples.push(*number, *event, *amount);
    }
    Ok(())
}

/// A unique measure counts its scope when summed; `count_distinct` counts the field it names.
fn instance_columns<'c>(figure: usize, chunk: &Chunk<'c>, query: &UsageQuery) -> Vec<Option<&'c [u32]>> {
    let view = chunk.view;
    let columns = match (query.distinct(), view.figures.get(figure)) {
        (None, Some(figure)) => figure.instances.as_slice(),
        _ => std::slice::from_ref(&view.distinct),
    };
    columns
        .iter()
        .map(|column| column.map(|c| cut(c, &chunk.rows)))
        .collect()
}
