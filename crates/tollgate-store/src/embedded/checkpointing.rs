//! The sequencer's part in checkpoints: when one is due, and committing what was sealed meanwhile.
//!
//! Sealing takes a while and happens on a thread of its own; what is left here is one transaction of finished bytes.

use super::failure::Failure;
use super::sequencer::Sequencer;
use super::tables::{self, Checkpoint, Meta, PartRow};
use crate::rollup::checkpoint::{Frozen, Sealed};
use std::sync::mpsc::TryRecvError;

/// How many times the bound on cells the growing layer may reach before the sequencer waits for the sealing of the frozen one.
const CELLS_FACTOR_MAX: usize = 4;

impl Sequencer {
    /// Commits a checkpoint that is sealed, and begins the next when it is due.
    pub(super) fn checkpoint_if_due(&mut self) -> Result<(), Failure> {
        let (after, cells) = self.shared.view.growing();
        if self.is_sealing {
            if cells > self.options.checkpoint_cells.saturating_mul(CELLS_FACTOR_MAX) {
                self.finish_checkpoint()?;
            } else {
                match self.sealed.try_recv() {
                    Ok(sealed) => self.commit_checkpoint(sealed?)?,
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) => return Err(gone()),
                }
            }
        }
        if !self.is_sealing && self.is_checkpoint_due(after, cells) {
            self.begin_checkpoint()?;
        }
        Ok(())
    }

    /// Brings everything derived to disk before it returns.
    pub(super) fn checkpoint_now(&mut self) -> Result<(), Failure> {
        if self.is_sealing {
            self.finish_checkpoint()?;
        }
        if self.checkpoint.through < self.acknowledged.batch {
            self.begin_checkpoint()?;
            self.finish_checkpoint()?;
        }
        Ok(())
    }

    /// Copies the log into the database and empties it, so that a closed store is one file.
    pub(super) fn truncate_log(&mut self) -> Result<(), Failure> {
        // A reader may hold the log for a moment longer; then it is emptied by whoever opens the store next.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn is_checkpoint_due(&self, after: u64, cells: usize) -> bool {
        let commits = self.acknowledged.batch - after;
        let elapsed = self.clock.now().micros().abs_diff(self.frozen_at.micros());
        commits > 0
            && (commits >= self.options.checkpoint_commits
                || u128::from(elapsed) >= self.options.checkpoint_after.as_micros()
                || cells >= self.options.checkpoint_cells)
    }

    fn begin_checkpoint(&mut self) -> Result<(), Failure> {
        self.frozen_at = self.clock.now();
        let frozen = Frozen {
            through: self.acknowledged.batch,
            layer: self.shared.view.freeze(),
            totals: std::mem::take(&mut self.moved),
        };
        self.is_sealing = true;
        self.frozen.send(frozen).map_err(|_| gone())
    }

    fn finish_checkpoint(&mut self) -> Result<(), Failure> {
        let sealed = self.sealed.recv().map_err(|_| gone())?;
        self.commit_checkpoint(sealed?)
    }

    fn commit_checkpoint(&mut self, sealed: Sealed) -> Result<(), Failure> {
        self.is_sealing = false;
        let mut next_part = self.checkpoint.next_part;
        let transaction = self.connection.transaction()?;
        for part in &sealed.absorbed {
            tables::delete_part(&transaction, *part)?;
        }
        for part in &sealed.parts {
            let row = PartRow {
                part: next_part,
                grain: part.grain,
                day: part.day,
                cells: part.cells,
            };
            tables::insert_part(&transaction, row, &part.body)?;
            next_part += 1;
        }
        for (key, running) in &sealed.totals {
            tables::put_total(&transaction, key, running)?;
        }
        let checkpoint = Checkpoint {
            through: sealed.through,
            next_part,
        };
        tables::put_meta(&transaction, Meta::Checkpoint, &checkpoint)?;
        transaction.commit()?;
        self.checkpoint = checkpoint;
        self.shared.view.checkpointed(sealed.through);
        self.shared.parts.forget(&sealed.absorbed);
        Ok(())
    }
}

fn gone() -> Failure {
    Failure::File(std::io::Error::other(
        "the thread that seals checkpoints has ended",
    ))
}
