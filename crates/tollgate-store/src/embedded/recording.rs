//! The sequencer's part in recording: admit what came together, commit it, make it visible, acknowledge.

use super::failure::Failure;
use super::holding::{Changed, Done};
use super::queue::{Recording, Step};
use super::sequencer::Sequencer;
use super::tables::{self, Meta};
use crate::batch::{BATCH_EVENTS_MAX, Batch, BatchWriter, Damage, Folded, Sections, Span, Usage};
use std::collections::BTreeMap;
use tollgate_core::rollup::Grain;
use tollgate_core::text::CategoryName;
use tollgate_engine::ledger::{Admission, Changes, Ledger};
use tollgate_engine::settings::Settings;
use tollgate_engine::store::{SettingKind, SettleHold, StoreError, Submission};

/// A batch that is admitted and not yet committed, with what it changed in the ledger.
struct Admitted {
    batch: Batch,
    changes: Changes,
}

/// A batch with its place, ready to be committed.
struct Placed {
    span: Span,
    folded: Vec<Folded>,
    admitted: Admitted,
}

/// Everything that one commit has to do, gathered in memory.
pub(super) struct Gathered {
    /// Events to come, those admitted included: room is made for no more.
    rest: usize,
    writer: BatchWriter,
    admitted: Vec<Admitted>,
    pub(super) changed: Changed,
}

impl Gathered {
    fn of(steps: &[Step]) -> Self {
        let rest: usize = steps.iter().map(Step::events).sum();
        Self {
            rest,
            writer: BatchWriter::with_capacity(rest.min(BATCH_EVENTS_MAX)),
            admitted: Vec::new(),
            changed: Changed::default(),
        }
    }

    /// Admits one submission. One batch comes of all, unless a single recording has more events than fit one.
    fn admit(&mut self, ledger: &mut Ledger, submission: &Submission, settings: &Settings) -> Admission {
        let admission = ledger.admit(submission, settings);
        if let Admission::Fresh { charge, .. } = &admission {
            self.writer.push(&submission.event, charge);
        }
        self.rest = self.rest.saturating_sub(1);
        if self.writer.len() == BATCH_EVENTS_MAX {
            self.cut(ledger);
        }
        admission
    }

    fn cut(&mut self, ledger: &mut Ledger) {
        if self.writer.len() == 0 {
            return;
        }
        let next = BatchWriter::with_capacity(self.rest.min(BATCH_EVENTS_MAX));
        let batch = std::mem::replace(&mut self.writer, next).finish();
        self.admitted.push(Admitted {
            batch,
            changes: ledger.take_changes(),
        });
    }
}

impl Sequencer {
    /// Carries out what came together in one transaction, and acknowledges.
    pub(super) fn carry_out(&mut self, steps: Vec<Step>) {
        let done = self.try_carry_out(&steps);
        let failed = done.as_ref().err().map(|failure| {
            self.stop(&failure.to_string());
            failure.is_full()
        });
        self.shared.queue.done();
        match (done, failed) {
            (Ok(done), _) => steps
                .into_iter()
                .zip(done)
                .for_each(|(step, done)| acknowledge(step, done)),
            // A full disk is the one failure that the caller can do something about.
            (Err(_), Some(true)) => steps
                .into_iter()
                .for_each(|step| refuse(step, || StoreError::Full)),
            (Err(_), _) => steps
                .into_iter()
                .for_each(|step| refuse(step, || self.shared.stopped())),
        }
    }

    fn try_carry_out(&mut self, steps: &[Step]) -> Result<Vec<Done>, Failure> {
        let mut gathered = Gathered::of(steps);
        let mut done = Vec::with_capacity(steps.len());
        for step in steps {
            done.push(match step {
                Step::Record(recording) => {
                    let each = recording.submissions.iter();
                    let admit =
                        |submission| gathered.admit(&mut self.ledger, submission, &recording.settings);
                    Done::Recorded(each.map(admit).collect())
                }
                step => self.hold_step(step, &mut gathered)?,
            });
        }
        gathered.cut(&mut self.ledger);
        let Gathered {
            admitted, changed, ..
        } = gathered;
        if !admitted.is_empty() || !changed.is_empty() {
            self.commit(admitted, &changed, steps)?;
        }
        Ok(done)
    }

    /// Admits the event of a settle.
    pub(super) fn admit_settle(&mut self, settle: &SettleHold, gathered: &mut Gathered) -> Admission {
        gathered.admit(&mut self.ledger, &settle.submission, &settle.settings)
    }

    /// Commits batches and what else changed, then makes them visible.
    fn commit(&mut self, admitted: Vec<Admitted>, changed: &Changed, steps: &[Step]) -> Result<(), Failure> {
        let grains_before = self.grains.len();
        let placed = self.placed(admitted, steps)?;
        let fresh = self.grains.get(grains_before..).unwrap_or_default();
        let limits = self.acknowledged.limits + u64::from(!changed.is_empty());
        let transaction = self.connection.transaction()?;
        for (grain, number) in fresh.iter().zip(grains_before as u32..) {
            tables::insert_grain(&transaction, number, grain)?;
        }
        for Placed {
            span,
            folded,
            admitted,
        } in &placed
        {
            let sections = Sections::seal(&admitted.batch, *span, folded.clone(), &admitted.changes);
            tables::insert_batch(&transaction, span.number, &sections)?;
        }
        if !changed.is_empty() {
            changed.write(&transaction)?;
            tables::put_meta(&transaction, Meta::Limits, &limits)?;
        }
        transaction.commit()?;
        self.acknowledged.batch += placed.len() as u64;
        self.acknowledged.limits = limits;
        self.marker.write(self.acknowledged)?;
        self.shared.view.add_grains(fresh.to_vec());
        for Placed {
            span,
            folded,
            admitted,
        } in placed
        {
            self.moved.extend(admitted.changes.totals);
            self.shared.view.add(span, &admitted.batch.usage, &folded)?;
            self.shared
                .charges
                .push(span.first_arrival, admitted.batch.detail.charges);
        }
        Ok(())
    }

    /// Gives batches their places, and their categories the grains that they are folded under.
    fn placed(&mut self, admitted: Vec<Admitted>, steps: &[Step]) -> Result<Vec<Placed>, Failure> {
        let received_at = self.clock.now().micros();
        let mut first_arrival = self.ledger.arrivals()
            - admitted
                .iter()
                .map(|admitted| admitted.batch.len() as u64)
                .sum::<u64>();
        let mut placed = Vec::with_capacity(admitted.len());
        for (admitted, number) in admitted.into_iter().zip(self.acknowledged.batch + 1..) {
            let at = &admitted.batch.usage.at;
            let span = Span {
                number,
                first_arrival,
                events: admitted.batch.len() as u32,
                received_at,
                at_min: at.iter().copied().min().unwrap_or_default(),
                at_max: at.iter().copied().max().unwrap_or_default(),
            };
            first_arrival += u64::from(span.events);
            let folded = self.folded(&admitted.batch.usage, steps)?;
            placed.push(Placed {
                span,
                folded,
                admitted,
            });
        }
        Ok(placed)
    }

    /// The grains under which a batch is folded: those of its categories as they are declared now.
    fn folded(&mut self, usage: &Usage, steps: &[Step]) -> Result<Vec<Folded>, Failure> {
        // For folding any of the settings would do: a cell says under which dimensions it was folded.
        let Some(settings) = steps.iter().rev().find_map(Step::settings) else {
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
            let version = version(steps, &category);
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
}

/// The first version of a category that the events were rated with; 0 when it was not there for some of them.
fn version(steps: &[Step], category: &str) -> u64 {
    let mut versions = steps
        .iter()
        .filter_map(Step::settings)
        .map(|settings| settings.version(SettingKind::Category, category));
    let first = versions.next().flatten();
    if versions.all(|version| version.is_some()) {
        first.unwrap_or(0)
    } else {
        0
    }
}

/// Hands a step's answer over. Whoever has stopped waiting for it needs none.
fn acknowledge(step: Step, done: Done) {
    match (step, done) {
        (Step::Record(Recording { reply, .. }), Done::Recorded(admissions)) => {
            drop(reply.send(Ok(admissions)))
        }
        (Step::Place(_, reply), Done::Placed(placing)) => drop(reply.send(Ok(placing))),
        (Step::Settle(_, reply), Done::Settled(settled)) => {
            drop(reply.send(Ok(settled.map(|settled| *settled))))
        }
        (Step::End(.., reply), Done::Closed(holds)) => drop(reply.send(Ok(holds))),
        (Step::Extend(.., reply), Done::Extended(hold)) => drop(reply.send(Ok(hold.map(|hold| *hold)))),
        (Step::Violation(_, reply) | Step::Emit(_, reply), Done::Noted) => drop(reply.send(Ok(()))),
        // A reply that is dropped says that the store has stopped, which such a mix-up would be.
        _ => tracing::error!("a step was answered with another's answer"),
    }
}

fn refuse(step: Step, error: impl Fn() -> StoreError) {
    match step {
        Step::Record(Recording { reply, .. }) => drop(reply.send(Err(error()))),
        Step::Place(_, reply) => drop(reply.send(Err(error()))),
        Step::Settle(_, reply) => drop(reply.send(Err(error()))),
        Step::End(.., reply) => drop(reply.send(Err(error()))),
        Step::Extend(.., reply) => drop(reply.send(Err(error()))),
        Step::Violation(_, reply) | Step::Emit(_, reply) => drop(reply.send(Err(error()))),
    }
}

fn name(text: &str) -> Result<CategoryName, Failure> {
    Ok(CategoryName::parse(text).map_err(|_| Damage("a category has no name"))?)
}
