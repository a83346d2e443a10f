//! Reading single events back.

use super::failure::Failure;
use super::sequencer::Shared;
use super::tables;
use crate::batch::{Batch, Damage, Events, Head, Span, Usage, Wanted};
use rusqlite::Connection;
use std::borrow::Cow;
use tollgate_core::charge::Charge;
use tollgate_core::frame::ABSENT;
use tollgate_core::query::Field;
use tollgate_core::scope::ScopeKind;
use tollgate_core::time::Timestamp;
use tollgate_engine::store::{EventPage, StoredEvent};

/// The event of this arrival.
pub(super) fn event(connection: &Connection, shared: &Shared, arrival: u64) -> Result<StoredEvent, Failure> {
    let span = span(shared, arrival)?;
    let batch = open(connection, &span)?;
    let row = (arrival - span.first_arrival) as usize;
    stored(&batch.events(), &span, row)
}

/// The charges of these arrivals, read back from their batches.
pub(super) fn charges(
    connection: &Connection,
    shared: &Shared,
    arrivals: &[u64],
) -> Result<Vec<Charge>, Failure> {
    let charge = |arrival: &u64| {
        if let Some(charge) = shared.charges.charge(*arrival)? {
            return Ok(charge);
        }
        let span = span(shared, *arrival)?;
        let charges = open(connection, &span)?.detail.charges;
        let charge = charges.charge((arrival - span.first_arrival) as usize)?;
        shared.charges.push_older(span.first_arrival, charges);
        Ok(charge)
    };
    arrivals.iter().map(charge).collect()
}

/// Events by arrival, newest first.
pub(super) fn page(
    connection: &Connection,
    shared: &Shared,
    page: &EventPage,
) -> Result<Vec<StoredEvent>, Failure> {
    let directory = shared.view.now().directory;
    let mut found = Vec::new();
    for span in directory.iter().rev().filter(|span| may_have(page, span)) {
        let wanted = page.limit.saturating_sub(found.len());
        if wanted == 0 {
            break;
        }
        let mut rows = rows(connection, page, span)?;
        rows.truncate(wanted);
        if rows.is_empty() {
            continue;
        }
        let batch = open(connection, span)?;
        let events = batch.events();
        for row in rows {
            found.push(stored(&events, span, row)?);
        }
    }
    Ok(found)
}

fn may_have(page: &EventPage, span: &Span) -> bool {
    page.before.is_none_or(|before| span.first_arrival < before)
        && page.from.is_none_or(|from| span.at_max >= from.micros())
        && page.to.is_none_or(|to| span.at_min < to.micros())
}

/// The rows of a batch that belong on the page, newest first, found without reading more than their usage.
fn rows(connection: &Connection, page: &EventPage, span: &Span) -> Result<Vec<usize>, Failure> {
    let dimensions = page.filters.iter().filter_map(|filter| match &filter.field {
        Field::Dimension(key) => Some(key.clone()),
        Field::Category | Field::Scope(_) => None,
    });
    let wanted = Wanted::Only {
        dimensions: dimensions.collect(),
        measures: Vec::new(),
    };
    let usage = tables::with_usage(connection, span.number, |head, usage| {
        let head = Head::open(head, span.number)?;
        let (usage, checksum) = Usage::open(usage, head.rows(), &wanted)?;
        head.check_usage(checksum)?;
        Ok(usage)
    })?;
    let mut passing: Vec<bool> = usage
        .at
        .iter()
        .zip(span.first_arrival..)
        .map(|(at, arrival)| {
            page.before.is_none_or(|before| arrival < before)
                && page.from.is_none_or(|from| *at >= from.micros())
                && page.to.is_none_or(|to| *at < to.micros())
        })
        .collect();
    for filter in &page.filters {
        let admitted: Vec<bool> = (0..)
            .zip(&usage.texts)
            .map(|(code, text)| filter.admits((code != ABSENT).then_some(text)))
            .collect();
        let column = column(&usage, &filter.field);
        let codes = column
            .iter()
            .map(|code| admitted.get(*code as usize).copied().unwrap_or(false));
        passing
            .iter_mut()
            .zip(codes)
            .for_each(|(passing, admitted)| *passing &= admitted);
    }
    Ok((0..passing.len())
        .rev()
        .filter(|row| passing.get(*row).copied().unwrap_or(false))
        .collect())
}

fn column<'u>(usage: &'u Usage, field: &Field) -> Cow<'u, [u32]> {
    match field {
        Field::Category => (&usage.category).into(),
        Field::Scope(ScopeKind::Organization) => (&usage.organization).into(),
        Field::Scope(ScopeKind::Team) => (&usage.team).into(),
        Field::Scope(ScopeKind::Project) => (&usage.project).into(),
        Field::Scope(ScopeKind::User) => (&usage.user).into(),
        Field::Dimension(key) => {
            let column = usage.dimensions.iter().find(|(name, _)| name == key);
            column
                .map_or(vec![ABSENT; usage.rows()], |(_, column)| {
                    column.dense(usage.rows(), ABSENT)
                })
                .into()
        }
    }
}

/// Opens the whole batch that stands at `span`.
pub(super) fn open(connection: &Connection, span: &Span) -> Result<Batch, Failure> {
    let sections = tables::sections(connection, span.number)?;
    let head = Head::open(&sections.head, span.number)?;
    Ok(Batch::open(&head, &sections.usage, &sections.detail)?)
}

/// The event of one row as it was recorded.
pub(super) fn stored(events: &Events<'_>, span: &Span, row: usize) -> Result<StoredEvent, Failure> {
    let (event, charge) = events.event(row)?;
    let received_at = Timestamp::from_micros(span.received_at);
    Ok(StoredEvent {
        event,
        charge,
        received_at,
        arrival: span.first_arrival + row as u64,
    })
}

fn span(shared: &Shared, arrival: u64) -> Result<Span, Damage> {
    shared
        .view
        .now()
        .directory
        .of_arrival(arrival)
        .ok_or(Damage("an event is in no batch"))
}
