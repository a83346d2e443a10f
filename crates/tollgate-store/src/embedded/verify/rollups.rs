//! Every event folded again, and every kept cell taken back: nothing may be left.

use crate::batch::{Damage, Folded, Head, Span, Usage, Wanted};
use crate::embedded::failure::Failure;
use crate::embedded::readers::Snapshot;
use crate::embedded::tables;
use crate::embedded::usage::open_part;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use tollgate_core::frame::{ABSENT, Frame};
use tollgate_core::money::Money;
use tollgate_core::quantity::Quantity;
use tollgate_core::rollup::{Cells, Grain, day_of};
use tollgate_core::time::Timestamp;
use tollgate_engine::store::Verification;

/// Cells that are held at once, nearly: some 100 MB. Time is gone through in stretches of days that have no more.
const CELLS_MAX: u64 = 500_000;

/// Verifies all cells, stretch by stretch.
pub(super) fn verify(snapshot: &Snapshot<'_>, found: &mut Verification) -> Result<(), Failure> {
    for days in stretches(&cells_by_day(snapshot)?) {
        let mut cells: BTreeMap<u32, Cells> = BTreeMap::new();
        for span in snapshot.view.directory.iter().filter(|span| reaches(span, &days)) {
            fold(snapshot, span, &days, &mut cells)?;
        }
        take_back(snapshot, &days, &mut cells)?;
        for cells in cells.values() {
            found.cells += cells.len() as u64;
            differences(cells, found);
        }
    }
    Ok(())
}

fn cells_by_day(snapshot: &Snapshot<'_>) -> Result<BTreeMap<i64, u64>, Failure> {
    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    for (_, number) in snapshot.view.grains.iter().zip(0..) {
        for part in tables::parts(&snapshot.database, number, i64::MIN..=i64::MAX)? {
            *days.entry(part.day).or_default() += part.cells;
        }
    }
    for layer in snapshot.view.layers_after(snapshot.through).unwrap_or_default() {
        for at in layer.cells.values().flat_map(|cells| &cells.frame().at) {
            *days.entry(day_of(*at)).or_default() += 1;
        }
    }
    Ok(days)
}

/// All of time, cut so that no stretch of several days has many more cells than it should.
fn stretches(days: &BTreeMap<i64, u64>) -> Vec<Range<i64>> {
    let mut stretches = Vec::new();
    let (mut start, mut cells) = (i64::MIN, 0);
    for (day, count) in days {
        if cells > 0 && cells + count > CELLS_MAX {
            stretches.push(start..*day);
            (start, cells) = (*day, 0);
        }
        cells += count;
    }
    stretches.push(start..i64::MAX);
    stretches
}

fn reaches(span: &Span, days: &Range<i64>) -> bool {
    day_of(span.at_min) < days.end && days.start <= day_of(span.at_max)
}

/// Folds the events of a batch that lie in these days.
fn fold(
    snapshot: &Snapshot<'_>,
    span: &Span,
    days: &Range<i64>,
    cells: &mut BTreeMap<u32, Cells>,
) -> Result<(), Failure> {
    let (folded, usage) = tables::with_usage(&snapshot.database, span.number, |head, usage| {
        let head = Head::open(head, span.number)?;
        let (usage, _) = Usage::open(usage, head.rows(), &Wanted::All)?;
        Ok((head.folded, usage))
    })?;
    let grains = &snapshot.view.grains;
    let missing = Damage("a batch names a grain that is not there");
    let named = |category: &str| folded.iter().find(|folded| folded.category == category);
    let kept = |folded: &Folded| {
        let grains = folded
            .grains
            .iter()
            .filter_map(|number| grains.get(*number as usize));
        grains
            .flat_map(|grain| grain.dimensions.iter().cloned())
            .collect()
    };
    for frame in usage.by_category(|category| named(category).map(kept).unwrap_or_default()) {
        let category = frame
            .category
            .first()
            .and_then(|code| frame.texts.get(*code as usize))
            .ok_or(missing)?;
        for number in named(category).ok_or(missing)?.grains {
            each_within(&frame, days, |frame| {
                cells_of(cells, grains, number)?.add(frame);
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Takes back the cells that are kept of these days.
fn take_back(
    snapshot: &Snapshot<'_>,
    days: &Range<i64>,
    cells: &mut BTreeMap<u32, Cells>,
) -> Result<(), Failure> {
    let grains = &snapshot.view.grains;
    for number in 0..grains.len() as u32 {
        for part in tables::parts(
            &snapshot.database,
            number,
            days.start..=days.end.saturating_sub(1),
        )? {
            let frame = open_part(snapshot, &part)?;
            if frame.rows() as u64 != part.cells || frame.at.iter().any(|at| day_of(*at) != part.day) {
                return Err(Damage("a part of a rollup has other cells than it says").into());
            }
            cells_of(cells, grains, number)?.take_back(&frame);
        }
    }
    for layer in snapshot.view.layers_after(snapshot.through).unwrap_or_default() {
        for (number, kept) in &layer.cells {
            each_within(kept.frame(), days, |frame| {
                cells_of(cells, grains, *number)?.take_back(frame);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn cells_of<'c>(
    cells: &'c mut BTreeMap<u32, Cells>,
    grains: &[Arc<Grain>],
    number: u32,
) -> Result<&'c mut Cells, Failure> {
    let grain = grains
        .get(number as usize)
        .ok_or(Damage("a batch names a grain that is not there"))?;
    Ok(cells
        .entry(number)
        .or_insert_with(|| Cells::new(Grain::clone(grain))))
}

fn each_within(
    frame: &Frame,
    days: &Range<i64>,
    mut then: impl FnMut(&Frame) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let inside = |at: &i64| days.contains(&day_of(*at));
    if frame.at.iter().all(inside) {
        return then(frame);
    }
    let rows: Vec<usize> = (0..frame.rows())
        .filter(|row| frame.at.get(*row).is_some_and(inside))
        .collect();
    if rows.is_empty() {
        Ok(())
    } else {
        then(&frame.select(&rows))
    }
}

/// Says of every cell in which something is left, what.
fn differences(cells: &Cells, found: &mut Verification) {
    let frame = cells.frame();
    for row in 0..frame.rows() {
        let mut left = Vec::new();
        let mut note = |name: &str, is_zero: bool, amount: String| {
            if !is_zero {
                left.push(format!("{name} by {amount}"));
            }
        };
        let (events, priced) = (frame.events[row], frame.priced[row]);
        note("events", events == 0, events.to_string());
        note("priced events", priced == 0, priced.to_string());
        note(
            "requests",
            frame.requests[row] == 0,
            Quantity::from_nano(frame.requests[row]).to_string(),
        );
        let cost =
            Money::from_pico(frame.cost[row]).map_or("too much to say".to_owned(), |cost| cost.to_string());
        note("cost", frame.cost[row] == 0, cost);
        for measure in &frame.measures {
            let (sum, carriers) = (measure.sum[row], measure.carriers[row]);
            note(
                measure.name.as_str(),
                sum == 0,
                Quantity::from_nano(sum).to_string(),
            );
            note(
                &format!("events with {}", measure.name),
                carriers == 0,
                carriers.to_string(),
            );
        }
        if !left.is_empty() {
            found.differ(format!(
                "raw and rollup of {} differ in {}",
                place(cells.grain(), frame, row),
                left.join(", ")
            ));
        }
    }
}

fn place(grain: &Grain, frame: &Frame, row: usize) -> String {
    let text = |column: &[u32]| match column.get(row) {
        None | Some(&ABSENT) => "–".to_owned(),
        Some(code) => frame
            .texts
            .get(*code as usize)
            .map_or("?".to_owned(), SmolStr::to_string),
    };
    let scope = [&frame.organization, &frame.team, &frame.project, &frame.user].map(|column| text(column));
    let dimensions: Vec<String> = frame
        .dimensions
        .iter()
        .map(|(key, column)| format!("{key}={}", text(column)))
        .collect();
    let at = Timestamp::from_micros(frame.at[row]);
    format!(
        "{} {:?} at {at} ({} {})",
        grain.category,
        grain.set,
        scope.join("/"),
        dimensions.join(" ")
    )
}
