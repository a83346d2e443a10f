//! A store with gates: a test stops it at a step, does something meanwhile, and lets it go on.
//!
//! That is how a test gets between two steps without guessing how long anything takes.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use tollgate_core::id::{EventId, IdentityKey, PriceId};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::time::Timestamp;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    EventPage, HoldStore, Journal, Outcome, SaveError, Setting, SettingChange, Store, StoreError, StoreState,
    StoredEvent, Submission, Verification,
};

/// Where a store can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// A question has its answer, and nobody knows it yet.
    Answered,
    /// It was asked what a price has priced.
    PriceAsked,
    /// Settings are about to be saved.
    Saving,
    /// Settings are saved, and nobody knows it yet.
    Saved,
}

/// A store that stops at the gates that are closed.
#[derive(Debug)]
pub struct Gated {
    store: Arc<dyn Store>,
    closed: Mutex<BTreeMap<Gate, Closed>>,
}

#[derive(Debug)]
struct Closed {
    reached: oneshot::Sender<()>,
    opened: oneshot::Receiver<()>,
}

/// A closed gate. It opens when this is dropped.
#[derive(Debug)]
pub struct Stop {
    reached: oneshot::Receiver<()>,
    _open: oneshot::Sender<()>,
}

impl Stop {
    /// Waits until somebody stands before the gate.
    pub async fn reached(&mut self) {
        (&mut self.reached).await.unwrap();
    }
}

impl Gated {
    /// A store that passes everything on to this one.
    pub fn over(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            closed: Mutex::default(),
        })
    }

    /// Closes a gate before the next one who comes there.
    pub fn close_gate(&self, gate: Gate) -> Stop {
        let ((reached, is_reached), (open, opened)) = (oneshot::channel(), oneshot::channel());
        self.closed
            .lock()
            .unwrap()
            .insert(gate, Closed { reached, opened });
        Stop {
            reached: is_reached,
            _open: open,
        }
    }

    async fn pass(&self, gate: Gate) {
        let closed = self.closed.lock().unwrap().remove(&gate);
        if let Some(Closed { reached, opened }) = closed {
            // Nobody may be waiting for either.
            _ = reached.send(());
            _ = opened.await;
        }
    }
}

#[async_trait]
impl Store for Gated {
    fn identity_key(&self) -> IdentityKey {
        self.store.identity_key()
    }

    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError> {
        self.store.record(submissions, settings).await
    }

    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError> {
        self.store.event(event).await
    }

    async fn events(&self, page: EventPage) -> Result<Vec<StoredEvent>, StoreError> {
        self.store.events(page).await
    }

    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError> {
        let answer = self.store.usage(query, settings).await;
        self.pass(Gate::Answered).await;
        answer
    }

    async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        self.store.settings().await
    }

    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError> {
        self.pass(Gate::Saving).await;
        let saved = self.store.save_settings(changes).await;
        self.pass(Gate::Saved).await;
        saved
    }

    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError> {
        self.pass(Gate::PriceAsked).await;
        self.store.price_used_until(price).await
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        self.store.verify().await
    }

    fn holds(&self) -> &dyn HoldStore {
        self.store.holds()
    }

    fn journal(&self) -> &dyn Journal {
        self.store.journal()
    }

    fn state(&self) -> StoreState {
        self.store.state()
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.store.close().await
    }
}
