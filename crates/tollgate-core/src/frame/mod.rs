//! Frames: usage in columns, the one form that every query reads.
//!
//! A store hands out frames of raw events (one row per event) or of rollups (one row per cell); the query does not
//! care which. Texts are coded by a dictionary per frame, so that filters and groups are decided once per text and
//! not once per row.
//!
//! Invariants: every column has [`Frame::rows`] entries, or is absent where its doc says so; codes index `texts`.

mod builder;
mod select;

pub use builder::FrameBuilder;

use crate::id::EventId;
use crate::text::Key;
use smol_str::SmolStr;

/// The code of an absent text; `texts[0]` is the empty text.
pub const ABSENT: u32 = 0;

/// A piece of usage in columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The dictionary; entry 0 stands for "absent".
    pub texts: Vec<SmolStr>,
    /// The event's time, or the start of the rollup's bucket, in microseconds.
    pub at: Vec<i64>,
    /// Code of the category.
    pub category: Vec<u32>,
    /// Code of the organization.
    pub organization: Vec<u32>,
    /// Code of the team. Absent altogether where a rollup does not keep it.
    pub team: Vec<u32>,
    /// Code of the project. Absent altogether where a rollup does not keep it.
    pub project: Vec<u32>,
    /// Code of the user. Absent altogether where a rollup does not keep it.
    pub user: Vec<u32>,
    /// Codes of the values, by dimension.
    pub dimensions: Vec<(Key, Vec<u32>)>,
    /// Number of events in the row: 1 for an event, −1 for a void, any sum of those for a cell.
    pub events: Vec<i64>,
    /// Sum of `requests`, in nano-units.
    pub requests: Vec<i128>,
    /// The other measures.
    pub measures: Vec<MeasureColumn>,
    /// Sum of the known costs, in pico-units.
    pub cost: Vec<i128>,
    /// Signed number of events whose cost is known; `events − priced` are unpriced.
    pub priced: Vec<i64>,
    /// The event's id. Raw frames only.
    pub ids: Vec<EventId>,
    /// The event that a void takes back. Raw frames only.
    pub corrects: Vec<Option<EventId>>,
}

/// One measure of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureColumn {
    /// Its name.
    pub name: Key,
    /// Sums in nano-units; 0 where no event of the row carries it.
    pub sum: Vec<i128>,
    /// Signed number of events that carry it.
    pub carriers: Vec<i64>,
}

impl Frame {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.at.len()
    }

    /// Whether the rows are events rather than cells.
    pub fn is_raw(&self) -> bool {
        !self.ids.is_empty()
    }
}
