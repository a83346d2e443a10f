//! The queue before the sequencer: bounded, in the order of arrival.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tollgate_core::hold::Hold;
use tollgate_core::id::{EventId, HoldId, PriceId};
use tollgate_core::time::Timestamp;
use tollgate_engine::ledger::Admission;
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{
    Crossing, Ending, Placing, SaveError, SettingChange, SettleHold, StoreError, Submission, Violation,
};

use crate::batch::BATCH_EVENTS_MAX;

/// Where an answer goes; a job that is dropped answers that the store has stopped.
pub(crate) type Reply<T, E = StoreError> = oneshot::Sender<Result<T, E>>;

/// Submissions that wait for a commit.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) submissions: Arc<Vec<Submission>>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) reply: Reply<Vec<Admission>>,
}

/// What a settle came to, its charge aside where it was recorded before.
#[derive(Debug)]
pub(crate) struct SettleDone {
    pub(crate) admission: Admission,
    pub(crate) hold: Hold,
}

/// What is committed together with whatever else waits.
#[derive(Debug)]
pub(crate) enum Step {
    /// Records submissions.
    Record(Recording),
    /// Keeps a new hold.
    Place(Arc<Hold>, Reply<Placing>),
    /// Records what a hold's use came to and settles it.
    Settle(Box<SettleHold>, Reply<Option<SettleDone>>),
    /// Ends open holds.
    End(Vec<HoldId>, Ending, Reply<Vec<Option<Hold>>>),
    /// Gives an open hold another time to expire.
    Extend(HoldId, Timestamp, Reply<Option<Hold>>),
    /// Keeps a violation.
    Violation(Box<Violation>, Reply<()>),
    /// Puts crossings into the outbox.
    Emit(Vec<Crossing>, Reply<()>),
}

/// What the sequencer does one after another.
#[derive(Debug)]
pub(crate) enum Job {
    /// Something that is committed together with others.
    Step(Step),
    /// Saves settings.
    Save(Vec<SettingChange>, Reply<Vec<u64>, SaveError>),
    /// Brings everything derived to disk.
    Checkpoint(Reply<()>),
    /// Brings everything to disk and ends.
    Close(Reply<()>),
}

/// What the sequencer answers from memory, after what is committed at the time.
#[derive(Debug)]
pub(crate) enum Question {
    /// The places of events in the order of arrival.
    Arrivals(Vec<EventId>, Reply<Vec<Option<u64>>>),
    /// The latest instant of what a price has priced.
    PriceUsedUntil(PriceId, Reply<Option<Timestamp>>),
}

/// What the sequencer is given to do next.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Steps for one commit.
    pub(crate) steps: Vec<Step>,
    /// What comes after them.
    pub(crate) job: Option<Job>,
    /// To be answered at the end.
    pub(crate) questions: Vec<Question>,
    /// Nobody will ask again.
    pub(crate) is_abandoned: bool,
}

/// Bytes of events that one commit carries at most, unless a single recording has more (design: 8 MB as stored, which are
/// some four times as many in memory).
const GROUP_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Bytes of a hold with its answer, nearly.
const HOLD_BYTES: usize = 2 * 1024;
/// Jobs and questions that wait at most, besides recordings.
const ASIDE_MAX: usize = 4_096;

#[derive(Debug)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    events_max: usize,
    bytes_max: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    questions: Vec<Question>,
    events: usize,
    bytes: usize,
    /// Events that were handed out and are not done.
    in_work: usize,
    is_nudged: bool,
    is_closed: bool,
    is_abandoned: bool,
}

impl Queue {
    pub(crate) fn new(events_max: usize, bytes_max: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            events_max,
            bytes_max,
        }
    }

    /// Puts a job in, unless too much waits; `false` when the queue is closed and the job gone.
    pub(crate) fn push(&self, job: Job) -> Result<bool, StoreError> {
        let (events, bytes) = job.size();
        let mut waiting = self.waiting();
        if waiting.is_closed {
            return Ok(false);
        }
        // An empty queue takes anything: a recording that is larger than the bounds must still be possible.
        let is_full = waiting.events + events > self.events_max || waiting.bytes + bytes > self.bytes_max;
        if events > 0 && waiting.events > 0 && is_full || waiting.jobs.len() > self.events_max + ASIDE_MAX {
            return Err(StoreError::Busy("too many events wait to be written"));
        }
        waiting.events += events;
        waiting.bytes += bytes;
        waiting.is_closed = matches!(job, Job::Close(_));
        waiting.jobs.push_back(job);
        self.changed.notify_one();
        Ok(true)
    }

    /// Puts a question in; `false` when the queue is closed and the question gone.
    pub(crate) fn ask(&self, question: Question) -> Result<bool, StoreError> {
        let mut waiting = self.waiting();
        if waiting.is_closed {
            return Ok(false);
        }
        if waiting.questions.len() >= ASIDE_MAX {
            return Err(StoreError::Busy("too many questions wait"));
        }
        waiting.questions.push(question);
        self.changed.notify_one();
        Ok(true)
    }

    /// Waits for something to do, at most this long, and hands out what fits one commit.
    pub(crate) fn take(&self, at_most: Duration) -> Work {
        let waiting = self.waiting();
        let idle = |waiting: &mut Waiting| {
            waiting.jobs.is_empty()
                && waiting.questions.is_empty()
                && !waiting.is_nudged
                && !waiting.is_abandoned
        };
        let (mut waiting, _) = self
            .changed
            .wait_timeout_while(waiting, at_most, idle)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.is_nudged = false;
        let mut work = Work {
            questions: std::mem::take(&mut waiting.questions),
            is_abandoned: waiting.is_abandoned,
            ..Work::default()
        };
        let (mut events, mut bytes) = (0, 0);
        while let Some(job) = waiting.jobs.pop_front() {
            let (more_events, more_bytes) = job.size();
            match job {
                Job::Step(step) => {
                    let fits =
                        events + more_events <= BATCH_EVENTS_MAX && bytes + more_bytes <= GROUP_BYTES_MAX;
                    if !work.steps.is_empty() && !fits {
                        waiting.jobs.push_front(Job::Step(step));
                        break;
                    }
                    work.steps.push(step);
                }
                job => {
                    work.job = Some(job);
                    break;
                }
            }
            (events, bytes) = (events + more_events, bytes + more_bytes);
        }
        waiting.events -= events;
        waiting.bytes -= bytes;
        waiting.in_work = events;
        work
    }

    /// Says that what was handed out is done.
    pub(crate) fn done(&self) {
        self.waiting().in_work = 0;
    }

    /// Wakes the sequencer: something other than a job has come.
    pub(crate) fn nudge(&self) {
        self.waiting().is_nudged = true;
        self.changed.notify_one();
    }

    /// Takes no more jobs and drops those that wait, which answers them.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting();
        waiting.is_closed = true;
        let dropped = (
            std::mem::take(&mut waiting.jobs),
            std::mem::take(&mut waiting.questions),
        );
        (waiting.events, waiting.bytes, waiting.in_work) = (0, 0, 0);
        drop(waiting);
        drop(dropped);
    }

    /// Tells the sequencer that nobody is left who could ask for anything.
    pub(crate) fn abandon(&self) {
        let mut waiting = self.waiting();
        (waiting.is_closed, waiting.is_abandoned) = (true, true);
        self.changed.notify_one();
    }

    /// Events that were taken in and are not yet durable.
    pub(crate) fn events(&self) -> usize {
        let waiting = self.waiting();
        waiting.events + waiting.in_work
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing here panics between two changes that belong together.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Step {
    /// How many events it may record.
    pub(crate) fn events(&self) -> usize {
        match self {
            Self::Record(recording) => recording.submissions.len(),
            Self::Settle(..) => 1,
            _ => 0,
        }
    }

    /// The settings that its events are rated with.
    pub(crate) fn settings(&self) -> Option<&Settings> {
        match self {
            Self::Record(recording) => Some(&recording.settings),
            Self::Settle(settle, _) => Some(&settle.settings),
            _ => None,
        }
    }
}

impl Job {
    /// Events, and the bytes that they take in memory, nearly.
    fn size(&self) -> (usize, usize) {
        let recording = match self {
            Self::Step(Step::Record(recording)) => recording,
            Self::Step(Step::Settle(..)) => return (1, size_of::<SettleHold>() + HOLD_BYTES),
            Self::Step(Step::End(holds, ..)) => return (0, holds.len() * HOLD_BYTES),
            Self::Step(_) => return (0, HOLD_BYTES),
            Self::Save(..) | Self::Checkpoint(_) | Self::Close(_) => return (0, 0),
        };
        let metadata: usize = recording
            .submissions
            .iter()
            .filter_map(|submission| submission.event.metadata.as_ref())
            .map(|json| json.len())
            .sum();
        let events = recording.submissions.len();
        (events, events * size_of::<Submission>() + metadata)
    }
}
