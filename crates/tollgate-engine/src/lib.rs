//! Use cases, ports and in-memory adapters of Tollgate.
//!
//! Answers for the order in which things happen: validate, record, ask, change settings. Knows ports (`Store`,
//! `Clock`) and never what is behind them: no SQL, no HTTP, no files. [`ledger`] is the one implementation of
//! claim → rate → count that every store with state in memory shares.
//!
//! Invariants: an event that was acknowledged is durable and counted once (I9, I10); what one organization does
//! changes no answer of another (I17); a request works on one snapshot of the settings.

pub mod clock;
pub mod counters;
mod defaults;
mod engine;
mod error;
pub mod ledger;
pub mod settings;
pub mod store;

pub use engine::{
    Access, Engine, EventView, HoldAnswer, HoldDraft, KeyDraft, LimitDraft, Options, OrganizationDraft,
    Preview, Receipt, Settlement, Status, Suggestion,
};
pub use error::EngineError;
