//! The durable record of holds, and of what limits had to say, as ports beside [`super::Store`].

use super::{Outcome, StoreError, Submission};
use crate::settings::Settings;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tollgate_core::decision::Decision;
use tollgate_core::hold::{Hold, HoldState};
use tollgate_core::id::HoldId;
use tollgate_core::limit::{Amount, Cell, Percent};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::scope::Scope;
use tollgate_core::text::{CategoryName, Label};
use tollgate_core::time::Timestamp;

/// What became of a hold that was to be placed.
#[derive(Clone, Debug, PartialEq)]
pub enum Placing {
    /// It is placed.
    Placed,
    /// Its id was placed before, like this.
    Known(Box<Hold>),
}

/// A settle on its way into the record.
#[derive(Clone, Debug)]
pub struct SettleHold {
    /// The hold.
    pub hold: HoldId,
    /// The event that says what was used.
    pub submission: Submission,
    /// Whether the hold's claims are still there.
    pub is_held: bool,
    /// What the event is rated with.
    pub settings: Arc<Settings>,
}

/// What became of a settle.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldSettled {
    /// What became of its event.
    pub outcome: Outcome,
    /// The hold as it stands now.
    pub hold: Hold,
}

/// What was settled when so many events had arrived.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The sums.
    pub answer: Answer,
    /// How many events are in them or were left out by the query.
    pub arrivals: u64,
}

/// How a hold ends without a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its caller gives it back.
    Released,
    /// Its time is over.
    Expired,
}

impl Ending {
    /// The state of a hold that ended so.
    pub fn state(self) -> HoldState {
        match self {
            Self::Released => HoldState::Released,
            Self::Expired => HoldState::Expired,
        }
    }
}

/// The durable record of holds.
#[async_trait]
pub trait HoldStore: Send + Sync {
    /// Keeps a new hold.
    ///
    /// Idempotent by its id: a second placing changes nothing and answers with the first. Concurrent callers see one order.
    /// When it returns `Ok` the hold is durable; on [`StoreError::Busy`] and [`StoreError::Full`] nothing was kept.
    async fn place_hold(&self, hold: Arc<Hold>) -> Result<Placing, StoreError>;

    /// Records what a hold's use came to and settles the hold by it, in one step; `None` when there is no such hold.
    ///
    /// Idempotent by the event: settling again with it is a duplicate, with another a conflict, and neither changes
    /// anything. Concurrent callers see one order with recordings. Durable and visible when it returns.
    async fn settle_hold(&self, settle: SettleHold) -> Result<Option<HoldSettled>, StoreError>;

    /// Ends open holds and says how each stands now; one that has ended before stays as it was.
    async fn end_holds(&self, holds: Vec<HoldId>, ending: Ending) -> Result<Vec<Option<Hold>>, StoreError>;

    /// Gives an open hold another time to expire and says how it stands now; one that has ended stays as it was.
    async fn extend_hold(&self, hold: HoldId, expires_at: Timestamp) -> Result<Option<Hold>, StoreError>;

    /// Answers a usage query like [`super::Store::usage`], and says how many events had arrived when it was answered: those
    /// before are in the answer, those after are not.
    async fn settled(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Settled, StoreError>;

    /// The hold of this id.
    async fn hold(&self, hold: HoldId) -> Result<Option<Hold>, StoreError>;

    /// Every open hold.
    async fn open_holds(&self) -> Result<Vec<Hold>, StoreError>;
}

/// A request that limits refused, kept for audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// When.
    pub at: Timestamp,
    /// Who asked.
    pub scope: Scope,
    /// For what.
    pub category: CategoryName,
    /// What was answered.
    pub decision: Decision,
}

/// Which violations to list: newest first.
#[derive(Clone, Debug, Default)]
pub struct ViolationPage {
    /// Of this organization; of all when `None`.
    pub organization: Option<Label>,
    /// Only those before this one.
    pub before: Option<u64>,
    /// Most to return.
    pub limit: usize,
}

/// A threshold that a limit has passed, to be told to others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Crossing {
    /// Where.
    pub cell: Cell,
    /// Which threshold.
    pub threshold: Percent,
    /// What had been settled then.
    pub settled: Amount,
    /// The ceiling then.
    pub ceiling: Amount,
    /// When it was noticed.
    pub at: Timestamp,
}

/// The durable record of what limits had to say.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Keeps a violation; it is durable when this returns. The oldest make room for it when there are too many.
    async fn note_violation(&self, violation: Violation) -> Result<(), StoreError>;

    /// Violations with their numbers, newest first.
    async fn violations(&self, page: ViolationPage) -> Result<Vec<(u64, Violation)>, StoreError>;

    /// Puts crossings into the outbox; one of the same cell and threshold that was put there before changes nothing.
    async fn emit(&self, crossings: Vec<Crossing>) -> Result<(), StoreError>;

    /// What is in the outbox after this number, oldest first, at most this many.
    async fn outbox(&self, after: u64, at_most: usize) -> Result<Vec<(u64, Crossing)>, StoreError>;
}
