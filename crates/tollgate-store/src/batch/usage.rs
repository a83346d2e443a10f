//! The usage section: what queries read of a batch's events.
//!
//! In memory it is columns with one dictionary; a dimension or measure that only some events have takes only as much as
//! those. Turning it into dense frames is [`super::frames`].

use super::Damage;
use super::packed::Packed;
use super::seal::{open, plain, seal};
use super::sparse::{PackedSparse, Sparse};
use super::texts::Texts;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tollgate_core::id::EventId;
use tollgate_core::text::Key;

/// What a batch's events used, in columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The dictionary; entry 0 stands for "absent".
    pub(crate) texts: Vec<SmolStr>,
    pub(crate) at: Vec<i64>,
    pub(crate) category: Vec<u32>,
    pub(crate) organization: Vec<u32>,
    pub(crate) team: Vec<u32>,
    pub(crate) project: Vec<u32>,
    pub(crate) user: Vec<u32>,
    /// In the order of their keys.
    pub(crate) dimensions: Vec<(Key, Sparse<u32>)>,
    pub(crate) requests: Vec<i128>,
    /// In the order of their keys.
    pub(crate) measures: Vec<(Key, Sparse<i128>)>,
    /// For the events whose cost is known.
    pub(crate) cost: Sparse<i128>,
    /// For voids: what they take back.
    pub(crate) corrects: Vec<(u32, EventId)>,
}

/// Which dimensions and measures to unpack; the rest of a batch costs nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of them.
    All,
    /// These.
    Only {
        /// Dimensions.
        dimensions: Vec<Key>,
        /// Measures.
        measures: Vec<Key>,
    },
}

#[derive(Serialize, Deserialize)]
struct Wire {
    texts: Texts,
    at: Instants,
    /// Category, organization, team, project, user.
    codes: [Packed; 5],
    dimensions: Vec<(Key, PackedSparse)>,
    requests: Packed,
    measures: Vec<(Key, PackedSparse)>,
    cost: PackedSparse,
    corrects: Vec<(u32, u128)>,
}

/// Instants either as they are, or as steps from one to the next where that is shorter, as it is when events come in order.
#[derive(Serialize, Deserialize)]
enum Instants {
    Each(Packed),
    Steps(i64, Packed),
}

/// Bytes that an event with a few dimensions and measures takes here before it is compressed.
const EVENT_BYTES: usize = 48;

impl Usage {
    /// The number of events.
    pub(crate) fn rows(&self) -> usize {
        self.at.len()
    }

    /// Seals the section.
    pub(crate) fn seal(&self) -> Vec<u8> {
        let codes = [
            &self.category,
            &self.organization,
            &self.team,
            &self.project,
            &self.user,
        ];
        let wire = Wire {
            texts: Texts::pack(self.texts.iter().map(SmolStr::as_str)),
            at: Instants::pack(&self.at),
            codes: codes.map(|column| Packed::codes(column)),
            dimensions: self
                .dimensions
                .iter()
                .map(|(key, column)| (key.clone(), column.to_packed()))
                .collect(),
            requests: Packed::amounts(&self.requests),
            measures: self
                .measures
                .iter()
                .map(|(key, column)| (key.clone(), column.to_packed()))
                .collect(),
            cost: self.cost.to_packed(),
            corrects: self
                .corrects
                .iter()
                .map(|(row, event)| (*row, event.bits()))
                .collect(),
        };
        seal(&plain(&wire, EVENT_BYTES * self.rows()), true)
    }

    /// Opens a section of `rows` events.
    pub(crate) fn open(sealed: &[u8], rows: usize, wanted: &Wanted) -> Result<(Self, u32), Damage> {
        let (plain, crc) = open(sealed)?;
        let wire: Wire =
            postcard::from_bytes(&plain).map_err(|_| Damage("a usage section cannot be read"))?;
        let texts = wire.texts.unpack()?;
        let codes = |column: &Packed| {
            column.check(rows)?;
            checked(column.to_codes()?, &texts)
        };
        let [category, organization, team, project, user] = &wire.codes;
        let [category, organization, team, project, user] = [
            codes(category)?,
            codes(organization)?,
            codes(team)?,
            codes(project)?,
            codes(user)?,
        ];
        let mut dimensions = Vec::new();
        for (key, column) in wire
            .dimensions
            .into_iter()
            .filter(|(key, _)| wanted.has_dimension(key))
        {
            let column = column.codes(rows)?;
            check_codes(column.values(), &texts)?;
            dimensions.push((key, column));
        }
        let mut measures = Vec::new();
        for (key, column) in wire
            .measures
            .into_iter()
            .filter(|(key, _)| wanted.has_measure(key))
        {
            measures.push((key, column.amounts(rows)?));
        }
        wire.requests.check(rows)?;
        let usage = Self {
            at: wire.at.unpack(rows)?,
            category,
            organization,
            team,
            project,
            user,
            dimensions,
            requests: wire.requests.to_amounts()?,
            measures,
            cost: wire.cost.amounts(rows)?,
            corrects: wire
                .corrects
                .into_iter()
                .map(|(row, event)| (row, EventId::from_bits(event)))
                .collect(),
            texts,
        };
        Ok((usage, crc))
    }
}

impl Wanted {
    fn has_dimension(&self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Only { dimensions, .. } => dimensions.contains(key),
        }
    }

    fn has_measure(&self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Only { measures, .. } => measures.contains(key),
        }
    }
}

impl Instants {
    fn pack(at: &[i64]) -> Self {
        let each = Packed::integers(at);
        let mut before = at.first().copied().unwrap_or(0);
        let first = before;
        let steps: Vec<i64> = at
            .iter()
            .map(|at| at.wrapping_sub(std::mem::replace(&mut before, *at)))
            .collect();
        let steps = Packed::integers(&steps);
        if steps.bytes() < each.bytes() {
            Self::Steps(first, steps)
        } else {
            Self::Each(each)
        }
    }

    fn unpack(self, rows: usize) -> Result<Vec<i64>, Damage> {
        match self {
            Self::Each(each) => {
                each.check(rows)?;
                each.to_integers()
            }
            Self::Steps(first, steps) => {
                steps.check(rows)?;
                let mut at = first;
                let mut step = |step: i64| {
                    at = at.wrapping_add(step);
                    at
                };
                Ok(steps.to_integers()?.into_iter().map(&mut step).collect())
            }
        }
    }
}

fn checked(codes: Vec<u32>, texts: &[SmolStr]) -> Result<Vec<u32>, Damage> {
    check_codes(&codes, texts)?;
    Ok(codes)
}

fn check_codes(codes: &[u32], texts: &[SmolStr]) -> Result<(), Damage> {
    match codes.iter().max() {
        Some(most) if *most as usize >= texts.len() => Err(Damage("a code stands for no text")),
        _ => Ok(()),
    }
}
