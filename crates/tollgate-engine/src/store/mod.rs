//! The durable record, as a port.
//!
//! Each method is one atomic, idempotent business step. No transaction handle crosses the port. The engine validates
//! and decides policy; a store claims identity, rates, folds and keeps. One conformance suite
//! (`tollgate_testkit::conformance`) runs on every implementation.

mod hold;
mod memory;
mod setting;

pub use hold::{
    Crossing, Ending, HoldSettled, HoldStore, Journal, Placing, SettleHold, Settled, Violation, ViolationPage,
};
pub use memory::MemoryStore;
pub use setting::{Expected, Setting, SettingChange, SettingKind};

use crate::settings::Settings;
use async_trait::async_trait;
use std::sync::Arc;
use tollgate_core::charge::Charge;
use tollgate_core::event::Event;
use tollgate_core::flaw::Flaw;
use tollgate_core::id::{EventId, IdentityKey, PriceId};
use tollgate_core::query::{Answer, Filter, TallyError, UsageQuery};
use tollgate_core::time::Timestamp;

/// A validated event on its way into the record.
#[derive(Clone, Debug, PartialEq)]
pub struct Submission {
    /// The event.
    pub event: Event,
    /// What it voids, as recorded; present exactly when `event.corrects` is.
    pub voids: Option<Arc<StoredEvent>>,
}

impl From<Event> for Submission {
    fn from(event: Event) -> Self {
        Self { event, voids: None }
    }
}

/// What became of one submission.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// New: recorded, priced and counted.
    Recorded {
        /// What it cost.
        charge: Charge,
        /// Its place in the order of arrival.
        arrival: u64,
    },
    /// The same statement was recorded before: the first charge, or `None` once its raw event has expired.
    Duplicate(Option<Charge>),
    /// Another statement was recorded under the same identity; this one changed nothing.
    Conflict,
}

/// An event as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// The event.
    pub event: Event,
    /// What it cost.
    pub charge: Charge,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its place in the order of arrival, from 0 without gaps.
    pub arrival: u64,
}

/// Which events to list: newest arrival first.
#[derive(Clone, Debug, Default)]
pub struct EventPage {
    /// All of these hold.
    pub filters: Vec<Filter>,
    /// First event time, inclusive.
    pub from: Option<Timestamp>,
    /// Last event time, exclusive.
    pub to: Option<Timestamp>,
    /// Only arrivals before this one.
    pub before: Option<u64>,
    /// Most events to return.
    pub limit: usize,
}

impl EventPage {
    /// Whether an event belongs on the page, its length aside.
    pub fn admits(&self, stored: &StoredEvent) -> bool {
        let at = stored.event.at;
        self.before.is_none_or(|before| stored.arrival < before)
            && self.from.is_none_or(|from| at >= from)
            && self.to.is_none_or(|to| at < to)
            && self
                .filters
                .iter()
                .all(|filter| filter.admits(filter.field.text(&stored.event)))
    }
}

/// What a recomputation of all derived state from the raw record found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Events read.
    pub events: u64,
    /// Rollup cells compared.
    pub cells: u64,
    /// Balances of limits compared.
    pub balances: u64,
    /// Balances put right.
    pub repaired: u64,
    /// What differs, in words; at most [`DIFFERENCES_MAX`] of them.
    pub differences: Vec<String>,
    /// How many things differ.
    pub different: u64,
}

/// Most differences that a verification spells out.
pub const DIFFERENCES_MAX: usize = 100;

impl Verification {
    /// Whether everything agrees.
    pub fn is_clean(&self) -> bool {
        self.different == 0
    }

    /// Notes one thing that differs.
    pub fn differ(&mut self, what: String) {
        self.different += 1;
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(what);
        }
    }
}

/// What the store holds and how it is, for readiness, metrics and `doctor`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreState {
    /// Why nothing can be recorded now, if so.
    pub stopped: Option<String>,
    /// Events recorded.
    pub events: u64,
    /// Commits so far.
    pub commits: u64,
    /// Events accepted but not yet committed.
    pub queued_events: u64,
    /// Bytes on disk; 0 in memory.
    pub disk_bytes: u64,
    /// Commits that rollups on disk do not yet include.
    pub commits_since_checkpoint: u64,
}

/// Why a step failed, sorted by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too much is queued; nothing was done; try again after a moment.
    #[error("the store is busy: {0}")]
    Busy(&'static str),
    /// The disk is full; nothing was done; make room.
    #[error("the disk that holds the store is full")]
    Full,
    /// The store stopped after a failed write; what was not acknowledged may or may not be there; restart.
    #[error("the store has stopped: {0}")]
    Stopped(String),
    /// Stored bytes are damaged; nothing was changed.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
    /// The question cannot be answered as it stands; the flaw says what to ask instead.
    #[error("the question cannot be answered: {}", .0.detail)]
    Refused(Flaw),
}

impl From<TallyError> for StoreError {
    fn from(error: TallyError) -> Self {
        match error.flaw() {
            Some(flaw) => Self::Refused(flaw),
            None => Self::Damaged(error.to_string()),
        }
    }
}

/// A change of settings was made against another version than the one that is there.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else changed or removed the setting first; nothing was saved.
    #[error("{kind} {id} has changed since it was read", kind = .kind.as_str())]
    Stale {
        /// What kind of setting.
        kind: SettingKind,
        /// Which one.
        id: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The durable record.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug + 'static {
    /// The secret under which this store's identities are hashed; the same for the life of the store.
    fn identity_key(&self) -> IdentityKey;

    /// Records submissions in order: claims identity, rates the fresh ones with `settings`, folds, makes durable.
    ///
    /// Idempotent by the identity of each event: a resend is a duplicate and changes nothing. Concurrent callers see
    /// one total order. When it returns `Ok`, everything is durable and visible to queries; on an error nothing is
    /// acknowledged, and on [`StoreError::Busy`] and [`StoreError::Full`] nothing was recorded.
    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError>;

    /// The event of this id, if it was recorded and its raw form is still kept.
    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError>;

    /// Events by arrival, newest first.
    async fn events(&self, page: EventPage) -> Result<Vec<StoredEvent>, StoreError>;

    /// Answers a usage query over everything acknowledged before the call.
    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError>;

    /// Every setting.
    async fn settings(&self) -> Result<Vec<Setting>, StoreError>;

    /// Saves changes of settings, all or none, each only if its expectation holds. Returns the new versions.
    ///
    /// Repeating it after a success finds the expectation unmet and changes nothing.
    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError>;

    /// The latest instant of what a price has priced, also of what was taken back since; `None` when it has priced nothing.
    ///
    /// A late event does not move it back. It is as durable as the events it follows from.
    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError>;

    /// Recomputes everything derived from raw events and compares.
    async fn verify(&self) -> Result<Verification, StoreError>;

    /// The record of holds.
    fn holds(&self) -> &dyn HoldStore;

    /// The record of what limits had to say.
    fn journal(&self) -> &dyn Journal;

    /// How the store is.
    fn state(&self) -> StoreState;

    /// Finishes what is queued, checkpoints and closes; later steps fail with [`StoreError::Stopped`]. Idempotent.
    async fn close(&self) -> Result<(), StoreError>;
}
