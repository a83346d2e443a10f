//! Verification: everything derived, computed a second time from raw events and compared with what is kept.
//!
//! [`raw`] goes through the batches in order: continuity, identities, charges, and what each commit changed in the ledger.
//! [`rollups`] folds every event again and takes the kept cells back; what is left is the difference. Both work on one
//! snapshot, beside whatever is being recorded.
//!
//! Events are rated again at the price they were recorded at, under their category as it is now: its measures stay, and others
//! that it has gained since are on none of them. Only where the category was gone when an event was recorded, what follows
//! from it in that category cannot be compared, and is not.

mod raw;
mod rollups;

use super::failure::Failure;
use super::readers::snapshot;
use super::sequencer::Shared;
use super::tables::{self, Meta};
use crate::batch::Damage;
use rusqlite::Connection;
use tollgate_core::id::IdentityKey;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::Verification;

/// Compares everything, on the state of this moment.
pub(super) fn verify(connection: &Connection, shared: &Shared) -> Result<Verification, Failure> {
    let snapshot = snapshot(connection, shared)?;
    let mut verification = Verification::default();
    let settings = Settings::load(&tables::settings(&snapshot.database)?);
    let settings = settings.map_err(|_| Damage("a setting cannot be read"))?;
    let identity = tables::meta::<[u8; 16]>(&snapshot.database, Meta::Identity)?;
    let identity = IdentityKey::from_bytes(identity.ok_or(Damage("the store's identity is not noted"))?);
    raw::verify(&snapshot, shared, (&settings, identity), &mut verification)?;
    rollups::verify(&snapshot, &mut verification)?;
    Ok(verification)
}
