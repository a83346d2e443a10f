//! Recovery: from what is on disk to the state that was there when it was written.
//!
//! Start-up reads the head of every batch: identities, gauge readings and prices used fill the ledger. Running totals come
//! from the checkpoint and are moved on by the heads after it; the usage of those batches is folded again, under the
//! grains that they name. Nothing is rated again: a head keeps what its commit changed, so that settings that have changed since make
//! no difference.

use super::OpenError;
use super::failure::Failure;
use super::tables::{self, Checkpoint};
use super::view::{Directory, View};
use crate::batch::{Damage, Head, Usage, Wanted};
use crate::rollup::layer::Layer;
use rusqlite::Connection;
use std::collections::HashMap;
use std::sync::Arc;
use tollgate_core::price::{RatingKey, Running};
use tollgate_core::rollup::Grain;
use tollgate_engine::ledger::{Changes, Ledger};

/// The state that was found.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) ledger: Ledger,
    pub(crate) view: View,
    pub(crate) grains: Vec<Grain>,
    pub(crate) checkpoint: Checkpoint,
    /// Running totals that moved after the checkpoint.
    pub(crate) moved: HashMap<RatingKey, Running>,
}

/// Reads everything that must be in memory.
pub(crate) fn recover(connection: &Connection) -> Result<Recovered, OpenError> {
    let checkpoint = tables::checkpoint(connection)?;
    let grains = tables::grains(connection)?;
    let mut recovery = Recovery {
        ledger: Ledger::default(),
        directory: Directory::default(),
        moved: HashMap::new(),
        through: checkpoint.through,
    };
    recovery.ledger.restore(Changes {
        totals: tables::totals(connection)?,
        ..Changes::default()
    });
    if let Some((number, sealed)) = tables::last_head(connection)? {
        let last = Head::open(&sealed, number).map_err(Failure::from)?.span;
        recovery
            .ledger
            .reserve((last.first_arrival + u64::from(last.events)) as usize);
    }
    tables::each_head(connection, |number, sealed| {
        Ok(recovery.read(&Head::open(sealed, number)?)?)
    })?;
    let Recovery {
        ledger,
        directory,
        moved,
        through,
    } = recovery;
    if directory.last().number < through {
        return Err(OpenError::Damaged(
            "rollups include batches that are not there".to_owned(),
        ));
    }
    let shared: Arc<Vec<Arc<Grain>>> = Arc::new(grains.iter().cloned().map(Arc::new).collect());
    let layer = layer(connection, &directory, through, &shared)?;
    let view = View {
        directory,
        layers: vec![layer],
        grains: shared,
    };
    Ok(Recovered {
        ledger,
        view,
        grains,
        checkpoint,
        moved,
    })
}

struct Recovery {
    ledger: Ledger,
    directory: Directory,
    moved: HashMap<RatingKey, Running>,
    through: u64,
}

impl Recovery {
    fn read(&mut self, head: &Head) -> Result<(), Damage> {
        let span = head.span;
        if span.number != self.directory.last().number + 1 || span.first_arrival != self.ledger.arrivals() {
            return Err(Damage("a batch is missing"));
        }
        for (event, payload) in &head.identities {
            if !self.ledger.restore_identity(*event, *payload) {
                return Err(Damage("an event is recorded twice"));
            }
        }
        let Changes {
            totals,
            readings,
            prices,
        } = head.changes.clone();
        // A checkpoint has the totals as they were at its end, which may be later than this batch.
        let totals = if span.number > self.through {
            totals
        } else {
            Vec::new()
        };
        self.moved.extend(totals.iter().cloned());
        self.ledger.restore(Changes {
            totals,
            readings,
            prices,
        });
        self.directory.push(span);
        Ok(())
    }
}

/// Folds the batches that rollups on disk do not include.
fn layer(
    connection: &Connection,
    directory: &Directory,
    through: u64,
    grains: &[Arc<Grain>],
) -> Result<Layer, Failure> {
    let mut layer = Layer::after(through);
    for span in directory.iter().rev().take_while(|span| span.number > through) {
        tables::with_usage(connection, span.number, |head, usage| {
            let head = Head::open(head, span.number)?;
            let (usage, checksum) = Usage::open(usage, head.rows(), &Wanted::All)?;
            head.check_usage(checksum)?;
            Ok(layer.add(&usage, &head.folded, grains)?)
        })?;
    }
    Ok(layer)
}
