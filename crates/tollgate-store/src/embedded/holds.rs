//! Holds, violations and the outbox, as the ports want them.

use super::queue::{Job, Reply, Step};
use super::{Embedded, tables, usage};
use async_trait::async_trait;
use std::sync::Arc;
use tollgate_core::hold::Hold;
use tollgate_core::id::HoldId;
use tollgate_core::query::UsageQuery;
use tollgate_core::time::Timestamp;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    Crossing, Ending, HoldSettled, HoldStore, Journal, Placing, SettleHold, Settled, StoreError, Violation,
    ViolationPage,
};

impl Embedded {
    async fn step<T>(&self, step: impl FnOnce(Reply<T>) -> Step) -> Result<T, StoreError> {
        self.job(|reply| Job::Step(step(reply))).await
    }
}

#[async_trait]
impl HoldStore for Embedded {
    async fn place_hold(&self, hold: Arc<Hold>) -> Result<Placing, StoreError> {
        self.step(|reply| Step::Place(hold, reply)).await
    }

    async fn settle_hold(&self, settle: SettleHold) -> Result<Option<HoldSettled>, StoreError> {
        let done = self.step(|reply| Step::Settle(Box::new(settle), reply)).await?;
        let Some(done) = done else { return Ok(None) };
        let outcome = self.outcomes(vec![done.admission]).await?.pop();
        let outcome = outcome.ok_or_else(|| StoreError::Damaged("a settle had no outcome".to_owned()))?;
        Ok(Some(HoldSettled {
            outcome,
            hold: done.hold,
        }))
    }

    async fn end_holds(&self, holds: Vec<HoldId>, ending: Ending) -> Result<Vec<Option<Hold>>, StoreError> {
        self.step(|reply| Step::End(holds, ending, reply)).await
    }

    async fn extend_hold(&self, hold: HoldId, expires_at: Timestamp) -> Result<Option<Hold>, StoreError> {
        self.step(|reply| Step::Extend(hold, expires_at, reply)).await
    }

    async fn settled(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Settled, StoreError> {
        self.look_up(move |connection, shared| usage::settled(connection, shared, &query, &settings))
            .await
    }

    async fn hold(&self, hold: HoldId) -> Result<Option<Hold>, StoreError> {
        self.look_up(move |connection, _| tables::hold(connection, hold))
            .await
    }

    async fn open_holds(&self) -> Result<Vec<Hold>, StoreError> {
        self.look_up(|connection, _| tables::open_holds(connection)).await
    }
}

#[async_trait]
impl Journal for Embedded {
    async fn note_violation(&self, violation: Violation) -> Result<(), StoreError> {
        self.step(|reply| Step::Violation(Box::new(violation), reply))
            .await
    }

    async fn violations(&self, page: ViolationPage) -> Result<Vec<(u64, Violation)>, StoreError> {
        self.look_up(move |connection, _| tables::violations(connection, &page))
            .await
    }

    async fn emit(&self, crossings: Vec<Crossing>) -> Result<(), StoreError> {
        self.step(|reply| Step::Emit(crossings, reply)).await
    }

    async fn outbox(&self, after: u64, at_most: usize) -> Result<Vec<(u64, Crossing)>, StoreError> {
        self.look_up(move |connection, _| tables::outbox(connection, after, at_most))
            .await
    }
}
