//! A store that is closed and opened again before every step: nothing may depend on what only memory had.

use crate::site::Opener;
use async_trait::async_trait;
use std::fmt;
use std::sync::{Arc, Mutex};
use tokio::sync::MutexGuard;
use tollgate_core::id::{EventId, IdentityKey, PriceId};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::Clock;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    EventPage, HoldStore, Journal, Outcome, SaveError, Setting, SettingChange, Store, StoreError, StoreState,
    StoredEvent, Submission, Verification,
};

/// Opens the stores of another opener, each closed and opened again before every step.
#[derive(Debug)]
pub struct Reopened<O>(Arc<O>);

impl<O: Opener> Reopened<O> {
    /// Closes and opens what this one opens.
    pub fn new(opener: O) -> Self {
        Self(Arc::new(opener))
    }
}

#[async_trait]
impl<O: Opener> Opener for Reopened<O> {
    async fn open(&self, clock: Arc<dyn Clock>) -> Arc<dyn Store> {
        let store = self.0.open(clock.clone()).await;
        Arc::new(Reopening {
            opener: self.0.clone(),
            clock,
            identity: store.identity_key(),
            turn: tokio::sync::Mutex::new(()),
            current: Mutex::new(Some(store)),
            is_closed: Mutex::new(false),
        })
    }
}

struct Reopening {
    opener: Arc<dyn Opener>,
    clock: Arc<dyn Clock>,
    /// Asked for at any time, also between two stores.
    identity: IdentityKey,
    /// Held through a step, so that no store is closed under another one.
    turn: tokio::sync::Mutex<()>,
    /// Empty only while one store is closed and the next not yet open: a data folder has one owner.
    current: Mutex<Option<Arc<dyn Store>>>,
    is_closed: Mutex<bool>,
}

impl Reopening {
    fn current(&self) -> Arc<dyn Store> {
        self.current.lock().unwrap().clone().unwrap()
    }

    /// The store for the next step, which lasts as long as the guard.
    async fn fresh(&self) -> (MutexGuard<'_, ()>, Arc<dyn Store>) {
        let turn = self.turn.lock().await;
        // Closed on behalf of the caller, it stays closed.
        if !*self.is_closed.lock().unwrap() {
            let old = self.current.lock().unwrap().take().unwrap();
            old.close().await.unwrap();
            drop(old);
            let new = self.opener.open(self.clock.clone()).await;
            assert!(
                new.identity_key() == self.identity,
                "the identity key has changed"
            );
            *self.current.lock().unwrap() = Some(new);
        }
        (turn, self.current())
    }
}

impl fmt::Debug for Reopening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reopening").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for Reopening {
    fn identity_key(&self) -> IdentityKey {
        self.identity.clone()
    }

    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let (_turn, store) = self.fresh().await;
        store.record(submissions, settings).await
    }

    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError> {
        let (_turn, store) = self.fresh().await;
        store.event(event).await
    }

    async fn events(&self, page: EventPage) -> Result<Vec<StoredEvent>, StoreError> {
        let (_turn, store) = self.fresh().await;
        store.events(page).await
    }

    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError> {
        let (_turn, store) = self.fresh().await;
        store.usage(query, settings).await
    }

    async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        let (_turn, store) = self.fresh().await;
        store.settings().await
    }

    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError> {
        let (_turn, store) = self.fresh().await;
        store.save_settings(changes).await
    }

    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError> {
        let (_turn, store) = self.fresh().await;
        store.price_used_until(price).await
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        let (_turn, store) = self.fresh().await;
        store.verify().await
    }

    fn holds(&self) -> &dyn HoldStore {
        self
    }

    fn journal(&self) -> &dyn Journal {
        self
    }

    fn state(&self) -> StoreState {
        self.current().state()
    }

    async fn close(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        *self.is_closed.lock().unwrap() = true;
        self.current().close().await
    }
}

crate::hand_on_holds!(Reopening, |own| own.fresh().await.1);
