//! The sequencer: one thread that owns the writing connection and the ledger, and does everything that changes anything.
//!
//! It takes what is queued, admits it in order, commits it as one batch, and only then makes it visible and
//! acknowledges. A write that fails poisons the store: the ledger in memory is then ahead of the disk, so everything
//! after is refused until a restart has loaded what is really there. That holds for a full disk too.
//!
//! Invariants: nothing is acknowledged or visible before it is durable; nothing is written after a failed write; the order
//! of batches is the order of arrival.

use super::charges::ChargeCache;
use super::failure::Failure;
use super::marker::{Acknowledged, Marker};
use super::options::Options;
use super::queue::{Job, Question, Queue, Reply, Work};
use super::tables::Checkpoint;
use super::view::SharedView;
use crate::rollup::cache::PartCache;
use crate::rollup::checkpoint::{Frozen, Sealed};
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, OnceLock};
use tollgate_core::price::{RatingKey, Running};
use tollgate_core::rollup::Grain;
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::Clock;
use tollgate_engine::ledger::Ledger;
use tollgate_engine::store::StoreError;

/// What the sequencer shares with those who ask and read.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) view: SharedView,
    pub(crate) charges: ChargeCache,
    pub(crate) parts: PartCache,
    /// Why nothing can be recorded any more.
    pub(crate) stopped: OnceLock<String>,
}

impl Shared {
    /// The error of those who come after the end.
    pub(crate) fn stopped(&self) -> StoreError {
        StoreError::Stopped(
            self.stopped
                .get()
                .cloned()
                .unwrap_or_else(|| "it ended unexpectedly".to_owned()),
        )
    }
}

/// The thread's state.
#[derive(Debug)]
pub(crate) struct Sequencer {
    pub(crate) connection: Connection,
    pub(crate) ledger: Ledger,
    pub(crate) marker: Marker,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    pub(crate) shared: Arc<Shared>,
    pub(crate) acknowledged: Acknowledged,
    pub(crate) grains: Vec<Grain>,
    pub(crate) checkpoint: Checkpoint,
    /// Running totals that moved after the last freeze.
    pub(crate) moved: HashMap<RatingKey, Running>,
    pub(crate) frozen: Sender<Frozen>,
    pub(crate) sealed: Receiver<Result<Sealed, Failure>>,
    pub(crate) is_sealing: bool,
    pub(crate) frozen_at: Timestamp,
}

impl Sequencer {
    /// Works until it is closed, abandoned or stopped by a failure.
    pub(crate) fn run(mut self) {
        let _ending = Ending(self.shared.clone());
        while self.shared.stopped.get().is_none() {
            let work = self.shared.queue.take(self.options.checkpoint_after);
            if work.is_abandoned {
                return self.stop(CLOSED);
            }
            self.work(work);
        }
    }

    fn work(&mut self, work: Work) {
        if !work.steps.is_empty() {
            self.carry_out(work.steps);
        }
        if let Some(job) = work.job
            && self.is_working()
        {
            self.run_job(job);
        }
        if self.is_working()
            && let Err(failure) = self.checkpoint_if_due()
        {
            self.stop(&failure.to_string());
        }
        for question in work.questions.into_iter().filter(|_| self.is_working()) {
            self.answer_question(question);
        }
    }

    fn run_job(&mut self, job: Job) {
        match job {
            Job::Step(step) => self.carry_out(vec![step]),
            Job::Save(changes, reply) => self.save_settings(changes, reply),
            Job::Checkpoint(reply) => {
                let done = self.checkpoint_now();
                self.answer(reply, done);
            }
            Job::Close(reply) => {
                let done = self.checkpoint_now().and_then(|()| self.truncate_log());
                if done.is_ok() {
                    self.stop(CLOSED);
                }
                self.answer(reply, done);
            }
        }
    }

    /// Answers, and stops first when the step failed.
    pub(super) fn answer<T, E: From<StoreError>>(&self, reply: Reply<T, E>, done: Result<T, Failure>) {
        let done = done.map_err(|failure| {
            self.stop(&failure.to_string());
            E::from(failure.into())
        });
        // Whoever has stopped waiting for an answer needs none; so everywhere here.
        drop(reply.send(done));
    }

    fn answer_question(&self, question: Question) {
        match question {
            Question::Arrivals(events, reply) => {
                drop(
                    reply.send(Ok(events
                        .into_iter()
                        .map(|event| self.ledger.arrival(event))
                        .collect())),
                );
            }
            Question::PriceUsedUntil(price, reply) => {
                drop(reply.send(Ok(self.ledger.price_used_until(price))));
            }
        }
    }

    /// Takes note that nothing can be done any more; the first reason stays.
    pub(super) fn stop(&self, why: &str) {
        if self.shared.stopped.set(why.to_owned()).is_ok() && why != CLOSED {
            tracing::error!(why, "the store has stopped");
        }
    }

    fn is_working(&self) -> bool {
        self.shared.stopped.get().is_none()
    }
}

/// Why a closed store takes nothing more.
pub(crate) const CLOSED: &str = "it was closed";

/// Closes the queue however the thread ends, a panic included, so that nobody waits for an answer that cannot come.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        // Readiness must not say that a store records whose thread is gone; a reason given before stands.
        _ = self.0.stopped.set("its writer ended unexpectedly".to_owned());
        self.0.queue.close();
    }
}
