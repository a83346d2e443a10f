//! Holds: provisional claims on limits. Place → settle, release or expire; each ends exactly once.
//!
//! Here: what a hold is, and what each step makes of it. Not here: the balances it claims, and keeping it.
//!
//! Settling never fails: usage that happened is recorded whatever became of its hold. What became of it is said.

use crate::decision::Decision;
use crate::dimension::Dimensions;
use crate::id::{EventId, HoldId, PayloadHash};
use crate::limit::{Amount, Cell};
use crate::scope::Scope;
use crate::text::CategoryName;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The longest that a hold may be open without being extended, and by one extension: 24 hours.
pub const TTL_SECONDS_MAX: i64 = 86_400;
/// How long a hold is open whose caller does not say.
pub const TTL_SECONDS_DEFAULT: i64 = 60;

/// What a hold claims of one cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The cell.
    pub cell: Cell,
    /// How much.
    pub amount: Amount,
}

/// A provisional claim on limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Hash of what was asked, to tell a repetition from another request under the same id.
    pub payload: PayloadHash,
    /// Who will use.
    pub scope: Scope,
    /// What.
    pub category: CategoryName,
    /// With which dimensions.
    pub dimensions: Dimensions,
    /// What it claims.
    pub claims: Vec<Claim>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// The first instant at which it no longer holds.
    pub expires_at: Timestamp,
    /// The answer that was given.
    pub decision: Decision,
    /// How it stands.
    pub state: HoldState,
}

/// How a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// It holds.
    Open,
    /// Its use was recorded by this event.
    Settled {
        /// The event.
        event: EventId,
        /// How the settle found the hold.
        found: Found,
    },
    /// Its caller gave it back.
    Released,
    /// Its time was over.
    Expired,
}

/// How a settle found its hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Open: its claim gives way to what was used.
    Held,
    /// Past its time: what was used is counted without a claim.
    Late,
    /// Released before: what was used is counted without a claim.
    Unheld,
}

/// What a settle makes of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Settling {
    /// The event is recorded, and the hold is settled by it.
    Records(Found),
    /// It was settled before; only the same event is the same settle.
    Again {
        /// The event that settled it.
        event: EventId,
        /// How the first settle found it.
        found: Found,
    },
}

impl HoldState {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled { .. } => "settled",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// Whether it still holds, its time aside.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }
}

impl Hold {
    /// Whether its time is over at an instant.
    pub fn is_past(&self, at: Timestamp) -> bool {
        at >= self.expires_at
    }

    /// Ends it without a use, if it is open.
    pub fn end(&mut self, state: HoldState) {
        if self.state.is_open() {
            self.state = state;
        }
    }

    /// Gives it another time to expire, if it is open.
    pub fn extend(&mut self, expires_at: Timestamp) {
        if self.state.is_open() {
            self.expires_at = expires_at;
        }
    }

    /// What settling it makes of it; `is_held` says whether its claim was still there.
    pub fn settling(&self, is_held: bool) -> Settling {
        match self.state {
            HoldState::Open if is_held => Settling::Records(Found::Held),
            HoldState::Open | HoldState::Expired => Settling::Records(Found::Late),
            HoldState::Released => Settling::Records(Found::Unheld),
            HoldState::Settled { event, found } => Settling::Again { event, found },
        }
    }
}
