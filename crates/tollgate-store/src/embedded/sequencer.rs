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
use super::queue::{Job, Question, Queue, Recording, Reply, Work};
use super::tables::{self, Checkpoint};
use super::view::SharedView;
use crate::batch::{BatchWriter, Damage, Folded, Sections, Span, Usage};
use crate::rollup::cache::PartCache;
use crate::rollup::checkpoint::{Frozen, Sealed};
use rusqlite::Connection;
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, OnceLock};
use tollgate_core::price::{RatingKey, Running};
use tollgate_core::rollup::Grain;
use tollgate_core::text::CategoryName;
use tollgate_core::time::Timestamp;
use tollgate_engine::clock::Clock;
use tollgate_engine::ledger::{Admission, Ledger};
use tollgate_engine::store::{SettingKind, StoreError};

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
        if !work.recordings.is_empty() {
            self.record(work.recordings);
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
            Job::Record(recording) => self.record(vec![recording]),
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
            Question::IsPriceUsed(price, reply) => drop(reply.send(Ok(self.ledger.is_price_used(price)))),
        }
    }

    /// Records what came together as one batch, and acknowledges.
    fn record(&mut self, recordings: Vec<Recording>) {
        let first_arrival = self.ledger.arrivals();
        let mut writer = BatchWriter::default();
        let mut admitted: Vec<Vec<Admission>> = Vec::with_capacity(recordings.len());
        for recording in &recordings {
            admitted.push(self.admit(recording, &mut writer));
        }
        let committed = if writer.len() > 0 {
            self.commit(writer, first_arrival, &recordings)
        } else {
            Ok(())
        };
        let failed = committed.err().map(|failure| {
            self.stop(&failure.to_string());
            // A full disk is the one failure that the caller can do something about.
            matches!(StoreError::from(failure), StoreError::Full)
        });
        self.shared.queue.done();
        for (recording, admitted) in recordings.into_iter().zip(admitted) {
            drop(recording.reply.send(match failed {
                None => Ok(admitted),
                Some(true) => Err(StoreError::Full),
                Some(false) => Err(self.shared.stopped()),
            }));
        }
    }

    fn admit(&mut self, recording: &Recording, writer: &mut BatchWriter) -> Vec<Admission> {
        let admit = |submission| {
            let admission = self.ledger.admit(submission, &recording.settings);
            if let Admission::Fresh { charge, .. } = &admission {
                writer.push(&submission.event, charge);
            }
            admission
        };
        recording.submissions.iter().map(admit).collect()
    }

    fn commit(
        &mut self,
        writer: BatchWriter,
        first_arrival: u64,
        recordings: &[Recording],
    ) -> Result<(), Failure> {
        let batch = writer.finish();
        let at = &batch.usage.at;
        let span = Span {
            number: self.acknowledged.batch + 1,
            first_arrival,
            events: batch.len() as u32,
            received_at: self.clock.now().micros(),
            at_min: at.iter().copied().min().unwrap_or_default(),
            at_max: at.iter().copied().max().unwrap_or_default(),
        };
        let grains_before = self.grains.len();
        let folded = self.folded(&batch.usage, recordings)?;
        let changes = self.ledger.take_changes();
        let sections = Sections::seal(&batch, span, folded.clone(), &changes);
        let fresh = self.grains.get(grains_before..).unwrap_or_default();
        let transaction = self.connection.transaction()?;
        for (grain, number) in fresh.iter().zip(grains_before as u32..) {
            tables::insert_grain(&transaction, number, grain)?;
        }
        tables::insert_batch(&transaction, span.number, &sections)?;
        transaction.commit()?;
        self.acknowledged.batch = span.number;
        self.marker.write(self.acknowledged)?;
        self.moved.extend(changes.totals);
        self.shared.view.add_grains(fresh.to_vec());
        self.shared.view.add(span, &batch.usage, &folded)?;
        self.shared.charges.push(first_arrival, batch.detail.charges);
        Ok(())
    }

    /// The grains under which a batch is folded: those of its categories as they are declared now.
    fn folded(&mut self, usage: &Usage, recordings: &[Recording]) -> Result<Vec<Folded>, Failure> {
        // For folding any of the settings would do: a cell says under which dimensions it was folded.
        let Some(Recording { settings, .. }) = recordings.last() else {
            return Ok(Vec::new());
        };
        let mut folded: BTreeMap<u32, Folded> = BTreeMap::new();
        let mut last = None;
        for code in &usage.category {
            if last == Some(*code) || folded.contains_key(code) {
                continue;
            }
            last = Some(*code);
            let category = usage.texts.get(*code as usize).cloned().unwrap_or_default();
            let grains = match settings.catalog.category(&category) {
                Some(category) => Grain::of(category),
                None => Grain::of_undeclared(&name(&category)?),
            };
            let grains = grains.map(|grain| self.grain_number(grain));
            let version = version(recordings, &category);
            folded.insert(
                *code,
                Folded {
                    category,
                    grains,
                    version,
                },
            );
        }
        Ok(folded.into_values().collect())
    }

    fn grain_number(&mut self, grain: Grain) -> u32 {
        let known = self.grains.iter().rposition(|known| *known == grain);
        known.unwrap_or_else(|| {
            self.grains.push(grain);
            self.grains.len() - 1
        }) as u32
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

/// The version of a category that all of the recordings were rated with; 0 when they differ.
fn version(recordings: &[Recording], category: &str) -> u64 {
    let mut versions = recordings
        .iter()
        .map(|recording| recording.settings.version(SettingKind::Category, category));
    let first = versions.next().flatten();
    if versions.all(|version| version == first) {
        first.unwrap_or(0)
    } else {
        0
    }
}

fn name(text: &str) -> Result<CategoryName, Failure> {
    Ok(CategoryName::parse(text).map_err(|_| Damage("a category has no name"))?)
}

/// Closes the queue however the thread ends, a panic included, so that nobody waits for an answer that cannot come.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        // Readiness must not say that a store records whose thread is gone; a reason given before stands.
        _ = self.0.stopped.set("its writer ended unexpectedly".to_owned());
        self.0.queue.close();
    }
}
