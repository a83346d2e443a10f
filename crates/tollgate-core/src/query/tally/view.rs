//! Views: the columns of one frame that a query looks at, with everything decided that can be decided once per text.

use super::TallyError;
use super::slot::{NONE, index};
use crate::frame::Frame;
use crate::query::{Aggregate, Field, Figure, Source, UsageQuery};
use crate::scope::ScopeKind;
use crate::text::Key;
use smol_str::SmolStr;
use std::ops::Range;

/// A column of codes; `None` where no row of the frame has the field.
pub(super) type Codes<'f> = Option<&'f [u32]>;

/// The columns of one frame that a query looks at.
#[derive(Debug)]
pub(super) struct View<'f> {
    pub(super) frame: &'f Frame,
    /// Column of each filter, and by code 0 where it admits the text and [`NONE`] where not.
    filters: Vec<(&'f [u32], Vec<u32>)>,
    pub(super) groups: Vec<Codes<'f>>,
    /// Column of the field that `count_distinct` counts.
    pub(super) distinct: Codes<'f>,
    pub(super) figures: Vec<FigureView<'f>>,
}

/// The columns of one frame that a figure looks at.
#[derive(Debug)]
pub(super) struct FigureView<'f> {
    /// Amounts and weights of each measure it is made of.
    parts: Vec<(&'f [i128], &'f [i64])>,
    /// The codes of the categories that count, where not all do.
    categories: Option<Vec<bool>>,
    /// Columns of the scope whose instances count.
    pub(super) instances: Vec<Codes<'f>>,
}

/// Room for columns that are computed, a chunk at a time.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    amounts: Vec<i128>,
    weights: Vec<i64>,
}

impl<'f> View<'f> {
    /// Looks at a frame; `None` when a filter admits none of its rows.
    pub(super) fn new(frame: &'f Frame, query: &UsageQuery) -> Result<Option<Self>, TallyError> {
        check_shape(frame)?;
        let mut filters = Vec::new();
        for filter in query.filters() {
            let Some(column) = column(frame, &filter.field)? else {
                if filter.admits(None) {
                    continue;
                }
                return Ok(None);
            };
            let mark = |(code, text): (usize, &SmolStr)| match filter.admits((code > 0).then_some(text)) {
                true => 0,
                false => NONE,
            };
            filters.push((column, frame.texts.iter().enumerate().map(mark).collect()));
        }
        let groups = query.groups().iter().map(|field| column(frame, field));
        let figure = |figure| FigureView::new(frame, figure, query.aggregate());
        Ok(Some(Self {
            frame,
            filters,
            groups: groups.collect::<Result<_, _>>()?,
            distinct: match query.distinct() {
                Some(field) => column(frame, field)?,
                None => None,
            },
            figures: query.figures().iter().map(figure).collect::<Result<_, _>>()?,
        }))
    }

    /// Marks the rows of a chunk that the filters leave out.
    pub(super) fn filter(&self, rows: &Range<usize>, numbers: &mut [u32]) -> Result<(), TallyError> {
        let mut is_known = true;
        for (column, marks) in &self.filters {
            for (number, code) in numbers.iter_mut().zip(cut(column, rows)) {
                // Without a branch on the mark: which rows pass is anything but predictable.
                let mark = marks.get(index(*code));
                is_known &= mark.is_some();
                *number |= mark.copied().unwrap_or(NONE);
            }
        }
        if !is_known {
            return Err(TallyError::Malformed("a code is beyond the dictionary"));
        }
        Ok(())
    }

    /// Amounts and weights of a figure in a chunk; `None` when no row carries it.
    pub(super) fn stream<'s>(
        &'s self,
        figure: usize,
        rows: &Range<usize>,
        scratch: &'s mut Scratch,
    ) -> Result<Option<Stream<'s>>, TallyError> {
        let Some(view) = self.figures.get(figure) else {
            return Ok(None);
        };
        let Scratch { amounts, weights } = scratch;
        match (view.parts.as_slice(), &view.categories) {
            ([], _) => return Ok(None),
            ([(amounts, weights)], None) => {
                return Ok(Some(Stream {
                    amounts: cut(amounts, rows),
                    weights: cut(weights, rows),
                }));
            }
            (parts, None) => {
                amounts.clear();
                amounts.resize(rows.len(), 0);
                weights.clear();
                weights.resize(rows.len(), 0);
                for (part_amounts, part_weights) in parts {
                    let events = cut(&self.frame.events, rows);
                    let carried = cut(part_weights, rows).iter().zip(events);
                    for (weight, (part, event)) in weights.iter_mut().zip(carried) {
                        *weight = if *part == 0 { *weight } else { *event };
                    }
                    for (sum, amount) in amounts.iter_mut().zip(cut(part_amounts, rows)) {
                        *sum = sum.checked_add(*amount).ok_or(TallyError::TooLarge)?;
                    }
                }
            }
            ([(_, events), ..], Some(counted)) => {
                amounts.clear();
                weights.clear();
                let categories = cut(&self.frame.category, rows).iter();
                weights.extend(categories.zip(cut(events, rows)).map(|(code, events)| {
                    match counted.get(index(*code)) {
                        Some(true) => *events,
                        _ => 0,
                    }
                }));
            }
        }
        Ok(Some(Stream { amounts, weights }))
    }
}

/// Amounts of a figure row by row, and how many events carry it (below zero for voids).
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream<'s> {
    pub(super) amounts: &'s [i128],
    pub(super) weights: &'s [i64],
}

impl<'f> FigureView<'f> {
    fn new(frame: &'f Frame, figure: &Figure, aggregate: Aggregate) -> Result<Self, TallyError> {
        let mut view = Self {
            parts: Vec::new(),
            categories: None,
            instances: Vec::new(),
        };
        let events = (frame.requests.as_slice(), frame.events.as_slice());
        match &figure.source {
            // A cost is carried by the events whose cost is known, yet `count` is that of all events.
            Source::Cost if aggregate == Aggregate::Count => view.parts.push(events),
            Source::Cost => view.parts.push((&frame.cost, &frame.priced)),
            Source::Requests | Source::Events => view.parts.push(events),
            Source::Counter(measures) | Source::Gauge(measures) => {
                view.parts
                    .extend(measures.iter().filter_map(|m| measure(frame, m)));
            }
            Source::Unique { of, categories } => {
                view.parts.push(events);
                let counted = |text: &SmolStr| categories.contains(text.as_str());
                view.categories = Some(frame.texts.iter().map(counted).collect());
                for field in instance_fields(*of) {
                    view.instances.push(column(frame, &field)?);
                }
            }
        }
        Ok(view)
    }
}

/// The fields that tell the instances of a scope apart: teams of two organizations are two teams whatever their names.
pub(super) fn instance_fields(of: ScopeKind) -> Vec<Field> {
    match of {
        ScopeKind::Organization => vec![Field::ORGANIZATION],
        ScopeKind::Team | ScopeKind::Project | ScopeKind::User => {
            vec![Field::ORGANIZATION, Field::Scope(of)]
        }
    }
}

fn measure<'f>(frame: &'f Frame, name: &Key) -> Option<(&'f [i128], &'f [i64])> {
    if *name == Key::requests() {
        return Some((&frame.requests, &frame.events));
    }
    let column = frame.measures.iter().find(|column| column.name == *name)?;
    Some((&column.sum, &column.carriers))
}

/// The column of a field. Rows of events without a column have none of the field; cells without one have forgotten it.
pub(super) fn column<'f>(frame: &'f Frame, field: &Field) -> Result<Codes<'f>, TallyError> {
    let column = match field {
        Field::Category => Some(&frame.category),
        Field::Scope(ScopeKind::Organization) => Some(&frame.organization),
        Field::Scope(ScopeKind::Team) => Some(&frame.team),
        Field::Scope(ScopeKind::Project) => Some(&frame.project),
        Field::Scope(ScopeKind::User) => Some(&frame.user),
        Field::Dimension(key) => match frame.dimensions.iter().find(|(name, _)| name == key) {
            None if frame.is_raw() => return Ok(None),
            found => found.map(|(_, column)| column),
        },
    };
    match column {
        Some(column) if column.len() == frame.rows() => Ok(Some(column)),
        _ => Err(TallyError::MissingColumn(field.clone())),
    }
}

fn check_shape(frame: &Frame) -> Result<(), TallyError> {
    let rows = frame.rows();
    let optional = |len: usize| len == 0 || len == rows;
    let measures = frame
        .measures
        .iter()
        .all(|m| m.sum.len() == rows && m.carriers.len() == rows);
    let dimensions = frame.dimensions.iter().all(|(_, column)| column.len() == rows);
    let counts = [&frame.events, &frame.priced].iter().all(|c| c.len() == rows);
    let amounts = [&frame.requests, &frame.cost].iter().all(|c| c.len() == rows);
    let texts = [&frame.category, &frame.organization]
        .iter()
        .all(|c| c.len() == rows);
    let scopes = [&frame.team, &frame.project, &frame.user]
        .iter()
        .all(|c| optional(c.len()));
    let ids = optional(frame.ids.len()) && frame.corrects.len() == frame.ids.len();
    if measures && dimensions && counts && amounts && texts && scopes && ids {
        Ok(())
    } else {
        Err(TallyError::Malformed("columns differ in length"))
    }
}

/// The rows of a chunk.
pub(super) fn cut<'c, T>(column: &'c [T], rows: &Range<usize>) -> &'c [T] {
    column.get(rows.clone()).unwrap_or_default()
}
