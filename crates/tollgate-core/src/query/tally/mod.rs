//! The tally: computes an answer from frames, in whatever order and pieces they come.
//!
//! Per frame, filters are decided and texts numbered once per entry of its dictionary; per chunk of rows, each step is
//! one tight loop over one column: which rows pass, which bucket, which group, and then the sums.

mod fold;
mod held;
mod instance;
mod outcome;
mod sample;
mod settle;
mod side;
mod slot;
mod view;

pub use instance::INSTANCES_MAX;
pub use sample::SAMPLES_MAX;

use super::{Answer, Field, Source, UsageQuery};
use crate::flaw::{Flaw, FlawCode};
use crate::frame::Frame;
use crate::id::EventId;
use crate::money::Currency;
use crate::rollup::bucket_start;
use held::{Held, LevelChunk, Series};
use outcome::Outcome;
use sample::Room;
use side::{Chunk, Currencies, Side};
use slot::{NONE, index, next};
use smol_str::SmolStr;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use view::{Scratch, View, cut};

/// Most rows that an answer may have before its limit: about 200 bytes of memory each.
pub const GROUPS_MAX: usize = 1_000_000;
/// Rows looked at in one go: their columns stay in the nearest caches.
const CHUNK_ROWS: usize = 4096;

/// Why an answer cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TallyError {
    /// The answer has too many rows.
    #[error(
        "too many groups: more than {GROUPS_MAX}; group by fewer fields, take longer buckets or add a filter"
    )]
    TooManyGroups,
    /// Too many amounts would have to be kept at once.
    #[error(
        "too many events to keep the amounts of, more than {SAMPLES_MAX}; take a shorter stretch of time or add a filter"
    )]
    TooManySamples,
    /// Too many different values would have to be told apart.
    #[error(
        "too many distinct values, more than {INSTANCES_MAX}; take a shorter stretch of time, longer buckets or add a filter"
    )]
    TooManyInstances,
    /// A sum does not fit.
    #[error("a sum is too large; take a shorter stretch of time")]
    TooLarge,
    /// A frame lacks a column that the query looks at.
    #[error("a frame has no column {0}, which the query looks at")]
    MissingColumn(Field),
    /// Cells were added where only events answer.
    #[error("cells were added to a query that only events answer")]
    NotRaw,
    /// A frame is not what frames are.
    #[error("a frame is malformed: {0}")]
    Malformed(&'static str),
}

impl TallyError {
    /// The flaw in the query, when it is the query that must change; otherwise the store is at fault.
    pub fn flaw(&self) -> Option<Flaw> {
        let (at, code) = match self {
            Self::TooManyGroups => ("/group_by", FlawCode::TooMany),
            Self::TooManySamples => ("/aggregate", FlawCode::TooMany),
            Self::TooManyInstances => ("/field", FlawCode::TooMany),
            Self::TooLarge => ("/measures", FlawCode::TooLarge),
            Self::MissingColumn(_) | Self::NotRaw | Self::Malformed(_) => return None,
        };
        Some(Flaw::at(at, code, self))
    }
}

/// An answer in the making.
pub struct Tally<'q> {
    query: &'q UsageQuery,
    currency_of: Box<dyn Fn(&str) -> Currency + Send + 'q>,
    currencies: Vec<Currency>,
    /// The stretch asked about, and the one it is compared with.
    sides: Vec<Side<'q>>,
    series: Series,
    /// By figure.
    held: Vec<Held>,
    voided: HashSet<EventId>,
    room: Room,
    needs_raw: bool,
    has_held: bool,
    cut_cells: Vec<i64>,
    passing: Vec<u32>,
    scratch: Scratch,
}

impl fmt::Debug for Tally<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally")
            .field("query", self.query)
            .finish_non_exhaustive()
    }
}

impl<'q> Tally<'q> {
    /// Begins an answer; `currency_of` names the currency of an organization.
    pub fn new(query: &'q UsageQuery, currency_of: impl Fn(&str) -> Currency + Send + 'q) -> Self {
        Self::with_groups_max(query, currency_of, GROUPS_MAX)
    }

    fn with_groups_max(
        query: &'q UsageQuery,
        currency_of: impl Fn(&str) -> Currency + Send + 'q,
        groups_max: usize,
    ) -> Self {
        let previous = query.previous.iter().map(|(window, buckets)| (*window, buckets));
        let side = |(window, buckets)| Side::new(query, window, buckets, groups_max);
        Self {
            query,
            currency_of: Box::new(currency_of),
            currencies: Vec::new(),
            sides: std::iter::once((query.window, &query.buckets))
                .chain(previous)
                .map(side)
                .collect(),
            series: Series::new(),
            held: query.figures.iter().map(|_| Held::default()).collect(),
            voided: HashSet::new(),
            room: Room::new(),
            needs_raw: query.needs().raw.is_some(),
            has_held: query.has_held(),
            cut_cells: query.cut_cells(),
            passing: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// Adds the rows of a frame. Every row must be added exactly once, the order is of no matter.
    ///
    /// After an error the tally is of no use.
    pub fn add(&mut self, frame: &Frame) -> Result<(), TallyError> {
        if frame.rows() == 0 {
            return Ok(());
        }
        self.check_cells(frame)?;
        let Some(view) = View::new(frame, self.query)? else {
            return Ok(());
        };
        self.sides.iter_mut().for_each(|side| side.begin(&view));
        if self.has_held {
            self.series.begin(&view)?;
        }
        let has_cost = self
            .query
            .figures
            .iter()
            .any(|figure| figure.source == Source::Cost);
        let currencies = has_cost.then(|| self.currencies(frame)).transpose()?;
        let mut start = 0_usize;
        while start < frame.rows() {
            let end = start.saturating_add(CHUNK_ROWS).min(frame.rows());
            self.add_rows(&view, start..end, currencies.as_ref())?;
            start = end;
        }
        Ok(())
    }

    /// The answer.
    pub fn finish(mut self) -> Result<Answer, TallyError> {
        let mut settled = Vec::with_capacity(self.sides.len());
        self.held.iter_mut().for_each(|held| held.sort(&self.voided));
        for side in &mut self.sides {
            let mut figures = Vec::with_capacity(self.held.len());
            for (place, (held, figure)) in self.held.iter().zip(&self.query.figures).enumerate() {
                figures.push(if figure.source.is_held(self.query.aggregate) {
                    vec![held.settle(side, &self.series, self.query)?]
                } else {
                    side.settle(place, &self.voided)?
                });
            }
            settled.push(figures);
        }
        let mut sides = self.sides.iter().zip(&settled).map(|(side, settled)| Outcome {
            side,
            settled,
            query: self.query,
            currencies: &self.currencies,
        });
        let current = sides.next().expect("the stretch asked about is always there");
        Ok(outcome::answer(self.query, &current, sides.next().as_ref()))
    }

    fn check_cells(&self, frame: &Frame) -> Result<(), TallyError> {
        if frame.is_raw() {
            return Ok(());
        }
        if self.needs_raw {
            return Err(TallyError::NotRaw);
        }
        let whole = |at: &i64| bucket_start(*at) == *at;
        if !frame.at.iter().all(whole) {
            return Err(TallyError::Malformed("a cell begins between two quarter hours"));
        }
        let is_cut = |at: &i64| self.cut_cells.contains(at);
        if !self.cut_cells.is_empty() && frame.at.iter().any(is_cut) {
            return Err(TallyError::Malformed("a cell lies across an end of the stretch"));
        }
        Ok(())
    }

    /// Finds the currencies of a frame's organizations.
    fn currencies(&mut self, frame: &Frame) -> Result<Currencies, TallyError> {
        let mut found = Currencies {
            of_code: vec![NONE; frame.texts.len()],
            places: Vec::new(),
        };
        for code in &frame.organization {
            let place = found
                .of_code
                .get_mut(index(*code))
                .ok_or(TallyError::Malformed("a code is beyond the dictionary"))?;
            if *place != NONE {
                continue;
            }
            let currency = (self.currency_of)(frame.texts.get(index(*code)).map_or("", SmolStr::as_str));
            let fresh = next(&self.currencies).ok_or(TallyError::TooManyGroups)?;
            let known = self.currencies.iter().zip(0_u32..).find(|(c, _)| **c == currency);
            *place = known.map_or(fresh, |(_, place)| place);
            if *place == fresh {
                self.currencies.push(currency);
            }
            if !found.places.contains(place) {
                found.places.push(*place);
            }
        }
        Ok(found)
    }

    fn add_rows(
        &mut self,
        view: &View<'_>,
        rows: Range<usize>,
        currencies: Option<&Currencies>,
    ) -> Result<(), TallyError> {
        self.passing.clear();
        self.passing.resize(rows.len(), 0);
        view.filter(&rows, &mut self.passing)?;
        self.note_voids(view, &rows)?;
        self.add_levels(view, &rows)?;
        for side in &mut self.sides {
            if !side.place(view, &rows, &self.passing)? {
                continue;
            }
            if let Some(currencies) = currencies {
                side.add_currencies(view, &rows, currencies);
            }
            for figure in 0..self.query.figures.len() {
                let Some(stream) = view.stream(figure, &rows, &mut self.scratch)? else {
                    continue;
                };
                let chunk = Chunk {
                    view,
                    rows: rows.clone(),
                    stream,
                    currencies,
                };
                side.add(figure, &chunk, &mut self.room)?;
            }
        }
        Ok(())
    }

    /// Remembers what the voids of a chunk take back, where single events matter.
    fn note_voids(&mut self, view: &View<'_>, rows: &Range<usize>) -> Result<(), TallyError> {
        if !self.needs_raw {
            return Ok(());
        }
        let corrects = cut(&view.frame.corrects, rows).iter();
        for (passing, corrects) in self.passing.iter().zip(corrects) {
            if let (true, Some(event)) = (*passing != NONE, corrects) {
                self.room.take()?;
                self.voided.insert(*event);
            }
        }
        Ok(())
    }

    fn add_levels(&mut self, view: &View<'_>, rows: &Range<usize>) -> Result<(), TallyError> {
        if !self.has_held {
            return Ok(());
        }
        let until = self.query.window.end.min(self.query.now).micros();
        for (place, (held, figure)) in self.held.iter_mut().zip(&self.query.figures).enumerate() {
            if !figure.source.is_held(self.query.aggregate) {
                continue;
            }
            let Some(stream) = view.stream(place, rows, &mut self.scratch)? else {
                continue;
            };
            let chunk = LevelChunk {
                view,
                rows: rows.clone(),
                numbers: &self.passing,
                stream,
                until,
            };
            held.add(&chunk, &mut self.series, &mut self.room)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::MeasureColumn;
    use crate::query::QueryParts;
    use crate::time::Timestamp;

    #[test]
    fn too_many_groups_are_an_error_that_names_the_remedy() {
        let parts = QueryParts {
            group_by: vec!["user".to_owned()],
            ..QueryParts::default()
        };
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let query = UsageQuery::new(&parts, &crate::catalog::Catalog::default(), now).unwrap();
        let users = |count: u32| Frame {
            texts: (0..=count).map(|n| SmolStr::from(n.to_string())).collect(),
            at: (0..count).map(|_| now.micros() - 1).collect(),
            category: (1..=count).collect(),
            organization: (1..=count).collect(),
            team: Vec::new(),
            project: Vec::new(),
            user: (1..=count).collect(),
            dimensions: Vec::new(),
            events: (0..count).map(|_| 1).collect(),
            requests: (0..count).map(|_| 1).collect(),
            measures: Vec::<MeasureColumn>::new(),
            cost: (0..count).map(|_| 1).collect(),
            priced: (0..count).map(|_| 1).collect(),
            ids: (0..u128::from(count)).map(EventId::from_bits).collect(),
            corrects: (0..count).map(|_| None).collect(),
        };
        let ask = |count: u32| {
            let mut tally = Tally::with_groups_max(&query, |_| Currency::USD, 5000);
            tally.add(&users(count)).map(|()| tally.finish().unwrap())
        };
        let answer = ask(5000).unwrap();
        assert_eq!((answer.rows.len(), answer.truncated), (100, true));
        let error = ask(5001).unwrap_err();
        assert_eq!(error, TallyError::TooManyGroups);
        assert_eq!(error.flaw().unwrap().pointer, "/group_by");
    }
}
