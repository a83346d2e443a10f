//! Outcomes: from settled values to the rows of an answer, in order.

use super::settle::Settled;
use super::side::{self, Side};
use crate::money::Currency;
use crate::query::{Answer, Figures, OrderColumn, Row, Source, UsageQuery, Value};
use smol_str::SmolStr;
use std::cmp::Ordering;
use std::collections::HashMap;

/// One side with its values.
#[derive(Debug)]
pub(super) struct Outcome<'t> {
    pub(super) side: &'t Side<'t>,
    pub(super) settled: &'t [Vec<Settled>],
    pub(super) query: &'t UsageQuery,
    pub(super) currencies: &'t [Currency],
}

/// A row before its values are written out: bucket, group texts, slot.
type RowKey = (usize, Vec<Option<SmolStr>>, usize);

impl Outcome<'_> {
    fn keys(&self) -> Vec<RowKey> {
        (0..self.side.slots.len())
            .filter_map(|slot| {
                let (ordinal, texts) = self.side.slots.key(u32::try_from(slot).ok()?)?;
                Some((ordinal, texts, slot))
            })
            .collect()
    }

    fn value(&self, figure: usize, slot: Option<usize>) -> Value {
        let by_place = self.settled.get(figure).map_or(&[][..], Vec::as_slice);
        let asked = self.query.figures.get(figure);
        if asked.is_some_and(|asked| side::is_by_currency(asked, self.query.aggregate)) {
            return self.side.cost(by_place, self.currencies, slot);
        }
        by_place
            .first()
            .map_or(Value::Unknown, |settled| settled.value(slot).clone())
    }

    fn figures(&self, slot: Option<usize>) -> Figures {
        let figures = self.query.figures.iter().enumerate();
        let has_cost = self
            .query
            .figures
            .iter()
            .any(|figure| figure.source == Source::Cost);
        Figures {
            values: figures
                .map(|(place, figure)| (figure.name.clone(), self.value(place, slot)))
                .collect(),
            unpriced: has_cost.then(|| self.side.unpriced(slot)),
            previous: None,
        }
    }
}

/// The answer of one side, compared with another.
pub(super) fn answer(query: &UsageQuery, current: &Outcome<'_>, previous: Option<&Outcome<'_>>) -> Answer {
    let mut keys = current.keys();
    sort(&mut keys, query, current);
    let truncated = keys.len() > query.limit;
    keys.truncate(query.limit);
    let before: HashMap<(usize, Vec<Option<SmolStr>>), usize> = previous
        .iter()
        .flat_map(|outcome| outcome.keys())
        .map(|(ordinal, texts, slot)| ((ordinal, texts), slot))
        .collect();
    let rows = keys.into_iter().map(|(ordinal, texts, slot)| {
        let mut figures = current.figures(Some(slot));
        let key = (ordinal, texts);
        figures.previous = previous.map(|previous| {
            // A slot beyond all others has no rows, which is what a group without usage then had.
            let slot = before.get(&key).copied().unwrap_or(usize::MAX);
            Box::new(previous.figures(Some(slot)))
        });
        Row {
            bucket_start: query.buckets.start(ordinal),
            groups: query.groups.iter().cloned().zip(key.1).collect(),
            figures,
        }
    });
    let rows = rows.collect();
    let mut total = current.figures(None);
    total.previous = previous.map(|previous| Box::new(previous.figures(None)));
    Answer {
        rows,
        total,
        truncated,
    }
}

fn sort(keys: &mut [RowKey], query: &UsageQuery, outcome: &Outcome<'_>) {
    let values: Vec<Value> = match query.order.by {
        OrderColumn::Figure(figure) => (0..keys.len())
            .map(|slot| outcome.value(figure, Some(slot)))
            .collect(),
        OrderColumn::Bucket | OrderColumn::Group(_) => Vec::new(),
    };
    keys.sort_unstable_by(|a, b| {
        let first = match query.order.by {
            OrderColumn::Bucket => a.0.cmp(&b.0),
            OrderColumn::Group(place) => a.1.get(place).cmp(&b.1.get(place)),
            OrderColumn::Figure(_) => values.get(a.2).cmp(&values.get(b.2)),
        };
        let first = if query.order.falling {
            first.reverse()
        } else {
            first
        };
        first.then_with(|| tie(a, b))
    });
}

fn tie(a: &RowKey, b: &RowKey) -> Ordering {
    (a.0, &a.1).cmp(&(b.0, &b.1))
}
