//! Verification: does everything derived follow from what was recorded.
//!
//! The store verifies its own; here the balances of limits are recomputed from settled events and open holds. They are
//! compared some at a time, while nothing is recorded, held or changed, so that they stand still for a moment only.

use super::Engine;
use super::balance::BalanceError;
use super::hold::unreachable;
use crate::error::EngineError;
use crate::store::Verification;
use std::collections::HashMap;
use tollgate_core::limit::{Amount, Balance, Cell};

/// Balances that are compared in one stop: a fraction of a second.
const COMPARED_AT_ONCE: usize = 256;

impl Engine {
    /// Recomputes everything derived from raw events and open holds, and compares; puts balances right if told to.
    pub async fn verify(&self, repairs: bool) -> Result<Verification, EngineError> {
        let mut found = self.store.verify().await?;
        let mut after = None;
        loop {
            let last = self.verify_some(after.as_ref(), repairs, &mut found).await?;
            match last {
                Some(last) => after = Some(last),
                None => return Ok(found),
            }
        }
    }

    /// Compares the balances after one; says which was the last.
    async fn verify_some(
        &self,
        after: Option<&Cell>,
        repairs: bool,
        found: &mut Verification,
    ) -> Result<Option<Cell>, EngineError> {
        let _still = self.changing().await;
        let (settings, now) = (self.settings(), self.now());
        let counters = self.balances.counters();
        let started = counters
            .started(after, COMPARED_AT_ONCE)
            .await
            .map_err(unreachable)?;
        if started.is_empty() {
            return Ok(None);
        }
        let held = self.held().await?;
        for (cell, counted) in &started {
            // The balance of a limit that was deleted means nothing any more.
            let Some(limit) = settings.limits.limit(cell.limit) else {
                continue;
            };
            let window = limit.window.window(&limit.zone, cell.start);
            let settled = self.balances.settled(limit, cell, window, (&settings, now)).await;
            let (settled, arrivals) = settled.map_err(|error| match error {
                BalanceError::Store(error) => error.into(),
                BalanceError::Counters(error) => unreachable(error),
            })?;
            let recomputed = Balance {
                settled,
                held: held.get(cell).copied().unwrap_or_default(),
            };
            found.balances += 1;
            if recomputed == *counted {
                continue;
            }
            let shown = |balance: &Balance| {
                let [settled, held] =
                    [balance.settled, balance.held].map(|amount| limit.counted.decimal(amount));
                format!("{settled} settled and {held} held")
            };
            found.differ(format!(
                "{} of {} from {} on counts {}, and events and holds come to {}",
                limit.id,
                cell.instance,
                cell.start,
                shown(counted),
                shown(&recomputed)
            ));
            if repairs {
                counters
                    .correct(cell, recomputed, arrivals)
                    .await
                    .map_err(unreachable)?;
                found.repaired += 1;
            }
        }
        Ok(started.last().map(|(cell, _)| cell.clone()))
    }

    /// What open holds claim, cell by cell.
    async fn held(&self) -> Result<HashMap<Cell, Amount>, EngineError> {
        let mut held: HashMap<Cell, Amount> = HashMap::new();
        let open = self.store.holds().open_holds().await?;
        // Those whose end the store was too busy for have given their room back.
        let ended = self.expired().clone();
        for hold in open.into_iter().filter(|hold| !ended.contains(&hold.id)) {
            for claim in hold.claims {
                let sum = held.entry(claim.cell).or_default();
                *sum = sum.plus(claim.amount);
            }
        }
        Ok(held)
    }
}
