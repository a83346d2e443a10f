//! The usage query: what may be asked of recorded usage, and how an answer is computed from frames.
//!
//! [`QueryParts`] is what was typed, [`UsageQuery`] the proof that it makes sense, [`Needs`] what a store must read for it,
//! and [`Tally`] the computation. Not here: where frames come from, and who may ask.
//!
//! Invariants: an answer depends on the rows added and not on their order, nor on whether they came as events or as
//! cells where cells are allowed; what cannot be answered exactly is an error and never an approximation.

mod answer;
mod bucket;
mod check;
mod field;
mod figure;
mod filter;
mod needs;
mod parts;
mod tally;

pub use answer::{Answer, Figures, Row, Value};
pub use bucket::Buckets;
pub use check::{
    BUCKETS_MAX, FILTER_VALUES_MAX, FILTERS_MAX, GROUP_FIELDS_MAX, QUERY_MEASURES_MAX, RANGE_DEFAULT_DAYS,
    ROWS_DEFAULT, ROWS_MAX,
};
pub use field::{Field, FieldError};
pub use figure::{Figure, Source};
pub use filter::{Filter, Glob, Test};
pub use needs::{Form, Needs, RawReason, Read};
pub use parts::{FilterParts, QueryParts};
pub use tally::{GROUPS_MAX, INSTANCES_MAX, SAMPLES_MAX, Tally, TallyError};

use crate::period::{Period, Window};
use crate::time::Timestamp;
use crate::zone::Zone;

/// How the amounts of many events become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Their sum; for a gauge its level × seconds, for a unique measure the number of distinct instances.
    Sum,
    /// The number of events that carry the measure.
    Count,
    /// The sum by event that carries the measure; for a gauge its mean level over the bucket.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The nearest-rank percentile.
    Percentile(u8),
    /// The number of distinct values of a field.
    CountDistinct,
}

impl Aggregate {
    /// Every aggregate.
    pub const ALL: [Self; 9] = [
        Self::Sum,
        Self::Count,
        Self::Avg,
        Self::Min,
        Self::Max,
        Self::Percentile(50),
        Self::Percentile(95),
        Self::Percentile(99),
        Self::CountDistinct,
    ];

    /// The aggregate's name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Percentile(50) => "p50",
            Self::Percentile(95) => "p95",
            Self::Percentile(_) => "p99",
            Self::CountDistinct => "count_distinct",
        }
    }

    /// Whether it looks at each event's own amount, so that sums of events are no help.
    pub fn is_by_event(self) -> bool {
        matches!(self, Self::Min | Self::Max | Self::Percentile(_))
    }
}

/// The column that orders the rows of an answer; ties are broken by bucket and then by the groups, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub by: OrderColumn,
    /// Whether the largest come first.
    pub falling: bool,
}

/// A column that rows can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderColumn {
    /// The bucket.
    Bucket,
    /// The group field at this place.
    Group(usize),
    /// The figure at this place.
    Figure(usize),
}

/// A usage query that makes sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageQuery {
    figures: Vec<Figure>,
    aggregate: Aggregate,
    distinct: Option<Field>,
    groups: Vec<Field>,
    bucket: Option<Period>,
    zone: Zone,
    buckets: Buckets,
    window: Window,
    previous: Option<(Window, Buckets)>,
    filters: Vec<Filter>,
    order: Order,
    limit: usize,
    now: Timestamp,
}

impl UsageQuery {
    /// The columns of numbers.
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// How amounts become one.
    pub fn aggregate(&self) -> Aggregate {
        self.aggregate
    }

    /// The field whose values are counted, for [`Aggregate::CountDistinct`].
    pub fn distinct(&self) -> Option<&Field> {
        self.distinct.as_ref()
    }

    /// The fields that split the rows.
    pub fn groups(&self) -> &[Field] {
        &self.groups
    }

    /// The period that splits the rows.
    pub fn bucket(&self) -> Option<Period> {
        self.bucket
    }

    /// The zone of the buckets.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The stretch of time asked about.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The buckets of that stretch.
    pub fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// The stretch it is compared with.
    pub fn previous(&self) -> Option<Window> {
        self.previous.as_ref().map(|(window, _)| *window)
    }

    /// The conditions that must all hold.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The order of the rows.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Most rows to answer.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// When it was asked; gauges hold their level until then.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Adds a condition, such as the organization of the key that asks.
    pub fn restrict(&mut self, filter: Filter) {
        self.filters.push(filter);
    }

    /// Whether every filter on this field admits this text.
    pub fn admits(&self, field: &Field, text: &str) -> bool {
        self.filters
            .iter()
            .filter(|filter| filter.field == *field)
            .all(|filter| filter.admits(Some(text)))
    }
}
