//! Needs: what a store must read to answer a query.
//!
//! A store that keeps rollups reads cells where they answer exactly and events elsewhere; frames of both may be added
//! to one tally. Not here: which fields a store's cells keep. A store compares [`Needs::fields`] with those.

use super::{Aggregate, Field, Source, Test, UsageQuery};
use crate::period::Window;
use crate::rollup::{BUCKET_MICROS, bucket_start};
use crate::scope::ScopeKind;
use crate::text::Key;
use crate::time::Timestamp;
use smol_str::SmolStr;
use std::collections::BTreeSet;
use std::fmt;

/// What a store must read to answer a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The stretches to read, in order, disjoint; every row in them that passes the filters must be added.
    pub reads: Vec<Read>,
    /// Why no stretch can be read from cells.
    pub raw: Option<RawReason>,
    /// The fields whose columns must be there. Cells that do not keep one of them (or events not counted in such cells)
    /// cannot be used.
    pub fields: BTreeSet<Field>,
    /// Whether every dimension that an event has must be there: all of them tell the series of a gauge apart.
    pub all_dimensions: bool,
    /// The measures whose columns are looked at, cost and requests apart.
    pub measures: BTreeSet<Key>,
    /// Whether cost is looked at.
    pub cost: bool,
    /// The only categories that can pass the filters, when filters list them.
    pub categories: Option<BTreeSet<SmolStr>>,
    /// The only organizations that can pass the filters, when filters list them.
    pub organizations: Option<BTreeSet<SmolStr>>,
}

/// A stretch of time to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The stretch.
    pub window: Window,
    /// In which form it answers.
    pub form: Form,
}

/// The form in which a stretch can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As cells of fifteen minutes (or as events).
    Cells,
    /// As events only.
    Raw,
}

/// Why cells do not answer a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawReason {
    /// The aggregate looks at each event's own amount.
    Aggregate(Aggregate),
    /// Gauges are not kept in cells: a level is followed from event to event.
    Gauge(Key),
    /// Which events carry any part of a total is not kept in cells.
    Carriers(Key),
    /// A bucket begins between two quarter hours.
    Bucket(Timestamp),
}

impl fmt::Display for RawReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate(aggregate) => {
                write!(f, "{} looks at each event's own amount", aggregate.as_str())
            }
            Self::Gauge(name) => {
                write!(
                    f,
                    "{name} is a gauge, which rollups do not keep: its level is followed from event to event"
                )
            }
            Self::Carriers(name) => write!(f, "which events carry a part of {name} is not kept in rollups"),
            Self::Bucket(at) => write!(f, "a bucket begins at {at}, between two quarter hours"),
        }
    }
}

impl UsageQuery {
    /// What a store must read.
    pub fn needs(&self) -> Needs {
        let raw = self.raw_reason();
        let reads = match raw {
            Some(_) => vec![Read {
                window: Window {
                    start: self.reads_from(),
                    end: self.window.end,
                },
                form: Form::Raw,
            }],
            None => self.reads(),
        };
        Needs {
            reads,
            raw,
            fields: self.fields(),
            all_dimensions: self.has_held(),
            measures: self
                .figures
                .iter()
                .flat_map(|figure| figure.source.measures().iter().cloned())
                .filter(|measure| measure.as_str() != "requests")
                .collect(),
            cost: self.figures.iter().any(|figure| figure.source == Source::Cost),
            categories: self.listed(&Field::Category),
            organizations: self.listed(&Field::ORGANIZATION),
        }
    }

    /// The first instant to read: a gauge's level may have been set at any time before the stretch.
    pub fn reads_from(&self) -> Timestamp {
        if self.has_held() {
            return Timestamp::from_micros(i64::MIN);
        }
        self.previous().unwrap_or(self.window).start
    }

    /// Whether levels are followed through time.
    pub(super) fn has_held(&self) -> bool {
        self.figures
            .iter()
            .any(|figure| figure.source.is_held(self.aggregate))
    }

    fn raw_reason(&self) -> Option<RawReason> {
        if self.aggregate.is_by_event() {
            return Some(RawReason::Aggregate(self.aggregate));
        }
        let named = |is: &dyn Fn(&Source) -> bool| {
            let found = self.figures.iter().find(|figure| is(&figure.source));
            found.map(|figure| figure.name.clone())
        };
        if let Some(gauge) = named(&|source| matches!(source, Source::Gauge(_))) {
            return Some(RawReason::Gauge(gauge));
        }
        if self.aggregate != Aggregate::Sum
            && let Some(total) = named(&|source| source.measures().len() > 1)
        {
            return Some(RawReason::Carriers(total));
        }
        self.stretches()
            .flat_map(|(_, buckets)| {
                let inner = buckets.len().saturating_sub(1);
                buckets.edges().skip(1).take(inner)
            })
            .find(|edge| !is_cell_edge(*edge))
            .map(RawReason::Bucket)
    }

    /// Cells for whole quarter hours, events for those that a stretch begins or ends in.
    fn reads(&self) -> Vec<Read> {
        let cuts: BTreeSet<Timestamp> = self
            .stretches()
            .flat_map(|(window, _)| [window.start, window.end])
            .collect();
        let (Some(first), Some(last)) = (cuts.first().copied(), cuts.last().copied()) else {
            return Vec::new();
        };
        let mut reads: Vec<Read> = Vec::new();
        let mut read = |from: Timestamp, to: Timestamp, form| {
            let window = Window {
                start: from.clamp(first, last),
                end: to.clamp(first, last),
            };
            if window.start < window.end {
                reads.push(Read { window, form });
            }
        };
        let mut done = first;
        for cut in cuts.iter().copied().filter(|cut| !is_cell_edge(*cut)) {
            let cell = cell_of(cut);
            let from = cell.start.max(done);
            read(done, from, Form::Cells);
            read(from, cell.end, Form::Raw);
            done = cell.end.max(done);
        }
        read(done, last, Form::Cells);
        reads
    }

    /// The cells that a stretch begins or ends in; adding one of them as a cell would count what lies outside.
    pub(super) fn cut_cells(&self) -> Vec<i64> {
        self.stretches()
            .flat_map(|(window, _)| [window.start, window.end])
            .filter(|cut| !is_cell_edge(*cut))
            .map(|cut| cell_of(cut).start.micros())
            .collect()
    }

    fn stretches(&self) -> impl Iterator<Item = (Window, &super::Buckets)> {
        let previous = self.previous.iter().map(|(window, buckets)| (*window, buckets));
        std::iter::once((self.window, &self.buckets)).chain(previous)
    }

    fn fields(&self) -> BTreeSet<Field> {
        let mut fields: BTreeSet<Field> = self.groups.iter().cloned().collect();
        fields.extend(self.filters.iter().map(|filter| filter.field.clone()));
        fields.extend(self.distinct.clone());
        for figure in &self.figures {
            match &figure.source {
                Source::Unique { of, .. } => {
                    fields.extend([Field::Category, Field::ORGANIZATION, Field::Scope(*of)]);
                }
                Source::Gauge(_) if figure.source.is_held(self.aggregate) => {
                    fields.extend(ScopeKind::ALL.map(Field::Scope));
                    fields.insert(Field::Category);
                }
                _ => {}
            }
        }
        fields
    }

    fn listed(&self, field: &Field) -> Option<BTreeSet<SmolStr>> {
        self.filters
            .iter()
            .filter(|filter| filter.field == *field)
            .filter_map(|filter| match &filter.test {
                Test::OneOf(texts) => Some(texts.clone()),
                _ => None,
            })
            .reduce(|a, b| a.intersection(&b).cloned().collect())
    }
}

fn is_cell_edge(at: Timestamp) -> bool {
    at.micros().rem_euclid(BUCKET_MICROS) == 0
}

fn cell_of(at: Timestamp) -> Window {
    let start = bucket_start(at.micros());
    Window {
        start: Timestamp::from_micros(start),
        end: Timestamp::from_micros(start.saturating_add(BUCKET_MICROS)),
    }
}
