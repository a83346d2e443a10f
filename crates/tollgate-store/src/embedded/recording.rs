//! The sequencer's part in recording: admit what came together, commit it, make it visible, acknowledge.

use super::failure::Failure;
use super::queue::Recording;
use super::sequencer::Sequencer;
use super::tables;
use crate::batch::{BATCH_EVENTS_MAX, Batch, BatchWriter, Damage, Folded, Sections, Span, Usage};
use std::collections::BTreeMap;
use tollgate_core::rollup::Grain;
use tollgate_core::text::CategoryName;
use tollgate_engine::ledger::{Admission, Changes};
use tollgate_engine::store::{SettingKind, StoreError};

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

impl Sequencer {
    /// Records what came together in one transaction, and acknowledges.
    pub(super) fn record(&mut self, recordings: Vec<Recording>) {
        let (admissions, admitted) = self.admit(&recordings);
        let committed = if admitted.is_empty() {
            Ok(())
        } else {
            self.commit(admitted, &recordings)
        };
        let failed = committed.err().map(|failure| {
            self.stop(&failure.to_string());
            // A full disk is the one failure that the caller can do something about.
            matches!(StoreError::from(failure), StoreError::Full)
        });
        self.shared.queue.done();
        for (recording, admissions) in recordings.into_iter().zip(admissions) {
            drop(recording.reply.send(match failed {
                None => Ok(admissions),
                Some(true) => Err(StoreError::Full),
                Some(false) => Err(self.shared.stopped()),
            }));
        }
    }

    /// Admits in order. One batch comes of it, unless a single recording has more events than fit one.
    fn admit(&mut self, recordings: &[Recording]) -> (Vec<Vec<Admission>>, Vec<Admitted>) {
        let mut rest: usize = recordings
            .iter()
            .map(|recording| recording.submissions.len())
            .sum();
        let mut writer = BatchWriter::with_capacity(rest.min(BATCH_EVENTS_MAX));
        let mut admitted = Vec::new();
        let mut admissions = Vec::with_capacity(recordings.len());
        for recording in recordings {
            let mut ends = Vec::with_capacity(recording.submissions.len());
            for submission in recording.submissions.iter() {
                let admission = self.ledger.admit(submission, &recording.settings);
                if let Admission::Fresh { charge, .. } = &admission {
                    writer.push(&submission.event, charge);
                }
                ends.push(admission);
                rest -= 1;
                if writer.len() == BATCH_EVENTS_MAX {
                    let next = BatchWriter::with_capacity(rest.min(BATCH_EVENTS_MAX));
                    let batch = std::mem::replace(&mut writer, next).finish();
                    admitted.push(Admitted {
                        batch,
                        changes: self.ledger.take_changes(),
                    });
                }
            }
            admissions.push(ends);
        }
        if writer.len() > 0 {
            let batch = writer.finish();
            admitted.push(Admitted {
                batch,
                changes: self.ledger.take_changes(),
            });
        }
        (admissions, admitted)
    }

    /// Commits batches, then makes them visible.
    fn commit(&mut self, admitted: Vec<Admitted>, recordings: &[Recording]) -> Result<(), Failure> {
        let grains_before = self.grains.len();
        let placed = self.placed(admitted, recordings)?;
        let fresh = self.grains.get(grains_before..).unwrap_or_default();
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
        transaction.commit()?;
        self.acknowledged.batch += placed.len() as u64;
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
    fn placed(&mut self, admitted: Vec<Admitted>, recordings: &[Recording]) -> Result<Vec<Placed>, Failure> {
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
            let folded = self.folded(&admitted.batch.usage, recordings)?;
            placed.push(Placed {
                span,
                folded,
                admitted,
            });
        }
        Ok(placed)
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
}

/// The first version of a category that the recordings were rated with; 0 when it was not there for some of them.
fn version(recordings: &[Recording], category: &str) -> u64 {
    let mut versions = recordings
        .iter()
        .map(|recording| recording.settings.version(SettingKind::Category, category));
    let first = versions.next().flatten();
    if versions.all(|version| version.is_some()) {
        first.unwrap_or(0)
    } else {
        0
    }
}

fn name(text: &str) -> Result<CategoryName, Failure> {
    Ok(CategoryName::parse(text).map_err(|_| Damage("a category has no name"))?)
}
