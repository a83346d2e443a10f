//! The embedded store: everything in one directory, for one process.
//!
//! Writers meet in a bounded [`queue`]; the [`sequencer`] thread admits, commits and acknowledges; [`readers`] work beside it on
//! snapshots. Deliberately not here: rating (the engine's ledger) and folding (`tollgate_core::rollup`), of which this
//! only keeps the outcome.
//!
//! Room is left for sealed segments: a batch is the only form of raw events so far, and whoever reads them goes
//! through the [`view`]'s directory, which is where a span of segments will stand beside a span of batches. Retention and backup
//! follow from that.

pub(crate) mod charges;
pub(crate) mod checkpointing;
pub(crate) mod events;
pub(crate) mod failure;
pub(crate) mod holding;
pub(crate) mod holds;
pub(crate) mod lock;
pub(crate) mod marker;
pub(crate) mod open;
pub(crate) mod options;
pub(crate) mod queue;
pub(crate) mod readers;
pub(crate) mod recording;
pub(crate) mod recovery;
pub(crate) mod saving;
pub(crate) mod schema;
pub(crate) mod sequencer;
pub(crate) mod tables;
pub(crate) mod usage;
pub(crate) mod verify;
pub(crate) mod view;
pub(crate) mod wal;

#[cfg(test)]
mod tests;

pub use open::OpenError;
pub use options::Options;

use async_trait::async_trait;
use failure::Failure;
use queue::{Job, Question, Recording, Reply, Step};
use readers::Readers;
use sequencer::{CLOSED, Shared};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use tollgate_core::charge::Charge;
use tollgate_core::id::{EventId, IdentityKey, PriceId};
use tollgate_core::query::{Answer, UsageQuery};
use tollgate_core::time::Timestamp;
use tollgate_engine::ledger::Admission;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    EventPage, HoldStore, Journal, Outcome, SaveError, Setting, SettingChange, Store, StoreError, StoreState,
    StoredEvent, Submission, Verification,
};

/// A store in a directory of this machine.
///
/// Dropping it without [`Store::close`] is like the end of the process: what was acknowledged is there when it is opened again.
#[derive(Debug)]
pub struct Embedded {
    identity: IdentityKey,
    directory: PathBuf,
    shared: Arc<Shared>,
    /// For what may take long.
    readers: Readers,
    /// For what reads a batch or two and must not wait for the others: recording waits for some of it.
    lookups: Readers,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Embedded {
    /// Brings everything derived to disk now; it happens by itself every few seconds.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        self.job(Job::Checkpoint).await
    }

    async fn job<T, E: From<StoreError>>(&self, job: impl FnOnce(Reply<T, E>) -> Job) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        if !self.shared.queue.push(job(reply))? {
            return Err(self.shared.stopped().into());
        }
        answer.await.unwrap_or_else(|_| Err(self.shared.stopped().into()))
    }

    async fn ask<T>(&self, question: impl FnOnce(Reply<T>) -> Question) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        if !self.shared.queue.ask(question(reply))? {
            return Err(self.shared.stopped());
        }
        answer.await.unwrap_or_else(|_| Err(self.shared.stopped()))
    }

    async fn look_up<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &Shared) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.shared.clone();
        self.lookups
            .read(move |connection| read(connection, &shared))
            .await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &Shared) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.shared.clone();
        self.readers
            .read(move |connection| read(connection, &shared))
            .await
    }

    /// Reads like [`Self::read`] for somebody outside, who is refused when too many wait.
    async fn answer<T: Send + 'static>(
        &self,
        read: impl FnOnce(&rusqlite::Connection, &Shared) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.shared.clone();
        self.readers
            .answer(move |connection| read(connection, &shared))
            .await
    }

    /// Puts first charges to the duplicates: from memory, or from the batches where they are older.
    async fn outcomes(&self, admitted: Vec<Admission>) -> Result<Vec<Outcome>, StoreError> {
        let mut missing = Vec::new();
        let mut outcomes = Vec::with_capacity(admitted.len());
        for admission in admitted {
            outcomes.push(match admission {
                Admission::Fresh { charge, arrival } => Outcome::Recorded { charge, arrival },
                Admission::Conflict => Outcome::Conflict,
                Admission::Duplicate { arrival } => {
                    let known = self.shared.charges.charge(arrival).map_err(Failure::from)?;
                    missing.extend(known.is_none().then_some((outcomes.len(), arrival)));
                    Outcome::Duplicate(known)
                }
            });
        }
        let arrivals: Vec<u64> = missing.iter().map(|(_, arrival)| *arrival).collect();
        if !arrivals.is_empty() {
            let read = self.look_up(move |connection, shared| events::charges(connection, shared, &arrivals));
            let charges: Vec<Charge> = read.await?;
            for ((place, _), charge) in missing.into_iter().zip(charges) {
                outcomes[place] = Outcome::Duplicate(Some(charge));
            }
        }
        Ok(outcomes)
    }

    /// Waits for the threads to end; they were told to.
    fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store has panicked");
            }
        }
    }
}

#[async_trait]
impl Store for Embedded {
    fn identity_key(&self) -> IdentityKey {
        self.identity.clone()
    }

    async fn record(
        &self,
        submissions: Arc<Vec<Submission>>,
        settings: Arc<Settings>,
    ) -> Result<Vec<Outcome>, StoreError> {
        let record = |reply| {
            Job::Step(Step::Record(Recording {
                submissions,
                settings,
                reply,
            }))
        };
        let admitted = self.job(record).await?;
        self.outcomes(admitted).await
    }

    async fn event(&self, event: EventId) -> Result<Option<StoredEvent>, StoreError> {
        let arrivals = self.ask(|reply| Question::Arrivals(vec![event], reply)).await?;
        match arrivals.first() {
            Some(Some(arrival)) => {
                let arrival = *arrival;
                self.look_up(move |connection, shared| events::event(connection, shared, arrival))
                    .await
                    .map(Some)
            }
            Some(None) | None => Ok(None),
        }
    }

    async fn events(&self, page: EventPage) -> Result<Vec<StoredEvent>, StoreError> {
        self.answer(move |connection, shared| events::page(connection, shared, &page))
            .await
    }

    async fn usage(&self, query: Arc<UsageQuery>, settings: Arc<Settings>) -> Result<Answer, StoreError> {
        self.answer(move |connection, shared| usage::answer(connection, shared, &query, &settings))
            .await
    }

    async fn settings(&self) -> Result<Vec<Setting>, StoreError> {
        self.read(|connection, _| tables::settings(connection)).await
    }

    async fn save_settings(&self, changes: Vec<SettingChange>) -> Result<Vec<u64>, SaveError> {
        self.job(|reply| Job::Save(changes, reply)).await
    }

    async fn price_used_until(&self, price: PriceId) -> Result<Option<Timestamp>, StoreError> {
        self.ask(|reply| Question::PriceUsedUntil(price, reply)).await
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        // Running totals are compared as of the last checkpoint: make that now.
        self.checkpoint().await?;
        self.answer(verify::verify).await
    }

    fn holds(&self) -> &dyn HoldStore {
        self
    }

    fn journal(&self) -> &dyn Journal {
        self
    }

    fn state(&self) -> StoreState {
        let view = self.shared.view.now();
        let last = view.directory.last().number;
        StoreState {
            stopped: self.shared.stopped.get().cloned(),
            events: view.directory.events(),
            commits: last,
            queued_events: self.shared.queue.events() as u64,
            disk_bytes: open::disk_bytes(&self.directory),
            commits_since_checkpoint: last - view.layers.first().map_or(last, |layer| layer.after),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        match self.job(Job::Close).await {
            Ok(()) => {
                self.readers.close().await;
                self.lookups.close().await;
                self.join();
                Ok(())
            }
            Err(StoreError::Stopped(why)) if why == CLOSED => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.queue.abandon();
        self.join();
    }
}
