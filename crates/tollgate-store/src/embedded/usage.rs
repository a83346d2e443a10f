//! Answering a usage query: the plan, carried out on one snapshot.

use super::failure::Failure;
use super::readers::{Snapshot, snapshot};
use super::sequencer::Shared;
use super::tables::{self, PartRow};
use crate::batch::{Head, Span, Usage, Wanted};
use crate::plan::{self, Census, Plan};
use crate::rollup::part::open_cells;
use rusqlite::Connection;
use smol_str::SmolStr;
use std::collections::{BTreeMap, BTreeSet};
use tollgate_core::frame::Frame;
use tollgate_core::period::Window;
use tollgate_core::query::{Answer, Needs, Tally, UsageQuery};
use tollgate_core::rollup::{BUCKET_MICROS, DAY_MICROS, day_of};
use tollgate_engine::settings::Settings;
use tollgate_engine::store::Settled;

/// Answers a query over everything acknowledged before the call.
pub(super) fn answer(
    connection: &Connection,
    shared: &Shared,
    query: &UsageQuery,
    settings: &Settings,
) -> Result<Answer, Failure> {
    Ok(settled(connection, shared, query, settings)?.answer)
}

/// Answers a query, and says how many events had arrived.
pub(super) fn settled(
    connection: &Connection,
    shared: &Shared,
    query: &UsageQuery,
    settings: &Settings,
) -> Result<Settled, Failure> {
    let snapshot = snapshot(connection, shared)?;
    let arrivals = snapshot.view.directory.events();
    let needs = query.needs();
    let parts = parts(&snapshot, &needs)?;
    let plan = plan::plan(&needs, &snapshot.view.grains, &census(&snapshot, &parts, &needs));
    let mut tally = Tally::new(query, |organization| settings.currency(organization));
    let mut add = |frame: &Frame| tally.add(frame).map_err(Failure::from);
    each_cells(&snapshot, shared, (&plan, &parts), &mut add)?;
    each_events(&snapshot, (&plan, &needs), &mut add)?;
    Ok(Settled {
        answer: tally.finish()?,
        arrivals,
    })
}

/// The stored parts that the query could use.
fn parts(snapshot: &Snapshot<'_>, needs: &Needs) -> Result<Vec<PartRow>, Failure> {
    let Some((first, last)) = days(needs) else {
        return Ok(Vec::new());
    };
    let mut parts = Vec::new();
    for number in plan::candidates(needs, &snapshot.view.grains) {
        parts.extend(tables::parts(&snapshot.database, number, first..=last)?);
    }
    Ok(parts)
}

fn census(snapshot: &Snapshot<'_>, parts: &[PartRow], needs: &Needs) -> Census {
    let mut census = Census::new();
    for part in parts {
        *census.entry(part.grain).or_default().entry(part.day).or_default() += part.cells;
    }
    let candidates = plan::candidates(needs, &snapshot.view.grains);
    for layer in snapshot.view.layers_after(snapshot.through).unwrap_or_default() {
        for (number, cells) in layer
            .cells
            .iter()
            .filter(|(number, _)| candidates.contains(number))
        {
            let of_day = census.entry(*number).or_default();
            for at in &cells.frame().at {
                *of_day.entry(day_of(*at)).or_default() += 1;
            }
        }
    }
    census
}

/// Hands the planned cells to `add`.
fn each_cells(
    snapshot: &Snapshot<'_>,
    shared: &Shared,
    (plan, parts): (&Plan, &[PartRow]),
    add: &mut impl FnMut(&Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for part in parts {
        let Some(windows) = plan.cells.get(&part.grain) else {
            continue;
        };
        let start = part.day.saturating_mul(DAY_MICROS);
        if !overlaps(windows, start, start.saturating_add(DAY_MICROS - 1)) {
            continue;
        }
        let cells = shared.parts.part(part.part, || open_part(snapshot, part))?;
        add_within(&cells, windows, add)?;
    }
    for layer in snapshot.view.layers_after(snapshot.through).unwrap_or_default() {
        for (number, cells) in &layer.cells {
            if let Some(windows) = plan.cells.get(number) {
                add_within(cells.frame(), windows, add)?;
            }
        }
    }
    Ok(())
}

/// Opens a stored part.
pub(super) fn open_part(snapshot: &Snapshot<'_>, part: &PartRow) -> Result<Frame, Failure> {
    let missing = crate::batch::Damage("a part of a rollup has a grain that is not there");
    let grain = snapshot.view.grains.get(part.grain as usize).ok_or(missing)?;
    let body = tables::part_body(&snapshot.database, part.part)?;
    Ok(open_cells(&body, (part.grain, part.day), grain)?)
}

/// Adds the rows that lie in one of the stretches.
fn add_within(
    frame: &Frame,
    windows: &[Window],
    add: &mut impl FnMut(&Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let inside = |at: &i64| windows.iter().any(|window| plan::is_in(window, *at));
    if frame.at.iter().all(inside) {
        return add(frame);
    }
    let rows: Vec<usize> = (0..frame.rows())
        .filter(|row| frame.at.get(*row).is_some_and(inside))
        .collect();
    if rows.is_empty() {
        Ok(())
    } else {
        add(&frame.select(&rows))
    }
}

/// Hands the planned events to `add`.
fn each_events(
    snapshot: &Snapshot<'_>,
    (plan, needs): (&Plan, &Needs),
    add: &mut impl FnMut(&Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if plan.events.is_empty() {
        return Ok(());
    }
    let wanted = plan::wanted(needs);
    let windows: Vec<Window> = plan.events.iter().map(|(_, window)| *window).collect();
    for span in snapshot
        .view
        .directory
        .iter()
        .filter(|span| overlaps(&windows, span.at_min, span.at_max))
    {
        let frame = open_events(snapshot, span, &wanted)?;
        let rows = rows_of(&frame, &plan.events, needs.categories.as_ref());
        match rows.len() {
            0 => {}
            all if all == frame.rows() => add(&frame)?,
            _ => add(&frame.select(&rows))?,
        }
    }
    Ok(())
}

fn open_events(snapshot: &Snapshot<'_>, span: &Span, wanted: &Wanted) -> Result<Frame, Failure> {
    tables::with_usage(&snapshot.database, span.number, |head, usage| {
        let head = Head::open(head, span.number)?;
        let (usage, checksum) = Usage::open(usage, head.rows(), wanted)?;
        head.check_usage(checksum)?;
        Ok(usage.frame(head.identities.iter().map(|(event, _)| *event).collect()))
    })
}

/// The rows that lie in a stretch to be read for their category.
fn rows_of(
    frame: &Frame,
    events: &[(Option<SmolStr>, Window)],
    categories: Option<&BTreeSet<SmolStr>>,
) -> Vec<usize> {
    let windows_of = |text: &SmolStr| -> Vec<Window> {
        let is_wanted = categories.is_none_or(|categories| categories.contains(text));
        let of = events
            .iter()
            .filter(|(category, _)| category.as_ref().is_none_or(|category| category == text));
        of.filter(|_| is_wanted).map(|(_, window)| *window).collect()
    };
    let mut by_code: BTreeMap<u32, Vec<Window>> = BTreeMap::new();
    for code in &frame.category {
        by_code
            .entry(*code)
            .or_insert_with(|| frame.texts.get(*code as usize).map_or_else(Vec::new, windows_of));
    }
    let inside = |(code, at): (&u32, &i64)| {
        by_code
            .get(code)
            .is_some_and(|windows| windows.iter().any(|window| plan::is_in(window, *at)))
    };
    let places = frame.category.iter().zip(&frame.at).enumerate();
    places
        .filter(|(_, row)| inside(*row))
        .map(|(row, _)| row)
        .collect()
}

fn overlaps(windows: &[Window], first: i64, last: i64) -> bool {
    windows
        .iter()
        .any(|window| window.start.micros() <= last && first < window.end.micros())
}

/// The first and the last day that cells may be read of.
fn days(needs: &Needs) -> Option<(i64, i64)> {
    let first = needs.reads.iter().map(|read| read.window.start.micros()).min()?;
    let last = needs.reads.iter().map(|read| read.window.end.micros()).max()?;
    Some((day_of(first.saturating_sub(BUCKET_MICROS)), day_of(last)))
}
