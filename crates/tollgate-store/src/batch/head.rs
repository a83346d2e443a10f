//! The head of a batch: what start-up reads, and nothing else.

use super::packed::plain_bytes;
use super::seal::{crc_of, open, plain, seal};
use super::{BATCH_EVENTS_MAX, Batch, Damage, changes};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tollgate_core::id::{EventId, PayloadHash};
use tollgate_engine::ledger::Changes;

/// Where a batch stands: in the order of commits, in the order of arrival and in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    /// The number of the commit, from 1 without gaps.
    pub(crate) number: u64,
    /// The arrival of its first event.
    pub(crate) first_arrival: u64,
    /// How many events it has.
    pub(crate) events: u32,
    /// When it arrived.
    pub(crate) received_at: i64,
    /// The earliest time of its events.
    pub(crate) at_min: i64,
    /// The latest time of its events.
    pub(crate) at_max: i64,
}

/// Under which grains the events of one category were folded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Folded {
    /// The category.
    pub(crate) category: SmolStr,
    /// The number of its grain by scope and of that by dimension.
    pub(crate) grains: [u32; 2],
    /// The first version of the category that its events were rated with; 0 when it was not there for some of them.
    pub(crate) version: u64,
}

/// The head of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Head {
    pub(crate) span: Span,
    pub(crate) folded: Vec<Folded>,
    pub(crate) changes: Changes,
    pub(crate) identities: Vec<(EventId, PayloadHash)>,
    /// Checksums of the usage and detail sections.
    pub(crate) checksums: [u32; 2],
}

/// The sealed sections of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sections {
    pub(crate) head: Vec<u8>,
    pub(crate) usage: Vec<u8>,
    pub(crate) detail: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Wire {
    span: Span,
    folded: Vec<Folded>,
    /// Sealed by itself, because it compresses and identities do not.
    #[serde(with = "plain_bytes")]
    changes: Vec<u8>,
    #[serde(with = "plain_bytes")]
    identities: Vec<u8>,
    checksums: [u32; 2],
}

const IDENTITY_BYTES: usize = 24;
/// Bytes that the rest of a head takes, nearly.
const HEAD_BYTES: usize = 256;
const MIXED_UP: Damage = Damage("the sections of a batch are not of one batch");

impl Sections {
    /// Seals a batch that stands at `span`.
    pub(crate) fn seal(batch: &Batch, span: Span, folded: Vec<Folded>, changes: &Changes) -> Self {
        let (usage, detail) = (batch.usage.seal(), batch.detail.seal());
        let mut identities = Vec::with_capacity(batch.identities.len() * IDENTITY_BYTES);
        for (event, payload) in &batch.identities {
            identities.extend(event.bits().to_le_bytes());
            identities.extend(payload.0.to_le_bytes());
        }
        let changes = changes::Wire::of(changes);
        let changes = plain(&changes, 0);
        let checksums = [crc_of(&usage), crc_of(&detail)];
        let wire = Wire {
            span,
            folded,
            changes: seal(&changes, true),
            identities,
            checksums,
        };
        let head = plain(&wire, wire.identities.len() + wire.changes.len() + HEAD_BYTES);
        Self {
            head: seal(&head, false),
            usage,
            detail,
        }
    }
}

impl Head {
    /// Opens the head of the batch that is stored under `number`.
    pub(crate) fn open(sealed: &[u8], number: u64) -> Result<Self, Damage> {
        let (plain, _) = open(sealed)?;
        let wire: Wire =
            postcard::from_bytes(&plain).map_err(|_| Damage("the head of a batch cannot be read"))?;
        let (changes, _) = open(&wire.changes)?;
        let changes: changes::Wire =
            postcard::from_bytes(&changes).map_err(|_| Damage("changes cannot be read"))?;
        let (identities, rest) = wire.identities.as_chunks::<IDENTITY_BYTES>();
        let whole = rest.is_empty() && identities.len() == wire.span.events as usize;
        if wire.span.number != number || !whole || identities.len() > BATCH_EVENTS_MAX {
            return Err(Damage("the head of a batch does not fit its place"));
        }
        let identity = |bytes: &[u8; IDENTITY_BYTES]| {
            let [event @ .., a, b, c, d, e, f, g, h] = *bytes;
            (
                EventId::from_bits(u128::from_le_bytes(event)),
                PayloadHash(u64::from_le_bytes([a, b, c, d, e, f, g, h])),
            )
        };
        Ok(Self {
            span: wire.span,
            folded: wire.folded,
            changes: changes.changes(),
            identities: identities.iter().map(identity).collect(),
            checksums: wire.checksums,
        })
    }

    /// Checks that a usage section with this checksum is the one that belongs here.
    pub(crate) fn check_usage(&self, checksum: u32) -> Result<(), Damage> {
        let [usage, _] = self.checksums;
        if usage == checksum { Ok(()) } else { Err(MIXED_UP) }
    }

    /// Checks that a detail section with this checksum is the one that belongs here.
    pub(crate) fn check_detail(&self, checksum: u32) -> Result<(), Damage> {
        let [_, detail] = self.checksums;
        if detail == checksum { Ok(()) } else { Err(MIXED_UP) }
    }

    /// The number of events.
    pub(crate) fn rows(&self) -> usize {
        self.identities.len()
    }
}
