//! Turns: every call of the counters and of the record of holds waits until the test lets it go on, so that the test decides
//! who comes first.

use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;
use tollgate_core::id::{EventId, HoldId, IdentityKey, PriceId};
use tollgate_core::limit::{Amount, Balance, Cell};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::time::Timestamp;
use tollgate_engine::counters::{Counters, CountersError, Counting, Pinned, Taken, Taking, Tallied};
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    EventPage, HoldStore, Journal, Outcome, SaveError, Setting, SettingChange, Store, StoreError, StoreState,
    StoredEvent, Submission, Verification,
};

/// What a call that waited is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Go,
    /// Too much is queued; only the record says so.
    Busy,
}

/// A call that waits for its turn.
#[derive(Debug)]
pub(crate) struct Waiting {
    /// Whether it may be refused.
    pub(crate) is_refusable: bool,
    word: oneshot::Sender<Word>,
}

impl Waiting {
    pub(crate) fn tell(self, word: Word) {
        // Whoever was dropped meanwhile needs no turn.
        _ = self.word.send(word);
    }
}

/// Who waits; while turns are off nobody does.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    pub(crate) waiting: Mutex<Vec<Waiting>>,
    pub(crate) are_on: Mutex<bool>,
}

impl Turns {
    pub(crate) async fn turn(&self, is_refusable: bool) -> Word {
        if !*self.are_on.lock().unwrap() {
            return Word::Go;
        }
        let (word, told) = oneshot::channel();
        self.waiting.lock().unwrap().push(Waiting { is_refusable, word });
        told.await.unwrap()
    }
}

/// A record whose holds wait for their turns.
#[derive(Debug)]
pub(crate) struct TurnStore {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) turns: Arc<Turns>,
}

impl TurnStore {
    async fn at_turn(&self) -> Result<Arc<dyn Store>, StoreError> {
        match self.turns.turn(true).await {
            Word::Go => Ok(self.store.clone()),
            Word::Busy => Err(StoreError::Busy("the test says so")),
        }
    }
}

tollgate_testkit::hand_on_holds!(TurnStore, |own| own.at_turn().await?);

#[async_trait]
impl Store for TurnStore {
    fn identity_key(&self) -> IdentityKey {
        self.store.identity_key()
    }

    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError> {
        self.at_turn().await?.record(submissions, settings).await
    }

    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError> {
        self.store.event(event).await
    }

    async fn events(&self, page: EventPage) -> Result<Vec<StoredEvent>, StoreError> {
        self.store.events(page).await
    }

    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError> {
        self.store.usage(query, settings).await
    }

    async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        self.store.settings().await
    }

    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError> {
        self.store.save_settings(changes).await
    }

    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError> {
        self.store.price_used_until(price).await
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        self.store.verify().await
    }

    fn holds(&self) -> &dyn HoldStore {
        self
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

/// Counters that wait for their turns.
#[derive(Debug)]
pub(crate) struct TurnCounters {
    pub(crate) counters: Arc<dyn Counters>,
    pub(crate) turns: Arc<Turns>,
}

impl TurnCounters {
    async fn at_turn(&self) -> &dyn Counters {
        self.turns.turn(false).await;
        self.counters.as_ref()
    }
}

#[async_trait]
impl Counters for TurnCounters {
    async fn take(&self, taking: &Taking) -> Result<Taken, CountersError> {
        self.at_turn().await.take(taking).await
    }

    async fn balances(&self, cells: &[Cell]) -> Result<Vec<Option<Balance>>, CountersError> {
        self.counters.balances(cells).await
    }

    async fn prepare(&self, cell: &Cell, until: Timestamp) -> Result<(), CountersError> {
        self.at_turn().await.prepare(cell, until).await
    }

    async fn start(&self, cell: &Cell, settled: Amount, arrivals: u64) -> Result<Balance, CountersError> {
        self.at_turn().await.start(cell, settled, arrivals).await
    }

    async fn abandon(&self, cell: &Cell) -> Result<(), CountersError> {
        self.at_turn().await.abandon(cell).await
    }

    async fn count(&self, countings: Vec<Counting>) -> Result<Tallied, CountersError> {
        self.at_turn().await.count(countings).await
    }

    async fn pin(&self, hold: HoldId, now: Timestamp) -> Result<Pinned, CountersError> {
        self.at_turn().await.pin(hold, now).await
    }

    async fn unpin(&self, hold: HoldId, expires_at: Option<Timestamp>) -> Result<(), CountersError> {
        self.at_turn().await.unpin(hold, expires_at).await
    }

    async fn finish(&self, hold: HoldId, countings: Vec<Counting>) -> Result<Tallied, CountersError> {
        self.at_turn().await.finish(hold, countings).await
    }

    async fn expire(&self, now: Timestamp, at_most: usize) -> Result<Vec<HoldId>, CountersError> {
        self.at_turn().await.expire(now, at_most).await
    }

    async fn restore(&self, taking: &Taking) -> Result<(), CountersError> {
        self.at_turn().await.restore(taking).await
    }

    async fn started(
        &self,
        after: Option<&Cell>,
        at_most: usize,
    ) -> Result<Vec<(Cell, Balance)>, CountersError> {
        self.counters.started(after, at_most).await
    }

    async fn correct(&self, cell: &Cell, balance: Balance, arrivals: u64) -> Result<(), CountersError> {
        self.counters.correct(cell, balance, arrivals).await
    }
}
