//! Tending: what has to be done for holds and balances although nobody asks for it.

use super::Engine;
use super::hold::unreachable;
use crate::counters::{Taking, Want};
use crate::error::EngineError;
use crate::store::Ending;
use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};
use tollgate_core::hold::{Claim, Hold};
use tollgate_core::id::HoldId;

/// Holds that are ended in one step because their time is over.
const EXPIRED_AT_ONCE: usize = 1_000;
/// Cells that one turn of tending starts.
const STARTED_AT_ONCE: usize = 256;

impl Engine {
    /// How many holds have claims now; `None` where counting them is work.
    pub fn open_holds(&self) -> Option<u64> {
        self.balances.counters().holds()
    }

    /// Ends holds whose time is over, and starts balances that recorded usage asks for. Whoever runs an engine calls it a few
    /// times a second.
    pub async fn tend(&self) -> Result<(), EngineError> {
        let unchanging = self.changing.read().await;
        let now = self.now();
        let expired = self
            .balances
            .counters()
            .expire(now, EXPIRED_AT_ONCE)
            .await
            .map_err(unreachable)?;
        // Their room is given back and they must end; where the store is busy they do the next time.
        self.expired().extend(expired);
        let due: Vec<HoldId> = self.expired().iter().copied().collect();
        if !due.is_empty() {
            self.store.holds().end_holds(due.clone(), Ending::Expired).await?;
            let mut expired = self.expired();
            expired.retain(|hold| due.binary_search(hold).is_err());
        }
        drop(unchanging);
        self.balances
            .start_waiting(STARTED_AT_ONCE, (&self.settings(), now))
            .await;
        Ok(())
    }

    /// Holds that have given their room back and whose end is not durable yet.
    pub(super) fn expired(&self) -> MutexGuard<'_, BTreeSet<HoldId>> {
        // Nothing panics while it is held.
        self.expired.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the claims of holds back that were open when the process ended.
    pub(super) async fn restore_holds(&self) -> Result<(), EngineError> {
        let now = self.now();
        let open = self.store.holds().open_holds().await?;
        let (past, open): (Vec<Hold>, Vec<Hold>) = open.into_iter().partition(|hold| hold.is_past(now));
        if !past.is_empty() {
            let past = past.iter().map(|hold| hold.id).collect();
            self.store.holds().end_holds(past, Ending::Expired).await?;
        }
        let settings = self.settings();
        for hold in open {
            let want = |claim: &Claim| Want {
                cell: claim.cell.clone(),
                until: settings
                    .limits
                    .limit(claim.cell.limit)
                    .map_or(hold.expires_at, |limit| {
                        limit.window.window(&limit.zone, claim.cell.start).end
                    }),
                amount: claim.amount,
                ceiling: None,
            };
            let taking = Taking {
                hold: hold.id,
                organization: hold.scope.organization.clone(),
                wants: hold.claims.iter().map(want).collect(),
                expires_at: hold.expires_at,
            };
            self.balances
                .counters()
                .restore(&taking)
                .await
                .map_err(unreachable)?;
        }
        Ok(())
    }
}
