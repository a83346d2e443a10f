//! From a batch's columns back to the events as they were recorded.

use super::sparse::Sparse;
use super::{Batch, Damage};
use smol_str::SmolStr;
use tollgate_core::charge::Charge;
use tollgate_core::dimension::Dimensions;
use tollgate_core::event::Event;
use tollgate_core::frame::ABSENT;
use tollgate_core::money::Money;
use tollgate_core::quantity::Quantity;
use tollgate_core::scope::Scope;
use tollgate_core::text::{CategoryName, Key, Label, TextError};
use tollgate_core::time::Timestamp;

/// A batch's events, one at a time. Made once per batch, so that all of them take time linear in the batch.
#[derive(Debug)]
pub(crate) struct Events<'b> {
    batch: &'b Batch,
    ids: Vec<&'b str>,
    dimensions: ByRow<u32>,
    measures: ByRow<i128>,
}

impl Batch {
    /// The number of events.
    pub(crate) fn len(&self) -> usize {
        self.identities.len()
    }

    /// The events.
    pub(crate) fn events(&self) -> Events<'_> {
        Events {
            batch: self,
            ids: self.detail.ids.iter().collect(),
            dimensions: ByRow::of(self.len(), &self.usage.dimensions),
            measures: ByRow::of(self.len(), &self.usage.measures),
        }
    }
}

impl Events<'_> {
    /// The event of one row with its charge.
    pub(crate) fn event(&self, row: usize) -> Result<(Event, Charge), Damage> {
        let (usage, detail) = (&self.batch.usage, &self.batch.detail);
        let missing = Damage("a batch has fewer events than it says");
        let (event, payload) = *self.batch.identities.get(row).ok_or(missing)?;
        let source = detail
            .source
            .get(row)
            .and_then(|code| detail.sources.get(*code as usize))
            .ok_or(missing)?;
        let metadata = match detail.metadata_at.value(row) {
            Some(place) => Some(detail.metadata.get(place as usize).ok_or(missing)?.clone()),
            None => None,
        };
        let asserted = detail
            .asserted
            .value(row)
            .map(|pico| Money::from_pico(pico).ok_or(Damage("an amount does not fit")));
        let corrects = usage
            .corrects
            .binary_search_by_key(&(row as u32), |(at, _)| *at)
            .ok();
        let measures = self.measures.row(row).filter_map(|(place, nano)| {
            let (key, _) = usage.measures.get(place)?;
            Some((key.clone(), Quantity::from_nano(nano)))
        });
        let event = Event {
            event,
            payload,
            id: label(self.ids.get(row).ok_or(missing)?)?,
            source: label(source)?,
            category: parsed(
                self.text(&usage.category, row)?.ok_or(missing)?,
                CategoryName::parse,
            )?,
            scope: self.scope(row)?,
            at: Timestamp::from_micros(*usage.at.get(row).ok_or(missing)?),
            requests: Quantity::from_nano(*usage.requests.get(row).ok_or(missing)?),
            measures: measures.collect(),
            dimensions: self.dimensions(row)?,
            metadata,
            asserted: asserted.transpose()?,
            corrects: corrects
                .and_then(|place| usage.corrects.get(place))
                .map(|(_, event)| *event),
        };
        Ok((event, detail.charges.charge(row)?))
    }

    fn scope(&self, row: usize) -> Result<Scope, Damage> {
        let usage = &self.batch.usage;
        let optional = |column: &[u32]| self.text(column, row)?.map(|text| label(text)).transpose();
        Ok(Scope {
            organization: optional(&usage.organization)?.ok_or(Damage("an event has no organization"))?,
            team: optional(&usage.team)?,
            project: optional(&usage.project)?,
            user: optional(&usage.user)?,
        })
    }

    fn dimensions(&self, row: usize) -> Result<Dimensions, Damage> {
        let usage = &self.batch.usage;
        let broken = Damage("a code stands for no text");
        let pairs = self.dimensions.row(row).map(|(place, code)| {
            let (key, _) = usage.dimensions.get(place).ok_or(broken)?;
            Ok((key.clone(), label(usage.texts.get(code as usize).ok_or(broken)?)?))
        });
        let pairs: Vec<(Key, Label)> = pairs.collect::<Result<_, Damage>>()?;
        Dimensions::from_pairs(pairs).map_err(|_| Damage("an event has a dimension twice"))
    }

    /// The text of one row; `None` where it is absent.
    fn text(&self, column: &[u32], row: usize) -> Result<Option<&SmolStr>, Damage> {
        let texts = &self.batch.usage.texts;
        let code = *column
            .get(row)
            .ok_or(Damage("a batch has fewer events than it says"))?;
        let text = texts
            .get(code as usize)
            .ok_or(Damage("a code stands for no text"))?;
        Ok((code != ABSENT).then_some(text))
    }
}

/// What sparse columns have in each row: the column's place and the value.
#[derive(Debug)]
struct ByRow<T> {
    starts: Vec<usize>,
    entries: Vec<(usize, T)>,
}

impl<T: Copy + Default> ByRow<T> {
    fn of(rows: usize, columns: &[(Key, Sparse<T>)]) -> Self {
        let mut starts = vec![0; rows + 1];
        for (row, _) in columns.iter().flat_map(|(_, column)| column.iter()) {
            starts[row + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut entries = vec![(0, T::default()); starts[rows]];
        for (place, (_, column)) in columns.iter().enumerate() {
            for (row, value) in column.iter() {
                entries[next[row]] = (place, value);
                next[row] += 1;
            }
        }
        Self { starts, entries }
    }

    fn row(&self, row: usize) -> impl Iterator<Item = (usize, T)> {
        let range = self.starts.get(row).zip(self.starts.get(row + 1));
        let entries = range
            .and_then(|(from, to)| self.entries.get(*from..*to))
            .unwrap_or_default();
        entries.iter().copied()
    }
}

fn label(value: &str) -> Result<Label, Damage> {
    parsed(value, Label::parse)
}

fn parsed<T>(value: &str, parse: impl Fn(&str) -> Result<T, TextError>) -> Result<T, Damage> {
    parse(value).map_err(|_| Damage("a text is not of its kind"))
}
