//! Parts: the cells of one grain and day as sealed bytes.

use crate::batch::{Damage, Packed, Texts, open, plain, seal};
use serde::{Deserialize, Serialize};
use tollgate_core::frame::{Frame, MeasureColumn};
use tollgate_core::rollup::{Grain, RollupSet};
use tollgate_core::text::Key;

#[derive(Serialize, Deserialize)]
struct Wire {
    /// Where the part belongs: the number of its grain, and its day. So that it cannot be taken for another.
    place: (u32, i64),
    rows: u32,
    texts: Texts,
    at: Packed,
    /// Category, organization, team, project, then the user if the grain keeps it, then its dimensions in its order.
    codes: Vec<Packed>,
    events: Packed,
    requests: Packed,
    measures: Vec<(Key, Packed, Packed)>,
    cost: Packed,
    priced: Packed,
}

/// Bytes that a cell takes before it is compressed.
const CELL_BYTES: usize = 48;

/// Seals cells of the grain with this number on this day.
pub(crate) fn seal_cells(place: (u32, i64), cells: &Frame) -> Vec<u8> {
    let scope = [&cells.category, &cells.organization, &cells.team, &cells.project];
    let user = (!cells.user.is_empty()).then_some(&cells.user);
    let dimensions = cells.dimensions.iter().map(|(_, column)| column);
    let wire = Wire {
        place,
        rows: cells.rows() as u32,
        texts: Texts::pack(cells.texts.iter().map(|text| text.as_str())),
        at: Packed::integers(&cells.at),
        codes: scope
            .into_iter()
            .chain(user)
            .chain(dimensions)
            .map(|column| Packed::codes(column))
            .collect(),
        events: Packed::integers(&cells.events),
        requests: Packed::amounts(&cells.requests),
        measures: cells
            .measures
            .iter()
            .map(|column| {
                (
                    column.name.clone(),
                    Packed::amounts(&column.sum),
                    Packed::integers(&column.carriers),
                )
            })
            .collect(),
        cost: Packed::amounts(&cells.cost),
        priced: Packed::integers(&cells.priced),
    };
    seal(&plain(&wire, CELL_BYTES * cells.rows()), true)
}

/// Opens cells that were sealed for this place.
pub(crate) fn open_cells(sealed: &[u8], place: (u32, i64), grain: &Grain) -> Result<Frame, Damage> {
    let (plain, _) = open(sealed)?;
    let wire: Wire = postcard::from_bytes(&plain).map_err(|_| Damage("a part of a rollup cannot be read"))?;
    let rows = wire.rows as usize;
    // Cells differ in something, so at least one column takes a byte for each.
    if wire.place != place || rows > plain.len() + 1 {
        return Err(Damage("a part of a rollup does not fit its place"));
    }
    let texts = wire.texts.unpack()?;
    let mut columns = wire.codes.iter().map(|column| {
        column.check(rows)?;
        let codes = column.to_codes()?;
        let known = codes.iter().all(|code| (*code as usize) < texts.len());
        if known {
            Ok(codes)
        } else {
            Err(Damage("a code stands for no text"))
        }
    });
    let mut next = || {
        columns
            .next()
            .unwrap_or(Err(Damage("a part of a rollup lacks a column")))
    };
    let [category, organization, team, project] = [next()?, next()?, next()?, next()?];
    let user = if grain.set == RollupSet::Scope {
        next()?
    } else {
        Vec::new()
    };
    let mut dimensions = Vec::with_capacity(grain.dimensions.len());
    for key in &grain.dimensions {
        dimensions.push((key.clone(), next()?));
    }
    drop(columns);
    let mut measures = Vec::with_capacity(wire.measures.len());
    for (name, sum, carriers) in wire.measures {
        measures.push(MeasureColumn {
            name,
            sum: amounts(&sum, rows)?,
            carriers: integers(&carriers, rows)?,
        });
    }
    Ok(Frame {
        at: integers(&wire.at, rows)?,
        category,
        organization,
        team,
        project,
        user,
        dimensions,
        events: integers(&wire.events, rows)?,
        requests: amounts(&wire.requests, rows)?,
        measures,
        cost: amounts(&wire.cost, rows)?,
        priced: integers(&wire.priced, rows)?,
        texts,
        ids: Vec::new(),
        corrects: Vec::new(),
    })
}

fn integers(column: &Packed, rows: usize) -> Result<Vec<i64>, Damage> {
    column.check(rows)?;
    column.to_integers()
}

fn amounts(column: &Packed, rows: usize) -> Result<Vec<i128>, Damage> {
    column.check(rows)?;
    column.to_amounts()
}
