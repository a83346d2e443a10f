//! Checkpoints: a frozen layer becomes sealed parts, off the sequencer's thread.

use super::layer::Layer;
use super::part::{open_cells, seal_cells};
use crate::embedded::failure::Failure;
use crate::embedded::tables::{self, PartRow};
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender};
use tollgate_core::frame::Frame;
use tollgate_core::price::{RatingKey, Running};
use tollgate_core::rollup::{Cells, Grain};

/// A new part takes in the last one before it while that has at most this many times as many cells: parts of a day then
/// shrink geometrically, so there are few, and a cell is rewritten some log₂ times.
const ABSORB_FACTOR: u64 = 2;

/// What a checkpoint puts on disk.
#[derive(Debug, Default)]
pub(crate) struct Frozen {
    /// The last batch that it includes.
    pub(crate) through: u64,
    pub(crate) layer: Layer,
    /// Running totals that moved since the last checkpoint.
    pub(crate) totals: HashMap<RatingKey, Running>,
}

/// A checkpoint ready to be committed.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) through: u64,
    pub(crate) parts: Vec<SealedPart>,
    /// Parts that the new ones took in.
    pub(crate) absorbed: Vec<i64>,
    pub(crate) totals: HashMap<RatingKey, Running>,
}

/// A part that has no number yet.
#[derive(Debug)]
pub(crate) struct SealedPart {
    pub(crate) grain: u32,
    pub(crate) day: i64,
    pub(crate) cells: u64,
    pub(crate) body: Vec<u8>,
}

/// Seals what comes in until the sender is gone. `sealed` is told that there is something to fetch.
pub(crate) fn run(
    connection: &Connection,
    frozen: &Receiver<Frozen>,
    done: &Sender<Result<Sealed, Failure>>,
    sealed: impl Fn(),
) {
    while let Ok(frozen) = frozen.recv() {
        if done.send(seal(connection, frozen)).is_err() {
            return;
        }
        sealed();
    }
}

/// Seals a layer. Only one checkpoint is under way at a time, so the parts that it finds stay as they are until it is committed.
pub(crate) fn seal(connection: &Connection, frozen: Frozen) -> Result<Sealed, Failure> {
    let mut sealed = Sealed {
        through: frozen.through,
        parts: Vec::new(),
        absorbed: Vec::new(),
        totals: frozen.totals,
    };
    for (number, cells) in &frozen.layer.cells {
        let days = cells.by_day();
        let (Some(first), Some(last)) = (days.keys().next(), days.keys().next_back()) else {
            continue;
        };
        let mut stored: HashMap<i64, Vec<PartRow>> = HashMap::new();
        for part in tables::parts(connection, *number, *first..=*last)? {
            stored.entry(part.day).or_default().push(part);
        }
        for (day, fresh) in days {
            let absorbed = absorbed(stored.get(&day).map_or(&[], Vec::as_slice), fresh.rows() as u64);
            let cells = merged(connection, cells.grain(), fresh, absorbed)?;
            sealed.absorbed.extend(absorbed.iter().map(|part| part.part));
            let (rows, body) = (cells.rows() as u64, seal_cells((*number, day), &cells));
            sealed.parts.push(SealedPart {
                grain: *number,
                day,
                cells: rows,
                body,
            });
        }
    }
    Ok(sealed)
}

/// The parts at the end of those of a day that a new one takes in.
fn absorbed(stored: &[PartRow], fresh: u64) -> &[PartRow] {
    let mut cells = fresh;
    let mut from = stored.len();
    for part in stored.iter().rev() {
        if part.cells > cells.saturating_mul(ABSORB_FACTOR) {
            break;
        }
        cells += part.cells;
        from -= 1;
    }
    stored.get(from..).unwrap_or_default()
}

fn merged(
    connection: &Connection,
    grain: &Grain,
    fresh: Frame,
    absorbed: &[PartRow],
) -> Result<Frame, Failure> {
    if absorbed.is_empty() {
        return Ok(fresh);
    }
    let mut cells = Cells::new(grain.clone());
    cells.add(&fresh);
    for part in absorbed {
        let body = tables::part_body(connection, part.part)?;
        cells.add(&open_cells(&body, (part.grain, part.day), grain)?);
    }
    // All of one day, so there is one frame, in order.
    Ok(cells.by_day().into_values().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stored: &[u64], fresh: u64, want: usize) {
        let row = |(part, cells): (usize, &u64)| PartRow {
            part: part as i64,
            grain: 0,
            day: 0,
            cells: *cells,
        };
        let stored: Vec<PartRow> = stored.iter().enumerate().map(row).collect();
        assert_eq!(absorbed(&stored, fresh).len(), want, "{stored:?} {fresh}");
    }

    #[test]
    fn a_part_takes_in_those_that_are_not_much_larger() {
        check(&[], 5, 0);
        check(&[1_000], 5, 0);
        check(&[10], 5, 1);
        check(&[1_000, 30, 10], 5, 2);
        check(&[90, 30, 10], 5, 3);
        check(&[11, 30], 5, 0);
    }

    #[test]
    fn a_day_of_equal_checkpoints_has_few_parts_and_rewrites_each_cell_seldom() {
        let (mut parts, mut rewritten): (Vec<u64>, u64) = (Vec::new(), 0);
        for _ in 0..10_000 {
            let rows: Vec<PartRow> = parts
                .iter()
                .map(|cells| PartRow {
                    part: 0,
                    grain: 0,
                    day: 0,
                    cells: *cells,
                })
                .collect();
            let taken = absorbed(&rows, 100);
            let cells = 100 + taken.iter().map(|part| part.cells).sum::<u64>();
            rewritten += cells;
            parts.truncate(parts.len() - taken.len());
            parts.push(cells);
            assert!(parts.len() <= 16, "{parts:?}");
        }
        assert!(rewritten < 20 * 10_000 * 100, "{rewritten}");
    }
}
