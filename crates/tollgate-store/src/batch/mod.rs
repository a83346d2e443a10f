//! Batches: what one commit recorded, in columns.
//!
//! A batch is three sections. The *head* has what start-up reads: identities, changes of the ledger, the span of time. The
//! *usage* has what queries read. The *detail* has the rest of the events, for who asks for one. Each section is sealed
//! with a checksum; the head names the checksums of the others, so that sections of two batches cannot be mixed up.
//!
//! Invariants: decoding gives what was encoded or an error, whatever the bytes, never a panic and never more memory
//! than the sealed length says; what an event takes is linear in its size, however many dimensions a batch has.

mod changes;
mod charges;
mod detail;
mod events;
mod frames;
mod head;
mod ids;
mod packed;
mod seal;
mod sparse;
#[cfg(test)]
mod tests;
mod texts;
mod usage;
mod writer;

pub(crate) use changes::{total_key, total_of_key};
pub(crate) use charges::Charges;
pub(crate) use detail::Detail;
pub(crate) use events::Events;
pub(crate) use head::{Folded, Head, Sections, Span};
pub(crate) use packed::Packed;
pub(crate) use seal::{open, plain, seal};
pub(crate) use texts::Texts;
pub(crate) use usage::{Usage, Wanted};
pub(crate) use writer::{Batch, BatchWriter};

/// Most events in one batch: what one commit may carry (design: 64 k events or 8 MB).
pub(crate) const BATCH_EVENTS_MAX: usize = 65_536;

/// Stored bytes are not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damage(pub(crate) &'static str);

impl Batch {
    /// Opens a batch with everything it has.
    pub(crate) fn open(head: &Head, usage: &[u8], detail: &[u8]) -> Result<Self, Damage> {
        let (usage, usage_crc) = Usage::open(usage, head.rows(), &Wanted::All)?;
        let (detail, detail_crc) = Detail::open(detail, head.rows())?;
        head.check_usage(usage_crc)?;
        head.check_detail(detail_crc)?;
        Ok(Self {
            identities: head.identities.clone(),
            usage,
            detail,
        })
    }
}
