//! The detail section: what only those read who ask for single events.

use super::Damage;
use super::charges::Charges;
use super::ids::Ids;
use super::packed::Packed;
use super::seal::{open, plain, seal};
use super::sparse::{PackedSparse, Sparse};
use super::texts::{Run, Texts};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// What a batch's events have besides their usage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    pub(crate) ids: Run,
    /// Distinct sources, and for each event which.
    pub(crate) sources: Vec<SmolStr>,
    pub(crate) source: Vec<u32>,
    /// Metadata of the events that have some, and for those which.
    pub(crate) metadata: Vec<Box<str>>,
    pub(crate) metadata_at: Sparse<u32>,
    pub(crate) asserted: Sparse<i128>,
    pub(crate) charges: Charges,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    charges: Charges,
    ids: Ids,
    sources: Texts,
    source: Packed,
    metadata: Vec<Box<str>>,
    metadata_at: PackedSparse,
    asserted: PackedSparse,
}

/// Bytes that an event's charge takes here before it is compressed, its id aside.
const EVENT_BYTES: usize = 24;

impl Detail {
    /// Seals the section.
    pub(crate) fn seal(&self) -> Vec<u8> {
        let wire = Wire {
            charges: self.charges.clone(),
            ids: Ids::pack(&self.ids),
            sources: Texts::pack(self.sources.iter().map(SmolStr::as_str)),
            source: Packed::codes(&self.source),
            metadata: self.metadata.clone(),
            metadata_at: self.metadata_at.to_packed(),
            asserted: self.asserted.to_packed(),
        };
        let bytes = EVENT_BYTES * self.source.len() + self.ids.bytes();
        seal(&plain(&wire, bytes), true)
    }

    /// Opens a section of `rows` events.
    pub(crate) fn open(sealed: &[u8], rows: usize) -> Result<(Self, u32), Damage> {
        let (plain, crc) = open(sealed)?;
        let wire: Wire =
            postcard::from_bytes(&plain).map_err(|_| Damage("a detail section cannot be read"))?;
        wire.source.check(rows)?;
        let detail = Self {
            ids: wire.ids.unpack()?,
            sources: wire.sources.unpack()?,
            source: wire.source.to_codes()?,
            metadata: wire.metadata,
            metadata_at: wire.metadata_at.codes(rows)?,
            asserted: wire.asserted.amounts(rows)?,
            charges: wire.charges.ready(rows)?,
        };
        if detail.ids.len() == rows {
            Ok((detail, crc))
        } else {
            Err(Damage("a batch has not as many ids as events"))
        }
    }
}
