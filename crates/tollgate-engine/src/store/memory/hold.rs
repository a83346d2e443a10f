//! Holds, violations and the outbox of the in-memory store.

use super::MemoryStore;
use crate::settings::Settings;
use crate::store::{
    Crossing, Ending, HoldSettled, HoldStore, Journal, Outcome, Placing, SettleHold, Settled, StoreError,
    Violation, ViolationPage,
};
use async_trait::async_trait;
use std::sync::Arc;
use tollgate_core::frame::FrameBuilder;
use tollgate_core::hold::{Hold, HoldState, Settling};
use tollgate_core::id::HoldId;
use tollgate_core::query::{Tally, UsageQuery};
use tollgate_core::time::Timestamp;

/// Events in one frame.
const FRAME_EVENTS: usize = 8192;

#[async_trait]
impl HoldStore for MemoryStore {
    async fn place_hold(&self, hold: Arc<Hold>) -> Result<Placing, StoreError> {
        let mut state = self.open_state()?;
        if let Some(known) = state.holds.get(&hold.id) {
            return Ok(Placing::Known(Box::new(known.clone())));
        }
        state.holds.insert(hold.id, hold.as_ref().clone());
        Ok(Placing::Placed)
    }

    async fn settle_hold(&self, settle: SettleHold) -> Result<Option<HoldSettled>, StoreError> {
        let received_at = self.clock.now();
        let mut state = self.open_state()?;
        let Some(hold) = state.holds.get(&settle.hold).cloned() else {
            return Ok(None);
        };
        let event = settle.submission.event.event;
        let found = match hold.settling(settle.is_held) {
            Settling::Again { event: first, .. } if first != event => {
                let outcome = Outcome::Conflict;
                return Ok(Some(HoldSettled { outcome, hold }));
            }
            Settling::Again { found, .. } | Settling::Records(found) => found,
        };
        let outcome = state.admit(&settle.submission, &settle.settings, received_at);
        state.commits += 1;
        let hold = match outcome {
            Outcome::Conflict => hold,
            Outcome::Recorded { .. } | Outcome::Duplicate(_) => Hold {
                state: HoldState::Settled { event, found },
                ..hold
            },
        };
        state.holds.insert(hold.id, hold.clone());
        Ok(Some(HoldSettled { outcome, hold }))
    }

    async fn end_holds(&self, holds: Vec<HoldId>, ending: Ending) -> Result<Vec<Option<Hold>>, StoreError> {
        let mut state = self.open_state()?;
        let mut end = |id: HoldId| {
            let hold = state.holds.get_mut(&id)?;
            hold.end(ending.state());
            Some(hold.clone())
        };
        Ok(holds.into_iter().map(&mut end).collect())
    }

    async fn extend_hold(&self, hold: HoldId, expires_at: Timestamp) -> Result<Option<Hold>, StoreError> {
        let mut state = self.open_state()?;
        Ok(state.holds.get_mut(&hold).map(|hold| {
            hold.extend(expires_at);
            hold.clone()
        }))
    }

    async fn settled(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Settled, StoreError> {
        let events = self.state().events.clone();
        let mut tally = Tally::new(&query, |organization| settings.currency(organization));
        for chunk in events.chunks(FRAME_EVENTS) {
            let mut frame = FrameBuilder::default();
            chunk
                .iter()
                .for_each(|stored| frame.push(&stored.event, &stored.charge));
            tally.add(&frame.finish())?;
        }
        Ok(Settled {
            answer: tally.finish()?,
            arrivals: events.len() as u64,
        })
    }

    async fn hold(&self, hold: HoldId) -> Result<Option<Hold>, StoreError> {
        Ok(self.state().holds.get(&hold).cloned())
    }

    async fn open_holds(&self) -> Result<Vec<Hold>, StoreError> {
        let state = self.state();
        let open = state.holds.values().filter(|hold| hold.state.is_open());
        Ok(open.cloned().collect())
    }
}

#[async_trait]
impl Journal for MemoryStore {
    async fn note_violation(&self, violation: Violation) -> Result<(), StoreError> {
        self.open_state()?.violations.push(violation);
        Ok(())
    }

    async fn violations(&self, page: ViolationPage) -> Result<Vec<(u64, Violation)>, StoreError> {
        let state = self.state();
        let numbered = state.violations.iter().enumerate().rev();
        let numbered = numbered.map(|(place, violation)| (place as u64 + 1, violation));
        let wanted = numbered.filter(|(number, violation)| {
            page.before.is_none_or(|before| *number < before)
                && page
                    .organization
                    .as_ref()
                    .is_none_or(|organization| *organization == violation.scope.organization)
        });
        Ok(wanted
            .take(page.limit)
            .map(|(number, violation)| (number, violation.clone()))
            .collect())
    }

    async fn emit(&self, crossings: Vec<Crossing>) -> Result<(), StoreError> {
        let mut state = self.open_state()?;
        for crossing in crossings {
            let is_same =
                |known: &Crossing| known.cell == crossing.cell && known.threshold == crossing.threshold;
            if !state.outbox.iter().any(is_same) {
                state.outbox.push(crossing);
            }
        }
        Ok(())
    }

    async fn outbox(&self, after: u64, at_most: usize) -> Result<Vec<(u64, Crossing)>, StoreError> {
        let state = self.state();
        let numbered = (1..).zip(state.outbox.iter().cloned());
        Ok(numbered
            .filter(|(number, _)| *number > after)
            .take(at_most)
            .collect())
    }
}
